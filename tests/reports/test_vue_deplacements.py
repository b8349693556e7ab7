"""The travel of a proposal of the example, by the command and in its tables."""

import io
import shutil
from dataclasses import replace

import duckdb
import pandas as pd
import pytest
import python_calamine
from typer.testing import CliRunner

from pipelines.base.erreurs import AtlasError
from pipelines.cli import app
from pipelines.planning.deplacements import Deplacement
from pipelines.planning.limitrophes import Lien
from pipelines.reports import deplacements
from pipelines.reports.proposition_lue import lire
from pipelines.scenarios import propositions


@pytest.fixture(scope="module")
def dossier_013(entrepot_exemple, tmp_path_factory):
    """A quick proposal for the 013: 95 postes, 221 sites, Marseille and its neighbours."""
    dossier = tmp_path_factory.mktemp("propositions") / "013"
    propositions.proposer(entrepot_exemple, "013", graine=1, duree_max_s=1, sortie=dossier)
    return dossier


@pytest.fixture(scope="module")
def vue(entrepot_exemple, dossier_013):
    return deplacements.vue(entrepot_exemple, dossier_013, 5, 10_000.0)


def clair(texte):
    """`texte` with plain spaces."""
    return " ".join(texte.split())


def test_the_command_counts_a_proposal_and_what_an_envelope_no_longer_pays(
    entrepot_exemple, dossier_013, tmp_path
):
    """From the folder of `atlas proposer` to euros, trips, sites and a workbook."""
    base = [
        *("trajets", "--proposition", str(dossier_013), "--entrepot", str(entrepot_exemple)),
    ]
    fin = CliRunner().invoke(
        app, [*base, "--enveloppe", "5000", "--puissance", "7", "--sortie", str(tmp_path)]
    )
    assert fin.exit_code == 0, fin.output
    texte = clair(fin.output)
    assert "heures de route par semaine" in texte
    assert "selon la desserte des communes voisines" in texte
    assert "Avec une enveloppe de 5 000 € par an" in texte
    assert "L'ordre est un choix de l'équipe" in texte
    octets = (tmp_path / "deplacements.xlsx").read_bytes()
    classeur = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(octets))
    assert {"Postes", "Trajets", "Trajets non payés", "Sites découverts"} <= set(
        classeur.sheet_names
    )
    sans = CliRunner().invoke(app, base)
    assert "enveloppe" not in sans.output


def test_the_bounds_are_apart_by_the_neighbours_nobody_knows_about(vue):
    """The example says nothing of public transport: both bounds are shown, and why they differ."""
    mots = deplacements.LIENS_EN_MOTS[Lien.LIMITROPHE_INCONNUE]
    voisins = (vue.trajets["Remboursé"] == mots).sum()
    assert voisins > 0
    assert any(clair(r).startswith(f"{voisins} trajets mènent") for r in vue.reserves)
    bas, haut = (vue.postes[f"Budget {b} (€ par an)"] for b in ("bas", "haut"))
    assert (bas <= haut).all()
    assert bas.sum() < haut.sum()
    lignes = vue.puissances.iloc[:, 1:]
    assert (lignes.diff().dropna() > 0).all(axis=None)


def test_an_unknown_length_is_told_with_its_cause(dossier_013):
    """A place without position, a time without its distance, travel not measured, no way known."""
    lue = lire(dossier_013)
    poste, site = lue.probleme["postes"][0], lue.probleme["sites"][0]
    place = {"latitude": 43.5, "longitude": 5.4}
    ids = poste["poste_id"], site["site_id"]
    trajet = Deplacement(*ids, 4, 1, None, None, Lien.AILLEURS, 2)

    def cause(trajet, *, est_place=True, seules=False):
        ici = place if est_place else {"latitude": None, "longitude": None}
        probleme = {
            "postes": [{**poste, **ici}],
            "sites": [{**site, **place}],
            "hypotheses": {"trajets_mesures_seuls": seules},
        }
        return deplacements._causes_sans_km([trajet], replace(lue, probleme=probleme))

    assert cause(replace(trajet, minutes=20)) == ["une durée donnée sans sa distance (1)"]
    assert cause(trajet, est_place=False) == ["la position d'un des deux lieux manque (1)"]
    assert cause(trajet, seules=True) == [
        "seuls les trajets mesurés comptent, et il ne l'est pas (1)"
    ]
    assert cause(trajet) == ["aucun itinéraire n'est connu entre les deux lieux (1)"]
    assert cause(replace(trajet, km=3.0)) == []


def test_nobody_is_paid_to_cross_marseille(vue):
    """Arrondissements are one commune: 13055."""
    dans_marseille = vue.trajets[
        vue.trajets["Commune de la résidence"].str.startswith("Marseille")
        & vue.trajets["Commune du site"].str.startswith("Marseille")
    ]
    assert len(dans_marseille) > 20
    assert set(dans_marseille["Remboursé"]) == {deplacements.LIENS_EN_MOTS[Lien.MEME_COMMUNE]}


def test_every_km_of_the_trips_is_in_the_postes(vue):
    """36 weeks of a year: 9 cycles of round trips."""
    trajets = vue.trajets
    attendu = (2 * trajets["Trajet aller (km)"] * trajets["Allers-retours par cycle"] * 9).sum()
    assert vue.postes["Km par an"].sum() == pytest.approx(attendu, abs=len(vue.postes))
    assert vue.postes["Sites"].sum() == len(trajets)


def test_what_the_envelope_stops_is_in_order_and_leaves_no_more_than_it(vue):
    arrets, sites = vue.epuisement.arrets, vue.epuisement.sites
    assert arrets["Poids du site"].is_monotonic_increasing
    assert arrets["Reste à payer (€ par an)"].is_monotonic_decreasing
    assert arrets["Reste à payer (€ par an)"].iloc[-1] <= 10_000
    assert arrets["Reste à payer (€ par an)"].iloc[-2] > 10_000
    reste = sites["Encore payé (½ j. par cycle)"]
    assert (reste < sites["Plan (½ j. par cycle)"]).all()
    assert (reste >= 0).all()


def test_a_list_of_served_communes_closes_the_gap(entrepot_exemple, dossier_013, tmp_path):
    """Every commune said served, then none: the two bounds of before, and nothing left unknown."""
    avant = deplacements.vue(entrepot_exemple, dossier_013, 5)
    for reponse, colonne in (("true", 1), ("false", 2)):
        base = tmp_path / f"{reponse}.duckdb"
        shutil.copy(entrepot_exemple, base)
        _repondre(base, reponse)
        apres = deplacements.vue(base, dossier_013, 5)
        ligne = apres.puissances.iloc[0]
        assert ligne.iloc[1] == ligne.iloc[2] == avant.puissances.iloc[0, colonne]
        assert "selon la desserte" not in apres.phrase


def _repondre(base, reponse):
    with duckdb.connect(str(base)) as connexion:
        connexion.execute(f"update mart_commune set est_desservie = {reponse}")


def test_a_wrong_power_or_envelope_is_refused_in_french(entrepot_exemple, dossier_013):
    with pytest.raises(AtlasError, match=r"Puissance fiscale «.6.» inconnue") as refus:
        deplacements.vue(entrepot_exemple, dossier_013, 6)
    assert "5 CV et moins" in str(refus.value)
    for enveloppe in (-1.0, float("nan")):
        with pytest.raises(AtlasError, match="Enveloppe"):
            deplacements.vue(entrepot_exemple, dossier_013, 5, enveloppe)


def test_an_endless_envelope_pays_everything(entrepot_exemple, dossier_013):
    vue = deplacements.vue(entrepot_exemple, dossier_013, 5, float("inf"))
    assert vue.epuisement.arrets.empty
    assert vue.epuisement.phrase == (
        "Sans limite d'enveloppe, tous les trajets remboursables sont payés."
    )
    assert isinstance(vue.epuisement.sites, pd.DataFrame)
    assert vue.epuisement.sites.empty


def test_a_proposal_of_another_warehouse_is_refused(entrepot_exemple, dossier_013, tmp_path):
    """Sites that are no longer there: nothing is counted in silence."""
    base = tmp_path / "autre.duckdb"
    shutil.copy(entrepot_exemple, base)
    with duckdb.connect(str(base)) as connexion:
        connexion.execute("delete from mart_site where departement = '013'")
    with pytest.raises(AtlasError, match="Les données ont changé"):
        deplacements.vue(base, dossier_013, 5)


def test_a_folder_without_a_proposal_is_refused_in_french(entrepot_exemple, tmp_path):
    with pytest.raises(AtlasError, match="n'a pas de proposition"):
        deplacements.vue(entrepot_exemple, tmp_path / "nulle-part", 5)
