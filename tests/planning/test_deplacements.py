"""What travel costs, summed by hand; an envelope of nothing, and one without end."""

import math
import random

import pytest

from pipelines.planning.deplacements import (
    PUISSANCES,
    Borne,
    deplacements,
    epuisement,
    indemnite_euros,
    ordre_d_arret,
    presences_perdues,
    total_euros,
)
from pipelines.planning.limitrophes import Lien

PROBLEME = {
    "postes": [{"poste_id": "P"}, {"poste_id": "Q"}],
    "sites": [
        {"site_id": "CHEZ", "poids": 6},
        {"site_id": "LOIN", "poids": 4},
        {"site_id": "VOISIN", "poids": 2},
        {"site_id": "PERDU", "poids": 1},
    ],
    "km": [[0.0, 40.0, 5.0, None], [10.0, 30.0, 5.0, 20.0]],
    "minutes": [[0, 45, 10, None], [15, 35, 10, 25]],
}
PLAN = [("P", "CHEZ", 8), ("P", "LOIN", 5), ("P", "VOISIN", 2), ("P", "PERDU", 1)]
LIENS = {
    ("P", "CHEZ"): Lien.MEME_COMMUNE,
    ("P", "LOIN"): Lien.AILLEURS,
    ("P", "VOISIN"): Lien.LIMITROPHE_INCONNUE,
    ("P", "PERDU"): Lien.AILLEURS,
}


@pytest.fixture(scope="module")
def trajets():
    return deplacements(PROBLEME, PLAN, LIENS)


def test_a_trip_is_a_round_trip_each_day_begun(trajets):
    """5 half-days of a cycle are 3 days: 3 × 2 × 40 km in 4 weeks, 60 a week, 2 160 in 36 weeks."""
    loin = trajets[1]
    assert loin.allers_retours_cycle == 3
    assert loin.par_semaine(loin.km) == 60
    assert loin.par_an(loin.km) == 2160
    assert loin.par_semaine(loin.minutes) == pytest.approx(67.5)


def test_the_budget_is_the_sum_done_by_hand_in_both_bounds(trajets):
    """LOIN: 2 000 km at 0,32 and 160 at 0,40 = 704 €. VOISIN adds 90 km, at 0,40 too: 36 €."""
    assert total_euros(trajets, 5, Borne.BASSE) == 704.0
    assert total_euros(trajets, 5, Borne.HAUTE) == 740.0
    # 6 and 7 CV: 2 000 × 0,41 + 160 × 0,51; 8 CV: 2 000 × 0,45 + 160 × 0,55
    assert total_euros(trajets, 7, Borne.BASSE) == 901.6
    assert total_euros(trajets, 8, Borne.BASSE) == 988.0


@pytest.mark.parametrize(
    ("km", "euros"),
    [(0, 0), (1, 0.32), (2000, 640), (2001, 640.4), (10_000, 3840), (12_000, 4300)],
)
def test_the_kilometres_of_a_year_are_paid_bracket_after_bracket(km, euros):
    """Arrêté of 3 July 2006 as amended from 2022: 0,32, then 0,40, then 0,23 beyond 10 000 km."""
    assert indemnite_euros(km, 5) == pytest.approx(euros)


def test_a_stronger_car_and_a_longer_road_never_bring_less():
    for km in range(0, 15_000, 250):
        montants = [indemnite_euros(km, cv) for cv in PUISSANCES]
        assert montants == sorted(montants)
        assert indemnite_euros(km, 5) <= indemnite_euros(km + 250, 5)


def test_the_commune_of_the_residence_and_a_served_neighbour_are_never_paid():
    for lien in (Lien.MEME_COMMUNE, Lien.LIMITROPHE_DESSERVIE):
        [trajet] = deplacements(PROBLEME, [("Q", "LOIN", 4)], {("Q", "LOIN"): lien})
        assert not trajet.est_paye(Borne.BASSE)
        assert not trajet.est_paye(Borne.HAUTE)
    [paye] = deplacements(
        PROBLEME, [("Q", "LOIN", 4)], {("Q", "LOIN"): Lien.LIMITROPHE_NON_DESSERVIE}
    )
    assert paye.est_paye(Borne.BASSE)


def test_an_unknown_length_is_in_no_budget_and_an_unknown_commune_in_the_high_one_alone(trajets):
    perdu = trajets[3]
    assert perdu.lien == Lien.AILLEURS
    assert not perdu.est_paye(Borne.HAUTE)
    [flou] = deplacements(PROBLEME, [("Q", "LOIN", 4)], {("Q", "LOIN"): Lien.VOISINAGE_INCONNU})
    assert (flou.est_paye(Borne.BASSE), flou.est_paye(Borne.HAUTE)) == (False, True)


def test_an_endless_envelope_stops_nothing_and_an_empty_one_every_paid_trip(trajets):
    assert epuisement(trajets, 5, Borne.HAUTE, math.inf) == []
    assert epuisement(trajets, 5, Borne.HAUTE, 740.0) == []
    arrets = epuisement(trajets, 5, Borne.HAUTE, 0)
    assert [a.deplacement.site_id for a in arrets] == ["VOISIN", "LOIN"]
    assert arrets[-1].reste_euros == 0
    assert presences_perdues(arrets) == {"VOISIN": 2, "LOIN": 5}
    assert presences_perdues([]) == {}


def test_the_site_of_least_weight_is_uncovered_first_and_no_more_than_needed(trajets):
    """739 € for 740: VOISIN (weight 2) stops, LOIN (weight 4) goes on."""
    [arret] = epuisement(trajets, 5, Borne.HAUTE, 739)
    assert arret.deplacement.site_id == "VOISIN"
    assert (arret.economie_euros, arret.reste_euros) == (36.0, 704.0)


def test_at_equal_weight_the_most_kilometres_for_a_half_day_stop_first():
    liens = {(p, "LOIN"): Lien.AILLEURS for p in "PQ"}
    trajets = deplacements(PROBLEME, [("Q", "LOIN", 4), ("P", "LOIN", 4)], liens)
    assert [t.poste_id for t in ordre_d_arret(trajets, Borne.HAUTE)] == ["P", "Q"]


def test_whatever_the_envelope_what_is_left_fits_and_a_larger_one_stops_no_more():
    """Over 30 random plans: the savings add up, the rest fits, the low bound stops no more trips
    than the high one when the amounts are the same.
    """
    for graine in range(30):
        tirage = random.Random(graine)
        probleme = {
            "postes": [{"poste_id": f"P{p}"} for p in range(4)],
            "sites": [{"site_id": f"S{s}", "poids": tirage.randint(1, 6)} for s in range(9)],
            "km": [[round(tirage.uniform(1, 60), 1) for _ in range(9)] for _ in range(4)],
            "minutes": [[10] * 9 for _ in range(4)],
        }
        plan = [(f"P{s % 4}", f"S{s}", tirage.randint(1, 20)) for s in range(9)]
        liens = {(p, s): tirage.choice(list(Lien)) for p, s, _ in plan}
        trajets = deplacements(probleme, plan, liens)
        for borne in Borne:
            total = total_euros(trajets, 5, borne)
            avant = math.inf
            for part in (0, 0.2, 0.5, 0.9, 1):
                arrets = epuisement(trajets, 5, borne, total * part)
                economies = sum(a.economie_euros for a in arrets)
                reste = arrets[-1].reste_euros if arrets else total
                assert total - economies == pytest.approx(reste, abs=0.01)
                assert reste <= total * part + 1e-9
                assert len(arrets) <= avant
                avant = len(arrets)
        assert total_euros(trajets, 5, Borne.BASSE) <= total_euros(trajets, 5, Borne.HAUTE)
