"""A plan changed in a spreadsheet comes back whole, or is refused line by line, in French."""

import io

import pandas as pd
import pytest
import xlsxwriter
from typer.testing import CliRunner

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.cli import app
from pipelines.reports import classeur_du_dossier
from pipelines.reports import relecture as vues
from pipelines.scenarios import atelier, relecture
from pipelines.scenarios.conflits import Conflit
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.relecture import POSTE, PRESENCE, SITE
from pipelines.sources.fichiers import Fichier

MOI = Lecteur("Camille")


@pytest.fixture
def scenario(entrepot_exemple, tmp_path, monkeypatch):
    """Today's presences of the 005, in a store of its own."""
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    monkeypatch.setenv("ATLAS_BASE_URL", f"sqlite:///{tmp_path / 'atelier.sqlite'}")
    return atelier.creer_aujourd_hui(MOI, entrepot_exemple, "À la main", "005")


def classeur_du(scenario):
    return classeur_du_dossier.ecrire(scenario, ["Plan à changer"], {})


def change(scenario, changer, nom="plan.xlsx"):
    """The workbook of a scenario after `changer` was applied to its sheet « Plan »."""
    feuilles = pd.read_excel(
        io.BytesIO(classeur_du(scenario)), sheet_name=None, header=None, engine="calamine"
    )
    plan = feuilles["Plan"]
    plan.columns = plan.iloc[0]
    plan = changer(plan.iloc[1:].reset_index(drop=True))
    tampon = io.BytesIO()
    options = {"strings_to_formulas": False, "in_memory": True}
    with xlsxwriter.Workbook(tampon, options) as livre:
        lecture_, feuille = livre.add_worksheet("Lecture"), livre.add_worksheet("Plan")
        lecture_.write_column(0, 0, feuilles["Lecture"][0].tolist())
        for c, colonne in enumerate(plan.columns):
            feuille.write(0, c, colonne)
            for r, valeur in enumerate(plan[colonne], start=1):
                if str(valeur).startswith("=FORMULE"):
                    feuille.write_formula(r, c, "=2+2", value="")
                elif pd.notna(valeur):
                    feuille.write(r, c, valeur)
    return Fichier(nom, tampon.getvalue())


def avec(ligne, colonne, valeur):
    """A change of one cell."""

    def changer(plan):
        plan.loc[ligne, colonne] = valeur
        return plan

    return changer


def test_the_workbook_of_a_scenario_read_back_is_its_plan_to_the_half_day(scenario):
    contenu = classeur_du(scenario)
    relue = relecture.relire(Fichier("plan.xlsx", contenu), scenario)
    assert relue.plan == scenario.plan
    assert relue.version == scenario.version
    assert not relue.change
    assert relue.refus == ()
    assert contenu == classeur_du(scenario), "the same scenario gives the same bytes"


def test_the_csv_of_an_exported_scenario_is_read_too(scenario):
    plan = (scenario.dossier / "plan.csv").read_bytes()
    assert relecture.relire(Fichier("plan.csv", plan), scenario).plan == scenario.plan


def test_a_changed_presence_is_told_then_kept_as_one_act_that_is_undone(scenario):
    avant = scenario.plan[0].demi_journees_cycle
    voulu = 2 if avant != 2 else 4
    relue = relecture.relire(change(scenario, avec(0, PRESENCE, voulu)), scenario)
    vue = vues.vue(scenario, relue)
    assert vue.est_applicable
    [difference] = vue.differences.to_dict("records")
    assert difference["Poste"] == scenario.plan[0].poste_id
    assert atelier.ouvrir(MOI, scenario.scenario_id).plan == scenario.plan
    garde = relecture.appliquer(MOI, scenario, relue)
    assert garde.plan[0].demi_journees_cycle == voulu
    assert "plan.xlsx" in atelier.journal(MOI, scenario.scenario_id)[-1].phrase
    assert atelier.annuler(MOI, garde.scenario_id, garde.version).plan == scenario.plan


def test_a_presence_set_to_zero_and_a_line_removed_both_withdraw_it(scenario):
    zero = relecture.relire(change(scenario, avec(0, PRESENCE, 0)), scenario)
    otee = relecture.relire(change(scenario, lambda plan: plan.iloc[1:]), scenario)
    assert zero.plan == otee.plan == scenario.plan[1:]


def test_too_much_time_is_read_and_the_judge_says_by_how_much(scenario):
    relue = relecture.relire(change(scenario, avec(0, PRESENCE, 400)), scenario)
    assert relue.refus == ()
    vue = vues.vue(scenario, relue)
    regles = vue.manquements[vue.manquements["Depuis"] == "ce changement"]["Règle"]
    assert "Capacité du poste" in set(regles)


@pytest.mark.parametrize(
    ("changer", "colonne", "dit"),
    [
        (avec(0, SITE, "0999999Z"), SITE, "pas dans ce scénario"),
        (avec(0, POSTE, "P-INCONNU"), POSTE, "pas dans ce scénario"),
        (avec(0, PRESENCE, "1,5"), PRESENCE, "nombre entier"),
        (avec(0, PRESENCE, "-2"), PRESENCE, "nombre entier"),
        (avec(0, PRESENCE, None), PRESENCE, "aucune présence"),
        (avec(0, PRESENCE, "=2+2"), PRESENCE, "formule écrite"),
        (lambda plan: pd.concat([plan, plan.iloc[[0]]]), SITE, "déjà à ce site, ligne 2"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused_with_its_place_and_a_remedy(
    scenario, changer, colonne, dit
):
    relue = relecture.relire(change(scenario, changer), scenario)
    [refus] = relue.refus
    assert refus.colonne == colonne
    assert refus.ligne >= 2
    assert dit in refus.quoi
    assert refus.remede
    with pytest.raises(AtlasError, match="rien n'est appliqué"):
        relecture.appliquer(MOI, scenario, relue)
    assert not vues.vue(scenario, relue).est_applicable


def test_a_formula_nobody_computed_is_said_to_be_one(scenario):
    fichier = change(scenario, avec(0, PRESENCE, "=FORMULE"))
    [refus] = relecture.relire(fichier, scenario).refus
    assert "formule" in refus.quoi
    assert refus.ligne == 2


def test_the_name_of_a_site_in_place_of_its_id_is_answered_with_the_id(scenario):
    noms = {s.site_id: s.nom for s in scenario.probleme.sites}
    site = scenario.plan[0].site_id
    [refus] = relecture.relire(change(scenario, avec(0, SITE, noms[site])), scenario).refus
    assert site in refus.remede


def test_a_workbook_of_another_scenario_or_without_a_plan_is_refused(scenario, entrepot_exemple):
    autre = atelier.creer_aujourd_hui(MOI, entrepot_exemple, "Autre", "005")
    with pytest.raises(AtlasError, match="un autre scénario"):
        relecture.relire(Fichier("plan.xlsx", classeur_du(scenario)), autre)
    with pytest.raises(AtlasError, match="n'a pas de plan"):
        relecture.relire(Fichier("notes.csv", b"a;b\n1;2\n"), scenario)


def test_a_workbook_made_before_another_save_meets_the_conflict_of_two_people(scenario):
    ancien = change(scenario, lambda plan: plan.iloc[1:])
    actuel = atelier.modifier(
        MOI, scenario.scenario_id, scenario.version, "Retrait", plan=scenario.plan[:-1]
    )
    relue = relecture.relire(ancien, actuel)
    assert "version 1" in vues.vue(actuel, relue).notes[0]
    with pytest.raises(Conflit):
        relecture.appliquer(MOI, actuel, relue)


def test_the_command_tells_refuses_with_code_1_and_keeps_only_when_asked(scenario, tmp_path):
    terminal = CliRunner()
    sain, faux = tmp_path / "sain.xlsx", tmp_path / "faux.xlsx"
    sain.write_bytes(change(scenario, lambda plan: plan.iloc[1:]).contenu)
    faux.write_bytes(change(scenario, avec(0, SITE, "0999999Z")).contenu)
    option = ["--scenario", scenario.scenario_id]
    assert terminal.invoke(app, ["scenario", "relire", str(faux), *option]).exit_code == 1
    assert terminal.invoke(app, ["scenario", "relire", str(sain), *option]).exit_code == 0
    assert atelier.ouvrir(MOI, scenario.scenario_id).plan == scenario.plan
    fait = terminal.invoke(app, ["scenario", "relire", str(sain), *option, "--appliquer"])
    assert fait.exit_code == 0
    assert atelier.ouvrir(MOI, scenario.scenario_id).plan == scenario.plan[1:]
