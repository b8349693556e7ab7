"""The yearly report on the page « Activité »: who may make it, what a click asks for."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from pages.composants.cadre import PAGES
from pipelines.base import chemins
from pipelines.reports import rapport_annuel, rapports
from pipelines.reports.dossier.fichiers import Fichier
from pipelines.scenarios import lecteurs
from pipelines.scenarios.lecteurs import Lecteur, Role


@pytest.fixture
def ouvrir(entrepot_exemple, tmp_path, monkeypatch):
    """The page « Activité » of the 005; what it asks for is in `demandes`."""
    monkeypatch.setenv("ATLAS_BASE_URL", f"sqlite:///{tmp_path}/atelier.sqlite")
    monkeypatch.setenv("ATLAS_ENTREPOT", str(entrepot_exemple))

    def ouvrir():
        ecran = AppTest.from_file(str(chemins.APPLICATION), default_timeout=240)
        ecran.query_params["departement"] = "005"
        ecran.run()
        fichier = PAGES["activite"][0].relative_to(chemins.RACINE / "pages")
        return ecran.switch_page(f"../{fichier}").run()

    return ouvrir


def dits(ecran):
    return re.sub(
        r"\s", " ", " ".join(m.value for n in ("markdown", "caption") for m in ecran.get(n))
    )


def boutons(ecran):
    return [b for b in ecran.button if b.label == "Préparer le rapport"]


def test_un_clic_donne_le_rapport_et_un_autre_lecteur_le_redemande(ouvrir, monkeypatch):
    demandes = []

    def composer(lecteur, base, departement, destinataire):
        demandes.append((departement, destinataire))
        return object()

    monkeypatch.setattr(rapport_annuel, "composer", composer)
    monkeypatch.setattr(
        rapports, "produire", lambda rapport: [Fichier("Word", "un.docx", "application/x", b"x")]
    )
    [bouton] = boutons(ouvrir())
    ecran = bouton.click().run()
    assert demandes == [("005", "nominatif")]
    assert "un.docx" in dits(ecran)
    [pour_qui] = [b for b in ecran.selectbox if b.label == "Pour qui"]
    ecran = pour_qui.set_value("instance").run()
    assert "un.docx" not in dits(ecran)
    boutons(ecran)[0].click().run()
    assert demandes[1:] == [("005", "instance")]


def test_un_membre_d_instance_lit_la_page_sans_pouvoir_faire_le_rapport(ouvrir, monkeypatch):
    monkeypatch.setattr(lecteurs, "_qui", lambda: Lecteur("essai", Role.INSTANCE))
    ecran = ouvrir()
    assert not ecran.exception
    assert "relevés d'activité" in ecran.title[0].value
    assert boutons(ecran) == []
