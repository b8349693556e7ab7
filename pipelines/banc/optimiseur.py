"""How close to the best the optimiser comes, and how fast, on real départements.

Seconds are the processor's, over all cores: the clock would also count what else the machine does.
"""

import json
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import ortools

from pipelines.banc import temoins
from pipelines.banc.instances import Instance, extraire, fabriquer
from pipelines.planning.probleme import Probleme, vers_json
from pipelines.planning.solveur import Resultat, resoudre
from pipelines.planning.suivi import Avancement
from pipelines.planning.verification import juger

PARTS = (0.4, 0.6, 0.8)
"""Share of the total besoin that the postes can give."""
ENTIERE = (200, 60)
"""Sites and postes of the variant where presence is all or nothing."""
TRAJETS_MIN = (30, 45, 60)
"""Travel limits of the growth curve, minutes one way."""
PREMIER_ETAGE_MAX, TROISIEME_ETAGE_MAX = 0.01, 0.05
"""Gaps asked for, on the shortage and on the travel."""

Progres = Callable[[str, float], None]


def mesurer(
    sources: Path,
    departements: Sequence[str],
    duree_max_s: float,
    *,
    parts: Sequence[float] = PARTS,
    avec_temoins: bool = True,
    progres: Progres | None = None,
) -> dict:
    """Gaps, values, bounds and seconds of each stage, and the simpler methods beside.

    Raises AtlasError when the folder is not there or the extra « banc » is not installed.
    """
    if avec_temoins:
        temoins.exiger()
    avancer = progres or (lambda etape, part: None)
    avancer("Fabrication des problèmes", 0.0)
    instances = fabriquer(sources, departements, parts)
    mesures = []
    for rang, instance in enumerate(instances):
        avancer(f"{instance.nom}, {instance.part_demandee:.0%}", rang / (len(instances) + 2))
        mesures.append(une_instance(instance, duree_max_s, avec_temoins))
    avancer("Présence entière", len(instances) / (len(instances) + 2))
    plus_grande = max(instances, key=lambda i: len(i.probleme.sites))
    entiere = replace(
        extraire(plus_grande.probleme, *ENTIERE),
        # a poste need not have the time of its whole résidence
        verrous=(),
        reglages=replace(plus_grande.probleme.reglages, presence_entiere=True),
    )
    avancer("Croissance avec le trajet", (len(instances) + 1) / (len(instances) + 2))
    moyenne = instances[len(instances) // 2]
    return {
        "machine": {
            "systeme": f"{platform.system()} {platform.machine()}",
            "coeurs": os.cpu_count() or 1,
            "python": platform.python_version(),
            "ortools": ortools.__version__,
            "numpy": np.__version__,
        },
        "duree_max_s": duree_max_s,
        "instances": mesures,
        "presence_entiere": optimiser(entiere, duree_max_s),
        "croissance_trajet": [
            {"instance": moyenne.nom, "duree_trajet_max_min": limite}
            | optimiser(
                replace(
                    moyenne.probleme,
                    reglages=replace(moyenne.probleme.reglages, duree_trajet_max_min=limite),
                ),
                duree_max_s,
            )
            for limite in TRAJETS_MIN
        ],
    }


def une_instance(instance: Instance, duree_max_s: float, avec_temoins: bool) -> dict:
    """The optimiser on one problem, and the simpler methods."""
    probleme = instance.probleme
    methodes = temoins.TEMOINS if avec_temoins else {"glouton": temoins.glouton}
    return {
        "instance": instance.nom,
        "part_demandee": instance.part_demandee,
        **optimiser(probleme, duree_max_s),
        "temoins": {nom: _temoin(probleme, methode) for nom, methode in methodes.items()},
    }


def optimiser(probleme: Probleme, duree_max_s: float) -> dict:
    """The stages of the optimiser on `probleme`, and what its plan covers."""
    debut = time.process_time()
    fins: dict[str, float] = {}

    def noter(avancement: Avancement) -> None:
        fins[avancement.etage] = time.process_time() - debut

    resultat = resoudre(probleme, duree_max_s=duree_max_s, progres=noter)
    lignes = [
        {
            "poste_id": x.poste_id,
            "site_id": x.site_id,
            "demi_journees_cycle": x.demi_journees_cycle,
        }
        for x in resultat.plan
    ]
    capacite = sum(p.capacite for p in probleme.postes if not p.sans_secteur)
    besoin = sum(s.besoin for s in probleme.sites)
    return {
        "nb_sites": len(probleme.sites),
        "nb_postes": sum(not p.sans_secteur for p in probleme.postes),
        "part_moyens": round(capacite / besoin, 3),
        "arret_par": resultat.arret_par,
        "etages": _etages(resultat, fins),
        "plan": juge(probleme, lignes) | {"secondes": round(max(fins.values()), 1)},
    }


def _etages(resultat: Resultat, fins: dict[str, float]) -> list[dict]:
    """Each stage; its gap on what it reached itself, before later stages."""
    etages, avant = [], 0.0
    for e in resultat.etages:
        atteint = e.valeur_atteinte
        part = (atteint - e.borne) / atteint if atteint else 0.0
        etages.append(
            {
                "code": e.code,
                "statut": e.statut,
                "valeur": e.valeur,
                "valeur_atteinte": atteint,
                "borne": e.borne,
                "part_ecart": round(e.ecart, 4),
                "part_ecart_atteint": round(part, 4),
                "ecart_demi_journees": e.ecart_demi_journees,
                "secondes": round(fins.get(e.code, avant) - avant, 1),
            }
        )
        avant = fins.get(e.code, avant)
    return etages


def juge(probleme: Probleme, lignes: list[dict]) -> dict:
    """The judge's view of a plan: breaches by rule, objectives, coverage by category."""
    verdict = juger(json.loads(vers_json(probleme)), lignes)
    donne = Counter()
    for ligne in lignes:
        donne[ligne["site_id"]] += ligne["demi_journees_cycle"]
    besoins, couverts = Counter(), Counter()
    for site in probleme.sites:
        for categorie in site.categories or ("sans_categorie",):
            besoins[categorie] += site.besoin
            couverts[categorie] += min(donne[site.site_id], site.besoin)
    return {
        "manquements": dict(sorted(Counter(m.regle for m in verdict.manquements).items())),
        "objectifs": verdict.objectifs,
        "part_couverte": {
            c: round(couverts[c] / besoin, 3) for c, besoin in sorted(besoins.items()) if besoin
        },
    }


def _temoin(probleme: Probleme, methode: Callable[[Probleme], list[dict]]) -> dict:
    debut = time.process_time()
    try:
        lignes = methode(probleme)
    except RuntimeError as cause:
        return {"echec": str(cause), "secondes": round(time.process_time() - debut, 2)}
    enfants = os.times()
    return juge(probleme, lignes) | {
        "secondes": round(time.process_time() - debut, 2),
        "secondes_des_sous_processus": round(enfants.children_user, 2),
    }
