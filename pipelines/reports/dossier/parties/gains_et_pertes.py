"""Who gains and who loses: by category, by bassin, then site by site with the reason."""

import pandas as pd

from pipelines.reports.comparer import Passage, VueComparaison
from pipelines.reports.comptes_publies import MASQUE
from pipelines.reports.dossier.blocs import Partie, Role, Section, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.dossier.temps_voile import BASSIN, CATEGORIE, Silence
from pipelines.reports.dossier.voile import Voile

PAR_GROUPE = (
    "Sites",
    "Avant",
    "Gains",
    "Pertes",
    "Après",
    "Sites qui gagnent",
    "Sites qui perdent",
    "Besoin couvert",
)
GAINS = ("Gains", "Pertes")
PRESENCES = ("Avant", *GAINS, "Après")
TU = (
    f"« {MASQUE.capitalize()} » : ce total, à côté des autres, dirait ce que donne un seul secteur."
)
PAR_SITE = ("Site", "Avant", "Après", "Écart", "Besoin", "Pourquoi")
NOMS = {"Sites qui gagnent": "Gagnent", "Sites qui perdent": "Perdent"}
NOTE = (
    "Avant, après, gains et pertes : demi-journées par cycle de 4 semaines. Un site compte dans "
    "chacune de ses catégories."
)


def partie(m: Matiere, tu: Silence) -> Partie:
    """From today to the plan; `tu`: what is hidden."""
    [passage] = m.changement.passages
    return Partie(
        code="gains_et_pertes",
        titre="Gains et pertes par catégorie",
        blocs=(Texte(en_mots(m.changement, tu), Role.PHRASE), *par_groupe(passage, "gains", tu)),
        sections=(
            Section(
                "Chaque site qui change, et pourquoi",
                (par_site(passage, "sites_qui_changent", m.voile),),
            ),
        ),
    )


def par_groupe(passage: Passage, prefixe: str, tu: Silence) -> tuple[Tableau, ...]:
    """The two tables of a passage: by category, by bassin, without what `tu` hides."""
    return tuple(
        Tableau.de(
            f"{prefixe}_par_{code}",
            f"Gains et pertes par {mot}",
            _taire(cadre, titre, tu),
            colonnes=(titre, *PAR_GROUPE),
            nombres=("Besoin couvert", *PRESENCES),
            noms=NOMS,
            note=" ".join([note, *([TU] if tu.gains or tu.groupes else [])]).strip(),
        )
        for code, mot, titre, cadre, note in (
            ("categorie", "catégorie", CATEGORIE, passage.categories, NOTE),
            ("bassin", "bassin", BASSIN, passage.bassins, ""),
        )
    )


def en_mots(vue: VueComparaison, tu: Silence) -> str:
    """Who gains and who loses, in a sentence; how much only when it may be told."""
    return " ".join(p.phrase_sans_montants if tu.gains else p.phrase for p in vue.passages)


def _taire(cadre: pd.DataFrame, titre: str, tu: Silence) -> pd.DataFrame:
    """`cadre` without the presences of the lines that are hidden, nor gains where none is told."""
    caches = pd.Series([tu.tait(titre, nom) for nom in cadre[titre]], index=cadre.index)
    rendu = cadre.astype(object)
    for colonne in (*PRESENCES, "Besoin couvert"):
        if colonne in GAINS and tu.gains:
            rendu[colonne] = MASQUE
        else:
            rendu.loc[caches, colonne] = MASQUE
    return rendu if tu.gains or caches.any() else cadre


def par_site(passage: Passage, code: str, voile: Voile) -> Tableau:
    """Each site that changes, with why: most lost or gained first, by name for an instance."""
    return Tableau.de(
        code,
        "Avant, après et raison",
        passage.sites,
        colonnes=PAR_SITE,
        nombres=("Écart", "Besoin"),
        note=(
            "Les sites dont la présence change le plus d'abord ; demi-journées par cycle."
            if voile.est_nominatif
            else "Dans l'ordre des noms. La présence d'un site est dite par son rythme ; celle des "
            "catégories et des bassins, en demi-journées."
        ),
        vide="Aucun site ne change.",
    )
