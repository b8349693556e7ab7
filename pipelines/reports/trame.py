"""What the report of a département and the synthesis of the académie share: cover, end, dates.

Neither concludes: the priorities are a table to fill, which begins with facts.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from pipelines.marts import entrepot
from pipelines.reports.donnees import EtatDesDonnees
from pipelines.reports.dossier.blocs import Colonne, Dossier, Liste, Partie, Role, Tableau, Texte
from pipelines.reports.dossier.parties import limites

LIGNES_LIBRES = 4
"""Empty lines of the table of priorities, beside those that begin with a fact."""
AUCUNE_ANNEE = "aucun relevé d'activité connu"


def assembler(
    base: Path,
    *,
    titre: str,
    lieu: str,
    annee: str | None,
    prefixe: Sequence[str],
    destinataires: str,
    ou: Mapping[str, str],
    etat: EtatDesDonnees,
    parties: Sequence[Partie],
) -> Dossier:
    """A report on the warehouse `base`, which dates it; `annee` is None when nothing is recorded.

    `prefixe`: the words its files begin with; `ou`: what the cover says of its place.
    """
    with entrepot.ouvrir(base) as connexion:
        empreinte = entrepot.empreinte(connexion)
    return Dossier(
        titre=titre,
        sous_titre=f"{lieu}, année {annee}" if annee else lieu,
        prefixe="-".join(prefixe),
        destinataire=destinataires,
        le=date_des_donnees(base),
        empreinte=empreinte,
        couverture={
            **ou,
            "Année scolaire": annee or AUCUNE_ANNEE,
            "Destinataires": destinataires,
            "Données": f"{etat.phrase} {etat.precision}",
            "Empreinte des données": empreinte,
        },
        mentions=tuple(etat.avertissements),
        parties=tuple(parties),
    )


def date_des_donnees(base: Path) -> datetime:
    """When the warehouse was built: it dates the files of a report."""
    with entrepot.ouvrir(base) as connexion:
        [(le,)] = connexion.execute(
            "select max(construit_le)::timestamp from meta_construction"
        ).fetchall()
    return le.replace(microsecond=0, tzinfo=UTC)


def priorites(faits: Sequence[tuple[str, str]]) -> Partie:
    """The priorities, to be written: a line a fact (its part, what it says), then empty lines."""
    return Partie(
        code="priorites",
        titre="Priorités de l'année, à compléter",
        blocs=(
            Texte(
                "Atlas n'en propose aucune : chaque ligne part d'un fait du rapport, et se "
                "complète, se déplace ou se retire dans le fichier Word.",
                Role.ALERTE,
            ),
            Tableau(
                code="priorites",
                titre="Du fait à la priorité",
                colonnes=(
                    Colonne("Partie"),
                    Colonne("Ce que dit le rapport"),
                    Colonne("Priorité retenue"),
                    Colonne("Action, responsable"),
                    Colonne("Échéance"),
                ),
                lignes=(
                    *((partie, fait, "", "", "") for partie, fait in faits),
                    *((("",) * 5,) * LIGNES_LIBRES),
                ),
            ),
        ),
    )


def limites_des_donnees(
    etat: EtatDesDonnees, anomalies: pd.DataFrame, lieux: list[str], titre: str
) -> Partie:
    """What is not known and what was read; `titre` is that of what Atlas can't say."""
    return Partie(
        code="limites",
        titre="Limites et complétude des données",
        blocs=(
            Texte(f"{etat.phrase} {etat.precision}", Role.PHRASE),
            Liste(titre, limites.HORS_D_ATLAS),
            *limites.ce_qui_manque(etat, anomalies, lieux),
        ),
        sections=(limites.fichiers_lus(etat),),
    )
