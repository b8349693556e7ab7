"""A long computation on screen, whatever it computes: followed, stopped, found by its address."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.hypotheses import Demande
from pipelines.base.textes import pourcentage
from pipelines.scenarios.processus import Phase
from pipelines.scenarios.sortes import Suivi

INTERROMPU = "Le calcul a été interrompu (machine arrêtée ?). Le relancer ci-dessus."


@dataclass(frozen=True)
class Suite:
    """What is said and done of one kind of computation.

    `parametre` holds its id in the address, `page` is where it is shown. `etat`, `arreter`: by id.
    `avance` gives, of a state, how much is done (0 to 1) and the words beside.
    """

    parametre: str
    page: str
    etat: Callable[[str], Any]
    arreter: Callable[[str], None]
    avance: Callable[[Any], tuple[float, str]]
    d_un_autre: str
    bouton_d_arret: str
    arret_demande: str


def lancer(suite: Suite, departement: str, demande: Demande, lancer_calcul: Callable) -> None:
    """Start what `demande` asks for and put its id in the address."""
    st.query_params[suite.parametre] = lancer_calcul(
        departement,
        graine=demande.graine,
        duree_max_s=demande.duree_max_s,
        ecart_vise=demande.ecart_vise,
        hypotheses=demande.hypotheses,
    )
    st.rerun()


def suivre(
    suite: Suite,
    departement: str,
    derniers: Callable[[str], None],
    resultat: Callable[[Any], None],
) -> None:
    """What the computation of the address has so far; `derniers` when there is none in it."""
    calcul_id = st.query_params.get(suite.parametre)
    if calcul_id is None:
        derniers(departement)
        return
    etat = suite.etat(calcul_id)
    if etat.demande["departement"] != departement:
        st.warning(suite.d_un_autre)
    elif etat.phase in (Phase.EN_ATTENTE, Phase.EN_COURS):
        _progression(suite, calcul_id)
    elif etat.phase == Phase.ECHEC:
        st.error((etat.erreur or "").replace("\n", "  \n"))
    elif etat.phase == Phase.INTERROMPU:
        st.error(INTERROMPU)
    else:
        resultat(etat)


@st.fragment(run_every="1s")
def _progression(suite: Suite, calcul_id: str) -> None:
    etat = suite.etat(calcul_id)
    if etat.phase == Phase.EN_ATTENTE:
        attendre(etat.rang, lambda: suite.arreter(calcul_id))
        return
    if etat.phase != Phase.EN_COURS:
        st.rerun()
    fraction, texte = suite.avance(etat)
    st.progress(min(max(fraction, 0.0), 1.0), text=texte)
    if st.button(suite.bouton_d_arret):
        suite.arreter(calcul_id)
        st.toast(suite.arret_demande)


def attendre(rang: int, retirer: Callable[[], None]) -> None:
    """Say that a computation waits, for what, and offer to take it out of the queue."""
    vue = acces.lire_file()
    st.info(vue.attente(rang))
    cadre.table_a_lire(vue.travaux, "file-des-calculs")
    if st.button("Retirer ce calcul de la file"):
        retirer()
        st.rerun()


def file() -> None:
    """The queue of this machine, folded; nothing when it is empty."""
    vue = acces.lire_file()
    if vue.phrase:
        with st.expander(f"File des calculs de cette machine : {vue.phrase}"):
            cadre.table_a_lire(vue.travaux, "file-de-la-machine")


def avance_du_solveur(avancement: dict | None) -> tuple[float, str]:
    """How much is done (0 to 1), and the words beside: what is at work, how far from the best."""
    avance = avancement or {"fraction": 0.0, "message": "Préparation du problème"}
    valeur, borne = avance.get("valeur"), avance.get("borne")
    if not valeur or not borne:
        return avance["fraction"], avance["message"]
    ecart = pourcentage((valeur - borne) / valeur, 1)
    mots = f"{avance['message']} ; à {ecart} au plus du meilleur plan possible"
    return avance["fraction"], mots


def liens(suite: Suite, departement: str, etats: list[Suivi], nom: Callable[[Any], str]) -> None:
    """The last ones, each with the way to it."""
    for etat in etats:
        st.page_link(
            cadre.page(suite.page),
            label=nom(etat),
            query_params={"departement": departement, suite.parametre: etat.calcul_id},
        )
