"""The files of a dossier: one registry of formats, each made from the same content."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipelines.base import provisoire
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.reports.dossier import (
    annexe,
    contenu,
    diaporama,
    fiches,
    pdf,
    petits_nombres,
    tableur,
)
from pipelines.reports.dossier.blocs import Dossier
from pipelines.reports.dossier.cartes import Cartes, dessiner
from pipelines.reports.dossier.matiere import Matiere, lire_matiere
from pipelines.reports.dossier.parties import transparence
from pipelines.reports.dossier.voile import Destinataire, Voile, noms_tires
from pipelines.scenarios import atelier
from pipelines.scenarios.codes import codes_de_secteur
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.scenario import Scenario


@dataclass(frozen=True)
class Ouvrage:
    """What a format may draw from: the content of the dossier, and what it was made from."""

    lecteur: Lecteur
    scenario: Scenario
    matiere: Matiere
    dossier: Dossier


@dataclass(frozen=True)
class Format:
    """A kind of file: its words, how its name ends, its media type, what writes it."""

    libelle: str
    fin: str
    media: str
    octets: Callable[[Ouvrage], bytes]


FORMATS: dict[str, Format] = {
    "pdf": Format(
        "Dossier à imprimer (PDF)",
        ".pdf",
        "application/pdf",
        lambda o: pdf.ecrire(o.dossier),
    ),
    "pptx": Format(
        "Diaporama à modifier (PowerPoint)",
        ".pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        lambda o: diaporama.ecrire(o.dossier),
    ),
    "xlsx": Format(
        "Classeur du plan et des tableaux, à changer et à redonner à Atlas (Excel)",
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        lambda o: tableur.ecrire(o.scenario, o.matiere, o.dossier),
    ),
    "vigilance": Format(
        "Points de vigilance, à lire avant la réunion (PDF)",
        "-vigilance.pdf",
        "application/pdf",
        lambda o: pdf.ecrire(annexe.composer(o.lecteur, o.scenario, o.matiere, o.dossier)),
    ),
    "fiches": Format(
        "Fiches motivées, une page par secteur et par site (PDF)",
        "-fiches.pdf",
        "application/pdf",
        lambda o: pdf.ecrire(fiches.composer(o.matiere, o.dossier)),
    ),
    "transparence": Format(
        "Fiche de transparence de l'algorithme (PDF)",
        "-transparence.pdf",
        "application/pdf",
        lambda o: pdf.ecrire(transparence.composer(o.dossier)),
    ),
}
"""Code → format, in the order they are offered."""


def destinataires() -> dict[str, str]:
    """Code → words of the readers a dossier may be made for."""
    return {str(d): d.libelle for d in Destinataire}


def preparer(
    lecteur: Lecteur,
    base: Path,
    scenario_id: str,
    destinataire: str,
    autre_id: str | None = None,
) -> Ouvrage:
    """The dossier of a scenario for a reader, its codes drawn, its maps made.

    AtlasError when the reader is none of `destinataires`, when the two scenarios are the same or
    not of one département, or when `lecteur` may not read them.
    """
    if destinataire not in destinataires():
        raise AtlasError(
            f"Destinataire « {destinataire} » inconnu.",
            admis=enumeration(list(destinataires())),
            remede="choisir l'un d'eux",
        )
    voile = voile_pour(lecteur, destinataire, scenario_id, autre_id)
    matiere = lire_matiere(lecteur, base, scenario_id, voile, autre_id)
    dossier = contenu.composer(matiere, _cartes(matiere))
    return Ouvrage(lecteur, atelier.ouvrir(lecteur, scenario_id), matiere, dossier)


def voile_pour(
    lecteur: Lecteur, destinataire: str, scenario_id: str, autre_id: str | None
) -> Voile:
    """The veil of a reader over a scenario, and over the one it is compared with.

    A state of the scenario is a dossier: made again it has its codes, once changed it has new ones.
    """
    if destinataire == Destinataire.NOMINATIF:
        return Voile.nominatif()
    scenario = atelier.ouvrir(lecteur, scenario_id)
    nom = f"instance-{scenario.numero}" + (f"-{autre_id}" if autre_id else "")
    codes = codes_de_secteur(lecteur, scenario, nom)
    postes = {p.poste_id for p in scenario.probleme.postes}
    if autre_id is not None:
        postes |= {p.poste_id for p in atelier.ouvrir(lecteur, autre_id).probleme.postes}
    return Voile.d_instance(
        codes | noms_tires(postes - codes.keys(), "Autre poste"), petits_nombres.proteger
    )


def _cartes(m: Matiere) -> Cartes:
    codes = {p: p for p in m.repartition.postes} if m.voile.est_nominatif else None
    return dessiner(m.base, m.aujourd_hui, m.repartition, codes)


def exiger_formats(codes: Iterable[str], connus: Collection[str] = FORMATS) -> list[str]:
    """`codes` as they are; AtlasError when one is no format of `connus`."""
    voulus = list(codes)
    if inconnus := [c for c in voulus if c not in connus]:
        raise AtlasError(
            f"Format inconnu : {enumeration(inconnus)}.",
            admis=enumeration(list(connus)),
            remede="corriger la liste des formats",
        )
    return voulus


@dataclass(frozen=True)
class Fichier:
    """A file ready to be kept: its words, its name, its media type, its bytes."""

    libelle: str
    nom: str
    media: str
    octets: bytes


def produire(ouvrage: Ouvrage, codes: Iterable[str]) -> list[Fichier]:
    """The files of those formats. A name says what a file is, of where and for whom; no author."""
    return [
        Fichier(f.libelle, f"{ouvrage.dossier.prefixe}{f.fin}", f.media, f.octets(ouvrage))
        for f in (FORMATS[code] for code in exiger_formats(codes))
    ]


def ecrire(sortie: Path, ouvrage: Ouvrage, codes: Iterable[str]) -> list[Path]:
    """Write the files of those formats in `sortie`, each whole or not at all; where they are."""
    fichiers = produire(ouvrage, codes)
    for fichier in fichiers:
        provisoire.ecrire(sortie / fichier.nom, fichier.octets)
    return [sortie / fichier.nom for fichier in fichiers]
