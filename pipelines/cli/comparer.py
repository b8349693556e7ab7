"""The command that lays répartitions side by side."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.base import provisoire
from pipelines.cli.application import app, console, imprimer_tableau
from pipelines.reports import comparer as vue_comparer
from pipelines.reports.repartition import reunir
from pipelines.scenarios.comparables import trouver
from pipelines.scenarios.lecteurs import local

COMPARABLE = "dossier d'une proposition, identifiant d'un scénario ou d'une proposition, aujourdhui"


@app.command()
def comparer(
    a: Annotated[str, typer.Argument(help=COMPARABLE)],
    b: Annotated[str, typer.Argument(help=COMPARABLE)],
    c: Annotated[str | None, typer.Argument(help=COMPARABLE)] = None,
    classeur: Annotated[
        Path | None, typer.Option("--classeur", help="fichier Excel où écrire tout le détail")
    ] = None,
) -> None:
    """Compare deux ou trois répartitions : ce qui change, pour qui, pourquoi, et l'équité."""
    choisies = [_choisie(demande) for demande in (a, b, c) if demande is not None]
    vue = vue_comparer.vue(reunir(choisies))
    for phrase in vue.divergences:
        console.print(phrase, style="yellow", markup=False)
    console.print(vue.phrase, style="bold", markup=False)
    console.print(vue.phrase_equite, markup=False)
    for passage in vue.passages:
        console.print(passage.phrase_des_demi_postes, markup=False)
    imprimer_tableau(vue.indices)
    imprimer_tableau(vue.equite)
    for passage in vue.passages:
        console.print(passage.titre, style="bold", markup=False)
        imprimer_tableau(passage.sites[["Site", "Avant", "Après", "Écart", "Pourquoi"]])
    if classeur is not None:
        provisoire.ecrire(classeur, vue.classeur)
        console.print(f"Détail écrit dans {classeur}", markup=False)


def _choisie(demande: str) -> tuple[str, Path | None]:
    """A folder by its name, else what is kept here under that id."""
    dossier = Path(demande)
    if dossier.is_dir():
        return dossier.resolve().name, dossier
    trouve = trouver(local(), demande)
    return trouve.libelle, trouve.dossier
