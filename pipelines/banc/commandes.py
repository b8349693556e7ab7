"""Commands of Atlas run as whoever types them runs them, each a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError

ATLAS = (sys.executable, "-m", "pipelines.cli")
DUREE_PROPOSITION_S = 10


def a_part(ailleurs: Path) -> dict[str, str]:
    """The environment of a store in `ailleurs`: what the one who measures keeps is left alone."""
    return {
        **os.environ,
        "ATLAS_CALCULS": f"{ailleurs}/calculs",
        "ATLAS_BASE_URL": f"sqlite:///{ailleurs}/atelier.sqlite",
    }


def scenario(base: Path, departement: str, ailleurs: Path, environnement: Mapping[str, str]) -> str:
    """The id of a scenario made of a short proposal: what has nothing to show proves nothing."""
    sortie = str(ailleurs / "proposition")
    proposer = ("proposer", "--departement", departement, "--entrepot", str(base.resolve()))
    lancer((*proposer, "--duree-max", str(DUREE_PROPOSITION_S), "--sortie", sortie), environnement)
    creer = ("scenario", "creer", "--nom", "Mesure", "--proposition", sortie)
    return lancer(creer, environnement).rsplit(maxsplit=1)[-1]


def lancer(mots: Sequence[str], environnement: Mapping[str, str]) -> str:
    """What a command of Atlas says; AtlasError with its words when it fails."""
    fini = subprocess.run(
        [*ATLAS, *mots],
        cwd=chemins.RACINE,
        env=environnement,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if fini.returncode:
        raise AtlasError(
            f"« atlas {mots[0]} » n'a pas abouti : {fini.stderr[-500:] or fini.stdout[-500:]}",
            remede="lancer cette commande à la main pour voir pourquoi",
        )
    return fini.stdout
