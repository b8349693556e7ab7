"""The build: files → one DuckDB warehouse, whole, in a new file swapped in at the end.

A build that fails or is killed leaves the warehouse in place untouched; what it wrote is removed
by the next build.
"""

import contextlib
import csv
import importlib.metadata
import os
import re
import secrets
import shutil
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import pluriel
from pipelines.marts.entrepot import empreinte
from pipelines.marts.modeles import MACROS, modeles
from pipelines.sources import chargement
from pipelines.sources.cartes import cartes

SUFFIXE_PROVISOIRE = ".construction"
SUFFIXES_DUCKDB = (".wal", ".tmp")
ERREURS_D_ECRITURE = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException)
ERREURS_MONTREES_MAX = 20


@dataclass(frozen=True)
class Bilan:
    """What a build did: figures for the person who launched it."""

    entrepot: Path
    secondes: float
    sites: dict[str, dict[str, int]]
    anomalies: dict[str, int]
    non_reconnus: list[str]
    empreinte: str


def construire(
    dossiers: list[Path],
    entrepot: Path = chemins.ENTREPOT_PAR_DEFAUT,
    departements: list[str] | None = None,
    progres: Callable[[str, float], None] | None = None,
) -> Bilan:
    """Build `entrepot` from the files of `dossiers`, for `departements` (3 characters, or all).

    `progres` receives a French step and the share done (0 to 1). Raises AtlasError, the previous
    warehouse untouched, for an unreadable or refused file, a local file with bad lines, an unknown
    département or a disk that can't be written.
    """
    debut = time.monotonic()
    avancer = progres or (lambda etape, part: None)
    # its own name even for two builds of one process, or for a process number used before
    marque = f"{os.getpid()}-{secrets.token_hex(4)}"
    provisoire = entrepot.with_name(f"{entrepot.name}{SUFFIXE_PROVISOIRE}-{marque}")
    try:
        entrepot.parent.mkdir(parents=True, exist_ok=True)
        _balayer(entrepot)
        connexion = duckdb.connect(str(provisoire))
        try:
            avancer("Lecture des fichiers", 0.0)
            inventaire = chargement.charger(connexion, dossiers)
            _charger_references(connexion, departements)
            connexion.execute(MACROS.read_text(encoding="utf-8"))
            for rang, modele in enumerate(modeles()):
                avancer(f"Table {modele.nom}", 0.4 + 0.55 * rang / len(modeles()))
                connexion.execute(f"create table {modele.nom} as {modele.sql}")
            _refuser_lignes_bloquantes(connexion)
            _ecrire_meta(connexion, inventaire, dossiers)
            _verifier_conservation(connexion)
            bilan = _bilan(connexion, entrepot, inventaire, time.monotonic() - debut)
            _alleger(connexion)
            avancer("Écriture de l'entrepôt", 0.97)
            # said here: closing would pass over a full disk in silence
            connexion.execute("checkpoint")
        finally:
            connexion.close()
        provisoire.replace(entrepot)
    except (OSError, *ERREURS_D_ECRITURE) as cause:
        motif = getattr(cause, "strerror", None) or str(cause).splitlines()[0]
        raise AtlasError(
            f"Impossible d'écrire l'entrepôt : {motif.rstrip('.')}.",
            fichier=str(entrepot),
            admis="un dossier où l'on peut écrire, avec assez de place",
            remede="libérer de la place ou choisir un autre dossier avec --entrepot ; "
            "l'entrepôt précédent est intact",
        ) from cause
    finally:
        _effacer(provisoire)
    avancer("Terminé", 1.0)
    return bilan


def _balayer(entrepot: Path) -> None:
    """Remove what builds killed before left behind (their process is gone)."""
    debut = f"{entrepot.name}{SUFFIXE_PROVISOIRE}-"
    for reste in entrepot.parent.iterdir():
        if reste.name.startswith(debut):
            numero = re.split("[-.]", reste.name.removeprefix(debut))[0]
            if numero.isdigit() and not _processus_vivant(int(numero)):
                _effacer(reste)


def _effacer(provisoire: Path) -> None:
    """Remove a file of a build and what DuckDB puts beside it; what can't be waits its turn."""
    for reste in (
        provisoire,
        *(provisoire.with_name(provisoire.name + s) for s in SUFFIXES_DUCKDB),
    ):
        with contextlib.suppress(OSError):
            if reste.is_dir():
                shutil.rmtree(reste)
            else:
                reste.unlink(missing_ok=True)


def _processus_vivant(numero: int) -> bool:
    try:
        os.kill(numero, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _charger_references(
    connexion: duckdb.DuckDBPyConnection, departements: list[str] | None
) -> None:
    """ref_*: what the models read of data/reference, and the départements asked for."""
    connexion.execute(MACROS.read_text(encoding="utf-8"))
    connexion.execute("create table ref_parametres (nom varchar, valeur double)")
    for fichier in ("territoire", "temps_travail"):
        for parametre in reference.parametres(fichier).values():
            if isinstance(parametre.valeur, int | float):
                connexion.execute(
                    "insert into ref_parametres values (?, ?)", [parametre.nom, parametre.valeur]
                )
    connexion.execute("create table ref_periodicites (periodicite varchar, fois_par_cycle integer)")
    for nom, fois in reference.valeur("temps_travail", "periodicites").items():
        connexion.execute("insert into ref_periodicites values (?, ?)", [nom, fois])

    natures = _lire_csv("natures")
    connexion.execute(
        "create table ref_natures "
        "(code_nature varchar, libelle varchar, type varchar, est_section boolean)"
    )
    connexion.executemany(
        "insert into ref_natures values (?, ?, ?, ?)",
        [(n["code_nature"], n["libelle"], n["type"], n["est_section"] == "oui") for n in natures],
    )
    connexion.execute(
        "create table ref_arrondissements (commune_code varchar, commune_mere varchar)"
    )
    connexion.executemany(
        "insert into ref_arrondissements values (?, ?)",
        [(a["commune_code"], a["commune_mere"]) for a in _lire_csv("arrondissements")],
    )
    motifs = tomllib.loads((chemins.REFERENCE / "anomalies.toml").read_text(encoding="utf-8"))
    connexion.execute(
        "create table ref_motifs_anomalie (code varchar, gravite varchar, raison varchar, "
        "remede varchar, consequence varchar)"
    )
    connexion.executemany(
        "insert into ref_motifs_anomalie values (?, ?, ?, ?, ?)",
        [
            (code, m["gravite"], m["raison"], m["remede"], m["consequence"])
            for code, m in motifs.items()
        ],
    )
    _charger_departements(connexion, departements)


def _lire_csv(nom: str) -> list[dict[str, str]]:
    with (chemins.REFERENCE / f"{nom}.csv").open(encoding="utf-8", newline="") as flux:
        return list(csv.DictReader(flux))


def _charger_departements(
    connexion: duckdb.DuckDBPyConnection, departements: list[str] | None
) -> None:
    connus = dict(
        connexion.execute(
            "select departement_de(code_departement), any_value(texte(libelle_departement)) "
            "from raw_annuaire where texte(code_departement) is not null group by all order by all"
        ).fetchall()
    )
    voulus = departements or list(connus)
    absents = [d for d in voulus if d not in connus]
    if absents:
        raise AtlasError(
            f"Aucun établissement du département {', '.join(absents)} dans l'annuaire donné.",
            admis=", ".join(f"{code} ({nom})" for code, nom in connus.items()),
            remede="choisir parmi ces départements, ou ajouter l'annuaire qui manque",
        )
    connexion.execute("create table ref_departements (departement varchar, libelle varchar)")
    connexion.executemany(
        "insert into ref_departements values (?, ?)", [(d, connus[d]) for d in voulus]
    )


def _refuser_lignes_bloquantes(connexion: duckdb.DuckDBPyConnection) -> None:
    """Stop the build at the bad lines of local files, all of them named."""
    lignes = connexion.execute(
        "select fichier, ligne, colonne, valeur, raison, remede from mart_anomalie "
        "where gravite = 'bloquante' order by fichier, ligne"
    ).fetchall()
    if not lignes:
        return
    fichier, ligne, colonne, valeur, raison, remede = lignes[0]
    suite = [
        f"{f}, ligne {n}, colonne « {c} » : « {v or ''} » : {r} ; {m}."
        for f, n, c, v, r, m in lignes[1:ERREURS_MONTREES_MAX]
    ]
    reste = len(lignes) - ERREURS_MONTREES_MAX
    if reste > 0:
        suite.append(f"… et {pluriel(reste, 'autre ligne', 'autres lignes')}.")
    raise AtlasError(
        "\n".join([f"« {valeur or ''} » : {raison}.", *suite]),
        fichier=fichier,
        ligne=ligne,
        colonne=colonne,
        remede=f"{remede} ; l'entrepôt précédent est intact",
    )


def _ecrire_meta(
    connexion: duckdb.DuckDBPyConnection, inventaire: chargement.Inventaire, dossiers: list[Path]
) -> None:
    """meta_construction (one row a file) and meta_avertissement (fictitious, simulated)."""
    construit_le = datetime.now(UTC).replace(microsecond=0)
    version = importlib.metadata.version("atlas-ssfe")
    connexion.execute(
        "create table meta_construction (construit_le timestamptz, version_code varchar, "
        "source varchar, titre varchar, producteur varchar, licence varchar, url varchar, "
        "fichier varchar, millesime varchar, sha256 varchar, octets bigint, lignes_lues bigint, "
        "lignes_gardees bigint, lignes_fusionnees bigint, lignes_rejetees bigint)"
    )
    for lu in inventaire.lus:
        carte = cartes()[lu.source]
        sorts = dict(
            connexion.execute(
                f"select sort, count(*) from {_table_des_lignes(lu.source)} "
                "where source = ? and fichier = ? group by sort",
                [lu.source, lu.fichier],
            ).fetchall()
        )
        [(illisibles,)] = connexion.execute(
            "select count(*) from stg_rejet where source = ? and fichier = ?",
            [lu.source, lu.fichier],
        ).fetchall()
        connexion.execute(
            f"insert into meta_construction values ({', '.join(['?'] * 15)})",
            [
                construit_le,
                version,
                lu.source,
                carte.titre,
                carte.producteur,
                carte.licence,
                carte.url,
                lu.fichier,
                lu.millesime,
                lu.sha256,
                lu.octets,
                lu.lignes_lues,
                sorts.get("gardee", 0),
                sorts.get("fusionnee", 0),
                sorts.get("rejetee", 0) + illisibles,
            ],
        )
    connexion.execute("create table meta_avertissement (code varchar, libelle varchar)")
    for dossier in dossiers:
        notice = dossier / "exemple.toml"
        if notice.is_file():
            contenu = tomllib.loads(notice.read_text(encoding="utf-8"))
            if contenu.get("est_fictif"):
                connexion.execute(
                    "insert into meta_avertissement values ('fictif', ?)", [contenu["libelle"]]
                )
    connexion.execute(
        """
        insert into meta_avertissement
        select 'simule', 'Les postes, présences et chiffres d’activité sont simulés.'
        where exists (select 1 from stg_postes where est_simule)
            or exists (select 1 from stg_presences where est_simule)
            or exists (select 1 from stg_activite where est_simule)
        """
    )


def _table_des_lignes(source: str) -> str:
    """The staging table that holds the fate of each line of `source`."""
    for famille in ("ips", "effectifs"):
        if source.startswith(f"{famille}_"):
            return f"stg_{famille}_lignes"
    return f"stg_{source}_lignes"


def _verifier_conservation(connexion: duckdb.DuckDBPyConnection) -> None:
    """Rows read = kept + merged + rejected, for each file; a defect of Atlas otherwise."""
    ecarts = connexion.execute(
        "select fichier, lignes_lues, lignes_gardees + lignes_fusionnees + lignes_rejetees "
        "from meta_construction "
        "where lignes_lues != lignes_gardees + lignes_fusionnees + lignes_rejetees"
    ).fetchall()
    if ecarts:
        fichier, lues, comptees = ecarts[0]
        raise AtlasError(
            f"{pluriel(lues, 'ligne lue', 'lignes lues')}, mais {comptees} retrouvées : "
            "des lignes se sont perdues.",
            fichier=fichier,
            remede="ne pas se servir de ce résultat et signaler ce défaut d'Atlas",
        )


def _bilan(
    connexion: duckdb.DuckDBPyConnection,
    entrepot: Path,
    inventaire: chargement.Inventaire,
    secondes: float,
) -> Bilan:
    sites: dict[str, dict[str, int]] = {}
    for departement, nature, nombre in connexion.execute(
        "select departement, nature, count(*) from mart_site group by all order by all"
    ).fetchall():
        sites.setdefault(departement, {})[nature] = nombre
    anomalies = dict(
        connexion.execute(
            "select gravite, count(*) from mart_anomalie group by all order by all"
        ).fetchall()
    )
    return Bilan(
        entrepot=entrepot,
        secondes=secondes,
        sites=sites,
        anomalies=anomalies,
        non_reconnus=[f"{n.fichier.name} : {n.message()}" for n in inventaire.non_reconnus],
        empreinte=empreinte(connexion),
    )


def _alleger(connexion: duckdb.DuckDBPyConnection) -> None:
    """Drop the raw tables: their files are kept by fingerprint, their accounts in the marts."""
    for source in cartes():
        connexion.execute(f"drop table raw_{source}")
    connexion.execute("drop table raw_rejet")
