"""Commands on the pieces of a dossier: maps to print, layers for a GIS, sealed files."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import pluriel
from pipelines.cli.application import OptionEntrepot, app, console, imprimer_tableau
from pipelines.cli.atelier import ArgumentScenario, scenario
from pipelines.reports import pieces
from pipelines.reports.recalcul import vue as vue_recalcul
from pipelines.scenarios import atelier, lecteurs, propositions, scelle
from pipelines.sources.fichiers import Fichier

OptionSortie = Annotated[Path, typer.Option("--sortie", help="dossier où écrire")]


@scenario.command()
def cartes(
    scenario_id: ArgumentScenario,
    *,
    sortie: OptionSortie,
    format_: Annotated[str, typer.Option("--format", help="a4 ou 16-9")] = "a4",
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Écrit les cartes d'un scénario (image, vecteurs, texte, tableau) à imprimer ou à projeter."""
    fichiers = pieces.cartes(lecteurs.local(), entrepot_, scenario_id, format_)
    propositions.ecrire(sortie, fichiers)
    console.print(f"{pluriel(len(fichiers), 'fichier')} dans {sortie}", markup=False)


@scenario.command()
def sig(
    scenario_id: ArgumentScenario,
    *,
    sortie: OptionSortie,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Écrit les sites et les secteurs pour un SIG (GeoJSON, GeoPackage), et le plan en CSV."""
    fichiers = pieces.sig(lecteurs.local(), entrepot_, scenario_id)
    propositions.ecrire(sortie, fichiers)
    console.print(f"{pluriel(len(fichiers), 'fichier')} dans {sortie}", markup=False)


@scenario.command()
def sceller(
    scenario_id: ArgumentScenario,
    *,
    sortie: Annotated[Path, typer.Option("--sortie", help="fichier .zip à écrire")],
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Scelle un scénario : données, paramètres, plan et nombres, en un fichier qui se recalcule."""
    lecteur = lecteurs.local()
    octets = scelle.sceller(lecteur, entrepot_, atelier.ouvrir(lecteur, scenario_id))
    propositions.ecrire(sortie.parent, {sortie.name: octets})
    console.print(f"Scénario scellé dans {sortie}", markup=False)
    console.print(f"Empreinte : {hashlib.sha256(octets).hexdigest()}", markup=False)


@app.command()
def recalculer(
    fichier: Annotated[Path, typer.Argument(help="fichier scellé (.zip)")],
    *,
    tous: Annotated[
        bool, typer.Option("--tous", help="montrer aussi les nombres identiques")
    ] = False,
) -> None:
    """Refait chaque nombre d'un fichier scellé et dit ce qui est identique ou différent.

    Sort avec le code 1 quand un nombre diffère, ou quand le fichier a été altéré.
    """
    if not fichier.is_file():
        raise AtlasError(
            "Ce fichier scellé n'existe pas.",
            fichier=str(fichier),
            admis=scelle.ADMIS,
            remede="vérifier le chemin du fichier",
        )
    vue = vue_recalcul(scelle.recalculer(Fichier(fichier.name, fichier)))
    for note in vue.notes:
        console.print(note, style="yellow", markup=False)
    imprimer_tableau(vue.table if tous else vue.differences)
    console.print(vue.phrase, style="bold", markup=False)
    console.print(f"Empreinte du fichier : {vue.empreinte}", markup=False)
    if not vue.differences.empty:
        raise typer.Exit(1)
