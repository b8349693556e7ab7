"""The fiche on paper: one A4 page from the very browser that prints it, whatever the site says."""

import dataclasses
import re
from html import escape

import pandas as pd
import pytest

from pipelines.reports.etablissement import choix, fiche, fond
from pipelines.reports.fiche_imprimable import document
from pipelines.reports.historique import Historique, historique

AVERTISSEMENTS = ["Académie d'exemple, sur de vraies communes", "Postes simulés."]
PLUS_PETIT_PX = 8


@pytest.fixture(scope="module")
def la_plus_longue(entrepot_exemple):
    """The fiche of the Vaucluse with the most to print."""
    commun = fond(entrepot_exemple, "084")
    fiches = [fiche(entrepot_exemple, "084", s, commun) for s in choix(entrepot_exemple, "084")]
    rien = Historique(historique(entrepot_exemple, "084", "X").table, "")
    return max(fiches, key=lambda f: len(document(f, rien, [])))


@pytest.fixture
def imprimer(chromium):
    """Load a document as a browser does and print it: pages, font size in px, requests made."""
    page = chromium.new_page()
    requetes = []
    page.on("request", lambda r: requetes.append(r.url))

    def imprimer(texte):
        page.set_content(texte)
        octets = page.pdf(prefer_css_page_size=True)
        taille = page.evaluate("parseFloat(document.querySelector('main').style.fontSize)")
        deborde = page.evaluate(
            "(m => m.scrollHeight > m.clientHeight + 1)(document.querySelector('main'))"
        )
        boite = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", octets)
        return {
            "pages": len(re.findall(rb"/Type\s*/Page\b", octets)),
            "format_mm": tuple(round(float(n) / 72 * 25.4) for n in boite.groups()),
            "taille": taille,
            "deborde": deborde,
            "requetes": requetes,
        }

    yield imprimer
    page.close()


@pytest.mark.navigateur
def test_the_longest_fiche_of_a_departement_prints_on_one_a4_page(imprimer, la_plus_longue):
    """With the ten last proposals that touched it, three of them printed."""
    passe = Historique(_propositions(10), "Un brouillon n'engage personne.")
    feuille = imprimer(document(la_plus_longue, passe, AVERTISSEMENTS))
    assert feuille["pages"] == 1
    assert feuille["format_mm"] == (210, 297)
    assert not feuille["deborde"]
    assert feuille["taille"] >= PLUS_PETIT_PX
    assert feuille["requetes"] == []


@pytest.mark.navigateur
def test_a_network_of_thirty_ecoles_and_forty_anomalies_still_prints_on_one_page(
    imprimer, la_plus_longue
):
    """What does not fit is counted, not lost in silence."""
    anomalies = pd.DataFrame(
        {"Fichier": ["annuaire.csv"] * 40, "Ce qui a été vu": ["un même UAI sur deux lignes"] * 40}
    )
    ecoles = pd.DataFrame(
        {"UAI": ["0840001A"] * 30, "Nom": ["École élémentaire au nom assez long"] * 30}
    )
    longue = dataclasses.replace(la_plus_longue, anomalies=anomalies, rattachements=ecoles)
    texte = document(longue, Historique(_propositions(10), ""), AVERTISSEMENTS)
    feuille = imprimer(texte)
    assert feuille["pages"] == 1
    assert not feuille["deborde"]
    assert "… et 37 autres, à l'écran." in texte
    assert "… et 18 autres, à l'écran." in texte


def test_the_printed_fiche_says_which_pupils_its_enrolment_counts(la_plus_longue):
    """As on screen: a number of pupils means little without what it takes in."""
    note = la_plus_longue.note_des_effectifs
    assert note.startswith("Élèves\u202f: «\u202f")
    assert f'<p class="note">{escape(note)}</p>' in document(
        la_plus_longue, Historique(_propositions(0), ""), []
    )


def test_what_came_from_a_file_is_text_on_the_page_and_never_markup(la_plus_longue):
    piege = dataclasses.replace(la_plus_longue, nom="<script>alert(1)</script>")
    texte = document(piege, Historique(_propositions(0), ""), ['<img src="x">'])
    assert "&lt;script&gt;alert(1)" in texte
    assert "<script>alert" not in texte
    assert "<img" not in texte


def test_the_printed_page_says_what_must_be_said_of_the_data(la_plus_longue):
    texte = document(la_plus_longue, Historique(_propositions(0), ""), AVERTISSEMENTS)
    assert all(a.replace("'", "&#x27;") in texte for a in AVERTISSEMENTS)
    assert 'lang="fr"' in texte
    assert "Imprimer (une page A4)" in texte


def _propositions(nombre):
    return pd.DataFrame(
        [
            (
                "Proposition du 21/11/2026 à 10 h 11",
                "Priorités d'abord",
                12,
                "▲ +2",
                "P-1",
                "celles d'aujourd'hui",
            )
        ]
        * nombre,
        columns=[
            "Scénario ou proposition",
            "Doctrine",
            "Présence",
            "Changement",
            "Postes",
            "Données",
        ],
    )
