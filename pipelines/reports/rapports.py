"""The files of a report, of a département or of the académie: to edit, and to print."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.base import provisoire
from pipelines.reports.dossier import pdf, word
from pipelines.reports.dossier.blocs import Dossier
from pipelines.reports.dossier.fichiers import Fichier, Livraison, exiger_formats


@dataclass(frozen=True)
class Format:
    """A kind of file: its words, how its name ends, its media type, what writes it."""

    libelle: str
    fin: str
    media: str
    octets: Callable[[Dossier], bytes]


FORMATS: dict[str, Format] = {
    "docx": Format(
        "Rapport à modifier (Word)",
        ".docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        word.ecrire,
    ),
    "pdf": Format("Rapport à imprimer (PDF)", ".pdf", "application/pdf", pdf.ecrire),
}
"""Code → format, in the order they are offered."""


def produire(rapport: Dossier, codes: Iterable[str] = FORMATS) -> Livraison:
    """The files of those formats; AtlasError when one is no format of a report."""
    return Livraison(
        [
            Fichier(f.libelle, f"{rapport.prefixe}{f.fin}", f.media, f.octets(rapport))
            for f in (FORMATS[code] for code in exiger_formats(codes, FORMATS))
        ]
    )


def ecrire(sortie: Path, rapport: Dossier, codes: Iterable[str] = FORMATS) -> list[Path]:
    """Write the files of those formats in `sortie`, each whole or not at all; where they are."""
    fichiers = produire(rapport, codes).fichiers
    for fichier in fichiers:
        provisoire.ecrire(sortie / fichier.nom, fichier.octets)
    return [sortie / fichier.nom for fichier in fichiers]
