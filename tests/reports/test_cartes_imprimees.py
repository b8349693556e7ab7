"""Printed maps and layers: nothing written over anything else, nothing lost, the same each time."""

import io
import itertools
from datetime import datetime

import geopandas as gpd
import numpy as np
import pytest
from PIL import Image

from pipelines.base.textes import FINE
from pipelines.marts import entrepot
from pipelines.reports import sig
from pipelines.reports.cartes_imprimees import cartes
from pipelines.reports.cartes_imprimees.decor import decor
from pipelines.reports.cartes_imprimees.etiquettes import se_couvrent
from pipelines.reports.cartes_imprimees.feuille import A4, ECRAN
from pipelines.reports.sites import tableau_sites


@pytest.fixture(scope="module")
def monde(entrepot_exemple):
    """The 013, the densest: its sites, its stars, the ground of its maps."""
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        etoiles = connexion.execute(
            "select poste_id, site_id, demi_journees_cycle, latitude, longitude "
            "from mart_presence join mart_poste using (poste_id) where departement = '013'"
        ).df()
        return tableau_sites(connexion, "013"), etoiles, decor(connexion, "013")


def codes_de(etoiles):
    return {p: f"S-{i:02d}" for i, p in enumerate(sorted(set(etoiles["poste_id"])), start=1)}


def pixels(octets):
    return np.asarray(Image.open(io.BytesIO(octets)).convert("RGB"))


@pytest.mark.parametrize("format_", [A4, ECRAN], ids=lambda f: f.nom)
def test_no_label_covers_another_and_every_sector_is_named_once(monde, format_):
    sites, etoiles, sol = monde
    codes = codes_de(etoiles)
    carte = cartes.carte_des_secteurs(sites, etoiles, codes, sol, format_)
    largeur, hauteur = carte.feuille.figure.canvas.get_width_height()
    nommes = []
    for cadre in carte.etiquettes:
        for a, b in itertools.combinations(cadre, 2):
            assert not se_couvrent(a.boite, b.boite), (a.etiquette.texte, b.etiquette.texte)
        for posee in cadre:
            assert posee.boite[0] >= 0
            assert posee.boite[1] >= 0
            assert posee.boite[2] <= largeur
            assert posee.boite[3] <= hauteur
        nommes += [p.etiquette.texte for p in cadre if p.etiquette.est_tenue]
    places = etoiles[etoiles["longitude"].notna()]["poste_id"]
    assert sorted(nommes) == sorted({codes[p] for p in places})


def test_the_texts_of_a_sheet_stay_on_it_and_off_each_other(monde):
    """Legend, titles and notes: none is cut by the edge, no two are one over the other."""
    sites, etoiles, sol = monde
    for format_, carte in (
        (A4, cartes.carte_des_secteurs(sites, etoiles, codes_de(etoiles), sol, A4)),
        (ECRAN, cartes.carte_des_couvertures({"Aujourd'hui": sites, "Plan": sites}, sol, ECRAN)),
        (A4, cartes.carte_des_couvertures({"Aujourd'hui": sites, "Plan": sites}, sol, A4)),
    ):
        figure = carte.feuille.figure
        largeur, hauteur = figure.canvas.get_width_height()
        moteur = figure.canvas.get_renderer()
        textes = [*figure.texts, *(t for ax in figure.axes if not ax.axison for t in ax.texts)]
        boites = {t.get_text(): t.get_window_extent(moteur).extents for t in textes}
        assert len(boites) > 10
        for texte, b in boites.items():
            assert b[0] >= -1, (format_.nom, texte)
            assert b[1] >= -1, (format_.nom, texte)
            assert b[2] <= largeur + 1, (format_.nom, texte)
            assert b[3] <= hauteur + 1, (format_.nom, texte)
        for (n, a), (m, b) in itertools.combinations(boites.items(), 2):
            assert not se_couvrent(a, b), (format_.nom, n, m)


def test_a_map_is_a_picture_of_its_size_the_same_each_time_and_says_itself_in_words(monde):
    sites, _, sol = monde
    carte = cartes.carte_des_besoins(sites, sol, ECRAN)
    octets = carte.png()
    image = pixels(octets)
    assert image.shape[:2] == (1080, 1920)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50
    assert octets == cartes.carte_des_besoins(sites, sol, ECRAN).png()
    assert carte.pdf().startswith(b"%PDF")
    assert "Bouches-du-Rhône" in carte.texte_alternatif
    assert str(len(sites)) in carte.texte_alternatif
    assert len(carte.table) == len(sites)
    assert b"matplotlib" not in octets


def test_two_coverages_are_at_the_same_scale_and_their_table_holds_both(monde):
    sites, _, sol = monde
    carte = cartes.carte_des_couvertures({"Aujourd'hui": sites, "Proposition": sites}, sol, A4)
    grands = [ax for ax in carte.feuille.figure.axes if ax.axison][::2]
    etendues = [np.diff(ax.get_xlim())[0] / ax.bbox.width for ax in grands]
    assert len(etendues) == 2
    assert etendues[0] == pytest.approx(etendues[1])
    assert {"Présence, aujourd'hui (½ j. par cycle)", "Rythme, proposition"} <= set(carte.table)
    assert f"Aujourd'hui{FINE}:" in carte.texte_alternatif


def test_in_grey_the_classes_of_presence_keep_their_order(monde):
    """Weekly is darkest, on request lightest: their fills, as printed in grey."""
    sites, _, sol = monde
    carte = cartes.carte_des_couvertures({"Aujourd'hui": sites}, sol, A4)
    gris = np.asarray(Image.open(io.BytesIO(carte.png(en_gris=True))))
    assert gris.ndim == 2
    couleur = pixels(carte.png())
    clartes = [
        float(np.median(gris[(couleur == teinte).all(axis=2)]))
        for teinte in ((8, 81, 156), (66, 146, 198), (158, 202, 225), (255, 255, 255))
    ]
    assert clartes == sorted(clartes)
    assert min(np.diff(clartes)) > 25


def test_a_site_or_a_residence_without_position_breaks_nothing_and_is_counted(monde):
    sites, etoiles, sol = monde
    sites, etoiles = sites.copy(), etoiles.copy()
    seul = sites.index[~sites["site_id"].isin(etoiles["site_id"])][0]
    sites.loc[seul, ["latitude", "longitude"]] = None
    perdu = etoiles["poste_id"].iloc[0]
    etoiles.loc[etoiles["poste_id"] == perdu, ["latitude", "longitude"]] = None
    carte = cartes.carte_des_secteurs(sites, etoiles, codes_de(etoiles), sol, A4)
    assert "1 secteur sans position" in carte.texte_alternatif
    notes = " ".join(t.get_text() for t in carte.feuille.figure.texts)
    assert "1 site" in notes
    assert sol.avertissement.split(",")[0].split(".")[0] in notes.replace("\n", " ")


def test_layers_and_plan_say_on_each_line_what_must_be_said_of_the_data(monde):
    sites, etoiles, sol = monde
    assert sol.avertissement
    codes = codes_de(etoiles)
    for couche in (
        sig.couche_des_sites(sites, sol.avertissement),
        sig.couche_des_secteurs(sites, etoiles, codes, sol.avertissement),
    ):
        assert set(couche["avertissement"]) == {sol.avertissement}
    lignes = sig.plan_en_csv(sites, etoiles, codes, sol.avertissement).decode("utf-8-sig")
    assert lignes.count(sol.avertissement) == len(etoiles)


def test_the_layers_are_read_by_another_program_with_every_site_and_sector(monde, tmp_path):
    sites, etoiles, _ = monde
    codes = codes_de(etoiles)
    points, secteurs = sig.couche_des_sites(sites), sig.couche_des_secteurs(sites, etoiles, codes)
    relus = gpd.read_file(io.BytesIO(sig.geojson(points)))
    assert relus.crs.to_epsg() == 4326
    assert list(relus["site_id"]) == list(sites["site_id"])
    assert relus["besoin_demi_journees_cycle"].sum() == sites["besoin"].sum()
    assert sig.geojson(points) == sig.geojson(points)
    fichier = tmp_path / "atlas.gpkg"
    fichier.write_bytes(sig.geopackage(points, secteurs))
    couche = gpd.read_file(fichier, layer="secteurs")
    assert couche.crs.to_epsg() == 2154
    assert sorted(couche["secteur"]) == sorted(codes.values())
    assert couche["demi_journees_cycle"].sum() == etoiles["demi_journees_cycle"].sum()
    assert not set(codes) & set(" ".join(couche["sites"]).split())


def test_a_geopackage_carries_the_date_of_its_scenario_and_is_the_same_when_made_again(monde):
    sites, etoiles, _ = monde
    couches = (
        sig.couche_des_sites(sites),
        sig.couche_des_secteurs(sites, etoiles, codes_de(etoiles)),
    )
    un = sig.geopackage(*couches, datetime(2026, 11, 29, 8, 30))
    assert b"2026-11-29T08:30:00.000Z" in un
    assert sig.geopackage(*couches, datetime(2026, 11, 29, 8, 30)) == un


def test_the_plan_as_csv_has_its_mark_its_semicolons_and_no_formula(monde):
    sites, etoiles, _ = monde
    premier = etoiles["poste_id"].iloc[0]
    texte = sig.plan_en_csv(sites, etoiles, codes_de(etoiles) | {premier: "=HYPERLINK(1)"})
    assert texte.startswith(b"\xef\xbb\xbf")
    lignes = texte.decode("utf-8-sig").splitlines()
    assert lignes[0].count(";") == 5
    assert len(lignes) == len(etoiles) + 1
    assert any(ligne.startswith("'=HYPERLINK") for ligne in lignes)
