"""The one writer of Excel workbooks: what is text stays text, headers stay in sight."""

import io
from datetime import datetime
from types import TracebackType
from typing import Self

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

LARGEUR_MIN, LARGEUR_MAX, LARGEUR_LECTURE = 10, 48, 110


class Classeur:
    """A workbook being written; `octets()` gives it once the `with` block is over.

    Cells are written by their type: a text that begins with = + - @ or looks like an address is
    never a formula nor a link. `cree_le` (UTC): the date it carries, the present one by default.
    """

    def __init__(self, cree_le: datetime | None = None) -> None:
        self._tampon = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.classeur = xlsxwriter.Workbook(self._tampon, options)
        if cree_le is not None:
            # dated by what it tells: made again, it is the same file
            self.classeur.set_properties({"created": cree_le})
        self.titre = self._format(bold=True, font_size=14)
        self.gras = self._format(bold=True)
        self.retour = self._format(text_wrap=True, valign="top")
        self.entete = self._format(
            bold=True, bg_color="#F5F5F5", bottom=1, text_wrap=True, valign="top"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        type_: type[BaseException] | None,
        erreur: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if erreur is None:
            self.classeur.close()

    def octets(self) -> bytes:
        """The file, once closed."""
        return self._tampon.getvalue()

    def _format(self, **champs: object) -> Format:
        return self.classeur.add_format(champs)

    def lecture(self, lignes: list[str], nom: str = "Lecture") -> Worksheet:
        """A sheet of sentences, the first one its title."""
        feuille = self.classeur.add_worksheet(nom)
        feuille.hide_gridlines(2)
        feuille.set_column(0, 0, LARGEUR_LECTURE)
        for rang, ligne in enumerate(lignes):
            feuille.write_string(rang, 0, ligne, self.titre if rang == 0 else self.retour)
        return feuille

    def table(self, nom: str, table: pd.DataFrame, *, figees: int = 1) -> Worksheet:
        """A sheet of `table`: frozen header (and `figees` columns), widths, filters."""
        feuille = self.classeur.add_worksheet(nom)
        feuille.freeze_panes(1, figees)
        for c, colonne in enumerate(table.columns):
            valeurs = ["" if pd.isna(v) else v for v in table[colonne]]
            feuille.write_string(0, c, colonne, self.entete)
            for r, valeur in enumerate(valeurs, start=1):
                if isinstance(valeur, str):
                    feuille.write_string(r, c, valeur)
                else:
                    feuille.write_number(r, c, float(valeur))
            feuille.set_column(c, c, largeur(colonne, [str(v) for v in valeurs]))
        if len(table):
            feuille.autofilter(0, 0, len(table), len(table.columns) - 1)
        return feuille


def largeur(entete: str, valeurs: list[str]) -> int:
    """Width of a column, in characters: its longest cell, within reason."""
    longueurs = [len(entete) // 2, *(len(v) for v in valeurs)]
    return min(max(max(longueurs) + 2, LARGEUR_MIN), LARGEUR_MAX)


def ecrire(lecture: list[str], tables: dict[str, pd.DataFrame]) -> bytes:
    """A workbook: the sentences of a reading sheet, then one sheet a table."""
    with Classeur() as classeur:
        classeur.lecture(lecture)
        for nom, table in tables.items():
            classeur.table(nom, table)
    return classeur.octets()
