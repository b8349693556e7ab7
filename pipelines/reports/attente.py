"""The queue of the computations, as someone who waits reads it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from pipelines.base.textes import pluriel, pourcentage
from pipelines.scenarios import file_des_calculs
from pipelines.scenarios.file_des_calculs import Travail
from pipelines.scenarios.lecteurs import Acte, Lecteur, courant

MINUTE_S, HEURE_S = 60, 3600


@dataclass(frozen=True)
class VueFile:
    """`travaux`: a line a computation, those at work first; `places`: how many run at once;
    `en_attente`: how many wait.
    """

    travaux: pd.DataFrame
    places: int
    en_attente: int

    @property
    def phrase(self) -> str:
        """How many are at work, and how many wait; nothing when there is none."""
        en_cours = len(self.travaux) - self.en_attente
        if not len(self.travaux):
            return ""
        suite = f", {self.en_attente} en attente" if self.en_attente else ""
        return f"{pluriel(en_cours, 'calcul')} en cours{suite}."

    def attente(self, rang: int) -> str:
        """What to tell the one before whom `rang` computations wait."""
        avant = (
            "le prochain à commencer"
            if rang == 0
            else f"{pluriel(rang, 'calcul')} {'attend' if rang == 1 else 'attendent'} avant lui"
        )
        return (
            f"Ce calcul attend son tour : {avant}. Cette machine en mène "
            f"{self.places} à la fois. Il commencera de lui-même, même si l'onglet est fermé."
        )


def vue() -> VueFile:
    """What this machine computes and what waits."""
    maintenant = datetime.now(UTC).replace(tzinfo=None)
    lecteur = courant()
    travaux = file_des_calculs.travaux()
    lignes = [_ligne(lecteur, t, maintenant) for t in travaux]
    colonnes = ["Calcul", "Département", "Demandé par", "Où il en est"]
    en_attente = sum(t.rang is not None for t in travaux)
    tableau = pd.DataFrame(lignes, columns=colonnes)
    return VueFile(tableau, file_des_calculs.places(), en_attente)


def _ligne(lecteur: Lecteur, travail: Travail, maintenant: datetime) -> tuple[str, str, str, str]:
    if not lecteur.peut(Acte.LIRE, travail.departement):
        # it holds a place, and that is all someone else may know of it
        return ("Un autre calcul", "—", "—", _ou_il_en_est(travail, maintenant))
    return (
        travail.libelle,
        travail.departement,
        travail.auteur,
        _ou_il_en_est(travail, maintenant),
    )


def _ou_il_en_est(travail: Travail, maintenant: datetime) -> str:
    if travail.lance_le is None:
        return f"attend depuis {_duree(maintenant - travail.demande_le)}"
    part = (travail.avancement or {"fraction": 0.0})["fraction"]
    return f"{pourcentage(part)} fait, depuis {_duree(maintenant - travail.lance_le)}"


def _duree(ecart: timedelta) -> str:
    secondes = max(0, round(ecart.total_seconds()))
    if secondes < MINUTE_S:
        return pluriel(secondes, "seconde")
    if secondes < HEURE_S:
        return pluriel(secondes // MINUTE_S, "minute")
    return pluriel(secondes // HEURE_S, "heure")
