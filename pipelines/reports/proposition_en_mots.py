"""A proposal in words: what it gains, which choices it rests on, how far from the best it is."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.reports.libelles import COUPURES
from pipelines.reports.proposition_lue import Lue
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
SITES_NOMMES = 5
MANQUEMENTS_DITS = 3


def objectif_et_unite(code: str) -> str:
    """« Trajets (min par cycle) »."""
    return f"{NOMS_DES_ETAGES[code]} ({UNITES_DES_ETAGES[code][1]})"


def unite_de(code: str, ecart: float) -> str:
    """The unit of so much of an objective, in the singular or the plural."""
    un, plusieurs = UNITES_DES_ETAGES[code]
    return un if abs(ecart) <= 1 else plusieurs


def phrase(resume: dict, sites: pd.DataFrame, avant: dict[str, int]) -> str:
    """What the plan gains and changes; `avant`: site_id → half-days per cycle of today."""
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


def doctrine_en_mots(lue: Lue) -> str:
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
    if len(sites) == 1:
        suite = "sans poste référent connu" if sans else "avec un poste référent"
    else:
        suite = (
            f"dont {sans} sans poste référent connu" if sans else "chacun avec un poste référent"
        )
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
