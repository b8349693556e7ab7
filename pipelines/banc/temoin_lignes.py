"""What becomes of each row the pandas script reads: kept, merged or rejected, and why.

Every function returns the rows of a family of sources, cleaned, with `sort` (gardee, fusionnee,
rejetee), `anomalie` (a code, or nothing) and the cell it is about (`colonne`, `valeur`). Rows come
in order of precedence: the newest vintage first, then by name of file and line.
"""

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


def annuaire(lignes: pd.DataFrame) -> pd.DataFrame:
    """The establishments: of two rows for one UAI, that of the newest file, then the newest."""
    lignes = lignes.rename(columns={"uai": "uai_lu", "latitude": "x", "longitude": "y"})
    lignes = lignes.join(lecture.uai(lignes["uai_lu"]))
    lignes["est_sans_nom"] = lignes["nom"].isna()
    lignes["nom"] = lignes["nom"].fillna(lignes["type_etablissement"] + " sans nom")
    lignes["commune_code"] = lecture.commune(lignes["code_commune"])
    lignes["departement"] = lecture.departement(lignes["code_departement"])
    connues = _academies(lignes["libelle_academie"])
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
    return lignes


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


def _academies(ecrites: pd.Series) -> pd.Series:
    """The name in force of each académie, however it is written; nothing for an unknown one."""
    alias = pd.read_csv(chemins.REFERENCE / "academies_alias.csv").set_index("ecriture")["academie"]
    distinctes = pd.Series(ecrites.dropna().unique(), dtype="str")
    plates = lecture.sans_accents(distinctes)
    prefixes = r"^(?:ACADEMIE|RECTORAT) (?:DE LA |DE L.|DE |D.|DU )?|^AC-|[.]FR$"
    plates = plates.str.replace(prefixes, "", regex=True).str.replace(r"[^A-Z]", "", regex=True)
    return ecrites.map(dict(zip(distinctes, plates.map(alias), strict=True)))


def reseaux(lignes: pd.DataFrame) -> pd.DataFrame:
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
    return lignes


def grille(lignes: pd.DataFrame) -> pd.DataFrame:
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


def contours(lignes: pd.DataFrame) -> pd.DataFrame:
    """The communes whose shape is drawn."""
    lignes["valeur"] = lignes["code_commune"]
    lignes["commune_code"] = lecture.commune(lignes["code_commune"])
    return _communes(lignes, "commune_illisible", lignes["commune_code"].isna())


def _communes(lignes: pd.DataFrame, code: str, illisible: pd.Series) -> pd.DataFrame:
    """The fate of rows known by their commune; `code` says that one is `illisible`."""
    population_lue = lignes["population"]
    population = lecture.entier(population_lue)
    lignes["population"] = population.where(population >= 0)
    lisibles = lignes[~illisible]
    est_autre = lisibles.duplicated("commune_code").reindex(lignes.index, fill_value=False)
    retenu = lignes["commune_code"].map(
        lisibles.drop_duplicates("commune_code").set_index("commune_code")["fichier"]
    )
    lignes["anomalie"] = premier(
        {
            code: illisible,
            "remplacee_par_plus_recent": est_autre & (lignes["fichier"] != retenu),
            "commune_deux_lignes": est_autre,
            "population_illisible": lignes["population"].isna() & population_lue.notna(),
        }
    )
    lignes["sort"] = premier({"rejetee": illisible, "fusionnee": est_autre}, "gardee")
    perdues = lignes["anomalie"] == "population_illisible"
    ecrites = lignes["commune_code"] + "\u202f: " + population_lue
    lignes["valeur"] = lignes["valeur"].mask(perdues, ecrites)
    return lignes.assign(colonne=premier({"population": perdues}, "code_commune"))


def indices(lignes: pd.DataFrame) -> pd.DataFrame:
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
    vides = {"ips_impossible": vide & nombres.notna(), "ips_non_publie": vide}
    autres = {"eleves_de_l_indice_illisible": muet}
    cellules = {
        "rentree_illisible": ("rentree_scolaire", "annee_lue"),
        "rentree_a_venir": ("rentree_scolaire", "annee_lue"),
        "ips_impossible": ("ips", "ips_lu"),
        "ips_non_publie": ("ips", "ips_lu"),
        "eleves_de_l_indice_illisible": ("eleves_de_l_indice", "eleves_de_l_indice"),
    }
    return _par_rentree(lignes, vides, autres, cellules)


def effectifs(lignes: pd.DataFrame) -> pd.DataFrame:
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
    vides = {"effectif_impossible": vide & impossible, "effectif_vide": vide}
    autres = {
        f"{colonne}_illisible": lignes[colonne].isna() & lus[colonne].notna()
        for colonne in ("eleves_segpa", "eleves_ulis")
    }
    cellules = {
        "rentree_illisible": ("rentree", "annee_lue"),
        "rentree_a_venir": ("rentree", "annee_lue"),
        "effectif_impossible": ("effectif", "effectif_lu"),
        "effectif_vide": ("effectif", "effectif_lu"),
        "eleves_segpa_illisible": ("eleves_segpa", "eleves_segpa_lu"),
        "eleves_ulis_illisible": ("eleves_ulis", "eleves_ulis_lu"),
    }
    return _par_rentree(lignes, vides, autres, cellules)


def _par_rentree(
    lignes: pd.DataFrame,
    vides: dict[str, pd.Series],
    autres: dict[str, pd.Series],
    cellules: dict[str, tuple[str, str]],
) -> pd.DataFrame:
    """The fate of rows known by their source, UAI and rentrée.

    `vides` says by code which rows have lost their value, `autres` which have lost a lesser one;
    `cellules` gives the column a code is about, and where it stands as written.
    """
    lignes = lignes.rename(columns={"uai": "uai_lu"})
    lignes = lignes.join(lecture.uai(lignes["uai_lu"]))
    lignes["rentree"] = lecture.rentree(lignes["annee_lue"])
    cles = ["source", "uai", "rentree"]
    est_autre = lignes.duplicated(cles)
    retenu = lignes.groupby(cles)["fichier"].transform("first")
    a_venir = lignes["rentree"] > date.today().year
    lignes["anomalie"] = premier(
        {
            "uai_absent": lignes["uai"].isna(),
            "uai_illisible": ~lignes["est_uai"],
            "rentree_illisible": lignes["rentree"].isna(),
            "rentree_a_venir": a_venir,
            "remplacee_par_plus_recent": est_autre & (lignes["fichier"] != retenu),
            "uai_deux_lignes": est_autre,
            "uai_cle_fausse": ~lignes["est_juste"],
            **vides,
            "uai_zero_perdu": lignes["zero_perdu"],
            **autres,
        }
    )
    perdue = ~lignes["est_uai"] | lignes["rentree"].isna() | a_venir
    lignes["sort"] = premier({"rejetee": perdue, "fusionnee": est_autre}, "gardee")
    colonnes = {code: colonne for code, (colonne, _) in cellules.items()}
    lignes["colonne"] = lignes["anomalie"].map(colonnes).fillna("uai")
    ecrites = {code: lignes[lue] for code, (_, lue) in cellules.items()}
    lignes["valeur"] = choisir(lignes["anomalie"], ecrites, lignes["uai_lu"])
    return lignes


def activite(lignes: pd.DataFrame) -> pd.DataFrame:
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
    cles = ["rentree", "periode", "uai", "indicateur", "modalite"]
    lignes["anomalie"] = premier(
        {
            "annee_illisible": lignes["rentree"].isna(),
            "annee_a_venir": lignes["rentree"] > date.today().year,
            "periode_inconnue": ~lignes["periode"].isin(PERIODES),
            "uai_illisible_local": ~uais["est_juste"],
            "indicateur_absent": lignes["indicateur"].isna(),
            "nombre_illisible": ~(lignes["nombre"] >= 0),
            "activite_deux_lignes": lignes.duplicated(cles),
            "uai_zero_perdu": uais["zero_perdu"],
        }
    )
    gardees = lignes["anomalie"].isna() | (lignes["anomalie"] == "uai_zero_perdu")
    fusionnees = lignes["anomalie"] == "activite_deux_lignes"
    lignes["sort"] = premier({"gardee": gardees, "fusionnee": fusionnees}, "rejetee")
    cellules = {
        "annee_illisible": ("annee_scolaire", "annee_scolaire"),
        "annee_a_venir": ("annee_scolaire", "annee_scolaire"),
        "periode_inconnue": ("periode", "periode_lue"),
        "uai_illisible_local": ("uai", "uai_lu"),
        "uai_zero_perdu": ("uai", "uai_lu"),
        "indicateur_absent": ("indicateur", "indicateur"),
        "nombre_illisible": ("nombre", "nombre_lu"),
        "activite_deux_lignes": ("nombre", "nombre_lu"),
    }
    vues = lignes[lignes["anomalie"].notna()]
    lignes["colonne"] = vues["anomalie"].map({c: colonne for c, (colonne, _) in cellules.items()})
    lignes["valeur"] = choisir(
        vues["anomalie"],
        {code: vues[lue] for code, (_, lue) in cellules.items()},
        pd.Series(None, vues.index, dtype=object),
    )
    return lignes
