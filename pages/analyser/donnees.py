"""The data: what Atlas starts from, what it lacks, and what a new file would change."""

import streamlit as st

from pages.composants import acces, cadre, depot
from pages.composants.acces import regarder
from pipelines.reports.donnees import classeur_anomalies, filtrer

vue = regarder.lire_donnees(acces.version())
st.title("Données : de quoi part Atlas ?")
st.markdown(f"#### {vue.phrase}")
st.caption(vue.precision)

st.markdown("##### Déposer des fichiers")
depot.deposer()

st.markdown("##### Les sources")
cadre.table_a_lire(vue.sources, "sources")
if vue.absentes:
    st.write(vue.absentes)
st.caption(vue.definitions)
st.markdown("##### Ce qui est connu, par département")
cadre.table_a_lire(vue.completude, "completude")
st.caption(
    "Part des établissements du périmètre dont l'information est connue, arrondie vers le bas : "
    "100 veut dire qu'il n'en manque aucune. Le second degré seul pour les dispositifs ; "
    "les élèves de SEGPA et d'ULIS, dans les seuls collèges qui en ont."
)

st.markdown("##### Anomalies")
if vue.anomalies.empty:
    st.write("Aucune anomalie dans les sources.")
else:
    gauche, milieu, droite = st.columns([3, 3, 4], vertical_alignment="bottom")
    gravites = gauche.multiselect(
        "Gravité",
        sorted(vue.anomalies["Gravité"].unique()),
        placeholder="Toutes",
        key="gravite",
        bind="query-params",
    )
    sources = milieu.multiselect(
        "Source",
        sorted(vue.anomalies["Source"].unique()),
        placeholder="Toutes",
        key="source",
        bind="query-params",
    )
    choisies = filtrer(vue.anomalies, gravites, sources)
    droite.download_button(
        "Télécharger les anomalies (Excel)",
        lambda: classeur_anomalies(choisies, vue),
        file_name="anomalies.xlsx",
        on_click="ignore",
    )
    cadre.table(choisies, "anomalies", au_telechargement=("Colonne", *depot.AU_TELECHARGEMENT))

st.markdown("##### Versions gardées")
depot.revenir()
