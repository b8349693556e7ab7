"""Which source a table is, told from its headers and never from its file name."""

from dataclasses import dataclass

from pipelines.sources import donnees_personnelles, lecture
from pipelines.sources.cartes import Carte, cartes, correspondances
from pipelines.sources.fichiers import Fichier


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

    `raison` says why a file holds no table at all. `feuille` is the sheet, when there is one.
    `est_locale_incomplete` tells a local file that lost a column from a table of something else.
    """

    fichier: Fichier
    ressemble_a: str | None = None
    manquantes: tuple[str, ...] = ()
    raison: str | None = None
    feuille: str | None = None
    est_locale_incomplete: bool = False

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

    Raises AtlasError when a header announces personal data.
    """
    meilleur: tuple[int, int, Reconnu] | None = None
    approche: tuple[int, int, NonReconnu] | None = None
    for ligne, entetes in tableau.debuts:
        for carte in cartes().values():
            positions = correspondances(carte, entetes)
            manquantes = tuple(c for c in carte.requises if c not in positions)
            if manquantes:
                # the most columns in common; of as many, the fewest missing
                proximite = (len(positions), -len(manquantes))
                if positions and (approche is None or proximite > approche[:2]):
                    approche = (*proximite, _approche(tableau, carte, entetes, positions))
                continue
            # the last of two header rows wins: INSEE writes its codes below its labels
            rang = (len(positions), ligne)
            if meilleur is None or rang > meilleur[:2]:
                meilleur = (*rang, Reconnu(tableau, carte, ligne, positions))
    if meilleur is None:
        for _, entetes in tableau.debuts:
            donnees_personnelles.verifier_entetes(
                tableau.fichier, entetes, donnees_personnelles.Regime.INCONNU
            )
        return approche[2] if approche else NonReconnu(tableau.fichier, feuille=tableau.feuille)
    reconnu = meilleur[2]
    regime = donnees_personnelles.Regime.de(reconnu.carte)
    donnees_personnelles.verifier_entetes(tableau.fichier, reconnu.entetes, regime, reconnu.carte)
    return reconnu


def _approche(
    tableau: lecture.Tableau, carte: Carte, entetes: list[str], positions: dict[str, int]
) -> NonReconnu:
    """`tableau` as an incomplete file of `carte`.

    A local file that lost a column keeps most of the others: at least half of those required, two
    in all, and they are most of its own headers. Less than that is a table of something else.
    """
    manquantes = tuple(c for c in carte.requises if c not in positions)
    trouvees = len(carte.requises) - len(manquantes)
    nommees = sum(bool(e.strip()) for e in entetes)
    return NonReconnu(
        tableau.fichier,
        carte.nom,
        manquantes,
        feuille=tableau.feuille,
        est_locale_incomplete=carte.est_locale
        and 2 * trouvees >= len(carte.requises)
        and len(positions) >= 2
        and 2 * len(positions) > nommees,
    )
