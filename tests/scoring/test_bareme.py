"""From a site to its besoin: lines that add up, unknowns that stay unknown, rules without order."""

import random
from dataclasses import replace

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.doctrine import doctrine, poids
from pipelines.scoring.regles import Priorites, Regle, appliquer, priorites

NATIONAL = bareme("national_2017")
NIVEAUX = reference.valeur("optimisation", "niveaux_presence")
DRAPEAUX = ("segpa", "ulis", "upe2a", "relais", "internat", "a_section_professionnelle")
LEGER = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

un_site = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["COLLEGE", "LEGT", "LPO", "LP", "EREA"]),
        "effectif": st.one_of(st.none(), st.integers(0, 3000)),
        "ips": st.one_of(st.none(), st.floats(50, 160).map(lambda x: round(x, 1))),
        "est_rural": st.sampled_from([True, False, None]),
        "ep": st.sampled_from(["REP+", "REP", None]),
        **{drapeau: st.sampled_from([True, False, None]) for drapeau in DRAPEAUX},
    }
)
des_ecoles = st.fixed_dictionaries(
    {
        "nature": st.just("ecoles_rep_plus"),
        "type": st.just("ECOLE"),
        "ep": st.just("REP+"),
        "nb_ecoles_elementaires": st.integers(0, 20),
        "nb_ecoles_maternelles": st.integers(0, 20),
        **{drapeau: st.none() for drapeau in DRAPEAUX},
    }
)


def besoin_de(monde, *sites, echelle=NATIONAL):
    """The besoins of made-up sites, by site_id."""
    return besoins(monde(*sites), echelle).sites.set_index("site_id")["besoin"].to_dict()


def verifier_decomposition(calcul):
    """Lines add up to the besoin exactly; the besoin is an allowed level within its bounds."""
    sommes = {}
    for ligne in calcul.detail.to_dict("records"):
        centiemes = round(ligne["demi_journees"] * 100)
        assert centiemes / 100 == ligne["demi_journees"]
        sommes[ligne["site_id"]] = sommes.get(ligne["site_id"], 0) + centiemes
        assert ligne["libelle"]
        assert ligne["reference"]
        assert ligne["observe"]
    for site in calcul.sites.to_dict("records"):
        assert sommes[site["site_id"]] == 100 * site["besoin"], site
        assert site["besoin"] in NIVEAUX
        assert NATIONAL.bornes["plancher"] <= site["besoin"] <= NATIONAL.bornes["plafond"]


@LEGER
@given(sites=st.lists(st.one_of(un_site, des_ecoles), min_size=1, max_size=12))
def test_the_lines_of_a_besoin_add_up_to_it_exactly(monde, sites):
    """What is shown line by line is what is counted, to the last hundredth of a half-day."""
    verifier_decomposition(besoins(monde(*sites), NATIONAL))


@pytest.mark.reel
def test_the_lines_add_up_for_every_real_site(entrepot_reel):
    """The 402 real sites of six départements."""
    with duckdb.connect(str(entrepot_reel), read_only=True) as connexion:
        calcul = besoins(connexion, NATIONAL)
    assert len(calcul.sites) == 288 + 96 + 16 + 1
    verifier_decomposition(calcul)


def test_a_plain_college_of_500_has_a_besoin_anyone_can_redo(monde):
    """Base 4 + 500/75 pupils = 10.67: the nearest level is 10; REP+ adds 16: 26."""
    assert besoin_de(monde, {}, {"ep": "REP+"}) == {"S0": 10, "S1": 26}


def test_the_floor_the_ceiling_and_the_rounding_are_lines_of_the_besoin(monde):
    """A REP+ collège of 1 500 with everything is held at 34, and the sheet says by how much."""
    charge = {"ep": "REP+", "effectif": 1500, **dict.fromkeys(DRAPEAUX, True)}
    calcul = besoins(monde(charge), NATIONAL)
    codes = list(calcul.detail["code"])
    assert calcul.sites["besoin"].tolist() == [34]
    assert "plafond" in codes
    assert codes[:2] == ["base", "eleves"]
    verifier_decomposition(calcul)


def test_an_unknown_number_of_pupils_is_neither_zero_nor_hidden(monde):
    """A brand-new collège counts for the median of its type, and the line says it is unknown."""
    connus = [{"effectif": n, "departement": "034"} for n in (300, 750, 900)]
    autre = {"effectif": 60, "departement": "034", "type": "LP"}
    calcul = besoins(monde(*connus, autre, {"effectif": None, "departement": "034"}), NATIONAL)
    lignes = calcul.detail[calcul.detail["code"] == "eleves"].set_index("site_id")
    assert lignes.loc["S4", "demi_journees"] == lignes.loc["S1", "demi_journees"] == 10
    assert "effectif inconnu" in lignes.loc["S4", "observe"]
    assert "inconnu" not in lignes.loc["S1", "observe"]


def test_when_no_site_of_the_type_is_known_pupils_count_for_nothing_and_it_is_said(monde):
    """Nothing is invented: the line stays, at 0, with its reason."""
    calcul = besoins(monde({"effectif": None}), NATIONAL)
    [ligne] = calcul.detail[calcul.detail["code"] == "eleves"].to_dict("records")
    assert ligne["demi_journees"] == 0
    assert "effectif inconnu" in ligne["observe"]


def test_only_ecoles_with_cycle_3_raise_the_besoin_of_a_network(monde):
    """The circulaire names cycle 3 first: maternelles are shown, and add nothing."""
    ecoles = {"nature": "ecoles_rep_plus", "type": "ECOLE", "ep": "REP+"}
    trois = {**ecoles, "nb_ecoles_elementaires": 3}
    calcul = besoin_de(monde, trois, {**trois, "nb_ecoles_maternelles": 4})
    assert calcul == {"S0": 8, "S1": 8}


def test_an_ecole_of_unknown_level_is_named_in_the_line_and_counts_nothing(monde):
    """Three with cycle 3, one maternelle, two of which the annuaire says no level."""
    site = {
        "nature": "ecoles_rep_plus",
        "type": "ECOLE",
        "ep": "REP+",
        "nb_ecoles": 6,
        "nb_ecoles_elementaires": 3,
        "nb_ecoles_maternelles": 1,
    }
    calcul = besoins(monde(site), NATIONAL)
    [ligne] = calcul.detail[calcul.detail["code"] == "ecoles"].to_dict("records")
    assert ligne["demi_journees"] == 6
    assert "2 écoles de niveau inconnu" in ligne["observe"].replace("\u202f", " ")


@LEGER
@given(site=un_site, drapeau=st.sampled_from([*DRAPEAUX, "ep"]))
def test_one_more_label_never_lowers_a_besoin(monde, site, drapeau):
    """No establishment loses presence by getting a SEGPA, an internat or the REP+ label."""
    plus = {**site, drapeau: "REP+" if drapeau == "ep" else True}
    calcul = besoin_de(monde, site, plus)
    assert calcul["S1"] >= calcul["S0"]


@LEGER
@given(site=un_site, eleves=st.integers(0, 500))
def test_more_pupils_never_lower_a_besoin(monde, site, eleves):
    """Whatever the rounding."""
    base = site["effectif"] or 0
    calcul = besoin_de(monde, {**site, "effectif": base}, {**site, "effectif": base + eleves})
    assert calcul["S1"] >= calcul["S0"]


@LEGER
@given(sites=st.lists(un_site, min_size=1, max_size=6), graine=st.integers(0, 1000))
def test_the_order_of_rules_and_sites_has_no_meaning(monde, sites, graine):
    """The text lists its categories without ranking them: shuffled, they give the same besoins."""
    regles = list(NATIONAL.priorites.regles)
    random.Random(graine).shuffle(regles)
    melange = replace(NATIONAL, priorites=replace(NATIONAL.priorites, regles=tuple(regles)))
    droit, tordu = besoins(monde(*sites), NATIONAL), besoins(monde(*sites), melange)
    assert droit.sites.to_dict() == tordu.sites.to_dict()
    assert droit.detail.to_dict() == tordu.detail.to_dict()


@LEGER
@given(site=un_site)
def test_unknown_is_neither_yes_nor_no(monde, site):
    """A flag without value leaves its rule without verdict; it is listed, never counted."""
    cadre = appliquer(monde({**site, "type": "COLLEGE"}), NATIONAL.priorites)
    verdicts = dict(zip(cadre["regle"], cadre["verdict"], strict=True))
    attendus = {f"college_{nom}": site[nom] for nom in ("segpa", "ulis", "relais", "upe2a")}
    attendus["internat"] = site["internat"]
    for regle, valeur in attendus.items():
        assert verdicts[regle] is valeur
    calcul = besoins(monde({**site, "type": "COLLEGE"}), NATIONAL)
    [ligne] = calcul.sites.to_dict("records")
    assert set(ligne["inconnues"]) >= {r for r, v in attendus.items() if v is None}
    assert set(ligne["categories"]) & attendus.keys() == {r for r, v in attendus.items() if v}
    assert not set(ligne["categories"]) & set(ligne["inconnues"])


def test_a_rural_college_of_unknown_ips_is_not_called_favoured(monde):
    """est_rural true and IPS unknown: the category can't be told."""
    cadre = appliquer(monde({"est_rural": True, "ips": None}), NATIONAL.priorites)
    verdicts = dict(zip(cadre["regle"], cadre["verdict"], strict=True))
    assert verdicts["college_rural_defavorise"] is None
    assert verdicts["college_rep_plus"] is False


def jeu(condition):
    """A rule set of one rule."""
    modele = priorites("circulaire_2017_055")
    regle = Regle("ma_regle", "Ma règle", condition, "réf.", "résumé", modele.date)
    return Priorites(**{**modele.__dict__, "regles": (regle,)})


@pytest.mark.parametrize(
    "condition",
    [
        "random() < 0.5",
        "lower(nom) = 'x'",
        "nom like '%x%'",
        "effectif in (select 1)",
        "exists (select 1 from mart_poste)",
        "taux_boursiers > 10",
        "effectif >",
        "true; drop table mart_site",
        "true; select 1",
        "true, false",
        "ep",
        "effectif",
        "segpa where false",
        "count(*) over () > 1",
        "effectif = getenv('HOME')",
    ],
)
def test_a_condition_that_is_not_a_plain_comparison_is_refused_by_name(monde, condition):
    """A rule compares columns with constants: anything else names the rule and is not run."""
    connexion = monde({})
    with pytest.raises(AtlasError, match="ma_regle") as refus:
        appliquer(connexion, jeu(condition))
    assert "data/reference/priorites" in refus.value.remede
    assert "effectif" in refus.value.admis
    assert connexion.execute("select count(*) from mart_site").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("condition", "attendu"),
    [
        ("effectif >= 500 and not segpa", True),
        ("type in ('LP', 'EREA') or ips < 100", False),
        ("ep is null", True),
        ("ep = 'REP'", None),
    ],
)
def test_plain_comparisons_are_admitted(monde, condition, attendu):
    """And, or, not, in, is null: what an academic text needs."""
    assert appliquer(monde({}), jeu(condition))["verdict"].tolist() == [attendu]


def test_every_category_has_a_weight_in_the_scale_and_in_the_doctrine():
    """A category forgotten in a file would weigh nothing without a word."""
    codes = {regle.code for regle in NATIONAL.priorites.regles}
    principe = doctrine("priorites_d_abord")
    nommes = principe.poids.keys() - {"sans_categorie", "categorie_inconnue"}
    assert nommes - priorites("aix_marseille_2018").residuelles == codes
    assert set(NATIONAL.contributions) - {"reference"} == codes - {"ecoles_rep_plus"}
    assert all(v >= principe.poids["sans_categorie"] for v in principe.poids.values())


def test_a_site_of_several_categories_takes_the_largest_weight():
    """REP+ with an internat weighs as REP+."""
    principe = doctrine("priorites_d_abord")
    assert poids(("college_rep_plus", "internat"), (), principe) == 6
    assert poids(("internat",), ("college_rep",), principe) == principe.poids["internat"]
    assert poids((), (), principe) == principe.poids["sans_categorie"]
    assert poids((), ("college_upe2a",), principe) == principe.poids["categorie_inconnue"]
    assert principe.poids["categorie_inconnue"] > principe.poids["sans_categorie"]


def test_an_unknown_scale_lists_those_that_exist():
    """A mistyped barème is answered with the names one may use."""
    with pytest.raises(AtlasError, match="national_2017"):
        bareme("nationnal")
