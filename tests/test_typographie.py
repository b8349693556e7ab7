"""French typography on every screen: a narrow no-break space where one is due."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from pipelines.base import chemins

# a plain space before : ; ! ? % » or after «
FAUTE = re.compile(r"(?<![\s\u202f]) [:;!?%»](?=[\s)\]*.,]|$)|« ")
# SQL, its placeholders, HTML and CSS
TECHNIQUE = re.compile(
    r"\b(select|insert|from|where|values|create|drop|attach|order by|group by|exists|union|"
    r"inner join|left join)\b|= ?\?|\(\?|, \?|</?\w+|\{[\w-]+: [\w#.]+"
)
SOURCES = sorted(
    f
    for dossier in ("pages", "pipelines")
    for f in (chemins.RACINE / dossier).rglob("*.py")
    # the simulator writes files in the very format of the ministry's exports
    if "simulation" not in f.parts
)
REFERENCES = sorted(chemins.REFERENCE.rglob("*.toml"))


def phrases(fichier: Path) -> list[tuple[int, str]]:
    """String literals of a module, docstrings and technical texts (SQL, CSS) apart."""
    arbre = ast.parse(fichier.read_text(encoding="utf-8"))
    docstrings = {
        id(noeud.body[0].value)
        for noeud in ast.walk(arbre)
        if isinstance(noeud, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and noeud.body
        and isinstance(noeud.body[0], ast.Expr)
    }
    docstrings |= {id(noeud.value) for noeud in ast.walk(arbre) if isinstance(noeud, ast.Expr)}
    return [
        (noeud.lineno, noeud.value)
        for noeud in ast.walk(arbre)
        if isinstance(noeud, ast.Constant)
        and isinstance(noeud.value, str)
        and id(noeud) not in docstrings
        and not TECHNIQUE.search(noeud.value)
    ]


def textes(valeur: object) -> list[str]:
    if isinstance(valeur, str):
        return [valeur]
    if isinstance(valeur, dict):
        return [t for v in valeur.values() for t in textes(v)]
    if isinstance(valeur, list):
        return [t for v in valeur for t in textes(v)]
    return []


@pytest.mark.parametrize(
    "fichier", SOURCES, ids=[f.relative_to(chemins.RACINE).as_posix() for f in SOURCES]
)
def test_a_sentence_shown_has_its_narrow_no_break_spaces(fichier):
    fautes = [f"{ligne}: {texte}" for ligne, texte in phrases(fichier) if FAUTE.search(texte)]
    assert fautes == []


@pytest.mark.parametrize("fichier", REFERENCES, ids=[f.name for f in REFERENCES])
def test_a_reference_text_has_its_narrow_no_break_spaces(fichier):
    contenu = tomllib.loads(fichier.read_text(encoding="utf-8"))
    assert [t for t in textes(contenu) if FAUTE.search(t)] == []
