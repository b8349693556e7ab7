"""The maps a dossier asks for: named here, drawn elsewhere, put where they belong."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipelines.reports.dossier.blocs import Image


class Vue(StrEnum):
    """What a map of a dossier shows; the two coverages are at the same scale."""

    BESOINS = "besoins"
    AUJOURD_HUI = "couverture_aujourd_hui"
    PROPOSEE = "couverture_proposee"
    SECTEURS = "secteurs"


TITRES = {
    Vue.BESOINS: "Le besoin de chaque site",
    Vue.AUJOURD_HUI: "La couverture d'aujourd'hui",
    Vue.PROPOSEE: "La couverture proposée",
    Vue.SECTEURS: "Les secteurs proposés",
}


@dataclass(frozen=True)
class Carte:
    """A drawn map: its bytes (`extension` png or svg), what it says in words, what is under it."""

    octets: bytes
    alt: str
    legende: str
    extension: str = "png"


Cartes = Mapping[Vue, Carte]


def image(cartes: Cartes, vue: Vue) -> tuple[Image, ...]:
    """The picture of a view, nothing when it was not drawn."""
    if vue not in cartes:
        return ()
    carte = cartes[vue]
    return (
        Image(
            code=str(vue),
            titre=TITRES[vue],
            alt=carte.alt,
            legende=carte.legende,
            octets=carte.octets,
            extension=carte.extension,
        ),
    )
