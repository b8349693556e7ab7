"""French words and numbers, the same on every screen and in every document.

U+202F (narrow no-break space) goes between thousands and before `: ; ! ? %`.
"""

import math

FINE = "\u202f"
INCONNU = "inconnu"
DEBUTS_DE_FORMULE = ("=", "+", "-", "@", "\t", "\r")


def nombre(valeur: float | None, decimales: int = 0) -> str:
    """`valeur` the French way (1 234,5), or « inconnu » when missing."""
    if valeur is None or (isinstance(valeur, float) and math.isnan(valeur)):
        return INCONNU
    texte = f"{valeur:,.{decimales}f}"
    return texte.replace(",", FINE).replace(".", ",").replace("-", "−")


def au_plus_juste(valeur: float | None) -> str:
    """`valeur` with the decimals it needs, two at most: 2, 0,5, 110,25; « inconnu » when missing.

    The one way an ETP, a weight or a threshold is written.
    """
    if valeur is None or math.isnan(valeur):
        return INCONNU
    decimales = f"{float(valeur):.2f}".rstrip("0").split(".")[1]
    return nombre(float(valeur), len(decimales))


def pourcentage(part: float | None, decimales: int = 0) -> str:
    """A share (0 to 1) as a percentage; « inconnu » when missing."""
    if part is None or (isinstance(part, float) and math.isnan(part)):
        return INCONNU
    return f"{nombre(part * 100, decimales)}{FINE}%"


def variation(valeur: float, decimales: int = 0) -> str:
    """A change with its sign and its mark: ▲ +3, ▼ −2, = 0."""
    if round(valeur, decimales) == 0:
        return f"= {nombre(0, decimales)}"
    marque = "▲ +" if valeur > 0 else "▼ "
    return marque + nombre(valeur, decimales)


def pluriel(n: float, singulier: str, au_pluriel: str | None = None) -> str:
    """`n` and its noun, agreed the French way: singular below 2 (0 poste, 1,5 poste, 2 postes)."""
    mot = singulier if abs(n) < 2 else (au_pluriel or f"{singulier}s")
    return f"{nombre(n, 0 if float(n).is_integer() else 1)} {mot}"


def enumeration(mots: list[str]) -> str:
    """« a, b et c »."""
    if len(mots) <= 1:
        return "".join(mots)
    return f"{', '.join(mots[:-1])} et {mots[-1]}"


def rythme(demi_journees_cycle: int) -> str:
    """A presence as people say it: half-days per 4-week cycle → « 1 journée par semaine »."""
    n = int(demi_journees_cycle)
    if n <= 0:
        return "sur demande"
    if n % 4 == 0:
        return f"{_duree(n // 4)} par semaine"
    if n % 2 == 0:
        return f"{_duree(n // 2)} par quinzaine"
    return f"{_duree(n)} par mois"


def _duree(demi_journees: int) -> str:
    """1 demi-journée, 1 journée, 1,5 journée, 2 journées."""
    return "1 demi-journée" if demi_journees == 1 else pluriel(demi_journees / 2, "journée")


def jour(date_iso: str | None) -> str:
    """An ISO date (2026-11-21) the French way (21/11/2026)."""
    if not date_iso:
        return "date inconnue"
    annee, mois, jour_du_mois = str(date_iso)[:10].split("-")
    return f"{jour_du_mois}/{mois}/{annee}"


def pour_tableur(texte: str) -> str:
    """`texte` as a cell no spreadsheet takes for a formula: an apostrophe goes before = + - @."""
    return f"'{texte}" if texte.lstrip("'").startswith(DEBUTS_DE_FORMULE) else texte


def du_tableur(cellule: str) -> str:
    """The text that `pour_tableur` wrote as `cellule`."""
    return cellule.removeprefix("'") if pour_tableur(cellule) != cellule else cellule
