"""Adjust a scenario by hand: see what a change does, then keep it."""

import streamlit as st

from pages.composants import acces, actes, cadre, geste, plan_depose
from pages.composants import scenario as tete
from pages.composants.acces import decider

departement = cadre.departement()
situation = acces.lire_situation(acces.version(), departement)
st.title(f"{situation.nom} : ajuster à la main")
if not situation.a_des_postes:
    cadre.sans_postes()

scenarios = decider.choix_scenarios(departement)
if not scenarios:
    actes.ouvrir_le_premier(departement)
    st.stop()
bande = st.container()
choix, nouveau, annuler, refaire = st.columns([6, 2, 2, 2], vertical_alignment="bottom")
with nouveau:
    actes.ouvrir_un_autre(departement)
with choix:
    scenario = decider.ouvrir_scenario(tete.choisir(scenarios))
tete.avertir_de(scenario)
vue = decider.lire_ajuster(
    acces.version(),
    acces.version_des_regles(),
    scenario.scenario_id,
    scenario.version,
    scenario,
)
with bande:
    st.markdown(f"#### {cadre.inerte(vue.phrase)}")
actes.annuler_ou_refaire(scenario, vue, annuler, refaire)
actes.suivre_le_calcul(departement, scenario)
geste.montrer(scenario, vue)
if vue.est_ouvert:
    geste.regles(scenario, vue)
    gauche, droite = st.columns(2, gap="large")
    with gauche:
        geste.verrous(scenario, vue)
    with droite:
        actes.completer(scenario)
    plan_depose.relire(scenario)
else:
    st.info("Ce scénario est arrêté : il ne change plus. En dériver un autre pour l'ajuster.")
