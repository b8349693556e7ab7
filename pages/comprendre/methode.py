"""Every rule, parameter and source, rendered from the files the computation reads."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import comprendre

m = comprendre.lire_methode(acces.version_des_regles())
fichiers, anomalies, cartes = comprendre.sources(acces.version())
trajets = comprendre.lire_trajets(acces.version())

st.title("Méthode : d'où vient chaque nombre ?")
st.markdown(
    "#### Du texte aux catégories, des catégories au besoin, du besoin au plan : chaque règle, "
    "chaque poids et chaque source est ici."
)
priorites, besoins, doctrines, calcul, parametres, donnees = st.tabs(
    ["Priorités", "Besoins", "Doctrines", "Calcul", "Paramètres", "Données"]
)
with priorites:
    for rang, (texte, regles) in enumerate(m.regles.items()):
        with st.expander(texte, expanded=rang == 0):
            st.write(m.notes_des_textes[texte])
            cadre.table_a_lire(regles, f"regles-{rang}")
    st.markdown("##### Les seuils que les textes laissent à choisir")
    cadre.table_a_lire(m.seuils, "seuils")
with besoins:
    st.markdown("##### Du temps de travail au besoin")
    st.write(
        "Le raisonnement est celui de l'Organisation mondiale de la santé pour la charge de "
        "travail (WISN, « Workload indicators of staffing need », manuel de 2010) : le temps "
        "disponible, les normes d'activité, puis les tâches à déduire."
    )
    cadre.table_a_lire(m.charge, "charge")
    st.markdown("##### Les barèmes : du site au besoin")
    st.write(m.nature_des_baremes)
    cadre.table_a_lire(m.baremes, "baremes")
with doctrines:
    st.markdown("##### Qui est servi d'abord")
    cadre.table_a_lire(m.doctrines, "doctrines")
    st.markdown("##### Les poids et les planchers, par catégorie")
    cadre.table_a_lire(m.poids_et_planchers, "poids-et-planchers")
    st.markdown("##### Les autres réglages")
    cadre.table_a_lire(m.reglages_des_doctrines, "reglages-des-doctrines")
with calcul:
    st.markdown("##### Ce qu'aucun plan ne peut enfreindre")
    cadre.table_a_lire(m.regles_dures, "regles-dures")
    st.markdown("##### Ce que le calcul cherche, dans l'ordre")
    cadre.table_a_lire(m.objectifs, "objectifs")
    st.markdown("##### Les temps de trajet")
    st.write(f"{trajets.phrase} {trajets.precision}")
    cadre.table_a_lire(trajets.moteurs, "moteurs-de-trajets")
    with st.expander("L'estimation face aux temps de référence, liaison par liaison"):
        cadre.table_a_lire(trajets.liaisons, "etalons-de-trajets")
with parametres:
    cadre.table_a_lire(m.parametres, "parametres")
with donnees:
    st.markdown("##### Les fichiers de cet entrepôt")
    cadre.table(
        fichiers, "fichiers", au_telechargement=("Producteur", "Licence", "Empreinte (sha256)")
    )
    st.markdown("##### Ce qui a été vu dans ces fichiers")
    cadre.table_ou(anomalies, "anomalies", "Aucune anomalie.")
    with st.expander("Les sources qu'Atlas sait lire"):
        cadre.table_a_lire(cartes, "sources")
    with st.expander("Le dictionnaire de l'activité"):
        cadre.table_a_lire(m.activite, "activite")
    with st.expander("Les tables de l'entrepôt, colonne par colonne"):
        cadre.table_a_lire(m.colonnes, "colonnes")
