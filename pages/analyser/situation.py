"""Where the département stands: the sentence, the coverage map, the priority sites short."""

import streamlit as st

from pages.composants import acces, cadre
from pipelines.reports.sites import liste_courte, table_lisible

departement = cadre.departement()
vue = acces.lire_situation(acces.version(), departement)

st.title(f"{vue.nom} : où en est la couverture ?")
st.markdown(f"#### {vue.phrase}")
st.caption(" ".join(vue.remarques))
if not vue.a_des_postes:
    st.info(
        "Aucun poste n'est connu pour ce département : la carte montre les besoins. Ajouter les "
        "fichiers de postes et de présences au dossier des sources, puis reconstruire."
    )

gauche, droite = st.columns([7, 5], gap="medium")
with gauche:
    choix = st.plotly_chart(
        vue.carte,
        key=f"carte-{departement}",
        on_select="rerun",
        selection_mode="points",
        config={"scrollZoom": True, "displaylogo": False, "displayModeBar": False},
        alt=f"Carte de la couverture des sites, {vue.nom} ; le tableau plus bas dit la même chose.",
    )
    st.caption(vue.legende_carte)
with droite:
    if st.button("Proposer une répartition", type="primary", disabled=not vue.a_des_postes):
        st.switch_page(cadre.page("proposer"), query_params={"departement": departement})
    st.markdown(f"##### {vue.titre_prioritaires}")
    liste = cadre.liste(liste_courte(vue.prioritaires), f"liste-{departement}", hauteur=560)
    st.caption("Présence sur besoin, en demi-journées par cycle de 4 semaines.")
    site_id = cadre.site_choisi(choix, liste, vue.prioritaires)
    if site_id:
        st.page_link(
            cadre.page("etablissement"),
            label="Ouvrir la fiche du site choisi",
            query_params={"departement": departement, "site": site_id},
        )
    else:
        st.caption("Choisir un site, sur la carte ou dans la liste, pour ouvrir sa fiche.")

# a click on the map or in the list leaves that site alone in the table
sites = vue.sites if site_id is None else vue.sites[vue.sites["site_id"] == site_id]
st.markdown("##### Tous les sites" if site_id is None else "##### Le site choisi")
cadre.table(
    table_lisible(sites),
    f"couverture-{departement}",
    si_place=("Label", "Type", "Élèves", "Catégories prioritaires", "Année des élèves", "UAI"),
)
