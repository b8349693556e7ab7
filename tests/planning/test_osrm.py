"""An OSRM server is asked by blocks, waited for, and believed only when its answer makes sense."""

import numpy as np
import pytest
import serveur_osrm

from pipelines.base.erreurs import AtlasError
from pipelines.planning.moteurs import Lieux, distances_km, ecarter_invraisemblables, sans_suite
from pipelines.planning.osrm import Osrm


def lieux(*positions):
    """Places at (latitude, longitude); None is an unknown position."""
    connues = [p or (np.nan, np.nan) for p in positions]
    return Lieux(
        tuple(f"U{r}" for r in range(len(connues))),
        np.array([p[0] for p in connues], dtype=float),
        np.array([p[1] for p in connues], dtype=float),
        np.full(len(connues), np.nan),
    )


@pytest.fixture
def serveur():
    with serveur_osrm.servir() as lance:
        yield lance


def test_times_come_in_minutes_and_km_and_what_has_no_way_stays_unknown(serveur):
    """One way that does not exist (an island), one position nobody knows."""
    departs = lieux((43.6, 3.9), None)
    arrivees = lieux((43.7, 3.9), (48.5, -5.0), None)
    durees = Osrm(serveur.url, attente_s=0).calculer(departs, arrivees, sans_suite)
    assert durees.km[0, 0] == pytest.approx(14.456)
    assert durees.minutes[0, 0] == pytest.approx(14456 / 20 / 60)
    assert np.isnan(durees.minutes[0, 1:]).all()
    assert np.isnan(durees.minutes[1]).all()
    assert (np.isnan(durees.minutes) == np.isnan(durees.km)).all()


def test_no_request_names_more_places_than_a_server_takes(serveur):
    """130 × 60 pairs: blocks of 50 × 50 at most, each asked once, and put back in their place."""
    departs = lieux(*((43 + r / 100, 3.0) for r in range(130)))
    arrivees = lieux(*((43 + r / 100, 3.1) for r in range(60)))
    parts = []
    durees = Osrm(serveur.url, "car", attente_s=0).calculer(departs, arrivees, parts.append)
    assert len(serveur.demandes) == 6
    assert {profil for profil, _ in serveur.demandes} == {"car"}
    assert max(nombre for _, nombre in serveur.demandes) == 100
    assert parts[-1] == 1.0
    attendus = distances_km(departs, arrivees)
    assert np.corrcoef(durees.km.ravel(), attendus.ravel())[0, 1] > 0.99
    assert not np.isnan(durees.minutes).any()


def test_a_busy_server_is_asked_again_three_times_and_no_more(serveur):
    """503 then 429 then an answer; three failures end in a refusal."""
    moteur, ici, la = Osrm(serveur.url, attente_s=0), lieux((43.6, 3.9)), lieux((43.7, 3.9))
    serveur.pannes = [503, 429]
    assert moteur.calculer(ici, la, sans_suite).minutes[0, 0] > 0
    serveur.pannes = [500, 502, 504, 503]
    with pytest.raises(AtlasError, match=r"après 3 essais.: erreur 504"):
        moteur.calculer(ici, la, sans_suite)
    assert len(serveur.pannes) == 1


def test_a_server_out_of_reach_is_said_in_french(serveur):
    """The port of a server that stopped: nobody answers."""
    with serveur_osrm.servir() as parti:
        url = parti.url
    with pytest.raises(AtlasError, match="hors d'atteinte") as refus:
        Osrm(url, attente_s=0).calculer(lieux((43.6, 3.9)), lieux((43.7, 3.9)), sans_suite)
    assert "Que faire" in str(refus.value)


def test_a_refusal_of_the_server_is_told_in_its_own_words_and_not_tried_again(serveur):
    serveur.taille_max = 1
    with pytest.raises(AtlasError, match="TooBig"):
        Osrm(serveur.url, attente_s=0).calculer(lieux((43.6, 3.9)), lieux((43.7, 3.9)), sans_suite)
    assert len(serveur.demandes) == 1


def test_no_table_at_all_leaves_every_pair_unknown(serveur):
    serveur.deformer = lambda contenu: {"code": "NoTable", "message": ""}
    durees = Osrm(serveur.url, attente_s=0).calculer(
        lieux((43.6, 3.9)), lieux((43.7, 3.9)), sans_suite
    )
    assert np.isnan(durees.minutes).all()


@pytest.mark.parametrize(
    "faux",
    [
        lambda c: [],
        lambda c: {"durations": c["durations"]},
        lambda c: {**c, "code": 200},
        lambda c: {**c, "durations": None},
        lambda c: {**c, "durations": [[1.0, 2.0]]},
        lambda c: {**c, "durations": [1.0]},
        lambda c: {**c, "distances": [["12"]]},
        lambda c: {**c, "distances": [[True]]},
        lambda c: {**c, "durations": [[-4.0]]},
        lambda c: {**c, "durations": [[float("nan")]]},
        lambda c: {**c, "durations": [[float("inf")]]},
        lambda c: {"code": "Ok", "durations": c["durations"]},
    ],
)
def test_an_answer_that_is_no_table_is_refused(serveur, faux):
    """Wrong shape, wrong types, negative or infinite times, no distances: no half-read answer."""
    serveur.deformer = faux
    with pytest.raises(AtlasError, match="Réponse du serveur OSRM refusée"):
        Osrm(serveur.url, attente_s=0).calculer(lieux((43.6, 3.9)), lieux((43.7, 3.9)), sans_suite)


@pytest.mark.parametrize("corps", ["<html>Bonjour</html>", "", "{"])
def test_a_page_that_is_no_osrm_is_refused(serveur, corps):
    serveur.pannes = [corps]
    with pytest.raises(AtlasError, match="pas celle du service table"):
        Osrm(serveur.url, attente_s=0).calculer(lieux((43.6, 3.9)), lieux((43.7, 3.9)), sans_suite)


def test_a_server_of_another_country_gives_nothing_one_may_believe(serveur):
    """It moves every place to the nearest road it knows: 0 km between two towns 30 km apart."""
    serveur.deformer = lambda c: {**c, "durations": [[0.0, 0.0]], "distances": [[0.0, 0.0]]}
    ici, la = lieux((43.6, 3.9)), lieux((43.9, 3.9), (43.601, 3.9))
    brutes = Osrm(serveur.url, attente_s=0).calculer(ici, la, sans_suite)
    durees, nombre = ecarter_invraisemblables(brutes, ici, la)
    assert nombre == 1
    assert np.isnan(durees.minutes[0, 0])
    assert durees.minutes[0, 1] == 0


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:5000",
        "ftp://a",
        "http://",
        "http://moi:secret@machine",
        "http://machine/?a=1",
        "machine",
    ],
)
def test_an_address_that_is_none_is_refused_before_any_request(url):
    with pytest.raises(AtlasError, match="n'est pas l'adresse"):
        Osrm(url)


def test_a_profile_cannot_reach_another_path_of_the_server():
    with pytest.raises(AtlasError, match="profil"):
        Osrm("http://127.0.0.1:5000", "../admin")
