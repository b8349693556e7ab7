"""Dilution computed by hand on four sites and two postes."""

import pytest

from pipelines.base import reference
from pipelines.scoring.dilution import SiteDilue, dilution, presence_utile

SITES = (
    SiteDilue("A", 600, True),
    SiteDilue("B", 400, True),
    SiteDilue("C", 900, False),
    SiteDilue("D", None, False),
)
AVANT = {("P1", "A"): 8, ("P2", "A"): 8, ("P2", "C"): 4}
# A falls from 16 to 3, B rises from 0 to 4, C stays weekly, D gets a fortnight
APRES = {("P1", "A"): 3, ("P1", "B"): 4, ("P2", "C"): 4, ("P1", "D"): 2}


def test_a_plan_by_hand():
    """Four sites served by 1,6 ETP, two of them under a half-day a week, one effectif unknown."""
    d = dilution(SITES, APRES, AVANT, etp=1.6)
    assert d.seuil == 4
    assert (d.nb_sites, d.nb_servis, d.nb_sous_seuil) == (4, 4, 2)
    assert d.part_sous_seuil == 0.5
    assert d.sites_par_etp == pytest.approx(2.5)
    assert d.eleves_par_etp == pytest.approx(1900 / 1.6)
    assert d.nb_effectifs_inconnus == 1
    assert d.sites_par_poste_moyen == 2.0
    assert d.sites_par_poste_max == 3
    assert d.prioritaires_gagnes == ("B",)
    assert d.prioritaires_perdus == ("A",)


def test_today_by_hand_wins_and_loses_nothing():
    """A shared by two postes counts once as a site, once for each poste; B and D have nobody."""
    d = dilution(SITES, AVANT, AVANT, etp=1.6)
    assert (d.nb_servis, d.nb_sous_seuil) == (2, 2)
    assert d.eleves_par_etp == pytest.approx(1500 / 1.6)
    assert d.nb_effectifs_inconnus == 0
    assert d.sites_par_poste_moyen == 1.5
    assert d.prioritaires_gagnes == d.prioritaires_perdus == ()


@pytest.mark.parametrize(("seuil", "sous"), [(1, 0), (2, 0), (3, 1), (4, 2), (5, 4)])
def test_the_threshold_moves_the_count_and_a_site_at_it_is_not_under_it(seuil, sous):
    assert dilution(SITES, APRES, AVANT, 1.6, seuil).nb_sous_seuil == sous


def test_a_site_is_won_or_lost_at_the_threshold_only():
    """From 16 to 3, A is lost at 4 half-days but not at 2."""
    assert dilution(SITES, APRES, AVANT, 1.6, 2).prioritaires_perdus == ()


def test_without_postes_ratios_are_unknown_and_not_zero():
    d = dilution(SITES, {}, {}, etp=0.0)
    assert d.sites_par_etp is None
    assert d.eleves_par_etp is None
    assert d.sites_par_poste_moyen is None
    assert d.nb_sous_seuil == 4


def test_without_sites_no_share_is_made_up():
    assert dilution((), {}, {}, etp=2.0).part_sous_seuil is None


def test_the_default_threshold_is_a_half_day_a_week():
    assert presence_utile() == reference.valeur("couverture", "hebdomadaire_demi_journees_cycle")
