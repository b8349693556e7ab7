"""Clashing demands: the set is minimal, and each way out really opens the door."""

import itertools
import json
import random
from collections import Counter
from dataclasses import replace

import pytest
from petits import NIVEAUX, en_lignes, enumerer, petit

from pipelines.base.erreurs import AtlasError
from pipelines.planning.approche import approcher
from pipelines.planning.conflits import conflits
from pipelines.planning.exigences import Plancher
from pipelines.planning.issues import Issue, Pas, appliquer
from pipelines.planning.probleme import Poste, Presence, Probleme, Site, Verrou, vers_json
from pipelines.planning.refus import dire_exigences, dire_issue, dire_issues, dire_regles
from pipelines.planning.solveur import resoudre
from pipelines.planning.verification import juger


def possible(probleme, exigences):
    """Whether some plan keeps every rule and these demands: every plan, by the judge alone."""
    verrous = tuple(e for e in exigences if isinstance(e, Verrou))
    planchers = [e for e in exigences if isinstance(e, Plancher)]
    contenu = json.loads(vers_json(replace(probleme, verrous=verrous)))
    sites = {e.site_id for e in exigences}
    sites |= {s.site_tete for s in probleme.sites if s.site_id in sites and s.site_tete}
    couples = [(p.poste_id, s) for p in probleme.postes for s in sorted(sites)]
    for montants in itertools.product(NIVEAUX, repeat=len(couples)):
        plan = [Presence(*c, n) for c, n in zip(couples, montants, strict=True) if n]
        tenu = all(
            sum(x.demi_journees_cycle for x in plan if x.site_id == f.site_id)
            >= f.demi_journees_cycle
            for f in planchers
        )
        if tenu and juger(contenu, en_lignes(plan)).conforme:
            return True
    return False


def exigeant(graine):
    """A small problem with more demands than it can often hold."""
    tirage = random.Random(graine)
    probleme = petit(graine, nb_sites=2 + graine % 2)
    couples = list(itertools.product(range(2), range(len(probleme.sites))))
    verrous = []
    for p, s in tirage.sample(couples, tirage.choice((1, 2, 2))):
        nature = tirage.choice(("impose", "interdit", "montant", "montant"))
        montant = tirage.choice(NIVEAUX[1:]) if nature == "montant" else None
        verrous.append(Verrou(f"P{p}", f"S{s}", nature, montant))
    site = tirage.choice(probleme.sites)
    planchers = (Plancher(site.site_id, tirage.choice((1, 2, 4))),) if graine % 3 else ()
    return replace(probleme, verrous=tuple(verrous)), planchers


def test_clashing_sets_are_minimal_and_every_way_out_opens():
    """60 problems, each answer re-checked by trying every plan with the judge."""
    vus = set()
    for graine in range(60):
        probleme, planchers = exigeant(graine)
        trouves = conflits(probleme, planchers)
        exigences = (*probleme.verrous, *planchers)
        assert bool(trouves) != possible(probleme, exigences), graine
        for conflit in trouves:
            assert conflit.est_minimal
            assert not possible(probleme, conflit.exigences)
            for exigence in conflit.exigences:
                assert possible(probleme, [e for e in conflit.exigences if e != exigence])
            for issue in conflit.issues:
                change, reste = appliquer(probleme, conflit.exigences, issue)
                assert possible(change, reste), (graine, issue)
                assert dire_issue(probleme, issue)
                vus |= {pas.nature for pas in issue.pas}
            reprises = [i for i in conflit.issues if i.pas[0].nature == "lever"]
            assert len(reprises) == len(conflit.exigences)
    assert {"capacite", "trajet", "montant", "plancher", "lever"} <= vus


def deux_colleges(**changements):
    """One poste of 8 half-days, two collèges that need 8, one 51 minutes away."""
    sites = tuple(
        Site(f"034000{i}{c}", f"Collège {i}", "etablissement", 8, 1, 1, (), None, None, None)
        for i, c in ((1, "A"), (2, "B"))
    )
    champs = {
        "departement": "034",
        "graine": 1,
        "empreinte_donnees": "",
        "est_simule": False,
        "reglages": replace(petit(1).reglages, niveaux=(0, 1, 2, 4, 6, 8), meme_bassin=False),
        "sites": sites,
        "postes": (Poste("P-17", 1.0, "occupe", 8, 2, "0340001A", None, None, None),),
        "minutes": ((0, 10),),
        "km": ((None, None),),
        "hypotheses": {},
    }
    return Probleme(**{**champs, **changements})


def verrous(*montants):
    return tuple(
        Verrou("P-17", site, "montant", n)
        for site, n in zip(("0340001A", "0340002B"), montants, strict=True)
    )


@pytest.mark.parametrize(
    ("changements", "planchers", "attendus"),
    [
        (
            {"verrous": verrous(6, 4)},
            (),
            ["trouver 2 demi-journées par cycle de plus pour le poste P-17"],
        ),
        (
            {
                "verrous": verrous(4, 4),
                "postes": (Poste("P-17", 1.0, "occupe", 8, 1, "0340001A", None, None, None),),
            },
            (),
            ["admettre un 2e établissement pour le poste P-17"],
        ),
        (
            {"verrous": (Verrou("P-17", "0340002B", "impose"),), "minutes": ((0, 51),)},
            (),
            ["admettre 6 minutes de trajet de plus (51 au lieu de 45)"],
        ),
        (
            {},
            (Plancher("0340001A", 6), Plancher("0340002B", 4)),
            ["trouver 2 demi-journées", "se contenter"],
        ),
    ],
)
def test_the_price_of_a_way_out_is_the_least_and_is_said_in_french(
    changements, planchers, attendus
):
    """Two half-days short, a second site, six minutes: no more than what is needed."""
    probleme = deux_colleges(**changements)
    [conflit] = conflits(probleme, planchers)
    phrases = [dire_issue(probleme, i) for i in conflit.issues]
    for attendu in attendus:
        assert any(attendu in phrase for phrase in phrases), phrases


def test_the_solver_refuses_clashing_locks_with_the_ways_out():
    """What a person reads when a proposal is impossible."""
    with pytest.raises(AtlasError) as refus:
        resoudre(deux_colleges(verrous=verrous(6, 4)), duree_max_s=0.2)
    message = str(refus.value)
    for mots in (
        "P-17 – Collège 1",
        "fixé à 6",
        "Capacité du poste",
        "2 demi-journées par cycle de plus",
    ):
        assert mots in message


def test_demands_nobody_decides_are_told_by_the_nearest_plan():
    """A plan that holds every floor is found; else what is short is the least there is, proven."""
    vus = 0
    for graine in range(30):
        probleme = petit(graine, nb_sites=3)
        planchers = tuple(Plancher(s.site_id, min(s.besoin, 2)) for s in probleme.sites if s.besoin)
        trouve = approcher(probleme, planchers, 0.2)
        manques = []
        for plan, _ in enumerer(probleme):
            couverture = Counter()
            for x in plan:
                couverture[x.site_id] += x.demi_journees_cycle
            sous = [f.demi_journees_cycle - couverture[f.site_id] for f in planchers]
            manques.append(sum(n for n in sous if n > 0))
        assert sum(trouve.manquent.values()) == min(manques) == trouve.au_moins, graine
        assert (not trouve.manquent) == possible(probleme, planchers)
        vus += bool(trouve.manquent)
    assert 0 < vus < 30


def test_many_demands_are_told_together_with_what_is_within_their_reach():
    """Eight collèges and one poste that serves seven: the numbers say why, ways out are few."""
    modele = deux_colleges()
    sites = tuple(
        replace(modele.sites[0], site_id=f"034000{i}A", nom=f"Collège {i}") for i in range(1, 9)
    )
    probleme = replace(
        modele,
        sites=sites,
        postes=(replace(modele.postes[0], capacite=16, sites_max=7),),
        minutes=((0, *(10 for _ in sites[1:])),),
        km=(tuple(None for _ in sites),),
    )
    [conflit] = conflits(probleme, [Plancher(s.site_id, 1) for s in sites])
    assert len(conflit.exigences) == 8
    phrase = dire_exigences(probleme, conflit.exigences)
    assert "8 planchers (8 demi-journées par cycle en tout) sur 8 sites" in phrase
    assert "1 poste (16 demi-journées par cycle, 7 sites au plus parmi eux)" in phrase
    issues = dire_issues(probleme, conflit)
    assert issues[-1] == "lever l'une de 8 exigences, au choix"
    assert len(issues) < 8


def conflit_de(changements, planchers=()):
    """The only clash of a problem of two collèges and one poste."""
    probleme = deux_colleges(**changements)
    [conflit] = conflits(probleme, planchers)
    return probleme, conflit


def test_two_rules_that_clash_together_are_both_named_with_one_way_out_of_both():
    """Too far and in another bassin: neither rule lifted alone is enough, the two are."""
    modele = deux_colleges()
    est, ouest = (replace(s, bassin=b) for s, b in zip(modele.sites, ("Est", "Ouest"), strict=True))
    probleme, conflit = conflit_de(
        {
            "sites": (est, ouest),
            "postes": (replace(modele.postes[0], bassin="Est"),),
            "minutes": ((0, 51),),
            "reglages": replace(modele.reglages, meme_bassin=True),
            "verrous": (Verrou("P-17", "0340002B", "impose"),),
        }
    )
    assert conflit.regles == ()
    assert conflit.ensemble == ("trajet", "bassin")
    assert dire_regles(conflit).endswith(", ensemble")
    [deux] = [i for i in conflit.issues if len(i.pas) == 2]
    assert {p.nature for p in deux.pas} == {"trajet", "bassin"}
    assert "6 minutes de trajet de plus" in dire_issue(probleme, deux)
    assert possible(*appliquer(probleme, conflit.exigences, deux))


def test_the_levels_are_named_when_they_alone_forbid_a_floor():
    """At least 3 of the 3 needed: one poste may give 2 or 4 a cycle, never 3."""
    modele = deux_colleges()
    _, conflit = conflit_de(
        {"sites": (replace(modele.sites[0], besoin=3), modele.sites[1])},
        (Plancher("0340001A", 3),),
    )
    assert "niveau" in conflit.regles


def test_a_price_that_is_not_proven_the_least_is_said_at_most():
    probleme = deux_colleges()
    pas = (Pas("capacite", "P-17", None, 8, 10),)
    assert "au plus" not in dire_issue(probleme, Issue(pas))
    assert dire_issue(probleme, Issue(pas, est_moindre=False)).endswith(
        "(au plus, moins suffit peut-être)"
    )
