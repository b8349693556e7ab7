"""A study is found again whatever was done to its scenario, and says which version it is of."""

from pathlib import Path

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import atelier, etudes
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Lecteur, Role
from pipelines.scenarios.processus import Phase
from pipelines.scenarios.versions_etudiees import versions_etudiees

LECTEUR = Lecteur("Claire")


@pytest.fixture
def etudie(sur_disque, proposition):
    """A scenario whose absences were studied in its first state."""
    scenario = atelier.creer(LECTEUR, "Rentrée 2027", proposition)
    etudes.etudier(scenario.dossier, Nature.ABSENCES)
    return scenario


def lues(scenario):
    """Whether each version that has the study is the present one, the act that made it."""
    versions = versions_etudiees(LECTEUR, scenario.scenario_id, Nature.ABSENCES)
    return [(v.est_actuelle, v.quoi) for v in versions]


def test_a_study_of_the_present_state_is_of_the_present_version(etudie):
    assert lues(etudie) == [(True, "Créé à partir d'une proposition")]
    assert versions_etudiees(LECTEUR, etudie.scenario_id, Nature.MARGES) == ()


def test_a_new_name_keeps_the_studies(etudie):
    atelier.renommer(LECTEUR, etudie.scenario_id, 1, "Après le GT")
    assert lues(etudie) == [(True, "Créé à partir d'une proposition")]


def test_another_plan_leaves_the_study_to_the_version_before_and_an_undo_brings_it_back(etudie):
    change = atelier.modifier(LECTEUR, etudie.scenario_id, 1, "Vidé", plan=[])
    assert lues(etudie) == [(False, "Créé à partir d'une proposition")]
    etudes.etudier(change.dossier, Nature.ABSENCES)
    assert [quoi for _, quoi in lues(etudie)] == ["Vidé", "Créé à partir d'une proposition"]
    atelier.annuler(LECTEUR, etudie.scenario_id, change.version)
    assert lues(etudie) == [(True, "Créé à partir d'une proposition"), (False, "Vidé")]


def test_a_study_at_work_is_found_after_the_plan_has_changed(etudie, monkeypatch):
    atelier.modifier(LECTEUR, etudie.scenario_id, 1, "Vidé", plan=[])
    monkeypatch.setattr(
        etudes, "etat", lambda dossier, nature: etudes.Etat(Phase.EN_COURS, None, 0.4, "", None)
    )
    [version] = versions_etudiees(LECTEUR, etudie.scenario_id, Nature.MARGES)
    assert (version.est_au_travail, version.est_actuelle) == (True, False)
    assert version.dossier == Path(etudie.emplacement)


def test_who_may_not_read_a_scenario_is_not_told_of_its_studies(etudie):
    with pytest.raises(AtlasError, match="ne permet pas"):
        versions_etudiees(Lecteur("Sam", Role.INSTANCE), etudie.scenario_id, Nature.ABSENCES)
