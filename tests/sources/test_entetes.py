"""An anomaly names a column as the user's file does, everywhere a person reads it."""

import fabrique
import pytest
from fabrique import etablissement, uai

from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction, entrepot, rapport
from pipelines.reports import donnees

A_ELLE = {
    "poste_id": "Poste ID",
    "fonction": "FONCTION",
    "quotite": "Quotité travaillée",
    "residence_uai": "Résidence\nUAI",
    "statut": "Statut",
}
"""The headers of a service: accents, capitals, a line break."""


def ecrire_les_siens(dossier, **autres):
    """A workbook of two postes under her own headers, the second one changed."""
    lignes = [fabrique.poste("P1"), fabrique.poste("P2", **autres)]
    cellules = [[ligne[c] for c in A_ELLE] for ligne in lignes]
    return fabrique.ecrire_classeur(dossier / "postes.xlsx", [list(A_ELLE.values()), *cellules])


@pytest.mark.parametrize(
    ("colonne", "valeur", "entete"),
    [("quotite", "1,5", "Quotité travaillée"), ("residence_uai", "?", "Résidence UAI")],
)
def test_a_bad_cell_is_told_under_the_header_of_its_file(tmp_path, colonne, valeur, entete):
    """In the table of anomalies, in the sentence, and in the refusal of the build."""
    sources = fabrique.petit_departement(tmp_path / "sources")
    ecrire_les_siens(sources, **{colonne: valeur})
    vue = donnees.presenter(construction.examiner([sources]))
    bloquantes = vue.anomalies[vue.anomalies["Gravité"] == "bloquante"]
    assert list(bloquantes["Colonne"]) == [entete]
    assert f"ligne 3, colonne « {entete} »" in vue.erreurs[0].replace("\u202f", " ")
    with pytest.raises(AtlasError) as erreur:
        construction.construire([sources], tmp_path / "atlas.duckdb")
    assert erreur.value.colonne == entete


def test_the_mart_keeps_the_name_of_atlas_beside_the_header(tmp_path):
    """Tools go by the one, people by the other."""
    fabrique.ecrire_annuaire(
        tmp_path, [etablissement(1, Nombre_d_eleves="beaucoup"), etablissement(2, etat="SUSPENDU")]
    )
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql(
            "select code, colonne, colonne_du_fichier from mart_anomalie "
            "where code in ('valeur_illisible', 'etat_inconnu') order by code"
        ) == [
            ("etat_inconnu", "etat", "etat"),
            ("valeur_illisible", "nombre_d_eleves", "Nombre_d_eleves"),
        ]


def test_a_column_the_file_does_not_have_is_said_to_be_absent(tmp_path):
    """Atlas's own name is all there is to show, and why is said."""
    colonnes = [c for c in fabrique.COLONNES_ANNUAIRE if c != "Nombre_d_eleves"]
    ligne = {c: v for c, v in etablissement(1).items() if c in colonnes}
    fabrique.ecrire_csv(tmp_path / "annuaire.csv", colonnes, [ligne])
    base = fabrique.construire(tmp_path, tmp_path / "atlas.duckdb")
    with entrepot.ouvrir(base) as connexion:
        [inconnu] = [a for a in rapport.anomalies(connexion) if a.code == "effectif_inconnu"]
    assert inconnu.colonne_du_fichier is None
    assert inconnu.colonne_lue == "nombre_d_eleves (absente du fichier)"
    table = donnees.etat(base).anomalies
    assert "nombre_d_eleves (absente du fichier)" in set(table["Colonne"])


def test_a_column_nobody_reads_keeps_the_name_it_has(tmp_path):
    """It has no other."""
    sources = fabrique.petit_departement(tmp_path / "sources")
    colonnes = (*fabrique.COLONNES_POSTES, "Année d'arrivée")
    lignes = [{**fabrique.poste(), "Année d'arrivée": "2024"}]
    fabrique.ecrire_csv(sources / "postes.csv", colonnes, lignes)
    with fabrique.en_memoire(sources) as sql:
        assert sql(
            "select colonne, colonne_du_fichier from mart_anomalie where code = 'colonne_inconnue'"
        ) == [("Année d'arrivée", "Année d'arrivée")]


def test_an_index_read_in_one_of_several_columns_names_them_all(tmp_path):
    """The overall index of a lycée, else the one of its only stream."""
    fabrique.ecrire_annuaire(tmp_path, [etablissement(1, "Lycée")])
    fabrique.ecrire_csv(
        tmp_path / "ips.csv",
        ("Rentrée scolaire", "UAI", "IPS voie GT", "IPS voie PRO", "IPS Ensemble GT-PRO"),
        [{"Rentrée scolaire": "2024-2025", "UAI": uai(1), "IPS voie GT": "NS"}],
    )
    with fabrique.en_memoire(tmp_path) as sql:
        assert sql(
            "select colonne, colonne_du_fichier from mart_anomalie where code = 'ips_non_publie'"
        ) == [("ips", "IPS Ensemble GT-PRO ou IPS voie GT ou IPS voie PRO")]


def test_an_anomaly_is_the_same_under_another_header(tmp_path):
    """Renaming a column is no news."""
    trouvees = []
    for titre in ("quotite", "Quotité"):
        colonnes = [titre if c == "quotite" else c for c in fabrique.COLONNES_POSTES]
        ligne = {titre if c == "quotite" else c: v for c, v in fabrique.poste(quotite="80").items()}
        sources = fabrique.petit_departement(tmp_path / titre)
        fabrique.ecrire_csv(sources / "postes.csv", colonnes, [ligne])
        anomalies = construction.examiner([sources]).anomalies
        trouvees.append([a for a in anomalies if a.code == "quotite_en_pourcentage"])
    assert trouvees[0] == trouvees[1] != []
    assert [a.colonne_du_fichier for [a] in trouvees] == ["quotite", "Quotité"]


@pytest.mark.reel
def test_every_anomaly_of_the_real_files_is_under_a_header_of_its_file(reel, tmp_path):
    """Whatever the year and the export."""
    base = tmp_path / "atlas.duckdb"
    construction.construire([reel], base, ["034"])
    with entrepot.ouvrir(base) as connexion:
        assert (
            connexion.execute(
                "select distinct source, colonne from mart_anomalie "
                "where colonne is not null and colonne_du_fichier is null order by all"
            ).fetchall()
            == []
        )
        [(entete,)] = connexion.execute(
            "select distinct colonne_du_fichier from mart_anomalie "
            "where source = 'effectifs_second_degre'"
        ).fetchall()
    assert entete == "Numero_d_etablissement"
