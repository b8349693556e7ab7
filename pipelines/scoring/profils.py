"""The besoin expected from numbers alone, and sites without a label that look like labelled ones.

A signal to examine, never a ranking. The expected besoin is learnt from IPS, pupils, SEGPA and ULIS
pupils, remoteness and density, the type of establishment as a factor; its target is the besoin of
the barème by categories. Each site is estimated without itself nor its commune (cross-validation),
beside the mean and a linear model in the same run, and the best of the two models is the one shown.

Missing numbers are kept, never dropped: they take the median, and a column of their own tells the
models that they were missing. The pupils of a SEGPA or an ULIS count zero where the annuaire says
there is none, and stay unknown elsewhere.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.metrics.pairwise import nan_euclidean_distances
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from pipelines.base import reference

FACTEURS = ("ips", "effectif", "eleves_segpa", "eleves_ulis", "eloignement_km", "densite")
"""The continuous factors, as `mart_site` names them."""
MOYENNE, LINEAIRE, ARBRES = "moyenne", "lineaire", "arbres"


@dataclass(frozen=True)
class Mesure:
    """How far a model is from the besoin by categories, on sites it has not seen.

    `erreur_demi_journees`: mean absolute error, half-days per cycle. `part_expliquee`: R², at most
    1; zero or less when the model does no better than the mean.
    """

    modele: str
    erreur_demi_journees: float
    part_expliquee: float


@dataclass(frozen=True)
class Profils:
    """Every second-degree site of the warehouse with its expected besoin, and what it resembles.

    `sites`: site_id, the factors (float, NaN: unknown), besoin (by categories), attendu and ecart
    (half-days per cycle), a_un_label, est_a_examiner; by site_id. `voisins`: site_id, voisin_id,
    distance (standard deviations a factor): the labelled sites of the same type nearest to each
    site without a label, nearest first. `retenu`: the model of `attendu`, None when no model does
    better than the mean (nothing is to examine then). `seuil`: least ecart of a site to examine.
    """

    sites: pd.DataFrame
    voisins: pd.DataFrame
    mesures: tuple[Mesure, ...]
    retenu: str | None
    seuil: float


def profils(sites: pd.DataFrame) -> Profils | None:
    """The profiles of the second-degree `sites` (mart_site, besoin, categories); None when too few.

    Same sites in any order, same result to the last digit.
    """
    retenus = sites[sites["nature"] == "etablissement"].sort_values("site_id", ignore_index=True)
    if len(retenus) < reference.valeur("profils", "sites_min"):
        return None
    nombres, besoin = facteurs(retenus), retenus["besoin"].to_numpy(dtype=float)
    # one thread: sums added in one order whatever the machine, and quicker on so few sites
    with threadpool_limits(limits=1):
        estimes = {nom: _hors_echantillon(nom, retenus, nombres, besoin) for nom in _MODELES}
    mesures = tuple(
        Mesure(nom, float(mean_absolute_error(besoin, e)), float(r2_score(besoin, e)))
        for nom, e in estimes.items()
    )
    meilleure = _meilleure(mesures)
    retenu = None if meilleure.modele == MOYENNE else meilleure.modele
    seuil = meilleure.erreur_demi_journees * reference.valeur("profils", "ecart_min_erreurs")
    tableau = pd.concat([retenus[["site_id", "type"]], nombres], axis=1)
    tableau["besoin"] = besoin
    tableau["attendu"] = estimes[meilleure.modele]
    tableau["ecart"] = tableau["attendu"] - tableau["besoin"]
    tableau["a_un_label"] = [len(c) > 0 for c in retenus["categories"]]
    voisins = _voisins(tableau)
    tableau["est_a_examiner"] = (
        (retenu is not None)
        & ~tableau["a_un_label"]
        & (tableau["ecart"] >= seuil)
        & tableau["site_id"].isin(voisins["site_id"])
    )
    return Profils(tableau, voisins, mesures, retenu, seuil)


def _meilleure(mesures: tuple[Mesure, ...]) -> Mesure:
    """The model of least error that explains something; the mean when none does better than it."""
    [moyenne] = [m for m in mesures if m.modele == MOYENNE]
    utiles = [m for m in mesures if m.modele != MOYENNE and m.part_expliquee > 0]
    return min([moyenne, *utiles], key=lambda m: m.erreur_demi_journees)


def facteurs(sites: pd.DataFrame) -> pd.DataFrame:
    """The factors of `sites` as floats, NaN where unknown."""
    nombres = sites[list(FACTEURS)].astype(float)
    for dispositif in ("segpa", "ulis"):
        colonne = f"eleves_{dispositif}"
        aucun = nombres[colonne].isna() & sites[dispositif].map(lambda v: v is not None and not v)
        nombres.loc[aucun, colonne] = 0.0
    return nombres


def _preparation() -> Pipeline:
    """Medians where unknown, what was unknown told, one scale; types as columns of their own."""
    continus = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    return make_column_transformer(
        (continus, list(FACTEURS)), (OneHotEncoder(handle_unknown="ignore"), ["type"])
    )


def _lineaire() -> RegressorMixin:
    return make_pipeline(_preparation(), RidgeCV(reference.valeur("profils", "regularisations")))


def _arbres() -> RegressorMixin:
    reglages = reference.valeur("profils", "arbres")
    graine = reference.valeur("profils", "graine")
    return make_pipeline(_preparation(), GradientBoostingRegressor(**reglages, random_state=graine))


_MODELES = {MOYENNE: DummyRegressor, LINEAIRE: _lineaire, ARBRES: _arbres}


def _hors_echantillon(
    nom: str, sites: pd.DataFrame, nombres: pd.DataFrame, besoin: np.ndarray
) -> np.ndarray:
    """The besoin of each site as a model that saw neither it nor its commune estimates it."""
    entrees = nombres.assign(type=sites["type"])
    tirages = reference.valeur("profils", "tirages")
    somme = np.zeros(len(sites))
    for tirage in range(tirages):
        for appris, estimes in _lots(sites, reference.valeur("profils", "graine") + tirage):
            modele = _MODELES[nom]().fit(entrees.iloc[appris], besoin[appris])
            somme[estimes] += modele.predict(entrees.iloc[estimes])
    return somme / tirages


def _lots(sites: pd.DataFrame, graine: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Ranks (learnt from, estimated) of each fold: communes whole, types spread evenly.

    Where there are fewer communes than folds (Paris is one), each site is a group of its own.
    """
    nb_lots = reference.valeur("profils", "lots")
    groupes = sites["commune_code"].fillna(sites["site_id"])
    if groupes.nunique() < nb_lots:
        groupes = sites["site_id"]
    # a type with fewer sites than folds can't be in each: it joins the others, for the spread only
    nombres = sites["type"].map(sites["type"].value_counts())
    strates = sites["type"].where(nombres >= nb_lots, "AUTRE")
    if (strates == "AUTRE").sum() < nb_lots:
        strates = strates.where(strates != "AUTRE", sites["type"].mode()[0])
    partage = StratifiedGroupKFold(nb_lots, shuffle=True, random_state=graine)
    return list(partage.split(sites, strates, groupes))


def _voisins(tableau: pd.DataFrame) -> pd.DataFrame:
    """For each site without a label, the like labelled sites of its type, nearest first.

    A distance is the quadratic mean, over the factors known of both, of their differences in
    standard deviations over all the sites.
    """
    nombres = tableau[list(FACTEURS)]
    ecarts_types = nombres.std(ddof=0).replace(0.0, np.nan)
    reduits = ((nombres - nombres.mean()) / ecarts_types).dropna(axis=1, how="all")
    connus = nombres.notna().sum(axis=1) >= reference.valeur("profils", "facteurs_connus_min")
    lignes = []
    for _, groupe in tableau[connus].groupby("type"):
        sans, avec = groupe[~groupe["a_un_label"]], groupe[groupe["a_un_label"]]
        if sans.empty or avec.empty:
            continue
        distances = nan_euclidean_distances(reduits.loc[sans.index], reduits.loc[avec.index])
        distances /= np.sqrt(reduits.shape[1])
        for site_id, du_site in zip(sans["site_id"], distances, strict=True):
            proches = sorted(zip(du_site, avec["site_id"], strict=True))
            lignes += [
                (site_id, voisin_id, distance)
                for distance, voisin_id in proches[: reference.valeur("profils", "voisins")]
                if distance <= reference.valeur("profils", "distance_max")
            ]
    return pd.DataFrame(lignes, columns=["site_id", "voisin_id", "distance"])
