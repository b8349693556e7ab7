"""Whether two communes count as one for travel: the rule of the décret, from contours and a list.

Décret n° 2006-781 of 3 July 2006, art. 2, 8°: a commune and its neighbours served by public
transport make one commune. Contours say which are neighbours; a local list says which are served.
Two served neighbours are taken as linked to each other: the list says « non » where they are not.
"""

from enum import StrEnum

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from pipelines.base import reference


class Lien(StrEnum):
    """How the commune of a site stands to that of a résidence."""

    MEME_COMMUNE = "meme_commune"
    LIMITROPHE_DESSERVIE = "limitrophe_desservie"
    LIMITROPHE_NON_DESSERVIE = "limitrophe_non_desservie"
    LIMITROPHE_INCONNUE = "limitrophe_inconnue"
    AILLEURS = "ailleurs"
    VOISINAGE_INCONNU = "voisinage_inconnu"


class Communes:
    """The communes of a warehouse, each contour read once, when it is first asked for."""

    def __init__(self, communes: pd.DataFrame) -> None:
        """`communes`: commune_code, contour_wkb (WKB or None), est_desservie (None: unknown)."""
        self._wkb = dict(zip(communes["commune_code"], communes["contour_wkb"], strict=True))
        self._desservies = dict(
            zip(communes["commune_code"], communes["est_desservie"], strict=True)
        )
        self._contours: dict[str, BaseGeometry | None] = {}

    def lien(self, residence: str | None, site: str | None) -> Lien:
        """The link of two communes by code. Neighbours are one commune when both are served, two
        when one is not; unknown otherwise.
        """
        if residence is None or site is None:
            return Lien.VOISINAGE_INCONNU
        if residence == site:
            return Lien.MEME_COMMUNE
        ici, la = self._contour(residence), self._contour(site)
        if ici is None or la is None:
            return Lien.VOISINAGE_INCONNU
        # contours drawn apart may overlap by a sliver where they should touch
        if not ici.intersects(la):
            # … or leave a gap: too near to tell neighbours from communes apart
            jeu = reference.valeur("deplacements", "jeu_des_contours_degres")
            return Lien.VOISINAGE_INCONNU if ici.distance(la) < jeu else Lien.AILLEURS
        desservies = {self._desservies.get(residence), self._desservies.get(site)}
        if False in desservies:
            return Lien.LIMITROPHE_NON_DESSERVIE
        return Lien.LIMITROPHE_INCONNUE if None in desservies else Lien.LIMITROPHE_DESSERVIE

    def _contour(self, code: str) -> BaseGeometry | None:
        if code not in self._contours:
            wkb = self._wkb.get(code)
            self._contours[code] = None if wkb is None else shapely.from_wkb(bytes(wkb))
        return self._contours[code]
