"""Adjust a scenario by hand: see what a change does, then keep it."""

import streamlit as st

from pages.composants import acces, actes, cadre, conflit, geste, plan_depose
from pages.composants import scenario as fiche_du_scenario
from pages.composants.acces import decider

departement = cadre.departement()
situation = acces.lire_situation(acces.version(), departement)
st.title(f"{situation.nom} : ajuster à la main")
if not situation.a_des_postes:
    cadre.sans_postes()

scenarios = decider.choix_scenarios(departement)
actes.ouvrir_un_scenario(departement, vide=not scenarios)
if not scenarios:
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
vue = decider.lire_ajuster(
    acces.version(),
    acces.version_des_regles(),
    scenario.scenario_id,
    scenario.version,
    scenario,
)
st.markdown(f"#### {cadre.inerte(vue.phrase)}")
actes.annuler_ou_refaire(scenario, vue)
actes.suivre_le_calcul(departement, scenario)
geste.plan(scenario, vue)
if vue.est_ouvert:
    geste.etablissement(scenario, vue)
    geste.regles(scenario, vue)
    gauche, droite = st.columns(2, gap="large")
    with gauche:
        geste.verrous(scenario, vue)
    with droite:
        actes.completer(scenario)
    plan_depose.relire(scenario)
else:
    st.info("Ce scénario est arrêté : il ne change plus. En dériver un autre pour l'ajuster.")
