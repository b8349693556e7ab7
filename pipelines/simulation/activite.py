"""Simulated activity returns: counts by site, never a pupil."""

from functools import cache

import numpy as np
import pandas as pd

from pipelines.base import reference
from pipelines.simulation import secteurs
from pipelines.simulation.hypotheses import hypothese

Releve = tuple[str, str, str, str, str, int]
IPS_MOYEN = 100


def releves(
    sites: pd.DataFrame, presences: dict[str, float], rng: np.random.Generator
) -> list[Releve]:
    """Rows (année scolaire, période, uai, indicateur, modalité, nombre) of the returns of `sites`.

    `presences` gives the half-days per cycle really given to a site. Counts are Poisson draws
    around present time, size and social position; a return that was not sent has no row at all.
    """
    sites = sites.sort_values("site_id").reset_index(drop=True)
    effectifs = secteurs.effectifs(sites)
    niveaux = _niveaux(sites, effectifs, rng)
    ponctuelle = hypothese("presence_ponctuelle")
    lignes: list[Releve] = []
    for i, site in sites.iterrows():
        presence = presences.get(site["site_id"], 0.0)
        for annee in hypothese("annees_activite"):
            silence = hypothese("part_sans_retour")
            if presence == 0:
                silence = 1 - hypothese("part_retour_ponctuel")
            if rng.random() < silence:
                continue
            temps = max(presence, ponctuelle) * hypothese("cycles_par_annee")
            comptes = _comptes(temps * niveaux[i], float(effectifs[i]), rng)
            for indicateur, modalite, nombre in comptes:
                uai = site["uai_presence"]
                lignes.append((annee, "annee", uai, indicateur, modalite, nombre))
                if indicateur in _trimestriels():
                    detail = rng.multinomial(nombre, hypothese("parts_trimestre"))
                    lignes.extend(
                        (annee, f"T{trimestre}", uai, indicateur, modalite, int(part))
                        for trimestre, part in enumerate(detail, start=1)
                    )
    return lignes


def _niveaux(sites: pd.DataFrame, effectifs: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Activity of each site per half-day, relative to an average site."""
    taille = (effectifs / effectifs.mean()) ** hypothese("elasticite_effectif")
    propre = np.exp(hypothese("dispersion_site") * rng.normal(size=len(sites)))
    if "ips" in sites.columns:
        ips = pd.to_numeric(sites["ips"], errors="coerce").astype(float).fillna(IPS_MOYEN)
    else:
        ips = pd.Series(IPS_MOYEN, index=sites.index, dtype=float)
    social = (1 + hypothese("effet_ips")) ** ((IPS_MOYEN - ips) / 10)
    return taille.to_numpy() * social.to_numpy() * propre


def _comptes(temps: float, effectif: float, rng: np.random.Generator) -> list[tuple[str, str, int]]:
    """Counts of one site and year, in the order of the dictionary. `temps` is in half-days."""
    plafond = hypothese("part_effectif_suivi_max") * effectif
    # saturates: a school cannot send more pupils than it has
    attendu = plafond * (1 - np.exp(-temps * hypothese("eleves_suivis_par_demi_journee") / plafond))
    suivis = int(min(rng.poisson(attendu), effectif))
    demandes = suivis + int(rng.poisson(suivis / 10))
    interventions = suivis + int(rng.poisson(suivis / 5))
    totaux = {
        "eleves_suivis": suivis,
        "entretiens": suivis + int(rng.poisson(suivis * (hypothese("entretiens_par_eleve") - 1))),
    }
    for indicateur, par_demi_journee in hypothese("actes_par_demi_journee").items():
        totaux[indicateur] = int(rng.poisson(temps * par_demi_journee))
    details = {
        "demandes": (demandes, hypothese("parts_demandeur")),
        "interventions": (interventions, hypothese("parts_motif")),
    }
    lignes: list[tuple[str, str, int]] = []
    for indicateur in (i["code"] for i in reference.dictionnaire_activite()["indicateurs"]):
        if indicateur in details:
            total, parts = details[indicateur]
            tirages = rng.multinomial(total, list(parts.values()))
            lignes.extend(
                (indicateur, modalite, int(n)) for modalite, n in zip(parts, tirages, strict=True)
            )
        else:
            lignes.append((indicateur, "", totaux[indicateur]))
    return lignes


@cache
def _trimestriels() -> frozenset[str]:
    return frozenset(
        i["code"]
        for i in reference.dictionnaire_activite()["indicateurs"]
        if i["detail_trimestriel"]
    )
