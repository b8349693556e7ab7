"""The law and the priorities retained: the text, its categories, the doctrine that weighs them."""

import pandas as pd

from pipelines.base.textes import jour
from pipelines.reports.dossier.blocs import Liste, Partie, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.libelles import AUTRE_CATEGORIE, HORS_CATEGORIE
from pipelines.scoring.bareme import Bareme
from pipelines.scoring.doctrine import Doctrine

PARTI = "Le fichier de ce choix n'est plus là : ce que le scénario en a gardé est seul montré."


def partie(m: Matiere) -> Partie:
    """What the text says, what the académie chose, and that the choice is a choice."""
    bareme, doctrine = m.lu.bareme, m.lu.doctrine
    return Partie(
        code="droit",
        titre="Le droit et les priorités retenues",
        blocs=(
            *(_du_texte(m, bareme) if bareme else (Texte(PARTI, Role.ALERTE),)),
            *(_de_la_doctrine(doctrine, bareme) if doctrine else ()),
        ),
    )


def _du_texte(m: Matiere, bareme: Bareme) -> tuple[Texte | Tableau, ...]:
    texte = bareme.priorites
    regles = m.methode.regles[texte.intitule()]
    return (
        Texte(f"{texte.intitule()}, en vigueur le {jour(texte.en_vigueur_le.isoformat())}."),
        Texte(texte.note),
        Tableau.de(
            "categories_du_texte",
            "Les catégories, telles qu'Atlas les lit",
            regles,
            colonnes=["Catégorie", "En nos mots", "Référence", "En vigueur"],
        ),
    )


def _de_la_doctrine(doctrine: Doctrine, bareme: Bareme | None) -> tuple[Liste | Tableau, ...]:
    quoi = {
        "Nature.": f"{doctrine.nature}.",
        "Ce qu'elle favorise.": doctrine.favorise,
        "Ce qu'elle coûte.": doctrine.coute,
        "Pour qui.": doctrine.pour_qui,
    }
    return (
        Liste(f"La doctrine choisie : {doctrine.libelle}", tuple(quoi.values()), tuple(quoi)),
        Tableau.de(
            "poids_de_la_doctrine",
            "Ce que pèse une demi-journée qui manque, par catégorie",
            _poids(doctrine, bareme),
            note=f"Poids : {doctrine.references['poids']}. Planchers : "
            f"{doctrine.references['planchers']}.",
        ),
    )


def _poids(doctrine: Doctrine, bareme: Bareme | None) -> pd.DataFrame:
    """Weights and floors of the categories of the text, heaviest first, then the catch-alls."""
    regles = bareme.priorites.regles if bareme else ()
    lignes = [
        (
            r.libelle,
            doctrine.poids.get(r.code, doctrine.poids_autre),
            doctrine.planchers.get(r.code, doctrine.plancher_autre),
        )
        for r in regles
    ]
    hors = [
        (libelle, doctrine.poids[code], doctrine.planchers[code])
        for code, libelle in HORS_CATEGORIE.items()
    ]
    hors.append((AUTRE_CATEGORIE, doctrine.poids_autre, doctrine.plancher_autre))
    return pd.DataFrame(
        [*sorted(lignes, key=lambda ligne: -ligne[1]), *hors],
        columns=["Catégorie", "Poids", "Plancher (½ j. par cycle)"],
    )
