"""The command that writes the yearly report of a département, or the académie's synthesis."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.cli.application import OptionEntrepot, app, code_departement, console
from pipelines.reports import rapport_annuel, rapports, synthese_academie
from pipelines.reports.dossier import fichiers
from pipelines.reports.dossier.voile import Destinataire
from pipelines.scenarios import lecteurs


@app.command()
def rapport(
    *,
    departement: Annotated[
        str | None, typer.Option("--departement", help="par exemple 034")
    ] = None,
    academie: Annotated[
        bool, typer.Option("--academie", help="la synthèse de tous les départements")
    ] = False,
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire les fichiers")],
    annee: Annotated[
        str | None,
        typer.Option("--annee", help="année scolaire, par exemple 2025-2026 (la dernière connue)"),
    ] = None,
    destinataire: Annotated[
        str,
        typer.Option("--destinataire", help=" ou ".join(fichiers.destinataires())),
    ] = Destinataire.NOMINATIF.value,
    formats: Annotated[
        str,
        typer.Option("--formats", help=f"parmi {', '.join(rapports.FORMATS)}, séparés par ,"),
    ] = ",".join(rapports.FORMATS),
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Écrit le rapport annuel d'un département, ou la synthèse de l'académie, à compléter.

    Moyens, couverture, activité avec ce qui lui manque ; les priorités de l'année sont à écrire.
    """
    voulus = fichiers.exiger_formats(
        (c.strip() for c in formats.split(",") if c.strip()), rapports.FORMATS
    )
    if academie == (departement is not None):
        raise AtlasError(
            "Un rapport est celui d'un département, ou de l'académie.",
            admis="--departement CODE, ou --academie",
            remede="donner l'un des deux",
        )
    lecteur = lecteurs.local()
    if departement is not None:
        compose = rapport_annuel.composer(
            lecteur, entrepot_, code_departement(departement), destinataire, annee
        )
    elif rapport_annuel.exiger_destinataire(destinataire) == Destinataire.NOMINATIF:
        compose = synthese_academie.composer(lecteur, entrepot_, annee)
    else:
        raise AtlasError(
            "La synthèse de l'académie ne masque rien : elle n'est pas pour une instance.",
            admis=Destinataire.NOMINATIF.value,
            remede="retirer --destinataire, ou faire le rapport de chaque département",
        )
    for ecrit in rapports.ecrire(sortie, compose, voulus):
        console.print(f"Écrit : {ecrit}", markup=False, highlight=False)
