"""A workbook read as values only, once it is known to be harmless.

Nothing in it runs: macros are not looked at, links to other files are not followed, a formula is
the value the spreadsheet last gave it. What would fill the memory is refused before it is opened.
"""

import datetime
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import python_calamine

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import nombre
from pipelines.sources.fichiers import Fichier
from pipelines.sources.fichiers_csv import CELLULE_TROP_LONGUE, Rangee

OCTETS_PAR_MORCEAU = 1024**2
RECOUVREMENT = 512
ENTREES_MAX = 5000
MARQUE_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
CHIFFRE = "EncryptedPackage".encode("utf-16-le")
MACROS_OLE = "_VBA_PROJECT".encode("utf-16-le")
"""The folder of the macros of an old .xls, as its directory names it."""
MEGAOCTET = 1024**2
ADMIS = "un classeur .xlsx sans mot de passe, ou un fichier CSV"

_LIGNE = re.compile(rb'<row\b[^>]{0,200}?\br="(\d{1,9})"')
_CELLULE = re.compile(rb'<c\b[^>]{0,100}?\br="([A-Z]{1,4})\d')
_SANS_VALEUR = re.compile(
    rb'<c\b(?=[^>]*\br="([A-Z]{1,4})(\d{1,9})")'
    rb'(?:[^>]*\bt="e"[^>]*>'
    rb"|[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>)"
)
_LIGNE_ODS = re.compile(rb"<table:table-row\b([^>]*)>(.*?)</table:table-row>", re.DOTALL)
_CELLULE_ODS = re.compile(rb"<table:table-cell\b([^>]*office:value-type[^>]*)>")
_REPETEE = re.compile(rb'number-(?:rows|columns)-repeated="(\d{1,9})"')


@dataclass(frozen=True)
class Constat:
    """What was seen in a file besides its rows: anomaly code, what, where."""

    code: str
    valeur: str
    ligne: int | None = None
    colonne: str | None = None


@dataclass(frozen=True)
class Feuille:
    """One sheet: its name and how to go through its rows."""

    nom: str
    objet: python_calamine.CalamineSheet = field(repr=False)

    def rangees(self) -> Iterator[Rangee]:
        """Every row from the first one; a cell merged over several rows is in each of them.

        A row with a cell longer than Excel admits is given with that reason.
        """
        longueur_max = int(reference.valeur("controles", "cellule_caracteres_max"))
        fusions = self._fusions()
        actives: list[tuple[int, range, str | None]] = []
        # a table that begins in column C keeps its letters: the empty ones before it are there too
        avant: list[str | None] = [None] * self._premiere_colonne
        for rang, brute in enumerate(self.objet.iter_rows()):
            cellules = avant + [_texte(c) for c in brute]
            if any(c and len(c) > longueur_max for c in cellules):
                yield Rangee(rang + 1, [], CELLULE_TROP_LONGUE)
                continue
            for bas, colonnes in fusions.get(rang, ()):
                valeur = next((cellules[j] for j in colonnes if cellules[j]), None)
                actives.append((bas, colonnes, valeur))
            actives = [a for a in actives if a[0] >= rang]
            if any(c is not None for c in cellules):
                for _, colonnes, valeur in actives:
                    for j in colonnes:
                        cellules[j] = valeur
            yield Rangee(rang + 1, cellules)

    @property
    def _premiere_colonne(self) -> int:
        """The rank of the first column that holds anything."""
        return (self.objet.start or (0, 0))[1]

    def _fusions(self) -> dict[int, list[tuple[int, range]]]:
        """Areas merged over several rows: first row → last row and columns, as ranks of a row."""
        largeur = self._premiere_colonne + self.objet.width
        fusions: dict[int, list[tuple[int, range]]] = {}
        for (haut, gauche), (bas, droite) in self.objet.merged_cell_ranges or []:
            if bas > haut:
                colonnes = range(gauche, min(droite + 1, largeur))
                fusions.setdefault(haut, []).append((bas, colonnes))
        return fusions


def ouvrir(fichier: Fichier) -> tuple[list[Feuille], list[Constat]]:
    """The sheets of `fichier` and what was seen in it.

    Raises AtlasError when it is protected, broken, or too big once open.
    """
    constats = _examiner(fichier)
    try:
        classeur = python_calamine.CalamineWorkbook.from_filelike(fichier.ouvrir())
        return [
            Feuille(meta.name, classeur.get_sheet_by_name(meta.name))
            for meta in classeur.sheets_metadata
            if meta.typ == python_calamine.SheetTypeEnum.WorkSheet
        ], constats
    except BaseException as cause:  # calamine has its own families of errors, and panics at times
        if isinstance(cause, KeyboardInterrupt | SystemExit):
            raise
        raise _illisible(fichier) from cause


def _examiner(fichier: Fichier) -> list[Constat]:
    """Refuse what must not be opened; note what will not be followed."""
    with fichier.ouvrir() as flux:
        est_ole = flux.read(len(MARQUE_OLE)) == MARQUE_OLE
    if est_ole:
        octets = fichier.lire()
        if CHIFFRE in octets:
            raise AtlasError(
                "Classeur protégé par un mot de passe : il ne peut pas être lu.",
                fichier=fichier.nom,
                admis=ADMIS,
                remede="l'enregistrer sans mot de passe, puis le redonner",
            )
        return [Constat("classeur_macros", fichier.nom)] if MACROS_OLE in octets else []
    try:
        with fichier.ouvrir() as flux, zipfile.ZipFile(flux) as archive:
            return _examiner_archive(fichier, archive)
    # a broken archive: of these, its content would be read otherwise by another program
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError,
            RuntimeError, UnicodeError, ValueError) as cause:  # fmt: skip
        raise _illisible(fichier) from cause


def _examiner_archive(fichier: Fichier, archive: zipfile.ZipFile) -> list[Constat]:
    entrees = archive.infolist()
    total = sum(e.file_size for e in entrees)
    taille = max(fichier.octets, 1)
    octets_max = int(reference.valeur("controles", "classeur_octets_max"))
    rapport_max = reference.valeur("controles", "classeur_rapport_max")
    a_partir_de = reference.valeur("controles", "classeur_rapport_a_partir_de_octets")
    if (
        len(entrees) > ENTREES_MAX
        or total > octets_max
        or (total > a_partir_de and total > rapport_max * taille)
    ):
        raise AtlasError(
            f"Classeur démesuré : {nombre(total / MEGAOCTET)} Mo une fois ouvert. "
            "Il n'a pas été ouvert.",
            fichier=fichier.nom,
            admis=f"{nombre(octets_max / MEGAOCTET)} Mo une fois ouvert",
            remede="enregistrer la feuille utile au format CSV, ou dans un classeur neuf",
        )
    constats = []
    noms = [e.filename.lower() for e in entrees]
    if any(n.endswith("vbaproject.bin") or n.startswith("basic/") for n in noms):
        constats.append(Constat("classeur_macros", fichier.nom))
    if any("externallinks/" in n for n in noms):
        constats.append(Constat("classeur_liens", fichier.nom))
    for entree in entrees:
        nom = entree.filename.lower()
        if nom.startswith("xl/worksheets/") and nom.endswith(".xml"):
            constats += _examiner_feuille(fichier, archive, entree)
        elif nom == "content.xml":
            _examiner_ods(fichier, archive.read(entree))
        else:
            # read to its end: what it says of its size is then known to be true
            with archive.open(entree) as flux:
                while flux.read(OCTETS_PAR_MORCEAU):
                    pass
    return constats


def _examiner_feuille(
    fichier: Fichier, archive: zipfile.ZipFile, entree: zipfile.ZipInfo
) -> list[Constat]:
    """How far a sheet extends, and its formulas or errors without a value."""
    lignes, largeur, a_formules, reste = 0, 0, False, b""
    with archive.open(entree) as flux:
        while morceau := flux.read(OCTETS_PAR_MORCEAU):
            texte = reste + morceau
            lignes = max([lignes, *map(int, _LIGNE.findall(texte))])
            largeur = max([largeur, *map(_rang_de_colonne, set(_CELLULE.findall(texte)))])
            a_formules = a_formules or b"<f" in texte or b't="e"' in texte
            reste = texte[-RECOUVREMENT:]
    _refuser_etendue(fichier, lignes * largeur)
    if not a_formules:
        return []
    vides = _SANS_VALEUR.findall(archive.read(entree))
    return [
        Constat("formule_sans_valeur", colonne.decode() + ligne.decode(), int(ligne))
        for colonne, ligne in vides
    ]


def _examiner_ods(fichier: Fichier, contenu: bytes) -> None:
    cellules = 0
    for attributs, interieur in _LIGNE_ODS.findall(contenu):
        pleines = sum(_repetitions(a) for a in _CELLULE_ODS.findall(interieur))
        cellules += _repetitions(attributs) * pleines
    _refuser_etendue(fichier, cellules)


def _repetitions(attributs: bytes) -> int:
    trouvee = _REPETEE.search(attributs)
    return int(trouvee[1]) if trouvee else 1


def _refuser_etendue(fichier: Fichier, cellules: int) -> None:
    cellules_max = int(reference.valeur("controles", "classeur_cellules_max"))
    if cellules > cellules_max:
        raise AtlasError(
            f"Feuille démesurée : elle s'étend sur {nombre(cellules)} cellules. "
            "Elle n'a pas été ouverte.",
            fichier=fichier.nom,
            admis=f"{nombre(cellules_max)} cellules, de la première à la dernière remplie",
            remede="supprimer les lignes et les colonnes au-delà du tableau (souvent une cellule "
            "oubliée tout en bas), ou enregistrer la feuille au format CSV",
        )


def _rang_de_colonne(lettres: bytes) -> int:
    """A → 1, Z → 26, AA → 27."""
    rang = 0
    for lettre in lettres:
        rang = rang * 26 + lettre - ord("A") + 1
    return rang


def _illisible(fichier: Fichier) -> AtlasError:
    return AtlasError(
        "Classeur illisible : le fichier est abîmé, protégé ou n'est pas un classeur.",
        fichier=fichier.nom,
        admis=ADMIS,
        remede="l'ouvrir dans le tableur et l'enregistrer à nouveau au format .xlsx",
    )


def _texte(valeur: object) -> str | None:
    """A cell as text: 6.0 → « 6 », dates in ISO, empty → None."""
    if valeur is None or valeur == "":
        return None
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, float) and valeur.is_integer():
        return str(int(valeur))
    if isinstance(valeur, datetime.datetime | datetime.date):
        return valeur.isoformat()[:10]
    return str(valeur).replace("\0", "")
