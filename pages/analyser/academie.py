"""The académie: where the means go, how far apart, and where each département stands."""

import streamlit as st

from pages.composants import acces, cadre, territoires
from pipelines.reports.partage import en_excel

departement = cadre.departement()
noms = acces.departements(acces.version())
bande = st.container()
demande = territoires.choisir("Comparer", departement)
niveau, du = demande.niveau, demande.departement
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

st.page_link(
    cadre.page("repartir"),
    label="Répartir des ETP selon le besoin",
    query_params={"departement": departement, "niveau": niveau.value},
)
st.download_button(
    "Télécharger la page (Excel)",
    lambda: en_excel(vue, suivi, demi_postes, None),
    file_name="academie.xlsx",
    on_click="ignore",
)
