"""Simulated posts: plausible, marked as simulated, the same for a seed."""

import pandas as pd
import pytest

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.simulation import postes
from pipelines.simulation.postes import ecrire, simuler_postes, ventiler_quotites

PAR_CYCLE = {"semaine": 4, "quinzaine": 2, "mois": 1, "cycle": 1}
MOTIFS = {"mdph", "cdoea", "sapad", "coordination", "autre_mission"}
GRAINES = [1, 2, 7, 34]


@pytest.fixture(scope="module", params=GRAINES)
def lot(request, sites):
    return simuler_postes(
        sites, departements=["004", "013"], etp={"004": 8.5, "013": 87.0}, graine=request.param
    )


def ass(lot) -> pd.DataFrame:
    return lot.postes[lot.postes["fonction"] == "ASS"]


def par_cycle(lot) -> pd.Series:
    return lot.presences["demi_journees"] * lot.presences["periodicite"].map(PAR_CYCLE)


def test_le_temps_des_ass_est_celui_demande_a_un_demi_etp_pres(lot):
    par_departement = ass(lot).groupby(ass(lot)["poste_id"].str[4:7])["quotite"].sum()
    assert par_departement["004"] == pytest.approx(8.5, abs=0.5)
    assert par_departement["013"] == pytest.approx(87.0, abs=0.5)


@pytest.mark.parametrize("etp", [0.5, 1, 2.3, 7, 12.4, 59, 110])
def test_les_quotites_font_le_temps_demande_quelle_que_soit_sa_taille(etp):
    quotites = ventiler_quotites(etp)
    assert sum(quotites) == pytest.approx(etp, abs=0.5)
    assert set(quotites) <= {1.0, 0.8, 0.5}


def test_un_total_se_partage_entre_departements_selon_leurs_eleves(sites):
    lot = simuler_postes(sites, departements=["013", "005"], etp=100, graine=3)
    parts = ass(lot).groupby(ass(lot)["poste_id"].str[4:7])["quotite"].sum()
    assert parts.sum() == pytest.approx(100, abs=1)
    assert parts["013"] > 8 * parts["005"]


def test_une_quotite_va_de_zero_exclu_a_un_et_contient_son_temps_hors_secteur(lot):
    assert lot.postes["quotite"].between(0, 1, inclusive="right").all()
    assert (lot.postes["hors_secteur_etp"] <= lot.postes["quotite"]).all()
    hors_secteur = lot.postes["hors_secteur_etp"] > 0
    assert set(lot.postes.loc[hors_secteur, "hors_secteur_motif"]) <= MOTIFS
    assert set(lot.postes.loc[~hors_secteur, "hors_secteur_motif"]) == {""}


def test_les_statuts_sont_ceux_des_fichiers_locaux_et_la_plupart_des_postes_sont_occupes(lot):
    assert set(lot.postes["statut"]) <= {"occupe", "vacant", "supplee", "absent"}
    assert (lot.postes["statut"] == "occupe").mean() > 0.75


def test_un_ctss_n_a_ni_secteur_ni_presence(lot):
    ctss = lot.postes[lot.postes["fonction"] == "CTSS"]
    assert len(ctss) == 3
    assert set(ctss["sans_secteur"]) == {"oui"}
    assert not set(ctss["poste_id"]) & set(lot.presences["poste_id"])


def test_chaque_presence_vise_un_poste_et_un_uai_connus(lot, sites):
    assert set(lot.presences["poste_id"]) <= set(ass(lot)["poste_id"])
    assert set(lot.presences["uai"]) <= set(sites["uai_presence"])
    assert set(lot.postes["residence_uai"]) <= set(sites["uai_presence"])
    assert not lot.presences.duplicated(["poste_id", "uai"]).any()
    assert (lot.presences["demi_journees"] > 0).all()


def test_un_poste_ne_donne_jamais_plus_que_son_temps(lot):
    donne = par_cycle(lot).groupby(lot.presences["poste_id"]).sum()
    temps = ass(lot).set_index("poste_id")
    # 10 half-days a week, 4 weeks, 90 % in presence of pupils, 2 for meetings
    capacite = (temps["quotite"] - temps["hors_secteur_etp"]) * 36 - temps["quotite"] * 2
    assert (donne <= capacite.loc[donne.index] + 1e-9).all()
    assert (donne >= 0.5 * capacite.loc[donne.index]).mean() > 0.9


def test_la_residence_est_un_site_que_le_poste_sert(lot):
    couples = set(zip(lot.presences["poste_id"], lot.presences["uai"], strict=True))
    residences = zip(ass(lot)["poste_id"], ass(lot)["residence_uai"], strict=True)
    assert all(couple in couples for couple in residences)


def test_les_secteurs_ont_deux_ou_trois_sites_le_plus_souvent(lot):
    tailles = lot.presences.groupby("poste_id").size()
    assert tailles.isin([2, 3]).mean() >= 0.5
    assert (tailles == 1).any()
    assert tailles.max() <= 6


def test_des_sites_ordinaires_restent_sans_personne_et_les_prioritaires_sont_hebdomadaires(
    lot, sites
):
    donne = par_cycle(lot).groupby(lot.presences["uai"]).sum()
    du_13 = sites[(sites["departement"] == "013") & (sites["nature"] == "etablissement")]
    presence = du_13["uai_presence"].map(donne).fillna(0)
    prioritaire = du_13["ep"].notna() | du_13["type"].isin(["LP", "EREA"])
    assert 0.03 <= (presence[~prioritaire.to_numpy()] == 0).mean() <= 0.35
    assert (presence[prioritaire.to_numpy()] >= 4).mean() >= 0.85


def test_les_ecoles_d_un_reseau_sont_servies_par_un_poste_du_college_tete(lot, sites):
    ecoles = sites[sites["nature"] == "ecoles_rep_plus"].set_index("uai_presence")
    for ligne in lot.presences[lot.presences["uai"].isin(ecoles.index)].itertuples():
        tete = ecoles.at[ligne.uai, "uai_principal"]
        du_poste = lot.presences[lot.presences["poste_id"] == ligne.poste_id]["uai"]
        assert tete in set(du_poste)


def test_chaque_ligne_dit_qu_elle_est_simulee(lot):
    for table in (lot.postes, lot.presences, lot.activite):
        assert table["origine"].str.fullmatch(r"simulé \(graine \d+\)").all()
    assert lot.postes["poste_id"].str.startswith("SIM-").all()


def test_l_activite_ne_compte_que_des_indicateurs_du_dictionnaire(lot):
    dictionnaire = reference.dictionnaire_activite()
    codes = {i["code"]: i.get("nomenclature") for i in dictionnaire["indicateurs"]}
    modalites: dict[str, set[str]] = {}
    for m in dictionnaire["modalites"]:
        modalites.setdefault(m["nomenclature"], set()).add(m["code"])
    for (indicateur, modalite), _ in lot.activite.groupby(["indicateur", "modalite"]):
        nomenclature = codes[indicateur]
        assert modalite in (modalites[nomenclature] if nomenclature else {""})
    assert set(lot.activite["indicateur"]) == set(codes)


def test_l_activite_couvre_deux_annees_et_ses_trimestres_font_l_annee(lot):
    assert set(lot.activite["annee_scolaire"]) == {"2024-2025", "2025-2026"}
    assert (lot.activite["nombre"] >= 0).all()
    cle = ["annee_scolaire", "uai", "indicateur", "modalite"]
    annee = lot.activite[lot.activite["periode"] == "annee"].set_index(cle)["nombre"]
    trimestres = lot.activite[lot.activite["periode"] != "annee"].groupby(cle)["nombre"].sum()
    assert len(trimestres)
    assert (annee.loc[trimestres.index] == trimestres).all()


def test_l_activite_suit_la_presence_et_quelques_sites_ne_rendent_rien(lot, sites):
    donne = par_cycle(lot).groupby(lot.presences["uai"]).sum()
    suivis = lot.activite[lot.activite["indicateur"] == "eleves_suivis"]
    moyenne = suivis.groupby("uai")["nombre"].mean()
    lies = pd.concat([donne.rename("presence"), moyenne.rename("suivis")], axis=1).dropna()
    assert lies.corr(method="spearman").iloc[0, 1] > 0.5
    servis = set(lot.presences["uai"])
    assert len(servis - set(suivis["uai"])) + _annees_absentes(suivis, servis) > 0


def _annees_absentes(suivis: pd.DataFrame, servis: set[str]) -> int:
    return sum(n < 2 for uai, n in suivis.groupby("uai").size().items() if uai in servis)


def test_aucun_site_ne_compte_plus_d_eleves_suivis_qu_il_n_a_d_eleves(lot, sites):
    effectifs = sites.set_index("uai_presence")["effectif"].astype(float).dropna()
    suivis = lot.activite[lot.activite["indicateur"] == "eleves_suivis"]
    connus = suivis[suivis["uai"].isin(effectifs.index)]
    assert (connus["nombre"].to_numpy() <= effectifs.loc[connus["uai"]].to_numpy()).all()


def test_la_meme_graine_ecrit_les_memes_octets_dans_n_importe_quel_ordre_des_sites(sites, tmp_path):
    demande = {"departements": ["084"], "etp": 26, "graine": 5}
    un = ecrire(simuler_postes(sites, **demande), tmp_path / "un")
    melange = sites.sample(frac=1, random_state=3)
    deux = ecrire(simuler_postes(melange, **demande), tmp_path / "deux")
    assert [f.read_bytes() for f in un] == [f.read_bytes() for f in deux]


def test_un_departement_ne_depend_pas_des_autres_demandes(sites):
    seul = simuler_postes(sites, departements=["005"], etp={"005": 8}, graine=4)
    ensemble = simuler_postes(
        sites, departements=["013", "005"], etp={"005": 8, "013": 90}, graine=4
    )
    du_05 = ensemble.postes[ensemble.postes["poste_id"].str.startswith("SIM-005")]
    pd.testing.assert_frame_equal(seul.postes, du_05.reset_index(drop=True))


def test_les_fichiers_s_ouvrent_dans_un_excel_francais(lot, tmp_path):
    chemin = ecrire(lot, tmp_path)[0]
    octets = chemin.read_bytes()
    assert octets.startswith(b"\xef\xbb\xbf")
    assert b";0,8;" in octets
    assert octets.count(b"\r\n") == octets.count(b"\n")


def test_des_attributs_inconnus_n_empechent_pas_de_simuler(sites):
    inconnus = sites.assign(
        effectif=None, segpa=pd.NA, ulis=pd.NA, internat=pd.NA, bassin=None, bassin_code=None
    ).drop(columns="ips")
    lot = simuler_postes(inconnus, departements=["005"], etp=8, graine=1)
    assert len(lot.presences)
    assert set(lot.postes["bassin"]) == {""}


def test_l_exemple_a_93_postes_ass_dans_le_13_et_une_densite_voisine_ailleurs():
    livres = pd.read_csv(chemins.EXEMPLE / "postes.csv", sep=";", decimal=",", encoding="utf-8-sig")
    ass_livres = livres[livres["fonction"] == "ASS"]
    par_departement = ass_livres["poste_id"].str[4:7].value_counts()
    assert par_departement["013"] == 93
    for departement, etablissements in (("004", 26), ("005", 22), ("084", 64)):
        assert 0.3 <= par_departement[departement] / etablissements <= 0.55


def test_une_demande_impossible_dit_ce_qui_est_admis(sites):
    with pytest.raises(AtlasError, match="999"):
        simuler_postes(sites, departements=["999"], etp=3, graine=1)
    with pytest.raises(AtlasError, match="positif"):
        simuler_postes(sites, departements=["013"], etp=0, graine=1)
    with pytest.raises(AtlasError, match="uai_presence"):
        simuler_postes(sites.drop(columns="uai_presence"), departements=["013"], etp=3, graine=1)


def test_les_colonnes_sont_celles_des_modeles_de_fichiers_locaux(lot):
    assert list(lot.postes.columns) == list(postes.COLONNES_POSTES)
    assert list(lot.presences.columns) == list(postes.COLONNES_PRESENCES)
    assert list(lot.activite.columns) == list(postes.COLONNES_ACTIVITE)
