"""Commands on the scenarios kept by the workbench: list, make, open, status, derive, export."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.base import chemins, provisoire
from pipelines.base.erreurs import AtlasError
from pipelines.cli.application import (
    OptionDepartement,
    OptionEntrepot,
    OptionProposition,
    app,
    code_departement,
    console,
    imprimer_tableau,
)
from pipelines.reports import classeur_du_dossier
from pipelines.reports import relecture as vue_relecture
from pipelines.reports import scenarios as vues
from pipelines.scenarios import atelier, dossiers, lecteurs, relecture
from pipelines.sources.fichiers import Fichier

scenario = typer.Typer(
    help="Crée, ouvre, dérive, exporte un scénario.", no_args_is_help=True, add_completion=False
)
app.add_typer(scenario, name="scenario")
ArgumentScenario = Annotated[str, typer.Argument(help="identifiant donné par atlas scenarios")]
OptionNom = Annotated[str, typer.Option("--nom", help="nom du scénario")]


@app.command()
def scenarios(
    *,
    departement: OptionDepartement,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Liste les scénarios d'un département."""
    liste = vues.liste(lecteurs.local(), entrepot_, code_departement(departement))
    console.print(liste.phrase, style="bold", markup=False)
    if liste.noms:
        imprimer_tableau(liste.table.assign(Identifiant=list(liste.noms)))


@scenario.command()
def creer(
    *,
    nom: OptionNom,
    proposition: OptionProposition,
) -> None:
    """Garde une proposition comme scénario."""
    neuf = atelier.creer(lecteurs.local(), nom, proposition)
    console.print(f"Scénario créé : {neuf.scenario_id}", markup=False)


@scenario.command()
def ouvrir(
    scenario_id: ArgumentScenario, entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT
) -> None:
    """Dit où en est un scénario."""
    fiche = vues.fiche(lecteurs.local(), entrepot_, scenario_id)
    console.print(f"{fiche.scenario.nom} ({fiche.scenario.statut.libelle})", style="bold")
    for phrase in (fiche.phrase, fiche.etat, fiche.ecart, fiche.mise_en_garde):
        if phrase:
            console.print(phrase, markup=False)
    imprimer_tableau(fiche.notes)
    imprimer_tableau(fiche.decisions)


@scenario.command()
def journal(
    scenario_id: ArgumentScenario, entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT
) -> None:
    """Dit qui a fait quoi dans un scénario, le plus récent d'abord."""
    imprimer_tableau(vues.fiche(lecteurs.local(), entrepot_, scenario_id).journal)


@scenario.command()
def statut(
    scenario_id: ArgumentScenario,
    nouveau: Annotated[
        str, typer.Argument(help="brouillon, presente_en_gt, presente_en_csa ou arrete")
    ],
) -> None:
    """Change le statut d'un scénario."""
    lecteur = lecteurs.local()
    version = atelier.ouvrir(lecteur, scenario_id).version
    change = atelier.changer_statut(lecteur, scenario_id, version, nouveau)
    console.print(f"{change.nom} : {change.statut.libelle}", markup=False)


@scenario.command()
def deriver(scenario_id: ArgumentScenario, *, nom: OptionNom) -> None:
    """Crée un scénario qui part du plan d'un autre."""
    neuf = atelier.deriver(lecteurs.local(), scenario_id, nom)
    console.print(f"Scénario créé : {neuf.scenario_id}", markup=False)


@scenario.command()
def exporter(
    scenario_id: ArgumentScenario,
    *,
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire le scénario")],
) -> None:
    """Écrit un scénario comme une proposition : probleme.json, plan.csv, resume.json."""
    dossiers.materialiser(sortie, atelier.ouvrir(lecteurs.local(), scenario_id).contenu)
    console.print(f"Scénario écrit dans {sortie}", markup=False)


@scenario.command()
def classeur(
    scenario_id: ArgumentScenario,
    *,
    sortie: Annotated[Path, typer.Option("--sortie", help="classeur Excel à écrire")],
) -> None:
    """Écrit le plan d'un scénario dans un classeur à changer à la main, puis à faire relire."""
    ouvert = atelier.ouvrir(lecteurs.local(), scenario_id)
    provisoire.ecrire(sortie, classeur_du_dossier.ecrire(ouvert, [ouvert.nom], {}))
    console.print(f"Plan écrit dans {sortie}", markup=False)


@scenario.command()
def relire(
    fichier: Annotated[Path, typer.Argument(help="classeur ou CSV du plan changé à la main")],
    *,
    scenario_id: Annotated[
        str, typer.Option("--scenario", help="identifiant donné par atlas scenarios")
    ],
    appliquer: Annotated[
        bool, typer.Option("--appliquer", help="enregistrer ce plan, comme un acte qui s'annule")
    ] = False,
) -> None:
    """Relit un plan changé à la main : ce qui ne va pas, ce qui change, ce que dit le contrôle.

    Sort avec le code 1 quand une ligne est refusée. Rien n'est enregistré sans --appliquer.
    """
    if not fichier.is_file():
        raise AtlasError(
            "Ce plan n'existe pas.",
            fichier=str(fichier),
            admis=relecture.ADMIS,
            remede="vérifier le chemin du plan",
        )
    lecteur = lecteurs.local()
    ouvert = atelier.ouvrir(lecteur, scenario_id)
    relue = relecture.relire(Fichier(fichier.name, fichier), ouvert)
    vue = vue_relecture.vue(ouvert, relue)
    console.print(vue.phrase, style="bold", markup=False)
    for note in vue.notes:
        console.print(note, style="yellow", markup=False)
    for table in (vue.refus, vue.differences, vue.chiffres, vue.manquements):
        imprimer_tableau(table)
    if not vue.refus.empty:
        raise typer.Exit(1)
    if appliquer and vue.est_applicable:
        relecture.appliquer(lecteur, ouvert, relue)
        console.print("Plan enregistré dans le scénario.", markup=False)
