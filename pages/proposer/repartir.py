"""ETP shared between territories by need, and what each half-post more would bring where."""

import streamlit as st

from pages.composants import cadre, demi_postes, planchers, territoires
from pages.composants.acces import decider, regarder
from pipelines.reports.partage import en_excel

departement = cadre.departement()
bande = st.container()
demande = territoires.choisir("Répartir entre", departement)
question = decider.question_du_partage(*demande)
with bande:
    st.title(question.titre)
if not question.a_des_postes:
    st.info(
        "Aucun poste n'est connu : rien à répartir. Ajouter le fichier des postes sur la page "
        "« Données »."
    )
    st.stop()
ecart, plancher, perte = planchers.reglages()
propres = planchers.particuliers(regarder.noms_des_territoires(*demande))
partage = None
with cadre.sur_place():
    partage = decider.repartir(*demande, ecart, plancher, perte, propres)
    with bande:
        st.markdown(f"#### {partage.phrase}")
    for detail in partage.details:
        st.write(detail)
    cadre.table(partage.table, f"repartition-{demande.niveau}", hauteur="content")
    st.caption(partage.note)
prochains = demi_postes.montrer(demande.departement)
st.download_button(
    "Télécharger la page (Excel)",
    lambda: en_excel(None, None, prochains, partage),
    file_name="repartition.xlsx",
    on_click="ignore",
)
