"""How fast the pages answer: the first time, once warm, and under many visitors at once.

The served application is a process of its own, over a store that holds one scenario made for it:
what the one who measures keeps is neither read nor written. Seconds are the clock's, as visitors
feel them.
"""

import asyncio
import os
import platform
import random
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.banc import commandes
from pipelines.banc.sessions import ATTENTE_S, Reponse, Session
from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot

CHAUDES = 20
"""Answers asked of each page once warm."""
DEMARRAGE_S = 120
REFLEXION_S = (1.0, 3.0)
"""A visitor reads between two clicks, this long."""
RELEVE_MEMOIRE_S = 15
PREMIERE_MAX_S, CHAUDE_MAX_S, CHARGE_MAX_S = 2.0, 0.5, 2.5
"""Figures asked for: first answer, p95 once warm, p95 under load."""
PAGES_D_UN_SITE = {"etablissement", "ajuster"}
COUCHES = ("rythmes", "couverture", "besoin", "priorites", "postes")
"""Layers of the page « Carte », drawn in turn: its times are those of a redrawn map."""

Progres = Callable[[str, float], None]


@dataclass(frozen=True)
class Reglages:
    """What is measured. `parametres`: pairs of the address added to every page (a scenario)."""

    departement: str
    sessions: int
    duree_s: float
    parametres: str = ""


def mesurer(base: Path, reglages: Reglages, progres: Progres | None = None) -> dict:
    """Times of each page of the warehouse `base`, then those of many visitors, and the memory.

    Raises AtlasError when the département is not in the warehouse or the server does not start.
    """
    avancer = progres or (lambda quoi, part: None)
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, reglages.departement)
        sites = list(entrepot.lire(connexion, "mart_site", reglages.departement)["site_id"])
        postes = len(entrepot.lire(connexion, "mart_poste", reglages.departement))
    with _servie(base, reglages) as (adresse, processus, adresses):
        reglages = replace(reglages, parametres="&".join(filter(None, adresses)))
        pages = asyncio.run(_une_a_une(adresse, reglages, sites, avancer))
        charge = asyncio.run(
            _ensemble(adresse, reglages, sites, processus.pid, list(pages), avancer)
        )
    return {
        "machine": {
            "systeme": f"{platform.system()} {platform.machine()}",
            "coeurs": os.cpu_count() or 1,
            "python": platform.python_version(),
        },
        "departement": reglages.departement,
        "nb_sites": len(sites),
        "nb_postes": postes,
        "vise": {
            "premiere_s": PREMIERE_MAX_S,
            "chaude_p95_s": CHAUDE_MAX_S,
            "charge_p95_s": CHARGE_MAX_S,
        },
        "pages": pages,
        "charge": charge,
    }


@contextmanager
def _servie(
    base: Path, reglages: Reglages
) -> Iterator[tuple[str, subprocess.Popen, tuple[str, str]]]:
    """The application on a free port, over a store with one scenario, stopped at the end.

    With it, what every address must have: what was asked for, and that scenario.
    """
    with socket.socket() as prise:
        prise.bind(("127.0.0.1", 0))
        port = prise.getsockname()[1]
    with tempfile.TemporaryDirectory() as ailleurs:
        journal = Path(ailleurs) / "serveur.log"
        environnement = commandes.a_part(Path(ailleurs))
        scenario_id = commandes.scenario(base, reglages.departement, Path(ailleurs), environnement)
        adresses = (
            reglages.parametres,
            f"scenario={scenario_id}&a=aujourdhui&b={scenario_id}",
        )
        with journal.open("w", encoding="utf-8") as sortie:
            processus = subprocess.Popen(
                [
                    *commandes.ATLAS,
                    "servir",
                    "--port",
                    str(port),
                    "--entrepot",
                    str(base.resolve()),
                ],
                cwd=chemins.RACINE,
                env=environnement,
                stdout=sortie,
                stderr=subprocess.STDOUT,
            )
        try:
            adresse = f"http://127.0.0.1:{port}"
            _attendre(adresse, processus, journal)
            yield adresse, processus, adresses
        finally:
            processus.send_signal(signal.SIGTERM)
            processus.wait(timeout=DEMARRAGE_S)


def _attendre(adresse: str, processus: subprocess.Popen, journal: Path) -> None:
    fin = time.monotonic() + DEMARRAGE_S
    # a proxy of the environment would not know the way to this machine
    sans_mandataire = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < fin and processus.poll() is None:
        try:
            with sans_mandataire.open(f"{adresse}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise AtlasError(
        f"Le tableau de bord n'a pas démarré en {DEMARRAGE_S} secondes.",
        admis="une machine où « atlas servir » répond",
        remede=f"lancer atlas servir pour voir pourquoi ; il a dit : {journal.read_text()[-500:]}",
    )


def _parametres(page: str, reglages: Reglages, sites: Sequence[str], tirage: random.Random) -> str:
    paires = [f"departement={reglages.departement}"]
    if page in PAGES_D_UN_SITE:
        paires.append(f"site={tirage.choice(sites)}")
    if page == "carte":
        paires.append(f"couche={tirage.choice(COUCHES)}")
    if reglages.parametres:
        paires.append(reglages.parametres)
    return "&".join(paires)


async def _une_a_une(
    adresse: str, reglages: Reglages, sites: Sequence[str], avancer: Progres
) -> dict[str, dict]:
    """Each page, first then warm, with nobody else."""
    tirage = random.Random(0)
    mesures = {}
    async with Session(adresse) as session:
        accueil = await session.visiter("", _parametres("", reglages, sites, tirage))
        pages = [p for p in session.pages if p]
        for rang, page in enumerate(pages):
            avancer(f"Page « {page} »", rang / (len(pages) + 1))
            reponses = [
                await session.visiter(page, _parametres(page, reglages, sites, tirage))
                for _ in range(CHAUDES + 1)
            ]
            # the page of arrival was drawn first under another address
            premiere = (
                max(accueil, reponses[0], key=lambda r: r.secondes) if rang == 0 else reponses[0]
            )
            mesures[page] = {"premiere_s": round(premiere.secondes, 3)} | _resume(reponses[1:])
    return mesures


async def _ensemble(
    adresse: str,
    reglages: Reglages,
    sites: Sequence[str],
    pid: int,
    pages: Sequence[str],
    avancer: Progres,
) -> dict:
    """Many visitors, each going from page to page at random, reading a little between."""
    fin = time.monotonic() + reglages.duree_s
    reponses: list[Reponse] = []
    memoire = [_memoire(pid)]

    async def visiteur(graine: int) -> None:
        tirage = random.Random(graine)
        async with Session(adresse) as session:
            while time.monotonic() < fin:
                page = tirage.choice(pages)
                parametres = _parametres(page, reglages, sites, tirage)
                try:
                    async with asyncio.timeout(ATTENTE_S):
                        reponses.append(await session.visiter(page, parametres))
                except TimeoutError:
                    reponses.append(Reponse(ATTENTE_S, 0, f"{page} : sans réponse"))
                    return
                await asyncio.sleep(tirage.uniform(*REFLEXION_S))

    async def relever() -> None:
        while (reste := fin - time.monotonic()) > 0:
            avancer("Visiteurs ensemble", 1 - reste / reglages.duree_s)
            await asyncio.sleep(min(RELEVE_MEMOIRE_S, reste))
            memoire.append(_memoire(pid))

    await asyncio.gather(relever(), *(visiteur(graine) for graine in range(reglages.sessions)))
    return {
        "sessions": reglages.sessions,
        "duree_s": reglages.duree_s,
        "memoire_mio": memoire,
    } | _resume(reponses)


def _resume(reponses: Sequence[Reponse]) -> dict:
    secondes = sorted(r.secondes for r in reponses)
    centiles = statistics.quantiles(secondes, n=100, method="inclusive")
    return {
        "nb": len(secondes),
        "p50_s": round(centiles[49], 3),
        "p95_s": round(centiles[94], 3),
        "max_s": round(secondes[-1], 3),
        "octets_max": max(r.octets for r in reponses),
        "erreurs": sorted({r.erreur for r in reponses if r.erreur}),
        "nb_erreurs": sum(r.erreur is not None for r in reponses),
    }


def _memoire(pid: int) -> int | None:
    """MiB the server holds; None where the system does not say it in a file."""
    etat = Path(f"/proc/{pid}/status")
    if not etat.exists():
        return None
    [ligne] = [x for x in etat.read_text(encoding="utf-8").splitlines() if x.startswith("VmRSS")]
    return int(ligne.split()[1]) // 1024
