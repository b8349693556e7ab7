"""Data go one way, models read what they may, and every contestable number stands in a cited file.

The rule of this test is the table `ETAGES`: a stage imports those before it and `base`.
"""

import ast
import csv
import re
import subprocess
import tomllib
from datetime import date
from pathlib import Path

import pytest

from pipelines.base import chemins
from pipelines.marts.modeles import DOSSIERS, MACROS, modeles
from pipelines.sources.cartes import cartes

RACINE = chemins.RACINE
ETAGES = ("sources", "staging", "marts", "scoring", "planning", "scenarios", "reports")
# Beside the way: what makes made-up data or measures a build reads the marts, and is read by the
# command line alone.
PERMIS = {
    "base": {"base"},
    **{etage: {"base", *ETAGES[: rang + 1]} for rang, etage in enumerate(ETAGES)},
    "simulation": {"base", "sources", "marts", "simulation"},
    "banc": {"base", "sources", "marts", "scoring", "planning", "simulation", "banc"},
    "cli": {"cli", "base", *ETAGES, "simulation", "banc"},
}
PERMIS_AUX_PAGES = (
    "pipelines.reports",
    "pipelines.scenarios",
    "pipelines.base",
    "pages.composants",
)
TABLES_PERMISES = {"stg_": ("raw_", "ref_", "stg_"), "mart_": ("stg_", "ref_", "mart_")}
LITTERAUX_ADMIS = {"0", "1", "100"}
NOMS_FOURRE_TOUT = {"utils", "helpers", "common", "util", "helper", "misc", "divers"}
# Modules and functions Windows does not have, or where they do something else.
UNIX_SEULEMENT = re.compile(
    r"^(fcntl|resource|pwd|grp|termios|tty|pty|syslog|posix|spwd|crypt|nis|curses|readline)$"
    r"|^os\.(fork|forkpty|kill|killpg|setsid|getpgid|getuid|geteuid|getgid|sync|uname|statvfs|"
    r"sched_getaffinity|nice|mkfifo|chown|wait\w*|WIFEXITED|getloadavg|O_DIRECTORY|O_NOFOLLOW)$"
    r"|^signal\.(SIGKILL|SIGHUP|SIGUSR1|SIGUSR2|SIGALRM|SIGCHLD|SIGXFSZ|alarm|setitimer)$"
    r"|^(preexec_fn|close_fds|pass_fds)=$"
)
# Where each stands beside what Windows has in its place.
UNIX_ADMIS = {
    "pipelines/base/verrou.py": {"fcntl"},
    "pipelines/base/provisoire.py": {"os.kill"},
}
# The visitor of the benchmark speaks to the served application in its own words.
PROTOCOLE = {"pipelines/banc/sessions.py": "streamlit.proto"}
CHEMIN_DE_MACHINE = re.compile(r"(?<![\w.>)}*-])/(?:work|tmp|root|home)/")


def modules(dossier):
    return sorted(p for p in dossier.rglob("*.py") if "__pycache__" not in p.parts)


def imports(fichier):
    """The modules a file imports, `from a import b` giving both a and a.b."""
    noms = set()
    for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
        if isinstance(noeud, ast.Import):
            noms.update(alias.name for alias in noeud.names)
        elif isinstance(noeud, ast.ImportFrom):
            assert noeud.level == 0, f"{fichier}: relative import"
            noms.add(noeud.module)
            noms.update(f"{noeud.module}.{alias.name}" for alias in noeud.names)
    return noms


def sans_commentaires(sql):
    return re.sub(r"--[^\n]*", "", sql)


def fichiers_suivis():
    """Files git tracks or would track: what a fresh clone holds."""
    sortie = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=RACINE,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [RACINE / nom for nom in sortie.splitlines() if (RACINE / nom).is_file()]


def test_every_folder_of_pipelines_is_a_stage_of_the_table():
    """A new folder finds its place in the order, or it does not enter."""
    dossiers = {p.parent.name for p in (RACINE / "pipelines").glob("*/__init__.py")}
    assert dossiers <= PERMIS.keys()
    assert {"base", "sources", "staging", "marts", "scoring", "planning"} <= dossiers


@pytest.mark.parametrize("etage", sorted(PERMIS))
def test_a_stage_imports_the_stages_before_it_only(etage):
    """Data go one way: sources → … → reports; only the command line reads what is beside."""
    cible = RACINE / "pipelines" / etage
    fautes = [
        f"{fichier.relative_to(RACINE)} imports {nom}"
        for fichier in (modules(cible) if cible.is_dir() else [cible.with_suffix(".py")])
        for nom in imports(fichier)
        if nom.startswith("pipelines.") and nom.split(".")[1] not in PERMIS[etage]
    ]
    assert fautes == []


def test_pages_reach_the_rest_through_two_doors():
    """A page reads by reports and acts by scenarios: screen and sheet can't disagree."""
    fautes = [
        f"{fichier.relative_to(RACINE)} imports {nom}"
        for fichier in [*modules(RACINE / "pages"), *RACINE.glob("app.py")]
        for nom in imports(fichier)
        if nom.split(".")[0] in ("pipelines", "pages")
        and nom not in ("pipelines", "pages")
        and not nom.startswith(PERMIS_AUX_PAGES)
    ]
    assert fautes == []


def test_nothing_below_imports_the_pages():
    """The stages run without a browser."""
    for fichier in modules(RACINE / "pipelines"):
        noms = {
            nom.split(".")[0]
            for nom in imports(fichier)
            if not nom.startswith(PROTOCOLE.get(fichier.relative_to(RACINE).as_posix(), "—"))
        }
        assert not noms & {"pages", "streamlit"}, fichier


def unix_seulement(fichier):
    """What `fichier` imports, calls or passes that Windows lacks."""
    noms = set()
    for noeud in ast.walk(ast.parse(fichier.read_text(encoding="utf-8"))):
        if isinstance(noeud, ast.Import):
            noms |= {alias.name for alias in noeud.names}
        elif isinstance(noeud, ast.ImportFrom):
            noms |= {noeud.module, *(f"{noeud.module}.{alias.name}" for alias in noeud.names)}
        elif isinstance(noeud, ast.Attribute) and isinstance(noeud.value, ast.Name):
            noms.add(f"{noeud.value.id}.{noeud.attr}")
        elif isinstance(noeud, ast.keyword):
            noms.add(f"{noeud.arg}=")
    return {nom for nom in noms if UNIX_SEULEMENT.match(nom)}


def test_what_only_unix_has_stands_beside_its_twin_for_windows_and_nowhere_else():
    """An office PC runs Windows: `import fcntl` there stops the program at its first line."""
    trouves = {
        fichier.relative_to(RACINE).as_posix(): noms
        for dossier in ("pipelines", "pages")
        for fichier in [*modules(RACINE / dossier), *RACINE.glob("*.py")]
        if (noms := unix_seulement(fichier))
    }
    assert trouves == UNIX_ADMIS
    for fichier in UNIX_ADMIS:
        assert 'sys.platform == "win32"' in (RACINE / fichier).read_text(encoding="utf-8")


def test_no_module_is_a_drawer():
    """A function lives with the noun it serves."""
    noms = {
        fichier.stem
        for dossier in ("pipelines", "pages", "tests")
        for fichier in modules(RACINE / dossier)
    }
    assert not noms & NOMS_FOURRE_TOUT


@pytest.mark.parametrize("modele", modeles(), ids=lambda m: m.nom)
class TestModele:
    """What one SQL model looks like."""

    def test_reads_the_layers_it_may(self, modele):
        """stg_ reads raw_, ref_ and stg_; mart_ never reads raw_."""
        [prefixe] = [p for p in TABLES_PERMISES if modele.nom.startswith(p)]
        assert modele.lit, "a model reads something"
        assert [t for t in modele.lit if not t.startswith(TABLES_PERMISES[prefixe])] == []

    def test_states_its_grain_first_and_ends_with_final(self, modele):
        """The first comment says what one row is; the last line gives all of `final`."""
        assert re.match(r"-- Grain : \w+", modele.sql)
        assert re.search(r"\)\s*select \*\s+from final\s*$", modele.sql)

    def test_holds_no_number_but_0_1_and_100(self, modele):
        """A number someone could contest stands in a dated file (quoted texts apart)."""
        sql = re.sub(r"'(?:[^']|'')*'", "''", sans_commentaires(modele.sql))
        nombres = set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", sql))
        assert nombres <= LITTERAUX_ADMIS

    def test_is_in_one_file_of_its_name(self, modele):
        """One table, one file, one name; stg_ in staging, mart_ in marts."""
        [fichier] = [f for d in DOSSIERS for f in d.glob("*.sql") if f.stem == modele.nom]
        assert fichier.parent.name == ("staging" if modele.nom.startswith("stg_") else "marts")
        assert fichier != MACROS


def test_the_marts_named_in_the_design_exist():
    """The tables other tools rely on keep their names."""
    attendus = "etablissement site rattachement poste presence activite commune anomalie"
    assert {f"mart_{nom}" for nom in attendus.split()} <= {m.nom for m in modeles()}


def parametres():
    """Every dated parameter of data/reference, as (file, name, table)."""
    for fichier in sorted(chemins.REFERENCE.glob("*.toml")):
        contenu = tomllib.loads(fichier.read_text(encoding="utf-8"))
        for nom, table in contenu.items():
            if isinstance(table, dict) and "valeurs" in table:
                yield pytest.param(table, id=f"{fichier.stem}.{nom}")


@pytest.mark.parametrize("table", list(parametres()))
def test_a_parameter_is_described_cited_and_dated(table):
    """Description, unit, and for each value its day, its source and its last check."""
    assert table["description"].strip()
    assert table["unite"].strip()
    assert table["valeurs"]
    for valeur in table["valeurs"]:
        assert "valeur" in valeur
        assert valeur["source"].strip()
        assert isinstance(valeur["en_vigueur_le"], date)
        assert isinstance(valeur["verifie_le"], date)
    jours = [v["en_vigueur_le"] for v in table["valeurs"]]
    assert len(jours) == len(set(jours)), "two values in force from the same day"


@pytest.mark.parametrize("dossier", ["priorites", "baremes", "doctrines"])
def test_a_text_a_scale_or_a_doctrine_is_dated_and_checked(dossier):
    """Whatever gives or ranks means says since when, and when it was last checked."""
    fichiers = sorted((chemins.REFERENCE / dossier).glob("*.toml"))
    assert fichiers
    for fichier in fichiers:
        contenu = tomllib.loads(fichier.read_text(encoding="utf-8"))
        tete = contenu.get("texte") or contenu.get("bareme") or contenu.get("doctrine")
        assert tete["code"] == fichier.stem
        assert isinstance(tete["en_vigueur_le"], date)
        assert isinstance(tete["verifie_le"], date)
        for nom in ("bornes", "base", "eleves", "ecoles", "contributions"):
            assert contenu.get(nom, {"reference": "-"})["reference"].strip()


def test_every_row_of_a_reference_table_has_its_source():
    """The CSV tables of data/reference (natures, arrondissements) are cited line by line."""
    for fichier in sorted(chemins.REFERENCE.glob("*.csv")):
        with fichier.open(encoding="utf-8", newline="") as flux:
            for ligne in csv.DictReader(flux):
                assert ligne["source"].strip(), fichier.name


def test_every_anomaly_of_the_models_is_in_the_dictionary_and_conversely():
    """No anomaly without a remedy, no remedy nobody can meet."""
    connus = tomllib.loads((chemins.REFERENCE / "anomalies.toml").read_text(encoding="utf-8"))
    macros = sans_commentaires(MACROS.read_text(encoding="utf-8"))
    ecrits = [macros, *(sans_commentaires(modele.sql) for modele in modeles())]
    chaines = {texte for sql in ecrits for texte in re.findall(r"'([a-z0-9_]+)'", sql)}
    assert connus.keys() - chaines == set()
    # what the staging models and mart_anomalie call an anomaly, by where it stands
    blocs = re.findall(r"macro motif_\w+\([^)]*\) as case(.*?)end;", macros, flags=re.S)
    assert len(blocs) > 3
    produits = set()
    for modele in modeles():
        sql = sans_commentaires(modele.sql)
        un_cas = r"case((?:(?!\bcase\b).)*?)end"
        nom = r"(?:anomalie|motif_\w+)" if modele.nom.startswith("stg_") else "anomalie"
        blocs += re.findall(rf"{un_cas} as {nom}\b", sql, flags=re.S)
        for cellule in sql.split("cellule(")[1:]:
            blocs += re.findall(rf"\A[^\[\]]*?,\s*{un_cas}\s*\)", cellule, flags=re.S)
            produits.update(re.findall(r"\A[^\[\]]*?,\s*'([a-z0-9_]+)'\s*\)\s*\]", cellule))
        if modele.nom == "mart_anomalie":
            produits.update(re.findall(r"'([a-z0-9_]+)'(?: as code)?\s+from", sql))
    for bloc in blocs:
        produits.update(re.findall(r"then\s+'([a-z0-9_]+)'", bloc))
    assert len(produits) > 80
    assert produits - connus.keys() == set()


def test_every_anomaly_says_its_gravity_reason_remedy_and_consequence():
    """What a person needs to mend the source."""
    contenu = tomllib.loads((chemins.REFERENCE / "anomalies.toml").read_text(encoding="utf-8"))
    for code, motif in contenu.items():
        assert motif.keys() == {"gravite", "raison", "remede", "consequence"}, code
        assert motif["gravite"] in ("information", "attention", "bloquante"), code
        assert all(texte.strip() for texte in motif.values()), code


@pytest.mark.parametrize("carte", cartes().values(), ids=lambda c: c.nom)
def test_a_source_enters_with_its_card(carte):
    """Producer, title, licence, grain, vintage, columns; an address for what is public."""
    assert carte.titre
    assert carte.producteur
    assert carte.licence
    assert carte.grain
    assert carte.nature in ("publique", "locale")
    assert carte.url.startswith("https://") or carte.est_locale
    assert carte.requises
    assert set(carte.requises) <= carte.colonnes.keys()
    assert carte.millesime == "nom_du_fichier" or carte.millesime in carte.colonnes


@pytest.mark.parametrize("carte", cartes().values(), ids=lambda c: c.nom)
def test_a_source_is_read_by_the_staging(carte):
    """A card without a model would promise a source nobody reads."""
    assert any(f"raw_{carte.nom}" in modele.lit for modele in modeles())


def test_the_locks_hold_no_address():
    """A lock says names, versions and hashes; where to fetch them is the machine's business."""
    for verrou in (RACINE / "requirements").glob("*.lock"):
        texte = verrou.read_text(encoding="utf-8")
        assert not re.search(r"https?://", texte), verrou.name


def test_no_tracked_file_names_a_path_of_a_machine():
    """A path of someone's machine would work on one machine."""
    fautes = []
    for fichier in fichiers_suivis():
        if fichier == Path(__file__).resolve() or fichier.suffix in (".xlsx", ".png", ".duckdb"):
            continue
        texte = fichier.read_text(encoding="utf-8", errors="ignore")
        fautes += [
            f"{fichier.relative_to(RACINE)}: {ligne.strip()[:80]}"
            for ligne in texte.splitlines()
            if CHEMIN_DE_MACHINE.search(ligne)
        ]
    assert fautes == []
