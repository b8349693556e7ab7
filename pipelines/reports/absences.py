"""One absence at a time, the heaviest first: postes, never persons."""

import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import enumeration, pluriel, rythme
from pipelines.reports.etudes import (
    MISE_EN_PAGE,
    NOTE_MANQUE,
    Vue,
    dire_arret,
    hauteur,
    part,
    sites_touches,
)
from pipelines.reports.lecture import Lu
from pipelines.scenarios.etudes import Etude

MARQUE, MARQUE_PALE = "#B22222", "#9ECAE1"
BARRES = 15  # absences drawn: the others are in the table
SANS_CATEGORIE = "Sans catégorie connue"


def absences(lu: Lu, etude: Etude) -> Vue:
    """The view of a kept study."""
    lignes = sorted(
        etude.resultat["absences"], key=lambda a: (-a["perte"], -_decouvertes(a), a["poste_id"])
    )
    details = dire_arret(etude, len(lignes), etude.resultat["total"], "postes")
    if not lignes:
        vide = "Aucun poste ne sert de site dans ce plan."
        return Vue("Aucun poste calculé." if etude.arretee else vide, details, None, {}, "")
    minimum = etude.parametres["minimum"]
    reference = lu.manque
    details.append(_phrase_relais(lignes))
    details.append(_phrase_minimum(lignes, minimum))
    non_prouvees = sum(not a["est_exact"] for a in lignes)
    if non_prouvees:
        details.append(
            f"{pluriel(non_prouvees, 'recherche')} sans preuve dans le travail permis : de "
            "meilleurs relais existent peut-être."
        )
    pire = lignes[0]
    return Vue(
        phrase=(
            f"L'absence la plus lourde est celle du poste {pire['poste_id']} : elle découvre "
            f"{pluriel(_decouvertes(pire), 'demi-journée')} par cycle sur "
            f"{pluriel(len(pire['sites']), 'site')} ; {_restent_en_mots(_restent(pire))} sans "
            "rien retirer ailleurs."
        ),
        details=details,
        figure=_figure(lignes[:BARRES], reference),
        tables=_remplies(
            {
                "Par poste": _table_postes(lu, lignes, reference),
                "Minimum hebdomadaire": _table_minimum(lu, lignes, minimum, reference),
                "Par site": _table_sites(lu, lignes),
                "Par catégorie": _table_categories(lu, lignes),
            }
        ),
        note=(
            "Un poste absent ne donne rien et ses verrous sont levés ; toutes les autres règles "
            "tiennent (trajet, sites par poste, postes par site, écoles REP+). Relais : les postes "
            "à portée donnent du temps qui leur reste aux sites du poste absent, au plus ce qu'il "
            "y donnait ; aucune autre présence ne change. Minimum hebdomadaire : là où il "
            f"reste moins que {rythme(minimum)}, ce qu'il faudrait prendre à d'autres sites pour y "
            "tenir ce minimum, au moindre manque de présence ; chacune des présences où l'on prend "
            "garde elle-même ce minimum, et un site que la doctrine pèse trop peu reste découvert. "
            "Chaque recherche est exacte parmi tous les postes à portée, et chaque plan est revu "
            "par le contrôle indépendant. Les postes vacants que la proposition compte relaient "
            f"comme les autres. {NOTE_MANQUE} Ce classement est celui des postes, jamais des "
            "personnes. Pour confier un site en entier à un autre poste : page « Proposer », "
            "« Pourquoi ? », « Qui peut prendre ce site ? »."
        ),
    )


def _remplies(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables that have a line: none needs a minimum when relays leave it everywhere."""
    return {titre: table for titre, table in tables.items() if len(table)}


def _decouvertes(a: dict) -> int:
    return sum(s["avant"] - s["sans_relais"] for s in a["sites"])


def _restent(a: dict) -> int:
    return sum(s["avant"] - s["avec_relais"] for s in a["sites"])


def _restent_en_mots(n: int) -> str:
    if not n:
        return "toutes sont relayées"
    return f"{n} {'reste découverte' if n == 1 else 'restent découvertes'}"


def _phrase_relais(lignes: list[dict]) -> str:
    """How many absences the time left relays, wholly or in part, and why not the others."""
    entiers = sum(not _restent(a) for a in lignes)
    en_part = sum(0 < _restent(a) < _decouvertes(a) for a in lignes)
    pas = len(lignes) - entiers - en_part
    if pas == len(lignes):
        phrase = (
            "Sans rien retirer à personne, aucune des absences ne peut être relayée, même en partie"
        )
    else:
        mots = [
            f"{n} {mot}"
            for n, mot in ((entiers, "en entier"), (en_part, "en partie"), (pas, "pas du tout"))
            if n
        ]
        phrase = (
            f"Sur {pluriel(len(lignes), 'absence')}, le temps libre des postes à portée en relaie "
            f"{enumeration(mots)}, sans rien retirer à personne"
        )
    if not pas:
        return f"{phrase}."
    libre = max(a["libre"] for a in lignes)
    temps = pluriel(libre, "demi-journée libre", "demi-journées libres")
    if libre:
        return f"{phrase} : autour d'un poste, les autres ont au plus {temps} par cycle en tout."
    return f"{phrase} : aucun poste n'a de temps libre."


def _phrase_minimum(lignes: list[dict], minimum: int) -> str:
    """What taking from others would keep of the weekly minimum."""
    courts = [a for a in lignes if _sous(a, "avec_relais", minimum)]
    if not courts:
        return f"Tous leurs sites gardent au moins {rythme(minimum)}."
    encore = sum(bool(_sous(a, "avec_minimum", minimum)) for a in courts)
    combien = "aucune ne" if not encore else f"{encore}"
    return (
        f"{pluriel(len(courts), 'absence laisse', 'absences laissent')} un site sous "
        f"{rythme(minimum)} ; en prenant ailleurs, {combien} "
        f"{'le ferait' if encore < 2 else 'le feraient'} {'plus' if not encore else 'encore'} "
        "(table « Minimum hebdomadaire »)."
    )


def _sous(a: dict, etat: str, minimum: int) -> list[str]:
    """The sites of the absent poste left below the minimum, or below what they had if less."""
    return [s["site_id"] for s in a["sites"] if s[etat] < min(minimum, s["avant"])]


def _figure(lignes: list[dict], reference: int) -> go.Figure:
    """What the heaviest absences weigh, worst first; what the weekly minimum would save of it."""
    rangees = lignes[::-1]
    echelle = 100 / (reference or 1)
    postes = [a["poste_id"] for a in rangees]
    figure = go.Figure()
    for nom, valeurs, couleur in (
        (
            "Même avec un minimum hebdomadaire pris ailleurs",
            [a["perte_minimum"] for a in rangees],
            MARQUE,
        ),
        (
            "Évité par ce minimum",
            [a["perte"] - a["perte_minimum"] for a in rangees],
            MARQUE_PALE,
        ),
    ):
        figure.add_bar(
            y=postes,
            x=[v * echelle for v in valeurs],
            name=nom,
            orientation="h",
            marker={"color": couleur},
            hovertemplate="%{y} : %{x:.1f}<extra>" + nom + "</extra>",
        )
    figure.update_layout(
        **MISE_EN_PAGE,
        barmode="stack",
        height=hauteur(len(postes)),
        xaxis_title="Manque de présence en plus (proposition = 100)",
        separators=", ",
    )
    return figure


def _table_postes(lu: Lu, lignes: list[dict], reference: int) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Rang": rang,
                "Poste": a["poste_id"],
                "Manque de présence": part(a["perte"], reference),
                "Sites": len(a["sites"]),
                "Découvertes (½ j. par cycle)": _decouvertes(a),
                "Restent découvertes (½ j. par cycle)": _restent(a),
                "Postes à portée": a["nb_a_portee"],
                "Leur temps libre (½ j. par cycle)": a["libre"],
                "Relais": _donnent(lu, a["relais"]) or _sans_relais(a),
                "Restent à court": enumeration(
                    [
                        f"{lu.nom(s['site_id'])} ({s['avec_relais']} au lieu de {s['avant']})"
                        for s in a["sites"]
                        if s["avec_relais"] < s["avant"]
                    ]
                )
                or "aucun site",
            }
            for rang, a in enumerate(lignes, start=1)
        ]
    )


def _donnent(lu: Lu, mouvements: list[dict]) -> str:
    """Who gives more, and where: « P-12 : Collège A +6, Lycée B +2 ; P-17 : … »."""
    par_poste: dict[str, list[str]] = {}
    for m in mouvements:
        if m["apres"] > m["avant"]:
            mot = f"{lu.nom(m['site_id'])} +{m['apres'] - m['avant']}"
            par_poste.setdefault(m["poste_id"], []).append(mot)
    return " ; ".join(f"{poste} : {', '.join(mots)}" for poste, mots in par_poste.items())


def _sans_relais(a: dict) -> str:
    if not a["nb_a_portee"]:
        return "aucun : pas de poste à portée"
    if not a["libre"]:
        return "aucun : pas de temps libre"
    if a["nb_complets"]:
        return "aucun : qui a du temps sert déjà autant de sites qu'il est admis"
    return "aucun : trop peu de temps libre, ou une autre règle"


def _table_minimum(lu: Lu, lignes: list[dict], minimum: int, reference: int) -> pd.DataFrame:
    """The absences that leave a site below the weekly minimum, and what keeping it would take."""
    return pd.DataFrame(
        [
            {
                "Poste absent": a["poste_id"],
                "Relais": _donnent(lu, a["minimum"]) or "aucun possible dans les règles",
                "Perdent": sites_touches(lu, a["minimum"], -1),
                "Encore sous le minimum": enumeration(
                    [lu.nom(s) for s in _sous(a, "avec_minimum", minimum)]
                )
                or "aucun site",
                "Manque de présence": part(a["perte_minimum"], reference),
            }
            for a in lignes
            if _sous(a, "avec_relais", minimum)
        ]
    )


def _table_sites(lu: Lu, lignes: list[dict]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Poste absent": a["poste_id"],
                "Site": lu.nom(s["site_id"]),
                "Catégories": lu.categories_du_site(s["site_id"]) or SANS_CATEGORIE,
                "Besoin (½ j. par cycle)": lu.site(s["site_id"]).besoin,
                "Dans le plan": s["avant"],
                "Sans relais": s["sans_relais"],
                "Avec relais": s["avec_relais"],
                "Avec un minimum pris ailleurs": s["avec_minimum"],
            }
            for a in lignes
            for s in a["sites"]
        ]
    )


def _table_categories(lu: Lu, lignes: list[dict]) -> pd.DataFrame:
    """Half-days left uncovered, one row an absence and one column a category that it touches.

    A site counts in each of its categories: columns do not add up.
    """
    touchees = {c for a in lignes for s in a["sites"] for c in lu.site(s["site_id"]).categories}
    libelles = {c: lu.categories.get(c, c) for c in (*lu.categories, *sorted(touchees))}
    return pd.DataFrame(
        [
            {
                "Poste absent": a["poste_id"],
                "Restent découvertes (½ j. par cycle)": _restent(a),
                **{
                    libelle: _restent(
                        {"sites": [s for s in a["sites"] if c in lu.site(s["site_id"]).categories]}
                    )
                    for c, libelle in libelles.items()
                    if c in touchees
                },
                SANS_CATEGORIE: _restent(
                    {"sites": [s for s in a["sites"] if not lu.site(s["site_id"]).categories]}
                ),
            }
            for a in lignes
        ]
    )
