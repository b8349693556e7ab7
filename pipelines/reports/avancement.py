"""Département by département: its scenarios and their status, the most advanced first."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base.textes import enumeration
from pipelines.marts import entrepot
from pipelines.reports.territoires import en_vue
from pipelines.scenarios import atelier, retenus
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.magasin import en_clair

AUCUN_SCENARIO = "aucun scénario"


@dataclass(frozen=True)
class VueSuivi:
    """Where each département stands. `codes`: that of each row of `table`; `scenarios`: code →
    scenario_id → name and status, the most advanced first.
    """

    phrase: str
    table: pd.DataFrame
    codes: tuple[str, ...]
    scenarios: dict[str, dict[str, str]]

    @property
    def sans_scenario(self) -> list[str]:
        """The codes of the départements that have none."""
        return [code for code, siens in self.scenarios.items() if not siens]


def suivi(lecteur: Lecteur, base: Path) -> VueSuivi:
    """The scenarios of each département in scope, and the most advanced one's status.

    Never to be cached: scenarios come and go.
    """
    with entrepot.ouvrir(base) as connexion:
        noms = en_vue(lecteur, connexion)
    apercus = [a for a in atelier.lister(lecteur) if a.departement in noms]
    lignes, scenarios = [], {}
    for code, nom in noms.items():
        siens = retenus.du_plus_avance([a for a in apercus if a.departement == code])
        retenu = siens[0] if siens else None
        scenarios[code] = {a.scenario_id: f"{a.nom} ({a.statut.libelle})" for a in siens}
        lignes.append(
            (
                nom,
                retenu.nom if retenu else AUCUN_SCENARIO,
                retenu.statut.libelle if retenu else "—",
                en_clair(retenu.modifie_le) if retenu else "—",
                len(siens),
            )
        )
    table = pd.DataFrame(
        lignes,
        columns=["Département", "Scénario le plus avancé", "Statut", "Modifié le", "Scénarios"],
    )
    return VueSuivi(_phrase(noms, scenarios), table, tuple(noms), scenarios)


def _phrase(noms: dict[str, str], scenarios: dict[str, dict[str, str]]) -> str:
    sans = [noms[code] for code, siens in scenarios.items() if not siens]
    if not sans:
        return "Chaque département a un scénario."
    if len(sans) == len(noms):
        return (
            "Aucun département n'a encore de scénario : en créer un depuis une proposition, "
            "page « Proposer »."
        )
    return f"Sans scénario : {enumeration(sans)}."
