"""The command that writes the dossier of a scenario."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.base import chemins
from pipelines.cli.application import OptionEntrepot, app, console
from pipelines.reports.dossier import fichiers
from pipelines.scenarios import lecteurs


@app.command()
def dossier(
    *,
    scenario: Annotated[
        str, typer.Option("--scenario", help="identifiant donné par atlas scenarios")
    ],
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire les fichiers")],
    destinataire: Annotated[
        str,
        typer.Option("--destinataire", help=" ou ".join(fichiers.destinataires())),
    ] = next(iter(fichiers.destinataires())),
    formats: Annotated[
        str,
        typer.Option("--formats", help=f"parmi {', '.join(fichiers.FORMATS)}, séparés par ,"),
    ] = ",".join(fichiers.FORMATS),
    comparer_a: Annotated[
        str | None,
        typer.Option("--comparer-a", help="identifiant d'un autre scénario du département"),
    ] = None,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Écrit le dossier d'un scénario, à imprimer et à projeter, pour un destinataire.

    « nominatif » montre chaque poste ; « instance » montre des codes de secteur tirés au sort pour
    ce dossier, et ni quotité, ni statut, ni petit nombre. Les couches pour un SIG, le plan en CSV
    et le fichier scellé nomment les postes : ils ne sont que de la version nominative. Sort avec le
    code 1 quand un document n'a pas pu être fait.
    """
    voulus = fichiers.exiger_formats(c.strip() for c in formats.split(",") if c.strip())
    ouvrage = fichiers.preparer(lecteurs.local(), entrepot_, scenario, destinataire, comparer_a)
    ecrits, manques = fichiers.ecrire(sortie, ouvrage, voulus)
    for ecrit in ecrits:
        console.print(f"Écrit : {ecrit}", markup=False, highlight=False)
    for manque in manques:
        console.print(f"Non écrit. {manque.phrase}", style="yellow", markup=False, highlight=False)
    if any(m.est_un_refus for m in manques):
        raise typer.Exit(1)
