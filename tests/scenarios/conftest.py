"""The warehouse of the example, built once for the run and only read."""

import pytest

from pipelines.base import chemins
from pipelines.marts.construction import construire


@pytest.fixture(scope="session")
def entrepot_exemple(tmp_path_factory):
    """The same file as the page tests read, whoever asks first."""
    entrepot = tmp_path_factory.getbasetemp() / "exemple" / "atlas.duckdb"
    if not entrepot.exists():
        construire([chemins.EXEMPLE], entrepot)
    return entrepot
