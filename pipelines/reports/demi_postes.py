"""What half a post more or less is worth: by bassin, along a curve, site by site."""

from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import enumeration, nombre, pourcentage
from pipelines.planning.marges import MOINS, PLUS
from pipelines.reports.etudes import (
    NOTE_MANQUE,
    Vue,
    autres_objectifs,
    dire_arret,
    figure_bornee,
    gain_prouve,
    par_site,
    part,
    preuve_du_pas,
    sites_qui_changent,
    sites_touches,
)
from pipelines.reports.explication import Lu
from pipelines.scenarios.etudes import Etude

ETIQUETTE_ETP = "Moyens (ETP)"


def marges(lu: Lu, etude: Etude) -> Vue:
    """The view of a kept study."""
    r, pas = etude.resultat, etude.parametres["pas_etp"]
    courbe = r["courbe"]
    reference = _manque_de_reference(r)
    attendus = r["nb_bassins"] + 2 * round(etude.parametres["etendue_etp"] / pas) + 1
    details = dire_arret(etude, len(r["bassins"]) + len(courbe), attendus, "résultats")
    if courbe:
        details.append(_phrase_courbe(courbe, reference))
    if r["bassins"] and r["bassins"][0]["bassin"] is None:
        details.append("Aucun bassin n'est connu : le département est pris en entier.")
    tables = {"Par bassin": _table_bassins(lu, r["bassins"], reference)}
    if courbe:
        tables["Par demi-poste"] = _table_courbe(lu, courbe, reference)
        changes = {_etp(p["etp"]): p["mouvements"] for p in courbe if p["etp"]}
        tables["Sites qui changent"] = sites_qui_changent(lu, changes)
    return Vue(
        phrase=_phrase_bassins(r["bassins"], reference),
        details=details,
        figure=_figure_courbe(courbe, reference) if courbe else None,
        tables=tables,
        note=(
            f"{NOTE_MANQUE} Par bassin : un mi-temps de plus est essayé à "
            f"{etude.parametres['residences_essayees']} résidences, là où les sites sont le "
            "plus à court ; un mi-temps de moins, à chaque poste seul, puis aux "
            f"{etude.parametres['retraits_essayes']} moins coûteux avec leurs voisins. La "
            f"recherche est locale : {etude.parametres['postes_par_voisinage']} postes "
            "changent au plus, et un choix qui en changerait davantage pourrait valoir mieux. "
            "Courbe : tout le département est résolu à chaque demi-poste, les moyens "
            "s'emboîtent, et la zone grise va du plan trouvé à la meilleure valeur possible. Les "
            "trajets depuis une résidence nouvelle sont estimés à vol d'oiseau quand aucun "
            "poste n'y réside."
        ),
    )


def _manque_de_reference(r: dict) -> int:
    """Value of the first objective in the proposal, as any of the tries tells it; 0 with none."""
    for element in [*r["courbe"], *(m[sens] for m in r["bassins"] for sens in (PLUS, MOINS))]:
        if element is not None:
            return element["effets"][0]["avant"]
    return 0


def _phrase_bassins(bassins: list[dict], reference: int) -> str:
    essais = [(m["bassin"], m[PLUS]) for m in bassins if m[PLUS]]
    if not essais:
        return "Aucun site n'est à court : un mi-temps de plus n'apporterait rien."
    bassin, plus = max(essais, key=lambda e: e[1]["gain"])
    retraits = [(m["bassin"], m[MOINS]) for m in bassins if m[MOINS]]
    phrase = (
        f"Un mi-temps de plus vaut le plus {_au_bassin(bassin)} : "
        f"{part(-plus['gain'], reference)} de manque de présence"
    )
    if retraits:
        moins_cher, moins = max(retraits, key=lambda e: e[1]["gain"])
        phrase += (
            f" ; un mi-temps de moins coûte le moins {_au_bassin(moins_cher)} : "
            f"{part(-moins['gain'], reference)}"
        )
    return f"{phrase}."


def _au_bassin(bassin: str | None) -> str:
    return "dans le département" if bassin is None else f"dans le bassin {bassin}"


def _table_bassins(lu: Lu, bassins: list[dict], reference: int) -> pd.DataFrame:
    lignes = []
    for m in bassins:
        for sens, titre, essayes in (
            (PLUS, "un mi-temps de plus", [lu.nom(s) for s in m["residences"]]),
            (MOINS, "un mi-temps de moins", list(m["postes"])),
        ):
            essai = m[sens]
            lignes.append(
                {
                    "Bassin": m["bassin"] or "département entier",
                    "Moyens": titre,
                    "Manque de présence": "—" if essai is None else part(-essai["gain"], reference),
                    "Où": "—" if essai is None else _lieu(lu, sens, essai),
                    "Gagnent": "—" if essai is None else sites_touches(lu, essai["mouvements"], 1),
                    "Perdent": "—" if essai is None else sites_touches(lu, essai["mouvements"], -1),
                    "Essayés": enumeration(essayes) or _rien_a_essayer(sens, m),
                    "Recherche": "—"
                    if essai is None
                    else ("exacte" if essai["est_exact"] else "non prouvée"),
                }
            )
    return pd.DataFrame(lignes)


def _rien_a_essayer(sens: str, m: dict) -> str:
    if sens == PLUS:
        return "aucun : pas de site à court"
    if not m["nb_postes"]:
        return "aucun : pas de poste dans ce bassin"
    return "aucun : pas de mi-temps à prendre sans lever un verrou"


def _lieu(lu: Lu, sens: str, essai: dict) -> str:
    if sens == MOINS:
        return essai["lieu"]
    return lu.nom(essai["lieu"]) + (" (trajets estimés)" if essai["est_estime"] else "")


def _phrase_courbe(courbe: list[dict], reference: int) -> str:
    """What the ends of the curve are worth, and which steps the bounds do not prove."""
    bas, haut = courbe[0], courbe[-1]
    bouts = enumeration(
        [
            f"{_etp(p['etp'])} : {part(p['effets'][0]['apres'] - reference, reference)}"
            for p in (bas, haut)
            if p["etp"]
        ]
    )
    douteux = [
        f"de {_etp(a['etp'])} à {_etp(b['etp'])}"
        for a, b in pairwise(courbe)
        if gain_prouve(a, b) <= 0
    ]
    suite = (
        "Chaque demi-poste apporte un gain prouvé."
        if not douteux
        else f"Gain non prouvé, plus petit que les écarts de preuve : {enumeration(douteux)}."
    )
    return f"Manque de présence aux bouts de la courbe : {bouts}. {suite}" if bouts else suite


def _etp(etp: float) -> str:
    if not etp:
        return "0 ETP"
    return f"{'+' if etp > 0 else ''}{nombre(etp, 1)} ETP"


def _table_courbe(lu: Lu, courbe: list[dict], reference: int) -> pd.DataFrame:
    lignes = []
    for rang, p in enumerate(courbe):
        sens = PLUS if p["etp"] > 0 else MOINS
        manque = p["effets"][0]["apres"]
        prouve = "—" if rang == 0 else preuve_du_pas(courbe[rang - 1], p)
        lignes.append(
            {
                "Moyens": _etp(p["etp"]),
                "Demi-poste": "la proposition"
                if p["lieu"] is None
                else (lu.nom(p["lieu"]) if sens == PLUS else f"pris à {p['lieu']}"),
                "Manque de présence": part(manque - reference, reference),
                **autres_objectifs(p),
                "Écart au meilleur plan, au plus": pourcentage(
                    (manque - p["borne"]) / manque if manque else 0.0, 1
                ),
                "Gain sur le point précédent": prouve,
                "Sites qui changent": len(par_site(p["mouvements"])),
            }
        )
    return pd.DataFrame(lignes)


def _figure_courbe(courbe: list[dict], reference: int) -> go.Figure:
    x = [p["etp"] for p in courbe]
    return figure_bornee(x, courbe, reference, ETIQUETTE_ETP, [_etp(e) for e in x])
