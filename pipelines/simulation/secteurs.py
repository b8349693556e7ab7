"""Sectors as habit makes them: near, uneven, not optimal. Used only to imitate, never to advise."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.simulation.hypotheses import choisir, hypothese

Tirage = np.random.Generator

RAYON_TERRE_KM = 6371.0
MI_TEMPS = 0.5


@dataclass(frozen=True)
class Support:
    """A post before its sector: its quotité (ETP) and the site of its résidence."""

    quotite: float
    site_id: str
    est_site_unique: bool


@dataclass(frozen=True)
class Habitude:
    """What one post (its rank) gives one site: half-days per 4-week cycle."""

    poste: int
    site_id: str
    demi_journees_cycle: int


def effectifs(sites: pd.DataFrame) -> pd.Series:
    """Pupils of each site; the usual figure of its type when it is unknown."""
    usuels = sites["type"].map(hypothese("effectif_usuel")).astype(float)
    return pd.to_numeric(sites["effectif"], errors="coerce").astype(float).fillna(usuels)


def poids(sites: pd.DataFrame) -> pd.Series:
    """Weight of each site in habit: pupils times the coefficients of its attributes."""
    coefficients = hypothese("poids_sites")
    total = effectifs(sites)
    for masque, nom in (
        (sites["ep"] == "REP+", "rep_plus"),
        (sites["ep"] == "REP", "rep"),
        (sites["type"] == "LP", "lp"),
        (sites["type"] == "EREA", "erea"),
        (_vrai(sites["segpa"]), "segpa"),
        (_vrai(sites["ulis"]), "ulis"),
        (_vrai(sites["internat"]), "internat"),
    ):
        total = total.where(~masque, total * coefficients[nom])
    return total


def siege(sites: pd.DataFrame) -> str:
    """Site whose UAI stands for the service's seat: the biggest establishment."""
    etablissements = _etablissements(sites)
    tailles = pd.Series(effectifs(etablissements).to_numpy(), index=etablissements["site_id"])
    return str(tailles.idxmax())


def distances_km(sites: pd.DataFrame) -> np.ndarray:
    """Great-circle distances between the sites, in km; a site without a position is set midway."""
    positions = sites[["latitude", "longitude"]].astype(float)
    latitude, longitude = np.radians(positions.fillna(positions.mean()).to_numpy()).T
    ecart_latitude = latitude[:, None] - latitude[None, :]
    ecart_longitude = longitude[:, None] - longitude[None, :]
    corde = (
        np.sin(ecart_latitude / 2) ** 2
        + np.cos(latitude)[:, None] * np.cos(latitude)[None, :] * np.sin(ecart_longitude / 2) ** 2
    )
    return 2 * RAYON_TERRE_KM * np.arcsin(np.sqrt(np.clip(corde, 0, 1)))


def implanter(sites: pd.DataFrame, quotites: list[float], rng: Tirage) -> list[Support]:
    """A résidence for each quotité: heavy sites first, one post each while sites last.

    Returned by bassin then UAI, so that posts are numbered the way a service lists them.
    """
    etablissements = _etablissements(sites)
    poids_par_site = dict(
        zip(etablissements["site_id"], poids(etablissements).tolist(), strict=True)
    )
    choisis: list[str] = []
    libres = dict(poids_par_site)
    for _ in quotites:
        if not libres:
            libres = dict(poids_par_site)
        site_id = choisir(rng, libres)
        libres.pop(site_id)
        choisis.append(site_id)
    # the longest posts live where there is most to do
    choisis.sort(key=lambda s: (-poids_par_site[s] * (0.5 + rng.random()), s))
    lieux = etablissements.set_index("site_id")
    supports = [
        Support(
            quotite,
            site_id,
            lieux.at[site_id, "ep"] == "REP+"
            and bool(rng.random() < hypothese("part_rep_plus_site_unique")),
        )
        for quotite, site_id in zip(sorted(quotites, reverse=True), choisis, strict=True)
    ]
    bassins = lieux["bassin"].fillna("").astype(str)
    return sorted(supports, key=lambda s: (bassins[s.site_id], s.site_id))


def habitudes(
    sites: pd.DataFrame, supports: list[Support], temps: list[int], rng: Tirage
) -> list[Habitude]:
    """Présences of each post at the sites it lives near; `temps` in half-days per cycle."""
    sites = sites.reset_index(drop=True)
    rang = {site_id: i for i, site_id in enumerate(sites["site_id"])}
    distances = distances_km(sites)
    charges = poids(sites).to_numpy()
    servis = _rattacher(sites, supports, temps, distances, charges, rng)
    ecoles = _ecoles_par_tete(sites)

    resultat: list[Habitude] = []
    for poste, membres in enumerate(servis):
        reste = temps[poste]
        for membre in [m for m in membres if sites.at[m, "uai_principal"] in ecoles]:
            if rng.random() < hypothese("part_ecoles_servies") and reste:
                niveaux = [n for n in hypothese("ecoles_demi_journees") if n <= reste]
                nombre = niveaux[int(rng.integers(len(niveaux)))]
                site_id = ecoles[sites.at[membre, "uai_principal"]]
                resultat.append(Habitude(poste, site_id, nombre))
                reste -= nombre
        donnees = _partager(sites, membres, charges, reste, rng)
        residence = rang[supports[poste].site_id]
        for membre in sorted(donnees, key=lambda m: (m != residence, sites.at[m, "site_id"])):
            resultat.append(Habitude(poste, sites.at[membre, "site_id"], donnees[membre]))
    return resultat


def _rattacher(
    sites: pd.DataFrame,
    supports: list[Support],
    temps: list[int],
    distances: np.ndarray,
    charges: np.ndarray,
    rng: Tirage,
) -> list[list[int]]:
    """Ranks of the establishments each post serves; a site no post has room for is left out."""
    rang = {site_id: i for i, site_id in enumerate(sites["site_id"])}
    residences = [rang[s.site_id] for s in supports]
    servis = [[residence] for residence in residences]
    places = _places(supports, residences, distances)
    prioritaires = _prioritaires(sites)
    parts_sans = hypothese("part_sites_sans_presence")
    candidats = [
        i
        for i in range(len(sites))
        if sites.at[i, "nature"] == "etablissement"
        and i not in set(residences)
        and rng.random() >= parts_sans["prioritaire" if prioritaires[i] else "autre"]
    ]
    # priority sites, then heavy ones, found a post first
    candidats.sort(key=lambda i: (not prioritaires[i], -charges[i], sites.at[i, "site_id"]))
    for i in candidats:
        vus = distances[i, residences] + 1
        bruit = np.exp(hypothese("bruit_habitude") * rng.normal(size=len(supports)))
        portees = np.array(
            [charges[m].sum() / max(t, 1) for m, t in zip(servis, temps, strict=True)]
        )
        # a post already loaded is passed over, without ever being closed
        attrait = vus * bruit * (0.5 + portees / portees.mean())
        ouverts = [
            p
            for p in np.argsort(attrait, kind="stable")
            if len(servis[p]) < places[p] and vus[p] <= hypothese("distance_max_km")
        ]
        if not ouverts:
            continue
        excentre = rng.random() < hypothese("part_sites_excentres")
        choix = min(int(rng.integers(2, 7)), len(ouverts) - 1) if excentre else 0
        servis[int(ouverts[choix])].append(i)
    return servis


def _places(supports: list[Support], residences: list[int], distances: np.ndarray) -> list[int]:
    """Number of establishments each post may serve, résidence included."""
    maximum = hypothese("sites_par_poste_max")
    resultat = []
    for support, residence in zip(supports, residences, strict=True):
        voisins = np.sort(distances[residence])
        troisieme = voisins[min(3, len(voisins) - 1)]
        if support.est_site_unique:
            resultat.append(1)
        elif support.quotite <= MI_TEMPS:
            resultat.append(maximum["mi_temps"])
        elif troisieme > hypothese("secteur_etendu_km"):
            resultat.append(maximum["etendu"])
        else:
            resultat.append(maximum["urbain"])
    return resultat


def _partager(
    sites: pd.DataFrame, membres: list[int], charges: np.ndarray, total: int, rng: Tirage
) -> dict[int, int]:
    """Half-days per cycle of each member, on habitual levels, never above `total` together."""
    niveaux = hypothese("niveaux_habituels")
    prioritaires = _prioritaires(sites)
    hebdomadaire, quinzaine, mensuelle = hypothese("parts_rythme_ordinaire")
    # square root: habit evens out the differences between establishments
    parts = np.sqrt(charges[membres])
    parts = parts / parts.sum()
    donnees: dict[int, int] = {}
    reste = total
    for rang, membre in enumerate(membres):
        rythme = choisir(rng, {4: hebdomadaire, 2: quinzaine, 1: mensuelle})
        vise = total * parts[rang] * (0.75 + 0.5 * rng.random())
        est_ordinaire = rang > 0 and not prioritaires[membre]
        if est_ordinaire and rythme < 4 and sites.at[membre, "type"] == "COLLEGE":
            vise = rythme
        vise = max(vise, 4 if prioritaires[membre] else 1)
        possibles = [n for n in niveaux if n <= min(vise, reste)]
        if possibles:
            donnees[membre] = possibles[-1]
            reste -= possibles[-1]
    # what is left goes to the résidence, as far as a level fits
    if membres[0] in donnees:
        plus = [n for n in niveaux if n <= donnees[membres[0]] + reste]
        donnees[membres[0]] = plus[-1]
    return donnees


def _ecoles_par_tete(sites: pd.DataFrame) -> dict[str, str]:
    ecoles = sites[sites["nature"] == "ecoles_rep_plus"]
    return dict(zip(ecoles["uai_principal"], ecoles["site_id"], strict=True))


def _etablissements(sites: pd.DataFrame) -> pd.DataFrame:
    return sites[sites["nature"] == "etablissement"].sort_values("site_id")


def _prioritaires(sites: pd.DataFrame) -> np.ndarray:
    """Sites habit serves first: éducation prioritaire, LP, EREA (an imitation, not a barème)."""
    return (sites["ep"].isin(["REP+", "REP"]) | sites["type"].isin(["LP", "EREA"])).to_numpy()


def _vrai(colonne: pd.Series) -> pd.Series:
    """True where a nullable boolean is known to be true."""
    return colonne.map(lambda v: bool(v) if pd.notna(v) else False).astype(bool)
