# ruff: noqa: E501 (the table of defects below)
"""Local files come out of Excel by people in a hurry: what is typed is read, or told as typed.

| Defect | Rule | Test |
|---|---|---|
| quotité `80 %`, `0,8`, `80`, `2` | a part; a sign; a whole number from 2 to 100 is a percentage, told | `test_a_quotite_is_read…`, `tests/sources/test_lignes_locales.py` |
| quotité `08 %` | refused: 8 % or 80 % | `TestPostes` |
| presence half in a département not asked | not counted, told | `TestPresences` |
| a yes or no that is neither, a distance in words, an empty bassin | stop; stop; told | `TestReponses` |
| a poste twice | stops the build | `tests/sources/test_lignes_locales.py` |
| a presence at an unknown UAI, out of scope, twice | not counted, told apart; counted once | `TestPresences` |
| presences beyond the poste's time | kept, told | `TestPresences` |
| every periodicite, less than half a half-day, fractions | told when it vanishes or is rounded | `TestPresences` |
| activity negative, absurd, twice, where nobody goes | stops; told; counted once; told | `TestActivite` |
| a code typed wrong | the message shows what was typed | `TestMessages` |
"""

import duckdb
import fabrique
import pytest
from fabrique import etablissement, poste, uai

from pipelines.base.erreurs import AtlasError

UN, DEUX = uai(1), uai(2)


@pytest.fixture
def sources(tmp_path):
    """The folder of a small département."""
    return fabrique.petit_departement(tmp_path / "sources")


def anomalies(sql, source):
    """(code, line, value) of the anomalies of one source."""
    return sql(
        f"select code, ligne, valeur from mart_anomalie where source = '{source}' order by all"
    )


def ecrire_presences(dossier, *lignes, **options):
    """Presences as (poste, uai, half-days, periodicite)."""
    dicts = [dict(zip(fabrique.COLONNES_PRESENCES, ligne, strict=True)) for ligne in lignes]
    return fabrique.ecrire_presences(dossier, dicts, **options)


class TestPostes:
    def test_a_quotite_is_read_as_a_part_a_percentage_or_a_whole_number_of_percents(self, sources):
        """0,8; 80 %; 80; 100; 50.0: those without a sign are told."""
        ecrites = {"A": "0,8", "B": "80 %", "C": "80", "D": "100", "E": "1", "F": "50.0"}
        fabrique.ecrire_postes(sources, [poste(p, quotite=q) for p, q in ecrites.items()])
        with fabrique.en_memoire(sources) as sql:
            assert sql("select poste_id, quotite_etp from mart_poste order by 1") == [
                ("A", 0.8), ("B", 0.8), ("C", 0.8), ("D", 1.0), ("E", 1.0), ("F", 0.5),
            ]  # fmt: skip
            assert anomalies(sql, "postes") == [
                ("quotite_en_pourcentage", 4, "80"),
                ("quotite_en_pourcentage", 5, "100"),
                ("quotite_en_pourcentage", 7, "50.0"),
            ]

    @pytest.mark.parametrize("ecrite", ["08 %", "08 %", "08", "080%", "05.5 %"])
    def test_a_quotite_that_begins_with_a_zero_and_no_comma_is_refused_not_guessed(
        self, sources, ecrite
    ):
        """« 08 % » is 8 % or 80 %: a tenth of a poste or nearly a whole one, nobody can tell."""
        fabrique.ecrire_postes(sources, [poste("A"), poste("B", quotite=ecrite)])
        with fabrique.en_memoire(sources) as sql:
            assert sql("select poste_id from mart_poste") == [("A",)]
            [(code, ligne, gravite, raison, remede)] = sql(
                "select code, ligne, gravite, raison, remede from mart_anomalie "
                "where source = 'postes'"
            )
        assert (code, ligne, gravite) == ("quotite_ambigue", 3, "bloquante")
        assert "8 % ou 80 %" in raison
        assert "écrire 80 % ou 0,8" in remede
        with pytest.raises(AtlasError) as refus:
            fabrique.construire(sources)
        assert (refus.value.fichier, refus.value.ligne, refus.value.colonne) == (
            "postes.csv", 3, "quotite",
        )  # fmt: skip

    def test_eight_percent_and_eight_hundredths_are_read_when_nothing_is_in_doubt(self, sources):
        """« 8 % », « 0,08 », « 0.80 »: their first zero, if any, is before a comma."""
        ecrites = {"A": "8 %", "B": "0,08", "C": "0.80"}
        fabrique.ecrire_postes(sources, [poste(p, quotite=q) for p, q in ecrites.items()])
        with fabrique.en_memoire(sources) as sql:
            assert sql("select poste_id, quotite_etp from mart_poste order by 1") == [
                ("A", 0.08), ("B", 0.08), ("C", 0.8),
            ]  # fmt: skip

    def test_time_out_of_the_sector_written_02_percent_is_refused_too(self, sources):
        """2 % or 20 % for the MDPH: the sector of the poste depends on it."""
        fabrique.ecrire_postes(sources, [poste("A", hors_secteur_etp="02 %")])
        with fabrique.en_memoire(sources) as sql:
            assert anomalies(sql, "postes") == [("hors_secteur_ambigu", 2, "02 %")]

    def test_time_out_of_the_sector_is_read_the_same_way(self, sources):
        """20 % of a poste at 80 %."""
        fabrique.ecrire_postes(sources, [poste("A", quotite="80 %", hors_secteur_etp="20 %")])
        with fabrique.en_memoire(sources) as sql:
            assert sql("select quotite_etp, hors_secteur_etp from mart_poste") == [(0.8, 0.2)]


class TestPresences:
    def test_each_periodicite_is_put_in_the_cycle_of_four_weeks(self, sources):
        """A half-day a week is 4, a fortnight 2, a month or a cycle 1; « Semaine » is « semaine »."""
        fabrique.ecrire_postes(sources, [poste(p) for p in "ABCDE"])
        ecrire_presences(
            sources,
            ("A", UN, "1", "semaine"),
            ("B", UN, "1", " Quinzaine"),
            ("C", UN, "1", "MOIS"),
            ("D", UN, "1", "cycle"),
            ("E", UN, "0,5", "semaine"),
        )
        with fabrique.en_memoire(sources) as sql:
            assert sql("select poste_id, demi_journees_cycle from mart_presence order by 1") == [
                ("A", 4), ("B", 2), ("C", 1), ("D", 1), ("E", 2),
            ]  # fmt: skip

    def test_a_presence_too_small_to_count_and_one_rounded_are_told(self, sources):
        """0,4 a month vanishes from the plan, 1,6 becomes 2: neither silently."""
        fabrique.ecrire_postes(sources, [poste("A"), poste("B"), poste("C")])
        ecrire_presences(
            sources, ("A", UN, "0,4", "mois"), ("B", UN, "1,6", "mois"), ("C", UN, "0", "mois")
        )
        with fabrique.en_memoire(sources) as sql:
            assert sql("select poste_id, demi_journees_cycle from mart_presence") == [("B", 2)]
            assert anomalies(sql, "presences") == [
                ("presence_arrondie", 3, f"B\u202f: {UN}"),
                ("presence_trop_petite", 2, f"A\u202f: {UN}"),
                ("presence_trop_petite", 4, f"C\u202f: {UN}"),
            ]

    def test_small_presences_in_one_place_are_added_before_they_are_rounded(self, sources):
        """0,3 and 0,3 a month in one collège are one half-day; half of one is rounded up."""
        fabrique.ecrire_postes(sources, [poste("A"), poste("B")])
        ecrire_presences(
            sources, ("A", UN, "0,3", "mois"), ("A", UN, "0,30", "cycle"), ("B", UN, "0,5", "mois")
        )
        with fabrique.en_memoire(sources) as sql:
            assert sql("select poste_id, demi_journees_cycle from mart_presence order by 1") == [
                ("A", 1), ("B", 1),
            ]  # fmt: skip
            assert {c for c, _, _ in anomalies(sql, "presences")} == {"presence_arrondie"}

    def test_a_presence_half_in_a_departement_that_is_not_asked_is_told(self, sources):
        """A poste of the Hérault in a collège of the Gard, and the converse; both ways not counted.

        Neither in the Hérault: it is the business of another build, and left out quietly.
        """
        gard = {"Code_departement": "030", "Libelle_departement": "Gard"}
        fabrique.ecrire_annuaire(
            sources, [etablissement(51, **gard), etablissement(52, **gard)], nom="gard.csv"
        )
        fabrique.ecrire_postes(sources, [poste("HERAULT"), poste("GARD", 51)])
        ecrire_presences(
            sources,
            ("HERAULT", uai(51), "1", "semaine"),
            ("GARD", UN, "1", "semaine"),
            ("GARD", uai(52), "1", "semaine"),
            ("HERAULT", UN, "1", "semaine"),
        )
        with fabrique.en_memoire(sources, ["034"]) as sql:
            assert sql("select poste_id, site_id from mart_presence") == [("HERAULT", UN)]
            assert anomalies(sql, "presences") == [
                ("presence_autre_departement", 2, f"HERAULT : {uai(51)}"),
                ("presence_poste_autre_departement", 3, f"GARD : {UN}"),
            ]
        with fabrique.en_memoire(sources, ["030", "034"]) as sql:
            assert sql("select count(*) from mart_presence") == [(4,)]
            assert anomalies(sql, "presences") == []

    def test_an_unknown_uai_and_a_school_out_of_scope_are_told_apart(self, sources):
        """The first is a slip or a missing annuaire, the second a private school."""
        prive = etablissement(8, Statut_public_prive="Privé", Nom_etablissement="Sainte-Marie")
        fabrique.ecrire_annuaire(sources, [prive], nom="prive.csv")
        fabrique.ecrire_postes(sources, [poste("A")])
        ecrire_presences(sources, ("A", uai(999), "1", "mois"), ("A", uai(8), "1", "mois"))
        with fabrique.en_memoire(sources) as sql:
            assert sql("select count(*) from mart_presence") == [(0,)]
            assert anomalies(sql, "presences") == [
                ("presence_hors_perimetre", 3, f"{uai(8)} Sainte-Marie, établissement privé"),
                ("presence_uai_inconnu", 2, uai(999)),
            ]

    def test_presences_beyond_the_time_of_the_poste_are_kept_and_told(self, sources):
        """A half-time poste has 20 half-days in a cycle: 24 is too many, 20 is full."""
        fabrique.ecrire_postes(sources, [poste("A", quotite="0,5"), poste("B", quotite="0,5")])
        ecrire_presences(
            sources,
            ("A", UN, "4", "semaine"),
            ("A", DEUX, "2", "semaine"),
            ("B", UN, "5", "semaine"),
        )
        with fabrique.en_memoire(sources) as sql:
            assert sql("select sum(demi_journees_cycle) from mart_presence") == [(44,)]
            assert anomalies(sql, "presences") == [
                ("presences_au_dela_du_temps", 2, "A\u202f: 24 pour 20")
            ]

    def test_a_presence_pasted_twice_counts_once(self, sources):
        """Same poste, same place, same words; two amounts in one place add up."""
        fabrique.ecrire_postes(sources, [poste("A")])
        ecrire_presences(
            sources,
            ("A", UN, "1", "semaine"),
            ("A", UN, "1", "semaine"),
            ("A", UN, "1", "mois"),
        )
        with fabrique.en_memoire(sources) as sql:
            assert sql("select demi_journees_cycle from mart_presence") == [(5,)]
            assert anomalies(sql, "presences") == [("presence_deux_lignes", 3, "A")]


class TestActivite:
    def test_ten_times_the_median_of_its_kind_is_told(self, sources):
        """Collèges at 40, one at 400; a lycée at 400 among none is its own median."""
        fabrique.ecrire_annuaire(
            sources, [etablissement(n) for n in range(20, 25)], nom="autres.csv"
        )
        releves = [(uai(n), "entretiens", "40") for n in (1, 20, 21, 22, 23)]
        fabrique.ecrire_activite(
            sources, [*releves, (uai(24), "entretiens", "400"), (uai(3), "entretiens", "400")]
        )
        with fabrique.en_memoire(sources) as sql:
            assert anomalies(sql, "activite") == [
                ("activite_absurde", 7, f"{uai(24)} entretiens\u202f: 400, médiane 40")
            ]
            assert sql("select count(*), max(nombre) from mart_activite") == [(7, 400)]

    def test_a_rare_count_is_never_absurd(self, sources):
        """Median 1, and 12 signalements in one collège: it may be true."""
        fabrique.ecrire_annuaire(sources, [etablissement(n) for n in (20, 21)], nom="b.csv")
        fabrique.ecrire_activite(
            sources,
            [(UN, "signalements", "1"), (uai(20), "signalements", "1"),
             (uai(21), "signalements", "12")],
        )  # fmt: skip
        with fabrique.en_memoire(sources) as sql:
            assert anomalies(sql, "activite") == []

    def test_activity_where_nobody_goes_is_told_once_a_place(self, sources):
        """Only when presences are given: without them every place would be so."""
        fabrique.ecrire_activite(
            sources, [(UN, "entretiens", "4"), (DEUX, "entretiens", "4"), (DEUX, "demandes", "4")]
        )
        with fabrique.en_memoire(sources) as sql:
            assert anomalies(sql, "activite") == []
        fabrique.ecrire_postes(sources, [poste("A")])
        ecrire_presences(sources, ("A", UN, "1", "mois"))
        with fabrique.en_memoire(sources) as sql:
            assert anomalies(sql, "activite") == [
                ("activite_sans_presence", 3, f"{DEUX} Collège fictif 2")
            ]

    def test_a_return_given_twice_counts_once_whatever_its_case(self, sources):
        """« Entretiens » pasted below « entretiens », or sent again the next month."""
        fabrique.ecrire_activite(sources, [(UN, "entretiens", "12"), (UN, "Entretiens", "12")])
        with fabrique.en_memoire(sources) as sql:
            assert sql("select nombre from mart_activite") == [(12,)]
            assert anomalies(sql, "activite") == [("activite_deux_lignes", 3, "12")]

    def test_a_return_given_twice_counts_once_however_its_uai_and_year_are_written(self, sources):
        """The UAI without the zero Excel took, the year as « 2025 », « année » with its accent."""
        fabrique.ecrire_csv(
            sources / "activite.csv",
            fabrique.COLONNES_ACTIVITE,
            [
                dict(zip(fabrique.COLONNES_ACTIVITE, ligne, strict=False))
                for ligne in (
                    ("2025-2026", "annee", UN, "entretiens", "", "12"),
                    ("2025-2026", "annee", UN.lstrip("0"), "entretiens", "", "12"),
                    ("2025", "annee", UN, "entretiens", "", "12"),
                    ("2025-2026", "Année", UN, "entretiens", "", "12"),
                )
            ],
        )
        with fabrique.en_memoire(sources) as sql:
            assert sql("select nombre from mart_activite") == [(12,)]
            assert anomalies(sql, "activite") == [
                ("activite_deux_lignes", ligne, "12") for ligne in (3, 4, 5)
            ]

    def test_a_negative_count_stops_the_build(self, sources):
        """−3 entretiens: told with its line, nothing is built on it."""
        fabrique.ecrire_activite(sources, [(UN, "entretiens", "-3")])
        with fabrique.en_memoire(sources) as sql:
            assert sql(
                "select code, gravite, valeur from mart_anomalie where source = 'activite'"
            ) == [("nombre_illisible", "bloquante", "-3")]


class TestReponses:
    @pytest.mark.parametrize("colonne", ["bureau", "telephone", "rangement_ferme"])
    def test_an_answer_that_is_neither_yes_nor_no_is_not_read_as_unknown(self, sources, colonne):
        """« en travaux »: someone knows something; an empty cell says that nobody does."""
        colonnes = ("uai", "bureau", "telephone", "rangement_ferme")
        bonne = {"uai": UN, "bureau": "oui", "telephone": "", "rangement_ferme": "non"}
        fausse = {**bonne, "uai": DEUX, colonne: "en travaux"}
        fabrique.ecrire_csv(sources / "conditions.csv", colonnes, [bonne, fausse])
        with fabrique.en_memoire(sources) as sql:
            assert sql(
                "select code, gravite, ligne, colonne, valeur from mart_anomalie "
                "where source = 'conditions'"
            ) == [("condition_illisible", "bloquante", 3, colonne, "en travaux")]
            assert sql(
                "select a_bureau, a_telephone from mart_etablissement where a_bureau is not null"
            ) == [(True, None)]

    def test_a_distance_in_words_is_told_and_an_empty_one_is_not(self, sources):
        """« douze » km stops the build; without km the minutes are enough."""
        colonnes = ("origine_uai", "destination_uai", "minutes", "km")
        trajet = {"origine_uai": UN, "destination_uai": DEUX, "minutes": "12"}
        fabrique.ecrire_csv(
            sources / "trajets.csv",
            colonnes,
            [trajet, {**trajet, "destination_uai": uai(3), "km": "douze"}],
        )
        with fabrique.en_memoire(sources) as sql:
            assert anomalies(sql, "trajets") == [("km_illisibles", 3, "douze")]
            assert sql("select duree_min, distance_km from mart_trajet") == [(12.0, None)]

    def test_a_pair_an_engine_found_no_way_for_is_kept_as_unknown_and_told(self, sources):
        """An empty time is a slip of the hand in a file of the hand, an answer in an engine's."""
        colonnes = ("origine_uai", "destination_uai", "minutes", "km", "moteur", "empreinte")
        paire = {"origine_uai": UN, "destination_uai": DEUX}
        calculee = {**paire, "moteur": "osrm", "empreinte": "abc"}
        fabrique.ecrire_csv(
            sources / "trajets.csv",
            colonnes,
            [calculee, calculee, {**paire, "destination_uai": uai(3), "minutes": ""}],
        )
        with fabrique.en_memoire(sources) as sql:
            assert sorted(anomalies(sql, "trajets")) == [
                ("minutes_illisibles", 4, None),
                ("trajet_deux_lignes", 3, UN),
                ("trajet_sans_itineraire", 2, f"{UN} → {DEUX}"),
            ]
            assert sql("select duree_min, moteur, empreinte from mart_trajet") == [
                (None, "osrm", "abc")
            ]

    def test_a_commune_says_whether_transports_serve_it_and_a_wrong_code_is_told(self, sources):
        """34001 is served, 34002 nobody knows, 34999 does not exist, 30001 is not asked for."""
        colonnes = ("commune_code", "commune", "desservie")
        lignes = [
            ("34001", "", "oui"),
            ("34999", "Nulle-Part", "non"),
            ("30001", "", "oui"),
            ("34002", "", "bof"),
        ]
        fabrique.ecrire_csv(
            sources / "dessertes.csv",
            colonnes,
            [dict(zip(colonnes, x, strict=True)) for x in lignes],
        )
        with fabrique.en_memoire(sources) as sql:
            assert sorted(anomalies(sql, "dessertes")) == [
                ("desserte_commune_inconnue", 3, "34999 Nulle-Part"),
                ("desserte_illisible", 5, "bof"),
            ]
            assert sql(
                "select commune_code, est_desservie, desserte_fichier from mart_commune "
                "order by commune_code"
            ) == [("34001", True, "dessertes.csv"), ("34002", None, None)]

    def test_an_empty_bassin_leaves_that_of_the_annuaire_and_is_told(self, sources):
        """The row is kept for its réseau; nothing is written over."""
        fabrique.ecrire_csv(
            sources / "bassins.csv",
            ("uai", "bassin", "reseau"),
            [{"uai": UN, "bassin": "", "reseau": "Cœur d'Hérault"}],
        )
        with fabrique.en_memoire(sources) as sql:
            assert sql("select code, colonne from mart_anomalie where source = 'bassins'") == [
                ("bassin_vide", "bassin")
            ]
            assert sql(
                f"select bassin, reseau_etablissements from mart_etablissement where uai = '{UN}'"
            ) == [(None, "Cœur d'Hérault")]

    def test_ecoles_and_postes_of_a_section_are_in_the_reseau_of_their_college_or_lycee(
        self, sources
    ):
        """The écoles REP+ take that of their head; a poste in a section, that of its mother."""
        fabrique.ecrire_csv(
            sources / "bassins.csv",
            ("uai", "bassin", "reseau"),
            [
                {"uai": UN, "bassin": "Lodève", "reseau": "Larzac"},
                {"uai": uai(3), "bassin": "Lodève", "reseau": "Cœur d'Hérault"},
            ],
        )
        fabrique.ecrire_postes(
            sources, [poste("A"), poste("B", residence=2), poste("C", residence=4)]
        )
        with fabrique.en_memoire(sources) as sql:
            assert dict(sql("select site_id, reseau_etablissements from mart_site")) == {
                UN: "Larzac",
                DEUX: None,
                uai(3): "Cœur d'Hérault",
                f"RESEAU-{UN}": "Larzac",
            }
            assert dict(sql("select poste_id, reseau_etablissements from mart_poste")) == {
                "A": "Larzac",
                "B": None,
                "C": "Cœur d'Hérault",
            }


class TestColonnes:
    """A column nobody reads is said; one that holds what should have been read stops the build."""

    def test_a_misspelt_column_with_values_stops_the_build_and_says_which_it_was(self, sources):
        """`hors_secteur` would have counted as no time out of the sector."""
        colonnes = (*fabrique.COLONNES_POSTES[:6], "hors_secteur", "sans_secteurs", "remarques")
        ligne = {**fabrique.poste(), "hors_secteur": "0,5", "sans_secteurs": "", "remarques": "x"}
        fabrique.ecrire_csv(sources / "postes.csv", colonnes, [ligne])
        with pytest.raises(AtlasError) as refus:
            fabrique.construire(sources)
        assert refus.value.colonne == "hors_secteur"
        assert "1 cellule, sans doute hors_secteur_etp" in refus.value.quoi
        ligne["hors_secteur"] = ""
        fabrique.ecrire_csv(sources / "postes.csv", colonnes, [ligne])
        with fabrique.en_memoire(sources) as sql:
            assert sql(
                "select ligne, colonne, valeur, gravite from mart_anomalie "
                "where code = 'colonne_inconnue' order by colonne"
            ) == [
                (1, "hors_secteur", "0 cellule, sans doute hors_secteur_etp", "information"),
                (1, "remarques", "1 cellule", "information"),
                (1, "sans_secteurs", "0 cellule, sans doute sans_secteur", "information"),
            ]

    def test_two_columns_of_one_header_stop_the_build_when_the_second_is_filled(self, sources):
        """« quotite » and « Quotité »: nothing says which is right."""
        colonnes = (*fabrique.COLONNES_POSTES, "Quotité")
        fabrique.ecrire_csv(
            sources / "postes.csv", colonnes, [{**fabrique.poste(), "Quotité": "0,5"}]
        )
        with pytest.raises(AtlasError) as refus:
            fabrique.construire(sources)
        assert "1 cellule, en double de la colonne C" in refus.value.quoi
        assert refus.value.colonne == "Quotité"
        fabrique.ecrire_csv(sources / "postes.csv", colonnes, [fabrique.poste()])
        with fabrique.en_memoire(sources) as sql:
            assert sql(
                "select colonne, valeur from mart_anomalie where code = 'colonne_inconnue'"
            ) == [("Quotité", "0 cellule, en double de la colonne C")]


def test_a_local_row_on_a_uai_of_no_annuaire_is_told_whatever_its_file(sources):
    """A bassin, a dispositif, a condition, both ends of a travel: kept, and of no use."""
    inconnu, connu = fabrique.uai(999), fabrique.uai(1)
    for nom, lignes in {
        "bassins": [{"uai": inconnu, "bassin": "Nord"}, {"uai": connu, "bassin": "Nord"}],
        "dispositifs": [{"uai": inconnu, "dispositif": "UPE2A", "present": "oui"}],
        "conditions": [{"uai": inconnu, "bureau": "oui", "rangement_ferme": "non"}],
        "trajets": [{"origine_uai": inconnu, "destination_uai": connu, "minutes": "12"},
                    {"origine_uai": connu, "destination_uai": inconnu, "minutes": "12"}],
    }.items():  # fmt: skip
        fabrique.ecrire_csv(sources / f"{nom}.csv", tuple(lignes[0]), lignes)
    with fabrique.en_memoire(sources) as sql:
        assert sql(
            "select source, ligne, colonne, valeur from mart_anomalie "
            "where code = 'local_uai_inconnu' order by all"
        ) == [
            ("bassins", 2, "uai", inconnu),
            ("conditions", 2, "uai", inconnu),
            ("dispositifs", 2, "uai", inconnu),
            ("trajets", 2, "origine_uai", inconnu),
            ("trajets", 3, "destination_uai", inconnu),
        ]


class TestMessages:
    def test_a_message_shows_what_was_typed(self, sources):
        """« Clis », « annuel », « Trimestre 1 »: not their capitals, which nobody wrote."""
        fabrique.ecrire_csv(
            sources / "dispositifs.csv",
            fabrique.COLONNES_DISPOSITIFS,
            [{"uai": UN, "dispositif": "Clis", "present": "oui"}],
        )
        releve = {"annee_scolaire": "2025-2026", "uai": UN, "indicateur": "entretiens", "nombre": 1}
        fabrique.ecrire_csv(
            sources / "activite.csv",
            fabrique.COLONNES_ACTIVITE,
            [{**releve, "periode": "Trimestre 1"}],
        )
        with fabrique.en_memoire(sources) as sql:
            assert anomalies(sql, "dispositifs") == [("dispositif_inconnu", 2, "Clis")]
            assert anomalies(sql, "activite") == [("periode_inconnue", 2, "Trimestre 1")]

    def test_the_bad_end_of_a_trajet_is_the_one_named(self, sources):
        """« destination_uai », and the value typed there."""
        fabrique.ecrire_csv(
            sources / "trajets.csv",
            ("origine_uai", "destination_uai", "minutes"),
            [{"origine_uai": UN, "destination_uai": "0340002A", "minutes": "12"}],
        )
        with fabrique.en_memoire(sources) as sql:
            assert sql("select colonne, valeur from mart_anomalie where source = 'trajets'") == [
                ("destination_uai", "0340002A")
            ]


class TestProvenance:
    def test_each_value_says_its_file_and_the_file_says_its_vintage(self, sources):
        """Label, pupils, index, position, density, bassin, dispositifs, conditions."""
        fabrique.ecrire_csv(
            sources / "bassins.csv",
            ("uai", "bassin", "reseau"),
            [
                {"uai": UN, "bassin": "Lodève", "reseau": "Larzac"},
                {"uai": uai(2), "bassin": "", "reseau": "Larzac"},
            ],
        )
        fabrique.ecrire_csv(
            sources / "effectifs.csv",
            ("rentree_scolaire", "numero_college", "nombre_eleves_total",
             "nombre_eleves_total_segpa", "nombre_eleves_total_ulis"),
            [dict(zip(("rentree_scolaire", "numero_college", "nombre_eleves_total",
                       "nombre_eleves_total_segpa", "nombre_eleves_total_ulis"),
                      ("2023", UN, "400", "48", "11"), strict=True))],
        )  # fmt: skip
        fabrique.ecrire_csv(
            sources / "conditions.csv",
            ("uai", "bureau", "telephone", "rangement_ferme"),
            [{"uai": UN, "bureau": "oui", "telephone": "oui", "rangement_ferme": "non"}],
        )
        fabrique.ecrire_csv(
            sources / "dispositifs.csv",
            fabrique.COLONNES_DISPOSITIFS,
            [{"uai": UN, "dispositif": "ULIS", "present": "oui", "source": "CASNAV"}],
        )
        base = fabrique.construire(sources)
        with duckdb.connect(str(base), read_only=True) as connexion:
            colonnes = [
                "effectif_fichier", "ep_fichier", "position_fichier", "densite_fichier",
                "bassin_fichier", "dispositifs_fichier", "conditions_fichier",
                "ulis_fichier", "segpa_fichier", "internat_fichier", "fichier",
                "reseau_etablissements_fichier", "eleves_segpa_fichier", "eleves_ulis_fichier",
            ]  # fmt: skip
            [dites] = connexion.execute(
                f"select {', '.join(colonnes)} from mart_etablissement where uai = '{UN}'"
            ).fetchall()
            fichiers = {
                f for (f,) in connexion.execute("select fichier from meta_construction").fetchall()
            }
            reseau_seul = connexion.execute(
                "select bassin_fichier, reseau_etablissements_fichier from mart_etablissement "
                f"where uai = '{uai(2)}'"
            ).fetchall()
        assert reseau_seul == [(None, "bassins.csv")]
        assert dites == (
            "effectifs.csv", "reseaux.csv", "annuaire.csv", "densite.xlsx",
            "bassins.csv", "dispositifs.csv", "conditions.csv",
            "dispositifs.csv", "annuaire.csv", "annuaire.csv", "annuaire.csv",
            "bassins.csv", "effectifs.csv", "effectifs.csv",
        )  # fmt: skip
        assert set(dites) <= fichiers

    def test_the_mean_index_of_a_network_does_not_depend_on_the_order_of_its_ecoles(self, sources):
        """Two communes tie: the lowest code, at every build."""
        fabrique.ecrire_annuaire(
            sources,
            [etablissement(30, "Ecole", Code_commune="34002", Nom_commune="Commune 2"),
             etablissement(31, "Ecole", Code_commune="34002", Nom_commune="Commune 2")],
            nom="b.csv",
        )  # fmt: skip
        fabrique.ecrire_liste_ep(sources, [fabrique.reseau(n, 1) for n in (30, 31, 11, 12)])
        with fabrique.en_memoire(sources) as sql:
            assert sql("select commune_code, commune from mart_site where type = 'ECOLE'") == [
                ("34001", "Commune 1")
            ]
