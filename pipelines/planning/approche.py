"""How near a plan comes to demands nobody could decide: what is short, found and proven.

The floors become the whole of the first objective: a half-day short of one outweighs everything
else, so the solver's plan is short of as little as it can find, and its bound says what no plan
does better than.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipelines.planning.exigences import Exigence, Plancher
from pipelines.planning.modele import SOUPLES
from pipelines.planning.probleme import Probleme, Verrou
from pipelines.planning.solveur import resoudre
from pipelines.planning.suivi import Avancement

# A half-day short weighs this many times every half-day of besoin: a hundredth of one shows.
PRECISION = 100


@dataclass(frozen=True)
class Approche:
    """The nearest plan found, every lock held.

    `manquent`: site → half-days per cycle it is short of its floor; empty when every demand holds.
    `au_moins`: half-days that any plan is short of, in all; 0 when none is proven.
    """

    manquent: dict[str, int]
    au_moins: int


def approcher(
    probleme: Probleme, exigences: Iterable[Exigence], duree_resolution_s: float
) -> Approche:
    """The nearest plan to these demands; raises what `resoudre` does when the locks clash."""
    exigences = tuple(exigences)
    planchers = {e.site_id: e.demi_journees_cycle for e in exigences if isinstance(e, Plancher)}
    total = sum(site.besoin for site in probleme.sites)
    poids = PRECISION * (total + 1)
    essai = replace(
        probleme,
        verrous=tuple(e for e in exigences if isinstance(e, Verrou)),
        reglages=replace(probleme.reglages, convexite=1, echelle_manque=1, tolerance_manque=0.0),
        sites=tuple(
            replace(
                site,
                poids=1,
                plancher=min(site.besoin, planchers.get(site.site_id, 0)),
                poids_plancher=poids,
            )
            for site in probleme.sites
        ),
    )
    vus: list[Avancement] = []

    def est_tranche() -> bool:
        """Every floor held, or proven out of reach, or the first objective left behind."""
        return bool(vus) and (
            vus[-1].etage != SOUPLES[0].code
            or (vus[-1].valeur is not None and vus[-1].valeur <= total)
        )

    resultat = resoudre(
        essai, duree_max_s=duree_resolution_s, progres=vus.append, arret=est_tranche
    )
    couverture: Counter[str] = Counter()
    for x in resultat.plan:
        couverture[x.site_id] += x.demi_journees_cycle
    return Approche(
        manquent={s: n - couverture[s] for s, n in sorted(planchers.items()) if n > couverture[s]},
        au_moins=max(0, -(-(resultat.etages[0].borne - total) // poids)),
    )
