"""The method, rendered from the very files the computation reads: nothing restated by hand."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base import chemins, reference
from pipelines.base.textes import jour, nombre
from pipelines.marts import entrepot
from pipelines.planning.modele import DURES
from pipelines.planning.probleme import OBJECTIFS
from pipelines.reports.conditions_en_mots import en_mots
from pipelines.reports.libelles import AUTRE_CATEGORIE, HORS_CATEGORIE
from pipelines.reports.sites import BAREME_PAR_DEFAUT, nom_de_categorie
from pipelines.scoring import jeux
from pipelines.scoring.bareme import DOSSIER as DOSSIER_DES_BAREMES
from pipelines.scoring.bareme import PARTIES_REGLABLES, bareme, poids_reglables
from pipelines.scoring.capacite import capacite
from pipelines.scoring.doctrine import doctrines, poids_de_garde
from pipelines.scoring.regles import DOSSIER as DOSSIER_DES_TEXTES
from pipelines.scoring.regles import Priorites, Regle, priorites
from pipelines.sources.cartes import cartes

PARAGRAPHE, EN_VIGUEUR = ", §", "En vigueur"
UNITE_DE_CHARGE = "½ j. par cycle"
PROVENANCE = ("Référence", "En vigueur le", "Vérifié le")
POIDS_DE_GARDE_CALCULE = (
    "Calcul sur les lignes qui précèdent : convexité × plus grand poids + poids d'une ½ j. sous le "
    "plancher + 1, le moindre qui passe avant toute autre demi-journée ; choix de l'équipe, non "
    "réglementaire"
)
TEMPS_DISPONIBLE = ("demi_journees_par_semaine", "semaines_par_cycle", "part_en_presence")


@dataclass(frozen=True)
class Methode:
    """Everything the method page lists, each value with its reference and dates."""

    nature_des_baremes: str
    regles: dict[str, pd.DataFrame]
    references: dict[str, str]
    conditions: dict[str, pd.DataFrame]
    notes_des_textes: dict[str, str]
    seuils: pd.DataFrame
    charge: pd.DataFrame
    baremes: pd.DataFrame
    doctrines: pd.DataFrame
    poids_et_planchers: pd.DataFrame
    reglages_des_doctrines: pd.DataFrame
    regles_dures: pd.DataFrame
    objectifs: pd.DataFrame
    parametres: pd.DataFrame
    activite: pd.DataFrame
    colonnes: pd.DataFrame


def methode() -> Methode:
    """The method in force, from `data/reference`."""
    texte = bareme(BAREME_PAR_DEFAUT).priorites
    return Methode(
        nature_des_baremes=" ".join(
            f"{b.libelle} : {b.nature[0].lower()}{b.nature[1:]}."
            for b in jeux.lisibles(DOSSIER_DES_BAREMES, bareme)
        ),
        regles={
            jeu.intitule(): _regles(jeu)
            for jeu in sorted(
                jeux.lisibles(DOSSIER_DES_TEXTES, priorites), key=lambda j: j.code != texte.code
            )
        },
        references={
            jeu.intitule(): f"{ou_lire(jeu)} Vérifié le {jour(jeu.verifie_le.isoformat())}."
            for jeu in jeux.lisibles(DOSSIER_DES_TEXTES, priorites)
        },
        conditions={
            jeu.intitule(): conditions_en_sql(jeu)
            for jeu in jeux.lisibles(DOSSIER_DES_TEXTES, priorites)
        },
        notes_des_textes={
            jeu.intitule(): jeu.note for jeu in jeux.lisibles(DOSSIER_DES_TEXTES, priorites)
        },
        seuils=_seuils(),
        charge=_charge(),
        baremes=_baremes(),
        doctrines=doctrines_en_mots(),
        poids_et_planchers=_poids_et_planchers(),
        reglages_des_doctrines=_reglages_des_doctrines(),
        regles_dures=pd.DataFrame([(r.libelle,) for r in DURES], columns=["Règle"]),
        objectifs=pd.DataFrame(
            [(rang, o["libelle"], o["formule"]) for rang, o in enumerate(OBJECTIFS, start=1)],
            columns=["Rang", "Objectif", "Formule"],
        ),
        parametres=parametres(),
        activite=_activite(),
        colonnes=_colonnes(),
    )


def _regles(jeu: Priorites) -> pd.DataFrame:
    """The rules of a text, each with its condition in words, its reference and its days."""
    return pd.DataFrame(
        [
            (
                nom_de_categorie(r),
                r.resume,
                en_mots(jeu.condition_lue(r)),
                r.reference.removeprefix(f"{tronc_des_references(jeu)}, "),
                vigueur(r),
            )
            for r in jeu.regles
        ],
        columns=[
            "Catégorie",
            "En nos mots",
            "Ce qui est lu",
            "Référence",
            EN_VIGUEUR,
        ],
    )


def est_partagee(jeu: Priorites) -> bool:
    """Whether all the rules of a text are in force on the same days."""
    return len({vigueur(r) for r in jeu.regles}) == 1


def tronc_des_references(jeu: Priorites) -> str:
    """What the references of a text start with, said once: all before the first paragraph."""
    premiere = jeu.regles[0].reference if jeu.regles else ""
    avant, paragraphe, _ = premiere.partition(PARAGRAPHE)
    return avant if paragraphe else ""


def ou_lire(jeu: Priorites) -> str:
    """What is the same for all the rules: where their references are read, and their days."""
    tronc = tronc_des_references(jeu)
    dits = [f"Références : {tronc}."] if tronc else []
    if est_partagee(jeu):
        dits.append(f"En vigueur {vigueur(jeu.regles[0])}.")
    return " ".join(dits)


def conditions_en_sql(jeu: Priorites) -> pd.DataFrame:
    """The conditions of a text as they are run, for who checks the computation."""
    return pd.DataFrame(
        [(r.libelle, jeu.condition_lue(r)) for r in jeu.regles],
        columns=["Catégorie", "Condition (SQL)"],
    )


def vigueur(regle: Regle) -> str:
    """« depuis le … », or « du … au … » for a rule repealed."""
    debut = jour(regle.en_vigueur_le.isoformat())
    if regle.jusqu_au is None:
        return f"depuis le {debut}"
    return f"du {debut} au {jour(regle.jusqu_au.isoformat())}"


def parametres() -> pd.DataFrame:
    """Every dated parameter of `data/reference/*.toml`, one row each."""
    lignes = []
    for fichier in sorted(chemins.REFERENCE.glob("*.toml")):
        for p in reference.parametres(fichier.stem).values():
            lignes.append(
                (
                    p.description,
                    _valeur(p.valeur),
                    p.unite,
                    p.source,
                    jour(p.en_vigueur_le.isoformat()),
                    jour(p.verifie_le.isoformat()),
                    f"{fichier.stem}.{p.nom}",
                )
            )
    return pd.DataFrame(
        lignes,
        columns=[
            "Paramètre",
            "Valeur",
            "Unité",
            "Source",
            "En vigueur le",
            "Vérifié le",
            "Nom",
        ],
    )


def sources(base: Path) -> pd.DataFrame:
    """Files the warehouse was built from: vintage, rows and their fate, fingerprint."""
    with entrepot.ouvrir(base) as connexion:
        return connexion.execute(
            """
            select titre as "Source", fichier as "Fichier", millesime as "Millésime",
                producteur as "Producteur", licence as "Licence",
                lignes_lues as "Lignes lues", lignes_gardees as "Gardées",
                lignes_fusionnees as "Fusionnées", lignes_rejetees as "Écartées",
                sha256 as "Empreinte (sha256)"
            from meta_construction order by source, fichier
            """
        ).df()


def anomalies(base: Path) -> pd.DataFrame:
    """Anomalies by reason, the most serious first."""
    with entrepot.ouvrir(base) as connexion:
        return connexion.execute(
            """
            select gravite as "Gravité", raison as "Ce qui a été vu", count(*)::integer as "Nombre",
                any_value(remede) as "Que faire", any_value(consequence) as "Conséquence"
            from mart_anomalie group by gravite, raison order by gravite, "Nombre" desc, raison
            """
        ).df()


def cartes_des_sources() -> pd.DataFrame:
    """What Atlas can read, whether given or not."""
    return pd.DataFrame(
        [(c.titre, c.producteur, c.grain, c.licence, c.url) for c in cartes().values()],
        columns=["Source", "Producteur", "Grain", "Licence", "Adresse"],
    )


def _valeur(valeur: object) -> str:
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    if isinstance(valeur, int):
        return nombre(valeur)
    if isinstance(valeur, float):
        return nombre(valeur, max(0, len(f"{valeur:.6f}".rstrip("0").split(".")[1])))
    if isinstance(valeur, list):
        return " ; ".join(_valeur(v) for v in valeur)
    if isinstance(valeur, dict):
        return " ; ".join(f"{cle} : {_valeur(v)}" for cle, v in valeur.items())
    return str(valeur)


def _seuils() -> pd.DataFrame:
    """The named numbers of every text, with who chose them."""
    return pd.DataFrame(
        [
            (
                jeu.titre,
                s.libelle,
                s.valeur,
                s.unite,
                s.reference,
                jour(jeu.en_vigueur_le.isoformat()),
                jour(jeu.verifie_le.isoformat()),
            )
            for jeu in jeux.lisibles(DOSSIER_DES_TEXTES, priorites)
            for s in jeu.seuils
        ],
        columns=[
            "Texte",
            "Seuil",
            "Valeur",
            "Unité",
            "Référence",
            "En vigueur le",
            "Vérifié le",
        ],
    )


def _baremes() -> pd.DataFrame:
    """Every number of every barème, with its reference and its dates."""
    lignes = []
    for echelle in jeux.lisibles(DOSSIER_DES_BAREMES, bareme):
        dates = (jour(echelle.en_vigueur_le.isoformat()), jour(echelle.verifie_le.isoformat()))
        inconnu = echelle.effectif_inconnu
        lignes += [
            (echelle.libelle, p.libelle, _valeur(p.valeur), p.unite, p.reference, *dates)
            for p in poids_reglables(echelle, (*PARTIES_REGLABLES, "bornes"))
        ]
        lignes.append(
            (
                echelle.libelle,
                "Effectif inconnu",
                inconnu["remplacement"],
                "élèves",
                inconnu["reference"],
                *dates,
            )
        )
    return pd.DataFrame(
        lignes,
        columns=[
            "Barème",
            "Ligne",
            "Valeur",
            "Unité",
            "Référence",
            "En vigueur le",
            "Vérifié le",
        ],
    )


def _charge() -> pd.DataFrame:
    """The reasoning on workload: available time, activity standards, allowances.

    Source: WHO, Workload indicators of staffing need (WISN), user's manual, 2010.
    """
    temps = reference.parametres("temps_travail")
    plein = capacite(1.0)
    reunions = temps["reunions_demi_journees_cycle"]
    lus = [*(temps[nom] for nom in TEMPS_DISPONIBLE), reunions]
    calcul = (
        "Calcul sur les lignes qui précèdent",
        jour(max(p.en_vigueur_le for p in lus).isoformat()),
        jour(max(p.verifie_le for p in lus).isoformat()),
    )
    lignes = [
        ("1. Temps disponible", p.description, _valeur(p.valeur), p.unite, *_origine(p))
        for p in lus[:-1]
    ]
    lignes += [
        (
            "1. Temps disponible",
            "Un poste à temps plein, en présence des élèves",
            _valeur(plein.brute),
            UNITE_DE_CHARGE,
            *calcul,
        ),
        (
            "2. Normes d'activité",
            "Le besoin de chaque site, selon le barème choisi",
            "selon le site",
            UNITE_DE_CHARGE,
            "Barèmes, ci-dessous",
            "selon le barème",
            "selon le barème",
        ),
        (
            "3. Tâches à déduire",
            f"{reunions.description} ; temps hors secteur déclaré pour chaque poste",
            _valeur(-plein.reunions),
            UNITE_DE_CHARGE,
            *_origine(reunions),
        ),
        (
            "Ce qu'un temps plein peut donner",
            "1 moins 3, arrondi à la demi-journée inférieure",
            _valeur(plein.demi_journees_cycle),
            UNITE_DE_CHARGE,
            *calcul,
        ),
    ]
    return pd.DataFrame(
        lignes,
        columns=[
            "Étape",
            "Dans Atlas",
            "Valeur",
            "Unité",
            "Référence",
            "En vigueur le",
            "Vérifié le",
        ],
    )


def _origine(parametre: reference.Parametre) -> tuple[str, str, str]:
    """Its source, the day it came into force, the day it was last checked."""
    return (
        parametre.source,
        jour(parametre.en_vigueur_le.isoformat()),
        jour(parametre.verifie_le.isoformat()),
    )


def doctrines_en_mots() -> pd.DataFrame:
    """What each doctrine is, favours and costs, and for whom."""
    return pd.DataFrame(
        [
            (
                d.libelle,
                d.nature,
                d.favorise,
                d.coute,
                d.pour_qui,
                jour(d.en_vigueur_le.isoformat()),
                jour(d.verifie_le.isoformat()),
            )
            for d in doctrines()
        ],
        columns=[
            "Doctrine",
            "Nature",
            "Ce qu'elle favorise",
            "Ce qu'elle coûte",
            "Pour qui",
            "En vigueur le",
            "Vérifié le",
        ],
    )


def _poids_et_planchers() -> pd.DataFrame:
    """By category, each doctrine's weight of a shortage and floor (half-days per cycle).

    The last rows of each column say where its numbers come from, and since when.
    """
    libelles = {
        r.code: r.libelle
        for jeu in jeux.lisibles(DOSSIER_DES_TEXTES, priorites)
        for r in jeu.regles
    }
    codes = dict.fromkeys(code for d in doctrines() for code in d.poids)
    colonnes: dict[str, list[object]] = {
        "Catégorie": [
            *(libelles.get(c) or HORS_CATEGORIE.get(c, c) for c in codes),
            AUTRE_CATEGORIE,
            *PROVENANCE,
        ]
    }
    for d in doctrines():
        dates = (jour(d.en_vigueur_le.isoformat()), jour(d.verifie_le.isoformat()))
        colonnes[f"{d.libelle} : poids"] = [
            *(d.poids.get(c, d.poids_autre) for c in codes),
            d.poids_autre,
            d.references["poids"],
            *dates,
        ]
        colonnes[f"{d.libelle} : plancher (½ j. par cycle)"] = [
            *(d.planchers.get(c, d.plancher_autre) for c in codes),
            d.plancher_autre,
            d.references["planchers"],
            *dates,
        ]
    return pd.DataFrame(colonnes)


def _reglages_des_doctrines() -> pd.DataFrame:
    """Each number of the doctrines with its reference and dates."""
    lignes = []
    for d in doctrines():
        dates = (jour(d.en_vigueur_le.isoformat()), jour(d.verifie_le.isoformat()))
        lignes += [
            (d.libelle, "Convexité du manque", d.convexite, d.references["manque"], *dates),
            (
                d.libelle,
                "Poids des catégories",
                _etendue(d.poids),
                d.references["poids"],
                *dates,
            ),
            (
                d.libelle,
                "Planchers (½ j. par cycle)",
                _etendue(d.planchers),
                d.references["planchers"],
                *dates,
            ),
            (
                d.libelle,
                "Poids d'une ½ j. sous le plancher",
                d.poids_plancher,
                d.references["planchers"],
                *dates,
            ),
            (
                d.libelle,
                "Poids d'une ½ j. que la transition veut garder",
                poids_de_garde(d),
                POIDS_DE_GARDE_CALCULE,
                *dates,
            ),
        ]
    table = pd.DataFrame(
        lignes,
        columns=["Doctrine", "Réglage", "Valeur", "Référence", "En vigueur le", "Vérifié le"],
    )
    return table.astype({"Valeur": str})


def _etendue(valeurs: dict[str, int]) -> str:
    """« 1 à 6 », or the one value they all have."""
    bas, haut = min(valeurs.values()), max(valeurs.values())
    return str(bas) if bas == haut else f"{bas} à {haut}"


def _activite() -> pd.DataFrame:
    """The activity dictionary: indicators, how each is detailed, and their references."""
    contenu = reference.dictionnaire_activite()
    lignes = []
    for nature in ("indicateurs", "modalites"):
        for element in contenu[nature]:
            ref = element["reference"]
            lignes.append(
                (
                    "Indicateur" if nature == "indicateurs" else "Modalité",
                    element["libelle"],
                    f"{ref['texte']}, § {ref['section']}, {ref['paragraphe']}",
                    element["source"],
                    jour(element["verifie_le"].isoformat()),
                )
            )
    return pd.DataFrame(
        lignes, columns=["Nature", "Ce qui se compte", "Référence", "Source", "Vérifié le"]
    )


def _colonnes() -> pd.DataFrame:
    """What each column of the marts holds."""
    contenu = tomllib.loads((chemins.REFERENCE / "colonnes.toml").read_text(encoding="utf-8"))
    return pd.DataFrame(
        [
            (table, nom, sens)
            for table, colonnes in contenu.items()
            for nom, sens in colonnes.items()
        ],
        columns=["Table", "Colonne", "Ce qu'elle contient"],
    )
