"""The activity: what the records count, and what they lack."""

import streamlit as st

from pages.composants import acces, cadre, documents
from pages.composants.acces import regarder

departement = cadre.departement()
vue = regarder.lire_activite(acces.version(), acces.lecteur(), departement)
st.title(f"{vue.nom} : que comptent les relevés d'activité ?")
st.markdown(f"#### {vue.phrase}")
if vue.annee is None:
    st.info(
        "Ajouter le fichier « activite » sur la page « Données » ; son modèle s'y télécharge, et "
        "le guide en décrit les colonnes."
    )
    st.stop()

st.caption(vue.completude)
for phrase in vue.ruptures:
    st.warning(phrase)
st.markdown("##### Année après année")
cadre.table_a_lire(vue.indicateurs, f"activite-{departement}")
for (titre, table), colonne in zip(vue.details.items(), st.columns(2, gap="medium"), strict=True):
    with colonne:
        st.markdown(f"##### {titre}")
        cadre.table_a_lire(table, f"{titre}-{departement}")
st.markdown(f"##### Par trimestre, en {vue.annee}")
cadre.table_ou(
    vue.periodes, f"activite-periodes-{departement}", "Aucun relevé trimestriel pour cette année."
)
st.markdown(f"##### Site par site, en {vue.annee}")
cadre.table(vue.sites, f"activite-sites-{departement}", en_large=True)
st.caption(vue.note)
st.download_button(
    "Télécharger la page (Excel)",
    vue.classeur,
    file_name=f"activite-{departement}.xlsx",
    on_click="ignore",
)

if acces.peut_lire(departement):
    st.markdown("##### Le rapport annuel du département")
    st.write(
        "Moyens, couverture et activité en un document Word à compléter et un PDF. Les priorités "
        "de l'année y sont à écrire, à partir des faits."
    )
    destinataires = acces.choix_destinataires()
    with st.container(width=cadre.LARGEUR_DE_CHOIX):
        pour_qui = cadre.choisir(
            "Pour qui", destinataires, "destinataire", defaut=next(iter(destinataires))
        )
    if documents.demandes("Préparer le rapport", (departement, pour_qui), "rapport_demande"):
        documents.montrer(
            lambda: regarder.ecrire_rapport(
                acces.version(), acces.version_des_regles(), departement, pour_qui
            )
        )
