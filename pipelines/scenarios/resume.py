"""What a proposal changes, in figures: coverage before and after, who gains, who loses."""

from collections.abc import Iterable

from pipelines.planning.assemblage import presences_a_garder
from pipelines.planning.modele import SOUPLES, Index, regle_qui_ecarte
from pipelines.planning.probleme import Presence, Probleme, Site
from pipelines.planning.solveur import Resultat
from pipelines.planning.verification import Verdict
from pipelines.scoring.bareme import bareme
from pipelines.scoring.couverture import Rythme, rythme

SANS_CATEGORIE = "sans_categorie"
CATEGORIE_INCONNUE = "categorie_inconnue"
ENSEMBLE = "ensemble"
SANS_PERSONNE = ("vacant", "absent")
SANS_PREUVE = "sans_preuve"
"""How a plan nobody solved says that nothing is proven of it: today's, or one changed by hand."""


def resumer(
    probleme: Probleme,
    resultat: Resultat,
    limites: dict[str, float | None],
    verdict: Verdict,
    avertissements: dict[str, str],
) -> dict:
    """The content of `resume.json`: plain values, French labels, units in names.

    `limites`: what the work was asked to stop at.
    """
    return _contenu(
        probleme,
        resultat.plan,
        verdict,
        avertissements,
        {
            "statut": resultat.statut,
            "limites": limites,
            "arret_par": resultat.arret_par,
            "etages": [
                {
                    "code": e.code,
                    "libelle": e.libelle,
                    "statut": e.statut,
                    "valeur": e.valeur,
                    "valeur_atteinte": e.valeur_atteinte,
                    "borne": e.borne,
                    "part_ecart": e.ecart,
                    "ecart_demi_journees": e.ecart_demi_journees,
                    "arret_par": e.arret_par,
                    "secondes": round(e.secondes, 2),
                }
                for e in resultat.etages
            ],
        },
    )


def resumer_sans_preuve(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    verdict: Verdict,
    avertissements: dict[str, str],
) -> dict:
    """The content of `resume.json` for a plan nobody solved: today's, or one changed by hand.

    The values are the judge's; no bound is proven, so none is given (None), nor any gap.
    """
    return _contenu(
        probleme,
        plan,
        verdict,
        avertissements,
        {
            "statut": SANS_PREUVE,
            "limites": {"duree_max_s": None, "part_ecart_vise": None},
            "arret_par": SANS_PREUVE,
            "etages": [
                {
                    "code": o.code,
                    "libelle": o.libelle,
                    "statut": SANS_PREUVE,
                    "valeur": verdict.objectifs[o.code],
                    "valeur_atteinte": verdict.objectifs[o.code],
                    "borne": None,
                    "part_ecart": None,
                    "ecart_demi_journees": None,
                    "arret_par": SANS_PREUVE,
                    "secondes": 0.0,
                }
                for o in SOUPLES
            ],
        },
    )


def jugement(verdict: Verdict) -> dict:
    """The verdict as plain values."""
    return {
        "conforme": verdict.conforme,
        "manquements": [m.message for m in verdict.manquements],
        "objectifs": verdict.objectifs,
    }


def _contenu(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    verdict: Verdict,
    avertissements: dict[str, str],
    calcul: dict,
) -> dict:
    """What is said of any plan of `probleme`; `calcul`: how it was found, and what is proven."""
    avant = couvertures(probleme, probleme.presences_actuelles)
    apres = couvertures(probleme, plan)
    return {
        "departement": probleme.departement,
        "graine": probleme.graine,
        "empreinte_donnees": probleme.empreinte_donnees,
        "avertissements": avertissements,
        "hypotheses": probleme.hypotheses,
        "bareme": _bareme(probleme),
        "moyens": {
            "nb_postes": sum(not p.sans_secteur for p in probleme.postes),
            "quotite_etp": round(sum(p.quotite for p in probleme.postes if not p.sans_secteur), 2),
            "capacite_demi_journees_cycle": sum(
                p.capacite for p in probleme.postes if not p.sans_secteur
            ),
            "besoin_demi_journees_cycle": sum(s.besoin for s in probleme.sites),
            "donnees_demi_journees_cycle": sum(apres.values()),
        },
        **calcul,
        "jugement": jugement(verdict),
        "couverture": par_categorie(probleme, avant, apres),
        "transition": transition(probleme, avant, apres),
        "sites_sans_presence": sans_presence(probleme, apres, plan),
        "postes": charges(probleme, plan),
        "changements": changements(probleme, plan),
    }


def couvertures(probleme: Probleme, presences: Iterable[Presence]) -> dict[str, int]:
    """Half-days per cycle each site gets, zeros included, in the order of the problem."""
    totaux = {s.site_id: 0 for s in probleme.sites}
    for presence in presences:
        totaux[presence.site_id] += presence.demi_journees_cycle
    return totaux


def par_categorie(probleme: Probleme, avant: dict[str, int], apres: dict[str, int]) -> list[dict]:
    """One record a category (a site counts in each of its own), then all sites together."""
    libelles = libelles_categories(probleme)
    lignes = []
    for code, libelle in libelles.items():
        sites = [
            s for s in probleme.sites if code in (ENSEMBLE, *s.categories) or code == _a_defaut(s)
        ]
        if not sites:
            continue
        lignes.append(
            {
                "categorie": code,
                "libelle": libelle,
                "nb_sites": len(sites),
                "besoin_demi_journees_cycle": sum(s.besoin for s in sites),
                "avant": _rythmes(sites, avant),
                "apres": _rythmes(sites, apres),
                "nb_gagnants": sum(apres[s.site_id] > avant[s.site_id] for s in sites),
                "nb_perdants": sum(apres[s.site_id] < avant[s.site_id] for s in sites),
            }
        )
    return lignes


def _bareme(probleme: Probleme) -> dict:
    """The words of the barème and of its text that day: its file may change, or be removed."""
    echelle = bareme(str(probleme.hypotheses["bareme"]))
    return {
        "libelle": echelle.libelle,
        "categories": [
            {"code": r.code, "libelle": r.libelle, "est_prioritaire": r.est_prioritaire}
            for r in echelle.priorites.regles
        ],
    }


def transition(probleme: Probleme, avant: dict[str, int], apres: dict[str, int]) -> dict | None:
    """What became of the transition rule, site by site; None when it is off.

    A site in `sites_non_tenus` loses more than the rule admits: `a_garder` is what it should have
    kept, and `raison` says `besoin` when its besoin is under that (no plan gives a site more than
    its besoin), else `moyens` (capacity, travel, sites per poste, locks).
    """
    perte_max = probleme.hypotheses.get("perte_max")
    if perte_max is None:
        return None
    gardes = presences_a_garder(probleme.presences_actuelles, int(perte_max))
    concernes = [s for s in probleme.sites if gardes.get(s.site_id, 0) > 0]
    return {
        "perte_max_demi_journees_cycle": perte_max,
        "nb_sites_concernes": len(concernes),
        "sites_non_tenus": [
            {
                "site_id": s.site_id,
                "nom": s.nom,
                "avant_demi_journees_cycle": avant[s.site_id],
                "a_garder_demi_journees_cycle": gardes[s.site_id],
                "besoin_demi_journees_cycle": s.besoin,
                "apres_demi_journees_cycle": apres[s.site_id],
                "raison": "besoin" if s.besoin < gardes[s.site_id] else "moyens",
            }
            for s in concernes
            if apres[s.site_id] < gardes[s.site_id]
        ],
    }


def libelles_categories(probleme: Probleme) -> dict[str, str]:
    """Code → label of every category of the rule set used, then the two catch-alls."""
    regles = bareme(str(probleme.hypotheses["bareme"])).priorites.regles
    return {
        **{r.code: r.libelle for r in regles},
        CATEGORIE_INCONNUE: "Catégorie inconnue (une donnée manque)",
        SANS_CATEGORIE: "Hors catégorie prioritaire",
        ENSEMBLE: "Tous les sites",
    }


def _a_defaut(site: Site) -> str | None:
    """The catch-all of a site of no known category: unknown when a rule can't be told."""
    if site.categories:
        return None
    return CATEGORIE_INCONNUE if site.categories_inconnues else SANS_CATEGORIE


def _rythmes(sites: list[Site], couverture: dict[str, int]) -> dict:
    """Sites by rhythm class; the share of besoin met counts nothing beyond a site's own besoin."""
    classes = [rythme(couverture[s.site_id]) for s in sites]
    donnees = sum(couverture[s.site_id] for s in sites)
    utiles = sum(min(couverture[s.site_id], s.besoin) for s in sites)
    besoin = sum(s.besoin for s in sites)
    return {
        **{str(classe): classes.count(classe) for classe in Rythme},
        "demi_journees_cycle": donnees,
        "au_dela_du_besoin_demi_journees_cycle": donnees - utiles,
        "part_besoin": round(utiles / besoin, 4) if besoin else None,
    }


def sans_presence(
    probleme: Probleme, couverture: dict[str, int], plan: Iterable[Presence]
) -> list[dict]:
    """Sites without regular presence, each with its référent and the reason.

    The référent is the nearest poste with a sector and somebody in it; with none, it is None.
    """
    raison_de = _Raisons(probleme, plan)
    candidats = [
        (p, poste)
        for p, poste in enumerate(probleme.postes)
        if not poste.sans_secteur and poste.capacite > 0 and poste.statut not in SANS_PERSONNE
    ]
    lignes = []
    for s, site in enumerate(probleme.sites):
        if couverture[site.site_id] > 0:
            continue
        proches = [
            (probleme.minutes[p][s], poste.poste_id)
            for p, poste in candidats
            if probleme.minutes[p][s] is not None
        ]
        minutes, referent = min(proches, default=(None, None))
        lignes.append(
            {
                "site_id": site.site_id,
                "nom": site.nom,
                "categories": list(site.categories),
                "categories_inconnues": list(site.categories_inconnues),
                "besoin_demi_journees_cycle": site.besoin,
                "referent_poste_id": referent,
                "referent_trajet_min": minutes,
                "raison": raison_de(s),
            }
        )
    return lignes


class _Raisons:
    """Why a site (position) has no presence in a plan, as the reachable postes tell it.

    `besoin`: it needs none. `portee`: the rules on a poste and a site, and on its head collège,
    let nobody serve it. `sites`:
    every reachable poste with time left serves as many sites as it may. `priorite`: they have
    given all their time, to sites that weigh more and no other. `temps`: they have given all their
    time. `autre`: one has time and a place left; a rule that ties sites or amounts together keeps
    it away, or the plan is not proven the best.
    """

    def __init__(self, probleme: Probleme, plan: Iterable[Presence]) -> None:
        self.probleme = probleme
        self.index = Index.de(probleme)
        rangs = {site.site_id: s for s, site in enumerate(probleme.sites)}
        self.secteurs: dict[str, dict[int, int]] = {p.poste_id: {} for p in probleme.postes}
        for presence in plan:
            secteur = self.secteurs[presence.poste_id]
            secteur[rangs[presence.site_id]] = presence.demi_journees_cycle

    def __call__(self, s: int) -> str:
        sites = self.probleme.sites
        if not sites[s].besoin:
            return "besoin"
        a_portee = [
            poste
            for p, poste in enumerate(self.probleme.postes)
            if regle_qui_ecarte(self.index, p, s) is None
        ]
        if not a_portee:
            return "portee"
        secteurs = [(poste, self.secteurs[poste.poste_id]) for poste in a_portee]
        libres = [(p, secteur) for p, secteur in secteurs if sum(secteur.values()) < p.capacite]
        if any(len(secteur) < p.sites_max for p, secteur in libres):
            return "autre"
        if libres:
            return "sites"
        servis = {t for _, secteur in secteurs for t in secteur}
        return "priorite" if all(sites[t].poids > sites[s].poids for t in servis) else "temps"


def charges(probleme: Probleme, plan: Iterable[Presence]) -> list[dict]:
    """Each poste that can have a sector: its time, what the plan gives of it, what is left."""
    rangs = {s.site_id: i for i, s in enumerate(probleme.sites)}
    par_poste: dict[str, list[Presence]] = {}
    for presence in plan:
        par_poste.setdefault(presence.poste_id, []).append(presence)
    lignes = []
    for p, poste in enumerate(probleme.postes):
        if poste.sans_secteur:
            continue
        secteur = par_poste.get(poste.poste_id, [])
        donnees = sum(x.demi_journees_cycle for x in secteur)
        trajets = [probleme.minutes[p][rangs[x.site_id]] for x in secteur]
        lignes.append(
            {
                "poste_id": poste.poste_id,
                "statut": poste.statut,
                "quotite_etp": poste.quotite,
                "capacite_demi_journees_cycle": poste.capacite,
                "donnees_demi_journees_cycle": donnees,
                "libres_demi_journees_cycle": poste.capacite - donnees,
                "nb_sites": len(secteur),
                "trajet_max_min": max((t for t in trajets if t is not None), default=None),
                # no travel is counted inside the site of the résidence, and only there
                "est_present_a_sa_residence": 0 in trajets,
            }
        )
    return lignes


def changements(probleme: Probleme, plan: Iterable[Presence]) -> list[dict]:
    """Every (poste, site) whose presence differs, before and after, half-days per cycle."""
    avant = {(p.poste_id, p.site_id): p.demi_journees_cycle for p in probleme.presences_actuelles}
    apres = {(p.poste_id, p.site_id): p.demi_journees_cycle for p in plan}
    return [
        {
            "poste_id": poste_id,
            "site_id": site_id,
            "avant_demi_journees_cycle": avant.get((poste_id, site_id), 0),
            "apres_demi_journees_cycle": apres.get((poste_id, site_id), 0),
        }
        for poste_id, site_id in sorted(avant.keys() | apres.keys())
        if avant.get((poste_id, site_id), 0) != apres.get((poste_id, site_id), 0)
    ]
