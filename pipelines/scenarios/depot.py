"""The deposit: files a person gives, looked at, accepted, kept by fingerprint, brought back.

`data/depot/fichiers` holds each accepted file under its sha256; `data/depot/versions` one JSON a
state of the data: its files by the names people know, and its départements. A state is recorded
when the warehouse built from it is in service, never before. Files that are only looked at stay in
memory: not a byte of them is written anywhere before they are judged and accepted.
"""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from pipelines.base import chemins, provisoire, verrou
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.marts import construction, entrepot
from pipelines.marts.rapport import Rapport
from pipelines.scenarios.lecteurs import Acte, courant, exiger_partout
from pipelines.scoring.inscription import inscrire
from pipelines.sources import lecture
from pipelines.sources.cartes import cartes
from pipelines.sources.fichiers import Fichier, fichiers
from pipelines.sources.reconnaissance import Reconnu, reconnaitre

FICHIERS = "fichiers"
VERSIONS = "versions"
VERROU = "verrou"
EN_COURS = ".en-cours"
"""Ends the name of a state whose warehouse is not in service yet."""
PARTIEL = ".partiel"
ORIGINE = "depot"
LONGUEUR_NOM_MAX = 120

Progres = Callable[[str, float], None]


@dataclass(frozen=True)
class FichierDepose:
    """A file of a state: the name people know, its fingerprint, the sources it was read as."""

    nom: str
    sha256: str
    sources: tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """A state of the data: how it came, in French (`motif`), and the warehouse built from it."""

    numero: int
    acceptee_le: str
    motif: str
    fichiers: tuple[FichierDepose, ...]
    departements: tuple[str, ...]
    empreinte: str
    entrepot: str
    est_en_service: bool = False


@dataclass(frozen=True)
class _Etat:
    """Files with the place of each, and the départements they are built for."""

    fichiers: dict[FichierDepose, Fichier]
    departements: tuple[str, ...]
    version: int | None
    provenance: str


def proposer_depot(
    base: Path,
    deposes: Iterable[tuple[str, bytes]],
    *,
    repartir_de_zero: bool = False,
    progres: Progres | None = None,
) -> Rapport:
    """What `deposes` (names and contents) would change to the warehouse `base`; nothing changes.

    They complete the files `base` was built from: a local file replaces those of the same sources,
    a public one is added. With `repartir_de_zero`, they are the only files, for every département
    of their annuaire. Raises AtlasError when the files of `base` are not to be found.
    """
    lot = _preparer(base, list(deposes), repartir_de_zero)
    examen = construction.examiner(lot.fichiers, lot.departements, base, progres)
    return replace(examen, deposes=tuple(lot.deposes), remplaces=tuple(lot.remplaces))


def accepter(
    base: Path,
    deposes: Iterable[tuple[str, bytes]],
    *,
    actuel: str | None,
    repartir_de_zero: bool = False,
    progres: Progres | None = None,
) -> Version:
    """Build `base` with `deposes`, swap it in and record the state; the version now in service.

    `actuel` is the fingerprint the report was made from: the data must not have changed since.
    Raises AtlasError, everything left as it was, for files that would be refused, another deposit
    under way, a build that goes on too long, or a disk that can't be written.
    """
    exiger_partout(courant(), Acte.DEPOSER)
    with _verrou(base), construction.seul(base, progres):
        lot = _preparer(base, list(deposes), repartir_de_zero)
        _exiger_inchange(base, actuel)
        if laisses := lot.illisibles:
            raise AtlasError(
                f"Atlas ne sait pas lire {enumeration([f'« {nom} »' for nom in laisses])}.",
                remede="retirer du dépôt ce qui n'est pas lu, ou le corriger",
            )
        prochain = max((v.numero for v in versions(base)), default=0) + 1
        depart = _depart_a_garder(base)
        numero = prochain if depart is None else prochain + 1
        motif = _motif(lot, repartir_de_zero)

        def ranger() -> None:
            """Keep the files of both states before the swap; the new one still « en cours ».

            Whoever puts a warehouse there by other means than a build does not take the lock.
            """
            _exiger_inchange(base, actuel)
            if depart is not None:
                _ecrire_version(base, prochain, depart.provenance, depart.fichiers, depart)
            _ecrire_version(base, numero, motif, lot.contenu, lot.etat, en_cours=True)

        construction.construire(
            lot.fichiers,
            base,
            lot.departements,
            progres,
            origine=[f"{ORIGINE}:{numero}"],
            completer=inscrire,
            avant_bascule=ranger,
            sous_verrou=True,
        )
        return _confirmer(base, numero)


def _exiger_inchange(base: Path, actuel: str | None) -> None:
    """Raise AtlasError when the data of `base` are no longer those of fingerprint `actuel`."""
    if _empreinte(base) != actuel:
        raise AtlasError(
            "Les données ont changé depuis ce rapport.",
            remede="relire le rapport, refait sur les données actuelles, puis accepter",
        )


def revenir(base: Path, numero: int, progres: Progres | None = None) -> Version:
    """Build `base` from the files of version `numero` and swap it in; raises as `accepter`."""
    exiger_partout(courant(), Acte.DEPOSER)
    with _verrou(base):
        voulue = next((v for v in versions(base) if v.numero == numero), None)
        if voulue is None:
            raise AtlasError(
                f"La version {numero} n'est pas dans le dépôt.",
                fichier=str(chemins.DEPOT),
                remede="choisir une version de la liste",
            )
        etat = _etat_de(voulue)
        _verifier(etat.fichiers)
        construction.construire(
            _en_ordre(etat.fichiers),
            base,
            list(etat.departements),
            progres,
            origine=[f"{ORIGINE}:{numero}"],
            completer=inscrire,
        )
        return replace(voulue, est_en_service=True)


def versions(base: Path) -> list[Version]:
    """Every recorded state, newest first; the one `base` was built from is marked."""
    dossier = chemins.DEPOT / VERSIONS
    if not dossier.is_dir():
        return []
    lues = [_lire_version(f) for f in sorted(dossier.glob("*.json"), reverse=True)]
    en_service = _version_en_service(base, lues)
    return [replace(v, est_en_service=v.numero == en_service) for v in lues]


@dataclass(frozen=True)
class _Lot:
    """What is built: the files kept of the current state and those dropped."""

    departements: list[str] | None
    etat: _Etat
    contenu: dict[FichierDepose, Fichier]
    deposes: list[str]
    remplaces: list[str]
    illisibles: list[str]

    @property
    def fichiers(self) -> list[Fichier]:
        """All of them, in the order of a build."""
        return _en_ordre(self.contenu)


def _preparer(base: Path, deposes: list[tuple[str, bytes]], repartir: bool) -> _Lot:
    """The dropped files, still in memory, beside what stays of the current state."""
    etat = _Etat({}, (), None, "") if repartir else _etat_actuel(base)
    noms = _noms_surs([nom for nom, _ in deposes])
    neufs: dict[FichierDepose, Fichier] = {}
    for nom, (_, octets) in zip(noms, deposes, strict=True):
        fichier = Fichier(nom, octets)
        neufs[FichierDepose(nom, fichier.empreinte(), _sources(fichier))] = fichier
    remplaces = _remplaces(etat, neufs)
    gardes = {f: fichier for f, fichier in etat.fichiers.items() if f not in remplaces}
    _verifier(gardes)
    return _Lot(
        departements=list(etat.departements) or None,
        etat=etat,
        contenu={**gardes, **neufs},
        deposes=noms,
        remplaces=sorted(f.nom for f in remplaces),
        illisibles=[f.nom for f in neufs if not f.sources],
    )


def _en_ordre(contenu: dict[FichierDepose, Fichier]) -> list[Fichier]:
    """The files of a state as a folder that held them would give them."""
    return sorted(contenu.values(), key=lambda fichier: PurePosixPath(fichier.nom))


def _remplaces(etat: _Etat, neufs: Iterable[FichierDepose]) -> set[FichierDepose]:
    """The files of `etat` the new ones stand for: same name, same bytes, or same local sources.

    Raises AtlasError for a workbook that also gives a local source which is not given anew; what
    a file that can't be read would lose is nobody's loss, as it will be refused for its own fault.
    """
    illisibles = {f.nom for f in neufs if not f.sources}
    noms, octets = {f.nom for f in neufs}, {f.sha256 for f in neufs}
    locales = {s for f in neufs for s in f.sources if cartes()[s].est_locale}
    remplaces = set()
    for fichier in etat.fichiers:
        if fichier.nom in noms or fichier.sha256 in octets or locales & set(fichier.sources):
            remplaces.add(fichier)
            perdues = set(fichier.sources) - {s for f in neufs for s in f.sources}
            if perdues and fichier.nom not in illisibles:
                titres = enumeration([f"« {cartes()[s].titre} »" for s in sorted(perdues)])
                raise AtlasError(
                    f"Ce fichier serait remplacé, mais il donne aussi {titres}.",
                    fichier=fichier.nom,
                    remede="déposer en même temps un fichier qui les donne",
                )
    return remplaces


def _noms_surs(noms: list[str]) -> list[str]:
    """Names a folder can hold, each its own: no path, no leading dot, not too long."""
    surs: list[str] = []
    for nom in noms:
        feuille = "".join(c for c in PurePosixPath(nom.replace("\\", "/")).name if c.isprintable())
        feuille = feuille.lstrip(".~$ ") or "fichier"
        tige, suffixe = Path(feuille).stem[:LONGUEUR_NOM_MAX], Path(feuille).suffix
        candidat, rang = f"{tige}{suffixe}", 2
        while candidat in surs:
            candidat, rang = f"{tige} ({rang}){suffixe}", rang + 1
        surs.append(candidat)
    return surs


def _sources(fichier: Fichier) -> tuple[str, ...]:
    """The sources `fichier` is read as; none when it is refused, which the report tells."""
    try:
        lus = [reconnaitre(t) for t in lecture.tableaux(fichier) if t.debuts]
    except AtlasError:
        return ()
    return tuple(sorted({r.carte.nom for r in lus if isinstance(r, Reconnu)}))


def _etat_actuel(base: Path) -> _Etat:
    """The files `base` was built from: a version of the deposit, else the folders it names."""
    if not base.is_file():
        return _Etat({}, (), None, "")
    connues = versions(base)
    if service := next((v for v in connues if v.est_en_service), None):
        return _etat_de(service)
    with entrepot.ouvrir(base) as connexion:
        origine = entrepot.origine(connexion)
        departements = tuple(entrepot.departements(connexion))
        lus = entrepot.fichiers_lus(connexion)
    if not origine or any(o.startswith(f"{ORIGINE}:") for o in origine):
        raise AtlasError(
            "Les fichiers de ces données ne sont pas dans le dépôt.",
            fichier=str(chemins.DEPOT),
            admis="le dépôt qui a servi à les construire (variable ATLAS_DEPOT)",
            remede="reconstruire une fois avec atlas construire --sources DOSSIER, ou repartir de "
            "ces seuls fichiers",
        )
    dossiers = [Path(o) for o in origine]
    # what is no longer there is told when it is needed: a dropped file may replace it
    trouves = {f.nom: f for f in fichiers([d for d in dossiers if d.is_dir()])}
    etat = {
        FichierDepose(nom, sha256, sources): trouves.get(nom, Fichier(nom, dossiers[0] / nom))
        for nom, (sha256, sources) in lus.items()
    }
    for notice in filter(construction.est_notice, trouves.values()):
        etat[FichierDepose(notice.nom, notice.empreinte(), ())] = notice
    provenance = f"Données de départ ({enumeration([d.name for d in dossiers])})"
    return _Etat(etat, departements, None, provenance)


def _depart_a_garder(base: Path) -> _Etat | None:
    """The current state when the deposit does not have it yet and its files are still there."""
    try:
        etat = _etat_actuel(base)
        _verifier(etat.fichiers)
    except AtlasError:
        return None
    return etat if etat.version is None and etat.fichiers else None


def _etat_de(version: Version) -> _Etat:
    """The files of a recorded version, in the deposit."""
    dossier = chemins.DEPOT / FICHIERS
    gardes = {f: Fichier(f.nom, dossier / f.sha256) for f in version.fichiers}
    return _Etat(gardes, version.departements, version.numero, version.motif)


def _verifier(gardes: dict[FichierDepose, Fichier]) -> None:
    """Raise AtlasError when a file kept is not the one that was accepted."""
    for garde, fichier in gardes.items():
        if _est_autre(fichier, garde.sha256):
            raise AtlasError(
                "Ce fichier n'est plus celui qui a servi à construire les données actuelles.",
                fichier=garde.nom,
                remede="le redonner avec les autres, ou reconstruire avec atlas construire "
                "--sources DOSSIER",
            )


def _est_autre(fichier: Fichier, sha256: str) -> bool:
    """True when its bytes are not those of that fingerprint, or can't be had any more."""
    try:
        return fichier.empreinte() != sha256
    except OSError:
        return True


def _motif(lot: _Lot, repartir: bool) -> str:
    """How a version came, in French: what was dropped and what it replaced."""
    donnes = enumeration([f"« {nom} »" for nom in lot.deposes])
    if repartir:
        return f"Nouveau départ avec {donnes}"
    autres = [nom for nom in lot.remplaces if nom not in lot.deposes]
    suite = f", à la place de {enumeration([f'« {nom} »' for nom in autres])}" if autres else ""
    return f"Dépôt de {donnes}{suite}"


def _ecrire_version(
    base: Path,
    numero: int,
    motif: str,
    contenu: dict[FichierDepose, Fichier],
    etat: _Etat,
    *,
    en_cours: bool = False,
) -> None:
    """Keep the files of a state, then its record, each whole or not at all."""
    with _ecriture():
        magasin = chemins.DEPOT / FICHIERS
        magasin.mkdir(parents=True, exist_ok=True)
        for depose, fichier in contenu.items():
            garde = magasin / depose.sha256
            if not garde.exists():
                partiel = magasin / f"{PARTIEL}-{provisoire.marque()}"
                try:
                    with fichier.ouvrir() as lu, partiel.open("xb") as ecrit:
                        shutil.copyfileobj(lu, ecrit)
                    partiel.replace(garde)
                finally:
                    partiel.unlink(missing_ok=True)
        version = Version(
            numero=numero,
            acceptee_le=datetime.now(UTC).isoformat(timespec="seconds"),
            motif=motif,
            fichiers=tuple(contenu),
            departements=etat.departements,
            empreinte="" if en_cours else _empreinte(base) or "",
            entrepot=str(base.resolve()),
        )
        dossier = chemins.DEPOT / VERSIONS
        dossier.mkdir(parents=True, exist_ok=True)
        _ecrire_json(_chemin(numero).with_name(_chemin(numero).name + EN_COURS * en_cours), version)


def _ecrire_json(chemin: Path, version: Version) -> None:
    champs = {c: v for c, v in asdict(version).items() if c != "est_en_service"}
    provisoire.ecrire(chemin, json.dumps(champs, ensure_ascii=False, indent=1) + "\n")


def _confirmer(base: Path, numero: int) -> Version:
    """The state `numero` is in service: its record is final."""
    with _ecriture():
        en_cours = _chemin(numero).with_name(_chemin(numero).name + EN_COURS)
        with entrepot.ouvrir(base) as connexion:
            empreinte = entrepot.empreinte(connexion)
            departements = tuple(entrepot.departements(connexion))
        version = replace(_lire_version(en_cours), empreinte=empreinte, departements=departements)
        _ecrire_json(_chemin(numero), version)
        en_cours.unlink()
    return replace(version, est_en_service=True)


def _chemin(numero: int) -> Path:
    return chemins.DEPOT / VERSIONS / f"{numero:05}.json"


def _lire_version(chemin: Path) -> Version:
    try:
        champs = json.loads(chemin.read_text(encoding="utf-8"))
        fichiers = tuple(
            FichierDepose(f["nom"], f["sha256"], tuple(f["sources"])) for f in champs["fichiers"]
        )
        departements = tuple(champs["departements"])
        return Version(**{**champs, "fichiers": fichiers, "departements": departements})
    except (ValueError, KeyError, TypeError) as cause:
        raise AtlasError(
            "Version du dépôt illisible : ce fichier est abîmé.",
            fichier=str(chemin),
            remede="le reprendre d'une sauvegarde, ou le déplacer hors du dépôt",
        ) from cause


def _version_en_service(base: Path, connues: list[Version]) -> int | None:
    """The version with the files of `base`: the one it names, else the newest."""
    try:
        with entrepot.ouvrir(base) as connexion:
            origine = entrepot.origine(connexion)
            empreinte = entrepot.empreinte(connexion)
    except AtlasError:
        # no warehouse, or a broken one: bringing a version back is the way out
        return None
    memes = [v.numero for v in connues if v.empreinte == empreinte]
    nommee = [n for n in memes if origine == [f"{ORIGINE}:{n}"]]
    return next(iter(nommee or memes), None)


def _empreinte(base: Path) -> str | None:
    """The fingerprint of the data of `base`; None when there is no warehouse."""
    if not base.is_file():
        return None
    with entrepot.ouvrir(base) as connexion:
        return entrepot.empreinte(connexion)


@contextlib.contextmanager
def _verrou(base: Path) -> Iterator[None]:
    """One change of the deposit at a time; what a killed one left is put right first.

    The lock is the system's own on the file `verrou`: it falls with the process that holds it. The
    file says which process that is, and since when.
    """
    with _ecriture():
        chemins.DEPOT.mkdir(parents=True, exist_ok=True)
        descripteur = os.open(chemins.DEPOT / VERROU, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descripteur, "r+", encoding="utf-8") as fichier:
        if not verrou.prendre(fichier):
            raise AtlasError(
                f"Un autre dépôt est en cours ({fichier.read().strip() or 'il commence'}).",
                remede="attendre qu'il finisse, relire le rapport, puis accepter",
            )
        fichier.truncate(0)
        fichier.write(f"processus {os.getpid()}, depuis {datetime.now():%H h %M}")
        fichier.flush()
        _remettre_en_ordre(base)
        yield


def _remettre_en_ordre(base: Path) -> None:
    """After a killed deposit: its state is recorded if its warehouse is in service, else undone."""
    for en_cours in (chemins.DEPOT / VERSIONS).glob(f"*.json{EN_COURS}"):
        version = _lire_version(en_cours)
        if _est_construite_de(Path(version.entrepot), version):
            _confirmer(Path(version.entrepot), version.numero)
        else:
            en_cours.unlink()
    magasin = chemins.DEPOT / FICHIERS
    if magasin.is_dir():
        gardes = {f.sha256 for v in versions(base) for f in v.fichiers}
        for fichier in magasin.iterdir():
            if fichier.name not in gardes:
                provisoire.effacer(fichier)


def _est_construite_de(base: Path, version: Version) -> bool:
    """True when the warehouse `base` was built from the files of `version`."""
    if not base.is_file():
        return False
    with entrepot.ouvrir(base) as connexion:
        lus = {(nom, sha256) for nom, (sha256, _) in entrepot.fichiers_lus(connexion).items()}
        origine = entrepot.origine(connexion)
    donnes = {(f.nom, f.sha256) for f in version.fichiers if f.sources}
    return origine == [f"{ORIGINE}:{version.numero}"] and lus == donnes


@contextlib.contextmanager
def _ecriture() -> Iterator[None]:
    """A disk that is full or can't be written, told in French."""
    try:
        yield
    except OSError as cause:
        raise AtlasError(
            f"Impossible d'écrire dans le dépôt : {cause.strerror or cause}.",
            fichier=str(chemins.DEPOT),
            admis="un dossier où l'on peut écrire, avec assez de place",
            remede="libérer de la place ou déplacer le dépôt (variable ATLAS_DEPOT) ; les données "
            "actuelles sont intactes",
        ) from cause
