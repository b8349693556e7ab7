"""Commands on a proposal: does it hold, why, what half a post is worth, what is at risk."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.base.erreurs import AtlasError
from pipelines.cli.application import (
    OptionDureeResolution,
    OptionProposition,
    app,
    avec_arret,
    console,
    imprimer_tableau,
    suivi,
)
from pipelines.reports import controle, explication
from pipelines.reports import exigences as vue_exigences
from pipelines.reports import marges as vue_marges
from pipelines.scenarios import etudes, plans, propositions
from pipelines.scenarios.etudes import Nature


@app.command("verifier-plan")
def verifier_plan(
    proposition: OptionProposition,
    plan: Annotated[
        Path | None,
        typer.Option(
            "--plan",
            help="plan à juger, même fait à la main : CSV, Excel ou JSON "
            "(par défaut, celui de la proposition)",
        ),
    ] = None,
) -> None:
    """Juge un plan sans rien partager avec le calcul : règles enfreintes, objectifs recalculés.

    Sort avec le code 1 quand une règle est enfreinte, ou quand la proposition est contredite.
    """
    vue = controle.vue(plans.juger_plan(proposition, plan))
    console.print(vue.phrase, style="bold", markup=False, highlight=False)
    for note in vue.notes:
        console.print(note, style="red", markup=False, highlight=False)
    imprimer_tableau(vue.manquements)
    imprimer_tableau(vue.objectifs)
    if not vue.est_bon:
        raise typer.Exit(1)


@app.command()
def expliquer(
    proposition: Annotated[
        Path, typer.Option("--proposition", help="dossier écrit par atlas proposer")
    ],
    site: Annotated[
        str | None, typer.Option("--site", help="UAI du site à expliquer, ou RESEAU-UAI")
    ] = None,
    poste: Annotated[
        str | None, typer.Option("--poste", help="l'un des postes qui servent ce site")
    ] = None,
    qui_peut_prendre: Annotated[
        bool, typer.Option("--qui-peut-prendre", help="classer les postes qui prendraient ce site")
    ] = False,
    demi_journees: Annotated[
        int | None,
        typer.Option(
            "--demi-journees",
            help="demi-journées par cycle à donner, avec --qui-peut-prendre",
            min=1,
        ),
    ] = None,
    plancher: Annotated[
        list[str] | None,
        typer.Option(
            "--plancher",
            help="UAI=N : exiger au moins N demi-journées par cycle à ce site (peut être répété)",
        ),
    ] = None,
) -> None:
    """Explique une proposition : pourquoi cette présence, pourquoi pas plus, qui peut prendre.

    Sans --site, dit si les verrous du problème et les planchers demandés tiennent ensemble ;
    sinon, ce qui se heurte et les issues, et sort avec le code 1.
    """
    if site is None:
        if poste or qui_peut_prendre or demi_journees:
            raise AtlasError(
                "Il manque le site à expliquer.",
                admis="--site suivi de l'UAI d'un site de la proposition",
                remede="ajouter --site, ou ne donner que --proposition et --plancher",
            )
        _imprimer_exigences(vue_exigences.exigences(proposition, _planchers(plancher or [])))
        return
    if plancher:
        raise AtlasError(
            "--plancher ne sert pas avec --site.",
            admis="--plancher sans --site, ou --site sans --plancher",
            remede="poser les deux questions l'une après l'autre",
        )
    if demi_journees is not None and not qui_peut_prendre:
        raise AtlasError(
            "--demi-journees ne sert qu'avec --qui-peut-prendre.",
            admis="--site, --qui-peut-prendre et --demi-journees ensemble",
            remede="ajouter --qui-peut-prendre, ou ôter --demi-journees",
        )
    if qui_peut_prendre:
        vues = [explication.reprise(proposition, site, poste, demi_journees)]
    else:
        postes = [poste] if poste else explication.choix_postes(proposition, site)
        vues = [explication.presence(proposition, site, p) for p in postes]
        if poste is None:
            vues.append(explication.absence(proposition, site))
    for vue in vues:
        console.print(vue.phrase, style="bold", markup=False, highlight=False)
        for phrase in vue.details:
            console.print(phrase, markup=False, highlight=False)
        imprimer_tableau(vue.alternatives)
        imprimer_tableau(vue.postes)
        console.print(vue.note, style="dim", markup=False, highlight=False)


def _planchers(textes: list[str]) -> list[tuple[str, int]]:
    """« 0340001A=4 » → ("0340001A", 4)."""
    lus = []
    for texte in textes:
        site, _, nombre_ = texte.partition("=")
        if not nombre_.strip().isdigit():
            raise AtlasError(
                f"Plancher illisible : {texte}",
                admis="UAI=N, par exemple 0340001A=4",
                remede="corriger --plancher",
            )
        lus.append((site.strip().upper(), int(nombre_)))
    return lus


def _imprimer_exigences(vue: vue_exigences.VueExigences) -> None:
    """The clashes and their ways out; exit code 1 when there is one."""
    console.print(vue.phrase, style="bold", markup=False, highlight=False)
    for quoi, issues in vue.conflits:
        console.print(quoi, markup=False, highlight=False)
        console.print("Issues, chacune suffit :", markup=False)
        for issue in issues:
            console.print(f"- {issue}", markup=False, highlight=False)
    if vue.conflits:
        raise typer.Exit(1)


OptionClasseur = Annotated[
    Path | None, typer.Option("--sortie", help="dossier où écrire l'étude en classeur Excel")
]


@app.command()
def absences(proposition: OptionProposition, sortie: OptionClasseur = None) -> None:
    """Dit ce que découvre l'absence de chaque poste, qui relaie et ce qui reste découvert.

    Un relais ne prend rien à un autre site ; ce que coûterait ailleurs un minimum hebdomadaire est
    dit à part. Comme les autres études, elle se garde dans le dossier de la proposition et n'est
    refaite que si la proposition ou les paramètres changent ; Ctrl+C garde ce qui est fait.
    """
    _etudier(proposition, Nature.ABSENCES, sortie)


@app.command()
def marges(
    proposition: OptionProposition,
    negociation: Annotated[
        bool,
        typer.Option(
            "--negociation",
            help="dire quelles affectations pourraient changer, et lesquelles non",
        ),
    ] = False,
    duree_max: OptionDureeResolution = None,
    sortie: OptionClasseur = None,
) -> None:
    """Dit ce que vaut un demi-poste de plus ou de moins, par bassin et pour le département.

    Avec --negociation : quelles affectations pourraient changer sans rien perdre.
    """
    nature = Nature.NEGOCIATION if negociation else Nature.MARGES
    _etudier(proposition, nature, sortie, duree_max)


@app.command()
def frontiere(
    proposition: OptionProposition,
    duree_max: OptionDureeResolution = None,
    sortie: OptionClasseur = None,
) -> None:
    """Dit ce que coûte chaque budget de changements imposés : 0, 2, 4… libre."""
    _etudier(proposition, Nature.FRONTIERE, sortie, duree_max)


def _etudier(
    proposition: Path,
    nature: Nature,
    sortie: Path | None,
    duree_resolution_s: float | None = None,
) -> None:
    """Run a study, or read the kept one, and print it; Ctrl+C keeps what is done."""
    with suivi("Préparation") as avancer:
        avec_arret(
            lambda arret: etudes.etudier(
                proposition,
                nature,
                duree_resolution_s=duree_resolution_s,
                progres=lambda part, quoi: avancer(quoi, part),
                arret=arret,
            )
        )
    vue = vue_marges.vue(proposition, nature)
    console.print(vue.phrase, style="bold", markup=False, highlight=False)
    for phrase in vue.details:
        console.print(phrase, markup=False, highlight=False)
    for titre, table in vue.tables.items():
        console.print(titre, style="bold", markup=False)
        imprimer_tableau(table)
    console.print(vue.note, style="dim", markup=False, highlight=False)
    console.print(f"Étude gardée dans {proposition / nature.fichier}", markup=False)
    if sortie is not None:
        fichier = f"{nature}.xlsx"
        propositions.ecrire(sortie, {fichier: vue.classeur()})
        console.print(f"Classeur écrit : {sortie / fichier}", markup=False)
