"""Proven bounds: column generation by poste, dual values checked in integers."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from ortools.linear_solver import pywraplp

from pipelines.planning import modele
from pipelines.planning.modele import NB_ADDITIFS, Index
from pipelines.planning.tables import INTERDIT, Colonne, Tables

LISSAGE = 0.6  # weight of the best dual values so far (Wentges smoothing)
ECHELLE_DUALE = 2**20  # dual values are rounded to integers at this scale: bounds stay exact


@dataclass(frozen=True)
class Duales:
    """Dual values as integers at scale ECHELLE_DUALE.

    `mu` [site]; `rho` [site, half-days] and `sigma` [poste, site], 0 where the site is not shared;
    `plafonds` [objective won before].
    """

    mu: np.ndarray
    rho: np.ndarray
    sigma: np.ndarray
    plafonds: tuple[int, ...]


class Decomposition:
    """Column generation by poste: the bound comes from dual values, checked in integers.

    Master: choose one column for each poste. A site s served by one poste earns the gain of that
    presence, g[s](n) = cost[s](0) − cost[s](n). A site that 2 to m[s] postes may share has one
    more variable z[s, k] for each mode k, a multiset of 2 to m[s] levels whose sum |k| is within
    the besoin: z earns g[s](|k|) and asks for shared presences at exactly these levels. Rows and
    their dual values, all >= 0 but rho:

        mu[s]        presences alone + sum over k of z[s, k] <= 1
        rho[s, n]    sum over k of (times n is in k) × z[s, k] = shared presences of n half-days
        sigma[p, s]  shared presences of poste p <= sum over k of z[s, k]
        lambda[j]    value of each objective won before <= its cap

    The rows sigma add nothing in whole numbers; in fractions they keep a poste from sharing a site
    with itself, and rows by level keep 18 + 14 from passing for 16 + 16.

    For any dual values, with a[j] the weight of objective j (1 for the stage's own, plus lambda[j]
    for those with a cap, 0 for the others):

        bound = sum over p of the least priced column of p − sum over s of mu[s]
                + sum over shared s of min(0, mu[s] − sum over p of sigma[p, s] + min over k of
                                              (sum over n in k of rho[s, n] − a[0] × g[s](|k|)))
                + sum over j of a[j] × (objective j of an empty plan) − lambda[j] × cap[j]

    is below every plan (Lagrangean duality), so rounding them to integers keeps it exact.
    """

    def __init__(self, index: Index, rang: int, plafonds: tuple[int, ...]) -> None:
        self.t = t = Tables(index)
        self.index, self.rang, self.plafonds = index, rang, plafonds
        self.prix_manque: float | None = None
        self.duales: Duales | None = None
        self.borne_exacte = Fraction(0)
        self.est_convergee = False
        self.largeur = max(t.sites_max, default=0)
        self.capacite = max(t.capacite, default=0)
        sites = range(len(t.cout))
        rangees: list[list[int]] = [[] for _ in sites]
        for p, s in sorted(t.niveaux):
            rangees[s].append(p)
        self.rangees = [np.array(r, dtype=np.int64) for r in rangees]
        self.partage = [min(t.postes_max[s], len(rangees[s])) > 1 for s in sites]
        self.niveaux = [
            sorted({n for p in rangees[s] for n in t.niveaux[p, s] if n > 0}) for s in sites
        ]
        self.modes = [
            _modes(self.niveaux[s], t.postes_max[s], len(t.cout[s]) - 1) if self.partage[s] else ()
            for s in sites
        ]
        self.partages = [s for s in sites if self.partage[s]]
        self.mesures_seul = [
            np.array(
                [[self.mesures(p, s, n, False) for n in self.niveaux[s]] for p in rangees[s]],
                dtype=np.int64,
            ).reshape(len(rangees[s]), len(self.niveaux[s]), NB_ADDITIFS)
            for s in sites
        ]
        self.admis = [
            np.array(
                [[n in t.niveaux[p, s] for n in self.niveaux[s]] for p in rangees[s]], dtype=bool
            ).reshape(len(rangees[s]), len(self.niveaux[s]))
            for s in sites
        ]
        self.force = [np.array([(p, s) in t.impose for p in rangees[s]], dtype=bool) for s in sites]
        self.constantes = (sum(cout[0] for cout in t.cout), len(index.actuels), 0)
        self.nb_cases = max(
            1,
            sum(
                len(rangees[s]) * len(self.niveaux[s]) * self.largeur * (self.capacite + 1)
                for s in sites
            ),
        )

    def mesures(self, p: int, s: int, n: int, partagee: bool) -> tuple[int, int, int]:
        """What level n at (p, s) adds to the objectives; a shared gain is counted by z[s, c]."""
        cout = self.t.cout[s]
        return (
            0 if partagee else cout[n] - cout[0],
            self.t.changement(p, s),
            modele.trajets_couple(self.index, p, s, n),
        )

    def borner(
        self,
        valeur: int,
        plan: list[Colonne],
        colonnes: set[Colonne],
        tours: int,
        fini: Callable[[], bool],
    ) -> int:
        """The best proven bound after at most `tours` rounds; adds its columns to `colonnes`.

        `plan`: columns of a plan that keeps the caps, so that the master always has a solution;
        `valeur`: its objective, at which the bound can rise no more.
        """
        maitre = Maitre(self)
        for colonne in [*plan, *sorted(colonnes)]:
            maitre.ajouter(colonne)
        for p in range(len(self.t.capacite)):
            if not any((p, s) in self.t.impose for s in self.t.admis[p]):
                maitre.ajouter((p, ()))
        meilleure: Fraction | float = -math.inf
        centre = None
        for _ in range(tours):
            duales = maitre.resoudre()
            if duales is None or fini():
                break
            nouvelles = 0
            for lissage in (LISSAGE, 0.0) if centre is not None else (0.0,):
                essai = duales if centre is None else lissage * centre + (1 - lissage) * duales
                borne, trouvees = self.evaluer(essai)
                nouvelles += sum(maitre.ajouter(colonne) for colonne in trouvees)
                colonnes.update(trouvees)
                if borne > meilleure:
                    meilleure, centre = borne, essai
                if nouvelles:
                    break
            proche = maitre.valeur - meilleure < max(0.5, maitre.valeur * 1e-5)
            if not nouvelles or proche or math.ceil(meilleure) >= valeur:
                self.est_convergee = True
                break
        if centre is not None:
            self.duales, self.borne_exacte = self.arrondir(centre), meilleure
        if centre is not None and self.plafonds:
            self.prix_manque = float(centre[-len(self.plafonds)])
        if meilleure == -math.inf:
            return 0
        return max(0, min(valeur, math.ceil(meilleure)))

    def arrondir(self, duales: np.ndarray) -> Duales:
        """Dual values (mu, rho, sigma, lambda) of the master, as integers; all but rho >= 0."""
        nb_sites, nb_postes = len(self.t.cout), len(self.t.capacite)
        entiers = np.rint(duales * ECHELLE_DUALE).astype(np.int64)
        mu = np.maximum(entiers[:nb_sites], 0)
        rho = np.zeros((nb_sites, self.capacite + 1), dtype=np.int64)
        sigma = np.zeros((nb_postes, nb_sites), dtype=np.int64)
        lu = nb_sites
        for s in self.partages:
            rho[s, self.niveaux[s]] = entiers[lu : lu + len(self.niveaux[s])]
            lu += len(self.niveaux[s])
            sigma[self.rangees[s], s] = np.maximum(entiers[lu : lu + len(self.rangees[s])], 0)
            lu += len(self.rangees[s])
        return Duales(mu, rho, sigma, tuple(max(0, int(prix)) for prix in entiers[lu:]))

    def profits(self, duales: Duales, p: int, s: int) -> tuple[dict[int, int], dict[int, int]]:
        """What each level of poste p at site s earns at `duales`: alone, and shared."""
        poids, seuls, communs = self.poids(duales), {}, {}
        for n in self.t.niveaux[p, s]:
            if not 0 < n <= self.t.capacite[p]:
                continue
            seuls[n] = -int(duales.mu[s])
            seuls[n] -= sum(a * b for a, b in zip(poids, self.mesures(p, s, n, False), strict=True))
            if self.partage[s]:
                communs[n] = int(duales.rho[s, n]) - int(duales.sigma[p, s])
                communs[n] -= sum(
                    a * b for a, b in zip(poids, self.mesures(p, s, n, True), strict=True)
                )
        return seuls, communs

    def poids(self, duales: Duales) -> list[int]:
        """a[k], the weight of each objective, at scale ECHELLE_DUALE."""
        poids = [0] * NB_ADDITIFS
        poids[self.rang] = ECHELLE_DUALE
        for rang, prix in enumerate(duales.plafonds):
            poids[rang] += prix
        return poids

    def moins_cheres(self, duales: Duales) -> tuple[np.ndarray, list[Colonne]]:
        """What the least priced column of each poste earns (scale ECHELLE_DUALE), and it."""
        poids = np.array(self.poids(duales), dtype=np.int64)
        return self._colonnes_les_moins_cheres(poids, duales)

    def evaluer(self, duales: np.ndarray) -> tuple[Fraction, list[Colonne]]:
        """The bound that `duales`, in the order of the rows, prove; each poste's least column."""
        entieres = self.arrondir(duales)
        gains, trouvees = self.moins_cheres(entieres)
        return self.borne_de(entieres, int(gains.sum())), trouvees

    def borne_de(self, duales: Duales, gains: int) -> Fraction:
        """The bound when the least priced columns earn `gains` in all (scale ECHELLE_DUALE)."""
        poids = self.poids(duales)
        total = -gains - int(duales.mu.sum())
        for s in self.partages:
            total += min((0, *self.prix_des_modes(duales, s).values()))
        total += sum(poids[rang] * constante for rang, constante in enumerate(self.constantes))
        total -= sum(prix * cap for prix, cap in zip(duales.plafonds, self.plafonds, strict=True))
        return Fraction(total, ECHELLE_DUALE)

    def prix_des_modes(self, duales: Duales, s: int) -> dict[tuple[int, ...], int]:
        """What each way of sharing site s costs at `duales` (scale ECHELLE_DUALE)."""
        cout, gain = self.t.cout[s], self.poids(duales)[0]
        commun = int(duales.mu[s]) - int(duales.sigma[:, s].sum())
        rho = duales.rho[s].tolist()
        return {
            mode: commun + sum(rho[n] for n in mode) - gain * (cout[0] - cout[sum(mode)])
            for mode in self.modes[s]
        }

    def modes_utiles(self, duales: Duales, ecart: int) -> dict[int, list[tuple[int, ...]]]:
        """The ways of sharing each site within reduced cost `ecart` (scale ECHELLE_DUALE)."""
        utiles = {}
        for s in self.partages:
            prix = self.prix_des_modes(duales, s)
            moindre = min((0, *prix.values()))
            utiles[s] = [mode for mode, cout in prix.items() if cout - moindre < ecart]
        return utiles

    def _colonnes_les_moins_cheres(
        self, poids: np.ndarray, duales: Duales
    ) -> tuple[np.ndarray, list[Colonne]]:
        """Dynamic programme over the sites, all postes at once: table [poste, sites, half-days].

        A head collège with its écoles REP+ is one step: without it, or with it and then each of
        its écoles or not.
        """
        t = self.t
        prix = (poids, duales)
        nb_postes = len(t.capacite)
        table = np.zeros((nb_postes, self.largeur + 1, self.capacite + 1), dtype=np.int64)
        ecoles = {e for groupe in t.ecoles.values() for e in groupe}
        trace: list[tuple[list[tuple[int, np.ndarray]], np.ndarray | None]] = []
        for s in range(len(t.cout)):
            if s in ecoles or not len(self.rangees[s]):
                continue
            groupe = [e for e in t.ecoles.get(s, ()) if len(self.rangees[e])]
            if not groupe:
                trace.append(([self._pas(table, s, prix, self.force[s])], None))
                continue
            avec = np.full_like(table, INTERDIT)
            avec[self.rangees[s]] = table[self.rangees[s]]
            pas = [self._pas(avec, s, prix, np.ones(len(self.rangees[s]), dtype=bool))]
            obligees = set(self.rangees[s][self.force[s]].tolist())
            for e in groupe:
                pas.append(self._pas(avec, e, prix, self.force[e]))
                obligees |= set(self.rangees[e][self.force[e]].tolist())
            prend = avec > table
            prend[sorted(obligees)] = True
            np.copyto(table, avec, where=prend)
            trace.append((pas, prend))
        postes = np.arange(nb_postes)
        k, c = np.array(t.sites_max), np.array(t.capacite)
        gains = table[postes, k, c]
        choisis: list[list[tuple[int, int, bool]]] = [[] for _ in range(nb_postes)]
        for pas, prend in reversed(trace):
            actifs = np.ones(nb_postes, dtype=bool) if prend is None else prend[postes, k, c]
            for s, pris in reversed(pas):
                for i, p in enumerate(self.rangees[s].tolist()):
                    n = int(pris[i, k[p], c[p]]) if actifs[p] else 0
                    if n:
                        choisis[p].append((s, abs(n), n < 0))
                        k[p] -= 1
                        c[p] -= abs(n)
        return gains, [(p, tuple(sorted(sites))) for p, sites in enumerate(choisis)]

    def _pas(
        self,
        table: np.ndarray,
        s: int,
        prix: tuple[np.ndarray, Duales],
        force: np.ndarray,
    ) -> tuple[int, np.ndarray]:
        """Offer site `s` to its postes in `table` (changed in place).

        Returns the level chosen in each cell, negative when the site is shared.
        """
        poids, duales = prix
        rangees, niveaux = self.rangees[s], self.niveaux[s]
        gains = -(self.mesures_seul[s] @ poids) - duales.mu[s]
        signes = np.ones_like(gains)
        if self.partage[s]:
            # Shared, a presence loses the gain it earns alone (objective 0) and earns rho instead.
            en_commun = -(self.mesures_seul[s][:, :, 1:] @ poids[1:])
            en_commun = en_commun + duales.rho[s, niveaux] - duales.sigma[rangees, s, None]
            signes = np.where(en_commun > gains, -1, 1)
            gains = np.maximum(gains, en_commun)
        gains = np.where(self.admis[s], gains, INTERDIT)
        avant = table[rangees]
        apres = np.where(force[:, None, None], INTERDIT, avant)
        pris = np.zeros(avant.shape, dtype=np.int16)
        for i, n in enumerate(niveaux):
            if n > self.capacite:
                break
            essai = avant[:, :-1, : self.capacite + 1 - n] + gains[:, i, None, None]
            cible = apres[:, 1:, n:]
            mieux = essai > cible
            np.copyto(cible, essai, where=mieux)
            np.copyto(pris[:, 1:, n:], (n * signes[:, i, None, None]).astype(np.int16), where=mieux)
        table[rangees] = apres
        return s, pris


class Maitre:
    """The linear master of the decomposition, columns added as they come."""

    def __init__(self, dec: Decomposition) -> None:
        self.dec = dec
        t, rang = dec.t, dec.rang
        self.lp = lp = pywraplp.Solver.CreateSolver("CLP")
        infini = lp.infinity()
        self.objectif = lp.Objective()
        self.objectif.SetMinimization()
        self.une = [lp.Constraint(1.0, 1.0) for _ in t.capacite]
        self.site = [lp.Constraint(-infini, 1.0) for _ in t.cout]
        self.niveau = {
            (s, n): lp.Constraint(0.0, 0.0) for s in dec.partages for n in dec.niveaux[s]
        }
        self.une_fois = {
            (p, s): lp.Constraint(-infini, 0.0)
            for s in dec.partages
            for p in dec.rangees[s].tolist()
        }
        self.caps = [
            lp.Constraint(-infini, float(plafond - dec.constantes[k]))
            for k, plafond in enumerate(dec.plafonds)
        ]
        self.connues: set[Colonne] = set()
        self.valeur = math.inf
        for s in dec.partages:
            for mode in dec.modes[s]:
                z = lp.NumVar(0.0, infini, "")
                self.site[s].SetCoefficient(z, 1.0)
                for n in set(mode):
                    self.niveau[s, n].SetCoefficient(z, float(mode.count(n)))
                for p in dec.rangees[s].tolist():
                    self.une_fois[p, s].SetCoefficient(z, -1.0)
                gain = float(t.cout[s][sum(mode)] - t.cout[s][0])
                if rang == 0:
                    self.objectif.SetCoefficient(z, gain)
                else:
                    self.caps[0].SetCoefficient(z, gain)

    def ajouter(self, colonne: Colonne) -> bool:
        """Add a column unless it is there already."""
        if colonne in self.connues:
            return False
        p, sites = colonne
        totaux = [0] * NB_ADDITIFS
        variable = self.lp.NumVar(0.0, self.lp.infinity(), "")
        self.connues.add(colonne)
        self.une[p].SetCoefficient(variable, 1.0)
        for s, n, partagee in sites:
            if partagee:
                self.niveau[s, n].SetCoefficient(variable, -1.0)
                self.une_fois[p, s].SetCoefficient(variable, 1.0)
            else:
                self.site[s].SetCoefficient(variable, 1.0)
            for k, mesure in enumerate(self.dec.mesures(p, s, n, partagee)):
                totaux[k] += mesure
        self.objectif.SetCoefficient(variable, float(totaux[self.dec.rang]))
        for k, cap in enumerate(self.caps):
            cap.SetCoefficient(variable, float(totaux[k]))
        return True

    def resoudre(self) -> np.ndarray | None:
        """Dual values of the master in the order of its rows, None when it has no solution."""
        if self.lp.Solve() != pywraplp.Solver.OPTIMAL:
            return None
        self.valeur = self.objectif.Value() + self.dec.constantes[self.dec.rang]
        rangees = [*self.site]
        for s in self.dec.partages:
            rangees += [self.niveau[s, n] for n in self.dec.niveaux[s]]
            rangees += [self.une_fois[p, s] for p in self.dec.rangees[s].tolist()]
        return np.array([-rangee.dual_value() for rangee in (*rangees, *self.caps)])


def _modes(niveaux: list[int], postes_max: int, besoin: int) -> tuple[tuple[int, ...], ...]:
    """Every way 2 to `postes_max` postes can share a site: levels, in order, `besoin` at most."""
    modes: list[tuple[int, ...]] = []
    encours: list[tuple[int, ...]] = [()]
    for nombre in range(1, postes_max + 1):
        encours = [
            (*mode, n)
            for mode in encours
            for n in niveaux
            if (not mode or n >= mode[-1]) and sum(mode) + n <= besoin
        ]
        if nombre > 1:
            modes += encours
        if not encours:
            break
    return tuple(modes)
