"""« Comparer » on screen: chosen in the address, what differs first, the words of the command."""

import json
import shutil
from dataclasses import asdict
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from typer.testing import CliRunner

from pages.composants.cote_a_cote import LIGNES_MONTREES
from pipelines.base import chemins
from pipelines.cli import app
from pipelines.planning.assemblage import Hypotheses
from pipelines.reports import comparer
from pipelines.scenarios import atelier, comparables, propositions
from pipelines.scenarios.lecteurs import Lecteur, Role
from tests.pages.conftest import PRET, clair

PAGE = "comparer"
LECTEUR = Lecteur("Claire")
UNE, AUTRE = "005-20260901-100000-aaaaaa", "005-20260902-100000-bbbbbb"
HYPOTHESES = {
    UNE: Hypotheses(),
    AUTRE: Hypotheses(doctrine="couverture_de_tous", duree_trajet_max_min=40),
}
ATTENTE_MS = 45_000


@pytest.fixture(scope="module")
def gardees(entrepot_exemple, tmp_path_factory):
    """Two finished proposals for the 005, as the computations leave them."""
    dossier = tmp_path_factory.mktemp("gardees")
    for calcul_id, hypotheses in HYPOTHESES.items():
        propositions.proposer(
            entrepot_exemple,
            "005",
            graine=1,
            duree_max_s=1,
            hypotheses=hypotheses,
            sortie=dossier / calcul_id,
        )
        demande = {"departement": "005", "hypotheses": asdict(hypotheses)}
        (dossier / calcul_id / "demande.json").write_text(json.dumps(demande), encoding="utf-8")
    return dossier


@pytest.fixture
def garnies(atelier_vide, gardees):
    """A folder of computations with the two proposals, and an empty store."""
    shutil.copytree(gardees, chemins.CALCULS)


def phrase(ecran):
    """The sentence of result."""
    return clair(next(m.value for m in ecran.main.markdown if m.value.startswith("#### ")))[5:]


def attendue(*choix):
    return comparer.vue(comparer.ouvrir(LECTEUR, choix))


def test_with_nothing_kept_the_page_says_what_to_do_and_where(ouvrir):
    ecran = ouvrir()
    assert not ecran.exception
    [info] = ecran.info
    assert "calculer une proposition" in info.value


def test_without_an_address_today_is_compared_with_the_last_proposal(ouvrir, garnies):
    ecran = ouvrir()
    assert not ecran.exception
    assert phrase(ecran) == clair(attendue(comparables.AUJOURD_HUI, AUTRE).phrase)
    assert ecran.query_params["a"] == comparables.AUJOURD_HUI
    assert ecran.query_params["b"] == AUTRE


def test_three_of_the_address_are_compared_and_what_differs_is_said_first(ouvrir, garnies):
    ecran = ouvrir(a=comparables.AUJOURD_HUI, b=UNE, c=AUTRE)
    assert not ecran.exception
    vue = attendue(comparables.AUJOURD_HUI, UNE, AUTRE)
    assert phrase(ecran) == clair(vue.phrase)
    # the side bar has warnings of its own
    [avertissement] = ecran.main.warning
    assert all(clair(p) in clair(avertissement.value) for p in vue.divergences)
    assert "Trajet aller, au plus (min)" in clair(avertissement.value)
    tables = [clair(" ".join(map(str, t.value.columns))) for t in ecran.main.table]
    assert any("Pourquoi" in colonnes for colonnes in tables)


def test_the_change_shown_is_the_one_of_the_address(ouvrir, garnies):
    ecran = ouvrir(a=comparables.AUJOURD_HUI, b=UNE, c=AUTRE, vers="c")
    vue = attendue(comparables.AUJOURD_HUI, UNE, AUTRE)
    sites = next(t.value for t in ecran.main.table if "Pourquoi" in t.value)
    assert sites["Après"].tolist() == [str(n) for n in vue.passages[1].sites["Après"]][: len(sites)]


def test_the_sites_that_change_are_all_shown_when_asked_for(ouvrir, garnies):
    """Twenty reasons are read at a glance; the others at a click, and in the download."""
    [*_, passage] = attendue(comparables.AUJOURD_HUI, UNE, AUTRE).passages
    ecran = ouvrir(a=comparables.AUJOURD_HUI, b=UNE, c=AUTRE, vers="c")

    def montres():
        return len(next(t.value for t in ecran.main.table if "Pourquoi" in t.value))

    assert montres() == min(LIGNES_MONTREES, len(passage.sites))
    for bascule in ecran.main.toggle:
        bascule.set_value(True).run()
    assert montres() == len(passage.sites)


def test_the_same_one_twice_is_told_and_nothing_breaks(ouvrir, garnies):
    ecran = ouvrir(a=UNE, b=UNE)
    assert not ecran.exception
    assert any("deux fois" in w.value for w in ecran.main.warning)


def test_an_id_that_is_nowhere_is_told_and_the_page_stands(ouvrir, garnies):
    ecran = ouvrir(a=comparables.AUJOURD_HUI, b="005-20200101-000000-ffffff")
    assert not ecran.exception
    assert any("005-20200101-000000-ffffff" in w.value for w in ecran.main.warning)


def test_a_proposal_of_another_departement_is_told_and_left_out(ouvrir, garnies):
    ailleurs = "004-20260901-100000-cccccc"
    shutil.copytree(chemins.CALCULS / UNE, chemins.CALCULS / ailleurs)
    demande = {"departement": "004", "hypotheses": asdict(Hypotheses())}
    (chemins.CALCULS / ailleurs / "demande.json").write_text(json.dumps(demande), encoding="utf-8")
    ecran = ouvrir(a=comparables.AUJOURD_HUI, b=UNE, c=ailleurs)
    assert not ecran.exception
    assert any("autre département" in w.value for w in ecran.main.warning)
    assert phrase(ecran) == clair(attendue(comparables.AUJOURD_HUI, UNE).phrase)


def test_a_scenario_of_the_store_is_compared_and_its_next_version_is_read_anew(ouvrir, garnies):
    scenario = atelier.creer(LECTEUR, "Rentrée 2027", chemins.CALCULS / UNE)
    ecran = ouvrir(a=UNE, b=scenario.scenario_id)
    assert "donnent les mêmes présences" in phrase(ecran)
    assert any("Rentrée 2027 (" in o for o in ecran.main.selectbox[1].options)
    atelier.modifier(
        LECTEUR, scenario.scenario_id, scenario.version, "Retiré", plan=scenario.plan[1:]
    )
    assert "en perd" in phrase(ecran.run())


def test_what_the_colours_say_is_in_the_address(ouvrir, garnies):
    def couleur(ecran):
        [choix] = [s for s in ecran.main.selectbox if s.label == "La couleur dit"]
        return choix

    choix = couleur(ouvrir(a=UNE, b=AUTRE, couleur="rythme de présence"))
    assert choix.value == "rythme de présence"
    ecran = ouvrir(a=UNE, b=AUTRE)
    assert couleur(ecran).value == "part du besoin couverte"
    couleur(ecran).set_value("rythme de présence").run()
    assert ecran.query_params["couleur"] in ("rythme de présence", ["rythme de présence"])


def test_the_name_of_a_proposal_holds_in_its_box(ouvrir, garnies):
    """Half of the narrowest page, less its margins and its arrow, is some forty characters."""
    ecran = ouvrir(a=UNE, b=AUTRE)
    boites = ecran.main.selectbox[:3]
    assert [b.label for b in boites] == ["De", "À", "Et à"]
    assert "Couverture de tous, 02/09 10 h 00" in boites[0].options
    assert max(len(o) for b in boites for o in b.options) <= 40


def test_who_may_not_read_a_plan_compares_nothing(garnies):
    membre = Lecteur("Instance", Role.INSTANCE)
    with pytest.raises(Exception, match="ne permet pas de lire"):
        comparables.choix(membre, "005")
    with pytest.raises(Exception, match="ne permet pas de lire"):
        comparer.ouvrir(membre, (comparables.AUJOURD_HUI, UNE))


def test_the_command_says_the_sentence_of_the_page_and_writes_the_workbook(garnies, tmp_path):
    classeur = tmp_path / "comparer.xlsx"
    dossier = chemins.CALCULS / UNE
    sortie = CliRunner().invoke(
        app,
        ["comparer", "aujourdhui", str(dossier), AUTRE, "--classeur", str(classeur)],
        env={"COLUMNS": "200"},
    )
    assert sortie.exit_code == 0, sortie.output
    assert f"De « Aujourd'hui » à « {UNE} »" in clair(sortie.output)
    assert "Gini" in sortie.output
    assert classeur.stat().st_size > 5000


@pytest.mark.navigateur
def test_a_link_reopens_the_same_comparison_in_a_browser(serveur, chromium, gardees):
    """The maps are drawn, the choice is in the address, a refresh shows the same; no complaint."""
    for calcul_id in HYPOTHESES:
        if not (serveur.calculs / calcul_id).exists():
            shutil.copytree(gardees / calcul_id, serveur.calculs / calcul_id)
    contexte = chromium.new_context(viewport={"width": 1024, "height": 768}, locale="fr-FR")
    page = contexte.new_page()
    page.set_default_timeout(ATTENTE_MS)
    plaintes, requetes = [], []
    page.on("pageerror", lambda erreur: plaintes.append(str(erreur)))
    page.on("request", lambda requete: requetes.append(requete.url))
    try:
        page.goto(f"{serveur.adresse}/comparer?departement=005&a=aujourdhui&b={UNE}&c={AUTRE}")
        titre = page.locator("[data-testid=stMain] h4").first
        expect(titre).to_contain_text("Aujourd'hui", timeout=ATTENTE_MS)
        page.wait_for_selector(PRET)
        page.wait_for_selector(".scatterlayer .trace path.point", state="attached")
        dit = titre.inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("tab", name="Équité").click()
        expect(page.get_by_text("Demi-journées par cycle pour 100 élèves pondérés")).to_be_visible()
        page.reload()
        expect(titre).to_have_text(dit, timeout=ATTENTE_MS)
        adresse = parse_qs(urlsplit(page.url).query)
        assert (adresse["a"], adresse["b"], adresse["c"]) == (["aujourdhui"], [UNE], [AUTRE])
        assert page.get_by_test_id("stException").count() == 0
        assert plaintes == []
        ailleurs = {u for u in requetes if urlsplit(u).scheme not in ("data", "blob")}
        assert {urlsplit(u).hostname for u in ailleurs} == {"127.0.0.1"}
    finally:
        contexte.close()
        for calcul_id in HYPOTHESES:
            shutil.rmtree(serveur.calculs / calcul_id)
