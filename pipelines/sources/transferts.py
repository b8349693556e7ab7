"""One file from its service to the disk: asked for, tried again, within limits of time and size."""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import requests
import urllib3

from pipelines.base import provisoire, reference
from pipelines.base.textes import nombre, pluriel
from pipelines.sources.controles import OCTETS_PAR_LECTURE, nombre_de_lignes, verifier_contenu
from pipelines.sources.demandes import Demande
from pipelines.sources.echeances import echeance
from pipelines.sources.echecs import DefinitiveError, PassagereError, juger_statut, panne
from pipelines.sources.rangement import PREFIXE_PROVISOIRE, Precedent, Recue

OCTETS_PAR_MO = 1_000_000


@dataclass(frozen=True)
class Reglages:
    """Patience and bounds of a download: seconds, megabytes (10⁶ bytes) and counts."""

    essais_max: int
    attente_base_s: float
    attente_max_s: float
    part_alea: float
    delai_connexion_s: float
    delai_lecture_s: float
    duree_max_s: float
    taille_max_mo: float
    redirections_max: int

    @classmethod
    def en_vigueur(cls) -> "Reglages":
        """The values of data/reference/telechargement.toml in force today."""
        connus = reference.parametres("telechargement")
        return cls(**{nom: p.valeur for nom, p in connus.items()})


@dataclass
class Seance:
    """What the requests of one run share."""

    http: requests.Session
    reglages: Reglages
    sortie: Path
    jour: date
    attendre: Callable[[float], None]
    hasard: Callable[[], float]
    avancer: Callable[[Demande, int, int | None], None]
    injoignables: dict[str, str] = field(default_factory=dict)


def recevoir(seance: Seance, demande: Demande, dossier: Path, precedent: Precedent | None) -> Recue:
    """A whole and checked answer, after as many tries as the settings allow."""
    reglages = seance.reglages
    hote = demande.hote
    if hote in seance.injoignables:
        raise DefinitiveError(seance.injoignables[hote])
    fin = time.monotonic() + reglages.duree_max_s
    essai = 1
    while True:
        try:
            return _essayer(seance, demande, dossier, precedent, fin)
        except PassagereError as cause:
            motif = _apres(cause.motif, essai)
            if essai == reglages.essais_max:
                if cause.injoignable:
                    # the other files of this service would only wait for the same silence
                    seance.injoignables[hote] = motif
                raise DefinitiveError(motif) from cause
            attente = cause.attente_s
            if attente is None:
                attente = min(reglages.attente_base_s * 2 ** (essai - 1), reglages.attente_max_s)
                attente *= 1 + reglages.part_alea * seance.hasard()
            elif attente > reglages.attente_max_s:
                raise DefinitiveError(
                    f"{motif} et demande d'attendre {nombre(attente)} s avant de revenir"
                ) from cause
            if time.monotonic() + attente >= fin:
                raise DefinitiveError(_duree_depassee(reglages, motif)) from cause
            seance.attendre(attente)
            essai += 1


def _apres(motif: str, essais: int) -> str:
    return motif if essais == 1 else f"{motif}, après {pluriel(essais, 'essai')}"


def _duree_depassee(reglages: Reglages, motif: str | None = None) -> str:
    phrase = f"la durée admise ({nombre(reglages.duree_max_s)} s) est dépassée"
    return f"{motif} ; {phrase}" if motif else phrase


def _essayer(
    seance: Seance,
    demande: Demande,
    dossier: Path,
    precedent: Precedent | None,
    fin: float,
) -> Recue:
    """One request within the time left: headers, body and checks."""
    restant = fin - time.monotonic()
    if restant <= 0:
        raise DefinitiveError(_duree_depassee(seance.reglages))
    try:
        with echeance(seance.http, restant):
            return _demander(seance, demande, dossier, precedent, fin)
    except (PassagereError, DefinitiveError) as cause:
        # a connection cut in time looks like any other accident
        if time.monotonic() >= fin:
            raise DefinitiveError(_duree_depassee(seance.reglages)) from cause
        raise


def _demander(
    seance: Seance,
    demande: Demande,
    dossier: Path,
    precedent: Precedent | None,
    fin: float,
) -> Recue:
    """The bytes of a request on disk under a provisional name, their contents checked."""
    reglages = seance.reglages
    restant = max(fin - time.monotonic(), 0.001)
    conditions = _conditions(demande, precedent)
    try:
        reponse = seance.http.get(
            demande.adresse,
            headers=conditions,
            stream=True,
            timeout=(
                min(reglages.delai_connexion_s, restant),
                min(reglages.delai_lecture_s, restant),
            ),
        )
    except requests.RequestException as cause:
        raise panne(cause) from cause
    with reponse:
        juger_statut(reponse, demande, conditions)
        if reponse.status_code == requests.codes.not_modified:
            return Recue(
                None,
                etag=reponse.headers.get("ETag"),
                last_modified=reponse.headers.get("Last-Modified"),
            )
        suffixe = f"{demande.prefixe}.{demande.carte.telechargement.extension}"
        # hidden, and of the kind it will be: a build passes it over, the reading knows it
        chemin = dossier / f"{PREFIXE_PROVISOIRE}{provisoire.marque()}-{suffixe}"
        try:
            recue = _ecrire(seance, demande, reponse, chemin, fin)
            verifier_contenu(demande, recue)
            if _longueur(reponse) is None:
                _verifier_compte(seance, demande, chemin)
        except BaseException:
            chemin.unlink(missing_ok=True)
            raise
    return recue


def _verifier_compte(seance: Seance, demande: Demande, chemin: Path) -> None:
    """An export that announced no size has as many rows as its service counts, when it says so.

    Cut between two rows, it looks whole.
    """
    if demande.adresse_du_compte is None:
        return
    reglages = seance.reglages
    delais = (reglages.delai_connexion_s, reglages.delai_lecture_s)
    try:
        reponse = seance.http.get(demande.adresse_du_compte, timeout=delais)
        attendues = reponse.json()["total_count"] if reponse.ok else None
    except (requests.RequestException, ValueError, KeyError, TypeError):
        return  # a service that does not count refuses in its own way
    recues = nombre_de_lignes(chemin)
    if isinstance(attendues, int) and recues < attendues:
        compte = f"{pluriel(recues, 'ligne')} sur {nombre(attendues)}"
        raise PassagereError(f"le fichier est arrivé tronqué\u202f: {compte}")


def _conditions(demande: Demande, precedent: Precedent | None) -> dict[str, str]:
    """Headers that ask for the file only if it has changed since the one we hold."""
    if precedent is None or precedent.empreinte.get("adresse") != demande.adresse:
        return {}
    paires = (("If-None-Match", "etag"), ("If-Modified-Since", "last_modified"))
    return {
        entete: str(precedent.empreinte[cle])
        for entete, cle in paires
        if precedent.empreinte.get(cle)
    }


def _ecrire(
    seance: Seance, demande: Demande, reponse: requests.Response, chemin: Path, fin: float
) -> Recue:
    """Stream the body to `chemin` within the limits of size and time."""
    reglages = seance.reglages
    limite = reglages.taille_max_mo * OCTETS_PAR_MO
    annoncee = _longueur(reponse)
    trop_gros = f"le fichier dépasse la taille admise ({nombre(reglages.taille_max_mo, 1)} Mo)"
    if annoncee is not None and annoncee > limite:
        raise DefinitiveError(trop_gros)
    sha, octets = hashlib.sha256(), 0
    with chemin.open("wb") as flux:
        for bloc in _blocs(reponse):
            octets += len(bloc)
            if octets > limite:
                raise DefinitiveError(trop_gros)
            if time.monotonic() > fin:
                raise DefinitiveError(_duree_depassee(reglages))
            flux.write(bloc)
            sha.update(bloc)
            seance.avancer(demande, octets, annoncee)
        flux.flush()
        os.fsync(flux.fileno())
    if annoncee is not None and octets != annoncee:
        raise PassagereError("le fichier est arrivé tronqué")
    return Recue(
        chemin,
        sha256=sha.hexdigest(),
        octets=octets,
        etag=reponse.headers.get("ETag"),
        last_modified=reponse.headers.get("Last-Modified"),
        url_finale=reponse.url,
    )


def _longueur(reponse: requests.Response) -> int | None:
    """The size announced for the decoded body, when the answer says it."""
    annonce = reponse.headers.get("Content-Length", "")
    encodage = reponse.headers.get("Content-Encoding", "identity").strip().lower()
    return int(annonce) if annonce.isdecimal() and encodage == "identity" else None


def _blocs(reponse: requests.Response) -> Iterator[bytes]:
    """The body as it comes: each read returns what is there, so that limits are seen in time."""
    while True:
        try:
            bloc = reponse.raw.read1(OCTETS_PAR_LECTURE, decode_content=True)
        except urllib3.exceptions.ReadTimeoutError as cause:
            raise PassagereError("le service s'est tu en cours d'envoi") from cause
        except urllib3.exceptions.DecodeError as cause:
            raise DefinitiveError("la réponse est mal compressée") from cause
        except (urllib3.exceptions.HTTPError, ConnectionError) as cause:
            raise PassagereError("le fichier est arrivé tronqué : connexion coupée") from cause
        if not bloc:
            return
        yield bloc
