"""French words and numbers, as they stand on every screen and document."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.base import reference, textes, uai
from pipelines.base.erreurs import AtlasError

FINE = "\u202f"


@pytest.mark.parametrize(
    ("demi_journees", "dit"),
    [
        (0, "sur demande"),
        (1, "1 demi-journée par mois"),
        (2, "1 demi-journée par quinzaine"),
        (3, "1,5 journée par mois"),
        (4, "1 demi-journée par semaine"),
        (6, "1,5 journée par quinzaine"),
        (8, "1 journée par semaine"),
        (10, "2,5 journées par quinzaine"),
        (12, "1,5 journée par semaine"),
        (16, "2 journées par semaine"),
        (36, "4,5 journées par semaine"),
    ],
)
def test_a_presence_is_said_as_people_say_it(demi_journees, dit):
    """Half-days of a 4-week cycle in the words of a service."""
    assert textes.rythme(demi_journees) == dit


@pytest.mark.parametrize(
    ("valeur", "decimales", "ecrit"),
    [
        (1234567, 0, f"1{FINE}234{FINE}567"),
        (1234.5, 1, f"1{FINE}234,5"),
        (-3, 0, "−3"),
        (0.25, 2, "0,25"),
        (None, 0, "inconnu"),
        (math.nan, 0, "inconnu"),
    ],
)
def test_numbers_are_written_the_french_way(valeur, decimales, ecrit):
    """Narrow spaces, a comma, a true minus; unknown is a word, never 0."""
    assert textes.nombre(valeur, decimales) == ecrit


@pytest.mark.parametrize(
    ("n", "ecrit"),
    [
        (0, "0 poste"),
        (1, "1 poste"),
        (1.5, "1,5 poste"),
        (2, "2 postes"),
        (1200, f"1{FINE}200 postes"),
    ],
)
def test_the_plural_begins_at_two(n, ecrit):
    """0 poste, 1,5 poste, 2 postes."""
    assert textes.pluriel(n, "poste") == ecrit


@pytest.mark.parametrize(
    ("valeur", "ecrit"),
    [
        (2.0, "2"),
        (0.5, "0,5"),
        (110.2, "110,2"),
        (110.25, "110,25"),
        (0.1 + 0.2, "0,3"),
        (-1, "−1"),
    ],
)
def test_an_etp_has_the_decimals_it_needs_and_no_more(valeur, ecrit):
    assert textes.au_plus_juste(valeur) == ecrit
    assert textes.au_plus_juste(math.nan) == textes.au_plus_juste(None) == "inconnu"


def test_shares_changes_lists_and_days():
    """The other words of the screens."""
    assert textes.pourcentage(0.734) == f"73{FINE}%"
    assert textes.pourcentage(None) == "inconnu"
    assert textes.variation(3) == "▲ +3"
    assert textes.variation(-2) == "▼ −2"
    assert textes.variation(0.2) == "= 0"
    assert textes.enumeration(["a", "b", "c"]) == "a, b et c"
    assert textes.enumeration([]) == ""
    assert textes.jour("2026-11-21") == "21/11/2026"
    assert textes.jour(None) == "date inconnue"


@pytest.mark.parametrize("connu", ["0342266D", "0350778F", "0300059B", "9760314M", "0694658N"])
def test_known_uai_have_a_valid_check_letter(connu):
    """Published UAI of the annuaire."""
    assert uai.cle(connu[:7]) == connu[7]


@given(st.integers(0, 9_999_999), st.integers(0, 6), st.integers(1, 9))
def test_one_wrong_digit_is_seen_by_the_check_letter(numero, position, ecart):
    """23 is prime and no power of ten is a multiple of it: any single slip is caught."""
    chiffres = f"{numero:07}"
    faux = list(chiffres)
    faux[position] = str((int(faux[position]) + ecart) % 10)
    assert uai.cle("".join(faux)) != uai.cle(chiffres)


def test_an_error_says_where_what_is_allowed_and_what_to_do():
    """The place first, then the reason, then the way out."""
    erreur = AtlasError(
        "Quotité illisible.",
        fichier="postes.csv",
        ligne=3,
        colonne="quotite",
        admis="0 à 1",
        remede="écrire 0,8",
    )
    assert str(erreur).splitlines() == [
        "postes.csv, ligne 3, colonne « quotite »",
        "Quotité illisible.",
        "Admis : 0 à 1",
        "Que faire : écrire 0,8",
    ]


def test_a_parameter_is_read_at_its_date(tmp_path, monkeypatch):
    """The value in force that day; before the first one, an error that names the day."""
    from datetime import date

    (tmp_path / "essai.toml").write_text(
        '[p]\ndescription = "d"\nunite = "u"\n'
        '[[p.valeurs]]\nen_vigueur_le = 2026-09-01\nvaleur = 3\nsource = "s"\n'
        "verifie_le = 2026-11-21\n"
        '[[p.valeurs]]\nen_vigueur_le = 2020-09-01\nvaleur = 2\nsource = "s"\n'
        "verifie_le = 2026-11-21\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(reference.chemins, "REFERENCE", tmp_path)
    assert reference.valeur("essai", "p") == 3
    assert reference.valeur("essai", "p", date(2026, 8, 31)) == 2
    with pytest.raises(AtlasError, match="01/01/2019"):
        reference.valeur("essai", "p", date(2019, 1, 1))
    with pytest.raises(AtlasError, match="« q » inconnu"):
        reference.valeur("essai", "q")


@pytest.mark.parametrize("texte", ["=1+1", "+33 4", "-2", "@x", "\t=1", "'=1"])
def test_what_a_spreadsheet_would_run_is_marked_as_text(texte):
    assert textes.pour_tableur(texte) == f"'{texte}"


@pytest.mark.parametrize("texte", ["", "P-01", "l'an dernier", "'avant", "1-2", "−3"])
def test_what_a_spreadsheet_takes_for_text_is_left_alone(texte):
    """An empty cell stays empty."""
    assert textes.pour_tableur(texte) == texte


@given(st.text())
def test_a_text_put_for_a_spreadsheet_is_read_back_as_it_was(texte):
    assert textes.du_tableur(textes.pour_tableur(texte)) == texte
