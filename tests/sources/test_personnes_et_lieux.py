"""What must be refused because it may be someone, and what must be read because it is not.

Two lists of ways people write, column by column: a secretary who reads « POSTE JEAN MOULIN » must
not be told that her file names a person, and « Dupont J. » must not get in because it is short.
"""

import io
import logging

import duckdb
import fabrique
import pytest
import xlsxwriter

from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction, rapport
from pipelines.sources import chargement
from pipelines.sources.fichiers import Fichier

UN = fabrique.uai(1)
COLONNES = {
    "postes": fabrique.COLONNES_POSTES,
    "presences": fabrique.COLONNES_PRESENCES,
    "activite": fabrique.COLONNES_ACTIVITE,
    "dispositifs": fabrique.COLONNES_DISPOSITIFS,
    "bassins": ("uai", "bassin", "reseau"),
}
LIGNES = {
    "postes": fabrique.poste("P1"),
    "presences": {"poste_id": "P1", "uai": UN, "demi_journees": "4", "periodicite": "semaine"},
    "activite": {"annee_scolaire": "2024-2025", "periode": "annee", "uai": UN,
                 "indicateur": "entretiens", "nombre": "3"},
    "dispositifs": {"uai": UN, "dispositif": "ULIS", "present": "oui", "source": "DSDEN"},
    "bassins": {"uai": UN, "bassin": "Nord", "reseau": "Réseau 1"},
}  # fmt: skip
"""A sound row of each local file."""

POSTES_SANS_PERSONNE = [
    "ASS-34-012", "0341234A", "0341234a", "BEZIERS-2", "Béziers 2", "BEZIERS A", "Béziers-A",
    "POSTE JEAN MOULIN", "POSTE-JEAN-MOULIN", "Jean Moulin", "JEAN MOULIN 1", "34-JEAN-MOULIN",
    "Marie Curie", "CLG MARIE CURIE", "Collège J. Jaurès", "COLLEGE JEAN PERRIN",
    "Lycée Jean-François Champollion", "CLG LA DULLAGUE 1", "SETE", "Font-Romeu", "FONT-ROMEU-1",
    "SAINT-PONS-1", "St Gély", "ASS_034_07", "034.12", "SIM-034-01", "1234567", "21340172000015",
    "P 12", "TZR 3", "Charles de Gaulle",
    "Sète-Agde", "POSTE N° 4", "REP+ La Paillade", "SECTEUR NORD 2", "E.R.E.A. Lattes",
]  # fmt: skip
STATUTS_SANS_PERSONNE = [
    "titulaire", "Titulaire", "contractuelle", "Contractuelle", "TZR", "TZR Contractuelle",
    "Titulaire Remplaçante", "stagiaire", "Contractuelle CDI", "Poste Vacant", "Vacant",
    "occupé", "Suppléance Annuelle",
]  # fmt: skip
FONCTIONS_SANS_PERSONNE = [
    "ASS conseillère technique", "ASS", "CTSS", "Assistante Sociale", "Conseillère Technique",
    "ASS Titulaire", "CT Départementale", "Assistante de service social", "ASS-CT",
]  # fmt: skip
REMARQUES_SANS_PERSONNE = [
    "21340172000015", "213 401 720 00015", "34172", "0340001S", "1.85E+13", "2,17003E+13",
    "collège Mme de Sévigné", "rue J. Jaurès", "collège Jean Perrin et école Paul Bert",
    "Z.A. La Peyrade", "Z.A. Les Garrigues",
    "salle B. au rez-de-chaussée", "3 j. par semaine", "27/05/2026",
    "2026-05-27", "depuis le 01/09/2025", "fermé le 12/03/2026", "créé le 12/03/2011",
    "bureau (au 1er étage)", "Lycée Jean Moulin (Béziers)", "voir Victor Hugo", "NIR sans objet",
    "Simone Veil le mardi, Jules Ferry le jeudi", "4 demi-journées", "0,8", "80 %",
    "Hautes-Pyrénées", "1 234 567 890", "3400000000001", "Académie Montpellier", "oui", "Néant",
    "Arrivée Prévue Janvier", "Cellule Crise", "Avis Favorable", "Vacance Prévue",
    "Formation Continue",
    "01/02/2023 10:30", "01-02-2023 10:30", "01.02.2023 08h30", "2023-02-01 10:30:00",
]  # fmt: skip

NIR_AVEC_ESPACES = "1 85 05 78 006 084 91"
PERSONNES = [
    NIR_AVEC_ESPACES, "1\u00a085\u00a005\u00a078\u00a0006\u00a0084\u00a091", "185057800608491",
    "1.8505E+14", "1,85058E+14", "1,8505780061E+12", "1850578006084", "1 85 05 78 006 084",
    "Mme Martin", "Mme MARTIN", "mme martin", "M.Martin", "DUPONT Jeanne", "Jeanne DUPONT",
    "Jeanne Dupont", "jeanne dupont", "Dupont J.", "DUPONT J.", "J. Dupont", "J.-P. Dupont",
    "J.Dupont", "Zéphyrine QUATREBARBES", "QUATREBARBES Zéphyrine", "Jeanne",
    "jeanne.dupont@ac-montpellier.fr", "jeanne.dupont [at] orange.fr", "06-12-34-56-78",
    "06.12.34.56.78", "+33612345678", "née le 3 mars 1985", "LE GALL Soizic", "Soizic LE GALL",
    "PETIT Enzo", "S. Le Gall", "DUPONT, Jeanne", "Dupont, Jeanne", "Dupont (Jeanne)",
]  # fmt: skip
PERSONNES_DANS_UN_CODE = [
    "DUPONT-Jeanne", "jeanne.dupont", "jeanne_dupont", "ASS-DUPONT-Jeanne", "34_Jeanne_DUPONT",
    "ASS DUPONT Jeanne", "POSTE Mme Martin", "Dupont-Jeanne-2",
]  # fmt: skip
PERSONNES_DANS_UNE_PHRASE = [
    "DUPONT Jeanne, collège Jean Moulin", "collège Jean Moulin (DUPONT Jeanne)",
    "collège Jean Moulin et Mme Martin", "poste de DUPONT Jeanne", "ASS DUPONT Jeanne",
    "vu avec J. Dupont", "cf. Dupont J.", "lycée Marie Curie : Jeanne DUPONT",
    "partagé avec Zéphyrine Quatrebarbes", "remplace M. Durand au collège Victor Hugo",
    "Jeanne, 12/03/2011", "élève K. D.", "mère de K. D.",
]  # fmt: skip
PERSONNES_A_COTE = [
    "Mme Martin", "DUPONT Jeanne", "Jeanne Dupont", "J. Dupont", NIR_AVEC_ESPACES,
]  # fmt: skip


def fichier_de(genre, nom=None, **de_plus):
    """A sound file of `genre` with a second row changed by `de_plus`."""
    colonnes = list(dict.fromkeys((*COLONNES[genre], *de_plus)))
    lignes = [LIGNES[genre], LIGNES[genre] | de_plus]
    texte = "\r\n".join(";".join(ligne.get(c, "") for c in colonnes) for ligne in lignes)
    return Fichier(nom or f"{genre}.csv", f"{';'.join(colonnes)}\r\n{texte}\r\n".encode())


def lire(fichier):
    """The sources `fichier` is read as; AtlasError when it is refused."""
    with duckdb.connect() as connexion, chargement.Chargement(connexion) as lot:
        lot.ajouter(fichier)
        return {lu.source for lu in lot.terminer().lus}


def refus(fichier):
    """The refusal of `fichier` for what it says of a person, which must come."""
    with pytest.raises(AtlasError) as erreur:
        lire(fichier)
    assert "secret professionnel, RGPD" in " ".join(erreur.value.quoi.split())
    return erreur.value


def cas(colonnes, valeurs):
    """Each value in each column, with a name a report can show."""
    return [pytest.param(c, v, id=f"{c}-{v}") for c in colonnes for v in valeurs]


class TestLieuxEtCodes:
    """Nobody is named: the file is read, or stopped for another reason than that."""

    @pytest.mark.parametrize(
        ("colonne", "valeur"),
        [
            *cas(["poste_id"], POSTES_SANS_PERSONNE),
            *cas(["statut"], STATUTS_SANS_PERSONNE),
            *cas(["fonction"], FONCTIONS_SANS_PERSONNE),
            *cas(["residence_uai"], ["Marie Curie", "Collège Marie Curie", "0341234A"]),
            *cas(["Établissement"], ["Marie Curie", "Jean Perrin", "COLLEGE Jeanne D'ARC"]),
            *cas(["remarques"], REMARQUES_SANS_PERSONNE),
        ],
    )
    def test_a_code_a_place_or_a_word_of_the_service_is_read(self, colonne, valeur):
        """Collèges bear the names of people, and postes those of collèges."""
        assert lire(fichier_de("postes", **{colonne: valeur})) == {"postes"}

    @pytest.mark.parametrize(
        ("source", "colonne", "valeur"),
        [
            ("bassins", "bassin", "Jeanne d'Arc"),
            ("bassins", "reseau", "Jean Perrin"),
            ("bassins", "reseau", "Réseau J. Perrin"),
            ("activite", "indicateur", "Violences Familiales"),
            ("dispositifs", "source", "Enquête Rectorat 2026"),
            ("presences", "poste_id", "POSTE JEAN MOULIN"),
        ],
    )
    def test_the_other_local_files_too(self, source, colonne, valeur):
        """Places and labels of the card."""
        assert lire(fichier_de(source, **{colonne: valeur})) == {source}

    @pytest.mark.parametrize(
        "nom",
        ["postes.csv", "postes-034-2026.csv", "Postes_Hérault_2026-09-01.csv", "postes (1).csv",
         "Copie de postes.csv", "POSTES ASS 34 v2.csv", "Postes Montpellier 20260901-1432.csv",
         "dossier 2026/postes.csv", "Font-Romeu.csv", "postes collège Jean Moulin.csv",
         "Répartition Actuelle.csv", "Relevés Mensuels.csv", "postes Hérault Montpellier.csv",
         "Nouveau Feuille de calcul Microsoft Excel.csv", "Trajets Aller Retour.csv",
         "Modèle Rempli.csv", "Import Atlas.csv", "Présences Collège Jean Perrin.csv"],
    )  # fmt: skip
    def test_the_name_of_a_file_that_says_what_it_holds(self, nom):
        """Copies, dates, towns."""
        assert lire(fichier_de("postes", nom)) == {"postes"}


class TestPersonnes:
    """Someone may be named: the file is refused, and the value not repeated."""

    @pytest.mark.parametrize(
        ("colonne", "valeur"),
        [
            *cas(["poste_id", "statut", "remarques"], PERSONNES),
            *cas(["poste_id"], PERSONNES_DANS_UN_CODE),
            *cas(["remarques"], PERSONNES_DANS_UNE_PHRASE),
            *cas(["fonction"], ["DUPONT Jeanne", "ASS DUPONT Jeanne", "ASS (Mme Martin)"]),
        ],
    )
    def test_a_person_refuses_the_file_of_postes_unsaid(self, colonne, valeur):
        """Whatever the way it is written."""
        erreur = refus(fichier_de("postes", **{colonne: valeur}))
        assert erreur.colonne == colonne
        assert valeur not in str(erreur)

    @pytest.mark.parametrize(
        "nom",
        ["postes Mme Martin.csv", "DUPONT Jeanne.csv", "jeanne.dupont.csv",
         "postes-Jeanne-Dupont.csv", "Postes J. Dupont.csv", "Jeanne DUPONT/postes.csv",
         "postes 0612345678.csv", "postes de Claire Martin.csv",
         "1850578006084.csv"],
    )  # fmt: skip
    def test_the_name_of_a_file_that_is_a_person_s(self, nom):
        """It is kept with what is built: refused, and not repeated, whatever else is refused."""
        for fichier in (fichier_de("postes", nom), fichier_de("postes", nom, note="0612345678")):
            dit = str(refus(fichier))
            assert nom.rsplit(".", 1)[0] not in dit
        incomplet = Fichier(nom, b"poste_id;fonction;quotite;statut\r\nP1;ASS;1;occupe\r\n")
        with pytest.raises(AtlasError) as erreur:
            lire(incomplet)
        assert nom.rsplit(".", 1)[0] not in str(erreur.value)

    @pytest.mark.parametrize(
        ("ou", "valeur"),
        [
            *cas(["feuille", "note", "titre"], PERSONNES_A_COTE),
            # alone in a text, it is not told from a town
            ("feuille", "Jeanne"),
            ("note", "Zéphyrine Quatrebarbes"),
        ],
    )
    def test_beside_the_cells_of_a_workbook(self, ou, valeur):
        """The name of a sheet, a note, a line above the header."""
        octets = io.BytesIO()
        with xlsxwriter.Workbook(octets, {"in_memory": True}) as classeur:
            page = classeur.add_worksheet(valeur if ou == "feuille" else "postes")
            page.write_row(0, 0, [valeur if ou == "titre" else "Postes"])
            page.write_row(1, 0, fabrique.COLONNES_POSTES)
            page.write_row(2, 0, list(LIGNES["postes"].values()))
            if ou == "note":
                page.write_comment("A3", f"suivi par {valeur}")
        assert valeur not in str(refus(Fichier("postes.xlsx", octets.getvalue())))

    def test_a_number_of_a_spreadsheet_is_judged_as_written(self):
        """A cell holds 185057800608491 as a number."""
        octets = io.BytesIO()
        with xlsxwriter.Workbook(octets, {"in_memory": True}) as classeur:
            page = classeur.add_worksheet("postes")
            page.write_row(0, 0, [*fabrique.COLONNES_POSTES, "code"])
            page.write_row(1, 0, list(LIGNES["postes"].values()))
            page.write_number(1, len(fabrique.COLONNES_POSTES), 185057800608491)
        assert refus(Fichier("postes.xlsx", octets.getvalue())).colonne == "code"


class TestFichiersPublics:
    def test_numbers_of_thirteen_digits_and_telephones_of_schools_are_read(self):
        """A public file has identifiers of its own, and telephones in columns of their own."""
        annuaire = dict.fromkeys(fabrique.COLONNES_ANNUAIRE, "") | fabrique.etablissement(1)
        annuaire |= {"telephone": "0467123456", "mail": "ce.0340001s@ac-montpellier.fr",
                     "SIREN_SIRET": "21340172000015", "identifiant": "1850578006084",
                     "modifié le": "01/02/2023 10:30"}  # fmt: skip
        texte = f"{';'.join(annuaire)}\r\n{';'.join(map(str, annuaire.values()))}\r\n"
        assert lire(Fichier("annuaire.csv", texte.encode())) == {"annuaire"}


class TestTraces:
    @pytest.mark.parametrize(
        ("colonne", "secret"),
        [("poste_id", "Quatrebarbes J."), ("statut", "QUATREBARBES Zéphyrine"),
         ("remarques", "collège Jean Moulin (Zéphyrine Quatrebarbes)"),
         ("residence_uai", "Zéphyrine Quatrebarbes"), ("quotite", "Zéphyrine Quatrebarbes")],
    )  # fmt: skip
    def test_neither_the_folder_of_the_warehouse_nor_what_is_said_holds_it(
        self, tmp_path, capfd, caplog, colonne, secret
    ):
        """Refused for a person, or for a bad value that may be one."""
        caplog.set_level(logging.DEBUG)
        sources = fabrique.petit_departement(tmp_path / "sources")
        (sources / "postes.csv").write_bytes(fichier_de("postes", **{colonne: secret}).lire())
        base = tmp_path / "entrepot" / "atlas.duckdb"
        base.parent.mkdir()
        with pytest.raises(AtlasError) as erreur:
            construction.construire([sources], base)
        dit = "".join([str(erreur.value), repr(erreur.value), *capfd.readouterr(), caplog.text])
        restes = [f.read_bytes() for f in base.parent.rglob("*") if f.is_file()]
        assert "uatrebarbes" not in dit.lower()
        assert not any(b"uatrebarbes" in octets.lower() for octets in restes)

    def test_the_report_of_a_bad_value_does_not_say_who(self, tmp_path):
        """« atlas verifier » and the page show the values of blocking lines, but this one."""
        sources = fabrique.petit_departement(tmp_path / "sources")
        (sources / "postes.csv").write_bytes(
            fichier_de("postes", poste_id="P2", quotite="Zéphyrine Quatrebarbes").lire()
        )
        connexion = duckdb.connect()
        chargement.charger(connexion, [sources])
        construction._assembler(connexion, None, lambda etape, part: None)
        [anomalie] = [a for a in rapport.anomalies(connexion) if a.gravite == rapport.BLOQUANTE]
        assert anomalie.valeur == "valeur non montrée"
