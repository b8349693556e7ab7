"""Which postes may take up what is asked at some sites, the most useful first.

Searches are exact among a few free postes: this order says which few.
"""

from collections.abc import Collection

from pipelines.planning import modele
from pipelines.planning.voisinage import Voisinage


def a_portee(v: Voisinage, sites: Collection[int], exclus: Collection[int] = ()) -> list[int]:
    """Postes (positions) that may serve one of `sites` at least, and its head collège if any.

    Order: time left first (half-days, up to the largest besoin asked), then the sites of `sites`
    it may serve, then nearness (minutes), then position.
    """
    besoin = max((v.index.probleme.sites[s].besoin for s in sites), default=0)
    candidats = []
    for p, poste in enumerate(v.index.probleme.postes):
        siens = [s for s in sites if v.peut_servir(p, s)]
        if p in exclus or not siens:
            continue
        plein = len(v.du_poste[p]) >= poste.sites_max and not set(siens) & set(v.du_poste[p])
        libre = 0 if plein else min(besoin, poste.capacite - v.donne(p))
        minutes = min(modele.minutes_comptees(v.index, p, s) for s in siens)
        candidats.append((-libre, -len(siens), minutes, p))
    return [p for *_, p in sorted(candidats)]
