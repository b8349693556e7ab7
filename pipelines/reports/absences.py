"""One absence at a time, the heaviest first: postes, never persons."""

import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import pluriel, variation
from pipelines.reports.etudes import (
    MISE_EN_PAGE,
    NOTE_MANQUE,
    Vue,
    dire_arret,
    hauteur,
    sites_touches,
)
from pipelines.reports.explication import Lu
from pipelines.scenarios.etudes import Etude
from pipelines.scoring.bareme import bareme

MARQUE = "#B22222"


def absences(lu: Lu, etude: Etude) -> Vue:
    """The view of a kept study."""
    lignes = sorted(
        etude.resultat["absences"], key=lambda a: (-a["perte"], -_decouvertes(a), a["poste_id"])
    )
    details = dire_arret(etude, len(lignes), etude.resultat["total"], "postes")
    if not lignes:
        return Vue("Aucun poste ne sert de site dans ce plan.", details, None, {}, "")
    pire = lignes[0]
    sans = sum(a["relais"] is None for a in lignes)
    if sans:
        details.append(
            f"{pluriel(sans, 'poste n’a', 'postes n’ont')} aucun relais utile parmi les postes "
            "essayés."
        )
    return Vue(
        phrase=(
            f"L'absence la plus lourde est celle du poste {pire['poste_id']} : elle découvre "
            f"{pluriel(_decouvertes(pire), 'demi-journée')} par cycle sur "
            f"{pluriel(len(pire['sites']), 'site')}, dont {_restent(pire)} sans relais."
        ),
        details=details,
        figure=_figure_absences(lignes),
        tables={
            "Par poste": _table_absences(lu, lignes),
            "Par site": _table_sites(lu, lignes),
            "Par catégorie": _table_categories(lu, lignes),
        },
        note=(
            "Un poste absent ne donne rien et ses verrous sont levés ; les autres règles tiennent. "
            f"Relais : les {etude.parametres['relais_par_absence']} postes à portée les plus utiles"
            " à ses sites, qui peuvent revoir tout leur secteur, "
            f"{etude.parametres['postes_par_voisinage']} à la fois ; un relais où davantage de "
            "postes changeraient ensemble pourrait être meilleur. Le plan proposé est l'état de "
            f"départ : les liens changés se comptent par rapport à lui. {NOTE_MANQUE} Ce "
            "classement est celui des postes, jamais des personnes."
        ),
    )


def _decouvertes(a: dict) -> int:
    return sum(s["avant"] - s["sans_relais"] for s in a["sites"])


def _restent(a: dict) -> int:
    return sum(max(0, s["avant"] - s["avec_relais"]) for s in a["sites"])


def _figure_absences(lignes: list[dict]) -> go.Figure:
    """Half-days each absence uncovers, worst first: relayed or not."""
    rangees = lignes[::-1]
    postes = [a["poste_id"] for a in rangees]
    restent = [_restent(a) for a in rangees]
    figure = go.Figure()
    figure.add_bar(
        y=postes,
        x=restent,
        name="Restent découvertes",
        orientation="h",
        marker={"color": MARQUE},
    )
    figure.add_bar(
        y=postes,
        x=[_decouvertes(a) - r for a, r in zip(rangees, restent, strict=True)],
        name="Relayées",
        orientation="h",
        marker={"color": "#9ECAE1"},
    )
    figure.update_layout(
        **MISE_EN_PAGE,
        barmode="stack",
        height=hauteur(len(postes)),
        xaxis_title="Demi-journées par cycle que donne le poste, à ses sites",
    )
    return figure


def _table_absences(lu: Lu, lignes: list[dict]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Rang": rang,
                "Poste": a["poste_id"],
                "Sites": len(a["sites"]),
                "Découvertes (½ j.)": _decouvertes(a),
                "Restent découvertes (½ j.)": _restent(a),
                "Relais": _relais(lu, a),
                "Perdent ailleurs": _perdent_ailleurs(lu, a),
                "Postes essayés": f"{a['nb_essayes']} sur {a['nb_a_portee']} à portée"
                + ("" if a["est_exact"] else ", sans preuve"),
            }
            for rang, a in enumerate(lignes, start=1)
        ]
    )


def _relais(lu: Lu, a: dict) -> str:
    """Who gives more at the sites of the absent poste: « P-12 : Collège A +6 »."""
    if a["relais"] is None:
        return "aucun"
    siens = {s["site_id"] for s in a["sites"]}
    gains = [
        f"{m['poste_id']} : {lu.nom(m['site_id'])} {variation(m['apres'] - m['avant'])}"
        for m in a["relais"]["mouvements"]
        if m["site_id"] in siens and m["apres"] > m["avant"]
    ]
    return " ; ".join(gains) or "aucun sur ses sites"


def _perdent_ailleurs(lu: Lu, a: dict) -> str:
    if a["relais"] is None:
        return "aucun site"
    siens = {s["site_id"] for s in a["sites"]}
    ailleurs = [m for m in a["relais"]["mouvements"] if m["site_id"] not in siens]
    return sites_touches(lu, ailleurs, -1)


def _table_sites(lu: Lu, lignes: list[dict]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Poste absent": a["poste_id"],
                "Site": lu.nom(s["site_id"]),
                "Dans le plan (½ j. par cycle)": s["avant"],
                "Sans relais": s["sans_relais"],
                "Avec relais": s["avec_relais"],
                "Besoin": lu.site(s["site_id"]).besoin,
            }
            for a in lignes
            for s in a["sites"]
        ]
    )


def _table_categories(lu: Lu, lignes: list[dict]) -> pd.DataFrame:
    """For each absence and category: sites touched, half-days uncovered and left so."""
    regles = bareme(str(lu.probleme.hypotheses["bareme"])).priorites.regles
    libelles = {r.code: r.libelle for r in regles}
    rangees = []
    for a in lignes:
        par_categorie: dict[str, list[dict]] = {}
        for s in a["sites"]:
            for categorie in lu.site(s["site_id"]).categories or ("",):
                par_categorie.setdefault(categorie, []).append(s)
        rangees += [
            {
                "Poste absent": a["poste_id"],
                "Catégorie": libelles.get(c, c) or "Hors catégorie prioritaire",
                "Sites": len(sites),
                "Découvertes (½ j. par cycle)": _decouvertes({"sites": sites}),
                "Restent découvertes": _restent({"sites": sites}),
            }
            for c, sites in sorted(par_categorie.items())
        ]
    return pd.DataFrame(rangees)
