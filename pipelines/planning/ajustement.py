"""Gestures on a plan by hand, and what each one does: before → after.

A gesture is pure: it takes the plan and the locks in hand and gives new ones. It may break rules:
`verdict` then says which, in the words of the independent judge, and `reparation` how to mend.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.planning import modele
from pipelines.planning.modele import SOUPLES, Index
from pipelines.planning.probleme import Presence, Probleme, Verrou
from pipelines.planning.verification import Manquement, juger
from pipelines.planning.voisinage import Effet, Mouvement, en_couples, rang_du_poste, rang_du_site

TOUS = None  # the code of all the sites together, beside the categories


@dataclass(frozen=True)
class EnMain:
    """A plan being adjusted, and its locks."""

    plan: tuple[Presence, ...]
    verrous: tuple[Verrou, ...]


@dataclass(frozen=True)
class Couverture:
    """Besoin met in a category, half-days per cycle; nothing counts beyond a site's own besoin.

    `code`: the category, `TOUS` for all the sites. A site counts in each of its categories.
    """

    code: str | None
    nb_sites: int
    besoin: int
    avant: int
    apres: int


@dataclass(frozen=True)
class Charge:
    """A poste before and after: half-days given and minutes of travel, both per cycle."""

    poste_id: str
    capacite: int
    sites_max: int
    donne_avant: int
    donne_apres: int
    nb_sites_avant: int
    nb_sites_apres: int
    trajets_avant: int
    trajets_apres: int


@dataclass(frozen=True)
class Bilan:
    """What separates two plans. The breaches are the judge's, each plan under its own locks.

    `effets`: the objectives, as the judge counts them. `charges`: the postes whose presences differ
    or that break a rule afterwards.
    """

    manquements_avant: tuple[Manquement, ...]
    manquements_apres: tuple[Manquement, ...]
    effets: tuple[Effet, ...]
    couvertures: tuple[Couverture, ...]
    charges: tuple[Charge, ...]
    mouvements: tuple[Mouvement, ...]

    @property
    def nouveaux(self) -> tuple[Manquement, ...]:
        """The breaches that were not there before."""
        return tuple(m for m in self.manquements_apres if m not in self.manquements_avant)

    @property
    def leves(self) -> tuple[Manquement, ...]:
        """The breaches that are no longer there."""
        return tuple(m for m in self.manquements_avant if m not in self.manquements_apres)


# --- gestures ------------------------------------------------------------------------------------


def changer(
    probleme: Probleme, main: EnMain, poste_id: str, site_id: str, demi_journees_cycle: int
) -> EnMain:
    """The presence of a poste at a site set to a level of the cycle, 0 to withdraw it."""
    _exiger(probleme, poste_id, site_id)
    niveaux = niveaux_du_site(probleme, site_id)
    if demi_journees_cycle not in niveaux:
        raise AtlasError(
            f"Une présence de {demi_journees_cycle} demi-journées par cycle n'est pas admise.",
            admis=enumeration([str(n) for n in niveaux]),
            remede="choisir l'un de ces nombres",
        )
    return replace(main, plan=_avec(main.plan, {(poste_id, site_id): demi_journees_cycle}))


def confier(probleme: Probleme, main: EnMain, site_id: str, de: str, vers: str) -> EnMain:
    """A site passes from a poste to another, with the écoles of its network that `de` serves.

    `vers` gives what `de` gave, on top of what it gives there already, lowered to a level of the
    cycle. AtlasError when `de` does not serve the site, or is `vers`.
    """
    _exiger(probleme, de, site_id)
    _exiger(probleme, vers, site_id)
    presences = en_dict(main.plan)
    if (de, site_id) not in presences or de == vers:
        raise AtlasError(
            f"Le poste {de} ne peut pas céder ce site à {vers}.",
            admis="un poste qui sert le site, et un autre qui le reprend",
            remede="choisir l'un des postes du site",
        )
    ecoles = [
        s.site_id for s in probleme.sites if s.site_tete == site_id and (de, s.site_id) in presences
    ]
    change = {}
    for site in (site_id, *ecoles):
        total = presences[de, site] + presences.get((vers, site), 0)
        change[de, site] = 0
        change[vers, site] = max(n for n in niveaux_du_site(probleme, site) if n <= total)
    return replace(main, plan=_avec(main.plan, change))


def verrouiller(
    probleme: Probleme, main: EnMain, poste_id: str, site_id: str, nature: str
) -> EnMain:
    """The link imposed (`impose`), or its present amount fixed (`montant`)."""
    _exiger(probleme, poste_id, site_id)
    presence = en_dict(main.plan).get((poste_id, site_id), 0)
    if nature == "interdit" or (nature == "montant" and not _est_fixable(probleme, presence)):
        raise AtlasError(
            f"La présence de {poste_id} ne peut pas être verrouillée ainsi à {site_id}.",
            admis="un lien imposé, ou une présence à un niveau admis du cycle",
            remede="donner d'abord au site une présence admise, ou interdire le lien",
        )
    montant = presence if nature == "montant" else None
    return _avec_verrous(main, [Verrou(poste_id, site_id, nature, montant)])


def deverrouiller(probleme: Probleme, main: EnMain, poste_id: str, site_id: str) -> EnMain:
    """No lock of any kind on the link."""
    _exiger(probleme, poste_id, site_id)
    return replace(
        main,
        verrous=tuple(v for v in main.verrous if (v.poste_id, v.site_id) != (poste_id, site_id)),
    )


def interdire(probleme: Probleme, main: EnMain, poste_id: str, site_id: str) -> EnMain:
    """The link forbidden, and its presence withdrawn."""
    _exiger(probleme, poste_id, site_id)
    main = replace(main, plan=_avec(main.plan, {(poste_id, site_id): 0}))
    return _avec_verrous(main, [Verrou(poste_id, site_id, "interdit")])


def verrouiller_tout(
    probleme: Probleme, main: EnMain, nature: str, sites: Collection[str] | None = None
) -> EnMain:
    """Every presence of the plan locked, at `sites` only when given.

    Of amounts to fix, one that is no level of the cycle can't be: its link is imposed instead.
    """
    verrous = [
        Verrou(x.poste_id, x.site_id, "montant", x.demi_journees_cycle)
        if nature == "montant" and _est_fixable(probleme, x.demi_journees_cycle)
        else Verrou(x.poste_id, x.site_id, "impose")
        for x in main.plan
        if sites is None or x.site_id in sites
    ]
    return _avec_verrous(main, verrous)


def deverrouiller_tout(main: EnMain, sites: Collection[str] | None = None) -> EnMain:
    """No imposed link and no fixed amount, at `sites` only when given; what is forbidden stays."""
    gardes = (
        v
        for v in main.verrous
        if v.nature == "interdit" or (sites is not None and v.site_id not in sites)
    )
    return replace(main, verrous=tuple(gardes))


def sites_du_bassin(probleme: Probleme, bassin: str) -> frozenset[str]:
    """The sites of a bassin."""
    return frozenset(s.site_id for s in probleme.sites if s.bassin == bassin)


def sites_de_la_categorie(probleme: Probleme, code: str) -> frozenset[str]:
    """The sites of a category."""
    return frozenset(s.site_id for s in probleme.sites if code in s.categories)


def niveaux_du_site(probleme: Probleme, site_id: str) -> tuple[int, ...]:
    """The presences one may give at a site, 0 first: those of the cycle, or all or nothing."""
    site = probleme.sites[rang_du_site(Index.de(probleme), site_id)]
    return (0, site.besoin) if probleme.reglages.presence_entiere else probleme.reglages.niveaux


def en_dict(plan: Iterable[Presence]) -> dict[tuple[str, str], int]:
    """(poste_id, site_id) → half-days per cycle."""
    return {(x.poste_id, x.site_id): x.demi_journees_cycle for x in plan}


def _exiger(probleme: Probleme, poste_id: str, site_id: str) -> None:
    index = Index.de(probleme)
    rang_du_poste(index, poste_id)
    rang_du_site(index, site_id)


def _est_fixable(probleme: Probleme, presence: int) -> bool:
    return presence in probleme.reglages.niveaux[1:]


def _avec(plan: Iterable[Presence], change: dict[tuple[str, str], int]) -> tuple[Presence, ...]:
    presences = en_dict(plan) | change
    return tuple(sorted(Presence(*couple, n) for couple, n in presences.items() if n))


def _avec_verrous(main: EnMain, nouveaux: list[Verrou]) -> EnMain:
    verrous = {(v.poste_id, v.site_id): v for v in (*main.verrous, *nouveaux)}
    return replace(main, verrous=tuple(v for _, v in sorted(verrous.items())))


# --- what a gesture does -------------------------------------------------------------------------


def verdict(probleme: Probleme, avant: EnMain, apres: EnMain) -> Bilan:
    """The judge on both plans, and what changes between them."""
    index = Index.de(probleme)
    en_clair = pour_le_juge(probleme)
    juge_avant, juge_apres = (
        juger(en_clair | {"verrous": [asdict(v) for v in m.verrous]}, [asdict(x) for x in m.plan])
        for m in (avant, apres)
    )
    plans = en_dict(avant.plan), en_dict(apres.plan)
    mouvements = tuple(
        Mouvement(p, s, plans[0].get((p, s), 0), plans[1].get((p, s), 0))
        for p, s in sorted(plans[0].keys() | plans[1].keys())
        if plans[0].get((p, s), 0) != plans[1].get((p, s), 0)
    )
    concernes = {m.poste_id for m in mouvements}
    concernes |= {m.poste_id for m in juge_apres.manquements if m.poste_id in index.rang_poste}
    return Bilan(
        manquements_avant=tuple(juge_avant.manquements),
        manquements_apres=tuple(juge_apres.manquements),
        effets=tuple(
            Effet(o.code, o.libelle, juge_avant.objectifs[o.code], juge_apres.objectifs[o.code])
            for o in SOUPLES
        ),
        couvertures=_couvertures(probleme, avant.plan, apres.plan),
        charges=tuple(
            _charge(index, poste_id, avant.plan, apres.plan) for poste_id in sorted(concernes)
        ),
        mouvements=mouvements,
    )


def pour_le_juge(probleme: Probleme) -> dict[str, Any]:
    """The problem as the judge reads it from JSON, the matrices shared and not copied."""
    return {
        "reglages": asdict(probleme.reglages),
        "postes": [vars(p) for p in probleme.postes],
        "sites": [vars(s) for s in probleme.sites],
        "minutes": probleme.minutes,
        "presences_actuelles": [vars(x) for x in probleme.presences_actuelles],
        "verrous": [vars(v) for v in probleme.verrous],
    }


def _couvertures(
    probleme: Probleme, avant: Iterable[Presence], apres: Iterable[Presence]
) -> tuple[Couverture, ...]:
    utiles = []
    for plan in (avant, apres):
        recu: Counter[str] = Counter()
        for x in plan:
            recu[x.site_id] += x.demi_journees_cycle
        utiles.append({s.site_id: min(recu[s.site_id], s.besoin) for s in probleme.sites})
    codes = sorted({c for s in probleme.sites for c in s.categories})
    return tuple(
        Couverture(
            code=code,
            nb_sites=len(sites),
            besoin=sum(s.besoin for s in sites),
            avant=sum(utiles[0][s.site_id] for s in sites),
            apres=sum(utiles[1][s.site_id] for s in sites),
        )
        for code in (*codes, TOUS)
        if (sites := [s for s in probleme.sites if code is TOUS or code in s.categories])
    )


def _charge(
    index: Index, poste_id: str, avant: Iterable[Presence], apres: Iterable[Presence]
) -> Charge:
    p = index.rang_poste[poste_id]
    poste = index.probleme.postes[p]
    siens = [en_couples(index, [x for x in m if x.poste_id == poste_id]) for m in (avant, apres)]
    donne = [sum(plan.values()) for plan in siens]
    trajets = [modele.valeur_trajets(index, plan) for plan in siens]
    return Charge(
        poste_id=poste_id,
        capacite=poste.capacite,
        sites_max=poste.sites_max,
        donne_avant=donne[0],
        donne_apres=donne[1],
        nb_sites_avant=len(siens[0]),
        nb_sites_apres=len(siens[1]),
        trajets_avant=trajets[0],
        trajets_apres=trajets[1],
    )
