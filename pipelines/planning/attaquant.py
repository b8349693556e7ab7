"""The reader who wants to know: the range of every hidden count, from all the tables together.

He has what is printed and nothing else: the counts shown, the sums he can make, and that a hidden
count is a whole number and no zero, since zeros are shown. He shares no code with the choice of
what to hide, and uses another solver (HiGHS): linear programmes first, whole numbers where the
linear range is not reached by whole counts.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, pluriel
from pipelines.planning.comptes import Publie

TOLERANCE = 1e-6
MONTRES = 5
Equation = tuple[dict[str, int], int]
"""Unknown → sign, and what they add up to."""
SANS_BORNE = mathopt.TerminationReason.UNBOUNDED
SANS_BORNE_OU_VIDE = mathopt.TerminationReason.INFEASIBLE_OR_UNBOUNDED


@dataclass(frozen=True)
class Intervalle:
    """What the hidden cell `cle` may count: whole numbers from `bas` to `haut` (infinite: inf)."""

    cle: str
    bas: float
    haut: float

    @property
    def largeur(self) -> float:
        """Highest less lowest: 0 when the count is found again."""
        return self.haut - self.bas


class Retrouvable(AtlasError):  # noqa: N818
    """Hidden counts can be told from what is published; nothing must go out.

    `intervalles`: those too narrow.
    """

    def __init__(self, intervalles: list[Intervalle], largeur: int) -> None:
        self.intervalles = intervalles
        dits = [
            f"{i.cle} (de {i.bas:.0f} à {i.haut:.0f})" if i.largeur else f"{i.cle} ({i.bas:.0f})"
            for i in intervalles[:MONTRES]
        ]
        compte = pluriel(
            len(intervalles), "compte masqué se retrouve", "comptes masqués se retrouvent"
        )
        super().__init__(
            f"{compte} par addition ou soustraction : {enumeration(dits)}.",
            admis=f"au moins {largeur + 1} valeurs possibles pour chaque compte masqué, tous les "
            "tableaux du dossier lus ensemble",
            remede="masquer d'autres comptes avec ceux-là, ou retirer un tableau du dossier",
        )


def attaquer(tables: Iterable[Publie]) -> list[Intervalle]:
    """The range of every hidden count, by key; AtlasError when the tables contradict each other."""
    connus: dict[str, int | None] = {}
    sommes = set()
    for table in tables:
        for cle, valeur in table.valeurs.items():
            # shown in one table, hidden in another: the reader has it
            connus[cle] = connus.get(cle) if valeur is None else valeur
        sommes |= set(table.sommes)
    caches = {cle for cle, valeur in connus.items() if valeur is None}
    equations = []
    for somme in sorted(sommes, key=lambda s: (s.total, s.parties)):
        termes = [(1, somme.total), *((-1, partie) for partie in somme.parties)]
        inconnues = {cle: signe for signe, cle in termes if cle in caches}
        if inconnues:
            montre = sum(signe * connus[cle] for signe, cle in termes if cle not in caches)
            equations.append((inconnues, -montre))
    trouves = [i for groupe in _separer(caches, equations) for i in _Essais(*groupe).intervalles()]
    return sorted(trouves, key=lambda i: i.cle)


def _separer(
    caches: set[str], equations: list[Equation]
) -> Iterator[tuple[list[str], list[Equation]]]:
    """Unknowns that some equation ties, from one to the next, and their equations."""
    par_cle: dict[str, list[int]] = {cle: [] for cle in caches}
    for rang, (inconnues, _) in enumerate(equations):
        for cle in inconnues:
            par_cle[cle].append(rang)
    vues: set[str] = set()
    for depart in sorted(caches):
        if depart in vues:
            continue
        vues.add(depart)
        groupe, a_suivre, liens = [], [depart], set()
        while a_suivre:
            cle = a_suivre.pop()
            groupe.append(cle)
            liens |= set(par_cle[cle])
            voisines = {v for rang in par_cle[cle] for v in equations[rang][0]} - vues
            vues |= voisines
            a_suivre += sorted(voisines)
        yield sorted(groupe), [equations[rang] for rang in sorted(liens)]


def exiger_le_secret(tables: Iterable[Publie], largeur: int) -> list[Intervalle]:
    """The range of every hidden count; `Retrouvable` when one is under `largeur`."""
    intervalles = attaquer(tables)
    if etroits := [i for i in intervalles if i.largeur < largeur]:
        raise Retrouvable(etroits, largeur)
    return intervalles


class _Essais:
    """One programme, asked for the bouts of each unknown in turn."""

    def __init__(self, cles: list[str], equations: list[Equation]) -> None:
        self.modele = mathopt.Model()
        self.caches = {cle: self.modele.add_variable(lb=1.0, name=cle) for cle in cles}
        for inconnues, montre in equations:
            somme = sum(signe * self.caches[cle] for cle, signe in inconnues.items())
            self.modele.add_linear_constraint(somme == montre)
        options = highs_pb2.HighsOptionsProto()
        options.string_options["parallel"] = "off"
        self.parametres = mathopt.SolveParameters(highs=options)

    def intervalles(self) -> list[Intervalle]:
        """Linear ends first; in whole numbers, those that no whole table meets."""
        bouts: dict[str, list[float | None]] = {}
        for entiers in (False, True):
            manquent = [c for c in self.caches if None in bouts.get(c, [None])]
            if not manquent:
                break
            for variable in self.caches.values():
                variable.integer = entiers
            resolveur = mathopt.IncrementalSolver(self.modele, mathopt.SolverType.HIGHS)
            for cle in manquent:
                sus = bouts.get(cle, [None, None])
                bouts[cle] = [
                    self._bout(resolveur, cle, sens) if su is None else su
                    for sens, su in zip((-1, 1), sus, strict=True)
                ]
        return [Intervalle(cle, *bouts[cle]) for cle in self.caches]

    def _bout(self, resolveur: mathopt.IncrementalSolver, cle: str, sens: int) -> float | None:
        """The lowest (−1) or highest (1) count of a cell; None when no whole table reaches it."""
        variable = self.caches[cle]
        self.modele.maximize(sens * variable)
        resultat = resolveur.solve(params=self.parametres)
        raison = resultat.termination.reason
        if raison in (SANS_BORNE, SANS_BORNE_OU_VIDE) and sens > 0:
            return math.inf
        if raison != mathopt.TerminationReason.OPTIMAL:
            raise AtlasError(
                "Les tableaux à publier se contredisent : aucun compte ne va avec leurs totaux.",
                admis="des totaux égaux à la somme de leurs parties, et des zéros montrés",
                remede="refaire les tableaux depuis les données",
            )
        valeurs = resultat.variable_values()
        if any(abs(v - round(v)) > TOLERANCE for v in valeurs.values()):
            return None
        return float(round(valeurs[variable]))
