"""The cover: which scenario, for whom, made from which data."""

from pipelines.base.textes import jour
from pipelines.reports.dossier.matiere import Matiere

TITRE = "Répartition des moyens du service social en faveur des élèves"


def couverture(m: Matiere) -> dict[str, str]:
    """Word → value, in order."""
    apercu = m.lu.apercu
    lignes = {
        "Département": f"{m.departement} ({apercu.departement})",
        "Scénario": f"{apercu.nom} ({apercu.statut.libelle})",
        "Scénario du": jour(apercu.modifie_le.date().isoformat()),
    }
    if m.autre is not None:
        autre = m.autre.apercu
        lignes["Comparé à"] = f"{autre.nom} ({autre.statut.libelle})"
    return lignes | {
        "Destinataires": m.voile.destinataire.libelle,
        "Données": f"{m.donnees.phrase} {m.donnees.precision}",
        "Empreinte des données": apercu.empreinte_donnees,
    }
