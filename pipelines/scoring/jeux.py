"""Files of rules by code: those shipped in data/reference, and an académie's own beside them.

A local file stands in `chemins.REGLES`, in the sub-folder of its kind (priorites, baremes,
doctrines); it may not take the code of a shipped one.
"""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from pipelines.base import chemins, provisoire
from pipelines.base.erreurs import AtlasError

T = TypeVar("T")
CODE = re.compile(r"[a-z][a-z0-9_]*")
CODE_ADMIS = "des minuscules sans accent, des chiffres et des tirets bas, une lettre d'abord"


def codes(dossier: str) -> list[str]:
    """Codes of the files of `dossier` (priorites, baremes, doctrines): shipped and local."""
    return sorted({*livres(dossier), *locaux(dossier)})


def lisibles(dossier: str, lire: Callable[[str], T]) -> list[T]:
    """What `lire` makes of each code of `dossier`, a local file that is wrong left out.

    A shipped file that is wrong raises, as `lire` does.
    """
    lus = []
    for code in codes(dossier):
        try:
            lus.append(lire(code))
        except AtlasError:
            if not est_local(dossier, code):
                raise
    return lus


def est_local(dossier: str, code: str) -> bool:
    """True when `code` is a file the académie wrote, False when Atlas ships it."""
    return code not in livres(dossier) and code in locaux(dossier)


def lire_reference(dossier: str, code: str) -> dict[str, Any]:
    """The content of the file `code` of `dossier`, as it stands on the disk now.

    AtlasError when it does not exist (with those that do), can't be read, or when a local file
    takes the code of a shipped one.
    """
    chemin = chemin_de(dossier, code)
    try:
        # utf-8-sig: a text editor may have left a mark at the start
        return tomllib.loads(chemin.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as cause:
        raise AtlasError(
            f"Fichier illisible : {cause}",
            fichier=nom_du_fichier(dossier, code),
            admis="du TOML en UTF-8, comme les fichiers de data/reference",
            remede="corriger la ligne indiquée",
        ) from cause


def chemin_de(dossier: str, code: str) -> Path:
    """Where the file `code` of `dossier` is; AtlasError when it is nowhere, or in both places."""
    livre, local = code in livres(dossier), code in locaux(dossier)
    if livre and local:
        raise AtlasError(
            f"Le fichier local « {code} » porte le nom d'un fichier livré avec Atlas.",
            fichier=str(fichier_local(dossier, code)),
            admis="un nom qui n'est pas déjà pris : " + ", ".join(livres(dossier)),
            remede="renommer le fichier local, et son code",
        )
    if not (livre or local):
        raise AtlasError(
            f"« {code} » n'existe pas.",
            fichier=f"data/reference/{dossier}/{code}.toml",
            admis=", ".join(codes(dossier)),
            remede="choisir l'un de ces noms, ou ajouter le fichier",
        )
    return chemins.REFERENCE / dossier / f"{code}.toml" if livre else fichier_local(dossier, code)


def nom_du_fichier(dossier: str, code: str) -> str:
    """How errors name the file: from data/ when shipped, whole when local."""
    if code in livres(dossier):
        return f"data/reference/{dossier}/{code}.toml"
    return str(fichier_local(dossier, code))


def verifier_code_local(dossier: str, code: str) -> None:
    """Refuse a code a local file can't have: badly written, or that of a shipped file."""
    if not CODE.fullmatch(code):
        raise AtlasError(
            f"« {code} » ne peut pas être le nom d'un fichier de règles.",
            admis=CODE_ADMIS,
            remede="choisir un autre nom, par exemple mon_academie_2027",
        )
    if code in livres(dossier):
        raise AtlasError(
            f"« {code} » est le nom d'un fichier livré avec Atlas, qui ne se modifie pas.",
            admis="un nom qui n'est pas déjà pris : " + ", ".join(livres(dossier)),
            remede="choisir un autre nom",
        )


def en_toml(contenu: dict[str, Any]) -> str:
    """`contenu` as TOML text; AtlasError when a text holds a character no file can hold."""
    texte = tomli_w.dumps(contenu)
    try:
        texte.encode("utf-8")
    except UnicodeEncodeError as cause:
        raise AtlasError(
            f"Un texte contient un caractère qui ne s'écrit pas : {cause.object[cause.start]!r}.",
            admis="les caractères d'un texte ordinaire",
            remede="effacer ce caractère",
        ) from cause
    return texte


def ecrire_local(dossier: str, code: str, texte: str, *, remplacer: bool = False) -> Path:
    """Write the local file `code` of `dossier`, whole or not at all; its path.

    AtlasError when the code can't be taken, when the file exists and `remplacer` is false, or
    when the folder can't be written.
    """
    verifier_code_local(dossier, code)
    chemin = fichier_local(dossier, code)
    if chemin.exists() and not remplacer:
        raise AtlasError(
            f"« {code} » existe déjà.",
            fichier=str(chemin),
            admis="un nom qui n'est pas déjà pris : " + ", ".join(codes(dossier)),
            remede="choisir un autre nom, ou demander de le remplacer",
        )
    try:
        provisoire.ecrire(chemin, texte)
    except OSError as cause:
        raise AtlasError(
            f"Impossible d'écrire les règles : {cause.strerror or cause}.",
            fichier=str(chemin),
            admis="un dossier où l'on peut écrire (variable ATLAS_REGLES)",
            remede="libérer de la place, ou choisir un autre dossier",
        ) from cause
    return chemin


def effacer_local(dossier: str, code: str) -> None:
    """Remove the local file `code`; AtlasError when there is none, or it can't be removed."""
    chemin = fichier_local(dossier, code)
    if code not in locaux(dossier):
        raise AtlasError(
            f"« {code} » n'est pas un fichier de l'académie.",
            admis=", ".join(locaux(dossier)) or "aucun fichier",
            remede="choisir l'un de ces noms",
        )
    try:
        chemin.unlink()
    except OSError as cause:
        raise AtlasError(
            f"Impossible de supprimer ce fichier : {cause.strerror or cause}.",
            fichier=str(chemin),
            remede="vérifier les droits de ce dossier",
        ) from cause


def fichier_local(dossier: str, code: str) -> Path:
    """Where the académie's own file `code` of `dossier` stands, or would."""
    return chemins.REGLES / dossier / f"{code}.toml"


def livres(dossier: str) -> list[str]:
    """Codes of the files Atlas ships."""
    return sorted(f.stem for f in (chemins.REFERENCE / dossier).glob("*.toml"))


def locaux(dossier: str) -> list[str]:
    """Codes of the files the académie wrote."""
    return sorted(f.stem for f in (chemins.REGLES / dossier).glob("[!.]*.toml"))
