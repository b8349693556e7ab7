"""The recteur's view: territories side by side, and their ETP shared by need."""

import io

import duckdb
import pandas as pd
import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.reports import academie, avancement, partage, prochains_demi_postes, territoires
from pipelines.reports.avancement import AUCUN_SCENARIO
from pipelines.reports.libelles import FORMES
from pipelines.reports.prochains_demi_postes import DONT_PRIORITAIRES, EN_MOINS
from pipelines.reports.territoires import Niveau
from pipelines.scenarios import atelier, etudes, lecteurs
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Lecteur, Role

METHODES = ["Plus fort reste", "Sainte-Laguë", "Huntington-Hill", "D'Hondt", "Adams"]
LOCAL = Lecteur("essai")
INSTANCE = Lecteur("essai", Role.INSTANCE)
DES_ALPES = Lecteur("Camille", Role.CTSS_D, frozenset({"004", "005"}))
SOMMES = ["Postes", "ETP", "Dont vacants (ETP)", "Sites", "Élèves", "Besoin (½ j. par cycle)"]


@pytest.fixture(autouse=True)
def _atelier_a_part(tmp_path, monkeypatch):
    monkeypatch.setattr(chemins, "ATELIER", tmp_path / "atelier.sqlite")
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    monkeypatch.delenv("ATLAS_BASE_URL", raising=False)


def lire(base, niveau=Niveau.DEPARTEMENTS, departement=None, lecteur=LOCAL):
    """The view of a level."""
    return academie.vue(territoires.territoires(lecteur, base, niveau, departement))


def repartir(base, *demande, niveau=Niveau.DEPARTEMENTS, departement=None, lecteur=LOCAL):
    """ETP shared between the territories of a level."""
    return partage.repartir(territoires.territoires(lecteur, base, niveau, departement), *demande)


@pytest.fixture
def a_deux_reseaux(entrepot_exemple, tmp_path):
    """The example where the bassin of Gap is cut in two réseaux, and Briançon has none."""
    copie = tmp_path / "reseaux.duckdb"
    copie.write_bytes(entrepot_exemple.read_bytes())
    with duckdb.connect(str(copie)) as connexion:
        [(milieu,)] = connexion.execute(
            "select quantile_disc(uai_principal, 0.5) from mart_site where bassin = 'GAP'"
        ).fetchall()
        for table, cle in (("mart_site", "uai_principal"), ("mart_poste", "residence_uai")):
            connexion.execute(
                f"update {table} set reseau_etablissements = case when bassin != 'GAP' then null "
                f"when {cle} < ? then 'Buëch' else 'Gapençais' end where departement = '005'",
                [milieu],
            )
    return copie


def verifier_les_sommes(base):
    """The départements add up to the académie, and to what the marts hold."""
    table = lire(base).table
    lignes, ensemble = table.iloc[:-1], table.iloc[-1]
    for colonne in SOMMES:
        assert lignes[colonne].sum() == pytest.approx(ensemble[colonne]), colonne
    with duckdb.connect(str(base), read_only=True) as connexion:
        [(postes, etp)] = connexion.execute(
            "select count(*), sum(quotite_etp) from mart_poste "
            "where departement is not null and not coalesce(sans_secteur, false)"
        ).fetchall()
        [(sites, eleves)] = connexion.execute(
            "select count(*), sum(effectif) from mart_site"
        ).fetchall()
    assert (ensemble["Postes"], ensemble["Sites"]) == (postes, sites)
    assert ensemble["Élèves"] == eleves
    assert ensemble["ETP"] == pytest.approx(etp)


def test_les_departements_de_l_exemple_font_l_academie(entrepot_exemple):
    verifier_les_sommes(entrepot_exemple)


def test_les_departements_reels_font_l_ensemble(entrepot_reel):
    verifier_les_sommes(entrepot_reel)


def test_les_bassins_d_un_departement_font_sa_ligne(entrepot_exemple):
    tous = lire(entrepot_exemple).table.set_index("Département")
    bassins = lire(entrepot_exemple, Niveau.BASSINS, "013").table.set_index("Bassin")
    for colonne in [*SOMMES, "Couverture (% du besoin)", "Prioritaires sans présence"]:
        assert bassins.loc["Ensemble", colonne] == tous.loc["Bouches-du-Rhône", colonne], colonne


def test_des_departements_sans_poste_connu_sont_nommes_et_n_ont_pas_de_charge(entrepot_reel):
    vue = lire(entrepot_reel)
    table = vue.table.set_index("Département")
    assert table.loc["Lozère", "Postes"] == 0
    assert table["Besoin par ETP (½ j.)"].isna()["Lozère"]
    assert "Aucun poste connu" in vue.ecarts
    assert "Lozère" in vue.ecarts


def test_l_ecart_nomme_ou_un_etp_repond_au_plus_et_au_moins_de_besoin(entrepot_exemple):
    vue = lire(entrepot_exemple)
    charges = vue.table.iloc[:-1].set_index("Département")["Besoin par ETP (½ j.)"]
    assert f"({charges.idxmin()})" in vue.ecarts
    assert f"({charges.idxmax()})" in vue.ecarts
    assert list(vue.figure_ecarts.data[0].y)[-1] == charges.idxmax()


def test_ce_qui_est_vacant_et_ce_qui_n_est_compte_nulle_part_sont_dits_au_pluriel_voulu(
    entrepot_exemple, tmp_path
):
    """No « dont 0,0 vacants », and postes without résidence are « comptés » from two on."""
    assert "aucun vacant" in lire(entrepot_exemple, Niveau.BASSINS, "005").phrase
    assert "dont 7,5 vacants" in lire(entrepot_exemple).phrase
    for postes, dit in ((1, "compté nulle part"), (2, "comptés nulle part")):
        copie = tmp_path / f"{postes}.duckdb"
        copie.write_bytes(entrepot_exemple.read_bytes())
        with duckdb.connect(str(copie)) as connexion:
            connexion.execute(
                "update mart_poste set departement = null where poste_id in "
                "(select poste_id from mart_poste order by poste_id limit ?)",
                [postes],
            )
        assert dit in " ".join(lire(copie).remarques)


def test_un_territoire_seul_n_a_rien_a_comparer(entrepot_exemple, tmp_path):
    vue = lire(un_seul(entrepot_exemple, tmp_path))
    assert vue.ecarts.startswith("Moins de deux territoires")
    assert vue.figure_ecarts is None
    assert len(vue.table) == 2


def un_seul(base, dossier):
    """The example with one département left."""
    copie = dossier / "un.duckdb"
    copie.write_bytes(base.read_bytes())
    with duckdb.connect(str(copie)) as connexion:
        connexion.execute("delete from ref_departements where departement <> '005'")
    return copie


def test_sans_poste_la_phrase_le_dit_et_rien_n_est_divise(entrepot_exemple, tmp_path):
    copie = tmp_path / "nu.duckdb"
    copie.write_bytes(entrepot_exemple.read_bytes())
    with duckdb.connect(str(copie)) as connexion:
        connexion.execute("delete from mart_presence")
        connexion.execute("delete from mart_poste")
    vue = lire(copie)
    assert vue.phrase.endswith("aucun poste n'est connu.")
    assert not vue.a_des_postes
    assert vue.table["Besoin par ETP (½ j.)"].isna().all()


@pytest.mark.parametrize("ecart", [-2.0, 0.0, 3.5])
def test_chaque_methode_repartit_les_etp_d_aujourd_hui_plus_l_ecart(entrepot_exemple, ecart):
    vue = repartir(entrepot_exemple, ecart, 1.0, 2.0)
    actuel = vue.table["Aujourd'hui (ETP)"]
    etp = int(actuel.sum() * 2 + 1e-6) / 2 + ecart
    for methode in METHODES:
        parts = vue.table[f"{methode} (ETP)"]
        assert parts.sum() == etp
        assert (parts >= actuel - 2.0 - 1e-9).all()
    assert vue.table["Part exacte (ETP)"].sum() == pytest.approx(etp, abs=0.05)


def test_la_phrase_nomme_les_territoires_ou_les_methodes_different(entrepot_exemple):
    vue = repartir(entrepot_exemple, 0.0, 0.0, None, niveau=Niveau.BASSINS, departement="013")
    parts = vue.table[[f"{m} (ETP)" for m in METHODES]]
    for nom, differe in zip(vue.table["Territoire"], parts.nunique(axis=1) > 1, strict=True):
        assert (nom in vue.phrase) == differe


def test_un_plancher_a_part_est_tenu_et_un_territoire_inconnu_refuse(entrepot_exemple):
    vue = repartir(entrepot_exemple, 0.0, 0.0, None, {"005": 12.0})
    alpes = vue.table.set_index("Territoire").loc["Hautes-Alpes"]
    assert all(alpes[f"{m} (ETP)"] == 12.0 for m in METHODES)
    with pytest.raises(AtlasError, match="999"):
        repartir(entrepot_exemple, 0.0, 0.0, None, {"999": 1.0})


def test_un_departement_sans_scenario_le_dit_et_un_scenario_y_met_son_statut(
    entrepot_exemple, dossier_005
):
    lecteur = lecteurs.Lecteur("essai")
    avant = avancement.suivi(lecteur, entrepot_exemple)
    assert set(avant.table["Scénario le plus avancé"]) == {AUCUN_SCENARIO}
    assert avant.sans_scenario == ["004", "005", "013", "084"]
    cree = atelier.creer(lecteur, "Rentrée", dossier_005)
    avance = atelier.deriver(lecteur, cree.scenario_id, "Montré")
    avance = atelier.changer_statut(lecteur, avance.scenario_id, 1, "presente_en_gt")
    atelier.renommer(lecteur, cree.scenario_id, 1, "Rentrée 2027")
    suivi = avancement.suivi(lecteur, entrepot_exemple)
    assert list(suivi.scenarios["005"].items()) == [
        (avance.scenario_id, "Montré (présenté en GT)"),
        (cree.scenario_id, "Rentrée 2027 (brouillon)"),
    ]
    apres = suivi.table.set_index("Département")
    assert apres.loc["Hautes-Alpes", "Scénario le plus avancé"] == "Montré"
    assert apres.loc["Hautes-Alpes", "Statut"] == "présenté en GT"
    # a brouillon is nobody's business but its makers'
    assert list(avancement.suivi(INSTANCE, entrepot_exemple).scenarios["005"]) == [
        avance.scenario_id
    ]


def test_les_reseaux_d_un_departement_font_sa_ligne_et_se_partagent_ses_etp(a_deux_reseaux):
    ligne = lire(a_deux_reseaux).table.set_index("Département").loc["Hautes-Alpes"]
    reseaux = lire(a_deux_reseaux, Niveau.RESEAUX, "005").table.set_index("Réseau")
    assert list(reseaux.index) == ["Buëch", "Gapençais", "Réseau inconnu", "Ensemble"]
    for colonne in SOMMES:
        assert reseaux.loc["Ensemble", colonne] == ligne[colonne], colonne
    vue = repartir(
        a_deux_reseaux, 0.0, 0.0, None, {"Buëch": 2.0}, niveau=Niveau.RESEAUX, departement="005"
    )
    assert set(vue.table["Territoire"]) == {"Buëch", "Gapençais", "Réseau inconnu"}
    parts = vue.table.set_index("Territoire")[[f"{m} (ETP)" for m in METHODES]]
    assert (parts.loc["Buëch"] >= 2.0).all()
    assert (parts.sum() == int(ligne["ETP"] * 2 + 1e-6) / 2).all()


def test_un_reseau_inconnu_n_est_pas_dessine(a_deux_reseaux):
    lus = territoires.territoires(LOCAL, a_deux_reseaux, Niveau.RESEAUX, "005")
    assert list(lus.formes) == ["Buëch", "Gapençais"]


def test_sans_reseau_connu_le_niveau_n_est_pas_propose_et_dit_que_faire(entrepot_exemple, tmp_path):
    copie = tmp_path / "sans.duckdb"
    copie.write_bytes(entrepot_exemple.read_bytes())
    with duckdb.connect(str(copie)) as connexion:
        connexion.execute("update mart_site set reseau_etablissements = null")
    assert Niveau.RESEAUX in territoires.niveaux(LOCAL, entrepot_exemple, "005")
    assert Niveau.RESEAUX not in territoires.niveaux(LOCAL, copie, "005")
    with pytest.raises(AtlasError, match="Aucun réseau") as refus:
        territoires.territoires(LOCAL, copie, Niveau.RESEAUX, "005")
    assert "reseau" in refus.value.remede


def test_un_lecteur_limite_ne_voit_et_ne_repartit_que_ses_departements(entrepot_exemple):
    vue = lire(entrepot_exemple, lecteur=DES_ALPES)
    noms = ["Alpes-de-Haute-Provence", "Hautes-Alpes"]
    assert list(vue.table["Département"]) == [*noms, "Ensemble"]
    entiere = lire(entrepot_exemple).table.set_index("Département")
    for colonne in SOMMES:
        assert vue.table[colonne].iloc[-1] == pytest.approx(entiere.loc[noms, colonne].sum())
    partagee = repartir(entrepot_exemple, 0.0, 0.0, None, lecteur=DES_ALPES)
    assert list(partagee.table["Territoire"]) == noms
    suivi = avancement.suivi(DES_ALPES, entrepot_exemple)
    assert list(suivi.table["Département"]) == noms
    with pytest.raises(AtlasError, match="inconnu"):
        repartir(entrepot_exemple, 0.0, 0.0, None, {"013": 1.0}, lecteur=DES_ALPES)
    with pytest.raises(AtlasError, match="ressort"):
        lire(entrepot_exemple, Niveau.BASSINS, "013", DES_ALPES)


def test_sans_aucun_departement_de_son_ressort_un_lecteur_l_apprend(entrepot_exemple):
    d_ailleurs = Lecteur("Camille", Role.CTSS_R, frozenset({"034"}))
    with pytest.raises(AtlasError, match="ressort"):
        lire(entrepot_exemple, lecteur=d_ailleurs)


def test_une_instance_compare_les_departements_et_pas_leurs_parties(entrepot_exemple):
    assert list(territoires.niveaux(INSTANCE, entrepot_exemple, "005")) == [Niveau.DEPARTEMENTS]
    assert len(lire(entrepot_exemple, lecteur=INSTANCE).table) == 5
    with pytest.raises(AtlasError, match="rôle"):
        lire(entrepot_exemple, Niveau.BASSINS, "005", INSTANCE)


def etudier(scenario, bassins, points):
    """Keep the margins of a scenario, stopped once so many bassins and points are told."""
    dites = []

    def est_assez() -> bool:
        etapes = {quoi.split(" : ")[0] for quoi in dites}
        faits = sum("étape" in quoi for quoi in etapes)
        return (faits, sum("point" in quoi for quoi in etapes)) >= (bassins, points)

    etudes.etudier(
        scenario.dossier,
        Nature.MARGES,
        duree_resolution_s=0.2,
        progres=lambda part, quoi: dites.append(quoi),
        arret=est_assez,
    )


@pytest.mark.parametrize(
    ("noms", "lieu"),
    [
        (["Aix-Marseille"], "Académie d'Aix-Marseille"),
        (["La Réunion"], "Académie de La Réunion"),
        (["Guadeloupe"], "Académie de la Guadeloupe"),
        (["Nice", "Lyon", None], "Académies de Lyon et de Nice"),
        ([None], "Académie"),
    ],
)
def test_une_academie_est_appelee_par_son_nom_entier(noms, lieu):
    assert territoires.nom_des_academies(pd.DataFrame({"academie": noms})) == lieu


@pytest.mark.parametrize(
    ("saisi", "etp"),
    [("", None), ("0,5", 0.5), ("1.5", 1.5), (" 12 ", 12), ("−0,5", -0.5), ("-1", -1)],
)
def test_des_etp_s_ecrivent_a_la_francaise(saisi, etp):
    assert partage.lire_etp(saisi, "Écart", est_signe=True) == etp


@pytest.mark.parametrize("saisi", ["0,3", "un", "nan", "inf", "−1"])
def test_ce_qui_n_est_pas_un_demi_poste_est_refuse(saisi):
    with pytest.raises(AtlasError, match="Plancher"):
        partage.lire_etp(saisi, "Plancher")


def test_le_prochain_demi_poste_de_chaque_departement_vient_de_l_etude_gardee(
    entrepot_exemple, dossier_005
):
    scenario = atelier.creer(LOCAL, "Rentrée 2027", dossier_005)
    avant = prochains_demi_postes.des_departements(LOCAL, entrepot_exemple)
    assert avant.table.empty
    assert list(avant.a_calculer) == ["005"]
    assert list(avant.sans_plan) == ["004", "013", "084"]
    etudier(scenario, bassins=2, points=1)
    vue = prochains_demi_postes.des_departements(LOCAL, entrepot_exemple)
    assert set(vue.table["Département"]) == {"Hautes-Alpes"}
    assert set(vue.table["Plan étudié"]) == {"Rentrée 2027"}
    assert vue.table["Demi-poste"].iloc[0] == "1er"
    premier = vue.table.iloc[0]
    assert premier[EN_MOINS] > 0
    assert "▲" in premier["Sites qui gagnent"]
    assert f"{premier[EN_MOINS]} demi-journées par cycle" in vue.phrase
    assert "Étude incomplète" in " ".join(vue.remarques)
    # what a plan for the instances may not be told of
    assert prochains_demi_postes.des_departements(INSTANCE, entrepot_exemple).table.empty
    octets = io.BytesIO(partage.en_excel(None, None, vue, None))
    assert len(pd.read_excel(octets, sheet_name="Demi-postes", engine="calamine")) == len(vue.table)


def test_les_demi_postes_d_un_departement_se_lisent_reseau_par_reseau(
    entrepot_exemple, dossier_005
):
    """What the sites of each réseau gain adds up to what the département gains."""
    scenario = atelier.creer(LOCAL, "Rentrée 2027", dossier_005)
    vide = prochains_demi_postes.des_reseaux(LOCAL, entrepot_exemple, "005")
    assert vide.table.empty
    assert "pas encore calculé" in vide.phrase
    etudier(scenario, bassins=2, points=1)
    suite = prochains_demi_postes.des_departements(LOCAL, entrepot_exemple).table
    table = prochains_demi_postes.des_reseaux(LOCAL, entrepot_exemple, "005").table
    assert len(table) > 1
    assert table["Réseau"].is_unique
    assert table["Demi-postes en résidence"].sum() == len(suite)
    rangs = [c for c in table if c.startswith("Manque en moins")]
    assert [table[c].sum() for c in rangs] == suite[EN_MOINS].tolist()
    with pytest.raises(AtlasError, match="rôle"):
        prochains_demi_postes.des_reseaux(INSTANCE, entrepot_exemple, "005")


def test_le_demi_poste_de_chaque_bassin_compte_ce_que_ses_sites_y_gagnent(
    entrepot_exemple, dossier_005
):
    scenario = atelier.creer(LOCAL, "Rentrée 2027", dossier_005)
    etudier(scenario, bassins=2, points=0)
    vue = prochains_demi_postes.des_bassins(LOCAL, entrepot_exemple, "005")
    essais = {
        m["bassin"]: m["plus"]
        for m in etudes.lire(
            scenario.dossier, Nature.MARGES, etudes.parametres(Nature.MARGES, 0.2)
        ).resultat["bassins"]
    }
    assert essais.keys() == {"BRIANCON", "GAP"}
    # a bassin where no site is short has nothing to gain, and says so
    assert set(vue.table["Bassin"]) == essais.keys()
    servis = {b for b, plus in essais.items() if plus is None}
    sans_manque = vue.table[vue.table["Résidence"] == "aucun site n'y est à court"]
    assert set(sans_manque["Bassin"]) == servis
    assert not sans_manque[EN_MOINS].any()
    besoins = {s.site_id: s.besoin for s in scenario.probleme.sites}
    actuelles = dict.fromkeys(besoins, 0)
    for x in scenario.plan:
        actuelles[x.site_id] += x.demi_journees_cycle
    sites = territoires.territoires(LOCAL, entrepot_exemple, Niveau.BASSINS, "005").sites
    prioritaires = set(sites[sites["est_prioritaire"]]["site_id"])
    for bassin, ligne in vue.table.set_index("Bassin").drop(servis).iterrows():
        nouvelles = dict(actuelles)
        for m in essais[bassin]["mouvements"]:
            nouvelles[m["site_id"]] += m["apres"] - m["avant"]
        gains = {s: max(0, b - actuelles[s]) - max(0, b - nouvelles[s]) for s, b in besoins.items()}
        assert ligne[EN_MOINS] == sum(gains.values()) > 0
        assert ligne[DONT_PRIORITAIRES] == sum(g for s, g in gains.items() if s in prioritaires)
    # a plan further on, without a study: the one read is said to be another's
    autre = atelier.deriver(LOCAL, scenario.scenario_id, "Montré")
    atelier.modifier(LOCAL, autre.scenario_id, 1, "Essai", plan=scenario.plan[2:])
    atelier.changer_statut(LOCAL, autre.scenario_id, 2, "presente_en_gt")
    avance = prochains_demi_postes.des_bassins(LOCAL, entrepot_exemple, "005")
    assert "Rentrée 2027" in avance.remarques[0]
    assert list(avance.a_calculer) == ["005"]
    # another plan: what was said of the former one no longer holds
    atelier.modifier(LOCAL, scenario.scenario_id, scenario.version, "Essai", plan=scenario.plan[1:])
    assert prochains_demi_postes.des_bassins(LOCAL, entrepot_exemple, "005").table.empty
    with pytest.raises(AtlasError, match="rôle"):
        prochains_demi_postes.des_bassins(INSTANCE, entrepot_exemple, "005")


def test_les_sites_prioritaires_sans_presence_sont_sur_la_carte_par_leur_forme_et_leur_numero(
    entrepot_exemple,
):
    """The same in the table and on the map, counted in the sentence; none by colour alone."""
    vue = lire(entrepot_exemple)
    sites = vue.sans_presence
    assert len(sites) == vue.table["Prioritaires sans présence"].iloc[-1] == 37
    assert f"{len(sites)} des" in vue.phrase
    traces = [t for t in vue.carte.data if t.name and "sans présence" in t.name]
    dessines = {int(numero): trace.marker.symbol for trace in traces for numero in trace.text}
    assert dessines == {n: FORMES[t] for n, t in zip(sites["numero"], sites["type"], strict=True)}
    assert list(academie.table_sans_presence(sites, vue.niveau)["N°"]) == list(range(1, 38))
    # a click on a site, or on a name, picks a territory
    codes = {c for t in vue.carte.data if t.customdata is not None for c in t.customdata}
    assert codes == set(vue.codes)


def test_le_classeur_a_les_tables_de_la_page(entrepot_exemple):
    vue = lire(entrepot_exemple)
    suivi = avancement.suivi(lecteurs.Lecteur("essai"), entrepot_exemple)
    reparti = repartir(entrepot_exemple, 0.0, 0.0, None)
    octets = io.BytesIO(partage.en_excel(vue, suivi, None, reparti))
    lu = pd.read_excel(octets, sheet_name=None, engine="calamine")
    assert list(lu) == [
        "Lecture",
        "Territoires",
        "Sans présence",
        "Catégories",
        "Scénarios",
        "Répartition",
    ]
    assert len(lu["Territoires"]) == len(vue.table)
