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
from pipelines.base.textes import (
    du_tableur,
    enumeration,
    nombre,
    pluriel,
    pourcentage,
    rythme,
    variation,
)
from pipelines.marts import entrepot
from pipelines.reports import cartes, classeur
from pipelines.reports.libelles import COUPURES, FINS, RYTHMES_EN_MOTS, STATUTS
from pipelines.reports.sites import categories_en_mots, completer, tableau_sites
from pipelines.scenarios import propositions
from pipelines.scenarios.resume import CATEGORIE_INCONNUE, ENSEMBLE, SANS_CATEGORIE
from pipelines.scoring.bareme import bareme
from pipelines.scoring.couverture import Rythme
from pipelines.scoring.couverture import rythme as rythme_de
from pipelines.scoring.doctrine import doctrines, libelle_de

NOMS_DES_ETAGES = {
    "manque": "Manque de présence",
    "changements": "Changements imposés",
    "trajets": "Trajets",
    "equilibre": "Équilibre de la charge de trajet",
}
UNITES_DES_ETAGES = {
    "manque": ("point", "points"),
    "changements": ("lien", "liens"),
    "trajets": ("min par cycle", "min par cycle"),
    "equilibre": ("point", "points"),
}
"""What each objective is counted in, one and many; the shortage is weighed, half-days count too."""
DANS_UNE_PHRASE = {
    "manque": "le manque de présence",
    "changements": "les changements imposés",
    "trajets": "les trajets",
    "equilibre": "l'équilibre de la charge de trajet",
}


MOTS_LIENS = "entre un poste et un site changent"
AUCUN = "aucun ne la perd"
RENVOI_AUX_POSTES = " : voir l'onglet « Postes »"
HORS_TEXTE = (SANS_CATEGORIE, CATEGORIE_INCONNUE, ENSEMBLE)
SITES_NOMMES = 5
MANQUEMENTS_DITS = 3
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
    None: "non dite par ce calcul, plus ancien",
}


@dataclass(frozen=True)
class Lue:
    """The three files of a proposal, as they were written; `plan` has whole half-days."""

    resume: dict
    probleme: dict
    plan: pd.DataFrame

    @property
    def bareme(self) -> "BaremeDAlors":
        """The words of its barème that day, whatever became of the file since."""
        garde = self.resume.get("bareme")
        if garde is not None:
            return BaremeDAlors(
                garde["libelle"], tuple(CategorieDAlors(**c) for c in garde["categories"])
            )
        # before these words were kept, every category was a priority
        return BaremeDAlors(
            self.resume["hypotheses"]["bareme"],
            tuple(
                CategorieDAlors(c["categorie"], c["libelle"], True)
                for c in self.resume["couverture"]
                if c["categorie"] not in HORS_TEXTE
            ),
        )


@dataclass(frozen=True)
class CategorieDAlors:
    """A category of the text a proposal was made under."""

    code: str
    libelle: str
    est_prioritaire: bool


@dataclass(frozen=True)
class BaremeDAlors:
    """What a proposal keeps of its barème."""

    libelle: str
    categories: tuple[CategorieDAlors, ...]


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


def objectif_et_unite(code: str) -> str:
    """« Trajets (min par cycle) »."""
    return f"{NOMS_DES_ETAGES[code]} ({UNITES_DES_ETAGES[code][1]})"


def unite_de(code: str, ecart: float) -> str:
    """The unit of so much of an objective, in the singular or the plural."""
    un, plusieurs = UNITES_DES_ETAGES[code]
    return un if abs(ecart) <= 1 else plusieurs


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
        phrase=_phrase(resume, sites, avant),
        doctrine=_doctrine(lue),
        preuve=preuve_en_mots(resume, RENVOI_AUX_POSTES),
        mises_en_garde=[
            *mises_en_garde(base, resume),
            *reserves(probleme, lue.plan["site_id"]),
            *([note] if (note := sites_non_tenus(resume)) else []),
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


def au_jour_du_calcul(sites: pd.DataFrame, lue: Lue) -> pd.DataFrame:
    """`sites` with the besoins and categories the solver was given, whatever changed since."""
    donnes = {s["site_id"]: s for s in lue.probleme["sites"]}
    sites = sites[sites["site_id"].isin(donnes)].copy()
    sites["besoin"] = [donnes[s]["besoin"] for s in sites["site_id"]]
    sites["categories"] = [tuple(donnes[s]["categories"]) for s in sites["site_id"]]
    sites["inconnues"] = [tuple(donnes[s]["categories_inconnues"]) for s in sites["site_id"]]
    return completer(sites, lue.bareme.categories)


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


def _doctrine(lue: Lue) -> str:
    """Which choices the plan rests on, and that they are choices."""
    resume = lue.resume
    code = resume["hypotheses"]["doctrine"]
    resume_de = {d.code: d.resume for d in doctrines()}
    suite = f" {resume_de[code]}" if code in resume_de else ""
    return (
        f"Doctrine choisie : {libelle_de(code)}.{suite} Barème choisi : "
        f"{lue.bareme.libelle}.{limites_en_mots(lue)}{transition_en_mots(resume)}"
    )


def limites_en_mots(lue: Lue) -> str:
    """The limits by category and whole presence, when they are on; nothing otherwise."""
    hypotheses = lue.resume["hypotheses"]
    libelles = {c.code: c.libelle for c in lue.bareme.categories}
    mots = ""
    for limite in filter(None, str(hypotheses.get("sites_max_par_categorie", "")).split(",")):
        code, _, n = limite.partition("=")
        mots += (
            f" Un poste en résidence dans un site de la catégorie « {libelles.get(code, code)} » "
            f"sert {pluriel(int(n), 'site')} au plus."
        )
    if hypotheses.get("presence_entiere"):
        mots += " Présence entière : un site reçoit tout son besoin d'un seul poste, ou rien."
    return mots


def reserves(probleme: dict, servis: Iterable[str]) -> list[str]:
    """What the problem did not know, or rules out unseen: bassins, travel, écoles of single-site
    postes.

    `probleme`: the content of probleme.json; `servis`: the sites the plan serves.
    """
    notes = []
    sites, servis = probleme["sites"], set(servis)
    postes = [p for p in probleme["postes"] if not p["sans_secteur"]]
    if probleme["reglages"]["meme_bassin"]:
        sans_p = sum(p["bassin"] is None for p in postes)
        sans_s = sum(s["bassin"] is None for s in sites)
        if sans_p == len(postes) or sans_s == len(sites):
            notes.append(
                "« Aucun site hors du bassin du poste » est demandé, mais aucun bassin n'est "
                "connu : seuls les liens d'aujourd'hui sont permis. Donner le fichier des bassins, "
                "ou lever cette règle."
            )
        elif sans_p or sans_s:
            notes.append(
                f"Bassin inconnu pour {pluriel(sans_p, 'poste')} et {pluriel(sans_s, 'site')} : "
                "la règle « même bassin » ne leur permet que leurs liens d'aujourd'hui."
            )
    rangs = [r for r, p in enumerate(probleme["postes"]) if not p["sans_secteur"]]
    inconnus = sum(m is None for r in rangs for m in probleme["minutes"][r])
    if inconnus:
        notes.append(
            f"{pluriel(inconnus, 'trajet inconnu', 'trajets inconnus')} sur "
            f"{nombre(len(rangs) * len(sites))} entre un poste et un site : aucun lien nouveau "
            "n'y est proposé. Mesurer ces trajets, ou placer les établissements sans position."
        )
    ecoles = sum(s["site_tete"] is not None and s["site_id"] not in servis for s in sites)
    limites = str(probleme["hypotheses"].get("sites_max_par_categorie", "")).split(",")
    if ecoles and any(limite.endswith("=1") for limite in limites):
        notes.append(
            f"Écoles REP+ sans présence : {pluriel(ecoles, 'réseau', 'réseaux')}. Un poste tenu à "
            "un seul site ne peut pas les servir avec leur collège."
        )
    return notes


def transition_en_mots(resume: dict) -> str:
    """The transition rule when it is on, and how far it was kept; nothing when it is off."""
    perte = resume["hypotheses"].get("perte_max")
    if perte is None:
        return ""
    regle = (
        f" Règle de transition : un site ne perd pas plus de {pluriel(perte, 'demi-journée')} par "
        "cycle sur sa présence d'aujourd'hui, quand les moyens le permettent"
    )
    bilan = resume.get("transition")
    if bilan is None:
        return f"{regle} (calcul d'avant que le plan ne la suive)."
    manques = len(bilan["sites_non_tenus"])
    if not manques:
        return f"{regle} ; elle est tenue partout."
    return f"{regle} ; elle n'a pas pu l'être pour {pluriel(manques, 'site')}."


def preuve_en_mots(resume: dict, renvoi: str = "", *, charges: bool = True) -> str:
    """How far from the best it can be, in words; `renvoi` says where the time left is shown.

    Without `charges`, neither the time left nor the sentences of the judge, that tell of postes.
    """
    manque = resume["etages"][0]
    part = manque["part_ecart"]
    if part is None:
        debut = (
            "Ce plan n'est pas le résultat d'un calcul : rien ne dit à quelle distance il est du "
            "meilleur."
        )
    elif part == 0:
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
    debut += _ecart_vise(resume)
    libres = sum(p["libres_demi_journees_cycle"] for p in resume["postes"])
    reste = (
        f" {pluriel(libres, 'demi-journée reste libre', 'demi-journées restent libres')}{renvoi}."
        if libres and charges
        else ""
    )
    return f"{debut}{reste} {_controle(resume, charges)}"


def _controle(resume: dict, charges: bool) -> str:
    """What the independent judge found, the first breaches named with `charges`."""
    trouves = resume["jugement"]["manquements"]
    if not trouves:
        return "Un contrôle indépendant a vérifié toutes les règles."
    suite = " …" if len(trouves) > MANQUEMENTS_DITS else ""
    debut = f"Un contrôle indépendant trouve {pluriel(len(trouves), 'manquement')} aux règles"
    if not charges:
        return f"{debut}."
    return f"{debut} : {' '.join(trouves[:MANQUEMENTS_DITS])}{suite}"


def _ecart_vise(resume: dict) -> str:
    """The gap the computation was asked to stop at, and where it did; nothing when none was."""
    vise = resume.get("limites", {}).get("part_ecart_vise")
    if vise is None:
        return ""
    atteints = [DANS_UNE_PHRASE[e["code"]] for e in resume["etages"] if e["arret_par"] == "ecart"]
    bilan = f"atteint pour {enumeration(atteints)}" if atteints else "sans effet sur ce calcul"
    decimales = 0 if round(vise * 100, 1).is_integer() else 1
    return f" Écart visé de {pourcentage(vise, decimales)} : {bilan}."


def mises_en_garde(base: Path, resume: dict) -> list[str]:
    """What must be known before trusting a plan: stopped early, or made on other data or rules."""
    notes = []
    if resume["arret_par"] in COUPURES:
        notes.append(COUPURES[resume["arret_par"]])
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
    if _est_parti(resume["hypotheses"]["bareme"]):
        notes.append(
            "Le barème de ce calcul a été supprimé depuis, ou ne se lit plus : ce qui est montré "
            "est ce qu'il disait alors. Pour relancer, en choisir un autre."
        )
    return notes


def _est_parti(code: str) -> bool:
    try:
        bareme(code)
    except AtlasError:
        return True
    return False


def referents(resume: dict) -> str:
    """How many sites have no regular presence, and for how many no poste can be the référent."""
    sites = resume["sites_sans_presence"]
    if not sites:
        return "Tous les sites ont une présence régulière."
    sans = sum(s["referent_poste_id"] is None for s in sites)
    suite = f"dont {sans} sans poste référent connu" if sans else "chacun avec un poste référent"
    return f"{pluriel(len(sites), 'site')} sans présence régulière, {suite}."


def sites_non_tenus(resume: dict) -> str | None:
    """The sites where the transition rule could not be kept, in words; None when there is none."""
    bilan = resume.get("transition")
    if not bilan or not bilan["sites_non_tenus"]:
        return None
    noms = [s["nom"] for s in bilan["sites_non_tenus"]]
    montres = noms[:SITES_NOMMES]
    reste = len(noms) - len(montres)
    return (
        f"La règle de transition n'a pas pu être tenue pour {pluriel(len(noms), 'site')} sur "
        f"{nombre(bilan['nb_sites_concernes'])} : "
        + enumeration([*montres, *([pluriel(reste, "autre")] if reste else [])])
        + ". Le tableau « Transition » dit pourquoi."
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
                objectif_et_unite(e["code"]),
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
            _doctrine(lue),
            "½ j. par cycle : demi-journées par cycle de 4 semaines.",
            f"Données : {resume['empreinte_donnees']}",
            f"Graine : {resume['graine']}",
            *(f"{nom} : {valeur}" for nom, valeur in resume["hypotheses"].items()),
        ],
        tables,
    )
