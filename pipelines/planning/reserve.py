"""Every sector that could be in a better plan: columns enumerated within a reduced cost.

Dual values give each column of poste p a price; its reduced cost is what it prices above the least
column of p. A plan that uses a column of reduced cost r costs at least bound + r: whoever looks for
a plan cheaper than bound + r may forget that column. Used for the first objective only, where a
poste that serves a set of sites alone has one best way to share its half-days.
"""

from dataclasses import dataclass

import numpy as np

from pipelines.planning.decomposition import ECHELLE_DUALE, Decomposition, Duales
from pipelines.planning.modele import cout_manque
from pipelines.planning.tables import INTERDIT, Colonne

EN_COURS_MAX = 4  # unfinished sets of a poste, as a multiple of the columns still allowed
PAS_INITIAL = 8  # the search begins at 1/2^8 of the reduced cost asked for, and widens


@dataclass(frozen=True)
class Reserve:
    """Columns as arrays, one row each: `poste` [n]; `sites` [n, k], -1 beyond the last.

    `partage` [n, k]: half-days given to a shared site, 0 where the poste is alone; `gain` [n]: what
    the presences alone save on the shortage, at scale ECHELLE_DUALE. `portee`: every column whose
    reduced cost is under it (same scale) is here.
    """

    poste: np.ndarray
    sites: np.ndarray
    partage: np.ndarray
    gain: np.ndarray
    portee: int

    def restreindre(self, garde: np.ndarray) -> "Reserve":
        """The rows of `garde` (booleans or positions)."""
        return Reserve(
            self.poste[garde],
            self.sites[garde],
            self.partage[garde],
            self.gain[garde],
            self.portee,
        )

    def profits(self, duales: Duales) -> np.ndarray:
        """What each column earns at these dual values, scale ECHELLE_DUALE."""
        return self.gain + _prix_des_sites(duales, self.poste, self.sites, self.partage)


def enumerer(dec: Decomposition, duales: Duales, ecart: int, limite: int) -> Reserve:
    """The columns within reduced cost `ecart` (in units of the objective), `limite` at most.

    When there are more, a smaller reduced cost is covered: see `Reserve.portee`.
    """
    meilleurs, _ = dec.moins_cheres(duales)
    trouvee = _vide(dec)
    portee = max(1, (ecart * ECHELLE_DUALE) >> PAS_INITIAL)
    while True:
        essai = _jusqu_a(dec, duales, meilleurs, portee, limite)
        if essai is None:
            return trouvee
        trouvee = essai
        if portee >= ecart * ECHELLE_DUALE:
            return trouvee
        portee = min(ecart * ECHELLE_DUALE, portee * 3 // 2 + 1)


def _vide(dec: Decomposition) -> Reserve:
    rien = np.zeros((0, dec.largeur), dtype=np.int64)
    return Reserve(rien[:, :0].reshape(0), rien, rien, rien[:, :0].reshape(0), 0)


def _jusqu_a(
    dec: Decomposition, duales: Duales, meilleurs: np.ndarray, portee: int, limite: int
) -> Reserve | None:
    """The columns within reduced cost `portee` (scale ECHELLE_DUALE); None beyond `limite`."""
    lots, total = [], 0
    for p in range(len(dec.t.capacite)):
        lot = _du_poste(dec, duales, p, int(meilleurs[p]) - portee, limite - total)
        if lot is None:
            return None
        lots.append((np.full(len(lot[0]), p, dtype=np.int64), *lot))
        total += len(lot[0])
    poste, sites, partage, gain = (np.concatenate(c) for c in zip(*lots, strict=True))
    return Reserve(poste, sites, partage, gain, portee)


@dataclass(frozen=True)
class _Choix:
    """A site a poste may add: alone at its best level, or shared at one level."""

    site: int
    partage: int
    niveaux: list[int]
    profits: list[int]


def _choix(dec: Decomposition, duales: Duales, p: int) -> tuple[list[_Choix], int]:
    """The choices of poste p, those of its imposed sites first, and how many sites are imposed."""
    t, reglages = dec.t, dec.index.probleme.reglages
    obliges = sorted(s for s in t.admis[p] if (p, s) in t.impose)
    choix = []
    for s in [*obliges, *sorted(t.admis[p] - set(obliges))]:
        niveaux = [n for n in t.niveaux[p, s] if 0 < n <= t.capacite[p]]
        if not niveaux:
            continue
        site = dec.index.probleme.sites[s]
        rien = cout_manque(site, reglages, 0)
        gains = [ECHELLE_DUALE * (rien - cout_manque(site, reglages, n)) for n in niveaux]
        choix.append(_Choix(s, 0, niveaux, [g - int(duales.mu[s]) for g in gains]))
        if dec.partage[s]:
            choix += [
                _Choix(s, n, [n], [int(duales.rho[s, n]) - int(duales.sigma[p, s])])
                for n in niveaux
            ]
    return choix, len(obliges)


def _du_poste(
    dec: Decomposition, duales: Duales, p: int, seuil: int, limite: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Columns of p that earn `seuil` or more: sites, shared levels, gains; None beyond `limite`.

    Sets grow one choice at a time; a set whose best completion stays under `seuil` is dropped.
    """
    t = dec.t
    capacite, largeur = t.capacite[p], t.sites_max[p]
    choix, nb_obliges = _choix(dec, duales, p)
    suite = np.zeros((len(choix) + 1, largeur + 1, capacite + 1), dtype=np.int64)
    for i in range(len(choix) - 1, -1, -1):
        suite[i] = suite[i + 1]
        suite[i, 1:] = np.maximum(suite[i, 1:], _ajouter(suite[i + 1, :-1], choix[i]))
    site_de = np.array([c.site for c in choix] + [-1])
    partage_de = np.array([c.partage for c in choix] + [0])
    profits = np.zeros((1, capacite + 1), dtype=np.int64)
    ensembles = np.full((1, dec.largeur), len(choix), dtype=np.int64)
    retenus, valeurs = [], []
    nombre = 0
    for k in range(largeur + 1):
        if k >= nb_obliges:
            bons = profits[:, capacite] >= seuil
            retenus.append(ensembles[bons])
            valeurs.append(profits[bons, capacite])
            nombre += int(bons.sum())
        if k == largeur:
            break
        dernier = ensembles[:, k - 1] if k else np.full(len(ensembles), -1)
        nouveaux, nouveaux_profits, en_cours = [], [], 0
        for i, c in enumerate(choix):
            if k < nb_obliges and c.site != _oblige(choix, k):
                continue
            suivants = np.flatnonzero(
                (dernier < i) & (site_de[dernier] != c.site)
                if k
                else np.ones(len(ensembles), dtype=bool)
            )
            if not len(suivants):
                continue
            essai = _ajouter(profits[suivants], c)
            mieux = (essai + suite[i + 1, largeur - k - 1, ::-1]).max(axis=1) >= seuil
            garde = ensembles[suivants[mieux]].copy()
            garde[:, k] = i
            nouveaux.append(garde)
            nouveaux_profits.append(essai[mieux])
            en_cours += len(garde)
            if nombre + en_cours > max(limite, 1) * EN_COURS_MAX:
                return None
        if not nouveaux:
            break
        ensembles, profits = np.concatenate(nouveaux), np.concatenate(nouveaux_profits)
    lignes, valeur = np.concatenate(retenus), np.concatenate(valeurs)
    sites, partage = site_de[lignes], partage_de[lignes]
    for e in sorted(t.admis[p]):
        if t.tete[e] is not None:
            permis = ~(sites == e).any(axis=1) | (sites == t.tete[e]).any(axis=1)
            sites, partage, valeur = sites[permis], partage[permis], valeur[permis]
    if len(valeur) > limite:
        return None
    return sites, partage, valeur - _prix_des_sites(duales, np.array(p), sites, partage)


def _prix_des_sites(
    duales: Duales, poste: np.ndarray, sites: np.ndarray, partage: np.ndarray
) -> np.ndarray:
    """What the dual values of its sites add to each column: −mu alone, rho − sigma shared."""
    rien = sites < 0
    seuls = np.where(rien | (partage > 0), 0, duales.mu[sites])
    communs = duales.rho[sites, partage] - duales.sigma[poste[..., None], sites]
    return np.where(rien | (partage == 0), 0, communs).sum(axis=1) - seuls.sum(axis=1)


def _oblige(choix: list[_Choix], k: int) -> int:
    """The k-th imposed site, in the order of the choices."""
    vus: list[int] = []
    for c in choix:
        if c.site not in vus:
            vus.append(c.site)
    return vus[k]


def _ajouter(profits: np.ndarray, choix: _Choix) -> np.ndarray:
    """Best profit for each capacity once `choix` is added, last axis the half-days."""
    resultat = np.full_like(profits, INTERDIT)
    fin = profits.shape[-1]
    for n, gain in zip(choix.niveaux, choix.profits, strict=True):
        np.maximum(resultat[..., n:], profits[..., : fin - n] + gain, out=resultat[..., n:])
    return resultat


def en_colonnes(dec: Decomposition, reserve: Reserve) -> list[Colonne]:
    """The columns of `reserve` with their half-days, the best sharing of each poste's time."""
    return [
        _colonne(dec, int(p), sites, partage)
        for p, sites, partage in zip(
            reserve.poste, reserve.sites.tolist(), reserve.partage.tolist(), strict=True
        )
    ]


def _colonne(dec: Decomposition, p: int, sites: list[int], partage: list[int]) -> Colonne:
    t = dec.t
    commun = [(s, n, True) for s, n in zip(sites, partage, strict=True) if s >= 0 and n]
    seuls = [s for s, n in zip(sites, partage, strict=True) if s >= 0 and not n]
    etats: dict[int, tuple[int, tuple[tuple[int, int, bool], ...]]] = {
        sum(n for _, n, _ in commun): (0, ())
    }
    for s in seuls:
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
    return p, tuple(sorted((*commun, *meilleur)))
