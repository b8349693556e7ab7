"""A scenario adjusted by hand: its plan, one establishment, what a gesture would do, its repair."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pipelines.base import reference
from pipelines.base.textes import (
    FINE,
    enumeration,
    nombre,
    pluriel,
    pourcentage,
    rythme,
    variation,
)
from pipelines.marts import entrepot
from pipelines.planning.ajustement import (
    Bilan,
    Couverture,
    en_dict,
    niveaux_du_site,
    pour_le_juge,
    verdict,
)
from pipelines.planning.probleme import Probleme
from pipelines.planning.reparation import Reparation
from pipelines.planning.reprise import Reprise, qui_peut_prendre
from pipelines.planning.verification import Manquement
from pipelines.reports import cartes, proposition_lue, verrous
from pipelines.reports.explication import dire_effets
from pipelines.reports.sites import tableau_sites
from pipelines.scenarios import ajustements, atelier
from pipelines.scenarios.ajustements import (
    Essai,
    Geste,
    Nature,
    dire_mouvements,
    en_main,
    nom_du_site,
)
from pipelines.scenarios.lecteurs import Lecteur, reserve
from pipelines.scenarios.propositions import COLONNES_PLAN
from pipelines.scenarios.scenario import Scenario

MINUTES = 60  # in an hour
SEMAINES = 4
"""Weeks in a cycle: presences and travel are kept by cycle, and travel is told by week."""
PERSONNE = "aucun poste"
TOUTES = "toutes les règles respectées"


@dataclass(frozen=True)
class Terrain:
    """What does not depend on the plan: the sites of the warehouse and the contours."""

    sites: pd.DataFrame
    decor: cartes.Fond


@dataclass(frozen=True)
class VueAjuster:
    """A scenario ready to be adjusted.

    `plan`: one row a presence, a forbidden link or a site nobody serves; `site_id` and `poste_id`
    are for the page. `sites`, `bassins`, `categories`: code → words, to choose from.
    `origine_des_verrous`: where the locks nobody set by hand come from, empty when there are none.
    """

    phrase: str
    dernier_acte: str
    est_ouvert: bool
    plan: pd.DataFrame
    carte: go.Figure
    sites: dict[str, str]
    bassins: dict[str, str]
    categories: dict[str, str]
    nb_manquements: int
    origine_des_verrous: str


@dataclass(frozen=True)
class VueRegles:
    """The breaches of a plan and the cheapest repair: sentences, and the table of the breaches.

    `reparation`: one sentence a move, empty when there is nothing to mend or no way to.
    """

    phrase: str
    manquements: pd.DataFrame
    reparation: list[str]
    note: str


@dataclass(frozen=True)
class VueSite:
    """One establishment of a plan. `postes`: those that serve it, or are locked there → words.

    `niveaux`: the presences one may give → words.
    """

    phrase: str
    postes: dict[str, str]
    niveaux: dict[int, str]
    autres: dict[str, str]


@dataclass(frozen=True)
class VueReprise:
    """Who can take a site: the best in a sentence, postes in order → words, and all costs."""

    phrase: str
    postes: dict[str, str]
    tableau: pd.DataFrame
    note: str


@dataclass(frozen=True)
class VueBilan:
    """What a gesture would do: its sentence, the verdict before → after, and the repair."""

    quoi: str
    phrase: str
    change: bool
    chiffres: pd.DataFrame
    couvertures: pd.DataFrame
    charges: pd.DataFrame
    regles: VueRegles


def choix(lecteur: Lecteur, departement: str) -> dict[str, str]:
    """scenario_id → name and status of the scenarios of a département, the last changed first."""
    return {
        vu.scenario_id: f"{vu.nom} ({vu.statut.libelle})"
        for vu in atelier.lister(lecteur, departement)
    }


@reserve
def terrain(base: Path, departement: str) -> Terrain:
    """What the map of a département stands on, over the warehouse `base`."""
    with entrepot.ouvrir(base) as connexion:
        sites = tableau_sites(connexion, departement, {})
        decor = cartes.fond(connexion, departement)
    # plotly checks lists point by point, arrays at once: the map is drawn after each gesture
    xs, ys = (np.array(points, dtype=float) for points in decor.communes)
    return Terrain(sites, replace(decor, communes=(xs, ys)))


def vue(sol: Terrain, scenario: Scenario) -> VueAjuster:
    """A scenario over the ground of its département."""
    probleme = scenario.probleme
    plan = pd.DataFrame([vars(x) for x in scenario.plan], columns=list(COLONNES_PLAN))
    apres = plan.groupby("site_id")["demi_journees_cycle"].sum().to_dict()
    proposition_lue.exiger_les_sites(sol.sites, apres)
    sites = proposition_lue.au_jour_du_calcul(
        sol.sites.assign(presence=[int(apres.get(s, 0)) for s in sol.sites["site_id"]]),
        proposition_lue.Lue(scenario.resume, pour_le_juge(probleme), plan),
    )
    postes = pd.DataFrame([vars(p) for p in probleme.postes])
    etoiles = plan.merge(
        postes[["poste_id", "latitude", "longitude"]], on="poste_id", validate="many_to_one"
    )
    resultat = verdict(probleme, en_main(scenario), en_main(scenario))
    libelles = _libelles(scenario)
    codes = sorted({c for s in probleme.sites for c in s.categories})
    return VueAjuster(
        phrase=_phrase(scenario, resultat),
        dernier_acte=scenario.quoi,
        est_ouvert=scenario.est_ouvert,
        plan=_plan(probleme, scenario),
        carte=cartes.carte_secteurs(sites, etoiles, sol.decor, f"ajuster-{scenario.scenario_id}"),
        sites=_choix_sites(probleme, apres),
        bassins={b: b for b in sorted({s.bassin for s in probleme.sites if s.bassin})},
        categories={c: libelles.get(c, c) for c in codes},
        nb_manquements=len(resultat.manquements_apres),
        origine_des_verrous=verrous.ORIGINE if verrous.residences_gardees(probleme) else "",
    )


def _phrase(scenario: Scenario, bilan: Bilan) -> str:
    tous = bilan.couvertures[-1]
    regles = (
        "aucune règle n'est enfreinte"
        if not bilan.manquements_apres
        else f"{pluriel(len(bilan.manquements_apres), 'manquement')} aux règles"
    )
    return (
        f"« {scenario.nom} » ({scenario.statut.libelle}){FINE}: "
        f"{_part(tous.apres, tous.besoin)} du besoin couvert, "
        f"{pluriel(round(_trajets(bilan)[1] / MINUTES), 'heure')} de trajet par semaine, "
        f"{verrous.compter(scenario.probleme)}, {regles}."
    )


def _choix_sites(probleme: Probleme, recu: dict[str, int]) -> dict[str, str]:
    sites = sorted(probleme.sites, key=lambda s: (s.nom, s.site_id))
    return {
        s.site_id: f"{s.nom} ({s.site_id}){FINE}: {recu.get(s.site_id, 0)} sur {s.besoin}"
        for s in sites
    }


def _plan(probleme: Probleme, scenario: Scenario) -> pd.DataFrame:
    poses = {(v.poste_id, v.site_id): v for v in scenario.verrous}
    residences = verrous.residences_gardees(probleme)
    presences = en_dict(scenario.plan)
    servis = {s for _, s in presences.keys() | poses.keys()}
    couples: list[tuple[str | None, str]] = [*(presences.keys() | poses.keys())]
    couples += [(None, s.site_id) for s in probleme.sites if s.site_id not in servis]
    sites = {s.site_id: s for s in probleme.sites}
    lignes = [
        {
            "Site": sites[s].nom,
            "Poste": p or PERSONNE,
            "Rythme": rythme(presences.get((p, s), 0)),
            "½ j. par cycle": presences.get((p, s), 0),
            "Besoin": sites[s].besoin,
            "Verrou": verrous.en_mot(poses.get((p, s)), residences),
            "Bassin": sites[s].bassin or "inconnu",
            "UAI": s.removeprefix("RESEAU-"),
            "site_id": s,
            "poste_id": p,
        }
        for p, s in couples
    ]
    lignes.sort(key=lambda x: (x["Site"], x["site_id"], x["Poste"]))
    return pd.DataFrame(lignes)


# --- one establishment ---------------------------------------------------------------------------


def site(scenario: Scenario, site_id: str) -> VueSite:
    """An establishment in a scenario: who serves it, what one may give it."""
    probleme, presences = scenario.probleme, en_dict(scenario.plan)
    objet = next(s for s in probleme.sites if s.site_id == site_id)
    poses = {v.poste_id: v for v in scenario.verrous if v.site_id == site_id}
    residences = verrous.residences_gardees(probleme)
    siens = {p: n for (p, s), n in presences.items() if s == site_id}
    recu = sum(siens.values())
    par = (
        enumeration([f"{p} ({rythme(n)})" for p, n in sorted(siens.items())])
        if siens
        else "aucun poste"
    )
    return VueSite(
        phrase=(
            f"{nom_du_site(probleme, site_id)} reçoit {pluriel(recu, 'demi-journée')} par cycle "
            f"pour un besoin de {objet.besoin}, par {par}."
        ),
        postes={
            p: f"{p}{FINE}: {rythme(siens.get(p, 0))}, verrou{FINE}: "
            f"{verrous.en_mot(poses.get(p), residences)}"
            for p in sorted(siens.keys() | poses.keys())
        },
        niveaux={
            n: f"{n}{FINE}: {rythme(n)}" if n else "0 : aucune présence"
            for n in niveaux_du_site(probleme, site_id)
            if n <= objet.besoin or n in siens.values()
        },
        autres={
            poste.poste_id: _poste_en_mots(scenario, p, site_id)
            for p, poste in enumerate(probleme.postes)
            if poste.poste_id not in siens.keys() | poses.keys() and not poste.sans_secteur
        },
    )


def _poste_en_mots(scenario: Scenario, p: int, site_id: str) -> str:
    probleme = scenario.probleme
    s = next(i for i, x in enumerate(probleme.sites) if x.site_id == site_id)
    minutes = probleme.minutes[p][s]
    trajet = "trajet inconnu" if minutes is None else f"{minutes} min"
    poste = probleme.postes[p]
    donne = sum(x.demi_journees_cycle for x in scenario.plan if x.poste_id == poste.poste_id)
    return f"{poste.poste_id}{FINE}: {trajet}, {nombre(poste.capacite - donne)} ½ j. libres"


def presence_de(scenario: Scenario, poste_id: str, site_id: str) -> int:
    """Half-days per cycle a poste gives to a site."""
    return en_dict(scenario.plan).get((poste_id, site_id), 0)


def verrou_de(scenario: Scenario, poste_id: str, site_id: str) -> str | None:
    """The nature of the lock on a link, None when it is free."""
    return next(
        (v.nature for v in scenario.verrous if (v.poste_id, v.site_id) == (poste_id, site_id)),
        None,
    )


def reprise(scenario: Scenario, site_id: str, poste_id: str | None) -> VueReprise:
    """Every poste that could take a site in the place of `poste_id`, the best first."""
    probleme, nom = scenario.probleme, nom_du_site(scenario.probleme, site_id)
    montant = None if poste_id else _a_reprendre()
    reprises = qui_peut_prendre(
        probleme,
        scenario.plan,
        site_id,
        a_la_place_de=poste_id,
        demi_journees_cycle=montant,
    )
    sans_manquer = [r for r in reprises if not r.manquements]
    place = f" à la place de {poste_id}" if poste_id else ""
    if sans_manquer:
        premier = sans_manquer[0]
        phrase = (
            f"{pluriel(len(sans_manquer), 'poste peut', 'postes peuvent')} prendre {nom}{place} "
            f"sans manquer à une règle de plus{FINE}; le moins coûteux est {premier.poste_id} "
            f"({dire_effets(premier.alternative.effets)})."
        )
    else:
        phrase = f"Aucun poste ne peut prendre {nom}{place} sans manquer à une règle."
    return VueReprise(
        phrase=phrase,
        postes={r.poste_id: _repreneur_en_mots(r) for r in reprises},
        tableau=pd.DataFrame(
            [
                {
                    "Poste": r.poste_id,
                    "Trajet aller (min)": r.minutes,
                    "Libre (½ j.)": r.libre,
                    "Donnerait (½ j.)": r.demi_journees_cycle,
                    "Coût": dire_effets(r.alternative.effets),
                    "Règles": _en_clair(probleme, r.manquements) or TOUTES,
                }
                for r in reprises
            ]
        ),
        note=(
            "Les postes qui manquent le moins aux règles d'abord, puis ceux qui coûtent le moins. "
            "Les autres sites du poste qui prend sont repartagés au moindre manque ; le temps "
            "rendu par celui qui part n'est donné à personne."
        ),
    )


def geste_de_reprise(site_id: str, poste_id: str | None, vers: str) -> Geste:
    """The gesture that `reprise` tells."""
    return Geste(
        Nature.CONFIER,
        poste_id=poste_id,
        site_id=site_id,
        vers=vers,
        demi_journees_cycle=None if poste_id else _a_reprendre(),
    )


def _a_reprendre() -> int:
    """What is asked for a site nobody serves: one half-day a week."""
    return reference.valeur("couverture", "hebdomadaire_demi_journees_cycle")


def _repreneur_en_mots(r: Reprise) -> str:
    trajet = "trajet inconnu" if r.minutes is None else f"{r.minutes} min"
    manque = (
        pluriel(len(r.manquements), "manquement") if r.manquements else "toutes les règles tenues"
    )
    libre = pluriel(r.libre, "½ j. libre", "½ j. libres") if r.libre else "aucun temps libre"
    return f"{r.poste_id}{FINE}: {trajet}, {libre}, {manque}"


# --- what a gesture would do ---------------------------------------------------------------------


def bilan(scenario: Scenario, geste: Geste) -> VueBilan:
    """A gesture tried on a scenario: nothing is saved. AtlasError when it can't be made."""
    essai = ajustements.essayer(scenario, geste)
    resultat = essai.bilan
    return VueBilan(
        quoi=essai.quoi,
        phrase=phrase_du_bilan(resultat),
        change=essai.apres != en_main(scenario),
        chiffres=chiffres(resultat),
        couvertures=_couvertures(scenario, resultat.couvertures),
        charges=_charges(resultat),
        regles=_vue_regles(scenario.probleme, essai),
    )


def phrase_du_bilan(resultat: Bilan) -> str:
    """What separates two plans, in one sentence: rules, coverage, travel, changes."""
    tous = resultat.couvertures[-1]
    nouveaux, leves = len(resultat.nouveaux), len(resultat.leves)
    dits = []
    if nouveaux:
        dits.append(f"{pluriel(nouveaux, 'règle enfreinte', 'règles enfreintes')} de plus")
    if leves:
        dits.append(f"{pluriel(leves, 'règle', 'règles')} de nouveau {_tenue(leves)}")
    regles = ", ".join(dits) or "aucune règle enfreinte de plus"
    avant, apres = _trajets(resultat)
    return (
        f"{regles[0].upper()}{regles[1:]}{FINE}; couverture "
        f"{_passe(_part(tous.avant, tous.besoin, 1), _part(tous.apres, tous.besoin, 1))}, "
        f"trajets {_passe(nombre(avant), f'{nombre(apres)} min par semaine')}, "
        f"changements imposés {_passe(*_changements(resultat))}."
    )


def _tenue(nombre_de_regles: int) -> str:
    return "respectée" if nombre_de_regles == 1 else "respectées"


def _passe(avant: str, apres: str) -> str:
    return f"{avant} → {apres}"


def _part(utile: int, besoin: int, decimales: int = 0) -> str:
    return pourcentage(utile / besoin if besoin else None, decimales)


def _effet(resultat: Bilan, code: str) -> tuple[int, int]:
    effet = next(e for e in resultat.effets if e.code == code)
    return effet.avant, effet.apres


def _trajets(resultat: Bilan) -> tuple[int, int]:
    avant, apres = _effet(resultat, "trajets")
    return round(avant / SEMAINES), round(apres / SEMAINES)


def _changements(resultat: Bilan) -> tuple[str, str]:
    avant, apres = _effet(resultat, "changements")
    return nombre(avant), nombre(apres)


def chiffres(resultat: Bilan) -> pd.DataFrame:
    """The measures of two plans, before and after."""
    tous = resultat.couvertures[-1]
    trajets, changements = _trajets(resultat), _effet(resultat, "changements")
    manque = _effet(resultat, "manque")
    regles = len(resultat.manquements_avant), len(resultat.manquements_apres)
    lignes = [
        ("Règles enfreintes", *regles),
        ("Besoin couvert (½ j. par cycle)", tous.avant, tous.apres),
        ("Manque de présence, pondéré par la doctrine", *manque),
        ("Changements imposés (liens)", *changements),
        ("Trajets (min par semaine)", *trajets),
    ]
    return pd.DataFrame(
        [
            {
                "Mesure": nom,
                "Avant": nombre(avant),
                "Après": nombre(apres),
                "Écart": variation(apres - avant),
            }
            for nom, avant, apres in lignes
        ]
    )


def _couvertures(scenario: Scenario, couvertures: Iterable[Couverture]) -> pd.DataFrame:
    libelles = _libelles(scenario)
    return pd.DataFrame(
        [
            {
                "Catégorie": "Tous les sites" if c.code is None else libelles.get(c.code, c.code),
                "Sites": c.nb_sites,
                "Avant": _part(c.avant, c.besoin, 1),
                "Après": _part(c.apres, c.besoin, 1),
                "½ j. par cycle": variation(c.apres - c.avant),
            }
            for c in couvertures
        ]
    )


def _charges(resultat: Bilan) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Poste": c.poste_id,
                "Temps donné (½ j. par cycle)": (
                    f"{_passe(nombre(c.donne_avant), nombre(c.donne_apres))} sur "
                    f"{nombre(c.capacite)}"
                ),
                "Sites": (
                    f"{_passe(nombre(c.nb_sites_avant), nombre(c.nb_sites_apres))}, "
                    f"au plus {nombre(c.sites_max)}"
                ),
                "Trajets (min par semaine)": _passe(
                    nombre(round(c.trajets_avant / SEMAINES)),
                    nombre(round(c.trajets_apres / SEMAINES)),
                ),
            }
            for c in resultat.charges
        ]
    )


# --- rules and repair ----------------------------------------------------------------------------


def regles(scenario: Scenario) -> VueRegles:
    """The breaches of the scenario as it is, and their cheapest repair."""
    return _vue_regles(scenario.probleme, ajustements.a_reparer(scenario))


def manquements(probleme: Probleme, resultat: Bilan) -> pd.DataFrame:
    """The rules the second plan breaks, and whether the first one did already."""
    return pd.DataFrame(
        [
            {
                "Règle": m.libelle,
                "Manquement": _message(probleme, m),
                "Depuis": "ce changement" if m in resultat.nouveaux else "déjà là",
            }
            for m in resultat.manquements_apres
        ]
    )


def _vue_regles(probleme: Probleme, essai: Essai) -> VueRegles:
    trouvee, refus, restants = essai.reparation, essai.impossible, essai.bilan.manquements_apres
    if not restants:
        return VueRegles("Toutes les règles sont respectées.", pd.DataFrame(), [], "")
    tableau = manquements(probleme, essai.bilan)
    if refus is not None:
        issues = f" Pour en sortir{FINE}: {refus.remede}." if refus.remede else ""
        return VueRegles(f"{refus.quoi}{issues}", tableau, [], "")
    if trouvee is None:
        return VueRegles(
            f"{pluriel(len(restants), 'manquement')} d'avant ce changement, qui n'en ajoute pas.",
            tableau,
            [],
            "",
        )
    return VueRegles(
        phrase=_phrase_de_la_reparation(trouvee),
        manquements=tableau,
        reparation=dire_mouvements(probleme, trouvee.mouvements),
        note=(
            "Le moins d'établissements touchés, puis le moindre manque de présence, les moindres "
            "changements imposés, les moindres trajets, parmi les plans où seuls changent les "
            "établissements en cause et ceux de leurs réseaux. "
            + (
                "C'est prouvé."
                if trouvee.est_prouvee
                else f"Ce n'est pas prouvé{FINE}: une autre pourrait coûter moins."
            )
        ),
    )


def _phrase_de_la_reparation(trouvee: Reparation) -> str:
    touches = pluriel(len(trouvee.sites), "établissement touché", "établissements touchés")
    phrase = (
        f"Réparation la moins chère{FINE}: {touches} ; effet{FINE}: {dire_effets(trouvee.effets)}."
    )
    if not trouvee.tient:
        phrase += " Aucune réparation ne garde ce changement tel quel : celle-ci revient dessus."
    if trouvee.nb_restants:
        ailleurs = pluriel(trouvee.nb_restants, "manquement reste", "manquements restent")
        phrase += f" {ailleurs} ailleurs, d'avant ce changement."
    return phrase


def _message(probleme: Probleme, manquement: Manquement) -> str:
    """The judge's words, sites by their name."""
    texte = manquement.message
    if manquement.site_id:
        texte = texte.replace(manquement.site_id, nom_du_site(probleme, manquement.site_id))
    return texte


def _en_clair(probleme: Probleme, manquements: Iterable[Manquement]) -> str:
    return " ".join(_message(probleme, m) for m in manquements)


def _libelles(scenario: Scenario) -> dict[str, str]:
    """Code → label of the categories, as the scenario keeps them."""
    return {c["categorie"]: c["libelle"] for c in scenario.resume["couverture"]}
