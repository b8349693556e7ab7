"""The scenarios in words: the list, one of them, and who may read it."""

import os

import fabrique
import pytest
from typer.testing import CliRunner

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.cli import app
from pipelines.planning.assemblage import Hypotheses
from pipelines.reports import proposition, scenarios
from pipelines.scenarios import annotations, atelier, magasin
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.statuts import Statut

LECTEUR = Lecteur("Claire")


@pytest.fixture
def base(tmp_path, monkeypatch):
    """Two postes of a small département, and an empty store."""
    monkeypatch.setattr(chemins, "ATELIER", tmp_path / "atelier.sqlite")
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    monkeypatch.delenv("ATLAS_BASE_URL", raising=False)
    monkeypatch.setenv("ATLAS_LECTEUR", "Claire")
    dossier = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_postes(dossier, [fabrique.poste("P1"), fabrique.poste("P2", 2)])
    lien = {"poste_id": "P1", "uai": fabrique.uai(1), "demi_journees": 8, "periodicite": "cycle"}
    fabrique.ecrire_presences(dossier, [lien])
    adresse = magasin.adresse()
    yield fabrique.construire(dossier)
    magasin._moteur(adresse, os.getpid()).dispose()


@pytest.fixture
def scenario(base):
    """Today's presences, kept."""
    hypotheses = Hypotheses(garder_residence=False)
    return atelier.creer_aujourd_hui(LECTEUR, base, "Rentrée 2027", "034", hypotheses)


def test_without_a_scenario_the_list_says_so(base):
    vue = scenarios.liste(LECTEUR, base, "034")
    assert vue.phrase == "Aucun scénario n'est encore gardé pour ce département."
    assert vue.table.empty


def test_the_list_counts_by_status_and_names_the_parent(base, scenario):
    atelier.changer_statut(LECTEUR, scenario.scenario_id, 1, Statut.GT)
    atelier.deriver(LECTEUR, scenario.scenario_id, "Suite")
    vue = scenarios.liste(LECTEUR, base, "034")
    assert vue.phrase == "2 scénarios : 1 brouillon, 1 présenté en GT."
    assert list(vue.table["Dérivé de"]) == ["Rentrée 2027", ""]
    assert set(vue.table["Données"]) == {"actuelles"}


def test_a_scenario_of_other_data_is_said_to_be_in_the_list_and_on_its_page(
    base, scenario, tmp_path
):
    fabrique.ecrire_postes(tmp_path / "sources", [fabrique.poste("P1")])
    fabrique.construire(tmp_path / "sources")
    assert "1 repose sur des données d'avant" in scenarios.liste(LECTEUR, base, "034").phrase
    assert "ostes" in scenarios.fiche(LECTEUR, base, scenario.scenario_id).ecart


def test_a_plan_nobody_solved_is_told_without_a_proof_here_and_as_a_proposal(base, scenario):
    fiche = scenarios.fiche(LECTEUR, base, scenario.scenario_id)
    assert "rien ne dit à quelle distance il est du meilleur" in fiche.etat
    vue = proposition.vue(base, scenario.dossier)
    assert "n'est pas le résultat d'un calcul" in vue.preuve
    assert set(vue.etages["Borne prouvée"]) == {"inconnu"}
    assert set(vue.etages["Statut"]) == {"rien n'est prouvé"}
    assert set(vue.etages["Fin"]) == {"aucun calcul"}


def test_rules_broken_are_counted_and_named(base, scenario):
    trop = [p for p in scenario.plan if p.poste_id != "P1"]
    trop += [atelier.Presence("P1", s.site_id, 1) for s in scenario.probleme.sites]
    atelier.modifier(LECTEUR, scenario.scenario_id, 1, "Partout", plan=trop)
    etat = scenarios.fiche(LECTEUR, base, scenario.scenario_id).etat
    assert "Toutes les règles" not in etat
    assert "P1 sert 4 sites" in etat


def test_the_page_of_a_scenario_tells_its_journal_and_its_notes_newest_first(base, scenario):
    site = scenario.probleme.sites[0]
    annotations.noter(LECTEUR, scenario.scenario_id, "Bureau à trouver", site_id=site.site_id)
    fiche = scenarios.fiche(LECTEUR, base, scenario.scenario_id)
    assert list(fiche.journal["Qui"]) == ["Claire", "Claire"]
    assert fiche.journal["Quoi"].iloc[0].endswith("Bureau à trouver")
    assert fiche.notes.iloc[0]["Sur"] == site.nom
    assert list(fiche.suivants) == ["presente_en_gt"]


def test_a_report_refuses_who_has_no_département_in_scope(base, scenario):
    dehors = Lecteur("Karim", departements=frozenset({"030"}))
    for lire in (
        lambda: scenarios.liste(dehors, base, "034"),
        lambda: scenarios.fiche(dehors, base, scenario.scenario_id),
    ):
        with pytest.raises(AtlasError, match="n'est pas de votre ressort"):
            lire()


def test_the_commands_make_list_present_derive_and_export_a_scenario(base, scenario, tmp_path):
    def lancer(*mots):
        fin = CliRunner().invoke(app, list(mots), env={"COLUMNS": "200"})
        assert fin.exit_code == 0, fin.output
        return fin.output

    ici, entrepot = scenario.scenario_id, ("--entrepot", str(base))
    lancer("scenario", "exporter", ici, "--sortie", str(tmp_path / "export"))
    assert "Scénario créé" in lancer(
        "scenario", "creer", "--nom", "Repris", "--proposition", str(tmp_path / "export")
    )
    assert "présenté en GT" in lancer("scenario", "statut", ici, "presente_en_gt")
    lancer("scenario", "deriver", ici, "--nom", "Suite")
    assert "3 scénarios" in lancer("scenarios", "--departement", "34", *entrepot)
    assert "Rentrée 2027" in lancer("scenario", "ouvrir", ici, *entrepot)
    assert "Passé à" in lancer("scenario", "journal", ici, *entrepot)


def test_the_journal_says_a_status_in_words(base, scenario):
    atelier.changer_statut(LECTEUR, scenario.scenario_id, 1, Statut.GT)
    passage = scenarios.fiche(LECTEUR, base, scenario.scenario_id).journal.iloc[0]
    assert (passage["Avant"], passage["Après"]) == ("brouillon", "présenté en GT")
