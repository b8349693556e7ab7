"""The declaration of accessibility: what is checked, what fails, whom to tell."""

import streamlit as st

from pages.composants import acces

st.markdown(acces.lire_document("accessibilite"))
