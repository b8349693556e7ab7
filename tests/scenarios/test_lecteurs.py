"""Who may do what, asked by the store and by no page."""

import ast
import inspect
from datetime import date

import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import annotations, atelier, conflits, lecteurs, magasin, rejeu
from pipelines.scenarios.lecteurs import DROITS, Acte, Lecteur, Role
from pipelines.scenarios.statuts import Statut

LOCAL = Lecteur("Claire")
MODULES = (atelier, annotations, rejeu)
# Each public function of the store, called with a lecteur on the scenario `s` of the proposal `d`
# and the warehouse `b`, which none of these calls may reach.
APPELS = {
    "atelier.lister": lambda q, s, d, b: atelier.lister(q, "034"),
    "atelier.ouvrir": lambda q, s, d, b: atelier.ouvrir(q, s.scenario_id),
    "atelier.creer": lambda q, s, d, b: atelier.creer(q, "x", d),
    "atelier.creer_aujourd_hui": lambda q, s, d, b: atelier.creer_aujourd_hui(q, b, "x", "034"),
    "atelier.modifier": lambda q, s, d, b: atelier.modifier(q, s.scenario_id, 1, "x", plan=[]),
    "atelier.adopter": lambda q, s, d, b: atelier.adopter(q, s.scenario_id, 1, "x", d),
    "atelier.annuler": lambda q, s, d, b: atelier.annuler(q, s.scenario_id, 1),
    "atelier.refaire": lambda q, s, d, b: atelier.refaire(q, s.scenario_id, 1),
    "atelier.renommer": lambda q, s, d, b: atelier.renommer(q, s.scenario_id, 1, "x"),
    "atelier.changer_statut": lambda q, s, d, b: atelier.changer_statut(
        q, s.scenario_id, 1, Statut.GT
    ),
    "atelier.deriver": lambda q, s, d, b: atelier.deriver(q, s.scenario_id, "x"),
    "atelier.reporter": lambda q, s, d, b: atelier.reporter(q, _conflit(s)),
    "atelier.garder_a_part": lambda q, s, d, b: atelier.garder_a_part(q, _conflit(s), "x"),
    "atelier.journal": lambda q, s, d, b: atelier.journal(q, s.scenario_id),
    "annotations.noter": lambda q, s, d, b: annotations.noter(q, s.scenario_id, "x"),
    "annotations.notes": lambda q, s, d, b: annotations.notes(q, s.scenario_id),
    "annotations.decider": lambda q, s, d, b: annotations.decider(
        q, s.scenario_id, "CSA", date(2027, 3, 1), "x"
    ),
    "annotations.retirer": lambda q, s, d, b: annotations.retirer(q, s.scenario_id, "note", 1),
    "annotations.retablir": lambda q, s, d, b: annotations.retablir(q, s.scenario_id, "note", 1),
    "annotations.decisions": lambda q, s, d, b: annotations.decisions(q, s.scenario_id),
    "rejeu.ecart_de_donnees": lambda q, s, d, b: rejeu.ecart_de_donnees(q, b, s),
    "rejeu.rejouer": lambda q, s, d, b: rejeu.rejouer(q, b, s.scenario_id, 1),
}


def _conflit(scenario):
    """The conflict of someone who wanted another plan at the first version."""
    mien = conflits.Decisions(scenario.plan[1:], scenario.verrous)
    with magasin.lire() as connexion:
        return conflits.constater(connexion, scenario.scenario_id, 1, mien, "x")


@pytest.fixture
def scenario(sur_disque, proposition):
    """A scenario of the 034."""
    return atelier.creer(LOCAL, "Rentrée 2027", proposition)


def test_every_public_function_of_the_store_takes_the_lecteur_first_and_is_tried_here():
    publiques = {
        f"{module.__name__.rpartition('.')[2]}.{nom}": fonction
        for module in MODULES
        for nom, fonction in inspect.getmembers(module, inspect.isfunction)
        if fonction.__module__ == module.__name__ and not nom.startswith("_")
    }
    assert publiques.keys() == APPELS.keys()
    for nom, fonction in publiques.items():
        assert next(iter(inspect.signature(fonction).parameters)) == "lecteur", nom


@pytest.mark.parametrize("appel", APPELS)
def test_a_departement_out_of_scope_is_neither_read_nor_changed(
    scenario, proposition, tmp_path, appel
):
    dehors = Lecteur("Karim", Role.LOCAL, frozenset({"030"}))
    with pytest.raises(AtlasError, match="n'est pas de votre ressort"):
        APPELS[appel](dehors, scenario, proposition, tmp_path / "aucun.duckdb")
    assert atelier.ouvrir(LOCAL, scenario.scenario_id) == scenario
    assert len(atelier.journal(LOCAL, scenario.scenario_id)) == 1


@pytest.mark.parametrize("appel", APPELS)
def test_a_role_without_the_right_is_refused_and_told_who_has_it(
    scenario, proposition, tmp_path, monkeypatch, appel
):
    monkeypatch.setitem(DROITS, Role.INSTANCE, frozenset())
    instance = Lecteur("Élue", Role.INSTANCE)
    with pytest.raises(AtlasError, match="ne permet pas") as refus:
        APPELS[appel](instance, scenario, proposition, tmp_path / "aucun.duckdb")
    assert "utilisateur local" in refus.value.admis
    assert atelier.ouvrir(LOCAL, scenario.scenario_id) == scenario


@pytest.mark.parametrize(
    ("role", "acte"),
    [
        (Role.CTSS_D, Acte.ARRETER),
        (Role.CTSS_R, Acte.MODIFIER),
        (Role.CTSS_R, Acte.PRESENTER),
        (Role.IA_DASEN, Acte.MODIFIER),
        (Role.RECTEUR, Acte.MODIFIER),
        (Role.INSTANCE, Acte.LIRE),
    ],
)
def test_who_proposes_does_not_decide_and_who_decides_does_not_rewrite(role, acte):
    assert not Lecteur("x", role).peut(acte, "034")
    with pytest.raises(AtlasError, match=r"ne permet pas"):
        lecteurs.exiger(Lecteur("x", role), acte, "034")


def test_every_act_is_somebody_s_and_a_local_user_has_them_all():
    assert DROITS.keys() == set(Role) == lecteurs.LIBELLES.keys()
    assert DROITS[Role.LOCAL] == set(Acte) == lecteurs.EN_MOTS.keys()


def test_a_member_of_an_instance_sees_the_presented_scenarios_and_no_draft(scenario):
    elue = Lecteur("Élue", Role.INSTANCE)
    assert atelier.lister(elue) == []
    atelier.changer_statut(LOCAL, scenario.scenario_id, 1, Statut.GT)
    assert [s.nom for s in atelier.lister(elue)] == ["Rentrée 2027"]


def test_the_list_of_all_holds_the_departements_in_scope_only(scenario, proposer_fictif):
    atelier.creer(LOCAL, "Gard", proposer_fictif("030"))
    gard = Lecteur("Karim", Role.CTSS_D, frozenset({"030"}))
    assert [s.nom for s in atelier.lister(gard)] == ["Gard"]
    assert {s.nom for s in atelier.lister(LOCAL)} == {"Gard", "Rentrée 2027"}


def test_the_local_user_is_named_by_the_variable_or_by_the_account(monkeypatch):
    monkeypatch.setenv("ATLAS_LECTEUR", "  Claire M. ")
    assert lecteurs.local() == Lecteur("Claire M.", Role.LOCAL, None)
    monkeypatch.setenv("ATLAS_LECTEUR", "")
    monkeypatch.setenv("LOGNAME", "cmartin")
    assert lecteurs.local().nom == "cmartin"


def test_an_account_without_a_name_is_said_to_be_the_local_one(monkeypatch):
    monkeypatch.delenv("ATLAS_LECTEUR", raising=False)

    def sans_nom():
        raise KeyError("uid not found")

    monkeypatch.setattr(lecteurs.getpass, "getuser", sans_nom)
    assert lecteurs.local().nom == "poste local"


def test_no_page_names_a_role():
    """Sign-on and roles can be switched on without touching a page."""
    noms = {"Role", *Role.__members__}
    for fichier in (chemins.RACINE / "pages").rglob("*.py"):
        arbre = ast.parse(fichier.read_text(encoding="utf-8"))
        cites = {n.attr for n in ast.walk(arbre) if isinstance(n, ast.Attribute)}
        cites |= {n.id for n in ast.walk(arbre) if isinstance(n, ast.Name)}
        importes = {
            alias.name
            for n in ast.walk(arbre)
            if isinstance(n, ast.ImportFrom) and n.module == lecteurs.__name__
            for alias in n.names
        }
        assert not noms & importes, fichier
        assert not cites & {"Role", "Acte", "DROITS"}, fichier
