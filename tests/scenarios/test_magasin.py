"""The store itself: made by two at once, whole or nothing, and its failures told in French."""

import os
import sqlite3
import subprocess
import sys

import pytest
import sqlalchemy as sa

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import atelier, magasin
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.revisions import SCENARIOS

LECTEUR = Lecteur("Claire")
OUVRIR = """
import sys
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur
print("pret", flush=True)
sys.stdin.readline()
print(len(atelier.lister(Lecteur("x"))))
"""


def test_processes_that_make_the_store_at_once_all_open_it(store, monkeypatch):
    monkeypatch.setenv("ATLAS_BASE_URL", store)
    enfants = [
        subprocess.Popen(
            [sys.executable, "-c", OUVRIR],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=chemins.RACINE,
        )
        for _ in range(4)
    ]
    for enfant in enfants:
        assert enfant.stdout.readline() == "pret\n"
    for enfant in enfants:
        enfant.stdin.write("\n")
        enfant.stdin.flush()
    assert [enfant.communicate()[0].strip() for enfant in enfants] == ["0"] * 4


def test_an_act_that_fails_half_way_leaves_nothing(store, proposition):
    scenario = atelier.creer(LECTEUR, "Entier", proposition)

    def tomber():
        with magasin.ecrire() as connexion:
            connexion.execute(sa.update(SCENARIOS).values(nom="À moitié"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tomber()
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id) == scenario


def test_a_reader_sees_one_state_while_another_saves(store, proposition):
    scenario = atelier.creer(LECTEUR, "Avant", proposition)
    nom = sa.select(SCENARIOS.c.nom)
    with magasin.lire() as connexion:
        assert connexion.execute(nom).scalar_one() == "Avant"
        atelier.renommer(LECTEUR, scenario.scenario_id, 1, "Après")
        assert connexion.execute(nom).scalar_one() == "Avant"
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id).nom == "Après"


def test_the_store_is_beside_the_data_unless_an_address_is_given(sur_disque, monkeypatch):
    assert magasin.adresse() == f"sqlite:///{sur_disque}"
    monkeypatch.setenv("ATLAS_BASE_URL", "postgresql://serveur/atlas")
    assert magasin.adresse() == "postgresql://serveur/atlas"


def test_the_file_of_the_store_is_kept_in_wal_so_that_readers_never_wait(sur_disque):
    atelier.lister(LECTEUR)
    with sqlite3.connect(sur_disque) as connexion:
        assert connexion.execute("pragma journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize("adresse", ["n'importe quoi", "oracle9://serveur/base", "://"])
def test_an_address_that_means_nothing_is_refused(sur_disque, monkeypatch, adresse):
    monkeypatch.setenv("ATLAS_BASE_URL", adresse)
    with pytest.raises(AtlasError, match="ne se lit pas") as refus:
        atelier.lister(LECTEUR)
    assert "ATLAS_BASE_URL" in refus.value.remede


def test_a_folder_that_cannot_be_made_is_told(sur_disque, tmp_path, monkeypatch):
    obstacle = tmp_path / "obstacle"
    obstacle.write_text("", encoding="utf-8")
    monkeypatch.setattr(chemins, "ATELIER", obstacle / "ici" / "atelier.sqlite")
    with pytest.raises(AtlasError, match="dossier de l'atelier ne peut pas être créé") as refus:
        atelier.lister(LECTEUR)
    assert "ATLAS_ATELIER" in refus.value.remede


def test_a_file_that_is_no_store_is_told_and_left_as_it_is(sur_disque):
    sur_disque.parent.mkdir(parents=True)
    sur_disque.write_bytes(b"un texte, pas une base. " * 100)
    with pytest.raises(AtlasError, match="abîmé"):
        atelier.lister(LECTEUR)
    assert sur_disque.read_bytes() == b"un texte, pas une base. " * 100


def test_a_full_disk_is_told_and_what_was_saved_stays(sur_disque, proposition):
    """The engine is told to stop at the size the file has: that is its word for a full disk."""
    scenario = atelier.creer(LECTEUR, "Avant", proposition)
    moteur = magasin._moteur(magasin.adresse(), os.getpid())

    def plein(connexion, *_):
        pages = connexion.execute("pragma page_count").fetchone()[0]
        connexion.execute(f"pragma max_page_count = {pages}")

    sa.event.listen(moteur, "checkout", plein)

    def remplir():
        while True:
            atelier.deriver(LECTEUR, scenario.scenario_id, "Copie")

    with pytest.raises(AtlasError, match="disque de l'atelier est plein"):
        remplir()
    sa.event.remove(moteur, "checkout", plein)
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id) == scenario


def test_a_store_that_can_only_be_read_is_told(sur_disque, proposition):
    scenario = atelier.creer(LECTEUR, "Avant", proposition)
    moteur = magasin._moteur(magasin.adresse(), os.getpid())

    def seulement_lire(connexion, *_):
        connexion.execute("pragma query_only = on")

    sa.event.listen(moteur, "checkout", seulement_lire)
    with pytest.raises(AtlasError, match="lecture seule"):
        atelier.renommer(LECTEUR, scenario.scenario_id, 1, "Après")
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id) == scenario


def test_a_save_that_waited_too_long_for_another_is_told(sur_disque, monkeypatch):
    monkeypatch.setattr(magasin, "ATTENTE_S", 0.2)
    atelier.lister(LECTEUR)
    autre = sqlite3.connect(sur_disque, isolation_level=None)
    autre.execute("begin immediate")
    with pytest.raises(AtlasError, match="occupe l'atelier"), magasin.ecrire():
        pass
    autre.close()


@pytest.mark.postgresql
def test_a_server_that_does_not_answer_is_told_without_its_password(sur_disque, monkeypatch):
    monkeypatch.setenv("ATLAS_BASE_URL", "postgresql://atlas:secret@127.0.0.1:1/atlas")
    with pytest.raises(AtlasError, match="ne répond pas") as refus:
        atelier.lister(LECTEUR)
    assert "secret" not in refus.value.message()


@pytest.mark.postgresql
def test_a_postgresql_account_that_may_only_read_is_told(
    sur_disque, postgresql, proposition, monkeypatch
):
    adresse = postgresql()
    monkeypatch.setenv("ATLAS_BASE_URL", adresse)
    scenario = atelier.creer(LECTEUR, "Avant", proposition)
    lecture_seule = f"{adresse}&options=-cdefault_transaction_read_only%3Don"
    monkeypatch.setenv("ATLAS_BASE_URL", lecture_seule)
    with pytest.raises(AtlasError, match="lecture seule"):
        atelier.renommer(LECTEUR, scenario.scenario_id, 1, "Après")
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id) == scenario
