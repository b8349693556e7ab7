"""Tiny random problems, small enough to enumerate, with every kind of rule and of bad data."""

import itertools
import json
import random
from dataclasses import replace

from departements import reglages

from pipelines.planning.probleme import Poste, Presence, Probleme, Site, Verrou, vers_json
from pipelines.planning.verification import juger
from pipelines.scoring.doctrine import doctrine, plancher, poids

NIVEAUX = (0, 1, 2, 4)


def petit(graine, nb_postes=2, nb_sites=3, avec_verrous=False, **autres):
    """A problem of a few postes and sites; écoles REP+, unknown travel, broken present included."""
    tirage = random.Random(graine)
    sites = []
    for s in range(nb_sites):
        ecoles = 0 < s == nb_sites - 1 and tirage.random() < 0.5
        sites.append(
            Site(
                f"S{s}",
                f"Site {s}",
                "ecoles_rep_plus" if ecoles else "etablissement",
                tirage.choice((0, 1, 3, 4, 5, 6)),
                tirage.choice((1, 1, 2, 5)),
                tirage.choice((1, 1, 2)),
                (),
                tirage.choice(("Est", "Ouest", None)),
                None,
                None,
                None,
                "S0" if ecoles and tirage.random() < 0.8 else None,
            )
        )
    postes = [
        Poste(
            f"P{p}",
            1.0,
            tirage.choice(("occupe", "vacant")),
            tirage.choice((0, 3, 4, 6, 7)),
            tirage.choice((1, 2, 3)),
            "S0",
            None,
            None,
            tirage.choice(("Est", "Ouest", None)),
            tirage.random() < 0.1,
        )
        for p in range(nb_postes)
    ]
    couples = list(itertools.product(range(nb_postes), range(nb_sites)))
    verrous = []
    if avec_verrous:
        for p, s in tirage.sample(couples, 2):
            nature = tirage.choice(("impose", "interdit", "montant"))
            montant = tirage.choice(NIVEAUX[1:]) if nature == "montant" else None
            verrous.append(Verrou(f"P{p}", f"S{s}", nature, montant))
    return Probleme(
        departement="999",
        graine=graine,
        empreinte_donnees="petit",
        est_simule=True,
        reglages=reglages(
            niveaux=NIVEAUX,
            meme_bassin=tirage.random() < 0.2,
            **{"tolerance_manque": 0.0, **autres},
        ),
        sites=tuple(sites),
        postes=tuple(postes),
        minutes=tuple(
            tuple(tirage.choice((0, 10, 25, 40, 46, 55, None)) for _ in sites) for _ in postes
        ),
        km=tuple(tuple(None for _ in sites) for _ in postes),
        presences_actuelles=tuple(
            Presence(f"P{p}", f"S{s}", tirage.choice((1, 2, 3, 9)))
            for p, s in couples
            if tirage.random() < 0.3
        ),
        verrous=tuple(verrous),
        hypotheses={},
    )


def sous_doctrine(probleme, code):
    """The same problem as a shipped doctrine would weigh it: two sites of priority, the rest not.

    Weights, floors and convexity are those of its file; `hasard` draws them instead, any allowed.
    """
    if code == "hasard":
        tirage = random.Random(probleme.graine + 1)
        sites = [
            replace(
                site, plancher=tirage.randint(0, site.besoin), poids_plancher=tirage.randint(0, 9)
            )
            for site in probleme.sites
        ]
        convexite = tirage.choice((1, 2, 3))
    else:
        principe, sites = doctrine(code), []
        for rang, site in enumerate(probleme.sites):
            categories = ("college_rep_plus",) if rang < 2 else ()
            sites.append(
                replace(
                    site,
                    poids=poids(categories, (), principe),
                    plancher=min(plancher(categories, (), principe), site.besoin),
                    poids_plancher=principe.poids_plancher,
                )
            )
        convexite = principe.convexite
    return replace(
        probleme,
        sites=tuple(sites),
        reglages=replace(probleme.reglages, convexite=convexite),
    )


def en_lignes(plan):
    """A plan as the judge reads it."""
    return [
        {
            "poste_id": presence.poste_id,
            "site_id": presence.site_id,
            "demi_journees_cycle": presence.demi_journees_cycle,
        }
        for presence in plan
    ]


def jugement(probleme, plan):
    """The judge's verdict on the solver's plan, through the JSON an outsider would get."""
    return juger(json.loads(vers_json(probleme)), en_lignes(plan))


def enumerer(probleme):
    """Every plan that keeps every rule, with its objectives, by the judge alone.

    Plans grow one poste at a time. Two kinds of faults can't be mended by the postes that follow,
    and end a plan there: those of the poste itself, and those of a site that has too much.
    """
    contenu = json.loads(vers_json(probleme))
    sites = [site.site_id for site in probleme.sites]
    plans = [()]
    for poste in probleme.postes:
        secteurs = []
        for montants in itertools.product(probleme.reglages.niveaux, repeat=len(sites)):
            secteur = tuple(
                Presence(poste.poste_id, s, n) for s, n in zip(sites, montants, strict=True) if n
            )
            fautes = juger(contenu, en_lignes(secteur)).manquements
            if all(m.poste_id != poste.poste_id for m in fautes):
                secteurs.append(secteur)
        plans = [
            plan + secteur
            for plan, secteur in itertools.product(plans, secteurs)
            if all(
                m.poste_id is not None
                for m in juger(contenu, en_lignes(plan + secteur)).manquements
            )
        ]
    verdicts = [(tuple(sorted(plan)), juger(contenu, en_lignes(plan))) for plan in plans]
    return [(plan, tuple(v.objectifs.values())) for plan, v in verdicts if v.conforme]


def optimum_par_enumeration(probleme):
    """The four objectives of the best plan, taken in order, None when no plan stands."""
    return min((valeurs for _, valeurs in enumerer(probleme)), default=None)
