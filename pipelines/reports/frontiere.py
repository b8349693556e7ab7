"""Change against equity: what each budget of imposed changes costs."""

import pandas as pd

from pipelines.base.textes import nombre, pluriel, pourcentage
from pipelines.reports.etudes import (
    NOTE_MANQUE,
    Vue,
    autres_objectifs,
    dire_arret,
    dire_coupures,
    est_prouve,
    figure_bornee,
    gain_du_pas,
    par_site,
    part,
    sites_qui_changent,
)
from pipelines.reports.lecture import Lu
from pipelines.reports.libelles import FINS
from pipelines.scenarios.etudes import Etude


def frontiere(lu: Lu, etude: Etude) -> Vue:
    """The view of a kept study."""
    points, total = etude.resultat["points"], etude.resultat["total"]
    details = dire_arret(etude, len(points), total, "budgets")
    if not points:
        return Vue("Aucun budget calculé.", details, None, {}, "")
    details += dire_coupures(points, [f"budget {_budget(p['budget'])}" for p in points])
    reference = points[0]["effets"][0]["avant"]
    premier, dernier = points[0], points[-1]
    if premier["budget"]:
        details.append(
            f"Le premier budget est de {pluriel(premier['budget'], 'changement')} : les présences "
            "actuelles, remises dans les règles, en demandent autant."
        )
    return Vue(
        phrase=_phrase_frontiere(points, reference),
        details=details,
        figure=figure_bornee(
            list(range(len(points))),
            points,
            reference,
            "Changements imposés, au plus",
            [_budget(p["budget"]) for p in points],
        ),
        tables={
            "Par budget": _table_frontiere(points, reference),
            "Sites qui changent": sites_qui_changent(
                lu, {f"Budget {_budget(p['budget'])}": p["mouvements"] for p in points}
            ),
        },
        note=(
            f"{NOTE_MANQUE} Un changement est un lien entre un poste et un site, quitté ou pris. À "
            f"chaque budget, tout le département est résolu ; un plan qui tient dans un budget "
            f"tient dans les suivants. {_dernier_budget(dernier)}"
        ),
    )


def _dernier_budget(dernier: dict) -> str:
    if dernier["budget"] is None:
        return "« libre » : autant de changements que l'on veut."
    return f"Le dernier budget calculé est de {dernier['budget']}."


def _budget(budget: int | None) -> str:
    return "libre" if budget is None else str(budget)


def _phrase_frontiere(points: list[dict], reference: int) -> str:
    """What the first budget costs, and the smallest one no proof tells from the best plan found."""
    premier = points[0]
    ecart = _en_mots(premier["effets"][0]["apres"] - reference, reference)
    debut = (
        f"Avec {pluriel(premier['budget'], 'changement')}, le"
        if premier["budget"]
        else "Sans aucun changement, le"
    )
    phrase = f"{debut} manque de présence {ecart} celui de la proposition"
    if len(points) == 1:
        return f"{phrase}."
    meilleur = min(points, key=lambda p: p["effets"][0]["apres"])
    proche = next(p for p in points if not est_prouve(p, meilleur))
    reste = part(proche["effets"][0]["apres"] - reference, reference)
    if proche["budget"] is None:
        avant = points[-2]
        reste = _en_mots(avant["effets"][0]["apres"] - reference, reference)
        suite = f"avec {pluriel(avant['budget'], 'changement')}, il {reste} celui-ci"
        return f"{phrase} ; {suite}."
    suffisent = pluriel(proche["budget"], "changement suffit", "changements suffisent")
    return (
        f"{phrase} ; {suffisent} ({reste}) pour que le plan ne se distingue plus, de façon "
        "prouvée, du meilleur plan trouvé."
    )


def _en_mots(ecart: int, reference: int) -> str:
    """« serait plus grand de 12,0 % que », « serait plus petit de 3,0 % que », « égalerait »."""
    if not ecart:
        return "égalerait"
    sens = "grand" if ecart > 0 else "petit"
    combien = pourcentage(abs(ecart) / reference, 1) if reference else nombre(abs(ecart))
    return f"serait plus {sens} de {combien} que"


def _table_frontiere(points: list[dict], reference: int) -> pd.DataFrame:
    lignes = []
    for rang, p in enumerate(points):
        manque = p["effets"][0]["apres"]
        lignes.append(
            {
                "Budget": _budget(p["budget"]),
                "Manque de présence": part(manque - reference, reference),
                "Gain sur le budget précédent": "—"
                if rang == 0
                else gain_du_pas(points[rang - 1], p, reference),
                "Écart au meilleur plan, au plus": pourcentage(
                    (manque - p["borne"]) / manque if manque else 0.0, 1
                ),
                "Fin du calcul": FINS[p["arret_par"]],
                **autres_objectifs(p),
                "Sites qui changent": len(par_site(p["mouvements"])),
            }
        )
    return pd.DataFrame(lignes)
