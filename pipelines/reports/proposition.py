"""A proposal as it is shown: the sentence, the sectors, the sites, gains and losses, the file."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import nombre, pourcentage, rythme, variation
from pipelines.marts import entrepot
from pipelines.reports import cartes, classeur, proposition_en_mots
from pipelines.reports.libelles import FINS, RAISON_TUE, RYTHMES_EN_MOTS, STATUTS
from pipelines.reports.proposition_lue import (
    Lue,
    au_jour_du_calcul,
    exiger_les_sites,
    lire,
    presences_d_alors,
)
from pipelines.reports.sites import categories_en_mots, tableau_sites
from pipelines.scoring.couverture import Rythme

RENVOI_AUX_POSTES = " : voir l'onglet « Postes »"
RAISONS_DE_TRANSITION = {
    "besoin": "son besoin est plus bas : un plan ne donne jamais plus que le besoin",
    "moyens": "le plan trouvé ne le permet pas (moyens, trajets, sites par poste, poste tenu à sa "
    "résidence) ; un calcul plus long peut y arriver",
}
RAISONS_SANS_PRESENCE = {
    "besoin": "son besoin est nul",
    "portee": "aucun poste à portée (trajet, bassin, verrou ou temps)",
    "sites": "les postes à portée qui ont du temps servent déjà autant de sites qu'admis",
    "priorite": "les postes à portée donnent tout leur temps à des sites plus prioritaires",
    "temps": "les postes à portée ont donné tout leur temps",
    "autre": "un poste à portée a du temps : une règle entre sites l'en empêche, ou un calcul plus "
    "long peut y arriver",
    RAISON_TUE: "les règles de la proposition et la doctrine mènent les postes à d'autres sites",
    None: "non dite par ce calcul, plus ancien",
}


@dataclass(frozen=True)
class VueProposition:
    """A finished proposal, ready to show."""

    phrase: str
    doctrine: str
    preuve: str
    mises_en_garde: list[str]
    bilan: pd.DataFrame
    categories: pd.DataFrame
    secteurs: pd.DataFrame
    postes: pd.DataFrame
    sites: pd.DataFrame
    sans_presence: pd.DataFrame
    transition: pd.DataFrame
    etages: pd.DataFrame
    carte: go.Figure
    classeur: bytes


def vue(base: Path, dossier: Path) -> VueProposition:
    """The proposal written in `dossier`, over the warehouse `base` it was made from."""
    lue = lire(dossier)
    resume, probleme, plan = lue.resume, lue.probleme, lue.plan
    departement = resume["departement"]
    apres = plan.groupby("site_id")["demi_journees_cycle"].sum().to_dict()
    with entrepot.ouvrir(base) as connexion:
        sites = tableau_sites(connexion, departement, apres)
        decor = cartes.fond(connexion, departement)
    exiger_les_sites(sites, apres)
    sites = au_jour_du_calcul(sites, lue)
    avant = presences_d_alors(probleme)
    postes = pd.DataFrame(probleme["postes"])
    etoiles = plan.merge(
        postes[["poste_id", "latitude", "longitude"]], on="poste_id", validate="many_to_one"
    )
    transition = _transition(resume)
    tables = {
        "Secteurs": _secteurs(plan, probleme, sites),
        "Postes": _postes(resume),
        "Sites": _sites(sites, avant),
        "Catégories": _categories(resume),
        "Sans présence régulière": _sans_presence(lue),
        **({} if transition.empty else {"Transition": transition}),
        "Objectifs": _etages(resume),
    }
    return VueProposition(
        phrase=proposition_en_mots.phrase(resume, sites, avant),
        doctrine=proposition_en_mots.doctrine_en_mots(lue),
        preuve=proposition_en_mots.preuve_en_mots(resume, RENVOI_AUX_POSTES),
        mises_en_garde=[
            *proposition_en_mots.mises_en_garde(base, resume),
            *proposition_en_mots.reserves(probleme, lue.plan["site_id"]),
            *([note] if (note := proposition_en_mots.sites_non_tenus(resume)) else []),
        ],
        bilan=_bilan(resume),
        categories=tables["Catégories"],
        secteurs=tables["Secteurs"],
        postes=tables["Postes"],
        sites=tables["Sites"],
        sans_presence=tables["Sans présence régulière"],
        transition=transition,
        etages=tables["Objectifs"],
        carte=cartes.carte_secteurs(sites, etoiles, decor, f"proposition-{dossier.name}"),
        classeur=_classeur(tables, lue),
    )


def _postes(resume: dict) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                p["poste_id"],
                STATUTS[p["statut"]],
                p["quotite_etp"],
                p["capacite_demi_journees_cycle"],
                p["donnees_demi_journees_cycle"],
                p["libres_demi_journees_cycle"],
                p["nb_sites"],
                p["trajet_max_min"],
                "oui" if p["est_present_a_sa_residence"] else "non",
            )
            for p in resume["postes"]
        ],
        columns=[
            "Poste",
            "Statut",
            "Quotité (ETP)",
            "Temps (½ j. par cycle)",
            "Donné (½ j. par cycle)",
            "Libre (½ j. par cycle)",
            "Sites",
            "Trajet le plus long (min)",
            "Présent à sa résidence",
        ],
    )


def _bilan(resume: dict) -> pd.DataFrame:
    """Gains and losses by category in three columns, to be read beside the map."""
    return pd.DataFrame(
        [
            {
                "Catégorie (sites)": f"{c['libelle']} ({nombre(c['nb_sites'])})",
                "Sites qui gagnent, perdent": (
                    f"▲\u00a0{c['nb_gagnants']} ▼\u00a0{c['nb_perdants']}"
                ),
                "Besoin couvert": f"{pourcentage(c['avant']['part_besoin'])}\u00a0→\u00a0"
                f"{pourcentage(c['apres']['part_besoin'])}",
            }
            for c in resume["couverture"]
        ]
    )


def _categories(resume: dict) -> pd.DataFrame:
    lignes = []
    for c in resume["couverture"]:
        avant, apres = c["avant"], c["apres"]
        ligne = {
            "Catégorie": c["libelle"],
            "Sites": c["nb_sites"],
            "Avant": pourcentage(avant["part_besoin"]),
            "Après": pourcentage(apres["part_besoin"]),
            "½ j. par cycle": variation(
                apres["demi_journees_cycle"] - avant["demi_journees_cycle"]
            ),
            "Gagnent": c["nb_gagnants"],
            "Perdent": c["nb_perdants"],
        }
        for classe in Rythme:
            ligne[RYTHMES_EN_MOTS[classe]] = f"{avant[classe]} → {apres[classe]}"
        lignes.append(ligne)
    return pd.DataFrame(lignes)


def _secteurs(plan: pd.DataFrame, probleme: dict, sites: pd.DataFrame) -> pd.DataFrame:
    rang_p = {p["poste_id"]: i for i, p in enumerate(probleme["postes"])}
    rang_s = {s["site_id"]: i for i, s in enumerate(probleme["sites"])}
    actuels = {(p["poste_id"], p["site_id"]) for p in probleme["presences_actuelles"]}
    noms = sites.set_index("site_id")
    lignes = []
    for ligne in plan.itertuples():
        poste = probleme["postes"][rang_p[ligne.poste_id]]
        lignes.append(
            {
                "Poste": ligne.poste_id,
                "Statut": STATUTS[poste["statut"]],
                "Quotité (ETP)": poste["quotite"],
                "Site": noms.loc[ligne.site_id, "nom"],
                "Commune": noms.loc[ligne.site_id, "commune"],
                "Présence (½ j. par cycle)": ligne.demi_journees_cycle,
                "Rythme": rythme(ligne.demi_journees_cycle),
                "Trajet aller (min)": probleme["minutes"][rang_p[ligne.poste_id]][
                    rang_s[ligne.site_id]
                ],
                "Lien": "déjà là" if (ligne.poste_id, ligne.site_id) in actuels else "nouveau",
                "UAI": noms.loc[ligne.site_id, "uai_principal"],
            }
        )
    return pd.DataFrame(lignes)


def _sites(sites: pd.DataFrame, avant: dict[str, int]) -> pd.DataFrame:
    presences_avant = [int(avant.get(s, 0)) for s in sites["site_id"]]
    return pd.DataFrame(
        {
            "Site": sites["nom"],
            "Commune": sites["commune"],
            "Catégories prioritaires": sites["categories_en_mots"],
            "Besoin (½ j. par cycle)": sites["besoin"].astype(int),
            "Avant (½ j. par cycle)": presences_avant,
            "Après (½ j. par cycle)": sites["presence"].astype(int),
            "Changement": [
                variation(apres - a)
                for a, apres in zip(presences_avant, sites["presence"], strict=True)
            ],
            "Couverture (% du besoin)": (sites["part"] * 100).round().astype(int),
            "Rythme": [RYTHMES_EN_MOTS[r] for r in sites["rythme"]],
            "UAI": sites["uai_principal"],
        }
    )


def _transition(resume: dict) -> pd.DataFrame:
    """The sites that lose more than the transition rule admits, and why; empty when it is off."""
    bilan = resume.get("transition") or {"sites_non_tenus": []}
    return pd.DataFrame(
        [
            (
                s["nom"],
                s["avant_demi_journees_cycle"],
                s["a_garder_demi_journees_cycle"],
                s["besoin_demi_journees_cycle"],
                s["apres_demi_journees_cycle"],
                RAISONS_DE_TRANSITION[s["raison"]],
                s["site_id"].removeprefix("RESEAU-"),
            )
            for s in bilan["sites_non_tenus"]
        ],
        columns=[
            "Site",
            "Avant (½ j. par cycle)",
            "À garder (½ j. par cycle)",
            "Besoin (½ j. par cycle)",
            "Après (½ j. par cycle)",
            "Pourquoi",
            "UAI",
        ],
    )


def _sans_presence(lue: Lue) -> pd.DataFrame:
    libelles = {c.code: c.libelle for c in lue.bareme.categories}
    return pd.DataFrame(
        [
            (
                s["nom"],
                categories_en_mots(s["categories"], s["categories_inconnues"], libelles),
                s["besoin_demi_journees_cycle"],
                s["referent_poste_id"] or "aucun poste connu",
                s["referent_trajet_min"],
                RAISONS_SANS_PRESENCE[s.get("raison")],
                s["site_id"].removeprefix("RESEAU-"),
            )
            for s in lue.resume["sites_sans_presence"]
        ],
        columns=[
            "Site",
            "Catégories prioritaires",
            "Besoin (½ j. par cycle)",
            "Poste référent",
            "Trajet du référent (min)",
            "Pourquoi",
            "UAI",
        ],
    )


def _statut(etage: dict) -> str:
    """What is proven of a stage; where the best was, and later stages were left some of it back."""
    part_ecart, atteinte = etage["part_ecart"], etage.get("valeur_atteinte")
    if part_ecart is None:
        return "rien n'est prouvé"
    if part_ecart and atteinte and atteinte == etage["borne"]:
        rendu = pourcentage((etage["valeur"] - atteinte) / atteinte, 1)
        return (
            f"le meilleur ({nombre(atteinte)}) prouvé, puis {rendu} rendus aux objectifs suivants"
        )
    return "le meilleur, prouvé" if part_ecart == 0 else "entre la borne et la valeur"


def _etages(resume: dict) -> pd.DataFrame:
    """Objectives with their proof; « meilleure valeur possible » is said when all are proven."""
    prouves = [e["part_ecart"] == 0 for e in resume["etages"]]
    borne = "Meilleure valeur possible" if all(prouves) else "Borne prouvée"
    return pd.DataFrame(
        [
            (
                proposition_en_mots.objectif_et_unite(e["code"]),
                nombre(e["valeur"]),
                nombre(e["borne"]),
                _statut(e),
                pourcentage(e["part_ecart"], 2),
                FINS[e.get("arret_par")],
                nombre(e["secondes"], 1),
            )
            for e in resume["etages"]
        ],
        columns=[
            "Objectif",
            "Valeur",
            borne,
            "Statut",
            "Écart au plus",
            "Fin",
            "Secondes",
        ],
    )


def _classeur(tables: dict[str, pd.DataFrame], lue: Lue) -> bytes:
    """The tables as an Excel workbook, after a reading sheet that says where they come from."""
    resume = lue.resume
    return classeur.ecrire(
        [
            f"Proposition de répartition, département {resume['departement']}",
            *resume["avertissements"].values(),
            proposition_en_mots.doctrine_en_mots(lue),
            "½ j. par cycle : demi-journées par cycle de 4 semaines.",
            f"Données : {resume['empreinte_donnees']}",
            f"Graine : {resume['graine']}",
            *(f"{nom} : {valeur}" for nom, valeur in resume["hypotheses"].items()),
        ],
        tables,
    )
