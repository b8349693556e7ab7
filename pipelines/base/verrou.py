"""One holder at a time, on every system: the lock of the system on an open file.

It falls with the process that holds it, however it ends. Unix has `fcntl`, Windows `msvcrt`.
"""

import os
import sys
from typing import IO

OCTET_VERROUILLE = 2**30
"""Windows locks bytes, and nobody may read those: one far beyond what the file says."""


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
