"""Travel times measured once by an engine, written as the local file the next build reads.

An engine is never asked by a build nor by a proposal: a person asks it, once; its file then goes
the way of every source, with its fingerprint, and can be read, corrected and handed on.
"""

import csv
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import pluriel
from pipelines.marts import entrepot
from pipelines.planning.moteurs import (
    AVolDOiseau,
    Durees,
    Lieux,
    Matrice,
    Moteur,
    Progres,
    ecarter_invraisemblables,
    empreinte,
    sans_suite,
)
from pipelines.planning.osrm import PROFIL_PAR_DEFAUT, Osrm
from pipelines.planning.valhalla_local import Valhalla
from pipelines.scenarios.propositions import ecrire

COLONNES = ("origine_uai", "destination_uai", "minutes", "km", "moteur", "empreinte")
MOTEURS = (AVolDOiseau.nom, Osrm.nom, Valhalla.nom)
REPONSES = "réponses invraisemblables"
LIEUX = ("lieu", "lieux")


@dataclass(frozen=True)
class Mesure:
    """What a file of travel holds: pairs with a time, without a way, and answers set aside.

    `est_reprise` when the same computation was already in the file: nothing was asked.
    """

    fichier: Path
    moteur: str
    nb_couples: int
    nb_sans_itineraire: int
    nb_ecartees: int
    nb_sans_position: int
    est_reprise: bool


def moteur(nom: str, *, url: str | None, profil: str | None, carte: Path | None) -> Moteur:
    """The engine of that name; AtlasError when it does not exist or lacks what it needs."""
    if nom == AVolDOiseau.nom:
        return AVolDOiseau()
    if nom == Osrm.nom and url:
        return Osrm(url, profil or PROFIL_PAR_DEFAUT)
    if nom == Valhalla.nom and carte:
        return Valhalla(carte)
    if nom in MOTEURS:
        manque = "--url" if nom == Osrm.nom else "--carte"
        raise AtlasError(
            f"Le moteur « {nom} » a besoin de {manque}.",
            admis="osrm avec --url http://machine:5000, valhalla avec --carte FICHIER.osm.pbf",
            remede=f"ajouter {manque}",
        )
    suite = (
        "« matrice » est le fichier lui-même : le mettre avec les sources suffit"
        if nom == Matrice.nom
        else "choisir l'un d'eux"
    )
    raise AtlasError(f"Le moteur « {nom} » ne mesure rien.", admis=", ".join(MOTEURS), remede=suite)


def mesurer(
    base: Path,
    departement: str,
    choisi: Moteur,
    sortie: Path,
    progres: Progres = sans_suite,
) -> Mesure:
    """Measure every résidence × site of `departement` and write the file under `sortie`.

    Minutes are door to door: the access of `data/reference/trajets.toml` is added to the times of
    the road. A pair without a way has an empty time. Raises AtlasError when there is no poste, or
    when the engine has no believable answer at all.
    """
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        origines, destinations, nb_sans_position = lieux(connexion, departement)
    if not len(origines):
        raise AtlasError(
            f"Aucun poste placé dans le département {departement} : aucun trajet à mesurer.",
            remede="ajouter le fichier de postes aux sources et reconstruire l'entrepôt",
        )
    # the estimate counts the access itself
    acces_min = 0 if choisi.nom == AVolDOiseau.nom else reference.valeur("trajets", "acces_min")
    qui = choisi.identite() + (f", accès de {acces_min} min compris" if acces_min else "")
    identite = empreinte(qui, origines, destinations)
    fichier = sortie / f"trajets-{departement}-{choisi.nom}.csv"
    deja = _lire(fichier, identite)
    if deja is not None:
        return _bilan(fichier, qui, deja, 0, nb_sans_position, est_reprise=True)
    durees, nb_ecartees = ecarter_invraisemblables(
        choisi.calculer(origines, destinations, progres), origines, destinations
    )
    if np.isnan(durees.minutes).all():
        raise AtlasError(
            f"Le moteur « {choisi.nom} » n'a donné aucun trajet vraisemblable : "
            f"{nb_ecartees} réponses écartées, les autres sans itinéraire.",
            admis="une carte routière qui couvre le département",
            remede="vérifier que le serveur ou la carte couvre cette région",
        )
    date_qui = f"{qui}, calculé le {date.today():%d/%m/%Y}"
    lignes = _lignes(durees, origines, destinations, acces_min, date_qui, identite)
    flux = io.StringIO()
    ecrivain = csv.writer(flux, delimiter=";", lineterminator="\n")
    ecrivain.writerows([COLONNES, *lignes.itertuples(index=False)])
    ecrire(sortie, {fichier.name: flux.getvalue()})
    return _bilan(fichier, qui, lignes, nb_ecartees, nb_sans_position, est_reprise=False)


def lieux(connexion: duckdb.DuckDBPyConnection, departement: str) -> tuple[Lieux, Lieux, int]:
    """Résidences and sites of a département, each UAI once, those of known position only; then
    how many have none.
    """
    postes = entrepot.lire(connexion, "mart_poste", departement)
    sites = entrepot.lire(connexion, "mart_site", departement)
    # a network of écoles shares the UAI of its collège, which stands for both
    sites = sites.sort_values("nature", key=lambda c: c == "ecoles_rep_plus", kind="stable")
    groupes, nb_sans_position = [], 0
    for cadre, colonne in ((postes, "residence_uai"), (sites, "uai_principal")):
        places = cadre.drop_duplicates(colonne).sort_values(colonne)
        tous = Lieux.de(places, colonne)
        groupes.append(tous.parmi(tous.places()))
        nb_sans_position += len(tous) - len(groupes[-1])
    return groupes[0], groupes[1], nb_sans_position


def _lignes(
    durees: Durees,
    origines: Lieux,
    destinations: Lieux,
    acces_min: float,
    qui: str,
    identite: str,
) -> pd.DataFrame:
    """One row a pair, a place with itself left out; empty cells where there is no way."""
    lignes = []
    for i, origine in enumerate(origines.uai):
        for j, destination in enumerate(destinations.uai):
            if origine == destination:
                continue
            minutes, km = durees.minutes[i, j], durees.km[i, j]
            connu = not np.isnan(minutes)
            lignes.append(
                (
                    origine,
                    destination,
                    f"{minutes + acces_min:.1f}" if connu else "",
                    f"{km:.1f}" if connu else "",
                    qui,
                    identite,
                )
            )
    return pd.DataFrame(lignes, columns=list(COLONNES))


def _lire(fichier: Path, identite: str) -> pd.DataFrame | None:
    """The rows of a file made by that very computation; None when there is none."""
    if not fichier.is_file():
        return None
    with fichier.open(encoding="utf-8", newline="") as flux:
        lues = pd.DataFrame(list(csv.DictReader(flux, delimiter=";")))
    if set(lues.columns) != set(COLONNES) or set(lues["empreinte"]) != {identite}:
        return None
    return lues


def _bilan(
    fichier: Path,
    qui: str,
    lignes: pd.DataFrame,
    nb_ecartees: int,
    nb_sans_position: int,
    *,
    est_reprise: bool,
) -> Mesure:
    return Mesure(
        fichier=fichier,
        moteur=qui,
        nb_couples=len(lignes),
        nb_sans_itineraire=int((lignes["minutes"] == "").sum()),
        nb_ecartees=nb_ecartees,
        nb_sans_position=nb_sans_position,
        est_reprise=est_reprise,
    )


def en_mots(mesure: Mesure) -> list[str]:
    """What was measured, what was not, and what to do with the file."""
    phrases = [f"{pluriel(mesure.nb_couples, 'couple')} de lieux par {mesure.moteur}."]
    if mesure.est_reprise:
        phrases.insert(0, "Déjà mesuré : rien n'a changé depuis, rien n'a été demandé.")
    if mesure.nb_sans_itineraire:
        phrases.append(
            f"{pluriel(mesure.nb_sans_itineraire, 'couple')} sans itinéraire : le trajet y reste "
            "inconnu, sans estimation."
        )
    if mesure.nb_ecartees:
        phrases.append(
            f"{pluriel(mesure.nb_ecartees, 'réponse invraisemblable', REPONSES)} parmi eux : plus "
            "court que le vol d'oiseau, ou plus vite qu'une voiture."
        )
    if mesure.nb_sans_position:
        phrases.append(
            f"{pluriel(mesure.nb_sans_position, *LIEUX)} sans position connue : non mesuré."
        )
    phrases.append(
        f"Écrit dans {mesure.fichier} : le mettre parmi les sources et reconstruire l'entrepôt "
        "pour que les propositions s'en servent."
    )
    return phrases
