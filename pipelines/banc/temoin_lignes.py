"""What becomes of each row the pandas script reads: kept, merged or rejected, and why.

Every function returns the rows of a family of sources, cleaned, with `sort` (gardee, fusionnee,
rejetee), and the cells with something amiss: where, `colonne`, `valeur`, `code`. Rows come in order
of precedence: the newest vintage first, then by name of file and line.
"""

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from pipelines.banc import temoin_lecture as lecture
from pipelines.base import chemins, reference

LABELS = ("REP", "REP+")
SANS_LABEL = ("HORSEP", "NON", "0")
CORSE = {"620": "02A", "720": "02B"}
"""How an UAI of Corsica begins, and the département it is of."""
OUI_OU_NON = (
    "ecole_maternelle", "ecole_elementaire", "voie_professionnelle", "hebergement", "ulis", "segpa",
)  # fmt: skip
"""The questions the annuaire answers by 1 or 0."""
COLONNES = {
    "annuaire": [
        "uai", "nom", "type_etablissement", "statut_public_prive", "code_commune", "nom_commune",
        "code_departement", "libelle_academie", "ecole_maternelle", "ecole_elementaire",
        "voie_professionnelle", "hebergement", "ulis", "segpa", "education_prioritaire",
        "nombre_d_eleves", "latitude", "longitude", "precision_localisation", "date_maj_ligne",
        "date_ouverture", "etat", "ministere_tutelle", "code_nature", "libelle_nature",
        "etablissement_mere", "code_bassin", "libelle_bassin",
    ],
    "education_prioritaire": [
        "uai", "uai_tete_de_reseau", "ep", "type_d_etablissement", "nom", "commune", "departement",
    ],
    "ips": [
        "rentree_scolaire", "uai", "ips", "ips_ensemble", "ips_voie_gt", "ips_voie_pro",
        "eleves_de_l_indice",
    ],
    "effectifs": [
        "uai", "rentree", "annee_scolaire", "session", "effectif", "eleves_segpa", "eleves_ulis",
        "rep", "rep_plus",
    ],
    "densite": ["code_commune", "nom_commune", "densite", "libelle_densite", "population"],
    "contours": [
        "code_commune", "nom_commune", "population", "latitude", "longitude", "ouest", "sud",
        "est", "nord", "contour_wkb",
    ],
    "activite": [
        "annee_scolaire", "periode", "uai", "indicateur", "modalite", "nombre", "origine",
    ],
}  # fmt: skip
"""The columns each family of sources may hold."""
ILLISIBLES = (*OUI_OU_NON, "nombre_d_eleves", "latitude", "date_maj_ligne", "date_ouverture")
"""The columns of the annuaire whose cells may be lost, each told in « …_illisible »."""
ANNEE = ("ANNEE", "ANNÉE")
PERIODES = ("annee", "T1", "T2", "T3")
Jugees = tuple[pd.DataFrame, pd.DataFrame]
"""Rows with their fate, and their cells with something amiss."""


def premier(regles: dict[str, pd.Series], sinon: str | None = None) -> np.ndarray:
    """For each row, the name of the first rule it meets."""
    conditions = [condition.to_numpy(dtype=bool) for condition in regles.values()]
    return np.select(conditions, [np.array(nom, dtype=object) for nom in regles], sinon)


def choisir(cles: pd.Series, valeurs: dict[str, pd.Series], sinon: pd.Series) -> pd.Series:
    """For each row, the value its key calls for."""
    choisies = sinon.astype(object)
    for cle, valeur in valeurs.items():
        choisies = choisies.mask(cles == cle, valeur)
    return choisies


def _cellules(
    lignes: pd.DataFrame, jugements: Iterable[tuple[str | pd.Series, np.ndarray, pd.Series]]
) -> pd.DataFrame:
    """The cells with something amiss: of each column, a code or nothing, and what is written."""
    dites = []
    for colonne, codes, valeurs in jugements:
        vues = pd.notna(codes)
        dites.append(
            lignes.loc[vues, ["source", "fichier", "ligne"]].assign(
                colonne=colonne if isinstance(colonne, str) else colonne[vues],
                valeur=valeurs[vues].astype(object),
                code=codes[vues],
            )
        )
    return pd.concat(dites)


def _une_par_ligne(lignes: pd.DataFrame) -> Jugees:
    """Rows of which one thing at most is said: `anomalie`, about `colonne` and its `valeur`."""
    codes = lignes["anomalie"].to_numpy(dtype=object)
    return lignes, _cellules(lignes, [(lignes["colonne"], codes, lignes["valeur"])])


def annuaire(lignes: pd.DataFrame) -> Jugees:
    """The establishments: of two rows for one UAI, that of the newest file, then the newest."""
    lignes = lignes.rename(columns={"uai": "uai_lu", "latitude": "x", "longitude": "y"})
    lignes = lignes.join(lecture.uai(lignes["uai_lu"]))
    lignes["est_sans_nom"] = lignes["nom"].isna()
    lignes["nom"] = lignes["nom"].fillna(lignes["type_etablissement"] + " sans nom")
    lignes["commune_code"] = lecture.commune(lignes["code_commune"])
    lignes["departement"] = lecture.departement(lignes["code_departement"])
    connues = _academies(lignes["libelle_academie"], lignes["departement"])
    lignes["academie"] = connues.fillna(lignes["libelle_academie"])
    lignes["academie_inconnue"] = lignes["libelle_academie"].where(connues.isna())
    for colonne in OUI_OU_NON:
        lue = lecture.oui_non(lignes[colonne])
        lignes[f"{colonne}_illisible"] = lignes[colonne].where(lue.isna())
        lignes[colonne] = lue
    label = lignes["education_prioritaire"].str.upper().str.replace(" ", "", regex=False)
    lignes["ep_annuaire"] = label.where(label.isin(LABELS))
    lignes["label_inconnu"] = label.where(~label.isin([*LABELS, *SANS_LABEL]))
    lignes["effectif"] = _possible(lecture.entier(lignes["nombre_d_eleves"]))
    lignes["nombre_d_eleves_illisible"] = lignes["nombre_d_eleves"].where(lignes["effectif"].isna())
    x, y = lecture.nombre(lignes["x"]), lecture.nombre(lignes["y"])
    au_large = (x == 0) & (y == 0)
    lignes["latitude"] = x.where(x.between(-90, 90) & ~au_large)
    lignes["longitude"] = y.where(y.between(-180, 180) & ~au_large)
    perdue = lignes["x"].notna() & lignes["latitude"].isna()
    perdue |= lignes["y"].notna() & lignes["longitude"].isna()
    lues = lignes["x"] + "\u202f; " + lignes["y"]
    lignes["latitude_illisible"] = lues.fillna(lignes["x"]).fillna(lignes["y"]).where(perdue)
    lignes["precision_localisation"] = lignes["precision_localisation"].str.lower()
    for colonne, nom in (("date_maj_ligne", "date_maj"), ("date_ouverture", "date_ouverture")):
        jours = lecture.jour(lignes[colonne])
        lignes[f"{colonne}_illisible"] = lignes[colonne].where(jours.isna())
        lignes[nom] = jours
    lignes["etat"] = lecture.sans_accents(lignes["etat"])
    lignes["ministere"] = lecture.sans_accents(lignes["ministere_tutelle"])
    lignes["uai_mere"] = lecture.uai(lignes["etablissement_mere"])["uai"]

    plus_recent = lignes.groupby("departement")["rang"].transform("min")
    lignes["est_disparue"] = lignes["rang"] > plus_recent
    lignes["autre"] = lignes["type_etablissement"] != "Collège"
    lignes = lignes.sort_values(
        ["rang", "date_maj", "autre", "fichier", "ligne"],
        ascending=[True, False, True, True, True],
    )
    retenues = lignes[lignes["est_uai"]].drop_duplicates("uai").set_index("uai")
    lignes["fichier_retenu"] = lignes["uai"].map(retenues["fichier"])
    # the pupils the row retained keeps silent on, the next row may tell
    comptees = lignes[lignes["est_uai"] & lignes["effectif"].notna()]
    comptees = comptees.drop_duplicates("uai").set_index("uai")
    comptees = comptees.reindex(lignes["uai"])
    for nom, colonne in (("dit", "effectif"), ("fichier", "fichier"), ("date", "date_maj")):
        lignes[f"effectif_{nom}"] = comptees[colonne].array
    est_autre = lignes["est_uai"] & lignes.duplicated("uai")
    deux_communes = lignes.groupby("uai")["commune_code"].transform("nunique") > 1
    du_meme = est_autre & (lignes["fichier"] == lignes["fichier_retenu"])
    lignes["desaccord"], dit = _desaccords(lignes, retenues, du_meme)
    lignes["anomalie"] = premier(
        {
            "uai_absent": lignes["uai"].isna(),
            "uai_illisible": ~lignes["est_uai"],
            "uai_dans_deux_annuaires": est_autre & (lignes["fichier"] != lignes["fichier_retenu"]),
            "uai_deux_communes": est_autre & deux_communes,
            "uai_lignes_contraires": lignes["desaccord"].notna(),
            "uai_deux_lignes": est_autre,
            "departement_absent": lignes["departement"].isna(),
            "uai_cle_fausse": ~lignes["est_juste"],
            "uai_zero_perdu": lignes["zero_perdu"],
            "uai_minuscules": lignes["minuscules"],
        }
    )
    lignes["sort"] = premier({"rejetee": ~lignes["est_uai"], "fusionnee": est_autre}, "gardee")
    lignes["deplacement_km"] = distance_km(
        lignes["latitude"],
        lignes["longitude"],
        lignes["uai"].map(retenues["latitude"]),
        lignes["uai"].map(retenues["longitude"]),
    ).where(est_autre)
    sans_departement = lignes["anomalie"] == "departement_absent"
    contraires = lignes["anomalie"] == "uai_lignes_contraires"
    lignes["colonne"] = premier({"code_departement": sans_departement}, "uai")
    lignes["colonne"] = lignes["colonne"].mask(contraires, lignes["desaccord"])
    dites = lignes["uai"] + " " + lignes["nom"] + ", " + dit
    lignes["valeur"] = lignes["uai_lu"].fillna(lignes["nom"]).mask(contraires, dites)
    return _une_par_ligne(lignes)


def _desaccords(
    lignes: pd.DataFrame, retenues: pd.DataFrame, du_meme: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """What rows of one file say otherwise than the row retained: the column, and both values."""
    statut = lignes["uai"].map(retenues["statut_public_prive"])
    etat = lignes["uai"].map(retenues["etat"])
    effectif = lignes["uai"].map(retenues["effectif"])
    ecart = (lignes["effectif"] - effectif).abs()
    trop = ecart > reference.valeur("controles", "ecart_effectif_max") * effectif
    trop &= ecart >= reference.valeur("controles", "ecart_effectif_min_eleves")
    plat = lecture.sans_accents(lignes["statut_public_prive"])
    autre_statut = (plat != lecture.sans_accents(statut)) & plat.notna() & statut.notna()
    autre_etat = (lignes["etat"] != etat) & lignes["etat"].notna() & etat.notna()
    colonnes = premier(
        {
            "statut_public_prive": du_meme & autre_statut,
            "etat": du_meme & autre_etat,
            "nombre_d_eleves": du_meme & trop,
        }
    )
    nombres = [n.astype("Int64").astype("str") for n in (lignes["effectif"], effectif)]
    dits = choisir(
        pd.Series(colonnes, lignes.index),
        {
            "statut_public_prive": lignes["statut_public_prive"] + ", retenu " + statut,
            "etat": lignes["etat"] + ", retenu " + etat,
            "nombre_d_eleves": nombres[0] + ", retenu " + nombres[1],
        },
        pd.Series(None, lignes.index, dtype=object),
    )
    return pd.Series(colonnes, lignes.index), dits.astype("str")


def _possible(nombres: pd.Series) -> pd.Series:
    """The numbers that may be the pupils of one establishment."""
    return nombres.where(nombres.between(0, reference.valeur("controles", "effectif_max")))


def distance_km(
    latitude: pd.Series, longitude: pd.Series, autre_latitude: pd.Series, autre_longitude: pd.Series
) -> pd.Series:
    """Kilometres between two points, on a flat map around the first."""
    nord = latitude - autre_latitude
    est = (longitude - autre_longitude) * np.cos(np.radians(latitude))
    return reference.valeur("controles", "km_par_degre") * np.sqrt(nord**2 + est**2)


def _academies(ecrites: pd.Series, departements: pd.Series) -> pd.Series:
    """The name in force of each académie, however it is written; nothing for an unknown one.

    Where a région is written, the académie is that of the département.
    """
    alias = pd.read_csv(chemins.REFERENCE / "academies_alias.csv").set_index("ecriture")["academie"]
    distinctes = pd.Series(ecrites.dropna().unique(), dtype="str")
    plates = lecture.sans_accents(distinctes)
    prefixes = (
        r"^(?:(?:ACADEMIE|RECTORAT|REGION(?: ACADEMIQUE)?) "
        r"(?:DE LA |DE L[^A-Z]|DE |D[^A-Z]|DU )?)+|^AC-|[.]FR$"
    )
    plates = plates.str.replace(prefixes, "", regex=True).str.replace(r"[^A-Z]", "", regex=True)
    plates = ecrites.map(dict(zip(distinctes, plates, strict=True)))
    return plates.map(alias).fillna((plates + " " + departements).map(alias))


def reseaux(lignes: pd.DataFrame) -> Jugees:
    """The list of REP and REP+: the newest for each département, REP+ before REP."""
    lignes = lignes.rename(columns={"uai": "uai_lu"})
    lignes = lignes.join(lecture.uai(lignes["uai_lu"]))
    lignes["uai_tete_reseau"] = lecture.uai(lignes["uai_tete_de_reseau"])["uai"]
    de_l_uai = lignes["uai"].str[:3].replace(CORSE).where(lignes["est_uai"])
    lignes["departement"] = lecture.departement(lignes["departement"]).fillna(de_l_uai)
    label = lignes["ep"].str.upper().str.replace(" ", "", regex=False)
    lignes["label_lu"] = label
    lignes["ep"] = label.groupby(lignes["fichier"]).ffill()
    par_departement = lignes.groupby("departement", dropna=False)["rang"]
    ancienne = lignes["rang"] > par_departement.transform("min")
    est_label = lignes["ep"].isin(LABELS)

    # a row without a known label stands for no other
    lignes["inconnu"], lignes["moindre"] = ~est_label, lignes["ep"] != "REP+"
    ordre = lignes.sort_values(["inconnu", "rang", "moindre", "fichier", "ligne"]).index
    est_autre = lignes.loc[ordre, "uai"].duplicated().reindex(lignes.index)
    cles = [lignes["uai"], lignes["rang"]]
    nb_labels = lignes["ep"].where(est_label).groupby(cles).transform("nunique")
    nb_reseaux = lignes["uai_tete_reseau"].groupby(cles).transform("nunique")
    lignes["anomalie"] = premier(
        {
            "remplacee_par_plus_recent": ancienne,
            "uai_absent": lignes["uai"].isna(),
            "uai_illisible": ~lignes["est_uai"],
            "ep_inconnue": ~est_label,
            "ep_deux_labels": est_autre & (nb_labels > 1),
            "ecole_deux_reseaux": est_autre & (nb_reseaux > 1),
            "uai_deux_lignes": est_autre,
            "uai_cle_fausse": ~lignes["est_juste"],
            "label_reporte": lignes["label_lu"].isna(),
            "uai_zero_perdu": lignes["zero_perdu"],
            "uai_minuscules": lignes["minuscules"],
        }
    )
    perdue = ~ancienne & (~lignes["est_uai"] | ~est_label)
    lignes["sort"] = premier({"rejetee": perdue, "fusionnee": ancienne | est_autre}, "gardee")
    sans_label = lignes["est_uai"] & ~est_label
    lignes["colonne"] = np.where(sans_label, "ep", "uai")
    lue = lignes["uai_lu"].fillna(lignes["nom"]).fillna(lignes["commune"])
    lignes["valeur"] = lue.mask(sans_label, lignes["label_lu"].fillna(""))
    return _une_par_ligne(lignes)


def grille(lignes: pd.DataFrame) -> Jugees:
    """The communes of the density grid."""
    lignes["valeur"] = lignes["code_commune"] + " : " + lignes["densite"]
    lignes["valeur"] = (
        lignes["valeur"].fillna(lignes["code_commune"]).fillna(lignes["densite"]).fillna("")
    )
    lignes["commune_code"] = lecture.commune(lignes["code_commune"])
    niveau = lecture.entier(lignes["densite"])
    lignes["densite"] = niveau.where(
        niveau.between(1, reference.valeur("controles", "niveaux_de_densite"))
    )
    illisible = lignes["commune_code"].isna() | lignes["densite"].isna()
    return _communes(lignes, "densite_illisible", illisible)


def contours(lignes: pd.DataFrame) -> Jugees:
    """The communes whose shape is drawn."""
    lignes["valeur"] = lignes["code_commune"]
    lignes["commune_code"] = lecture.commune(lignes["code_commune"])
    return _communes(lignes, "commune_illisible", lignes["commune_code"].isna())


def _communes(lignes: pd.DataFrame, code: str, illisible: pd.Series) -> Jugees:
    """The fate of rows known by their commune; `code` says that one is `illisible`."""
    population_lue = lignes["population"]
    population = lecture.entier(population_lue)
    lignes["population"] = population.where(population >= 0)
    lisibles = lignes[~illisible]
    est_autre = lisibles.duplicated("commune_code").reindex(lignes.index, fill_value=False)
    # no shape tells a density
    niveau = lignes.get("densite", pd.Series(np.nan, lignes.index))
    retenues = lisibles.assign(niveau=niveau).drop_duplicates("commune_code")
    retenues = retenues.set_index("commune_code")
    retenu = lignes["commune_code"].map(retenues["fichier"])
    niveau_retenu = lignes["commune_code"].map(retenues["niveau"])
    autre_niveau = (niveau - niveau_retenu).abs() > 0
    lignes["anomalie"] = premier(
        {
            code: illisible,
            "remplacee_par_plus_recent": est_autre & (lignes["fichier"] != retenu),
            "lignes_contraires": est_autre & autre_niveau,
            "commune_deux_lignes": est_autre,
            "population_illisible": lignes["population"].isna() & population_lue.notna(),
        }
    )
    lignes["sort"] = premier({"rejetee": illisible, "fusionnee": est_autre}, "gardee")
    perdues = lignes["anomalie"] == "population_illisible"
    contraires = lignes["anomalie"] == "lignes_contraires"
    ecrites = lignes["commune_code"] + "\u202f: " + population_lue
    lignes["valeur"] = lignes["valeur"].mask(perdues, ecrites)
    niveaux = [n.astype("Int64").astype("str") for n in (niveau, niveau_retenu)]
    dites = _contraires(lignes["commune_code"], *niveaux, retenu)
    lignes["valeur"] = lignes["valeur"].mask(contraires, dites)
    colonnes = {"population": perdues, "densite": contraires}
    return _une_par_ligne(lignes.assign(colonne=premier(colonnes, "code_commune")))


def indices(lignes: pd.DataFrame) -> Jugees:
    """The IPS of each establishment, rentrée by rentrée."""
    gt, pro = lignes["ips_voie_gt"], lignes["ips_voie_pro"]
    # without an index of the whole, that of the only voie; of two voies neither will do
    lu = lignes["ips"].fillna(lignes["ips_ensemble"])
    lignes["ips_lu"] = lu.fillna(gt.where(pro.isna())).fillna(pro.where(gt.isna()))
    nombres = lecture.nombre(lignes["ips_lu"])
    bornes = [reference.valeur("controles", nom) for nom in ("ips_min", "ips_max")]
    lignes["ips"] = nombres.where(nombres.between(*bornes))
    eleves = lecture.entier(lignes["eleves_de_l_indice"])
    lignes["nb_eleves_indice"] = eleves.where(eleves >= 0)
    lignes["annee_lue"] = lignes["rentree_scolaire"]
    vide = lignes["ips"].isna()
    muet = lignes["nb_eleves_indice"].isna() & lignes["eleves_de_l_indice"].notna()
    return _par_rentree(
        lignes,
        "ips",
        "rentree_scolaire",
        [
            (
                "ips",
                premier({"ips_impossible": vide & nombres.notna(), "ips_non_publie": vide}),
                lignes["ips_lu"],
            ),
            (
                "eleves_de_l_indice",
                premier({"eleves_de_l_indice_illisible": muet}),
                lignes["eleves_de_l_indice"],
            ),
        ],
    )


def effectifs(lignes: pd.DataFrame) -> Jugees:
    """The pupils of each establishment, rentrée by rentrée."""
    # pupils given beside a session of exam are those of the rentrée before
    session = (lecture.rentree(lignes["session"]) - 1).astype("Int64").astype("str")
    session = session.where(lignes["session"].notna() & (session != "<NA>"))
    lignes["annee_lue"] = lignes["rentree"].fillna(lignes["annee_scolaire"])
    lignes["annee_lue"] = lignes["annee_lue"].mask(lignes["source"] == "effectifs_brevet", session)
    lus = {colonne: lignes[colonne] for colonne in ("effectif", "eleves_segpa", "eleves_ulis")}
    for colonne, lu in lus.items():
        lignes[f"{colonne}_lu"] = lu
        lignes[colonne] = _possible(lecture.entier(lu))
    nombres, vide = lecture.nombre(lus["effectif"]), lignes["effectif"].isna()
    impossible = (nombres < 0) | (nombres > reference.valeur("controles", "effectif_max"))
    codes = premier({"effectif_impossible": vide & impossible, "effectif_vide": vide})
    cellules = [("effectif", codes, lus["effectif"])]
    for colonne in ("eleves_segpa", "eleves_ulis"):
        illisible = lignes[colonne].isna() & lus[colonne].notna()
        cellules.append((colonne, premier({f"{colonne}_illisible": illisible}), lus[colonne]))
    return _par_rentree(lignes, "effectif", "rentree", cellules)


def _par_rentree(
    lignes: pd.DataFrame,
    donnee: str,
    colonne_rentree: str,
    cellules: list[tuple[str, np.ndarray, pd.Series]],
) -> Jugees:
    """The fate of rows known by their source, UAI and rentrée: of two, that which gives `donnee`.

    `cellules` judges the cells of its own the family has; of a row merged, only why is said.
    """
    lignes = lignes.rename(columns={"uai": "uai_lu"})
    lignes = lignes.join(lecture.uai(lignes["uai_lu"]))
    lignes["rentree"] = lecture.rentree(lignes["annee_lue"])
    cles = ["source", "uai", "rentree"]
    ordre = lignes[donnee].isna().sort_values(kind="stable").index
    est_autre = lignes.loc[ordre].duplicated(cles).reindex(lignes.index)
    memes = lignes.loc[ordre].groupby(cles)
    retenu, rang, valeur = (
        memes[c].transform("first").reindex(lignes.index) for c in ("fichier", "rang", donnee)
    )
    devant = (lignes["rang"] < rang) | (lignes["rang"] == rang) & (lignes["fichier"] < retenu)
    ailleurs = lignes["fichier"] != retenu
    ecart = (lignes[donnee] - valeur).abs()
    if donnee == "effectif":
        loin = ecart > reference.valeur("controles", "ecart_effectif_max") * valeur
        loin &= ecart >= reference.valeur("controles", "ecart_effectif_min_eleves")
    else:
        loin = ecart >= reference.valeur("controles", "ecart_ips_max")
    a_venir = lignes["rentree"] > date.today().year
    perdue = ~lignes["est_uai"] | lignes["rentree"].isna() | a_venir
    lignes["sort"] = premier({"rejetee": perdue, "fusionnee": est_autre}, "gardee")
    fusion = premier(
        {
            "valeur_reprise": lignes[donnee].isna() & devant,
            "lignes_contraires": (ecart > 0) & (loin | ~ailleurs),
            "remplacee_par_plus_recent": ailleurs,
        },
        "uai_deux_lignes",
    )
    annee = lignes["uai"] + ", rentrée " + lignes["rentree"].astype("Int64").astype("str")
    lue, lu = (_en_clair(nombres, donnee) for nombres in (valeur, lignes[donnee]))
    dites = {
        "valeur_reprise": annee + ", retenu " + lue + " (" + retenu + ")",
        "lignes_contraires": _contraires(annee, lu, lue, retenu),
    }
    colonne = pd.Series(np.where(np.isin(fusion, list(dites)), donnee, "uai"), lignes.index)
    valeurs = choisir(pd.Series(fusion, lignes.index), dites, lignes["uai_lu"])
    motif_uai = premier(
        {
            "uai_absent": lignes["uai"].isna(),
            "uai_illisible": ~lignes["est_uai"],
            "uai_cle_fausse": ~lignes["est_juste"],
            "uai_zero_perdu": lignes["zero_perdu"],
        }
    )
    motif_rentree = premier(
        {"rentree_illisible": lignes["rentree"].isna(), "rentree_a_venir": a_venir}
    )
    est_fusionnee = (lignes["sort"] == "fusionnee").to_numpy()
    des_cellules = [
        ("uai", motif_uai, lignes["uai_lu"]),
        (colonne_rentree, motif_rentree, lignes["annee_lue"]),
        *cellules,
    ]
    jugements = [(c, np.where(est_fusionnee, None, codes), v) for c, codes, v in des_cellules]
    jugements.append((colonne, np.where(est_fusionnee, fusion, None), valeurs))
    return lignes, _cellules(lignes, jugements)


def _en_clair(nombres: pd.Series, donnee: str) -> pd.Series:
    """Whole pupils; points of IPS with a comma."""
    if donnee == "effectif":
        return nombres.astype("Int64").astype("str")
    return nombres.astype("str").str.replace(".", ",", regex=False)


def _contraires(
    quoi: pd.Series, ecartes: pd.Series, retenus: pd.Series, fichiers: pd.Series
) -> pd.Series:
    """What a row says, and what the row retained says."""
    return quoi + ", écarté " + ecartes + ", retenu " + retenus + " (" + fichiers + ")"


def activite(lignes: pd.DataFrame) -> Jugees:
    """The returns of activity: of two for one establishment, period and indicator, the first."""
    lignes = lignes.rename(columns={"uai": "uai_lu", "nombre": "nombre_lu"})
    uais = lecture.uai(lignes["uai_lu"])
    lignes["uai"] = uais["uai"]
    lignes["periode_lue"] = lignes["periode"]
    lignes["periode"] = lignes["periode"].str.upper()
    lignes["periode"] = lignes["periode"].mask(lignes["periode"].isin(ANNEE), "annee")
    for colonne in ("indicateur", "modalite"):
        lignes[colonne] = lignes[colonne].str.lower()
    lignes["rentree"] = lecture.rentree(lignes["annee_scolaire"])
    lignes["nombre"] = lecture.entier(lignes["nombre_lu"])
    lignes["est_simule"] = lignes["origine"].str.upper().str.startswith("SIMUL").fillna(False)
    est_perdue = ~(
        (lignes["rentree"] <= date.today().year)
        & lignes["periode"].isin(PERIODES)
        & uais["est_juste"]
        & lignes["indicateur"].notna()
        & (lignes["nombre"] >= 0)
    )
    fusion = _releves_repetes(lignes)
    est_repetee = pd.Series(False, lignes.index)
    est_repetee[fusion.index] = True
    lignes["sort"] = premier({"rejetee": est_perdue, "fusionnee": est_repetee}, "gardee")

    perdues, des_perdues = lignes[est_perdue], uais[est_perdue]
    repetees = lignes.loc[fusion.index][~est_perdue[fusion.index]]
    contraires = fusion[repetees.index]
    zeros = lignes[~est_perdue & ~est_repetee & uais["zero_perdu"]]
    cellules = [
        _cellules(perdues, _fautes_d_un_releve(perdues, des_perdues)),
        _cellules(
            repetees,
            [
                (
                    "nombre",
                    premier({"lignes_contraires": contraires.notna()}, "activite_deux_lignes"),
                    contraires.fillna(repetees["nombre_lu"]),
                )
            ],
        ),
        zeros[["source", "fichier", "ligne"]].assign(
            colonne="uai", valeur=zeros["uai_lu"], code="uai_zero_perdu"
        ),
    ]
    return lignes, pd.concat(cellules)


def _fautes_d_un_releve(
    lignes: pd.DataFrame, uais: pd.DataFrame
) -> list[tuple[str, np.ndarray, pd.Series]]:
    """What may be amiss in each cell of rows of activity that can't be kept."""
    annee = {
        "annee_illisible": lignes["rentree"].isna(),
        "annee_a_venir": lignes["rentree"] > date.today().year,
    }
    uai = {"uai_illisible_local": ~uais["est_juste"], "uai_zero_perdu": uais["zero_perdu"]}
    return [
        ("annee_scolaire", premier(annee), lignes["annee_scolaire"]),
        (
            "periode",
            premier({"periode_inconnue": ~lignes["periode"].isin(PERIODES)}),
            lignes["periode_lue"],
        ),
        ("uai", premier(uai), lignes["uai_lu"]),
        (
            "indicateur",
            premier({"indicateur_absent": lignes["indicateur"].isna()}),
            lignes["indicateur"],
        ),
        (
            "nombre",
            premier({"nombre_illisible": ~(lignes["nombre"] >= 0)}),
            lignes["nombre_lu"],
        ),
    ]


def _releves_repetes(lignes: pd.DataFrame) -> pd.Series:
    """The rows that repeat a return, and what is told of those that give another number.

    A row without a number repeats none: it will be rejected.
    """
    cles = ["rentree", "periode", "uai", "indicateur", "modalite"]
    doubles = lignes[lignes.duplicated(cles, keep=False)]
    doubles = doubles.loc[(~(doubles["nombre"] >= 0)).sort_values(kind="stable").index]
    premiers = doubles.drop_duplicates(cles)[[*cles, "nombre", "fichier"]]
    lus = doubles.merge(premiers, on=cles, how="left", suffixes=("", "_retenu"))
    lus.index = doubles.index
    lus = lus[doubles.duplicated(cles)]
    quoi = lus["uai"].fillna("")
    for colonne in ("annee_scolaire", "periode", "indicateur", "modalite"):
        quoi = quoi + (" " + lus[colonne]).fillna("")
    nombres = [n.astype("Int64").astype("str") for n in (lus["nombre"], lus["nombre_retenu"])]
    dites = _contraires(quoi, *nombres, lus["fichier_retenu"])
    return dites.where((lus["nombre"] - lus["nombre_retenu"]).abs() > 0)
