"""The sentences of « Pourquoi ? » say what the judge and plan.csv say."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.planning.conflits import conflits
from pipelines.planning.marges import MOINS, PLUS
from pipelines.planning.probleme import depuis_json
from pipelines.planning.verification import juger
from pipelines.planning.voisinage import Effet
from pipelines.reports import demi_postes, exigences, explication, proposition_lue
from pipelines.reports.lecture import lire


def clair(texte):
    return re.sub(r"\s", " ", texte)


@pytest.fixture(scope="module")
def lue(dossier_005):
    return proposition_lue.lire(dossier_005)


@pytest.fixture(scope="module")
def moins_servi(dossier_005):
    """The site served least for its besoin, and its label."""
    return next(iter(explication.choix_sites(dossier_005).items()))


def test_every_site_with_a_besoin_may_be_asked_about_the_least_served_first(dossier_005, lue):
    """The label says presence over besoin, as plan.csv and probleme.json have them."""
    choix = explication.choix_sites(dossier_005)
    besoins = {s["site_id"]: s["besoin"] for s in lue.probleme["sites"] if s["besoin"]}
    assert choix.keys() == besoins.keys()
    servis = lue.plan.groupby("site_id")["demi_journees_cycle"].sum()
    for site_id, libelle in choix.items():
        attendu = f": {servis.get(site_id, 0)} sur {besoins[site_id]} ½ j. par cycle"
        assert clair(libelle).endswith(attendu)
    parts = [servis.get(s, 0) / besoins[s] for s in choix]
    assert parts == sorted(parts)


def test_each_presence_is_explained_with_its_numbers(dossier_005, lue):
    """Amount, besoin, travel, locks: those of the files; each cost with its sign."""
    ligne = lue.plan.iloc[0]
    site = next(s for s in lue.probleme["sites"] if s["site_id"] == ligne.site_id)
    vue = explication.presence(dossier_005, ligne.site_id, ligne.poste_id)
    assert clair(vue.phrase).startswith(
        f"{site['nom']} reçoit {ligne.demi_journees_cycle} demi-journées par cycle"
    )
    assert f"du poste {ligne.poste_id}, pour un besoin de {site['besoin']}" in clair(vue.phrase)
    for titre in vue.alternatives["Autre choix"]:
        assert re.match(r"Donner (plus|moins) : \d+ → \d+|Confier à ", clair(titre))
    assert "Chaque ligne est un plan entier" in clair(vue.note)


def test_a_site_short_of_presence_is_told_the_posts_that_could_serve_it(
    dossier_005, lue, moins_servi
):
    """What each gives and to whom is what plan.csv says."""
    site_id, _ = moins_servi
    vue = explication.absence(dossier_005, site_id)
    donnes = lue.plan.groupby("poste_id")["demi_journees_cycle"].sum()
    for ligne in vue.postes.to_dict("records"):
        assert ligne["Donné (½ j. par cycle)"] == donnes.get(ligne["Poste"], 0)
    assert "Coût" in clair(" ".join(vue.details))
    assert clair("Recherche") in clair(vue.note)


def test_who_can_take_a_site_counts_the_posts_the_judge_accepts(dossier_005, lue, moins_servi):
    """The first sentence's number is that of the lines that break no rule."""
    site_id, _ = moins_servi
    vue = explication.reprise(dossier_005, site_id)
    propres = (vue.alternatives["Règles"] == "toutes respectées").sum()
    assert f": {propres} poste" in clair(vue.phrase)


def test_every_number_of_an_answer_has_its_unit(dossier_005, moins_servi):
    """In the header of its column, or beside it in a sentence; a one-way travel is told apart."""
    site_id, _ = moins_servi
    reprise = explication.reprise(dossier_005, site_id)
    for colonne in (
        "Trajet aller (min)",
        "Trajets (min par cycle)",
        "Changements imposés (liens)",
        "Équilibre de la charge de trajet (points)",
    ):
        assert colonne in reprise.alternatives
    absence = explication.absence(dossier_005, site_id)
    assert "Ce qui le remplit (½ j. par cycle)" in absence.postes
    effets = [
        Effet("manque", "", 1000, 1012),
        Effet("changements", "", 4, 5),
        Effet("trajets", "", 100, 60),
        Effet("equilibre", "", 8, 8),
    ]
    assert clair(explication.dire_effets(effets)) == (
        "manque de présence +1,2 %, changements imposés +1 lien, trajets −40 min par cycle, "
        "le reste inchangé"
    )
    sans_manque = [Effet("manque", "", 0, 3), Effet("equilibre", "", 8, 6)]
    assert clair(explication.dire_effets(sans_manque)) == (
        "manque de présence +3 points, équilibre de la charge de trajet −2 points"
    )


def test_where_no_half_post_was_tried_the_true_cause_is_told(dossier_005):
    """Short écoles alone, no sector, too little time, nobody: each has its own words."""
    lu = lire(dossier_005)
    p = lu.probleme
    vide = {"bassin": None}

    def dit(sens, **autres):
        autre = replace(lu, probleme=SimpleNamespace(sites=p.sites, postes=p.postes))
        vars(autre.probleme).update(autres)
        return demi_postes._rien_a_essayer(autre, sens, vide, 0.5)

    combles = tuple(replace(s, besoin=lu.couverture(s.site_id)) for s in p.sites)
    assert "aucun site n'y est à court" in dit(PLUS, sites=combles)
    ecoles = replace(combles[0], nature="ecoles_rep_plus", besoin=combles[0].besoin + 4)
    assert "seules des écoles REP+ sont à court" in dit(PLUS, sites=(ecoles, *combles[1:]))
    assert "pas de poste" in dit(MOINS, postes=())
    sans = tuple(replace(x, sans_secteur=True) for x in p.postes)
    assert "n'a de secteur" in dit(MOINS, postes=sans)
    courts = tuple(replace(x, quotite=0.4) for x in p.postes)
    assert "aucun poste n'a 0,5 ETP" in dit(MOINS, postes=courts)
    assert "sans lever un verrou" in dit(MOINS)


def test_locks_of_a_proposal_hold_and_a_floor_too_high_is_priced(dossier_005, lue):
    """A floor above the besoin can't hold: the way out is to be content with the besoin."""
    tenues = exigences.exigences(dossier_005)
    assert not tenues.conflits
    assert f"{len(lue.probleme['verrous'])} exigences tiennent ensemble" in clair(tenues.phrase)
    site = max(lue.probleme["sites"], key=lambda s: s["besoin"])
    vue = exigences.exigences(dossier_005, [(site["site_id"], site["besoin"] + 1)])
    [(quoi, issues)] = vue.conflits
    assert site["nom"] in quoi
    assert f"[besoin {site['besoin']}]" in quoi
    assert any("se contenter" in issue for issue in issues)


def test_floors_for_every_site_at_once_ask_for_more_than_there_is(dossier_005):
    """Each whole besoin asked of the sites of one poste: some half-days are missing, and priced."""
    probleme = depuis_json((dossier_005 / "probleme.json").read_text(encoding="utf-8"))
    planchers = [(s.site_id, s.besoin) for s in probleme.sites if s.postes_max == 1]
    vue = exigences.exigences(dossier_005, planchers)
    assert vue.conflits
    for _, issues in vue.conflits:
        assert issues
    assert conflits(probleme) == ()


def test_a_folder_without_a_proposal_and_a_site_of_elsewhere_are_refused(dossier_005, tmp_path):
    """Said in French, with what to do."""
    for question in (
        lambda: explication.choix_sites(tmp_path),
        lambda: exigences.exigences(tmp_path),
    ):
        with pytest.raises(AtlasError, match=r"probleme\.json"):
            question()
    with pytest.raises(AtlasError, match="inconnu de cette proposition"):
        explication.absence(dossier_005, "0000000X")


def test_the_plan_that_is_explained_is_the_one_that_was_judged(dossier_005):
    """What is read again from the folder keeps every rule."""
    lu = lire(dossier_005)
    contenu = json.loads((dossier_005 / "probleme.json").read_text(encoding="utf-8"))
    lignes = [
        {
            "poste_id": x.poste_id,
            "site_id": x.site_id,
            "demi_journees_cycle": x.demi_journees_cycle,
        }
        for x in lu.plan
    ]
    assert juger(contenu, lignes).conforme
