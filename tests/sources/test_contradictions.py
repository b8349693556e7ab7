"""Two sources, or two rows of one, that disagree: the rule that chose is stated, never a silent
pick; and what is told is told at the row where it can be seen.
"""

import fabrique
import pytest
from fabrique import etablissement, poste, uai

UN, DEUX = uai(1), uai(2)
COLLEGES = ("rentree_scolaire", "numero_college", "nombre_eleves_total")
IPS = ("rentree_scolaire", "uai", "ips", "ecart_type_de_l_ips")
IPS_LYCEES = ("rentree_scolaire", "uai", "ips_voie_gt", "ips_voie_pro", "ips_ensemble_gt_pro")
PRESENCES = ("poste_id", "uai", "demi_journees", "periodicite")


def ecrire(chemin, colonnes, *lignes):
    """A CSV of a few rows."""
    return fabrique.ecrire_csv(
        chemin, colonnes, [dict(zip(colonnes, ligne, strict=True)) for ligne in lignes]
    )


def dite(sql, code):
    """The one anomaly of a code: file, line, column, value, consequence."""
    [anomalie] = sql(
        "select fichier, ligne, colonne, valeur, consequence from mart_anomalie "
        f"where code = '{code}'"
    )
    return anomalie


@pytest.fixture
def dossier(tmp_path):
    """The small département, with a warehouse of nothing local."""
    return fabrique.petit_departement(tmp_path / "sources")


def test_the_annuaire_and_a_file_that_count_otherwise_the_same_rentree_are_told(dossier):
    """600 by the annuaire of November 2024, 300 by the file of rentrée 2024: the file stands."""
    ecrire(dossier / "eff.csv", COLLEGES, ("2023", DEUX, "400"), ("2024", UN, "300"))
    with fabrique.en_memoire(dossier) as sql:
        assert sql(f"select effectif from mart_etablissement where uai = '{UN}'") == [(300,)]
        *ou, valeur, consequence = dite(sql, "effectif_sources_contraires")
    assert ou == ["eff.csv", 3, "effectif"]
    assert valeur.endswith("300 (effectifs_colleges), 600 (annuaire)")
    assert consequence.endswith("puis l’annuaire")


def test_an_enrolment_that_jumps_over_a_missing_year_is_told_at_its_row(dossier):
    """300 in 2020, nothing in 2021, 500 in 2022."""
    ecrire(dossier / "eff.csv", COLLEGES, ("2020", UN, "300"), ("2022", UN, "500"))
    with fabrique.en_memoire(dossier) as sql:
        fichier, ligne, _, valeur, _ = dite(sql, "effectif_saut")
    assert (fichier, ligne) == ("eff.csv", 3)
    assert valeur.endswith("300 à la rentrée 2020, 500 à la rentrée 2022")


def test_a_dispositif_the_annuaire_denies_is_that_of_the_local_file_and_told(dossier):
    """SEGPA by the annuaire, none by the file; what the annuaire keeps silent on is no dispute."""
    ecrire(
        dossier / "dispositifs.csv", fabrique.COLONNES_DISPOSITIFS[:3],
        (UN, "SEGPA", "non"), (UN, "UPE2A", "oui"),
    )  # fmt: skip
    with fabrique.en_memoire(dossier) as sql:
        assert sql(f"select segpa from mart_etablissement where uai = '{UN}'") == [(False,)]
        fichier, ligne, _, valeur, consequence = dite(sql, "dispositif_contraire")
    assert (fichier, ligne) == ("dispositifs.csv", 2)
    assert valeur.endswith("SEGPA, non, oui selon l'annuaire")
    assert consequence == "le fichier des dispositifs l’emporte"


def test_two_indices_of_one_uai_say_which_was_kept(dossier):
    """80 as a collège, 130 as a lycée, the same year: the collège's, and the other is told."""
    ecrire(dossier / "ipsc.csv", IPS, ("2022-2023", UN, "80", ""))
    ecrire(dossier / "ipsl.csv", IPS_LYCEES, ("2022-2023", UN, "130", "", "130"))
    with fabrique.en_memoire(dossier) as sql:
        fichier, ligne, _, valeur, _ = dite(sql, "ips_deux_sources")
    assert (fichier, ligne) == ("ipsl.csv", 2)
    assert valeur.endswith("130,0 à la rentrée 2022, retenu 80,0 à la rentrée 2022 (ipsc.csv)")


def test_two_rows_of_one_annuaire_that_disagree_are_not_a_mere_repetition(tmp_path):
    """Public and private, 600 and 200 pupils, ten kilometres apart: each « attention »."""
    fabrique.ecrire_annuaire(
        tmp_path,
        [
            etablissement(1),
            etablissement(1, Statut_public_prive="Privé", latitude="43.59", longitude="3.59"),
            etablissement(2, Nombre_d_eleves="600"),
            etablissement(2, Nombre_d_eleves="200"),
            etablissement(3, Nombre_d_eleves="600"),
            etablissement(3, Nombre_d_eleves="610"),
        ],
    )
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql(
            "select code, ligne, colonne, gravite, valeur from mart_anomalie where code in "
            "('uai_lignes_contraires', 'uai_deux_lignes', 'position_deux_lignes') order by 2, 1"
        ) == [
            ("position_deux_lignes", 3, "latitude", "attention",
             f"{UN} Collège fictif 1, 12,4 km plus loin"),
            ("uai_lignes_contraires", 3, "statut_public_prive", "attention",
             f"{UN} Collège fictif 1, Privé, retenu Public"),
            ("uai_lignes_contraires", 5, "nombre_d_eleves", "attention",
             f"{DEUX} Collège fictif 2, 200, retenu 600"),
            ("uai_deux_lignes", 7, "uai", "information", uai(3)),
        ]  # fmt: skip
        assert sql("select count(*) from stg_annuaire_lignes where sort = 'fusionnee'") == [(3,)]


def test_a_point_far_from_its_departement_is_told_even_without_contours(tmp_path):
    """Paris, or latitude and longitude swapped, in the Hérault; a neighbour 100 km away is not."""
    lieux = [("43.6", "3.8"), ("43.5", "3.5"), ("43.4", "3.2"), ("44.4", "3.8"),
             ("48.85", "2.35"), ("3.5", "43.5")]  # fmt: skip
    fabrique.ecrire_annuaire(
        tmp_path,
        [etablissement(n, latitude=y, longitude=x) for n, (y, x) in enumerate(lieux, start=1)],
    )
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql(
            "select ligne from mart_anomalie where code = 'position_loin_du_departement' order by 1"
        ) == [(6,), (7,)]


def test_presences_beyond_the_time_of_a_poste_are_told_in_their_own_file_and_line(dossier):
    """Not at the line of the file of postes; file and line are those of one row."""
    fabrique.ecrire_postes(dossier, [poste("P0"), poste("P1", quotite="0,5"), poste("P2")])
    ecrire(dossier / "a.csv", PRESENCES, ("P0", UN, "1", "mois"), ("P1", DEUX, "1", "semaine"),
           ("P2", UN, "0,25", "mois"))  # fmt: skip
    ecrire(dossier / "b.csv", PRESENCES, ("P2", UN, "0,5", "mois"), ("P1", UN, "9", "semaine"))
    with fabrique.en_memoire(dossier) as sql:
        assert dite(sql, "presences_au_dela_du_temps")[:4] == (
            "a.csv", 3, "demi_journees", "P1 : 40 pour 20",
        )  # fmt: skip
        assert dite(sql, "presence_arrondie")[:3] == ("a.csv", 4, "demi_journees")


def test_a_table_that_begins_in_column_c_keeps_the_letters_of_its_columns(dossier):
    """An untitled column is told where the spreadsheet shows it: I, not G."""
    entetes = [*fabrique.COLONNES_POSTES[:5], "bassin", ""]
    ligne = ["P1", "ASS", "1", UN, "occupe", "Nord", "note"]
    fabrique.ecrire_classeur(dossier / "postes.xlsx", [["", "", *entetes], ["", "", *ligne]])
    with fabrique.en_memoire(dossier) as sql:
        assert sql("select poste_id, bassin from mart_poste") == [("P1", "Nord")]
        assert dite(sql, "colonne_sans_titre")[2] == "I"
