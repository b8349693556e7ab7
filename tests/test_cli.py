"""The commands from a terminal: what they print, what they write, how they refuse."""

import csv
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import fabrique
import pytest
from typer.testing import CliRunner

from pipelines.base import chemins
from pipelines.cli import app, main
from pipelines.scenarios import propositions

# processes forked from one that has imported everything: a command costs its work alone
processus = multiprocessing.get_context("forkserver")
processus.set_forkserver_preload(["pipelines.cli"])


def en_processus_neuf(*arguments):
    """Run the command as a person does, interpreter and all; the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "pipelines.cli", *map(str, arguments)],
        cwd=chemins.RACINE,
        capture_output=True,
        text=True,
        timeout=200,
    )


def atlas(*arguments):
    """Run the command in a process of its own, already warm; the finished process."""
    with tempfile.TemporaryDirectory() as dossier:
        sortie, erreurs = Path(dossier) / "sortie", Path(dossier) / "erreurs"
        enfant = processus.Process(
            target=_commander, args=([*map(str, arguments)], sortie, erreurs)
        )
        enfant.start()
        enfant.join(200)
        if enfant.is_alive():
            enfant.kill()
            pytest.fail(f"la commande ne finit pas : {arguments}")
        return subprocess.CompletedProcess(
            arguments,
            enfant.exitcode,
            sortie.read_text(encoding="utf-8"),
            erreurs.read_text(encoding="utf-8"),
        )


def _commander(arguments, sortie, erreurs):
    """The command, its output and its errors in files."""
    for chemin, numero in ((sortie, 1), (erreurs, 2)):
        os.dup2(os.open(chemin, os.O_WRONLY | os.O_CREAT), numero)
    os.chdir(chemins.RACINE)
    sys.argv = ["atlas", *arguments]
    main()


def refuse(fin, *morceaux):
    """The command ended with 1, in French, without a stack of calls."""
    assert fin.returncode == 1, fin.stdout + fin.stderr
    assert "Traceback" not in fin.stderr
    texte = " ".join(fin.stderr.split())
    for morceau in morceaux:
        assert morceau in texte


@pytest.fixture(scope="module")
def bac(tmp_path_factory):
    """Sources of a small département with 3 postes, and the warehouse `atlas construire` made."""
    dossier = tmp_path_factory.mktemp("cli")
    sources = fabrique.petit_departement(dossier / "sources")
    fabrique.ecrire_postes(
        sources, [fabrique.poste("P1"), fabrique.poste("P2", 2), fabrique.poste("P3", 3)]
    )
    fabrique.ecrire_presences(
        sources,
        [
            {
                "poste_id": "P1",
                "uai": fabrique.uai(1),
                "demi_journees": "2",
                "periodicite": "semaine",
            }
        ],
    )
    (sources / "menus.csv").write_text("jour;plat\nlundi;soupe\n", encoding="utf-8")
    fin = en_processus_neuf(
        "construire", "--sources", sources, "--entrepot", dossier / "atlas.duckdb"
    )
    assert fin.returncode == 0, fin.stderr
    return dossier, fin


def test_construire_prints_the_sites_the_anomalies_and_what_was_not_read(bac):
    """The table a person checks first: sites by département, then what went wrong."""
    dossier, fin = bac
    assert "Sites du second degré" in fin.stdout
    [ligne] = [texte for texte in fin.stdout.splitlines() if "034" in texte and "│" in texte]
    assert [c.strip() for c in ligne.split("│")][1:4] == ["034", "3", "1"]
    assert "de gravité « attention »" in " ".join(fin.stdout.split())
    assert "Fichier non lu : menus.csv : aucune colonne connue" in " ".join(fin.stdout.split())
    assert (dossier / "atlas.duckdb").is_file()


@pytest.mark.parametrize("code", ["34", "034"])
def test_a_departement_is_asked_with_or_without_its_zero(bac, tmp_path, code):
    """34 and 034 are the Hérault."""
    dossier, _ = bac
    fin = atlas(
        *("construire", "--sources", dossier / "sources", "--departements", code),
        *("--entrepot", tmp_path / "a.duckdb"),
    )
    assert fin.returncode == 0, fin.stderr
    assert "034" in fin.stdout


def test_construire_refuses_in_french(bac, tmp_path):
    """A missing folder, a folder without annuaire, a département that is not there, a bad line."""
    dossier, _ = bac
    entrepot = ("--entrepot", tmp_path / "a.duckdb")
    refuse(atlas("construire", "--sources", tmp_path / "rien", *entrepot), "Dossier introuvable")
    (tmp_path / "vide").mkdir()
    refuse(
        atlas("construire", "--sources", tmp_path / "vide", *entrepot),
        "Aucun annuaire",
        "Que faire :",
    )
    refuse(
        atlas("construire", "--sources", dossier / "sources", "--departements", "99", *entrepot),
        "099",
        "034 (Hérault)",
    )
    fabrique.petit_departement(tmp_path / "faux")
    fabrique.ecrire_postes(tmp_path / "faux", [fabrique.poste(quotite="1,5")])
    refuse(
        atlas("construire", "--sources", tmp_path / "faux", *entrepot),
        "postes.csv, ligne 2, colonne « quotite »",
        "« 1,5 »",
        "Que faire : écrire 0,8",
    )
    assert not (tmp_path / "a.duckdb").exists()


def test_a_wrong_option_is_refused_before_any_work(bac):
    """No département, no folder: the usage, with code 2."""
    assert atlas("proposer").returncode == 2
    assert atlas("construire").returncode == 2


def test_simuler_postes_writes_files_marked_as_simulated(bac, tmp_path):
    """Three local files; each row says it is simulated, and so does the terminal."""
    dossier, _ = bac
    fin = atlas(
        *("simuler-postes", "--departements", "34", "--etp", "2", "--graine", "3"),
        *("--sortie", tmp_path, "--entrepot", dossier / "atlas.duckdb"),
    )
    assert fin.returncode == 0, fin.stderr
    assert "simulées" in fin.stdout
    for nom in ("postes", "presences", "activite"):
        with (tmp_path / f"{nom}.csv").open(encoding="utf-8-sig", newline="") as flux:
            lignes = list(csv.DictReader(flux, delimiter=";"))
        assert lignes, nom
        assert all("simulé" in ligne["origine"] for ligne in lignes)


def test_simuler_postes_refuses_a_departement_that_is_not_built(bac, tmp_path):
    """The warehouse says which ones it has."""
    dossier, _ = bac
    refuse(
        atlas(
            *("simuler-postes", "--departements", "035", "--etp", "2", "--sortie", tmp_path),
            *("--entrepot", dossier / "atlas.duckdb"),
        ),
        "035",
        "034 (Hérault)",
    )


@pytest.mark.parametrize("code", ["34", "034"])
def test_proposer_writes_a_plan_its_summary_and_its_problem(bac, tmp_path, code):
    """Three files, whole; the plan holds the postes and sites of the problem and no other."""
    dossier, _ = bac
    fin = atlas(
        *("proposer", "--departement", code, "--graine", "1", "--duree-max", "5"),
        *("--sortie", tmp_path / "plan", "--entrepot", dossier / "atlas.duckdb"),
    )
    assert fin.returncode == 0, fin.stderr
    assert "3 postes" in fin.stdout
    assert "Borne prouvée" in fin.stdout
    with (tmp_path / "plan" / "plan.csv").open(encoding="utf-8", newline="") as flux:
        plan = list(csv.DictReader(flux))
    probleme = json.loads((tmp_path / "plan" / "probleme.json").read_text(encoding="utf-8"))
    resume = json.loads((tmp_path / "plan" / "resume.json").read_text(encoding="utf-8"))
    assert plan[0].keys() == {"poste_id", "site_id", "demi_journees_cycle"}
    assert {p["poste_id"] for p in plan} <= {"P1", "P2", "P3"}
    assert all(int(p["demi_journees_cycle"]) > 0 for p in plan)
    assert probleme["departement"] == "034"
    assert [etage["valeur"] >= etage["borne"] for etage in resume["etages"]].count(False) == 0


def test_proposer_stops_at_a_gap_and_says_what_ended_each_stage(bac, tmp_path):
    """A gap given in %, kept as a share; the terminal and resume.json say why it stopped."""
    dossier, _ = bac
    base = ("--departement", "34", "--duree-max", "2", "--entrepot", dossier / "atlas.duckdb")
    fin = atlas("proposer", *base, "--ecart-vise", "90", "--sortie", tmp_path / "p")
    assert fin.returncode == 0, fin.stderr
    resume = json.loads((tmp_path / "p" / "resume.json").read_text(encoding="utf-8"))
    assert resume["limites"] == {"duree_max_s": 2.0, "part_ecart_vise": 0.9}
    fins = {etage["arret_par"] for etage in resume["etages"]}
    assert fins <= {"preuve", "ecart", "travail"}
    texte = " ".join(fin.stdout.split())
    assert "Fin" in texte
    assert ("prouvé le" in texte) == ("preuve" in fins)
    for hors in ("-1", "100"):
        fin = atlas("proposer", *base, "--ecart-vise", hors, "--sortie", tmp_path / "q")
        assert fin.returncode == 2


def test_proposer_takes_a_limit_by_category_and_whole_presence(bac, tmp_path):
    """Both are kept with the proposal; a category the barème has not is refused in French."""
    dossier, _ = bac
    base = ("--departement", "034", "--duree-max", "1", "--entrepot", dossier / "atlas.duckdb")
    fin = atlas(
        *("proposer", *base, "--sites-par-categorie", "college_rep_plus=1"),
        *("--presence-entiere", "--sortie", tmp_path / "p"),
    )
    assert fin.returncode == 0, fin.stderr
    ecrit = json.loads((tmp_path / "p" / "probleme.json").read_text(encoding="utf-8"))
    assert ecrit["hypotheses"]["sites_max_par_categorie"] == "college_rep_plus=1"
    assert ecrit["reglages"]["presence_entiere"] is True
    for limite, mots in (("zep=1", "inconnue du barème"), ("erea", "illisible")):
        fin = atlas(
            *("proposer", *base, "--sites-par-categorie", limite, "--sortie", tmp_path / "q")
        )
        refuse(fin, mots)


def test_doctrines_writes_three_proposals_and_a_workbook(bac, tmp_path):
    """One folder a doctrine, each a proposal under that doctrine."""
    dossier, _ = bac
    fin = atlas(
        *("doctrines", "--departement", "34", "--graine", "1", "--duree-max", "1"),
        *("--sortie", tmp_path / "d", "--entrepot", dossier / "atlas.duckdb"),
    )
    assert fin.returncode == 0, fin.stderr
    texte = " ".join(fin.stdout.split())
    for nom in ("Priorités d'abord", "Couverture de tous", "Hybride"):
        assert f"avec « {nom} »" in texte
    for code in ("priorites_d_abord", "couverture_de_tous", "hybride"):
        probleme = json.loads((tmp_path / "d" / code / "probleme.json").read_text(encoding="utf-8"))
        assert probleme["hypotheses"]["doctrine"] == code
    assert (tmp_path / "d" / "doctrines.xlsx").is_file()


def test_proposer_takes_a_doctrine_and_refuses_one_that_does_not_exist(bac, tmp_path):
    dossier, _ = bac
    base = ("--departement", "34", "--duree-max", "1", "--entrepot", dossier / "atlas.duckdb")
    fin = atlas(
        "proposer", *base, *("--doctrine", "couverture_de_tous", "--sortie", tmp_path / "p")
    )
    assert fin.returncode == 0, fin.stderr
    probleme = json.loads((tmp_path / "p" / "probleme.json").read_text(encoding="utf-8"))
    assert probleme["hypotheses"]["doctrine"] == "couverture_de_tous"
    assert probleme["reglages"]["convexite"] == 3
    refuse(
        atlas("proposer", *base, "--doctrine", "priorites", "--sortie", tmp_path / "q"),
        "« priorites » n'existe pas",
        "hybride",
    )


def test_expliquer_answers_in_a_terminal_and_prices_clashing_locks(bac, tmp_path):
    """Why, why no more, who can take it; then locks that clash, with exit code 1."""
    dossier, _ = bac
    sortie = tmp_path / "p"
    propositions.proposer(dossier / "atlas.duckdb", "034", graine=1, duree_max_s=1, sortie=sortie)

    def expliquer(*arguments):
        fin = CliRunner().invoke(app, ["expliquer", "--proposition", str(sortie), *arguments])
        return fin, " ".join(fin.output.split())

    with (sortie / "plan.csv").open(encoding="utf-8") as flux:
        presence = next(csv.DictReader(flux))
    poste, site, montant = presence.values()
    fin, texte = expliquer("--site", site)
    assert fin.exit_code == 0, fin.output
    assert f"reçoit {montant} demi-journées par cycle" in texte
    assert f"du poste {poste}" in texte
    assert "Poids du site dans la doctrine" in texte
    fin, texte = expliquer("--site", site, "--qui-peut-prendre", "--demi-journees", "2")
    assert fin.exit_code == 0, fin.output
    assert f"à la place de {poste}" in texte
    fin, texte = expliquer()
    assert fin.exit_code == 0, fin.output
    assert "ensemble avec les règles" in texte

    fichier = sortie / "probleme.json"
    probleme = json.loads(fichier.read_text(encoding="utf-8"))
    autres = [
        s["site_id"]
        for s, minutes in zip(probleme["sites"], probleme["minutes"][0], strict=True)
        if s["nature"] == "etablissement" and minutes <= 45
    ][:2]
    probleme["postes"][0]["sites_max"] = 1
    probleme["verrous"] = [
        {"poste_id": "P1", "site_id": s, "nature": "impose", "demi_journees_cycle": None}
        for s in autres
    ]
    fichier.write_text(json.dumps(probleme), encoding="utf-8")
    fin, texte = expliquer()
    assert fin.exit_code == 1
    assert "admettre un 2e établissement pour le poste P1" in texte
    assert texte.count("lever l'exigence") == 2
    for arguments, mots in (
        (("--plancher", "0340001A"), "Plancher illisible"),
        (("--qui-peut-prendre",), "Il manque le site"),
        (("--site", site, "--plancher", f"{site}=2"), "--plancher ne sert pas avec --site"),
        (("--site", site, "--demi-journees", "2"), "ne sert qu'avec --qui-peut-prendre"),
    ):
        fin, _ = expliquer(*arguments)
        assert fin.exit_code == 1
        assert mots in str(fin.exception)


def test_proposer_without_postes_says_how_to_get_some(bac, tmp_path):
    """No poste in the warehouse: a file to give, or postes to simulate."""
    sources = fabrique.petit_departement(tmp_path / "sources")
    base = fabrique.construire(sources)
    refuse(
        atlas("proposer", "--departement", "034", "--sortie", tmp_path / "p", "--entrepot", base),
        "Aucun poste à répartir",
        "simuler-postes",
    )
    assert not (tmp_path / "p").exists()


def test_proposer_without_a_warehouse_says_how_to_build_it(tmp_path):
    """The first thing a newcomer meets."""
    refuse(
        atlas(
            *("proposer", "--departement", "034", "--sortie", tmp_path / "p"),
            *("--entrepot", tmp_path / "absent.duckdb"),
        ),
        "Aucun entrepôt",
        "atlas construire",
    )


def test_banc_sources_writes_what_it_measured_and_nothing_else_on_the_screen(tmp_path):
    """JSON in the file asked for, or alone on the standard output."""
    sortie = tmp_path / "mesure.json"
    arguments = ("banc", "sources", "--sources", chemins.EXEMPLE, "--echelle", "0.002")
    fin = atlas(*arguments, "--sortie", sortie)
    assert fin.returncode == 0, fin.stderr
    assert fin.stdout == ""
    mesure = json.loads(sortie.read_text(encoding="utf-8"))
    assert mesure["ecarts"] == []
    assert mesure["lignes"]["activite"] == 10_000


def test_banc_sources_refuses_in_french(tmp_path):
    """A missing folder, a folder with nothing to repeat, a share that is none."""
    refuse(atlas("banc", "sources", "--sources", tmp_path / "rien"), "Dossier introuvable")
    refuse(
        atlas("banc", "sources", "--sources", tmp_path),
        "Aucune ligne à répéter",
        "Que faire :",
    )
    assert atlas("banc", "sources", "--sources", tmp_path, "--echelle", "2").returncode == 2
