"""Change against equity: the best plan for each budget of imposed changes.

A plan within a budget is within every larger one: each budget starts from the plan of the one
before, and keeps it when the search finds no better; a bound proven for a larger budget holds for a
smaller one. So neither values nor bounds can rise with the budget.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pipelines.base.erreurs import AtlasError
from pipelines.planning.depart import reparer, socle_des_verrous
from pipelines.planning.modele import SOUPLES, Index
from pipelines.planning.probleme import Presence, Probleme, ordonner
from pipelines.planning.solveur import Avancement, resoudre
from pipelines.planning.voisinage import Effet, Mouvement, Voisinage, en_couples

CHANGEMENTS = "changements"


@dataclass(frozen=True)
class Point:
    """The best plan found for one budget (None: as many changes as one likes).

    `borne`: proven floor of the first objective within this budget. `effets`, `mouvements`: against
    the plan of the proposal.
    """

    budget: int | None
    plan: tuple[Presence, ...]
    effets: tuple[Effet, ...]
    mouvements: tuple[Mouvement, ...]
    borne: int
    arret_par: str
    secondes: float

    @property
    def manque(self) -> int:
        """Value of the first objective."""
        return self.effets[0].apres


def plan_de_depart(probleme: Probleme) -> tuple[tuple[Presence, ...], int]:
    """Today's presences, repaired to keep every rule, and how many changes that makes.

    Fewer changes may be possible when rules clash with many presences at once; none is when this
    is 0. AtlasError when the locks clash.
    """
    index = Index.de(ordonner(probleme))
    plan = reparer(index, socle_des_verrous(index), index.probleme.presences_actuelles)
    rang = [o.code for o in SOUPLES].index(CHANGEMENTS)
    postes, sites = index.probleme.postes, index.probleme.sites
    presences = sorted(
        Presence(postes[p].poste_id, sites[s].site_id, n) for (p, s), n in plan.items()
    )
    return tuple(presences), SOUPLES[rang].valeur(index, plan)


def budgets(au_moins: int, au_plus: int, pas: int, nombre_max: int) -> tuple[int, ...]:
    """Budgets from `au_moins` up to below `au_plus`, every `pas`; `pas` doubles while too many.

    The first is `au_moins`; the others are multiples of the step.
    """
    if au_plus <= au_moins:
        return (au_moins,)
    while True:
        suite = (au_moins, *(b for b in range(0, au_plus, pas) if b > au_moins))
        if len(suite) <= max(1, nombre_max):
            return suite
        pas *= 2


def frontiere(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    *,
    suite: Iterable[int],
    duree_resolution_s: float,
    progres: Callable[[int, Avancement], None] | None = None,
    arret: Callable[[], bool] | None = None,
    fait: Callable[[tuple[Point, ...]], None] | None = None,
) -> tuple[Point, ...]:
    """A point for each budget of `suite` (rising), then the free one; less when `arret` ended it.

    `progres` receives the rank of the point and its advancement; `fait` the points so far. `plan`
    is the proposal's: it serves every budget it keeps. Raises what `resoudre` does.
    """
    reference = Voisinage(probleme, plan)
    rang = [o.code for o in SOUPLES].index(CHANGEMENTS)
    points: list[Point] = []
    connus = [plan_de_depart(probleme)[0], plan]
    for numero, budget in enumerate((*suite, None)):
        if arret is not None and arret():
            break
        debut = time.monotonic()
        tiennent = [x for x in connus if budget is None or _valeurs(reference, x)[rang] <= budget]
        if not tiennent:
            raise AtlasError(
                f"Aucun plan connu ne tient en {budget} changements.",
                admis="un budget d'au moins ce que demande le plan actuel remis dans les règles",
                remede="relever le premier budget",
            )
        depart = min(tiennent, key=lambda x: _valeurs(reference, x))
        resultat = resoudre(
            probleme,
            duree_max_s=duree_resolution_s,
            depart=list(depart),
            plafonds=None if budget is None else {CHANGEMENTS: budget},
            progres=None if progres is None else lambda a, n=numero: progres(n, a),
            arret=arret,
        )
        connus.append(resultat.plan)
        meilleur = min((depart, resultat.plan), key=lambda x: _valeurs(reference, x))
        alternative = reference.alternative(en_couples(reference.index, meilleur))
        points.append(
            Point(
                budget=budget,
                plan=alternative.plan,
                effets=alternative.effets,
                mouvements=alternative.mouvements,
                borne=resultat.etages[0].borne,
                arret_par=resultat.arret_par,
                secondes=time.monotonic() - debut,
            )
        )
        if fait is not None:
            fait(_bornes(points))
    return _bornes(points)


def _bornes(points: list[Point]) -> tuple[Point, ...]:
    """Each point with the best bound proven for its budget or a larger one."""
    bornes: list[int] = []
    for point in reversed(points):
        bornes.append(max(point.borne, *bornes[-1:]) if bornes else point.borne)
    return tuple(
        replace(point, borne=min(borne, point.manque))
        for point, borne in zip(points, reversed(bornes), strict=True)
    )


def _valeurs(v: Voisinage, plan: Iterable[Presence]) -> tuple[int, ...]:
    couples = en_couples(v.index, plan)
    return tuple(o.valeur(v.index, couples) for o in SOUPLES)
