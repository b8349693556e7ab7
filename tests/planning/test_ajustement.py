"""Gestures by hand do what they say, are judged by the judge, and are mended at the least cost."""

import json
import random
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
from departements import departement
from petits import NIVEAUX, en_lignes, enumerer, petit

from pipelines.base.erreurs import AtlasError
from pipelines.planning import ajustement
from pipelines.planning.ajustement import EnMain, verdict
from pipelines.planning.probleme import Presence, Verrou, vers_json
from pipelines.planning.reparation import reparation
from pipelines.planning.solveur import resoudre
from pipelines.planning.verification import juger

GRAINES = range(60)


def juge(probleme, main):
    """The judge on the plan in hand, through the JSON an outsider would get."""
    return juger(
        json.loads(vers_json(replace(probleme, verrous=main.verrous))), en_lignes(main.plan)
    )


def presences(plan):
    return {(x.poste_id, x.site_id): x.demi_journees_cycle for x in plan}


def sites_touches(avant, apres):
    """The sites whose service differs, counted here."""
    ici, la = presences(avant), presences(apres)
    return {s for p, s in ici.keys() | la.keys() if ici.get((p, s)) != la.get((p, s))}


def cout(probleme, main, plan):
    """What a repair is compared by: sites touched, then shortage, changes and travel."""
    valeurs = juge(probleme, replace(main, plan=plan)).objectifs
    return (
        len(sites_touches(main.plan, plan)),
        *(valeurs[code] for code in ("manque", "changements", "trajets")),
    )


@cache
def tire(graine):
    """A small problem and a plan drawn at random, as a careless hand would make it."""
    probleme = petit(graine, avec_verrous=graine % 2 == 0)
    tirage = random.Random(graine + 1000)
    plan = tuple(
        Presence(p.poste_id, s.site_id, tirage.choice(NIVEAUX[1:]))
        for p in probleme.postes
        for s in probleme.sites
        if tirage.random() < 0.4
    )
    return probleme, EnMain(plan, probleme.verrous)


@cache
def herault():
    """A made-up département of 40 sites and its plan, locks included."""
    probleme = departement(40, 14)
    bassins = ("Est", "Ouest")
    probleme = replace(
        probleme,
        sites=tuple(
            replace(s, bassin=bassins[i % 2], categories=("rep_plus",) if i == 1 else ())
            for i, s in enumerate(probleme.sites)
        ),
    )
    return probleme, EnMain(resoudre(probleme, duree_max_s=0.5).plan, probleme.verrous)


def gestes(probleme, main, nombre, graine=0):
    """Gestures drawn at random on a plan."""
    tirage = random.Random(graine)
    for _ in range(nombre):
        x = tirage.choice(main.plan)
        vers = tirage.choice([p.poste_id for p in probleme.postes if p.poste_id != x.poste_id])
        niveau = tirage.choice(probleme.reglages.niveaux)
        match tirage.choice(("changer", "confier", "interdire")):
            case "changer":
                yield ajustement.changer(probleme, main, x.poste_id, x.site_id, niveau)
            case "confier":
                yield ajustement.confier(probleme, main, x.site_id, x.poste_id, vers)
            case _:
                yield ajustement.interdire(probleme, main, x.poste_id, x.site_id)


# --- gestures ------------------------------------------------------------------------------------


def test_a_presence_is_set_to_any_level_withdrawn_at_zero_and_nothing_else_moves():
    probleme, main = herault()
    x = main.plan[0]
    for n in probleme.reglages.niveaux:
        apres = ajustement.changer(probleme, main, x.poste_id, x.site_id, n)
        attendu = {**presences(main.plan), (x.poste_id, x.site_id): n}
        assert presences(apres.plan) == {c: v for c, v in attendu.items() if v}
        assert apres.verrous == main.verrous


def test_a_presence_that_is_no_level_of_the_cycle_is_refused_with_the_levels():
    probleme, main = herault()
    x = main.plan[0]
    with pytest.raises(AtlasError) as refus:
        ajustement.changer(probleme, main, x.poste_id, x.site_id, 3)
    assert refus.value.admis.startswith("0, 1, 2, 4")
    with pytest.raises(AtlasError):
        ajustement.changer(probleme, main, "P-INCONNU", x.site_id, 4)


def test_a_site_passes_whole_to_another_poste_and_no_half_day_is_lost():
    probleme, main = herault()
    for x in main.plan:
        vers = next(
            p.poste_id
            for p in probleme.postes
            if (p.poste_id, x.site_id) not in presences(main.plan)
        )
        apres = ajustement.confier(probleme, main, x.site_id, x.poste_id, vers)
        assert (x.poste_id, x.site_id) not in presences(apres.plan)
        assert presences(apres.plan)[vers, x.site_id] == x.demi_journees_cycle
        assert sum(y.demi_journees_cycle for y in apres.plan) == sum(
            y.demi_journees_cycle for y in main.plan
        )


def test_a_head_college_passes_with_the_ecoles_of_its_network():
    graine = next(
        g for g in range(200) if petit(g).sites[-1].site_tete == "S0" and petit(g).sites[0].besoin
    )
    probleme = petit(graine)
    main = EnMain((Presence("P0", "S0", 4), Presence("P0", "S2", 1)), ())
    apres = ajustement.confier(probleme, main, "S0", "P0", "P1")
    assert presences(apres.plan) == {("P1", "S0"): 4, ("P1", "S2"): 1}


def test_a_lock_is_set_replaced_and_lifted_one_link_at_a_time():
    probleme, main = herault()
    x = main.plan[0]
    fixe = ajustement.verrouiller(probleme, main, x.poste_id, x.site_id, "montant")
    assert Verrou(x.poste_id, x.site_id, "montant", x.demi_journees_cycle) in fixe.verrous
    impose = ajustement.verrouiller(probleme, fixe, x.poste_id, x.site_id, "impose")
    siens = [v for v in impose.verrous if (v.poste_id, v.site_id) == (x.poste_id, x.site_id)]
    assert siens == [Verrou(x.poste_id, x.site_id, "impose")]
    libre = ajustement.deverrouiller(probleme, impose, x.poste_id, x.site_id)
    assert len(libre.verrous) == len(impose.verrous) - 1
    assert impose.plan == libre.plan == main.plan


def test_a_forbidden_link_gives_no_presence_and_breaks_no_lock():
    probleme, main = herault()
    x = main.plan[0]
    apres = ajustement.interdire(probleme, main, x.poste_id, x.site_id)
    assert (x.poste_id, x.site_id) not in presences(apres.plan)
    assert Verrou(x.poste_id, x.site_id, "interdit") in apres.verrous
    assert not [m for m in juge(probleme, apres).manquements if m.regle == "verrou"]


def test_all_a_bassin_or_a_category_are_locked_and_unlocked_and_what_is_forbidden_stays():
    probleme, main = herault()
    x = main.plan[0]
    main = ajustement.interdire(probleme, main, x.poste_id, x.site_id)
    interdits = {v for v in main.verrous if v.nature == "interdit"}
    tout = ajustement.verrouiller_tout(probleme, main, "montant")
    assert {(v.poste_id, v.site_id): v.demi_journees_cycle for v in tout.verrous} == {
        **presences(main.plan),
        (x.poste_id, x.site_id): None,
    }
    assert juge(probleme, tout).conforme == juge(probleme, main).conforme
    assert set(ajustement.deverrouiller_tout(tout).verrous) == interdits
    du_bassin = ajustement.sites_du_bassin(probleme, "Est")
    assert len(du_bassin) == len(probleme.sites) / 2
    prioritaires = ajustement.sites_de_la_categorie(probleme, "rep_plus")
    libre = EnMain(main.plan, ())
    par_categorie = ajustement.verrouiller_tout(probleme, libre, "impose", prioritaires)
    assert (
        {v.site_id for v in par_categorie.verrous}
        == {x.site_id for x in main.plan if x.site_id in prioritaires}
        == {probleme.sites[1].site_id} & {x.site_id for x in main.plan}
    )
    partiel = ajustement.verrouiller_tout(probleme, libre, "impose", du_bassin)
    assert {(v.poste_id, v.site_id) for v in partiel.verrous} == {
        c for c in presences(main.plan) if c[1] in du_bassin
    }
    reste = ajustement.deverrouiller_tout(tout, du_bassin)
    assert not [v for v in reste.verrous if v.site_id in du_bassin and v.nature != "interdit"]
    assert [v for v in reste.verrous if v.site_id not in du_bassin and v.nature != "interdit"]


# --- verdict -------------------------------------------------------------------------------------


def test_the_verdict_is_that_of_the_judge_before_and_after():
    probleme, main = herault()
    for apres in gestes(probleme, main, 40):
        bilan = verdict(probleme, main, apres)
        avant_lui, apres_lui = juge(probleme, main), juge(probleme, apres)
        assert list(bilan.manquements_avant) == avant_lui.manquements
        assert list(bilan.manquements_apres) == apres_lui.manquements
        assert {e.code: (e.avant, e.apres) for e in bilan.effets} == {
            code: (avant_lui.objectifs[code], apres_lui.objectifs[code])
            for code in apres_lui.objectifs
        }


def test_the_verdict_counts_coverage_and_loads_as_one_would_by_hand():
    probleme, main = herault()
    for apres in gestes(probleme, main, 20, graine=3):
        bilan = verdict(probleme, main, apres)
        recu = Counter()
        for x in apres.plan:
            recu[x.site_id] += x.demi_journees_cycle
        tous = bilan.couvertures[-1]
        assert tous.code is None
        assert tous.apres == sum(min(recu[s.site_id], s.besoin) for s in probleme.sites)
        assert tous.besoin == sum(s.besoin for s in probleme.sites)
        changes = {p for p, _ in presences(main.plan).items() ^ presences(apres.plan).items()}
        assert {c.poste_id for c in bilan.charges} >= {p for p, _ in changes}
        for charge in bilan.charges:
            siennes = [x for x in apres.plan if x.poste_id == charge.poste_id]
            assert charge.donne_apres == sum(x.demi_journees_cycle for x in siennes)
            assert charge.nb_sites_apres == len(siennes)


# --- repair --------------------------------------------------------------------------------------


@pytest.mark.parametrize("graine", GRAINES)
def test_no_conforming_plan_whatever_it_changes_is_cheaper_than_the_repair(graine):
    """Every plan is enumerated, not only those of the neighbourhood."""
    probleme, main = tire(graine)
    conformes = enumerer(probleme)
    if juge(probleme, main).conforme:
        assert reparation(probleme, main) is None
        return
    if not conformes:
        with pytest.raises(AtlasError, match="impossibles à tenir ensemble"):
            reparation(probleme, main)
        return
    trouvee = reparation(probleme, main)
    assert juge(probleme, replace(main, plan=trouvee.plan)).conforme
    assert trouvee.est_prouvee
    assert cout(probleme, main, trouvee.plan) == min(
        cout(probleme, main, plan) for plan, _ in conformes
    )
    assert set(trouvee.sites) == sites_touches(main.plan, trouvee.plan)


def test_the_repair_of_a_gesture_keeps_it_when_it_can_and_says_when_it_can_not():
    probleme, main = herault()
    vus = set()
    for apres in gestes(probleme, main, 60, graine=1):
        tenus = {c for c, _ in presences(main.plan).items() ^ presences(apres.plan).items()}
        trouvee = reparation(probleme, apres, tenus)
        if trouvee is None:
            continue
        assert juge(probleme, replace(apres, plan=trouvee.plan)).conforme
        ici, la = presences(apres.plan), presences(trouvee.plan)
        assert trouvee.tient == all(ici.get(c) == la.get(c) for c in tenus)
        vus.add(trouvee.tient)
        assert {(m.poste_id, m.site_id): m.apres for m in trouvee.mouvements} == {
            c: la.get(c, 0) for c in ici.keys() | la.keys() if ici.get(c) != la.get(c)
        }
    assert vus == {True, False}


def test_a_repair_never_costs_more_than_undoing_the_gesture():
    probleme, main = herault()
    casses = 0
    for apres in gestes(probleme, main, 60, graine=2):
        trouvee = reparation(probleme, apres)
        if trouvee is None or not juge(probleme, replace(apres, plan=main.plan)).conforme:
            continue
        casses += 1
        assert cout(probleme, apres, trouvee.plan) <= cout(probleme, apres, main.plan)
    assert casses > 5


@pytest.mark.parametrize("graine", range(6))
def test_a_repair_leaves_the_breaches_of_before_alone_unless_they_bear_on_the_same(graine):
    """Today's presences break many rules: only what a gesture adds is mended, and none is added."""
    probleme = departement(40, 14, graine=graine)
    main = EnMain(tuple(sorted(probleme.presences_actuelles)), probleme.verrous)
    deja = juge(probleme, main).manquements
    for apres in gestes(probleme, main, 12, graine):
        nouveaux = [m for m in juge(probleme, apres).manquements if m not in deja]
        trouvee = reparation(probleme, apres, (), deja)
        if not nouveaux:
            assert trouvee is None
            continue
        restants = juge(probleme, replace(apres, plan=trouvee.plan)).manquements
        assert all(m in deja for m in restants)
        assert len(restants) == trouvee.nb_restants


def test_locks_that_clash_are_refused_with_what_each_way_out_costs():
    probleme, main = herault()
    poste = next(p for p in probleme.postes if not p.sans_secteur and p.capacite)
    p = probleme.postes.index(poste)
    proches = [
        s.site_id
        for i, s in enumerate(probleme.sites)
        if s.site_tete is None
        and s.besoin
        and (probleme.minutes[p][i] or 99) <= probleme.reglages.duree_trajet_max_min
    ][: poste.sites_max + 1]
    verrous = tuple(Verrou(poste.poste_id, s, "impose") for s in proches)
    with pytest.raises(AtlasError) as refus:
        reparation(probleme, EnMain(main.plan, verrous))
    assert "impossibles à tenir ensemble" in refus.value.quoi
    assert f"établissement pour le poste {poste.poste_id}" in refus.value.remede


def test_the_solver_keeps_the_locks_of_a_plan_in_hand_and_starts_from_it():
    """« Compléter »: every locked amount is found again, and the plan in hand is not worsened."""
    probleme, main = herault()
    moitie = {s.site_id for s in probleme.sites[::2]}
    main = ajustement.verrouiller_tout(probleme, main, "montant", moitie)
    resultat = resoudre(
        replace(probleme, verrous=main.verrous), duree_max_s=0.5, depart=list(main.plan)
    )
    gardees = presences(resultat.plan)
    for v in main.verrous:
        if v.nature == "montant":
            assert gardees[v.poste_id, v.site_id] == v.demi_journees_cycle
    apres = EnMain(resultat.plan, main.verrous)
    assert juge(probleme, apres).conforme
    tolerance = 1 + probleme.reglages.tolerance_manque
    assert (
        juge(probleme, apres).objectifs["manque"]
        <= juge(probleme, main).objectifs["manque"] * tolerance
    )
