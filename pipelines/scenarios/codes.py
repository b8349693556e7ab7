"""Sector codes: how a document for an instance names a sector, poste by poste, without its id.

A dossier has a letter and a number for each sector, « Secteur B-07 ». The numbers are drawn by a
key that is kept in the store and nowhere else: whoever knows Atlas, the ids of the postes and the
dossier can't draw them again. The same dossier made again has the same codes; two dossiers of a
département share no letter until all have served, nor an order of their sectors.

What one person's time is (quotité, capacity, status) stays out of such a document, and so does what
would add up to it: the presence of a site is told by its rhythm (`reports.dossier.temps_voile`).
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from math import factorial

import sqlalchemy as sa

from pipelines.base.erreurs import AtlasError
from pipelines.planning.probleme import Probleme
from pipelines.scenarios import magasin, revisions
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.magasin import METADONNEES
from pipelines.scenarios.scenario import Scenario

LETTRES = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without I and O, read as 1 and 0."""
OCTETS_DE_CLE = 32
LONGUEUR_ID_MAX = 120
ESSAIS_MAX = 1_000
CLES = sa.Table(
    "cle_de_dossier",
    METADONNEES,
    sa.Column("scenario_id", sa.String(64), sa.ForeignKey("scenario.scenario_id")),
    sa.Column("dossier_id", sa.String(LONGUEUR_ID_MAX)),
    sa.Column("rang", sa.Integer, nullable=False),
    sa.Column("cle", sa.String(2 * OCTETS_DE_CLE), nullable=False),
    sa.Column("le", sa.DateTime, nullable=False),
    sa.PrimaryKeyConstraint("scenario_id", "dossier_id"),
)


def codes_de_secteur(lecteur: Lecteur, scenario: Scenario, dossier_id: str) -> dict[str, str]:
    """poste_id → code in the dossier `dossier_id` of a scenario, in the order of the codes.

    The key of the dossier is drawn and kept at the first call. AtlasError when `lecteur` may not
    read the scenario, or the id is empty or too long.
    """
    exiger(lecteur, Acte.LIRE, scenario.departement)
    dossier_id = _identifiant(dossier_id)
    postes = postes_a_nommer(scenario.probleme)
    with magasin.ecrire() as connexion:
        departement = revisions.apercu(connexion, scenario.scenario_id).departement
        exiger(lecteur, Acte.LIRE, departement)
        autres = _du_departement(connexion, departement)
        connue = autres.pop((scenario.scenario_id, dossier_id), None)
        if connue is None:
            rang = max((r for r, _ in autres.values()), default=-1) + 1
            connue = (rang, _tirer(postes, [c for _, c in autres.values()]))
            connexion.execute(
                sa.insert(CLES).values(
                    scenario_id=scenario.scenario_id,
                    dossier_id=dossier_id,
                    rang=connue[0],
                    cle=connue[1],
                    le=magasin.jour(),
                )
            )
    return nommer(postes, *connue)


def postes_a_nommer(probleme: Probleme) -> list[str]:
    """The postes that have a sector or may have one, today or in the plan, sorted."""
    servants = {p.poste_id for p in probleme.presences_actuelles}
    return sorted(
        p.poste_id for p in probleme.postes if not p.sans_secteur or p.poste_id in servants
    )


def nommer(postes: Iterable[str], rang: int, cle: str) -> dict[str, str]:
    """poste_id → code, in the order of the codes, for the dossier of that rank and that key."""
    ordre = melanger(postes, cle)
    lettre = LETTRES[rang % len(LETTRES)]
    chiffres = max(2, len(str(len(ordre))))
    return {poste: f"Secteur {lettre}-{n:0{chiffres}}" for n, poste in enumerate(ordre, start=1)}


def melanger(postes: Iterable[str], cle: str) -> list[str]:
    """The postes in the order that `cle` draws: nobody can tell it without the key."""
    secret = cle.encode()
    return sorted(postes, key=lambda p: hmac.new(secret, p.encode(), hashlib.sha256).hexdigest())


def _tirer(postes: list[str], autres: Iterable[str]) -> str:
    """A new key, whose order is not that of the ids nor that of another dossier, if there is one.

    Two or three postes have few orders: once all have served, one serves again.
    """
    pris = {tuple(postes), *(tuple(melanger(postes, c)) for c in autres)}
    cle = secrets.token_hex(OCTETS_DE_CLE)
    for _ in range(ESSAIS_MAX):
        libre = tuple(melanger(postes, cle)) not in pris
        if libre or len(pris) >= factorial(min(len(postes), 10)):
            break
        cle = secrets.token_hex(OCTETS_DE_CLE)
    return cle


def _du_departement(
    connexion: sa.Connection, departement: str
) -> dict[tuple[str, str], tuple[int, str]]:
    """(scenario_id, dossier_id) → rank and key of every dossier of a département."""
    requete = (
        sa.select(CLES.c.scenario_id, CLES.c.dossier_id, CLES.c.rang, CLES.c.cle)
        .join(revisions.SCENARIOS, CLES.c.scenario_id == revisions.SCENARIOS.c.scenario_id)
        .where(revisions.SCENARIOS.c.departement == departement)
        .order_by(CLES.c.rang)
    )
    return {
        (ligne.scenario_id, ligne.dossier_id): (ligne.rang, ligne.cle)
        for ligne in connexion.execute(requete)
    }


def _identifiant(dossier_id: str) -> str:
    net = dossier_id.strip()
    if not net or len(net) > LONGUEUR_ID_MAX:
        raise AtlasError(
            f"Le dossier « {net} » n'a pas un nom qui se garde.",
            admis=f"de 1 à {LONGUEUR_ID_MAX} caractères",
            remede="lui donner un nom court, par exemple « CSA du 12 mars »",
        )
    return net
