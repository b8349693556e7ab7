"""What every study of a proposal is shown with: its view, its words and its pictures."""

from collections import Counter
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import enumeration, pourcentage, variation
from pipelines.planning.modele import SOUPLES
from pipelines.reports import classeur, proposition_en_mots
from pipelines.reports.lecture import Lu
from pipelines.reports.libelles import GRIS
from pipelines.scenarios.etudes import Etude

ACCENT = "#2171B5"  # readable on paper and on the dark theme
HAUTEUR = 380
INSECABLE = "\u00a0"
PART_MARGE = 0.04  # of the width, so that the first and last points are whole
PX_PAR_BARRE = 26
EN_PART = "Manque de présence (proposition = 100)"
MISE_EN_PAGE = {
    "margin": {"l": 8, "r": 8, "t": 48, "b": 8},
    "legend": {
        "orientation": "h",
        "y": 1,
        "yanchor": "bottom",
        "x": 0,
        "xanchor": "left",
        "traceorder": "normal",
    },
}
NOTE_MANQUE = (
    "Le manque de présence est celui que la doctrine de la proposition compte : chaque site y pèse "
    "par son besoin, ses priorités et ce qui lui manque."
)


@dataclass(frozen=True)
class Vue:
    """A study ready to show: its sentence, more words, a picture, its tables by title, a note."""

    phrase: str
    details: list[str]
    figure: go.Figure | None
    tables: dict[str, pd.DataFrame]
    note: str
    est_incomplete: bool = False

    def classeur(self) -> bytes:
        """The study as an Excel workbook: its sentences, then its tables."""
        return classeur.ecrire([self.phrase, *self.details, self.note], self.tables)


def dire_arret(etude: Etude, faits: int, total: int, quoi: str) -> list[str]:
    if not etude.arretee:
        return []
    return [f"Étude incomplète : {faits} {quoi} sur {total}."]


def dire_coupures(points: list[dict], noms: list[str]) -> list[str]:
    """Which points the clock or the user has cut: their plans could be better."""
    mots = []
    for cause, motif in (("temps", "coupé par le temps"), ("utilisateur", "arrêté en cours")):
        coupes = [n for p, n in zip(points, noms, strict=True) if p["arret_par"] == cause]
        if coupes:
            mots.append(f"{motif} à {enumeration(coupes)}")
    if not mots:
        return []
    return [
        f"Calcul {', '.join(mots)} : le meilleur plan trouvé y est gardé, un calcul entier peut en "
        "donner un autre."
    ]


def part(ecart: int, reference: int) -> str:
    """A change of the first objective, in share of the proposal's, with its sign."""
    if not ecart:
        return pourcentage(0.0)
    if not reference:
        return variation(ecart)
    texte = pourcentage(ecart / reference, 1)
    return f"+{texte}" if ecart > 0 else texte


def sites_touches(lu: Lu, mouvements: list[dict], signe: int) -> str:
    """The sites that gain (1) or lose (−1), with the number of half-days a cycle."""
    ecarts = par_site(mouvements)
    mots = [
        f"{lu.nom(s)} ({variation(e).replace(' ', INSECABLE)})"
        for s, e in sorted(ecarts.items())
        if e * signe > 0
    ]
    return enumeration(mots) or "aucun site"


def note_tolerance(lu: Lu) -> str:
    """Between two plans of a point, which one is kept; and what a proof is worth."""
    tolerance = pourcentage(lu.probleme.reglages.tolerance_manque, 1)
    return (
        f"De deux plans dont le manque diffère de {tolerance} au plus, celui qui change et "
        "déplace le moins est gardé. « Prouvés » : la part d'un gain que la meilleure valeur "
        "possible du point précédent garantit ; le reste peut venir d'une recherche plus heureuse. "
        "Seul le manque est prouvé à chaque point : ses changements, ses trajets et leur équilibre "
        "peuvent être moindres avec un calcul plus long."
    )


def par_site(mouvements: list[dict]) -> dict[str, int]:
    ecarts: Counter = Counter()
    for m in mouvements:
        ecarts[m["site_id"]] += m["apres"] - m["avant"]
    return {s: e for s, e in ecarts.items() if e}


def gain_prouve(borne: int, manque: int) -> int:
    """The least the first objective falls from a floor proven before to a value found after."""
    return borne - manque


def est_prouve(moins: dict, plus: dict) -> bool:
    """Whether the plan of a point is proven better than any of the point before."""
    return gain_prouve(moins["borne"], _manque(plus)) > 0


def gain_du_pas(moins: dict, plus: dict, reference: int) -> str:
    """What a point gains on the one before, and how much of it is proven."""
    return gain_en_mots(_manque(plus) - _manque(moins), moins["borne"], _manque(plus), reference)


def gain_en_mots(ecart: int, borne: int, manque: int, reference: int) -> str:
    """« −5,5 %, dont −4,3 % prouvés », or that the gap hides it.

    `ecart`: change of the first objective found; `borne`: proven floor before; `manque`: value
    found after.
    """
    prouve = gain_prouve(borne, manque)
    if round(prouve / (reference or 1), 3) <= 0:
        return f"{part(ecart, reference)}, non distinguable de zéro : plus petit que l'écart"
    return f"{part(ecart, reference)}, dont {part(-prouve, reference)} prouvés"


def _manque(point: dict) -> int:
    return point["effets"][0]["apres"]


def autres_objectifs(point: dict) -> dict[str, int]:
    return {
        proposition_en_mots.objectif_et_unite(e["code"]): e["apres"]
        for e in point["effets"]
        if e["code"] != SOUPLES[0].code
    }


def figure_bornee(
    x: list, points: list[dict], reference: int, titre: str, noms: list[str]
) -> go.Figure:
    """Values found and, under them, the proven floor: the truth is between the two."""
    echelle = 100 / (reference or 1)
    valeurs = [p["effets"][0]["apres"] * echelle for p in points]
    bornes = [p["borne"] * echelle for p in points]
    figure = go.Figure()
    figure.add_scatter(
        x=x,
        y=bornes,
        name="Borne prouvée",
        mode="lines",
        line={"color": GRIS, "dash": "dot"},
        customdata=noms,
        hovertemplate="%{customdata} : %{y:.1f}<extra>borne prouvée</extra>",
    )
    figure.add_scatter(
        x=x,
        y=valeurs,
        name="Plan trouvé",
        mode="lines+markers",
        line={"color": ACCENT},
        marker={"size": 8},
        fill="tonexty",
        fillcolor="rgba(138, 138, 138, 0.25)",
        customdata=noms,
        hovertemplate="%{customdata} : %{y:.1f}<extra>plan trouvé</extra>",
    )
    figure.update_layout(
        **MISE_EN_PAGE, height=HAUTEUR, xaxis_title=titre, yaxis_title=EN_PART, separators=", "
    )
    marge = (x[-1] - x[0]) * PART_MARGE or 1
    figure.update_xaxes(tickvals=x, ticktext=noms, range=[x[0] - marge, x[-1] + marge])
    figure.update_yaxes(rangemode="tozero")
    return figure


def hauteur(nb_barres: int) -> int:
    return 110 + PX_PAR_BARRE * nb_barres


def sites_qui_changent(lu: Lu, mouvements: dict[str, list[dict]]) -> pd.DataFrame:
    """One row a site that changes in one of the plans, one column a plan: half-days per cycle."""
    ecarts = {titre: par_site(m) for titre, m in mouvements.items()}
    touches = sorted({s for e in ecarts.values() for s in e}, key=lu.nom)
    return pd.DataFrame(
        [
            {
                "Site": lu.nom(s),
                "Besoin (½ j. par cycle)": lu.site(s).besoin,
                "Proposition": lu.couverture(s),
                **{titre: variation(e[s]) if s in e else "=" for titre, e in ecarts.items()},
            }
            for s in touches
        ]
    )
