"""The kinds of computation a page asks for: launched, followed, stopped, found again.

A closed tab loses nothing: the page finds the computation again by its id, kept in the address.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import file_des_calculs, processus
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.processus import Phase


@dataclass(frozen=True)
class Suivi:
    """Where a computation stands, what was asked of it and where it is kept.

    `rang`: how many wait before it, None when it does not wait.
    """

    calcul_id: str
    phase: Phase
    rang: int | None
    demande: dict
    erreur: str | None
    dossier: Path
    lancee_le: datetime


@dataclass(frozen=True)
class Sorte:
    """A kind of computation.

    `libelle` names it in the queue; `module` runs one, its folder as argument; `resultat` is the
    file it leaves once ended; `ids`, a regular expression, are those it may have; `inconnu` (with
    the id as `{}`) and `remede` are said of an id that is not here; `places`: processes it runs
    at once.
    """

    libelle: str
    module: str
    resultat: str
    ids: str
    inconnu: str
    remede: str
    places: int = 1

    def lancer(self, lecteur: Lecteur, calcul_id: str, demande: dict) -> None:
        """Put `demande` of `lecteur` in the queue, to be followed under `calcul_id`."""
        file_des_calculs.soumettre(
            chemins.CALCULS / calcul_id,
            demande,
            self.module,
            libelle=self.libelle,
            departement=demande["departement"],
            auteur=lecteur.nom,
            places_prises=self.places,
        )

    def arreter(self, lecteur: Lecteur, calcul_id: str) -> None:
        """Ask a computation to stop and keep the best it has; one that waits leaves the queue."""
        dossier = self.dossier(calcul_id)
        exiger(lecteur, Acte.MODIFIER, processus.demande(dossier)["departement"])
        if not file_des_calculs.retirer(dossier):
            (dossier / processus.ARRET).touch()

    def suivre(self, lecteur: Lecteur, calcul_id: str) -> Suivi:
        """Where a computation stands; AtlasError when the id is unknown here."""
        dossier = self.dossier(calcul_id)
        demande = processus.demande(dossier)
        exiger(lecteur, Acte.LIRE, demande["departement"])
        phase, rang = self._fin(dossier), None
        if phase is None:
            phase, rang = file_des_calculs.phase(dossier)
            if phase == Phase.INTERROMPU:
                # the process may have ended between the first look and this one
                phase = self._fin(dossier) or phase
        erreur = dossier / processus.ERREUR
        return Suivi(
            calcul_id=calcul_id,
            phase=phase,
            rang=rang,
            demande=demande,
            erreur=erreur.read_text(encoding="utf-8") if erreur.exists() else None,
            dossier=dossier,
            lancee_le=datetime.strptime(calcul_id[4:19], "%Y%m%d-%H%M%S"),
        )

    def finis(self, lecteur: Lecteur, departement: str, nombre: int) -> list[str]:
        """Ids of the last finished computations of a département, newest first.

        A folder that lost what was asked of it is left out: the others are still to be found.
        """
        exiger(lecteur, Acte.LIRE, departement)
        dossiers = sorted(chemins.CALCULS.glob(f"{departement}-*"), reverse=True)
        ecrits = (self.resultat, processus.DEMANDE)
        noms = [d.name for d in dossiers if all((d / nom).exists() for nom in ecrits)]
        return [nom for nom in noms if re.fullmatch(self.ids, nom)][:nombre]

    def dossier(self, calcul_id: str) -> Path:
        """The folder of a computation; AtlasError when the id is not one of ours, or not here."""
        # « group.part »: a computation in the folder of a group
        dossier = chemins.CALCULS / calcul_id.replace(".", "/")
        # the id comes from the address bar: nothing but our own ids may name a folder
        if not re.fullmatch(self.ids, calcul_id) or not dossier.is_dir():
            raise AtlasError(self.inconnu.format(calcul_id), remede=self.remede)
        return dossier

    def _fin(self, dossier: Path) -> Phase | None:
        """How a computation ended, from what it left; None when it left nothing."""
        if (dossier / self.resultat).exists():
            return Phase.TERMINE
        return Phase.ECHEC if (dossier / processus.ERREUR).exists() else None
