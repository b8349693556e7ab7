"""The states of a scenario: assembled on data, judged, and summed up without claiming a proof."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pipelines.marts import entrepot
from pipelines.planning.assemblage import Hypotheses, assembler
from pipelines.planning.probleme import Presence, Probleme, Verrou, en_dict
from pipelines.planning.verification import Verdict, juger
from pipelines.scenarios import dossiers
from pipelines.scenarios.dossiers import Contenu
from pipelines.scenarios.resume import SANS_PREUVE, jugement, resumer_sans_preuve


def assembler_sur(
    base: Path, departement: str, hypotheses: Hypotheses, graine: int
) -> tuple[Probleme, dict[str, str], dict[str, str]]:
    """The problem on the data of `base`, what must be said of them, and their sources."""
    with entrepot.ouvrir(base) as connexion:
        return (
            assembler(connexion, departement, hypotheses, graine),
            entrepot.avertissements(connexion),
            entrepot.sources(connexion),
        )


def juge(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    avertissements: dict[str, str],
    sources: dict[str, str],
) -> Contenu:
    """A plan nobody solved, with what the judge says of it."""
    resume = resumer_sans_preuve(probleme, plan, _verdict(probleme, plan), avertissements)
    return Contenu(probleme, plan, {**resume, "sources": sources})


def change(avant: Contenu, plan: Iterable[Presence], verrous: tuple[Verrou, ...]) -> Contenu:
    """`avant` with another plan or other locks; `avant` itself when both are the same.

    Locks added to a plan nobody touched leave its proofs as they are: what bounds every plan
    bounds those that also keep the locks. Any other change leaves nothing proven.
    """
    probleme = avec_verrous(avant.probleme, verrous)
    valide = dossiers.valider(probleme, plan)
    if (valide, verrous) == (avant.plan, avant.probleme.verrous):
        return avant
    sont_ajoutes = set(avant.probleme.verrous) <= set(verrous)
    if valide == avant.plan and sont_ajoutes and avant.resume["statut"] != SANS_PREUVE:
        garde = {**avant.resume, "jugement": jugement(_verdict(probleme, valide))}
        return Contenu(probleme, valide, garde)
    return juge(probleme, valide, avant.resume["avertissements"], avant.resume.get("sources", {}))


def avec_verrous(probleme: Probleme, verrous: tuple[Verrou, ...]) -> Probleme:
    """The problem under these locks, and no other."""
    return replace(probleme, verrous=verrous)


def ranges(verrous: Iterable[Verrou]) -> tuple[Verrou, ...]:
    """The locks in the order a problem is written in."""
    return tuple(sorted(verrous, key=lambda v: (v.poste_id, v.site_id)))


def _verdict(probleme: Probleme, plan: tuple[Presence, ...]) -> Verdict:
    return juger(en_dict(probleme), dossiers.en_dicts(plan))
