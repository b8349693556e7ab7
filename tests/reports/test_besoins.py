"""The besoins of a département under each barème, recounted by hand; golden totals and sites."""

import re
import statistics
import tomllib
from collections import Counter
from datetime import date

import duckdb
import fabrique
import pandas as pd
import pytest

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot
from pipelines.reports import adaptation, besoins, etablissement, sensibilite
from pipelines.reports.libelles import TYPES
from pipelines.scenarios import adaptations
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
# sites by size of besoin: half a day, a day, two days a week at most, then more
TRANCHES_REELLES = {
    ("034", "continu"): (2, 14, 53, 56),
    ("034", "effectifs"): (3, 24, 59, 39),
    ("034", "national_2017"): (0, 8, 66, 51),
    ("035", "continu"): (0, 13, 58, 26),
    ("035", "effectifs"): (4, 20, 55, 18),
    ("035", "national_2017"): (0, 2, 70, 25),
}
CATEGORIES = (
    "Collège REP+",
    "Collège REP",
    "Écoles REP+",
    "Collège rural à public défavorisé",
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
    # the rhythms are nearly all weekly: the sizes tell what moves between them
    tailles = besoins.tranches(vue.sites[BESOIN].to_numpy())
    assert tuple(tailles.values()) == TRANCHES_REELLES[departement, code]
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


def classe(n):
    """The class of a presence at constant means, by its bounds."""
    return sum(n >= bas for bas in (1, 2, 4)) + sum(n > haut for haut in (4, 8, 16))


@pytest.fixture(scope="module")
def pas_a_pas(entrepot_exemple):
    """The 005 under the barème of 2017, then each weight a tenth and a quarter up or down.

    Names of the sites, what they are (besoin, rank, class at constant means, rhythm), and the same
    by (label of the weight, variation).
    """
    echelle = bareme("national_2017")
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        donnees = preparer(connexion, echelle.priorites)
        disponibles = moyens(connexion)["005"].demi_journees
    siens = (donnees.sites["departement"] == "005").to_numpy()

    def etat(une_echelle):
        mesure = mesurer(donnees, une_echelle)
        sommes, besoin = mesure.somme[siens], mesure.besoin[siens]
        rangs = [1 + int((sommes > s).sum()) for s in sommes]
        constants = [classe(int(n)) for n in a_moyens_constants(besoin, disponibles)]
        rythmes = [rythme(int(n)) for n in besoin]
        return list(zip(besoin.tolist(), rangs, constants, rythmes, strict=True))

    bouges = {
        (poids.libelle, variation): etat(
            avec_poids(echelle, poids.partie, poids.cle, poids.valeur * (1 + variation))
        )
        for poids in poids_reglables(echelle)
        for variation in (-0.25, -0.1, 0.1, 0.25)
        if poids.valeur
    }
    return donnees.sites.loc[siens, "nom"].tolist(), etat(echelle), bouges


@pytest.fixture(scope="module")
def sensibilite_005(entrepot_exemple):
    """The view under test."""
    return sensibilite.vue(entrepot_exemple, "005", "national_2017")


def variation_lue(mot):
    """« −25 % » as a number."""
    return int(clair(mot).replace("−", "-").replace("%", "").replace("+", "")) / 100


def test_every_site_whose_rank_or_class_a_weight_changes_is_named(pas_a_pas, sensibilite_005):
    """By hand: ranks of the sums, classes at constant means."""
    vue = sensibilite_005
    noms, avant, bouges = pas_a_pas
    nommes = {i for etat in bouges.values() for i, a in enumerate(etat) if a[1:] != avant[i][1:]}
    assert sorted(vue.sites["Site"]) == sorted(noms[i] for i in nommes)
    assert (vue.sites["Au mieux"] <= vue.sites["Rang"]).all()
    assert (vue.sites["Au pire"] >= vue.sites["Rang"]).all()
    classes = vue.sites[vue.sites["Ce qui la change"] != "rien"]
    plus = vue.poids["Classes changées, moyens constants"].max()
    assert len(classes) >= plus > 0


def test_each_step_of_a_weight_counts_the_besoins_ranks_and_classes_it_changes(
    pas_a_pas, sensibilite_005
):
    """Counted by hand; first the weights that change the rank or the class of most sites."""
    _, avant, bouges = pas_a_pas
    total = sum(a[0] for a in avant)
    colonnes = ["Besoins", "Rangs", "Classes", "Rythmes"]
    titres = dict(zip(colonnes, sensibilite_005.poids.columns[[4, 5, 7, 6]], strict=True))
    for ligne in sensibilite_005.poids.to_dict("records"):
        etat = bouges[ligne["Poids"], variation_lue(ligne["Déplacé de"])]
        comptes = [sum(e[k] != a[k] for e, a in zip(etat, avant, strict=True)) for k in range(4)]
        assert [ligne[titres[c]] for c in colonnes] == comptes, ligne
        assert ligne[f"Total ({UNITE})"] == sum(e[0] for e in etat) - total
    touches, portees = {}, {}
    for (libelle, _), etat in bouges.items():
        nb = sum(e[1:] != a[1:] for e, a in zip(etat, avant, strict=True))
        touches[libelle] = max(touches.get(libelle, 0), nb)
        portees[libelle] = max(portees.get(libelle, 0), abs(sum(e[0] for e in etat) - total))
    ordre = list(dict.fromkeys(sensibilite_005.poids["Poids"]))
    cles = [(touches[p], portees[p]) for p in ordre]
    assert cles == sorted(cles, reverse=True)
    assert set(ordre) == touches.keys()
    phrase = clair(sensibilite_005.phrase)
    a, b, c = ordre[:3]
    assert phrase.startswith(
        f"Les rangs et les classes tiennent surtout à « {a} », « {b} » et « {c} » (jusqu'à "
        f"{touches[a]} sites en changent)"
    )


def test_the_bars_of_the_sensitivity_are_the_change_of_the_total_a_quarter_down_and_up(
    pas_a_pas, sensibilite_005
):
    _, avant, bouges = pas_a_pas
    total = sum(a[0] for a in avant)
    barres = sensibilite_005.dessin.data
    assert [clair(b.name) for b in barres] == ["poids −25 %", "poids +25 %"]
    for barre, variation in zip(barres, (-0.25, 0.25), strict=True):
        attendus = {
            libelle: sum(e[0] for e in etat) - total
            for (libelle, v), etat in bouges.items()
            if v == variation
        }
        assert dict(zip(barre.y, barre.x, strict=True)) == {y: attendus[y] for y in barre.y}
    assert any(barres[0].x)


def test_a_site_said_higher_has_a_rank_of_a_smaller_number(pas_a_pas, sensibilite_005):
    """Rank 1 is the greatest need: « plus haut » goes towards it."""
    noms, avant, bouges = pas_a_pas
    sens = {"haut": -1, "bas": 1}
    vus = set()
    for site, rang, mots in sensibilite_005.sites[
        ["Site", "Rang", "Ce qui le déplace le plus"]
    ].itertuples(index=False):
        if mots == "—":
            continue
        poids, nb, mot = re.fullmatch(r"(.+) : (\d+) rangs? plus (haut|bas)", clair(mots)).groups()
        [(libelle, variation)] = re.findall(r"(.+) ([+−]\d+ %)$", poids)
        etat = bouges[libelle, variation_lue(variation)]
        ecarts = [
            e[1] - a[1]
            for nom, e, a in zip(noms, etat, avant, strict=True)
            if (nom, a[1]) == (site, rang)
        ]
        assert sens[mot] * int(nb) in ecarts, mots
        vus.add(mot)
    assert vus == {"haut", "bas"}


def membres_de(sites, libelle):
    """True for the sites whose categories hold that label."""
    return [libelle in clair(mots).split(" ; ") for mots in sites["Catégories prioritaires"]]


def test_each_category_sums_the_besoins_and_constant_means_of_its_own_sites(entrepot_exemple):
    """Recounted from the table of the sites, where each says its categories."""
    vue = besoins.vue(entrepot_exemple, "005", "national_2017")
    constants = f"À moyens constants ({UNITE})"
    assert len(vue.categories) > 1
    for ligne in vue.categories[:-1].to_dict("records"):
        siens = vue.sites[membres_de(vue.sites, ligne["Catégorie"])]
        assert len(siens) == ligne["Sites"]
        assert siens[BESOIN].sum() == ligne[BESOIN]
        assert siens[constants].sum() == ligne[constants]
    assert (vue.categories[constants] < vue.categories[BESOIN]).all()


def test_the_disagreement_by_category_is_the_share_each_bareme_gives_its_sites(entrepot_exemple):
    vue = besoins.desaccord(entrepot_exemple, "005", "national_2017", "effectifs")
    parts = {}
    for rang, code in (("premier", "national_2017"), ("second", "effectifs")):
        sites = besoins.vue(entrepot_exemple, "005", code).sites
        for libelle in vue.categories["Catégorie"]:
            siens = sites.loc[membres_de(sites, libelle), BESOIN].sum()
            parts[libelle, rang] = round(100 * siens / sites[BESOIN].sum(), 1)
    lues = {
        (ligne["Catégorie"], rang): ligne[f"Part du besoin, {rang} (%)"]
        for ligne in vue.categories.to_dict("records")
        for rang in ("premier", "second")
    }
    assert lues == pytest.approx(parts)
    assert any(lues[c, "premier"] != lues[c, "second"] for c, _ in lues)


def test_without_a_poste_what_the_means_allow_is_unknown_and_not_zero(tmp_path):
    """No file of postes: nothing is shared out, and the page says which file would tell."""
    base = fabrique.construire(fabrique.petit_departement(tmp_path / "sources"))
    vue = besoins.vue(base, "034", "national_2017")
    for table, colonne in (
        (vue.sites, f"À moyens constants ({UNITE})"),
        (vue.categories, f"À moyens constants ({UNITE})"),
        (vue.baremes, "Moyens (% du besoin)"),
        (sensibilite.vue(base, "034", "national_2017").poids, "Classes changées, moyens constants"),
    ):
        assert len(table)
        assert table[colonne].isna().all(), colonne
    assert "inconnu, aucun poste n'est connu ici" in " ".join(vue.remarques)
    with duckdb.connect(str(base), read_only=True) as connexion:
        lus = connexion.execute("select distinct besoin_a_moyens_constants from mart_besoin")
        assert lus.fetchall() == [(None,)]
    effet = adaptation.effet(base, "034", adaptation.sans_changement("national_2017"))
    for table in (effet.sites, effet.categories):
        assert not [c for c in table.columns if c.startswith("Constants")]
    assert not effet.totaux["Dans le département"].str.contains("constants").any()


def test_a_site_the_ceiling_lets_lose_more_than_the_transition_rule_is_named(tmp_path):
    """60 half-days today, 4 to lose at most, a ceiling of 34: 34 is said, and why."""
    sources = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_postes(sources, [fabrique.poste("P1"), fabrique.poste("P2")])
    donnees = {"uai": fabrique.uai(1), "demi_journees": "30", "periodicite": "mois"}
    fabrique.ecrire_presences(sources, [{**donnees, "poste_id": p} for p in ("P1", "P2")])
    vue = besoins.vue(fabrique.construire(sources), "034", "national_2017", perte_max=4)
    remarques = clair(" ".join(vue.remarques))
    assert "sous la présence d'aujourd'hui, dans la limite du plafond (34)" in remarques
    assert "À cause du plafond, 1 site descend de plus : Collège fictif 1" in remarques
    assert "de 60 à 34" in remarques


def test_a_category_that_is_no_priority_says_so_wherever_it_names_a_site(
    entrepot_exemple, tmp_path, monkeypatch
):
    """Aix-Marseille 2018: a lycée général is of a category, and is no priority for that."""
    monkeypatch.setattr(chemins, "REGLES", tmp_path / "regles")
    adaptation_2018 = adaptations.Adaptation("national_2017", "aix_marseille_2018")
    adaptations.enregistrer(adaptation_2018, "aix_2027", "Aix 2027", "Essai.", date(2027, 9, 1))
    vue = besoins.vue(entrepot_exemple, "005", "aix_2027")
    nom = "Lycée général et technologique (pas une priorité)"
    assert nom in set(vue.categories["Catégorie"])
    siens = vue.sites[vue.sites["Catégories prioritaires"].str.contains(nom, regex=False)]
    assert set(siens["Type"]) <= {TYPES["LEGT"], TYPES["LPO"]}
    [uai, *_] = siens["UAI"]
    commun = etablissement.fond(entrepot_exemple, "005", "aix_2027")
    lue = etablissement.fiche(entrepot_exemple, "005", uai, commun)
    assert nom in set(lue.categories["Catégorie"])


@pytest.mark.parametrize(("departement", "code"), [("099", "national_2017"), ("005", "nulle_part")])
def test_an_unknown_departement_or_bareme_is_refused(entrepot_exemple, departement, code):
    for lecture in (besoins.vue, sensibilite.vue):
        with pytest.raises(AtlasError, match=r"099|nulle_part"):
            lecture(entrepot_exemple, departement, code)
