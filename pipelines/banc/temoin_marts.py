"""The marts of the pandas script, from the rows it kept.

The columns are those of Atlas; what only a local file tells (bassins, places to work, other
classes) is empty, the country has none.
"""

import numpy as np
import pandas as pd

from pipelines.banc import temoin_lecture as lecture
from pipelines.banc.temoin_lignes import premier
from pipelines.base import chemins, reference

TYPES = {"Collège": "COLLEGE", "EREA": "EREA", "Ecole": "ECOLE"}
VOIES = ("effectifs_colleges", "effectifs_lycees_gt", "effectifs_lycees_pro")
ANNUAIRE = "annuaire"
A_VOIR = ["premiere_source", "premier_fichier", "ligne"]
"""Of an enrolment that adds voies, where the first of them stands."""
COLONNES_ETABLISSEMENT = [
    "uai", "nom", "type", "libelle_nature", "est_section", "uai_mere", "secteur_public", "etat",
    "date_ouverture", "commune_code", "commune_de_reference", "commune", "departement", "academie",
    "bassin_code", "bassin", "bassin_fichier", "reseau_etablissements",
    "reseau_etablissements_fichier", "latitude", "longitude",
    "position_fichier", "qualite_position", "ep", "ep_source", "ep_fichier", "ep_millesime",
    "est_ep_contradictoire", "uai_tete_reseau", "est_maternelle", "est_elementaire",
    "voie_professionnelle", "segpa",
    "segpa_source", "segpa_fichier", "ulis", "ulis_source", "ulis_fichier", "upe2a",
    "upe2a_source", "upe2a_fichier", "relais", "relais_source", "relais_fichier", "internat",
    "internat_source", "internat_fichier", "dispositifs_fichier", "a_bureau", "a_telephone",
    "a_rangement_ferme", "conditions_fichier", "effectif", "effectif_rentree", "effectif_source",
    "effectif_rentree_la_plus_ancienne", "effectif_fichier", "eleves_segpa",
    "eleves_segpa_rentree", "eleves_segpa_source", "eleves_segpa_fichier", "eleves_ulis",
    "eleves_ulis_rentree", "eleves_ulis_source", "eleves_ulis_fichier", "ips", "ips_rentree",
    "ips_source", "ips_fichier", "nb_eleves_indice",
    "densite", "densite_fichier", "est_rural", "dans_perimetre", "motif_hors_perimetre",
    "date_maj", "fichier", "ligne",
]  # fmt: skip
COLONNES_SITE = [
    "site_id", "nature", "uai_principal", "nom", "type", "nb_etablissements", "nb_ecoles",
    "nb_ecoles_elementaires", "nb_ecoles_maternelles", "effectif", "effectif_rentree",
    "effectif_rentree_la_plus_ancienne", "effectif_source", "part_effectif_connue",
    "eleves_segpa", "eleves_segpa_rentree", "eleves_ulis", "eleves_ulis_rentree", "ips",
    "ips_rentree", "latitude", "longitude", "qualite_position", "commune_code", "commune",
    "departement", "academie", "bassin_code", "bassin", "reseau_etablissements", "densite",
    "est_rural", "ep", "uai_tete_reseau", "segpa", "ulis", "upe2a", "relais", "internat",
    "a_section_professionnelle", "eloignement_km",
]  # fmt: skip
COLONNES_ACTIVITE = [
    "annee_scolaire", "rentree", "periode", "uai", "site_id", "indicateur", "modalite", "nombre",
    "est_simule", "fichier", "ligne",
]  # fmt: skip
COLONNES_COMMUNE = [
    "commune_code", "commune", "departement", "densite", "libelle_densite", "population",
    "latitude", "longitude", "contour_wkb", "densite_fichier", "contour_fichier",
    "est_desservie", "desserte_fichier",
]  # fmt: skip


def communes(grille: pd.DataFrame, contours: pd.DataFrame, departements: pd.Series) -> pd.DataFrame:
    """The communes of `departements`: density, population, a point inside and a shape."""
    cadre = grille.merge(contours, on="commune_code", how="outer", suffixes=("_grille", ""))
    codes = cadre["commune_code"]
    outre_mer = codes.str[:2].isin(["97", "98"])
    cadre["departement"] = codes.str[:3].where(outre_mer, "0" + codes.str[:2])
    cadre["commune"] = cadre["nom_commune_grille"].fillna(cadre["nom_commune"])
    cadre["population"] = cadre["population"].fillna(cadre["population_grille"])
    cadre = cadre.rename(
        columns={"fichier_grille": "densite_fichier", "fichier": "contour_fichier"}
    )
    # which communes public transport serves, a local file says
    cadre = cadre[cadre["departement"].isin(departements)]
    return cadre.reindex(columns=COLONNES_COMMUNE)


def effectifs(lignes: pd.DataFrame) -> pd.DataFrame:
    """The pupils of each UAI at each rentrée, from the best source; the farthest beside it.

    Voies of one establishment add up; a voie whose file says nothing for a rentrée (no such year,
    or an empty total) keeps its last count. Other files are used where there is no voie.
    """
    connus = lignes[lignes["effectif"].notna()]
    est_voie = connus["source"].isin(VOIES)
    autres = connus[~est_voie].assign(
        rentree_la_plus_ancienne=connus["rentree"],
        premiere_source=connus["source"],
        premier_fichier=connus["fichier"],
        ordre=np.where(connus[~est_voie]["source"] == "effectifs_brevet", 2, 1),
    )
    colonnes = [
        "uai", "rentree", "rentree_la_plus_ancienne", "effectif", "source", "fichier", "ordre",
        *A_VOIR,
    ]  # fmt: skip
    tous = pd.concat([_sommes_des_voies(lignes).assign(ordre=0), autres])[colonnes]
    tous = tous.sort_values(["uai", "rentree", "ordre", "source"])
    par_rentree = tous.groupby(["uai", "rentree"])["effectif"]
    tous["ecart"] = (tous["effectif"] - par_rentree.transform("first")).abs()
    cles = ["uai", "rentree"]
    plus_loin = tous.sort_values([*cles, "ecart", "source"], ascending=[True, True, False, True])
    plus_loin = plus_loin[plus_loin["ecart"] > 0].drop_duplicates(cles)
    plus_loin = plus_loin.rename(
        columns={"effectif": "effectif_autre_source", "source": "autre_source"}
    )
    retenus = tous.drop_duplicates(cles).drop(columns=["ordre", "ecart"])
    return retenus.merge(
        plus_loin[[*cles, "effectif_autre_source", "autre_source"]], on=cles, how="left"
    )


def _sommes_des_voies(lignes: pd.DataFrame) -> pd.DataFrame:
    """The sum of the voies of each UAI at each rentrée, silent ones at their last count."""
    lignes = lignes[lignes["source"].isin(VOIES)]
    voies = lignes[lignes["effectif"].notna()]
    voies = voies[["uai", "source", "rentree", "effectif", "fichier", "ligne"]]
    attendues = voies[["uai", "rentree"]].drop_duplicates()
    attendues = attendues.merge(voies[["uai", "source"]].drop_duplicates(), on="uai")
    reportees = pd.merge_asof(
        attendues.sort_values("rentree"),
        voies.assign(rentree_comptee=voies["rentree"]).sort_values("rentree"),
        on="rentree",
        by=["uai", "source"],
    ).dropna(subset=["effectif"])
    publiees = lignes[["source", "rentree"]].drop_duplicates().assign(publiee=True)
    vides = lignes[lignes["effectif"].isna()][["source", "uai", "rentree"]].assign(vide=True)
    reportees = reportees.merge(publiees, how="left").merge(vides, how="left")
    reportees = reportees[
        (reportees["rentree_comptee"] == reportees["rentree"])
        | reportees["publiee"].isna()
        | reportees["vide"].notna()
    ]
    groupes = reportees.sort_values("source").groupby(["uai", "rentree"])
    sommes = groupes.agg(
        rentree_la_plus_ancienne=("rentree_comptee", "min"),
        effectif=("effectif", "sum"),
        source=("source", " + ".join),
        premiere_source=("source", "first"),
        premier_fichier=("fichier", "first"),
        ligne=("ligne", "first"),
    )
    sommes["fichier"] = listes(reportees, ["uai", "rentree"], "fichier")
    return sommes.reset_index()


def listes(cadre: pd.DataFrame, cles: str | list[str], colonne: str) -> pd.Series:
    """The distinct values of `colonne` in each group, in order, « a + b »."""
    distincts = cadre.dropna(subset=[colonne]).drop_duplicates([*np.atleast_1d(cles), colonne])
    return distincts.sort_values(colonne).groupby(cles)[colonne].agg(" + ".join)


def eleves_des_dispositifs(lignes: pd.DataFrame) -> pd.DataFrame:
    """The pupils of SEGPA and ULIS of each UAI at the last rentrée that counts them."""
    lignes = lignes[lignes["source"].isin(["effectifs_colleges", "effectifs_brevet"])]
    lignes = lignes.assign(du_brevet=lignes["source"] == "effectifs_brevet")
    lignes = lignes.sort_values(["rentree", "du_brevet", "fichier"], ascending=[False, True, True])
    comptes = []
    for colonne in ("eleves_segpa", "eleves_ulis"):
        derniers = lignes[lignes[colonne].notna()].drop_duplicates("uai").set_index("uai")
        dits = ["rentree", "source", "fichier"]
        noms = {dit: f"{colonne}_{dit}" for dit in dits}
        comptes.append(derniers[[colonne, *dits]].rename(columns=noms))
    return pd.concat(comptes, axis=1).rename_axis("uai").reset_index()


def indices(lignes: pd.DataFrame) -> pd.DataFrame:
    """The newest IPS of each UAI; that of the collège before that of the lycée."""
    lignes = lignes[lignes["ips"].notna()]
    lignes = lignes.sort_values(["rentree", "source"], ascending=[False, True], kind="stable")
    lignes = lignes.rename(
        columns={"rentree": "ips_rentree", "source": "ips_source", "fichier": "ips_fichier"}
    )
    colonnes = ["uai", "ips", "ips_rentree", "ips_source", "ips_fichier", "nb_eleves_indice"]
    return lignes.drop_duplicates("uai")[colonnes]


def labels_du_brevet(lignes: pd.DataFrame) -> pd.DataFrame:
    """What the newest file of the brevet says of the label of each collège."""
    lignes = lignes[(lignes["source"] == "effectifs_brevet") & lignes["est_uai"]]
    lignes = lignes.sort_values(
        ["rentree", "rang", "fichier", "ligne"], ascending=[False, True, True, True]
    ).drop_duplicates("uai")
    rep, rep_plus = lecture.oui_non(lignes["rep"]), lecture.oui_non(lignes["rep_plus"])
    return pd.DataFrame(
        {
            "fichier": lignes["fichier"],
            "ligne": lignes["ligne"],
            "uai": lignes["uai"],
            "les_deux": (rep & rep_plus).fillna(False).astype(bool),
            "est_dit": (rep | rep_plus).notna(),
            "ep": premier(
                {"REP+": rep_plus.fillna(False), "REP": rep.fillna(False)},
            ),
        }
    )


def etablissements(
    annuaire: pd.DataFrame,
    reseaux: pd.DataFrame,
    communes: pd.DataFrame,
    effectifs: pd.DataFrame,
    dispositifs: pd.DataFrame,
    indices: pd.DataFrame,
) -> pd.DataFrame:
    """Every establishment, with what the other files say of it and which of them does."""
    natures = pd.read_csv(chemins.REFERENCE / "natures.csv", dtype="str")
    natures = natures.rename(columns={"type": "type_nature"})
    meres = pd.read_csv(chemins.REFERENCE / "arrondissements.csv", dtype="str")
    meres = meres.set_index("commune_code")["commune_mere"]
    annuaire = annuaire[annuaire["departement"].notna()].drop(columns="effectif")
    annuaire["rentree_annuaire"] = lecture.rentree_du_jour(annuaire["effectif_date"])
    annuaire = annuaire.rename(
        columns={
            "nom_commune": "commune",
            "code_bassin": "bassin_code",
            "libelle_bassin": "bassin",
            "hebergement": "internat",
            "effectif_dit": "effectif_annuaire",
            "effectif_fichier": "annuaire_fichier",
            "ecole_maternelle": "est_maternelle",
            "ecole_elementaire": "est_elementaire",
        }
    )
    des_listes = reseaux[["uai", "ep", "uai_tete_reseau", "fichier", "millesime"]]
    des_listes = des_listes.set_axis(
        ["uai", "ep_liste", "uai_tete_reseau", "liste_fichier", "liste_millesime"], axis=1
    )
    des_communes = communes[
        ["commune_code", "latitude", "longitude", "densite", "densite_fichier", "contour_fichier"]
    ].rename(columns={"commune_code": "commune_de_reference"})
    derniers = effectifs.sort_values("rentree", ascending=False).drop_duplicates("uai")
    derniers = derniers.rename(
        columns={
            "rentree": "effectif_rentree",
            "rentree_la_plus_ancienne": "effectif_rentree_la_plus_ancienne",
            "source": "effectif_source",
            "fichier": "effectif_fichier",
        }
    ).drop(columns=["effectif_autre_source", "autre_source", *A_VOIR])
    cadre = annuaire.assign(
        commune_de_reference=annuaire["commune_code"].map(meres).fillna(annuaire["commune_code"])
    )
    cadre = (
        cadre.merge(natures[["code_nature", "type_nature", "est_section"]], "left", "code_nature")
        .merge(des_listes, "left", "uai")
        .merge(derniers, "left", "uai")
        .merge(dispositifs, "left", "uai")
        .merge(indices, "left", "uai")
        .merge(des_communes, "left", "commune_de_reference", suffixes=("", "_commune"))
    )
    _typer(cadre)
    _situer(cadre)
    _labelliser(cadre)
    _compter(cadre)
    for dispositif in ("segpa", "ulis", "internat"):
        connu = cadre[dispositif].notna()
        cadre[f"{dispositif}_source"] = np.where(connu, ANNUAIRE, None)
        cadre[f"{dispositif}_fichier"] = cadre["fichier"].where(connu)
    cadre["bassin_fichier"] = cadre["fichier"].where(cadre["bassin"].notna())
    cadre["est_rural"] = (
        cadre["densite"] >= reference.valeur("territoire", "seuil_rural_densite")
    ).where(cadre["densite"].notna())
    cadre["motif_hors_perimetre"] = _motif_hors_perimetre(cadre)
    cadre["dans_perimetre"] = cadre["motif_hors_perimetre"].isna()
    return cadre.reindex(columns=COLONNES_ETABLISSEMENT)


def _typer(cadre: pd.DataFrame) -> None:
    type_annuaire = cadre["type_etablissement"]
    cadre["est_section"] = cadre["est_section"] == "oui"
    cadre["type"] = type_annuaire.map(TYPES).fillna(cadre["type_nature"])
    # a lycée of unknown nature is kept, and it is said
    cadre["type"] = cadre["type"].mask((type_annuaire == "Lycée") & cadre["type"].isna(), "LEGT")
    cadre["secteur_public"] = (cadre["statut_public_prive"].str.lower() == "public").where(
        cadre["statut_public_prive"].notna()
    )


def _situer(cadre: pd.DataFrame) -> None:
    """The position of the annuaire, else that of the commune."""
    # half a position is none
    sienne = cadre["latitude"].notna() & cadre["longitude"].notna()
    de_la_commune = cadre["latitude_commune"].notna()
    for colonne in ("latitude", "longitude"):
        cadre[colonne] = cadre[colonne].where(sienne, cadre[f"{colonne}_commune"])
    cadre["position_fichier"] = cadre["fichier"].where(
        sienne, cadre["contour_fichier"].where(de_la_commune)
    )
    ailleurs = pd.Series(np.where(de_la_commune, "commune", "inconnue"), cadre.index)
    precision = cadre["precision_localisation"].fillna("non précisée")
    cadre["qualite_position"] = precision.where(sienne, ailleurs)


def _labelliser(cadre: pd.DataFrame) -> None:
    """The label of the list, else that of the annuaire; and the network."""
    liste, de_l_annuaire = cadre["ep_liste"].notna(), cadre["ep_annuaire"].notna()
    cadre["ep"] = cadre["ep_liste"].fillna(cadre["ep_annuaire"])
    cadre["ep_source"] = premier({"education_prioritaire": liste, ANNUAIRE: de_l_annuaire})
    cadre["ep_fichier"] = cadre["liste_fichier"].where(liste, cadre["fichier"].where(de_l_annuaire))
    jour = cadre["date_maj"].dt.strftime("%Y-%m-%d")
    cadre["ep_millesime"] = cadre["liste_millesime"].where(liste, jour.where(de_l_annuaire))
    cadre["est_ep_contradictoire"] = cadre["ep_liste"].fillna("") != cadre["ep_annuaire"].fillna("")
    est_tete = ~liste & de_l_annuaire & (cadre["type"] == "COLLEGE")
    cadre["uai_tete_reseau"] = cadre["uai_tete_reseau"].mask(est_tete, cadre["uai"])


def _compter(cadre: pd.DataFrame) -> None:
    """The pupils of the files, else those of the annuaire, at the rentrée of its update; those of
    the annuaire too where the files are too late on it.
    """
    retard = cadre["rentree_annuaire"] - cadre["effectif_rentree"]
    trop_tard = retard > reference.valeur("controles", "retard_effectif_max")
    connu = cadre["effectif"].notna() & ~(trop_tard & cadre["effectif_annuaire"].notna())
    de_l_annuaire = ~connu & cadre["effectif_annuaire"].notna()
    cadre["effectif"] = cadre["effectif"].where(connu, cadre["effectif_annuaire"])
    for colonne, valeur in {
        "effectif_rentree": cadre["rentree_annuaire"],
        "effectif_rentree_la_plus_ancienne": cadre["rentree_annuaire"],
        "effectif_source": ANNUAIRE,
        "effectif_fichier": cadre["annuaire_fichier"],
    }.items():
        cadre[colonne] = cadre[colonne].mask(de_l_annuaire, valeur)


def _motif_hors_perimetre(cadre: pd.DataFrame) -> np.ndarray:
    """Why the service does not cover an establishment; nothing when it does."""
    est_ecole = cadre["type"] == "ECOLE"
    ministere = cadre["ministere"].fillna("MINISTERE DE L'EDUCATION")
    return premier(
        {
            "prive": lecture.sans_accents(cadre["statut_public_prive"]) == "PRIVE",
            "ni_public_ni_prive": cadre["statut_public_prive"].str.lower() != "public",
            "autre_ministere": ~ministere.str.startswith("MINISTERE DE L'EDUCATION"),
            "autre_nature": cadre["type"].isna()
            | ~cadre["type_etablissement"].fillna("Lycée").isin([*TYPES, "Lycée"]),
            "pas_encore_ouvert": cadre["etat"] == "A OUVRIR",
            "ferme": cadre["etat"].str.startswith("FERM").fillna(False),
            "ecole_hors_rep_plus": est_ecole & (cadre["ep"] != "REP+"),
            "ecole_sans_reseau": est_ecole & cadre["uai_tete_reseau"].isna(),
            "absent_annuaire_recent": cadre["est_disparue"],
        }
    )


def rattachements(etablissements: pd.DataFrame) -> pd.DataFrame:
    """uai → site_id: a section goes to its mother, an école REP+ to its network."""
    dedans = etablissements[etablissements["dans_perimetre"]]
    est_ecole = dedans["type"] == "ECOLE"
    meres = dedans[~est_ecole & ~dedans["est_section"]]["uai"]
    a_sa_mere = dedans["est_section"] & dedans["uai_mere"].isin(meres)
    site = dedans["uai"].mask(a_sa_mere, dedans["uai_mere"])
    raison = premier(
        {
            "ecole_rep_plus": est_ecole,
            "section_de_la_mere": a_sa_mere,
            "section_sans_mere": dedans["est_section"],
        },
        "etablissement",
    )
    return pd.DataFrame(
        {
            "uai": dedans["uai"],
            "site_id": site.mask(est_ecole, "RESEAU-" + dedans["uai_tete_reseau"]),
            "raison": raison,
        }
    )


def sites(etablissements: pd.DataFrame, rattachements: pd.DataFrame) -> pd.DataFrame:
    """One row for each site, of both natures."""
    membres = rattachements.merge(etablissements, on="uai")
    est_ecole = membres["raison"] == "ecole_rep_plus"
    tetes = etablissements[etablissements["type"] != "ECOLE"].set_index("uai")
    reunis = pd.concat([_seconds_degres(membres[~est_ecole]), _reseaux(membres[est_ecole], tetes)])
    reunis["eloignement_km"] = _eloignements(reunis)
    return reunis.rename_axis("site_id").reset_index().reindex(columns=COLONNES_SITE)


def _seconds_degres(membres: pd.DataFrame) -> pd.DataFrame:
    """The establishments, their sections in them."""
    principaux = membres[membres["uai"] == membres["site_id"]].set_index("site_id")
    # pupils of a section are added to the mother's of the same rentrée only
    rentree = principaux["effectif_rentree"].where(principaux["effectif"].notna())
    rentree = membres["site_id"].map(rentree)
    comptes = membres[
        (membres["effectif_rentree"] == rentree)
        | rentree.isna()
        | membres["effectif_rentree"].isna()
    ]
    groupes, groupes_comptes = membres.groupby("site_id"), comptes.groupby("site_id")
    a_section = membres["est_section"] & (membres["type"] == "LP")
    a_section &= membres["uai"] != membres["site_id"]
    etablis = principaux.drop(columns=["commune_code", "departement", "academie"]).assign(
        nature="etablissement",
        uai_principal=principaux["uai"],
        commune_code=principaux["commune_de_reference"],
        nb_etablissements=groupes.size(),
        nb_ecoles=0,
        nb_ecoles_elementaires=0,
        nb_ecoles_maternelles=0,
        part_effectif_connue=principaux["effectif"].notna().astype(int),
        effectif=groupes_comptes["effectif"].sum(min_count=1),
        effectif_rentree=groupes_comptes["effectif_rentree"].max(),
        effectif_rentree_la_plus_ancienne=groupes_comptes[
            "effectif_rentree_la_plus_ancienne"
        ].min(),
        effectif_source=listes(comptes, "site_id", "effectif_source"),
        departement=groupes["departement"].min(),
        academie=groupes["academie"].min(),
    )
    # a section of its own UAI is enough; without one, the annuaire decides for a lycée
    selon_annuaire = principaux["voie_professionnelle"].astype("boolean")
    etablis["a_section_professionnelle"] = (
        selon_annuaire.where(principaux["type"].isin(["LEGT", "LPO"]), False)
        .mask(a_section.groupby(membres["site_id"]).any(), True)
        .astype("boolean")
    )
    for dispositif in ("segpa", "ulis", "internat"):
        etablis[dispositif] = groupes[dispositif].max()
    return etablis


def _reseaux(ecoles: pd.DataFrame, tetes: pd.DataFrame) -> pd.DataFrame:
    """The écoles REP+ of each network, in the middle of them."""
    ecoles = ecoles.sort_values("uai")
    moyenne = ecoles.groupby("site_id")["nb_eleves_indice"].transform("mean")
    poids = ecoles["nb_eleves_indice"].fillna(moyenne).fillna(1)
    elementaire = ecoles["est_elementaire"].fillna(False)
    ecoles = ecoles.assign(
        ips_pese=ecoles["ips"] * poids,
        poids=poids.where(ecoles["ips"].notna()),
        est_elementaire=elementaire,
        est_maternelle=(ecoles["est_maternelle"] & ~ecoles["est_elementaire"]).fillna(False),
    )
    groupes = ecoles.groupby("site_id")
    reseaux = groupes.agg(
        uai_tete_reseau=("uai_tete_reseau", "first"),
        nb_etablissements=("uai", "count"),
        nb_ecoles=("uai", "count"),
        nb_ecoles_elementaires=("est_elementaire", "sum"),
        nb_ecoles_maternelles=("est_maternelle", "sum"),
        effectif_rentree=("effectif_rentree", "max"),
        effectif_rentree_la_plus_ancienne=("effectif_rentree_la_plus_ancienne", "min"),
        ips_rentree=("ips_rentree", "max"),
        latitude=("latitude", "mean"),
        longitude=("longitude", "mean"),
    )
    reseaux["effectif"] = groupes["effectif"].sum(min_count=1)
    reseaux["effectif_source"] = listes(ecoles, "site_id", "effectif_source")
    reseaux["part_effectif_connue"] = groupes["effectif"].count() / groupes.size()
    reseaux["ips"] = groupes["ips_pese"].sum(min_count=1) / groupes["poids"].sum(min_count=1)
    reseaux["commune_code"] = _plus_frequents(ecoles, "commune_de_reference")
    for colonne in ("commune", "departement", "academie", "bassin_code", "bassin", "densite"):
        reseaux[colonne] = _plus_frequents(ecoles, colonne)
    reseaux["est_rural"] = ecoles["est_rural"].astype("boolean").groupby(ecoles["site_id"]).max()
    tete = reseaux["uai_tete_reseau"]
    sans_bassin = reseaux["bassin"].isna()
    for colonne in ("bassin_code", "bassin"):
        reseaux[colonne] = reseaux[colonne].mask(sans_bassin, tete.map(tetes[colonne]))
    nom = tete.map(tetes["nom"]).fillna(tete + " (" + reseaux["commune"] + ")")
    return reseaux.assign(
        nature="ecoles_rep_plus",
        uai_principal=tete,
        nom="Écoles REP+ du réseau " + nom,
        type="ECOLE",
        qualite_position="milieu des écoles",
        ep="REP+",
        a_section_professionnelle=False,
    )


def _plus_frequents(membres: pd.DataFrame, colonne: str) -> pd.Series:
    """The value most of each site's members have, the first of as many."""
    comptes = membres.groupby(["site_id", colonne]).size().rename("nombre").reset_index()
    comptes = comptes.sort_values(["nombre", colonne], ascending=[False, True])
    return comptes.drop_duplicates("site_id").set_index("site_id")[colonne]


def _eloignements(sites: pd.DataFrame) -> pd.Series:
    """Kilometres from each site to the nearest other establishment."""
    voisins = sites[(sites["nature"] == "etablissement") & sites["latitude"].notna()]
    latitudes, longitudes = voisins["latitude"].to_numpy(), voisins["longitude"].to_numpy()
    rangs = {site: rang for rang, site in enumerate(voisins.index)}
    plus_proches = []
    for site, latitude, longitude in zip(
        sites.index, sites["latitude"], sites["longitude"], strict=True
    ):
        nord = latitudes - latitude
        est = (longitudes - longitude) * np.cos(np.radians(latitude))
        carres = nord * nord + est * est
        if site in rangs:
            carres[rangs[site]] = np.inf
        plus_proches.append(np.sqrt(carres.min(initial=np.inf)))
    km = reference.valeur("controles", "km_par_degre") * pd.Series(plus_proches, sites.index)
    return km.replace(np.inf, np.nan)


def activite(lignes: pd.DataFrame, rattachements: pd.DataFrame) -> pd.DataFrame:
    """The returns kept, with the site of each when it has one."""
    sites = rattachements.set_index("uai")["site_id"]
    colonnes = [c for c in COLONNES_ACTIVITE if c != "site_id"]
    gardees = lignes.loc[lignes["sort"] == "gardee", colonnes]
    return gardees.assign(site_id=gardees["uai"].map(sites))[COLONNES_ACTIVITE]
