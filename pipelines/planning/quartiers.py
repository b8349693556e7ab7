"""Neighbouring postes solved anew together, all the others kept as they are.

A neighbourhood is small enough for every sector worth looking at to be enumerated (`reserve`), and
for the master in whole numbers to be solved to its end: plans get better where the whole, with a
part of its columns only, does not.
"""

import random
from collections import Counter

from pipelines.planning import modele
from pipelines.planning.decomposition import Decomposition, Duales
from pipelines.planning.reserve import en_colonnes, enumerer
from pipelines.planning.tables import Colonne, Plan, colonnes_de

POSTES = 10  # postes of a neighbourhood
COLONNES = 2_500  # the most sectors enumerated for one


def quartiers(dec: Decomposition, plan: Plan, nombre: int, graine: int) -> list[tuple[int, ...]]:
    """`nombre` sets of neighbouring postes, each around one drawn: all drawn before any is again.

    The nearest are those whose sector is within the fewest minutes of the other's résidence.
    """
    postes = [p for p in range(len(dec.t.capacite)) if dec.t.sites_max[p]]
    servis: dict[int, list[int]] = {p: [] for p in postes}
    for p, s in sorted(plan):
        servis[p].append(s)
    hasard = random.Random(graine)
    ordre: list[int] = []
    while postes and len(ordre) < nombre:
        ordre += hasard.sample(postes, len(postes))

    def loin(p: int, q: int) -> tuple[int, int]:
        communs = [
            modele.minutes_comptees(dec.index, a, s)
            for a, b in ((p, q), (q, p))
            for s in servis[b]
            if s in dec.t.admis[a]
        ]
        hors = 2 * dec.index.probleme.reglages.duree_trajet_max_min
        return min(communs, default=hors), q

    return [
        (p, *sorted((q for q in postes if q != p), key=lambda q: loin(p, q))[: POSTES - 1])
        for p in ordre[:nombre]
    ]


def colonnes_du_quartier(
    dec: Decomposition, duales: Duales, plan: Plan, postes: tuple[int, ...], ecart: int
) -> set[Colonne]:
    """Sectors these postes may take within reduced cost `ecart`, and those the others keep."""
    ailleurs = [c for c in colonnes_de(plan) if c[0] not in postes]
    presents = {p for p, _ in ailleurs}
    vides = [(p, ()) for p in range(len(dec.t.capacite)) if p not in presents and p not in postes]
    tenants = Counter(s for _, sites in ailleurs for s, _, _ in sites)
    seuls = {s for _, sites in ailleurs for s, _, partage in sites if not partage}
    pris = seuls | {s for s, nombre in tenants.items() if nombre >= dec.t.postes_max[s]}
    ouverts = set(range(len(dec.t.cout))) - pris
    reserve = enumerer(dec, duales, ecart, COLONNES, postes=postes, ouverts=ouverts)
    return {*ailleurs, *vides, *en_colonnes(dec, reserve)}
