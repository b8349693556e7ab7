"""Notes on a scenario, a site or a poste, and what the instances decided: added, never changed."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.scenarios import audit, magasin, revisions
from pipelines.scenarios.enregistrement import acte
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.magasin import METADONNEES

LONGUEUR_MAX = 4_000
NOTES = sa.Table(
    "note",
    METADONNEES,
    sa.Column("rang", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("scenario_id", sa.String(64), sa.ForeignKey("scenario.scenario_id"), index=True),
    sa.Column("site_id", sa.Text),
    sa.Column("poste_id", sa.Text),
    sa.Column("texte", sa.Text, nullable=False),
    sa.Column("auteur", sa.Text, nullable=False),
    sa.Column("le", sa.DateTime, nullable=False),
)
DECISIONS = sa.Table(
    "decision",
    METADONNEES,
    sa.Column("rang", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("scenario_id", sa.String(64), sa.ForeignKey("scenario.scenario_id"), index=True),
    sa.Column("instance", sa.String(32), nullable=False),
    sa.Column("tenue_le", sa.Date, nullable=False),
    sa.Column("texte", sa.Text, nullable=False),
    sa.Column("auteur", sa.Text, nullable=False),
    sa.Column("le", sa.DateTime, nullable=False),
)


class Instance(StrEnum):
    """Who decides or advises; the value is stored and shown."""

    GT = "GT"
    CSA = "CSA"
    IA_DASEN = "IA-DASEN"
    RECTEUR = "recteur"


@dataclass(frozen=True)
class Note:
    """A remark; on the whole scenario when it names no site and no poste (`le` in UTC)."""

    site_id: str | None
    poste_id: str | None
    texte: str
    auteur: str
    le: datetime


@dataclass(frozen=True)
class Decision:
    """What an instance said, the day it met; `auteur` wrote it down at `le` (UTC)."""

    instance: Instance
    tenue_le: date
    texte: str
    auteur: str
    le: datetime


def noter(
    lecteur: Lecteur,
    scenario_id: str,
    texte: str,
    *,
    site_id: str | None = None,
    poste_id: str | None = None,
) -> None:
    """Add a note to a scenario, or to a site, a poste or their link in it."""
    net = _texte(texte, "Cette note")
    with acte(lecteur, Acte.ANNOTER, scenario_id, None, net) as (connexion, vu):
        probleme = revisions.lire(connexion, scenario_id).probleme
        for mot, voulu, connus in (
            ("Le site", site_id, {s.site_id for s in probleme.sites}),
            ("Le poste", poste_id, {p.poste_id for p in probleme.postes}),
        ):
            if voulu is not None and voulu not in connus:
                raise AtlasError(
                    f"{mot} « {voulu} » n'est pas dans ce scénario.",
                    admis="un site ou un poste de ce scénario",
                    remede="corriger l'identifiant",
                )
        connexion.execute(
            sa.insert(NOTES).values(
                scenario_id=scenario_id,
                site_id=site_id,
                poste_id=poste_id,
                texte=net,
                auteur=lecteur.nom,
                le=magasin.jour(),
            )
        )
        ou = enumeration([nom for nom in (site_id, poste_id) if nom is not None])
        apres = {"site_id": site_id, "poste_id": poste_id, "texte": net}
        phrase = f"Note sur {ou} : {net}" if ou else f"Note : {net}"
        audit.inscrire(
            connexion, lecteur, scenario_id, (vu.version, vu.numero), "noter", phrase, {}, apres
        )


def notes(lecteur: Lecteur, scenario_id: str) -> list[Note]:
    """The notes of a scenario, oldest first."""
    with magasin.lire() as connexion:
        return [Note(**n) for n in _lignes(connexion, lecteur, scenario_id, NOTES, Note)]


def decider(
    lecteur: Lecteur, scenario_id: str, instance: Instance | str, tenue_le: date, texte: str
) -> None:
    """Write down what an instance said of a scenario on the day it met."""
    net = _texte(texte, "Cette décision")
    qui = _instance(instance)
    with acte(lecteur, Acte.DECIDER, scenario_id, None, net) as (connexion, vu):
        connexion.execute(
            sa.insert(DECISIONS).values(
                scenario_id=scenario_id,
                instance=str(qui),
                tenue_le=tenue_le,
                texte=net,
                auteur=lecteur.nom,
                le=magasin.jour(),
            )
        )
        apres = {"instance": str(qui), "tenue_le": tenue_le.isoformat(), "texte": net}
        phrase = f"Décision ({qui}, {tenue_le:%d/%m/%Y}) : {net}"
        audit.inscrire(
            connexion, lecteur, scenario_id, (vu.version, vu.numero), "decider", phrase, {}, apres
        )


def decisions(lecteur: Lecteur, scenario_id: str) -> list[Decision]:
    """What the instances said of a scenario, in the order it was written."""
    with magasin.lire() as connexion:
        lignes = _lignes(connexion, lecteur, scenario_id, DECISIONS, Decision)
        return [Decision(**{**ligne, "instance": Instance(ligne["instance"])}) for ligne in lignes]


def _lignes(
    connexion: sa.Connection, lecteur: Lecteur, scenario_id: str, table: sa.Table, forme: type
) -> list[sa.RowMapping]:
    exiger(lecteur, Acte.LIRE, revisions.apercu(connexion, scenario_id).departement)
    champs = [table.c[nom] for nom in forme.__dataclass_fields__]
    requete = sa.select(*champs).where(table.c.scenario_id == scenario_id).order_by(table.c.rang)
    return list(connexion.execute(requete).mappings())


def _texte(texte: str, quoi: str) -> str:
    net = texte.strip()
    if not net or len(net) > LONGUEUR_MAX:
        raise AtlasError(
            f"{quoi} est {'vide' if not net else 'trop longue'}.",
            admis=f"de 1 à {LONGUEUR_MAX} caractères",
            remede="l'écrire en quelques phrases",
        )
    return net


def _instance(instance: Instance | str) -> Instance:
    try:
        return Instance(instance)
    except ValueError as cause:
        raise AtlasError(
            f"L'instance « {instance} » n'est pas connue.",
            admis=enumeration([str(i) for i in Instance]),
            remede="choisir l'une d'elles",
        ) from cause
