"""Plans made by simpler methods, to set the optimiser beside: judged by the same judge.

None of them knows every rule: what they break is counted by the judge, not mended. `kmeans` and
`p_mediane` need packages that the application does not: see `EXTRA`.
"""

import importlib.util
import math
from collections.abc import Callable

import numpy as np

from pipelines.base.erreurs import AtlasError
from pipelines.planning.probleme import Probleme

EXTRA = 'pip install "atlas-ssfe[banc]"'
LATITUDE_KM, MARGE_DEMANDE = 111.0, 0.97  # km a degree; demand kept under the capacities

Lignes = list[dict]


def manquants() -> list[str]:
    """Packages of the extra « banc » that are not installed."""
    return [
        nom
        for nom, module in (("k-means-constrained", "k_means_constrained"), ("spopt", "spopt"))
        if importlib.util.find_spec(module) is None
    ]


def exiger() -> None:
    """AtlasError (French) with the line to type when the extra is not installed."""
    if noms := manquants():
        raise AtlasError(
            f"Témoins du banc non installés : {', '.join(noms)}.",
            admis="l'option « banc », qui n'est pas dans le verrou de l'application",
            remede=f"{EXTRA}, ou relancer avec --sans-temoins",
        )


def glouton(probleme: Probleme) -> Lignes:
    """Priority then nearest: the heaviest site first, to its nearest poste with time and room."""
    niveaux = probleme.reglages.niveaux
    libre = [0 if p.sans_secteur else p.capacite for p in probleme.postes]
    places = [p.sites_max for p in probleme.postes]
    lignes = []
    ordre = sorted(
        range(len(probleme.sites)),
        key=lambda s: (-probleme.sites[s].poids, -probleme.sites[s].besoin, s),
    )
    for s in ordre:
        candidats = [
            (minutes, p)
            for p in range(len(probleme.postes))
            if (minutes := probleme.minutes[p][s]) is not None
            and minutes <= probleme.reglages.duree_trajet_max_min
            and libre[p] > 0
            and places[p] > 0
        ]
        if not candidats or not probleme.sites[s].besoin:
            continue
        _, p = min(candidats)
        donne = max(n for n in niveaux if n <= min(libre[p], probleme.sites[s].besoin))
        libre[p] -= donne
        places[p] -= 1
        lignes.append(_ligne(probleme, p, s, donne))
    return lignes


def kmeans(probleme: Probleme) -> Lignes:
    """Sectors of near sites of at most `sites_max`, one for each poste, then the time shared out.

    When the postes can't serve every site, the heaviest sites are kept.
    """
    from k_means_constrained import KMeansConstrained
    from scipy.optimize import linear_sum_assignment

    postes = _servants(probleme)
    taille = max(probleme.postes[p].sites_max for p in postes)
    situes = [
        s for s, site in enumerate(probleme.sites) if site.besoin and site.latitude is not None
    ]
    retenus = sorted(situes, key=lambda s: (-probleme.sites[s].poids, s))[: taille * len(postes)]
    if len(retenus) < len(postes):
        postes = postes[: len(retenus)]
    lieux = _plan(probleme.sites[s] for s in retenus)
    groupes = KMeansConstrained(
        n_clusters=len(postes), size_min=1, size_max=taille, random_state=probleme.graine
    )
    etiquettes = groupes.fit_predict(lieux)
    residences = _plan(probleme.postes[p] for p in postes)
    ecarts = np.linalg.norm(residences[:, None, :] - groupes.cluster_centers_[None, :, :], axis=2)
    lignes = []
    for i, groupe in zip(*linear_sum_assignment(np.nan_to_num(ecarts, nan=1e6)), strict=True):
        secteur = [s for s, e in zip(retenus, etiquettes, strict=True) if e == groupe]
        lignes += _partager(probleme, postes[i], secteur)
    return lignes


def p_mediane(probleme: Probleme) -> Lignes:
    """Capacitated p-median of PySAL: every poste open, demands scaled to the means."""
    import pulp
    from spopt.locate import PMedian

    postes = _servants(probleme)
    sites = [s for s, site in enumerate(probleme.sites) if site.besoin]
    capacites = np.array([probleme.postes[p].capacite for p in postes], dtype=float)
    besoins = np.array([probleme.sites[s].besoin for s in sites], dtype=float)
    part = min(1.0, MARGE_DEMANDE * capacites.sum() / besoins.sum())
    loin = 10 * probleme.reglages.duree_trajet_max_min
    couts = np.array(
        [
            [loin if probleme.minutes[p][s] is None else probleme.minutes[p][s] for p in postes]
            for s in sites
        ],
        dtype=float,
    )
    modele = PMedian.from_cost_matrix(
        couts, besoins * part, p_facilities=len(postes), facility_capacities=capacites
    )
    # Exact capacities can leave no whole assignment: spopt then raises RuntimeError.
    modele = modele.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=60, gapRel=0.01))
    secteurs: dict[int, list[int]] = {}
    for i, servants in enumerate(modele.cli2fac):
        for j in servants:
            secteurs.setdefault(postes[j], []).append(sites[i])
    return [ligne for p, secteur in secteurs.items() for ligne in _partager(probleme, p, secteur)]


TEMOINS: dict[str, Callable[[Probleme], Lignes]] = {
    "glouton": glouton,
    "kmeans": kmeans,
    "p_mediane": p_mediane,
}


def _servants(probleme: Probleme) -> list[int]:
    return [
        p
        for p, poste in enumerate(probleme.postes)
        if not poste.sans_secteur and poste.capacite > 0 and poste.latitude is not None
    ]


def _plan(objets: object) -> np.ndarray:
    """Kilometres on a local plane, one row each."""
    degres = np.array([(o.latitude, o.longitude) for o in objets], dtype=float)
    milieu = math.radians(float(np.nanmean(degres[:, 0])))
    return degres * np.array([LATITUDE_KM, LATITUDE_KM * math.cos(milieu)])


def _partager(probleme: Probleme, p: int, secteur: list[int]) -> Lignes:
    """The time of poste p among its sites, in proportion of their besoins, down to a level."""
    capacite = probleme.postes[p].capacite
    besoin = sum(probleme.sites[s].besoin for s in secteur)
    lignes = []
    for s in secteur:
        part = min(1.0, capacite / besoin) * probleme.sites[s].besoin
        niveau = max(n for n in probleme.reglages.niveaux if n <= part)
        if niveau:
            lignes.append(_ligne(probleme, p, s, niveau))
    return lignes


def _ligne(probleme: Probleme, p: int, s: int, donne: int) -> dict:
    return {
        "poste_id": probleme.postes[p].poste_id,
        "site_id": probleme.sites[s].site_id,
        "demi_journees_cycle": donne,
    }
