"""The journal of the scenarios: who, when, what, before and after; a line never changes."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pipelines.scenarios import magasin
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.magasin import METADONNEES

JOURNAL = sa.Table(
    "journal",
    METADONNEES,
    sa.Column("rang", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("scenario_id", sa.String(64), sa.ForeignKey("scenario.scenario_id"), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("numero", sa.Integer, nullable=False),
    sa.Column("le", sa.DateTime, nullable=False),
    sa.Column("qui", sa.Text, nullable=False),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("acte", sa.String(32), nullable=False),
    sa.Column("phrase", sa.Text, nullable=False),
    sa.Column("avant", sa.JSON, nullable=False),
    sa.Column("apres", sa.JSON, nullable=False),
    sa.Index("journal_du_scenario", "scenario_id", "rang"),
)


@dataclass(frozen=True)
class Ligne:
    """One act. `version` and `numero`: those of the scenario once it was done (`le` in UTC)."""

    le: datetime
    qui: str
    role: str
    acte: str
    phrase: str
    avant: dict
    apres: dict
    version: int
    numero: int


def inscrire(
    connexion: sa.Connection,
    lecteur: Lecteur,
    scenario_id: str,
    position: tuple[int, int],
    acte: str,
    phrase: str,
    avant: dict,
    apres: dict,
) -> None:
    """Add a line, in the transaction of the act itself; `position`: version and revision after."""
    version, numero = position
    connexion.execute(
        sa.insert(JOURNAL).values(
            scenario_id=scenario_id,
            version=version,
            numero=numero,
            le=magasin.jour(),
            qui=lecteur.nom,
            role=str(lecteur.role),
            acte=acte,
            phrase=phrase,
            avant=avant,
            apres=apres,
        )
    )


def lignes(connexion: sa.Connection, scenario_id: str, depuis: int = -1) -> list[Ligne]:
    """The acts on a scenario after its version `depuis`, oldest first."""
    champs = [JOURNAL.c[nom] for nom in Ligne.__dataclass_fields__]
    requete = (
        sa.select(*champs)
        .where(JOURNAL.c.scenario_id == scenario_id, JOURNAL.c.version > depuis)
        .order_by(JOURNAL.c.rang)
    )
    return [Ligne(**ligne) for ligne in connexion.execute(requete).mappings()]


def revision_de(connexion: sa.Connection, scenario_id: str, version: int) -> int | None:
    """The revision a scenario showed at `version`; None for a version it never had."""
    requete = (
        sa.select(JOURNAL.c.numero)
        .where(JOURNAL.c.scenario_id == scenario_id, JOURNAL.c.version == version)
        .limit(1)
    )
    return connexion.execute(requete).scalar_one_or_none()
