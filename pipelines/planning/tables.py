"""Numbers of a problem as the annealing and the decomposition read them."""

from collections import Counter

from pipelines.planning import modele
from pipelines.planning.modele import Couple, Index

Plan = dict[Couple, int]

# One choice of sector for a poste: (site, level, whether other postes serve the site too).
Colonne = tuple[int, tuple[tuple[int, int, bool], ...]]


def colonnes_de(plan: Plan) -> list[Colonne]:
    servants = Counter(s for _, s in plan)
    par_poste: dict[int, list[tuple[int, int, bool]]] = {}
    for (p, s), presence in sorted(plan.items()):
        par_poste.setdefault(p, []).append((s, presence, servants[s] > 1))
    return [(p, tuple(sites)) for p, sites in sorted(par_poste.items())]


class Tables:
    """Numbers of the problem as the annealing and the decomposition read them."""

    def __init__(self, index: Index) -> None:
        probleme = index.probleme
        self.index = index
        self.niveaux = modele.couples_admis(index)
        self.cout = [
            [modele.cout_manque(site, probleme.reglages, c) for c in range(site.besoin + 1)]
            for site in probleme.sites
        ]
        self.capacite = [poste.capacite for poste in probleme.postes]
        self.postes_max = [site.postes_max for site in probleme.sites]
        self.impose = {c for c, (nature, _) in index.verrous.items() if nature != "interdit"}
        self.tete = [
            None if site.site_tete is None else index.rang_site[site.site_tete]
            for site in probleme.sites
        ]
        self.ecoles: dict[int, list[int]] = {}
        for s, tete in enumerate(self.tete):
            if tete is not None:
                self.ecoles.setdefault(tete, []).append(s)
        self.admis: list[set[int]] = [set() for _ in probleme.postes]
        for p, s in self.niveaux:
            self.admis[p].add(s)
        self.sites_max = [
            min(poste.sites_max, len(self.admis[p])) for p, poste in enumerate(probleme.postes)
        ]

    def changement(self, p: int, s: int) -> int:
        """What serving (p, s) adds to the changes counted from an empty plan."""
        return -1 if (p, s) in self.index.actuels else 1


INTERDIT = -(10**17)  # below any sum of scaled gains, far above the int64 floor
