"""The same problem with half a post more or less.

Half a post more is a new vacant poste; half a post less is taken from the capacity of a poste,
whose locks stand: what is left must be able to keep them. So the means of one problem are within
those of the next, and a plan for less means is a plan for more.
"""

import itertools
from collections.abc import Collection
from dataclasses import dataclass, replace

import pandas as pd

from pipelines.planning import modele, trajets
from pipelines.planning.probleme import Poste, Probleme, Site
from pipelines.planning.voisinage import Voisinage
from pipelines.scoring.capacite import capacite

PREFIXE = "PLUS"
A_SA_RESIDENCE = 0


@dataclass(frozen=True)
class Depuis:
    """One-way travel from a site to every site; `est_estime`: no poste's own row was there."""

    minutes: tuple[int | None, ...]
    km: tuple[float | None, ...]
    est_estime: bool


def demi_journees(etp: float) -> int:
    """Half-days per cycle that this much of a poste gives."""
    return capacite(etp).demi_journees_cycle


def ajouter(probleme: Probleme, residence: Site, etp: float) -> Probleme:
    """`probleme` with one more vacant poste of `etp` at `residence`, as large as the others may be.

    It may serve as many sites as the poste that may serve most.
    """
    pris = {poste.poste_id for poste in probleme.postes}
    rang = next(n for n in itertools.count(1) if f"{PREFIXE}-{n}" not in pris)
    depuis = trajets_depuis(probleme, residence)
    poste = Poste(
        poste_id=f"{PREFIXE}-{rang}",
        quotite=etp,
        statut="vacant",
        capacite=demi_journees(etp),
        sites_max=max((p.sites_max for p in probleme.postes), default=0),
        residence_uai=residence.site_id.removeprefix("RESEAU-"),
        latitude=residence.latitude,
        longitude=residence.longitude,
        bassin=residence.bassin,
    )
    return replace(
        probleme,
        postes=(*probleme.postes, poste),
        minutes=(*probleme.minutes, depuis.minutes),
        km=(*probleme.km, depuis.km),
    )


def retirer(probleme: Probleme, p: int, etp: float) -> Probleme:
    """`probleme` with `etp` less at its poste number `p`."""
    poste = probleme.postes[p]
    reduit = replace(
        poste,
        quotite=max(0.0, poste.quotite - etp),
        capacite=max(0, poste.capacite - demi_journees(etp)),
    )
    postes = tuple(reduit if q == p else autre for q, autre in enumerate(probleme.postes))
    return replace(probleme, postes=postes)


def reductibles(probleme: Probleme, etp: float, bassin: Collection[int]) -> list[int]:
    """The postes among `bassin` that have `etp` and its half-days to give, and serve a sector."""
    return [
        p
        for p in sorted(bassin)
        if probleme.postes[p].quotite >= etp
        and probleme.postes[p].capacite >= demi_journees(etp)
        and not probleme.postes[p].sans_secteur
    ]


def residences(v: Voisinage, sites: Collection[int], etp: float, nombre: int) -> list[int]:
    """The sites where half a post would take most off the first objective, most first.

    Établissements alone: a poste has no résidence in a network of écoles.
    """
    probleme = v.index.probleme
    donne = demi_journees(etp)
    gains = []
    for s in sites:
        site, couverture = probleme.sites[s], v.couverture[s]
        apres = min(site.besoin, couverture + donne)
        if site.nature == "etablissement" and apres > couverture:
            reglages = probleme.reglages
            gain = modele.cout_manque(site, reglages, couverture) - modele.cout_manque(
                site, reglages, apres
            )
            gains.append((-gain, s))
    return [s for _, s in sorted(gains)[:nombre]]


def trajets_depuis(probleme: Probleme, site: Site) -> Depuis:
    """Travel from a site: that of a poste that resides there, else estimated as the crow flies.

    The estimate does not know the density of communes and takes the slower road. Where the problem
    takes measured travel alone, nothing is estimated: all but the site itself is unknown.
    """
    s = probleme.sites.index(site)
    mesures_seules = bool(probleme.hypotheses.get("trajets_mesures_seuls", False))
    for p, ligne in enumerate(probleme.minutes):
        if ligne[s] == A_SA_RESIDENCE:
            return Depuis(ligne, probleme.km[p], est_estime=False)
    lieux = pd.DataFrame(
        {
            "site_id": [x.site_id for x in probleme.sites],
            "uai_principal": [x.site_id for x in probleme.sites],
            "latitude": [x.latitude for x in probleme.sites],
            "longitude": [x.longitude for x in probleme.sites],
            "densite": None,
        }
    )
    chez = lieux.iloc[[s]].assign(residence_uai=site.site_id, residence_site_id=site.site_id)
    estimes = trajets.estimer(chez, lieux, pd.DataFrame(), completer=not mesures_seules)
    return Depuis(estimes.minutes[0], estimes.km[0], est_estime=not mesures_seules)
