"""Small made-up sources in the real formats, for the tests that need one defect at a time."""

import csv
import json
from contextlib import contextmanager

import duckdb
import xlsxwriter

from pipelines.base.uai import cle
from pipelines.marts import construction
from pipelines.scoring.inscription import inscrire
from pipelines.sources import chargement

COLONNES_ANNUAIRE = (
    "Identifiant_de_l_etablissement",
    "Nom_etablissement",
    "Type_etablissement",
    "Statut_public_prive",
    "Code_postal",
    "Code_commune",
    "Nom_commune",
    "Code_departement",
    "Ecole_maternelle",
    "Ecole_elementaire",
    "Voie_professionnelle",
    "Hebergement",
    "ULIS",
    "Segpa",
    "Appartenance_Education_Prioritaire",
    "Nombre_d_eleves",
    "Libelle_departement",
    "Libelle_academie",
    "latitude",
    "longitude",
    "precision_localisation",
    "date_maj_ligne",
    "etat",
    "ministere_tutelle",
    "code_nature",
    "libelle_nature",
    "etablissement_mere",
    "code_bassin_formation",
    "libelle_bassin_formation",
)
COLONNES_LISTE_EP = (
    "ACADEMIE",
    "N°Département",
    "COMMUNE",
    "UAI tête de réseau",
    "NUMERO",
    "NOM DE L'ETABLISSEMENT",
    "TYPE_DETABLISSEMENT",
    "EP",
)
COLONNES_POSTES = (
    "poste_id",
    "fonction",
    "quotite",
    "residence_uai",
    "statut",
    "bassin",
    "hors_secteur_etp",
    "hors_secteur_motif",
    "sans_secteur",
)
COLONNES_PRESENCES = ("poste_id", "uai", "demi_journees", "periodicite")
COLONNES_DISPOSITIFS = ("uai", "dispositif", "present", "source")
COLONNES_ACTIVITE = ("annee_scolaire", "periode", "uai", "indicateur", "modalite", "nombre")


def uai(numero, prefixe="034"):
    """A UAI of the Hérault with a right check letter: 1 → 0340001S."""
    chiffres = f"{prefixe}{numero:04}"
    return chiffres + cle(chiffres)


def etablissement(numero, type_="Collège", **autres):
    """One line of the annuaire: an open public establishment of Commune 1, changed by name."""
    natures = {"Collège": "340", "Lycée": "302", "EREA": "370", "Ecole": "151"}
    ligne = dict.fromkeys(COLONNES_ANNUAIRE, "")
    ligne.update(
        Identifiant_de_l_etablissement=uai(numero),
        Nom_etablissement=f"{type_} fictif {numero}",
        Type_etablissement=type_,
        Statut_public_prive="Public",
        Code_commune="34001",
        Nom_commune="Commune 1",
        Code_departement="034",
        Hebergement="0",
        ULIS="0",
        Segpa="0",
        Libelle_departement="Hérault",
        Libelle_academie="Montpellier",
        latitude="43.5",
        longitude="3.5",
        precision_localisation="Numéro de rue",
        date_maj_ligne="2024-11-26",
        etat="OUVERT",
        ministere_tutelle="MINISTERE DE L'EDUCATION NATIONALE",
        code_nature=natures[type_],
        libelle_nature=type_.upper(),
    )
    if type_ == "Ecole":
        ligne.update(Ecole_elementaire="1", Ecole_maternelle="0")
    ligne.update(autres)
    return ligne


def reseau(numero, tete, type_="ECOLE", ep="REP+", **autres):
    """One line of the REP and REP+ list."""
    ligne = {
        "ACADEMIE": "MONTPELLIER",
        "N°Département": "34",
        "COMMUNE": "COMMUNE 1",
        "UAI tête de réseau": uai(tete),
        "NUMERO": uai(numero),
        "NOM DE L'ETABLISSEMENT": f"FICTIF {numero}",
        "TYPE_DETABLISSEMENT": type_,
        "EP": ep,
    }
    ligne.update(autres)
    return ligne


def poste(poste_id="P1", residence=1, **autres):
    """One line of the file of postes: a full-time ASS, changed by name."""
    ligne = {
        "poste_id": poste_id,
        "fonction": "ASS",
        "quotite": "1",
        "residence_uai": uai(residence),
        "statut": "occupe",
    }
    ligne.update(autres)
    return ligne


def ecrire_csv(chemin, colonnes, lignes, separateur=";", encodage="utf-8-sig", titres=()):
    """Write `lignes` (dicts) under `colonnes`, below the free lines `titres`; returns `chemin`."""
    chemin.parent.mkdir(parents=True, exist_ok=True)
    with chemin.open("w", encoding=encodage, newline="") as flux:
        flux.writelines(f"{titre}\r\n" for titre in titres)
        ecrivain = csv.DictWriter(flux, colonnes, restval="", delimiter=separateur)
        ecrivain.writeheader()
        ecrivain.writerows(lignes)
    return chemin


def ecrire_classeur(chemin, *feuilles):
    """Write a workbook: one sheet for each list of rows; returns `chemin`."""
    chemin.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(chemin) as classeur:
        for lignes in feuilles:
            feuille = classeur.add_worksheet()
            for i, ligne in enumerate(lignes):
                feuille.write_row(i, 0, ligne)
    return chemin


def ecrire_annuaire(dossier, lignes, nom="annuaire.csv", **options):
    """The annuaire of `dossier`."""
    return ecrire_csv(dossier / nom, COLONNES_ANNUAIRE, lignes, **options)


def ecrire_liste_ep(dossier, lignes, nom="reseaux.csv"):
    """The REP and REP+ list of `dossier`."""
    return ecrire_csv(dossier / nom, COLONNES_LISTE_EP, lignes)


def ecrire_contours(dossier, communes=(("34001", 3.4, 43.4), ("34002", 3.8, 43.4))):
    """Square communes of 0.2° named by code, west and south edges."""
    entites = [
        {
            "type": "Feature",
            "properties": {"code": code, "nom": f"Commune {code}", "population": 1000},
            "geometry": {
                "type": "Polygon",
                "coordinates": [
                    [[x, y], [x + 0.2, y], [x + 0.2, y + 0.2], [x, y + 0.2], [x, y]],
                ],
            },
        }
        for code, x, y in communes
    ]
    chemin = dossier / "contours.geojson"
    contenu = {"type": "FeatureCollection", "features": entites}
    chemin.write_text(json.dumps(contenu), encoding="utf-8")
    return chemin


def ecrire_densite(dossier, niveaux):
    """The INSEE grid as published: title line, labels, then codes; `niveaux` is code → level."""
    lignes = [
        ["Grille communale de densité"],
        ["\nCode \nCommune\n", "Libellé des communes", "Typo degré de densité"],
        ["CODGEO", "LIBGEO", "DENS"],
        *([code, f"Commune {code}", niveau] for code, niveau in niveaux.items()),
    ]
    return ecrire_classeur(dossier / "densite.xlsx", lignes)


def petit_departement(dossier):
    """Two collèges, a lycée and its section, two écoles REP+ and their network, two communes."""
    dossier.mkdir(parents=True, exist_ok=True)
    ecrire_annuaire(
        dossier,
        [
            etablissement(1, Nombre_d_eleves="600", Segpa="1"),
            etablissement(2, Nombre_d_eleves="400", Code_commune="34002", longitude="3.9"),
            etablissement(3, "Lycée", Nombre_d_eleves="900", Hebergement="1"),
            etablissement(4, "Lycée", code_nature="334", etablissement_mere=uai(3)),
            etablissement(11, "Ecole"),
            etablissement(12, "Ecole", Ecole_maternelle="1", Ecole_elementaire="0"),
            etablissement(13, "Ecole"),
        ],
    )
    ecrire_liste_ep(dossier, [reseau(1, 1, "COLLEGE"), reseau(11, 1), reseau(12, 1)])
    ecrire_contours(dossier)
    ecrire_densite(dossier, {"34001": 2, "34002": 6})
    return dossier


def ecrire_postes(dossier, lignes, nom="postes.csv", **options):
    """The local file of postes."""
    return ecrire_csv(dossier / nom, COLONNES_POSTES, lignes, **options)


def ecrire_presences(dossier, lignes, nom="presences.csv", **options):
    """The local file of presences."""
    return ecrire_csv(dossier / nom, COLONNES_PRESENCES, lignes, **options)


def construire(dossier, entrepot=None, departements=None):
    """Build `dossier` into `entrepot` (by default beside it); returns the warehouse."""
    cible = entrepot or dossier.parent / f"{dossier.name}.duckdb"
    construction.construire([dossier], cible, departements, completer=inscrire)
    return cible


def ecrire_activite(dossier, lignes, nom="activite.csv", **options):
    """The local file of activity: `lignes` are (uai, indicateur, nombre), of the year 2025-2026."""
    releves = [
        {
            "annee_scolaire": "2025-2026",
            "periode": "annee",
            "uai": code,
            "indicateur": indicateur,
            "nombre": nombre,
        }
        for code, indicateur, nombre in lignes
    ]
    return ecrire_csv(dossier / nom, COLONNES_ACTIVITE, releves, **options)


@contextmanager
def en_memoire(dossier, departements=None):
    """The tables of `dossier` in memory, blocking lines told and not refused: a query → rows."""
    connexion = duckdb.connect()
    try:
        chargement.charger(connexion, [dossier])
        construction._assembler(connexion, departements, lambda etape, part: None)
        yield lambda requete: connexion.execute(requete).fetchall()
    finally:
        connexion.close()
