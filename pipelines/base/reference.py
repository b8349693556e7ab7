"""Dated and cited values of `data/reference/*.toml`: the only place contestable numbers live.

A file holds tables `[nom]` with `description`, `unite` and a list `[[nom.valeurs]]`, each value
with the day it came into force, its source and the day it was last checked.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError


@dataclass(frozen=True)
class Parametre:
    """One value in force: its name, unit, meaning, source and dates."""

    nom: str
    fichier: str
    description: str
    unite: str
    valeur: Any
    en_vigueur_le: date
    source: str
    verifie_le: date


@cache
def parametres(fichier: str, jour: date | None = None) -> dict[str, Parametre]:
    """Every parameter of `data/reference/<fichier>.toml` in force on `jour` (default: the latest).

    Raises AtlasError when the file is missing or unreadable, a value has no source, or nothing was
    in force on that day.
    """
    chemin = chemins.REFERENCE / f"{fichier}.toml"
    relatif = f"data/reference/{fichier}.toml"
    try:
        contenu = tomllib.loads(chemin.read_text(encoding="utf-8"))
    except FileNotFoundError as cause:
        raise AtlasError(
            "Fichier de référence absent.",
            fichier=relatif,
            remede="rétablir le fichier livré avec Atlas",
        ) from cause
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as cause:
        raise AtlasError(
            f"Fichier de référence illisible : {cause}",
            fichier=relatif,
            remede="corriger la ligne indiquée ; le texte doit être du TOML en UTF-8",
        ) from cause
    return {
        nom: _en_vigueur(nom, relatif, table, jour)
        for nom, table in contenu.items()
        if isinstance(table, dict) and "valeurs" in table
    }


def valeur(fichier: str, nom: str, jour: date | None = None) -> Any:  # noqa: ANN401
    """The value of one parameter in force on `jour`; AtlasError when it does not exist."""
    connus = parametres(fichier, jour)
    if nom not in connus:
        raise AtlasError(
            f"Paramètre « {nom} » inconnu.",
            fichier=f"data/reference/{fichier}.toml",
            admis=", ".join(sorted(connus)),
            remede="corriger le nom, ou ajouter le paramètre au fichier",
        )
    return connus[nom].valeur


def empreinte() -> str:
    """sha256 over every file of `data/reference`, and of the académie's own rules when it has any:
    the identity of the rules behind a result.
    """
    somme = hashlib.sha256()
    fichiers = [(f, chemins.REFERENCE) for f in chemins.REFERENCE.rglob("*")]
    fichiers += [(f, chemins.REGLES) for f in chemins.REGLES.rglob("*.toml")]
    for fichier, racine in sorted(fichiers):
        if fichier.is_file():
            somme.update(fichier.relative_to(racine).as_posix().encode())
            somme.update(fichier.read_bytes())
    return somme.hexdigest()


@cache
def dictionnaire_activite() -> dict[str, list[dict[str, Any]]]:
    """`indicateurs` and `modalites` of `data/reference/activite.toml`: what a return may count."""
    return tomllib.loads((chemins.REFERENCE / "activite.toml").read_text(encoding="utf-8"))


def _en_vigueur(nom: str, fichier: str, table: dict[str, Any], jour: date | None) -> Parametre:
    datees = sorted(table["valeurs"], key=lambda v: v["en_vigueur_le"])
    if jour is not None:
        datees = [v for v in datees if v["en_vigueur_le"] <= jour]
    if not datees:
        raise AtlasError(
            f"Aucune valeur de « {nom} » en vigueur le {jour:%d/%m/%Y}.",
            fichier=fichier,
            remede="ajouter la valeur de cette date, avec sa source",
        )
    derniere = datees[-1]
    manquants = [c for c in ("valeur", "source", "verifie_le") if c not in derniere]
    if manquants:
        raise AtlasError(
            f"« {nom} » : il manque {', '.join(manquants)}.",
            fichier=fichier,
            remede="toute valeur porte sa source et la date de sa dernière vérification",
        )
    return Parametre(
        nom=nom,
        fichier=fichier,
        description=table.get("description", ""),
        unite=table.get("unite", ""),
        valeur=derniere["valeur"],
        en_vigueur_le=derniere["en_vigueur_le"],
        source=derniere["source"],
        verifie_le=derniere["verifie_le"],
    )
