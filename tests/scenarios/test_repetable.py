"""Same data, hypotheses and seed: the same bytes, whatever the machine's cores and hash seed."""

import json
import os
import subprocess
import sys

import pytest

from pipelines.base import chemins
from pipelines.planning.solveur import COUPLES_PETIT

# 67 sites and 28 postes of the example: too many couples for CP-SAT, few enough for real bounds.
MOYEN = "084"
# One core, or all; the clock is put out of reach, since a machine at work elsewhere is slow.
PROGRAMME = """
import os, sys
if sys.argv.pop(1) == "un" and hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
from pipelines.planning import suivi
suivi.FILET_MARGE_S = 600.0
from pipelines.cli import main
main()
"""


def proposer(entrepot, sortie, coeurs, hasard):
    """`atlas proposer` in an interpreter of its own; what it wrote, without the seconds spent."""
    subprocess.run(
        [
            *(sys.executable, "-c", PROGRAMME, coeurs, "proposer", "--departement", MOYEN),
            *("--graine", "4", "--duree-max", "2", "--ecart-vise", "0.5"),
            *("--sortie", str(sortie), "--entrepot", str(entrepot)),
        ],
        cwd=chemins.RACINE,
        env={**os.environ, "PYTHONHASHSEED": hasard},
        capture_output=True,
        check=True,
        timeout=300,
    )
    resume = json.loads((sortie / "resume.json").read_text(encoding="utf-8"))
    for etage in resume["etages"]:
        del etage["secondes"]
    return [(sortie / nom).read_bytes() for nom in ("plan.csv", "probleme.json")], resume


@pytest.fixture(scope="module")
def sur_un_coeur(entrepot_exemple, tmp_path_factory):
    """A proposal made on one core."""
    return proposer(entrepot_exemple, tmp_path_factory.mktemp("un") / "p", "un", "0")


def test_the_same_request_gives_the_same_bytes_on_one_core_or_more(
    sur_un_coeur, entrepot_exemple, tmp_path
):
    """And with words hashed otherwise: no set nor dictionary order reaches the plan."""
    octets, resume = sur_un_coeur
    assert proposer(entrepot_exemple, tmp_path / "p", "tous", "1234") == (octets, resume)


def test_what_was_repeated_came_by_the_decomposition_and_was_not_cut(sur_un_coeur):
    """Otherwise the test above would promise nothing."""
    (_, texte), resume = sur_un_coeur
    probleme = json.loads(texte)
    limite = probleme["reglages"]["duree_trajet_max_min"]
    proches = [m for ligne in probleme["minutes"] for m in ligne if m is not None and m <= limite]
    assert len(proches) > COUPLES_PETIT
    assert resume["arret_par"] == "travail"
    assert resume["limites"] == {"duree_max_s": 2.0, "part_ecart_vise": 0.005}
    assert all(0 < etage["borne"] <= etage["valeur"] for etage in resume["etages"])
