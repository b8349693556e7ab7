"""How an act is saved: in one transaction with its line in the journal, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from pipelines.scenarios import audit, conflits, magasin, processus, revisions, statuts
from pipelines.scenarios.dossiers import Contenu
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.scenario import Apercu, Decisions, Scenario


def nouveau(
    lecteur: Lecteur, nom: str, contenu: Contenu, quoi: str, *, parent_id: str | None = None
) -> Scenario:
    """Save a new scenario in its first state."""
    scenario_id = processus.nouvel_id(contenu.probleme.departement)
    etat = revisions.en_textes(contenu)
    with magasin.ecrire() as connexion:
        revisions.ouvrir_un(connexion, lecteur, (scenario_id, nom, parent_id), etat, quoi)
        audit.inscrire(
            connexion,
            lecteur,
            scenario_id,
            (1, 1),
            "creer" if parent_id is None else "deriver",
            quoi,
            {},
            {"nom": nom, "parent_id": parent_id},
        )
        return revisions.lire(connexion, scenario_id)


def enregistrer(
    lecteur: Lecteur,
    avant: Apercu,
    connu: Decisions,
    contenu: Contenu,
    verbe: str,
    quoi: str,
    *,
    details: dict | None = None,
) -> Scenario:
    """Save the state that comes after `avant`; `Conflit` when another one came meanwhile.

    `connu`: what `avant` decides; `details`: what the journal keeps besides what changed.
    """
    etat, mien = revisions.en_textes(contenu), Decisions(contenu.plan, contenu.probleme.verrous)
    with magasin.ecrire() as connexion:
        vu = revisions.apercu(connexion, avant.scenario_id)
        if vu.version != avant.version:
            raise conflits.constater(connexion, vu.scenario_id, avant.version, mien, quoi)
        statuts.exiger_ouvert(vu.nom, vu.statut)
        position = revisions.ajouter(connexion, lecteur, vu, etat, quoi)
        de, vers = conflits.difference(connu, mien)
        vers |= details or {}
        audit.inscrire(connexion, lecteur, vu.scenario_id, position, verbe, quoi, de, vers)
        return revisions.lire(connexion, vu.scenario_id)


@contextmanager
def acte(
    lecteur: Lecteur, droit: Acte, scenario_id: str, version: int | None, quoi: str
) -> Iterator[tuple[sa.Connection, Apercu]]:
    """The transaction of an act that changes no plan: who, which version and status are checked.

    `version` is None for what is only added to a scenario, and overwrites nothing.
    """
    with magasin.ecrire() as connexion:
        vu = revisions.apercu(connexion, scenario_id)
        exiger(lecteur, droit, vu.departement)
        if version is not None and vu.version != version:
            raise conflits.constater(connexion, scenario_id, version, None, quoi)
        statuts.exiger_ouvert(vu.nom, vu.statut)
        yield connexion, vu
