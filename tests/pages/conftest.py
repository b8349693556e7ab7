"""The example as a visitor meets it: a freshly started server, one browser."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import sync_playwright
from streamlit.testing.v1 import AppTest

from pages.composants.cadre import PAGES
from pipelines.base import chemins

ATTENTE_SERVEUR_S = 90
ATTENTE_MS = 45_000
PRET = "[data-testid=stApp][data-test-script-state=notRunning]"
# Streamlit looks for its server under the folder of the address first; the right place answers.
SONDES = re.compile(r"/\w+/_stcore/(health|host-config)$")
# its main part, under the side bar's own title
TITRE = "[data-testid=stMain] h1"
# the headers of each table on screen that scrolls sideways
DEBORDE = """() => [...document.querySelectorAll(
    '[data-testid=stDataFrame], [data-testid=stTable]')]
  .filter(table => [table, ...table.querySelectorAll('*')].some(
    e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
      && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)))
  .map(table => [...table.querySelectorAll('[role=columnheader], th')]
    .map(titre => titre.textContent).join(' | '))"""
LECTEUR = "Claire"
OPTIONS_CHROMIUM = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# tables are laid out for the window, once the browser has said its width
DESSINEE_POUR = "largeur => document.documentElement.dataset.palier === largeur"


@pytest.fixture
def atelier_vide(tmp_path, monkeypatch):
    """An empty folder of computations and an empty store, that Claire reads."""
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    monkeypatch.setenv("ATLAS_BASE_URL", f"sqlite:///{tmp_path}/atelier.sqlite")
    monkeypatch.setenv("ATLAS_LECTEUR", LECTEUR)


@pytest.fixture
def ouvrir(request, atelier_vide, entrepot_exemple, monkeypatch):
    """A page run by Streamlit's own test runner, as a visitor of its address finds it.

    Again at each call: the `PAGE` of the module unless another is named, for the 005 unless
    another département is.
    """
    sienne = getattr(request.module, "PAGE", None)
    monkeypatch.setenv("ATLAS_ENTREPOT", str(entrepot_exemple))

    def ouvrir(page=sienne, entrepot=entrepot_exemple, **parametres):
        monkeypatch.setenv("ATLAS_ENTREPOT", str(entrepot))
        ecran = AppTest.from_file(str(chemins.APPLICATION), default_timeout=90)
        for nom, valeur in {"departement": "005", **parametres}.items():
            ecran.query_params[nom] = valeur
        ecran.run()
        fichier = PAGES[page][0].relative_to(chemins.RACINE / "pages")
        return ecran.switch_page(f"../{fichier}").run()

    return ouvrir


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s+", " ", texte)


def dits(ecran):
    """All the words on screen, dialogs included, with plain spaces."""
    natures = ("markdown", "info", "warning", "caption")
    return clair(" ".join(m.value for nature in natures for m in ecran.get(nature)))


def bouton(ecran, libelle):
    """The button on screen that says so."""
    [trouve] = [b for b in ecran.button if b.label == libelle]
    return trouve


class Serveur:
    """`atlas servir` in a process of its own, its computations in a folder of the test run."""

    def __init__(self, entrepot, dossier):
        self.calculs = dossier / "calculs"
        self.atelier = dossier / "atelier.sqlite"
        self.journal = dossier / "serveur.log"
        self.port = _port_libre()
        self.adresse = f"http://127.0.0.1:{self.port}"
        with self.journal.open("w", encoding="utf-8") as journal:
            self.processus = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "pipelines.cli",
                    "servir",
                    "--port",
                    str(self.port),
                    "--entrepot",
                    str(entrepot),
                ],
                cwd=chemins.RACINE,
                env={
                    **os.environ,
                    "ATLAS_CALCULS": str(self.calculs),
                    "ATLAS_ATELIER": str(self.atelier),
                    "ATLAS_LECTEUR": LECTEUR,
                },
                stdout=journal,
                stderr=subprocess.STDOUT,
            )

    def attendre(self):
        """Return once the server answers; fail with its log when it doesn't."""
        fin = time.monotonic() + ATTENTE_SERVEUR_S
        while time.monotonic() < fin and self.processus.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.adresse}/_stcore/health", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        pytest.fail(f"Le serveur n'a pas répondu : {self.journal.read_text(encoding='utf-8')}")

    def fermer(self):
        """Stop the server and the computations it has started."""
        self.processus.terminate()
        self.processus.wait(timeout=20)
        for numero in self.calculs.rglob("processus.txt"):
            processus = int(numero.read_text(encoding="utf-8"))
            commande = Path(f"/proc/{processus}/cmdline")
            if commande.exists() and numero.parent.name in commande.read_text(encoding="utf-8"):
                os.kill(processus, signal.SIGKILL)


def _port_libre():
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        return prise.getsockname()[1]


@pytest.fixture(scope="session")
def serveur(entrepot_exemple, tmp_path_factory):
    """A server nobody has visited yet, over the example."""
    serveur = Serveur(entrepot_exemple, tmp_path_factory.mktemp("serveur"))
    try:
        serveur.attendre()
        yield serveur
    finally:
        serveur.fermer()


@pytest.fixture(scope="session")
def chromium():
    """The one browser of the run."""
    executable = shutil.which("chromium") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        navigateur = playwright.chromium.launch(
            executable_path=executable, args=list(OPTIONS_CHROMIUM)
        )
        yield navigateur
        navigateur.close()


class Visite:
    """A tab and what it asked of the network or complained of."""

    def __init__(self, serveur, chromium, **options):
        self.serveur = serveur
        self.contexte = chromium.new_context(
            viewport={"width": 1440, "height": 900}, locale="fr-FR", **options
        )
        self.page = self.contexte.new_page()
        self.page.set_default_timeout(ATTENTE_MS)
        self.requetes, self.plaintes = [], []
        self.page.on("request", lambda requete: self.requetes.append(requete.url))
        self.page.on("websocket", lambda prise: self.requetes.append(prise.url))
        self.page.on("console", self._noter)
        self.page.on("pageerror", lambda erreur: self.plaintes.append(str(erreur)))

    def _noter(self, message):
        if message.type == "error" and not SONDES.search(message.location["url"]):
            self.plaintes.append(f"{message.text} ({message.location['url']})")

    def aller(self, chemin):
        """Open an address of the application and wait for its script to end."""
        self.page.goto(f"{self.serveur.adresse}{chemin}")
        self.page.wait_for_selector(TITRE)
        self.attendre()
        return self.page

    def attendre(self):
        """Return once the script has run."""
        self.page.wait_for_selector(PRET)

    def debordements(self):
        """The headers of each table that scrolls sideways, in every tab with all unfolded."""
        self.page.wait_for_function(DESSINEE_POUR, arg=str(self.page.viewport_size["width"]))
        self.attendre()
        principal = self.page.get_by_test_id("stMain")
        trouves = []
        for onglet in principal.get_by_role("tab").all() or [None]:
            if onglet is not None:
                onglet.click()
            for repli in principal.locator("details:not([open]) > summary").all():
                if repli.is_visible():
                    repli.click()
            self.page.wait_for_timeout(1200)
            self.attendre()
            trouves += self.page.evaluate(DEBORDE)
        return trouves

    @property
    def parametres(self):
        """The parameters of the address, one value each."""
        return {n: v[0] for n, v in parse_qs(urlsplit(self.page.url).query).items()}


@pytest.fixture
def visite(serveur, chromium):
    """A new visitor, with a new tab."""
    visite = Visite(serveur, chromium)
    yield visite
    visite.contexte.close()
