"""What is said of a plan is true: alternatives stand, cost what is said, and none is better."""

import json
from dataclasses import replace
from functools import cache

import pytest
from departements import departement
from petits import en_lignes, enumerer, petit

from pipelines.base.erreurs import AtlasError
from pipelines.planning import explication, modele
from pipelines.planning.explication import pourquoi, pourquoi_pas
from pipelines.planning.modele import SOUPLES
from pipelines.planning.probleme import Presence, Verrou, vers_json
from pipelines.planning.reprise import qui_peut_prendre
from pipelines.planning.solveur import resoudre
from pipelines.planning.verification import juger
from pipelines.planning.voisinage import cle

GRAINES = range(40)
PAS = 2


@cache
def cas(graine):
    """A small problem and its plan; None when its locks clash."""
    probleme = petit(graine, avec_verrous=graine % 2 == 0)
    try:
        return probleme, resoudre(probleme, duree_max_s=0.2).plan
    except AtlasError:
        return None


def juge(probleme, plan):
    return juger(json.loads(vers_json(probleme)), en_lignes(plan))


@cache
def tous_les_plans(graine):
    """Every plan that keeps every rule, with its objectives, by the judge alone."""
    return enumerer(cas(graine)[0])


def presences(plan):
    return {(x.poste_id, x.site_id): x.demi_journees_cycle for x in plan}


def couverture(plan, site_id):
    return sum(x.demi_journees_cycle for x in plan if x.site_id == site_id)


def verifier(probleme, plan, alternative):
    """The alternative is conform, and says exactly what it changes and costs."""
    avant, apres = juge(probleme, plan), juge(probleme, alternative.plan)
    assert apres.conforme, apres.manquements
    for effet in alternative.effets:
        assert effet.avant == avant.objectifs[effet.code]
        assert effet.apres == apres.objectifs[effet.code]
    ici, la = presences(plan), presences(alternative.plan)
    assert {(m.poste_id, m.site_id): (m.avant, m.apres) for m in alternative.mouvements} == {
        c: (ici.get(c, 0), la.get(c, 0)) for c in ici | la if ici.get(c, 0) != la.get(c, 0)
    }


def meilleure_cle(graine, admet):
    """Least key over every plan of the problem that `admet` keeps; None when there is none."""
    probleme, plan = cas(graine)
    reference = tuple(juge(probleme, plan).objectifs.values())
    return min((cle(reference, v) for x, v in tous_les_plans(graine) if admet(x)), default=None)


def change_seulement(plan, autre, postes):
    ici, la = presences(plan), presences(autre)
    return all(ici.get(c, 0) == la.get(c, 0) for c in ici | la if c[0] not in postes)


def sur_leur_terrain(probleme, plan, autre, postes, site_id):
    """Whether these postes serve nothing but that site, its head collège and what they served."""
    [site] = [s for s in probleme.sites if s.site_id == site_id]
    terrain = {site_id, site.site_tete, *(x.site_id for x in plan if x.poste_id in postes)}
    return {x.site_id for x in autre if x.poste_id in postes} <= terrain


@pytest.mark.parametrize("graine", GRAINES)
def test_next_best_amounts_and_postes_equal_brute_force(graine):
    """More, less: the best of the plans that change this poste; another poste: both, on their
    sites.
    """
    if cas(graine) is None or not cas(graine)[1]:
        return
    probleme, plan = cas(graine)
    for presence in plan:
        c = (presence.poste_id, presence.site_id)
        reponse = pourquoi(probleme, plan, *c)
        for alternative, signe in ((reponse.plus, 1), (reponse.moins, -1)):

            def autre_montant(x, c=c, n=presence.demi_journees_cycle, signe=signe):
                ecart = presences(x).get(c, 0) - n
                return ecart * signe > 0 and change_seulement(plan, x, {c[0]})

            attendue = meilleure_cle(graine, autre_montant)
            assert (alternative and alternative.cle) == attendue
            if alternative:
                verifier(probleme, plan, alternative)
        servants = {x.poste_id for x in plan if x.site_id == c[1]}

        def autre_poste(x, c=c, servants=servants):
            la = presences(x)
            return c not in la and any(
                (q.poste_id, c[1]) in la
                and change_seulement(plan, x, {c[0], q.poste_id})
                and sur_leur_terrain(probleme, plan, x, {c[0], q.poste_id}, c[1])
                for q in probleme.postes
                if q.poste_id not in servants
            )

        assert (reponse.autres[0].cle if reponse.autres else None) == meilleure_cle(
            graine, autre_poste
        )
        for alternative in reponse.autres:
            verifier(probleme, plan, alternative)


@pytest.mark.parametrize("graine", GRAINES)
def test_the_cheapest_way_to_more_presence_equals_brute_force(graine):
    """With two postes: no plan of more presence in which they change on their sites loses less."""
    if cas(graine) is None:
        return
    probleme, plan = cas(graine)
    for site in probleme.sites:
        reponse = pourquoi_pas(probleme, plan, site.site_id, PAS)
        assert reponse.couverture == couverture(plan, site.site_id)
        if reponse.cible is None:
            continue
        assert reponse.couverture < reponse.cible <= min(reponse.couverture + PAS, site.besoin)
        assert reponse.est_complet
        a_portee = {a.poste_id for a in reponse.a_portee}

        def sert_plus(x, site_id=site.site_id, cible=reponse.cible):
            return couverture(x, site_id) >= cible and any(
                change_seulement(plan, x, postes)
                and sur_leur_terrain(probleme, plan, x, postes, site_id)
                for postes in ({"P0"}, {"P1"}, {"P0", "P1"})
            )

        attendue = meilleure_cle(graine, sert_plus)
        assert (reponse.moindre and reponse.moindre.cle) == attendue
        if reponse.moindre:
            verifier(probleme, plan, reponse.moindre)
            assert couverture(reponse.moindre.plan, site.site_id) >= reponse.cible
            assert {x.poste_id for x in reponse.moindre.plan if x.site_id == site.site_id} <= (
                a_portee
            )
        assert not a_portee & {h.poste_id for h in reponse.hors_de_portee}


def test_every_poste_is_within_reach_or_out_of_it_by_a_rule_the_judge_confirms():
    """The least presence of a poste out of reach breaks, for the judge, the very rule told."""
    regles = set()
    for graine in range(120):
        probleme = petit(graine, avec_verrous=graine % 2 == 0, presence_entiere=graine % 3 == 0)
        contenu = json.loads(vers_json(probleme))
        for site in probleme.sites:
            reponse = pourquoi_pas(probleme, (), site.site_id, PAS)
            listes = [a.poste_id for a in reponse.a_portee]
            listes += [h.poste_id for h in reponse.hors_de_portee]
            assert sorted(listes) == [p.poste_id for p in probleme.postes]
            moindre = (probleme.reglages.presence_entiere and site.besoin) or 1
            for hors in reponse.hors_de_portee:
                lignes = en_lignes([Presence(hors.poste_id, site.site_id, moindre)])
                assert hors.regle in {m.regle for m in juger(contenu, lignes).manquements}
                regles.add(hors.regle)
    assert regles >= {"sans_secteur", "trajet", "bassin", "besoin", "capacite", "ecoles_tete"}


def test_ecoles_are_out_of_reach_of_who_cannot_serve_their_head_collège():
    """Écoles at 10 min, their collège at 50: the rule told is the one that ties the two."""
    probleme = next(
        p for p in map(petit, range(60)) if p.sites[-1].site_tete and p.sites[-1].besoin > 1
    )
    probleme = replace(
        probleme,
        postes=(replace(probleme.postes[0], capacite=6, sites_max=3, sans_secteur=False),),
        sites=(replace(probleme.sites[0], besoin=6), *probleme.sites[1:]),
        minutes=((50, 10, 10),),
        km=(probleme.km[0],),
        presences_actuelles=(),
        reglages=replace(probleme.reglages, meme_bassin=False),
    )
    reponse = pourquoi_pas(probleme, (), "S2", PAS)
    assert not reponse.a_portee
    [hors] = reponse.hors_de_portee
    assert (hors.minutes, hors.regle) == (10, "ecoles_tete")
    assert reponse.moindre is None
    assert reponse.est_complet
    proche = replace(probleme, minutes=((45, 10, 10),))
    assert [a.poste_id for a in pourquoi_pas(proche, (), "S2", PAS).a_portee] == ["P0"]


@pytest.mark.parametrize("nature", ["impose", "montant"])
def test_a_lock_on_a_couple_the_rules_refuse_leaves_it_no_level(nature):
    """No plan stands in which its poste is free; without the lock, the couple is at 0."""
    probleme = replace(petit(1), minutes=((50, 10, 10), (10, 10, 10)), presences_actuelles=())
    sans = modele.Index.de(probleme)
    assert modele.niveaux_du_couple(sans, 0, 0) == (0,)
    verrou = Verrou("P0", "S0", nature, 1 if nature == "montant" else None)
    avec = replace(probleme, verrous=(verrou,))
    assert modele.niveaux_du_couple(modele.Index.de(avec), 0, 0) == ()
    assert explication.Voisinage(avec, ()).optimum({0}) is None
    assert explication.Voisinage(probleme, ()).optimum({0}) is not None
    with pytest.raises(AtlasError, match="Verrous impossibles"):
        resoudre(avec, duree_max_s=0.1)


@pytest.mark.parametrize("graine", GRAINES)
def test_who_can_take_a_site_agrees_with_the_judge(graine):
    """Same breaches, same costs; and who breaks no rule comes before who does."""
    if cas(graine) is None:
        return
    probleme, plan = cas(graine)
    for site in probleme.sites:
        if not site.besoin:
            continue
        reprises = qui_peut_prendre(probleme, plan, site.site_id, demi_journees_cycle=2)
        for reprise in reprises:
            verdict = juge(probleme, reprise.alternative.plan)
            assert list(reprise.manquements) == verdict.manquements
            assert verdict.objectifs == {e.code: e.apres for e in reprise.alternative.effets}
            gardes = presences(reprise.alternative.plan)
            assert gardes[reprise.poste_id, site.site_id] == reprise.demi_journees_cycle
        nombres = [len(r.manquements) for r in reprises]
        assert nombres == sorted(nombres)


def test_on_a_departement_the_alternatives_stand_and_the_bound_is_never_beaten():
    """40 sites, 14 postes: whatever was found, the judge agrees and the pooled bound is below."""
    probleme = departement(40, 14, graine=3)
    plan = resoudre(probleme, duree_max_s=0.6).plan
    servi = {x.site_id for x in plan}
    for site in [*[s for s in probleme.sites if s.site_id not in servi][:2], probleme.sites[3]]:
        reponse = pourquoi_pas(probleme, plan, site.site_id, 4)
        verifier(probleme, plan, reponse.moindre)
        voisinage = explication.Voisinage(probleme, plan)
        postes = {voisinage.index.rang_poste[m.poste_id] for m in reponse.moindre.mouvements}
        assert len(postes) <= 2
        s = voisinage.index.rang_site[site.site_id]
        borne = explication.borne_du_manque(voisinage, tuple(sorted(postes)), s, reponse.cible)
        assert borne <= reponse.moindre.effets[0].apres
        for reprise in qui_peut_prendre(probleme, plan, site.site_id, demi_journees_cycle=4):
            verdict = juge(probleme, reprise.alternative.plan)
            assert list(reprise.manquements) == verdict.manquements
    presence = plan[5]
    reponse = pourquoi(probleme, plan, presence.poste_id, presence.site_id)
    for alternative in filter(None, (reponse.plus, reponse.moins, *reponse.autres)):
        verifier(probleme, plan, alternative)
    assert [e.code for e in reponse.moins.effets] == [o.code for o in SOUPLES]


def test_a_collège_passes_with_the_écoles_of_its_network():
    """The poste that leaves the head collège leaves its écoles too, and the taker takes both."""
    for graine in range(200):
        trouve = cas(graine)
        if trouve is None or not trouve[1]:
            continue
        probleme, plan = trouve
        ecoles = next((s for s in probleme.sites if s.site_tete), None)
        servants = {x.poste_id for x in plan if ecoles and x.site_id == ecoles.site_id}
        if servants and {x.poste_id for x in plan if x.site_id == ecoles.site_tete} == servants:
            break
    for reprise in qui_peut_prendre(probleme, plan, ecoles.site_tete):
        la = presences(reprise.alternative.plan)
        assert (reprise.poste_id, ecoles.site_id) in la
        assert not any(p in servants for p, s in la if s == ecoles.site_tete)


@pytest.mark.parametrize(
    ("question", "mots"),
    [
        (lambda pb, pl: pourquoi(pb, pl, "P9", "S0"), "P9.* inconnu"),
        (lambda pb, pl: pourquoi_pas(pb, pl, "S9", 4), "S9.* inconnu"),
        (lambda pb, pl: pourquoi(pb, (), "P0", "S0"), "aucune présence du poste P0"),
        (lambda pb, pl: qui_peut_prendre(pb, (), "S0"), "pas de présence à reprendre"),
        (lambda pb, pl: qui_peut_prendre(pb, (), "S0", a_la_place_de="P0"), "ne sert pas ce site"),
        (lambda pb, pl: pourquoi_pas(pb, [Presence("P7", "S0", 1)], "S0", 4), "couple inconnu"),
    ],
)
def test_questions_about_nothing_are_refused(question, mots):
    """An unknown poste or site, a presence that is not there: said in French."""
    with pytest.raises(AtlasError, match=mots):
        question(petit(1), ())
