"""How long a build takes at the size of the country, against a plain pandas script.

The country is made by repeating real rows: each copy of a département takes another code and its
establishments other, valid UAI, the same in every file, so that all joins hold.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.base.uai import LETTRES
from pipelines.sources import lecture
from pipelines.sources.reconnaissance import Reconnu, reconnaitre

CODES_PAR_DEPARTEMENT = 16
NUMEROS_PAR_COPIE = 5_000
INDICATEURS = ("entretiens", "eleves_suivis", "signalements", "instances")
PERIODES = ("annee", "T1", "T2", "T3")


@dataclass(frozen=True)
class Taille:
    """How many rows each made-up file holds."""

    etablissements: int = 69_000
    ips: int = 40_000
    effectifs: int = 16_000
    activite: int = 5_000_000


def mesurer(reel: Path, taille: Taille, activites: list[int] | None = None) -> dict:
    """Seconds and peak memory of a whole build and of the pandas script, in the same run.

    `reel`: a folder of real files. `activites`: other sizes of the activity file, for the growth
    curve. Each build runs in a process of its own, so that its peak memory is its own.
    """
    with tempfile.TemporaryDirectory() as temporaire:
        dossier = Path(temporaire) / "pays"
        comptes = preparer(reel, dossier, taille)
        resultat = {
            "machine": {"processeur": platform.machine(), "coeurs": _coeurs()},
            "lignes": comptes,
            "atlas": _mesurer_processus("atlas", dossier),
            "pandas": _mesurer_processus("pandas", dossier),
        }
        resultat["rapport_pandas_sur_atlas"] = round(
            resultat["pandas"]["secondes"] / resultat["atlas"]["secondes"], 2
        )
        resultat["croissance"] = []
        for nombre in activites or []:
            _ecrire_activite(dossier, nombre)
            mesure = _mesurer_processus("atlas", dossier)
            resultat["croissance"].append({"lignes_activite": nombre, **mesure})
    return resultat


def _coeurs() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def preparer(reel: Path, dossier: Path, taille: Taille) -> dict[str, int]:
    """Write the made-up country under `dossier`; rows by source."""
    dossier.mkdir(parents=True)
    par_source: dict[str, list[Reconnu]] = {}
    for fichier in sorted(f for f in reel.rglob("*") if f.is_file()):
        for tableau in lecture.tableaux(fichier):
            reconnu = reconnaitre(tableau) if tableau.debuts else None
            if isinstance(reconnu, Reconnu):
                par_source.setdefault(reconnu.carte.nom, []).append(reconnu)
    if "annuaire" not in par_source:
        raise AtlasError(
            "Aucun annuaire à répéter dans ce dossier.",
            fichier=str(reel),
            remede="donner à --sources un dossier de vrais fichiers publics",
        )
    copieur = _Copieur(_lire(par_source["annuaire"]))
    comptes = {
        "annuaire": copieur.ecrire(
            dossier / "annuaire.csv", copieur.annuaire, taille.etablissements
        )
    }
    for source, nombre in (
        ("education_prioritaire", None),
        ("ips_colleges", taille.ips // 5),
        ("ips_ecoles", taille.ips * 7 // 10),
        ("ips_lycees", taille.ips // 10),
        ("effectifs_colleges", taille.effectifs // 8),
        ("effectifs_lycees_gt", taille.effectifs * 7 // 16),
        ("effectifs_lycees_pro", taille.effectifs * 7 // 16),
    ):
        if source in par_source:
            cadre = copieur.connus(_lire(par_source[source]))
            comptes[source] = copieur.ecrire(dossier / f"{source}.csv", cadre, nombre or len(cadre))
    for source in ("densite", "contours"):
        for reconnu in par_source.get(source, []):
            cible = dossier / reconnu.tableau.fichier.name
            cible.write_bytes(reconnu.tableau.fichier.read_bytes())
    np.save(dossier / ".uai.npy", copieur.uai_copies(taille.etablissements))
    comptes["activite"] = _ecrire_activite(dossier, taille.activite)
    return comptes


def _lire(reconnus: list[Reconnu]) -> pd.DataFrame:
    """All rows of these files under their own headers; column names aligned on the first."""
    cadres = []
    for reconnu in reconnus:
        connexion = duckdb.connect()
        colonnes = ", ".join(f'"{c}" varchar' for c in reconnu.positions)
        connexion.execute(f"create table lue (fichier varchar, ligne bigint, {colonnes})")
        reconnu.tableau.inserer(
            connexion, "lue", reconnu.ligne_entete, reconnu.positions, reconnu.tableau.fichier.name
        )
        cadre = connexion.execute("select * exclude (fichier, ligne) from lue").df()
        entetes = dict(reconnu.tableau.debuts)[reconnu.ligne_entete]
        cadre.columns = [entetes[i] for i in reconnu.positions.values()]
        cadres.append(cadre.set_axis(list(reconnu.positions), axis=1))
        noms = {c: entetes[i] for c, i in reconnu.positions.items()}
        connexion.close()
    return pd.concat(cadres, ignore_index=True).rename(columns=noms)


class _Copieur:
    """Copies of the rows of a few départements, each under another code and other UAI."""

    def __init__(self, annuaire: pd.DataFrame) -> None:
        self.annuaire = annuaire
        self.cle = _colonne_uai(annuaire)
        self.codes = {
            code: rang for rang, code in enumerate(sorted(annuaire[self.cle].str[:3].unique()))
        }

    def connus(self, cadre: pd.DataFrame) -> pd.DataFrame:
        """The rows of `cadre` whose UAI is in the annuaire."""
        cle = _colonne_uai(cadre)
        return cadre[cadre[cle].isin(set(self.annuaire[self.cle]))].reset_index(drop=True)

    def uai_copies(self, nombre: int) -> np.ndarray:
        """The UAI of the first `nombre` establishments written."""
        return self._copies(self.annuaire[[self.cle]], nombre)[self.cle].to_numpy(dtype="U8")

    def ecrire(self, fichier: Path, cadre: pd.DataFrame, nombre: int) -> int:
        """Write `nombre` rows made from `cadre`, as the exports are written; rows written."""
        copies = self._copies(cadre, nombre)
        copies.to_csv(fichier, sep=";", index=False, encoding="utf-8-sig")
        return len(copies)

    def _copies(self, cadre: pd.DataFrame, nombre: int) -> pd.DataFrame:
        copies = []
        reste, copie = nombre, 0
        while reste > 0:
            lot = cadre.head(reste).copy()
            for colonne in lot.columns:
                if lot[colonne].str.fullmatch(r"\d{7}[A-Za-z]").fillna(False).any():
                    lot[colonne] = self._autres_uai(lot[colonne], copie)
            if "Code_departement" in lot:
                lot["Code_departement"] = lot[_colonne_uai(lot)].str[:3]
            copies.append(lot)
            reste, copie = reste - len(lot), copie + 1
        return pd.concat(copies, ignore_index=True)

    def _autres_uai(self, uai: pd.Series, copie: int) -> pd.Series:
        valides = uai.str.fullmatch(r"\d{7}[A-Za-z]").fillna(False) & uai.str[:3].isin(self.codes)
        rangs = uai[valides].str[:3].map(self.codes)
        codes = 1 + rangs * CODES_PAR_DEPARTEMENT + copie % CODES_PAR_DEPARTEMENT
        decalage = NUMEROS_PAR_COPIE * (copie // CODES_PAR_DEPARTEMENT)
        numeros = codes * 10_000 + (uai[valides].str[3:7].astype(int) + decalage) % 10_000
        lettres = np.array(list(LETTRES))[(numeros % len(LETTRES)).to_numpy()]
        autres = uai.copy()
        autres[valides] = numeros.astype(str).str.zfill(7) + lettres
        return autres


def _colonne_uai(cadre: pd.DataFrame) -> str:
    """The first column that holds UAI."""
    for colonne in cadre.columns:
        if cadre[colonne].str.fullmatch(r"\d{7}[A-Za-z]").fillna(False).mean() > 0.9:
            return colonne
    raise ValueError("no column of UAI")


def _ecrire_activite(dossier: Path, nombre: int) -> int:
    """The activity file: `nombre` rows over the establishments, years, periods and indicators."""
    uai = np.load(dossier / ".uai.npy")
    connexion = duckdb.connect()
    connexion.register("etablissements", pd.DataFrame({"rang": range(len(uai)), "uai": uai}))
    connexion.execute(
        """
        copy (
            select
                (2025 - n // ? % 10)::varchar || '-' || (2026 - n // ? % 10)::varchar
                    as annee_scolaire,
                (?::varchar[])[1 + n // ? % 4] as periode,
                uai,
                (?::varchar[])[1 + n // ? % 4] as indicateur,
                '' as modalite,
                n * 7919 % 400 as nombre
            from range(?) as lignes(n)
            join etablissements on rang = n % ?
        ) to '"""
        + str(dossier / "activite.csv").replace("'", "''")
        + "' (header, delimiter ';')",
        [
            len(uai) * 16,
            len(uai) * 16,
            list(PERIODES),
            len(uai) * 4,
            list(INDICATEURS),
            len(uai),
            nombre,
            len(uai),
        ],
    )
    connexion.close()
    return nombre


def _mesurer_processus(moteur: str, dossier: Path) -> dict:
    """Seconds and peak memory (MiB) of one build in a process of its own."""
    sortie = subprocess.run(
        [sys.executable, "-m", "pipelines.banc.sources", moteur, str(dossier)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(sortie.stdout.splitlines()[-1])


def _executer(moteur: str, dossier: Path) -> None:
    """The child process: build, then print what it took."""
    debut = time.perf_counter()
    if moteur == "atlas":
        from pipelines.marts.construction import construire

        with tempfile.TemporaryDirectory() as temporaire:
            bilan = construire([dossier], Path(temporaire) / "atlas.duckdb")
            compte = sum(n for sites in bilan.sites.values() for n in sites.values())
    else:
        from pipelines.banc.pandas_temoin import construire as construire_temoin

        compte = construire_temoin(dossier)
    print(
        json.dumps(
            {
                "secondes": round(time.perf_counter() - debut, 2),
                "memoire_max_mio": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "sites": compte,
            }
        )
    )


if __name__ == "__main__":
    _executer(sys.argv[1], Path(sys.argv[2]))
