"""The `atlas` command: what the pages do, from a terminal."""

import functools
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipelines.banc import optimiseur as banc_optimiseur
from pipelines.banc import sources as banc_sources
from pipelines.base import chemins, provisoire, reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre, pluriel, pourcentage
from pipelines.marts import construction
from pipelines.planning.assemblage import Hypotheses
from pipelines.reports import deplacements, donnees, explication
from pipelines.reports import doctrines as vue_doctrines
from pipelines.reports import exigences as vue_exigences
from pipelines.reports import marges as vue_marges
from pipelines.reports import modeles as modeles_excel
from pipelines.scenarios import comparaisons, etudes, mesures, propositions
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.resume import ENSEMBLE
from pipelines.scoring.couverture import Rythme
from pipelines.scoring.inscription import inscrire
from pipelines.simulation.departements import simuler_departements
from pipelines.simulation.postes import ecrire
from pipelines.sources import demandes, telechargement, transferts
from pipelines.sources.cartes import cartes

app = typer.Typer(
    help="Atlas SSFE : besoins, secteurs et répartition des moyens du service social en faveur "
    "des élèves.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
banc = typer.Typer(help="Mesure Atlas sur cette machine.", no_args_is_help=True)
app.add_typer(banc, name="banc")
console = Console()
erreurs = Console(stderr=True)

OptionEntrepot = Annotated[Path, typer.Option("--entrepot", help="fichier de l'entrepôt DuckDB")]
OptionDepartements = Annotated[
    str | None,
    typer.Option("--departements", help="codes séparés par des virgules, par exemple 034,030"),
]

OptionDepartement = Annotated[str, typer.Option("--departement", help="par exemple 034")]
OptionGraine = Annotated[int, typer.Option("--graine", help="même graine, même plan", min=0)]
OptionSitesParPoste = Annotated[
    int | None, typer.Option("--sites-par-poste", help="sites par poste au plus", min=1)
]
OptionTrajetMax = Annotated[
    int | None, typer.Option("--trajet-max", help="trajet aller au plus, en minutes", min=0)
]
OptionMemeBassin = Annotated[
    bool, typer.Option("--meme-bassin", help="pas de site hors du bassin du poste")
]
OptionBareme = Annotated[
    str | None, typer.Option("--bareme", help="d'où vient le besoin : national_2017, continu…")
]
OptionPerteMax = Annotated[
    int | None,
    typer.Option(
        "--perte-max",
        help="demi-journées par cycle qu'un site peut perdre d'une année à l'autre, au plus",
        min=0,
    ),
]
OptionGarderResidence = Annotated[
    bool,
    typer.Option(
        "--garder-residence/--residence-libre",
        help="un poste présent aujourd'hui à sa résidence y garde une présence",
    ),
]
OptionTrajetsMesures = Annotated[
    bool,
    typer.Option(
        "--trajets-mesures-seuls",
        help="un trajet qu'aucun fichier ne donne est inconnu, au lieu d'être estimé",
    ),
]
OptionProposition = Annotated[
    Path, typer.Option("--proposition", help="dossier écrit par atlas proposer")
]
OptionDureeResolution = Annotated[
    float | None,
    typer.Option(
        "--duree-max", help="durée de calcul de chaque point du département, en secondes", min=0.1
    ),
]
CLASSEUR_DOCTRINES = "doctrines.xlsx"
CLASSEUR_DEPLACEMENTS = "deplacements.xlsx"


def _hypotheses(
    sites_par_poste: OptionSitesParPoste = None,
    trajet_max: OptionTrajetMax = None,
    meme_bassin: OptionMemeBassin = False,
    garder_residence: OptionGarderResidence = True,
    trajets_mesures_seuls: OptionTrajetsMesures = False,
    bareme: OptionBareme = None,
    perte_max: OptionPerteMax = None,
) -> Hypotheses:
    """The hypotheses of a command: what was not given keeps its default."""
    choix = {
        "sites_par_poste_max": sites_par_poste,
        "duree_trajet_max_min": trajet_max,
        "bareme": bareme,
        "perte_max": perte_max,
    }
    return Hypotheses(
        meme_bassin=meme_bassin,
        garder_residence=garder_residence,
        trajets_mesures_seuls=trajets_mesures_seuls,
        **{nom: v for nom, v in choix.items() if v is not None},
    )


def _avec_hypotheses(commande: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `_hypotheses`, in the place of its parameter `hypotheses`."""
    communs = inspect.signature(_hypotheses).parameters

    @functools.wraps(commande)
    def appelee(**options: object) -> None:
        choix = {nom: options.pop(nom) for nom in communs}
        commande(hypotheses=_hypotheses(**choix), **options)

    parametres = []
    for nom, parametre in inspect.signature(commande).parameters.items():
        parametres += communs.values() if nom == "hypotheses" else [parametre]
    # typer reads the options there; keyword only, they may come in any order
    appelee.__signature__ = inspect.Signature(
        [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parametres]
    )
    appelee.__annotations__ = {p.name: p.annotation for p in parametres}
    return appelee


def main() -> None:
    """Entry point: refusals are told in French, without a traceback, with exit code 1."""
    try:
        app()
    except AtlasError as erreur:
        erreurs.print(erreur.message(), style="bold red", highlight=False, markup=False)
        sys.exit(1)


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
    codes = demandes.departements_de(academie) if academie else _codes(departements) or []
    with _barre() as barre:
        tache = barre.add_task("Téléchargement", total=1.0)
        bilan = telechargement.telecharger(
            codes,
            sortie,
            miroir=miroir,
            progres=lambda etape, part: barre.update(tache, description=etape, completed=part),
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
    with _barre() as barre:
        tache = barre.add_task("Lecture des fichiers", total=1.0)
        bilan = construction.construire(
            sources,
            entrepot_,
            _codes(departements),
            lambda etape, part: barre.update(tache, description=etape, completed=part),
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
    with _barre() as barre:
        tache = barre.add_task("Lecture des fichiers", total=1.0)
        examen = construction.examiner(
            [dossier],
            _codes(departements),
            entrepot_,
            lambda etape, part: barre.update(tache, description=etape, completed=part),
        )
    vue = donnees.presenter(examen)
    console.print(vue.phrase, style="bold", markup=False)
    for phrase in vue.erreurs:
        console.print(phrase, style="red", markup=False, highlight=False)
    for phrase in vue.notes:
        console.print(phrase, markup=False, highlight=False)
    for cadre in (vue.fichiers, vue.differences, vue.anomalies):
        _imprimer_tableau(cadre)
    if examen.est_bloquant:
        raise typer.Exit(1)


def _imprimer_tableau(cadre: pd.DataFrame) -> None:
    """A table as a terminal shows it; nothing when it has no row."""
    if cadre.empty:
        return
    table = Table(*cadre.columns)
    for ligne in cadre.itertuples(index=False):
        table.add_row(*(Text("" if pd.isna(v) else str(v)) for v in ligne))
    console.print(table)


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
        entrepot_, departements=_codes(departements) or [], etp=etp, graine=graine
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


@app.command()
@_avec_hypotheses
def proposer(
    *,
    departement: OptionDepartement,
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire la proposition")],
    graine: OptionGraine = 1,
    duree_max: Annotated[
        float | None, typer.Option("--duree-max", help="durée de calcul, en secondes", min=1)
    ] = None,
    hypotheses: Hypotheses,
    doctrine: Annotated[
        str | None,
        typer.Option(
            "--doctrine", help="qui est servi d'abord : priorites_d_abord, couverture_de_tous…"
        ),
    ] = None,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Propose une répartition des postes d'un département et l'écrit dans un dossier."""
    if doctrine is not None:
        hypotheses = replace(hypotheses, doctrine=doctrine)
    with _barre() as barre:
        tache = barre.add_task("Préparation du problème", total=1.0)
        proposition = propositions.proposer(
            entrepot_,
            _code(departement),
            graine=graine,
            duree_max_s=duree_max or reference.valeur("optimisation", "duree_max_s"),
            hypotheses=hypotheses,
            sortie=sortie,
            progres=lambda a: barre.update(tache, description=a.message, completed=a.fraction),
        )
        barre.update(tache, description="Terminé", completed=1.0)
    _imprimer_resume(proposition.resume)
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
    etages = Table("Objectif", "Valeur", "Borne prouvée", "Écart au plus", "Secondes")
    for etage in resume["etages"]:
        etages.add_row(
            etage["libelle"],
            nombre(etage["valeur"]),
            nombre(etage["borne"]),
            pourcentage(etage["part_ecart"], 2),
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
    sans = len(resume["sites_sans_presence"])
    console.print(
        f"{pluriel(sans, 'site')} sans présence régulière, chacun avec un poste référent."
        if sans
        else "Tous les sites ont une présence régulière."
    )
    if resume["arret_par"] in ("temps", "utilisateur"):
        console.print(
            "Calcul arrêté par le temps ou par l'utilisateur : un autre lancement peut donner un "
            "autre plan.",
            style="yellow",
        )


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
        _imprimer_tableau(vue.alternatives)
        _imprimer_tableau(vue.postes)
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


@app.command()
def absences(proposition: OptionProposition) -> None:
    """Dit ce que découvre l'absence de chaque poste, qui relaie et ce qui reste découvert.

    Comme les autres études, elle se garde dans le dossier de la proposition et n'est refaite que
    si la proposition ou les paramètres changent ; Ctrl+C l'arrête et garde ce qui est fait.
    """
    _etudier(proposition, Nature.ABSENCES)


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
) -> None:
    """Dit ce que vaut un demi-poste de plus ou de moins, par bassin et pour le département.

    Avec --negociation : quelles affectations pourraient changer sans rien perdre.
    """
    _etudier(proposition, Nature.NEGOCIATION if negociation else Nature.MARGES, duree_max)


@app.command()
def frontiere(proposition: OptionProposition, duree_max: OptionDureeResolution = None) -> None:
    """Dit ce que coûte chaque budget de changements imposés : 0, 2, 4… libre."""
    _etudier(proposition, Nature.FRONTIERE, duree_max)


def _etudier(proposition: Path, nature: Nature, duree_resolution_s: float | None = None) -> None:
    """Run a study, or read the kept one, and print it; Ctrl+C keeps what is done."""
    demandes: list[int] = []
    ancien = signal.signal(signal.SIGINT, lambda numero, cadre: demandes.append(numero))
    try:
        with _barre() as barre:
            tache = barre.add_task("Préparation", total=1.0)
            etudes.etudier(
                proposition,
                nature,
                duree_resolution_s=duree_resolution_s,
                progres=lambda part, quoi: barre.update(tache, description=quoi, completed=part),
                arret=lambda: bool(demandes),
            )
    finally:
        signal.signal(signal.SIGINT, ancien)
    vue = vue_marges.vue(proposition, nature)
    console.print(vue.phrase, style="bold", markup=False, highlight=False)
    for phrase in vue.details:
        console.print(phrase, markup=False, highlight=False)
    for titre, table in vue.tables.items():
        console.print(titre, style="bold", markup=False)
        _imprimer_tableau(table)
    console.print(vue.note, style="dim", markup=False, highlight=False)
    console.print(f"Étude gardée dans {proposition / nature.fichier}", markup=False)


@banc.command("sources")
def mesurer_sources(
    sources: Annotated[
        Path, typer.Option("--sources", help="dossier de vrais fichiers publics à répéter")
    ],
    sortie: Annotated[
        Path | None, typer.Option("--sortie", help="fichier JSON à écrire, au lieu de l'écran")
    ] = None,
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
    with _barre() as barre:
        tache = barre.add_task("Fabrication du pays", total=1.0)
        resultat = banc_sources.mesurer(
            sources,
            echelle,
            lambda etape, part: barre.update(tache, description=etape, completed=part),
        )
    texte = json.dumps(resultat, ensure_ascii=False, indent=2) + "\n"
    if sortie is None:
        sys.stdout.write(texte)
    else:
        sortie.write_text(texte, encoding="utf-8")
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
    sortie: Annotated[
        Path | None, typer.Option("--sortie", help="fichier JSON à écrire, au lieu de l'écran")
    ] = None,
    duree_max: Annotated[
        float, typer.Option("--duree-max", help="secondes de calcul par problème", min=1)
    ] = 60.0,
    sans_temoins: Annotated[
        bool, typer.Option("--sans-temoins", help="sans les méthodes des paquets de l'option banc")
    ] = False,
) -> None:
    """Mesure l'optimiseur sur de vrais départements aux moyens simulés, face à d'autres méthodes.

    Les postes sont simulés à 40, 60 et 80 % du besoin total ; les secondes sont du processeur.
    """
    codes = _codes(departements)
    if not codes:
        raise AtlasError(
            "Aucun département demandé.",
            admis="des codes séparés par des virgules",
            remede="ajouter par exemple --departements 034,030",
        )
    with _barre() as barre:
        tache = barre.add_task("Fabrication des problèmes", total=1.0)
        resultat = banc_optimiseur.mesurer(
            sources,
            codes,
            duree_max,
            avec_temoins=not sans_temoins,
            progres=lambda etape, part: barre.update(tache, description=etape, completed=part),
        )
    texte = json.dumps(resultat, ensure_ascii=False, indent=2) + "\n"
    if sortie is None:
        sys.stdout.write(texte)
    else:
        sortie.write_text(texte, encoding="utf-8")


@app.command()
@_avec_hypotheses
def doctrines(
    *,
    departement: OptionDepartement,
    sortie: Annotated[Path, typer.Option("--sortie", help="dossier où écrire la comparaison")],
    graine: OptionGraine = 1,
    duree_max: Annotated[
        float | None,
        typer.Option("--duree-max", help="durée de calcul de chaque doctrine, en secondes", min=1),
    ] = None,
    hypotheses: Hypotheses,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Compare les doctrines sur les mêmes données et écrit leurs propositions et un classeur."""
    with _barre() as barre:
        tache = barre.add_task("Préparation", total=1.0)
        codes = comparaisons.comparer(
            entrepot_,
            _code(departement),
            graine=graine,
            duree_max_s=duree_max or reference.valeur("optimisation", "duree_max_s"),
            hypotheses=hypotheses,
            sortie=sortie,
            progres=lambda part, quoi: barre.update(tache, description=quoi, completed=part),
        )
    vue = vue_doctrines.vue(entrepot_, sortie, codes, vue_doctrines.seuil_par_defaut())
    provisoire.ecrire(sortie / CLASSEUR_DOCTRINES, vue.classeur)
    for phrase in vue.mises_en_garde:
        console.print(phrase, style="yellow", markup=False)
    console.print(vue.phrase, style="bold", markup=False)
    _imprimer_tableau(vue.indices)
    console.print(f"Comparaison écrite dans {sortie}", markup=False)


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
    with _barre() as barre:
        tache = barre.add_task("Mesure des trajets", total=1.0)
        mesure = mesures.mesurer(
            entrepot_,
            _code(departement),
            choisi,
            sortie,
            lambda part: barre.update(tache, completed=part),
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
    _imprimer_tableau(vue.puissances)
    _imprimer_tableau(vue.postes)
    if vue.epuisement is not None:
        console.print(vue.epuisement.phrase, style="bold", markup=False, highlight=False)
        console.print(vue.epuisement.ordre, markup=False, highlight=False)
        _imprimer_tableau(vue.epuisement.arrets)
        _imprimer_tableau(vue.epuisement.sites)
    if sortie is not None:
        propositions.ecrire(sortie, {CLASSEUR_DEPLACEMENTS: vue.classeur})
        console.print(f"Classeur écrit : {sortie / CLASSEUR_DEPLACEMENTS}", markup=False)


@app.command()
def servir(
    port: Annotated[int, typer.Option("--port", help="port local", min=1, max=65535)] = 8501,
    entrepot_: OptionEntrepot = chemins.ENTREPOT_PAR_DEFAUT,
) -> None:
    """Ouvre le tableau de bord sur 127.0.0.1 ; construit l'exemple si l'entrepôt n'existe pas."""
    if not entrepot_.is_file():
        console.print("Construction de l'exemple (établissements fictifs)…")
        construction.construire([chemins.EXEMPLE], entrepot_, completer=inscrire)
    console.print(f"Tableau de bord : http://127.0.0.1:{port}", markup=False)
    environnement = {**os.environ, "ATLAS_ENTREPOT": str(entrepot_.resolve())}
    commande = [sys.executable, "-m", "streamlit", "run", str(chemins.APPLICATION)]
    os.chdir(chemins.RACINE)
    os.execve(sys.executable, [*commande, "--server.port", str(port)], environnement)


def _codes(texte: str | None) -> list[str] | None:
    """« 34, 030 » → ["034", "030"]; None when nothing is asked."""
    if not texte:
        return None
    return [_code(c) for c in texte.split(",") if c.strip()]


def _code(texte: str) -> str:
    """« 34 » → 034, « 2a » → 02A."""
    return texte.strip().upper().zfill(3)


def _barre() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=erreurs,
        transient=True,
    )


if __name__ == "__main__":
    main()
