"""Excel templates of the local files: ready to fill, each column explained where it is filled.

They are documents, so they are made here and not among the scenarios. The first sheet alone is
read when a filled template comes back: the headers of the others are no column of any source.
"""

import io
import tomllib
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_range_abs
from xlsxwriter.worksheet import Worksheet

from pipelines.base import chemins, provisoire, reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.reports.classeur import Classeur, largeur
from pipelines.sources.cartes import Carte, cartes

LIGNES_A_REMPLIR = 2000
# what Atlas writes itself: the mark of simulated rows, the engine of measured travel
COLONNES_ECRITES_PAR_ATLAS = ("origine", "moteur", "empreinte")
LONGUEUR_UAI = 8
ARCHIVE = "modeles-atlas.zip"


@dataclass(frozen=True)
class Colonne:
    """A column of a template: its header, what it expects, and two made-up cells."""

    nom: str
    est_obligatoire: bool
    description: str
    unite: str
    admis: dict[str, str]
    bornes: tuple[float, float] | None
    exemples: tuple[str | float, str | float]

    @property
    def aide(self) -> str:
        """What the note of the header says."""
        phrases = [
            f"{self.description[0].upper()}{self.description[1:]}.",
            "Obligatoire." if self.est_obligatoire else "Facultatif.",
        ]
        if self.unite:
            phrases.append(f"Unité : {self.unite}.")
        if self.admis:
            phrases.append(f"Valeurs admises : {', '.join(self.admis)}.")
        return "\n".join(phrases)


def ecrire(sortie: Path) -> list[Path]:
    """Write one template a local source under `sortie`; AtlasError when it can't be written."""
    ecrits = []
    try:
        for nom in locales():
            chemin = sortie / f"{nom}.xlsx"
            provisoire.ecrire(chemin, modele(nom))
            ecrits.append(chemin)
    except OSError as cause:
        raise AtlasError(
            f"Impossible d'écrire les modèles : {cause.strerror or cause}.",
            fichier=str(sortie),
            admis="un dossier où l'on peut écrire",
            remede="choisir un autre dossier avec --sortie",
        ) from cause
    return ecrits


def archive() -> bytes:
    """Every template, in one zip file."""
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as fichier:
        for nom in locales():
            fichier.writestr(f"{nom}.xlsx", modele(nom))
    return tampon.getvalue()


def locales() -> list[str]:
    """The sources a template exists for."""
    return [nom for nom, carte in cartes().items() if carte.est_locale]


def colonnes(source: str) -> list[Colonne]:
    """The columns of a local source, in the order of its card."""
    carte = cartes()[source]
    return [
        _colonne(carte, canonique, alias[0])
        for canonique, alias in carte.colonnes.items()
        if canonique not in COLONNES_ECRITES_PAR_ATLAS
    ]


def modele(source: str) -> bytes:
    """The template of a local source, as an Excel workbook."""
    carte, attendues = cartes()[source], colonnes(source)
    with Classeur() as classeur:
        feuille = classeur.classeur.add_worksheet(source)
        exemple = classeur.classeur.add_worksheet("Exemple")
        classeur.lecture(_lisez_moi(carte, attendues), "Lisez-moi")
        plages = _ecrire_listes(classeur, attendues)
        feuille.freeze_panes(1, 0)
        texte = classeur.classeur.add_format({"num_format": "@"})
        for rang, colonne in enumerate(attendues):
            feuille.write_string(0, rang, colonne.nom, classeur.entete)
            feuille.write_comment(0, rang, colonne.aide, {"x_scale": 2.4, "y_scale": 1.3})
            largeur_colonne = largeur(colonne.nom * 2, [str(e) for e in colonne.exemples])
            feuille.set_column(rang, rang, largeur_colonne, None if colonne.bornes else texte)
            _valider(feuille, rang, colonne, plages.get(colonne.nom))
        _ecrire_exemple(classeur, exemple, attendues)
    return classeur.octets()


@cache
def _descriptions() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads((chemins.REFERENCE / "modeles.toml").read_text(encoding="utf-8"))


def _colonne(carte: Carte, canonique: str, nom: str) -> Colonne:
    champs = _descriptions()[carte.nom][nom]
    admis = dict.fromkeys(champs.get("admis", []), "")
    if "liste" in champs:
        admis = _liste(champs["liste"])
    return Colonne(
        nom=nom,
        est_obligatoire=canonique in carte.requises,
        description=champs["description"],
        unite=champs.get("unite", ""),
        admis=admis,
        bornes=tuple(champs["bornes"]) if "bornes" in champs else None,
        exemples=tuple(champs["exemples"]),
    )


def _liste(nom: str) -> dict[str, str]:
    """Values a reference file already gives, with what each means."""
    if nom == "periodicites":
        return dict.fromkeys(reference.valeur("temps_travail", "periodicites"), "")
    return {e["code"]: e["libelle"] for e in reference.dictionnaire_activite()[nom]}


def _valider(feuille: Worksheet, rang: int, colonne: Colonne, plage: str | None) -> None:
    """What the spreadsheet refuses as it is typed, and what it says then."""
    regle: dict[str, Any] | None = None
    if plage:
        regle = {"validate": "list", "source": plage}
    elif colonne.bornes:
        mini, maxi = colonne.bornes
        regle = {"validate": "decimal", "criteria": "between", "minimum": mini, "maximum": maxi}
    elif colonne.nom.endswith("uai"):
        regle = {"validate": "length", "criteria": "==", "value": LONGUEUR_UAI}
    if regle is None:
        return
    if colonne.admis:
        message = "Choisir une valeur de la liste."
    elif colonne.bornes:
        message = f"Attendu : {colonne.unite}."
    else:
        message = "Un UAI a 7 chiffres et une lettre."
    regle |= {"error_title": colonne.nom[:30], "error_message": message}
    feuille.data_validation(1, rang, LIGNES_A_REMPLIR, rang, regle)


def _ecrire_listes(classeur: Classeur, attendues: list[Colonne]) -> dict[str, str]:
    """The sheet of admitted values, two columns a list (code, meaning); where each list is."""
    plages: dict[str, str] = {}
    avec_liste = [c for c in attendues if c.admis]
    if not avec_liste:
        return plages
    feuille = classeur.classeur.add_worksheet("Listes")
    feuille.freeze_panes(1, 0)
    for rang, colonne in enumerate(avec_liste):
        codes, sens = 2 * rang, 2 * rang + 1
        feuille.write_string(0, codes, f"valeurs de {colonne.nom}", classeur.entete)
        feuille.write_string(0, sens, "sens", classeur.entete)
        for ligne, (code, libelle) in enumerate(colonne.admis.items(), start=1):
            feuille.write_string(ligne, codes, code)
            feuille.write_string(ligne, sens, libelle)
        feuille.set_column(codes, codes, largeur(colonne.nom, list(colonne.admis)))
        if any(colonne.admis.values()):
            feuille.set_column(sens, sens, largeur("", list(colonne.admis.values())))
        plage = xl_range_abs(1, codes, len(colonne.admis), codes)
        plages[colonne.nom] = f"=Listes!{plage}"
    return plages


def _ecrire_exemple(classeur: Classeur, feuille: Worksheet, attendues: list[Colonne]) -> None:
    feuille.write_string(
        0, 0, "Deux lignes d'exemple, fictives : cette feuille n'est pas lue.", classeur.gras
    )
    feuille.freeze_panes(2, 0)
    for rang, colonne in enumerate(attendues):
        feuille.write_string(1, rang, f"exemple : {colonne.nom}", classeur.entete)
        for ligne, valeur in enumerate(colonne.exemples, start=2):
            ecrire_cellule = (
                feuille.write_string if isinstance(valeur, str) else feuille.write_number
            )
            ecrire_cellule(ligne, rang, valeur)
        lettre = xl_col_to_name(rang)
        feuille.set_column(f"{lettre}:{lettre}", largeur(colonne.nom * 2, ["exemple"]))


def _lisez_moi(carte: Carte, attendues: list[Colonne]) -> list[str]:
    obligatoires = [c.nom for c in attendues if c.est_obligatoire]
    return [
        f"{carte.titre} : {carte.grain}",
        "",
        f"Remplir la première feuille (« {carte.nom} »), une ligne après l'autre, sans changer "
        "ses en-têtes ; puis déposer ce classeur sur la page « Données » d'Atlas, ou le mettre "
        "dans le dossier des sources. Les autres feuilles ne sont pas lues.",
        f"Colonnes obligatoires : {enumeration(obligatoires)}. Les autres peuvent rester vides.",
        # without the words the reader refuses: this sheet comes back with the file
        "Un poste a un identifiant, jamais un nom. Aucune donnée sur quelqu'un n'a sa place ici : "
        "le fichier serait refusé en entier.",
        "Avant tout changement, Atlas montre ce qu'il a lu, ligne par ligne, et ce qui changerait.",
        "",
        *(f"{c.nom} : {c.aide}".replace("\n", " ") for c in attendues),
    ]
