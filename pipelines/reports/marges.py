"""What a proposal leaves to decide: the views of its kept studies."""

from dataclasses import replace
from pathlib import Path

from pipelines.reports import absences, demi_postes, frontiere, negociation
from pipelines.reports.etudes import Vue
from pipelines.reports.lecture import lire
from pipelines.scenarios import etudes
from pipelines.scenarios.etudes import Nature


def vue(dossier: Path, nature: Nature) -> Vue | None:
    """The kept study of the proposal of `dossier`; None when there is none on this plan."""
    etude = etudes.lire(dossier, nature)
    if etude is None:
        return None
    dire = {
        Nature.MARGES: demi_postes.marges,
        Nature.FRONTIERE: frontiere.frontiere,
        Nature.NEGOCIATION: negociation.negociation,
        Nature.ABSENCES: absences.absences,
    }[nature]
    return replace(dire(lire(dossier), etude), est_incomplete=etude.arretee)
