"""One label more: which categories a site loses and wins by it, whatever else it is.

A text may name what is left (a collège without any dispositif): a site leaves that category by
entering another. A barème that weighs the first above the second would take presence away from
a site for a SEGPA, or an internat, that opens there.
"""

from functools import lru_cache
from itertools import product

import duckdb
import numpy as np
import pandas as pd

from pipelines.scoring.conditions import (
    LOGIQUE,
    NOMBRE,
    PLUS_GRAND_NOMBRE,
    colonnes_lues,
    grammaire,
)
from pipelines.scoring.regles import Priorites

LABELS = ("segpa", "ulis", "upe2a", "relais", "internat", "a_section_professionnelle")
TYPES = ("COLLEGE", "LEGT", "LPO", "LP", "EREA")
ETABLISSEMENT = "etablissement"
Echange = tuple[frozenset[str], frozenset[str]]
"""Codes of the categories of a site before and after one label more, among those labels touch."""


def echanges(jeu: Priorites) -> frozenset[Echange]:
    """What one label more may do to the categories of a site where it takes one of them away.

    A label: a dispositif, an internat, a professional section, or REP or REP+ where there was
    none. Every type, every other label, rural or not and each side of every threshold are tried,
    unknown too; a rule over an identifier or a name is tried on sites that have none.
    """
    lues = tuple(
        (r.code, condition, colonnes_lues(condition))
        for r in jeu.regles
        for condition in [jeu.condition_lue(r)]
    )
    touchees = tuple(
        (code, condition) for code, condition, colonnes in lues if colonnes & {"ep", *LABELS}
    )
    return _echanges(tuple(sorted(touchees)))


@lru_cache(maxsize=64)
def _echanges(regles: tuple[tuple[str, str], ...]) -> frozenset[Echange]:
    """`echanges` of these rules: code and condition, as run."""
    if not regles:
        return frozenset()
    valeurs = {c: _valeurs(c) for c in sorted({c for _, lue in regles for c in colonnes_lues(lue)})}
    sites = pd.DataFrame(list(product(*valeurs.values())), columns=list(valeurs), dtype=object)
    marques = _marques(sites, regles).reshape([len(v) for v in valeurs.values()])
    paires: set[tuple[int, int]] = set()
    for rang, colonne in enumerate(valeurs):
        for sans, avec in _pas(colonne):
            possibles = valeurs[colonne]
            avant, apres = (
                marques.take(possibles.index(v), axis=rang).ravel() for v in (sans, avec)
            )
            # a category that is lost is one of before that after has not
            perdues = (avant & ~apres) != 0
            paires |= set(zip(avant[perdues].tolist(), apres[perdues].tolist(), strict=True))
    codes = [code for code, _ in regles]

    def membres(marque: int) -> frozenset[str]:
        return frozenset(c for bit, c in enumerate(codes) if marque >> bit & 1)

    return frozenset((membres(avant), membres(apres)) for avant, apres in paires)


def _valeurs(colonne: str) -> list[object]:
    """Values of `colonne` a condition can tell apart, unknown (None) among them."""
    if colonne == "type":
        return list(TYPES)
    if colonne == "nature":
        return [ETABLISSEMENT]
    if colonne == "ep":
        return [None, *grammaire().admises["ep"]]
    nature = grammaire().natures[colonne]
    if nature == LOGIQUE:
        return [None, False, True]
    return [None, -PLUS_GRAND_NOMBRE, PLUS_GRAND_NOMBRE] if nature == NOMBRE else [None]


def _pas(colonne: str) -> list[tuple[object, object]]:
    """The steps of `colonne` that are one label more."""
    if colonne == "ep":
        return [(None, ep) for ep in grammaire().admises["ep"]]
    return [(False, True)] if colonne in LABELS else []


def _marques(sites: pd.DataFrame, regles: tuple[tuple[str, str], ...]) -> np.ndarray:
    """For each row of `sites`, one bit a rule that is known to hold."""
    types = {LOGIQUE: "boolean", NOMBRE: "double"}
    colonnes = ", ".join(
        f"{c}::{types.get(grammaire().natures[c], 'varchar')} as {c}" for c in sites.columns
    )
    sommes = " + ".join(
        f"(coalesce(({condition}), false)::bigint << {bit})"
        for bit, (_, condition) in enumerate(regles)
    )
    with duckdb.connect() as connexion:
        connexion.register("lus", sites.assign(rang=range(len(sites))))
        return connexion.execute(
            f"select {sommes} as marque from (select {colonnes}, rang from lus) order by rang"
        ).fetchnumpy()["marque"]
