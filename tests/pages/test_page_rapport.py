"""The yearly report on the page « Activité »: who may make it, what a click asks for."""

from pipelines.reports import rapport_annuel, rapports
from pipelines.reports.dossier.fichiers import Fichier
from pipelines.scenarios import lecteurs
from pipelines.scenarios.lecteurs import Lecteur, Role
from tests.pages.conftest import dits

PAGE = "activite"


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
