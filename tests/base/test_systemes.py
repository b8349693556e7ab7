"""An office PC runs Windows: what the system gives differently is tried as it would be there."""

import ctypes
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

from pipelines.base import provisoire, verrou


@pytest.fixture
def sous_windows(monkeypatch):
    """A Python that says it runs on Windows and has no `fcntl`."""
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "fcntl", None)


@pytest.fixture
def msvcrt(monkeypatch):
    """Windows' own locks, one holder for each byte of each file."""
    tenus = {}

    def locking(descripteur, mode, nombre):
        assert (mode, nombre) == (module.LK_NBLCK, 1)
        octet = (os.fstat(descripteur).st_ino, os.lseek(descripteur, 0, os.SEEK_CUR))
        if tenus.setdefault(octet, descripteur) != descripteur:
            raise OSError(13, "Permission denied")

    module = types.SimpleNamespace(LK_NBLCK=2, locking=locking, tenus=tenus)
    monkeypatch.setitem(sys.modules, "msvcrt", module)
    return module


def test_without_fcntl_the_second_to_ask_for_the_lock_is_refused(tmp_path, sous_windows, msvcrt):
    """The byte that is locked is beyond what the file says, which all may read and its holder
    write from the start.
    """
    chemin = tmp_path / "verrou"
    chemin.touch()
    with chemin.open("r+") as premier, chemin.open("r+") as second:
        assert verrou.prendre(premier)
        assert not verrou.prendre(second)
        premier.write("processus 12")
        premier.flush()
        assert second.read() == "processus 12"
    [(_, octet)] = msvcrt.tenus
    assert octet > 1024**2


def test_the_lock_of_this_system_falls_with_its_holder(tmp_path):
    """Killed, a process gives it back: nobody has to delete a file by hand."""
    chemin = tmp_path / "verrou"
    chemin.touch()
    programme = (
        "import sys, time; from pipelines.base import verrou; f = open(sys.argv[1], 'r+'); "
        "print(verrou.prendre(f), flush=True); time.sleep(60)"
    )
    enfant = subprocess.Popen(
        [sys.executable, "-c", programme, str(chemin)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert enfant.stdout.readline() == "True\n"
        with chemin.open("r+") as fichier:
            assert not verrou.prendre(fichier)
    finally:
        enfant.kill()
        enfant.wait()
    with chemin.open("r+") as fichier:
        assert verrou.prendre(fichier)


class Noyau:
    """What `kernel32` answers of process 12 (alive), 13 (ended), 14 (someone else's)."""

    def __init__(self):
        self.ouvertes = 0

    def OpenProcess(self, droits, herite, numero):  # noqa: N802 (Windows' own name)
        assert (droits, herite) == (provisoire.PROCESS_QUERY_LIMITED_INFORMATION, False)
        self.ouvertes += numero in (12, 13)
        return numero if numero in (12, 13) else 0

    def GetLastError(self):  # noqa: N802
        return self.erreur

    def GetExitCodeProcess(self, poignee, code):  # noqa: N802
        code._obj.value = provisoire.STILL_ACTIVE if poignee == 12 else 0

    def CloseHandle(self, poignee):  # noqa: N802
        self.ouvertes -= 1


@pytest.mark.parametrize(
    ("numero", "erreur", "vivant"),
    [(12, 0, True), (13, 0, False), (14, 5, True), (15, 87, False)],
)
def test_under_windows_no_signal_is_sent_to_know_whether_a_process_lives(
    monkeypatch, sous_windows, numero, erreur, vivant
):
    """There `os.kill(numero, 0)` is a Ctrl+C to the whole console."""
    noyau = Noyau()
    noyau.erreur = erreur
    monkeypatch.setattr(ctypes, "windll", types.SimpleNamespace(kernel32=noyau), raising=False)
    monkeypatch.setattr(os, "kill", lambda *a: pytest.fail("a signal was sent"))
    assert provisoire.processus_vivant(numero) is vivant
    assert noyau.ouvertes == 0


def refuser(fois):
    """A `Path.replace` that Windows refuses `fois` times while someone reads."""
    vrai, refus = Path.replace, iter(range(fois))

    def remplacer(self, cible):
        if next(refus, None) is not None:
            raise PermissionError(13, "utilisé par un autre processus")
        return vrai(self, cible)

    return remplacer


def test_under_windows_a_reading_is_waited_for_before_the_swap(tmp_path, monkeypatch, sous_windows):
    """A page that reads for a moment must not make a whole build be lost."""
    monkeypatch.setattr(provisoire, "PAS_LECTEURS_S", 0.0)
    monkeypatch.setattr(Path, "replace", refuser(3))
    neuf, cible = tmp_path / "neuf", tmp_path / "cible"
    neuf.write_text("neuf")
    cible.write_text("ancien")
    provisoire.mettre_en_place(neuf, cible)
    assert cible.read_text() == "neuf"
    assert not neuf.exists()


def test_a_reading_that_never_ends_is_told_and_the_old_file_stays(
    tmp_path, monkeypatch, sous_windows
):
    monkeypatch.setattr(provisoire, "ATTENTE_LECTEURS_S", 0.2)
    monkeypatch.setattr(Path, "replace", refuser(10_000))
    neuf, cible = tmp_path / "neuf", tmp_path / "cible"
    neuf.write_text("neuf")
    cible.write_text("ancien")
    with pytest.raises(PermissionError):
        provisoire.mettre_en_place(neuf, cible)
    assert cible.read_text() == "ancien"


def test_elsewhere_a_folder_that_refuses_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "replace", refuser(1))
    neuf = tmp_path / "neuf"
    neuf.write_text("neuf")
    with pytest.raises(PermissionError):
        provisoire.mettre_en_place(neuf, tmp_path / "cible")
