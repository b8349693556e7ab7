"""A proposal as it is shown: the sentence, the sectors, the sites, gains and losses, the file."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import du_tableur, nombre, pluriel, pourcentage, rythme, variation
from pipelines.marts import entrepot
from pipelines.reports import cartes, classeur
from pipelines.reports.libelles import RYTHMES_EN_MOTS, STATUTS, libelle_doctrine
from pipelines.reports.sites import categories_en_mots, completer, tableau_sites
from pipelines.scenarios import propositions
from pipelines.scoring.bareme import bareme
from pipelines.scoring.couverture import Rythme
from pipelines.scoring.couverture import rythme as rythme_de
from pipelines.scoring.doctrine import doctrines

NOMS_DES_ETAGES = {
    "manque": "Manque de présence",
    "changements": "Changements imposés",
    "trajets": "Trajets",
    "equilibre": "Équilibre de la charge de trajet",
}


MOTS_LIENS = "entre un poste et un site changent"
AUCUN = "aucun ne la perd"


@dataclass(frozen=True)
class Lue:
    """The three files of a proposal, as they were written; `plan` has whole half-days."""

    resume: dict
    probleme: dict
    plan: pd.DataFrame


@dataclass(frozen=True)
class VueProposition:
    """A finished proposal, ready to show."""

    phrase: str
    doctrine: str
    preuve: str
    mises_en_garde: list[str]
    categories: pd.DataFrame
    secteurs: pd.DataFrame
    postes: pd.DataFrame
    sites: pd.DataFrame
    sans_presence: pd.DataFrame
    etages: pd.DataFrame
    carte: go.Figure
    classeur: bytes


def lire(dossier: Path) -> Lue:
    """The files of the proposal written in `dossier`."""
    with (dossier / propositions.FICHIER_PLAN).open(encoding="utf-8", newline="") as flux:
        plan = pd.DataFrame(list(csv.DictReader(flux)), columns=list(propositions.COLONNES_PLAN))
    plan["poste_id"] = plan["poste_id"].map(du_tableur)
    plan["demi_journees_cycle"] = plan["demi_journees_cycle"].astype(int)
    return Lue(
        resume=json.loads((dossier / propositions.FICHIER_RESUME).read_text(encoding="utf-8")),
        probleme=json.loads((dossier / propositions.FICHIER_PROBLEME).read_text(encoding="utf-8")),
        plan=plan,
    )


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
    sites = au_jour_du_calcul(sites, probleme)
    avant = presences_d_alors(probleme)
    postes = pd.DataFrame(probleme["postes"])
    etoiles = plan.merge(
        postes[["poste_id", "latitude", "longitude"]], on="poste_id", validate="many_to_one"
    )
    tables = {
        "Secteurs": _secteurs(plan, probleme, sites),
        "Postes": _postes(resume),
        "Sites": _sites(sites, avant),
        "Catégories": _categories(resume),
        "Sans présence régulière": _sans_presence(resume),
        "Objectifs": _etages(resume),
    }
    return VueProposition(
        phrase=_phrase(resume, sites, avant),
        doctrine=_doctrine(resume),
        preuve=_preuve(resume),
        mises_en_garde=mises_en_garde(base, resume),
        categories=tables["Catégories"],
        secteurs=tables["Secteurs"],
        postes=tables["Postes"],
        sites=tables["Sites"],
        sans_presence=tables["Sans présence régulière"],
        etages=tables["Objectifs"],
        carte=cartes.carte_secteurs(sites, etoiles, decor, f"proposition-{dossier.name}"),
        classeur=_classeur(tables, resume),
    )


def exiger_les_sites(sites: pd.DataFrame, presences: Iterable[str]) -> None:
    """AtlasError when a plan serves sites the warehouse no longer has."""
    if disparus := sorted(set(presences) - set(sites["site_id"])):
        raise AtlasError(
            f"Les données ont changé depuis ce calcul : {pluriel(len(disparus), 'site')} du "
            f"plan n'y {'est' if len(disparus) == 1 else 'sont'} plus "
            f"({', '.join(disparus[:3])}{'…' if len(disparus) > 3 else ''}).",
            remede="relancer le calcul sur les données actuelles",
        )


def presences_d_alors(probleme: dict) -> dict[str, int]:
    """site_id → half-days per cycle when the problem was made, all postes together."""
    avant: dict[str, int] = {}
    for presence in probleme["presences_actuelles"]:
        total = avant.get(presence["site_id"], 0) + presence["demi_journees_cycle"]
        avant[presence["site_id"]] = total
    return avant


def au_jour_du_calcul(sites: pd.DataFrame, probleme: dict) -> pd.DataFrame:
    """`sites` with the besoins and categories the solver was given, whatever changed since."""
    donnes = {s["site_id"]: s for s in probleme["sites"]}
    sites = sites[sites["site_id"].isin(donnes)].copy()
    sites["besoin"] = [donnes[s]["besoin"] for s in sites["site_id"]]
    sites["categories"] = [tuple(donnes[s]["categories"]) for s in sites["site_id"]]
    sites["inconnues"] = [tuple(donnes[s]["categories_inconnues"]) for s in sites["site_id"]]
    return completer(sites, bareme(str(probleme["hypotheses"]["bareme"])))


def _phrase(resume: dict, sites: pd.DataFrame, avant: dict[str, int]) -> str:
    ensemble = next(c for c in resume["couverture"] if c["categorie"] == "ensemble")
    prioritaires = sites[sites["est_prioritaire"]]
    hebdo_avant = [
        rythme_de(avant.get(s, 0)) == Rythme.HEBDOMADAIRE for s in prioritaires["site_id"]
    ]
    hebdo_apres = [r == Rythme.HEBDOMADAIRE for r in prioritaires["rythme"]]
    gagnent = sum(b and not a for a, b in zip(hebdo_avant, hebdo_apres, strict=True))
    perdent = sum(a and not b for a, b in zip(hebdo_avant, hebdo_apres, strict=True))
    liens = next(e for e in resume["etages"] if e["code"] == "changements")["valeur"]
    return (
        f"{pourcentage(ensemble['apres']['part_besoin'])} du besoin couvert, contre "
        f"{pourcentage(ensemble['avant']['part_besoin'])} aujourd'hui : "
        f"{pluriel(gagnent, 'site prioritaire gagne', 'sites prioritaires gagnent')} une présence "
        f"hebdomadaire, {pluriel(perdent, 'la perd', 'la perdent') if perdent else AUCUN}, "
        f"{pluriel(liens, 'lien entre un poste et un site change', f'liens {MOTS_LIENS}')}."
    )


def _doctrine(resume: dict) -> str:
    """Which choices the plan rests on, and that they are choices."""
    code = resume["hypotheses"]["doctrine"]
    resume_de = {d.code: d.resume for d in doctrines()}
    suite = f" {resume_de[code]}" if code in resume_de else ""
    echelle = bareme(resume["hypotheses"]["bareme"])
    return (
        f"Doctrine choisie : {libelle_doctrine(code)}.{suite} Barème choisi : "
        f"{echelle.libelle}.{transition_en_mots(resume['hypotheses'])}"
    )


def transition_en_mots(hypotheses: dict) -> str:
    """The transition rule when it is on; nothing when it is off."""
    perte = hypotheses.get("perte_max")
    if perte is None:
        return ""
    return (
        f" Règle de transition : le besoin d'un site ne descend pas de plus de "
        f"{pluriel(perte, 'demi-journée')} par cycle sous sa présence d'aujourd'hui."
    )


def _preuve(resume: dict) -> str:
    """How far from the best it can be, in words."""
    manque = resume["etages"][0]
    part = manque["part_ecart"]
    if part == 0:
        debut = "Le manque de présence est prouvé le plus petit possible sous ces hypothèses."
    else:
        debut = (
            f"Le meilleur plan possible sous ces hypothèses réduirait le manque de présence de "
            f"{pourcentage(part, 1)} au plus"
        )
        demi_journees = manque["ecart_demi_journees"]
        if demi_journees and round(demi_journees):
            debut += f" (environ {pluriel(round(demi_journees), 'demi-journée')} par cycle)"
        debut += "."
    libres = sum(p["libres_demi_journees_cycle"] for p in resume["postes"])
    reste = (
        f" {pluriel(libres, 'demi-journée reste libre', 'demi-journées restent libres')} : voir "
        "l'onglet « Postes »."
        if libres
        else ""
    )
    return f"{debut}{reste} Un contrôle indépendant a vérifié toutes les règles."


def mises_en_garde(base: Path, resume: dict) -> list[str]:
    """What must be known before trusting a plan: stopped early, or made on other data or rules."""
    notes = []
    if resume["arret_par"] in ("temps", "utilisateur"):
        notes.append("Le calcul a été arrêté avant sa fin : le relancer peut donner un autre plan.")
    with entrepot.ouvrir(base) as connexion:
        if entrepot.empreinte(connexion) != resume["empreinte_donnees"]:
            notes.append(
                "Les données ont changé depuis ce calcul : le relancer pour en tenir compte."
            )
    if resume["hypotheses"]["empreinte_reference"] != reference.empreinte():
        notes.append(
            "Des règles ou des paramètres ont changé depuis ce calcul : le relancer pour en tenir "
            "compte."
        )
    return notes


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


def _sans_presence(resume: dict) -> pd.DataFrame:
    regles = bareme(str(resume["hypotheses"]["bareme"])).priorites.regles
    libelles = {r.code: r.libelle for r in regles}
    return pd.DataFrame(
        [
            (
                s["nom"],
                categories_en_mots(s["categories"], s["categories_inconnues"], libelles),
                s["besoin_demi_journees_cycle"],
                s["referent_poste_id"] or "aucun poste connu",
                s["referent_trajet_min"],
                s["site_id"].removeprefix("RESEAU-"),
            )
            for s in resume["sites_sans_presence"]
        ],
        columns=[
            "Site",
            "Catégories prioritaires",
            "Besoin (½ j. par cycle)",
            "Poste référent",
            "Trajet du référent (min)",
            "UAI",
        ],
    )


def _etages(resume: dict) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                NOMS_DES_ETAGES[e["code"]],
                nombre(e["valeur"]),
                nombre(e["borne"]),
                pourcentage(e["part_ecart"], 2),
                nombre(e["secondes"], 1),
            )
            for e in resume["etages"]
        ],
        columns=["Objectif", "Valeur", "Meilleure valeur possible", "Écart au plus", "Secondes"],
    )


def _classeur(tables: dict[str, pd.DataFrame], resume: dict) -> bytes:
    """The tables as an Excel workbook, after a reading sheet that says where they come from."""
    return classeur.ecrire(
        [
            f"Proposition de répartition, département {resume['departement']}",
            *resume["avertissements"].values(),
            _doctrine(resume),
            "½ j. par cycle : demi-journées par cycle de 4 semaines.",
            f"Données : {resume['empreinte_donnees']}",
            f"Graine : {resume['graine']}",
            *(f"{nom} : {valeur}" for nom, valeur in resume["hypotheses"].items()),
        ],
        tables,
    )
