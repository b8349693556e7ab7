"""The road of every page to the stages below: who looks, at which warehouse, under which rules.

This folder alone keeps what it reads, in a module for each heading of the side bar: `regarder`,
`decider`, `comprendre`. Every cached call takes `version`, the identity of the warehouse file: a
rebuilt warehouse is read anew at the next click, by every session.
"""

import os
from pathlib import Path

import streamlit as st

from pipelines.base import chemins
from pipelines.reports import adaptation, attente, documents, recherche, situation
from pipelines.reports.dossier import fichiers
from pipelines.scenarios import lecteurs
from pipelines.scenarios.lecteurs import Lecteur

CACHE = {"show_spinner": "Lecture des données…", "max_entries": 64}
RECHERCHE = {"show_spinner": "Recherche des autres choix…", "max_entries": 256}


def base() -> Path:
    """The warehouse served: ATLAS_ENTREPOT, else the default one."""
    return Path(os.environ.get("ATLAS_ENTREPOT", chemins.ENTREPOT_PAR_DEFAUT))


def version() -> str:
    """Changes when the warehouse is rebuilt; « absent » when there is none."""
    try:
        etat = base().stat()
    except FileNotFoundError:
        return "absent"
    qui = lecteur()
    # what one may see is not kept for another
    ressort = ",".join(sorted(qui.departements)) if qui.departements is not None else "tout"
    return f"{base()}:{etat.st_mtime_ns}:{etat.st_size}:{qui.role}:{ressort}"


def lecteur() -> Lecteur:
    """Who looks at the pages."""
    return lecteurs.courant()


def peut_lire(departement: str) -> bool:
    """Whether who looks may read the plans and the sites of a département."""
    return lecteur().peut_lire(departement)


def peut_modifier(departement: str) -> bool:
    """Whether who looks may launch a computation there, or change a scenario."""
    return lecteur().peut_modifier(departement)


@st.cache_resource(**CACHE)
def departements(version: str) -> dict[str, str]:
    """Code → name of the départements of the warehouse."""
    return situation.departements(base())


@st.cache_resource(**CACHE)
def avertissements(version: str) -> list[str]:
    """What every screen must say of the data."""
    return situation.avertissements(base())


@st.cache_resource(**CACHE)
def lire_situation(version: str, departement: str) -> situation.Situation:
    """The first screen of a département."""
    return situation.situation(base(), departement)


def lire_file() -> attente.VueFile:
    """The queue of the computations of this machine; read anew each time, it moves."""
    return attente.vue()


@st.cache_resource(**CACHE)
def chercher(version: str, departement: str) -> recherche.Etablissements:
    """The establishments of a département, to be found by name, commune or UAI."""
    return recherche.etablissements(base(), departement)


@st.cache_resource(**CACHE)
def lire_document(nom: str) -> documents.Document:
    """A page of the guide."""
    return documents.document(nom)


def choix_destinataires() -> dict[str, str]:
    """The readers a dossier may be made for, code → words."""
    return fichiers.destinataires()


def version_des_regles() -> str:
    """Changes when a file of rules the académie wrote changes."""
    fichiers = sorted(chemins.REGLES.rglob("*.toml")) if chemins.REGLES.is_dir() else []
    return ":".join(f"{f.name}-{f.stat().st_mtime_ns}" for f in fichiers)


@st.cache_resource(**CACHE)
def regles_illisibles(regles: str) -> list[str]:
    """The académie's files of rules that can't be read."""
    return adaptation.illisibles()
