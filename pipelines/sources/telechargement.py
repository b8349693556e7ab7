"""The public files, fetched from their services into data/brut/<source>/<vintage>/.

One request a source and département; nothing replaces a file before the new one is whole, checked
and recognised as the source asked for.
"""

import contextlib
import importlib.metadata
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import requests

from pipelines.base import chemins, provisoire
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import nombre
from pipelines.sources.cartes import cartes
from pipelines.sources.demandes import ECHEC, VIDE, Demande, Resultat, demandes
from pipelines.sources.echeances import monter
from pipelines.sources.echecs import DefinitiveError, SansLigneError
from pipelines.sources.rangement import PREFIXE_PROVISOIRE, dernier_range, ranger
from pipelines.sources.transferts import OCTETS_PAR_MO, Reglages, Seance, recevoir

BRUT = chemins.DONNEES / "brut"


@dataclass(frozen=True)
class BilanTelechargement:
    """What came, what had not changed, what failed, and what no service gives (with its reason)."""

    resultats: list[Resultat]
    non_servies: dict[str, str]

    def de(self, etat: str) -> list[Resultat]:
        """The results in one state."""
        return [r for r in self.resultats if r.etat == etat]


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
        monter(http)
        version = importlib.metadata.version("atlas-ssfe")
        # identity: the size announced is then the size of the file, and its ETag that of its bytes
        http.headers.update(
            {"User-Agent": f"atlas-ssfe/{version}", "Accept": "*/*", "Accept-Encoding": "identity"}
        )
        seance = Seance(
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


def _traiter(seance: Seance, demande: Demande) -> Resultat:
    """One file from its service to its place, whatever happens."""
    dossier = seance.sortie / demande.carte.nom
    try:
        dossier.mkdir(parents=True, exist_ok=True)
        provisoire.balayer(dossier, PREFIXE_PROVISOIRE)
        precedent = dernier_range(dossier, demande)
        recue = recevoir(seance, demande, dossier, precedent)
        try:
            return ranger(seance.jour, demande, dossier, precedent, recue)
        finally:
            if recue.chemin is not None:
                recue.chemin.unlink(missing_ok=True)
    except SansLigneError:
        if demande.carte.telechargement.vide_admis:
            return Resultat(demande, VIDE)
        motif = "la réponse n'a aucune ligne"
    except DefinitiveError as cause:
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
