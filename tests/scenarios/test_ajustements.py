"""Gestures by hand kept in the workbench: one act each, undone, and never over another person's."""

import json
from dataclasses import asdict

import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.planning.ajustement import en_dict
from pipelines.planning.probleme import vers_json
from pipelines.planning.verification import juger
from pipelines.scenarios import ajustements, atelier, completions, propositions
from pipelines.scenarios.ajustements import Geste, Nature
from pipelines.scenarios.conflits import Conflit
from pipelines.scenarios.lecteurs import Lecteur

MOI, AUTRE = Lecteur("Camille"), Lecteur("Dominique")


@pytest.fixture(scope="module")
def dossier(entrepot_exemple, tmp_path_factory):
    """A proposal for the 005, the smallest département."""
    dossier = tmp_path_factory.mktemp("proposition-a-ajuster")
    propositions.proposer(entrepot_exemple, "005", graine=1, duree_max_s=2, sortie=dossier)
    return dossier


@pytest.fixture
def scenario(dossier, tmp_path, monkeypatch):
    """A scenario of that proposal in a store of its own."""
    monkeypatch.setenv("ATLAS_BASE_URL", f"sqlite:///{tmp_path / 'atelier.sqlite'}")
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    return atelier.creer(MOI, "À la main", dossier)


def conforme(scenario):
    probleme = json.loads(vers_json(scenario.probleme))
    return juger(probleme, [asdict(x) for x in scenario.plan]).conforme


def retrait(scenario, rang=0):
    """The gesture that withdraws a presence, and the presence."""
    x = scenario.plan[rang]
    return Geste(Nature.PRESENCE, x.poste_id, x.site_id, demi_journees_cycle=0), x


def test_a_gesture_is_one_act_said_in_words_that_undo_and_redo_take_back_and_forth(scenario):
    geste, x = retrait(scenario)
    garde = ajustements.garder(MOI, scenario, geste)
    assert (x.poste_id, x.site_id) not in en_dict(garde.plan)
    assert x.poste_id in garde.quoi
    assert "retirée" in garde.quoi
    annule = atelier.annuler(MOI, garde.scenario_id, garde.version)
    assert annule.plan == scenario.plan
    assert atelier.refaire(MOI, annule.scenario_id, annule.version).plan == garde.plan


def test_a_gesture_over_another_person_s_act_is_told_and_nothing_is_overwritten(scenario):
    geste, x = retrait(scenario, 0)
    sien, y = retrait(scenario, 1)
    leur = ajustements.garder(AUTRE, scenario, sien)
    with pytest.raises(Conflit, match="Dominique") as conflit:
        ajustements.garder(MOI, scenario, geste)
    assert atelier.ouvrir(MOI, scenario.scenario_id).plan == leur.plan
    fusion = atelier.reporter(MOI, conflit.value)
    assert not {(x.poste_id, x.site_id), (y.poste_id, y.site_id)} & en_dict(fusion.plan).keys()


def test_a_gesture_kept_with_its_repair_breaks_no_rule(scenario):
    casses = 0
    for x in scenario.plan[:12]:
        besoin = next(s.besoin for s in scenario.probleme.sites if s.site_id == x.site_id)
        plus = max(n for n in scenario.probleme.reglages.niveaux if n <= besoin)
        geste = Geste(Nature.PRESENCE, x.poste_id, x.site_id, demi_journees_cycle=plus)
        essai = ajustements.essayer(scenario, geste)
        if essai.reparation is None:
            continue
        casses += 1
        actuel = atelier.ouvrir(MOI, scenario.scenario_id)
        garde = ajustements.garder(MOI, actuel, geste, reparer=True)
        assert conforme(garde)
        assert "réparation" in garde.quoi
        atelier.annuler(MOI, garde.scenario_id, garde.version)
        scenario = atelier.ouvrir(MOI, scenario.scenario_id)
    assert casses > 0


def test_all_is_locked_then_completing_keeps_it_and_is_one_act_to_undo(scenario, tmp_path):
    verrouille = ajustements.garder(MOI, scenario, Geste(Nature.TOUT_FIXER))
    fait = completions.completer(
        MOI, scenario.scenario_id, verrouille.version, 1.0, tmp_path / "completion"
    )
    assert conforme(fait)
    gardees = en_dict(fait.plan)
    assert all(gardees[c] == n for c, n in en_dict(scenario.plan).items())
    assert fait.quoi.startswith("Complété")
    assert atelier.annuler(MOI, fait.scenario_id, fait.version).plan == verrouille.plan


def test_a_completion_overtaken_by_another_person_leaves_their_act_in_place(scenario, tmp_path):
    """They save while it computes: what it found waits in its folder."""
    geste, _ = retrait(scenario)
    leurs = []

    def enregistrer_entre_temps(_):
        if not leurs:
            leurs.append(ajustements.garder(AUTRE, scenario, geste))

    with pytest.raises(Conflit, match="Dominique"):
        completions.completer(
            MOI,
            scenario.scenario_id,
            scenario.version,
            1.0,
            tmp_path / "completion",
            enregistrer_entre_temps,
        )
    assert atelier.ouvrir(MOI, scenario.scenario_id).plan == leurs[0].plan
    assert (tmp_path / "completion" / propositions.FICHIER_PLAN).exists()


def test_a_completion_whose_scenario_changed_while_it_waited_computes_nothing(scenario, tmp_path):
    geste, _ = retrait(scenario)
    ajustements.garder(AUTRE, scenario, geste)
    with pytest.raises(AtlasError, match="rien n'a été calculé"):
        completions.completer(
            MOI, scenario.scenario_id, scenario.version, 1.0, tmp_path / "completion"
        )
    assert not (tmp_path / "completion").exists()
