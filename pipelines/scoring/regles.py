"""Priorities as data: a text, its rules, and what each says of each site (yes, no, unknown)."""

import json
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache

import duckdb
import pandas as pd

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError

# A condition compares columns with constants and joins comparisons by and / or / not.
NOEUDS_ADMIS = {"COLUMN_REF", "CONSTANT", "COMPARISON", "CONJUNCTION", "OPERATOR"}
OPERATEURS_ADMIS = {
    "VALUE_CONSTANT",
    "COLUMN_REF",
    "COMPARE_EQUAL",
    "COMPARE_NOTEQUAL",
    "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHAN",
    "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_GREATERTHANOREQUALTO",
    "COMPARE_IN",
    "COMPARE_NOT_IN",
    "CONJUNCTION_AND",
    "CONJUNCTION_OR",
    "OPERATOR_NOT",
    "OPERATOR_IS_NULL",
    "OPERATOR_IS_NOT_NULL",
}


@dataclass(frozen=True)
class Regle:
    """One category of a text: its condition on `mart_site` and where the text states it."""

    code: str
    libelle: str
    condition: str
    reference: str
    resume: str
    en_vigueur_le: date


@dataclass(frozen=True)
class Priorites:
    """One text and its rules. `note` says what the text does not decide."""

    code: str
    titre: str
    nor: str
    date: date
    en_vigueur_le: date
    note: str
    verifie_le: date
    regles: tuple[Regle, ...]


@cache
def priorites(code: str) -> Priorites:
    """The rule set `data/reference/priorites/<code>.toml`; AtlasError when it does not exist."""
    contenu = lire_reference("priorites", code)
    regles = tuple(Regle(**r) for r in contenu["regles"])
    return Priorites(**contenu["texte"], regles=regles)


def lire_reference(dossier: str, code: str) -> dict:
    """The TOML of `data/reference/<dossier>/<code>.toml`; AtlasError names the files that exist."""
    chemin = chemins.REFERENCE / dossier / f"{code}.toml"
    if not chemin.is_file():
        connus = sorted(f.stem for f in chemin.parent.glob("*.toml"))
        raise AtlasError(
            f"« {code} » n'existe pas.",
            fichier=f"data/reference/{dossier}/{code}.toml",
            admis=", ".join(connus),
            remede="choisir l'un de ces noms, ou ajouter le fichier",
        )
    return tomllib.loads(chemin.read_text(encoding="utf-8"))


def appliquer(connexion: duckdb.DuckDBPyConnection, jeu: Priorites) -> pd.DataFrame:
    """What each rule says of each site: columns site_id, regle, verdict (True, False, None).

    None means unknown: a column the rule reads has no value for that site. Never taken for no.
    Raises AtlasError naming the rule whose condition is not allowed.
    """
    colonnes = {
        nom for (nom, *_) in connexion.execute("describe select * from mart_site").fetchall()
    }
    morceaux = []
    for regle in jeu.regles:
        _verifier_condition(connexion, regle, colonnes)
        morceaux.append(
            f"select site_id, '{regle.code}' as regle, ({regle.condition}) as verdict "
            "from mart_site"
        )
    cadre = connexion.execute(" union all ".join(morceaux) + " order by site_id, regle").df()
    cadre["verdict"] = cadre["verdict"].astype(object).where(cadre["verdict"].notna(), None)
    return cadre


def _verifier_condition(
    connexion: duckdb.DuckDBPyConnection, regle: Regle, colonnes: set[str]
) -> None:
    [(texte,)] = connexion.execute(
        "select json_serialize_sql(?::varchar)", [f"select {regle.condition}"]
    ).fetchall()
    arbre = json.loads(texte)
    if arbre["error"]:
        raise _refus(regle, f"elle ne se lit pas : {arbre['error_message']}", colonnes)
    noeud = arbre["statements"][0]["node"]
    if (
        len(arbre["statements"]) > 1
        or noeud["type"] != "SELECT_NODE"
        or noeud["from_table"]["type"] != "EMPTY"
        or len(noeud["select_list"]) > 1
    ):
        raise _refus(regle, "elle n'est pas une simple condition", colonnes)
    _verifier_expression(regle, noeud["select_list"][0], colonnes)
    try:
        [(_, type_verdict, *_)] = connexion.execute(
            f"describe select ({regle.condition}) as verdict from mart_site"
        ).fetchall()
    except duckdb.Error as cause:
        raise _refus(regle, f"elle ne se lit pas : {cause}".splitlines()[0], colonnes) from cause
    if type_verdict != "BOOLEAN":
        raise _refus(regle, "elle ne répond ni par oui ni par non", colonnes)


def _verifier_expression(regle: Regle, expression: dict, colonnes: set[str]) -> None:
    if expression["class"] not in NOEUDS_ADMIS or expression["type"] not in OPERATEURS_ADMIS:
        raise _refus(regle, f"« {expression['type']} » n'est pas admis", colonnes)
    if expression["class"] == "COLUMN_REF":
        nom = ".".join(expression["column_names"])
        if nom not in colonnes:
            raise _refus(regle, f"la colonne « {nom} » n'existe pas", colonnes)
    for cle in ("left", "right"):
        if isinstance(expression.get(cle), dict):
            _verifier_expression(regle, expression[cle], colonnes)
    for enfant in expression.get("children", []):
        _verifier_expression(regle, enfant, colonnes)


def _refus(regle: Regle, raison: str, colonnes: set[str]) -> AtlasError:
    return AtlasError(
        f"Condition refusée pour la règle « {regle.code} » ({regle.condition}) : {raison}.",
        admis="des comparaisons jointes par and, or, not sur les colonnes "
        + ", ".join(sorted(colonnes)),
        remede="corriger la condition dans data/reference/priorites",
    )
