"""What the optimiser is set beside, and what the benchmark says of both."""

import sys

import pytest

from pipelines.banc import temoins
from pipelines.banc.instances import Instance, extraire
from pipelines.banc.optimiseur import (
    juge,
    mesurer,
    optimiser,
    programme,
    reprises,
    retenir,
    une_mesure,
)
from pipelines.banc.tableaux import en_markdown
from pipelines.base.chemins import RACINE
from pipelines.base.erreurs import AtlasError

sys.path.insert(0, str(RACINE / "tests" / "planning"))
from departements import departement


def test_the_optimiser_leaves_less_shortage_than_a_priority_then_nearest_greedy():
    """On the same 30 sites, judged by the same judge, and it breaks no rule."""
    probleme = departement(30, 11, graine=2)
    mesure = optimiser(probleme, 2.0)
    glouton = juge(probleme, temoins.glouton(probleme))
    assert mesure["plan"]["manquements"] == {}
    assert mesure["plan"]["objectifs"]["manque"] <= glouton["objectifs"]["manque"]
    assert [e["code"] for e in mesure["etages"]] == list(glouton["objectifs"])
    assert all(0 <= e["part_ecart_atteint"] <= 1 for e in mesure["etages"])


def test_a_missing_extra_is_said_with_the_line_to_type(monkeypatch):
    """Without spopt: what is missing, how to install it, or do without."""
    monkeypatch.setattr(temoins, "manquants", lambda: ["spopt"])
    with pytest.raises(AtlasError, match="spopt") as refus:
        temoins.exiger()
    assert temoins.EXTRA in str(refus.value)
    assert "--sans-temoins" in str(refus.value)


@pytest.mark.parametrize("methode", [temoins.glouton, temoins.kmeans])
def test_a_simpler_method_is_set_beside_within_the_rules(methode):
    """The greedy breaks no rule, k-means no capacity; once mended neither breaks any."""
    probleme = departement(30, 11, graine=2)
    lignes = methode(probleme)
    manquements = juge(probleme, lignes)["manquements"]
    assert lignes
    assert "capacite" not in manquements
    assert methode is temoins.kmeans or not manquements
    mis = temoins.remis_dans_les_regles(probleme, lignes)
    assert juge(probleme, mis)["manquements"] == {}
    assert {(x["poste_id"], x["site_id"]) for x in mis} <= {
        (x["poste_id"], x["site_id"]) for x in lignes
    }


def test_one_command_measures_every_departement_and_the_three_curves():
    """Each at three shares, the example too, the large one, whole presence, four points a curve."""
    noms = [essai.nom for essai in programme(["034", "035"], 60)]
    assert len(noms) == len(set(noms))
    assert {"034-40", "035-80", "exemple-013-60", "grande", "entiere"} <= set(noms)
    for courbe in ("sites", "postes", "trajet"):
        assert sum(nom.startswith(f"croissance-{courbe}-") for nom in noms) == 4


def test_a_part_is_run_again_by_the_beginning_of_its_names():
    """« 034 » is not « exemple-034 », nor « croissance-sites-4 » a point of the curve."""
    essais = programme(["034"], 60)
    assert [e.nom for e in retenir(essais, ["034"])] == ["034-40", "034-60", "034-80"]
    assert [e.nom for e in retenir(essais, ["grande", "entiere"])] == ["grande", "entiere"]
    assert retenir(essais, []) == essais
    with pytest.raises(AtlasError, match="Aucune mesure") as refus:
        retenir(essais, ["croissance-sites-4"])
    assert "croissance-sites-40" in str(refus.value)


def test_a_measure_too_large_for_the_departements_given_is_refused_before_any_work(monkeypatch):
    """320 sites of one département of 30: said at once, with what to do."""
    probleme = departement(30, 11, graine=2)
    monkeypatch.setattr(
        "pipelines.banc.optimiseur.fabriquer",
        lambda sources, departements, parts: [Instance("ensemble", p, probleme) for p in parts],
    )
    with pytest.raises(AtlasError, match="320 sites et 110 postes"):
        mesurer(RACINE, ["034"], 1.0, mesures=["grande"])


def test_what_is_measured_is_told_in_tables():
    """A row for the problem, the simpler methods, and each category's coverage."""
    probleme = departement(20, 7, graine=2)
    essai = retenir(programme(["034"], 0.3), ["034-40"])[0]
    mesure = une_mesure(essai, probleme, False)
    machine = {"systeme": "Linux", "coeurs": 2, "python": "3.11", "ortools": "9"}
    texte = en_markdown({"machine": machine, "duree_max_s": 1.0, "mesures": [mesure]})
    assert "| 034-40 | 20 | 7 |" in texte
    assert "Glouton\u202f: priorité, puis le plus proche" in texte
    assert "| `sans_categorie` |" in texte
    assert mesure["plan"]["secondes"] > 0
    assert sum(e["secondes"] for e in mesure["etages"]) == pytest.approx(
        mesure["plan"]["secondes"], abs=0.1
    )


def test_who_can_take_a_site_is_timed_over_several_sites():
    """Median, 95th percentile and maximum of the answers, in a table of their own."""
    probleme = departement(30, 11, graine=2)
    durees = reprises(probleme)
    assert durees["nb_sites"] > 10
    assert 0 <= durees["mediane"] <= durees["centile_95"] <= durees["maximum"]
    lus = {"mediane": 0.21, "centile_95": 0.4, "maximum": 0.52, "nb_sites": 40}
    essai = retenir(programme(["034"], 0.3), ["034-40"])[0]
    mesure = une_mesure(essai, departement(12, 4, graine=2), False) | {"qui_peut_prendre": lus}
    machine = {"systeme": "Linux", "coeurs": 2, "python": "3.11", "ortools": "9"}
    texte = en_markdown({"machine": machine, "duree_max_s": 1.0, "mesures": [mesure]})
    assert "| 034-40 | 12 | 4 | 40 | 0,21 | 0,40 | 0,52 |" in texte


def test_an_extract_has_the_size_asked_for_and_stands_alone():
    """20 sites and 7 postes of 40 and 14: a valid problem, the same for a seed."""
    entier = departement(40, 14, graine=3)
    petit = extraire(entier, 20, 7)
    assert (len(petit.sites), len(petit.postes)) == (20, 7)
    assert petit == extraire(entier, 20, 7)
