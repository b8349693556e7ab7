"""The académie in one page: its départements, or the bassins of one, side by side.

Postes are those with a sector; each counts where its résidence is. Nothing is a ranking of people:
the smallest thing counted is a territory.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import shapely

from pipelines.base.textes import FINE, enumeration, nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.reports import cartes, marges
from pipelines.reports.sites import BAREME_PAR_DEFAUT, part_couverte, tableau_sites
from pipelines.reports.situation import legende_carte
from pipelines.scenarios import atelier, calculs
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Acte, Lecteur
from pipelines.scenarios.magasin import en_clair
from pipelines.scenarios.statuts import ORDRE
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.moyens import VACANT

ACCENT = "#0B5394"
SANS_BASSIN = "Bassin inconnu"
AUCUN_SCENARIO = "aucun scénario"
A_CALCULER = "à calculer"
DEGAGEMENT_M = 2500
HAUTEUR_BARRE_PX, HAUTEUR_FIXE_PX = 34, 90


class Niveau(StrEnum):
    """What is compared: the départements of the warehouse, or the bassins of one of them."""

    DEPARTEMENTS = "departements"
    BASSINS = "bassins"


@dataclass(frozen=True)
class Territoires:
    """The territories of a level, as numbers: what every view here starts from.

    `sites` (tableau_sites) and `postes` have a column `territoire`; `noms`: code → name.
    """

    niveau: Niveau
    noms: dict[str, str]
    sites: pd.DataFrame
    postes: pd.DataFrame


@dataclass(frozen=True)
class VueAcademie:
    """The page: its sentence, the spread in words and as a picture, the table and the coverage."""

    titre: str
    phrase: str
    ecarts: str
    remarques: list[str]
    table: pd.DataFrame
    categories: pd.DataFrame
    carte: go.Figure
    legende_carte: str
    figure_ecarts: go.Figure | None
    a_des_postes: bool
    etp: float


@dataclass(frozen=True)
class VueSuivi:
    """Département by département: its scenario and status, what a half-post would bring there."""

    phrase: str
    table: pd.DataFrame
    sans_scenario: list[str]
    sans_marges: list[str]


def vue(base: Path, niveau: Niveau, departement: str | None = None) -> VueAcademie:
    """The territories side by side; `departement` is the one whose bassins are asked for."""
    with entrepot.ouvrir(base) as connexion:
        lus = territoires(connexion, niveau, departement)
        titre = _titre(connexion, niveau, departement)
        carte = _carte(connexion, lus, departement)
        legende = legende_carte(connexion).replace("La taille dit le besoin. ", "")
        sans_residence = connexion.execute(
            "select count(*) from mart_poste where departement is null"
        ).fetchall()[0][0]
    chiffres = chiffres_de(lus)
    remarques = []
    if sans_residence:
        remarques.append(
            f"{pluriel(sans_residence, 'poste')} sans résidence connue : compté nulle part ici."
        )
    hors_secteur = int(lus.postes["sans_secteur"].sum())
    if hors_secteur:
        remarques.append(f"{pluriel(hors_secteur, 'poste')} sans secteur, hors du compte.")
    inconnus = int(chiffres["effectifs_inconnus"].sum())
    if inconnus:
        remarques.append(
            f"{pluriel(inconnus, 'site')} sans effectif connu : ses élèves ne sont pas comptés."
            if inconnus == 1
            else f"{pluriel(inconnus, 'site')} sans effectif connu : leurs élèves manquent ici."
        )
    return VueAcademie(
        titre=titre,
        phrase=_phrase(lus, chiffres),
        ecarts=_ecarts(lus, chiffres),
        remarques=remarques,
        table=_table(lus, chiffres),
        categories=_par_categorie(lus),
        carte=carte,
        legende_carte=f"{_mots_de_la_carte(lus)} {legende}",
        figure_ecarts=_figure_ecarts(lus, chiffres),
        a_des_postes=not lus.postes.empty,
        etp=float(chiffres["etp"].sum()),
    )


def territoires(
    connexion: duckdb.DuckDBPyConnection, niveau: Niveau, departement: str | None = None
) -> Territoires:
    """Sites and postes of the warehouse with their territory at `niveau`."""
    noms = entrepot.departements(connexion)
    calcules = besoins(connexion, bareme(BAREME_PAR_DEFAUT))
    if niveau == Niveau.BASSINS:
        departement = departement or next(iter(noms))
        entrepot.exiger_departement(connexion, departement)
        codes = [departement]
    else:
        codes = list(noms)
    sites = pd.concat(
        [tableau_sites(connexion, code, calcules=calcules) for code in codes], ignore_index=True
    )
    postes = entrepot.lire(connexion, "mart_poste")
    postes = postes[postes["departement"].isin(codes)].copy()
    postes["sans_secteur"] = postes["sans_secteur"].astype(bool)
    if niveau == Niveau.DEPARTEMENTS:
        sites["territoire"] = sites["departement"]
        postes["territoire"] = postes["departement"]
    else:
        sites["territoire"] = [b or SANS_BASSIN for b in sites["bassin"]]
        postes["territoire"] = [b or SANS_BASSIN for b in postes["bassin"]]
        bassins = {*sites["territoire"], *postes["territoire"]}
        noms = {b: b for b in sorted(bassins, key=lambda b: (b == SANS_BASSIN, b))}
    return Territoires(niveau, noms, sites, postes)


def suivi(lecteur: Lecteur, base: Path) -> VueSuivi:
    """The most advanced scenario of each département, and what its margins say of a half-post.

    Never to be cached: scenarios and studies come and go.
    """
    with entrepot.ouvrir(base) as connexion:
        noms = entrepot.departements(connexion)
    apercus = [a for a in atelier.lister(lecteur) if a.departement in noms]
    lignes, sans_scenario, sans_marges = [], [], []
    for code, nom in noms.items():
        siens = [a for a in apercus if a.departement == code]
        marge = _marge(lecteur, code)
        if not siens:
            sans_scenario.append(code)
        if marge is None:
            sans_marges.append(code)
        retenu = max(siens, key=lambda a: (ORDRE.index(a.statut), a.modifie_le), default=None)
        lignes.append(
            (
                nom,
                retenu.nom if retenu else AUCUN_SCENARIO,
                retenu.statut.libelle if retenu else "—",
                en_clair(retenu.modifie_le) if retenu else "—",
                len(siens),
                marge or A_CALCULER,
            )
        )
    table = pd.DataFrame(
        lignes,
        columns=[
            "Département",
            "Scénario le plus avancé",
            "Statut",
            "Modifié le",
            "Scénarios",
            "Ce que vaut un demi-poste",
        ],
    )
    return VueSuivi(_phrase_du_suivi(noms, sans_scenario), table, sans_scenario, sans_marges)


def _titre(connexion: duckdb.DuckDBPyConnection, niveau: Niveau, departement: str | None) -> str:
    if niveau == Niveau.BASSINS:
        noms = entrepot.departements(connexion)
        return f"{noms[departement or next(iter(noms))]} : où vont les moyens, bassin par bassin ?"
    [(academies,)] = connexion.execute(
        "select list_sort(list(distinct academie)) from mart_site where academie is not null"
    ).fetchall()
    return f"{enumeration(academies or ['Académie'])} : où vont les moyens ?"


def chiffres_de(lus: Territoires) -> pd.DataFrame:
    """By territory code: postes, etp, vacant, sites, eleves, besoin, part, prioritaires…"""
    servants = lus.postes[~lus.postes["sans_secteur"]]
    lignes = {}
    for code in lus.noms:
        sites = lus.sites[lus.sites["territoire"] == code]
        postes = servants[servants["territoire"] == code]
        quotites = postes["quotite_etp"].astype(float)
        prioritaires = sites[sites["est_prioritaire"]]
        connus = sites["effectif"].dropna()
        lignes[code] = {
            "postes": len(postes),
            "etp": round(float(quotites.sum()), 6),
            "vacant": round(float(quotites[postes["statut"] == VACANT].sum()), 6),
            "sites": len(sites),
            "eleves": int(connus.sum()),
            "effectifs_inconnus": len(sites) - len(connus),
            "besoin": int(sites["besoin"].sum()),
            "part": part_couverte(sites) if len(sites) else None,
            "prioritaires": len(prioritaires),
            "sans_presence": int((prioritaires["presence"] == 0).sum()),
            "en_manque": int(prioritaires["est_en_manque"].sum()),
        }
    return pd.DataFrame.from_dict(lignes, orient="index")


def _si_connu(chiffres: pd.Series) -> int | None:
    """The pupils of a territory, None when no site tells its own."""
    return int(chiffres["eleves"]) if chiffres["sites"] > chiffres["effectifs_inconnus"] else None


def _par_etp(quantite: float | None, etp: float) -> float | None:
    return quantite / etp if etp and quantite is not None else None


def _table(lus: Territoires, chiffres: pd.DataFrame) -> pd.DataFrame:
    """One row a territory, then their total."""
    total = chiffres.drop(columns="part").sum()
    lignes = [(nom, chiffres.loc[code]) for code, nom in lus.noms.items()]
    ensemble = pd.Series({**total, "part": part_couverte(lus.sites) if len(lus.sites) else None})
    lignes.append(("Ensemble", ensemble))
    titre = "Département" if lus.niveau == Niveau.DEPARTEMENTS else "Bassin"
    return pd.DataFrame(
        [
            {
                titre: nom,
                "Postes": int(c["postes"]),
                "ETP": round(float(c["etp"]), 2),
                "Dont vacants (ETP)": round(float(c["vacant"]), 2),
                "Sites": int(c["sites"]),
                "Élèves": _si_connu(c),
                "Besoin (½ j. par cycle)": int(c["besoin"]),
                "Élèves par ETP": _arrondi(_par_etp(_si_connu(c), c["etp"]), 0),
                "Besoin par ETP (½ j.)": _arrondi(_par_etp(c["besoin"], c["etp"]), 1),
                "Couverture (% du besoin)": _arrondi(
                    None if c["part"] is None else c["part"] * 100, 0
                ),
                "Sites prioritaires": int(c["prioritaires"]),
                "Prioritaires sans présence": int(c["sans_presence"]),
            }
            for nom, c in lignes
        ]
    )


def _arrondi(valeur: float | None, decimales: int) -> float | None:
    return None if valeur is None else round(float(valeur), decimales)


def _par_categorie(lus: Territoires) -> pd.DataFrame:
    """Coverage (% of the besoin) of each category in each territory; unknown where it has none.

    A site counts in each of its categories.
    """
    lignes = []
    for regle in bareme(BAREME_PAR_DEFAUT).priorites.regles:
        dedans = lus.sites[[regle.code in codes for codes in lus.sites["categories"]]]
        if dedans.empty:
            continue
        par_territoire = {code: dedans[dedans["territoire"] == code] for code in lus.noms}
        lignes.append(
            {
                "Catégorie": regle.libelle,
                "Sites": len(dedans),
                **{
                    f"{nom} (%)": (
                        round(part_couverte(par_territoire[code]) * 100)
                        if len(par_territoire[code])
                        else None
                    )
                    for code, nom in lus.noms.items()
                },
            }
        )
    return pd.DataFrame(lignes)


def _mot(niveau: Niveau, n: int) -> str:
    return pluriel(n, "département" if niveau == Niveau.DEPARTEMENTS else "bassin")


def _phrase(lus: Territoires, chiffres: pd.DataFrame) -> str:
    total = chiffres.drop(columns="part").sum()
    debut = f"{_mot(lus.niveau, len(lus.noms))}, {pluriel(total['sites'], 'site')}"
    if not total["postes"]:
        return (
            f"{debut}, {nombre(total['besoin'])} demi-journées de besoin par cycle de 4 semaines ; "
            "aucun poste n'est connu."
        )
    sans = int(total["sans_presence"])
    fin = (
        f"{sans} des {nombre(total['prioritaires'])} sites prioritaires n'ont aucune présence"
        if sans > 1
        else "un seul site prioritaire n'a aucune présence"
        if sans
        else "aucun site prioritaire n'est sans présence"
    )
    return (
        f"{debut}, {pluriel(total['postes'], 'poste')} ({nombre(total['etp'], 1)} ETP dont "
        f"{nombre(total['vacant'], 1)} vacants) : {pourcentage(part_couverte(lus.sites))} du "
        f"besoin est couvert, et {fin}."
    )


def _charges(lus: Territoires, chiffres: pd.DataFrame) -> list[tuple[float, str]]:
    """(besoin per ETP, name) of the territories that have ETP and a need, least first."""
    return sorted(
        (chiffres.loc[code, "besoin"] / chiffres.loc[code, "etp"], nom)
        for code, nom in lus.noms.items()
        if chiffres.loc[code, "etp"] and chiffres.loc[code, "besoin"]
    )


def _ecarts(lus: Territoires, chiffres: pd.DataFrame) -> str:
    charges = _charges(lus, chiffres)
    sans = [
        nom
        for code, nom in lus.noms.items()
        if not chiffres.loc[code, "etp"] and chiffres.loc[code, "besoin"]
    ]
    a_part = f" Aucun poste connu : {enumeration(sans)}." if sans and charges else ""
    if len(charges) < 2:
        return f"Moins de deux territoires ont des postes : rien à comparer.{a_part}"
    (bas, moins), (haut, plus) = charges[0], charges[-1]
    return (
        f"Un ETP y répond à {nombre(bas, 1)} demi-journées de besoin par cycle là où il y en a le "
        f"moins ({moins}), et à {nombre(haut, 1)} là où il y en a le plus ({plus}) : "
        f"{nombre(haut / bas, 2)} fois plus.{a_part}"
    )


def _figure_ecarts(lus: Territoires, chiffres: pd.DataFrame) -> go.Figure | None:
    """Besoin per ETP, a bar a territory, and the line of the whole; None with nothing to show."""
    charges = _charges(lus, chiffres)
    if len(charges) < 2:
        return None
    moyenne = chiffres["besoin"].sum() / chiffres["etp"].sum()
    figure = go.Figure(
        go.Bar(
            x=[c for c, _ in charges],
            y=[nom for _, nom in charges],
            orientation="h",
            marker={"color": ACCENT},
            text=[nombre(c, 1) for c, _ in charges],
            textposition="inside",
            textfont={"color": "#FFFFFF"},
            hoverinfo="skip",
        )
    )
    figure.add_vline(x=moyenne, line={"color": cartes.GRIS, "dash": "dash"})
    figure.add_annotation(
        x=moyenne,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"Ensemble{FINE}: {nombre(moyenne, 1)}",
        showarrow=False,
    )
    figure.update_layout(
        height=HAUTEUR_FIXE_PX + HAUTEUR_BARRE_PX * len(charges),
        margin={"l": 0, "r": 40, "t": 28, "b": 40},
        xaxis={
            "title": "Besoin par ETP (½ j. par cycle)",
            "rangemode": "tozero",
            "fixedrange": True,
        },
        yaxis={"automargin": True, "fixedrange": True},
        separators=",\u202f",
        showlegend=False,
    )
    return figure


def _mots_de_la_carte(lus: Territoires) -> str:
    if lus.niveau == Niveau.DEPARTEMENTS:
        return "Part du besoin couverte, écrite sous chaque nom."
    numeros = ", ".join(f"{rang} {nom}" for rang, nom in enumerate(_dessines(lus), start=1))
    return (
        f"{numeros}. Un bassin est dessiné par l'enveloppe de ses sites ; son numéro, puis la part "
        "du besoin couverte."
    )


def _dessines(lus: Territoires) -> list[str]:
    """The codes on the map: sites of no known bassin make no shape."""
    servis = set(lus.sites["territoire"])
    return [code for code in lus.noms if code in servis and code != SANS_BASSIN]


def _carte(
    connexion: duckdb.DuckDBPyConnection, lus: Territoires, departement: str | None
) -> go.Figure:
    """Territories by share of the besoin met: colour, and the number written."""
    echelle = cartes.echelle_part()
    figure = go.Figure()
    codes = _dessines(lus)
    formes = (
        {code: _contour(connexion, code) for code in codes}
        if lus.niveau == Niveau.DEPARTEMENTS
        else {code: _enveloppe(lus.sites[lus.sites["territoire"] == code]) for code in codes}
    )
    if lus.niveau == Niveau.BASSINS:
        decor = _contour(connexion, departement or str(lus.sites["departement"].iloc[0]))
        _tracer(figure, decor, "rgba(138,138,138,0.07)", cartes.GRIS)
    presentes = set()
    for code in codes:
        sites = lus.sites[lus.sites["territoire"] == code]
        part = part_couverte(sites)
        [classe] = echelle.classer(pd.DataFrame({"presence": [part * 100], "besoin": [100]}))
        presentes.add(classe)
        fond, bord = echelle.couleurs[classe]
        _tracer(figure, formes[code], fond, bord)
    for classe, (fond, bord) in echelle.couleurs.items():
        if classe in presentes:
            figure.add_scatter(
                x=[None],
                y=[None],
                mode="markers",
                name=echelle.mots[classe],
                marker={
                    "symbol": "square",
                    "size": 12,
                    "color": fond,
                    "line": {"width": 1.6, "color": bord},
                },
            )
    _ecrire_les_noms(figure, lus, formes)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    figure.update_layout(
        height=cartes.HAUTEUR_PX * 4 // 5,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="pan",
        uirevision=f"academie-{lus.niveau}-{departement}",
        separators=",\u202f",
        legend={"orientation": "h", "y": -0.01, "yanchor": "top", "itemclick": False},
    )
    return figure


def _ecrire_les_noms(
    figure: go.Figure, lus: Territoires, formes: dict[str, shapely.Geometry]
) -> None:
    """Each territory's share under its name, in a box; bassins are close: a number names them."""
    for rang, (code, forme) in enumerate(formes.items(), start=1):
        if forme.is_empty:
            continue
        sites = lus.sites[lus.sites["territoire"] == code]
        centre = forme.representative_point()
        nom = f"{lus.noms[code]}</b><br>" if lus.niveau == Niveau.DEPARTEMENTS else f"{rang}</b> · "
        figure.add_annotation(
            x=centre.x,
            y=centre.y,
            text=f"<b>{nom}{pourcentage(part_couverte(sites))}",
            showarrow=False,
            font={"size": 12, "color": "#1E1E1E"},
            bgcolor="rgba(255,255,255,0.85)",
            borderpad=2,
        )


def _tracer(figure: go.Figure, forme: shapely.Geometry, fond: str, bord: str) -> None:
    xs, ys = cartes.lignes([forme])
    figure.add_scatter(
        x=xs,
        y=ys,
        mode="lines",
        fill="toself",
        fillcolor=fond,
        line={"color": bord, "width": 1.6},
        hoverinfo="skip",
        showlegend=False,
    )


def _contour(connexion: duckdb.DuckDBPyConnection, departement: str) -> shapely.Geometry:
    """The outline of a département in Lambert-93; that of its sites when no contour was given."""
    communes = entrepot.lire(connexion, "mart_commune", departement)
    formes = [cartes.en_lambert(bytes(w)) for w in communes["contour_wkb"] if w is not None]
    if formes:
        # a metre closes the slits between neighbours
        return shapely.union_all(formes).buffer(1).simplify(cartes.SIMPLIFICATION_M)
    return _enveloppe(entrepot.lire(connexion, "mart_site", departement))


def _enveloppe(sites: pd.DataFrame) -> shapely.Geometry:
    """The hull of the sites that have a position, a little wider than them."""
    places = sites.dropna(subset=["longitude", "latitude"])
    if places.empty:
        return shapely.Polygon()
    points = cartes.LAMBERT_93.transform(
        places["longitude"].astype(float).to_numpy(), places["latitude"].astype(float).to_numpy()
    )
    return shapely.convex_hull(shapely.multipoints(np.column_stack(points))).buffer(DEGAGEMENT_M)


def _marge(lecteur: Lecteur, departement: str) -> str | None:
    """The sentence of the last kept study of margins of a département; None when there is none."""
    if not lecteur.peut(Acte.LIRE, departement):
        return None
    for etat in calculs.derniers(lecteur, departement):
        lue = marges.vue(etat.dossier, Nature.MARGES)
        if lue is not None:
            return lue.phrase
    return None


def _phrase_du_suivi(noms: dict[str, str], sans_scenario: list[str]) -> str:
    if not sans_scenario:
        return "Chaque département a un scénario."
    if len(sans_scenario) == len(noms):
        return (
            "Aucun département n'a encore de scénario : en créer un depuis une proposition, "
            "page « Proposer »."
        )
    return f"Sans scénario : {enumeration([noms[c] for c in sans_scenario])}."
