"""The dossier as a PDF: typst draws `gabarits/dossier.typ`, checked as PDF/UA-1 and PDF/A-2a."""

import json
import tempfile
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

import matplotlib
import typst

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
EMPREINTE_COURTE = 12  # characters of the fingerprint at the foot of each page
HAUTEUR_IMAGE_MM = 205
LIGNES_D_UN_TENANT = 18  # a table of no more lines is not cut by the end of a page
# at 8.5 points: a character, the room around a cell, and from how many characters a text wraps
CARACTERE_PT, MARGE_PT, TEXTE_COURT = 4.6, 7.0, 14
# sizes of the letters of a fiche, as a share of those of a dossier: the first that fits its page
CORPS_DES_FICHES = (1.0, 0.94, 0.88, 0.82, 0.76)
PUISSANCE = 0.7  # how a column of long texts grows with them
A_ECRIRE = 45  # characters that a column left empty is given room for


def ecrire(dossier: Dossier) -> bytes:
    """The PDF of `dossier`: the same bytes for the same content, no author, no path.

    Raises typst.TypstError when a picture has no alternative text, or a letter no glyph.
    """
    with tempfile.TemporaryDirectory() as nom:
        racine = Path(nom)
        gabarit = files(__package__).joinpath("gabarits", GABARIT).read_text(encoding="utf-8")
        (racine / GABARIT).write_text(gabarit, encoding="utf-8")
        contenu = _contenu(dossier, racine)
        texte = json.dumps(contenu, ensure_ascii=False)
        (racine / "dossier.json").write_text(texte, encoding="utf-8")
        return typst.compile(
            racine / GABARIT,
            root=racine,
            font_paths=_polices(),
            pdf_standards=NORMES,
            timestamp=dossier.le,
        )


@cache
def _polices() -> typst.Fonts:
    """Typst's own fonts, and the one matplotlib ships for marks they lack: none of the machine's,
    so that a document is the same everywhere.
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
        "parties": [_partie(p, racine, familles) for p in dossier.parties],
    }


Cellules = list[list[str]]
"""The cells of a table in words, line by line."""


def _familles(dossier: Dossier) -> dict[str, Cellules]:
    """The lines of all the tables of each family: they are measured together."""
    familles: dict[str, Cellules] = {}
    for partie in dossier.parties:
        for bloc in partie.tous:
            if isinstance(bloc, Tableau) and bloc.famille:
                familles.setdefault(bloc.famille, []).extend(_en_mots(bloc))
    return familles


def _en_mots(tableau: Tableau) -> Cellules:
    return [[dire(v) for v in ligne] for ligne in tableau.lignes]


def _partie(partie: Partie, racine: Path, familles: dict[str, Cellules]) -> dict:
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


def _blocs(blocs: Iterable[Bloc], racine: Path, familles: dict[str, Cellules]) -> list[dict]:
    return [_bloc(b, racine, familles) for b in blocs]


def _bloc(bloc: Bloc, racine: Path, familles: dict[str, Cellules]) -> dict:
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


def _tableau(tableau: Tableau, famille: Cellules | None) -> dict:
    lignes = _en_mots(tableau)
    colonnes = [
        {
            "titre": colonne.titre,
            "unite": colonne.unite,
            "nombre": colonne.nature == Nature.NOMBRE,
            "fixe": fixe,
            "largeur": largeur,
        }
        for colonne, (fixe, largeur) in zip(
            tableau.colonnes, largeurs(tableau, famille), strict=True
        )
    ]
    return {
        "genre": "tableau",
        "titre": tableau.titre,
        "phrase": tableau.phrase,
        "note": tableau.note,
        "vide": tableau.vide,
        "colonnes": colonnes,
        "lignes": lignes,
    }


def largeurs(tableau: Tableau, famille: Cellules | None = None) -> list[tuple[bool, float]]:
    """By column, whether its width is fixed, then that width in points, or its share of the rest.

    `famille`: the lines to measure, those of `tableau` when not given.
    """
    lignes = famille or _en_mots(tableau)
    trouvees = [
        _largeur(c.titre, [ligne[rang] for ligne in lignes], c.nature == Nature.NOMBRE)
        for rang, c in enumerate(tableau.colonnes)
    ]
    if trouvees and all(fixe for fixe, _ in trouvees):
        # the first column takes the room that is left
        trouvees[0] = (False, 1.0)
    return trouvees


def _largeur(titre: str, cellules: list[str], est_nombre: bool) -> tuple[bool, float]:
    """Whether the width of a column is fixed, then that width in points, or its share."""
    mot = max(len(m) for texte in (titre, *cellules) for m in texte.split(" "))
    longueurs = sorted(len(c) for c in cellules)
    longue = longueurs[-1] if longueurs else 0
    if cellules and not longue:
        return False, round(A_ECRIRE**PUISSANCE, 2)
    if est_nombre or longue <= TEXTE_COURT:
        return True, round(max(mot, longue) * CARACTERE_PT + MARGE_PT, 1)
    usuelle = longueurs[(9 * len(longueurs)) // 10]
    return False, round(max(float(min(mot, 20)), usuelle**PUISSANCE), 2)


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
