"""The queue of the computations: no more at once than the machine has cores, the rest wait.

Each line of the table is a computation asked for on this machine; its request, its progress and
what it leaves are in its folder (`processus`). Whoever asks, looks or ends serves the queue, so it
goes on with every tab closed, and after the server was stopped.
"""

import os
import socket
import subprocess
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import magasin, processus, propositions
from pipelines.scenarios.processus import Phase

TABLE = sa.Table(
    "calcul",
    magasin.METADONNEES,
    sa.Column("numero", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("dossier", sa.String, nullable=False),
    sa.Column("module", sa.String, nullable=False),
    sa.Column("libelle", sa.String, nullable=False),
    sa.Column("departement", sa.String, nullable=False),
    sa.Column("auteur", sa.String, nullable=False),
    sa.Column("places", sa.Integer, nullable=False),
    sa.Column("demande_le", sa.DateTime, nullable=False),
    sa.Column("lance_le", sa.DateTime),
    sa.Column("fini_le", sa.DateTime),
    sa.Index("calcul_a_finir", "machine", "fini_le"),
)
RETIRE = "Ce calcul a été retiré de la file avant de commencer. Le relancer au besoin."


@dataclass(frozen=True)
class Travail:
    """A computation at work or waiting; `rang`: how many wait before it, None once it has begun.

    `demande_le`, `lance_le`: UTC. `avancement`: its last word, None before its first.
    """

    libelle: str
    departement: str
    auteur: str
    demande_le: datetime
    lance_le: datetime | None
    rang: int | None
    dossier: Path
    avancement: dict | None


def places() -> int:
    """How many processes of computation this machine runs at once: its cores, or ATLAS_PLACES."""
    coeurs = os.cpu_count() or 1
    demandees = os.environ.get("ATLAS_PLACES", "")
    if not demandees:
        return coeurs
    if not demandees.isdecimal() or int(demandees) == 0:
        raise AtlasError(
            f"ATLAS_PLACES vaut « {demandees} ».",
            admis=f"un nombre entier de 1 à {coeurs}, le nombre de cœurs de cette machine",
            remede="corriger ou retirer cette variable, puis relancer Atlas",
        )
    return min(int(demandees), coeurs)


def machine() -> str:
    """The name whose queue this is: ATLAS_MACHINE, else that of the system.

    A container made anew under another name would leave what waited to nobody.
    """
    return os.environ.get("ATLAS_MACHINE") or socket.gethostname()


def soumettre(
    dossier: Path,
    demande: dict,
    module: str,
    *,
    libelle: str,
    departement: str,
    auteur: str,
    places_prises: int = 1,
) -> None:
    """Put `demande` in the queue, to be run by `module` in `dossier`; it starts if there is room.

    `libelle` says what it is to whoever reads the queue; `places_prises`: processes it runs at
    once.
    """
    processus.ecrire_demande(dossier, demande)
    with magasin.ecrire() as connexion:
        connexion.execute(
            sa.insert(TABLE).values(
                machine=machine(),
                dossier=str(dossier.resolve()),
                module=module,
                libelle=libelle,
                departement=departement,
                auteur=auteur,
                places=places_prises,
                demande_le=magasin.jour(),
            )
        )
    servir()


def servir() -> None:
    """Note the computations that have ended, and start those there is room for, oldest first.

    One that asks for more than the machine has runs alone.
    """
    with magasin.ecrire() as connexion:
        prises = 0
        for ligne in connexion.execute(_a_finir().where(TABLE.c.lance_le.is_not(None))):
            if processus.vit(Path(ligne.dossier)):
                prises += ligne.places
            else:
                _marquer(connexion, ligne.numero, fini_le=magasin.jour())
        attente = _a_finir().where(TABLE.c.lance_le.is_(None)).order_by(TABLE.c.numero)
        for ligne in connexion.execute(attente).all():
            if prises and prises + ligne.places > places():
                break
            dossier = Path(ligne.dossier)
            if not dossier.is_dir():
                # its folder was taken away: nobody waits for it any more
                _marquer(connexion, ligne.numero, fini_le=magasin.jour())
                continue
            _demarrer(dossier, ligne.module)
            _marquer(connexion, ligne.numero, lance_le=magasin.jour())
            prises += ligne.places


def phase(dossier: Path) -> tuple[Phase, int | None]:
    """Where a computation that left no result stands, and how many wait before it if it waits.

    The queue is served on the way: someone who follows a computation keeps it going.
    """
    ceux = travaux()
    if any(t.rang is not None for t in ceux):
        servir()
        ceux = travaux()
    for travail in ceux:
        if travail.dossier == dossier.resolve() and travail.rang is not None:
            return Phase.EN_ATTENTE, travail.rang
    return (Phase.EN_COURS if processus.vit(dossier) else Phase.INTERROMPU), None


def retirer(dossier: Path) -> bool:
    """Take a waiting computation out of the queue; False when it has begun, or is not in it."""
    with magasin.ecrire() as connexion:
        retires = connexion.execute(
            sa.update(TABLE)
            .where(
                TABLE.c.machine == machine(),
                TABLE.c.dossier == str(dossier.resolve()),
                TABLE.c.lance_le.is_(None),
                TABLE.c.fini_le.is_(None),
            )
            .values(fini_le=magasin.jour())
        ).rowcount
    if retires:
        propositions.ecrire(dossier, {processus.ERREUR: RETIRE})
    return retires > 0


def travaux() -> list[Travail]:
    """What this machine computes, then what waits, in the order it will be served."""
    with magasin.lire() as connexion:
        lignes = connexion.execute(_a_finir().order_by(TABLE.c.numero)).all()
    en_cours = [ligne for ligne in lignes if ligne.lance_le is not None]
    en_attente = [ligne for ligne in lignes if ligne.lance_le is None]
    return [
        *(_travail(ligne, None) for ligne in en_cours if processus.vit(Path(ligne.dossier))),
        *(_travail(ligne, rang) for rang, ligne in enumerate(en_attente)),
    ]


def executer(dossier: Path, travail: Callable[[dict, Callable[[], bool]], object]) -> None:
    """In the child: `travail` on the request of `dossier`, its error written there if it fails.

    `travail` receives the request, and what says whether a stop was asked. The next of the queue
    starts once it is done.
    """
    try:
        travail(processus.demande(dossier), (dossier / processus.ARRET).exists)
    except AtlasError as erreur:
        propositions.ecrire(dossier, {processus.ERREUR: erreur.message()})
    except Exception:
        traceback.print_exc()
        message = "Le calcul s'est arrêté sur un défaut d'Atlas ; le détail est dans journal.txt."
        propositions.ecrire(dossier, {processus.ERREUR: message})
        raise
    finally:
        with magasin.ecrire() as connexion:
            connexion.execute(
                sa.update(TABLE)
                .where(
                    TABLE.c.machine == machine(),
                    TABLE.c.dossier == str(dossier.resolve()),
                    TABLE.c.fini_le.is_(None),
                )
                .values(fini_le=magasin.jour())
            )
        servir()


def _a_finir() -> sa.Select:
    return sa.select(TABLE).where(TABLE.c.machine == machine(), TABLE.c.fini_le.is_(None))


def _marquer(connexion: sa.Connection, numero: int, **valeurs: datetime) -> None:
    connexion.execute(sa.update(TABLE).where(TABLE.c.numero == numero).values(**valeurs))


def _demarrer(dossier: Path, module: str) -> None:
    enfant: subprocess.Popen = processus.demarrer(dossier, module)
    # reaps the child when it ends, so that it is not taken for a living process
    threading.Thread(target=enfant.wait, daemon=True).start()


def _travail(ligne: sa.Row, rang: int | None) -> Travail:
    dossier = Path(ligne.dossier)
    return Travail(
        libelle=ligne.libelle,
        departement=ligne.departement,
        auteur=ligne.auteur,
        demande_le=ligne.demande_le,
        lance_le=ligne.lance_le,
        rang=rang,
        dossier=dossier,
        avancement=processus.lire_json(dossier / processus.AVANCEMENT),
    )
