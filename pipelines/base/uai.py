"""The UAI, national key of an establishment: seven digits and a check letter."""

LETTRES = "ABCDEFGHJKLMNPRSTUVWXYZ"


def cle(numero: str) -> str:
    """Check letter of the seven digits `numero` (remainder modulo 23)."""
    return LETTRES[int(numero) % len(LETTRES)]
