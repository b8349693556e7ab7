"""The judge on plans made by hand, each with one fault, and alone in what it imports."""

import ast
import json
import subprocess
import sys

import pytest

from pipelines.base import chemins
from pipelines.planning.verification import juger


def probleme(**autres):
    """Two postes, a collège with its écoles REP+ and a lycée, as plain JSON."""
    contenu = {
        "reglages": {
            "niveaux": [0, 1, 2, 4, 6, 8],
            "duree_trajet_max_min": 45,
            "meme_bassin": True,
            "echelle_manque": 100,
        },
        "sites": [
            _site("A", 8, 2, 1),
            _site("B", 6, 1, 2),
            _site("E", 4, 3, 1, site_tete="A"),
        ],
        "postes": [_poste("P0"), _poste("P1"), _poste("P2", sans_secteur=True)],
        "minutes": [[10, 20, 10], [50, 20, None], [0, 0, 0]],
        "presences_actuelles": [{"poste_id": "P0", "site_id": "B", "demi_journees_cycle": 7}],
        "verrous": [],
    }
    return json.loads(json.dumps({**contenu, **autres}))


def _site(site_id, besoin, poids, postes_max, **autres):
    return {
        "site_id": site_id, "besoin": besoin, "poids": poids, "postes_max": postes_max,
        "bassin": "Est", "site_tete": None, **autres,
    }  # fmt: skip


def _poste(poste_id, **autres):
    return {
        "poste_id": poste_id, "capacite": 10, "sites_max": 2, "bassin": "Est",
        "sans_secteur": False, **autres,
    }  # fmt: skip


def plan(*lignes):
    """Presences as (poste, site, half-days)."""
    return [
        dict(zip(("poste_id", "site_id", "demi_journees_cycle"), x, strict=True)) for x in lignes
    ]


def test_a_good_plan_has_no_fault_and_its_values_by_hand():
    """A 8/8, B 1/6, E 0/4: round(100 × 25 / 6) = 417 and 100 × 3 × 16 / 4 = 1200."""
    verdict = juger(probleme(), plan(("P0", "A", 8), ("P0", "B", 1)))
    assert verdict.conforme
    assert verdict.objectifs == {
        "manque": 417 + 1200,
        "changements": 1,
        "trajets": 2 * 10 * 4 + 2 * 20 * 1,
        # 120 minutes for a capacity of 10
        "equilibre": 12**2,
    }


@pytest.mark.parametrize(
    ("convexite", "attendu"),
    [
        # B, 1 of 6: 100 × 5, round(100 × 25 / 6), round(100 × 125 / 36); E, 0 of 4, weight 3
        (1, 500 + 1200),
        (2, 417 + 1200),
        (3, 347 + 1200),
    ],
)
def test_the_power_of_the_shortage_and_the_floor_are_counted_by_hand(convexite, attendu):
    """B is 3 short of a floor of 4 that weighs 7: 100 × 7 × 3 more."""
    contenu = probleme()
    contenu["reglages"]["convexite"] = convexite
    lignes = plan(("P0", "A", 8), ("P0", "B", 1))
    assert juger(contenu, lignes).objectifs["manque"] == attendu
    contenu["sites"][1] |= {"plancher": 4, "poids_plancher": 7}
    assert juger(contenu, lignes).objectifs["manque"] == attendu + 2100


@pytest.mark.parametrize(
    ("lignes", "regle", "quantite"),
    [
        ([("P9", "A", 2)], "ligne", 1),
        ([("P0", "Z", 2)], "ligne", 1),
        ([("P0", "A", -2)], "ligne", 1),
        ([("P0", "A", 0)], "ligne", 1),
        ([("P0", "A", 2.0)], "ligne", 1),
        ([("P0", "A", True)], "ligne", 1),
        ([("P0", "A", 2), ("P0", "A", 2)], "ligne", 1),
        ([("P0", "A", 5)], "niveau", 1),
        ([("P0", "A", 8), ("P0", "B", 6)], "capacite", 4),
        ([("P0", "B", 4), ("P1", "B", 4)], "besoin", 2),
        ([("P0", "A", 2), ("P0", "B", 2), ("P0", "E", 2)], "sites_max", 1),
        ([("P1", "A", 2)], "trajet", 5),
        ([("P0", "E", 2)], "ecoles_tete", 1),
        ([("P2", "B", 2)], "sans_secteur", 2),
    ],
)
def test_each_fault_is_named_with_its_amount(lignes, regle, quantite):
    """One fault, one line: the rule, by how much, and a French sentence."""
    verdict = juger(probleme(), plan(*lignes))
    assert [(m.regle, m.quantite) for m in verdict.manquements] == [(regle, quantite)]
    assert not verdict.conforme
    assert verdict.manquements[0].message.endswith(".")


@pytest.mark.parametrize(
    "ligne", [None, 3, "P0", [], {}, {"poste_id": ["P0"], "site_id": "A"}, {"poste_id": "P0"}]
)
def test_a_line_that_is_no_presence_is_a_fault_and_stops_nothing(ligne):
    """Whatever stands in a plan made by hand, the other lines are judged."""
    verdict = juger(probleme(), [ligne, *plan(("P0", "A", 5))])
    assert [m.regle for m in verdict.manquements] == ["ligne", "niveau"]


def test_unknown_travel_is_a_fault_unless_current():
    """P1 – E has no travel time: refused, then admitted once it is a present assignment."""
    lignes = plan(("P1", "A", 2), ("P1", "E", 2))
    fautes = juger(probleme(), lignes).manquements
    assert [(m.site_id, m.quantite, m.unite) for m in fautes] == [
        ("A", 5, "minute"),
        ("E", 1, "trajet"),
    ]
    present = [{"poste_id": "P1", "site_id": s, "demi_journees_cycle": 2} for s in "AE"]
    verdict = juger(probleme(presences_actuelles=present), lignes)
    assert verdict.conforme
    assert verdict.objectifs["trajets"] == 2 * 50 + 2 * 45


def test_another_bassin_is_a_fault_only_when_asked():
    """And present assignments are exempt."""
    ailleurs = probleme()
    ailleurs["postes"][0]["bassin"] = "Ouest"
    lignes = plan(("P0", "A", 2), ("P0", "B", 2))
    assert [(m.regle, m.site_id) for m in juger(ailleurs, lignes).manquements] == [("bassin", "A")]
    ailleurs["reglages"]["meme_bassin"] = False
    assert juger(ailleurs, lignes).conforme


def test_too_many_postes_at_a_site():
    """A admits one poste."""
    proche = probleme(minutes=[[10, 20, 10], [10, 20, None], [0, 0, 0]])
    verdict = juger(proche, plan(("P0", "A", 2), ("P1", "A", 2)))
    assert [m.regle for m in verdict.manquements] == ["postes_max"]


@pytest.mark.parametrize(
    ("nature", "montant", "lignes", "quantite"),
    [
        ("impose", None, [], 1),
        ("interdit", None, [("P0", "A", 4)], 4),
        ("montant", 6, [("P0", "A", 4)], 2),
        ("montant", 6, [], 6),
    ],
)
def test_a_lock_not_kept_is_a_fault(nature, montant, lignes, quantite):
    """Imposed and absent, forbidden and present, fixed and different."""
    verrou = {
        "poste_id": "P0", "site_id": "A", "nature": nature, "demi_journees_cycle": montant,
    }  # fmt: skip
    verdict = juger(probleme(verrous=[verrou]), plan(*lignes))
    assert [(m.regle, m.quantite) for m in verdict.manquements] == [("verrou", quantite)]


def test_the_judge_shares_no_code_with_the_solver():
    """It imports neither the model, nor the solver, nor their dependencies, nor what does."""
    permis = {"collections", "dataclasses", "typing", "math", "pipelines.base.textes"}
    for module in ("planning/verification", "base/textes"):
        source = (chemins.RACINE / f"pipelines/{module}.py").read_text(encoding="utf-8")
        for noeud in ast.walk(ast.parse(source)):
            if isinstance(noeud, ast.ImportFrom):
                assert noeud.module in permis
            elif isinstance(noeud, ast.Import):
                assert {alias.name for alias in noeud.names} <= permis


def test_the_judge_runs_without_the_solver():
    """In an interpreter of its own, judging loads no module of the model nor of the engines."""
    programme = """
import json, sys
from pipelines.planning.verification import juger
juger(json.loads(sys.stdin.read()), [])
print([m for m in sys.modules if m.startswith(("ortools", "numpy", "pipelines.planning."))])
"""
    fin = subprocess.run(
        [sys.executable, "-c", programme],
        input=json.dumps(probleme()),
        cwd=chemins.RACINE,
        capture_output=True,
        text=True,
        check=True,
    )
    assert fin.stdout.strip() == "['pipelines.planning.verification']"
