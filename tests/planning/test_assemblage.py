"""From the warehouse to the problem: what the hypotheses change, and what they never do."""

from pathlib import Path

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot
from pipelines.planning.assemblage import (
    Hypotheses,
    assembler,
    exiger_categories,
    garder_les_residences,
    presences_a_garder,
    sites_max,
)
from pipelines.planning.explication import pourquoi, pourquoi_pas
from pipelines.planning.probleme import Poste, Presence, Site
from pipelines.planning.reprise import qui_peut_prendre
from pipelines.planning.solveur import resoudre
from pipelines.scoring.bareme import bareme
from pipelines.scoring.doctrine import doctrine, poids_de_garde
from pipelines.scoring.moyens import moyens


def site(site_id: str, **autres) -> Site:
    valeurs = {"nature": "etablissement", "besoin": 12, "poids": 1, "postes_max": 1, **autres}
    return Site(
        site_id=site_id,
        nom=site_id,
        categories=(),
        bassin=None,
        latitude=None,
        longitude=None,
        **valeurs,
    )


def poste(poste_id: str, **autres) -> Poste:
    valeurs = {"capacite": 30, "sans_secteur": False, **autres}
    return Poste(
        poste_id=poste_id,
        quotite=1.0,
        statut="occupe",
        sites_max=3,
        residence_uai="R",
        latitude=None,
        longitude=None,
        bassin=None,
        **valeurs,
    )


def test_the_poste_most_present_at_a_shared_residence_is_the_one_that_stays():
    presences = (Presence("A", "S", 4), Presence("B", "S", 10))
    verrous = garder_les_residences(
        (site("S"),), (poste("A"), poste("B")), presences, {"A": "S", "B": "S"}
    )
    assert [(v.poste_id, v.nature) for v in verrous] == [("B", "impose")]


def test_a_poste_is_not_held_where_it_does_not_work_today_nor_without_time():
    presences = (Presence("A", "T", 4), Presence("B", "S", 4))
    verrous = garder_les_residences(
        (site("S"), site("T")),
        (poste("A"), poste("B", capacite=0)),
        presences,
        {"A": "S", "B": "S"},
    )
    assert verrous == ()


@pytest.mark.reel
def test_every_site_of_the_departement_is_in_the_problem_with_its_besoin(entrepot_reel: Path):
    with entrepot.ouvrir(entrepot_reel) as connexion:
        probleme = assembler(connexion, "034", Hypotheses(), 1)
    assert len(probleme.sites) == 125
    assert all(s.besoin in probleme.reglages.niveaux for s in probleme.sites)
    tetes = {s.site_id for s in probleme.sites if s.nature == "etablissement"}
    reseaux = [s for s in probleme.sites if s.nature == "ecoles_rep_plus"]
    assert len(reseaux) == 7
    assert all(s.site_tete in tetes for s in reseaux)
    assert probleme.est_simule


@pytest.mark.reel
def test_leaving_vacant_posts_out_removes_exactly_them(entrepot_reel: Path):
    with entrepot.ouvrir(entrepot_reel) as connexion:
        tous = assembler(connexion, "034", Hypotheses(), 1)
        sans = assembler(connexion, "034", Hypotheses(compter_postes_vacants=False), 1)
    vacants = {p.poste_id for p in tous.postes if p.statut == "vacant"}
    assert vacants
    assert {p.poste_id for p in tous.postes} - {p.poste_id for p in sans.postes} == vacants


@pytest.mark.reel
def test_the_transition_rule_keeps_a_besoin_near_today_and_is_written_only_when_on(entrepot_reel):
    """Off by default: the problem says nothing of it; on, no besoin is more than 2 under today."""
    with entrepot.ouvrir(entrepot_reel) as connexion:
        sans = assembler(connexion, "034", Hypotheses(), graine=1)
        avec = assembler(connexion, "034", Hypotheses(perte_max=2), graine=1)
    assert "perte_max" not in sans.hypotheses
    assert avec.hypotheses["perte_max"] == 2
    aujourd_hui = {}
    for presence in avec.presences_actuelles:
        total = aujourd_hui.get(presence.site_id, 0) + presence.demi_journees_cycle
        aujourd_hui[presence.site_id] = total
    plafond = bareme("national_2017").bornes["plafond"]
    for avant, apres in zip(sans.sites, avec.sites, strict=True):
        plancher = min(aujourd_hui.get(apres.site_id, 0) - 2, plafond)
        assert apres.besoin >= max(avant.besoin, plancher)
        assert apres.besoin == avant.besoin or avant.besoin < plancher
    assert any(a.besoin != b.besoin for a, b in zip(sans.sites, avec.sites, strict=True))


@pytest.mark.reel
def test_the_transition_rule_binds_the_plan_by_a_floor_that_comes_first(entrepot_reel):
    """Today less 2 half-days, never above the besoin; off, the floors are the doctrine's alone."""
    principe = doctrine("hybride")
    with entrepot.ouvrir(entrepot_reel) as connexion:
        sans = assembler(connexion, "034", Hypotheses(doctrine="hybride"), graine=1)
        avec = assembler(connexion, "034", Hypotheses(doctrine="hybride", perte_max=2), graine=1)
    gardes = presences_a_garder(avec.presences_actuelles, 2)
    assert presences_a_garder(avec.presences_actuelles, None) == {}
    tenus = 0
    for avant, apres in zip(sans.sites, avec.sites, strict=True):
        garde = gardes.get(apres.site_id, 0)
        assert avant.poids_plancher == principe.poids_plancher
        if garde > 0:
            tenus += 1
            assert apres.plancher >= min(garde, apres.besoin)
            assert apres.poids_plancher == poids_de_garde(principe)
        else:
            assert (apres.plancher, apres.poids_plancher) == (avant.plancher, avant.poids_plancher)
    assert tenus > 20


@pytest.mark.reel
def test_the_means_shown_are_those_the_plan_shares_out(entrepot_reel):
    """« Moyens » of the page Besoins and the capacity of a proposal: one number."""
    with entrepot.ouvrir(entrepot_reel) as connexion:
        probleme = assembler(connexion, "034", Hypotheses(), graine=1)
        montres = moyens(connexion)["034"]
        sans = assembler(connexion, "034", Hypotheses(compter_postes_vacants=False), graine=1)
    donnables = sum(p.capacite for p in probleme.postes if not p.sans_secteur)
    assert montres.demi_journees == donnables
    assert donnables - montres.vacantes == sum(
        p.capacite for p in sans.postes if not p.sans_secteur
    )


def test_the_limit_of_a_category_replaces_the_general_one_and_the_least_holds():
    hypotheses = Hypotheses(
        sites_par_poste_max=3, sites_max_par_categorie={"college_rep_plus": 1, "erea": 5}
    )
    assert sites_max(hypotheses, ()) == 3
    assert sites_max(hypotheses, ("college_segpa",)) == 3
    assert sites_max(hypotheses, ("erea",)) == 5
    assert sites_max(hypotheses, ("erea", "college_rep_plus")) == 1


@pytest.mark.parametrize(
    ("limites", "mots"),
    [({"zep": 1}, "« zep » inconnue"), ({"college_rep_plus": 0}, "au plus pour la catégorie")],
)
def test_a_limit_by_category_out_of_its_domain_is_refused_in_french(limites, mots):
    with pytest.raises(AtlasError) as refus:
        exiger_categories(Hypotheses(sites_max_par_categorie=limites), ["college_rep_plus"])
    assert mots in refus.value.message().replace("\u202f", " ")


@pytest.mark.reel
def test_a_poste_in_rep_plus_is_single_site_when_asked_and_no_other_changes(entrepot_reel):
    """It binds exactly the postes whose résidence is a collège REP+, and the plan keeps it."""
    choix = Hypotheses(sites_max_par_categorie={"college_rep_plus": 1})
    with entrepot.ouvrir(entrepot_reel) as connexion:
        sans = assembler(connexion, "034", Hypotheses(), graine=1)
        avec = assembler(connexion, "034", choix, graine=1)
    rep_plus = {s.site_id for s in avec.sites if "college_rep_plus" in s.categories}
    attendus = {p.poste_id for p in avec.postes if p.residence_uai in rep_plus}
    assert attendus
    for avant, apres in zip(sans.postes, avec.postes, strict=True):
        assert apres.sites_max == (1 if apres.poste_id in attendus else avant.sites_max)
    assert avec.hypotheses["sites_max_par_categorie"] == "college_rep_plus=1"
    assert "sites_max_par_categorie" not in sans.hypotheses
    plan = resoudre(avec, duree_max_s=2).plan
    for poste_id in attendus:
        assert sum(x.poste_id == poste_id for x in plan) <= 1


def test_whole_presence_holds_no_poste_where_its_time_is_under_the_besoin():
    """Its résidence needs 12: 10 half-days can't be the whole of it, 12 can."""
    presences = (Presence("A", "S", 4), Presence("B", "T", 4))
    verrous = garder_les_residences(
        (site("S"), site("T")),
        (poste("A", capacite=10), poste("B", capacite=12)),
        presences,
        {"A": "S", "B": "T"},
        entiere=True,
    )
    assert [v.poste_id for v in verrous] == ["B"]


@pytest.mark.reel
def test_whole_presence_gives_all_the_besoin_or_nothing_and_every_answer_keeps_to_it(entrepot_reel):
    with entrepot.ouvrir(entrepot_reel) as connexion:
        probleme = assembler(connexion, "034", Hypotheses(presence_entiere=True), graine=1)
    plan = resoudre(probleme, duree_max_s=2).plan
    besoins = {s.site_id: s.besoin for s in probleme.sites}
    assert plan
    assert all(x.demi_journees_cycle == besoins[x.site_id] for x in plan)
    servis = {x.site_id for x in plan}
    vide = next(s for s in probleme.sites if s.besoin > 4 and s.site_id not in servis)
    assert pourquoi_pas(probleme, plan, vide.site_id, 4).cible == vide.besoin
    for reprise in qui_peut_prendre(probleme, plan, vide.site_id, demi_journees_cycle=4):
        assert reprise.demi_journees_cycle == vide.besoin
    for x in plan[:3]:
        moins = pourquoi(probleme, plan, x.poste_id, x.site_id).moins
        for m in () if moins is None else moins.mouvements:
            assert m.apres in (0, besoins[m.site_id])
