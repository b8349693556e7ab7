"""A sealed file: what it takes to make every number of a scenario again, and say if it is the same.

One zip: extracts of the data, parameters, `probleme.json`, plan, summary, numbers, versions, and
the fingerprint of each. Its own fingerprint, printed in the dossier, is what makes it the file that
was put on the table: who changes a file and its fingerprint changes that one.
"""

import hashlib
import importlib.metadata
import io
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import nombre
from pipelines.marts import entrepot
from pipelines.planning.probleme import depuis_json
from pipelines.scenarios import chiffres, dossiers, extraits, propositions
from pipelines.scenarios.chiffres import Chiffres, Valeur
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.scenario import Scenario
from pipelines.sources.fichiers import Fichier

EMPREINTES, CHIFFRES, VERSIONS = "empreintes.json", "chiffres.json", "versions.json"
LISEZ_MOI = "LISEZ-MOI.txt"
PARAMETRES, REGLES = "parametres/reference", "parametres/regles"
SCHEMA = "atlas-scelle/1"
BIBLIOTHEQUES = ("duckdb", "numpy", "pandas", "inequality", "ortools")
OBLIGATOIRES = (
    CHIFFRES,
    VERSIONS,
    propositions.FICHIER_PROBLEME,
    propositions.FICHIER_PLAN,
    propositions.FICHIER_RESUME,
    f"{extraits.DOSSIER}/{extraits.SCHEMA}",
)
DATE_FIXE = (1980, 1, 1, 0, 0, 0)
ENTREES_MAX = 2_000
MEGAOCTET = 1024**2
OCTETS_PAR_MORCEAU = 1024**2
ECART_RELATIF = 1e-9
"""Between two sums of the same terms on two machines; whole numbers must be the same."""
ADMIS = "un fichier scellé tel qu'Atlas l'a écrit"
REMEDE = "le redemander à qui l'a établi, et comparer son empreinte à celle du dossier"
TEXTE = """Fichier scellé d'Atlas SSFE

Ce fichier contient de quoi refaire chaque nombre d'un scénario de répartition :
- donnees/ : les extraits de données dont il part ;
- parametres/ : les règles, barèmes et paramètres de ce jour-là ;
- probleme.json, plan.csv, resume.json : le problème posé, le plan, ce qui en a été dit ;
- chiffres.json : tous les nombres ; versions.json : avec quoi ils ont été calculés ;
- empreintes.json : l'empreinte (sha256) de chaque fichier.

Pour vérifier : atlas recalculer FICHIER. Atlas refait tout et dit, nombre par nombre, ce qui est
identique ou différent.

Il nomme les postes un par un : il est réservé à ceux qui peuvent lire la version nominative.
"""


@dataclass(frozen=True)
class Ligne:
    """A number told and made again; None when one side has not got it."""

    nom: str
    donne: Valeur
    recalcule: Valeur

    @property
    def est_identique(self) -> bool:
        """The same whole number or text, or the same measure up to rounding."""
        a, b = self.donne, self.recalcule
        if isinstance(a, float) and isinstance(b, float | int) and not isinstance(b, bool):
            return math.isclose(a, b, rel_tol=ECART_RELATIF, abs_tol=ECART_RELATIF)
        return a == b and isinstance(a, bool) == isinstance(b, bool)


@dataclass(frozen=True)
class Recalcul:
    """Every number of a sealed file beside the one made again. `versions`: what differs here from
    what it was made with, name → (then, now).
    """

    empreinte: str
    lignes: tuple[Ligne, ...]
    versions: Mapping[str, tuple[str, str]]

    @property
    def differentes(self) -> tuple[Ligne, ...]:
        """The numbers that are not the same."""
        return tuple(ligne for ligne in self.lignes if not ligne.est_identique)


def sceller(lecteur: Lecteur, base: Path, scenario: Scenario) -> bytes:
    """The sealed file of `scenario`, whose data are those of the warehouse `base`.

    AtlasError when `lecteur` may not read it, when the data have changed since, or when a number of
    the scenario is not found again.
    """
    exiger(lecteur, Acte.LIRE, scenario.departement)
    with entrepot.ouvrir(base) as connexion:
        if entrepot.empreinte(connexion) != scenario.empreinte_donnees:
            raise AtlasError(
                "Les données ont changé depuis ce scénario : il ne peut plus être scellé.",
                admis="l'entrepôt sur lequel le scénario a été fait",
                remede="remettre cet entrepôt en service, ou rejouer le scénario sur l'actuel",
            )
        donnees = extraits.extraire(connexion, scenario.departement)
    with tempfile.TemporaryDirectory() as nom:
        dossier = Path(nom)
        dossiers.materialiser(dossier / "scenario", scenario.contenu)
        fichiers = {
            f.name: f.read_bytes() for f in sorted((dossier / "scenario").iterdir()) if f.is_file()
        }
        fichiers |= {f"{extraits.DOSSIER}/{n}": octets for n, octets in donnees.items()}
        fichiers |= _parametres()
        deposer(dossier / "ouvert", fichiers)
        calcules = chiffres.du_dossier(dossier / "ouvert")
    _exiger_les_memes(scenario, calcules)
    fichiers |= {
        CHIFFRES: _json(calcules),
        VERSIONS: _json(versions()),
        LISEZ_MOI: TEXTE.encode("utf-8"),
    }
    return _zip(fichiers)


def recalculer(fichier: Fichier) -> Recalcul:
    """Every number of a sealed file, made again from its data with its parameters.

    AtlasError when it is no sealed file, was altered, or would harm who opens it.
    """
    contenu = ouvrir(fichier)
    donnes: Chiffres = _lire_json(fichier, contenu[CHIFFRES])
    garde = depuis_json(_texte(fichier, contenu[propositions.FICHIER_PROBLEME]))
    resume = _lire_json(fichier, contenu[propositions.FICHIER_RESUME])
    try:
        # the three files of the scenario state numbers too: each is held to what is made again
        donnes = donnes | chiffres.du_probleme(garde) | chiffres.du_resume(resume)
        alors = {str(n): str(v) for n, v in _lire_json(fichier, contenu[VERSIONS]).items()}
    except (KeyError, TypeError, AttributeError) as cause:
        raise _refus(fichier, "Le résumé de ce fichier scellé ne se lit pas.") from cause
    with tempfile.TemporaryDirectory() as nom:
        deposer(Path(nom), contenu)
        refaits = _refaire(fichier, Path(nom))
    ici = versions()
    return Recalcul(
        empreinte=fichier.empreinte(),
        lignes=tuple(
            Ligne(n, donnes.get(n), refaits.get(n)) for n in sorted(donnes.keys() | refaits.keys())
        ),
        versions={
            n: (alors.get(n, "absente"), ici.get(n, "absente"))
            for n in sorted(alors.keys() | ici.keys())
            if alors.get(n) != ici.get(n)
        },
    )


def versions() -> dict[str, str]:
    """What makes the numbers here: name → version."""
    return {
        "schema": SCHEMA,
        "atlas-ssfe": importlib.metadata.version("atlas-ssfe"),
        "python": platform.python_version(),
        **{nom: importlib.metadata.version(nom) for nom in BIBLIOTHEQUES},
    }


# --- the zip -------------------------------------------------------------------------------------


def ouvrir(fichier: Fichier) -> dict[str, bytes]:
    """Name → bytes of what a sealed file holds, every fingerprint checked, nothing put on the disk.

    AtlasError when it is no sealed file, is altered, or has what a sealed file never has: a path
    that leads elsewhere, a name given twice, a size beyond reason, a link, a password.
    """
    try:
        with fichier.ouvrir() as flux, zipfile.ZipFile(flux) as archive:
            contenu = _lire_archive(fichier, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError,
            RuntimeError, UnicodeError, ValueError) as cause:  # fmt: skip
        raise _refus(
            fichier, "Ce fichier scellé est illisible : abîmé, ou d'une autre nature."
        ) from cause
    manquants = [n for n in (EMPREINTES, *OBLIGATOIRES) if n not in contenu]
    if manquants:
        raise _refus(fichier, f"Ce n'est pas un fichier scellé : {', '.join(manquants)} manque.")
    attendues = _lire_json(fichier, contenu.pop(EMPREINTES))
    alteres = sorted(
        nom
        for nom in attendues.keys() | contenu.keys()
        if nom not in contenu or hashlib.sha256(contenu[nom]).hexdigest() != attendues.get(nom)
    )
    if alteres:
        raise _refus(
            fichier,
            f"Ce fichier scellé a été altéré : {', '.join(alteres[:5])}"
            f"{' …' if len(alteres) > 5 else ''} n'a plus son empreinte.",
        )
    return contenu


def deposer(dossier: Path, fichiers: Mapping[str, bytes]) -> None:
    """Write `fichiers`, whose names are known to be harmless, under `dossier`."""
    for nom, octets in fichiers.items():
        chemin = dossier / nom
        chemin.parent.mkdir(parents=True, exist_ok=True)
        chemin.write_bytes(octets)


def _lire_archive(fichier: Fichier, archive: zipfile.ZipFile) -> dict[str, bytes]:
    entrees = archive.infolist()
    octets_max = int(reference.valeur("controles", "classeur_octets_max"))
    rapport_max = reference.valeur("controles", "classeur_rapport_max")
    a_partir_de = reference.valeur("controles", "classeur_rapport_a_partir_de_octets")
    total = sum(e.file_size for e in entrees)
    if (
        len(entrees) > ENTREES_MAX
        or total > octets_max
        or (total > a_partir_de and total > rapport_max * max(fichier.octets, 1))
    ):
        raise AtlasError(
            f"Fichier scellé démesuré : {nombre(total / MEGAOCTET)} Mo une fois ouvert. Il n'a pas "
            "été ouvert.",
            fichier=fichier.nom,
            admis=f"{nombre(octets_max / MEGAOCTET)} Mo une fois ouvert",
            remede=REMEDE,
        )
    contenu: dict[str, bytes] = {}
    for entree in entrees:
        _exiger_sain(fichier, entree)
        if entree.filename in contenu:
            raise _refus(fichier, f"{entree.filename} est deux fois dans ce fichier scellé.")
        with archive.open(entree) as flux:
            # no more than it announces, whatever its bytes say
            octets = flux.read(entree.file_size + 1)
        if len(octets) != entree.file_size:
            raise _refus(fichier, f"La taille de {entree.filename} n'est pas celle annoncée.")
        contenu[entree.filename] = octets
    return contenu


def _exiger_sain(fichier: Fichier, entree: zipfile.ZipInfo) -> None:
    """AtlasError for a name or a kind of entry that a sealed file never has."""
    nom = entree.filename
    chemin = PurePosixPath(nom)
    est_lien = (entree.external_attr >> 16) & 0o170000 == 0o120000
    if (
        not nom
        or chemin.is_absolute()
        or ".." in chemin.parts
        or nom != chemin.as_posix()
        or any(c in nom for c in '\\:*?"<>|\0')
        or entree.is_dir()
        or est_lien
    ):
        raise _refus(fichier, f"« {nom[:80]} » n'a pas sa place dans un fichier scellé.")


def _zip(fichiers: Mapping[str, bytes]) -> bytes:
    """The zip, its fingerprints first; the same bytes for the same content."""
    empreintes = {nom: hashlib.sha256(o).hexdigest() for nom, o in sorted(fichiers.items())}
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for nom, octets in [(EMPREINTES, _json(empreintes)), *sorted(fichiers.items())]:
            entree = zipfile.ZipInfo(nom, DATE_FIXE)
            entree.compress_type = zipfile.ZIP_DEFLATED
            entree.create_system = 3
            entree.external_attr = 0o644 << 16
            archive.writestr(entree, octets)
    return tampon.getvalue()


def _parametres() -> dict[str, bytes]:
    """The parameters and rules in force here: name in the zip → bytes."""
    trouves = {}
    for racine, ou, motif in (
        (chemins.REFERENCE, PARAMETRES, "*"),
        (chemins.REGLES, REGLES, "*.toml"),
    ):
        for chemin in sorted(racine.rglob(motif)):
            if chemin.is_file():
                trouves[f"{ou}/{chemin.relative_to(racine).as_posix()}"] = chemin.read_bytes()
    return trouves


# --- making again --------------------------------------------------------------------------------


def _refaire(fichier: Fichier, dossier: Path) -> Chiffres:
    """The numbers made again in a process of its own: parameters are read once in each."""
    environnement = {
        **os.environ,
        "ATLAS_REFERENCE": str(dossier / PARAMETRES),
        "ATLAS_REGLES": str(dossier / REGLES),
        "PYTHONIOENCODING": "utf-8",
    }
    fait = subprocess.run(
        [sys.executable, "-m", "pipelines.scenarios.chiffres", str(dossier)],
        cwd=chemins.RACINE,
        env=environnement,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if fait.returncode:
        derniere = fait.stderr.strip().splitlines()[-1:] or ["raison inconnue"]
        raise AtlasError(
            f"Les nombres de ce fichier scellé ne peuvent pas être refaits : {derniere[0]}",
            fichier=fichier.nom,
            admis=ADMIS,
            remede=REMEDE,
        )
    return json.loads(fait.stdout)


def _exiger_les_memes(scenario: Scenario, calcules: Chiffres) -> None:
    """AtlasError when the scenario states a number its data and these parameters don't give."""
    donnes = chiffres.du_probleme(scenario.probleme) | chiffres.du_resume(scenario.resume)
    lignes = [Ligne(n, v, calcules.get(n)) for n, v in donnes.items()]
    autres = [ligne for ligne in lignes if not ligne.est_identique]
    if autres:
        dits = " ; ".join(f"{x.nom}, {x.donne} puis {x.recalcule}" for x in autres[:3])
        raise AtlasError(
            f"{nombre(len(autres))} nombres de ce scénario ne se retrouvent pas avec les "
            f"paramètres d'aujourd'hui : {dits}.",
            admis="un scénario fait avec les paramètres et les règles en vigueur",
            remede="le rejouer, ou refaire la proposition, puis le sceller",
        )


def _json(valeurs: Mapping[str, Valeur]) -> bytes:
    return (
        json.dumps(valeurs, ensure_ascii=False, sort_keys=True, indent=0, allow_nan=False) + "\n"
    ).encode("utf-8")


def _texte(fichier: Fichier, octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as cause:
        raise _refus(fichier, "Un fichier de ce fichier scellé n'est pas en UTF-8.") from cause


def _lire_json(fichier: Fichier, octets: bytes) -> dict:
    try:
        lu = json.loads(octets)
    except (ValueError, RecursionError) as cause:
        raise _refus(fichier, "Un fichier JSON de ce fichier scellé ne se lit pas.") from cause
    if not isinstance(lu, dict):
        raise _refus(fichier, "Un fichier JSON de ce fichier scellé n'est pas ce qu'il devrait.")
    return lu


def _refus(fichier: Fichier, quoi: str) -> AtlasError:
    return AtlasError(quoi, fichier=fichier.nom, admis=ADMIS, remede=REMEDE)
