"""The served application in a real browser: addresses, silence on the network, the whole story."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
from playwright.sync_api import expect

from pages.composants.cadre import PAGES
from tests.pages.conftest import ATTENTE_MS, TITRE, Visite

pytestmark = pytest.mark.navigateur

PETIT = "005"
GRAND = "013"  # too large to be proven before the stop is asked


@pytest.fixture(scope="module")
def un_site(entrepot_exemple):
    """A site of the 013 which is not the first of the list."""
    with duckdb.connect(str(entrepot_exemple), read_only=True) as connexion:
        return connexion.execute(
            "select site_id, nom from mart_site where departement = '013' order by nom offset 50"
        ).fetchone()


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


def lancer(visite, secondes):
    """Set the duration on the form and press its button; the id of the computation."""
    page = visite.page
    hypotheses = page.locator("details", has_text="Hypothèses")
    if hypotheses.get_attribute("open") is None:
        hypotheses.locator("summary").click()
    champ = page.get_by_label("Durée du calcul (secondes)")
    champ.fill(str(secondes))
    champ.press("Tab")
    page.get_by_role("button", name="Proposer une répartition").click()
    page.get_by_test_id("stProgress").wait_for()
    return visite.parametres["calcul"]


def lire_resultat(page):
    """Wait for the result; its sentence and its proof."""
    expect(page.get_by_role("heading", name="Gains et pertes par catégorie")).to_be_visible(
        timeout=ATTENTE_MS
    )
    expect(page.get_by_test_id("stProgress")).to_have_count(0)
    phrase = page.locator("[data-testid=stMain] h4").first.inner_text()
    preuve = page.get_by_text("Un contrôle indépendant a vérifié toutes les règles.").inner_text()
    return clair(phrase), clair(preuve)


def points(page):
    """The sites and résidences drawn on the map."""
    page.wait_for_selector(".scatterlayer .trace path.point", state="attached")
    return page.locator(".scatterlayer .trace path.point").count()


def test_the_first_visit_of_a_fresh_server_may_be_deep_and_finds_its_page(visite, un_site):
    """A bookmark on a fiche, the server just started: no « Page not found », the very site."""
    site_id, nom = un_site
    page = visite.aller(f"/etablissement?departement=013&site={site_id}")
    page.wait_for_timeout(1500)
    assert page.get_by_role("dialog").count() == 0
    assert page.get_by_text("Page not found").count() == 0
    assert page.locator(TITRE).inner_text() == nom
    assert visite.parametres == {"departement": "013", "site": site_id}


def test_no_table_of_a_proposal_runs_under_the_edge_of_a_small_screen(visite):
    page = visite.page
    page.set_viewport_size({"width": 1024, "height": 5000})
    visite.aller(f"/proposer?departement={PETIT}")
    lancer(visite, 5)
    lire_resultat(page)
    assert visite.debordements() == []


def test_the_page_to_print_unfolds_whole_and_its_button_prints_it(visite):
    """Folded at first, then measured: nothing of the fiche is cut off at the foot of the page."""
    page = visite.aller("/etablissement?departement=084")
    page.get_by_text("Imprimer la fiche (une page A4)").click()
    cadre = page.frame_locator("iframe")
    bouton = cadre.get_by_role("button", name="Imprimer (une page A4)")
    bouton.wait_for()
    feuille = cadre.locator("main")
    # on a busy machine the frame may be drawn once more, and forget what was put in it
    for _ in range(5):
        feuille.evaluate("() => {window.print = () => {window.imprimee = true}}")
        bouton.click()
        if feuille.evaluate("() => window.imprimee"):
            break
    assert feuille.evaluate("() => window.imprimee")
    expect(cadre.get_by_text("Références")).to_be_visible()
    assert feuille.evaluate("m => m.scrollHeight <= m.clientHeight + 1")
    assert visite.plaintes == []


def test_the_map_is_drawn_and_its_table_stands_below(visite, entrepot_exemple):
    """A mark for each site that has a position, and one table line for each site."""
    with duckdb.connect(str(entrepot_exemple), read_only=True) as connexion:
        places, tous = connexion.execute(
            "select count(longitude), count(*) from mart_site where departement = ?", [PETIT]
        ).fetchone()
    page = visite.aller(f"/?departement={PETIT}")
    assert points(page) >= places > 0
    carte = page.get_by_test_id("stPlotlyChart").bounding_box()
    assert page.get_by_role("heading", name="Tous les sites").is_visible()
    table = page.get_by_test_id("stDataFrame").last
    table.scroll_into_view_if_needed()
    assert table.bounding_box()["y"] > page.get_by_test_id("stPlotlyChart").bounding_box()["y"]
    assert carte["height"] > 400
    # the grid tells assistive technologies its rows: the sites and the header
    grille = table.locator("[role=grid]")
    grille.wait_for(state="attached")
    assert int(grille.get_attribute("aria-rowcount")) == tous + 1
    # Streamlit's own export would write formulas, and no warning
    table.hover()
    page.get_by_label("Search").last.wait_for(state="visible")
    bruts = page.get_by_label("Download as CSV").all()
    assert bruts
    assert not any(bouton.is_visible() for bouton in bruts)


def test_choosing_a_departement_changes_the_address_and_the_links_keep_it(visite):
    page = visite.aller("/?departement=013")
    cote = page.get_by_test_id("stSidebar")
    cote.get_by_test_id("stSelectbox").first.locator("input").click()
    page.get_by_role("option", name="Hautes-Alpes (005)").click()
    page.get_by_role("heading", name="Hautes-Alpes : où en est la couverture").wait_for()
    visite.attendre()
    assert visite.parametres == {"departement": "005"}
    liens = cote.get_by_test_id("stPageLink").get_by_role("link")
    assert liens.count() == len(PAGES)
    for i in range(liens.count()):
        assert parse_qs(urlsplit(liens.nth(i).get_attribute("href")).query) == {
            "departement": ["005"]
        }
    cote.get_by_role("link", name="Établissement").click()
    page.wait_for_url("**/etablissement?*")
    visite.attendre()
    assert visite.parametres["departement"] == "005"


def test_a_site_picked_in_the_list_is_let_go_when_the_departement_changes(visite):
    """The thirteenth of 62 sites has no twin among the few of a smaller département."""
    page = visite.aller("/?departement=013")
    grille = page.get_by_test_id("stDataFrame").first
    grille.locator("canvas").first.wait_for()
    page.wait_for_timeout(1000)
    boite = grille.bounding_box()
    page.mouse.click(boite["x"] + 17, boite["y"] + 12.5 * 33)
    fiche = page.get_by_role("link", name="Ouvrir la fiche du site choisi")
    fiche.wait_for()
    assert parse_qs(urlsplit(fiche.get_attribute("href")).query)["departement"] == ["013"]
    page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").first.locator("input").click()
    page.get_by_role("option", name="Hautes-Alpes (005)").click()
    page.get_by_role("heading", name="Hautes-Alpes : où en est la couverture").wait_for()
    visite.attendre()
    assert fiche.count() == 0
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stMain").get_by_test_id("stAlert").count() == 0


def test_the_main_button_is_reached_and_pressed_with_the_keyboard_alone(visite):
    page = visite.aller(f"/?departement={PETIT}")
    page.get_by_role("button", name="Proposer une répartition").wait_for()
    page.mouse.click(700, 5)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "Proposer une répartition":
            break
    else:
        pytest.fail("« Proposer une répartition » ne s'atteint pas au clavier")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="proposer une répartition").wait_for()
    assert visite.parametres == {"departement": PETIT}


def test_from_the_situation_to_a_plan_found_again_at_its_address(visite):
    """The whole way: launch, progress, result with its proof, and the same after a reload."""
    page = visite.aller(f"/?departement={PETIT}")
    page.get_by_role("button", name="Proposer une répartition").click()
    page.get_by_role("heading", name="proposer une répartition").wait_for()
    visite.attendre()
    calcul_id = lancer(visite, 5)
    assert calcul_id.startswith(f"{PETIT}-")
    assert page.get_by_role("button", name="Arrêter et garder le meilleur plan").is_visible()
    phrase, preuve = lire_resultat(page)
    assert re.search(r"\d+\s%\sdu besoin couvert, contre \d+\s%\saujourd'hui", phrase)
    assert "site prioritaire" in phrase or "sites prioritaires" in phrase
    assert re.search(r"liens? entre un poste et un site", phrase)
    assert "plan possible" in preuve or "prouvé le plus petit possible" in preuve
    assert points(page) > 0
    for onglet in ("Secteurs", "Sites", "Sans présence régulière", "Preuve"):
        assert page.get_by_role("tab", name=onglet, exact=True).is_visible()
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="Télécharger la proposition (Excel)").click()
    assert telechargement.value.suggested_filename == f"proposition-{calcul_id}.xlsx"
    page.reload()
    assert lire_resultat(page) == (phrase, preuve)
    assert visite.parametres == {"departement": PETIT, "calcul": calcul_id}
    assert visite.plaintes == []
    page = visite.aller(f"/proposer?departement={PETIT}")
    dernier = page.get_by_test_id("stMain").get_by_test_id("stPageLink").get_by_role("link").first
    assert calcul_id in dernier.get_attribute("href")


def test_a_long_computation_stopped_keeps_the_best_plan_and_shows_it_at_once(visite):
    """Asked for 120 seconds, stopped after 2: the result stands within 10 seconds."""
    visite.aller(f"/proposer?departement={GRAND}")
    lancer(visite, 120)
    visite.page.wait_for_timeout(2000)
    debut = time.monotonic()
    visite.page.get_by_role("button", name="Arrêter et garder le meilleur plan").click()
    phrase, _ = lire_resultat(visite.page)
    assert time.monotonic() - debut < 12
    assert "du besoin couvert" in phrase
    expect(visite.page.get_by_text("Le calcul a été arrêté à la demande").first).to_be_visible()


def test_a_tab_closed_in_the_middle_of_a_computation_finds_its_result_again(
    visite, serveur, chromium
):
    visite.aller(f"/proposer?departement={PETIT}")
    calcul_id = lancer(visite, 5)
    visite.contexte.close()
    autre = Visite(serveur, chromium)
    try:
        autre.aller(f"/proposer?departement={PETIT}&calcul={calcul_id}")
        phrase, _ = lire_resultat(autre.page)
        assert "du besoin couvert" in phrase
        assert (serveur.calculs / calcul_id / "plan.csv").is_file()
    finally:
        autre.contexte.close()


def test_the_doctrines_are_compared_side_by_side_and_found_again(visite):
    """Launch, progress, three maps and one table; the same after a reload, then a proposal."""
    page = visite.aller(f"/doctrines?departement={PETIT}")
    champ = page.get_by_label("Durée du calcul (secondes)")
    champ.fill("5")
    champ.press("Tab")
    page.get_by_role("button", name="Comparer les doctrines").click()
    page.get_by_test_id("stProgress").wait_for()
    comparaison = visite.parametres["comparaison"]
    assert page.get_by_role("button", name="Arrêter et garder les meilleurs plans").is_visible()
    page.get_by_role("heading", name="Les indices, côte à côte").wait_for(timeout=90_000)
    phrase = clair(page.locator("[data-testid=stMain] h4").first.inner_text())
    assert "avec « Couverture de tous »" in phrase
    assert points(page) > 0
    dessine = " ".join(page.locator(".main-svg").all_text_contents())
    for nom in ("Priorités d'abord", "Couverture de tous", "Hybride"):
        assert nom in dessine
    with page.expect_download() as telechargement:
        page.get_by_role("button", name="Télécharger (Excel)").click()
    assert telechargement.value.suggested_filename.endswith(".xlsx")
    page.reload()
    page.get_by_role("heading", name="Les indices, côte à côte").wait_for()
    assert clair(page.locator("[data-testid=stMain] h4").first.inner_text()) == phrase
    assert visite.parametres["comparaison"] == comparaison
    page.get_by_role("link", name="Voir « Hybride »").click()
    page.get_by_text("Doctrine choisie").wait_for()
    assert visite.parametres["calcul"] == f"{comparaison}.hybride"
    assert visite.plaintes == []


def test_an_unknown_computation_in_the_address_gets_a_french_answer(visite):
    page = visite.aller(f"/proposer?departement={PETIT}&calcul=inconnu")
    message = page.get_by_test_id("stMain").get_by_test_id("stAlert")
    message.wait_for()
    assert clair("La proposition « inconnu » n'existe pas") in clair(message.inner_text())
    assert clair("relancer le calcul") in clair(message.inner_text())


def test_a_table_is_written_when_asked_for_and_opens_in_a_french_spreadsheet(visite):
    """Semicolons, French headers, and what must be said of the data on each row."""
    page = visite.aller(f"/etablissement?departement={PETIT}")
    page.get_by_role("heading", name="Besoin selon chaque barème").wait_for()
    with page.expect_download() as telechargement:
        page.locator("[class*='st-key-csv-baremes-'] button").click()
    assert telechargement.value.suggested_filename.startswith("baremes-")
    texte = telechargement.value.path().read_text(encoding="utf-8-sig")
    entete, *lignes = texte.splitlines()
    assert entete.startswith("Barème;Besoin (½ j. par cycle);")
    assert entete.endswith(";Avertissement")
    assert all("Académie d'exemple" in ligne for ligne in lignes)
    assert visite.plaintes == []
