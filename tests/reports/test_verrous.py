"""The locks of a plan in words: what the hypotheses hold is not said to be the user's act."""

from dataclasses import replace

import pytest

from pipelines.planning.probleme import Verrou
from pipelines.reports import verrous
from pipelines.reports.lecture import lire


@pytest.fixture
def probleme(dossier_005):
    """The 005, each poste kept at its résidence."""
    return lire(dossier_005).probleme


def test_locks_nobody_set_are_told_as_postes_kept_at_their_residence(probleme):
    gardes = len(probleme.verrous)
    assert gardes > 1
    assert verrous.compter(probleme) == (
        f"{gardes} postes gardés à leur résidence, aucun verrou posé à la main"
    )
    residences = verrous.residences_gardees(probleme)
    assert {verrous.en_mot(v, residences) for v in probleme.verrous} == {"résidence"}


def test_a_lock_set_by_hand_is_counted_apart(probleme):
    tenu = probleme.verrous[0]
    ailleurs = next(s.site_id for s in probleme.sites if s.site_id != tenu.site_id)
    pose = Verrou(tenu.poste_id, ailleurs, "interdit")
    avec = replace(probleme, verrous=(*probleme.verrous, pose))
    assert verrous.compter(avec).endswith("à leur résidence, 1 verrou posé à la main")
    assert verrous.en_mot(pose, verrous.residences_gardees(avec)) == "interdit"


def test_a_residence_fixed_by_hand_to_a_duration_is_an_act_of_the_user(probleme):
    tenu = probleme.verrous[0]
    fixe = Verrou(tenu.poste_id, tenu.site_id, "montant", probleme.reglages.niveaux[1])
    avec = replace(probleme, verrous=(fixe, *probleme.verrous[1:]))
    assert verrous.compter(avec).endswith("1 verrou posé à la main")


def test_without_that_hypothesis_every_lock_is_counted_alike(probleme):
    libre = replace(probleme, hypotheses=probleme.hypotheses | {"garder_residence": False})
    assert verrous.compter(libre) == f"{len(probleme.verrous)} verrous"
    assert verrous.compter(replace(libre, verrous=())) == "aucun verrou"
