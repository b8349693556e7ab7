"""A sheet: what is drawn where, in millimetres, and the files it gives."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from textwrap import wrap

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Trace
from PIL import Image

from pipelines.base.textes import nombre
from pipelines.reports.cartes_imprimees.decor import Cadre, Decor
from pipelines.reports.cartes_imprimees.etiquettes import Etiquette, Posee, poser
from pipelines.reports.cartes_imprimees.marques import (
    ENCRE,
    GRIS_CLAIR,
    GRIS_FONCE,
    GRIS_FOND,
    GRIS_MOYEN,
)

MM_PAR_POUCE = 25.4
POLICE = "DejaVu Sans"
"""Shipped with matplotlib: the same letters, and so the same bytes, on every machine."""
PAS_DE_L_ECHELLE_KM = (1, 2, 5, 10, 20, 50)
PART_DE_L_ECHELLE = 0.22
PAS_LEGENDE_MM = 4.3
COTE_DE_L_ENCART_MM = 80.0
"""On paper, beside the legend of a lone map."""
LETTRES_DE_LA_MARQUE = 8
LETTRES_PAR_MM = 0.85
"""How many letters of the note below a map hold in a millimetre of paper."""


@dataclass(frozen=True)
class Format:
    """A sheet in millimetres; `facteur`: how much larger than on paper letters and marks are.

    `facteur_du_premier_groupe`: the same of the first group of the legend, what the colours mean.
    `hauteur_mm` is the most it may take: a sheet of paper is no higher than what it shows.
    """

    nom: str
    largeur_mm: float
    hauteur_mm: float
    facteur: float
    facteur_de_legende: float
    facteur_du_premier_groupe: float
    points_par_pouce: int
    est_un_ecran: bool


A4 = Format("a4", 180, 240, 1.0, 1.0, 1.0, 200, est_un_ecran=False)
ECRAN = Format("16-9", 338.67, 190.5, 1.6, 1.4, 2.0, 144, est_un_ecran=True)
FORMATS = {f.nom: f for f in (A4, ECRAN)}


@dataclass(frozen=True)
class Entree:
    """A line of the legend: `dessiner` draws its mark around (x, y) of an axis in millimetres,
    letters and marks as large as its last argument says.
    """

    texte: str
    dessiner: Callable[[Axes, float, float, float], None]


@dataclass(frozen=True)
class Groupe:
    """Lines of the legend under one heading."""

    titre: str
    entrees: tuple[Entree, ...]


@dataclass(frozen=True)
class Panneau:
    """One map of the sheet. `dessiner` draws its marks; `points`: those, in metres, that labels
    keep off; `etiquettes`: beside the names of towns.
    """

    titre: str
    dessiner: Callable[[Axes, float], None]
    points: np.ndarray
    etiquettes: tuple[Etiquette, ...] = ()


@dataclass(frozen=True)
class Feuille:
    """A drawn sheet: its size in inches, and where each label is, by frame."""

    figure: Figure
    posees: list[list[Posee]] = field(default_factory=list)

    def png(self, *, en_gris: bool = False) -> bytes:
        """The picture, without the date nor the name of what made it."""
        tampon = io.BytesIO()
        if en_gris:
            self.figure.canvas.draw()
            image = np.asarray(self.figure.canvas.buffer_rgba())[..., :3] / 255
            luminance = (image @ np.array([0.2126, 0.7152, 0.0722]) * 255).round().astype(np.uint8)
            Image.fromarray(luminance, mode="L").save(tampon, "png")
        else:
            self.figure.savefig(tampon, format="png", metadata={"Software": None})
        return tampon.getvalue()

    def pdf(self) -> bytes:
        """The same as vectors."""
        tampon = io.BytesIO()
        with rc_context({"pdf.fonttype": 42}):
            self.figure.savefig(
                tampon,
                format="pdf",
                metadata={"Creator": None, "Producer": None, "CreationDate": None},
            )
        return tampon.getvalue()


def composer(
    format_: Format,
    titre: str,
    decor: Decor,
    panneaux: Sequence[Panneau],
    legende: Sequence[Groupe],
    note: str,
) -> Feuille:
    """The sheet of one map or of two at the same scale, with their insets, legend and sources."""
    with rc_context({"font.family": POLICE, "font.size": 7 * format_.facteur}):
        places = _places(format_, decor, len(panneaux), legende)
        pouces = (format_.largeur_mm / MM_PAR_POUCE, places.hauteur / MM_PAR_POUCE)
        figure = Figure(figsize=pouces, dpi=format_.points_par_pouce, facecolor="#FFFFFF")
        FigureCanvasAgg(figure)
        feuille = Feuille(figure)
        f = format_.facteur
        _ecrire(figure, places, 0, places.hauteur - 3.0 * f, titre, 10 * f, gras=True)
        for panneau, cadre_mm, encart_mm in zip(
            panneaux, places.cartes, places.encarts, strict=True
        ):
            _tracer_panneau(feuille, places, format_, decor, panneau, cadre_mm, encart_mm)
        _tracer_legende(figure, places, format_, legende)
        lettres = int(LETTRES_PAR_MM * format_.largeur_mm / f)
        lignes = "\n".join("\n".join(wrap(ligne, lettres)) for ligne in note.split("\n"))
        _ecrire(figure, places, 0, 0.6 * f, lignes, 6 * f, couleur=GRIS_FONCE, va="bottom")
        return feuille


# --- the layout, in millimetres ------------------------------------------------------------------

Boite = tuple[float, float, float, float]
"""Left, bottom, width, height."""


@dataclass(frozen=True)
class _Places:
    hauteur: float
    largeur: float
    cartes: list[Boite]
    encarts: list[Boite | None]
    legende: Boite


def _places(format_: Format, decor: Decor, n: int, legende: Sequence[Groupe]) -> _Places:
    ouest, est, sud, nord = decor.cadre or (0.0, 1.0, 0.0, 1.0)
    allure = (est - ouest) / (nord - sud)
    dispose = _sur_ecran if format_.est_un_ecran else _sur_papier
    return dispose(format_, allure, n, decor.zone is not None, legende)


def _sur_papier(
    format_: Format, allure: float, n: int, a_encart: bool, legende: Sequence[Groupe]
) -> _Places:
    """One map over its inset and legend; two, one over the other, each beside its inset."""
    largeur, haut, bas, entre = format_.largeur_mm, 8.0, 12.5, 6.0
    if n == 1:
        cote = COTE_DE_L_ENCART_MM if a_encart else 0.0
        pied = max(cote, _hauteur_legende(legende, 2))
        h = min(largeur / allure, format_.hauteur_mm - haut - bas - pied - entre)
        total = haut + h + entre + pied + bas
        carte = (0.0, bas + pied + entre, largeur, h)
        encart = (largeur - cote, bas + pied - cote, cote, cote) if a_encart else None
        droite = largeur - (cote + 4 if a_encart else 0)
        return _Places(total, largeur, [carte], [encart], (0.0, bas, droite, pied))
    pied, sous_titre = _hauteur_legende(legende, 3), 6.0
    place = (format_.hauteur_mm - haut - bas - pied - entre) / n - sous_titre - entre
    cote = 56.0 if a_encart else 0.0
    l_carte = largeur - (cote + 3 if a_encart else 0)
    h = min(max(l_carte / allure, cote), place)
    total = haut + n * (h + sous_titre + entre) + entre + pied + bas
    cartes_, encarts = [], []
    for rang in range(n):
        y = total - haut - (rang + 1) * (h + sous_titre) - rang * entre
        cartes_.append((0.0, y, l_carte, h))
        encarts.append((largeur - cote, y + h - cote, cote, cote) if a_encart else None)
    return _Places(total, largeur, cartes_, encarts, (0.0, bas, largeur, pied))


def _sur_ecran(
    format_: Format, allure: float, n: int, a_encart: bool, legende: Sequence[Groupe]
) -> _Places:
    """The maps side by side, or one beside its inset, over the legend in a band."""
    del allure
    largeur, total, haut, bas, entre = format_.largeur_mm, format_.hauteur_mm, 13.0, 16.0, 4.0
    bande = 44.0
    y = bas + bande + entre
    if n == 1:
        h = total - haut - y
        cote = min(h - 6, 105.0) if a_encart else 0.0
        l_carte = largeur - (cote + entre if a_encart else 0)
        encart = (largeur - cote, y, cote, cote) if a_encart else None
        return _Places(total, largeur, [(0.0, y, l_carte, h)], [encart], (0, bas, largeur, bande))
    sous_titre = 8.0
    cote = bande - 5 if a_encart else 0.0
    l_carte = (largeur - entre) / n
    h = total - haut - sous_titre - y
    cartes_ = [(rang * (l_carte + entre), y, l_carte, h) for rang in range(n)]
    encarts: list[Boite | None] = [None] * n
    if a_encart:
        encarts = [(0.0, bas, cote, cote), (largeur - cote, bas, cote, cote)]
    gauche = cote + 5 if a_encart else 0.0
    return _Places(total, largeur, cartes_, encarts, (gauche, bas, largeur - 2 * gauche, bande))


def _hauteur_legende(legende: Sequence[Groupe], colonnes: int) -> float:
    """Millimetres the legend takes on paper when shared among `colonnes`."""
    hauteurs = [PAS_LEGENDE_MM * _lignes(g) for g in legende]
    possibles = sorted(
        {sum(hauteurs[i:j]) for i in range(len(hauteurs)) for j in range(i + 1, len(hauteurs) + 1)}
    )
    return next(h for h in possibles if len(_colonnes(legende, h / PAS_LEGENDE_MM)) <= colonnes)


def _lignes(groupe: Groupe) -> float:
    """Lines a group takes: its heading, its entries, and the space after."""
    return len(groupe.entrees) + 1.8


def _colonnes(legende: Sequence[Groupe], lignes: float) -> list[list[Groupe]]:
    """The groups in columns of at most `lignes` lines, in their order."""
    colonnes: list[list[Groupe]] = []
    reste = 0.0
    for groupe in legende:
        if not colonnes or _lignes(groupe) > reste + 1e-9:
            colonnes.append([])
            reste = lignes
        colonnes[-1].append(groupe)
        reste -= _lignes(groupe)
    return colonnes


# --- drawing -------------------------------------------------------------------------------------


def _axe(figure: Figure, places: _Places, boite: Boite) -> Axes:
    gauche, bas, largeur, hauteur = boite
    return figure.add_axes(
        (
            gauche / places.largeur,
            bas / places.hauteur,
            largeur / places.largeur,
            hauteur / places.hauteur,
        )
    )


def _ecrire(
    figure: Figure,
    places: _Places,
    x: float,
    y: float,
    texte: str,
    taille: float,
    *,
    gras: bool = False,
    couleur: str = ENCRE,
    va: str = "center",
) -> None:
    figure.text(
        x / places.largeur,
        y / places.hauteur,
        texte,
        fontsize=taille,
        fontweight="bold" if gras else "normal",
        color=couleur,
        ha="left",
        va=va,
    )


def _tracer_panneau(
    feuille: Feuille,
    places: _Places,
    format_: Format,
    decor: Decor,
    panneau: Panneau,
    boite: Boite,
    boite_encart: Boite | None,
) -> None:
    f = format_.facteur
    figure = feuille.figure
    if panneau.titre:
        _ecrire(
            figure, places, boite[0], boite[1] + boite[3] + 2.6 * f, panneau.titre, 8 * f, gras=True
        )
    ax = _axe(figure, places, boite)
    cadre = _ajuster(decor.cadre or (0.0, 1.0, 0.0, 1.0), boite)
    _fond(ax, decor, cadre, f)
    panneau.dessiner(ax, f)
    zone = decor.zone if boite_encart else None
    if zone is not None:
        _encadrer(ax, zone[1], f)
    noms, points = _dedans(panneau, decor, cadre, zone, f)
    prise = _echelle_et_nord(ax, cadre, points, f)
    feuille.posees.append(poser(ax, noms, points, prise))
    if zone is None or boite_encart is None:
        return
    encart = _axe(figure, places, boite_encart)
    cadre_encart = _ajuster(zone[1], boite_encart)
    _fond(encart, decor, cadre_encart, f)
    panneau.dessiner(encart, f)
    _titre_et_echelle_de_l_encart(encart, zone[0], cadre_encart, f)
    feuille.posees.append(poser(encart, *_dedans(panneau, decor, cadre_encart, None, f)))


def _ajuster(cadre: Cadre, boite: Boite) -> Cadre:
    """The frame widened to the shape of its box, about its middle."""
    ouest, est, sud, nord = cadre
    metres_par_mm = max((est - ouest) / boite[2], (nord - sud) / boite[3])
    x, y = (ouest + est) / 2, (sud + nord) / 2
    dx, dy = metres_par_mm * boite[2] / 2, metres_par_mm * boite[3] / 2
    return x - dx, x + dx, y - dy, y + dy


def _fond(ax: Axes, decor: Decor, cadre: Cadre, f: float) -> None:
    """Sea and neighbours in light grey, then communes, bassins and département, ever heavier."""
    ax.set_xlim(cadre[0], cadre[1])
    ax.set_ylim(cadre[2], cadre[3])
    ax.set_xticks([])
    ax.set_yticks([])
    ax.set_facecolor(GRIS_FOND)
    for cote in ax.spines.values():
        cote.set_color(GRIS_CLAIR)
        cote.set_linewidth(0.6 * f)
    if decor.departement:
        sommets = np.concatenate(decor.departement)
        codes = np.concatenate([_codes(a) for a in decor.departement])
        ax.add_patch(
            PathPatch(Trace(sommets, codes), facecolor="#FFFFFF", edgecolor="none", zorder=1)
        )
    for lignes, couleur, epaisseur, rang in (
        (decor.communes, GRIS_CLAIR, 0.35, 2),
        (decor.bassins, GRIS_MOYEN, 0.9, 2.5),
        (decor.departement, GRIS_FONCE, 1.2, 3),
    ):
        ax.add_collection(
            LineCollection(
                lignes,
                colors=couleur,
                linewidths=epaisseur * f,
                linestyles=(0, (5, 2, 1, 2)) if lignes is decor.bassins else "solid",
                zorder=rang,
            )
        )


def _codes(anneau: np.ndarray) -> np.ndarray:
    codes = np.full(len(anneau), Trace.LINETO, dtype=np.uint8)
    codes[0], codes[-1] = Trace.MOVETO, Trace.CLOSEPOLY
    return codes


def _encadrer(ax: Axes, zone: Cadre, f: float) -> None:
    ouest, est, sud, nord = zone
    ax.add_patch(
        Rectangle(
            (ouest, sud),
            est - ouest,
            nord - sud,
            fill=False,
            edgecolor=ENCRE,
            linewidth=0.7 * f,
            zorder=8,
        )
    )


def _longueur_de_l_echelle(large: float) -> int:
    """Kilometres of the scale bar of a frame that is `large` metres wide."""
    possibles = [k for k in PAS_DE_L_ECHELLE_KM if k * 1000 <= PART_DE_L_ECHELLE * large]
    return max(possibles, default=PAS_DE_L_ECHELLE_KM[0])


def _echelle_et_nord(ax: Axes, cadre: Cadre, points: np.ndarray, f: float) -> list[Sequence[float]]:
    """The scale bar and the north of the projection, in the corner that holds the fewest sites.

    Gives the box it takes, in pixels.
    """
    ouest, est, sud, nord = cadre
    large, haut = est - ouest, nord - sud
    km = _longueur_de_l_echelle(large)
    pixels = ax.get_figure().dpi / 72 * f
    largeur_m = km * 1000 + 34 * pixels * large / ax.bbox.width
    hauteur_m = 22 * pixels * haut / ax.bbox.height
    bord = 6 * pixels * large / ax.bbox.width
    coins = [
        (x, y)
        for y in (sud + bord, nord - bord - hauteur_m)
        for x in (ouest + bord, est - bord - largeur_m)
    ]
    x, y = min(
        coins, key=lambda c: _nb_dedans(points, (c[0], c[0] + largeur_m, c[1], c[1] + hauteur_m))
    )
    ax.plot(
        [x, x + km * 1000], [y, y], color=ENCRE, linewidth=1.6 * f, zorder=10, solid_capstyle="butt"
    )
    ax.annotate(
        f"{nombre(km)} km",
        (x, y),
        xytext=(0, 2.5 * f),
        textcoords="offset points",
        fontsize=6.5 * f,
        color=ENCRE,
        zorder=10,
    )
    ax.annotate(
        "N",
        (x + km * 1000, y),
        xytext=(18 * f, 10 * f),
        textcoords="offset points",
        ha="center",
        fontsize=7 * f,
        fontweight="bold",
        color=ENCRE,
        zorder=10,
    )
    fleche = ax.transData.transform((x + km * 1000, y)) + np.array([18 * pixels, 5 * pixels])
    ax.plot(
        *ax.transData.inverted().transform(fleche),
        marker=(3, 0, 0),
        markersize=6 * f,
        color=ENCRE,
        zorder=10,
    )
    bas, sommet = ax.transData.transform([(x, y), (x + largeur_m, y + hauteur_m)])
    return [(*bas, *sommet)]


def _nb_dedans(points: np.ndarray, bornes: Cadre) -> int:
    """How many points a frame holds."""
    if not len(points):
        return 0
    return int(
        (
            (points[:, 0] >= bornes[0])
            & (points[:, 0] <= bornes[1])
            & (points[:, 1] >= bornes[2])
            & (points[:, 1] <= bornes[3])
        ).sum()
    )


def _titre_et_echelle_de_l_encart(ax: Axes, nom: str, cadre: Cadre, f: float) -> None:
    """Above the inset, where nothing is drawn: its town on the left, its scale on the right."""
    ax.set_title(nom, fontsize=7 * f, loc="left", pad=2.5 * f, color=ENCRE)
    large = cadre[1] - cadre[0]
    km = _longueur_de_l_echelle(large)
    part = km * 1000 / large
    y = 1 + 5 * f * ax.get_figure().dpi / 72 / ax.bbox.height
    ax.plot(
        [1 - part, 1],
        [y, y],
        transform=ax.transAxes,
        clip_on=False,
        color=ENCRE,
        linewidth=1.6 * f,
        solid_capstyle="butt",
    )
    ax.text(
        1 - part - 0.015,
        y,
        f"{nombre(km)} km",
        transform=ax.transAxes,
        ha="right",
        va="center",
        fontsize=6.5 * f,
        color=ENCRE,
    )


def _dedans(
    panneau: Panneau, decor: Decor, cadre: Cadre, zone: tuple[str, Cadre] | None, f: float
) -> tuple[list[Etiquette], np.ndarray]:
    """The labels and points within `cadre`; labels of `zone` but its own are left to its inset."""

    def est_la(x: float, y: float, bornes: Cadre) -> bool:
        return bornes[0] <= x <= bornes[1] and bornes[2] <= y <= bornes[3]

    villes = [Etiquette(nom, x, y, ENCRE, 6.5 * f) for nom, x, y in decor.villes]
    gardees = [
        e
        for e in (*panneau.etiquettes, *villes)
        if est_la(e.x, e.y, cadre)
        and not (zone is not None and e.texte != zone[0] and est_la(e.x, e.y, zone[1]))
    ]
    points = panneau.points
    if len(points):
        a_garder = [est_la(x, y, cadre) for x, y in points]
        points = points[np.array(a_garder)]
    return gardees, points


def _tracer_legende(
    figure: Figure, places: _Places, format_: Format, legende: Sequence[Groupe]
) -> None:
    """The groups one below the other, in as many columns as they need."""
    _, _, largeur, hauteur = places.legende
    ax = _axe(figure, places, places.legende)
    ax.set_axis_off()
    ax.set_xlim(0, largeur)
    ax.set_ylim(0, hauteur)
    premier, autres = format_.facteur_du_premier_groupe, format_.facteur_de_legende
    if premier == autres:
        colonnes = _colonnes(legende, hauteur / (PAS_LEGENDE_MM * autres))
    else:
        colonnes = [[legende[0]], *_colonnes(legende[1:], hauteur / (PAS_LEGENDE_MM * autres))]
    facteurs = [premier, *[autres] * (len(colonnes) - 1)]
    # each as wide as its longest line
    poids = [
        f
        * (
            LETTRES_DE_LA_MARQUE
            + max(len(t) for g in c for t in (g.titre, *(e.texte for e in g.entrees)))
        )
        for f, c in zip(facteurs, colonnes, strict=True)
    ]
    for rang, (f, colonne) in enumerate(zip(facteurs, colonnes, strict=True)):
        x, y = largeur * sum(poids[:rang]) / sum(poids), hauteur
        pas = PAS_LEGENDE_MM * f
        for groupe in colonne:
            y -= 0.6 * pas
            ax.text(
                x, y, groupe.titre, fontsize=6.5 * f, fontweight="bold", va="center", color=ENCRE
            )
            for entree in groupe.entrees:
                y -= pas
                entree.dessiner(ax, x + 3.0 * f, y, f)
                ax.text(x + 7.0 * f, y, entree.texte, fontsize=6.5 * f, va="center", color=ENCRE)
            y -= 1.2 * pas
