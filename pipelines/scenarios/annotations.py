"""Notes on a scenario, a site or a poste, and what the instances decided: added, never changed.

One can be taken out of sight and put back: both are acts of their own, with their line in the
journal, and nothing is erased.
"""

from collections.abc import Sequence
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


RETRAITS = sa.Table(
    "retrait",
    METADONNEES,
    sa.Column("rang", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("sorte", sa.String(16), nullable=False),
    sa.Column("piece", sa.Integer, nullable=False),
    sa.Column("est_retiree", sa.Boolean, nullable=False),
    sa.Column("auteur", sa.Text, nullable=False),
    sa.Column("le", sa.DateTime, nullable=False),
    sa.Index("retrait_de_la_piece", "sorte", "piece"),
)
"""Each time a note or a decision was taken out, or put back: the last line is how it stands."""


class Sorte(StrEnum):
    """What can be taken out and put back; the value is stored."""

    NOTE = "note"
    DECISION = "decision"


class Instance(StrEnum):
    """Who decides or advises; the value is stored and shown."""

    GT = "GT"
    CSA = "CSA"
    IA_DASEN = "IA-DASEN"
    RECTEUR = "recteur"


@dataclass(frozen=True)
class Note:
    """A remark; on the whole scenario when it names no site and no poste (`le` in UTC).

    `rang` is its identity; `est_retiree`: it was taken out of sight.
    """

    rang: int
    site_id: str | None
    poste_id: str | None
    texte: str
    auteur: str
    le: datetime
    est_retiree: bool = False


@dataclass(frozen=True)
class Decision:
    """What an instance said, the day it met; `auteur` wrote it down at `le` (UTC).

    `rang` is its identity; `est_retiree`: it was taken out of sight.
    """

    rang: int
    instance: Instance
    tenue_le: date
    texte: str
    auteur: str
    le: datetime
    est_retiree: bool = False


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
    """The notes of a scenario, oldest first, those taken out too."""
    with magasin.lire() as connexion:
        lignes = _lignes(connexion, lecteur, scenario_id, NOTES)
        retirees = _retirees(connexion, Sorte.NOTE, lignes)
        return [Note(**_champs(n, Note), est_retiree=n["rang"] in retirees) for n in lignes]


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
    """What the instances said of a scenario, as it was written, what was taken out too."""
    with magasin.lire() as connexion:
        lignes = _lignes(connexion, lecteur, scenario_id, DECISIONS)
        retirees = _retirees(connexion, Sorte.DECISION, lignes)
        return [
            Decision(
                **{**_champs(d, Decision), "instance": Instance(d["instance"])},
                est_retiree=d["rang"] in retirees,
            )
            for d in lignes
        ]


def retirer(lecteur: Lecteur, scenario_id: str, sorte: Sorte | str, rang: int) -> None:
    """Take a note or a decision out of sight; AtlasError when it is out already."""
    _changer_de_vue(lecteur, scenario_id, Sorte(sorte), rang, est_retiree=True)


def retablir(lecteur: Lecteur, scenario_id: str, sorte: Sorte | str, rang: int) -> None:
    """Put back a note or a decision that was taken out; AtlasError when it was not."""
    _changer_de_vue(lecteur, scenario_id, Sorte(sorte), rang, est_retiree=False)


def _changer_de_vue(
    lecteur: Lecteur, scenario_id: str, sorte: Sorte, rang: int, *, est_retiree: bool
) -> None:
    table, droit, mot = {
        Sorte.NOTE: (NOTES, Acte.ANNOTER, "Note"),
        Sorte.DECISION: (DECISIONS, Acte.DECIDER, "Décision"),
    }[sorte]
    fait = "retirée" if est_retiree else "rétablie"
    with acte(lecteur, droit, scenario_id, None, f"{mot} {fait}") as (connexion, vu):
        requete = sa.select(table).where(table.c.scenario_id == scenario_id, table.c.rang == rang)
        piece = connexion.execute(requete).mappings().one_or_none()
        if piece is None:
            raise AtlasError(
                f"{mot} {rang} : elle n'est pas dans ce scénario.",
                admis=f"une {mot.lower()} de ce scénario",
                remede="recharger la page",
            )
        # what another wrote is not undone by who could not have written over it
        if piece["auteur"] != lecteur.nom:
            exiger(lecteur, Acte.MODIFIER if sorte == Sorte.NOTE else droit, vu.departement)
        if (rang in _retirees(connexion, sorte, [piece])) == est_retiree:
            raise AtlasError(
                f"Cette {mot.lower()} est déjà {fait}.",
                admis=f"une {mot.lower()} qui ne l'est pas",
                remede="recharger la page",
            )
        connexion.execute(
            sa.insert(RETRAITS).values(
                sorte=str(sorte),
                piece=rang,
                est_retiree=est_retiree,
                auteur=lecteur.nom,
                le=magasin.jour(),
            )
        )
        cotes = ({"texte": piece["texte"]}, {})
        audit.inscrire(
            connexion,
            lecteur,
            scenario_id,
            (vu.version, vu.numero),
            "retirer" if est_retiree else "retablir",
            f"{mot} {fait} : {piece['texte']}",
            *(cotes if est_retiree else cotes[::-1]),
        )


def _retirees(connexion: sa.Connection, sorte: Sorte, lignes: Sequence[sa.RowMapping]) -> set[int]:
    """Those of `lignes` that are out of sight, by their `rang`."""
    requete = (
        sa.select(RETRAITS.c.piece, RETRAITS.c.est_retiree)
        .where(RETRAITS.c.sorte == str(sorte), RETRAITS.c.piece.in_([n["rang"] for n in lignes]))
        .order_by(RETRAITS.c.rang)
    )
    derniers = dict(connexion.execute(requete).all())
    return {piece for piece, est_retiree in derniers.items() if est_retiree}


def _champs(ligne: sa.RowMapping, forme: type) -> dict[str, object]:
    return {nom: ligne[nom] for nom in forme.__dataclass_fields__ if nom in ligne}


def _lignes(
    connexion: sa.Connection, lecteur: Lecteur, scenario_id: str, table: sa.Table
) -> list[sa.RowMapping]:
    exiger(lecteur, Acte.LIRE, revisions.apercu(connexion, scenario_id).departement)
    requete = sa.select(table).where(table.c.scenario_id == scenario_id).order_by(table.c.rang)
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
