"""The map of the territories: the share of the besoin met, by colour and in figures.

Priority sites that nobody serves stand on it, each by the shape of its kind and by a number: its
line in the table beside.
"""

import pandas as pd
import plotly.graph_objects as go
import shapely

from pipelines.base.textes import pourcentage
from pipelines.reports import cartes
from pipelines.reports.libelles import COULEURS_RYTHME, FORMES, FORMES_EN_MOTS
from pipelines.reports.territoires import MOTS, Niveau, Territoires
from pipelines.scoring.couverture import Rythme

PRISE_PX = 56  # of the place around a name where a click picks its territory
SITE_PX = 12


def mots(lus: Territoires) -> str:
    """What is written on the map, and what a bassin or a réseau is drawn by."""
    if lus.niveau == Niveau.DEPARTEMENTS:
        return "Part du besoin couverte, écrite sous chaque nom."
    numeros = ", ".join(f"{rang} {nom}" for rang, nom in enumerate(lus.formes, start=1))
    return (
        f"{numeros}. Un {MOTS[lus.niveau].singulier} est dessiné par l'enveloppe de ses sites ; "
        "son numéro, puis la part du besoin couverte."
    )


def mots_des_sites(sites: pd.DataFrame) -> str:
    """How to read the priority sites without presence; empty when there is none."""
    if sites.empty:
        return ""
    return (
        "Chaque forme numérotée est un site prioritaire que personne ne sert : son numéro est "
        "celui de sa ligne dans le tableau. "
    )


def carte(lus: Territoires, chiffres: pd.DataFrame, sans_presence: pd.DataFrame) -> go.Figure:
    """Territories by share of the besoin met: colour, and the number written.

    `sans_presence`: the sites numbered on it (`numero`). What is picked has as `customdata` the
    code of its territory.
    """
    echelle = cartes.echelle_part()
    figure = go.Figure()
    if lus.decor is not None:
        _tracer(figure, lus.decor, "rgba(138,138,138,0.07)", cartes.GRIS)
    parts = {code: float(chiffres.loc[code, "part"]) for code in lus.formes}
    classes = echelle.classer(
        pd.DataFrame({"presence": [part * 100 for part in parts.values()], "besoin": 100})
    )
    for forme, classe in zip(lus.formes.values(), classes, strict=True):
        fond, bord = echelle.couleurs[classe]
        _tracer(figure, forme, fond, bord)
    for classe, (fond, bord) in echelle.couleurs.items():
        if classe in classes:
            figure.add_scatter(
                x=[None],
                y=[None],
                mode="markers",
                name=echelle.mots[classe],
                marker={
                    "symbol": "square",
                    "size": 12,
                    "color": fond,
                    "line": {"width": 1.6, "color": bord},
                },
            )
    _placer_les_sites(figure, sans_presence)
    _placer_les_prises(figure, lus, parts)
    _ecrire_les_noms(figure, lus, parts)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    figure.update_layout(
        height=cartes.HAUTEUR_PX * 4 // 5,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="pan",
        uirevision=f"academie-{lus.niveau}-{lus.departement}",
        separators=",\u202f",
        legend={"orientation": "h", "y": -0.01, "yanchor": "top", "itemclick": False},
    )
    return figure


def _placer_les_sites(figure: go.Figure, sites: pd.DataFrame) -> None:
    """Each site by the shape of its kind, its number beside; those without a position left out."""
    places = sites.dropna(subset=["longitude", "latitude"])
    formes = places["type"].map(FORMES)
    fond, bord = COULEURS_RYTHME[Rythme.PONCTUELLE]
    for forme, libelle in FORMES_EN_MOTS.items():
        lot = places[formes == forme]
        if lot.empty:
            continue
        x, y = cartes.LAMBERT_93.transform(
            lot["longitude"].astype(float).to_numpy(), lot["latitude"].astype(float).to_numpy()
        )
        figure.add_scatter(
            x=x,
            y=y,
            mode="markers+text",
            name=f"{libelle}, prioritaire et sans présence",
            text=[str(n) for n in lot["numero"]],
            textposition="middle right",
            textfont={"size": 12},
            marker={
                "symbol": forme,
                "size": SITE_PX,
                "color": fond,
                "opacity": 1,
                "line": {"width": 1.8, "color": bord},
            },
            customdata=lot["territoire"],
            hovertext=[
                f"<b>{s['numero']} · {s['nom']}</b>, {s['commune']}<br>Sans présence, pour un "
                f"besoin de {s['besoin']} demi-journées par cycle<br>{s['categories_en_mots']}"
                for s in lot.to_dict("records")
            ],
            hovertemplate="%{hovertext}<extra></extra>",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}, "textfont": {"color": cartes.GRIS}},
        )


def _placer_les_prises(figure: go.Figure, lus: Territoires, parts: dict[str, float]) -> None:
    """Where a click picks a territory: nothing is drawn, the name stands there."""
    centres = {c: f.representative_point() for c, f in lus.formes.items() if not f.is_empty}
    figure.add_scatter(
        x=[p.x for p in centres.values()],
        y=[p.y for p in centres.values()],
        mode="markers",
        showlegend=False,
        marker={"symbol": "square", "size": PRISE_PX, "color": "rgba(0,0,0,0)"},
        customdata=list(centres),
        hovertext=[
            f"<b>{lus.noms[c]}</b><br>{pourcentage(parts[c])} du besoin couvert<br>"
            "Un clic ne garde que ce territoire"
            for c in centres
        ],
        hovertemplate="%{hovertext}<extra></extra>",
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _ecrire_les_noms(figure: go.Figure, lus: Territoires, parts: dict[str, float]) -> None:
    """Each territory's share under its name, in a box; bassins are close: a number names them."""
    for rang, (code, forme) in enumerate(lus.formes.items(), start=1):
        if forme.is_empty:
            continue
        centre = forme.representative_point()
        nom = f"{lus.noms[code]}</b><br>" if lus.niveau == Niveau.DEPARTEMENTS else f"{rang}</b> · "
        figure.add_annotation(
            x=centre.x,
            y=centre.y,
            text=f"<b>{nom}{pourcentage(parts[code])}",
            showarrow=False,
            font={"size": 12, "color": "#1E1E1E"},
            bgcolor="rgba(255,255,255,0.85)",
            borderpad=2,
        )


def _tracer(figure: go.Figure, forme: shapely.Geometry, fond: str, bord: str) -> None:
    xs, ys = cartes.lignes([forme])
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="lines",
        fill="toself",
        fillcolor=fond,
        line={"color": bord, "width": 1.6},
        hoverinfo="skip",
        showlegend=False,
    )
