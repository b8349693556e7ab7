"""One absence at a time: what it uncovers, who relays, what stays uncovered.

The absent poste gives nothing and its locks are lifted; every other lock and every rule stands.
The plan is what people live by: its links are the present ones, and changes are counted from it.

A relay takes nothing from anyone: every other presence stays as it is, and the sites of the absent
poste get, from the time others have left, no more than that poste took away. Where a site is still
left below a weekly presence, a second answer says what a minimum there would take from the other
sites, none of which goes below that same minimum. Both are searched among every poste within reach,
to the proof, and judged.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

from pipelines.base.erreurs import AtlasError
from pipelines.planning.modele import Couple
from pipelines.planning.portee import a_portee
from pipelines.planning.probleme import Presence, Probleme
from pipelines.planning.verification import juger
from pipelines.planning.voisinage import Mouvement, Voisinage, Voulu, rang_du_poste


@dataclass(frozen=True)
class SiteDecouvert:
    """A site the absent poste serves, half-days per cycle: in the plan, without the poste, relayed
    from the time others have left, and with the weekly minimum taken elsewhere.
    """

    site_id: str
    avant: int
    sans_relais: int
    avec_relais: int
    avec_minimum: int


@dataclass(frozen=True)
class Absence:
    """The absence of one poste.

    `perte_sans_relais`, `perte`, `perte_minimum`: rise of the first objective above the plan's,
    without relays, with them, and with the weekly minimum. `relais`: presences that change beside
    the plan without the poste. `minimum`: those that change beside the relayed plan, empty when no
    site is left below the minimum or when nothing can be done within the rules. `nb_a_portee`:
    postes within reach of its sites, `libre` the half-days per cycle they have left in all,
    `nb_complets` how many of those with time left serve as many sites as they may.
    """

    poste_id: str
    sites: tuple[SiteDecouvert, ...]
    perte_sans_relais: int
    perte: int
    perte_minimum: int
    relais: tuple[Mouvement, ...]
    minimum: tuple[Mouvement, ...]
    nb_a_portee: int
    libre: int
    nb_complets: int
    est_exact: bool


def absences(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    *,
    minimum: int,
    arret: Callable[[], bool] = lambda: False,
) -> Iterator[Absence]:
    """The absence of each poste that serves a site, in their order; ends early on `arret`."""
    servants = {x.poste_id for x in plan}
    for poste in probleme.postes:
        if poste.poste_id in servants:
            if arret():
                return
            yield absence(probleme, plan, poste.poste_id, minimum)


def absence(probleme: Probleme, plan: tuple[Presence, ...], poste_id: str, minimum: int) -> Absence:
    """What the absence of one poste uncovers and who relays.

    `minimum`: half-days per cycle of a weekly presence. AtlasError when the poste is unknown, or
    the plan breaks a rule.
    """
    avec = Voisinage(probleme, plan)
    p = rang_du_poste(avec.index, poste_id)
    sans = Voisinage(du_jour(probleme, plan, poste_id), [x for x in plan if x.poste_id != poste_id])
    _verifier(sans)
    siens = avec.du_poste[p]
    voisins = a_portee(sans, siens)

    relaye, relais_exact = _relayer(
        sans, voisins, {s: avec.couverture[s] for s in siens}, lambda n: n
    )
    au_moins = {s: min(minimum, avec.couverture[s]) for s in siens}
    couvert, minimum_exact = relaye, True
    if any(relaye.couverture[s] < n for s, n in au_moins.items()):
        couvert, minimum_exact = _relayer(
            relaye,
            voisins,
            {s: max(n, relaye.couverture[s]) for s, n in au_moins.items()},
            lambda n: min(minimum, n),
        )
    postes, sites = probleme.postes, probleme.sites
    libres = {q: reste for q in voisins if (reste := postes[q].capacite - sans.donne(q)) > 0}
    return Absence(
        poste_id=poste_id,
        sites=tuple(
            SiteDecouvert(
                sites[s].site_id,
                *(v.couverture[s] for v in (avec, sans, relaye, couvert)),
            )
            for s in siens
        ),
        perte_sans_relais=sans.valeurs[0] - avec.valeurs[0],
        perte=relaye.valeurs[0] - avec.valeurs[0],
        perte_minimum=couvert.valeurs[0] - avec.valeurs[0],
        relais=sans.alternative(relaye.plan).mouvements,
        minimum=relaye.alternative(couvert.plan).mouvements,
        nb_a_portee=len(voisins),
        libre=sum(libres.values()),
        nb_complets=sum(len(sans.du_poste[q]) >= postes[q].sites_max for q in libres),
        est_exact=relais_exact and minimum_exact,
    )


def _relayer(
    v: Voisinage, voisins: list[int], plafonds: dict[int, int], garde: Callable[[int], int]
) -> tuple[Voisinage, bool]:
    """The best plan in which `voisins` give more at the sites of `plafonds`, up to these amounts.

    Of a presence of n half-days elsewhere, `garde(n)` at least stays. Also whether it is proven.
    """
    niveaux: dict[Couple, tuple[int, ...]] = {}
    for q in voisins:
        for s in range(len(v.index.probleme.sites)):
            n = v.plan.get((q, s), 0)
            au_moins, au_plus = (n, max(n, plafonds[s])) if s in plafonds else (garde(n), n)
            admis = v.admis.get((q, s), (0,))
            niveaux[q, s] = tuple(x for x in admis if au_moins <= x <= au_plus)
    trouve = v.optimum(voisins, Voulu(niveaux=niveaux, plafonds=plafonds))
    apres = Voisinage(v.index.probleme, v.alternative(trouve.plan).plan)
    _verifier(apres)
    return apres, trouve.est_exact


def _verifier(v: Voisinage) -> None:
    """The independent judge on the day of the absence; AtlasError on a breach."""
    verdict = juger(asdict(v.index.probleme), [asdict(x) for x in v.presences])
    if not verdict.conforme:
        raise AtlasError(
            "Le plan d'un jour d'absence ne respecte pas toutes les règles : "
            + " ; ".join(m.message for m in verdict.manquements[:5]),
            admis="une proposition qui respecte toutes les règles",
            remede="refaire la proposition ; si elle vient d'Atlas, signaler ce défaut",
        )


def du_jour(probleme: Probleme, plan: tuple[Presence, ...], poste_id: str) -> Probleme:
    """The problem of the days of the absence: the poste gives nothing, the plan is the present."""
    return replace(
        probleme,
        postes=tuple(
            replace(poste, capacite=0, sans_secteur=True) if poste.poste_id == poste_id else poste
            for poste in probleme.postes
        ),
        presences_actuelles=tuple(x for x in plan if x.poste_id != poste_id),
        verrous=tuple(v for v in probleme.verrous if v.poste_id != poste_id),
    )
