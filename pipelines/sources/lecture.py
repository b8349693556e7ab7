"""Reading any table people keep: CSV of any dialect, Excel, GeoJSON.

A file becomes `Tableau`s: a header, where it stands, and how to load the rows below it as text.
"""

import contextlib
import csv
import datetime
import hashlib
import io
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import python_calamine
import shapely
import shapely.geometry

from pipelines.base.erreurs import AtlasError

# How far down a header may stand below title lines, and how much text is enough to know a dialect.
LIGNES_DE_TITRE_MAX = 20
OCTETS_D_ESSAI = 262_144
# Up to this size a CSV is read row by row, as a spreadsheet would number it; DuckDB reads the rest.
OCTETS_EN_MEMOIRE = 2 * 1024**2
SEPARATEURS = (";", ",", "\t", "|")
SUFFIXES_CSV = (".csv", ".txt", ".tsv")
SUFFIXES_EXCEL = (".xlsx", ".xls", ".xlsm", ".ods")
SUFFIXES_GEOJSON = (".geojson",)


@dataclass(frozen=True)
class Tableau:
    """One table of one file: candidate header rows, and what is needed to load the rest.

    `debuts` holds the first rows as text with the 1-based line each stands on in the file.
    """

    fichier: Path
    debuts: list[tuple[int, list[str]]]
    separateur: str | None = None
    encodage: str | None = None
    lignes: list[list[str | None]] | None = field(default=None, repr=False)

    def inserer(
        self,
        connexion: duckdb.DuckDBPyConnection,
        table: str,
        ligne_entete: int,
        positions: dict[str, int],
        nom: str,
    ) -> None:
        """Append the rows below `ligne_entete` to `table`, as text.

        `positions` maps the columns of `table` to their rank in the file; `fichier` takes `nom`
        and `ligne` the 1-based line the user's spreadsheet shows. Rows a CSV can't be cut into
        go to DuckDB's own tables of rejects.
        """
        if self.lignes is not None:
            self._inserer_memoire(connexion, table, ligne_entete, positions, nom)
        elif self.encodage == "utf-8":
            self._inserer_csv(connexion, table, ligne_entete, positions, nom, self.fichier)
        else:
            with tempfile.TemporaryDirectory() as dossier:
                copie = Path(dossier) / "utf-8.csv"
                texte = self.fichier.read_bytes().decode(self.encodage)
                copie.write_text(texte, encoding="utf-8", newline="")
                self._inserer_csv(connexion, table, ligne_entete, positions, nom, copie)

    def _inserer_memoire(
        self,
        connexion: duckdb.DuckDBPyConnection,
        table: str,
        ligne_entete: int,
        positions: dict[str, int],
        nom: str,
    ) -> None:
        gardees = [
            (n, ligne)
            for n, ligne in enumerate(self.lignes[ligne_entete:], start=ligne_entete + 1)
            if any(cellule not in (None, "") for cellule in ligne)
        ]
        colonnes = {
            "fichier": pa.array([nom] * len(gardees), pa.string()),
            "ligne": pa.array([n for n, _ in gardees], pa.int64()),
        }
        for colonne, i in positions.items():
            valeurs = [ligne[i] if i < len(ligne) else None for _, ligne in gardees]
            colonnes[colonne] = pa.array(valeurs, pa.string())
        connexion.register("lecture_en_cours", pa.table(colonnes))
        connexion.execute(f"insert into {table} by name select * from lecture_en_cours")
        connexion.unregister("lecture_en_cours")

    def _inserer_csv(
        self,
        connexion: duckdb.DuckDBPyConnection,
        table: str,
        ligne_entete: int,
        positions: dict[str, int],
        nom: str,
        chemin: Path,
    ) -> None:
        entete = dict(self.debuts)[ligne_entete]
        colonnes = ", ".join(f"'c{i}': 'varchar'" for i in range(len(entete)))
        toutes = ", ".join(f"c{i}" for i in range(len(entete)))
        selection = ", ".join(f'c{i} as "{colonne}"' for colonne, i in positions.items())
        connexion.execute(
            f"""
            insert into {table} by name
            select fichier, ligne, {selection}
            from (
                select ? as fichier, row_number() over () + ? as ligne, *
                from read_csv(
                    ?, header = false, delim = ?, quote = '"', escape = '"', skip = ?,
                    columns = {{{colonnes}}}, auto_detect = false, strict_mode = false,
                    null_padding = true, parallel = false, store_rejects = true
                )
            )
            where coalesce({toutes}) is not null
            """,
            [nom, ligne_entete, str(chemin), self.separateur, ligne_entete],
        )


def empreinte(fichier: Path) -> str:
    """sha256 of the bytes of `fichier`, in hexadecimal."""
    with fichier.open("rb") as flux:
        return hashlib.file_digest(flux, "sha256").hexdigest()


def tableaux(fichier: Path) -> Iterator[Tableau]:
    """The tables `fichier` holds: one for a CSV or a GeoJSON, one a sheet for Excel.

    Files of another kind hold none. Raises AtlasError when the file can't be opened as what its
    name says.
    """
    suffixe = fichier.suffix.lower()
    if suffixe in SUFFIXES_CSV:
        yield _csv(fichier)
    elif suffixe in SUFFIXES_EXCEL:
        yield from _excel(fichier)
    elif suffixe in SUFFIXES_GEOJSON:
        yield _geojson(fichier)


def _csv(fichier: Path) -> Tableau:
    with fichier.open("rb") as flux:
        essai = flux.read(OCTETS_D_ESSAI)
    encodage = _encodage(fichier)
    # the sample may end inside a character: what can't be decoded there is of no use to a header
    texte = essai.decode(encodage, errors="ignore").removeprefix("\ufeff")
    premieres = texte.splitlines()[:LIGNES_DE_TITRE_MAX]
    separateur = max(SEPARATEURS, key=lambda s: max((x.count(s) for x in premieres), default=0))
    lignes = _lignes_csv(fichier, encodage, separateur)
    if lignes is not None:
        debuts = [
            (n, [c or "" for c in ligne])
            for n, ligne in enumerate(lignes[:LIGNES_DE_TITRE_MAX], start=1)
        ]
    else:
        debuts = _debuts_csv(texte, separateur)
    return Tableau(fichier, debuts, separateur=separateur, encodage=encodage, lignes=lignes)


def _lignes_csv(fichier: Path, encodage: str, separateur: str) -> list[list[str | None]] | None:
    """Every row of a small and well-formed CSV, blank ones too; None for DuckDB to read it."""
    if fichier.stat().st_size > OCTETS_EN_MEMOIRE:
        return None
    texte = fichier.read_bytes().decode(encodage).removeprefix("\ufeff")
    lecteur = csv.reader(io.StringIO(texte, newline=""), delimiter=separateur, strict=True)
    try:
        return [[c or None for c in ligne] for ligne in lecteur]
    except csv.Error:
        return None


def _debuts_csv(texte: str, separateur: str) -> list[tuple[int, list[str]]]:
    """The first rows of a CSV with the line of the file each ends on."""
    lecteur = csv.reader(io.StringIO(texte), delimiter=separateur)
    debuts: list[tuple[int, list[str]]] = []
    # a quote never closed makes a cell longer than the csv module admits: the rows before it stand
    with contextlib.suppress(csv.Error):
        for ligne in lecteur:
            debuts.append((lecteur.line_num, ligne))
            if len(debuts) >= LIGNES_DE_TITRE_MAX:
                break
    return debuts


def _encodage(fichier: Path) -> str:
    """UTF-8 (with or without BOM) if the whole file is, else Windows-1252 as Excel saves it."""
    try:
        with fichier.open(encoding="utf-8") as flux:
            while flux.read(OCTETS_D_ESSAI):
                pass
    except UnicodeDecodeError:
        return "cp1252" if _se_decode(fichier, "cp1252") else "latin-1"
    return "utf-8"


def _se_decode(fichier: Path, encodage: str) -> bool:
    try:
        fichier.read_bytes().decode(encodage)
    except UnicodeDecodeError:
        return False
    return True


def _excel(fichier: Path) -> Iterator[Tableau]:
    try:
        classeur = python_calamine.CalamineWorkbook.from_path(str(fichier))
        feuilles = [
            classeur.get_sheet_by_name(nom).to_python(skip_empty_area=False)
            for nom in classeur.sheet_names
        ]
    except Exception as cause:  # calamine raises its own families of errors for a broken workbook
        raise AtlasError(
            "Classeur illisible : le fichier est abîmé, protégé ou n'est pas un classeur.",
            fichier=fichier.name,
            admis="un classeur .xlsx sans mot de passe, ou un fichier CSV",
            remede="l'ouvrir dans le tableur et l'enregistrer à nouveau au format .xlsx",
        ) from cause
    for feuille in feuilles:
        lignes = [[_cellule(c) for c in ligne] for ligne in feuille]
        debuts = [
            (n, [c or "" for c in ligne])
            for n, ligne in enumerate(lignes[:LIGNES_DE_TITRE_MAX], start=1)
        ]
        yield Tableau(fichier, debuts, lignes=lignes)


def _cellule(valeur: object) -> str | None:
    """A cell as text: 6.0 → « 6 », dates in ISO, empty → None."""
    if valeur is None or valeur == "":
        return None
    if isinstance(valeur, float) and valeur.is_integer():
        return str(int(valeur))
    if isinstance(valeur, datetime.datetime | datetime.date):
        return valeur.isoformat()[:10]
    return str(valeur)


def _geojson(fichier: Path) -> Tableau:
    """A FeatureCollection as rows: properties, a point inside, the geometry as hexadecimal WKB."""
    try:
        contenu = json.loads(fichier.read_text(encoding="utf-8"))
        entites = contenu["features"]
        cles = sorted({cle for e in entites for cle in e["properties"]})
        lignes: list[list[str | None]] = [
            [*cles, "longitude_representative", "latitude_representative", "contour_wkb"]
        ]
        for entite in entites:
            forme = shapely.geometry.shape(entite["geometry"])
            if not forme.is_valid:
                forme = shapely.make_valid(forme)
            point = forme.representative_point()
            proprietes = [_cellule(entite["properties"].get(cle)) for cle in cles]
            lignes.append(
                [*proprietes, str(point.x), str(point.y), shapely.to_wkb(forme, hex=True)]
            )
    except (ValueError, KeyError, TypeError, AttributeError, shapely.errors.ShapelyError) as cause:
        raise AtlasError(
            "Contours illisibles : ce n'est pas une collection GeoJSON complète.",
            fichier=fichier.name,
            admis="une FeatureCollection de communes avec leurs propriétés « code » et « nom »",
            remede="télécharger à nouveau le fichier des contours",
        ) from cause
    debuts = [(1, [c or "" for c in lignes[0]])]
    return Tableau(fichier, debuts, lignes=lignes)
