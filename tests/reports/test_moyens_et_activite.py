"""The means and the activity of a département, and its large map."""

import duckdb
import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import FINE
from pipelines.marts import entrepot
from pipelines.reports import activite, cartes_du_departement, moyens
from pipelines.reports.cartes_du_departement import Couche
from pipelines.reports.moyens import manque_dit
from pipelines.scenarios.lecteurs import Lecteur, Role
from pipelines.scoring.moyens import moyens as moyens_a_repartir

LOCAL = Lecteur("essai")
INSTANCE = Lecteur("essai", Role.INSTANCE)
DEPARTEMENTS = ("004", "005", "013", "084")


@pytest.fixture
def copie(entrepot_exemple, tmp_path):
    """The example, to change: a function that runs one statement and gives the file."""

    def copie(*ordres):
        fichier = tmp_path / "copie.duckdb"
        fichier.write_bytes(entrepot_exemple.read_bytes())
        with duckdb.connect(str(fichier)) as connexion:
            for ordre in ordres:
                connexion.execute(ordre)
        return fichier

    return copie


@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_le_compte_descend_du_temps_des_postes_a_ce_que_l_optimiseur_repartit(
    entrepot_exemple, departement
):
    compte = moyens.vue(LOCAL, entrepot_exemple, departement).compte
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        attendu = moyens_a_repartir(connexion)[departement].demi_journees
    assert compte["Reste"].iloc[-1] == attendu
    assert compte["Demi-journées par cycle"].sum() == pytest.approx(attendu, abs=0.3)


def test_le_compte_des_postes_reels_est_celui_de_l_optimiseur(entrepot_reel):
    compte = moyens.vue(LOCAL, entrepot_reel, "034").compte
    with entrepot.ouvrir(entrepot_reel) as connexion:
        assert compte["Reste"].iloc[-1] == moyens_a_repartir(connexion)["034"].demi_journees


def test_un_poste_qui_donne_plus_que_son_temps_est_signale_par_son_identifiant(copie):
    fichier = copie(
        "update mart_presence set demi_journees_cycle = 60 where poste_id = "
        "(select min(poste_id) from mart_poste where departement = '005' and not sans_secteur)"
    )
    [phrase] = [
        p for p in moyens.vue(LOCAL, fichier, "005").desaccords if "plus de demi-journées" in p
    ]
    assert "SIM-005-" in phrase
    assert moyens.vue(INSTANCE, fichier, "005").desaccords == []


@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_une_instance_ne_lit_ni_un_poste_ni_un_compte_de_moins_de_cinq(
    entrepot_exemple, departement
):
    vue = moyens.vue(INSTANCE, entrepot_exemple, departement)
    entiere = moyens.vue(LOCAL, entrepot_exemple, departement)
    assert vue.postes.empty
    assert "n'est pas montré" in vue.note
    assert (vue.statuts["Postes"] >= 5).all()
    avec = entiere.postes[entiere.postes["Secteur"] == "oui"]
    assert vue.statuts["Postes"].sum() == len(avec)
    assert vue.statuts["ETP"].sum() == pytest.approx(avec["Quotité (ETP)"].sum())
    assert vue.compte.empty, "what they can give, beside what they give, tells of one of them"
    assert "demi-journées" not in vue.phrase


def test_un_statut_rare_se_fond_dans_un_autre_pour_une_instance(copie):
    fichier = copie(
        "update mart_poste set statut = 'occupe' where departement = '013'",
        "update mart_poste set statut = 'absent' where poste_id = "
        "(select min(poste_id) from mart_poste where departement = '013' and not sans_secteur)",
    )
    statuts = moyens.vue(INSTANCE, fichier, "013").statuts
    assert list(statuts["Statut"]) == ["tous les statuts"]


def test_des_postes_tous_a_temps_plein_ne_disent_pas_leurs_etp_a_une_instance(copie):
    """« 9 postes, 9 ETP » says of each that it is full time; « 8,3 ETP » leaves 0,7 open."""
    assert manque_dit([("occupe", 1.0)] * 5) is None
    assert manque_dit([("occupe", 1.0)] * 4 + [("occupe", 0.8)]) is None
    assert manque_dit([("occupe", 1.0)] * 4 + [("occupe", 0.7)]) == pytest.approx(0.3)
    # in five of one status, and five of another, each may lack half of what all of them do
    moities = [("occupe", 1.0)] * 4 + [("occupe", 0.6)] + [("vacant", 1.0)] * 4 + [("vacant", 0.6)]
    assert manque_dit(moities) == pytest.approx(0.4)
    quarts = [(s, 0.8 if q == 0.6 else q) for s, q in moities]
    assert manque_dit(quarts) == pytest.approx(0.4), "told for all of them, and not by status"
    assert manque_dit([("occupe", 0.5)] * 4) is None
    vue = moyens.vue(
        INSTANCE, copie("update mart_poste set quotite_etp = 1 where departement = '005'"), "005"
    )
    assert vue.phrase == "9 postes avec secteur sont à répartir."
    assert list(vue.statuts.columns) == ["Statut", "Postes"]


def test_moins_de_cinq_postes_ne_sont_pas_comptes_pour_une_instance(copie):
    fichier = copie(
        "delete from mart_poste where departement = '005' and poste_id not in "
        "(select poste_id from mart_poste where departement = '005' and not sans_secteur "
        "order by poste_id limit 3)"
    )
    vue = moyens.vue(INSTANCE, fichier, "005")
    assert vue.phrase.startswith("Moins de 5 postes")
    assert vue.compte.empty
    assert vue.statuts.empty
    assert vue.a_des_postes


def test_les_residences_des_postes_ne_sont_pas_montrees_a_une_instance(entrepot_exemple):
    couches = cartes_du_departement.couches(INSTANCE, "013")
    assert Couche.POSTES not in couches
    assert set(cartes_du_departement.couches(LOCAL, "013")) == set(Couche)
    with pytest.raises(AtlasError, match="rôle"):
        cartes_du_departement.vue(INSTANCE, entrepot_exemple, "013", Couche.POSTES)
    vue = cartes_du_departement.vue(INSTANCE, entrepot_exemple, "013", Couche.COUVERTURE)
    assert "postes" not in vue.sites


def test_sans_poste_les_moyens_le_disent(copie):
    vue = moyens.vue(LOCAL, copie("delete from mart_poste"), "005")
    assert vue.phrase == "Aucun poste n'est connu pour ce département."
    assert not vue.a_des_postes
    assert vue.desaccords == []


@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_les_totaux_de_l_activite_sont_ceux_des_sites(entrepot_exemple, departement):
    vue = activite.vue(LOCAL, entrepot_exemple, departement)
    totaux = vue.indicateurs.set_index("Indicateur")[vue.annee]
    for libelle, total in totaux.items():
        assert vue.sites[libelle].sum() == total, libelle
    motifs = vue.details["Interventions selon leur motif"][vue.annee].sum()
    assert motifs == totaux["Interventions individuelles, selon leur motif principal"]


def test_une_serie_interrompue_est_dite_rompue(copie):
    fichier = copie(
        "delete from mart_activite where indicateur = 'signalements' "
        "and annee_scolaire = '2024-2025'"
    )
    ruptures = activite.vue(LOCAL, fichier, "013").ruptures
    assert any("Signalements" in r and "rompue" in r for r in ruptures)


def test_sans_releve_l_activite_le_dit(copie):
    vue = activite.vue(LOCAL, copie("delete from mart_activite"), "005")
    assert vue.phrase.startswith("Aucun relevé d'activité")
    assert vue.annee is None
    assert vue.sites.empty


@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_une_instance_ne_voit_aucun_compte_sous_le_seuil(entrepot_exemple, departement):
    vue = activite.vue(INSTANCE, entrepot_exemple, departement)
    entiers = activite.vue(LOCAL, entrepot_exemple, departement)
    tables = [vue.indicateurs, vue.sites, *vue.details.values()]
    for table in tables:
        vus = table.map(lambda v: v if isinstance(v, str) else str(v))
        assert not vus.isin(["1", "2", "3", "4"]).any().any()
    montres = entiers.sites.select_dtypes("number")
    assert (vue.sites[montres.columns] == "masqué").any().any()
    for colonne in montres:
        vus = vue.sites[colonne] != "masqué"
        dits = [float(v.replace(FINE, "")) for v in vue.sites.loc[vus, colonne] if v]
        assert dits == list(montres.loc[vus, colonne].dropna())


@pytest.mark.parametrize("couche", Couche)
def test_chaque_couche_montre_les_memes_sites_et_les_dit_en_une_phrase(entrepot_exemple, couche):
    vue = cartes_du_departement.vue(LOCAL, entrepot_exemple, "013", couche)
    traces = [t for t in vue.carte.data if t.customdata is not None]
    assert sum(len(t.x) for t in traces) == len(vue.sites)
    assert vue.phrase.startswith(f"{len(vue.sites)} sites")
    # a card of three lines at most
    assert all(texte.count("<br>") <= 2 for t in traces for texte in t.text)


def test_les_filtres_gardent_un_bassin_et_une_categorie(entrepot_exemple):
    bassins, categories = cartes_du_departement.filtres(LOCAL, entrepot_exemple, "013")
    vue = cartes_du_departement.vue(LOCAL, entrepot_exemple, "013", Couche.BESOIN, "ARLES")
    assert "ARLES" in bassins
    assert set(vue.sites["bassin"]) == {"ARLES"}
    assert "13 sites sur 221" in vue.phrase
    code = next(c for c, mots in categories.items() if mots == "Collège REP+")
    gardes = cartes_du_departement.vue(
        LOCAL, entrepot_exemple, "013", Couche.BESOIN, "tous", code
    ).sites
    assert set(gardes["ep"]) == {"REP+"}


def test_des_filtres_sans_site_le_disent(entrepot_exemple):
    vue = cartes_du_departement.vue(
        LOCAL, entrepot_exemple, "005", Couche.COUVERTURE, "BRIANCON", "college_rep_plus"
    )
    assert vue.sites.empty
    assert vue.phrase.startswith("Aucun site")
