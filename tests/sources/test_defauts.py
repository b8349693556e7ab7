# ruff: noqa: E501 (the table of defects below)
"""Every defect met in the real files, one test each: read right, or told in words one can act on.

| Defect (LISEZMOI) | Rule | Test |
|---|---|---|
| one UAI on two rows, same place or two communes | one establishment, the newest row, then the Collège | `TestIdentifiants.test_one_uai_on_two_rows…`, `tests/marts/test_construction.py`, `tests/marts/test_comptes_reels.py` |
| lower-case UAI, wrong check letter, no UAI | read in capitals; kept and told; set aside and told | `TestIdentifiants` |
| leading zeros lost in a UAI | 5 or 6 digits and a letter are filled up to 7, told | `TestIdentifiants` |
| département `013 13 4 2A 70 031`, `34.0` | three characters | `TestIdentifiants` |
| Corsican 620/720 and overseas UAI | seven digits and their letter, whatever the prefix | `TestIdentifiants` |
| SEGPA, SEP, SGT with their own UAI | merged in their mother | `TestIdentifiants` |
| LPO in GT and in pro, rows pasted twice | two voices add up; a row pasted twice counts once | `TestEffectifs` |
| `2,17003E+13`, telephone without its 0 | columns nobody reads break nothing | `TestTableur` |
| `59008.0`, `686.0`, `92,4`, `1 234` | numbers as the spreadsheet writes them | `TestTableur` |
| 27/05/2026, ISO, serial dates | one calendar | `TestTableur` |
| `<5`, `NS`, empty totals | unknown, never zero | `TestTableur`, `TestEffectifs` |
| no-break spaces, leading blanks | cleaned at reading | `TestTableur` |
| thousands of empty rows, cells of 21 000 characters | passed over; lines keep their number | `TestTableur` |
| merged cells, label on the first row only | filled down, told | `TestTableur` |
| title lines, line breaks in headers, unnamed first column | header found by its words | `TestFormes` |
| BOM or none, UTF-8, Windows-1252, UTF-16, both mixed | told from the bytes | `TestFormes` |
| `;` `,` tab, CRLF, LF, CR | told from the known headers | `TestFormes` |
| large file: blank lines, rows too wide, quotes never closed | same rows, same line numbers as a small one | `TestFormes` |
| académie spellings, renamed académies | `academies_alias.csv`, dated; an unknown one is kept and told | `TestContenu` |
| no state, ministry, nature, statut, département, level of an école | kept or unknown, always told | `TestDoutes` |
| A OUVRIR in 2099, A FERMER, no name | out of scope and told; kept and told; named by its type | `TestContenu` |
| both REP and REP+, two labels in the list | list, then annuaire, never the brevet; REP+ wins in the list | `TestContenu` |
| two collèges under one head, a section in the list, points shared by several UAI | each its site; told; nothing to tell | `TestContenu`, `TestPositions` |
| `rep0` for REP+, a postal code under « code_commune_insee » | read as REP+; never read | `TestContenu`, `TestEffectifs` |
| coordinates missing, poor, moved, far from the commune, nonsense | commune's point; kept and told | `TestPositions`, `tests/marts/test_construction.py` |
| arrondissements, communes missing from the grid | the whole commune; unknown and told | `TestContenu`, `tests/marts/test_construction.py` |
| index population taken for an enrolment | a weight of the index, never an effectif | `TestEffectifs` |
| session of the brevet | pupils of the rentrée before | `TestEffectifs`, `tests/marts/test_comptes_reels.py` |
| two vintages of one dataset | newest wins, one anomaly a file with its count | `TestMillesimes` |
| a header nobody knows, an empty file, a .json | named with what it lacks | `tests/sources/test_reconnaissance.py`, `TestFormes` |
"""

from datetime import date

import duckdb
import fabrique
import pytest
from fabrique import etablissement, reseau, uai
from hypothesis import given
from hypothesis import strategies as st

from pipelines.base.erreurs import AtlasError
from pipelines.base.uai import cle
from pipelines.sources import chargement, fichiers_csv, lecture

UN, DEUX = uai(1), uai(2)
ECRITURES_D_UN_JOUR = (
    "{:%Y-%m-%d}".format,
    "{:%d/%m/%Y}".format,
    "{:%Y%m%d}".format,
    "maj du {:%d.%m.%Y} au soir".format,
    lambda jour: f"{jour.day}/{jour.month}/{jour.year}",
    lambda jour: f"{(jour - chargement.ORIGINE_DU_TABLEUR).days}",
)


def anomalies(sql, *codes):
    """(code, value) of the anomalies met, those of `codes` when given."""
    filtre = f"where code in {(*codes, '')}" if codes else ""
    return sql(f"select code, valeur from mart_anomalie {filtre} order by code, ligne, valeur")


def ecrire_ips(dossier, lignes, nom="ips.csv"):
    """The IPS of écoles: (uai, effectifs, ips)."""
    colonnes = ("rentree_scolaire", "uai", "effectifs", "ips")
    dicts = [dict(zip(colonnes, ("2022-2023", *ligne), strict=True)) for ligne in lignes]
    return fabrique.ecrire_csv(dossier / nom, colonnes, dicts)


def ecrire_effectifs(dossier, lignes, voie="colleges", nom=None):
    """Enrolments by level: (rentrée, uai, pupils)."""
    colonnes = {
        "colleges": ("rentree_scolaire", "numero_college", "nombre_eleves_total"),
        "gt": ("rentree_scolaire", "numero_lycee", "nombre_d_eleves", "2ndes_gt"),
        "pro": ("rentree_scolaire", "numero_lycee", "nombre_d_eleves", "2ndes_pro"),
        "brevet": ("session", "numero_college", "nombre_eleves_total", "rep", "rep_plus"),
        "second_degre": ("annee_scolaire", "numero_d_etablissement", "nombre_d_eleves"),
    }[voie]
    dicts = [dict(zip(colonnes, ligne, strict=False)) for ligne in lignes]
    return fabrique.ecrire_csv(dossier / (nom or f"{voie}.csv"), colonnes, dicts)


class TestIdentifiants:
    def test_one_uai_on_two_rows_in_one_place_is_one_establishment(self, tmp_path):
        """Cité scolaire Françoise Combes: Collège and Lycée under one UAI."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, "Lycée"), etablissement(1)])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai, type from mart_etablissement") == [(UN, "COLLEGE")]
            assert anomalies(sql, "uai_deux_lignes") == [("uai_deux_lignes", UN)]

    def test_a_uai_that_is_a_college_and_a_lycee_says_which_it_was_kept_as(self, tmp_path):
        """Kept as a Collège, with the pupils and the index of the lycée: told with their files."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, "Lycée"), etablissement(1)])
        ecrire_effectifs(tmp_path, [("2022", UN, "261", "9")], "gt")
        fabrique.ecrire_csv(
            tmp_path / "ips.csv",
            ("rentree_scolaire", "uai", "ips_voie_gt", "ips_voie_pro"),
            [{"rentree_scolaire": "2022-2023", "uai": UN, "ips_voie_gt": "125,1"}],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select type, effectif, ips from mart_etablissement") == [
                ("COLLEGE", 261, 125.1)
            ]
            assert sql(
                "select gravite, ligne, colonne, valeur from mart_anomalie "
                "where code = 'uai_deux_types'"
            ) == [(
                "attention",
                2,
                "type_etablissement",
                f"{UN} Collège fictif 1, retenu Collège, aussi Lycée ; effectif : 261 (gt.csv) ; "
                "IPS : 125,1 (ips.csv)",
            )]  # fmt: skip
            [(consequence,)] = sql(
                "select consequence from mart_anomalie where code = 'uai_deux_types'"
            )
            assert "à date égale, celui de collège" in consequence

    def test_two_rows_of_one_type_are_no_doubt_on_the_type(self, tmp_path):
        """A lycée and its annexe, or a type that changed from one vintage to the next."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1), etablissement(1), etablissement(2)])
        vieux = etablissement(2, "Lycée", date_maj_ligne="2020-01-01")
        fabrique.ecrire_annuaire(tmp_path, [vieux], nom="vieux.csv")
        with fabrique.en_memoire(tmp_path) as sql:
            assert anomalies(sql, "uai_deux_types") == []

    @pytest.mark.reel
    def test_the_cite_scolaire_of_montpellier_is_a_college_with_the_figures_of_its_lycee(
        self, entrepot_reel
    ):
        """0342266D Françoise Combes: 261 pupils of the GT file, the index of the lycées."""
        with duckdb.connect(str(entrepot_reel), read_only=True) as connexion:
            lues = connexion.execute(
                "select valeur, ligne from mart_anomalie where code = 'uai_deux_types'"
            ).fetchall()
        [(valeur, ligne)] = lues
        assert valeur.startswith(
            "0342266D Cité scolaire Françoise Combes (collège), retenu Collège"
        )
        assert "effectif : 261 (effectifs/fr-en-lycee_gt" in valeur
        assert "IPS : 125,1 (ips/fr-en-ips-lycees" in valeur
        assert ligne == 1003

    def test_lower_case_wrong_key_and_missing_uai_are_told_apart(self, tmp_path):
        """0340001s is read, 0340002A is kept with a doubt, an empty one is set aside."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [
                etablissement(1, Identifiant_de_l_etablissement=UN.lower()),
                etablissement(2, Identifiant_de_l_etablissement="0340002A"),
                etablissement(3, Identifiant_de_l_etablissement="", Nom_etablissement="Isolée"),
                etablissement(4, Identifiant_de_l_etablissement="34"),
            ],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai from mart_etablissement order by 1") == [(UN,), ("0340002A",)]
            assert anomalies(
                sql, "uai_absent", "uai_cle_fausse", "uai_illisible", "uai_minuscules"
            ) == [
                ("uai_absent", "Isolée"),
                ("uai_cle_fausse", "0340002A"),
                ("uai_illisible", "34"),
                ("uai_minuscules", UN.lower()),
            ]

    def test_the_leading_zeros_excel_takes_from_a_uai_are_given_back(self, tmp_path):
        """340001S is 0340001S; 10802S, of the Ain, is 0010802S; a wrong key stays wrong."""
        ain = uai(802, "001")
        fabrique.ecrire_annuaire(
            tmp_path,
            [
                etablissement(1, Identifiant_de_l_etablissement=UN.lstrip("0")),
                etablissement(2, Identifiant_de_l_etablissement=ain.lstrip("0")),
            ],
        )
        fabrique.ecrire_postes(tmp_path, [fabrique.poste(residence_uai=UN[1:])])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai from mart_etablissement order by 1") == [(ain,), (UN,)]
            assert sql("select residence_uai from mart_poste") == [(UN,)]
            assert {c for c, _ in anomalies(sql, "uai_zero_perdu")} == {"uai_zero_perdu"}
            assert len(anomalies(sql, "uai_zero_perdu")) == 3

    @pytest.mark.parametrize(
        ("ecrit", "lu"),
        [("013", "013"), ("13", "013"), ("4", "004"), ("2A", "02A"), ("02a", "02A"),
         ("70", "070"), ("031", "031"), ("34.0", "034"), ("974", "974"), ("0974", "974"),
         (" 34 ", "034")],
    )  # fmt: skip
    def test_a_departement_is_three_characters_however_written(self, tmp_path, ecrit, lu):
        """Annuaire, EP list and index write it five ways."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, Code_departement=ecrit)])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select departement from mart_etablissement") == [(lu,)]

    def test_corsican_and_overseas_uai_are_uai_like_others(self, tmp_path):
        """620 and 720 for Corsica, 971 to 988 overseas; communes 2A004 and 97411."""
        cas = [("620", "02A", "2A004"), ("720", "02B", "2B033"), ("974", "974", "97411")]
        fabrique.ecrire_annuaire(
            tmp_path,
            [
                etablissement(
                    1,
                    Identifiant_de_l_etablissement=uai(1, prefixe),
                    Code_departement=departement,
                    Code_commune=commune,
                )
                for prefixe, departement, commune in cas
            ],
        )
        fabrique.ecrire_densite(tmp_path, {c: 3 for _, _, c in cas})
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select left(uai, 3), departement, commune_code, densite "
                "from mart_etablissement order by 1"
            ) == [(*c, 3) for c in cas]
            assert anomalies(sql, "uai_cle_fausse", "densite_inconnue") == []

    def test_sections_with_their_own_uai_are_in_the_site_of_their_mother(self, tmp_path):
        """SEGPA (390), SEP (334) and SGT (335): no site of their own, no double count."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [
                etablissement(1, Nombre_d_eleves="500"),
                etablissement(2, code_nature="390", etablissement_mere=UN, Nombre_d_eleves="60"),
                etablissement(3, "Lycée"),
                etablissement(4, "Lycée", code_nature="334", etablissement_mere=uai(3)),
                etablissement(5, "Lycée", code_nature="335", etablissement_mere=uai(3).lower()),
            ],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select site_id, nb_etablissements, effectif from mart_site order by 1") == [
                (UN, 2, 560),
                (uai(3), 3, None),
            ]


class TestTableur:
    def test_columns_nobody_reads_break_nothing(self, tmp_path):
        """SIREN_SIRET 2,17003E+13 and a telephone without its 0: the row is read."""
        colonnes = (*fabrique.COLONNES_ANNUAIRE, "SIREN_SIRET", "Telephone")
        ligne = {**etablissement(1), "SIREN_SIRET": "2,17003E+13", "Telephone": "384750016"}
        fabrique.ecrire_csv(tmp_path / "a.csv", colonnes, [ligne])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai, dans_perimetre from mart_etablissement") == [(UN, True)]

    def test_numbers_are_read_as_spreadsheets_write_them(self, tmp_path):
        """59008.0 is a commune, 686.0 and « 1 234 » are pupils, 43,5 is a latitude."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [
                etablissement(1, Code_commune="59008.0", Nombre_d_eleves="686.0", latitude="43,5"),
                etablissement(2, Code_commune="1004", Nombre_d_eleves="1\u202f234"),
                etablissement(3, Code_commune="Béziers", Nombre_d_eleves="1\u00a0234,0"),
            ],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select commune_code, effectif, latitude from mart_etablissement order by uai"
            ) == [("59008", 686, 43.5), ("01004", 1234, 43.5), (None, 1234, 43.5)]

    @pytest.mark.parametrize("ecrit", ["2026-05-27", "27/05/2026", "46169", "46169.0",
                                       "2026-05-27T00:00:00+02:00", "27/05/2026 08:30"])  # fmt: skip
    def test_a_date_is_one_day_however_written(self, tmp_path, ecrit):
        """ISO, French, or the days a spreadsheet counts: 27/05/2026 is newer than 2025."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [
                etablissement(1, date_maj_ligne="2025-11-26", Nom_etablissement="vieux"),
                etablissement(1, date_maj_ligne=ecrit, Nom_etablissement="neuf"),
            ],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select nom, cast(date_maj as varchar) from mart_etablissement") == [
                ("neuf", "2026-05-27")
            ]

    def test_secret_values_are_unknown_and_told_as_typed(self, tmp_path):
        """« NS » and « <5 » are no index: unknown, never 0."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(n, "Ecole") for n in (1, 2, 3)])
        ecrire_ips(tmp_path, [(UN, "53.0", "NS"), (DEUX, "4.0", "<5"), (uai(3), "80", "92,4")])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select ips from mart_etablissement order by uai") == [
                (None,), (None,), (92.4,),
            ]  # fmt: skip
            assert anomalies(sql, "ips_non_publie") == [
                ("ips_non_publie", "NS"), ("ips_non_publie", "<5"),
            ]  # fmt: skip

    def test_blanks_seen_and_unseen_around_a_cell_do_not_count(self, tmp_path):
        """« '  Paris ' », a no-break space, a tab: the same words."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [
                etablissement(
                    1,
                    Identifiant_de_l_etablissement=f"\u00a0{UN}\t",
                    Nom_etablissement="  Jean\u00a0Moulin ",
                    Statut_public_prive=" Public",
                    etat="OUVERT\u202f",
                )
            ],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai, nom, dans_perimetre from mart_etablissement") == [
                (UN, "Jean Moulin", True)
            ]

    def test_thousands_of_empty_rows_and_huge_cells_are_passed_over(self, tmp_path):
        """3 000 rows of « ;;;; » and blanks around 2 good ones, a cell of 21 000 characters."""
        bonnes = [etablissement(1, Nom_etablissement="x" * 21_000), etablissement(2)]
        vides = [{}] * 1500 + [dict.fromkeys(fabrique.COLONNES_ANNUAIRE, " ")] * 1500
        fabrique.ecrire_annuaire(tmp_path, [bonnes[0], *vides, bonnes[1]])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai, ligne, length(nom) from mart_etablissement order by 1") == [
                (UN, 2, 21_000), (DEUX, 3003, 16),
            ]  # fmt: skip

    def test_a_cell_beyond_the_limit_of_excel_sets_its_row_aside(self, tmp_path):
        """32 768 characters: no spreadsheet writes that; told with its line."""
        enorme = etablissement(2, Nom_etablissement="x" * 32_768)
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1), enorme, etablissement(3)])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai from mart_etablissement order by 1") == [(UN,), (uai(3),)]
            assert sql(
                "select ligne, valeur from mart_anomalie where code = 'ligne_illisible'"
            ) == [(3, fichiers_csv.CELLULE_TROP_LONGUE)]

    def test_a_label_written_once_for_several_rows_is_carried_down_and_told(self, tmp_path):
        """« REP+ » on the first row of a merged block, nothing on the next two."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(n, "Ecole") for n in (11, 12, 13)])
        fabrique.ecrire_liste_ep(
            tmp_path, [reseau(11, 1), reseau(12, 1, ep=""), reseau(13, 1, ep=" ")]
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select nb_ecoles from mart_site where type = 'ECOLE'") == [(3,)]
            assert anomalies(sql, "label_reporte") == [
                ("label_reporte", uai(12)), ("label_reporte", uai(13)),
            ]  # fmt: skip


class TestFormes:
    @pytest.mark.parametrize("encodage", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
    @pytest.mark.parametrize("separateur", [";", ",", "\t"])
    @pytest.mark.parametrize("fin", ["\r\n", "\n", "\r"])
    def test_any_dialect_gives_the_same_rows(self, tmp_path, encodage, separateur, fin):
        """Windows, Macintosh or Linux, BOM or none: three rows, their accents, their lines."""
        fichier = fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(n, Nom_etablissement="Noël; à, l'œuvre") for n in (1, 2, 3)],
            separateur=separateur,
            encodage=encodage,
        )
        texte = fichier.read_bytes().decode(encodage).replace("\r\n", fin)
        fichier.write_bytes(texte.encode(encodage))
        assert charger(tmp_path, "select uai, nom, ligne from raw_annuaire") == [
            (uai(n), "Noël; à, l'œuvre", n + 1) for n in (1, 2, 3)
        ]

    def test_a_file_that_mixes_two_encodings_keeps_its_accents_and_says_so(self, tmp_path):
        """Rows pasted from an older file: « é » in UTF-8 on one row, in Windows-1252 on another."""
        noms = ["Collège Noël", "Collège Aimé-Césaire", "Collège Jaurès"]
        fichier = fabrique.ecrire_annuaire(
            tmp_path, [etablissement(n, Nom_etablissement=nom) for n, nom in enumerate(noms, 1)]
        )
        octets = fichier.read_bytes()
        fichier.write_bytes(octets.replace("Jaurès".encode(), "Jaurès".encode("cp1252")))
        with fabrique.en_memoire(tmp_path) as sql:
            assert [
                nom for (nom,) in sql("select nom from mart_etablissement order by uai")
            ] == noms
            assert anomalies(sql, "encodage_mele") == [("encodage_mele", "annuaire.csv")]

    def test_a_title_with_more_commas_than_the_header_misleads_nobody(self, tmp_path):
        """« Postes, présences, bassins, … » above five columns parted by « ; »."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        titre = (
            "Postes, au 1er septembre, ASS, CTSS, résidences, statuts, bassins, motifs, notes, x, y"
        )
        fabrique.ecrire_postes(tmp_path, [fabrique.poste()], titres=[titre])
        assert charger(tmp_path, "select poste_id, ligne from raw_postes") == [("P1", 3)]

    def test_line_breaks_in_headers_and_an_unnamed_first_column_are_no_obstacle(self, tmp_path):
        """INSEE breaks its headers, R leaves its row names without one: told once, not read."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        (tmp_path / "x.csv").write_text(
            '"";"Rentrée\nscolaire";"Numéro du\ncollège";"Nombre d\'élèves total"\n'
            f'"1";2021;{UN};500\n',
            encoding="utf-8",
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select effectif, effectif_rentree from mart_etablissement") == [(500, 2021)]
            assert sql(
                "select colonne, valeur from mart_anomalie where code = 'colonne_sans_titre'"
            ) == [("A", "1 cellule")]

    @pytest.mark.parametrize("en_bloc", [False, True])
    def test_a_large_file_gives_the_rows_and_lines_a_small_one_does(
        self, tmp_path, monkeypatch, en_bloc
    ):
        """Blank lines, rows of blanks, quotes: DuckDB and the row-by-row reader agree."""
        if en_bloc:
            monkeypatch.setattr(lecture, "OCTETS_EN_MEMOIRE", 0)
        fichier = fabrique.ecrire_annuaire(
            tmp_path, [etablissement(n) for n in range(1, 40)], titres=["Titre", ""]
        )
        lignes = fichier.read_bytes().split(b"\r\n")
        lignes[4:4] = [b"", b""]
        lignes[9:9] = [b";" * 20, b" ; ", b""]
        lignes[12] = lignes[12].replace(b"Public", b'"Public"')
        fichier.write_bytes(b"\r\n".join(lignes))
        lues = charger(tmp_path, "select uai, ligne from raw_annuaire order by 2")
        attendues = [
            (ligne[:8].decode(), n)
            for n, ligne in enumerate(lignes, start=1)
            if ligne.startswith(b"034")
        ]
        assert lues == attendues
        assert len(lues) == 39

    @pytest.mark.parametrize("fin_de_ligne", ["\n", "\r\n"])
    def test_rows_that_lack_their_last_cells_are_the_same_by_both_roads(
        self, tmp_path, monkeypatch, fin_de_ligne
    ):
        """As Excel and scripts end them; blank lines, quotes, no end to the last line."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        rangs = [
            "annee_scolaire;periode;uai;indicateur;nombre;modalite;origine",
            f"2025-2026;annee;{UN};a;1;;", f"2025-2026;annee;{UN};b;2", "",
            f'2025-2026;annee;{UN};"c ; d";3;x', ";;", "   ", f"2025-2026;annee;{UN}",
            f"2025-2026;annee;{UN};é;4;y;z", f"2025-2026;annee;{UN};f;5;y", f"2025-2026;T1;{UN};g",
        ]  # fmt: skip
        (tmp_path / "activite.csv").write_text(fin_de_ligne.join(rangs), "utf-8", newline="")
        requete = "select * from raw_activite order by ligne"
        une_a_une = charger(tmp_path, requete)
        assert [ligne for _, ligne, *_ in une_a_une] == [2, 3, 5, 8, 9, 10, 11]
        monkeypatch.setattr(lecture, "OCTETS_EN_MEMOIRE", 0)
        monkeypatch.setattr(lecture, "_remplir", None)
        monkeypatch.setattr(fichiers_csv, "OCTETS_PAR_LOT", 128)
        assert charger(tmp_path, requete) == une_a_une

    @pytest.mark.parametrize("en_bloc", [False, True])
    def test_a_row_too_wide_or_a_quote_never_closed_is_one_row_lost_and_told(
        self, tmp_path, monkeypatch, en_bloc
    ):
        """The rows after it are read; the one that can't be is named with its line."""
        if en_bloc:
            monkeypatch.setattr(lecture, "OCTETS_EN_MEMOIRE", 0)
        fichier = fabrique.ecrire_annuaire(tmp_path, [etablissement(n) for n in (1, 2, 3, 4)])
        lignes = fichier.read_text(encoding="utf-8-sig").splitlines()
        lignes[2] += ";de;trop"
        lignes[3] = lignes[3].replace(";Public", ';"Public')
        fichier.write_text("\n".join(lignes), encoding="utf-8")
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai, ligne from mart_etablissement order by 1") == [
                (UN, 2), (uai(4), 5),
            ]  # fmt: skip
            assert sql(
                "select ligne, valeur, gravite from mart_anomalie "
                "where code = 'ligne_illisible' order by 1"
            ) == [
                (3, "31 cellules pour 29 en-têtes", "attention"),
                (4, fichiers_csv.GUILLEMET_JAMAIS_FERME, "attention"),
            ]

    def test_a_row_too_wide_beside_one_too_short_is_not_lost_in_the_count(
        self, tmp_path, monkeypatch
    ):
        """As many separators as there should be: the cells of the wide row are not dropped."""
        monkeypatch.setattr(lecture, "OCTETS_EN_MEMOIRE", 0)
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        entete = ";".join(fabrique.COLONNES_PRESENCES)
        rangs = [f"P1;{UN};1;mois", f"P1;{UN};1;mois;trop", f"P1;{UN};1"]
        (tmp_path / "p.csv").write_text("\n".join([entete, *rangs, ""]), encoding="utf-8")
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select code, ligne, valeur from mart_anomalie "
                "where source = 'presences' and gravite = 'bloquante' order by 2"
            ) == [
                ("ligne_illisible_locale", 3, "5 cellules pour 4 en-têtes"),
                ("periodicite_inconnue", 4, None),
            ]

    def test_cells_hidden_between_two_quotes_that_open_nothing_are_not_dropped(
        self, tmp_path, monkeypatch
    ):
        """« 5"a;1;2;3;4"b »: quotes inside cells, which hide no separator."""
        monkeypatch.setattr(lecture, "OCTETS_EN_MEMOIRE", 0)
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        entete = ";".join(fabrique.COLONNES_PRESENCES)
        rangs = [f"P1;{UN};1;mois", f'5"a;{UN};1;mois;trop"b']
        (tmp_path / "p.csv").write_text("\n".join([entete, *rangs, ""]), encoding="utf-8")
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select ligne, valeur from mart_anomalie where code = 'ligne_illisible_locale'"
            ) == [(3, "5 cellules pour 4 en-têtes")]

    def test_a_row_of_a_local_file_that_can_not_be_cut_stops_the_build(self, tmp_path):
        """« 0,5 » unquoted in a file parted by commas shifts a whole poste: never half read."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        entete = ",".join(fabrique.COLONNES_POSTES)
        (tmp_path / "postes.csv").write_text(f"{entete}\nP1,ASS,0,5,{UN},occupe,,,,non\n")
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select code, ligne, gravite from mart_anomalie where source = 'postes'"
            ) == [("ligne_illisible_locale", 2, "bloquante")]

    def test_two_sheets_of_one_source_are_counted_apart(self, tmp_path):
        """One bassin a sheet: each has its account, named « fichier [feuille] »."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        entete = ["poste_id", "fonction", "quotite", "residence_uai", "statut"]
        fabrique.ecrire_classeur(
            tmp_path / "postes.xlsx",
            [entete, ["P1", "ASS", 1, UN, "occupe"]],
            [entete, ["P2", "ASS", 0.5, UN, "occupe"], ["P3", "ASS", 1, UN, "vacant"]],
        )
        base = fabrique.construire(tmp_path, tmp_path.parent / f"{tmp_path.name}.duckdb")
        with duckdb.connect(str(base), read_only=True) as connexion:
            assert connexion.execute(
                "select fichier, lignes_lues, lignes_gardees from meta_construction "
                "where source = 'postes' order by 1"
            ).fetchall() == [("postes.xlsx [Sheet1]", 1, 1), ("postes.xlsx [Sheet2]", 2, 2)]

    @pytest.mark.parametrize(
        ("nom", "octets", "mots"),
        [
            ("vide.csv", b"", "vide"),
            ("blancs.csv", b"\n\n;;\n", "aucune ligne"),
            ("communes.json", b'[{"code": "34001"}]', "FeatureCollection"),
            ("note.docx", b"PK", "n'est pas lu"),
        ],
    )
    def test_no_file_is_passed_over_without_a_word(self, tmp_path, nom, octets, mots):
        """Empty, or of a kind nobody reads: the inventory says why."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        (tmp_path / nom).write_bytes(octets)
        inventaire = chargement.charger(duckdb.connect(), [tmp_path])
        [note] = inventaire.non_reconnus
        assert note.fichier.nom == nom
        assert mots in note.message()

    def test_contours_saved_as_json_are_read(self, tmp_path):
        """geo.api.gouv.fr serves them under that name."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        contours = fabrique.ecrire_contours(tmp_path)
        contours.rename(tmp_path / "communes.json")
        assert charger(tmp_path, "select code_commune from raw_contours order by 1") == [
            ("34001",), ("34002",),
        ]  # fmt: skip


def charger(dossier, requete):
    """One query on the raw rows of `dossier`."""
    connexion = duckdb.connect()
    chargement.charger(connexion, [dossier])
    return connexion.execute(requete).fetchall()


class TestContenu:
    @pytest.mark.parametrize(
        ("ecrite", "lue"),
        [("lILLE", "Lille"), ("ac-la reunion.fr", "La Réunion"), ("CAEN", "Normandie"),
         ("Rouen", "Normandie"), ("académie de Montpellier", "Montpellier"),
         ("ORLEANS TOURS", "Orléans-Tours"), ("Ailleurs", "Ailleurs")],
    )  # fmt: skip
    def test_an_academie_has_one_name(self, tmp_path, ecrite, lue):
        """Misspelled, in capitals, or merged since: `academies_alias.csv` says which."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, Libelle_academie=ecrite)])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select academie from mart_etablissement") == [(lue,)]
            attendues = [("academie_inconnue", "Ailleurs, nombre d'établissements : 1")]
            assert anomalies(sql, "academie_inconnue") == (attendues if lue == ecrite else [])

    def test_an_unknown_spelling_of_an_academie_is_told_once_with_how_many_bear_it(self, tmp_path):
        """« Montpelier » on two rows of three: one anomaly, at the first of them."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(1), *(etablissement(n, Libelle_academie="Montpelier") for n in (2, 3))],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select ligne, colonne, valeur from mart_anomalie where code = 'academie_inconnue'"
            ) == [(3, "libelle_academie", "Montpelier, nombre d'établissements : 2")]
            assert sql(f"select academie from mart_etablissement where uai = '{DEUX}'") == [
                ("Montpelier",)
            ]

    def test_two_colleges_under_one_head_are_two_sites_of_one_network(self, tmp_path):
        """Oyonnax 0010802S under 0010035H: the écoles go to the head, each collège is a site."""
        fabrique.ecrire_annuaire(
            tmp_path, [etablissement(1), etablissement(2), etablissement(11, "Ecole")]
        )
        fabrique.ecrire_liste_ep(
            tmp_path, [reseau(1, 1, "COLLEGE"), reseau(2, 1, "COLLEGE"), reseau(11, 1)]
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select site_id, ep, uai_tete_reseau from mart_site order by 1") == [
                (UN, "REP+", UN), (DEUX, "REP+", UN), (f"RESEAU-{UN}", "REP+", UN),
            ]  # fmt: skip

    def test_a_section_named_by_the_list_alone_is_told_and_no_site(self, tmp_path):
        """0830838K « VILLENEUVE », a SEGPA with its own UAI that the annuaire only flags."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, Segpa="1")])
        fabrique.ecrire_liste_ep(tmp_path, [reseau(1, 1, "COLLEGE"), reseau(9, 1, "SEGPA")])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select site_id, segpa from mart_site") == [(UN, True)]
            assert anomalies(sql, "ecole_absente_annuaire") == [
                ("ecole_absente_annuaire", f"{uai(9)} FICTIF 9")
            ]

    def test_rep0_is_the_rep_plus_of_the_ministry_s_own_file(self, tmp_path):
        """The list says REP, « rep0 » says REP+: the list stands and the other is told."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        fabrique.ecrire_liste_ep(tmp_path, [reseau(1, 1, "COLLEGE", "REP")])
        colonnes = ("session", "numero_college", "nombre_eleves_total", "rep", "rep0")
        valeurs = ("2021", UN, "500", "0", "1")
        fabrique.ecrire_csv(
            tmp_path / "brevet.csv", colonnes, [dict(zip(colonnes, valeurs, strict=True))]
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select ep from mart_etablissement") == [("REP",)]
            assert [c for c, _ in anomalies(sql, "label_du_brevet_contraire")] == [
                "label_du_brevet_contraire"
            ]

    def test_an_annuaire_that_lost_its_departements_is_refused_with_what_to_do(self, tmp_path):
        """A column emptied by mistake: a sentence, and not an empty warehouse."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, Code_departement="")])
        with (
            pytest.raises(AtlasError, match="le département d'aucun établissement") as refus,
            fabrique.en_memoire(tmp_path),
        ):
            pass
        assert "reprendre l'export entier" in refus.value.remede

    def test_what_will_open_or_close_is_told(self, tmp_path):
        """A OUVRIR in 2099 is out of scope, A FERMER still in; neither goes without a word."""
        colonnes = (*fabrique.COLONNES_ANNUAIRE, "date_ouverture")
        fabrique.ecrire_csv(
            tmp_path / "a.csv",
            colonnes,
            [
                {**etablissement(1, etat="A OUVRIR"), "date_ouverture": "2099-01-01"},
                etablissement(2, etat="A FERMER"),
            ],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select dans_perimetre from mart_etablissement order by uai") == [
                (False,), (True,),
            ]  # fmt: skip
            assert anomalies(sql, "ouverture_a_venir", "fermeture_a_venir") == [
                ("fermeture_a_venir", f"{DEUX} Collège fictif 2"),
                ("ouverture_a_venir", f"{UN} Collège fictif 1, ouverture le 2099-01-01"),
            ]

    def test_an_establishment_without_a_name_is_called_by_its_type_and_told(self, tmp_path):
        """0741835T has none in the annuaire."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, Nom_etablissement="")])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select nom from mart_etablissement") == [("Collège sans nom",)]
            assert anomalies(sql, "nom_absent") == [("nom_absent", f"{UN} Collège sans nom")]

    def test_the_list_decides_between_rep_and_rep_plus_never_the_brevet(self, tmp_path):
        """rep = 1 and rep_plus = 1 in the brevet file: told, and the list's label stands."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(n, Appartenance_Education_Prioritaire="REP") for n in (1, 2, 3)],
        )
        fabrique.ecrire_liste_ep(
            tmp_path,
            [reseau(1, 1, "COLLEGE", "REP+"), reseau(2, 2, "COLLEGE", "REP"),
             reseau(3, 3, "COLLEGE", "REP"), reseau(3, 3, "COLLEGE", "REP+")],
        )  # fmt: skip
        ecrire_effectifs(
            tmp_path,
            [("2021", UN, "500", "1", "1"), ("2021", DEUX, "400", "0", "1"),
             ("2021", uai(3), "300", "0", "1")],
            "brevet",
        )  # fmt: skip
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select ep, ep_source, ep_fichier from mart_etablissement order by uai") == [
                ("REP+", "education_prioritaire", "reseaux.csv"),
                ("REP", "education_prioritaire", "reseaux.csv"),
                ("REP+", "education_prioritaire", "reseaux.csv"),
            ]
            assert [c for c, _ in anomalies(
                sql, "rep_et_rep_plus", "label_du_brevet_contraire", "ep_deux_labels",
                "ep_contradictoire",
            )] == ["ep_contradictoire", "ep_contradictoire", "ep_deux_labels",
                   "label_du_brevet_contraire", "rep_et_rep_plus"]  # fmt: skip

    def test_a_label_the_list_does_not_know_is_kept_and_the_rule_told_is_the_one_followed(
        self, tmp_path
    ):
        """REP by the annuaire, absent from the list: the annuaire's label stands, and says so."""
        fabrique.ecrire_annuaire(
            tmp_path, [etablissement(1), etablissement(2, Appartenance_Education_Prioritaire="REP")]
        )
        fabrique.ecrire_liste_ep(tmp_path, [reseau(1, 1, "COLLEGE", "REP+")])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select ep, ep_source from mart_etablissement order by uai") == [
                ("REP+", "education_prioritaire"), ("REP", "annuaire"),
            ]  # fmt: skip
            [(un, liste), (deux, annuaire)] = sql(
                "select code, consequence from mart_anomalie where colonne = "
                "'education_prioritaire' order by ligne"
            )
            assert (un, deux) == ("ep_contradictoire", "ep_hors_liste")
            assert liste.startswith("la liste l’emporte")
            assert annuaire.startswith("le label de l’annuaire est gardé")

    def test_an_ecole_under_two_networks_is_in_the_first_and_told(self, tmp_path):
        """Never in both: its presence is given once."""
        fabrique.ecrire_annuaire(
            tmp_path, [etablissement(1), etablissement(2), etablissement(11, "Ecole")]
        )
        fabrique.ecrire_liste_ep(tmp_path, [reseau(11, 2), reseau(11, 1)])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select site_id from mart_site where type = 'ECOLE'") == [
                (f"RESEAU-{DEUX}",)
            ]
            assert anomalies(sql, "ecole_deux_reseaux") == [("ecole_deux_reseaux", uai(11))]

    def test_a_row_that_is_rejected_takes_no_other_with_it(self, tmp_path):
        """A label « ZEP » above the right one, a level of 9 above the right one: the right ones
        are kept.
        """
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, Code_commune="34001")])
        fabrique.ecrire_liste_ep(
            tmp_path, [reseau(1, 1, "COLLEGE", ep="ZEP"), reseau(1, 1, "COLLEGE", ep="REP")]
        )
        fabrique.ecrire_classeur(
            tmp_path / "densite.xlsx",
            [["CODGEO", "LIBGEO", "DENS"], ["34001", "Une", "9"], ["34001", "Une", "6"]],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select ep, ep_source, densite from mart_etablissement") == [
                ("REP", "education_prioritaire", 6)
            ]
            assert anomalies(sql, "ep_inconnue", "ep_deux_labels", "uai_deux_lignes") == [
                ("ep_inconnue", "ZEP")
            ]

    def test_a_commune_missing_from_the_grid_or_a_level_beyond_seven_is_unknown(self, tmp_path):
        """Pacific communes are not in it; a level of 70 is a slip of the finger."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(1, Code_commune="34001"), etablissement(2, Code_commune="34002")],
        )
        fabrique.ecrire_densite(tmp_path, {"34001": 70, "34003": 1})
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select densite, est_rural from mart_etablissement") == [(None, None)] * 2
            assert anomalies(sql, "densite_illisible", "densite_inconnue") == [
                ("densite_illisible", "34001 : 70"),
                ("densite_inconnue", f"{UN} 34001"),
                ("densite_inconnue", f"{DEUX} 34002"),
            ]


class TestDoutes:
    """What the annuaire does not say is not made up: kept and told, or unknown."""

    def code_de(self, tmp_path, **autres):
        """The codes met and the (type, scope) of one collège with its column emptied."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, **autres)])
        with fabrique.en_memoire(tmp_path) as sql:
            codes = [c for (c,) in sql("select distinct code from mart_anomalie order by 1")]
            return (
                [c for c in codes if c.endswith(("inconnu", "inconnue", "absent"))
                 and c not in ("effectif_inconnu", "densite_inconnue")],
                sql("select type, dans_perimetre, motif_hors_perimetre from mart_etablissement"),
            )  # fmt: skip

    @pytest.mark.parametrize("nature", ["", "999"])
    def test_a_lycee_of_unknown_nature_is_kept_as_general_and_told(self, tmp_path, nature):
        """Without it, a lycée professionnel of a new code would be a LEGT without a word."""
        codes, etat = self.code_de(tmp_path, Type_etablissement="Lycée", code_nature=nature)
        assert codes == ["nature_inconnue"]
        assert etat == [("LEGT", True, None)]

    @pytest.mark.parametrize("ecrit", ["", "OUVERT ?"])
    def test_a_state_that_is_empty_or_unheard_of_is_kept_and_told(self, tmp_path, ecrit):
        """Neither open nor closed by default: a site lost by a typing slip is the worse error."""
        codes, etat = self.code_de(tmp_path, etat=ecrit)
        assert codes == ["etat_inconnu"]
        assert etat == [("COLLEGE", True, None)]

    @pytest.mark.parametrize("ecrit", ["FERME", "Fermé"])
    def test_a_closed_establishment_is_out_however_it_is_written(self, tmp_path, ecrit):
        codes, etat = self.code_de(tmp_path, etat=ecrit)
        assert (codes, etat) == ([], [("COLLEGE", False, "ferme")])

    def test_an_establishment_of_no_ministry_is_kept_and_told(self, tmp_path):
        """An export without « ministere_tutelle » would have emptied the whole département."""
        codes, etat = self.code_de(tmp_path, ministere_tutelle="")
        assert codes == ["ministere_inconnu"]
        assert etat == [("COLLEGE", True, None)]

    @pytest.mark.parametrize("ecrit", ["", "Mixte"])
    def test_an_establishment_neither_public_nor_private_is_out_and_told(self, tmp_path, ecrit):
        """It is not said private: its reason is that nobody knows."""
        codes, etat = self.code_de(tmp_path, Statut_public_prive=ecrit)
        assert codes == ["secteur_inconnu"]
        assert etat == [("COLLEGE", False, "ni_public_ni_prive")]

    @pytest.mark.parametrize("ecrit", ["PUBLIC", "public"])
    def test_public_is_public_in_any_case(self, tmp_path, ecrit):
        codes, etat = self.code_de(tmp_path, Statut_public_prive=ecrit)
        assert (codes, etat) == ([], [("COLLEGE", True, None)])

    def test_a_row_without_its_departement_is_in_none_and_told(self, tmp_path):
        """It used to leave the tables without a word."""
        fabrique.ecrire_annuaire(
            tmp_path, [etablissement(1), etablissement(2, Code_departement="")]
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai from mart_etablissement") == [(UN,)]
            assert sql(
                "select ligne, colonne, valeur from mart_anomalie where code = 'departement_absent'"
            ) == [(3, "code_departement", DEUX)]

    def test_a_row_without_its_departement_says_so_whatever_else_is_wrong_with_it(self, tmp_path):
        """A wrong check letter would say « kept »: the row is in no département."""
        fausse = etablissement(2, Identifiant_de_l_etablissement="0340002A", Code_departement="")
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1), fausse])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select code from mart_anomalie where ligne = 3") == [
                ("departement_absent",)
            ]

    def test_a_wrong_check_letter_does_not_hide_an_unknown_label(self, tmp_path):
        """Two defects of one row are two anomalies."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(2, Identifiant_de_l_etablissement="0340002A",
                           Appartenance_Education_Prioritaire="ZEP")],
        )  # fmt: skip
        with fabrique.en_memoire(tmp_path) as sql:
            assert anomalies(sql, "label_inconnu", "uai_cle_fausse") == [
                ("label_inconnu", "0340002A ZEP"), ("uai_cle_fausse", "0340002A"),
            ]  # fmt: skip

    def test_a_label_of_the_annuaire_nobody_knows_is_no_label(self, tmp_path):
        """« ZEP » is told; « HORS EP » says plainly that there is none."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(1, Appartenance_Education_Prioritaire="ZEP"),
             etablissement(2, Appartenance_Education_Prioritaire="HORS EP")],
        )  # fmt: skip
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select distinct ep from mart_etablissement") == [(None,)]
            assert anomalies(sql, "label_inconnu") == [("label_inconnu", f"{UN} ZEP")]

    def test_an_ecole_of_no_level_is_neither_elementary_nor_maternelle(self, tmp_path):
        """Three écoles of one network: a level each, and one nobody knows."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(1), etablissement(11, "Ecole"),
             etablissement(12, "Ecole", Ecole_elementaire="0", Ecole_maternelle="1"),
             etablissement(13, "Ecole", Ecole_elementaire="", Ecole_maternelle="1")],
        )  # fmt: skip
        fabrique.ecrire_liste_ep(tmp_path, [reseau(n, 1) for n in (11, 12, 13)])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select nb_ecoles, nb_ecoles_elementaires, nb_ecoles_maternelles "
                "from mart_site where type = 'ECOLE'"
            ) == [(3, 1, 1)]
            assert anomalies(sql, "ecole_sans_niveau") == [
                ("ecole_sans_niveau", f"{uai(13)} Ecole fictif 13")
            ]

    def test_half_a_position_is_no_position(self, tmp_path):
        """A latitude without its longitude is not completed with that of the commune."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, latitude="43.59", longitude="")])
        fabrique.ecrire_contours(tmp_path)
        with fabrique.en_memoire(tmp_path) as sql:
            [(latitude, qualite, fichier)] = sql(
                "select latitude, qualite_position, position_fichier from mart_etablissement"
            )
        assert latitude == pytest.approx(43.5)
        assert (qualite, fichier) == ("commune", "contours.geojson")

    def test_a_brevet_file_silent_on_labels_contradicts_nobody(self, tmp_path):
        """Empty cells are not « no label »; two zeros are."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1), etablissement(2)])
        fabrique.ecrire_liste_ep(
            tmp_path, [reseau(1, 1, "COLLEGE", "REP"), reseau(2, 2, "COLLEGE", "REP")]
        )
        ecrire_effectifs(
            tmp_path, [("2021", UN, "500", "", ""), ("2021", DEUX, "400", "0", "0")], "brevet"
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert [v[:8] for _, v in anomalies(sql, "label_du_brevet_contraire")] == [DEUX]

    def test_two_indices_of_a_lycee_without_their_whole_give_none(self, tmp_path):
        """GT 110 and pro 80 with no index of the whole: neither stands for the lycée."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(n, "Lycée") for n in (1, 2, 3)])
        colonnes = ("rentree_scolaire", "uai", "ips_voie_gt", "ips_voie_pro", "ips_etab")
        valeurs = [(UN, "110", "80", ""), (DEUX, "", "80", ""), (uai(3), "110", "80", "101")]
        fabrique.ecrire_csv(
            tmp_path / "ips.csv",
            colonnes,
            [dict(zip(colonnes, ("2022-2023", *v), strict=True)) for v in valeurs],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select ips from mart_etablissement order by uai") == [
                (None,), (80.0,), (101.0,),
            ]  # fmt: skip
            assert len(anomalies(sql, "ips_non_publie")) == 1


class TestPositions:
    def test_a_declared_poor_quality_is_told(self, tmp_path):
        """« Mauvaise », « Erreur », « NE SAIT PAS »: kept, and to be checked."""
        qualites = ["Numéro de rue", "Mauvaise", "Erreur", "NE SAIT PAS"]
        fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(n, precision_localisation=q) for n, q in enumerate(qualites, 1)],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert [v.split(", ")[1] for _, v in anomalies(sql, "position_peu_sure")] == [
                "mauvaise", "erreur", "ne sait pas",
            ]  # fmt: skip

    def test_a_point_several_establishments_share_is_no_doubt(self, tmp_path):
        """A cité scolaire: 648 points of the real annuaire bear up to five UAI each."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(n) for n in range(1, 6)])
        fabrique.ecrire_contours(tmp_path)
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select count(*), count(distinct latitude) from mart_site") == [(5, 1)]
            assert sql("select code from mart_anomalie where code like 'position%'") == []

    def test_a_point_far_from_its_commune_is_told(self, tmp_path):
        """Jouarre stood 21 km off: here 32 km east of its commune, in another département."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1), etablissement(2, longitude="4")])
        fabrique.ecrire_contours(tmp_path)
        with fabrique.en_memoire(tmp_path) as sql:
            assert anomalies(sql, "position_loin_de_sa_commune") == [
                (
                    "position_loin_de_sa_commune",
                    f"{DEUX} Collège fictif 2, à 32 km de Commune 34001",
                )
            ]

    def test_a_point_that_is_nowhere_is_no_point(self, tmp_path):
        """(0, 0), or a latitude of 143: the commune's point instead, and told."""
        fabrique.ecrire_annuaire(
            tmp_path,
            [etablissement(1, latitude="0", longitude="0"), etablissement(2, latitude="143")],
        )
        fabrique.ecrire_contours(tmp_path)
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select distinct qualite_position, position_fichier from mart_etablissement"
            ) == [("commune", "contours.geojson")]
            assert len(anomalies(sql, "position_illisible")) == 2

    def test_two_vintages_more_than_a_kilometre_apart_are_told(self, tmp_path):
        """The newest position stands; 300 metres are nothing."""
        for nom, jour, decalage in (
            ("vieux.csv", "2023-06-08", 0.02),
            ("neuf.csv", "2024-11-26", 0),
        ):
            fabrique.ecrire_annuaire(
                tmp_path,
                [
                    etablissement(1, date_maj_ligne=jour, latitude=f"{43.5 + decalage}"),
                    etablissement(2, date_maj_ligne=jour, latitude=f"{43.5 + decalage / 10}"),
                ],
                nom=nom,
            )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select distinct latitude, position_fichier from mart_etablissement") == [
                (43.5, "neuf.csv")
            ]
            assert anomalies(sql, "position_deplacee") == [
                ("position_deplacee", f"{UN} Collège fictif 1, 2,2 km plus loin")
            ]


class TestEffectifs:
    def test_the_population_of_an_index_is_never_an_enrolment(self, tmp_path):
        """« effectifs » in an IPS file weighs the index of a network; pupils stay unknown."""
        fabrique.ecrire_annuaire(
            tmp_path, [etablissement(1), etablissement(11, "Ecole"), etablissement(12, "Ecole")]
        )
        fabrique.ecrire_liste_ep(tmp_path, [reseau(11, 1), reseau(12, 1)])
        ecrire_ips(tmp_path, [(uai(11), "300", "80"), (uai(12), "100.0", "100")])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select effectif, ips from mart_site where type = 'ECOLE'") == [(None, 85.0)]
            assert sql("select count(effectif) from mart_etablissement") == [(0,)]

    @pytest.mark.reel
    def test_no_enrolment_of_the_real_index_files_is_read(self, reel, tmp_path):
        """The three real IPS files beside an annuaire: not one effectif."""
        for fichier in (*(reel / "ips").glob("*.csv"), *(reel / "annuaire").glob("*035*")):
            (tmp_path / fichier.name).symlink_to(fichier)
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select distinct effectif_source from mart_etablissement order by 1") == [
                ("annuaire",), (None,),
            ]  # fmt: skip
            assert sql("select count(ips) > 100 from mart_etablissement") == [(True,)]

    def test_the_voices_of_a_lycee_add_up_and_a_row_pasted_twice_counts_once(self, tmp_path):
        """LPO: 300 in GT and 200 in pro; the GT row is pasted twice."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, "Lycée")])
        ecrire_effectifs(tmp_path, [("2022", UN, "300", "0")] * 2, "gt")
        ecrire_effectifs(tmp_path, [("2022", UN, "200", "0")], "pro")
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select effectif, effectif_source, effectif_fichier from mart_site "
                       "join mart_etablissement using (effectif, effectif_source)") == [
                (500, "effectifs_lycees_gt + effectifs_lycees_pro", "gt.csv + pro.csv")
            ]  # fmt: skip
            assert anomalies(sql, "uai_deux_lignes") == [("uai_deux_lignes", UN)]

    def test_743_rows_of_an_index_pasted_twice_weigh_once(self, tmp_path):
        """Two écoles of 300 and 100 pupils: the first is pasted twice, the mean does not move."""
        fabrique.ecrire_annuaire(
            tmp_path, [etablissement(1), etablissement(11, "Ecole"), etablissement(12, "Ecole")]
        )
        fabrique.ecrire_liste_ep(tmp_path, [reseau(11, 1), reseau(12, 1)])
        ecrire_ips(tmp_path, [(uai(11), "300", "80"), (uai(11), "300", "80"),
                              (uai(12), "100", "100")])  # fmt: skip
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select ips from mart_site where type = 'ECOLE'") == [(85.0,)]
            assert anomalies(sql, "uai_deux_lignes") == [("uai_deux_lignes", uai(11))]

    def test_the_postal_code_an_enrolment_file_calls_a_commune_is_never_read(self, tmp_path):
        """« code_commune_insee » holding 34700 (Lodève) leaves commune and density alone."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(11, "Ecole")])
        fabrique.ecrire_densite(tmp_path, {"34001": 6, "34700": 1})
        colonnes = (
            "rentree_scolaire", "numero_ecole", "code_commune_insee", "nombre_total_eleves",
            "nombre_total_classes",
        )  # fmt: skip
        valeurs = ("2022", uai(11), "34700", "80", "4")
        fabrique.ecrire_csv(
            tmp_path / "ecoles.csv", colonnes, [dict(zip(colonnes, valeurs, strict=True))]
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select commune_code, densite, effectif from mart_etablissement") == [
                ("34001", 6, 80)
            ]

    def test_a_voice_missing_from_the_newest_year_keeps_its_last_one_and_says_so(self, tmp_path):
        """Pro not published yet: 300 of 2022 and 200 of 2021. Published without it: closed."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1, "Lycée"), etablissement(2, "Lycée")])
        gt = [("2021", UN, "290", "0"), ("2022", UN, "300", "0"), ("2022", DEUX, "100", "0")]
        ecrire_effectifs(tmp_path, gt, "gt")
        pro = [("2021", UN, "200", "0"), ("2021", DEUX, "50", "0")]
        ecrire_effectifs(tmp_path, pro, "pro")
        requete = (
            "select effectif, effectif_rentree, effectif_rentree_la_plus_ancienne "
            "from mart_etablissement order by uai"
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(requete) == [(500, 2022, 2021), (150, 2022, 2021)]
            assert len(anomalies(sql, "effectif_annees_melees")) == 2
        ecrire_effectifs(
            tmp_path, [*pro, ("2022", DEUX, "", "0"), ("2022", uai(3), "9", "0")], "pro"
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(requete) == [(300, 2022, 2022), (150, 2022, 2021)]
            assert anomalies(sql, "effectif_vide") == [("effectif_vide", None)]

    def test_a_number_of_segpa_pupils_that_is_not_one_stays_unknown_and_is_told(self, tmp_path):
        """« <5 » and « -3 » are no counts; the year before keeps its own rentrée."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1), etablissement(2)])
        fabrique.ecrire_csv(
            tmp_path / "colleges.csv",
            ("Rentrée scolaire", "Numéro du collège", "Nombre d'élèves total",
             "Nombre d'élèves total Segpa", "Nombre d'élèves total ULIS"),
            [dict(zip(("Rentrée scolaire", "Numéro du collège", "Nombre d'élèves total",
                       "Nombre d'élèves total Segpa", "Nombre d'élèves total ULIS"),
                      valeurs, strict=True))
             for valeurs in (("2021", UN, "400", "48", "11"), ("2022", UN, "410", "<5", "12"),
                             ("2022", DEUX, "300", "0", "-3"))],
        )  # fmt: skip
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select eleves_segpa, eleves_segpa_rentree, eleves_ulis, eleves_ulis_rentree "
                "from mart_site order by site_id"
            ) == [(48, 2021, 12, 2022), (0, 2022, None, None)]
            assert anomalies(sql, "eleves_segpa_illisible") == [("eleves_segpa_illisible", "<5")]
            assert anomalies(sql, "eleves_ulis_illisible") == [("eleves_ulis_illisible", "-3")]

    def test_an_enrolment_that_jumps_by_more_than_a_fifth_is_told(self, tmp_path):
        """400 then 520: told; 400 then 470: nothing; 20 then 30: too few pupils to say."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(n) for n in (1, 2, 3)])
        annees = [("2020", UN, "400"), ("2021", UN, "520"), ("2020", DEUX, "400"),
                  ("2021", DEUX, "470"), ("2020", uai(3), "20"), ("2021", uai(3), "30")]  # fmt: skip
        ecrire_effectifs(tmp_path, annees)
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select effectif from mart_etablissement order by uai") == [
                (520,), (470,), (30,),
            ]  # fmt: skip
            assert anomalies(sql, "effectif_saut") == [
                (
                    "effectif_saut",
                    f"{UN} Collège fictif 1, 400 à la rentrée 2020, 520 à la rentrée 2021",
                )
            ]

    def test_sources_that_disagree_on_one_year_are_told_and_ranked(self, tmp_path):
        """By level first, then the second degré, then the brevet (session 2022: rentrée 2021)."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1), etablissement(2)])
        ecrire_effectifs(tmp_path, [("2021", UN, "400")])
        ecrire_effectifs(
            tmp_path, [("2022", UN, "600", "", ""), ("2022", DEUX, "300", "", "")], "brevet"
        )
        ecrire_effectifs(tmp_path, [("2021-2022", DEUX, "310")], "second_degre")
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select effectif, effectif_source from mart_etablissement order by uai") == [
                (400, "effectifs_colleges"), (310, "effectifs_second_degre"),
            ]  # fmt: skip
            [(_, valeur)] = anomalies(sql, "effectif_sources_contraires")
            assert valeur.endswith("400 (effectifs_colleges), 600 (effectifs_brevet)")


class TestMillesimes:
    def test_the_newest_annuaire_wins_and_the_older_is_counted_once(self, tmp_path):
        """50 establishments in both: one anomaly that says 50, not fifty."""
        for nom, jour, nature in (
            ("b.csv", "2023-06-08", "vieux"),
            ("a.csv", "2024-11-26", "neuf"),
        ):
            fabrique.ecrire_annuaire(
                tmp_path,
                [
                    etablissement(n, date_maj_ligne=jour, Nom_etablissement=nature)
                    for n in range(1, 51)
                ],
                nom=nom,
            )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select distinct nom, fichier from mart_etablissement") == [
                ("neuf", "a.csv")
            ]
            assert sql(
                "select code, fichier, valeur from mart_anomalie where source = 'annuaire' "
                "and colonne = 'uai'"
            ) == [("uai_dans_deux_annuaires", "b.csv", "50 lignes")]

    def test_what_the_newest_annuaire_of_a_departement_no_longer_has_is_out_of_scope_and_told(
        self, tmp_path
    ):
        """A collège and an école REP+ of 2023 gone in 2026; the Gard is still that of 2023."""
        gard = {"Code_departement": "30", "Code_commune": "30007"}
        fabrique.ecrire_annuaire(
            tmp_path,
            [
                *(etablissement(n, date_maj_ligne="2023-06-08") for n in (1, 2)),
                *(etablissement(n, "Ecole", date_maj_ligne="2023-06-08") for n in (11, 12)),
                etablissement(3, date_maj_ligne="2023-06-08", **gard),
            ],
            nom="ancien.csv",
        )
        # the newer file keeps silent on the day of its row: it is the newer all the same
        fabrique.ecrire_annuaire(
            tmp_path,
            [
                etablissement(1, date_maj_ligne="", Nom_etablissement="neuf"),
                etablissement(4, date_maj_ligne="2026-09-01"),
            ],
            nom="recent.csv",
        )
        fabrique.ecrire_liste_ep(tmp_path, [reseau(1, 1, "COLLEGE"), reseau(11, 1)])
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select uai, nom, motif_hors_perimetre from mart_etablissement order by uai"
            ) == [
                (UN, "neuf", None),
                (DEUX, "Collège fictif 2", "absent_annuaire_recent"),
                (uai(3), "Collège fictif 3", None),
                (uai(4), "Collège fictif 4", None),
                (uai(11), "Ecole fictif 11", "absent_annuaire_recent"),
                (uai(12), "Ecole fictif 12", "ecole_hors_rep_plus"),
            ]
            assert sql(
                "select fichier, ligne, valeur, gravite from mart_anomalie "
                "where code = 'absent_annuaire_recent' order by ligne"
            ) == [
                ("ancien.csv", 3, f"{DEUX} Collège fictif 2", "attention"),
                ("ancien.csv", 4, f"{uai(11)} Ecole fictif 11", "attention"),
            ]
            assert sql("select site_id from mart_site order by 1") == [(UN,), (uai(3),), (uai(4),)]

    def test_the_newest_list_of_networks_replaces_the_older_whole(self, tmp_path):
        """An école that left the list is out, though the older one still names it."""
        fabrique.ecrire_annuaire(
            tmp_path, [etablissement(1), etablissement(11, "Ecole"), etablissement(12, "Ecole")]
        )
        fabrique.ecrire_liste_ep(tmp_path, [reseau(11, 1), reseau(12, 1)], nom="liste-2022.csv")
        fabrique.ecrire_liste_ep(tmp_path, [reseau(11, 1)], nom="ep-rentree-2023.csv")
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai, ep_fichier from mart_etablissement where ep is not null") == [
                (uai(11), "ep-rentree-2023.csv")
            ]
            assert sql(
                "select fichier, valeur from mart_anomalie where code = 'remplacee_par_plus_recent'"
            ) == [("liste-2022.csv", "2 lignes")]

    def test_a_newer_list_without_a_departement_column_replaces_the_older_all_the_same(
        self, tmp_path
    ):
        """The département is then that of the UAI, 2A and 2B for those of Corsica."""
        fabrique.ecrire_annuaire(
            tmp_path, [etablissement(1), etablissement(11, "Ecole"), etablissement(12, "Ecole")]
        )
        corse = "6200001" + cle("6200001")
        fabrique.ecrire_liste_ep(
            tmp_path,
            [reseau(11, 1), reseau(12, 1), reseau(13, 1, NUMERO=corse, **{"N°Département": "2A"})],
            nom="liste-2022.csv",
        )
        fabrique.ecrire_csv(
            tmp_path / "liste-2024.csv",
            [c for c in fabrique.COLONNES_LISTE_EP if c != "N°Département"],
            [
                {c: v for c, v in ligne.items() if c != "N°Département"}
                for ligne in (reseau(11, 1), reseau(14, 1, NUMERO=corse))
            ],
        )
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select uai, ep_fichier from mart_etablissement where ep is not null") == [
                (uai(11), "liste-2024.csv")
            ]
            assert sql(
                "select fichier, valeur from mart_anomalie where code = 'remplacee_par_plus_recent'"
            ) == [("liste-2022.csv", "3 lignes")]

    def test_every_source_takes_its_newest_file(self, tmp_path):
        """Same rentrée, same commune: the file of the newest vintage, whatever its name."""
        fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
        ecrire_effectifs(tmp_path, [("2021", UN, "400")], nom="z.csv")
        ecrire_effectifs(tmp_path, [("2021", UN, "410"), ("2022", DEUX, "1")], nom="a.csv")
        fabrique.ecrire_densite(tmp_path, {"34001": 6}).rename(tmp_path / "grille_2022.xlsx")
        fabrique.ecrire_densite(tmp_path, {"34001": 2}).rename(tmp_path / "g-2024.xlsx")
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql(
                "select effectif, effectif_fichier, densite, densite_fichier from mart_etablissement"
            ) == [(410, "a.csv", 2, "g-2024.xlsx")]
            assert sql(
                "select fichier, valeur from mart_anomalie "
                "where code = 'remplacee_par_plus_recent' order by 1"
            ) == [("grille_2022.xlsx", "1 ligne"), ("z.csv", "1 ligne")]

    @pytest.mark.parametrize(
        ("texte", "jour"),
        [("27/05/2026", "2026-05-27"), ("2024-11-26", "2024-11-26"), ("2022-2023", "2022"),
         ("rentrée 2021", "2021"), ("46169", "2026-05-27"), ("grille_densite_7_niveaux_2022", "2022"), ("sans date", "")],
    )  # fmt: skip
    def test_what_dates_a_file_sorts_by_date(self, texte, jour):
        """« 27/05/2026 » comes after « 2025-11-26 », a school year counts by its start."""
        assert chargement.jour_ou_annee(texte) == jour

    @pytest.mark.parametrize(
        ("ancien", "recent"),
        [("2023-06-08", "2024"), ("2024", "2024-01-01"), ("27/05/2026", "2026-05-28"),
         ("2025-11-26", "27/05/2026"), ("8/6/2023", "2023-11-02"), ("46168", "27/05/2026"),
         ("2023-06-08", "45300"), ("2022-2023", "rentrée 2023"), ("09.12.2023", "20240101"),
         ("99/99/2023", "2024-01-01"), ("31/12/2025", "1/1/2026"), ("sans date", "2018")],
    )  # fmt: skip
    def test_the_more_recent_of_two_writings_is_the_more_recent_day(self, ancien, recent):
        """A year alone comes before its days; « 99/99 » is no day; a serial number is one."""
        assert chargement.jour_ou_annee(ancien) < chargement.jour_ou_annee(recent)

    @given(
        jours=st.lists(
            st.dates(date(1990, 1, 1), date(2099, 12, 31)), min_size=2, max_size=2, unique=True
        ),
        formes=st.lists(st.sampled_from(ECRITURES_D_UN_JOUR), min_size=2, max_size=2),
    )
    def test_days_sort_the_same_way_however_they_are_written(self, jours, formes):
        """ISO, French, without zeros, without marks, counted by a spreadsheet: one order."""
        ecrits = [forme(jour) for jour, forme in zip(jours, formes, strict=True)]
        lus = [chargement.jour_ou_annee(e) for e in ecrits]
        assert lus == [jour.isoformat() for jour in jours]

    def test_the_vintage_of_a_file_is_said_one_way_however_its_dates_are_written(self, tmp_path):
        """An annuaire of « 27/05/2026 », one of 46170 (28/05/2026): the second is the newest."""
        for nom, jour in (("a.csv", "27/05/2026"), ("b.csv", "46170"), ("c.csv", "2026-05-26")):
            fabrique.ecrire_annuaire(
                tmp_path, [etablissement(1, date_maj_ligne=jour, Nom_etablissement=nom)], nom=nom
            )
        assert charger(tmp_path, "select fichier, millesime from raw_fichier order by rang") == [
            ("b.csv", "2026-05-28"),
            ("a.csv", "2026-05-27"),
            ("c.csv", "2026-05-26"),
        ]
        with fabrique.en_memoire(tmp_path) as sql:
            assert sql("select nom from mart_etablissement") == [("b.csv",)]
