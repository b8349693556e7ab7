"""The templates: read back as they are, filled, and with every value their lists admit."""

import io
import re
import zipfile
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import fabrique
import pytest
import python_calamine
from xlsxwriter.utility import xl_col_to_name

from pipelines.base.erreurs import AtlasError
from pipelines.base.uai import cle
from pipelines.marts import construction, entrepot
from pipelines.reports import modeles

LOCALES = modeles.locales()


NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def partie(octets, nom):
    """One part of the workbook, as its XML tree."""
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        return ElementTree.fromstring(archive.read(f"xl/{nom}"))


def feuilles(octets):
    """Sheet → rows of values, as a reader sees them."""
    livre = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(octets))
    return {nom: livre.get_sheet_by_name(nom).to_python() for nom in livre.sheet_names}


def remplir(source, dossier, lignes):
    """The template of `source`, filled as a person does: below its headers, all else kept."""
    dossier.mkdir(parents=True, exist_ok=True)
    rangees = "".join(
        f'<row r="{r}">{"".join(_cellule(r, c, v) for c, v in enumerate(ligne) if v != "")}</row>'
        for r, ligne in enumerate(lignes, start=2)
    )
    with (
        zipfile.ZipFile(io.BytesIO(modeles.modele(source))) as modele,
        zipfile.ZipFile(dossier / f"{source}.xlsx", "w") as rempli,
    ):
        for nom in modele.namelist():
            contenu = modele.read(nom)
            if nom == "xl/worksheets/sheet1.xml":
                texte = re.sub(r"<dimension [^>]+/>", "", contenu.decode("utf-8"))
                contenu = texte.replace("</sheetData>", f"{rangees}</sheetData>").encode("utf-8")
            rempli.writestr(nom, contenu)


def _cellule(ligne, colonne, valeur):
    place = f"{xl_col_to_name(colonne)}{ligne}"
    if isinstance(valeur, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(valeur)}</t></is></c>'
    return f'<c r="{place}"><v>{valeur}</v></c>'


@pytest.mark.parametrize("source", LOCALES)
def test_the_first_sheet_is_ready_to_fill_each_header_says_what_it_expects(source):
    octets = modeles.modele(source)
    [(nom, lignes), *_] = feuilles(octets).items()
    attendues = modeles.colonnes(source)
    assert nom == source
    assert lignes == [[c.nom for c in attendues]]
    assert partie(octets, "worksheets/sheet1.xml").find(".//x:pane", NS).get("ySplit") == "1"
    notes = [
        "".join(note.itertext())
        for note in partie(octets, "comments1.xml").findall(".//x:comment", NS)
    ]
    for note, colonne in zip(notes, attendues, strict=True):
        assert ("Obligatoire" in note) == colonne.est_obligatoire
        for valeur in colonne.admis:
            assert valeur in note
        assert not colonne.unite or colonne.unite in note


@pytest.mark.parametrize("source", LOCALES)
def test_a_column_of_known_values_has_its_list_to_choose_from(source):
    octets = modeles.modele(source)
    listes = {}
    for regle in partie(octets, "worksheets/sheet1.xml").findall(".//x:dataValidation", NS):
        if regle.get("type") == "list":
            lettre, fin = re.fullmatch(
                r"Listes!\$([A-Z])\$2:\$\1\$(\d+)", regle.find("x:formula1", NS).text
            ).groups()
            rang = ord(lettre) - ord("A")
            valeurs = [ligne[rang] for ligne in feuilles(octets)["Listes"][1 : int(fin)]]
            listes[regle.get("sqref")[0]] = valeurs
    for rang, colonne in enumerate(modeles.colonnes(source)):
        assert listes.get(xl_col_to_name(rang), []) == list(colonne.admis)


def test_the_sheets_say_what_they_are_and_give_two_made_up_rows():
    for source in LOCALES:
        livre = feuilles(modeles.modele(source))
        assert list(livre)[:3] == [source, "Exemple", "Lisez-moi"]
        exemples = livre["Exemple"][2:]
        assert len(exemples) == 2
        for ligne in exemples:
            for colonne, valeur in zip(modeles.colonnes(source), ligne, strict=False):
                if colonne.nom.endswith("uai"):
                    assert valeur[7] == cle(valeur[:7])
        assert "jamais un nom" in " ".join(ligne[0] for ligne in livre["Lisez-moi"] if ligne)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """The public files of a small département."""
    return fabrique.petit_departement(tmp_path_factory.mktemp("modeles") / "sources")


def test_empty_templates_are_recognised_and_give_no_row(sources, tmp_path):
    """Neither the example nor the reading sheet is read as data."""
    ecrits = modeles.ecrire(tmp_path / "modeles")
    assert [f.stem for f in ecrits] == LOCALES
    rapport = construction.examiner([sources, tmp_path / "modeles"])
    assert not rapport.est_bloquant
    lus = {f.source: f.lues for f in rapport.fichiers if f.source in LOCALES}
    assert lus == dict.fromkeys(LOCALES, 0)
    assert rapport.non_reconnus == {}


def test_templates_filled_with_every_admitted_value_are_built(sources, tmp_path):
    """One row an admitted value, the example for the rest, real UAI of the small département."""
    ici = [fabrique.uai(n) for n in (1, 2, 3)]
    nombres = {}
    for source in LOCALES:
        attendues = modeles.colonnes(source)
        lignes = []
        for combien in range(max(2, *(len(c.admis) for c in attendues))):
            ligne = []
            for colonne in attendues:
                valeur = colonne.exemples[combien % 2]
                if colonne.admis:
                    valeur = list(colonne.admis)[combien % len(colonne.admis)]
                if colonne.nom.endswith("uai"):
                    valeur = ici[(combien + colonne.nom.startswith("destination")) % 3]
                if colonne.nom == "poste_id":
                    valeur = f"P-{combien:02}"
                if colonne.nom == "hors_secteur_etp":
                    valeur = 0.1
                ligne.append(valeur)
            lignes.append(ligne)
        remplir(source, tmp_path / "remplis", lignes)
        nombres[source] = len(lignes)
    rapport = construction.examiner([sources, tmp_path / "remplis"])
    assert [(a.fichier, a.ligne, a.colonne, a.raison) for a in rapport.bloquantes] == []
    assert rapport.refus == []
    assert {f.source: f.lues for f in rapport.fichiers if f.source in LOCALES} == nombres
    base = tmp_path / "atlas.duckdb"
    construction.construire([sources, tmp_path / "remplis"], base)
    with entrepot.ouvrir(base) as connexion:
        statuts = connexion.execute("select distinct statut from mart_poste").fetchall()
    assert {s for (s,) in statuts} == {"occupe", "vacant", "supplee", "absent"}


def test_the_archive_holds_every_template():
    with zipfile.ZipFile(io.BytesIO(modeles.archive())) as archive:
        assert archive.namelist() == [f"{nom}.xlsx" for nom in LOCALES]


def test_a_folder_that_cannot_be_written_is_told_in_french(tmp_path):
    (tmp_path / "fichier").write_text("x")
    with pytest.raises(AtlasError, match="Impossible d'écrire les modèles"):
        modeles.ecrire(tmp_path / "fichier" / "modeles")
