"""Who is served first when means are short: weights, floors and convexity, as cited data.

A doctrine is a choice of the académie. It says how much a shortage weighs in each category
(`poids`), which presence each site should have before others get more (`planchers`), and how fast
a shortage grows heavier as it widens (`convexite`).
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from pipelines.base.erreurs import AtlasError
from pipelines.scoring import regles
from pipelines.scoring.jeux import lire_reference, lisibles, nom_du_fichier

DOSSIER = "doctrines"
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


POIDS_SOUS_PLANCHER = "poids_de_la_demi_journee_sous_plancher"
PARTIES = {"poids", "planchers", "poids_autre", "plancher_autre", "poids_plancher", "convexite"}
# table → key → what it holds; the tables of categories have one key more a category
CLES: dict[str, dict[str, type]] = {
    "doctrine": {
        c.name: c.type for c in fields(Doctrine) if c.name not in PARTIES | {"references"}
    },
    "manque": {"convexite": int, "reference": str},
    "poids": {AUTRE_CATEGORIE: int, "reference": str},
    "planchers": {AUTRE_CATEGORIE: int, POIDS_SOUS_PLANCHER: int, "reference": str},
}
ADMIS = {str: "un texte non vide", int: "un entier", date: "un jour, écrit 2026-09-01"}


def doctrine(code: str) -> Doctrine:
    """The doctrine `code`, shipped in `data/reference/doctrines` or the académie's own.

    Read as its file stands now. AtlasError when it does not exist or does not hold.
    """
    fichier = nom_du_fichier(DOSSIER, code)
    lue = interpreter(lire_reference(DOSSIER, code), fichier)
    if lue.code != code:
        raise AtlasError(
            f"Le fichier s'appelle « {code} », mais sa doctrine a pour code « {lue.code} ».",
            fichier=fichier,
            admis=code,
            remede="donner le même nom au fichier et à la doctrine",
        )
    return lue


def doctrines() -> tuple[Doctrine, ...]:
    """Every doctrine that can be read, the académie's own too, in the order of their `rang`."""
    return tuple(sorted(lisibles(DOSSIER, doctrine), key=lambda d: (d.rang, d.code)))


def libelle_de(code: str) -> str:
    """The name of a doctrine; its code when its file is gone since, or can't be read."""
    try:
        return doctrine(code).libelle
    except AtlasError:
        return code


def interpreter(contenu: dict[str, Any], fichier: str) -> Doctrine:
    """The doctrine of `contenu`, the tables of `fichier`; AtlasError naming what is wrong there."""
    for nom, attendues in CLES.items():
        table = contenu.get(nom)
        if not isinstance(table, dict):
            raise _refus(fichier, f"[{nom}] manque, ou n'est pas une table", f"une table [{nom}]")
        for cle, nature in attendues.items():
            valeur = table.get(cle)
            est_juste = isinstance(valeur, nature) and not isinstance(valeur, bool)
            if not est_juste or (nature is str and not valeur.strip()):
                raise _refus(fichier, f"{nom}.{cle} vaut « {valeur} »", ADMIS[nature])
    if inconnues := sorted(
        {*(contenu.keys() - CLES.keys())}
        | {f"doctrine.{c}" for c in contenu["doctrine"].keys() - CLES["doctrine"].keys()}
        | {f"manque.{c}" for c in contenu["manque"].keys() - CLES["manque"].keys()}
    ):
        raise _refus(fichier, f"« {inconnues[0]} » n'est lu par rien", ", ".join(CLES))
    poids_lus, planchers = dict(contenu["poids"]), dict(contenu["planchers"])
    lue = Doctrine(
        **contenu["doctrine"],
        references={nom: contenu[nom]["reference"] for nom in CLES if "reference" in CLES[nom]},
        poids_autre=poids_lus.pop(AUTRE_CATEGORIE),
        plancher_autre=planchers.pop(AUTRE_CATEGORIE),
        poids_plancher=planchers.pop(POIDS_SOUS_PLANCHER),
        poids={c: v for c, v in poids_lus.items() if c != "reference"},
        planchers={c: v for c, v in planchers.items() if c != "reference"},
        convexite=contenu["manque"]["convexite"],
    )
    _verifier(lue, fichier)
    return lue


def poids(
    categories: tuple[str, ...],
    inconnues: tuple[str, ...],
    doctrine_retenue: Doctrine,
    residuelles: frozenset[str] = frozenset(),
) -> int:
    """The weight of a site's shortage: the largest among its categories.

    A category that can't be told has a weight of its own, the least the site can have then: unknown
    is not no. `residuelles`: categories a text names without making them priorities; a site of
    these alone weighs as one of no category, or more where the doctrine says so.
    """
    return _valeur(
        categories, inconnues, residuelles, doctrine_retenue.poids, doctrine_retenue.poids_autre
    )


def plancher(
    categories: tuple[str, ...],
    inconnues: tuple[str, ...],
    doctrine_retenue: Doctrine,
    residuelles: frozenset[str] = frozenset(),
) -> int:
    """The floor of a site, half-days per cycle: the largest among its categories, as for `poids`.

    The besoin of the site is not known here: whoever uses the floor caps it there.
    """
    return _valeur(
        categories,
        inconnues,
        residuelles,
        doctrine_retenue.planchers,
        doctrine_retenue.plancher_autre,
    )


def poids_de_garde(doctrine_retenue: Doctrine) -> int:
    """The weight of a half-day the transition rule wants kept, in the unit of the weights.

    The least that puts it before any other half-day: what the heaviest one is worth where all is
    missing (convexité × poids), under a floor besides, and 1.
    """
    plus_lourd = max((*doctrine_retenue.poids.values(), doctrine_retenue.poids_autre))
    return doctrine_retenue.convexite * plus_lourd + doctrine_retenue.poids_plancher + 1


def _valeur(
    categories: tuple[str, ...],
    inconnues: tuple[str, ...],
    residuelles: frozenset[str],
    table: dict[str, int],
    autre: int,
) -> int:
    sans = table[SANS_CATEGORIE]
    valeurs = [table.get(c, sans if c in residuelles else autre) for c in categories]
    if set(inconnues) - residuelles:
        # unknown is not no, whatever else is known: a yes never makes it weigh less
        valeurs.append(table[CATEGORIE_INCONNUE])
    return max([*valeurs, *([sans] if set(categories) <= residuelles else [])])


def _verifier(lue: Doctrine, fichier: str) -> None:
    """What a file must hold for its numbers to mean what the page says of them."""
    if lue.convexite not in CONVEXITES:
        raise _refus(fichier, f"convexité de {lue.convexite}", "1, 2 ou 3")
    for nom, table, autre, minimum in (
        ("poids", lue.poids, lue.poids_autre, 1),
        ("planchers", lue.planchers, lue.plancher_autre, 0),
    ):
        for cle, valeur in {**table, AUTRE_CATEGORIE: autre}.items():
            if not isinstance(valeur, int) or isinstance(valeur, bool) or valeur < minimum:
                raise _refus(
                    fichier, f"« {valeur} » pour {nom}.{cle}", f"un entier d'au moins {minimum}"
                )
        if absentes := sorted({SANS_CATEGORIE, CATEGORIE_INCONNUE} - table.keys()):
            raise _refus(
                fichier, f"il manque {nom}.{absentes[0]}", "une valeur pour chaque catégorie"
            )
        if table[CATEGORIE_INCONNUE] < table[SANS_CATEGORIE]:
            raise _refus(
                fichier,
                f"{nom}.{CATEGORIE_INCONNUE} sous {nom}.{SANS_CATEGORIE}",
                "au moins autant quand on ne sait pas que quand on sait que non",
            )
    if ecarts := sorted(lue.poids.keys() ^ lue.planchers.keys()):
        raise _refus(
            fichier, f"{ecarts[0]} n'est que d'un côté", "les mêmes catégories des deux côtés"
        )
    connues = {r.code for jeu in lisibles(regles.DOSSIER, regles.priorites) for r in jeu.regles}
    if inconnues := sorted(lue.poids.keys() - connues - {SANS_CATEGORIE, CATEGORIE_INCONNUE}):
        raise _refus(
            fichier,
            f"« {inconnues[0]} » n'est une catégorie d'aucun texte",
            ", ".join(sorted(connues)),
        )
    premiere = lue.convexite * max((*lue.poids.values(), lue.poids_autre))
    if max(lue.planchers.values()) and lue.poids_plancher < premiere:
        raise _refus(
            fichier,
            f"un plancher qui pèse {lue.poids_plancher}",
            f"un entier d'au moins {premiere} (convexité × plus grand poids) : en dessous, le "
            "plancher ne passerait pas avant le reste",
        )


def _refus(fichier: str, quoi: str, admis: str) -> AtlasError:
    return AtlasError(
        f"Doctrine refusée : {quoi}.",
        fichier=fichier,
        admis=admis,
        remede="corriger ce fichier",
    )
