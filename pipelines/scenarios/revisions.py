"""The rows of the scenarios, and their revisions: added, never changed; the head moves among them.

Undo moves the head to the revision before, redo to the last one made from it; an act after an undo
makes a new branch, and the other one stays. A new name is a revision too, of the same plan, and
moves with the head. Every function works in the caller's transaction.
"""

import functools
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from pipelines.base.erreurs import AtlasError
from pipelines.planning.probleme import Presence, Probleme, Verrou, depuis_dict, vers_json
from pipelines.scenarios import magasin, propositions, textes_gardes
from pipelines.scenarios.dossiers import Contenu
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.magasin import METADONNEES
from pipelines.scenarios.scenario import Apercu, Decisions, Scenario
from pipelines.scenarios.statuts import Statut

SCENARIOS = sa.Table(
    "scenario",
    METADONNEES,
    sa.Column("scenario_id", sa.String(64), primary_key=True),
    sa.Column("nom", sa.Text, nullable=False),
    sa.Column("departement", sa.String(3), nullable=False, index=True),
    sa.Column("statut", sa.String(32), nullable=False),
    sa.Column("auteur", sa.Text, nullable=False),
    sa.Column("cree_le", sa.DateTime, nullable=False),
    sa.Column("modifie_le", sa.DateTime, nullable=False),
    sa.Column("parent_id", sa.String(64), sa.ForeignKey("scenario.scenario_id")),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("numero", sa.Integer, nullable=False),
)
REVISIONS = sa.Table(
    "revision",
    METADONNEES,
    sa.Column("scenario_id", sa.String(64), sa.ForeignKey("scenario.scenario_id")),
    sa.Column("numero", sa.Integer),
    sa.Column("precedent", sa.Integer),
    sa.Column("probleme", sa.String(64), sa.ForeignKey("texte.sha256"), nullable=False),
    sa.Column("verrous", sa.String(64), sa.ForeignKey("texte.sha256"), nullable=False),
    sa.Column("plan", sa.String(64), sa.ForeignKey("texte.sha256"), nullable=False),
    sa.Column("resume", sa.String(64), sa.ForeignKey("texte.sha256"), nullable=False),
    sa.Column("empreinte_donnees", sa.Text, nullable=False),
    sa.Column("sources", sa.JSON, nullable=False),
    sa.Column("quoi", sa.Text, nullable=False),
    sa.Column("auteur", sa.Text, nullable=False),
    sa.Column("le", sa.DateTime, nullable=False),
    sa.PrimaryKeyConstraint("scenario_id", "numero"),
)
NOMS = sa.Table(
    "renommage",
    METADONNEES,
    sa.Column("scenario_id", sa.String(64), sa.ForeignKey("scenario.scenario_id")),
    sa.Column("numero", sa.Integer),
    sa.Column("avant", sa.Text, nullable=False),
    sa.Column("apres", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("scenario_id", "numero"),
)
"""The revisions that give a name: the one before them, and theirs."""
PROBLEMES_GARDES = 8  # those of the scenarios looked at together, some MiB each
TEXTES = ("probleme", "verrous", "plan", "resume")
CONTENU = ("probleme", "verrous", "plan")
TETE = sa.and_(
    REVISIONS.c.scenario_id == SCENARIOS.c.scenario_id, REVISIONS.c.numero == SCENARIOS.c.numero
)


@dataclass(frozen=True)
class Ecrit:
    """A state put into texts, before a transaction begins: others wait for its end."""

    departement: str
    empreinte_donnees: str
    sources: dict[str, str]
    textes: dict[str, str]


def en_textes(contenu: Contenu) -> Ecrit:
    """`contenu` as a revision keeps it.

    Without its locks, which change at each click, a problem is kept once for all its revisions.
    """
    probleme = contenu.probleme
    return Ecrit(
        departement=probleme.departement,
        empreinte_donnees=probleme.empreinte_donnees,
        sources=contenu.resume.get("sources", {}),
        textes={
            "probleme": vers_json(replace(probleme, verrous=())),
            "verrous": json.dumps([asdict(v) for v in probleme.verrous], ensure_ascii=False),
            "plan": json.dumps([asdict(p) for p in contenu.plan], ensure_ascii=False),
            "resume": propositions.resume_en_json(contenu.resume),
        },
    )


def apercu(connexion: sa.Connection, scenario_id: str) -> Apercu:
    """A scenario without its plan; AtlasError when the store has not got it."""
    [*trouve] = _apercus(connexion, SCENARIOS.c.scenario_id == scenario_id)
    if not trouve:
        raise AtlasError(
            f"Le scénario « {scenario_id} » n'est pas dans l'atelier.",
            admis="un scénario de la page « Scénarios »",
            remede="le choisir dans la liste",
        )
    return trouve[0]


def apercus(connexion: sa.Connection, departement: str | None) -> list[Apercu]:
    """The scenarios of a département (None: of all), the last changed first."""
    condition = sa.true() if departement is None else SCENARIOS.c.departement == departement
    return _apercus(connexion, condition)


def lire(connexion: sa.Connection, scenario_id: str) -> Scenario:
    """A scenario at its head."""
    vu = apercu(connexion, scenario_id)
    ligne = _revision(connexion, scenario_id, vu.numero)
    return Scenario(
        **{nom: getattr(vu, nom) for nom in Apercu.__dataclass_fields__},
        quoi=ligne.quoi,
        probleme=_probleme(connexion, ligne),
        plan=tuple(Presence(**p) for p in _liste(connexion, ligne.plan)),
        resume=resume_de(connexion, scenario_id, vu.numero),
        peut_annuler=ligne.precedent is not None,
        peut_refaire=_suivante(connexion, scenario_id, vu.numero) is not None,
    )


def decisions_de(connexion: sa.Connection, scenario_id: str, numero: int) -> Decisions:
    """The plan and the locks of a revision."""
    ligne = _revision(connexion, scenario_id, numero)
    plan = _liste(connexion, ligne.plan)
    verrous = _liste(connexion, ligne.verrous)
    return Decisions(tuple(Presence(**p) for p in plan), tuple(Verrou(**v) for v in verrous))


def probleme_brut(connexion: sa.Connection, scenario_id: str, numero: int) -> dict:
    """The problem of a revision with its locks, as plain data: readable whatever its format."""
    ligne = _revision(connexion, scenario_id, numero)
    probleme = json.loads(textes_gardes.relire(connexion, ligne.probleme))
    return {**probleme, "verrous": _liste(connexion, ligne.verrous)}


def _probleme(connexion: sa.Connection, ligne: sa.Row) -> Probleme:
    """The problem of a revision with its locks."""
    gardes = (textes_gardes.relire(connexion, texte) for texte in (ligne.probleme, ligne.verrous))
    return _interprete(*gardes)


@functools.lru_cache(maxsize=PROBLEMES_GARDES)
def _interprete(probleme: str, verrous: str) -> Probleme:
    """What two texts of the store say: the same ones are read at each look at a scenario."""
    return depuis_dict({**json.loads(probleme), "verrous": json.loads(verrous)})


def contenu_de(connexion: sa.Connection, scenario_id: str, numero: int) -> Contenu:
    """The whole of a revision."""
    return Contenu(
        _probleme(connexion, _revision(connexion, scenario_id, numero)),
        decisions_de(connexion, scenario_id, numero).plan,
        resume_de(connexion, scenario_id, numero),
    )


def resume_de(connexion: sa.Connection, scenario_id: str, numero: int) -> dict:
    """The summary of a revision."""
    ligne = _revision(connexion, scenario_id, numero)
    return json.loads(textes_gardes.relire(connexion, ligne.resume))


def ouvrir_un(
    connexion: sa.Connection,
    lecteur: Lecteur,
    identite: tuple[str, str, str | None],
    etat: Ecrit,
    quoi: str,
) -> None:
    """A new scenario and its first revision; `identite`: its id, name and parent."""
    scenario_id, nom, parent_id = identite
    maintenant = magasin.jour()
    connexion.execute(
        sa.insert(SCENARIOS).values(
            scenario_id=scenario_id,
            nom=nom,
            departement=etat.departement,
            statut=str(Statut.BROUILLON),
            auteur=lecteur.nom,
            cree_le=maintenant,
            modifie_le=maintenant,
            parent_id=parent_id,
            version=1,
            numero=1,
        )
    )
    _inserer(connexion, lecteur, scenario_id, (1, None), etat, quoi)


def ajouter(
    connexion: sa.Connection,
    lecteur: Lecteur,
    vu: Apercu,
    etat: Ecrit,
    quoi: str,
) -> tuple[int, int]:
    """A new revision after the head, which moves to it; the version and the revision now."""
    numero = _dernier(connexion, vu.scenario_id) + 1
    _inserer(connexion, lecteur, vu.scenario_id, (numero, vu.numero), etat, quoi)
    return avancer(connexion, vu, numero=numero)


def renommer(
    connexion: sa.Connection, lecteur: Lecteur, vu: Apercu, nom: str, quoi: str
) -> tuple[int, int]:
    """A new revision of the same state, under another name; the version and the revision now."""
    ligne = _revision(connexion, vu.scenario_id, vu.numero)
    numero = _dernier(connexion, vu.scenario_id) + 1
    connexion.execute(
        sa.insert(REVISIONS).values(
            scenario_id=vu.scenario_id,
            numero=numero,
            precedent=vu.numero,
            **{texte: getattr(ligne, texte) for texte in TEXTES},
            empreinte_donnees=ligne.empreinte_donnees,
            sources=ligne.sources,
            quoi=quoi,
            auteur=lecteur.nom,
            le=magasin.jour(),
        )
    )
    connexion.execute(
        sa.insert(NOMS).values(scenario_id=vu.scenario_id, numero=numero, avant=vu.nom, apres=nom)
    )
    return avancer(connexion, vu, numero=numero, nom=nom)


def nom_apres(connexion: sa.Connection, vu: Apercu, numero: int, *, avant: bool) -> str:
    """The name once the head has gone to `numero`, back (`avant`) or on."""
    franchie = vu.numero if avant else numero
    requete = sa.select(NOMS).where(NOMS.c.scenario_id == vu.scenario_id, NOMS.c.numero == franchie)
    ligne = connexion.execute(requete).one_or_none()
    if ligne is None:
        return vu.nom
    return ligne.avant if avant else ligne.apres


def de_meme_contenu(connexion: sa.Connection, vu: Apercu) -> list[int]:
    """The revisions that hold the very problem, locks and plan of the head, it first, newest next.

    A study of one of them is a study of all.
    """
    ligne = _revision(connexion, vu.scenario_id, vu.numero)
    requete = (
        sa.select(REVISIONS.c.numero)
        .where(
            REVISIONS.c.scenario_id == vu.scenario_id,
            *(REVISIONS.c[texte] == getattr(ligne, texte) for texte in CONTENU),
        )
        .order_by(REVISIONS.c.numero.desc())
    )
    memes = list(connexion.execute(requete).scalars())
    return [vu.numero, *(numero for numero in memes if numero != vu.numero)]


def actes(connexion: sa.Connection, scenario_id: str) -> dict[int, tuple[str, datetime]]:
    """Revision → the act that made it, and when (UTC)."""
    requete = sa.select(REVISIONS.c.numero, REVISIONS.c.quoi, REVISIONS.c.le).where(
        REVISIONS.c.scenario_id == scenario_id
    )
    return {ligne.numero: (ligne.quoi, ligne.le) for ligne in connexion.execute(requete)}


def avancer(connexion: sa.Connection, vu: Apercu, **valeurs: object) -> tuple[int, int]:
    """Change `valeurs` of the row, and its version; the version and the revision now."""
    connexion.execute(
        sa.update(SCENARIOS)
        .where(SCENARIOS.c.scenario_id == vu.scenario_id)
        .values(version=vu.version + 1, modifie_le=magasin.jour(), **valeurs)
    )
    return vu.version + 1, int(valeurs.get("numero", vu.numero))


def voisine(connexion: sa.Connection, vu: Apercu, *, avant: bool) -> tuple[int, str] | None:
    """Where undo (`avant`) or redo leads, and the act undone or done again; None at the end."""
    if avant:
        ligne = _revision(connexion, vu.scenario_id, vu.numero)
        return None if ligne.precedent is None else (ligne.precedent, ligne.quoi)
    numero = _suivante(connexion, vu.scenario_id, vu.numero)
    if numero is None:
        return None
    return numero, _revision(connexion, vu.scenario_id, numero).quoi


def _apercus(connexion: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Apercu]:
    champs = [*SCENARIOS.c, REVISIONS.c.empreinte_donnees, REVISIONS.c.sources]
    requete = (
        sa.select(*champs)
        .join(REVISIONS, TETE)
        .where(condition)
        .order_by(SCENARIOS.c.modifie_le.desc(), SCENARIOS.c.scenario_id)
    )
    lignes = connexion.execute(requete).mappings()
    return [Apercu(**{**ligne, "statut": Statut(ligne["statut"])}) for ligne in lignes]


def _revision(connexion: sa.Connection, scenario_id: str, numero: int) -> sa.Row:
    requete = sa.select(REVISIONS).where(
        REVISIONS.c.scenario_id == scenario_id, REVISIONS.c.numero == numero
    )
    return connexion.execute(requete).one()


def _dernier(connexion: sa.Connection, scenario_id: str) -> int:
    """The greatest number of a revision, whatever its branch."""
    requete = sa.select(sa.func.max(REVISIONS.c.numero)).where(
        REVISIONS.c.scenario_id == scenario_id
    )
    return connexion.execute(requete).scalar_one()


def _suivante(connexion: sa.Connection, scenario_id: str, numero: int) -> int | None:
    requete = sa.select(sa.func.max(REVISIONS.c.numero)).where(
        REVISIONS.c.scenario_id == scenario_id, REVISIONS.c.precedent == numero
    )
    return connexion.execute(requete).scalar_one()


def _inserer(
    connexion: sa.Connection,
    lecteur: Lecteur,
    scenario_id: str,
    place: tuple[int, int | None],
    etat: Ecrit,
    quoi: str,
) -> None:
    numero, precedent = place
    connexion.execute(
        sa.insert(REVISIONS).values(
            scenario_id=scenario_id,
            numero=numero,
            precedent=precedent,
            **{n: textes_gardes.garder(connexion, t) for n, t in etat.textes.items()},
            empreinte_donnees=etat.empreinte_donnees,
            sources=etat.sources,
            quoi=quoi,
            auteur=lecteur.nom,
            le=magasin.jour(),
        )
    )


def _liste(connexion: sa.Connection, sha256: str) -> list[dict]:
    return json.loads(textes_gardes.relire(connexion, sha256))
