"""A folder of files → raw_* views, one a source, all text, with file and line of every row.

Rows are read into memory, never into the warehouse: a file refused for what it holds leaves
nothing on the disk, and the raw rows are gone with `liberer`.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path, PurePosixPath

import duckdb

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.insertion import inserer
from pipelines.base.textes import enumeration, pluriel
from pipelines.sources import annexes, donnees_personnelles, lecture
from pipelines.sources.cartes import Carte, cartes, colonne_proche, normaliser
from pipelines.sources.classeurs import Constat
from pipelines.sources.donnees_personnelles import Ecrits, Regime
from pipelines.sources.fichiers import Fichier, fichiers
from pipelines.sources.reconnaissance import NonReconnu, Reconnu, reconnaitre

ORIGINE_DU_TABLEUR = date(1899, 12, 30)
FORMES_DE_JOUR = tuple(
    re.compile(rf"(?<!\d){forme}(?!\d)")
    for forme in (
        r"(?P<annee>(?:19|20)\d\d)([-/._])(?P<mois>\d{1,2})\2(?P<jour>\d{1,2})",
        r"(?P<jour>\d{1,2})([-/._])(?P<mois>\d{1,2})\2(?P<annee>(?:19|20)\d\d)",
        r"(?P<annee>(?:19|20)\d\d)(?P<mois>\d\d)(?P<jour>\d\d)",
    )
)
"""How a day is written: 2024-11-26, 26/11/2024, 20241126."""
SAS = "sas"
"""The database in memory the rows are read into."""
SUFFIXES_D_ACCOMPAGNEMENT = (".md", ".toml", ".pbf", ".pdf")
"""Files that may stand beside the data and are read by other means, or by people."""
COLONNES_DE_SERVICE = {
    "raw_rejet": (
        "source varchar, fichier varchar, ligne bigint, raison varchar, est_locale boolean"
    ),
    "raw_constat": (
        "source varchar, fichier varchar, ligne bigint, colonne varchar, valeur varchar, "
        "code varchar"
    ),
    "raw_fichier": "source varchar, fichier varchar, millesime varchar, rang bigint",
    "raw_entete": "source varchar, fichier varchar, colonne varchar, entete varchar",
}


@dataclass(frozen=True)
class FichierLu:
    """One recognised table: its source, bytes and fingerprint.

    `donne` is the name of the file; `fichier` adds the sheet when two of them are one source.
    """

    source: str
    donne: str
    fichier: str
    sha256: str
    octets: int
    lignes_lues: int
    millesime: str


@dataclass(frozen=True)
class Inventaire:
    """What was found in the folders given."""

    lus: list[FichierLu]
    non_reconnus: list[NonReconnu]


def charger(connexion: duckdb.DuckDBPyConnection, donnes: Sequence[Path | Fichier]) -> Inventaire:
    """Create raw_<source> for every card, filled from the recognised files of `donnes`.

    A source without a file gets an empty table, so that the models below always run. Rows that
    can't be cut into columns go to `raw_rejet`, what is said of a whole file to `raw_constat`.
    Raises AtlasError for an unreadable or refused file, and when the annuaire, on which all else
    hangs, is absent.
    """
    with Chargement(connexion) as chargement:
        for fichier in fichiers(donnes):
            chargement.ajouter(fichier)
        inventaire = chargement.terminer()
    if not any(lu.source == "annuaire" for lu in inventaire.lus):
        raise AtlasError(
            "Aucun annuaire de l'éducation parmi les fichiers donnés.",
            fichier=", ".join(d.nom if isinstance(d, Fichier) else str(d) for d in donnes),
            admis="l'export CSV de « fr-en-annuaire-education » (data.education.gouv.fr)",
            remede="ajouter l'annuaire au dossier ; sans lui aucun établissement n'est connu",
        )
    return inventaire


def liberer(connexion: duckdb.DuckDBPyConnection) -> None:
    """Forget the raw rows: the views, and the memory they read."""
    for nom in (*COLONNES_DE_SERVICE, *(f"raw_{source}" for source in cartes())):
        connexion.execute(f"drop view if exists {nom}")
    connexion.execute(f"detach database if exists {SAS}")


class Chargement:
    """The files of one build, added one by one, each whole or not at all."""

    def __init__(self, connexion: duckdb.DuckDBPyConnection) -> None:
        """Prepare the memory of `connexion`."""
        self._connexion = connexion
        self._lus: list[FichierLu] = []
        self._non_reconnus: list[NonReconnu] = []
        self._selections: dict[str, list[str]] = {source: [] for source in cartes()}
        self._rang = 0

    def __enter__(self) -> "Chargement":
        """While files are read, nothing in memory may be put aside on the disk."""
        liberer(self._connexion)
        [(self._debord,)] = self._connexion.execute(
            "select current_setting('temp_directory')"
        ).fetchall()
        self._connexion.execute("set temp_directory = ''")
        self._connexion.execute(f"attach ':memory:' as {SAS} (compress)")
        for nom, colonnes in COLONNES_DE_SERVICE.items():
            self._connexion.execute(f"create table {SAS}.{nom} ({colonnes})")
            self._connexion.execute(f"create temp view {nom} as select * from {SAS}.{nom}")
        return self

    def __exit__(self, *erreur: object) -> None:
        """Give the disk back."""
        dossier = self._debord.replace("'", "''")
        self._connexion.execute(f"set temp_directory = '{dossier}'")

    def ajouter(self, fichier: Fichier) -> None:
        """Read `fichier`.

        Raises AtlasError when it can't be opened, or when one of its tables holds personal data.
        """
        try:
            self._ajouter(fichier)
        except OSError as cause:
            raise AtlasError(
                f"Impossible de lire ce fichier : {cause.strerror or 'il est hors de portée'}.",
                fichier=fichier.nom,
                remede="vérifier ses droits d'accès et le disque où il est, puis recommencer",
            ) from cause
        except duckdb.Error:
            # the message of the engine may quote the file: it is not repeated
            raise AtlasError(
                "Fichier trop gros ou trop abîmé pour être lu en mémoire.",
                fichier=fichier.nom,
                admis="un fichier qui tient dans la mémoire de la machine",
                remede="en extraire les colonnes ou les départements utiles, puis le redonner",
            ) from None

    def _ajouter(self, fichier: Fichier) -> None:
        if fichier.suffixe in SUFFIXES_D_ACCOMPAGNEMENT:
            return
        octets_max = reference.valeur("controles", "fichier_octets_max")
        if fichier.octets > octets_max:
            raise AtlasError(
                "Fichier trop gros pour être une source d'Atlas.",
                fichier=fichier.nom,
                admis="2 Go au plus",
                remede="vérifier le fichier, ou en extraire les colonnes utiles",
            )
        tableaux = list(lecture.tableaux(fichier))
        resultats = [reconnaitre(t) for t in tableaux if any(any(c) for _, c in t.debuts)]
        if not resultats:
            self._non_reconnus.append(NonReconnu(fichier, raison=_sans_tableau(fichier)))
            return
        reconnus = [r for r in resultats if isinstance(r, Reconnu)]
        inconnus = [r for r in resultats if isinstance(r, NonReconnu)]
        self._verifier_annexes(fichier, tableaux, reconnus)
        self._verifier_inconnus(tableaux, reconnus)
        _refuser_incomplets(inconnus)
        if not reconnus:
            # a file of several sheets is described by the one nearest to a known source
            self._non_reconnus.append(max(inconnus, key=lambda r: r.ressemble_a is not None))
        verses = [(r, *self._verser(r)) for r in reconnus]
        sources = [r.carte.nom for r in reconnus]
        for reconnu, table, versement in verses:
            repete = sources.count(reconnu.carte.nom) > 1
            titre = f"{fichier.nom} [{reconnu.tableau.feuille}]" if repete else fichier.nom
            self._noter(reconnu, table, versement, titre)
        if reconnus:
            for constat in (c for t in tableaux for c in t.constats):
                self._constater(reconnus[0].carte.nom, fichier.nom, constat)

    def terminer(self) -> Inventaire:
        """Create the raw_* views over what was read."""
        for carte in cartes().values():
            colonnes = ", ".join(f'cast(null as varchar) as "{c}"' for c in carte.colonnes)
            vide = (
                "select cast(null as varchar) as fichier, cast(null as bigint) as ligne, "
                f"{colonnes} where false"
            )
            requete = " union all by name ".join([vide, *self._selections[carte.nom]])
            self._connexion.execute(f"create temp view raw_{carte.nom} as {requete}")
        self._dater()
        return Inventaire(self._lus, self._non_reconnus)

    def _verifier_annexes(
        self, fichier: Fichier, tableaux: list[lecture.Tableau], reconnus: list[Reconnu]
    ) -> None:
        """Refuse a file that holds personal data outside its tables: above, or beside."""
        regime = Regime.a_cote_de([r.carte for r in reconnus])
        for carte in [r.carte for r in reconnus if r.carte.est_locale][:1]:
            donnees_personnelles.verifier_nom(self._connexion, fichier, carte.titre)
        donnees_personnelles.verifier_textes(
            self._connexion,
            fichier,
            annexes.textes(fichier),
            "les commentaires et les mentions du classeur",
            regime,
            Ecrits.REMARQUES,
        )
        if regime.est_local:
            feuilles = [t.feuille or "" for t in tableaux]
            donnees_personnelles.verifier_textes(
                self._connexion, fichier, feuilles, "le nom des feuilles", regime, Ecrits.NOMS
            )
        for reconnu in reconnus:
            titres = [
                cellule
                for ligne, cellules in reconnu.tableau.debuts
                if ligne < reconnu.ligne_entete
                for cellule in cellules
            ]
            donnees_personnelles.verifier_textes(
                self._connexion, fichier, titres, "les lignes de titre", Regime.de(reconnu.carte)
            )

    def _verifier_inconnus(self, tableaux: list[lecture.Tableau], reconnus: list[Reconnu]) -> None:
        """Refuse a file of which a table no card fits holds personal data."""
        connus = {id(r.tableau) for r in reconnus}
        regime = Regime.a_cote_de([r.carte for r in reconnus])
        for tableau in tableaux:
            largeur = max((len(cellules) for _, cellules in tableau.debuts), default=0)
            if id(tableau) in connus or not largeur:
                continue
            if regime.est_local:
                entetes = next((c for _, c in tableau.debuts if sum(map(bool, c)) > 1), [])
                donnees_personnelles.verifier_entetes(tableau.fichier, entetes, regime)
            with self._table() as table:
                tableau.verser_tout(self._connexion, table, largeur)
                entetes = next((c for _, c in tableau.debuts if len(c) == largeur))
                donnees_personnelles.verifier_valeurs(
                    self._connexion, table, tableau.fichier, entetes, regime
                )
                self._connexion.execute(f"drop table {table}")

    def _verser(self, reconnu: Reconnu) -> tuple[str, lecture.Versement]:
        """Read the rows of one table into memory, and refuse those that are a person's."""
        regime, fichier = Regime.de(reconnu.carte), reconnu.tableau.fichier
        with self._table() as table:
            versement = reconnu.tableau.verser(
                self._connexion,
                table,
                reconnu.ligne_entete,
                len(reconnu.entetes),
            )
            donnees_personnelles.verifier_valeurs(
                self._connexion,
                table,
                fichier,
                reconnu.entetes,
                regime,
                reconnu.carte,
                reconnu.positions,
            )
            donnees_personnelles.verifier_textes(
                self._connexion,
                fichier,
                [cellule or "" for rejet in versement.rejets for cellule in rejet.cellules],
                "une ligne mal découpée",
                regime,
            )
            return table, versement

    @contextlib.contextmanager
    def _table(self) -> Iterator[str]:
        """A new name; the table is gone at once when what it holds is refused."""
        self._rang += 1
        table = f"{SAS}.lecture_{self._rang}"
        try:
            yield table
        except BaseException:
            self._connexion.execute(f"drop table if exists {table}")
            raise

    def _noter(self, reconnu: Reconnu, table: str, versement: lecture.Versement, nom: str) -> None:
        carte, fichier = reconnu.carte, reconnu.tableau.fichier
        litteral = nom.replace("'", "''")
        colonnes = ", ".join(
            f'{self._cellule(versement, table, i)} as "{c}"' for c, i in reconnu.positions.items()
        )
        selection = (
            f"select '{litteral}' as fichier, {versement.ligne} as ligne, {colonnes} "
            f"from {versement.depuis}"
        )
        self._selections[carte.nom].append(selection)
        if versement.rejets:
            inserer(
                self._connexion,
                f"{SAS}.raw_rejet",
                [[carte.nom, nom, r.ligne, r.rejet, carte.est_locale] for r in versement.rejets],
            )
        self._noter_entetes(reconnu, nom)
        self._noter_colonnes_sans_titre(reconnu, table, nom)
        if carte.est_locale:
            self._noter_colonnes_inconnues(reconnu, table, nom)
        [(lignes,)] = self._connexion.execute(f"select count(*) from ({selection})").fetchall()
        self._lus.append(
            FichierLu(
                source=carte.nom,
                donne=fichier.nom,
                fichier=nom,
                sha256=fichier.empreinte(),
                octets=fichier.octets,
                lignes_lues=lignes + len(versement.rejets),
                millesime=self._millesime(carte, selection, PurePosixPath(fichier.nom).stem),
            )
        )

    def _cellule(self, versement: lecture.Versement, table: str, rang: int) -> str:
        """A cell as the models expect it, without blanks around it."""
        if versement.est_net:
            return f"c{rang}"
        return lecture.cellule_nette(self._connexion, table, rang)

    def _noter_entetes(self, reconnu: Reconnu, nom: str) -> None:
        """raw_entete: what the file itself calls each column that is read, on one line."""
        inserer(
            self._connexion,
            f"{SAS}.raw_entete",
            [
                [reconnu.carte.nom, nom, colonne, " ".join(reconnu.entetes[rang].split())]
                for colonne, rang in reconnu.positions.items()
            ],
        )

    def _noter_colonnes_sans_titre(self, reconnu: Reconnu, table: str, nom: str) -> None:
        """Cells below no header are not read: say so, once a column."""
        for rang, entete in enumerate(reconnu.entetes):
            if entete.strip():
                continue
            [(nombre,)] = self._connexion.execute(
                f"select count(*) from {table} where trim(c{rang}) != ''"
            ).fetchall()
            if nombre:
                lettre = _lettre(rang)
                constat = Constat(
                    "colonne_sans_titre", pluriel(nombre, "cellule"), reconnu.ligne_entete, lettre
                )
                self._constater(reconnu.carte.nom, nom, constat)

    def _noter_colonnes_inconnues(self, reconnu: Reconnu, table: str, nom: str) -> None:
        """The columns of a local file that are not read: said, and what each was meant to be."""
        carte, lues = reconnu.carte, set(reconnu.positions.values())
        connus = {normaliser(reconnu.entetes[rang]): rang for rang in lues}
        for rang, entete in enumerate(reconnu.entetes):
            if rang in lues or not normaliser(entete):
                continue
            [(nombre,)] = self._connexion.execute(
                f"select count(*) from {table} where trim(c{rang}) != ''"
            ).fetchall()
            proche = colonne_proche(carte, entete)
            valeur, code = pluriel(nombre, "cellule"), "colonne_inconnue"
            if normaliser(entete) in connus:
                code = "colonne_en_double" if nombre else code
                valeur += f", en double de la colonne {_lettre(connus[normaliser(entete)])}"
            elif proche is not None and proche not in reconnu.positions:
                code = "colonne_mal_ecrite" if nombre else code
                valeur += f", sans doute {carte.colonnes[proche][0]}"
            montrable = donnees_personnelles.nom_montrable(rang, entete)
            self._constater(carte.nom, nom, Constat(code, valeur, reconnu.ligne_entete, montrable))

    def _constater(self, source: str, nom: str, constat: Constat) -> None:
        self._connexion.execute(
            f"insert into {SAS}.raw_constat values (?, ?, ?, ?, ?, ?)",
            [source, nom, constat.ligne, constat.colonne, constat.valeur, constat.code],
        )

    def _millesime(self, carte: Carte, selection: str, a_defaut: str) -> str:
        """The vintage of a file: the newest value of the card's dating column, else `a_defaut`."""
        if carte.millesime not in carte.colonnes:
            return a_defaut
        valeurs = self._connexion.execute(
            f'select distinct trim("{carte.millesime}") from ({selection})'
        ).fetchall()
        datees = [(jour_ou_annee(v), v) for (v,) in valeurs if v and jour_ou_annee(v)]
        if not datees:
            return a_defaut
        jour, valeur = max(datees)
        # a day is said one way whatever the file; « 2022-2023 » stays a school year
        return jour if "-" in jour else valeur

    def _dater(self) -> None:
        """raw_fichier: the files of each source, the newest vintage first (rang 1)."""
        for source in cartes():
            du_meme = [lu for lu in self._lus if lu.source == source]
            dates = {lu.fichier: _date(lu) for lu in du_meme}
            rangs = {d: r for r, d in enumerate(sorted(set(dates.values()), reverse=True), start=1)}
            inserer(
                self._connexion,
                f"{SAS}.raw_fichier",
                [(source, lu.fichier, lu.millesime, rangs[dates[lu.fichier]]) for lu in du_meme],
            )


def _lettre(rang: int) -> str:
    """A column as the spreadsheet names it."""
    return donnees_personnelles.lettre_de_colonne(rang)


def _refuser_incomplets(inconnus: list[NonReconnu]) -> None:
    """Raise AtlasError for a local table that lost a required column: never passed over."""
    for inconnu in inconnus:
        if inconnu.est_locale_incomplete:
            carte = cartes()[inconnu.ressemble_a]
            feuille = f" (feuille « {inconnu.feuille} »)" if inconnu.feuille else ""
            manque = enumeration([f"« {c} »" for c in inconnu.manquantes])
            raise AtlasError(
                f"Il manque {manque} pour lire ce fichier comme « {carte.titre} »{feuille}.",
                fichier=donnees_personnelles.nom_de_fichier_montrable(inconnu.fichier),
                colonne=inconnu.manquantes[0],
                admis=", ".join(carte.requises),
                remede="ajouter la colonne, ou reprendre le modèle (atlas modeles)",
            )


def jour_ou_annee(texte: str) -> str:
    """What dates a text, so that texts sort by date: « 27/05/2026 » → 2026-05-27, else its year.

    Empty when nothing does. A school year is known by the year it begins in, a serial number of
    a spreadsheet (1 is 31/12/1899) by its day. A year alone comes before its days: what says the
    day is the more recent of the two. Digits that are no day of the calendar are no day.
    """
    if re.fullmatch(r"[2-7]\d{4}(?:[.,]\d+)?", texte):
        return (ORIGINE_DU_TABLEUR + timedelta(days=int(texte[:5]))).isoformat()
    for forme in FORMES_DE_JOUR:
        for trouve in reversed(list(forme.finditer(texte))):
            with contextlib.suppress(ValueError):
                return date(*(int(trouve[p]) for p in ("annee", "mois", "jour"))).isoformat()
    if annees := re.findall(r"(?<!\d)((?:19|20)\d\d)[-_/](?:19|20)\d\d(?!\d)", texte):
        return annees[-1]
    annees = re.findall(r"(?<!\d)((?:19|20)\d\d)(?!\d)", texte)
    return annees[-1] if annees else ""


def _date(lu: FichierLu) -> str:
    """When a file is of: its vintage, else the path it was given under."""
    return jour_ou_annee(lu.millesime) or jour_ou_annee(lu.fichier)


def _sans_tableau(fichier: Fichier) -> str:
    """Why a file holds no table."""
    if fichier.octets == 0:
        return "le fichier est vide"
    if fichier.suffixe in (*lecture.SUFFIXES_CSV, *lecture.SUFFIXES_EXCEL):
        return "aucune ligne remplie"
    if fichier.suffixe in lecture.SUFFIXES_GEOJSON:
        return "ce n'est pas une collection de contours (FeatureCollection)"
    return "ce genre de fichier n'est pas lu : donner un CSV, un classeur ou un GeoJSON"
