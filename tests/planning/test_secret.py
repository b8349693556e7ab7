"""What a dossier for an instance hides: enough that no reader finds a small count, and no more."""

import itertools
import math
import random
from dataclasses import replace

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.planning.attaquant import Retrouvable, attaquer, exiger_le_secret
from pipelines.planning.comptes import (
    TOTAL,
    Comptes,
    Somme,
    Tableau,
    cle,
    croiser,
    empiler,
    voiler,
)
from pipelines.planning.secret import proteger

SEUIL, LARGEUR = 5, 3
GRAINES = 70


def tableau(comptes, univers="suivis", dimensions=("motif", "categorie"), nom="Tableau"):
    """A table of `comptes`: a list of lines of counts, lines L0, L1… and columns C0, C1…"""
    lignes = [f"L{i}" for i in range(len(comptes))]
    colonnes = [f"C{j}" for j in range(len(comptes[0]))]
    return croiser(
        nom,
        univers,
        (dimensions[0], lignes),
        (dimensions[1], colonnes),
        {
            (en_ligne, en_colonne): comptes[i][j]
            for i, en_ligne in enumerate(lignes)
            for j, en_colonne in enumerate(colonnes)
            if comptes[i][j] is not None
        },
    )


def case(i, j, univers="suivis"):
    return cle(univers, motif=f"L{i}", categorie=f"C{j}")


def liste(nom, univers, comptes, total):
    """A table of one column: counts by name, tied to the cell `total` of another table."""
    cles = {n: cle(univers, site=n) for n in comptes}
    return Tableau(
        nom,
        tuple(comptes),
        (TOTAL,),
        tuple((cles[n],) for n in comptes),
        {cles[n]: v for n, v in comptes.items()} | {total: sum(comptes.values())},
        (Somme(total, tuple(cles.values())),),
    )


def tirage(graine, nb_lignes, nb_colonnes, part_petits=0.35, plus_grand=25):
    de = random.Random(graine)
    return [
        [
            None
            if de.random() < 0.05
            else de.randint(0, 6 if de.random() < part_petits else plus_grand)
            for _ in range(nb_colonnes)
        ]
        for _ in range(nb_lignes)
    ]


def dossier(graine):
    """Three tables of one dossier: two crossings of one count, and the sites behind a category."""
    de = random.Random(graine)
    nb_motifs, nb_niveaux = de.randint(2, 4), de.randint(2, 3)
    par_categorie = tableau(
        [[v or 0 for v in rangee] for rangee in tirage(graine, nb_motifs, de.randint(2, 4))]
    )
    par_niveau = []
    for i in range(nb_motifs):
        reste, rangee = par_categorie.valeurs[cle("suivis", motif=f"L{i}")], []
        for _ in range(nb_niveaux - 1):
            rangee.append(de.randint(0, reste))
            reste -= rangee[-1]
        par_niveau.append([*rangee, reste])
    colonne = cle("suivis", categorie="C0")
    reste, sites = par_categorie.valeurs[colonne], {}
    while reste:
        sites[f"S{len(sites)}"] = pris = de.randint(1, reste)
        reste -= pris
    tables = [par_categorie, tableau(par_niveau, dimensions=("motif", "niveau"), nom="Niveaux")]
    return [*tables, liste("Sites", "suivis", sites, colonne)] if sites else tables


# --- the attacker ---------------------------------------------------------------------------------


def test_the_attacker_finds_the_range_known_from_the_literature():
    """Fischetti and Salazar-González (2000): investments by activity and region, 22 hidden.

    Their reader finds 5 to 30; ours knows that no hidden count is a zero, hence 6 to 29.
    """
    investissements = tableau([[20, 50, 10], [8, 19, 22], [17, 32, 12]])
    caches = frozenset({case(1, 0), case(1, 2), case(2, 0), case(2, 2)})
    [du_22] = [i for i in attaquer([voiler(investissements, caches)]) if i.cle == case(1, 2)]
    assert (du_22.bas, du_22.haut) == (6, 29)


def test_a_count_alone_in_its_row_is_what_is_left_of_the_total():
    """Primary suppression alone gives a cell back to whoever can subtract."""
    publie = voiler(tableau([[3, 12, 20], [30, 14, 9], [8, 25, 16]]), frozenset({case(0, 0)}))
    with pytest.raises(Retrouvable, match="1 compte masqué se retrouve") as refus:
        exiger_le_secret([publie], LARGEUR)
    assert [(i.bas, i.haut) for i in refus.value.intervalles] == [(3, 3)]


def test_two_hidden_counts_that_add_up_to_two_are_both_one():
    """A shown zero tells that what is hidden is not one: a small total gives its parts."""
    publie = voiler(tableau([[1, 1, 20], [30, 14, 9]]), frozenset({case(0, 0), case(0, 1)}))
    assert [(i.bas, i.haut) for i in attaquer([publie])] == [(1, 1), (1, 1)]


def test_a_count_hidden_in_one_table_and_shown_in_another_is_found():
    un = tableau([[3, 12], [30, 14]])
    autre = liste("Sites", "suivis", {"S1": 2, "S2": 10}, case(0, 1))
    tous = frozenset(un.valeurs)
    assert case(0, 1) not in {
        i.cle for i in attaquer([voiler(un, tous), voiler(autre, frozenset())])
    }


def test_the_attacker_refuses_tables_that_contradict_each_other():
    publie = voiler(tableau([[3, 12], [30, 14]]), frozenset({case(0, 0), case(0, 1)}))
    faux = replace(publie, valeurs={**publie.valeurs, cle("suivis", motif="L0"): 1})
    with pytest.raises(AtlasError, match="se contredisent"):
        attaquer([faux])


def entiers_possibles(publie, caches, plus_haut):
    """Every table of whole counts the reader can't exclude, by trying them all."""
    noms = sorted(caches)
    for valeurs in itertools.product(range(1, plus_haut + 1), repeat=len(noms)):
        essai = {**publie.valeurs, **dict(zip(noms, valeurs, strict=True))}
        if all(essai[s.total] == sum(essai[p] for p in s.parties) for s in publie.sommes):
            yield essai


@pytest.mark.parametrize("graine", range(8))
def test_the_attacker_finds_the_range_of_a_full_enumeration(graine):
    """Cells inside a table whose totals are shown: every table of whole counts is tried."""
    comptes = [[v or 1 for v in rangee] for rangee in tirage(graine, 2, 3, plus_grand=7)]
    source = tableau(comptes)
    caches = frozenset(case(i, j) for i in range(2) for j in range(3) if (i, j) != (0, 2))
    publie = voiler(source, caches)
    possibles = list(entiers_possibles(publie, caches, 9))
    trouves = {i.cle: (i.bas, i.haut) for i in attaquer([publie])}
    assert trouves == {
        c: (min(t[c] for t in possibles), max(t[c] for t in possibles)) for c in caches
    }


# --- what is hidden -------------------------------------------------------------------------------


def test_counts_under_the_threshold_are_hidden_and_a_zero_is_shown():
    """Nobody stands behind a zero: it is shown, and so is every count of 5 and more it can be."""
    secret = proteger([tableau([[0, 3, 12], [4, 2, 18], [7, 25, 5]])], SEUIL, LARGEUR)
    assert secret.primaires == {case(0, 1), case(1, 0), case(1, 1)}
    [publie] = secret.tableaux
    assert publie.valeurs[case(0, 0)] == 0
    assert all(publie.valeurs[c] is None for c in secret.caches)


def test_one_small_count_takes_three_others_with_it():
    """The smallest pattern is a rectangle: of the four, 20 + 8 + 16 is the least that is hidden."""
    secret = proteger([tableau([[3, 12, 20], [30, 14, 9], [8, 25, 16]])], SEUIL, LARGEUR)
    assert secret.primaires == {case(0, 0)}
    assert secret.secondaires == {case(0, 2), case(2, 0), case(2, 2)}
    exiger_le_secret(secret.tableaux, LARGEUR)


def test_a_table_without_a_small_count_is_published_whole():
    secret = proteger([tableau([[12, 20], [30, 9]])], SEUIL, LARGEUR)
    assert not secret.caches
    assert attaquer(secret.tableaux) == []


def test_a_total_that_is_small_is_hidden_too_with_what_would_give_it():
    secret = proteger([tableau([[1, 2], [0, 0], [30, 9]])], SEUIL, LARGEUR)
    assert cle("suivis", motif="L0") in secret.primaires
    exiger_le_secret(secret.tableaux, LARGEUR)


def test_what_was_not_counted_is_empty_and_is_no_zero():
    [publie] = proteger([tableau([[None, 20], [30, 9]])], SEUIL, LARGEUR).tableaux
    assert publie.cles[0][0] is None
    assert case(0, 0) not in publie.valeurs
    assert publie.valeurs[cle("suivis", motif="L0")] == 20


@pytest.mark.parametrize("graine", range(GRAINES))
def test_no_reader_of_a_whole_dossier_finds_a_hidden_count(graine):
    """Dossiers of up to three tied tables: each hidden count keeps four values or more."""
    tables = dossier(graine)
    secret = proteger(tables, SEUIL, LARGEUR)
    valeurs = Comptes.de(tables).valeurs
    for intervalle in exiger_le_secret(secret.tableaux, LARGEUR):
        assert intervalle.bas <= valeurs[intervalle.cle] <= intervalle.haut
        assert intervalle.largeur >= LARGEUR


def est_trahi(tables):
    """Whether tables protected one by one, then read together, give a hidden count."""
    un_a_un = [proteger([t], SEUIL, LARGEUR).tableaux[0] for t in tables]
    caches = {c for t in un_a_un for c, v in t.valeurs.items() if v is None}
    montres = {c for t in un_a_un for c, v in t.valeurs.items() if v is not None}
    return bool(caches & montres) or any(i.largeur < LARGEUR for i in attaquer(un_a_un))


def test_tables_hidden_one_by_one_betray_each_other():
    """What one table hides the other gives: hence one choice for all the tables of a dossier."""
    assert any(est_trahi(dossier(graine)) for graine in range(GRAINES))


def test_the_dossiers_tried_hold_two_hundred_tables():
    assert sum(len(dossier(graine)) for graine in range(GRAINES)) >= 200


def meilleur_par_enumeration(tables):
    """(cells, sum of counts) of the best choice; every set of cells that are no zero is tried."""
    valeurs = Comptes.de(tables).valeurs
    obliges = {c for c, v in valeurs.items() if 0 < v < SEUIL}
    libres = sorted(c for c, v in valeurs.items() if v >= SEUIL)
    essais = sorted(
        (
            (len(autres), sum(valeurs[c] for c in autres), autres)
            for n in range(len(libres) + 1)
            for autres in itertools.combinations(libres, n)
        ),
        key=lambda e: e[:2],
    )
    for nombre, somme, autres in essais:
        caches = frozenset(obliges | set(autres))
        if all(i.largeur >= LARGEUR for i in attaquer([voiler(t, caches) for t in tables])):
            return nombre, somme
    raise AssertionError("no choice keeps the secret")


@pytest.mark.parametrize("graine", range(24))
def test_no_smaller_set_of_cells_keeps_the_secret(graine):
    """Tiny tables, every set tried: as few cells, then as small counts, as the best of them."""
    de = random.Random(graine)
    comptes = tirage(graine, 2, de.choice((2, 2, 3)), plus_grand=12)
    tables = [tableau(comptes)]
    if graine % 3 == 0 and (de_c0 := tables[0].valeurs.get(cle("suivis", categorie="C0"))):
        tables.append(
            liste("Sites", "suivis", {"S1": 1, "S2": de_c0 - 1}, cle("suivis", categorie="C0"))
        )
    secret = proteger(tables, SEUIL, LARGEUR)
    valeurs = Comptes.de(tables).valeurs
    trouve = (len(secret.secondaires), sum(valeurs[c] for c in secret.secondaires))
    assert trouve == meilleur_par_enumeration(tables)


def test_whole_counts_narrower_than_the_linear_range_are_met_too():
    """Three pairs with even sums: halves would do, whole numbers do not; more is then hidden.

    x + y, y + z and x + z are shown, each of them 4: whole counts leave 2, 2, 2 and nothing else.
    """
    sommes = (Somme("xy", ("x", "y")), Somme("yz", ("y", "z")), Somme("xz", ("x", "z")))
    valeurs = {"x": 2, "y": 2, "z": 2, "xy": 4, "yz": 4, "xz": 4}
    table = Tableau("Paires", ("",), tuple(valeurs), (tuple(valeurs),), valeurs, sommes)
    secret = proteger([table], 3, 1)
    exiger_le_secret(secret.tableaux, 1)
    assert len(secret.secondaires) == 1


def test_the_same_tables_in_another_order_hide_the_same_cells():
    tables = dossier(3)
    assert proteger(tables).caches == proteger(list(reversed(tables))).caches
    assert proteger(tables) == proteger(tables)


def test_a_wider_interval_hides_as_much_or_more():
    tables = dossier(5)
    nombres = [len(proteger(tables, SEUIL, largeur).caches) for largeur in (1, 3, 10)]
    assert nombres == sorted(nombres)


@pytest.mark.parametrize(("seuil", "largeur"), [(0, 3), (5, 0), (5, 2.5), (True, 3)])
def test_a_threshold_or_a_width_that_is_no_whole_number_is_refused(seuil, largeur):
    with pytest.raises(AtlasError, match="entier d'au moins 1"):
        proteger([tableau([[3, 12], [30, 14]])], seuil, largeur)


# --- the tables -----------------------------------------------------------------------------------


def test_lines_that_count_different_things_are_not_added_up():
    """Pupils and interviews under each other: margins across, none down, keys kept."""
    eleves, entretiens = (
        tableau([[10, 20], [5, 6]], univers=u, nom=u) for u in ("eleves", "entretiens")
    )
    ensemble = empiler("Indicateurs", [("Élèves", eleves), ("Entretiens", entretiens)])
    assert ensemble.cles[0] == eleves.cles[-1]
    assert {s.total for s in ensemble.sommes} == {cle("eleves"), cle("entretiens")}
    assert math.prod(len(s.parties) for s in ensemble.sommes) == 4
    Comptes.de([ensemble])


def test_two_tables_that_disagree_on_one_count_are_refused():
    un = tableau([[3, 12], [30, 14]])
    autre = liste("Sites", "suivis", {"S1": 2, "S2": 11}, case(0, 1))
    with pytest.raises(AtlasError, match="vaut 12 dans un tableau et 13"):
        Comptes.de([un, autre])


def test_a_total_that_is_not_the_sum_of_its_parts_is_refused():
    table = Tableau("T", ("",), ("a", "b"), (("a", "b"),), {"a": 3, "b": 4}, (Somme("b", ("a",)),))
    with pytest.raises(AtlasError, match="ses parties font 3"):
        Comptes.de([table])


def test_a_sum_over_a_cell_nobody_publishes_is_refused():
    table = Tableau("T", ("",), ("a",), (("a",),), {"a": 3}, (Somme("a", ("b",)),))
    with pytest.raises(AtlasError, match="qu'aucun tableau ne donne"):
        Comptes.de([table])
