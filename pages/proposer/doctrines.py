"""The doctrines on the same data, side by side: who is served when means are short."""

import streamlit as st

from pages.composants import acces, cadre, comparaison, hypotheses

departement = cadre.departement()
vue = acces.lire_situation(acces.version(), departement)
st.title(f"{vue.nom} : que change la doctrine ?")
cadre.dire_les_regles_illisibles()
if not vue.a_des_postes:
    cadre.sans_postes()

demande = hypotheses.formulaire(
    "Comparer les doctrines",
    ouvert="comparaison" not in st.query_params,
    avec_doctrine=False,
    note=comparaison.NOTE_DUREE,
)
if demande:
    comparaison.lancer(departement, demande)

comparaison.suivre(departement)
guide = acces.lire_document("doctrines")
with st.expander(guide.titre):
    st.markdown(guide.corps)
