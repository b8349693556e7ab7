"""The académie: where the means go, how far apart, and how they would be shared by need."""

import streamlit as st

from pages.composants import acces, cadre, planchers
from pipelines.reports.academie import Niveau
from pipelines.reports.partage import en_excel

departement = cadre.departement()
noms = acces.departements(acces.version())
bande = st.container()
with st.container(width=cadre.LARGEUR_DE_CHOIX):
    choix = acces.niveaux(acces.version(), departement)
    niveau = Niveau(cadre.choisir("Comparer", choix, "niveau", Niveau.DEPARTEMENTS.value))
du = None if niveau == Niveau.DEPARTEMENTS else departement
demande = (acces.version(), acces.version_des_regles(), niveau, du)
vue = acces.lire_academie(*demande)
with bande:
    st.title(vue.titre)
    st.markdown(f"#### {vue.phrase}")
    st.caption(" ".join(vue.remarques))

gauche, droite = st.columns([7, 5], gap="medium")
with gauche:
    st.plotly_chart(
        vue.carte,
        key=f"carte-academie-{niveau}-{du}",
        config={"displaylogo": False, "displayModeBar": False},
        alt="Carte des territoires par part du besoin couverte ; le tableau plus bas dit la même "
        "chose.",
    )
    st.caption(vue.legende_carte)
with droite:
    st.markdown("##### L'écart entre territoires")
    st.write(vue.ecarts)
    if vue.figure_ecarts is not None:
        st.plotly_chart(
            vue.figure_ecarts,
            key=f"ecarts-{niveau}-{du}",
            config={"displayModeBar": False},
            alt=f"Besoin par ETP de chaque territoire. {vue.ecarts}",
        )
st.markdown("##### Territoire par territoire")
cadre.table(
    vue.table,
    f"academie-{niveau}",
    hauteur="content",
    au_telechargement=("Sites", "Élèves", "Besoin (½ j. par cycle)", "Sites prioritaires"),
)
st.caption(
    "Demi-journées par cycle de 4 semaines. Sans présence : sites prioritaires que personne ne "
    "sert aujourd'hui."
)
with st.expander("Couverture par catégorie (% du besoin ; vide : aucun site de la catégorie)"):
    cadre.table(vue.categories, f"academie-categories-{niveau}", hauteur="content", en_large=True)

suivi, demi_postes = None, None
if du is None:
    suivi = acces.lire_suivi()
    st.markdown("##### Scénarios et demi-postes, par département")
    st.write(suivi.phrase)
    cadre.table_a_lire(suivi.table, "academie-scenarios")
    with st.container(horizontal=True):
        for code in suivi.sans_scenario:
            st.page_link(
                cadre.page("proposer"),
                label=f"Proposer pour {noms[code]}",
                query_params={"departement": code},
            )
        for code in suivi.sans_marges:
            st.page_link(
                cadre.page("marges"),
                label=f"Calculer ce que vaut un demi-poste : {noms[code]}",
                query_params={"departement": code},
            )

else:
    demi_postes = acces.lire_demi_postes(du)
    st.markdown("##### Ce que vaut un demi-poste, bassin par bassin")
    if demi_postes is None:
        st.write("Aucune étude des demi-postes n'est encore gardée pour ce département.")
        st.page_link(
            cadre.page("marges"),
            label="Calculer ce que vaut un demi-poste",
            query_params={"departement": du},
        )
    else:
        st.write(cadre.inerte(demi_postes.phrase))
        cadre.table_a_lire(demi_postes.table, f"academie-demi-postes-{du}")

st.markdown("##### Répartition selon le besoin")
partage = None
if not vue.a_des_postes:
    st.info(
        "Aucun poste n'est connu : rien à répartir. Ajouter le fichier des postes sur la page "
        "« Données »."
    )
else:
    ecart, plancher, perte = planchers.reglages()
    propres = planchers.particuliers(acces.noms_des_territoires(*demande))
    with cadre.sur_place():
        partage = acces.repartir(*demande, ecart, plancher, perte, propres)
        st.markdown(f"**{partage.phrase}**")
        for detail in partage.details:
            st.write(detail)
        cadre.table(partage.table, f"repartition-{niveau}", hauteur="content")
        st.caption(partage.note)
st.download_button(
    "Télécharger la page (Excel)",
    lambda: en_excel(vue, suivi, demi_postes, partage),
    file_name="academie.xlsx",
    on_click="ignore",
)
