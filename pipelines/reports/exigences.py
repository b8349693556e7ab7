"""Whether locks and floors hold together, in words: what clashes, and the ways out."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, pluriel
from pipelines.planning.conflits import conflits
from pipelines.planning.exigences import Plancher, est_realisable
from pipelines.planning.probleme import depuis_json
from pipelines.planning.refus import dire_exigence, dire_issue, dire_regles
from pipelines.reports.explication import Lu
from pipelines.scenarios import propositions


@dataclass(frozen=True)
class VueExigences:
    """Whether the demands hold together, and for each clash what it is and the ways out."""

    phrase: str
    conflits: list[tuple[str, list[str]]]


def exigences(dossier: Path, planchers: Iterable[tuple[str, int]] = ()) -> VueExigences:
    """Whether the locks of a problem and floors (site, half-days per cycle) hold together.

    `dossier` needs probleme.json only: a problem without a plan can be examined.
    """
    fichier = dossier / propositions.FICHIER_PROBLEME
    if not fichier.is_file():
        raise AtlasError(
            "Ce dossier n'a pas de problème : probleme.json manque.",
            fichier=str(dossier),
            admis="un dossier qui contient probleme.json, décrit dans docs/probleme.md",
            remede="vérifier le chemin donné à --proposition",
        )
    probleme = depuis_json(fichier.read_text(encoding="utf-8"))
    lu = Lu(probleme, ())
    voulus = [Plancher(lu.site(site_id).site_id, n) for site_id, n in planchers]
    trouves = conflits(probleme, voulus)
    nb = len(probleme.verrous) + len(voulus)
    if not trouves and est_realisable(probleme, [*probleme.verrous, *voulus]) is None:
        phrase = (
            f"{pluriel(nb, 'exigence')}, et le travail permis n'a pas suffi à dire si elles "
            "tiennent ensemble : en demander moins à la fois."
        )
    elif not trouves:
        phrase = f"{pluriel(nb, 'exigence tient', 'exigences tiennent')} ensemble avec les règles."
    else:
        phrase = (
            f"{pluriel(len(trouves), 'conflit')} parmi {pluriel(nb, 'exigence')} : "
            "aucun plan ne les tient toutes."
        )
    return VueExigences(
        phrase=phrase,
        conflits=[
            (
                f"Impossible à tenir ensemble : "
                f"{enumeration([dire_exigence(probleme, e) for e in c.exigences])}. "
                f"Règle en cause : {dire_regles(c)}."
                + ("" if c.est_minimal else " Une partie suffit peut-être à ce conflit."),
                [dire_issue(probleme, i) for i in c.issues],
            )
            for c in trouves
        ],
    )
