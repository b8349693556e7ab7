"""Where downloaded files stand: <source>/<vintage>/, each with its fingerprint beside it.

The vintage is the Last-Modified date of the answer, or the day of the request. The fingerprint
says address, dates, size, sha256 and ETag.
"""

import contextlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from pipelines.base import provisoire
from pipelines.sources.demandes import INCHANGE, RECU, Demande, Resultat
from pipelines.sources.echecs import instant_http
from pipelines.sources.fichiers import Fichier

SUFFIXE_EMPREINTE = ".empreinte.json"
PREFIXE_PROVISOIRE = ".partiel-"


@dataclass(frozen=True)
class Precedent:
    """The newest file already there; `empreinte` is empty when it does not describe the bytes."""

    fichier: Path
    sha256: str
    empreinte: dict[str, object]


@dataclass(frozen=True)
class Recue:
    """One answer, on disk under a provisional name; `chemin` is None for « not modified »."""

    chemin: Path | None
    sha256: str = ""
    octets: int = 0
    etag: str | None = None
    last_modified: str | None = None
    url_finale: str = ""


def ranger(
    jour: date,
    demande: Demande,
    dossier: Path,
    precedent: Precedent | None,
    recue: Recue,
) -> Resultat:
    """Move a checked answer into its vintage, or note that nothing has changed."""
    if precedent is not None and (recue.chemin is None or recue.sha256 == precedent.sha256):
        millesime = precedent.fichier.parent.name
        cible, etat, octets = precedent.fichier, INCHANGE, precedent.fichier.stat().st_size
    else:
        modifie = instant_http(recue.last_modified)
        millesime = (modifie.date() if modifie else jour).isoformat()
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
    precedent: Precedent | None,
    recue: Recue,
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
        or ("Last-Modified" if instant_http(recue.last_modified) else "jour de la demande"),
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


def dernier_range(dossier: Path, demande: Demande) -> Precedent | None:
    """The newest file of one request already in place, with its fingerprint; None when none is."""
    versions = _versions(dossier, demande)
    if not versions:
        return None
    sha = _sha256(versions[0])
    try:
        note = json.loads(_empreinte(versions[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        note = {}
    fidele = isinstance(note, dict) and note.get("sha256") == sha
    return Precedent(versions[0], sha, note if fidele else {})


def _sha256(fichier: Path) -> str:
    return Fichier(fichier.name, fichier).empreinte()


def _retirer_copies(dossier: Path, demande: Demande, cible: Path, sha256: str) -> None:
    """Remove older vintages of the same bytes: the newest one says it all."""
    for fichier in _versions(dossier, demande):
        if fichier != cible and _sha256(fichier) == sha256:
            fichier.unlink()
            _empreinte(fichier).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                fichier.parent.rmdir()
