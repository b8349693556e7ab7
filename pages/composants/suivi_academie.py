"""The scenarios of the départements, one click away: name and status."""

import streamlit as st

from pages.composants import acces, cadre
from pipelines.reports.avancement import VueSuivi

LIENS_PAR_DEPARTEMENT = 3  # the others are on the page they lead to


def montrer(suivi: VueSuivi, noms: dict[str, str], seul: str | None) -> None:
    """Each département's scenarios, or those of `seul`, all of them."""
    st.markdown("##### Les scénarios, par département")
    st.write(suivi.phrase)
    montres = [code for code in suivi.codes if seul in (None, code)]
    lignes = [rang for rang, code in enumerate(suivi.codes) if code in montres]
    cadre.table_a_lire(suivi.table.iloc[lignes], "academie-scenarios")
    for code in montres:
        siens = suivi.scenarios[code]
        if not siens:
            continue
        liens = list(siens.items())
        with st.container(horizontal=True):
            for scenario_id, mots in liens if seul else liens[:LIENS_PAR_DEPARTEMENT]:
                _vers("scenarios", f"{noms[code]} : {cadre.inerte(mots)}", code, scenario_id)
            if not seul and len(liens) > LIENS_PAR_DEPARTEMENT:
                _vers("scenarios", f"{noms[code]} : les {len(liens)} scénarios", code)
    sans = [c for c in montres if not suivi.scenarios[c] and acces.peut_modifier(c)]
    if sans:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("Proposer une répartition pour :", width="content")
            for code in sans:
                _vers("proposer", noms[code], code)


def _vers(page: str, mots: str, departement: str, scenario_id: str | None = None) -> None:
    adresse = {"departement": departement}
    if scenario_id is not None:
        adresse["scenario"] = scenario_id
    st.page_link(cadre.page(page), label=mots, query_params=adresse)
