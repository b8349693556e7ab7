"""Why an answer is no file: what another try may mend, and what it would meet again."""

import contextlib
import email.utils
import json
from datetime import UTC, datetime

import requests
import urllib3

from pipelines.sources.demandes import Demande

OCTETS_D_ESSAI = 4_096
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


class PassagereError(Exception):
    """A failure another try may mend; `attente_s` is what the service asked for."""

    def __init__(
        self, motif: str, attente_s: float | None = None, *, injoignable: bool = False
    ) -> None:
        self.motif = motif
        self.attente_s = attente_s
        self.injoignable = injoignable
        super().__init__(motif)


class DefinitiveError(Exception):
    """A failure another try would meet again, as a French reason."""


class SansLigneError(Exception):
    """A whole and well-formed answer that holds no row."""


def panne(cause: requests.RequestException) -> Exception:
    """A failure before any answer, as something to try again or not."""
    if isinstance(cause, requests.exceptions.ProxyError):
        return PassagereError("le serveur mandataire (proxy) ne répond pas", injoignable=True)
    if isinstance(cause, requests.exceptions.SSLError):
        return DefinitiveError("la connexion n'est pas sûre : certificat refusé")
    if isinstance(cause, requests.TooManyRedirects):
        return DefinitiveError("le service renvoie sans fin d'une adresse à une autre")
    if isinstance(cause, requests.exceptions.ReadTimeout):
        return PassagereError("le service reste silencieux")
    if isinstance(cause, requests.ConnectionError | requests.Timeout):
        if isinstance(cause.args[0] if cause.args else None, urllib3.exceptions.ProtocolError):
            return PassagereError("le service a coupé la connexion")
        return PassagereError("le service est injoignable", injoignable=True)
    return DefinitiveError(f"demande impossible ({type(cause).__name__})")


def juger_statut(reponse: requests.Response, demande: Demande, conditions: dict[str, str]) -> None:
    """Raise unless the answer is a file, or « not modified » to a question that was asked."""
    statut = reponse.status_code
    if demande.adresse.startswith("https:") and not reponse.url.startswith("https:"):
        raise DefinitiveError("le service renvoie vers une adresse qui n'est pas sûre (http)")
    if statut == requests.codes.ok or (statut == requests.codes.not_modified and conditions):
        return
    motif = PHRASES.get(statut, "le service est en panne" if statut >= 500 else "réponse imprévue")
    motif = f"{motif} (code {statut})"
    if statut in STATUTS_PASSAGERS:
        raise PassagereError(motif, _attente_demandee(reponse.headers.get("Retry-After")))
    detail = message_du_service(_debut(reponse))
    raise DefinitiveError(f"{motif} : {detail}" if detail else motif)


def _debut(reponse: requests.Response) -> bytes:
    """The first bytes of a refusal, enough for its reason."""
    with contextlib.suppress(urllib3.exceptions.HTTPError, OSError):
        return reponse.raw.read1(OCTETS_D_ESSAI, decode_content=True) or b""
    return b""


def message_du_service(octets: bytes) -> str:
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
    instant = instant_http(entete)
    return None if instant is None else max(0.0, (instant - datetime.now(UTC)).total_seconds())


def instant_http(entete: str | None) -> datetime | None:
    """A date of an HTTP header, with its time zone."""
    if not entete:
        return None
    try:
        instant = email.utils.parsedate_to_datetime(entete)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
