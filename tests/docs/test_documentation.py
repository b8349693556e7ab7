"""The documentation is compared with the code: what is wrong here fails the build."""

import re
import tomllib
from pathlib import Path

import duckdb
import pytest
import typer

from pages.composants.cadre import PAGES
from pipelines.base import chemins
from pipelines.cli import app
from pipelines.sources.cartes import cartes

GUIDE = (chemins.RACINE / "docs" / "guide.md").read_text(encoding="utf-8")
README = (chemins.RACINE / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def colonnes_reelles(entrepot_exemple: Path) -> dict[str, set[str]]:
    """Columns of the marts of the example."""
    connexion = duckdb.connect(str(entrepot_exemple), read_only=True)
    try:
        lignes = connexion.execute(
            "select table_name, column_name from information_schema.columns"
        ).fetchall()
    finally:
        connexion.close()
    tables: dict[str, set[str]] = {}
    for table, colonne in lignes:
        if table.startswith(("mart_", "meta_")):
            tables.setdefault(table, set()).add(colonne)
    return tables


def test_every_command_and_option_is_in_the_guide():
    commandes = {}
    for nom, commande in typer.main.get_command(app).commands.items():
        sous_commandes = getattr(commande, "commands", {"": commande})
        commandes |= {f"{nom} {sous}".strip(): c for sous, c in sous_commandes.items()}
    decrites = dict(re.findall(r"^\| `atlas ([\w -]+)` \| (.+) \|$", GUIDE, re.MULTILINE))
    assert decrites.keys() == commandes.keys()
    for nom, commande in commandes.items():
        noms = {o for p in commande.params for o in (*p.opts, *p.secondary_opts)}
        options = {o for o in noms if o.startswith("--")} - {"--help"}
        assert set(re.findall(r"`(--[\w-]+)`", decrites[nom])) == options, nom


def test_every_page_is_in_the_guide_and_no_other():
    section = GUIDE.split("## Les pages")[1].split("##")[0]
    _, *titres = re.findall(r"^\| ([^|]+?) \|", section, re.MULTILINE)
    assert titres == [titre for _, titre in PAGES.values()]


def test_the_guide_lists_each_local_file_with_its_columns_and_which_are_required():
    for carte in cartes().values():
        if not carte.est_locale:
            continue
        [ligne] = re.findall(rf"^\| {carte.nom} \| (.+) \|$", GUIDE, re.MULTILINE)
        obligatoires = set(re.findall(r"\*\*(\w+)\*\*", ligne))
        assert obligatoires == set(carte.requises), carte.nom
        for alias in carte.colonnes.values():
            # « origine » marks simulated rows; nobody writes it by hand
            assert alias[0] == "origine" or re.search(rf"\b{alias[0]}\b", ligne), (carte.nom, alias)


def test_every_mart_column_is_described_and_every_description_has_its_column(colonnes_reelles):
    decrites = tomllib.loads((chemins.REFERENCE / "colonnes.toml").read_text(encoding="utf-8"))
    assert {t: set(c) for t, c in decrites.items()} == colonnes_reelles


def test_the_folders_of_the_readme_are_the_folders_of_the_project():
    arbre = README.split("```")[1]
    cites = {ligne.split()[0] for ligne in arbre.strip().splitlines() if "/" in ligne.split()[0]}
    for nom in cites:
        candidats = [chemins.RACINE / nom, chemins.RACINE / "pipelines" / nom]
        candidats.append(chemins.DONNEES / nom)
        assert any(c.is_dir() for c in candidats), nom
    for dossier in Path(chemins.RACINE / "pipelines").iterdir():
        if dossier.is_dir() and dossier.name != "__pycache__":
            assert f"{dossier.name}/" in cites, dossier.name


def test_the_readme_makes_only_promises_the_makefile_keeps():
    makefile = (chemins.RACINE / "Makefile").read_text(encoding="utf-8")
    for cible in set(re.findall(r"`?make (\w+)", README)):
        assert re.search(rf"^{cible}:", makefile, re.MULTILINE), cible


def test_images_and_links_of_the_documents_exist():
    for document in [chemins.RACINE / "README.md", *(chemins.RACINE / "docs").glob("*.md")]:
        for lien in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert (document.parent / lien).exists(), (document.name, lien)
