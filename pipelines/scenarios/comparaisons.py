"""The doctrines run on the same data, hypotheses, seed and duration, and kept as one group.

A comparison has a folder under `data/calculs`, with one folder a doctrine in it, each an ordinary
computation (`calculs`). A conductor process starts as many at once as the machine's cores allow
and writes what is to be kept at the end. Since work and not time ends a computation, how many run
together does not change their plans.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.planning.assemblage import Hypotheses
from pipelines.scenarios import calculs, file_des_calculs, processus, propositions
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.sortes import Sorte, Suivi
from pipelines.scoring.doctrine import doctrines, libelle_de

BILAN = "comparaison.json"
SUFFIXE = "-doctrines"
PERIODE_S = 0.2  # between two looks of the conductor at its computations


@dataclass(frozen=True)
class Part:
    """One doctrine of a comparison: `avancement` is the last word of its solver, if it began."""

    code: str
    libelle: str
    est_finie: bool
    avancement: dict | None


@dataclass(frozen=True)
class Etat(Suivi):
    """A comparison as the page shows it; `calculees`: codes whose result is kept, in order."""

    parts: tuple[Part, ...]
    calculees: tuple[str, ...]

    @property
    def fraction(self) -> float:
        """How much of the whole is done, 0 to 1."""
        return _fraction(self.parts)


def en_meme_temps() -> int:
    """How many doctrines are computed at once: one core is left to answer the screens."""
    libres = min(file_des_calculs.places(), (os.cpu_count() or 1) - 1)
    return max(1, min(libres, len(doctrines())))


SORTE = Sorte(
    libelle="Comparaison des doctrines",
    module="pipelines.scenarios.comparaisons",
    resultat=BILAN,
    ids=processus.ID + SUFFIXE,
    inconnu="La comparaison « {} » n'existe pas sur ce poste.",
    remede="relancer le calcul depuis la page « Doctrines »",
    places=en_meme_temps(),
)


def lancer(
    lecteur: Lecteur,
    base: Path,
    departement: str,
    *,
    graine: int,
    duree_max_s: float,
    ecart_vise: float | None = None,
    hypotheses: Hypotheses,
) -> str:
    """Put a comparison in the queue; the id under which to follow it.

    The doctrine of `hypotheses` is left aside: every one is computed.
    """
    exiger(lecteur, Acte.MODIFIER, departement)
    comparaison_id = processus.nouvel_id(departement) + SUFFIXE
    demande = calculs.demande(base, departement, graine, duree_max_s, ecart_vise, hypotheses)
    demandee = {**demande, "doctrines": [d.code for d in doctrines()]}
    SORTE.lancer(lecteur, comparaison_id, demandee)
    return comparaison_id


def arreter(lecteur: Lecteur, comparaison_id: str) -> None:
    """Ask a comparison to stop: the plans found so far are kept, the rest is not computed."""
    SORTE.arreter(lecteur, comparaison_id)


def etat(lecteur: Lecteur, comparaison_id: str) -> Etat:
    """Where a comparison stands; AtlasError when the id is unknown here."""
    suivi = SORTE.suivre(lecteur, comparaison_id)
    bilan = processus.lire_json(suivi.dossier / BILAN) or {"doctrines": []}
    return Etat(
        **vars(suivi),
        parts=tuple(_part(suivi.dossier, code) for code in suivi.demande["doctrines"]),
        calculees=tuple(bilan["doctrines"]),
    )


def dernieres(lecteur: Lecteur, departement: str, nombre: int = 10) -> list[Etat]:
    """The last finished comparisons of a département, newest first."""
    finies = SORTE.finis(lecteur, departement, nombre)
    return [etat(lecteur, comparaison_id) for comparaison_id in finies]


def comparer(
    base: Path,
    departement: str,
    *,
    graine: int,
    duree_max_s: float,
    ecart_vise: float | None = None,
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
    demande = calculs.demande(base, departement, graine, duree_max_s, ecart_vise, hypotheses)
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
                processus.ecrire_demande(sortie / code, sienne)
                vivants[code] = processus.demarrer(sortie / code, calculs.SORTE.module)
            for code, vivant in list(vivants.items()):
                if arrete:
                    (sortie / code / processus.ARRET).touch()
                if vivant.poll() is not None:
                    del vivants[code]
                    _exiger_resultat(sortie / code, code)
            if progres is not None:
                _annoncer(progres, [_part(sortie, code) for code in codes])
            time.sleep(PERIODE_S)
    finally:
        for vivant in vivants.values():
            vivant.terminate()
    calculees = tuple(c for c in codes if (sortie / c / propositions.FICHIER_RESUME).exists())
    bilan = {"doctrines": calculees, "arretee": arrete}
    propositions.ecrire(sortie, {BILAN: json.dumps(bilan, ensure_ascii=False, indent=1) + "\n"})
    return calculees


def _effacer(sortie: Path, codes: list[str]) -> None:
    """Take away what a former comparison left there: it would be taken for this one."""
    (sortie / BILAN).unlink(missing_ok=True)
    for code in codes:
        for nom in (propositions.FICHIER_RESUME, processus.ERREUR, processus.AVANCEMENT):
            (sortie / code / nom).unlink(missing_ok=True)


def _part(dossier: Path, code: str) -> Part:
    return Part(
        code=code,
        libelle=libelle_de(code),
        est_finie=(dossier / code / propositions.FICHIER_RESUME).exists(),
        avancement=processus.lire_json(dossier / code / processus.AVANCEMENT),
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
    erreur = dossier / processus.ERREUR
    dit = erreur.read_text(encoding="utf-8") if erreur.exists() else "le calcul s'est interrompu."
    raise AtlasError(f"Doctrine « {libelle_de(code)} » : {dit}")


def _comparer(dossier: Path, demande: dict, arret: Callable[[], bool]) -> None:
    comparer(
        Path(demande["entrepot"]),
        demande["departement"],
        graine=demande["graine"],
        duree_max_s=demande["duree_max_s"],
        ecart_vise=demande["part_ecart_vise"],
        hypotheses=Hypotheses(**demande["hypotheses"]),
        sortie=dossier,
        progres=lambda part, quoi: processus.noter(dossier, part, quoi),
        arret=arret,
    )


if __name__ == "__main__":
    le_sien = Path(sys.argv[1])
    file_des_calculs.executer(le_sien, lambda demande, arret: _comparer(le_sien, demande, arret))
