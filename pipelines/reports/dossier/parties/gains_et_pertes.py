"""Who gains and who loses: by category, by bassin, then site by site with the reason."""

from pipelines.reports.comparer import Passage
from pipelines.reports.dossier.blocs import Partie, Role, Section, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
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
PAR_SITE = ("Site", "Avant", "Après", "Écart", "Besoin", "Pourquoi")
NOMS = {"Sites qui gagnent": "Gagnent", "Sites qui perdent": "Perdent"}
NOTE = (
    "Avant, après, gains et pertes : demi-journées par cycle de 4 semaines. Un site compte dans "
    "chacune de ses catégories."
)


def partie(m: Matiere) -> Partie:
    """From today to the plan."""
    [passage] = m.changement.passages
    return Partie(
        code="gains_et_pertes",
        titre="Gains et pertes par catégorie",
        blocs=(Texte(passage.phrase, Role.PHRASE), *par_groupe(passage, "gains")),
        sections=(
            Section(
                "Chaque site qui change, et pourquoi",
                (par_site(passage, "sites_qui_changent", m.voile),),
            ),
        ),
    )


def par_groupe(passage: Passage, prefixe: str) -> tuple[Tableau, ...]:
    """The two tables of a passage: by category, by bassin."""
    return tuple(
        Tableau.de(
            f"{prefixe}_par_{code}",
            f"Gains et pertes par {mot}",
            cadre,
            colonnes=(titre, *PAR_GROUPE),
            nombres=("Besoin couvert",),
            noms=NOMS,
            note=note,
        )
        for code, mot, titre, cadre, note in (
            ("categorie", "catégorie", "Catégorie", passage.categories, NOTE),
            ("bassin", "bassin", "Bassin", passage.bassins, ""),
        )
    )


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
