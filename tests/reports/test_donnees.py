"""What is said of the data and of a deposit, counted another way."""

import io
import zipfile

import fabrique
import pandas as pd
import pytest
import python_calamine
from rich.console import Console
from typer.testing import CliRunner

from pipelines.base.textes import FINE
from pipelines.cli import app
from pipelines.marts import construction, entrepot
from pipelines.reports import classeur, donnees


def simple(texte):
    """The text with plain spaces, as one types it."""
    return texte.replace(FINE, " ")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Three sites of the Hérault and one of the Gard, UPE2A known of one, one without position."""
    sources = fabrique.petit_departement(tmp_path_factory.mktemp("donnees") / "sources")
    gard = {"Code_departement": "030", "Libelle_departement": "Gard"}
    fabrique.ecrire_annuaire(
        sources,
        [fabrique.etablissement(9, latitude="", longitude="", Code_commune="30999", **gard)],
        nom="gard.csv",
    )
    fabrique.ecrire_csv(
        sources / "dispositifs.csv",
        fabrique.COLONNES_DISPOSITIFS,
        [{"uai": fabrique.uai(1), "dispositif": "UPE2A", "present": "non"}],
    )
    return fabrique.construire(sources)


@pytest.fixture(scope="module")
def etat(base):
    return donnees.etat(base)


def test_the_sentence_counts_the_files_dates_the_annuaire_and_counts_what_is_to_check(base, etat):
    with entrepot.ouvrir(base) as connexion:
        [(a_verifier,)] = connexion.execute(
            "select count(*) from mart_anomalie where gravite = 'attention'"
        ).fetchall()
    assert a_verifier > 1
    assert etat.phrase == (
        f"6 fichiers, annuaire de novembre 2024, {a_verifier} anomalies à vérifier."
    )


def test_the_table_of_sources_accounts_for_every_row_and_names_what_is_missing(etat):
    table = etat.sources
    assert set(table["Fichier"]) == {
        "annuaire.csv",
        "gard.csv",
        "reseaux.csv",
        "contours.geojson",
        "densite.xlsx",
        "dispositifs.csv",
    }
    comptes = table[["Gardées", "Fusionnées", "Écartées"]].sum(axis=1)
    assert (comptes == table["Lignes lues"]).all()
    annuaire = table[table["Fichier"] == "annuaire.csv"].iloc[0]
    assert annuaire["Millésime"] == "26/11/2024"
    assert "« Présences actuelles »" in simple(etat.absentes)
    assert "Annuaire" not in etat.absentes


def test_an_unknown_counts_against_completeness_and_a_known_no_does_not(etat):
    """UPE2A « non » is known; the two others of the Hérault are not: 33 %, rounded down."""
    table = etat.completude.set_index("Ce qui est connu")
    assert table.loc["UPE2A", "Hérault (%)"] == 33
    assert table.loc["UPE2A", "Gard (%)"] == 0
    assert table.loc["UPE2A", "Ensemble (%)"] == 25
    assert table.loc["Position précise", "Hérault (%)"] == 100
    assert table.loc["Position précise", "Gard (%)"] == 0
    assert table.loc["SEGPA (collèges)", "Pour le compléter"] == "—"
    assert "dispositifs" in table.loc["UPE2A", "Pour le compléter"]


def test_pupils_of_a_segpa_are_asked_for_only_where_there_is_one(etat):
    """One collège of the Hérault has a SEGPA and no file counts it; the Gard has none."""
    table = etat.completude.set_index("Ce qui est connu")
    assert table.loc["Élèves de SEGPA", "Hérault (%)"] == 0
    assert pd.isna(table.loc["Élèves de SEGPA", "Gard (%)"])
    assert table.loc["Commune", "Ensemble (%)"] == 100


def test_every_answer_of_a_local_file_has_its_line_of_completeness(base):
    """A column a service may fill and nobody would see empty is a column nobody fills."""
    with entrepot.ouvrir(base) as connexion:
        colonnes = {c for (c, *_) in connexion.execute("describe mart_etablissement").fetchall()}
    suivies = {mot for _, connu, *_ in donnees.COMPLETUDES for mot in connu.split()}
    attendues = {
        c
        for c in colonnes
        if c.startswith(("a_", "eleves_")) and not c.endswith(("_rentree", "_source", "_fichier"))
    }
    dispositifs = {"segpa", "ulis", "upe2a", "relais", "internat"}
    lieux = {"bassin", "reseau_etablissements", "densite"}
    assert attendues | dispositifs | lieux | {"effectif", "ips"} <= suivies


def test_filters_keep_what_is_asked_and_everything_when_nothing_is(etat):
    toutes = etat.anomalies
    assert len(donnees.filtrer(toutes, [], [])) == len(toutes)
    gardees = donnees.filtrer(toutes, ["à vérifier"], ["Annuaire de l'éducation"])
    assert set(gardees["Gravité"]) == {"à vérifier"}
    assert set(gardees["Source"]) == {"Annuaire de l'éducation"}
    assert 0 < len(gardees) < len(toutes)


def test_the_anomalies_download_as_a_workbook_with_their_line_and_their_remedy(etat):
    octets = donnees.classeur_anomalies(etat.anomalies, etat)
    livre = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(octets))
    assert livre.sheet_names == ["Lecture", "Anomalies"]
    entetes, *lignes = livre.get_sheet_by_name("Anomalies").to_python()
    assert entetes == list(etat.anomalies.columns)
    assert len(lignes) == len(etat.anomalies)
    assert all(ligne[entetes.index("Que faire")] for ligne in lignes)


@pytest.mark.parametrize("texte", ["=1+1", "+33", "-2", "@x", "http://a.fr", "{=A1}"])
def test_text_that_looks_like_a_formula_or_a_link_stays_text(texte):
    octets = classeur.ecrire([texte], {"T": pd.DataFrame({"a": [texte, None]})})
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        for feuille in ("sheet1", "sheet2"):
            contenu = archive.read(f"xl/worksheets/{feuille}.xml").decode("utf-8")
            assert "<f>" not in contenu
            assert "hyperlink" not in contenu
        assert f">{texte}<" in archive.read("xl/sharedStrings.xml").decode("utf-8")


class TestRapport:
    """The report as a CTSS-D reads it."""

    def vue(self, tmp_path, **autres):
        sources = fabrique.petit_departement(tmp_path / "sources")
        fabrique.ecrire_postes(sources, [fabrique.poste("P1"), fabrique.poste("P2", **autres)])
        return donnees.presenter(construction.examiner([sources]))

    def test_a_bad_line_says_where_what_and_what_to_do(self, tmp_path):
        vue = self.vue(tmp_path, quotite="1,5")
        assert not vue.est_acceptable
        assert "1 ligne refusée" in vue.phrase
        [phrase] = map(simple, vue.erreurs)
        assert phrase.startswith("postes.csv, ligne 3, colonne « quotite »")
        assert "« 1,5 »" in phrase
        assert "Que faire" in phrase
        assert vue.anomalies.iloc[0]["Gravité"] == "bloquante"
        postes = vue.fichiers[vue.fichiers["Fichier"] == "postes.csv"].iloc[0]
        assert (postes["Lignes lues"], postes["Gardées"], postes["Écartées"]) == (2, 1, 1)

    def test_good_files_are_said_to_be_good(self, tmp_path):
        vue = self.vue(tmp_path)
        assert vue.est_acceptable
        assert vue.erreurs == []

    def test_files_without_an_annuaire_are_refused_as_a_set(self, tmp_path):
        fabrique.ecrire_postes(tmp_path, [fabrique.poste()])
        vue = donnees.presenter(construction.examiner([tmp_path]))
        assert not vue.est_acceptable
        assert "Aucun annuaire" in vue.erreurs[0]
        assert "fichier refusé" not in vue.phrase

    def test_many_bad_lines_are_counted_not_all_spelled_out(self, tmp_path):
        sources = fabrique.petit_departement(tmp_path / "sources")
        fabrique.ecrire_postes(sources, [fabrique.poste(f"P{n}", quotite="1,5") for n in range(30)])
        vue = donnees.presenter(construction.examiner([sources]))
        assert len(vue.erreurs) == donnees.MESSAGES_MAX + 1
        assert "20 autres lignes" in vue.erreurs[-1]
        assert len(vue.anomalies[vue.anomalies["Gravité"] == "bloquante"]) == 30

    @pytest.mark.parametrize(("quotite", "code"), [("1", 0), ("1,5", 1)])
    def test_the_command_prints_the_same_report_and_its_exit_code_is_the_verdict(
        self, tmp_path, monkeypatch, quotite, code
    ):
        """1 for what must be mended first; nothing is built either way."""
        for module in ("application", "donnees"):
            monkeypatch.setattr(f"pipelines.cli.{module}.console", Console(width=300))
        vue = self.vue(tmp_path, quotite=quotite)
        base = tmp_path / "atlas.duckdb"
        fin = CliRunner().invoke(
            app,
            ["verifier", str(tmp_path / "sources"), "--entrepot", str(base)],
        )
        assert fin.exit_code == code, fin.output
        dit = " ".join(simple(fin.output).split())
        for phrase in (vue.phrase, *vue.erreurs):
            assert " ".join(simple(phrase).split()) in dit
        assert "postes.csv" in dit
        assert not base.exists()

    def test_a_file_with_a_person_s_data_fails_the_command(self, tmp_path):
        sources = fabrique.petit_departement(tmp_path / "sources")
        contenu = (
            f"nom;poste_id;fonction;quotite;residence_uai;statut\nX;P;ASS;1;{fabrique.uai(1)};"
        )
        (sources / "agents.csv").write_text(f"{contenu}occupe\n", encoding="utf-8")
        fin = CliRunner().invoke(app, ["verifier", str(sources), "--entrepot", str(tmp_path / "a")])
        assert fin.exit_code == 1
        assert "agents.csv, colonne « nom »" in simple(fin.output)


@pytest.fixture(scope="module")
def contraires(tmp_path_factory):
    """A label, a position, two enrolments and a network given in two ways."""
    dossier = tmp_path_factory.mktemp("contraires") / "sources"
    for nom, jour, latitude in (
        ("vieux.csv", "2023-06-08", "43.52"),
        ("neuf.csv", "2024-11-26", "43.5"),
    ):
        fabrique.ecrire_annuaire(
            dossier,
            [
                fabrique.etablissement(1, date_maj_ligne=jour, latitude=latitude),
                fabrique.etablissement(2, Appartenance_Education_Prioritaire="REP"),
                fabrique.etablissement(11, "Ecole"),
            ],
            nom=nom,
        )
    fabrique.ecrire_liste_ep(
        dossier,
        [fabrique.reseau(2, 2, "COLLEGE"), fabrique.reseau(11, 2), fabrique.reseau(11, 1)],
    )
    fabrique.ecrire_contours(dossier)
    un = fabrique.uai(1)
    fabrique.ecrire_csv(
        dossier / "colleges.csv",
        ("rentree_scolaire", "numero_college", "nombre_eleves_total"),
        [
            {"rentree_scolaire": annee, "numero_college": un, "nombre_eleves_total": effectif}
            for annee, effectif in (("2020", "300"), ("2021", "400"))
        ],
    )
    fabrique.ecrire_csv(
        dossier / "academie.csv",
        ("annee_scolaire", "numero_d_etablissement", "nombre_d_eleves"),
        [{"annee_scolaire": "2021-2022", "numero_d_etablissement": un, "nombre_d_eleves": 405}],
    )
    fabrique.ecrire_csv(
        dossier / "brevet.csv",
        ("session", "numero_college", "nombre_eleves_total"),
        [{"session": "2022", "numero_college": un, "nombre_eleves_total": "600"}],
    )
    return fabrique.construire(dossier)


class TestSourcesContraires:
    """Two sources that disagree: one is kept by a rule, and the rule is in the report."""

    @pytest.mark.parametrize(
        ("vu", "regle", "valeur"),
        [
            ("ne donnent pas le même label", "la liste l’emporte", "REP+"),
            ("à plus d’un kilomètre", "l’annuaire le plus récent est retenue", "2,2 km"),
            ("changé de plus d’un cinquième", "la plus récente est retenu", "300 à la rentrée"),
            ("effectifs qui diffèrent", "les fichiers par niveau", "600 (effectifs_brevet)"),
            ("rattachée à deux réseaux", "le premier réseau de la liste la plus récente", "034"),
        ],
    )
    def test_each_disagreement_is_in_the_report_with_the_rule_that_settles_it(
        self, contraires, vu, regle, valeur
    ):
        """What was seen, the values on both sides, and which one Atlas keeps."""
        table = donnees.etat(contraires).anomalies
        [ligne] = [
            a for a in table.to_dict("records")
            if vu in a["Ce qui a été vu"] and not a["Valeur"].startswith(fabrique.uai(11) + " ")
        ]  # fmt: skip
        assert regle in ligne["Conséquence"]
        assert valeur in ligne["Valeur"]
        assert ligne["Gravité"] == "à vérifier"

    def test_what_is_kept_is_what_the_rules_say(self, contraires):
        with entrepot.ouvrir(contraires) as connexion:
            assert connexion.execute(
                "select effectif, effectif_source, latitude from mart_etablissement where uai = ?",
                [fabrique.uai(1)],
            ).fetchall() == [(400, "effectifs_colleges", 43.5)]
            assert (
                connexion.execute(
                    "select ep, uai_tete_reseau from mart_etablissement where uai in (?, ?)",
                    [fabrique.uai(2), fabrique.uai(11)],
                ).fetchall()
                == [("REP+", fabrique.uai(2))] * 2
            )

    def test_every_anomaly_is_counted_in_the_line_of_its_file(self, contraires):
        """Those of the enrolments too: the column « À vérifier » leaves none out."""
        vue = donnees.etat(contraires)
        attendu = (vue.anomalies["Gravité"] == "à vérifier").sum()
        assert attendu > 4
        assert vue.sources["À vérifier"].sum() == attendu
        comptes = dict(zip(vue.sources["Fichier"], vue.sources["À vérifier"], strict=True))
        assert comptes["colleges.csv"] == 2
        titres = set(vue.anomalies["Source"])
        assert "Effectifs des collèges par niveau, sexe et langues" in titres
        assert not titres & {"effectifs", "effectifs_colleges"}
