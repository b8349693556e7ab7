"""The only cache of the pages, and their only road to the stages below.

Every cached call takes `version`, the identity of the warehouse file: a rebuilt warehouse is read
anew at the next click, by every session.
"""

import os
from pathlib import Path

import streamlit as st

from pipelines.base import chemins
from pipelines.reports import (
    donnees,
    etablissement,
    fiche_imprimable,
    historique,
    methode,
    modeles,
    proposition,
    signaux,
    situation,
)
from pipelines.scenarios import calculs, depot

CACHE = {"show_spinner": "Lecture des données…", "max_entries": 64}


def base() -> Path:
    """The warehouse served: ATLAS_ENTREPOT, else the default one."""
    return Path(os.environ.get("ATLAS_ENTREPOT", chemins.ENTREPOT_PAR_DEFAUT))


def version() -> str:
    """Changes when the warehouse is rebuilt; « absent » when there is none."""
    try:
        etat = base().stat()
    except FileNotFoundError:
        return "absent"
    return f"{base()}:{etat.st_mtime_ns}:{etat.st_size}"


@st.cache_data(**CACHE)
def departements(version: str) -> dict[str, str]:
    """Code → name of the départements of the warehouse."""
    return situation.departements(base())


@st.cache_data(**CACHE)
def avertissements(version: str) -> list[str]:
    """What every screen must say of the data."""
    return situation.avertissements(base())


@st.cache_data(**CACHE)
def lire_situation(version: str, departement: str) -> situation.Situation:
    """The first screen of a département."""
    return situation.situation(base(), departement)


@st.cache_data(**CACHE)
def choix_sites(version: str, departement: str) -> dict[str, str]:
    """site_id → label of every site of a département."""
    return etablissement.choix(base(), departement)


@st.cache_data(**CACHE)
def lire_fiche(version: str, departement: str, site_id: str) -> etablissement.Fiche:
    """The fiche of a site."""
    return etablissement.fiche(base(), departement, site_id)


def lire_historique(departement: str, site_id: str) -> historique.Historique:
    """What the proposals kept here did with a site; read anew each time, they come and go."""
    return historique.historique(base(), departement, site_id)


def imprimer(fiche: etablissement.Fiche, passe: historique.Historique) -> str:
    """The fiche as one A4 page, with what must be said of the data."""
    return fiche_imprimable.document(fiche, passe, avertissements(version()))


@st.cache_resource(show_spinner="Estimation des besoins attendus…", max_entries=2)
def _examen(version: str) -> signaux.Examen:
    """The estimate over the whole warehouse: some seconds, then kept; only read afterwards."""
    return signaux.examiner(base())


@st.cache_data(**CACHE)
def lire_signaux(version: str, departement: str) -> signaux.Signaux:
    """The sites without a label of a département that are to examine."""
    return signaux.signaux(_examen(version), departement, departements(version)[departement])


@st.cache_data(**CACHE)
def comparer_site(version: str, site_id: str) -> signaux.Comparaison:
    """A site to examine beside the labelled sites that look like it."""
    return signaux.comparaison(_examen(version), site_id)


@st.cache_data(**CACHE)
def lire_proposition(version: str, calcul_id: str) -> proposition.VueProposition:
    """A finished proposal."""
    return proposition.vue(base(), calculs.etat(calcul_id).dossier)


@st.cache_data(**CACHE)
def lire_methode() -> methode.Methode:
    """The method, from the reference files."""
    return methode.methode()


@st.cache_data(**CACHE)
def sources(version: str) -> tuple:
    """Files read, anomalies by reason, and every source Atlas knows."""
    return methode.sources(base()), methode.anomalies(base()), methode.cartes_des_sources()


@st.cache_data(**CACHE)
def lire_donnees(version: str) -> donnees.EtatDesDonnees:
    """The files of the warehouse, what is known, what is to check."""
    return donnees.etat(base())


@st.cache_data(show_spinner=False, max_entries=8)
def examiner_depot(
    version: str, cle: str, repartir_de_zero: bool, _fichiers: list[tuple[str, bytes]]
) -> donnees.VueRapport:
    """The report on dropped files, known by their key `cle`: only what it says is kept."""
    examen = depot.proposer_depot(base(), _fichiers, repartir_de_zero=repartir_de_zero)
    return donnees.presenter(examen)


@st.cache_data(**CACHE)
def modeles_excel() -> bytes:
    """The templates of the local files, zipped."""
    return modeles.archive()
