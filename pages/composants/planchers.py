"""What an apportionment must hold: the gap to today, floors and losses, all in the address.

Numbers are written as they are read elsewhere, 0,5: a browser writes 0.5 in a field of its own.
"""

import math

import streamlit as st

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import nombre

PAR_LIGNE = 3


def reglages() -> tuple[float, float, float | None]:
    """ETP more or less than today, the floor of every territory, the loss admitted (ETP)."""
    un, deux, trois = st.columns(3)
    with un:
        ecart = _etp("Écart à aujourd'hui (ETP)", "ecart", 0.0, admet_moins=True)
    with deux:
        plancher = _etp("Plancher de chacun (ETP)", "plancher", 0.5)
    with trois:
        perte = _etp("Perte au plus (ETP)", "perte", None, vide="sans limite")
    return ecart or 0.0, plancher or 0.0, perte


def particuliers(noms: dict[str, str]) -> tuple[tuple[str, float], ...]:
    """The floors (ETP) of the territories that have their own, by code."""
    with st.expander("Un plancher propre à certains territoires (ETP)"):
        colonnes = st.columns(PAR_LIGNE)
        saisis = {}
        for rang, (code, nom) in enumerate(noms.items()):
            with colonnes[rang % PAR_LIGNE]:
                saisis[code] = _etp(nom, f"plancher-{code}", None, vide="comme les autres")
    return tuple((code, etp) for code, etp in saisis.items() if etp is not None)


def _etp(
    titre: str, cle: str, defaut: float | None, *, vide: str = "", admet_moins: bool = False
) -> float | None:
    """A number of ETP to write, kept in the address under `cle`; None when nothing is written.

    AtlasError when it is no number, or one below zero where `admet_moins` does not allow it.
    """
    depart = "" if defaut is None else nombre(defaut, 1)
    texte = st.text_input(titre, depart, key=cle, bind="query-params", placeholder=vide).strip()
    if not texte:
        return None
    try:
        etp = float(texte.replace("\u2212", "-").replace(",", "."))
    except ValueError:
        etp = math.nan
    if not math.isfinite(etp) or (etp < 0 and not admet_moins):
        raise AtlasError(
            f"« {texte} » n'est pas un nombre d'ETP.",
            colonne=titre,
            admis="un nombre, 0,5 ou −1 par exemple" if admet_moins else "un nombre, 0,5 ou 2",
            remede=f"corriger le champ « {titre} »" + (f", ou le vider : {vide}" if vide else ""),
        )
    return etp
