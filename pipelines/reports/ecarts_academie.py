"""How far apart territories are: the besoin an ETP answers there, in words and as bars."""

import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import FINE, enumeration, nombre
from pipelines.reports import cartes
from pipelines.reports.territoires import Territoires

ACCENT = "#0B5394"
HAUTEUR_BARRE_PX, HAUTEUR_FIXE_PX = 34, 90


def en_mots(lus: Territoires, chiffres: pd.DataFrame) -> str:
    """Where an ETP answers the least and the most besoin, and how many times more."""
    charges = _charges(lus, chiffres)
    sans = [
        nom
        for code, nom in lus.noms.items()
        if not chiffres.loc[code, "etp"] and chiffres.loc[code, "besoin"]
    ]
    a_part = f" Aucun poste connu : {enumeration(sans)}." if sans and charges else ""
    if len(charges) < 2:
        return f"Moins de deux territoires ont des postes : rien à comparer.{a_part}"
    (bas, moins), (haut, plus) = charges[0], charges[-1]
    return (
        f"Un ETP y répond à {nombre(bas, 1)} demi-journées de besoin par cycle là où il y en a le "
        f"moins ({moins}), et à {nombre(haut, 1)} là où il y en a le plus ({plus}) : "
        f"{nombre(haut / bas, 2)} fois plus.{a_part}"
    )


def barres(lus: Territoires, chiffres: pd.DataFrame) -> go.Figure | None:
    """Besoin per ETP, a bar a territory, and the line of the whole; None with nothing to show."""
    charges = _charges(lus, chiffres)
    if len(charges) < 2:
        return None
    moyenne = chiffres["besoin"].sum() / chiffres["etp"].sum()
    figure = go.Figure(
        go.Bar(
            x=[c for c, _ in charges],
            y=[nom for _, nom in charges],
            orientation="h",
            marker={"color": ACCENT},
            text=[nombre(c, 1) for c, _ in charges],
            textposition="inside",
            # at the foot of its bar, clear of the line of the whole
            insidetextanchor="start",
            textfont={"color": "#FFFFFF"},
            hoverinfo="skip",
        )
    )
    figure.add_vline(x=moyenne, line={"color": cartes.GRIS, "dash": "dash"})
    figure.add_annotation(
        x=moyenne,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"Ensemble{FINE}: {nombre(moyenne, 1)}",
        showarrow=False,
    )
    figure.update_layout(
        height=HAUTEUR_FIXE_PX + HAUTEUR_BARRE_PX * len(charges),
        margin={"l": 0, "r": 40, "t": 28, "b": 40},
        xaxis={
            "title": "Besoin par ETP (½ j. par cycle)",
            "rangemode": "tozero",
            "fixedrange": True,
        },
        yaxis={"automargin": True, "fixedrange": True},
        separators=",\u202f",
        showlegend=False,
    )
    return figure


def _charges(lus: Territoires, chiffres: pd.DataFrame) -> list[tuple[float, str]]:
    """(besoin per ETP, name) of the territories that have ETP and a need, least first."""
    return sorted(
        (chiffres.loc[code, "besoin"] / chiffres.loc[code, "etp"], nom)
        for code, nom in lus.noms.items()
        if chiffres.loc[code, "etp"] and chiffres.loc[code, "besoin"]
    )
