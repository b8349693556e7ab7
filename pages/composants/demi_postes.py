"""What each next half-post would bring where: the table, and the studies it waits for."""

import contextlib
from collections.abc import Iterator

import streamlit as st

from pages.composants import acces, cadre, conflit
from pages.composants.acces import regarder
from pipelines.reports.prochains_demi_postes import VueProchains
from pipelines.scenarios import retenus

EN_LIGNE = 2  # acts side by side; more are in a menu


def montrer(departement: str | None) -> VueProchains:
    """The next half-posts of every département, or of the bassins of one; what was shown."""
    vue = regarder.lire_prochains(departement)
    st.markdown("##### Ce qu'apporterait chaque demi-poste de plus")
    st.write(cadre.inerte(vue.phrase))
    for remarque in vue.remarques:
        st.caption(cadre.inerte(remarque))
    if not vue.table.empty:
        cadre.table_a_lire(
            vue.table,
            f"demi-postes-{departement}",
            au_telechargement=("Sites qui perdent", "Plan étudié"),
        )
        st.caption(vue.note)
    conflit.dire()
    if vue.en_cours:
        _attendre(departement, tuple(vue.en_cours))
    with st.container(horizontal=True):
        with _menu("Calculer pour…", [c for c in vue.a_calculer if acces.peut_modifier(c)]) as ceux:
            for code in ceux:
                st.button(
                    f"Calculer pour {vue.a_calculer[code]}",
                    key=f"demi-postes-{code}",
                    on_click=conflit.agir,
                    args=(retenus.etudier_les_demi_postes, code),
                )
        with _menu("Proposer d'abord pour…", [*filter(acces.peut_modifier, vue.sans_plan)]) as ceux:
            for code in ceux:
                st.page_link(
                    cadre.page("proposer"),
                    label=f"Proposer d'abord pour {vue.sans_plan[code]}",
                    query_params={"departement": code},
                )
    return vue


@contextlib.contextmanager
def _menu(titre: str, codes: list[str]) -> Iterator[list[str]]:
    """Where the acts on each of `codes` go: as they are for one or two, in a menu beyond."""
    with st.popover(titre) if len(codes) > EN_LIGNE else contextlib.nullcontext():
        yield codes


@st.fragment(run_every="2s")
def _attendre(departement: str | None, codes: tuple[str, ...]) -> None:
    """Say which studies are at work; the page is drawn again when one has ended."""
    en_cours = regarder.lire_prochains(departement).en_cours
    if set(en_cours) != set(codes):
        st.rerun()
    noms = ", ".join(en_cours.values())
    st.info(f"Calcul en cours ou en attente : {noms}. La page peut être quittée.")
