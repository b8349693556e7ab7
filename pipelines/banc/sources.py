"""How long a build takes at the size of the country, against a straightforward pandas script.

Each build runs in a process of its own, from the call to its return, imports apart. Its memory is
the highest the whole process reached, the engine's included. Seconds of processor, over all cores,
tell whether others were using the machine. The pandas script knows nothing of besoins: the ratio
leaves out the seconds Atlas gives them.
"""

import dataclasses
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.banc import pays as fabrication
from pipelines.banc import temoin_pandas
from pipelines.banc.pays import Fichier, Pays, Taille
from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction, entrepot
from pipelines.scoring.inscription import inscrire

ATLAS, PANDAS = "atlas", "pandas"
CROISSANCE = (1_000_000, 2_000_000, 5_000_000, 10_000_000)
"""Rows of activity of each point of the growth curve, at the size of the country."""
SECONDES_MAX = 15
MEMOIRE_MAX_MIO = 2048
RAPPORT_MIN = 5
"""What the project asks of a build at the size of the country, on two cores."""
ETAT_DU_PROCESSUS, MEMOIRE_DE_LA_MACHINE = Path("/proc/self/status"), Path("/proc/meminfo")

Progres = Callable[[str, float], None]


def mesurer(reel: Path, echelle: float = 1.0, progres: Progres | None = None) -> dict:
    """Seconds and peak memory (MiB) of a build by Atlas and by pandas, on the same files.

    `reel` is a folder of real public files, repeated to the size of the country times `echelle`.
    `ecarts` of the result names the counts on which the two engines disagree; `cibles` is empty
    below the size of the country. Raises AtlasError when the files can't be repeated so far, or
    when a build fails.
    """
    avancer = progres or (lambda etape, part: None)
    taille = Taille().reduite(echelle)
    points = sorted({max(1, round(n * echelle)) for n in CROISSANCE} | {taille.activite})
    with tempfile.TemporaryDirectory(prefix="atlas-banc-") as temporaire:
        avancer("Fabrication du pays", 0.0)
        pays = fabrication.fabriquer(reel, Path(temporaire) / "pays", taille)
        croissance, mesures = [], {}
        for rang, nombre in enumerate(points):
            part = 0.1 + 0.9 * rang / len(points)
            pays = fabrication.avec_activite(pays, nombre)
            avancer(f"Atlas, {nombre} lignes d'activité", part)
            mesure = _mesurer(ATLAS, pays)
            croissance.append({"lignes_activite": nombre, **_sans_comptes(mesure)})
            if nombre == taille.activite:
                lignes = pays.lignes()
                avancer(f"pandas, {nombre} lignes d'activité", part)
                mesures = {ATLAS: mesure, PANDAS: _mesurer(PANDAS, pays)}
    avancer("Terminé", 1.0)
    comptes = {moteur: mesure["comptes"] for moteur, mesure in mesures.items()}
    des_marts = mesures[ATLAS]["secondes"] - mesures[ATLAS]["secondes_besoins"]
    rapport = round(mesures[PANDAS]["secondes"] / des_marts, 2)
    return {
        "machine": _machine(),
        "echelle": echelle,
        "lignes_demandees": dataclasses.asdict(taille),
        "lignes": lignes,
        **mesures,
        "rapport_pandas_sur_atlas": rapport,
        "ecarts": ecarts(comptes[ATLAS], comptes[PANDAS]),
        "cibles": juger(mesures[ATLAS], rapport) if echelle == 1 else [],
        "croissance": croissance,
    }


def ecarts(atlas: dict[str, float], pandas: dict[str, float]) -> list[str]:
    """The counts on which two engines differ; one that only one of them gives counts for 0."""
    noms = dict.fromkeys([*atlas, *pandas])
    return [nom for nom in noms if atlas.get(nom, 0) != pandas.get(nom, 0)]


def comptes(fichier: Path) -> dict[str, float]:
    """What both engines must agree on, read in the warehouse Atlas built.

    Sizes and sums of the marts, anomalies by code (`anomalies <code>`), and what became of the
    rows of each source (`lignes_gardees <source>` …).
    """
    with entrepot.ouvrir(fichier) as connexion:
        cadre = connexion.execute(
            """
            select
                (select count(*) from mart_commune) as communes,
                (select count(*) from mart_etablissement) as etablissements,
                (select count(*) from mart_rattachement) as etablissements_du_perimetre,
                count(*) filter (where nature = 'etablissement') as sites_etablissement,
                count(*) filter (where nature = 'ecoles_rep_plus') as sites_ecoles_rep_plus,
                sum(effectif)::bigint as effectif_des_sites,
                round(sum(ips), 3) as somme_des_ips_des_sites,
                (select count(*) from mart_activite) as activite_lignes,
                (select sum(nombre)::bigint from mart_activite) as activite_nombre,
                (select count(site_id) from mart_activite) as activite_lignes_rattachees
            from mart_site
            """
        ).df()
        anomalies = connexion.execute(
            "select 'anomalies ' || code, count(*) from mart_anomalie group by code order by code"
        ).fetchall()
        sorts = connexion.execute(
            """
            with
                sources as (
                    select
                        source,
                        sum(lignes_gardees)::bigint as lignes_gardees,
                        sum(lignes_fusionnees)::bigint as lignes_fusionnees,
                        sum(lignes_rejetees)::bigint as lignes_rejetees
                    from meta_construction
                    group by source
                )
            select sort || ' ' || source, nombre
            from (unpivot sources on columns(* exclude (source)) into name sort value nombre)
            order by source, sort
            """
        ).fetchall()
    return {nom: cadre[nom].item() for nom in cadre.columns} | dict(anomalies) | dict(sorts)


def juger(atlas: dict, rapport: float) -> list[dict]:
    """Each target, what was measured, and whether it is met."""
    return [
        {"libelle": libelle, "cible": cible, "mesure": mesure, "atteinte": atteinte}
        for libelle, cible, mesure, atteinte in (
            (
                "secondes, au plus",
                SECONDES_MAX,
                atlas["secondes"],
                atlas["secondes"] <= SECONDES_MAX,
            ),
            (
                "mémoire en Mio, au plus",
                MEMOIRE_MAX_MIO,
                atlas["memoire_max_mio"],
                atlas["memoire_max_mio"] <= MEMOIRE_MAX_MIO,
            ),
            ("fois plus vite que pandas, au moins", RAPPORT_MIN, rapport, rapport >= RAPPORT_MIN),
        )
    ]


def _machine() -> dict[str, str | int]:
    return {
        "systeme": f"{platform.system()} {platform.machine()}",
        "coeurs": os.cpu_count() or 1,
        "memoire_mio": _mio(MEMOIRE_DE_LA_MACHINE, "MemTotal"),
        "python": platform.python_version(),
        "duckdb": duckdb.__version__,
        "pandas": pd.__version__,
    }


def _sans_comptes(mesure: dict) -> dict:
    return {nom: valeur for nom, valeur in mesure.items() if nom != "comptes"}


def _mesurer(moteur: str, pays: Pays) -> dict:
    """One build of `pays` in a process of its own: seconds, memory (MiB), counts."""
    with tempfile.TemporaryDirectory(prefix="atlas-banc-") as temporaire:
        manifeste = Path(temporaire) / "manifeste.json"
        manifeste.write_text(
            json.dumps([dataclasses.asdict(f) for f in pays.fichiers]), encoding="utf-8"
        )
        commande = [sys.executable, "-m", __spec__.name, moteur, pays.dossier, manifeste]
        fin = subprocess.run(list(map(str, commande)), capture_output=True, text=True, check=False)
    if fin.returncode != 0:
        motif = (fin.stderr.strip().splitlines() or [f"code {fin.returncode}"])[-1]
        raise AtlasError(
            f"La construction mesurée ({moteur}) a échoué : {motif}",
            fichier=str(pays.dossier),
            remede="libérer de la mémoire et de la place sur le disque, ou réduire --echelle",
        )
    return json.loads(fin.stdout.splitlines()[-1])


def _executer(moteur: str, dossier: Path, manifeste: Path) -> dict:
    """What the child process does: build, and say what it took."""
    fichiers = [Fichier(**f) for f in json.loads(manifeste.read_text(encoding="utf-8"))]
    sortie = manifeste.parent / moteur
    sortie.mkdir()
    durees_besoins = []

    def completer(connexion: duckdb.DuckDBPyConnection) -> None:
        debut_besoins = time.perf_counter()
        inscrire(connexion)
        durees_besoins.append(time.perf_counter() - debut_besoins)

    debut, processeur = time.perf_counter(), time.process_time()
    if moteur == ATLAS:
        construction.construire([dossier], sortie / "atlas.duckdb", completer=completer)
    else:
        trouves = temoin_pandas.construire(dossier, fichiers, sortie)
    mesure = {
        "secondes": round(time.perf_counter() - debut, 2),
        "secondes_besoins": round(sum(durees_besoins), 2),
        "secondes_processeur": round(time.process_time() - processeur, 2),
        "memoire_max_mio": _mio(ETAT_DU_PROCESSUS, "VmHWM"),
    }
    if moteur == ATLAS:
        trouves = comptes(sortie / "atlas.duckdb")
    return {**mesure, "comptes": trouves}


def _mio(etat: Path, nom: str) -> int:
    """A size the Linux kernel tells in kB, in MiB; AtlasError on another system."""
    if not etat.is_file():
        raise AtlasError(
            "La mémoire ne se mesure que sous Linux.",
            fichier=str(etat),
            remede="lancer ce banc sur une machine Linux",
        )
    [ligne] = [
        ligne
        for ligne in etat.read_text(encoding="utf-8").splitlines()
        if ligne.startswith(f"{nom}:")
    ]
    return int(ligne.split()[1]) // 1024


if __name__ == "__main__":
    print(json.dumps(_executer(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))))
