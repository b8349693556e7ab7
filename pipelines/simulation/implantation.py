"""Where the fictitious establishments stand: in which real commune, and at which point of it."""

from collections.abc import Collection
from dataclasses import dataclass
from math import cos, hypot, pi, radians, sin, sqrt

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipelines.simulation.communes import MARSEILLE, Commune
from pipelines.simulation.hypotheses import hypothese

KM_PAR_DEGRE = 111.2
# points drawn around the town hall, so that the towns look like towns on the map
_PART_DU_COTE = 0.35
_RAYON_MAX_KM = 2.5
_ESSAIS = 60


@dataclass(frozen=True)
class Carte:
    """The communes that may receive an establishment, and their contours."""

    communes: tuple[Commune, ...]
    contours: dict[str, BaseGeometry]

    def du_departement(self, departement: str, minimum: int = 0) -> list[Commune]:
        """Communes of a département with at least `minimum` inhabitants, arrondissements apart."""
        return [
            c
            for c in self.communes
            if c.departement == departement and c.code != MARSEILLE and c.population >= minimum
        ]

    def repartir(
        self, departement: str, nombre: int, degre: str, deja: Collection[Commune] = ()
    ) -> list[Commune]:
        """Communes of `nombre` establishments, biggest towns first.

        Highest quotients (population to a power, over odd numbers): seats are shared out the way
        an assembly's are, and a small commune near one that is served waits.
        """
        exposant = hypothese("exposant_population")[degre][departement]
        candidates = self.du_departement(departement)
        comptes = {c.code: sum(1 for d in deja if d.code == c.code) for c in candidates}
        servies = [c for c in candidates if comptes[c.code]]
        choisies: list[Commune] = []
        for _ in range(nombre):
            commune = max(
                (c for c in candidates if comptes[c.code] or self._est_libre(c, servies)),
                key=lambda c: (c.population**exposant / (2 * comptes[c.code] + 1), c.code),
            )
            if not comptes[commune.code]:
                servies.append(commune)
            comptes[commune.code] += 1
            choisies.append(commune)
        return choisies

    def position(self, commune: Commune, rng: np.random.Generator) -> tuple[float, float]:
        """Latitude and longitude of a point of `commune` near its town hall."""
        rayon = min(_PART_DU_COTE * sqrt(commune.superficie_km2), _RAYON_MAX_KM)
        contour = self.contours[commune.code_grille]
        for _ in range(_ESSAIS):
            angle = 2 * pi * rng.random()
            ecart = rayon * sqrt(rng.random()) / KM_PAR_DEGRE
            latitude = commune.latitude + ecart * sin(angle)
            longitude = commune.longitude + ecart * cos(angle) / cos(radians(commune.latitude))
            if contour.covers(shapely.Point(longitude, latitude)):
                return round(latitude, 6), round(longitude, 6)
        return commune.latitude, commune.longitude

    def _est_libre(self, commune: Commune, servies: list[Commune]) -> bool:
        if commune.population >= hypothese("population_commune_seule"):
            return True
        return all(distance_km(commune, autre) >= hypothese("espacement_km") for autre in servies)


def distance_km(un: Commune, autre: Commune) -> float:
    """Flat distance between two town halls, in km: enough at the size of a département."""
    return (
        hypot(
            un.latitude - autre.latitude,
            (un.longitude - autre.longitude) * cos(radians(un.latitude)),
        )
        * KM_PAR_DEGRE
    )
