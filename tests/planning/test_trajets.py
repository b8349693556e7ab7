"""Travel times: estimated where nothing is measured, measured where someone did."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.base import chemins
from pipelines.marts import entrepot
from pipelines.planning import etalonnage
from pipelines.planning.moteurs import (
    AVolDOiseau,
    Lieux,
    Matrice,
    distances_km,
    empreinte,
    empreinte_positions,
    sans_suite,
)
from pipelines.planning.trajets import estimer

MONTPELLIER = {"latitude": 43.61, "longitude": 3.88, "densite": 1}
LODEVE = {"latitude": 43.73, "longitude": 3.32, "densite": 3}
AUCUNE_MESURE = pd.DataFrame(
    columns=["origine_uai", "destination_uai", "duree_min", "distance_km", "moteur"], dtype=object
)
LATITUDES, LONGITUDES = st.floats(42.0, 51.0), st.floats(-4.5, 8.0)
NIVEAUX = st.one_of(st.none(), st.integers(1, 7))


def mesure(minutes: float | None, km: float | None = None, **autres: object) -> pd.DataFrame:
    paire = {"origine_uai": "P", "destination_uai": "S", "moteur": None}
    return pd.DataFrame([{**paire, "duree_min": minutes, "distance_km": km, **autres}])


def lieu(latitude: float, longitude: float, densite: int | None) -> Lieux:
    niveau = np.nan if densite is None else float(densite)
    return Lieux(("U",), np.array([latitude]), np.array([longitude]), np.array([niveau]))


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
    trajets = estimer(postes(**MONTPELLIER), sites(**LODEVE), mesure(41.5, 55.0))
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


@settings(max_examples=100, deadline=None)
@given(LATITUDES, LONGITUDES, NIVEAUX, LATITUDES, LONGITUDES, NIVEAUX, st.floats(0.0, 1.0))
def test_an_estimate_is_symmetric_and_farther_is_never_quicker(lat, lon, ici, lat2, lon2, la, part):
    """A to B takes as long as B to A; a place on the way is reached no later."""
    a, b = lieu(lat, lon, ici), lieu(lat2, lon2, la)
    entre = lieu(lat + part * (lat2 - lat), lon + part * (lon2 - lon), la)
    moteur = AVolDOiseau()
    aller, retour = moteur.calculer(a, b, sans_suite), moteur.calculer(b, a, sans_suite)
    assert aller.minutes[0, 0] == pytest.approx(retour.minutes[0, 0])
    assert aller.km[0, 0] >= distances_km(a, b)[0, 0]
    avant = moteur.calculer(a, entre, sans_suite)
    if avant.km[0, 0] <= aller.km[0, 0]:
        assert avant.minutes[0, 0] <= aller.minutes[0, 0] + 1e-9


def test_a_pair_an_engine_found_no_way_for_is_unknown_and_not_estimated():
    trajets = estimer(postes(**MONTPELLIER), sites(**LODEVE), mesure(None, moteur="osrm"))
    assert (trajets.minutes, trajets.km) == (((None,),), ((None,),))
    assert (trajets.nb_mesures, trajets.nb_estimes, trajets.nb_inconnus) == (0, 0, 1)
    assert trajets.moteurs == ("osrm",)


def test_with_measures_alone_a_pair_nobody_measured_is_unknown():
    """And the résidence is still reached in no time."""
    deux = pd.concat([sites(**LODEVE), sites(**LODEVE).assign(site_id="T", uai_principal="T")])
    poste = postes(**MONTPELLIER).assign(residence_site_id="R")
    trajets = estimer(poste, deux, mesure(40, 52.0), completer=False)
    assert trajets.minutes == ((40, None),)
    assert (trajets.nb_mesures, trajets.nb_estimes, trajets.nb_inconnus) == (1, 0, 1)
    chez_soi = estimer(poste.assign(residence_site_id="T"), deux, AUCUNE_MESURE, completer=False)
    assert chez_soi.minutes == ((None, 0),)


def test_a_time_without_its_distance_keeps_the_estimated_distance():
    estime = estimer(postes(**MONTPELLIER), sites(**LODEVE), AUCUNE_MESURE)
    trajets = estimer(postes(**MONTPELLIER), sites(**LODEVE), mesure(40))
    assert trajets.minutes == ((40,),)
    assert trajets.km == estime.km
    seul = estimer(postes(**MONTPELLIER), sites(**LODEVE), mesure(40), completer=False)
    assert seul.km == ((None,),)


def test_the_measure_to_a_college_holds_for_it_and_for_the_ecoles_of_its_network():
    """They share its UAI: before, the measure went to the écoles and the collège lost it."""
    deux = pd.concat([sites(**LODEVE), sites(**LODEVE).assign(site_id="RESEAU-S")])
    assert estimer(postes(**MONTPELLIER), deux, mesure(40, 52.0)).minutes == ((40, 40),)


def test_a_matrix_answers_its_own_pairs_and_no_other():
    """Not even the way back: someone measured one way."""
    ici = Lieux(("P", "S"), *(np.array([43.6, 43.7]) for _ in range(3)))
    matrice = Matrice(mesure(40, 52.0))
    durees = matrice.calculer(ici, ici, sans_suite)
    assert durees.minutes[0, 1] == 40
    assert np.isnan(durees.minutes).sum() == 3
    assert matrice.couvre(ici, ici).sum() == 1
    assert matrice.identite() != Matrice(mesure(41, 52.0)).identite()


def test_a_fingerprint_follows_the_engine_and_every_position_and_nothing_else():
    def point(uai: str, latitude: float, densite: float) -> Lieux:
        return Lieux((uai,), *(np.array([v]) for v in (latitude, 3.9, densite)))

    a, b = point("A", 43.6, 1), point("B", 43.7, 1)
    assert empreinte("osrm", a, b) == empreinte("osrm", a, point("B", 43.7, 5))
    assert empreinte("osrm", a, b) != empreinte("valhalla", a, b)
    assert empreinte("osrm", a, b) != empreinte("osrm", a, point("B", 43.7001, 1))
    ici, la = (Lieux((nom,), *(np.array([43.6]) for _ in range(3))) for nom in "AB")
    tous = Lieux(("A", "B"), *(np.array([43.6, 43.6]) for _ in range(3)))
    assert empreinte_positions(ici, la) != empreinte_positions(la, ici)
    # from A to A there is no pair: A counts as a departure alone
    assert empreinte_positions(ici, tous) == empreinte_positions(ici, la)


def test_the_stated_error_of_the_estimate_is_the_one_computed_from_its_drives():
    """8 % over the drives it was calibrated on, 15 % in mountains it never saw: both are told."""
    connues = etalonnage.erreur(etalonnage.ETALONNAGE)
    neuves = etalonnage.erreur(etalonnage.CONTROLE)
    assert (connues.nb_liaisons, neuves.nb_liaisons) == (19, 28)
    assert connues.part_moyenne == pytest.approx(0.081, abs=0.005)
    assert connues.part_max == pytest.approx(0.236, abs=0.005)
    assert neuves.part_moyenne == pytest.approx(0.151, abs=0.005)
    assert neuves.part_max == pytest.approx(0.409, abs=0.005)
    table = etalonnage.liaisons()
    assert (table["part_ecart"].abs() <= 0.25)[table["usage"] == etalonnage.ETALONNAGE].all()


@pytest.mark.reel
def test_the_drives_start_and_end_where_the_establishments_of_these_towns_are(entrepot_reel: Path):
    """The positions of trajets_etalons.csv are those of the annuaire, to a kilometre."""
    with (chemins.REFERENCE / etalonnage.FICHIER).open(encoding="utf-8", newline="") as flux:
        etalons = [e for e in csv.DictReader(flux) if e["usage"] == etalonnage.ETALONNAGE]
    with entrepot.ouvrir(entrepot_reel) as connexion:
        lieux = entrepot.lire(connexion, "mart_site")
    lieux = lieux[lieux["nature"] == "etablissement"]
    for etalon in etalons:
        ici = lieux[lieux["departement"] == etalon["departement"]]
        for bout in ("origine", "destination"):
            commune = ici[ici["commune"] == etalon[bout]]
            assert not commune.empty, etalon[bout]
            for c in ("latitude", "longitude"):
                moyenne = commune[c].astype(float).mean()
                assert float(etalon[f"{bout}_{c}"]) == pytest.approx(moyenne, abs=0.01)
            assert int(etalon[f"{bout}_densite"]) == commune["densite"].iloc[0]
