"""The files of a dossier: one registry of formats, each made from the same content."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from threading import Lock

from pipelines.base import provisoire
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.reports import pieces
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
from pipelines.scenarios import atelier, scelle
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
    verrou: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def couches(self) -> Mapping[str, bytes]:
        """The layers and the plan, under the ids of the postes: name of a file → its content.

        Made once, even when two files that need them are written at the same time.
        """
        with self.verrou:
            return self._couches

    @cached_property
    def _couches(self) -> Mapping[str, bytes]:
        return pieces.sig(self.lecteur, self.matiere.base, self.scenario.scenario_id)


@dataclass(frozen=True)
class Format:
    """A kind of file: its words, how its name ends, its media type, what writes it.

    `reserve`: why an instance does not get it; empty when it does. `libelle_commun`: its words for
    an instance, where they differ.
    """

    libelle: str
    fin: str
    media: str
    octets: Callable[[Ouvrage], bytes]
    reserve: str = ""
    libelle_commun: str = ""

    def libelle_pour(self, *, est_nominatif: bool) -> str:
        """Its words for the reader of the dossier."""
        return self.libelle if est_nominatif else self.libelle_commun or self.libelle


DE_FRONT = 2
"""Documents made at the same time."""
ETOILES = "ses traits partent de la résidence de chaque poste"
LEURS_SITES = "il va avec la couche des secteurs"
POSTES_NOMMES = (
    "il nomme chaque poste. Le plan, dit par rythmes et par codes de secteur, est dans le classeur"
)
CONTENU_ENTIER = "il contient le problème entier, avec la quotité et le statut de chaque poste"
"""Why a file is for those who know each poste, in words that follow « car »."""


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
        "Classeur à changer et à redonner à Atlas (Excel)",
        ".xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        lambda o: tableur.ecrire(o.scenario, o.matiere, o.dossier),
        libelle_commun="Classeur des tableaux (Excel)",
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
    "sites": Format(
        "Sites pour un SIG (GeoJSON)",
        "-sites.geojson",
        "application/geo+json",
        lambda o: o.couches[pieces.SITES],
        LEURS_SITES,
    ),
    "secteurs": Format(
        "Secteurs pour un SIG (GeoJSON)",
        "-secteurs.geojson",
        "application/geo+json",
        lambda o: o.couches[pieces.SECTEURS],
        ETOILES,
    ),
    "gpkg": Format(
        "Sites et secteurs pour un SIG (GeoPackage, Lambert-93)",
        ".gpkg",
        "application/geopackage+sqlite3",
        lambda o: o.couches[pieces.GEOPACKAGE],
        ETOILES,
    ),
    "csv": Format(
        "Plan, une ligne par présence (CSV)",
        "-plan.csv",
        "text/csv",
        lambda o: o.couches[pieces.PLAN],
        POSTES_NOMMES,
    ),
    "scelle": Format(
        "Fichier scellé, à recalculer pour vérifier chaque nombre (zip)",
        "-scelle.zip",
        "application/zip",
        lambda o: scelle.sceller(o.lecteur, o.matiere.base, o.scenario),
        CONTENU_ENTIER,
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


@dataclass(frozen=True)
class Manque:
    """A file that is not given, and why; `est_un_refus` when it was asked for and can't be made."""

    libelle: str
    raison: str
    est_un_refus: bool

    @property
    def phrase(self) -> str:
        """What is missing and why, as one sentence."""
        return f"{self.libelle} : {self.raison}".rstrip(".") + "."


@dataclass(frozen=True)
class Livraison:
    """The files that could be made, and those that could not or are not for this reader."""

    fichiers: Sequence[Fichier]
    manques: Sequence[Manque] = ()


def produire(ouvrage: Ouvrage, codes: Iterable[str]) -> Livraison:
    """The files of those formats. A name says what a file is, of where and for whom; no author.

    One that is refused, like the sealed file once the data have changed, doesn't keep the others
    from being given.
    """
    voulus = [FORMATS[code] for code in exiger_formats(codes)]
    # typst lets go of the interpreter: a PDF is laid out while another document is written
    with ThreadPoolExecutor(DE_FRONT) as fils:
        faits = list(fils.map(lambda f: _faire(ouvrage, f), voulus))
    return Livraison(
        [f for f in faits if isinstance(f, Fichier)], [f for f in faits if isinstance(f, Manque)]
    )


def _faire(ouvrage: Ouvrage, format_: Format) -> Fichier | Manque:
    """The file of a format, or why there is none."""
    est_nominatif = ouvrage.matiere.voile.est_nominatif
    libelle = format_.libelle_pour(est_nominatif=est_nominatif)
    if format_.reserve and not est_nominatif:
        raison = f"réservé à la version nominative, car {format_.reserve}"
        return Manque(libelle, raison, est_un_refus=False)
    try:
        octets = format_.octets(ouvrage)
    except AtlasError as refus:
        a_faire = f" Que faire : {refus.remede}" if refus.remede else ""
        return Manque(libelle, f"{refus.quoi}{a_faire}", est_un_refus=True)
    nom = f"{ouvrage.dossier.prefixe}{format_.fin}"
    return Fichier(libelle, nom, format_.media, octets)


def ecrire(sortie: Path, ouvrage: Ouvrage, codes: Iterable[str]) -> tuple[list[Path], list[Manque]]:
    """Write the files of those formats in `sortie`, each whole or not at all.

    Gives where they are, and those that are not given; AtlasError when none is.
    """
    livraison = produire(ouvrage, codes)
    if livraison.manques and not livraison.fichiers:
        raise AtlasError(
            "Aucun document n'a été écrit. " + " ".join(m.phrase for m in livraison.manques),
            remede="demander d'autres formats, ou la version nominative à qui peut la lire",
        )
    for fichier in livraison.fichiers:
        provisoire.ecrire(sortie / fichier.nom, fichier.octets)
    return [sortie / f.nom for f in livraison.fichiers], list(livraison.manques)
