"""A scenario as it is read: its row, and what its current revision holds."""

from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path

from pipelines.base import chemins
from pipelines.planning.assemblage import Hypotheses
from pipelines.planning.probleme import Presence, Probleme, Verrou
from pipelines.scenarios import dossiers
from pipelines.scenarios.statuts import Statut

DOSSIER = "atelier"
"""The folder, under that of the computations, of the scenarios written as proposals."""


@dataclass(frozen=True)
class Apercu:
    """A scenario without its plan. Dates are in UTC; `version` rises at each act that changes it.

    `empreinte_donnees` and `sources` (source → sha256, empty when unknown): the data it rests on.
    """

    scenario_id: str
    nom: str
    departement: str
    statut: Statut
    auteur: str
    cree_le: datetime
    modifie_le: datetime
    parent_id: str | None
    version: int
    numero: int
    empreinte_donnees: str
    sources: dict[str, str]

    @property
    def emplacement(self) -> Path:
        """Where this state is written as a proposal, with its studies, once it was asked for."""
        return chemins.CALCULS / DOSSIER / self.scenario_id / str(self.numero)


@dataclass(frozen=True)
class Decisions:
    """What people decide in a scenario: its plan and its locks, sorted."""

    plan: tuple[Presence, ...]
    verrous: tuple[Verrou, ...]


@dataclass(frozen=True)
class Scenario(Apercu):
    """A scenario at its current revision (`numero`); `quoi` is the act that made that revision."""

    quoi: str
    probleme: Probleme
    plan: tuple[Presence, ...]
    resume: dict
    peut_annuler: bool
    peut_refaire: bool

    @property
    def verrous(self) -> tuple[Verrou, ...]:
        """The locks, those of the problem."""
        return self.probleme.verrous

    @property
    def decisions(self) -> Decisions:
        """The plan and the locks."""
        return Decisions(self.plan, self.verrous)

    @property
    def graine(self) -> int:
        """The seed of the problem."""
        return self.probleme.graine

    @property
    def hypotheses(self) -> Hypotheses:
        """What the user chose; a choice the problem does not tell keeps its default."""
        gardees = self.probleme.hypotheses
        noms = [champ.name for champ in fields(Hypotheses) if champ.name in gardees]
        return Hypotheses(**{nom: gardees[nom] for nom in noms})

    @property
    def est_ouvert(self) -> bool:
        """False once arrêté: nothing can be changed any more."""
        return self.statut != Statut.ARRETE

    @property
    def contenu(self) -> dossiers.Contenu:
        """The three files of a proposal, as values."""
        return dossiers.Contenu(self.probleme, self.plan, self.resume)

    @property
    def dossier(self) -> Path:
        """A folder that holds this very state as a proposal; written now if it is not there."""
        return dossiers.materialiser(self.emplacement, self.contenu)
