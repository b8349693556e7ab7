"""The maps of a dossier: drawn for paper and for the screen, put where they belong."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.marts import entrepot
from pipelines.reports.cartes_imprimees.cartes import (
    CarteImprimee,
    carte_des_besoins,
    carte_des_couvertures,
    carte_des_secteurs,
)
from pipelines.reports.cartes_imprimees.decor import decor
from pipelines.reports.cartes_imprimees.feuille import A4, ECRAN
from pipelines.reports.comparer import sites_de_la_carte
from pipelines.reports.dossier.blocs import Image
from pipelines.reports.repartition import Repartition, Reunion
from pipelines.reports.sites import completer


class Vue(StrEnum):
    """What a map of a dossier shows; the two coverages are at the same scale."""

    BESOINS = "besoins"
    AUJOURD_HUI = "couverture_aujourd_hui"
    PROPOSEE = "couverture_proposee"
    SECTEURS = "secteurs"
    BESOINS_A_L_ECRAN = "besoins_a_l_ecran"
    COUVERTURES_A_L_ECRAN = "couvertures_a_l_ecran"


DIAPOSITIVE = replace(ECRAN, nom="diapositive", hauteur_mm=165)
"""As wide as a slide, and as high as its title and its foot leave it."""
A_L_ECRAN = (Vue.BESOINS_A_L_ECRAN, Vue.COUVERTURES_A_L_ECRAN)
"""Those of the slides; the others are of the paper."""
TITRES = {Vue.AUJOURD_HUI: "La présence aujourd'hui", Vue.PROPOSEE: "La présence proposée"}
"""What a map does not say of itself."""
Cartes = Mapping[Vue, Image]


def dessiner(
    base: Path, avant: Repartition, apres: Repartition, codes: Mapping[str, str] | None
) -> Cartes:
    """The maps of `apres` beside `avant`, over the warehouse `base`.

    `codes`: poste_id → what it is called on the map of sectors; None when that map is not for this
    reader, since its stars start from the résidences.
    """
    reunion = Reunion.de((avant, apres))
    departement = apres.probleme.departement
    with entrepot.ouvrir(base) as connexion:
        sol = decor(connexion, departement)
        sites = [_sites(connexion, r, reunion) for r in (avant, apres)]
    titres = [r.libelle for r in (avant, apres)]
    cartes = {
        Vue.BESOINS: carte_des_besoins(sites[1], sol, A4),
        Vue.AUJOURD_HUI: carte_des_couvertures({titres[0]: sites[0]}, sol, A4),
        Vue.PROPOSEE: carte_des_couvertures({titres[1]: sites[1]}, sol, A4),
        Vue.BESOINS_A_L_ECRAN: carte_des_besoins(sites[1], sol, DIAPOSITIVE),
        Vue.COUVERTURES_A_L_ECRAN: carte_des_couvertures(
            dict(zip(titres, sites, strict=True)), sol, DIAPOSITIVE
        ),
    }
    if codes is not None:
        cartes[Vue.SECTEURS] = carte_des_secteurs(sites[1], _etoiles(apres), codes, sol, A4)
    return {vue: _image(vue, carte) for vue, carte in cartes.items()}


def du_papier(cartes: Cartes, vue: Vue) -> tuple[Image, ...]:
    """The picture of a view, nothing when this reader has not got it."""
    return (cartes[vue],) if vue in cartes else ()


def de_l_ecran(cartes: Cartes) -> Sequence[Image]:
    """The pictures of the slides."""
    return tuple(cartes[vue] for vue in A_L_ECRAN if vue in cartes)


def _image(vue: Vue, carte: CarteImprimee) -> Image:
    return Image(str(vue), TITRES.get(vue, ""), carte.texte_alternatif, carte.png())


def _sites(connexion: duckdb.DuckDBPyConnection, r: Repartition, reunion: Reunion) -> pd.DataFrame:
    sites = sites_de_la_carte(connexion, r.probleme.departement, reunion)
    presences = [r.par_site.get(s, 0) for s in sites["site_id"]]
    return completer(sites.assign(presence=presences), reunion.categories)


def _etoiles(r: Repartition) -> pd.DataFrame:
    """One line a presence, with the position of the résidence of its poste."""
    return pd.DataFrame(
        [
            (
                x.poste_id,
                x.site_id,
                x.demi_journees_cycle,
                r.postes[x.poste_id].latitude,
                r.postes[x.poste_id].longitude,
            )
            for x in r.plan
        ],
        columns=["poste_id", "site_id", "demi_journees_cycle", "latitude", "longitude"],
    )
