"""Coverage: from a presence to its rhythm class, in the words and order every page uses."""

from enum import StrEnum

from pipelines.base import reference


class Rythme(StrEnum):
    """Rhythm classes, from the most regular to « on request »."""

    HEBDOMADAIRE = "hebdomadaire"
    QUINZAINE = "quinzaine"
    MENSUELLE = "mensuelle"
    PONCTUELLE = "ponctuelle"


def rythme(demi_journees_cycle: int) -> Rythme:
    """The class of a presence in half-days per 4-week cycle; zero is `PONCTUELLE`."""
    for classe in (Rythme.HEBDOMADAIRE, Rythme.QUINZAINE, Rythme.MENSUELLE):
        if demi_journees_cycle >= reference.valeur("couverture", f"{classe}_demi_journees_cycle"):
            return classe
    return Rythme.PONCTUELLE


def est_en_manque(demi_journees_cycle: int, besoin: int) -> bool:
    """True when a presence is under the share of the besoin at which a site is called short."""
    return demi_journees_cycle < besoin * reference.valeur("couverture", "part_manque_prioritaire")


def classe_de_part(demi_journees_cycle: int, besoin: int) -> int:
    """The class of the share of the besoin met, 0 (least) upwards; all of it when none is due."""
    bornes = bornes_des_classes()
    return sum(demi_journees_cycle >= borne * besoin for borne in bornes)


def bornes_des_classes() -> list[float]:
    """The shares (0 to 1) at which `classe_de_part` changes, rising."""
    return reference.valeur("couverture", "classes_part_besoin")
