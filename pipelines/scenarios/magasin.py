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

METADONNEES = sa.MetaData()
ATTENTE_S = 15
"""How long one save waits for another on SQLite; a save lasts milliseconds."""
ECRITURE = "atlas_ecriture"


def adresse() -> str:
    """ATLAS_BASE_URL, else the SQLite file of `chemins.ATELIER`."""
    return os.environ.get("ATLAS_BASE_URL") or f"sqlite:///{chemins.ATELIER}"


@contextmanager
def lire() -> Iterator[sa.Connection]:
    """One consistent view of the store, until it is closed."""
    with _transaction(_moteur(adresse(), os.getpid())) as connexion:
        yield connexion


@contextmanager
def ecrire() -> Iterator[sa.Connection]:
    """One transaction: all of it is kept, or nothing. On SQLite a second writer waits for it."""
    moteur = _moteur(adresse(), os.getpid())
    with _transaction(moteur.execution_options(**{ECRITURE: True})) as connexion:
        yield connexion


def jour() -> datetime:
    """Now, as the store keeps time: UTC, without a zone, to the second's fraction."""
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def _transaction(moteur: sa.Engine) -> Iterator[sa.Connection]:
    try:
        _preparer(adresse(), os.getpid(), len(METADONNEES.tables))
        with moteur.begin() as connexion:
            yield connexion
    except sa.exc.OperationalError as cause:
        raise AtlasError(
            f"L'atelier ne répond pas : {cause.orig}.",
            fichier=moteur.url.render_as_string(hide_password=True),
            admis="un fichier SQLite où l'on peut écrire, ou un serveur PostgreSQL qui répond",
            remede="vérifier la place et les droits du dossier, ou l'adresse ATLAS_BASE_URL",
        ) from cause


@cache
def _preparer(ou: str, processus: int, nb_tables: int) -> None:
    """Create what is missing, once for each table a module has added."""
    with _moteur(ou, processus).execution_options(**{ECRITURE: True}).begin() as connexion:
        METADONNEES.create_all(connexion)


@cache
def _moteur(ou: str, processus: int) -> sa.Engine:
    """The engine of this process: a connection does not outlive a fork."""
    try:
        url = sa.make_url(ou)
    except sa.exc.ArgumentError as cause:
        raise AtlasError(
            "L'adresse de l'atelier ne se lit pas.",
            admis="sqlite:///chemin/atelier.sqlite ou postgresql://utilisateur@serveur/base",
            remede="corriger ATLAS_BASE_URL",
        ) from cause
    if url.get_backend_name() != "sqlite":
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        # each statement of a transaction sees the same store, as SQLite's do
        return sa.create_engine(url, pool_pre_ping=True, isolation_level="REPEATABLE READ")
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    moteur = sa.create_engine(url, connect_args={"timeout": ATTENTE_S})
    sa.event.listen(moteur, "connect", _regler_sqlite)
    sa.event.listen(moteur, "begin", _commencer_sqlite)
    return moteur


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
