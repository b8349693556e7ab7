"""Counts of people in the tables of a dossier: hidden with their line, and tried before they go."""

import pytest

from pipelines.planning import secret
from pipelines.planning.attaquant import Retrouvable
from pipelines.planning.comptes import Comptes, voiler
from pipelines.reports.comptes_publies import MASQUE
from pipelines.reports.dossier.blocs import Colonne, Nature, Partie, Section, Tableau, Texte
from pipelines.reports.dossier.petits_nombres import proteger, proteges


def statuts(*lignes, code="statuts"):
    nombre = Nature.NOMBRE
    return Tableau(
        code,
        "Par statut",
        (Colonne("Statut"), Colonne("Postes", "", nombre), Colonne("ETP", "", nombre)),
        lignes,
        comptes=("Postes",),
    )


def test_a_small_count_takes_its_line_and_the_least_of_the_others():
    """Three vacant postes of 90: nine absent ones go with them, and the ETP of both."""
    [vu] = proteger([statuts(("occupé", 78, 74.5), ("vacant", 3, 2.5), ("absent", 9, 8.1))])
    assert vu.lignes == (
        ("occupé", 78, 74.5),
        ("vacant", MASQUE, MASQUE),
        ("absent", MASQUE, MASQUE),
    )


def test_counts_of_five_and_more_and_zeros_are_shown():
    lignes = (("occupé", 78, 74.5), ("vacant", 5, 4.5), ("absent", 0, 0))
    assert proteger([statuts(*lignes)])[0].lignes == lignes


def test_two_tables_are_protected_together_and_the_others_left_alone():
    un = statuts(("occupé", 78, 74.5), ("vacant", 3, 2.5), ("absent", 9, 8.1))
    autre = statuts(("nord", 40, 38.0), ("sud", 50, 47.1), code="bassins")
    libre = Tableau("sites", "", (Colonne("Site"),), (("Collège",),))
    partie = Partie("p", "Partie", (Texte("Mot"), un), (Section("Suite", (autre, libre)),))
    [vue] = proteges([partie], proteger)
    assert [b for b in vue.tous if getattr(b, "code", "") in ("bassins", "sites")] == [autre, libre]
    assert vue.blocs[1].lignes[1][1] == MASQUE


def test_nothing_goes_out_when_the_total_gives_a_count_back(monkeypatch):
    """A sentence says how many postes there are: were one line alone hidden, it would be found."""

    def primaire_seule(tableaux, seuil=None, largeur=None):
        valeurs = Comptes.de(tableaux).valeurs
        caches = frozenset(c for c, v in valeurs.items() if 0 < v < 5)
        return secret.Secret(5, 3, caches, frozenset(), tuple(voiler(t, caches) for t in tableaux))

    monkeypatch.setattr(secret, "proteger", primaire_seule)
    with pytest.raises(Retrouvable, match="par addition ou soustraction"):
        proteger([statuts(("occupé", 78, 74.5), ("vacant", 3, 2.5), ("absent", 9, 8.1))])
