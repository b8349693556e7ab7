"""The door to a built warehouse: read-only, one engine a call."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.base.erreurs import AtlasError


@contextmanager
def ouvrir(entrepot: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to `entrepot`; AtlasError when it is missing or unreadable."""
    if not entrepot.is_file():
        raise AtlasError(
            "Aucun entrepôt de données à cet endroit.",
            fichier=str(entrepot),
            remede="le construire : atlas construire --sources DOSSIER",
        )
    # an engine of its own: those opened on one path share the file the first one opened, and a
    # warehouse swapped in while it is read would not be seen
    connexion = duckdb.connect()
    chemin = str(entrepot).replace("'", "''")
    try:
        connexion.execute(f"attach '{chemin}' as entrepot (read_only)")
        connexion.execute("use entrepot")
    except duckdb.Error as cause:
        connexion.close()
        raise AtlasError(
            "Entrepôt illisible : le fichier est abîmé ou vient d'une version plus récente.",
            fichier=str(entrepot),
            remede="le reconstruire : atlas construire --sources DOSSIER",
        ) from cause
    try:
        yield connexion
    finally:
        connexion.close()


def lire(
    connexion: duckdb.DuckDBPyConnection, table: str, departement: str | None = None
) -> pd.DataFrame:
    """The rows of a mart, those of one département when given; « unknown » is `None`, never NaN."""
    filtre, valeurs = ("", []) if departement is None else (" where departement = ?", [departement])
    cadre = connexion.execute(f'select * from "{table}"{filtre}', valeurs).df()
    return cadre.astype(object).where(cadre.notna(), None)


def departements(connexion: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Code → name of the départements of the warehouse, by code."""
    lignes = connexion.execute(
        "select departement, libelle from ref_departements order by departement"
    ).fetchall()
    return dict(lignes)


def exiger_departement(connexion: duckdb.DuckDBPyConnection, departement: str) -> str:
    """The name of `departement`; AtlasError listing those of the warehouse when it isn't there."""
    connus = departements(connexion)
    if departement not in connus:
        raise AtlasError(
            f"Le département « {departement} » n'est pas dans l'entrepôt.",
            admis=", ".join(f"{code} ({nom})" for code, nom in connus.items()),
            remede="choisir l'un d'eux, ou reconstruire l'entrepôt avec ce département",
        )
    return connus[departement]


def avertissements(connexion: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What every screen and export must say of these data: `fictif`, `simule` → sentence."""
    return dict(connexion.execute("select code, libelle from meta_avertissement").fetchall())


def empreinte(connexion: duckdb.DuckDBPyConnection) -> str:
    """sha256 over the fingerprints of all files read: the identity of the data of a plan."""
    lignes = connexion.execute(
        "select source, sha256 from meta_construction order by source, sha256"
    ).fetchall()
    departements = connexion.execute(
        "select departement from ref_departements order by departement"
    ).fetchall()
    return hashlib.sha256(repr((lignes, departements)).encode()).hexdigest()


def sources(connexion: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Source → sha256 over the files it was read from: tells which ones changed since."""
    lignes = connexion.execute(
        "select source, string_agg(sha256, ' ' order by sha256) from meta_construction "
        "group by source order by source"
    ).fetchall()
    return {
        source: hashlib.sha256(empreintes.encode()).hexdigest() for source, empreintes in lignes
    }


def origine(connexion: duckdb.DuckDBPyConnection) -> list[str]:
    """The folders the warehouse was built from, or the version of the deposit; [] when unknown."""
    tables = {nom for (nom,) in connexion.execute("show tables").fetchall()}
    if "meta_origine" not in tables:
        return []
    lignes = connexion.execute("select origine from meta_origine order by rang").fetchall()
    return [o for (o,) in lignes]


def fichiers_lus(connexion: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Name of each file read → its sha256 and the sources it was read as."""
    lignes = connexion.execute(
        "select fichier_donne, any_value(sha256), list_sort(list(distinct source)) "
        "from meta_construction group by fichier_donne order by fichier_donne"
    ).fetchall()
    return {nom: (sha256, tuple(sources)) for nom, sha256, sources in lignes}
