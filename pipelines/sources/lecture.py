"""Reading any table people keep: CSV of any dialect, Excel, GeoJSON.

A file becomes `Tableau`s: a header, where it stands, and how to load the rows below it as text.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import duckdb
import numpy as np
import pyarrow as pa
import shapely
import shapely.geometry

from pipelines.base.erreurs import AtlasError
from pipelines.sources import classeurs, fichiers_csv
from pipelines.sources.classeurs import Constat
from pipelines.sources.fichiers import Fichier
from pipelines.sources.fichiers_csv import (
    BLANCS,
    LIGNES_DE_TITRE_MAX,
    Dialecte,
    Rangee,
    nettoyer,
)

# Up to this size a CSV is cut row by row; Arrow takes the larger ones, when they are regular.
OCTETS_EN_MEMOIRE = 2 * 1024**2
# From this size on, a table in memory is packed before it is looked at.
OCTETS_A_TASSER = 64 * 1024**2
LIGNES_PAR_LOT = 50_000
SUFFIXES_CSV = (".csv", ".txt", ".tsv")
SUFFIXES_EXCEL = (".xlsx", ".xls", ".xlsm", ".ods")
SUFFIXES_GEOJSON = (".geojson", ".json")
# What is drawn from a geometry: a point inside, the box around it, and itself.
ENTETES_DU_CONTOUR = (
    "longitude_representative",
    "latitude_representative",
    "contour_ouest",
    "contour_sud",
    "contour_est",
    "contour_nord",
    "contour_wkb",
)


@dataclass(frozen=True)
class Versement:
    """Rows put into a table of the connection: cells c0, c1 …, and how to tell their line.

    `depuis` is a `from` clause without blank rows, `ligne` an expression over it. `est_net` says
    that the cells are already free of blanks around them.
    """

    depuis: str
    ligne: str
    rejets: list[Rangee] = field(repr=False)
    est_net: bool = True


@dataclass(frozen=True)
class Tableau:
    """One table of one file: candidate header rows, and what is needed to load the rest.

    `debuts` holds the first rows as text with the 1-based line each stands on in the file.
    """

    fichier: Fichier
    debuts: list[tuple[int, list[str]]]
    rangees: Callable[[], Iterator[Rangee]] = field(repr=False)
    forme: Dialecte | None = None
    feuille: str | None = None
    constats: tuple[Constat, ...] = ()

    @property
    def encodage(self) -> str | None:
        """The encoding of a CSV."""
        return self.forme.encodage if self.forme else None

    def verser(
        self,
        connexion: duckdb.DuckDBPyConnection,
        table: str,
        ligne_entete: int,
        largeur: int,
    ) -> Versement:
        """Create `table` with the rows below `ligne_entete`, as text, in columns c0, c1 … up to
        `largeur`.

        A row of a CSV with more cells than that, or that can't be cut, is among the rejects, with
        what could be read of it.
        """
        versement = self._verser_en_bloc(connexion, table, ligne_entete, largeur)
        return versement or self._verser_par_lots(connexion, table, ligne_entete, largeur)

    def verser_tout(self, connexion: duckdb.DuckDBPyConnection, table: str, largeur: int) -> None:
        """Create `table` with every row of a file nobody knows, the wider ones folded."""
        if self._verser_en_bloc(connexion, table, 0, largeur):
            return
        plies = (
            (rangee.ligne, rangee.cellules[i : i + largeur])
            for rangee in self.rangees()
            for i in range(0, len(rangee.cellules), largeur)
        )
        _remplir(connexion, table, plies, largeur)

    def _verser_par_lots(
        self,
        connexion: duckdb.DuckDBPyConnection,
        table: str,
        ligne_entete: int,
        largeur: int,
    ) -> Versement:
        rejets: list[Rangee] = []

        def lisibles() -> Iterator[tuple[int, list[str | None]]]:
            for rangee in self.rangees():
                if rangee.ligne <= ligne_entete:
                    continue
                cellules = rangee.cellules
                if rangee.rejet is not None:
                    rejets.append(rangee)
                elif any(map(nettoyer, cellules[largeur:])):
                    raison = f"{len(cellules)} cellules pour {largeur} en-têtes"
                    rejets.append(Rangee(rangee.ligne, cellules, raison))
                elif any(map(nettoyer, cellules)):
                    yield rangee.ligne, cellules

        _remplir(connexion, table, lisibles(), largeur)
        return Versement(table, "ligne", rejets)

    def _verser_en_bloc(
        self, connexion: duckdb.DuckDBPyConnection, table: str, ligne_entete: int, largeur: int
    ) -> Versement | None:
        """A large UTF-8 CSV with one row a line, cut by Arrow; None when it isn't one.

        Rows may lack their last cells, never have more than `largeur` of them.
        """
        if (
            self.forme is None
            or self.forme.erreurs != "strict"
            or self.fichier.octets <= OCTETS_EN_MEMOIRE
            or any("\n" in c for n, cs in self.debuts if n <= ligne_entete for c in cs)
        ):
            return None
        releve = fichiers_csv.releve(self.fichier, self.forme.separateur, ligne_entete, largeur)
        if not releve.est_regulier or releve.cellules_max > largeur:
            return None
        # a cell that begins with a sign is no blank: the first one found spares the others
        vite = " ".join(f"when c{i} between '!' and '~' then true" for i in range(largeur))
        pleine = " or ".join(f"{_nette(i)} != ''" for i in range(largeur))
        try:
            with fichiers_csv.lots(
                self.fichier,
                self.forme.separateur,
                ligne_entete,
                [f"c{i}" for i in range(largeur)],
                completer=releve.cellules_min < largeur,
            ) as lots:
                connexion.register("lots_en_cours", lots)
                connexion.execute(
                    f"create table {table} as "
                    f"select *, case {vite} else coalesce({pleine}, false) end as est_pleine "
                    "from lots_en_cours"
                )
        except (duckdb.Error, pa.ArrowInvalid):
            # a row too wide, told one by one: what was said of it may quote it
            connexion.execute(f"drop table if exists {table}")
            return None
        finally:
            connexion.unregister("lots_en_cours")
        [(lues, pleines)] = connexion.execute(
            f"select count(*), count(*) filter (where est_pleine) from {table}"
        ).fetchall()
        if lues != releve.lignes:
            connexion.execute(f"drop table {table}")
            return None
        if self.fichier.octets > OCTETS_A_TASSER:
            # packed at once: what is then asked of a column is asked of its distinct values
            connexion.execute(f"checkpoint {table.partition('.')[0]}")
        filtre = "" if lues == pleines else " where est_pleine"
        if len(releve.vides) == 0:
            ligne = f"rowid + {ligne_entete + 1}"
            return Versement(f"{table}{filtre}", ligne, [], est_net=False)
        # blank lines are not in the table: how many stand above each row
        sauts = pa.table({"rang": releve.vides - np.arange(len(releve.vides))})
        connexion.register("sauts_en_cours", sauts)
        connexion.execute(
            f"create table {table}_sauts as "
            "select rang, sum(count(*)) over (order by rang) as passees "
            "from sauts_en_cours group by rang"
        )
        connexion.unregister("sauts_en_cours")
        jointure = (
            f"(select lues.*, lues.rowid as rang_lu, coalesce(sauts.passees, 0) as passees "
            f"from {table} as lues asof left join {table}_sauts as sauts "
            "on lues.rowid >= sauts.rang)"
        )
        ligne = f"cast(rang_lu + passees + {ligne_entete + 1} as bigint)"
        return Versement(f"{jointure}{filtre}", ligne, [], est_net=False)


def cellule_nette(connexion: duckdb.DuckDBPyConnection, table: str, rang: int) -> str:
    """The expression of a clean cell c<rang>: the cell itself when every value already is."""
    [(a_nettoyer,)] = connexion.execute(
        f"select coalesce(bool_or(c{rang} != {_nette(rang)}), false) "
        f"from (select distinct c{rang} from {table})"
    ).fetchall()
    return _nette(rang) if a_nettoyer else f"c{rang}"


def _nette(rang: int) -> str:
    return f"trim(translate(c{rang}, '{BLANCS}', '{' ' * len(BLANCS)}'))"


def tableaux(fichier: Fichier) -> Iterator[Tableau]:
    """The tables `fichier` holds: one for a CSV or a GeoJSON, one a sheet for Excel.

    Files of another kind hold none. Raises AtlasError when the file can't be opened as what its
    name says.
    """
    suffixe = fichier.suffixe
    if suffixe in SUFFIXES_CSV:
        yield _csv(fichier)
    elif suffixe in SUFFIXES_EXCEL:
        yield from _classeur(fichier)
    elif suffixe in SUFFIXES_GEOJSON:
        yield from _geojson(fichier)


def _remplir(
    connexion: duckdb.DuckDBPyConnection,
    table: str,
    rangees: Iterator[tuple[int, list[str | None]]],
    largeur: int,
) -> None:
    """Create `table` (ligne, c0, c1 … up to `largeur`) and append `rangees`, lot by lot."""
    colonnes = ", ".join(f"c{i} varchar" for i in range(largeur))
    connexion.execute(f"create table {table} (ligne bigint, {colonnes})")
    while lot := list(itertools.islice(rangees, LIGNES_PAR_LOT)):
        par_colonne = {"ligne": pa.array([ligne for ligne, _ in lot], pa.int64())}
        for i in range(largeur):
            valeurs = [nettoyer(c[i]) if i < len(c) else None for _, c in lot]
            par_colonne[f"c{i}"] = pa.array(valeurs, pa.string())
        connexion.register("lot_en_cours", pa.table(par_colonne))
        connexion.execute(f"insert into {table} select * from lot_en_cours")
        connexion.unregister("lot_en_cours")


def _csv(fichier: Fichier) -> Tableau:
    forme = fichiers_csv.dialecte(fichier)
    constats = (Constat("encodage_mele", fichier.nom),) if forme.est_mele else ()
    return Tableau(
        fichier,
        fichiers_csv.debut(fichier, forme),
        lambda: fichiers_csv.rangees(fichier, forme),
        forme=forme,
        constats=constats,
    )


def _classeur(fichier: Fichier) -> Iterator[Tableau]:
    feuilles, constats = classeurs.ouvrir(fichier)
    for rang, feuille in enumerate(feuilles):
        debuts = [
            (r.ligne, [c or "" for c in r.cellules])
            for r in itertools.islice(feuille.rangees(), LIGNES_DE_TITRE_MAX)
            if r.rejet is None
        ]
        # what was seen is of the whole workbook: said once
        vus = tuple(constats) if rang == 0 else ()
        yield Tableau(fichier, debuts, feuille.rangees, feuille=feuille.nom, constats=vus)


def _geojson(fichier: Fichier) -> Iterator[Tableau]:
    """A FeatureCollection as rows: properties, a point inside, the geometry as hexadecimal WKB.

    A .json file that is no such collection holds no table.
    """
    try:
        contenu = json.loads(fichier.lire().decode("utf-8-sig"))
        if fichier.suffixe == ".json" and (
            not isinstance(contenu, dict) or contenu.get("type") != "FeatureCollection"
        ):
            return
        entites = contenu["features"]
        cles = sorted({cle for e in entites for cle in e["properties"]})
        entetes = [*cles, *ENTETES_DU_CONTOUR]
        lignes = [Rangee(1, entetes)]
        for rang, entite in enumerate(entites, start=2):
            proprietes = [_propriete(entite["properties"].get(cle)) for cle in cles]
            lignes.append(Rangee(rang, [*proprietes, *_contour(entite["geometry"])]))
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError,
            shapely.errors.ShapelyError) as cause:  # fmt: skip
        raise AtlasError(
            "Contours illisibles : ce n'est pas une collection GeoJSON complète.",
            fichier=fichier.nom,
            admis="une FeatureCollection de communes avec leurs propriétés « code » et « nom »",
            remede="télécharger à nouveau le fichier des contours",
        ) from cause
    yield Tableau(fichier, [(1, entetes)], lambda: iter(lignes))


def _contour(geometrie: dict | None) -> list[str | None]:
    """What `ENTETES_DU_CONTOUR` names; nothing of an empty geometry."""
    if geometrie is None:
        return [None] * len(ENTETES_DU_CONTOUR)
    forme = shapely.geometry.shape(geometrie)
    if not forme.is_valid:
        forme = shapely.make_valid(forme)
    if forme.is_empty:
        return [None] * len(ENTETES_DU_CONTOUR)
    point = forme.representative_point()
    degres = map(str, (point.x, point.y, *forme.bounds))
    return [*degres, shapely.to_wkb(forme, hex=True)]


def _propriete(valeur: object) -> str | None:
    """A property as text: 6.0 → « 6 », empty → None."""
    if valeur is None or valeur == "":
        return None
    if isinstance(valeur, float) and valeur.is_integer():
        return str(int(valeur))
    return str(valeur).replace("\0", "").encode("utf-8", "replace").decode("utf-8")
