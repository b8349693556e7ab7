"""Where a département stands: what is counted, what is said when nothing is known."""

import re
from datetime import date

import duckdb
import fabrique
import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.reports.sites import table_lisible
from pipelines.reports.situation import avertissements, departements, situation


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


@pytest.fixture
def sources(tmp_path):
    """Two collèges, a lycée and a network of two écoles, nobody posted there."""
    return fabrique.petit_departement(tmp_path / "sources")


def test_without_posts_the_sentence_states_the_besoin_and_that_no_post_is_known(sources):
    """3 establishments and 1 network, the three that are priority, 32 + 10 + 18 + 4 half-days."""
    vue = situation(fabrique.construire(sources), "034", date(2024, 11, 30))
    assert clair(vue.phrase) == clair(
        "3 établissements et 1 réseau d'écoles REP+, dont 3 sites d'une catégorie prioritaire, "
        "demandent 64 demi-journées par cycle de 4 semaines ; aucun poste n'est connu."
    )
    assert not vue.a_des_postes
    assert set(vue.sites["presence"]) == {0}
    assert len(vue.carte.data) > 0


def test_the_besoins_of_a_small_departement_are_those_counted_by_hand(sources):
    """Collège REP+ 1: 4 + 600/75 + 16 + 4 (SEGPA) = 32. Collège 2: 4 + 5,33 → 10.

    Lycée 3: 4 + 900/120 + 2 (internat) + 4 (its professional section) = 17,5 → 18. Network:
    2 + 2 for its one élémentaire = 4.
    """
    vue = situation(fabrique.construire(sources), "034", date(2024, 11, 30))
    besoins = {(s.nature, s.uai_principal): s.besoin for s in vue.sites.itertuples()}
    assert besoins == {
        ("etablissement", fabrique.uai(1)): 32,
        ("etablissement", fabrique.uai(2)): 10,
        ("etablissement", fabrique.uai(3)): 18,
        ("ecoles_rep_plus", fabrique.uai(1)): 4,
    }


def test_a_post_without_sector_is_neither_counted_nor_its_etp(sources):
    fabrique.ecrire_postes(
        sources,
        [
            fabrique.poste("P1"),
            fabrique.poste("P2", 2, quotite="0,5"),
            fabrique.poste("P3", 3, sans_secteur="oui"),
        ],
    )
    presence = {"poste_id": "P1", "demi_journees": "4", "periodicite": "semaine"}
    fabrique.ecrire_presences(sources, [{**presence, "uai": fabrique.uai(1)}])
    vue = situation(fabrique.construire(sources), "034", date(2024, 11, 30))
    # 16 half-days of the 64 asked for; the collège REP+ has exactly half and isn't short
    assert clair(vue.phrase) == clair(
        "2 postes (1,5 ETP) pour 3 établissements et 1 réseau d'écoles REP+ : 25 % du besoin "
        "est couvert, et 2 des 3 sites prioritaires ont moins de 50 % de leur besoin."
    )
    assert vue.prioritaires["besoin"].tolist() == [18, 4]


def test_presence_beyond_the_besoin_of_a_site_covers_nobody_elses(sources):
    """40 half-days at a collège that asks for 10: 10 of 64 are covered, not 40."""
    fabrique.ecrire_postes(sources, [fabrique.poste("P1", 2)])
    presence = {"poste_id": "P1", "demi_journees": "10", "periodicite": "semaine"}
    fabrique.ecrire_presences(sources, [{**presence, "uai": fabrique.uai(2)}])
    vue = situation(fabrique.construire(sources), "034", date(2024, 11, 30))
    assert clair(": 16 % du besoin est couvert") in clair(vue.phrase)


def test_priority_sites_short_come_the_largest_shortage_first(entrepot_exemple):
    vue = situation(entrepot_exemple, "013")
    manques = (vue.prioritaires["besoin"] - vue.prioritaires["presence"]).tolist()
    assert manques == sorted(manques, reverse=True)
    assert (2 * vue.prioritaires["presence"] < vue.prioritaires["besoin"]).all()
    assert vue.prioritaires["est_prioritaire"].all()
    assert clair(vue.titre_prioritaires) == clair(
        f"{len(manques)} sites prioritaires sous 50 % du besoin"
    )


@pytest.mark.parametrize("departement", ["004", "005", "013", "084"])
def test_the_table_twin_has_a_line_a_site_and_the_totals_of_the_warehouse(
    entrepot_exemple, departement
):
    table = table_lisible(situation(entrepot_exemple, departement).sites)
    with duckdb.connect(str(entrepot_exemple), read_only=True) as connexion:
        uai = connexion.execute(
            "select uai_principal from mart_site where departement = ?", [departement]
        ).fetchall()
        [(presences, eleves)] = connexion.execute(
            "select (select sum(demi_journees_cycle) from mart_presence "
            "where site_id in (select site_id from mart_site where departement = ?)), "
            "(select sum(effectif) from mart_site where departement = ?)",
            [departement, departement],
        ).fetchall()
    assert sorted(table["UAI"]) == sorted(u for (u,) in uai)
    assert table["Présence (½ j. par cycle)"].sum() == presences
    assert table["Élèves"].sum() == eleves


def test_the_age_of_the_annuaire_is_said_in_months(entrepot_exemple):
    [remarque] = [
        r for r in situation(entrepot_exemple, "005", date(2027, 2, 1)).remarques if "Annuaire" in r
    ]
    assert clair(remarque) == "Annuaire du 15/09/2026, vieux de 5 mois."


def test_an_unknown_departement_is_refused_with_the_list_of_those_there(entrepot_exemple):
    with pytest.raises(AtlasError) as refus:
        situation(entrepot_exemple, "099")
    assert "Vaucluse" in refus.value.admis


def test_the_departements_and_the_warnings_are_those_of_the_warehouse(entrepot_exemple, sources):
    assert list(departements(entrepot_exemple)) == ["004", "005", "013", "084"]
    assert len(avertissements(entrepot_exemple)) == 2
    assert avertissements(fabrique.construire(sources)) == []
