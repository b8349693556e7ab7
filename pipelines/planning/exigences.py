"""What is demanded of a plan beyond the rules, and whether some plan meets it.

Presences elsewhere never help a demand, except at the head collège of écoles REP+: only the
couples of the demands get variables.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ortools.sat.python import cp_model

from pipelines.planning import modele
from pipelines.planning.modele import Formulation, Index
from pipelines.planning.probleme import Probleme, Verrou
from pipelines.planning.tables import Plan

Expression = cp_model.LinearExprT
# Work allowed to one question about floors, in CP-SAT's deterministic seconds: demands that take
# more are counted as possible, and the answer says that it is not proven. Locks alone are quick.
TRAVAIL_MAX = 2.0


@dataclass(frozen=True)
class Plancher:
    """At least `demi_journees_cycle` asked for a site, whoever gives them."""

    site_id: str
    demi_journees_cycle: int


Exigence = Verrou | Plancher


def est_realisable(probleme: Probleme, exigences: Iterable[Exigence]) -> bool | None:
    """Whether some plan meets these demands and no other; None when the work did not tell."""
    return Essai(probleme, exigences).est_realisable()


def plan_minimal(probleme: Probleme, exigences: Iterable[Exigence]) -> Plan | None:
    """A least plan that meets these demands, by positions of `probleme`; None when none does."""
    essai = Essai(probleme, exigences)
    if essai.est_realisable() is False:
        return None
    return essai.minimiser(sum(essai.f.x.values()))


class Essai:
    """The model of `modele` on the couples that some demands need, and on no other."""

    def __init__(
        self, probleme: Probleme, exigences: Iterable[Exigence], sans: str | None = None
    ) -> None:
        self.exigences = tuple(exigences)
        self.est_prouve = False
        verrous = tuple(e for e in self.exigences if isinstance(e, Verrou))
        self.planchers = tuple(e for e in self.exigences if isinstance(e, Plancher))
        self.index = Index.de(replace(probleme, verrous=verrous))
        index = self.index
        couples = {c for c, (nature, _) in index.verrous.items() if nature != "interdit"}
        self.imposes = set(couples)
        for plancher in self.planchers:
            s = index.rang_site[plancher.site_id]
            couples |= {(p, s) for p in range(len(probleme.postes))}
        couples |= {
            (p, index.rang_site[tete])
            for p, s in couples
            if (tete := probleme.sites[s].site_tete) is not None
        }
        niveaux = {c: modele.niveaux_du_couple(index, *c) for c in sorted(couples)}
        # a lock on a couple some rule refuses, or at an amount that can't be given
        self.est_exclu = any(niveaux[c] in ((), (0,)) for c in self.imposes)
        self.f = Formulation(
            index=index, niveaux={c: n for c, n in niveaux.items() if n not in ((), (0,))}
        )
        for regle in modele.DURES:
            if regle.contraindre and regle.code != sans:
                regle.contraindre(self.f)
        for plancher in self.planchers:
            s = index.rang_site[plancher.site_id]
            couverture = cp_model.LinearExpr.sum([self.f.x[c] for c in self.f.du_site(s)])
            if self.f.du_site(s):
                self.f.cp.add(couverture >= plancher.demi_journees_cycle)
            elif plancher.demi_journees_cycle > 0:
                self.est_exclu = True

    def est_realisable(self) -> bool | None:
        """None when the work allowed did not tell."""
        if self.est_exclu:
            return False
        statut = self._solveur().solve(self.f.cp)
        if statut == cp_model.UNKNOWN:
            return None
        return statut != cp_model.INFEASIBLE

    def minimiser(self, prix: Expression) -> Plan | None:
        """The plan of least `prix` found, None when none is; `est_prouve` tells if it is so."""
        if self.est_exclu:
            return None
        self.f.cp.minimize(prix)
        solveur = self._solveur()
        statut = solveur.solve(self.f.cp)
        self.est_prouve = statut == cp_model.OPTIMAL
        if statut not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return {c: n for c, x in self.f.x.items() if (n := solveur.value(x))}

    def _solveur(self) -> cp_model.CpSolver:
        solveur = cp_model.CpSolver()
        solveur.parameters.num_workers = 1
        solveur.parameters.catch_sigint_signal = False  # left to the command that asked
        solveur.parameters.random_seed = self.index.probleme.graine
        if self.planchers:
            solveur.parameters.max_deterministic_time = TRAVAIL_MAX
        return solveur
