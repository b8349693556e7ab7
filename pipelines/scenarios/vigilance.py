"""What is answered to each point of vigilance of a scenario: edited, kept, undone, journaled.

An answer is never overwritten: each edit is a new line after the one its author saw. When another
one came meanwhile, `conflits.Conflit` says who wrote it, and nothing is saved.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import audit, magasin, revisions
from pipelines.scenarios.conflits import Conflit
from pipelines.scenarios.enregistrement import acte
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.magasin import METADONNEES

LONGUEUR_MAX = 2_000
ACTE = "repondre"
REPONSES = sa.Table(
    "reponse_de_vigilance",
    METADONNEES,
    sa.Column("scenario_id", sa.String(64), sa.ForeignKey("scenario.scenario_id")),
    sa.Column("code", sa.String(64)),
    sa.Column("numero", sa.Integer),
    # the line an undo goes back to; 0: the answer proposed by Atlas
    sa.Column("precedent", sa.Integer, nullable=False),
    sa.Column("texte", sa.Text),
    sa.Column("auteur", sa.Text, nullable=False),
    sa.Column("le", sa.DateTime, nullable=False),
    sa.PrimaryKeyConstraint("scenario_id", "code", "numero"),
)


@dataclass(frozen=True)
class Reponse:
    """The answer kept to the point `code`, the `numero`-th line about it (`le` in UTC).

    `texte` is None when what was written was undone: the answer proposed by Atlas stands again.
    """

    code: str
    numero: int
    precedent: int
    texte: str | None
    auteur: str
    le: datetime


def reponses(lecteur: Lecteur, scenario_id: str) -> dict[str, Reponse]:
    """code → the answer that stands, for the points somebody answered."""
    with magasin.lire() as connexion:
        exiger(lecteur, Acte.LIRE, revisions.apercu(connexion, scenario_id).departement)
        requete = (
            sa.select(*_champs())
            .where(REPONSES.c.scenario_id == scenario_id)
            .order_by(REPONSES.c.code, REPONSES.c.numero)
        )
        return {r.code: Reponse(**r) for r in connexion.execute(requete).mappings()}


def repondre(
    lecteur: Lecteur, scenario_id: str, code: str, connu: int, titre: str, texte: str
) -> None:
    """Keep `texte` as the answer to a point, in place of its line `connu` (0: none yet).

    `titre`: the point in words, for the journal. A text that changes nothing saves nothing.
    `Conflit` when somebody answered after that line.
    """
    net = texte.strip()
    if not net or len(net) > LONGUEUR_MAX:
        raise AtlasError(
            f"Cette réponse est {'vide' if not net else 'trop longue'}.",
            admis=f"de 1 à {LONGUEUR_MAX} caractères",
            remede="l'écrire en quelques phrases, ou revenir à la réponse proposée",
        )
    _ecrire(lecteur, scenario_id, code, connu, titre, net)


def annuler(lecteur: Lecteur, scenario_id: str, code: str, connu: int, titre: str) -> None:
    """Go back to the answer before the line `connu`, down to the one proposed by Atlas."""
    _ecrire(lecteur, scenario_id, code, connu, titre, None)


def _ecrire(
    lecteur: Lecteur, scenario_id: str, code: str, connu: int, titre: str, texte: str | None
) -> None:
    """A new line after `connu`; without a text, that of the line before it."""
    quoi = f"Réponse à « {titre} »"
    with acte(lecteur, Acte.ANNOTER, scenario_id, None, quoi) as (connexion, vu):
        derniere = _ligne(connexion, scenario_id, code)
        if (derniere.numero if derniere else 0) != connu:
            raise _conflit(connexion, scenario_id, code, connu, quoi)
        avant = derniere.texte if derniere else None
        precedent = connu
        if texte is None:
            if avant is None:
                raise AtlasError(
                    "Il n'y a pas de réponse à annuler.",
                    admis="un point dont la réponse a été changée",
                    remede="recharger la page",
                )
            retour = _ligne(connexion, scenario_id, code, derniere.precedent)
            texte, precedent = (retour.texte, retour.precedent) if retour else (None, 0)
            quoi = f"Réponse annulée à « {titre} »"
        elif texte == avant:
            return
        connexion.execute(
            sa.insert(REPONSES).values(
                scenario_id=scenario_id,
                code=code,
                numero=connu + 1,
                precedent=precedent,
                texte=texte,
                auteur=lecteur.nom,
                le=magasin.jour(),
            )
        )
        audit.inscrire(
            connexion,
            lecteur,
            scenario_id,
            (vu.version, vu.numero),
            ACTE,
            f"{quoi} : {texte}" if texte else quoi,
            {"code": code, "texte": avant},
            {"code": code, "texte": texte},
        )


def _conflit(
    connexion: sa.Connection, scenario_id: str, code: str, connu: int, quoi: str
) -> Conflit:
    """What was answered after the line `connu`, by whom."""
    leur = revisions.lire(connexion, scenario_id)
    siennes = [
        ligne
        for ligne in audit.lignes(connexion, scenario_id)
        if ligne.acte == ACTE and ligne.apres.get("code") == code
    ]
    return Conflit(leur, siennes[connu:], leur.decisions, None, quoi, leur.numero)


def _ligne(
    connexion: sa.Connection, scenario_id: str, code: str, numero: int | None = None
) -> Reponse | None:
    """The line `numero` of a point, or its last; None when there is none."""
    requete = sa.select(*_champs()).where(
        REPONSES.c.scenario_id == scenario_id, REPONSES.c.code == code
    )
    if numero is not None:
        requete = requete.where(REPONSES.c.numero == numero)
    trouvee = connexion.execute(requete.order_by(REPONSES.c.numero.desc()).limit(1)).mappings()
    return next((Reponse(**ligne) for ligne in trouvee), None)


def _champs() -> list[sa.Column]:
    return [REPONSES.c[nom] for nom in Reponse.__dataclass_fields__]
