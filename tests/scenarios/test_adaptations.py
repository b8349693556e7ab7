"""An académie's own rules: changed, saved whole or not at all, brought from elsewhere, removed."""

import re
from datetime import date

import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot
from pipelines.planning.assemblage import Hypotheses, assembler
from pipelines.reports import adaptation
from pipelines.scenarios import adaptations
from pipelines.scenarios.adaptations import (
    SEUILS,
    Adaptation,
    Ajout,
    Changement,
    Criteres,
    composer,
    enregistrer,
    importer,
    supprimer,
)
from pipelines.scoring import jeux
from pipelines.scoring.bareme import bareme, poids_reglables
from pipelines.scoring.besoin import besoins
from pipelines.scoring.criteres import Borne
from pipelines.scoring.doctrine import doctrines
from pipelines.scoring.regles import priorites

TEXTE, BAREME = "circulaire_2017_055", "national_2017"
GT = "Choix du recteur, GT du 12/01/2027"
IPS_95 = Changement(SEUILS, "ips_defavorise", "IPS", 95, GT)
REP_12 = Changement("contributions", "college_rep_plus", "Collège REP+", 12, GT)
DEMAIN = date(2027, 9, 1)
LETTRE = "Lettre du recteur du 15/01/2027, § 2"
SOUS_95 = Criteres(
    ("COLLEGE",), ("est_rural",), bornes=(Borne("ips", "moins_de", 95, "points", "IPS"),)
)
RURAL_95 = Ajout("Collège rural, IPS sous 95", SOUS_95, LETTRE, 6)


@pytest.fixture(autouse=True)
def regles(tmp_path, monkeypatch):
    """An académie that has written nothing yet."""
    monkeypatch.setattr(chemins, "REGLES", tmp_path / "regles")
    return tmp_path / "regles"


def clair(texte):
    """`texte` with plain spaces."""
    return re.sub(r"\s", " ", texte)


def ecrits(regles):
    """Every file of the académie with its bytes; provisional ones would show."""
    return {f.relative_to(regles).as_posix(): f.read_bytes() for f in regles.rglob("*.*")}


def adapter(*nombres, **autres):
    return Adaptation(BAREME, autres.pop("texte", TEXTE), nombres=nombres, **autres)


def sauver(adaptation, code="essai_2027", **options):
    return enregistrer(adaptation, code, "Choix 2027", "Moins de seuils.", DEMAIN, **options)


def test_an_adaptation_where_a_label_would_lower_a_besoin_is_refused_before_it_is_saved(regles):
    """A collège without dispositif at 6, one with a dispositif at 2: neither shown nor written."""
    inverse = adapter(
        Changement("contributions", "college_sans_dispositif", "sans", 6, GT),
        Changement("contributions", "dispositif_adapte", "avec", 2, GT),
        texte="aix_marseille_2018",
    )
    for agir in (composer, sauver):
        with pytest.raises(AtlasError, match="Un label de plus"):
            agir(inverse)
    assert ecrits(regles) == {}


def test_a_threshold_and_a_weight_are_saved_with_who_chose_them_and_the_shipped_ones_stay(regles):
    """Text and barème under one code, dated; nobody else's reference is lost."""
    sauver(adapter(IPS_95, REP_12, libelles=(("college_rep", "Collège de réseau"),)))
    assert sorted(ecrits(regles)) == ["baremes/essai_2027.toml", "priorites/essai_2027.toml"]
    lu, livre = bareme("essai_2027"), bareme(BAREME)
    assert lu.priorites.code == "essai_2027"
    assert [(s.valeur, s.reference) for s in lu.priorites.seuils] == [(95, GT)]
    rural, reseau = (
        next(r for r in lu.priorites.regles if r.code == code)
        for code in ("college_rural_defavorise", "college_rep")
    )
    assert "2e tiret" in rural.reference
    assert f"95 : {GT}" in clair(rural.reference)
    assert reseau.libelle == "Collège de réseau"
    assert lu.en_vigueur_le == lu.priorites.en_vigueur_le == DEMAIN
    assert lu.priorites.nor is None
    references = {p.cle: p.reference for p in poids_reglables(lu) if p.partie == "contributions"}
    assert references.pop("college_rep_plus") == GT
    assert set(references.values()) == {livre.contributions["reference"]}
    assert lu.contributions == {**livre.contributions, "college_rep_plus": 12}
    assert livre.contributions["college_rep_plus"] == 16
    assert priorites(TEXTE).seuils[0].valeur == 100


def test_weights_alone_write_no_text(regles):
    sauver(adapter(REP_12))
    assert list(ecrits(regles)) == ["baremes/essai_2027.toml"]
    assert bareme("essai_2027").priorites == priorites(TEXTE)


def test_a_weight_of_a_continuous_factor_keeps_what_the_law_says_of_it(regles):
    poids = Changement("continus", "eleves_ulis", "Élèves d'ULIS", 0.2, GT)
    sauver(Adaptation("continu", TEXTE, nombres=(poids,)))
    [lu] = [p for p in poids_reglables(bareme("essai_2027")) if p.cle == "eleves_ulis"]
    assert lu.valeur == 0.2
    assert "3e tiret" in lu.reference
    assert lu.reference.endswith(GT)


def test_over_another_text_weights_without_a_category_are_left_and_new_ones_weigh(regles):
    """Aix-Marseille has `dispositif_adapte` where 2017 names SEGPA, ULIS, relais and UPE2A."""
    nouveau = Changement("contributions", "dispositif_adapte", "Dispositif adapté", 4, GT)
    sauver(adapter(nouveau, texte="aix_marseille_2018"))
    lu = bareme("essai_2027")
    assert lu.priorites.code == "aix_marseille_2018"
    assert lu.contributions["dispositif_adapte"] == 4
    assert "college_segpa" not in lu.contributions
    assert list(ecrits(regles)) == ["baremes/essai_2027.toml"]


def test_rules_of_a_repealed_text_taken_up_again_are_in_force_from_the_day_said(regles):
    adaptation = Adaptation(
        BAREME, "circulaire_91_248", libelles=(("college_segpa", "Collège avec SES"),)
    )
    sauver(adaptation)
    jeu = priorites("essai_2027")
    assert jeu.jusqu_au is None
    assert {(r.en_vigueur_le, r.jusqu_au) for r in jeu.regles} == {(DEMAIN, None)}


@pytest.mark.parametrize(
    ("depart", "partie"),
    [(BAREME, "contributions"), ("effectifs", "coefficients"), ("continu", None)],
)
def test_a_category_the_recteur_adds_is_saved_with_its_letter_its_threshold_and_its_weight(
    regles, entrepot_exemple, depart, partie
):
    """« Collèges ruraux, IPS sous 95 »: in force from the day said, weighed as the others."""
    ajout = RURAL_95 if partie else Ajout(RURAL_95.libelle, SOUS_95, LETTRE)
    sauver(Adaptation(depart, TEXTE, ajouts=(ajout,)))
    lu = bareme("essai_2027")
    [regle] = [r for r in lu.priorites.regles if r.libelle == RURAL_95.libelle]
    assert (regle.reference, regle.en_vigueur_le) == (LETTRE, DEMAIN)
    assert lu.priorites.condition_lue(regle) == "type = 'COLLEGE' and est_rural and ips < 95"
    anciennes = {r.code: r for r in priorites(TEXTE).regles}
    assert {r.code: r for r in lu.priorites.regles if r != regle} == anciennes
    if partie:
        assert getattr(lu, partie)[regle.code] == 6
        assert lu.reference_de(partie, regle.code) == LETTRE
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        membres = {
            s
            for (s,) in connexion.execute(
                "select site_id from mart_site where type = 'COLLEGE' and est_rural and ips < 95"
            ).fetchall()
        }
        sites = besoins(connexion, lu).sites
    assert {s.site_id for s in sites.itertuples() if regle.code in s.categories} == membres != set()


def test_a_category_added_twice_takes_two_codes_and_needs_two_names(regles):
    autre = Ajout("Collège rural IPS sous 95", SOUS_95, LETTRE, 2)
    lu = composer(adapter(ajouts=(RURAL_95, autre)))
    assert [r.code for r in lu.priorites.regles][-2:] == [
        "college_rural_ips_sous",
        "college_rural_ips_sous_2",
    ]


@pytest.mark.parametrize(
    ("adaptation", "mots"),
    [
        (adapter(ajouts=(Ajout("Collège rural", SOUS_95, " ", 6),)), "où cette catégorie"),
        (adapter(ajouts=(Ajout("Collège REP", SOUS_95, LETTRE, 6),)), "Deux catégories"),
        (adapter(ajouts=(Ajout("Sans critère", Criteres(), LETTRE, 6),)), "aucun critère"),
        (adapter(ajouts=(Ajout("Rural", SOUS_95, LETTRE, -1),)), "positif ou nul"),
        (
            adapter(ajouts=(Ajout("Sans SEGPA", Criteres(sans=("segpa",)), LETTRE, 9),)),
            "Un label de plus",
        ),
        (adapter(Changement("contributions", "erea", "EREA", 6)), "dit avoir choisi : EREA"),
        (adapter(Changement("contributions", "erea", "EREA", -1, GT)), "positif ou nul"),
        (adapter(Changement("contributions", "erea", "EREA", float("nan"), GT)), "positif ou nul"),
        (adapter(Changement("eleves", "LP", "LP", 0, GT)), "ne peut être nul"),
        (adapter(Changement("bornes", "plancher", "Plancher", 3, GT)), "vaut 3,0"),
        (adapter(Changement("bornes", "plafond", "Plafond", 1, GT)), "au-dessus du plafond"),
        (adapter(Changement(SEUILS, "ips_defavorise", "IPS", 1e30, GT)), "Le seuil « IPS »"),
        (adapter(libelles=(("internat", " "),)), "libellé est vide"),
        (adapter(libelles=(("internat", "EREA"),)), "Deux catégories"),
    ],
)
def test_a_number_or_a_label_that_is_not_admitted_is_refused_and_nothing_written(
    regles, adaptation, mots
):
    with pytest.raises(AtlasError) as refus:
        sauver(adaptation)
    assert mots in clair(refus.value.message())
    assert ecrits(regles) == {}


def test_floor_and_ceiling_may_both_rise_above_the_old_ceiling():
    """Judged together, not one after the other."""
    bornes = [Changement("bornes", c, c, 36, GT) for c in ("plancher", "plafond")]
    assert composer(adapter(*bornes)).bornes["plancher"] == 36


@pytest.mark.parametrize("code", [BAREME, TEXTE, "Essai", "../essai", "", "essai 2027"])
def test_a_code_that_is_shipped_or_badly_written_is_refused(regles, code):
    with pytest.raises(AtlasError):
        sauver(adapter(REP_12), code)
    assert ecrits(regles) == {}


def test_what_is_saved_is_replaced_only_when_asked(regles):
    sauver(adapter(REP_12))
    avant = ecrits(regles)
    with pytest.raises(AtlasError, match="Déjà enregistré"):
        sauver(adapter(IPS_95))
    assert ecrits(regles) == avant
    sauver(adapter(IPS_95), remplacer=True)
    assert bareme("essai_2027").contributions["college_rep_plus"] == 16
    assert adaptations.existants("essai_2027") == [
        "texte «\u202fessai_2027\u202f»",
        "barème «\u202fessai_2027\u202f»",
    ]


def test_a_save_that_fails_half_way_puts_back_what_stood_there(regles, monkeypatch):
    """The text is written, the barème is not: neither stays."""
    sauver(adapter(IPS_95))
    avant = ecrits(regles)

    def plein(*_, **__):
        raise AtlasError("Plus de place.")

    monkeypatch.setattr(adaptations, "ecrire_bareme", plein)
    with pytest.raises(AtlasError, match="Plus de place"):
        sauver(adapter(Changement(SEUILS, "ips_defavorise", "IPS", 90, GT)), remplacer=True)
    with pytest.raises(AtlasError, match="Plus de place"):
        sauver(adapter(IPS_95), "autre_2027")
    assert ecrits(regles) == avant


def test_rules_travel_from_one_machine_to_another_whatever_the_order_of_the_files(regles):
    sauver(adapter(IPS_95, REP_12))
    partis = ecrits(regles)
    attendu = bareme("essai_2027")
    supprimer("baremes", "essai_2027")
    supprimer("priorites", "essai_2027")
    assert ecrits(regles) == {}
    assert len(importer(sorted(partis.items()))) == 2
    assert ecrits(regles) == partis
    assert bareme("essai_2027") == attendu
    with pytest.raises(AtlasError, match="existe déjà"):
        importer(partis.items())
    importer(partis.items(), remplacer=True)
    assert ecrits(regles) == partis


BON = (chemins.REFERENCE / "baremes" / "national_2017.toml").read_text(encoding="utf-8")
BON = BON.replace('code = "national_2017"', 'code = "importe"')


@pytest.mark.parametrize(
    ("octets", "mots"),
    [
        (b"\xff\xfe", "illisible"),
        (b"[texte", "illisible"),
        (b"x = " + b"[" * 100_000, "illisible"),
        (b"a = 1", "ni une doctrine"),
        (b"texte = 1\nbareme = 2", "ni une doctrine"),
        (b"#" * 1_000_001, "trop grand"),
        (BON.replace("importe", "../importe").encode(), "ne peut pas être le nom"),
        (BON.replace("importe", "effectifs").encode(), "livré avec Atlas"),
        (BON.replace('"circulaire_2017_055"', '"nulle_part"').encode(), "n'existe pas"),
        (BON.replace('"circulaire_2017_055"', "3").encode(), "n'est pas ce qui est attendu"),
        (BON.replace("2026-11-21", '"hier"').encode(), "n'est pas ce qui est attendu"),
        (BON.replace("plafond = 34", "plafond = nan").encode(), "positif ou nul"),
        (BON.replace("[contributions]", "[contribution]").encode(), "n'est lu par rien"),
        (("bornes = 1\n" + BON.replace("[bornes]", "[autre]")).encode(), "attendu"),
        ((BON + "\n[references]\ninternat = 3\n").encode(), "attendu"),
        ((BON + '\n[references.contributions]\nlycee = "x"\n').encode(), "pas un nombre de"),
    ],
)
def test_a_file_that_is_no_rule_is_refused_by_its_name_and_nothing_is_written(regles, octets, mots):
    with pytest.raises(AtlasError) as refus:
        importer([("recu.toml", octets)])
    assert mots in clair(refus.value.message())
    assert ecrits(regles) == {}


def test_a_text_that_would_break_a_bareme_of_the_academie_is_not_brought(regles):
    """Without its internat, the text « essai » would leave a weight to nobody."""
    sauver(adapter(IPS_95))
    avant = ecrits(regles)
    texte = avant["priorites/essai_2027.toml"].decode()
    ampute = texte[: texte.index('[[regles]]\ncode = "internat"')]
    with pytest.raises(AtlasError, match="internat"):
        importer([("essai.toml", ampute.encode())], remplacer=True)
    assert ecrits(regles) == avant


def test_a_text_a_bareme_reads_is_not_removed_before_it(regles):
    sauver(adapter(IPS_95))
    with pytest.raises(AtlasError, match="est lu par"):
        supprimer("priorites", "essai_2027")
    for dossier in ("baremes", "priorites"):
        supprimer(dossier, "essai_2027")
    assert ecrits(regles) == {}
    for inconnu in ("essai_2027", BAREME):
        with pytest.raises(AtlasError, match="pas un fichier de l'académie"):
            supprimer("baremes", inconnu)


def test_a_bareme_of_the_academie_serves_a_proposal(entrepot_exemple):
    """The problem has its besoins, and says which barème gave them."""
    plafond = Changement("bornes", "plafond", "Plafond", 4, GT)
    sauver(adapter(plafond))
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        probleme = assembler(connexion, "005", Hypotheses(bareme="essai_2027"), graine=1)
    assert max(s.besoin for s in probleme.sites) == 4
    assert probleme.hypotheses["bareme"] == "essai_2027"
    assert jeux.est_local("baremes", "essai_2027")


def test_a_doctrine_is_brought_as_a_file_offered_and_removed():
    """Under a code of its own; one that does not hold is refused, and nothing is written."""
    livree = (chemins.REFERENCE / "doctrines" / "hybride.toml").read_text(encoding="utf-8")
    sienne = livree.replace('code = "hybride"', 'code = "la_notre"')
    faute = sienne.replace("convexite = 2", "convexite = 4")
    with pytest.raises(AtlasError, match="convexité de 4"):
        importer([("la_notre.toml", faute.encode())])
    assert jeux.locaux("doctrines") == []
    [dit] = importer([("la_notre.toml", sienne.encode())])
    assert clair(dit) == "doctrine « la_notre »"
    assert "la_notre" in {d.code for d in doctrines()}
    assert "la_notre" in set(adaptation.locales().table["Code"])
    supprimer("doctrines", "la_notre")
    assert "la_notre" not in {d.code for d in doctrines()}
