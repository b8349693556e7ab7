"""Change against equity: the best plan for each budget of imposed changes.

A plan within a budget is within every larger one: each budget starts from the plan of the one
before, and keeps it when the search finds no better; a bound proven for a larger budget holds for a
smaller one. So neither values nor bounds can rise with the budget.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pipelines.base.erreurs import AtlasError
from pipelines.planning.depart import reparer, socle_des_verrous
from pipelines.planning.modele import SOUPLES, Index
from pipelines.planning.point import Point, accorder_bornes, resoudre_depuis
from pipelines.planning.probleme import Presence, Probleme, ordonner
from pipelines.planning.suivi import Avancement
from pipelines.planning.voisinage import Voisinage, en_couples

CHANGEMENTS = "changements"


@dataclass(frozen=True, kw_only=True)
class Budget(Point):
    """The best plan found within one budget (None: as many changes as one likes)."""

    budget: int | None


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
    fait: Callable[[tuple[Budget, ...]], None] | None = None,
) -> tuple[Budget, ...]:
    """A point for each budget of `suite` (rising), then the free one; less when `arret` ended it.

    `progres` receives the rank of the point and its advancement; `fait` the points so far. `plan`
    is the proposal's: it serves every budget it keeps. Raises what `resoudre` does.
    """
    reference = Voisinage(probleme, plan)
    rang = [o.code for o in SOUPLES].index(CHANGEMENTS)
    points: list[Budget] = []
    connus = [plan_de_depart(probleme)[0], plan]
    for numero, budget in enumerate((*suite, None)):
        if arret is not None and arret():
            break
        tiennent = [x for x in connus if budget is None or _valeurs(reference, x)[rang] <= budget]
        if not tiennent:
            raise AtlasError(
                f"Aucun plan connu ne tient en {budget} changements.",
                admis="un budget d'au moins ce que demande le plan actuel remis dans les règles",
                remede="relever le premier budget",
            )
        depart = min(tiennent, key=lambda x: _valeurs(reference, x))
        meilleur, borne, arret_par = resoudre_depuis(
            probleme,
            depart,
            duree_resolution_s=duree_resolution_s,
            plafonds=None if budget is None else {CHANGEMENTS: budget},
            progres=None if progres is None else lambda a, n=numero: progres(n, a),
            arret=arret,
        )
        connus.append(meilleur)
        alternative = reference.alternative(en_couples(reference.index, meilleur))
        points.append(
            Budget(
                budget=budget,
                plan=alternative.plan,
                effets=alternative.effets,
                mouvements=alternative.mouvements,
                borne=borne,
                arret_par=arret_par,
            )
        )
        if fait is not None:
            fait(tuple(accorder_bornes(points)))
    return tuple(accorder_bornes(points))


def _valeurs(v: Voisinage, plan: Iterable[Presence]) -> tuple[int, ...]:
    couples = en_couples(v.index, plan)
    return tuple(o.valeur(v.index, couples) for o in SOUPLES)
