"""The scenarios of a département in words and tables: the list, then one with its journal."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base.textes import FINE, jour, pluriel, pourcentage, rythme
from pipelines.planning.probleme import Probleme
from pipelines.reports import verrous
from pipelines.scenarios import annotations, atelier, rejeu, statuts
from pipelines.scenarios.annotations import Sorte
from pipelines.scenarios.audit import Ligne
from pipelines.scenarios.lecteurs import Acte, Lecteur
from pipelines.scenarios.magasin import en_clair
from pipelines.scenarios.resume import ENSEMBLE, SANS_PREUVE
from pipelines.scenarios.scenario import Scenario
from pipelines.scenarios.statuts import Statut

TOUT = "tout le scénario"
EXISTENCE = ("Scénario", "Statut", "Créé le", "Modifié le")
"""The columns that say that a scenario exists, and nothing of what it holds."""
PASSAGES_MONTRES = 4
NATURES = {"impose": "imposé", "interdit": "interdit", "montant": "à présence fixe"}
PLURIELS = {
    Statut.BROUILLON: "brouillons",
    Statut.GT: "présentés en GT",
    Statut.CSA: "présentés en CSA",
    Statut.ARRETE: "arrêtés",
}


@dataclass(frozen=True)
class Liste:
    """The scenarios of a département. `noms`: scenario_id → name, the last changed first.

    `restriction`: what who may only see that they exist is told; None for who may read them.
    """

    phrase: str
    table: pd.DataFrame
    noms: dict[str, str]
    restriction: str | None


@dataclass(frozen=True)
class Fiche:
    """One scenario; its notes and decisions are those in sight.

    `suivants`: value → words of the statuses it may go to; `ecart`: what changed in the data since,
    None when nothing did; `mise_en_garde`: what to know before changing it; `retirables`,
    `retablissables`: what can be taken out of sight, and put back: its rang → words.
    """

    scenario: Scenario
    phrase: str
    etat: str
    ecart: str | None
    mise_en_garde: str | None
    suivants: dict[str, str]
    sites: dict[str, str]
    postes: dict[str, str]
    journal: pd.DataFrame
    notes: pd.DataFrame
    decisions: pd.DataFrame
    retirables: dict[Sorte, dict[int, str]]
    retablissables: dict[Sorte, dict[int, str]]


def liste(lecteur: Lecteur, base: Path, departement: str) -> Liste:
    """The scenarios of a département, with those whose data have changed.

    Who may not read a plan has the name, the status and the dates of what was presented.
    """
    apercus = atelier.lister(lecteur, departement)
    noms = {a.scenario_id: a.nom for a in apercus}
    table = pd.DataFrame(
        [
            (
                a.nom,
                a.statut.libelle,
                a.auteur,
                en_clair(a.cree_le),
                en_clair(a.modifie_le),
                "" if a.parent_id is None else noms.get(a.parent_id, a.parent_id),
                "actuelles" if rejeu.ecart_de_donnees(lecteur, base, a) is None else "d'avant",
            )
            for a in apercus
        ],
        columns=["Scénario", "Statut", "Auteur", "Créé le", "Modifié le", "Dérivé de", "Données"],
    )
    phrase, restriction = _phrase(apercus, table), None
    if not lecteur.peut(Acte.LIRE, departement):
        table, restriction = table[[*EXISTENCE]], _restriction(lecteur)
    return Liste(phrase, table, _distincts(apercus), restriction)


def fiche(lecteur: Lecteur, base: Path, scenario_id: str) -> Fiche:
    """One scenario, its notes, its decisions and its journal, newest first."""
    scenario = atelier.ouvrir(lecteur, scenario_id)
    probleme = scenario.probleme
    notes = annotations.notes(lecteur, scenario_id)
    decisions = annotations.decisions(lecteur, scenario_id)
    return Fiche(
        scenario=scenario,
        phrase=_couverture(scenario),
        etat=_etat(scenario),
        ecart=rejeu.ecart_de_donnees(lecteur, base, scenario),
        mise_en_garde=_mise_en_garde(scenario.statut),
        suivants={str(s): s.libelle for s in statuts.suivants(scenario.statut)},
        sites={"": "aucun en particulier", **{s.site_id: s.nom for s in probleme.sites}},
        postes={"": "aucun en particulier", **{p.poste_id: p.poste_id for p in probleme.postes}},
        journal=pd.DataFrame(
            [
                (en_clair(a.le), a.qui, a.phrase, *_passage(a, probleme))
                for a in reversed(atelier.journal(lecteur, scenario_id))
            ],
            columns=["Quand", "Qui", "Quoi", "Avant", "Après"],
        ),
        notes=pd.DataFrame(
            [
                (en_clair(n.le), n.auteur, _sujet(n, probleme), n.texte)
                for n in reversed(notes)
                if not n.est_retiree
            ],
            columns=["Quand", "Qui", "Sur", "Note"],
        ),
        decisions=pd.DataFrame(
            [
                (str(d.instance), jour(d.tenue_le.isoformat()), d.texte, d.auteur)
                for d in reversed(decisions)
                if not d.est_retiree
            ],
            columns=["Instance", "Réunie le", "Décision", "Notée par"],
        ),
        retirables=_pieces(notes, decisions, est_retiree=False),
        retablissables=_pieces(notes, decisions, est_retiree=True),
    )


def _pieces(
    notes: Iterable[annotations.Note],
    decisions: Iterable[annotations.Decision],
    *,
    est_retiree: bool,
) -> dict[Sorte, dict[int, str]]:
    """The notes and decisions out of sight, or those in sight: rang → words, the last one first."""
    toutes = {Sorte.NOTE: notes, Sorte.DECISION: decisions}
    return {
        sorte: {
            x.rang: f"{en_clair(x.le)}, {x.auteur} : {x.texte}"
            for x in reversed([*pieces])
            if x.est_retiree == est_retiree
        }
        for sorte, pieces in toutes.items()
    }


def _distincts(apercus: list[atelier.Apercu]) -> dict[str, str]:
    """scenario_id → name, with its day and hour when another one has the same."""
    noms = [a.nom for a in apercus]
    return {
        a.scenario_id: a.nom if noms.count(a.nom) == 1 else f"{a.nom}, du {en_clair(a.cree_le)}"
        for a in apercus
    }


def _phrase(apercus: list[atelier.Apercu], table: pd.DataFrame) -> str:
    if not apercus:
        return "Aucun scénario n'est encore gardé pour ce département."
    comptes = [
        pluriel(n, statut.libelle, PLURIELS[statut])
        for statut in Statut
        if (n := sum(a.statut == statut for a in apercus))
    ]
    debut = f"{pluriel(len(apercus), 'scénario')} : {', '.join(comptes)}."
    anciens = int((table["Données"] != "actuelles").sum())
    if not anciens:
        return debut
    verbe = "repose" if anciens == 1 else "reposent"
    return f"{debut} {anciens} {verbe} sur des données d'avant."


def _restriction(lecteur: Lecteur) -> str:
    """What a member of an instance is told, and where the rest is."""
    return (
        f"Votre rôle ({lecteur.role.libelle}) montre ce qui a été présenté à une instance : nom, "
        "statut et dates. Les brouillons, les plans, les notes et le journal n'y sont pas : le "
        "contenu d'un scénario présenté se lit dans le dossier remis à l'instance, ou se demande "
        "au CTSS du département."
    )


def _couverture(scenario: Scenario) -> str:
    ensemble = next(c for c in scenario.resume["couverture"] if c["categorie"] == ENSEMBLE)
    changements = scenario.resume["jugement"]["objectifs"]["changements"]
    return (
        f"{pourcentage(ensemble['apres']['part_besoin'])} du besoin couvert, contre "
        f"{pourcentage(ensemble['avant']['part_besoin'])} aujourd'hui ; "
        f"{pluriel(changements, 'lien')} entre un poste et un site "
        f"{'change' if changements < 2 else 'changent'}, "
        f"{verrous.compter(scenario.probleme)}."
    )


def _etat(scenario: Scenario) -> str:
    trouves = scenario.resume["jugement"]["manquements"]
    regles = (
        f"{pluriel(len(trouves), 'règle n’est pas respectée', 'règles ne sont pas respectées')} : "
        f"{' '.join(trouves[:3])}{' …' if len(trouves) > 3 else ''}"
        if trouves
        else "Toutes les règles sont respectées."
    )
    preuve = (
        "Plan d'aujourd'hui ou changé à la main : rien ne dit à quelle distance il est du meilleur."
        if scenario.resume["statut"] == SANS_PREUVE
        else "Plan calculé, au plus "
        f"{pourcentage(scenario.resume['etages'][0]['part_ecart'], 1)} moins bien que le meilleur "
        "plan possible pour le manque de présence."
    )
    return f"{preuve} {regles}"


def _mise_en_garde(statut: Statut) -> str | None:
    if statut == Statut.ARRETE:
        return "Ce scénario est arrêté : il ne change plus. Pour repartir de lui, en dériver un."
    if statut == Statut.BROUILLON:
        return None
    return (
        f"Ce scénario a été {statut.libelle} : le changer change ce qui a été montré. En dériver "
        "un autre garde celui-ci tel quel."
    )


def _sujet(note: annotations.Note, probleme: Probleme) -> str:
    noms = {s.site_id: s.nom for s in probleme.sites}
    sujets = [noms.get(note.site_id, note.site_id) if note.site_id else None, note.poste_id]
    return ", ".join(s for s in sujets if s) or TOUT


def _passage(acte: Ligne, probleme: Probleme) -> tuple[str, str]:
    """What an act changed, on each side; what a replay left out stands after."""
    noms = {s.site_id: s.nom for s in probleme.sites}
    avant, apres = _dire(acte.avant, noms), _dire(acte.apres, noms)
    restes = [*acte.apres.get("retires", ()), *acte.apres.get("a_corriger", ())]
    return _abreger(avant), _abreger([*apres, *restes])


def _dire(cote: dict, noms: dict[str, str]) -> list[str]:
    """The links and the values of one side of an act, in words."""
    presences = [
        f"{x['poste_id']} à {noms.get(x['site_id'], x['site_id'])}{FINE}: "
        f"{rythme(x['demi_journees_cycle'])}"
        for x in cote.get("presences", ())
    ]
    poses = [
        f"verrou {NATURES[x['nature']]}{FINE}: {x['poste_id']} à "
        f"{noms.get(x['site_id'], x['site_id'])}"
        for x in cote.get("verrous", ())
    ]
    valeurs = [str(cote[cle]) for cle in ("nom", "statut") if cle in cote]
    return [*presences, *poses, *valeurs]


def _abreger(phrases: list[str]) -> str:
    """The first ones, and how many follow: all of them are in the journal itself."""
    montrees = phrases[:PASSAGES_MONTRES]
    reste = len(phrases) - len(montrees)
    suite = [pluriel(reste, "autre")] if reste else []
    return " ; ".join([*montrees, *suite])
