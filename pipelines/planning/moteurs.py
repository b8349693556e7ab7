"""What gives travel times: the protocol of the engines, and the two that need nothing else.

`matrice` reads measured pairs, `a_vol_d_oiseau` stretches a great circle; `osrm` and `valhalla`,
which ask a road network, stand in modules of their own.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from pipelines.base import reference

Progres = Callable[[float], None]
POSITION = ("latitude", "longitude")
LONGUEUR_EMPREINTE = 12
MINUTES_PAR_HEURE = 60


def sans_suite(part: float) -> None:
    """Nobody follows a computation of a few milliseconds."""


@dataclass(frozen=True)
class Lieux:
    """Places in a row: UAI, position (degrees, WGS 84) and density level (1 to 7).

    NaN where a position or a density is unknown.
    """

    uai: tuple[str, ...]
    latitude: np.ndarray
    longitude: np.ndarray
    densite: np.ndarray

    @classmethod
    def de(cls, cadre: pd.DataFrame, colonne_uai: str) -> "Lieux":
        """The places of a frame with latitude, longitude and densite, in its order."""
        latitude, longitude, densite = (
            cadre[c].astype(float).to_numpy() for c in (*POSITION, "densite")
        )
        return cls(tuple(cadre[colonne_uai]), latitude, longitude, densite)

    def __len__(self) -> int:
        return len(self.uai)

    def parmi(self, rangs: Sequence[int]) -> "Lieux":
        """The places of these ranks."""
        choix = list(rangs)
        return Lieux(
            tuple(self.uai[r] for r in choix),
            self.latitude[choix],
            self.longitude[choix],
            self.densite[choix],
        )

    def places(self) -> list[int]:
        """Ranks of the places whose position is known."""
        return [int(r) for r in np.flatnonzero(~np.isnan(self.latitude + self.longitude))]


@dataclass(frozen=True)
class Durees:
    """One-way travel [origin][destination]: minutes and km, NaN where there is no answer."""

    minutes: np.ndarray
    km: np.ndarray

    @classmethod
    def inconnues(cls, nb_origines: int, nb_destinations: int) -> "Durees":
        """No answer at all."""
        forme = (nb_origines, nb_destinations)
        return cls(np.full(forme, np.nan), np.full(forme, np.nan))


class Moteur(Protocol):
    """An engine: who it is, and the times it gives. It never guesses a pair it can't answer."""

    nom: str

    def identite(self) -> str:
        """Version and settings in words: with the positions, all that a result depends on."""

    def calculer(self, origines: Lieux, destinations: Lieux, progres: Progres) -> Durees:
        """Times from each origin to each destination; AtlasError when it can't work at all.

        `progres` is told the share done, 0 to 1.
        """


class AVolDOiseau:
    """The default: an approach at each end, slow where the commune is dense, a road between.

    Its numbers are in `data/reference/trajets.toml`, calibrated on `trajets_etalons.csv`.
    """

    nom = "a_vol_d_oiseau"

    def identite(self) -> str:
        """The settings of `data/reference/trajets.toml` it reads."""
        lus = reference.parametres("trajets")
        reglages = repr([(nom, lus[nom].valeur) for nom in REGLAGES_A_VOL_D_OISEAU])
        somme = hashlib.sha256(reglages.encode()).hexdigest()[:LONGUEUR_EMPREINTE]
        return f"{self.nom}, réglages {somme}"

    def calculer(self, origines: Lieux, destinations: Lieux, progres: Progres) -> Durees:
        """Estimated times; NaN where a position is unknown."""
        km = distances_km(origines, destinations) * reference.valeur("trajets", "detour")
        minutes = _durees_min(km, origines.densite[:, None], destinations.densite[None, :])
        progres(1.0)
        return Durees(minutes, km)


REGLAGES_A_VOL_D_OISEAU = (
    "detour",
    "approche_km",
    "vitesse_approche_km_h",
    "vitesse_route_km_h",
    "vitesse_route_rurale_km_h",
    "acces_min",
)


class Matrice:
    """The pairs someone or some engine measured, as the local file of travel gives them."""

    nom = "matrice"

    def __init__(self, mesures: pd.DataFrame) -> None:
        """`mesures`: origine_uai, destination_uai, duree_min, distance_km, moteur."""
        self._paires = {
            (m.origine_uai, m.destination_uai): (_reel(m.duree_min), _reel(m.distance_km), m.moteur)
            for m in mesures.itertuples()
        }

    def identite(self) -> str:
        """The pairs themselves."""
        somme = hashlib.sha256(repr(sorted(self._paires.items(), key=str)).encode()).hexdigest()
        return f"{self.nom}, {len(self._paires)} couples, {somme[:LONGUEUR_EMPREINTE]}"

    def couvre(self, origines: Lieux, destinations: Lieux) -> np.ndarray:
        """Which pairs the file has a line for, were it to say that there is no way."""
        return np.array(
            [[(o, d) in self._paires for d in destinations.uai] for o in origines.uai], dtype=bool
        ).reshape(len(origines), len(destinations))

    def moteurs(self, origines: Lieux, destinations: Lieux) -> list[str]:
        """The engines behind the pairs asked for; "" for those measured by hand."""
        return sorted(
            {
                self._paires[o, d][2] or ""
                for o in origines.uai
                for d in destinations.uai
                if (o, d) in self._paires
            }
        )

    def calculer(self, origines: Lieux, destinations: Lieux, progres: Progres) -> Durees:
        """The pairs of the file; NaN for the others and where no way was found."""
        resultat = Durees.inconnues(len(origines), len(destinations))
        for i, origine in enumerate(origines.uai):
            for j, destination in enumerate(destinations.uai):
                if (origine, destination) in self._paires:
                    duree, distance, _ = self._paires[origine, destination]
                    resultat.minutes[i, j], resultat.km[i, j] = duree, distance
        progres(1.0)
        return resultat


def _reel(valeur: float | None) -> float:
    return math.nan if valeur is None or pd.isna(valeur) else float(valeur)


def distances_km(origines: Lieux, destinations: Lieux) -> np.ndarray:
    """Great-circle distances, haversine formula; NaN where a position is unknown."""
    lat_o, lon_o = np.radians(origines.latitude), np.radians(origines.longitude)
    lat_d, lon_d = np.radians(destinations.latitude), np.radians(destinations.longitude)
    demi_corde = (
        np.sin((lat_d[None, :] - lat_o[:, None]) / 2) ** 2
        + np.cos(lat_o)[:, None]
        * np.cos(lat_d)[None, :]
        * np.sin((lon_d[None, :] - lon_o[:, None]) / 2) ** 2
    )
    return 2 * reference.valeur("trajets", "rayon_terre_km") * np.arcsin(np.sqrt(demi_corde))


def ecarter_invraisemblables(
    durees: Durees, origines: Lieux, destinations: Lieux
) -> tuple[Durees, int]:
    """The answers a car could give, and how many of the others became unknown.

    A road is no shorter than the great circle, and no car beats the speed limit over it; both ends
    may be moved to the nearest road. A server that does not hold the region fails on most pairs.
    """
    directs = distances_km(origines, destinations) - reference.valeur("trajets", "ecart_route_km")
    au_moins_min = directs / reference.valeur("trajets", "vitesse_max_km_h") * MINUTES_PAR_HEURE
    with np.errstate(invalid="ignore"):
        faux = (durees.km < directs) | (durees.minutes < au_moins_min)
    return (
        Durees(np.where(faux, np.nan, durees.minutes), np.where(faux, np.nan, durees.km)),
        int(faux.sum()),
    )


def empreinte_positions(origines: Lieux, destinations: Lieux) -> str:
    """Identity of the places of a computation: their UAI, positions and part, in any order.

    A place that makes no pair but with itself is none of them.
    """
    places = {
        (role, uai, f"{latitude:.6f}", f"{longitude:.6f}")
        for role, groupe, autres in (
            ("origine", origines, destinations),
            ("destination", destinations, origines),
        )
        for uai, latitude, longitude in zip(
            groupe.uai, groupe.latitude, groupe.longitude, strict=True
        )
        if set(autres.uai) != {uai}
    }
    return hashlib.sha256(repr(sorted(places)).encode()).hexdigest()[:LONGUEUR_EMPREINTE]


def empreinte(identite: str, origines: Lieux, destinations: Lieux) -> str:
    """Identity of a computation: who made it (engine, version, settings), then the positions."""
    qui = hashlib.sha256(identite.encode()).hexdigest()[:LONGUEUR_EMPREINTE]
    return f"{qui}-{empreinte_positions(origines, destinations)}"


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
    return heures * MINUTES_PAR_HEURE + reference.valeur("trajets", "acces_min")


def _vitesses_approche(densites: np.ndarray) -> np.ndarray:
    """Speed (km/h) around places of these densities; the middle one where it is unknown."""
    par_niveau = np.array(reference.valeur("trajets", "vitesse_approche_km_h"), dtype=float)
    rangs = np.where(np.isnan(densites), (len(par_niveau) + 1) / 2, densites).astype(int) - 1
    return par_niveau[rangs]
