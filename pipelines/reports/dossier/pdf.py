"""The dossier as a PDF: typst draws `gabarits/dossier.typ`, checked as PDF/UA-1 and PDF/A-2a."""

import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from math import ceil
from pathlib import Path

import matplotlib
import numpy as np
import typst

from pipelines.base.erreurs import AtlasError
from pipelines.reports.dossier.blocs import (
    Bloc,
    Chiffres,
    Dossier,
    Graphique,
    Image,
    Liste,
    Nature,
    Partie,
    Tableau,
    Texte,
    dire,
)

NORMES = ["ua-1", "a-2a"]
GABARIT = "dossier.typ"
SANS_GLYPHE = re.compile(r'the text `"(.+?)"` could not be displayed')
"""What typst says of a letter none of the fonts of the template has."""
EMPREINTE_COURTE = 12  # characters of the fingerprint at the foot of each page
HAUTEUR_IMAGE_MM = 210
LIGNES_D_UN_TENANT = 18  # a table of no more lines is not cut by the end of a page
LARGEUR_PT = 493  # between the margins
# at 8.5 points: a character, the room around a cell, and from how many characters a text wraps
CARACTERE_PT, MARGE_PT, TEXTE_COURT = 4.6, 7.0, 14
# sizes of the letters of a fiche, as a share of those of a dossier: the first that fits its page
CORPS_DES_FICHES = (1.0, 0.94, 0.88, 0.82, 0.76)
# a fiche no higher than that, counted too large, surely holds on its page of 728 points
HAUTEUR_SURE_PT = 690.0
# its title, or the title and the header of a table; a line of text, of a cell; letters of a line
TITRE_PT, LIGNE_PT, LIGNE_DE_CELLULE_PT, LETTRES_PAR_LIGNE = 60.0, 15.0, 11.0, 80
PART_D_UNE_NOTE = 0.75  # of the height of the same text in the letters of the others
# a word of more letters may be cut; letters the end of a line leaves empty; a step of widths
MOT_MAX, LETTRES_PERDUES, PAS_PT = 20, 2, 8
# smaller letters give each column of texts so many of them; never smaller than that share
LETTRES_VOULUES, ECHELLE_MIN = 16, 0.82
A_ECRIRE = 45  # characters that a column left empty is given room for


def ecrire(dossier: Dossier) -> bytes:
    """The PDF of `dossier`: the same bytes for the same content, no author, no path.

    AtlasError when a letter has no glyph, or a picture no alternative text.
    """
    with tempfile.TemporaryDirectory() as nom:
        racine = Path(nom)
        gabarit = files(__package__).joinpath("gabarits", GABARIT).read_text(encoding="utf-8")
        (racine / GABARIT).write_text(gabarit, encoding="utf-8")
        contenu = _contenu(dossier, racine)
        texte = json.dumps(contenu, ensure_ascii=False)
        (racine / "dossier.json").write_text(texte, encoding="utf-8")
        try:
            return typst.compile(
                racine / GABARIT,
                root=racine,
                font_paths=_polices(),
                pdf_standards=NORMES,
                timestamp=dossier.le,
            )
        except typst.TypstError as erreur:
            raise _refus(str(erreur)) from erreur


def _refus(message: str) -> AtlasError:
    """What typst could not lay out, with what to change when it is a letter without a glyph."""
    if sans_glyphe := SANS_GLYPHE.search(message):
        return AtlasError(
            f"Ce document ne s'imprime pas : aucune de ses polices n'a « {sans_glyphe[1]} ».",
            admis="les lettres latines, grecques et cyrilliques, et les signes courants",
            remede="écrire autrement le texte qui le contient (nom du scénario, note, réponse)",
        )
    return AtlasError(
        f"Ce document ne se met pas en page : {message}",
        remede="prendre un autre format, et signaler ce message",
    )


@cache
def _polices() -> typst.Fonts:
    """Typst's own fonts, and the one matplotlib ships for marks they lack: none of the machine's,
    so that a document is the same everywhere. The template falls back on no other, such as the one
    matplotlib has that draws a square for any letter.
    """
    livrees = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return typst.Fonts(include_system_fonts=False, font_paths=[livrees])


def _contenu(dossier: Dossier, racine: Path) -> dict:
    """The dossier as plain values; its pictures are written in `racine`."""
    familles = _familles(dossier)
    return {
        "titre": dossier.titre,
        "sous_titre": dossier.sous_titre,
        "destinataire": dossier.destinataire,
        "annee": dossier.le.year,
        "mois": dossier.le.month,
        "jour": dossier.le.day,
        "empreinte_courte": dossier.empreinte[:EMPREINTE_COURTE],
        "couverture": [list(paire) for paire in dossier.couverture.items()],
        "mentions": list(dossier.mentions),
        "lignes_d_un_tenant": LIGNES_D_UN_TENANT,
        "en_fiches": dossier.est_en_fiches,
        "corps_des_fiches": list(CORPS_DES_FICHES),
        "parties": [
            _partie(p, racine, familles)
            | {
                "est_courte": dossier.est_en_fiches
                and _hauteur_au_plus(p, familles) <= HAUTEUR_SURE_PT
            }
            for p in dossier.parties
        ],
    }


Cellules = list[list[str]]
"""The cells of a table in words, line by line."""


@dataclass(frozen=True)
class Largeurs:
    """By column, whether its width is fixed, then that width in points, or its share of the rest.

    `echelle`: the size of the letters of a table that has many columns, as a share of the others'.
    """

    colonnes: tuple[tuple[bool, float], ...]
    echelle: float


def _familles(dossier: Dossier) -> dict[str, Largeurs]:
    """The widths of the columns of each family of tables, measured on all their lines."""
    familles: dict[str, list[Tableau]] = {}
    for partie in dossier.parties:
        for bloc in partie.tous:
            if isinstance(bloc, Tableau) and bloc.famille:
                familles.setdefault(bloc.famille, []).append(bloc)
    return {famille: _largeurs(tableaux) for famille, tableaux in familles.items()}


def _en_mots(tableau: Tableau) -> Cellules:
    return [[dire(v) for v in ligne] for ligne in tableau.lignes]


def _partie(partie: Partie, racine: Path, familles: dict[str, Largeurs]) -> dict:
    return {
        "titre": partie.titre,
        "blocs": _blocs(partie.blocs, racine, familles),
        "sections": [
            {
                "titre": s.titre,
                "tenant": s.est_d_un_tenant,
                "blocs": _blocs(s.blocs, racine, familles),
            }
            for s in partie.sections
        ],
    }


def _hauteur_au_plus(partie: Partie, familles: dict[str, Largeurs]) -> float:
    """Points a part takes, counted too large; a picture or a chart takes a page."""
    total = TITRE_PT
    for bloc in partie.tous:
        match bloc:
            case Texte():
                total += _hauteur_du_texte(bloc.texte)
            case Liste():
                elements = zip_longest(bloc.termes, bloc.elements, fillvalue="")
                total += LIGNE_PT + sum(_hauteur_du_texte(t + e) for t, e in elements)
            case Tableau():
                total += _hauteur_du_tableau(bloc, familles.get(bloc.famille))
            case _:
                total += HAUTEUR_SURE_PT
    return total


def _hauteur_du_texte(texte: str) -> float:
    return LIGNE_PT * (1.6 + len(texte) // LETTRES_PAR_LIGNE) if texte else 0.0


def _hauteur_du_tableau(tableau: Tableau, famille: Largeurs | None) -> float:
    """Its header, its lines, each cell cut by the letters its column holds, and what it says."""
    trouvees = (famille or largeurs(tableau)).colonnes
    reste = LARGEUR_PT - sum(largeur for fixe, largeur in trouvees if fixe)
    parts = sum(largeur for fixe, largeur in trouvees if not fixe)
    lettres = [
        max(1.0, ((largeur if fixe else reste * largeur / parts) - MARGE_PT) / CARACTERE_PT)
        for fixe, largeur in trouvees
    ]
    cellules = sum(
        max(ceil(len(texte) / place) for texte, place in zip(ligne, lettres, strict=True))
        for ligne in _en_mots(tableau)
    )
    return (
        _hauteur_du_texte(tableau.phrase)
        + TITRE_PT
        + cellules * LIGNE_DE_CELLULE_PT
        + len(tableau.lignes) * MARGE_PT
        + PART_D_UNE_NOTE * _hauteur_du_texte(tableau.note)
    )


def _blocs(blocs: Iterable[Bloc], racine: Path, familles: dict[str, Largeurs]) -> list[dict]:
    return [_bloc(b, racine, familles) for b in blocs]


def _bloc(bloc: Bloc, racine: Path, familles: dict[str, Largeurs]) -> dict:
    match bloc:
        case Texte():
            return {"genre": "texte", "role": str(bloc.role), "texte": bloc.texte}
        case Liste():
            termes = bloc.termes or ("",) * len(bloc.elements)
            return {
                "genre": "liste",
                "titre": bloc.titre,
                "elements": [
                    {"terme": terme, "texte": texte}
                    for terme, texte in zip(termes, bloc.elements, strict=True)
                ],
            }
        case Chiffres():
            return {
                "genre": "chiffres",
                "titre": bloc.titre,
                "noms": list(bloc.noms),
                "chiffres": [vars(c) for c in bloc.chiffres],
            }
        case Tableau():
            return _tableau(bloc, familles.get(bloc.famille))
        case Image():
            fichier = f"{bloc.code}.png"
            (racine / fichier).write_bytes(bloc.octets)
            return {
                "genre": "image",
                "titre": bloc.titre,
                "alt": bloc.alt,
                "fichier": fichier,
                "hauteur": HAUTEUR_IMAGE_MM,
            }
        case Graphique():
            return _graphique(bloc)


def _tableau(tableau: Tableau, famille: Largeurs | None) -> dict:
    trouvees = famille or largeurs(tableau)
    colonnes = [
        {
            "titre": colonne.titre,
            "unite": colonne.unite,
            "nombre": colonne.nature == Nature.NOMBRE,
            "fixe": fixe,
            "largeur": largeur,
        }
        for colonne, (fixe, largeur) in zip(tableau.colonnes, trouvees.colonnes, strict=True)
    ]
    return {
        "genre": "tableau",
        "titre": tableau.titre,
        "phrase": tableau.phrase,
        "note": tableau.note,
        "vide": tableau.vide,
        "colonnes": colonnes,
        "echelle": trouvees.echelle,
        "lignes": _en_mots(tableau),
    }


def largeurs(tableau: Tableau) -> Largeurs:
    """The widths of the columns of a table."""
    return _largeurs([tableau])


def _largeurs(tableaux: Sequence[Tableau]) -> Largeurs:
    """The widths of the columns of tables that have the same ones.

    Numbers and short words have what they need; texts share the rest so that the lines are few.
    """
    lignes = [ligne for t in tableaux for ligne in _en_mots(t)]
    colonnes = [[ligne[rang] for ligne in lignes] for rang in range(len(tableaux[0].colonnes))]
    fixes: dict[int, float] = {}
    libres: dict[int, float] = {}
    for rang, (colonne, cellules) in enumerate(zip(tableaux[0].colonnes, colonnes, strict=True)):
        longue = max(map(len, cellules), default=0)
        mot = max(len(m) for texte in (colonne.titre, *cellules) for m in texte.split(" "))
        est_nombre = any(t.colonnes[rang].nature == Nature.NOMBRE for t in tableaux)
        if est_nombre or (longue <= TEXTE_COURT and (longue or not cellules)):
            fixes[rang] = round(max(mot, longue) * CARACTERE_PT + MARGE_PT, 1)
        else:
            libres[rang] = min(mot, MOT_MAX) * CARACTERE_PT + MARGE_PT
    if fixes and not libres:
        # the first column takes the room that is left
        premiere = next(iter(fixes))
        libres[premiere] = fixes.pop(premiere)
    longueurs = {r: np.array([len(c) or A_ECRIRE for c in colonnes[r]] or [0]) for r in libres}
    voulues = sum(fixes.values()) + sum(
        max(au_moins, min(int(longueurs[r].max()), LETTRES_VOULUES) * CARACTERE_PT)
        for r, au_moins in libres.items()
    )
    echelle = round(min(1.0, max(ECHELLE_MIN, LARGEUR_PT / max(voulues, 1.0))), 2)
    partagees = _partager(LARGEUR_PT / echelle - sum(fixes.values()), libres, longueurs)
    return Largeurs(
        tuple(
            (r in fixes, round(echelle * (fixes[r] if r in fixes else partagees[r]), 1))
            for r in range(len(colonnes))
        ),
        echelle,
    )


def _partager(
    place: float, au_moins: Mapping[int, float], longueurs: Mapping[int, np.ndarray]
) -> dict[int, float]:
    """Share `place` points among columns: each step goes where it takes off the most lines.

    `au_moins`: column → its least width; `longueurs`: column → the letters of its cells.
    """

    def lignes(colonne: int, largeur: float) -> np.ndarray:
        # shares of a line count: else no step would be long enough to take one off
        lettres = max(1.0, (largeur - MARGE_PT) / CARACTERE_PT - LETTRES_PERDUES)
        return np.maximum(longueurs[colonne] / lettres, 1.0)

    largeurs_ = dict(au_moins)
    hautes = {c: lignes(c, largeur) for c, largeur in largeurs_.items()}
    while largeurs_ and sum(largeurs_.values()) + PAS_PT <= place:
        essais = {c: lignes(c, largeur + PAS_PT) for c, largeur in largeurs_.items()}
        # a line is as high as its highest cell; where none counts, the fullest column has the step
        scores = {
            c: (
                np.maximum.reduce([essais[c] if d == c else hautes[d] for d in hautes]).sum(),
                -longueurs[c].sum() / largeurs_[c],
            )
            for c in largeurs_
        }
        choisie = min(scores, key=scores.__getitem__)
        largeurs_[choisie] += PAS_PT
        hautes[choisie] = essais[choisie]
    return largeurs_


def _graphique(graphique: Graphique) -> dict:
    plus_grand = max((v for s in graphique.series for v in s.valeurs), default=0) or 1
    return {
        "genre": "graphique",
        "titre": graphique.titre,
        "phrase": graphique.phrase,
        "alt": graphique.alt,
        "categories": list(graphique.categories),
        "series": [
            {
                "nom": s.nom,
                "parts": [round(100 * v / plus_grand, 2) for v in s.valeurs],
                "textes": [f"{dire(v)} {graphique.unite}".strip() for v in s.valeurs],
            }
            for s in graphique.series
        ],
    }
