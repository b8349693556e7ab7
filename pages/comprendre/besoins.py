"""How many half-days each site should have, what that owes to each weight, what others say."""

import streamlit as st

from pages.composants import acces, cadre
from pipelines.reports.sites import BAREME_PAR_DEFAUT

GRAPHIQUE = {"displaylogo": False, "displayModeBar": False}
# in pixels: what holds beside the side bar of a window of 1,024
TITRES_DES_SITES = {
    "Catégories prioritaires": "Catégories",
    "Besoin (½ j. par cycle)": "Besoin",
    "À moyens constants (½ j. par cycle)": "Constants",
    "Présence aujourd'hui (½ j. par cycle)": "Présence",
    "Ce qui le déplace le plus": "Déplacé par",
    "Classe à moyens constants": "Classe",
    "Ce qui la change": "Changée par",
}
LARGEURS_DES_SITES = {
    "Site": 146,
    "Commune": 110,
    "Catégories prioritaires": 150,
    "Élèves": 50,
    "Besoin (½ j. par cycle)": 58,
    "À moyens constants (½ j. par cycle)": 74,
    "Présence aujourd'hui (½ j. par cycle)": 68,
}
TITRES_DES_POIDS = {
    "Besoins changés": "Besoins",
    "Rangs changés": "Rangs",
    "Rythmes changés": "Rythmes",
    "Classes changées, moyens constants": "Classes",
    "Total (½ j. par cycle)": "Total",
}
LARGEURS_DES_POIDS = {
    "Poids": 150,
    "Valeur": 50,
    "Unité": 110,
    "Déplacé de": 74,
    "Besoins changés": 60,
    "Rangs changés": 52,
    "Rythmes changés": 60,
    "Classes changées, moyens constants": 58,
    "Total (½ j. par cycle)": 58,
}
LARGEURS_DES_SITES_SENSIBLES = {
    "Site": 128,
    "Besoin (½ j. par cycle)": 58,
    "Rang": 46,
    "Au mieux": 64,
    "Au pire": 58,
    "Ce qui le déplace le plus": 112,
    "Classe à moyens constants": 92,
    "Ce qui la change": 120,
}
departement = cadre.departement()
version, regles = acces.version(), acces.version_des_regles()
baremes = acces.lire_baremes(regles)

st.title("Combien de présence faudrait-il, et d'où viennent ces nombres ?")
cadre.dire_les_regles_illisibles()
gauche, droite = st.columns([7, 5], gap="medium", vertical_alignment="bottom")
with gauche:
    choisi = cadre.choisir("Barème", baremes, "bareme", BAREME_PAR_DEFAUT)
with droite:
    pertes = {"" if n is None else str(n): mots for n, mots in acces.choix_pertes().items()}
    perte = cadre.choisir(
        "Transition : ce qu'un site peut perdre d'une année à l'autre", pertes, "perte", ""
    )
vue = acces.lire_besoins(version, regles, departement, choisi, int(perte) if perte else None)
st.markdown(f"#### {vue.phrase}")
st.write(vue.resume)
for remarque in vue.remarques:
    st.caption(remarque)

onglets = st.tabs(["Site par site", "Sensibilité", "Désaccord avec un autre", "Le barème"])
with onglets[0]:
    st.markdown("##### Les barèmes côte à côte")
    cadre.table_a_lire(vue.baremes, f"baremes-{departement}")
    st.markdown(f"##### « {vue.libelle} » par catégorie")
    cadre.table_a_lire(vue.categories, f"besoins-categories-{departement}-{choisi}")
    st.caption("Un site compte dans chacune de ses catégories.")
    st.markdown(f"##### « {vue.libelle} » site par site")
    cadre.table(
        vue.sites,
        f"besoins-{departement}-{choisi}",
        largeurs=LARGEURS_DES_SITES,
        titres=TITRES_DES_SITES,
        au_telechargement=("Type", "UAI"),
    )
    st.caption(
        "Besoin, constants, présence : demi-journées par cycle de 4 semaines. Constants, à moyens "
        "constants : les mêmes besoins, "
        "réduits ou augmentés à proportion de ce que les postes du département peuvent donner. La "
        "fiche d'un établissement donne le détail ligne par ligne ; le tableau téléchargé a aussi "
        "le type et l'UAI."
    )
with onglets[1]:
    s = acces.lire_sensibilite(version, regles, departement, choisi)
    st.markdown(f"#### {s.phrase}")
    st.plotly_chart(
        s.dessin,
        key=f"tornade-{departement}-{choisi}",
        config=GRAPHIQUE,
        alt="Effet de chaque poids sur le total du besoin ; le tableau dit la même chose.",
    )
    st.caption(s.note)
    cadre.table(
        s.poids,
        f"sensibilite-{departement}-{choisi}",
        largeurs=LARGEURS_DES_POIDS,
        titres=TITRES_DES_POIDS,
    )
    st.caption(
        "Besoins, rangs, rythmes du besoin, classes à moyens constants : sites qui changent. "
        "Total : ce que le besoin gagne ou perd, en demi-journées par cycle."
    )
    st.markdown("##### Les sites dont le rang ou la classe en dépend")
    if s.sites.empty:
        st.write("Aucun site ne change de rang ni de classe.")
    else:
        cadre.table(
            s.sites,
            f"sites-sensibles-{departement}-{choisi}",
            largeurs=LARGEURS_DES_SITES_SENSIBLES,
            titres=TITRES_DES_SITES,
            au_telechargement=("Commune",),
        )
with onglets[2]:
    autres = {code: libelle for code, libelle in baremes.items() if code != choisi}
    autre = cadre.choisir("Comparer avec", autres, "avec", next(iter(autres)))
    d = acces.lire_desaccord(version, regles, departement, choisi, autre)
    st.markdown(f"#### {d.phrase}")
    st.plotly_chart(
        d.nuage,
        key=f"nuage-{departement}-{choisi}-{autre}",
        config=GRAPHIQUE,
        alt="Besoin de chaque site sous les deux barèmes ; le tableau dit la même chose.",
    )
    st.markdown("##### Par catégorie")
    cadre.table(d.categories, f"parts-{departement}-{choisi}-{autre}", hauteur="content")
    st.caption(d.legende)
    st.markdown("##### Les plus grands écarts, au même total")
    if d.ecarts.empty:
        st.write("Aucun site ne bouge d'une demi-journée.")
    else:
        cadre.table(d.ecarts, f"ecarts-{departement}-{choisi}-{autre}")
with onglets[3]:
    st.write(vue.nature)
    cadre.table_a_lire(vue.poids, f"poids-{choisi}")
