"""An approximate density grid for the example, in the shape of INSEE's workbook."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import xlsxwriter

from pipelines.simulation import formats
from pipelines.simulation.communes import Commune
from pipelines.simulation.hypotheses import hypothese

TITRES = (
    "Grille de densité",
    "France – Niveau de densité (7 niveaux) des communes : niveaux approchés pour l'exemple fictif",
    "D'après la population et la superficie des communes       Géographie au 01/01/2025",
)
LIBELLES = (
    "Grands centres urbains",
    "Centres urbains intermédiaires",
    "Petites villes",
    "Ceintures urbaines",
    "Bourgs ruraux",
    "Rural à habitat dispersé",
    "Rural à habitat très dispersé",
)


def niveau_densite(commune: Commune) -> int:
    """Density level, 1 (dense) to 7, from population and area alone."""
    densite = commune.population / max(commune.superficie_km2, 0.01)
    return next(
        niveau
        for niveau, (population_min, densite_min) in enumerate(hypothese("seuils_densite"), start=1)
        if commune.population >= population_min and densite >= densite_min
    )


def ecrire_grille(chemin: Path, communes: Sequence[Commune]) -> Path:
    """The workbook: title lines, headers with line breaks, a line of codes, then the communes."""
    chemin.parent.mkdir(parents=True, exist_ok=True)
    classeur = xlsxwriter.Workbook(str(chemin))
    # a fixed date: the same grid is the same file
    classeur.set_properties({"created": datetime(2026, 9, 15)})
    feuille = classeur.add_worksheet("Grille_Densite")
    for rang, titre in enumerate(TITRES):
        feuille.write_string(rang, 0, titre)
    feuille.write_row(3, 0, formats.DENSITE)
    feuille.write_row(4, 0, formats.DENSITE_CODES)
    concernees = sorted((c for c in communes if c.type == "COM"), key=lambda c: c.code)
    for rang, commune in enumerate(concernees, start=5):
        niveau = niveau_densite(commune)
        feuille.write_string(rang, 0, commune.code)
        feuille.write_string(rang, 1, commune.nom)
        feuille.write_number(rang, 2, niveau)
        feuille.write_string(rang, 3, LIBELLES[niveau - 1])
        feuille.write_number(rang, 4, commune.population)
        for autre in range(1, 8):
            feuille.write_number(rang, 4 + autre, 100 if autre == niveau else 0)
    notice = classeur.add_worksheet("Documentation")
    notice.write_string(0, 0, TITRES[0])
    notice.write_string(1, 0, TITRES[1])
    classeur.close()
    return chemin
