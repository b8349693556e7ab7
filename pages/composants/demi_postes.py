"""What each next half-post would bring where: the table, and the studies it waits for."""

import streamlit as st

from pages.composants import acces, cadre, conflit
from pages.composants.acces import regarder
from pipelines.reports.prochains_demi_postes import VueProchains
from pipelines.reports.territoires import Niveau
from pipelines.scenarios import retenus

AU_TELECHARGEMENT = ("Sites qui perdent", "Plan étudié")


def montrer(niveau: Niveau, departement: str | None) -> VueProchains:
    """The next half-posts of every département, or of the parts of one; what was shown."""
    vue = regarder.lire_prochains(niveau, departement)
    st.markdown("##### Ce qu'apporterait chaque demi-poste de plus")
    st.write(cadre.inerte(vue.phrase))
    for remarque in vue.remarques:
        st.caption(cadre.inerte(remarque))
    if not vue.table.empty:
        cadre.table_a_lire(
            vue.table,
            f"demi-postes-{niveau}-{departement}",
            au_telechargement=tuple(c for c in AU_TELECHARGEMENT if c in vue.table),
        )
        st.caption(vue.note)
    conflit.dire()
    if vue.en_cours:
        _attendre(niveau, departement, tuple(vue.en_cours))
    _calculer({code: nom for code, nom in vue.a_calculer.items() if acces.peut_modifier(code)})
    _proposer({code: nom for code, nom in vue.sans_plan.items() if acces.peut_modifier(code)})
    return vue


def _calculer(noms: dict[str, str]) -> None:
    """A button for each study to make, called by its département alone."""
    if not noms:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Calculer les demi-postes de :", width="content")
        for code, nom in noms.items():
            st.button(
                nom,
                key=f"demi-postes-{code}",
                on_click=conflit.agir,
                args=(retenus.etudier_les_demi_postes, code),
            )


def _proposer(noms: dict[str, str]) -> None:
    """A link for each département that has no plan to study."""
    if not noms:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("Proposer d'abord une répartition pour :", width="content")
        for code, nom in noms.items():
            st.page_link(cadre.page("proposer"), label=nom, query_params={"departement": code})


@st.fragment(run_every="2s")
def _attendre(niveau: Niveau, departement: str | None, codes: tuple[str, ...]) -> None:
    """Say which studies are at work; the page is drawn again when one has ended."""
    en_cours = regarder.lire_prochains(niveau, departement).en_cours
    if set(en_cours) != set(codes):
        st.rerun()
    noms = ", ".join(en_cours.values())
    st.info(f"Calcul en cours ou en attente : {noms}. La page peut être quittée.")
