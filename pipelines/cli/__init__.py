"""The `atlas` command: what the pages do, from a terminal."""

import importlib
import sys

from pipelines.base.erreurs import AtlasError
from pipelines.cli.application import app, erreurs

# each declares its commands, in the order the help lists them
for _module in (
    "donnees",
    "repartition",
    "comparer",
    "comprendre",
    "deplacer",
    "territoires",
    "servir",
    "mesurer",
    "atelier",
    "dossier",
    "rapport",
    "pieces",
):
    importlib.import_module(f"{__name__}.{_module}")


def main() -> None:
    """Entry point: refusals are told in French, without a traceback, with exit code 1."""
    try:
        app()
    except AtlasError as erreur:
        erreurs.print(erreur.message(), style="bold red", highlight=False, markup=False)
        sys.exit(1)
