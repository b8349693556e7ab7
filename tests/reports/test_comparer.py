"""Répartitions side by side: hand-made cases told in words, and sums that agree on real figures."""

import io
import re
from dataclasses import replace

import pytest
from python_calamine import CalamineWorkbook

from pipelines.base.erreurs import AtlasError
from pipelines.planning.assemblage import Hypotheses
from pipelines.planning.probleme import Poste, Presence, Probleme, Reglages, Site, Verrou
from pipelines.reports import comparer, ecarts
from pipelines.reports.divergences import divergences
from pipelines.reports.proposition_lue import CategorieDAlors
from pipelines.reports.raisons import liens_du_site, raisons
from pipelines.reports.repartition import Repartition, Reunion, aujourd_hui, reunir
from pipelines.scenarios import propositions

CATEGORIES = (CategorieDAlors("rep", "Collège REP", True), CategorieDAlors("lp", "Lycée pro", True))
SITES = {"A": ("rep",), "B": (), "C": ("lp",), "D": ()}
BESOINS = {"A": 8, "B": 8, "C": 4, "D": 4}
POIDS = {"A": 6, "B": 1, "C": 4, "D": 1}
BASSINS = {"A": "Est", "B": "Est", "C": "Ouest", "D": None}
MINUTES = {"P1": (0, 10, 20, 50), "P2": (10, 0, 30, 20)}


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


def probleme(**autres):
    """Two postes of 12 half-days, four sites of two bassins."""
    valeurs = {
        "departement": "034",
        "graine": 1,
        "empreinte_donnees": "abc",
        "est_simule": True,
        "reglages": Reglages(
            niveaux=(0, 2, 4, 8),
            duree_trajet_max_min=45,
            tolerance_manque=0.0,
            tolerance_changements=0.0,
            echelle_manque=100,
        ),
        "sites": tuple(site(s) for s in SITES),
        "postes": tuple(poste(p, r) for p, r in (("P1", "A"), ("P2", "B"))),
        "minutes": tuple(MINUTES.values()),
        "km": tuple(tuple(float(m) for m in ligne) for ligne in MINUTES.values()),
        "presences_actuelles": (Presence("P1", "A", 2), Presence("P1", "B", 8)),
        "hypotheses": {"doctrine": "priorites_d_abord", "duree_trajet_max_min": 45},
    }
    return Probleme(**{**valeurs, **autres})


def site(site_id, **autres):
    return replace(
        Site(
            site_id,
            f"Site {site_id}",
            "etablissement",
            BESOINS[site_id],
            POIDS[site_id],
            2,
            SITES[site_id],
            BASSINS[site_id],
            None,
            None,
            100 * BESOINS[site_id],
        ),
        **autres,
    )


def poste(poste_id, residence, quotite=1.0, capacite=12):
    return Poste(poste_id, quotite, "occupe", capacite, 3, residence, None, None, "Est")


def repartition(libelle, *presences, **du_probleme):
    return Repartition(
        libelle,
        probleme(**du_probleme),
        tuple(Presence(*p) for p in presences),
        CATEGORIES,
        "Un barème",
    )


def pourquoi(x, y, site_id):
    """The reasons told of one site."""
    table = ecarts.table_sites(x, y, Reunion.de((x, y)))
    [raison] = table.loc[table["UAI"] == site_id, "Pourquoi"]
    return clair(raison)


@pytest.fixture
def avant():
    return repartition("Avant", ("P1", "A", 2), ("P1", "B", 8))


@pytest.fixture
def apres():
    return repartition("Après", ("P1", "A", 8), ("P2", "B", 4), ("P2", "C", 4))


class TestCasFaitALaMain:
    """A gains 6, C gains 4, B loses 4 and changes poste."""

    def test_the_sentence_counts_sites_half_days_and_links(self, avant, apres):
        phrase = clair(ecarts.phrase(avant, apres, Reunion.de((avant, apres))))
        assert phrase == (
            "De « Avant » à « Après » : 2 sites gagnent 10 demi-journées par cycle, 1 en perd 4 ; "
            "3 liens entre un poste et un site changent."
        )

    def test_two_equal_plans_are_said_equal(self, avant):
        autre = replace(avant, libelle="Copie")
        vue = comparer.vue((avant, autre))
        assert "donnent les mêmes présences" in vue.phrase
        assert vue.passages[0].sites.empty
        assert vue.passages[0].postes.empty

    def test_each_site_that_changes_has_its_postes_before_and_after(self, avant, apres):
        table = ecarts.table_sites(avant, apres, Reunion.de((avant, apres))).set_index("UAI")
        assert list(table.index) == ["A", "B", "C"]
        assert table.loc["A", ["Avant", "Après"]].tolist() == [2, 8]
        assert clair(table.loc["A", "Écart"]) == "▲ +6"
        assert clair(table.loc["B", "Écart"]) == "▼ −4"
        assert clair(table.loc["B", "Postes"]) == "P1 : 8 → 0 ; P2 : 0 → 4"

    def test_each_poste_that_changes_has_its_sites_load_and_travel(self, avant, apres):
        """P2 goes 30 minutes to C for two days: 2 × 30 × 2 = 120 minutes a cycle."""
        table = ecarts.table_postes(avant, apres, Reunion.de((avant, apres))).set_index("Poste")
        assert clair(table.loc["P1", "Sites quittés"]) == "Site B (▼ −8)"
        assert clair(table.loc["P2", "Sites gagnés"]) == "Site B (▲ +4), Site C (▲ +4)"
        assert table.loc["P1", "Donné (½ j.)"] == "10 → 8"
        assert table.loc["P2", "Trajets (min par cycle)"] == "0 → 120"

    def test_a_category_gains_what_its_sites_gain(self, avant, apres):
        table = ecarts.par_categorie(avant, apres, Reunion.de((avant, apres)))
        table = table.set_index("Catégorie")
        nombres = ["Sites", "Avant", "Gains", "Pertes", "Après"]
        assert table.loc["Collège REP", nombres].tolist() == [1, 2, 6, 0, 8]
        assert table.loc["Hors catégorie prioritaire", nombres].tolist() == [2, 8, 0, 4, 4]
        assert table.loc["Tous les sites", nombres].tolist() == [4, 10, 10, 4, 16]

    def test_a_site_of_no_known_bassin_is_in_a_group_of_its_own(self, avant, apres):
        table = ecarts.par_bassin(avant, apres, Reunion.de((avant, apres))).set_index("Bassin")
        assert table["Sites"].to_dict() == {
            "Bassin inconnu": 1,
            "Est": 2,
            "Ouest": 1,
            "Tous les sites": 4,
        }

    def test_a_gain_is_told_by_the_category_and_the_site_that_gives_up_the_time(self, avant, apres):
        raison = pourquoi(avant, apres, "A")
        assert "catégorie servie d'abord : Collège REP (poids 6, de 1 à 6 ici)" in raison
        assert "P1 libère du temps ailleurs : Site B ▼ −8 (poids 1 ; ici 6)" in raison

    def test_a_loss_is_told_by_where_the_poste_goes(self, avant, apres):
        assert "P1 va ailleurs : Site A ▲ +6 (poids 6 ; ici 1)" in pourquoi(avant, apres, "B")

    def test_a_change_of_poste_alone_is_told_with_its_travel(self, avant):
        autre = repartition("Après", ("P1", "A", 2), ("P2", "B", 8))
        assert pourquoi(avant, autre, "B") == "même présence, de P1 à P2, à 0 min au lieu de 10"

    def test_a_lock_that_makes_a_link_is_the_reason_one_that_keeps_it_is_not(self, avant):
        verrous = (Verrou("P2", "C", "impose"), Verrou("P1", "A", "impose"))
        autre = repartition("Après", ("P1", "A", 8), ("P2", "C", 4), verrous=verrous)
        assert "un verrou impose P2" in pourquoi(avant, autre, "C")
        assert "verrou" not in pourquoi(avant, autre, "A")

    def test_a_forbidden_link_is_told_of_the_site_that_loses_it(self, avant):
        autre = repartition("Après", ("P1", "A", 8), verrous=(Verrou("P1", "B", "interdit"),))
        assert "un verrou interdit P1" in pourquoi(avant, autre, "B")

    def test_a_besoin_that_changes_is_told(self, avant):
        sites = tuple(site(s, **({"besoin": 4} if s == "B" else {})) for s in SITES)
        autre = repartition("Après", ("P1", "A", 2), ("P1", "B", 4), sites=sites)
        assert "son besoin passe de 8 à 4" in pourquoi(avant, autre, "B")

    def test_a_travel_limit_that_shuts_a_poste_out_is_told_with_the_minutes(self):
        x = repartition(
            "Loin", ("P1", "D", 4), reglages=replace(probleme().reglages, duree_trajet_max_min=60)
        )
        y = repartition("Près", ("P2", "D", 2))
        assert "P1 est à 50 min, plus que 45" in pourquoi(x, y, "D")

    def test_a_weight_of_another_doctrine_is_told(self, avant):
        sites = tuple(site(s, **({"poids": 3} if s == "A" else {})) for s in SITES)
        autre = repartition("Après", ("P1", "A", 1), ("P1", "B", 8), sites=sites)
        assert "la doctrine lui donne un poids de 3 au lieu de 6" in pourquoi(avant, autre, "A")

    def test_a_weight_that_rises_does_not_tell_a_loss(self, avant):
        sites = tuple(site(s, **({"poids": 3} if s == "B" else {})) for s in SITES)
        autre = repartition("Après", ("P1", "A", 2), ("P1", "B", 4), sites=sites)
        assert "doctrine" not in pourquoi(avant, autre, "B")

    def test_what_a_site_had_beyond_its_besoin_is_told(self):
        x = repartition("Avant", ("P1", "B", 12))
        y = repartition("Après", ("P1", "B", 8))
        assert "il avait plus que son besoin (12 pour 8)" in pourquoi(x, y, "B")


class TestDemiPoste:
    """Half a post leaves the résidence A for the résidence B."""

    @pytest.fixture
    def deplace(self):
        return repartition(
            "Déplacé",
            ("P1", "A", 2),
            ("P1", "B", 4),
            ("P2", "C", 4),
            ("P2", "B", 2),
            postes=(poste("P1", "A", 0.5, 6), poste("P2", "B", 1.0, 18)),
        )

    def test_both_ends_say_what_they_gain_and_lose(self, avant, deplace):
        phrase, table = ecarts.demi_postes(avant, deplace, Reunion.de((avant, deplace)))
        table = table.set_index("Bout")
        assert table.loc["Cède", "Poste"] == "P1"
        assert table.loc["Cède", "ETP"] == "1 → 0,5"
        assert clair(table.loc["Cède", "Temps (½ j.)"]) == "▼ −6"
        assert clair(table.loc["Cède", "Le poste y donne moins"]) == "Site B (▼ −4)"
        # P2 gives 2 back to B: all postes together, B loses 2
        assert clair(table.loc["Cède", "Sites qui perdent, tous postes"]) == "Site B (▼ −2)"
        assert clair(table.loc["Reçoit", "Sites qui gagnent, tous postes"]) == "Site C (▲ +4)"
        assert "1 poste cède 0,5 ETP" in clair(phrase)

    def test_the_time_of_a_poste_is_told_as_the_reason(self, avant, deplace):
        assert "P1 passe de 1 à 0,5 ETP (▼ −6 demi-journées de temps)" in pourquoi(
            avant, deplace, "B"
        )

    def test_a_poste_made_from_nothing_is_an_end_that_receives(self, avant):
        postes = (*probleme().postes, poste("P3", "D", 0.5, 6))
        autre = repartition(
            "Avec P3",
            ("P1", "A", 2),
            ("P1", "B", 8),
            ("P3", "D", 4),
            postes=postes,
            minutes=(*MINUTES.values(), (50, 20, 20, 0)),
            km=((0.0,) * 4,) * 3,
        )
        _, table = ecarts.demi_postes(avant, autre, Reunion.de((avant, autre)))
        assert table[["Bout", "Poste", "ETP"]].values.tolist() == [["Reçoit", "P3", "0 → 0,5"]]
        assert "P3 n'existe pas dans « Avant »" in pourquoi(avant, autre, "D")

    def test_the_same_means_have_no_end(self, avant, apres):
        phrase, table = ecarts.demi_postes(avant, apres, Reunion.de((avant, apres)))
        assert table.empty
        assert phrase.startswith("Aucun poste")


class TestDivergences:
    """What differs between two problems is said, and only that."""

    def test_two_plans_of_one_problem_have_nothing_to_tell(self, avant, apres):
        assert divergences((avant, apres)) == []

    def test_data_hypotheses_postes_and_besoins_are_each_told(self, avant):
        sites = tuple(site(s, **({"besoin": 4} if s == "B" else {})) for s in SITES)
        autre = repartition(
            "Autre",
            ("P1", "A", 2),
            empreinte_donnees="def",
            sites=sites,
            postes=(poste("P1", "A", 0.5, 6), poste("P2", "B")),
            hypotheses={"doctrine": "couverture_de_tous", "duree_trajet_max_min": 30},
        )
        dit = clair(" ".join(divergences((avant, autre))))
        assert "« Avant » et « Autre » ne sont pas faits sur les mêmes données." in dit
        assert (
            "Doctrine : Priorités d'abord pour « Avant » ; Couverture de tous pour « Autre »."
            in dit
        )
        assert "Trajet aller, au plus (min) : 45 pour « Avant » ; 30 pour « Autre »." in dit
        assert "Le besoin de 1 site n'est pas le même : en tout 24 pour « Avant », 20" in dit
        assert "Le temps de 1 poste n'est pas le même : P1." in dit
        assert "Moyens : 2 ETP pour « Avant » ; 1,5 ETP pour « Autre »." in dit
        assert "Graine" not in dit

    def test_a_site_of_one_side_only_is_compared_on_the_union(self, avant):
        reste = [s for s in SITES if s != "D"]
        autre = repartition(
            "Sans D",
            ("P1", "A", 2),
            sites=tuple(site(s) for s in reste),
            minutes=tuple(ligne[:3] for ligne in MINUTES.values()),
            km=((0.0,) * 3,) * 2,
        )
        avec_d = replace(avant, plan=(*avant.plan, Presence("P2", "D", 4)))
        vue = comparer.vue((avec_d, autre))
        assert len(vue.sites) == 4
        assert any("Site D" in phrase for phrase in vue.divergences)
        assert pourquoi(avec_d, autre, "D") == "le site n'est pas dans les données de « Sans D »"


class TestAujourdhui:
    """Today was made under no doctrine: none is lent to it."""

    @pytest.fixture
    def autre_doctrine(self):
        """The same data under a doctrine that weighs B more and a travel limit that shuts P2."""
        return repartition(
            "Autre doctrine",
            ("P1", "B", 4),
            ("P2", "B", 2),
            sites=tuple(site(s, poids=3) for s in SITES),
            hypotheses={"doctrine": "couverture_de_tous", "duree_trajet_max_min": 45},
        )

    def test_a_difference_of_doctrine_is_between_the_two_plans_not_with_today(
        self, apres, autre_doctrine
    ):
        [dit] = divergences((aujourd_hui(apres), apres, autre_doctrine))
        assert "« Après »" in clair(dit)
        assert "Aujourd'hui" not in dit

    def test_the_weight_of_another_doctrine_does_not_tell_what_today_loses(
        self, apres, autre_doctrine
    ):
        raison = pourquoi(aujourd_hui(apres), autre_doctrine, "B")
        assert "poids" not in raison
        assert "P1 garde du temps libre (10 → 4 données)" in raison

    def test_an_instance_is_not_told_that_a_poste_keeps_time_or_gives_more_of_it(
        self, apres, autre_doctrine
    ):
        x = aujourd_hui(apres)
        for avant, suite in ((x, autre_doctrine), (autre_doctrine, x)):
            liens = liens_du_site(avant, suite, "B")
            dit = raisons(avant, suite, Reunion.de((avant, suite)), "B", liens, charges=False)
            assert "temps" not in dit

    def test_today_serves_no_category_first(self, apres):
        raison = pourquoi(apres, aujourd_hui(apres), "B")
        assert "d'abord" not in raison
        assert "P1 libère du temps ailleurs : Site A ▼ −6" in raison


class TestChoix:
    """What can be compared, and what is refused in words."""

    def test_today_alone_is_compared_with_nothing(self):
        with pytest.raises(AtlasError, match="deux ou trois"):
            reunir([("Aujourd'hui", None)])

    def test_the_same_one_twice_is_refused(self):
        with pytest.raises(AtlasError, match="deux fois"):
            reunir([("Aujourd'hui", None), ("Aujourd'hui", None)])

    def test_a_folder_without_a_proposal_is_refused_by_its_name(self, tmp_path):
        with pytest.raises(AtlasError, match=r"probleme\.json"):
            reunir([("Aujourd'hui", None), ("Vide", tmp_path)])

    def test_today_is_the_state_the_problem_was_made_from(self, apres):
        etat = aujourd_hui(apres)
        assert etat.couples == {("P1", "A"): 2, ("P1", "B"): 8}
        assert etat.changements == 0
        assert apres.changements == 3


@pytest.fixture(scope="module")
def dossier_005_bis(entrepot_exemple, tmp_path_factory):
    """Another proposal for the 005: another doctrine, shorter travel."""
    dossier = tmp_path_factory.mktemp("propositions") / "005-bis"
    propositions.proposer(
        entrepot_exemple,
        "005",
        graine=1,
        duree_max_s=2,
        hypotheses=Hypotheses(doctrine="couverture_de_tous", duree_trajet_max_min=40),
        sortie=dossier,
    )
    return dossier


@pytest.fixture(scope="module")
def trois(dossier_005, dossier_005_bis):
    return reunir([("Aujourd'hui", None), ("Une", dossier_005), ("Autre", dossier_005_bis)])


def sommes_justes(table):
    return (table["Après"] - table["Avant"] == table["Gains"] - table["Pertes"]).all()


def exiger_des_sommes_qui_tombent_juste(repartitions):
    vue = comparer.vue(repartitions)
    assert vue.passages
    for passage, autre in zip(vue.passages, repartitions[1:], strict=True):
        for table in (passage.categories, passage.bassins):
            assert sommes_justes(table)
            total = table.iloc[-1]
            assert total["Avant"] == sum(x.demi_journees_cycle for x in repartitions[0].plan)
            assert total["Après"] == sum(x.demi_journees_cycle for x in autre.plan)
        bassins = passage.bassins.iloc[:-1]
        for colonne in ("Sites", "Avant", "Gains", "Pertes", "Après"):
            assert bassins[colonne].sum() == passage.bassins.iloc[-1][colonne]
        ecart = passage.sites["Après"].sum() - passage.sites["Avant"].sum()
        assert ecart == passage.bassins.iloc[-1]["Gains"] - passage.bassins.iloc[-1]["Pertes"]
        assert passage.sites["Pourquoi"].str.len().min() > 0
    return vue


def test_gains_less_losses_are_the_difference_of_the_totals_by_category_and_by_bassin(trois):
    vue = exiger_des_sommes_qui_tombent_juste(trois)
    assert [p.titre.count("Aujourd'hui") for p in vue.passages] == [1, 1]
    assert any("Couverture de tous" in phrase for phrase in vue.divergences)


def test_the_three_answers_stand_side_by_side_in_every_table(trois):
    vue = comparer.vue(trois)
    noms = ["Aujourd'hui", "Une", "Autre"]
    for table in (vue.indices, vue.equite, vue.minimums, vue.table_courbe):
        assert list(table.columns[1:]) == noms
    assert [trace.name for trace in vue.courbe.data] == ["Égalité", *noms]
    for nom, r in zip(noms, trois, strict=True):
        assert vue.sites[nom].sum() == sum(x.demi_journees_cycle for x in r.plan)


def test_the_workbook_holds_every_table_and_says_what_differs(trois):
    vue = comparer.vue(trois)
    classeur = CalamineWorkbook.from_filelike(io.BytesIO(vue.classeur))
    assert {
        "Lecture",
        "Indices",
        "Équité",
        "Minimums",
        "Courbe de Lorenz",
        "Tous les sites",
    } <= set(classeur.sheet_names)
    lignes = [clair(str(c)) for [c] in classeur.get_sheet_by_name("Lecture").to_python()]
    assert all(clair(phrase) in lignes for phrase in vue.divergences)
    sites = classeur.get_sheet_by_name("Sites 1 → 2").to_python()
    assert len(sites) - 1 == len(vue.passages[0].sites)


def test_the_maps_share_their_view_and_colours(trois, entrepot_exemple):
    for couleur in comparer.COULEURS:
        figure, legende = comparer.cartes_cote_a_cote(entrepot_exemple, trois, couleur)
        assert [a.text for a in figure.layout.annotations] == ["Aujourd'hui", "Une", "Autre"]
        assert figure.layout.xaxis2.matches == "x"
        assert figure.layout.xaxis3.matches == "x"
        assert "plus dans les données" not in legende


@pytest.mark.reel
def test_on_the_real_herault_every_sum_agrees_and_equity_is_that_of_the_plan(
    entrepot_reel, tmp_path
):
    propositions.proposer(entrepot_reel, "034", graine=1, duree_max_s=2, sortie=tmp_path)
    repartitions = reunir([("Aujourd'hui", None), ("Proposition", tmp_path)])
    vue = exiger_des_sommes_qui_tombent_juste(repartitions)
    assert vue.divergences == []
    ginis = vue.equite.set_index("Mesure").loc["Gini (0\u202f: égalité)"]
    avant, apres = (float(ginis[nom].replace(",", ".")) for nom in vue.noms)
    assert 0 < apres < avant < 1
    assert repartitions[1].changements == ecarts.nb_liens(*repartitions)
