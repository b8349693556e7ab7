"""Coverage: from a presence to its rhythm class, in the words and order every page uses."""

from enum import StrEnum

from pipelines.base import reference


class Rythme(StrEnum):
    """Rhythm classes, from the most regular to « on request »."""

    HEBDOMADAIRE = "hebdomadaire"
    QUINZAINE = "quinzaine"
    MENSUELLE = "mensuelle"
    PONCTUELLE = "ponctuelle"


SOUS_L_HEBDOMADAIRE = (Rythme.PONCTUELLE, Rythme.MENSUELLE, Rythme.QUINZAINE)
"""The rhythms under a weekly one, the least first."""


def rythme(demi_journees_cycle: int) -> Rythme:
    """The class of a presence in half-days per 4-week cycle; zero is `PONCTUELLE`."""
    for classe in (Rythme.HEBDOMADAIRE, Rythme.QUINZAINE, Rythme.MENSUELLE):
        if demi_journees_cycle >= reference.valeur("couverture", f"{classe}_demi_journees_cycle"):
            return classe
    return Rythme.PONCTUELLE


def classe_de_presence(demi_journees_cycle: int) -> int:
    """The rank of a presence among classes finer than rhythms, 0 for none: those below a weekly
    one, then one a bound of `tranches_de_besoin`, and one beyond the last.
    """
    classe = rythme(demi_journees_cycle)
    if classe != Rythme.HEBDOMADAIRE:
        return SOUS_L_HEBDOMADAIRE.index(classe)
    return len(SOUS_L_HEBDOMADAIRE) + sum(demi_journees_cycle > b for b in bornes_hebdomadaires())


def bornes_hebdomadaires() -> list[int]:
    """Greatest presence of each class of weekly presences but the last, rising (half-days)."""
    depart = reference.valeur("couverture", f"{Rythme.HEBDOMADAIRE}_demi_journees_cycle")
    return [b for b in reference.valeur("couverture", "tranches_de_besoin") if b >= depart]


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
