"""Equity against values worked out by hand, and the properties that define each measure."""

import itertools
import math
import random
from fractions import Fraction

import pytest

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.scoring import equite as module
from pipelines.scoring.equite import SiteMesure, equite, leximin, part_recue


def sites(*besoins, effectifs=None, bassins=None):
    effectifs = effectifs or [10 * b for b in besoins]
    bassins = bassins or ["Est"] * len(besoins)
    return [
        SiteMesure(f"S{i}", b, e, z, ())
        for i, (b, e, z) in enumerate(zip(besoins, effectifs, bassins, strict=True))
    ]


def presences(*valeurs):
    return {f"S{i}": n for i, n in enumerate(valeurs)}


def gini_a_la_main(poids, donnees):
    """Half the mean absolute difference between weighted pupils, over their mean."""
    x = [d / p for p, d in zip(poids, donnees, strict=True)]
    ecarts = sum(
        pi * pj * abs(xi - xj)
        for pi, xi in zip(poids, x, strict=True)
        for pj, xj in zip(poids, x, strict=True)
    )
    return ecarts / (2 * sum(poids) * sum(donnees))


def theil_a_la_main(poids, donnees):
    """Sum over sites of its share of presence × ln(share of presence / share of pupils)."""
    n, d = sum(poids), sum(donnees)
    return sum(
        di / d * math.log((di / d) / (pi / n)) for pi, di in zip(poids, donnees, strict=True) if di
    )


def au_hasard(graine):
    tirage = random.Random(graine)
    besoins = [tirage.randint(1, 30) for _ in range(12)]
    donnees = [tirage.choice((0, 0, 1, 2, 4, 8, 12)) for _ in besoins]
    donnees[0] = 4
    bassins = [tirage.choice(("Est", "Ouest", None)) for _ in besoins]
    return besoins, donnees, bassins


def test_two_equal_sites_one_of_which_has_all_have_a_gini_of_a_half_and_a_theil_of_ln_2():
    mesure = equite(sites(4, 4), presences(0, 4))
    assert mesure.gini == pytest.approx(0.5)
    assert mesure.theil == pytest.approx(math.log(2))


def test_four_weighted_pupils_of_which_one_has_half_the_presence_worked_out_by_hand():
    """Besoins 3 and 1, one half-day each: Gini 1/4, Theil ½ ln(2/3) + ½ ln 2."""
    mesure = equite(sites(3, 1), presences(1, 1))
    assert mesure.gini == pytest.approx(0.25)
    assert mesure.theil == pytest.approx(0.5 * math.log(2 / 3) + 0.5 * math.log(2))
    assert mesure.lorenz == ((0.0, 0.0), (0.75, 0.5), (1.0, 1.0))


def test_presence_in_proportion_to_the_besoin_is_no_inequality_at_all():
    mesure = equite(sites(3, 6, 12, bassins=["Est", "Ouest", None]), presences(1, 2, 4))
    assert mesure.gini == pytest.approx(0, abs=1e-12)
    assert mesure.theil == pytest.approx(0, abs=1e-12)
    assert mesure.theil_entre == pytest.approx(0, abs=1e-12)
    assert all(x == pytest.approx(y) for x, y in mesure.lorenz)


@pytest.mark.parametrize("graine", range(20))
def test_gini_and_theil_are_those_of_their_definitions(graine):
    besoins, donnees, bassins = au_hasard(graine)
    mesure = equite(sites(*besoins, bassins=bassins), presences(*donnees))
    assert mesure.gini == pytest.approx(gini_a_la_main(besoins, donnees))
    assert mesure.theil == pytest.approx(theil_a_la_main(besoins, donnees))


@pytest.mark.parametrize("graine", range(20))
def test_the_gini_is_twice_the_area_between_the_lorenz_curve_and_its_diagonal(graine):
    besoins, donnees, _ = au_hasard(graine)
    mesure = equite(sites(*besoins), presences(*donnees))
    courbe = mesure.lorenz
    aire = sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in itertools.pairwise(courbe))
    assert mesure.gini == pytest.approx(1 - 2 * aire)
    pentes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in itertools.pairwise(courbe)]
    assert all(b >= a - 1e-9 for a, b in itertools.pairwise(pentes))


@pytest.mark.parametrize("graine", range(20))
def test_theil_is_what_is_between_bassins_plus_what_is_within_them(graine):
    besoins, donnees, bassins = au_hasard(graine)
    mesure = equite(sites(*besoins, bassins=bassins), presences(*donnees))
    assert mesure.theil == pytest.approx(mesure.theil_entre + mesure.theil_dans)
    groupes = sorted({b or "?" for b in bassins})
    rangs = {g: [i for i, b in enumerate(bassins) if (b or "?") == g] for g in groupes}
    entre = theil_a_la_main(
        [sum(besoins[i] for i in r) for r in rangs.values()],
        [sum(donnees[i] for i in r) for r in rangs.values()],
    )
    assert mesure.theil_entre == pytest.approx(entre)


@pytest.mark.parametrize("facteur", [2, 7])
def test_the_measures_do_not_change_when_every_presence_is_multiplied(facteur):
    besoins, donnees, bassins = au_hasard(3)
    une = equite(sites(*besoins, bassins=bassins), presences(*donnees))
    autre = equite(sites(*besoins, bassins=bassins), presences(*(facteur * d for d in donnees)))
    for nom in ("gini", "theil", "theil_entre", "theil_dans"):
        assert getattr(autre, nom) == pytest.approx(getattr(une, nom))


def test_without_any_presence_nothing_is_measured_and_nothing_is_made_up():
    mesure = equite(sites(4, 8), {})
    assert (mesure.gini, mesure.theil, mesure.lorenz) == (None, None, ())
    assert mesure.demi_journees_pour_100 == 0
    assert mesure.couvertures == (Fraction(0), Fraction(0))


def test_without_any_site_there_is_no_measure():
    mesure = equite([], {})
    assert mesure.gini is None
    assert mesure.demi_journees_pour_100 is None


def test_a_single_bassin_has_nothing_between_bassins():
    mesure = equite(sites(4, 8), presences(4, 1))
    assert mesure.theil_entre == pytest.approx(0, abs=1e-12)
    assert mesure.theil_dans == pytest.approx(mesure.theil)


def test_a_bassin_without_presence_counts_between_bassins():
    """All the presence in half the pupils: ln 2, all of it between bassins."""
    mesure = equite(sites(4, 4, bassins=["Est", "Ouest"]), presences(4, 0))
    assert mesure.theil_entre == pytest.approx(math.log(2))
    assert mesure.theil_dans == pytest.approx(0, abs=1e-12)


def test_weighted_pupils_are_the_besoin_brought_back_to_the_pupils_of_the_departement():
    """600 pupils for 12 half-days of besoin: 50 a half-day; 6 half-days given are 1 for 100."""
    mesure = equite(sites(8, 4, effectifs=[500, 100]), presences(6, 0))
    assert mesure.demi_journees_pour_100 == pytest.approx(1.0)


def test_a_site_of_unknown_pupils_weighs_by_its_besoin_and_nothing_without_weighting():
    lieux = sites(8, 4, effectifs=[400, None])
    assert equite(lieux, presences(4, 2), "besoin").nb_sans_poids == 0
    sans = equite(lieux, presences(4, 2), "effectif")
    assert sans.nb_sans_poids == 1
    assert sans.demi_journees_pour_100 == pytest.approx(1.0)


def test_the_minimum_of_a_category_is_its_site_served_least_for_its_besoin():
    lieux = [
        SiteMesure("A", 8, 400, None, ("rep",)),
        SiteMesure("B", 4, 400, None, ("rep", "segpa")),
        SiteMesure("C", 0, 400, None, ("rep",)),
    ]
    minimums = equite(lieux, {"A": 2, "B": 3, "C": 0}).minimums
    assert minimums["rep"] == module.Minimum("A", Fraction(1, 4))
    assert minimums["segpa"] == module.Minimum("B", Fraction(3, 4))


def test_leximin_looks_at_the_least_served_first_whatever_the_total():
    """0, 1, 1 gives more in all than ¼, ¼, ¼, and is worse."""
    avec_un_oublie = equite(sites(4, 4, 4), presences(0, 4, 4)).couvertures
    egal = equite(sites(4, 4, 4), presences(1, 1, 1)).couvertures
    assert leximin(egal, avec_un_oublie) == (1, 0)
    assert leximin(avec_un_oublie, egal) == (-1, 0)
    assert leximin(egal, egal) == (0, None)


def test_leximin_goes_on_to_the_next_site_when_the_least_served_are_equal():
    a = equite(sites(4, 4, 4), presences(1, 2, 4)).couvertures
    b = equite(sites(4, 4, 4), presences(4, 1, 3)).couvertures
    assert leximin(a, b) == (-1, 1)


def test_nothing_given_beyond_a_besoin_makes_a_site_better_served():
    assert equite(sites(4), presences(9)).couvertures == (Fraction(1),)


def test_the_share_the_least_served_get_is_read_on_the_curve():
    courbe = equite(sites(3, 1), presences(1, 1)).lorenz
    assert part_recue(courbe, 0.75) == pytest.approx(0.5)
    assert part_recue(courbe, 0.375) == pytest.approx(0.25)
    assert part_recue(courbe, 1) == pytest.approx(1)


def test_a_weighting_the_reference_file_does_not_know_is_refused(monkeypatch):
    monkeypatch.setattr(reference, "valeur", lambda fichier, nom: "au doigt mouillé")
    with pytest.raises(AtlasError, match="inconnue"):
        module.ponderation()
