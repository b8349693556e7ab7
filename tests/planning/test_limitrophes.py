"""The rule of communes on squares drawn by hand: a row of three, and one that floats apart."""

import pandas as pd
import pytest
import shapely

from pipelines.marts import entrepot
from pipelines.planning.limitrophes import Communes, Lien


def communes(**desservies):
    """A, B and C side by side, D far away, E known by its code alone."""
    carres = {
        "A": shapely.box(0, 0, 1, 1),
        "B": shapely.box(1, 0, 2, 1),
        "C": shapely.box(2, 0, 3, 1),
        "D": shapely.box(9, 9, 10, 10),
    }
    return Communes(
        pd.DataFrame(
            [(c, shapely.to_wkb(f), desservies.get(c)) for c, f in carres.items()]
            + [("E", None, True)],
            columns=["commune_code", "contour_wkb", "est_desservie"],
        )
    )


@pytest.mark.parametrize(
    ("desservies", "residence", "site", "attendu"),
    [
        ({}, "A", "A", Lien.MEME_COMMUNE),
        ({}, "E", "E", Lien.MEME_COMMUNE),
        ({"A": True, "B": True}, "A", "B", Lien.LIMITROPHE_DESSERVIE),
        ({"A": True, "B": True}, "B", "A", Lien.LIMITROPHE_DESSERVIE),
        ({"A": True, "B": False}, "A", "B", Lien.LIMITROPHE_NON_DESSERVIE),
        ({"B": False}, "A", "B", Lien.LIMITROPHE_NON_DESSERVIE),
        ({"A": True}, "A", "B", Lien.LIMITROPHE_INCONNUE),
        ({}, "A", "B", Lien.LIMITROPHE_INCONNUE),
        # the décret says neighbours: a line that goes on to C does not make A and C one commune
        ({"A": True, "B": True, "C": True}, "A", "C", Lien.AILLEURS),
        ({"A": True, "D": True}, "A", "D", Lien.AILLEURS),
        ({"A": True}, "A", "E", Lien.VOISINAGE_INCONNU),
        ({}, "A", "Z", Lien.VOISINAGE_INCONNU),
        ({}, None, "A", Lien.VOISINAGE_INCONNU),
        ({}, "A", None, Lien.VOISINAGE_INCONNU),
    ],
)
def test_two_communes_are_one_when_they_touch_and_both_are_served(
    desservies, residence, site, attendu
):
    assert communes(**desservies).lien(residence, site) == attendu


def test_contours_that_overlap_by_a_sliver_are_still_neighbours():
    """Two files drawn apart: 10 cm too many is no gap."""
    cadre = pd.DataFrame(
        [
            ("A", shapely.to_wkb(shapely.box(0, 0, 1.000001, 1)), True),
            ("B", shapely.to_wkb(shapely.box(1, 0, 2, 1)), True),
        ],
        columns=["commune_code", "contour_wkb", "est_desservie"],
    )
    assert Communes(cadre).lien("A", "B") == Lien.LIMITROPHE_DESSERVIE


@pytest.mark.reel
def test_the_neighbours_of_montpellier_are_those_of_the_map(entrepot_reel):
    """Lattes and Castelnau-le-Lez touch it, Palavas-les-Flots and Lunel do not."""
    with entrepot.ouvrir(entrepot_reel) as connexion:
        lues = entrepot.lire(connexion, "mart_commune", "034")
    codes = dict(zip(lues["commune"], lues["commune_code"], strict=True))
    cartes = Communes(lues)
    for nom in ("Lattes", "Castelnau-le-Lez", "Grabels", "Juvignac"):
        assert cartes.lien(codes["Montpellier"], codes[nom]) == Lien.LIMITROPHE_INCONNUE, nom
    for nom in ("Palavas-les-Flots", "Lunel", "Béziers"):
        assert cartes.lien(codes["Montpellier"], codes[nom]) == Lien.AILLEURS, nom


def test_a_gap_of_some_metres_between_contours_leaves_the_neighbourhood_unknown():
    """Simplified contours may part neighbours by 10 m; 1 km apart is elsewhere."""
    cadre = pd.DataFrame(
        [
            ("A", shapely.to_wkb(shapely.box(0, 0, 1, 1)), True),
            ("B", shapely.to_wkb(shapely.box(1.0001, 0, 2, 1)), True),
            ("C", shapely.to_wkb(shapely.box(2.01, 0, 3, 1)), True),
        ],
        columns=["commune_code", "contour_wkb", "est_desservie"],
    )
    assert Communes(cadre).lien("A", "B") == Lien.VOISINAGE_INCONNU
    assert Communes(cadre).lien("B", "C") == Lien.AILLEURS
