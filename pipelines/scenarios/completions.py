"""« Compléter »: a scenario optimised again around its locks, in a process of its own.

The search starts from the plan in hand and keeps every lock. What it finds is saved in the scenario
as one act to undo, even when the page was closed meanwhile; when another person saved in between,
nothing is overwritten, and the plan waits in the folder of the computation.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import FINE, pluriel
from pipelines.planning.probleme import vers_json
from pipelines.planning.solveur import resoudre
from pipelines.planning.suivi import Avancement
from pipelines.scenarios import atelier, dossiers, file_des_calculs, processus, propositions
from pipelines.scenarios.conflits import Conflit
from pipelines.scenarios.lecteurs import Acte, Lecteur, Role, exiger
from pipelines.scenarios.processus import AVANCEMENT
from pipelines.scenarios.resume import resumer
from pipelines.scenarios.scenario import Scenario
from pipelines.scenarios.sortes import Sorte, Suivi

DUREE_PAR_DEFAUT_S: int = reference.valeur("optimisation", "duree_max_s")
FIN = "fin.json"
FAIT = "Complété par l'optimiseur"
"""How the act that saves a completion begins, in the journal."""
SORTE = Sorte(
    libelle="Compléter un scénario",
    module="pipelines.scenarios.completions",
    resultat=FIN,
    ids=rf"{processus.ID}-completer",
    inconnu="Le calcul « {} » n'existe pas sur ce poste.",
    remede="relancer « Compléter » depuis la page « Ajuster »",
)


@dataclass(frozen=True)
class Etat(Suivi):
    """A computation as the page shows it; `avancement` is the last word of the solver.

    `scenario_id`: what it completes. `conflit`: what was saved in between, in French, once ended.
    """

    avancement: dict | None
    scenario_id: str
    conflit: str | None


def lancer(lecteur: Lecteur, scenario: Scenario, duree_max_s: float) -> str:
    """Start completing this state of a scenario; the id under which to follow it."""
    exiger(lecteur, Acte.MODIFIER, scenario.departement)
    calcul_id = f"{processus.nouvel_id(scenario.departement)}-completer"
    SORTE.lancer(
        lecteur,
        calcul_id,
        {
            "lecteur": {
                "nom": lecteur.nom,
                "role": lecteur.role,
                "departements": None
                if lecteur.departements is None
                else sorted(lecteur.departements),
            },
            "departement": scenario.departement,
            "scenario_id": scenario.scenario_id,
            "version": scenario.version,
            "duree_max_s": duree_max_s,
        },
    )
    return calcul_id


def arreter(lecteur: Lecteur, calcul_id: str) -> None:
    """Ask a computation to stop and keep the best plan found so far."""
    SORTE.arreter(lecteur, calcul_id)


def etat(lecteur: Lecteur, calcul_id: str) -> Etat:
    """Where a computation stands; AtlasError when the id is unknown here."""
    suivi = SORTE.suivre(lecteur, calcul_id)
    fin = processus.lire_json(suivi.dossier / FIN) or {"conflit": None}
    return Etat(
        **vars(suivi),
        avancement=processus.lire_json(suivi.dossier / AVANCEMENT),
        scenario_id=suivi.demande["scenario_id"],
        conflit=fin["conflit"],
    )


def reprendre(lecteur: Lecteur, calcul_id: str, version: int) -> Scenario:
    """Put the plan found on the scenario as it is seen at `version`, over what was saved before.

    `Conflit` when it changed again since; AtlasError when it rests on other data or locks now, that
    the plan found does not know.
    """
    suivi = etat(lecteur, calcul_id)
    actuel = atelier.ouvrir(lecteur, suivi.scenario_id)
    trouve = dossiers.lire(suivi.dossier).probleme
    if trouve != actuel.probleme:
        raise AtlasError(
            "Les données ou les verrous de ce scénario ont changé depuis ce calcul.",
            admis="un plan calculé sur les mêmes données et les mêmes verrous",
            remede="garder ce plan dans un nouveau scénario, ou compléter de nouveau",
        )
    fait = atelier.adopter(
        lecteur, actuel.scenario_id, version, _quoi(suivi.dossier), suivi.dossier
    )
    _finir(suivi.dossier, None)
    return fait


def garder_a_part(lecteur: Lecteur, calcul_id: str, nom: str) -> Scenario:
    """Keep the plan found as a new scenario."""
    suivi = etat(lecteur, calcul_id)
    fait = atelier.creer(lecteur, nom, suivi.dossier)
    _finir(suivi.dossier, None)
    return fait


def completer(
    lecteur: Lecteur,
    scenario_id: str,
    version: int,
    duree_max_s: float,
    sortie: Path,
    progres: Callable[[Avancement], None] | None = None,
    arret: Callable[[], bool] | None = None,
) -> Scenario:
    """Optimise a scenario around its locks, write the plan in `sortie`, save it as one act.

    Its état at `version` is the one in hand. `Conflit` when it is no longer there at the end: the
    plan stays in `sortie`. AtlasError (French, with the ways out and their prices) when the locks
    clash, or when the judge finds a breach (a defect of Atlas: nothing is kept then).
    """
    scenario = atelier.ouvrir(lecteur, scenario_id)
    if scenario.version != version:
        # told before the search rather than after it: it would be of a state nobody asked for
        raise AtlasError(
            "Ce scénario a changé pendant que le calcul attendait : rien n'a été calculé.",
            admis="un scénario que personne ne change entre la demande et le calcul",
            remede="compléter de nouveau depuis son état actuel",
        )
    probleme = scenario.probleme
    resultat = resoudre(
        probleme,
        duree_max_s=duree_max_s,
        depart=list(scenario.plan),
        progres=progres,
        arret=arret,
    )
    texte = vers_json(probleme)
    verdict = propositions.juger_le_trouve(texte, resultat.plan)
    limites = {"duree_max_s": duree_max_s, "part_ecart_vise": None}
    resume = {
        **resumer(probleme, resultat, limites, verdict, scenario.resume["avertissements"]),
        "sources": scenario.resume.get("sources", {}),
    }
    propositions.ecrire(
        sortie,
        {
            propositions.FICHIER_PROBLEME: texte,
            propositions.FICHIER_PLAN: propositions.plan_en_csv(resultat.plan),
            propositions.FICHIER_RESUME: propositions.resume_en_json(resume),
        },
    )
    return atelier.adopter(lecteur, scenario_id, version, _quoi(sortie), sortie)


def _quoi(dossier: Path) -> str:
    verrous = json.loads((dossier / propositions.FICHIER_PROBLEME).read_text(encoding="utf-8"))[
        "verrous"
    ]
    tenus = pluriel(len(verrous), "verrou tenu", "verrous tenus") if verrous else "aucun verrou"
    return f"{FAIT}{FINE}: {tenus}"


def _finir(dossier: Path, conflit: str | None) -> None:
    propositions.ecrire(dossier, {FIN: json.dumps({"conflit": conflit}, ensure_ascii=False)})


def _completer(dossier: Path, demande: dict, arret: Callable[[], bool]) -> None:
    def noter(avancement: Avancement) -> None:
        texte = json.dumps(asdict(avancement), ensure_ascii=False)
        propositions.ecrire(dossier, {AVANCEMENT: texte})

    qui = demande["lecteur"]
    portee = qui["departements"]
    lecteur = Lecteur(qui["nom"], Role(qui["role"]), None if portee is None else frozenset(portee))
    try:
        completer(
            lecteur,
            demande["scenario_id"],
            demande["version"],
            demande["duree_max_s"],
            dossier,
            noter,
            arret,
        )
    except Conflit as conflit:
        _finir(dossier, str(conflit.quoi))
    else:
        _finir(dossier, None)


if __name__ == "__main__":
    le_sien = Path(sys.argv[1])
    file_des_calculs.executer(le_sien, lambda demande, arret: _completer(le_sien, demande, arret))
