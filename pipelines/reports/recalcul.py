"""A sealed file made again, in words: the same or not, number by number."""

from dataclasses import dataclass

import pandas as pd

from pipelines.base.textes import INCONNU, pluriel
from pipelines.scenarios.chiffres import Valeur
from pipelines.scenarios.scelle import Ligne, Recalcul

COLONNES = ["Nombre", "Dans le fichier", "Recalculé", "Verdict"]


@dataclass(frozen=True)
class VueRecalcul:
    """The verdict in one sentence; every number, and those that differ."""

    phrase: str
    notes: list[str]
    empreinte: str
    table: pd.DataFrame
    differences: pd.DataFrame


def vue(recalcul: Recalcul) -> VueRecalcul:
    """What was found, to be shown."""
    total, autres = len(recalcul.lignes), len(recalcul.differentes)
    return VueRecalcul(
        phrase=(
            f"Identique : {pluriel(total, 'nombre refait', 'nombres refaits')}, aucun ne diffère."
            if not autres
            else f"Différent : {pluriel(autres, 'nombre diffère', 'nombres diffèrent')} sur "
            f"{pluriel(total, 'nombre')}."
        ),
        notes=[
            f"{nom} : {alors} à l'origine, {ici} ici."
            for nom, (alors, ici) in recalcul.versions.items()
        ],
        empreinte=recalcul.empreinte,
        table=_table(recalcul.lignes),
        differences=_table(recalcul.differentes),
    )


def _table(lignes: tuple[Ligne, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                x.nom,
                _en_mots(x.donne),
                _en_mots(x.recalcule),
                "identique" if x.est_identique else "différent",
            )
            for x in lignes
        ],
        columns=COLONNES,
    )


def _en_mots(valeur: Valeur) -> str:
    """A value as it is, to its last digit: two that differ must not look the same."""
    if valeur is None:
        return INCONNU
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    return repr(valeur).replace(".", ",") if isinstance(valeur, float) else str(valeur)
