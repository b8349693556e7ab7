"""Screen maps: plotly figures in Lambert-93, drawn from local contours, no network, no tiles.

Kind is shape, coverage is colour, besoin is size, REP+ a double ring and REP a single one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pyproj
import shapely
from plotly.subplots import make_subplots

from pipelines.base import reference
from pipelines.base.textes import nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.reports.libelles import (
    COULEURS_PART,
    COULEURS_RYTHME,
    COULEURS_SECTEURS,
    FORMES,
    FORMES_EN_MOTS,
    GRIS,
    RYTHMES_EN_MOTS,
)
from pipelines.scoring.couverture import bornes_des_classes, classe_de_part

LAMBERT_93 = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:2154", always_xy=True)
# Below a pixel on a département-wide map: half the points, the same drawing.
SIMPLIFICATION_M = 150
TAILLE_MIN, TAILLE_PAR_RACINE = 5, 1.9
HAUTEUR_PX = 600
# maps in a row: each about this wide on an office screen, by how many they are; then their legend
# and titles
LARGEURS_COTE_A_COTE_PX, RESTE_COTE_A_COTE_PX = {1: 620, 2: 480, 3: 370}, 170
HAUTEURS_COTE_A_COTE_PX = (330, 620)
TAILLE_COTE_A_COTE = 0.7  # of the marks of a whole map
ECART_DES_NOMS_M = (22_000, 7_000)
VOISINS_DE_COULEUR = 6
ANNEAUX_EN_MOTS = {"REP": "REP : un anneau", "REP+": "REP+ : deux anneaux"}
FORME, ANNEAU = "Forme : le type de site", "Contour : le réseau"
SECTEUR = "Trait : le secteur"
# no symbol of plotly is two rings: a ring around a disc stands for them in the legend
ANNEAUX_EN_LEGENDE = {"REP": ("circle-open", 1.2), "REP+": ("circle-open-dot", 2.4)}


@dataclass(frozen=True)
class Fond:
    """The background of a département, in metres: outlines as lines with gaps, large towns."""

    communes: tuple[list[float | None], list[float | None]] | tuple[np.ndarray, np.ndarray]
    departement: tuple[list[float | None], list[float | None]]
    villes: list[tuple[str, float, float]]
    ville_dense: tuple[str, float, float] | None


@dataclass(frozen=True)
class Echelle:
    """What the colours of a map say: class → (fill, outline) and words; `classer` gives a class.

    `titre` heads them in the legend.
    """

    couleurs: dict[object, tuple[str, str]]
    mots: dict[object, str]
    classer: Callable[[pd.DataFrame], list[object]]
    titre: str


ECHELLE_RYTHME = Echelle(
    COULEURS_RYTHME,
    RYTHMES_EN_MOTS,
    lambda sites: list(sites["rythme"]),
    "Couleur : la présence",
)


def echelle_part() -> Echelle:
    """Colours by share of the besoin met, at the bounds of `data/reference/couverture.toml`."""
    bornes = bornes_des_classes()
    bas, haut = bornes[:-1], bornes[1:]
    mots = [
        f"Moins de {pourcentage(bornes[0])} du besoin",
        *(f"De {nombre(b * 100)} à {pourcentage(h)}" for b, h in zip(bas, haut, strict=True)),
        f"{pourcentage(bornes[-1])} du besoin ou plus",
    ]
    return Echelle(
        # the most first, as the rhythms are
        couleurs=dict(reversed(list(enumerate(COULEURS_PART)))),
        mots=dict(reversed(list(enumerate(mots)))),
        classer=lambda sites: [
            classe_de_part(p, b) for p, b in zip(sites["presence"], sites["besoin"], strict=True)
        ],
        titre="Couleur : la part du besoin",
    )


def fond(connexion: duckdb.DuckDBPyConnection, departement: str) -> Fond:
    """The contours of `departement`, empty when the warehouse has none."""
    communes = entrepot.lire(connexion, "mart_commune", departement)
    communes = communes[communes["contour_wkb"].notna()]
    formes = [en_lambert(bytes(wkb)) for wkb in communes["contour_wkb"]]
    ensemble = shapely.union_all(formes) if formes else shapely.Polygon()
    seuil = reference.valeur("territoire", "ville_affichee_habitants")
    grandes = [
        (-int(habitants), nom, forme.representative_point())
        for nom, habitants, forme in zip(
            communes["commune"], communes["population"], formes, strict=True
        )
        if habitants is not None and habitants >= seuil
    ]
    villes: list[tuple[str, float, float]] = []
    for _, nom, point in sorted(grandes, key=lambda v: v[:2]):
        # a name is written unless a larger town's would cover it
        if all(
            abs(point.x - x) > ECART_DES_NOMS_M[0] or abs(point.y - y) > ECART_DES_NOMS_M[1]
            for _, x, y in villes
        ):
            villes.append((nom, point.x, point.y))
    denses = connexion.execute(
        "select commune_code, count(*) as n from mart_site where departement = ? "
        "group by commune_code order by n desc, commune_code limit 1",
        [departement],
    ).fetchall()
    return Fond(
        communes=lignes([f.simplify(SIMPLIFICATION_M) for f in formes]),
        departement=lignes([ensemble.buffer(1).simplify(SIMPLIFICATION_M)]),
        villes=villes,
        ville_dense=_ville_dense(communes, formes, denses),
    )


def _ville_dense(
    communes: pd.DataFrame, formes: list, denses: list[tuple]
) -> tuple[str, float, float] | None:
    for code, nom, forme in zip(communes["commune_code"], communes["commune"], formes, strict=True):
        if denses and code == denses[0][0]:
            centre = forme.representative_point()
            return nom, centre.x, centre.y
    return None


def en_lambert(wkb: bytes) -> shapely.Geometry:
    """A contour of the warehouse in metres."""
    return tous_en_lambert([wkb])[0]


def tous_en_lambert(wkbs: Sequence[bytes]) -> np.ndarray:
    """Contours of the warehouse in metres, projected in one go."""
    return shapely.transform(
        shapely.from_wkb(np.array(wkbs, dtype=object)),
        lambda xy: np.column_stack(LAMBERT_93.transform(xy[:, 0], xy[:, 1])),
    )


def lignes(formes: list) -> tuple[list[float | None], list[float | None]]:
    """Polygons as one line of points, a gap (None) between rings."""
    xs: list[float | None] = []
    ys: list[float | None] = []
    for forme in formes:
        for polygone in shapely.get_parts(forme):
            if polygone.geom_type != "Polygon" or polygone.is_empty:
                continue
            for anneau in (polygone.exterior, *polygone.interiors):
                points = np.round(shapely.get_coordinates(anneau))
                xs += [*points[:, 0].tolist(), None]
                ys += [*points[:, 1].tolist(), None]
    return xs, ys


def carte_couverture(
    sites: pd.DataFrame, decor: Fond, cle_de_vue: str, echelle: Echelle = ECHELLE_RYTHME
) -> go.Figure:
    """Sites of `sites` (tableau_sites) by coverage class; `cle_de_vue` keeps the user's zoom."""
    figure = _figure(decor, cle_de_vue)
    _tracer_sites(figure, sites, echelle)
    _nommer_les_villes(figure, decor)
    return figure


def carte_secteurs(
    sites: pd.DataFrame, secteurs: pd.DataFrame, decor: Fond, cle_de_vue: str
) -> go.Figure:
    """Stars from each résidence to the sites of its sector, over the sites by coverage class.

    `secteurs`: poste_id, site_id, demi_journees_cycle, latitude and longitude of the résidence.
    """
    figure = _figure(decor, cle_de_vue)
    positions = sites.set_index("site_id")[["longitude", "latitude"]].astype(float)
    traits = secteurs.merge(
        positions, left_on="site_id", right_index=True, suffixes=("_residence", "_site")
    ).dropna(subset=["longitude_residence", "longitude_site"])
    couleurs = _couleurs_secteurs(traits)
    for couleur in COULEURS_SECTEURS:
        lot = traits[[couleurs[p] == couleur for p in traits["poste_id"]]]
        if lot.empty:
            continue
        x0, y0 = LAMBERT_93.transform(
            lot["longitude_residence"].astype(float).to_numpy(),
            lot["latitude_residence"].astype(float).to_numpy(),
        )
        x1, y1 = LAMBERT_93.transform(
            lot["longitude_site"].to_numpy(), lot["latitude_site"].to_numpy()
        )
        vide = np.full(len(lot), np.nan)
        figure.add_scatter(
            x=np.column_stack([x0, x1, vide]).ravel(),
            y=np.column_stack([y0, y1, vide]).ravel(),
            mode="lines",
            line={"color": couleur, "width": 2.2},
            hoverinfo="skip",
            showlegend=False,
        )
    _tracer_sites(figure, sites)
    _tracer_residences(figure, traits, couleurs)
    _nommer_les_villes(figure, decor)
    return figure


def cartes_cote_a_cote(
    sites_par_titre: dict[str, pd.DataFrame], decor: Fond, cle_de_vue: str, echelle: Echelle
) -> go.Figure:
    """Coverage maps in a row, one a title: same colours, one legend, and a view they share.

    Names of towns are left out: on small maps the marks would cover them.
    """
    figure = make_subplots(
        rows=1,
        cols=len(sites_par_titre),
        subplot_titles=list(sites_par_titre),
        horizontal_spacing=0.015,
    )
    # plotly checks lists point by point, arrays at once: the contours are drawn several times
    xs, ys = (np.array(points, dtype=float) for points in decor.communes)
    decor = replace(decor, communes=(xs, ys))
    rangs = {
        libelle: rang
        for rang, libelle in enumerate(
            [
                *echelle.mots.values(),
                *FORMES_EN_MOTS.values(),
                *ANNEAUX_EN_MOTS.values(),
            ]
        )
    }
    vues: set[str] = set()
    for rang, sites in enumerate(sites_par_titre.values(), start=1):
        seule = carte_couverture(sites, decor, cle_de_vue, echelle)
        for trace in seule.data:
            if trace.mode == "text":
                continue
            if trace.mode == "markers" and len(trace.x) and trace.x[0] is not None:
                trace.marker.size = TAILLE_COTE_A_COTE * np.array(trace.marker.size)
            # an entry of the legend is written once, whichever map has it first
            if trace.showlegend is None and trace.name is not None:
                trace.update(showlegend=trace.name not in vues, legendrank=rangs[trace.name])
                vues.add(trace.name)
            figure.add_trace(trace, row=1, col=rang)
        figure.update_xaxes(seule.layout.xaxis, row=1, col=rang)
        figure.update_yaxes(seule.layout.yaxis, row=1, col=rang)
        if rang > 1:
            figure.update_xaxes(matches="x", row=1, col=rang)
            figure.update_yaxes(matches="y", scaleanchor=None, row=1, col=rang)
    figure.update_layout(
        legend=seule.layout.legend,
        height=_hauteur_cote_a_cote(decor, len(sites_par_titre)),
        margin={"l": 0, "r": 0, "t": 28, "b": 0},
        dragmode="pan",
        uirevision=cle_de_vue,
        separators=seule.layout.separators,
        hoverlabel=seule.layout.hoverlabel,
    )
    figure.update_annotations(font={"size": 14})
    return figure


def _hauteur_cote_a_cote(decor: Fond, nb_cartes: int) -> int:
    """The height of maps in a row, in pixels: that of the département, within reason."""
    bornes = _bornes(decor)
    bas, haut = HAUTEURS_COTE_A_COTE_PX
    if bornes is None:
        return haut
    x0, x1, y0, y1 = bornes
    largeur = LARGEURS_COTE_A_COTE_PX[min(nb_cartes, max(LARGEURS_COTE_A_COTE_PX))]
    voulue = RESTE_COTE_A_COTE_PX + largeur * (y1 - y0) / (x1 - x0)
    return round(min(max(voulue, bas), haut))


def _tracer_residences(figure: go.Figure, traits: pd.DataFrame, couleurs: dict[str, str]) -> None:
    residences = traits.groupby("poste_id", sort=True).agg(
        longitude=("longitude_residence", "first"),
        latitude=("latitude_residence", "first"),
        nb_sites=("site_id", "count"),
        demi_journees=("demi_journees_cycle", "sum"),
    )
    if residences.empty:
        return
    x, y = LAMBERT_93.transform(
        residences["longitude"].astype(float).to_numpy(),
        residences["latitude"].astype(float).to_numpy(),
    )
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        name="Résidence d'un poste",
        legendgroup=SECTEUR,
        legendgrouptitle={"text": SECTEUR},
        marker={
            "symbol": "circle",
            "size": 6,
            "color": [couleurs[p] for p in residences.index],
            "line": {"width": 1.2, "color": "#FFFFFF"},
        },
        text=[
            f"Poste {poste}<br>{pluriel(r.nb_sites, 'site')}, "
            f"{pluriel(r.demi_journees, 'demi-journée')} par cycle"
            for poste, r in residences.iterrows()
        ],
        hovertemplate="%{text}<extra></extra>",
    )


def _couleurs_secteurs(traits: pd.DataFrame) -> dict[str, str]:
    x, y = LAMBERT_93.transform(
        traits["longitude_site"].to_numpy(), traits["latitude_site"].to_numpy()
    )
    return couleurs_des_secteurs(traits.assign(x=x, y=y))


def couleurs_des_secteurs(traits: pd.DataFrame) -> dict[str, str]:
    """A colour a poste, different among near neighbours: greedy colouring, far ones reuse hues.

    `traits`: poste_id, and the x and y of each site it serves, in metres.
    """
    # sorted first: a mean in another order would differ in its last bit
    ranges = traits.sort_values(["poste_id", "x", "y"])
    centres = ranges.groupby("poste_id", sort=True)[["x", "y"]].mean()
    postes = list(centres.index)
    points = centres.to_numpy()
    couleurs: dict[str, str] = {}
    for i, poste in enumerate(postes):
        distances = np.hypot(*(points - points[i]).T)
        voisins = [postes[j] for j in np.argsort(distances, kind="stable")[1:]]
        prises = [couleurs[v] for v in voisins if v in couleurs][:VOISINS_DE_COULEUR]
        libres = [c for c in COULEURS_SECTEURS if c not in prises]
        emplois = {c: sum(v == c for v in couleurs.values()) for c in libres}
        couleurs[poste] = min(libres, key=lambda c, e=emplois: (e[c], COULEURS_SECTEURS.index(c)))
    return couleurs


def _figure(decor: Fond, cle_de_vue: str) -> go.Figure:
    figure = go.Figure()
    for (xs, ys), largeur, remplissage in (
        (decor.communes, 0.4, "toself"),
        (decor.departement, 1.6, "none"),
    ):
        figure.add_scatter(
            x=xs,
            y=ys,
            mode="lines",
            line={"color": GRIS, "width": largeur},
            fill=remplissage,
            fillcolor="rgba(138,138,138,0.07)",
            hoverinfo="skip",
            showlegend=False,
        )
    _echelle(figure, decor)
    cadre = _cadre(decor)
    figure.update_xaxes(visible=False, constrain="domain", **cadre[0])
    figure.update_yaxes(visible=False, constrain="domain", scaleanchor="x", **cadre[1])
    figure.update_layout(
        height=HAUTEUR_PX,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="pan",
        uirevision=cle_de_vue,
        separators=",\u202f",
        hoverlabel={"align": "left"},
        legend={
            "orientation": "h",
            "y": -0.01,
            "yanchor": "top",
            "itemclick": False,
            "itemdoubleclick": False,
            "grouptitlefont": {"size": 12},
        },
        updatemenus=_zooms(decor),
    )
    return figure


def _nommer_les_villes(figure: go.Figure, decor: Fond) -> None:
    """Names over the marks, which are the densest there: the page draws a halo around them."""
    figure.add_scatter(
        x=[x for _, x, _ in decor.villes],
        y=[y for _, _, y in decor.villes],
        text=[nom for nom, _, _ in decor.villes],
        mode="text",
        textposition="bottom center",
        textfont={"size": 12, "color": GRIS},
        hoverinfo="skip",
        showlegend=False,
    )


def _bornes(decor: Fond) -> tuple[float, float, float, float] | None:
    xs = [x for x in decor.departement[0] if x is not None]
    ys = [y for y in decor.departement[1] if y is not None]
    return (min(xs), max(xs), min(ys), max(ys)) if xs else None


def _cadre(decor: Fond) -> tuple[dict, dict]:
    """Axis ranges that hold the département with a small margin, room for the zoom buttons."""
    bornes = _bornes(decor)
    if bornes is None:
        return {}, {}
    x0, x1, y0, y1 = bornes
    marge = 0.03 * max(x1 - x0, y1 - y0)
    return {"range": [x0 - marge, x1 + marge]}, {"range": [y0 - marge, y1 + 2 * marge]}


def _echelle(figure: go.Figure, decor: Fond) -> None:
    """A scale bar of 20 km, bottom left."""
    bornes = _bornes(decor)
    if bornes is None:
        return
    x, y = bornes[0], bornes[2]
    longueur_km = 20
    figure.add_scatter(
        x=[x, x + longueur_km * 1000],
        y=[y, y],
        mode="lines+text",
        line={"color": GRIS, "width": 3},
        text=["", f"{longueur_km} km"],
        textposition="top left",
        textfont={"color": GRIS, "size": 12},
        hoverinfo="skip",
        showlegend=False,
    )


def _zooms(decor: Fond) -> list[dict]:
    """Two buttons: the densest town, and back to the whole département."""
    bornes = _bornes(decor)
    if bornes is None or decor.ville_dense is None:
        return []
    nom, x, y = decor.ville_dense
    demi_cote = 9_000
    return [
        {
            "type": "buttons",
            "direction": "right",
            "x": 0,
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "showactive": False,
            "font": {"size": 12, "color": "#1E1E1E"},
            "bgcolor": "#F5F5F5",
            "bordercolor": "#DDDDDD",
            "buttons": [
                {
                    "label": "Tout le département",
                    "method": "relayout",
                    "args": [
                        {
                            "xaxis.range": _cadre(decor)[0]["range"],
                            "yaxis.range": _cadre(decor)[1]["range"],
                        }
                    ],
                },
                {
                    "label": nom,
                    "method": "relayout",
                    "args": [
                        {
                            "xaxis.range": [x - demi_cote, x + demi_cote],
                            "yaxis.range": [y - demi_cote, y + demi_cote],
                        }
                    ],
                },
            ],
        }
    ]


def _tracer_sites(
    figure: go.Figure, sites: pd.DataFrame, echelle: Echelle = ECHELLE_RYTHME
) -> None:
    places = sites[sites["longitude"].notna()].copy()
    places["x"], places["y"] = LAMBERT_93.transform(
        places["longitude"].astype(float).to_numpy(), places["latitude"].astype(float).to_numpy()
    )
    places["taille"] = TAILLE_MIN + TAILLE_PAR_RACINE * np.sqrt(places["besoin"].astype(float))
    places["classe"] = echelle.classer(places)
    _tracer_anneaux(figure, places)
    for classe, (fond_classe, bord) in echelle.couleurs.items():
        lot = places[places["classe"] == classe]
        figure.add_scatter(
            x=lot["x"],
            y=lot["y"],
            mode="markers",
            name=echelle.mots[classe],
            showlegend=False,
            marker={
                "symbol": [FORMES[t] for t in lot["type"]],
                "size": lot["taille"],
                "color": fond_classe,
                "line": {"width": 1.4, "color": bord if bord != fond_classe else "#FFFFFF"},
                "opacity": 1,
            },
            customdata=lot["site_id"],
            text=[_survol(ligne) for ligne in lot.to_dict("records")],
            hovertemplate="%{text}<extra></extra>",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 0.75}},
        )
    _legende(figure, places, echelle)


def _survol(site: dict) -> str:
    """The hover card: three lines."""
    return (
        f"<b>{site['nom']}</b>, {site['commune']}<br>"
        f"{RYTHMES_EN_MOTS[site['rythme']]} : {site['presence']} demi-journées par cycle pour un "
        f"besoin de {site['besoin']} ({pourcentage(site['part'])})<br>"
        f"{site['categories_en_mots']}"
    )


def _tracer_anneaux(figure: go.Figure, places: pd.DataFrame) -> None:
    """REP+ has two rings, REP one."""
    for labels, ecart in ((("REP+", "REP"), 5), (("REP+",), 10)):
        lot = places[places["ep"].isin(labels)]
        figure.add_scatter(
            x=lot["x"],
            y=lot["y"],
            mode="markers",
            showlegend=False,
            hoverinfo="skip",
            marker={
                "symbol": "circle-open",
                "size": lot["taille"] + ecart,
                "color": GRIS,
                "line": {"width": 1.2, "color": GRIS},
            },
        )


def _legende(figure: go.Figure, places: pd.DataFrame, echelle: Echelle) -> None:
    """Entries in words: the colours that are on the map, then the shapes, then the rings."""
    presentes = set(places["classe"])
    for classe, (fond_classe, bord) in echelle.couleurs.items():
        if classe in presentes:
            _entree(
                figure,
                echelle.titre,
                echelle.mots[classe],
                {"symbol": "circle", "color": fond_classe, "line": {"width": 1.6, "color": bord}},
            )
    formes = {FORMES[t] for t in places["type"]}
    for forme, libelle in FORMES_EN_MOTS.items():
        if forme in formes:
            _entree(
                figure,
                FORME,
                libelle,
                {"symbol": f"{forme}-open", "color": GRIS, "line": {"width": 1.6, "color": GRIS}},
            )
    for label, libelle in ANNEAUX_EN_MOTS.items():
        if (places["ep"] == label).any():
            symbole, trait = ANNEAUX_EN_LEGENDE[label]
            _entree(
                figure,
                ANNEAU,
                libelle,
                {"symbol": symbole, "color": GRIS, "line": {"width": trait, "color": GRIS}},
            )


def _entree(figure: go.Figure, groupe: str, libelle: str, marqueur: dict) -> None:
    figure.add_scatter(
        legendgroup=groupe,
        legendgrouptitle={"text": groupe},
        x=[None],
        y=[None],
        mode="markers",
        name=libelle,
        marker={"size": 11, **marqueur},
        hoverinfo="skip",
    )
