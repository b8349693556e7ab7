"""What is dropped is judged before a byte of it is written: no disk, no folder in memory, no log.

The reports are made by a process the system lets write no file at all (RLIMIT_FSIZE = 0): whatever
would put a byte aside, the engine included, fails there.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import fabrique
import pytest
import xlsxwriter

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction, entrepot
from pipelines.scenarios import depot

SECRET = "Mme Zéphyrine Quatrebarbes"
COURRIEL = "zephyrine.quatrebarbes@gmail.com"
MARQUES = ("Quatrebarbes", "quatrebarbes")
ENTETE = ["poste_id", "fonction", "quotite", "residence_uai", "statut"]
LIGNE = ["P1", "ASS", "1", fabrique.uai(1), "occupe"]
LIGNES_D_UN_GROS_FICHIER = 60_000
"""Enough for Arrow to cut it, past two megabytes."""
MOTIFS = {
    "bombe.xlsx": "démesuré",
    "casse.xls": "illisible",
    **dict.fromkeys(
        ("inconnu.csv", "valeur.csv", "gros.csv", "windows.csv", "communes.geojson", "valeur.xlsx",
         "entete.xlsx", "autre feuille.xlsx", "titre.xlsx", "note.xlsx", "valeur.ods"),
        "donnée personnelle",
    ),
}  # fmt: skip
"""What each refused file is told, by its name."""
PROGRAMME = """
import json, resource, signal, sys, tempfile
from pathlib import Path
from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import depot

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    with tempfile.TemporaryFile(buffering=0) as flux:
        flux.write(b"x")
    sys.exit("this system lets it write")
except OSError:
    pass
for chemin in sorted(Path(sys.argv[2]).iterdir()):
    rapport = depot.proposer_depot(Path(sys.argv[1]), [(chemin.name, chemin.read_bytes())])
    print(json.dumps([chemin.name, rapport.est_acceptable, [r.quoi for r in rapport.refus]]))
"""


@pytest.fixture(scope="module")
def construit(tmp_path_factory):
    """A small département with two postes, built once; each test takes a copy."""
    sources = fabrique.petit_departement(tmp_path_factory.mktemp("en-memoire") / "sources")
    fabrique.ecrire_postes(sources, [fabrique.poste("P1"), fabrique.poste("P2", 2)])
    return fabrique.construire(sources)


@pytest.fixture
def base(construit, tmp_path, monkeypatch):
    """The small département in service, and an empty deposit."""
    monkeypatch.setattr(chemins, "DEPOT", tmp_path / "depot")
    return Path(shutil.copy(construit, tmp_path / "atlas.duckdb"))


def csv(*lignes, encodage="utf-8"):
    """The bytes of a CSV."""
    return "".join(";".join(ligne) + "\n" for ligne in lignes).encode(encodage)


def classeur(chemin, *, titre=None, note=None, autre=None, entete=(), valeur=()):
    """A workbook of postes with something of a person in one place."""
    with xlsxwriter.Workbook(chemin) as ecrit:
        feuille = ecrit.add_worksheet()
        feuille.write(0, 0, titre)
        feuille.write_row(1, 0, [*ENTETE, *entete])
        feuille.write_row(2, 0, [*LIGNE, *valeur])
        if note:
            feuille.write_comment(2, 0, note)
        if autre:
            ecrit.add_worksheet().write_row(0, 0, autre)
            ecrit.worksheets()[1].write_row(1, 0, autre)
    return chemin.read_bytes()


def ods(chemin, *lignes):
    """The least an OpenDocument spreadsheet must hold."""
    cellule = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    rangees = "".join(
        f"<table:table-row>{''.join(cellule.format(c) for c in ligne)}</table:table-row>"
        for ligne in lignes
    )
    noms = "".join(
        f' xmlns:{nom}="urn:oasis:names:tc:opendocument:xmlns:{nom}:1.0"'
        for nom in ("office", "table", "text")
    )
    with zipfile.ZipFile(chemin, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
            "/>",
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content{noms}><office:body><office:spreadsheet>"
            f'<table:table table:name="Postes">{rangees}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return chemin.read_bytes()


@pytest.fixture(scope="module")
def refuses(tmp_path_factory):
    """Every format Atlas takes, each with a person in it, and two no program should open: the bytes
    by the name.
    """
    atelier = tmp_path_factory.mktemp("refuses")
    avec_note = csv([*ENTETE, "note"], [*LIGNE, SECRET])
    contour = {"type": "Point", "coordinates": [3.4, 43.4]}
    commune = {"code": "34001", "nom": "Agde", "contact": COURRIEL}
    collection = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": commune, "geometry": contour}],
    }
    with zipfile.ZipFile(atelier / "bombe", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", SECRET + "\0" * 300 * 1024**2)
    grosses = (
        [f"P{n}", *LIGNE[1:], SECRET if n == LIGNES_D_UN_GROS_FICHIER else "R.A.S."]
        for n in range(1, LIGNES_D_UN_GROS_FICHIER + 1)
    )
    fichier = atelier / "essai.xlsx"
    return {
        "bombe.xlsx": (atelier / "bombe").read_bytes(),
        "casse.xls": bytes.fromhex("d0cf11e0a1b11ae1") + SECRET.encode("utf-16-le") * 100,
        "inconnu.csv": csv(["ville", "maire"], ["Agde", COURRIEL]),
        "valeur.csv": avec_note,
        "gros.csv": csv([*ENTETE, "note"], *grosses),
        "windows.csv": avec_note.decode().encode("cp1252"),
        "communes.geojson": json.dumps(collection).encode(),
        "valeur.xlsx": classeur(fichier, entete=["note"], valeur=[SECRET]),
        "entete.xlsx": classeur(fichier, entete=["prénom"], valeur=[SECRET]),
        "autre feuille.xlsx": classeur(fichier, autre=["qui", COURRIEL]),
        "titre.xlsx": classeur(fichier, titre=f"Postes de {SECRET}"),
        "note.xlsx": classeur(fichier, note=f"{SECRET}, {COURRIEL}"),
        "valeur.ods": ods(fichier, [*ENTETE, "note"], [*LIGNE, SECRET]),
    }


def test_a_report_writes_nothing_anywhere_whatever_is_dropped(base, refuses, tmp_path):
    """Every format refused, and a good lot read to its end, by a process that can't write."""
    deposes, temporaire, atelier = tmp_path / "deposes", tmp_path / "tmp", tmp_path / "atelier"
    for dossier in (deposes, temporaire, atelier):
        dossier.mkdir()
    bons = {
        "bon.csv": csv(ENTETE, LIGNE),
        "bon gros.csv": csv(
            ENTETE, *([f"P{n}", *LIGNE[1:]] for n in range(LIGNES_D_UN_GROS_FICHIER))
        ),
        "bon.xlsx": classeur(atelier / "essai.xlsx"),
        "bon.ods": ods(atelier / "essai.ods", ENTETE, LIGNE),
    }
    for nom, octets in (refuses | bons).items():
        (deposes / nom).write_bytes(octets)
    fin = subprocess.run(
        [sys.executable, "-c", PROGRAMME, str(base), str(deposes)],
        capture_output=True,
        text=True,
        check=False,
        cwd=chemins.RACINE,
        env={**os.environ, "TMPDIR": str(temporaire), "ATLAS_DEPOT": str(tmp_path / "depot")},
    )
    assert fin.returncode == 0, fin.stderr[-2000:]
    dits = {
        nom: (accepte, refus)
        for nom, accepte, refus in map(json.loads, fin.stdout.split("\n")[:-1])
    }
    assert {nom for nom, (accepte, _) in dits.items() if accepte} == bons.keys()
    for nom, motif in MOTIFS.items():
        assert any(motif in quoi for quoi in dits[nom][1]), (nom, dits[nom])
    assert dits.keys() == MOTIFS.keys() | bons.keys()
    assert not any(marque in fin.stdout + fin.stderr for marque in MARQUES)
    assert list(temporaire.iterdir()) == []
    assert not (tmp_path / "depot").exists()


@pytest.mark.parametrize("nom", MOTIFS)
def test_a_refused_lot_that_someone_accepts_all_the_same_writes_nothing_of_it(
    base, refuses, tmp_path, monkeypatch, nom
):
    """What is removed at the end of the build counts too: it is looked at before it is."""
    octets = refuses[nom]
    vus, effacer = [], construction.provisoire.effacer

    def regarder(reste):
        vus.append(reste.read_bytes() if reste.is_file() else b"")
        effacer(reste)

    monkeypatch.setattr(construction.provisoire, "effacer", regarder)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with entrepot.ouvrir(base) as connexion:
        actuel = entrepot.empreinte(connexion)
    bon = csv(["uai", "dispositif", "present"], [fabrique.uai(1), "UPE2A", "oui"])
    with pytest.raises(AtlasError, match=f"{MOTIFS[nom]}|ne sait pas lire"):
        depot.accepter(base, [(nom, octets), ("bon.csv", bon)], actuel=actuel)
    ecrits = [f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()]
    for marque in (octets[:4096], *(m.encode(e) for m in MARQUES for e in ("utf-8", "utf-16-le"))):
        assert not any(marque in ecrit for ecrit in (*vus, *ecrits))
    assert not (chemins.DEPOT / depot.FICHIERS).exists()
