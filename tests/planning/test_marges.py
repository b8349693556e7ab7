"""Half a post more or less: exact in its neighbourhood, and more means never worsen a plan."""

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from departements import departement
from petits import en_lignes, optimum_par_enumeration, petit

from pipelines.planning import moyens
from pipelines.planning.marges import Limites, bassins, courbe, marge, marges
from pipelines.planning.probleme import vers_json
from pipelines.planning.solveur import resoudre
from pipelines.planning.verification import juger
from pipelines.planning.voisinage import Voisinage

LIMITES = Limites(
    pas_etp=0.5,
    etendue_etp=1.0,
    residences_essayees=2,
    retraits_essayes=2,
    postes_par_voisinage=3,
    duree_resolution_s=0.3,
)


def avec(probleme, essai):
    """The problem an Essai or a Pas was made on, from its words alone."""
    if essai.sens == "plus":
        [site] = [s for s in probleme.sites if s.site_id == essai.lieu]
        return moyens.ajouter(probleme, site, LIMITES.pas_etp)
    rang = [p.poste_id for p in probleme.postes].index(essai.lieu)
    return moyens.retirer(probleme, rang, LIMITES.pas_etp)


def applique(plan, mouvements):
    """`plan` with the presences of `mouvements`."""
    presences = {(x.poste_id, x.site_id): x.demi_journees_cycle for x in plan}
    presences |= {(m.poste_id, m.site_id): m.apres for m in mouvements}
    return [
        {"poste_id": p, "site_id": s, "demi_journees_cycle": n}
        for (p, s), n in presences.items()
        if n
    ]


@pytest.mark.parametrize("graine", range(30))
def test_half_a_post_on_a_tiny_problem_is_worth_what_enumeration_says(graine):
    """One poste, every poste free: the gain is the difference of the two optima, found apart."""
    probleme = petit(graine, nb_postes=1)
    plan = resoudre(probleme, duree_max_s=0.2).plan
    m = marge(probleme, plan, LIMITES, None)
    sans = optimum_par_enumeration(probleme)[0]
    for essai in filter(None, (m.plus, m.moins)):
        autre = avec(probleme, essai)
        optimum = optimum_par_enumeration(autre)[0]
        assert essai.est_exact
        assert essai.gain == sans - optimum
        verdict = juger(json.loads(vers_json(autre)), applique(plan, essai.mouvements))
        assert verdict.conforme, verdict.manquements
        assert verdict.objectifs == {e.code: e.apres for e in essai.effets}
    if m.plus:
        assert m.plus.gain >= 0
    if m.moins:
        assert m.moins.gain <= 0


def test_the_curve_of_a_departement_never_worsens_with_more_means():
    """12 sites, 4 postes, −1 to +1 ETP: values and bounds fall, plans keep rules and means."""
    probleme = departement(12, 4, graine=2)
    plan = resoudre(probleme, duree_max_s=0.2).plan
    points = courbe(probleme, plan, LIMITES)
    assert [p.etp for p in points] == [-1.0, -0.5, 0.0, 0.5, 1.0]
    for moins, plus in pairwise(points):
        assert plus.manque <= moins.manque
        assert plus.borne <= moins.borne
    etendu, rangs = probleme, [p.poste_id for p in probleme.postes]
    for point in points[3:]:
        [site] = [s for s in probleme.sites if s.site_id == point.lieu]
        etendu = moyens.ajouter(etendu, site, LIMITES.pas_etp)
        assert juger(json.loads(vers_json(etendu)), en_lignes(point.plan)).conforme
    reduit = probleme
    for point in reversed(points[:2]):
        reduit = moyens.retirer(reduit, rangs.index(point.lieu), LIMITES.pas_etp)
        verdict = juger(json.loads(vers_json(reduit)), en_lignes(point.plan))
        assert verdict.conforme, verdict.manquements
        assert verdict.objectifs["manque"] == point.manque >= point.borne
    assert points[2].effets[0].avant == points[3].effets[0].avant
    gauche = applique(plan, points[0].mouvements)
    assert sorted(gauche, key=str) == sorted(en_lignes(points[0].plan), key=str)


def test_a_stopped_study_keeps_what_is_done():
    """The curve gives the points it has; the bassins those already valued."""
    probleme = departement(12, 4, graine=2)
    plan = resoudre(probleme, duree_max_s=0.2).plan
    vus = []
    points = courbe(probleme, plan, LIMITES, fait=vus.append, arret=lambda: bool(vus))
    assert [p.etp for p in points] == [0.0, 0.5]
    assert list(marges(probleme, plan, LIMITES, arret=lambda: True)) == []


@pytest.mark.parametrize("etude", ["bassins", "courbe"])
def test_a_stop_is_obeyed_before_the_next_try(monkeypatch, etude):
    """Asked for once a try is told: that try ends, no other begins, of the dozens of a bassin."""
    probleme = departement(12, 4, graine=2)
    plan = resoudre(probleme, duree_max_s=0.2).plan
    recherches, essais = [], []
    optimum = Voisinage.optimum
    monkeypatch.setattr(
        Voisinage, "optimum", lambda v, libres: recherches.append(libres) or optimum(v, libres)
    )
    if etude == "bassins":
        suite = marges(
            probleme, plan, LIMITES, lambda: bool(essais), lambda *essai: essais.append(essai)
        )
        assert list(suite) == []
    else:
        points = courbe(
            probleme,
            plan,
            LIMITES,
            arret=lambda: bool(essais),
            progres=lambda rang, a: essais.append(a) if "essai" in a.message else None,
        )
        assert [p.etp for p in points] == [0.0]
        assert essais[0].message == "recherche du lieu, essai 1 sur 2"
    assert len(essais) == 1
    assert len(recherches) == 2


def test_each_try_of_a_bassin_is_told():
    """Numbered from one to what was foreseen: résidences, postes alone, the least costly again."""
    probleme = departement(10, 4, graine=2)
    plan = resoudre(probleme, duree_max_s=0.2).plan
    essais = []
    m = marge(probleme, plan, LIMITES, None, dire=lambda n, total: essais.append((n, total)))
    total = len(m.residences) + m.nb_reductibles + len(m.postes)
    assert essais == [(n, total) for n in range(1, total + 1)]


def test_without_bassins_the_whole_departement_is_one():
    """No bassin known: one line for all; else one a bassin of the sites."""
    assert bassins(departement(10, 4)) == [None]
    connus = {site.bassin for graine in range(3) for site in petit(graine).sites}
    assert connus == {"Est", "Ouest", None}
    assert bassins(petit(0)) == sorted({s.bassin for s in petit(0).sites if s.bassin})


def test_half_a_post_is_added_where_short_and_travels_from_its_own_residence():
    """Its row is that of a poste that resides there, else an estimate that is said."""
    probleme = departement(20, 6, graine=4)
    chez = probleme.postes[2].residence_uai
    [site] = [s for s in probleme.sites if s.site_id == chez]
    depuis = moyens.trajets_depuis(probleme, site)
    assert not depuis.est_estime
    assert depuis.minutes[probleme.sites.index(site)] == 0
    ailleurs = next(
        s for s in probleme.sites if s.site_id not in {p.residence_uai for p in probleme.postes}
    )
    estime = moyens.trajets_depuis(probleme, ailleurs)
    assert estime.est_estime
    assert estime.minutes[probleme.sites.index(ailleurs)] == 0
    assert all(m > 0 for s, m in zip(probleme.sites, estime.minutes, strict=True) if s != ailleurs)
    plus = moyens.ajouter(moyens.ajouter(probleme, site, 0.5), ailleurs, 0.5)
    assert [p.poste_id for p in plus.postes[-2:]] == ["PLUS-1", "PLUS-2"]
    assert plus.postes[-1].capacite == moyens.demi_journees(0.5)


def test_half_a_post_is_taken_only_where_its_half_days_are():
    """A poste busy out of its sector may have the quotité of half a post and not its half-days."""
    dues = moyens.demi_journees(0.5)
    probleme = petit(1)
    postes = tuple(
        replace(probleme.postes[0], poste_id=f"P{n}", sans_secteur=False, capacite=n, quotite=q)
        for n, q in ((1, 0.5), (dues - 1, 1.0), (dues, 0.5), (dues + 1, 0.4))
    )
    lignes = probleme.minutes[:1] * 4, probleme.km[:1] * 4
    probleme = replace(
        probleme, postes=postes, minutes=lignes[0], km=lignes[1], presences_actuelles=(), verrous=()
    )
    assert moyens.reductibles(probleme, 0.5, range(4)) == [2]
    assert moyens.retirer(probleme, 2, 0.5).postes[2].capacite == 0


def test_a_poste_added_never_takes_the_id_of_another():
    """A poste of the académie may already be called PLUS-2."""
    probleme = petit(1)
    probleme = replace(
        probleme,
        postes=(replace(probleme.postes[0], poste_id="PLUS-2"), *probleme.postes[1:]),
        presences_actuelles=(),
        verrous=(),
    )
    for _ in range(3):
        probleme = moyens.ajouter(probleme, probleme.sites[0], 0.5)
    assert [p.poste_id for p in probleme.postes[2:]] == ["PLUS-1", "PLUS-3", "PLUS-4"]


def test_measured_travel_alone_estimates_no_travel_from_a_new_residence():
    """Two sites with positions, nobody there: estimated by default, unknown when asked."""
    probleme = petit(1)
    sites = tuple(
        replace(s, latitude=43.6 + i / 10, longitude=3.9) for i, s in enumerate(probleme.sites)
    )
    minutes = tuple(tuple(20 for _ in sites) for _ in probleme.postes)
    probleme = replace(probleme, sites=sites, minutes=minutes)
    estimes = moyens.trajets_depuis(probleme, sites[1])
    assert estimes.est_estime
    assert None not in estimes.minutes
    seuls = replace(probleme, hypotheses={"trajets_mesures_seuls": True})
    mesures = moyens.trajets_depuis(seuls, sites[1])
    assert not mesures.est_estime
    assert [s for s, m in enumerate(mesures.minutes) if m is not None] == [1]
