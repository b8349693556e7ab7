"""The dossier as a workbook: the plan that Atlas reads back, then one sheet a table."""

import pandas as pd

from pipelines.reports import classeur_du_dossier
from pipelines.reports.dossier.blocs import Dossier, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.scenarios.scenario import Scenario


def ecrire(scenario: Scenario, m: Matiere, dossier: Dossier) -> bytes:
    """The workbook of `dossier`; for an instance, codes of sectors take the place of postes."""
    essentiel = dossier.partie("essentiel")
    phrases = [b.texte for b in essentiel.blocs if isinstance(b, Texte) and b.role != Role.NOTE]
    couverture = [f"{mot}\u202f: {valeur}" for mot, valeur in dossier.couverture.items()]
    titre = f"{dossier.titre}, {dossier.sous_titre}"
    return classeur_du_dossier.ecrire(
        scenario,
        [titre, *couverture, *phrases],
        {
            b.titre: _cadre(b)
            for p in dossier.parties
            for b in p.tous
            if isinstance(b, Tableau) and b.titre and b.lignes
        },
        None if m.voile.est_nominatif else m.voile.codes,
    )


def _cadre(tableau: Tableau) -> pd.DataFrame:
    """A table as a frame, each unit in its header."""
    titres = [f"{c.titre} ({c.unite})" if c.unite else c.titre for c in tableau.colonnes]
    return pd.DataFrame(list(tableau.lignes), columns=titres)
