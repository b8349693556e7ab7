"""What an apportionment must hold: the gap to today, floors and losses, all in the address."""

import streamlit as st

PAR_LIGNE = 3
COMMUNES = {"step": 0.5, "bind": "query-params", "format": "%.1f"}


def reglages() -> tuple[float, float, float | None]:
    """ETP more or less than today, the floor of every territory, the loss admitted (ETP)."""
    un, deux, trois = st.columns(3)
    ecart = un.number_input("Écart à aujourd'hui (ETP)", value=0.0, key="ecart", **COMMUNES)
    plancher = deux.number_input(
        "Plancher de chacun (ETP)", value=0.5, min_value=0.0, key="plancher", **COMMUNES
    )
    perte = trois.number_input(
        "Perte au plus (ETP)",
        value=None,
        placeholder="sans limite",
        min_value=0.0,
        key="perte",
        **COMMUNES,
    )
    return ecart, plancher, perte


def particuliers(noms: dict[str, str]) -> tuple[tuple[str, float], ...]:
    """The floors (ETP) of the territories that have their own, by code."""
    with st.expander("Un plancher propre à certains territoires (ETP)"):
        colonnes = st.columns(PAR_LIGNE)
        saisis = {
            code: colonnes[rang % PAR_LIGNE].number_input(
                nom,
                value=None,
                placeholder="comme les autres",
                min_value=0.0,
                key=f"plancher-{code}",
                **COMMUNES,
            )
            for rang, (code, nom) in enumerate(noms.items())
        }
    return tuple((code, etp) for code, etp in saisis.items() if etp is not None)
