"""Room to negotiate: which assignments of a plan are imposed, preferred or indifferent.

Each assignment is forced out in turn, and the best plan without it is sought exactly among those in
which only its poste and a few within reach of its site change. Outside that neighbourhood a
cheaper way may exist: « imposée » and « préférée » are said of the neighbourhood, while
« indifférente » holds everywhere, the plan as good being there.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from pipelines.planning.portee import a_portee
from pipelines.planning.probleme import Presence, Probleme
from pipelines.planning.voisinage import Alternative, Voisinage, Voulu, rang_du_poste, rang_du_site


class Marge(StrEnum):
    """What forcing an assignment out does."""

    IMPOSEE = "imposee"
    PREFEREE = "preferee"
    INDIFFERENTE = "indifferente"


@dataclass(frozen=True)
class Affectation:
    """One assignment: `sans` is the best plan of the neighbourhood without it, None if none is.

    `perte`: rise of the first objective in that plan, None when there is none. `est_verrouillee`:
    a lock imposes it. `postes`: those free to change, its own first. `est_prouvee`: the search
    reached its proof; else « imposée » and `perte` may be too severe.
    """

    poste_id: str
    site_id: str
    demi_journees_cycle: int
    marge: Marge
    perte: int | None
    est_verrouillee: bool
    est_prouvee: bool
    sans: Alternative | None
    postes: tuple[str, ...]


def admise(manque: int, tolerance: float) -> int:
    """The most the first objective may rise within `tolerance` (0 to 1): floor, exact."""
    return math.floor(manque * Fraction(str(tolerance)))


def negociation(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    *,
    tolerance: float,
    postes_par_voisinage: int,
    arret: Callable[[], bool] = lambda: False,
) -> Iterator[Affectation]:
    """Each assignment of the plan, in its order; ends early on `arret`."""
    v = Voisinage(probleme, plan)
    for presence in sorted(plan):
        if arret():
            return
        yield affectation(v, presence, tolerance, postes_par_voisinage)


def affectation(
    v: Voisinage, presence: Presence, tolerance: float, postes_par_voisinage: int
) -> Affectation:
    """What becomes of the plan without this assignment.

    « Imposée »: no plan of the neighbourhood does without it, or none within the tolerance.
    « Indifférente »: one does that loses nothing on any objective. « Préférée »: between.
    """
    p, s = rang_du_poste(v.index, presence.poste_id), rang_du_site(v.index, presence.site_id)
    libres = (p, *a_portee(v, [s], {p})[: postes_par_voisinage - 1])
    trouve = v.optimum(libres, Voulu({(p, s): (0,)}), v.valeurs)
    sans = None if trouve is None else v.alternative(trouve.plan)
    perte = None if sans is None else max(0, sans.effets[0].ecart)
    if sans is None or perte > admise(v.valeurs[0], tolerance):
        marge = Marge.IMPOSEE
    elif all(e.ecart <= 0 for e in sans.effets):
        marge = Marge.INDIFFERENTE
    else:
        marge = Marge.PREFEREE
    return Affectation(
        poste_id=presence.poste_id,
        site_id=presence.site_id,
        demi_journees_cycle=presence.demi_journees_cycle,
        marge=marge,
        perte=perte,
        est_verrouillee=v.index.verrous.get((p, s), (None,))[0] in ("impose", "montant"),
        est_prouvee=trouve is None or trouve.est_exact,
        sans=sans,
        postes=tuple(v.index.probleme.postes[q].poste_id for q in libres),
    )
