"""What the besoins owe to each weight of the barème."""

from pipelines.reports import sensibilite
from pipelines.reports.dossier.blocs import Partie, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere

POIDS_MONTRES = 40
COLONNES = (
    "Poids",
    "Valeur",
    "Unité",
    "Déplacé de",
    "Besoins changés",
    "Rangs changés",
    "Classes changées, moyens constants",
    "Total (½ j. par cycle)",
)


def partie(m: Matiere) -> Partie:
    """Each weight moved alone: what depends on it, the heaviest first."""
    if m.lu.bareme is None:
        blocs = (Texte("Le fichier du barème n'est plus là : rien ne peut être dit.", Role.ALERTE),)
    else:
        departement = m.lu.apercu.departement
        vue = sensibilite.vue(m.base, departement, m.lu.bareme.code)
        blocs = (
            Texte(vue.phrase, Role.PHRASE),
            Tableau.de(
                "sensibilite",
                "Ce que change chaque poids, déplacé seul",
                vue.poids.head(POIDS_MONTRES),
                colonnes=COLONNES,
                nombres=("Déplacé de",),
                noms={
                    "Besoins changés": "Besoins",
                    "Rangs changés": "Rangs",
                    "Classes changées, moyens constants": "Classes",
                    "Total (½ j. par cycle)": "Effet sur le total (½ j. par cycle)",
                },
                note=f"Besoins, rangs, classes : nombre de sites qui changent. {vue.note}",
            ),
        )
    return Partie("sensibilite", "Ce que le résultat doit aux poids", blocs)
