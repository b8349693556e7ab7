"""Besoins à moyens constants: the same shares, scaled to the half-days the postes can give."""

import duckdb
import numpy as np

from pipelines.base import reference
from pipelines.marts import entrepot
from pipelines.scoring.capacite import capacite


def moyens(connexion: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Half-days per cycle the postes with a sector can give, by département of their résidence."""
    totaux = dict.fromkeys(entrepot.departements(connexion), 0)
    for poste in entrepot.lire(connexion, "mart_poste").to_dict("records"):
        if poste["departement"] in totaux and not poste["sans_secteur"]:
            donnable = capacite(poste["quotite_etp"], poste["hors_secteur_etp"])
            totaux[poste["departement"]] += donnable.demi_journees_cycle
    return totaux


def a_moyens_constants(besoin: np.ndarray, demi_journees: int) -> np.ndarray:
    """`besoin` (half-days per cycle, by site) scaled so that its sum holds in `demi_journees`.

    Each site takes its exact share rounded down to an allowed presence; what is left goes up one
    level at a time to the sites nearest to theirs (largest remainder, then the order of sites).
    Sites may end at 0: that is what the means allow, not what the site needs.
    """
    total = int(besoin.sum())
    if total == 0 or demi_journees <= 0:
        return np.zeros(len(besoin), dtype=int)
    niveaux = np.array(sorted({0, *reference.valeur("optimisation", "niveaux_presence")}))
    parts = besoin * (demi_journees / total)
    rangs = np.searchsorted(niveaux, parts + 1e-9, side="right") - 1
    reste = demi_journees - int(niveaux[rangs].sum())
    while True:
        suivants = np.minimum(rangs + 1, len(niveaux) - 1)
        pas = niveaux[suivants] - niveaux[rangs]
        possibles = np.flatnonzero((pas > 0) & (pas <= reste) & (parts > niveaux[rangs]))
        if not len(possibles):
            return niveaux[rangs]
        avance = (parts - niveaux[rangs])[possibles] / pas[possibles]
        # argmax keeps the first of equals: sites come in the order of their id
        choisi = possibles[np.argmax(avance)]
        reste -= int(pas[choisi])
        rangs[choisi] += 1
