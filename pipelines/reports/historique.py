"""What the scenarios and the proposals kept here do with one site: read, never changed."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import pluriel, variation
from pipelines.marts import entrepot
from pipelines.scenarios import atelier, calculs, lecteurs, plans, propositions
from pipelines.scenarios.lecteurs import reserve
from pipelines.scoring.doctrine import libelle_de

COLONNES = [
    "Scénario ou proposition",
    "Doctrine",
    "Présence proposée (½ j. par cycle)",
    "Changement",
    "Postes",
    "Données",
]


@dataclass(frozen=True)
class Historique:
    """The plans that give a site a presence, or take one away; `note` tells the others, and how
    many older scenarios were not read.
    """

    table: pd.DataFrame
    note: str


@reserve
def historique(base: Path, departement: str, site_id: str) -> Historique:
    """What the last scenarios of `departement`, then its last proposals, do with `site_id`.

    The last changed first. Never to be cached: someone may save at any time.
    """
    with entrepot.ouvrir(base) as connexion:
        empreinte = entrepot.empreinte(connexion)
    lecteur = lecteurs.courant()
    lignes, sans_effet = [], 0
    gardes = atelier.lister(lecteur, departement)
    lus = gardes[: reference.valeur("atelier", "scenarios_lus_par_fiche")]
    for apercu in lus:
        scenario = atelier.ouvrir(lecteur, apercu.scenario_id)
        presences = [
            (x.poste_id, x.demi_journees_cycle) for x in scenario.plan if x.site_id == site_id
        ]
        nom = f"{scenario.nom} ({scenario.statut.libelle})"
        if ligne := _ligne(nom, scenario.resume, presences, site_id, empreinte):
            lignes.append(ligne)
        else:
            sans_effet += 1
    for etat in calculs.derniers(lecteur, departement):
        resume = json.loads((etat.dossier / propositions.FICHIER_RESUME).read_text("utf-8"))
        presences = [
            (x["poste_id"], x["demi_journees_cycle"])
            for x in plans.lire_plan(etat.dossier / propositions.FICHIER_PLAN)
            if x["site_id"] == site_id
        ]
        nom = f"Proposition du {etat.lancee_le:%d/%m/%Y à %H h %M}"
        if ligne := _ligne(nom, resume, presences, site_id, empreinte):
            lignes.append(ligne)
        else:
            sans_effet += 1
    return Historique(
        table=pd.DataFrame(lignes, columns=COLONNES),
        note=_note_de_l_historique(len(lignes), sans_effet, len(gardes) - len(lus)),
    )


def _ligne(
    nom: str, resume: dict, presences: list[tuple[str, int]], site_id: str, empreinte: str
) -> tuple | None:
    """What one plan does with a site; None when it neither serves it nor changes it."""
    changements = [c for c in resume["changements"] if c["site_id"] == site_id]
    if not presences and not changements:
        return None
    gain = sum(c["apres_demi_journees_cycle"] - c["avant_demi_journees_cycle"] for c in changements)
    return (
        nom,
        libelle_de(resume["hypotheses"]["doctrine"]),
        int(sum(n for _, n in presences)),
        variation(gain),
        ", ".join(poste for poste, _ in presences) or "aucun",
        "celles d'aujourd'hui" if resume["empreinte_donnees"] == empreinte else "d'avant",
    )


def _note_de_l_historique(touchant: int, sans_effet: int, non_lus: int) -> str:
    note = _note_de_ce_qui_est_lu(touchant, sans_effet)
    if not non_lus:
        return note
    anciens = pluriel(non_lus, "scénario plus ancien", "scénarios plus anciens")
    verbe = "n'est pas lu" if non_lus == 1 else "ne sont pas lus"
    return f"{note} {anciens} {verbe} ici : la page « Scénarios » les a."


def _note_de_ce_qui_est_lu(touchant: int, sans_effet: int) -> str:
    if not touchant and not sans_effet:
        return "Aucun scénario ni proposition n'existe encore pour ce département."
    if not touchant:
        sans = pluriel(sans_effet, "scénario ou proposition", "scénarios ou propositions")
        aucun = "il ne donne pas" if sans_effet == 1 else "aucun ne donne"
        return f"{sans} pour ce département : {aucun} de présence à ce site, ni n'y change rien."
    if not sans_effet:
        return "Un brouillon n'engage personne."
    autres = pluriel(
        sans_effet, "autre scénario ou proposition", "autres scénarios ou propositions"
    )
    return f"{autres} sans présence pour ce site, ni changement. Un brouillon n'engage personne."
