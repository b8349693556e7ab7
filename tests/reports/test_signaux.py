"""The page of the sites to examine: words that name no rank, numbers of the model."""

import re

import duckdb
import pandas as pd
import pytest

from pipelines.base import chemins
from pipelines.marts.construction import construire
from pipelines.reports.signaux import (
    AVERTISSEMENT,
    FACTEURS,
    Examen,
    comparaison,
    examiner,
    signaux,
)
from pipelines.scoring import profils

DEPARTEMENTS = ("004", "005", "013", "084")


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


@pytest.fixture(scope="module")
def examen(entrepot_exemple):
    """The estimate over the example, made once."""
    return examiner(entrepot_exemple)


@pytest.fixture(scope="module")
def vues(examen):
    return {d: signaux(examen, d, f"Département {d}") for d in DEPARTEMENTS}


def test_every_site_to_examine_is_without_a_known_label_and_above_the_threshold(examen, vues):
    tableau = examen.profils.sites.set_index("site_id")
    montres = [s for v in vues.values() for s in v.site_ids]
    assert montres
    assert set(montres) == set(tableau.index[tableau["est_a_examiner"]])
    for site_id in montres:
        assert examen.sites.loc[site_id, "categories"] == ()
        assert tableau.loc[site_id, "attendu"] - tableau.loc[site_id, "besoin"] >= (
            examen.profils.seuil
        )


def test_the_list_goes_by_commune_and_bears_no_rank(vues):
    """A signal to examine: no number of order, no order of merit, no word of a ranking."""
    for vue in vues.values():
        if vue.table.empty:
            continue
        cles = list(zip(vue.table["Commune"], vue.table["Site"], strict=True))
        assert cles == sorted(cles)
        textes = " ".join([vue.phrase, vue.erreur, *vue.table.columns, *vue.jumelle.columns])
        assert not re.search(r"\b(rang|classement|palmarès|premier|score|n°)\b", textes.lower())
    assert clair(AVERTISSEMENT) == "Un signal à examiner, pas un classement."


def test_the_sentence_counts_the_sites_of_the_tables(vues):
    for departement, vue in vues.items():
        dits = [int(n) for n in re.findall(r"(?<![,\d])\d+(?!,\d|\d)", clair(vue.phrase))]
        sans_label = int((vue.jumelle["Catégories"] == "—").sum())
        assert dits[:3] == [int(departement), sans_label, len(vue.jumelle)]
        assert len(vue.table) == (vue.jumelle["À examiner"] == "oui").sum()
        if not vue.table.empty:
            assert dits[3] == len(vue.table)
            montres = vue.jumelle[vue.jumelle["À examiner"] == "oui"]
            a_verifier = int((montres["À vérifier"] != "rien").sum())
            assert ("une catégorie reste inconnue" in clair(vue.phrase)) == bool(a_verifier)


def test_the_error_of_each_model_is_said_in_french_and_in_the_table(vues, examen):
    vue = vues["013"]
    assert len(vue.modeles) == 3
    for mesure in examen.profils.mesures:
        assert f"{mesure.erreur_demi_journees:.1f}".replace(".", ",") in vue.erreur
        assert round(mesure.erreur_demi_journees, 2) in set(vue.modeles["Erreur (½ j.)"])


def test_every_point_of_the_picture_is_a_line_of_its_table(vues):
    for vue in vues.values():
        points = sum(len(t.x) for t in vue.nuage.data if t.showlegend is False)
        assert points == len(vue.jumelle)


def test_a_site_stands_beside_labelled_sites_of_its_type_with_the_numbers_of_the_warehouse(
    vues, examen, entrepot_exemple
):
    [site_id, *_] = vues["013"].site_ids
    vue = comparaison(examen, site_id)
    facteurs = vue.cote_a_cote.set_index("Facteur")
    noms = list(facteurs.columns)
    with duckdb.connect(str(entrepot_exemple), read_only=True) as base:
        lus = base.execute(
            "select nom, type, effectif, ips from mart_site where site_id = ? or (nom, commune) in "
            f"({', '.join(['(?, ?)'] * (len(noms) - 1))}) order by site_id != ?",
            [
                site_id,
                *(v for nom in noms[1:] for v in (nom, facteurs.loc["Commune", nom])),
                site_id,
            ],
        ).fetchall()
    assert lus[0][0] == noms[0]
    for nom, type_, effectif, ips in lus:
        assert type_ == lus[0][1]
        assert clair(facteurs.loc["Élèves", nom]) == f"{effectif:,}".replace(",", " ")
        assert facteurs.loc["IPS", nom] == f"{ips:.1f}".replace(".", ",")
    assert facteurs.loc["Catégories", noms[0]] == "—"
    assert (facteurs.loc["Catégories", noms[1:]] != "—").all()
    a_verifier = vues["013"].jumelle.set_index("UAI").loc[site_id, "À vérifier"]
    assert clair(vue.phrase).endswith(clair(f"À vérifier avant de conclure : {a_verifier}."))
    assert len(vue.ecarts) == len(FACTEURS) * (len(noms) - 1)
    ips = vue.ecarts[vue.ecarts["Facteur"] == "IPS"]
    for ligne in ips.to_dict("records"):
        ici, autre, ecart = (
            float(ligne[c].replace(",", ".").replace("−", "-"))
            for c in ("Ce site", "L'autre", "Écart")
        )
        assert ecart == pytest.approx(ici - autre, abs=0.06)


def test_with_too_few_sites_the_page_says_how_many_are_needed_and_names_nobody(tmp_path):
    """The Hautes-Alpes of the example have 22 sites."""
    entrepot = tmp_path / "petit.duckdb"
    construire([chemins.EXEMPLE], entrepot, ["005"])
    vue = signaux(examiner(entrepot), "005", "Hautes-Alpes")
    assert clair(vue.phrase) == (
        "Le besoin attendu ne peut pas être estimé : 22 sites du second degré dans ces données, "
        "il en faut au moins 40."
    )
    assert vue.table.empty
    assert vue.nuage is None
    assert vue.site_ids == []


def test_when_no_model_beats_the_mean_the_page_says_so_and_shows_no_site(examen):
    sites = examen.profils.sites.assign(est_a_examiner=False)
    muet = Examen(
        profils.Profils(sites, examen.profils.voisins, examen.profils.mesures, None, 9.0),
        examen.sites,
    )
    vue = signaux(muet, "013", "Bouches-du-Rhône")
    assert "ne fait pas mieux que la moyenne" in vue.phrase
    assert clair("Aucun ne fait mieux que la moyenne : rien n'est signalé.") in clair(vue.erreur)
    assert vue.table.empty


def test_the_linear_model_is_said_to_serve_when_it_is_the_better_one(examen):
    mesures = (
        profils.Mesure(profils.MOYENNE, 4.0, 0.0),
        profils.Mesure(profils.LINEAIRE, 1.0, 0.9),
        profils.Mesure(profils.ARBRES, 2.0, 0.7),
    )
    retenu = profils.Profils(
        examen.profils.sites, examen.profils.voisins, mesures, profils.LINEAIRE, 2.0
    )
    vue = signaux(Examen(retenu, examen.sites), "013", "Bouches-du-Rhône")
    assert clair("Les arbres ne font pas mieux que le modèle linéaire : c'est lui qui sert.") in (
        clair(vue.erreur)
    )
    assert "2 demi-journées par cycle" in clair(vue.erreur)


def test_the_choices_behind_the_estimate_are_listed_with_their_sources(vues):
    parametres = vues["013"].parametres
    assert isinstance(parametres, pd.DataFrame)
    assert len(parametres) == 10
    assert parametres["Source"].str.len().min() > 10
