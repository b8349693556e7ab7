"""A point of a curve: the whole département solved again from a known plan, under one condition.

What is proven where plans are free is proven where they are bound: along a curve whose conditions
are nested, a bound holds for every point before the one it was proven for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pipelines.planning.modele import SOUPLES
from pipelines.planning.probleme import Presence, Probleme
from pipelines.planning.solveur import plafond_garde, resoudre
from pipelines.planning.suivi import Avancement
from pipelines.planning.voisinage import Effet, Mouvement, Voisinage, en_couples


@dataclass(frozen=True, kw_only=True)
class Point:
    """The best plan found under one condition.

    `borne`: proven floor of the first objective. `effets`, `mouvements`: against the proposal's
    plan. `arret_par`: what ended its solve, as in `solveur.Resultat`.
    """

    plan: tuple[Presence, ...]
    effets: tuple[Effet, ...]
    mouvements: tuple[Mouvement, ...]
    borne: int
    arret_par: str

    @property
    def manque(self) -> int:
        """Value of the first objective."""
        return self.effets[0].apres


P = TypeVar("P", bound=Point)


def resoudre_depuis(
    probleme: Probleme,
    depart: Sequence[Presence],
    *,
    duree_resolution_s: float,
    plafonds: Mapping[str, int] | None = None,
    progres: Callable[[Avancement], None] | None = None,
    arret: Callable[[], bool] | None = None,
) -> tuple[tuple[Presence, ...], int, str]:
    """The plan, the bound and what ended the work.

    `depart` is kept when what is found is not worth the change.

    The solver gives up the tolerance of the first objective to lose less on the next ones: so does
    this choice. Raises what `resoudre` does.
    """
    resultat = resoudre(
        probleme,
        duree_max_s=duree_resolution_s,
        depart=list(depart),
        plafonds=plafonds,
        progres=progres,
        arret=arret,
    )
    v = Voisinage(probleme, depart)
    trouve = en_couples(v.index, resultat.plan)
    valeurs = tuple(o.valeur(v.index, trouve) for o in SOUPLES)
    admis = plafond_garde(valeurs[0], probleme.reglages.tolerance_manque)
    garde_depart = v.valeurs[0] <= admis and v.valeurs[1:] <= valeurs[1:]
    plan = v.presences if garde_depart or v.valeurs <= valeurs else resultat.plan
    return plan, resultat.etages[0].borne, resultat.arret_par


def accorder_bornes(points: Sequence[P]) -> list[P]:
    """Each point, the most bound first, with the best bound proven for it or for a later one."""
    accordes: list[P] = []
    borne = 0
    for point in reversed(points):
        borne = max(borne, point.borne)
        accordes.append(replace(point, borne=min(borne, point.manque)))
    return accordes[::-1]
