"""The queue: no more computations at once than it may, the rest in order, whatever dies."""

import multiprocessing
import os
import signal
import time

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.reports import attente
from pipelines.scenarios import file_des_calculs, processus
from pipelines.scenarios.processus import Phase
from tests.scenarios.travail_d_essai import FAIT, FIN, MODULE


@pytest.fixture
def dossiers(tmp_path, monkeypatch):
    """Three folders, and a queue of one place; what still runs at the end is told to end."""
    monkeypatch.setenv("ATLAS_BASE_URL", f"sqlite:///{tmp_path}/atelier.sqlite")
    monkeypatch.setenv("ATLAS_PLACES", "1")
    ceux = [tmp_path / nom for nom in ("premier", "deuxieme", "troisieme")]
    yield ceux
    for dossier in ceux:
        file_des_calculs.retirer(dossier)
    for dossier in ceux:
        if dossier.is_dir():
            (dossier / FIN).touch()
    jusque(lambda: not file_des_calculs.travaux())


def soumettre(dossier, places_prises=1):
    file_des_calculs.soumettre(
        dossier,
        {},
        MODULE,
        libelle=dossier.name,
        departement="034",
        auteur="Camille",
        places_prises=places_prises,
    )


def jusque(condition, secondes=300):
    fin = time.monotonic() + secondes
    while not condition():
        assert time.monotonic() < fin, "rien n'est venu"
        time.sleep(0.05)


def numero(dossier):
    jusque((dossier / processus.NUMERO).exists)
    return int((dossier / processus.NUMERO).read_text(encoding="utf-8"))


def test_what_has_no_place_waits_in_the_order_it_was_asked_for(dossiers):
    for dossier in dossiers:
        soumettre(dossier)
    assert [(t.libelle, t.rang) for t in file_des_calculs.travaux()] == [
        ("premier", None),
        ("deuxieme", 0),
        ("troisieme", 1),
    ]
    assert file_des_calculs.phase(dossiers[0]) == (Phase.EN_COURS, None)
    assert file_des_calculs.phase(dossiers[2]) == (Phase.EN_ATTENTE, 1)
    assert not (dossiers[1] / processus.NUMERO).exists()


def test_the_next_begins_when_one_ends_with_nobody_looking(dossiers):
    """Every tab is closed: only the computations themselves serve the queue."""
    premier, deuxieme, _ = dossiers
    soumettre(premier)
    soumettre(deuxieme)
    (premier / FIN).touch()
    jusque((deuxieme / processus.NUMERO).exists)
    assert (premier / FAIT).exists()
    (deuxieme / FIN).touch()
    jusque((deuxieme / FAIT).exists)


def test_a_computation_killed_is_told_interrupted_and_gives_its_place(dossiers):
    premier, deuxieme, _ = dossiers
    soumettre(premier)
    soumettre(deuxieme)
    os.kill(numero(premier), signal.SIGKILL)
    jusque(lambda: not processus.vit(premier))
    assert file_des_calculs.phase(premier) == (Phase.INTERROMPU, None)
    assert file_des_calculs.phase(deuxieme) == (Phase.EN_COURS, None)


def test_what_waits_can_be_taken_out_and_never_begins(dossiers):
    premier, deuxieme, troisieme = dossiers
    for dossier in dossiers:
        soumettre(dossier)
    assert file_des_calculs.retirer(deuxieme)
    assert "retiré de la file" in (deuxieme / processus.ERREUR).read_text(encoding="utf-8")
    assert file_des_calculs.phase(troisieme) == (Phase.EN_ATTENTE, 0)
    (premier / FIN).touch()
    jusque((troisieme / processus.NUMERO).exists)
    assert not (deuxieme / processus.NUMERO).exists()
    assert not file_des_calculs.retirer(troisieme), "il a commencé"


def test_a_computation_larger_than_the_machine_runs_alone(dossiers):
    premier, deuxieme, _ = dossiers
    soumettre(premier, places_prises=5)
    soumettre(deuxieme)
    assert file_des_calculs.phase(premier) == (Phase.EN_COURS, None)
    assert file_des_calculs.phase(deuxieme) == (Phase.EN_ATTENTE, 0)


def test_what_a_dead_server_had_put_in_the_queue_is_found_and_served(dossiers):
    premier, deuxieme, _ = dossiers
    serveur = multiprocessing.get_context("spawn").Process(
        target=_demander_puis_mourir, args=(premier, deuxieme)
    )
    serveur.start()
    serveur.join(60)
    assert serveur.exitcode == -signal.SIGKILL
    assert [t.libelle for t in file_des_calculs.travaux()] == ["premier", "deuxieme"]
    (premier / FIN).touch()
    jusque(lambda: file_des_calculs.phase(deuxieme)[0] == Phase.EN_COURS)


def _demander_puis_mourir(*ceux):
    for dossier in ceux:
        soumettre(dossier)
    os.kill(os.getpid(), signal.SIGKILL)


def test_many_asking_at_once_never_start_more_than_there_are_places(dossiers, tmp_path):
    contexte = multiprocessing.get_context("spawn")
    suite = [tmp_path / f"calcul-{rang}" for rang in range(6)]
    demandeurs = [contexte.Process(target=soumettre, args=(dossier,)) for dossier in suite]
    for demandeur in demandeurs:
        demandeur.start()
    for demandeur in demandeurs:
        demandeur.join(60)
        assert demandeur.exitcode == 0
    assert sum((dossier / processus.NUMERO).exists() for dossier in suite) == 1
    assert sorted(t.rang for t in file_des_calculs.travaux() if t.rang is not None) == [*range(5)]
    for dossier in suite:
        (dossier / FIN).touch()
    jusque(lambda: all((dossier / FAIT).exists() for dossier in suite))


def test_the_queue_says_who_asked_what_and_where_it_is(dossiers):
    soumettre(dossiers[0])
    soumettre(dossiers[1])
    jusque((dossiers[0] / processus.AVANCEMENT).exists)
    vue = attente.vue()
    assert list(vue.travaux["Demandé par"]) == ["Camille", "Camille"]
    assert vue.travaux["Où il en est"][0].startswith("50")
    assert vue.travaux["Où il en est"][1].startswith("attend depuis")
    assert vue.phrase == "1 calcul en cours, 1 en attente."
    assert "le prochain à commencer" in vue.attente(0)
    assert "1 calcul attend avant lui" in vue.attente(1)


@pytest.mark.parametrize("valeur", ["0", "deux", "-1", "1,5"])
def test_a_number_of_places_that_is_none_is_refused(monkeypatch, valeur):
    monkeypatch.setenv("ATLAS_PLACES", valeur)
    with pytest.raises(AtlasError, match="ATLAS_PLACES"):
        file_des_calculs.places()
