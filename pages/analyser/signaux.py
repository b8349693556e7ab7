"""Sites without a label whose numbers look like those of labelled ones: a signal, no ranking."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import regarder
from pipelines.reports.signaux import AVERTISSEMENT, EXPLICATION

# the factors of each site: the comparison shows them one by one
SI_PLACE = (
    "Élèves",
    "Élèves de SEGPA",
    "Élèves d'ULIS",
    "Éloignement (km)",
    "Densité (1 à 7)",
    "UAI",
    "Catégories",
    "À vérifier",
)
departement = cadre.departement()
vue = regarder.lire_signaux(acces.version(), departement)

st.title("Sites sans label à examiner")
st.markdown(f"#### {vue.phrase}")
st.markdown(f"**{AVERTISSEMENT}** {vue.erreur}")

if vue.nuage is not None:
    gauche, droite = st.columns([7, 5], gap="medium")
    with gauche:
        st.plotly_chart(
            vue.nuage,
            key=f"nuage-{departement}",
            config={"displaylogo": False, "displayModeBar": False},
            alt="Besoin attendu selon le besoin par les labels ; le tableau plus bas dit la même "
            "chose.",
        )
        st.caption(
            "Au-dessus du pointillé, les nombres d'un site font attendre plus que ses labels ne "
            "donnent. Rond : collège ; triangle : lycée général ou polyvalent ; carré : lycée "
            "professionnel ; pentagone : EREA."
        )
    with droite:
        st.markdown("##### Ce que vaut l'estimation")
        cadre.table_a_lire(vue.modeles, "estimation")
        st.caption(
            "½ j. : demi-journées par cycle. R² : part des différences entre sites expliquée, 1 au "
            "mieux ; zéro ou moins, pas mieux que la moyenne."
        )
    st.markdown("##### Sites à examiner, par commune")
    if vue.table.empty:
        st.write("Aucun site de ce département n'est à examiner.")
    else:
        cadre.table(vue.table, f"signaux-{departement}", hauteur="content")

if vue.site_ids:
    noms = regarder.choix_sites(acces.version(), departement)
    demande = st.query_params.get("site")
    choisi = st.selectbox(
        "Comparer un site à ceux qui lui ressemblent",
        vue.site_ids,
        index=vue.site_ids.index(demande) if demande in vue.site_ids else 0,
        format_func=noms.get,
    )
    if choisi != demande:
        st.query_params["site"] = choisi
    comparaison = regarder.comparer_site(acces.version(), choisi)
    st.markdown(f"##### {comparaison.titre}")
    st.write(comparaison.phrase)
    cadre.table_a_lire(comparaison.cote_a_cote, f"semblables-{choisi}")
    with st.expander("Les écarts, facteur par facteur"):
        cadre.table_a_lire(comparaison.ecarts, f"ecarts-{choisi}")
    st.page_link(
        cadre.page("etablissement"),
        label="Ouvrir la fiche de ce site",
        query_params={"departement": departement, "site": choisi},
    )

if not vue.jumelle.empty:
    st.markdown("##### Tous les sites du second degré")
    cadre.table(vue.jumelle, f"attendus-{departement}", si_place=SI_PLACE)
with st.expander("Méthode et sources"):
    st.write(EXPLICATION)
    cadre.table_a_lire(vue.parametres, "parametres-signaux")
