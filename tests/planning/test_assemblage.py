"""From the warehouse to the problem: what the hypotheses change, and what they never do."""

from pathlib import Path

import pytest

from pipelines.marts import entrepot
from pipelines.planning.assemblage import (
    Hypotheses,
    assembler,
    garder_les_residences,
    presences_a_garder,
)
from pipelines.planning.probleme import Poste, Presence, Site
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
