"""A workbook is read as values, and never at the cost of the machine that reads it."""

import random
import subprocess
import sys
import time
import zipfile

import duckdb
import fabrique
import pytest
import xlsxwriter
from fabrique import etablissement, uai

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.sources import chargement, classeurs
from pipelines.sources.fichiers import Fichier

UN = uai(1)
ENTETE = ["poste_id", "fonction", "quotite", "residence_uai", "statut"]


@pytest.fixture
def dossier(tmp_path):
    """A folder with its annuaire."""
    fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
    return tmp_path


def refus(dossier):
    """The refusal of `dossier`, which must come, and fast."""
    debut = time.monotonic()
    with pytest.raises(AtlasError) as erreur:
        chargement.charger(duckdb.connect(), [dossier])
    assert time.monotonic() - debut < 30
    assert erreur.value.remede
    return erreur.value


def ajouter(classeur, nom, octets):
    """Put one more entry into a workbook."""
    with zipfile.ZipFile(classeur, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(nom, octets)


def postes(dossier, *lignes, nom="postes.xlsx"):
    """A workbook of postes."""
    return fabrique.ecrire_classeur(dossier / nom, [ENTETE, *lignes])


def test_a_zip_bomb_is_refused_before_it_is_opened(dossier):
    """300 MB of zeros in 300 kB, whatever the entry that holds them."""
    classeur = postes(dossier, ["P1", "ASS", 1, UN, "occupe"])
    with (
        zipfile.ZipFile(classeur, "a", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/media/image1.png", "w", force_zip64=True) as flux,
    ):
        for _ in range(300):
            flux.write(bytes(1024**2))
    assert "démesuré" in refus(dossier).quoi


def test_a_ratio_no_workbook_has_is_refused(dossier):
    """30 MB of zeros in 30 kB: small, but made to swell."""
    ajouter(postes(dossier, ["P1", "ASS", 1, UN, "occupe"]), "xl/x.bin", bytes(30 * 1024**2))
    assert "démesuré" in refus(dossier).quoi


def test_a_size_that_lies_is_refused(dossier):
    """An entry that says 10 bytes and holds 1 MB is read to its end, and found out."""
    classeur = postes(dossier, ["P1", "ASS", 1, UN, "occupe"])
    ajouter(classeur, "xl/x.bin", random.Random(1).randbytes(1000) * 1000)
    octets = bytearray(classeur.read_bytes())
    repertoire = octets.rindex(b"PK\x01\x02")
    octets[repertoire + 24 : repertoire + 28] = (10).to_bytes(4, "little")
    classeur.write_bytes(octets)
    assert "illisible" in refus(dossier).quoi


def test_a_cell_forgotten_at_the_bottom_of_the_sheet_is_refused_with_what_to_do(dossier):
    """XFD1048576: 17 thousand million cells between it and the table."""
    with xlsxwriter.Workbook(dossier / "postes.xlsx") as classeur:
        feuille = classeur.add_worksheet()
        feuille.write_row(0, 0, ENTETE)
        feuille.write(1_048_575, 16_383, "x")
    erreur = refus(dossier)
    assert "démesurée" in erreur.quoi
    assert "supprimer les lignes et les colonnes" in erreur.remede


def test_a_calc_sheet_that_repeats_its_cells_is_refused(dossier):
    """« number-rows-repeated » on a filled cell: 100 bytes for a thousand million cells."""
    cellule = (
        '<table:table-cell office:value-type="string" table:number-columns-repeated="1000">'
        "<text:p>x</text:p></table:table-cell>"
    )
    with zipfile.ZipFile(dossier / "postes.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml",
            f'<table:table-row table:number-rows-repeated="1000000">{cellule}</table:table-row>',
        )
    assert "démesurée" in refus(dossier).quoi


def test_a_workbook_under_a_password_says_so(dossier):
    """Excel wraps it in another container: the message says what to do, not « illisible »."""
    (dossier / "postes.xlsx").write_bytes(
        classeurs.MARQUE_OLE + bytes(600) + classeurs.CHIFFRE + bytes(600)
    )
    erreur = refus(dossier)
    assert "mot de passe" in erreur.quoi
    assert "sans mot de passe" in erreur.remede


def test_macros_are_neither_run_nor_read_and_are_told(dossier):
    """A .xlsm gives its values: what it would run stays in the file."""
    ajouter(
        postes(dossier, ["P1", "ASS", 1, UN, "occupe"], nom="postes.xlsm"),
        "xl/vbaProject.bin",
        b"Sub Workbook_Open()",
    )
    with fabrique.en_memoire(dossier) as sql:
        assert sql("select poste_id from mart_poste") == [("P1",)]
        assert sql("select fichier, code from mart_anomalie where code like 'classeur%'") == [
            ("postes.xlsm", "classeur_macros")
        ]


def test_the_macros_of_an_old_xls_are_told_too(dossier):
    """Its directory names their folder in UTF-16."""
    ancien = dossier / "postes.xls"
    ancien.write_bytes(classeurs.MARQUE_OLE + bytes(600) + classeurs.MACROS_OLE + bytes(600))
    assert [c.code for c in classeurs._examiner(Fichier(ancien.name, ancien))] == [
        "classeur_macros"
    ]
    ancien.write_bytes(classeurs.MARQUE_OLE + bytes(1200))
    assert classeurs._examiner(Fichier(ancien.name, ancien)) == []


def test_links_to_other_files_are_not_followed_and_are_told(dossier):
    """The value the spreadsheet last knew is read."""
    ajouter(
        postes(dossier, ["P1", "ASS", 1, UN, "occupe"]),
        "xl/externalLinks/externalLink1.xml",
        b'<externalLink><externalBook r:id="rId1"/></externalLink>',
    )
    with fabrique.en_memoire(dossier) as sql:
        assert sql("select poste_id from mart_poste") == [("P1",)]
        assert sql("select code from mart_anomalie where code like 'classeur%'") == [
            ("classeur_liens",)
        ]


def test_a_formula_is_the_value_the_spreadsheet_gave_it(dossier):
    """=0,5+0,3 saved as 0,8 is 0,8; one never computed, or in error, is empty and told."""
    with xlsxwriter.Workbook(dossier / "postes.xlsx") as classeur:
        feuille = classeur.add_worksheet()
        feuille.write_row(0, 0, [*ENTETE, "hors_secteur_etp"])
        for rang, nom in enumerate(("P1", "P2", "P3"), start=1):
            feuille.write_row(rang, 0, [nom, "ASS", 1, UN, "occupe"])
        feuille.write_formula(1, 2, "=0.5+0.3", None, 0.8)
        feuille.write_formula(2, 5, "=1-1", None, "")
        feuille.write_formula(3, 5, "=1/0", None, "#DIV/0!")
    with fabrique.en_memoire(dossier) as sql:
        assert sql("select poste_id, quotite_etp, hors_secteur_etp from mart_poste order by 1") == [
            ("P1", 0.8, 0.0), ("P2", 1.0, 0.0), ("P3", 1.0, 0.0),
        ]  # fmt: skip
        assert sql(
            "select ligne, valeur from mart_anomalie where code = 'formule_sans_valeur' order by 1"
        ) == [(3, "F3"), (4, "F4")]


def test_text_that_begins_like_a_formula_is_text(dossier):
    """« =1+1 » typed as text, « @x », « -a » come out as they were written."""
    with xlsxwriter.Workbook(dossier / "postes.xlsx", {"strings_to_formulas": False}) as classeur:
        feuille = classeur.add_worksheet()
        feuille.write_row(0, 0, ENTETE)
        for rang, nom in enumerate(("=1+1", "@x", "-a", "+b"), start=1):
            feuille.write_row(rang, 0, [nom, "ASS", 1, UN, "occupe"])
    with fabrique.en_memoire(dossier) as sql:
        assert {p for (p,) in sql("select poste_id from mart_poste")} == {"=1+1", "@x", "-a", "+b"}


def test_a_cell_merged_over_several_rows_is_in_each(dossier):
    """The bassin written once for three postes; an empty row below stays empty."""
    with xlsxwriter.Workbook(dossier / "postes.xlsx") as classeur:
        feuille = classeur.add_worksheet()
        feuille.merge_range(0, 0, 0, 5, "Postes du service")
        feuille.write_row(1, 0, [*ENTETE, "bassin"])
        for rang, nom in enumerate(("P1", "P2", "P3"), start=2):
            feuille.write_row(rang, 0, [nom, "ASS", 1, UN, "occupe"])
        feuille.merge_range(2, 5, 5, 5, "Béziers")
    with fabrique.en_memoire(dossier) as sql:
        assert sql("select poste_id, bassin, ligne from mart_poste order by 1") == [
            ("P1", "Béziers", 3), ("P2", "Béziers", 4), ("P3", "Béziers", 5),
        ]  # fmt: skip


def test_a_table_that_does_not_begin_in_a1_keeps_its_lines(dossier):
    """Two empty rows and two empty columns before the header: lines as the screen shows them."""
    fabrique.ecrire_classeur(
        dossier / "postes.xlsx",
        [[], [], ["", "", *ENTETE], ["", "", "P1", "ASS", 2.5, UN, "occupe"]],
    )
    with fabrique.en_memoire(dossier) as sql:
        assert sql("select ligne, colonne, valeur from mart_anomalie where source = 'postes'") == [
            (4, "quotite", "2.5")
        ]


LECTEUR = """
import resource, sys
from pathlib import Path
import duckdb
from pipelines.base.erreurs import AtlasError
from pipelines.sources import chargement
connexion = duckdb.connect()
avant = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    chargement.charger(connexion, [Path(sys.argv[1])])
    print(connexion.execute("select ligne from raw_rejet").fetchall())
    print(connexion.execute("select poste_id from raw_postes").fetchall())
except AtlasError as erreur:
    print(erreur.quoi)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - avant) // 1024)
"""


def lire_a_part(dossier, megaoctets):
    """What a process of its own says of a workbook with one cell of that size, and its memory.

    The cell is of hexadecimal digits that shrink 40 times: no ratio betrays it.
    """
    modele = postes(dossier, ["P1", "ASS", 1, UN, "occupe"], ["MARQUE", "ASS", 1, UN, "occupe"])
    bloc = random.Random(1).randbytes(4096).hex().encode() * 128
    gros = dossier / "gros.xlsx"
    with (
        zipfile.ZipFile(modele) as avant,
        zipfile.ZipFile(gros, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as apres,
    ):
        for nom in avant.namelist():
            debut, marque, suite = avant.read(nom).partition(b"MARQUE")
            with apres.open(nom, "w", force_zip64=True) as flux:
                flux.write(debut)
                for _ in range(megaoctets if marque else 0):
                    flux.write(bloc)
                flux.write(suite)
    modele.unlink()
    fin = subprocess.run(
        [sys.executable, "-c", LECTEUR, str(dossier)],
        capture_output=True,
        text=True,
        check=True,
        cwd=chemins.RACINE,
    )
    *dites, memoire_mio = fin.stdout.splitlines()
    return dites, int(memoire_mio)


def test_a_cell_of_a_gigabyte_is_refused_without_being_opened(dossier):
    """In a workbook of 25 MB: not one byte of the cell is held."""
    [phrase], memoire_mio = lire_a_part(dossier, 1024)
    assert phrase.startswith("Classeur démesuré")
    assert "n'a pas été ouvert" in phrase
    assert memoire_mio < 200


def test_a_cell_as_large_as_a_workbook_may_be_is_one_row_set_aside(dossier):
    """100 MB, under the limit of a workbook: the other rows are read, within a known memory."""
    dites, memoire_mio = lire_a_part(dossier, 100)
    assert dites == ["[(3,)]", "[('P1',)]"]
    assert memoire_mio < 800


def test_a_csv_cell_of_a_hundred_megabytes_is_one_row_set_aside(dossier):
    """It is never held whole; the rows around it are read."""
    fichier = fabrique.ecrire_annuaire(
        dossier, [etablissement(n) for n in (2, 3)], nom="enorme.csv"
    )
    entete, *lignes = fichier.read_bytes().split(b"\r\n")
    with fichier.open("wb") as flux:
        flux.write(entete + b"\r\n" + lignes[0] + b"\r\n")
        for _ in range(100):
            flux.write(b"x" * 1024**2)
        flux.write(b"\r\n" + lignes[1] + b"\r\n")
    with fabrique.en_memoire(dossier) as sql:
        assert sql("select uai, ligne from mart_etablissement order by 1") == [
            (UN, 2), (uai(2), 2), (uai(3), 4),
        ]  # fmt: skip
        assert sql("select ligne from mart_anomalie where code = 'ligne_illisible'") == [(3,)]


@pytest.mark.parametrize("suffixe", [".xlsx", ".xlsm", ".xls", ".ods"])
def test_bytes_that_are_no_workbook_are_refused_with_what_to_do(dossier, suffixe):
    """Random bytes, whatever the name: a French sentence, no stack of calls."""
    (dossier / f"postes{suffixe}").write_bytes(random.Random(2).randbytes(5000))
    assert "illisible" in refus(dossier).quoi
