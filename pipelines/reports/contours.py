"""The outlines of territories, in Lambert-93: the contours of a département, the hull of sites."""

import duckdb
import numpy as np
import pandas as pd
import shapely

from pipelines.reports import cartes

DEGAGEMENT_M = 2500


def des_departements(
    connexion: duckdb.DuckDBPyConnection, departements: list[str]
) -> dict[str, shapely.Geometry]:
    """The outline of each département in Lambert-93; those without a contour are left out."""
    lignes = connexion.execute(
        "select departement, contour_wkb from mart_commune "
        "where contour_wkb is not null and list_contains(?, departement) order by commune_code",
        [departements],
    ).fetchall()
    communes: dict[str, list[shapely.Geometry]] = {}
    formes = cartes.tous_en_lambert([wkb for _, wkb in lignes])
    for (departement, _), forme in zip(lignes, formes, strict=True):
        communes.setdefault(departement, []).append(forme)
    return {
        # a metre closes the slits between neighbours
        departement: _reunir(siennes).buffer(1).simplify(cartes.SIMPLIFICATION_M)
        for departement, siennes in communes.items()
    }


def _reunir(formes: list[shapely.Geometry]) -> shapely.Geometry:
    """Their union; far quicker when neighbours share their very edges, as published ones do."""
    if shapely.coverage_is_valid(formes):
        return shapely.coverage_union_all(formes)
    return shapely.union_all(formes)


def enveloppe(sites: pd.DataFrame) -> shapely.Geometry:
    """The hull of the sites that have a position, a little wider than them."""
    places = sites.dropna(subset=["longitude", "latitude"])
    if places.empty:
        return shapely.Polygon()
    points = cartes.LAMBERT_93.transform(
        places["longitude"].astype(float).to_numpy(), places["latitude"].astype(float).to_numpy()
    )
    return shapely.convex_hull(shapely.multipoints(np.column_stack(points))).buffer(DEGAGEMENT_M)
