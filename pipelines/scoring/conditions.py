"""Conditions of rules: comparisons of columns with constants, joined by and, or, not.

Read by DuckDB's own parser, then admitted node by node; what an unknown column makes of a
condition is SQL's three-valued logic, which this grammar can't escape.
"""

import json
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache

import duckdb

from pipelines.base import chemins

COMPARAISONS = {
    "COMPARE_EQUAL",
    "COMPARE_NOTEQUAL",
    "COMPARE_LESSTHAN",
    "COMPARE_GREATERTHAN",
    "COMPARE_LESSTHANOREQUALTO",
    "COMPARE_GREATERTHANOREQUALTO",
}
APPARTENANCES = {"COMPARE_IN", "COMPARE_NOT_IN"}
LOGIQUES = {"CONJUNCTION_AND", "CONJUNCTION_OR", "OPERATOR_NOT"}
VIDES = {"OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"}
TEXTE, NOMBRE, LOGIQUE = "un texte", "un nombre", "un oui ou non"
# beyond, DuckDB can't compare with a column of whole numbers
PLUS_GRAND_NOMBRE = 10**15


class ConditionError(ValueError):
    """A condition outside the grammar; its message is the reason, in French."""


@dataclass(frozen=True)
class Grammaire:
    """What conditions may read: columns by nature, and those whose emptiness is an answer."""

    natures: dict[str, str]
    vide_est_une_reponse: tuple[str, ...]
    admises: dict[str, tuple[str, ...]]

    def en_mots(self) -> str:
        """What is admitted, for the message of a refusal."""
        return (
            "des comparaisons de colonnes avec des textes, des nombres ou des seuils, jointes par "
            "and, or, not ; colonnes : " + ", ".join(sorted(self.natures))
        )


@cache
def grammaire() -> Grammaire:
    """The columns of `mart_site`, from `colonnes.toml` and `conditions.toml`."""
    lues = {
        nom: tomllib.loads((chemins.REFERENCE / f"{nom}.toml").read_text(encoding="utf-8"))
        for nom in ("colonnes", "conditions")
    }
    regles = lues["conditions"]["mart_site"]
    natures = dict.fromkeys(lues["colonnes"]["mart_site"], TEXTE)
    natures |= dict.fromkeys(regles["nombre"], NOMBRE) | dict.fromkeys(regles["logique"], LOGIQUE)
    return Grammaire(
        natures,
        tuple(regles["vide_est_une_reponse"]),
        {nom: tuple(valeurs) for nom, valeurs in regles["admises"].items()},
    )


@lru_cache(maxsize=1024)
def colonnes_lues(condition: str) -> frozenset[str]:
    """The columns of `mart_site` a condition reads; ConditionError when it is not admitted."""
    lues: set[str] = set()
    _logique(arbre(condition), lues)
    return frozenset(lues)


def arbre(condition: str) -> dict:
    """The expression as DuckDB reads it, in the very brackets it will be run in.

    ConditionError when it is no single expression.
    """
    with duckdb.connect() as connexion:
        [(texte,)] = connexion.execute(
            "select json_serialize_sql(?::varchar)", [f"select ({condition}) as verdict"]
        ).fetchall()
    arbre = json.loads(texte)
    if arbre["error"]:
        raise ConditionError(f"elle ne se lit pas ({arbre['error_message']})")
    noeuds = [enonce["node"] for enonce in arbre["statements"]]
    if (
        len(noeuds) != 1
        or noeuds[0]["type"] != "SELECT_NODE"
        or noeuds[0]["from_table"]["type"] != "EMPTY"
        or len(noeuds[0]["select_list"]) != 1
    ):
        raise ConditionError("elle n'est pas une simple condition")
    return noeuds[0]["select_list"][0]


def _logique(expression: dict, lues: set[str]) -> None:
    """Admit what answers by yes, no or unknown; the columns read are added to `lues`."""
    type_ = expression["type"]
    if type_ == "COLUMN_REF":
        nom, nature = _colonne(expression, lues)
        if nature != LOGIQUE:
            raise ConditionError(
                f"« {nom} » ne répond ni par oui ni par non : la comparer à {nature}"
            )
    elif type_ in LOGIQUES:
        for enfant in expression["children"]:
            _logique(enfant, lues)
    elif type_ in VIDES:
        _vide(expression["children"][0], lues)
    elif type_ in COMPARAISONS:
        _comparaison(expression["left"], [expression["right"]], lues)
    elif type_ in APPARTENANCES:
        _comparaison(expression["children"][0], expression["children"][1:], lues)
    elif type_ == "VALUE_CONSTANT":
        raise ConditionError("une valeur seule n'est pas une condition")
    else:
        raise ConditionError(f"« {type_} » n'est pas admis")


def _vide(expression: dict, lues: set[str]) -> None:
    """Emptiness is asked of the columns where it is an answer: elsewhere it means unknown."""
    if expression["type"] != "COLUMN_REF":
        raise ConditionError("« is null » se demande d'une colonne")
    nom, _ = _colonne(expression, lues)
    admises = grammaire().vide_est_une_reponse
    if nom not in admises:
        raise ConditionError(
            f"« {nom} » vide veut dire inconnu, et l'inconnu n'est pas une réponse ; "
            f"« is null » se demande de {', '.join(admises)}"
        )


def _comparaison(gauche: dict, droites: list[dict], lues: set[str]) -> None:
    """Columns and constants of one nature, a column among them."""
    operandes = [gauche, *droites]
    colonnes = [_colonne(o, lues) for o in operandes if o["type"] == "COLUMN_REF"]
    natures = {nature for _, nature in colonnes}
    constantes = [o for o in operandes if o["type"] != "COLUMN_REF"]
    natures |= {_nature(c) for c in constantes}
    if not colonnes:
        raise ConditionError("une comparaison lit au moins une colonne")
    if LOGIQUE in natures:
        raise ConditionError(
            "un oui ou non ne se compare pas : écrire la colonne seule, ou « not » devant"
        )
    if len(natures) > 1:
        raise ConditionError(f"« {colonnes[0][0]} » est {colonnes[0][1]}, comparé à autre chose")
    for nom, _ in colonnes:
        admises = grammaire().admises.get(nom)
        autres = {_valeur(c) for c in constantes} - set(admises or ()) if admises else set()
        if autres:
            raise ConditionError(
                f"« {nom} » ne vaut jamais {', '.join(sorted(autres))} : "
                f"ses valeurs sont {', '.join(admises)}"
            )


def _colonne(expression: dict, lues: set[str]) -> tuple[str, str]:
    nom = ".".join(expression["column_names"])
    nature = grammaire().natures.get(nom)
    if nature is None:
        raise ConditionError(f"la colonne « {nom} » n'existe pas")
    lues.add(nom)
    return nom, nature


def _nature(expression: dict) -> str:
    if expression["type"] != "VALUE_CONSTANT":
        raise ConditionError(f"« {expression['type']} » n'est pas admis")
    genre = expression["literal"]["kind"]
    if genre == "NULL_LITERAL":
        raise ConditionError("rien n'est égal à null : écrire « is null »")
    nature = {"STRING": TEXTE, "BOOLEAN": LOGIQUE}.get(genre, NOMBRE)
    if nature == NOMBRE and abs(float(_valeur(expression))) > PLUS_GRAND_NOMBRE:
        raise ConditionError(f"le nombre {_valeur(expression)} est hors de toute échelle")
    return nature


def _valeur(expression: dict) -> str:
    return expression["literal"]["text"]
