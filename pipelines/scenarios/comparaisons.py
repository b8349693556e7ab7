"""The doctrines run on the same data, hypotheses, seed and duration, and kept as one group.

A comparison has a folder under `data/calculs`, with one folder a doctrine in it, each an ordinary
computation (`calculs`). A conductor process starts as many at once as the machine's cores allow
and writes what is to be kept at the end. Since work and not time ends a computation, how many run
together does not change their plans.
"""

import json
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.planning.assemblage import Hypotheses
from pipelines.scenarios import calculs, propositions
from pipelines.scenarios.calculs import Phase
from pipelines.scoring.doctrine import doctrines, libelle_de

BILAN = "comparaison.json"
SUFFIXE = "-doctrines"
PERIODE_S = 0.2  # between two looks of the conductor at its computations
_ID = re.compile(r"^[0-9A-Z]{3}-\d{8}-\d{6}-[0-9a-f]{6}-doctrines$")


@dataclass(frozen=True)
class Part:
    """One doctrine of a comparison: `avancement` is the last word of its solver, if it began."""

    code: str
    libelle: str
    est_finie: bool
    avancement: dict | None


@dataclass(frozen=True)
class Etat:
    """A comparison as the page shows it; `calculees`: codes whose result is kept, in order."""

    comparaison_id: str
    phase: Phase
    demande: dict
    parts: tuple[Part, ...]
    calculees: tuple[str, ...]
    erreur: str | None
    dossier: Path
    lancee_le: datetime

    @property
    def fraction(self) -> float:
        """How much of the whole is done, 0 to 1."""
        return _fraction(self.parts)


def en_meme_temps() -> int:
    """How many doctrines are computed at once: one core is left to answer the screens."""
    coeurs = os.cpu_count() or 1
    return max(1, min(coeurs - 1, len(doctrines())))


def lancer(
    base: Path, departement: str, *, graine: int, duree_max_s: float, hypotheses: Hypotheses
) -> str:
    """Start a comparison in a process of its own; the id under which to follow it.

    The doctrine of `hypotheses` is left aside: every one is computed.
    """
    comparaison_id = calculs.nouvel_id(departement) + SUFFIXE
    demande = _demande(base, departement, graine, duree_max_s, hypotheses)
    demande["doctrines"] = [d.code for d in doctrines()]
    processus = calculs.demarrer(
        chemins.CALCULS / comparaison_id, demande, "pipelines.scenarios.comparaisons"
    )
    # reaps the child when it ends, so that it is not taken for a living process
    threading.Thread(target=processus.wait, daemon=True).start()
    return comparaison_id


def arreter(comparaison_id: str) -> None:
    """Ask a comparison to stop: the plans found so far are kept, the rest is not computed."""
    (_dossier(comparaison_id) / calculs.ARRET).touch()


def etat(comparaison_id: str) -> Etat:
    """Where a comparison stands; AtlasError when the id is unknown here."""
    dossier = _dossier(comparaison_id)
    phase = _fin(dossier)
    if phase is None:
        vivant = calculs.vit(dossier)
        # the process may have ended between the first look and this one
        phase = Phase.EN_COURS if vivant else _fin(dossier) or Phase.INTERROMPU
    demande = json.loads((dossier / calculs.DEMANDE).read_text(encoding="utf-8"))
    bilan = calculs.lire_json(dossier / BILAN) or {"doctrines": []}
    erreur = dossier / calculs.ERREUR
    return Etat(
        comparaison_id=comparaison_id,
        phase=phase,
        demande=demande,
        parts=tuple(_part(dossier, code) for code in demande["doctrines"]),
        calculees=tuple(bilan["doctrines"]),
        erreur=erreur.read_text(encoding="utf-8") if erreur.exists() else None,
        dossier=dossier,
        lancee_le=datetime.strptime(comparaison_id[4:19], "%Y%m%d-%H%M%S"),
    )


def dernieres(departement: str, nombre: int = 10) -> list[Etat]:
    """The last finished comparisons of a département, newest first."""
    dossiers = sorted(chemins.CALCULS.glob(f"{departement}-*{SUFFIXE}"), reverse=True)
    finies = [d.name for d in dossiers if (d / BILAN).exists()]
    return [etat(comparaison_id) for comparaison_id in finies[:nombre]]


def comparer(
    base: Path,
    departement: str,
    *,
    graine: int,
    duree_max_s: float,
    hypotheses: Hypotheses,
    sortie: Path,
    progres: Callable[[float, str], None] | None = None,
    arret: Callable[[], bool] | None = None,
) -> tuple[str, ...]:
    """Compute every doctrine under `sortie`, one folder each; the codes whose result is kept.

    `progres` receives the fraction done (0 to 1) and what is being computed; once `arret` is true
    the doctrines at work give their best plan and the others are not begun. Raises AtlasError
    when a computation can't be done, with its doctrine named.
    """
    demande = _demande(base, departement, graine, duree_max_s, hypotheses)
    codes = [d.code for d in doctrines()]
    sortie = sortie.resolve()
    _effacer(sortie, codes)
    a_faire, vivants = list(codes), {}
    arrete = False
    try:
        while vivants or (a_faire and not arrete):
            arrete = arrete or (arret is not None and arret())
            while a_faire and len(vivants) < en_meme_temps() and not arrete:
                code = a_faire.pop(0)
                sienne = {
                    **demande,
                    "hypotheses": asdict(replace(hypotheses, doctrine=code)),
                }
                vivants[code] = calculs.demarrer(sortie / code, sienne)
            for code, processus in list(vivants.items()):
                if arrete:
                    (sortie / code / calculs.ARRET).touch()
                if processus.poll() is not None:
                    del vivants[code]
                    _exiger_resultat(sortie / code, code)
            if progres is not None:
                _annoncer(progres, [_part(sortie, code) for code in codes])
            time.sleep(PERIODE_S)
    finally:
        for processus in vivants.values():
            processus.terminate()
    calculees = tuple(c for c in codes if (sortie / c / propositions.FICHIER_RESUME).exists())
    bilan = {"doctrines": calculees, "arretee": arrete}
    propositions.ecrire(sortie, {BILAN: json.dumps(bilan, ensure_ascii=False, indent=1) + "\n"})
    return calculees


def _demande(
    base: Path, departement: str, graine: int, duree_max_s: float, hypotheses: Hypotheses
) -> dict:
    return {
        "entrepot": str(base.resolve()),
        "departement": departement,
        "graine": graine,
        "duree_max_s": duree_max_s,
        "hypotheses": asdict(hypotheses),
    }


def _effacer(sortie: Path, codes: list[str]) -> None:
    """Take away what a former comparison left there: it would be taken for this one."""
    (sortie / BILAN).unlink(missing_ok=True)
    for code in codes:
        for nom in (
            propositions.FICHIER_RESUME,
            calculs.ERREUR,
            calculs.ARRET,
            calculs.AVANCEMENT,
        ):
            (sortie / code / nom).unlink(missing_ok=True)


def _part(dossier: Path, code: str) -> Part:
    return Part(
        code=code,
        libelle=libelle_de(code),
        est_finie=(dossier / code / propositions.FICHIER_RESUME).exists(),
        avancement=calculs.lire_json(dossier / code / calculs.AVANCEMENT),
    )


def _annoncer(progres: Callable[[float, str], None], parts: list[Part]) -> None:
    en_cours = [p.libelle for p in parts if p.avancement and not p.est_finie]
    progres(_fraction(parts), ", ".join(en_cours) or "Préparation")


def _fraction(parts: Sequence[Part]) -> float:
    faites = [
        1.0 if p.est_finie else (p.avancement or {"fraction": 0.0})["fraction"] for p in parts
    ]
    return min(max(sum(faites) / len(faites), 0.0), 1.0)


def _exiger_resultat(dossier: Path, code: str) -> None:
    """AtlasError with the words of the computation of `code` when it left no result."""
    if (dossier / propositions.FICHIER_RESUME).exists():
        return
    erreur = dossier / calculs.ERREUR
    dit = erreur.read_text(encoding="utf-8") if erreur.exists() else "le calcul s'est interrompu."
    raise AtlasError(f"Doctrine « {libelle_de(code)} » : {dit}")


def _dossier(comparaison_id: str) -> Path:
    dossier = chemins.CALCULS / comparaison_id
    # the id comes from the address bar: nothing but our own ids may name a folder
    if not _ID.match(comparaison_id) or not dossier.is_dir():
        raise AtlasError(
            f"La comparaison « {comparaison_id} » n'existe pas sur ce poste.",
            remede="relancer le calcul depuis la page « Doctrines »",
        )
    return dossier


def _fin(dossier: Path) -> Phase | None:
    if (dossier / BILAN).exists():
        return Phase.TERMINE
    return Phase.ECHEC if (dossier / calculs.ERREUR).exists() else None


def _executer(dossier: Path) -> None:
    """The conductor: run the request of `dossier`, leave what is kept or the error there."""
    demande = json.loads((dossier / calculs.DEMANDE).read_text(encoding="utf-8"))
    try:
        comparer(
            Path(demande["entrepot"]),
            demande["departement"],
            graine=demande["graine"],
            duree_max_s=demande["duree_max_s"],
            hypotheses=Hypotheses(**demande["hypotheses"]),
            sortie=dossier,
            arret=(dossier / calculs.ARRET).exists,
        )
    except AtlasError as erreur:
        propositions.ecrire(dossier, {calculs.ERREUR: erreur.message()})
    except Exception:
        traceback.print_exc()
        message = "Le calcul s'est arrêté sur un défaut d'Atlas ; le détail est dans journal.txt."
        propositions.ecrire(dossier, {calculs.ERREUR: message})
        raise


if __name__ == "__main__":
    _executer(Path(sys.argv[1]))
