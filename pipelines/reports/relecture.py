"""What a plan changed by hand would do, told before it is kept: refusals, differences, rules."""

from dataclasses import dataclass

import pandas as pd

from pipelines.base.textes import FINE, pluriel, rythme, variation
from pipelines.reports import ajuster
from pipelines.scenarios.ajustements import nom_du_site
from pipelines.scenarios.relecture import Relecture
from pipelines.scenarios.scenario import Scenario

COLONNES_DU_REFUS = ["Ligne", "Colonne", "Valeur", "Ce qui ne va pas", "Que faire"]


@dataclass(frozen=True)
class VueRelecture:
    """The report on a file read back. `est_applicable`: nothing is refused and something changes.

    `bilan`: what it would do to rules, coverage and travel; empty when a line is refused.
    """

    phrase: str
    notes: list[str]
    est_applicable: bool
    refus: pd.DataFrame
    differences: pd.DataFrame
    chiffres: pd.DataFrame
    manquements: pd.DataFrame


def vue(scenario: Scenario, relue: Relecture) -> VueRelecture:
    """The report on `relue`, read for `scenario`; nothing is saved."""
    notes = []
    if relue.version is not None and relue.version != scenario.version:
        notes.append(
            f"Ce classeur a été fait sur la version {relue.version} du scénario, qui en est à la "
            f"version {scenario.version} : à l'enregistrement, Atlas dira ce qui a changé "
            "depuis et laissera le choix."
        )
    if relue.bilan is None:
        lignes = sorted({r.ligne for r in relue.refus})
        return VueRelecture(
            phrase=(
                f"{pluriel(len(lignes), 'ligne')} à corriger dans {relue.fichier}{FINE}; rien ne "
                "peut être appliqué avant."
            ),
            notes=notes,
            est_applicable=False,
            refus=pd.DataFrame(
                [(r.ligne, r.colonne, r.valeur, r.quoi, r.remede) for r in relue.refus],
                columns=COLONNES_DU_REFUS,
            ),
            differences=pd.DataFrame(),
            chiffres=pd.DataFrame(),
            manquements=pd.DataFrame(),
        )
    differences = pd.DataFrame(
        [
            {
                "Site": nom_du_site(scenario.probleme, m.site_id),
                "Poste": m.poste_id,
                "Avant": rythme(m.avant) if m.avant else "aucune présence",
                "Après": rythme(m.apres) if m.apres else "aucune présence",
                "½ j. par cycle": variation(m.apres - m.avant),
            }
            for m in relue.bilan.mouvements
        ]
    )
    debut = (
        f"{pluriel(len(differences), 'présence diffère', 'présences diffèrent')} du scénario. "
        if relue.change
        else "Ce fichier dit le même plan que le scénario. "
    )
    return VueRelecture(
        phrase=debut + ajuster.phrase_du_bilan(relue.bilan),
        notes=notes,
        est_applicable=relue.change,
        refus=pd.DataFrame(columns=COLONNES_DU_REFUS),
        differences=differences,
        chiffres=ajuster.chiffres(relue.bilan),
        manquements=ajuster.manquements(scenario.probleme, relue.bilan),
    )
