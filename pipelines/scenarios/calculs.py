"""Proposals computed apart: launched, followed, stopped, found again (see `processus`)."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.base import reference
from pipelines.planning.assemblage import Hypotheses
from pipelines.planning.suivi import Avancement
from pipelines.scenarios import processus, propositions
from pipelines.scenarios.processus import AVANCEMENT, Suivi

DUREE_PAR_DEFAUT_S: int = reference.valeur("optimisation", "duree_max_s")
SORTE = processus.Sorte(
    module="pipelines.scenarios.calculs",
    resultat=propositions.FICHIER_RESUME,
    ids=rf"{processus.ID}(-doctrines\.[a-z0-9_]+)?",
    inconnu="La proposition « {} » n'existe pas sur ce poste.",
    remede="relancer le calcul depuis la page « Proposer »",
)


@dataclass(frozen=True)
class Etat(Suivi):
    """A computation as the page shows it; `avancement` is the last word of the solver."""

    avancement: dict | None


def lancer(
    base: Path,
    departement: str,
    *,
    graine: int,
    duree_max_s: float,
    ecart_vise: float | None = None,
    hypotheses: Hypotheses,
) -> str:
    """Start a proposal in a process of its own; the id under which to follow it."""
    calcul_id = processus.nouvel_id(departement)
    SORTE.lancer(calcul_id, demande(base, departement, graine, duree_max_s, ecart_vise, hypotheses))
    return calcul_id


def demande(
    base: Path,
    departement: str,
    graine: int,
    duree_max_s: float,
    ecart_vise: float | None,
    hypotheses: Hypotheses,
) -> dict:
    """What is asked of a computation, as it is written in its folder."""
    return {
        "entrepot": str(base.resolve()),
        "departement": departement,
        "graine": graine,
        "duree_max_s": duree_max_s,
        "part_ecart_vise": ecart_vise,
        "hypotheses": asdict(hypotheses),
    }


def arreter(calcul_id: str) -> None:
    """Ask a computation to stop and keep the best plan found so far."""
    SORTE.arreter(calcul_id)


def etat(calcul_id: str) -> Etat:
    """Where a computation stands; AtlasError when the id is unknown here."""
    suivi = SORTE.suivre(calcul_id)
    return Etat(**vars(suivi), avancement=processus.lire_json(suivi.dossier / AVANCEMENT))


def derniers(departement: str, nombre: int = 10) -> list[Etat]:
    """The last finished computations of a département, newest first."""
    return [etat(calcul_id) for calcul_id in SORTE.finis(departement, nombre)]


def _proposer(dossier: Path, demandee: dict, arret: Callable[[], bool]) -> None:
    def noter(avancement: Avancement) -> None:
        texte = json.dumps(asdict(avancement), ensure_ascii=False)
        propositions.ecrire(dossier, {AVANCEMENT: texte})

    propositions.proposer(
        Path(demandee["entrepot"]),
        demandee["departement"],
        graine=demandee["graine"],
        duree_max_s=demandee["duree_max_s"],
        ecart_vise=demandee["part_ecart_vise"],
        hypotheses=Hypotheses(**demandee["hypotheses"]),
        sortie=dossier,
        progres=noter,
        arret=arret,
    )


if __name__ == "__main__":
    le_sien = Path(sys.argv[1])
    processus.executer(le_sien, lambda demandee, arret: _proposer(le_sien, demandee, arret))
