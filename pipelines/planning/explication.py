"""Why a plan gives this presence, why it gives none, and what the next best choice would cost.

Each alternative is a whole plan that keeps every rule, valued by the objectives of `modele`. Each
search says on which neighbourhood it is exact; `voisinage` says how plans are compared.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pipelines.base.erreurs import AtlasError
from pipelines.planning import modele
from pipelines.planning.probleme import Presence, Probleme, niveaux_du_site
from pipelines.planning.tables import Plan
from pipelines.planning.voisinage import (
    Alternative,
    Voisinage,
    Voulu,
    rang_du_poste,
    rang_du_site,
)

# Pairs of postes tried at most for one question: past it, the answer says that it is not complete.
ESSAIS_MAX = 40
AUTRES_POSTES = 3


@dataclass(frozen=True)
class Rempli:
    """A presence of the plan, with the weight of its site and what its last step is worth.

    `perte`: rise of the first objective if this poste gave the level just below.
    """

    site_id: str
    demi_journees_cycle: int
    besoin: int
    poids: int
    est_impose: bool
    perte: int


@dataclass(frozen=True)
class PosteAPortee:
    """A poste that may serve the site (and its head collège, if any); what fills it in the plan."""

    poste_id: str
    minutes: int | None
    capacite: int
    donne: int
    sites_max: int
    remplis: tuple[Rempli, ...]

    @property
    def libre(self) -> int:
        """Half-days per cycle left."""
        return self.capacite - self.donne

    @property
    def est_plein_de_sites(self) -> bool:
        """True when it serves as many sites as it may."""
        return len(self.remplis) >= self.sites_max


@dataclass(frozen=True)
class HorsDePortee:
    """A poste the rules keep from the site: the code of the first that does."""

    poste_id: str
    minutes: int | None
    regle: str


@dataclass(frozen=True)
class Pourquoi:
    """Why poste `poste_id` gives this to the site, and the next best choices.

    `plus`, `moins`: the best plan in which only this poste changes and gives more, or less (down
    to nothing). `autres`: for the best other postes, the best plan in which only the two change, on
    the sites they serve, this one leaves the site and the other serves it; least loss first.
    `nb_autres`: how many other postes can do so at all. `gain`: what the presence takes off the
    first objective, whose value in the plan is `manque`.
    """

    poste_id: str
    site_id: str
    demi_journees_cycle: int
    minutes: int | None
    est_actuel: bool
    verrou: str | None
    capacite: int
    donne: int
    nb_sites: int
    sites_max: int
    gain: int
    manque: int
    plus: Alternative | None
    moins: Alternative | None
    autres: tuple[Alternative, ...]
    nb_autres: int


@dataclass(frozen=True)
class PourquoiPas:
    """Why the site has no more than `couverture`, and the cheapest way to `cible` half-days.

    `moindre`: the best plan found in which one or two postes change, on the sites they serve and
    this one, and the site has `cible` or more; None when none of those tried can. `est_complet`:
    every poste, and every pair of a poste that may serve the site and one that may serve a site of
    the first, was tried or shown unable to lose less on the first objective; otherwise a better
    plan of this kind may exist.
    `gain`: fall of the first objective if the site had `cible` and nothing else moved.
    """

    site_id: str
    couverture: int
    cible: int | None
    gain: int
    a_portee: tuple[PosteAPortee, ...]
    hors_de_portee: tuple[HorsDePortee, ...]
    moindre: Alternative | None
    est_complet: bool


def pourquoi(probleme: Probleme, plan: Iterable[Presence], poste_id: str, site_id: str) -> Pourquoi:
    """Why the plan gives this presence; AtlasError when it gives none there."""
    v = Voisinage(probleme, plan)
    p, s = rang_du_poste(v.index, poste_id), rang_du_site(v.index, site_id)
    if (p, s) not in v.plan:
        raise AtlasError(
            f"Le plan ne donne aucune présence du poste {poste_id} au site {site_id}.",
            admis="un poste et un site liés dans le plan",
            remede="demander le site sans poste, pour savoir qui le sert et pourquoi",
        )
    presence, niveaux = v.plan[p, s], v.admis.get((p, s), (0,))
    poste, autres_du_site = probleme.postes[p], v.couverture[s] - v.plan[p, s]
    plus = v.meilleur({p}, Voulu({(p, s): tuple(n for n in niveaux if n > presence)}))
    moins = v.meilleur({p}, Voulu({(p, s): tuple(n for n in niveaux if n < presence)}))
    demandes = [
        (
            {p, q},
            Voulu(
                {(p, s): (0,), (q, s): tuple(n for n in v.admis[q, s] if n > 0)},
                sites=_terrain(v, (p, q), s),
            ),
        )
        for q in range(len(probleme.postes))
        if q != p and (q, s) in v.admis and q not in v.du_site[s]
    ]
    trouves = [a for libres, voulu in demandes if (a := v.meilleur(libres, voulu)) is not None]
    autres = sorted((v.alternative(a) for a in trouves), key=lambda a: (a.cle, a.mouvements))
    return Pourquoi(
        poste_id=poste_id,
        site_id=site_id,
        demi_journees_cycle=presence,
        minutes=probleme.minutes[p][s],
        est_actuel=(p, s) in v.index.actuels,
        verrou=v.index.verrous.get((p, s), (None,))[0],
        capacite=poste.capacite,
        donne=v.donne(p),
        nb_sites=len(v.du_poste[p]),
        sites_max=poste.sites_max,
        gain=_cout(v, s, autres_du_site) - _cout(v, s, v.couverture[s]),
        manque=v.valeurs[0],
        plus=None if plus is None else v.alternative(plus),
        moins=None if moins is None else v.alternative(moins),
        autres=tuple(autres[:AUTRES_POSTES]),
        nb_autres=len(autres),
    )


def pourquoi_pas(
    probleme: Probleme, plan: Iterable[Presence], site_id: str, pas: int
) -> PourquoiPas:
    """Why the site has no more, and the cheapest way to give it more.

    The target is `pas` half-days per cycle, or `pas` above the present coverage when the site has
    as much; never beyond the besoin, and an amount one poste can give when one alone may serve
    the site; the whole besoin when presence is all or nothing. None when the site has all it can
    have.
    """
    v = Voisinage(probleme, plan)
    s = rang_du_site(v.index, site_id)
    cible = _cible(v, s, pas)
    moindre, est_complet = (None, True) if cible is None else _moindre(v, s, cible)
    couverture = v.couverture[s]
    return PourquoiPas(
        site_id=site_id,
        couverture=couverture,
        cible=cible,
        gain=0 if cible is None else _cout(v, s, couverture) - _cout(v, s, cible),
        a_portee=_tous_a_portee(v, s),
        hors_de_portee=_hors_de_portee(v, s),
        moindre=None if moindre is None else v.alternative(moindre),
        est_complet=est_complet,
    )


def postes_a_portee(
    probleme: Probleme, plan: Iterable[Presence], sites: Iterable[str]
) -> dict[str, tuple[PosteAPortee, ...]]:
    """site_id → the postes that may serve it, nearest first; no search is made."""
    v = Voisinage(probleme, plan)
    return {s: _tous_a_portee(v, rang_du_site(v.index, s)) for s in sites}


def _tous_a_portee(v: Voisinage, s: int) -> tuple[PosteAPortee, ...]:
    postes = range(len(v.index.probleme.postes))
    return tuple(
        sorted(
            (_a_portee(v, p, s) for p in postes if v.peut_servir(p, s)),
            key=lambda a: (modele.minutes_comptees(v.index, *_rangs(v, a, s)), a.poste_id),
        )
    )


def _rangs(v: Voisinage, a: PosteAPortee, s: int) -> tuple[int, int]:
    return v.index.rang_poste[a.poste_id], s


def _cout(v: Voisinage, s: int, couverture: int) -> int:
    """What the site weighs in the first objective at this coverage."""
    return modele.cout_manque(v.index.probleme.sites[s], v.index.probleme.reglages, couverture)


def _cible(v: Voisinage, s: int, pas: int) -> int | None:
    site, couverture = v.index.probleme.sites[s], v.couverture[s]
    cible = min(pas if couverture < pas else couverture + pas, site.besoin)
    reglages = v.index.probleme.reglages
    if reglages.presence_entiere:
        cible = site.besoin
    elif site.postes_max == 1:
        cible = max(n for n in reglages.niveaux if n <= cible)
    return cible if cible > couverture else None


def _a_portee(v: Voisinage, p: int, s: int) -> PosteAPortee:
    poste = v.index.probleme.postes[p]
    return PosteAPortee(
        poste_id=poste.poste_id,
        minutes=v.index.probleme.minutes[p][s],
        capacite=poste.capacite,
        donne=v.donne(p),
        sites_max=poste.sites_max,
        remplis=tuple(_rempli(v, p, t) for t in v.du_poste[p]),
    )


def _rempli(v: Voisinage, p: int, s: int) -> Rempli:
    site, presence = v.index.probleme.sites[s], v.plan[p, s]
    niveaux = niveaux_du_site(site, v.index.probleme.reglages)
    au_dessous = max(n for n in niveaux if n < presence)
    moins = v.couverture[s] - presence + au_dessous
    return Rempli(
        site_id=site.site_id,
        demi_journees_cycle=presence,
        besoin=site.besoin,
        poids=site.poids,
        est_impose=v.index.verrous.get((p, s), (None,))[0] in ("impose", "montant"),
        perte=_cout(v, s, moins) - _cout(v, s, v.couverture[s]),
    )


def _hors_de_portee(v: Voisinage, s: int) -> tuple[HorsDePortee, ...]:
    """The postes a rule keeps away, nearest first, unknown travel last."""
    refuses = []
    for p, poste in enumerate(v.index.probleme.postes):
        code = modele.regle_qui_ecarte(v.index, p, s)
        if code is not None:
            minutes = v.index.probleme.minutes[p][s]
            refuses.append(HorsDePortee(poste.poste_id, minutes, code))
    return tuple(
        sorted(refuses, key=lambda r: (r.minutes is None, r.minutes or 0, r.regle, r.poste_id))
    )


def _moindre(v: Voisinage, s: int, cible: int) -> tuple[Plan | None, bool]:
    """The best plan of one or two free postes that gives the site `cible`; is it complete?"""
    servants = [p for p in range(len(v.du_poste)) if v.peut_servir(p, s)]
    candidats: list[tuple[int, tuple[int, ...]]] = []
    for libres in sorted({(p,) for p in servants} | _paires(v, servants)):
        borne = borne_du_manque(v, libres, s, cible)
        if borne is not None:
            candidats.append((max(0, borne - v.valeurs[0]), libres))
    meilleur, cle = None, None
    for rang, (perte, libres) in enumerate(sorted(candidats, key=lambda c: (c[0], len(c[1]), c))):
        if cle is not None and perte > cle[0]:
            return meilleur, True
        if rang == ESSAIS_MAX:
            return meilleur, False
        voulu = Voulu(couverture={s: cible}, sites=_terrain(v, libres, s))
        plan = v.meilleur(libres, voulu, cle)
        if plan is not None and (cle is None or v.alternative(plan).cle < cle):
            meilleur, cle = plan, v.alternative(plan).cle
    return meilleur, True


def _terrain(v: Voisinage, libres: Iterable[int], s: int) -> frozenset[int]:
    """Where these postes may change for the sake of site `s`: it, its head collège, their sites."""
    sites = {s, *(t for p in libres for t in v.du_poste[p])}
    tete = v.index.probleme.sites[s].site_tete
    return frozenset(sites if tete is None else {*sites, v.index.rang_site[tete]})


def _paires(v: Voisinage, servants: list[int]) -> set[tuple[int, ...]]:
    """A poste that may serve the site with one that may serve it too, or a site of the first."""
    paires = set()
    for p in servants:
        for q in range(len(v.du_poste)):
            if q != p and (q in servants or any((q, t) in v.admis for t in v.du_poste[p])):
                paires.add((min(p, q), max(p, q)))
    return paires


def borne_du_manque(v: Voisinage, libres: tuple[int, ...], s: int, cible: int) -> int | None:
    """A value of the first objective no plan of these free postes with `cible` at `s` beats.

    The half-days and the sites of the free postes are pooled, as if one poste had them all: a
    knapsack in (sites, half-days), solved exactly. None when even so the target can't be met.
    """
    ouverts = v.places(libres, Voulu(couverture={s: cible}, sites=_terrain(v, libres, s)))
    if ouverts is None:
        return None
    probleme = v.index.probleme
    sites_max = sum(probleme.postes[p].sites_max for p in libres)
    capacite = sum(probleme.postes[p].capacite for p in libres)
    par_site: dict[int, list[tuple[int, ...]]] = {}
    for (_, t), niveaux in ouverts.items():
        par_site.setdefault(t, []).append(niveaux)
    if s not in par_site:
        return None
    table = np.zeros((sites_max + 1, capacite + 1), dtype=np.int64)
    impossible = np.int64(2**60)
    total = v.valeurs[0]
    for t, choix in par_site.items():
        fixe = v.couverture[t] - sum(v.plan.get((p, t), 0) for p in libres)
        total -= _cout(v, t, v.couverture[t])
        if len(choix) > 1 and probleme.sites[t].postes_max > 1:
            reste = min(probleme.sites[t].besoin - fixe, sum(max(n) for n in choix))
            montants = set(range(reste + 1))
        else:
            montants = {0, *(n for niveaux in choix for n in niveaux)}
        suite = np.full_like(table, impossible)
        for n in sorted(montants):
            if (t == s and fixe + n < cible) or n > capacite:
                continue
            un = 1 if n else 0
            cout = _cout(v, t, fixe + n)
            cible_table = suite[un:, n:]
            source = table[: sites_max + 1 - un, : capacite + 1 - n]
            np.minimum(cible_table, source + cout, out=cible_table)
        table = suite
    au_mieux = int(table.min())
    return total + au_mieux if au_mieux < impossible else None
