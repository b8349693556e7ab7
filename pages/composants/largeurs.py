"""How wide each column of a grid is, so that the whole table holds in the window.

Left to itself a grid measures its columns by their longest cell, and a wide table runs under the
edge of the page. Here widths come from the words, sentences run over several lines where they
must, and the grid widens everything where there is more room.
"""

import math
import re
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pipelines.base.textes import INCONNU, nombre

# pixels of a window that a table can't have: the side bar, the margins, the borders, a scroll bar
AUTOUR, AUTOUR_ETROIT = 364, 308
ETROITE = 1279  # up to this window, the margins of the page are narrower
REPLI = 30  # those of a folded section
# a list beside a picture: its part of the page, less its gap and its boxes to tick
PART_DE_LISTE, CASES = 5 / 12, 47
MARGES = 18  # both sides of a cell
# a longer word, a longer name of a file, are cut over two lines; « Saint-Étienne-les-Orgues » is
# only where the table has no room for it
MOT_MAX, MOT_SERRE, NOM_MAX = 170, 96, 70
NOM = re.compile(r"[\w-][._/][\w-]")
HAUTEUR_DE_LIGNE, HAUTEUR_MIN = 20, 61  # Streamlit wraps in rows of more than 60 pixels only
LIGNES_MAX = 5
PRESQUE_TOUTES = 0.9  # of the rows, shown whole
SUR_UNE_LIGNE = 0.8  # of the cells of each column, for rows no higher than a line
REMPLI = 1.15  # a line of a wrapped text is never quite full
# advances of the characters of the grid's font, in pixels
ETROITS, LARGES = frozenset("ijlIfrt.,;:!'’()[]-/\u202f "), frozenset("mwMWHNOQUDG%½—")
MOYEN, ETROIT, LARGE = 6.8, 4.0, 9.7
# shorter headers, where the whole ones don't hold on one line
TITRES = {
    "Catégories prioritaires": "Catégories",
    "Couverture (% du besoin)": "Couvert",
    "Changement": "Écart",
    "À moyens constants (½ j. par cycle)": "Constants",
    "Présence aujourd'hui (½ j. par cycle)": "Présence",
    "Ce qui le déplace le plus": "Déplacé par",
    "Classe à moyens constants": "Classe",
    "Ce qui la change": "Changée par",
    "Besoins changés": "Besoins",
    "Rangs changés": "Rangs",
    "Rythmes changés": "Rythmes",
    "Classes changées, moyens constants": "Classes",
    "Besoin par les labels (½ j. par cycle)": "Par les labels",
    "Besoin attendu (½ j. par cycle)": "Attendu",
    "Trajet aller (min)": "Trajet",
    "Trajet le plus long (min)": "Trajet max.",
    "Présent à sa résidence": "À sa résidence",
    "Trajet aller (km)": "Distance",
    "Commune de la résidence": "Résidence",
    "Commune du site": "Commune",
    "Allers-retours par cycle": "Allers-retours",
    "Km par semaine": "Km/sem.",
    "Minutes par semaine": "Min/sem.",
    "Km par an": "Km/an",
    "Heures par an": "H/an",
    "Besoin, premier (½ j.)": "Premier",
    "Besoin, second (½ j.)": "Second",
    "Rang, premier": "Rang 1",
    "Rang, second": "Rang 2",
    "Écart au même total (½ j.)": "Écart",
    "Lignes lues": "Lues",
    "Élèves reçus au moins une fois pour un accompagnement individuel": "Élèves reçus",
    "Entretiens avec un élève, sa famille ou les deux": "Entretiens",
    "Demandes d'intervention, selon qui les fait": "Demandes",
    "Interventions individuelles, selon leur motif principal": "Interventions",
    "Informations préoccupantes rédigées": "IP rédigées",
    "Signalements à l'autorité judiciaire rédigés": "Signalements",
    "Dont vacants (ETP)": "Vacants",
    "Besoin par ETP (½ j.)": "Besoin/ETP",
    "Élèves par ETP": "Élèves/ETP",
    "Sites prioritaires": "Prioritaires",
    "Part exacte (ETP)": "Exacte",
    "Plus fort reste (ETP)": "Fort reste",
    "Prioritaires sans présence": "Sans présence",
}
UNITE = re.compile(r"^(?P<nom>.+?) \((?P<unite>[^()]+)\)$")


@dataclass(frozen=True)
class Mise:
    """What a grid shows: headers, widths, the units to say below it, in pixels a row that wraps."""

    titres: dict[str, str]
    largeurs: dict[str, int]
    unites: str = ""
    hauteur: int | None = None


def place(fenetre: int) -> int:
    """What a table has of a window `fenetre` pixels wide."""
    return fenetre - (AUTOUR if fenetre > ETROITE else AUTOUR_ETROIT)


def place_repliee(fenetre: int) -> int:
    """The same, in a folded section."""
    return place(fenetre) - REPLI


def place_de_liste(fenetre: int) -> int:
    """What a list has beside a picture."""
    return math.floor(PART_DE_LISTE * place(fenetre)) - CASES


@st.cache_resource(show_spinner=False, max_entries=512)
def mettre(cadre: pd.DataFrame, colonnes: tuple[str, ...], place: int) -> Mise:
    """`colonnes` within `place` pixels.

    As they are when all holds on one line; else with short headers, their units apart; else over
    several lines: a number, a header or a word is never cut, sentences share the room by their
    length, and rows are as high as nearly all of them need, one line if they hold there (a click
    opens the longer ones).
    """
    courts, unites = _courts(colonnes)
    for noms, note in (({c: c for c in colonnes}, ""), (courts, unites)):
        largeurs = {c: _entiere(cadre[c], t) for c, t in noms.items()}
        if sum(largeurs.values()) <= place:
            return Mise(noms, largeurs, note)
    presque = {c: _presque_entiere(cadre[c], t) for c, t in courts.items()}
    if sum(presque.values()) <= place:
        return Mise(courts, _elargir(presque, largeurs, place), unites)
    minimum = {c: _minimum(cadre[c], t, MOT_MAX) for c, t in courts.items()}
    if sum(minimum.values()) > place:
        minimum = {c: _minimum(cadre[c], t, MOT_SERRE) for c, t in courts.items()}
    reste = max(place - sum(minimum.values()), 0)
    for lignes in range(1, LIGNES_MAX + 1):
        voulu = {c: max(_sur(lignes, cadre[c]) - minimum[c], 0) for c in courts}
        if sum(voulu.values()) <= reste:
            break
    part = min(1, reste / (sum(voulu.values()) or 1))
    largeurs = {c: math.floor(minimum[c] + part * voulu[c]) for c in courts}
    return Mise(courts, largeurs, unites, hauteur(cadre, largeurs))


@st.cache_resource(show_spinner=False, max_entries=512)
def tenant(cadre: pd.DataFrame, colonnes: tuple[str, ...], place: int) -> tuple[str, ...]:
    """The first of `colonnes` that hold within `place` pixels, uncut; one at least."""
    courts, _ = _courts(colonnes)
    tenues, prises = [], 0
    for colonne, titre in courts.items():
        prises += _minimum(cadre[colonne], titre, MOT_SERRE)
        if tenues and prises > place:
            break
        tenues.append(colonne)
    return tuple(tenues)


@st.cache_resource(show_spinner=False, max_entries=512)
def completer(
    cadre: pd.DataFrame, colonnes: tuple[str, ...], autres: tuple[str, ...], place: int
) -> tuple[str, ...]:
    """`colonnes`, and those of `autres`, first come first served, that hold beside on one line."""
    gardees = colonnes
    for autre in autres:
        essai = tuple(c for c in cadre if c in gardees or c == autre)
        courts, _ = _courts(essai)
        if sum(_entiere(cadre[c], t) for c, t in courts.items()) <= place:
            gardees = essai
    return gardees


def _elargir(presque: dict[str, int], entieres: dict[str, int], place: int) -> dict[str, int]:
    """`presque` within `place`, the columns that lack least shown whole first."""
    reste = place - sum(presque.values())
    for colonne in sorted(presque, key=lambda c: entieres[c] - presque[c]):
        plus = min(max(entieres[colonne] - presque[colonne], 0), reste)
        presque, reste = {**presque, colonne: presque[colonne] + plus}, reste - plus
    return presque


def hauteur(cadre: pd.DataFrame, largeurs: dict[str, int], lignes_max: int = LIGNES_MAX) -> int:
    """The height of rows whose cells run over several lines in these widths, in pixels."""
    return max(HAUTEUR_MIN, min(_lignes(cadre, largeurs), lignes_max) * HAUTEUR_DE_LIGNE)


def _courts(colonnes: tuple[str, ...]) -> tuple[dict[str, str], str]:
    """Shorter headers, and the sentence that says their units: « Besoin : ½ j. par cycle. »"""
    courts, unites = {}, {}
    for colonne in colonnes:
        trouve = UNITE.match(colonne)
        courts[colonne] = TITRES.get(colonne, trouve["nom"] if trouve else colonne)
        if trouve:
            unites.setdefault(trouve["unite"], []).append(courts[colonne])
    phrases = [f"{', '.join(noms)} : {unite}" for unite, noms in unites.items()]
    note = " ; ".join(phrases)
    return courts, f"{note.removesuffix('.')}." if note else ""


def _sur(lignes: int, colonne: pd.Series) -> float:
    """Width that shows the longest cell over `lignes` lines."""
    return (REMPLI if lignes > 1 else 1) * _texte_max(colonne) / lignes + MARGES


def _lignes(cadre: pd.DataFrame, largeurs: dict[str, int]) -> int:
    """Lines that show nearly every row whole; the few longer ones open at a click."""
    lignes = pd.DataFrame(
        {
            c: [math.ceil(REMPLI * _pixels(v) / (w - MARGES)) for v in _cellules(cadre[c])]
            for c, w in largeurs.items()
        }
    )
    return int(lignes.max(axis=1).quantile(PRESQUE_TOUTES, interpolation="higher"))


def _presque_entiere(colonne: pd.Series, titre: str) -> int:
    """The width of a header, a number, and nearly all the cells of a column of words."""
    pixels = pd.Series([_pixels(v) for v in _cellules(colonne)], dtype=float)
    en_mots = not pd.api.types.is_numeric_dtype(colonne)
    tenu = pixels.quantile(SUR_UNE_LIGNE, interpolation="higher") if en_mots else pixels.max()
    return math.ceil(max(_pixels(titre), 0 if pixels.empty else tenu)) + MARGES


def _minimum(colonne: pd.Series, titre: str, mot_max: int) -> int:
    mots = {mot for valeur in _valeurs(colonne) for mot in valeur.split(" ")}
    plus_long = max(
        (min(_pixels(m), NOM_MAX if NOM.search(m) else mot_max) for m in mots), default=0
    )
    return math.ceil(max(_pixels(titre), plus_long)) + MARGES


def _entiere(colonne: pd.Series, titre: str) -> int:
    return math.ceil(max(_pixels(titre), _texte_max(colonne))) + MARGES


def _texte_max(colonne: pd.Series) -> float:
    return max(map(_pixels, set(_valeurs(colonne))), default=0)


def _valeurs(colonne: pd.Series) -> list[str]:
    return _cellules(colonne.drop_duplicates())


def _cellules(colonne: pd.Series) -> list[str]:
    """The cells, as the grid writes them."""
    if not pd.api.types.is_numeric_dtype(colonne):
        return [INCONNU if pd.isna(v) else str(v) for v in colonne]
    return [nombre(v, 0 if pd.isna(v) or v == int(v) else 3) for v in colonne.astype(float)]


def _pixels(texte: str) -> float:
    return sum(ETROIT if c in ETROITS else LARGE if c in LARGES else MOYEN for c in texte)
