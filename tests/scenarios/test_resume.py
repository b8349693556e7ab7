"""Before and after, counted by hand on four sites and three postes."""

from dataclasses import replace

import pytest

from pipelines.planning.probleme import Poste, Presence, Probleme, Reglages, Site
from pipelines.scenarios import resume


def site(site_id, besoin, categories=(), poids=1):
    return Site(
        site_id, f"Site {site_id}", "etablissement", besoin, poids, 2, categories, None, None, None
    )


def poste(poste_id, capacite, sans_secteur=False, statut="occupe"):
    return Poste(poste_id, 1.0, statut, capacite, 3, "S1", None, None, None, sans_secteur)


@pytest.fixture
def probleme():
    """A collège REP+ which is also a SEGPA (16), a collège SEGPA (8), a lycée (6), a college (4).

    Today: P1 gives 8 to A and 1 to D; P2 gives 10 to B, two more than it asks for. P3, without a
    sector, and P4, vacant, are the nearest to C.
    """
    return Probleme(
        departement="999",
        graine=1,
        empreinte_donnees="petit",
        est_simule=True,
        reglages=Reglages(
            niveaux=(0, 1, 2, 4, 6, 8),
            duree_trajet_max_min=45,
            tolerance_manque=0.0,
            tolerance_changements=0.0,
            echelle_manque=100,
        ),
        sites=(
            site("A", 16, ("college_rep_plus", "college_segpa"), 4),
            site("B", 8, ("college_segpa",), 2),
            site("C", 6),
            site("D", 4),
        ),
        postes=(
            poste("P1", 16),
            poste("P2", 8),
            poste("P3", 8, sans_secteur=True),
            poste("P4", 8, statut="vacant"),
        ),
        minutes=((10, 20, 30, 40), (15, 5, 25, None), (1, 1, 1, 1), (2, 2, 2, 2)),
        km=((None,) * 4,) * 4,
        presences_actuelles=(
            Presence("P1", "A", 8),
            Presence("P1", "D", 1),
            Presence("P2", "B", 10),
        ),
        hypotheses={"bareme": "national_2017"},
    )


PLAN = (
    Presence("P1", "A", 8),
    Presence("P2", "A", 4),
    Presence("P2", "B", 2),
)


@pytest.fixture
def lignes(probleme):
    """The records of `par_categorie`, by category."""
    avant = resume.couvertures(probleme, probleme.presences_actuelles)
    apres = resume.couvertures(probleme, PLAN)
    return {c["categorie"]: c for c in resume.par_categorie(probleme, avant, apres)}


def test_coverage_adds_the_postes_of_a_site_and_keeps_the_zeros(probleme):
    assert resume.couvertures(probleme, PLAN) == {"A": 12, "B": 2, "C": 0, "D": 0}


def test_a_site_counts_in_each_of_its_categories_and_once_in_all_sites(lignes):
    assert {code: c["nb_sites"] for code, c in lignes.items()} == {
        "college_rep_plus": 1,
        "college_segpa": 2,
        "sans_categorie": 2,
        "ensemble": 4,
    }


def test_shares_gains_and_losses_of_all_sites_together(lignes):
    """34 asked for; 19 given today, 2 of them too many at B; 14 in the plan. A gains; B, D lose."""
    ensemble = lignes["ensemble"]
    assert ensemble["besoin_demi_journees_cycle"] == 34
    assert ensemble["avant"]["demi_journees_cycle"] == 19
    assert ensemble["avant"]["au_dela_du_besoin_demi_journees_cycle"] == 2
    assert ensemble["avant"]["part_besoin"] == 0.5
    assert ensemble["apres"]["demi_journees_cycle"] == 14
    assert ensemble["apres"]["part_besoin"] == round(14 / 34, 4)
    assert (ensemble["nb_gagnants"], ensemble["nb_perdants"]) == (1, 2)


def test_rhythms_before_and_after(lignes):
    """Weekly from 4 half-days a cycle, fortnightly from 2, monthly from 1."""
    avant, apres = lignes["ensemble"]["avant"], lignes["ensemble"]["apres"]
    rythmes = ("hebdomadaire", "quinzaine", "mensuelle", "ponctuelle")
    assert [avant[r] for r in rythmes] == [2, 0, 1, 1]
    assert [apres[r] for r in rythmes] == [1, 1, 0, 2]
    segpa = lignes["college_segpa"]
    assert (segpa["nb_gagnants"], segpa["nb_perdants"]) == (1, 1)
    assert [segpa["apres"][r] for r in rythmes] == [1, 1, 0, 0]


def test_the_referent_is_the_nearest_poste_that_has_a_sector_and_a_known_way(probleme):
    """P3 has no sector and nobody is in P4; the way from P2 to D is unknown."""
    sans = resume.sans_presence(probleme, resume.couvertures(probleme, PLAN), PLAN)
    assert [(s["site_id"], s["referent_poste_id"], s["referent_trajet_min"]) for s in sans] == [
        ("C", "P2", 25),
        ("D", "P1", 40),
    ]


def test_changes_name_every_presence_that_differs_and_no_other(probleme):
    assert [tuple(c.values()) for c in resume.changements(probleme, PLAN)] == [
        ("P1", "D", 1, 0),
        ("P2", "A", 0, 4),
        ("P2", "B", 10, 2),
    ]


def test_a_plan_equal_to_today_changes_nothing(probleme):
    assert resume.changements(probleme, probleme.presences_actuelles) == []


def test_each_poste_with_a_sector_shows_its_time_given_and_left(probleme):
    """P1: 8 of 16 at A. P2: 6 of 8, 15 minutes at the longest. P4, vacant: nothing yet."""
    charges = resume.charges(probleme, PLAN)
    assert [
        (
            c["poste_id"],
            c["donnees_demi_journees_cycle"],
            c["libres_demi_journees_cycle"],
            c["nb_sites"],
            c["trajet_max_min"],
        )
        for c in charges
    ] == [("P1", 8, 8, 1, 10), ("P2", 6, 2, 2, 15), ("P4", 0, 8, 0, None)]


def test_a_site_one_rule_cannot_tell_is_counted_as_unknown_not_as_outside(probleme):
    """C, its only doubt a missing number, moves from « hors catégorie » to « inconnue »."""
    doute = replace(probleme.sites[2], categories_inconnues=("college_rural_defavorise",))
    probleme = replace(probleme, sites=(*probleme.sites[:2], doute, probleme.sites[3]))
    vide = resume.couvertures(probleme, ())
    nombres = {c["categorie"]: c["nb_sites"] for c in resume.par_categorie(probleme, vide, vide)}
    assert nombres["categorie_inconnue"] == 1
    assert nombres["sans_categorie"] == 1


def test_the_transition_rule_is_accounted_for_site_by_site(probleme):
    """At most 2 half-days less. A keeps 8 of 6; B had 10 of which 8 were to keep: its besoin."""
    avec = replace(probleme, hypotheses={"bareme": "national_2017", "perte_max": 2})
    avant = resume.couvertures(avec, avec.presences_actuelles)
    apres = resume.couvertures(avec, PLAN)
    bilan = resume.transition(avec, avant, apres)
    # D, with 1 today, has nothing to keep
    assert bilan["nb_sites_concernes"] == 2
    [b] = bilan["sites_non_tenus"]
    assert (b["site_id"], b["avant_demi_journees_cycle"], b["a_garder_demi_journees_cycle"]) == (
        "B",
        10,
        8,
    )
    assert (b["apres_demi_journees_cycle"], b["raison"]) == (2, "moyens")
    plus_bas = replace(avec, sites=(avec.sites[0], site("B", 6), *avec.sites[2:]))
    [b] = resume.transition(plus_bas, avant, apres)["sites_non_tenus"]
    assert b["raison"] == "besoin"
    assert resume.transition(probleme, avant, apres) is None


@pytest.mark.parametrize(
    ("capacites", "sites_max", "poids", "trajet", "raison"),
    [
        ((16, 8, 0, 0), 3, 1, 45, "autre"),
        ((8, 6, 0, 0), 3, 1, 45, "priorite"),
        ((8, 6, 0, 0), 3, 3, 45, "temps"),
        ((8, 8, 0, 0), 2, 1, 45, "sites"),
        ((16, 8, 0, 0), 3, 1, 24, "portee"),
    ],
)
def test_a_site_without_presence_is_told_why(probleme, capacites, sites_max, poids, trajet, raison):
    """C (P1 at 30 min, P2 at 25): out of reach; no place; all time given, to what weighs more."""
    change = replace(
        probleme,
        reglages=replace(probleme.reglages, duree_trajet_max_min=trajet),
        postes=tuple(
            replace(p, capacite=n, sites_max=sites_max)
            for p, n in zip(probleme.postes, capacites, strict=True)
        ),
        sites=tuple(replace(s, poids=poids) if s.site_id == "C" else s for s in probleme.sites),
    )
    sans = resume.sans_presence(change, resume.couvertures(change, PLAN), PLAN)
    assert next(s["raison"] for s in sans if s["site_id"] == "C") == raison
