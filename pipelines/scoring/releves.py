"""Activity returns: when two years of a series can't be compared as they are."""

from pipelines.base import reference


def est_en_rupture(avant: float, apres: float) -> bool:
    """True when a count of one school year and of the next are too far apart to be the same count.

    Doubled or halved, or further (`rupture_activite_rapport`), the larger of the two being large
    enough to mean something (`rupture_activite_min`). It says « ask how it was counted », not that
    the activity changed.
    """
    petit, grand = sorted((avant, apres))
    return grand >= reference.valeur(
        "controles", "rupture_activite_min"
    ) and grand >= petit * reference.valeur("controles", "rupture_activite_rapport")
