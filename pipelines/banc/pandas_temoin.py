"""The witness of the benchmark: the same marts by a plain pandas script, as one would write it."""

import json
from pathlib import Path

import pandas as pd

from pipelines.base.uai import LETTRES

NATURES = {"300": "LEGT", "301": "LEGT", "302": "LEGT", "306": "LPO", "310": "LEGT", "320": "LP"}
SECTIONS = {"334": "LP", "335": "LEGT"}


def construire(dossier: Path) -> int:
    """Build the marts of `dossier` in memory; the number of sites."""
    annuaire = _annuaire(dossier)
    reseaux = _reseaux(dossier)
    effectifs = _derniers(_effectifs(dossier), "effectif")
    indices = _derniers(_indices(dossier), "ips")
    communes = _communes(dossier)
    etablissements = (
        annuaire.merge(reseaux[["uai", "ep", "uai_tete"]], on="uai", how="left")
        .merge(effectifs, on="uai", how="left")
        .merge(indices, on="uai", how="left")
        .merge(communes, left_on="Code_commune", right_on="commune_code", how="left")
    )
    etablissements["type"] = etablissements.apply(_type, axis=1)
    etablissements["dans_perimetre"] = etablissements.apply(_dans_perimetre, axis=1)
    perimetre = etablissements[etablissements["dans_perimetre"]]
    meres = set(perimetre[~perimetre["code_nature"].isin(SECTIONS)]["uai"])
    perimetre = perimetre.assign(site_id=perimetre.apply(lambda ligne: _site(ligne, meres), axis=1))
    sites = perimetre.groupby("site_id").agg(
        nb_etablissements=("uai", "count"),
        effectif=("effectif", "sum"),
        ips=("ips", "mean"),
        latitude=("latitude", "first"),
        longitude=("longitude", "first"),
    )
    activite = _activite(dossier)
    activite = activite.merge(perimetre[["uai", "site_id"]], on="uai", how="left")
    pd.concat([cadre[cadre["anomalie"] != ""] for cadre in (annuaire, reseaux, activite)])
    return len(sites)


def _lire(fichier: Path) -> pd.DataFrame:
    return pd.read_csv(
        fichier, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig"
    ).apply(lambda colonne: colonne.str.strip())


def _anomalie_uai(uai: str) -> str:
    if len(uai) != 8 or not uai[:7].isdigit():
        return "uai_illisible"
    return "" if LETTRES[int(uai[:7]) % len(LETTRES)] == uai[7] else "uai_cle_fausse"


def _annuaire(dossier: Path) -> pd.DataFrame:
    cadre = _lire(dossier / "annuaire.csv")
    cadre = cadre.rename(columns={"Identifiant_de_l_etablissement": "uai"})
    cadre["uai"] = cadre["uai"].str.upper()
    cadre["anomalie"] = cadre["uai"].apply(_anomalie_uai)
    for colonne in ("latitude", "longitude"):
        cadre[colonne] = pd.to_numeric(cadre[colonne].str.replace(",", "."), errors="coerce")
    cadre["date_maj"] = pd.to_datetime(cadre["date_maj_ligne"], errors="coerce")
    cadre = cadre.sort_values("date_maj", ascending=False)
    return cadre.drop_duplicates("uai")


def _reseaux(dossier: Path) -> pd.DataFrame:
    fichier = dossier / "education_prioritaire.csv"
    if not fichier.exists():
        return pd.DataFrame(columns=["uai", "ep", "uai_tete", "anomalie"])
    cadre = _lire(fichier)
    cadre = cadre.rename(columns={"NUMERO": "uai", "EP": "ep", "UAI tête de réseau": "uai_tete"})
    cadre["uai"] = cadre["uai"].str.upper()
    cadre["anomalie"] = cadre["uai"].apply(_anomalie_uai)
    return cadre.drop_duplicates("uai")


def _effectifs(dossier: Path) -> pd.DataFrame:
    cadres = []
    for fichier in sorted(dossier.glob("effectifs_*.csv")):
        cadre = _lire(fichier)
        uai = next(c for c in cadre.columns if cadre[c].str.fullmatch(r"\d{7}[A-Z]").mean() > 0.9)
        annee = next(c for c in cadre.columns if "entr" in c)
        nombre = next(c for c in cadre.columns if "d_eleves" in c or "d'élèves total" in c)
        cadres.append(
            pd.DataFrame(
                {
                    "uai": cadre[uai],
                    "rentree": pd.to_numeric(cadre[annee].str[:4], errors="coerce"),
                    "effectif": pd.to_numeric(cadre[nombre], errors="coerce"),
                }
            )
        )
    tous = pd.concat(cadres)
    return tous.groupby(["uai", "rentree"], as_index=False)["effectif"].sum()


def _indices(dossier: Path) -> pd.DataFrame:
    cadres = []
    for fichier in sorted(dossier.glob("ips_*.csv")):
        cadre = _lire(fichier)
        valeur = "ips" if "ips" in cadre else "ips_ensemble_gt_pro"
        cadres.append(
            pd.DataFrame(
                {
                    "uai": cadre["uai"],
                    "rentree": pd.to_numeric(cadre["rentree_scolaire"].str[:4], errors="coerce"),
                    "ips": pd.to_numeric(cadre[valeur].str.replace(",", "."), errors="coerce"),
                }
            )
        )
    return pd.concat(cadres)


def _derniers(cadre: pd.DataFrame, valeur: str) -> pd.DataFrame:
    cadre = cadre.dropna(subset=[valeur]).sort_values("rentree", ascending=False)
    return cadre.drop_duplicates("uai")[["uai", valeur]]


def _communes(dossier: Path) -> pd.DataFrame:
    cadres = []
    for fichier in sorted(dossier.glob("*.xlsx")):
        cadre = pd.read_excel(fichier, dtype=str, header=None, skiprows=5, engine="calamine")
        cadres.append(cadre[[0, 2]].set_axis(["commune_code", "densite"], axis=1))
    for fichier in sorted(dossier.glob("*.geojson")):
        json.loads(fichier.read_text(encoding="utf-8"))
    return pd.concat(cadres).drop_duplicates("commune_code")


def _type(ligne: pd.Series) -> str:
    if ligne["Type_etablissement"] == "Collège":
        return "COLLEGE"
    if ligne["Type_etablissement"] == "EREA":
        return "EREA"
    if ligne["Type_etablissement"] == "Ecole":
        return "ECOLE"
    return NATURES.get(ligne["code_nature"], SECTIONS.get(ligne["code_nature"], ""))


def _dans_perimetre(ligne: pd.Series) -> bool:
    return (
        ligne["Statut_public_prive"] == "Public"
        and ligne["ministere_tutelle"].startswith("MINISTERE DE L'EDUCATION")
        and ligne["etat"] in ("OUVERT", "A FERMER")
        and (ligne["type"] in ("COLLEGE", "EREA", "LEGT", "LPO", "LP") or _est_rep_plus(ligne))
    )


def _est_rep_plus(ligne: pd.Series) -> bool:
    return ligne["type"] == "ECOLE" and ligne["ep"] == "REP+"


def _site(ligne: pd.Series, meres: set[str]) -> str:
    if ligne["type"] == "ECOLE":
        return f"RESEAU-{ligne['uai_tete']}"
    if ligne["code_nature"] in SECTIONS and ligne["etablissement_mere"] in meres:
        return ligne["etablissement_mere"]
    return ligne["uai"]


def _activite(dossier: Path) -> pd.DataFrame:
    cadre = _lire(dossier / "activite.csv")
    cadre["uai"] = cadre["uai"].str.upper()
    cadre["anomalie"] = cadre["uai"].apply(_anomalie_uai)
    cadre["rentree"] = pd.to_numeric(cadre["annee_scolaire"].str[:4], errors="coerce")
    cadre["nombre"] = pd.to_numeric(cadre["nombre"], errors="coerce")
    mauvaises = cadre["nombre"].isna() | (cadre["nombre"] < 0)
    cadre.loc[mauvaises, "anomalie"] = "nombre_illisible"
    return cadre
