"""What the optimiser is set beside, and what the benchmark says of both."""

import sys

import pytest

from pipelines.banc import temoins
from pipelines.banc.instances import extraire
from pipelines.banc.optimiseur import juge, optimiser
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
    """Without k-means-constrained or spopt: what is missing, how to install it, or do without."""
    monkeypatch.setattr(temoins, "manquants", lambda: ["spopt"])
    with pytest.raises(AtlasError, match="spopt") as refus:
        temoins.exiger()
    assert temoins.EXTRA in str(refus.value)
    assert "--sans-temoins" in str(refus.value)


def test_an_extract_has_the_size_asked_for_and_stands_alone():
    """20 sites and 7 postes of 40 and 14: a valid problem, the same for a seed."""
    entier = departement(40, 14, graine=3)
    petit = extraire(entier, 20, 7)
    assert (len(petit.sites), len(petit.postes)) == (20, 7)
    assert petit == extraire(entier, 20, 7)
