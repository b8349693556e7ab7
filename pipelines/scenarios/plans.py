"""A plan from any file, a proposal's or one made by hand, put before the independent judge."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import du_tableur
from pipelines.planning.probleme import depuis_dict
from pipelines.planning.verification import Verdict, juger
from pipelines.scenarios import propositions
from pipelines.sources import lecture
from pipelines.sources.cartes import normaliser
from pipelines.sources.fichiers import Fichier

ADMIS = (
    "un CSV ou un classeur Excel dont les en-têtes sont "
    f"{', '.join(propositions.COLONNES_PLAN)}, ou une liste JSON d'objets de mêmes noms"
)


@dataclass(frozen=True)
class Jugement:
    """A plan judged. `resume`: what the proposal of the folder said of its own, None without one.

    `est_le_sien`: the plan is the one of that proposal.
    """

    verdict: Verdict
    nb_presences: int
    resume: dict | None
    est_le_sien: bool


def juger_plan(dossier: Path, fichier: Path | None = None) -> Jugement:
    """The judge's verdict on the plan in `fichier` (default: that of the proposal in `dossier`).

    `dossier` needs probleme.json only. AtlasError when the problem or the file can't be read as
    such; a line of the plan that makes no sense is a breach, not an error.
    """
    probleme = _json(dossier / propositions.FICHIER_PROBLEME)
    depuis_dict(probleme)  # refuses, in French, what is no problem
    plan = lire_plan(fichier or dossier / propositions.FICHIER_PLAN)
    resume = dossier / propositions.FICHIER_RESUME
    return Jugement(
        verdict=juger(probleme, plan),
        nb_presences=len(plan),
        resume=_json(resume) if resume.is_file() else None,
        est_le_sien=fichier is None,
    )


def lire_plan(fichier: Path) -> list[dict]:
    """The presences of a CSV, an Excel workbook or a JSON list, as the judge takes them.

    A half-day count that is no whole number is left as it is written, for the judge to name.
    """
    if not fichier.is_file():
        raise AtlasError(
            "Ce plan n'existe pas.",
            fichier=str(fichier),
            admis=ADMIS,
            remede="vérifier le chemin du plan",
        )
    if fichier.suffix.lower() == ".json":
        contenu = _json(fichier)
        if not isinstance(contenu, list):
            raise _refus(fichier)
        return contenu
    for tableau in lecture.tableaux(Fichier(fichier.name, fichier)):
        for ligne, cellules in tableau.debuts:
            noms = [normaliser(cellule) for cellule in cellules]
            if all(nom in noms for nom in propositions.COLONNES_PLAN):
                rangs = [noms.index(nom) for nom in propositions.COLONNES_PLAN]
                return list(_presences(tableau, ligne, rangs))
    raise _refus(fichier)


def _presences(tableau: lecture.Tableau, entete: int, rangs: list[int]) -> Iterator[dict]:
    for rangee in tableau.rangees():
        if rangee.ligne <= entete or not any(rangee.cellules):
            continue
        lues = [rangee.cellules[r] if r < len(rangee.cellules) else None for r in rangs]
        poste_id, site_id, presence = [None if c is None else c.strip() for c in lues]
        yield dict(
            zip(
                propositions.COLONNES_PLAN,
                (du_tableur(poste_id or ""), site_id, _entier(presence)),
                strict=True,
            )
        )


def _entier(texte: str | None) -> int | str | None:
    """« 4 », « 4,0 » → 4; anything else as it is."""
    entier, _, decimales = (texte or "").replace(",", ".").partition(".")
    return int(entier) if entier.isdecimal() and not decimales.strip("0") else texte


def _json(fichier: Path) -> object:
    try:
        return json.loads(fichier.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as cause:
        raise AtlasError(
            f"Ce dossier n'a pas de problème : {fichier.name} manque.",
            fichier=str(fichier.parent),
            admis="un dossier qui contient probleme.json, décrit dans docs/probleme.md",
            remede="vérifier le chemin donné à --proposition",
        ) from cause
    except (ValueError, RecursionError) as cause:
        raise AtlasError(
            "Ce fichier n'est pas du JSON lisible.",
            fichier=str(fichier),
            admis="du JSON en UTF-8",
            remede="l'enregistrer de nouveau",
        ) from cause


def _refus(fichier: Path) -> AtlasError:
    return AtlasError(
        "Ce fichier n'est pas un plan.",
        fichier=str(fichier),
        admis=ADMIS,
        remede="partir du fichier plan.csv d'une proposition",
    )
