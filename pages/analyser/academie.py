"""The académie: where the means go, how far apart, and where each département stands."""

import streamlit as st

from pages.composants import acces, cadre, documents, suivi_academie, territoires
from pages.composants.acces import regarder
from pipelines.reports.academie import table_sans_presence, titre_sans_presence
from pipelines.reports.partage import en_excel

departement = cadre.departement()
bande = st.container()
demande = territoires.choisir("Comparer", departement)
niveau, du = demande.niveau, demande.departement
vue = regarder.lire_academie(*demande)
with bande:
    st.title(vue.titre)
    st.markdown(f"#### {vue.phrase}")
    st.caption(" ".join(vue.remarques))

gauche, droite = st.columns([7, 5], gap="medium")
with gauche:
    carte = st.plotly_chart(
        vue.carte,
        key=f"carte-academie-{niveau}-{du}",
        on_select="rerun",
        selection_mode="points",
        config={"displaylogo": False, "displayModeBar": False},
        alt="Carte des territoires par part du besoin couverte et des sites prioritaires sans "
        "présence ; les tableaux plus bas disent la même chose.",
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
rang = territoires.montrer_la_table(vue, f"academie-{niveau}-{du}", a_choisir=True)
st.caption(
    "Demi-journées par cycle de 4 semaines. Sans présence : sites prioritaires que personne ne "
    "sert aujourd'hui. Choisir un territoire, sur la carte ou dans ce tableau, ne garde que lui "
    "dans ce qui suit."
)
seul = territoires.choisi(carte, rang, vue)
noms = regarder.noms_des_territoires(*demande)
if seul is not None:
    territoires.montrer_un_seul(demande, seul, noms[seul])

sans = vue.sans_presence
if seul is not None:
    sans = sans[sans["territoire"] == seul]
st.markdown(f"##### {titre_sans_presence(len(sans))}")
if not sans.empty:
    cadre.table(
        table_sans_presence(sans, niveau),
        f"sans-presence-{niveau}",
        si_place=("Département", "Type", "UAI"),
    )
with st.expander("Couverture par catégorie (% du besoin ; vide : aucun site de la catégorie)"):
    montrees = vue.categories
    if seul is not None and not montrees.empty:
        montrees = montrees[["Catégorie", f"{noms[seul]} (%)"]]
    cadre.table(
        montrees, f"academie-categories-{niveau}", hauteur="content", en_large=True, repliee=True
    )

suivi = None
if du is None:
    suivi = regarder.lire_suivi()
    suivi_academie.montrer(suivi, noms, seul)
st.page_link(
    cadre.page("repartir"),
    label="Répartir des ETP selon le besoin",
    query_params={"departement": departement, "niveau": niveau.value},
)
st.download_button(
    "Télécharger la page (Excel)",
    lambda: en_excel(vue, suivi, None, None),
    file_name="academie.xlsx",
    on_click="ignore",
)
tous = du is None and all(acces.peut_lire(code) for code in noms)
if tous and documents.demandes("Préparer la synthèse", tuple(noms), "synthese_demande"):
    documents.montrer(regarder.ecrire_synthese)
