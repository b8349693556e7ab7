"""The cheapest way to make a plan keep the rules again.

Only the establishments that bear on a breach may change: those it names, those of the poste it
names, the collège and écoles of their networks, and so on through the breaches these meet. Any
poste the rules admit there may come or go, within the time and the places its other presences
leave. Among the plans that then keep every rule: first the fewest establishments whose service
changes, then the objectives of the model in their order, the evenness left out. That is exact on
this neighbourhood, unless the work allowed ends it.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace

from ortools.sat.python import cp_model

from pipelines.planning import modele
from pipelines.planning.ajustement import EnMain, pour_le_juge
from pipelines.planning.conflits import conflits
from pipelines.planning.depart import reparer, socle_des_verrous
from pipelines.planning.modele import NB_ADDITIFS, SOUPLES, Formulation, Index
from pipelines.planning.probleme import Presence, Probleme
from pipelines.planning.refus import refus
from pipelines.planning.verification import Manquement, juger
from pipelines.planning.voisinage import Effet, Mouvement, en_couples, en_presences

# Work allowed to each objective, in CP-SAT's deterministic seconds: a tenth is far beyond what the
# breaches of one gesture need.
TRAVAIL_MAX = 0.1

Couple = tuple[str, str]


@dataclass(frozen=True)
class Reparation:
    """A plan that keeps every rule, and how it differs from the one to mend.

    `sites`: those whose service changes. `effets`: the objectives, from the plan to mend to this
    one. `est_prouvee`: no cheaper repair exists in the neighbourhood. `tient`: the presences that
    were to be kept are. `nb_restants`: breaches elsewhere, which it was not asked to mend.
    """

    plan: tuple[Presence, ...]
    mouvements: tuple[Mouvement, ...]
    sites: tuple[str, ...]
    effets: tuple[Effet, ...]
    est_prouvee: bool
    tient: bool
    nb_restants: int


def reparation(
    probleme: Probleme,
    main: EnMain,
    tenus: Collection[Couple] = (),
    deja: Collection[Manquement] = (),
) -> Reparation | None:
    """The cheapest repair of the plan in hand, None when there is nothing to mend.

    `tenus`: presences (poste_id, site_id) a repair should keep as they are, such as the gesture
    just made; when none can, they may change too. `deja`: breaches there before, left as they are
    unless they bear on the same postes or establishments as the others. AtlasError (French, with
    the ways out and their prices) when the locks themselves clash.
    """
    tous = juger(
        pour_le_juge(probleme) | {"verrous": [asdict(v) for v in main.verrous]},
        [asdict(x) for x in main.plan],
    ).manquements
    lot = [m for m in tous if m not in deja]
    if not lot:
        return None
    probleme = replace(probleme, verrous=main.verrous)
    sites, lot = _en_jeu(probleme, main.plan, lot, tous)
    nb_restants = len(tous) - len(lot)
    essais = (frozenset(tenus), frozenset()) if tenus else (frozenset(),)
    for retenus in essais:
        trouve = _chercher(probleme, main.plan, sites, retenus)
        if trouve is not None:
            plan, est_prouvee = trouve
            tient = retenus == frozenset(tenus)
            return _rendre(probleme, main.plan, plan, est_prouvee, tient, nb_restants)
    if clash := conflits(probleme):
        raise refus(probleme, clash)
    # the work allowed found nothing: a conforming plan near this one, taken presence by presence
    index = Index.de(probleme)
    plan = en_presences(index, reparer(index, socle_des_verrous(index), main.plan))
    gardes = {(x.poste_id, x.site_id): x.demi_journees_cycle for x in plan}
    avant = {(x.poste_id, x.site_id): x.demi_journees_cycle for x in main.plan}
    tient = all(gardes.get(c, 0) == avant.get(c, 0) for c in tenus)
    return _rendre(probleme, main.plan, plan, False, tient, 0)


def _en_jeu(
    probleme: Probleme,
    plan: Iterable[Presence],
    manquements: Iterable[Manquement],
    tous: Iterable[Manquement],
) -> tuple[frozenset[str], list[Manquement]]:
    """The sites that may change, and the breaches that are mended together.

    A breach of a poste that serves one of these sites, or that a lock ties to one, is of the lot:
    the time it has left would make no sense otherwise.
    """
    lot = list(manquements)
    while True:
        postes = {m.poste_id for m in lot}
        sites = {m.site_id for m in lot if m.site_id}
        sites |= {x.site_id for x in plan if x.poste_id in postes}
        tetes = {s.site_tete or s.site_id for s in probleme.sites if s.site_id in sites}
        sites = frozenset(
            s.site_id for s in probleme.sites if s.site_id in tetes or s.site_tete in tetes
        )
        lies = {x.poste_id for x in plan if x.site_id in sites}
        lies |= _tenus_a(probleme, sites)
        suite = [m for m in tous if m not in lot and (m.site_id in sites or m.poste_id in lies)]
        if not suite:
            return sites, lot
        lot += suite


def _tenus_a(probleme: Probleme, sites: frozenset[str]) -> set[str]:
    """The postes a lock ties to one of these sites."""
    return {v.poste_id for v in probleme.verrous if v.site_id in sites and v.nature != "interdit"}


def _chercher(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    sites: frozenset[str],
    tenus: frozenset[Couple],
) -> tuple[tuple[Presence, ...], bool] | None:
    """The cheapest plan in which only `sites` change and whether it is proven; None when none."""
    extrait = _extraire(probleme, plan, sites)
    dedans = [x for x in plan if x.site_id in sites]
    index = Index.de(extrait)
    actuel = en_couples(index, dedans)
    niveaux = modele.couples_admis(index)
    if any(
        nature != "interdit" and not niveaux.get(couple)
        for couple, (nature, _) in index.verrous.items()
    ):
        return None
    for poste_id, site_id in tenus:
        if site_id not in sites or poste_id not in index.rang_poste:
            continue
        couple = index.rang_poste[poste_id], index.rang_site[site_id]
        n = actuel.get(couple, 0)
        if n not in niveaux.get(couple, (0,)):
            return None
        if n:
            niveaux[couple] = (n,)
        else:
            niveaux.pop(couple, None)
    f = Formulation(index=index, niveaux=niveaux)
    for regle in modele.DURES:
        if regle.contraindre:
            regle.contraindre(f)
    touches = _touches(f, actuel)
    expressions = [
        cp_model.LinearExpr.sum(list(touches.values())),
        *(o.expression(f) for o in SOUPLES[:NB_ADDITIFS]),
    ]
    trouve, est_prouvee = actuel, True
    for rang, expression in enumerate(expressions):
        f.cp.clear_hints()
        for couple, x in f.x.items():
            f.cp.add_hint(x, trouve.get(couple, 0))
        f.cp.minimize(expression)
        solveur = cp_model.CpSolver()
        # One worker is repeatable by construction, whatever the cores.
        solveur.parameters.num_workers = 1
        solveur.parameters.catch_sigint_signal = False  # left to the command that asked
        solveur.parameters.random_seed = probleme.graine
        solveur.parameters.max_deterministic_time = TRAVAIL_MAX
        statut = solveur.solve(f.cp)
        if statut not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            if rang == 0:
                return None
            est_prouvee = False
            break
        est_prouvee &= statut == cp_model.OPTIMAL
        trouve = {c: n for c, x in f.x.items() if (n := solveur.value(x))}
        f.cp.add(expression <= round(solveur.objective_value))
    autres = [x for x in plan if x.site_id not in sites]
    return tuple(sorted((*autres, *en_presences(index, trouve)))), est_prouvee


def _touches(f: Formulation, actuel: dict[modele.Couple, int]) -> dict[int, cp_model.IntVar]:
    """Site → 1 when its service changes."""
    touches = {s: f.cp.new_bool_var(f"touche_{s}") for s in range(len(f.index.probleme.sites))}
    for couple, x in f.x.items():
        n = actuel.get(couple, 0)
        if n in f.niveaux[couple]:
            f.cp.add(x == n).only_enforce_if(~touches[couple[1]])
        else:
            f.cp.add(touches[couple[1]] == 1)
    for _, s in actuel.keys() - f.x.keys():
        f.cp.add(touches[s] == 1)
    return touches


def _extraire(probleme: Probleme, plan: tuple[Presence, ...], sites: frozenset[str]) -> Probleme:
    """The problem of `sites` alone: each poste with what its other presences leave it.

    Postes that serve none of them, are locked to none and have nothing left are not in it.
    """
    rangs_s = [s for s, site in enumerate(probleme.sites) if site.site_id in sites]
    dehors = [x for x in plan if x.site_id not in sites]
    servants = {x.poste_id for x in plan if x.site_id in sites}
    servants |= _tenus_a(probleme, sites)
    postes, rangs_p = [], []
    for p, poste in enumerate(probleme.postes):
        siennes = [x.demi_journees_cycle for x in dehors if x.poste_id == poste.poste_id]
        temps, places = poste.capacite - sum(siennes), poste.sites_max - len(siennes)
        if poste.poste_id in servants or (temps > 0 and places > 0):
            rangs_p.append(p)
            postes.append(replace(poste, capacite=temps, sites_max=places))
    gardes = {p.poste_id for p in postes}
    return replace(
        probleme,
        sites=tuple(probleme.sites[s] for s in rangs_s),
        postes=tuple(postes),
        minutes=tuple(tuple(probleme.minutes[p][s] for s in rangs_s) for p in rangs_p),
        km=tuple(tuple(probleme.km[p][s] for s in rangs_s) for p in rangs_p),
        presences_actuelles=tuple(
            x for x in probleme.presences_actuelles if x.site_id in sites and x.poste_id in gardes
        ),
        verrous=tuple(v for v in probleme.verrous if v.site_id in sites and v.poste_id in gardes),
    )


def _rendre(
    probleme: Probleme,
    avant: tuple[Presence, ...],
    apres: tuple[Presence, ...],
    est_prouvee: bool,
    tient: bool,
    nb_restants: int,
) -> Reparation:
    index = Index.de(probleme)
    plans = en_couples(index, avant), en_couples(index, apres)
    postes, sites = probleme.postes, probleme.sites
    mouvements = tuple(
        Mouvement(
            postes[p].poste_id,
            sites[s].site_id,
            plans[0].get((p, s), 0),
            plans[1].get((p, s), 0),
        )
        for p, s in sorted(plans[0].keys() | plans[1].keys())
        if plans[0].get((p, s), 0) != plans[1].get((p, s), 0)
    )
    return Reparation(
        plan=apres,
        mouvements=mouvements,
        sites=tuple(sorted({m.site_id for m in mouvements})),
        effets=tuple(
            Effet(o.code, o.libelle, *(o.valeur(index, plan) for plan in plans)) for o in SOUPLES
        ),
        est_prouvee=est_prouvee,
        tient=tient,
        nb_restants=nb_restants,
    )
