"""Ways out of clashing demands, each at its least price.

A way out relaxes one kind of limit by as little as possible: the limit is opened wide, and what a
plan takes beyond it is minimised (a priced slack). Every way out is then tried on the model with
its real rules before it is returned.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

from ortools.sat.python import cp_model

from pipelines.planning import modele
from pipelines.planning.exigences import Essai, Exigence, Expression, Plancher, est_realisable
from pipelines.planning.modele import Couple, Index
from pipelines.planning.probleme import Poste, Probleme, Site, Verrou
from pipelines.planning.tables import Plan


@dataclass(frozen=True)
class Pas:
    """One relaxation: what (`nature`), of whom, from which amount to which.

    Natures: `capacite` (half-days of a poste), `sites_max` (sites of a poste), `postes_max`
    (postes at a site), `trajet` (travel limit, minutes), `bassin` (the rule lifted), `sans_secteur`
    (a sector given to a poste), `montant` (a fixed amount lowered), `plancher` (a floor lowered),
    `lever` (a demand given up; no amount).
    """

    nature: str
    poste_id: str | None = None
    site_id: str | None = None
    avant: int | None = None
    apres: int | None = None


@dataclass(frozen=True)
class Issue:
    """A way out: all its steps together make the clashing demands possible.

    `est_moindre`: its price was proven the least; otherwise less may be enough.
    """

    pas: tuple[Pas, ...]
    est_moindre: bool = True


def appliquer(
    probleme: Probleme, exigences: tuple[Exigence, ...], issue: Issue
) -> tuple[Probleme, tuple[Exigence, ...]]:
    """The problem and the demands once every step of a way out is taken."""
    for pas in issue.pas:
        if pas.nature == "trajet":
            reglages = replace(probleme.reglages, duree_trajet_max_min=pas.apres)
            probleme = replace(probleme, reglages=reglages)
        elif pas.nature == "bassin":
            reglages = replace(probleme.reglages, meme_bassin=False)
            probleme = replace(probleme, reglages=reglages)
        elif pas.nature == "postes_max":
            probleme = replace(
                probleme,
                sites=tuple(
                    replace(s, postes_max=pas.apres) if s.site_id == pas.site_id else s
                    for s in probleme.sites
                ),
            )
        elif pas.nature in ("capacite", "sites_max", "sans_secteur"):
            valeur = False if pas.nature == "sans_secteur" else pas.apres
            probleme = replace(
                probleme,
                postes=tuple(
                    replace(p, **{pas.nature: valeur}) if p.poste_id == pas.poste_id else p
                    for p in probleme.postes
                ),
            )
        else:
            exigences = tuple(
                e if not _vise(pas, e) else replace(e, demi_journees_cycle=pas.apres)
                for e in exigences
                if pas.nature != "lever" or not _vise(pas, e)
            )
    return replace(probleme, verrous=tuple(e for e in exigences if isinstance(e, Verrou))), (
        exigences
    )


def _vise(pas: Pas, exigence: Exigence) -> bool:
    return (pas.poste_id, pas.site_id) == (
        getattr(exigence, "poste_id", None),
        exigence.site_id,
    )


def regles_en_cause(probleme: Probleme, exigences: tuple[Exigence, ...]) -> tuple[str, ...]:
    """Codes of the hard rules any one of which, left out, would let the demands hold."""
    return tuple(c for c in _ouvrables(probleme) if _tient_sans(probleme, exigences, (c,)))


def regles_ensemble(probleme: Probleme, exigences: tuple[Exigence, ...]) -> tuple[str, ...]:
    """The first two hard rules that, left out together, would let the demands hold; else ().

    Meant for demands that no rule left out alone would free.
    """
    paires = itertools.combinations(_ouvrables(probleme), 2)
    return next((paire for paire in paires if _tient_sans(probleme, exigences, paire)), ())


def _tient_sans(
    probleme: Probleme, exigences: tuple[Exigence, ...], codes: tuple[str, ...]
) -> bool:
    """Whether the demands are shown to hold once these rules are left out."""
    sans = None
    for code in codes:
        ouvrir = _SANS.get(code)
        if ouvrir is None:
            sans = code
        else:
            probleme = ouvrir(probleme)
    return Essai(probleme, exigences, sans=sans).est_realisable() is True


def _ouvrables(probleme: Probleme) -> tuple[str, ...]:
    """The rules that can be left out of this problem: a lock is a demand here, not a rule.

    Of two of them, one at most has no opening of its own in `_SANS`.
    """
    sans_objet = (
        {"verrou"} if probleme.reglages.presence_entiere else {"verrou", "presence_entiere"}
    )
    return tuple(regle.code for regle in modele.DURES if regle.code not in sans_objet)


def issues(
    probleme: Probleme, exigences: tuple[Exigence, ...], *, est_minimal: bool
) -> tuple[Issue, ...]:
    """One way out of each kind that is enough alone, then each demand given up.

    When no kind is enough alone, the first two limits that are enough together make one way out.
    `est_minimal`: any one of the demands given up is known to be enough.
    """
    trouvees = [
        issue
        for nature in _PRIX
        if (issue := _issue(probleme, exigences, (nature,))) is not None
        and est_realisable(*appliquer(probleme, exigences, issue))
    ]
    if not trouvees:
        trouvees = _issue_a_deux(probleme, exigences)
    levees = [
        Issue((Pas("lever", getattr(e, "poste_id", None), e.site_id),))
        for e in exigences
        if est_minimal or est_realisable(probleme, tuple(x for x in exigences if x != e))
    ]
    return (*trouvees, *levees)


def _issue_a_deux(probleme: Probleme, exigences: tuple[Exigence, ...]) -> list[Issue]:
    """The first two limits whose relaxation together is enough: one way out, or none."""
    for natures in itertools.combinations(_LIMITES, 2):
        issue = _issue(probleme, exigences, natures)
        if issue is not None and est_realisable(*appliquer(probleme, exigences, issue)):
            return [issue]
    return []


def _issue(
    probleme: Probleme, exigences: tuple[Exigence, ...], natures: tuple[str, ...]
) -> Issue | None:
    """The least relaxation of these kinds; None when none is enough or none is needed.

    Of two kinds, the sum of the two prices is the least.
    """
    ouvert, souples = probleme, exigences
    for nature in natures:
        ouvert, souples = _PRIX[nature][0](ouvert, souples)
    essai = Essai(ouvert, souples)
    plan = essai.minimiser(sum(_PRIX[n][1](essai, probleme, exigences) for n in natures))
    if plan is None:
        return None
    pas = tuple(p for n in natures for p in _PRIX[n][2](essai.index, plan, probleme, exigences))
    return Issue(pas, essai.est_prouve) if pas else None


def _postes(probleme: Probleme, change: Callable[[Poste], Poste]) -> Probleme:
    return replace(probleme, postes=tuple(change(p) for p in probleme.postes))


def _sites(probleme: Probleme, change: Callable[[Site], Site]) -> Probleme:
    return replace(probleme, sites=tuple(change(s) for s in probleme.sites))


def _capacite_libre(probleme: Probleme) -> Probleme:
    total = sum(s.besoin for s in probleme.sites)
    return _postes(probleme, lambda p: replace(p, capacite=max(total, p.capacite)))


def _besoin_libre(probleme: Probleme) -> Probleme:
    plus_haut = probleme.reglages.niveaux[-1] * max(1, len(probleme.postes))
    # only the rules are read here: linear costs take any besoin
    reglages = replace(probleme.reglages, convexite=1)
    return _sites(
        replace(probleme, reglages=reglages), lambda s: replace(s, besoin=max(s.besoin, plus_haut))
    )


def _sites_max_libre(probleme: Probleme) -> Probleme:
    return _postes(probleme, lambda p: replace(p, sites_max=len(probleme.sites)))


def _postes_max_libre(probleme: Probleme) -> Probleme:
    return _sites(probleme, lambda s: replace(s, postes_max=len(probleme.postes)))


def _trajet_libre(probleme: Probleme) -> Probleme:
    connues = [m for ligne in probleme.minutes for m in ligne if m is not None]
    limite = max([probleme.reglages.duree_trajet_max_min, *connues])
    return replace(probleme, reglages=replace(probleme.reglages, duree_trajet_max_min=limite))


def _presence_libre(probleme: Probleme) -> Probleme:
    return replace(probleme, reglages=replace(probleme.reglages, presence_entiere=False))


def _bassin_libre(probleme: Probleme) -> Probleme:
    return replace(probleme, reglages=replace(probleme.reglages, meme_bassin=False))


def _secteur_pour_tous(probleme: Probleme) -> Probleme:
    return _postes(probleme, lambda p: replace(p, sans_secteur=False))


def _trajets_nuls(probleme: Probleme) -> Probleme:
    """No travel at all, so that an unknown one is no obstacle either."""
    return replace(probleme, minutes=tuple(tuple(0 for _ in ligne) for ligne in probleme.minutes))


def _niveaux_libres(probleme: Probleme) -> Probleme:
    """Any whole number of half-days a cycle, up to the largest besoin."""
    plus_haut = max([probleme.reglages.niveaux[-1], *(s.besoin for s in probleme.sites)])
    reglages = replace(
        probleme.reglages, niveaux=tuple(range(plus_haut + 1)), presence_entiere=False
    )
    return replace(probleme, reglages=reglages)


# rules that are not left out of the model as they stand, for they also narrow a couple's levels
_SANS: dict[str, Callable[[Probleme], Probleme]] = {
    "niveau": _niveaux_libres,
    "sites_max": _sites_max_libre,
    "postes_max": _postes_max_libre,
    "capacite": _capacite_libre,
    "besoin": _besoin_libre,
    "sans_secteur": _secteur_pour_tous,
    "trajet": _trajets_nuls,
    "bassin": _bassin_libre,
    "presence_entiere": _presence_libre,
}
_LIMITES = ("capacite", "sites_max", "postes_max", "trajet", "bassin", "sans_secteur")


def _seul(ouvrir: Callable[[Probleme], Probleme]) -> Callable:
    """Open a limit and leave the demands as they are."""
    return lambda probleme, exigences: (ouvrir(probleme), exigences)


def _depassements(essai: Essai, sommes: dict[int, Expression], limites: list[int]) -> Expression:
    """Sum of what each of `sommes` takes beyond its limit."""
    exces = []
    for rang, somme in sommes.items():
        e = essai.f.cp.new_int_var(0, 10**6, f"exces_{rang}")
        essai.f.cp.add(e >= somme - limites[rang])
        exces.append(e)
    return cp_model.LinearExpr.sum(exces)


def _par_poste(variables: dict[Couple, cp_model.IntVar]) -> dict[int, Expression]:
    rangs = {p for p, _ in variables}
    return {p: sum(v for c, v in variables.items() if c[0] == p) for p in sorted(rangs)}


def _par_site(variables: dict[Couple, cp_model.IntVar]) -> dict[int, Expression]:
    rangs = {s for _, s in variables}
    return {s: sum(v for c, v in variables.items() if c[1] == s) for s in sorted(rangs)}


def _payer_capacite(essai: Essai, probleme: Probleme, _: object) -> Expression:
    return _depassements(essai, _par_poste(essai.f.x), [p.capacite for p in probleme.postes])


def _payer_sites_max(essai: Essai, probleme: Probleme, _: object) -> Expression:
    return _depassements(essai, _par_poste(essai.f.y), [p.sites_max for p in probleme.postes])


def _payer_postes_max(essai: Essai, probleme: Probleme, _: object) -> Expression:
    return _depassements(essai, _par_site(essai.f.y), [s.postes_max for s in probleme.sites])


def _payer_trajet(essai: Essai, probleme: Probleme, _: object) -> Expression:
    """The longest travel of a new link that the plan uses."""
    limite = essai.f.cp.new_int_var(
        probleme.reglages.duree_trajet_max_min,
        essai.index.probleme.reglages.duree_trajet_max_min,
        "limite",
    )
    for (p, s), y in essai.f.y.items():
        if (p, s) not in essai.index.actuels and (minutes := probleme.minutes[p][s]) is not None:
            essai.f.cp.add(limite >= minutes * y)
    return limite


def _payer_secteurs(essai: Essai, probleme: Probleme, _: object) -> Expression:
    sommes = {
        p: somme for p, somme in _par_poste(essai.f.y).items() if probleme.postes[p].sans_secteur
    }
    return _depassements(essai, sommes, [0] * len(probleme.postes))


def _payer_rien(essai: Essai, *_: object) -> Expression:
    return cp_model.LinearExpr.sum(list(essai.f.x.values()))


def _abaisser(*natures: type) -> Callable:
    """Demands of an amount become « at least one presence », to be pushed back up."""

    def ouvrir(
        probleme: Probleme, exigences: tuple[Exigence, ...]
    ) -> tuple[Probleme, tuple[Exigence, ...]]:
        souples = tuple(
            e
            if not isinstance(e, natures)
            else Plancher(e.site_id, 0)
            if isinstance(e, Plancher)
            else Verrou(e.poste_id, e.site_id, "impose")
            if e.nature == "montant"
            else e
            for e in exigences
        )
        return probleme, souples

    return ouvrir


def _payer_montants(essai: Essai, _: Probleme, exigences: tuple[Exigence, ...]) -> Expression:
    """What the fixed amounts lose; never above the amount asked."""
    perdus = []
    for e in exigences:
        if isinstance(e, Verrou) and e.nature == "montant":
            couple = (essai.index.rang_poste[e.poste_id], essai.index.rang_site[e.site_id])
            if couple in essai.f.x:
                essai.f.cp.add(essai.f.x[couple] <= e.demi_journees_cycle)
                perdus.append(e.demi_journees_cycle - essai.f.x[couple])
    return cp_model.LinearExpr.sum(perdus)


def _payer_planchers(essai: Essai, _: Probleme, exigences: tuple[Exigence, ...]) -> Expression:
    perdus = []
    for e in exigences:
        if isinstance(e, Plancher):
            s = essai.index.rang_site[e.site_id]
            manque = essai.f.cp.new_int_var(0, max(0, e.demi_journees_cycle), f"sous_{s}")
            couverture = cp_model.LinearExpr.sum([essai.f.x[c] for c in essai.f.du_site(s)])
            essai.f.cp.add(manque + couverture >= e.demi_journees_cycle)
            perdus.append(manque)
    return cp_model.LinearExpr.sum(perdus)


def _lire_postes(nature: str) -> Callable:
    """Steps on the limits of postes that a plan goes beyond."""

    def lire(index: Index, plan: Plan, probleme: Probleme, _: object) -> list[Pas]:
        pas = []
        for p, poste in enumerate(probleme.postes):
            presences = [n for (q, _), n in plan.items() if q == p]
            pris = sum(presences) if nature == "capacite" else len(presences)
            if pris > getattr(poste, nature):
                pas.append(Pas(nature, poste.poste_id, None, getattr(poste, nature), pris))
        return pas

    return lire


def _lire_postes_max(index: Index, plan: Plan, probleme: Probleme, _: object) -> list[Pas]:
    pas = []
    for s, site in enumerate(probleme.sites):
        pris = sum(1 for _, t in plan if t == s)
        if pris > site.postes_max:
            pas.append(Pas("postes_max", None, site.site_id, site.postes_max, pris))
    return pas


def _lire_trajet(index: Index, plan: Plan, probleme: Probleme, _: object) -> list[Pas]:
    limite = probleme.reglages.duree_trajet_max_min
    nouveaux = [probleme.minutes[p][s] for p, s in plan if (p, s) not in index.actuels]
    plus_long = max([limite, *(m for m in nouveaux if m is not None)])
    return [Pas("trajet", None, None, limite, plus_long)] if plus_long > limite else []


def _lire_bassin(index: Index, plan: Plan, probleme: Probleme, _: object) -> list[Pas]:
    return [Pas("bassin")] if probleme.reglages.meme_bassin else []


def _lire_secteurs(index: Index, plan: Plan, probleme: Probleme, _: object) -> list[Pas]:
    servants = {p for p, _ in plan}
    return [
        Pas("sans_secteur", poste.poste_id)
        for p, poste in enumerate(probleme.postes)
        if poste.sans_secteur and p in servants
    ]


def _lire_montants(
    index: Index, plan: Plan, probleme: Probleme, exigences: tuple[Exigence, ...]
) -> list[Pas]:
    pas = []
    for e in exigences:
        if isinstance(e, Verrou) and e.nature == "montant":
            n = plan.get((index.rang_poste[e.poste_id], index.rang_site[e.site_id]), 0)
            if 0 < n < e.demi_journees_cycle:
                pas.append(Pas("montant", e.poste_id, e.site_id, e.demi_journees_cycle, n))
    return pas


def _lire_planchers(
    index: Index, plan: Plan, probleme: Probleme, exigences: tuple[Exigence, ...]
) -> list[Pas]:
    pas = []
    for e in exigences:
        if isinstance(e, Plancher):
            n = sum(x for (_, s), x in plan.items() if s == index.rang_site[e.site_id])
            if n < e.demi_journees_cycle:
                pas.append(Pas("plancher", None, e.site_id, e.demi_journees_cycle, n))
    return pas


# nature → open the limit, the price of going beyond it, the steps a plan took
_PRIX: dict[str, tuple[Callable, Callable, Callable]] = {
    "capacite": (_seul(_capacite_libre), _payer_capacite, _lire_postes("capacite")),
    "sites_max": (_seul(_sites_max_libre), _payer_sites_max, _lire_postes("sites_max")),
    "postes_max": (_seul(_postes_max_libre), _payer_postes_max, _lire_postes_max),
    "trajet": (_seul(_trajet_libre), _payer_trajet, _lire_trajet),
    "bassin": (_seul(_bassin_libre), _payer_rien, _lire_bassin),
    "sans_secteur": (_seul(_secteur_pour_tous), _payer_secteurs, _lire_secteurs),
    "montant": (_abaisser(Verrou), _payer_montants, _lire_montants),
    "plancher": (_abaisser(Plancher), _payer_planchers, _lire_planchers),
}
