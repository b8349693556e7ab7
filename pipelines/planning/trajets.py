"""Travel times from the résidence of each poste to each site.

The département's own file of measured times replaces the estimate of its pairs (`matrice`); the
rest is a great circle stretched by a detour (`a_vol_d_oiseau`): an approach at each end, slow where
the commune is dense, and a road between. All numbers are in `data/reference/trajets.toml`,
calibrated on the drives of `data/reference/trajets_etalons.csv`.
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
    minutes = _durees_min(km, _densites(postes)[:, None], _densites(sites)[None, :])
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


def _densites(lieux: pd.DataFrame) -> np.ndarray:
    """Density level (1 to 7) of the commune of each place, NaN when unknown."""
    return lieux["densite"].astype(float).to_numpy()


def _durees_min(km: np.ndarray, depart: np.ndarray, arrivee: np.ndarray) -> np.ndarray:
    """Minutes for `km` of road between places of these densities."""
    approche = np.minimum(reference.valeur("trajets", "approche_km"), km / 2)
    lente = 1 / _vitesses_approche(depart) + 1 / _vitesses_approche(arrivee)
    seuil = reference.valeur("territoire", "seuil_rural_densite")
    # an unknown density compares false: the slower road is the careful guess
    est_rapide = (depart < seuil) & (arrivee < seuil)
    route = np.where(
        est_rapide,
        reference.valeur("trajets", "vitesse_route_km_h"),
        reference.valeur("trajets", "vitesse_route_rurale_km_h"),
    )
    heures = approche * lente + (km - 2 * approche) / route
    return heures * 60 + reference.valeur("trajets", "acces_min")


def _vitesses_approche(densites: np.ndarray) -> np.ndarray:
    """Speed (km/h) around places of these densities; the middle one where it is unknown."""
    par_niveau = np.array(reference.valeur("trajets", "vitesse_approche_km_h"), dtype=float)
    rangs = np.where(np.isnan(densites), (len(par_niveau) + 1) / 2, densites).astype(int) - 1
    return par_niveau[rangs]


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
