"""Travel times from the résidence of each poste to each site.

Two sources, said for each pair: the département's own file of measured times (`matrice`), and by
default a great circle stretched by a detour and driven at a speed that depends on density
(`a_vol_d_oiseau`), all numbers in `data/reference/trajets.toml`.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.base import reference


@dataclass(frozen=True)
class Trajets:
    """One-way travel [poste][site]: whole minutes and km; None where a place is unknown."""

    minutes: tuple[tuple[int | None, ...], ...]
    km: tuple[tuple[float | None, ...], ...]
    nb_mesures: int


def estimer(postes: pd.DataFrame, sites: pd.DataFrame, mesures: pd.DataFrame) -> Trajets:
    """Times and distances from each poste to each site, in the order of the frames.

    `postes`: residence_uai, residence_site_id, latitude, longitude, densite; `sites`: site_id,
    uai_principal, latitude, longitude, densite; `mesures`: origine_uai, destination_uai,
    duree_min, distance_km, which replace the estimate of their pair. No travel inside a site.
    """
    km = _distances_km(postes, sites) * reference.valeur("trajets", "detour")
    vitesse = (_vitesses(postes)[:, None] + _vitesses(sites)[None, :]) / 2
    minutes = km / vitesse * 60 + reference.valeur("trajets", "acces_min")
    sur_place = (
        postes["residence_site_id"].to_numpy()[:, None] == sites["site_id"].to_numpy()[None, :]
    )
    minutes[sur_place] = 0
    km[sur_place] = 0
    nb_mesures = _appliquer_mesures(minutes, km, postes, sites, mesures)
    return Trajets(
        minutes=tuple(
            tuple(None if math.isnan(m) else math.ceil(m - 1e-9) for m in ligne)
            for ligne in minutes
        ),
        km=tuple(tuple(None if math.isnan(k) else round(k, 1) for k in ligne) for ligne in km),
        nb_mesures=nb_mesures,
    )


def _distances_km(postes: pd.DataFrame, sites: pd.DataFrame) -> np.ndarray:
    """Great-circle distances, haversine formula; NaN where a position is unknown."""
    lat_p, lon_p = (np.radians(postes[c].astype(float).to_numpy()) for c in _POSITION)
    lat_s, lon_s = (np.radians(sites[c].astype(float).to_numpy()) for c in _POSITION)
    demi_corde = (
        np.sin((lat_s[None, :] - lat_p[:, None]) / 2) ** 2
        + np.cos(lat_p)[:, None]
        * np.cos(lat_s)[None, :]
        * np.sin((lon_s[None, :] - lon_p[:, None]) / 2) ** 2
    )
    return 2 * reference.valeur("trajets", "rayon_terre_km") * np.arcsin(np.sqrt(demi_corde))


_POSITION = ("latitude", "longitude")


def _vitesses(lieux: pd.DataFrame) -> np.ndarray:
    """Door-to-door speed (km/h) around each place, by the density level of its commune."""
    par_niveau = reference.valeur("trajets", "vitesse_km_h")
    defaut = reference.valeur("trajets", "vitesse_defaut_km_h")
    return np.array(
        [defaut if pd.isna(d) else par_niveau[int(d) - 1] for d in lieux["densite"]], dtype=float
    )


def _appliquer_mesures(
    minutes: np.ndarray,
    km: np.ndarray,
    postes: pd.DataFrame,
    sites: pd.DataFrame,
    mesures: pd.DataFrame,
) -> int:
    """Write measured times over the estimates; the number of pairs written."""
    colonnes = {uai: s for s, uai in enumerate(sites["uai_principal"])}
    lignes: dict[str, list[int]] = {}
    for p, uai in enumerate(postes["residence_uai"]):
        lignes.setdefault(uai, []).append(p)
    nombre = 0
    for mesure in mesures.itertuples():
        s = colonnes.get(mesure.destination_uai)
        for p in lignes.get(mesure.origine_uai, []) if s is not None else []:
            minutes[p, s] = mesure.duree_min
            if mesure.distance_km is not None and not pd.isna(mesure.distance_km):
                km[p, s] = mesure.distance_km
            nombre += 1
    return nombre
