"""How long a gesture by hand waits for its verdict and its repair, on real sizes.

Gestures are drawn at random, so most break rules: worse than what a careful hand does.
"""

import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipelines.marts import entrepot
from pipelines.planning.ajustement import (
    EnMain,
    changer,
    confier,
    en_dict,
    interdire,
    verdict,
)
from pipelines.planning.assemblage import Hypotheses, assembler
from pipelines.planning.probleme import Probleme
from pipelines.planning.reparation import Reparation, reparation
from pipelines.planning.solveur import resoudre

SECONDES_MAX = 0.5
"""What is asked of a gesture: verdict and repair together."""
DUREE_DU_PLAN_S = 5.0
"""Work on the plan the gestures are made on."""
GRAINE = 1


def mesurer(base: Path, departements: Sequence[str], nombre: int) -> dict:
    """Seconds by the clock of `nombre` gestures on a plan of each département of `base`.

    AtlasError when the warehouse or a département is unknown.
    """
    mesures = []
    for departement in departements:
        with entrepot.ouvrir(base) as connexion:
            probleme = assembler(connexion, departement, Hypotheses(), GRAINE)
        plan = resoudre(probleme, duree_max_s=DUREE_DU_PLAN_S).plan
        mesures.append(
            {"departement": departement}
            | sur_un_plan(probleme, EnMain(plan, probleme.verrous), nombre)
        )
    return {"secondes_max": SECONDES_MAX, "departements": mesures}


def sur_un_plan(probleme: Probleme, main: EnMain, nombre: int) -> dict:
    """The median and the worst of `nombre` gestures, each made on the same plan."""
    verdicts, reparations, trouvees = [], [], []
    for apres in gestes(probleme, main, nombre):
        debut = time.perf_counter()
        verdict(probleme, main, apres)
        milieu = time.perf_counter()
        tenus = {c for c, _ in en_dict(main.plan).items() ^ en_dict(apres.plan).items()}
        trouvees.append(reparation(probleme, apres, tenus))
        verdicts.append(milieu - debut)
        reparations.append(time.perf_counter() - milieu)
    ensemble = [a + b for a, b in zip(verdicts, reparations, strict=True)]
    return {
        "nb_sites": len(probleme.sites),
        "nb_postes": len(probleme.postes),
        "nb_gestes": nombre,
        "verdict": _secondes(verdicts),
        "reparation": _secondes(reparations),
        "ensemble": _secondes(ensemble),
        "est_tenu": max(ensemble) <= SECONDES_MAX,
        **_reparations([r for r in trouvees if r is not None]),
    }


def gestes(probleme: Probleme, main: EnMain, nombre: int) -> Iterator[EnMain]:
    """A presence changed, a site given to any poste or a link forbidden, in equal shares."""
    tirage = random.Random(GRAINE)
    for _ in range(nombre):
        x = tirage.choice(main.plan)
        vers = tirage.choice([p.poste_id for p in probleme.postes if p.poste_id != x.poste_id])
        niveau = tirage.choice(probleme.reglages.niveaux)
        match tirage.choice(("changer", "confier", "interdire")):
            case "changer":
                yield changer(probleme, main, x.poste_id, x.site_id, niveau)
            case "confier":
                yield confier(probleme, main, x.site_id, x.poste_id, vers)
            case _:
                yield interdire(probleme, main, x.poste_id, x.site_id)


def _secondes(mesures: list[float]) -> dict:
    return {"mediane_s": round(statistics.median(mesures), 3), "pire_s": round(max(mesures), 3)}


def _reparations(trouvees: list[Reparation]) -> dict:
    return {
        "nb_a_reparer": len(trouvees),
        "nb_prouvees": sum(r.est_prouvee for r in trouvees),
        "nb_qui_gardent_le_geste": sum(r.tient for r in trouvees),
        "sites_touches_max": max((len(r.sites) for r in trouvees), default=0),
    }
