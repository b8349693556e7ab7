"""The master of the decomposition in whole numbers: the best plan a set of columns can make.

Solved by HiGHS (in `ortools`), one thread, stopped by nodes and by the gap asked for, so that the
same columns give the same plan on any machine. HiGHS can't be interrupted: it heeds neither the
interrupter of `mathopt` nor a signal. When the user or the net ends the work, its thread (a daemon)
goes on by itself, on one core, until one of its own limits (`secondes_max` at the latest) or the
end of the process, and what it finds is ignored.
"""

import datetime
import math
import threading
from collections.abc import Callable, Collection
from concurrent.futures import Future, wait
from dataclasses import dataclass

from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from pipelines.planning.decomposition import Decomposition, Duales
from pipelines.planning.tables import Colonne, Plan

PERIODE_ARRET_S = 0.2  # how often the stop is read
# HiGHS works in floating point, to 1e-6: bounds are lowered by that share of themselves.
PRECISION = 1e-6


@dataclass(frozen=True)
class Assemblage:
    """What was found: `plan`, None when no better than the start; `borne` over what was given."""

    plan: Plan | None
    borne: int


def assembler_colonnes(
    dec: Decomposition,
    colonnes: Collection[Colonne],
    depart: Collection[Colonne],
    duales: Duales,
    ecart: int,
    *,
    noeuds_max: int,
    part_ecart: float,
    secondes_max: float,
    fini: Callable[[], bool],
) -> Assemblage | None:
    """The best plan made of `colonnes` that keeps the caps; None when stopped or out of time.

    `depart`: columns of a known plan, among `colonnes`. Ways of sharing a site are left out from a
    reduced cost of `ecart` on (scale ECHELLE_DUALE), and rows sigma where `duales` give them no
    price: the plans are the same. The search ends at a relative gap of `part_ecart` (0 to 1), after
    `noeuds_max` nodes, or by the clock after `secondes_max`: what it found is then left.
    """
    modele, choix, partages = _formuler(dec, colonnes, depart, duales, ecart)
    valeurs = {v: float(c in depart) for c, v in choix.items()} | partages
    hint = mathopt.SolutionHint(variable_values=valeurs)
    options = highs_pb2.HighsOptionsProto()
    options.string_options["parallel"] = "off"
    options.int_options["mip_max_nodes"] = noeuds_max
    options.int_options["random_seed"] = dec.index.probleme.graine
    parametres = mathopt.SolveParameters(
        highs=options,
        relative_gap_tolerance=part_ecart,
        time_limit=datetime.timedelta(seconds=max(0.1, secondes_max)),
    )
    rendu: Future[mathopt.SolveResult] = Future()

    def travailler() -> None:
        try:
            rendu.set_result(
                mathopt.solve(
                    modele,
                    mathopt.SolverType.HIGHS,
                    params=parametres,
                    model_params=mathopt.ModelSolveParameters(solution_hints=[hint]),
                )
            )
        except BaseException as erreur:
            rendu.set_exception(erreur)

    threading.Thread(target=travailler, daemon=True).start()
    while not wait([rendu], PERIODE_ARRET_S).done:
        if fini():
            return None
    resultat = rendu.result()
    if resultat.termination.limit == mathopt.Limit.TIME:
        return None
    duale = resultat.termination.objective_bounds.dual_bound
    borne = math.ceil(duale - abs(duale) * PRECISION) if math.isfinite(duale) else 0
    if not resultat.has_primal_feasible_solution():
        return Assemblage(None, borne)
    valeurs = resultat.variable_values()
    plan = {(p, s): n for (p, sites), v in choix.items() if valeurs[v] > 0.5 for s, n, _ in sites}
    return Assemblage(plan, borne)


def _formuler(
    dec: Decomposition,
    colonnes: Collection[Colonne],
    depart: Collection[Colonne],
    duales: Duales,
    ecart: int,
) -> tuple[mathopt.Model, dict[Colonne, mathopt.Variable], dict[mathopt.Variable, float]]:
    """The master of `decomposition` in binary variables: model, columns, modes with their start."""
    t, rang = dec.t, dec.rang
    modele = mathopt.Model()
    une = [modele.add_linear_constraint(lb=1.0, ub=1.0) for _ in t.capacite]
    site = [modele.add_linear_constraint(ub=1.0) for _ in t.cout]
    niveau = {
        (s, n): modele.add_linear_constraint(lb=0.0, ub=0.0)
        for s in dec.partages
        for n in dec.niveaux[s]
    }
    une_fois = {
        (p, s): modele.add_linear_constraint(ub=0.0)
        for s in dec.partages
        for p in dec.rangees[s].tolist()
        if duales.sigma[p, s] > 0
    }
    caps = [
        modele.add_linear_constraint(ub=float(cap - dec.constantes[k]))
        for k, cap in enumerate(dec.plafonds)
    ]
    objectif = modele.objective
    objectif.is_maximize = False
    objectif.offset = float(dec.constantes[rang])
    initiaux: dict[int, list[int]] = {s: [] for s in dec.partages}
    for _, sites in depart:
        for s, n, partagee in sites:
            if partagee:
                initiaux[s].append(n)
    partages = {}
    for s, modes in dec.modes_utiles(duales, ecart).items():
        initial = tuple(sorted(initiaux[s]))
        for mode in modes if initial in modes or not initial else [*modes, initial]:
            z = modele.add_binary_variable()
            partages[z] = float(mode == initial)
            site[s].set_coefficient(z, 1.0)
            for n in set(mode):
                niveau[s, n].set_coefficient(z, float(mode.count(n)))
            for p in dec.rangees[s].tolist():
                if (p, s) in une_fois:
                    une_fois[p, s].set_coefficient(z, -1.0)
            gain = float(t.cout[s][sum(mode)] - t.cout[s][0])
            if rang == 0:
                objectif.set_linear_coefficient(z, gain)
            else:
                caps[0].set_coefficient(z, gain)
    choix = {}
    for colonne in sorted(colonnes):
        p, sites = colonne
        v = choix[colonne] = modele.add_binary_variable()
        une[p].set_coefficient(v, 1.0)
        totaux = [0] * len(dec.constantes)
        for s, n, partagee in sites:
            if partagee:
                niveau[s, n].set_coefficient(v, -1.0)
                if (p, s) in une_fois:
                    une_fois[p, s].set_coefficient(v, 1.0)
            else:
                site[s].set_coefficient(v, 1.0)
            for k, mesure in enumerate(dec.mesures(p, s, n, partagee)):
                totaux[k] += mesure
        objectif.set_linear_coefficient(v, float(totaux[rang]))
        for k, cap in enumerate(caps):
            cap.set_coefficient(v, float(totaux[k]))
    return modele, choix, partages
