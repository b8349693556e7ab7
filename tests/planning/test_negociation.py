"""Room to negotiate: what is called imposed can't be left, what is called indifferent can."""

import json
from collections import Counter
from functools import cache

import pytest
from departements import departement
from petits import en_lignes, enumerer, petit

from pipelines.base.erreurs import AtlasError
from pipelines.planning.negociation import Marge, admise, negociation
from pipelines.planning.probleme import vers_json
from pipelines.planning.solveur import resoudre
from pipelines.planning.verification import juger

TOLERANCES = (0.0, 0.05, 0.5)


@cache
def cas(graine):
    """A small problem, its plan and every plan it has; None when its locks clash."""
    probleme = petit(graine, avec_verrous=graine % 2 == 0)
    try:
        return probleme, resoudre(probleme, duree_max_s=0.2).plan, enumerer(probleme)
    except AtlasError:
        return None


@pytest.mark.parametrize("graine", range(14))
def test_imposed_can_not_be_left_and_indifferent_can_by_brute_force(graine):
    """Every plan of the neighbourhood, enumerated, settles each assignment."""
    if cas(graine) is None:
        return
    probleme, plan, tous = cas(graine)
    contenu = json.loads(vers_json(probleme))
    reference = tuple(juger(contenu, en_lignes(plan)).objectifs.values())
    par_tolerance = [
        negociation(probleme, plan, tolerance=tolerance, postes_par_voisinage=2)
        for tolerance in TOLERANCES
    ]
    for reponses, presence in zip(zip(*par_tolerance, strict=True), sorted(plan), strict=True):
        libres = set(reponses[0].postes)
        fixes = {x for x in plan if x.poste_id not in libres}
        sans = [
            valeurs
            for autre, valeurs in tous
            if all((x.poste_id, x.site_id) != (presence.poste_id, presence.site_id) for x in autre)
            and fixes == {x for x in autre if x.poste_id not in libres}
        ]
        est_indifferente = any(all(a <= b for a, b in zip(v, reference, strict=True)) for v in sans)
        for tolerance, a in zip(TOLERANCES, reponses, strict=True):
            au_plus = reference[0] + admise(reference[0], tolerance)
            attendue = Marge.PREFEREE if any(v[0] <= au_plus for v in sans) else Marge.IMPOSEE
            assert a.marge == (Marge.INDIFFERENTE if est_indifferente else attendue)
            assert a.perte == (max(0, min(v[0] for v in sans) - reference[0]) if sans else None)
            assert a.est_prouvee
            if a.est_verrouillee:
                assert a.marge == Marge.IMPOSEE
                assert a.sans is None
        if reponses[0].sans:
            assert juger(contenu, en_lignes(reponses[0].sans.plan)).conforme


def test_on_a_departement_more_tolerance_and_more_postes_leave_more_room():
    """8 sites, 4 postes: each wider search or tolerance keeps fewer assignments imposed."""
    probleme = departement(8, 4, graine=2)
    plan = resoudre(probleme, duree_max_s=0.2).plan

    def imposees(tolerance, postes):
        lignes = negociation(probleme, plan, tolerance=tolerance, postes_par_voisinage=postes)
        return {(a.poste_id, a.site_id) for a in lignes if a.marge == Marge.IMPOSEE}

    large, moyenne, nulle = (imposees(tolerance, 3) for tolerance in (0.2, 0.05, 0.0))
    assert large <= moyenne <= nulle
    assert moyenne <= imposees(0.05, 1)
    assert large != nulle, "a plan no tolerance loosens proves nothing"
    arrets = Counter()

    def arret():
        arrets["lus"] += 1
        return arrets["lus"] > 2

    gardees = list(negociation(probleme, plan, tolerance=0.05, postes_par_voisinage=2, arret=arret))
    assert [(a.poste_id, a.site_id) for a in gardees] == [
        (x.poste_id, x.site_id) for x in sorted(plan)[:2]
    ]
