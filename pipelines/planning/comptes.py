"""Tables of counts published together: cells, margins, and the sums that tie them.

A cell has a key that says what it counts; two tables that show one count share its key, and what
one hides the other must hide too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre

TOTAL = "Total"
"""The header of a margin."""


@dataclass(frozen=True)
class Somme:
    """One count that is the sum of others, as any reader of the tables knows."""

    total: str
    parties: tuple[str, ...]


@dataclass(frozen=True)
class Tableau:
    """One table: `cles[ligne][colonne]`, None where nothing was counted (which is no zero).

    `valeurs`: key → count, whole and not negative. `sommes`: what its reader can add up, over keys
    of this table or of another one published with it.
    """

    nom: str
    lignes: tuple[str, ...]
    colonnes: tuple[str, ...]
    cles: tuple[tuple[str | None, ...], ...]
    valeurs: Mapping[str, int]
    sommes: tuple[Somme, ...] = ()


@dataclass(frozen=True)
class Publie:
    """A table as its reader has it: the same, with None for the count of a hidden cell."""

    nom: str
    lignes: tuple[str, ...]
    colonnes: tuple[str, ...]
    cles: tuple[tuple[str | None, ...], ...]
    valeurs: Mapping[str, int | None]
    sommes: tuple[Somme, ...] = ()


@dataclass(frozen=True)
class Comptes:
    """All the counts of tables published together, and every sum among them.

    AtlasError when two tables disagree on a count, a count is no whole number, a sum names a cell
    nobody publishes, or does not add up.
    """

    valeurs: Mapping[str, int]
    sommes: tuple[Somme, ...] = field(default=())

    @classmethod
    def de(cls, tableaux: Iterable[Tableau]) -> "Comptes":
        """The counts of `tableaux`, each once."""
        valeurs: dict[str, int] = {}
        sommes: dict[Somme, None] = {}
        for tableau in tableaux:
            for cle, valeur in tableau.valeurs.items():
                if valeurs.setdefault(cle, valeur) != valeur:
                    _refuser(
                        f"Le compte « {cle} » vaut {nombre(valeurs[cle])} dans un tableau et "
                        f"{nombre(valeur)} dans « {tableau.nom} ».",
                        "un même compte, de même valeur dans tous les tableaux d'un dossier",
                    )
            sommes.update(dict.fromkeys(tableau.sommes))
        comptes = cls(valeurs, tuple(sommes))
        comptes.verifier()
        return comptes

    def verifier(self) -> None:
        """AtlasError when a count or a sum is wrong."""
        for cle, valeur in self.valeurs.items():
            if not isinstance(valeur, int) or isinstance(valeur, bool) or valeur < 0:
                _refuser(f"Le compte « {cle} » vaut « {valeur} ».", "un entier positif ou nul")
        for somme in self.sommes:
            absents = [c for c in (somme.total, *somme.parties) if c not in self.valeurs]
            if absents:
                _refuser(
                    f"La somme « {somme.total} » porte sur des cellules qu'aucun tableau ne "
                    f"donne : {enumeration(absents[:5])}.",
                    "des sommes entre cellules publiées",
                )
            calcule = sum(self.valeurs[c] for c in somme.parties)
            if calcule != self.valeurs[somme.total]:
                _refuser(
                    f"Le total « {somme.total} » vaut {nombre(self.valeurs[somme.total])}, et ses "
                    f"parties font {nombre(calcule)}.",
                    "un total égal à la somme de ses parties",
                )


def cle(univers: str, **modalites: str) -> str:
    """The key of what is counted of `univers` for these modalities; a dimension left out is summed.

    The same count asked for by two tables has one key, whatever the order of the dimensions.
    """
    return "|".join([univers, *(f"{d}={m}" for d, m in sorted(modalites.items()))])


def croiser(
    nom: str,
    univers: str,
    lignes: tuple[str, Sequence[str]],
    colonnes: tuple[str, Sequence[str]],
    comptes: Mapping[tuple[str, str], int],
) -> Tableau:
    """A table of `univers`: a dimension and its modalities down, another across, with all margins.

    `comptes`: (line, column) → count; a couple left out was not counted, and its cell is empty. A
    line or a column where nothing was counted has an empty margin.
    """
    (dim_l, noms_l), (dim_c, noms_c) = lignes, colonnes
    valeurs: dict[str, int] = {}
    sommes: list[Somme] = []
    parties_l: dict[str, list[str]] = {n: [] for n in noms_l}
    parties_c: dict[str, list[str]] = {n: [] for n in noms_c}
    for en_ligne in noms_l:
        for en_colonne in noms_c:
            if (en_ligne, en_colonne) in comptes:
                la = cle(univers, **{dim_l: en_ligne, dim_c: en_colonne})
                valeurs[la] = comptes[en_ligne, en_colonne]
                parties_l[en_ligne].append(la)
                parties_c[en_colonne].append(la)

    def marge(dimension: str, parties: Mapping[str, list[str]]) -> list[str | None]:
        cles: list[str | None] = []
        for modalite, siennes in parties.items():
            if not siennes:
                cles.append(None)
                continue
            la = cle(univers, **{dimension: modalite})
            valeurs[la] = sum(valeurs[c] for c in siennes)
            sommes.append(Somme(la, tuple(siennes)))
            cles.append(la)
        return cles

    a_droite, en_bas = marge(dim_l, parties_l), marge(dim_c, parties_c)
    general: str | None = None
    if valeurs:
        general = cle(univers)
        for marges in (a_droite, en_bas):
            connues = tuple(c for c in marges if c is not None)
            valeurs[general] = sum(valeurs[c] for c in connues)
            sommes.append(Somme(general, connues))
    corps = [
        [
            cle(univers, **{dim_l: en_ligne, dim_c: en_colonne})
            if (en_ligne, en_colonne) in comptes
            else None
            for en_colonne in noms_c
        ]
        for en_ligne in noms_l
    ]
    grille = [[*rangee, droite] for rangee, droite in zip(corps, a_droite, strict=True)]
    return Tableau(
        nom,
        (*noms_l, TOTAL),
        (*noms_c, TOTAL),
        tuple(tuple(rangee) for rangee in [*grille, [*en_bas, general]]),
        valeurs,
        tuple(sommes),
    )


def empiler(nom: str, tableaux: Sequence[tuple[str, Tableau]]) -> Tableau:
    """One table of the bottom lines of others, each under its own name: counts of several kinds.

    Their columns are the same. Nothing is added down the lines: they do not count the same thing.
    """
    colonnes = tableaux[0][1].colonnes
    valeurs: dict[str, int] = {}
    sommes: dict[Somme, None] = {}
    for _, tableau in tableaux:
        if tableau.colonnes != colonnes:
            _refuser(
                f"« {tableau.nom} » n'a pas les colonnes de « {tableaux[0][1].nom} ».",
                "des tableaux de mêmes colonnes",
            )
        siennes = {c for c in tableau.cles[-1] if c is not None}
        valeurs |= {c: tableau.valeurs[c] for c in siennes}
        sommes.update((s, None) for s in tableau.sommes if {s.total, *s.parties} <= siennes)
    return Tableau(
        nom,
        tuple(libelle for libelle, _ in tableaux),
        colonnes,
        tuple(tableau.cles[-1] for _, tableau in tableaux),
        valeurs,
        tuple(sommes),
    )


def voiler(tableau: Tableau, caches: frozenset[str]) -> Publie:
    """`tableau` without the counts of the cells of `caches`."""
    return Publie(
        tableau.nom,
        tableau.lignes,
        tableau.colonnes,
        tableau.cles,
        {c: None if c in caches else v for c, v in tableau.valeurs.items()},
        tableau.sommes,
    )


def _refuser(quoi: str, admis: str) -> None:
    raise AtlasError(
        quoi,
        admis=admis,
        remede="refaire les tableaux depuis les données ; sinon, c'est un défaut d'Atlas",
    )
