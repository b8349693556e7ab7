"""Commands that measure Atlas itself."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.banc import ajustement as banc_ajustement
from pipelines.banc import dossier as banc_dossier
from pipelines.banc import optimiseur as banc_optimiseur
from pipelines.banc import sources as banc_sources
from pipelines.banc.tableaux import en_markdown
from pipelines.base import chemins, provisoire
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre
from pipelines.cli.application import (
    OptionDepartement,
    OptionDepartements,
    OptionEntrepot,
    banc,
    code_departement,
    codes_departements,
    suivi,
)
from pipelines.reports.dossier import fichiers

OptionSortieJson = Annotated[
    Path | None, typer.Option("--sortie", help="fichier JSON à écrire, au lieu de l'écran")
]


@banc.command("sources")
def mesurer_sources(
    sources: Annotated[
        Path, typer.Option("--sources", help="dossier de vrais fichiers publics à répéter")
    ],
    sortie: OptionSortieJson = None,
    echelle: Annotated[
        float, typer.Option("--echelle", help="part de la taille du pays", min=0.001, max=1)
    ] = 1.0,
) -> None:
    """Mesure une construction à la taille du pays, face à la même écrite avec pandas.

    Sort avec le code 1 quand les deux ne trouvent pas les mêmes comptes.
    """
    if not sources.is_dir():
        raise AtlasError(
            f"Dossier introuvable : {sources}",
            admis="un dossier de fichiers publics, tels que téléchargés",
            remede="vérifier le chemin donné à --sources",
        )
    with suivi("Fabrication du pays") as avancer:
        resultat = banc_sources.mesurer(
            sources,
            echelle,
            avancer,
        )
    _rendre(resultat, sortie)
    if ecarts := enumeration(resultat["ecarts"]):
        raise AtlasError(
            f"Atlas et pandas ne trouvent pas les mêmes comptes : {ecarts}.",
            remede="ne pas se servir de cette mesure et signaler ce défaut d'Atlas",
        )


@banc.command("optimiseur")
def mesurer_optimiseur(
    sources: Annotated[
        Path, typer.Option("--sources", help="dossier de vrais fichiers publics, sans postes")
    ],
    departements: OptionDepartements = None,
    sortie: OptionSortieJson = None,
    duree_max: Annotated[
        float, typer.Option("--duree-max", help="secondes de calcul par problème", min=1)
    ] = 60.0,
    mesures: Annotated[
        str | None,
        typer.Option(
            "--mesures",
            help="celles-là seulement, par le début de leur nom, comme 034,exemple,grande",
        ),
    ] = None,
    sans_temoins: Annotated[
        bool, typer.Option("--sans-temoins", help="sans la méthode du paquet de l'option banc")
    ] = False,
) -> None:
    """Mesure l'optimiseur sur de vrais départements aux moyens simulés, face à d'autres méthodes.

    Et sur l'exemple, sur 320 sites et 110 postes, en présence entière, et comment le temps croît.
    Les postes sont simulés à 40, 60 et 80 % du besoin. Le fichier est écrit après chaque mesure,
    et ses tableaux en Markdown à côté de lui.
    """
    codes = codes_departements(departements)
    if not codes:
        raise AtlasError(
            "Aucun département demandé.",
            admis="des codes séparés par des virgules",
            remede="ajouter par exemple --departements 034,030",
        )
    with suivi("Fabrication des problèmes") as avancer:
        resultat = banc_optimiseur.mesurer(
            sources,
            codes,
            duree_max,
            mesures=[m.strip() for m in (mesures or "").split(",") if m.strip()],
            avec_temoins=not sans_temoins,
            progres=avancer,
            noter=None if sortie is None else lambda faites: _ecrire(sortie, faites),
        )
    if sortie is None:
        _rendre(resultat, None)


@banc.command("pages")
def mesurer_pages(
    *,
    departement: OptionDepartement,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
    sessions: Annotated[int, typer.Option("--sessions", help="visiteurs ensemble", min=1)] = 30,
    duree: Annotated[float, typer.Option("--duree", help="secondes qu'ils passent", min=1)] = 300,
    parametres: Annotated[
        str, typer.Option("--parametres", help="à ajouter à chaque adresse, ex. scenario=…")
    ] = "",
    sortie: OptionSortieJson = None,
) -> None:
    """Mesure le temps de réponse des pages, seules puis sous de nombreux visiteurs.

    L'atelier servi est à part : il ne contient qu'un scénario, calculé pour la mesure.
    """
    # it speaks Streamlit's protocol: no other command waits for Streamlit
    from pipelines.banc import affichage as banc_affichage

    reglages = banc_affichage.Reglages(code_departement(departement), sessions, duree, parametres)
    with suivi("Démarrage du tableau de bord") as avancer:
        resultat = banc_affichage.mesurer(entrepot_, reglages, avancer)
    _rendre(resultat, sortie)


@banc.command("ajustement")
def mesurer_ajustement(
    entrepot: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
    departements: OptionDepartements = None,
    sortie: OptionSortieJson = None,
    gestes: Annotated[
        int, typer.Option("--gestes", help="gestes tirés au hasard par département", min=1)
    ] = 100,
) -> None:
    """Mesure ce que met un changement fait à la main à rendre son bilan et sa réparation.

    Sort avec le code 1 quand un geste dépasse une demi-seconde.
    """
    codes = codes_departements(departements)
    if not codes:
        raise AtlasError(
            "Aucun département demandé.",
            admis="des codes séparés par des virgules",
            remede="ajouter par exemple --departements 034",
        )
    resultat = banc_ajustement.mesurer(entrepot, codes, gestes)
    _rendre(resultat, sortie)
    lents = [d["departement"] for d in resultat["departements"] if not d["est_tenu"]]
    if lents:
        raise AtlasError(
            f"Un geste dépasse {resultat['secondes_max']} s : {enumeration(lents)}.",
            remede="mesurer de nouveau sur une machine au repos, ou signaler ce défaut d'Atlas",
        )


@banc.command("dossier")
def mesurer_dossier(
    *,
    departement: OptionDepartement,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
    sortie: OptionSortieJson = None,
) -> None:
    """Mesure ce que mettent tous les documents d'un dossier, pour chaque destinataire.

    L'atelier est à part : il ne contient qu'un scénario, calculé pour la mesure. Sort avec le code
    1 au-delà de 15 secondes.
    """
    resultat = banc_dossier.mesurer(
        entrepot_, code_departement(departement), tuple(fichiers.destinataires())
    )
    _rendre(resultat, sortie)
    lents = [d["destinataire"] for d in resultat["dossiers"] if not d["est_tenu"]]
    if lents:
        raise AtlasError(
            f"Les documents mettent plus de {nombre(resultat['secondes_max'])} s : "
            f"{enumeration(lents)}.",
            remede="mesurer de nouveau sur une machine au repos, ou signaler ce défaut d'Atlas",
        )


def _rendre(resultat: dict, sortie: Path | None) -> None:
    """The measures as JSON, on screen unless a file is named."""
    if sortie is None:
        sys.stdout.write(_en_json(resultat))
    else:
        provisoire.ecrire(sortie, _en_json(resultat))


def _en_json(resultat: dict) -> str:
    return json.dumps(resultat, ensure_ascii=False, indent=2) + "\n"


def _ecrire(sortie: Path, resultat: dict) -> None:
    """The file and its tables, whole or not at all: a killed run leaves what it measured."""
    provisoire.ecrire(sortie, _en_json(resultat))
    provisoire.ecrire(sortie.with_suffix(".md"), en_markdown(resultat))
