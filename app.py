"""Entry point for `streamlit run app.py`; `atlas servir` and `make app` do more."""

from pages.composants.application import dessiner

dessiner()
