"""What may befall a build: killed at any moment, a full disk, a closed folder, another build."""

import contextlib
import ctypes
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

import fabrique
import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction, entrepot

GRAINE = 20170322
COUPS = 20
PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2

# processes forked from one that has imported everything and opened no database
processus = multiprocessing.get_context("forkserver")
processus.set_forkserver_preload(["pipelines.marts.construction"])


@pytest.fixture(scope="module")
def construits(tmp_path_factory):
    """A warehouse of two collèges and a lycée, and the sources of one with a collège more."""
    dossier = tmp_path_factory.mktemp("fautes")
    anciennes = fabrique.petit_departement(dossier / "anciennes")
    nouvelles = fabrique.petit_departement(dossier / "nouvelles")
    fabrique.ecrire_annuaire(nouvelles, [fabrique.etablissement(500)], nom="b.csv")
    return fabrique.construire(anciennes), anciennes, nouvelles


@pytest.fixture
def ancien(construits, tmp_path):
    """The same, the warehouse alone in a folder of its own."""
    base = tmp_path / "donnees" / "atlas.duckdb"
    base.parent.mkdir()
    shutil.copy(construits[0], base)
    return base, *construits[1:]


def nb_sites(base):
    """Sites of the warehouse, read through the door the pages use."""
    with entrepot.ouvrir(base) as connexion:
        return connexion.execute(
            "select count(*) from mart_site where nature = 'etablissement'"
        ).fetchone()[0]


def lancer(sources, base):
    """A build in a process of its own."""
    enfant = processus.Process(target=construction.construire, args=([sources], base))
    enfant.start()
    return enfant


def test_a_build_killed_at_twenty_moments_leaves_yesterday_s_warehouse_and_no_stray_file(ancien):
    """SIGKILL anywhere from the first file read to the swap; then one build sweeps everything."""
    base, anciennes, nouvelles = ancien
    hasard = random.Random(GRAINE)
    lancer(nouvelles, base).join()  # the server of processes is warm
    construction.construire([anciennes], base)
    debut = time.monotonic()
    temoin = lancer(nouvelles, base)
    temoin.join()
    duree = time.monotonic() - debut
    assert temoin.exitcode == 0
    assert nb_sites(base) == 4
    construction.construire([anciennes], base)
    octets = base.read_bytes()
    tues = interrompus = 0
    for _ in range(COUPS):
        enfant = lancer(nouvelles, base)
        time.sleep(hasard.uniform(0, duree))
        enfant.kill()
        enfant.join()
        if enfant.exitcode == 0:  # it was quicker than its model
            assert nb_sites(base) == 4
            construction.construire([anciennes], base)
            octets = base.read_bytes()
            continue
        tues += 1
        # what it was writing stays until the next build, and is read by nobody
        interrompus += any(construction.SUFFIXE_PROVISOIRE in f.name for f in base.parent.iterdir())
        assert base.read_bytes() == octets
        assert nb_sites(base) == 3
    assert tues > COUPS / 2
    assert interrompus > 0, "a build that left nothing behind proves nothing about the sweep"
    construction.construire([nouvelles], base)
    assert nb_sites(base) == 4
    assert [f.name for f in base.parent.iterdir()] == [base.name]


def test_of_two_builds_at_once_the_second_waits_for_the_first_and_says_so(ancien):
    """It begins when the first has ended, and its warehouse is the one that stays."""
    base, _, nouvelles = ancien
    dites = []
    with contextlib.ExitStack() as premiere:
        premiere.enter_context(construction.seul(base))

        def suivre(etape, part):
            dites.append(etape)
            premiere.close()

        construction.construire([nouvelles], base, progres=suivre)
    assert dites[0].startswith(f"Une autre construction est en cours (processus {os.getpid()},")
    assert dites[0].endswith("attente")
    assert dites[1:3] == ["Lecture des fichiers", dites[2]]
    assert nb_sites(base) == 4
    assert [f.name for f in base.parent.iterdir()] == [base.name]


def test_a_build_that_waits_too_long_says_who_it_waits_for_and_changes_nothing(ancien):
    base, _, nouvelles = ancien
    octets = base.read_bytes()
    with construction.seul(base), pytest.raises(AtlasError) as refus:
        construction.construire([nouvelles], base, attente_max_s=0)
    assert f"(processus {os.getpid()}" in refus.value.quoi
    assert "attendre" in refus.value.remede
    assert base.read_bytes() == octets


def test_builds_of_several_processes_at_once_all_end_and_leave_one_warehouse(ancien):
    base, anciennes, nouvelles = ancien
    enfants = [lancer(sources, base) for sources in (anciennes, nouvelles, anciennes)]
    for enfant in enfants:
        enfant.join()
    assert [enfant.exitcode for enfant in enfants] == [0, 0, 0]
    assert nb_sites(base) in (3, 4)
    assert [f.name for f in base.parent.iterdir()] == [base.name]


def test_a_page_that_opens_while_another_reads_sees_the_warehouse_swapped_in(ancien):
    """Engines of one process would share the file the first one opened."""
    base, _, nouvelles = ancien
    with entrepot.ouvrir(base) as lecteur:
        construction.construire([nouvelles], base)
        assert nb_sites(base) == 4
        requete = "select count(*) from mart_site where nature = 'etablissement'"
        assert lecteur.execute(requete).fetchall() == [(3,)]


PROGRAMME = """
import json, sys
from pathlib import Path
from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction
arguments = json.loads(sys.argv[1])
avant = arguments.get("avant")
if avant:
    exec(avant)
try:
    construction.construire([Path(arguments["sources"])], Path(arguments["base"]))
except AtlasError as erreur:
    print(erreur.message())
    sys.exit(1)
"""


def construire_ailleurs(sources, base, avant=None, prealable=None):
    """A build in a fresh interpreter; the finished process."""
    arguments = {"sources": str(sources), "base": str(base), "avant": avant}
    return subprocess.run(
        [sys.executable, "-c", PROGRAMME, json.dumps(arguments)],
        capture_output=True,
        text=True,
        preexec_fn=prealable,
        timeout=120,
    )


@pytest.fixture
def petit_disque(tmp_path):
    """A folder of 1 MB when the system lets us mount one; else None."""
    dossier = tmp_path / "petit"
    dossier.mkdir()
    monte = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(dossier)], capture_output=True
    )
    yield dossier if monte.returncode == 0 else None
    if monte.returncode == 0:
        subprocess.run(["umount", str(dossier)], check=True)


def test_a_full_disk_is_told_in_french_and_the_old_warehouse_answers(ancien, petit_disque):
    """A file system of 1 MB, or a limit on the size of files where none can be mounted."""
    base, _, nouvelles = ancien
    avant = None
    if petit_disque is None:
        avant = (
            "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
            "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))"
        )
    else:
        # the old warehouse is a small file there: what counts is that it is left alone
        base = petit_disque / "atlas.duckdb"
        base.write_bytes(b"ancien")
    octets = base.read_bytes()
    fin = construire_ailleurs(nouvelles, base, avant)
    assert fin.returncode == 1, fin.stderr
    assert "Impossible d'écrire l'entrepôt" in fin.stdout
    assert "libérer de la place" in fin.stdout
    assert "Traceback" not in fin.stderr
    assert base.read_bytes() == octets
    assert [f.name for f in base.parent.iterdir()] == [base.name]


def _construire_a_l_etroit(sources, base, octets_max, dit):
    """A build that may write no file beyond `octets_max`; its message goes through the pipe."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets_max, octets_max))
    try:
        construction.construire([sources], base)
        dit.send("construit")
    except AtlasError as erreur:
        dit.send(erreur.message())


@pytest.mark.parametrize("octets_max", [50_000, 600_000])
def test_a_disk_that_fills_up_early_or_late_leaves_the_warehouse(ancien, octets_max):
    """While the files are read, then while the tables are made."""
    base, _, nouvelles = ancien
    octets = base.read_bytes()
    ecoute, dit = processus.Pipe(duplex=False)
    enfant = processus.Process(
        target=_construire_a_l_etroit, args=(nouvelles, base, octets_max, dit)
    )
    enfant.start()
    dit.close()
    message = ecoute.recv()
    enfant.join()
    assert "Impossible d'écrire l'entrepôt" in message
    assert base.read_bytes() == octets
    assert [f.name for f in base.parent.iterdir()] == [base.name]


def _sans_passe_droit():
    """Root obeys the modes of files like anyone."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capacite in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            if libc.prctl(PR_CAPBSET_DROP, capacite, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl")


def test_a_read_only_folder_is_told_in_french_and_the_old_warehouse_answers(ancien):
    base, _, nouvelles = ancien
    octets = base.read_bytes()
    base.parent.chmod(0o555)
    try:
        fin = construire_ailleurs(nouvelles, base, prealable=_sans_passe_droit)
    finally:
        base.parent.chmod(0o755)
    assert fin.returncode == 1, fin.stderr
    assert "Impossible d'écrire l'entrepôt" in fin.stdout
    assert "choisir un autre dossier" in fin.stdout
    assert "Traceback" not in fin.stderr
    assert base.read_bytes() == octets
    assert nb_sites(base) == 3
