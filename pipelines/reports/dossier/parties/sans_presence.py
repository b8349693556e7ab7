"""The sites with no regular presence: who answers there, and what was weighed."""

import pandas as pd

from pipelines.base.textes import nombre, pluriel
from pipelines.reports import proposition_en_mots
from pipelines.reports.dossier.blocs import Partie, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import POSTES_ESSAYES, Matiere

COLONNES = (
    "Site",
    "Catégories prioritaires",
    "Besoin (½ j. par cycle)",
    "Poste référent",
    "Trajet du référent (min)",
    "Pourquoi",
)
D_INSTANCE = ("Site", "Catégories prioritaires", "Besoin (½ j. par cycle)", "Pourquoi")


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
    """Each of them, with its référent and why no poste serves it; a sentence when there is none."""
    return Partie(
        code="sans_presence",
        titre="Les sites sans présence régulière",
        blocs=(
            Texte(proposition_en_mots.referents(m.lu.resume), Role.PHRASE),
            *(_chacun(m) if m.lu.resume["sites_sans_presence"] else ()),
            *_transition(m),
        ),
    )


def _chacun(m: Matiere) -> tuple[Texte | Tableau, ...]:
    if not m.voile.est_nominatif:
        return (
            Texte(
                "Le poste référent d'un site y répond à la demande ; son secteur n'est pas dit "
                "ici. La raison d'un site que la proposition ne sert pas ne l'est pas non plus "
                "quand elle dirait le temps qui reste à un poste."
            ),
            Tableau.de(
                "sans_presence",
                "Chaque site et la raison",
                m.proposition.sans_presence,
                colonnes=D_INSTANCE,
            ),
        )
    return (
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
            colonnes=COLONNES,
            noms={"Poste référent": "Référent", "Trajet du référent (min)": "Trajet (min)"},
        ),
        *_reprises(m),
    )


def reprise_en_mots(m: Matiere, site_id: str) -> str:
    """Who could take a site nobody serves and at what cost, as a sentence; nominative alone."""
    if not m.a_portee[site_id]:
        return "aucun poste n'est à portée."
    r = m.reprises[site_id]
    if r is None:
        return "aucun des postes à portée les plus proches ne le peut sans enfreindre une règle."
    trajet = "trajet inconnu" if r.minutes is None else f"à {nombre(r.minutes)} min"
    return (
        f"{r.poste_id} ({trajet}), qui y donnerait "
        f"{pluriel(r.demi_journees_cycle, 'demi-journée')} par cycle. Perdraient : {r.perdent}. "
        f"Effet : {r.effet}."
    )


def _reprises(m: Matiere) -> tuple[Tableau, ...]:
    """The least costly way found to serve each of them, and what it takes from others."""
    lignes = []
    for site_id, postes in m.a_portee.items():
        r = m.reprises[site_id]
        pourquoi = "aucun ne le peut" if postes else "aucun poste à portée"
        lignes.append(
            {
                "Site": m.reunion.nom(site_id),
                "Poste": r.poste_id if r else pourquoi,
                "Trajet (min)": r.minutes if r else None,
                "Donnerait (½ j.)": r.demi_journees_cycle if r else None,
                "Perdraient (½ j. par cycle)": r.perdent if r else "—",
                "Effet sur le plan": r.effet if r else "—",
            }
        )
    return (
        Tableau.de(
            "reprises",
            "Qui pourrait prendre chacun d'eux, et à quel prix",
            pd.DataFrame(lignes).sort_values("Site"),
            nombres=("Trajet (min)", "Donnerait (½ j.)"),
            note=f"Le moins coûteux des {POSTES_ESSAYES} postes à portée les plus proches, pour "
            "une présence hebdomadaire, sans enfreindre une règle. Ce poste repartage ses autres "
            "sites au moindre manque ; rien d'autre ne change. La page « Proposer » cherche "
            "plus loin.",
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
