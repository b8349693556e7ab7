"""The witness of the benchmark builds what Atlas builds, row for row, on sound files and broken."""

import csv
import dataclasses
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from pipelines.banc import pays, sources, temoin_pandas
from pipelines.banc.pays import Fichier
from pipelines.base import chemins
from pipelines.base.uai import cle
from pipelines.marts import construction, entrepot

INCONNU = "0139997" + cle("0139997")
DISPARU = "0139998" + cle("0139998")
PETITE = pays.Taille(etablissements=900, ips=500, effectifs=400, communes=600, activite=3_000)
CLES = {
    "mart_etablissement": ["uai"],
    "mart_rattachement": ["uai"],
    "mart_site": ["site_id"],
    "mart_commune": ["commune_code"],
    "mart_activite": ["fichier", "ligne"],
    "mart_anomalie": ["source", "fichier", "ligne", "code", "colonne", "valeur"],
    "meta_construction": ["source", "fichier"],
}
DE_LA_CARTE = {
    "construit_le", "version_code", "titre", "producteur", "licence", "url", "fichier_donne",
}  # fmt: skip
"""What meta_construction says that isn't found in the files."""
CODES_MANQUES = [
    "uai_absent", "uai_illisible", "uai_minuscules", "uai_cle_fausse", "uai_zero_perdu",
    "uai_deux_lignes", "uai_deux_communes", "uai_deux_types", "uai_dans_deux_annuaires",
    "absent_annuaire_recent", "position_deplacee", "departement_absent", "label_inconnu",
    "academie_inconnue",
    "etat_inconnu", "ministere_inconnu", "nature_inconnue", "nom_absent", "secteur_inconnu",
    "ouverture_a_venir", "fermeture_a_venir",
    "uai_lignes_contraires", "position_deux_lignes", "position_loin_du_departement",
    "ips_deux_sources", "valeur_illisible", "position_illisible", "uai_absent_annuaire",
    "ips_impossible", "effectif_impossible", "rentree_a_venir",
    "position_inconnue", "position_peu_sure", "position_loin_de_sa_commune", "densite_inconnue",
    "ecole_sans_niveau", "ep_inconnue", "ep_deux_labels", "ecole_deux_reseaux", "label_reporte",
    "ep_contradictoire", "ep_hors_liste", "tete_de_reseau_absente", "ecole_absente_annuaire",
    "ecole_rep_plus_sans_reseau", "mere_hors_perimetre", "effectif_inconnu", "ips_non_publie",
    "rentree_illisible", "effectif_vide", "eleves_segpa_illisible", "eleves_ulis_illisible",
    "remplacee_par_plus_recent", "effectif_saut", "effectif_sources_contraires",
    "lignes_contraires", "valeur_reprise", "effectif_annuaire_contraire", "effectif_repris",
    "annuaire_sans_date",
    "densite_illisible", "commune_deux_lignes", "commune_illisible",
    "population_illisible", "colonne_sans_titre",
    "activite_deux_lignes", "activite_hors_perimetre", "activite_absurde",
]  # fmt: skip
"""What a country of public files and activity may have amiss, without its build stopped."""


def comparable(colonne):
    """Cells that two engines may write in different types: dates, booleans, numbers, texts."""
    connue = colonne.notna()
    if not connue.any():
        return pd.Series(np.nan, colonne.index)
    if pd.api.types.is_datetime64_any_dtype(colonne):
        colonne = colonne.dt.strftime("%Y-%m-%d")
    elif pd.api.types.is_numeric_dtype(colonne.dropna().infer_objects()):
        return colonne.astype(object).where(connue, np.nan).map(float).astype(float)
    elif colonne.map(type).isin([bytes, bytearray]).any():
        colonne = colonne.map(lambda octets: bytes(octets).hex(), na_action="ignore")
    return colonne.astype(object).where(connue, "").astype(str)


def ecarts_de(attendu, trouve, colonne, cles):
    """The first cell of a column that differs, with the row it is in."""
    if attendu[colonne].dtype == float:
        autres = ~np.isclose(attendu[colonne], trouve[colonne], rtol=1e-9, equal_nan=True)
    else:
        autres = (attendu[colonne] != trouve[colonne]).to_numpy()
    return [
        (colonne, *attendu.loc[n, cles], attendu.at[n, colonne], trouve.at[n, colonne])
        for n in np.flatnonzero(autres)[:1]
    ]


def comparer(fait, dossier):
    """Build `fait` with both engines; every cell of every mart is the same. Returns the counts."""
    bilan = construction.construire([fait.dossier], dossier / "atlas.duckdb")
    (dossier / "pandas").mkdir()
    pandas = temoin_pandas.construire(fait.dossier, fait.fichiers, dossier / "pandas")
    atlas = sources.comptes(bilan.entrepot)
    with entrepot.ouvrir(bilan.entrepot) as connexion:
        for mart, cles in CLES.items():
            attendu = connexion.execute(f"select * from {mart}").df()
            trouve = pd.read_parquet(dossier / "pandas" / f"{mart}.parquet")
            colonnes = [c for c in attendu.columns if c not in DE_LA_CARTE]
            assert set(trouve.columns) == set(colonnes), mart
            deux = [
                pd.DataFrame({c: comparable(cadre[c]) for c in colonnes}).sort_values(
                    cles, ignore_index=True
                )
                for cadre in (attendu, trouve)
            ]
            seules = deux[0][cles].merge(deux[1][cles], how="outer", indicator="chez")
            assert seules[seules["chez"] != "both"].to_numpy().tolist() == [], mart
            assert [e for c in colonnes for e in ecarts_de(*deux, c, cles)] == [], mart
    assert sources.ecarts(atlas, pandas) == []
    return atlas


class Abime:
    """The files of a country, to be broken cell by cell."""

    def __init__(self, fait, dossier):
        self.dossier = shutil.copytree(fait.dossier, dossier)
        self.fichiers = {f.nom: f for f in fait.fichiers}

    def de(self, source):
        return next(f for f in self.fichiers.values() if f.source == source)

    def lire(self, source):
        fichier = self.de(source)
        texte = (self.dossier / fichier.nom).read_text(encoding="utf-8-sig")
        return list(csv.reader(texte.splitlines(), delimiter=fichier.separateur))

    def ecrire(self, fichier, lignes):
        with (self.dossier / fichier.nom).open("w", encoding="utf-8", newline="") as flux:
            csv.writer(flux, delimiter=fichier.separateur).writerows(lignes)
        self.fichiers[fichier.nom] = dataclasses.replace(fichier, lignes=len(lignes) - 1)

    def changer(self, source, lignes, *changements):
        """Rows of a table with cells changed: (row from 0, column, value), twice for a copy."""
        rangs = self.de(source).rangs
        for ligne, colonne, valeur in changements:
            lignes[ligne] = list(lignes[ligne])
            lignes[ligne][rangs[colonne]] = valeur

    def ajouter(self, source, lignes, modele, **cellules):
        rangs = self.de(source).rangs
        lignes.append(list(lignes[modele]))
        for colonne, valeur in cellules.items():
            lignes[-1][rangs[colonne]] = valeur


def uais(abime, lignes, type_etablissement, **cellules):
    """Rows of public establishments open in the annuaire, of a type."""
    rangs = abime.de("annuaire").rangs
    voulues = {
        "type_etablissement": type_etablissement, "statut_public_prive": "Public",
        "etat": "OUVERT", **cellules,
    }  # fmt: skip
    return [
        n
        for n, ligne in enumerate(lignes)
        if all(ligne[rangs[colonne]] == valeur for colonne, valeur in voulues.items())
    ]


def abimer_annuaire(abime):
    lignes = abime.lire("annuaire")
    a = abime.de("annuaire").rangs
    colleges = uais(abime, lignes, "Collège", code_nature="340")
    lycees = uais(abime, lignes, "Lycée")
    ecoles = uais(abime, lignes, "Ecole")
    vieux = [list(lignes[0]), *(list(lignes[n]) for n in colleges[20:40])]
    c = iter(colleges)

    def uai(n):
        return lignes[n][a["uai"]]

    abime.changer("annuaire", lignes, *((n, "ecole_elementaire", "") for n in ecoles))
    n = next(c)
    abime.changer("annuaire", lignes, (n, "uai", uai(n).lower()))
    n = next(c)
    abime.changer("annuaire", lignes, (n, "uai", uai(n).lstrip("0")))
    n = next(c)
    abime.changer("annuaire", lignes, (n, "uai", uai(n)[:7] + ("A" if uai(n)[7] != "A" else "B")))
    for colonne, valeur in {
        "etat": "SUSPENDU",
        "ministere_tutelle": "",
        "code_nature": "999",
        "nom": "",
        "statut_public_prive": "-",
        "code_departement": "",
        "education_prioritaire": "REP++",
        "libelle_academie": "Lutèce",
        "precision_localisation": "Mauvaise",
        "latitude": "48,5",
        "longitude": "quarante",
        "segpa": "peut-être",
        "ulis": "?",
        "hebergement": "9",
        "date_maj_ligne": "hier",
        "nombre_d_eleves": "-50",
        "code_commune": "",
    }.items():
        abime.changer("annuaire", lignes, (next(c), colonne, valeur))
    for ecriture in ("PROVENCE-ALPES-COTE D'AZUR", "Région académique PACA", "OCCITANIE"):
        abime.changer("annuaire", lignes, (next(c), "libelle_academie", ecriture))
    n = next(c)
    abime.changer("annuaire", lignes, (n, "latitude", ""), (n, "code_commune", "99999"))
    abime.changer("annuaire", lignes, (next(c), "etat", "A FERMER"))
    abime.changer("annuaire", lignes, *((n, "nombre_d_eleves", "4999") for n in colleges[60:90]))
    abime.changer(
        "annuaire", lignes, *((n, "education_prioritaire", "REP") for n in colleges[-40:])
    )
    n = next(c)
    abime.changer("annuaire", lignes, (n, "etat", "A OUVRIR"), (n, "date_ouverture", "01/09/2030"))
    abime.ajouter("annuaire", lignes, next(c))
    abime.ajouter("annuaire", lignes, next(c), code_commune="13055")
    abime.ajouter("annuaire", lignes, next(c), statut_public_prive="Privé", latitude="44.5")
    abime.ajouter("annuaire", lignes, next(c), etat="A FERMER", nombre_d_eleves="3")
    abime.ajouter("annuaire", lignes, colleges[-50], nombre_d_eleves="5999")
    n = colleges[-51]
    abime.changer("annuaire", lignes, (n, "code_commune", "99999"), (n, "latitude", "-12.5"))
    abime.ajouter("annuaire", lignes, next(c), type_etablissement="Lycée", code_nature="300")
    abime.ajouter("annuaire", lignes, lycees[0], uai="")
    abime.ajouter("annuaire", lignes, lycees[0], uai="inconnu")
    lignes.insert(5, [])
    abime.ecrire(abime.de("annuaire"), lignes)
    # the same, two years before, some of them elsewhere
    for n, ligne in enumerate(vieux[1:]):
        ligne[a["date_maj_ligne"]] = "2021-09-01"
        ligne[a["nombre_d_eleves"]] = "450"
        if n < 5:
            ligne[a["latitude"]] = str(float(ligne[a["latitude"]]) + 0.1)
    # since gone from the newer one
    vieux.append([*vieux[-1]])
    vieux[-1][a["uai"]] = DISPARU
    ancien = dataclasses.replace(abime.de("annuaire"), nom="annuaire-2021.csv")
    abime.ecrire(ancien, vieux)


def abimer_reseaux(abime):
    lignes = abime.lire("education_prioritaire")
    r = abime.de("education_prioritaire").rangs
    plus = [n for n, ligne in enumerate(lignes) if n and ligne[r["ep"]] == "REP+"]
    rep = [n for n, ligne in enumerate(lignes) if n and ligne[r["ep"]] == "REP"]
    abime.changer(
        "education_prioritaire",
        lignes,
        (plus[1], "uai", lignes[plus[1]][r["uai"]].lower()),
        (plus[-1], "ep", ""),
        (rep[0], "ep", "ZEP"),
        (rep[1], "ep", "REP+"),
        (plus[2], "uai_tete_de_reseau", INCONNU),
        (plus[7], "departement", ""),
    )
    abime.ajouter("education_prioritaire", lignes, plus[3], ep="REP")
    abime.ajouter("education_prioritaire", lignes, plus[4], uai_tete_de_reseau="0130011S")
    abime.ajouter("education_prioritaire", lignes, plus[5], uai="")
    abime.ajouter("education_prioritaire", lignes, plus[5], uai=INCONNU)
    # an unknown label stands for no other row
    abime.ajouter("education_prioritaire", lignes, rep[0], ep="REP")
    abime.ajouter("education_prioritaire", lignes, plus[6])
    abime.ecrire(abime.de("education_prioritaire"), lignes)


def abimer_indices_et_effectifs(abime):
    lignes = abime.lire("ips_colleges")
    abime.changer("ips_colleges", lignes, (1, "ips", "NS"), (2, "rentree_scolaire", "l’an passé"))
    abime.changer("ips_colleges", lignes, (3, "uai", "n.c."), (4, "uai", ""))
    abime.changer("ips_colleges", lignes, (7, "ips", "953"), (8, "ips", "-5"), (9, "uai", DISPARU))
    rangs = abime.de("ips_colleges").rangs
    ips_lycees = abime.lire("ips_lycees")
    abime.changer(
        "ips_lycees", ips_lycees, (1, "uai", lignes[20][rangs["uai"]]), (1, "ips_ensemble", "131,5")
    )
    abime.ecrire(abime.de("ips_lycees"), ips_lycees)
    abime.changer("ips_colleges", lignes, (10, "rentree_scolaire", "2099-2100"))
    abime.changer("ips_colleges", lignes, (11, "uai", DISPARU[:7] + "A"))
    # several cells amiss in one row, each told
    abime.changer("ips_colleges", lignes, (2, "ips", "953"), (3, "ips", "NS"))
    abime.ajouter("ips_colleges", lignes, 5)
    abime.ajouter("ips_colleges", lignes, 12, ips="131,5")
    lignes[0].append("")
    lignes[6].append("note")
    abime.ecrire(abime.de("ips_colleges"), lignes)

    lignes = abime.lire("effectifs_colleges")
    c = abime.de("effectifs_colleges").rangs
    for n in range(10, 20):
        if lignes[n][c["effectif"]]:
            abime.changer("effectifs_colleges", lignes, (n, "effectif", "1500,0"))
    abime.changer(
        "effectifs_colleges",
        lignes,
        (1, "effectif", ""),
        (2, "eleves_segpa", "<5"),
        (3, "eleves_ulis", "NS"),
        (4, "rentree", ""),
        (5, "uai", lignes[5][c["uai"]].lstrip("0")),
        (7, "effectif", "50000"),
        (8, "effectif", "-3"),
        (9, "effectif", "1.000"),
    )
    # several cells amiss in one row, each told
    abime.changer(
        "effectifs_colleges",
        lignes,
        (4, "effectif", "50000"),
        (4, "eleves_segpa", "NS"),
        (5, "eleves_segpa", "NS"),
        (5, "eleves_ulis", "<5"),
    )
    abime.ajouter("effectifs_colleges", lignes, 6)
    abime.ajouter("effectifs_colleges", lignes, 21, effectif="5998")
    abime.ecrire(abime.de("effectifs_colleges"), lignes)
    # the same, the newer of which keeps silent on one total
    autre = dataclasses.replace(abime.de("effectifs_colleges"), nom="effectifs-anciens.csv")
    anciens = [list(ligne) for ligne in lignes[:9]]
    anciens[1][c["effectif"]], anciens[3][c["effectif"]] = "77", ""
    abime.ecrire(autre, anciens)
    second_degre = [["Année scolaire", "Numéro d'établissement", "Nombre d'élèves"]]
    second_degre += [[f"{li[c['rentree']]}-01", li[c["uai"]], "9"] for li in lignes[20:40]]
    rangs = {"annee_scolaire": 0, "uai": 1, "effectif": 2}
    abime.ecrire(
        Fichier("effectifs_second_degre", "second-degre.csv", ";", 1, rangs, 0), second_degre
    )


def abimer_communes(abime):
    entetes = ["CODGEO", "LIBGEO", "DENS", "LIBDENS", "PMUN19"]
    grille = [
        entetes,
        ["13055", "Marseille", "1", "Grands centres urbains", "870321"],
        ["13901", "Illisible", "9", "", ""],
        ["13903", "Habitée", "7", "Rural à habitat très dispersé", "beaucoup"],
        ["13901", "Lisible", "7", "Rural à habitat très dispersé", "12"],
        ["13902", "Deux fois", "7", "Rural à habitat très dispersé", "12"],
        ["13902", "Deux fois", "6", "Rural à habitat dispersé", "12"],
        ["13904", "La même", "7", "Rural à habitat très dispersé", "12"],
        ["13904", "La même", "7", "Rural à habitat très dispersé", "12"],
    ]
    rangs = {
        "code_commune": 0, "nom_commune": 1, "densite": 2, "libelle_densite": 3, "population": 4,
    }  # fmt: skip
    abime.ecrire(Fichier("densite", "grille-2019.csv", ";", 1, rangs, 0), grille)
    contours = abime.de("contours")
    contenu = json.loads((abime.dossier / contours.nom).read_text(encoding="utf-8"))
    premieres = contenu["features"][:2]
    illisible = json.loads(json.dumps(premieres[0]))
    illisible["properties"]["code"] = "?"
    encore = {"type": "FeatureCollection", "features": [*premieres, illisible]}
    (abime.dossier / "communes-zz.geojson").write_text(json.dumps(encore), encoding="utf-8")
    abime.fichiers["communes-zz.geojson"] = dataclasses.replace(contours, nom="communes-zz.geojson")


def abimer_activite(abime):
    lignes = abime.lire("activite")
    a = abime.de("activite").rangs
    abime.changer("activite", lignes, (7, "nombre", "9000"), (8, "uai", INCONNU))
    abime.changer("activite", lignes, (9, "periode", "année"))
    abime.changer("activite", lignes, (10, "uai", lignes[10][a["uai"]].lstrip("0")))
    # the same return, its UAI without its zeros, its year or its period otherwise written
    abime.ajouter("activite", lignes, 11, uai=lignes[11][a["uai"]].lstrip("0"))
    abime.ajouter("activite", lignes, 12, annee_scolaire=lignes[12][a["annee_scolaire"]][:4])
    abime.ajouter("activite", lignes, 9, periode="ANNEE")
    abime.ajouter("activite", lignes, 13, uai=f" {lignes[13][a['uai']].lower()} ")
    abime.ajouter("activite", lignes, 14, nombre="8999")
    abime.ecrire(abime.de("activite"), lignes)


@pytest.fixture(scope="module")
def fait(tmp_path_factory):
    """A small country made from the embedded example."""
    return pays.fabriquer(chemins.EXEMPLE, tmp_path_factory.mktemp("temoin") / "pays", PETITE)


def test_both_engines_find_the_same_marts_cell_by_cell(fait, tmp_path):
    """Else their times could not be compared; repeated rows of activity are merged by both."""
    comptes = comparer(fait, tmp_path)
    assert comptes["etablissements"] == comptes["lignes_gardees annuaire"] == 900
    assert comptes["sites_etablissement"] > 0
    assert comptes["effectif_des_sites"] > 0
    assert comptes["activite_lignes"] == 3_000 - 1
    assert comptes["anomalies activite_deux_lignes"] == comptes["lignes_fusionnees activite"] == 1


def test_both_engines_tell_the_same_of_every_defect(fait, tmp_path):
    """A row pasted twice, an UAI in lower case, an older annuaire …: same code, same line, same
    words, same consequence on the sites.
    """
    abime = Abime(fait, tmp_path / "pays")
    for abimer in (
        abimer_annuaire,
        abimer_reseaux,
        abimer_indices_et_effectifs,
        abimer_communes,
        abimer_activite,
    ):
        abimer(abime)
    casse = pays.Pays(abime.dossier, list(abime.fichiers.values()), fait.uai_actifs)
    comptes = comparer(casse, tmp_path)
    manques = [code for code in CODES_MANQUES if f"anomalies {code}" not in comptes]
    assert manques == []
    assert comptes["lignes_rejetees annuaire"] == 2


@pytest.mark.reel
def test_both_engines_agree_on_copies_of_the_real_files(reel, tmp_path):
    """Sections, several voies, labels of two files, years that a file keeps silent."""
    fait = pays.fabriquer(reel, tmp_path / "pays", pays.Taille().reduite(0.02))
    comptes = comparer(fait, tmp_path)
    assert comptes["sites_ecoles_rep_plus"] > 0
    assert comptes["anomalies colonne_sans_titre"] == 1
    assert np.sum([n for nom, n in comptes.items() if nom.startswith("anomalies ")]) > 100


def test_a_count_on_which_the_engines_differ_is_named():
    """Also when one of them never met it."""
    atlas = {"sites": 3, "anomalies uai_absent": 2, "anomalies uai_illisible": 1}
    pandas = {"sites": 3, "anomalies uai_absent": 1, "lignes_rejetees annuaire": 1}
    assert sources.ecarts(atlas, pandas) == [
        "anomalies uai_absent",
        "anomalies uai_illisible",
        "lignes_rejetees annuaire",
    ]
