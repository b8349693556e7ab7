"""The data change under a scenario: it says which, and is taken up on the new ones as one act."""

import fabrique
import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.planning.assemblage import Hypotheses
from pipelines.planning.probleme import Presence, Verrou
from pipelines.scenarios import atelier, rejeu
from pipelines.scenarios.atelier import Conflit
from pipelines.scenarios.lecteurs import Lecteur

LECTEUR = Lecteur("Claire")
UN, DEUX, LYCEE = (fabrique.uai(n) for n in (1, 2, 3))
HYPOTHESES = Hypotheses(garder_residence=False, sites_par_poste_max=5)


def construire(dossier, postes, presences, *, sans=()):
    """A warehouse of the small département with these postes, its establishments `sans` closed."""
    fabrique.petit_departement(dossier)
    lignes = [
        fabrique.etablissement(1, Nombre_d_eleves="600", Segpa="1"),
        fabrique.etablissement(2, Nombre_d_eleves="400", Code_commune="34002", longitude="3.9"),
        fabrique.etablissement(3, "Lycée", Nombre_d_eleves="900", Hebergement="1"),
    ]
    gardees = [li for li in lignes if li["Identifiant_de_l_etablissement"] not in sans]
    fabrique.ecrire_annuaire(dossier, gardees)
    fabrique.ecrire_liste_ep(dossier, [fabrique.reseau(1, 1, "COLLEGE")])
    fabrique.ecrire_postes(dossier, postes)
    fabrique.ecrire_presences(
        dossier,
        [
            {"poste_id": p, "uai": uai, "demi_journees": n, "periodicite": "cycle"}
            for p, uai, n in presences
        ],
    )
    return fabrique.construire(dossier)


@pytest.fixture
def base(tmp_path):
    """P1 at the first collège, P2 at the second, which also serves the lycée."""
    return construire(
        tmp_path / "avant",
        [fabrique.poste("P1"), fabrique.poste("P2", 2)],
        [("P1", UN, 8), ("P2", DEUX, 6), ("P2", LYCEE, 4)],
    )


@pytest.fixture
def scenario(store, base):
    """Today's presences, one of them locked."""
    neuf = atelier.creer_aujourd_hui(LECTEUR, base, "Aujourd'hui", "034", HYPOTHESES, 7)
    verrous = [Verrou("P1", UN, "impose"), Verrou("P2", LYCEE, "montant", 4)]
    return atelier.modifier(LECTEUR, neuf.scenario_id, 1, "Verrouillé", verrous=verrous)


def test_a_scenario_of_today_has_the_presences_of_today_and_claims_no_proof(scenario):
    assert scenario.plan == (
        Presence("P1", UN, 8),
        Presence("P2", DEUX, 6),
        Presence("P2", LYCEE, 4),
    )
    assert scenario.plan == tuple(sorted(scenario.probleme.presences_actuelles))
    assert scenario.hypotheses == HYPOTHESES
    assert scenario.graine == 7
    assert scenario.resume["etages"][0]["borne"] is None


def test_on_the_same_data_nothing_is_said_and_there_is_nothing_to_replay(scenario, base):
    assert rejeu.ecart_de_donnees(LECTEUR, base, scenario) is None
    with pytest.raises(AtlasError, match="rien à rejouer"):
        rejeu.rejouer(LECTEUR, base, scenario.scenario_id, scenario.version)


@pytest.fixture
def apres(tmp_path):
    """The lycée is closed, P2 gone, P3 new."""
    return construire(
        tmp_path / "apres",
        [fabrique.poste("P1"), fabrique.poste("P3", 2)],
        [("P1", UN, 8)],
        sans=(LYCEE,),
    )


def test_which_files_changed_is_said_by_their_titles(scenario, apres):
    dit = rejeu.ecart_de_donnees(LECTEUR, apres, scenario)
    assert dit.startswith("Depuis ce scénario : ")
    assert "Annuaire" in dit
    assert "Postes" in dit
    assert "ontours" not in dit


def test_what_still_fits_follows_and_what_does_not_is_named_with_why(scenario, apres):
    rejoue = rejeu.rejouer(LECTEUR, apres, scenario.scenario_id, scenario.version)
    assert rejoue.scenario.plan == (Presence("P1", UN, 8),)
    assert rejoue.scenario.verrous == (Verrou("P1", UN, "impose"),)
    assert rejoue.retires == (
        f"P2 – {DEUX}, 6 demi-journées : ce poste n'est plus dans les données",
        f"P2 – {LYCEE}, 4 demi-journées : ce poste n'est plus dans les données",
        f"Verrou P2 – {LYCEE} : ce poste n'est plus dans les données",
    )
    assert {p.poste_id for p in rejoue.scenario.probleme.postes} == {"P1", "P3"}
    assert rejoue.scenario.hypotheses == HYPOTHESES
    assert rejoue.scenario.graine == 7
    assert rejeu.ecart_de_donnees(LECTEUR, apres, rejoue.scenario) is None


def test_a_replay_is_one_act_told_in_the_journal_and_undone_at_once(scenario, apres):
    rejoue = rejeu.rejouer(LECTEUR, apres, scenario.scenario_id, scenario.version)
    ligne = atelier.journal(LECTEUR, scenario.scenario_id)[-1]
    assert ligne.phrase.startswith("Rejoué sur les données actuelles : 2 présences retirées")
    assert ligne.apres["retires"] == list(rejoue.retires)
    annule = atelier.annuler(LECTEUR, scenario.scenario_id, rejoue.scenario.version)
    assert annule.contenu == scenario.contenu
    assert annule.empreinte_donnees == scenario.empreinte_donnees


def test_a_site_gone_takes_its_presence_with_it(scenario, tmp_path):
    sans_lycee = construire(
        tmp_path / "sans_lycee",
        [fabrique.poste("P1"), fabrique.poste("P2", 2)],
        [],
        sans=(LYCEE,),
    )
    rejoue = rejeu.rejouer(LECTEUR, sans_lycee, scenario.scenario_id, scenario.version)
    assert rejoue.retires[0] == (
        f"P2 – {LYCEE}, 4 demi-journées : ce site n'est plus dans les données"
    )
    assert Presence("P2", DEUX, 6) in rejoue.scenario.plan


def test_a_poste_that_lost_capacity_keeps_its_presences_and_the_breach_is_named(scenario, tmp_path):
    """Which one goes is for a person to say."""
    reduit = construire(
        tmp_path / "reduit",
        [fabrique.poste("P1"), fabrique.poste("P2", 2, quotite="0,2")],
        [("P1", UN, 8)],
    )
    rejoue = rejeu.rejouer(LECTEUR, reduit, scenario.scenario_id, scenario.version)
    assert rejoue.scenario.plan == scenario.plan
    assert any("P2 donne 10" in m and "capacité" in m for m in rejoue.a_corriger)
    assert not rejoue.scenario.resume["jugement"]["conforme"]


def test_a_replay_by_someone_who_missed_an_act_is_told_of_it(scenario, apres):
    with pytest.raises(Conflit):
        rejeu.rejouer(LECTEUR, apres, scenario.scenario_id, 1)


def test_data_without_the_departement_are_said_so(scenario, tmp_path):
    dossier = tmp_path / "ailleurs"
    dossier.mkdir()
    fabrique.ecrire_annuaire(
        dossier, [fabrique.etablissement(1, Code_departement="030", Nombre_d_eleves="600")]
    )
    fabrique.ecrire_contours(dossier)
    fabrique.ecrire_densite(dossier, {"34001": 2})
    fabrique.ecrire_liste_ep(dossier, [fabrique.reseau(1, 1, "COLLEGE")])
    ailleurs = fabrique.construire(dossier)
    dit = rejeu.ecart_de_donnees(LECTEUR, ailleurs, scenario)
    assert dit == "Le département 034 n'est plus dans les données."


def test_a_scenario_that_does_not_know_its_sources_says_that_data_changed(store, base, proposition):
    vieux = atelier.creer(LECTEUR, "Ancien", proposition)
    dit = rejeu.ecart_de_donnees(LECTEUR, base, vieux)
    assert dit is not None
    assert "nouveau" in dit
