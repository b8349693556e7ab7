"""Personal data stay out: a file that names or looks like a person is refused whole.

The message names the column and the reason; nothing of what was refused is in it, in what is
printed, or on the disk.
"""

import logging

import duckdb
import fabrique
import pytest
import xlsxwriter
from fabrique import etablissement, uai

from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction
from pipelines.reports import modeles
from pipelines.sources import chargement, lecture
from pipelines.sources.fichiers import fichiers

UN = uai(1)
# A number of the right form, and the key that goes with it (97 − number modulo 97).
NIR = "2 85 05 34 172 018"
NIR_CORSE = "1 92 11 2A 004 036"


def cle_nir(numero):
    """The key of the thirteen characters of a NIR."""
    chiffres = int(numero.replace(" ", "").replace("2A", "19").replace("2B", "18"))
    return f"{97 - chiffres % 97:02}"


def charger(dossier):
    """The raw rows of `dossier`."""
    connexion = duckdb.connect()
    return connexion, chargement.charger(connexion, [dossier])


def refus(dossier):
    """The refusal of `dossier`, which must come."""
    with pytest.raises(AtlasError) as erreur:
        charger(dossier)
    assert "donnée personnelle" in erreur.value.quoi
    assert "secret professionnel, RGPD" in erreur.value.quoi
    return erreur.value


@pytest.fixture
def dossier(tmp_path):
    """A folder with its annuaire."""
    fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
    return tmp_path


def ecrire_postes(dossier, colonne, valeur, nom="postes.csv"):
    """A file of postes with one more column, filled on its second row."""
    lignes = [fabrique.poste("P1"), {**fabrique.poste("P2"), colonne: valeur}]
    return fabrique.ecrire_csv(dossier / nom, (*fabrique.COLONNES_POSTES, colonne), lignes)


class TestEnTetes:
    @pytest.mark.parametrize(
        "entete",
        ["NOM", "Noms des agents", "Nom usuel", "Prénom de l'assistante", "N° de NIR", "code INE",
         "Date naissance élève", "Né(e) le", "Âge", "Tél. personnel", "Mél", "e-mail de l'ASS",
         "Motif du congé maladie", "Situation familiale", "Temps partiel (motif)", "Assistante",
         "Adresse", "Enfants à charge", "Numéro de sécurité sociale", "Élève", "RQTH (oui/non)"],
    )  # fmt: skip
    def test_a_header_that_names_a_person_refuses_the_file(self, dossier, entete):
        """By its words, not by an exact list: « Prénom de l'assistante » was in none."""
        ecrire_postes(dossier, entete, "")
        assert refus(dossier).colonne == entete

    @pytest.mark.parametrize(
        "entete",
        ["Nom de l'établissement", "nom_commune", "Téléphone du collège", "Mél de l'établissement",
         "Nombre d'élèves", "Nb ASS", "commentaire", "Bassin", "secteur", "Réseau", "ETP ASS"],
    )  # fmt: skip
    def test_a_header_that_names_a_place_or_a_number_is_admitted(self, dossier, entete):
        """What is of an establishment is no one's."""
        ecrire_postes(dossier, entete, "")
        _, inventaire = charger(dossier)
        assert {lu.source for lu in inventaire.lus} == {"annuaire", "postes"}

    def test_the_telephone_column_of_the_conditions_is_a_yes_or_no(self, dossier):
        """A column of the card is known: « une ligne directe est-elle prévue ? »."""
        fabrique.ecrire_csv(
            dossier / "conditions.csv",
            ("uai", "bureau", "telephone", "rangement_ferme"),
            [{"uai": UN, "bureau": "oui", "telephone": "non", "rangement_ferme": "oui"}],
        )
        _, inventaire = charger(dossier)
        assert "conditions" in {lu.source for lu in inventaire.lus}


class TestValeurs:
    @pytest.mark.parametrize(
        ("valeur", "mots"),
        [
            (f"{NIR} {cle_nir(NIR)}", "NIR"),
            (f"vu {NIR.replace(' ', '')}{cle_nir(NIR)} hier", "NIR"),
            (f"{NIR_CORSE.replace(' ', '')}{cle_nir(NIR_CORSE)}", "NIR"),
            ("claire.dupont@gmail.com", "adresse électronique"),
            ("claire.dupont@ac-montpellier.fr", "adresse électronique"),
            ("06 12 34 56 78", "téléphone"),
            ("+33 6 12 34 56 78", "téléphone"),
            ("appeler le 0467123456", "téléphone"),
            ("612345678", "téléphone"),
            ("DUPONT Claire", "nom d'une personne"),
            ("Claire DUPONT-MARTIN", "nom d'une personne"),
            ("Claire Dupont", "nom d'une personne"),
            ("Mme Dupont", "nom d'une personne"),
        ],
    )
    def test_a_value_that_looks_like_a_person_refuses_the_file(self, dossier, valeur, mots):
        """Under a header that says nothing (« remarques »), on one row of two."""
        ecrire_postes(dossier, "remarques", valeur)
        erreur = refus(dossier)
        assert mots in erreur.quoi
        assert erreur.colonne == "remarques"
        assert valeur not in str(erreur)

    @pytest.mark.parametrize(
        "valeur",
        ["ce.0340001s@ac-montpellier.fr", "dsden34.social@ac-montpellier.fr",
         f"{NIR.replace(' ', '')}{(int(cle_nir(NIR)) + 1) % 97:02}", "2026-11-21", "27/05/2026",
         "34-ASS-012", "0,8", "Bassin de Lodève", "COLLEGE Jean-Moulin", "Saint-Pons", "voir DSDEN",
         "Lycée Jean Moulin", "21700300500012", "à pourvoir", "ASS Béziers"],
    )  # fmt: skip
    def test_a_value_of_a_service_a_place_or_a_code_is_admitted(self, dossier, valeur):
        """Functional mail boxes, numbers whose key is wrong, dates, places."""
        ecrire_postes(dossier, "remarques", valeur)
        connexion, _ = charger(dossier)
        assert connexion.execute("select count(*) from raw_postes").fetchall() == [(2,)]

    @pytest.mark.parametrize(
        "valeur",
        ["voir avec Zéphyrine Quatrebarbes", "Zéphyrine Quatrebarbes",
         "poste de Zéphyrine Quatrebarbes depuis mars", "voir avec Zéphyrine QUATREBARBES",
         "repris par Zéphyrine-Aude Quatrebarbes, à confirmer", "Mme Dupont en formation",
         "relais assuré par M. Quatrebarbes", "vu avec mme dupont", "bureau de M Dupont",
         "Mmes Dupont et Durand", "Voir Zéphyrine Quatrebarbes", "Poste Zéphyrine Quatrebarbes",
         "demander à Monsieur Quatrebarbes"],
    )  # fmt: skip
    @pytest.mark.parametrize("colonne", ["notes", "commentaire", "Observations"])
    def test_a_name_in_a_sentence_refuses_the_file_whatever_the_first_name(
        self, dossier, colonne, valeur
    ):
        """No list holds « Zéphyrine »: two words in capitals side by side are enough."""
        ecrire_postes(dossier, colonne, valeur)
        erreur = refus(dossier)
        assert erreur.colonne == colonne
        assert valeur not in str(erreur)
        assert "Quatrebarbes" not in str(erreur)

    @pytest.mark.parametrize(
        "valeur",
        ["voir avec le collège Jean Moulin", "partagé avec l'école Marie Curie et Sète",
         "Lycée de la Mer Paul Bousquet", "Voir Béziers", "à mi-temps sur Saint-Pons-de-Thomières",
         "Éducation Prioritaire", "Conseil Départemental", "depuis la rentrée 2026, Mission Locale",
         "La Grande Motte", "fermé le Mardi Matin", "madame la principale est prévenue",
         "Dispositif ULIS", "classe UPE2A à Sète", "Réseau Les Garrigues", "1 journée à Agde",
         "poste vacant depuis Septembre", "Cap d'Agde le lundi, Sète le mardi", "rue M. Berthelot",
         "CPE absent", "à voir en CSA"],
    )  # fmt: skip
    def test_a_remark_about_a_place_or_the_service_is_admitted(self, dossier, valeur):
        """Places named after someone, towns, words of the service that take a capital."""
        ecrire_postes(dossier, "commentaire", valeur)
        connexion, _ = charger(dossier)
        assert connexion.execute("select count(*) from raw_postes").fetchall() == [(2,)]

    def test_a_place_the_file_names_elsewhere_is_not_a_person(self, dossier):
        """« Font Romeu » has the form of a name, but is the bassin of a poste of the file."""
        colonnes = (*fabrique.COLONNES_POSTES, "notes")
        lignes = [{**fabrique.poste("P1"), "notes": "un jour à Font Romeu", "bassin": "Nord"}]
        fabrique.ecrire_csv(dossier / "postes.csv", colonnes, lignes)
        assert refus(dossier).colonne == "notes"
        lignes[0]["bassin"] = "Bassin de Font-Romeu"
        fabrique.ecrire_csv(dossier / "postes.csv", colonnes, lignes)
        assert len(charger(dossier)[1].lus) == 2

    @pytest.mark.parametrize("poste", ["DUPONT Claire", "Claire Dupont", "0612345678"])
    def test_a_poste_is_not_called_by_a_person_s_name(self, dossier, poste):
        """Not even in capitals, or by a telephone."""
        fabrique.ecrire_postes(dossier, [fabrique.poste("34-01"), fabrique.poste(poste)])
        erreur = refus(dossier)
        assert erreur.colonne == "poste_id"
        assert "code" in erreur.remede

    def test_the_name_of_a_bassin_is_not_taken_for_a_person(self, dossier):
        """« Béziers Nord », « Jean Moulin » in the columns of the card that hold places."""
        postes = [fabrique.poste("34-01", bassin="Béziers Nord"),
                  fabrique.poste("34-02", bassin="Jean Moulin")]  # fmt: skip
        fabrique.ecrire_postes(dossier, postes)
        connexion, _ = charger(dossier)
        assert connexion.execute("select count(*) from raw_postes").fetchall() == [(2,)]

    def test_a_person_in_any_sheet_refuses_the_whole_workbook(self, dossier):
        """Clean postes in the first sheet, a list of pupils in the third."""
        fabrique.ecrire_classeur(
            dossier / "service.xlsx",
            [list(fabrique.COLONNES_POSTES), ["P1", "ASS", 1, UN, "occupe"]],
            [["Mode d'emploi"]],
            [["code", "Date de naissance"], ["x", "12/03/2012"]],
        )
        assert refus(dossier).fichier == "service.xlsx"

    def test_a_large_file_is_judged_whole_too(self, dossier, monkeypatch):
        """One telephone on the last of 3 000 rows, read by DuckDB."""
        monkeypatch.setattr(lecture, "OCTETS_EN_MEMOIRE", 0)
        lignes = [fabrique.poste(f"P{n}") for n in range(3000)]
        lignes[-1]["remarques"] = "04.67.12.34.56"
        fabrique.ecrire_csv(
            dossier / "postes.csv", (*fabrique.COLONNES_POSTES, "remarques"), lignes
        )
        assert refus(dossier).colonne == "remarques"

    def test_a_header_that_is_itself_a_person_is_not_repeated(self, dossier):
        """A file without headers for its last columns: the column is named by its letter."""
        ecrire_postes(dossier, "DUPONT Claire", "MARTIN Jeanne")
        erreur = refus(dossier)
        assert erreur.colonne == "J"
        assert "DUPONT" not in str(erreur)


class TestFichiersPublics:
    """Recognised as public, and judged all the same."""

    EFFECTIFS = ("Rentrée scolaire", "Numéro du collège", "Nombre d'élèves total")

    def ecrire(self, dossier, **de_plus):
        """Enrolments with more columns."""
        ligne = dict(zip(self.EFFECTIFS, ("2024", UN, "500"), strict=True)) | de_plus
        return fabrique.ecrire_csv(dossier / "eleves.csv", tuple(ligne), [ligne])

    @pytest.mark.parametrize(
        ("entete", "valeur"),
        [
            ("Prénom", "x"),
            ("Nom élève", "x"),
            ("Date de naissance", ""),
            ("remarques", f"vu {NIR} {cle_nir(NIR)}"),
            ("remarques", "claire.dupont@gmail.com"),
            ("remarques", "claire.dupont@ac-montpellier.fr"),
            ("remarques", "06 12 34 56 78"),
            ("suivi", "DUPONT Claire"),
        ],
    )
    def test_a_person_beside_the_public_columns_refuses_the_file(self, dossier, entete, valeur):
        """Whatever makes it look like an export of the ministère."""
        self.ecrire(dossier, **{entete: valeur})
        erreur = refus(dossier)
        assert erreur.colonne == entete
        assert not valeur or valeur == "x" or valeur not in str(erreur)

    def test_a_nir_is_looked_for_in_the_known_columns_too(self, dossier):
        """The number of pupils is one column like another."""
        self.ecrire(dossier, **{"Nombre d'élèves total": f"{NIR} {cle_nir(NIR)}"})
        assert "NIR" in refus(dossier).quoi

    def test_the_decimals_of_a_coordinate_are_not_a_nir(self, dossier):
        """Fifteen decimals whose key happens to be right."""
        decimales = f"{NIR.replace(' ', '')}{cle_nir(NIR)}"
        self.ecrire(dossier, position=f"43.{decimales}, 3.{decimales}")
        _, inventaire = charger(dossier)
        assert len(inventaire.lus) == 2

    def test_a_row_of_too_many_cells_is_set_aside_but_judged(self, dossier):
        """What no column holds is kept with the file."""
        chemin = self.ecrire(dossier)
        with chemin.open("a", encoding="utf-8") as flux:
            flux.write(f"2024;{UN};1;{NIR} {cle_nir(NIR)}\r\n")
        assert "NIR" in refus(dossier).quoi


class TestHorsDesCellules:
    """Above the header, beside the cells: kept with the file, so judged with it."""

    def test_a_title_line_is_judged(self, dossier):
        """A name, a mobile, alone or in a sentence."""
        for titre in ("Suivi par Mme DUPONT", "tenu par DUPONT Claire", "voir 06 12 34 56 78",
                      f"{NIR} {cle_nir(NIR)}", "c.dupont@orange.fr"):  # fmt: skip
            fabrique.ecrire_postes(dossier, [fabrique.poste()], titres=(titre,))
            erreur = refus(dossier)
            assert "lignes de titre" in erreur.quoi
            assert titre not in str(erreur)
        fabrique.ecrire_postes(
            dossier, [fabrique.poste()], titres=("Postes au collège Madame Curie, rentrée 2026",)
        )
        assert len(charger(dossier)[1].lus) == 2

    def test_a_note_a_page_header_and_a_sheet_name_are_judged(self, dossier):
        """Each one alone, in a workbook of clean postes."""

        def ecrire(feuille="postes", note=None, entete=None):
            with xlsxwriter.Workbook(dossier / "postes.xlsx") as classeur:
                page = classeur.add_worksheet(feuille)
                page.write_row(0, 0, fabrique.COLONNES_POSTES)
                page.write_row(1, 0, ["P1", "ASS", 1, UN, "occupe"])
                page.write_comment("A2", note or "1 poste")
                page.set_header(entete or "Postes")

        for defaut in (
            {"note": f"Mme DUPONT, {NIR} {cle_nir(NIR)}"},
            {"note": "en congé maladie"},
            {"entete": "&CDUPONT Claire"},
            {"feuille": "DUPONT Claire"},
        ):
            ecrire(**defaut)
            erreur = refus(dossier)
            assert "DUPONT" not in str(erreur)
            assert "commentaires" in erreur.quoi or "feuilles" in erreur.quoi
        ecrire()
        assert len(charger(dossier)[1].lus) == 2

    def test_the_other_sheets_of_a_file_of_postes_are_judged_as_it_is(self, dossier):
        """No date of birth there: a telephone, a name, a reason are enough."""
        postes = [list(fabrique.COLONNES_POSTES), ["P1", "ASS", 1, UN, "occupe"]]
        for entete, valeur in (
            ("Suivi", "DUPONT Claire"),
            ("Tél", "x"),
            ("note", "0612345678"),
            ("note", "j.martin@ac-montpellier.fr"),
            ("note", "congé maladie"),
        ):
            fabrique.ecrire_classeur(
                dossier / "postes.xlsx", postes, [["Poste", entete], ["P1", valeur]]
            )
            erreur = refus(dossier)
            assert erreur.colonne == entete
            assert valeur == "x" or valeur not in str(erreur)

    @pytest.mark.parametrize("source", modeles.locales())
    def test_the_templates_come_back_whatever_their_notes_say(self, dossier, source):
        """Their notes, examples and lists are ours."""
        (dossier / f"{source}.xlsx").write_bytes(modeles.modele(source))
        _, inventaire = charger(dossier)
        assert source in {lu.source for lu in inventaire.lus}


class TestColonnesConnues:
    """Anyone may write anything in a column of the card."""

    @pytest.mark.parametrize(
        ("source", "colonne", "valeur"),
        [
            ("dispositifs", "source", "Mme DUPONT"),
            ("dispositifs", "source", "vu avec DUPONT Claire"),
            ("bassins", "bassin", "DUPONT Claire"),
            ("bassins", "reseau", "Mme Dupont"),
            ("activite", "indicateur", "DUPONT Claire"),
            ("activite", "modalite", "Claire Dupont"),
            ("postes", "bassin", "DUPONT Claire"),
            ("postes", "residence_uai", "DUPONT Claire 12/03/2012"),
            ("postes", "statut", "congé longue maladie"),
            ("postes", "hors_secteur_motif", "congé maternité"),
            ("presences", "periodicite", "temps partiel"),
        ],
    )
    def test_a_person_or_a_private_reason_refuses_the_file_unsaid(
        self, dossier, source, colonne, valeur
    ):
        """A value that would only have been told as wrong is not repeated."""
        lignes = {
            "postes": (fabrique.COLONNES_POSTES, fabrique.poste()),
            "presences": (fabrique.COLONNES_PRESENCES, {"poste_id": "P1", "uai": UN}),
            "activite": (fabrique.COLONNES_ACTIVITE, {"uai": UN, "indicateur": "x"}),
            "dispositifs": (fabrique.COLONNES_DISPOSITIFS, {"uai": UN, "present": "oui"}),
            "bassins": (("uai", "bassin", "reseau"), {"uai": UN, "bassin": "x"}),
        }
        colonnes, ligne = lignes[source]
        fabrique.ecrire_csv(dossier / f"{source}.csv", colonnes, [ligne | {colonne: valeur}])
        erreur = refus(dossier)
        assert erreur.colonne == colonne
        assert valeur not in str(erreur)

    @pytest.mark.parametrize(
        ("colonne", "valeur"),
        [("bassin", "Jean Moulin"), ("bassin", "SETE Agde"), ("reseau", "Réseau Jean MOULIN"),
         ("reseau", "JEAN MOULIN"), ("reseau", "Collège Mme Curie")],
    )  # fmt: skip
    def test_a_place_named_after_someone_is_a_place(self, dossier, colonne, valeur):
        """Networks bear the name of their collège, collèges that of a person."""
        ligne = {"uai": UN, "bassin": "Nord", colonne: valeur}
        fabrique.ecrire_csv(dossier / "bassins.csv", ("uai", "bassin", "reseau"), [ligne])
        assert len(charger(dossier)[1].lus) == 2

    def test_health_is_a_subject_of_activity(self, dossier):
        """Indicators speak of pupils in numbers: no one's health is said there."""
        fabrique.ecrire_activite(dossier, [(UN, "absences pour maladie", "3")])
        assert len(charger(dossier)[1].lus) == 2


class TestFichiersInconnus:
    @pytest.mark.parametrize(
        "texte",
        [
            "code;Prénom\n1;x\n",
            "numéro;INE\n1;x\n",
            f"code;note\n1;{NIR} {cle_nir(NIR)}\n",
            "code;note\n1;c.dupont@orange.fr\n",
            "qui;quand\nDUPONT Claire;12/03/2012\nMARTIN Jean;2011-04-05\n",
            "Nom;jour\nx;12/03/2012\ny;2011-04-05\n",
        ],
    )
    def test_a_list_of_persons_nobody_asked_for_is_refused(self, dossier, texte):
        """No card fits it, but what it holds has no place here."""
        (dossier / "liste.csv").write_text(texte, encoding="utf-8")
        assert refus(dossier).fichier == "liste.csv"

    @pytest.mark.parametrize(
        "texte",
        [
            "nom;telephone;mail\nCollège;0467123456;contact@mairie-beziers.fr\n",
            "jour;plat\nlundi;soupe\n",
            "ville;maire\nBéziers;Jean Martin\n",
            "notice;x\nCe fichier ne donne pas la date de naissance des élèves, qui est couverte "
            "par le secret;1\n",
            "uai;ouverture\n0340001S;12/03/2012\n",
        ],
    )
    def test_a_directory_or_a_menu_is_only_unknown(self, dossier, texte):
        """Telephones of places, dates without names: said not to be read, and no more."""
        (dossier / "liste.csv").write_text(texte, encoding="utf-8")
        _, inventaire = charger(dossier)
        assert [n.fichier.nom for n in inventaire.non_reconnus] == ["liste.csv"]

    @pytest.mark.reel
    def test_no_real_public_file_is_taken_for_a_person_s(self, reel):
        """Mails and telephones of establishments, patronymes of collèges: all are read."""
        connexion, inventaire = charger(reel)
        assert len(inventaire.lus) == 19
        assert inventaire.non_reconnus == []
        connexion.close()


class TestTraces:
    @pytest.mark.parametrize("en_bloc", [False, True])
    @pytest.mark.parametrize("encodage", ["utf-8-sig", "cp1252"])
    def test_nothing_of_what_is_refused_reaches_the_disk_or_the_screen(
        self, tmp_path, monkeypatch, capfd, caplog, en_bloc, encodage
    ):
        """Neither the warehouse, nor a temporary file, nor a message, nor a log."""
        caplog.set_level(logging.DEBUG)
        if en_bloc:
            monkeypatch.setattr(lecture, "OCTETS_EN_MEMOIRE", 0)
        temporaire = tmp_path / "tmp"
        temporaire.mkdir()
        monkeypatch.setenv("TMPDIR", str(temporaire))
        ecrits = []
        # what is made during the build and removed at its end counts too: it is looked at there
        vider = construction.provisoire.effacer
        monkeypatch.setattr(
            construction.provisoire,
            "effacer",
            lambda reste: (ecrits.append(contenu(reste)), vider(reste))[1],
        )
        sources = fabrique.petit_departement(tmp_path / "sources")
        secret = "Zéphyrine Quatrebarbes"
        lignes = [{**fabrique.poste(f"P{n}"), "note": f"{secret} 06 98 76 54 3{n % 10}"}
                  for n in range(200)]  # fmt: skip
        fabrique.ecrire_csv(
            sources / "postes.csv", (*fabrique.COLONNES_POSTES, "note"), lignes, encodage=encodage
        )
        base = tmp_path / "entrepot" / "atlas.duckdb"
        with pytest.raises(AtlasError) as erreur:
            construction.construire([sources], base)
        dit = "".join([str(erreur.value), repr(erreur.value), *capfd.readouterr(), caplog.text])
        restes = [f.read_bytes() for d in (temporaire, base.parent) for f in d.rglob("*")]
        for marque in ("Quatrebarbes", "98 76 54"):
            assert marque not in dit
            for octets in (*ecrits, *restes):
                assert marque.encode() not in octets
        assert not base.exists()
        assert ecrits, "the provisional file must have been looked at"

    def test_a_refused_file_leaves_the_others_readable(self, dossier):
        """The page examines several files at once: one refusal does not taint the rest."""
        ecrire_postes(dossier, "remarques", "06 12 34 56 78", nom="a.csv")
        fabrique.ecrire_postes(dossier, [fabrique.poste("34-01")], nom="b.csv")
        connexion = duckdb.connect()
        refuses = []
        with chargement.Chargement(connexion) as lot:
            for fichier in fichiers([dossier]):
                try:
                    lot.ajouter(fichier)
                except AtlasError as erreur:
                    refuses.append(erreur.fichier)
            inventaire = lot.terminer()
        assert refuses == ["a.csv"]
        assert {lu.fichier for lu in inventaire.lus} == {"annuaire.csv", "b.csv"}
        assert connexion.execute("select poste_id from raw_postes").fetchall() == [("34-01",)]


class TestEcrituresDetournees:
    @pytest.mark.parametrize(
        "valeur",
        ["1-85-05-78-006-084-91", "1850578006084", "06/12/34/56/78", "06 123 456 78",
         "0612 345 678", "jean.dupont(at)gmail.com", "m. durand", "élève K.D. de 3e2",
         "né le 12/03/2011", "Kevin, 4e B, 12/03/2011"],
    )  # fmt: skip
    def test_a_person_written_in_another_way_refuses_the_file(self, dossier, valeur):
        """Separators, no key, no « @ », initials, a first name and a date."""
        ecrire_postes(dossier, "notes", valeur)
        assert valeur not in str(refus(dossier))

    @pytest.mark.parametrize(
        "entete",
        ["Num sécu", "Date de naiss.", "GSM", "Responsable", "Intervenant", "Occupant",
         "Titulaire du poste"],
    )  # fmt: skip
    def test_a_header_in_short_refuses_the_file(self, dossier, entete):
        """As people shorten them."""
        ecrire_postes(dossier, entete, "")
        assert refus(dossier).colonne == entete

    @pytest.mark.parametrize("colonne", ["poste_id", "statut", "fonction"])
    def test_a_rare_name_in_a_known_column_is_neither_kept_nor_said(self, dossier, colonne):
        """Two words in capitals are enough there too."""
        poste = {**fabrique.poste("P1"), colonne: "Zéphyrine Quatrebarbes"}
        fabrique.ecrire_postes(dossier, [poste])
        assert "Quatrebarbes" not in str(refus(dossier))

    @pytest.mark.parametrize(
        "noms", ["Durand Martin Petit", "DURAND MARTIN PETIT", "Kevin Léa Zoé"]
    )
    def test_single_names_beside_birth_dates_refuse_the_file(self, dossier, noms):
        """« suivi » and « le » say nothing, their values do; towns under « commune » are places."""

        def ecrire(entete, mots):
            jours = ("12/03/2011", "04/05/2012", "06/07/2010")
            lignes = [{**fabrique.poste(f"P{j}"), entete: mot, "le": j}
                      for mot, j in zip(mots.split(), jours, strict=True)]  # fmt: skip
            colonnes = (*fabrique.COLONNES_POSTES, entete, "le")
            fabrique.ecrire_csv(dossier / "postes.csv", colonnes, lignes)

        ecrire("suivi", noms)
        assert "noms" in refus(dossier).quoi or "nom" in refus(dossier).quoi
        ecrire("commune", "Sète Agde Lodève")
        assert len(charger(dossier)[1].lus) == 2

    def test_the_name_of_a_local_file_is_judged_and_not_said(self, dossier):
        """It is kept with what is built."""
        fabrique.ecrire_postes(dossier, [fabrique.poste()])
        (dossier / "postes.csv").rename(dossier / "Postes Mme Marie Durand.csv")
        with pytest.raises(AtlasError) as erreur:
            charger(dossier)
        assert "renommer" in str(erreur.value)
        assert "Durand" not in str(erreur.value)


def contenu(reste):
    """The bytes of a file about to be removed."""
    return reste.read_bytes() if reste.is_file() else b""
