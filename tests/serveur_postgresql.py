"""A PostgreSQL server of its own for the tests, from Debian's packages, gone when they end."""

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

PAQUETS = Path("/usr/lib/postgresql")
ABSENCE = "Les tests sur PostgreSQL n'ont pas tourné : make postgresql l'installe."
COMPTE = "postgres"
UTILISATEUR = "atlas"


def binaires():
    """The folder of initdb and postgres, the newest version first; None when there is none."""
    trouves = [Path(p).resolve().parent for nom in ("initdb",) if (p := shutil.which(nom))]
    trouves += sorted(PAQUETS.glob("*/bin"), key=_version, reverse=True)
    complets = [d for d in trouves if (d / "initdb").exists() and (d / "postgres").exists()]
    return complets[0] if complets else None


def est_la():
    """Whether a server can be started here: root needs the account Debian's packages make."""
    if binaires() is None:
        return False
    return os.geteuid() != 0 or (shutil.which("setpriv") is not None and _compte() is not None)


@contextmanager
def serveur():
    """The address of a running server, in a folder of its own, through a socket in that folder."""
    dossier = Path(tempfile.mkdtemp(prefix="atlas-pg-"))
    avant = []
    if os.geteuid() == 0:
        # postgres refuses to run as root
        compte = _compte()
        os.chown(dossier, compte.pw_uid, compte.pw_gid)
        avant = [
            "setpriv",
            f"--reuid={compte.pw_uid}",
            f"--regid={compte.pw_gid}",
            "--clear-groups",
        ]
    donnees = dossier / "donnees"
    outil = binaires()
    try:
        subprocess.run(
            [
                *avant,
                str(outil / "initdb"),
                *("--pgdata", str(donnees), "--username", UTILISATEUR, "--auth", "trust"),
                *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd=dossier,
        )
        controle = [*avant, str(outil / "pg_ctl"), "--pgdata", str(donnees)]
        # no network: the socket alone, so no port can be taken; a test's data may be lost
        options = f"-c listen_addresses='' -c unix_socket_directories='{dossier}' -c fsync=off"
        subprocess.run(
            [*controle, "--wait", "--log", str(dossier / "journal"), "-o", options, "start"],
            check=True,
            capture_output=True,
            cwd=dossier,
        )
        try:
            yield f"postgresql://{UTILISATEUR}@/{{base}}?host={dossier}"
        finally:
            subprocess.run(
                [*controle, "--wait", "--mode", "immediate", "stop"],
                check=True,
                capture_output=True,
                cwd=dossier,
            )
    finally:
        shutil.rmtree(dossier, ignore_errors=True)


def _compte():
    try:
        return pwd.getpwnam(COMPTE)
    except KeyError:
        return None


def _version(dossier):
    nom = dossier.parent.name
    return float(nom) if nom.replace(".", "", 1).isdigit() else 0.0
