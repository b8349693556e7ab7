"""The académie in one page: its départements, or the bassins or réseaux of one, side by side.

Postes are those with a sector; each counts where its résidence is. Nothing is a ranking of people:
the smallest thing counted is a territory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import shapely

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import FINE, enumeration, nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.reports import cartes, marges
from pipelines.reports.demi_postes import PAR_BASSIN
from pipelines.reports.sites import BAREME_PAR_DEFAUT, part_couverte, tableau_sites
from pipelines.reports.situation import legende_carte
from pipelines.scenarios import atelier, calculs
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.magasin import en_clair
from pipelines.scenarios.scenario import Apercu
from pipelines.scenarios.statuts import ORDRE
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.moyens import VACANT
from pipelines.scoring.regles import Regle

ACCENT = "#0B5394"
AUCUN_SCENARIO = "aucun scénario"
A_CALCULER = "à calculer"
DEGAGEMENT_M = 2500
HAUTEUR_BARRE_PX, HAUTEUR_FIXE_PX = 34, 90


class Niveau(StrEnum):
    """What is compared: the départements of the warehouse, or the parts of one of them."""

    DEPARTEMENTS = "departements"
    BASSINS = "bassins"
    RESEAUX = "reseaux"


@dataclass(frozen=True)
class Mots:
    """How the territories of a level are called, and the mart column that names the parts of a
    département.
    """

    singulier: str
    au_pluriel: str
    titre: str
    colonne: str = ""
    inconnu: str = ""


MOTS = {
    Niveau.DEPARTEMENTS: Mots("département", "départements", "Département"),
    Niveau.BASSINS: Mots("bassin", "bassins", "Bassin", "bassin", "Bassin inconnu"),
    Niveau.RESEAUX: Mots("réseau", "réseaux", "Réseau", "reseau_etablissements", "Réseau inconnu"),
}


@dataclass(frozen=True)
class Territoires:
    """The territories of a level, read once: what every view here starts from.

    `sites` (tableau_sites) and `postes` have a column `territoire`; `noms`: code → name; `formes`:
    code → shape in Lambert-93, none for sites of an unknown part; `decor`: the outline around the
    parts of a département.
    """

    niveau: Niveau
    departement: str | None
    noms: dict[str, str]
    sites: pd.DataFrame
    postes: pd.DataFrame
    regles: tuple[Regle, ...]
    titre: str
    formes: dict[str, shapely.Geometry]
    decor: shapely.Geometry | None
    legende: str
    sans_residence: int


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


@dataclass(frozen=True)
class VueDemiPostes:
    """What a half-post more or less brings to each bassin, from the margins kept of a plan."""

    phrase: str
    table: pd.DataFrame


def niveaux(lecteur: Lecteur, base: Path, departement: str) -> dict[str, str]:
    """What may be compared, code → words; the parts of `departement` for who may read its postes.

    Réseaux only where some are known.
    """
    exiger(lecteur, Acte.LISTER, departement)
    choix = {Niveau.DEPARTEMENTS.value: "les départements"}
    if not lecteur.peut(Acte.LIRE, departement):
        return choix
    choix[Niveau.BASSINS.value] = f"les bassins du département {departement}"
    with entrepot.ouvrir(base) as connexion:
        [(connus,)] = connexion.execute(
            "select count(distinct reseau_etablissements) from mart_site where departement = ?",
            [departement],
        ).fetchall()
    if connus:
        choix[Niveau.RESEAUX.value] = f"les réseaux du département {departement}"
    return choix


def vue(lus: Territoires) -> VueAcademie:
    """The territories side by side."""
    chiffres = chiffres_de(lus)
    remarques = []
    if lus.sans_residence:
        remarques.append(
            f"{pluriel(lus.sans_residence, 'poste')} sans résidence connue : compté nulle part ici."
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
        titre=lus.titre,
        phrase=_phrase(lus, chiffres),
        ecarts=_ecarts(lus, chiffres),
        remarques=remarques,
        table=_table(lus, chiffres),
        categories=_par_categorie(lus),
        carte=_carte(lus, chiffres),
        legende_carte=f"{_mots_de_la_carte(lus)} {lus.legende}",
        figure_ecarts=_figure_ecarts(lus, chiffres),
        a_des_postes=not lus.postes.empty,
        etp=float(chiffres["etp"].sum()),
    )


def territoires(
    lecteur: Lecteur, base: Path, niveau: Niveau, departement: str | None = None
) -> Territoires:
    """The territories of `niveau` in the scope of `lecteur`, all read in one pass.

    `departement` is the one whose parts are asked for, the first in scope when not given; they are
    for who may read its postes: a bassin or a réseau may hold a single one. AtlasError out of
    scope, or when no réseau of the département is known.
    """
    if departement is not None:
        exiger(lecteur, Acte.LISTER, departement)
    with entrepot.ouvrir(base) as connexion:
        noms = _en_vue(lecteur, connexion)
        if niveau == Niveau.DEPARTEMENTS:
            departement, codes = None, list(noms)
        else:
            departement = departement or next(iter(noms))
            exiger(lecteur, Acte.LIRE, departement)
            entrepot.exiger_departement(connexion, departement)
            codes = [departement]
        echelle = bareme(BAREME_PAR_DEFAUT)
        sites = tableau_sites(
            connexion, departement, calcules=besoins(connexion, echelle), echelle=echelle
        )
        sites = sites[sites["departement"].isin(codes)].reset_index(drop=True)
        postes = entrepot.lire(connexion, "mart_poste", departement)
        sans_residence = int(postes["departement"].isna().sum()) if departement is None else 0
        contours = _contours(connexion, codes)
        legende = legende_carte(connexion).replace("La taille dit le besoin. ", "")
    postes = postes[postes["departement"].isin(codes)].copy()
    postes["sans_secteur"] = postes["sans_secteur"].astype(bool)
    if niveau == Niveau.DEPARTEMENTS:
        titre = f"{enumeration(_academies(sites))} : où vont les moyens ?"
        sites["territoire"], postes["territoire"] = sites["departement"], postes["departement"]
    else:
        titre = (
            f"{noms[codes[0]]} : où vont les moyens, {MOTS[niveau].singulier} par "
            f"{MOTS[niveau].singulier} ?"
        )
        noms = _par_parties(niveau, sites, postes)
    formes = {
        code: _enveloppe(siens) if forme is None else forme
        for code, siens, forme in (
            (code, sites[sites["territoire"] == code], contours.get(code))
            for code in noms
            if code != MOTS[niveau].inconnu
        )
        if not siens.empty
    }
    return Territoires(
        niveau=niveau,
        departement=departement,
        noms=noms,
        sites=sites,
        postes=postes,
        regles=tuple(echelle.priorites.regles),
        titre=titre,
        formes=formes,
        decor=(None if departement is None else contours.get(departement, _enveloppe(sites))),
        legende=legende,
        # of another département, maybe: said to who sees them all
        sans_residence=sans_residence if lecteur.departements is None else 0,
    )


def _en_vue(lecteur: Lecteur, connexion: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Code → name of the départements in scope; AtlasError when there is none."""
    tous = entrepot.departements(connexion)
    noms = {code: nom for code, nom in tous.items() if lecteur.peut(Acte.LISTER, code)}
    if not noms:
        raise AtlasError(
            "Aucun département de votre ressort n'est dans l'entrepôt.",
            admis=enumeration(sorted(lecteur.departements or ())) or "aucun département",
            remede="reconstruire l'entrepôt avec l'un d'eux, ou demander un autre accès",
        )
    return noms


def _par_parties(niveau: Niveau, sites: pd.DataFrame, postes: pd.DataFrame) -> dict[str, str]:
    """Put each site and poste in its bassin or réseau; their names, the unknown one last."""
    mots = MOTS[niveau]
    if niveau == Niveau.RESEAUX and sites[mots.colonne].isna().all():
        raise AtlasError(
            "Aucun réseau d'établissements n'est connu pour ce département.",
            admis="un département dont des établissements ont un réseau",
            remede="remplir la colonne « reseau » du fichier « bassins », puis reconstruire",
        )
    for cadre in (sites, postes):
        cadre["territoire"] = [valeur or mots.inconnu for valeur in cadre[mots.colonne]]
    parties = {*sites["territoire"], *postes["territoire"]}
    return {p: p for p in sorted(parties, key=lambda p: (p == mots.inconnu, p))}


def _academies(sites: pd.DataFrame) -> list[str]:
    return sorted(sites["academie"].dropna().unique()) or ["Académie"]


def demi_postes_de(dossier: Path) -> VueDemiPostes | None:
    """The margins kept in the folder of a plan; None when there are none."""
    lue = marges.vue(dossier, Nature.MARGES)
    return None if lue is None else VueDemiPostes(lue.phrase, lue.tables[PAR_BASSIN])


Lire = Callable[[Path], VueDemiPostes | None]


def suivi(lecteur: Lecteur, base: Path, lire: Lire = demi_postes_de) -> VueSuivi:
    """The most advanced scenario of each département, and what its margins say of a half-post.

    Never to be cached: scenarios and studies come and go; `lire` may keep what a study says.
    """
    with entrepot.ouvrir(base) as connexion:
        noms = _en_vue(lecteur, connexion)
    apercus = [a for a in atelier.lister(lecteur) if a.departement in noms]
    lignes, sans_scenario, sans_marges = [], [], []
    for code, nom in noms.items():
        siens = [a for a in apercus if a.departement == code]
        marge = _marge(lecteur, code, siens, lire)
        if not siens:
            sans_scenario.append(code)
        if marge is None:
            sans_marges.append(code)
        retenu = max(siens, key=_avancement, default=None)
        lignes.append(
            (
                nom,
                retenu.nom if retenu else AUCUN_SCENARIO,
                retenu.statut.libelle if retenu else "—",
                en_clair(retenu.modifie_le) if retenu else "—",
                len(siens),
                A_CALCULER if marge is None else marge.phrase,
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


def demi_postes(
    lecteur: Lecteur, departement: str, lire: Lire = demi_postes_de
) -> VueDemiPostes | None:
    """The kept margins of a département, bassin by bassin; None when no plan has any.

    Never to be cached: studies come and go; `lire` may keep what a study says.
    """
    exiger(lecteur, Acte.LIRE, departement)
    return _marge(lecteur, departement, atelier.lister(lecteur, departement), lire)


def _avancement(apercu: Apercu) -> tuple[int, datetime]:
    return ORDRE.index(apercu.statut), apercu.modifie_le


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
    titre = MOTS[lus.niveau].titre
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
    rangs = pd.Categorical(lus.sites["territoire"], categories=list(lus.noms)).codes
    besoin = lus.sites["besoin"].to_numpy(dtype=float)
    servi = np.minimum(lus.sites["presence"].to_numpy(dtype=float), besoin)
    lignes = []
    for regle in lus.regles:
        dedans = np.array([regle.code in codes for codes in lus.sites["categories"]], dtype=bool)
        if not dedans.any():
            continue
        demandes, servis = (
            np.bincount(rangs[dedans], weights=quantite[dedans], minlength=len(lus.noms))
            for quantite in (besoin, servi)
        )
        lignes.append(
            {
                "Catégorie": regle.libelle,
                "Sites": int(dedans.sum()),
                **{
                    f"{nom} (%)": round(s / d * 100) if d else None
                    for nom, s, d in zip(lus.noms.values(), servis, demandes, strict=True)
                },
            }
        )
    return pd.DataFrame(lignes)


def _mot(niveau: Niveau, n: int) -> str:
    return pluriel(n, MOTS[niveau].singulier, MOTS[niveau].au_pluriel)


def _phrase(lus: Territoires, chiffres: pd.DataFrame) -> str:
    total = chiffres.drop(columns="part").sum()
    connus = len(set(lus.noms) - {MOTS[lus.niveau].inconnu})
    debut = f"{_mot(lus.niveau, connus)}, {pluriel(total['sites'], 'site')}"
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
    numeros = ", ".join(f"{rang} {nom}" for rang, nom in enumerate(lus.formes, start=1))
    return (
        f"{numeros}. Un {MOTS[lus.niveau].singulier} est dessiné par l'enveloppe de ses sites ; "
        "son numéro, puis la part du besoin couverte."
    )


def _carte(lus: Territoires, chiffres: pd.DataFrame) -> go.Figure:
    """Territories by share of the besoin met: colour, and the number written."""
    echelle = cartes.echelle_part()
    figure = go.Figure()
    if lus.decor is not None:
        _tracer(figure, lus.decor, "rgba(138,138,138,0.07)", cartes.GRIS)
    parts = {code: float(chiffres.loc[code, "part"]) for code in lus.formes}
    classes = echelle.classer(
        pd.DataFrame({"presence": [part * 100 for part in parts.values()], "besoin": 100})
    )
    for forme, classe in zip(lus.formes.values(), classes, strict=True):
        fond, bord = echelle.couleurs[classe]
        _tracer(figure, forme, fond, bord)
    for classe, (fond, bord) in echelle.couleurs.items():
        if classe in classes:
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
    _ecrire_les_noms(figure, lus, parts)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False, scaleanchor="x")
    figure.update_layout(
        height=cartes.HAUTEUR_PX * 4 // 5,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        dragmode="pan",
        uirevision=f"academie-{lus.niveau}-{lus.departement}",
        separators=",\u202f",
        legend={"orientation": "h", "y": -0.01, "yanchor": "top", "itemclick": False},
    )
    return figure


def _ecrire_les_noms(figure: go.Figure, lus: Territoires, parts: dict[str, float]) -> None:
    """Each territory's share under its name, in a box; bassins are close: a number names them."""
    for rang, (code, forme) in enumerate(lus.formes.items(), start=1):
        if forme.is_empty:
            continue
        centre = forme.representative_point()
        nom = f"{lus.noms[code]}</b><br>" if lus.niveau == Niveau.DEPARTEMENTS else f"{rang}</b> · "
        figure.add_annotation(
            x=centre.x,
            y=centre.y,
            text=f"<b>{nom}{pourcentage(parts[code])}",
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


def _contours(
    connexion: duckdb.DuckDBPyConnection, departements: list[str]
) -> dict[str, shapely.Geometry]:
    """The outline of each département in Lambert-93; those without a contour are left out."""
    lignes = connexion.execute(
        "select departement, contour_wkb from mart_commune "
        "where contour_wkb is not null and list_contains(?, departement) order by commune_code",
        [departements],
    ).fetchall()
    communes: dict[str, list[shapely.Geometry]] = {}
    formes = cartes.tous_en_lambert([wkb for _, wkb in lignes])
    for (departement, _), forme in zip(lignes, formes, strict=True):
        communes.setdefault(departement, []).append(forme)
    return {
        # a metre closes the slits between neighbours
        departement: _reunir(siennes).buffer(1).simplify(cartes.SIMPLIFICATION_M)
        for departement, siennes in communes.items()
    }


def _reunir(formes: list[shapely.Geometry]) -> shapely.Geometry:
    """Their union; far quicker when neighbours share their very edges, as published ones do."""
    if shapely.coverage_is_valid(formes):
        return shapely.coverage_union_all(formes)
    return shapely.union_all(formes)


def _enveloppe(sites: pd.DataFrame) -> shapely.Geometry:
    """The hull of the sites that have a position, a little wider than them."""
    places = sites.dropna(subset=["longitude", "latitude"])
    if places.empty:
        return shapely.Polygon()
    points = cartes.LAMBERT_93.transform(
        places["longitude"].astype(float).to_numpy(), places["latitude"].astype(float).to_numpy()
    )
    return shapely.convex_hull(shapely.multipoints(np.column_stack(points))).buffer(DEGAGEMENT_M)


def _marge(
    lecteur: Lecteur, departement: str, siens: list[Apercu], lire: Lire
) -> VueDemiPostes | None:
    """The margins last kept of a département: of its most advanced scenario that has some, else
    of its last proposal; None when there is none, or when `lecteur` may not read them.
    """
    if not lecteur.peut(Acte.LIRE, departement):
        return None
    for apercu in sorted(siens, key=_avancement, reverse=True):
        lue = lire(apercu.emplacement)
        if lue is not None:
            return VueDemiPostes(f"{apercu.nom} : {lue.phrase}", lue.table)
    lues = (lire(etat.dossier) for etat in calculs.derniers(lecteur, departement))
    return next((lue for lue in lues if lue is not None), None)


def _phrase_du_suivi(noms: dict[str, str], sans_scenario: list[str]) -> str:
    if not sans_scenario:
        return "Chaque département a un scénario."
    if len(sans_scenario) == len(noms):
        return (
            "Aucun département n'a encore de scénario : en créer un depuis une proposition, "
            "page « Proposer »."
        )
    return f"Sans scénario : {enumeration([noms[c] for c in sans_scenario])}."
