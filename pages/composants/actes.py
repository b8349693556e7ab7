"""Acts on a scenario: made from the state its author sees, refused or told when another saved."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.composants import acces, cadre, conflit, suivi
from pages.composants.conflit import agir
from pipelines.base.erreurs import AtlasError
from pipelines.reports.ajuster import VueAjuster
from pipelines.scenarios import atelier, calculs, completions
from pipelines.scenarios.completions import Etat
from pipelines.scenarios.processus import Phase
from pipelines.scenarios.scenario import Scenario

AUJOURD_HUI = "aujourd'hui"
NOM_PAR_DEFAUT = "Ajustement à la main"
DUREES = {10: "10 secondes", 30: "30 secondes", 60: "1 minute", 180: "3 minutes"}


def ouvrir_le_premier(departement: str) -> None:
    """Say that the département has no scenario yet, and the form that makes one."""
    st.info(
        "Aucun scénario pour ce département : en ouvrir un ci-dessous, des présences "
        "d'aujourd'hui ou d'une proposition gardée."
    )
    conflit.dire()
    with st.container(border=True):
        _ouvrir(departement)


def ouvrir_un_autre(departement: str) -> None:
    """The same form at a click, beside the choice of those there are."""
    with st.popover("Nouveau", width="stretch", help="Ouvrir un autre scénario"):
        _ouvrir(departement)


def _ouvrir(departement: str) -> None:
    """The form that makes a scenario of today's presences or of a kept proposal."""
    finis = {e.calcul_id: e for e in calculs.derniers(acces.lecteur(), departement)}
    nom = st.text_input("Nom du scénario", NOM_PAR_DEFAUT)
    depart = st.selectbox(
        "Partir de",
        [*finis, AUJOURD_HUI],
        format_func=lambda code: (
            "Présences d'aujourd'hui"
            if code == AUJOURD_HUI
            else f"Proposition du {finis[code].lancee_le:%d/%m/%Y à %H h %M}"
        ),
    )
    if depart == AUJOURD_HUI:
        acte, arguments = atelier.creer_aujourd_hui, (acces.base(), nom, departement)
    else:
        acte, arguments = atelier.creer, (nom, finis[depart].dossier)
    st.button("Ouvrir ce scénario", on_click=agir, args=(acte, *arguments))


def annuler_ou_refaire(
    scenario: Scenario, vue: VueAjuster, un: DeltaGenerator, deux: DeltaGenerator
) -> None:
    """The two buttons, in `un` and `deux`, and the last act in words."""
    quoi = (scenario.scenario_id, scenario.version)
    un.button(
        "Annuler",
        width="stretch",
        disabled=not (scenario.peut_annuler and vue.est_ouvert),
        on_click=agir,
        args=(atelier.annuler, *quoi),
    )
    deux.button(
        "Rétablir",
        width="stretch",
        disabled=not (scenario.peut_refaire and vue.est_ouvert),
        on_click=agir,
        args=(atelier.refaire, *quoi),
    )
    st.caption(f"Dernier acte gardé : {cadre.inerte(vue.dernier_acte)}.")


# --- « Compléter » -------------------------------------------------------------------------------


def completer(scenario: Scenario) -> None:
    """Launch the optimiser around the locks."""
    st.markdown("##### Compléter")
    st.write(
        "L'optimiseur repart de ce plan, garde tous les verrous et refait le reste. Le résultat "
        "s'enregistre comme un seul acte, que l'on peut annuler."
    )
    duree = st.selectbox(
        "Durée du calcul", list(DUREES), index=1, format_func=DUREES.get, key="duree-completer"
    )
    st.button("Compléter autour des verrous", on_click=_lancer, args=(scenario, duree))


def suivre_le_calcul(departement: str, scenario: Scenario) -> None:
    """The computation of the address, when it completes this scenario."""
    calcul_id = st.query_params.get(SUITE.parametre)
    if calcul_id is None:
        return
    with cadre.sur_place():
        if completions.etat(acces.lecteur(), calcul_id).scenario_id == scenario.scenario_id:
            suivi.suivre(SUITE, departement, lambda _: None, partial(_resultat, scenario))


def _lancer(scenario: Scenario, duree: int) -> None:
    try:
        st.query_params[SUITE.parametre] = completions.lancer(acces.lecteur(), scenario, duree)
    except AtlasError as refus:
        st.session_state[conflit.REFUS] = refus.message()


def _avance(etat: Etat) -> tuple[float, str]:
    return suivi.avance_du_solveur(etat.avancement)


def _resultat(scenario: Scenario, etat: Etat) -> None:
    if etat.phase != Phase.TERMINE:
        return
    if etat.conflit is None:
        # said as long as it is true: not after an undo, nor under what was done since
        if scenario.quoi.startswith(completions.FAIT):
            st.success("Le plan complété est dans le scénario ; « Annuler » revient au précédent.")
        return
    st.warning(cadre.inerte(etat.conflit))
    st.write("Le plan complété attend : rien n'a été remplacé.")
    un, deux = st.columns(2)
    un.button(
        "Le mettre à la place de l'état actuel (annulable)",
        on_click=agir,
        args=(completions.reprendre, etat.calcul_id, scenario.version),
    )
    deux.button(
        "Le garder dans un nouveau scénario",
        on_click=agir,
        args=(completions.garder_a_part, etat.calcul_id, "Plan complété, à part"),
    )


SUITE = suivi.Suite(
    parametre="completion",
    page="ajuster",
    etat=lambda calcul_id: completions.etat(acces.lecteur(), calcul_id),
    arreter=lambda calcul_id: completions.arreter(acces.lecteur(), calcul_id),
    avance=_avance,
    d_un_autre="Ce calcul est celui d'un autre département.",
    bouton_d_arret="Arrêter et garder le meilleur plan",
    arret_demande="Arrêt demandé : le meilleur plan trouvé sera gardé.",
)
