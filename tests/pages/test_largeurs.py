"""Tables hold on the narrowest window, with their units and their words whole."""

import pandas as pd
import pytest

from pages.composants import cadre, largeurs
from pages.composants.fenetre import PALIERS
from pages.composants.largeurs import mettre

PLACE = largeurs.place(PALIERS[0])
PRESENCE = "Présence (½ j. par cycle)"
COURTE = pd.DataFrame({"Site": ["Collège Joffre"], PRESENCE: [6]})
LONGUE = pd.DataFrame(
    {
        "Site": ["Lycée polyvalent Irène et Frédéric Joliot-Curie"] * 20,
        "Commune": ["Saint-Mathieu-de-Tréviers"] * 20,
        "Catégories prioritaires": ["Collège REP+ ; Collège avec SEGPA ; Collège avec ULIS"] * 20,
        PRESENCE: [6] * 20,
        "Couverture (% du besoin)": [50.0] * 19 + [None],
    }
)


def test_a_table_that_holds_keeps_its_headers_and_its_low_rows():
    mise = mettre(COURTE, list(COURTE), PLACE)
    assert (mise.titres[PRESENCE], mise.unites, mise.hauteur) == (PRESENCE, "", None)


def test_a_wide_table_loses_no_unit_and_holds_over_several_lines():
    mise = mettre(LONGUE, list(LONGUE), PLACE)
    assert sum(mise.largeurs.values()) <= PLACE
    assert mise.titres[PRESENCE] == "Présence"
    assert mise.titres["Catégories prioritaires"] == "Catégories"
    assert mise.unites == "Présence : ½ j. par cycle ; Couvert : % du besoin."
    assert mise.hauteur > 60


def test_a_number_its_absence_and_a_header_are_never_cut():
    mise = mettre(
        pd.DataFrame({"Long": ["mot " * 200], "Élèves": [None]}), ["Long", "Élèves"], PLACE
    )
    mesure = largeurs._pixels
    assert mise.largeurs["Élèves"] >= max(mesure("Élèves"), mesure("inconnu")) + largeurs.MARGES


def test_few_long_rows_do_not_make_every_row_high():
    court, long = "Collège Joffre", "Lycée polyvalent d'enseignement général et professionnel " * 4
    autre = "Une phrase de bonne longueur qui prend toute la place laissée par le nom " * 2
    table = pd.DataFrame({"Site": [court] * 50 + [long], "Note": ["oui"] * 50 + [autre * 4]})
    assert mettre(table, list(table), PLACE).hauteur is None
    table = pd.DataFrame({"Site": [court] * 10 + [long], "Note": ["oui"] * 10 + [autre * 4]})
    assert mettre(table, list(table), PLACE).hauteur is None
    # one in four is no exception
    table = pd.DataFrame({"Site": [court] * 3 + [long], "Note": ["oui"] * 3 + [autre * 4]})
    assert mettre(table, list(table), PLACE).hauteur >= largeurs.HAUTEUR_MIN


@pytest.mark.parametrize(
    ("ecrit", "montre"),
    [
        ("SIM-034-06", "SIM\u2011034\u201106"),
        ("2024-2025", "2024\u20112025"),
        ("Saint-Mathieu", "Saint-Mathieu"),
        ("fichier-2024-11-26.csv", "fichier-2024-11-26.\u200bcsv"),
        ("Circulaire n° 2017-055, § 1.1", "Circulaire n°\u00a02017\u2011055, §\u00a01.1"),
        ("à 18 h 37", "à 18\u00a0h\u00a037"),
        ("½ j. par cycle", "½\u00a0j. par cycle"),
        ("mots_qui_ne_sont_pas", "mots_\u200bqui_\u200bne_\u200bsont_\u200bpas"),
        ("https://data.education.gouv.fr/a_b", "https://data.education.gouv.fr/a_b"),
    ],
)
def test_a_code_stays_on_its_line_and_a_long_name_may_leave_it(ecrit, montre):
    assert cadre.insecable(ecrit) == montre


def test_a_larger_window_shows_more_columns_and_each_row_on_one_line():
    voulues, autres = ("Site", PRESENCE), ("Commune", "Catégories prioritaires")
    assert largeurs.completer(LONGUE, voulues, autres, PLACE) == ("Site", "Commune", PRESENCE)
    large = largeurs.place(PALIERS[-1])
    assert largeurs.completer(LONGUE, voulues, autres, large) == tuple(
        c for c in LONGUE if c != "Couverture (% du besoin)"
    )
    assert mettre(LONGUE, tuple(LONGUE), large).hauteur is None
