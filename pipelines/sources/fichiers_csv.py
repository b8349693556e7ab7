"""A CSV of any dialect, broken or not: its encoding, its separator, its rows one by one.

A row keeps the number a spreadsheet shows, blank rows counted; a row that can't be cut into cells
is given with the reason, never lost. `releve` measures a large file without cutting it, so that a
regular one can be left to Arrow (`lots`).
"""

import codecs
import contextlib
import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TextIO

import numpy as np
import pyarrow as pa
import pyarrow.csv

from pipelines.base import reference
from pipelines.sources.cartes import entetes_connus, normaliser
from pipelines.sources.fichiers import Fichier

# How far down a header may stand below title lines, and how much text is enough to know a dialect.
LIGNES_DE_TITRE_MAX = 20
OCTETS_D_ESSAI = 262_144
OCTETS_PAR_MORCEAU = 16 * 1024**2
# No row of a regular file is longer; more at a time costs memory and gains nothing.
OCTETS_PAR_LOT = 1024**2
# Counting bytes goes ten times faster when they stay in the processor's cache.
OCTETS_EN_CACHE = 256 * 1024
SEPARATEURS = (";", ",", "\t", "|")
# A file is still UTF-8 when fewer than this share of its accents are not.
PART_D_ACCENTS_ABIMES_MAX = 0.5
RESCAPE = "atlas_octet_windows"
FIN_DE_LIGNE, RETOUR, GUILLEMET = 10, 13, 34
# What people and spreadsheets leave around words: no-break, narrow and thin spaces, tabs, ends of
# line, the mark of UTF-8 in the middle of a file.
BLANCS = "\u00a0\u202f\u2009\t\n\r\ufeff"

GUILLEMET_JAMAIS_FERME = "un guillemet ouvert n’est jamais fermé"
CELLULE_TROP_LONGUE = "une cellule dépasse la longueur admise"


def _octet_windows(erreur: UnicodeError) -> tuple[str, int]:
    """The bytes that are no UTF-8, read as Windows-1252 writes them."""
    octets = erreur.object[erreur.start : erreur.end]
    return octets.decode("cp1252", errors="replace"), erreur.end


_EN_ESPACES = str.maketrans(dict.fromkeys(BLANCS, " "))
codecs.register_error(RESCAPE, _octet_windows)


@dataclass(frozen=True)
class Dialecte:
    """How a CSV is written: encoding, what to do with bytes foreign to it, separator."""

    encodage: str
    erreurs: str
    separateur: str

    @property
    def est_mele(self) -> bool:
        """True when a UTF-8 file also holds Windows-1252 letters."""
        return self.erreurs == RESCAPE


@dataclass(frozen=True)
class Rangee:
    """One row: the line a spreadsheet shows, its cells, and why it can't be read if it can't."""

    ligne: int
    cellules: list[str | None]
    rejet: str | None = None


@dataclass(frozen=True)
class Releve:
    """The shape of a CSV: rows that are not blank, where the blank ones stand, widest row.

    `cellules_min` is the number of cells of the shortest row that is not blank.
    """

    lignes: int
    vides: np.ndarray
    cellules_min: int
    cellules_max: int
    est_regulier: bool


def nettoyer(cellule: str | None) -> str | None:
    """A cell without blanks around it, any odd blank inside made a space; None when empty."""
    if not cellule or cellule.isalnum():
        # most cells are a word or a number, with nothing to clean
        return cellule or None
    return cellule.translate(_EN_ESPACES).strip(" ") or None


def dialecte(fichier: Fichier) -> Dialecte:
    """The encoding of the whole file, and the separator its header is written with."""
    encodage, erreurs = _encodage(fichier)
    with fichier.ouvrir() as flux:
        essai = flux.read(OCTETS_D_ESSAI)
    # the sample may end inside a character: what can't be decoded there is of no use to a header
    texte = essai.decode(encodage, errors=erreurs if erreurs == RESCAPE else "ignore")
    return Dialecte(encodage, erreurs, _separateur(texte.removeprefix("\ufeff")))


def debut(fichier: Fichier, forme: Dialecte) -> list[tuple[int, list[str]]]:
    """The first rows with the line each stands on, unreadable ones apart."""
    lues: list[tuple[int, list[str]]] = []
    for rangee in rangees(fichier, forme):
        if rangee.ligne > LIGNES_DE_TITRE_MAX:
            break
        if rangee.rejet is None:
            lues.append((rangee.ligne, [c or "" for c in rangee.cellules]))
    return lues


def rangees(fichier: Fichier, forme: Dialecte) -> Iterator[Rangee]:
    """Every row of `fichier`, blank ones too."""
    with fichier.ouvrir_texte(forme.encodage, forme.erreurs) as flux:
        yield from _rangees(_lignes_physiques(flux), forme.separateur)


@contextlib.contextmanager
def lots(
    fichier: Fichier, separateur: str, passees: int, colonnes: list[str], *, completer: bool
) -> Iterator[pa.RecordBatchReader]:
    """The rows of a regular UTF-8 file below its first `passees` lines, in order, as text.

    An empty cell is null; `completer` takes the rows whose last cells are missing as if they were
    empty. Raises pyarrow.ArrowInvalid, at once or while the rows are read, for a
    row that has not as many cells as there are `colonnes`.
    """
    with fichier.ouvrir() as flux:
        for _ in range(passees):
            flux.readline()
        complet = _Completees(_lignes_completes(flux, separateur, len(colonnes)))
        yield pyarrow.csv.open_csv(
            io.BufferedReader(complet, OCTETS_PAR_LOT) if completer else flux,
            read_options=pyarrow.csv.ReadOptions(column_names=colonnes, block_size=OCTETS_PAR_LOT),
            parse_options=pyarrow.csv.ParseOptions(delimiter=separateur),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(colonnes, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
            ),
        )


class _Completees(io.RawIOBase):
    """Pieces of a file, as a stream."""

    def __init__(self, morceaux: Iterator[bytes]) -> None:
        self._morceaux = morceaux
        self._reste = memoryview(b"")

    def readable(self) -> bool:
        """It is only read."""
        return True

    def readinto(self, tampon: memoryview) -> int:
        """Fill `tampon` with what comes next; 0 at the end."""
        while not self._reste:
            morceau = next(self._morceaux, None)
            if morceau is None:
                return 0
            self._reste = memoryview(morceau)
        nombre = min(len(tampon), len(self._reste))
        tampon[:nombre] = self._reste[:nombre]
        self._reste = self._reste[nombre:]
        return nombre


def _lignes_completes(flux: BinaryIO, separateur: str, largeur: int) -> Iterator[bytes]:
    """The lines of a regular file, with the separators a row short of `largeur` cells lacks."""
    reste = b""
    while morceau := flux.read(OCTETS_PAR_LOT):
        lu = reste + morceau
        fin = lu.rfind(b"\n") + 1
        reste = lu[fin:]
        if fin:
            yield _completer(lu[:fin], separateur, largeur)
    if reste:
        yield _completer(reste + b"\n", separateur, largeur)


def _completer(lignes: bytes, separateur: str, largeur: int) -> bytes:
    """Whole lines, each filled up before its end; a blank line stays blank."""
    octets = np.frombuffer(lignes, np.uint8)
    est_separateur = octets == ord(separateur)
    if GUILLEMET in lignes:
        est_separateur &= ~np.logical_xor.accumulate(octets == GUILLEMET)
    fins = np.flatnonzero(octets == FIN_DE_LIGNE)
    par_ligne = np.diff(np.searchsorted(np.flatnonzero(est_separateur), fins), prepend=0)
    longueurs = np.diff(fins, prepend=-1) - 1
    retours = (longueurs > 0) & (octets[fins - 1] == RETOUR)
    manque = np.where(longueurs == retours, 0, largeur - 1 - par_ligne)
    if not manque.any():
        return lignes
    return np.insert(octets, np.repeat(fins - retours, manque), ord(separateur)).tobytes()


def releve(fichier: Fichier, separateur: str, passees: int, largeur: int) -> Releve:
    """The shape of a UTF-8 file below its first `passees` lines.

    A file without quotes nor blank lines, whose separators are those of rows of `largeur` cells,
    is known by counting; any other is measured line by line.
    """
    return _releve_par_compte(fichier, separateur, passees, largeur) or _releve_par_ligne(
        fichier, separateur, passees
    )


def _releve_par_compte(
    fichier: Fichier, separateur: str, passees: int, largeur: int
) -> Releve | None:
    """The shape of the plainest file.

    A row too wide, hidden from the count by one too short, is the strict reader's to refuse.
    """
    lignes, separateurs, dernier = 0, 0, b"\n"
    with fichier.ouvrir() as flux:
        for _ in range(passees):
            flux.readline()
        while morceau := flux.read(OCTETS_EN_CACHE):
            if GUILLEMET in morceau:
                return None
            # each byte beside the one before it, across the pieces too
            octets = np.frombuffer(dernier + morceau, np.uint8)
            est_fin = octets == FIN_DE_LIGNE
            est_vide = est_fin[1:] & est_fin[:-1]
            if RETOUR in morceau or dernier == b"\r":
                est_retour = octets == RETOUR
                if (est_retour[:-1] & ~est_fin[1:]).any():
                    return None
                est_vide |= est_retour[1:] & est_fin[:-1]
            if est_vide.any():
                return None
            lignes += int(np.count_nonzero(est_fin[1:]))
            separateurs += int(np.count_nonzero(octets[1:] == ord(separateur)))
            dernier = morceau[-1:]
    lignes += dernier != b"\n"
    if separateurs != lignes * (largeur - 1):
        return None
    aucune = np.empty(0, np.int64)
    return Releve(lignes, aucune, largeur, largeur, est_regulier=True)


def _releve_par_ligne(fichier: Fichier, separateur: str, passees: int) -> Releve:
    """The shape of any file, sixteen megabytes at a time.

    `est_regulier` says that every row stands on one line, ended by a line feed, and that no quote
    is left open.
    """
    lignes, largeur, vides, regulier = 0, 0, [], True
    etroite = OCTETS_PAR_MORCEAU
    ouvert = False
    separateurs_en_cours, longueur_en_cours, dernier = 0, 0, FIN_DE_LIGNE
    rang = 0
    with fichier.ouvrir() as flux:
        for _ in range(passees):
            flux.readline()
        while morceau := flux.read(OCTETS_PAR_MORCEAU):
            octets = np.frombuffer(morceau, np.uint8)
            est_fin = octets == FIN_DE_LIGNE
            est_separateur = octets == ord(separateur)
            if GUILLEMET in morceau or ouvert:
                dedans = np.logical_xor.accumulate(octets == GUILLEMET) ^ ouvert
                ouvert = bool(dedans[-1])
                regulier &= not bool((est_fin & dedans).any())
                est_separateur &= ~dedans
            if RETOUR in morceau:
                suivants = np.append(octets[1:], FIN_DE_LIGNE)
                regulier &= bool((suivants[octets == RETOUR] == FIN_DE_LIGNE).all())
            fins = np.flatnonzero(est_fin)
            par_ligne = np.diff(
                np.searchsorted(np.flatnonzero(est_separateur), fins),
                prepend=-separateurs_en_cours,
            )
            longueurs = np.diff(fins, prepend=-longueur_en_cours - 1) - 1
            precedents = np.concatenate(([dernier], octets))[fins]
            vide = (longueurs == 0) | ((longueurs == 1) & (precedents == RETOUR))
            vides.append(np.flatnonzero(vide) + rang)
            lignes += int((~vide).sum())
            largeur = max(largeur, int(par_ligne.max(initial=0)))
            etroite = int(par_ligne[~vide].min(initial=etroite))
            regulier &= int(longueurs.max(initial=0)) < OCTETS_D_ESSAI
            rang += len(fins)
            reste = int(fins[-1]) + 1 if len(fins) else 0
            separateurs_en_cours = int(est_separateur[reste:].sum()) + (
                0 if len(fins) else separateurs_en_cours
            )
            longueur_en_cours = len(octets) - reste + (0 if len(fins) else longueur_en_cours)
            dernier = int(octets[-1])
    if longueur_en_cours:
        lignes += 1
        largeur = max(largeur, separateurs_en_cours)
        etroite = min(etroite, separateurs_en_cours)
        regulier &= longueur_en_cours < OCTETS_D_ESSAI and dernier != RETOUR
    return Releve(
        lignes=lignes,
        vides=np.concatenate(vides) if vides else np.empty(0, np.int64),
        cellules_min=etroite + 1,
        cellules_max=largeur + 1,
        est_regulier=regulier and not ouvert,
    )


def _encodage(fichier: Fichier) -> tuple[str, str]:
    """UTF-16 by its mark, UTF-8 if nearly all is, else Windows-1252 as Excel saves it."""
    with fichier.ouvrir() as flux:
        marque = flux.read(4)
    if marque.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "replace"
    if _est_utf8(fichier):
        return "utf-8-sig", "strict"
    accents = abimes = 0
    suite = codecs.getincrementaldecoder("utf-8")("replace")
    with fichier.ouvrir() as flux:
        while morceau := flux.read(OCTETS_PAR_MORCEAU):
            texte = suite.decode(morceau)
            abimes += texte.count("\ufffd")
            accents += len(texte) - len(texte.encode("ascii", "ignore"))
    abimes += len(suite.decode(b"", final=True))
    if abimes < PART_D_ACCENTS_ABIMES_MAX * accents:
        return "utf-8-sig", RESCAPE
    return "cp1252", "replace"


def _est_utf8(fichier: Fichier) -> bool:
    """True when every byte of `fichier` is UTF-8."""
    suite = codecs.getincrementaldecoder("utf-8")("strict")
    with fichier.ouvrir() as flux:
        try:
            while morceau := flux.read(OCTETS_EN_CACHE):
                suite.decode(morceau)
            suite.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _separateur(texte: str) -> str:
    """The separator under which the first lines hold the most known headers, then most cells."""
    premieres = texte.splitlines()[:LIGNES_DE_TITRE_MAX]

    def note(separateur: str) -> tuple[int, int]:
        lues = [_decouper(ligne, separateur) or [] for ligne in premieres]
        connus = [sum(normaliser(c) in entetes_connus() for c in cellules) for cellules in lues]
        return max(connus, default=0), max((len(c) for c in lues), default=0)

    return max(SEPARATEURS, key=note)


def _decouper(texte: str, separateur: str) -> list[str] | None:
    """The cells of a row; None when a quote is still open at its end."""
    if '"' not in texte:
        return texte.split(separateur)
    try:
        return next(csv.reader([texte], delimiter=separateur, strict=True), [])
    except csv.Error:
        pass
    # a quote in the middle of a cell is a letter like another, but one that opens must close
    lecteur = csv.reader([texte, ""], delimiter=separateur)
    try:
        cellules = next(lecteur)
    except csv.Error:
        return None
    return cellules if lecteur.line_num == 1 else None


def _lignes_physiques(flux: TextIO) -> Iterator[tuple[str, bool]]:
    """The lines of `flux` without their end, and whether one was too long to be kept whole."""
    limite = OCTETS_D_ESSAI
    premiere = True
    while texte := flux.readline(limite):
        trop_longue = not texte.endswith("\n") and len(texte) == limite
        suite = texte
        while trop_longue and suite and not suite.endswith("\n"):
            suite = flux.readline(limite)
        if premiere:
            texte, premiere = texte.removeprefix("\ufeff"), False
        yield texte.rstrip("\n").replace("\0", ""), trop_longue


def _longueur(texte: str, suite: list[tuple[str, bool]]) -> int:
    """Characters of a row over its lines: no cell of it is longer."""
    return len(texte) + sum(len(t) + 1 for t, _ in suite)


def _rangees(lignes: Iterator[tuple[str, bool]], separateur: str) -> Iterator[Rangee]:
    """Rows assembled from lines: a quoted cell may hold line feeds, but not swallow the file."""
    cellule_max = int(reference.valeur("controles", "cellule_caracteres_max"))
    lignes_max = int(reference.valeur("controles", "cellule_lignes_max"))
    rendues: deque[tuple[str, bool]] = deque()
    numero = 0

    def suivante() -> tuple[str, bool] | None:
        return rendues.popleft() if rendues else next(lignes, None)

    while (lue := suivante()) is not None:
        texte, trop_longue = lue
        numero += 1
        if trop_longue:
            yield Rangee(numero, [], CELLULE_TROP_LONGUE)
            continue
        cellules = _decouper(texte, separateur)
        avancees: list[tuple[str, bool]] = []
        while cellules is None and len(avancees) < lignes_max:
            prochaine = suivante()
            if prochaine is None:
                break
            avancees.append(prochaine)
            if prochaine[1]:
                break
            if '"' in prochaine[0]:
                cellules = _decouper("\n".join([texte, *(t for t, _ in avancees)]), separateur)
        if cellules is None:
            rendues.extendleft(reversed(avancees))
            yield Rangee(numero, [texte], GUILLEMET_JAMAIS_FERME)
        elif _longueur(texte, avancees) > cellule_max < max(map(len, cellules)):
            yield Rangee(numero, [], CELLULE_TROP_LONGUE)
        else:
            yield Rangee(numero, [c or None for c in cellules])
