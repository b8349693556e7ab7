"""Are pupils served more evenly: the measures, the least served of each category, the curve."""

from pipelines.reports.comparer import VueComparaison
from pipelines.reports.dossier.blocs import Graphique, Partie, Role, Serie, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere


def partie(m: Matiere) -> Partie:
    """Today beside the plan."""
    return Partie(
        code="equite",
        titre="L'équité",
        blocs=(Texte(m.changement.phrase_equite, Role.PHRASE), *blocs(m.changement, "equite")),
    )


def blocs(vue: VueComparaison, prefixe: str) -> tuple[Tableau | Graphique | Texte, ...]:
    """The tables of a comparison on equity, its curve as bars, how it is measured."""
    return (
        Tableau.de(f"{prefixe}_mesures", "Les mesures", vue.equite, nombres=vue.noms),
        _courbe(vue, f"{prefixe}_courbe"),
        Tableau.de(
            f"{prefixe}_minimums",
            "Dans chaque catégorie, le site le moins servi",
            vue.minimums,
            note=vue.note_equite,
        ),
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
