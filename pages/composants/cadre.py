"""The frame of every page: its address, its département, tables with their download."""

import contextlib
import functools
import re
from collections.abc import Iterable, Iterator
from typing import Literal

import pandas as pd
import streamlit as st

from pages.composants import acces, fenetre, largeurs
from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import INCONNU, enumeration, nombre, pour_tableur

DOSSIER = chemins.RACINE / "pages"
PAGES = {
    "situation": (DOSSIER / "analyser" / "situation.py", "Situation"),
    "carte": (DOSSIER / "analyser" / "carte.py", "Carte"),
    "etablissement": (DOSSIER / "analyser" / "etablissement.py", "Établissement"),
    "signaux": (DOSSIER / "analyser" / "signaux.py", "Sites à examiner"),
    "moyens": (DOSSIER / "analyser" / "moyens.py", "Moyens"),
    "activite": (DOSSIER / "analyser" / "activite.py", "Activité"),
    "academie": (DOSSIER / "analyser" / "academie.py", "Académie"),
    "priorites": (DOSSIER / "comprendre" / "priorites.py", "Priorités"),
    "besoins": (DOSSIER / "comprendre" / "besoins.py", "Besoins"),
    "adapter": (DOSSIER / "comprendre" / "adapter.py", "Adapter"),
    "proposer": (DOSSIER / "proposer" / "proposer.py", "Proposer"),
    "scenarios": (DOSSIER / "proposer" / "scenarios.py", "Scénarios"),
    "ajuster": (DOSSIER / "proposer" / "ajuster.py", "Ajuster"),
    "doctrines": (DOSSIER / "proposer" / "doctrines.py", "Doctrines"),
    "comparer": (DOSSIER / "proposer" / "comparer.py", "Comparer"),
    "marges": (DOSSIER / "proposer" / "marges.py", "Marges"),
    "repartir": (DOSSIER / "proposer" / "repartir.py", "Répartir"),
    "vigilance": (DOSSIER / "proposer" / "vigilance.py", "Points de vigilance"),
    "dossier": (DOSSIER / "proposer" / "dossier.py", "Dossier"),
    "donnees": (DOSSIER / "analyser" / "donnees.py", "Données"),
    "methode": (DOSSIER / "comprendre" / "methode.py", "Méthode"),
    "accessibilite": (DOSSIER / "comprendre" / "accessibilite.py", "Accessibilité"),
}
# of a grid whose cells run over several lines, in pixels
HAUTEUR_EN_TETE, HAUTEUR_MAX = 40, 560
OCTETS_PAR_MO = 1_000_000
LARGEUR_DE_CHOIX = 420  # pixels: a choice that stands alone
COLONNES_MAX = 20
# Streamlit writes the left of a text on each cell: only an important rule moves it
STYLE_DES_NOMBRES = "".join(
    f"[class*='st-key-chiffres-'][class*='_{rang}_'] :is(td, th):nth-child({rang})"
    " {text-align: right !important; font-variant-numeric: tabular-nums}"
    for rang in range(1, COLONNES_MAX + 1)
)
"""Columns of numbers of a table of sentences: a rule costs a page less than a style a cell."""

# a poste, a year, the number of a text; then what holds to the next or to the former word
# names of files and of parameters may end a line after a mark or, at worst, every 12 characters
LONG, COUPURES = re.compile(r"(?<!\S)(?!https?:)\S{17,}"), re.compile(r"[_/|.,;]|[^_/|.,;-]{12}")
CODE = re.compile(r"(?<![\w.-])(?=[\w-]*\d)\w+(?:-\w+)+(?![\w.-])")
LIAISONS = re.compile(
    r"(?<=½) (?=j\.)|(?<=§) |(?<=n°) |(?<=\d) (?=h \d)|(?<=\d h) (?=\d)|(?<=[▲▼=]) (?=[+−\d])"
)


def page(adresse: str) -> str:
    """The file of a page, for links: absolute, whatever script Streamlit was started on."""
    return str(PAGES[adresse][0])


def departement() -> str:
    """The département of the address, else the first of the warehouse."""
    connus = acces.departements(acces.version())
    demande = st.query_params.get("departement", "")
    return demande if demande in connus else next(iter(connus))


@contextlib.contextmanager
def sur_place() -> Iterator[None]:
    """A refusal is told where it is met, and the rest of the page stands."""
    try:
        yield
    except AtlasError as erreur:
        st.warning(inerte(erreur.message()).replace("\n", "  \n"))


def sans_postes() -> None:
    """Say that there is no poste to share out, what to do, and end the page."""
    st.info(
        "Aucun poste n'est connu pour ce département. Ajouter les fichiers de postes et de "
        "présences au dossier des sources, puis reconstruire l'entrepôt."
    )
    st.stop()


def dire_les_regles_illisibles() -> None:
    """Say which of the académie's files are left out of the choices, and where to mend them."""
    codes = acces.regles_illisibles(acces.version_des_regles())
    if codes:
        noms = enumeration([f"« {c} »" for c in codes])
        accord = "ne se lit pas" if len(codes) == 1 else "ne se lisent pas"
        st.warning(
            f"{noms} {accord} : la page « Adapter » dit pourquoi, et permet de le supprimer."
        )


def choisir(
    titre: str, choix: dict[str, str], parametre: str, defaut: str, *, inconnu: str = ""
) -> str:
    """A choice kept in the address under `parametre`; the code chosen, `defaut` when none is.

    With `inconnu`, an address that asks for what is not there is told so, and nothing else is
    opened in its place.
    """
    codes = list(choix)
    demande = st.query_params.get(parametre, defaut)
    connu = demande in choix
    depart = None if inconnu and not connu else codes.index(demande if connu else defaut)
    choisi = st.selectbox(titre, codes, index=depart, format_func=choix.get)
    if choisi is None:
        st.warning(inconnu)
        st.stop()
    if choisi != demande:
        st.query_params[parametre] = choisi
    return choisi


def choisir_couleur(couleurs: tuple[str, ...]) -> str:
    """What the colours of maps laid side by side say, kept in the address; the first by default."""
    with st.container(width=LARGEUR_DE_CHOIX):
        return choisir("La couleur dit", {c: c for c in couleurs}, "couleur", couleurs[0])


def table(
    cadre: pd.DataFrame,
    nom: str,
    *,
    hauteur: int | Literal["content"] | None = None,
    au_telechargement: tuple[str, ...] = (),
    si_place: tuple[str, ...] = (),
    repliee: bool = False,
    en_large: bool = False,
    a_choisir: bool = False,
) -> int | None:
    """A table to sort and search, and its download; the row chosen, None when none is.

    It shows whole in the window, `repliee` when a folded section holds it. The download alone has
    the columns `au_telechargement`, those `si_place` where the window has no room for them, and
    the last ones of a table `en_large`, whose columns are as many as the data want.
    `a_choisir`: one of its rows can be, with boxes to tick.
    """
    place = (largeurs.place_repliee if repliee else largeurs.place)(fenetre.palier())
    voulues = tuple(c for c in cadre if c not in (*au_telechargement, *si_place))
    voulues = largeurs.completer(cadre, voulues, si_place, place)
    montrees = largeurs.tenant(cadre, voulues, place) if en_large else voulues
    au_telechargement = tuple(c for c in cadre if c not in montrees)
    mise = largeurs.mettre(cadre, montrees, place - (largeurs.CASES if a_choisir else 0))
    options = _options(cadre, mise, hauteur)
    if a_choisir:
        options |= {"key": f"table-{nom}", "on_select": "rerun", "selection_mode": "single-row"}
    choix = st.dataframe(cadre[[*montrees]], **options)
    telecharger(cadre, nom)
    _dire_le_reste(mise.unites, au_telechargement)
    rangs = choix["selection"]["rows"] if a_choisir else []
    return rangs[0] if rangs else None


def liste(cadre: pd.DataFrame, cle: str, *, hauteur: int) -> dict:
    """A table beside a picture, in which one line can be chosen; what is."""
    mise = largeurs.mettre(cadre, tuple(cadre), largeurs.place_de_liste(fenetre.palier()))
    return st.dataframe(
        cadre,
        key=cle,
        on_select="rerun",
        selection_mode="single-row",
        **_options(cadre, mise, hauteur),
    )


def _dire_le_reste(unites: str, au_telechargement: tuple[str, ...]) -> None:
    """Say below a table the units its headers lost, and the columns it lacks."""
    aussi = f"Le tableau téléchargé a aussi : {enumeration([*au_telechargement])}."
    if note := " ".join(filter(None, [unites, aussi if au_telechargement else ""])):
        st.caption(note)


def _options(
    cadre: pd.DataFrame, mise: largeurs.Mise, hauteur: int | Literal["content"] | None
) -> dict[str, object]:
    """What Streamlit's grid is told, whatever the table."""
    options = {
        "hide_index": True,
        "placeholder": INCONNU,
        "column_config": {c: _colonne(cadre, c, mise) for c in mise.titres},
    }
    if mise.hauteur is not None:
        options["row_height"] = mise.hauteur
        hauteur = hauteur or min(HAUTEUR_EN_TETE + len(cadre) * mise.hauteur, HAUTEUR_MAX)
    if hauteur is not None:
        options["height"] = hauteur
    return options


def _colonne(cadre: pd.DataFrame, nom: str, mise: largeurs.Mise) -> object:
    """Its width and header; numbers shown the reader's way: 1 234,5 in a French browser."""
    titre = mise.titres[nom]
    communes = {"width": mise.largeurs[nom], "help": nom if titre != nom else None}
    if pd.api.types.is_numeric_dtype(cadre[nom]):
        return st.column_config.NumberColumn(titre, format="localized", **communes)
    return st.column_config.Column(titre, **communes)


def table_a_lire(
    cadre: pd.DataFrame,
    nom: str,
    *,
    nombres: Iterable[str] = (),
    au_telechargement: tuple[str, ...] = (),
    premieres: int | None = None,
) -> None:
    """A table of sentences: every word shown, wrapped; and its download.

    Columns of numbers are on the right, and `nombres`: those whose cells are numbers in words.
    `au_telechargement`: columns that the download alone has. `premieres`: the rows shown until
    one asks for all; the download has them all.
    """
    montre = cadre.drop(columns=[*au_telechargement])
    if premieres is not None and len(montre) > premieres:
        toutes = st.toggle(f"Montrer les {nombre(len(montre))} lignes", key=f"toutes-{nom}")
        montre = montre if toutes else montre.head(premieres)
    a_droite = [*montre.select_dtypes("number").columns, *nombres]
    rangs = [montre.columns.get_loc(c) + 1 for c in a_droite]
    cle = f"chiffres-_{'_'.join(map(str, rangs))}_-{nom}" if rangs else None
    with st.container(key=cle) if cle else contextlib.nullcontext():
        st.table(textes(montre).reset_index(drop=True), border="horizontal", hide_index=True)
    telecharger(cadre, nom)
    _dire_le_reste("", au_telechargement)


def table_ou(cadre: pd.DataFrame, nom: str, vide: str) -> None:
    """A table of sentences, or the sentence `vide` when it has no line."""
    if not cadre.empty:
        table_a_lire(cadre, nom)
    elif vide:
        st.write(vide)


def textes(cadre: pd.DataFrame) -> pd.DataFrame:
    """Headers and cells as French text, numbers included; unknown said."""
    cellules = cadre.map(lambda v: insecable(inerte(v)) if isinstance(v, str) else nombre_court(v))
    return cellules.rename(columns=lambda titre: insecable(str(titre)))


@functools.lru_cache(maxsize=20_000)
def insecable(texte: str) -> str:
    """Text whose codes (SIM-034-06), units and references are not cut at the end of a line."""
    texte = CODE.sub(lambda trouve: trouve[0].replace("-", "\u2011"), texte)
    texte = LONG.sub(lambda trouve: COUPURES.sub("\\g<0>\u200b", trouve[0]), texte)
    return LIAISONS.sub("\u00a0", texte)


def inerte(texte: str) -> str:
    """Text that came from a file, shown as it is: no link, and no picture fetched from outside."""
    return texte.replace("[", "\\[")


def phrase(texte: str) -> str:
    """A sentence that quotes names and codes: inert, and its codes whole on a line."""
    return insecable(inerte(texte))


def nombre_court(valeur: object) -> str:
    """A number with the decimals it needs, two at most; « inconnu » when missing."""
    if pd.isna(valeur):
        return INCONNU
    decimales = f"{float(valeur):.2f}".rstrip("0").split(".")[1]
    return nombre(float(valeur), len(decimales))


def taille(octets: int) -> str:
    """The size of a file in words: 930 ko, 2,9 Mo."""
    if octets < OCTETS_PAR_MO:
        return f"{nombre(octets / OCTETS_PAR_MO * 1000)} ko"
    return f"{nombre(octets / OCTETS_PAR_MO, 1)} Mo"


def telecharger(cadre: pd.DataFrame, nom: str) -> None:
    """The download of a table, what must be said of the data written on each of its rows."""
    mise_en_garde = " ".join(acces.avertissements(acces.version()))
    if mise_en_garde:
        cadre = cadre.assign(Avertissement=mise_en_garde)
    st.download_button(
        "Télécharger ce tableau (CSV)",
        functools.partial(en_csv, cadre),  # written when asked for, by few of those who look
        file_name=f"{nom}.csv",
        mime="text/csv",
        key=f"csv-{nom}",
        type="tertiary",
    )


def en_csv(cadre: pd.DataFrame) -> bytes:
    """Semicolons, decimal commas, UTF-8 with its mark; text that starts a formula stays text.

    Headers too: some are names read in a file.
    """
    sur = cadre.rename(columns=lambda titre: pour_tableur(str(titre)))
    for colonne in sur.columns:
        if sur[colonne].dtype == object or str(sur[colonne].dtype).startswith("str"):
            sur[colonne] = [pour_tableur(v) if isinstance(v, str) else v for v in sur[colonne]]
    return sur.to_csv(index=False, sep=";", decimal=",").encode("utf-8-sig")


def site_choisi(carte: dict, liste: dict, sites: pd.DataFrame) -> str | None:
    """The site last picked on the map, else in the list of `sites`; None when nothing is."""
    pris = site_pris(carte)
    if pris is not None:
        return pris
    rangs = liste["selection"]["rows"]
    return sites.iloc[rangs[0]]["site_id"] if rangs else None


def uai_pris(carte: dict, ou: str) -> str | None:
    """The UAI of the site picked on a map, None when none is; how to pick one is said then.

    `ou`: what the pick filters, in words.
    """
    pris = site_pris(carte)
    if pris is None:
        st.caption(f"Choisir un site sur {ou} pour ne garder que lui dans les tableaux.")
        return None
    return pris.removeprefix("RESEAU-")


def du_site(table: pd.DataFrame, uai: str | None) -> pd.DataFrame:
    """The lines of the site picked on a map; all of them when none is, or they name no site."""
    return table if uai is None or "UAI" not in table else table[table["UAI"] == uai]


def site_pris(carte: dict) -> str | None:
    """The site picked on a map; None when nothing is."""
    for point in carte["selection"]["points"]:
        if donnee := point.get("customdata"):
            return donnee[0] if isinstance(donnee, list) else donnee
    return None
