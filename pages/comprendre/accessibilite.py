"""The declaration of accessibility: what is checked, what fails, whom to tell."""

import streamlit as st

from pages.composants import acces

declaration = acces.lire_document("accessibilite")
st.title(declaration.titre)
st.markdown(declaration.corps)
