"""Demands no plan can meet together: the smallest clashing set, and the ways out of it.

A demand is a lock or a floor asked of a site. A clashing set is found by a deletion filter: any
one of its members given up, the others hold.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.planning.exigences import Exigence, Plancher, est_realisable
from pipelines.planning.issues import Issue, issues, regles_en_cause, regles_ensemble
from pipelines.planning.probleme import Probleme


@dataclass(frozen=True)
class Conflit:
    """Demands that can't hold together, the rules any one of which would free them, ways out.

    `regles`: codes of `modele.DURES`; `ensemble`: when there is none, two that would free them
    together. `est_minimal`: the filter decided every question within its
    work, so that giving up any one demand of the set is enough.
    """

    exigences: tuple[Exigence, ...]
    regles: tuple[str, ...]
    issues: tuple[Issue, ...]
    est_minimal: bool
    ensemble: tuple[str, ...] = ()


def conflits(probleme: Probleme, planchers: Iterable[Plancher] = ()) -> tuple[Conflit, ...]:
    """Disjoint clashing sets among the locks of `probleme` and these floors.

    Empty when none is proven: `exigences.est_realisable` tells whether that is a proof.
    """
    reste: list[Exigence] = [*probleme.verrous, *planchers]
    trouves = []
    while est_realisable(probleme, reste) is False:
        exigences, est_minimal = _filtrer(probleme, reste)
        regles = regles_en_cause(probleme, exigences)
        trouves.append(
            Conflit(
                exigences=exigences,
                regles=regles,
                issues=issues(probleme, exigences, est_minimal=est_minimal),
                est_minimal=est_minimal,
                ensemble=() if regles else regles_ensemble(probleme, exigences),
            )
        )
        reste = [e for e in reste if e not in exigences]
    return tuple(trouves)


def _filtrer(probleme: Probleme, depart: list[Exigence]) -> tuple[tuple[Exigence, ...], bool]:
    """Deletion filter: what is left clashes; whether all questions were decided."""
    noyau, est_minimal = list(depart), True
    for exigence in depart:
        sans = [e for e in noyau if e != exigence]
        reponse = est_realisable(probleme, sans)
        if reponse is False:
            noyau = sans
        est_minimal = est_minimal and reponse is not None
    return tuple(noyau), est_minimal
