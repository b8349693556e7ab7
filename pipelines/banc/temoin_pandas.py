"""The witness of the benchmark: the same marts by a straightforward pandas script.

Written as an analyst who knows the rules would: vectorised, each file read once with the columns
it takes, at the places given (nothing to recognise). It does less than Atlas: no fingerprint, no
search for personal data, and of the anomalies the fate of the rows only.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
import shapely.geometry

from pipelines.banc.pays import Fichier
from pipelines.base import chemins
from pipelines.base.uai import LETTRES

VOIES = ("effectifs_colleges", "effectifs_lycees_gt", "effectifs_lycees_pro")
TYPES = {"Collège": "COLLEGE", "EREA": "EREA", "Ecole": "ECOLE"}
SECOND_DEGRE = ("COLLEGE", "LEGT", "LPO", "LP", "EREA")


def construire(dossier: Path, fichiers: list[Fichier], sortie: Path) -> dict[str, float]:
    """Build the marts of `fichiers` and write each to `sortie` as Parquet.

    Returns the counts to compare with those of Atlas (`pipelines.banc.sources.comptes`).
    """
    sources: dict[str, list[Fichier]] = {}
    for fichier in fichiers:
        sources.setdefault(fichier.source, []).append(fichier)
    annuaire = _annuaire(_lire(dossier, sources["annuaire"]))
    reseaux = _reseaux(_lire(dossier, sources.get("education_prioritaire", [])))
    communes = _communes(dossier, sources, set(annuaire["code_departement"]))
    etablissements = _etablissements(
        annuaire,
        reseaux,
        communes,
        _effectifs(dossier, sources),
        _indices(dossier, sources),
    )
    rattachements = _rattachements(etablissements)
    sites = _sites(etablissements, rattachements)
    activite = _activite(_lire(dossier, sources["activite"]), rattachements)
    gardee = activite["anomalie"].isna()
    marts = {
        "mart_etablissement": etablissements,
        "mart_rattachement": rattachements,
        "mart_site": sites,
        "mart_commune": communes,
        "mart_activite": activite[gardee].drop(columns="anomalie"),
        "mart_anomalie": activite[~gardee],
    }
    for nom, mart in marts.items():
        mart.to_parquet(sortie / f"{nom}.parquet", index=False)
    natures = sites["nature"].value_counts()
    return {
        "communes": len(communes),
        "etablissements": len(etablissements),
        "etablissements_du_perimetre": int(etablissements["dans_perimetre"].sum()),
        "sites_etablissement": int(natures.get("etablissement", 0)),
        "sites_ecoles_rep_plus": int(natures.get("ecoles_rep_plus", 0)),
        "effectif_des_sites": int(sites["effectif"].sum()),
        "somme_des_ips_des_sites": round(float(sites["ips"].sum()), 3),
        "activite_lignes": int(gardee.sum()),
        "activite_nombre": int(marts["mart_activite"]["nombre"].sum()),
        "activite_lignes_rattachees": int(marts["mart_activite"]["site_id"].notna().sum()),
    }


def _lire(dossier: Path, fichiers: list[Fichier]) -> pd.DataFrame:
    """The rows of CSV files, as text without blanks around it, empty cells as NaN."""
    cadres = []
    for fichier in fichiers:
        cadre = pd.read_csv(
            dossier / fichier.nom,
            sep=fichier.separateur,
            header=None,
            skiprows=fichier.ligne_entete,
            usecols=list(fichier.rangs.values()),
            dtype=str,
            encoding="utf-8-sig",
        )
        noms = {rang: colonne for colonne, rang in fichier.rangs.items()}
        cadre = cadre.rename(columns=noms).apply(lambda colonne: colonne.str.strip())
        cadres.append(cadre.assign(source=fichier.source))
    return pd.concat(cadres, ignore_index=True) if cadres else pd.DataFrame()


def _nombre(texte: pd.Series) -> pd.Series:
    return pd.to_numeric(texte.str.replace(",", ".", regex=False), errors="coerce")


def _rentree(texte: pd.Series) -> pd.Series:
    return pd.to_numeric(texte.str.extract(r"((?:19|20)\d\d)", expand=False))


def _est_uai(uai: pd.Series) -> pd.Series:
    return uai.str.fullmatch(r"\d{7}[A-Z]").fillna(False)


def _cle_juste(uai: pd.Series) -> pd.Series:
    """Whether the letter of well-formed UAI is the one of their number."""
    numeros = uai.str[:7].astype(int).to_numpy()
    return pd.Series(np.array(list(LETTRES))[numeros % len(LETTRES)], uai.index) == uai.str[7]


def _annuaire(lignes: pd.DataFrame) -> pd.DataFrame:
    """One row for each UAI, the newest."""
    lignes["uai"] = lignes["uai"].str.upper()
    lignes = lignes[_est_uai(lignes["uai"])].copy()
    lignes["date_maj"] = pd.to_datetime(lignes["date_maj_ligne"], errors="coerce")
    for colonne in ("latitude", "longitude", "nombre_d_eleves"):
        lignes[colonne] = _nombre(lignes[colonne])
    for colonne in ("ulis", "segpa", "hebergement", "ecole_maternelle", "ecole_elementaire"):
        lignes[colonne] = lignes[colonne].map({"1": True, "0": False, "1.0": True, "0.0": False})
    lignes = lignes.sort_values("date_maj", ascending=False, kind="stable")
    return lignes.drop_duplicates("uai").drop(columns="source")


def _reseaux(lignes: pd.DataFrame) -> pd.DataFrame:
    """UAI → label and head of its network; the REP+ label before the other."""
    if lignes.empty:
        return pd.DataFrame(columns=["uai", "ep", "uai_tete_reseau"])
    lignes["uai"] = lignes["uai"].str.upper()
    lignes["ep"] = lignes["ep"].str.upper().str.replace(" ", "", regex=False)
    lignes = lignes[_est_uai(lignes["uai"]) & lignes["ep"].isin(["REP", "REP+"])]
    lignes = lignes.sort_values("ep", ascending=False, kind="stable").drop_duplicates("uai")
    lignes = lignes.rename(columns={"uai_tete_de_reseau": "uai_tete_reseau"})
    return lignes[["uai", "ep", "uai_tete_reseau"]]


def _communes(
    dossier: Path, sources: dict[str, list[Fichier]], departements: set[str]
) -> pd.DataFrame:
    """Code, name, density and population of each commune of `departements`, a point inside it and
    its shape when it is drawn.
    """
    grilles = []
    for fichier in sources["densite"]:
        cadre = pd.read_excel(
            dossier / fichier.nom,
            header=None,
            skiprows=fichier.ligne_entete,
            dtype=str,
            engine="calamine",
        )
        grilles.append(cadre.rename(columns={r: c for c, r in fichier.rangs.items()}))
    grille = pd.concat(grilles).drop_duplicates("code_commune")
    grille["densite"] = _nombre(grille["densite"])
    grille["population"] = _nombre(grille["population"])
    points = []
    for fichier in sources.get("contours", []):
        contenu = json.loads((dossier / fichier.nom).read_text(encoding="utf-8"))
        for entite in contenu["features"]:
            forme = shapely.geometry.shape(entite["geometry"])
            point = shapely.make_valid(forme).representative_point()
            code = entite["properties"]["code"]
            points.append((code, point.y, point.x, shapely.to_wkb(forme)))
    colonnes = ["code_commune", "latitude_commune", "longitude_commune", "contour_wkb"]
    contours = pd.DataFrame(points, columns=colonnes).drop_duplicates("code_commune")
    communes = grille.merge(contours, on="code_commune", how="outer")
    codes = communes["code_commune"]
    outre_mer = codes.str[:2].isin(["97", "98"])
    return communes[codes.str[:3].where(outre_mer, "0" + codes.str[:2]).isin(departements)]


def _effectifs(dossier: Path, sources: dict[str, list[Fichier]]) -> pd.DataFrame:
    """Newest enrolment of each UAI (columns uai, effectif, effectif_rentree).

    Voies of one establishment add up; a voie whose file says nothing for a rentrée (no such year,
    or an empty total) keeps its last count. Other files are used where there is no voie.
    """
    lignes = _lire(
        dossier, [f for nom, fs in sources.items() if nom.startswith("effectifs_") for f in fs]
    )
    if lignes.empty:
        return pd.DataFrame(columns=["uai", "effectif", "effectif_rentree"])
    annees = pd.Series(np.nan, lignes.index)
    for colonne, retard in (("rentree", 0), ("annee_scolaire", 0), ("session", 1)):
        if colonne in lignes:
            annees = annees.fillna(_rentree(lignes[colonne]) - retard)
    lignes["rentree"] = annees
    lignes["effectif"] = _nombre(lignes["effectif"])
    lignes = lignes[lignes["uai"].notna() & lignes["rentree"].notna()]
    lignes = lignes.drop_duplicates(["source", "uai", "rentree"])

    voies = lignes[lignes["source"].isin(VOIES)]
    publiees = set(zip(voies["source"], voies["rentree"], strict=True))
    tableau = voies.pivot(index=["uai", "rentree"], columns="source", values="effectif")
    muettes = voies[voies["effectif"].isna()].assign(muette=1)
    muettes = muettes.pivot(index=["uai", "rentree"], columns="source", values="muette")
    muettes = muettes.reindex_like(tableau).notna()
    tableau = tableau[tableau.notna().any(axis=1)].sort_index()
    reportes = tableau.groupby(level="uai").ffill()
    for source in tableau.columns:
        tue = [(source, r) not in publiees for r in tableau.index.get_level_values("rentree")]
        peut = pd.Series(tue, tableau.index) | muettes[source].reindex(tableau.index)
        tableau[source] = tableau[source].where(tableau[source].notna() | ~peut, reportes[source])
    sommes = tableau.sum(axis=1).rename("effectif").reset_index().assign(ordre=0)

    autres = lignes[~lignes["source"].isin(VOIES) & lignes["effectif"].notna()]
    autres = autres.assign(ordre=np.where(autres["source"] == "effectifs_brevet", 2, 1))
    tous = pd.concat([sommes, autres[["uai", "rentree", "effectif", "ordre", "source"]]])
    tous = tous.sort_values(["rentree", "ordre", "source"], ascending=[False, True, True])
    tous = tous.drop_duplicates("uai").rename(columns={"rentree": "effectif_rentree"})
    return tous[["uai", "effectif", "effectif_rentree"]]


def _indices(dossier: Path, sources: dict[str, list[Fichier]]) -> pd.DataFrame:
    """Newest IPS of each UAI, and the pupils it was counted on (écoles)."""
    lignes = _lire(
        dossier, [f for nom, fs in sources.items() if nom.startswith("ips_") for f in fs]
    )
    if lignes.empty:
        return pd.DataFrame(columns=["uai", "ips", "eleves_de_l_indice"])
    for colonne in ("ips", "ips_ensemble", "ips_voie_gt", "ips_voie_pro", "eleves_de_l_indice"):
        lignes[colonne] = _nombre(lignes[colonne]) if colonne in lignes else np.nan
    for colonne in ("ips_ensemble", "ips_voie_gt", "ips_voie_pro"):
        lignes["ips"] = lignes["ips"].fillna(lignes[colonne])
    lignes["rentree"] = _rentree(lignes["rentree_scolaire"])
    lignes = lignes[lignes["ips"].notna()]
    lignes = lignes.sort_values(["rentree", "source"], ascending=[False, True], kind="stable")
    return lignes.drop_duplicates("uai")[["uai", "ips", "eleves_de_l_indice"]]


def _etablissements(
    annuaire: pd.DataFrame,
    reseaux: pd.DataFrame,
    communes: pd.DataFrame,
    effectifs: pd.DataFrame,
    indices: pd.DataFrame,
) -> pd.DataFrame:
    """Every establishment, with what the other files say of it, and whether it is planned for."""
    natures = pd.read_csv(chemins.REFERENCE / "natures.csv", dtype=str)
    natures = natures.rename(columns={"type": "type_nature"})[
        ["code_nature", "type_nature", "est_section"]
    ]
    meres = pd.read_csv(chemins.REFERENCE / "arrondissements.csv", dtype=str)
    meres = meres.set_index("commune_code")["commune_mere"]
    commune = annuaire["code_commune"].map(meres).fillna(annuaire["code_commune"])
    cadre = (
        annuaire.assign(commune_de_reference=commune)
        .merge(natures, on="code_nature", how="left")
        .merge(reseaux, on="uai", how="left")
        .merge(effectifs, on="uai", how="left")
        .merge(indices, on="uai", how="left")
        .merge(
            communes.drop(columns=["nom_commune", "contour_wkb"]),
            left_on="commune_de_reference",
            right_on="code_commune",
            how="left",
            suffixes=("", "_grille"),
        )
    )
    cadre["latitude"] = cadre["latitude"].fillna(cadre["latitude_commune"])
    cadre["longitude"] = cadre["longitude"].fillna(cadre["longitude_commune"])
    cadre["est_section"] = cadre["est_section"] == "oui"
    est_lycee = cadre["type_etablissement"] == "Lycée"
    cadre["type"] = cadre["type_etablissement"].map(TYPES).fillna(cadre["type_nature"])
    cadre["type"] = cadre["type"].mask(est_lycee & cadre["type"].isna(), "LEGT")
    cadre["type"] = cadre["type"].mask(est_lycee, cadre["type_nature"].fillna("LEGT"))
    ep_annuaire = cadre["education_prioritaire"].str.upper().str.replace(" ", "", regex=False)
    cadre["uai_tete_reseau"] = cadre["uai_tete_reseau"].mask(
        cadre["ep"].isna() & ep_annuaire.notna() & (cadre["type"] == "COLLEGE"), cadre["uai"]
    )
    cadre["ep"] = cadre["ep"].fillna(ep_annuaire)
    des_eleves = cadre["date_maj"].dt.year - (cadre["date_maj"].dt.month < 8)
    connu = cadre["effectif"].notna()
    cadre["effectif_rentree"] = cadre["effectif_rentree"].where(
        connu, des_eleves.where(cadre["nombre_d_eleves"].notna())
    )
    cadre["effectif"] = cadre["effectif"].fillna(cadre["nombre_d_eleves"])
    est_ecole = cadre["type"] == "ECOLE"
    cadre["dans_perimetre"] = (
        (cadre["statut_public_prive"] == "Public")
        & cadre["ministere_tutelle"].str.upper().str.startswith("MINISTERE DE L'EDUCATION")
        & cadre["type_etablissement"].isin([*TYPES, "Lycée"])
        & cadre["etat"].isin(["OUVERT", "A FERMER"])
        & (
            cadre["type"].isin(SECOND_DEGRE)
            | (est_ecole & (cadre["ep"] == "REP+") & cadre["uai_tete_reseau"].notna())
        )
    ).fillna(False)
    return cadre


def _rattachements(etablissements: pd.DataFrame) -> pd.DataFrame:
    """uai → site_id: a section goes to its mother, an école REP+ to its network."""
    dedans = etablissements[etablissements["dans_perimetre"]]
    est_ecole = dedans["type"] == "ECOLE"
    meres = dedans[~est_ecole & ~dedans["est_section"]]["uai"]
    a_sa_mere = dedans["est_section"] & dedans["etablissement_mere"].isin(meres) & ~est_ecole
    site = dedans["uai"].mask(a_sa_mere, dedans["etablissement_mere"])
    site = site.mask(est_ecole, "RESEAU-" + dedans["uai_tete_reseau"])
    return pd.DataFrame({"uai": dedans["uai"], "site_id": site})


def _sites(etablissements: pd.DataFrame, rattachements: pd.DataFrame) -> pd.DataFrame:
    """One row for each site, of both natures."""
    membres = rattachements.merge(etablissements, on="uai")
    est_ecole = membres["type"] == "ECOLE"
    seconds = membres[~est_ecole].copy()
    principaux = seconds[seconds["uai"] == seconds["site_id"]].set_index("site_id")
    # pupils of a section are added to the mother's of the same rentrée only
    rentree = seconds["site_id"].map(principaux["effectif_rentree"])
    seconds["effectif"] = seconds["effectif"].where(
        rentree.isna() | (seconds["effectif_rentree"] == rentree)
    )
    groupes = seconds.groupby("site_id")
    colonnes = [
        "nom", "type", "ips", "latitude", "longitude", "commune_de_reference", "departement",
        "code_bassin", "libelle_bassin", "densite", "ep", "uai_tete_reseau",
    ]  # fmt: skip
    etablis = principaux.rename(columns={"code_departement": "departement"})[colonnes].join(
        groupes.agg(
            nb_etablissements=("uai", "count"),
            segpa=("segpa", "max"),
            ulis=("ulis", "max"),
            internat=("hebergement", "max"),
        )
    )
    etablis["effectif"] = groupes["effectif"].sum(min_count=1)

    ecoles = membres[est_ecole].copy()
    moyenne = ecoles.groupby("site_id")["eleves_de_l_indice"].transform("mean")
    ecoles["poids"] = ecoles["eleves_de_l_indice"].fillna(moyenne).fillna(1)
    ecoles["ips_pese"] = ecoles["ips"] * ecoles["poids"]
    ecoles["poids"] = ecoles["poids"].where(ecoles["ips"].notna())
    groupes = ecoles.groupby("site_id")
    reseaux = groupes.agg(
        nb_etablissements=("uai", "count"),
        latitude=("latitude", "mean"),
        longitude=("longitude", "mean"),
        departement=("code_departement", "first"),
        code_bassin=("code_bassin", "first"),
        libelle_bassin=("libelle_bassin", "first"),
        densite=("densite", "median"),
        uai_tete_reseau=("uai_tete_reseau", "first"),
    )
    reseaux["effectif"] = groupes["effectif"].sum(min_count=1)
    reseaux["ips"] = groupes["ips_pese"].sum(min_count=1) / groupes["poids"].sum(min_count=1)
    return pd.concat(
        [
            etablis.assign(nature="etablissement"),
            reseaux.assign(nature="ecoles_rep_plus", type="ECOLE", ep="REP+"),
        ]
    ).reset_index(names="site_id")


def _activite(lignes: pd.DataFrame, rattachements: pd.DataFrame) -> pd.DataFrame:
    """Every row of activity with its site, and why it is not kept (`anomalie`, else empty)."""
    lignes["uai"] = lignes["uai"].str.upper()
    lignes["periode"] = lignes["periode"].str.upper().replace("ANNEE", "annee")
    for colonne in ("indicateur", "modalite"):
        lignes[colonne] = lignes[colonne].str.lower()
    lignes["rentree"] = _rentree(lignes["annee_scolaire"])
    lignes["nombre"] = _nombre(lignes["nombre"])
    lignes["est_simule"] = lignes["origine"].str.upper().str.startswith("SIMUL").fillna(False)
    est_uai = _est_uai(lignes["uai"])
    est_uai[est_uai] = _cle_juste(lignes.loc[est_uai, "uai"])
    cles = ["rentree", "periode", "uai", "indicateur", "modalite"]
    lignes["anomalie"] = np.select(
        [
            lignes["rentree"].isna(),
            ~lignes["periode"].isin(["annee", "T1", "T2", "T3"]),
            ~est_uai,
            lignes["indicateur"].isna(),
            lignes["nombre"].isna() | (lignes["nombre"] < 0),
            lignes.duplicated(cles),
        ],
        [
            "annee_illisible",
            "periode_inconnue",
            "uai_illisible_local",
            "indicateur_absent",
            "nombre_illisible",
            "activite_deux_lignes",
        ],
        default=None,
    )
    lignes = lignes.drop(columns=["source", "origine"])
    return lignes.merge(rattachements, on="uai", how="left")
