"""The counts of people of a dossier as an instance may see them: protected together, then attacked.

A poste is a person: its status is one, and so is a count of postes by status. A sentence of the
dossier may say how many there are in all, so the reader is held to know every total.
"""

from collections.abc import Sequence
from dataclasses import replace

from pipelines.planning import attaquant, secret
from pipelines.planning.comptes import Publie, Somme, cle
from pipelines.planning.comptes import Tableau as Comptes
from pipelines.reports.comptes_publies import MASQUE
from pipelines.reports.dossier.blocs import Bloc, Nature, Partie, Tableau
from pipelines.reports.dossier.voile import Protection

LIGNE = "ligne"


def proteger(tableaux: Sequence[Tableau]) -> Sequence[Tableau]:
    """The tables in their order, small counts hidden and what would give them; in a line that hides
    a count, its other numbers are hidden too.

    `attaquant.Retrouvable` when a reader of all of them would find a hidden count.
    """
    sources = [_comptes(t, rang) for t in tableaux for rang in _comptees(t)]
    choix = secret.proteger(sources)
    connus = [_totaux(source) for source in sources]
    attaquant.exiger_le_secret([*choix.tableaux, *connus], choix.largeur)
    return [_voiler(t, choix.caches) for t in tableaux]


def proteges(parties: Sequence[Partie], protection: Protection) -> tuple[Partie, ...]:
    """The parts with their tables of counts as their reader may see them, protected together."""
    comptes = [b for p in parties for b in p.tous if isinstance(b, Tableau) and b.comptes]
    vus = dict(zip((t.code for t in comptes), protection(comptes), strict=True))

    def voir(blocs: tuple[Bloc, ...]) -> tuple[Bloc, ...]:
        return tuple(vus[b.code] if isinstance(b, Tableau) and b.comptes else b for b in blocs)

    return tuple(
        replace(
            p,
            blocs=voir(p.blocs),
            sections=tuple(replace(s, blocs=voir(s.blocs)) for s in p.sections),
        )
        for p in parties
    )


def _comptees(tableau: Tableau) -> list[int]:
    """Which columns count people."""
    return [r for r, c in enumerate(tableau.colonnes) if c.titre in tableau.comptes]


def _cle(tableau: Tableau, colonne: int, ligne: int) -> str:
    univers = f"{tableau.colonnes[colonne].titre} ({tableau.code})"
    return cle(univers, **{LIGNE: str(tableau.lignes[ligne][0])})


def _comptes(tableau: Tableau, colonne: int) -> Comptes:
    """One column of counts, and its total."""
    titre = tableau.colonnes[colonne].titre
    cles = [_cle(tableau, colonne, rang) for rang in range(len(tableau.lignes))]
    valeurs = {c: x[colonne] for c, x in zip(cles, tableau.lignes, strict=True)}
    valeurs = {c: v for c, v in valeurs.items() if isinstance(v, int)}
    total = cle(f"{titre} ({tableau.code})")
    return Comptes(
        tableau.titre,
        tuple(str(x[0]) for x in tableau.lignes),
        (titre,),
        tuple((c if c in valeurs else None,) for c in cles),
        {**valeurs, total: sum(valeurs.values())},
        (Somme(total, tuple(valeurs)),),
    )


def _totaux(source: Comptes) -> Publie:
    """What is known of a table whatever is hidden in it."""
    totaux = {s.total: source.valeurs[s.total] for s in source.sommes}
    return Publie(source.nom, (), (), (), totaux)


def _voiler(tableau: Tableau, caches: frozenset[str]) -> Tableau:
    lignes = []
    for rang, ligne in enumerate(tableau.lignes):
        if any(_cle(tableau, colonne, rang) in caches for colonne in _comptees(tableau)):
            ligne = tuple(
                MASQUE if c.nature == Nature.NOMBRE else valeur
                for c, valeur in zip(tableau.colonnes, ligne, strict=True)
            )
        lignes.append(ligne)
    return replace(tableau, lignes=tuple(lignes))
