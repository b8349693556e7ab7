"""A scenario from its making to its end, on SQLite and on PostgreSQL: nothing lost, all told."""

import shutil
from datetime import date

import pytest
import sqlalchemy as sa

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.planning.probleme import Presence, Verrou
from pipelines.scenarios import annotations, atelier, magasin, propositions, statuts
from pipelines.scenarios.lecteurs import Lecteur, Role
from pipelines.scenarios.resume import SANS_PREUVE
from pipelines.scenarios.statuts import Statut
from pipelines.scenarios.textes_gardes import TEXTES

LECTEUR = Lecteur("Claire")
FICHIERS = (
    propositions.FICHIER_PROBLEME,
    propositions.FICHIER_PLAN,
    propositions.FICHIER_RESUME,
)


@pytest.fixture
def scenario(store, proposition):
    """A scenario of the made-up proposal, in a store of its own."""
    return atelier.creer(LECTEUR, "Rentrée 2027", proposition)


def sans_le_premier(scenario):
    return scenario.plan[1:]


def modifier(scenario, quoi="Retiré une présence"):
    return atelier.modifier(
        LECTEUR, scenario.scenario_id, scenario.version, quoi, plan=sans_le_premier(scenario)
    )


def test_a_scenario_is_found_again_as_it_was_made(scenario):
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id) == scenario
    assert (scenario.nom, scenario.departement, scenario.statut, scenario.auteur) == (
        "Rentrée 2027",
        "034",
        Statut.BROUILLON,
        "Claire",
    )
    assert scenario.hypotheses.doctrine == "priorites_d_abord"
    assert [s.nom for s in atelier.lister(LECTEUR, "034")] == ["Rentrée 2027"]
    assert atelier.lister(LECTEUR, "030") == []


def test_its_folder_holds_the_very_files_of_the_proposal(scenario, proposition):
    for nom in FICHIERS:
        assert (scenario.dossier / nom).read_bytes() == (proposition / nom).read_bytes()


def test_a_folder_lost_or_touched_is_written_again(scenario):
    avant = {nom: (scenario.dossier / nom).read_bytes() for nom in FICHIERS}
    (scenario.dossier / "plan.csv").write_text("autre chose", encoding="utf-8")
    (scenario.dossier / "probleme.json").unlink()
    assert {nom: (scenario.dossier / nom).read_bytes() for nom in FICHIERS} == avant
    shutil.rmtree(chemins.CALCULS)
    assert {nom: (scenario.dossier / nom).read_bytes() for nom in FICHIERS} == avant
    assert {f.name for f in scenario.dossier.parent.iterdir()} == {"1"}


def test_each_change_raises_the_version_and_can_be_undone_and_done_again(scenario):
    change = modifier(scenario)
    assert change.version == 2
    assert change.plan == sans_le_premier(scenario)
    assert change.peut_annuler
    assert not change.peut_refaire
    annule = atelier.annuler(LECTEUR, scenario.scenario_id, 2)
    assert (annule.plan, annule.version) == (scenario.plan, 3)
    assert annule.peut_refaire
    assert not annule.peut_annuler
    refait = atelier.refaire(LECTEUR, scenario.scenario_id, 3)
    assert (refait.plan, refait.version, refait.resume) == (change.plan, 4, change.resume)


def test_an_act_after_an_undo_makes_a_branch_and_redo_follows_the_last_one(scenario):
    premier = modifier(scenario, "Premier essai")
    atelier.annuler(LECTEUR, scenario.scenario_id, premier.version)
    second = atelier.modifier(
        LECTEUR, scenario.scenario_id, 3, "Second essai", plan=scenario.plan[:-1]
    )
    assert not second.peut_refaire
    annule = atelier.annuler(LECTEUR, scenario.scenario_id, second.version)
    refait = atelier.refaire(LECTEUR, scenario.scenario_id, annule.version)
    assert (refait.plan, refait.quoi) == (second.plan, "Second essai")


@pytest.mark.parametrize(
    ("acte", "quoi"), [(atelier.annuler, "rien à annuler"), (atelier.refaire, "rien à refaire")]
)
def test_nothing_is_undone_before_the_first_act_nor_done_again_after_the_last(scenario, acte, quoi):
    with pytest.raises(AtlasError, match=quoi):
        acte(LECTEUR, scenario.scenario_id, 1)
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id) == scenario


def test_a_change_that_changes_nothing_saves_nothing(scenario):
    meme = atelier.modifier(
        LECTEUR, scenario.scenario_id, 1, "Rien", plan=scenario.plan, verrous=scenario.verrous
    )
    assert meme == scenario


@pytest.mark.parametrize(
    ("presence", "quoi"),
    [
        (Presence("P9", "A", 4), "P9"),
        (Presence("P1", "Z", 4), "Z"),
        (Presence("P3", "C", 0), "présence"),
    ],
)
def test_a_plan_that_names_what_is_not_there_is_refused_and_nothing_moves(scenario, presence, quoi):
    plan = [p for p in scenario.plan if (p.poste_id, p.site_id) != ("P3", "C")]
    with pytest.raises(AtlasError, match=quoi):
        atelier.modifier(LECTEUR, scenario.scenario_id, 1, "x", plan=[*plan, presence])
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id) == scenario


def test_a_plan_that_breaks_a_rule_is_kept_and_says_so(scenario):
    trop = [Presence("P3", "C", 6)]
    change = atelier.modifier(LECTEUR, scenario.scenario_id, 1, "Trop pour P3", plan=trop)
    assert not change.resume["jugement"]["conforme"]
    assert any("P3 donne 6" in m for m in change.resume["jugement"]["manquements"])


def test_a_plan_changed_by_hand_gives_the_values_of_the_judge_and_claims_no_proof(scenario):
    assert scenario.resume["etages"][0]["borne"] is not None
    change = modifier(scenario)
    assert change.resume["statut"] == change.resume["arret_par"] == SANS_PREUVE
    assert change.resume["avertissements"] == scenario.resume["avertissements"]
    for etage in change.resume["etages"]:
        assert etage["valeur"] == change.resume["jugement"]["objectifs"][etage["code"]]
        assert etage["borne"] is etage["part_ecart"] is etage["ecart_demi_journees"] is None
    assert change.resume.keys() == scenario.resume.keys()


def test_locks_added_to_a_plan_leave_its_proofs_and_locks_removed_do_not(scenario):
    """What bounds every plan bounds those that keep more locks; not those that keep fewer."""
    p = scenario.plan[0]
    verrou = Verrou(p.poste_id, p.site_id, "impose")
    pose = atelier.modifier(LECTEUR, scenario.scenario_id, 1, "Verrouillé", verrous=[verrou])
    assert pose.verrous == (verrou,)
    assert pose.resume["etages"] == scenario.resume["etages"]
    leve = atelier.modifier(LECTEUR, scenario.scenario_id, 2, "Déverrouillé", verrous=[])
    assert leve.resume["statut"] == SANS_PREUVE


def test_a_presence_fixed_where_its_link_was_imposed_keeps_the_proofs(scenario):
    """To lock a whole bassin fixes what the hypotheses imposed: it holds more, not less."""
    p = scenario.plan[0]
    impose = Verrou(p.poste_id, p.site_id, "impose")
    fixe = Verrou(p.poste_id, p.site_id, "montant", p.demi_journees_cycle)
    atelier.modifier(LECTEUR, scenario.scenario_id, 1, "Imposé", verrous=[impose])
    tenu = atelier.modifier(LECTEUR, scenario.scenario_id, 2, "Fixé", verrous=[fixe])
    assert tenu.resume["etages"] == scenario.resume["etages"]
    relache = atelier.modifier(LECTEUR, scenario.scenario_id, 3, "Imposé", verrous=[impose])
    assert relache.resume["statut"] == SANS_PREUVE


def test_a_computed_plan_is_adopted_with_its_proofs_and_can_be_undone(scenario, proposer_fictif):
    verrou = Verrou("P1", "A", "impose")
    complete = proposer_fictif(verrous=(verrou,))
    adopte = atelier.adopter(LECTEUR, scenario.scenario_id, 1, "Complété", complete)
    assert adopte.verrous == (verrou,)
    assert adopte.resume["etages"][0]["borne"] is not None
    assert atelier.annuler(LECTEUR, scenario.scenario_id, 2).verrous == ()


def test_a_plan_of_another_departement_is_not_adopted(scenario, proposer_fictif):
    with pytest.raises(AtlasError, match="département 030"):
        atelier.adopter(LECTEUR, scenario.scenario_id, 1, "Complété", proposer_fictif("030"))


def test_a_proposal_whose_plan_was_touched_makes_no_scenario(store, proposition, tmp_path):
    """Its summary, with its proofs, would be another plan's."""
    copie = tmp_path / "copie"
    shutil.copytree(proposition, copie)
    lignes = (copie / "plan.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (copie / "plan.csv").write_text("".join(lignes[:-1]), encoding="utf-8")
    with pytest.raises(AtlasError, match="n'est plus celui"):
        atelier.creer(LECTEUR, "Faux", copie)
    assert atelier.lister(LECTEUR) == []


def test_the_journal_says_who_did_what_when_before_and_after(scenario):
    retiree = scenario.plan[0]
    modifier(scenario, "Retiré P1 de A")
    atelier.annuler(Lecteur("Karim"), scenario.scenario_id, 2)
    cree, change, annule = atelier.journal(LECTEUR, scenario.scenario_id)
    assert (cree.qui, cree.phrase) == ("Claire", "Créé à partir d'une proposition")
    assert (change.qui, change.phrase) == ("Claire", "Retiré P1 de A")
    assert change.avant == {"presences": [vars(retiree)]}
    assert change.apres == {"presences": []}
    assert (annule.qui, annule.phrase) == ("Karim", "Annulé : Retiré P1 de A")
    assert (annule.avant, annule.apres) == (change.apres, change.avant)
    assert cree.le <= change.le <= annule.le


def test_a_problem_is_kept_once_however_often_its_plan_changes(scenario):
    for _ in range(3):
        scenario = modifier(scenario)
        scenario = atelier.annuler(LECTEUR, scenario.scenario_id, scenario.version)
    with magasin.lire() as connexion:
        nombre = connexion.execute(sa.select(sa.func.count()).select_from(TEXTES)).scalar_one()
    # the problem, no lock, two plans and their two summaries
    assert nombre == 6


@pytest.mark.parametrize("nom", ["", "  \n", "x" * 121])
def test_a_scenario_has_a_name_of_some_words(scenario, nom):
    with pytest.raises(AtlasError, match="nom"):
        atelier.renommer(LECTEUR, scenario.scenario_id, 1, nom)


def test_a_scenario_is_renamed_with_its_line_in_the_journal(scenario):
    renomme = atelier.renommer(LECTEUR, scenario.scenario_id, 1, "  Après  le GT ")
    assert (renomme.nom, renomme.version) == ("Après le GT", 2)
    ligne = atelier.journal(LECTEUR, scenario.scenario_id)[-1]
    assert ligne.avant == {"nom": "Rentrée 2027"}
    assert ligne.apres == {"nom": "Après le GT"}


def test_a_new_name_is_undone_and_done_again_with_the_changes_around_it(scenario):
    change = modifier(scenario, "Retiré")
    renomme = atelier.renommer(LECTEUR, scenario.scenario_id, change.version, "Après le GT")
    assert (renomme.plan, renomme.resume) == (change.plan, change.resume)
    annule = atelier.annuler(LECTEUR, scenario.scenario_id, renomme.version)
    assert (annule.nom, annule.plan) == ("Rentrée 2027", change.plan)
    ligne = atelier.journal(LECTEUR, scenario.scenario_id)[-1]
    assert (ligne.avant, ligne.apres) == ({"nom": "Après le GT"}, {"nom": "Rentrée 2027"})
    au_debut = atelier.annuler(LECTEUR, scenario.scenario_id, annule.version)
    assert (au_debut.nom, au_debut.plan) == ("Rentrée 2027", scenario.plan)
    refait = atelier.refaire(LECTEUR, scenario.scenario_id, au_debut.version)
    refait = atelier.refaire(LECTEUR, scenario.scenario_id, refait.version)
    assert (refait.nom, refait.plan, refait.peut_refaire) == ("Après le GT", change.plan, False)


def test_a_name_given_on_another_branch_is_not_brought_by_an_undo(scenario):
    """Undone, then renamed otherwise: each branch keeps its own name."""
    un = atelier.renommer(LECTEUR, scenario.scenario_id, 1, "Un")
    retour = atelier.annuler(LECTEUR, scenario.scenario_id, un.version)
    deux = atelier.renommer(LECTEUR, scenario.scenario_id, retour.version, "Deux")
    change = atelier.modifier(LECTEUR, scenario.scenario_id, deux.version, "Vidé", plan=[])
    assert change.nom == "Deux"
    retour = atelier.annuler(LECTEUR, scenario.scenario_id, change.version)
    assert retour.nom == "Deux"
    assert atelier.annuler(LECTEUR, scenario.scenario_id, retour.version).nom == "Rentrée 2027"


def test_a_name_that_does_not_change_saves_nothing(scenario):
    assert atelier.renommer(LECTEUR, scenario.scenario_id, 1, "Rentrée 2027") == scenario
    assert len(atelier.journal(LECTEUR, scenario.scenario_id)) == 1


@pytest.mark.parametrize("de", Statut)
@pytest.mark.parametrize("vers", Statut)
def test_a_status_goes_one_step_on_or_back_to_any_before_and_arrete_is_the_end(de, vers):
    ordre = list(Statut)
    permis = de != Statut.ARRETE and (
        ordre.index(vers) == ordre.index(de) + 1 or ordre.index(vers) < ordre.index(de)
    )
    if permis:
        statuts.exiger_passage(de, vers)
    else:
        with pytest.raises(AtlasError, match="ne peut pas devenir"):
            statuts.exiger_passage(de, vers)


def arreter(scenario):
    for statut in (Statut.GT, Statut.CSA, Statut.ARRETE):
        scenario = atelier.changer_statut(LECTEUR, scenario.scenario_id, scenario.version, statut)
    return scenario


def test_a_step_back_is_written_in_the_journal(scenario):
    atelier.changer_statut(LECTEUR, scenario.scenario_id, 1, Statut.GT)
    atelier.changer_statut(LECTEUR, scenario.scenario_id, 2, "brouillon")
    ligne = atelier.journal(LECTEUR, scenario.scenario_id)[-1]
    assert "retour" in ligne.phrase
    assert ligne.avant == {"statut": "presente_en_gt"}


ACTES = {
    "modifier": lambda s, d: atelier.modifier(LECTEUR, s.scenario_id, s.version, "x", plan=[]),
    "adopter": lambda s, d: atelier.adopter(LECTEUR, s.scenario_id, s.version, "x", d),
    "annuler": lambda s, d: atelier.annuler(LECTEUR, s.scenario_id, s.version),
    "refaire": lambda s, d: atelier.refaire(LECTEUR, s.scenario_id, s.version),
    "renommer": lambda s, d: atelier.renommer(LECTEUR, s.scenario_id, s.version, "x"),
    "statut": lambda s, d: atelier.changer_statut(LECTEUR, s.scenario_id, s.version, Statut.CSA),
    "noter": lambda s, d: annotations.noter(LECTEUR, s.scenario_id, "x"),
    "decider": lambda s, d: annotations.decider(
        LECTEUR, s.scenario_id, "CSA", date(2027, 3, 1), "x"
    ),
}


@pytest.mark.parametrize("acte", ACTES)
def test_an_arrete_scenario_refuses_every_act_and_offers_to_derive(scenario, proposition, acte):
    modifier(scenario)
    arrete = arreter(atelier.annuler(LECTEUR, scenario.scenario_id, 2))
    with pytest.raises(AtlasError) as refus:
        ACTES[acte](arrete, proposition)
    assert acte == "statut" or "est arrêté" in refus.value.quoi
    assert acte == "statut" or "dériver" in refus.value.remede
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id) == arrete


def test_a_scenario_is_derived_whatever_its_status_and_the_parent_stays_as_it_was(scenario):
    arrete = arreter(scenario)
    enfant = atelier.deriver(LECTEUR, scenario.scenario_id, "Suite")
    assert (enfant.parent_id, enfant.statut, enfant.version) == (
        scenario.scenario_id,
        Statut.BROUILLON,
        1,
    )
    assert enfant.contenu == arrete.contenu
    modifier(enfant)
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id) == arrete


def test_notes_on_a_scenario_a_site_or_a_poste_are_kept_with_their_author(scenario):
    annotations.noter(LECTEUR, scenario.scenario_id, "À revoir avec le GT")
    annotations.noter(
        Lecteur("Karim"), scenario.scenario_id, "Bureau à trouver", site_id="A", poste_id="P1"
    )
    globale, du_lien = annotations.notes(LECTEUR, scenario.scenario_id)
    assert (globale.site_id, globale.poste_id, globale.texte) == (None, None, "À revoir avec le GT")
    assert (du_lien.site_id, du_lien.poste_id, du_lien.auteur) == ("A", "P1", "Karim")
    ligne = atelier.journal(LECTEUR, scenario.scenario_id)[-1]
    assert ligne.phrase == "Note sur A et P1 : Bureau à trouver"
    # a note overwrites nothing: whoever has the scenario open can still save
    assert atelier.ouvrir(LECTEUR, scenario.scenario_id).version == 1


@pytest.mark.parametrize(("site_id", "poste_id"), [("Z", None), (None, "P9")])
def test_a_note_on_what_is_not_in_the_scenario_is_refused(scenario, site_id, poste_id):
    with pytest.raises(AtlasError, match="n'est pas dans ce scénario"):
        annotations.noter(LECTEUR, scenario.scenario_id, "x", site_id=site_id, poste_id=poste_id)
    assert annotations.notes(LECTEUR, scenario.scenario_id) == []


def test_what_an_instance_decided_is_kept_with_its_day(scenario):
    jour = date(2027, 3, 12)
    annotations.decider(LECTEUR, scenario.scenario_id, "CSA", jour, "Avis favorable, 6 voix sur 8")
    [decision] = annotations.decisions(LECTEUR, scenario.scenario_id)
    assert (decision.instance, decision.tenue_le) == (annotations.Instance.CSA, jour)
    assert "CSA, 12/03/2027" in atelier.journal(LECTEUR, scenario.scenario_id)[-1].phrase


def ecrire_puis_lister(scenario, sorte):
    """One piece of the kind, written by Claire; what lists them."""
    if sorte == "note":
        annotations.noter(LECTEUR, scenario.scenario_id, "À revoir")
        return annotations.notes
    annotations.decider(LECTEUR, scenario.scenario_id, "CSA", date(2027, 3, 12), "À revoir")
    return annotations.decisions


@pytest.mark.parametrize("sorte", ["note", "decision"])
def test_what_was_written_is_taken_out_and_put_back_with_its_lines_in_the_journal(scenario, sorte):
    lister = ecrire_puis_lister(scenario, sorte)
    [piece] = lister(LECTEUR, scenario.scenario_id)
    annotations.retirer(LECTEUR, scenario.scenario_id, sorte, piece.rang)
    assert [p.est_retiree for p in lister(LECTEUR, scenario.scenario_id)] == [True]
    with pytest.raises(AtlasError, match="déjà retirée"):
        annotations.retirer(LECTEUR, scenario.scenario_id, sorte, piece.rang)
    annotations.retablir(LECTEUR, scenario.scenario_id, sorte, piece.rang)
    assert lister(LECTEUR, scenario.scenario_id) == [piece]
    retire, retabli = atelier.journal(LECTEUR, scenario.scenario_id)[-2:]
    assert (retire.avant, retire.apres) == ({"texte": "À revoir"}, {})
    assert (retabli.acte, retabli.apres) == ("retablir", {"texte": "À revoir"})
    with pytest.raises(AtlasError, match="n'est pas dans ce scénario"):
        annotations.retirer(LECTEUR, scenario.scenario_id, sorte, piece.rang + 1)


def test_the_note_of_another_is_taken_out_by_who_may_change_the_scenario_alone(scenario):
    annotations.noter(LECTEUR, scenario.scenario_id, "À revoir")
    [note] = annotations.notes(LECTEUR, scenario.scenario_id)
    dasen = Lecteur("Dominique", Role.IA_DASEN)
    with pytest.raises(AtlasError, match="ne permet pas"):
        annotations.retirer(dasen, scenario.scenario_id, "note", note.rang)
    annotations.noter(dasen, scenario.scenario_id, "La mienne")
    annotations.retirer(dasen, scenario.scenario_id, "note", note.rang + 1)
    annotations.retirer(Lecteur("Karim"), scenario.scenario_id, "note", note.rang)
    assert all(n.est_retiree for n in annotations.notes(LECTEUR, scenario.scenario_id))


def test_an_unknown_scenario_is_refused_with_what_to_do(store):
    with pytest.raises(AtlasError, match="n'est pas dans l'atelier"):
        atelier.ouvrir(LECTEUR, "034-inconnu")
