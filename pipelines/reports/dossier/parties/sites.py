"""Every establishment, line by line: the table twin of the maps."""

import pandas as pd

from pipelines.base.textes import rythme, variation
from pipelines.reports.dossier.blocs import Partie, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.ecarts import sens


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
                **m.voile.presences(avant.get(s.site_id, 0), apres.get(s.site_id, 0)),
                "Écart": _ecart(m, apres.get(s.site_id, 0) - avant.get(s.site_id, 0)),
                "Rythme proposé": rythme(apres.get(s.site_id, 0)),
            }
            for s in m.sites
        ]
    )
    if not m.voile.est_nominatif:
        cadre = cadre.drop(columns="Rythme proposé")
    return Partie(
        code="sites",
        titre="Tous les établissements, ligne à ligne",
        blocs=(
            Texte("Chaque site, dans l'ordre des noms.", Role.PHRASE),
            Tableau.de("sites", "Besoin et présence", cadre, nombres=("Écart",)),
        ),
    )


def _ecart(m: Matiere, ecart: int) -> str:
    return variation(ecart) if m.voile.est_nominatif else sens(ecart)
