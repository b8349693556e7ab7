"""What a proposal leaves to decide: half-posts, changes, negotiation, absences."""

import streamlit as st

from pages.composants import acces, cadre, etude

departement = cadre.departement()
vue = acces.lire_situation(acces.version(), departement)
st.title(f"{vue.nom} : que reste-t-il à décider ?")
if not vue.a_des_postes:
    cadre.sans_postes()

etude.suivre(departement)
