"""The doctrines side by side: every number of the table counted again from the plans."""

import csv
import io
import json
import re
import shutil

import pytest
from python_calamine import CalamineWorkbook

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import pourcentage
from pipelines.marts import entrepot
from pipelines.planning.assemblage import Hypotheses
from pipelines.reports import doctrines, libelles
from pipelines.scenarios import comparaisons

CODES = ("priorites_d_abord", "couverture_de_tous", "hybride")
NOMS = ("Priorités d'abord", "Couverture de tous", "Hybride")


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


@pytest.fixture(scope="module")
def dossier(entrepot_exemple, tmp_path_factory):
    """A comparison of the 005."""
    sortie = tmp_path_factory.mktemp("doctrines") / "005"
    comparaisons.comparer(
        entrepot_exemple, "005", graine=1, duree_max_s=2, hypotheses=Hypotheses(), sortie=sortie
    )
    return sortie


@pytest.fixture(scope="module")
def vue(entrepot_exemple, dossier):
    return doctrines.vue(entrepot_exemple, dossier, CODES, 4)


@pytest.fixture(scope="module")
def cartes(entrepot_exemple, dossier):
    """The maps by share of the besoin, then by rhythm."""
    return [
        doctrines.cartes_des_doctrines(entrepot_exemple, dossier, CODES, couleur)[0]
        for couleur in doctrines.COULEURS
    ]


@pytest.fixture(scope="module")
def probleme(dossier):
    return json.loads((dossier / CODES[0] / "probleme.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def plans(dossier, probleme):
    """Today, then each doctrine: site → half-days, and (poste, site) → half-days."""
    tous = [
        {
            (p["poste_id"], p["site_id"]): p["demi_journees_cycle"]
            for p in probleme["presences_actuelles"]
        }
    ]
    for code in CODES:
        with (dossier / code / "plan.csv").open(encoding="utf-8") as flux:
            tous.append(
                {
                    (p["poste_id"], p["site_id"]): int(p["demi_journees_cycle"])
                    for p in csv.DictReader(flux)
                }
            )
    return tous


def par_site(plan):
    totaux = {}
    for (_, site), n in plan.items():
        totaux[site] = totaux.get(site, 0) + n
    return totaux


def ligne(vue, debut):
    """The cells of the row of the indices that begins by `debut`: today, then each doctrine."""
    [trouvee] = [
        i for i, nom in enumerate(vue.indices["Indice"]) if clair(nom).startswith(clair(debut))
    ]
    return [clair(c) for c in vue.indices.iloc[trouvee, 1:]]


def test_the_columns_are_today_then_the_doctrines_in_their_order(vue):
    assert tuple(vue.indices.columns) == ("Indice", "Aujourd'hui", *NOMS)


def test_sites_under_a_useful_presence_are_those_of_the_plans(vue, plans, probleme):
    attendus = [
        sum(par_site(plan).get(s["site_id"], 0) < 4 for s in probleme["sites"]) for plan in plans
    ]
    lus = [int(c.split(" ")[0]) for c in ligne(vue, "Sites sous")]
    assert lus == attendus
    dits = [int(n) for n in re.findall(r"\d+", clair(vue.phrase).split(" : ")[1].split(".")[0])]
    assert dits == [*attendus[1:], attendus[0]]


def test_another_threshold_counts_other_sites(entrepot_exemple, dossier, plans, probleme):
    autre = doctrines.vue(entrepot_exemple, dossier, CODES, 8)
    attendus = [
        sum(par_site(plan).get(s["site_id"], 0) < 8 for s in probleme["sites"]) for plan in plans
    ]
    assert [int(c.split(" ")[0]) for c in ligne(autre, "Sites sous")] == attendus
    assert "1 journée par semaine" in clair(autre.phrase)


def test_priority_sites_won_and_lost_are_counted_from_today(vue, plans, probleme):
    prioritaires = [s["site_id"] for s in probleme["sites"] if s["categories"]]
    avant = par_site(plans[0])
    for verbe, signe in (("gagnent", 1), ("la perdent", -1)):
        attendus = [
            sum(
                (avant.get(s, 0) < 4 <= apres.get(s, 0))
                if signe > 0
                else (apres.get(s, 0) < 4 <= avant.get(s, 0))
                for s in prioritaires
            )
            for apres in map(par_site, plans[1:])
        ]
        lus = ligne(vue, f"Sites prioritaires qui {verbe}")
        assert lus == ["—", *map(str, attendus)]


@pytest.mark.parametrize("seuil", [4, 8])
def test_each_priority_site_won_or_lost_is_named_with_the_side_it_ends_on(
    entrepot_exemple, dossier, plans, probleme, seuil
):
    """Every site counted is in the table, under the doctrine that counts it, and no other."""
    vue = doctrines.vue(entrepot_exemple, dossier, CODES, seuil)
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        sites = entrepot.lire(connexion, "mart_site", "005")
    noms = {s.site_id: (s.nom, s.commune) for s in sites.itertuples()}
    avant = par_site(plans[0])
    attendues = {}
    for s in (s["site_id"] for s in probleme["sites"] if s["categories"]):
        apres = [par_site(p).get(s, 0) for p in plans[1:]]
        cotes = [
            "▲" if avant.get(s, 0) < seuil <= n else "▼" if n < seuil <= avant.get(s, 0) else "="
            for n in apres
        ]
        if set(cotes) != {"="}:
            attendues[noms[s]] = [f"{c} {n}" for c, n in zip(cotes, apres, strict=True)]
    lues = {
        (r["Site"], r["Commune"]): [r[nom] for nom in NOMS] for r in vue.franchis.to_dict("records")
    }
    assert lues == attendues != {}


def test_what_is_imposed_on_postes_and_sites_is_counted_from_the_plans(vue, plans):
    """A poste whose list of sites changes, a site whose postes change, a site that gets less."""
    liens = [{c for c, n in plan.items() if n} for plan in plans]
    for rang, debut in ((0, "Postes dont un site"), (1, "Sites dont un poste")):
        attendus = [len({couple[rang] for couple in liens[0] ^ siens}) for siens in liens[1:]]
        assert ligne(vue, debut) == ["—", *map(str, attendus)]
    avant = par_site(plans[0])
    moins = [sum(par_site(p).get(s, 0) < n for s, n in avant.items()) for p in plans[1:]]
    assert ligne(vue, "Sites qui ont moins") == ["—", *map(str, moins)]


def test_the_share_of_the_besoin_met_is_that_of_the_plans_whoever_is_weighed(vue, plans, probleme):
    """For all sites, for priority sites, and for each category."""
    groupes = {"Besoin couvert, tous les sites": probleme["sites"]}
    groupes["Besoin couvert, sites prioritaires"] = [
        s for s in probleme["sites"] if s["categories"]
    ]
    groupes["Besoin couvert, Lycée professionnel"] = [
        s for s in probleme["sites"] if "lycee_professionnel" in s["categories"]
    ]
    groupes["Besoin couvert, Hors catégorie"] = [
        s for s in probleme["sites"] if not s["categories"] and not s["categories_inconnues"]
    ]
    for nom, sites in groupes.items():
        besoin = sum(s["besoin"] for s in sites)
        attendus = [
            pourcentage(
                sum(min(s["besoin"], par_site(p).get(s["site_id"], 0)) for s in sites) / besoin
            )
            for p in plans
        ]
        assert ligne(vue, nom) == [clair(a) for a in attendus], nom


def test_travel_changes_and_proof_are_those_of_each_plan(vue, dossier, plans, probleme):
    """Travel today is counted by the same formula as the objective."""
    etages = [
        {
            e["code"]: e
            for e in json.loads((dossier / c / "resume.json").read_text(encoding="utf-8"))["etages"]
        }
        for c in CODES
    ]
    changements = [str(e["changements"]["valeur"]) for e in etages]
    assert ligne(vue, "Liens entre un poste et un site qui changent") == ["—", *changements]
    rang_p = {p["poste_id"]: i for i, p in enumerate(probleme["postes"])}
    rang_s = {s["site_id"]: i for i, s in enumerate(probleme["sites"])}
    for plan, lu in zip(plans, ligne(vue, "Trajets"), strict=True):
        minutes = 0
        for (poste, site), n in plan.items():
            m = probleme["minutes"][rang_p[poste]][rang_s[site]]
            minutes += 2 * (45 if m is None else m) * -(-n // 2)
        assert lu == str(round(minutes / 60))
    ecarts = [clair(pourcentage(e["manque"]["part_ecart"], 1)) for e in etages]
    assert ligne(vue, "Écart au meilleur plan possible") == ["—", *ecarts]


def test_a_bound_that_proves_nothing_is_not_shown_as_a_distance():
    assert "non prouvé" in doctrines._preuve(1.0)
    assert clair(doctrines._preuve(0.004)) == clair("0,4 %")


def test_the_sites_that_differ_are_those_whose_presence_does_and_no_other(vue, plans, probleme):
    uai = {s["site_id"]: s["site_id"].removeprefix("RESEAU-") for s in probleme["sites"]}
    totaux = [par_site(p) for p in plans[1:]]
    attendus = sorted(
        uai[s["site_id"]]
        for s in probleme["sites"]
        if len({t.get(s["site_id"], 0) for t in totaux}) > 1
    )
    assert sorted(vue.differences["UAI"]) == attendus
    assert len(vue.differences) > 0
    presences = vue.differences[list(NOMS)]
    ecart = presences.max(axis=1) - presences.min(axis=1)
    assert vue.differences["Écart (½ j. par cycle)"].tolist() == ecart.tolist()
    assert ecart.tolist() == sorted(ecart, reverse=True)


def test_every_site_is_in_the_table_twin_of_the_maps(vue, plans, probleme):
    assert len(vue.sites) == len(probleme["sites"])
    for nom, plan in zip(("Aujourd'hui", *NOMS), plans, strict=True):
        assert vue.sites[nom].sum() == sum(plan.values())


def test_the_maps_share_their_view_and_their_legend(cartes):
    """Three pairs of axes that move together; no entry of the legend written twice."""
    [carte, autre] = cartes
    mise_en_page = carte.layout
    assert [a.text for a in mise_en_page.annotations] == list(NOMS)
    assert mise_en_page.xaxis2.matches == mise_en_page.xaxis3.matches == "x"
    assert mise_en_page.yaxis2.matches == mise_en_page.yaxis3.matches == "y"
    for figure in (carte, autre):
        entrees = [t.name for t in figure.data if t.showlegend is not False and t.name]
        assert len(entrees) == len(set(entrees)) > 3
    places = {}
    for trace in carte.data:
        if trace.customdata is not None:
            places.setdefault(trace.xaxis, set()).update(trace.customdata)
    assert len(places) == 3
    assert places["x"] == places["x2"] == places["x3"]


def test_colours_by_share_never_pass_for_those_of_the_rhythm(cartes):
    """Two meanings, two scales; each class of the share named by its bounds."""
    noms = [
        {t.name: t.marker.line.color for t in figure.data if t.name and t.showlegend}
        for figure in cartes
    ]
    formes = noms[0].keys() & noms[1].keys()
    classes = [{n: c for n, c in carte.items() if n not in formes} for carte in noms]
    assert all(re.search(r"\d", nom) for nom in classes[0])
    assert all(not re.search(r"\d", nom) for nom in classes[1])
    bleus = set(libelles.COULEURS_RYTHME.values()) - {("#FFFFFF", "#B22222")}
    assert not bleus & set(libelles.COULEURS_PART)


def test_the_workbook_says_the_data_are_simulated_and_holds_every_table(vue):
    lu = CalamineWorkbook.from_filelike(io.BytesIO(vue.classeur))
    assert lu.sheet_names == [
        "Lecture",
        "Indices",
        "Doctrines",
        "Prioritaires gagnés et perdus",
        "Sites qui diffèrent",
        "Tous les sites",
    ]
    lecture = " ".join(str(c) for r in lu.get_sheet_by_name("Lecture").to_python() for c in r)
    assert "simulés" in lecture
    assert vue.phrase in lecture
    indices = lu.get_sheet_by_name("Indices").to_python()
    assert len(indices) == len(vue.indices) + 1


def test_no_poste_is_named_in_what_compares_doctrines(vue, probleme):
    """A sector is one person's work: the comparison speaks of sites."""
    tables = (vue.indices, vue.franchis, vue.differences, vue.sites)
    texte = "".join(t.to_csv() for t in tables) + vue.phrase
    assert not [p["poste_id"] for p in probleme["postes"] if p["poste_id"] in texte]


def test_two_doctrines_out_of_three_are_compared_and_the_missing_one_is_said(
    entrepot_exemple, dossier
):
    """After a stop: what was computed is shown, the rest is named."""
    deux = doctrines.vue(entrepot_exemple, dossier, CODES[:2], 4)
    assert tuple(deux.indices.columns[2:]) == NOMS[:2]
    assert any("« Hybride » n'a pas été calculée" in clair(n) for n in deux.mises_en_garde)
    une = doctrines.vue(entrepot_exemple, dossier, CODES[:1], 4)
    assert any("n'ont pas été calculées" in n for n in une.mises_en_garde)
    assert une.differences.empty
    assert "selon la doctrine" not in une.phrase


def test_a_plan_stopped_early_is_said_so(entrepot_exemple, dossier, tmp_path):
    copie = tmp_path / "copie"
    shutil.copytree(dossier, copie)
    fichier = copie / CODES[1] / "resume.json"
    resume = json.loads(fichier.read_text(encoding="utf-8"))
    fichier.write_text(json.dumps({**resume, "arret_par": "utilisateur"}), encoding="utf-8")
    vue = doctrines.vue(entrepot_exemple, copie, CODES, 4)
    [note] = vue.mises_en_garde
    assert clair("« Couverture de tous »") in clair(note)


def test_plans_of_other_data_are_refused_with_what_to_do(entrepot_exemple, dossier, tmp_path):
    copie = tmp_path / "copie"
    shutil.copytree(dossier, copie)
    with (copie / CODES[0] / "plan.csv").open("a", encoding="utf-8") as flux:
        flux.write("P,DISPARU,4\n")
    with pytest.raises(AtlasError) as refus:
        doctrines.vue(entrepot_exemple, copie, CODES, 4)
    assert "DISPARU" in refus.value.quoi
    assert "relancer" in refus.value.remede


def test_the_thresholds_offered_are_levels_a_poste_can_give():
    assert list(doctrines.seuils()) == [1, 2, 4, 6, 8]
    assert doctrines.seuil_par_defaut() in doctrines.seuils()
