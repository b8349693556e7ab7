"""The map of the département, large: one layer, its filters, and the table that says the same."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import regarder
from pipelines.reports.cartes_du_departement import TOUS, Couche
from pipelines.reports.sites import table_lisible

departement = cadre.departement()
bassins, categories = regarder.choix_de_carte(acces.version(), departement)
bande = st.container()
un, deux, trois = st.columns(3)
with un:
    couches = regarder.couches_de_carte(acces.version(), departement)
    couche = cadre.choisir("La couleur dit", couches, "couche", Couche.RYTHMES)
with deux:
    bassin = cadre.choisir("Bassin", bassins, "bassin", TOUS)
with trois:
    categorie = cadre.choisir("Catégorie", categories, "categorie", TOUS)
vue = regarder.lire_couche(acces.version(), departement, couche, bassin, categorie)
with bande:
    st.title(f"{vue.nom} : où sont les sites ?")
    st.markdown(f"#### {vue.phrase}")

choix = st.plotly_chart(
    vue.carte,
    key=f"grande-carte-{departement}-{couche}-{bassin}-{categorie}",
    on_select="rerun",
    selection_mode="points",
    config={"scrollZoom": True, "displaylogo": False, "displayModeBar": False},
    alt=f"Carte des sites, {vue.nom}. {vue.phrase} Le tableau plus bas dit la même chose.",
)
st.caption(vue.legende)
site_id = cadre.site_choisi(choix, {"selection": {"rows": []}}, vue.sites)
sites = vue.sites if site_id is None else vue.sites[vue.sites["site_id"] == site_id]
if site_id is None:
    st.markdown("##### Tous les sites de la carte")
    st.caption("Choisir un site sur la carte pour ne garder que lui et ouvrir sa fiche.")
else:
    st.markdown("##### Le site choisi sur la carte")
    st.page_link(
        cadre.page("etablissement"),
        label="Ouvrir la fiche du site choisi",
        query_params={"departement": departement, "site": site_id},
    )
cadre.table(
    table_lisible(sites),
    f"carte-{departement}",
    si_place=("Élèves", "Catégories prioritaires", "Année des élèves", "UAI"),
)
