"""A report as a Word file to edit: native titles, tables, lists and styles, in French."""

import io
from collections.abc import Sequence

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.table import Table
from docx.text.paragraph import Paragraph

from pipelines.reports.dossier.archive import sans_horloge
from pipelines.reports.dossier.blocs import (
    Bloc,
    Chiffres,
    Colonne,
    Dossier,
    Graphique,
    Image,
    Liste,
    Nature,
    Role,
    Tableau,
    Texte,
    dire,
)
from pipelines.reports.dossier.pdf import largeurs

ACCENT, GRIS, FILET, FOND = "0B5394", "595959", "BFBFBF", "F5F5F5"
LARGEUR_MM, HAUTEUR_IMAGE_MM = 174, 205
PAGE_MM, MARGE_MM = (210, 297), 18
POLICE = "Calibri"
LANGUE = "fr-FR"
TITRES_PT = {"Title": 28, "Subtitle": 16, "Heading 1": 20, "Heading 2": 13, "Caption": 10}
STYLES = {Role.PHRASE: "Phrase", Role.ALERTE: "Alerte", Role.NOTE: "Note", Role.CORPS: "Normal"}
CELLULE, CELLULE_PT = "Cellule", 8.5
AISE = 1.25
"""How much wider than on paper a column of numbers is: the letters of a machine may be wider."""
MARGE_DE_CELLULE = "40"  # twentieths of a point
ACCESSOIRES = ("/thumbnail", "/customXml")


def ecrire(dossier: Dossier) -> bytes:
    """The Word file of `dossier`: the same bytes for the same content, no author, no path.

    A chart becomes the table of its values.
    """
    document = docx.Document()
    _alleger(document)
    _mettre_en_style(document)
    _page(document, dossier)
    _couverture(document, dossier)
    for partie in dossier.parties:
        document.add_heading(partie.titre, level=1).paragraph_format.page_break_before = True
        _blocs(document, partie.blocs)
        for section in partie.sections:
            document.add_heading(section.titre, level=2)
            _blocs(document, section.blocs)
    proprietes = document.core_properties
    proprietes.title = f"{dossier.titre}, {dossier.sous_titre}"
    proprietes.author = proprietes.last_modified_by = proprietes.comments = ""
    proprietes.language = LANGUE
    proprietes.created = proprietes.modified = dossier.le.replace(tzinfo=None)
    sortie = io.BytesIO()
    document.save(sortie)
    return sans_horloge(sortie.getvalue(), dossier.le)


def _alleger(document: Document) -> None:
    """Take out what the template keeps of its maker: a picture of its page, an empty record."""
    for liens in (document.part.rels, document.part.package.rels):
        for rid in [r for r, lien in liens.items() if lien.reltype.endswith(ACCESSOIRES)]:
            liens.pop(rid)


def _mettre_en_style(document: Document) -> None:
    """The styles of the file: whoever edits it changes one, and all that bears it follows."""
    styles = document.styles
    for langue in styles.element.iter(qn("w:lang")):
        langue.set(qn("w:val"), LANGUE)
    for langue in document.settings.element.iter(qn("w:themeFontLang")):
        langue.set(qn("w:val"), LANGUE)
    normal = styles["Normal"]
    normal.font.size = Pt(10.5)
    normal.paragraph_format.space_before = Pt(3)
    normal.paragraph_format.space_after = Pt(6)
    for nom, taille in TITRES_PT.items():
        style = styles[nom]
        style.font.size, style.font.bold, style.font.italic = Pt(taille), nom != "Subtitle", False
        style.font.color.rgb = None if nom == "Caption" else RGBColor.from_string(ACCENT)
        style.paragraph_format.keep_with_next = nom != "Title"
    for nom in ("Normal", *TITRES_PT):
        polices = styles[nom].element.get_or_add_rPr().get_or_add_rFonts()
        polices.attrib.clear()
        for sorte in ("ascii", "hAnsi", "cs", "eastAsia"):
            polices.set(qn(f"w:{sorte}"), POLICE)
    for nom in ("Phrase", "Alerte", "Note", CELLULE):
        styles.add_style(nom, WD_STYLE_TYPE.PARAGRAPH).base_style = normal
    styles["Phrase"].font.size, styles["Phrase"].font.bold = Pt(13), True
    styles["Caption"].paragraph_format.space_before = Pt(10)
    styles["Note"].font.size = Pt(8.5)
    styles["Note"].font.color.rgb = RGBColor.from_string(GRIS)
    styles["Note"].paragraph_format.space_before = Pt(4)
    styles[CELLULE].font.size = Pt(CELLULE_PT)
    styles[CELLULE].paragraph_format.space_before = Pt(1)
    styles[CELLULE].paragraph_format.space_after = Pt(1)
    styles[CELLULE].paragraph_format.line_spacing = 1.0
    _encadrer(styles["Alerte"].element.get_or_add_pPr())
    _eclaircir(styles["Table Grid"].element)


def _encadrer(proprietes: OxmlElement) -> None:
    """A line on the left and a light ground, as on paper."""
    bords = OxmlElement("w:pBdr")
    bords.append(_element("w:left", val="single", sz="16", space="6", color="1E1E1E"))
    proprietes.append(bords)
    proprietes.append(_element("w:shd", val="clear", color="auto", fill=FOND))


def _eclaircir(style: OxmlElement) -> None:
    """Thin grey lines between the rows of a table, none between its columns; narrow margins."""
    [proprietes] = style.iter(qn("w:tblPr"))
    marges = OxmlElement("w:tblCellMar")
    for cote in ("left", "right"):
        marges.append(_element(f"w:{cote}", w=MARGE_DE_CELLULE, type="dxa"))
    for bord in style.iter(qn("w:tblBorders")):
        for cote in list(bord):
            if cote.tag in (qn("w:left"), qn("w:right"), qn("w:insideV")):
                cote.set(qn("w:val"), "nil")
            else:
                cote.set(qn("w:color"), FILET)
    for anciennes in proprietes.findall(qn("w:tblCellMar")):
        proprietes.remove(anciennes)
    proprietes.append(marges)


def _element(nom: str, **attributs: str) -> OxmlElement:
    element = OxmlElement(nom)
    for attribut, valeur in attributs.items():
        element.set(qn(f"w:{attribut}"), valeur)
    return element


def _page(document: Document, dossier: Dossier) -> None:
    """A4; what must be said of the data at the head of each page, its number at the foot."""
    [section] = document.sections
    section.page_width, section.page_height = Mm(PAGE_MM[0]), Mm(PAGE_MM[1])
    section.left_margin = section.right_margin = Mm(MARGE_MM)
    section.top_margin = section.bottom_margin = Mm(MARGE_MM)
    section.different_first_page_header_footer = True
    tete = section.header.paragraphs[0]
    tete.style = "Note"
    tete.text = " · ".join([dossier.sous_titre, dossier.destinataire, *dossier.mentions])
    pied = section.footer.paragraphs[0]
    pied.style = "Note"
    pied.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _champ(pied, "PAGE", "1")
    pied.add_run(" / ")
    _champ(pied, "NUMPAGES", "1")


def _champ(paragraphe: Paragraph, code: str, texte: str) -> None:
    """A field Word counts itself; `texte` until it has."""
    champ = _element("w:fldSimple", instr=code)
    passage = OxmlElement("w:r")
    contenu = OxmlElement("w:t")
    contenu.text = texte
    passage.append(contenu)
    champ.append(passage)
    paragraphe._p.append(champ)


def _couverture(document: Document, dossier: Dossier) -> None:
    document.add_paragraph(dossier.titre, style="Title")
    document.add_paragraph(dossier.sous_titre, style="Subtitle")
    for mot, valeur in dossier.couverture.items():
        paragraphe = document.add_paragraph()
        paragraphe.add_run(f"{mot}\u202f: ").bold = True
        paragraphe.add_run(valeur)
    for mention in dossier.mentions:
        document.add_paragraph(mention, style=STYLES[Role.ALERTE])
    _sommaire(document, [p.titre for p in dossier.parties])


def _sommaire(document: Document, titres: Sequence[str]) -> None:
    """The titles of the parts, in a table of contents that Word can number on demand (F9)."""
    paragraphes = [document.add_paragraph(titre) for titre in titres]
    if not paragraphes:
        return
    instruction = OxmlElement("w:instrText")
    instruction.set(qn("xml:space"), "preserve")
    instruction.text = ' TOC \\o "1-1" \\h '
    debut = [
        _element("w:fldChar", fldCharType="begin"),
        instruction,
        _element("w:fldChar", fldCharType="separate"),
    ]
    for element in reversed(debut):
        passage = OxmlElement("w:r")
        passage.append(element)
        premier = paragraphes[0]._p
        premier.insert(1 if premier.pPr is not None else 0, passage)
    paragraphes[-1].add_run()._r.append(_element("w:fldChar", fldCharType="end"))


def _blocs(document: Document, blocs: Sequence[Bloc]) -> None:
    for bloc in blocs:
        match bloc:
            case Texte():
                document.add_paragraph(bloc.texte, style=STYLES[bloc.role])
            case Liste():
                _liste(document, bloc)
            case Tableau():
                _tableau(document, bloc)
            case Chiffres():
                _tableau(document, _en_tableau(bloc))
            case Graphique():
                _tableau(document, _valeurs(bloc))
            case Image():
                _image(document, bloc)


def _liste(document: Document, liste: Liste) -> None:
    if liste.titre:
        titre = document.add_paragraph()
        titre.add_run(liste.titre).bold = True
        titre.paragraph_format.keep_with_next = True
    termes = liste.termes or ("",) * len(liste.elements)
    for terme, texte in zip(termes, liste.elements, strict=True):
        paragraphe = document.add_paragraph(style="List Bullet")
        if terme:
            paragraphe.add_run(f"{terme} ").bold = True
        paragraphe.add_run(texte)


def _en_tableau(chiffres: Chiffres) -> Tableau:
    """The numbers of a page, with what each means."""
    avant, apres = chiffres.noms
    return Tableau(
        chiffres.code,
        chiffres.titre,
        (
            Colonne("Ce qui change"),
            Colonne(avant, nature=Nature.NOMBRE),
            Colonne(apres, nature=Nature.NOMBRE),
            Colonne("Définition"),
        ),
        tuple((c.libelle, c.avant, c.apres, c.definition) for c in chiffres.chiffres),
    )


def _valeurs(graphique: Graphique) -> Tableau:
    """The values of a chart, a line a category."""
    return Tableau(
        graphique.code,
        graphique.titre,
        (Colonne(""), *(Colonne(s.nom, graphique.unite, Nature.NOMBRE) for s in graphique.series)),
        tuple(
            (categorie, *(s.valeurs[rang] for s in graphique.series))
            for rang, categorie in enumerate(graphique.categories)
        ),
        phrase=graphique.phrase,
    )


def _tableau(document: Document, tableau: Tableau) -> None:
    if tableau.phrase:
        document.add_paragraph(tableau.phrase)
    if not tableau.lignes:
        document.add_paragraph(tableau.vide)
    else:
        # between two tables, a paragraph keeps them from becoming one
        document.add_paragraph(tableau.titre, style="Caption")
        _grille(document, tableau)
    if tableau.note:
        document.add_paragraph(tableau.note, style=STYLES[Role.NOTE])


def _grille(document: Document, tableau: Tableau) -> Table:
    """A native table: its header comes again on each page, no line is cut between two."""
    grille = document.add_table(1 + len(tableau.lignes), len(tableau.colonnes), style="Table Grid")
    grille.autofit = False
    _decrire(grille, tableau.titre)
    pleines = _largeurs_pt(tableau)
    echelle = largeurs(tableau).echelle
    for colonne, largeur in zip(grille.columns, pleines, strict=True):
        colonne.width = Pt(largeur)
    entetes = [f"{c.titre} ({c.unite})" if c.unite else c.titre for c in tableau.colonnes]
    lignes = [entetes, *([dire(v) for v in ligne] for ligne in tableau.lignes)]
    for rang, (rangee, cellules) in enumerate(zip(grille.rows, lignes, strict=True)):
        proprietes = rangee._tr.get_or_add_trPr()
        proprietes.append(OxmlElement("w:cantSplit"))
        if rang == 0:
            proprietes.append(OxmlElement("w:tblHeader"))
        for cellule, texte, colonne, largeur in zip(
            rangee.cells, cellules, tableau.colonnes, pleines, strict=True
        ):
            cellule.width = Pt(largeur)
            paragraphe = cellule.paragraphs[0]
            paragraphe.style = CELLULE
            passage = paragraphe.add_run(texte)
            passage.bold = True if rang == 0 else None
            if echelle < 1:
                passage.font.size = Pt(CELLULE_PT * echelle)
            if colonne.nature == Nature.NOMBRE:
                paragraphe.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            if rang == 0:
                fond = _element("w:shd", val="clear", color="auto", fill=FOND)
                cellule._tc.get_or_add_tcPr().append(fond)
    return grille


def _decrire(grille: Table, titre: str) -> None:
    """What a reader who doesn't see it hears first of a table."""
    if titre:
        grille._tbl.tblPr.append(_element("w:tblCaption", val=titre))


def _largeurs_pt(tableau: Tableau) -> list[float]:
    """Points by column, the whole as wide as the page."""
    pleine = Mm(LARGEUR_MM).pt
    brutes = [AISE * largeur if fixe else largeur for fixe, largeur in largeurs(tableau).colonnes]
    return [largeur * pleine / sum(brutes) for largeur in brutes]


def _image(document: Document, image: Image) -> None:
    if image.titre:
        document.add_paragraph(image.titre, style="Caption")
    dessin = document.add_picture(io.BytesIO(image.octets), width=Mm(LARGEUR_MM))
    if dessin.height > Mm(HAUTEUR_IMAGE_MM):
        dessin.width = round(dessin.width * Mm(HAUTEUR_IMAGE_MM) / dessin.height)
        dessin.height = Mm(HAUTEUR_IMAGE_MM)
    nature = dessin._inline.docPr
    nature.set("name", image.code)
    nature.set("descr", image.alt)
