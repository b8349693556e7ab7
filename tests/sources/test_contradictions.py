"""Two sources, or two rows of one, that disagree: the rule that chose is stated, never a silent
pick; and what is told is told at the row where it can be seen.
"""

import csv

import fabrique
import pytest
from fabrique import etablissement, poste, uai

from pipelines.base import chemins

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
    """300 in 2021, nothing in 2022, 500 in 2023."""
    ecrire(dossier / "eff.csv", COLLEGES, ("2021", UN, "300"), ("2023", UN, "500"))
    with fabrique.en_memoire(dossier) as sql:
        fichier, ligne, _, valeur, _ = dite(sql, "effectif_saut")
    assert (fichier, ligne) == ("eff.csv", 3)
    assert valeur.endswith("300 à la rentrée 2021, 500 à la rentrée 2023")


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


class TestEffectifDeLAnnuaire:
    """What the annuaire counts, beside a file: its rows are dated, its pupils are not."""

    def test_a_file_two_rentrees_late_gives_way_to_the_annuaire_and_is_told(self, dossier):
        """300 by the file of 2020, 600 by the annuaire of November 2024: four rentrées apart."""
        ecrire(dossier / "eff.csv", COLLEGES, ("2020", UN, "300"))
        with fabrique.en_memoire(dossier) as sql:
            assert sql(
                "select effectif, effectif_rentree, effectif_source, effectif_fichier "
                f"from mart_etablissement where uai = '{UN}'"
            ) == [(600, 2024, "annuaire", "annuaire.csv")]
            *ou, valeur, consequence = dite(sql, "effectif_annuaire_contraire")
        assert ou == ["eff.csv", 2, "effectif"]
        assert valeur.endswith(
            "300 à la rentrée 2020, 600 selon l'annuaire de la rentrée 2024, retenu 600"
        )
        assert "plus d’une rentrée de retard" in consequence

    def test_a_file_of_the_rentree_before_stands_and_a_wide_gap_is_told(self, dossier):
        """The annuaire of a year often gives the count of the year before."""
        ecrire(dossier / "eff.csv", COLLEGES, ("2023", UN, "300"), ("2023", DEUX, "390"))
        with fabrique.en_memoire(dossier) as sql:
            assert sql(
                "select effectif, effectif_rentree from mart_etablissement "
                f"where uai in ('{UN}', '{DEUX}') order by uai"
            ) == [(300, 2023), (390, 2023)]
            assert dite(sql, "effectif_annuaire_contraire")[3].endswith("retenu 300")

    def test_a_count_the_newest_annuaire_keeps_silent_on_is_that_of_the_one_before(self, dossier):
        """With its file and its year; told, and not said to be in no file."""
        fabrique.ecrire_annuaire(
            dossier,
            [etablissement(n, date_maj_ligne="2026-09-01") for n in (1, 2)],
            nom="annuaire-2026.csv",
        )
        with fabrique.en_memoire(dossier) as sql:
            assert sql(
                "select effectif, effectif_rentree, effectif_fichier, fichier "
                f"from mart_etablissement where uai = '{UN}'"
            ) == [(600, 2024, "annuaire.csv", "annuaire-2026.csv")]
            assert sql(
                "select code, fichier, ligne, valeur from mart_anomalie "
                f"where valeur like '{UN}%' and code like 'effectif%'"
            ) == [
                ("effectif_repris", "annuaire-2026.csv", 2,
                 f"{UN} Collège fictif 1, retenu 600 à la rentrée 2024 (annuaire.csv)")
            ]  # fmt: skip

    def test_an_annuaire_without_dates_says_that_the_year_of_its_pupils_is_unknown(self, tmp_path):
        """Said once for the file, with how many establishments it is about."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(n, Nombre_d_eleves="600", date_maj_ligne="") for n in (1, 2)],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select distinct effectif, effectif_rentree from mart_etablissement") == [
                (600, None)
            ]
            *ou, valeur, consequence = dite(sql, "annuaire_sans_date")
        assert ou == ["annuaire.csv", 2, "date_maj_ligne"]
        assert valeur.endswith(f"2, dont {UN}")
        assert "reste inconnue" in consequence


class TestLignesContraires:
    """Two rows of one source that disagree: what is set aside and what stands are both told."""

    @pytest.mark.parametrize(
        ("nom", "colonnes", "lignes", "colonne", "ecarte", "retenu"),
        [
            ("eff.csv", COLLEGES, [("2024", UN, "600"), ("2024", UN, "590")],
             "effectif", "590", "600"),
            ("ips.csv", IPS, [("2022-2023", UN, "80", ""), ("2022-2023", UN, "130", "")],
             "ips", "130,0", "80,0"),
            ("trajets.csv", ("origine_uai", "destination_uai", "minutes", "km"),
             [(UN, DEUX, "20", "10"), (UN, DEUX, "55", "10")],
             "minutes", "55 min, 10 km", "20 min, 10 km"),
            ("dispositifs.csv", fabrique.COLONNES_DISPOSITIFS,
             [(UN, "UPE2A", "oui", "a"), (UN, "UPE2A", "non", "b")], "present", "non", "oui"),
            ("bassins.csv", ("uai", "bassin"), [(UN, "Béziers"), (UN, "Sète")],
             "bassin", "Sète", "Béziers"),
            ("conditions.csv", ("uai", "bureau", "telephone", "rangement_ferme"),
             [(UN, "oui", "oui", "oui"), (UN, "oui", "non", "oui")], "telephone", "non", "oui"),
            ("dessertes.csv", ("commune_code", "commune", "desservie"),
             [("34001", "Commune 1", "oui"), ("34001", "Commune 1", "non")],
             "desservie", "non", "oui"),
            ("activite.csv", fabrique.COLONNES_ACTIVITE,
             [("2025-2026", "annee", UN, "entretiens", "", "10"),
              ("2025-2026", "annee", UN, "entretiens", "", "400")], "nombre", "400", "10"),
        ],
        ids=lambda valeur: valeur if isinstance(valeur, str) and valeur.endswith(".csv") else "",
    )  # fmt: skip
    def test_two_rows_of_one_file_that_disagree_are_to_be_checked(
        self, dossier, nom, colonnes, lignes, colonne, ecarte, retenu
    ):
        """The first row stands; nothing is « rien à faire »."""
        ecrire(dossier / nom, colonnes, *lignes)
        with fabrique.en_memoire(dossier) as sql:
            *ou, valeur, _ = dite(sql, "lignes_contraires")
            assert sql("select gravite from mart_anomalie where code = 'lignes_contraires'") == [
                ("attention",)
            ]
        assert ou == [nom, 3, colonne]
        assert valeur.endswith(f", écarté {ecarte}, retenu {retenu} ({nom})")

    def test_two_levels_of_density_for_one_commune_are_to_be_checked(self, dossier):
        """The grid gives one commune twice, dense and sparse."""
        ecrire(
            dossier / "grille.csv", ("CODGEO", "LIBGEO", "DENS"),
            ("34009", "Neuf", "7"), ("34009", "Neuf", "1"),
        )  # fmt: skip
        with fabrique.en_memoire(dossier) as sql:
            *ou, valeur, _ = dite(sql, "lignes_contraires")
        assert ou == ["grille.csv", 3, "densite"]
        assert valeur == "34009, écarté 1, retenu 7 (grille.csv)"

    @pytest.mark.parametrize(
        ("colonnes", "ancien", "nouveau", "revise", "dit"),
        [(COLLEGES, "600", "300", "402", ("600", "300")),
         (IPS, "60", "65", "100,4", ("60,0", "65,0"))],
        ids=["effectif", "ips"],
    )  # fmt: skip
    def test_two_vintages_of_one_rentree_are_told_when_they_are_far_apart(
        self, dossier, colonnes, ancien, nouveau, revise, dit
    ):
        """600 in the older file, 300 in the newer: the newer stands. 400 and 402 is a revision."""
        reste = ("",) * (len(colonnes) - 3)
        voisin = "400" if colonnes is COLLEGES else "100"
        ecrire(
            dossier / "a.csv", colonnes,
            ("2024-2025", UN, ancien, *reste), ("2024-2025", DEUX, voisin, *reste),
        )  # fmt: skip
        ecrire(
            dossier / "b.csv", colonnes, ("2024-2025", UN, nouveau, *reste),
            ("2024-2025", DEUX, revise, *reste), ("2025-2026", DEUX, revise, *reste),
        )  # fmt: skip
        donnee = "effectif" if colonnes is COLLEGES else "ips"
        with fabrique.en_memoire(dossier) as sql:
            assert sql(f"select {donnee} from mart_etablissement where uai = '{UN}'") == [
                (int(nouveau),)
            ]
            *ou, valeur, _ = dite(sql, "lignes_contraires")
        assert ou == ["a.csv", 2, donnee]
        assert valeur == f"{UN}, rentrée 2024, écarté {dit[0]}, retenu {dit[1]} (b.csv)"

    @pytest.mark.parametrize(("colonnes", "silence"), [(COLLEGES, ""), (IPS, "NS")])
    def test_a_value_only_the_older_vintage_gives_is_kept_with_its_file(
        self, dossier, colonnes, silence
    ):
        """The newer file keeps silent on it for the same rentrée."""
        reste = ("",) * (len(colonnes) - 3)
        ecrire(dossier / "a.csv", colonnes, ("2023-2024", UN, "130", *reste))
        ecrire(
            dossier / "b.csv", colonnes,
            ("2023-2024", UN, silence, *reste), ("2024-2025", DEUX, "120", *reste),
        )  # fmt: skip
        donnee = "ips" if silence else "effectif"
        table = "stg_ips" if silence else "stg_effectifs"
        with fabrique.en_memoire(dossier) as sql:
            assert sql(f"select {donnee}, fichier from {table} where uai = '{UN}'") == [
                (130, "a.csv")
            ]
            *ou, valeur, _ = dite(sql, "valeur_reprise")
            assert sql("select count(*) from mart_anomalie where code = 'ips_non_publie'") == [(0,)]
        assert ou == ["b.csv", 2, donnee]
        assert valeur.startswith(f"{UN}, rentrée 2023, retenu 130")


def test_a_local_bassin_takes_no_code_of_another_bassin(tmp_path):
    """Béziers by the local file, 12 Montpellier by the annuaire: told, and 12 is not kept."""
    montpellier = {"code_bassin_formation": "12", "libelle_bassin_formation": "MONTPELLIER"}
    fabrique.ecrire_annuaire(tmp_path, [etablissement(n, **montpellier) for n in (1, 2, 3)])
    ecrire(tmp_path / "bassins.csv", ("uai", "bassin"), (UN, "Béziers"), (DEUX, "Montpellier"))
    with fabrique.en_memoire(tmp_path) as sql:
        for table, cle in (("mart_etablissement", "uai"), ("mart_site", "uai_principal")):
            assert sql(f"select bassin, bassin_code from {table} order by {cle}") == [
                ("Béziers", None), ("Montpellier", "12"), ("MONTPELLIER", "12"),
            ]  # fmt: skip
        *ou, valeur, consequence = dite(sql, "bassin_contraire")
    assert ou == ["bassins.csv", 2, "bassin"]
    assert valeur.endswith("Béziers, MONTPELLIER selon l'annuaire")
    assert consequence.startswith("le fichier des bassins l’emporte")


def test_presences_that_add_up_at_one_rhythm_are_told(dossier):
    """2 and 4 a week at one place make 6 a week; 1 a month beside them is no repetition."""
    fabrique.ecrire_postes(dossier, [poste("P1")])
    ecrire(
        dossier / "presences.csv", PRESENCES,
        ("P1", UN, "2", "semaine"), ("P1", UN, "4", "semaine"), ("P1", UN, "1", "mois"),
    )  # fmt: skip
    with fabrique.en_memoire(dossier) as sql:
        assert sql("select sum(demi_journees_cycle)::integer from mart_presence") == [(25,)]
        *ou, valeur, consequence = dite(sql, "presences_additionnees")
    assert ou == ["presences.csv", 3, "demi_journees"]
    assert valeur.endswith(f"{UN}, 2 + 4 par semaine")
    assert consequence == "les présences sont additionnées"


def test_every_faulty_cell_of_a_local_row_is_told(dossier):
    """Four faults on a poste, three on a presence: mended at once; each row is counted once."""
    ecrire(
        dossier / "postes.csv", fabrique.COLONNES_POSTES[:5], ("P1", "AS", "abc", "xx", "z"),
        ("P2", "ASS", "80", UN, "occupe"),
    )  # fmt: skip
    ecrire(dossier / "presences.csv", PRESENCES, ("P2", "xx", "beaucoup", "jour"))
    with fabrique.en_memoire(dossier) as sql:
        assert sql(
            "select code, ligne, valeur from mart_anomalie "
            "where source in ('postes', 'presences') order by source, ligne, code"
        ) == [
            ("fonction_inconnue", 2, "AS"), ("quotite_hors_bornes", 2, "abc"),
            ("residence_illisible", 2, "xx"), ("statut_inconnu", 2, "z"),
            ("quotite_en_pourcentage", 3, "80"),
            ("demi_journees_illisibles", 2, "beaucoup"), ("periodicite_inconnue", 2, "jour"),
            ("uai_illisible_local", 2, "xx"),
        ]  # fmt: skip
        for source, attendus in (("postes", ["gardee", "rejetee"]), ("presences", ["rejetee"])):
            sorts = sql(f"select sort from stg_{source}_lignes order by all")
            assert [sort for (sort,) in sorts] == attendus


@pytest.mark.parametrize(
    ("nom", "colonnes", "ligne", "attendues"),
    [
        ("eff.csv", COLLEGES, ("l’an passé", "n.c.", "50000"),
         [("effectif_impossible", "effectif", "50000"),
          ("rentree_illisible", "rentree", "l’an passé"), ("uai_illisible", "uai", "n.c.")]),
        ("ips.csv", IPS, ("l’an passé", UN[:7] + "B", "NS", ""),
         [("ips_non_publie", "ips", "NS"), ("rentree_illisible", "rentree_scolaire", "l’an passé"),
          ("uai_cle_fausse", "uai", UN[:7] + "B")]),
        ("activite.csv", fabrique.COLONNES_ACTIVITE, ("hier", "T9", "xx", "", "", "-3"),
         [("annee_illisible", "annee_scolaire", "hier"), ("indicateur_absent", "indicateur", None),
          ("nombre_illisible", "nombre", "-3"), ("periode_inconnue", "periode", "T9"),
          ("uai_illisible_local", "uai", "xx")]),
        ("trajets.csv", ("origine_uai", "destination_uai", "minutes", "km"),
         ("xx", "yy", "-1", "z"),
         [("destination_illisible", "destination_uai", "yy"), ("km_illisibles", "km", "z"),
          ("minutes_illisibles", "minutes", "-1"), ("uai_illisible_local", "origine_uai", "xx")]),
        ("conditions.csv", ("uai", "bureau", "telephone", "rangement_ferme"), (UN, "a", "b", "oui"),
         [("condition_illisible", "bureau", "a"), ("condition_illisible", "telephone", "b")]),
    ],
    ids=["effectifs", "ips", "activite", "trajets", "conditions"],
)  # fmt: skip
def test_every_cell_amiss_of_a_row_is_told(dossier, nom, colonnes, ligne, attendues):
    """What stops a row does not hide the rest: it is mended at once, and counted once."""
    ecrire(dossier / nom, colonnes, ligne)
    with fabrique.en_memoire(dossier) as sql:
        assert sql(
            "select code, colonne, valeur from mart_anomalie "
            f"where fichier = '{nom}' and ligne = 2 order by code, colonne"
        ) == attendues  # fmt: skip


def test_a_row_that_cannot_be_read_replaces_none(dossier):
    """« peut-être », then « oui »: the first is to be mended, the second is not its repetition."""
    ecrire(
        dossier / "dispositifs.csv", fabrique.COLONNES_DISPOSITIFS,
        (UN, "UPE2A", "peut-être", "a"), (UN, "UPE2A", "oui", "b"),
    )  # fmt: skip
    ecrire(
        dossier / "activite.csv", fabrique.COLONNES_ACTIVITE,
        ("2025-2026", "annee", UN, "entretiens", "", "beaucoup"),
        ("2025-2026", "annee", UN, "entretiens", "", "10"),
    )  # fmt: skip
    with fabrique.en_memoire(dossier) as sql:
        for source in ("dispositifs", "activite"):
            sorts = sql(f"select ligne, sort from stg_{source}_lignes order by ligne")
            assert sorts == [(2, "rejetee"), (3, "gardee")]
        assert sql(
            "select code from mart_anomalie where source in ('dispositifs', 'activite') "
            "and gravite != 'information' order by code"
        ) == [("nombre_illisible",), ("present_illisible",)]


def test_one_uai_in_two_communes_at_one_point_is_one_establishment_and_told(tmp_path):
    """Figeac and Bagnac-sur-Célé, the same coordinates: 0460054J in the annuaire of Occitanie."""
    lot = {
        "Identifiant_de_l_etablissement": "0460054J",
        "Code_departement": "046",
        "Libelle_departement": "Lot",
    }
    fabrique.ecrire_annuaire(
        tmp_path,
        [
            etablissement(1, Nom_etablissement=nom, Code_commune=commune, **lot)
            for nom, commune in (("Marcel Masbou", "46102"), ("Les Castors", "46015"))
        ],
    )
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql("select uai, commune_code from mart_etablissement") == [("0460054J", "46102")]
        assert dite(sql, "uai_deux_communes")[:4] == ("annuaire.csv", 3, "uai", "0460054J")
        assert sql(
            "select count(*) from mart_anomalie "
            "where code in ('position_deplacee', 'position_deux_lignes')"
        ) == [(0,)]


@pytest.mark.parametrize(
    ("ecrite", "departement", "academie"),
    [
        ("AUVERGNE-ET-RHONE-ALPES", "038", "Grenoble"),
        ("Auvergne-Rhône-Alpes", "069", "Lyon"),
        ("AUVERGNE ET RHONE ALPES", "63", "Clermont-Ferrand"),
        ("Région académique Île-de-France", "093", "Créteil"),
        ("PAYS DE LA LOIRE", "044", "Nantes"),
        ("Académie de Lille", "059", "Lille"),
        ("Rectorat de l'académie de Lyon", "069", "Lyon"),
    ],
)
def test_a_region_in_the_column_of_the_academies_is_that_of_the_departement(
    tmp_path, ecrite, departement, academie
):
    """AUVERGNE-ET-RHONE-ALPES is three académies: the département says which."""
    fabrique.ecrire_annuaire(
        tmp_path,
        [etablissement(1, Libelle_academie=ecrite, Code_departement=departement)],
    )
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql("select academie from mart_etablissement") == [(academie,)]
        assert sql("select ligne from mart_anomalie where code = 'academie_inconnue'") == []


def test_a_region_elsewhere_than_its_departement_is_told_and_kept_as_written(tmp_path):
    """No département of Hérault's is of Auvergne-Rhône-Alpes."""
    fabrique.ecrire_annuaire(tmp_path, [etablissement(1, Libelle_academie="AUVERGNE-RHONE-ALPES")])
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql("select academie from mart_etablissement") == [("AUVERGNE-RHONE-ALPES",)]
        assert dite(sql, "academie_inconnue")[:2] == ("annuaire.csv", 2)


def test_the_academies_of_a_region_are_those_of_its_departements():
    """`academies_alias.csv` and `academies.csv` agree, and each académie has its name alone."""

    def lignes(nom):
        with (chemins.REFERENCE / nom).open(encoding="utf-8", newline="") as flux:
            return list(csv.DictReader(flux))

    de = {ligne["departement"]: ligne["academie"] for ligne in lignes("academies.csv")}
    alias = {ligne["ecriture"]: ligne["academie"] for ligne in lignes("academies_alias.csv")}
    regions = {e: academie for e, academie in alias.items() if " " in e}
    assert len(regions) > 90
    assert {e: de[e.split()[1]] for e in regions} == regions
    assert set(de.values()) <= {a for e, a in alias.items() if " " not in e}
