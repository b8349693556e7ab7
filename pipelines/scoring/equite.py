"""Equity: how evenly the half-days of a répartition fall on the pupils it is for.

What is shared is the presence per weighted pupil. An observation is a weighted pupil, not a site:
a site of weight 12 counts twelve times in PySAL's measures, so that a large collège is not a small
one, and so that the Gini is twice the area between the Lorenz curve and its diagonal.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

import numpy as np

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError

PONDERATIONS = ("besoin", "effectif")
BASSIN_INCONNU = "Bassin inconnu"


@dataclass(frozen=True)
class SiteMesure:
    """What equity asks of a site: `besoin` in half-days per cycle, `effectif` None if unknown."""

    site_id: str
    besoin: int
    effectif: int | None
    bassin: str | None
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Minimum:
    """The site served least of a group: the share of its besoin it gets."""

    site_id: str
    part: Fraction


@dataclass(frozen=True)
class Equite:
    """The measures of one répartition; None where there is no presence at all to share out.

    `demi_journees_pour_100`: half-days per cycle for 100 weighted pupils. `theil` is the sum of
    `theil_entre` (between bassins) and `theil_dans` (within them). `lorenz`: cumulated shares of
    weighted pupils and of presence, least served first, from (0, 0) to (1, 1). `couvertures`: the
    share of its besoin each site gets, nothing counted beyond it, rising (sites of no besoin left
    out). `minimums`: category → its site served least. `nb_sans_poids`: sites that weigh nothing,
    left out of the Gini, of the Theil and of the curve.
    """

    demi_journees_pour_100: float | None
    gini: float | None
    theil: float | None
    theil_entre: float | None
    theil_dans: float | None
    lorenz: tuple[tuple[float, float], ...]
    couvertures: tuple[Fraction, ...]
    minimums: Mapping[str, Minimum]
    nb_sans_poids: int


def ponderation() -> str:
    """The weighting of `data/reference/equite.toml`; AtlasError when it is not one we know."""
    choisie = reference.valeur("equite", "ponderation_eleves")
    if choisie not in PONDERATIONS:
        raise AtlasError(
            f"Pondération « {choisie} » inconnue.",
            fichier="data/reference/equite.toml",
            admis=", ".join(PONDERATIONS),
            remede="choisir l'une d'elles",
        )
    return choisie


def equite(
    sites: Iterable[SiteMesure], presences: Mapping[str, int], choisie: str | None = None
) -> Equite:
    """The measures of `presences` (site_id → half-days per cycle) over `sites`.

    `choisie`: one of `PONDERATIONS`, by default that of the reference file.
    """
    sites = tuple(sites)
    choisie = choisie or ponderation()
    peses = [s for s in sites if _poids(s, choisie) > 0]
    donnees = {s.site_id: presences.get(s.site_id, 0) for s in sites}
    total = sum(donnees[s.site_id] for s in peses)
    couvertures = {
        s.site_id: min(Fraction(donnees[s.site_id], s.besoin), Fraction(1))
        for s in sites
        if s.besoin > 0
    }
    mesures = _inegalites(peses, donnees, choisie) if total else (None, None, None, None)
    eleves = sum(_poids(s, choisie) for s in peses) * _eleves_par_poids(peses, choisie)
    return Equite(
        demi_journees_pour_100=total / eleves * 100 if eleves else None,
        gini=mesures[0],
        theil=mesures[1],
        theil_entre=mesures[2],
        theil_dans=mesures[3],
        lorenz=_lorenz(peses, donnees, choisie, total) if total else (),
        couvertures=tuple(sorted(couvertures.values())),
        minimums=_minimums(sites, couvertures),
        nb_sans_poids=len(sites) - len(peses),
    )


def leximin(a: tuple[Fraction, ...], b: tuple[Fraction, ...]) -> tuple[int, int | None]:
    """Compare two rising vectors of coverage by their first difference, least served first.

    Gives 1, 0 or −1 as `a` is better, equal or worse, and the position where they first differ.
    """
    for rang, (x, y) in enumerate(zip(a, b, strict=True)):
        if x != y:
            return (1 if x > y else -1), rang
    return 0, None


def part_recue(lorenz: tuple[tuple[float, float], ...], part_des_eleves: float) -> float:
    """The share of presence (0 to 1) the least served `part_des_eleves` gets, on the curve."""
    xs, ys = zip(*lorenz, strict=True)
    return float(np.interp(part_des_eleves, xs, ys))


def _poids(site: SiteMesure, choisie: str) -> int:
    return (site.besoin if choisie == "besoin" else site.effectif) or 0


def _eleves_par_poids(peses: list[SiteMesure], choisie: str) -> float:
    """Pupils one unit of weight stands for, over the sites whose pupils are known."""
    connus = [s for s in peses if s.effectif is not None]
    poids = sum(_poids(s, choisie) for s in connus)
    return sum(s.effectif or 0 for s in connus) / poids if poids else 0.0


def _inegalites(
    peses: list[SiteMesure], donnees: Mapping[str, int], choisie: str
) -> tuple[float, float, float, float]:
    """Gini, Theil, its part between bassins and its part within them.

    A presence of zero is kept: PySAL counts it in the Gini as it is, and in the Theil as the least
    positive number, whose term is zero (x ln x tends to 0 with x). What rounding puts under zero
    is zero.
    """
    # PySAL loads half of SciPy and pyplot: those who ask for no measure don't wait for them
    from inequality.gini import Gini
    from inequality.theil import TheilD

    poids = np.array([_poids(s, choisie) for s in peses])
    par_poids = np.array([donnees[s.site_id] for s in peses]) / poids
    observees = np.repeat(par_poids, poids)
    _, bassins = np.unique([s.bassin or BASSIN_INCONNU for s in peses], return_inverse=True)
    theil = TheilD(observees, np.repeat(bassins, poids))
    valeurs = (Gini(observees).g, theil.T, theil.bg, theil.wg)
    gini, total, entre, dans = (max(0.0, np.asarray(v).item()) for v in valeurs)
    return gini, total, entre, dans


def _lorenz(
    peses: list[SiteMesure], donnees: Mapping[str, int], choisie: str, total: int
) -> tuple[tuple[float, float], ...]:
    poids = {s.site_id: _poids(s, choisie) for s in peses}
    ordre = sorted(poids, key=lambda s: (Fraction(donnees[s], poids[s]), s))
    somme = sum(poids.values())
    xs = accumulate((poids[s] for s in ordre), initial=0)
    ys = accumulate((donnees[s] for s in ordre), initial=0)
    return tuple((x / somme, y / total) for x, y in zip(xs, ys, strict=True))


def _minimums(
    sites: tuple[SiteMesure, ...], couvertures: Mapping[str, Fraction]
) -> dict[str, Minimum]:
    moindres: dict[str, Minimum] = {}
    for site in sorted(sites, key=lambda s: s.site_id):
        if site.site_id not in couvertures:
            continue
        candidat = Minimum(site.site_id, couvertures[site.site_id])
        for categorie in site.categories:
            actuel = moindres.get(categorie)
            if actuel is None or candidat.part < actuel.part:
                moindres[categorie] = candidat
    return moindres
