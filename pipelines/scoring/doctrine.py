"""Who is served first when means are short: weights, floors and convexity, as cited data.

A doctrine is a choice of the académie. It says how much a shortage weighs in each category
(`poids`), which presence each site should have before others get more (`planchers`), and how fast
a shortage grows heavier as it widens (`convexite`).
"""

from dataclasses import dataclass
from datetime import date
from functools import cache

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.scoring.regles import lire_reference

SANS_CATEGORIE = "sans_categorie"
CATEGORIE_INCONNUE = "categorie_inconnue"
AUTRE_CATEGORIE = "autre_categorie"
CONVEXITES = (1, 2, 3)


@dataclass(frozen=True)
class Doctrine:
    """Who is served when means are short.

    `poids`: category → weight of its shortage, no unit, at least 1. `planchers`: category →
    half-days per cycle a site should have before others get more (0: none). `poids_plancher`:
    weight of each half-day short of a floor. `convexite` (1 to 3): power of the shortage. Both
    tables also hold the sites of no category (`sans_categorie`) and those of which it can't be
    told (`categorie_inconnue`); `poids_autre` and `plancher_autre` are for a category that an
    académie's own text adds. `references`: part of the file → where its numbers come from.
    """

    code: str
    libelle: str
    rang: int
    nature: str
    resume: str
    favorise: str
    coute: str
    pour_qui: str
    en_vigueur_le: date
    verifie_le: date
    poids: dict[str, int]
    poids_autre: int
    planchers: dict[str, int]
    plancher_autre: int
    poids_plancher: int
    convexite: int
    references: dict[str, str]


@cache
def doctrine(code: str) -> Doctrine:
    """The doctrine `data/reference/doctrines/<code>.toml`; AtlasError when it does not hold."""
    contenu = lire_reference("doctrines", code)
    manque, poids_lus, planchers = contenu["manque"], contenu["poids"], contenu["planchers"]
    references = {
        nom: table.pop("reference")
        for nom, table in (("manque", manque), ("poids", poids_lus), ("planchers", planchers))
    }
    lue = Doctrine(
        **contenu["doctrine"],
        poids_autre=poids_lus.pop(AUTRE_CATEGORIE),
        plancher_autre=planchers.pop(AUTRE_CATEGORIE),
        poids_plancher=planchers.pop("poids_de_la_demi_journee_sous_plancher"),
        poids=poids_lus,
        planchers=planchers,
        convexite=manque["convexite"],
        references=references,
    )
    _verifier(lue)
    return lue


def doctrines() -> tuple[Doctrine, ...]:
    """Every doctrine of `data/reference/doctrines`, in the order of their `rang`."""
    codes = [f.stem for f in sorted((chemins.REFERENCE / "doctrines").glob("*.toml"))]
    return tuple(sorted(map(doctrine, codes), key=lambda d: (d.rang, d.code)))


def poids(
    categories: tuple[str, ...], inconnues: tuple[str, ...], doctrine_retenue: Doctrine
) -> int:
    """The weight of a site's shortage: the largest among its categories.

    A site of no known category, but of one that can't be told, has a weight of its own: unknown
    is not no.
    """
    return _valeur(categories, inconnues, doctrine_retenue.poids, doctrine_retenue.poids_autre)


def plancher(
    categories: tuple[str, ...], inconnues: tuple[str, ...], doctrine_retenue: Doctrine
) -> int:
    """The floor of a site, half-days per cycle: the largest among its categories, as for `poids`.

    The besoin of the site is not known here: whoever uses the floor caps it there.
    """
    return _valeur(
        categories, inconnues, doctrine_retenue.planchers, doctrine_retenue.plancher_autre
    )


def _valeur(
    categories: tuple[str, ...], inconnues: tuple[str, ...], table: dict[str, int], autre: int
) -> int:
    if categories:
        return max(table.get(c, autre) for c in categories)
    return table[CATEGORIE_INCONNUE if inconnues else SANS_CATEGORIE]


def _verifier(lue: Doctrine) -> None:
    """What a file must hold for its numbers to mean what the page says of them."""
    if lue.convexite not in CONVEXITES:
        raise _refus(lue, f"convexité de {lue.convexite}", "1, 2 ou 3")
    for nom, table, autre, minimum in (
        ("poids", lue.poids, lue.poids_autre, 1),
        ("planchers", lue.planchers, lue.plancher_autre, 0),
    ):
        for cle, valeur in {**table, AUTRE_CATEGORIE: autre}.items():
            if not isinstance(valeur, int) or isinstance(valeur, bool) or valeur < minimum:
                raise _refus(
                    lue, f"« {valeur} » pour {nom}.{cle}", f"un entier d'au moins {minimum}"
                )
        if absentes := sorted({SANS_CATEGORIE, CATEGORIE_INCONNUE} - table.keys()):
            raise _refus(lue, f"il manque {nom}.{absentes[0]}", "une valeur pour chaque catégorie")
        if table[CATEGORIE_INCONNUE] < table[SANS_CATEGORIE]:
            raise _refus(
                lue,
                f"{nom}.{CATEGORIE_INCONNUE} sous {nom}.{SANS_CATEGORIE}",
                "au moins autant quand on ne sait pas que quand on sait que non",
            )
    if ecarts := sorted(lue.poids.keys() ^ lue.planchers.keys()):
        raise _refus(lue, f"{ecarts[0]} n'est que d'un côté", "les mêmes catégories des deux côtés")
    premiere = lue.convexite * max((*lue.poids.values(), lue.poids_autre))
    if max(lue.planchers.values()) and lue.poids_plancher < premiere:
        raise _refus(
            lue,
            f"un plancher qui pèse {lue.poids_plancher}",
            f"un entier d'au moins {premiere} (convexité × plus grand poids) : en dessous, le "
            "plancher ne passerait pas avant le reste",
        )


def _refus(lue: Doctrine, quoi: str, admis: str) -> AtlasError:
    return AtlasError(
        f"Doctrine refusée : {quoi}.",
        fichier=f"data/reference/doctrines/{lue.code}.toml",
        admis=admis,
        remede="corriger ce fichier",
    )
