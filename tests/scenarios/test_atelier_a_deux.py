"""Two people on one scenario: one wins, the other is told and chooses, nothing is overwritten."""

import json
import subprocess
import sys
import threading

import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.planning.probleme import Presence, Verrou
from pipelines.scenarios import atelier, magasin
from pipelines.scenarios.atelier import Conflit
from pipelines.scenarios.lecteurs import Lecteur

CLAIRE, KARIM = Lecteur("Claire"), Lecteur("Karim")
ENREGISTRER = """
import sys
from pipelines.planning.probleme import Presence
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur
nom, scenario_id, quantite = sys.argv[1:]
lecteur = Lecteur(nom)
scenario = atelier.ouvrir(lecteur, scenario_id)
print("pret", flush=True)
sys.stdin.readline()
try:
    atelier.modifier(lecteur, scenario_id, scenario.version, f"Par {nom}",
                     plan=[Presence("P3", "C", int(quantite))])
except atelier.Conflit as conflit:
    print("conflit", conflit.depuis[0].qui)
else:
    print("enregistre")
"""


@pytest.fixture
def scenario(store, proposition):
    """A scenario both have opened at its first version, with a plan easy to follow."""
    neuf = atelier.creer(CLAIRE, "À deux", proposition)
    plan = [Presence("P1", "A", 8), Presence("P2", "B", 8)]
    return atelier.modifier(CLAIRE, neuf.scenario_id, 1, "Départ", plan=plan)


@pytest.fixture
def conflit(scenario):
    """Karim moved P2 to C; Claire, who did not know, gives P3 to D."""
    atelier.modifier(
        KARIM,
        scenario.scenario_id,
        scenario.version,
        "P2 passe de B à C",
        plan=[Presence("P1", "A", 8), Presence("P2", "C", 6)],
    )
    with pytest.raises(Conflit) as refus:
        atelier.modifier(
            CLAIRE,
            scenario.scenario_id,
            scenario.version,
            "P3 va à D",
            plan=[*scenario.plan, Presence("P3", "D", 4)],
            verrous=[Verrou("P3", "D", "impose")],
        )
    return refus.value


def test_the_second_is_told_who_saved_what_and_when_with_both_states(scenario, conflit):
    [acte] = conflit.depuis
    assert (acte.qui, acte.phrase) == ("Karim", "P2 passe de B à C")
    assert "Karim" in conflit.quoi
    assert magasin.en_clair(acte.le) in conflit.quoi
    assert Presence("P3", "D", 4) in conflit.mien.plan
    assert Presence("P2", "C", 6) in conflit.leur.plan
    assert conflit.connu.plan == scenario.plan


def test_a_conflict_saves_nothing_of_the_second(scenario, conflit):
    actuel = atelier.ouvrir(CLAIRE, scenario.scenario_id)
    assert actuel == conflit.leur
    assert actuel.version == scenario.version + 1


def test_changes_on_other_links_are_put_over_theirs_on_request(scenario, conflit):
    fusion = atelier.reporter(CLAIRE, conflit)
    assert fusion.plan == (Presence("P1", "A", 8), Presence("P2", "C", 6), Presence("P3", "D", 4))
    assert fusion.verrous == (Verrou("P3", "D", "impose"),)
    assert fusion.quoi == "P3 va à D"
    assert atelier.annuler(CLAIRE, scenario.scenario_id, fusion.version).plan == conflit.leur.plan


def test_mine_can_be_kept_as_a_scenario_of_its_own(scenario, conflit):
    a_part = atelier.garder_a_part(CLAIRE, conflit, "À deux, ma version")
    assert a_part.plan == conflit.mien.plan
    assert a_part.verrous == conflit.mien.verrous
    assert a_part.parent_id == scenario.scenario_id
    assert atelier.ouvrir(CLAIRE, scenario.scenario_id) == conflit.leur


def test_when_both_changed_one_link_their_way_nothing_is_merged(scenario, conflit):
    with pytest.raises(Conflit) as refus:
        atelier.modifier(
            CLAIRE,
            scenario.scenario_id,
            scenario.version,
            "P2 reste un peu à B",
            plan=[Presence("P1", "A", 8), Presence("P2", "B", 4)],
        )
    with pytest.raises(AtlasError, match="P2 – B"):
        atelier.reporter(CLAIRE, refus.value)
    assert atelier.ouvrir(CLAIRE, scenario.scenario_id) == conflit.leur


def test_whoever_did_not_see_the_last_undo_is_told_of_it(scenario):
    atelier.annuler(KARIM, scenario.scenario_id, scenario.version)
    with pytest.raises(Conflit, match=r"Karim.*Annulé : Départ"):
        atelier.renommer(CLAIRE, scenario.scenario_id, scenario.version, "Autre nom")


def test_a_version_a_scenario_never_had_is_refused(scenario):
    with pytest.raises(AtlasError, match="n'a jamais eu de version 99"):
        atelier.annuler(CLAIRE, scenario.scenario_id, 99)


def test_of_two_threads_that_save_at_once_exactly_one_wins(scenario):
    barriere = threading.Barrier(2)
    issues = []

    def enregistrer(lecteur, quantite):
        barriere.wait()
        try:
            plan = [Presence("P3", "C", quantite)]
            atelier.modifier(lecteur, scenario.scenario_id, scenario.version, "x", plan=plan)
        except Conflit as conflit:
            issues.append((lecteur.nom, conflit.depuis[0].qui))
        else:
            issues.append((lecteur.nom, None))

    fils = [
        threading.Thread(target=enregistrer, args=(lecteur, quantite))
        for lecteur, quantite in ((CLAIRE, 1), (KARIM, 2))
    ]
    for fil in fils:
        fil.start()
    for fil in fils:
        fil.join()
    [gagnant] = [nom for nom, autre in issues if autre is None]
    [(_, designe)] = [issue for issue in issues if issue[1] is not None]
    assert designe == gagnant
    assert atelier.ouvrir(CLAIRE, scenario.scenario_id).version == scenario.version + 1


def test_of_two_processes_that_save_at_once_exactly_one_wins(scenario, store, monkeypatch):
    monkeypatch.setenv("ATLAS_BASE_URL", store)
    enfants = [
        subprocess.Popen(
            [sys.executable, "-c", ENREGISTRER, nom, scenario.scenario_id, quantite],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=chemins.RACINE,
        )
        for nom, quantite in (("Claire", "1"), ("Karim", "2"))
    ]
    for enfant in enfants:
        assert enfant.stdout.readline() == "pret\n"
    for enfant in enfants:
        enfant.stdin.write("\n")
        enfant.stdin.flush()
    dits = [enfant.communicate()[0].strip() for enfant in enfants]
    [perdant] = [dit for dit in dits if dit.startswith("conflit")]
    gagnant = ("Claire", "Karim")[dits.index("enregistre")]
    assert perdant == f"conflit {gagnant}"
    journal = atelier.journal(CLAIRE, scenario.scenario_id)
    assert [a.qui for a in journal[2:]] == [gagnant]
    assert json.dumps(journal[-1].apres)
