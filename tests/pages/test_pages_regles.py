"""The pages « Priorités », « Besoins » and « Adapter »: their sentences, edits, saving, access."""

import re

import pytest
import streamlit as st
from playwright.sync_api import expect

from pipelines.base import chemins
from pipelines.reports import besoins, documents, priorites, sensibilite
from pipelines.reports.adaptation import AUTEUR
from pipelines.scoring.bareme import bareme
from pipelines.scoring.jeux import locaux
from tests.pages.conftest import PRET, bouton, clair

ATTENTE_MS = 90_000
GT = "Choix du recteur, GT du 12/01/2027"
DEPARTEMENTS = ("004", "005", "013", "084")


@pytest.fixture(autouse=True)
def regles(tmp_path, monkeypatch):
    """An académie that has written nothing yet."""
    monkeypatch.setattr(chemins, "REGLES", tmp_path / "regles")
    return tmp_path / "regles"


def phrases(ecran):
    """The sentences in large of the page, the first under its title."""
    return [m.value.removeprefix("#### ") for m in ecran.main.markdown if "#### " in m.value[:5]]


def champ(ecran, libelle):
    [trouve] = [c for c in (*ecran.main.text_input, *ecran.main.selectbox) if c.label == libelle]
    return trouve


@pytest.mark.parametrize("departement", DEPARTEMENTS)
@pytest.mark.parametrize("texte", ["circulaire_91_248", "aix_marseille_2018"])
def test_the_priorities_of_a_text_and_of_the_one_beside_it(
    ouvrir, entrepot_exemple, departement, texte
):
    """The address holds both texts; each has its sentence."""
    ecran = ouvrir("priorites", departement=departement, texte=texte, avec="circulaire_2017_055")
    assert not ecran.exception
    assert not ecran.error
    vue = priorites.vue(entrepot_exemple, departement, texte)
    ecart = priorites.comparaison(entrepot_exemple, departement, texte, "circulaire_2017_055")
    assert phrases(ecran) == [vue.phrase, ecart.phrase]
    assert bool(ecran.main.warning) == (texte == "circulaire_91_248")


@pytest.mark.parametrize("code", ["continu", "effectifs"])
def test_the_besoins_of_a_bareme_its_weights_and_its_disagreement(ouvrir, entrepot_exemple, code):
    ecran = ouvrir("besoins", departement="013", bareme=code, avec="national_2017")
    assert not ecran.exception
    assert phrases(ecran) == [
        besoins.vue(entrepot_exemple, "013", code).phrase,
        sensibilite.vue(entrepot_exemple, "013", code).phrase,
        besoins.desaccord(entrepot_exemple, "013", code, "national_2017").phrase,
    ]


@pytest.mark.parametrize("parametre", ["texte", "bareme", "avec"])
def test_an_unknown_choice_in_the_address_falls_on_the_first_and_says_so_there(ouvrir, parametre):
    """The select shows what is shown, and the address follows."""
    adresse = "priorites" if parametre == "texte" else "besoins"
    ecran = ouvrir(adresse, departement="005", **{parametre: "../nulle_part"})
    assert not ecran.exception
    assert not ecran.error
    assert ecran.query_params[parametre] != ["../nulle_part"]


@pytest.fixture
def editer(monkeypatch):
    """Stand for the hand that edits the grids: (row, column) → value."""
    saisies = {}

    def data_editor(table, **_):
        table = table.copy()
        for (rang, colonne), valeur in saisies.items():
            if rang in table.index and colonne in table.columns:
                table[colonne] = table[colonne].astype(object)
                table.loc[rang, colonne] = valeur
        return table

    monkeypatch.setattr(st, "data_editor", data_editor)
    return saisies


def test_nothing_is_changed_nor_written_by_looking(ouvrir, regles):
    ecran = ouvrir("adapter", departement="005")
    assert not ecran.exception
    assert clair(phrases(ecran)[0]).startswith("Rien n'est encore changé dans")
    assert not regles.exists()
    assert "n'a pas encore de règles à elle" in " ".join(m.value for m in ecran.main.markdown)
    # the guide is at hand for whoever has only a browser
    [guide] = [m.value for m in ecran.main.markdown if "L'inconnu n'est jamais un non" in m.value]
    assert "[[regles]]" in guide


@pytest.mark.parametrize("nom", ["accessibilite", "doctrines", "priorites"])
def test_a_page_of_the_guide_shown_in_the_application_leads_nowhere_it_can_not_go(nom):
    """Links between the files of docs/ have no address there: their words stay."""
    corps = documents.document(nom).corps
    assert re.findall(r"\]\((?!https?:|mailto:)", corps) == []
    assert len(corps) > 1000


def test_a_weight_changed_shows_its_effect_is_justified_saved_and_then_read_everywhere(
    ouvrir, editer, entrepot_exemple
):
    """From the cell to the pages « Besoins » and « Priorités »."""
    editer["contributions.internat", "Valeur"] = 10.0
    editer["ips_defavorise", "Valeur"] = 90.0
    editer["internat", "Libellé"] = "Internat"
    ecran = ouvrir("adapter", departement="005")
    assert not ecran.exception
    avant = besoins.vue(entrepot_exemple, "005", "national_2017").sites["Besoin (½ j. par cycle)"]
    assert f"le besoin passe de {avant.sum()} à " in clair(phrases(ecran)[0])
    assert "qui a choisi" in ecran.main.info[0].value

    champ(ecran, "Code").input("essai_2027")
    champ(ecran, "Titre").input("Choix 2027")
    bouton(ecran, "Enregistrer").click().run()
    assert clair("Personne n'est dit avoir choisi") in clair(ecran.main.error[0].value)
    assert locaux("baremes") == []

    champ(ecran, "Qui a choisi ces nombres").input(GT).run()
    assert not ecran.main.info
    effet = clair(phrases(ecran)[0])
    bouton(ecran, "Enregistrer").click().run()
    assert not ecran.error
    assert "essai_2027" in ecran.main.success[0].value
    assert (locaux("baremes"), locaux("priorites")) == (["essai_2027"], ["essai_2027"])
    lu = bareme("essai_2027")
    assert lu.contributions["internat"] == 10
    assert lu.reference_de("contributions", "internat") == GT
    editer.clear()
    vu = besoins.vue(entrepot_exemple, "005", "essai_2027").sites["Besoin (½ j. par cycle)"]
    assert f"à {vu.sum()} demi-journées" in effet
    ecran = ouvrir("besoins", departement="005", bareme="essai_2027")
    assert not ecran.exception
    assert phrases(ecran)[0] == besoins.vue(entrepot_exemple, "005", "essai_2027").phrase
    assert any("barème de l'académie" in o for o in champ(ecran, "Barème").options)
    ecran = ouvrir("priorites", departement="005", texte="essai_2027")
    assert phrases(ecran)[0] == priorites.vue(entrepot_exemple, "005", "essai_2027").phrase


def test_a_code_already_taken_is_replaced_only_once_the_box_is_ticked(ouvrir, editer):
    editer["contributions.internat", "Valeur"] = 10.0
    editer["contributions.internat", AUTEUR] = GT
    for valeur in (10.0, 6.0):
        editer["contributions.internat", "Valeur"] = valeur
        ecran = ouvrir("adapter", departement="005")
        champ(ecran, "Code").input("essai_2027")
        champ(ecran, "Titre").input("Choix 2027").run()
        cases = [c for c in ecran.main.checkbox if "essai_2027" in c.label]
        assert bouton(ecran, "Enregistrer").disabled == bool(cases)
        for case in cases:
            case.check().run()
        bouton(ecran, "Enregistrer").click().run()
        assert not ecran.error
        assert bareme("essai_2027").contributions["internat"] == valeur


@pytest.mark.parametrize(
    ("cellule", "valeur", "mots"),
    [
        (("contributions.internat", "Valeur"), None, "cette case est vide"),
        (("contributions.internat", "Valeur"), -2.0, "positif ou nul"),
        (("bornes.plancher", "Valeur"), 3.0, "pas une présence qu'un poste peut donner"),
        (("internat", "Libellé"), " ", "libellé est vide"),
    ],
)
def test_an_edit_that_is_not_admitted_is_told_in_words_and_cannot_be_saved(
    ouvrir, editer, cellule, valeur, mots
):
    editer[cellule] = valeur
    ecran = ouvrir("adapter", departement="005")
    assert not ecran.exception
    [refus] = ecran.main.error
    assert mots in clair(refus.value)
    assert "Enregistrer" not in [b.label for b in ecran.main.button]


def test_a_category_added_shows_its_effect_before_it_is_saved_and_can_be_taken_away(
    ouvrir, entrepot_exemple
):
    """The recteur's letter, from the form to the sentence; nothing is written meanwhile."""
    ecran = ouvrir("adapter", departement="005")
    champ(ecran, "Nom de la catégorie").input("Collège rural, IPS sous 95")
    [types] = [m for m in ecran.main.multiselect if m.label.startswith("Types")]
    types.select("COLLEGE")
    [avec] = [m for m in ecran.main.multiselect if m.label == "Qui ont"]
    avec.select("est_rural")
    [ips] = [n for n in ecran.main.number_input if n.label.startswith("IPS")]
    ips.set_value(95.0)
    [poids] = [n for n in ecran.main.number_input if n.label.startswith("Poids dans")]
    poids.set_value(6.0)
    bouton(ecran, "Ajouter la catégorie").click().run()
    assert "où cette catégorie est décidée" in clair(ecran.main.error[0].value)
    champ(ecran, "Où elle est décidée").input(GT)
    bouton(ecran, "Ajouter la catégorie").click().run()
    assert not ecran.exception
    assert not ecran.error
    conditions = [t.value["Condition lue"].tolist() for t in ecran.main.table]
    assert ["type = 'COLLEGE' and est_rural and ips < 95"] in conditions
    assert "de catégorie" in clair(phrases(ecran)[0])
    assert locaux("priorites") == []
    bouton(ecran, "Retirer cette catégorie").click().run()
    assert clair(phrases(ecran)[0]).startswith("Rien n'est encore changé")


def test_going_back_to_the_start_says_so_and_forgets_the_author(ouvrir):
    ecran = ouvrir("adapter", departement="005")
    champ(ecran, "Qui a choisi ces nombres").input(GT).run()
    bouton(ecran, "Revenir au départ").click().run()
    assert "rien n'a été enregistré" in ecran.main.success[0].value
    assert champ(ecran, "Qui a choisi ces nombres").value == ""


def test_a_file_of_rules_gone_wrong_is_shown_with_its_fault_and_can_be_removed_there(
    ouvrir, regles
):
    """The other pages refuse it; this one still opens."""
    (regles / "baremes").mkdir(parents=True)
    (regles / "baremes" / "casse_2027.toml").write_text("[bareme]\n", encoding="utf-8")
    ecran = ouvrir("adapter", departement="005")
    assert not ecran.exception
    assert not ecran.error
    [table] = [t.value for t in ecran.main.table if "État" in t.value.columns]
    assert "manque" in table["État"].iloc[0]
    bouton(ecran, "Supprimer pour de bon").click().run()
    assert locaux("baremes") == []


@pytest.fixture
def onglet(serveur, chromium):
    """A tab on the example."""
    contexte = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="fr-FR")
    page = contexte.new_page()
    page.set_default_timeout(ATTENTE_MS)
    expect.set_options(timeout=ATTENTE_MS)

    def aller(chemin):
        page.goto(f"{serveur.adresse}{chemin}")
        page.wait_for_selector("[data-testid=stMain] h1")
        page.wait_for_selector(PRET)
        return page

    yield aller
    contexte.close()


@pytest.mark.navigateur
def test_a_weight_is_changed_with_the_keyboard_and_the_sentence_follows(onglet):
    """Into the grid by a tab, to the cell by the arrows, a number, Enter; and back to the start."""
    page = onglet("/adapter?departement=005")
    titre = page.locator("[data-testid=stMain] h4").first
    expect(titre).to_contain_text("Rien n'est encore changé")
    page.get_by_test_id("stDataFrame").first.locator("canvas").first.wait_for()
    page.get_by_role("tab", name="Poids").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "CANVAS":
            break
    else:
        pytest.fail("La table des poids ne s'atteint pas au clavier")
    # the grid draws the cell it is on, then its editor: it takes keys one at a time
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(400)
    page.keyboard.type("12", delay=100)
    page.wait_for_timeout(500)
    page.keyboard.press("Enter")
    expect(titre).to_contain_text("le besoin passe de")
    bouton = page.get_by_role("button", name="Revenir au départ")
    bouton.focus()
    page.keyboard.press("Enter")
    expect(titre).to_contain_text("Rien n'est encore changé")


@pytest.mark.parametrize("adresse", ["priorites", "besoins", "proposer", "methode"])
def test_a_file_of_the_academie_that_is_wrong_is_told_and_closes_no_page(ouvrir, regles, adresse):
    """One mistyped line must not keep a whole service from working; nor be passed over."""
    for dossier in ("priorites", "baremes"):
        (regles / dossier).mkdir(parents=True)
        (regles / dossier / "rate.toml").write_text("[texte\n", encoding="utf-8")
    ecran = ouvrir(adresse, departement="005")
    assert not ecran.exception
    assert not ecran.error
    if adresse != "methode":
        avis = [clair(a.value) for a in ecran.main.warning]
        assert any("rate" in a and "Adapter" in a for a in avis)
