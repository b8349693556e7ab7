"""The build: whole or not at all, and each defect of a source told, never swallowed."""

import os
import subprocess
import sys

import duckdb
import fabrique
import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction, entrepot


@pytest.fixture
def sources(tmp_path):
    """The folder of a small département."""
    return fabrique.petit_departement(tmp_path / "sources")


def lignes(base, requete):
    """The rows of one query on a built warehouse."""
    with entrepot.ouvrir(base) as connexion:
        return connexion.execute(requete).fetchall()


def restes(dossier):
    """What builds left in `dossier`."""
    return sorted(f.name for f in dossier.iterdir() if construction.SUFFIXE_PROVISOIRE in f.name)


class TestToutOuRien:
    """A warehouse in place is replaced by a whole one, or not touched."""

    def test_a_failed_build_leaves_the_warehouse_byte_for_byte(self, sources, tmp_path):
        """A poste of 1,5 stops the build; the pages keep reading what they read."""
        base = fabrique.construire(sources, tmp_path / "atlas.duckdb")
        avant = base.read_bytes()
        fabrique.ecrire_postes(sources, [fabrique.poste(quotite="1,5")])
        with pytest.raises(AtlasError):
            construction.construire([sources], base)
        assert base.read_bytes() == avant
        assert restes(tmp_path) == []

    def test_an_unknown_departement_leaves_it_too_and_lists_those_of_the_annuaire(
        self, sources, tmp_path
    ):
        """« 099 » is refused with the codes and names one may ask."""
        base = fabrique.construire(sources, tmp_path / "atlas.duckdb")
        avant = base.read_bytes()
        with pytest.raises(AtlasError, match=r"034 \(Hérault\)"):
            construction.construire([sources], base, ["099"])
        assert base.read_bytes() == avant

    def test_what_duckdb_spilled_beside_a_killed_build_is_swept_too(self, sources, tmp_path):
        """Its log and its folder of temporary files, from a process that is gone."""
        mort = subprocess.Popen([sys.executable, "-c", ""])
        mort.wait()
        reste = f"atlas.duckdb{construction.SUFFIXE_PROVISOIRE}-{mort.pid}"
        (tmp_path / reste).write_bytes(b"x")
        (tmp_path / f"{reste}.wal").write_bytes(b"x")
        (tmp_path / f"{reste}.tmp").mkdir()
        (tmp_path / f"{reste}.tmp" / "bloc").write_bytes(b"x")
        fabrique.construire(sources, tmp_path / "atlas.duckdb")
        assert restes(tmp_path) == []

    def test_the_work_of_a_build_that_still_runs_is_left_alone(self, sources, tmp_path):
        """Two people may build at once: neither sweeps the other's file."""
        autre = tmp_path / f"atlas.duckdb{construction.SUFFIXE_PROVISOIRE}-{os.getppid()}-ab"
        autre.write_bytes(b"en cours")
        fabrique.construire(sources, tmp_path / "atlas.duckdb")
        assert restes(tmp_path) == [autre.name]

    def test_an_open_reader_keeps_its_snapshot_during_a_swap(self, sources, tmp_path):
        """A page that is reading ends its reading on the data it began with."""
        base = fabrique.construire(sources, tmp_path / "atlas.duckdb")
        with entrepot.ouvrir(base) as lecteur:
            requete = "select count(*) from mart_etablissement"
            [avant] = lecteur.execute(requete).fetchall()
            fabrique.ecrire_annuaire(sources, [fabrique.etablissement(500)], nom="b.csv")
            construction.construire([sources], base)
            assert lecteur.execute(requete).fetchall() == [avant]
            assert lecteur.execute("select count(nom) from mart_site").fetchall() == [(4,)]
        assert lignes(base, requete) == [(avant[0] + 1,)]

    def test_a_folder_that_cannot_be_written_is_told_in_french(self, sources, tmp_path):
        """Here a path below a regular file; the remedy is --entrepot."""
        (tmp_path / "fichier").write_text("x")
        with pytest.raises(AtlasError, match="Impossible d'écrire l'entrepôt") as refus:
            construction.construire([sources], tmp_path / "fichier" / "atlas.duckdb")
        assert "--entrepot" in refus.value.remede

    def test_the_same_files_give_the_same_tables(self, sources, tmp_path):
        """Two builds, one content: a plan can be made again."""
        bases = [fabrique.construire(sources, tmp_path / f"{n}.duckdb") for n in (1, 2)]
        for table in ("mart_etablissement", "mart_site", "mart_anomalie", "mart_rattachement"):
            lues = [lignes(base, f"select * from {table} order by all") for base in bases]
            assert lues[0] == lues[1]

    def test_a_missing_or_broken_warehouse_says_how_to_build_it(self, tmp_path):
        """The pages show this sentence, not an error of DuckDB."""
        (tmp_path / "abime.duckdb").write_bytes(b"pas une base")
        for nom in ("absent.duckdb", "abime.duckdb"):
            with (
                pytest.raises(AtlasError, match="atlas construire"),
                entrepot.ouvrir(tmp_path / nom),
            ):
                pass


class TestDefautsDesSources:
    """Each defect of the real files, one at a time."""

    def test_a_network_whose_head_college_closed_keeps_its_site(self, tmp_path):
        """The écoles are still there: the site stays under the UAI of the list, and it is told."""
        sources = tmp_path / "sources"
        fabrique.ecrire_annuaire(
            sources,
            [
                fabrique.etablissement(1),
                fabrique.etablissement(2, etat="FERME"),
                fabrique.etablissement(11, "Ecole"),
                fabrique.etablissement(12, "Ecole"),
            ],
        )
        fabrique.ecrire_liste_ep(sources, [fabrique.reseau(11, 2), fabrique.reseau(12, 777)])
        base = fabrique.construire(sources)
        assert lignes(
            base,
            "select site_id, nb_ecoles from mart_site where nature = 'ecoles_rep_plus' order by 1",
        ) == [(f"RESEAU-{fabrique.uai(2)}", 1), (f"RESEAU-{fabrique.uai(777)}", 1)]
        signales = lignes(
            base, "select valeur from mart_anomalie where code = 'tete_de_reseau_absente'"
        )
        assert sorted(signales) == [(fabrique.uai(2),), (fabrique.uai(777),)]
        assert lignes(base, f"select 1 from mart_site where site_id = '{fabrique.uai(2)}'") == []

    def test_an_establishment_without_coordinates_takes_those_of_its_commune(self, sources):
        """Juvignac opened without coordinates: it is in Juvignac, and the map can say so."""
        nouveau = fabrique.etablissement(7, latitude="", longitude="", Code_commune="34002")
        perdu = fabrique.etablissement(8, latitude="", longitude="", Code_commune="34999")
        fabrique.ecrire_annuaire(sources, [nouveau, perdu], nom="b.csv")
        base = fabrique.construire(sources)
        requete = (
            "select qualite_position, latitude between 43.4 and 43.6, longitude between 3.8 and 4 "
            "from mart_site where site_id = '{}'"
        )
        assert lignes(base, requete.format(fabrique.uai(7))) == [("commune", True, True)]
        assert lignes(base, requete.format(fabrique.uai(8))) == [("inconnue", None, None)]
        assert lignes(
            base, "select code, left(valeur, 8) from mart_anomalie where colonne = 'latitude'"
        ) == [
            ("position_de_la_commune", fabrique.uai(7)),
            ("position_inconnue", fabrique.uai(8)),
        ]

    def test_one_uai_on_two_rows_is_one_establishment(self, tmp_path):
        """The most recent row stands; of the same day, the Collège before the Lycée."""
        sources = tmp_path / "sources"
        fabrique.ecrire_annuaire(
            sources,
            [
                fabrique.etablissement(1, "Lycée"),
                fabrique.etablissement(1, "Collège"),
                fabrique.etablissement(2, Nom_etablissement="Ancien", Code_commune="34002"),
                fabrique.etablissement(2, Nom_etablissement="Nouveau", date_maj_ligne="2025-01-15"),
            ],
        )
        base = fabrique.construire(sources)
        assert lignes(base, "select uai, type, nom from mart_etablissement order by uai") == [
            (fabrique.uai(1), "COLLEGE", "Collège fictif 1"),
            (fabrique.uai(2), "COLLEGE", "Nouveau"),
        ]
        assert lignes(
            base,
            "select code, ligne, valeur from mart_anomalie where colonne = 'uai' order by ligne",
        ) == [
            ("uai_deux_lignes", 2, fabrique.uai(1)),
            ("uai_deux_communes", 4, fabrique.uai(2)),
        ]

    def test_dates_are_compared_as_dates_not_as_texts(self, tmp_path):
        """« 27/05/2026 » is newer than « 2025-11-26 », as Excel writes it or not."""
        sources = tmp_path / "sources"
        fabrique.ecrire_annuaire(
            sources,
            [
                fabrique.etablissement(1, date_maj_ligne="2025-11-26", Nom_etablissement="vieux"),
                fabrique.etablissement(1, date_maj_ligne="27/05/2026", Nom_etablissement="neuf"),
            ],
        )
        base = fabrique.construire(sources)
        assert lignes(base, "select nom from mart_etablissement") == [("neuf",)]

    def test_arrondissements_take_the_density_of_their_commune(self, tmp_path):
        """A collège of 13201 is in 13055: Marseille is not « unknown », nor rural."""
        sources = tmp_path / "sources"
        marseille = {"Code_departement": "013", "Libelle_departement": "Bouches-du-Rhône"}
        fabrique.ecrire_annuaire(
            sources,
            [
                fabrique.etablissement(1, Code_commune="13201", **marseille),
                fabrique.etablissement(2, Code_commune="13216", **marseille),
            ],
        )
        fabrique.ecrire_densite(sources, {"13055": 1, "13001": 7})
        base = fabrique.construire(sources)
        assert lignes(
            base, "select commune_code, densite, est_rural from mart_site order by site_id"
        ) == [("13055", 1, False), ("13055", 1, False)]
        assert lignes(base, "select 1 from mart_anomalie where code = 'densite_inconnue'") == []

    def test_the_rural_threshold_is_level_5_of_the_grid(self, sources):
        """Levels 5 to 7 are the rural space; an unknown density is neither rural nor urban."""
        fabrique.ecrire_densite(sources, {"34001": 4, "34002": 5})
        inconnu = fabrique.etablissement(9, Code_commune="34999")
        fabrique.ecrire_annuaire(sources, [inconnu], nom="b.csv")
        base = fabrique.construire(sources)
        assert lignes(
            base,
            "select left(site_id, 7), est_rural from mart_site where type = 'COLLEGE' order by 1",
        ) == [("0340001", False), ("0340002", True), ("0340009", None)]

    def test_local_dispositifs_are_known_with_their_source_the_others_stay_unknown(self, sources):
        """No public file gives UPE2A: « not given » is null, never « no »."""
        fabrique.ecrire_csv(
            sources / "dispositifs.csv",
            fabrique.COLONNES_DISPOSITIFS,
            [
                dict(zip(fabrique.COLONNES_DISPOSITIFS, ligne, strict=True))
                for ligne in (
                    (fabrique.uai(1), "UPE2A", "oui", "CASNAV 2026"),
                    (fabrique.uai(1), "SEGPA", "non", "DOS 2025"),
                    (fabrique.uai(2), "RELAIS", "non", ""),
                )
            ],
        )
        base = fabrique.construire(sources)
        assert lignes(
            base,
            "select upe2a, upe2a_source, segpa, segpa_source, relais, relais_source "
            "from mart_etablissement where type = 'COLLEGE' order by uai",
        ) == [
            (True, "CASNAV 2026", False, "DOS 2025", None, None),
            (None, None, False, "annuaire", False, "dispositifs.csv"),
        ]

    @pytest.mark.parametrize(
        ("autres", "motif"),
        [
            ({"Statut_public_prive": "Privé"}, "prive"),
            ({"Statut_public_prive": ""}, "ni_public_ni_prive"),
            ({"ministere_tutelle": "MINISTERE DE L'AGRICULTURE"}, "autre_ministere"),
            ({"etat": "FERME"}, "ferme"),
            ({"etat": "A OUVRIR"}, "pas_encore_ouvert"),
            ({"Type_etablissement": "Service Administratif", "code_nature": "800"}, "autre_nature"),
            ({"Type_etablissement": "Ecole", "code_nature": "151"}, "ecole_hors_rep_plus"),
        ],
    )
    def test_an_establishment_out_of_scope_says_why(self, tmp_path, autres, motif):
        """It stays in mart_etablissement: nothing is dropped silently."""
        sources = tmp_path / "sources"
        fabrique.ecrire_annuaire(
            sources, [fabrique.etablissement(1), fabrique.etablissement(2, **autres)]
        )
        base = fabrique.construire(sources)
        assert lignes(
            base, "select dans_perimetre, motif_hors_perimetre from mart_etablissement order by uai"
        ) == [(True, None), (False, motif)]
        assert lignes(base, "select count(*) from mart_site") == [(1,)]

    def test_a_number_too_large_to_be_pupils_is_unknown(self, sources):
        """A SIRET in the column of pupils does not stop the build."""
        fabrique.ecrire_annuaire(
            sources, [fabrique.etablissement(7, Nombre_d_eleves="19301326500015")], nom="b.csv"
        )
        base = fabrique.construire(sources)
        requete = f"select effectif from mart_site where site_id = '{fabrique.uai(7)}'"
        assert lignes(base, requete) == [(None,)]

    def test_lower_case_uai_and_departements_without_zeros_are_read(self, sources):
        """« 0340011c » and département « 34 » of the EP list are 0340011C and 034."""
        ligne = fabrique.reseau(13, 1)
        ligne["NUMERO"] = ligne["NUMERO"].lower()
        fabrique.ecrire_liste_ep(sources, [fabrique.reseau(11, 1), ligne])
        base = fabrique.construire(sources)
        assert lignes(base, "select nb_ecoles from mart_site where type = 'ECOLE'") == [(2,)]
        assert lignes(base, "select valeur from mart_anomalie where code = 'uai_minuscules'") == [
            (fabrique.uai(13).lower(),)
        ]

    def test_rows_are_conserved_in_each_file(self, sources):
        """Rows read = kept + merged + rejected, and each one not kept is an anomaly."""
        fabrique.ecrire_annuaire(
            sources,
            [
                fabrique.etablissement(1),
                fabrique.etablissement(5, Identifiant_de_l_etablissement="sans"),
                fabrique.etablissement(6),
            ],
            nom="b.csv",
        )
        base = fabrique.construire(sources)
        assert lignes(
            base,
            "select fichier, lignes_lues, lignes_gardees, lignes_fusionnees, lignes_rejetees "
            "from meta_construction where source = 'annuaire' order by fichier",
        ) == [("annuaire.csv", 7, 7, 0, 0), ("b.csv", 3, 1, 1, 1)]
        assert lignes(
            base, "select ligne, code from mart_anomalie where fichier = 'b.csv' order by ligne"
        )[:2] == [(2, "uai_dans_deux_annuaires"), (3, "uai_illisible")]

    def test_meta_construction_names_each_file_its_vintage_and_its_fingerprint(self, sources):
        """Who gave what, of which year, which bytes: a plan rests on these."""
        base = fabrique.construire(sources)
        meta = lignes(
            base,
            "select source, fichier, millesime, length(sha256), version_code is not null, licence "
            "from meta_construction order by source",
        )
        licence = "Licence Ouverte 2.0"
        assert meta == [
            ("annuaire", "annuaire.csv", "2024-11-26", 64, True, licence),
            ("contours", "contours.geojson", "contours", 64, True, licence),
            ("densite", "densite.xlsx", "densite", 64, True, licence),
            ("education_prioritaire", "reseaux.csv", "reseaux", 64, True, licence),
        ]

    def test_the_warehouse_holds_no_raw_table(self, sources):
        """Local files may hold more than what is read: only what was judged is kept."""
        base = fabrique.construire(sources)
        with duckdb.connect(str(base), read_only=True) as connexion:
            tables = {nom for (nom,) in connexion.execute("show tables").fetchall()}
        assert not {t for t in tables if t.startswith("raw_")}


class TestDonneesFictives:
    """Made-up data say so on every screen, wherever their notice is."""

    def test_a_notice_in_a_sub_folder_marks_the_whole_warehouse(self, sources, tmp_path):
        """A folder of made-up files put beside true ones: both sentences, each once."""
        for rang, phrase in enumerate(("Écoles inventées", "Postes inventés", "Postes inventés")):
            notice = sources / "a" / f"{rang}" / "exemple.toml"
            notice.parent.mkdir(parents=True)
            notice.write_text(f'est_fictif = true\nlibelle = "{phrase}"\n', encoding="utf-8")
        base = fabrique.construire(sources)
        with entrepot.ouvrir(base) as connexion:
            assert entrepot.avertissements(connexion) == {
                "fictif": "Écoles inventées\u202f; Postes inventés"
            }

    @pytest.mark.parametrize("contenu", ["est_fictif = oui", "est_fictif = true", "\x00"])
    def test_a_notice_that_can_not_be_read_stops_the_build(self, sources, contenu):
        """Made-up data must not pass for true because of a typing slip."""
        (sources / "exemple.toml").write_text(contenu, encoding="utf-8")
        with pytest.raises(AtlasError, match="fictives") as refus:
            fabrique.construire(sources)
        assert refus.value.fichier == "exemple.toml"

    def test_a_folder_that_says_it_is_true_has_no_warning(self, sources):
        (sources / "exemple.toml").write_text("est_fictif = false", encoding="utf-8")
        with entrepot.ouvrir(fabrique.construire(sources)) as connexion:
            assert entrepot.avertissements(connexion) == {}
