"""The page « Points de vigilance »: empty, filled, an answer kept, undone, met by another's."""

import io

import pytest
from python_calamine import CalamineWorkbook

from pipelines.reports import vigilance as rapport
from pipelines.scenarios import atelier, vigilance
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.statuts import Statut
from tests.pages.conftest import dits

PAGE = "vigilance"
CLAIRE, KARIM = Lecteur("Claire"), Lecteur("Karim")
POINT = "donnees_simulees"


@pytest.fixture
def scenario(ouvrir, entrepot_exemple):
    """Today's presences, the first of them removed."""
    neuf = atelier.creer_aujourd_hui(CLAIRE, entrepot_exemple, "Rentrée 2027", "005")
    return atelier.modifier(CLAIRE, neuf.scenario_id, 1, "Retiré", plan=neuf.plan[1:])


def du_point(elements, debut):
    """The widget of the point of these tests whose key starts so."""
    [trouve] = [e for e in elements if e.key and e.key.startswith(f"{debut}-{POINT}")]
    return trouve


def gardee(scenario):
    return vigilance.reponses(CLAIRE, scenario.scenario_id).get(POINT)


def test_without_a_scenario_the_page_says_where_to_make_one(ouvrir):
    ecran = ouvrir()
    assert not ecran.exception
    assert "Aucun scénario pour ce département" in ecran.info[0].value
    assert not ecran.expander


def test_a_scenario_nobody_knows_is_told_and_none_is_opened_in_its_place(ouvrir, scenario):
    ecran = ouvrir(scenario="inconnu")
    assert not ecran.exception
    assert "n'est pas parmi ceux de ce département" in ecran.main.warning[0].value
    assert not ecran.expander


def test_every_point_has_its_figure_its_answer_and_its_reference(ouvrir, scenario):
    ecran = ouvrir()
    assert not ecran.exception
    titres = [e.label for e in ecran.expander]
    assert any("Des changements sont imposés" in t and "1 lien" in t for t in titres)
    assert len(ecran.text_area) == len(titres)
    assert dits(ecran).count("Référence : ") == len(titres)
    assert f"{len(titres)} points à préparer" in dits(ecran)
    assert all(z.value for z in ecran.text_area)


def test_an_answer_is_kept_at_a_click_and_undone_at_another(ouvrir, scenario):
    ecran = ouvrir()
    proposee = du_point(ecran.text_area, "reponse").value
    assert du_point(ecran.button, "annuler").disabled
    du_point(ecran.text_area, "reponse").set_value("Nous l'avons vu ensemble.")
    ecran = du_point(ecran.button, "garder").click().run()
    assert not ecran.exception
    assert (gardee(scenario).texte, gardee(scenario).auteur) == (
        "Nous l'avons vu ensemble.",
        "Claire",
    )
    assert "1 réponse récrite" in dits(ecran)
    assert "Écrite par Claire, le " in dits(ecran)
    ecran = du_point(ecran.button, "annuler").click().run()
    assert gardee(scenario).texte is None
    assert du_point(ecran.text_area, "reponse").value == proposee
    assert "0 réponse récrite" in dits(ecran)


def test_the_answer_of_another_is_told_and_ones_own_text_is_not_lost(ouvrir, scenario):
    ecran = ouvrir()
    vigilance.repondre(KARIM, scenario.scenario_id, POINT, 0, "Données", "Celle de Karim")
    du_point(ecran.text_area, "reponse").set_value("Celle de Claire")
    ecran = du_point(ecran.button, "garder").click().run()
    assert not ecran.exception
    assert gardee(scenario).texte == "Celle de Karim"
    assert "Karim" in dits(ecran)
    assert "Votre acte n'a pas été enregistré" in dits(ecran)
    ecran = next(b for b in ecran.button if b.label == "Prendre l'état actuel").click().run()
    assert not ecran.exception
    assert du_point(ecran.text_area, "reponse").value == "Celle de Claire"
    assert "Votre texte n'est pas gardé" in ecran.main.info[0].value
    assert "Celle de Karim" in ecran.main.info[0].value
    ecran = du_point(ecran.button, "garder").click().run()
    assert gardee(scenario).texte == "Celle de Claire"
    assert not ecran.main.info


def test_an_empty_answer_is_refused_in_french(ouvrir, scenario):
    ecran = ouvrir()
    du_point(ecran.text_area, "reponse").set_value("  ")
    ecran = du_point(ecran.button, "garder").click().run()
    assert any("Cette réponse est vide" in w.value for w in ecran.main.warning)
    assert gardee(scenario) is None


def test_a_scenario_arrete_is_read_and_no_longer_answered(ouvrir, scenario):
    for pas, statut in enumerate((Statut.GT, Statut.CSA, Statut.ARRETE)):
        atelier.changer_statut(CLAIRE, scenario.scenario_id, scenario.version + pas, statut)
    ecran = ouvrir()
    assert ecran.text_area
    assert all(z.disabled for z in ecran.text_area)
    assert all(b.disabled for b in ecran.button if b.key and b.key.startswith("garder-"))


def test_the_excel_file_has_every_point_and_its_sites(ouvrir, scenario, entrepot_exemple):
    vue = rapport.vue(CLAIRE, entrepot_exemple, scenario)
    lu = CalamineWorkbook.from_filelike(io.BytesIO(vue.classeur()))
    assert lu.sheet_names == ["Lecture", "Points", "Sites", "Postes"]
    points, sites = (lu.get_sheet_by_name(n).to_python()[1:] for n in ("Points", "Sites"))
    assert [ligne[0] for ligne in points] == [p.drapeau.titre for p in vue.points]
    assert len(sites) == sum(len(p.sites) for p in vue.points)
