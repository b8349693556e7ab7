"""The example's annuaire and REP/REP+ list, in the formats of the ministry's exports."""

from collections.abc import Sequence
from pathlib import Path

from pipelines.simulation import formats
from pipelines.simulation.communes import DEPARTEMENTS, Commune, vers_lambert93
from pipelines.simulation.etablissements import Etablissement
from pipelines.simulation.noms import capitales

DATE_MISE_A_JOUR = "2026-09-15"
CODE_ACADEMIE = "02"
CODE_REGION = "93"
ACADEMIE = "Aix-Marseille"
REGION = "Provence-Alpes-Côte d'Azur"
# nature → type in the annuaire, code and label of the nature
NATURES = {
    "COLLEGE": ("Collège", "340", "COLLEGE"),
    "LEGT": ("Lycée", "300", "LYCEE ENSEIGNT GENERAL ET TECHNOLOGIQUE"),
    "LPO": ("Lycée", "306", "LYCEE POLYVALENT"),
    "LP": ("Lycée", "320", "LYCEE PROFESSIONNEL"),
    "CITE": ("Lycée", "302", "LYCEE D ENSEIGNEMENT GENERAL"),
    "AGRICOLE": ("Lycée", "307", "LYCEE ENS GENERAL TECHNO PROF AGRICOLE"),
    "SEP": ("Lycée", "334", "SECTION D ENSEIGNEMENT PROFESSIONNEL"),
    "SGT": ("Lycée", "335", "SECTION ENSEIGT GENERAL ET TECHNOLOGIQUE"),
    "EREA": ("EREA", "370", "ETAB REGIONAL/LYCEE ENSEIGNEMENT ADAPTE"),
    "MATERNELLE": ("Ecole", "101", "ECOLE MATERNELLE"),
    "ELEMENTAIRE": ("Ecole", "151", "ECOLE DE NIVEAU ELEMENTAIRE"),
    "PRIMAIRE": ("Ecole", "151", "ECOLE DE NIVEAU ELEMENTAIRE"),
    "CIO": ("Information et orientation", "841", "CENTRE D INFORMATION ET D ORIENTATION"),
    "IME": ("Médico-social", "240", "INSTITUT MEDICO-EDUCATIF"),
    "ITEP": ("Médico-social", "241", "INSTITUT THERAPEUT. EDUCATIF PEDAGOGIQUE"),
    "DSDEN": ("Service Administratif", "805", "DIRECTION SERVICES DEPARTEMENTAUX EN"),
    "CIRCONSCRIPTION": ("Service Administratif", "809", "CIRCONSCRIPTIONS INSPECTION EDUC NAT"),
}
SECOND_DEGRE = ("Collège", "Lycée", "EREA")
DEPARTEMENTS_LISTE_EP = {
    "004": ("4", "ALPES-DE-HAUTE-PROVENCE"),
    "005": ("5", "HAUTES-ALPES"),
    "013": ("13", "BOUCHES-DU-RHONE"),
    "084": ("84", "VAUCLUSE"),
}


def ecrire_annuaire(chemin: Path, lignes: Sequence[Etablissement]) -> Path:
    """The annuaire: one row per UAI, two for the cité scolaire, none for a closed collège."""
    rangees = []
    for e in sorted(lignes, key=lambda e: (e.departement, e.uai)):
        if e.est_ferme:
            continue
        if e.nature == "CITE":
            rangees.append(_ligne(e) | _volet_college(e))
        rangees.append(_ligne(e))
    return formats.ecrire_csv(
        chemin,
        formats.ANNUAIRE,
        [formats.ligne(formats.ANNUAIRE, rangee) for rangee in rangees],
        bom=True,
        fin="\r\n",
    )


def ecrire_education_prioritaire(chemin: Path, lignes: Sequence[Etablissement]) -> Path:
    """The REP and REP+ list: collèges, then schools of each network; contact left empty."""
    reseau = sorted(
        (e for e in lignes if e.ep),
        key=lambda e: (e.departement, e.tete, e.type != "COLLEGE", e.nature, e.uai),
    )
    mal_saisie = next(e.uai for e in reseau if e.type == "ECOLE" and e.ep == "REP+")
    rangees = []
    for e in reseau:
        numero, departement = DEPARTEMENTS_LISTE_EP[e.departement]
        rangees.append(
            (
                capitales(ACADEMIE),
                numero,
                departement,
                commune_courte(e.commune),
                e.tete,
                # one UAI in lower case, as in the real list
                e.uai.lower() if e.uai == mal_saisie else e.uai,
                capitales(patronyme(e)),
                _type_ep(e),
                e.ep,
                f"IEN {e.bassin[1]}" if e.type == "ECOLE" else "",
                "",
            )
        )
    return formats.ecrire_csv(chemin, formats.EDUCATION_PRIORITAIRE, rangees, bom=False, fin="\n")


def patronyme(e: Etablissement) -> str:
    """The part of the name that follows the kind of establishment: « exemple des Tilleuls »."""
    return "exemple" + e.nom.split("exemple", 1)[1]


def commune_courte(commune: Commune) -> str:
    """« MARSEILLE 15 » for an arrondissement, « SAINT-MARTIN-DE-CRAU » elsewhere."""
    if commune.type == "ARM":
        return f"MARSEILLE {commune.code[-2:]}"
    return capitales(commune.nom)


def _type_ep(e: Etablissement) -> str:
    if e.type == "COLLEGE":
        return "COLLEGE"
    return "ECOLE MATERNELLE" if e.nature == "MATERNELLE" else "ECOLE ELEMENTAIRE OU PRIMAIRE"


def _ligne(e: Etablissement) -> dict[str, object]:
    type_, code_nature, libelle_nature = NATURES[e.nature]
    postal = e.commune.codes_postaux[0] if e.commune.codes_postaux else ""
    ligne = {
        "Identifiant_de_l_etablissement": e.uai,
        "Nom_etablissement": e.nom,
        "Type_etablissement": type_,
        "Statut_public_prive": _statut(e, type_),
        "Adresse_1": e.adresse,
        "Adresse_3": "" if type_ in SECOND_DEGRE else f"{postal} {capitales(e.commune.nom)}",
        "Code_postal": postal,
        "Code_commune": e.commune.code,
        "Nom_commune": e.commune.nom,
        "Code_departement": e.departement,
        "Code_academie": CODE_ACADEMIE,
        "Code_region": CODE_REGION,
        "Appartenance_Education_Prioritaire": e.ep or "",
        "Type_contrat_prive": "SANS OBJET",
        "Libelle_departement": DEPARTEMENTS[e.departement][0],
        "Libelle_academie": ACADEMIE,
        "Libelle_region": REGION,
        "nom_circonscription": e.circonscription[1],
        "date_ouverture": e.date_ouverture,
        "date_maj_ligne": DATE_MISE_A_JOUR,
        "etat": "OUVERT",
        "ministere_tutelle": e.tutelle,
        "multi_uai": "1" if e.nature == "CITE" else "0",
        "rpi_concentre": "0" if type_ in (*SECOND_DEGRE, "Ecole") else "",
        "code_nature": code_nature,
        "libelle_nature": libelle_nature,
        "Code_type_contrat_prive": "99",
        "etablissement_mere": e.mere,
        "type_rattachement_etablissement_mere": e.rattachement,
        "code_circonscription": e.circonscription[0],
    }
    if not e.est_public:
        medico_social = type_ == "Médico-social"
        ligne["Type_contrat_prive"] = (
            "CONTRAT SIMPLE TOUTES CLASSES"
            if medico_social
            else "CONTRAT D'ASSOCIATION TOUTES CLASSES"
        )
        ligne["Code_type_contrat_prive"] = "20" if medico_social else "30"
    # the real export leaves the bassin out for services and most agricultural lycées
    if type_ in (*SECOND_DEGRE, "Ecole") and e.nature not in ("SEP", "AGRICOLE"):
        ligne |= {
            "code_bassin_formation": e.bassin[0],
            "libelle_bassin_formation": e.bassin[1],
        }
    return ligne | _drapeaux(e, type_) | _position(e)


def _statut(e: Etablissement, type_: str) -> str:
    if type_ == "Service Administratif":
        return ""
    return "Public" if e.est_public else "Privé"


def _drapeaux(e: Etablissement, type_: str) -> dict[str, object]:
    """0/1 columns; the export fills more of them for second degree than for schools."""
    if type_ == "Ecole":
        return {
            "Ecole_maternelle": _oui(e.nature != "ELEMENTAIRE"),
            "Ecole_elementaire": _oui(e.nature != "MATERNELLE"),
            "Restauration": "1",
            "Hebergement": "0",
            "ULIS": _oui(e.ulis),
        }
    if type_ not in SECOND_DEGRE:
        return {}
    communs = {
        "Restauration": "1",
        "Hebergement": _oui(e.internat),
        "ULIS": _oui(e.ulis),
        "Segpa": _oui(e.segpa),
        "Lycee_des_metiers": "0",
    }
    if e.nature in ("SEP", "SGT"):
        return communs | {"Segpa": "0"}
    a_gt = e.nature in ("LEGT", "LPO", "CITE")
    return communs | {
        "Voie_generale": _oui(a_gt),
        "Voie_technologique": _oui(a_gt),
        "Voie_professionnelle": _oui(e.nature in ("LPO", "LP", "EREA", "AGRICOLE")),
        "Apprentissage": _oui(e.nature == "LP"),
        **dict.fromkeys(
            (
                "Section_arts",
                "Section_cinema",
                "Section_theatre",
                "Section_sport",
                "Section_internationale",
                "Section_europeenne",
                "Lycee_militaire",
            ),
            "0",
        ),
        "Lycee_Agricole": _oui(e.nature == "AGRICOLE"),
        "Post_BAC": _oui(e.nature == "LEGT"),
        "GRETA": _oui(e.nature in ("LP", "LPO")),
    }


def _position(e: Etablissement) -> dict[str, object]:
    if e.latitude is None or e.longitude is None:
        return {}
    x, y = vers_lambert93.transform(e.longitude, e.latitude)
    return {
        "position": f"{e.latitude}, {e.longitude}",
        "coordX_origine": f"{x:.1f}",
        "coordY_origine": f"{y:.1f}",
        "epsg_origine": "EPSG:2154",
        "latitude": e.latitude,
        "longitude": e.longitude,
        "precision_localisation": "Numéro de rue",
    }


def _volet_college(e: Etablissement) -> dict[str, object]:
    return {
        "Nom_etablissement": f"{e.nom} (collège)",
        "Type_etablissement": "Collège",
        "Voie_generale": "0",
        "Voie_technologique": "0",
        "Post_BAC": "0",
    }


def _oui(valeur: bool) -> str:
    return "1" if valeur else "0"
