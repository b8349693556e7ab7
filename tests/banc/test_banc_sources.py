"""The benchmark of a build: what is made up is sound, what is measured is told."""

import dataclasses
import json

import fabrique
import pandas as pd
import pytest

from pipelines.banc import pays, sources
from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.base.uai import cle

PETITE = pays.Taille(etablissements=900, ips=500, effectifs=400, communes=600, activite=3_000)
COLONNES_UAI = ("uai", "uai_tete_de_reseau", "etablissement_mere")


def lire(fait, source, colonne):
    """The cells of a column of the CSV files of `source`, empty ones left out."""
    cadres = [
        pd.read_csv(
            fait.dossier / f.nom,
            sep=f.separateur,
            header=None,
            skiprows=f.ligne_entete,
            dtype=str,
            encoding="utf-8-sig",
        )[f.rangs[colonne]]
        for f in fait.fichiers
        if f.source == source and colonne in f.rangs
    ]
    return pd.concat(cadres).dropna() if cadres else pd.Series(dtype=str)


@pytest.fixture(scope="module")
def fait(tmp_path_factory):
    """A small country made from the embedded example."""
    return pays.fabriquer(chemins.EXEMPLE, tmp_path_factory.mktemp("banc") / "pays", PETITE)


def total(fait, famille):
    return sum(n for source, n in fait.lignes().items() if source.startswith(famille))


def test_a_country_has_the_rows_asked_for_no_more_no_less(fait):
    """Establishments, IPS, enrolments, communes of the grid and activity."""
    assert total(fait, "annuaire") == len(lire(fait, "annuaire", "uai")) == 900
    assert total(fait, "ips_") == 500
    assert total(fait, "effectifs_") == 400
    assert total(fait, "densite") == 600
    assert total(fait, "activite") == len(lire(fait, "activite", "uai")) == 3_000


def test_every_uai_made_is_valid_and_no_two_establishments_share_one(fait):
    """Seven digits and their letter."""
    uai = lire(fait, "annuaire", "uai")
    assert uai.is_unique
    for source in fait.lignes():
        for colonne in COLONNES_UAI:
            for valeur in lire(fait, source, colonne).unique():
                assert len(valeur) == 8
                assert valeur[7] == cle(valeur[:7]), (source, colonne, valeur)


def test_every_row_refers_to_an_establishment_that_exists(fait):
    """IPS, enrolments, networks and activity all join the annuaire; so do heads and mothers."""
    connus = set(lire(fait, "annuaire", "uai"))
    for source in fait.lignes():
        for colonne in COLONNES_UAI:
            assert set(lire(fait, source, colonne)) <= connus, (source, colonne)
    assert len(set(lire(fait, "activite", "uai"))) > 1


def test_a_copy_lies_in_a_commune_of_its_departement(fait):
    """The grid holds the commune of every establishment, in the département written beside it."""
    communes = lire(fait, "annuaire", "code_commune")
    departements = lire(fait, "annuaire", "code_departement")
    assert ("0" + communes.str[:2] == departements).all()


def test_rows_come_again_under_another_decade_when_there_are_too_few(tmp_path):
    """No (establishment, rentrée) is given twice by a file for want of rows."""
    taille = dataclasses.replace(PETITE, etablissements=300, ips=900)
    fait = pays.fabriquer(chemins.EXEMPLE, tmp_path / "pays", taille)
    assert total(fait, "ips_") == 900
    for source in ("ips_colleges", "ips_ecoles", "ips_lycees"):
        cles = list(
            zip(
                lire(fait, source, "uai"),
                lire(fait, source, "rentree_scolaire"),
                strict=True,
            )
        )
        assert len(set(cles)) == len(cles), source


def test_a_measure_says_on_what_machine_how_long_and_how_much_memory(monkeypatch):
    """Every field a reader needs, as JSON; targets are judged at the size of the country only."""
    monkeypatch.setattr(sources, "CROISSANCE", (100_000, 500_000))
    etapes = []
    resultat = sources.mesurer(chemins.EXEMPLE, 0.01, lambda etape, part: etapes.append(part))
    assert json.loads(json.dumps(resultat)) == resultat
    assert resultat["machine"].keys() >= {"coeurs", "memoire_mio", "python", "duckdb"}
    assert resultat["lignes_demandees"]["activite"] == resultat["lignes"]["activite"] == 50_000
    for moteur in ("atlas", "pandas"):
        assert resultat[moteur]["secondes"] > 0
        assert resultat[moteur]["secondes_processeur"] > 0
        assert resultat[moteur]["memoire_max_mio"] > 50
    assert resultat["ecarts"] == []
    assert resultat["rapport_pandas_sur_atlas"] > 0
    assert [c["lignes_activite"] for c in resultat["croissance"]] == [1_000, 5_000, 50_000]
    assert resultat["cibles"] == []
    assert etapes == sorted(etapes)
    assert etapes[-1] == 1.0


def test_a_target_missed_is_said_to_be_missed():
    """15 s, 2 GiB, five times as fast."""
    cibles = sources.juger({"secondes": 15.0, "memoire_max_mio": 2049}, 4.99)
    assert [(c["cible"], c["atteinte"]) for c in cibles] == [(15, True), (2048, False), (5, False)]


def test_a_folder_without_annuaire_is_refused(tmp_path):
    """In French, with what to do."""
    (tmp_path / "menus.csv").write_text("jour;plat\nlundi;soupe\n", encoding="utf-8")
    with pytest.raises(AtlasError, match=r"Annuaire de l'éducation") as refus:
        pays.fabriquer(tmp_path, tmp_path / "pays", PETITE)
    assert "atlas telecharger" in refus.value.remede


def test_a_folder_without_ips_is_refused(tmp_path):
    """There is nothing to repeat."""
    fabrique.petit_departement(tmp_path / "sources")
    with pytest.raises(AtlasError, match="indices de position sociale"):
        pays.fabriquer(tmp_path / "sources", tmp_path / "pays", PETITE)
