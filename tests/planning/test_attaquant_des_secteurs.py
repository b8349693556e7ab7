"""The reader who adds up the presences of a sector: what he may know of the time of its poste."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.base.erreurs import AtlasError
from pipelines.planning.attaquant_des_secteurs import (
    GroupePublie,
    LienPublie,
    Publication,
    SitePublie,
    TempsRetrouvable,
    attaquer,
    etroits,
)

TEMPS_PLEIN = 34
LARGE = (0, 10**6)
SEMAINE = (4, TEMPS_PLEIN)


def lien(secteur, site, apres=SEMAINE, avant=(0, 0), sens=1):
    return LienPublie(secteur, site, avant, apres, sens)


def publication(liens, *, besoins, groupes=(), en_tout=10 * TEMPS_PLEIN):
    """A plan where nobody served anything before."""
    sites = tuple(
        SitePublie(s, (0, 0), (min(x.apres[0] for x in liens if x.site == s), b), 1)
        for s, b in besoins.items()
    )
    return Publication(tuple(liens), sites, tuple(groupes), TEMPS_PLEIN, en_tout)


def groupe(sites, apres):
    return GroupePublie(frozenset(sites), (0, 0), (apres, apres), LARGE)


def bornes(publie, secteur):
    [temps] = [t for t in attaquer(publie) if t.secteur == secteur]
    return temps.bas, temps.haut


def test_half_days_told_link_by_link_give_the_time_of_a_half_time_poste():
    """What a dossier must not print: 12 and 4 make 16, and 16 is no full-time poste."""
    liens = [lien("A", "S1", (12, 12)), lien("A", "S2", (4, 4)), lien("B", "S3", (32, 32))]
    publie = publication(
        liens,
        besoins={"S1": 14, "S2": 14, "S3": 34},
        groupes=[groupe(["S1", "S2", "S3"], 48)],
        en_tout=49,
    )
    assert bornes(publie, "A") == (16, 17)
    assert [t.secteur for t in etroits(publie, 0.3)] == ["A", "B"]


def test_rhythms_leave_a_half_time_poste_and_a_full_time_one_alike():
    liens = [lien("A", "S1"), lien("A", "S2"), lien("B", "S3")]
    publie = publication(
        liens,
        besoins={"S1": 14, "S2": 14, "S3": 34},
        groupes=[groupe(["S1", "S2", "S3"], 48)],
        en_tout=60,
    )
    assert bornes(publie, "A") == (14, 34)
    assert etroits(publie, 0.3) == []


def test_the_total_of_a_group_of_one_site_gives_it_back():
    """Three sites seen each week; the category that one is alone in tells its half-days."""
    liens = [lien("A", "S1"), lien("B", "S2"), lien("C", "S3")]
    besoins = dict.fromkeys(("S1", "S2", "S3"), 34)
    tous = groupe(besoins, 60)
    sans = publication(liens, besoins=besoins, groupes=[tous], en_tout=60)
    avec = publication(liens, besoins=besoins, groupes=[tous, groupe(["S1"], 16)], en_tout=60)
    assert bornes(sans, "A") == (4, 34)
    assert bornes(avec, "A") == (16, 16)


def test_a_total_less_the_others_gives_a_hidden_group_back():
    liens = [lien("A", "S1"), lien("B", "S2"), lien("C", "S3")]
    besoins = dict.fromkeys(("S1", "S2", "S3"), 34)
    groupes = [groupe(besoins, 60), groupe(["S2", "S3"], 44)]
    assert bornes(publication(liens, besoins=besoins, groupes=groupes, en_tout=60), "A") == (16, 16)


def test_what_is_gained_by_the_only_site_that_gains_tells_its_half_days():
    liens = [
        lien("A", "S1", (4, 34), (0, 0), 1),
        lien("B", "S2", (4, 34), (4, 34), 0),
    ]
    sites = (SitePublie("S1", (0, 0), (4, 34), 1), SitePublie("S2", (4, 34), (4, 34), 0))
    tous = GroupePublie(frozenset(("S1", "S2")), LARGE, LARGE, (16, 16))
    publie = Publication(tuple(liens), sites, (tous,), TEMPS_PLEIN, 0)
    assert bornes(publie, "A") == (16, 16)
    tue = replace(publie, groupes=(replace(tous, gains=LARGE),))
    assert bornes(tue, "A") == (4, 34)


def test_what_a_poste_gives_today_counts_too():
    """32 half-days told of today: the poste has that time, whatever little the plan asks of it."""
    publie = Publication(
        (lien("A", "S1", (4, 34), (32, 32), -1),),
        (SitePublie("S1", (32, 32), (4, 34), -1),),
        (),
        TEMPS_PLEIN,
        TEMPS_PLEIN,
    )
    assert bornes(publie, "A") == (32, 34)


def test_five_postes_of_five_full_times_are_each_full_time():
    """« 5 postes, 5 ETP »: nothing may lack in one of them; with 4 ETP, a whole one may."""
    liens = [lien(c, f"S{c}") for c in "ABCDE"]
    publie = publication(liens, besoins={f"S{c}": 20 for c in "ABCDE"}, en_tout=5 * TEMPS_PLEIN)
    assert etroits(publie, 0.3) == []
    pleins = replace(publie, manque_au_plus=0)
    assert bornes(pleins, "A") == (TEMPS_PLEIN, TEMPS_PLEIN)
    assert {t.secteur for t in etroits(pleins, 0.3)} == set("ABCDE")
    assert etroits(replace(publie, manque_au_plus=TEMPS_PLEIN), 0.3) == []


def test_a_sector_the_plan_empties_is_read_from_its_links_of_today():
    """It is named with what it gives today: that the plan takes all of it hides nothing."""
    publie = Publication(
        (LienPublie("A", "S1", (30, 34), (0, 0), -1),),
        (SitePublie("S1", (30, 34), (0, 0), -1),),
        (),
        TEMPS_PLEIN,
        TEMPS_PLEIN,
    )
    assert bornes(publie, "A") == (30, 34)
    assert [t.secteur for t in etroits(publie, 0.3)] == ["A"]


def test_the_transition_rule_tells_a_site_has_kept_most_of_what_it_had():
    """A site with 30 half-days that may lose 4 still has 26, though « chaque semaine » says 4."""
    site = SitePublie("S1", (30, 30), (4, 34), -1)
    liens = (lien("A", "S1", (4, 34), (30, 30), -1), lien("B", "S2", (4, 34), (4, 34), 0))
    sites = (site, SitePublie("S2", (4, 34), (4, 34), 0))
    groupes = (GroupePublie(frozenset(("S1", "S2")), LARGE, (40, 40), LARGE),)
    libre = Publication(liens, sites, groupes, TEMPS_PLEIN, 40)
    assert bornes(libre, "B") == (11, 34)
    tenue = replace(libre, sites=(replace(site, ecart=(-4, math.inf)), sites[1]))
    assert bornes(tenue, "B") == (11, 14)


def test_what_another_table_tells_of_a_sector_is_read_with_this_one():
    publie = publication([lien("A", "S1")], besoins={"S1": 34}, en_tout=34)
    assert bornes(publie, "A") == (4, 34)
    assert bornes(replace(publie, connus={"A": (20, 26)}), "A") == (20, 26)


def test_totals_that_contradict_the_rhythms_are_refused():
    liens = [lien("A", "S1", (1, 1))]
    with pytest.raises(AtlasError, match="se contredisent"):
        attaquer(publication(liens, besoins={"S1": 1}, groupes=[groupe(["S1"], 9)]))


def test_the_refusal_names_sectors_by_their_code_and_says_what_to_do():
    publie = publication(
        [lien("Secteur B-07", "S1", (16, 16))],
        besoins={"S1": 16},
        groupes=[groupe(["S1"], 16)],
        en_tout=16,
    )
    [temps] = etroits(publie, 0.3)
    message = TempsRetrouvable([temps], 0.3, TEMPS_PLEIN).message()
    assert "Secteur B-07 (de 0,47 à" in message
    assert "0,30 ETP" in message


@st.composite
def plans(tirage):
    """A plan, the time of its postes, and what is told of it: rhythms, and sums of some groups."""
    nb_postes, nb_sites = tirage(st.integers(1, 5)), tirage(st.integers(1, 7))
    couples = tirage(
        st.dictionaries(
            st.tuples(st.integers(0, nb_postes - 1), st.integers(0, nb_sites - 1)),
            st.integers(1, 16),
            min_size=1,
            max_size=9,
        )
    )
    donne = {p: sum(n for (q, _), n in couples.items() if q == p) for p in range(nb_postes)}
    temps = {p: min(TEMPS_PLEIN, n + tirage(st.integers(0, 6))) for p, n in donne.items()}
    recu = {s: sum(n for (_, t), n in couples.items() if t == s) for s in range(nb_sites)}
    servis = sorted(s for s, n in recu.items() if n)
    groupes = tirage(st.lists(st.sets(st.sampled_from(servis), min_size=1), max_size=3))
    return couples, temps, recu, [set(servis), *groupes]


def rythme(n):
    return next(b for b in ((1, 1), (2, 3), (4, 10**3)) if b[0] <= n <= b[1])


@given(plans())
@settings(max_examples=40, deadline=None)
def test_the_true_time_is_always_among_those_the_reader_admits(plan):
    """He excludes nothing that is: were he wrong, what he calls safe would not be."""
    couples, temps, recu, groupes = plan
    if any(sum(n for (q, _), n in couples.items() if q == p) > t for p, t in temps.items()):
        return  # more than a full-time poste can give
    liens = [lien(f"P{p}", f"S{s}", rythme(n)) for (p, s), n in couples.items()]
    sites = tuple(SitePublie(f"S{s}", (0, 0), rythme(n), 1) for s, n in recu.items() if n)
    publie = Publication(
        tuple(liens),
        sites,
        tuple(groupe([f"S{s}" for s in g], sum(recu[s] for s in g)) for g in groupes),
        TEMPS_PLEIN,
        sum(temps.values()),
        sum(TEMPS_PLEIN - t for t in temps.values()),
    )
    trouves = attaquer(publie)
    assert {t.secteur for t in trouves} == {f"P{p}" for p, _ in couples}
    for t in trouves:
        assert t.bas <= temps[int(t.secteur[1:])] <= t.haut
    # those seen wide enough are no wider than they are
    for large in (0.1, 0.3):
        connus = {t.secteur for t in etroits(publie, large)}
        assert connus == {t.secteur for t in trouves if t.haut - t.bas < large * TEMPS_PLEIN - 1e-6}
