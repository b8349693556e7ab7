"""A long computation in a process of its own, and the folder by which it is known.

Each has a folder under `data/calculs`: the request, the progress so far, the result or the error.
"""

import json
import secrets
import subprocess
import sys
import time
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
DEMARRAGE_S = 30
ID = r"[0-9A-Z]{3}-\d{8}-\d{6}-[0-9a-f]{6}"
"""The form of an id: the département, the time, a draw for two at the same second."""


class Phase(StrEnum):
    """Where a computation stands."""

    EN_ATTENTE = "en_attente"
    EN_COURS = "en_cours"
    TERMINE = "termine"
    ECHEC = "echec"
    INTERROMPU = "interrompu"


def nouvel_id(departement: str) -> str:
    """An id nobody has: the département, the time, and a draw for two at the same second."""
    return f"{departement}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def ecrire_demande(dossier: Path, demande: dict) -> None:
    """Write what is asked in `dossier`, and take away what a former computation left there."""
    for nom in (ERREUR, ARRET, AVANCEMENT, NUMERO):
        (dossier / nom).unlink(missing_ok=True)
    propositions.ecrire(dossier, {DEMANDE: json.dumps(demande, ensure_ascii=False, indent=1)})


def demande(dossier: Path) -> dict:
    """What is asked of the computation of `dossier`; AtlasError when that is lost."""
    lue = lire_json(dossier / DEMANDE)
    if lue is None:
        raise AtlasError(
            f"Le dossier du calcul « {dossier.name} » est incomplet : on ne sait plus ce qui y "
            "était demandé.",
            fichier=str(dossier / DEMANDE),
            remede="relancer le calcul ; ce dossier peut être supprimé",
        )
    return lue


def demarrer(dossier: Path, module: str) -> subprocess.Popen:
    """Start `module` on the request written in `dossier`, in a session of its own."""
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


def vit(dossier: Path) -> bool:
    """Whether the process of `dossier` still runs.

    It is given `DEMARRAGE_S` to have its number written; a folder that is gone runs nothing.
    """
    numero = dossier / NUMERO
    if not numero.exists():
        demande = dossier / DEMANDE
        return demande.exists() and time.time() - demande.stat().st_mtime < DEMARRAGE_S
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


def noter(dossier: Path, fraction: float, message: str) -> None:
    """Write how much of the computation of `dossier` is done (0 to 1), and what is at work."""
    texte = json.dumps({"fraction": fraction, "message": message}, ensure_ascii=False)
    propositions.ecrire(dossier, {AVANCEMENT: texte})


def lire_json(fichier: Path) -> dict | None:
    """The content of a JSON file, None when it is not there yet."""
    return json.loads(fichier.read_text(encoding="utf-8")) if fichier.exists() else None
