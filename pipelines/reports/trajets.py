"""Where travel times come from: the engines behind this warehouse, and how far the estimate is."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import jour, nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.planning.etalonnage import CONTROLE, ETALONNAGE, Erreur, erreur, liaisons
from pipelines.planning.moteurs import POSITION, AVolDOiseau, Lieux, empreinte_positions
from pipelines.scenarios.mesures import lieux

A_LA_MAIN = "Mesure à la main"
INCHANGEES, CHANGEES, SANS_OBJET = (
    "inchangées",
    "ont changé : mesurer de nouveau",
    "sans objet",
)
USAGES = {ETALONNAGE: "étalonnage", CONTROLE: "contrôle"}


@dataclass(frozen=True)
class VueTrajets:
    """The times of a warehouse: what they are, how wrong the estimate is, drive by drive."""

    phrase: str
    precision: str
    moteurs: pd.DataFrame
    liaisons: pd.DataFrame


def vue(base: Path) -> VueTrajets:
    """What the method page says of travel times."""
    with entrepot.ouvrir(base) as connexion:
        moteurs = _moteurs(connexion)
        [(nb_mesures,)] = connexion.execute("select count(duree_min) from mart_trajet").fetchall()
    return VueTrajets(
        phrase=(
            f"{pluriel(nb_mesures, 'couple mesuré', 'couples mesurés')} dans cet entrepôt ; "
            "tout autre couple est estimé à vol d'oiseau, et dit inconnu quand une position "
            "manque. La commande « atlas mesurer-trajets » écrit un fichier de trajets mesurés, "
            "à mettre avec les sources."
            if nb_mesures
            else "Aucun trajet mesuré dans cet entrepôt : tous sont estimés à vol d'oiseau, "
            "et dits inconnus quand une position manque. Un fichier « trajets », écrit à la main "
            "ou par « atlas mesurer-trajets », les remplace."
        ),
        precision=(
            f"Précision de l'estimation : {_erreur_en_mots(erreur(ETALONNAGE))} liaisons qui "
            "ont servi à l'étalonner, de connaissance courante et non publiées ; "
            f"{_erreur_en_mots(erreur(CONTROLE))} liaisons d'Andorre qu'elle n'a pas vues, "
            "calculées sur le réseau routier, en montagne."
        ),
        moteurs=moteurs,
        liaisons=_liaisons(),
    )


def _erreur_en_mots(e: Erreur) -> str:
    return (
        f"{pourcentage(e.part_moyenne)} d'écart en moyenne ({nombre(e.moyenne_min, 1)} min), "
        f"{pourcentage(e.part_max)} au plus, sur {e.nb_liaisons}"
    )


def _moteurs(connexion: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """One row a computation of the files of travel, then the estimate that fills the rest."""
    trajets = entrepot.lire(connexion, "mart_trajet")
    lignes: list[tuple[object, ...]] = []
    if not trajets.empty:
        groupes = [lieux(connexion, d)[:2] for d in entrepot.departements(connexion)]
        for (moteur, empreinte), couples in trajets.groupby(["moteur", "empreinte"], dropna=False):
            est_calcule = isinstance(empreinte, str)
            lignes.append(
                (
                    moteur if isinstance(moteur, str) else A_LA_MAIN,
                    nombre(len(couples)),
                    nombre(int(couples["duree_min"].isna().sum())),
                    _etat_des_positions(couples, empreinte, groupes) if est_calcule else SANS_OBJET,
                    empreinte if est_calcule else "celle du fichier",
                )
            )
    lus = reference.parametres("trajets")
    lignes.append(
        (
            f"{AVolDOiseau.nom}, étalonné le {lus['detour'].verifie_le:%d/%m/%Y} : réglages "
            "dans « Les paramètres »",
            "tous les autres",
            SANS_OBJET,
            "celles du jour du calcul",
            "celle de chaque proposition",
        )
    )
    return pd.DataFrame(
        lignes,
        columns=[
            "Moteur, version et réglages",
            "Couples",
            "Sans itinéraire",
            "Positions",
            "Empreinte",
        ],
    )


def _etat_des_positions(
    couples: pd.DataFrame, empreinte: str, groupes: list[tuple[Lieux, Lieux]]
) -> str:
    """Whether the places of a computation are still where they were."""
    origines, destinations = (
        _reunir([paire[rang] for paire in groupes], set(couples[colonne]))
        for rang, colonne in enumerate(("origine_uai", "destination_uai"))
    )
    actuelle = empreinte_positions(origines, destinations)
    return INCHANGEES if empreinte.endswith(f"-{actuelle}") else CHANGEES


def _reunir(groupes: list[Lieux], connus: set[str]) -> Lieux:
    """The places of these UAI, of all the départements together."""
    restes = [g.parmi([r for r, uai in enumerate(g.uai) if uai in connus]) for g in groupes]
    return Lieux(
        tuple(uai for g in restes for uai in g.uai),
        *(np.concatenate([getattr(g, c) for g in restes]) for c in (*POSITION, "densite")),
    )


def _liaisons() -> pd.DataFrame:
    table = liaisons()
    return pd.DataFrame(
        {
            "Liaison": table["origine"] + " – " + table["destination"],
            "Territoire": table["departement"],
            "Usage": table["usage"].map(USAGES),
            "Référence (min)": table["reference_min"],
            "Estimé (min)": table["estime_min"],
            "Écart (%)": (table["part_ecart"] * 100).round().astype(int),
            "Source": table["source"],
            "Vérifié le": table["verifie_le"].map(jour),
        }
    )
