"""Room to negotiate: which assignments are imposed, preferred or indifferent."""

from collections import Counter

import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import enumeration, pluriel, pourcentage
from pipelines.planning.negociation import Marge
from pipelines.reports.etudes import (
    ACCENT,
    MISE_EN_PAGE,
    NOTE_MANQUE,
    Vue,
    dire_arret,
    hauteur,
    part,
)
from pipelines.reports.lecture import Lu
from pipelines.reports.libelles import GRIS
from pipelines.scenarios.etudes import Etude

MOTS_MARGES = {
    Marge.IMPOSEE: "imposée",
    Marge.PREFEREE: "préférée",
    Marge.INDIFFERENTE: "indifférente",
}
COULEURS_MARGES = {
    Marge.IMPOSEE: ACCENT,
    Marge.PREFEREE: "#9ECAE1",
    Marge.INDIFFERENTE: "#DDDDDD",
}


def negociation(lu: Lu, etude: Etude) -> Vue:
    """The view of a kept study."""
    lignes = etude.resultat["affectations"]
    tolerance = etude.parametres["tolerance_negociation"]
    comptes = Counter(Marge(a["marge"]) for a in lignes)
    verrous = sum(a["est_verrouillee"] for a in lignes)
    mots = [f"{comptes[m]} {MOTS_MARGES[m]}{'s' if comptes[m] > 1 else ''}" for m in Marge]
    details = dire_arret(etude, len(lignes), etude.resultat["total"], "affectations")
    if not lignes:
        vide = "Ce plan n'a pas d'affectation."
        return Vue("Aucune affectation calculée." if etude.arretee else vide, details, None, {}, "")
    if verrous:
        details.append(
            f"{pluriel(verrous, 'affectation est imposée', 'affectations sont imposées')} par un "
            "verrou : c'est le cas des postes que l'on garde à leur résidence."
        )
    non_prouvees = sum(not a["est_prouvee"] for a in lignes)
    if non_prouvees:
        details.append(
            f"{pluriel(non_prouvees, 'recherche')} sans preuve dans le travail permis : une "
            "affectation dite imposée pourrait n'être que préférée."
        )
    return Vue(
        phrase=(
            f"Sur {pluriel(len(lignes), 'affectation')} : {enumeration(mots)}, à "
            f"{pourcentage(tolerance, 1)} près sur le manque de présence."
        ),
        details=details,
        figure=_figure_negociation(lignes),
        tables={"Par affectation": _table_negociation(lu, lignes)},
        note=(
            "Méthode : chaque affectation est retirée à tour de rôle, et le meilleur plan sans "
            f"elle est cherché parmi ceux où changent son poste et au plus "
            f"{etude.parametres['postes_par_voisinage'] - 1} autres à portée du site. "
            "Imposée : dans ce voisinage, aucun plan ne s'en passe, ou aucun sans dépasser la "
            "tolérance. Indifférente : un plan s'en passe sans rien perdre sur aucun objectif. "
            "Préférée : entre les deux. Un plan où davantage de postes changeraient pourrait "
            f"rendre une affectation moins nécessaire. {NOTE_MANQUE}"
        ),
    )


def _figure_negociation(lignes: list[dict]) -> go.Figure:
    """Half-days of each poste, by room to negotiate."""
    postes = sorted({a["poste_id"] for a in lignes}, reverse=True)
    figure = go.Figure()
    for marge in Marge:
        totaux: Counter = Counter()
        for a in lignes:
            if a["marge"] == marge:
                totaux[a["poste_id"]] += a["demi_journees_cycle"]
        figure.add_bar(
            y=postes,
            x=[totaux[p] for p in postes],
            name=MOTS_MARGES[marge].capitalize(),
            orientation="h",
            marker={"color": COULEURS_MARGES[marge], "line": {"color": GRIS, "width": 1}},
        )
    figure.update_layout(
        **MISE_EN_PAGE,
        barmode="stack",
        height=hauteur(len(postes)),
        xaxis_title="Demi-journées par cycle",
    )
    return figure


def _table_negociation(lu: Lu, lignes: list[dict]) -> pd.DataFrame:
    ordre = list(Marge)
    reference = next((a["sans"]["effets"][0]["avant"] for a in lignes if a["sans"]), 0)
    rangees = sorted(lignes, key=lambda a: (-ordre.index(Marge(a["marge"])), a["poste_id"]))
    return pd.DataFrame(
        [
            {
                "Poste": a["poste_id"],
                "Site": lu.nom(a["site_id"]),
                "Présence (½ j. par cycle)": a["demi_journees_cycle"],
                "Marge": MOTS_MARGES[Marge(a["marge"])],
                "Sans elle, manque de présence": _sans_elle(a, reference),
                "Ce que ferait le plan sans elle": "—"
                if a["sans"] is None
                else _mouvements(lu, a["sans"]["mouvements"]),
                "Postes qui pouvaient changer": ", ".join(a["postes"]),
            }
            for a in rangees
        ]
    )


def _sans_elle(a: dict, reference: int) -> str:
    if a["est_verrouillee"]:
        return "verrouillée"
    if a["perte"] is None:
        return "impossible"
    texte = part(a["perte"], reference)
    return texte if a["est_prouvee"] else f"{texte} (non prouvé)"


def _mouvements(lu: Lu, mouvements: list[dict]) -> str:
    """« P-12 : Collège A 8 → 6, Lycée B 0 → 2 ; P-17 : … »."""
    par_poste: dict[str, list[str]] = {}
    for m in mouvements:
        mot = f"{lu.nom(m['site_id'])} {m['avant']} → {m['apres']}"
        par_poste.setdefault(m["poste_id"], []).append(mot)
    return " ; ".join(f"{poste} : {', '.join(mots)}" for poste, mots in par_poste.items())
