"""What the pandas script reads: the files of the country, and the words and numbers in them.

A file comes as text, one row for each row that is not blank, with the line a spreadsheet shows.
Its separator and the place of each column are given (`Fichier`): nothing is to be recognised.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
import shapely.geometry
from xlsxwriter.utility import xl_col_to_name

from pipelines.banc.pays import Fichier
from pipelines.base.textes import pluriel
from pipelines.base.uai import LETTRES

MILLESIMES = {
    "annuaire": "date_maj_ligne",
    "ips_colleges": "rentree_scolaire",
    "ips_lycees": "rentree_scolaire",
    "ips_ecoles": "rentree_scolaire",
    "effectifs_colleges": "rentree",
    "effectifs_lycees_gt": "rentree",
    "effectifs_lycees_pro": "rentree",
    "effectifs_ecoles": "rentree",
    "effectifs_brevet": "session",
    "effectifs_second_degre": "annee_scolaire",
    "activite": "annee_scolaire",
}
"""The column that dates a file; the others are dated by their name."""
ENSEMBLES = {
    "ips_lycees": {"ips": ("ips_ensemble", "ips_voie_gt", "ips_voie_pro")},
    "effectifs_brevet": {"rentree": ("session",)},
    "effectifs_second_degre": {"rentree": ("annee_scolaire",)},
}
"""What an anomaly calls by one word, of the columns of a source."""
PROPRIETES = {"code_commune": "code", "nom_commune": "nom", "population": "population"}
"""The properties of a commune in a GeoJSON file."""
COLONNES_LUES = ["source", "fichier", "colonne", "colonne_du_fichier"]
COLONNES_DES_CONSTATS = ["source", "fichier", "ligne", "colonne", "valeur", "code"]


@dataclass(frozen=True)
class Lu:
    """The files of one family of sources.

    `lignes` holds the columns of the files and source, fichier, ligne and rang (1: the newest
    vintage of its source), in that order of precedence; `fichiers` one row for each file;
    `constats` what is said of a file and not of one of its rows; `entetes` one row for each column
    of each file, under the name of the card (`colonne`) and of the file (`colonne_du_fichier`).
    """

    lignes: pd.DataFrame
    fichiers: pd.DataFrame
    constats: pd.DataFrame
    entetes: pd.DataFrame


def lire(dossier: Path, fichiers: list[Fichier], colonnes: list[str]) -> Lu:
    """Every row of `fichiers`; those of `colonnes` that no file holds come out empty."""
    cadres, notices, constats, entetes = [], [], [], []
    for fichier in fichiers:
        chemin = dossier / fichier.nom
        if chemin.suffix == ".geojson":
            cadre, ecrits = _contours(chemin), PROPRIETES
        elif chemin.suffix == ".xlsx":
            cadre, ecrits = _classeur(chemin, fichier)
        else:
            cadre, ecrits, sans_titre = _csv(chemin, fichier)
            constats += sans_titre
        entetes.append(_entetes(ecrits, fichier))
        cadres.append(cadre.assign(source=fichier.source, fichier=fichier.nom))
        notices.append(
            {
                "source": fichier.source,
                "fichier": fichier.nom,
                "millesime": _millesime(cadre, fichier),
                "sha256": _empreinte(chemin),
                "octets": chemin.stat().st_size,
                "lignes_lues": len(cadre),
            }
        )
    notices = pd.DataFrame(
        notices,
        columns=["source", "fichier", "millesime", "sha256", "octets", "lignes_lues"],
    )
    dates = notices["millesime"].astype(str).str.extract(r"((?:19|20)\d\d(?:-\d\d-\d\d)?)")[0]
    notices["rang"] = (
        dates.fillna("")
        .groupby(notices["source"])
        .transform(lambda du_meme: du_meme.rank(method="dense", ascending=False))
        .astype(float)
    )
    rangs = notices["rang"].to_numpy()
    ordre = sorted(range(len(cadres)), key=lambda i: (rangs[i], fichiers[i].nom))
    cadres = [cadres[i].assign(rang=rangs[i]) for i in ordre]
    vide = pd.DataFrame(columns=[*colonnes, "source", "fichier", "ligne", "rang"], dtype="str")
    vide = vide.astype({"ligne": "int64", "rang": float})
    lignes = pd.concat(cadres, ignore_index=True) if cadres else vide
    for colonne in colonnes:
        if colonne not in lignes:
            lignes[colonne] = pd.Series(np.nan, lignes.index, dtype="str")
    return Lu(
        lignes,
        notices,
        pd.DataFrame(constats, columns=COLONNES_DES_CONSTATS),
        pd.concat(entetes, ignore_index=True) if entetes else pd.DataFrame(columns=COLONNES_LUES),
    )


def _entetes(ecrits: dict[str, str], fichier: Fichier) -> pd.DataFrame:
    """What a file calls its columns, those that go by one word in the anomalies put together."""
    ensemble = ENSEMBLES.get(fichier.source, {})
    for colonne, memes in ensemble.items():
        ecrits = ecrits | {colonne: " ou ".join(ecrits[c] for c in memes if c in ecrits)}
    return pd.DataFrame(
        [
            (fichier.source, fichier.nom, colonne, " ".join(entete.split()))
            for colonne, entete in ecrits.items()
        ],
        columns=COLONNES_LUES,
    )


def _csv(chemin: Path, fichier: Fichier) -> tuple[pd.DataFrame, dict[str, str], list[dict]]:
    """The rows of a CSV, its headers, and its filled columns without a title."""
    forme = {"sep": fichier.separateur, "header": None, "dtype": "str", "encoding": "utf-8-sig"}
    entetes = pd.read_csv(chemin, skiprows=fichier.ligne_entete - 1, nrows=1, **forme)
    muettes = [rang for rang in entetes.columns if pd.isna(entetes.at[0, rang])]
    cadre = pd.read_csv(
        chemin,
        skiprows=fichier.ligne_entete,
        names=list(entetes.columns),
        usecols=[*fichier.rangs.values(), *muettes],
        skip_blank_lines=False,
        **forme,
    )
    constats = [
        {
            "source": fichier.source,
            "fichier": fichier.nom,
            "ligne": fichier.ligne_entete,
            "colonne": xl_col_to_name(rang),
            "valeur": pluriel(int(cadre[rang].notna().sum()), "cellule"),
            "code": "colonne_sans_titre",
        }
        for rang in muettes
        if cadre[rang].notna().any()
    ]
    ecrits = {colonne: entetes.at[0, rang] for colonne, rang in fichier.rangs.items()}
    return _nommer(cadre.drop(columns=muettes), fichier), ecrits, constats


def _classeur(chemin: Path, fichier: Fichier) -> tuple[pd.DataFrame, dict[str, str]]:
    """The rows of a workbook, and its headers."""
    cadre = pd.read_excel(
        chemin,
        header=None,
        skiprows=fichier.ligne_entete - 1,
        usecols=list(fichier.rangs.values()),
        dtype="str",
        engine="calamine",
    )
    ecrits = {colonne: cadre.at[0, rang] for colonne, rang in fichier.rangs.items()}
    cadre = cadre.drop(index=0).reset_index(drop=True)
    return _nommer(cadre, fichier), ecrits


def _nommer(cadre: pd.DataFrame, fichier: Fichier) -> pd.DataFrame:
    """Columns by their names, cells without blanks around them, rows by their line."""
    cadre = cadre.rename(columns={rang: colonne for colonne, rang in fichier.rangs.items()})
    cadre = cadre.apply(lambda colonne: colonne.str.strip()).replace("", np.nan)
    cadre["ligne"] = cadre.index + fichier.ligne_entete + 1
    return cadre.dropna(how="all", subset=list(fichier.rangs))


def _contours(chemin: Path) -> pd.DataFrame:
    """The communes of a GeoJSON file: properties, a point inside, the box around and the shape."""
    lignes = []
    contenu = json.loads(chemin.read_text(encoding="utf-8"))
    for ligne, entite in enumerate(contenu["features"], start=2):
        forme = shapely.make_valid(shapely.geometry.shape(entite["geometry"]))
        point = forme.representative_point()
        ouest, sud, est, nord = forme.bounds
        lignes.append(
            {
                "code_commune": entite["properties"].get("code"),
                "nom_commune": entite["properties"].get("nom"),
                "population": entite["properties"].get("population"),
                "latitude": point.y,
                "longitude": point.x,
                "ouest": ouest,
                "sud": sud,
                "est": est,
                "nord": nord,
                "contour_wkb": shapely.to_wkb(forme),
                "ligne": ligne,
            }
        )
    cadre = pd.DataFrame(lignes)
    cadre["population"] = cadre["population"].astype("Int64").astype("str")
    return cadre.astype({"code_commune": "str", "nom_commune": "str"})


def _empreinte(chemin: Path) -> str:
    with chemin.open("rb") as flux:
        return hashlib.file_digest(flux, "sha256").hexdigest()


def _millesime(cadre: pd.DataFrame, fichier: Fichier) -> str:
    """The newest day or school year of a file, else its name."""
    nom = Path(fichier.nom).stem
    if fichier.source not in MILLESIMES:
        return nom
    textes = pd.Series(cadre[MILLESIMES[fichier.source]].dropna().unique(), dtype="str")
    jours = jour(textes)
    if jours.notna().any():
        return jours.max().date().isoformat()
    annees = rentree(textes)
    return textes[annees == annees.max()].max() if annees.notna().any() else nom


def nombre(texte: pd.Series) -> pd.Series:
    """Numbers with a point or a comma, spaces inside or not."""
    nombres = pd.to_numeric(texte, errors="coerce")
    reste = nombres.isna() & texte.notna()
    ecrits = texte[reste].str.replace(r"\s", "", regex=True).str.replace(",", ".", regex=False)
    nombres[reste] = pd.to_numeric(ecrits, errors="coerce")
    return nombres.astype(float)


def entier(texte: pd.Series) -> pd.Series:
    """Whole numbers, those written « 686.0 » too; « 1.000 » may be a thousand, it is none."""
    nombres = nombre(texte)
    ecritures = pd.Series(texte.dropna().unique(), dtype="str")
    ambigues = ecritures[ecritures.str.contains("[.,]000$")]
    entiers = nombres.where(nombres % 1 == 0)
    return entiers.mask(texte.isin(ambigues)) if len(ambigues) else entiers


def rentree(texte: pd.Series) -> pd.Series:
    """The year a school year begins in, read once for each way of writing it."""
    ecritures = pd.Series(texte.dropna().unique(), dtype="str")
    annees = pd.to_numeric(ecritures.str.extract(r"^\D*((?:19|20)\d\d)", expand=False))
    return texte.map(dict(zip(ecritures, annees, strict=True))).astype(float)


def jour(texte: pd.Series) -> pd.Series:
    """Days written 2026-05-27, 27/05/2026 or as a spreadsheet's serial number."""
    debuts = texte.str[:10]
    jours = pd.to_datetime(debuts, format="%Y-%m-%d", errors="coerce")
    jours = jours.fillna(pd.to_datetime(debuts, format="%d/%m/%Y", errors="coerce"))
    series = nombre(texte.where(texte.str.fullmatch(r"[2-7]\d{4}([.,]\d+)?").fillna(False)))
    return jours.fillna(pd.to_datetime(series // 1, unit="D", origin="1899-12-30"))


def rentree_du_jour(jours: pd.Series) -> pd.Series:
    """The year of the rentrée a day falls in, from August to July."""
    return jours.dt.year - (jours.dt.month < 8)


def oui_non(texte: pd.Series) -> pd.Series:
    """True, False, or nothing."""
    oui = dict.fromkeys(("1", "1.0", "oui", "o", "vrai", "true", "x"), True)
    non = dict.fromkeys(("0", "0.0", "non", "n", "faux", "false"), False)
    return texte.str.lower().map({**oui, **non}).astype("boolean")


def sans_accents(texte: pd.Series) -> pd.Series:
    """In capitals, without accents."""
    plat = texte.str.normalize("NFKD").str.replace(r"[\u0300-\u036f]", "", regex=True)
    return plat.str.upper()


def departement(texte: pd.Series) -> pd.Series:
    """Three characters, however many zeros are written: 4, 04 and 004 are 004."""
    code = texte.str.upper().str.replace(r"\.0$", "", regex=True)
    return code.str.replace(r"^0+(?=[0-9A-Z]{2,3}$)", "", regex=True).str.zfill(3)


def commune(texte: pd.Series) -> pd.Series:
    """The five characters of a commune's code, or nothing."""
    code = texte.str.upper().str.replace(r"\.0$", "", regex=True).str.zfill(5)
    return code.where(code.str.fullmatch(r"(?:\d\d|2[AB])\d{3}").fillna(False))


def uai(ecrits: pd.Series) -> pd.DataFrame:
    """What is read of each UAI as written, judged once for each spelling.

    Columns: uai, est_uai (its form), est_juste (its letter too), zero_perdu, minuscules.
    """
    distincts = pd.Series(ecrits.dropna().unique(), dtype="str")
    colles = distincts.str.replace(" ", "", regex=False).str.upper()
    zero_perdu = colles.str.fullmatch(r"\d{5,6}[A-Z]")
    propres = colles.mask(zero_perdu, colles.str.zfill(8))
    est_uai = propres.str.fullmatch(r"\d{7}[A-Z]")
    restes = propres.str[:7].where(est_uai, "0").astype(int).to_numpy() % len(LETTRES)
    juges = pd.DataFrame(
        {
            "uai": propres,
            "est_uai": est_uai,
            "est_juste": est_uai & (np.array(list(LETTRES))[restes] == propres.str[7]),
            "zero_perdu": zero_perdu,
            "minuscules": distincts != distincts.str.upper(),
        }
    ).set_index(pd.Index(distincts))
    juges = juges.reindex(ecrits).set_index(ecrits.index)
    drapeaux = ["est_uai", "est_juste", "zero_perdu", "minuscules"]
    return juges.assign(**{d: juges[d].eq(True).astype(bool) for d in drapeaux})
