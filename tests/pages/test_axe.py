"""Every page, with something on it, is walked by axe-core: nothing it calls serious or critical."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from pages.composants.cadre import PAGES
from pipelines.scenarios import atelier, lecteurs

pytestmark = pytest.mark.navigateur

PRET = "[data-testid=stApp][data-test-script-state=notRunning]"
GRAVES = {"serious", "critical"}
DEPARTEMENT = "005"


@pytest.fixture(scope="module")
def parametres(serveur, entrepot_exemple):
    """The address of a département with a scenario, compared with today."""
    scenario = atelier.creer_aujourd_hui(
        lecteurs.local(), entrepot_exemple, "Répartition d'aujourd'hui", DEPARTEMENT
    )
    ici = scenario.scenario_id
    return f"departement={DEPARTEMENT}&scenario={ici}&a=aujourdhui&b={ici}"


@pytest.mark.parametrize("adresse", PAGES)
def test_no_page_has_a_serious_fault_of_accessibility(serveur, chromium, parametres, adresse):
    trouvees = []
    for theme in ("light", "dark"):
        contexte = chromium.new_context(
            viewport={"width": 1440, "height": 900}, locale="fr-FR", color_scheme=theme
        )
        try:
            page = contexte.new_page()
            page.goto(f"{serveur.adresse}/{adresse}?{parametres}")
            page.wait_for_selector("[data-testid=stMain] h1", timeout=60_000)
            page.wait_for_selector(PRET, timeout=60_000)
            page.wait_for_timeout(1_500)
            trouvees += [
                (theme, faute["id"], noeud["target"], noeud["html"][:160])
                for faute in Axe().run(page).response["violations"]
                if faute["impact"] in GRAVES
                for noeud in faute["nodes"]
            ]
        finally:
            contexte.close()
    assert trouvees == []
