"""Which text, which paragraph, which sites: the priorities of a text, and what another changes."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import comprendre
from pipelines.reports.priorites import TEXTE_PAR_DEFAUT

departement = cadre.departement()
version = acces.version()
textes = comprendre.lire_textes(acces.version_des_regles())

st.title("Quels établissements sont prioritaires, et selon quel texte ?")
cadre.dire_les_regles_illisibles()
choisi = cadre.choisir("Texte", textes, "texte", TEXTE_PAR_DEFAUT)
vue = comprendre.lire_priorites(version, acces.version_des_regles(), departement, choisi)
st.markdown(f"#### {vue.phrase}")
st.caption(vue.titre)
if vue.abrogation:
    st.warning(vue.abrogation)
st.write(vue.note)
cadre.table_a_lire(vue.regles, f"priorites-{departement}-{choisi}")
if not vue.seuils.empty:
    st.markdown("##### Les seuils que ces conditions lisent")
    cadre.table_a_lire(vue.seuils, f"seuils-{choisi}")
with st.expander(f"Les sites où une donnée manque ({len(vue.a_savoir)})"):
    if vue.a_savoir.empty:
        st.write("Aucune donnée ne manque pour appliquer ce texte.")
    else:
        st.write(
            "Ce qui manque n'est jamais pris pour un non. Un fichier « dispositifs » (page "
            "Données) suffit à le dire."
        )
        cadre.table(vue.a_savoir, f"a-savoir-{departement}-{choisi}", repliee=True)

st.markdown("### Ce qu'un autre texte changerait")
autres = {code: titre for code, titre in textes.items() if code != choisi}
autre = cadre.choisir("Comparer avec", autres, "avec", next(iter(autres)))
ecart = comprendre.comparer_textes(version, acces.version_des_regles(), departement, choisi, autre)
st.markdown(f"#### {ecart.phrase}")
cadre.table_a_lire(ecart.regles, f"regles-{choisi}-{autre}")
if ecart.sites.empty:
    st.write("Aucun site ne gagne ni ne perd de catégorie.")
else:
    st.markdown("##### Les sites qui changent de catégorie, ou le pourraient")
    if ecart.a_savoir:
        st.caption(ecart.a_savoir)
    cadre.table(
        ecart.sites,
        f"sites-{departement}-{choisi}-{autre}",
        au_telechargement=("Code du site",),
    )
