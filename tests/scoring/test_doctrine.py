"""A doctrine is a stated choice: every category weighed, floors that come first, unknown not no."""

import re
import tomllib
from dataclasses import replace
from datetime import date

import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.scoring import doctrine as module
from pipelines.scoring.doctrine import (
    doctrine,
    doctrines,
    libelle_de,
    plancher,
    poids,
    poids_de_garde,
)
from pipelines.scoring.regles import priorites

HYBRIDE = "data/reference/doctrines/hybride.toml"
CODES = ("priorites_d_abord", "couverture_de_tous", "hybride")
NATIONALES = {r.code for r in priorites("circulaire_2017_055").regles}
# named by a text, and not priorities
RESIDUELLES = priorites("aix_marseille_2018").residuelles


def test_the_three_doctrines_come_in_their_order():
    assert [d.code for d in doctrines()] == list(CODES)


@pytest.mark.parametrize("code", CODES)
def test_a_doctrine_weighs_every_category_and_says_it_is_a_choice(code):
    """A category forgotten would take the weight of an unknown text; a page says what it costs."""
    lue = doctrine(code)
    assert lue.poids.keys() == lue.planchers.keys()
    assert lue.poids.keys() - {"sans_categorie", "categorie_inconnue"} == NATIONALES | RESIDUELLES
    assert "Choix académique" in lue.nature
    for texte in (lue.resume, lue.favorise, lue.coute, lue.pour_qui):
        assert len(texte) > 60
    assert lue.references.keys() == {"manque", "poids", "planchers"}
    for reference in lue.references.values():
        # each reference holds a day: that of a text or that of the choice
        assert re.search(r"\d\d/\d\d/\d{4}", reference)
    assert lue.en_vigueur_le <= date(2026, 12, 31)


@pytest.mark.parametrize("code", CODES)
def test_unknown_is_never_less_than_no(code):
    """Neither in weight nor in floor, and never by way of the table of known categories."""
    lue = doctrine(code)
    assert poids((), ("college_rep",), lue) >= poids((), (), lue)
    assert plancher((), ("college_rep",), lue) >= plancher((), (), lue)
    assert poids((), ("college_rep",), lue) == lue.poids["categorie_inconnue"]


def test_only_the_floors_tell_hybride_from_priorities_first():
    """The same weights and the same squares, so that what differs is the floor's doing."""
    hybride, priorites_d_abord = doctrine("hybride"), doctrine("priorites_d_abord")
    assert hybride.poids == priorites_d_abord.poids
    assert hybride.convexite == priorites_d_abord.convexite
    assert set(priorites_d_abord.planchers.values()) == {0}
    assert all(hybride.planchers.values())


def test_coverage_of_all_gives_no_category_more_weight_and_every_establishment_a_weekly_floor():
    lue = doctrine("couverture_de_tous")
    assert set(lue.poids.values()) == {1}
    assert {v for c, v in lue.planchers.items() if c != "ecoles_rep_plus"} == {4}


@pytest.mark.parametrize("code", CODES)
def test_a_half_day_under_a_floor_outweighs_any_other(code):
    """The first half-day of the heaviest site saves at most convexité × poids."""
    lue = doctrine(code)
    if any(lue.planchers.values()):
        assert lue.poids_plancher >= lue.convexite * max(lue.poids.values())


def test_a_category_an_academie_adds_is_of_priority_too():
    """A code no shipped doctrine names takes the stated value, above that of no category."""
    lue = doctrine("hybride")
    assert poids(("clg_montagne",), (), lue) == lue.poids_autre > lue.poids["sans_categorie"]
    assert plancher(("clg_montagne",), (), lue) == lue.plancher_autre == 4


@pytest.mark.parametrize("code", CODES)
def test_a_category_that_is_not_a_priority_weighs_as_none(code):
    """Aix-Marseille 2018 names every collège and every lycée: a LEGT is no priority for that."""
    lue = doctrine(code)
    legt, internat = ("lycee_general_technologique",), ("internat",)
    assert {"college_sans_dispositif", *legt} == RESIDUELLES
    assert poids(legt, (), lue, RESIDUELLES) == lue.poids["sans_categorie"]
    assert poids(legt, (), lue, RESIDUELLES) <= poids(internat, (), lue, RESIDUELLES)
    assert plancher(legt, (), lue, RESIDUELLES) == lue.planchers["sans_categorie"]
    # unknown is not no: a LEGT of which the internat is unknown weighs as an unknown
    assert poids(legt, internat, lue, RESIDUELLES) == lue.poids["categorie_inconnue"]
    assert poids(("autre",), (), lue, frozenset({"autre"})) == lue.poids["sans_categorie"]


@pytest.mark.parametrize("code", CODES)
def test_what_the_transition_rule_keeps_outweighs_a_half_day_under_a_floor(code):
    """The heaviest site, with nothing and under its floor, gains less than a kept half-day."""
    lue = doctrine(code)
    plus_lourd = lue.convexite * max(lue.poids.values()) + lue.poids_plancher
    assert poids_de_garde(lue) == plus_lourd + 1


def test_an_academie_adds_a_doctrine_as_a_file(tmp_path, monkeypatch):
    """Offered beside the three, in its rank; one badly written is left out, and named when read."""
    monkeypatch.setattr(chemins, "REGLES", tmp_path)
    (tmp_path / "doctrines").mkdir()
    livree = (chemins.REFERENCE / "doctrines" / "hybride.toml").read_text(encoding="utf-8")
    sienne = livree.replace('code = "hybride"', 'code = "la_notre"').replace("rang = 3", "rang = 4")
    fichier = tmp_path / "doctrines" / "la_notre.toml"
    fichier.write_text(sienne, encoding="utf-8")
    assert [d.code for d in doctrines()] == [*CODES, "la_notre"]
    for faute, mot in (
        (sienne.replace("convexite = 2", 'convexite = "deux"'), "manque.convexite"),
        (sienne.replace("[poids]", "[poid]"), r"\[poids\]"),
        (sienne.replace("[manque]", "[manque]\nexposant = 2"), "manque.exposant"),
        (sienne.replace("rang = 4", ""), "doctrine.rang"),
        (sienne.replace('code = "la_notre"', 'code = "une_autre"'), "une_autre"),
    ):
        fichier.write_text(faute, encoding="utf-8")
        with pytest.raises(AtlasError, match=mot) as refus:
            doctrine("la_notre")
        assert str(fichier) in refus.value.message()
        assert [d.code for d in doctrines()] == list(CODES)
    assert libelle_de("la_notre") == "la_notre"


def test_the_highest_floor_of_a_site_counts():
    assert plancher(("ecoles_rep_plus", "internat"), (), doctrine("hybride")) == 4


def test_an_unknown_doctrine_lists_those_that_exist():
    with pytest.raises(AtlasError, match="couverture_de_tous"):
        doctrine("priorite")


@pytest.mark.parametrize(
    ("champs", "mot"),
    [
        ({"convexite": 4}, "convexité de 4"),
        ({"poids": {"sans_categorie": 1, "categorie_inconnue": 0}}, "poids.categorie_inconnue"),
        ({"poids": {"sans_categorie": 2, "categorie_inconnue": 1}}, "sous poids.sans_categorie"),
        ({"poids": {"sans_categorie": 2}}, "manque poids.categorie_inconnue"),
        ({"planchers": {"sans_categorie": 2, "categorie_inconnue": "4"}}, "planchers."),
        ({"poids_plancher": 11}, "d'au moins 12"),
        ({"poids_autre": 7}, "d'au moins 14"),
    ],
)
def test_a_file_that_would_mean_something_else_is_refused(champs, mot):
    """The refusal names the file, what is wrong and what is admitted."""
    with pytest.raises(AtlasError) as refus:
        module._verifier(replace(doctrine("hybride"), **champs), HYBRIDE)
    texte = str(refus.value)
    assert mot in texte
    assert HYBRIDE in texte
    assert "Admis" in texte


def test_categories_named_on_one_side_only_are_refused():
    hybride = doctrine("hybride")
    sans = {c: v for c, v in hybride.planchers.items() if c != "erea"}
    with pytest.raises(AtlasError, match="erea"):
        module._verifier(replace(hybride, planchers=sans), HYBRIDE)


@pytest.mark.parametrize("code", CODES)
def test_each_doctrine_has_its_page(code):
    """docs/doctrines.md says under its name what it favours and what it costs."""
    page = (chemins.RACINE / "docs" / "doctrines.md").read_text(encoding="utf-8")
    section = page.split(f"\n## {doctrine(code).libelle}\n")[1].split("\n## ")[0]
    for titre in ("### Ce qu'elle favorise", "### Ce qu'elle coûte", "### Pour qui"):
        assert titre in section
    assert f"`{code}`" in section


def test_a_category_no_text_has_is_refused_by_its_name(tmp_path, monkeypatch):
    """« colege_rep_plus » in both tables: REP+ would fall to the weight of any other category."""
    monkeypatch.setattr(chemins, "REGLES", tmp_path)
    livree = (chemins.REFERENCE / "doctrines" / "hybride.toml").read_text(encoding="utf-8")
    fautive = tomllib.loads(livree.replace("college_rep_plus", "colege_rep_plus"))
    with pytest.raises(AtlasError, match="colege_rep_plus") as refus:
        module.interpreter(fautive, HYBRIDE)
    assert "college_rep_plus" in refus.value.admis
    # one an académie's own text has is known
    (tmp_path / "priorites").mkdir()
    texte = (chemins.REFERENCE / "priorites" / "circulaire_2017_055.toml").read_text("utf-8")
    sien = texte.replace('"circulaire_2017_055"', '"le_notre"')
    sien = sien.replace('code = "college_rep_plus"', 'code = "colege_rep_plus"')
    (tmp_path / "priorites" / "le_notre.toml").write_text(sien, encoding="utf-8")
    assert module.interpreter(fautive, HYBRIDE).poids["colege_rep_plus"] == 6


def test_a_known_category_never_makes_a_site_of_an_unknown_one_weigh_less():
    """An internat at 1, an unknown at 2: a lycée of both weighs 2, as without its internat."""
    hybride = doctrine("hybride")
    legere = replace(hybride, poids={**hybride.poids, "internat": 1, "categorie_inconnue": 2})
    assert poids((), ("college_upe2a",), legere) == 2
    assert poids(("internat",), ("college_upe2a",), legere) == 2
    assert poids(("internat",), (), legere) == 1
    assert poids(("college_rep_plus",), ("college_upe2a",), legere) == 6
