"""The fiche of one site: what it should have, what it has, and where each number comes from."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import comprendre, regarder
from pipelines.reports.etablissement import CHIFFRES_DES_REPERES
from pipelines.reports.sites import BAREME_PAR_DEFAUT

departement = cadre.departement()
noms = regarder.choix_sites(acces.version(), departement)
demande = st.query_params.get("site")
codes = list(noms)
en_tete = st.container()  # who it is and the answer come first
a_gauche, a_droite = st.columns(2, gap="medium")
choisi = a_gauche.selectbox(
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

regles = acces.version_des_regles()
cadre.dire_les_regles_illisibles()
with a_droite:
    echelle = cadre.choisir("Barème", comprendre.lire_baremes(regles), "bareme", BAREME_PAR_DEFAUT)
fiche = regarder.lire_fiche(acces.version(), regles, departement, choisi, echelle)
historique = regarder.lire_historique(departement, choisi)
with en_tete:
    st.title(fiche.nom)
    st.caption(fiche.sous_titre)
    st.markdown(f"#### {fiche.phrase}")
    st.write(fiche.classe)
with st.expander("Imprimer la fiche (une page A4)"):
    imprimable = regarder.imprimer(fiche, historique)
    st.download_button(
        "Télécharger la page à imprimer (HTML)",
        imprimable,
        file_name=f"fiche-{choisi}-{echelle}.html",
        mime="text/html",
        on_click="ignore",
    )
    st.iframe(imprimable, height=1200, alt=f"Page à imprimer : {fiche.nom}")

st.markdown("##### Présence aujourd'hui")
cadre.table_ou(fiche.presences, f"presences-{choisi}", "Aucune présence régulière connue.")
st.markdown(f"##### Besoin, ligne par ligne, selon « {fiche.bareme} »")
cadre.table_a_lire(fiche.besoin, f"besoin-{choisi}-{echelle}")
st.markdown("##### Besoin selon chaque barème")
cadre.table_a_lire(fiche.autres_baremes, f"baremes-{choisi}")
st.caption(
    "À moyens constants : le même besoin, réduit ou augmenté à proportion de ce que les postes du "
    "département peuvent donner."
)
st.markdown("##### Catégories prioritaires")
cadre.table_ou(
    fiche.categories,
    f"categories-{choisi}",
    "Ce site n'entre dans aucune catégorie prioritaire.",
)
st.markdown("##### Ce site dans son département")
cadre.table_a_lire(fiche.reperes, f"reperes-{choisi}", nombres=CHIFFRES_DES_REPERES)
st.caption(fiche.note_des_reperes)
st.markdown("##### Identité et sources")
cadre.table_a_lire(fiche.identite, f"identite-{choisi}")
st.caption(fiche.note_des_effectifs)
st.markdown("##### Postes les plus proches")
cadre.table_ou(
    fiche.postes_proches, f"postes-{choisi}", "Aucun poste n'est connu dans ce département."
)

if len(fiche.rattachements) > 1:
    st.markdown("##### Ce que le site réunit")
    cadre.table(fiche.rattachements, f"rattachements-{choisi}")
st.markdown("##### Activité par année scolaire")
if fiche.activite.empty:
    st.write("Aucun relevé d'activité n'a été donné pour ce site.")
else:
    if fiche.graphique is not None:
        st.plotly_chart(
            fiche.graphique,
            key=f"activite-{choisi}",
            config={"displaylogo": False, "displayModeBar": False},
            alt="Activité par année scolaire ; le tableau plus bas dit la même chose.",
        )
        st.caption(fiche.note_de_l_activite)
    cadre.table(fiche.activite, f"activite-{choisi}")
st.markdown("##### Scénarios et propositions")
cadre.table_ou(historique.table, f"propositions-{choisi}", "")
st.caption(historique.note)
st.markdown("##### Anomalies dans les sources")
cadre.table_ou(fiche.anomalies, f"anomalies-{choisi}", "Aucune anomalie ne nomme ce site.")
st.caption(fiche.sources)
