"""A plan changed by hand, given back on the page: told before it is kept, kept as one act."""

import streamlit as st

from pages.composants import cadre, zone_de_depot
from pages.composants.conflit import agir
from pipelines.reports import classeur_du_dossier
from pipelines.reports import relecture as vues
from pipelines.scenarios import relecture
from pipelines.scenarios.scenario import Scenario

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def relire(scenario: Scenario) -> None:
    """The workbook to take away, the drop zone, and the report on what comes back."""
    with st.expander("Changer le plan dans un tableur"):
        st.write(
            "Prendre le classeur, changer la feuille « Plan », le redonner ici : Atlas montre ce "
            "qui change et ce que dit le contrôle indépendant. Rien n'est enregistré avant votre "
            "accord."
        )
        st.download_button(
            "Prendre le plan (Excel)",
            lambda: classeur_du_dossier.ecrire(scenario, [scenario.nom], {}),
            file_name=f"plan-{scenario.scenario_id}.xlsx",
            mime=EXCEL,
            on_click="ignore",
            key="prendre-le-plan",
        )
        zone_de_depot.en_francais("Excel ou CSV")
        # another state, another zone: what was kept is no longer waiting
        depose = st.file_uploader(
            "Plan changé à la main", key=f"plan-depose-{scenario.scenario_id}-{scenario.version}"
        )
        if depose is not None:
            _montrer(scenario, depose.name, depose.getvalue())


def _montrer(scenario: Scenario, nom_du_fichier: str, octets: bytes) -> None:
    with cadre.sur_place():
        relue = relecture.relire(relecture.recu(nom_du_fichier, octets), scenario)
        vue = vues.vue(scenario, relue)
        st.markdown(f"##### {cadre.inerte(vue.phrase)}")
        for note in vue.notes:
            st.info(cadre.inerte(note))
        st.button(
            "Appliquer ce plan (annulable)",
            type="primary",
            disabled=not vue.est_applicable,
            on_click=agir,
            args=(relecture.appliquer, scenario, relue),
        )
        for table, nom in (
            (vue.refus, "plan-refus"),
            (vue.differences, "plan-differences"),
            (vue.chiffres, "plan-chiffres"),
            (vue.manquements, "plan-manquements"),
        ):
            if not table.empty:
                cadre.table_a_lire(table, f"{nom}-{scenario.scenario_id}")
