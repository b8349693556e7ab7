"""Where scenarios, locks, notes and computations are kept: one database, whatever its engine.

SQLite beside the data unless ATLAS_BASE_URL gives another address (PostgreSQL). A table belongs to
the module that reads and writes it; `METADONNEES` gathers them, and a missing one is created when
the store is first opened.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import sqlalchemy as sa

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import FINE

METADONNEES = sa.MetaData()
ATTENTE_S = 15
"""How long one save waits for another; a save lasts milliseconds."""
ECRITURE = "atlas_ecriture"
TOUR_D_ECRITURE = 20170328
"""The PostgreSQL lock one writer holds at a time: any number no other program of the base takes."""
ADMIS = "un fichier SQLite où l'on peut écrire, ou un serveur PostgreSQL qui répond"
PANNES = (
    (
        ("is full", "no space left", "disk full", "could not extend"),
        "Le disque de l'atelier est plein : rien n'a été enregistré.",
        "libérer de la place, puis recommencer ; ce qui était enregistré est intact",
    ),
    (
        ("readonly", "read-only", "permission denied"),
        "L'atelier est en lecture seule : rien n'a été enregistré.",
        "donner à Atlas le droit d'écrire dans ce fichier et son dossier, ou dans cette base",
    ),
    (
        ("unable to open",),
        "L'atelier ne s'ouvre pas.",
        "vérifier que le dossier existe et qu'Atlas peut y écrire (variable ATLAS_ATELIER)",
    ),
    (
        ("is locked", "lock timeout", "deadlock"),
        f"Un autre enregistrement occupe l'atelier depuis plus de {ATTENTE_S} secondes.",
        "attendre un instant, puis recommencer",
    ),
    (
        ("not a database", "malformed"),
        "Le fichier de l'atelier est abîmé, ou ce n'en est pas un.",
        "remettre la dernière sauvegarde à sa place (docs/atelier.md)",
    ),
)
"""Words of the engines, lower case → what is said of them and what to do."""


def adresse() -> str:
    """ATLAS_BASE_URL, else the SQLite file of `chemins.ATELIER`."""
    return os.environ.get("ATLAS_BASE_URL") or f"sqlite:///{chemins.ATELIER}"


@contextmanager
def lire() -> Iterator[sa.Connection]:
    """One consistent view of the store, until it is closed."""
    with _transaction(ecriture=False) as connexion:
        yield connexion


@contextmanager
def ecrire() -> Iterator[sa.Connection]:
    """One transaction: all of it is kept, or nothing. A second writer waits for it to end."""
    with _transaction(ecriture=True) as connexion:
        yield connexion


def jour() -> datetime:
    """Now, as the store keeps time: UTC, without a zone, to the second's fraction."""
    return datetime.now(UTC).replace(tzinfo=None)


def en_clair(le: datetime) -> str:
    """A time of the store as people say it, at the hour of this machine."""
    ici = le.replace(tzinfo=UTC).astimezone()
    return f"{ici:%d/%m/%Y à %H}{FINE}h{FINE}{ici:%M}"


@contextmanager
def _transaction(*, ecriture: bool) -> Iterator[sa.Connection]:
    moteur = _moteur(adresse(), os.getpid())
    try:
        _preparer(adresse(), os.getpid(), len(METADONNEES.tables))
        with _commencer(moteur, ecriture) as connexion:
            yield connexion
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DBAPIError as cause:
        raise _panne(moteur, cause) from cause


@contextmanager
def _commencer(moteur: sa.Engine, ecriture: bool) -> Iterator[sa.Connection]:
    """A transaction that writes has the store for itself; one that reads sees one state of it."""
    if moteur.dialect.name == "sqlite":
        with moteur.execution_options(**{ECRITURE: ecriture}).begin() as connexion:
            yield connexion
        return
    # a writer must see what the one it waited for has saved
    niveau = "READ COMMITTED" if ecriture else "REPEATABLE READ"
    with moteur.execution_options(isolation_level=niveau).begin() as connexion:
        if ecriture:
            connexion.execute(sa.text(f"set local lock_timeout = '{ATTENTE_S}s'"))
            connexion.execute(sa.select(sa.func.pg_advisory_xact_lock(TOUR_D_ECRITURE)))
        yield connexion


def _panne(moteur: sa.Engine, cause: sa.exc.DBAPIError) -> AtlasError:
    """What an engine could not do, in French."""
    dit = str(cause.orig).strip()
    inconnue = (
        f"L'atelier ne répond pas : {dit.splitlines()[0] if dit else 'sans un mot'}.",
        "vérifier la place et les droits du dossier, ou l'adresse ATLAS_BASE_URL",
    )
    connues = (p[1:] for p in PANNES if any(mot in dit.lower() for mot in p[0]))
    quoi, remede = next(connues, inconnue)
    return AtlasError(
        quoi,
        fichier=moteur.url.render_as_string(hide_password=True),
        admis=ADMIS,
        remede=remede,
    )


@cache
def _preparer(ou: str, processus: int, nb_tables: int) -> None:
    """Create what is missing, once for each table a module has added; one process at a time."""
    with _commencer(_moteur(ou, processus), ecriture=True) as connexion:
        METADONNEES.create_all(connexion)


@cache
def _moteur(ou: str, processus: int) -> sa.Engine:
    """The engine of this process: a connection does not outlive a fork."""
    try:
        url = sa.make_url(ou)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError) as cause:
        raise AtlasError(
            "L'adresse de l'atelier ne se lit pas.",
            admis="sqlite:///chemin/atelier.sqlite ou postgresql://utilisateur@serveur/base",
            remede="corriger ATLAS_BASE_URL",
        ) from cause
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    if url.database:
        _faire_le_dossier(Path(url.database).parent)
    moteur = sa.create_engine(url, connect_args={"timeout": ATTENTE_S})
    sa.event.listen(moteur, "connect", _regler_sqlite)
    sa.event.listen(moteur, "begin", _commencer_sqlite)
    return moteur


def _faire_le_dossier(dossier: Path) -> None:
    try:
        dossier.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise AtlasError(
            f"Le dossier de l'atelier ne peut pas être créé : {cause.strerror or cause}.",
            fichier=str(dossier),
            admis="un dossier où l'on peut écrire",
            remede="choisir un autre fichier par la variable ATLAS_ATELIER",
        ) from cause


def _regler_sqlite(connexion: sqlite3.Connection, _: object) -> None:
    # « begin » is said below, not guessed by the driver
    connexion.isolation_level = None
    connexion.execute("pragma journal_mode = wal")
    connexion.execute("pragma synchronous = full")
    connexion.execute("pragma foreign_keys = on")


def _commencer_sqlite(connexion: sa.Connection) -> None:
    # a transaction that reads, then writes, would fail at once if another wrote in between
    ecriture = connexion.get_execution_options().get(ECRITURE, False)
    connexion.exec_driver_sql("begin immediate" if ecriture else "begin")
