"""What a workbook says outside the cells that are read: notes, headers, drawings, kept copies.

A note, a page header, the cached values of another workbook or of a pivot table stay in the file
when it is kept: they are judged as its cells are. The properties of the document (its author, its
last editor) are left out: any spreadsheet writes them, whatever the file is about.
"""

import html
import re
import zipfile

from pipelines.sources.classeurs import MARQUE_OLE
from pipelines.sources.fichiers import Fichier

SUFFIXE_ODS = ".ods"
TECHNIQUES = (
    "docprops/",
    "_rels/",
    "xl/_rels/",
    "xl/theme/",
    "xl/worksheets/_rels/",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/sharedstrings.xml",
    "xl/calcchain.xml",
    "[content_types].xml",
)
"""Parts of a workbook where nobody writes, and the words of the cells, judged in their cells."""
FEUILLES = "xl/worksheets/"
LONGUEUR_MIN = 4

_MENTION = re.compile(rb"<(?:odd|even|first)(?:Header|Footer)>([^<]*)<")
_BALISE_DE_BLOC = re.compile(r"</(?:text|comment|p|a:p|author|v|si|text:p)>")
_ATTRIBUT = re.compile(r'\b(?:v|displayName|descr|title)="([^"]*)"')
_BALISE = re.compile(r"<[^>]*>")
_ANNOTATION = re.compile(r"<office:annotation\b.*?</office:annotation>", re.DOTALL)
_CHIFFRES = re.compile(r"[0-9]{2}")
_LATIN = re.compile(rb"[\x20-\x7e\xa0-\xff]{6,}")
_LARGE = re.compile(rb"(?:[\x20-\x7e\xa0-\xff]\x00){6,}")


def textes(fichier: Fichier) -> list[str]:
    """The texts of `fichier` outside its cells; none when it is no workbook.

    The file must have been found harmless by `classeurs.ouvrir`.
    """
    with fichier.ouvrir() as flux:
        debut = flux.read(len(MARQUE_OLE))
    if debut == MARQUE_OLE:
        # the old binary format: cells, notes and properties are mixed in clear; numbers alone tell
        # the ones from the others
        octets = fichier.lire()
        mots = [
            *(m.decode("latin-1") for m in _LATIN.findall(octets)),
            *(m.decode("utf-16-le") for m in _LARGE.findall(octets)),
        ]
        return [m for m in mots if _CHIFFRES.search(m) and "@" not in m]
    if not debut.startswith(b"PK"):
        return []
    trouves: list[str] = []
    with fichier.ouvrir() as flux, zipfile.ZipFile(flux) as archive:
        for entree in archive.infolist():
            nom = entree.filename.lower()
            if not nom.endswith((".xml", ".vml")) or nom.startswith(TECHNIQUES):
                continue
            if nom.startswith(FEUILLES):
                mentions = _MENTION.findall(archive.read(entree))
                trouves += [html.unescape(m.decode("utf-8", "replace")) for m in mentions]
            elif fichier.suffixe == SUFFIXE_ODS:
                if nom == "content.xml":
                    contenu = archive.read(entree).decode("utf-8", "replace")
                    for note in _ANNOTATION.findall(contenu):
                        trouves += _paragraphes(note)
            else:
                trouves += _paragraphes(archive.read(entree).decode("utf-8", "replace"))
    return [t for t in dict.fromkeys(trouves) if len(t) >= LONGUEUR_MIN]


def _paragraphes(xml: str) -> list[str]:
    """The paragraphs of a part, and the words it keeps in attributes."""
    coupe = _BALISE_DE_BLOC.sub("\0", xml)
    paragraphes = _BALISE.sub("", coupe).split("\0")
    return [html.unescape(t).strip() for t in (*paragraphes, *_ATTRIBUT.findall(xml)) if t.strip()]
