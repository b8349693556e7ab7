"""A value that can't be read, or can't be true, becomes unknown and is told: never kept, never
lost in silence.
"""

import fabrique
import pytest
from fabrique import etablissement, poste, uai

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError

UN, DEUX = uai(1), uai(2)
IPS = ("rentree_scolaire", "uai", "effectifs", "ips")
EFFECTIFS = ("rentree_scolaire", "numero_college", "nombre_eleves_total")


def ecrire(chemin, colonnes, *lignes):
    """A CSV of a few rows."""
    return fabrique.ecrire_csv(
        chemin, colonnes, [dict(zip(colonnes, ligne, strict=True)) for ligne in lignes]
    )


def dites(sql):
    """(code, line, column, value) of everything told."""
    return sql(
        "select code, ligne, colonne, valeur from mart_anomalie "
        "order by source, ligne, colonne, code, valeur"
    )


def test_every_cell_of_the_annuaire_that_is_lost_is_told_with_its_column(tmp_path):
    """« peut-être », « ? », « 9 », « hier », −50 pupils: unknown, each told; nothing else is."""
    mots = {"Segpa": "peut-être", "ULIS": "?", "Hebergement": "9", "date_maj_ligne": "hier"}
    fabrique.ecrire_annuaire(
        tmp_path,
        [
            etablissement(1, Nombre_d_eleves="-50", **mots),
            etablissement(2, Nombre_d_eleves="50000"),
            etablissement(3, Nombre_d_eleves="500", Statut_public_prive="Privé", Segpa="?"),
        ],
    )
    fabrique.ecrire_densite(tmp_path, {"34001": 2})
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql(
            "select effectif, segpa, ulis, internat, date_maj from mart_etablissement "
            f"where uai = '{UN}'"
        ) == [(None, None, None, None, None)]
        assert [d[1:] for d in dites(sql) if d[0] == "valeur_illisible"] == [
            (2, colonne, f"{UN} Collège fictif 1, «\u202f{mot}\u202f»")
            for colonne, mot in (
                ("date_maj_ligne", "hier"),
                ("hebergement", "9"),
                ("nombre_d_eleves", "-50"),
                ("segpa", "peut-être"),
                ("ulis", "?"),
            )
        ] + [(3, "nombre_d_eleves", f"{DEUX} Collège fictif 2, «\u202f50000\u202f»")]


def test_coordinates_that_are_no_degrees_are_not_said_to_be_missing(tmp_path):
    """« quarante », (0, 0), 95°: written but wrong; an empty cell alone is « sans coordonnées »."""
    lieux = [("quarante", "3.5"), ("0", "0"), ("95", "3.5"), ("", "")]
    fabrique.ecrire_annuaire(
        tmp_path,
        [etablissement(n, latitude=y, longitude=x) for n, (y, x) in enumerate(lieux, start=1)],
    )
    fabrique.ecrire_contours(tmp_path)
    with fabrique.en_memoire(tmp_path) as sql:
        codes = sql(
            "select code, list(ligne order by ligne) from mart_anomalie "
            "where code like 'position_%' group by 1 order by 1"
        )
        assert codes == [("position_de_la_commune", [5]), ("position_illisible", [2, 3, 4])]
        assert sql("select distinct qualite_position from mart_etablissement") == [("commune",)]


def test_an_index_off_its_scale_and_an_enrolment_no_school_has_become_unknown(tmp_path):
    """IPS 953 and −5, 50 000 pupils, « 1.000 » pupils; bounds are those of controles.toml."""
    fabrique.ecrire_annuaire(tmp_path, [etablissement(n) for n in (1, 2, 3)])
    fabrique.ecrire_densite(tmp_path, {"34001": 2})
    ips_max = reference.valeur("controles", "ips_max")
    ecrire(
        tmp_path / "ips.csv", IPS, ("2022", UN, "9", "953"), ("2022", DEUX, "9", "-5"),
        ("2022", uai(3), "beaucoup", str(ips_max)),
    )  # fmt: skip
    ecrire(
        tmp_path / "effectifs.csv", EFFECTIFS, ("2022", UN, "50000"), ("2022", DEUX, "-3"),
        ("2022", uai(3), "1.000"),
    )  # fmt: skip
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql("select ips, effectif from mart_etablissement order by uai") == [
            (None, None), (None, None), (ips_max, None),
        ]  # fmt: skip
        assert [d for d in dites(sql) if d[0] != "effectif_inconnu"] == [
            ("effectif_impossible", 2, "effectif", "50000"),
            ("effectif_impossible", 3, "effectif", "-3"),
            ("effectif_vide", 4, "effectif", "1.000"),
            ("ips_impossible", 2, "ips", "953"),
            ("ips_impossible", 3, "ips", "-5"),
            ("eleves_de_l_indice_illisible", 4, "eleves_de_l_indice", "beaucoup"),
        ]


def test_a_rentree_that_has_not_begun_and_a_uai_nobody_has_are_told(tmp_path):
    """2099 set aside; a wrong letter kept and told; UAIs of the place the annuaire lacks, once a
    file; those of other places, and schools closed since, are nobody's fault.
    """
    fabrique.ecrire_annuaire(tmp_path, [etablissement(1)])
    fabrique.ecrire_densite(tmp_path, {"34001": 2})
    ecrire(
        tmp_path / "ips.csv", IPS, ("2022", UN, "9", "100"), ("2099", UN, "9", "60"),
        ("2022", UN[:7] + "Z", "9", "100"), ("2022", uai(998), "9", "100"),
        ("2022", uai(999), "9", "100"), ("2021", uai(997), "9", "100"),
        ("2022", "0590001A", "9", "90"),
    )  # fmt: skip
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql("select ips, ips_rentree from mart_etablissement") == [(100.0, 2022)]
        assert [d for d in dites(sql) if d[0] != "effectif_inconnu"] == [
            ("rentree_a_venir", 3, "rentree_scolaire", "2099"),
            ("uai_absent_annuaire", 4, "uai", f"3 UAI, dont {UN[:7]}Z"),
            ("uai_cle_fausse", 4, "uai", UN[:7] + "Z"),
            ("uai_cle_fausse", 8, "uai", "0590001A"),
        ]
        assert sql(
            "select count(*) from stg_ips_lignes where sort = 'rejetee' and len(anomalies) > 0"
        ) == [(1,)]


@pytest.mark.parametrize("nombre", ["1.000", "1,000"])
def test_a_thousand_that_may_be_one_stops_the_build(tmp_path, nombre):
    """A local file: whoever wrote it can say which; « 1 000 » and « 12,0 » are read."""
    fabrique.petit_departement(tmp_path)
    fabrique.ecrire_activite(tmp_path, [(UN, "entretiens", "1 000"), (DEUX, "entretiens", "12,0")])
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql("select nombre from mart_activite order by 1") == [(12,), (1000,)]
    fabrique.ecrire_activite(tmp_path, [(UN, "entretiens", nombre)])
    with pytest.raises(AtlasError, match="mille ou un"):
        fabrique.construire(tmp_path, tmp_path / "atlas.duckdb")


def test_a_time_outside_the_sector_read_as_a_percentage_says_so(tmp_path):
    """« 10 » is read as 0,10, as a quotité of 80 is read as 0,8: both are told."""
    fabrique.petit_departement(tmp_path)
    fabrique.ecrire_postes(tmp_path, [poste(hors_secteur_etp="10")])
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql("select hors_secteur_etp from mart_poste") == [(0.1,)]
        assert sql(
            "select code, ligne, colonne, valeur, gravite from mart_anomalie "
            "where source = 'postes' and code like '%pourcentage'"
        ) == [("hors_secteur_en_pourcentage", 2, "hors_secteur_etp", "10", "information")]
