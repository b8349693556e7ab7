"""What an apportionment must hold: the gap to today, floors and losses, all in the address."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pipelines.base.textes import au_plus_juste
from pipelines.reports import partage

PAR_LIGNE = 3


def reglages() -> tuple[float, float, float | None]:
    """ETP more or less than today, the floor of every territory, the loss admitted (ETP).

    AtlasError when one is not written in half-posts.
    """
    un, deux, trois = st.columns(3)
    ecart = _etp(un, "Écart à aujourd'hui (ETP)", "ecart", defaut=0, est_signe=True)
    plancher = _etp(deux, "Plancher de chacun (ETP)", "plancher", defaut=0.5)
    perte = _etp(trois, "Perte au plus (ETP)", "perte", vide="sans limite")
    return ecart or 0, plancher or 0, perte


def particuliers(noms: dict[str, str]) -> tuple[tuple[str, float], ...]:
    """The floors (ETP) of the territories that have their own, by code; AtlasError as above."""
    with st.expander("Un plancher propre à certains territoires (ETP)"):
        colonnes = st.columns(PAR_LIGNE)
        saisis = {
            code: _etp(colonnes[rang % PAR_LIGNE], nom, f"plancher-{code}", vide="comme les autres")
            for rang, (code, nom) in enumerate(noms.items())
        }
    return tuple((code, etp) for code, etp in saisis.items() if etp is not None)


def _etp(
    ou: DeltaGenerator,
    titre: str,
    cle: str,
    *,
    defaut: float | None = None,
    vide: str = "0",
    est_signe: bool = False,
) -> float | None:
    """A field of ETP, by half-posts; text, so that 1,5 is read and written the French way."""
    saisi = ou.text_input(
        titre,
        value="" if defaut is None else au_plus_juste(defaut),
        placeholder=vide,
        key=cle,
        bind="query-params",
    )
    return partage.lire_etp(saisi, titre, est_signe=est_signe)
