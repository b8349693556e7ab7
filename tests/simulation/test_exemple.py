"""The embedded example: fictitious, complete, in the formats of the real exports."""

import csv
import json
import re
import tomllib
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import shapely

from pipelines.base import chemins
from pipelines.simulation import academie, communes, formats

LETTRES = "ABCDEFGHJKLMNPRSTUVWXYZ"
REEL = chemins.RACINE.parent / "shared" / "real"
MODELES = {
    "fr-en-annuaire-education.exemple.2026-09-15.csv": (
        "annuaire/fr-en-annuaire-education.montpellier.2024-11-26.csv"
    ),
    "liste-des-rep-et-rep-rentree-2025.exemple.csv": (
        "education_prioritaire/liste-des-rep-et-rep-rentree-2022.csv"
    ),
    "fr-en-ips-colleges-ap2022.exemple.csv": "ips/fr-en-ips-colleges-ap2022.csv",
    "fr-en-ips-lycees-ap2022.exemple.csv": "ips/fr-en-ips-lycees-ap2022.csv",
    "fr-en-ips-ecoles-ap2022.exemple.csv": "ips/fr-en-ips-ecoles-ap2022.csv",
    "fr-en-college-effectifs-niveau-sexe-lv.exemple.csv": (
        "effectifs/fr-en-college-effectifs-niveau-sexe-lv.035.csv"
    ),
    "fr-en-lycee_gt-effectifs-niveau-sexe-lv.exemple.csv": (
        "effectifs/fr-en-lycee_gt-effectifs-niveau-sexe-lv.csv"
    ),
    "fr-en-lycee_pro-effectifs-niveau-sexe-lv.exemple.csv": (
        "effectifs/fr-en-lycee_pro-effectifs-niveau-sexe-lv.csv"
    ),
    "fr-en-ecoles-effectifs-nb_classes.exemple.csv": (
        "effectifs/fr-en-ecoles-effectifs-nb_classes.035.csv"
    ),
}
# real exports may be absent: then nothing is compared, and the example is still tested
COMPARABLES = [(n, m) for n, m in MODELES.items() if (REEL / m).is_file()]


def debut(chemin: Path) -> tuple[bytes, list[str], bytes]:
    """Byte-order mark, headers and line end of a file."""
    octets = chemin.read_bytes()
    marque = octets[:3] if octets.startswith(b"\xef\xbb\xbf") else b""
    premiere = octets[len(marque) : octets.index(b"\n") + 1]
    fin = b"\r\n" if premiere.endswith(b"\r\n") else b"\n"
    entetes = next(csv.reader([premiere.decode().rstrip("\r\n")], delimiter=";"))
    return marque, entetes, fin


def lire(chemin: Path) -> list[dict[str, str]]:
    with chemin.open(encoding="utf-8-sig", newline="") as fichier:
        return list(csv.DictReader(fichier, delimiter=";"))


def contenu(chemin: Path) -> object:
    """Bytes of a file; for a workbook, those of its parts (compression depends on the machine)."""
    if chemin.suffix != ".xlsx":
        return chemin.read_bytes()
    with zipfile.ZipFile(chemin) as archive:
        return {nom: archive.read(nom) for nom in archive.namelist()}


@pytest.fixture(scope="module")
def refait(tmp_path_factory) -> list[Path]:
    return academie.generer(tmp_path_factory.mktemp("exemple"))


def test_le_generateur_refait_l_exemple_livre_a_l_octet_pres(refait):
    differents = [f.name for f in refait if contenu(f) != contenu(chemins.EXEMPLE / f.name)]
    assert differents == []


def test_tout_fichier_de_l_exemple_vient_du_generateur_ou_de_l_extraction(refait):
    extraits = {communes.FICHIER, "LISEZMOI.md", *(f for _, f in communes.DEPARTEMENTS.values())}
    livres = {f.name for f in chemins.EXEMPLE.iterdir()}
    assert livres == extraits | {f.name for f in refait}


def test_deux_generations_donnent_les_memes_octets_et_une_autre_graine_d_autres(refait, tmp_path):
    encore = academie.generer(tmp_path / "encore")
    assert [f.read_bytes() for f in encore] == [f.read_bytes() for f in refait]
    autre = academie.generer(tmp_path / "autre", graine=2)
    assert [f.read_bytes() for f in autre] != [f.read_bytes() for f in refait]


if COMPARABLES:

    @pytest.mark.parametrize(("nom", "modele"), COMPARABLES)
    def test_en_tetes_marque_et_fins_de_ligne_sont_ceux_du_vrai_export(nom, modele):
        assert debut(chemins.EXEMPLE / nom) == debut(REEL / modele)


def test_sans_les_vrais_exports_les_en_tetes_gardent_leur_largeur_connue():
    largeurs = {nom: len(debut(chemins.EXEMPLE / nom)[1]) for nom in MODELES}
    assert list(largeurs.values()) == [72, 11, 12, 18, 11, 75, 176, 89, 23]
    assert formats.EDUCATION_PRIORITAIRE[-1].endswith(" ")


def test_chaque_uai_est_juste_et_dans_la_plage_reservee(annuaire, liste_ep):
    uai = {r["Identifiant_de_l_etablissement"] for r in annuaire}
    uai |= {r["NUMERO"].upper() for r in liste_ep}
    for valeur in uai:
        assert re.fullmatch(r"0(04|05|13|84)9\d{3}[A-Z]", valeur)
        assert LETTRES[int(valeur[:7]) % 23] == valeur[7]


def test_chaque_nom_dit_exemple(annuaire):
    assert all("exemple" in r["Nom_etablissement"] for r in annuaire)


def test_aucune_colonne_de_personne_ou_de_contact_n_est_remplie(annuaire, liste_ep):
    for colonne in ("Telephone", "Fax", "Web", "Mail", "SIREN_SIRET", "Fiche_onisep"):
        assert {r[colonne] for r in annuaire} == {""}
    assert {r["contact collège ou circonscription "] for r in liste_ep} == {""}
    octets = b"".join(f.read_bytes() for f in chemins.EXEMPLE.iterdir() if f.suffix == ".csv")
    assert b"@" not in octets


def test_le_perimetre_compte_203_26_22_et_64_etablissements(annuaire):
    """Counted from the annuaire alone: public, education ministry, sections with their mother."""
    education = "MINISTERE DE L'EDUCATION NATIONALE"
    ouverts = {
        r["Identifiant_de_l_etablissement"]: r
        for r in annuaire
        if r["Type_etablissement"] in ("Collège", "Lycée", "EREA")
        and r["Statut_public_prive"] == "Public"
        and r["ministere_tutelle"] == education
    }
    sites = [r for r in ouverts.values() if r["etablissement_mere"] not in ouverts]
    assert Counter(r["Code_departement"] for r in sites) == {
        "013": 203,
        "004": 26,
        "005": 22,
        "084": 64,
    }


def test_les_parts_de_dispositifs_sont_celles_d_une_vraie_academie(annuaire):
    colleges = [
        r for r in annuaire if r["code_nature"] == "340" and r["Statut_public_prive"] == "Public"
    ]
    segpa = sum(r["Segpa"] == "1" for r in colleges) / len(colleges)
    ulis = sum(r["ULIS"] == "1" for r in colleges) / len(colleges)
    internat = sum(r["Hebergement"] == "1" for r in colleges) / len(colleges)
    assert 0.25 <= segpa <= 0.35
    assert 0.65 <= ulis <= 0.80
    assert 0.04 <= internat <= 0.15
    lp = sum(r["code_nature"] == "320" for r in annuaire)
    assert 0.10 <= lp / 315 <= 0.14


def test_les_reseaux_sont_18_rep_plus_et_20_rep_dans_le_13(liste_ep):
    tetes = Counter(
        (r["N°Département"], r["EP"]) for r in liste_ep if r["TYPE_DETABLISSEMENT"] == "COLLEGE"
    )
    assert tetes == {
        ("13", "REP+"): 18,
        ("13", "REP"): 20,
        ("84", "REP+"): 3,
        ("84", "REP"): 5,
        ("4", "REP"): 1,
        ("5", "REP"): 1,
    }


def test_les_defauts_des_vrais_fichiers_y_sont_une_fois(annuaire, liste_ep):
    uai = Counter(r["Identifiant_de_l_etablissement"] for r in annuaire)
    assert sum(n == 2 for n in uai.values()) == 1
    assert max(uai.values()) == 2
    assert sum(r["latitude"] == "" for r in annuaire) == 2
    assert sum(r["NUMERO"] != r["NUMERO"].upper() for r in liste_ep) == 1
    tetes = {r["UAI tête de réseau"] for r in liste_ep}
    assert len(tetes - set(uai)) == 1
    assert {r["Nombre_d_eleves"] for r in annuaire} == {""}
    ips = [r["ips"] for r in lire(chemins.EXEMPLE / "fr-en-ips-colleges-ap2022.exemple.csv")]
    assert ips.count("NS") == 1


def test_toutes_les_ecoles_des_reseaux_sont_dans_l_annuaire(annuaire, liste_ep):
    connus = {r["Identifiant_de_l_etablissement"] for r in annuaire}
    absents = [r["NUMERO"] for r in liste_ep if r["NUMERO"].upper() not in connus]
    assert len(absents) == 1, "seul le collège fermé manque"


def test_les_ecoles_de_marseille_portent_le_code_de_leur_arrondissement(annuaire):
    marseille = {r["Code_commune"] for r in annuaire if r["Nom_commune"].startswith("Marseille")}
    assert len(marseille) >= 12
    assert all(re.fullmatch(r"132(0[1-9]|1[0-6])", code) for code in marseille)


def test_les_effectifs_par_niveau_font_le_total():
    for r in lire(chemins.EXEMPLE / "fr-en-college-effectifs-niveau-sexe-lv.exemple.csv"):
        total = int(r[formats.EFFECTIF_COLLEGE])
        assert sum(int(r[f"Nombre total de {n}"]) for n in formats.NIVEAUX_COLLEGE) == total
        for n in formats.NIVEAUX_COLLEGE:
            sexes = int(r[f"Nombre de {n} filles"]) + int(r[f"Nombre de {n} garçons"])
            assert sexes == int(r[f"Nombre total de {n}"])
        assert (
            min(int(r[f"Nombre de {n} hors Segpa hors ULIS"]) for n in formats.NIVEAUX_COLLEGE) >= 0
        )
    for r in lire(chemins.EXEMPLE / "fr-en-lycee_gt-effectifs-niveau-sexe-lv.exemple.csv"):
        niveaux = ("2ndes_gt", "1eres_g", "1eres_stmg", "terminales_g", "terminales_stmg")
        assert sum(int(r[n]) for n in niveaux) == int(r["nombre_d_eleves"])


def test_les_contours_sont_ceux_des_vraies_communes_et_leurs_bords_se_touchent():
    contours = communes.lire_contours(chemins.EXEMPLE)
    assert len(contours) == 198 + 162 + 119 + 151
    assert communes.MARSEILLE in contours
    surfaces = shapely.area(list(contours.values())).sum()
    union = shapely.union_all(list(contours.values()))
    assert surfaces == pytest.approx(union.area, rel=1e-5)
    trous = [shapely.Polygon(anneau) for p in shapely.get_parts(union) for anneau in p.interiors]
    # the source itself leaves half a hectare where Orgon, Sénas and Eyguières meet, and a pond
    km2_par_degre2 = 111.2 * 80
    assert sum(trou.area for trou in trous) * km2_par_degre2 < 0.05


def test_chaque_etablissement_est_dans_le_contour_de_sa_commune(annuaire):
    contours = communes.lire_contours(chemins.EXEMPLE)
    for r in annuaire:
        if r["latitude"]:
            code = "13055" if r["Code_commune"].startswith("132") else r["Code_commune"]
            point = shapely.Point(float(r["longitude"]), float(r["latitude"]))
            # town halls carry five decimals and contours four
            assert contours[code].distance(point) < 1e-3


def test_l_exemple_tient_dans_quatre_mega_octets():
    tailles = {f.name: f.stat().st_size for f in chemins.EXEMPLE.iterdir()}
    assert sum(tailles.values()) <= 3_500_000
    assert max(tailles.values()) < 2_000_000


def test_la_fiche_de_l_exemple_dit_qu_il_est_fictif():
    fiche = tomllib.loads((chemins.EXEMPLE / "exemple.toml").read_text(encoding="utf-8"))
    assert fiche["est_fictif"] is True
    assert "fictif" in fiche["libelle"]
    assert "Licence Ouverte 2.0" in (chemins.EXEMPLE / "LISEZMOI.md").read_text(encoding="utf-8")


def test_la_grille_de_densite_dit_que_ses_niveaux_sont_approches():
    chemin = chemins.EXEMPLE / "grille_densite_7_niveaux_2025.exemple.xlsx"
    with zipfile.ZipFile(chemin) as archive:
        textes = archive.read("xl/sharedStrings.xml").decode()
    assert "niveaux approchés pour l'exemple fictif" in textes
    assert "\nCode \nCommune\n" in textes


def test_les_geojson_portent_code_nom_et_population():
    for _, nom in communes.DEPARTEMENTS.values():
        entites = json.loads((chemins.EXEMPLE / nom).read_text(encoding="utf-8"))["features"]
        assert all(set(e["properties"]) == {"code", "nom", "population"} for e in entites)
