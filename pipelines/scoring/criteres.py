"""A category told by criteria, not a condition: kinds of site, what it has or has not, bounds.

What a person picks on a page becomes a condition of the grammar (`conditions`), each number as a
named threshold, so that it stays contestable and can be moved later on its own.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from pipelines.base.erreurs import AtlasError
from pipelines.scoring.regles import Seuil

LABELS_EP = ("REP+", "REP")
COTES: dict[str, tuple[str, str]] = {"moins_de": ("<", "max"), "au_moins": (">=", "min")}
"""Side of a bound → its comparison, and how the name of its threshold ends."""


@dataclass(frozen=True)
class Borne:
    """A number a column of `mart_site` is compared with: `moins_de` (strictly) or `au_moins`."""

    colonne: str
    cote: Literal["moins_de", "au_moins"]
    valeur: float
    unite: str
    libelle: str


@dataclass(frozen=True)
class Criteres:
    """Which sites a category holds: every criterion given must be met.

    `types`: kinds of site, any of them (all when empty). `avec`: yes-or-no columns, or a label REP
    or REP+, that the site has: all of them, or one of them when `un_suffit`. `sans`: those it has
    none of. `bornes`: numbers it is compared with.
    """

    types: tuple[str, ...] = ()
    avec: tuple[str, ...] = ()
    sans: tuple[str, ...] = ()
    un_suffit: bool = False
    bornes: tuple[Borne, ...] = ()

    def condition(self, code: str) -> str:
        """The condition of the category `code`; AtlasError when no criterion is given.

        What is unknown of a site stays unknown: no part of the condition answers for it.
        """
        parties = []
        if len(self.types) == 1:
            parties.append(f"type = '{self.types[0]}'")
        elif self.types:
            parties.append("type in ({})".format(", ".join(f"'{t}'" for t in self.types)))
        possessions = [_possede(nom) for nom in self.avec]
        if self.un_suffit and len(possessions) > 1:
            parties.append(f"({' or '.join(possessions)})")
        else:
            parties += possessions
        parties += [f"not {_possede(nom)}" for nom in self.sans]
        parties += [
            f"{b.colonne} {COTES[b.cote][0]} {{{_nom_du_seuil(code, b)}}}" for b in self.bornes
        ]
        if not parties:
            raise AtlasError(
                "Cette catégorie n'a aucun critère : tous les sites en seraient.",
                admis="un type, un label, un dispositif ou un nombre",
                remede="choisir au moins un critère",
            )
        return " and ".join(parties)

    def seuils(self, code: str, libelle: str, reference: str) -> tuple[Seuil, ...]:
        """The named thresholds of `condition(code)`; `reference` says who chose them."""
        return tuple(
            Seuil(
                _nom_du_seuil(code, b),
                int(b.valeur) if float(b.valeur).is_integer() else b.valeur,
                b.unite,
                f"{b.libelle} pour être dans « {libelle} »",
                reference,
            )
            for b in self.bornes
        )


def code_libre(libelle: str, pris: Collection[str]) -> str:
    """A code for a category called `libelle` that no text has taken.

    AtlasError when the label has no letter to make one of.
    """
    racine = _sans_accent(libelle)
    if not racine:
        raise AtlasError(
            f"« {libelle} » ne donne pas de nom à la catégorie.",
            admis="un libellé avec au moins une lettre",
            remede="écrire un autre libellé",
        )
    rang, code = 1, racine
    while code in pris:
        rang += 1
        code = f"{racine}_{rang}"
    return code


def _sans_accent(libelle: str) -> str:
    """`libelle` as a code is written, from its first letter on; empty when it has none."""
    lettres = unicodedata.normalize(
        "NFKD", libelle.lower().replace("œ", "oe").replace("+", " plus")
    )
    ascii_ = lettres.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", ascii_).strip("_0123456789")


def _possede(nom: str) -> str:
    """That a site has it: an empty label is an answer, and must not leave the rule unknown."""
    return f"(ep is not null and ep = '{nom}')" if nom in LABELS_EP else nom


def _nom_du_seuil(code: str, borne: Borne) -> str:
    return f"{code}_{borne.colonne}_{COTES[borne.cote][1]}"
