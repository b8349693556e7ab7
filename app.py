"""Entry point of the dashboard: `atlas servir`, or `streamlit run app.py`."""

import streamlit as st

from pages.composants import cadre
from pipelines.base.erreurs import AtlasError

st.set_page_config(page_title="Atlas SSFE", layout="wide", initial_sidebar_state=230)
st.html("<script>document.documentElement.lang = 'fr'</script>", unsafe_allow_javascript=True)
st.html(
    "<style>[data-testid='stMainBlockContainer'] {padding: 2.5rem 3rem 2rem}"
    "[data-testid='stSidebarHeader'] {height: 2.5rem; margin-bottom: 0}</style>"
)
try:
    cadre.navigation().run()
except AtlasError as erreur:
    st.error(erreur.message().replace("\n", "  \n"))
