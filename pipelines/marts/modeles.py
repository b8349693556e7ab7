"""The SQL models: one file a table, ordered by what each reads, as DuckDB's own parser sees it.

Marts are written in the warehouse. Staging models last as long as the build: a table in memory, or
a view when a comment of the model says « Vue » and why.
"""

import graphlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb

DOSSIERS = (Path(__file__).parents[1] / "staging", Path(__file__).parent)
MACROS = DOSSIERS[0] / "macros.sql"
MARQUE_DE_VUE = "\n-- Vue "


@dataclass(frozen=True)
class Modele:
    """One table: its name (the file's), its select, and the tables it reads."""

    nom: str
    sql: str
    lit: frozenset[str]

    def creer(self, connexion: duckdb.DuckDBPyConnection) -> None:
        """Create the table, or the view, over what it reads."""
        if self.nom.startswith("mart_"):
            forme = "table"
        else:
            forme = "temp view" if MARQUE_DE_VUE in self.sql else "temp table"
        connexion.execute(f"create {forme} {self.nom} as {self.sql}")


@cache
def modeles() -> tuple[Modele, ...]:
    """Every model, each after those it reads."""
    connexion = duckdb.connect()
    par_nom = {}
    for dossier in DOSSIERS:
        for fichier in sorted(dossier.glob("*.sql")):
            if fichier != MACROS:
                sql = fichier.read_text(encoding="utf-8")
                par_nom[fichier.stem] = Modele(fichier.stem, sql, _tables_lues(connexion, sql))
    connexion.close()
    lues = {nom: sorted(m.lit & par_nom.keys()) for nom, m in par_nom.items()}
    ordre = graphlib.TopologicalSorter(lues)  # the same order at each run
    return tuple(par_nom[nom] for nom in ordre.static_order())


def _tables_lues(connexion: duckdb.DuckDBPyConnection, sql: str) -> frozenset[str]:
    """Tables of the `from` clauses of `sql`, its own common table expressions apart."""
    [(texte,)] = connexion.execute("select json_serialize_sql(?::varchar)", [sql]).fetchall()
    arbre = json.loads(texte)
    if arbre["error"]:
        raise ValueError(f"{arbre['error_message']}\n{sql}")
    tables: set[str] = set()
    locales: set[str] = set()

    def visiter(noeud: object) -> None:
        if isinstance(noeud, dict):
            if noeud.get("type") == "BASE_TABLE":
                tables.add(noeud["table_name"])
            if "cte_map" in noeud:
                locales.update(entree["key"] for entree in noeud["cte_map"]["map"])
            for valeur in noeud.values():
                visiter(valeur)
        elif isinstance(noeud, list):
            for valeur in noeud:
                visiter(valeur)

    visiter(arbre["statements"])
    return frozenset(tables - locales)
