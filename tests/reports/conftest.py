"""The warehouse of the example, built once for the run and only read."""

import pytest

from pipelines.base import chemins
from pipelines.marts.construction import construire
from pipelines.scenarios import propositions


@pytest.fixture(scope="session")
def entrepot_exemple(tmp_path_factory):
    """The same file as the page tests read, whoever asks first."""
    entrepot = tmp_path_factory.getbasetemp() / "exemple" / "atlas.duckdb"
    if not entrepot.exists():
        construire([chemins.EXEMPLE], entrepot)
    return entrepot


@pytest.fixture(scope="session")
def dossier_005(entrepot_exemple, tmp_path_factory):
    """The folder of a proposal for the 005, the smallest département."""
    dossier = tmp_path_factory.mktemp("propositions") / "005"
    propositions.proposer(entrepot_exemple, "005", graine=1, duree_max_s=4, sortie=dossier)
    return dossier
