"""Every sector that could be in a better plan: columns enumerated within a reduced cost.

Dual values give each column of poste p a price; its reduced cost is what it prices above the least
column of p. A plan that uses a column of reduced cost r costs at least the bound of these dual
values + r: whoever looks for a plan cheaper than that may forget the column.

Where neither the objective nor a cap counts travel, a poste that serves a set of sites alone has
one best way to share its half-days: one column stands for all. Travel counts the days begun, so
each sharing is then a column of its own, unless another serves the same sites for less of both.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from pipelines.planning.decomposition import Decomposition, Duales
from pipelines.planning.modele import RANG_TRAJETS
from pipelines.planning.tables import INTERDIT, Colonne

EN_COURS = 2  # columns of one poste, or their beginnings, in multiples of the most kept in all
PAS = 2  # the reduced cost is divided by that while it holds too many columns …
ESSAIS = 8  # … so many times: what is left then proves too little


@dataclass(frozen=True)
class Reserve:
    """Columns as arrays, one row each: `poste` [n]; `sites` [n, k], -1 beyond the last.

    `niveaux` [n, k]: half-days at each site, 0 where the poste shares what is left at best;
    `partage` [n, k]: whether other postes serve the site too; `cout_reduit` [n], at scale
    ECHELLE_DUALE. Every column whose reduced cost is under `portee` (same scale) is here.
    """

    poste: np.ndarray
    sites: np.ndarray
    niveaux: np.ndarray
    partage: np.ndarray
    cout_reduit: np.ndarray
    portee: int


def enumerer(
    dec: Decomposition,
    duales: Duales,
    ecart: int,
    limite: int,
    *,
    postes: Collection[int] | None = None,
    ouverts: Collection[int] | None = None,
) -> Reserve:
    """The columns within reduced cost `ecart` (scale ECHELLE_DUALE), about `limite` at most.

    Those of `postes` at the sites `ouverts` only, when given: `portee` is then said of them. When
    there are more, a smaller reduced cost is covered: see `Reserve.portee`; none at all when even a
    small one holds too many.
    """
    meilleurs, _ = dec.moins_cheres(duales)
    portee, moindre = ecart, ecart // PAS**ESSAIS
    lots: list[tuple[np.ndarray, ...]] = []
    for p in range(len(dec.t.capacite)) if postes is None else sorted(postes):
        du_poste = _Choix.du_poste(dec, duales, p, ouverts)
        while (
            lot := _ensembles(dec, du_poste, p, int(meilleurs[p]) - portee, EN_COURS * limite)
        ) is None:
            portee //= PAS
            if portee < moindre:
                return _vide(dec)
        rangs, profits = lot
        utiles = _non_dominees(dec, du_poste, p, rangs)
        rangs, profits = rangs[utiles], profits[utiles]
        lots.append(
            (
                np.full(len(rangs), p, dtype=np.int64),
                du_poste.site[rangs],
                du_poste.niveau[rangs],
                du_poste.partage[rangs],
                int(meilleurs[p]) - profits,
            )
        )
    poste, sites, niveaux, partage, cout = (np.concatenate(c) for c in zip(*lots, strict=True))
    if (cout < portee).sum() > limite:
        portee = int(np.partition(cout, limite)[limite])
    garde = cout < portee
    return Reserve(poste[garde], sites[garde], niveaux[garde], partage[garde], cout[garde], portee)


def _non_dominees(dec: Decomposition, choix: "_Choix", p: int, rangs: np.ndarray) -> np.ndarray:
    """Ranks of the columns no other makes useless.

    Of two ways for a poste to share its time between the same sites, the same presences at those
    it shares, the one that costs no less travel and leaves no less shortage can be forgotten: it
    changes as much and its reduced cost is no less. Equal ones leave one.
    """
    if not len(rangs) or (choix.niveau[:-1] == 0).any():
        return np.arange(len(rangs))
    mesures = np.array(
        [
            dec.mesures(p, s, n, partagee) if n else (0, 0, 0)
            for s, n, partagee in zip(
                choix.site.tolist(), choix.niveau.tolist(), choix.partage.tolist(), strict=True
            )
        ],
        dtype=np.int64,
    )
    sommes = mesures[rangs].sum(axis=1)
    manque, trajets = sommes[:, 0], sommes[:, RANG_TRAJETS]
    lignes = np.arange(len(choix.site))
    memes = np.where(choix.partage, lignes, -choix.site - 2)
    _, groupe = np.unique(memes[rangs], axis=0, return_inverse=True)
    ordre = np.lexsort((manque, trajets, groupe))
    # one running minimum for all: each group stands lower than all those before it
    etage = manque[ordre] - groupe[ordre] * (np.ptp(manque) + 1)
    avant = np.concatenate(([etage[0] + 1], np.minimum.accumulate(etage)[:-1]))
    return np.sort(ordre[etage < avant])


def _vide(dec: Decomposition) -> Reserve:
    rien = np.zeros((0, dec.largeur), dtype=np.int64)
    return Reserve(rien[:, :0].ravel(), rien, rien, rien > 0, rien[:, :0].ravel(), 0)


@dataclass(frozen=True)
class _Choix:
    """What a poste may add to its sector, those of its imposed sites first, one row each.

    `site`, `partage`, and `niveau` (0 when the row stands for every level); `profits` [row,
    half-days]: what the row earns for that many half-days, INTERDIT where it has no such level.
    `obliges`: its imposed sites, in the order of the rows. A last row stands for « nothing ».
    """

    site: np.ndarray
    niveau: np.ndarray
    partage: np.ndarray
    profits: np.ndarray
    obliges: list[int]

    @staticmethod
    def du_poste(
        dec: Decomposition, duales: Duales, p: int, ouverts: Collection[int] | None
    ) -> "_Choix":
        t = dec.t
        par_niveau = dec.rang >= RANG_TRAJETS or len(dec.plafonds) > RANG_TRAJETS
        obliges = sorted(s for s in t.admis[p] if (p, s) in t.impose)
        lignes: list[tuple[int, int, bool, dict[int, int]]] = []
        libres = t.admis[p] if ouverts is None else t.admis[p] & set(ouverts)
        for s in [*obliges, *sorted(libres - set(obliges))]:
            seuls, communs = dec.profits(duales, p, s)
            if par_niveau:
                lignes += [(s, n, False, {n: gain}) for n, gain in seuls.items()]
            elif seuls:
                lignes.append((s, 0, False, seuls))
            lignes += [(s, n, True, {n: gain}) for n, gain in communs.items()]
        profits = np.full((len(lignes) + 1, t.capacite[p] + 1), INTERDIT, dtype=np.int64)
        for i, (_, _, _, gains) in enumerate(lignes):
            profits[i, list(gains)] = list(gains.values())
        return _Choix(
            np.array([s for s, _, _, _ in lignes] + [-1]),
            np.array([n for _, n, _, _ in lignes] + [0]),
            np.array([partagee for _, _, partagee, _ in lignes] + [False]),
            profits,
            obliges,
        )


def _ensembles(
    dec: Decomposition, choix: _Choix, p: int, seuil: int, limite: int
) -> tuple[np.ndarray, np.ndarray] | None:
    """Sets of rows of `choix` that earn more than `seuil`, and what they earn.

    None when they, with those not yet complete, are more than `limite`. Sets grow one row
    at a time; a set whose best completion does not pass `seuil` is dropped.
    """
    t = dec.t
    capacite, largeur, rien = t.capacite[p], t.sites_max[p], len(choix.site) - 1
    utiles = _utiles(choix, capacite, largeur, seuil)
    suite = np.zeros((len(utiles) + 1, largeur + 1, capacite + 1), dtype=np.int64)
    for i in range(len(utiles) - 1, -1, -1):
        suite[i] = suite[i + 1]
        suite[i, 1:] = np.maximum(
            suite[i, 1:], _ajouter(suite[i + 1, :-1], choix.profits[utiles[i]])
        )
    profits = np.zeros((1, capacite + 1), dtype=np.int64)
    ensembles = np.full((1, dec.largeur), rien, dtype=np.int64)
    retenus, valeurs = [], []
    nombre = 0
    for k in range(largeur + 1):
        if k >= len(choix.obliges):
            bons = profits[:, capacite] > seuil
            retenus.append(ensembles[bons])
            valeurs.append(profits[bons, capacite])
            nombre += int(bons.sum())
        if k == largeur:
            break
        dernier = ensembles[:, k - 1] if k else np.full(1, -1)
        nouveaux, nouveaux_profits, en_cours = [], [], 0
        for i, ligne in enumerate(utiles.tolist()):
            site = choix.site[ligne]
            if k < len(choix.obliges) and site != choix.obliges[k]:
                continue
            suivants = np.flatnonzero(dernier < ligne)
            if k:
                suivants = suivants[choix.site[dernier[suivants]] != site]
            if not len(suivants):
                continue
            essai = _ajouter(profits[suivants], choix.profits[ligne])
            mieux = (essai + suite[i + 1, largeur - k - 1, ::-1]).max(axis=1) > seuil
            garde = ensembles[suivants[mieux]].copy()
            garde[:, k] = ligne
            nouveaux.append(garde)
            nouveaux_profits.append(essai[mieux])
            en_cours += len(garde)
            if nombre + en_cours > limite:
                return None
        if not nouveaux:
            break
        ensembles, profits = np.concatenate(nouveaux), np.concatenate(nouveaux_profits)
    rangs, valeur = np.concatenate(retenus), np.concatenate(valeurs)
    sites = choix.site[rangs]
    for e in sorted(t.admis[p]):
        if t.tete[e] is not None:
            permis = ~(sites == e).any(axis=1) | (sites == t.tete[e]).any(axis=1)
            sites, rangs, valeur = sites[permis], rangs[permis], valeur[permis]
    return rangs, valeur


def _utiles(choix: _Choix, capacite: int, largeur: int, seuil: int) -> np.ndarray:
    """The rows that some set worth more than `seuil` may hold."""
    rien = len(choix.site) - 1
    table = np.zeros((largeur + 1, capacite + 1), dtype=np.int64)
    for i in range(rien):
        table[1:] = np.maximum(table[1:], _ajouter(table[:-1], choix.profits[i]))
    if not largeur:
        return np.arange(0)
    au_mieux = np.array(
        [(choix.profits[i] + table[largeur - 1, ::-1]).max() for i in range(rien)], dtype=np.int64
    )
    return np.flatnonzero(au_mieux > seuil)


def _ajouter(profits: np.ndarray, gains: np.ndarray) -> np.ndarray:
    """Best profit for each capacity once a row that earns `gains` is added, last axis half-days."""
    resultat = np.full_like(profits, INTERDIT)
    fin = profits.shape[-1]
    for n in np.flatnonzero(gains > INTERDIT).tolist():
        np.maximum(resultat[..., n:], profits[..., : fin - n] + gains[n], out=resultat[..., n:])
    return resultat


def en_colonnes(dec: Decomposition, reserve: Reserve) -> list[Colonne]:
    """The columns of `reserve` with their half-days, the best sharing of what is left free."""
    return [
        _colonne(dec, p, [ligne for ligne in zip(*de, strict=True) if ligne[0] >= 0])
        for p, *de in zip(
            reserve.poste.tolist(),
            reserve.sites.tolist(),
            reserve.niveaux.tolist(),
            reserve.partage.tolist(),
            strict=True,
        )
    ]


def _colonne(dec: Decomposition, p: int, lignes: list[tuple[int, int, bool]]) -> Colonne:
    t = dec.t
    fixes = [(s, n, partagee) for s, n, partagee in lignes if n]
    etats: dict[int, tuple[int, tuple[tuple[int, int, bool], ...]]] = {
        sum(n for _, n, _ in fixes): (0, ())
    }
    for s, libre, _ in lignes:
        if libre:
            continue
        suivants: dict[int, tuple[int, tuple[tuple[int, int, bool], ...]]] = {}
        for pris, (gain, choisis) in etats.items():
            for n in t.niveaux[p, s]:
                total = pris + n
                if n == 0 or total > t.capacite[p]:
                    continue
                nouveau = gain + t.cout[s][0] - t.cout[s][n]
                if total not in suivants or nouveau > suivants[total][0]:
                    suivants[total] = (nouveau, (*choisis, (s, n, False)))
        etats = suivants
    meilleur = max(etats.values(), key=lambda etat: etat[0])[1]
    return p, tuple(sorted((*fixes, *meilleur)))
