"""What a page says when something is broken: in French, where it is, and what to do."""

import pytest

from pages.composants.acces import decider
from pipelines.base import chemins
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur

PERDU = "005-20261121-101112-abcdef"


@pytest.fixture
def perdu(ouvrir, entrepot_exemple):
    """A kept scenario, and a proposal whose folder was restored without what it was asked."""
    atelier.creer_aujourd_hui(Lecteur("Claire"), entrepot_exemple, "Rentrée 2027", "005")
    dossier = chemins.CALCULS / PERDU
    dossier.mkdir(parents=True)
    (dossier / "resume.json").write_text("{}", encoding="utf-8")


def test_a_proposal_whose_request_is_lost_is_told_at_its_address(ouvrir, perdu):
    ecran = ouvrir("proposer", calcul=PERDU)
    assert not ecran.exception
    [erreur] = ecran.error
    assert "incomplet" in erreur.value
    assert "relancer le calcul" in erreur.value


@pytest.mark.parametrize("page", ["proposer", "ajuster", "comparer", "marges", "repartir"])
def test_it_does_not_keep_the_other_pages_from_opening(ouvrir, perdu, page):
    ecran = ouvrir(page)
    assert not ecran.exception
    assert not ecran.error


def test_a_defect_nobody_foresaw_is_told_in_french_and_stays_in_the_log(ouvrir, monkeypatch):
    def casser(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(decider, "lire_scenarios", casser)
    ecran = ouvrir("scenarios")
    assert ecran.exception
    [erreur] = ecran.error
    assert "Rien de ce qui est gardé n'est perdu" in erreur.value
    assert "recharger la page" in erreur.value
