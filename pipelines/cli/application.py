"""What every command shares: the application, its options, how it speaks."""

import contextlib
import functools
import inspect
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn, TypeVar

import pandas as pd
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from pipelines.base.erreurs import AtlasError
from pipelines.planning.assemblage import Hypotheses

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

PERIODE_ARRET_S = 0.2  # how often Ctrl+C is looked for
T = TypeVar("T")

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
OptionSitesParCategorie = Annotated[
    list[str] | None,
    typer.Option(
        "--sites-par-categorie",
        help="CATÉGORIE=N : sites au plus d'un poste dont la résidence est de cette catégorie du "
        "barème, par exemple college_rep_plus=1 (peut être répété)",
    ),
]
OptionPresenceEntiere = Annotated[
    bool,
    typer.Option(
        "--presence-entiere",
        help="un site reçoit tout son besoin d'un seul poste, ou rien",
    ),
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
OptionEcartVise = Annotated[
    float | None,
    typer.Option(
        "--ecart-vise",
        help="s'arrêter dès que chaque objectif est prouvé à moins de ce % du meilleur, par "
        "exemple 5 (par défaut, aller au bout de la durée)",
        min=0,
        max=99,
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


def hypotheses_de(
    sites_par_poste: OptionSitesParPoste = None,
    trajet_max: OptionTrajetMax = None,
    meme_bassin: OptionMemeBassin = False,
    garder_residence: OptionGarderResidence = True,
    trajets_mesures_seuls: OptionTrajetsMesures = False,
    bareme: OptionBareme = None,
    perte_max: OptionPerteMax = None,
    sites_par_categorie: OptionSitesParCategorie = None,
    presence_entiere: OptionPresenceEntiere = False,
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
        sites_max_par_categorie=limites_par_categorie(sites_par_categorie or []),
        presence_entiere=presence_entiere,
        **{nom: v for nom, v in choix.items() if v is not None},
    )


def limites_par_categorie(textes: list[str]) -> dict[str, int]:
    """« college_rep_plus=1 » → {"college_rep_plus": 1}; AtlasError when it can't be read."""
    lues: dict[str, int] = {}
    for texte in textes:
        categorie, _, limite = (m.strip() for m in texte.partition("="))
        if not categorie or not (limite.isascii() and limite.isdigit()) or categorie in lues:
            raise AtlasError(
                f"Limite par catégorie illisible ou donnée deux fois : {texte}",
                admis="CATÉGORIE=N, par exemple college_rep_plus=1, une fois par catégorie",
                remede="corriger --sites-par-categorie",
            )
        lues[categorie] = int(limite)
    return lues


def avec_hypotheses(commande: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `hypotheses_de`, in the place of its parameter `hypotheses`."""
    communs = inspect.signature(hypotheses_de).parameters

    @functools.wraps(commande)
    def appelee(**options: object) -> None:
        choix = {nom: options.pop(nom) for nom in communs}
        commande(hypotheses=hypotheses_de(**choix), **options)

    parametres = []
    for nom, parametre in inspect.signature(commande).parameters.items():
        parametres += communs.values() if nom == "hypotheses" else [parametre]
    # typer reads the options there; keyword only, they may come in any order
    appelee.__signature__ = inspect.Signature(
        [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parametres]
    )
    appelee.__annotations__ = {p.name: p.annotation for p in parametres}
    return appelee


def imprimer_tableau(cadre: pd.DataFrame) -> None:
    """A table as a terminal shows it; nothing when it has no row."""
    if cadre.empty:
        return
    table = Table(*cadre.columns)
    for ligne in cadre.itertuples(index=False):
        table.add_row(*(Text("" if pd.isna(v) else str(v)) for v in ligne))
    console.print(table)


def codes_departements(texte: str | None) -> list[str] | None:
    """« 34, 030 » → ["034", "030"]; None when nothing is asked."""
    if not texte:
        return None
    return [code_departement(c) for c in texte.split(",") if c.strip()]


def code_departement(texte: str) -> str:
    """« 34 » → 034, « 2a » → 02A."""
    return texte.strip().upper().zfill(3)


def avec_arret(travail: Callable[[Callable[[], bool]], T]) -> T:
    """What `travail` gives, told by its argument to end and keep what it has once Ctrl+C is hit.

    It works in another thread: this one only listens, since an engine at work hears no signal. A
    second Ctrl+C gives up at once.
    """
    demandes: list[int] = []
    fins: list[Callable[[], T]] = []

    def noter(numero: int, cadre: FrameType | None) -> None:
        if demandes:
            raise KeyboardInterrupt
        demandes.append(numero)
        erreurs.print(
            "Arrêt demandé : le meilleur résultat trouvé sera gardé. Ctrl+C de nouveau pour "
            "abandonner.",
            highlight=False,
        )

    def travailler() -> None:
        try:
            resultat = travail(lambda: bool(demandes))
        except BaseException as erreur:
            fins.append(functools.partial(_lever, erreur))
        else:
            fins.append(lambda: resultat)

    fil = threading.Thread(target=travailler, daemon=True)
    ancien = signal.signal(signal.SIGINT, noter)
    try:
        fil.start()
        while fil.is_alive():
            fil.join(PERIODE_ARRET_S)
    finally:
        signal.signal(signal.SIGINT, ancien)
    return fins[0]()


def _lever(erreur: BaseException) -> NoReturn:
    raise erreur


@contextlib.contextmanager
def suivi(titre: str) -> Iterator[Callable[[str, float], None]]:
    """A bar that begins with `titre`; gives what tells it the step and the share done (0 to 1)."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=erreurs,
        transient=True,
    ) as barre:
        tache = barre.add_task(titre, total=1.0)
        yield lambda etape, part: barre.update(tache, description=etape, completed=part)
