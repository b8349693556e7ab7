"""Who is served first when means are short: weights, as cited data."""

from dataclasses import dataclass
from datetime import date
from functools import cache

from pipelines.scoring.regles import lire_reference


@dataclass(frozen=True)
class Doctrine:
    """Who is served when means are short: the weight of each category's shortage."""

    code: str
    libelle: str
    nature: str
    resume: str
    en_vigueur_le: date
    verifie_le: date
    poids: dict[str, int]


@cache
def doctrine(code: str) -> Doctrine:
    """The doctrine `data/reference/doctrines/<code>.toml`."""
    contenu = lire_reference("doctrines", code)
    return Doctrine(**contenu["doctrine"], poids=contenu["poids"])


def poids(
    categories: tuple[str, ...], inconnues: tuple[str, ...], doctrine_retenue: Doctrine
) -> int:
    """The weight of a site's shortage: the largest among its categories.

    A site of no known category, but of one that can't be told, has a weight of its own: unknown
    is not no.
    """
    if categories:
        return max(doctrine_retenue.poids[c] for c in categories)
    return doctrine_retenue.poids["categorie_inconnue" if inconnues else "sans_categorie"]
