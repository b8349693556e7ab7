"""One absence at a time: relays stand, uncover what is said, and none among those tried is better.

With two postes, the only relay is the other poste: brute force then knows the best one.
"""

import json
from functools import cache

import pytest
from departements import departement
from petits import en_lignes, optimum_par_enumeration, petit

from pipelines.base.erreurs import AtlasError
from pipelines.planning.absences import _sans, absence, absences
from pipelines.planning.probleme import vers_json
from pipelines.planning.solveur import resoudre
from pipelines.planning.verification import juger
from pipelines.planning.voisinage import Voisinage

GRAINES = range(40)
LIMITES = {"postes_par_voisinage": 2, "relais_par_absence": 4}


@cache
def cas(graine):
    """A small problem and its plan; None when its locks clash."""
    probleme = petit(graine, avec_verrous=graine % 2 == 0)
    try:
        return probleme, resoudre(probleme, duree_max_s=0.2).plan
    except AtlasError:
        return None


def couverture(plan, site_id):
    return sum(x.demi_journees_cycle for x in plan if x.site_id == site_id)


@pytest.mark.parametrize("graine", GRAINES)
def test_the_best_relay_equals_brute_force_and_breaks_no_rule(graine):
    """The judge accepts it on the day's own problem, and enumeration finds nothing better."""
    if cas(graine) is None:
        return
    probleme, plan = cas(graine)
    trouvees = list(absences(probleme, plan, **LIMITES))
    assert {a.poste_id for a in trouvees} == {x.poste_id for x in plan}
    for a in trouvees:
        reste = tuple(x for x in plan if x.poste_id != a.poste_id)
        rang = [p.poste_id for p in probleme.postes].index(a.poste_id)
        jour = _sans(probleme, plan, rang)
        contenu = json.loads(vers_json(jour))
        finale = reste if a.relais is None else a.relais.plan
        verdict = juger(contenu, en_lignes(finale))
        assert verdict.conforme, verdict.manquements
        assert a.poste_id not in {x.poste_id for x in finale}
        avant, sans = (juger(contenu, en_lignes(x)).objectifs["manque"] for x in (plan, reste))
        assert (a.perte_sans_relais, a.perte) == (
            sans - avant,
            verdict.objectifs["manque"] - avant,
        )
        for s in a.sites:
            attendue = [couverture(x, s.site_id) for x in (plan, reste, finale)]
            assert [s.avant, s.sans_relais, s.avec_relais] == attendue
        if a.nb_essayes:
            assert a.est_exact
            assert tuple(verdict.objectifs.values()) == optimum_par_enumeration(jour)


def test_on_a_departement_a_relay_never_worsens_an_absence_and_a_stop_keeps_what_is_done():
    """30 sites, 10 postes: only the postes tried move; stopping after three gives those three."""
    probleme = departement(30, 10, graine=2)
    plan = resoudre(probleme, duree_max_s=0.4).plan
    faites = []
    for a in absences(probleme, plan, **LIMITES, arret=lambda: len(faites) == 3):
        faites.append(a)
        assert a.perte <= a.perte_sans_relais
        assert a.nb_essayes == min(LIMITES["relais_par_absence"], a.nb_a_portee)
        if a.relais:
            assert len({m.poste_id for m in a.relais.mouvements}) <= a.nb_essayes
    assert len(faites) == 3
    assert faites[0] == absence(probleme, plan, faites[0].poste_id, 2, 4)


def test_the_absence_of_nobody_is_refused():
    """An unknown poste is said in French."""
    with pytest.raises(AtlasError, match=r"P9.* inconnu"):
        absence(petit(1), (), "P9", 2, 4)


def test_the_neighbourhood_optimum_is_the_best_plan_when_every_poste_is_free():
    """`optimum` over all postes is the problem's own optimum, by enumeration."""
    for graine in range(12):
        if cas(graine) is None:
            continue
        probleme, plan = cas(graine)
        v = Voisinage(probleme, plan)
        trouve = v.optimum(range(len(probleme.postes)))
        assert v.alternative(trouve.plan).apres == optimum_par_enumeration(probleme)
