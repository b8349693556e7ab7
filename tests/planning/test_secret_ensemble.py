"""Tables that share their margins, drawn at random: protected together, no count comes back."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.planning.attaquant import attaquer, exiger_le_secret
from pipelines.planning.comptes import Comptes, Somme, Tableau, cle, croiser
from pipelines.planning.secret import proteger

SEUIL, LARGEUR = 5, 3
PEU = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def dossiers(tirage):
    """Counts by motif, class and term; every pair of them is a table, and so is the list of a line.

    The tables share the margins of each dimension and the grand total.
    """
    tailles = [tirage(st.integers(1, 3)), tirage(st.integers(1, 3)), 2]
    noms = [[f"{d}{i}" for i in range(n)] for d, n in zip("MCT", tailles, strict=True)]
    cube = {
        case: tirage(st.integers(0, 9) | st.integers(0, 60)) for case in itertools.product(*noms)
    }
    dimensions = ("motif", "classe", "terme")
    tables = []
    for i, j in ((0, 1), (0, 2), (1, 2)):
        comptes = {}
        for case, n in cube.items():
            comptes[case[i], case[j]] = comptes.get((case[i], case[j]), 0) + n
        tables.append(
            croiser(
                f"{dimensions[i]} et {dimensions[j]}",
                "suivis",
                (dimensions[i], noms[i]),
                (dimensions[j], noms[j]),
                comptes,
            )
        )
    total = cle("suivis", motif="M0")
    sites = tirage(st.permutations(_parts(tables[0].valeurs[total])))
    cles = [cle("suivis", site=f"S{r}") for r in range(len(sites))]
    liste = Tableau(
        "Sites",
        tuple(cles),
        ("Total",),
        tuple((c,) for c in cles),
        dict(zip(cles, sites, strict=True)) | {total: sum(sites)},
        (Somme(total, tuple(cles)),),
    )
    return [*tables, liste] if sites else tables


def _parts(total):
    """A total in unequal parts: 1, 2, 4… and what is left."""
    parts, prise = [], 1
    while total > prise:
        parts.append(prise)
        total, prise = total - prise, 2 * prise
    return [*parts, total] if total else parts


@given(dossiers())
@PEU
def test_every_hidden_count_of_a_dossier_keeps_four_values_whatever_its_tables(tables):
    choix = proteger(tables, SEUIL, LARGEUR)
    vrais = Comptes.de(tables).valeurs
    trouves = exiger_le_secret(choix.tableaux, LARGEUR)
    assert {i.cle for i in trouves} == choix.caches
    assert {c for c, v in vrais.items() if 0 < v < SEUIL} <= choix.caches
    for i in trouves:
        assert i.bas <= vrais[i.cle] <= i.haut
        assert i.largeur >= LARGEUR


@given(dossiers(), st.randoms(use_true_random=False))
@PEU
def test_neither_the_order_of_the_tables_nor_a_table_told_twice_changes_what_is_hidden(tables, de):
    """A page that prints one of them again shows no count the dossier hides."""
    autres = [*tables, de.choice(tables)]
    de.shuffle(autres)
    assert proteger(autres, SEUIL, LARGEUR).caches == proteger(tables, SEUIL, LARGEUR).caches


@given(dossiers())
@PEU
def test_showing_one_more_secondary_count_lets_a_reader_find_one(tables):
    """None of the counts hidden with the small ones is hidden for nothing."""
    choix = proteger(tables, SEUIL, LARGEUR)
    vrais = Comptes.de(tables).valeurs
    for montre in sorted(choix.secondaires)[:3]:
        lus = [_montrer(t, montre, vrais) for t in choix.tableaux]
        assert any(i.largeur < LARGEUR for i in attaquer(lus)), montre


def _montrer(publie, montre, vrais):
    valeurs = {c: vrais[c] if c == montre else v for c, v in publie.valeurs.items()}
    return type(publie)(
        publie.nom, publie.lignes, publie.colonnes, publie.cles, valeurs, publie.sommes
    )
