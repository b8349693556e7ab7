"""The pieces of a dossier that stand alone: maps and layers of a scenario, as files to keep."""

from pathlib import Path

import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, pour_tableur
from pipelines.marts import entrepot
from pipelines.reports import sig as couches
from pipelines.reports.cartes_imprimees.decor import avertissement
from pipelines.reports.cartes_imprimees.feuille import FORMATS
from pipelines.reports.cartes_imprimees.scenario import cartes_de, etoiles_de, sites_de
from pipelines.reports.repartition import Repartition, lire
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur

SITES, SECTEURS, GEOPACKAGE, PLAN = "sites.geojson", "secteurs.geojson", "atlas.gpkg", "plan.csv"
"""The files of `sig`."""


def cartes(
    lecteur: Lecteur,
    base: Path,
    scenario_id: str,
    format_: str,
) -> dict[str, bytes | str]:
    """The maps of a scenario in `format_` (a4, 16-9): name of a file → its content.

    Each is a picture, its vectors, its words and its table. AtlasError when the format is unknown
    or `lecteur` may not read it.
    """
    if format_ not in FORMATS:
        raise AtlasError(
            f"Format de carte « {format_} » inconnu.",
            admis=enumeration(list(FORMATS)),
            remede="choisir l'un d'eux",
        )
    r = _repartition(lecteur, scenario_id)
    with entrepot.ouvrir(base) as connexion:
        a_dire = avertissement(connexion)
        faites = cartes_de(connexion, r, _tels_quels(r), FORMATS[format_])
    fichiers: dict[str, bytes | str] = {}
    for nom, carte in faites.items():
        debut = f"carte-{nom.replace('_', '-')}-{format_}"
        fichiers[f"{debut}.png"] = carte.png()
        fichiers[f"{debut}.pdf"] = carte.pdf()
        fichiers[f"{debut}.txt"] = carte.texte_alternatif + "\n"
        fichiers[f"{debut}.csv"] = _csv(
            carte.table.assign(Avertissement=a_dire) if a_dire else carte.table
        )
    return fichiers


def sig(lecteur: Lecteur, base: Path, scenario_id: str) -> dict[str, bytes]:
    """The sites and sectors of a scenario for a GIS, and its plan: name of a file → its content.

    AtlasError when `lecteur` may not read it.
    """
    scenario = atelier.ouvrir(lecteur, scenario_id)
    r, le = lire(scenario.dossier, scenario.nom), scenario.modifie_le
    noms = _tels_quels(r)
    with entrepot.ouvrir(base) as connexion:
        sites = sites_de(connexion, r)
        a_dire = avertissement(connexion)
    etoiles = etoiles_de(r)
    points = couches.couche_des_sites(sites, a_dire)
    secteurs = couches.couche_des_secteurs(sites, etoiles, noms, a_dire)
    return {
        SITES: couches.geojson(points),
        SECTEURS: couches.geojson(secteurs),
        GEOPACKAGE: couches.geopackage(points, secteurs, le),
        PLAN: couches.plan_en_csv(sites, etoiles, noms, a_dire),
    }


def _repartition(lecteur: Lecteur, scenario_id: str) -> Repartition:
    scenario = atelier.ouvrir(lecteur, scenario_id)
    return lire(scenario.dossier, scenario.nom)


def _tels_quels(r: Repartition) -> dict[str, str]:
    """Every poste under its own id."""
    return {p: p for p in r.postes}


def _csv(table: pd.DataFrame) -> bytes:
    sur = table.map(lambda v: pour_tableur(v) if isinstance(v, str) else v)
    return sur.to_csv(index=False, sep=";", decimal=",").encode("utf-8-sig")
