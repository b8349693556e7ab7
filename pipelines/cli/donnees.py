"""Commands on the data: fetch, check, build, templates, simulated posts."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre, pluriel
from pipelines.cli.application import (
    OptionDepartements,
    OptionEntrepot,
    app,
    codes_departements,
    console,
    erreurs,
    imprimer_tableau,
    suivi,
)
from pipelines.marts import construction
from pipelines.reports import donnees
from pipelines.reports import modeles as modeles_excel
from pipelines.scoring.inscription import inscrire
from pipelines.simulation.departements import simuler_departements
from pipelines.simulation.postes import ecrire
from pipelines.sources import demandes, telechargement, transferts
from pipelines.sources.cartes import cartes


@app.command()
def telecharger(
    academie: Annotated[
        str | None, typer.Option("--academie", help="son nom, par exemple montpellier")
    ] = None,
    departements: OptionDepartements = None,
    sortie: Annotated[
        Path, typer.Option("--sortie", help="dossier où ranger les fichiers")
    ] = telechargement.BRUT,
    miroir: Annotated[
        str | None,
        typer.Option(
            "--miroir",
            envvar="ATLAS_MIROIR",
            help="adresse qui relaie les services : <miroir>/<service>/<chemin>",
        ),
    ] = None,
) -> None:
    """Télécharge les fichiers publics d'une académie ou de départements."""
    if bool(academie) == bool(departements):
        raise AtlasError(
            "Il faut une académie ou des départements, et pas les deux.",
            admis="--academie montpellier, ou --departements 034,030",
            remede="relancer la commande avec l'une de ces deux options",
        )
    codes = (
        demandes.departements_de(academie) if academie else codes_departements(departements) or []
    )
    with suivi("Téléchargement") as avancer:
        bilan = telechargement.telecharger(
            codes,
            sortie,
            miroir=miroir,
            progres=avancer,
        )
    _imprimer_telechargement(bilan, sortie)
    if bilan.de(demandes.ECHEC):
        raise typer.Exit(1)


def _imprimer_telechargement(bilan: telechargement.BilanTelechargement, sortie: Path) -> None:
    """What came, what had not changed and what failed, one line a source; then why."""
    etats = (
        demandes.RECU,
        demandes.INCHANGE,
        demandes.VIDE,
        demandes.ECHEC,
    )
    table = Table("Source", "Millésime", *(e.capitalize() for e in etats))
    par_source: dict[str, list[demandes.Resultat]] = {}
    for resultat in bilan.resultats:
        par_source.setdefault(resultat.demande.carte.titre, []).append(resultat)
    for titre, resultats in par_source.items():
        millesimes = sorted({r.millesime for r in resultats if r.millesime})
        territoires = [
            ", ".join(r.demande.departement or "France" for r in resultats if r.etat == etat)
            for etat in etats
        ]
        table.add_row(titre, ", ".join(millesimes), *territoires)
    console.print(table)
    for source, motif in bilan.non_servies.items():
        console.print(f"{cartes()[source].titre} : pas de téléchargement ({motif}).", markup=False)
    echecs: dict[str, list[demandes.Resultat]] = {}
    for resultat in bilan.de(demandes.ECHEC):
        echecs.setdefault(resultat.erreur.quoi, []).append(resultat)
    for quoi, resultats in echecs.items():
        message = resultats[0].erreur.message()
        if len(resultats) > 1:
            message = "\n".join(
                [
                    quoi,
                    f"Que faire : réessayer plus tard ; sans réseau, prendre ces fichiers sur une "
                    f"machine reliée et les déposer dans {sortie}, dont le contenu est intact :",
                    *(f"- {r.demande.titre} : {r.demande.adresse_publique}" for r in resultats),
                ]
            )
        erreurs.print(message, style="bold red", highlight=False, markup=False, soft_wrap=True)
    recus = bilan.de(demandes.RECU)
    console.print(
        f"{pluriel(len(recus), 'fichier reçu', 'fichiers reçus')} dans {sortie} "
        f"({nombre(sum(r.octets for r in recus) / transferts.OCTETS_PAR_MO, 1)} Mo), "
        f"{pluriel(len(bilan.de(demandes.INCHANGE)), 'inchangé')}, "
        f"{pluriel(len(bilan.de(demandes.ECHEC)), 'échec')}.",
        markup=False,
    )


@app.command()
def construire(
    sources: Annotated[
        list[Path],
        typer.Option("--sources", help="dossier des fichiers (peut être répété)"),
    ],
    departements: OptionDepartements = None,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Construit l'entrepôt à partir des fichiers publics et locaux d'un ou plusieurs dossiers."""
    with suivi("Lecture des fichiers") as avancer:
        bilan = construction.construire(
            sources,
            entrepot_,
            codes_departements(departements),
            avancer,
            completer=inscrire,
        )
    table = Table("Département", "Sites du second degré", "Sites d'écoles REP+")
    for code, sites in bilan.sites.items():
        table.add_row(
            code, str(sites.get("etablissement", 0)), str(sites.get("ecoles_rep_plus", 0))
        )
    console.print(table)
    anomalies = [f"{pluriel(n, 'anomalie')} de gravité « {g} »" for g, n in bilan.anomalies.items()]
    console.print(enumeration(anomalies) or "Aucune anomalie.")
    for note in bilan.non_reconnus:
        console.print(f"Fichier non lu : {note}", markup=False)
    console.print(
        f"Entrepôt construit en {nombre(bilan.secondes, 1)} s : {bilan.entrepot}", markup=False
    )


@app.command()
def verifier(
    dossier: Annotated[Path, typer.Argument(help="dossier des fichiers à vérifier")],
    departements: OptionDepartements = None,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Dit ce que contiennent des fichiers et ce qu'ils changeraient, sans rien changer.

    Sort avec le code 1 quand un fichier ou une ligne serait refusé.
    """
    with suivi("Lecture des fichiers") as avancer:
        examen = construction.examiner(
            [dossier],
            codes_departements(departements),
            entrepot_,
            avancer,
        )
    vue = donnees.presenter(examen)
    console.print(vue.phrase, style="bold", markup=False)
    for phrase in vue.erreurs:
        console.print(phrase, style="red", markup=False, highlight=False)
    for phrase in vue.notes:
        console.print(phrase, markup=False, highlight=False)
    for cadre in (vue.fichiers, vue.differences, vue.anomalies):
        imprimer_tableau(cadre)
    if examen.est_bloquant:
        raise typer.Exit(1)


@app.command()
def modeles(
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire les modèles")],
) -> None:
    """Écrit un modèle Excel à remplir pour chaque fichier local."""
    ecrits = modeles_excel.ecrire(sortie)
    console.print(
        f"{pluriel(len(ecrits), 'modèle')} écrits dans {sortie} : "
        f"{enumeration([c.name for c in ecrits])}.",
        markup=False,
    )


@app.command("simuler-postes")
def simuler_postes(
    departements: Annotated[str, typer.Option("--departements", help="par exemple 034,030")],
    etp: Annotated[float, typer.Option("--etp", help="ETP d'ASS à simuler, au total", min=0.5)],
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire les fichiers")],
    graine: Annotated[int, typer.Option("--graine", help="même graine, mêmes postes", min=0)] = 1,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Simule des postes, leurs présences et leur activité, marqués partout comme simulés."""
    lot = simuler_departements(
        entrepot_, departements=codes_departements(departements) or [], etp=etp, graine=graine
    )
    ecrire(lot, sortie)
    console.print(
        f"{pluriel(len(lot.postes), 'poste simulé', 'postes simulés')}, "
        f"{pluriel(len(lot.presences), 'présence')} et "
        f"{pluriel(len(lot.activite), 'ligne')} d'activité écrits dans {sortie}.",
        markup=False,
    )
    console.print(
        "Ces données sont simulées : chaque écran et chaque export le dira.", style="yellow"
    )
