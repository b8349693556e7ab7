"""Stores of the workbench, and made-up proposals to keep there."""

import os
import uuid
from dataclasses import replace

import psycopg
import pytest
import serveur_postgresql

from pipelines.base import chemins
from pipelines.planning.probleme import Poste, Presence, Probleme, Reglages, Site, en_dict
from pipelines.planning.solveur import resoudre
from pipelines.planning.verification import juger
from pipelines.scenarios import dossiers, magasin
from pipelines.scenarios.resume import resumer


@pytest.fixture(scope="session")
def postgresql():
    """Gives the address of a new empty base of a real server, stopped when the run ends."""
    with serveur_postgresql.serveur() as adresse:
        maitresse = psycopg.connect(adresse.format(base="postgres"), autocommit=True)

        def nouvelle():
            base = f"atlas_{uuid.uuid4().hex}"
            maitresse.execute(f"create database {base}")
            return adresse.format(base=base)

        with maitresse:
            yield nouvelle


@pytest.fixture
def sur_disque(tmp_path, monkeypatch):
    """An empty store in an SQLite file, and nowhere else; the folders of the scenarios beside."""
    monkeypatch.setattr(chemins, "ATELIER", tmp_path / "atelier" / "atelier.sqlite")
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    monkeypatch.delenv("ATLAS_BASE_URL", raising=False)
    ici = magasin.adresse()
    yield chemins.ATELIER
    magasin._moteur(ici, os.getpid()).dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store(request, sur_disque, monkeypatch):
    """An empty store on each engine; its address."""
    if request.param == "postgresql":
        monkeypatch.setenv("ATLAS_BASE_URL", request.getfixturevalue("postgresql")())
    yield magasin.adresse()
    magasin._moteur(magasin.adresse(), os.getpid()).dispose()


def probleme_fictif(departement="034"):
    """Four sites and three postes in a département; today P1 serves A and D, P2 serves B."""

    def site(site_id, besoin, poids=1):
        nom = f"Site {site_id}"
        return Site(site_id, nom, "etablissement", besoin, poids, 2, (), None, None, None)

    def poste(poste_id, capacite):
        return Poste(poste_id, 1.0, "occupe", capacite, 3, "A", None, None, None)

    return Probleme(
        departement=departement,
        graine=1,
        empreinte_donnees="donnees-1",
        est_simule=True,
        reglages=Reglages(
            niveaux=(0, 1, 2, 4, 6, 8),
            duree_trajet_max_min=45,
            tolerance_manque=0.0,
            tolerance_changements=0.0,
            echelle_manque=100,
        ),
        sites=(site("A", 16, 4), site("B", 8, 2), site("C", 6), site("D", 4)),
        postes=(poste("P1", 16), poste("P2", 8), poste("P3", 4)),
        minutes=((10, 20, 30, 40), (15, 5, 25, 35), (10, 10, 10, 10)),
        km=((None,) * 4,) * 3,
        presences_actuelles=(
            Presence("P1", "A", 8),
            Presence("P1", "D", 1),
            Presence("P2", "B", 8),
        ),
        hypotheses={
            "bareme": "national_2017",
            "doctrine": "priorites_d_abord",
            "empreinte_reference": "reference-1",
        },
    )


@pytest.fixture(scope="session")
def proposer_fictif(tmp_path_factory):
    """Gives the folder of a proposal solved on the made-up problem of a département."""

    def proposer(departement="034", verrous=()):
        probleme = replace(probleme_fictif(departement), verrous=verrous)
        resultat = resoudre(probleme, duree_max_s=0.5)
        verdict = juger(en_dict(probleme), dossiers.en_dicts(resultat.plan))
        limites = {"duree_max_s": 0.5, "part_ecart_vise": None}
        resume = resumer(probleme, resultat, limites, verdict, {"simule": "Postes simulés."})
        contenu = dossiers.Contenu(probleme, resultat.plan, {**resume, "sources": {"postes": "a"}})
        return dossiers.materialiser(tmp_path_factory.mktemp("proposition") / "p", contenu)

    return proposer


@pytest.fixture(scope="session")
def proposition(proposer_fictif):
    """A proposal of the made-up 034."""
    return proposer_fictif()
