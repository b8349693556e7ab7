"""A proposal as it is shown: every table and the workbook say what plan.csv says."""

import csv
import io
import json
import re
import shutil

import duckdb
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import pourcentage
from pipelines.reports import proposition, proposition_en_mots, proposition_lue
from pipelines.reports.libelles import FINS_EN_MOTS


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


@pytest.fixture(scope="module")
def vue(entrepot_exemple, dossier_005):
    return proposition.vue(entrepot_exemple, dossier_005)


@pytest.fixture(scope="module")
def plan(dossier_005):
    with (dossier_005 / "plan.csv").open(encoding="utf-8") as flux:
        return [
            (p["poste_id"], p["site_id"], int(p["demi_journees_cycle"]))
            for p in csv.DictReader(flux)
        ]


@pytest.fixture(scope="module")
def base(entrepot_exemple):
    with duckdb.connect(str(entrepot_exemple), read_only=True) as connexion:
        yield connexion


@pytest.fixture(scope="module")
def uai(base):
    """site_id → UAI."""
    return dict(base.execute("select site_id, uai_principal from mart_site").fetchall())


@pytest.fixture(scope="module")
def classeur(vue):
    """The workbook read again: sheet → rows."""
    lu = CalamineWorkbook.from_filelike(io.BytesIO(vue.classeur))
    return {nom: lu.get_sheet_by_name(nom).to_python() for nom in lu.sheet_names}


def totaux(lignes, uai):
    """Half-days by UAI of a list of (poste, site, half-days)."""
    somme = {}
    for _, site, n in lignes:
        somme[uai[site]] = somme.get(uai[site], 0) + n
    return somme


def test_the_table_of_sectors_is_the_plan_line_by_line(vue, plan, uai):
    lues = zip(
        vue.secteurs["Poste"],
        vue.secteurs["UAI"],
        vue.secteurs["Présence (½ j. par cycle)"],
        strict=True,
    )
    assert sorted(lues) == sorted((poste, uai[site], n) for poste, site, n in plan)


def test_a_link_is_new_exactly_when_today_does_not_have_it(vue, base, plan):
    actuels = set(base.execute("select poste_id, site_id from mart_presence").fetchall())
    nouveaux = sum((poste, site) not in actuels for poste, site, _ in plan)
    assert (vue.secteurs["Lien"] == "nouveau").sum() == nouveaux > 0


def test_the_table_of_sites_holds_today_and_the_plan_for_every_site(vue, plan, base, uai):
    avant = totaux(base.execute("select * exclude est_simule from mart_presence").fetchall(), uai)
    apres = totaux(plan, uai)
    [(nb,)] = base.execute("select count(*) from mart_site where departement = '005'").fetchall()
    assert len(vue.sites) == nb
    for ligne in vue.sites.to_dict("records"):
        assert ligne["Avant (½ j. par cycle)"] == avant.get(ligne["UAI"], 0)
        assert ligne["Après (½ j. par cycle)"] == apres.get(ligne["UAI"], 0)
        difference = ligne["Après (½ j. par cycle)"] - ligne["Avant (½ j. par cycle)"]
        assert ligne["Changement"][0] == ("▲" if difference > 0 else "▼" if difference else "=")


def test_the_table_of_postes_shares_out_the_plan_and_what_is_left(vue, plan, base):
    """Every poste of the département that has a sector, given time + free time = its time."""
    attendus = base.execute(
        "select poste_id from mart_poste where departement = '005' and not sans_secteur"
    ).fetchall()
    assert sorted(vue.postes["Poste"]) == sorted(p for (p,) in attendus)
    for ligne in vue.postes.to_dict("records"):
        sien = [n for poste, _, n in plan if poste == ligne["Poste"]]
        assert ligne["Donné (½ j. par cycle)"] == sum(sien)
        assert ligne["Sites"] == len(sien) <= 3
        temps = ligne["Donné (½ j. par cycle)"] + ligne["Libre (½ j. par cycle)"]
        assert temps == ligne["Temps (½ j. par cycle)"] >= sum(sien)


def test_sites_without_presence_are_those_the_plan_leaves_out(vue, plan, base, uai):
    servis = {site for _, site, _ in plan}
    tous = base.execute("select site_id from mart_site where departement = '005'").fetchall()
    assert sorted(vue.sans_presence["UAI"]) == sorted(uai[s] for (s,) in tous if s not in servis)


def test_gains_and_losses_by_category_are_those_of_the_sites(vue):
    ensemble = vue.categories[vue.categories["Catégorie"] == "Tous les sites"].iloc[0]
    changement = vue.sites["Après (½ j. par cycle)"] - vue.sites["Avant (½ j. par cycle)"]
    assert ensemble["Sites"] == len(vue.sites)
    assert ensemble["Gagnent"] == (changement > 0).sum()
    assert ensemble["Perdent"] == (changement < 0).sum()
    utile = vue.sites[["Après (½ j. par cycle)", "Besoin (½ j. par cycle)"]].min(axis=1).sum()
    assert ensemble["Après"] == pourcentage(utile / vue.sites["Besoin (½ j. par cycle)"].sum())
    assert clair(vue.phrase).startswith(
        clair(f"{clair(ensemble['Après'])} du besoin couvert, contre")
    )
    for ligne in vue.categories.to_dict("records"):
        rythmes = [ligne[r] for r in ("Chaque semaine", "Chaque quinzaine", "Chaque mois")]
        rythmes.append(ligne["Sur demande"])
        for rang in (0, 1):
            assert sum(int(r.split(" → ")[rang]) for r in rythmes) == ligne["Sites"]


def test_the_sentence_counts_the_links_that_change(vue, plan, base):
    sites = {
        s
        for (s,) in base.execute(
            "select site_id from mart_site where departement = '005'"
        ).fetchall()
    }
    postes = {
        p
        for (p,) in base.execute(
            "select poste_id from mart_poste where departement = '005'"
        ).fetchall()
    }
    actuels = {
        (p, s)
        for p, s in base.execute("select poste_id, site_id from mart_presence").fetchall()
        if p in postes and s in sites
    }
    liens = len(actuels ^ {(p, s) for p, s, _ in plan})
    assert clair(f"{liens} liens entre un poste et un site changent.") in clair(vue.phrase)


def test_the_workbook_read_again_has_the_numbers_of_the_screen(vue, classeur):
    tables = {
        "Secteurs": vue.secteurs,
        "Postes": vue.postes,
        "Sites": vue.sites,
        "Catégories": vue.categories,
        "Sans présence régulière": vue.sans_presence,
        "Objectifs": vue.etages,
    }
    assert list(classeur) == ["Lecture", *tables]
    for nom, table in tables.items():
        entete, *lignes = classeur[nom]
        assert entete == list(table.columns)
        attendues = [["" if pd.isna(v) else v for v in ligne] for ligne in table.to_numpy()]
        assert lignes == attendues


def test_the_workbook_says_first_that_the_data_are_made_up(classeur):
    lecture = " ".join(str(ligne[0]) for ligne in classeur["Lecture"])
    assert "département 005" in lecture
    assert "fictifs" in lecture
    assert "simulés" in lecture


def test_text_that_looks_like_a_formula_or_an_address_stays_text(
    entrepot_exemple, dossier_005, tmp_path
):
    """An establishment named « =1+1 »: the cell holds those four characters."""
    copie = shutil.copytree(dossier_005, tmp_path / "copie")
    resume = json.loads((copie / "resume.json").read_text(encoding="utf-8"))
    noms = ["=1+1", "@cmd", "http://ailleurs.example"]
    modele = {
        "site_id": "0050000A",
        "categories": [],
        "categories_inconnues": [],
        "besoin_demi_journees_cycle": 4,
        "referent_poste_id": None,
        "referent_trajet_min": None,
    }
    resume["sites_sans_presence"] = [{**modele, "nom": nom} for nom in noms]
    (copie / "resume.json").write_text(json.dumps(resume), encoding="utf-8")
    octets = proposition.vue(entrepot_exemple, copie).classeur
    lu = CalamineWorkbook.from_filelike(io.BytesIO(octets))
    lignes = lu.get_sheet_by_name("Sans présence régulière").to_python()
    assert [ligne[0] for ligne in lignes[1:]] == noms


def test_the_proof_says_how_far_the_best_plan_could_go(dossier_005):
    resume = json.loads((dossier_005 / "resume.json").read_text(encoding="utf-8"))
    manque = resume["etages"][0]
    manque.update(part_ecart=0.0123, ecart_demi_journees=7.4)
    preuve = clair(proposition_en_mots.preuve_en_mots(resume))
    assert clair("réduirait le manque de présence de 1,2") in preuve
    assert clair("environ 7 demi-journées par cycle") in preuve
    manque.update(ecart_demi_journees=0.3)
    assert "environ" not in clair(proposition_en_mots.preuve_en_mots(resume))
    manque.update(part_ecart=0.0, ecart_demi_journees=0.0)
    assert clair("prouvé le plus petit possible") in clair(
        proposition_en_mots.preuve_en_mots(resume)
    )


@pytest.mark.parametrize(
    ("fin", "en_mots", "garde"),
    [
        ("preuve", "prouvé le meilleur", None),
        ("ecart", "écart visé atteint", None),
        ("travail", "travail prévu achevé", None),
        ("temps", "coupé par l'horloge", "L'horloge a coupé le calcul"),
        ("utilisateur", "arrêt demandé", "arrêté à la demande"),
    ],
)
def test_what_ended_the_work_is_said_stage_by_stage_and_a_cut_is_warned_of(
    entrepot_exemple, dossier_005, tmp_path, fin, en_mots, garde
):
    copie = shutil.copytree(dossier_005, tmp_path / "copie")
    resume = json.loads((copie / "resume.json").read_text(encoding="utf-8"))
    resume["arret_par"] = resume["etages"][2]["arret_par"] = fin
    resume["limites"]["part_ecart_vise"] = 0.05
    (copie / "resume.json").write_text(json.dumps(resume), encoding="utf-8")
    vue = proposition.vue(entrepot_exemple, copie)
    assert vue.etages["Fin"][2] == en_mots
    assert en_mots in clair(FINS_EN_MOTS)
    assert any(garde in note for note in vue.mises_en_garde) if garde else not vue.mises_en_garde
    bilan = "atteint pour les trajets" if fin == "ecart" else "sans effet sur ce calcul"
    assert f"Écart visé de 5 % : {bilan}." in clair(vue.preuve)


def test_a_proposal_made_before_the_ends_were_kept_says_that_it_does_not_know(
    entrepot_exemple, dossier_005, tmp_path
):
    copie = shutil.copytree(dossier_005, tmp_path / "copie")
    resume = json.loads((copie / "resume.json").read_text(encoding="utf-8"))
    del resume["limites"]
    for etage in resume["etages"]:
        del etage["arret_par"]
    (copie / "resume.json").write_text(json.dumps(resume), encoding="utf-8")
    vue = proposition.vue(entrepot_exemple, copie)
    assert set(vue.etages["Fin"]) == {"non noté"}
    assert "Écart visé" not in clair(vue.preuve)


def test_a_plan_of_other_data_says_that_the_data_have_changed(
    entrepot_exemple, dossier_005, tmp_path
):
    copie = shutil.copytree(dossier_005, tmp_path / "copie")
    resume = json.loads((copie / "resume.json").read_text(encoding="utf-8"))
    resume["empreinte_donnees"] = "autre"
    (copie / "resume.json").write_text(json.dumps(resume), encoding="utf-8")
    notes = proposition.vue(entrepot_exemple, copie).mises_en_garde
    assert any("Les données ont changé" in note for note in notes)


def test_a_plan_that_serves_a_site_gone_since_is_refused_with_what_to_do(
    entrepot_exemple, dossier_005, tmp_path
):
    copie = shutil.copytree(dossier_005, tmp_path / "copie")
    plan = (copie / "plan.csv").read_text(encoding="utf-8").splitlines()
    poste, _, presence = plan[1].split(",")
    plan[1] = f"{poste},0059999Z,{presence}"
    (copie / "plan.csv").write_text("\n".join(plan) + "\n", encoding="utf-8")
    with pytest.raises(AtlasError) as refus:
        proposition.vue(entrepot_exemple, copie)
    assert clair("1 site du plan n'y est plus (0059999Z)") in clair(refus.value.quoi)
    assert "relancer" in refus.value.remede


def test_an_empty_plan_is_shown_and_downloaded_like_another(
    entrepot_exemple, dossier_005, tmp_path
):
    """No poste has any time to give: every site is without presence, nothing breaks."""
    copie = shutil.copytree(dossier_005, tmp_path / "copie")
    (copie / "plan.csv").write_text("poste_id,site_id,demi_journees_cycle\n", encoding="utf-8")
    vue = proposition.vue(entrepot_exemple, copie)
    assert vue.secteurs.empty
    assert set(vue.sites["Après (½ j. par cycle)"]) == {0}
    assert CalamineWorkbook.from_filelike(io.BytesIO(vue.classeur)).sheet_names[1] == "Secteurs"


@pytest.mark.parametrize("ancien", [False, True], ids=["words kept", "before they were kept"])
def test_a_proposal_opens_after_its_bareme_was_removed(
    entrepot_exemple, dossier_005, tmp_path, vue, ancien
):
    """With the words it had that day, said to be gone; every table but the words is the same."""
    dossier = tmp_path / "partie"
    shutil.copytree(dossier_005, dossier)
    for nom in ("resume.json", "probleme.json"):
        contenu = json.loads((dossier / nom).read_text(encoding="utf-8"))
        contenu["hypotheses"]["bareme"] = "bareme_disparu"
        if ancien:
            contenu.pop("bareme", None)
        (dossier / nom).write_text(json.dumps(contenu), encoding="utf-8")
    rouverte = proposition.vue(entrepot_exemple, dossier)
    assert any("supprimé" in note for note in rouverte.mises_en_garde)
    assert ("bareme_disparu" in rouverte.doctrine) == ancien
    assert rouverte.phrase == vue.phrase
    for table in ("sites", "categories", "sans_presence"):
        pd.testing.assert_frame_equal(getattr(rouverte, table), getattr(vue, table))


def reserves(probleme, servis=()):
    return [clair(note) for note in proposition_en_mots.reserves(probleme, servis)]


def test_the_same_bassin_asked_without_any_bassin_is_said(dossier_005):
    """All unknown: only today's links are left; some unknown: how many; not asked: nothing."""
    probleme = proposition_lue.lire(dossier_005).probleme
    for ligne in (*probleme["postes"], *probleme["sites"]):
        ligne["bassin"] = None
    assert reserves(probleme) == []
    probleme["reglages"]["meme_bassin"] = True
    (note,) = reserves(probleme)
    assert "aucun bassin n'est connu" in note
    for ligne in (*probleme["postes"], *probleme["sites"]):
        ligne["bassin"] = "Est"
    probleme["sites"][0]["bassin"] = None
    (note,) = reserves(probleme)
    assert note.startswith("Bassin inconnu pour 0 poste et 1 site :")


def test_unknown_travel_is_counted_and_said(dossier_005):
    probleme = proposition_lue.lire(dossier_005).probleme
    avec = next(r for r, p in enumerate(probleme["postes"]) if not p["sans_secteur"])
    probleme["minutes"][avec][0] = None
    (note,) = reserves(probleme)
    assert note.startswith("1 trajet inconnu sur ")


def test_single_site_postes_are_said_to_leave_the_ecoles_of_their_network(dossier_005):
    probleme = proposition_lue.lire(dossier_005).probleme
    probleme["hypotheses"]["sites_max_par_categorie"] = "college_rep_plus=1"
    probleme["sites"][0]["site_tete"] = probleme["sites"][1]["site_id"]
    seuls = [s["site_id"] for s in probleme["sites"][1:]]
    (note,) = reserves(probleme, seuls)
    assert note.startswith("Écoles REP+ sans présence : 1 réseau.")


def test_the_limits_by_category_and_whole_presence_are_among_the_parameters(dossier_005):
    lue = proposition_lue.lire(dossier_005)
    assert proposition_en_mots.limites_en_mots(lue) == ""
    lue.resume["hypotheses"].update(
        sites_max_par_categorie="college_rep_plus=1", presence_entiere=True
    )
    mots = clair(proposition_en_mots.limites_en_mots(lue))
    assert "« Collège REP+ » sert 1 site au plus" in mots
    assert "tout son besoin d'un seul poste, ou rien" in mots


def test_sites_without_a_referent_are_counted():
    avec, sans = {"referent_poste_id": "P1"}, {"referent_poste_id": None}
    for sites, mots in (
        ([], "Tous les sites ont une présence régulière."),
        ([avec], "1 site sans présence régulière, avec un poste référent."),
        ([sans], "1 site sans présence régulière, sans poste référent connu."),
        ([avec, sans], "2 sites sans présence régulière, dont 1 sans poste référent connu."),
    ):
        assert proposition_en_mots.referents({"sites_sans_presence": sites}) == mots


def test_the_best_possible_value_is_said_only_when_every_stage_is_proven(dossier_005):
    etages = proposition_lue.lire(dossier_005).resume["etages"]
    prouves = [{**e, "part_ecart": 0} for e in etages]
    table = proposition._etages({"etages": prouves})
    assert "Meilleure valeur possible" in table
    assert set(table["Statut"]) == {"le meilleur, prouvé"}
    assert table["Objectif"][2] == "Trajets (min par cycle)"
    loin = {
        **prouves[0],
        "valeur": 1005,
        "valeur_atteinte": 1000,
        "borne": 990,
        "part_ecart": 0.015,
    }
    table = proposition._etages({"etages": [loin, *prouves[1:]]})
    assert "Borne prouvée" in table
    assert list(table["Statut"])[:2] == ["entre la borne et la valeur", "le meilleur, prouvé"]
    rendu = {**loin, "borne": 1000, "part_ecart": 5 / 1005}
    table = proposition._etages({"etages": [rendu, *prouves[1:]]})
    assert clair(table["Statut"][0]) == (
        "le meilleur (1 000) prouvé, puis 0,5 % rendus aux objectifs suivants"
    )
