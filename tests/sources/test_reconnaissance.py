"""A file is known by what it holds, whatever its name, year, separator or encoding."""

import duckdb
import fabrique
import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction
from pipelines.sources import chargement, fichiers_csv, lecture
from pipelines.sources.cartes import cartes
from pipelines.sources.fichiers import Fichier
from pipelines.sources.reconnaissance import NonReconnu, Reconnu, reconnaitre


def reconnus(fichier):
    """What each table of `fichier` is taken for."""
    return [reconnaitre(t) for t in lecture.tableaux(Fichier(fichier.name, fichier))]


def charger(dossier):
    """The raw tables of `dossier`, in memory."""
    connexion = duckdb.connect()
    inventaire = chargement.charger(connexion, [dossier])
    return connexion, inventaire


@pytest.mark.reel
def test_each_real_file_is_recognised_whatever_its_name(reel, tmp_path):
    """Copied under names that say nothing, the real files keep their source."""
    attendus = {
        "annuaire/fr-en-annuaire-education.montpellier.2024-11-26.csv": "annuaire",
        "annuaire/fr-en-annuaire-education.035.2023-06-08.csv": "annuaire",
        "education_prioritaire/liste-des-rep-et-rep-rentree-2022.csv": "education_prioritaire",
        "ips/fr-en-ips-colleges-ap2022.csv": "ips_colleges",
        "ips/fr-en-ips-lycees-ap2022.csv": "ips_lycees",
        "ips/fr-en-ips-ecoles-ap2022.csv": "ips_ecoles",
        "effectifs/donnees-dnb.csv": "effectifs_brevet",
        "effectifs/fr-en-college-effectifs-niveau-sexe-lv.035.csv": "effectifs_colleges",
        "effectifs/fr-en-lycee_gt-effectifs-niveau-sexe-lv.csv": "effectifs_lycees_gt",
        "effectifs/fr-en-lycee_pro-effectifs-niveau-sexe-lv.csv": "effectifs_lycees_pro",
        "effectifs/fr-en-effectifs-second-degre.035.csv": "effectifs_second_degre",
        "effectifs/fr-en-ecoles-effectifs-nb_classes.035.csv": "effectifs_ecoles",
        "densite/grille_densite_7_niveaux_2022.xlsx": "densite",
        "contours/communes-48-lozere.geojson": "contours",
    }
    trouves = {}
    for rang, nom in enumerate(attendus):
        copie = tmp_path / f"document {rang}{(reel / nom).suffix.upper()}"
        copie.write_bytes((reel / nom).read_bytes())
        trouves[nom] = [r.carte.nom for r in reconnus(copie) if isinstance(r, Reconnu)]
    assert trouves == {nom: [source] for nom, source in attendus.items()}


@pytest.mark.parametrize("separateur", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encodage", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_separator_and_the_encoding_do_not_matter(tmp_path, separateur, encodage):
    """Excel saves « ; » in Windows-1252, a database « , » in UTF-8: the same rows are read."""
    fabrique.ecrire_annuaire(
        tmp_path,
        [fabrique.etablissement(1, Nom_etablissement="Collège Noël, à l'Œuvre")],
        separateur=separateur,
        encodage=encodage,
    )
    connexion, _ = charger(tmp_path)
    lignes = connexion.execute("select uai, nom, type_etablissement, ligne from raw_annuaire")
    assert lignes.fetchall() == [(fabrique.uai(1), "Collège Noël, à l'Œuvre", "Collège", 2)]


def test_an_accent_anywhere_in_a_large_file_keeps_it_utf_8(tmp_path):
    """The sample that tells the encoding may end in the middle of an « è »."""
    for decalage in range(4):
        dossier = tmp_path / str(decalage)
        lignes = [fabrique.etablissement(n) for n in range(1, 1500)]
        lignes[0]["Nom_etablissement"] = "x" * decalage
        lignes += [
            fabrique.etablissement(2000, Nom_etablissement="è" * fichiers_csv.OCTETS_D_ESSAI)
        ]
        fichier = fabrique.ecrire_annuaire(dossier, lignes, encodage="utf-8")
        [tableau] = lecture.tableaux(Fichier(fichier.name, fichier))
        assert tableau.encodage == "utf-8-sig"


def test_title_lines_above_the_header_are_passed_over(tmp_path):
    """INSEE and services write titles and a blank line first; lines keep their number."""
    fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    fabrique.ecrire_postes(
        tmp_path, [fabrique.poste()], titres=["Postes du service social", "Année 2026-2027", ""]
    )
    connexion, _ = charger(tmp_path)
    assert connexion.execute("select poste_id, ligne from raw_postes").fetchall() == [("P1", 5)]


def test_headers_are_compared_without_case_accents_or_marks(tmp_path):
    """« Quotité », « Poste ID » and « Résidence UAI » are the columns of the model."""
    (tmp_path / "x.csv").write_text(
        "Poste ID;Fonction;Quotité;Résidence UAI;Statut\nP1;ASS;1;0340001S;occupe\n",
        encoding="utf-8",
    )
    [trouve] = reconnus(tmp_path / "x.csv")
    assert trouve.carte.nom == "postes"


def test_the_headers_of_an_older_year_are_known(tmp_path):
    """« Numéro du collège » (2019) and « numero_college » (2020) are one column."""
    for entete in (
        "Rentrée scolaire;Numéro du collège;Nombre d'élèves total",
        "rentree_scolaire;numero_college;nombre_eleves_total",
        "Rentrée scolaire;Numéro du collège;Nombre d'élèves total (nombre d'élèves dans les "
        "formations du 1er cycle)",
    ):
        (tmp_path / "x.csv").write_text(f"{entete}\n2021;0340001S;500\n", encoding="utf-8")
        [trouve] = reconnus(tmp_path / "x.csv")
        assert (trouve.carte.nom, set(trouve.positions)) == (
            "effectifs_colleges",
            {"rentree", "uai", "effectif"},
        )


def test_a_workbook_is_read_sheet_by_sheet(tmp_path):
    """Postes and presences in two sheets of one workbook, numbers as numbers."""
    fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    fabrique.ecrire_classeur(
        tmp_path / "service.xlsx",
        [
            ["Notre service"],
            [],
            ["poste_id", "fonction", "quotite", "residence_uai", "statut"],
            ["P1", "ASS", 0.8, fabrique.uai(1), "occupe"],
        ],
        [["poste_id", "uai", "demi_journees", "periodicite"], ["P1", fabrique.uai(1), 2, "mois"]],
        [["Mode d'emploi"]],
    )
    connexion, inventaire = charger(tmp_path)
    assert connexion.execute("select quotite, ligne from raw_postes").fetchall() == [("0.8", 4)]
    assert connexion.execute("select demi_journees from raw_presences").fetchall() == [("2",)]
    assert {lu.source for lu in inventaire.lus} == {"annuaire", "postes", "presences"}


def test_a_near_miss_of_a_public_file_says_what_it_resembles_and_what_is_missing(tmp_path):
    """A list of networks without its labels is named, never half read."""
    fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    (tmp_path / "reseaux.csv").write_text(
        "NUMERO;UAI tête de réseau;TYPE_DETABLISSEMENT;COMMUNE\nx;x;x;x\n", encoding="utf-8"
    )
    connexion, inventaire = charger(tmp_path)
    [note] = inventaire.non_reconnus
    assert note.message() == (
        "ressemble le plus à « Liste des établissements REP et REP+ », mais il y manque « ep »"
    )
    assert connexion.execute("select count(*) from raw_education_prioritaire").fetchall() == [(0,)]


OBLIGATOIRES = [
    (carte.nom, requise)
    for carte in cartes().values()
    if carte.est_locale
    for requise in carte.requises
]


@pytest.mark.parametrize(("source", "requise"), OBLIGATOIRES)
def test_a_local_file_that_lost_a_required_column_is_refused_and_the_column_named(
    tmp_path, source, requise
):
    """Passed over, it would leave the département without its postes and nobody would know."""
    fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    colonnes = [alias[0] for c, alias in cartes()[source].colonnes.items() if c != requise]
    (tmp_path / "local.csv").write_text(
        ";".join(colonnes) + "\n" + ";".join("1" for _ in colonnes) + "\n", encoding="utf-8"
    )
    with pytest.raises(AtlasError) as refus:
        charger(tmp_path)
    assert refus.value.fichier == "local.csv"
    assert refus.value.colonne == requise
    assert f"Il manque « {requise} »" in refus.value.quoi
    assert cartes()[source].titre in refus.value.quoi
    assert "atlas modeles" in refus.value.remede


def test_a_sheet_that_lost_a_column_is_not_hidden_by_the_good_one_beside_it(tmp_path):
    """Postes whole, presences without « periodicite »: the workbook is refused, the sheet named."""
    fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    fabrique.ecrire_classeur(
        tmp_path / "service.xlsx",
        [
            ["poste_id", "fonction", "quotite", "residence_uai", "statut"],
            ["P1", "ASS", 1, fabrique.uai(1), "occupe"],
        ],
        [["poste_id", "uai", "demi_journees"], ["P1", fabrique.uai(1), 2]],
    )
    with pytest.raises(AtlasError, match="Sheet2") as refus:
        charger(tmp_path)
    assert refus.value.colonne == "periodicite"


@pytest.mark.parametrize(
    "entetes",
    ["uai;nom;adresse", "uai", "bassin;nombre", "annee_scolaire;uai;libelle;valeur;unite;note"],
)
def test_a_table_of_something_else_that_has_a_uai_is_only_said_not_read(tmp_path, entetes):
    """A public file nobody reads must not stop a build because it counts by establishment."""
    fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    (tmp_path / "autre.csv").write_text(f"{entetes}\n" + ";".join("1" for _ in entetes.split(";")))
    _, inventaire = charger(tmp_path)
    assert [n.fichier.nom for n in inventaire.non_reconnus] == ["autre.csv"]


def test_a_file_that_is_no_source_is_said_not_read(tmp_path):
    """The recipes of the canteen are no source: said, and nothing else."""
    (tmp_path / "menus.csv").write_text("jour;plat\nlundi;soupe\n", encoding="utf-8")
    [note] = reconnus(tmp_path / "menus.csv")
    assert isinstance(note, NonReconnu)
    assert note.message() == "aucune colonne connue"


def test_a_quote_never_closed_in_a_strange_file_stops_nothing(tmp_path):
    """A file that is no source can't break the build, however malformed."""
    (tmp_path / "x.csv").write_text('a;b\n"ouvert;' + "x" * 200_000, encoding="utf-8")
    assert isinstance(reconnus(tmp_path / "x.csv")[0], NonReconnu)


@pytest.mark.parametrize(
    "colonne",
    ["Nom", "Prénom", "Nom de l'agent", "INE", "N° INE", "NIR", "Date de naissance", "Courriel",
     "Téléphone portable", "Motif temps partiel", "NUMEN"],
)  # fmt: skip
def test_a_local_file_with_a_personal_column_is_refused_whole(tmp_path, colonne):
    """The column is named; no row of it is stored, and the warehouse in place does not change."""
    sources = fabrique.petit_departement(tmp_path / "sources")
    entrepot = tmp_path / "atlas.duckdb"
    entrepot.write_bytes(b"l'ancien")
    lignes = [{**fabrique.poste(), colonne: "secret"}]
    fabrique.ecrire_csv(sources / "p.csv", (*fabrique.COLONNES_POSTES, colonne), lignes)
    with pytest.raises(AtlasError) as refus:
        construction.construire([sources], entrepot)
    assert refus.value.fichier == "p.csv"
    assert refus.value.colonne == colonne
    assert "donnée personnelle" in str(refus.value)
    assert "secret" not in str(refus.value).replace("secret professionnel", "")
    assert entrepot.read_bytes() == b"l'ancien"
    assert [f.name for f in tmp_path.iterdir() if "construction" in f.name] == []


def test_a_public_file_may_have_the_columns_of_its_producer(tmp_path):
    """The annuaire has mails and telephones of establishments: those are no one's."""
    colonnes = (*fabrique.COLONNES_ANNUAIRE, "Mail", "Telephone")
    fabrique.ecrire_csv(tmp_path / "a.csv", colonnes, [fabrique.etablissement(1)])
    [trouve] = reconnus(tmp_path / "a.csv")
    assert trouve.carte.nom == "annuaire"


def test_a_broken_workbook_is_named(tmp_path):
    """« Enregistrer à nouveau » rather than a stack of calls."""
    fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    (tmp_path / "postes.xlsx").write_bytes(b"PK\x03\x04 pas un classeur")
    with pytest.raises(AtlasError) as refus:
        charger(tmp_path)
    assert refus.value.fichier == "postes.xlsx"
    assert refus.value.remede


def test_broken_contours_are_named(tmp_path):
    """A GeoJSON cut in the middle of its download."""
    fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    contours = fabrique.ecrire_contours(tmp_path)
    contours.write_text(contours.read_text()[:-40])
    with pytest.raises(AtlasError) as refus:
        charger(tmp_path)
    assert refus.value.fichier == "contours.geojson"


def test_without_an_annuaire_nothing_is_built(tmp_path):
    """Without it no establishment is known: the message names the export to fetch."""
    fabrique.ecrire_postes(tmp_path, [fabrique.poste()])
    with pytest.raises(AtlasError, match="fr-en-annuaire-education"):
        charger(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    """A mistyped path is repeated, with the option to look at."""
    with pytest.raises(AtlasError, match="absent") as refus:
        charger(tmp_path / "absent")
    assert "--sources" in str(refus.value)


def test_files_of_the_same_name_in_several_folders_are_all_read(tmp_path):
    """One postes.csv a bassin, in folders of the same name: none replaces another."""
    dossiers = []
    for rang in range(3):
        dossiers.append(tmp_path / str(rang) / "local")
        fabrique.ecrire_postes(dossiers[-1], [fabrique.poste(f"P{rang}")])
    fabrique.ecrire_annuaire(tmp_path / "public", [fabrique.etablissement(1)])
    connexion = duckdb.connect()
    inventaire = chargement.charger(connexion, [*dossiers, tmp_path / "public"])
    postes = connexion.execute("select poste_id from raw_postes order by all").fetchall()
    assert postes == [("P0",), ("P1",), ("P2",)]
    assert len({lu.fichier for lu in inventaire.lus}) == 4


def test_hidden_and_lock_files_are_left_alone(tmp_path):
    """« ~$postes.xlsx » is Excel's own mark of an open file."""
    fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    (tmp_path / "~$postes.xlsx").write_bytes(b"verrou")
    (tmp_path / ".cache").mkdir()
    fabrique.ecrire_postes(tmp_path / ".cache", [fabrique.poste()])
    connexion, _ = charger(tmp_path)
    assert connexion.execute("select count(*) from raw_postes").fetchall() == [(0,)]


def test_the_fingerprint_is_that_of_the_bytes_read(tmp_path):
    """The same file under another name has the same fingerprint; one more byte changes it."""
    fichier = fabrique.ecrire_annuaire(tmp_path, [fabrique.etablissement(1)])
    avant = Fichier("annuaire.csv", fichier).empreinte()
    copie = tmp_path / "copie.csv"
    copie.write_bytes(fichier.read_bytes())
    assert Fichier("copie.csv", copie).empreinte() == avant
    copie.write_bytes(fichier.read_bytes() + b"\n")
    assert Fichier("copie.csv", copie).empreinte() != avant


def test_every_source_of_enrolments_says_which_pupils_it_counts():
    """A lycée's total leaves out what follows the baccalauréat, a collège's its relay classes."""
    comptent = {nom: c for nom, c in cartes().items() if nom.startswith("effectifs_")}
    assert len(comptent) == 6
    assert [nom for nom, carte in comptent.items() if not carte.definition] == []
    assert cartes()["annuaire"].definition
    for nom in ("effectifs_lycees_gt", "effectifs_lycees_pro"):
        assert "après le baccalauréat" in comptent[nom].definition
    assert "relais" in comptent["effectifs_colleges"].definition
