"""The files a page has written, each to download, and the request that made them."""

from collections.abc import Callable, Hashable, Sequence

import streamlit as st

from pages.composants import cadre
from pipelines.base.textes import pluriel
from pipelines.reports.dossier.fichiers import Fichier


def demandes(libelle: str, demande: Hashable, cle: str) -> bool:
    """A button, and whether it was asked for what the boxes say now; a change asks again."""
    if st.button(libelle, type="primary", key=f"bouton-{cle}"):
        st.session_state[cle] = demande
    return st.session_state.get(cle) == demande


def montrer(produire: Callable[[], Sequence[Fichier]]) -> None:
    """The files `produire` gives, or its refusal, on the spot."""
    with cadre.sur_place():
        fichiers = produire()
        st.markdown(f"#### {pluriel(len(fichiers), 'document est prêt', 'documents sont prêts')}")
        for fichier in fichiers:
            st.download_button(
                fichier.libelle,
                fichier.octets,
                file_name=fichier.nom,
                mime=fichier.media,
                on_click="ignore",
            )
            st.caption(f"{fichier.nom}, {cadre.taille(len(fichier.octets))}")
