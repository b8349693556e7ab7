"""Two or three répartitions side by side: what changes, for whom, and why."""

import streamlit as st

from pages.composants import acces, cadre, cote_a_cote

departement = cadre.departement()
vue = acces.lire_situation(acces.version(), departement)
st.title(f"{vue.nom} : que change une répartition ?")
if not vue.a_des_postes:
    cadre.sans_postes()

bande = st.container()
choix = cote_a_cote.choisir(departement)
if choix:
    with cadre.sur_place():
        cote_a_cote.montrer(departement, choix, bande)
