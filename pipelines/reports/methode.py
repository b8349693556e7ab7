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
from pipelines.reports.libelles import AUTRE_CATEGORIE, HORS_CATEGORIE
from pipelines.reports.sites import BAREME_PAR_DEFAUT
from pipelines.scoring import jeux
from pipelines.scoring.bareme import DOSSIER as DOSSIER_DES_BAREMES
from pipelines.scoring.bareme import PARTIES_REGLABLES, Bareme, bareme, poids_reglables
from pipelines.scoring.capacite import capacite
from pipelines.scoring.doctrine import doctrines
from pipelines.scoring.regles import DOSSIER as DOSSIER_DES_TEXTES
from pipelines.scoring.regles import priorites
from pipelines.sources.cartes import cartes

TEMPS_DISPONIBLE = ("demi_journees_par_semaine", "semaines_par_cycle", "part_en_presence")


@dataclass(frozen=True)
class Methode:
    """Everything the method page lists, each value with its reference and dates."""

    texte: str
    note_du_texte: str
    nature_des_baremes: str
    regles: pd.DataFrame
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
    echelle = bareme(BAREME_PAR_DEFAUT)
    texte = echelle.priorites
    return Methode(
        texte=texte.intitule(),
        note_du_texte=texte.note,
        nature_des_baremes=" ".join(
            f"{b.libelle} : {b.nature[0].lower()}{b.nature[1:]}."
            for b in jeux.lisibles(DOSSIER_DES_BAREMES, bareme)
        ),
        regles=pd.DataFrame(
            [
                (
                    r.libelle,
                    r.resume,
                    texte.condition_lue(r),
                    r.reference,
                    jour(r.en_vigueur_le.isoformat()),
                )
                for r in texte.regles
            ],
            columns=["Catégorie", "En nos mots", "Condition lue", "Référence", "En vigueur le"],
        ),
        seuils=_seuils(),
        charge=_charge(),
        baremes=_baremes(),
        doctrines=doctrines_en_mots(),
        poids_et_planchers=_poids_et_planchers(echelle),
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
                lignes_fusionnees as "Fusionnées", lignes_rejetees as "Rejetées",
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
    return pd.DataFrame(
        [
            (
                "1. Temps disponible",
                "Un poste à temps plein, en présence des élèves",
                _valeur(plein.brute),
                " ; ".join(temps[nom].source for nom in TEMPS_DISPONIBLE),
            ),
            (
                "2. Normes d'activité",
                "Le besoin de chaque site, selon le barème choisi",
                "selon le site",
                "Barèmes, ci-dessous",
            ),
            (
                "3. Tâches à déduire",
                "Réunions de service ; temps hors secteur déclaré pour chaque poste",
                _valeur(-plein.reunions),
                temps["reunions_demi_journees_cycle"].source,
            ),
            (
                "Ce qu'un temps plein peut donner",
                "1 moins 3, arrondi à la demi-journée inférieure",
                _valeur(plein.demi_journees_cycle),
                "Calcul",
            ),
        ],
        columns=["Étape", "Dans Atlas", "½ j. par cycle", "Référence"],
    )


def doctrines_en_mots() -> pd.DataFrame:
    """What each doctrine is, favours and costs, and for whom."""
    return pd.DataFrame(
        [(d.libelle, d.nature, d.favorise, d.coute, d.pour_qui) for d in doctrines()],
        columns=["Doctrine", "Nature", "Ce qu'elle favorise", "Ce qu'elle coûte", "Pour qui"],
    )


def _poids_et_planchers(echelle: Bareme) -> pd.DataFrame:
    """By category, each doctrine's weight of a shortage and floor (half-days per cycle)."""
    libelles = {r.code: r.libelle for r in echelle.priorites.regles}
    codes = dict.fromkeys(code for d in doctrines() for code in d.poids)
    colonnes: dict[str, list[object]] = {
        "Catégorie": [
            *(libelles.get(c) or HORS_CATEGORIE.get(c, c) for c in codes),
            AUTRE_CATEGORIE,
        ]
    }
    for d in doctrines():
        colonnes[f"{d.libelle} : poids"] = [
            *(d.poids.get(c, d.poids_autre) for c in codes),
            d.poids_autre,
        ]
        colonnes[f"{d.libelle} : plancher (½ j. par cycle)"] = [
            *(d.planchers.get(c, d.plancher_autre) for c in codes),
            d.plancher_autre,
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
