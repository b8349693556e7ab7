"""The marks of a printed map: kind is shape, class is colour, besoin is size, label is a ring."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex, to_rgb

from pipelines.reports import cartes
from pipelines.reports.cartes import Echelle
from pipelines.reports.libelles import COULEURS_SECTEURS, FORMES

MARQUEURS = {"circle": "o", "triangle-up": "^", "square": "s", "pentagon": "p", "diamond": "D"}
"""A shape of the screen → the same one for matplotlib."""
AIRES = {"o": 1.0, "^": 1.12, "s": 0.92, "p": 1.08, "D": 0.82}
"""Size of each shape that looks as large as the disc."""
TAILLE_MIN_PT, TAILLE_PAR_RACINE_PT = 3.2, 0.95
ECARTS_DES_ANNEAUX_PT = (3.2, 6.4)
ENCRE, GRIS_FONCE, GRIS_MOYEN, GRIS_CLAIR, GRIS_FOND = (
    "#1E1E1E",
    "#666666",
    "#8A8A8A",
    "#DDDDDD",
    "#F5F5F5",
)
PART_DE_TEINTE = 0.6
TIRETS = ((0, ()), (0, (4, 1.4)))
"""Two neighbouring hues may look alike in grey: the second half of the palette is dashed."""


@dataclass(frozen=True)
class Rayon:
    """A line of a sector's star, in metres: from the résidence to a site."""

    poste_id: str
    site_id: str
    x0: float
    y0: float
    x1: float
    y1: float


def en_metres(sites: pd.DataFrame) -> pd.DataFrame:
    """The sites that have a position, x and y added."""
    places = sites[sites["longitude"].notna()].copy()
    places["x"], places["y"] = cartes.LAMBERT_93.transform(
        places["longitude"].astype(float).to_numpy(), places["latitude"].astype(float).to_numpy()
    )
    return places


def tailles(besoins: pd.Series, facteur: float) -> np.ndarray:
    """Diameters in points of the marks of sites of these besoins."""
    return facteur * (TAILLE_MIN_PT + TAILLE_PAR_RACINE_PT * np.sqrt(besoins.astype(float)))


def tracer_sites(ax: Axes, places: pd.DataFrame, echelle: Echelle, facteur: float) -> None:
    """The sites of `places` (x, y, type, besoin, ep), the largest first so that none hides."""
    if places.empty:
        return
    places = places.assign(
        taille=tailles(places["besoin"], facteur),
        classe=echelle.classer(places),
        marqueur=[MARQUEURS[FORMES[t]] for t in places["type"]],
    ).sort_values(["besoin", "site_id"], ascending=[False, True])
    for rang, (labels, ecart) in enumerate(
        zip((("REP+", "REP"), ("REP+",)), ECARTS_DES_ANNEAUX_PT, strict=True)
    ):
        lot = places[places["ep"].isin(labels)]
        ax.scatter(
            lot["x"],
            lot["y"],
            s=(lot["taille"] + ecart * facteur) ** 2,
            marker="o",
            facecolors="none",
            edgecolors=GRIS_FONCE,
            linewidths=0.6 * facteur,
            zorder=5 - 0.1 * rang,
        )
    for classe, (fond, bord) in echelle.couleurs.items():
        for marqueur in MARQUEURS.values():
            lot = places[(places["classe"] == classe) & (places["marqueur"] == marqueur)]
            if lot.empty:
                continue
            ax.scatter(
                lot["x"],
                lot["y"],
                s=(lot["taille"] * AIRES[marqueur]) ** 2,
                marker=marqueur,
                facecolors=fond,
                edgecolors=bord if bord != fond else "#FFFFFF",
                linewidths=(0.9 if bord != fond else 0.5) * facteur,
                zorder=6,
            )


def rayons(places: pd.DataFrame, etoiles: pd.DataFrame) -> list[Rayon]:
    """The lines of the stars of `etoiles` (poste_id, site_id, latitude and longitude of the
    résidence); what has no position is left out.
    """
    positions = places.set_index("site_id")[["x", "y"]]
    connus = etoiles[etoiles["longitude"].notna() & etoiles["site_id"].isin(positions.index)]
    x0, y0 = cartes.LAMBERT_93.transform(
        connus["longitude"].astype(float).to_numpy(), connus["latitude"].astype(float).to_numpy()
    )
    bouts = positions.loc[connus["site_id"]].to_numpy()
    return sorted(
        (
            Rayon(poste, site, float(a), float(b), float(x), float(y))
            for poste, site, a, b, (x, y) in zip(
                connus["poste_id"], connus["site_id"], x0, y0, bouts, strict=True
            )
        ),
        key=lambda r: (r.poste_id, r.site_id),
    )


def tracer_rayons(
    ax: Axes, lignes: list[Rayon], couleurs: Mapping[str, str], facteur: float
) -> None:
    """The stars, each in the colour and the dashes of its sector, and the résidences."""
    if not lignes:
        return
    teintes = [couleurs[r.poste_id] for r in lignes]
    ax.add_collection(
        LineCollection(
            [[(r.x0, r.y0), (r.x1, r.y1)] for r in lignes],
            colors=teintes,
            linestyles=[tirets(c) for c in teintes],
            linewidths=1.3 * facteur,
            zorder=4,
        )
    )
    residences = {r.poste_id: (r.x0, r.y0) for r in lignes}
    ax.scatter(
        [x for x, _ in residences.values()],
        [y for _, y in residences.values()],
        s=(3.4 * facteur) ** 2,
        marker="o",
        facecolors=[couleurs[p] for p in residences],
        edgecolors="#FFFFFF",
        linewidths=0.6 * facteur,
        zorder=7,
    )


def tirets(couleur: str) -> tuple[int, tuple[float, ...]]:
    """The dashes of a colour of the sectors."""
    moitie = len(COULEURS_SECTEURS) // 2
    return TIRETS[COULEURS_SECTEURS.index(couleur) >= moitie]


def en_lettres(couleur: str) -> str:
    """The same hue, dark enough to be read as text on white, in grey too."""
    melange = PART_DE_TEINTE * np.array(to_rgb(couleur)) + (1 - PART_DE_TEINTE) * np.array(
        to_rgb(ENCRE)
    )
    return to_hex(melange)
