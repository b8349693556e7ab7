"""The files of a proposal, read as they were written, with the words of that day."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import du_tableur, pluriel
from pipelines.reports.sites import completer
from pipelines.scenarios import propositions
from pipelines.scenarios.resume import CATEGORIE_INCONNUE, ENSEMBLE, SANS_CATEGORIE

HORS_TEXTE = (SANS_CATEGORIE, CATEGORIE_INCONNUE, ENSEMBLE)


@dataclass(frozen=True)
class Lue:
    """The three files of a proposal, as they were written; `plan` has whole half-days."""

    resume: dict
    probleme: dict
    plan: pd.DataFrame

    @property
    def bareme(self) -> "BaremeDAlors":
        """The words of its barème that day, whatever became of the file since."""
        garde = self.resume.get("bareme")
        if garde is not None:
            return BaremeDAlors(
                garde["libelle"], tuple(CategorieDAlors(**c) for c in garde["categories"])
            )
        # before these words were kept, every category was a priority
        return BaremeDAlors(
            self.resume["hypotheses"]["bareme"],
            tuple(
                CategorieDAlors(c["categorie"], c["libelle"], True)
                for c in self.resume["couverture"]
                if c["categorie"] not in HORS_TEXTE
            ),
        )


@dataclass(frozen=True)
class CategorieDAlors:
    """A category of the text a proposal was made under."""

    code: str
    libelle: str
    est_prioritaire: bool


@dataclass(frozen=True)
class BaremeDAlors:
    """What a proposal keeps of its barème."""

    libelle: str
    categories: tuple[CategorieDAlors, ...]


def lire(dossier: Path) -> Lue:
    """The files of the proposal written in `dossier`; AtlasError when one is missing."""
    propositions.exiger_les_fichiers(dossier)
    with (dossier / propositions.FICHIER_PLAN).open(encoding="utf-8", newline="") as flux:
        plan = pd.DataFrame(list(csv.DictReader(flux)), columns=list(propositions.COLONNES_PLAN))
    plan["poste_id"] = plan["poste_id"].map(du_tableur)
    plan["demi_journees_cycle"] = plan["demi_journees_cycle"].astype(int)
    return Lue(
        resume=json.loads((dossier / propositions.FICHIER_RESUME).read_text(encoding="utf-8")),
        probleme=json.loads((dossier / propositions.FICHIER_PROBLEME).read_text(encoding="utf-8")),
        plan=plan,
    )


def exiger_les_sites(sites: pd.DataFrame, presences: Iterable[str]) -> None:
    """AtlasError when a plan serves sites the warehouse no longer has."""
    if disparus := sorted(set(presences) - set(sites["site_id"])):
        raise AtlasError(
            f"Les données ont changé depuis ce calcul : {pluriel(len(disparus), 'site')} du "
            f"plan n'y {'est' if len(disparus) == 1 else 'sont'} plus "
            f"({', '.join(disparus[:3])}{'…' if len(disparus) > 3 else ''}).",
            remede="relancer le calcul sur les données actuelles",
        )


def presences_d_alors(probleme: dict) -> dict[str, int]:
    """site_id → half-days per cycle when the problem was made, all postes together."""
    avant: dict[str, int] = {}
    for presence in probleme["presences_actuelles"]:
        total = avant.get(presence["site_id"], 0) + presence["demi_journees_cycle"]
        avant[presence["site_id"]] = total
    return avant


def au_jour_du_calcul(sites: pd.DataFrame, lue: Lue) -> pd.DataFrame:
    """`sites` with the besoins and categories the solver was given, whatever changed since."""
    donnes = {s["site_id"]: s for s in lue.probleme["sites"]}
    sites = sites[sites["site_id"].isin(donnes)].copy()
    sites["besoin"] = [donnes[s]["besoin"] for s in sites["site_id"]]
    sites["categories"] = [tuple(donnes[s]["categories"]) for s in sites["site_id"]]
    sites["inconnues"] = [tuple(donnes[s]["categories_inconnues"]) for s in sites["site_id"]]
    return completer(sites, lue.bareme.categories)
