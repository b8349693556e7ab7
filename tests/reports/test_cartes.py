"""Screen maps: nothing from outside, neighbours told apart, nothing lost for want of a position."""

import itertools
import json
import re

import numpy as np
import pandas as pd
import pytest

from pipelines.base.textes import FINE
from pipelines.marts import entrepot
from pipelines.reports import cartes
from pipelines.reports.libelles import COULEURS_SECTEURS
from pipelines.reports.sites import tableau_sites

VIDE = cartes.Fond(communes=([], []), departement=([], []), villes=[], ville_dense=None)


@pytest.fixture(scope="module")
def monde(entrepot_exemple):
    """Sites and background of the 013, the densest."""
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        return tableau_sites(connexion, "013"), cartes.fond(connexion, "013")


@pytest.fixture(scope="module")
def secteurs(entrepot_exemple):
    """Today's presences of the 013 as stars."""
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        return connexion.execute(
            "select poste_id, site_id, demi_journees_cycle, latitude, longitude "
            "from mart_presence join mart_poste using (poste_id) where departement = '013'"
        ).df()


def marques(figure):
    """The site ids drawn, each as often as it is drawn."""
    return [s for trace in figure.data if trace.customdata is not None for s in trace.customdata]


def test_a_map_asks_for_no_tile_no_style_and_no_address(monde, secteurs):
    for figure in (
        cartes.carte_couverture(*monde, "vue"),
        cartes.carte_secteurs(monde[0], secteurs, monde[1], "vue"),
    ):
        assert {t.type for t in figure.data} == {"scatter"}
        texte = json.dumps(figure.to_plotly_json(), default=str)
        assert not re.search(r"https?://|mapbox|maplibre|carto|geojson|topojson", texte)


def test_every_site_with_a_position_is_drawn_once_in_metres_of_france(monde):
    sites, decor = monde
    figure = cartes.carte_couverture(sites, decor, "vue")
    assert sorted(marques(figure)) == sorted(sites["site_id"])
    for trace in figure.data:
        if trace.customdata is not None:
            assert all(830_000 < x < 980_000 for x in trace.x)
            assert all(6_220_000 < y < 6_320_000 for y in trace.y)


def test_a_site_without_position_is_left_off_the_map_and_breaks_nothing(monde, secteurs):
    sites, decor = monde
    sites = sites.copy()
    perdu = secteurs["site_id"].iloc[0]
    sites.loc[sites["site_id"] == perdu, ["latitude", "longitude"]] = None
    for figure in (
        cartes.carte_couverture(sites, decor, "vue"),
        cartes.carte_secteurs(sites, secteurs, decor, "vue"),
    ):
        assert perdu not in marques(figure)
        assert len(marques(figure)) == len(sites) - 1


def test_a_departement_without_contours_still_shows_its_sites(monde, secteurs):
    sites, _ = monde
    assert len(marques(cartes.carte_couverture(sites, VIDE, "vue"))) == len(sites)
    assert len(marques(cartes.carte_secteurs(sites, secteurs, VIDE, "vue"))) == len(sites)


def test_a_departement_with_no_site_and_no_sector_is_an_empty_map(monde, secteurs):
    sites, decor = monde
    assert marques(cartes.carte_secteurs(sites.head(0), secteurs.head(0), decor, "vue")) == []


def test_a_sector_never_has_the_colour_of_the_sector_nearest_to_it(monde, secteurs):
    """Near sectors differ, far ones may share a hue: 93 sectors, ten hues."""
    positions = monde[0].set_index("site_id")[["longitude", "latitude"]].astype(float)
    traits = secteurs.merge(
        positions, left_on="site_id", right_index=True, suffixes=("_residence", "_site")
    )
    couleurs = cartes._couleurs_secteurs(traits)
    assert set(couleurs) == set(traits["poste_id"])
    assert set(couleurs.values()) <= set(COULEURS_SECTEURS)
    x, y = cartes.LAMBERT_93.transform(
        traits["longitude_site"].to_numpy(), traits["latitude_site"].to_numpy()
    )
    centres = traits.assign(x=x, y=y).groupby("poste_id")[["x", "y"]].mean()
    pareils = 0
    for poste in centres.index:
        distances = np.hypot(*(centres - centres.loc[poste]).T.to_numpy())
        proche = centres.index[np.argsort(distances, kind="stable")[1]]
        pareils += couleurs[poste] == couleurs[proche]
    assert pareils == 0


def test_colours_do_not_depend_on_the_order_of_the_lines(monde, secteurs):
    positions = monde[0].set_index("site_id")[["longitude", "latitude"]].astype(float)
    traits = secteurs.merge(
        positions, left_on="site_id", right_index=True, suffixes=("_residence", "_site")
    )
    melange = traits.sample(frac=1, random_state=3)
    assert cartes._couleurs_secteurs(traits) == cartes._couleurs_secteurs(melange)


def test_seven_sectors_around_one_town_take_seven_colours():
    traits = pd.DataFrame(
        {
            "poste_id": [f"P{i}" for i in range(7)],
            "longitude_site": [5.4 + 0.01 * i for i in range(7)],
            "latitude_site": [43.3] * 7,
        }
    )
    couleurs = cartes._couleurs_secteurs(traits)
    assert all(couleurs[a] != couleurs[b] for a, b in itertools.combinations(couleurs, 2))


def test_the_map_speaks_french_and_keeps_the_view_of_the_user(monde):
    figure = cartes.carte_couverture(*monde, "ma-vue")
    assert figure.layout.separators == f",{FINE}"
    assert figure.layout.uirevision == "ma-vue"
    noms = {re.sub(r"\s", "_", t.name or "") for t in figure.data}
    assert {"Chaque_semaine", "Sur_demande", "Collège", "REP+_:_deux_anneaux"} <= noms


def test_names_of_towns_do_not_cover_one_another(monde):
    villes = monde[1].villes
    assert "Marseille" in {nom for nom, _, _ in villes}
    for (_, x, y), (_, u, v) in itertools.combinations(villes, 2):
        assert abs(x - u) > 22_000 or abs(y - v) > 7_000
