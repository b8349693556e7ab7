"""« Pourquoi ? »: one site of a shown proposal, one question, its answer."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import decider
from pipelines.reports.explication import VueExplication

PRESENCE, PLUS, REPRISE = (
    "Pourquoi cette présence ?",
    "Pourquoi pas plus ?",
    "Qui peut prendre ce site ?",
)
A_LIRE = 6  # lines up to which a table is shown whole, every word wrapped


def section(calcul_id: str) -> None:
    """Pick a site and a question; nothing is computed before."""
    st.markdown("### Pourquoi ?")
    sites = decider.sites_a_expliquer(acces.version(), calcul_id)
    demande = st.query_params.get("site")
    codes = list(sites)
    site = st.selectbox(
        "Site : présence proposée sur besoin, les moins servis d'abord",
        codes,
        index=codes.index(demande) if demande in sites else None,
        format_func=sites.get,
        placeholder="Chercher un nom ou un UAI",
    )
    if site is None:
        st.caption("Choisir un site pour lire ce que le plan lui donne, pourquoi, et à quel prix.")
        return
    if site != demande:
        st.query_params["site"] = site
    postes = decider.postes_a_expliquer(acces.version(), calcul_id, site)
    questions = [PRESENCE, PLUS, REPRISE] if postes else [PLUS, REPRISE]
    gauche, droite = st.columns([8, 4], vertical_alignment="bottom")
    question = gauche.radio("Question", questions, horizontal=True, key=f"question-{len(postes)}")
    poste = postes[0] if postes else None
    if len(postes) > 1 and question != PLUS:
        poste = droite.selectbox("Poste", postes)
    if question == PLUS:
        vue = decider.lire_absence(acces.version(), calcul_id, site)
    elif question == PRESENCE:
        vue = decider.lire_presence(acces.version(), calcul_id, site, poste)
    else:
        vue = decider.lire_reprise(acces.version(), calcul_id, site, poste)
    _montrer(vue, f"{calcul_id}-{site}-{questions.index(question)}")


def _montrer(vue: VueExplication, nom: str) -> None:
    st.markdown(f"#### {cadre.inerte(vue.phrase)}")
    for phrase in vue.details:
        st.write(cadre.inerte(phrase))
    if len(vue.alternatives) > A_LIRE:
        cadre.table(vue.alternatives, f"choix-{nom}")
    elif not vue.alternatives.empty:
        st.markdown("##### Autres choix")
        cadre.table_a_lire(vue.alternatives, f"choix-{nom}")
    if not vue.postes.empty:
        st.markdown("##### Postes à portée, et ce qui les remplit")
        cadre.table(vue.postes, f"a-portee-{nom}")
    if vue.note:
        st.caption(vue.note)
