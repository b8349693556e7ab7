"""What the besoins of a département owe to each weight of a barème, drawn and tabled."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import enumeration, nombre, pluriel, pourcentage, rythme
from pipelines.marts import entrepot
from pipelines.reports.libelles import RYTHMES_EN_MOTS
from pipelines.scenarios.lecteurs import reserve
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import preparer
from pipelines.scoring.couverture import SOUS_L_HEBDOMADAIRE, bornes_hebdomadaires
from pipelines.scoring.moyens import moyens
from pipelines.scoring.sensibilite import Deplacement, Situation, deplacements

UNITE = "½ j. par cycle"
ACCENT, PALE = "#0B5394", "#B8860B"
POIDS_DESSINES_MAX = 12
LIBELLE_MAX = 60
CAUSES_MONTREES = 3
Cle = tuple[str, str]
"""Where a weight stands in its barème: its part and its key."""


@dataclass(frozen=True)
class VueSensibilite:
    """What the besoins of a département owe to each weight of a barème.

    `poids`: one row a weight and a step, with how many sites change. `sites`: those whose rank or
    class a step changes, and which.
    """

    phrase: str
    note: str
    dessin: go.Figure
    poids: pd.DataFrame
    sites: pd.DataFrame


@reserve
def vue(base: Path, departement: str, code: str) -> VueSensibilite:
    """Each weight of `code` moved one at a time: which besoins, ranks and rhythms follow."""
    echelle = bareme(code)
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        donnees = preparer(connexion, echelle.priorites)
        disponibles = moyens(connexion)[departement].demi_journees
    concernes = (donnees.sites["departement"] == departement).to_numpy()
    avant, bouges = deplacements(donnees, echelle, concernes, disponibles)
    total = int(avant.besoin.sum())
    ordre = sorted(
        {(d.poids.partie, d.poids.cle) for d in bouges},
        key=lambda cle: (-_touches(bouges, cle), -_portee(bouges, cle, total), cle),
    )
    return VueSensibilite(
        phrase=_phrase(bouges, ordre, total, len(avant.besoin), disponibles),
        note=_note(disponibles),
        dessin=_tornade(bouges, ordre[:POIDS_DESSINES_MAX], total),
        poids=_table_des_poids(bouges, ordre, total, disponibles),
        sites=_table_des_sites(donnees.sites[concernes], avant, bouges, disponibles),
    )


def _touches(bouges: list[Deplacement], cle: Cle) -> int:
    """How many sites a weight makes change of rank or of class, at the widest of its steps."""
    return max(
        int((d.rang_change | d.classe_change | d.classe_constante_change).sum())
        for d in bouges
        if (d.poids.partie, d.poids.cle) == cle
    )


def _portee(bouges: list[Deplacement], cle: Cle, total: int) -> int:
    """How far a weight moves the total, at the widest of its steps."""
    return max(abs(d.total - total) for d in bouges if (d.poids.partie, d.poids.cle) == cle)


def _phrase(
    bouges: list[Deplacement], ordre: list[Cle], total: int, nb_sites: int, disponibles: int
) -> str:
    if not bouges or not nb_sites:
        return "Ce barème n'a aucun poids à faire varier sur ces sites."
    premiers = [
        f"« {d.poids.libelle} »"
        for cle in ordre[:3]
        for d in [next(d for d in bouges if (d.poids.partie, d.poids.cle) == cle)]
    ]
    plus_large = max(d.variation for d in bouges)
    rangs = max(int(d.rang_change.sum()) for d in bouges)
    phrase = (
        f"Les rangs et les classes tiennent surtout à {enumeration(premiers)} (jusqu'à "
        f"{pluriel(_touches(bouges, ordre[0]), 'site')} en changent). Un poids déplacé de "
        f"{pourcentage(plus_large)} change le rang de {pluriel(rangs, 'site')} sur "
        f"{nombre(nb_sites)} au plus"
    )
    if disponibles:
        classes = max(int(d.classe_constante_change.sum()) for d in bouges)
        phrase += f" et, à moyens constants, la classe de présence de {pluriel(classes, 'site')}"
    sans_effet = sum(
        _portee(bouges, cle, total) == 0 and _touches(bouges, cle) == 0 for cle in ordre
    )
    if sans_effet:
        phrase += (
            f" ; {pluriel(sans_effet, 'poids', 'poids')} "
            f"{'ne change' if sans_effet == 1 else 'ne changent'} rien ici"
        )
    return f"{phrase}."


def _note(disponibles: int) -> str:
    debut = (
        "Chaque poids est déplacé seul, les autres ne bougent pas. D'abord ceux qui changent le "
        "rang ou la classe du plus de sites. Au bout de chaque barre : les sites dont le besoin "
        "change. Rang 1 : le plus grand besoin, avant plancher, plafond et "
        "arrondi ; des sites à égalité ont le même."
    )
    if not disponibles:
        return f"{debut} Aucun poste n'est connu ici : rien n'est dit à moyens constants."
    return (
        f"{debut} À moyens constants : les mêmes besoins, à proportion des {nombre(disponibles)} "
        "demi-journées par cycle que les postes peuvent donner. Classe : "
        f"{enumeration(_classes_en_mots())}."
    )


def _classes_en_mots() -> list[str]:
    """The classes of presence in words, by rank."""
    return [
        *(RYTHMES_EN_MOTS[r].lower() for r in SOUS_L_HEBDOMADAIRE),
        *(f"{rythme(b)} au plus" for b in bornes_hebdomadaires()),
        "davantage",
    ]


def _table_des_poids(
    bouges: list[Deplacement], ordre: list[Cle], total: int, disponibles: int
) -> pd.DataFrame:
    rangs = {cle: rang for rang, cle in enumerate(ordre)}
    tries = sorted(bouges, key=lambda d: (rangs[d.poids.partie, d.poids.cle], d.variation))
    return pd.DataFrame(
        [
            (
                d.poids.libelle,
                d.poids.valeur,
                d.poids.unite,
                _signe(d.variation),
                int(d.besoin_change.sum()),
                int(d.rang_change.sum()),
                int(d.classe_change.sum()),
                # where no poste is known, nothing is known at constant means
                int(d.classe_constante_change.sum()) if disponibles else None,
                d.total - total,
            )
            for d in tries
        ],
        columns=[
            "Poids",
            "Valeur",
            "Unité",
            "Déplacé de",
            "Besoins changés",
            "Rangs changés",
            "Rythmes changés",
            "Classes changées, moyens constants",
            f"Total ({UNITE})",
        ],
    )


def _table_des_sites(
    sites: pd.DataFrame, avant: Situation, bouges: list[Deplacement], disponibles: int
) -> pd.DataFrame:
    """For each site a step moves: its ranks, the step that moves it most, its rhythms."""
    lignes, mots = [], _classes_en_mots()
    for i, site in enumerate(sites.to_dict("records")):
        changent = [
            d
            for d in bouges
            if d.rang_change[i] or d.classe_change[i] or d.classe_constante_change[i]
        ]
        if not changent:
            continue
        rangs = [int(avant.rang[i]), *(int(d.apres.rang[i]) for d in changent)]
        lignes.append(
            (
                site["nom"],
                site["commune"],
                int(avant.besoin[i]),
                rangs[0],
                min(rangs),
                max(rangs),
                _qui_deplace_le_plus(changent, i, rangs[0]),
                mots[avant.classe_constante[i]] if disponibles else "—",
                _qui_change_la_classe(changent, i, mots) or "rien",
            )
        )
    return pd.DataFrame(
        sorted(lignes, key=lambda ligne: (ligne[3], ligne[0], ligne[1])),
        columns=[
            "Site",
            "Commune",
            f"Besoin ({UNITE})",
            "Rang",
            "Au mieux",
            "Au pire",
            "Ce qui le déplace le plus",
            "Classe à moyens constants",
            "Ce qui la change",
        ],
    )


def _qui_deplace_le_plus(changent: list[Deplacement], i: int, rang: int) -> str:
    premier = max(changent, key=lambda d: abs(int(d.apres.rang[i]) - rang))
    ecart = int(premier.apres.rang[i]) - rang
    if ecart == 0:
        return "—"
    return (
        f"{premier.poids.libelle} {_signe(premier.variation)} : "
        f"{pluriel(abs(ecart), 'rang')} {'plus bas' if ecart > 0 else 'plus haut'}"
    )


def _qui_change_la_classe(changent: list[Deplacement], i: int, mots: list[str]) -> str:
    """The first steps that change a site's class at constant means, or the rhythm of its besoin."""
    causes = [
        f"{d.poids.libelle} {_signe(d.variation)} : {mots[d.apres.classe_constante[i]]}"
        for d in changent
        if d.classe_constante_change[i]
    ] + [
        f"{d.poids.libelle} {_signe(d.variation)} : besoin {RYTHMES_EN_MOTS[classe].lower()}"
        for d in changent
        if d.classe_change[i]
        for classe in [d.apres.classe[i]]
    ]
    reste = len(causes) - CAUSES_MONTREES
    montrees = causes[:CAUSES_MONTREES]
    return " ; ".join([*montrees, *([f"et {pluriel(reste, 'autre')}"] if reste > 0 else [])])


def _tornade(bouges: list[Deplacement], ordre: list[Cle], total: int) -> go.Figure:
    """The total besoin against each weight, at the widest steps: a bar down, a bar up."""
    figure = go.Figure()
    etapes = sorted({d.variation for d in bouges})
    for variation, couleur, motif in (
        (min(etapes, default=0.0), PALE, "/"),
        (max(etapes, default=0.0), ACCENT, ""),
    ):
        choisis = {(d.poids.partie, d.poids.cle): d for d in bouges if d.variation == variation}
        siens = [choisis[cle] for cle in ordre]
        figure.add_bar(
            y=[_court(d.poids.libelle) for d in siens],
            x=[d.total - total for d in siens],
            orientation="h",
            name=f"poids {_signe(variation)}",
            marker={"color": couleur, "pattern": {"shape": motif}},
            text=[f"{pluriel(int(d.besoin_change.sum()), 'site')}" for d in siens],
            textposition="outside",
            cliponaxis=False,
            hovertemplate=(
                f"%{{y}}<br>%{{x:+d}} demi-journées par cycle<br>%{{text}}<extra>poids "
                f"{_signe(variation)}</extra>"
            ),
        )
    ecarts = [d.total - total for d in bouges] or [0]
    # room for the words at the end of each bar
    marge = max(1.0, 0.12 * (max(ecarts) - min(ecarts)))
    portee = [min(ecarts) - marge, max(ecarts) + marge]
    figure.update_layout(
        barmode="overlay",
        height=80 + 34 * max(len(ordre), 1),
        margin={"l": 10, "r": 10, "t": 40, "b": 40},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": f"Effet sur le besoin total ({UNITE})", "zeroline": True, "range": portee},
        yaxis={"autorange": "reversed", "automargin": True},
    )
    return figure


def _court(libelle: str) -> str:
    return libelle if len(libelle) <= LIBELLE_MAX else f"{libelle[: LIBELLE_MAX - 1]}…"


def _signe(variation: float) -> str:
    return f"{'+' if variation > 0 else ''}{pourcentage(variation)}"
