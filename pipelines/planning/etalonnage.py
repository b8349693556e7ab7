"""How far the estimate of travel is from times published or routed elsewhere.

`data/reference/trajets_etalons.csv` holds two kinds of drives: those the estimate was calibrated on
(`etalonnage`), and those it never saw (`controle`).
"""

import csv
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipelines.base import chemins
from pipelines.planning.moteurs import POSITION, AVolDOiseau, Lieux, sans_suite

FICHIER = "trajets_etalons.csv"
ETALONNAGE, CONTROLE = "etalonnage", "controle"


@dataclass(frozen=True)
class Erreur:
    """Gap between estimate and reference over `nb_liaisons` drives, as shares and in minutes."""

    nb_liaisons: int
    part_moyenne: float
    part_max: float
    moyenne_min: float


def liaisons() -> pd.DataFrame:
    """Each reference drive: usage, departement, origine, destination, reference_min, estime_min,
    part_ecart (signed, a share of the reference), source, verifie_le (2026-11-21).
    """
    with (chemins.REFERENCE / FICHIER).open(encoding="utf-8", newline="") as flux:
        lues = pd.DataFrame(list(csv.DictReader(flux)))
    bouts = [
        Lieux.de(
            pd.DataFrame(
                {c: pd.to_numeric(lues[f"{bout}_{c}"]) for c in (*POSITION, "densite")}
            ).assign(uai=lues[bout]),
            "uai",
        )
        for bout in ("origine", "destination")
    ]
    moteur = AVolDOiseau()
    estimees = [
        float(moteur.calculer(bouts[0].parmi([r]), bouts[1].parmi([r]), sans_suite).minutes[0, 0])
        for r in range(len(lues))
    ]
    table = lues[["usage", "departement", "origine", "destination", "source", "verifie_le"]].copy()
    table["reference_min"] = pd.to_numeric(lues["minutes"])
    table["estime_min"] = np.ceil(np.array(estimees) - 1e-9).astype(int)
    table["part_ecart"] = table["estime_min"] / table["reference_min"] - 1
    return table


def erreur(usage: str) -> Erreur:
    """The error over the drives of one usage."""
    table = liaisons()
    table = table[table["usage"] == usage]
    ecarts = table["part_ecart"].abs()
    return Erreur(
        nb_liaisons=len(table),
        part_moyenne=float(ecarts.mean()),
        part_max=float(ecarts.max()),
        moyenne_min=float((table["estime_min"] - table["reference_min"]).abs().mean()),
    )
