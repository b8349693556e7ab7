"""The plan that stands for a département: its most advanced scenario, else its last proposal."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.scenarios import atelier, calculs, etudes, versions_etudiees
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.scenario import Apercu
from pipelines.scenarios.statuts import ORDRE


@dataclass(frozen=True)
class Retenu:
    """A plan: what it is called, and the folders where its studies may be, its own first.

    `scenario_id` is None for a proposal.
    """

    nom: str
    dossiers: tuple[Path, ...]
    scenario_id: str | None


def du_plus_avance(apercus: Iterable[Apercu]) -> list[Apercu]:
    """Scenarios by status, arrêté first; of one status, the last changed first."""
    return sorted(apercus, key=lambda a: (ORDRE.index(a.statut), a.modifie_le), reverse=True)


def plans(lecteur: Lecteur, departement: str) -> Iterator[Retenu]:
    """The plans of a département, the one that stands for it first; none for who may not read.

    Scenarios are not written in their folders by this.
    """
    exiger(lecteur, Acte.LISTER, departement)
    if not lecteur.peut(Acte.LIRE, departement):
        return
    for apercu in du_plus_avance(atelier.lister(lecteur, departement)):
        dossiers = versions_etudiees.dossiers_du_meme_contenu(lecteur, apercu)
        yield Retenu(apercu.nom, dossiers, apercu.scenario_id)
    for etat in calculs.derniers(lecteur, departement):
        yield Retenu(f"Proposition du {etat.lancee_le:%d/%m/%Y}", (etat.dossier,), None)


def etudier_les_demi_postes(lecteur: Lecteur, departement: str) -> None:
    """Put in the queue the margins of the plan that stands for a département.

    AtlasError when it has no plan, or when the lecteur may not launch anything there.
    """
    exiger(lecteur, Acte.MODIFIER, departement)
    retenu = next(plans(lecteur, departement), None)
    if retenu is None:
        raise AtlasError(
            f"Le département {departement} n'a ni scénario ni proposition.",
            admis="un département dont une répartition est gardée",
            remede="calculer une proposition, page « Proposer »",
        )
    dossier = retenu.dossiers[0]
    if retenu.scenario_id is not None:
        dossier = atelier.ouvrir(lecteur, retenu.scenario_id).dossier
    etudes.lancer(lecteur, dossier, Nature.MARGES, departement=departement)


def est_en_cours(retenu: Retenu) -> bool:
    """Whether its margins are being computed, or wait for their turn."""
    return any(
        etudes.etat(dossier, Nature.MARGES).phase in versions_etudiees.AU_TRAVAIL
        for dossier in retenu.dossiers
    )
