"""The annex: every parameter with its source, its days, and what the computation was asked."""

import pandas as pd

from pipelines.base.textes import nombre
from pipelines.reports.divergences import HYPOTHESES
from pipelines.reports.dossier.blocs import Partie, Section, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.libelles import FINS_EN_MOTS

VALEUR_MAX = 60
NOMS = {nom: libelle for nom, (libelle, _) in HYPOTHESES.items()} | {
    "bareme": "Barème",
    "presence_entiere": "Tout le besoin d'un site, ou rien",
    "trajets_mesures": "Trajets mesurés (nombre)",
    "trajets_estimes": "Trajets estimés (nombre)",
    "trajets_inconnus": "Trajets inconnus (nombre)",
    "trajets_moteurs": "D'où viennent les trajets mesurés",
    "empreinte_reference": "Empreinte des règles et des paramètres",
}
"""Hypothesis → what it is."""
PROVENANCE = ("En vigueur le", "Vérifié le")


def partie(m: Matiere) -> Partie:
    """What was asked, the rules, the weights of the barème, then every dated number."""
    methode, nom = m.methode, m.repartition.bareme
    baremes = methode.baremes[methode.baremes["Barème"] == nom]
    return Partie(
        code="parametres",
        titre="Annexe : chaque paramètre et sa source",
        blocs=(
            Texte(
                "Tout nombre qu'on pourrait contester est ici, avec qui l'a choisi et depuis "
                "quand. « Choix de l'équipe, non réglementaire » est une source : elle dit "
                "qu'aucun texte ne fixe ce nombre.",
            ),
            _hypotheses(m),
            Tableau.de(
                "objectifs",
                "Les objectifs, dans leur ordre, et ce qui en est prouvé",
                m.proposition.etages,
                nombres=("Valeur", *m.proposition.etages.columns[2:3], "Écart au plus", "Secondes"),
                note=FINS_EN_MOTS,
            ),
            Tableau.de("regles_dures", "Les règles qu'aucun plan n'enfreint", methode.regles_dures),
        ),
        sections=(
            Section(
                "Le barème",
                (
                    Tableau.de(
                        "bareme",
                        f"« {nom} », nombre par nombre",
                        baremes,
                        colonnes=("Ligne", "Valeur", "Unité", "Référence", *PROVENANCE),
                        nombres=("Valeur",),
                        vide="Le fichier de ce barème n'est plus là.",
                    ),
                ),
            ),
            Section(
                "Les autres paramètres",
                (
                    Tableau.de(
                        "parametres",
                        "Chaque paramètre, sa source et ses dates",
                        methode.parametres.assign(
                            Valeur=[_abrege(v) for v in methode.parametres["Valeur"]]
                        ),
                        colonnes=("Paramètre", "Valeur", "Unité", "Source", *PROVENANCE),
                        note="Une valeur trop longue pour une cellule finit par … : elle est "
                        "entière à la page « Méthode » et dans data/reference.",
                    ),
                ),
            ),
        ),
    )


def _hypotheses(m: Matiere) -> Tableau:
    """What the computation was asked, as the scenario keeps it; warnings of the data apart."""
    hypotheses = {
        nom: valeur
        for nom, valeur in m.lu.resume["hypotheses"].items()
        if not nom.startswith("avertissement_") and valeur is not None
    }
    dits = [
        (NOMS[nom], m.repartition.bareme if nom == "bareme" else HYPOTHESES[nom][1](valeur))
        if nom in HYPOTHESES or nom == "bareme"
        else (NOMS.get(nom, nom), _dire(valeur))
        for nom, valeur in hypotheses.items()
        if valeur != ""
    ]
    lignes = [*dits, ("Graine du calcul", str(m.lu.resume["graine"]))]
    return Tableau.de(
        "hypotheses",
        "Ce qui a été demandé au calcul",
        pd.DataFrame(lignes, columns=["Hypothèse", "Valeur"]),
    )


def _abrege(valeur: str) -> str:
    """A list of words or an expression of hundreds of letters keeps its beginning."""
    return valeur if len(valeur) <= VALEUR_MAX else f"{valeur[:VALEUR_MAX].rstrip()} …"


def _dire(valeur: object) -> str:
    if isinstance(valeur, bool):
        return "oui" if valeur else "non"
    return nombre(valeur) if isinstance(valeur, int) else str(valeur)
