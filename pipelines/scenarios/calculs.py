"""Long computations in a process of their own: launched, followed, stopped, found again.

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
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pipelines.base import chemins, provisoire, reference
from pipelines.base.erreurs import AtlasError
from pipelines.planning.assemblage import Hypotheses
from pipelines.planning.solveur import Avancement
from pipelines.scenarios import propositions

DEMANDE = "demande.json"
AVANCEMENT = "avancement.json"
ERREUR = "erreur.txt"
NUMERO = "processus.txt"
ARRET = "arret"
JOURNAL = "journal.txt"
DUREE_PAR_DEFAUT_S: int = reference.valeur("optimisation", "duree_max_s")
_ID = re.compile(r"^[0-9A-Z]{3}-\d{8}-\d{6}-[0-9a-f]{6}(-doctrines\.[a-z0-9_]+)?$")


class Phase(StrEnum):
    """Where a computation stands."""

    EN_COURS = "en_cours"
    TERMINE = "termine"
    ECHEC = "echec"
    INTERROMPU = "interrompu"


@dataclass(frozen=True)
class Etat:
    """A computation as the page shows it; `avancement` is the last word of the solver."""

    calcul_id: str
    phase: Phase
    demande: dict
    avancement: dict | None
    erreur: str | None
    dossier: Path
    lancee_le: datetime


def lancer(
    base: Path, departement: str, *, graine: int, duree_max_s: float, hypotheses: Hypotheses
) -> str:
    """Start a proposal in a process of its own; the id under which to follow it."""
    calcul_id = nouvel_id(departement)
    processus = demarrer(
        chemins.CALCULS / calcul_id,
        {
            "entrepot": str(base),
            "departement": departement,
            "graine": graine,
            "duree_max_s": duree_max_s,
            "hypotheses": asdict(hypotheses),
        },
    )
    # reaps the child when it ends, so that it is not taken for a living process
    threading.Thread(target=processus.wait, daemon=True).start()
    return calcul_id


def nouvel_id(departement: str) -> str:
    """An id nobody has: the département, the time, and a draw for two at the same second."""
    return f"{departement}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def demarrer(
    dossier: Path, demande: dict, module: str = "pipelines.scenarios.calculs"
) -> subprocess.Popen:
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


def arreter(calcul_id: str) -> None:
    """Ask a computation to stop and keep the best plan found so far."""
    (_dossier(calcul_id) / ARRET).touch()


def etat(calcul_id: str) -> Etat:
    """Where a computation stands; AtlasError when the id is unknown here."""
    dossier = _dossier(calcul_id)
    phase = _fin(dossier)
    if phase is None:
        vivant = vit(dossier)
        # the process may have ended between the first look and this one
        phase = Phase.EN_COURS if vivant else _fin(dossier) or Phase.INTERROMPU
    erreur = dossier / ERREUR
    return Etat(
        calcul_id=calcul_id,
        phase=phase,
        demande=json.loads((dossier / DEMANDE).read_text(encoding="utf-8")),
        avancement=lire_json(dossier / AVANCEMENT),
        erreur=erreur.read_text(encoding="utf-8") if erreur.exists() else None,
        dossier=dossier,
        lancee_le=datetime.strptime(calcul_id[4:19], "%Y%m%d-%H%M%S"),
    )


def derniers(departement: str, nombre: int = 10) -> list[Etat]:
    """The last finished computations of a département, newest first."""
    dossiers = sorted(chemins.CALCULS.glob(f"{departement}-*"), reverse=True)
    finis = [d.name for d in dossiers if (d / propositions.FICHIER_RESUME).exists()]
    return [etat(calcul_id) for calcul_id in finis[:nombre]]


def _dossier(calcul_id: str) -> Path:
    # « group.doctrine »: one of the proposals of a comparison, in a folder of its folder
    dossier = chemins.CALCULS / calcul_id.replace(".", "/")
    # the id comes from the address bar: nothing but our own ids may name a folder
    if not _ID.match(calcul_id) or not dossier.is_dir():
        raise AtlasError(
            f"La proposition « {calcul_id} » n'existe pas sur ce poste.",
            remede="relancer le calcul depuis la page « Proposer »",
        )
    return dossier


def _fin(dossier: Path) -> Phase | None:
    """How a computation ended, from what it left; None when it left nothing."""
    if (dossier / propositions.FICHIER_RESUME).exists():
        return Phase.TERMINE
    return Phase.ECHEC if (dossier / ERREUR).exists() else None


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


def _executer(dossier: Path) -> None:
    """The child process: run the request of `dossier`, leave its result or its error there."""
    demande = json.loads((dossier / DEMANDE).read_text(encoding="utf-8"))

    def noter(avancement: Avancement) -> None:
        texte = json.dumps(asdict(avancement), ensure_ascii=False)
        propositions.ecrire(dossier, {AVANCEMENT: texte})

    try:
        propositions.proposer(
            Path(demande["entrepot"]),
            demande["departement"],
            graine=demande["graine"],
            duree_max_s=demande["duree_max_s"],
            hypotheses=Hypotheses(**demande["hypotheses"]),
            sortie=dossier,
            progres=noter,
            arret=(dossier / ARRET).exists,
        )
    except AtlasError as erreur:
        propositions.ecrire(dossier, {ERREUR: erreur.message()})
    except Exception:
        traceback.print_exc()
        message = "Le calcul s'est arrêté sur un défaut d'Atlas ; le détail est dans journal.txt."
        propositions.ecrire(dossier, {ERREUR: message})
        raise


if __name__ == "__main__":
    _executer(Path(sys.argv[1]))
