"""The means: which postes, and how many half-days they can give."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import regarder

# what the account above says of all, or the fiche of the résidence
SI_PLACE = ("Statut", "Données (½ j.)", "Commune", "Bassin", "Fonction", "Secteur")
AU_TELECHARGEMENT = ("Motif", "Hors secteur (ETP)")

departement = cadre.departement()
vue = regarder.lire_moyens(acces.version(), acces.lecteur(), departement)
st.title(f"{vue.nom} : de quels moyens dispose-t-on ?")
st.markdown(f"#### {vue.phrase}")
if not vue.a_des_postes:
    cadre.sans_postes()

for phrase in vue.desaccords:
    st.warning(cadre.inerte(phrase))
gauche, droite = st.columns(2, gap="medium")
with gauche:
    st.markdown("##### Du temps des postes à la présence")
    cadre.table_ou(
        vue.compte, f"capacite-{departement}", "Ce compte n'est pas montré à ce lecteur."
    )
with droite:
    st.markdown("##### Par statut")
    cadre.table_ou(
        vue.statuts, f"statuts-{departement}", "Ce compte n'est pas montré à ce lecteur."
    )
st.caption(vue.note)
if not vue.postes.empty:
    st.markdown("##### Poste par poste")
    cadre.table(
        vue.postes,
        f"postes-{departement}",
        au_telechargement=AU_TELECHARGEMENT,
        si_place=SI_PLACE,
    )
with st.expander("Les textes de ce compte"):
    cadre.table_a_lire(vue.textes, f"textes-capacite-{departement}", nombres=["Valeur"])
st.download_button(
    "Télécharger la page (Excel)",
    vue.classeur,
    file_name=f"moyens-{departement}.xlsx",
    on_click="ignore",
)
