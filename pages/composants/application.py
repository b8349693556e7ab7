"""The application: its frame, then the page asked for.

`atlas servir` gives this very file to Streamlit. With a main script beside a `pages/` folder,
Streamlit guesses pages of its own at the first visit and answers a deep link with « Page not
found »; here it finds no such folder.
"""

import streamlit as st

from pages.composants import cadre, televersement
from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import lecteurs


def dessiner() -> None:
    """Draw the side bar and run the page of the address; refusals are told in French."""
    televersement.garder_en_memoire()
    # the one place where a sign-on would say who reads
    lecteurs.devenir(lecteurs.local())
    st.set_page_config(page_title="Atlas SSFE", layout="wide", initial_sidebar_state=256)
    st.html("<script>document.documentElement.lang = 'fr'</script>", unsafe_allow_javascript=True)
    st.html(
        "<style>[data-testid='stMainBlockContainer'] {padding: 2.5rem 3rem 2rem}"
        "[data-testid='stSidebarHeader'] {height: 2.5rem; margin-bottom: 0}"
        # its own export writes formulas and no warning: ours, below each table, does not
        "[data-testid='stElementToolbarButton']:has([aria-label^='Download as CSV'])"
        " {display: none}"
        # Streamlit's own grey falls short of a contrast of 4.5 to 1
        ".stApp [data-testid='stCaptionContainer'] {opacity: 0.75}</style>"
    )
    try:
        cadre.navigation().run()
    except AtlasError as erreur:
        st.error(erreur.message().replace("\n", "  \n"))


if __name__ == "__main__":
    dessiner()
