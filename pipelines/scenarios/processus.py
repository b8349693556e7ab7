"""A long computation in a process of its own: launched, followed, stopped, found again.

Each has a folder under `data/calculs`: the request, the progress so far, the result or the error.
A closed tab loses nothing: the page finds the computation again by its id, kept in the address.
"""

import json
import re
import secrets
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pipelines.base import chemins, provisoire
from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import propositions

DEMANDE = "demande.json"
AVANCEMENT = "avancement.json"
ERREUR = "erreur.txt"
NUMERO = "processus.txt"
ARRET = "arret"
JOURNAL = "journal.txt"
ID = r"[0-9A-Z]{3}-\d{8}-\d{6}-[0-9a-f]{6}"
"""The form of an id: the département, the time, a draw for two at the same second."""


class Phase(StrEnum):
    """Where a computation stands."""

    EN_COURS = "en_cours"
    TERMINE = "termine"
    ECHEC = "echec"
    INTERROMPU = "interrompu"


@dataclass(frozen=True)
class Suivi:
    """Where a computation stands, what was asked of it and where it is kept."""

    calcul_id: str
    phase: Phase
    demande: dict
    erreur: str | None
    dossier: Path
    lancee_le: datetime


@dataclass(frozen=True)
class Sorte:
    """A kind of computation.

    `module` runs one, its folder as argument; `resultat` is the file it leaves once ended; `ids`,
    a regular expression, are those it may have; `inconnu` (with the id as `{}`) and `remede` are
    said of an id that is not here.
    """

    module: str
    resultat: str
    ids: str
    inconnu: str
    remede: str

    def lancer(self, calcul_id: str, demande: dict) -> None:
        """Start `demande` in a process of its own, to be followed under `calcul_id`."""
        processus = demarrer(chemins.CALCULS / calcul_id, demande, self.module)
        # reaps the child when it ends, so that it is not taken for a living process
        threading.Thread(target=processus.wait, daemon=True).start()

    def arreter(self, calcul_id: str) -> None:
        """Ask a computation to stop and keep the best it has."""
        (self.dossier(calcul_id) / ARRET).touch()

    def suivre(self, calcul_id: str) -> Suivi:
        """Where a computation stands; AtlasError when the id is unknown here."""
        dossier = self.dossier(calcul_id)
        phase = self._fin(dossier)
        if phase is None:
            vivant = vit(dossier)
            # the process may have ended between the first look and this one
            phase = Phase.EN_COURS if vivant else self._fin(dossier) or Phase.INTERROMPU
        erreur = dossier / ERREUR
        return Suivi(
            calcul_id=calcul_id,
            phase=phase,
            demande=json.loads((dossier / DEMANDE).read_text(encoding="utf-8")),
            erreur=erreur.read_text(encoding="utf-8") if erreur.exists() else None,
            dossier=dossier,
            lancee_le=datetime.strptime(calcul_id[4:19], "%Y%m%d-%H%M%S"),
        )

    def finis(self, departement: str, nombre: int) -> list[str]:
        """Ids of the last finished computations of a département, newest first."""
        dossiers = sorted(chemins.CALCULS.glob(f"{departement}-*"), reverse=True)
        noms = [d.name for d in dossiers if (d / self.resultat).exists()]
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
        return Phase.ECHEC if (dossier / ERREUR).exists() else None


def nouvel_id(departement: str) -> str:
    """An id nobody has: the département, the time, and a draw for two at the same second."""
    return f"{departement}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def demarrer(dossier: Path, demande: dict, module: str) -> subprocess.Popen:
    """Write `demande` in `dossier` and start `module` on it, in a session of its own."""
    propositions.ecrire(dossier, {DEMANDE: json.dumps(demande, ensure_ascii=False, indent=1)})
    with (dossier / JOURNAL).open("w", encoding="utf-8") as journal:
        processus = subprocess.Popen(
            [sys.executable, "-m", module, str(dossier)],
            stdout=journal,
            stderr=subprocess.STDOUT,
            cwd=chemins.RACINE,
            start_new_session=True,
        )
    propositions.ecrire(dossier, {NUMERO: str(processus.pid)})
    return processus


def executer(dossier: Path, travail: Callable[[dict, Callable[[], bool]], object]) -> None:
    """In the child: `travail` on the request of `dossier`, its error written there if it fails.

    `travail` receives the request, and what says whether a stop was asked.
    """
    demande = json.loads((dossier / DEMANDE).read_text(encoding="utf-8"))
    try:
        travail(demande, (dossier / ARRET).exists)
    except AtlasError as erreur:
        propositions.ecrire(dossier, {ERREUR: erreur.message()})
    except Exception:
        traceback.print_exc()
        message = "Le calcul s'est arrêté sur un défaut d'Atlas ; le détail est dans journal.txt."
        propositions.ecrire(dossier, {ERREUR: message})
        raise


def vit(dossier: Path) -> bool:
    """Whether the process of `dossier` still runs; True until its number is written."""
    numero = dossier / NUMERO
    if not numero.exists():
        return True
    processus = int(numero.read_text(encoding="utf-8"))
    commande = Path(f"/proc/{processus}/cmdline")
    try:
        # a number is given again after a restart: the process must be the one of this folder;
        # one that is only just starting has no words yet
        mots = commande.read_bytes() if commande.exists() else b""
        if mots and dossier.name.encode() not in mots:
            return False
    except (ProcessLookupError, FileNotFoundError):
        return False
    except PermissionError:
        return True
    return provisoire.processus_vivant(processus)


def lire_json(fichier: Path) -> dict | None:
    """The content of a JSON file, None when it is not there yet."""
    return json.loads(fichier.read_text(encoding="utf-8")) if fichier.exists() else None
