"""Every page is walked by axe-core: no violation it calls serious or critical."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages.composants.cadre import PAGES

pytestmark = pytest.mark.navigateur

PRET = "[data-testid=stApp][data-test-script-state=notRunning]"
GRAVES = {"serious", "critical"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("adresse", PAGES)
def test_no_page_has_a_serious_fault_of_accessibility(serveur, chromium, adresse, theme):
    contexte = chromium.new_context(
        viewport={"width": 1440, "height": 900}, locale="fr-FR", color_scheme=theme
    )
    try:
        page = contexte.new_page()
        page.goto(f"{serveur.adresse}/{adresse}?departement=084")
        page.wait_for_selector("[data-testid=stMain] h1", timeout=45_000)
        page.wait_for_selector(PRET, timeout=45_000)
        page.wait_for_timeout(1_000)
        trouvees = [
            (faute["id"], noeud["target"], noeud["html"][:160])
            for faute in Axe().run(page).response["violations"]
            if faute["impact"] in GRAVES
            for noeud in faute["nodes"]
        ]
        assert trouvees == []
    finally:
        contexte.close()
