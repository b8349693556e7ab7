"""The files a page has written, each to download, and the request that made them."""

from collections.abc import Callable, Hashable

import streamlit as st

from pages.composants import cadre
from pipelines.base.textes import pluriel
from pipelines.reports.dossier.fichiers import Fichier, Livraison

DE_FRONT = 2
"""Documents on one line of the page."""


def demandes(libelle: str, demande: Hashable, cle: str) -> bool:
    """A button, and whether it was asked for what the boxes say now; a change asks again."""
    if st.button(libelle, type="primary", key=f"bouton-{cle}"):
        st.session_state[cle] = demande
    return st.session_state.get(cle) == demande


def montrer(produire: Callable[[], Livraison]) -> None:
    """The files `produire` gives, two a line, and why others are not given; or its refusal."""
    with cadre.sur_place():
        livraison = produire()
        combien = pluriel(len(livraison.fichiers), "document est prêt", "documents sont prêts")
        st.markdown(f"#### {combien}")
        for rang in range(0, len(livraison.fichiers), DE_FRONT):
            ligne = livraison.fichiers[rang : rang + DE_FRONT]
            for colonne, fichier in zip(st.columns(DE_FRONT), ligne, strict=False):
                with colonne:
                    _a_telecharger(fichier)
        for manque in livraison.manques:
            (st.warning if manque.est_un_refus else st.caption)(manque.phrase)


def _a_telecharger(fichier: Fichier) -> None:
    st.download_button(
        fichier.libelle,
        fichier.octets,
        file_name=fichier.nom,
        mime=fichier.media,
        on_click="ignore",
    )
    st.caption(f"{fichier.nom}, {cadre.taille(len(fichier.octets))}")
