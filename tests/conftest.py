"""The real files when they are there, and one warehouse built from them for all the tests."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest
import serveur_postgresql

from pipelines.base import chemins, verrou
from pipelines.marts import construction
from pipelines.planning import suivi
from pipelines.scoring.inscription import inscrire
from pipelines.simulation.departements import simuler_departements
from pipelines.simulation.postes import ecrire

DOSSIER_REEL = chemins.RACINE.parent / "shared" / "real"
DEPARTEMENTS_REELS = ["011", "030", "034", "035", "048", "066"]
ETP_SIMULES = {"034": 45.0, "035": 38.0}
ATTENTE_MAX_S = 1800
ABSENCE_VALHALLA = "Le test du vrai Valhalla n'a pas tourné : pyvalhalla 3.9 est absent."
ABSENCE = "Les tests sur les fichiers réels n'ont pas tourné : ../shared/real est absent."


def pytest_configure(config):
    config.addinivalue_line("markers", "reel: reads the real public files of ../shared/real")
    config.addinivalue_line("markers", "postgresql: runs on a PostgreSQL server it starts")
    config.addinivalue_line("markers", "valhalla: makes tiles with the optional pyvalhalla")


def pytest_collection_modifyitems(config, items):
    """Leave out the tests that need what is not there, the real files or an optional engine;
    never skip them.
    """
    if not valhalla_fait_des_tuiles():
        sans_moteur = [i for i in items if i.get_closest_marker("valhalla")]
        items[:] = [i for i in items if i not in sans_moteur]
        config.hook.pytest_deselected(items=sans_moteur)
    if not serveur_postgresql.est_la():
        if os.environ.get("ATLAS_EXIGE_REEL") == "1":
            raise pytest.UsageError(f"{serveur_postgresql.ABSENCE} (ATLAS_EXIGE_REEL=1)")
        sans_serveur = [i for i in items if i.get_closest_marker("postgresql")]
        items[:] = [i for i in items if i not in sans_serveur]
        config.hook.pytest_deselected(items=sans_serveur)
    if DOSSIER_REEL.is_dir():
        return
    if os.environ.get("ATLAS_EXIGE_REEL") == "1":
        raise pytest.UsageError(f"{ABSENCE} (ATLAS_EXIGE_REEL=1)")
    laisses = [
        i for i in items if i.get_closest_marker("reel") or "reel" in getattr(i, "fixturenames", ())
    ]
    items[:] = [i for i in items if i not in laisses]
    config.hook.pytest_deselected(items=laisses)


def valhalla_fait_des_tuiles():
    """True where the optional engine is installed in a version that reads an .osm.pbf."""
    paquet = importlib.util.find_spec("valhalla")
    if paquet is None or paquet.origin is None:
        return False
    return any((Path(paquet.origin).parent / "bin").glob("valhalla_build_tiles*"))


def pytest_unconfigure(config):
    """The last lines of the run say what could not run."""
    if hasattr(config, "workerinput"):
        return
    if not DOSSIER_REEL.is_dir():
        print(ABSENCE)
    if not valhalla_fait_des_tuiles():
        print(ABSENCE_VALHALLA)
    if not serveur_postgresql.est_la():
        print(serveur_postgresql.ABSENCE)


@pytest.fixture(autouse=True, scope="session")
def _atelier(tmp_path_factory):
    """No test writes in the store of whoever runs them; child processes read this address too."""
    ailleurs = tmp_path_factory.mktemp("atelier") / "atelier.sqlite"
    with pytest.MonkeyPatch.context() as changement:
        changement.setenv("ATLAS_BASE_URL", f"sqlite:///{ailleurs}")
        yield


@pytest.fixture(scope="session", autouse=True)
def _horloge_sans_effet():
    """Plans are compared at equal work: on a busy machine the clock must not end one."""
    with pytest.MonkeyPatch.context() as remplacement:
        remplacement.setattr(suivi, "FILET_MARGE_S", 300.0)
        yield


@pytest.fixture(scope="session")
def reel():
    """The folder of the real public files."""
    return DOSSIER_REEL


@pytest.fixture(scope="session")
def commun(tmp_path_factory):
    """Gives a folder that is filled once for the whole run and only read, by every worker.

    The first to ask fills it, the others wait.
    """
    racine = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        racine = racine.parent  # that of a worker is in that of the run

    def dossier(nom, remplir):
        ici, fait = racine / "commun" / nom, racine / "commun" / f"{nom}.fait"
        ici.parent.mkdir(exist_ok=True)
        with verrou.tenir(
            ici.with_name(f"{nom}.verrou"), f"« {nom} »", ATTENTE_MAX_S, lambda phrase: None
        ):
            if not fait.exists():
                shutil.rmtree(ici, ignore_errors=True)
                ici.mkdir()
                remplir(ici)
                fait.touch()
        return ici

    return dossier


@pytest.fixture(scope="session")
def entrepot_exemple(commun):
    """The warehouse of `data/exemple`, as `atlas construire` makes it."""

    def remplir(dossier):
        construction.construire([chemins.EXEMPLE], dossier / "atlas.duckdb", completer=inscrire)

    return commun("exemple", remplir) / "atlas.duckdb"


@pytest.fixture(scope="session")
def entrepot_reel(reel, commun):
    """A warehouse of the real files for six départements, with simulated postes in 034 and 035."""

    def remplir(dossier):
        sans_postes = dossier / "sans-postes.duckdb"
        construction.construire([reel], sans_postes, list(ETP_SIMULES))
        locaux = []
        for departement, etp in ETP_SIMULES.items():
            lot = simuler_departements(sans_postes, departements=[departement], etp=etp, graine=1)
            locaux.append(dossier / departement)
            ecrire(lot, locaux[-1])
        entrepot = dossier / "reel.duckdb"
        construction.construire([reel, *locaux], entrepot, DEPARTEMENTS_REELS, completer=inscrire)

    return commun("reel", remplir) / "reel.duckdb"
