"""Ask for a répartition, follow the computation, read the result."""

import streamlit as st

from pages.composants import acces, cadre, calcul, hypotheses, suivi

departement = cadre.departement()
vue = acces.lire_situation(acces.version(), departement)
st.title(f"{vue.nom} : proposer une répartition")
cadre.dire_les_regles_illisibles()
if not vue.a_des_postes:
    cadre.sans_postes()

demande = hypotheses.formulaire(
    "Proposer une répartition", ouvert="calcul" not in st.query_params, avec_doctrine=True
)
if demande:
    calcul.lancer(departement, demande)

calcul.suivre(departement)
suivi.file()
