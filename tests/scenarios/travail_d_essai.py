"""A computation that ends when it is told: run as a module, its folder as argument."""

import sys
import time
from pathlib import Path

from pipelines.scenarios import file_des_calculs, processus

MODULE = "tests.scenarios.travail_d_essai"
FIN, FAIT = "fin", "fait"


def attendre_la_fin(dossier, arret):
    """Work until `FIN` is there or a stop is asked, then leave `FAIT`."""
    processus.noter(dossier, 0.5, "à moitié")
    while not (dossier / FIN).exists() and not arret():
        time.sleep(0.02)
    (dossier / FAIT).touch()


if __name__ == "__main__":
    ici = Path(sys.argv[1])
    file_des_calculs.executer(ici, lambda demande, arret: attendre_la_fin(ici, arret))
