"""The transparency sheet: what the algorithm is for, reads, weighs and does; what it decides.

Source: CRPA, art. L311-3-1 and R311-3-1-2. Every fact is read from the scenario, the rules of the
computation and the reference files; only the headings are written here.
"""

from dataclasses import replace

import pandas as pd

from pipelines.base.textes import pluriel
from pipelines.planning.probleme import OBJECTIFS
from pipelines.reports import proposition_en_mots
from pipelines.reports.dossier.blocs import Bloc, Dossier, Liste, Partie, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.dossier.parties import essentiel, limites
from pipelines.scenarios.resume import SANS_PREUVE
from pipelines.scenarios.statuts import Statut
from pipelines.scoring.doctrine import libelle_de

TITRE = "Fiche de transparence de l'algorithme"
A_REMPLIR = "................................................................"
DETAILS = ("transparence", "droit", "parametres", "limites")
"""The parts of the sheet as a file of its own: itself, then those that give its detail."""


def partie(m: Matiere) -> Partie:
    """The five things the code asks for, then whom to ask."""
    return Partie(
        code="transparence",
        titre=TITRE,
        blocs=(
            Texte(_contribution(m), Role.PHRASE),
            Texte(
                "Fiche tenue au titre du code des relations entre le public et l'administration, "
                "art. L311-3-1 et R311-3-1-2.",
                Role.NOTE,
            ),
            *_finalite(m),
            Liste("Contribution à la décision", tuple(_part_de_la_decision(m))),
            *_donnees(m),
            *_parametres(m),
            *_operations(m),
            Liste(
                "À qui demander une explication (à remplir)",
                (A_REMPLIR, A_REMPLIR, A_REMPLIR),
                ("Service :", "Adresse :", "Recours :"),
            ),
        ),
    )


def composer(dossier: Dossier) -> Dossier:
    """The sheet as a file of its own, with the parts of `dossier` that give its detail."""
    parties = tuple(dossier.partie(code) for code in DETAILS)
    return replace(dossier, titre=TITRE, parties=parties, ecrans=())


def _est_calcule(m: Matiere) -> bool:
    return any(e.get("arret_par") != SANS_PREUVE for e in m.lu.resume["etages"])


def _contribution(m: Matiere) -> str:
    statut = m.lu.apercu.statut
    quoi = (
        "Le plan de ce scénario est le résultat d'un calcul"
        if _est_calcule(m)
        else "Le plan de ce scénario n'est pas tel qu'un calcul l'a donné : il est celui "
        "d'aujourd'hui, ou il a été changé à la main"
    )
    suite = (
        "il a été arrêté par une personne qui en a le pouvoir"
        if statut == Statut.ARRETE
        else f"son statut est « {statut.libelle} » : rien n'est décidé"
    )
    return f"{quoi} ; {suite}."


def _finalite(m: Matiere) -> tuple[Bloc, ...]:
    besoin, sites = m.lu.resume["moyens"]["besoin_demi_journees_cycle"], m.sites
    return (
        Liste(
            "Finalité",
            (
                "Proposer où donner le temps de présence des postes du service social en faveur "
                f"des élèves : {pluriel(len(sites), 'site')}, dont le besoin est de "
                f"{pluriel(besoin, 'demi-journée')} par cycle de 4 semaines.",
                essentiel.moyens_en_mots(m),
            ),
        ),
    )


def _part_de_la_decision(m: Matiere) -> list[str]:
    """What people chose before, what they fixed, what they may still change."""
    verrous = m.repartition.probleme.verrous
    hypotheses = m.lu.resume["hypotheses"]
    return [
        f"Choisis par une personne avant tout calcul : le barème « {m.repartition.bareme} », la "
        f"doctrine « {libelle_de(hypotheses['doctrine'])} » et les hypothèses listées dans "
        "l'annexe.",
        (
            f"Décidé hors du calcul : {pluriel(len(verrous), 'verrou')} sur un lien entre un poste "
            "et un site."
            if verrous
            else "Décidé hors du calcul : aucun verrou n'a été posé."
        ),
        (
            "Un plan arrêté ne change plus."
            if m.lu.apercu.statut == Statut.ARRETE
            else "Chaque présence peut encore être changée à la main ; le contrôle indépendant dit "
            "alors les règles enfreintes, sans empêcher l'enregistrement."
        ),
        proposition_en_mots.preuve_en_mots(m.lu.resume, charges=m.voile.est_nominatif),
    ]


def _donnees(m: Matiere) -> tuple[Bloc, ...]:
    return (
        Tableau.de(
            "transparence_sources",
            "Données traitées et leurs sources",
            m.donnees.sources[["Source", "Millésime"]].drop_duplicates(),
            note=f"{m.donnees.phrase} {m.donnees.precision} {limites.HORS_D_ATLAS[0]}",
        ),
    )


def _parametres(m: Matiere) -> tuple[Bloc, ...]:
    """The weights that bear on the sites of this département; the others are in the annex."""
    poids: dict[tuple[str, int, int], int] = {}
    for s in m.repartition.probleme.sites:
        cle = (m.reunion.categories_en_mots(s.site_id), s.poids, s.plancher)
        poids[cle] = poids.get(cle, 0) + 1
    cadre = pd.DataFrame(
        [
            (categories, n, valeur, plancher)
            for (categories, valeur, plancher), n in sorted(
                poids.items(), key=lambda x: (-x[0][1], x[0])
            )
        ],
        columns=["Catégories du site", "Sites", "Poids", "Plancher (½ j. par cycle)"],
    )
    return (
        Tableau.de(
            "transparence_poids",
            "Paramètres et poids appliqués aux sites de ce département",
            cadre,
            note="Poids : ce que pèse une demi-journée qui manque. Plancher : ce que la doctrine "
            "veut qu'un site ait avant que d'autres en aient davantage. Les lignes du besoin, et "
            "chaque autre paramètre avec sa source : annexe.",
        ),
    )


def _operations(m: Matiere) -> tuple[Bloc, ...]:
    """The objectives in their order with what they compute, then the rules no plan may break."""
    objectifs = pd.DataFrame(
        [(rang, o["libelle"], o["formule"]) for rang, o in enumerate(OBJECTIFS, start=1)],
        columns=["Rang", "Objectif", "Ce qui est rendu le plus petit possible"],
    )
    return (
        Tableau.de(
            "transparence_objectifs",
            "Opérations : les objectifs, l'un après l'autre",
            objectifs,
        ),
        Liste("Opérations : les règles qu'aucun plan calculé n'enfreint", _regles(m)),
    )


def _regles(m: Matiere) -> tuple[str, ...]:
    return tuple(f"{regle}." for regle in m.methode.regles_dures["Règle"])
