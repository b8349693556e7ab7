"""What a barème's result owes to its numbers: weights moved one at a time, two barèmes compared."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.base import reference
from pipelines.scoring.bareme import Bareme, Poids, avec_poids, poids_reglables
from pipelines.scoring.besoin import OUI, Donnees, Mesure, mesurer
from pipelines.scoring.couverture import rythme


@dataclass(frozen=True)
class Deplacement:
    """One weight moved by `variation` (−0.25 = a quarter less), and what the sites become.

    Arrays over the sites looked at, in their order: `besoin` after, `classe_change` and
    `rang_change` true where the rhythm class or the rank differ from before.
    """

    poids: Poids
    variation: float
    besoin: np.ndarray
    besoin_change: np.ndarray
    classe_change: np.ndarray
    rang_change: np.ndarray
    total: int


@dataclass(frozen=True)
class Desaccord:
    """How two barèmes disagree over the same sites.

    `correlation`: Spearman's rank correlation of the sums before bounds, None when one of them
    gives the same need everywhere. `parts`: share of the total besoin of each site (sum 1) under
    the first and the second, `categories`: the same by category, a site in each of its own.
    """

    correlation: float | None
    parts: pd.DataFrame
    categories: pd.DataFrame


def deplacements(
    donnees: Donnees, echelle: Bareme, concernes: np.ndarray
) -> tuple[Mesure, list[Deplacement]]:
    """The measure of `echelle`, and each of its weights moved by the steps of the reference.

    `concernes`: True for the sites looked at (a département). Weights at zero move nothing and
    are left out.
    """
    avant = mesurer(donnees, echelle)
    classes = _classes(avant.besoin[concernes])
    rangs = _rangs(avant.somme[concernes])
    resultats = []
    for poids in poids_reglables(echelle):
        if poids.valeur == 0:
            continue
        for variation in reference.valeur("sensibilite", "variations"):
            deplace = avec_poids(echelle, poids.partie, poids.cle, poids.valeur * (1 + variation))
            apres = mesurer(donnees, deplace)
            besoin = apres.besoin[concernes]
            resultats.append(
                Deplacement(
                    poids,
                    variation,
                    besoin,
                    besoin != avant.besoin[concernes],
                    _classes(besoin) != classes,
                    _rangs(apres.somme[concernes]) != rangs,
                    int(besoin.sum()),
                )
            )
    return avant, resultats


def desaccord(
    donnees: Donnees, premiere: Mesure, seconde: Mesure, concernes: np.ndarray
) -> Desaccord:
    """How the besoins of two measures over the same sites differ, whatever their totals."""
    sites = donnees.sites[concernes]
    parts = pd.DataFrame({"site_id": sites["site_id"].to_numpy()})
    for nom, mesure in (("premiere", premiere), ("seconde", seconde)):
        besoin = mesure.besoin[concernes]
        parts[f"besoin_{nom}"] = besoin
        parts[f"part_{nom}"] = besoin / max(int(besoin.sum()), 1)
        parts[f"rang_{nom}"] = _rangs(mesure.somme[concernes])
    sommes = [pd.Series(m.somme[concernes]) for m in (premiere, seconde)]
    variables = all(s.nunique() > 1 for s in sommes)
    categories = []
    for code, verdict in donnees.verdicts.items():
        membres = verdict[concernes] == OUI
        if membres.any():
            categories.append(
                {
                    "code": code,
                    "sites": int(membres.sum()),
                    "part_premiere": float(parts.loc[membres, "part_premiere"].sum()),
                    "part_seconde": float(parts.loc[membres, "part_seconde"].sum()),
                }
            )
    return Desaccord(
        correlation=float(sommes[0].rank().corr(sommes[1].rank())) if variables else None,
        parts=parts,
        categories=pd.DataFrame(
            categories, columns=["code", "sites", "part_premiere", "part_seconde"]
        ),
    )


def _classes(besoin: np.ndarray) -> np.ndarray:
    return np.array([rythme(int(n)).value for n in besoin])


def _rangs(somme: np.ndarray) -> np.ndarray:
    """1 for the greatest need; equals share the best of their ranks."""
    return pd.Series(-somme).rank(method="min").to_numpy(dtype=int)
