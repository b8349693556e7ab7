"""Travel times from Valhalla, run here over an OpenStreetMap extract: nothing leaves this machine.

Needs the optional package pyvalhalla (`pip install atlas-ssfe[valhalla]`). Its versions from 3.9 on
(Python 3.12) turn an `.osm.pbf` into tiles; older ones only read tiles already made.
"""

import hashlib
import importlib
import importlib.metadata
import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

from pipelines.base.erreurs import AtlasError
from pipelines.planning.moteurs import (
    LONGUEUR_EMPREINTE,
    MINUTES_PAR_HEURE,
    Durees,
    Lieux,
    Progres,
)

COUT = "auto"
PAQUET = "pyvalhalla"
CONSTRUCTEURS = ("valhalla_build_tiles", "valhalla_build_tiles.exe")
OCTETS_LUS = 1 << 20
REMEDE_INSTALLER = (
    "l'installer : pip install 'atlas-ssfe[valhalla]' (Python 3.12 ou plus récent) ; sans lui, "
    "Atlas estime à vol d'oiseau"
)


class Valhalla:
    """Car times over `carte`: an .osm.pbf, or tiles already made (a folder, or a .tar).

    Raises AtlasError (French) when the package is missing, when it can't make tiles of a .pbf, or
    when the map is none.
    """

    nom = "valhalla"

    def __init__(self, carte: Path) -> None:
        self._valhalla = _paquet()
        self.carte = carte
        est_extrait = carte.is_file() and carte.suffix == ".pbf"
        if not est_extrait and not carte.is_dir() and not (carte.is_file() and est_tar(carte)):
            raise AtlasError(
                "Carte introuvable, ou d'une forme inconnue.",
                fichier=str(carte),
                admis="un fichier .osm.pbf, ou des tuiles Valhalla (un dossier ou un .tar)",
                remede="corriger --carte",
            )
        self._constructeur = _constructeur(self._valhalla) if est_extrait else None
        if est_extrait and self._constructeur is None:
            raise AtlasError(
                f"{PAQUET} {self.version} ne sait pas faire de tuiles d'un fichier .osm.pbf.",
                fichier=str(carte),
                admis=f"des tuiles Valhalla déjà faites, ou {PAQUET} 3.9 ou plus récent",
                remede="faire les tuiles sur une machine qui a Python 3.12 (pip install "
                f"'{PAQUET}>=3.9', puis valhalla_build_tiles) et donner leur dossier à --carte",
            )

    @property
    def version(self) -> str:
        """Version of the package."""
        return importlib.metadata.version(PAQUET)

    def identite(self) -> str:
        """Version, costing, and the bytes of the map."""
        return f"valhalla {self.version}, voiture, {self.carte.name} {empreinte_carte(self.carte)}"

    def calculer(self, origines: Lieux, destinations: Lieux, progres: Progres) -> Durees:
        """Times by blocks of places; NaN where the network has no way or a position is unknown."""
        resultat = Durees.inconnues(len(origines), len(destinations))
        with self._configuration() as configuration:
            acteur = self._valhalla.Actor(configuration)
            paires_max = configuration["service_limits"][COUT]["max_matrix_location_pairs"]
            taille = max(1, int(paires_max**0.5))
            departs, arrivees = origines.places(), destinations.places()
            debuts = (range(0, len(lieux), taille) for lieux in (departs, arrivees))
            blocs = list(product(*debuts))
            for fait, (i, j) in enumerate(blocs, start=1):
                self._remplir(
                    acteur,
                    resultat,
                    (origines, departs[i : i + taille]),
                    (destinations, arrivees[j : j + taille]),
                )
                progres(fait / len(blocs))
        return resultat

    def _remplir(
        self,
        acteur: Any,  # noqa: ANN401
        resultat: Durees,
        departs: tuple[Lieux, list[int]],
        arrivees: tuple[Lieux, list[int]],
    ) -> None:
        """Write a block. One place off the network fails all of it: halves are then asked apart."""
        (origines, lignes), (destinations, colonnes) = departs, arrivees
        try:
            table = acteur.matrix(
                {
                    "sources": _points(origines, lignes),
                    "targets": _points(destinations, colonnes),
                    "costing": COUT,
                    "units": "kilometers",
                }
            )
        except RuntimeError:
            if len(lignes) == len(colonnes) == 1:
                return
            for moitie_l, moitie_c in _moities(lignes, colonnes):
                self._remplir(acteur, resultat, (origines, moitie_l), (destinations, moitie_c))
            return
        for i, ligne in zip(lignes, table["sources_to_targets"], strict=True):
            for j, trajet in zip(colonnes, ligne, strict=True):
                if trajet.get("time") is not None and trajet.get("distance") is not None:
                    resultat.minutes[i, j] = trajet["time"] / MINUTES_PAR_HEURE
                    resultat.km[i, j] = trajet["distance"]

    @contextmanager
    def _configuration(self) -> Iterator[dict[str, Any]]:
        """What the engine reads, the tiles being made first when the map is a .pbf."""
        with tempfile.TemporaryDirectory(prefix="atlas-valhalla-") as dossier:
            tuiles = Path(dossier) / "tuiles" if self._constructeur else self.carte
            if self._constructeur:
                tuiles.mkdir()
            configuration = self._lire_configuration(tuiles)
            if self._constructeur:
                self._faire_les_tuiles(configuration, Path(dossier))
            yield configuration

    def _lire_configuration(self, tuiles: Path) -> dict[str, Any]:
        ou = (
            {"tile_extract": str(tuiles), "tile_dir": ""}
            if est_tar(tuiles)
            else {"tile_extract": "", "tile_dir": str(tuiles)}
        )
        configuration = self._valhalla.get_config(**ou)
        # older versions turn an empty path into the current folder, and crash on it
        for nom, chemin in ou.items():
            if not chemin:
                configuration["mjolnir"][nom] = ""
        return configuration

    def _faire_les_tuiles(self, configuration: dict[str, Any], dossier: Path) -> None:
        fichier = dossier / "valhalla.json"
        fichier.write_text(json.dumps(configuration), encoding="utf-8")
        fin = subprocess.run(
            [str(self._constructeur), "-c", str(fichier), str(self.carte.resolve())],
            capture_output=True,
            text=True,
            check=False,
        )
        if fin.returncode or not any((dossier / "tuiles").rglob("*.gph")):
            raise AtlasError(
                "Valhalla n'a pas pu faire de tuiles de cette carte : "
                f"{(fin.stderr or fin.stdout).strip()[-200:]}",
                fichier=str(self.carte),
                admis="un extrait OpenStreetMap entier, au format .osm.pbf",
                remede="reprendre le fichier : il est peut-être tronqué",
            )


def est_tar(chemin: Path) -> bool:
    """True for tiles gathered in one file."""
    return chemin.suffix == ".tar"


def empreinte_carte(carte: Path) -> str:
    """sha256 over the bytes of a map, or over those of each tile of a folder; its beginning."""
    somme = hashlib.sha256()
    fichiers = [carte] if carte.is_file() else sorted(f for f in carte.rglob("*") if f.is_file())
    for fichier in fichiers:
        somme.update(fichier.relative_to(carte.parent).as_posix().encode())
        with fichier.open("rb") as flux:
            while octets := flux.read(OCTETS_LUS):
                somme.update(octets)
    return somme.hexdigest()[:LONGUEUR_EMPREINTE]


def _paquet() -> ModuleType:
    try:
        return importlib.import_module("valhalla")
    except ImportError as cause:
        raise AtlasError(
            f"Le moteur Valhalla n'est pas installé (paquet {PAQUET}).",
            admis="a_vol_d_oiseau ou osrm, qui n'en ont pas besoin",
            remede=REMEDE_INSTALLER,
        ) from cause


def _constructeur(paquet: ModuleType) -> Path | None:
    """The program of the package that makes tiles; None in the versions that have none."""
    dossier = Path(str(paquet.__file__)).parent / "bin"
    return next((dossier / nom for nom in CONSTRUCTEURS if (dossier / nom).is_file()), None)


def _points(lieux: Lieux, rangs: list[int]) -> list[dict[str, float]]:
    return [{"lat": float(lieux.latitude[r]), "lon": float(lieux.longitude[r])} for r in rangs]


def _moities(lignes: list[int], colonnes: list[int]) -> list[tuple[list[int], list[int]]]:
    """The block cut in two along its longer side."""
    if len(lignes) >= len(colonnes):
        milieu = len(lignes) // 2
        return [(lignes[:milieu], colonnes), (lignes[milieu:], colonnes)]
    milieu = len(colonnes) // 2
    return [(lignes, colonnes[:milieu]), (lignes, colonnes[milieu:])]
