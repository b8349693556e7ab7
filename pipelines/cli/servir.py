"""The command that opens the dashboard."""

import os
import sys
from typing import Annotated

import typer

from pipelines.base import chemins
from pipelines.cli.application import (
    OptionEntrepot,
    app,
    console,
)
from pipelines.marts import construction
from pipelines.scoring.inscription import inscrire


@app.command()
def servir(
    port: Annotated[int, typer.Option("--port", help="port local", min=1, max=65535)] = 8501,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Ouvre le tableau de bord sur 127.0.0.1 ; construit l'exemple si l'entrepôt n'existe pas."""
    if not entrepot_.is_file():
        console.print("Construction de l'exemple (établissements fictifs)…")
        construction.construire([chemins.EXEMPLE], entrepot_, completer=inscrire)
    console.print(f"Tableau de bord : http://127.0.0.1:{port}", markup=False)
    environnement = {**os.environ, "ATLAS_ENTREPOT": str(entrepot_.resolve())}
    commande = [sys.executable, "-m", chemins.SERVEUR, str(port)]
    os.chdir(chemins.RACINE)
    os.execve(sys.executable, commande, environnement)
