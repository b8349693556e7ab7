"""Valhalla: what is said without it, how it is asked, its true answers where it is installed."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.planning import valhalla_local
from pipelines.planning.moteurs import Lieux, ecarter_invraisemblables, sans_suite
from pipelines.planning.valhalla_local import Valhalla

# A package that answers like Valhalla's: one degree of latitude an hour, nothing beyond 48° North;
# one place off the network makes the whole request fail, as the real one does.
FAUX_PAQUET = """
class Actor:
    def __init__(self, config):
        self.pairs = config["service_limits"]["auto"]["max_matrix_location_pairs"]

    def matrix(self, request):
        s, t = request["sources"], request["targets"]
        assert request["costing"] == "auto" and request["units"] == "kilometers"
        assert len(s) * len(t) <= self.pairs
        if any(p["lat"] > 48 for p in s + t):
            raise RuntimeError("Locations are in unconnected regions")
        return {"sources_to_targets": [
            [{"time": 3600 * abs(a["lat"] - b["lat"]), "distance": 111.2 * abs(a["lat"] - b["lat"])}
             if b["lat"] > 40 else {"time": None, "distance": None} for b in t] for a in s]}


def get_config(tile_extract="", tile_dir="", verbose=False):
    return {"mjolnir": {"tile_extract": tile_extract or "ici", "tile_dir": tile_dir or "ici"},
            "service_limits": {"auto": {"max_matrix_location_pairs": 16}}}
"""


def lieux(*positions):
    connues = [p or (np.nan, np.nan) for p in positions]
    return Lieux(
        tuple(f"U{r}" for r in range(len(connues))),
        np.array([p[0] for p in connues], dtype=float),
        np.array([p[1] for p in connues], dtype=float),
        np.full(len(connues), np.nan),
    )


@pytest.fixture
def faux(tmp_path, monkeypatch):
    """The package above, installed for one test; its folder."""
    dossier = tmp_path / "paquets" / "valhalla"
    dossier.mkdir(parents=True)
    (dossier / "__init__.py").write_text(FAUX_PAQUET, encoding="utf-8")
    monkeypatch.syspath_prepend(str(dossier.parent))
    monkeypatch.delitem(sys.modules, "valhalla", raising=False)
    monkeypatch.setattr(valhalla_local.importlib.metadata, "version", lambda nom: "3.2.0")
    yield dossier
    sys.modules.pop("valhalla", None)


@pytest.fixture
def tuiles(tmp_path):
    dossier = tmp_path / "tuiles"
    (dossier / "2").mkdir(parents=True)
    (dossier / "2" / "0.gph").write_bytes(b"tuile")
    return dossier


def test_without_the_package_atlas_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "valhalla", None)
    with pytest.raises(AtlasError, match="n'est pas installé") as refus:
        Valhalla(tmp_path / "carte.osm.pbf")
    assert "pip install 'atlas-ssfe[valhalla]'" in str(refus.value)


def test_a_version_without_a_tile_builder_refuses_a_pbf_and_says_what_it_takes(faux, tmp_path):
    (tmp_path / "carte.osm.pbf").write_bytes(b"carte")
    with pytest.raises(AtlasError, match=r"3\.2\.0 ne sait pas faire de tuiles") as refus:
        Valhalla(tmp_path / "carte.osm.pbf")
    assert "Python 3.12" in str(refus.value)
    assert "tuiles Valhalla déjà faites" in str(refus.value)


@pytest.mark.parametrize("nom", ["absente.osm.pbf", "carte.txt"])
def test_a_map_that_is_none_is_refused(faux, tmp_path, nom):
    (tmp_path / "carte.txt").write_text("rien", encoding="utf-8")
    with pytest.raises(AtlasError, match="Carte introuvable"):
        Valhalla(tmp_path / nom)


def test_a_builder_that_fails_is_told_with_its_last_words(faux, tmp_path):
    """A truncated extract: the program ends badly, or makes no tile."""
    programme = faux / "bin" / "valhalla_build_tiles"
    programme.parent.mkdir()
    programme.write_text("#!/bin/sh\necho 'carte tronquée' >&2\nexit 1\n", encoding="utf-8")
    programme.chmod(0o755)
    (tmp_path / "carte.osm.pbf").write_bytes(b"carte")
    with pytest.raises(AtlasError, match="carte tronquée"):
        Valhalla(tmp_path / "carte.osm.pbf").calculer(lieux((43, 3)), lieux((44, 3)), sans_suite)


def test_places_off_the_network_are_unknown_and_spoil_no_other(faux, tuiles):
    """13 × 7 places in blocks of 4, three of them out of reach, one without a position."""
    departs = lieux(*((43 + r / 10, 3.0) for r in range(11)), (49.0, 3.0), None)
    arrivees = lieux(*((43 + r / 10, 3.0) for r in range(5)), (50.0, 3.0), (39.0, 3.0))
    durees = Valhalla(tuiles).calculer(departs, arrivees, sans_suite)
    connues = ~np.isnan(durees.minutes)
    assert connues[:11, :5].all()
    assert connues.sum() == 55
    assert durees.minutes[10, 0] == pytest.approx(60)
    assert durees.km[10, 0] == pytest.approx(111.2)


def test_the_identity_follows_the_version_and_the_bytes_of_the_map(faux, tuiles, monkeypatch):
    avant = Valhalla(tuiles).identite()
    assert Valhalla(tuiles).identite() == avant
    (tuiles / "2" / "0.gph").write_bytes(b"autre tuile")
    apres = Valhalla(tuiles).identite()
    assert apres != avant
    monkeypatch.setattr(valhalla_local.importlib.metadata, "version", lambda nom: "3.9.1")
    assert Valhalla(tuiles).identite() != apres


@pytest.mark.reel
@pytest.mark.valhalla
def test_andorra_is_driven_through_as_its_roads_allow(reel: Path, tmp_path):
    """From the .osm.pbf to times: the capital to four parishes, the pass, and a town of France.

    A drive of 8 km takes 8 to 12 minutes, the pass of Envalira half an hour; Montpellier is not on
    the map, so it has no time rather than that of its nearest road.
    """
    capitale = lieux((42.5063, 1.5218))
    arrivees = lieux(
        (42.4636, 1.4913), (42.5560, 1.5330), (42.5361, 1.5828), (42.5436, 1.7337), (43.61, 3.88)
    )
    moteur = Valhalla(reel / "osm" / "andorra-latest.osm.pbf")
    brutes = moteur.calculer(capitale, arrivees, sans_suite)
    durees, ecartees = ecarter_invraisemblables(brutes, capitale, arrivees)
    assert ecartees == 0
    minutes = durees.minutes[0]
    assert minutes[:3] == pytest.approx([7.9, 9.6, 7.3], abs=2)
    assert minutes[3] == pytest.approx(28.6, abs=5)
    assert np.isnan(minutes[4])
    assert durees.km[0, 0] == pytest.approx(6.9, abs=0.5)
    assert json.dumps(moteur.identite()).startswith('"valhalla ')
