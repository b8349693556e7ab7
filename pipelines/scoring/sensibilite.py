"""What a barème's result owes to its numbers: weights moved one at a time, two barèmes compared."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.base import reference
from pipelines.scoring.bareme import Bareme, Poids, avec_poids, poids_reglables
from pipelines.scoring.besoin import OUI, Donnees, Mesure, mesurer
from pipelines.scoring.couverture import classe_de_presence, rythme
from pipelines.scoring.moyens import a_moyens_constants


@dataclass(frozen=True)
class Situation:
    """Sites under a barème, arrays in their order.

    `besoin` and `constant` (à moyens constants): half-days per cycle. `rang`: 1 for the greatest
    need. `classe`: rhythm of the besoin; `classe_constante`: class of `constant`, finer than a
    rhythm (`couverture.classe_de_presence`). Where the means are unknown (0), every `constant` is
    0 and says nothing.
    """

    besoin: np.ndarray
    rang: np.ndarray
    constant: np.ndarray
    classe: np.ndarray
    classe_constante: np.ndarray


@dataclass(frozen=True)
class Deplacement:
    """One weight moved by `variation` (−0.25 = a quarter less), and what the sites become.

    `apres`: the sites looked at once it is moved; `..._change`, over them in their order: where
    the besoin, the rank or a rhythm class differ from before.
    """

    poids: Poids
    variation: float
    apres: Situation
    besoin_change: np.ndarray
    rang_change: np.ndarray
    classe_change: np.ndarray
    classe_constante_change: np.ndarray

    @property
    def total(self) -> int:
        """The besoins together, half-days per cycle."""
        return int(self.apres.besoin.sum())


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
    donnees: Donnees, echelle: Bareme, concernes: np.ndarray, disponibles: int
) -> tuple[Situation, list[Deplacement]]:
    """The sites under `echelle`, and each of its weights moved by the steps of the reference.

    `concernes`: True for the sites looked at (a département), `disponibles`: the half-days per
    cycle at hand there. Weights at zero move nothing and are left out.
    """
    avant = _situation(mesurer(donnees, echelle), concernes, disponibles)
    resultats = []
    for poids in poids_reglables(echelle):
        if poids.valeur == 0:
            continue
        for variation in reference.valeur("sensibilite", "variations"):
            deplace = avec_poids(echelle, poids.partie, poids.cle, poids.valeur * (1 + variation))
            apres = _situation(mesurer(donnees, deplace), concernes, disponibles)
            resultats.append(
                Deplacement(
                    poids,
                    variation,
                    apres,
                    apres.besoin != avant.besoin,
                    apres.rang != avant.rang,
                    apres.classe != avant.classe,
                    apres.classe_constante != avant.classe_constante,
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


def _situation(mesure: Mesure, concernes: np.ndarray, disponibles: int) -> Situation:
    besoin = mesure.besoin[concernes]
    constant = a_moyens_constants(besoin, disponibles)
    return Situation(
        besoin=besoin,
        rang=_rangs(mesure.somme[concernes]),
        constant=constant,
        classe=_classes(besoin, rythme),
        classe_constante=_classes(constant, classe_de_presence),
    )


def _classes(presences: np.ndarray, classer: Callable[[int], object]) -> np.ndarray:
    """The class of each presence; few presences differ, each is classed once."""
    classes = {n: classer(int(n)) for n in np.unique(presences)}
    return np.array([classes[n] for n in presences], dtype=object)


def _rangs(somme: np.ndarray) -> np.ndarray:
    """1 for the greatest need; equals share the best of their ranks."""
    return pd.Series(-somme).rank(method="min").to_numpy(dtype=int)
