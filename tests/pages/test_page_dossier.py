"""The page « Dossier »: what it says when empty, what a click gives, what a refusal leaves."""

import re

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.reports.dossier import fichiers
from pipelines.reports.dossier.fichiers import Fichier
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur
from tests.pages.conftest import dits

PAGE = "dossier"
CLAIRE = Lecteur("Claire")


@pytest.fixture
def scenario(ouvrir, entrepot_exemple):
    """Today's presences."""
    return atelier.creer_aujourd_hui(CLAIRE, entrepot_exemple, "Rentrée 2027", "005")


@pytest.fixture
def demandes(monkeypatch):
    """What the page asks for; two files are given at once."""
    faites = []

    def preparer(lecteur, base, scenario_id, destinataire, autre_id):
        faites.append((scenario_id, destinataire, autre_id))
        return object()

    def produire(ouvrage, codes):
        assert list(codes) == list(fichiers.FORMATS)
        return [Fichier("À imprimer", "un.pdf", "application/pdf", b"x" * 2_900_000)]

    monkeypatch.setattr(fichiers, "preparer", preparer)
    monkeypatch.setattr(fichiers, "produire", produire)
    return faites


def preparer(ecran):
    """A click on the one button of the page."""
    [bouton] = [b for b in ecran.button if b.label == "Préparer le dossier"]
    return bouton.click().run()


def test_without_a_scenario_the_page_says_where_to_keep_one(ouvrir):
    ecran = ouvrir()
    assert not ecran.exception
    assert "aucun n'est encore gardé pour ce département" in dits(ecran)


def test_a_click_gives_the_files_and_another_choice_asks_again(ouvrir, scenario, demandes):
    """What is on screen is what the boxes say: a change of reader takes the files away."""
    ecran = preparer(ouvrir())
    assert demandes == [(scenario.scenario_id, "nominatif", None)]
    assert "1 document est prêt" in dits(ecran)
    assert "un.pdf, 2,9 Mo" in dits(ecran)
    [pour_qui] = [b for b in ecran.selectbox if b.label == "Pour qui"]
    ecran = pour_qui.set_value("instance").run()
    assert "un.pdf" not in dits(ecran)
    preparer(ecran)
    assert demandes[1:] == [(scenario.scenario_id, "instance", None)]


def test_a_refusal_is_told_on_the_spot(ouvrir, scenario, monkeypatch):
    def refuser(*arguments):
        raise AtlasError("Les données ont changé.", remede="relancer le calcul")

    monkeypatch.setattr(fichiers, "preparer", refuser)
    ecran = preparer(ouvrir(destinataire="instance"))
    assert not ecran.exception
    dit = re.sub(" +", " ", dits(ecran))
    assert "Les données ont changé. Que faire : relancer le calcul" in dit
