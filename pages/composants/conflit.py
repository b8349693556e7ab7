"""An act on a scenario from a page: done, refused in French, or told that someone saved meanwhile.

Callbacks receive the version that was on screen when the button was drawn: the one its reader knew.
"""

from collections.abc import Callable

import streamlit as st

from pages.composants import acces, cadre
from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import atelier
from pipelines.scenarios.conflits import Conflit
from pipelines.scenarios.scenario import Scenario

CONFLIT, REFUS, FAIT = "conflit", "refus", "fait"


class Saisie:
    """A line of text drawn now, read when the button beside it is hit: not the one before it."""

    def __init__(self, titre: str, depart: str, cle: str) -> None:
        self.cle = cle
        st.text_input(titre, value=depart, key=cle)

    def lire(self) -> str:
        """What is written there."""
        return st.session_state[self.cle]


def agir(acte: Callable[..., Scenario | None], *arguments: object, dit: str = "") -> bool:
    """In a callback: do an act; what it gives, refuses or meets is told at the next drawing.

    Whether it was done.
    """
    valeurs = [a.lire() if isinstance(a, Saisie) else a for a in arguments]
    try:
        scenario = acte(acces.lecteur(), *valeurs)
    except Conflit as conflit:
        st.session_state[CONFLIT] = conflit
    except AtlasError as refus:
        st.session_state[REFUS] = refus.message()
    else:
        if dit:
            st.session_state[FAIT] = dit
        if isinstance(scenario, Scenario):
            st.query_params["scenario"] = scenario.scenario_id
        return True
    return False


def dire() -> None:
    """What the last act met: done, refused, or a conflict and its choices."""
    if fait := st.session_state.pop(FAIT, None):
        st.toast(fait)
    if refus := st.session_state.pop(REFUS, None):
        st.warning(cadre.inerte(refus).replace("\n", "  \n"))
    if CONFLIT in st.session_state:
        _choisir(st.session_state[CONFLIT])


@st.dialog("Quelqu'un a enregistré avant vous", dismissible=False, width="medium")
def _choisir(conflit: Conflit) -> None:
    st.write(cadre.inerte(conflit.quoi))
    st.write("Votre acte n'a pas été enregistré : que faire ?")
    if st.button("Prendre l'état actuel", type="primary", width="stretch"):
        _finir(conflit)
    if conflit.mien is None:
        return
    if not conflit.est_une_copie and st.button("Y reporter mes changements", width="stretch"):
        _finir(conflit, atelier.reporter, conflit, dit="Changements reportés sur l'état actuel.")
    nom = st.text_input("Nom du nouveau scénario", value=f"{conflit.leur.nom} (ma version)")
    mots, dit = (
        ("Dériver l'état que j'avais à l'écran", "Ce scénario part de l'état que vous aviez vu.")
        if conflit.est_une_copie
        else (
            "Garder les miens dans un nouveau scénario",
            "Vos changements sont gardés dans ce scénario.",
        )
    )
    if st.button(mots, width="stretch"):
        _finir(conflit, atelier.garder_a_part, conflit, nom, dit=dit)


def _finir(
    conflit: Conflit,
    acte: Callable[..., Scenario] | None = None,
    *arguments: object,
    dit: str = "",
) -> None:
    """Close the dialog with what was chosen; it comes back when that is refused."""
    del st.session_state[CONFLIT]
    if acte is not None:
        agir(acte, *arguments, dit=dit)
        if REFUS in st.session_state:
            st.session_state[CONFLIT] = conflit
    st.rerun()
