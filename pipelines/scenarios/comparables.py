"""What may be laid side by side: today's state, scenarios and the proposals kept here."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import atelier, calculs, propositions
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.scenario import Apercu
from pipelines.scoring.doctrine import libelle_de

AUJOURD_HUI = "aujourdhui"
LIBELLE_AUJOURD_HUI = "Aujourd'hui"
NOMBRE_MAX = 50


@dataclass(frozen=True)
class Comparable:
    """One of them: its label, its folder and département (None for today), and a mark that
    changes with it.
    """

    libelle: str
    dossier: Path | None
    departement: str | None
    marque: str


def choix(lecteur: Lecteur, departement: str) -> dict[str, str]:
    """Id → label of what may be compared in a département: today, scenarios, then proposals.

    The last changed first. AtlasError when the lecteur may not read the département.
    """
    exiger(lecteur, Acte.LIRE, departement)
    return {
        AUJOURD_HUI: LIBELLE_AUJOURD_HUI,
        **{s.scenario_id: _du_scenario(s) for s in atelier.lister(lecteur, departement)},
        **{
            e.calcul_id: _de_la_proposition(e)
            for e in calculs.derniers(lecteur, departement, NOMBRE_MAX)
        },
    }


def trouver(lecteur: Lecteur, comparable_id: str) -> Comparable:
    """What is behind an id; AtlasError when there is nothing, or nothing this lecteur may read."""
    if comparable_id == AUJOURD_HUI:
        return Comparable(LIBELLE_AUJOURD_HUI, None, None, AUJOURD_HUI)
    if est_un_scenario(lecteur, comparable_id):
        return _scenario(lecteur, comparable_id)
    etat = calculs.etat(lecteur, comparable_id)
    departement = etat.demande["departement"]
    exiger(lecteur, Acte.LIRE, departement)
    resume = etat.dossier / propositions.FICHIER_RESUME
    if not resume.exists():
        raise AtlasError(
            f"La proposition « {comparable_id} » n'est pas finie.",
            remede="attendre la fin du calcul, ou l'arrêter en gardant le meilleur plan",
        )
    marque = f"{comparable_id}:{resume.stat().st_mtime_ns}"
    return Comparable(_de_la_proposition(etat), etat.dossier, departement, marque)


def est_un_scenario(lecteur: Lecteur, comparable_id: str) -> bool:
    """Whether an id is that of a scenario in the scope of `lecteur`."""
    return any(vu.scenario_id == comparable_id for vu in atelier.lister(lecteur))


def _scenario(lecteur: Lecteur, scenario_id: str) -> Comparable:
    scenario = atelier.ouvrir(lecteur, scenario_id)
    marque = f"{scenario_id}:{scenario.version}"
    return Comparable(_du_scenario(scenario), scenario.dossier, scenario.departement, marque)


def _de_la_proposition(etat: calculs.Etat) -> str:
    """« Priorités d'abord, 28/11 22 h 10 »: short, it stands in boxes and headers of columns."""
    doctrine = libelle_de(etat.demande["hypotheses"]["doctrine"])
    return f"{doctrine}, {etat.lancee_le:%d/%m %H h %M}"


def _du_scenario(scenario: Apercu) -> str:
    """« Rentrée 2027 (brouillon) »."""
    return f"{scenario.nom} ({scenario.statut.libelle})"
