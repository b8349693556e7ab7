"""The dossier as a workbook: the plan that Atlas reads back, then one sheet a table."""

import pandas as pd

from pipelines.reports import classeur_du_dossier
from pipelines.reports.dossier.blocs import (
    INCONNU,
    Chiffre,
    Chiffres,
    Dossier,
    Role,
    Tableau,
    Texte,
)
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.dossier.voile import RYTHMES_DITS
from pipelines.scenarios.relecture import FEUILLE
from pipelines.scenarios.scenario import Scenario

FEUILLES = {
    "categories_du_texte": "Catégories",
    "poids_de_la_doctrine": "Poids de la doctrine",
    "compte_des_moyens": "Moyens",
    "statuts": "Moyens par statut",
    "textes_du_temps": "Textes du temps de travail",
    "postes": "Postes",
    "besoins_par_categorie": "Besoin par catégorie",
    "sites_par_rythme": "Sites par rythme",
    "comparaison_indices": "Comparaison, indices",
    "comparaison_equite": "Comparaison, équité",
    "comparaison_par_categorie": "Comparaison par catégorie",
    "comparaison_par_bassin": "Comparaison par bassin",
    "comparaison_sites": "Comparaison, sites",
    "sans_presence": "Sans présence",
    "reprises": "Qui pourrait les prendre",
    "transition": "Transition",
    "gains_par_categorie": "Gains par catégorie",
    "gains_par_bassin": "Gains par bassin",
    "sites_qui_changent": "Gains par site",
    "liens_changes": "Liens qui changent",
    "verrous": "Verrous",
    "postes_qui_changent": "Changements par poste",
    "budget_par_puissance": "Budget des trajets",
    "deplacements_par_poste": "Trajets par poste",
    "equite_mesures": "Équité",
    "equite_minimums": "Sites les moins servis",
    "equite_indices": "Dilution",
    "sensibilite": "Sensibilité",
    "completude": "Données connues",
    "anomalies": "Anomalies",
    "sources": "Fichiers lus",
    "transparence_sources": "Transparence, sources",
    "transparence_poids": "Transparence, poids",
    "transparence_objectifs": "Transparence, objectifs",
    "sites": "Sites",
    "hypotheses": "Hypothèses",
    "objectifs": "Objectifs et preuve",
    "regles_dures": "Règles",
    "bareme": "Barème",
    "parametres": "Paramètres",
}
"""Code of a table → the name of its sheet, short enough for Excel to show it whole."""


def ecrire(scenario: Scenario, m: Matiere, dossier: Dossier) -> bytes:
    """The workbook of `dossier`; an instance reads its plan by code of sector and by rhythm.

    That plan can't be given back to Atlas: the half-days of a sector would tell the time of its
    poste. The numbers of the essentials are in the reading sheet, and after the name of each table
    what stands under it on paper.
    """
    essentiel = dossier.partie("essentiel")
    phrases = [b.texte for b in essentiel.blocs if isinstance(b, Texte) and b.role != Role.NOTE]
    chiffres = [
        _dit(b.noms, c) for b in essentiel.blocs if isinstance(b, Chiffres) for c in b.chiffres
    ]
    couverture = [f"{mot}\u202f: {valeur}" for mot, valeur in dossier.couverture.items()]
    titre = f"{dossier.titre}, {dossier.sous_titre}"
    tableaux = [
        b
        for p in dossier.parties
        for b in p.tous
        if isinstance(b, Tableau) and b.titre and b.lignes
    ]
    noms = {b.code: FEUILLES.get(b.code, b.titre) for b in tableaux}
    sommaire = [f"Feuille « {noms[b.code]} » : {b.titre}. {b.note}".rstrip() for b in tableaux]
    if not m.voile.est_nominatif:
        sommaire.insert(
            0, f"Feuille « {FEUILLE} » : ce que chaque secteur donne à chaque site. {RYTHMES_DITS}"
        )
    return classeur_du_dossier.ecrire(
        scenario,
        [titre, *couverture, *phrases, *chiffres, *sommaire],
        {noms[b.code]: _cadre(b) for b in tableaux},
        a_lire=None if m.voile.est_nominatif else _plan_a_lire(m),
    )


def _dit(noms: tuple[str, str], chiffre: Chiffre) -> str:
    """A number of the essentials as a line: before and after, or what it is alone."""
    if chiffre.avant in ("", INCONNU):
        return f"{chiffre.libelle}\u202f: {chiffre.apres}."
    (avant, apres), c = noms, chiffre
    return f"{c.libelle}\u202f: {avant.lower()} {c.avant}, {apres.lower()} {c.apres}."


def _plan_a_lire(m: Matiere) -> pd.DataFrame:
    """The links of today and of the plan, in the order of codes and of names."""
    avant, apres = m.aujourd_hui.couples, m.repartition.couples
    return pd.DataFrame(
        [
            {"Secteur": p, "Site": nom, **m.voile.lien(avant.get((p, s), 0), apres.get((p, s), 0))}
            for p, nom, s in sorted(
                (p, m.reunion.nom(s), s) for p, s in avant.keys() | apres.keys()
            )
        ],
        columns=["Secteur", "Site", *m.voile.lien(0, 0)],
    )


def _cadre(tableau: Tableau) -> pd.DataFrame:
    """A table as a frame, each unit in its header."""
    titres = [f"{c.titre} ({c.unite})" if c.unite else c.titre for c in tableau.colonnes]
    return pd.DataFrame(list(tableau.lignes), columns=titres)
