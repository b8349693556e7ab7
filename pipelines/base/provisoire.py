"""What is made beside the real thing and must never outlive its maker: private, named, swept.

A provisional name carries the number of the process that made it: what a killed process left
behind is known by that and removed by the next one.
"""

import contextlib
import os
import re
import secrets
import shutil
import sys
import time
from pathlib import Path

ATTENTE_LECTEURS_S, PAS_LECTEURS_S = 10.0, 0.1
"""How long the end of a reading is waited for under Windows, and how often it is looked for."""
PROCESS_QUERY_LIMITED_INFORMATION, STILL_ACTIVE, ERROR_ACCESS_DENIED = 0x1000, 259, 5
"""Constants of the Windows kernel."""


def marque() -> str:
    """A suffix of this process and of no other file, even of two calls at the same moment."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


def balayer(parent: Path, debut: str) -> None:
    """Remove from `parent` what begins with `debut` and was made by a process that is gone."""
    for reste in parent.iterdir():
        if reste.name.startswith(debut):
            numero = re.split("[-.]", reste.name.removeprefix(debut))[0]
            if numero.isdigit() and not processus_vivant(int(numero)):
                effacer(reste)


def effacer(reste: Path) -> None:
    """Remove a file or a folder; what can't be removed waits its turn."""
    with contextlib.suppress(OSError):
        if reste.is_dir() and not reste.is_symlink():
            shutil.rmtree(reste, ignore_errors=True)
        else:
            reste.unlink(missing_ok=True)


def ecrire(cible: Path, contenu: str | bytes) -> None:
    """Write `cible` whole or not at all, its folder made if need be; OSError when it can't be.

    A text is written in UTF-8, its ends of line as they are. What killed processes left of the
    same file is removed first.
    """
    octets = contenu.encode("utf-8") if isinstance(contenu, str) else contenu
    debut = f".{cible.name}-"
    cible.parent.mkdir(parents=True, exist_ok=True)
    balayer(cible.parent, debut)
    partiel = cible.with_name(debut + marque())
    try:
        with partiel.open("wb") as flux:
            flux.write(octets)
            flux.flush()
            os.fsync(flux.fileno())
        mettre_en_place(partiel, cible)
    finally:
        partiel.unlink(missing_ok=True)


def mettre_en_place(neuf: Path, cible: Path) -> None:
    """Put `neuf` in the place of `cible`, at once and whole; OSError when it can't be.

    Windows refuses while someone reads `cible`: a reading is short, its end is waited for.
    """
    fin = time.monotonic() + (ATTENTE_LECTEURS_S if sys.platform == "win32" else 0)
    while True:
        try:
            neuf.replace(cible)
        except PermissionError:
            if time.monotonic() >= fin:
                raise
            time.sleep(PAS_LECTEURS_S)
        else:
            return


def processus_vivant(numero: int) -> bool:
    """True when a process of that number runs, ours or another's."""
    if sys.platform == "win32":
        return _vivant_sous_windows(numero)
    try:
        os.kill(numero, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _vivant_sous_windows(numero: int) -> bool:
    """There, signal 0 would be a Ctrl+C: the system is asked for a handle instead."""
    import ctypes

    noyau = ctypes.windll.kernel32
    poignee = noyau.OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, False, numero)
    if not poignee:
        # a process of someone else is refused, one that is gone is unknown
        return noyau.GetLastError() == ERROR_ACCESS_DENIED
    try:
        code = ctypes.c_ulong()
        noyau.GetExitCodeProcess(poignee, ctypes.byref(code))
        return code.value == STILL_ACTIVE
    finally:
        noyau.CloseHandle(poignee)
