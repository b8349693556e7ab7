"""The simulator's dated assumptions and its independent random streams."""

import zlib
from typing import Any, TypeVar

import numpy as np

from pipelines.base import reference

Choix = TypeVar("Choix")


def hypothese(nom: str) -> Any:  # noqa: ANN401
    """The value in force of an assumption of `data/reference/simulation.toml`."""
    return reference.valeur("simulation", nom)


def tirage(graine: int, *sujet: str) -> np.random.Generator:
    """A random stream of its own for each subject: adding one subject leaves the others as is."""
    return np.random.default_rng([graine, zlib.crc32("|".join(sujet).encode())])


def choisir(rng: np.random.Generator, poids: dict[Choix, float]) -> Choix:
    """One key of `poids`, with a probability proportional to its value."""
    total = sum(poids.values())
    reste = rng.random() * total
    for cle, part in poids.items():
        reste -= part
        if reste < 0:
            return cle
    return list(poids)[-1]


def borne(rng: np.random.Generator, loi: list[float]) -> float:
    """A normal draw [moyenne, écart-type, minimum, maximum], brought back inside its bounds."""
    moyenne, ecart_type, minimum, maximum = loi
    return float(min(max(rng.normal(moyenne, ecart_type), minimum), maximum))
