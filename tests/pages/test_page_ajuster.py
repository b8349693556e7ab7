"""« Ajuster » as its user meets it: a change is told before it is kept, kept once, then undone."""

from functools import partial

import pytest

from pipelines.scenarios import atelier, lecteurs
from pipelines.scenarios.lecteurs import Lecteur, Role
from tests.pages.conftest import bouton

PAGE = "ajuster"
MOI = Lecteur("Camille")


@pytest.fixture
def scenario(ouvrir, entrepot_exemple):
    """Today's presences of the 005, in a store of its own."""
    return atelier.creer_aujourd_hui(MOI, entrepot_exemple, "À la main", "005")


@pytest.fixture
def ouvert(ouvrir, scenario):
    """The page on that scenario, again at each call."""
    return partial(ouvrir, scenario=scenario.scenario_id)


def choix(ecran, titre):
    return next(s for s in ecran.main.selectbox if s.label.startswith(titre))


def test_a_presence_is_shown_before_it_is_kept_then_kept_once_and_undone(ouvert, scenario):
    x = scenario.plan[0]
    ecran = ouvert(site=x.site_id)
    assert not ecran.exception
    assert not [b for b in ecran.main.button if b.label == "Garder ce changement"]
    choix(ecran, "Poste").set_value(x.poste_id).run()
    choix(ecran, "Présence").set_value(0).run()
    assert not ecran.exception
    assert atelier.ouvrir(MOI, scenario.scenario_id).plan == scenario.plan
    bouton(ecran, "Garder ce changement").click().run()
    assert not ecran.exception
    garde = atelier.ouvrir(MOI, scenario.scenario_id)
    assert x not in garde.plan
    assert len(garde.plan) == len(scenario.plan) - 1
    bouton(ecran, "Annuler").click().run()
    assert not ecran.exception
    assert atelier.ouvrir(MOI, scenario.scenario_id).plan == scenario.plan


def test_all_the_presences_are_locked_from_the_page(ouvert, scenario):
    ecran = ouvert()
    bouton(ecran, "Garder ces verrous").click().run()
    assert not ecran.exception
    verrouille = atelier.ouvrir(MOI, scenario.scenario_id)
    assert {(v.poste_id, v.site_id) for v in verrouille.verrous} >= {
        (x.poste_id, x.site_id) for x in scenario.plan
    }


def test_a_button_acts_with_the_rights_of_who_reads_and_not_of_the_server(ouvert, scenario):
    """Streamlit calls it back in a thread of its own, before the page: it asks again who acts."""
    lecteurs.reconnaitre(lambda: Lecteur("Dominique", Role.CTSS_R))
    try:
        ecran = ouvert()
        assert not ecran.exception
        bouton(ecran, "Garder ces verrous").click().run()
        assert not ecran.exception
        assert any("CTSS académique" in avis.value for avis in ecran.main.warning)
    finally:
        lecteurs.reconnaitre(lecteurs.local)
    assert atelier.ouvrir(MOI, scenario.scenario_id).version == scenario.version


def test_an_address_with_an_unknown_scenario_opens_no_other_in_its_place(ouvrir, scenario):
    ecran = ouvrir(scenario="005-20260101-000000-abcdef")
    assert not ecran.exception
    assert any("n'est pas parmi ceux" in avis.value for avis in ecran.main.warning)
    assert not [b for b in ecran.main.button if b.label == "Garder ces verrous"]


def test_a_plan_given_back_is_reported_before_it_is_kept_then_kept_as_one_act(ouvert, scenario):
    ecran = ouvert()
    assert not ecran.exception
    entete, _, *reste = (scenario.dossier / "plan.csv").read_text(encoding="utf-8").splitlines()
    depose = "\n".join([entete, *reste]).encode()
    [zone] = ecran.main.get("file_uploader")
    zone.upload("plan.csv", depose, "text/csv").run()
    assert not ecran.exception
    assert any("1 présence diffère" in m.value for m in ecran.main.markdown)
    assert atelier.ouvrir(MOI, scenario.scenario_id).plan == scenario.plan
    bouton(ecran, "Appliquer ce plan (annulable)").click().run()
    assert not ecran.exception
    assert atelier.ouvrir(MOI, scenario.scenario_id).plan == scenario.plan[1:]
