"""Answers to the points of vigilance: kept, journaled, undone one by one, never overwritten."""

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import atelier, vigilance
from pipelines.scenarios.conflits import Conflit
from pipelines.scenarios.lecteurs import Lecteur, Role
from pipelines.scenarios.statuts import Statut

CLAIRE, KARIM = Lecteur("Claire"), Lecteur("Karim")
POINT, TITRE = "sans_bureau", "Des sites sont sans bureau"


@pytest.fixture
def ici(store, proposition):
    """The id of a scenario, over each engine."""
    return atelier.creer(CLAIRE, "Rentrée", proposition).scenario_id


def texte(scenario_id):
    gardee = vigilance.reponses(CLAIRE, scenario_id).get(POINT)
    return gardee.texte if gardee else None


def test_an_answer_is_kept_with_its_author_and_a_line_of_the_journal(ici):
    vigilance.repondre(CLAIRE, ici, POINT, 0, TITRE, "  Demandé en mars.  ")
    gardee = vigilance.reponses(KARIM, ici)[POINT]
    assert (gardee.texte, gardee.auteur, gardee.numero) == ("Demandé en mars.", "Claire", 1)
    ligne = atelier.journal(CLAIRE, ici)[-1]
    assert (ligne.acte, ligne.qui) == ("repondre", "Claire")
    assert TITRE in ligne.phrase
    assert ligne.avant["texte"] is None
    assert ligne.apres["texte"] == "Demandé en mars."


def test_undo_goes_back_one_answer_at_a_time_down_to_the_one_proposed(ici):
    """Undone, rewritten, undone again: each undo gives what stood before what is undone."""
    vigilance.repondre(CLAIRE, ici, POINT, 0, TITRE, "Un")
    vigilance.repondre(CLAIRE, ici, POINT, 1, TITRE, "Deux")
    vigilance.annuler(CLAIRE, ici, POINT, 2, TITRE)
    assert texte(ici) == "Un"
    vigilance.repondre(CLAIRE, ici, POINT, 3, TITRE, "Trois")
    vigilance.annuler(CLAIRE, ici, POINT, 4, TITRE)
    assert texte(ici) == "Un"
    vigilance.annuler(CLAIRE, ici, POINT, 5, TITRE)
    assert texte(ici) is None
    with pytest.raises(AtlasError, match="pas de réponse à annuler"):
        vigilance.annuler(CLAIRE, ici, POINT, 6, TITRE)
    vigilance.repondre(CLAIRE, ici, POINT, 6, TITRE, "Quatre")
    assert texte(ici) == "Quatre"


def test_the_second_to_answer_is_told_who_answered_and_nothing_is_lost(ici):
    vigilance.repondre(KARIM, ici, POINT, 0, TITRE, "Celle de Karim")
    for acte in (
        lambda: vigilance.repondre(CLAIRE, ici, POINT, 0, TITRE, "Celle de Claire"),
        lambda: vigilance.annuler(CLAIRE, ici, POINT, 0, TITRE),
    ):
        with pytest.raises(Conflit) as conflit:
            acte()
        assert "Karim" in conflit.value.quoi
        assert "Celle de Karim" in conflit.value.quoi
        assert conflit.value.mien is None
    assert texte(ici) == "Celle de Karim"


def test_an_answer_to_another_point_or_a_new_plan_is_no_conflict(ici):
    vigilance.repondre(KARIM, ici, "autre_point", 0, "Autre", "Ailleurs")
    atelier.renommer(KARIM, ici, 1, "Un autre nom")
    vigilance.repondre(CLAIRE, ici, POINT, 0, TITRE, "Ici")
    assert texte(ici) == "Ici"


def test_the_same_text_again_saves_nothing(ici):
    vigilance.repondre(CLAIRE, ici, POINT, 0, TITRE, "Ici")
    vigilance.repondre(CLAIRE, ici, POINT, 1, TITRE, "Ici")
    assert vigilance.reponses(CLAIRE, ici)[POINT].numero == 1


@pytest.mark.parametrize("ecrit", ["", "  ", "x" * (vigilance.LONGUEUR_MAX + 1)])
def test_an_empty_or_endless_answer_is_refused(ici, ecrit):
    with pytest.raises(AtlasError, match="Cette réponse est"):
        vigilance.repondre(CLAIRE, ici, POINT, 0, TITRE, ecrit)


def test_an_instance_neither_reads_nor_writes_answers(ici):
    membre = Lecteur("Membre", Role.INSTANCE)
    with pytest.raises(AtlasError, match="ne permet pas"):
        vigilance.reponses(membre, ici)
    with pytest.raises(AtlasError, match="ne permet pas"):
        vigilance.repondre(membre, ici, POINT, 0, TITRE, "Non")


def test_a_scenario_arrete_keeps_its_answers_as_they_are(ici):
    vigilance.repondre(CLAIRE, ici, POINT, 0, TITRE, "Ici")
    for version, statut in enumerate((Statut.GT, Statut.CSA, Statut.ARRETE), start=1):
        atelier.changer_statut(CLAIRE, ici, version, statut)
    with pytest.raises(AtlasError, match="est arrêté"):
        vigilance.repondre(CLAIRE, ici, POINT, 1, TITRE, "Trop tard")
    assert texte(ici) == "Ici"
