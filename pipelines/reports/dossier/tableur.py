"""The dossier as a workbook: the plan that Atlas reads back, then one sheet a table."""

import pandas as pd

from pipelines.reports import classeur_du_dossier
from pipelines.reports.dossier.blocs import Dossier, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.scenarios.scenario import Scenario


def ecrire(scenario: Scenario, m: Matiere, dossier: Dossier) -> bytes:
    """The workbook of `dossier`; an instance reads its plan by code of sector and by rhythm.

    That plan can't be given back to Atlas: the half-days of a sector would tell the time of its
    poste.
    """
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
        a_lire=None if m.voile.est_nominatif else _plan_a_lire(m),
    )


def _plan_a_lire(m: Matiere) -> pd.DataFrame:
    """The links of today and of the plan, in the order of codes and of names."""
    avant, apres = m.aujourd_hui.couples, m.repartition.couples
    return pd.DataFrame(
        [
            {"Secteur": p, "Site": nom, **m.voile.lien(avant.get((p, s), 0), apres.get((p, s), 0))}
            for p, nom, s in sorted(
                (p, m.reunion.nom(s), s) for p, s in avant.keys() | apres.keys()
            )
        ],
        columns=["Secteur", "Site", *m.voile.lien(0, 0)],
    )


def _cadre(tableau: Tableau) -> pd.DataFrame:
    """A table as a frame, each unit in its header."""
    titres = [f"{c.titre} ({c.unite})" if c.unite else c.titre for c in tableau.colonnes]
    return pd.DataFrame(list(tableau.lignes), columns=titres)
