"""The travel of a proposal on screen: the choices, the sentence, the tables, the envelope."""

import streamlit as st

from pages.composants import acces, cadre
from pages.composants.acces import decider
from pipelines.reports.deplacements import VueEpuisement

SI_PLACE = ("Commune de la résidence", "Commune du site", "Trajet aller (km)")
PUISSANCE, ENVELOPPE = "puissance", "enveloppe"


def montrer(calcul_id: str) -> None:
    """Km, minutes and budget of a finished proposal; what an envelope no longer pays."""
    gauche, milieu, _ = st.columns([3, 3, 6], gap="medium")
    with gauche:
        defaut, choix = decider.choix_puissances()
        puissance = cadre.choisir("Puissance fiscale", choix, PUISSANCE, defaut)
    with milieu:
        enveloppe = _enveloppe()
    vue = decider.lire_deplacements(acces.version(), calcul_id, int(puissance), enveloppe)
    st.markdown(f"##### {vue.phrase}")
    for reserve in vue.reserves:
        st.caption(reserve)
    if vue.epuisement is not None:
        _epuisement(vue.epuisement, calcul_id)
    st.markdown("##### Par poste")
    cadre.table(vue.postes, f"deplacements-postes-{calcul_id}")
    with st.expander("Trajet par trajet"):
        cadre.table(
            vue.trajets,
            f"deplacements-{calcul_id}",
            si_place=SI_PLACE,
            repliee=True,
        )
    with st.expander("La règle, et le budget selon les véhicules"):
        for phrase in vue.regles:
            st.write(phrase)
        cadre.table_a_lire(vue.puissances, f"deplacements-vehicules-{calcul_id}")
    st.download_button(
        "Télécharger les déplacements (Excel)",
        vue.classeur,
        file_name=f"deplacements-{calcul_id}.xlsx",
    )


def _enveloppe() -> float | None:
    """The yearly envelope in euros, kept in the address; None when there is none."""
    gardee = st.query_params.get(ENVELOPPE, "")
    montant = st.number_input(
        "Enveloppe (€ par an)",
        min_value=0,
        value=int(gardee) if gardee.isdecimal() else None,
        step=500,
        placeholder="sans limite",
        help="Donne, dans l'ordre, les trajets qu'une enveloppe épuisée ne paierait plus.",
    )
    if montant is None:
        st.query_params.pop(ENVELOPPE, None)
        return None
    st.query_params[ENVELOPPE] = str(montant)
    return float(montant)


def _epuisement(vue: VueEpuisement, calcul_id: str) -> None:
    st.markdown(f"##### {vue.phrase}")
    if vue.arrets.empty:
        return
    st.caption(vue.ordre)
    st.markdown("Les trajets, dans l'ordre où ils cessent")
    cadre.table(vue.arrets, f"trajets-non-payes-{calcul_id}")
    st.markdown("Les sites que cela découvre")
    cadre.table(vue.sites, f"sites-decouverts-{calcul_id}")
