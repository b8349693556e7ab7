"""Where a département stands: one sentence with its numbers, and what proves it."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pandas as pd
import plotly.graph_objects as go

from pipelines.base import reference
from pipelines.base.textes import au_plus_juste, enumeration, jour, nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.reports import cartes
from pipelines.reports.sites import part_couverte, tableau_sites
from pipelines.scenarios.lecteurs import courant, reserve


@dataclass(frozen=True)
class Situation:
    """The first screen. `prioritaires`: sites of a priority category short of presence."""

    departement: str
    nom: str
    phrase: str
    remarques: list[str]
    a_des_postes: bool
    sites: pd.DataFrame
    prioritaires: pd.DataFrame
    titre_prioritaires: str
    carte: go.Figure
    legende_carte: str


def departements(base: Path) -> dict[str, str]:
    """Code → name of the départements in the scope of who reads."""
    with entrepot.ouvrir(base) as connexion:
        tous = entrepot.departements(connexion)
    return {code: nom for code, nom in tous.items() if courant().voit(code)}


def avertissements(base: Path) -> list[str]:
    """What must be read on every screen: fictitious establishments, simulated posts."""
    with entrepot.ouvrir(base) as connexion:
        return list(entrepot.avertissements(connexion).values())


@reserve
def situation(base: Path, departement: str, aujourd_hui: date | None = None) -> Situation:
    """The state of `departement` today; AtlasError when the warehouse doesn't have it."""
    with entrepot.ouvrir(base) as connexion:
        nom = entrepot.exiger_departement(connexion, departement)
        sites = tableau_sites(connexion, departement)
        postes = entrepot.lire(connexion, "mart_poste", departement)
        decor = cartes.fond(connexion, departement)
        remarques = _remarques(connexion, departement, aujourd_hui or date.today())
        legende = legende_carte(connexion)
    prioritaires = sites[sites["est_prioritaire"] & sites["est_en_manque"]].copy()
    prioritaires["manque"] = prioritaires["besoin"] - prioritaires["presence"]
    prioritaires = prioritaires.sort_values(["manque", "nom"], ascending=[False, True]).reset_index(
        drop=True
    )
    return Situation(
        departement=departement,
        nom=nom,
        phrase=_phrase(sites, postes, prioritaires),
        remarques=remarques,
        a_des_postes=not postes.empty,
        sites=sites,
        prioritaires=prioritaires,
        titre_prioritaires=_titre_prioritaires(len(prioritaires)),
        carte=cartes.carte_couverture(sites, decor, f"situation-{departement}"),
        legende_carte=legende,
    )


def _phrase(sites: pd.DataFrame, postes: pd.DataFrame, prioritaires: pd.DataFrame) -> str:
    nb_reseaux = int((sites["nature"] == "ecoles_rep_plus").sum())
    decor = pluriel(len(sites) - nb_reseaux, "établissement")
    if nb_reseaux:
        decor += f" et {pluriel(nb_reseaux, 'réseau', 'réseaux')} d'écoles REP+"
    nb_prioritaires = int(sites["est_prioritaire"].sum())
    if postes.empty:
        return (
            f"{decor}, dont {pluriel(nb_prioritaires, 'site')} d'une catégorie prioritaire, "
            f"demandent {nombre(sites['besoin'].sum())} demi-journées par cycle de 4 semaines ; "
            "aucun poste n'est connu."
        )
    servants = postes[~postes["sans_secteur"].astype(bool)]
    etp = servants["quotite_etp"].astype(float).sum()
    debut = (
        f"{pluriel(len(servants), 'poste')} ({au_plus_juste(etp)} ETP) pour {decor} : "
        f"{pourcentage(part_couverte(sites))} du besoin est couvert"
    )
    seuil = f"moins de {pourcentage(reference.valeur('couverture', 'part_manque_prioritaire'))}"
    if prioritaires.empty:
        return f"{debut}, et aucun site prioritaire n'a {seuil} de son besoin."
    accord = "a" if len(prioritaires) == 1 else "ont"
    return (
        f"{debut}, et {len(prioritaires)} des {nombre(nb_prioritaires)} sites prioritaires "
        f"{accord} {seuil} de leur besoin."
    )


def _titre_prioritaires(nombre_de_sites: int) -> str:
    seuil = pourcentage(reference.valeur("couverture", "part_manque_prioritaire"))
    if nombre_de_sites == 0:
        return f"Aucun site prioritaire sous {seuil} de son besoin"
    sites = pluriel(nombre_de_sites, "site prioritaire", "sites prioritaires")
    return f"{sites} sous {seuil} du besoin"


def _remarques(
    connexion: duckdb.DuckDBPyConnection, departement: str, aujourd_hui: date
) -> list[str]:
    """What weakens the picture: age of the annuaire, unknown numbers, anomalies to look at."""
    remarques = []
    [(maj,)] = connexion.execute(
        "select max(date_maj) from mart_etablissement where departement = ?", [departement]
    ).fetchall()
    if maj is not None:
        mois = (aujourd_hui.year - maj.year) * 12 + aujourd_hui.month - maj.month
        age = "de ce mois" if mois <= 0 else f"vieux de {mois} mois"
        remarques.append(f"Annuaire du {jour(maj.isoformat())}, {age}.")
    [(inconnus, rentrees)] = connexion.execute(
        "select count(*) filter (where effectif is null), "
        "list_sort(list(distinct effectif_rentree) filter (where effectif_rentree is not null)) "
        "from mart_site where departement = ?",
        [departement],
    ).fetchall()
    annees = enumeration([str(r) for r in rentrees or []])
    if annees:
        remarques.append(
            f"Effectifs des rentrées {annees}, selon les sites."
            if len(rentrees) > 1
            else f"Effectifs de la rentrée {annees}."
        )
    if inconnus:
        remarques.append(
            f"{pluriel(inconnus, 'site')} sans effectif connu : le besoin y prend la médiane des "
            "sites de même type."
        )
    [(a_verifier,)] = connexion.execute(
        "select count(*) from mart_anomalie where gravite = 'attention'"
    ).fetchall()
    if a_verifier:
        remarques.append(
            f"{pluriel(a_verifier, 'anomalie')} à vérifier dans l'ensemble des fichiers."
        )
    sans_agent = connexion.execute(
        "select count(*) from mart_poste where departement = ? and statut in ('vacant', 'absent')",
        [departement],
    ).fetchall()[0][0]
    if sans_agent:
        remarques.append(
            f"{pluriel(sans_agent, 'poste vacant ou absent', 'postes vacants ou absents')} : "
            "la présence prévue est comptée comme si quelqu'un la tenait."
        )
    [(sans_residence,)] = connexion.execute(
        "select count(*) from mart_poste where departement is null"
    ).fetchall()
    if sans_residence:
        remarques.append(
            f"{pluriel(sans_residence, 'poste')} sans résidence connue, tous départements réunis."
        )
    return remarques


def legende_carte(connexion: duckdb.DuckDBPyConnection) -> str:
    """What stands under a map: what size means, where the contours come from, the date."""
    contours = connexion.execute(
        "select distinct producteur from meta_construction where source = 'contours'"
    ).fetchall()
    [(construit_le,)] = connexion.execute(
        "select max(construit_le)::date::varchar from meta_construction"
    ).fetchall()
    source = "Contours : IGN et INSEE" if contours else "Contours non fournis"
    return f"La taille dit le besoin. {source} ; données assemblées le {jour(construit_le)}."
