"""What each next half-post would bring where: read in the margins kept of a plan.

In a département, half-posts follow each other along the curve of the study, each where the plan
before it is most short. In a bassin, one is tried alone.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from pipelines.base.textes import enumeration, nombre, pluriel
from pipelines.marts import entrepot
from pipelines.planning.marges import PLUS
from pipelines.reports import lecture, proposition_lue
from pipelines.reports.demi_postes import SANS_MANQUE, pourquoi_aucun_de_plus
from pipelines.reports.etudes import est_prouve, part, sites_touches
from pipelines.reports.lecture import Lu
from pipelines.reports.territoires import MOTS, Niveau, en_vue
from pipelines.scenarios import etudes, retenus
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scoring.doctrine import libelle_de

EN_MOINS, DONT_PRIORITAIRES = "Manque en moins (½ j. par cycle)", "Dont prioritaires (½ j.)"
NOTE = (
    "Le manque d'un site est ce qui sépare sa présence de son besoin. Chaque demi-poste est placé "
    "par l'optimiseur là où le plan qui le précède est le plus à court, tout le département étant "
    "résolu à nouveau ; celui d'un bassin y est essayé seul, parmi quelques postes voisins. La "
    "part est celle du manque que compte la doctrine, où chaque site pèse par ses priorités et ce "
    "qui lui manque. L'étude se lit en entier, avec ce qu'un demi-poste de moins coûterait, sur "
    "la page « Marges »."
)
NOTE_DES_RESEAUX = (
    "Le manque d'un site est ce qui sépare sa présence de son besoin. Les demi-postes se suivent "
    "dans tout le département, chacun là où le plan qui le précède est le plus à court : ce "
    "tableau dit dans quel réseau chacun aurait sa résidence, et ce que les sites de chaque réseau "
    "y gagnent ; un nombre négatif est une perte. Aucun n'est essayé réseau par réseau. L'étude se "
    "lit en entier sur la page « Marges »."
)
ENTIER = "département entier"


@dataclass(frozen=True)
class DemiPoste:
    """One half-post more. `en_moins`, `dont_prioritaires`: half-days per cycle that sites, and
    priority sites, no longer lack; `par_site`: the same, by site; `part`: of the shortage as the
    doctrine counts it.
    """

    bassin: str | None
    rang: int
    residence: str
    ou: str
    en_moins: int
    dont_prioritaires: int
    par_site: dict[str, int]
    part: str
    gagnent: str
    perdent: str
    preuve: str


@dataclass(frozen=True)
class DeLEtude:
    """What a kept study says: the half-posts that follow each other, and one a bassin.

    `sans`: the bassins where none was tried, and why. `regles`: the doctrine and the barème it
    counts by; `est_incomplete`: it was stopped.
    """

    suivants: tuple[DemiPoste, ...]
    par_bassin: tuple[DemiPoste, ...]
    sans: dict[str | None, str]
    regles: str
    est_incomplete: bool


@dataclass(frozen=True)
class VueProchains:
    """The next half-posts of each département, or of each bassin of one.

    By code of département: `a_calculer`, those whose plan has no study; `en_cours`, whose
    study is at work; `sans_plan`, those that have nothing to study.
    """

    phrase: str
    remarques: list[str]
    table: pd.DataFrame
    note: str
    a_calculer: dict[str, str]
    en_cours: dict[str, str]
    sans_plan: dict[str, str]


def de_l_etude(dossier: Path) -> DeLEtude | None:
    """What the margins kept in the folder of a plan say; None when there are none."""
    etude = etudes.lire(dossier, Nature.MARGES)
    if etude is None:
        return None
    lu, lue = lecture.lire(dossier), proposition_lue.lire(dossier)
    prioritaires = {c.code for c in lue.bareme.categories if c.est_prioritaire}
    lecteur_de_plan = _Lecture(lu, frozenset(prioritaires))
    doctrine = libelle_de(lu.probleme.hypotheses["doctrine"])
    bassins = etude.resultat["bassins"]
    return DeLEtude(
        suivants=tuple(lecteur_de_plan.de_la_courbe(etude.resultat["courbe"])),
        par_bassin=tuple(lecteur_de_plan.des_bassins(bassins)),
        sans={
            m["bassin"]: pourquoi_aucun_de_plus(lu, m["bassin"]) for m in bassins if m[PLUS] is None
        },
        regles=f"{doctrine}, {lue.bareme.libelle}",
        est_incomplete=etude.arretee,
    )


Lire = Callable[[Path], DeLEtude | None]


def des_departements(lecteur: Lecteur, base: Path, lire: Lire = de_l_etude) -> VueProchains:
    """The half-posts that would follow in each département in scope, the first ones first.

    Never to be cached: studies come and go; `lire` may keep what one says.
    """
    with entrepot.ouvrir(base) as connexion:
        noms = en_vue(lecteur, connexion)
    lus = {code: _chercher(lecteur, code, lire) for code in noms}
    lignes = [
        {"Département": noms[code], **_ligne(d), "Plan étudié": trouve.nom}
        for code, trouve in lus.items()
        if trouve.etude is not None
        for d in trouve.etude.suivants or _premier(trouve.etude.par_bassin)
    ]
    return _vue(
        noms,
        lus,
        pd.DataFrame(lignes),
        _phrase_des_departements(noms, lus),
    )


def des_bassins(
    lecteur: Lecteur, base: Path, departement: str, lire: Lire = de_l_etude
) -> VueProchains:
    """What half a post more would bring to each bassin of a département.

    Never to be cached; `lire` may keep what a study says.
    """
    exiger(lecteur, Acte.LIRE, departement)
    with entrepot.ouvrir(base) as connexion:
        noms = {departement: entrepot.exiger_departement(connexion, departement)}
    trouve = _chercher(lecteur, departement, lire)
    essais = () if trouve.etude is None else trouve.etude.par_bassin
    sans = {} if trouve.etude is None else trouve.etude.sans
    lignes = [
        {"Bassin": d.bassin or ENTIER, **_ligne(d), "Plan étudié": trouve.nom} for d in essais
    ] + [
        {"Bassin": bassin or ENTIER, **_ligne_vide(raison), "Plan étudié": trouve.nom}
        for bassin, raison in sans.items()
    ]
    table = pd.DataFrame(lignes).drop(columns=["Demi-poste"], errors="ignore")
    return _vue(noms, {departement: trouve}, table, _phrase_des_bassins(essais, sans))


def des_reseaux(
    lecteur: Lecteur, base: Path, departement: str, lire: Lire = de_l_etude
) -> VueProchains:
    """What the next half-posts of a département bring to each of its réseaux d'établissements.

    A study tries none réseau by réseau: those that follow each other in the département are
    counted where their sites are. Never to be cached; `lire` may keep what a study says.
    """
    exiger(lecteur, Acte.LIRE, departement)
    with entrepot.ouvrir(base) as connexion:
        noms = {departement: entrepot.exiger_departement(connexion, departement)}
        sites = entrepot.lire(connexion, "mart_site", departement).set_index("site_id")
    inconnu = MOTS[Niveau.RESEAUX].inconnu
    reseaux = sites[MOTS[Niveau.RESEAUX].colonne].fillna(inconnu).to_dict()
    trouve = _chercher(lecteur, departement, lire)
    etude = trouve.etude
    suite = () if etude is None else etude.suivants or tuple(_premier(etude.par_bassin))

    def ou(site_id: str) -> str:
        """The réseau of a site; a study may count one that has left the data since."""
        return reseaux.get(site_id, inconnu)

    connus = {
        ou(s) for s in reseaux.keys() | {s for d in suite for s in (d.residence, *d.par_site)}
    }
    lignes = [
        {
            "Réseau": reseau,
            "Demi-postes en résidence": sum(ou(d.residence) == reseau for d in suite),
            **{
                _titre_du_rang(d.rang): sum(e for s, e in d.par_site.items() if ou(s) == reseau)
                for d in suite
            },
            "Plan étudié": trouve.nom,
        }
        for reseau in sorted(connus, key=lambda r: (r == inconnu, r))
        if suite
    ]
    phrase = _phrase_des_reseaux(suite, ou)
    vue = _vue(noms, {departement: trouve}, pd.DataFrame(lignes), phrase)
    return replace(vue, note=NOTE_DES_RESEAUX if lignes else "")


@dataclass(frozen=True)
class _Trouve:
    """The study of a département, if any, and the name of its plan; whether the département has a
    plan, whether its study is at work, and whether the one found is that of the plan that stands.
    """

    nom: str
    etude: DeLEtude | None
    a_un_plan: bool
    est_en_cours: bool
    est_du_plan_retenu: bool


def _chercher(lecteur: Lecteur, departement: str, lire: Lire) -> _Trouve:
    """The study of the plan that stands for it, else of the next one that has some."""
    tous = list(retenus.plans(lecteur, departement))
    en_cours = bool(tous) and retenus.est_en_cours(tous[0])
    for rang, retenu in enumerate(tous):
        lue = next(filter(None, (lire(dossier) for dossier in retenu.dossiers)), None)
        if lue is not None:
            return _Trouve(retenu.nom, lue, True, en_cours, est_du_plan_retenu=rang == 0)
    return _Trouve("", None, bool(tous), en_cours, est_du_plan_retenu=False)


def _vue(
    noms: dict[str, str], lus: dict[str, _Trouve], table: pd.DataFrame, phrase: str
) -> VueProchains:
    connus = {code: t.etude for code, t in lus.items() if t.etude is not None}
    remarques = []
    regles = {e.regles: noms[code] for code, e in connus.items()}
    if len(regles) > 1:
        dites = enumeration([f"{nom} ({r})" for r, nom in regles.items()])
        remarques.append(
            f"Ces études ne comptent pas le manque par les mêmes règles, par exemple {dites} : "
            "les comparer avec prudence."
        )
    remarques += [
        f"{noms[code]} : l'étude est celle de « {t.nom} » ; le plan le plus avancé n'en a pas."
        for code, t in lus.items()
        if t.etude is not None and not t.est_du_plan_retenu
    ]
    inacheves = [noms[code] for code, e in connus.items() if e.est_incomplete]
    if inacheves:
        remarques.append(f"Étude incomplète : {enumeration(inacheves)}.")
    return VueProchains(
        phrase=phrase,
        remarques=remarques,
        table=table,
        note=NOTE if connus else "",
        a_calculer={
            code: noms[code]
            for code, t in lus.items()
            if t.a_un_plan
            and not t.est_en_cours
            and (t.etude is None or t.etude.est_incomplete or not t.est_du_plan_retenu)
        },
        en_cours={code: noms[code] for code, t in lus.items() if t.est_en_cours},
        sans_plan={code: noms[code] for code, t in lus.items() if not t.a_un_plan},
    )


def _ligne(d: DemiPoste) -> dict[str, object]:
    return {
        "Demi-poste": "1er" if d.rang == 1 else f"{d.rang}e",
        "Résidence": d.ou,
        EN_MOINS: d.en_moins,
        DONT_PRIORITAIRES: d.dont_prioritaires,
        "Manque selon la doctrine": d.part,
        "Sites qui gagnent": d.gagnent,
        "Sites qui perdent": d.perdent,
        "Preuve": d.preuve,
    }


def _ligne_vide(raison: str) -> dict[str, object]:
    """A bassin where none was tried: the reason stands where the résidence would.

    What it would bring is 0 where no site is short, and unknown otherwise.
    """
    gain = 0 if raison == SANS_MANQUE else None
    return {
        **dict.fromkeys(("Demi-poste", "Manque selon la doctrine", "Preuve"), "—"),
        "Résidence": raison,
        EN_MOINS: gain,
        DONT_PRIORITAIRES: gain,
        "Sites qui gagnent": "—",
        "Sites qui perdent": "—",
    }


def _titre_du_rang(rang: int) -> str:
    return f"Manque en moins, {'1er' if rang == 1 else f'{rang}e'} (½ j. par cycle)"


def _premier(essais: Iterable[DemiPoste]) -> list[DemiPoste]:
    """The best try of a study stopped before its curve."""
    return sorted(essais, key=_rang)[:1]


def _rang(d: DemiPoste) -> tuple[int, int]:
    return -d.dont_prioritaires, -d.en_moins


def _phrase_des_departements(noms: dict[str, str], lus: dict[str, _Trouve]) -> str:
    premiers = {
        code: suite[0]
        for code, t in lus.items()
        if t.etude is not None and (suite := t.etude.suivants or _premier(t.etude.par_bassin))
    }
    if not premiers:
        return (
            "Ce qu'apporterait un demi-poste de plus n'est encore calculé pour aucun département."
        )
    dits = [
        f"{noms[code]}, {_en_moins(d)}"
        for code, d in sorted(premiers.items(), key=lambda x: (*_rang(x[1]), x[0]))
    ]
    return f"Ce que le prochain demi-poste retirerait au manque : {' ; '.join(dits)}."


def _phrase_des_reseaux(suite: Iterable[DemiPoste], ou: Callable[[str], str]) -> str:
    dits = [
        f"le {'1er' if d.rang == 1 else f'{d.rang}e'} dans {ou(d.residence)} "
        f"({pluriel(d.en_moins, 'demi-journée')} de manque en moins dans le département)"
        for d in suite
    ]
    if not dits:
        return "Ce qu'apporterait un demi-poste de plus n'est pas encore calculé."
    return f"Où iraient les prochains demi-postes : {' ; '.join(dits)}."


def _phrase_des_bassins(essais: Iterable[DemiPoste], sans: dict[str | None, str]) -> str:
    ranges = sorted(essais, key=_rang)
    if sans and not ranges:
        return "Aucun demi-poste de plus n'a pu être essayé : le tableau dit pourquoi."
    if not ranges:
        return "Ce qu'apporterait un demi-poste de plus n'est pas encore calculé."
    dits = [f"{_en_moins(d)} dans le bassin {d.bassin}" for d in ranges if d.bassin]
    if not dits:
        return f"Le prochain demi-poste retirerait au manque {_en_moins(ranges[0])}."
    return f"Un demi-poste de plus retirerait au manque {enumeration(dits)}."


def _en_moins(d: DemiPoste) -> str:
    """« 18 demi-journées par cycle (12 à des sites prioritaires) »."""
    return (
        f"{pluriel(d.en_moins, 'demi-journée')} par cycle "
        f"({nombre(d.dont_prioritaires)} à des sites prioritaires)"
    )


class _Lecture:
    """The answers of a study told beside the plan it starts from."""

    def __init__(self, lu: Lu, prioritaires: frozenset[str]) -> None:
        self.lu, self.reference = lu, lu.manque
        self.besoins = {s.site_id: s.besoin for s in lu.probleme.sites}
        self.prioritaires = {
            s.site_id for s in lu.probleme.sites if prioritaires & set(s.categories)
        }
        self.au_depart = _presences(vars(p) for p in lu.plan)

    def de_la_courbe(self, courbe: list[dict]) -> Iterable[DemiPoste]:
        """Each half-post more, against the point before it."""
        points = [p for p in courbe if p["etp"] >= 0]
        for rang, (moins, plus) in enumerate(itertools.pairwise(points), start=1):
            avant, apres = _presences(moins["plan"]), _presences(plus["plan"])
            gain = plus["effets"][0]["apres"] - moins["effets"][0]["apres"]
            preuve = "gain prouvé" if est_prouve(moins, plus) else "non distinguable de zéro"
            yield self._demi_poste(rang, plus["lieu"], avant, apres, gain, preuve)

    def des_bassins(self, bassins: list[dict]) -> Iterable[DemiPoste]:
        """The best half-post more of each bassin that has one."""
        for m in bassins:
            if (essai := m[PLUS]) is None:
                continue
            apres = dict(self.au_depart)
            for x in essai["mouvements"]:
                apres[x["site_id"]] = apres.get(x["site_id"], 0) + x["apres"] - x["avant"]
            preuve = "recherche exacte" if essai["est_exact"] else "recherche non achevée"
            yield self._demi_poste(1, essai["lieu"], self.au_depart, apres, -essai["gain"], preuve)

    def _demi_poste(
        self,
        rang: int,
        lieu: str,
        avant: dict[str, int],
        apres: dict[str, int],
        gain: int,
        preuve: str,
    ) -> DemiPoste:
        ecarts = {
            s: self._manque(s, avant) - self._manque(s, apres) for s in avant.keys() | apres.keys()
        }
        mouvements = [
            {"site_id": s, "avant": avant.get(s, 0), "apres": apres.get(s, 0)}
            for s in sorted(avant.keys() | apres.keys())
        ]
        return DemiPoste(
            bassin=self.lu.site(lieu).bassin,
            rang=rang,
            residence=lieu,
            ou=self.lu.nom(lieu),
            en_moins=sum(ecarts.values()),
            dont_prioritaires=sum(e for s, e in ecarts.items() if s in self.prioritaires),
            par_site=ecarts,
            part=part(gain, self.reference),
            gagnent=sites_touches(self.lu, mouvements, 1),
            perdent=sites_touches(self.lu, mouvements, -1),
            preuve=preuve,
        )

    def _manque(self, site_id: str, presences: dict[str, int]) -> int:
        return max(0, self.besoins[site_id] - presences.get(site_id, 0))


def _presences(plan: Iterable[dict]) -> dict[str, int]:
    """site_id → half-days per cycle, all postes together."""
    presences: dict[str, int] = {}
    for ligne in plan:
        site = ligne["site_id"]
        presences[site] = presences.get(site, 0) + ligne["demi_journees_cycle"]
    return presences
