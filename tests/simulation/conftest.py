"""The example as a specialist would open it: plain csv, none of the project's readers."""

import csv
from pathlib import Path

import pytest

from pipelines.base import chemins
from pipelines.simulation import academie, locaux

ANNUAIRE = "fr-en-annuaire-education.exemple.2026-09-15.csv"
LISTE_EP = "liste-des-rep-et-rep-rentree-2025.exemple.csv"


def lire(chemin: Path) -> list[dict[str, str]]:
    with chemin.open(encoding="utf-8-sig", newline="") as fichier:
        return list(csv.DictReader(fichier, delimiter=";"))


@pytest.fixture(scope="session")
def annuaire() -> list[dict[str, str]]:
    return lire(chemins.EXEMPLE / ANNUAIRE)


@pytest.fixture(scope="session")
def liste_ep() -> list[dict[str, str]]:
    return lire(chemins.EXEMPLE / LISTE_EP)


@pytest.fixture(scope="session")
def sites():
    return locaux.sites(academie.etablissements(chemins.EXEMPLE, academie.GRAINE))
