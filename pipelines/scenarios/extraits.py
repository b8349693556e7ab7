"""The data one scenario rests on, out of the warehouse and into CSV files, and back."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.base.erreurs import AtlasError

DOSSIER = "donnees"
SCHEMA = "schema.json"
"""Table → column → type: a CSV holds text only."""
REQUETES = {
    "ref_departements": "select * from ref_departements",
    "meta_avertissement": "select * from meta_avertissement",
    # neither the folder a file was read from nor its lines: its fingerprint tells which it is
    "meta_construction": (
        "select source, titre, producteur, licence, url, millesime, sha256, "
        "construit_le::varchar as construit_le from meta_construction"
    ),
    "mart_poste": (
        "select * exclude (fichier, ligne) from mart_poste where departement = $departement"
    ),
    "mart_presence": (
        "select * from mart_presence where poste_id in "
        "(select poste_id from mart_poste where departement = $departement) or site_id in "
        "(select site_id from mart_site where departement = $departement)"
    ),
    "mart_site": (
        "select * from mart_site where departement = $departement or site_id in "
        "(select site_id from mart_presence where poste_id in "
        "(select poste_id from mart_poste where departement = $departement))"
    ),
    "mart_rattachement": (
        "select * from mart_rattachement where site_id in "
        "(select site_id from mart_site where departement = $departement) or uai in "
        "(select residence_uai from mart_poste where departement = $departement)"
    ),
    "mart_trajet": (
        "select * from mart_trajet where origine_uai in "
        "(select residence_uai from mart_poste where departement = $departement)"
    ),
}
SANS_VALEUR = "\\N"
"""How a CSV says that nothing is known: an empty text is something else."""


def extraire(connexion: duckdb.DuckDBPyConnection, departement: str) -> dict[str, bytes]:
    """The rows a problem of `departement` is made from: name of a file → its bytes, always the
    same for the same data.
    """
    fichiers, schema = {}, {}
    for table, requete in REQUETES.items():
        valeurs = {"departement": departement} if "$departement" in requete else {}
        lues = connexion.execute(f"select * from ({requete}) order by all", valeurs)
        schema[table] = {nom: str(type_) for nom, type_, *_ in lues.description}
        flux = io.StringIO()
        ecrivain = csv.writer(flux, lineterminator="\n")
        ecrivain.writerow(schema[table])
        for ligne in lues.fetchall():
            ecrivain.writerow([_texte(v) for v in ligne])
        fichiers[f"{table}.csv"] = flux.getvalue().encode("utf-8")
    fichiers[SCHEMA] = (json.dumps(schema, ensure_ascii=False, indent=1) + "\n").encode("utf-8")
    return fichiers


@contextmanager
def ouvrir(dossier: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse in memory of the extracts of `dossier`; AtlasError when one can't be read."""
    connexion = duckdb.connect()
    try:
        _charger(connexion, dossier)
        yield connexion
    finally:
        connexion.close()


def _charger(connexion: duckdb.DuckDBPyConnection, dossier: Path) -> None:
    try:
        schema = json.loads((dossier / SCHEMA).read_text(encoding="utf-8"))
        for table in REQUETES:
            colonnes = schema[table]
            declarees = ", ".join(f'"{nom}" {TYPES[type_]}' for nom, type_ in colonnes.items())
            connexion.execute(f"create table {table} ({declarees})")
            with (dossier / f"{table}.csv").open(encoding="utf-8", newline="") as flux:
                lignes = csv.reader(flux)
                if next(lignes) != list(colonnes):
                    raise ValueError(table)
                valeurs = [[None if v == SANS_VALEUR else v for v in ligne] for ligne in lignes]
            if valeurs:
                trous = ", ".join("?" for _ in colonnes)
                connexion.executemany(f"insert into {table} values ({trous})", valeurs)
    except (OSError, ValueError, KeyError, StopIteration, AttributeError, duckdb.Error) as cause:
        raise AtlasError(
            "Les extraits de données de ce fichier scellé ne se lisent pas.",
            admis="un fichier scellé tel qu'Atlas l'a écrit",
            remede="le redemander à qui l'a établi",
        ) from cause


TYPES = {
    "VARCHAR": "varchar",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
}


def _texte(valeur: object) -> str:
    return (
        SANS_VALEUR
        if valeur is None
        else repr(valeur)
        if isinstance(valeur, float)
        else str(valeur)
    )
