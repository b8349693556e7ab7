"""ETP shared between units by need, in half-post steps, by the classic apportionment methods.

The methods are those of the library `apportionment`. It knows neither floors nor losses: both are
lower bounds, laid over it here. The units that the method leaves under their bound take it, and
what remains is shared again among the others, until nobody is short. For a divisor method this is
the bounded apportionment itself (each next half-post goes to the unit of highest priority, once
all have their bound); for the largest remainder, where no such order exists, it is the definition
we take, and it may lose the quota, which is then said.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from apportionment import methods

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import au_plus_juste, enumeration, nombre

DEMI_POSTES_PAR_ETP = 2  # a half-post is the step
PRECISION = 1e-9


class Methode(StrEnum):
    """A method; its value is the name the library gives it."""

    PLUS_FORT_RESTE = "largest_remainder"
    SAINTE_LAGUE = "saintelague"
    HUNTINGTON_HILL = "huntington"
    DHONDT = "dhondt"
    ADAMS = "adams"

    @property
    def tient_le_quota(self) -> bool:
        """True when each share is its exact one rounded down or up (as long as no bound acts)."""
        return self is Methode.PLUS_FORT_RESTE


LIBELLES = {
    Methode.PLUS_FORT_RESTE: "Plus fort reste",
    Methode.SAINTE_LAGUE: "Sainte-Laguë",
    Methode.HUNTINGTON_HILL: "Huntington-Hill",
    Methode.DHONDT: "D'Hondt",
    Methode.ADAMS: "Adams",
}


@dataclass(frozen=True)
class Unite:
    """What receives ETP: a département, a bassin or a réseau.

    `besoin`: weighted need, half-days per cycle; `aujourd_hui`: ETP it has; `plancher`: the least
    ETP it may have.
    """

    code: str
    nom: str
    besoin: int
    aujourd_hui: float
    plancher: float = 0.0


@dataclass(frozen=True)
class Partage:
    """What a method gives: ETP by unit, and who is held up by its bound.

    `distance`: half the sum of the differences to today, in ETP: what moves when the total stays.
    `suivant`: the unit that would receive the next half-post.
    """

    methode: Methode
    parts: dict[str, float]
    retenues: frozenset[str]
    distance: float
    suivant: str


def bornes(unites: list[Unite], perte_max: float | None) -> dict[str, int]:
    """The least half-posts of each unit: its floor, and today's ETP minus `perte_max` (ETP).

    Rounded up to a half-post: a bound is never undercut by rounding.
    """
    return {
        u.code: max(
            _demis_vers_le_haut(u.plancher),
            0 if perte_max is None else _demis_vers_le_haut(u.aujourd_hui - perte_max),
        )
        for u in unites
    }


def partager(
    unites: list[Unite], etp: float, methode: Methode, perte_max: float | None = None
) -> Partage:
    """`etp` shared between `unites` by need; none under its floor, none losing over `perte_max`.

    Ties go to the unit of greater need, then to the first code. AtlasError when `etp` is not a
    number of half-posts, when the bounds ask for more than there is, or when there is no need.
    """
    demis = _verifier(unites, etp, perte_max)
    minimum = bornes(unites, perte_max)
    exige = sum(minimum.values())
    if exige > demis:
        raise AtlasError(
            f"Les planchers demandent {_etp(exige)} ETP, et il n'y en a que {_etp(demis)} à "
            f"répartir : {enumeration([f'{u.nom} {_etp(minimum[u.code])}' for u in unites])}.",
            admis=f"au moins {_etp(exige)} ETP, ou des planchers plus bas",
            remede=(
                "baisser un plancher, laisser perdre davantage à une unité, ou répartir plus d'ETP"
            ),
        )
    parts = _borner(unites, demis, methode, minimum)
    apres = _borner(unites, demis + 1, methode, minimum)
    # a method that isn't house monotone may take from one to give to two: the largest gain
    suivant = max(unites, key=lambda u: (apres[u.code] - parts[u.code], u.besoin, u.code)).code
    libres = _servir(unites, demis, methode)
    return Partage(
        methode=methode,
        parts={u.code: parts[u.code] / DEMI_POSTES_PAR_ETP for u in unites},
        retenues=frozenset(
            u.code
            for u in unites
            if parts[u.code] == minimum[u.code] and parts[u.code] > libres[u.code]
        ),
        distance=sum(abs(parts[u.code] / DEMI_POSTES_PAR_ETP - u.aujourd_hui) for u in unites) / 2,
        suivant=suivant,
    )


def quota(unites: list[Unite], etp: float) -> dict[str, float]:
    """The exact share of each unit, in ETP: what it would have if posts could be cut at will."""
    total = sum(u.besoin for u in unites)
    return {u.code: float(Fraction(u.besoin, total)) * etp for u in unites}


def demi_postes_entiers(etp: float) -> float:
    """`etp` rounded down to whole half-posts, in ETP."""
    return math.floor(etp * DEMI_POSTES_PAR_ETP + PRECISION) / DEMI_POSTES_PAR_ETP


def _verifier(unites: list[Unite], etp: float, perte_max: float | None) -> int:
    """The half-posts to share; AtlasError when what is asked has no meaning."""
    if not unites or sum(u.besoin for u in unites) <= 0:
        raise AtlasError(
            "Il n'y a aucun besoin selon lequel répartir.",
            remede="vérifier que l'entrepôt contient des sites pour ces territoires",
        )
    demis = round(etp * DEMI_POSTES_PAR_ETP)
    if etp < 0 or abs(etp * DEMI_POSTES_PAR_ETP - demis) > PRECISION:
        raise AtlasError(
            f"{nombre(etp, 2)} ETP n'est pas un nombre de demi-postes.",
            admis="un nombre positif d'ETP, par pas de 0,5",
            remede=f"donner par exemple {nombre(demi_postes_entiers(max(etp, 0)), 1)} ETP",
        )
    negatifs = [u.nom for u in unites if u.plancher < 0]
    if negatifs or (perte_max is not None and perte_max < 0):
        quoi = f"Le plancher de {enumeration(negatifs)}" if negatifs else "La perte admise"
        raise AtlasError(
            f"{quoi} est négatif." if negatifs else f"{quoi} est négative.",
            admis="0 ETP ou davantage",
            remede="corriger le nombre",
        )
    return demis


def _borner(
    unites: list[Unite], demis: int, methode: Methode, minimum: dict[str, int]
) -> dict[str, int]:
    """Half-posts by unit: those left under their bound take it, the rest is shared again."""
    fixees: dict[str, int] = {}
    while True:
        autres = [u for u in unites if u.code not in fixees]
        reste = demis - sum(fixees.values())
        libres = _servir(autres, reste, methode)
        sous = {c: minimum[c] for c, part in libres.items() if part < minimum[c]}
        if not sous:
            return {**fixees, **libres}
        fixees |= sous


def _servir(unites: list[Unite], demis: int, methode: Methode) -> dict[str, int]:
    """What the library gives, without bounds. Units without a need get nothing while one has any.

    When all those left have none, what remains goes to them one half-post at a time, in order.
    """
    if demis == 0 or not unites:
        return {u.code: 0 for u in unites}
    total = sum(u.besoin for u in unites)
    if total == 0:
        tour, surplus = divmod(demis, len(unites))
        rangs = sorted(range(len(unites)), key=lambda i: unites[i].code)
        return {unites[i].code: tour + (rang < surplus) for rang, i in enumerate(rangs)}
    avec = [u for u in unites if u.besoin > 0]
    # equal claims are settled in the order given; the library's largest remainder needs the
    # remainders in falling order to serve a larger one before a tie
    avec.sort(
        key=lambda u: (
            -(Fraction(u.besoin * demis, total) % 1)
            if methode is Methode.PLUS_FORT_RESTE
            else Fraction(0),
            -u.besoin,
            u.code,
        )
    )
    exact = methode is not Methode.HUNTINGTON_HILL  # its divisors are square roots
    parts = methods.compute(
        methode.value,
        [u.besoin for u in avec],
        demis,
        fractions=exact,
        parties=[u.nom for u in avec],
    )
    servies = {u.code: int(part) for u, part in zip(avec, parts, strict=True)}
    return {u.code: servies.get(u.code, 0) for u in unites}


def _demis_vers_le_haut(etp: float) -> int:
    return max(math.ceil(etp * DEMI_POSTES_PAR_ETP - PRECISION), 0)


def _etp(demis: int) -> str:
    return au_plus_juste(demis / DEMI_POSTES_PAR_ETP)
