"""What a printed map stands on: outlines in Lambert-93, towns, the dense city, and its sources."""

from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd
import shapely

from pipelines.base import reference
from pipelines.base.textes import jour
from pipelines.marts import entrepot
from pipelines.reports import cartes

SIMPLIFICATION_M = 120
"""A fifth of a millimetre on an A4 page of a large département."""
MARGE_DU_CADRE = 0.02
SITES_DE_L_ENCART = 6
"""Fewer sites than that in the densest town: no inset."""
DEMI_COTES_M = (3_000, 11_000)
PART_DES_SITES_DE_L_ENCART = 0.9
ARRONDISSEMENT = r" \d+er? Arrondissement$"

Cadre = tuple[float, float, float, float]
"""West, east, south, north, in metres."""


@dataclass(frozen=True)
class Decor:
    """A département in metres. Lines are arrays of points; `sources` is what stands below a map.

    `bassins`: their limits, where two communes of different bassins touch; `zone`: the frame of
    the inset and the name of its town, None when nothing is dense enough; `cadre` holds it all,
    None without contours nor sites; `avertissement`: what must be said of these data, or nothing.
    """

    nom: str
    communes: list[np.ndarray]
    departement: list[np.ndarray]
    bassins: list[np.ndarray]
    villes: list[tuple[str, float, float]]
    zone: tuple[str, Cadre] | None
    cadre: Cadre | None
    sources: str
    avertissement: str


def decor(connexion: duckdb.DuckDBPyConnection, departement: str) -> Decor:
    """The ground of `departement`; AtlasError when the warehouse has not got it."""
    nom = entrepot.exiger_departement(connexion, departement)
    communes = entrepot.lire(connexion, "mart_commune", departement)
    communes = communes[communes["contour_wkb"].notna()].sort_values("commune_code")
    sites = _places(connexion, departement)
    formes = cartes.tous_en_lambert([bytes(wkb) for wkb in communes["contour_wkb"]])
    if len(formes):
        # a coverage keeps the limits neighbours share: no sliver opens between them
        formes = shapely.coverage_simplify(shapely.make_valid(formes), SIMPLIFICATION_M)
    ensemble = shapely.union_all(formes) if len(formes) else shapely.Polygon()
    return Decor(
        nom=nom,
        communes=_anneaux(formes),
        departement=_anneaux([ensemble]),
        bassins=_limites_des_bassins(communes["commune_code"].tolist(), formes, sites),
        villes=_villes(communes, formes),
        zone=_zone(sites),
        cadre=_cadre(ensemble, sites),
        sources=_sources(connexion),
        avertissement=avertissement(connexion),
    )


def avertissement(connexion: duckdb.DuckDBPyConnection) -> str:
    """What must be said of the data wherever they are shown, in sentences; empty when nothing."""
    return " ".join(f"{a.rstrip('.')}." for a in entrepot.avertissements(connexion).values())


def _places(connexion: duckdb.DuckDBPyConnection, departement: str) -> pd.DataFrame:
    """The sites that have a position: commune, bassin, x and y."""
    sites = entrepot.lire(connexion, "mart_site", departement)
    sites = sites[sites["longitude"].notna()].sort_values("site_id")
    x, y = cartes.LAMBERT_93.transform(
        sites["longitude"].astype(float).to_numpy(), sites["latitude"].astype(float).to_numpy()
    )
    return sites[["commune_code", "commune", "bassin"]].assign(x=x, y=y)


def _anneaux(formes: np.ndarray | list) -> list[np.ndarray]:
    """The rings of polygons, as arrays of points."""
    return [
        shapely.get_coordinates(anneau)
        for forme in formes
        for polygone in shapely.get_parts(forme)
        if polygone.geom_type == "Polygon" and not polygone.is_empty
        for anneau in (polygone.exterior, *polygone.interiors)
    ]


def _limites_des_bassins(
    codes: list[str], formes: np.ndarray, sites: pd.DataFrame
) -> list[np.ndarray]:
    """Where communes of different bassins touch.

    A commune is of the bassin of most of its sites; one without a site, of the nearest site's.
    """
    connus = sites[sites["bassin"].notna()]
    if not len(formes) or connus["bassin"].nunique() < 2:
        return []
    majorites = (
        connus.groupby("commune_code")["bassin"].agg(lambda b: b.mode().sort_values().iloc[0])
    ).to_dict()
    points = connus[["x", "y"]].to_numpy()
    centres = shapely.get_coordinates(shapely.point_on_surface(formes))
    proches = [int(np.argmin(np.hypot(*(points - c).T))) for c in centres]
    bassins = np.array(
        [
            majorites.get(code, connus["bassin"].iloc[p])
            for code, p in zip(codes, proches, strict=True)
        ]
    )
    unions = [shapely.union_all(formes[bassins == b]) for b in sorted(set(bassins))]
    limites = [
        shapely.intersection(shapely.boundary(a), shapely.boundary(b))
        for i, a in enumerate(unions)
        for b in unions[i + 1 :]
    ]
    return [
        shapely.get_coordinates(ligne)
        for limite in limites
        for ligne in shapely.get_parts(shapely.line_merge(_lignes(limite)))
        if not ligne.is_empty
    ]


def _lignes(forme: shapely.Geometry) -> shapely.Geometry:
    """The lines of a shape, its lone points left out."""
    return shapely.multilinestrings(
        [p for p in shapely.get_parts(forme) if p.geom_type == "LineString"]
    )


def _villes(communes: pd.DataFrame, formes: np.ndarray) -> list[tuple[str, float, float]]:
    """The towns whose name is written, the largest first."""
    seuil = reference.valeur("territoire", "ville_affichee_habitants")
    grandes = [
        (-int(habitants), nom, forme.representative_point())
        for nom, habitants, forme in zip(
            communes["commune"], communes["population"], formes, strict=True
        )
        if habitants is not None and habitants >= seuil
    ]
    return [(nom, p.x, p.y) for _, nom, p in sorted(grandes, key=lambda v: v[:2])]


def _zone(sites: pd.DataFrame) -> tuple[str, Cadre] | None:
    """A square around most sites of the town that has the most."""
    if sites.empty:
        return None
    villes = sites["commune"].str.replace(ARRONDISSEMENT, "", regex=True)
    comptes = villes.value_counts()
    ville = min(comptes[comptes == comptes.max()].index)
    siens = sites[villes == ville]
    if len(siens) < SITES_DE_L_ENCART:
        return None
    x, y = float(siens["x"].median()), float(siens["y"].median())
    ecarts = np.maximum((siens["x"] - x).abs(), (siens["y"] - y).abs())
    demi = 1.12 * float(np.quantile(ecarts, PART_DES_SITES_DE_L_ENCART))
    demi = min(max(demi, DEMI_COTES_M[0]), DEMI_COTES_M[1])
    return ville, (x - demi, x + demi, y - demi, y + demi)


def _cadre(ensemble: shapely.Geometry, sites: pd.DataFrame) -> Cadre | None:
    """What holds the outline and the sites, with a small margin."""
    boites = [] if ensemble.is_empty else [ensemble.bounds]
    if not sites.empty:
        boites.append((sites["x"].min(), sites["y"].min(), sites["x"].max(), sites["y"].max()))
    if not boites:
        return None
    ouest, sud = (min(b[i] for b in boites) for i in (0, 1))
    est, nord = (max(b[i] for b in boites) for i in (2, 3))
    marge = max(MARGE_DU_CADRE * max(est - ouest, nord - sud), 1.0)
    return ouest - marge, est + marge, sud - marge, nord + marge


def _sources(connexion: duckdb.DuckDBPyConnection) -> str:
    """Where the outlines and the sites come from, and the day of the data."""
    lues = connexion.execute(
        "select distinct titre, producteur, millesime from meta_construction "
        "where source in ('annuaire', 'contours') order by titre, millesime"
    ).fetchall()
    par_titre: dict[tuple[str, str], list[str]] = {}
    for titre, producteur, millesime in lues:
        par_titre.setdefault((titre, producteur), []).append(millesime)
    [(construit_le,)] = connexion.execute(
        "select max(construit_le)::date::varchar from meta_construction"
    ).fetchall()
    dites = [
        # contours come one file a département: their names are no date
        f"{titre} ({producteur}{_date(millesimes)})"
        for (titre, producteur), millesimes in par_titre.items()
    ]
    return f"Sources : {' ; '.join(dites)}. Données assemblées le {jour(construit_le)}."


def _date(millesimes: list[str]) -> str:
    """« , 08/06/2023 » for the latest vintage that is a day, nothing for one that is none."""
    jours = [
        m for m in millesimes if m and len(m) >= 10 and m[:4].isdigit() and m[4] == m[7] == "-"
    ]
    return f", {jour(max(jours))}" if jours else ""
