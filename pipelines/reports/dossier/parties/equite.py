"""Are pupils served more evenly: the measures, the least served of each category, the curve."""

from pipelines.reports.comparer import VueComparaison
from pipelines.reports.dossier.blocs import Graphique, Partie, Role, Serie, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.dossier.voile import Voile


def partie(m: Matiere) -> Partie:
    """Today beside the plan."""
    return Partie(
        code="equite",
        titre="L'équité",
        blocs=(
            Texte(m.changement.phrase_equite, Role.PHRASE),
            *blocs(m.changement, "equite", m.voile),
        ),
    )


def blocs(
    vue: VueComparaison, prefixe: str, voile: Voile
) -> tuple[Tableau | Graphique | Texte, ...]:
    """The tables of a comparison on equity, its curve as bars, how it is measured.

    The share of its besoin that one site gets tells its presence: not told an instance.
    """
    minimums = Tableau.de(
        f"{prefixe}_minimums",
        "Dans chaque catégorie, le site le moins servi",
        vue.minimums,
        note=vue.note_equite,
    )
    note = Texte(vue.note_equite, Role.NOTE)
    return (
        Tableau.de(f"{prefixe}_mesures", "Les mesures", vue.equite, nombres=vue.noms),
        _courbe(vue, f"{prefixe}_courbe"),
        minimums if voile.est_nominatif else note,
        Tableau.de(f"{prefixe}_indices", "La dilution des moyens", vue.indices, nombres=vue.noms),
    )


def _courbe(vue: VueComparaison, code: str) -> Graphique:
    """What the least served tenths get: the Lorenz curve as bars."""
    table = vue.table_courbe
    parts, *noms = table.columns
    return Graphique(
        code=code,
        titre="La part des présences que reçoivent les élèves les moins servis",
        phrase="",
        alt=vue.alternative_courbe,
        categories=tuple(f"Les {part} les moins servis" for part in table[parts]),
        series=tuple(Serie(nom, tuple(_part(v) for v in table[nom])) for nom in noms),
        unite="%",
    )


def _part(texte: str) -> float:
    """« 12,5 % » → 12.5: the view says its shares in words."""
    nombre, _, _ = texte.partition("\u202f%")
    return float(nombre.replace(",", "."))
