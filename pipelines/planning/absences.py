"""One absence at a time: what it uncovers, who relays, what stays uncovered.

The absent poste gives nothing and its locks are lifted; every other lock and every rule stands.
The plan is what people live by: changes are counted from it and not from before it, so that relays
upset as little as they can, and its presences are those the travel limit exempts.

Relays are sought by groups of a few postes, one group after the other, each exactly: a better
relay may exist in which postes of several groups change together.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pipelines.planning.portee import a_portee
from pipelines.planning.probleme import Presence, Probleme
from pipelines.planning.voisinage import Alternative, Voisinage, rang_du_poste


@dataclass(frozen=True)
class SiteDecouvert:
    """A site the absent poste serves: half-days per cycle in the plan, without it, and relayed."""

    site_id: str
    avant: int
    sans_relais: int
    avec_relais: int


@dataclass(frozen=True)
class Absence:
    """The absence of one poste.

    `sites`: those it serves. `perte_sans_relais`, `perte`: rise of the first objective, before and
    after relays. `relais`: the plan found beside the plan without the poste, None when no relay
    helps. `nb_a_portee`, `nb_essayes`: postes within reach of its sites, and those tried;
    `est_exact`: every group was searched to the proof.
    """

    poste_id: str
    sites: tuple[SiteDecouvert, ...]
    perte_sans_relais: int
    perte: int
    relais: Alternative | None
    nb_a_portee: int
    nb_essayes: int
    est_exact: bool

    @property
    def decouvertes(self) -> int:
        """Half-days per cycle the absence takes away."""
        return sum(s.avant - s.sans_relais for s in self.sites)

    @property
    def restent_decouvertes(self) -> int:
        """Half-days per cycle its sites still miss once relayed."""
        return sum(max(0, s.avant - s.avec_relais) for s in self.sites)


def absences(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    *,
    postes_par_voisinage: int,
    relais_par_absence: int,
    arret: Callable[[], bool] = lambda: False,
) -> Iterator[Absence]:
    """The absence of each poste that serves a site, in their order; ends early on `arret`."""
    servants = {x.poste_id for x in plan}
    for poste in probleme.postes:
        if poste.poste_id in servants:
            if arret():
                return
            yield absence(probleme, plan, poste.poste_id, postes_par_voisinage, relais_par_absence)


def absence(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    poste_id: str,
    postes_par_voisinage: int,
    relais_par_absence: int,
) -> Absence:
    """What the absence of one poste uncovers, and the best relay found; AtlasError if unknown."""
    avec = Voisinage(probleme, plan)
    p = rang_du_poste(avec.index, poste_id)
    reste = tuple(x for x in plan if x.poste_id != poste_id)
    sans = Voisinage(_sans(probleme, plan, p), reste)
    perdus = avec.du_poste[p]
    candidats = a_portee(sans, perdus)
    essayes = candidats[:relais_par_absence]
    v, est_exact = sans, True
    for debut in range(0, len(essayes), postes_par_voisinage):
        trouve = v.optimum(essayes[debut : debut + postes_par_voisinage])
        if trouve is None:
            continue
        est_exact &= trouve.est_exact
        if trouve.plan != v.plan and v.alternative(trouve.plan).apres < v.valeurs:
            v = Voisinage(v.index.probleme, v.alternative(trouve.plan).plan)
    relais = sans.alternative(v.plan) if v is not sans else None
    sites = probleme.sites
    return Absence(
        poste_id=poste_id,
        sites=tuple(
            SiteDecouvert(sites[s].site_id, avec.couverture[s], sans.couverture[s], v.couverture[s])
            for s in perdus
        ),
        perte_sans_relais=sans.valeurs[0] - avec.valeurs[0],
        perte=v.valeurs[0] - avec.valeurs[0],
        relais=relais,
        nb_a_portee=len(candidats),
        nb_essayes=len(essayes),
        est_exact=est_exact,
    )


def _sans(probleme: Probleme, plan: tuple[Presence, ...], p: int) -> Probleme:
    """The problem of the days of the absence: the poste gives nothing, the plan is the present."""
    absent = probleme.postes[p]
    return replace(
        probleme,
        postes=tuple(
            replace(poste, capacite=0, sans_secteur=True) if poste == absent else poste
            for poste in probleme.postes
        ),
        presences_actuelles=tuple(x for x in plan if x.poste_id != absent.poste_id),
        verrous=tuple(v for v in probleme.verrous if v.poste_id != absent.poste_id),
    )
