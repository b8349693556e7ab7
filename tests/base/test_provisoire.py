"""A file is written whole, or what stood there is as it was."""

import os
import subprocess
import sys

import pytest

from pipelines.base import provisoire


@pytest.mark.parametrize("contenu", ["été\nhiver\r\n", b"\x00\xff"])
def test_what_is_written_is_what_was_given_byte_for_byte(tmp_path, contenu):
    """No end of line is changed on the way, and the folder is made."""
    cible = tmp_path / "a" / "b.csv"
    provisoire.ecrire(cible, contenu)
    assert cible.read_bytes() == (contenu.encode() if isinstance(contenu, str) else contenu)
    assert [f.name for f in cible.parent.iterdir()] == ["b.csv"]


def test_a_disk_that_fills_up_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    cible = tmp_path / "b.csv"
    cible.write_text("ancien")

    def plein(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", plein)
    with pytest.raises(OSError, match="No space"):
        provisoire.ecrire(cible, "neuf")
    assert cible.read_text() == "ancien"
    assert [f.name for f in tmp_path.iterdir()] == ["b.csv"]


def test_what_a_killed_writing_left_is_swept_by_the_next_one(tmp_path):
    """The half file of a process that is gone goes; that of one at work, and others', stay."""
    parti = subprocess.Popen([sys.executable, "-c", ""])
    parti.wait()
    for nom in (f".b.csv-{parti.pid}-ab", f".b.csv-{os.getpid()}-cd", f".c.csv-{parti.pid}-ef"):
        (tmp_path / nom).write_text("moitié")
    provisoire.ecrire(tmp_path / "b.csv", "entier")
    assert {f.name for f in tmp_path.iterdir()} == {
        "b.csv",
        f".b.csv-{os.getpid()}-cd",
        f".c.csv-{parti.pid}-ef",
    }
