"""A proposal end to end: the same request gives the same bytes; what can't be written is told."""

import _thread
import csv
import json
import signal
import threading
import time

import fabrique
import pytest
from typer.testing import CliRunner

from pipelines.base.erreurs import AtlasError
from pipelines.cli import app
from pipelines.planning.assemblage import Hypotheses
from pipelines.planning.probleme import Presence, depuis_json
from pipelines.scenarios import propositions


@pytest.fixture(scope="module")
def deux(entrepot_exemple, tmp_path_factory):
    """The same request, twice."""
    dossiers = [tmp_path_factory.mktemp("proposition") / nom for nom in ("a", "b")]
    for dossier in dossiers:
        propositions.proposer(entrepot_exemple, "005", graine=7, duree_max_s=1.5, sortie=dossier)
    return dossiers


def test_the_same_request_writes_the_same_plan_and_the_same_problem(deux):
    for nom in ("plan.csv", "probleme.json"):
        a, b = ((dossier / nom).read_bytes() for dossier in deux)
        assert a == b, nom
        assert b"\r" not in a


def test_a_plan_is_sorted_one_line_a_presence_of_at_least_a_half_day(deux):
    with (deux[0] / "plan.csv").open(encoding="utf-8") as flux:
        lignes = list(csv.DictReader(flux))
    couples = [(p["poste_id"], p["site_id"]) for p in lignes]
    assert couples == sorted(set(couples))
    assert all(int(p["demi_journees_cycle"]) >= 1 for p in lignes)


def test_the_problem_written_is_read_back_as_it_was(deux):
    probleme = depuis_json((deux[0] / "probleme.json").read_text(encoding="utf-8"))
    assert probleme.departement == "005"
    assert probleme.graine == 7


def test_no_site_loses_more_than_the_transition_rule_admits_unless_it_is_named(
    entrepot_exemple, tmp_path, deux
):
    """Told from probleme.json and plan.csv alone, as an outsider would; without it, sites lose."""

    def pertes(dossier):
        probleme = depuis_json((dossier / "probleme.json").read_text(encoding="utf-8"))
        reste = {}
        for presence in probleme.presences_actuelles:
            avant = reste.get(presence.site_id, 0)
            reste[presence.site_id] = avant + presence.demi_journees_cycle
        with (dossier / "plan.csv").open(encoding="utf-8") as flux:
            for ligne in csv.DictReader(flux):
                if ligne["site_id"] in reste:
                    reste[ligne["site_id"]] -= int(ligne["demi_journees_cycle"])
        return {site_id: n for site_id, n in reste.items() if n > 2}

    assert pertes(deux[0])
    propositions.proposer(
        entrepot_exemple,
        "005",
        graine=7,
        duree_max_s=1.5,
        hypotheses=Hypotheses(perte_max=2),
        sortie=tmp_path / "tenue",
    )
    resume = json.loads((tmp_path / "tenue" / "resume.json").read_text(encoding="utf-8"))
    nommes = {s["site_id"] for s in resume["transition"]["sites_non_tenus"]}
    assert pertes(tmp_path / "tenue").keys() == nommes
    assert len(nommes) < len(pertes(deux[0]))


def test_nothing_half_written_is_left_beside_the_result(deux):
    assert {f.name for f in deux[0].iterdir()} == {"plan.csv", "resume.json", "probleme.json"}


def test_a_plan_is_written_with_commas_and_plain_line_ends():
    plan = (Presence("P1", "S1", 4), Presence("P,2", "S2", 1))
    assert propositions.plan_en_csv(plan) == (
        'poste_id,site_id,demi_journees_cycle\nP1,S1,4\n"P,2",S2,1\n'
    )


def test_a_folder_that_cannot_be_written_is_told_in_french(tmp_path):
    obstacle = tmp_path / "fichier"
    obstacle.write_text("", encoding="utf-8")
    with pytest.raises(AtlasError) as refus:
        propositions.ecrire(obstacle / "sortie", {"plan.csv": ""})
    assert "Impossible d'écrire le résultat" in refus.value.quoi
    assert "--sortie" in refus.value.remede


def test_a_departement_without_posts_is_refused_with_the_command_that_simulates_some(
    tmp_path,
):
    entrepot = fabrique.construire(fabrique.petit_departement(tmp_path / "sources"))
    with pytest.raises(AtlasError) as refus:
        propositions.proposer(entrepot, "034", graine=1, duree_max_s=1, sortie=tmp_path / "s")
    assert "Aucun poste à répartir" in refus.value.quoi
    assert "atlas simuler-postes --departements 034" in refus.value.remede
    assert not (tmp_path / "s").exists()


def test_a_poste_called_like_a_formula_is_text_in_the_plan(tmp_path):
    """« =1+1 » and « -A » are postes a spreadsheet must not compute."""
    plan = tuple(Presence(p, "0340001S", 4) for p in ("=1+1", "-A", "P-01"))
    _, *lignes = propositions.plan_en_csv(plan).splitlines()
    assert lignes == ["'=1+1,0340001S,4", "'-A,0340001S,4", "P-01,0340001S,4"]


@pytest.mark.parametrize(
    "departement",
    [pytest.param("004", id="while CP-SAT proves"), pytest.param("013", id="a large one")],
)
def test_ctrl_c_ends_the_command_and_keeps_the_best_plan(entrepot_exemple, tmp_path, departement):
    """Half an hour asked for, Ctrl+C after two seconds: a plan that stands, and why it stopped."""
    ancien = signal.getsignal(signal.SIGINT)

    def interrompre():
        while signal.getsignal(signal.SIGINT) is ancien:
            time.sleep(0.05)
        time.sleep(2)
        _thread.interrupt_main()

    threading.Thread(target=interrompre, daemon=True).start()
    debut = time.monotonic()
    fin = CliRunner().invoke(
        app,
        [
            *("proposer", "--departement", departement, "--duree-max", "1800"),
            *("--sortie", str(tmp_path / "p"), "--entrepot", str(entrepot_exemple)),
        ],
    )
    assert fin.exit_code == 0, fin.output
    assert time.monotonic() - debut < 900
    assert "arrêté à la demande" in " ".join(fin.output.split())
    resume = json.loads((tmp_path / "p" / "resume.json").read_text(encoding="utf-8"))
    assert resume["arret_par"] == "utilisateur"
    assert {e["arret_par"] for e in resume["etages"]} <= {"preuve", "utilisateur"}
    assert resume["jugement"]["conforme"]
    assert signal.getsignal(signal.SIGINT) is ancien
