"""Named cases: a sentence a specialist can dispute, a site, and what a text says of it."""

import tomllib
from pathlib import Path

import pytest

from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.regles import appliquer, priorites

CAS = {
    f"{fichier.stem}.{nom}": cas
    for fichier in sorted((Path(__file__).parents[1] / "cas").glob("*.toml"))
    for nom, cas in tomllib.loads(fichier.read_text(encoding="utf-8")).items()
}
REQUISES = {"phrase", "texte", "site", "attendu"}


@pytest.fixture
def seul(colonnes_site, connexion_vide):
    """A warehouse of one site: the columns given, all the others unknown."""
    definition = ", ".join(f'"{nom}" {type_}' for nom, type_, *_ in colonnes_site)

    def poser(site):
        connexion_vide.execute(f"create or replace table mart_site ({definition})")
        ligne = {"site_id": "S", **site}
        noms = ", ".join(f'"{nom}"' for nom in ligne)
        connexion_vide.execute(
            f"insert into mart_site ({noms}) values ({', '.join('?' * len(ligne))})",
            list(ligne.values()),
        )
        return connexion_vide

    return poser


@pytest.mark.parametrize("cas", CAS.values(), ids=CAS.keys())
def test_a_named_case(cas, seul):
    """Categories and unknowns exactly; with a barème, contributions by category and the besoin."""
    attendu = cas["attendu"]
    connexion = seul(cas["site"])
    cadre = appliquer(connexion, priorites(cas["texte"]))
    verdicts = dict(zip(cadre["regle"], cadre["verdict"], strict=True))
    assert {c for c, v in verdicts.items() if v is True} == set(attendu["categories"])
    assert {c for c, v in verdicts.items() if v is None} == set(attendu["inconnues"])
    if "bareme" in cas:
        calcul = besoins(connexion, bareme(cas["bareme"]))
        lues = dict(zip(calcul.detail["code"], calcul.detail["demi_journees"], strict=True))
        assert {c: v for c, v in lues.items() if verdicts.get(c)} == attendu["contributions"]
        assert calcul.sites["besoin"].tolist() == [attendu["besoin"]]


def test_the_cases_are_well_written():
    """A mistyped key or code would make a case say nothing."""
    assert len(CAS) >= 45
    assert len({cas["phrase"] for cas in CAS.values()}) == len(CAS)
    for nom, cas in CAS.items():
        assert REQUISES <= cas.keys() <= REQUISES | {"bareme"}, nom
        assert "§" in cas["phrase"], f"{nom}: the sentence cites no paragraph"
        attendu = {"categories", "inconnues"}
        attendu |= {"contributions", "besoin"} if "bareme" in cas else set()
        assert cas["attendu"].keys() == attendu, nom
        codes = {r.code for r in priorites(cas["texte"]).regles}
        assert {*cas["attendu"]["categories"], *cas["attendu"]["inconnues"]} <= codes, nom
        if "bareme" in cas:
            assert bareme(cas["bareme"]).priorites.code == cas["texte"], nom


def test_every_rule_of_every_text_is_met_by_a_case():
    """A rule no case tells yes would be shipped untried."""
    for texte in {cas["texte"] for cas in CAS.values()}:
        oui = [cas["attendu"]["categories"] for cas in CAS.values() if cas["texte"] == texte]
        assert set().union(*oui) == {r.code for r in priorites(texte).regles}, texte
