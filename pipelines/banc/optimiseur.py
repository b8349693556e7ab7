"""How close to the best the optimiser comes, and how fast, on real départements.

Each measure has a name, so that a part can be run again: `034-60` (a département at 60 % of its
besoin), `exemple-013-60` (the shipped example), `grande` (320 sites × 110 postes), `entiere`
(presence all or nothing) and `croissance-sites-80` (one point of a curve). Seconds are the
processor's, over all cores and child processes, and the clock's beside.
"""

import json
import os
import platform
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import ortools

from pipelines.banc import temoins
from pipelines.banc.instances import ENSEMBLE, extraire, fabriquer
from pipelines.base.chemins import EXEMPLE
from pipelines.base.erreurs import AtlasError
from pipelines.planning import modele
from pipelines.planning.modele import Index
from pipelines.planning.probleme import Presence, Probleme, vers_json
from pipelines.planning.reprise import qui_peut_prendre
from pipelines.planning.solveur import Resultat, resoudre
from pipelines.planning.suivi import Avancement
from pipelines.planning.verification import juger

PARTS = (0.4, 0.6, 0.8)
"""Share of the total besoin that the postes can give."""
SITES_DEMANDES = 40
"""Sites « who can take it? » is asked about, spread over the plan: for the 95th percentile."""
CENTILE = 0.95
PART_MOYENNE = 0.6
"""The share of every measure that is made at one share only."""
DEPARTEMENTS_EXEMPLE = ("004", "005", "013", "084")
PARTS_DUREE_EXEMPLE = {"013": 1.6}
"""Duration of its départements, in durations of the others: with 221 sites the 013 stands between
the 150 of the durations asked for and the 320 of GRANDE."""
GRANDE = (320, 110)
"""Sites and postes of the largest problem, drawn from all the départements together."""
PART_GRANDE = 2.5
"""Its duration, in durations of the others: 90 s and 60 s more, against 60 s."""
ENTIERE = (200, 60)
"""Sites and postes of the variant where presence is all or nothing."""
CROISSANCES: dict[str, tuple[tuple[int, int, int], ...]] = {
    "sites": ((40, 40, 45), (80, 40, 45), (160, 40, 45), (320, 40, 45)),
    "postes": ((160, 20, 45), (160, 40, 45), (160, 80, 45), (160, 110, 45)),
    "trajet": ((160, 60, 20), (160, 60, 30), (160, 60, 45), (160, 60, 60)),
}
"""Points of each curve: sites, postes, travel limit (minutes one way)."""
PART_CROISSANCE, ECART_CROISSANCE = 0.25, 0.01
"""Its duration, in durations of the others, and the gap each of its stages stops at."""

Progres = Callable[[str, float], None]
Problemes = dict[tuple[str, float], Probleme]


@dataclass(frozen=True)
class Essai:
    """One measure: its problem, from which folder and share of means, and the work allowed."""

    nom: str
    est_exemple: bool
    part: float
    duree_s: float
    departement: str = ENSEMBLE
    taille: tuple[int, int] | None = None
    trajet_max_min: int | None = None
    presence_entiere: bool = False
    ecart_vise: float | None = None
    temoins: tuple[str, ...] = ()

    def probleme(self, problemes: Problemes) -> Probleme:
        """Its problem, cut out of those made; AtlasError when they are too few for its size."""
        entier = problemes[self.departement, self.part]
        if self.taille is None:
            return entier
        # a poste need not have the time of its whole résidence: locks would clash
        petit = replace(extraire(entier, *self.taille), verrous=())
        if (len(petit.sites), len(petit.postes)) != self.taille:
            raise AtlasError(
                f"Mesure {self.nom}\u202f: {len(petit.sites)} sites et {len(petit.postes)} postes.",
                admis=f"{self.taille[0]} sites et {self.taille[1]} postes",
                remede="donner plus de départements, ou d'autres mesures avec --mesures",
            )
        reglages = replace(petit.reglages, presence_entiere=self.presence_entiere)
        if self.trajet_max_min is not None:
            reglages = replace(reglages, duree_trajet_max_min=self.trajet_max_min)
        return replace(petit, reglages=reglages)


def programme(departements: Sequence[str], duree_max_s: float) -> list[Essai]:
    """Every measure, in order; all but those of the départements need several of them."""
    essais = [
        Essai(
            nom=f"{prefixe}{departement}-{round(100 * part)}",
            est_exemple=est_exemple,
            part=part,
            duree_s=duree_max_s
            * (PARTS_DUREE_EXEMPLE.get(departement, 1.0) if est_exemple else 1.0),
            departement=departement,
            temoins=tuple(
                nom for nom in temoins.TEMOINS if nom != "p_mediane" or part == PART_MOYENNE
            ),
        )
        for prefixe, codes, est_exemple in (
            ("", departements, False),
            ("exemple-", DEPARTEMENTS_EXEMPLE, True),
        )
        for part in PARTS
        for departement in codes
    ]
    essais.append(
        Essai(
            "grande",
            False,
            PART_MOYENNE,
            duree_max_s * PART_GRANDE,
            taille=GRANDE,
            temoins=("glouton", "kmeans"),
        )
    )
    essais.append(
        Essai("entiere", False, PART_MOYENNE, duree_max_s, taille=ENTIERE, presence_entiere=True)
    )
    for courbe, points in CROISSANCES.items():
        for nb_sites, nb_postes, limite in points:
            rang = {"sites": nb_sites, "postes": nb_postes, "trajet": limite}[courbe]
            essais.append(
                Essai(
                    f"croissance-{courbe}-{rang}",
                    False,
                    PART_MOYENNE,
                    duree_max_s * PART_CROISSANCE,
                    taille=(nb_sites, nb_postes),
                    trajet_max_min=limite,
                    ecart_vise=ECART_CROISSANCE,
                )
            )
    return essais


def retenir(essais: Sequence[Essai], mesures: Collection[str]) -> list[Essai]:
    """The measures whose name is one of `mesures` or begins so; all of them when it is empty.

    Raises AtlasError when one of them names nothing.
    """
    for debut in mesures:
        if not any(_commence(essai.nom, debut) for essai in essais):
            raise AtlasError(
                f"Aucune mesure ne se nomme «\u202f{debut}\u202f».",
                admis=", ".join(essai.nom for essai in essais),
                remede="corriger --mesures",
            )
    return [e for e in essais if not mesures or any(_commence(e.nom, d) for d in mesures)]


def _commence(nom: str, debut: str) -> bool:
    return nom == debut or nom.startswith(f"{debut}-")


def mesurer(
    sources: Path,
    departements: Sequence[str],
    duree_max_s: float,
    *,
    mesures: Collection[str] = (),
    avec_temoins: bool = True,
    progres: Progres | None = None,
    noter: Callable[[dict], None] | None = None,
) -> dict:
    """Gaps, values, bounds and seconds of each stage, and the simpler methods beside.

    `noter` receives what is measured so far, after each measure. Raises AtlasError when the folder
    is not there, a name of `mesures` is unknown, the départements are too few for a measure, or the
    extra « banc » is not installed.
    """
    essais = retenir(programme(departements, duree_max_s), mesures)
    if avec_temoins and any("p_mediane" in essai.temoins for essai in essais):
        temoins.exiger()
    avancer = progres or (lambda etape, part: None)
    avancer("Fabrication des problèmes", 0.0)
    lots = {
        est_exemple: _problemes(
            EXEMPLE if est_exemple else sources,
            DEPARTEMENTS_EXEMPLE if est_exemple else departements,
            sorted({e.part for e in essais if e.est_exemple == est_exemple}),
        )
        for est_exemple in (False, True)
    }
    problemes = [essai.probleme(lots[essai.est_exemple]) for essai in essais]
    resultat: dict = {
        "machine": {
            "systeme": f"{platform.system()} {platform.machine()}",
            "coeurs": os.cpu_count() or 1,
            "python": platform.python_version(),
            "ortools": ortools.__version__,
            "numpy": np.__version__,
        },
        "departements": list(departements),
        "duree_max_s": duree_max_s,
        "mesures": [],
    }
    for rang, (essai, probleme) in enumerate(zip(essais, problemes, strict=True)):
        avancer(essai.nom, rang / len(essais))
        resultat["mesures"].append(une_mesure(essai, probleme, avec_temoins))
        if noter is not None:
            noter(resultat)
    return resultat


def _problemes(sources: Path, departements: Sequence[str], parts: Sequence[float]) -> Problemes:
    if not parts:
        return {}
    instances = fabriquer(sources, departements, parts)
    return {(i.nom, i.part_demandee): i.probleme for i in instances}


def une_mesure(essai: Essai, probleme: Probleme, avec_temoins: bool) -> dict:
    """The optimiser on the problem of `essai`, and the simpler methods."""
    noms = [n for n in essai.temoins if avec_temoins or n != "p_mediane"]
    return {
        "nom": essai.nom,
        "duree_max_s": essai.duree_s,
        "part_demandee": essai.part,
        **optimiser(probleme, essai.duree_s, essai.ecart_vise),
        **({"qui_peut_prendre": reprises(probleme)} if essai.taille == GRANDE else {}),
        "temoins": {nom: _temoin(probleme, temoins.TEMOINS[nom]) for nom in noms},
    }


@dataclass
class Chrono:
    """Seconds since it was made: of the processor (children included) and of the clock."""

    debut: os.times_result = field(default_factory=os.times)

    def lire(self) -> tuple[float, float]:
        """Processor, clock."""
        fin = os.times()
        return sum(fin[:4]) - sum(self.debut[:4]), fin.elapsed - self.debut.elapsed


def optimiser(probleme: Probleme, duree_max_s: float, ecart_vise: float | None = None) -> dict:
    """The stages of the optimiser on `probleme`, and what its plan covers."""
    chrono = Chrono()
    fins: dict[str, tuple[float, float]] = {}

    def noter(avancement: Avancement) -> None:
        fins[avancement.etage] = chrono.lire()

    resultat = resoudre(probleme, duree_max_s=duree_max_s, ecart_vise=ecart_vise, progres=noter)
    lignes = [
        {
            "poste_id": x.poste_id,
            "site_id": x.site_id,
            "demi_journees_cycle": x.demi_journees_cycle,
        }
        for x in resultat.plan
    ]
    capacite = sum(p.capacite for p in probleme.postes if not p.sans_secteur)
    besoin = sum(s.besoin for s in probleme.sites)
    return {
        "nb_sites": len(probleme.sites),
        "nb_postes": sum(not p.sans_secteur for p in probleme.postes),
        "nb_couples": len(modele.couples_admis(Index.de(probleme))),
        "part_moyens": round(capacite / besoin, 3),
        "arret_par": resultat.arret_par,
        "etages": _etages(resultat, fins),
        "plan": juge(probleme, lignes) | _secondes(max(fins.values())),
    }


def reprises(probleme: Probleme) -> dict:
    """Seconds of the clock « who can take this site? » takes, over sites of the greedy plan.

    `mediane`, `centile_95` and `maximum`, over `nb_sites` of those the plan serves.
    """
    plan = [
        Presence(x["poste_id"], x["site_id"], x["demi_journees_cycle"])
        for x in temoins.remis_dans_les_regles(probleme, temoins.glouton(probleme))
    ]
    servis = sorted({x.site_id for x in plan})
    durees = []
    for site_id in servis[:: max(1, len(servis) // SITES_DEMANDES)][:SITES_DEMANDES]:
        chrono = Chrono()
        qui_peut_prendre(probleme, plan, site_id)
        durees.append(chrono.lire()[1])
    mediane, centile = np.quantile(durees, (0.5, CENTILE), method="higher")
    return {
        "nb_sites": len(durees),
        "mediane": round(float(mediane), 2),
        "centile_95": round(float(centile), 2),
        "maximum": round(max(durees), 2),
    }


def _secondes(lues: tuple[float, float]) -> dict[str, float]:
    """Seconds as the result writes them."""
    processeur, horloge = lues
    return {"secondes": round(processeur, 2), "secondes_horloge": round(horloge, 2)}


def _etages(resultat: Resultat, fins: dict[str, tuple[float, float]]) -> list[dict]:
    """Each stage; its gap on what it reached itself, before later stages."""
    etages, avant = [], (0.0, 0.0)
    for e in resultat.etages:
        fin = fins.get(e.code, avant)
        atteint = e.valeur_atteinte
        part = (atteint - e.borne) / atteint if atteint else 0.0
        etages.append(
            {
                "code": e.code,
                "statut": e.statut,
                "valeur": e.valeur,
                "valeur_atteinte": atteint,
                "borne": e.borne,
                "part_ecart": round(e.ecart, 4),
                "part_ecart_atteint": round(part, 4),
                "ecart_demi_journees": e.ecart_demi_journees,
                **_secondes((fin[0] - avant[0], fin[1] - avant[1])),
            }
        )
        avant = fin
    return etages


def juge(probleme: Probleme, lignes: list[dict]) -> dict:
    """The judge's view of a plan: breaches by rule, objectives, coverage by category."""
    verdict = juger(json.loads(vers_json(probleme)), lignes)
    donne = Counter()
    for ligne in lignes:
        donne[ligne["site_id"]] += ligne["demi_journees_cycle"]
    besoins, couverts = Counter(), Counter()
    for site in probleme.sites:
        for categorie in site.categories or ("sans_categorie",):
            besoins[categorie] += site.besoin
            couverts[categorie] += min(donne[site.site_id], site.besoin)
    return {
        "manquements": dict(sorted(Counter(m.regle for m in verdict.manquements).items())),
        "objectifs": verdict.objectifs,
        "part_couverte": {
            c: round(couverts[c] / besoin, 3) for c, besoin in sorted(besoins.items()) if besoin
        },
    }


def _temoin(probleme: Probleme, methode: Callable[[Probleme], list[dict]]) -> dict:
    """A simpler method as it is, and what is left of it once put within the rules."""
    chrono = Chrono()
    try:
        lignes = methode(probleme)
    except RuntimeError as cause:
        return {"echec": str(cause)} | _secondes(chrono.lire())
    lues = chrono.lire()
    mis = temoins.remis_dans_les_regles(probleme, lignes)
    return juge(probleme, lignes) | _secondes(lues) | {"dans_les_regles": juge(probleme, mis)}
