"""A proposal's folder as values, and values as a proposal's folder: what every report can take."""

import contextlib
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.base import provisoire
from pipelines.base.erreurs import AtlasError
from pipelines.planning.probleme import Presence, Probleme, depuis_dict, vers_json
from pipelines.planning.verification import juger
from pipelines.scenarios import plans, processus, propositions


@dataclass(frozen=True)
class Contenu:
    """What the three files hold; the locks are those of the problem."""

    probleme: Probleme
    plan: tuple[Presence, ...]
    resume: dict


def lire(dossier: Path) -> Contenu:
    """The proposal of `dossier`; AtlasError when a file is missing or the plan is not its own."""
    propositions.exiger_les_fichiers(dossier)
    brut = processus.lire_json(dossier / propositions.FICHIER_PROBLEME)
    resume = processus.lire_json(dossier / propositions.FICHIER_RESUME)
    lignes = plans.lire_plan(dossier / propositions.FICHIER_PLAN)
    probleme = depuis_dict(brut)
    verdict = juger(brut, lignes)
    if resume["jugement"]["objectifs"] != verdict.objectifs:
        raise AtlasError(
            "Le plan de ce dossier n'est plus celui que son résumé décrit.",
            fichier=str(dossier / propositions.FICHIER_PLAN),
            admis="un dossier tel qu'Atlas l'a écrit",
            remede="refaire la proposition, ou changer le plan dans un scénario",
        )
    return Contenu(probleme, valider(probleme, (Presence(**ligne) for ligne in lignes)), resume)


def valider(probleme: Probleme, plan: Iterable[Presence]) -> tuple[Presence, ...]:
    """`plan` sorted; AtlasError when a line names no poste or site of the problem, or no presence.

    The other rules are the judge's: a plan that breaks one can be kept, and says so.
    """
    postes = {p.poste_id for p in probleme.postes}
    sites = {s.site_id for s in probleme.sites}
    range_ = tuple(sorted(plan))
    vus: set[tuple[str, str]] = set()
    for presence in range_:
        couple = (presence.poste_id, presence.site_id)
        quantite = presence.demi_journees_cycle
        if presence.poste_id not in postes:
            quoi = f"Le poste « {presence.poste_id} » n'est pas dans ce scénario."
        elif presence.site_id not in sites:
            quoi = f"Le site « {presence.site_id} » n'est pas dans ce scénario."
        elif not isinstance(quantite, int) or isinstance(quantite, bool) or quantite < 1:
            quoi = f"{presence.poste_id} – {presence.site_id} : présence « {quantite} »."
        elif couple in vus:
            quoi = f"{presence.poste_id} – {presence.site_id} : donné deux fois."
        else:
            vus.add(couple)
            continue
        raise AtlasError(
            quoi,
            admis="une présence par poste et par site, d'au moins une demi-journée par cycle",
            remede="corriger cette présence",
        )
    return range_


def materialiser(dossier: Path, contenu: Contenu) -> Path:
    """`dossier` with the three files of `contenu`, all there or none; made again when lost."""
    textes = {
        propositions.FICHIER_PROBLEME: vers_json(contenu.probleme),
        propositions.FICHIER_PLAN: propositions.plan_en_csv(contenu.plan),
        propositions.FICHIER_RESUME: propositions.resume_en_json(contenu.resume),
    }
    if dossier.is_dir():
        perdus = {nom: t for nom, t in textes.items() if not _est(dossier / nom, t)}
        if perdus:
            propositions.ecrire(dossier, perdus)
        return dossier
    debut = f".{dossier.name}-"
    neuf = dossier.with_name(debut + provisoire.marque())
    try:
        propositions.ecrire(neuf, textes)
        provisoire.balayer(dossier.parent, debut)
        with contextlib.suppress(OSError):
            # another one may have put the same there meanwhile
            neuf.rename(dossier)
    finally:
        shutil.rmtree(neuf, ignore_errors=True)
    propositions.ecrire(dossier, {n: t for n, t in textes.items() if not _est(dossier / n, t)})
    return dossier


def en_dicts(plan: Iterable[Presence]) -> list[dict]:
    """The presences as the judge and JSON take them."""
    return [dict(vars(p)) for p in plan]


def _est(fichier: Path, texte: str) -> bool:
    try:
        return fichier.read_bytes() == texte.encode("utf-8")
    except OSError:
        return False
