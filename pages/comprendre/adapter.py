"""An académie's own rules: copy a barème and its text, change them, see the effect, then save."""

import streamlit as st

from pages.composants import acces, cadre, categories, reglages
from pages.composants.acces import comprendre
from pipelines.base.erreurs import AtlasError
from pipelines.reports import adaptation
from pipelines.reports.sites import BAREME_PAR_DEFAUT

departement = cadre.departement()
version, regles = acces.version(), acces.version_des_regles()
baremes, textes = comprendre.departs(regles)

st.title("Adapter les règles")
reglages.dire()
en_tete = st.container()
gauche, droite = st.columns(2, gap="medium", vertical_alignment="bottom")
with gauche:
    bareme = cadre.choisir("Barème de départ", baremes, "bareme", BAREME_PAR_DEFAUT)
with droite:
    texte = cadre.choisir("Texte lu", textes, f"texte_{bareme}", adaptation.texte_de(bareme))
depart = comprendre.lire_depart(regles, bareme, texte)
if depart.abandons:
    st.warning(depart.abandons)

essai = reglages.essai()
auteur = st.text_input(
    "Qui a choisi ces nombres",
    placeholder="Choix du recteur, GT du 12/01/2027 (écrit à côté de chaque nombre changé)",
    key=f"auteur-{essai}",
)
onglets = st.tabs(["Poids", "Seuils", "Libellés", "Nouvelle catégorie"])
cle = f"{bareme}-{texte}-{essai}"
with onglets[0]:
    poids = reglages.nombres(depart.poids, f"poids-{cle}")
with onglets[1]:
    seuils = reglages.nombres(depart.seuils, f"seuils-{cle}")
with onglets[2]:
    libelles = reglages.libelles(depart.categories, f"libelles-{cle}")
with onglets[3]:
    ajouts = categories.ajouts(regles, bareme, texte, cle)
reglages.revenir_au_depart()

try:
    changements = adaptation.lire(bareme, texte, libelles, seuils, poids, auteur, ajouts)
    effet = comprendre.lire_effet(version, regles, departement, changements)
except AtlasError as refus:
    changements = effet = None
    en_tete.error(cadre.inerte(refus.message().replace("\n", "  \n")))
if changements is not None and effet is not None:
    intact = changements == adaptation.sans_changement(bareme)
    en_tete.markdown(f"#### {depart.phrase if intact else effet.phrase}")
    if not intact:
        st.markdown("### Ce que cela change, avant d'enregistrer")
        cadre.table(effet.totaux, f"effet-{departement}", hauteur="content")
        st.markdown("##### Les sites qui changent")
        if effet.sites.empty:
            st.write("Aucun site de ce département ne change.")
        else:
            cadre.table(
                effet.sites, f"effet-sites-{departement}", au_telechargement=("Type", "Commune")
            )
        st.markdown("##### Par catégorie")
        cadre.table(effet.categories, f"effet-categories-{departement}", hauteur="content")
        st.caption(
            "½ j. : demi-journées par cycle de 4 semaines. Constants : à moyens constants, les "
            "mêmes besoins à proportion de ce que donnent les postes. Un site compte dans chacune "
            "de ses catégories."
        )
    reglages.enregistrer(changements, depart, effet.a_justifier)

st.markdown("### Les règles de l'académie")
reglages.locales(comprendre.lire_locales(regles))
guide = acces.lire_document("priorites")
with st.expander(guide.titre):
    st.markdown(guide.corps)
