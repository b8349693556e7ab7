"""How many half-days each site should have, what that owes to each weight, what others say."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import comprendre
from pipelines.reports.sites import BAREME_PAR_DEFAUT

GRAPHIQUE = {"displaylogo": False, "displayModeBar": False}
departement = cadre.departement()
version, regles = acces.version(), acces.version_des_regles()
baremes = comprendre.lire_baremes(regles)

st.title("Combien de présence faudrait-il, et d'où viennent ces nombres ?")
cadre.dire_les_regles_illisibles()
gauche, droite = st.columns([7, 5], gap="medium", vertical_alignment="bottom")
with gauche:
    choisi = cadre.choisir("Barème", baremes, "bareme", BAREME_PAR_DEFAUT)
with droite:
    pertes = {"" if n is None else str(n): mots for n, mots in comprendre.choix_pertes().items()}
    perte = cadre.choisir(
        "Transition : ce qu'un site peut perdre d'une année à l'autre", pertes, "perte", ""
    )
vue = comprendre.lire_besoins(version, regles, departement, choisi, int(perte) if perte else None)
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
        si_place=("Type", "UAI"),
    )
    st.caption(
        "Constants, à moyens constants : les mêmes besoins, réduits ou augmentés à proportion de "
        "ce que les postes du département peuvent donner. La fiche d'un établissement donne le "
        "détail ligne par ligne."
    )
with onglets[1]:
    s = comprendre.lire_sensibilite(version, regles, departement, choisi)
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
    )
    st.caption(
        "Besoins, rangs, rythmes du besoin, classes à moyens constants : sites qui changent. "
        "Total : ce que le besoin gagne ou perd."
    )
    st.markdown("##### Les sites dont le rang ou la classe en dépend")
    if s.sites.empty:
        st.write("Aucun site ne change de rang ni de classe.")
    else:
        cadre.table(
            s.sites,
            f"sites-sensibles-{departement}-{choisi}",
            si_place=("Commune",),
        )
with onglets[2]:
    autres = {code: libelle for code, libelle in baremes.items() if code != choisi}
    autre = cadre.choisir("Comparer avec", autres, "avec", next(iter(autres)))
    d = comprendre.lire_desaccord(version, regles, departement, choisi, autre)
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
        cadre.table(d.ecarts, f"ecarts-{departement}-{choisi}-{autre}", si_place=("Type",))
with onglets[3]:
    st.write(vue.nature)
    cadre.table_a_lire(vue.poids, f"poids-{choisi}")
