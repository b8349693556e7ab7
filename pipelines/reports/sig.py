"""Sites and sectors for a geographic information system: GeoJSON, GeoPackage; the plan as a CSV.

GeoJSON is in longitude and latitude (RFC 7946); the GeoPackage is in Lambert-93, what the
académie's own maps are in. A site or a résidence without a position has an empty geometry: its
line stays.
"""

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from pipelines.base.textes import pour_tableur, rythme
from pipelines.reports.libelles import RYTHMES_EN_MOTS, TYPES

DEGRES, LAMBERT_93 = "EPSG:4326", "EPSG:2154"
COUCHES = ("sites", "secteurs")
DECIMALES = 6
"""Of a degree: a tenth of a metre."""


def couche_des_sites(sites: pd.DataFrame, avertissement: str = "") -> gpd.GeoDataFrame:
    """One point a site of `sites` (tableau_sites): besoin, presence and class, units in names."""
    return gpd.GeoDataFrame(
        {
            "site_id": sites["site_id"],
            "uai": sites["uai_principal"],
            "nom": sites["nom"],
            "commune": sites["commune"],
            "type": [TYPES[t] for t in sites["type"]],
            "education_prioritaire": sites["ep"],
            "categories": sites["categories_en_mots"],
            "bassin": sites["bassin"],
            "effectif_eleves": sites["effectif"].astype("Int64"),
            "besoin_demi_journees_cycle": sites["besoin"].astype(int),
            "presence_demi_journees_cycle": sites["presence"].astype(int),
            "part_du_besoin": sites["part"].astype(float).round(4),
            "rythme": [RYTHMES_EN_MOTS[r] for r in sites["rythme"]],
            **({"avertissement": avertissement} if avertissement else {}),
        },
        geometry=_points(sites["longitude"], sites["latitude"]),
        crs=DEGRES,
    )


def couche_des_secteurs(
    sites: pd.DataFrame,
    etoiles: pd.DataFrame,
    codes: Mapping[str, str],
    avertissement: str = "",
) -> gpd.GeoDataFrame:
    """One star a sector: a line from the résidence to each of its sites.

    `etoiles`: poste_id, site_id, demi_journees_cycle, latitude and longitude of the résidence;
    `codes`: poste_id → what it is called in this dossier.
    """
    positions = sites.set_index("site_id")
    lignes = []
    for poste_id, siens in sorted(etoiles.groupby("poste_id"), key=lambda x: codes[x[0]]):
        connus = siens[siens["site_id"].isin(positions.index)].sort_values("site_id")
        rayons = [
            shapely.LineString([(r["longitude"], r["latitude"]), (lon, lat)])
            for r in connus.to_dict("records")
            if pd.notna(r["longitude"])
            and pd.notna(lon := positions.loc[r["site_id"], "longitude"])
            and pd.notna(lat := positions.loc[r["site_id"], "latitude"])
        ]
        lignes.append(
            {
                "secteur": codes[poste_id],
                "nb_sites": len(siens),
                "demi_journees_cycle": int(siens["demi_journees_cycle"].sum()),
                "sites": " ; ".join(positions.loc[s, "nom"] for s in connus["site_id"]),
                **({"avertissement": avertissement} if avertissement else {}),
                "geometry": shapely.MultiLineString(rayons) if rayons else None,
            }
        )
    colonnes = ["secteur", "nb_sites", "demi_journees_cycle", "sites", "geometry"]
    if avertissement:
        colonnes.insert(-1, "avertissement")
    return gpd.GeoDataFrame(pd.DataFrame(lignes, columns=colonnes), crs=DEGRES)


def geojson(couche: gpd.GeoDataFrame) -> bytes:
    """A layer as GeoJSON, the same bytes for the same data."""
    arrondie = couche.set_geometry(
        [
            None if g is None else shapely.set_precision(g, 10**-DECIMALES, mode="pointwise")
            for g in couche.geometry
        ],
        crs=couche.crs,
    )
    return (arrondie.to_json(drop_id=True, ensure_ascii=False) + "\n").encode("utf-8")


def geopackage(
    sites: gpd.GeoDataFrame, secteurs: gpd.GeoDataFrame, le: datetime | None = None
) -> bytes:
    """Both layers in one file, in Lambert-93; `le` (UTC): the date it carries, now by default."""
    date = None if le is None else f"{le:%Y-%m-%dT%H:%M:%S}.000Z"
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": date})
    with tempfile.TemporaryDirectory() as dossier:
        fichier = Path(dossier) / "atlas.gpkg"
        for nom, couche in zip(COUCHES, (sites, secteurs), strict=True):
            couche.to_crs(LAMBERT_93).to_file(fichier, layer=nom, driver="GPKG", engine="pyogrio")
        return fichier.read_bytes()


def plan_en_csv(
    sites: pd.DataFrame,
    etoiles: pd.DataFrame,
    codes: Mapping[str, str],
    avertissement: str = "",
) -> bytes:
    """The plan, one line a presence: semicolons, UTF-8 with its mark, no cell a formula."""
    noms = sites.set_index("site_id")
    lignes = pd.DataFrame(
        [
            {
                "Secteur": codes[e["poste_id"]],
                "Site (identifiant)": e["site_id"],
                "Site": noms["nom"].get(e["site_id"]),
                "Commune": noms["commune"].get(e["site_id"]),
                "Demi-journées par cycle": int(e["demi_journees_cycle"]),
                "Rythme": rythme(e["demi_journees_cycle"]),
            }
            for e in etoiles.to_dict("records")
        ],
        columns=[
            "Secteur",
            "Site (identifiant)",
            "Site",
            "Commune",
            "Demi-journées par cycle",
            "Rythme",
        ],
    ).sort_values(["Secteur", "Site (identifiant)"])
    if avertissement:
        lignes = lignes.assign(Avertissement=avertissement)
    sur = lignes.map(lambda v: pour_tableur(v) if isinstance(v, str) else v)
    return sur.to_csv(index=False, sep=";", decimal=",").encode("utf-8-sig")


def _points(longitudes: pd.Series, latitudes: pd.Series) -> list[shapely.Point | None]:
    return [
        None if pd.isna(x) or pd.isna(y) else shapely.Point(float(x), float(y))
        for x, y in zip(longitudes, latitudes, strict=True)
    ]
