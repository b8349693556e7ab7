"""The page « Scénarios »: what it says when empty, what a click does, what a conflict asks."""

import pytest

from pipelines.scenarios import annotations, atelier, etudes, lecteurs, propositions
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Lecteur, Role
from tests.pages.conftest import bouton, dits

PAGE = "scenarios"
CLAIRE, KARIM = Lecteur("Claire"), Lecteur("Karim")


@pytest.fixture
def scenario(ouvrir, entrepot_exemple):
    """Today's presences, the first of them removed."""
    neuf = atelier.creer_aujourd_hui(CLAIRE, entrepot_exemple, "Rentrée 2027", "005")
    return atelier.modifier(CLAIRE, neuf.scenario_id, 1, "Retiré", plan=neuf.plan[1:])


def dans_l_adresse(ecran):
    """The scenario of the address, given as a text or in a list."""
    valeur = ecran.query_params["scenario"]
    return valeur if isinstance(valeur, str) else valeur[0]


def test_an_empty_page_says_how_to_fill_it_and_a_click_does(ouvrir):
    ecran = ouvrir()
    assert "Aucun scénario n'est encore gardé" in dits(ecran)
    assert "Garder comme scénario" in dits(ecran)
    ecran = bouton(ecran, "Partir des présences d'aujourd'hui").click().run()
    assert not ecran.exception
    assert "1 scénario : 1 brouillon." in dits(ecran)
    [vu] = atelier.lister(CLAIRE, "005")
    assert (vu.nom, vu.auteur) == ("Répartition d'aujourd'hui", "Claire")
    assert dans_l_adresse(ecran) == vu.scenario_id


def test_a_click_undoes_then_does_again_the_last_act(ouvrir, scenario):
    ecran = bouton(ouvrir(scenario=scenario.scenario_id), "Annuler").click().run()
    assert len(atelier.ouvrir(CLAIRE, scenario.scenario_id).plan) == len(scenario.plan) + 1
    bouton(ecran, "Rétablir").click().run()
    assert atelier.ouvrir(CLAIRE, scenario.scenario_id).plan == scenario.plan


def test_a_click_on_what_someone_changed_meanwhile_does_nothing_and_says_who(ouvrir, scenario):
    ecran = ouvrir(scenario=scenario.scenario_id)
    autre = atelier.renommer(KARIM, scenario.scenario_id, scenario.version, "Autre nom")
    ecran = bouton(ecran, "Annuler").click().run()
    assert "Karim" in dits(ecran)
    assert "n'a pas été enregistré" in dits(ecran)
    assert atelier.ouvrir(CLAIRE, scenario.scenario_id) == autre
    ecran = bouton(ecran, "Prendre l'état actuel").click().run()
    assert "n'a pas été enregistré" not in dits(ecran)
    bouton(ecran, "Annuler").click().run()
    assert atelier.ouvrir(CLAIRE, scenario.scenario_id).version == autre.version + 1


def conflit_sur_le_plan(scenario):
    """Claire saves on a version Karim has left behind."""
    atelier.renommer(KARIM, scenario.scenario_id, scenario.version, "Autre nom")
    with pytest.raises(atelier.Conflit) as refus:
        atelier.modifier(
            CLAIRE, scenario.scenario_id, scenario.version, "Le mien", plan=scenario.plan[1:]
        )
    return refus.value


@pytest.mark.parametrize("choix", ["Y reporter mes changements", "Garder les miens"])
def test_a_conflict_on_a_plan_offers_to_report_it_or_to_keep_it_apart(ouvrir, scenario, choix):
    conflit = conflit_sur_le_plan(scenario)
    ecran = ouvrir(scenario=scenario.scenario_id)
    ecran.session_state["conflit"] = conflit
    ecran.run()
    [voulu] = [b for b in ecran.button if b.label.startswith(choix)]
    ecran = voulu.click().run()
    assert not ecran.exception
    gardes = atelier.lister(CLAIRE, "005")
    ici = atelier.ouvrir(CLAIRE, dans_l_adresse(ecran))
    assert ici.plan == conflit.mien.plan
    assert len(gardes) == (1 if choix.startswith("Y") else 2)
    assert "n'a pas été enregistré" not in dits(ecran)


def test_deriving_what_someone_changed_meanwhile_says_who_and_can_copy_what_was_on_screen(
    ouvrir, scenario
):
    ecran = ouvrir(scenario=scenario.scenario_id)
    atelier.modifier(
        KARIM, scenario.scenario_id, scenario.version, "Retiré aussi", plan=scenario.plan[1:]
    )
    ecran = bouton(ecran, "Dériver un scénario").click().run()
    assert "Karim" in dits(ecran)
    assert len(atelier.lister(CLAIRE, "005")) == 1
    assert not [b for b in ecran.button if b.label.startswith("Y reporter")]
    ecran = bouton(ecran, "Dériver l'état que j'avais à l'écran").click().run()
    assert not ecran.exception
    assert atelier.ouvrir(CLAIRE, dans_l_adresse(ecran)).contenu == scenario.contenu


def test_a_member_of_an_instance_sees_that_a_scenario_exists_and_nothing_of_its_plan(
    ouvrir, scenario, monkeypatch
):
    atelier.changer_statut(CLAIRE, scenario.scenario_id, scenario.version, "presente_en_gt")
    atelier.deriver(CLAIRE, scenario.scenario_id, "Secret")
    monkeypatch.setattr(lecteurs, "_qui", lambda: Lecteur("Sam", Role.INSTANCE))
    ecran = ouvrir(scenario=scenario.scenario_id)
    assert not ecran.exception
    [table] = [t.value for t in ecran.main.table]
    assert list(table.columns) == ["Scénario", "Statut", "Créé le", "Modifié le"]
    assert list(table["Scénario"]) == ["Rentrée 2027"]
    assert list(table["Statut"]) == ["présenté en GT"]
    assert "membre d'une instance" in " ".join(i.value for i in ecran.main.info)
    assert not ecran.main.button
    assert "P-" not in dits(ecran)


def test_a_note_is_taken_out_and_put_back_by_a_click(ouvrir, scenario):
    annotations.noter(CLAIRE, scenario.scenario_id, "Bureau à trouver")
    ecran = bouton(ouvrir(scenario=scenario.scenario_id), "Retirer cette note").click().run()
    assert not ecran.exception
    assert "Aucune note." in dits(ecran)
    ecran = bouton(ecran, "Rétablir cette note").click().run()
    assert "Aucune note." not in dits(ecran)
    [note] = annotations.notes(CLAIRE, scenario.scenario_id)
    assert not note.est_retiree


def test_the_study_of_a_version_before_is_found_on_marges_and_says_of_which_it_speaks(
    ouvrir, entrepot_exemple, tmp_path
):
    faite = tmp_path / "proposition"
    propositions.proposer(entrepot_exemple, "005", graine=1, duree_max_s=1, sortie=faite)
    scenario = atelier.creer(CLAIRE, "Rentrée 2027", faite)
    etudes.etudier(scenario.dossier, Nature.ABSENCES)
    atelier.modifier(
        CLAIRE, scenario.scenario_id, scenario.version, "Retiré", plan=scenario.plan[1:]
    )
    ecran = ouvrir("marges", calcul=scenario.scenario_id, etude="absences")
    assert "n'a pas été faite pour ce plan" in dits(ecran)
    assert "version antérieure" in " ".join(i.value for i in ecran.main.info)
    ecran = bouton(ecran, "Voir l'étude de cette version").click().run()
    assert not ecran.exception
    assert scenario.quoi in " ".join(w.value for w in ecran.main.warning)
    assert "n'a pas été faite pour ce plan" not in dits(ecran)
    ecran = bouton(ecran, "Revenir au plan actuel").click().run()
    assert "n'a pas été faite pour ce plan" in dits(ecran)


def test_the_warning_of_an_arrete_scenario_says_to_derive(ouvrir, scenario):
    version = scenario.version
    for statut in ("presente_en_gt", "presente_en_csa", "arrete"):
        version = atelier.changer_statut(CLAIRE, scenario.scenario_id, version, statut).version
    ecran = ouvrir(scenario=scenario.scenario_id)
    assert any("en dériver un" in i.value for i in ecran.main.info)
    assert bouton(ecran, "Annuler").disabled
    ecran = bouton(ecran, "Dériver un scénario").click().run()
    assert [s.nom for s in atelier.lister(CLAIRE, "005")] == [
        "Rentrée 2027 (suite)",
        "Rentrée 2027",
    ]
