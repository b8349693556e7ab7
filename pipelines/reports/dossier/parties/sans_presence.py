"""The sites with no regular presence: who answers there, and what was weighed."""

from pipelines.reports import proposition_en_mots
from pipelines.reports.dossier.blocs import Partie, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere

COLONNES = (
    "Site",
    "Catégories prioritaires",
    "Besoin (½ j. par cycle)",
    "Poste référent",
    "Trajet du référent (min)",
    "Pourquoi",
)


TRANSITION = (
    "Site",
    "Avant (½ j. par cycle)",
    "À garder (½ j. par cycle)",
    "Besoin (½ j. par cycle)",
    "Après (½ j. par cycle)",
    "Pourquoi",
)
TRANSITION_D_INSTANCE = ("Site", "Besoin (½ j. par cycle)")


def partie(m: Matiere) -> Partie:
    """Each of them, with its référent and why no poste serves it."""
    colonnes = [c for c in COLONNES if m.voile.est_nominatif or not c.startswith("Trajet")]
    return Partie(
        code="sans_presence",
        titre="Les sites sans présence régulière",
        blocs=(
            Texte(proposition_en_mots.referents(m.lu.resume), Role.PHRASE),
            Texte(
                "Le poste référent est le plus proche qui a un secteur et que quelqu'un occupe ; "
                "il y répond à la demande. Ce qui a été pesé : les postes à portée, le temps qui "
                "leur reste, les sites qu'ils servent déjà et le poids que la doctrine donne à "
                "chacun."
            ),
            Tableau.de(
                "sans_presence",
                "Chaque site, son référent et la raison",
                m.proposition.sans_presence,
                colonnes=colonnes,
                noms={"Poste référent": "Référent", "Trajet du référent (min)": "Trajet (min)"},
                vide="Aucun site n'est sans présence régulière.",
            ),
            *_transition(m),
        ),
    )


def _transition(m: Matiere) -> tuple[Texte | Tableau, ...]:
    """The sites where the transition rule could not be kept, when it is on."""
    note = proposition_en_mots.sites_non_tenus(m.lu.resume)
    if note is None:
        return ()
    return (
        Texte(note, Role.ALERTE),
        Tableau.de(
            "transition",
            "Les sites qui perdent plus que la règle de transition ne l'admet",
            m.proposition.transition,
            colonnes=TRANSITION if m.voile.est_nominatif else TRANSITION_D_INSTANCE,
        ),
    )
