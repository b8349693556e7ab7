"""Which source a table is, told from its headers and never from its file name."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.sources import donnees_personnelles, lecture
from pipelines.sources.cartes import Carte, cartes, correspondances


@dataclass(frozen=True)
class Reconnu:
    """A table whose source is known: its card, header line and column positions."""

    tableau: lecture.Tableau
    carte: Carte
    ligne_entete: int
    positions: dict[str, int]

    @property
    def entetes(self) -> list[str]:
        """The cells of the header line."""
        return dict(self.tableau.debuts)[self.ligne_entete]


@dataclass(frozen=True)
class NonReconnu:
    """A table no card fits: the source it resembles most and the columns it lacks for it.

    `raison` says why a file holds no table at all.
    """

    fichier: Path
    ressemble_a: str | None = None
    manquantes: tuple[str, ...] = ()
    raison: str | None = None

    def message(self) -> str:
        """What a person needs to know to mend the file."""
        if self.raison is not None:
            return self.raison
        if self.ressemble_a is None:
            return "aucune colonne connue"
        titre = cartes()[self.ressemble_a].titre
        manque = ", ".join(f"« {c} »" for c in self.manquantes)
        return f"ressemble le plus à « {titre} », mais il y manque {manque}"


def reconnaitre(tableau: lecture.Tableau) -> Reconnu | NonReconnu:
    """The source of `tableau`: the card with all its required columns and the most columns found.

    Raises AtlasError when a header of a local or unknown file announces personal data.
    """
    meilleur: tuple[int, int, Reconnu] | None = None
    approche: tuple[int, str, tuple[str, ...]] | None = None
    for ligne, entetes in tableau.debuts:
        for carte in cartes().values():
            positions = correspondances(carte, entetes)
            manquantes = tuple(c for c in carte.requises if c not in positions)
            trouvees = len(carte.requises) - len(manquantes)
            if manquantes:
                if trouvees and (approche is None or trouvees > approche[0]):
                    approche = (trouvees, carte.nom, manquantes)
                continue
            # the last of two header rows wins: INSEE writes its codes below its labels
            rang = (len(positions), ligne)
            if meilleur is None or rang > meilleur[:2]:
                meilleur = (*rang, Reconnu(tableau, carte, ligne, positions))
    if meilleur is None:
        for _, entetes in tableau.debuts:
            donnees_personnelles.verifier_entetes(tableau.fichier, entetes, None)
        ressemble, manquantes = (approche[1], approche[2]) if approche else (None, ())
        return NonReconnu(tableau.fichier, ressemble, manquantes)
    reconnu = meilleur[2]
    if reconnu.carte.est_locale:
        donnees_personnelles.verifier_entetes(tableau.fichier, reconnu.entetes, reconnu.carte)
    return reconnu
