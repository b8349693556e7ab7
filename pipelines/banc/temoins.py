"""Plans made by simpler methods, to set the optimiser beside: judged by the same judge.

`glouton` keeps every hard rule. The two others don't know them all: what they break is counted by
the judge, and `remis_dans_les_regles` says what is left of them once mended. `p_mediane` needs a
package that the application does not: see `EXTRA`.
"""

import importlib.util
import math
from collections.abc import Callable

import numpy as np
from ortools.graph.python import min_cost_flow

from pipelines.base.erreurs import AtlasError
from pipelines.planning.depart import completer, reparer, socle_des_verrous
from pipelines.planning.modele import Index
from pipelines.planning.probleme import Presence, Probleme, ordonner

EXTRA = 'pip install "atlas-ssfe[banc]"'
LATITUDE_KM = 111.0  # km a degree
TOURS_KMEANS = 100  # rounds after which k-means stops moving its centres
PRECISION_KM2 = 100  # squared distances are integers, in hundredths of a km²
# Demands under the capacities, or no whole assignment fits; work and gap of the p-median.
MARGE_DEMANDE, DUREE_P_MEDIANE_S, ECART_P_MEDIANE = 0.9, 20, 0.02

Lignes = list[dict]


def manquants() -> list[str]:
    """Packages of the extra « banc » that are not installed."""
    return [nom for nom in ("spopt",) if importlib.util.find_spec(nom) is None]


def exiger() -> None:
    """AtlasError (French) with the line to type when the extra is not installed."""
    if noms := manquants():
        raise AtlasError(
            f"Témoins du banc non installés\u202f: {', '.join(noms)}.",
            admis="l'option «\u202fbanc\u202f», qui n'est pas dans le verrou de l'application",
            remede=f"{EXTRA}, ou relancer avec --sans-temoins",
        )


def glouton(probleme: Probleme) -> Lignes:
    """Priority then nearest: the costliest shortage first, to its nearest poste with time and room.

    Every hard rule is kept: locks, travel, half-days, sites of a poste, postes of a site, écoles.
    """
    index = Index.de(ordonner(probleme))
    plan = completer(index, socle_des_verrous(index))
    return [_ligne(index.probleme, p, s, presence) for (p, s), presence in sorted(plan.items())]


def kmeans(probleme: Probleme) -> Lignes:
    """Sectors of near half-days, one a poste, that hold no more than the poste has time for.

    k-means under capacities: centres start at the résidences, half-days go to the centres at least
    total squared distance (a minimum cost flow), centres move to the middle of what they got, until
    nothing changes. Means that are short are first shared between sites in proportion of besoins.
    """
    postes = _servants(probleme)
    sites = [s for s, site in enumerate(probleme.sites) if site.besoin and site.latitude]
    lieux = _plan([probleme.sites[s] for s in sites] + [probleme.postes[p] for p in postes])
    lieux, centres = lieux[: len(sites)], lieux[len(sites) :]
    capacites = np.array([probleme.postes[p].capacite for p in postes])
    besoins = np.array([probleme.sites[s].besoin for s in sites])
    demandes = np.floor(besoins * min(1.0, capacites.sum() / besoins.sum())).astype(int)
    donnes = np.zeros((len(sites), len(postes)), dtype=int)
    for _ in range(TOURS_KMEANS):
        avant, donnes = donnes, _affecter(lieux, centres, demandes, capacites)
        if (avant == donnes).all():
            break
        remplis = donnes.sum(axis=0) > 0
        milieux = donnes.T @ lieux / np.maximum(donnes.sum(axis=0), 1)[:, None]
        centres = np.where(remplis[:, None], milieux, centres)
    niveaux = probleme.reglages.niveaux
    return [
        _ligne(probleme, postes[j], sites[i], niveau)
        for i, j in zip(*np.nonzero(donnes), strict=True)
        if (niveau := max(n for n in niveaux if n <= donnes[i, j]))
    ]


def _affecter(
    lieux: np.ndarray, centres: np.ndarray, demandes: np.ndarray, capacites: np.ndarray
) -> np.ndarray:
    """Half-days [place, centre] at least total squared distance, demands met, capacities kept."""
    nb_lieux, nb_centres = len(lieux), len(centres)
    carres = ((lieux[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    couts = np.rint(carres * PRECISION_KM2).astype(np.int64)
    flot = min_cost_flow.SimpleMinCostFlow()
    arcs = flot.add_arcs_with_capacity_and_unit_cost(
        np.repeat(np.arange(nb_lieux), nb_centres),
        np.tile(np.arange(nb_lieux, nb_lieux + nb_centres), nb_lieux),
        np.repeat(demandes, nb_centres),
        couts.ravel(),
    )
    puits = nb_lieux + nb_centres
    flot.add_arcs_with_capacity_and_unit_cost(
        np.arange(nb_lieux, puits), np.full(nb_centres, puits), capacites, np.zeros(nb_centres, int)
    )
    flot.set_nodes_supplies(np.arange(nb_lieux), demandes)
    flot.set_node_supply(puits, -int(demandes.sum()))
    if flot.solve() != flot.OPTIMAL:
        raise RuntimeError("k-means\u202f: les demandes ne tiennent pas dans les capacités")
    return flot.flows(arcs).reshape(nb_lieux, nb_centres)


def p_mediane(probleme: Probleme) -> Lignes:
    """Capacitated p-median of PySAL: every poste open, demands scaled to the means.

    RuntimeError when no whole assignment is found within `DUREE_P_MEDIANE_S`.
    """
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
    modele = modele.solve(
        pulp.PULP_CBC_CMD(msg=False, timeLimit=DUREE_P_MEDIANE_S, gapRel=ECART_P_MEDIANE)
    )
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


def remis_dans_les_regles(probleme: Probleme, lignes: Lignes) -> Lignes:
    """What is left of a plan once each presence that breaks a rule is lowered or dropped."""
    index = Index.de(ordonner(probleme))
    presences = tuple(Presence(**ligne) for ligne in lignes)
    plan = reparer(index, socle_des_verrous(index), presences)
    return [_ligne(index.probleme, p, s, presence) for (p, s), presence in sorted(plan.items())]


def _servants(probleme: Probleme) -> list[int]:
    return [
        p
        for p, poste in enumerate(probleme.postes)
        if not poste.sans_secteur and poste.capacite > 0 and poste.latitude is not None
    ]


def _plan(objets: list) -> np.ndarray:
    """Kilometres on a local plane, one row each."""
    degres = np.array([(o.latitude, o.longitude) for o in objets], dtype=float)
    milieu = math.radians(float(degres[:, 0].mean()))
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
