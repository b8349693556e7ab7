"""The half-days at hand, and besoins à moyens constants: the same shares, scaled to them."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from pipelines.base import reference
from pipelines.marts import entrepot
from pipelines.scoring.capacite import capacite

VACANT = "vacant"


@dataclass(frozen=True)
class Moyens:
    """What the postes of a département can give there, half-days per cycle.

    `demi_journees`: those with a sector, all together; `vacantes`, of which by vacant postes;
    `ailleurs`: what they give today in another département, which is not in `demi_journees`.
    """

    demi_journees: int
    vacantes: int
    ailleurs: int


def capacites(connexion: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Every poste by poste_id: departement (of its résidence), statut, sans_secteur, capacite.

    `capacite`: half-days per cycle it can give in its département; `ailleurs`: those it gives
    today in another one, taken away from its time first. A poste without a sector has its time
    too: it serves nobody with it.
    """
    postes = entrepot.lire(connexion, "mart_poste").set_index("poste_id")
    donnees_ailleurs = dict(
        connexion.execute(
            "select poste_id, sum(mart_presence.demi_journees_cycle) from mart_presence "
            "join mart_poste using (poste_id) join mart_site using (site_id) "
            "where mart_site.departement is distinct from mart_poste.departement group by poste_id"
        ).fetchall()
    )
    entieres = [
        capacite(quotite, hors_secteur).demi_journees_cycle
        for quotite, hors_secteur in zip(
            postes["quotite_etp"], postes["hors_secteur_etp"], strict=True
        )
    ]
    ailleurs = [
        min(int(donnees_ailleurs.get(poste_id, 0)), entiere)
        for poste_id, entiere in zip(postes.index, entieres, strict=True)
    ]
    return postes[["departement", "statut", "sans_secteur"]].assign(
        capacite=[e - a for e, a in zip(entieres, ailleurs, strict=True)], ailleurs=ailleurs
    )


def moyens(connexion: duckdb.DuckDBPyConnection) -> dict[str, Moyens]:
    """What there is to share out in each département, vacant postes included, as by default."""
    postes = capacites(connexion)
    postes = postes[~postes["sans_secteur"].astype(bool)]
    totaux = {}
    for departement in entrepot.departements(connexion):
        siens = postes[postes["departement"] == departement]
        totaux[departement] = Moyens(
            demi_journees=int(siens["capacite"].sum()),
            vacantes=int(siens.loc[siens["statut"] == VACANT, "capacite"].sum()),
            ailleurs=int(siens["ailleurs"].sum()),
        )
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
