"""The barèmes over a département: besoins, what they owe to each weight, where two disagree."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pipelines.base import reference
from pipelines.base.textes import FINE, enumeration, jour, nombre, pluriel, pourcentage
from pipelines.base.textes import rythme as texte_rythme
from pipelines.marts import entrepot
from pipelines.reports.libelles import COULEURS_RYTHME, FORMES, TYPES
from pipelines.reports.sites import categories_en_mots, nom_de_categorie, presences_actuelles
from pipelines.scenarios.lecteurs import reserve
from pipelines.scoring import jeux
from pipelines.scoring.bareme import (
    DOSSIER,
    PARTIES_REGLABLES,
    Bareme,
    bareme,
    poids_reglables,
)
from pipelines.scoring.besoin import (
    OUI,
    Donnees,
    Mesure,
    Transition,
    detailler,
    mesurer,
    preparer,
    transition,
)
from pipelines.scoring.couverture import Rythme
from pipelines.scoring.moyens import Moyens, a_moyens_constants, moyens
from pipelines.scoring.sensibilite import desaccord as mesurer_desaccord

UNITE = "½ j. par cycle"
ECARTS_MONTRES = 20


@dataclass(frozen=True)
class VueBesoins:
    """The besoins of a département under one barème, beside the others."""

    libelle: str
    phrase: str
    resume: str
    nature: str
    remarques: list[str]
    baremes: pd.DataFrame
    sites: pd.DataFrame
    categories: pd.DataFrame
    poids: pd.DataFrame


@dataclass(frozen=True)
class VueDesaccord:
    """How two barèmes share the same half-days."""

    phrase: str
    legende: str
    nuage: go.Figure
    ecarts: pd.DataFrame
    categories: pd.DataFrame


def baremes() -> dict[str, str]:
    """Code → label of every barème that can be read, the académie's own marked."""
    return {
        lu.code: lu.libelle
        + (" (barème de l'académie)" if jeux.est_local(DOSSIER, lu.code) else "")
        for lu in jeux.lisibles(DOSSIER, bareme)
    }


def choix_categories() -> dict[str, str]:
    """Code → label of every category of a barème that can be read, first barème first."""
    return {
        regle.code: regle.libelle
        for lu in reversed(list(jeux.lisibles(DOSSIER, bareme)))
        for regle in lu.priorites.regles
    }


def choix_pertes() -> dict[int | None, str]:
    """The settings of the transition rule, half-days per cycle → words; None (off) first."""
    admises = reference.valeur("couverture", "pertes_de_transition")
    return {None: "sans limite", **{n: f"{pluriel(n, 'demi-journée')} par cycle" for n in admises}}


@reserve
def vue(base: Path, departement: str, code: str, perte_max: int | None = None) -> VueBesoins:
    """The besoins of `departement` under the barème `code`, with the transition rule if asked."""
    echelle = bareme(code)
    with entrepot.ouvrir(base) as connexion:
        nom = entrepot.exiger_departement(connexion, departement)
        donnees = preparer(connexion, echelle.priorites)
        regle = None if perte_max is None else transition(connexion, donnees, perte_max)
        mesure = mesurer(donnees, echelle, regle)
        donnables = moyens(connexion)[departement]
        disponibles = donnables.demi_journees
        presences = presences_actuelles(connexion)
        concernes = _concernes(donnees, departement)
        table_baremes = _table_baremes(connexion, departement, disponibles)
    besoin = mesure.besoin[concernes]
    constants = _constants_ou_inconnus(a_moyens_constants(besoin, disponibles), disponibles)
    remarques = [
        f"Barème en vigueur le {jour(echelle.en_vigueur_le.isoformat())}, vérifié le "
        f"{jour(echelle.verifie_le.isoformat())} ; {echelle.nature[0].lower()}{echelle.nature[1:]}."
    ]
    remarques.append(
        _moyens_en_mots(donnables)
        if disponibles
        else "À moyens constants : inconnu, aucun poste n'est connu ici. Un fichier « postes » "
        "(page Données) le dirait."
    )
    if regle is not None:
        tenus = int(sum(ligne.presente[concernes].sum() for ligne in mesure.lignes[-1:]))
        remarques.append(
            "Règle de transition appliquée : aucun besoin ne descend de plus de "
            f"{pluriel(regle.perte_max, 'demi-journée')} par cycle sous la présence "
            f"d'aujourd'hui, dans la limite du plafond ({nombre(echelle.bornes['plafond'])}) ; "
            f"elle relève le besoin de {pluriel(tenus, 'site')}. Une proposition "
            "la suit autant que les moyens le permettent, et nomme les sites où elle ne l'a pas "
            "pu. Les barèmes côte à côte, la sensibilité et le désaccord sont sans elle."
        )
        remarques += _au_dela_du_plafond(donnees, mesure, regle, concernes)
    return VueBesoins(
        libelle=echelle.libelle,
        phrase=_phrase(nom, besoin, disponibles),
        resume=echelle.resume,
        nature=echelle.nature,
        remarques=remarques,
        baremes=table_baremes,
        sites=_table_sites(donnees, echelle, mesure, concernes, constants, presences),
        categories=_table_categories(donnees, echelle, besoin, constants, concernes),
        poids=tableau_poids(echelle),
    )


@reserve
def desaccord(base: Path, departement: str, premier: str, second: str) -> VueDesaccord:
    """How the barèmes `premier` and `second` differ over `departement`, at the same total."""
    echelles = [bareme(premier), bareme(second)]
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        prepares = [preparer(connexion, e.priorites) for e in echelles]
    mesures = [mesurer(d, e) for d, e in zip(prepares, echelles, strict=True)]
    donnees, concernes = prepares[0], _concernes(prepares[0], departement)
    ecart = mesurer_desaccord(donnees, *mesures, concernes)
    sites = donnees.sites[concernes].reset_index(drop=True)
    parts = ecart.parts
    parts["ecart"] = (parts["part_seconde"] - parts["part_premiere"]) * parts[
        "besoin_premiere"
    ].sum()
    libelles = {r.code: r.libelle for r in echelles[0].priorites.regles}
    noms = [e.libelle for e in echelles]
    plus_grands = parts.reindex(parts["ecart"].abs().sort_values(ascending=False).index)
    plus_grands = plus_grands[plus_grands["ecart"].abs() >= 1].head(ECARTS_MONTRES)
    return VueDesaccord(
        phrase=_phrase_desaccord(noms, ecart.correlation, parts),
        legende=(
            f"Premier : « {noms[0]} ». Second : « {noms[1]} ». ½ j. : demi-journées par cycle. "
            "Un site compte dans chacune de ses catégories."
        ),
        nuage=_nuage(sites, parts, noms),
        ecarts=pd.DataFrame(
            [
                (
                    sites.loc[i, "nom"],
                    sites.loc[i, "commune"],
                    TYPES[sites.loc[i, "type"]],
                    int(parts.loc[i, "besoin_premiere"]),
                    int(parts.loc[i, "besoin_seconde"]),
                    int(parts.loc[i, "rang_premiere"]),
                    int(parts.loc[i, "rang_seconde"]),
                    round(float(parts.loc[i, "ecart"]), 1),
                )
                for i in plus_grands.index
            ],
            columns=[
                "Site",
                "Commune",
                "Type",
                "Besoin, premier (½ j.)",
                "Besoin, second (½ j.)",
                "Rang, premier",
                "Rang, second",
                "Écart au même total (½ j.)",
            ],
        ),
        categories=pd.DataFrame(
            {
                "Catégorie": [libelles[c] for c in ecart.categories["code"]],
                "Sites": ecart.categories["sites"],
                "Part du besoin, premier (%)": (ecart.categories["part_premiere"] * 100).round(1),
                "Part du besoin, second (%)": (ecart.categories["part_seconde"] * 100).round(1),
            }
        ),
    )


def tableau_poids(echelle: Bareme) -> pd.DataFrame:
    """Every number of a barème with its unit and its reference, bounds included."""
    return pd.DataFrame(
        [
            (p.libelle, p.valeur, p.unite, p.reference)
            for p in poids_reglables(echelle, (*PARTIES_REGLABLES, "bornes"))
        ],
        columns=["Nombre", "Valeur", "Unité", "Référence"],
    )


def _concernes(donnees: Donnees, departement: str) -> np.ndarray:
    return (donnees.sites["departement"] == departement).to_numpy()


def _phrase(nom: str, besoin: np.ndarray, disponibles: int) -> str:
    total = int(besoin.sum())
    debut = f"{nom} : {nombre(total)} demi-journées par cycle pour {pluriel(len(besoin), 'site')}"
    if disponibles == 0:
        return f"{debut} ; aucun poste n'est connu."
    return (
        f"{debut}, quand les postes en donnent {nombre(disponibles)} : à moyens constants, "
        f"{pourcentage(disponibles / total)} de chaque besoin."
        if total
        else f"{debut}."
    )


def _moyens_en_mots(donnables: Moyens) -> str:
    """What is counted as means: the same as in a proposal, by default."""
    phrase = (
        "Moyens : ce que peuvent donner les postes du département qui ont un secteur, comme dans "
        f"une proposition ; les postes vacants y comptent pour "
        f"{pluriel(donnables.vacantes, 'demi-journée')} par cycle"
    )
    if donnables.ailleurs:
        donnees = pluriel(donnables.ailleurs, "demi-journée donnée", "demi-journées données")
        phrase += f", et {donnees} dans un autre département n'y sont pas"
    return f"{phrase}."


def _au_dela_du_plafond(
    donnees: Donnees, mesure: Mesure, regle: Transition, concernes: np.ndarray
) -> list[str]:
    """The sites that lose more than the transition rule says, held by the ceiling; one sentence."""
    perdent = np.flatnonzero(concernes & (regle.presences - mesure.besoin > regle.perte_max))
    if not len(perdent):
        return []
    noms = [
        f"{site['nom']} ({site['commune']}), de {nombre(regle.presences[i])} à "
        f"{nombre(mesure.besoin[i])}"
        for i, site in zip(perdent, donnees.sites.iloc[perdent].to_dict("records"), strict=True)
    ]
    sujet = pluriel(len(noms), "site descend", "sites descendent")
    return [f"À cause du plafond, {sujet} de plus : {enumeration(noms)}."]


def _constants_ou_inconnus(constants: np.ndarray, disponibles: int) -> list[int | None]:
    """Besoins à moyens constants; unknown, not 0, where no poste is known."""
    return [int(n) if disponibles else None for n in constants]


def _table_baremes(
    connexion: duckdb.DuckDBPyConnection, departement: str, disponibles: int
) -> pd.DataFrame:
    """The barèmes side by side: total, share of it the means allow, sites by size of besoin."""
    lignes = []
    for code, libelle in baremes().items():
        echelle = bareme(code)
        donnees = preparer(connexion, echelle.priorites)
        besoin = mesurer(donnees, echelle).besoin[_concernes(donnees, departement)]
        total = int(besoin.sum())
        lignes.append(
            {
                "Barème": libelle,
                f"Besoin total ({UNITE})": total,
                "Moyens (% du besoin)": round(100 * disponibles / total)
                if total and disponibles
                else None,
                **tranches(besoin),
            }
        )
    return pd.DataFrame(lignes)


def tranches(besoin: np.ndarray) -> dict[str, int]:
    """Sites by size of their besoin: bounds in half-days per cycle, named as people say them."""
    tranches, bas = {}, 0
    for haut in reference.valeur("couverture", "tranches_de_besoin"):
        nom = f"{texte_rythme(haut)} au plus"
        tranches[nom] = int(((besoin > bas) & (besoin <= haut)).sum())
        bas = haut
    tranches["Davantage"] = int((besoin > bas).sum())
    return {nom[0].upper() + nom[1:]: n for nom, n in tranches.items()}


def _table_sites(
    donnees: Donnees,
    echelle: Bareme,
    mesure: Mesure,
    concernes: np.ndarray,
    constants: list[int | None],
    presences: dict[str, int],
) -> pd.DataFrame:
    libelles = {r.code: nom_de_categorie(r) for r in echelle.priorites.regles}
    calcules = detailler(donnees, mesure).sites[concernes]
    sites = donnees.sites[concernes]
    table = pd.DataFrame(
        {
            "Site": sites["nom"],
            "Commune": sites["commune"],
            "Type": [TYPES[t] for t in sites["type"]],
            "Catégories prioritaires": [
                categories_en_mots(connues, inconnues, libelles)
                for connues, inconnues in zip(
                    calcules["categories"], calcules["inconnues"], strict=True
                )
            ],
            "Élèves": [None if e is None else int(e) for e in sites["effectif"]],
            f"Besoin ({UNITE})": calcules["besoin"],
            f"À moyens constants ({UNITE})": constants,
            f"Présence aujourd'hui ({UNITE})": [int(presences.get(s, 0)) for s in sites["site_id"]],
            "UAI": sites["uai_principal"],
        }
    )
    return table.sort_values(["Site", "UAI"]).reset_index(drop=True)


def _table_categories(
    donnees: Donnees,
    echelle: Bareme,
    besoin: np.ndarray,
    constants: list[int | None],
    concernes: np.ndarray,
) -> pd.DataFrame:
    """Besoins by category; a site counts in each of its own, one without any in the last row."""
    lignes = []
    aucune = np.ones(len(besoin), dtype=bool)
    for regle in echelle.priorites.regles:
        membres = donnees.verdicts[regle.code][concernes] == OUI
        aucune &= ~membres
        lignes.append((nom_de_categorie(regle), membres))
    lignes.append(("Aucune catégorie connue", aucune))
    return pd.DataFrame(
        [
            (
                libelle,
                int(membres.sum()),
                int(besoin[membres].sum()),
                _somme_connue(constants, membres),
                round(float(besoin[membres].mean()), 1),
            )
            for libelle, membres in lignes
            if membres.any()
        ],
        columns=[
            "Catégorie",
            "Sites",
            f"Besoin ({UNITE})",
            f"À moyens constants ({UNITE})",
            f"Besoin moyen d'un site ({UNITE})",
        ],
    )


def _somme_connue(constants: list[int | None], membres: np.ndarray) -> int | None:
    siens = [n for n, est_membre in zip(constants, membres, strict=True) if est_membre]
    return None if None in siens else sum(n or 0 for n in siens)


def _phrase_desaccord(noms: list[str], correlation: float | None, parts: pd.DataFrame) -> str:
    if correlation is None:
        return "L'un des deux barèmes donne le même besoin à tous les sites."
    proche, eloigne = reference.valeur("sensibilite", "correlations_en_mots")
    if correlation > proche:
        accord = "presque le même ordre"
    else:
        accord = "un ordre proche" if correlation > eloigne else "un ordre différent"
    deplacees = float(parts["ecart"].abs().sum() / 2)
    part = deplacees / max(float(parts["besoin_premiere"].sum()), 1)
    return (
        f"« {noms[0]} » et « {noms[1]} » classent les sites dans {accord} (corrélation des rangs "
        f"de Spearman : {nombre(correlation, 2)}). Au même total, passer de l'un à l'autre déplace "
        f"{pluriel(round(deplacees), 'demi-journée')} par cycle, {pourcentage(part)} du besoin."
    )


def _nuage(sites: pd.DataFrame, parts: pd.DataFrame, noms: list[str]) -> go.Figure:
    """Each site's besoin under the two barèmes; above the line, the second gives more."""
    figure = go.Figure()
    if parts.empty:
        return figure
    haut = int(max(parts["besoin_premiere"].max(), parts["besoin_seconde"].max())) + 2
    figure.add_scatter(
        x=[0, haut],
        y=[0, haut],
        mode="lines",
        line={"color": "#8A8A8A", "dash": "dot", "width": 1},
        name="Même besoin",
        hoverinfo="skip",
    )
    couleur = COULEURS_RYTHME[Rythme.HEBDOMADAIRE][0]
    for type_ in [t for t in TYPES if (sites["type"] == t).any()]:
        siens = sites["type"] == type_
        figure.add_scatter(
            x=parts.loc[siens, "besoin_premiere"],
            y=parts.loc[siens, "besoin_seconde"],
            mode="markers",
            name=TYPES[type_],
            marker={
                "symbol": FORMES[type_],
                "size": 10,
                "color": couleur,
                "opacity": 0.65,
                "line": {"width": 1, "color": "#FFFFFF"},
            },
            text=[f"{s.nom}, {s.commune}" for s in sites[siens].itertuples()],
            hovertemplate=(
                f"%{{text}}<br>{noms[0]}{FINE}: %{{x}}<br>{noms[1]}{FINE}: %{{y}}<extra></extra>"
            ),
        )
    figure.update_layout(
        height=460,
        margin={"l": 10, "r": 10, "t": 40, "b": 40},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        xaxis={"title": f"{noms[0]} ({UNITE})", "range": [0, haut]},
        yaxis={"title": f"{noms[1]} ({UNITE})", "range": [0, haut]},
    )
    return figure
