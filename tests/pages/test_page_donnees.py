"""The page « Données »: what it says of the data, and a deposit from the drop to the way back."""

import io
import re

import fabrique
import pytest
import python_calamine
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

from pages.composants.cadre import PAGES
from pipelines.base import chemins
from pipelines.marts import entrepot
from pipelines.reports import donnees
from tests.pages.conftest import PRET

ATTENTE_MS = 180_000
REGLES_AXE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
DEPOSER = "[data-testid=stFileUploaderDropzoneInput]"


def clair(texte):
    """`texte` with plain spaces."""
    return re.sub(r"\s", " ", texte)


@pytest.fixture
def base(tmp_path, monkeypatch):
    """A small département with two postes, and an empty deposit."""
    sources = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_postes(sources, [fabrique.poste("P1"), fabrique.poste("P2", 2)])
    monkeypatch.setattr(chemins, "DEPOT", tmp_path / "depot")
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    monkeypatch.setenv("ATLAS_DEPOT", str(tmp_path / "depot"))
    entrepot_ = fabrique.construire(sources, tmp_path / "atlas.duckdb")
    monkeypatch.setenv("ATLAS_ENTREPOT", str(entrepot_))
    return entrepot_


@pytest.fixture
def ecran(base):
    """The page run by Streamlit's own test runner."""
    application = AppTest.from_file(str(chemins.APPLICATION), default_timeout=240).run()
    fichier = PAGES["donnees"][0].relative_to(chemins.RACINE / "pages")
    return application.switch_page(f"../{fichier}").run()


def postes(tmp_path, *lignes, nom="postes 2027.csv"):
    """A file of postes and its bytes."""
    chemin = fabrique.ecrire_postes(tmp_path / "recus" / str(len(lignes)), lignes, nom=nom)
    return nom, chemin.read_bytes()


def test_the_first_line_says_files_annuaire_and_anomalies(ecran, base):
    assert not ecran.exception
    assert ecran.main.title[0].value.startswith("Données")
    phrase = next(m.value for m in ecran.main.markdown if m.value.startswith("#### "))
    assert phrase == f"#### {donnees.etat(base).phrase}"
    assert re.search(r"5 fichiers, annuaire de novembre 2024, \d+ anomalie", phrase)


def test_nothing_is_written_by_looking(ecran):
    assert not ecran.error
    assert not chemins.DEPOT.exists()
    assert "Aucun fichier n'a encore été déposé" in " ".join(m.value for m in ecran.main.markdown)


def test_a_bad_file_cannot_be_accepted_and_refusing_leaves_no_trace(ecran, base, tmp_path):
    octets = base.read_bytes()
    nom, contenu = postes(tmp_path, fabrique.poste("P1", quotite="1,5"))
    ecran.file_uploader[0].upload(nom, contenu, "text/csv").run()
    assert not ecran.exception
    erreur = clair(ecran.error[0].value)
    assert "postes 2027.csv, ligne 2, colonne « quotite »" in erreur
    assert "Que faire : écrire 0,8" in erreur
    boutons = {b.label: b for b in ecran.button}
    assert boutons["Accepter et reconstruire"].disabled
    boutons["Refuser"].click().run()
    assert "Rien n'a été changé" in ecran.success[0].value
    assert not ecran.error
    assert base.read_bytes() == octets
    assert not chemins.DEPOT.exists()


def test_a_value_of_a_file_is_never_a_link_nor_a_picture(ecran, tmp_path):
    """« ![x](http://…) » in a cell would be fetched from outside, were it drawn."""
    piege = "![x](http://ailleurs.invalid/x.png)"
    nom, contenu = postes(tmp_path, fabrique.poste("P1", fonction=piege), nom=f"a{piege[:4]}.csv")
    ecran.file_uploader[0].upload(nom, contenu, "text/csv").run()
    [erreur] = ecran.error
    assert "![" not in erreur.value.replace("\\[", "")
    assert "ailleurs.invalid" in erreur.value


def test_the_anomalies_shown_are_those_asked_for(ecran):
    gravite = next(m for m in ecran.main.multiselect if m.label == "Gravité")
    gravite.select("à vérifier").run()
    assert not ecran.exception
    tables = [t.value for t in ecran.main.dataframe if "Gravité" in t.value.columns]
    assert set(tables[-1]["Gravité"]) == {"à vérifier"}


@pytest.fixture
def visite(base, serveur, chromium, tmp_path):
    """A tab on a server of its own, over the small département."""
    serveur = type(serveur)(base, tmp_path)
    contexte = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="fr-FR")
    try:
        serveur.attendre()
        page = contexte.new_page()
        page.set_default_timeout(ATTENTE_MS)
        expect.set_options(timeout=ATTENTE_MS)
        page.goto(f"{serveur.adresse}/donnees?departement=034")
        page.wait_for_selector(DEPOSER, state="attached")
        page.wait_for_selector(PRET)
        yield serveur, page
    finally:
        contexte.close()
        serveur.fermer()


def fautes_d_acces(page):
    """What axe finds serious on the page as it is: rule, how grave, where."""
    return [
        (v["id"], v["impact"], [n["html"][:120] for n in v["nodes"]])
        for v in Axe().run(page, options={"runOnly": REGLES_AXE}).response["violations"]
        if v["impact"] in ("serious", "critical")
    ]


@pytest.mark.navigateur
def test_the_page_has_no_serious_barrier_empty_nor_with_a_report_on_it(visite, tmp_path):
    """Each button has a name, the one that takes a file off says which; light and dark."""
    _, page = visite
    for element in ("button", "input"):
        expect(page.locator(f"[data-testid=stFileUploader] {element}")).to_have_attribute(
            "aria-label", "Choisir des fichiers"
        )
    assert fautes_d_acces(page) == []
    nom, contenu = postes(tmp_path, fabrique.poste("P1", quotite="08 %"))
    fichier = {"name": nom, "mimeType": "text/csv", "buffer": contenu}
    page.locator(DEPOSER).set_input_files(fichier)
    expect(page.locator("[data-testid=stMain]")).to_contain_text("À corriger d'abord")
    page.wait_for_selector(PRET)
    expect(page.get_by_role("button", name=f"Retirer {nom}")).to_have_count(1)
    assert fautes_d_acces(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(1500)
    assert fautes_d_acces(page) == []


@pytest.mark.navigateur
def test_a_deposit_from_the_bad_file_to_the_good_one_to_the_way_back(visite, base, tmp_path):
    """Drop, read the line and the remedy, drop the mended file, accept, see it, go back."""
    serveur, page = visite
    principal = page.locator("[data-testid=stMain]")
    zone = page.get_by_test_id("stFileUploaderDropzone")
    expect(zone.get_by_test_id("stBaseButton-secondary")).to_be_visible()
    assert "Drag and drop" not in principal.inner_text()
    assert "per file" not in principal.inner_text()

    nom, contenu = postes(tmp_path, fabrique.poste("P1"), fabrique.poste("P2", quotite="1,5"))
    fichier = {"name": nom, "mimeType": "text/csv", "buffer": contenu}
    page.locator(DEPOSER).set_input_files(fichier)
    alerte = principal.get_by_test_id("stAlertContainer")
    expect(alerte).to_contain_text(re.compile(r"ligne 3, colonne.*quotite.*écrire 0,8"))
    expect(page.get_by_role("button", name="Accepter et reconstruire")).to_be_disabled()

    page.get_by_role("button", name="Refuser").click()
    expect(alerte.filter(has_text="Rien n'a été changé")).to_be_visible()
    nom, contenu = postes(
        tmp_path, fabrique.poste("P1", quotite="0,5"), fabrique.poste("P2", 2), fabrique.poste("P3")
    )
    page.locator(DEPOSER).set_input_files({**fichier, "buffer": contenu})
    expect(principal).to_contain_text("1 poste nouveau et 1 quotité changée")
    page.wait_for_selector(PRET)
    with page.expect_download() as attendu:
        page.get_by_role("button", name="Télécharger les anomalies").click()
    livre = python_calamine.CalamineWorkbook.from_filelike(
        io.BytesIO(attendu.value.path().read_bytes())
    )
    assert "Anomalies" in livre.sheet_names
    page.get_by_role("button", name="Accepter et reconstruire").click()
    expect(alerte.filter(has_text="La version 2 est en service")).to_be_visible()

    page.goto(f"{serveur.adresse}/situation?departement=034")
    expect(page.locator("[data-testid=stMain] h4").first).to_contain_text("3 postes (2,5 ETP)")

    # a refresh loses nothing of what was accepted
    page.goto(f"{serveur.adresse}/donnees?departement=034")
    retour = page.get_by_role("button", name="Revenir à cette version")
    expect(retour).to_be_visible()
    retour.click()
    expect(alerte.filter(has_text="La version 1 est en service")).to_be_visible()
    page.goto(f"{serveur.adresse}/situation?departement=034")
    expect(page.locator("[data-testid=stMain] h4").first).to_contain_text(
        re.compile(r"2 postes \(2,0 ETP\)|2 postes \(2 ETP\)")
    )
    with entrepot.ouvrir(base) as connexion:
        assert connexion.execute("select count(*) from mart_poste").fetchall() == [(2,)]
