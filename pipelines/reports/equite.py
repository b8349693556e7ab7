"""Equity on screen: the table of its measures, the Lorenz curve and the curve's own table."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from pipelines.base import reference
from pipelines.base.textes import enumeration, nombre, pluriel, pourcentage
from pipelines.reports.etudes import ACCENT
from pipelines.reports.indices import SANS_OBJET, Ligne
from pipelines.reports.libelles import GRIS
from pipelines.reports.repartition import Repartition, Reunion
from pipelines.scoring.equite import Equite, SiteMesure, equite, leximin, part_recue, ponderation

# a line is told from another by its dashes, not by its colour alone
TRAITS = (("#D95F02", "dot"), (ACCENT, "solid"), ("#2E8B57", "dash"))
DECILES = range(10, 101, 10)
HAUTEUR_PX = 420
PONDERATION_EN_MOTS = {
    "besoin": "Élèves pondérés : le besoin que le barème donne au site, ramené au nombre d'élèves "
    "du département, si bien que la doctrine n'y change rien.",
    "effectif": "Chaque élève compte pour un, sans pondération.",
}
METHODE = (
    "Gini : 0 quand chaque élève pondéré a la même présence, 1 quand un seul a tout. Theil : 0 à "
    "l'égalité ; il se partage exactement entre ce qui sépare les bassins et ce qui sépare les "
    "sites d'un même bassin. Un site sans présence compte pour zéro dans les deux. Leximin : on "
    "compare les sites du moins servi au mieux servi, et la première différence l'emporte. Aucun "
    "de ces nombres ne dit ce qui est juste : ils disent où regarder."
)


def mesurer(repartitions: Sequence[Repartition], reunion: Reunion) -> list[Equite]:
    """The measures of each répartition, over the same sites with the same besoins."""
    sites = [
        SiteMesure(i, s.besoin, s.effectif, s.bassin, reunion.categories_de(i))
        for i, s in reunion.sites.items()
    ]
    choisie = ponderation()
    return [equite(sites, r.par_site, choisie) for r in repartitions]


def note() -> str:
    """How pupils are weighted, with its source."""
    parametre = reference.parametres("equite")["ponderation_eleves"]
    return f"{PONDERATION_EN_MOTS[ponderation()]} {parametre.source}. {METHODE}"


def lignes(mesures: Sequence[Equite], *, site_par_site: bool = True) -> list[Ligne]:
    """One row a measure; those of one site alone only when it is `site_par_site`."""
    rangs = _rangs(mesures)
    moindre = ("Besoin couvert du site le moins servi", [pourcentage(_moindre(m)) for m in mesures])
    return [
        (
            "Demi-journées par cycle pour 100 élèves pondérés",
            [nombre(m.demi_journees_pour_100, 2) for m in mesures],
        ),
        ("Gini (0 : égalité)", [_mesure(m.gini) for m in mesures]),
        ("Theil (0 : égalité)", [_mesure(m.theil) for m in mesures]),
        ("dont entre bassins", [_part(m.theil_entre, m.theil) for m in mesures]),
        ("dont dans les bassins", [_part(m.theil_dans, m.theil) for m in mesures]),
        (
            "Présence des 10 % d'élèves pondérés les moins servis",
            [pourcentage(_recue(m, DECILES[0]), 1) for m in mesures],
        ),
        *([moindre] if site_par_site else []),
        ("Ordre leximin (1 : le mieux)", [str(rang) for rang in rangs]),
    ]


def lignes_des_minimums(mesures: Sequence[Equite], reunion: Reunion) -> list[Ligne]:
    """The site served least of each category: the share of its besoin, and its name."""
    return [
        (libelle, [_minimum(m, code, reunion) for m in mesures])
        for code, libelle in reunion.libelles.items()
        if code in mesures[0].minimums
    ]


def _minimum(mesure: Equite, code: str, reunion: Reunion) -> str:
    minimum = mesure.minimums[code]
    return f"{pourcentage(float(minimum.part))} ({reunion.nom(minimum.site_id)})"


def phrase(mesures: Sequence[Equite], noms: Sequence[str], *, site_par_site: bool = True) -> str:
    """Who is more even by the Gini, and who serves the least served better.

    How much one site has of its besoin is said only when it is `site_par_site`.
    """
    ginis = [m.gini for m in mesures]
    if any(g is None for g in ginis):
        return "Sans aucune présence, l'inégalité ne se mesure pas."
    cites = enumeration(
        [f"{_mesure(g)} pour « {nom} »" for g, nom in zip(ginis, noms, strict=True)]
    )
    rangs = _rangs(mesures)
    if len(set(rangs)) == 1:
        fin = "Du moins servi au mieux servi, ces répartitions se valent (leximin)."
    else:
        premiers = [nom for nom, rang in zip(noms, rangs, strict=True) if rang == 1]
        verbe = "sert" if len(premiers) == 1 else "servent"
        fin = (
            f"{enumeration([f'« {nom} »' for nom in premiers])} {verbe} le mieux les moins servis "
            f"(leximin){_ou(mesures, rangs) if site_par_site else ''}."
        )
    return f"Inégalité entre élèves pondérés (Gini) : {cites}. {fin}"


def _ou(mesures: Sequence[Equite], rangs: list[int]) -> str:
    """Where the best first parts from the next one: « dès le 3e site : 12 % contre 0 % »."""
    premier, second = rangs.index(1), rangs.index(min(r for r in rangs if r > 1))
    a, b = mesures[premier].couvertures, mesures[second].couvertures
    rang = leximin(a, b)[1] or 0
    lequel = "le site le moins servi" if rang == 0 else f"le {rang + 1}e site le moins servi"
    return f" : {lequel} a {pourcentage(float(a[rang]), 1)} de son besoin, contre " + pourcentage(
        float(b[rang]), 1
    )


def _rangs(mesures: Sequence[Equite]) -> list[int]:
    """The place of each in the leximin order, equals sharing theirs."""
    return [
        1 + sum(leximin(m.couvertures, autre.couvertures)[0] < 0 for autre in mesures)
        for m in mesures
    ]


def _mesure(valeur: float | None) -> str:
    return SANS_OBJET if valeur is None else nombre(valeur, 3)


def _part(valeur: float | None, total: float | None) -> str:
    """A part of the Theil, with its share of the whole when there is a whole."""
    if valeur is None or total is None:
        return SANS_OBJET
    return f"{nombre(valeur, 3)} ({pourcentage(valeur / total)})" if total else nombre(valeur, 3)


def _recue(mesure: Equite, centieme: int) -> float | None:
    return part_recue(mesure.lorenz, centieme / 100) if mesure.lorenz else None


def _moindre(mesure: Equite) -> float | None:
    return float(mesure.couvertures[0]) if mesure.couvertures else None


def courbe(mesures: Sequence[Equite], noms: Sequence[str]) -> go.Figure:
    """The Lorenz curves over the line of equality."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100],
        y=[0, 100],
        mode="lines",
        name="Égalité",
        line={"color": GRIS, "width": 1},
        hoverinfo="skip",
    )
    for mesure, nom, (couleur, trait) in zip(mesures, noms, TRAITS, strict=False):
        figure.add_scatter(
            x=[x * 100 for x, _ in mesure.lorenz],
            y=[y * 100 for _, y in mesure.lorenz],
            mode="lines",
            name=nom,
            line={"color": couleur, "width": 2.4, "dash": trait},
            hovertemplate="%{x:.0f} % des élèves pondérés<br>%{y:.1f} % des présences",
        )
    figure.update_xaxes(
        title="Élèves pondérés, des moins servis aux mieux servis (%)", range=[0, 100]
    )
    figure.update_yaxes(title="Part des présences (%)", range=[0, 100])
    figure.update_layout(
        height=HAUTEUR_PX,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        separators=",\u202f",
        legend={"x": 0.02, "y": 0.98, "bgcolor": "rgba(0,0,0,0)"},
    )
    return figure


def table_de_la_courbe(mesures: Sequence[Equite], noms: Sequence[str]) -> pd.DataFrame:
    """The curve in words: what the least served tenths get."""
    return pd.DataFrame(
        {
            "Élèves les moins servis": [f"{c} %" for c in DECILES],
            **{
                nom: [pourcentage(_recue(m, c), 1) for c in DECILES]
                for m, nom in zip(mesures, noms, strict=True)
            },
        }
    )


def alternative(nombre_de_courbes: int) -> str:
    """The text alternative of the figure."""
    return (
        f"{pluriel(nombre_de_courbes, 'courbe')} de Lorenz : part des présences selon la part des "
        "élèves pondérés, des moins servis aux mieux servis ; le tableau à côté dit la même chose."
    )
