"""What a poste can give, and the rhythm a presence makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.scoring.capacite import capacite
from pipelines.scoring.couverture import (
    Rythme,
    bornes_des_classes,
    classe_de_part,
    est_en_manque,
    rythme,
)


@pytest.mark.parametrize(
    ("quotite", "hors_secteur", "attendu"),
    [
        (1.0, 0.0, 34),  # 10 × 4 × 0,9 = 36, less a day of meetings
        (0.8, 0.0, 27),  # 28,8 − 1,6 = 27,2
        (0.5, 0.0, 17),  # 18 − 1 = 17: nothing is lost to binary fractions
        (0.9, 0.0, 30),  # 32,4 − 1,8 = 30,6, rounded down
        (1.0, 0.2, 26),  # 36 − 7,2 − 2 = 26,8
        (1.0, 0.5, 16),
        (0.5, 0.5, 0),  # all its time elsewhere: never less than nothing
    ],
)
def test_the_capacity_of_a_poste(quotite, hors_secteur, attendu):
    """Quotité × 10 half-days × 4 weeks × 0,9, less time elsewhere and meetings, rounded down."""
    assert capacite(quotite, hors_secteur).demi_journees_cycle == attendu


@given(st.integers(1, 100), st.integers(0, 100))
def test_a_poste_is_never_given_more_than_its_time(quotite, part):
    """For any quotité in hundredths: whole, not negative, within what the lines say."""
    etp, hors = quotite / 100, quotite * part / 10_000
    calcul = capacite(etp, hors)
    reste = calcul.brute - calcul.hors_secteur - calcul.reunions
    assert 0 <= calcul.demi_journees_cycle <= max(reste, 0) + 1e-6
    assert calcul.demi_journees_cycle > reste - 1


@pytest.mark.parametrize(
    ("demi_journees", "classe"),
    [
        (36, Rythme.HEBDOMADAIRE),
        (4, Rythme.HEBDOMADAIRE),
        (3, Rythme.QUINZAINE),
        (2, Rythme.QUINZAINE),
        (1, Rythme.MENSUELLE),
        (0, Rythme.PONCTUELLE),
    ],
)
def test_the_rhythm_of_a_presence(demi_journees, classe):
    """One half-day a week is weekly; none is on request, with a named référent poste."""
    assert rythme(demi_journees) is classe


def test_a_site_is_short_below_half_of_its_besoin():
    """At half it is not called short; one half-day below, it is."""
    assert est_en_manque(4, 10)
    assert not est_en_manque(5, 10)


@pytest.mark.parametrize(
    ("presence", "besoin", "classe"),
    [
        (0, 8, 0),
        (1, 8, 0),
        (2, 8, 1),
        (4, 8, 2),
        (5, 8, 2),
        (6, 8, 3),
        (8, 8, 3),
        (9, 8, 3),
        (0, 0, 3),
    ],
)
def test_the_class_of_a_share_changes_at_its_bounds_and_nothing_due_is_all_met(
    presence, besoin, classe
):
    """Quarters of the besoin: 25, 50 and 75 %."""
    assert bornes_des_classes() == [0.25, 0.5, 0.75]
    assert classe_de_part(presence, besoin) == classe
