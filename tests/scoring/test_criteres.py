"""A category told by criteria: its condition is admitted, and says what the criteria say."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.base.erreurs import AtlasError
from pipelines.scoring.conditions import colonnes_lues
from pipelines.scoring.criteres import Borne, Criteres, code_libre
from pipelines.scoring.regles import Priorites, Regle, appliquer, priorites

D2017 = priorites("circulaire_2017_055")
DRAPEAUX = ("est_rural", "segpa", "ulis", "internat")
LEGER = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
un_site = st.fixed_dictionaries(
    {
        "nature": st.just("etablissement"),
        "type": st.sampled_from(["COLLEGE", "LEGT", "LP"]),
        "ep": st.sampled_from(["REP+", "REP", None]),
        "ips": st.sampled_from([None, 80.0, 95.0, 95.1]),
        **dict.fromkeys(DRAPEAUX, st.sampled_from([True, False, None])),
    }
)
des_criteres = st.builds(
    Criteres,
    types=st.sampled_from([("COLLEGE",), ("COLLEGE", "LP")]),
    avec=st.lists(st.sampled_from([*DRAPEAUX, "REP+", "REP"]), unique=True, max_size=2).map(tuple),
    sans=st.lists(st.sampled_from([*DRAPEAUX, "REP+"]), unique=True, max_size=2).map(tuple),
    un_suffit=st.booleans(),
    bornes=st.sampled_from([(), (Borne("ips", "moins_de", 95.0, "points", "IPS sous"),)]),
)


def jeu(criteres):
    """The text of 2017 with one category, told by `criteres`."""
    regle = Regle("essai", "Essai", criteres.condition("essai"), "r", "r", D2017.en_vigueur_le)
    tete = {c: getattr(D2017, c) for c in ("code", "titre", "date", "en_vigueur_le", "note")}
    return Priorites(
        **tete,
        verifie_le=D2017.verifie_le,
        regles=(regle,),
        seuils=criteres.seuils("essai", "Essai", "r"),
    )


def a(site, nom):
    """Whether `site` has it: yes, no, or unknown (None). No label is an answer."""
    return site["ep"] == nom if nom in ("REP+", "REP") else site[nom]


def et(*avis):
    return False if False in avis else None if None in avis else True


def non(avis):
    return None if avis is None else not avis


@LEGER
@given(site=un_site, criteres=des_criteres)
def test_a_site_is_in_when_it_meets_every_criterion_and_unknown_stays_unknown(
    monde, site, criteres
):
    """Recounted by hand, with yes, no and unknown."""
    avec = [a(site, nom) for nom in criteres.avec]
    if criteres.un_suffit and avec:
        avec = [non(et(*map(non, avec)))]
    sous = [None if site["ips"] is None else site["ips"] < 95 for _ in criteres.bornes]
    attendu = et(
        site["type"] in criteres.types, *avec, *(non(a(site, n)) for n in criteres.sans), *sous
    )
    [verdict] = appliquer(monde(site), jeu(criteres))["verdict"]
    assert verdict is attendu


@LEGER
@given(criteres=des_criteres)
def test_every_condition_told_by_criteria_is_of_the_grammar(criteres):
    """What the page composes is admitted as what a person writes in a file."""
    texte = jeu(criteres)
    assert colonnes_lues(texte.condition_lue(texte.regles[0])) >= {"type"}


def test_a_number_becomes_a_threshold_that_can_be_contested_alone():
    [seuil] = Criteres(bornes=(Borne("ips", "moins_de", 95.0, "points", "IPS"),)).seuils(
        "rural", "Rural", "Lettre du 15/01/2027"
    )
    assert (seuil.nom, seuil.valeur, seuil.reference) == (
        "rural_ips_max",
        95,
        "Lettre du 15/01/2027",
    )


def test_a_category_without_criterion_would_hold_every_site_and_is_refused():
    with pytest.raises(AtlasError, match="aucun critère"):
        Criteres().condition("essai")


@pytest.mark.parametrize(
    ("libelle", "pris", "code"),
    [
        ("Collège rural, IPS sous 95", (), "college_rural_ips_sous"),
        ("Écoles REP+", (), "ecoles_rep_plus"),
        ("Écoles REP+", ("ecoles_rep_plus", "ecoles_rep_plus_2"), "ecoles_rep_plus_3"),
    ],
)
def test_a_label_gives_a_code_that_no_text_has(libelle, pris, code):
    """Two texts that mean the same share a code: a new category may not take one by chance."""
    assert code_libre(libelle, pris) == code


def test_a_label_without_a_letter_gives_no_code():
    with pytest.raises(AtlasError, match="au moins une lettre"):
        code_libre("95 %", ())
