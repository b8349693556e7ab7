"""The server is killed while it saves: the store opens, the last whole save is there."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest
import sqlalchemy as sa

from pipelines.base import chemins
from pipelines.scenarios import atelier, magasin
from pipelines.scenarios.audit import JOURNAL
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.revisions import REVISIONS

LECTEUR = Lecteur("Claire")
MORTS = 6
# Saves without end; a line on the output once each save is done.
ENREGISTRER_SANS_FIN = """
import sys
from pipelines.planning.probleme import Presence
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur
lecteur = Lecteur("Claire")
scenario = atelier.ouvrir(lecteur, sys.argv[1])
while True:
    niveau = (1, 2, 4)[scenario.version % 3]
    scenario = atelier.modifier(lecteur, scenario.scenario_id, scenario.version,
                                f"Acte {scenario.version + 1}",
                                plan=[Presence("P3", "C", niveau)])
    print(scenario.version, flush=True)
    scenario.dossier
"""


@pytest.fixture
def scenario(store, proposition, monkeypatch):
    """A scenario in a store the children find by its address, and their folders with ours."""
    monkeypatch.setenv("ATLAS_BASE_URL", store)
    monkeypatch.setenv("ATLAS_CALCULS", str(chemins.CALCULS))
    return atelier.creer(LECTEUR, "Tué", proposition)


def test_a_process_killed_at_any_moment_of_its_saves_loses_none_that_was_done(scenario):
    hasard = random.Random(1)
    for _ in range(MORTS):
        enfant = subprocess.Popen(
            [sys.executable, "-c", ENREGISTRER_SANS_FIN, scenario.scenario_id],
            stdout=subprocess.PIPE,
            text=True,
            cwd=chemins.RACINE,
        )
        faits = [int(enfant.stdout.readline())]
        time.sleep(hasard.uniform(0.0, 0.3))
        os.kill(enfant.pid, signal.SIGKILL)
        faits += [int(ligne) for ligne in enfant.communicate()[0].split() if ligne.isdigit()]
        lu = atelier.ouvrir(LECTEUR, scenario.scenario_id)
        # a save may have been done and its word not said
        assert faits[-1] <= lu.version <= faits[-1] + 1
        assert lu.quoi == f"Acte {lu.version}"
        assert lu.plan[0].demi_journees_cycle == (1, 2, 4)[(lu.version - 1) % 3]
        assert (lu.dossier / "plan.csv").read_text(encoding="utf-8").count("\n") == 2
    _exiger_entier(scenario.scenario_id)


def _exiger_entier(scenario_id):
    """Each version has its line in the journal and its revision, and each revision its texts."""
    with magasin.lire() as connexion:
        versions = connexion.execute(sa.select(JOURNAL.c.version).order_by(JOURNAL.c.rang))
        numeros = connexion.execute(sa.select(REVISIONS.c.numero).order_by(REVISIONS.c.numero))
        versions, numeros = versions.scalars().all(), numeros.scalars().all()
        assert versions == numeros == list(range(1, len(versions) + 1))
    scenario = atelier.ouvrir(LECTEUR, scenario_id)
    while scenario.peut_annuler:
        scenario = atelier.annuler(LECTEUR, scenario_id, scenario.version)
    assert scenario.quoi == "Créé à partir d'une proposition"
    restes = [f.name for f in (chemins.CALCULS / "atelier" / scenario_id).iterdir()]
    assert len([nom for nom in restes if nom.startswith(".")]) <= 1
