"""Commands that propose: one plan, or the doctrines side by side."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Column, Table

from pipelines.base import chemins, provisoire, reference
from pipelines.base.textes import nombre, pluriel, pourcentage
from pipelines.cli.application import (
    OptionDepartement,
    OptionEcartVise,
    OptionEntrepot,
    OptionGraine,
    app,
    avec_arret,
    avec_hypotheses,
    code_departement,
    console,
    imprimer_tableau,
    suivi,
)
from pipelines.planning.assemblage import Hypotheses
from pipelines.reports import doctrines as vue_doctrines
from pipelines.reports import proposition_en_mots, proposition_lue
from pipelines.reports.libelles import COUPURES, FINS
from pipelines.scenarios import comparaisons, propositions
from pipelines.scenarios.resume import ENSEMBLE
from pipelines.scoring.couverture import Rythme

CLASSEUR_DOCTRINES = "doctrines.xlsx"


@app.command()
@avec_hypotheses
def proposer(
    *,
    departement: OptionDepartement,
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire la proposition")],
    graine: OptionGraine = 1,
    duree_max: Annotated[
        float | None, typer.Option("--duree-max", help="durée de calcul, en secondes", min=1)
    ] = None,
    ecart_vise: OptionEcartVise = None,
    hypotheses: Hypotheses,
    doctrine: Annotated[
        str | None,
        typer.Option(
            "--doctrine", help="qui est servi d'abord : priorites_d_abord, couverture_de_tous…"
        ),
    ] = None,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Propose une répartition des postes d'un département et l'écrit dans un dossier.

    Ctrl+C arrête le calcul et garde le meilleur plan trouvé.
    """
    if doctrine is not None:
        hypotheses = replace(hypotheses, doctrine=doctrine)
    with suivi("Préparation du problème") as avancer:
        proposition = avec_arret(
            lambda arret: propositions.proposer(
                entrepot_,
                code_departement(departement),
                graine=graine,
                duree_max_s=duree_max or reference.valeur("optimisation", "duree_max_s"),
                ecart_vise=None if ecart_vise is None else ecart_vise / 100,
                hypotheses=hypotheses,
                sortie=sortie,
                progres=lambda a: avancer(a.message, a.fraction),
                arret=arret,
            )
        )
    _imprimer_resume(proposition.resume)
    lue = proposition_lue.lire(sortie)
    for note in proposition_en_mots.reserves(lue.probleme, lue.plan["site_id"]):
        console.print(note, style="yellow", markup=False, highlight=False)
    console.print(f"Proposition écrite dans {sortie}", markup=False)


def _imprimer_resume(resume: dict) -> None:
    """The proposal as a person reads it in a terminal."""
    for libelle in resume["avertissements"].values():
        console.print(libelle, style="yellow")
    moyens = resume["moyens"]
    console.print(
        f"{pluriel(moyens['nb_postes'], 'poste')} ({nombre(moyens['quotite_etp'], 1)} ETP) : "
        f"{nombre(moyens['capacite_demi_journees_cycle'])} demi-journées par cycle pour un besoin "
        f"de {nombre(moyens['besoin_demi_journees_cycle'])}."
    )
    borne = Column("Borne prouvée", no_wrap=True)
    etages = Table("Objectif", "Valeur", borne, "Écart au plus", "Fin", "Secondes")
    for etage in resume["etages"]:
        etages.add_row(
            proposition_en_mots.objectif_et_unite(etage["code"]),
            nombre(etage["valeur"]),
            nombre(etage["borne"]),
            pourcentage(etage["part_ecart"], 2),
            FINS[etage["arret_par"]],
            nombre(etage["secondes"], 1),
        )
    console.print(etages)
    table = Table("Catégorie", "Sites", "Couvert (avant → après)", *(str(r) for r in Rythme))
    for ligne in resume["couverture"]:
        avant, apres = ligne["avant"], ligne["apres"]
        table.add_row(
            ligne["libelle"],
            str(ligne["nb_sites"]),
            f"{pourcentage(avant['part_besoin'])} → {pourcentage(apres['part_besoin'])}",
            *(f"{avant[r]} → {apres[r]}" for r in Rythme),
            end_section=ligne["categorie"] == ENSEMBLE,
        )
    console.print(table)
    console.print(proposition_en_mots.referents(resume), highlight=False)
    if resume["arret_par"] in COUPURES:
        console.print(COUPURES[resume["arret_par"]], style="yellow")


@app.command()
@avec_hypotheses
def doctrines(
    *,
    departement: OptionDepartement,
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire la comparaison")],
    graine: OptionGraine = 1,
    duree_max: Annotated[
        float | None,
        typer.Option("--duree-max", help="durée de calcul de chaque doctrine, en secondes", min=1),
    ] = None,
    ecart_vise: OptionEcartVise = None,
    hypotheses: Hypotheses,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Compare les doctrines sur les mêmes données et écrit leurs propositions et un classeur.

    Ctrl+C arrête le calcul et garde les meilleurs plans trouvés.
    """
    with suivi("Préparation") as avancer:
        codes = avec_arret(
            lambda arret: comparaisons.comparer(
                entrepot_,
                code_departement(departement),
                graine=graine,
                duree_max_s=duree_max or reference.valeur("optimisation", "duree_max_s"),
                ecart_vise=None if ecart_vise is None else ecart_vise / 100,
                hypotheses=hypotheses,
                sortie=sortie,
                progres=lambda part, quoi: avancer(quoi, part),
                arret=arret,
            )
        )
    if not codes:
        console.print("Arrêt demandé avant le premier plan : rien n'est gardé.", style="yellow")
        raise typer.Exit(1)
    vue = vue_doctrines.vue(entrepot_, sortie, codes, vue_doctrines.seuil_par_defaut())
    provisoire.ecrire(sortie / CLASSEUR_DOCTRINES, vue.classeur)
    for phrase in vue.mises_en_garde:
        console.print(phrase, style="yellow", markup=False)
    console.print(vue.phrase, style="bold", markup=False)
    imprimer_tableau(vue.indices)
    console.print(f"Comparaison écrite dans {sortie}", markup=False)
