"""What the proposals kept on this computer did with one site: read, never changed."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base.textes import pluriel, variation
from pipelines.marts import entrepot
from pipelines.scenarios import calculs, lecteurs, propositions
from pipelines.scenarios.lecteurs import reserve
from pipelines.scoring.doctrine import libelle_de


@dataclass(frozen=True)
class Historique:
    """The proposals that give a site a presence, or take one away; `note` tells the others."""

    table: pd.DataFrame
    note: str


@reserve
def historique(base: Path, departement: str, site_id: str) -> Historique:
    """What the last proposals kept here for `departement` did with `site_id`, newest first.

    Never to be cached: a proposal may end at any time.
    """
    with entrepot.ouvrir(base) as connexion:
        empreinte = entrepot.empreinte(connexion)
    lignes, sans_effet = [], 0
    for etat in calculs.derniers(lecteurs.courant(), departement):
        resume = json.loads((etat.dossier / propositions.FICHIER_RESUME).read_text("utf-8"))
        plan = pd.read_csv(etat.dossier / propositions.FICHIER_PLAN)
        du_site = plan[plan["site_id"] == site_id]
        changements = [c for c in resume["changements"] if c["site_id"] == site_id]
        if du_site.empty and not changements:
            sans_effet += 1
            continue
        presence = int(du_site["demi_journees_cycle"].sum())
        gain = sum(
            c["apres_demi_journees_cycle"] - c["avant_demi_journees_cycle"] for c in changements
        )
        lignes.append(
            (
                f"{etat.lancee_le:%d/%m/%Y à %H h %M}",
                libelle_de(resume["hypotheses"]["doctrine"]),
                presence,
                variation(gain),
                ", ".join(du_site["poste_id"]) or "aucun",
                "celles d'aujourd'hui" if resume["empreinte_donnees"] == empreinte else "d'avant",
            )
        )
    return Historique(
        table=pd.DataFrame(
            lignes,
            columns=[
                "Proposition du",
                "Doctrine",
                "Présence proposée (½ j. par cycle)",
                "Changement",
                "Postes",
                "Données",
            ],
        ),
        note=_note_de_l_historique(len(lignes), sans_effet),
    )


def _note_de_l_historique(touchant: int, sans_effet: int) -> str:
    if not touchant and not sans_effet:
        return "Aucune proposition n'a encore été calculée pour ce département."
    if not touchant:
        return (
            f"{pluriel(sans_effet, 'proposition calculée', 'propositions calculées')} pour ce "
            "département : aucune ne donne de présence à ce site, ni n'y change rien."
        )
    if not sans_effet:
        return "Un brouillon n'engage personne."
    return (
        f"{pluriel(sans_effet, 'autre proposition', 'autres propositions')} sans présence pour ce "
        "site, ni changement. Un brouillon n'engage personne."
    )
