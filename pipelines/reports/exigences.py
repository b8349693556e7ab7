"""Whether locks and floors hold together, in words: what clashes, and the ways out."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, pluriel
from pipelines.planning.approche import approcher
from pipelines.planning.conflits import conflits
from pipelines.planning.exigences import Exigence, Plancher, est_realisable
from pipelines.planning.issues import Pas
from pipelines.planning.probleme import depuis_json
from pipelines.planning.refus import dire_exigences, dire_issues, dire_pas, dire_regles
from pipelines.reports.lecture import Lu
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
        phrase, issues = _au_plus_pres(lu, nb, [*probleme.verrous, *voulus])
        return VueExigences(phrase, issues)
    if not trouves:
        phrase = _tiennent(nb)
    else:
        phrase = (
            f"{pluriel(len(trouves), 'conflit')} parmi {pluriel(nb, 'exigence')} : "
            f"aucun plan ne {'la tient' if nb == 1 else 'les tient toutes'}."
        )
    return VueExigences(
        phrase=phrase,
        conflits=[
            (
                f"Impossible à tenir ensemble : "
                f"{dire_exigences(probleme, c.exigences)}. "
                f"Règle en cause : {dire_regles(c)}."
                + ("" if c.est_minimal else " Une partie suffit peut-être à ce conflit."),
                dire_issues(probleme, c),
            )
            for c in trouves
        ],
    )


def _tiennent(nb: int) -> str:
    return f"{pluriel(nb, 'exigence tient', 'exigences tiennent')} ensemble avec les règles."


def _au_plus_pres(
    lu: Lu, nb: int, exigences: list[Exigence]
) -> tuple[str, list[tuple[str, list[str]]]]:
    """What is known of demands too many to be decided at once: the nearest plan found."""
    duree_s = reference.valeur("marges", "duree_resolution_s")
    approche = approcher(lu.probleme, exigences, duree_s)
    if not approche.manquent:
        return _tiennent(nb), []
    manque = pluriel(sum(approche.manquent.values()), "demi-journée")
    trouve = (
        f"le meilleur plan trouvé y manque de {manque} par cycle"
        if nb == 1
        else f"le meilleur plan trouvé les tient toutes sauf {len(approche.manquent)}, où il "
        f"manque {manque} par cycle"
    )
    if approche.au_moins:
        ces = "cette exigence" if nb == 1 else f"ces {nb} exigences"
        phrase = (
            f"Aucun plan ne tient {ces} : il en manque au moins "
            f"{pluriel(approche.au_moins, 'demi-journée')} par cycle ; {trouve}."
        )
    else:
        tienne = "la tienne" if nb == 1 else "les tienne toutes"
        phrase = (
            f"{pluriel(nb, 'exigence')} : ni plan qui {tienne}, ni preuve qu'il n'y en ait "
            f"pas ; {trouve}."
        )
    planchers = {e.site_id: e.demi_journees_cycle for e in exigences if isinstance(e, Plancher)}
    issue = enumeration(
        [
            dire_pas(lu.probleme, Pas("plancher", None, s, planchers[s], planchers[s] - n))
            for s, n in approche.manquent.items()
        ]
    )
    return phrase, [("Ce qui suffit, d'après ce plan :", [issue])]
