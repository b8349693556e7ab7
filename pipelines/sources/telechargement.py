"""The public files, fetched from their services into data/brut/<source>/<vintage>/.

One request a source and département; nothing replaces a file before the new one is whole, checked
and recognised as the source asked for. A fingerprint (address, date, size, sha256, ETag) stands
beside each file. The vintage is the Last-Modified date of the answer, or the day of the request.
"""

import contextlib
import csv
import email.utils
import hashlib
import importlib.metadata
import json
import os
import random
import re
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import requests
import urllib3

from pipelines.base import chemins, provisoire, reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre, pluriel
from pipelines.sources import lecture
from pipelines.sources.cartes import Carte, cartes, normaliser
from pipelines.sources.reconnaissance import NonReconnu, Reconnu, reconnaitre

BRUT = chemins.DONNEES / "brut"
SUFFIXE_EMPREINTE = ".empreinte.json"
PREFIXE_PROVISOIRE = ".partiel-"
OCTETS_PAR_MO = 1_000_000
OCTETS_PAR_LECTURE = 65_536
OCTETS_D_ESSAI = 4_096
SEPARATEUR = ";"
STATUTS_PASSAGERS = (408, 425, 429, 500, 502, 503, 504)
PHRASES = {
    400: "le service refuse la demande",
    401: "le service demande une identification",
    403: "le service refuse l'accès",
    404: "le service ne connaît pas ce fichier",
    407: "le serveur mandataire (proxy) demande une identification",
    410: "le service a retiré ce fichier",
    429: "le service reçoit trop de demandes",
}
RECU, INCHANGE, VIDE, ECHEC = "reçu", "inchangé", "sans ligne", "échec"


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


@dataclass(frozen=True)
class Demande:
    """One file to fetch: its source, its territory (None for the whole country) and where it is."""

    carte: Carte
    departement: str | None
    adresse: str

    @property
    def titre(self) -> str:
        """The file as a person names it."""
        return f"{self.carte.titre} ({self.departement or 'France entière'})"

    @property
    def hote(self) -> str:
        """The service it is asked from (the mirror, when there is one)."""
        return urlsplit(self.adresse).netloc

    @property
    def adresse_publique(self) -> str:
        """Where anyone would find it, without a mirror."""
        return _adresse(self.carte, self.departement, None)

    @property
    def prefixe(self) -> str:
        """What its file names begin with, whatever the vintage."""
        jeu = self.carte.telechargement.jeu
        return f"{jeu}.{self.departement}" if self.departement else jeu

    def nom(self, millesime: str) -> str:
        """Its file name for one vintage."""
        return f"{self.prefixe}.{millesime}.{self.carte.telechargement.extension}"


@dataclass(frozen=True)
class Resultat:
    """What became of one request: `etat` is RECU, INCHANGE, VIDE or ECHEC.

    `fichier` is the file in place (the older one after INCHANGE, none after VIDE or ECHEC).
    """

    demande: Demande
    etat: str
    fichier: Path | None = None
    millesime: str | None = None
    octets: int = 0
    erreur: AtlasError | None = None


@dataclass(frozen=True)
class BilanTelechargement:
    """What came, what had not changed, what failed, and what no service gives (with its reason)."""

    resultats: list[Resultat]
    non_servies: dict[str, str]

    def de(self, etat: str) -> list[Resultat]:
        """The results in one state."""
        return [r for r in self.resultats if r.etat == etat]


@dataclass(frozen=True)
class _Precedent:
    """The newest file already there; `empreinte` is empty when it does not describe the bytes."""

    fichier: Path
    sha256: str
    empreinte: dict[str, object]


@dataclass(frozen=True)
class _Recue:
    """One answer, on disk under a provisional name; `chemin` is None for « not modified »."""

    chemin: Path | None
    sha256: str = ""
    octets: int = 0
    etag: str | None = None
    last_modified: str | None = None
    url_finale: str = ""


@dataclass
class _Seance:
    """What the requests of one run share."""

    http: requests.Session
    reglages: Reglages
    sortie: Path
    jour: date
    attendre: Callable[[float], None]
    hasard: Callable[[], float]
    avancer: Callable[[Demande, int, int | None], None]
    injoignables: dict[str, str] = field(default_factory=dict)


class _PassagereError(Exception):
    """A failure another try may mend; `attente_s` is what the service asked for."""

    def __init__(
        self, motif: str, attente_s: float | None = None, *, injoignable: bool = False
    ) -> None:
        self.motif = motif
        self.attente_s = attente_s
        self.injoignable = injoignable
        super().__init__(motif)


class _DefinitiveError(Exception):
    """A failure another try would meet again, as a French reason."""


class _SansLigneError(Exception):
    """A whole and well-formed answer that holds no row."""


def departements_de(academie: str) -> list[str]:
    """The départements (034) of an académie named with or without accents; AtlasError if unknown.

    Source: data/reference/academies.csv.
    """
    par_academie: dict[str, list[str]] = {}
    for ligne in _academies():
        par_academie.setdefault(ligne["academie"], []).append(ligne["departement"])
    par_nom = {normaliser(nom): codes for nom, codes in par_academie.items()}
    demandee = normaliser(academie).removeprefix("academie_de_").removeprefix("ac_")
    if demandee not in par_nom:
        raise AtlasError(
            f"Académie « {academie} » inconnue.",
            admis=", ".join(par_academie),
            remede="choisir parmi ces noms, ou donner les codes avec --departements",
        )
    return par_nom[demandee]


def demandes(departements: Iterable[str], miroir: str | None = None) -> list[Demande]:
    """Every file to fetch for `departements` (034, 02A), in the order of data/sources.toml.

    With `miroir`, https://host/path becomes <miroir>/host/path. Raises AtlasError for a code that
    is no département, for none at all, or for a mirror that is no http address.
    """
    codes = list(dict.fromkeys(departements))
    connus = {ligne["departement"] for ligne in _academies()}
    inconnus = [c for c in codes if c not in connus]
    if inconnus or not codes:
        raise AtlasError(
            f"Département inconnu : {', '.join(inconnus)}." if codes else "Aucun département.",
            admis="les codes à trois caractères, par exemple 034, 02A ou 974",
            remede="donner --departements 034,030 ou --academie montpellier",
        )
    if miroir is not None and not re.match(r"https?://[^/]", miroir):
        raise AtlasError(
            f"Adresse de miroir illisible : {miroir}",
            admis="une adresse http:// ou https://",
            remede="corriger l'adresse donnée à --miroir",
        )
    liste: list[Demande] = []
    for carte in cartes().values():
        if carte.telechargement is None or carte.telechargement.mode == "aucun":
            continue
        territoires = [None] if carte.telechargement.mode == "national" else codes
        liste += [Demande(carte, t, _adresse(carte, t, miroir)) for t in territoires]
    return liste


def telecharger(
    departements: Iterable[str],
    sortie: Path = BRUT,
    *,
    miroir: str | None = None,
    sources: Iterable[str] | None = None,
    reglages: Reglages | None = None,
    progres: Callable[[str, float], None] | None = None,
    jour: date | None = None,
    attendre: Callable[[float], None] = time.sleep,
    hasard: Callable[[], float] = random.random,
) -> BilanTelechargement:
    """Fetch the public files of `departements` into `sortie`/<source>/<vintage>/.

    A file that fails leaves what was there and does not stop the others: its AtlasError is in the
    result. `sources` keeps some sources only; `progres` receives a French step and the share done
    (0 to 1); `jour` dates what has no Last-Modified; `attendre` and `hasard` are the waiting and
    the chance of the back-off. Raises AtlasError for an unknown département or mirror only.
    """
    voulues = None if sources is None else set(sources)
    liste = [d for d in demandes(departements, miroir) if voulues is None or d.carte.nom in voulues]
    dire = progres or (lambda etape, part: None)
    rangs = {demande: rang for rang, demande in enumerate(map(id, liste))}

    def avancer(demande: Demande, octets: int, total: int | None) -> None:
        part = min(octets / total, 1.0) if total else 0.0
        taille = f" : {nombre(octets / OCTETS_PAR_MO, 1)} Mo" if octets else ""
        dire(demande.titre + taille, (rangs[id(demande)] + part) / len(liste))

    resultats: list[Resultat] = []
    with requests.Session() as http:
        version = importlib.metadata.version("atlas-ssfe")
        # identity: the size announced is then the size of the file, and its ETag that of its bytes
        http.headers.update(
            {"User-Agent": f"atlas-ssfe/{version}", "Accept": "*/*", "Accept-Encoding": "identity"}
        )
        seance = _Seance(
            http=http,
            reglages=reglages or Reglages.en_vigueur(),
            sortie=sortie,
            jour=jour or datetime.now(UTC).date(),
            attendre=attendre,
            hasard=hasard,
            avancer=avancer,
        )
        http.max_redirects = seance.reglages.redirections_max
        for demande in liste:
            avancer(demande, 0, None)
            resultats.append(_traiter(seance, demande))
    dire("Terminé", 1.0)
    non_servies = {
        c.nom: c.telechargement.motif
        for c in cartes().values()
        if c.telechargement is not None and c.telechargement.mode == "aucun"
    }
    return BilanTelechargement(resultats, non_servies)


def _traiter(seance: _Seance, demande: Demande) -> Resultat:
    """One file from its service to its place, whatever happens."""
    dossier = seance.sortie / demande.carte.nom
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        provisoire.balayer(dossier, PREFIXE_PROVISOIRE)
        precedent = _precedent(dossier, demande)
        recue = _recevoir(seance, demande, dossier, precedent)
        try:
            return _ranger(seance, demande, dossier, precedent, recue)
        finally:
            if recue.chemin is not None:
                recue.chemin.unlink(missing_ok=True)
    except _SansLigneError:
        if demande.carte.telechargement.vide_admis:
            return Resultat(demande, VIDE)
        motif = "la réponse n'a aucune ligne"
    except _DefinitiveError as cause:
        motif = str(cause)
    except OSError as cause:
        motif = f"impossible d'écrire dans {dossier} ({cause.strerror or cause})"
    finally:
        with contextlib.suppress(OSError):
            dossier.rmdir()  # only if nothing ever came
    return Resultat(demande, ECHEC, erreur=_refus(demande, dossier, motif))


def _refus(demande: Demande, dossier: Path, motif: str) -> AtlasError:
    """What failed, where, and how to have the file all the same."""
    return AtlasError(
        f"Fichier non téléchargé de {demande.hote} : {motif.rstrip('.')}.",
        fichier=demande.titre,
        remede=f"réessayer plus tard ; sans réseau, prendre le fichier sur une machine reliée "
        f"({demande.adresse_publique}) et le déposer dans {dossier}. Ce qui s'y trouvait est "
        "intact.",
    )


def _recevoir(
    seance: _Seance, demande: Demande, dossier: Path, precedent: _Precedent | None
) -> _Recue:
    """A whole and checked answer, after as many tries as the settings allow."""
    reglages = seance.reglages
    hote = demande.hote
    if hote in seance.injoignables:
        raise _DefinitiveError(seance.injoignables[hote])
    fin = time.monotonic() + reglages.duree_max_s
    essai = 1
    while True:
        try:
            return _essayer(seance, demande, dossier, precedent, fin)
        except _PassagereError as cause:
            motif = _apres(cause.motif, essai)
            if essai == reglages.essais_max:
                if cause.injoignable:
                    # the other files of this service would only wait for the same silence
                    seance.injoignables[hote] = motif
                raise _DefinitiveError(motif) from cause
            attente = cause.attente_s
            if attente is None:
                attente = min(reglages.attente_base_s * 2 ** (essai - 1), reglages.attente_max_s)
                attente *= 1 + reglages.part_alea * seance.hasard()
            elif attente > reglages.attente_max_s:
                raise _DefinitiveError(
                    f"{motif} et demande d'attendre {nombre(attente)} s avant de revenir"
                ) from cause
            if time.monotonic() + attente >= fin:
                raise _DefinitiveError(_duree_depassee(reglages, motif)) from cause
            seance.attendre(attente)
            essai += 1


def _apres(motif: str, essais: int) -> str:
    return motif if essais == 1 else f"{motif}, après {pluriel(essais, 'essai')}"


def _duree_depassee(reglages: Reglages, motif: str | None = None) -> str:
    phrase = f"la durée admise ({nombre(reglages.duree_max_s)} s) est dépassée"
    return f"{motif} ; {phrase}" if motif else phrase


def _essayer(
    seance: _Seance,
    demande: Demande,
    dossier: Path,
    precedent: _Precedent | None,
    fin: float,
) -> _Recue:
    """One request: its bytes on disk under a provisional name, their contents checked."""
    reglages = seance.reglages
    restant = fin - time.monotonic()
    if restant <= 0:
        raise _DefinitiveError(_duree_depassee(reglages))
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
        raise _panne(cause) from cause
    with reponse:
        _juger_statut(reponse, demande, conditions)
        if reponse.status_code == requests.codes.not_modified:
            return _Recue(
                None,
                etag=reponse.headers.get("ETag"),
                last_modified=reponse.headers.get("Last-Modified"),
            )
        suffixe = f"{demande.prefixe}.{demande.carte.telechargement.extension}"
        # hidden, and of the kind it will be: a build passes it over, the reading knows it
        chemin = dossier / f"{PREFIXE_PROVISOIRE}{provisoire.marque()}-{suffixe}"
        try:
            recue = _ecrire(seance, demande, reponse, chemin, fin)
            _verifier_contenu(demande, recue)
        except BaseException:
            chemin.unlink(missing_ok=True)
            raise
    return recue


def _conditions(demande: Demande, precedent: _Precedent | None) -> dict[str, str]:
    """Headers that ask for the file only if it has changed since the one we hold."""
    if precedent is None or precedent.empreinte.get("adresse") != demande.adresse:
        return {}
    paires = (("If-None-Match", "etag"), ("If-Modified-Since", "last_modified"))
    return {
        entete: str(precedent.empreinte[cle])
        for entete, cle in paires
        if precedent.empreinte.get(cle)
    }


def _panne(cause: requests.RequestException) -> Exception:
    """A failure before any answer, as something to try again or not."""
    if isinstance(cause, requests.exceptions.ProxyError):
        return _PassagereError("le serveur mandataire (proxy) ne répond pas", injoignable=True)
    if isinstance(cause, requests.exceptions.SSLError):
        return _DefinitiveError("la connexion n'est pas sûre : certificat refusé")
    if isinstance(cause, requests.TooManyRedirects):
        return _DefinitiveError("le service renvoie sans fin d'une adresse à une autre")
    if isinstance(cause, requests.exceptions.ReadTimeout):
        return _PassagereError("le service reste silencieux")
    if isinstance(cause, requests.ConnectionError | requests.Timeout):
        if isinstance(cause.args[0] if cause.args else None, urllib3.exceptions.ProtocolError):
            return _PassagereError("le service a coupé la connexion")
        return _PassagereError("le service est injoignable", injoignable=True)
    return _DefinitiveError(f"demande impossible ({type(cause).__name__})")


def _juger_statut(reponse: requests.Response, demande: Demande, conditions: dict[str, str]) -> None:
    """Raise unless the answer is a file, or « not modified » to a question that was asked."""
    statut = reponse.status_code
    if demande.adresse.startswith("https:") and not reponse.url.startswith("https:"):
        raise _DefinitiveError("le service renvoie vers une adresse qui n'est pas sûre (http)")
    if statut == requests.codes.ok or (statut == requests.codes.not_modified and conditions):
        return
    motif = PHRASES.get(statut, "le service est en panne" if statut >= 500 else "réponse imprévue")
    motif = f"{motif} (code {statut})"
    if statut in STATUTS_PASSAGERS:
        raise _PassagereError(motif, _attente_demandee(reponse.headers.get("Retry-After")))
    detail = _message_du_service(_debut(reponse))
    raise _DefinitiveError(f"{motif} : {detail}" if detail else motif)


def _debut(reponse: requests.Response) -> bytes:
    """The first bytes of a refusal, enough for its reason."""
    with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
        return reponse.raw.read1(OCTETS_D_ESSAI, decode_content=True) or b""
    return b""


def _message_du_service(octets: bytes) -> str:
    """The reason a JSON error gives, on one line; empty when there is none."""
    try:
        contenu = json.loads(octets.decode("utf-8-sig"))
    except ValueError:
        return ""
    message = contenu.get("message") or contenu.get("error") if isinstance(contenu, dict) else None
    return " ".join(str(message).split())[:200] if message else ""


def _attente_demandee(entete: str | None) -> float | None:
    """Seconds of a Retry-After header, given as a number or as a date; None when unreadable."""
    if entete is None:
        return None
    if entete.strip().isdecimal():
        return float(entete)
    instant = _instant(entete)
    return None if instant is None else max(0.0, (instant - datetime.now(UTC)).total_seconds())


def _instant(entete: str | None) -> datetime | None:
    """A date of an HTTP header, with its time zone."""
    if not entete:
        return None
    try:
        instant = email.utils.parsedate_to_datetime(entete)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _ecrire(
    seance: _Seance, demande: Demande, reponse: requests.Response, chemin: Path, fin: float
) -> _Recue:
    """Stream the body to `chemin` within the limits of size and time."""
    reglages = seance.reglages
    limite = reglages.taille_max_mo * OCTETS_PAR_MO
    annoncee = _longueur(reponse)
    trop_gros = f"le fichier dépasse la taille admise ({nombre(reglages.taille_max_mo, 1)} Mo)"
    if annoncee is not None and annoncee > limite:
        raise _DefinitiveError(trop_gros)
    sha, octets = hashlib.sha256(), 0
    with chemin.open("wb") as flux:
        for bloc in _blocs(reponse):
            octets += len(bloc)
            if octets > limite:
                raise _DefinitiveError(trop_gros)
            if time.monotonic() > fin:
                raise _DefinitiveError(_duree_depassee(reglages))
            flux.write(bloc)
            sha.update(bloc)
            seance.avancer(demande, octets, annoncee)
        flux.flush()
        os.fsync(flux.fileno())
    if annoncee is not None and octets != annoncee:
        raise _PassagereError("le fichier est arrivé tronqué")
    return _Recue(
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
            raise _PassagereError("le service s'est tu en cours d'envoi") from cause
        except urllib3.exceptions.DecodeError as cause:
            raise _DefinitiveError("la réponse est mal compressée") from cause
        except (urllib3.exceptions.HTTPError, ConnectionError) as cause:
            raise _PassagereError("le fichier est arrivé tronqué : connexion coupée") from cause
        if not bloc:
            return
        yield bloc


def _verifier_contenu(demande: Demande, recue: _Recue) -> None:
    """Raise unless the bytes are a whole file of the source and the territory asked for."""
    with recue.chemin.open("rb") as flux:
        debut = flux.read(OCTETS_D_ESSAI).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not debut:
        raise _DefinitiveError("la réponse est vide")
    if debut[:1] == b"<":
        raise _DefinitiveError("la réponse est une page web, pas des données")
    extension = demande.carte.telechargement.extension
    if extension != "geojson" and debut[:1] in (b"{", b"["):
        detail = _message_du_service(recue.chemin.read_bytes()[:OCTETS_PAR_LECTURE])
        raise _DefinitiveError(
            "le service répond par une erreur" + (f" : {detail}" if detail else "")
        )
    if extension == "csv":
        _verifier_csv(demande, recue)
    elif extension == "xlsx" and not zipfile.is_zipfile(recue.chemin):
        raise _DefinitiveError("la réponse n'est pas un classeur .xlsx entier")
    elif extension == "geojson":
        _verifier_geojson(demande, recue)
    _verifier_source(demande, recue.chemin)


def _verifier_csv(demande: Demande, recue: _Recue) -> None:
    """A CSV that ends where a row ends, and holds rows of the département asked for only."""
    with recue.chemin.open("rb") as flux:
        flux.seek(-1, os.SEEK_END)
        fini = flux.read(1) in b"\r\n"
    if not fini:
        raise _PassagereError("le fichier est arrivé tronqué : sa dernière ligne est coupée")
    voulue = demande.carte.telechargement.colonne_departement
    nb_lignes, nb_cellules, autres = 0, 0, set()
    try:
        with recue.chemin.open(encoding="utf-8-sig", errors="replace", newline="") as texte:
            lignes = csv.reader(texte, delimiter=SEPARATEUR)
            entetes = [normaliser(e) for e in next(lignes)]
            colonne = entetes.index(voulue) if voulue in entetes else None
            for ligne in lignes:
                if not ligne:
                    continue
                nb_lignes, nb_cellules = nb_lignes + 1, len(ligne)
                if colonne is not None and colonne < len(ligne):
                    autres.add(_code(ligne[colonne]))
    except csv.Error as cause:
        raise _DefinitiveError(f"la réponse n'est pas un CSV lisible ({cause})") from cause
    if nb_lignes == 0:
        if not _ressemble(demande, recue.chemin):
            raise _DefinitiveError("la réponse n'est pas le tableau attendu")
        raise _SansLigneError
    if nb_cellules != len(entetes) and len(entetes) > 1:
        raise _PassagereError("le fichier est arrivé tronqué : sa dernière ligne est coupée")
    autres.discard(demande.departement)
    if autres:
        raise _DefinitiveError(
            "le service n'a pas tenu compte du département demandé : la réponse porte aussi "
            + enumeration([f"« {code} »" for code in sorted(autres)[:3]])
        )


def _verifier_geojson(demande: Demande, recue: _Recue) -> None:
    """A whole FeatureCollection, of communes of the département asked for only."""
    try:
        entites = json.loads(recue.chemin.read_text(encoding="utf-8"))["features"]
        codes = [str(e["properties"]["code"]) for e in entites]
    except (ValueError, KeyError, TypeError) as cause:
        raise _DefinitiveError("la réponse n'est pas une collection GeoJSON entière") from cause
    if not codes:
        raise _SansLigneError
    autres = [c for c in codes if not c.startswith(_code_insee(demande.departement))]
    if autres:
        raise _DefinitiveError(
            f"la réponse porte la commune {autres[0]}, qui n'est pas du département demandé"
        )


def _verifier_source(demande: Demande, chemin: Path) -> None:
    """The reading recognises one of its tables as the source asked for."""
    try:
        vus = [reconnaitre(t) for t in lecture.tableaux(chemin) if t.debuts]
    except AtlasError as cause:
        raise _DefinitiveError(cause.quoi) from cause
    noms = [v.carte.nom for v in vus if isinstance(v, Reconnu)]
    if demande.carte.nom in noms:
        return
    if noms:
        raise _DefinitiveError(f"la réponse est une autre source : « {cartes()[noms[0]].titre} »")
    inconnus = [v.message() for v in vus if isinstance(v, NonReconnu)]
    raise _DefinitiveError(
        "la réponse n'est pas le tableau attendu" + (f" : {inconnus[0]}" if inconnus else "")
    )


def _ressemble(demande: Demande, chemin: Path) -> bool:
    """True when the table, even without a row, has the columns of the source."""
    with contextlib.suppress(_DefinitiveError):
        _verifier_source(demande, chemin)
        return True
    return False


def _ranger(
    seance: _Seance,
    demande: Demande,
    dossier: Path,
    precedent: _Precedent | None,
    recue: _Recue,
) -> Resultat:
    """Move a checked answer into its vintage, or note that nothing has changed."""
    if precedent is not None and (recue.chemin is None or recue.sha256 == precedent.sha256):
        millesime = precedent.fichier.parent.name
        cible, etat, octets = precedent.fichier, INCHANGE, precedent.fichier.stat().st_size
    else:
        modifie = _instant(recue.last_modified)
        millesime = (modifie.date() if modifie else seance.jour).isoformat()
        cible = dossier / millesime / demande.nom(millesime)
        etat, octets = RECU, recue.octets
    note = _note(demande, precedent if etat == INCHANGE else None, recue, millesime, octets)
    cible.parent.mkdir(parents=True, exist_ok=True)
    copie = dossier / f"{PREFIXE_PROVISOIRE}{provisoire.marque()}.json"
    try:
        copie.write_text(json.dumps(note, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if etat == RECU:
            recue.chemin.replace(cible)
        copie.replace(_empreinte(cible))
    finally:
        copie.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            cible.parent.rmdir()  # only if the move failed and left it empty
    if etat == RECU:
        _retirer_copies(dossier, demande, cible, recue.sha256)
    return Resultat(demande, etat, cible, millesime, octets)


def _note(
    demande: Demande,
    precedent: _Precedent | None,
    recue: _Recue,
    millesime: str,
    octets: int,
) -> dict[str, object]:
    """What the fingerprint says: where the bytes came from, when, and which they are."""
    maintenant = datetime.now(UTC).replace(microsecond=0).isoformat()
    avant = precedent.empreinte if precedent is not None else {}
    # a « not modified » answer may leave out what the whole answer said
    dite = avant if recue.chemin is None else {}
    return {
        "source": demande.carte.nom,
        "jeu": demande.carte.telechargement.jeu,
        "departement": demande.departement,
        "adresse": demande.adresse,
        "adresse_finale": recue.url_finale or dite.get("adresse_finale", ""),
        "etag": recue.etag or dite.get("etag"),
        "last_modified": recue.last_modified or dite.get("last_modified"),
        "millesime": millesime,
        "millesime_vient_de": avant.get("millesime_vient_de")
        or ("Last-Modified" if _instant(recue.last_modified) else "jour de la demande"),
        "recu_le": avant.get("recu_le", maintenant),
        "verifie_le": maintenant,
        "octets": octets,
        "sha256": precedent.sha256 if precedent is not None else recue.sha256,
    }


def _empreinte(fichier: Path) -> Path:
    return fichier.with_name(fichier.name + SUFFIXE_EMPREINTE)


def _versions(dossier: Path, demande: Demande) -> list[Path]:
    """The files of one request already there, the newest vintage first."""
    trouves = dossier.glob(f"*/{demande.prefixe}.*.{demande.carte.telechargement.extension}")
    return sorted(
        (f for f in trouves if f.name == demande.nom(f.parent.name)),
        key=lambda f: f.parent.name,
        reverse=True,
    )


def _precedent(dossier: Path, demande: Demande) -> _Precedent | None:
    versions = _versions(dossier, demande)
    if not versions:
        return None
    sha = lecture.empreinte(versions[0])
    try:
        note = json.loads(_empreinte(versions[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        note = {}
    fidele = isinstance(note, dict) and note.get("sha256") == sha
    return _Precedent(versions[0], sha, note if fidele else {})


def _retirer_copies(dossier: Path, demande: Demande, cible: Path, sha256: str) -> None:
    """Remove older vintages of the same bytes: the newest one says it all."""
    for fichier in _versions(dossier, demande):
        if fichier != cible and lecture.empreinte(fichier) == sha256:
            fichier.unlink()
            _empreinte(fichier).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                fichier.parent.rmdir()


def _adresse(carte: Carte, departement: str | None, miroir: str | None) -> str:
    """Where one file is, through the mirror if there is one."""
    fiche = carte.telechargement
    code = _code_insee(departement) if departement else ""
    adresse = fiche.adresse.format(jeu=fiche.jeu, code=code)
    if fiche.mode == "explore":
        filtre = " or ".join(
            f'{fiche.colonne_departement}="{c}"' for c in _orthographes(departement)
        )
        options = {"where": filtre, "delimiter": SEPARATEUR, "use_labels": "false"}
        if fiche.ordre:
            options["order_by"] = fiche.ordre
        adresse += f"?{urlencode(options)}"
    if miroir is None:
        return adresse
    return f"{miroir.rstrip('/')}/{adresse.split('://', 1)[1]}"


def _orthographes(departement: str) -> list[str]:
    """The ways the data sets write a département: 034 and 34; 004, 04 and 4; 02A and 2A."""
    deux = _code_insee(departement)
    return list(dict.fromkeys([departement, deux, deux.lstrip("0")]))


def _code(texte: str) -> str:
    """A département as Atlas writes it, from any of its spellings."""
    return texte.strip().upper().zfill(3)


def _code_insee(departement: str) -> str:
    """034 → 34, 02A → 2A, 974 → 974."""
    return departement[1:] if departement.startswith("0") else departement


def _academies() -> list[dict[str, str]]:
    with (chemins.REFERENCE / "academies.csv").open(encoding="utf-8", newline="") as flux:
        return list(csv.DictReader(flux))
