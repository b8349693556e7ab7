"""The UAI, national key of an establishment: seven digits and a check letter."""

import re

LETTRES = "ABCDEFGHJKLMNPRSTUVWXYZ"
_FORME = re.compile(r"^\d{7}[A-Z]$")


def cle(numero: str) -> str:
    """Check letter of the seven digits `numero` (remainder modulo 23)."""
    return LETTRES[int(numero) % len(LETTRES)]


def est_valide(uai: str) -> bool:
    """True when `uai` is seven digits followed by its own check letter, in capitals."""
    return bool(_FORME.match(uai)) and cle(uai[:7]) == uai[7]
