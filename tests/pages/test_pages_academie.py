"""The pages of the académie, the map and the means, as their visitor acts on them."""

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from pages.composants.cadre import PAGES
from pipelines.base import chemins


@pytest.fixture
def ouvrir(entrepot_exemple, tmp_path, monkeypatch):
    """Open a page of the application, its store in the folder of the test; the finished run."""
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")
    monkeypatch.setenv("ATLAS_BASE_URL", f"sqlite:///{tmp_path}/atelier.sqlite")

    def ouvrir(adresse, entrepot=entrepot_exemple, **parametres):
        monkeypatch.setenv("ATLAS_ENTREPOT", str(entrepot))
        ecran = AppTest.from_file(str(chemins.APPLICATION), default_timeout=90)
        for nom, valeur in parametres.items():
            ecran.query_params[nom] = valeur
        ecran.run()
        fichier = PAGES[adresse][0]
        return ecran.switch_page(f"../{fichier.relative_to(chemins.RACINE / 'pages')}").run()

    return ouvrir


def textes(ecran):
    """Every sentence of the main part."""
    return " ".join(e.value for e in [*ecran.main.markdown, *ecran.main.info, *ecran.main.warning])


def test_un_plancher_que_les_moyens_ne_tiennent_pas_est_refuse_sur_place(ouvrir):
    ecran = ouvrir("repartir", departement="005")
    assert "à répartir selon le besoin" in textes(ecran)
    ecran.number_input(key="plancher").set_value(60.0).run()
    assert not ecran.exception
    assert "Les planchers demandent 240,0 ETP" in textes(ecran)
    assert len(ecran.main.title) == 1


def test_un_plancher_propre_se_rouvre_par_l_adresse(ouvrir):
    ecran = ouvrir("repartir", departement="005", **{"plancher-005": "12.0"})
    assert ecran.number_input(key="plancher-005").value == 12.0
    [table] = [t.value for t in ecran.main.dataframe if "Part exacte (ETP)" in t.value]
    alpes = table.set_index("Territoire").loc["Hautes-Alpes"]
    assert alpes["Sainte-Laguë (ETP)"] == 12.0


def test_les_reseaux_s_ouvrent_par_l_adresse_et_renvoient_a_l_etude_des_demi_postes(ouvrir):
    ecran = ouvrir("academie", departement="084", niveau="reseaux")
    assert "4 réseaux" in textes(ecran)
    assert "Aucune étude des demi-postes" in textes(ecran)
    assert not ecran.exception


def test_les_bassins_s_ouvrent_par_l_adresse(ouvrir):
    ecran = ouvrir("academie", departement="084", niveau="bassins")
    assert "4 bassins" in textes(ecran)


def test_une_carte_filtree_se_rouvre_par_son_adresse(ouvrir):
    ecran = ouvrir("carte", departement="013", couche="besoin", bassin="ARLES")
    assert "13 sites sur 221" in textes(ecran)


def test_sans_poste_ni_releve_chaque_page_dit_que_faire(ouvrir, entrepot_exemple, tmp_path):
    copie = tmp_path / "nu.duckdb"
    copie.write_bytes(entrepot_exemple.read_bytes())
    with duckdb.connect(str(copie)) as connexion:
        for table in ("mart_presence", "mart_poste", "mart_activite"):
            connexion.execute(f"delete from {table}")
    for adresse in ("repartir", "moyens", "activite"):
        ecran = ouvrir(adresse, copie, departement="005")
        assert not ecran.exception
        assert "jouter le" in textes(ecran), adresse
