"""The map of the territories: the share of the besoin met, by colour and in figures."""

import pandas as pd
import plotly.graph_objects as go
import shapely

from pipelines.base.textes import pourcentage
from pipelines.reports import cartes
from pipelines.reports.territoires import MOTS, Niveau, Territoires


def mots(lus: Territoires) -> str:
    """What is written on the map, and what a bassin or a réseau is drawn by."""
    if lus.niveau == Niveau.DEPARTEMENTS:
        return "Part du besoin couverte, écrite sous chaque nom."
    numeros = ", ".join(f"{rang} {nom}" for rang, nom in enumerate(lus.formes, start=1))
    return (
        f"{numeros}. Un {MOTS[lus.niveau].singulier} est dessiné par l'enveloppe de ses sites ; "
        "son numéro, puis la part du besoin couverte."
    )


def carte(lus: Territoires, chiffres: pd.DataFrame) -> go.Figure:
    """Territories by share of the besoin met: colour, and the number written."""
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
