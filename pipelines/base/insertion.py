"""Rows put in a table of DuckDB by one statement: one for each row costs a plan for each."""

from collections.abc import Iterable, Sequence

import duckdb


def inserer(
    connexion: duckdb.DuckDBPyConnection, table: str, lignes: Iterable[Sequence[object]]
) -> None:
    """Append `lignes`, each with a value for every column of `table`, in their order."""
    colonnes = [list(colonne) for colonne in zip(*lignes, strict=True)]
    if colonnes:
        valeurs = ", ".join(["unnest(?)"] * len(colonnes))
        connexion.execute(f"insert into {table} select {valeurs}", colonnes)
