"""The expected besoin: learnt from numbers alone, repeatable, measured, and silent when it must."""

import numpy as np
import pandas as pd
import pytest

from pipelines.base import reference
from pipelines.marts import entrepot
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.profils import (
    ARBRES,
    FACTEURS,
    LINEAIRE,
    MOYENNE,
    _hors_echantillon,
    facteurs,
    profils,
)


def academie(nombre=120, graine=3, **autres):
    """`nombre` collèges, a fifth of them labelled for their low IPS; besoin follows the label."""
    alea = np.random.default_rng(graine)
    ips = alea.uniform(70, 130, nombre).round(1)
    cadre = pd.DataFrame(
        {
            "site_id": [f"S{i:03}" for i in range(nombre)],
            "nature": "etablissement",
            "type": "COLLEGE",
            "commune_code": [f"C{i // 2:03}" for i in range(nombre)],
            "ips": ips,
            "effectif": alea.integers(200, 800, nombre),
            "eleves_segpa": 0,
            "eleves_ulis": 0,
            "eloignement_km": alea.uniform(0, 20, nombre).round(1),
            "densite": alea.integers(1, 8, nombre),
            "segpa": False,
            "ulis": False,
            "besoin": np.where(ips < 85, 20, 8),
            "categories": [("rep",) if i < 85 else () for i in ips],
        }
    )
    return cadre.assign(**autres).astype(dict.fromkeys(("segpa", "ulis"), object))


def test_a_college_left_without_the_label_its_ips_calls_for_is_to_examine_and_only_it():
    """IPS 74 among labelled ones from 70 to 85, the label withheld by hand."""
    sites = academie()
    oublie = (sites["ips"] - 76).abs().idxmin()
    sites.loc[oublie, "besoin"] = 8
    sites.at[oublie, "categories"] = ()
    resultat = profils(sites)
    [trouve] = resultat.sites[resultat.sites["est_a_examiner"]].to_dict("records")
    assert trouve["site_id"] == sites.loc[oublie, "site_id"]
    assert trouve["attendu"] > 8 + resultat.seuil
    voisins = resultat.voisins[resultat.voisins["site_id"] == trouve["site_id"]]
    avec_label = set(resultat.sites.loc[resultat.sites["a_un_label"], "site_id"])
    assert 0 < len(voisins) <= reference.valeur("profils", "voisins")
    assert set(voisins["voisin_id"]) <= avec_label
    assert voisins["distance"].is_monotonic_increasing


@pytest.fixture(scope="module")
def ordinaire():
    """The profiles of an ordinary made-up académie."""
    return profils(academie())


def test_the_order_of_the_sites_changes_nothing_to_the_last_digit(ordinaire):
    droit, melange = ordinaire, profils(academie().sample(frac=1, random_state=7))
    pd.testing.assert_frame_equal(droit.sites, melange.sites)
    pd.testing.assert_frame_equal(droit.voisins, melange.voisins)
    assert droit.mesures == melange.mesures


def test_the_errors_are_those_of_the_estimates_shown_and_the_best_model_is_the_one_shown(
    ordinaire,
):
    resultat = ordinaire
    par_nom = {m.modele: m for m in resultat.mesures}
    assert par_nom.keys() == {MOYENNE, LINEAIRE, ARBRES}
    montree = min(par_nom.values(), key=lambda m: m.erreur_demi_journees)
    assert montree.part_expliquee > 0.5
    assert resultat.retenu == montree.modele
    ecarts = (resultat.sites["attendu"] - resultat.sites["besoin"]).abs()
    assert montree.erreur_demi_journees == pytest.approx(ecarts.mean())
    assert resultat.seuil == 2 * montree.erreur_demi_journees


def test_a_straight_line_is_better_drawn_by_the_linear_model_which_is_then_shown():
    sites = academie()
    resultat = profils(sites.assign(besoin=30 - sites["ips"] / 5))
    assert resultat.retenu == LINEAIRE


def test_besoins_drawn_by_lot_are_not_explained_and_nothing_is_signalled():
    """No model beats the mean on noise: the page must say so and name nobody."""
    sites = academie(60)
    sites["besoin"] = np.random.default_rng(5).permutation(np.repeat([4.0, 20.0], 30))
    resultat = profils(sites)
    assert resultat.retenu is None
    assert not resultat.sites["est_a_examiner"].any()


def test_a_site_is_estimated_without_itself_nor_its_commune():
    """A besoin raised to a hundred moves the estimates of other communes, never of its own."""
    sites = academie()

    def estimes(besoin):
        return _hors_echantillon(LINEAIRE, sites, facteurs(sites), besoin)

    besoin = sites["besoin"].to_numpy(dtype=float)
    avant = estimes(besoin)
    besoin[10] = 100
    apres = estimes(besoin)
    assert (sites["commune_code"] == "C005").to_numpy().nonzero()[0].tolist() == [10, 11]
    assert (avant[10:12] == apres[10:12]).all()
    assert (avant != apres).sum() > 80


def test_an_unknown_number_drops_no_site_and_is_never_read_as_zero():
    sites = academie(60).astype({"ips": object})
    sites.loc[:9, "ips"] = None
    resultat = profils(sites)
    assert len(resultat.sites) == len(sites)
    assert resultat.sites["ips"].isna().sum() == 10
    assert resultat.sites["attendu"].notna().all()


def test_pupils_of_a_segpa_count_zero_where_there_is_none_and_stay_unknown_elsewhere():
    sites = academie(4).astype({"eleves_segpa": object})
    sites["eleves_segpa"] = [None, None, None, 48]
    sites["segpa"] = [False, True, None, False]
    assert facteurs(sites)["eleves_segpa"].tolist()[0] == 0
    assert facteurs(sites)["eleves_segpa"].isna().tolist() == [False, True, True, False]
    assert facteurs(sites)["eleves_segpa"].tolist()[3] == 48


def test_a_site_of_which_little_is_known_is_compared_with_none():
    sites = academie(60).astype({"ips": object, "effectif": object})
    sites.loc[0, "ips"] = sites.loc[0, "effectif"] = None
    resultat = profils(sites)
    assert "S000" not in set(resultat.voisins["site_id"]) | set(resultat.voisins["voisin_id"])


@pytest.mark.parametrize("nombre", [0, 1, 39])
def test_with_too_few_sites_nothing_is_estimated(nombre):
    assert profils(academie(nombre)) is None


def test_one_commune_alone_is_no_obstacle():
    """Paris is a single commune: each site is then a group of its own."""
    assert profils(academie(60, commune_code="75056")).sites["attendu"].notna().all()


def test_the_networks_of_ecoles_are_not_compared_with_second_degree_sites():
    sites = academie(60)
    sites.loc[:4, "nature"] = "ecoles_rep_plus"
    assert len(profils(sites).sites) == len(sites) - 5


def test_the_real_academie_is_explained_better_than_by_the_mean(entrepot_reel):
    """Six départements, 384 sites: an error under half that of the mean, R² above 0,7."""
    with entrepot.ouvrir(entrepot_reel) as connexion:
        sites = entrepot.lire(connexion, "mart_site").merge(
            besoins(connexion, bareme("national_2017")).sites, on="site_id"
        )
    resultat = profils(sites)
    par_nom = {m.modele: m for m in resultat.mesures}
    assert len(resultat.sites) == 384
    assert par_nom[ARBRES].erreur_demi_journees < par_nom[MOYENNE].erreur_demi_journees / 2
    assert par_nom[LINEAIRE].erreur_demi_journees < par_nom[MOYENNE].erreur_demi_journees
    assert par_nom[resultat.retenu].part_expliquee > 0.7
    montres = resultat.sites[resultat.sites["est_a_examiner"]]
    assert 0 < len(montres) < 20
    assert not montres["a_un_label"].any()
    assert (montres["ecart"] >= resultat.seuil).all()
    assert set(FACTEURS) <= set(montres.columns)
