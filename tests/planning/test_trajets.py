"""Travel times: estimated where nothing is measured, measured where someone did."""

import csv
from pathlib import Path

import pandas as pd
import pytest

from pipelines.base import chemins
from pipelines.marts import entrepot
from pipelines.planning.trajets import estimer

MONTPELLIER = {"latitude": 43.61, "longitude": 3.88, "densite": 1}
LODEVE = {"latitude": 43.73, "longitude": 3.32, "densite": 3}
AUCUNE_MESURE = pd.DataFrame(
    columns=["origine_uai", "destination_uai", "duree_min", "distance_km"], dtype=object
)


def postes(**lieu: object) -> pd.DataFrame:
    return pd.DataFrame([{"residence_uai": "P", "residence_site_id": "P", **lieu}])


def sites(**lieu: object) -> pd.DataFrame:
    return pd.DataFrame([{"site_id": "S", "uai_principal": "S", **lieu}])


def test_a_drive_takes_as_long_both_ways():
    aller = estimer(postes(**MONTPELLIER), sites(**LODEVE), AUCUNE_MESURE)
    retour = estimer(postes(**LODEVE), sites(**MONTPELLIER), AUCUNE_MESURE)
    assert aller.minutes == retour.minutes
    assert aller.km == retour.km


def test_no_travel_is_counted_inside_the_residence():
    sur_place = postes(**MONTPELLIER).assign(residence_site_id="S")
    assert estimer(sur_place, sites(**LODEVE), AUCUNE_MESURE).minutes == ((0,),)


def test_two_schools_of_one_dense_street_are_minutes_apart_not_zero():
    voisin = {**MONTPELLIER, "longitude": MONTPELLIER["longitude"] + 0.005}
    [[minutes]] = estimer(postes(**MONTPELLIER), sites(**voisin), AUCUNE_MESURE).minutes
    assert 3 < minutes <= 6


def test_a_measured_time_replaces_the_estimate_and_its_distance():
    mesures = pd.DataFrame(
        [{"origine_uai": "P", "destination_uai": "S", "duree_min": 41.5, "distance_km": 55.0}]
    )
    trajets = estimer(postes(**MONTPELLIER), sites(**LODEVE), mesures)
    assert trajets.minutes == ((42,),)
    assert trajets.km == ((55.0,),)
    assert trajets.nb_mesures == 1


def test_a_place_without_position_has_no_time_rather_than_a_guess():
    perdu = {"latitude": None, "longitude": None, "densite": None}
    assert estimer(postes(**MONTPELLIER), sites(**perdu), AUCUNE_MESURE).minutes == ((None,),)


def test_an_unknown_density_is_driven_at_the_slower_road():
    inconnue = {**LODEVE, "densite": None}
    [[prudent]] = estimer(postes(**MONTPELLIER), sites(**inconnue), AUCUNE_MESURE).minutes
    [[rapide]] = estimer(postes(**MONTPELLIER), sites(**LODEVE), AUCUNE_MESURE).minutes
    assert prudent > rapide


@pytest.mark.reel
def test_estimates_stay_within_the_stated_error_of_well_known_drives(entrepot_reel: Path):
    """The error stated in trajets.toml: 8 % on average, 25 % at most, over 19 drives."""
    with (chemins.REFERENCE / "trajets_etalons.csv").open(encoding="utf-8", newline="") as flux:
        etalons = list(csv.DictReader(flux))
    assert len(etalons) == 19
    with entrepot.ouvrir(entrepot_reel) as connexion:
        lieux = entrepot.lire(connexion, "mart_site")
    lieux = lieux[lieux["nature"] == "etablissement"]
    ecarts = []
    for etalon in etalons:
        ici = lieux[lieux["departement"] == etalon["departement"]]
        bouts = []
        for nom in (etalon["origine"], etalon["destination"]):
            commune = ici[ici["commune"] == nom]
            assert not commune.empty, nom
            bouts.append(
                {
                    "latitude": commune["latitude"].astype(float).mean(),
                    "longitude": commune["longitude"].astype(float).mean(),
                    "densite": commune["densite"].iloc[0],
                }
            )
        [[minutes]] = estimer(postes(**bouts[0]), sites(**bouts[1]), AUCUNE_MESURE).minutes
        ecarts.append(abs(minutes - int(etalon["minutes"])) / int(etalon["minutes"]))
    assert sum(ecarts) / len(ecarts) < 0.085
    assert max(ecarts) < 0.27
