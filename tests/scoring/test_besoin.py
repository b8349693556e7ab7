"""Three barèmes over the same sites: what each counts, what none may do."""

import re
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot
from pipelines.scoring import jeux
from pipelines.scoring.bareme import (
    avec_poids,
    bareme,
    interpreter,
    poids_reglables,
    sur_texte,
    verifier_les_labels,
)
from pipelines.scoring.besoin import Mesure, besoins, mesurer, preparer
from pipelines.scoring.couverture import rythme
from pipelines.scoring.inscription import inscrire
from pipelines.scoring.labels import LABELS
from pipelines.scoring.moyens import a_moyens_constants, moyens
from pipelines.scoring.regles import priorites
from pipelines.scoring.sensibilite import deplacements, desaccord

LIVRES = jeux.livres("baremes")
NIVEAUX = reference.valeur("optimisation", "niveaux_presence")
LEGER = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
OUI_NON_INCONNU = st.sampled_from([True, False, None])
un_college = st.fixed_dictionaries(
    {
        "effectif": st.one_of(st.none(), st.integers(0, 2500)),
        "ips": st.one_of(st.none(), st.floats(50, 160).map(lambda x: round(x, 1))),
        "est_rural": OUI_NON_INCONNU,
        "ep": st.sampled_from(["REP+", "REP", None]),
        "segpa": OUI_NON_INCONNU,
        "ulis": OUI_NON_INCONNU,
        "internat": OUI_NON_INCONNU,
        "eleves_segpa": st.one_of(st.none(), st.integers(0, 120)),
        "eloignement_km": st.one_of(st.none(), st.floats(0, 60)),
    }
)


def contenu(code):
    """The tables of a shipped barème, to be spoilt."""
    fichier = chemins.REFERENCE / "baremes" / f"{code}.toml"
    return tomllib.loads(fichier.read_text(encoding="utf-8"))


def lignes(connexion, code, site="S0"):
    """Half-days by line code of one site."""
    detail = besoins(connexion, bareme(code)).detail
    detail = detail[detail["site_id"] == site]
    return dict(zip(detail["code"], detail["demi_journees"], strict=True))


@pytest.mark.parametrize("code", LIVRES)
@LEGER
@given(sites=st.lists(un_college, min_size=1, max_size=8))
def test_under_every_bareme_lines_add_up_and_the_besoin_is_an_allowed_presence(monde, code, sites):
    """To the last hundredth, whatever is unknown."""
    echelle = bareme(code)
    calcul = besoins(monde(*sites), echelle)
    sommes = calcul.detail.groupby("site_id")["demi_journees"].sum()
    for site in calcul.sites.to_dict("records"):
        assert sommes[site["site_id"]] == pytest.approx(site["besoin"], abs=1e-9)
        assert site["besoin"] in NIVEAUX
        assert echelle.bornes["plancher"] <= site["besoin"] <= echelle.bornes["plafond"]
    assert calcul.detail["reference"].str.len().min() > 0
    assert calcul.detail["observe"].str.len().min() > 0


@pytest.mark.parametrize("code", LIVRES)
@LEGER
@given(site=un_college, drapeau=st.sampled_from(["segpa", "ulis", "upe2a", "internat", "ep"]))
def test_under_no_bareme_does_a_label_lower_a_besoin(monde, code, site, drapeau):
    """A college with a label more, all else equal, never needs less."""
    sans = {**site, drapeau: None if drapeau == "ep" else False, "eleves_segpa": 20}
    avec = {**sans, drapeau: "REP+" if drapeau == "ep" else True}
    avant, apres = besoins(monde(sans, avec), bareme(code)).sites["besoin"]
    assert apres >= avant


TEXTES = jeux.livres("priorites")


@pytest.mark.parametrize("texte", TEXTES)
@pytest.mark.parametrize("code", ["effectifs", "national_2017"])
@settings(LEGER, max_examples=12)
@given(
    site=un_college,
    drapeau=st.sampled_from([*LABELS, "ep"]),
    type_=st.sampled_from(["COLLEGE", "LPO", "LP"]),
    donnees=st.data(),
)
def test_under_no_text_and_no_weights_admitted_does_a_label_lower_a_besoin(
    monde, texte, code, site, drapeau, type_, donnees
):
    """What an académie may write: any text, any weights; those that would are refused."""
    jeu = priorites(texte)
    echelle = sur_texte(bareme(code), jeu)
    partie, haut = {"effectifs": ("coefficients", 4), "national_2017": ("contributions", 20)}[code]
    # light where a text names what is left, so that most draws are admitted
    tires = {
        r.code: donnees.draw(st.integers(0, haut if r.est_prioritaire else 1)) for r in jeu.regles
    }
    tiree = replace(echelle, **{partie: {**getattr(echelle, partie), **tires}})
    try:
        verifier_les_labels(tiree, "academie.toml")
    except AtlasError:
        # the two others name nothing that a label would take away
        assert texte == "aix_marseille_2018"
        return
    sans = {**site, "type": type_, drapeau: None if drapeau == "ep" else False, "eleves_segpa": 20}
    avec = {**sans, drapeau: "REP+" if drapeau == "ep" else True}
    avant, apres = besoins(monde(sans, avec), tiree).sites["besoin"]
    assert apres >= avant


def test_what_is_left_never_weighs_more_than_what_takes_its_place(monde):
    """An ULIS opening in a plain collège of 651 would take 4 half-days away: 18, then 14."""
    echelle = sur_texte(bareme("national_2017"), priorites("aix_marseille_2018"))
    poids = {"college_sans_dispositif": 6, "dispositif_adapte": 2, "college_rep": 6}
    inverse = replace(echelle, contributions={**echelle.contributions, **poids})
    sites = monde({"effectif": 651}, {"effectif": 651, "ulis": True})
    assert besoins(sites, inverse).sites["besoin"].tolist() == [18, 14]
    with pytest.raises(AtlasError, match="Un label de plus") as refus:
        verifier_les_labels(inverse, "academie.toml")
    texte = re.sub(r"\s", " ", refus.value.message())
    assert "« Collège sans dispositif » (6) pour « Établissement avec dispositif adapté » (2)" in (
        texte
    )
    egal = {**inverse.contributions, "dispositif_adapte": 6}
    verifier_les_labels(replace(inverse, contributions=egal), "academie.toml")
    compte = {**echelle.coefficients, "college_sans_dispositif": 1.3, "dispositif_adapte": 1.2}
    with pytest.raises(AtlasError, match=r"\[coefficients\]"):
        verifier_les_labels(replace(echelle, coefficients=compte), "academie.toml")


def test_a_pupil_of_a_rep_plus_college_counts_for_two_in_the_pupil_bareme(monde):
    """550 pupils make 10 half-days; the same with the label, 20; nothing else is counted."""
    connexion = monde({"effectif": 550}, {"effectif": 550, "ep": "REP+"})
    assert lignes(connexion, "effectifs", "S0") == {"base": 0, "eleves": 10}
    assert lignes(connexion, "effectifs", "S1") == {"base": 0, "eleves": 20}


def test_a_college_of_several_categories_takes_the_largest_coefficient_not_their_sum(monde):
    """REP+ (2) with a SEGPA (1,3) counts 2."""
    connexion = monde({"effectif": 550, "ep": "REP+", "segpa": True})
    assert lignes(connexion, "effectifs")["eleves"] == 20


def test_the_continuous_bareme_has_no_threshold(monde):
    """One point of IPS around 100, or one label, changes a besoin by less than a half-day."""
    sites = [
        {"ips": 99.9, "est_rural": True, "eleves_segpa": 0, "eleves_ulis": 0, "eloignement_km": 5},
        {"ips": 100.1, "est_rural": True, "eleves_segpa": 0, "eleves_ulis": 0, "eloignement_km": 5},
    ]
    connexion = monde(*sites)
    donnees = preparer(connexion, bareme("continu").priorites)
    avant, apres = mesurer(donnees, bareme("continu")).somme
    assert 0 < avant - apres < 10  # hundredths
    seuil, sans = mesurer(donnees, bareme("national_2017")).somme
    assert seuil - sans == 400


def test_the_continuous_bareme_can_be_redone_by_hand(monde):
    """500 pupils at IPS 105, 60 in SEGPA, 12 in ULIS, 8 km away: 1 + 3,33 + 7,5 + 3 + 1,8 + 0,8."""
    site = {
        "ips": 105.0,
        "segpa": True,
        "ulis": True,
        "eleves_segpa": 60,
        "eleves_ulis": 12,
        "eloignement_km": 8.0,
    }
    attendues = {
        "base": 1,
        "eleves": 3.33,
        "ips": 7.5,
        "eleves_segpa": 3,
        "eleves_ulis": 1.8,
        "eloignement": 0.8,
    }
    lues = lignes(monde(site), "continu")
    assert {c: v for c, v in lues.items() if c != "arrondi"} == attendues
    assert lues["arrondi"] == pytest.approx(18 - sum(attendues.values()), abs=1e-9)


def test_an_unknown_number_of_segpa_pupils_is_that_of_the_other_segpa_not_of_all_colleges(monde):
    """A college known to have a SEGPA is not counted at the median of those that have none."""
    autres = [{"segpa": False, "eleves_segpa": 0}] * 5
    segpa = [{"segpa": True, "eleves_segpa": n} for n in (40, 60, 80)]
    connexion = monde({"segpa": True, "eleves_segpa": None}, *segpa, *autres)
    assert lignes(connexion, "continu")["eleves_segpa"] == 3  # 60 × 0.05
    connexion = monde({"segpa": False, "eleves_segpa": None}, *segpa)
    assert lignes(connexion, "continu")["eleves_segpa"] == 0


def test_a_site_whose_type_has_no_index_is_not_taken_for_the_most_favoured(monde):
    """No EREA has an IPS: it counts for the median of the collèges and lycées, and it is said."""
    erea = {"type": "EREA", "ips": None, "departement": "034", "effectif": 100}
    autres = [{"ips": n, "departement": "034"} for n in (80.0, 105.0, 120.0)]
    detail = besoins(monde(erea, *autres), bareme("continu")).detail
    [ligne] = detail[(detail["site_id"] == "S0") & (detail["code"] == "ips")].to_dict("records")
    assert ligne["demi_journees"] == 1.5  # (165 − 105) × 0.025, for 100 pupils
    assert "inconnu" in ligne["observe"]
    assert "tous les types" in ligne["observe"]


def test_pupils_of_a_segpa_nobody_knows_of_are_said_unknown_not_none(monde):
    """Neither yes nor no: the colleges that have none say nothing of this one."""
    autres = [{"segpa": False, "eleves_segpa": 0}] * 5
    detail = besoins(monde({"segpa": None}, *autres), bareme("continu")).detail
    [ligne] = detail[(detail["site_id"] == "S0") & (detail["code"] == "eleves_segpa")].to_dict(
        "records"
    )
    assert ligne["demi_journees"] == 0
    assert "inconnu" in ligne["observe"]


def test_a_continuous_line_shows_what_it_is_made_of(monde):
    """The reader can redo it: 60 points under 165, for 500 pupils."""
    detail = besoins(monde({"ips": 105.0}), bareme("continu")).detail
    [observe] = detail[detail["code"] == "ips"]["observe"]
    assert all(n in observe for n in ("105", "60,0", "165", "500"))


def test_an_unknown_category_is_a_line_at_zero_never_an_absence(monde):
    """The reader sees what is missing, and that nothing was counted for it."""
    detail = besoins(monde({"upe2a": None}), bareme("national_2017")).detail.set_index("code")
    assert detail.loc["college_upe2a", "demi_journees"] == 0
    assert "inconnu" in detail.loc["college_upe2a", "observe"]
    assert "college_upe2a" not in besoins(monde({}), bareme("national_2017")).detail["code"].array


def poser_presences(connexion, presences):
    connexion.execute(
        "create or replace table mart_presence (poste_id varchar, site_id varchar, "
        "demi_journees_cycle integer)"
    )
    for site, demi_journees in presences.items():
        connexion.execute("insert into mart_presence values ('P', ?, ?)", [site, demi_journees])


def test_the_transition_rule_holds_what_a_site_may_lose_in_one_year(monde):
    """From 18 half-days to a besoin of 10, 4 at most may be lost: 14, and the line says so."""
    connexion = monde({}, {"ep": "REP+"}, {})
    poser_presences(connexion, {"S0": 18, "S1": 18})
    sans = besoins(connexion, bareme("national_2017"))
    avec = besoins(connexion, bareme("national_2017"), perte_max=4)
    assert sans.sites["besoin"].tolist() == [10, 26, 10]
    assert avec.sites["besoin"].tolist() == [14, 26, 10]
    transition = avec.detail[avec.detail["code"] == "transition"]
    assert transition["site_id"].tolist() == ["S0"]
    assert transition["demi_journees"].tolist() == [4]
    assert "Transition" in transition["libelle"].iloc[0]


def test_the_transition_rule_rounds_up_to_a_presence_that_exists(monde):
    """17 − 4 = 13 half-days is no presence: 14, so that no more than 4 are lost."""
    connexion = monde({})
    poser_presences(connexion, {"S0": 17})
    avec = besoins(connexion, bareme("national_2017"), perte_max=4)
    assert avec.sites["besoin"].tolist() == [14]


@given(
    besoin=st.lists(st.sampled_from([n for n in NIVEAUX if n]), min_size=1, max_size=40),
    demi_journees=st.integers(0, 900),
)
def test_at_constant_means_nothing_is_given_twice_and_no_larger_need_gets_less(
    besoin, demi_journees
):
    """The sum holds in the means; two sites keep the order of their needs."""
    besoin = np.array(besoin)
    parts = a_moyens_constants(besoin, demi_journees)
    assert parts.sum() <= demi_journees
    assert set(parts.tolist()) <= set(NIVEAUX)
    ordre = np.argsort(besoin, kind="stable")
    for i in range(len(besoin) - 1):
        petit, grand = ordre[i], ordre[i + 1]
        if besoin[petit] < besoin[grand]:
            assert parts[petit] <= parts[grand]


def test_at_constant_means_half_the_means_give_about_half_of_each_need():
    """20, 10 and 10 half-days of need with 20 at hand: exact shares are 10, 5 and 5."""
    assert a_moyens_constants(np.array([20, 10, 10]), 20).tolist() == [10, 6, 4]


@pytest.mark.reel
def test_every_bareme_is_stored_with_lines_that_add_up(entrepot_reel):
    """`mart_besoin_detail` sums to `mart_besoin` for 401 real sites under the three barèmes."""
    with entrepot.ouvrir(entrepot_reel) as connexion:
        [(ecarts, lus)] = connexion.execute(
            "select count(*) filter (where abs(somme - besoin) > 1e-9), count(*) from mart_besoin "
            "join (select bareme, site_id, sum(demi_journees) as somme from mart_besoin_detail "
            "group by all) using (bareme, site_id)"
        ).fetchall()
        totaux = connexion.execute(
            "select bareme, departement, sum(besoin_a_moyens_constants) from mart_besoin "
            "join mart_site using (site_id) group by all"
        ).fetchall()
        disponibles = {code: m.demi_journees for code, m in moyens(connexion).items()}
    assert ecarts == 0
    assert lus == 401 * len(LIVRES)
    for code, departement, total in totaux:
        if not disponibles[departement]:
            assert total is None, code
            continue
        assert disponibles[departement] - 2 <= total <= disponibles[departement], code


def test_a_warehouse_without_a_site_has_no_besoin_and_no_error(monde):
    """A département of private schools only."""
    connexion = monde()
    connexion.execute(
        "create or replace table ref_departements (departement varchar, libelle varchar)"
    )
    connexion.execute(
        "create or replace table mart_poste (poste_id varchar, departement varchar, "
        "statut varchar, sans_secteur boolean, quotite_etp double, hors_secteur_etp double)"
    )
    connexion.execute(
        "create or replace table mart_presence (poste_id varchar, site_id varchar, "
        "demi_journees_cycle integer)"
    )
    for table in ("mart_besoin", "mart_besoin_detail"):
        connexion.execute(f"drop table if exists {table}")
    inscrire(connexion)
    assert connexion.execute("select count(*) from mart_besoin_detail").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("partie", "cle", "valeur", "mot"),
    [
        ("contributions", "college_rep_pluss", 4, "college_rep_pluss"),
        ("contributions", "college_rep", -1, "positif ou nul"),
        ("contributions", "college_rep", "beaucoup", "beaucoup"),
        ("eleves", "COLLEGE", 0, "ne peut être nul"),
        ("bornes", "plancher", 40, "au-dessus du plafond"),
    ],
)
def test_a_bareme_badly_written_is_refused_with_its_fault_named(partie, cle, valeur, mot):
    """An académie writes its own: what is wrong must be said in its words."""
    tables = contenu("national_2017")
    tables[partie][cle] = valeur
    with pytest.raises(AtlasError, match=r"academie\.toml") as refus:
        interpreter(tables, "academie.toml")
    texte = refus.value.message()
    assert mot in texte


@pytest.mark.parametrize(
    ("partie", "cle"), [("bareme", "nature"), ("eleves", "LPO"), ("bornes", "reference")]
)
def test_a_bareme_without_a_needed_key_is_refused(partie, cle):
    """A type without its number of pupils would have no besoin."""
    tables = contenu("national_2017")
    del tables[partie][cle]
    with pytest.raises(AtlasError, match=f"« {cle} »"):
        interpreter(tables, "academie.toml")


def test_a_factor_of_a_column_that_does_not_exist_is_refused():
    """The columns admitted are listed."""
    tables = contenu("continu")
    tables["continus"][0]["colonne"] = "age_du_principal"
    with pytest.raises(AtlasError, match="age_du_principal") as refus:
        interpreter(tables, "academie.toml")
    assert "ips" in refus.value.message()


def test_every_number_of_every_bareme_can_be_moved_and_has_its_reference():
    """What the sensitivity moves is what the file holds."""
    for code in LIVRES:
        echelle = bareme(code)
        for poids in poids_reglables(echelle):
            assert poids.reference, poids
            double = avec_poids(echelle, poids.partie, poids.cle, poids.valeur * 2 + 1)
            [change] = [
                p for p in poids_reglables(double) if (p.partie, p.cle) == (poids.partie, poids.cle)
            ]
            assert change.valeur == poids.valeur * 2 + 1


def test_moving_a_weight_says_which_sites_change_of_rhythm_and_of_rank(monde):
    """A REP weight a quarter lower moves the REP college only, down."""
    connexion = monde({}, {"ep": "REP"}, {"effectif": 900}, {"effectif": 60})
    donnees = preparer(connexion, bareme("national_2017").priorites)
    tous = np.ones(4, dtype=bool)
    avant, bouges = deplacements(donnees, bareme("national_2017"), tous, disponibles=24)
    [moins] = [d for d in bouges if d.poids.cle == "college_rep" and d.variation == -0.25]
    assert avant.besoin.tolist() == [10, 18, 16, 4]
    assert moins.apres.besoin.tolist() == [10, 16, 16, 4]
    # half the need at hand: each share, rounded to an allowed level; 8 half-days stay one day
    assert avant.constant.tolist() == [6, 8, 8, 2]
    assert moins.apres.constant.sum() <= 24
    assert avant.rang.tolist() == [3, 1, 2, 4]
    assert moins.besoin_change.tolist() == [False, True, False, False]
    assert not moins.classe_change.any()
    assert moins.total == avant.besoin.sum() - 2
    assert all(rythme(int(b)) for b in moins.apres.besoin)


def test_two_baremes_are_compared_whatever_their_totals(monde):
    """The same barème doubled gives the same shares and the same ranks."""
    connexion = monde(
        *[{"effectif": n, "ep": e} for n, e in ((300, None), (600, "REP"), (900, None))]
    )
    echelle = bareme("effectifs")
    donnees = preparer(connexion, echelle.priorites)
    double = avec_poids(echelle, "eleves", "COLLEGE", 27.5)
    tous = np.ones(3, dtype=bool)
    ecart = desaccord(donnees, mesurer(donnees, echelle), mesurer(donnees, double), tous)
    assert ecart.correlation == pytest.approx(1)
    assert ecart.parts["part_premiere"].sum() == pytest.approx(1)
    assert ecart.parts["rang_premiere"].tolist() == ecart.parts["rang_seconde"].tolist()
    assert ecart.categories["code"].tolist() == ["college_rep"]


def test_the_disagreement_of_two_baremes_is_over_ranks_not_over_amounts(monde):
    """The same order is a correlation of 1, however far apart the sums; one swap of three, 0,5."""
    connexion = monde({}, {}, {})
    donnees = preparer(connexion, bareme("national_2017").priorites)
    tous = np.ones(3, dtype=bool)

    def mesure(*sommes):
        return Mesure(np.array([2, 4, 6]), np.array(sommes), [])

    pareil = desaccord(donnees, mesure(100, 200, 300), mesure(100, 110, 9000), tous)
    assert pareil.correlation == pytest.approx(1)
    inverse = desaccord(donnees, mesure(100, 200, 300), mesure(110, 100, 9000), tous)
    assert inverse.correlation == pytest.approx(0.5)


def test_an_unknown_category_is_said_in_the_pupil_line_with_what_it_could_change(monde):
    """651 pupils, UPE2A and relais unknown: × 1,00, and up to × 1,20. Nothing where it can't."""
    inconnus = {"upe2a": None, "relais": None}
    sites = monde({"effectif": 651, **inconnus}, {"effectif": 651, "ep": "REP+", **inconnus}, {})
    detail = besoins(sites, bareme("effectifs")).detail
    lus = detail[detail["code"] == "eleves"].set_index("site_id")["observe"]
    clairs = {s: re.sub(r"\s", " ", mots) for s, mots in lus.items()}
    assert clairs["S0"] == (
        "651 élèves × 1,00 ; catégorie inconnue : Collège avec UPE2A ; Collège avec dispositif "
        "relais (jusqu'à × 1,20)"
    )
    assert clairs["S1"] == "651 élèves × 2,00"
    assert clairs["S2"] == "500 élèves × 1,00"
