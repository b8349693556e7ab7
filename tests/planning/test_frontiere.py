"""Change against equity: caps are kept, more changes never cost more, tiny ones are the optimum."""

import json
from itertools import pairwise

import pytest
from departements import departement
from petits import en_lignes, enumerer, petit

from pipelines.base.erreurs import AtlasError
from pipelines.planning.frontiere import budgets, frontiere, plan_de_depart
from pipelines.planning.probleme import vers_json
from pipelines.planning.solveur import resoudre
from pipelines.planning.verification import juger


def courbe(probleme, plan, suite, **autres):
    return frontiere(probleme, plan, suite=suite, duree_resolution_s=0.3, **autres)


def verifier(probleme, points):
    """Every plan keeps the rules and its budget; values and bounds fall as budgets rise."""
    contenu = json.loads(vers_json(probleme))
    for point in points:
        verdict = juger(contenu, en_lignes(point.plan))
        assert verdict.conforme, verdict.manquements
        assert verdict.objectifs == {e.code: e.apres for e in point.effets}
        assert point.borne <= point.manque
        if point.budget is not None:
            assert verdict.objectifs["changements"] <= point.budget
    for avant, apres in pairwise(points):
        assert apres.manque <= avant.manque
        assert apres.borne <= avant.borne


@pytest.mark.parametrize("graine", range(24))
def test_each_budget_of_a_tiny_problem_is_the_optimum_by_enumeration(graine):
    """The least shortage of all the plans that keep the cap; and the bound is never beaten."""
    probleme = petit(graine, tolerance_changements=0.0)
    plan = resoudre(probleme, duree_max_s=0.2).plan
    _, au_moins = plan_de_depart(probleme)
    points = courbe(probleme, plan, (au_moins, au_moins + 1, au_moins + 2))
    verifier(probleme, points)
    tous = [valeurs for _, valeurs in enumerer(probleme)]
    for point in points:
        attendu = min(v[0] for v in tous if point.budget is None or v[1] <= point.budget)
        assert point.manque == attendu == point.borne


def test_the_frontier_of_a_departement_is_monotone_and_a_stop_keeps_its_points():
    """40 sites, 14 postes: today's plan first, the free plan last; a stop keeps what is done."""
    probleme = departement(40, 14, graine=3)
    plan = resoudre(probleme, duree_max_s=0.6).plan
    _, au_moins = plan_de_depart(probleme)
    suite = budgets(au_moins, au_moins + 12, 4, 12)
    points = courbe(probleme, plan, suite)
    verifier(probleme, points)
    assert [p.budget for p in points] == [*suite, None]
    assert points[-1].manque <= min(e.avant for e in points[-1].effets if e.code == "manque")
    vus = []
    arretes = courbe(probleme, plan, suite, fait=vus.append, arret=lambda: len(vus) >= 2)
    assert arretes == vus[-1]
    assert len(arretes) == 2


def test_budgets_start_at_what_today_demands_and_their_step_doubles_when_they_are_many():
    """0, 2, 4, …; 1, 2, 4, … when a present presence breaks a rule; never too many."""
    assert budgets(0, 8, 2, 12) == (0, 2, 4, 6)
    assert budgets(1, 6, 2, 12) == (1, 2, 4)
    assert budgets(0, 100, 2, 7) == (0, 16, 32, 48, 64, 80, 96)
    assert budgets(3, 2, 2, 12) == (3,)


def test_a_cap_nobody_can_keep_or_on_nothing_is_refused():
    """Fewer changes than the rules demand, an unknown objective: said in French."""
    probleme = departement(10, 4, graine=1)
    with pytest.raises(AtlasError, match="Aucun plan connu ne tient"):
        resoudre(probleme, duree_max_s=0.1, plafonds={"changements": -1})
    with pytest.raises(AtlasError, match="objectif inconnu"):
        resoudre(probleme, duree_max_s=0.1, plafonds={"beaute": 1})
