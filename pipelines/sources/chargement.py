"""A folder of files → raw_* tables, one a source, all text, with file and line of every row."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base.erreurs import AtlasError
from pipelines.sources import lecture
from pipelines.sources.cartes import Carte, cartes
from pipelines.sources.reconnaissance import NonReconnu, Reconnu, reconnaitre

TAILLE_MAX_OCTETS = 2 * 1024**3
"""Larger files are refused: no source of a whole country comes near it."""


@dataclass(frozen=True)
class FichierLu:
    """One recognised file: its source, bytes and fingerprint."""

    source: str
    fichier: str
    sha256: str
    octets: int
    lignes_lues: int
    millesime: str


@dataclass(frozen=True)
class Inventaire:
    """What was found in the folders given."""

    lus: list[FichierLu]
    non_reconnus: list[NonReconnu]


def fichiers(dossiers: list[Path]) -> dict[str, Path]:
    """Every regular file of `dossiers` and below, hidden ones apart, in a fixed order.

    The key names the file to the user: its path inside the folder, preceded by the folder's name
    when two folders hold the same path.
    """
    trouves: dict[str, Path] = {}
    for dossier in dossiers:
        if not dossier.is_dir():
            raise AtlasError(
                f"Dossier introuvable : {dossier}",
                admis="un dossier qui contient les fichiers publics (et, s'il y en a, locaux)",
                remede="vérifier le chemin donné à --sources",
            )
        for fichier in sorted(dossier.rglob("*")):
            relatif = fichier.relative_to(dossier)
            if not fichier.is_file() or any(p.startswith((".", "~$")) for p in relatif.parts):
                continue
            nom = relatif.as_posix()
            cle, rang = nom, 1
            while cle in trouves:
                prefixe = dossier.name if rang == 1 else f"{dossier.name} ({rang})"
                cle, rang = f"{prefixe}/{nom}", rang + 1
            trouves[cle] = fichier
    return trouves


def charger(connexion: duckdb.DuckDBPyConnection, dossiers: list[Path]) -> Inventaire:
    """Create raw_<source> for every card, filled from the recognised files of `dossiers`.

    A source without a file gets an empty table, so that the models below always run. Rows the
    CSV reader can't cut into columns go to `raw_rejet`. Raises AtlasError for an unreadable or
    refused file, and when the annuaire, on which all else hangs, is absent.
    """
    for carte in cartes().values():
        colonnes = ", ".join(f'"{c}" varchar' for c in carte.colonnes)
        connexion.execute(
            f"create table raw_{carte.nom} (fichier varchar, ligne bigint, {colonnes})"
        )
    connexion.execute(
        "create table raw_rejet (source varchar, fichier varchar, ligne bigint, raison varchar)"
    )
    lus: list[FichierLu] = []
    non_reconnus: list[NonReconnu] = []
    for nom, fichier in fichiers(dossiers).items():
        if fichier.stat().st_size > TAILLE_MAX_OCTETS:
            raise AtlasError(
                "Fichier trop gros pour être une source d'Atlas.",
                fichier=fichier.name,
                admis="2 Go au plus",
                remede="vérifier le fichier, ou en extraire les colonnes utiles",
            )
        resultats = [reconnaitre(t) for t in lecture.tableaux(fichier) if t.debuts]
        reconnus = [r for r in resultats if isinstance(r, Reconnu)]
        if not reconnus:
            # a file of several sheets is described by the one nearest to a known source
            inconnus = [r for r in resultats if isinstance(r, NonReconnu)]
            if inconnus:
                non_reconnus.append(max(inconnus, key=lambda r: r.ressemble_a is not None))
            continue
        lus += [_charger_un(connexion, r, nom) for r in reconnus]
    if not any(lu.source == "annuaire" for lu in lus):
        raise AtlasError(
            "Aucun annuaire de l'éducation parmi les fichiers donnés.",
            fichier=", ".join(str(d) for d in dossiers),
            admis="l'export CSV de « fr-en-annuaire-education » (data.education.gouv.fr)",
            remede="ajouter l'annuaire au dossier ; sans lui aucun établissement n'est connu",
        )
    return Inventaire(lus, non_reconnus)


def _charger_un(connexion: duckdb.DuckDBPyConnection, reconnu: Reconnu, nom: str) -> FichierLu:
    carte, fichier = reconnu.carte, reconnu.tableau.fichier
    try:
        reconnu.tableau.inserer(
            connexion, f"raw_{carte.nom}", reconnu.ligne_entete, reconnu.positions, nom
        )
        rejets = _noter_rejets(connexion, carte, nom)
    except duckdb.Error as cause:
        raise AtlasError(
            f"Tableau illisible pour la source « {carte.titre} » : {cause}".splitlines()[0],
            fichier=nom,
            admis="un fichier CSV entier, une valeur par colonne",
            remede="l'ouvrir dans le tableur, vérifier la ligne citée et l'enregistrer à nouveau",
        ) from cause
    [(lignes,)] = connexion.execute(
        f"select count(*) from raw_{carte.nom} where fichier = ?", [nom]
    ).fetchall()
    return FichierLu(
        source=carte.nom,
        fichier=nom,
        sha256=lecture.empreinte(fichier),
        octets=fichier.stat().st_size,
        lignes_lues=lignes + rejets,
        millesime=_millesime(connexion, carte, nom, fichier.stem),
    )


def _noter_rejets(connexion: duckdb.DuckDBPyConnection, carte: Carte, nom: str) -> int:
    """Move what the CSV reader refused into raw_rejet; the number of rows refused."""
    presentes = {nom for (nom,) in connexion.execute("show tables").fetchall()}
    if "reject_errors" not in presentes:
        return 0
    [(nombre,)] = connexion.execute("select count(distinct line) from reject_errors").fetchall()
    connexion.execute(
        "insert into raw_rejet select distinct on (line) ?, ?, line, error_message "
        "from reject_errors order by line",
        [carte.nom, nom],
    )
    connexion.execute("drop table reject_errors")
    connexion.execute("drop table if exists reject_scans")
    return nombre


def _millesime(connexion: duckdb.DuckDBPyConnection, carte: Carte, nom: str, a_defaut: str) -> str:
    """The vintage of a file: the newest value of the card's dating column, else `a_defaut`."""
    if carte.millesime not in carte.colonnes:
        return a_defaut
    [(valeur,)] = connexion.execute(
        f'select max("{carte.millesime}") from raw_{carte.nom} where fichier = ?', [nom]
    ).fetchall()
    return valeur or a_defaut
