"""The activity of a site over the years, its breaks shown rather than smoothed."""

import textwrap
from itertools import pairwise

import duckdb
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pipelines.base import reference
from pipelines.base.textes import FINE, nombre
from pipelines.scoring.releves import est_en_rupture

ENSEMBLE = "Toutes"
COLONNES_GRAPHIQUE = 3
HAUTEUR_GRAPHIQUE = 150
LARGEUR_TITRE = 36  # characters of a line above a small chart


def annuels(connexion: duckdb.DuckDBPyConnection, site_id: str) -> pd.DataFrame:
    """Yearly counts of the site: Indicateur, Modalité, rentree, annee_scolaire, nombre."""
    lignes = connexion.execute(
        "select indicateur, coalesce(modalite, '') as modalite, rentree, annee_scolaire, "
        "sum(nombre)::double as nombre from mart_activite "
        "where site_id = ? and periode = 'annee' group by all order by all",
        [site_id],
    ).df()
    mots = {
        e["code"]: e["libelle"]
        for nature in ("indicateurs", "modalites")
        for e in reference.dictionnaire_activite()[nature]
    }
    lignes["Indicateur"] = [mots.get(i, i) for i in lignes["indicateur"]]
    lignes["Modalité"] = [mots.get(m, m) or "—" for m in lignes["modalite"]]
    return lignes


def table(releves: pd.DataFrame) -> pd.DataFrame:
    """One column a school year, one line a count, one more for all the modalities of a count.

    A year without return is left empty, not zero; the last column tells the breaks.
    """
    if releves.empty:
        return pd.DataFrame(columns=["Indicateur"])
    totaux = (
        releves[releves["modalite"] != ""]
        .groupby(["Indicateur", "rentree", "annee_scolaire"], as_index=False)["nombre"]
        .sum()
    )
    lignes = pd.concat([releves, totaux.assign(**{"Modalité": ENSEMBLE})], ignore_index=True)
    cles = ["Indicateur", "Modalité"]
    tableau = lignes.pivot(index=cles, columns="annee_scolaire", values="nombre")
    tableau = tableau.round().astype("Int64")
    ruptures = {
        cle: ", ".join(_en_mots(r) for r in _ruptures(groupe))
        for cle, groupe in lignes.groupby(cles)
    }
    # beside the names: the last column of a wide table is the one that is cut
    tableau.insert(0, "Rupture", [ruptures[cle] for cle in tableau.index])
    tableau = tableau.reset_index().rename_axis(columns=None)
    # all the modalities of a count together, then each
    rangs = tableau.assign(detail=tableau["Modalité"] != ENSEMBLE).sort_values(
        [*cles[:1], "detail"]
    )
    return tableau.loc[rangs.index].reset_index(drop=True)


def _ruptures(serie: pd.DataFrame) -> list[tuple[str, float, str, float]]:
    """Breaks between school years that follow each other: year and count, before and after."""
    annees = serie.sort_values("rentree")[["rentree", "annee_scolaire", "nombre"]]
    points = list(annees.itertuples(index=False))
    return [
        (avant.annee_scolaire, avant.nombre, apres.annee_scolaire, apres.nombre)
        for avant, apres in pairwise(points)
        if apres.rentree == avant.rentree + 1 and est_en_rupture(avant.nombre, apres.nombre)
    ]


def _en_mots(rupture: tuple[str, float, str, float]) -> str:
    """« 30 → 72 en 2025-2026 »."""
    _, avant, annee, apres = rupture
    return f"{nombre(avant)} → {nombre(apres)} en {annee}"


def graphique(releves: pd.DataFrame, site_id: str) -> go.Figure | None:
    """A small chart a count, from zero, all its modalities together; a break cuts the line.

    None for a single year: a point says less than its line in the table.
    """
    if releves["rentree"].nunique() < 2:
        return None
    series = releves.groupby(["Indicateur", "rentree", "annee_scolaire"], as_index=False)[
        "nombre"
    ].sum()
    noms = sorted(series["Indicateur"].unique())
    annees = series.drop_duplicates("rentree").sort_values("rentree")["annee_scolaire"].tolist()
    rangees = -(-len(noms) // COLONNES_GRAPHIQUE)
    figure = make_subplots(
        rows=rangees,
        cols=COLONNES_GRAPHIQUE,
        subplot_titles=["<br>".join(textwrap.wrap(n, LARGEUR_TITRE)) for n in noms],
        vertical_spacing=0.5 / max(rangees, 2),
        horizontal_spacing=0.06,
    )
    for rang, nom in enumerate(noms):
        place = {"row": rang // COLONNES_GRAPHIQUE + 1, "col": rang % COLONNES_GRAPHIQUE + 1}
        serie = series[series["Indicateur"] == nom]
        valeurs = dict(zip(serie["annee_scolaire"], serie["nombre"], strict=True))
        coupes = {apres for _, _, apres, _ in _ruptures(serie)}
        x, y = [], []
        for annee in annees:
            if annee in coupes:
                x, y = [*x, annee], [*y, None]
            x, y = [*x, annee], [*y, valeurs.get(annee)]
        figure.add_scatter(
            x=x,
            y=y,
            mode="lines+markers",
            line={"color": "#4292C6", "width": 2},
            marker={"size": 7},
            hovertemplate=f"%{{x}}{FINE}: %{{y:.0f}}<extra></extra>",
            showlegend=False,
            **place,
        )
        for _, _, annee, apres in _ruptures(serie):
            figure.add_annotation(
                x=annee,
                y=apres,
                text="<b>rupture</b>",
                showarrow=False,
                yshift=12,
                **place,
            )
    figure.update_yaxes(rangemode="tozero", nticks=3)
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=annees)
    figure.update_annotations(font_size=12)
    figure.update_layout(
        height=HAUTEUR_GRAPHIQUE * rangees + 30,
        margin={"l": 8, "r": 8, "t": 48, "b": 8},
        separators=f",{FINE}",
        uirevision=f"activite-{site_id}",
    )
    return figure


def note() -> str:
    """The rule of a break, in words."""
    rapport = reference.valeur("controles", "rupture_activite_rapport")
    minimum = reference.valeur("controles", "rupture_activite_min")
    return (
        "Une rupture coupe la ligne quand une série est multipliée ou divisée par "
        f"{nombre(rapport)} au moins d'une année à la suivante (à partir de {minimum} faits) : "
        "demander comment elle a été comptée avant de la lire."
    )
