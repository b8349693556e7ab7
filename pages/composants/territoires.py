"""What is laid side by side: the départements, or the bassins or réseaux of the one chosen."""

from typing import NamedTuple

import streamlit as st

from pages.composants import acces, cadre
from pipelines.reports.territoires import Niveau


class Demande(NamedTuple):
    """What every view of territories is read by; `departement`: whose parts, None for all."""

    version: str
    regles: str
    niveau: Niveau
    departement: str | None


def choisir(titre: str, departement: str) -> Demande:
    """The level of the address, its choice being drawn."""
    with st.container(width=cadre.LARGEUR_DE_CHOIX):
        choix = acces.niveaux(acces.version(), departement)
        niveau = Niveau(cadre.choisir(titre, choix, "niveau", Niveau.DEPARTEMENTS.value))
    du = None if niveau == Niveau.DEPARTEMENTS else departement
    return Demande(acces.version(), acces.version_des_regles(), niveau, du)
