"""The pages of the académie, the map and the means, as their visitor acts on them."""

import duckdb

from pages.composants import cadre
from pipelines.scenarios import atelier, etudes
from pipelines.scenarios.lecteurs import Lecteur


def textes(ecran):
    """Every sentence of the main part."""
    return " ".join(e.value for e in [*ecran.main.markdown, *ecran.main.info, *ecran.main.warning])


def test_un_plancher_que_les_moyens_ne_tiennent_pas_est_refuse_sur_place(ouvrir):
    ecran = ouvrir("repartir", departement="005")
    assert "à répartir selon le besoin" in textes(ecran)
    ecran.text_input(key="plancher").set_value("60,0").run()
    assert not ecran.exception
    assert "Les planchers demandent 240,0 ETP" in textes(ecran)
    assert len(ecran.main.title) == 1


def test_un_plancher_propre_se_rouvre_par_l_adresse(ouvrir):
    ecran = ouvrir("repartir", departement="005", **{"plancher-005": "12,0"})
    assert ecran.text_input(key="plancher-005").value == "12,0"
    [table] = [t.value for t in ecran.main.dataframe if "Part exacte (ETP)" in t.value]
    alpes = table.set_index("Territoire").loc["Hautes-Alpes"]
    assert alpes["Sainte-Laguë (ETP)"] == 12.0


def test_les_reseaux_s_ouvrent_par_l_adresse_et_une_repartition_dit_quoi_calculer(ouvrir):
    assert "4 réseaux" in textes(ouvrir("academie", departement="084", niveau="reseaux"))
    ecran = ouvrir("repartir", departement="084", niveau="reseaux")
    assert not ecran.exception
    assert "n'est pas encore calculé" in textes(ecran)
    assert "Proposer d'abord pour Vaucluse" in liens(ecran)


def liens(ecran):
    """The links of the main part: what they say → where they lead."""
    return {lien.proto.label: lien.proto.query_string for lien in ecran.main.get("page_link")}


def test_un_territoire_choisi_filtre_la_page(ouvrir, monkeypatch):
    """A click on the map: its bassins, its sites, its uncovered sites, its scenarios alone."""
    entiere = ouvrir("academie", departement="013")
    monkeypatch.setattr(cadre, "site_pris", lambda carte: "005")
    ecran = ouvrir("academie", departement="013")
    assert not ecran.exception
    titres = textes(ecran)
    assert "Hautes-Alpes : bassin par bassin" in titres
    assert "2 sites prioritaires sans présence" in titres
    tables = {t.value.columns[0]: t.value for t in ecran.main.dataframe}
    assert list(tables["Bassin"]["Bassin"]) == ["BRIANCON", "GAP", "Ensemble"]
    assert len(tables["Site"]) == 22
    assert list(tables["Catégorie"]) == ["Catégorie", "Hautes-Alpes (%)"]
    assert list(ecran.main.table[0].value["Département"]) == ["Hautes-Alpes"]
    assert len(entiere.main.table[0].value) == 4
    assert "37 sites prioritaires sans présence" in textes(entiere)


def test_les_scenarios_d_un_departement_sont_a_un_clic_de_l_academie(ouvrir, entrepot_exemple):
    lecteur = Lecteur("Claire")
    scenario = atelier.creer_aujourd_hui(lecteur, entrepot_exemple, "Rentrée 2027", "005")
    vers = liens(ouvrir("academie", departement="013"))
    assert scenario.scenario_id in vers["Hautes-Alpes : Rentrée 2027 (brouillon)"]
    assert "Proposer pour Vaucluse" in vers


def test_l_etude_des_demi_postes_se_lance_d_un_bouton_pour_le_plan_retenu(
    ouvrir, entrepot_exemple, monkeypatch
):
    lances = []
    monkeypatch.setattr(
        etudes, "lancer", lambda lecteur, dossier, nature, departement: lances.append(dossier)
    )
    scenario = atelier.creer_aujourd_hui(Lecteur("Claire"), entrepot_exemple, "Essai", "005")
    ecran = ouvrir("repartir", departement="005")
    [bouton] = [b for b in ecran.button if b.label == "Calculer pour Hautes-Alpes"]
    ecran = bouton.click().run()
    assert not ecran.exception
    assert lances == [scenario.dossier]


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
