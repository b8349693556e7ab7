"""How long all the documents of a dossier take, from the command to the last file."""

import os
import tempfile
import time
from pathlib import Path

from pipelines.banc import commandes

SECONDES_MAX = 15.0
"""What is asked of all the documents together, on a machine at rest."""


def mesurer(base: Path, departement: str, destinataires: tuple[str, ...]) -> dict:
    """Seconds by the clock and of processor of `atlas dossier`, and the size of each document.

    One run for each reader, on a scenario made of a short proposal. AtlasError when a command
    fails: the département is not in the warehouse, its scenario can't be made.
    """
    with tempfile.TemporaryDirectory() as nom:
        ailleurs = Path(nom)
        environnement = commandes.a_part(ailleurs)
        scenario_id = commandes.scenario(base, departement, ailleurs, environnement)
        mesures = []
        for destinataire in destinataires:
            sortie = ailleurs / destinataire
            mots = ("dossier", "--scenario", scenario_id, "--destinataire", destinataire)
            ou = ("--entrepot", str(base.resolve()), "--sortie", str(sortie))
            debut, avant = time.perf_counter(), os.times()
            commandes.lancer((*mots, *ou), environnement)
            secondes, apres = time.perf_counter() - debut, os.times()
            mesures.append(
                {
                    "destinataire": destinataire,
                    "secondes": round(secondes, 2),
                    "secondes_de_processeur": round(
                        apres.children_user
                        + apres.children_system
                        - avant.children_user
                        - avant.children_system,
                        2,
                    ),
                    "octets": {f.name: f.stat().st_size for f in sorted(sortie.iterdir())},
                    "est_tenu": secondes <= SECONDES_MAX,
                }
            )
    return {
        "departement": departement,
        "secondes_max": SECONDES_MAX,
        "dossiers": mesures,
    }
