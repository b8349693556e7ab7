"""Which version of a scenario a study speaks of: the one on screen, or one before it, and which."""

from pathlib import Path

import streamlit as st

from pages.composants import cadre
from pages.composants.acces import decider
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.magasin import en_clair
from pipelines.scenarios.processus import Phase
from pipelines.scenarios.versions_etudiees import VersionEtudiee

PARAMETRE = "version"


def dossier(plan_id: str, nature: Nature) -> Path:
    """The folder of the study to show: that of the plan as it is, or of the version asked for.

    The rights of who looks are asked for again at each call.
    """
    versions = decider.versions_etudiees(plan_id, nature)
    choisie = _demandee(plan_id, versions)
    if choisie is not None:
        return choisie.dossier
    actuelles = [v for v in versions if v.est_actuelle]
    utiles = [v for v in actuelles if v.est_au_travail or v.phase == Phase.TERMINE]
    return next((v.dossier for v in (*utiles, *actuelles)), decider.dossier_du_plan(plan_id))


def annoncer(plan_id: str, nature: Nature) -> None:
    """Say that the version shown is not the present one, with the way back; name the others that
    have this study, so that none is lost when the plan changes.
    """
    versions = decider.versions_etudiees(plan_id, nature)
    choisie = _demandee(plan_id, versions)
    if choisie is not None:
        st.warning(
            f"Cette étude porte sur une version antérieure de ce scénario, {_nom(choisie)} : le "
            "plan ou ses verrous ont changé depuis."
        )
        st.button("Revenir au plan actuel", on_click=_oublier)
        return
    for v in (v for v in versions if not v.est_actuelle):
        etat = "est en cours" if v.est_au_travail else "est gardée"
        st.info(f"Cette étude {etat} pour une version antérieure de ce scénario, {_nom(v)}.")
        st.button(
            "Voir l'étude de cette version",
            key=f"version-{v.numero}",
            on_click=_demander,
            args=(plan_id, v.numero),
        )


def _demandee(plan_id: str, versions: tuple[VersionEtudiee, ...]) -> VersionEtudiee | None:
    """The former version of the address; None when it asks for none of these."""
    demandee = st.query_params.get(PARAMETRE)
    anciennes = (v for v in versions if not v.est_actuelle)
    return next((v for v in anciennes if _adresse(plan_id, v.numero) == demandee), None)


def _adresse(plan_id: str, numero: int) -> str:
    return f"{plan_id}.{numero}"


def _nom(v: VersionEtudiee) -> str:
    return f"celle du {en_clair(v.le)} (« {cadre.inerte(v.quoi)} »)"


def _demander(plan_id: str, numero: int) -> None:
    st.query_params[PARAMETRE] = _adresse(plan_id, numero)


def _oublier() -> None:
    st.query_params.pop(PARAMETRE, None)
