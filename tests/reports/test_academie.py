"""The recteur's view: territories side by side, and their ETP shared by need."""

import io

import duckdb
import pandas as pd
import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.reports import academie, partage
from pipelines.reports.academie import AUCUN_SCENARIO, Niveau
from pipelines.scenarios import atelier, lecteurs

METHODES = ["Plus fort reste", "Sainte-Laguë", "Huntington-Hill", "D'Hondt", "Adams"]
SOMMES = ["Postes", "ETP", "Dont vacants (ETP)", "Sites", "Élèves", "Besoin (½ j. par cycle)"]


@pytest.fixture(autouse=True)
def _atelier_a_part(tmp_path, monkeypatch):
    monkeypatch.setattr(chemins, "ATELIER", tmp_path / "atelier.sqlite")
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    monkeypatch.delenv("ATLAS_BASE_URL", raising=False)


def verifier_les_sommes(base):
    """The départements add up to the académie, and to what the marts hold."""
    table = academie.vue(base, Niveau.DEPARTEMENTS).table
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
    tous = academie.vue(entrepot_exemple, Niveau.DEPARTEMENTS).table.set_index("Département")
    bassins = academie.vue(entrepot_exemple, Niveau.BASSINS, "013").table.set_index("Bassin")
    for colonne in [*SOMMES, "Couverture (% du besoin)", "Prioritaires sans présence"]:
        assert bassins.loc["Ensemble", colonne] == tous.loc["Bouches-du-Rhône", colonne], colonne


def test_des_departements_sans_poste_connu_sont_nommes_et_n_ont_pas_de_charge(entrepot_reel):
    vue = academie.vue(entrepot_reel, Niveau.DEPARTEMENTS)
    table = vue.table.set_index("Département")
    assert table.loc["Lozère", "Postes"] == 0
    assert table["Besoin par ETP (½ j.)"].isna()["Lozère"]
    assert "Aucun poste connu" in vue.ecarts
    assert "Lozère" in vue.ecarts


def test_l_ecart_nomme_ou_un_etp_repond_au_plus_et_au_moins_de_besoin(entrepot_exemple):
    vue = academie.vue(entrepot_exemple, Niveau.DEPARTEMENTS)
    charges = vue.table.iloc[:-1].set_index("Département")["Besoin par ETP (½ j.)"]
    assert f"({charges.idxmin()})" in vue.ecarts
    assert f"({charges.idxmax()})" in vue.ecarts
    assert list(vue.figure_ecarts.data[0].y)[-1] == charges.idxmax()


def test_un_territoire_seul_n_a_rien_a_comparer(entrepot_exemple, tmp_path):
    vue = academie.vue(un_seul(entrepot_exemple, tmp_path), Niveau.DEPARTEMENTS)
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
    vue = academie.vue(copie, Niveau.DEPARTEMENTS)
    assert vue.phrase.endswith("aucun poste n'est connu.")
    assert not vue.a_des_postes
    assert vue.table["Besoin par ETP (½ j.)"].isna().all()


@pytest.mark.parametrize("ecart", [-2.0, 0.0, 3.5])
def test_chaque_methode_repartit_les_etp_d_aujourd_hui_plus_l_ecart(entrepot_exemple, ecart):
    vue = partage.repartir(entrepot_exemple, Niveau.DEPARTEMENTS, None, ecart, 1.0, 2.0)
    actuel = vue.table["Aujourd'hui (ETP)"]
    etp = int(actuel.sum() * 2 + 1e-6) / 2 + ecart
    for methode in METHODES:
        parts = vue.table[f"{methode} (ETP)"]
        assert parts.sum() == etp
        assert (parts >= actuel - 2.0 - 1e-9).all()
    assert vue.table["Part exacte (ETP)"].sum() == pytest.approx(etp, abs=0.05)


def test_la_phrase_nomme_les_territoires_ou_les_methodes_different(entrepot_exemple):
    vue = partage.repartir(entrepot_exemple, Niveau.BASSINS, "013", 0.0, 0.0, None)
    parts = vue.table[[f"{m} (ETP)" for m in METHODES]]
    for nom, differe in zip(vue.table["Territoire"], parts.nunique(axis=1) > 1, strict=True):
        assert (nom in vue.phrase) == differe


def test_un_plancher_a_part_est_tenu_et_un_territoire_inconnu_refuse(entrepot_exemple):
    vue = partage.repartir(
        entrepot_exemple, Niveau.DEPARTEMENTS, None, 0.0, 0.0, None, {"005": 12.0}
    )
    alpes = vue.table.set_index("Territoire").loc["Hautes-Alpes"]
    assert all(alpes[f"{m} (ETP)"] == 12.0 for m in METHODES)
    with pytest.raises(AtlasError, match="999"):
        partage.repartir(entrepot_exemple, Niveau.DEPARTEMENTS, None, 0.0, 0.0, None, {"999": 1.0})


def test_un_departement_sans_scenario_le_dit_et_un_scenario_y_met_son_statut(
    entrepot_exemple, dossier_005
):
    lecteur = lecteurs.Lecteur("essai")
    avant = academie.suivi(lecteur, entrepot_exemple)
    assert set(avant.table["Scénario le plus avancé"]) == {AUCUN_SCENARIO}
    assert avant.sans_scenario == ["004", "005", "013", "084"]
    assert avant.sans_marges == ["004", "005", "013", "084"]
    atelier.creer(lecteur, "Rentrée 2027", dossier_005)
    apres = academie.suivi(lecteur, entrepot_exemple).table.set_index("Département")
    assert apres.loc["Hautes-Alpes", "Scénario le plus avancé"] == "Rentrée 2027"
    assert apres.loc["Hautes-Alpes", "Statut"] == "brouillon"
    instance = lecteurs.Lecteur("essai", lecteurs.Role.INSTANCE)
    assert "005" in academie.suivi(instance, entrepot_exemple).sans_scenario


def test_le_classeur_a_les_tables_de_la_page(entrepot_exemple):
    vue = academie.vue(entrepot_exemple, Niveau.DEPARTEMENTS)
    suivi = academie.suivi(lecteurs.Lecteur("essai"), entrepot_exemple)
    reparti = partage.repartir(entrepot_exemple, Niveau.DEPARTEMENTS, None, 0.0, 0.0, None)
    octets = io.BytesIO(partage.en_excel(vue, suivi, reparti))
    lu = pd.read_excel(octets, sheet_name=None, engine="calamine")
    assert list(lu) == ["Lecture", "Territoires", "Catégories", "Scénarios", "Répartition"]
    assert len(lu["Territoires"]) == len(vue.table)
