"""Good plans: simulated annealing on who serves what, half-days shared out exactly."""

import math
import random
from collections.abc import Callable

import numpy as np

from pipelines.planning import modele
from pipelines.planning.modele import RANG_TRAJETS, SOUPLES, Couple, Index
from pipelines.planning.tables import INTERDIT, Colonne, Plan, Tables, colonnes_de

MEMOIRE_MAX = 150_000  # remembered sharings, about 150 MB
PAS_ANNONCE = 500  # moves between two looks at the stop
# Temperatures, as shares of the starting value per poste: from « most moves pass » to « none ».
CHAUD, FROID = 0.25, 0.005
# With floors or another convexity, a start can cost ten times what good plans do: temperatures
# then follow, if less, this many times the cost of means shared alike (tried from 1 to 4).
MARGE_PARTAGE = 2.0
# Leaning towards the later objectives while hot: a plan's odds fall by exp(-PENCHANT) for each
# link's worth of them. Once cold it weighs nothing against the stage's own objective.
PENCHANT = 0.5
# Weight of one unit beyond a capped value, in units of the stage's objective per unit of budget.
POIDS_DEPASSEMENT = 4.0


class Recuit:
    """Simulated annealing on who serves what; the half-days follow exactly.

    State: the set of sites of each poste. A move gives a site to a poste, taking it from the one
    that holds it or not, and sends what no longer fits back to the giver or to nobody. Given its
    sites, a poste shares its half-days by dynamic programming over the levels.
    """

    def __init__(
        self, index: Index, rang: int, plafonds: tuple[int, ...], prix_manque: float | None
    ) -> None:
        self.t = Tables(index)
        self.index, self.rang, self.plafonds = index, rang, plafonds
        self.prix = prix_manque or 0.0
        self._gains: dict[tuple[int, int, int], tuple[np.ndarray, list[int]]] = {}
        self._cumuls: dict[tuple, tuple[np.ndarray, list[np.ndarray]]] = {}
        self._communs: dict[tuple[int, int], np.ndarray] = {}
        self._partages: dict[tuple, tuple[int, ...] | None] = {}
        self._glisse: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def chercher(
        self, plan: Plan, mouvements: int, dire: Callable[[float, Plan], bool]
    ) -> tuple[Plan, set[Colonne]]:
        """The best plan met within the caps, and the columns of the plans that improved it."""
        t = self.t
        hasard = random.Random(self.index.probleme.graine * 7 + self.rang)
        self.secteurs: list[dict[int, int]] = [{} for _ in t.capacite]
        self.couverture = [0] * len(t.cout)
        self.tenants: list[set[int]] = [set() for _ in t.cout]
        self.trajets = [0] * len(t.capacite)
        for (p, s), presence in plan.items():
            self.secteurs[p][s] = presence
            self.couverture[s] += presence
            self.tenants[s].add(p)
            self.trajets[p] += modele.trajets_couple(self.index, p, s, presence)
        mesures = [objectif.valeur(self.index, plan) for objectif in SOUPLES]
        meilleure, meilleur = mesures[self.rang], dict(plan)
        vues = set(colonnes_de(plan))
        couples = sorted(t.niveaux)
        if not couples:
            return plan, vues
        energie = self._energie(mesures)
        reference = max(1.0, self._repere(energie) / max(1, len(t.capacite)))
        chaleur = reference * CHAUD
        penchants = [
            (rang, PENCHANT * len(plan) / max(1, mesures[rang]))
            for rang in range(self.rang + 1, len(SOUPLES))
        ]
        refroidit = (FROID / CHAUD) ** (1 / mouvements)
        for tour in range(mouvements):
            if tour % PAS_ANNONCE == 0 and dire(tour / mouvements, meilleur):
                break
            if len(self._cumuls) + len(self._partages) > MEMOIRE_MAX:
                self._cumuls.clear()
                self._partages.clear()
            chaleur *= refroidit
            essai = self._proposer(hasard, couples)
            if essai is None:
                continue
            secteurs, couverture, ecarts = essai
            nouvelles = [a + b for a, b in zip(mesures, ecarts, strict=True)]
            nouvelle = self._energie(nouvelles)
            montee = (nouvelle - energie) / chaleur + sum(
                prix * ecarts[rang] for rang, prix in penchants
            )
            if montee > 0 and hasard.random() >= math.exp(-montee):
                continue
            self._adopter(secteurs, couverture)
            mesures, energie = nouvelles, nouvelle
            if mesures[self.rang] < meilleure and self._tient(mesures):
                meilleure = mesures[self.rang]
                meilleur = {
                    (p, s): x for p, secteur in enumerate(self.secteurs) for s, x in secteur.items()
                }
                vues.update(
                    (p, tuple((s, x, len(self.tenants[s]) > 1) for s, x in sorted(secteur.items())))
                    for p, secteur in secteurs.items()
                )
        vues.update(colonnes_de(meilleur))
        return meilleur, vues

    def _repere(self, energie: float) -> float:
        """What the temperatures are shares of: the starting value, or less (see MARGE_PARTAGE)."""
        probleme = self.index.probleme
        ordinaire = probleme.reglages.convexite == 2 and not any(
            site.plancher and site.poids_plancher for site in probleme.sites
        )
        if self.rang > 0 or ordinaire:
            return energie
        besoin = sum(site.besoin for site in probleme.sites)
        part = min(1.0, sum(self.t.capacite) / max(1, besoin))
        partage = sum(cout[int(part * (len(cout) - 1))] for cout in self.t.cout)
        return min(energie, MARGE_PARTAGE * partage)

    def _tient(self, mesures: list[int]) -> bool:
        return all(m <= plafond for m, plafond in zip(mesures, self.plafonds, strict=False))

    def _energie(self, mesures: list[int]) -> float:
        """The stage's objective, plus a price for what goes beyond the values won before."""
        energie = float(mesures[self.rang])
        for rang, plafond in enumerate(self.plafonds):
            if mesures[rang] > plafond:
                unite = max(1.0, mesures[self.rang]) / max(1.0, plafond)
                prix = max(unite * POIDS_DEPASSEMENT, self.prix * 2 if rang == 0 else 0.0)
                energie += prix * (mesures[rang] - plafond)
        return energie

    def _proposer(
        self, hasard: random.Random, couples: list[Couple]
    ) -> tuple[dict[int, dict[int, int]], dict[int, int], tuple[int, ...]] | None:
        """A move that keeps every rule: new sectors, coverages and what the objectives gain."""
        t, secteurs = self.t, self.secteurs
        q, s = couples[int(hasard.random() * len(couples))]
        if t.tete[s] is not None and t.tete[s] not in secteurs[q]:
            return None
        donneur = None
        tenants = self.tenants[s]
        if s in secteurs[q]:
            return self._reequilibrer(hasard, q, s)
        if len(tenants) >= t.postes_max[s] or (tenants and hasard.random() < 0.5):
            if not tenants:
                return None
            ordre = sorted(tenants)
            donneur = ordre[int(hasard.random() * len(ordre))]
        recus = [s]
        if donneur is not None:
            recus += [e for e in t.ecoles.get(s, ()) if e in secteurs[donneur] and e in t.admis[q]]
        recus = recus[: t.sites_max[q]]
        garde = [r for r in secteurs[q] if r not in recus]
        rendus = []
        while len(garde) + len(recus) > t.sites_max[q]:
            rendus.append(garde.pop(int(hasard.random() * len(garde))))
        listes = {q: garde + recus}
        if donneur is not None:
            chez = [r for r in secteurs[donneur] if r not in recus]
            for r in rendus:
                if r in t.admis[donneur] and r not in chez and len(chez) < t.sites_max[donneur]:
                    chez.append(r)
            listes[donneur] = chez
        for p, liste in listes.items():
            listes[p] = [r for r in liste if t.tete[r] is None or t.tete[r] in liste]
            if any((p, r) in t.impose and r not in listes[p] for r in secteurs[p]):
                return None
        if donneur is None and tenants and s in listes[q]:
            autre = sorted(tenants)[int(hasard.random() * len(tenants))]
            listes[autre] = list(secteurs[autre])
            return self._evaluer(listes, (s, q, autre))
        return self._evaluer(listes, None)

    def _reequilibrer(
        self, hasard: random.Random, q: int, s: int
    ) -> tuple[dict[int, dict[int, int]], dict[int, int], tuple[int, ...]] | None:
        """Share site `s` anew between `q` and another poste that serves it, if any."""
        autres = sorted(self.tenants[s] - {q})
        if not autres:
            return None
        autre = autres[int(hasard.random() * len(autres))]
        listes = {q: list(self.secteurs[q]), autre: list(self.secteurs[autre])}
        return self._evaluer(listes, (s, q, autre))

    def _evaluer(
        self, listes: dict[int, list[int]], commun: tuple[int, int, int] | None
    ) -> tuple[dict[int, dict[int, int]], dict[int, int], tuple[int, ...]] | None:
        """The plan with these sites for these postes; `commun`: a site and two postes to share it.

        A poste takes its half-days knowing what the others give; two postes that share a site
        settle its split together, or the first would take it all.
        """
        t = self.t
        touches = {r for p, liste in listes.items() for r in (*self.secteurs[p], *liste)}
        for r in touches:
            nombre = len(self.tenants[r])
            for p, liste in listes.items():
                nombre += (r in liste) - (r in self.secteurs[p])
            if nombre > t.postes_max[r]:
                return None
        couverture = {r: self.couverture[r] for r in touches}
        for p in listes:
            for r, x in self.secteurs[p].items():
                couverture[r] -= x
        parts: dict[int, int] | None = {}
        if commun is not None:
            parts = self._partager_site(listes, couverture, *commun)
            if parts is None:
                return None
        nouveaux: dict[int, dict[int, int]] = {}
        changements = trajets = equilibre = 0
        for p in sorted(listes):
            fixe = {commun[0]: parts[p]} if commun is not None and p in parts else {}
            cle = tuple(sorted((r, couverture[r]) for r in listes[p] if r not in fixe))
            partage = self._partager(p, cle, t.capacite[p] - sum(fixe.values()))
            if partage is None:
                return None
            nouveau = {r: x for (r, _), x in zip(cle, partage, strict=True) if x} | fixe
            if any(t.tete[r] is not None and t.tete[r] not in nouveau for r in nouveau):
                return None
            for r in nouveau:
                changements += t.changement(p, r)
            for r in self.secteurs[p]:
                changements -= t.changement(p, r)
            minutes = self._trajets_de(p, nouveau)
            trajets += minutes - self.trajets[p]
            equilibre += modele.charge_trajet(self.index, p, minutes) ** 2
            equilibre -= modele.charge_trajet(self.index, p, self.trajets[p]) ** 2
            for r, x in nouveau.items():
                couverture[r] += x
            nouveaux[p] = nouveau
        manque = sum(t.cout[r][couverture[r]] - t.cout[r][self.couverture[r]] for r in touches)
        return nouveaux, couverture, (manque, changements, trajets, equilibre)

    def _trajets_de(self, p: int, secteur: dict[int, int]) -> int:
        return sum(modele.trajets_couple(self.index, p, r, x) for r, x in secteur.items())

    def _adopter(self, secteurs: dict[int, dict[int, int]], couverture: dict[int, int]) -> None:
        for p in secteurs:
            for r in self.secteurs[p]:
                self.tenants[r].discard(p)
        for p, secteur in secteurs.items():
            self.secteurs[p] = secteur
            self.trajets[p] = self._trajets_de(p, secteur)
            for r in secteur:
                self.tenants[r].add(p)
        for r, c in couverture.items():
            self.couverture[r] = c

    def _gain(self, p: int, s: int, base: int) -> tuple[np.ndarray, list[int]]:
        """Best gain at (p, s) for each capacity 0..C, others giving `base`; and its level."""
        cle = (p, s, base)
        connu = self._gains.get(cle)
        if connu is None:
            t = self.t
            capacite, cout = t.capacite[p], t.cout[s]
            gains = [float(INTERDIT)] * (capacite + 1)
            if (p, s) not in t.impose:
                gains[0] = 0.0
            for n in t.niveaux[p, s]:
                if 0 < n <= capacite and base + n <= len(cout) - 1:
                    gain = cout[base] - cout[base + n]
                    if self.rang >= RANG_TRAJETS:
                        trajet = modele.trajets_couple(self.index, p, s, n)
                        gain = self.prix * gain - trajet
                    gains[n] = float(gain)
            niveaux = list(range(capacite + 1))
            for c in range(1, capacite + 1):
                if gains[c] <= gains[c - 1]:
                    gains[c], niveaux[c] = gains[c - 1], niveaux[c - 1]
            connu = self._gains[cle] = (np.array(gains), niveaux)
        return connu

    def _partager_site(
        self, listes: dict[int, list[int]], couverture: dict[int, int], s: int, q: int, autre: int
    ) -> dict[int, int] | None:
        """The best positive levels of `q` and `autre` at `s`, each paid for by its other sites."""
        if len(set(listes[q]) & set(listes[autre])) > 1:
            return None
        t = self.t
        base, besoin = couverture[s], len(t.cout[s]) - 1
        valeurs, niveaux = [], []
        for p in (q, autre):
            cumul, _ = self._cumul(
                p, tuple(sorted((r, couverture[r]) for r in listes[p] if r != s))
            )
            admis = [n for n in t.niveaux[p, s] if 0 < n <= min(t.capacite[p], besoin - base)]
            reste = np.array([cumul[t.capacite[p] - n] for n in admis])
            if self.rang >= RANG_TRAJETS:
                reste -= [modele.trajets_couple(self.index, p, s, n) for n in admis]
            niveaux.append(admis)
            valeurs.append(reste)
        if not niveaux[0] or not niveaux[1]:
            return None
        gains = self._gains_partages(s, base)
        somme = np.add.outer(np.array(niveaux[0]), np.array(niveaux[1]))
        total = np.where(
            base + somme <= besoin,
            valeurs[0][:, None] + valeurs[1][None, :] + gains[np.minimum(somme, besoin - base)],
            2.0 * INTERDIT,
        )
        i, j = divmod(int(total.argmax()), len(niveaux[1]))
        if total[i, j] < INTERDIT / 2:
            return None
        return {q: niveaux[0][i], autre: niveaux[1][j]}

    def _gains_partages(self, s: int, base: int) -> np.ndarray:
        """What n more half-days at `s`, above `base`, save on the shortage, for n = 0, 1, …"""
        if (s, base) not in self._communs:
            cout = np.array(self.t.cout[s][base:], dtype=float)
            prix = self.prix if self.rang >= RANG_TRAJETS else 1.0
            self._communs[s, base] = prix * (cout[0] - cout)
        return self._communs[s, base]

    def _cumul(
        self, p: int, cle: tuple[tuple[int, int], ...]
    ) -> tuple[np.ndarray, list[np.ndarray]]:
        """Best total gain of the sites of `cle` for each capacity, and what the last ones take."""
        memoire = (p, cle)
        connu = self._cumuls.get(memoire)
        if connu is None:
            capacite = self.t.capacite[p]
            cumul, choix = np.zeros(capacite + 1), []
            glisse, permis = self._glissement(capacite)
            for rang, (s, base) in enumerate(cle):
                gains, _ = self._gain(p, s, base)
                if rang == 0:
                    pris, cumul = np.arange(capacite + 1), gains
                else:
                    table = np.where(permis, cumul[glisse] + gains, 2.0 * INTERDIT)
                    pris = table.argmax(axis=1)
                    cumul = table[np.arange(capacite + 1), pris]
                choix.append(pris)
            connu = self._cumuls[memoire] = (cumul, choix)
        return connu

    def _partager(
        self, p: int, cle: tuple[tuple[int, int], ...], capacite: int
    ) -> tuple[int, ...] | None:
        """Levels of the sites of `cle` (site, half-days of others); None when a lock can't hold."""
        memoire = (p, cle, capacite)
        if memoire not in self._partages:
            self._partages[memoire] = self._calculer_partage(p, cle, capacite)
        return self._partages[memoire]

    def _calculer_partage(
        self, p: int, cle: tuple[tuple[int, int], ...], capacite: int
    ) -> tuple[int, ...] | None:
        if not cle:
            return ()
        cumul, choix = self._cumul(p, cle[:-1])
        gains, niveaux = self._gain(p, *cle[-1])
        total = cumul[capacite::-1] + gains[: capacite + 1]
        pris = int(total.argmax())
        if total[pris] < INTERDIT / 2:
            return None
        reste, envers = capacite - pris, [niveaux[pris]]
        for (s, base), table in zip(cle[-2::-1], choix[::-1], strict=True):
            pris = int(table[reste])
            envers.append(self._gain(p, s, base)[1][pris])
            reste -= pris
        return tuple(envers[::-1])

    def _glissement(self, capacite: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions c − n for every capacity c and amount n, and where they exist."""
        if capacite not in self._glisse:
            rangs = np.arange(capacite + 1)
            ecart = rangs[:, None] - rangs[None, :]
            self._glisse[capacite] = (np.maximum(ecart, 0), ecart >= 0)
        return self._glisse[capacite]
