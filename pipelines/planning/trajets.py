"""Travel times from the résidence of each poste to each site, as a problem needs them.

The département's own file of travel, measured by hand or by an engine (`matrice`), comes before the
estimate (`a_vol_d_oiseau`), which fills the pairs the file does not give, unless told not to.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.planning.moteurs import AVolDOiseau, Lieux, Matrice, sans_suite


@dataclass(frozen=True)
class Trajets:
    """One-way travel [poste][site]: whole minutes and km; None where it is unknown.

    `nb_mesures`, `nb_estimes` and `nb_inconnus` share out the pairs; `moteurs` are those behind the
    measured ones, "" standing for the hand.
    """

    minutes: tuple[tuple[int | None, ...], ...]
    km: tuple[tuple[float | None, ...], ...]
    nb_mesures: int
    nb_estimes: int
    nb_inconnus: int
    moteurs: tuple[str, ...]


def estimer(
    postes: pd.DataFrame, sites: pd.DataFrame, mesures: pd.DataFrame, *, completer: bool = True
) -> Trajets:
    """Times and distances from each poste to each site, in the order of the frames.

    `postes`: residence_uai, residence_site_id, latitude, longitude, densite; `sites`: site_id,
    uai_principal, latitude, longitude, densite; `mesures`: origine_uai, destination_uai,
    duree_min, distance_km, moteur. A pair measured as having no way stays unknown; a pair without a
    measure is estimated when `completer`, unknown otherwise. No travel inside a site. Écoles REP+
    take the measure of the collège at the head of their network.
    """
    origines = Lieux.de(postes, "residence_uai")
    destinations = Lieux.de(sites, "uai_principal")
    matrice = Matrice(mesures)
    mesurees = matrice.calculer(origines, destinations, sans_suite)
    donnees = matrice.couvre(origines, destinations)
    minutes, km = mesurees.minutes.copy(), mesurees.km.copy()
    if completer:
        estimees = AVolDOiseau().calculer(origines, destinations, sans_suite)
        minutes = np.where(donnees, minutes, estimees.minutes)
        # a time measured without its distance keeps the estimated distance
        km = np.where(np.isnan(km) & ~(donnees & np.isnan(mesurees.minutes)), estimees.km, km)
    sur_place = (
        postes["residence_site_id"].to_numpy()[:, None] == sites["site_id"].to_numpy()[None, :]
    ) & ~donnees
    minutes[sur_place] = 0
    km[sur_place] = 0
    connues = ~np.isnan(minutes)
    return Trajets(
        minutes=tuple(
            tuple(None if math.isnan(m) else math.ceil(m - 1e-9) for m in ligne)
            for ligne in minutes
        ),
        km=tuple(tuple(None if math.isnan(k) else round(k, 1) for k in ligne) for ligne in km),
        nb_mesures=int((donnees & connues).sum()),
        nb_estimes=int((~donnees & connues).sum()),
        nb_inconnus=int((~connues).sum()),
        moteurs=tuple(matrice.moteurs(origines, destinations)),
    )
