"""The method: nothing restated by hand, every number written the French way."""

import re
import tomllib

import duckdb
import pytest

from pipelines.base import chemins
from pipelines.base.textes import FINE
from pipelines.planning.probleme import OBJECTIFS
from pipelines.reports import methode, trajets


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


def test_every_kind_of_value_is_written_in_french():
    assert methode._valeur(True) == "oui"
    assert methode._valeur(1607) == f"1{FINE}607"
    assert methode._valeur(0.5) == "0,5"
    assert methode._valeur(1.0) == "1"
    assert clair(methode._valeur([0, 1.25])) == clair("0 ; 1,25")
    assert clair(methode._valeur({"semaine": 4})) == clair("semaine : 4")


def test_the_objectives_come_in_the_order_the_solver_takes_them():
    table = methode.methode().objectifs
    assert table["Rang"].tolist() == [1, 2, 3, 4]
    assert table["Objectif"].tolist() == [o["libelle"] for o in OBJECTIFS]


@pytest.mark.parametrize("code", ["priorites_d_abord", "couverture_de_tous", "hybride"])
def test_each_weight_and_floor_of_a_doctrine_is_shown_once(code):
    """Every number of the file, the sites outside the categories and added ones included."""
    contenu = tomllib.loads(
        (chemins.REFERENCE / "doctrines" / f"{code}.toml").read_text(encoding="utf-8")
    )
    nom = contenu["doctrine"]["libelle"]
    table = methode.methode().poids_et_planchers
    for partie, fin in (("poids", "poids"), ("planchers", "plancher (½ j. par cycle)")):
        attendus = [
            v
            for c, v in contenu[partie].items()
            if c not in ("reference", "poids_de_la_demi_journee_sous_plancher")
        ]
        [colonne] = [c for c in table if clair(c) == clair(f"{nom} : {fin}")]
        *nombres, reference, depuis, verifie = table[colonne]
        assert sorted(nombres) == sorted(attendus)
        # under its numbers, where they come from and since when
        assert reference == contenu[partie]["reference"]
        assert [depuis, verifie] == [
            f"{contenu['doctrine'][j]:%d/%m/%Y}" for j in ("en_vigueur_le", "verifie_le")
        ]
    assert (table["Catégorie"] == "Hors catégorie prioritaire").sum() == 1


def test_each_setting_of_a_doctrine_has_its_reference_and_its_dates():
    """Convexity, weights, floors and the weight of a floor: what the file cites, day by day.

    And what a half-day the transition rule keeps weighs: 2 × 6 + 0 + 1 under « Priorités d'abord ».
    """
    table = methode.methode().reglages_des_doctrines
    assert len(table) == 15
    garde = table["Réglage"].str.contains("transition")
    assert table[garde]["Valeur"].tolist() == ["13", "7", "25"]
    assert table[garde]["Référence"].str.startswith("Calcul sur les lignes").all()
    table = table[~garde]
    for fichier in (chemins.REFERENCE / "doctrines").glob("*.toml"):
        contenu = tomllib.loads(fichier.read_text(encoding="utf-8"))
        siens = table[table["Doctrine"] == contenu["doctrine"]["libelle"]]
        cites = {contenu[p]["reference"] for p in ("manque", "poids", "planchers")}
        assert set(siens["Référence"]) == cites
        assert set(siens["En vigueur le"]) == {f"{contenu['doctrine']['en_vigueur_le']:%d/%m/%Y}"}


def test_every_number_of_the_method_page_stands_beside_its_reference_and_its_day(
    entrepot_exemple,
):
    """Wherever a table of choices shows a number: who says so, and since or at what day."""
    lue = methode.methode()
    tables = {
        nom: getattr(lue, nom)
        for nom in ("seuils", "charge", "baremes", "reglages_des_doctrines", "parametres")
    }
    tables |= lue.regles | {"liaisons": trajets.vue(entrepot_exemple).liaisons}
    for nom, table in tables.items():
        citee = "Référence" if "Référence" in table else "Source"
        assert (table[citee].str.len() > 5).all(), nom
        jours = [c for c in table if c.startswith(("En vigueur", "Vérifié"))]
        assert jours, nom
        for colonne in jours:
            mots = table[colonne].str.contains(r"\d\d/\d\d/\d{4}|selon le barème")
            assert mots.all(), (nom, colonne)


def test_the_workload_table_gives_each_number_its_reference_and_its_days():
    """10 half-days × 4 weeks × 90 %, less 2 of meetings: 34 for a full-time poste."""
    table = methode.methode().charge
    assert table["Valeur"].tolist() == ["10", "4", "0,9", "36", "selon le site", "−2", "34"]
    datees = table[table["Valeur"] != "selon le site"]
    for jour in ("En vigueur le", "Vérifié le"):
        assert datees[jour].str.fullmatch(r"\d\d/\d\d/\d{4}").all()
    assert (table["Référence"].str.len() > 10).all()


def test_the_rules_of_every_text_are_there_with_their_references_and_days():
    """1991, 2017 and 2018; a category that is not a priority says so."""
    lue = methode.methode()
    regles = lue.regles
    lus = {
        (r["reference"], r["libelle"])
        for f in (chemins.REFERENCE / "priorites").glob("*.toml")
        for r in tomllib.loads(f.read_text(encoding="utf-8"))["regles"]
    }
    assert len(regles) == 3
    references = {reference for reference, _ in lus}

    def entiere(titre, montree):
        """What the references of a text all start with is said once."""
        tronc = lue.references[titre].partition(" : ")[2].partition(". ")[0]
        return montree if montree in references else f"{tronc}, {montree}"

    montres = {
        (
            entiere(titre, ligne["Référence"]),
            ligne["Catégorie"].removesuffix(" (pas une priorité)"),
        )
        for titre, table in regles.items()
        for ligne in table.to_dict("records")
    }
    assert montres == lus
    for titre, table in regles.items():
        assert table["En vigueur"].str.contains(r"\d\d/\d\d/\d{4}").all()
        restes = table["Catégorie"].str.contains("pas une priorité").sum()
        assert restes == (2 if "Aix-Marseille" in titre else 0)


def test_each_doctrine_says_what_it_favours_and_what_it_costs():
    table = methode.methode().doctrines
    assert table["Doctrine"].tolist() == ["Priorités d'abord", "Couverture de tous", "Hybride"]
    assert (table.map(len) > 5).all(axis=None)
    assert all("Choix académique" in nature for nature in table["Nature"])


def test_every_indicator_and_motive_of_the_activity_is_listed_with_its_reference():
    contenu = tomllib.loads((chemins.REFERENCE / "activite.toml").read_text(encoding="utf-8"))
    table = methode.methode().activite
    attendus = [e["libelle"] for n in ("indicateurs", "modalites") for e in contenu[n]]
    assert table["Ce qui se compte"].tolist() == attendus
    assert table["Référence"].str.contains("§").all()


def test_the_files_of_the_warehouse_account_for_every_line_they_hold(entrepot_exemple):
    table = methode.sources(entrepot_exemple)
    assert len(table) == 20
    assert (
        table["Lignes lues"] == table["Gardées"] + table["Fusionnées"] + table["Écartées"]
    ).all()
    assert table["Empreinte (sha256)"].str.fullmatch("[0-9a-f]{64}").all()


def test_anomalies_are_all_counted_each_with_what_to_do(entrepot_exemple):
    table = methode.anomalies(entrepot_exemple)
    with duckdb.connect(str(entrepot_exemple), read_only=True) as connexion:
        [(total,)] = connexion.execute("select count(*) from mart_anomalie").fetchall()
    assert table["Nombre"].sum() == total > 0
    assert (table["Que faire"].str.len() > 0).all()
