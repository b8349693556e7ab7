"""Every establishment, line by line: the table twin of the maps."""

import pandas as pd

from pipelines.base.textes import rythme, variation
from pipelines.reports.dossier.blocs import Partie, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere


def partie(m: Matiere) -> Partie:
    """Besoin, presence before and after, rhythm: one line a site."""
    avant, apres = m.aujourd_hui.par_site, m.repartition.par_site
    cadre = pd.DataFrame(
        [
            {
                "Site": m.reunion.nom(s.site_id),
                "Commune": m.commune(s.site_id),
                "Catégories": m.reunion.categories_en_mots(s.site_id),
                "Élèves": s.effectif,
                "Besoin (½ j. par cycle)": s.besoin,
                "Avant (½ j. par cycle)": avant.get(s.site_id, 0),
                "Après (½ j. par cycle)": apres.get(s.site_id, 0),
                "Écart": variation(apres.get(s.site_id, 0) - avant.get(s.site_id, 0)),
                "Rythme proposé": rythme(apres.get(s.site_id, 0)),
            }
            for s in m.sites
        ]
    )
    return Partie(
        code="sites",
        titre="Tous les établissements, ligne à ligne",
        blocs=(
            Texte("Chaque site, dans l'ordre des noms.", Role.PHRASE),
            Tableau.de("sites", "Besoin et présence", cadre, nombres=("Écart",)),
        ),
    )
