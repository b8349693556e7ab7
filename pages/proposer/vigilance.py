"""What a contradictor would raise of a scenario before the meeting, and what to answer."""

import streamlit as st

from pages.composants import acces, cadre, conflit, points
from pages.composants import scenario as fiche_du_scenario
from pages.composants.acces import decider

departement = cadre.departement()
situation = acces.lire_situation(acces.version(), departement)
st.title(f"{situation.nom} : que va-t-on nous opposer ?")
if not situation.a_des_postes:
    cadre.sans_postes()

scenarios = decider.choix_scenarios(departement)
if not scenarios:
    st.info(
        "Aucun scénario pour ce département : en garder un depuis une proposition ou les présences "
        "d'aujourd'hui, puis revenir ici."
    )
    st.page_link(
        cadre.page("scenarios"),
        label="Garder un scénario",
        query_params={"departement": departement},
    )
    st.stop()
scenario = decider.ouvrir_scenario(
    cadre.choisir(
        "Scénario",
        scenarios,
        "scenario",
        next(iter(scenarios)),
        inconnu=fiche_du_scenario.INCONNU,
    )
)
conflit.dire()
fiche_du_scenario.avertir(decider.lire_scenario(scenario.scenario_id))
vue = decider.lire_vigilance(scenario)
st.markdown(f"#### {vue.phrase}")
points.montrer(scenario, vue)
