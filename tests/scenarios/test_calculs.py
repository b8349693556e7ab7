"""A computation outside the page: launched, followed, stopped, found again, or told to be dead."""

import json
import os
import subprocess
import sys
import time

import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import calculs, lecteurs, processus
from pipelines.scenarios.calculs import Hypotheses
from pipelines.scenarios.processus import Phase

LOCAL = lecteurs.local()
ID = "005-20261121-101112-abcdef"


@pytest.fixture
def dossier(tmp_path, monkeypatch):
    """The folder of the computations, empty."""
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    return chemins.CALCULS


def poser(dossier, calcul_id=ID, **fichiers):
    """A computation as its files tell it."""
    chemin = dossier / calcul_id
    chemin.mkdir(parents=True)
    (chemin / processus.DEMANDE).write_text('{"departement": "005"}', encoding="utf-8")
    for nom, texte in fichiers.items():
        (chemin / getattr(processus, nom)).write_text(texte, encoding="utf-8")
    return chemin


def attendre(calcul_id, secondes=60):
    """The state of a computation once it no longer runs."""
    fin = time.monotonic() + secondes
    while time.monotonic() < fin:
        etat = calculs.etat(LOCAL, calcul_id)
        if etat.phase != Phase.EN_COURS:
            return etat
        time.sleep(0.1)
    raise AssertionError(f"{calcul_id} tourne encore après {secondes} s")


def test_an_unknown_id_is_refused_with_what_to_do(dossier):
    with pytest.raises(AtlasError) as refus:
        calculs.etat(LOCAL, ID)
    assert "n'existe pas" in refus.value.quoi
    assert "relancer" in refus.value.remede


@pytest.mark.parametrize(
    "adresse",
    ["../x", "..", "", ".", "/etc", f"{ID}/..", f"../calculs/{ID}", f"{ID}\n", "005-*"],
)
def test_no_address_leads_out_of_the_folder_of_the_computations(dossier, tmp_path, adresse):
    """The folder named exists, and is refused all the same."""
    poser(dossier)
    (tmp_path / "x").mkdir()
    with pytest.raises(AtlasError):
        calculs.etat(LOCAL, adresse)
    with pytest.raises(AtlasError):
        calculs.arreter(LOCAL, adresse)
    assert not list(tmp_path.rglob(processus.ARRET))


def test_a_computation_whose_process_is_dead_is_said_interrupted(dossier):
    fini = subprocess.Popen([sys.executable, "-c", ""])
    fini.wait()
    poser(dossier, NUMERO=str(fini.pid))
    assert calculs.etat(LOCAL, ID).phase == Phase.INTERROMPU


def test_a_process_number_given_again_to_another_programme_is_not_taken_for_the_computation(
    dossier,
):
    """After the machine has restarted, the number may be that of anything: here, of this test."""
    poser(dossier, NUMERO=str(os.getpid()))
    assert calculs.etat(LOCAL, ID).phase == Phase.INTERROMPU


def test_an_error_left_by_the_computation_is_told_as_it_is(dossier):
    poser(dossier, ERREUR="Aucun poste à répartir.")
    etat = calculs.etat(LOCAL, ID)
    assert etat.phase == Phase.ECHEC
    assert etat.erreur == "Aucun poste à répartir."


@pytest.mark.parametrize("reste", ["erreur.txt", "resume.json"])
def test_a_computation_that_ends_while_it_is_looked_at_is_not_said_interrupted(
    dossier, monkeypatch, reste
):
    """Its last file is written, and its process gone, between the two looks."""
    chemin = poser(dossier)

    def finir(_):
        (chemin / reste).write_text("fini", encoding="utf-8")
        return False

    monkeypatch.setattr(processus, "vit", finir)
    attendue = Phase.ECHEC if reste == "erreur.txt" else Phase.TERMINE
    assert calculs.etat(LOCAL, ID).phase == attendue


def test_the_last_proposals_are_the_finished_ones_newest_first(dossier):
    for seconde, fini in ((10, True), (20, False), (30, True)):
        chemin = poser(dossier, f"005-20261121-1011{seconde}-abcdef", NUMERO="1")
        if fini:
            (chemin / "resume.json").write_text("{}", encoding="utf-8")
    chemin = poser(dossier, "004-20261121-101112-abcdef")
    (chemin / "resume.json").write_text("{}", encoding="utf-8")
    assert [e.calcul_id[13:19] for e in calculs.derniers(LOCAL, "005")] == ["101130", "101110"]
    assert len(calculs.derniers(LOCAL, "005", nombre=1)) == 1
    assert calculs.derniers(LOCAL, "013") == []


def test_a_folder_that_lost_its_request_is_told_at_its_address_and_hides_no_other(dossier):
    """Copied by hand, or restored in part: the pages that list proposals still open."""
    entier = poser(dossier)
    perdu = poser(dossier, "005-20261122-101112-abcdef")
    for chemin in (entier, perdu):
        (chemin / "resume.json").write_text("{}", encoding="utf-8")
    (perdu / processus.DEMANDE).unlink()
    assert [e.calcul_id for e in calculs.derniers(LOCAL, "005")] == [ID]
    with pytest.raises(AtlasError) as refus:
        calculs.etat(LOCAL, perdu.name)
    assert "incomplet" in refus.value.quoi
    assert "relancer" in refus.value.remede


def test_a_launched_computation_ends_with_its_three_files_and_its_progress(
    dossier, entrepot_exemple
):
    hypotheses = Hypotheses(sites_par_poste_max=2)
    calcul_id = calculs.lancer(
        LOCAL, entrepot_exemple, "005", graine=3, duree_max_s=1, hypotheses=hypotheses
    )
    assert calculs.etat(LOCAL, calcul_id).phase == Phase.EN_COURS
    etat = attendre(calcul_id)
    assert etat.phase == Phase.TERMINE, etat.erreur
    assert {"plan.csv", "resume.json", "probleme.json"} <= {f.name for f in etat.dossier.iterdir()}
    assert etat.avancement["fraction"] == pytest.approx(1.0)
    resume = json.loads((etat.dossier / "resume.json").read_text(encoding="utf-8"))
    assert resume["hypotheses"]["sites_par_poste_max"] == 2
    assert resume["graine"] == 3
    assert resume["jugement"]["conforme"]


def test_a_stop_keeps_the_best_plan_found(dossier, entrepot_exemple):
    """Ten minutes asked for on the largest département; stopped as soon as there is a plan."""
    calcul_id = calculs.lancer(
        LOCAL, entrepot_exemple, "013", graine=1, duree_max_s=600, hypotheses=Hypotheses()
    )
    fin = time.monotonic() + 60
    while calculs.etat(LOCAL, calcul_id).avancement is None and time.monotonic() < fin:
        time.sleep(0.1)
    assert calculs.etat(LOCAL, calcul_id).avancement is not None
    calculs.arreter(LOCAL, calcul_id)
    etat = attendre(calcul_id, 30)
    assert etat.phase == Phase.TERMINE, etat.erreur
    resume = json.loads((etat.dossier / "resume.json").read_text(encoding="utf-8"))
    assert resume["arret_par"] == "utilisateur"
    assert resume["jugement"]["conforme"]
    assert resume["moyens"]["donnees_demi_journees_cycle"] > 0


def test_a_computation_that_cannot_run_leaves_its_reason_in_french(dossier, tmp_path):
    calcul_id = calculs.lancer(
        LOCAL,
        tmp_path / "absent.duckdb",
        "005",
        graine=1,
        duree_max_s=1,
        hypotheses=Hypotheses(),
    )
    etat = attendre(calcul_id)
    assert etat.phase == Phase.ECHEC
    assert "Aucun entrepôt" in etat.erreur
    assert "atlas construire" in etat.erreur
