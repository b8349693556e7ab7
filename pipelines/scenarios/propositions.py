"""One proposal from end to end: assemble, solve, judge, write."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines.base import provisoire
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import pour_tableur
from pipelines.marts import entrepot
from pipelines.planning.assemblage import Hypotheses, assembler
from pipelines.planning.probleme import Presence, Probleme, vers_json
from pipelines.planning.solveur import Resultat, resoudre
from pipelines.planning.suivi import Avancement
from pipelines.planning.verification import Verdict, juger
from pipelines.scenarios.resume import resumer

FICHIER_PLAN = "plan.csv"
FICHIER_RESUME = "resume.json"
FICHIER_PROBLEME = "probleme.json"
COLONNES_PLAN = ("poste_id", "site_id", "demi_journees_cycle")


@dataclass(frozen=True)
class Proposition:
    """A solved and judged problem: what the three files hold."""

    probleme: Probleme
    resultat: Resultat
    resume: dict


def proposer(
    base: Path,
    departement: str,
    *,
    graine: int,
    duree_max_s: float,
    ecart_vise: float | None = None,
    hypotheses: Hypotheses | None = None,
    sortie: Path | None = None,
    progres: Callable[[Avancement], None] | None = None,
    arret: Callable[[], bool] | None = None,
) -> Proposition:
    """Propose a plan for `departement` from the warehouse `base`, and write it under `sortie`.

    `duree_max_s`, `ecart_vise` (0 to 1, None for all the work): when to stop, see `resoudre`.
    Raises AtlasError when the data don't allow it, or when the independent judge finds a breach
    (a defect of Atlas: nothing is written then).
    """
    with entrepot.ouvrir(base) as connexion:
        probleme = assembler(connexion, departement, hypotheses or Hypotheses(), graine)
        avertissements = entrepot.avertissements(connexion)
        sources = entrepot.sources(connexion)
    resultat = resoudre(
        probleme,
        duree_max_s=duree_max_s,
        ecart_vise=ecart_vise,
        progres=progres,
        arret=arret,
    )
    texte = vers_json(probleme)
    verdict = juger_le_trouve(texte, resultat.plan)
    limites = {"duree_max_s": duree_max_s, "part_ecart_vise": ecart_vise}
    resume = {
        **resumer(probleme, resultat, limites, verdict, avertissements),
        "sources": sources,
    }
    if sortie is not None:
        ecrire(
            sortie,
            {
                FICHIER_PROBLEME: texte,
                FICHIER_PLAN: plan_en_csv(resultat.plan),
                FICHIER_RESUME: resume_en_json(resume),
            },
        )
    return Proposition(probleme, resultat, resume)


def juger_le_trouve(probleme: str, plan: Iterable[Presence]) -> Verdict:
    """The judge's verdict on the plan found for a problem (JSON); AtlasError when it breaks a rule,
    which is a defect of Atlas.
    """
    verdict = juger(json.loads(probleme), [asdict(p) for p in plan])
    if not verdict.conforme:
        raise AtlasError(
            "Le plan trouvé ne respecte pas toutes les règles : "
            + " ; ".join(m.message for m in verdict.manquements[:5]),
            remede="ne pas se servir de ce plan et signaler ce défaut d'Atlas avec probleme.json",
        )
    return verdict


def plan_en_csv(plan: tuple[Presence, ...]) -> str:
    """The plan as comma-separated text, one line a presence."""
    flux = io.StringIO()
    ecrivain = csv.writer(flux, lineterminator="\n")
    ecrivain.writerow(COLONNES_PLAN)
    ecrivain.writerows((pour_tableur(p.poste_id), p.site_id, p.demi_journees_cycle) for p in plan)
    return flux.getvalue()


def resume_en_json(resume: dict) -> str:
    """The text of `resume.json`."""
    return json.dumps(resume, ensure_ascii=False, indent=1) + "\n"


def exiger_les_fichiers(dossier: Path) -> None:
    """AtlasError when `dossier` does not hold the three files of a proposal."""
    for nom in (FICHIER_PROBLEME, FICHIER_PLAN, FICHIER_RESUME):
        if not (dossier / nom).is_file():
            raise AtlasError(
                f"Ce dossier n'a pas de proposition : {nom} manque.",
                fichier=str(dossier),
                admis="un dossier écrit par atlas proposer : probleme.json, plan.csv, resume.json",
                remede="vérifier le chemin de la proposition",
            )


def ecrire(sortie: Path, fichiers: Mapping[str, str | bytes]) -> None:
    """Write texts (UTF-8) or bytes under `sortie`, each whole or not at all; AtlasError when it
    can't be.
    """
    try:
        for nom, texte in fichiers.items():
            provisoire.ecrire(sortie / nom, texte)
    except OSError as cause:
        raise AtlasError(
            f"Impossible d'écrire le résultat : {cause.strerror or cause}.",
            fichier=str(sortie),
            admis="un dossier où l'on peut écrire",
            remede="choisir un autre dossier avec --sortie",
        ) from cause
