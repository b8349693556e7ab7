"""The means: the postes, and from their time to what they can give."""

from pipelines.reports.dossier.blocs import Partie, Role, Section, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.moyens import VueMoyens

POSTES = (
    "Poste",
    "Résidence",
    "Statut",
    "Quotité (ETP)",
    "Hors secteur (ETP)",
    "Capacité (½ j.)",
    "Données (½ j.)",
    "Secteur",
)


def partie(m: Matiere) -> Partie:
    """What there is to share out; poste by poste for the nominative alone."""
    return de_la_vue(m.moyens)


def de_la_vue(moyens: VueMoyens) -> Partie:
    """The part of a view of the means: poste by poste when the view has the postes."""
    detail = Section(
        "Poste par poste",
        (
            Tableau.de(
                "postes",
                "Les postes et ce qu'ils donnent aujourd'hui",
                moyens.postes,
                colonnes=POSTES,
            ),
            *(Texte(phrase, Role.NOTE) for phrase in moyens.desaccords),
        ),
    )
    return Partie(
        code="moyens",
        titre="Les moyens",
        blocs=(
            Texte(moyens.phrase, Role.PHRASE),
            Tableau.de(
                "compte_des_moyens",
                "Du temps des postes aux demi-journées à répartir",
                moyens.compte,
                noms={"Demi-journées par cycle": "Demi-journées (½ j. par cycle)"},
                vide="Ce compte n'est pas montré à ce lecteur.",
            ),
            Tableau.de(
                "statuts",
                "Les postes selon leur statut",
                moyens.statuts,
                vide="Trop peu de postes pour montrer ce compte.",
                note=moyens.note,
                comptes=("Postes", "Postes sans secteur"),
            ),
            Tableau.de(
                "textes_du_temps",
                "D'où viennent ces durées",
                moyens.textes,
                nombres=("Valeur",),
            ),
        ),
        sections=() if moyens.postes.empty else (detail,),
    )
