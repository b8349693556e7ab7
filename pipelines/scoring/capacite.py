"""What a poste can give: from its quotité to whole half-days per cycle."""

import math
from dataclasses import dataclass

from pipelines.base import reference


@dataclass(frozen=True)
class Capacite:
    """Half-days per 4-week cycle a poste can give, and how it comes to that.

    `brute` (in presence) − `hors_secteur` − `reunions`, rounded down, is `demi_journees_cycle`.
    """

    brute: float
    hors_secteur: float
    reunions: float
    demi_journees_cycle: int


def capacite(quotite_etp: float, hors_secteur_etp: float = 0.0) -> Capacite:
    """Capacity of a poste of `quotite_etp` (0 to 1), `hors_secteur_etp` of it spent elsewhere.

    Rounded down to a whole half-day: a poste is never given more than its time.
    """
    temps_plein = (
        reference.valeur("temps_travail", "demi_journees_par_semaine")
        * reference.valeur("temps_travail", "semaines_par_cycle")
        * reference.valeur("temps_travail", "part_en_presence")
    )
    brute = quotite_etp * temps_plein
    hors_secteur = hors_secteur_etp * temps_plein
    reunions = quotite_etp * reference.valeur("temps_travail", "reunions_demi_journees_cycle")
    # 1e-9: 0.8 × 36 must not lose a half-day to binary fractions
    entier = math.floor(brute - hors_secteur - reunions + 1e-9)
    return Capacite(brute, hors_secteur, reunions, max(entier, 0))
