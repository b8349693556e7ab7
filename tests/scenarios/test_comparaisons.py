"""The doctrines as one group: computed, stopped, found again, told when it can't be."""

import json
import subprocess
import sys
import time

import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.planning.verification import juger
from pipelines.scenarios import calculs, comparaisons, lecteurs, processus, propositions
from pipelines.scenarios.calculs import Hypotheses
from pipelines.scenarios.processus import Phase

LOCAL = lecteurs.local()
CODES = ("priorites_d_abord", "couverture_de_tous", "hybride")
ID = "005-20261121-101112-abcdef-doctrines"


@pytest.fixture
def dossier(tmp_path, monkeypatch):
    """The folder of the computations, empty."""
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    return chemins.CALCULS


@pytest.fixture(scope="module")
def groupe(entrepot_exemple, tmp_path_factory):
    """A finished comparison of the 005, by the function itself."""
    sortie = tmp_path_factory.mktemp("doctrines") / "005"
    vus = []
    codes = comparaisons.comparer(
        entrepot_exemple,
        "005",
        graine=3,
        duree_max_s=1.5,
        hypotheses=Hypotheses(doctrine="hybride"),
        sortie=sortie,
        progres=lambda part, quoi: vus.append((part, quoi)),
    )
    return sortie, codes, vus


def attendre(comparaison_id, secondes=300):
    """The state of a comparison once it no longer runs."""
    fin = time.monotonic() + secondes
    while time.monotonic() < fin:
        etat = comparaisons.etat(LOCAL, comparaison_id)
        if etat.phase != Phase.EN_COURS:
            return etat
        time.sleep(0.2)
    raise AssertionError(f"{comparaison_id} tourne encore après {secondes} s")


def poser(dossier, **fichiers):
    """A comparison as its files tell it."""
    chemin = dossier / ID
    chemin.mkdir(parents=True)
    demande = {"departement": "005", "doctrines": list(CODES)}
    (chemin / processus.DEMANDE).write_text(json.dumps(demande), encoding="utf-8")
    for nom, texte in fichiers.items():
        (chemin / nom).write_text(texte, encoding="utf-8")
    return chemin


def test_the_three_differ_by_their_doctrine_and_by_nothing_else(groupe):
    """Same data, seed, hypotheses, postes, travel, besoins: only what a doctrine sets may move."""
    sortie, codes, _ = groupe
    assert codes == CODES
    problemes = [
        json.loads((sortie / code / "probleme.json").read_text(encoding="utf-8")) for code in CODES
    ]
    for probleme, code in zip(problemes, CODES, strict=True):
        assert probleme["hypotheses"].pop("doctrine") == code
        for cle in ("convexite", "echelle_manque"):
            del probleme["reglages"][cle]
        for site in probleme["sites"]:
            for cle in ("poids", "plancher", "poids_plancher"):
                del site[cle]
    assert problemes[0] == problemes[1] == problemes[2]


def test_each_plan_is_judged_again_under_its_own_doctrine(groupe):
    sortie, _, _ = groupe
    for code in CODES:
        resume = json.loads((sortie / code / "resume.json").read_text(encoding="utf-8"))
        probleme = json.loads((sortie / code / "probleme.json").read_text(encoding="utf-8"))
        lignes = (sortie / code / "plan.csv").read_text(encoding="utf-8").splitlines()[1:]
        plan = [
            {"poste_id": p, "site_id": s, "demi_journees_cycle": int(n)}
            for p, s, n in (ligne.split(",") for ligne in lignes)
        ]
        verdict = juger(probleme, plan)
        assert verdict.conforme
        assert verdict.objectifs == {e["code"]: e["valeur"] for e in resume["etages"]}
        assert resume["arret_par"] in ("travail", "preuve")


def test_a_plan_of_the_group_is_the_plan_of_its_doctrine_alone(groupe, entrepot_exemple, tmp_path):
    """Computed together or apart, same bytes, unless the clock and not the work ended one."""
    sortie, _, _ = groupe
    seule = propositions.proposer(
        entrepot_exemple,
        "005",
        graine=3,
        duree_max_s=1.5,
        hypotheses=Hypotheses(doctrine="couverture_de_tous"),
        sortie=tmp_path,
    )
    ensemble = sortie / "couverture_de_tous"
    assert seule.resultat.arret_par in ("travail", "preuve")
    for nom in ("plan.csv", "probleme.json"):
        assert (tmp_path / nom).read_bytes() == (ensemble / nom).read_bytes()


def test_progress_rises_to_the_end_and_names_the_doctrine_at_work(groupe):
    _, _, vus = groupe
    parts = [part for part, _ in vus]
    assert parts == sorted(parts)
    assert parts[-1] == pytest.approx(1.0)
    assert {"Priorités d'abord", "Hybride"} & {mot for _, q in vus for mot in q.split(", ")}


def test_a_launched_comparison_is_followed_and_found_again_with_its_proposals(
    dossier, entrepot_exemple
):
    comparaison_id = comparaisons.lancer(
        LOCAL, entrepot_exemple, "005", graine=1, duree_max_s=1, hypotheses=Hypotheses()
    )
    etat = comparaisons.etat(LOCAL, comparaison_id)
    assert etat.phase == Phase.EN_COURS
    assert [p.code for p in etat.parts] == list(CODES)
    etat = attendre(comparaison_id)
    assert etat.phase == Phase.TERMINE, etat.erreur
    assert etat.calculees == CODES
    assert etat.fraction == pytest.approx(1.0)
    assert [e.calcul_id for e in comparaisons.dernieres(LOCAL, "005")] == [comparaison_id]
    # each is an ordinary proposal at an address of its own, and no proposal of the list
    une = calculs.etat(LOCAL, f"{comparaison_id}.hybride")
    assert une.phase == Phase.TERMINE
    assert une.demande["hypotheses"]["doctrine"] == "hybride"
    assert calculs.derniers(LOCAL, "005") == []
    assert comparaisons.dernieres(LOCAL, "013") == []


def test_a_stop_keeps_what_was_found_and_begins_nothing_more(dossier, entrepot_exemple):
    """Ten minutes each on the largest département; stopped once the first one has a plan."""
    comparaison_id = comparaisons.lancer(
        LOCAL, entrepot_exemple, "013", graine=1, duree_max_s=600, hypotheses=Hypotheses()
    )
    fin = time.monotonic() + 300
    while time.monotonic() < fin:
        if any(p.avancement for p in comparaisons.etat(LOCAL, comparaison_id).parts):
            break
        time.sleep(0.2)
    commencees = [p.code for p in comparaisons.etat(LOCAL, comparaison_id).parts if p.avancement]
    comparaisons.arreter(LOCAL, comparaison_id)
    etat = attendre(comparaison_id)
    assert etat.phase == Phase.TERMINE, etat.erreur
    assert set(commencees) <= set(etat.calculees)
    assert etat.calculees
    assert len(etat.calculees) <= max(comparaisons.en_meme_temps(), len(commencees))
    for code in etat.calculees:
        resume = json.loads((etat.dossier / code / "resume.json").read_text(encoding="utf-8"))
        assert resume["arret_par"] == "utilisateur"
        assert resume["jugement"]["conforme"]


def test_a_comparison_that_cannot_run_says_why_and_names_the_doctrine(dossier, tmp_path):
    comparaison_id = comparaisons.lancer(
        LOCAL, tmp_path / "absent.duckdb", "005", graine=1, duree_max_s=1, hypotheses=Hypotheses()
    )
    etat = attendre(comparaison_id)
    assert etat.phase == Phase.ECHEC
    assert "Priorités d'abord" in etat.erreur
    assert "Aucun entrepôt" in etat.erreur


def test_a_comparison_whose_conductor_is_dead_is_said_interrupted(dossier):
    fini = subprocess.Popen([sys.executable, "-c", ""])
    fini.wait()
    poser(dossier, **{processus.NUMERO: str(fini.pid)})
    assert comparaisons.etat(LOCAL, ID).phase == Phase.INTERROMPU


@pytest.mark.parametrize(
    "adresse", ["../x", "", f"{ID}/..", f"{ID}.hybride", ID.removesuffix("-doctrines"), f"{ID}\n"]
)
def test_no_address_but_that_of_a_comparison_names_one(dossier, adresse):
    poser(dossier)
    with pytest.raises(AtlasError) as refus:
        comparaisons.etat(LOCAL, adresse)
    assert "n'existe pas" in refus.value.quoi
    assert "Doctrines" in refus.value.remede


@pytest.mark.parametrize("adresse", [ID, f"{ID}..", f"{ID}./x", f"{ID}.../x", f"{ID}.inconnue"])
def test_no_address_of_a_proposal_leads_out_of_its_comparison(dossier, adresse):
    poser(dossier)
    with pytest.raises(AtlasError):
        calculs.etat(LOCAL, adresse)


def test_a_comparison_written_over_another_does_not_keep_its_results(
    groupe, entrepot_exemple, tmp_path
):
    """A stale result would be shown as that of the new request."""
    for code in CODES:
        (tmp_path / code).mkdir()
        (tmp_path / code / "resume.json").write_text("{}", encoding="utf-8")
        (tmp_path / code / "arret").touch()
    (tmp_path / "comparaison.json").write_text("{}", encoding="utf-8")
    codes = comparaisons.comparer(
        entrepot_exemple,
        "005",
        graine=3,
        duree_max_s=1,
        hypotheses=Hypotheses(),
        sortie=tmp_path,
        arret=lambda: True,
    )
    assert codes == ()
    bilan = json.loads((tmp_path / "comparaison.json").read_text(encoding="utf-8"))
    assert bilan == {"doctrines": [], "arretee": True}
