"""Sector codes: stable for a dossier made again, unlike from one to the next, told by no id."""

import json

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import atelier, codes, magasin
from pipelines.scenarios.lecteurs import Lecteur, Role

CLAIRE = Lecteur("Claire")
POSTES = [f"P-{n:02}" for n in range(1, 13)]


@pytest.fixture
def scenario(store, proposition):
    return atelier.creer(CLAIRE, "Rentrée", proposition)


def test_the_same_dossier_made_again_has_the_same_codes(scenario):
    un = codes.codes_de_secteur(CLAIRE, scenario, "CSA du 12 mars")
    assert codes.codes_de_secteur(CLAIRE, scenario, " CSA du 12 mars ") == un
    assert sorted(un) == ["P1", "P2", "P3"]
    assert sorted(un.values()) == ["Secteur A-01", "Secteur A-02", "Secteur A-03"]
    assert list(un.values()) == sorted(un.values())


def test_two_dossiers_share_no_code_and_no_order(scenario):
    """Three postes have six orders, that of their ids left out: five dossiers, five orders."""
    dossiers = [codes.codes_de_secteur(CLAIRE, scenario, f"Dossier {n}") for n in range(5)]
    assert len({c for d in dossiers for c in d.values()}) == 15
    ordres = {tuple(d) for d in dossiers}
    assert len(ordres) == 5
    assert ("P1", "P2", "P3") not in ordres


def test_another_scenario_of_the_departement_has_other_letters(scenario, proposition):
    autre = atelier.creer(CLAIRE, "Autre", proposition)
    un = codes.codes_de_secteur(CLAIRE, scenario, "CSA")
    deux = codes.codes_de_secteur(CLAIRE, autre, "CSA")
    assert not set(un.values()) & set(deux.values())


def test_nobody_draws_the_codes_again_without_the_key(scenario):
    """The key is drawn, kept in the store, and is nothing one can tell from names and ids."""
    codes.codes_de_secteur(CLAIRE, scenario, "CSA")
    with magasin.lire() as connexion:
        [ligne] = connexion.execute(codes.CLES.select()).mappings()
    assert len(bytes.fromhex(ligne["cle"])) == codes.OCTETS_DE_CLE
    connus = json.dumps([scenario.scenario_id, "CSA", "P1", scenario.nom])
    assert ligne["cle"] not in connus
    ordres = {tuple(codes.melanger(POSTES, cle)) for cle in ("CSA", scenario.scenario_id, "")}
    assert tuple(codes.melanger(POSTES, ligne["cle"])) not in ordres


def test_the_order_of_the_codes_tells_nothing_of_the_order_of_the_ids():
    """Over a thousand keys each poste comes first about as often as any other."""
    premiers = [codes.melanger(POSTES, f"cle {n}")[0] for n in range(1_200)]
    assert all(60 <= premiers.count(p) <= 140 for p in POSTES)


def test_a_hundred_sectors_are_numbered_on_three_digits_and_letters_start_again():
    noms = codes.nommer([f"P{n}" for n in range(120)], len(codes.LETTRES), "cle")
    assert set(noms.values()) == {f"Secteur A-{n:03}" for n in range(1, 121)}


def test_a_reader_of_the_list_alone_gets_no_code(scenario):
    with pytest.raises(AtlasError, match="ne permet pas"):
        codes.codes_de_secteur(Lecteur("Membre", Role.INSTANCE), scenario, "CSA")


@pytest.mark.parametrize("nom", ["", "   ", "x" * (codes.LONGUEUR_ID_MAX + 1)])
def test_a_dossier_without_a_name_that_can_be_kept_is_refused(scenario, nom):
    with pytest.raises(AtlasError, match="nom qui se garde"):
        codes.codes_de_secteur(CLAIRE, scenario, nom)
