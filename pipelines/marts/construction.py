"""The build: files → one DuckDB warehouse, whole, in a new file swapped in at the end.

A build that fails or is killed leaves the warehouse in place untouched; what it wrote is removed
by the next build.
"""

import contextlib
import csv
import importlib.metadata
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import duckdb

from pipelines.base import chemins, provisoire, reference, verrou
from pipelines.base.erreurs import AtlasError
from pipelines.base.insertion import inserer
from pipelines.base.textes import pluriel
from pipelines.marts import entrepot as porte
from pipelines.marts import rapport
from pipelines.marts.modeles import MACROS, modeles
from pipelines.sources import chargement, donnees_personnelles
from pipelines.sources.cartes import cartes
from pipelines.sources.fichiers import Fichier, fichiers

SUFFIXE_PROVISOIRE = ".construction"
SUFFIXE_VERROU = ".verrou"
NOTICE = "exemple.toml"
"""Says that the files of its folder are made up, and the sentence every screen must show."""
SUFFIXES_DUCKDB = (".wal", ".tmp")
ERREURS_D_ECRITURE = (duckdb.IOException, duckdb.TransactionException, duckdb.FatalException)
ERREURS_MONTREES_MAX = 20
ATTENTE_MAX_S = 600.0
"""How long a build waits for another of the same warehouse: several times what a build takes."""
SANS_ANNUAIRE = rapport.Refus(
    None,
    "Aucun annuaire de l'éducation parmi ces fichiers : sans lui aucun établissement n'est connu",
    admis="l'export CSV de « fr-en-annuaire-education » (data.education.gouv.fr)",
    remede="l'ajouter aux autres",
)

Progres = Callable[[str, float], None]


@dataclass(frozen=True)
class Bilan:
    """What a build did: figures for the person who launched it."""

    entrepot: Path
    secondes: float
    sites: dict[str, dict[str, int]]
    anomalies: dict[str, int]
    non_reconnus: list[str]
    empreinte: str


def construire(
    donnes: Sequence[Path | Fichier],
    entrepot: Path = chemins.ENTREPOT_PAR_DEFAUT,
    departements: list[str] | None = None,
    progres: Progres | None = None,
    *,
    origine: list[str] | None = None,
    completer: Callable[[duckdb.DuckDBPyConnection], None] | None = None,
    avant_bascule: Callable[[], None] | None = None,
    sous_verrou: bool = False,
    attente_max_s: float = ATTENTE_MAX_S,
) -> Bilan:
    """Build `entrepot` from `donnes` (folders, files), for `departements` (3 characters, or all).

    `progres` receives a French step and the share done (0 to 1). `origine` names where the files
    come from when no folder is given. `completer` adds the tables of a later stage to the new
    warehouse. `avant_bascule` is called once the new warehouse is whole and judged: if it
    raises, nothing is swapped. One build of a warehouse at a time: another waits, `attente_max_s`
    at most, unless `sous_verrou` says that the caller is within `seul`. Raises AtlasError, the
    previous warehouse untouched, for an unreadable or refused file, a local file with bad lines, an
    unknown département, a disk that can't be written or a build that goes on too long.
    """
    avancer = progres or _sans_suite
    tenue = contextlib.nullcontext() if sous_verrou else seul(entrepot, avancer, attente_max_s)
    with tenue:
        return _construire(
            donnes, entrepot, departements, avancer, origine, completer, avant_bascule
        )


@contextlib.contextmanager
def seul(
    entrepot: Path, progres: Progres | None = None, attente_max_s: float = ATTENTE_MAX_S
) -> Iterator[None]:
    """Nobody else builds `entrepot` meanwhile; AtlasError past `attente_max_s`."""
    avancer = progres or _sans_suite
    with contextlib.ExitStack() as pile:
        with _ecriture("d'écrire l'entrepôt", entrepot, "choisir un autre dossier avec --entrepot"):
            entrepot.parent.mkdir(parents=True, exist_ok=True)
            pile.enter_context(
                verrou.tenir(
                    entrepot.with_name(f".{entrepot.name}{SUFFIXE_VERROU}"),
                    "une autre construction",
                    attente_max_s,
                    lambda phrase: avancer(phrase, 0.0),
                )
            )
        yield


def _construire(
    donnes: Sequence[Path | Fichier],
    entrepot: Path,
    departements: list[str] | None,
    avancer: Progres,
    origine: list[str] | None,
    completer: Callable[[duckdb.DuckDBPyConnection], None] | None,
    avant_bascule: Callable[[], None] | None,
) -> Bilan:
    """The build itself, under the lock."""
    debut = time.monotonic()
    # its own name even for two builds of one process, or for a process number used before
    nom = f"{entrepot.name}{SUFFIXE_PROVISOIRE}-"
    neuf = entrepot.with_name(f"{nom}{provisoire.marque()}")
    try:
        with _ecriture("d'écrire l'entrepôt", entrepot, "choisir un autre dossier avec --entrepot"):
            provisoire.balayer(entrepot.parent, nom)
            connexion = duckdb.connect(str(neuf))
            try:
                avancer("Lecture des fichiers", 0.0)
                inventaire = chargement.charger(connexion, donnes)
                _assembler(connexion, departements, avancer)
                _refuser_lignes_bloquantes(connexion)
                _ecrire_meta(connexion, inventaire, donnes, origine)
                _verifier_conservation(connexion)
                bilan = _bilan(connexion, entrepot, inventaire, time.monotonic() - debut)
                _alleger(connexion)
                if completer is not None:
                    avancer("Besoins de chaque site", 0.96)
                    completer(connexion)
                avancer("Écriture de l'entrepôt", 0.97)
                # said here: closing would pass over a full disk in silence
                connexion.execute("checkpoint")
            finally:
                connexion.close()
            if avant_bascule is not None:
                avant_bascule()
            provisoire.mettre_en_place(neuf, entrepot)
    finally:
        for suffixe in ("", *SUFFIXES_DUCKDB):
            provisoire.effacer(neuf.with_name(neuf.name + suffixe))
    avancer("Terminé", 1.0)
    return bilan


def examiner(
    donnes: Sequence[Path | Fichier],
    departements: list[str] | None = None,
    actuel: Path | None = None,
    progres: Progres | None = None,
) -> rapport.Rapport:
    """What `donnes` (folders, or files) hold and would change, without changing anything.

    The build is made whole in memory, of which nothing may be put aside on the disk, goes on past
    blocking lines and past files that are refused (each told), and is thrown away. What refuses the
    whole set (no annuaire, an unknown département) ends it there. Differences are counted from the
    warehouse `actuel`, when it is given and exists. Raises AtlasError for a folder that is not
    there or a set too large for the memory.
    """
    avancer = progres or _sans_suite
    lus = fichiers(donnes)
    with _en_memoire() as connexion:
        avancer("Lecture des fichiers", 0.0)
        inventaire, refus = _lire_ce_qui_se_lit(connexion, lus)
        if not any(lu.source == "annuaire" for lu in inventaire.lus):
            return rapport.Rapport(refus=[*refus, SANS_ANNUAIRE])
        try:
            _assembler(connexion, departements, avancer)
        except AtlasError as erreur:
            return rapport.Rapport(refus=[*refus, rapport.Refus.de(erreur, None)])
        _ecrire_meta(connexion, inventaire, lus, [])
        _verifier_conservation(connexion)
        return _rapporter(connexion, inventaire, lus, refus, actuel)


@contextlib.contextmanager
def _en_memoire() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse that leaves nothing on the disk; AtlasError when it outgrows the memory."""
    with duckdb.connect() as connexion:
        connexion.execute("set temp_directory = ''")
        try:
            yield connexion
        except duckdb.OutOfMemoryException:
            # the message of the engine may quote the rows: it is not repeated
            raise AtlasError(
                "Ces fichiers ne tiennent pas ensemble dans la mémoire de la machine.",
                admis="un lot qui y tient : rien n'en est écrit sur le disque avant votre accord",
                remede="en extraire les départements ou les années utiles, ou fermer d'autres "
                "programmes",
            ) from None


def _lire_ce_qui_se_lit(
    connexion: duckdb.DuckDBPyConnection, lus: list[Fichier]
) -> tuple[chargement.Inventaire, list[rapport.Refus]]:
    """The raw rows of every file that isn't refused, and the refusals."""
    refus = []
    with chargement.Chargement(connexion) as lot:
        for fichier in lus:
            try:
                lot.ajouter(fichier)
            except AtlasError as erreur:
                refus.append(rapport.Refus.de(erreur, fichier.nom))
        return lot.terminer(), refus


def _sans_suite(etape: str, part: float) -> None:
    """A progress nobody follows."""


@contextlib.contextmanager
def _ecriture(quoi: str, ou: Path, remede: str) -> Iterator[None]:
    """A disk that is full or can't be written, told in French."""
    try:
        yield
    except (OSError, *ERREURS_D_ECRITURE) as cause:
        motif = getattr(cause, "strerror", None) or str(cause).splitlines()[0]
        raise AtlasError(
            f"Impossible {quoi} : {motif.rstrip('.')}.",
            fichier=str(ou),
            admis="un dossier où l'on peut écrire, avec assez de place",
            remede=f"libérer de la place ou {remede} ; l'entrepôt précédent est intact",
        ) from cause


def _assembler(
    connexion: duckdb.DuckDBPyConnection, departements: list[str] | None, avancer: Progres
) -> None:
    """Every table of the warehouse over the raw rows, whatever the gravity of what was met.

    In one transaction: hundreds of small inserts would each wait for the disk.
    """
    connexion.execute("begin")
    _charger_references(connexion, departements)
    connexion.execute(MACROS.read_text(encoding="utf-8"))
    for rang, modele in enumerate(modeles()):
        avancer(f"Table {modele.nom}", 0.4 + 0.55 * rang / len(modeles()))
        modele.creer(connexion)
    connexion.execute("commit")


def _rapporter(
    connexion: duckdb.DuckDBPyConnection,
    inventaire: chargement.Inventaire,
    lus: list[Fichier],
    refus: list[rapport.Refus],
    actuel: Path | None,
) -> rapport.Rapport:
    """The account of a provisional warehouse, and its differences with `actuel`."""
    non_reconnus = {n.fichier.nom: n.message() for n in inventaire.non_reconnus}
    vus = {*(lu.donne for lu in inventaire.lus), *non_reconnus, *(r.fichier for r in refus)}
    anomalies = rapport.anomalies(connexion)
    differences, deja_la, empreinte = [], set(anomalies), None
    if actuel is not None and actuel.is_file():
        with porte.ouvrir(actuel) as ancienne:
            empreinte = porte.empreinte(ancienne)
            differences = rapport.differences(ancienne, connexion)
            deja_la = set(rapport.anomalies(ancienne))
    return rapport.Rapport(
        fichiers=rapport.fichiers_examines(connexion),
        refus=refus,
        non_reconnus=non_reconnus,
        sans_tableau=[f.nom for f in lus if f.nom not in vus],
        anomalies=anomalies,
        nouvelles=[a for a in anomalies if a not in deja_la],
        nb_resolues=len(deja_la - set(anomalies)),
        differences=differences,
        actuel=empreinte,
    )


def _charger_references(
    connexion: duckdb.DuckDBPyConnection, departements: list[str] | None
) -> None:
    """ref_*: what the models read of data/reference, and the départements asked for."""
    connexion.execute(MACROS.read_text(encoding="utf-8"))
    connexion.execute("create table ref_parametres (nom varchar, valeur double)")
    connexion.execute("create table ref_listes (nom varchar, valeur varchar)")
    lus = [
        (parametre.nom, parametre.valeur)
        for fichier in ("territoire", "temps_travail", "controles")
        for parametre in reference.parametres(fichier).values()
    ]
    inserer(
        connexion,
        "ref_parametres",
        [(nom, float(valeur)) for nom, valeur in lus if isinstance(valeur, int | float)],
    )
    inserer(
        connexion,
        "ref_listes",
        [(nom, v) for nom, valeur in lus if isinstance(valeur, list) for v in valeur],
    )
    connexion.execute("create table ref_periodicites (periodicite varchar, fois_par_cycle integer)")
    inserer(
        connexion, "ref_periodicites", reference.valeur("temps_travail", "periodicites").items()
    )

    natures = _lire_csv("natures")
    connexion.execute(
        "create table ref_natures "
        "(code_nature varchar, libelle varchar, type varchar, est_section boolean)"
    )
    inserer(
        connexion,
        "ref_natures",
        [(n["code_nature"], n["libelle"], n["type"], n["est_section"] == "oui") for n in natures],
    )
    connexion.execute(
        "create table ref_arrondissements (commune_code varchar, commune_mere varchar)"
    )
    inserer(
        connexion,
        "ref_arrondissements",
        [(a["commune_code"], a["commune_mere"]) for a in _lire_csv("arrondissements")],
    )
    connexion.execute("create table ref_academies (ecriture varchar, academie varchar)")
    inserer(
        connexion,
        "ref_academies",
        [(a["ecriture"], a["academie"]) for a in _lire_csv("academies_alias")],
    )
    motifs = tomllib.loads((chemins.REFERENCE / "anomalies.toml").read_text(encoding="utf-8"))
    connexion.execute(
        "create table ref_motifs_anomalie (code varchar, gravite varchar, raison varchar, "
        "remede varchar, consequence varchar)"
    )
    inserer(
        connexion,
        "ref_motifs_anomalie",
        [
            (code, m["gravite"], m["raison"], m["remede"], m["consequence"])
            for code, m in motifs.items()
        ],
    )
    motifs = tomllib.loads(
        (chemins.REFERENCE / "motifs_hors_perimetre.toml").read_text(encoding="utf-8")
    )
    connexion.execute("create table ref_motifs_hors_perimetre (motif varchar, libelle varchar)")
    inserer(connexion, "ref_motifs_hors_perimetre", list(motifs["motifs"].items()))
    _charger_departements(connexion, departements)


def _lire_csv(nom: str) -> list[dict[str, str]]:
    with (chemins.REFERENCE / f"{nom}.csv").open(encoding="utf-8", newline="") as flux:
        return list(csv.DictReader(flux))


def _charger_departements(
    connexion: duckdb.DuckDBPyConnection, departements: list[str] | None
) -> None:
    connus = dict(
        connexion.execute(
            "select departement_de(code_departement), any_value(texte(libelle_departement)) "
            "from raw_annuaire where texte(code_departement) is not null group by all order by all"
        ).fetchall()
    )
    if not connus:
        raise AtlasError(
            "L'annuaire donné ne dit le département d'aucun établissement.",
            admis="l'export CSV de « fr-en-annuaire-education », avec sa colonne Code_departement",
            remede="reprendre l'export entier : une colonne a été perdue ou vidée",
        )
    voulus = departements or list(connus)
    absents = [d for d in voulus if d not in connus]
    if absents:
        raise AtlasError(
            f"Aucun établissement du département {', '.join(absents)} dans l'annuaire donné.",
            admis=", ".join(f"{code} ({nom})" for code, nom in connus.items()),
            remede="choisir parmi ces départements, ou ajouter l'annuaire qui manque",
        )
    connexion.execute("create table ref_departements (departement varchar, libelle varchar)")
    inserer(connexion, "ref_departements", [(d, connus[d]) for d in voulus])


def _refuser_lignes_bloquantes(connexion: duckdb.DuckDBPyConnection) -> None:
    """Stop the build at the bad lines of local files, all of them named."""
    lignes = connexion.execute(
        "select fichier, ligne, colonne, colonne_du_fichier, valeur, raison, remede "
        "from mart_anomalie where gravite = 'bloquante' order by fichier, ligne"
    ).fetchall()
    if not lignes:
        return
    reste = len(lignes) - ERREURS_MONTREES_MAX
    lignes = lignes[:ERREURS_MONTREES_MAX]
    valeurs = donnees_personnelles.valeurs_montrables(connexion, [v for *_, v, _, _ in lignes])
    lignes = [
        (f, n, rapport.colonne_lue(c, e), v, r, m)
        for (f, n, c, e, _, r, m), v in zip(lignes, valeurs, strict=True)
    ]
    fichier, ligne, colonne, valeur, raison, remede = lignes[0]
    suite = [
        f"{f}, ligne {n}, colonne « {c} » : « {v} » : {r} ; {m}." for f, n, c, v, r, m in lignes[1:]
    ]
    if reste > 0:
        suite.append(f"… et {pluriel(reste, 'autre ligne', 'autres lignes')}.")
    raise AtlasError(
        "\n".join([f"« {valeur} » : {raison}.", *suite]),
        fichier=fichier,
        ligne=ligne,
        colonne=colonne,
        remede=f"{remede} ; l'entrepôt précédent est intact",
    )


def _ecrire_meta(
    connexion: duckdb.DuckDBPyConnection,
    inventaire: chargement.Inventaire,
    donnes: Sequence[Path | Fichier],
    origine: list[str] | None,
) -> None:
    """meta_construction (one row a file), meta_origine (where the files were) and
    meta_avertissement (fictitious, simulated).
    """
    connexion.execute("create table meta_origine (rang integer, origine varchar)")
    if origine is None:
        origine = [str(d.resolve()) for d in donnes if isinstance(d, Path)]
    for rang, lieu in enumerate(origine, start=1):
        connexion.execute("insert into meta_origine values (?, ?)", [rang, lieu])
    construit_le = datetime.now(UTC).replace(microsecond=0)
    version = importlib.metadata.version("atlas-ssfe")
    connexion.execute(
        "create table meta_construction (construit_le timestamptz, version_code varchar, "
        "source varchar, titre varchar, producteur varchar, licence varchar, url varchar, "
        "fichier varchar, fichier_donne varchar, millesime varchar, sha256 varchar, "
        "octets bigint, lignes_lues bigint, lignes_gardees bigint, lignes_fusionnees bigint, "
        "lignes_rejetees bigint)"
    )
    comptes = _sorts_des_lignes(connexion, {lu.source for lu in inventaire.lus})
    for lu in inventaire.lus:
        carte = cartes()[lu.source]
        sorts = comptes.get((lu.source, lu.fichier), {})
        connexion.execute(
            f"insert into meta_construction values ({', '.join(['?'] * 16)})",
            [
                construit_le,
                version,
                lu.source,
                carte.titre,
                carte.producteur,
                carte.licence,
                carte.url,
                lu.fichier,
                lu.donne,
                lu.millesime,
                lu.sha256,
                lu.octets,
                lu.lignes_lues,
                sorts.get("gardee", 0),
                sorts.get("fusionnee", 0),
                sorts.get("rejetee", 0),
            ],
        )
    connexion.execute("create table meta_avertissement (code varchar, libelle varchar)")
    if libelles := _libelles_fictifs(donnes):
        connexion.execute(
            "insert into meta_avertissement values ('fictif', ?)", [" ; ".join(libelles)]
        )
    connexion.execute(
        """
        insert into meta_avertissement
        select 'simule', 'Les postes, présences et chiffres d’activité sont simulés.'
        where exists (select 1 from stg_postes where est_simule)
            or exists (select 1 from stg_presences where est_simule)
            or exists (select 1 from mart_activite where est_simule)
        """
    )


def _sorts_des_lignes(
    connexion: duckdb.DuckDBPyConnection, sources: set[str]
) -> dict[tuple[str, str], dict[str, int]]:
    """How many lines of each (source, file) were kept, merged, rejected; each table read once."""
    tables = sorted({_table_des_lignes(source) for source in sources})
    selections = [f"select source, fichier, sort from {table}" for table in tables]
    selections.append("select source, fichier, 'rejetee' as sort from stg_rejet")
    comptes: dict[tuple[str, str], dict[str, int]] = {}
    for source, fichier, sort, nombre in connexion.execute(
        f"select source, fichier, sort, count(*) from ({' union all '.join(selections)}) "
        "group by all"
    ).fetchall():
        comptes.setdefault((source, fichier), {})[sort] = nombre
    return comptes


def _libelles_fictifs(donnes: Sequence[Path | Fichier]) -> list[str]:
    """What the notices say of made-up files, each sentence once, wherever they are."""
    libelles = []
    for notice in fichiers(donnes):
        if est_notice(notice):
            try:
                contenu = tomllib.loads(notice.lire().decode("utf-8"))
                libelle = contenu["libelle"] if contenu.get("est_fictif") else None
            except (ValueError, KeyError) as cause:
                raise AtlasError(
                    "Ce fichier dit que des données sont fictives, mais il est illisible.",
                    fichier=notice.nom,
                    admis='est_fictif = true, et libelle = "la phrase à montrer"',
                    remede="le rétablir, ou le retirer si ces données sont vraies",
                ) from cause
            if libelle and libelle not in libelles:
                libelles.append(libelle)
    return libelles


def est_notice(fichier: Fichier) -> bool:
    """True for the file that says others are made up, wherever it is."""
    return PurePosixPath(fichier.nom).name == NOTICE


def _table_des_lignes(source: str) -> str:
    """The staging table that holds the fate of each line of `source`."""
    for famille in ("ips", "effectifs"):
        if source.startswith(f"{famille}_"):
            return f"stg_{famille}_lignes"
    return f"stg_{source}_lignes"


def _verifier_conservation(connexion: duckdb.DuckDBPyConnection) -> None:
    """Rows read = kept + merged + rejected, for each file; a defect of Atlas otherwise."""
    ecarts = connexion.execute(
        "select fichier, lignes_lues, lignes_gardees + lignes_fusionnees + lignes_rejetees "
        "from meta_construction "
        "where lignes_lues != lignes_gardees + lignes_fusionnees + lignes_rejetees"
    ).fetchall()
    if ecarts:
        fichier, lues, comptees = ecarts[0]
        raise AtlasError(
            f"{pluriel(lues, 'ligne lue', 'lignes lues')}, mais {comptees} retrouvées : "
            "des lignes se sont perdues.",
            fichier=fichier,
            remede="ne pas se servir de ce résultat et signaler ce défaut d'Atlas",
        )


def _bilan(
    connexion: duckdb.DuckDBPyConnection,
    entrepot: Path,
    inventaire: chargement.Inventaire,
    secondes: float,
) -> Bilan:
    sites: dict[str, dict[str, int]] = {}
    for departement, nature, nombre in connexion.execute(
        "select departement, nature, count(*) from mart_site group by all order by all"
    ).fetchall():
        sites.setdefault(departement, {})[nature] = nombre
    anomalies = dict(
        connexion.execute(
            "select gravite, count(*) from mart_anomalie group by all order by all"
        ).fetchall()
    )
    return Bilan(
        entrepot=entrepot,
        secondes=secondes,
        sites=sites,
        anomalies=anomalies,
        non_reconnus=[f"{n.fichier.nom} : {n.message()}" for n in inventaire.non_reconnus],
        empreinte=porte.empreinte(connexion),
    )


def _alleger(connexion: duckdb.DuckDBPyConnection) -> None:
    """Forget the raw rows: their files are kept by fingerprint, their accounts in the marts."""
    chargement.liberer(connexion)
