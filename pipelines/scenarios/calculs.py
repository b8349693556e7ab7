"""Proposals computed apart: launched, followed, stopped, found again (see `sortes`)."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.base import reference
from pipelines.planning.assemblage import Hypotheses
from pipelines.planning.suivi import Avancement
from pipelines.scenarios import file_des_calculs, processus, propositions
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.processus import AVANCEMENT
from pipelines.scenarios.sortes import Sorte, Suivi

DUREE_PAR_DEFAUT_S: int = reference.valeur("optimisation", "duree_max_s")
SORTE = Sorte(
    libelle="Proposition",
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
    lecteur: Lecteur,
    base: Path,
    departement: str,
    *,
    graine: int,
    duree_max_s: float,
    ecart_vise: float | None = None,
    hypotheses: Hypotheses,
) -> str:
    """Put a proposal in the queue; the id under which to follow it."""
    exiger(lecteur, Acte.MODIFIER, departement)
    calcul_id = processus.nouvel_id(departement)
    demandee = demande(base, departement, graine, duree_max_s, ecart_vise, hypotheses)
    SORTE.lancer(lecteur, calcul_id, demandee)
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


def arreter(lecteur: Lecteur, calcul_id: str) -> None:
    """Ask a computation to stop and keep the best plan found so far."""
    SORTE.arreter(lecteur, calcul_id)


def etat(lecteur: Lecteur, calcul_id: str) -> Etat:
    """Where a computation stands; AtlasError when the id is unknown here."""
    suivi = SORTE.suivre(lecteur, calcul_id)
    return Etat(**vars(suivi), avancement=processus.lire_json(suivi.dossier / AVANCEMENT))


def derniers(lecteur: Lecteur, departement: str, nombre: int = 10) -> list[Etat]:
    """The last finished computations of a département, newest first."""
    return [etat(lecteur, calcul_id) for calcul_id in SORTE.finis(lecteur, departement, nombre)]


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
    file_des_calculs.executer(le_sien, lambda demandee, arret: _proposer(le_sien, demandee, arret))
