"""The whole story in a real browser: propose, keep, lock, adjust, compare, and lose nothing."""

import os
import re
import signal
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import TimeoutError, expect

from pipelines.scenarios import atelier, lecteurs
from tests.pages.conftest import PRET, Serveur

pytestmark = pytest.mark.navigateur

DEPARTEMENT = "005"
ATTENTE_MS = 180_000
REPRISES = 6
DERNIER_ACTE = "Dernier acte gardé"


@pytest.fixture
def lieu(entrepot_exemple, tmp_path, monkeypatch):
    """Where scenarios and computations are kept, and a way to start a server over them."""
    monkeypatch.setenv("ATLAS_BASE_URL", f"sqlite:///{tmp_path}/atelier.sqlite")
    serveurs = []

    def demarrer():
        serveurs.append(Serveur(entrepot_exemple, tmp_path))
        serveurs[-1].attendre()
        return serveurs[-1]

    yield demarrer
    for serveur in serveurs:
        serveur.fermer()


class Ecran:
    """A tab on a server."""

    def __init__(self, chromium, serveur):
        self.page = chromium.new_context(
            viewport={"width": 1440, "height": 900}, locale="fr-FR"
        ).new_page()
        self.page.set_default_timeout(ATTENTE_MS)
        self.serveur = serveur

    def aller(self, adresse):
        self.page.goto(f"{self.serveur.adresse}/{adresse}")
        self.page.wait_for_selector("[data-testid=stMain] h1")
        self.attendre()

    def attendre(self):
        self.page.wait_for_timeout(300)
        self.page.wait_for_selector(PRET)

    def presser(self, nom):
        self.page.get_by_role("button", name=nom, exact=True).click()
        self.attendre()

    def choisir(self, titre, choix):
        """Pick the option of a box that has these words.

        Typed, since a long list only draws the options in sight; typed again, since a page drawn
        once more on a busy machine closes the list.
        """
        boite = (
            self.page.get_by_test_id("stMain").get_by_test_id("stSelectbox").filter(has_text=titre)
        )
        option = self.page.get_by_role("option", name=choix)
        for _ in range(REPRISES):
            boite.locator("input").click()
            boite.locator("input").fill(choix)
            try:
                option.first.click(timeout=ATTENTE_MS / REPRISES)
            except TimeoutError:
                self.page.keyboard.press("Escape")
            else:
                break
        else:
            pytest.fail(f"« {choix} » ne se choisit pas dans « {titre} »")
        self.attendre()

    @property
    def parametres(self):
        return {n: v[0] for n, v in parse_qs(urlsplit(self.page.url).query).items()}

    def dernier_acte(self):
        return self.page.get_by_text(DERNIER_ACTE).inner_text()


def test_a_week_of_work_survives_a_refresh_and_a_server_killed_while_it_saves(lieu, chromium):
    serveur = lieu()
    ecran = Ecran(chromium, serveur)
    page = ecran.page

    # open, understand, propose
    ecran.aller(f"situation?departement={DEPARTEMENT}")
    ecran.presser("Proposer une répartition")
    hypotheses = page.locator("details", has_text="Hypothèses")
    if hypotheses.get_attribute("open") is None:
        hypotheses.locator("summary").click()
    champ = page.get_by_label("Durée du calcul (secondes)")
    champ.fill("5")
    champ.press("Tab")
    ecran.presser("Proposer une répartition")
    expect(page.get_by_role("heading", name="Gains et pertes par catégorie")).to_be_visible(
        timeout=ATTENTE_MS
    )

    # keep it as a scenario
    ecran.presser("Garder comme scénario")
    page.get_by_label("Nom du scénario").fill("Rentrée 2027")
    page.get_by_label("Nom du scénario").press("Tab")
    ecran.presser("Garder")
    page.wait_for_url("**/scenarios?*")
    ecran.attendre()
    scenario_id = ecran.parametres["scenario"]
    assert page.get_by_text("Rentrée 2027").first.is_visible()

    # lock, adjust
    adresse = f"ajuster?departement={DEPARTEMENT}&scenario={scenario_id}"
    ecran.aller(adresse)
    ecran.presser("Garder ces verrous")
    expect(
        page.get_by_text(re.compile(f"{DERNIER_ACTE}.*verrou|{DERNIER_ACTE}.*[Ff]ix"))
    ).to_be_visible()
    ouvert = atelier.ouvrir(lecteurs.local(), scenario_id)
    presence = max(ouvert.plan, key=lambda x: x.demi_journees_cycle)
    ecran.aller(f"{adresse}&site={presence.site_id}")
    ecran.choisir("Présence, en demi-journées par cycle", "aucune présence")
    ecran.presser("Garder ce changement")
    ajuste = atelier.ouvrir(lecteurs.local(), scenario_id)
    assert ajuste.version > ouvert.version
    assert presence not in ajuste.plan

    # compare with today
    ecran.aller(f"comparer?departement={DEPARTEMENT}&a=aujourdhui&b={scenario_id}")
    expect(page.get_by_test_id("stMain").locator("h4").first).to_contain_text("Rentrée 2027")

    # brought back after a refresh
    ecran.aller(adresse)
    acte = ecran.dernier_acte()
    page.reload()
    page.wait_for_selector("[data-testid=stMain] h1")
    ecran.attendre()
    assert ecran.dernier_acte() == acte

    # the server is killed while it saves: the act is there, or it is not, and nothing is broken
    page.get_by_role("button", name="Annuler", exact=True).click(no_wait_after=True)
    os.kill(serveur.processus.pid, signal.SIGKILL)
    serveur.processus.wait(20)
    ecran.serveur = lieu()
    ecran.aller(adresse)
    revenu = atelier.ouvrir(lecteurs.local(), scenario_id)
    assert revenu.plan in (ouvert.plan, ajuste.plan)
    assert revenu.version in (ajuste.version, ajuste.version + 1)
    if revenu.version == ajuste.version:
        ecran.presser("Annuler")
    ecran.presser("Rétablir")
    assert atelier.ouvrir(lecteurs.local(), scenario_id).plan == ajuste.plan
    assert ecran.dernier_acte() == acte
