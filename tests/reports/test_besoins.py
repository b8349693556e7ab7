"""The besoins of a département under each barème, recounted by hand; golden totals and sites."""

import re
import statistics
import tomllib
from collections import Counter

import duckdb
import pandas as pd
import pytest

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot
from pipelines.reports import besoins, sensibilite
from pipelines.reports.libelles import TYPES
from pipelines.scoring.bareme import avec_poids, bareme, poids_reglables
from pipelines.scoring.besoin import mesurer, preparer
from pipelines.scoring.couverture import rythme
from pipelines.scoring.moyens import a_moyens_constants, moyens

BAREMES = ("continu", "effectifs", "national_2017")
UNITE = "½ j. par cycle"
BESOIN = f"Besoin ({UNITE})"
# half-days per cycle under continu, effectifs, national_2017
SITES_DE_REFERENCE = {
    "0059011T": (20, 18, 24),
    "0059006M": (4, 2, 10),
    "0059007N": (14, 10, 18),
    "0059182D": (30, 30, 18),
    "0059183E": (34, 34, 22),
    "0059185G": (10, 8, 18),
}
TOTAUX_REELS = {
    ("034", "continu"): (2166, {"hebdomadaire": 125}),
    ("034", "effectifs"): (1888, {"hebdomadaire": 124, "quinzaine": 1}),
    ("034", "national_2017"): (2082, {"hebdomadaire": 125}),
    ("035", "continu"): (1400, {"hebdomadaire": 97}),
    ("035", "effectifs"): (1220, {"hebdomadaire": 97}),
    ("035", "national_2017"): (1450, {"hebdomadaire": 97}),
}
CATEGORIES = (
    "Collège REP+",
    "Collège REP",
    "Écoles REP+",
    "Collège rural, public défavorisé",
    "Collège avec SEGPA",
    "EREA",
    "Collège avec ULIS",
    "Lycée professionnel",
    "Lycée polyvalent avec section professionnelle",
    "Établissement avec internat",
)
# half-days per cycle by category, in the order above; a site counts in each of its own
CATEGORIES_REELLES = {
    ("034", "continu"): (172, 100, 64, 94, 534, 4, 1116, 120, 384, 602),
    ("034", "effectifs"): (168, 86, 50, 80, 452, 2, 908, 98, 392, 596),
    ("034", "national_2017"): (232, 114, 64, 114, 568, 12, 1124, 160, 304, 570),
    ("035", "continu"): (22, 102, 6, 100, 296, 14, 488, 142, 58, 426),
    ("035", "effectifs"): (24, 78, 4, 76, 212, 10, 368, 118, 58, 420),
    ("035", "national_2017"): (32, 140, 6, 144, 290, 28, 490, 210, 52, 498),
}


def clair(texte):
    """`texte` with plain spaces."""
    return re.sub(r"\s", " ", texte)


@pytest.mark.parametrize("departement", ["004", "005", "013", "084"])
def test_the_besoins_of_2017_are_those_of_the_file_added_by_hand(entrepot_exemple, departement):
    """Base, pupils, categories, floor, ceiling and the nearest level: from the two TOML files."""
    echelle, texte = (
        tomllib.loads((chemins.REFERENCE / d / f"{c}.toml").read_text(encoding="utf-8"))
        for d, c in (("baremes", "national_2017"), ("priorites", "circulaire_2017_055"))
    )
    nombres = {nom: s["valeur"] for nom, s in texte["seuils"].items()}
    poids = echelle["contributions"]
    conditions = ", ".join(
        f"coalesce(({r['condition'].format(**nombres)}), false) as {r['code']}"
        for r in texte["regles"]
    )
    with duckdb.connect(str(entrepot_exemple), read_only=True) as connexion:
        sites = (
            connexion.execute(
                "select site_id, uai_principal, nature, type, departement, effectif, "
                f"nb_ecoles_elementaires as ecoles, {conditions} from mart_site"
            )
            .df()
            .to_dict("records")
        )
    niveaux = [n for n in reference.valeur("optimisation", "niveaux_presence") if 2 <= n <= 34]
    attendus = {}
    for site in (s for s in sites if s["departement"] == departement):
        somme = sum(poids.get(r["code"], 0) for r in texte["regles"] if site[r["code"]])
        if site["nature"] == "ecoles_rep_plus":
            somme += 2 + 2 * site["ecoles"]
        else:
            effectif = site["effectif"]
            if pd.isna(effectif):
                memes = [s for s in sites if s["type"] == site["type"]]
                connus = [s for s in memes if pd.notna(s["effectif"])]
                proches = [s for s in connus if s["departement"] == departement] or connus
                effectif = statistics.median(s["effectif"] for s in proches)
            somme += 4 + round(100 * effectif / echelle["eleves"][site["type"]]) / 100
        somme = min(max(somme, 2), 34)
        attendus[site["uai_principal"], site["type"]] = min(
            niveaux, key=lambda n, s=somme: (abs(n - s), -n)
        )
    vue = besoins.vue(entrepot_exemple, departement, "national_2017")
    types = {nom: code for code, nom in TYPES.items()}
    lus = {(r["UAI"], types[r["Type"]]): r[BESOIN] for r in vue.sites.to_dict("records")}
    assert lus == attendus
    assert clair(f"{sum(attendus.values()):,} demi-journées").replace(",", " ") in clair(vue.phrase)


@pytest.mark.parametrize("rang", range(3), ids=BAREMES)
def test_six_sites_of_the_example_keep_their_besoin_under_each_bareme(entrepot_exemple, rang):
    """Golden: a change here changes what the guide and the screens show."""
    sites = besoins.vue(entrepot_exemple, "005", BAREMES[rang]).sites.set_index("UAI")[BESOIN]
    assert {uai: sites[uai] for uai in SITES_DE_REFERENCE} == {
        uai: valeurs[rang] for uai, valeurs in SITES_DE_REFERENCE.items()
    }


@pytest.mark.reel
@pytest.mark.parametrize(("departement", "code"), list(TOTAUX_REELS))
def test_the_real_totals_by_bareme_category_and_rhythm(entrepot_reel, departement, code):
    """Golden, 034 and 035."""
    vue = besoins.vue(entrepot_reel, departement, code)
    total, classes = TOTAUX_REELS[departement, code]
    assert int(vue.sites[BESOIN].sum()) == total
    assert Counter(rythme(int(n)).value for n in vue.sites[BESOIN]) == classes
    lus = dict(zip(vue.categories["Catégorie"], vue.categories[BESOIN], strict=True))
    lus.pop("Aucune catégorie connue")
    assert lus == dict(zip(CATEGORIES, CATEGORIES_REELLES[departement, code], strict=True))


def test_the_baremes_stand_side_by_side_with_the_sums_of_their_sites(entrepot_exemple):
    vue = besoins.vue(entrepot_exemple, "013", "national_2017")
    lus = dict(zip(vue.baremes["Barème"], vue.baremes[f"Besoin total ({UNITE})"], strict=True))
    noms = besoins.baremes()
    for code in BAREMES:
        sites = besoins.vue(entrepot_exemple, "013", code).sites
        assert lus[noms[code]] == sites[BESOIN].sum()
    tranches = vue.baremes.drop(
        columns=["Barème", f"Besoin total ({UNITE})", "Moyens (% du besoin)"]
    )
    assert (tranches.sum(axis=1) == len(vue.sites)).all()


def test_under_the_transition_rule_no_site_loses_more_than_said(entrepot_exemple):
    """Today's presence less two half-days is the least of every besoin, up to the ceiling."""
    libre = besoins.vue(entrepot_exemple, "013", "national_2017").sites.set_index("UAI")
    tenue = besoins.vue(entrepot_exemple, "013", "national_2017", perte_max=2)
    sites = tenue.sites.set_index("UAI")
    aujourd_hui = sites[f"Présence aujourd'hui ({UNITE})"]
    assert (sites[BESOIN] >= (aujourd_hui - 2).clip(upper=34)).all()
    assert (sites[BESOIN].to_numpy() >= libre[BESOIN].to_numpy()).all()
    assert any("transition" in r for r in tenue.remarques)


def test_a_bareme_disagrees_with_itself_about_nothing(entrepot_exemple):
    vue = besoins.desaccord(entrepot_exemple, "005", "effectifs", "effectifs")
    assert vue.ecarts.empty
    assert "déplace 0 demi-journée" in clair(vue.phrase)


def test_the_disagreement_lists_what_moves_at_the_same_total(entrepot_exemple):
    """Half of the sum of gaps is what passes from some sites to others."""
    vue = besoins.desaccord(entrepot_exemple, "005", "national_2017", "effectifs")
    [avant, apres] = (
        besoins.vue(entrepot_exemple, "005", c).sites.set_index("UAI")[BESOIN]
        for c in ("national_2017", "effectifs")
    )
    ecarts = apres / apres.sum() * avant.sum() - avant
    attendu = round(ecarts.abs().sum() / 2)
    assert f"déplace {attendu} demi-journées" in clair(vue.phrase)
    colonne = "Écart au même total (½ j.)"
    assert (
        sorted(vue.ecarts[colonne])
        == sorted(round(float(e), 1) for e in ecarts if abs(e) >= 1)[: len(vue.ecarts)]
    )


@pytest.mark.parametrize("code", BAREMES)
def test_each_step_of_each_weight_is_the_bareme_with_that_number(entrepot_exemple, code):
    """Totals of the sensitivity table move the way of their weight; a pupil divisor, against it."""
    vue = sensibilite.vue(entrepot_exemple, "005", code)
    for ligne in vue.poids.to_dict("records"):
        sens = -1 if ligne["Unité"].startswith("élèves pour") else 1
        hausse = 1 if ligne["Déplacé de"].startswith("+") else -1
        assert ligne[f"Total ({UNITE})"] * sens * hausse >= 0, ligne
        assert ligne["Rythmes changés"] <= ligne["Besoins changés"]


def test_every_site_whose_rank_or_class_a_weight_changes_is_named(entrepot_exemple):
    """By hand: each weight a quarter up or down, ranks of the sums, classes at constant means."""
    vue = sensibilite.vue(entrepot_exemple, "005", "national_2017")
    echelle = bareme("national_2017")
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        donnees = preparer(connexion, echelle.priorites)
        disponibles = moyens(connexion)["005"].demi_journees
    siens = (donnees.sites["departement"] == "005").to_numpy()

    def classe(n):
        return sum(n >= bas for bas in (1, 2, 4)) + sum(n > haut for haut in (4, 8, 16))

    def etat(une_echelle):
        mesure = mesurer(donnees, une_echelle)
        sommes = mesure.somme[siens]
        rangs = [1 + int((sommes > s).sum()) for s in sommes]
        constants = a_moyens_constants(mesure.besoin[siens], disponibles)
        return list(zip(rangs, [classe(int(n)) for n in constants], strict=True))

    avant, nommes = etat(echelle), set()
    for poids in poids_reglables(echelle):
        for variation in (-0.25, -0.1, 0.1, 0.25):
            bouge = avec_poids(echelle, poids.partie, poids.cle, poids.valeur * (1 + variation))
            nommes |= {i for i, a in enumerate(etat(bouge)) if a != avant[i]}
    noms = donnees.sites.loc[siens, "nom"].tolist()
    assert sorted(vue.sites["Site"]) == sorted(noms[i] for i in nommes)
    assert (vue.sites["Au mieux"] <= vue.sites["Rang"]).all()
    assert (vue.sites["Au pire"] >= vue.sites["Rang"]).all()
    classes = vue.sites[vue.sites["Ce qui la change"] != "rien"]
    plus = vue.poids["Classes changées, moyens constants"].max()
    assert len(classes) >= plus > 0


@pytest.mark.parametrize(("departement", "code"), [("099", "national_2017"), ("005", "nulle_part")])
def test_an_unknown_departement_or_bareme_is_refused(entrepot_exemple, departement, code):
    for lecture in (besoins.vue, sensibilite.vue):
        with pytest.raises(AtlasError, match=r"099|nulle_part"):
            lecture(entrepot_exemple, departement, code)
