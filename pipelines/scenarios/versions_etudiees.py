"""The studies of a scenario, on whichever of its versions each was made.

A study belongs to the state it read. A new act makes another state, and the study of the former one
goes on and stays: it is found here, with the act that made its version. Versions of the very same
problem, locks and plan (a new name, an undo) share their studies.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.scenarios import etudes, magasin, revisions
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.processus import Phase
from pipelines.scenarios.scenario import Apercu

AU_TRAVAIL = (Phase.EN_ATTENTE, Phase.EN_COURS)


@dataclass(frozen=True)
class VersionEtudiee:
    """A version that has a study, kept or at work: its folder, the act that made it, when (UTC).

    `est_actuelle`: it holds the problem, the locks and the plan of the scenario as it is now.
    """

    numero: int
    dossier: Path
    phase: Phase
    quoi: str
    le: datetime
    est_actuelle: bool

    @property
    def est_au_travail(self) -> bool:
        """Whether the study waits or is being made."""
        return self.phase in AU_TRAVAIL


def versions_etudiees(
    lecteur: Lecteur, scenario_id: str, nature: Nature
) -> tuple[VersionEtudiee, ...]:
    """Those of a scenario that have this study: that of its present state first, then the newest.

    AtlasError when the lecteur may not read the scenario.
    """
    with magasin.lire() as connexion:
        vu = revisions.apercu(connexion, scenario_id)
        exiger(lecteur, Acte.LIRE, vu.departement)
        memes = revisions.de_meme_contenu(connexion, vu)
        actes = revisions.actes(connexion, scenario_id)
    trouvees = []
    for numero in [*memes, *(n for n in sorted(actes, reverse=True) if n not in memes)]:
        dossier = _emplacement(vu, numero)
        phase = etudes.etat(dossier, nature).phase if dossier.is_dir() else None
        if phase is not None:
            quoi, le = actes[numero]
            trouvees.append(VersionEtudiee(numero, dossier, phase, quoi, le, numero in memes))
    return tuple(trouvees)


def dossiers_du_meme_contenu(lecteur: Lecteur, vu: Apercu) -> tuple[Path, ...]:
    """Where a study of the present state of a scenario may be kept: its own folder first."""
    exiger(lecteur, Acte.LIRE, vu.departement)
    with magasin.lire() as connexion:
        return tuple(_emplacement(vu, n) for n in revisions.de_meme_contenu(connexion, vu))


def _emplacement(vu: Apercu, numero: int) -> Path:
    """Where a version of a scenario is written as a proposal."""
    return vu.emplacement.with_name(str(numero))
