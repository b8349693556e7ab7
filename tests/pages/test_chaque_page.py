"""Every page, with something on it, opened once in a real browser and looked at in every way."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages.composants.cadre import PAGES
from pipelines.scenarios import atelier, lecteurs
from tests.pages.conftest import Visite

pytestmark = pytest.mark.navigateur

GRAVES = {"serious", "critical"}
GRAND = "013"
CONTRASTE = {"runOnly": ["color-contrast"]}


@pytest.fixture(scope="module")
def parametres(serveur, entrepot_exemple):
    """The address of the largest département with a scenario, compared with today."""
    ici = atelier.creer_aujourd_hui(
        lecteurs.local(), entrepot_exemple, "Répartition d'aujourd'hui", GRAND
    ).scenario_id
    return f"departement={GRAND}&scenario={ici}&a=aujourdhui&b={ici}"


def fautes(page, options=None):
    """What axe-core calls serious or critical on the page as it stands."""
    # the side bar before its links have come is a region nothing leads into
    page.get_by_test_id("stSidebar").get_by_test_id("stPageLink").last.wait_for()
    page.wait_for_timeout(1000)
    return [
        (faute["id"], noeud["target"], noeud["html"][:160])
        for faute in Axe().run(page, options=options).response["violations"]
        if faute["impact"] in GRAVES
        for noeud in faute["nodes"]
    ]


@pytest.mark.parametrize("adresse", PAGES)
def test_a_page_is_quiet_french_local_accessible_and_fits_a_small_screen(
    serveur, chromium, parametres, adresse
):
    """No dialog, no complaint of the browser, lang « fr », every request to 127.0.0.1; nothing
    axe-core calls serious, light then dark; no table under the edge of 1,024 pixels.
    """
    visite = Visite(serveur, chromium, color_scheme="light")
    page = visite.aller(f"/{adresse}?{parametres}")
    try:
        page.wait_for_function("document.documentElement.lang === 'fr'")
        assert fautes(page) == []
        assert page.get_by_role("dialog").count() == 0
        assert page.get_by_test_id("stException").count() == 0
        page.set_viewport_size({"width": 1024, "height": 5000})
        assert visite.debordements() == []
        assert visite.plaintes == []
        assert len(visite.requetes) > 5
        ailleurs = {u for u in visite.requetes if urlsplit(u).scheme not in ("data", "blob")}
        assert {urlsplit(u).hostname for u in ailleurs} == {"127.0.0.1"}
        assert visite.parametres["departement"] == GRAND
        # a theme read while it changes has the colours of neither: the page is opened anew
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 1440, "height": 900})
        visite.aller(f"/{adresse}?{parametres}")
        assert fautes(page, CONTRASTE) == []
    finally:
        visite.contexte.close()
