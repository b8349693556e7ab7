"""A plan made by hand, put before the judge: as a CSV, a workbook or JSON, by the command."""

import csv
import json
import shutil

import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipelines.base.erreurs import AtlasError
from pipelines.cli import app
from pipelines.reports import controle
from pipelines.scenarios import plans


def commander(dossier, plan=None):
    """The command's exit code and its words."""
    options = [] if plan is None else ["--plan", str(plan)]
    with pytest.MonkeyPatch.context() as remplacement:
        for module in ("application", "comprendre"):
            remplacement.setattr(f"pipelines.cli.{module}.console", Console(width=400))
        fin = CliRunner().invoke(app, ["verifier-plan", "--proposition", str(dossier), *options])
    return fin, " ".join(fin.output.split())


@pytest.fixture
def dossier(dossier_005, tmp_path):
    """A copy of a proposal, to change at will."""
    return shutil.copytree(dossier_005, tmp_path / "proposition")


@pytest.fixture
def lignes(dossier):
    """Its presences, as dicts of texts."""
    with (dossier / "plan.csv").open(encoding="utf-8", newline="") as flux:
        return list(csv.DictReader(flux))


def test_the_plan_of_a_proposal_is_found_good_with_the_values_it_states(dossier):
    fin, texte = commander(dossier)
    assert fin.exit_code == 0, fin.output
    assert "respecte toutes les règles" in texte
    resume = json.loads((dossier / "resume.json").read_text(encoding="utf-8"))
    vue = controle.vue(plans.juger_plan(dossier))
    assert list(vue.objectifs["Recalculé pour ce plan"]) == list(vue.objectifs["Proposition"])
    assert len(vue.objectifs) == len(resume["etages"])


def test_each_breach_of_a_plan_made_by_hand_is_told_with_rule_poste_site_and_amount(
    dossier, lignes, tmp_path
):
    """Too much time asked of a poste, too much given to a site, a site nobody knows, a word."""
    probleme = json.loads((dossier / "probleme.json").read_text(encoding="utf-8"))
    poste = next(p for p in probleme["postes"] if p["poste_id"] == lignes[0]["poste_id"])
    site = next(s for s in probleme["sites"] if s["site_id"] == lignes[0]["site_id"])
    siens = [x for x in lignes if x["poste_id"] == poste["poste_id"]]
    lignes[0]["demi_journees_cycle"] = "36"
    trop = sum(int(x["demi_journees_cycle"]) for x in siens) - poste["capacite"]
    autre = next(x for x in lignes if x["poste_id"] != poste["poste_id"])
    lignes += [
        {"poste_id": poste["poste_id"], "site_id": "0059999Z", "demi_journees_cycle": "2"},
        {**autre, "poste_id": "INCONNU"},
    ]
    autre["demi_journees_cycle"] = "deux"
    fichier = tmp_path / "à la main.xlsx"
    # another order, another case, a column more, and a title above: as people keep them
    cadre = pd.DataFrame(
        [
            (x["site_id"], "note", int(n) if n.isdigit() else n, x["poste_id"])
            for x in lignes
            for n in [x["demi_journees_cycle"]]
        ],
        columns=["Site_ID", "Remarque", "Demi_journees_cycle", "Poste_ID"],
    )
    cadre.to_excel(fichier, index=False, startrow=2)
    fin, texte = commander(dossier, fichier)
    assert fin.exit_code == 1
    assert "ne respecte pas toutes les règles" in texte
    table = controle.vue(plans.juger_plan(dossier, fichier)).manquements
    dits = {
        tuple(x) for x in table[["Règle", "Poste", "Site", "De combien"]].itertuples(index=False)
    }
    attendus = {
        ("Capacité du poste", poste["poste_id"], "", f"{trop} demi-journées"),
        (
            "Pas plus de présence que le besoin du site",
            "",
            site["site_id"],
            f"{36 - site['besoin']} demi-journées",
        ),
        ("Ligne de plan lisible et unique", poste["poste_id"], "0059999Z", "1 ligne"),
        ("Ligne de plan lisible et unique", "INCONNU", autre["site_id"], "1 ligne"),
        ("Ligne de plan lisible et unique", autre["poste_id"], autre["site_id"], "1 ligne"),
    }
    assert attendus <= dits
    for regle, _, _, combien in attendus:
        assert regle in texte
        assert combien in texte
    assert "« deux »" in texte


@pytest.mark.parametrize("format_", ["csv", "point-virgule", "json"])
def test_the_same_plan_is_judged_the_same_in_every_format(dossier, lignes, tmp_path, format_):
    if format_ == "json":
        fichier = tmp_path / "plan.json"
        presences = [{**x, "demi_journees_cycle": int(x["demi_journees_cycle"])} for x in lignes]
        fichier.write_text(json.dumps(presences), encoding="utf-8")
    else:
        fichier = tmp_path / "plan.csv"
        separateur = "," if format_ == "csv" else ";"
        rangees = [",".join(lignes[0]), *(",".join(x.values()) for x in lignes)]
        texte = "\n".join(rangees).replace(",", separateur)
        fichier.write_text(texte + "\n\n", encoding="utf-8-sig")
    assert plans.juger_plan(dossier, fichier).verdict == plans.juger_plan(dossier).verdict


def test_an_empty_plan_keeps_the_rules_unless_a_lock_asks_for_a_presence(dossier, tmp_path):
    """Nothing given breaks nothing, but the locks: the proposal keeps postes at their résidence."""
    vide = tmp_path / "vide.csv"
    vide.write_text("poste_id,site_id,demi_journees_cycle\n", encoding="utf-8")
    probleme = json.loads((dossier / "probleme.json").read_text(encoding="utf-8"))
    imposes = [v for v in probleme["verrous"] if v["nature"] != "interdit"]
    verdict = plans.juger_plan(dossier, vide).verdict
    assert [(m.regle, m.poste_id) for m in verdict.manquements] == [
        ("verrou", v["poste_id"]) for v in imposes
    ]


def test_a_summary_changed_since_the_computation_is_contradicted(dossier):
    """A value of resume.json raised by one; then a bound no plan could beat, and one does."""
    fichier = dossier / "resume.json"
    resume = json.loads(fichier.read_text(encoding="utf-8"))
    resume["etages"][1]["valeur"] += 1
    fichier.write_text(json.dumps(resume), encoding="utf-8")
    fin, texte = commander(dossier)
    assert fin.exit_code == 1
    assert "ne sont pas ceux de resume.json" in texte
    resume["etages"][1]["valeur"] -= 1
    resume["etages"][0]["borne"] = resume["etages"][0]["valeur"] + 1
    fichier.write_text(json.dumps(resume), encoding="utf-8")
    fin, texte = commander(dossier, dossier / "plan.csv")
    assert fin.exit_code == 1
    assert "fait mieux que la borne annoncée" in texte


def test_a_problem_alone_is_enough_to_judge_by(dossier, lignes):
    """Without a summary there is nothing to compare the objectives with."""
    (dossier / "resume.json").unlink()
    vue = controle.vue(plans.juger_plan(dossier))
    assert vue.est_bon
    assert list(vue.objectifs.columns) == ["Objectif", "Recalculé pour ce plan"]


@pytest.mark.parametrize(
    ("nom", "contenu", "mots"),
    [
        ("absent.csv", None, "n'existe pas"),
        ("plan.csv", "poste;site;jours\nP1;S1;2\n", "n'est pas un plan"),
        ("plan.txt", "", "n'est pas un plan"),
        ("plan.json", "{}", "n'est pas un plan"),
        ("plan.json", "[", "JSON"),
        ("plan.docx", "x", "n'est pas un plan"),
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_what_is_expected(
    dossier, tmp_path, nom, contenu, mots
):
    fichier = tmp_path / nom
    if contenu is not None:
        fichier.write_text(contenu, encoding="utf-8")
    with pytest.raises(AtlasError) as refus:
        plans.juger_plan(dossier, fichier)
    assert mots in str(refus.value)
    assert "Que faire" in str(refus.value)


def test_a_folder_without_a_problem_is_refused(tmp_path):
    with pytest.raises(AtlasError, match=r"probleme\.json manque"):
        plans.juger_plan(tmp_path)
