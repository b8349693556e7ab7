"""Commands on travel: measure it once, count what a proposal travels."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.base import chemins
from pipelines.cli.application import (
    OptionDepartement,
    OptionEntrepot,
    app,
    code_departement,
    console,
    imprimer_tableau,
    suivi,
)
from pipelines.reports import deplacements
from pipelines.scenarios import mesures, propositions

CLASSEUR_DEPLACEMENTS = "deplacements.xlsx"


@app.command("mesurer-trajets")
def mesurer_trajets(
    departement: OptionDepartement,
    moteur: Annotated[
        str, typer.Option("--moteur", help=f"qui mesure : {', '.join(mesures.MOTEURS)}")
    ],
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire le fichier")],
    url: Annotated[
        str | None, typer.Option("--url", help="adresse du serveur OSRM, jamais demandée sans elle")
    ] = None,
    profil: Annotated[
        str | None, typer.Option("--profil", help="profil du serveur OSRM (driving)")
    ] = None,
    carte: Annotated[
        Path | None,
        typer.Option("--carte", help="carte de Valhalla : un .osm.pbf, ou des tuiles déjà faites"),
    ] = None,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Mesure les trajets d'un département, une fois, et écrit le fichier à mettre aux sources."""
    choisi = mesures.moteur(moteur, url=url, profil=profil, carte=carte)
    with suivi("Mesure des trajets") as avancer:
        mesure = mesures.mesurer(
            entrepot_,
            code_departement(departement),
            choisi,
            sortie,
            lambda part: avancer("Mesure des trajets", part),
        )
    for phrase in mesures.en_mots(mesure):
        console.print(phrase, markup=False, highlight=False, soft_wrap=True)


@app.command()
def trajets(
    proposition: Annotated[
        Path, typer.Option("--proposition", help="dossier écrit par « atlas proposer »")
    ],
    puissance: Annotated[
        int | None, typer.Option("--puissance", help="puissance fiscale : 5, 7 ou 8 (CV)")
    ] = None,
    enveloppe: Annotated[
        float | None, typer.Option("--enveloppe", help="euros par an ; dit ce qu'elle ne paie plus")
    ] = None,
    sortie: Annotated[
        Path | None, typer.Option("--sortie", help="dossier où écrire le classeur Excel")
    ] = None,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Compte les déplacements d'une proposition : km, temps, budget remboursable, enveloppe."""
    choisie = deplacements.puissance_par_defaut() if puissance is None else puissance
    vue = deplacements.vue(entrepot_, proposition, choisie, enveloppe)
    console.print(vue.phrase, style="bold", markup=False, highlight=False)
    for phrase in vue.reserves:
        console.print(phrase, style="yellow", markup=False, highlight=False)
    for phrase in vue.regles:
        console.print(phrase, markup=False, highlight=False)
    imprimer_tableau(vue.puissances)
    imprimer_tableau(vue.postes)
    if vue.epuisement is not None:
        console.print(vue.epuisement.phrase, style="bold", markup=False, highlight=False)
        console.print(vue.epuisement.ordre, markup=False, highlight=False)
        imprimer_tableau(vue.epuisement.arrets)
        imprimer_tableau(vue.epuisement.sites)
    if sortie is not None:
        propositions.ecrire(sortie, {CLASSEUR_DEPLACEMENTS: vue.classeur})
        console.print(f"Classeur écrit : {sortie / CLASSEUR_DEPLACEMENTS}", markup=False)
