"""Studies of a kept proposal: run, followed, stopped, and kept in its folder.

Each study has a file there, with the fingerprint of what it rests on (the problem, the plan, the
parameters, the code of `planning` and the reference values that code reads): it is computed once,
and again when one of them has changed or when it was stopped before its end.
"""

import csv
import functools
import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import du_tableur, pluriel
from pipelines.planning import absences, frontiere, marges, negociation
from pipelines.planning.modele import SOUPLES
from pipelines.planning.probleme import Presence, Probleme, depuis_json
from pipelines.planning.suivi import Avancement
from pipelines.planning.voisinage import Voisinage
from pipelines.scenarios import file_des_calculs, processus, propositions
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.processus import Phase

CODE = chemins.RACINE / "pipelines" / "planning"  # what the answers of a study come from …
CAPACITE = chemins.RACINE / "pipelines" / "scoring" / "capacite.py"  # … with what half a post gives
REFERENCES = ("temps_travail", "territoire", "trajets")  # … and the values both read
TRAVAUX = "etudes"  # folder, in that of the proposal, of the processes at work
FIN = "fini"
Progres = Callable[[float, str], None]


class Nature(StrEnum):
    """A study; its file is named after it."""

    MARGES = "marges"
    FRONTIERE = "frontiere"
    NEGOCIATION = "negociation"
    ABSENCES = "absences"

    @property
    def fichier(self) -> str:
        """The file that keeps it, in the folder of the proposal."""
        return f"{self.value}.json"


LIBELLES = {
    Nature.MARGES: "marges",
    Nature.FRONTIERE: "changements et équité",
    Nature.NEGOCIATION: "négociation",
    Nature.ABSENCES: "absences",
}
"""The studies as the queue names them."""


@dataclass(frozen=True)
class Etat:
    """Where a study stands; `phase` is None when it was never run on this plan.

    `rang`: how many computations wait before it, None when it does not wait. `fraction` (0 to 1)
    and `message` are the last word of its process, if one is at work.
    """

    phase: Phase | None
    rang: int | None
    fraction: float
    message: str
    erreur: str | None


@dataclass(frozen=True)
class Etude:
    """A kept study: its parameters and its answers, as plain data; whether it was stopped."""

    parametres: dict
    resultat: dict
    arretee: bool


def parametres(nature: Nature, duree_resolution_s: float | None = None) -> dict:
    """What a study tries and how far, from `data/reference`.

    `duree_resolution_s` replaces the reference for the studies that solve the whole département.
    """
    noms = {
        Nature.MARGES: (
            "pas_etp",
            "etendue_etp",
            "residences_essayees",
            "retraits_essayes",
            "postes_par_voisinage",
            "duree_resolution_s",
        ),
        Nature.FRONTIERE: ("pas_changements", "budgets_max", "duree_resolution_s"),
        Nature.NEGOCIATION: ("tolerance_negociation", "postes_par_voisinage"),
    }
    if nature == Nature.ABSENCES:
        return {"minimum": reference.valeur("couverture", "hebdomadaire_demi_journees_cycle")}
    valeurs = {nom: reference.valeur("marges", nom) for nom in noms[nature]}
    if duree_resolution_s is not None and "duree_resolution_s" in valeurs:
        valeurs["duree_resolution_s"] = duree_resolution_s
    return valeurs


def etudier(
    dossier: Path,
    nature: Nature,
    *,
    duree_resolution_s: float | None = None,
    progres: Progres | None = None,
    arret: Callable[[], bool] | None = None,
) -> Etude:
    """The study of the proposal written in `dossier`: the kept one, or a new one, then kept.

    `progres` receives the fraction done and what is at work; once `arret` is true, what is done
    is kept and said to be stopped. AtlasError when the folder holds no proposal.
    """
    voulus = parametres(nature, duree_resolution_s)
    gardee = lire(dossier, nature, voulus)
    if gardee is not None and not gardee.arretee:
        return gardee
    probleme, plan = _proposition(dossier)
    empreinte = _empreinte(dossier, voulus)
    travail = _Travail(
        probleme,
        plan,
        voulus,
        progres or (lambda part, quoi: None),
        arret or (lambda: False),
        # until its end, what is found is kept as that of a study stopped there
        lambda resultat: _garder(dossier, nature, empreinte, Etude(voulus, resultat, True)),
    )
    resultat = travail.faire(nature)
    _garder(dossier, nature, empreinte, Etude(voulus, resultat, travail.est_arrete))
    return lire(dossier, nature, voulus)


def lire(dossier: Path, nature: Nature, voulus: dict | None = None) -> Etude | None:
    """The kept study, None when there is none that rests on this problem, plan and parameters.

    Without `voulus`, the duration of each solve may be any: only the result depends on it.
    """
    contenu = processus.lire_json(dossier / nature.fichier)
    if contenu is None:
        return None
    if voulus is None:
        voulus = parametres(nature, contenu["parametres"].get("duree_resolution_s"))
    if contenu["empreinte"] != _empreinte(dossier, voulus):
        return None
    return Etude(contenu["parametres"], contenu["resultat"], contenu["arretee"])


def lancer(
    lecteur: Lecteur,
    dossier: Path,
    nature: Nature,
    *,
    departement: str,
    duree_resolution_s: float | None = None,
) -> None:
    """Put a study in the queue; nothing when it is there, or at work."""
    exiger(lecteur, Acte.MODIFIER, departement)
    if etat(dossier, nature).phase in (Phase.EN_ATTENTE, Phase.EN_COURS):
        return
    travail = dossier / TRAVAUX / nature
    (travail / FIN).unlink(missing_ok=True)
    file_des_calculs.soumettre(
        travail,
        {
            "dossier": str(dossier.resolve()),
            "nature": nature,
            "duree_resolution_s": duree_resolution_s,
        },
        "pipelines.scenarios.etudes",
        libelle=f"Étude : {LIBELLES[nature]}",
        departement=departement,
        auteur=lecteur.nom,
    )


def arreter(lecteur: Lecteur, dossier: Path, nature: Nature, departement: str) -> None:
    """Ask a study to stop and keep what is done; one that waits leaves the queue."""
    exiger(lecteur, Acte.MODIFIER, departement)
    travail = dossier / TRAVAUX / nature
    if not file_des_calculs.retirer(travail):
        (travail / processus.ARRET).touch()


def etat(dossier: Path, nature: Nature) -> Etat:
    """Where a study of the proposal of `dossier` stands."""
    travail = dossier / TRAVAUX / nature
    avance = processus.lire_json(travail / processus.AVANCEMENT) or {"fraction": 0.0, "message": ""}
    erreur = travail / processus.ERREUR
    phase, rang = None, None
    if (travail / processus.DEMANDE).exists() and not (travail / FIN).exists():
        if not erreur.exists():
            phase, rang = file_des_calculs.phase(travail)
        if erreur.exists():
            phase = Phase.ECHEC
        elif phase == Phase.INTERROMPU and (travail / FIN).exists():
            # the process has ended between the first look and this one
            phase = None
    if phase in (None, Phase.INTERROMPU) and lire(dossier, nature) is not None:
        phase = Phase.TERMINE
    return Etat(
        phase=phase,
        rang=rang,
        fraction=min(max(avance["fraction"], 0.0), 1.0),
        message=avance["message"],
        erreur=erreur.read_text(encoding="utf-8") if erreur.exists() else None,
    )


def marque(dossier: Path, nature: Nature) -> int:
    """The identity of the kept file of a study, for caches; 0 when there is none."""
    fichier = dossier / nature.fichier
    return fichier.stat().st_mtime_ns if fichier.exists() else 0


class _Travail:
    """The steps of each study, everything found so far being kept after each one."""

    def __init__(
        self,
        probleme: Probleme,
        plan: tuple[Presence, ...],
        voulus: dict,
        progres: Progres,
        arret: Callable[[], bool],
        garder: Callable[[dict], None],
    ) -> None:
        self.probleme, self.plan, self.voulus = probleme, plan, voulus
        self.progres, self._arret, self.garder = progres, arret, garder
        self.est_arrete = False

    def arret(self) -> bool:
        """The user's stop, remembered."""
        self.est_arrete = self.est_arrete or self._arret()
        return self.est_arrete

    def faire(self, nature: Nature) -> dict:
        """The result, whole unless the work was stopped."""
        return {
            Nature.MARGES: self._marges,
            Nature.FRONTIERE: self._frontiere,
            Nature.NEGOCIATION: self._negociation,
            Nature.ABSENCES: self._absences,
        }[nature]()

    def _absences(self) -> dict:
        total = len({x.poste_id for x in self.plan})
        resultat: dict = {"absences": [], "total": total}
        for a in absences.absences(self.probleme, self.plan, **self.voulus, arret=self.arret):
            self._ajouter(resultat, "absences", asdict(a), total, "absence")
        return resultat

    def _negociation(self) -> dict:
        total = len(self.plan)
        resultat: dict = {"affectations": [], "total": total}
        for a in negociation.negociation(
            self.probleme,
            self.plan,
            tolerance=self.voulus["tolerance_negociation"],
            postes_par_voisinage=self.voulus["postes_par_voisinage"],
            arret=self.arret,
        ):
            self._ajouter(resultat, "affectations", asdict(a), total, "affectation")
        return resultat

    def _ajouter(self, resultat: dict, nom: str, ligne: dict, total: int, mot: str) -> None:
        faites = resultat[nom]
        faites.append(ligne)
        self.progres(len(faites) / total, f"{pluriel(len(faites), mot)} sur {total}")
        self.garder(resultat)

    def _marges(self) -> dict:
        """The bassins, then the curve."""
        limites = marges.Limites(**self.voulus)
        bassins = marges.bassins(self.probleme)
        nb_points = 2 * round(limites.etendue_etp / limites.pas_etp) + 1
        total = len(bassins) + nb_points
        resultat: dict = {"bassins": [], "nb_bassins": len(bassins), "courbe": []}

        def essayer(rang: int, essai: int, essais: int) -> None:
            texte = f"Bassin {rang + 1} sur {len(bassins)} : essai {essai} sur {essais}"
            self.progres((rang + (essai - 1) / essais) / total, texte)

        for m in marges.marges(self.probleme, self.plan, limites, self.arret, essayer):
            self._ajouter(resultat, "bassins", asdict(m), total, "étape")

        def avancer(rang: int, a: Avancement) -> None:
            part = (len(bassins) + rang + a.fraction) / total
            self.progres(part, f"Courbe, point {rang + 1} sur {nb_points} : {a.message}")

        def tracer(points: tuple[marges.Pas, ...]) -> None:
            resultat["courbe"] = [asdict(p) for p in points]
            self.garder(resultat)

        if not self.arret():
            points = marges.courbe(
                self.probleme,
                self.plan,
                limites,
                progres=avancer,
                arret=self.arret,
                fait=tracer,
            )
            resultat["courbe"] = [asdict(p) for p in points]
        return resultat

    def _frontiere(self) -> dict:
        _, au_moins = frontiere.plan_de_depart(self.probleme)
        rang = [o.code for o in SOUPLES].index(frontiere.CHANGEMENTS)
        au_plus = Voisinage(self.probleme, self.plan).valeurs[rang]
        suite = frontiere.budgets(
            au_moins, au_plus, self.voulus["pas_changements"], self.voulus["budgets_max"]
        )
        total = len(suite) + 1
        resultat: dict = {"points": [], "total": total}

        def avancer(numero: int, a: Avancement) -> None:
            texte = f"Budget {numero + 1} sur {total} : {a.message}"
            self.progres((numero + a.fraction) / total, texte)

        def tracer(points: tuple[frontiere.Budget, ...]) -> None:
            resultat["points"] = [asdict(p) for p in points]
            self.garder(resultat)

        frontiere.frontiere(
            self.probleme,
            self.plan,
            suite=suite,
            duree_resolution_s=self.voulus["duree_resolution_s"],
            progres=avancer,
            arret=self.arret,
            fait=tracer,
        )
        return resultat


def _proposition(dossier: Path) -> tuple[Probleme, tuple[Presence, ...]]:
    """The problem and the plan written in `dossier`; AtlasError when one is missing."""
    try:
        texte = (dossier / propositions.FICHIER_PROBLEME).read_text(encoding="utf-8")
        with (dossier / propositions.FICHIER_PLAN).open(encoding="utf-8", newline="") as flux:
            lignes = list(csv.DictReader(flux))
    except FileNotFoundError as cause:
        raise AtlasError(
            f"Ce dossier n'a pas de proposition : {Path(cause.filename).name} manque.",
            fichier=str(dossier),
            admis="un dossier écrit par atlas proposer : probleme.json, plan.csv, resume.json",
            remede="vérifier le chemin donné à --proposition",
        ) from cause
    plan = tuple(
        Presence(du_tableur(ligne["poste_id"]), ligne["site_id"], int(ligne["demi_journees_cycle"]))
        for ligne in lignes
    )
    return depuis_json(texte), plan


def _empreinte(dossier: Path, voulus: dict) -> str:
    """sha256 of the code, the values it reads, the parameters, the problem and the plan.

    A missing file of the proposal is nothing.
    """
    somme = hashlib.sha256(json.dumps(voulus, sort_keys=True).encode())
    somme.update(_empreinte_du_code(CODE).encode())
    for fichier in REFERENCES:
        for nom, parametre in sorted(reference.parametres(fichier).items()):
            somme.update(f"{fichier}.{nom}={parametre.valeur!r}".encode())
    for nom in (propositions.FICHIER_PROBLEME, propositions.FICHIER_PLAN):
        fichier = dossier / nom
        somme.update(fichier.read_bytes() if fichier.exists() else b"")
    return somme.hexdigest()


@functools.cache
def _empreinte_du_code(dossier: Path) -> str:
    """sha256 of the modules of `dossier` and of the capacity, as this process first found them."""
    somme = hashlib.sha256()
    for module in (*sorted(dossier.glob("*.py")), CAPACITE):
        somme.update(module.name.encode() + module.read_bytes())
    return somme.hexdigest()


def _garder(dossier: Path, nature: Nature, empreinte: str, etude: Etude) -> None:
    texte = json.dumps({"empreinte": empreinte, **asdict(etude)}, ensure_ascii=False, indent=1)
    propositions.ecrire(dossier, {nature.fichier: texte + "\n"})


def _executer(travail: Path, demande: dict, arret: Callable[[], bool]) -> None:
    """In the child process: the study asked for in `travail`; its end is noted there."""

    etudier(
        Path(demande["dossier"]),
        Nature(demande["nature"]),
        duree_resolution_s=demande["duree_resolution_s"],
        progres=lambda part, quoi: processus.noter(travail, part, quoi),
        arret=arret,
    )
    (travail / FIN).touch()


if __name__ == "__main__":
    ici = Path(sys.argv[1])
    file_des_calculs.executer(ici, lambda demande, arret: _executer(ici, demande, arret))
