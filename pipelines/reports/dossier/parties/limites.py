"""What this dossier can't say: the proof, what is unknown, the data and their defects."""

from collections.abc import Sequence

import pandas as pd

from pipelines.reports import proposition_en_mots
from pipelines.reports.donnees import EtatDesDonnees
from pipelines.reports.dossier.blocs import Bloc, Liste, Partie, Role, Section, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere

SOURCES = ("Source", "Millésime", "Lignes lues", "Gardées", "Fusionnées", "Écartées")
HORS_D_ATLAS = (
    "Atlas ne connaît que des postes : ni les personnes, ni leurs congés, ni leurs temps partiels "
    "choisis.",
    "Un besoin est ce que dit le barème, et non une mesure des situations d'élèves.",
    "Un poste vacant ou absent est compté comme si quelqu'un le tenait, sauf choix contraire.",
)


def partie(m: Matiere) -> Partie:
    """Limits first, then completeness, anomalies and sources."""
    etat = m.donnees
    return Partie(
        code="limites",
        titre="Limites et complétude des données",
        blocs=(
            Texte(f"{etat.phrase} {etat.precision}", Role.PHRASE),
            *(Texte(note, Role.ALERTE) for note in m.proposition.mises_en_garde),
            Texte(proposition_en_mots.preuve_en_mots(m.lu.resume, charges=m.voile.est_nominatif)),
            Liste("Ce que ce dossier ne dit pas", HORS_D_ATLAS),
            *ce_qui_manque(etat, m.anomalies, [m.departement]),
        ),
        sections=(fichiers_lus(etat),),
    )


def ce_qui_manque(
    etat: EtatDesDonnees, anomalies: pd.DataFrame, departements: Sequence[str]
) -> tuple[Bloc, ...]:
    """The files that are missing, what is known of `departements` (names), the anomalies."""
    return (
        *((Texte(etat.absentes),) if etat.absentes else ()),
        _completude(etat, departements),
        Tableau.de(
            "anomalies",
            "Les anomalies vues dans les fichiers",
            anomalies,
            colonnes=("Ce qui a été vu", "Nombre", "Que faire", "Conséquence"),
            vide="Aucune anomalie n'a été vue.",
        ),
    )


def fichiers_lus(etat: EtatDesDonnees) -> Section:
    """The files the warehouse is made of."""
    return Section(
        "Les fichiers lus",
        (Tableau.de("sources", "Les sources", etat.sources, colonnes=SOURCES),),
    )


def _completude(etat: EtatDesDonnees, departements: Sequence[str]) -> Tableau:
    """What is known of the départements, beside all of the data."""
    cadre = etat.completude
    siens = [f"{nom} (%)" for nom in departements]
    colonnes = ("Ce qui est connu", *siens, "Ensemble (%)", "Pour le compléter")
    return Tableau.de(
        "completude",
        "Ce qui est connu",
        cadre,
        colonnes=[c for c in colonnes if c in cadre.columns],
    )
