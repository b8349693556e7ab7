"""The maps of a répartition: its sites as the problem holds them, its sectors from its postes."""

from collections.abc import Mapping

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
from pipelines.reports.cartes_imprimees.feuille import Format
from pipelines.reports.repartition import Repartition, Reunion, aujourd_hui
from pipelines.reports.sites import completer


def sites_de(connexion: duckdb.DuckDBPyConnection, r: Repartition) -> pd.DataFrame:
    """The sites of `r` the warehouse still has, as `tableau_sites` gives them."""
    reunion = Reunion.de((r,))
    sites = entrepot.lire(connexion, "mart_site", r.probleme.departement)
    sites = sites[sites["site_id"].isin(reunion.sites)].copy()
    reperes = [reunion.sites[s] for s in sites["site_id"]]
    sites["besoin"] = [s.besoin for s in reperes]
    sites["categories"] = [s.categories for s in reperes]
    sites["inconnues"] = [s.categories_inconnues for s in reperes]
    sites["presence"] = [r.par_site.get(s, 0) for s in sites["site_id"]]
    return completer(sites, reunion.categories)


def etoiles_de(r: Repartition) -> pd.DataFrame:
    """One line a presence of `r`.

    Columns: poste_id, site_id, demi_journees_cycle, latitude and longitude of the résidence.
    """
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


def cartes_de(
    connexion: duckdb.DuckDBPyConnection,
    r: Repartition,
    codes: Mapping[str, str],
    format_: Format,
) -> dict[str, CarteImprimee]:
    """The maps of a dossier of `r`: besoins, couvertures (today beside `r`), the two of them alone
    at the same scale, secteurs. `codes`: poste_id → what it is called in this dossier.
    """
    sol = decor(connexion, r.probleme.departement)
    avant = aujourd_hui(r)
    sites, sites_avant = sites_de(connexion, r), sites_de(connexion, avant)
    par_titre = {avant.libelle: sites_avant, r.libelle: sites}
    return {
        "besoins": carte_des_besoins(sites, sol, format_),
        "couvertures": carte_des_couvertures(par_titre, sol, format_),
        "couverture_aujourd_hui": carte_des_couvertures({avant.libelle: sites_avant}, sol, format_),
        "couverture_proposee": carte_des_couvertures({r.libelle: sites}, sol, format_),
        "secteurs": carte_des_secteurs(sites, etoiles_de(r), codes, sol, format_),
    }
