"""The scenarios kept for a département: the list, and the one of the address."""

import streamlit as st

from pages.composants import acces, cadre, conflit, scenario
from pages.composants.acces import decider
from pipelines.scenarios import atelier

departement = cadre.departement()
nom = acces.departements(acces.version())[departement]
st.title(f"{nom} : quels scénarios sont gardés ?")
conflit.dire()
liste = decider.lire_scenarios(departement)
st.markdown(f"#### {liste.phrase}")
if liste.restriction:
    if liste.noms:
        cadre.table_a_lire(liste.table, f"scenarios-{departement}")
    st.info(liste.restriction)
    st.stop()
if liste.noms:
    cadre.table_a_lire(liste.table, f"scenarios-{departement}")
    choisi = scenario.choisir(liste.noms, "Scénario à ouvrir")
    scenario.montrer(decider.lire_scenario(choisi))
else:
    st.write(
        "Un scénario garde une répartition et tout ce qu'on en fait. Partir d'une proposition : "
        "page « Proposer », bouton « Garder comme scénario » ; ou des présences d'aujourd'hui, "
        "ci-dessous."
    )
if not acces.lire_situation(acces.version(), departement).a_des_postes:
    cadre.sans_postes()
st.markdown("### Un nouveau scénario")
with st.form("aujourd_hui"):
    nom = st.text_input("Nom", value="Répartition d'aujourd'hui")
    if st.form_submit_button("Partir des présences d'aujourd'hui"):
        conflit.agir(atelier.creer_aujourd_hui, acces.base(), nom, departement)
        st.rerun()
