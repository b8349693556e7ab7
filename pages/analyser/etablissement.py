"""The fiche of one site: what it should have, what it has, and where each number comes from."""

import streamlit as st

from pages.composants import acces, cadre

departement = cadre.departement()
noms = acces.choix_sites(acces.version(), departement)
demande = st.query_params.get("site")
codes = list(noms)
choisi = st.selectbox(
    "Établissement ou réseau d'écoles",
    codes,
    index=codes.index(demande) if demande in noms else 0,
    format_func=noms.get,
    placeholder="Chercher un nom, une commune, un UAI",
)
if choisi != demande:
    st.query_params["site"] = choisi
if demande and demande not in noms:
    st.warning(f"Le site « {demande} » n'est pas dans ce département.")

fiche = acces.lire_fiche(acces.version(), departement, choisi)
st.title(fiche.nom)
st.caption(fiche.sous_titre)
st.markdown(f"#### {fiche.phrase}")

gauche, droite = st.columns([7, 5], gap="medium")
with gauche:
    st.markdown("##### Besoin, ligne par ligne")
    cadre.table_a_lire(fiche.besoin, f"besoin-{choisi}")
    st.markdown("##### Catégories prioritaires")
    if fiche.categories.empty:
        st.write("Ce site n'entre dans aucune catégorie prioritaire.")
    else:
        cadre.table_a_lire(fiche.categories, f"categories-{choisi}")
with droite:
    st.markdown("##### Présence aujourd'hui")
    if fiche.presences.empty:
        st.write("Aucune présence régulière connue.")
    else:
        cadre.table_a_lire(fiche.presences, f"presences-{choisi}")
    st.markdown("##### Identité et sources")
    cadre.table_a_lire(fiche.identite, f"identite-{choisi}")
    st.markdown("##### Postes les plus proches")
    if fiche.postes_proches.empty:
        st.write("Aucun poste n'est connu dans ce département.")
    else:
        cadre.table_a_lire(fiche.postes_proches, f"postes-{choisi}")

if len(fiche.rattachements) > 1:
    st.markdown("##### Ce que le site réunit")
    cadre.table(fiche.rattachements, f"rattachements-{choisi}")
st.markdown("##### Activité par année scolaire")
if fiche.activite.empty:
    st.write("Aucun relevé d'activité n'a été donné pour ce site.")
else:
    cadre.table(fiche.activite, f"activite-{choisi}")
if not fiche.anomalies.empty:
    st.markdown("##### Anomalies dans les sources")
    cadre.table_a_lire(fiche.anomalies, f"anomalies-{choisi}")
