"""Rule sets: what is admitted, what unknown does to a verdict, and how an académie adds its own."""

import itertools
import os
import re
import tomllib
from dataclasses import replace
from datetime import date

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.scoring import jeux
from pipelines.scoring.conditions import ConditionError, colonnes_lues, grammaire
from pipelines.scoring.regles import (
    Regle,
    Seuil,
    appliquer,
    comparer,
    comparer_textes,
    ecrire_priorites,
    priorites,
)

LIVRES = sorted(f.stem for f in (chemins.REFERENCE / "priorites").glob("*.toml"))
D2017 = priorites("circulaire_2017_055")
LEGER = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
OUI_NON_INCONNU = st.sampled_from([True, False, None])
LOGIQUES = (
    "est_rural",
    "segpa",
    "ulis",
    "upe2a",
    "relais",
    "internat",
    "a_section_professionnelle",
)
un_site = st.fixed_dictionaries(
    {
        "nature": st.just("etablissement"),
        "type": st.sampled_from(["COLLEGE", "LEGT", "LPO", "LP", "EREA"]),
        "ep": st.sampled_from(["REP+", "REP", None]),
        "ips": st.one_of(st.none(), st.sampled_from([60.0, 99.9, 100.0, 100.1, 140.0])),
        **dict.fromkeys(LOGIQUES, OUI_NON_INCONNU),
    }
)


@pytest.fixture
def locaux(tmp_path, monkeypatch):
    """An académie's own folder, empty."""
    monkeypatch.setattr(chemins, "REGLES", tmp_path / "regles")
    return tmp_path / "regles" / "priorites"


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", str(texte))


def verdicts(connexion, jeu):
    """(site_id, rule) → True, False or None."""
    cadre = appliquer(connexion, jeu)
    return {(s, r): v for s, r, v in cadre.itertuples(index=False)}


# --- what unknown does ------------------------------------------------------------------------


@pytest.mark.parametrize("code", LIVRES)
@LEGER
@given(site=un_site, colonne=st.sampled_from([*LOGIQUES, "ips"]))
def test_what_is_unknown_is_never_counted_as_no(monde, code, site, colonne):
    """Emptying a column leaves each rule as it was or makes it unknown: never the other answer.

    When the rest decides, it decides whatever the column may be; a rule that does not read the
    column does not move.
    """
    jeu = priorites(code)
    valeurs = (60.0, 140.0) if colonne == "ips" else (True, False)
    vide = {**site, colonne: None}
    lus = verdicts(monde(site, vide, *({**site, colonne: v} for v in valeurs)), jeu)
    for regle in jeu.regles:
        sue, inconnue, *possibles = (lus[f"S{rang}", regle.code] for rang in range(4))
        assert inconnue is None or inconnue is sue
        if inconnue is not None:
            assert possibles == [inconnue] * 2
        elif colonne in colonnes_lues(jeu.condition_lue(regle)) and None not in possibles:
            assert possibles[0] is not possibles[1], "unknown where nothing depends on it"
        if colonne not in colonnes_lues(jeu.condition_lue(regle)):
            assert inconnue is sue


@pytest.mark.parametrize("code", LIVRES)
@LEGER
@given(site=un_site, alea=st.randoms(use_true_random=False))
def test_the_order_of_the_rules_in_a_file_has_no_meaning(monde, code, site, alea):
    """Shuffled, they answer the same, in the same order."""
    jeu = priorites(code)
    melangees = list(jeu.regles)
    alea.shuffle(melangees)
    connexion = monde(site)
    droit, tordu = (
        appliquer(connexion, replace(jeu, regles=tuple(r))) for r in (jeu.regles, melangees)
    )
    assert droit.to_dict() == tordu.to_dict()


def test_a_threshold_column_without_value_leaves_the_category_open(monde):
    """Rural with no published IPS: neither favoured nor not, whatever the threshold."""
    for valeur in (0, 100, 200):
        seuils = (replace(D2017.seuils[0], valeur=valeur),)
        lus = verdicts(monde({"est_rural": True, "ips": None}), replace(D2017, seuils=seuils))
        assert lus["S0", "college_rural_defavorise"] is None


def test_moving_a_threshold_moves_the_category(monde):
    """What a CTSS-D tries before saving: the number changes, the condition is the same."""
    connexion = monde({"est_rural": True, "ips": 104.0})
    plus_haut = replace(D2017, seuils=(replace(D2017.seuils[0], valeur=105.5),))
    assert verdicts(connexion, D2017)["S0", "college_rural_defavorise"] is False
    assert verdicts(connexion, plus_haut)["S0", "college_rural_defavorise"] is True


# --- the shipped texts ------------------------------------------------------------------------


@pytest.mark.parametrize("code", LIVRES)
def test_each_rule_of_a_shipped_text_has_a_dated_reference_and_its_days(code):
    """Text, paragraph, date, NOR for each rule; a repealed text says until when.

    The texts of 1991 and 2018 bear no NOR in the copies read: none is made up.
    """
    jeu = priorites(code)
    assert all((jeu.nor or "") in regle.reference for regle in jeu.regles)
    assert (jeu.nor is None) == (code != "circulaire_2017_055")
    for cite in (*jeu.regles, *jeu.seuils):
        assert re.search(r"\d{2}/\d{2}/\d{4}", cite.reference), cite
        assert "§" in cite.reference, cite
    for regle in jeu.regles:
        assert regle.en_vigueur_le >= jeu.en_vigueur_le
        assert regle.jusqu_au == jeu.jusqu_au


def test_the_text_of_1991_ends_the_day_before_that_of_2017_begins():
    """Repealed for pupils by the text that replaces it, without a day between them."""
    assert (
        priorites("circulaire_91_248").jusqu_au.toordinal() + 1 == D2017.en_vigueur_le.toordinal()
    )
    assert D2017.jusqu_au is None


def test_a_code_means_the_same_condition_in_every_text():
    """What stays from one text to the next is known by its code."""
    conditions = {}
    for code in LIVRES:
        jeu = priorites(code)
        for regle in jeu.regles:
            lue = conditions.setdefault(regle.code, jeu.condition_lue(regle))
            assert lue == jeu.condition_lue(regle), regle.code
    assert len(conditions) < sum(len(priorites(code).regles) for code in LIVRES)


def test_the_number_of_the_rural_rule_stands_in_its_own_table():
    """Contestable, named, cited; the condition reads it."""
    [seuil] = D2017.seuils
    [regle] = [r for r in D2017.regles if r.code == "college_rural_defavorise"]
    assert seuil == Seuil("ips_defavorise", 100, "points d'IPS", seuil.libelle, seuil.reference)
    assert "choix de l'équipe" in seuil.reference.lower()
    assert D2017.condition_lue(regle) == "type = 'COLLEGE' and est_rural and ips < 100"


# (code, département) → sites that are of the category, sites of which it can't be told
COMPTES_REELS = {
    "circulaire_91_248": {
        "college_segpa": ((24, 0), (14, 0)),
        "erea": ((1, 0), (2, 0)),
        "internat": ((29, 0), (30, 0)),
        "lycee_professionnel": ((8, 0), (11, 0)),
        "section_professionnelle": ((14, 1), (3, 0)),
        "zone_education_prioritaire": ((12, 0), (7, 0)),
    },
    "circulaire_2017_055": {
        "college_relais": ((0, 85), (0, 62)),
        "college_rep": ((5, 0), (6, 0)),
        "college_rep_plus": ((7, 0), (1, 0)),
        "college_rural_defavorise": ((6, 3), (9, 0)),
        "college_segpa": ((24, 0), (14, 0)),
        "college_ulis": ((63, 0), (31, 0)),
        "college_upe2a": ((0, 85), (0, 62)),
        "ecoles_rep_plus": ((7, 0), (1, 0)),
        "erea": ((1, 0), (2, 0)),
        "internat": ((29, 0), (30, 0)),
        "lycee_professionnel": ((8, 0), (11, 0)),
        "section_professionnelle": ((14, 1), (3, 0)),
    },
    "aix_marseille_2018": {
        "college_rep": ((5, 0), (6, 0)),
        "college_rep_plus": ((7, 0), (1, 0)),
        "college_sans_dispositif": ((0, 17), (0, 23)),
        "dispositif_adapte": ((73, 45), (45, 51)),
        "ecoles_rep_plus": ((7, 0), (1, 0)),
        "erea": ((1, 0), (2, 0)),
        "internat": ((29, 0), (30, 0)),
        "lycee_general_technologique": ((24, 0), (21, 0)),
        "lycee_professionnel": ((8, 0), (11, 0)),
        "section_professionnelle": ((14, 1), (3, 0)),
    },
}


@pytest.mark.reel
@pytest.mark.parametrize("code", LIVRES)
def test_the_categories_of_the_herault_and_of_the_ille_et_vilaine(entrepot_reel, code):
    """Counts of the real files of ../shared/real: 125 sites in 034, 97 in 035."""
    with duckdb.connect(str(entrepot_reel), read_only=True) as connexion:
        departements = dict(
            connexion.execute("select site_id, departement from mart_site").fetchall()
        )
        lus = verdicts(connexion, priorites(code))
    comptes = {
        regle.code: tuple(
            tuple(
                sum(
                    v is voulu and r == regle.code and departements[s] == departement
                    for (s, r), v in lus.items()
                )
                for voulu in (True, None)
            )
            for departement in ("034", "035")
        )
        for regle in priorites(code).regles
    }
    assert comptes == COMPTES_REELS[code]
    assert sum(d == "034" for d in departements.values()) == 125
    assert sum(d == "035" for d in departements.values()) == 97


@pytest.mark.reel
def test_a_category_of_the_real_sites_is_what_plain_sql_counts(entrepot_reel):
    """The categories two texts share least, asked of the table without the rules."""
    comptes = {
        ("circulaire_91_248", "zone_education_prioritaire"): "type = 'COLLEGE' and ep is not null",
        ("circulaire_2017_055", "college_rural_defavorise"): (
            "type = 'COLLEGE' and est_rural and ips < 100"
        ),
        ("aix_marseille_2018", "lycee_general_technologique"): "type in ('LEGT', 'LPO')",
        ("aix_marseille_2018", "dispositif_adapte"): (
            "nature = 'etablissement' and greatest(segpa, ulis, relais, upe2a)"
        ),
    }
    with duckdb.connect(str(entrepot_reel), read_only=True) as connexion:
        for (texte, regle), condition in comptes.items():
            lus = verdicts(connexion, priorites(texte))
            oui = {s for (s, r), v in lus.items() if r == regle and v is True}
            attendus = connexion.execute(
                f"select site_id from mart_site where {condition}"
            ).fetchall()
            assert oui == {s for (s,) in attendus} != set(), regle


# --- the grammar ------------------------------------------------------------------------------


def test_the_grammar_knows_the_columns_of_a_true_warehouse_and_their_natures(colonnes_site):
    """A set is judged without a warehouse: what it is judged by must be what a build makes."""
    familles = {"VARCHAR": "un texte", "BOOLEAN": "un oui ou non"}
    reelles = {nom: familles.get(type_, "un nombre") for nom, type_, *_ in colonnes_site}
    assert grammaire().natures == reelles


@pytest.mark.reel
def test_the_values_a_condition_may_ask_for_are_those_of_the_real_sites(entrepot_reel):
    """A closed column never holds anything else than what the grammar lists."""
    with duckdb.connect(str(entrepot_reel), read_only=True) as connexion:
        for colonne, admises in grammaire().admises.items():
            lues = connexion.execute(
                f"select distinct {colonne} from mart_site where {colonne} is not null"
            ).fetchall()
            assert {v for (v,) in lues} <= set(admises)


@pytest.mark.parametrize(
    ("condition", "dit"),
    [
        ("relais is null", "inconnu"),
        ("ips is not null and ips < 100", "inconnu"),
        ("coalesce(segpa, false)", "n'est pas admis"),
        ("segpa is true", "n'est pas admis"),
        ("segpa is not distinct from ulis", "n'est pas admis"),
        ("case when segpa then true else false end", "n'est pas admis"),
        ("type = 'COLEGE'", "ne vaut jamais COLEGE"),
        ("type in ('LP', 'lp')", "ne vaut jamais lp"),
        ("nom < 100", "est un texte"),
        ("ips < 'cent'", "est un nombre"),
        ("effectif and segpa", "ne répond ni par oui ni par non"),
        ("segpa = 1", "ne se compare pas"),
        ("segpa = true", "ne se compare pas"),
        ("ep = null", "null"),
        ("1 < 2", "au moins une colonne"),
        (f"effectif < {10**40}", "hors de toute échelle"),
        ("true", "une valeur seule"),
        ("ips < effectif + 1", "n'est pas admis"),
        ("mart_site.segpa", "n'existe pas"),
        ("segpa -- et le reste", "ne se lit pas"),
        ("segpa as verdict", "ne se lit pas"),
        ("segpa) as a from (select true as segpa", "n'est pas une simple condition"),
        ("segpa) union select (ulis", "n'est pas une simple condition"),
        ("segpa), (ulis", "n'est pas une simple condition"),
        ("(segpa = ulis) is null", "se demande d'une colonne"),
        ("", "n'est pas admis"),
    ],
)
def test_a_condition_outside_the_grammar_says_why_in_french(condition, dit):
    """Each refusal has its reason; what turns a gap into an answer is among them."""
    with pytest.raises(ConditionError, match=dit):
        colonnes_lues(condition)


@pytest.mark.parametrize(
    ("condition", "lues"),
    [
        ("ips < 92.5 or longitude < -1.5", {"ips", "longitude"}),
        ("departement in ('013', '084') and not est_rural", {"departement", "est_rural"}),
        ("bassin != 'Arles' and nb_ecoles >= 3", {"bassin", "nb_ecoles"}),
        ("ep is null or ep not in ('REP')", {"ep"}),
        ("commune = 'L''Isle'", {"commune"}),
        (
            "nb_ecoles_maternelles > nb_ecoles_elementaires",
            {"nb_ecoles_maternelles", "nb_ecoles_elementaires"},
        ),
    ],
)
def test_an_admitted_condition_tells_the_columns_it_reads(condition, lues):
    """Comparisons, in, not, and, or, brackets; emptiness where it is an answer."""
    assert colonnes_lues(condition) == lues


# --- an académie's own file -------------------------------------------------------------------

BON = """
[texte]
code = "mon_academie"
titre = "Choix du recteur du 01/09/2026"
date = 2026-09-01
en_vigueur_le = 2026-09-01
note = "Présenté en CSA académique"
verifie_le = 2026-11-22

[seuils.petit]
valeur = 200
unite = "élèves"
libelle = "Petit collège"
reference = "Choix du recteur du 01/09/2026"

[[regles]]
code = "petit_college"
libelle = "Petit collège"
condition = "type = 'COLLEGE' and effectif < {petit}"
reference = "Choix du recteur du 01/09/2026, § 1"
resume = "Les collèges de moins de 200 élèves."
en_vigueur_le = 2026-09-01
"""


def poser(locaux, texte, code="mon_academie", encodage="utf-8"):
    locaux.mkdir(parents=True, exist_ok=True)
    (locaux / f"{code}.toml").write_text(texte, encoding=encodage)


def test_an_academie_adds_a_file_and_atlas_reads_it_without_a_line_of_code(locaux, monde):
    """A file in the folder: listed, marked local, read, applied."""
    poser(locaux, BON, encodage="utf-8-sig")
    assert jeux.codes("priorites") == sorted([*LIVRES, "mon_academie"])
    assert jeux.est_local("priorites", "mon_academie")
    assert not jeux.est_local("priorites", "circulaire_2017_055")
    lus = verdicts(monde({"effectif": 199}, {"effectif": 200}), priorites("mon_academie"))
    assert lus == {("S0", "petit_college"): True, ("S1", "petit_college"): False}


def test_an_edited_file_is_read_again_at_once_even_within_the_same_second(locaux):
    """No restart, no stale answer: same size, same date of change, other content."""
    poser(locaux, BON)
    chemin = locaux / "mon_academie.toml"
    instant = chemin.stat()
    assert priorites("mon_academie").seuils[0].valeur == 200
    poser(locaux, BON.replace("valeur = 200", "valeur = 300"))
    os.utime(chemin, ns=(instant.st_atime_ns, instant.st_mtime_ns))
    assert priorites("mon_academie").seuils[0].valeur == 300


def test_a_local_file_changes_the_identity_of_the_rules(locaux):
    """A result computed under an académie's rules must not pass for one of other rules."""
    avant = reference.empreinte()
    poser(locaux, BON)
    pendant = reference.empreinte()
    poser(locaux, BON.replace("200", "300"))
    assert len({avant, pendant, reference.empreinte()}) == 3


def test_a_local_file_may_not_take_the_code_of_a_shipped_one(locaux):
    """Two texts of one name would let nobody know which was meant."""
    poser(locaux, BON, code="circulaire_2017_055")
    with pytest.raises(AtlasError, match="livré avec Atlas") as refus:
        priorites("circulaire_2017_055")
    assert refus.value.fichier == str(locaux / "circulaire_2017_055.toml")
    assert jeux.codes("priorites") == LIVRES


@pytest.mark.parametrize("code", ["../../secret", "Absent", "", "circulaire_2017_055.toml"])
def test_an_unknown_code_is_answered_with_those_that_exist(locaux, code):
    """Shipped and local ones; a path is not a code."""
    poser(locaux, BON)
    with pytest.raises(AtlasError, match="n'existe pas") as refus:
        priorites(code)
    assert "mon_academie" in refus.value.admis
    assert "circulaire_91_248" in refus.value.admis


@pytest.mark.parametrize(
    ("avant", "apres", "dit", "admis"),
    [
        (
            'resume = "Les collèges de moins de 200 élèves."\n',
            "",
            "règle « petit_college » : la clé « resume » manque",
            "libelle",
        ),
        (
            'titre = "Choix du recteur du 01/09/2026"\n',
            "",
            "[texte] : la clé « titre » manque",
            "jusqu_au (facultatif)",
        ),
        (
            'unite = "élèves"\n',
            "",
            "lu par la règle petit_college : la clé « unite » manque",
            "valeur",
        ),
        ('resume = "Les', 'resumé_ = "Les', "illisible", "TOML"),
        (
            'note = "Présenté en CSA académique"',
            'note = "x"\njusquau = 2027-01-01',
            "la clé « jusquau » n'existe pas",
            "jusqu_au",
        ),
        (
            'libelle = "Petit collège"\ncondition',
            'libelle = " "\ncondition',
            "la clé « libelle » vaut ' '",
            "un texte non vide",
        ),
        ("valeur = 200", 'valeur = "200"', "la clé « valeur » vaut '200'", "un nombre"),
        (
            "valeur = 200",
            "valeur = true",
            "lu par la règle petit_college : la clé « valeur » vaut True",
            "un nombre",
        ),
        ("valeur = 200", "valeur = nan", "la clé « valeur » vaut nan", "un nombre"),
        ("{petit}", "{grand}", "règle « petit_college ».*seuil « grand » n'existe pas", "petit"),
        ("{petit}", "200", "Aucune règle ne lit le seuil « petit »", "{petit}"),
        ("effectif <", "taux_boursiers <", "règle « petit_college ».*taux_boursiers", "effectif"),
        ("effectif < {petit}", "ips is null", "règle « petit_college ».*inconnu", "ips"),
        (
            'code = "petit_college"',
            'code = "Petit collège"',
            "ce code n'est pas admis",
            "minuscules",
        ),
        ('code = "petit_college"', "code = 3", "règle n° 1 : la clé « code » vaut 3", "un texte"),
        (
            "verifie_le = 2026-11-22",
            'verifie_le = "2026-11-22"',
            "la clé « verifie_le » vaut",
            "un jour",
        ),
        (
            "verifie_le = 2026-11-22",
            "verifie_le = 2026-11-22T10:00:00",
            "la clé « verifie_le » vaut",
            "un jour",
        ),
        (
            "verifie_le = 2026-11-22",
            "verifie_le = 2026-11-22\njusqu_au = 2020-01-01",
            "vient avant",
            "01/09/2026",
        ),
        ('code = "mon_academie"', 'code = "autre"', "a pour code « autre »", "mon_academie"),
        ("[[regles]]", "[regles]", "n'a pas de règle", "[[regles]]"),
        ("[seuils.petit]", "[seuil.petit]", "la clé « seuil » n'existe pas", "seuils (facultatif)"),
    ],
)
def test_a_badly_written_file_is_refused_with_its_place_and_what_is_admitted(
    locaux, avant, apres, dit, admis
):
    """File, rule, key, what may be written: enough to mend it in a text editor."""
    assert avant in BON
    poser(locaux, BON.replace(avant, apres, 1))
    with pytest.raises(AtlasError) as refus:
        priorites("mon_academie")
    assert re.search(dit.replace("[texte]", r"\[texte\]"), clair(refus.value.quoi), re.IGNORECASE)
    assert admis in clair(refus.value.admis)
    assert refus.value.fichier == str(locaux / "mon_academie.toml")
    assert refus.value.remede


def test_two_rules_of_one_code_are_refused(locaux):
    """Whose weight would it be?"""
    poser(locaux, BON + "\n[[regles]]" + BON.split("[[regles]]")[1])
    with pytest.raises(AtlasError, match="deux règles portent ce code"):
        priorites("mon_academie")


def test_a_file_that_is_not_utf_8_is_refused_by_name(locaux):
    """Saved by an old editor: named, not half read."""
    poser(locaux, BON, encodage="latin-1")
    with pytest.raises(AtlasError, match="illisible") as refus:
        priorites("mon_academie")
    assert "mon_academie.toml" in refus.value.fichier


# --- writing ----------------------------------------------------------------------------------

quelconque = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from("\"'\\\n\r\t\u202f\x00\x1f\x7f«»{}[]#=é😀"),
    ),
    min_size=1,
).filter(str.strip)
jour = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@LEGER
@given(
    libelles=st.lists(quelconque, min_size=1, max_size=4),
    textes=st.tuples(quelconque, quelconque, quelconque, st.none() | quelconque),
    valeur=st.integers(-(10**9), 10**9) | st.floats(-1e15, 1e15),
    debut=jour,
)
def test_a_set_written_is_read_back_equal(locaux, libelles, textes, valeur, debut):
    """Quotes, backslashes, new lines, any script: the file says what was meant."""
    titre, note, resume, nor = textes
    regles = tuple(
        Regle(f"r{rang}", libelle, "ips < {s}", titre, resume, debut, debut if rang else None)
        for rang, libelle in enumerate(libelles)
    )
    jeu = replace(
        D2017,
        titre=titre,
        note=note,
        nor=nor,
        en_vigueur_le=debut,
        regles=regles,
        seuils=(Seuil("s", valeur, note, libelles[0], resume),),
    )
    ecrit = ecrire_priorites(jeu, "essai", remplacer=True)
    assert ecrit == priorites("essai") == replace(jeu, code="essai")


@pytest.mark.parametrize("code", LIVRES)
def test_a_shipped_text_copied_under_another_name_says_the_same(locaux, monde, code):
    """What a CTSS-D does first: copy, then change."""
    copie = ecrire_priorites(priorites(code), "copie")
    assert copie == replace(priorites(code), code="copie")
    connexion = monde({}, {"ep": "REP"}, {"type": "LP"})
    assert verdicts(connexion, copie) == verdicts(connexion, priorites(code))
    contenu = tomllib.loads((locaux / "copie.toml").read_text(encoding="utf-8"))
    assert contenu["texte"]["code"] == "copie"


@pytest.mark.parametrize("code", ["circulaire_2017_055", "Mon texte", "../ailleurs", "é", ""])
def test_a_set_is_not_written_under_a_name_it_can_not_have(locaux, code):
    """Shipped with Atlas, badly written, or a path."""
    with pytest.raises(AtlasError):
        ecrire_priorites(D2017, code)
    assert not locaux.exists()


def test_a_set_does_not_replace_another_unless_asked(locaux):
    """Two people, one name: the second is told."""
    ecrire_priorites(D2017, "commun")
    autre = replace(D2017, titre="Autre titre")
    with pytest.raises(AtlasError, match="existe déjà"):
        ecrire_priorites(autre, "commun")
    assert priorites("commun").titre == D2017.titre
    assert ecrire_priorites(autre, "commun", remplacer=True).titre == "Autre titre"


def test_a_set_that_is_not_admitted_is_not_written(locaux):
    """A rule that reads an unknown column, a text that can't be encoded: nothing on the disk."""
    bancale = replace(D2017.regles[0], condition="boursiers > 3")
    for jeu in (
        replace(D2017, regles=(bancale,), seuils=()),
        replace(D2017, titre="\ud800"),
        replace(D2017, regles=()),
        replace(D2017, regles=(D2017.regles[0],)),
        replace(D2017, seuils=D2017.seuils * 2),
    ):
        with pytest.raises(AtlasError):
            ecrire_priorites(jeu, "bancal")
    assert not locaux.exists()


def test_a_failed_write_leaves_the_former_file_whole(locaux, monkeypatch):
    """A full disk: an error that says so, the old rules, no debris."""
    ecrire_priorites(D2017, "solide")

    def plein(descripteur):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", plein)
    with pytest.raises(AtlasError, match="Impossible d'écrire"):
        ecrire_priorites(replace(D2017, titre="Neuf"), "solide", remplacer=True)
    assert priorites("solide").titre == D2017.titre
    assert [f.name for f in locaux.iterdir()] == ["solide.toml"]


# --- from one text to another -----------------------------------------------------------------


def test_what_entered_left_and_stayed_from_1991_to_2017():
    """By code: the zone left for two labels, the rural collège and three dispositifs entered."""
    table = comparer_textes(priorites("circulaire_91_248"), D2017)
    par_sort = {s: set(g["regle"]) for s, g in table.groupby("sort")}
    assert par_sort["sortie"] == {"zone_education_prioritaire"}
    assert par_sort["restee"] == {
        "college_segpa",
        "erea",
        "internat",
        "lycee_professionnel",
        "section_professionnelle",
    }
    assert par_sort["entree"] == {r.code for r in D2017.regles} - par_sort["restee"]
    assert not table["est_modifiee"].any()


def test_a_copy_with_another_threshold_differs_by_that_rule_alone(monde):
    """The rule stayed and reads another number; the sites it moves are told."""
    copie = replace(D2017, seuils=(replace(D2017.seuils[0], valeur=110),))
    table = comparer_textes(D2017, copie)
    assert table.loc[table["est_modifiee"], "regle"].tolist() == ["college_rural_defavorise"]
    connexion = monde({"est_rural": True, "ips": 105.0}, {"est_rural": True, "ips": 95.0})
    changements = comparer(connexion, D2017, copie)
    bouges = changements[changements["changement"] == "gagnee"]
    assert bouges[["site_id", "regle"]].values.tolist() == [["S0", "college_rural_defavorise"]]
    assert not (changements["changement"] == "perdue").any()


def test_each_site_is_told_what_it_wins_and_loses_and_what_can_not_be_told(monde):
    """From 2017 to 2018: a collège with an UPE2A nobody knows of has neither won nor lost."""
    connexion = monde({"ulis": True}, {"upe2a": None}, {"type": "LP", "ulis": True})
    cadre = comparer(connexion, D2017, priorites("aix_marseille_2018"))
    lus = {(s, r): c for s, r, c in cadre[["site_id", "regle", "changement"]].values.tolist()}
    assert lus["S0", "college_ulis"] == "perdue"
    assert lus["S0", "dispositif_adapte"] == "gagnee"
    assert lus["S0", "college_sans_dispositif"] == "hors"
    for regle in ("college_upe2a", "dispositif_adapte", "college_sans_dispositif"):
        assert lus["S1", regle] == "inconnue"
    assert lus["S2", "lycee_professionnel"] == "gardee"
    assert lus["S2", "dispositif_adapte"] == "gagnee"


@LEGER
@given(sites=st.lists(un_site, min_size=1, max_size=5), paire=st.permutations(LIVRES))
def test_a_comparison_adds_up_and_reads_the_same_backwards(monde, sites, paire):
    """Each site and rule once; what is won one way is lost the other way."""
    connexion = monde(*sites)
    avant, apres = (priorites(code) for code in paire[:2])
    aller, retour = comparer(connexion, avant, apres), comparer(connexion, apres, avant)
    miroir = {"gagnee": "perdue", "perdue": "gagnee"}
    assert [miroir.get(c, c) for c in aller["changement"]] == retour["changement"].tolist()
    codes = sorted({r.code for r in itertools.chain(avant.regles, apres.regles)})
    assert aller["regle"].tolist() == codes * len(sites)
    inconnus = {
        (s, r) for j in (avant, apres) for (s, r), v in verdicts(connexion, j).items() if v is None
    }
    lues = aller.loc[aller["changement"].isin(("inconnue", "indecise")), ["site_id", "regle"]]
    assert {tuple(p) for p in lues.values.tolist()} == inconnus
    # unknown to both under one condition: whatever the answer, it does not change
    conditions = [{r.code: r.condition for r in jeu.regles} for jeu in (avant, apres)]
    for ligne in aller.to_dict("records"):
        pareilles = conditions[0].get(ligne["regle"]) == conditions[1].get(ligne["regle"])
        assert (ligne["changement"] == "indecise") == (
            pareilles and (ligne["site_id"], ligne["regle"]) in inconnus
        )
