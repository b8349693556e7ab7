"""What docs/priorites.md says of rules is what the code admits and what the files hold."""

import re

import pytest

from pipelines.base import chemins
from pipelines.scoring.conditions import colonnes_lues, grammaire
from pipelines.scoring.regles import (
    CHAMPS_D_UN_SEUIL,
    CHAMPS_D_UNE_REGLE,
    CHAMPS_DU_TEXTE,
    FACULTATIFS,
    priorites,
)

PAGE = (chemins.RACINE / "docs" / "priorites.md").read_text(encoding="utf-8")

LIVRES = sorted(f.stem for f in (chemins.REFERENCE / "priorites").glob("*.toml"))
# rules whose choice the page tells in words, without their code
DITS_EN_MOTS = {
    "college_rural_defavorise": "collège rural",
    "ecoles_rep_plus": "toutes les écoles REP+",
}


def test_the_file_given_as_a_model_is_a_good_one(tmp_path, monkeypatch):
    """Copied as it stands, it is read: thresholds, conditions and all."""
    monkeypatch.setattr(chemins, "REGLES", tmp_path)
    [(code, modele)] = re.findall(r"`(\w+)\.toml` :\n\n```toml\n(.*?)```", clair(PAGE), re.DOTALL)
    (tmp_path / "priorites").mkdir()
    (tmp_path / "priorites" / f"{code}.toml").write_text(modele, encoding="utf-8")
    jeu = priorites(code)
    assert len(jeu.regles) == 2
    assert jeu.condition_lue(jeu.regles[0]).endswith("effectif < 200")
    # a code two texts share means one thing: the one of the model asks what the shipped one asks
    livrees = {r.code: r.condition for code in LIVRES for r in priorites(code).regles}
    partagees = [r for r in jeu.regles if r.code in livrees]
    assert partagees
    for regle in partagees:
        assert regle.condition == livrees[regle.code]


def test_every_key_is_in_the_page_under_its_kind():
    """Required on the left, optional on the right, for each of the three tables."""
    tables = {
        "[texte]": CHAMPS_DU_TEXTE,
        "[[regles]]": CHAMPS_D_UNE_REGLE,
        "[seuils.nom]": CHAMPS_D_UN_SEUIL,
    }
    for nom, champs in tables.items():
        [(requises, facultatives)] = re.findall(
            rf"^\| `{re.escape(nom)}` \| (.*?) \|(.*?)\|$", PAGE, re.MULTILINE
        )
        assert set(re.findall(r"`(\w+)`", requises)) == champs.keys() - FACULTATIFS
        assert set(re.findall(r"`(\w+)`", facultatives)) == champs.keys() & FACULTATIFS


def test_every_column_is_in_the_page_with_its_nature():
    """What a condition may read, and how it compares."""
    natures = {"texte": "un texte", "nombre": "un nombre", "oui ou non": "un oui ou non"}
    lues = re.findall(rf"^\| `(\w+)` \| ({'|'.join(natures)}) \|", PAGE, re.MULTILINE)
    assert {nom: natures[nature] for nom, nature in lues} == grammaire().natures


@pytest.mark.parametrize(
    "condition",
    [
        "segpa",
        "type in ('LP', 'LPO')",
        "type not in ('ECOLE')",
        "ep is null",
        "uai_tete_reseau is not null",
        "est_rural and ips < 100",
        "ep is not null and ep = 'REP'",
        "ips < 92.5",
        *(f"effectif {signe} 3" for signe in ("=", "!=", "<", "<=", ">", ">=")),
    ],
)
def test_what_the_page_says_is_admitted_is_admitted(condition):
    """Each example of the page."""
    assert colonnes_lues(condition)


def test_every_shipped_text_is_in_the_page_with_its_days():
    """Code, first day, last day."""
    lignes = dict(
        re.findall(r"^\| `(\w+)` \| [^|]+ \| (\w+ le [^|]+|du [^|]+) \|$", PAGE, re.MULTILINE)
    )
    assert sorted(lignes) == LIVRES
    for code, jours in lignes.items():
        jeu = priorites(code)
        attendus = [j for j in (jeu.en_vigueur_le, jeu.jusqu_au) if j]
        assert re.findall(r"\d\d/\d\d/\d{4}", jours) == [f"{j:%d/%m/%Y}" for j in attendus]


def test_every_choice_of_the_team_written_in_a_rule_is_in_the_page():
    """A choice hidden in a file would not be discussed: each rule of one is named or told."""
    dits = PAGE.split("## Ce que les textes laissent ouvert")[1]
    for code in LIVRES:
        for regle in priorites(code).regles:
            if "choix de l'équipe" in regle.reference and regle.code not in DITS_EN_MOTS:
                assert f"`{regle.code}`" in dits, regle.code
    for mots in DITS_EN_MOTS.values():
        assert mots in dits


def clair(texte):
    """`texte` with plain spaces before a colon, so that a test says words and not typography."""
    return re.sub("\u202f:", " :", texte)
