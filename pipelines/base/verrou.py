"""One holder at a time, on every system: the lock of the system on an open file.

It falls with the process that holds it, however it ends. Unix has `fcntl`, Windows `msvcrt`.
"""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

from pipelines.base.erreurs import AtlasError

OCTET_VERROUILLE = 2**30
"""Windows locks bytes, and nobody may read those: one far beyond what the file says."""
PAS_D_ATTENTE_S = 0.2
"""How often a lock someone holds is asked for again."""


@contextlib.contextmanager
def tenir(
    chemin: Path, quoi: str, attente_max_s: float, dire: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lock `chemin`, a file that is there only while it is held.

    `quoi` names in French what it guards (« une autre construction »). Who comes second is told
    through `dire` and waits; AtlasError past `attente_max_s`, naming the process that holds it.
    OSError when the folder can't be written.
    """
    fin = time.monotonic() + attente_max_s
    while (fichier := _essayer(chemin)) is None:
        qui = ""
        with contextlib.suppress(OSError):
            qui = chemin.read_text(encoding="utf-8").strip()
        detail = f"{quoi[0].upper()}{quoi[1:]} est en cours ({qui or 'elle commence'})"
        if time.monotonic() >= fin:
            raise AtlasError(
                f"{detail} sur ces mêmes données.",
                fichier=str(chemin.parent),
                remede="attendre qu'elle finisse, puis recommencer ; rien n'a été changé",
            )
        dire(f"{detail}\u202f: attente")
        time.sleep(PAS_D_ATTENTE_S)
    try:
        # who holds it is said for people: a full disk must not prevent the holding
        with contextlib.suppress(OSError):
            os.truncate(fichier.fileno(), 0)
            os.write(fichier.fileno(), _signature().encode())
        yield
    finally:
        # while it is held, so that nobody takes a file about to go; Windows keeps an open file
        with contextlib.suppress(OSError):
            chemin.unlink()
        fichier.close()


def _essayer(chemin: Path) -> IO[str] | None:
    """The file `chemin`, locked; None when someone holds it, or has just removed it."""
    descripteur = os.open(chemin, os.O_RDWR | os.O_CREAT, 0o600)
    fichier = os.fdopen(descripteur, "r+", encoding="utf-8")
    try:
        if prendre(fichier) and os.path.samestat(os.fstat(descripteur), chemin.stat()):
            return fichier
    except FileNotFoundError:
        pass  # removed by its last holder between the opening and the lock
    except BaseException:
        fichier.close()
        raise
    fichier.close()
    return None


def _signature() -> str:
    return f"processus {os.getpid()}, depuis {datetime.now():%H h %M}"


def prendre(fichier: IO[str]) -> bool:
    """Take the lock of `fichier`, open for writing; False when another process has it."""
    if sys.platform == "win32":
        return _prendre_sous_windows(fichier)
    import fcntl

    try:
        fcntl.flock(fichier, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _prendre_sous_windows(fichier: IO[str]) -> bool:
    import msvcrt

    descripteur = fichier.fileno()
    ici = os.lseek(descripteur, 0, os.SEEK_CUR)
    os.lseek(descripteur, OCTET_VERROUILLE, os.SEEK_SET)
    try:
        msvcrt.locking(descripteur, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    finally:
        os.lseek(descripteur, ici, os.SEEK_SET)
    return True
