"""One slide at a time: native text, tables and charts, laid out from the top down, never small."""

import io
from collections.abc import Sequence

from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml.ns import qn
from pptx.presentation import Presentation
from pptx.shapes.base import BaseShape
from pptx.slide import Slide
from pptx.table import _Cell
from pptx.text.text import TextFrame, _Paragraph
from pptx.util import Emu, Inches, Pt

from pipelines.base.textes import pluriel
from pipelines.reports.dossier.blocs import Chiffres, Graphique, Image, Nature, Tableau, dire

POLICE, LANGUE = "Arial", "fr-FR"
ENCRE, GRIS, ACCENT = RGBColor(0x1E, 0x1E, 0x1E), RGBColor(0x59, 0x59, 0x59), RGBColor(11, 83, 148)
FOND, FILET = RGBColor(0xF5, 0xF5, 0xF5), RGBColor(0xDD, 0xDD, 0xDD)
SERIES = (RGBColor(0x9E, 0xCA, 0xE1), RGBColor(0x08, 0x51, 0x9C), RGBColor(0x59, 0x59, 0x59))
PLUS_PETIT_PT = 18
TAILLES_PT = (24, 22, 20, PLUS_PETIT_PT)
"""Sizes of the letters of a table: the largest in which it holds whole, if any."""
LARGEUR_IN, HAUTEUR_IN, MARGE_IN = 13.333, 7.5, 0.5
HAUT_IN, BAS_IN = 1.05, 6.7
UTILE_IN = LARGEUR_IN - 2 * MARGE_IN
TITRE_SEUL = 5
"""The layout of a title alone, in the template python-pptx ships."""
CARACTERE, INTERLIGNE, MOT = 0.53, 1.22, 0.64
"""In heights of letters: the width of one, the height of a line, the width of a bold one."""
CELLULE_IN = 0.12
BANDE_DU_TITRE = 0.0635
"""The share of a map made for the screen that its title takes, at the top."""
POINTS_PAR_POUCE = 72


def lignes(texte: str, taille_pt: float, largeur_in: float) -> int:
    """How many lines a text takes in that width, at the least."""
    par_ligne = max(1, int(largeur_in * POINTS_PAR_POUCE / (taille_pt * CARACTERE)))
    total = 0
    for paragraphe in texte.split("\n"):
        place, nombre_ = 0, 1
        for mot in paragraphe.split(" "):
            if place and place + 1 + len(mot) > par_ligne:
                nombre_, place = nombre_ + 1, len(mot)
            else:
                place += len(mot) + bool(place)
        total += nombre_
    return total


def hauteur(texte: str, taille_pt: float, largeur_in: float) -> float:
    """The height of a text in inches."""
    return lignes(texte, taille_pt, largeur_in) * taille_pt * INTERLIGNE / POINTS_PAR_POUCE


class Diapositive:
    """A slide being written from the top down; `reste` is the height that is left, in inches."""

    def __init__(self, presentation: Presentation, titre: str, pied: str) -> None:
        self.page: Slide = presentation.slides.add_slide(presentation.slide_layouts[TITRE_SEUL])
        self.y = HAUT_IN
        self._titre(titre)
        self._pied(pied, len(presentation.slides))

    @property
    def reste(self) -> float:
        """What is left under what was written."""
        return BAS_IN - self.y

    def _titre(self, titre: str) -> None:
        forme = self.page.shapes.title
        _placer(forme, MARGE_IN, 0.2, UTILE_IN, 0.8)
        cadre = forme.text_frame
        cadre.word_wrap = True
        cadre.vertical_anchor = MSO_ANCHOR.MIDDLE
        taille = 32 if len(titre) <= 58 else 28
        _ecrire(cadre.paragraphs[0], titre, taille, couleur=ACCENT, gras=True)
        cadre.paragraphs[0].alignment = PP_ALIGN.LEFT

    def _pied(self, pied: str, rang: int) -> None:
        cadre = self._cadre(MARGE_IN, BAS_IN + 0.1, UTILE_IN - 1.0, 0.65)
        _ecrire(cadre.paragraphs[0], pied, PLUS_PETIT_PT, couleur=GRIS)
        cadre = self._cadre(LARGEUR_IN - MARGE_IN - 0.9, BAS_IN + 0.1, 0.9, 0.4)
        _ecrire(cadre.paragraphs[0], str(rang), PLUS_PETIT_PT, couleur=GRIS)
        cadre.paragraphs[0].alignment = PP_ALIGN.RIGHT

    def _cadre(self, x: float, y: float, largeur: float, haut: float) -> TextFrame:
        forme = self.page.shapes.add_textbox(Inches(x), Inches(y), Inches(largeur), Inches(haut))
        forme.text_frame.word_wrap = True
        return forme.text_frame

    def phrase(self, texte: str, taille_pt: int = 24) -> None:
        """A sentence that answers; smaller when it is long, never under 18 points."""
        taille = taille_pt
        while taille > PLUS_PETIT_PT and lignes(texte, taille, UTILE_IN - 0.2) > 3:
            taille -= 2
        haut = hauteur(texte, taille, UTILE_IN - 0.2) + 0.1
        cadre = self._cadre(MARGE_IN, self.y, UTILE_IN, haut)
        _ecrire(cadre.paragraphs[0], texte, taille, gras=True)
        self.y += haut + 0.12

    def liste(self, elements: Sequence[tuple[str, str]], taille_pt: int = 22) -> None:
        """Words and what they say, one paragraph each; those that don't fit are counted."""
        taille = taille_pt
        while taille > PLUS_PETIT_PT and self._haut_de(elements, taille) > self.reste:
            taille -= 2
        montres = list(elements)
        while montres and self._haut_de(montres, taille) > self.reste - 0.4 * (
            len(montres) < len(elements)
        ):
            montres.pop()
        reste = len(elements) - len(montres)
        if reste:
            montres.append(("", f"… et {pluriel(reste, 'autre')} : voir le dossier."))
        cadre = self._cadre(MARGE_IN, self.y, UTILE_IN, max(self.reste, 0.4))
        for rang, (terme, texte) in enumerate(montres):
            paragraphe = cadre.paragraphs[0] if rang == 0 else cadre.add_paragraph()
            if terme:
                _ecrire(paragraphe, f"{terme} ", taille, gras=True)
            _ecrire(paragraphe, texte, taille)
            paragraphe.space_after = Pt(8)
        self.y += self._haut_de(montres, taille) + 0.1

    def _haut_de(self, elements: Sequence[tuple[str, str]], taille: int) -> float:
        return sum(
            hauteur(f"{terme} {texte}".strip(), taille, UTILE_IN - 0.3) + 8 / POINTS_PAR_POUCE
            for terme, texte in elements
        )

    def chiffres(self, bloc: Chiffres) -> None:
        """The numbers of a page as a native table, in large letters."""
        entetes = ("", *bloc.noms)
        cellules = [(c.libelle, c.avant, c.apres) for c in bloc.chiffres]
        table = self._table(len(cellules) + 1, (7.6, 2.3, UTILE_IN - 9.9), 0.75)
        for rang, texte in enumerate(entetes):
            _cellule(table.cell(0, rang), texte, 20, gras=True, a_droite=rang > 0)
        for i, ligne in enumerate(cellules, start=1):
            _cellule(table.cell(i, 0), ligne[0], 22)
            _cellule(table.cell(i, 1), ligne[1], 28, couleur=GRIS, a_droite=True)
            _cellule(table.cell(i, 2), ligne[2], 32, couleur=ACCENT, gras=True, a_droite=True)
        self.y += 0.75 * (len(cellules) + 1) + 0.1

    def tableau(self, bloc: Tableau, colonnes: Sequence[str], vide: str = "") -> None:
        """The first lines of a table, those columns only; how many are left is said."""
        if not bloc.lignes:
            self.phrase(bloc.vide or vide, 22)
            return
        titres = [c.titre for c in bloc.colonnes]
        rangs = [titres.index(c) for c in colonnes if c in titres]
        choisies = [bloc.colonnes[r] for r in rangs]
        cellules = [[dire(ligne[r]) for r in rangs] for ligne in bloc.lignes]
        entetes = [f"{c.titre} ({c.unite})" if c.unite else c.titre for c in choisies]
        for taille in TAILLES_PT:
            largeurs = _largeurs(entetes, cellules, taille)
            hauts = [
                max(
                    hauteur(t, taille, largeur - 2 * CELLULE_IN)
                    for t, largeur in zip(ligne, largeurs, strict=True)
                )
                + 0.04
                for ligne in [entetes, *cellules]
            ]
            if sum(hauts) <= self.reste:
                break
        montrees = len(cellules)
        while montrees > 1 and sum(hauts[: montrees + 1]) > self.reste - 0.45 * (
            montrees < len(cellules)
        ):
            montrees -= 1
        table = self._table(montrees + 1, largeurs, 0.3)
        for i, ligne in enumerate([entetes, *cellules[:montrees]]):
            table.rows[i].height = Inches(hauts[i])
            for j, texte in enumerate(ligne):
                _cellule(
                    table.cell(i, j),
                    texte,
                    taille,
                    gras=i == 0,
                    a_droite=choisies[j].nature == Nature.NOMBRE,
                )
        self.y += sum(hauts[: montrees + 1]) + 0.08
        if reste := len(cellules) - montrees:
            cadre = self._cadre(MARGE_IN, self.y, UTILE_IN, 0.35)
            suite = f"… et {pluriel(reste, 'autre ligne', 'autres lignes')}, dans le dossier."
            _ecrire(cadre.paragraphs[0], suite, PLUS_PETIT_PT, couleur=GRIS)
            self.y += 0.4

    def _table(self, nombre_lignes: int, largeurs: Sequence[float], haut: float) -> object:
        forme = self.page.shapes.add_table(
            nombre_lignes,
            len(largeurs),
            Inches(MARGE_IN),
            Inches(self.y),
            Inches(sum(largeurs)),
            Inches(haut * nombre_lignes),
        )
        table = forme.table
        for rang, largeur in enumerate(largeurs):
            table.columns[rang].width = Inches(largeur)
        for ligne in table.rows:
            ligne.height = Inches(haut)
        table.horz_banding = False
        return table

    def graphique(self, bloc: Graphique) -> None:
        """The bars of a chart, native: its numbers can be changed in the slide."""
        donnees = CategoryChartData()
        donnees.categories = list(bloc.categories)
        for serie in bloc.series:
            donnees.add_series(serie.nom, serie.valeurs)
        forme = self.page.shapes.add_chart(
            XL_CHART_TYPE.BAR_CLUSTERED,
            Inches(MARGE_IN),
            Inches(self.y),
            Inches(UTILE_IN),
            Inches(self.reste),
            donnees,
        )
        _decrire(forme, bloc.alt)
        graphe = forme.chart
        graphe.font.size, graphe.font.name = Pt(PLUS_PETIT_PT), POLICE
        graphe.has_legend = True
        graphe.legend.position = XL_LEGEND_POSITION.TOP
        graphe.legend.include_in_layout = False
        graphe.category_axis.reverse_order = True
        graphe.category_axis.format.line.color.rgb = FILET
        graphe.value_axis.visible = False
        graphe.value_axis.has_major_gridlines = False
        trace = graphe.plots[0]
        trace.gap_width, trace.overlap = 40, 0
        # one number a group: those of the other bars would run into it, and are in a table
        nombres = list(trace.series)[-1].data_labels
        nombres.show_value = True
        nombres.font.size, nombres.font.name = Pt(PLUS_PETIT_PT), POLICE
        nombres.number_format = f'0"\u202f{bloc.unite}"' if bloc.unite else "0"
        nombres.number_format_is_linked = False
        for serie, couleur in zip(trace.series, SERIES, strict=False):
            serie.format.fill.solid()
            serie.format.fill.fore_color.rgb = couleur
        self.y = BAS_IN

    def image(self, bloc: Image) -> None:
        """A picture as large as the slide allows, without the band of its title."""
        forme = self.page.shapes.add_picture(io.BytesIO(bloc.octets), 0, Inches(self.y - 0.15))
        forme.crop_top = BANDE_DU_TITRE
        entiere = 1 - BANDE_DU_TITRE
        haut = Inches(self.reste + 0.15)
        largeur = int(haut * forme.width / (forme.height * entiere))
        if largeur > Inches(UTILE_IN):
            haut, largeur = int(haut * Inches(UTILE_IN) / largeur), Inches(UTILE_IN)
        forme.width, forme.height = Emu(largeur), Emu(haut)
        forme.left = Emu((Inches(LARGEUR_IN) - largeur) // 2)
        _decrire(forme, bloc.alt)
        self.y = BAS_IN

    def notes(self, texte: str) -> None:
        """What the speaker reads: where the figures come from and what they mean."""
        self.page.notes_slide.notes_text_frame.text = texte


def _largeurs(
    entetes: Sequence[str], cellules: Sequence[Sequence[str]], taille: int
) -> list[float]:
    """Widths in inches that fill the slide: each column by its longest cell, within reason."""
    voulues = []
    for rang, entete in enumerate(entetes):
        textes = [ligne[rang] for ligne in cellules]
        mot = max(len(m) for t in (entete, *textes) for m in t.split(" "))
        longue = max((len(t) for t in textes), default=0)
        caracteres = max(mot * MOT, min(longue, 60) * CARACTERE, len(entete) * MOT / 2)
        voulues.append(caracteres * taille / POINTS_PAR_POUCE + 2.5 * CELLULE_IN)
    total = sum(voulues)
    if total <= UTILE_IN:
        return [voulues[0] + UTILE_IN - total, *voulues[1:]]
    # the widest gives what is missing
    plus_large = voulues.index(max(voulues))
    voulues[plus_large] = max(voulues[plus_large] - (total - UTILE_IN), 1.5)
    return [v * UTILE_IN / sum(voulues) for v in voulues]


def _placer(forme: BaseShape, x: float, y: float, largeur: float, haut: float) -> None:
    forme.left, forme.top = Inches(x), Inches(y)
    forme.width, forme.height = Inches(largeur), Inches(haut)


def _ecrire(
    paragraphe: _Paragraph,
    texte: str,
    taille: float,
    *,
    gras: bool = False,
    couleur: RGBColor = ENCRE,
) -> None:
    morceau = paragraphe.add_run()
    morceau.text = texte
    morceau.font.size, morceau.font.name = Pt(taille), POLICE
    morceau.font.bold = gras
    morceau.font.color.rgb = couleur
    morceau._r.get_or_add_rPr().set("lang", LANGUE)


def _cellule(
    cellule: _Cell,
    texte: str,
    taille: float,
    *,
    gras: bool = False,
    couleur: RGBColor = ENCRE,
    a_droite: bool = False,
) -> None:
    cellule.margin_left = cellule.margin_right = Inches(CELLULE_IN)
    cellule.margin_top = cellule.margin_bottom = Inches(0.02)
    cellule.vertical_anchor = MSO_ANCHOR.MIDDLE
    cellule.fill.solid()
    cellule.fill.fore_color.rgb = FOND if gras and couleur == ENCRE else RGBColor(255, 255, 255)
    paragraphe = cellule.text_frame.paragraphs[0]
    paragraphe.alignment = PP_ALIGN.RIGHT if a_droite else PP_ALIGN.LEFT
    _ecrire(paragraphe, texte, taille, gras=gras, couleur=couleur)


def _decrire(forme: BaseShape, alt: str) -> None:
    """The alternative text of a picture or a chart."""
    forme._element.find(".//" + qn("p:cNvPr")).set("descr", alt)
