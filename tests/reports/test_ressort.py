"""Sign-on can be switched on without touching a page: the stages below refuse who may not read."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

from pipelines import reports
from pipelines.base.erreurs import AtlasError
from pipelines.reports import situation
from pipelines.scenarios import lecteurs
from pipelines.scenarios.lecteurs import Lecteur, Role

ABSENT = Path("absent.duckdb")
A_UNE_PARTIE = {"fond", "sites_de_la_carte", "tableau_sites"}
"""Parts of a view: they are given an open warehouse by a reading that was asked for."""


def lectures():
    """Every public function of the reports that reads a département by its code."""
    for module in pkgutil.iter_modules(reports.__path__):
        contenu = importlib.import_module(f"pipelines.reports.{module.name}")
        for nom, fonction in inspect.getmembers(contenu, inspect.isfunction):
            siens = fonction.__module__ == contenu.__name__ and not nom.startswith("_")
            if siens and "departement" in inspect.signature(fonction).parameters:
                yield pytest.param(fonction, id=f"{module.name}.{nom}")


@pytest.fixture
def de_l_aude():
    """Someone who may read the Aude, and nothing else."""
    qui = Lecteur("Camille", Role.CTSS_D, frozenset({"011"}))
    lecteurs.reconnaitre(lambda: qui)
    yield qui
    lecteurs.reconnaitre(lecteurs.local)


@pytest.mark.parametrize(
    "lecture", [p for p in lectures() if p.values[0].__name__ not in A_UNE_PARTIE]
)
def test_a_departement_out_of_scope_is_refused_before_anything_is_read(lecture, de_l_aude):
    parametres = inspect.signature(lecture).parameters.values()
    arguments = {p.name: ABSENT for p in parametres if p.default is inspect.Parameter.empty} | {
        "departement": "034"
    }
    if "lecteur" in arguments:
        arguments["lecteur"] = de_l_aude
    with pytest.raises(AtlasError, match="ressort"):
        lecture(**arguments)


@pytest.mark.reel
def test_the_departements_offered_are_those_in_scope(entrepot_reel, de_l_aude):
    assert list(situation.departements(entrepot_reel)) == ["011"]
