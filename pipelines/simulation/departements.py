"""Simulated posts for the real sites of a warehouse."""

from pathlib import Path

import duckdb
import pandas as pd

from pipelines.marts import entrepot
from pipelines.simulation.postes import LotSimule, simuler_postes


def simuler_departements(
    base: Path, *, departements: list[str], etp: float, graine: int
) -> LotSimule:
    """Posts, presences and activity for `departements` of the warehouse `base`.

    `etp` is the ASS time of all of them, shared by pupils. Raises AtlasError when the warehouse or
    a département is unknown.
    """
    with entrepot.ouvrir(base) as connexion:
        for departement in departements:
            entrepot.exiger_departement(connexion, departement)
        sites = sites_a_servir(connexion)
    return simuler_postes(
        sites[sites["departement"].isin(departements)].reset_index(drop=True),
        departements=departements,
        etp=etp,
        graine=graine,
    )


def sites_a_servir(connexion: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """mart_site with `uai_presence`: the UAI a presence is written under in a local file."""
    sites = entrepot.lire(connexion, "mart_site").sort_values("site_id")
    premiers = connexion.execute(
        "select site_id, min(uai) from mart_rattachement group by site_id"
    ).fetchall()
    par_site = dict(premiers)
    est_reseau = sites["nature"] == "ecoles_rep_plus"
    sites["uai_presence"] = sites["uai_principal"].where(
        ~est_reseau, sites["site_id"].map(par_site)
    )
    return sites
