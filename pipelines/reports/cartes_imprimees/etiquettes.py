"""Names written on a map: never one over another, and off the marks where there is room.

adjustText was tried first: 2 s for the 56 sectors of a large town, and three pairs still one over
the other. Here each name takes the best free place around its point, those with the most neighbours
first; a town that finds none is left out, a sector never is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

HALO_PT = 1.6
DIRECTIONS, CERCLES, CERCLES_D_UNE_VILLE = 24, 26, 3
ECART_PT = 4.2
"""From a point to its name, and from a circle of places to the next."""
MARGE_PT = 1.0
COUT_D_UNE_MARQUE = 1.5
"""A name goes a circle and a half further rather than cover a mark."""
TRAIT_A_PARTIR_DE_PT = 6.0


@dataclass(frozen=True)
class Etiquette:
    """A name and the point it stands for, in metres; `est_tenue`: never left out, and tied to its
    point by a line when it is written away from it.
    """

    texte: str
    x: float
    y: float
    couleur: str
    taille_pt: float
    est_tenue: bool = False


@dataclass(frozen=True)
class Posee:
    """A label where it was written: `boite` is left, bottom, right, top in pixels of its figure."""

    etiquette: Etiquette
    boite: tuple[float, float, float, float]


def poser(
    ax: Axes,
    etiquettes: Sequence[Etiquette],
    marques: np.ndarray,
    reserves: Sequence[Sequence[float]] = (),
) -> list[Posee]:
    """Write `etiquettes` on `ax`, whose limits are final; `marques`: points in metres, one a row.

    `reserves`: boxes in pixels where nothing may be written.
    """
    figure = ax.get_figure()
    moteur, point = figure.canvas.get_renderer(), figure.dpi / 72
    cadre = np.asarray(ax.get_window_extent(moteur).extents)
    points = ax.transData.transform(marques) if len(marques) else np.empty((0, 2))
    prises = [np.asarray(r, dtype=float) for r in reserves]
    posees = []
    for e in _dans_l_ordre(ax, etiquettes):
        texte = _texte(ax, e)
        demi = _demi_taille(texte, moteur) + MARGE_PT * point
        ancre = ax.transData.transform((e.x, e.y))
        cercles = CERCLES if e.est_tenue else CERCLES_D_UNE_VILLE
        boite = _meilleure_place(ancre, demi, point, cercles, cadre, np.array(prises), points)
        if boite is None and not e.est_tenue:
            texte.remove()
            continue
        if boite is None:
            # no room is left: on its point, but whole
            centre = np.clip(
                ancre, cadre[:2] + demi, np.maximum(cadre[2:] - demi, cadre[:2] + demi)
            )
            boite = np.concatenate([centre - demi, centre + demi])
        texte.set_position(ax.transData.inverted().transform((boite[:2] + boite[2:]) / 2))
        prises.append(boite)
        posees.append(Posee(e, tuple(float(v) for v in boite)))
        if e.est_tenue:
            _relier(ax, e, boite, ancre)
    return posees


def se_couvrent(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two boxes (left, bottom, right, top) share more than an edge."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _dans_l_ordre(ax: Axes, etiquettes: Sequence[Etiquette]) -> list[Etiquette]:
    """What must be written first; then what has the most neighbours, which has the least room."""
    ancres = np.array([ax.transData.transform((e.x, e.y)) for e in etiquettes]).reshape(-1, 2)
    portee = 14 * ECART_PT * ax.get_figure().dpi / 72
    voisins = [int((np.hypot(*(ancres - a).T) < portee).sum()) for a in ancres]
    rangs = range(len(etiquettes))
    return [
        etiquettes[i]
        for i in sorted(rangs, key=lambda i: (not etiquettes[i].est_tenue, -voisins[i]))
    ]


def _texte(ax: Axes, e: Etiquette) -> Text:
    return ax.text(
        e.x,
        e.y,
        e.texte,
        fontsize=e.taille_pt,
        color=e.couleur,
        ha="center",
        va="center",
        fontweight="bold" if e.est_tenue else "normal",
        fontstyle="normal" if e.est_tenue else "italic",
        path_effects=[withStroke(linewidth=HALO_PT, foreground="#FFFFFF")],
        zorder=9,
    )


def _demi_taille(texte: Text, moteur: RendererAgg) -> np.ndarray:
    boite = np.asarray(texte.get_window_extent(moteur).extents)
    return (boite[2:] - boite[:2]) / 2


def _meilleure_place(
    ancre: np.ndarray,
    demi: np.ndarray,
    point: float,
    nb_cercles: int,
    cadre: np.ndarray,
    prises: np.ndarray,
    marques: np.ndarray,
) -> np.ndarray | None:
    """The free box that costs least (its circle, the marks it covers); None when all are taken."""
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    sens = np.column_stack([np.cos(angles), np.sin(angles)])
    cercles = np.repeat(np.arange(1, nb_cercles + 1), DIRECTIONS)
    sens = np.tile(sens, (nb_cercles, 1))
    centres = ancre + sens * (demi + cercles[:, None] * ECART_PT * point)
    boites = np.hstack([centres - demi, centres + demi])
    libres = (boites[:, :2] >= cadre[:2]).all(axis=1) & (boites[:, 2:] <= cadre[2:]).all(axis=1)
    if len(prises):
        heurts = (
            (boites[:, None, 0] < prises[None, :, 2])
            & (prises[None, :, 0] < boites[:, None, 2])
            & (boites[:, None, 1] < prises[None, :, 3])
            & (prises[None, :, 1] < boites[:, None, 3])
        )
        libres &= ~heurts.any(axis=1)
    if not libres.any():
        return None
    couvertes = np.zeros(len(boites))
    if len(marques):
        dedans = (marques[None, :, :] > boites[:, None, :2] - ECART_PT * point / 2) & (
            marques[None, :, :] < boites[:, None, 2:] + ECART_PT * point / 2
        )
        couvertes = dedans.all(axis=2).sum(axis=1)
    couts = np.where(libres, cercles + COUT_D_UNE_MARQUE * couvertes, np.inf)
    return boites[int(np.argmin(couts))]


def _relier(ax: Axes, e: Etiquette, boite: np.ndarray, ancre: np.ndarray) -> None:
    """A thin line from the point to the nearest edge of its label."""
    bord = np.clip(ancre, boite[:2], boite[2:])
    if np.hypot(*(bord - ancre)) < TRAIT_A_PARTIR_DE_PT * ax.get_figure().dpi / 72:
        return
    x, y = ax.transData.inverted().transform(bord)
    ax.plot([e.x, x], [e.y, y], color=e.couleur, linewidth=0.5, zorder=8, solid_capstyle="butt")
