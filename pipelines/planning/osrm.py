"""Travel times from an OSRM server, through its table service (HTTP, API v1).

Asked only when a person names the server: the positions of establishments then leave this machine.
API: project-osrm.org, « Table service ».
"""

import math
import time
from itertools import product
from typing import Any, NoReturn
from urllib.parse import urlsplit

import numpy as np
import requests

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.planning.moteurs import MINUTES_PAR_HEURE, Durees, Lieux, Progres

PROFIL_PAR_DEFAUT = "driving"
METRES_PAR_KM = 1000
PASSAGERS = (429, 500, 502, 503, 504)
RIEN = "NoTable"


class Osrm:
    """The car times of an OSRM server. Raises AtlasError at once when its address is none."""

    nom = "osrm"

    def __init__(
        self, url: str, profil: str = PROFIL_PAR_DEFAUT, *, attente_s: float | None = None
    ) -> None:
        """`url` of the server; `attente_s` before the second try, doubled at each further one."""
        morceaux = urlsplit(url)
        est_adresse = morceaux.scheme in ("http", "https") and morceaux.hostname
        if not est_adresse or any(signe in url for signe in "@?#"):
            raise AtlasError(
                f"« {url} » n'est pas l'adresse d'un serveur OSRM.",
                admis="http://machine:port ou https://machine, sans nom ni mot de passe",
                remede="corriger --url",
            )
        if not profil.isidentifier():
            raise AtlasError(
                f"« {profil} » n'est pas un profil OSRM.",
                admis="driving, ou le nom du profil du serveur",
                remede="corriger --profil",
            )
        self.url, self.profil = url.rstrip("/"), profil
        self._attente_s = (
            reference.valeur("trajets", "osrm_attente_s") if attente_s is None else attente_s
        )

    def identite(self) -> str:
        """Address and profile: OSRM's API does not tell its version, nor that of its map."""
        return f"osrm (API v1), profil {self.profil}, {self.url}"

    def calculer(self, origines: Lieux, destinations: Lieux, progres: Progres) -> Durees:
        """Times by blocks of places; NaN where the server finds no way or a position is unknown."""
        resultat = Durees.inconnues(len(origines), len(destinations))
        # one request names its origins and its destinations: half of the places for each
        taille = reference.valeur("trajets", "osrm_lieux_par_requete") // 2
        blocs = list(
            product(_blocs(origines.places(), taille), _blocs(destinations.places(), taille))
        )
        with requests.Session() as http:
            for fait, (lignes, colonnes) in enumerate(blocs, start=1):
                minutes, km = self._demander(
                    http, origines.parmi(lignes), destinations.parmi(colonnes)
                )
                resultat.minutes[np.ix_(lignes, colonnes)] = minutes
                resultat.km[np.ix_(lignes, colonnes)] = km
                progres(fait / len(blocs))
        return resultat

    def _demander(
        self, http: requests.Session, origines: Lieux, destinations: Lieux
    ) -> tuple[np.ndarray, np.ndarray]:
        positions = ";".join(
            f"{longitude:.6f},{latitude:.6f}"
            for lieux in (origines, destinations)
            for latitude, longitude in zip(lieux.latitude, lieux.longitude, strict=True)
        )
        rangs = [str(r) for r in range(len(origines) + len(destinations))]
        adresse = (
            f"{self.url}/table/v1/{self.profil}/{positions}"
            f"?sources={';'.join(rangs[: len(origines)])}"
            f"&destinations={';'.join(rangs[len(origines) :])}&annotations=duration,distance"
        )
        reponse = self._obtenir(http, adresse)
        contenu = self._lire(reponse)
        if contenu["code"] == RIEN:
            rien = Durees.inconnues(len(origines), len(destinations))
            return rien.minutes, rien.km
        forme = (len(origines), len(destinations))
        secondes = self._table(contenu, "durations", forme)
        metres = self._table(contenu, "distances", forme)
        sans_chemin = np.isnan(secondes) | np.isnan(metres)
        minutes = np.where(sans_chemin, np.nan, secondes / MINUTES_PAR_HEURE)
        return minutes, np.where(sans_chemin, np.nan, metres / METRES_PAR_KM)

    def _obtenir(self, http: requests.Session, adresse: str) -> requests.Response:
        """The answer of the server, asked again when it is busy or out of reach."""
        essais = reference.valeur("trajets", "osrm_essais")
        delai = reference.valeur("trajets", "osrm_delai_s")
        motif = ""
        for essai in range(essais):
            if essai:
                time.sleep(self._attente_s * 2 ** (essai - 1))
            try:
                reponse = http.get(adresse, timeout=delai, allow_redirects=False)
            except requests.Timeout:
                motif = f"pas de réponse en {delai} secondes"
            except requests.RequestException:
                motif = "serveur hors d'atteinte"
            else:
                if reponse.status_code not in PASSAGERS:
                    return reponse
                motif = f"erreur {reponse.status_code}"
        raise AtlasError(
            f"Le serveur OSRM n'a pas répondu, après {essais} essais : {motif}.",
            fichier=self.url,
            admis="un serveur osrm-routed qui tourne et que cette machine peut joindre",
            remede="vérifier --url et le serveur ; sans lui, Atlas estime à vol d'oiseau",
        )

    def _lire(self, reponse: requests.Response) -> dict[str, Any]:
        try:
            contenu = reponse.json()
        except requests.JSONDecodeError:
            contenu = None
        if not isinstance(contenu, dict) or not isinstance(contenu.get("code"), str):
            self._refuser(
                f"la réponse (statut {reponse.status_code}) n'est pas celle du service table"
            )
        if contenu["code"] not in ("Ok", RIEN):
            self._refuser(f"il a répondu « {contenu['code']} : {contenu.get('message', '')} »")
        return contenu

    def _table(self, contenu: dict[str, Any], nom: str, forme: tuple[int, int]) -> np.ndarray:
        """A table of the answer: numbers of at least 0, NaN for null, exactly of that shape."""
        lignes = contenu.get(nom)
        if (
            not isinstance(lignes, list)
            or len(lignes) != forme[0]
            or any(not isinstance(ligne, list) or len(ligne) != forme[1] for ligne in lignes)
        ):
            self._refuser(f"« {nom} » manque ou n'a pas {forme[0]} lignes de {forme[1]} nombres")
        for valeur in (v for ligne in lignes for v in ligne if v is not None):
            est_nombre = isinstance(valeur, int | float) and not isinstance(valeur, bool)
            if not est_nombre or not math.isfinite(valeur) or valeur < 0:
                self._refuser(f"« {nom} » contient « {valeur} »")
        return np.array([[math.nan if v is None else v for v in x] for x in lignes], dtype=float)

    def _refuser(self, quoi: str) -> NoReturn:
        raise AtlasError(
            f"Réponse du serveur OSRM refusée : {quoi}.",
            fichier=self.url,
            admis="le service table d'OSRM 5.18 ou plus récent, avec durées et distances",
            remede="vérifier --url, --profil et la taille de table admise par le serveur "
            "(--max-table-size)",
        )


def _blocs(rangs: list[int], taille: int) -> list[list[int]]:
    return [rangs[debut : debut + taille] for debut in range(0, len(rangs), taille)]
