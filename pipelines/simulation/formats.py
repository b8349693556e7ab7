"""Headers and file conventions of the real exports, so that the example is read by the same code.

Vintages followed: annuaire of November 2024, REP list of 2022, IPS of 2022, enrolments of 2019 to
2022. Quirks of the real headers (trailing spaces, doubled words) are kept on purpose.
"""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

ANNUAIRE = (
    "Identifiant_de_l_etablissement",
    "Nom_etablissement",
    "Type_etablissement",
    "Statut_public_prive",
    "Adresse_1",
    "Adresse_2",
    "Adresse_3",
    "Code_postal",
    "Code_commune",
    "Nom_commune",
    "Code_departement",
    "Code_academie",
    "Code_region",
    "Ecole_maternelle",
    "Ecole_elementaire",
    "Voie_generale",
    "Voie_technologique",
    "Voie_professionnelle",
    "Telephone",
    "Fax",
    "Web",
    "Mail",
    "Restauration",
    "Hebergement",
    "ULIS",
    "Apprentissage",
    "Segpa",
    "Section_arts",
    "Section_cinema",
    "Section_theatre",
    "Section_sport",
    "Section_internationale",
    "Section_europeenne",
    "Lycee_Agricole",
    "Lycee_militaire",
    "Lycee_des_metiers",
    "Post_BAC",
    "Appartenance_Education_Prioritaire",
    "GRETA",
    "SIREN_SIRET",
    "Nombre_d_eleves",
    "Fiche_onisep",
    "position",
    "Type_contrat_prive",
    "Libelle_departement",
    "Libelle_academie",
    "Libelle_region",
    "coordX_origine",
    "coordY_origine",
    "epsg_origine",
    "nom_circonscription",
    "latitude",
    "longitude",
    "precision_localisation",
    "date_ouverture",
    "date_maj_ligne",
    "etat",
    "ministere_tutelle",
    "multi_uai",
    "rpi_concentre",
    "rpi_disperse",
    "code_nature",
    "libelle_nature",
    "Code_type_contrat_prive",
    "PIAL",
    "etablissement_mere",
    "type_rattachement_etablissement_mere",
    "code_circonscription",
    "code_zone_animation_pedagogique",
    "libelle_zone_animation_pedagogique",
    "code_bassin_formation",
    "libelle_bassin_formation",
)

EDUCATION_PRIORITAIRE = (
    "ACADEMIE",
    "N°Département",
    "DEPARTEMENT",
    "COMMUNE",
    "UAI tête de réseau",
    "NUMERO",
    "NOM DE L'ETABLISSEMENT",
    "TYPE_DETABLISSEMENT",
    "EP",
    "circonscription ",
    "contact collège ou circonscription ",
)

_IPS_DEBUT = (
    "rentree_scolaire",
    "academie",
    "code_du_departement",
    "departement",
    "uai",
    "nom_de_l_etablissment",
    "code_insee_de_la_commune",
    "nom_de_la_commune",
    "secteur",
)
IPS_ECOLES = (*_IPS_DEBUT, "effectifs", "ips")
IPS_COLLEGES = (*IPS_ECOLES, "ecart_type_de_l_ips")
IPS_LYCEES = (
    *_IPS_DEBUT,
    "type_de_lycee",
    "effectifs_voie_gt",
    "effectifs_voie_pro",
    "effectifs_ensemble_gt_pro",
    "ips_voie_gt",
    "ips_voie_pro",
    "ips_ensemble_gt_pro",
    "ecart_type_de_l_ips_voie_gt",
    "ecart_type_de_l_ips_voie_pro",
)

NIVEAUX_COLLEGE = ("6èmes", "5èmes", "4èmes", "3èmes")
_LANGUES_COLLEGE = (
    "LV1 allemand",
    "LV1 anglais",
    "LV1 espagnol",
    "LV1 autres langues",
    "LV2 allemand",
    "LV2 anglais",
    "LV2 espagnol",
    "LV2 italien",
    "LV2 autres langues",
)
EFFECTIFS_COLLEGES = (
    "Rentrée scolaire",
    "Région académique",
    "Académie",
    "Département",
    "Commune",
    "Numéro du collège",
    "Dénomination principale",
    "Patronyme",
    "Secteur",
    "REP",
    "REP +",
    "Nombre d'élèves total (nombre d'élèves dans les formations du 1er cycle du 2nd degré et non "
    "du nombre total d'élèves inscrits dans l'établissement, les DIMA et les dispositifs-relais "
    "sont exclus)",
    "Nombre d'élèves total hors Segpa hors ULIS",
    "Nombre d'élèves total Segpa",
    "Nombre d'élèves total ULIS",
    *(
        entete
        for niveau in NIVEAUX_COLLEGE
        for entete in (
            f"Nombre total de {niveau}",
            f"Nombre de {niveau} hors Segpa hors ULIS",
            f"Nombre de {niveau} Segpa",
            f"Nombre de {niveau} ULIS",
            f"Nombre de {niveau} filles",
            f"Nombre de {niveau} garçons",
            *(f"Nombre de {niveau} {langue}" for langue in _LANGUES_COLLEGE),
        )
    ),
)
EFFECTIF_COLLEGE = EFFECTIFS_COLLEGES[11]

_LANGUES_LYCEE = (
    "lv1_allemand",
    "lv1_anglais",
    "lv1_espagnol",
    "lv1_autres_langues",
    "lv2_allemand",
    "lv2_anglais",
    "lv2_espagnol",
    "lv2_italien",
    "lv2_autres_langues",
)
_SERIES = ("g", "sti2d", "stl", "stmg", "st2s", "std2a")
_LYCEE_DEBUT = (
    "rentree_scolaire",
    "region_academique",
    "academie",
    "departement",
    "commune",
    "numero_lycee",
    "denomination_principale",
    "patronyme",
    "secteur",
    "nombre_d_eleves",
)


def _niveau_lycee(niveau: str, milieu: Sequence[str] = ()) -> tuple[str, ...]:
    return (
        niveau,
        f"{niveau}_filles",
        f"{niveau}_garcons",
        *(f"{niveau}_{suffixe}" for suffixe in (*milieu, *_LANGUES_LYCEE)),
    )


# the real export doubles a word in this one header
_DOUBLE = "terminales_stmg_lv2_autres_langues"
EFFECTIFS_LYCEES_GT = tuple(
    f"terminales_{entete}" if entete == _DOUBLE else entete
    for entete in (
        *_LYCEE_DEBUT,
        *_niveau_lycee("2ndes_gt"),
        "2ndes_sthr",
        "2ndes_tmd",
        "2ndes_bt",
        *(e for serie in _SERIES for e in _niveau_lycee(f"1eres_{serie}")),
        "1eres_sthr",
        "1eres_tmd",
        "1eres_bt",
        *(e for serie in _SERIES for e in _niveau_lycee(f"terminales_{serie}")),
        "terminales_sthr",
        "terminales_tmd",
        "terminales_bt",
        "code_postal",
    )
)


def _niveau_cap(niveau: str) -> tuple[str, ...]:
    return tuple(niveau + fin for fin in ("", "_filles", "_garcons", "_production", "_services"))


EFFECTIFS_LYCEES_PRO = (
    *_LYCEE_DEBUT,
    *(
        entete
        for niveau in ("2ndes_pro", "1eres_pro", "terminales_pro")
        for entete in _niveau_lycee(niveau, ("production", "services"))
    ),
    *_niveau_cap("cap_1ere_annee"),
    *_niveau_cap("cap_2nde_annee"),
    *_niveau_cap("cap_en_1_an"),
    *_niveau_cap("bma_1ere_annee"),
    *_niveau_cap("bma_2nde_annee"),
    "bma_en_1_an",
    *_niveau_cap("mc"),
    "code_postal",
    *_niveau_cap("cap_en_3_ans"),
)

EFFECTIFS_ECOLES = (
    "Rentrée scolaire",
    "Région académique",
    "Académie",
    "Département",
    "Commune",
    "Numéro de l'école",
    "Dénomination principale",
    "Patronyme",
    "Secteur",
    "REP",
    "REP +",
    "Nombre total de classes",
    "Nombre total d'élèves",
    "Nombre d'élèves en pré-élémentaire hors ULIS",
    "Nombre d'élèves en élémentaire hors ULIS",
    "Nombre d'élèves en ULIS",
    *(f"Nombre d'élèves en {niveau} hors ULIS" for niveau in ("CP", "CE1", "CE2", "CM1", "CM2")),
    "tri",
    "Code Postal",
)

DENSITE = (
    "\nCode \nCommune\n",
    "Libellé des communes\n",
    "Typo degré de \nDensité\n",
    "Libellé degré de densité",
    "Population \nmunicipale \n2019",
    *(f"Part population dans niveau {niveau}" for niveau in range(1, 8)),
)
DENSITE_CODES = (
    "CODGEO",
    "LIBGEO",
    "DENS",
    "LIBDENS",
    "PMUN19",
    *(f"P{n}" for n in range(1, 8)),
)


def ecrire_csv(
    chemin: Path,
    entetes: Sequence[str],
    lignes: Iterable[Sequence[object]],
    *,
    bom: bool,
    fin: str,
) -> Path:
    """Write a `;` file with the header, the byte-order mark and the line end of its model."""
    chemin.parent.mkdir(parents=True, exist_ok=True)
    with chemin.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as fichier:
        auteur = csv.writer(fichier, delimiter=";", lineterminator=fin)
        auteur.writerow(entetes)
        auteur.writerows(lignes)
    return chemin


def ligne(entetes: Sequence[str], valeurs: dict[str, object], defaut: object = "") -> list[object]:
    """`valeurs` in the order of `entetes`, `defaut` elsewhere; KeyError for an unknown header."""
    inconnues = set(valeurs) - set(entetes)
    if inconnues:
        raise KeyError(f"en-têtes inconnus : {sorted(inconnues)}")
    return [valeurs.get(entete, defaut) for entete in entetes]
