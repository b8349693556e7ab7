"""A condition as it is run, and the same as people say it."""

import pytest

from pipelines.base.textes import FINE
from pipelines.reports.conditions_en_mots import en_mots
from pipelines.scoring import jeux
from pipelines.scoring.regles import DOSSIER, priorites


@pytest.mark.parametrize(
    ("condition", "mots"),
    [
        ("type = 'COLLEGE' and ep is not null and ep = 'REP+'", "Collège, label REP+"),
        ("not (ep is not null and ep = 'REP')", "Sans label REP"),
        (
            "type = 'COLLEGE' and ep is null and not (segpa or ulis)",
            "Collège, sans label d'éducation prioritaire, sans SEGPA, sans ULIS",
        ),
        ("type != 'LP' and internat", "Autre que lycée professionnel, avec internat"),
        ("nature = 'ecoles_rep_plus'", "Écoles REP+ d'un réseau"),
        ("100 > ips", "IPS sous 100"),
        ("not (ips < 95.5)", "IPS d'au moins 95,5"),
        (
            "type in ('LP', 'EREA') and effectif <= 300",
            "Lycée professionnel ou EREA, effectif d'au plus 300",
        ),
        ("segpa or (est_rural and ips < 90)", "Avec SEGPA ou (en commune rurale, IPS sous 90)"),
        ("commune != 'Arles'", f"«{FINE}commune{FINE}» autre que Arles"),
    ],
)
def test_a_condition_is_said_in_the_words_of_those_who_decide(condition, mots):
    assert en_mots(condition) == mots


def test_no_rule_of_a_text_shows_the_language_of_the_computation():
    """Every rule given with Atlas is said without a sign of SQL, nor the name of a column."""
    for jeu in jeux.lisibles(DOSSIER, priorites):
        for regle in jeu.regles:
            mots = en_mots(jeu.condition_lue(regle))
            assert not set("'_=<>{}") & set(mots.replace("d'", "")), mots
            assert " and " not in mots
            assert " null" not in mots
