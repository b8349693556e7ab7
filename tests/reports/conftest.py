"""A proposal on the example, made once for the run and only read."""

import pytest

from pipelines.scenarios import propositions


@pytest.fixture(scope="session")
def dossier_005(entrepot_exemple, commun):
    """The folder of a proposal for the 005, the smallest département."""

    def remplir(dossier):
        propositions.proposer(
            entrepot_exemple, "005", graine=1, duree_max_s=4, sortie=dossier / "005"
        )

    return commun("proposition", remplir) / "005"
