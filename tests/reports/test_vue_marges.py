"""The studies of a proposal: kept with what they rest on, stopped without loss, told truly."""

import io
import json
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.planning import absences, suivi
from pipelines.reports import absences as vue_absences
from pipelines.reports import etudes as vue_etudes
from pipelines.reports import frontiere as vue_frontiere
from pipelines.reports import marges
from pipelines.reports.lecture import lire
from pipelines.scenarios import etudes, propositions
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.processus import Phase

DUREE_S = 0.2
PEU = {"postes_par_voisinage": 2, "residences_essayees": 1, "retraits_essayes": 1, "budgets_max": 4}


@pytest.fixture(scope="module", autouse=True)
def _courtes():
    """Studies of as many points, that look less far for each than the reference asks."""
    entiers = etudes.parametres

    def parametres(*arguments):
        voulus = entiers(*arguments)
        return voulus | {nom: valeur for nom, valeur in PEU.items() if nom in voulus}

    with pytest.MonkeyPatch.context() as moins:
        moins.setattr(etudes, "parametres", parametres)
        yield


@pytest.fixture(scope="module")
def dossier(_courtes, dossier_005, tmp_path_factory):
    """The proposal for the 005 with its four studies, the curves in little work."""
    dossier = tmp_path_factory.mktemp("etudes") / "005"
    shutil.copytree(dossier_005, dossier)
    for nature in Nature:
        etudes.etudier(dossier, nature, duree_resolution_s=DUREE_S)
    return dossier


def refuser_tout(*_):
    """Stand-in for a computation that must not be made again."""
    raise AssertionError


def test_a_study_is_computed_once_and_again_when_what_it_rests_on_changes(
    dossier, tmp_path, monkeypatch
):
    """The kept file answers; another plan, or a parameter, and it no longer does."""
    with monkeypatch.context() as sans:
        sans.setattr(absences, "absence", refuser_tout)
        assert not etudes.etudier(dossier, Nature.ABSENCES).arretee
    autre = tmp_path / "autre"
    shutil.copytree(dossier, autre)
    assert etudes.etat(autre, Nature.ABSENCES).phase == Phase.TERMINE
    plan = (autre / propositions.FICHIER_PLAN).read_text(encoding="utf-8").splitlines()
    (autre / propositions.FICHIER_PLAN).write_text("\n".join(plan[:-1]) + "\n", encoding="utf-8")
    assert etudes.etat(autre, Nature.ABSENCES).phase is None
    assert marges.vue(autre, Nature.ABSENCES) is None
    voulus = etudes.parametres(Nature.ABSENCES) | {"minimum": 1}
    assert etudes.lire(dossier, Nature.ABSENCES, voulus) is None


def test_a_stop_keeps_what_is_done_says_so_and_is_taken_up_again(dossier_005, tmp_path):
    """Two absences out of nine are shown as such; asked again, all are computed."""
    dossier = tmp_path / "005"
    shutil.copytree(dossier_005, dossier)
    faites = []
    etude = etudes.etudier(
        dossier,
        Nature.ABSENCES,
        progres=lambda part, quoi: faites.append(part),
        arret=lambda: len(faites) == 2,
    )
    assert etude.arretee
    assert len(etude.resultat["absences"]) == 2
    vue = marges.vue(dossier, Nature.ABSENCES)
    assert vue.est_incomplete
    assert "Étude incomplète" in vue.details[0]
    assert len(vue.tables["Par poste"]) == 2
    etude = etudes.etudier(dossier, Nature.ABSENCES)
    assert not etude.arretee
    assert len(etude.resultat["absences"]) == etude.resultat["total"]


@pytest.mark.parametrize(
    ("nature", "phrase"),
    [
        (Nature.MARGES, "Aucun bassin calculé."),
        (Nature.FRONTIERE, "Aucun budget calculé."),
        (Nature.NEGOCIATION, "Aucune affectation calculée."),
        (Nature.ABSENCES, "Aucun poste calculé."),
    ],
)
def test_a_study_stopped_before_its_first_result_concludes_nothing(
    dossier_005, tmp_path, nature, phrase
):
    """Nothing was looked at: neither « no site is short » nor « no poste serves a site »."""
    dossier = tmp_path / "005"
    shutil.copytree(dossier_005, dossier)
    assert etudes.etudier(dossier, nature, arret=lambda: True).arretee
    vue = marges.vue(dossier, nature)
    assert vue.phrase == phrase
    assert vue.details[0].startswith("Étude incomplète")
    assert not vue.tables


@pytest.mark.parametrize("nature", [Nature.MARGES, Nature.FRONTIERE])
def test_a_point_the_clock_has_cut_is_told_as_such(dossier, dossier_005, tmp_path, nature):
    """A net of no length cuts every solve: the curve says so; a whole one says nothing."""
    coupe = tmp_path / "005"
    shutil.copytree(dossier_005, coupe)
    with pytest.MonkeyPatch.context() as filet:
        filet.setattr(suivi, "FILET_MARGE_S", 0.0)
        filet.setattr(suivi, "FILET_DUREE", 0.0)
        etude = etudes.etudier(coupe, nature, duree_resolution_s=DUREE_S)
    [points] = [etude.resultat[n] for n in ("courbe", "points") if n in etude.resultat]
    assert {p["arret_par"] for p in points} == {"temps"}
    vue = marges.vue(coupe, nature)
    assert any("coupé par le temps à" in d for d in vue.details)
    titre = "Par demi-poste" if nature == Nature.MARGES else "Par budget"
    assert set(vue.tables[titre]["Fin du calcul"]) == {"coupé par l'horloge"}
    assert not any("coupé par le temps" in d for d in marges.vue(dossier, nature).details)


def test_the_absences_are_ranked_and_their_tables_add_up(dossier):
    """Worst first; half-days by site add up to those by poste; every poste of the plan is there."""
    vue = marges.vue(dossier, Nature.ABSENCES)
    lu = lire(dossier)
    postes, sites = vue.tables["Par poste"], vue.tables["Par site"]
    assert set(postes["Poste"]) == {x.poste_id for x in lu.plan}
    assert postes["Poste"][0] in vue.phrase
    pertes = {
        a["poste_id"]: a["perte"]
        for a in json.loads((dossier / Nature.ABSENCES.fichier).read_text(encoding="utf-8"))[
            "resultat"
        ]["absences"]
    }
    rangees = [pertes[p] for p in postes["Poste"]]
    assert rangees == sorted(rangees, reverse=True)
    decouvertes = (
        (sites["Dans le plan"] - sites["Sans relais"]).groupby(sites["Poste absent"]).sum()
    )
    dites = postes.set_index("Poste")
    assert decouvertes.to_dict() == dites["Découvertes (½ j. par cycle)"].to_dict()
    restent = (sites["Dans le plan"] - sites["Avec relais"]).groupby(sites["Poste absent"]).sum()
    assert restent.to_dict() == dites["Restent découvertes (½ j. par cycle)"].to_dict()
    categories = vue.tables["Par catégorie"].set_index("Poste absent")
    assert list(categories.index) == list(postes["Poste"])
    assert restent.to_dict() == categories["Restent découvertes (½ j. par cycle)"].to_dict()
    par_categorie = categories.drop(columns="Restent découvertes (½ j. par cycle)")
    assert (par_categorie.max(axis=1) <= restent[par_categorie.index]).all()


def test_the_minimum_is_told_where_a_relay_leaves_less_with_who_would_lose(dossier):
    """A poste that takes four half-days to a site left without any, from a site it serves."""
    lu, etude = lire(dossier), etudes.lire(dossier, Nature.ABSENCES)
    courtes = {
        a["poste_id"]: a
        for a in etude.resultat["absences"]
        if any(s["avec_relais"] < min(4, s["avant"]) for s in a["sites"])
    }
    absente = next(iter(courtes.values()))
    site = next(s for s in absente["sites"] if s["avec_relais"] < min(4, s["avant"]))
    cede = next(
        x for x in lu.plan if x.poste_id != absente["poste_id"] and x.demi_journees_cycle >= 8
    )
    site["avec_minimum"] = 4
    absente["minimum"] = [
        {"poste_id": cede.poste_id, "site_id": site["site_id"], "avant": 0, "apres": 4},
        {"poste_id": cede.poste_id, "site_id": cede.site_id, "avant": 8, "apres": 4},
    ]
    minimum = vue_absences.absences(lu, etude).tables["Minimum hebdomadaire"]
    minimum = minimum.set_index("Poste absent")
    assert set(minimum.index) == set(courtes)
    ligne = minimum.loc[absente["poste_id"]]
    assert ligne["Relais"] == f"{cede.poste_id}\u202f: {lu.nom(site['site_id'])} +4"
    assert ligne["Perdent"] == f"{lu.nom(cede.site_id)} (▼\u00a0−4)"
    assert lu.nom(site["site_id"]) not in ligne["Encore sous le minimum"]


def test_a_study_is_a_workbook_of_its_sentences_and_tables(dossier):
    """One sheet of sentences, the first one its title, then the tables of the screen."""
    for nature in Nature:
        vue = marges.vue(dossier, nature)
        feuilles = pd.read_excel(
            io.BytesIO(vue.classeur()), sheet_name=None, header=None, engine="calamine"
        )
        assert list(feuilles) == ["Lecture", *vue.tables]
        assert feuilles["Lecture"][0][0] == vue.phrase
        for nom, table in vue.tables.items():
            assert len(feuilles[nom]) == len(table) + 1


def test_the_curve_and_the_frontier_are_shown_point_by_point(dossier):
    """−2 to +2 ETP by halves, 0 being the proposal; from no change to as many as one likes."""
    vue = marges.vue(dossier, Nature.MARGES)
    points = vue.tables["Par demi-poste"]
    assert list(points["Moyens"])[::4] == ["−2,0 ETP", "0 ETP", "+2,0 ETP"]
    assert points["Demi-poste"][4] == "la proposition"
    assert [c for c in vue.tables["Sites qui changent"] if c.endswith("ETP")] == [
        m for m in points["Moyens"] if m != "0 ETP"
    ]
    valeurs = list(vue.figure.data[1].y)
    assert valeurs == sorted(valeurs, reverse=True)
    budgets = marges.vue(dossier, Nature.FRONTIERE).tables["Par budget"]
    assert budgets["Budget"].iloc[0] == "0"
    assert budgets["Budget"].iloc[-1] == "libre"
    assert budgets["Changements imposés (liens)"].iloc[0] == 0
    assert {"Trajets (min par cycle)", "Équilibre de la charge de trajet (points)"} <= {
        *budgets,
        *points,
    }


def test_the_negotiation_says_its_method_and_counts_every_assignment(dossier):
    """The three words, counted; locks told apart."""
    vue = marges.vue(dossier, Nature.NEGOCIATION)
    table = vue.tables["Par affectation"]
    assert len(table) == len(lire(dossier).plan)
    for mot, nombre in table["Marge"].value_counts().items():
        assert f"{nombre} {mot}" in vue.phrase
    assert "retirée à tour de rôle" in vue.note
    verrous = table[table["Sans elle, manque de présence"] == "verrouillée"]
    assert set(verrous["Marge"]) == {"imposée"}


def test_a_folder_without_a_proposal_is_refused(tmp_path):
    """Said in French, with the file that is missing."""
    with pytest.raises(AtlasError, match=r"probleme\.json manque"):
        etudes.etudier(tmp_path, Nature.ABSENCES)


@pytest.mark.parametrize(
    ("ecart", "borne", "manque", "attendu"),
    [
        (-50, 940, 950, "−5,0\u202f%, non distinguable de zéro\u202f: plus petit que l'écart"),
        (-50, 980, 950, "−5,0\u202f%, dont −3,0\u202f% prouvés"),
        (0, 1000, 1000, "0\u202f%, non distinguable de zéro\u202f: plus petit que l'écart"),
    ],
)
def test_a_gain_the_gap_hides_is_told_as_such(ecart, borne, manque, attendu):
    """A gain counts for what the bound before it and the plan after it leave between them."""
    assert vue_etudes.gain_en_mots(ecart, borne, manque, 1000) == attendu


def test_two_sites_of_one_name_are_told_apart(dossier):
    """Their UAI follows the name; a name nobody else has stands alone."""
    lu = lire(dossier)
    un, deux, trois = lu.probleme.sites[:3]
    sites = (un, replace(deux, nom=un.nom), *lu.probleme.sites[2:])
    lu = replace(lu, probleme=replace(lu.probleme, sites=sites))
    assert lu.nom(un.site_id) == f"{un.nom} ({un.site_id})"
    assert lu.nom(deux.site_id) == f"{un.nom} ({deux.site_id})"
    assert lu.nom(trois.site_id) == trois.nom


@pytest.mark.parametrize(
    ("ecart", "mots"),
    [
        (120, "serait plus grand de 12,0\u202f% que"),
        (-30, "serait plus petit de 3,0\u202f% que"),
        (0, "égalerait"),
    ],
)
def test_the_shortage_of_a_budget_is_said_as_more_or_less(ecart, mots):
    assert vue_frontiere._en_mots(ecart, 1000) == mots


def test_a_kept_study_is_done_again_when_a_reference_value_it_rests_on_changes(
    dossier, tmp_path, monkeypatch
):
    """Fewer half-days of presence a post and half a post is worth less: the study no longer holds.

    A value no study reads changes nothing.
    """

    def changer(fichier, nom, valeur):
        copie = tmp_path / fichier
        shutil.copytree(chemins.REFERENCE, copie)
        toml = copie / f"{fichier}.toml"
        avant, apres = toml.read_text(encoding="utf-8").split(f"[[{nom}.valeurs]]", 1)
        apres = re.sub(r"(?m)^valeur = .*$", f"valeur = {valeur}", apres, count=1)
        toml.write_text(f"{avant}[[{nom}.valeurs]]{apres}", encoding="utf-8")
        return copie

    for fichier, nom, valeur, tient in (
        ("temps_travail", "part_en_presence", 0.5, False),
        ("petits_nombres", "seuil_masque", 3, True),
    ):
        with monkeypatch.context() as autre:
            autre.setattr(chemins, "REFERENCE", changer(fichier, nom, valeur))
            reference.parametres.cache_clear()
            assert reference.valeur(fichier, nom) == valeur
            assert (etudes.lire(dossier, Nature.MARGES) is not None) == tient
        reference.parametres.cache_clear()
    assert etudes.lire(dossier, Nature.MARGES) is not None


def test_a_kept_study_is_done_again_when_the_code_of_the_answers_changes(tmp_path, monkeypatch):
    """The fingerprint follows the bytes of the modules of `planning`."""
    empreintes = []
    for texte in ("a = 1\n", "a = 2\n"):
        code = tmp_path / str(len(empreintes))
        code.mkdir()
        (code / "marges.py").write_text(texte, encoding="utf-8")
        monkeypatch.setattr(etudes, "CODE", code)
        empreintes.append(etudes._empreinte(tmp_path, {}))
    assert empreintes[0] != empreintes[1]
