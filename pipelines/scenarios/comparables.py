"""What may be laid side by side: today's state and the proposals kept here, by their ids."""

from pathlib import Path

from pipelines.scenarios import calculs, propositions
from pipelines.scoring.doctrine import libelle_de

AUJOURD_HUI = "aujourdhui"
NOMBRE_MAX = 50


def choix(departement: str) -> dict[str, str]:
    """Id → label of what can be compared in a département, today first, then the newest."""
    return {
        AUJOURD_HUI: "Aujourd'hui",
        **{e.calcul_id: nom(e) for e in calculs.derniers(departement, NOMBRE_MAX)},
    }


def nom(etat: calculs.Etat) -> str:
    """« Priorités d'abord, 28/11/2026 à 22 h 10 »."""
    doctrine = libelle_de(etat.demande["hypotheses"]["doctrine"])
    return f"{doctrine}, {etat.lancee_le:%d/%m/%Y à %H h %M}"


def trouver(comparable_id: str) -> tuple[str, Path | None]:
    """The label and the folder behind an id, None for today; AtlasError when there is none."""
    if comparable_id == AUJOURD_HUI:
        return "Aujourd'hui", None
    etat = calculs.etat(comparable_id)
    return nom(etat), etat.dossier


def marque(comparable_id: str) -> str:
    """Changes when what is behind an id does; that of today is in what it is compared with."""
    _, dossier = trouver(comparable_id)
    if dossier is None:
        return AUJOURD_HUI
    etat = (dossier / propositions.FICHIER_RESUME).stat()
    return f"{comparable_id}:{etat.st_mtime_ns}"
