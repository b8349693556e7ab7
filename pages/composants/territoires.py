"""What is laid side by side: the départements, or the bassins or réseaux of the one chosen."""

from typing import NamedTuple

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import regarder
from pipelines.reports.academie import VueAcademie
from pipelines.reports.territoires import Niveau

# of the list of sites: the download has them
AU_TELECHARGEMENT = ("Catégories prioritaires", "Élèves", "Année des élèves", "UAI")


class Demande(NamedTuple):
    """What every view of territories is read by; `departement`: whose parts, None for all."""

    version: str
    regles: str
    niveau: Niveau
    departement: str | None


def choisir(titre: str, departement: str) -> Demande:
    """The level of the address, its choice being drawn."""
    with st.container(width=cadre.LARGEUR_DE_CHOIX):
        choix = regarder.niveaux(acces.version(), departement)
        niveau = Niveau(cadre.choisir(titre, choix, "niveau", Niveau.DEPARTEMENTS.value))
    du = None if niveau == Niveau.DEPARTEMENTS else departement
    return Demande(acces.version(), acces.version_des_regles(), niveau, du)


def choisi(carte: dict, rang: int | None, vue: VueAcademie) -> str | None:
    """The territory last picked on the map, else in the table; None when none is, or their whole.

    The whole is the last row.
    """
    pris = cadre.site_pris(carte)
    if pris is not None:
        return pris
    return vue.codes[rang] if rang is not None and rang < len(vue.codes) else None


def montrer_un_seul(demande: Demande, code: str, nom: str) -> None:
    """The bassins of the département picked, for who may read its postes, and its sites."""
    if demande.niveau == Niveau.DEPARTEMENTS and acces.peut_lire(code):
        st.markdown(f"##### {nom} : bassin par bassin")
        des_bassins = demande._replace(niveau=Niveau.BASSINS, departement=code)
        montrer_la_table(regarder.lire_academie(*des_bassins), f"academie-bassins-{code}")
        st.page_link(
            cadre.page("situation"),
            label=f"Ouvrir la situation de {nom}",
            query_params={"departement": code},
        )
    st.markdown(f"##### {cadre.inerte(nom)} : ses sites")
    cadre.table(
        regarder.sites_du_territoire(*demande, code),
        f"academie-sites-{code}",
        au_telechargement=AU_TELECHARGEMENT,
    )


def montrer_la_table(vue: VueAcademie, nom: str, *, a_choisir: bool = False) -> int | None:
    """The territories of a view, one a row, then their whole; the row chosen."""
    return cadre.table(
        vue.table,
        nom,
        hauteur="content",
        a_choisir=a_choisir,
        au_telechargement=("Sites", "Élèves", "Besoin (½ j. par cycle)", "Sites prioritaires"),
    )
