"""What the pandas script found amiss, with what to do about it: the rows, then the marts.

What only local files can meet (posts, presences, other classes, bassins, places to work, journeys)
is left out, the country has none; so is what the reading of a broken file says (rows that can't be
cut, two encodings, macros of a workbook), for the files of the country are written whole.
"""

import tomllib
from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipelines.banc import temoin_lecture as lecture
from pipelines.banc.temoin_lignes import ILLISIBLES, distance_km
from pipelines.base import chemins, reference

COLONNES = [
    "source", "fichier", "ligne", "colonne", "colonne_du_fichier", "valeur", "code", "raison",
    "remede", "gravite", "consequence",
]  # fmt: skip
DE_DEUX_MILLESIMES = ("uai_dans_deux_annuaires", "remplacee_par_plus_recent")
"""Said once for a file, not once for a row."""


def anomalies(
    marts: dict[str, pd.DataFrame], lignes: dict[str, pd.DataFrame], cellules: pd.DataFrame
) -> pd.DataFrame:
    """One row for each thing amiss, in the words of `data/reference/anomalies.toml`.

    `marts` holds the marts and the tables they come from by name, `lignes` the rows read of each
    family of sources with their fate, `cellules` what is amiss in their cells.
    """
    etablissements = marts["mart_etablissement"]
    perimetre = etablissements[etablissements["dans_perimetre"]]
    annuaire = lignes["annuaire"]
    jugees = [
        _des_lignes(cellules),
        *_de_l_annuaire(etablissements, perimetre, annuaire, marts),
        *_des_cellules(perimetre, annuaire),
        *_des_orphelines(etablissements, annuaire, [lignes["ips"], lignes["effectifs"]]),
        *_de_ce_que_l_annuaire_tait(
            etablissements, perimetre, annuaire[annuaire["sort"] == "gardee"]
        ),
        *_des_positions(perimetre, annuaire, marts["contours"]),
        _des_types(perimetre, annuaire),
        *_des_effectifs(perimetre, marts["effectifs"], annuaire),
        _des_indices(perimetre, lignes["ips"]),
        _des_labels(perimetre, marts["labels_du_brevet"], marts["reseaux"]),
        *_des_reseaux(perimetre, etablissements, marts["reseaux"], marts["mart_rattachement"]),
        *_de_l_activite(marts["mart_activite"], etablissements, annuaire),
    ]
    motifs = tomllib.loads((chemins.REFERENCE / "anomalies.toml").read_text(encoding="utf-8"))
    motifs = pd.DataFrame.from_dict(motifs, orient="index").rename_axis("code").reset_index()
    toutes = pd.concat([cadre for cadre in jugees if len(cadre)], ignore_index=True)
    toutes = toutes.merge(marts["entetes"], on=["source", "fichier", "colonne"], how="left")
    # what is said of a whole file names its columns as it does
    constats = marts["constats"].assign(colonne_du_fichier=marts["constats"]["colonne"])
    toutes = pd.concat([cadre for cadre in (toutes, constats) if len(cadre)], ignore_index=True)
    return toutes.merge(motifs, on="code", how="left")[COLONNES]


def _des_lignes(vues: pd.DataFrame) -> pd.DataFrame:
    """The anomalies of single cells; two vintages given together are one of the whole file."""
    de_deux = vues["code"].isin(DE_DEUX_MILLESIMES)
    ensemble = vues[de_deux].groupby(["source", "fichier", "code"], as_index=False)
    ensemble = ensemble.agg(
        ligne=("ligne", "min"), colonne=("colonne", "min"), nombre=("ligne", "size")
    )
    nombre = ensemble.pop("nombre")
    ensemble["valeur"] = nombre.astype("str") + np.where(nombre > 1, " lignes", " ligne")
    return pd.concat([vues[~de_deux], ensemble])


def _dire(
    cadre: pd.DataFrame,
    code: str | np.ndarray,
    colonne: str,
    valeur: pd.Series,
    source: str | pd.Series = "annuaire",
) -> pd.DataFrame:
    """An anomaly for each row of `cadre`, at its file and line."""
    return pd.DataFrame(
        {
            "source": source,
            "fichier": cadre["fichier"],
            "ligne": cadre["ligne"],
            "colonne": colonne,
            "valeur": valeur,
            "code": code,
        }
    )


def _nom(cadre: pd.DataFrame) -> pd.Series:
    return cadre["uai"] + " " + cadre["nom"]


def _entiers(nombres: pd.Series) -> pd.Series:
    return nombres.astype("Int64").astype("str")


def _suite(debut: str, texte: pd.Series) -> pd.Series:
    """`debut` and the text, nothing where there is no text."""
    return (debut + texte).fillna("")


def _de_l_annuaire(
    etablissements: pd.DataFrame,
    perimetre: pd.DataFrame,
    annuaire: pd.DataFrame,
    marts: dict[str, pd.DataFrame],
) -> Iterator[pd.DataFrame]:
    """What is amiss with the establishments themselves."""
    est_ecole = perimetre["type"] == "ECOLE"
    illisibles = annuaire["uai"][
        (annuaire["sort"] == "gardee") & annuaire["latitude_illisible"].notna()
    ]
    de_la_commune = perimetre["qualite_position"] == "commune"
    for code, colonne, condition in (
        (
            "position_de_la_commune",
            "latitude",
            de_la_commune & ~perimetre["uai"].isin(illisibles),
        ),
        ("position_inconnue", "latitude", perimetre["qualite_position"] == "inconnue"),
        (
            "effectif_inconnu",
            "nombre_d_eleves",
            perimetre["effectif"].isna() & ~est_ecole & ~perimetre["est_section"],
        ),
        ("fermeture_a_venir", "etat", perimetre["etat"] == "A FERMER"),
        (
            "ecole_sans_niveau",
            "ecole_elementaire",
            est_ecole
            & (perimetre["est_elementaire"] != True).fillna(True)  # noqa: E712
            & (perimetre["est_elementaire"].isna() | ~perimetre["est_maternelle"].fillna(False)),
        ),
    ):
        vus = perimetre[condition]
        yield _dire(vus, code, colonne, _nom(vus))
    hors = etablissements["motif_hors_perimetre"]
    hors_ecoles = hors.where(etablissements["type"].fillna("ECOLE") != "ECOLE")
    vus = etablissements[hors == "ecole_sans_reseau"]
    yield _dire(vus, "ecole_rep_plus_sans_reseau", "uai", _nom(vus))
    vus = etablissements[hors == "absent_annuaire_recent"]
    yield _dire(vus, "absent_annuaire_recent", "uai", _nom(vus))
    vus = etablissements[hors_ecoles == "ni_public_ni_prive"]
    yield _dire(vus, "secteur_inconnu", "statut_public_prive", _nom(vus))
    vus = etablissements[hors_ecoles == "pas_encore_ouvert"]
    ouverture = _suite(", ouverture le ", vus["date_ouverture"].dt.strftime("%Y-%m-%d"))
    yield _dire(vus, "ouverture_a_venir", "etat", _nom(vus) + ouverture)
    if len(marts["reseaux"]):
        vus = perimetre[perimetre["est_ep_contradictoire"] & ~perimetre["est_section"]]
        retenu = ", retenu " + vus["ep"].fillna("aucun label")
        colonne = "education_prioritaire"
        de_l_annuaire = vus["ep_source"] == "annuaire"
        code = np.where(de_l_annuaire, "ep_hors_liste", "ep_contradictoire")
        yield _dire(vus, code, colonne, _nom(vus) + retenu)
    rattachements = marts["mart_rattachement"]
    seules = rattachements[rattachements["raison"] == "section_sans_mere"]["uai"]
    vus = perimetre[perimetre["uai"].isin(seules)]
    mere = ", mère " + vus["uai_mere"].fillna("absente")
    yield _dire(vus, "mere_hors_perimetre", "etablissement_mere", _nom(vus) + mere)
    vus = perimetre[perimetre["densite"].isna()]
    lieu = vus["commune_code"].fillna(vus["commune"]).fillna("sans commune")
    yield _dire(vus, "densite_inconnue", "code_commune", vus["uai"] + " " + lieu)
    peu_sures = reference.valeur("controles", "precisions_peu_sures")
    vus = perimetre[perimetre["qualite_position"].isin(peu_sures)]
    qualite = _nom(vus) + ", " + vus["qualite_position"]
    yield _dire(vus, "position_peu_sure", "precision_localisation", qualite)


def _des_cellules(perimetre: pd.DataFrame, annuaire: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Cells of the annuaire that are not empty, and of which nothing is kept."""
    gardees = annuaire[annuaire["sort"] == "gardee"]
    for colonne in ILLISIBLES:
        perdues = gardees[["uai", f"{colonne}_illisible"]].dropna()
        vus = perimetre.merge(perdues, on="uai")
        code = "position_illisible" if colonne == "latitude" else "valeur_illisible"
        ecrite = ", «\u202f" + vus[f"{colonne}_illisible"] + "\u202f»"
        yield _dire(vus, code, colonne, _nom(vus) + ecrite)


def _des_orphelines(
    etablissements: pd.DataFrame, annuaire: pd.DataFrame, lues: list[pd.DataFrame]
) -> Iterator[pd.DataFrame]:
    """Indices and enrolments of the last rentrée, of UAIs the annuaire of the place has not."""
    prefixes = etablissements["uai"].str[:3].unique()
    connus = annuaire["uai"][annuaire["sort"] == "gardee"]
    for lignes in lues:
        gardees = lignes[lignes["sort"] == "gardee"]
        dernieres = gardees.groupby("source")["rentree"].transform("max")
        gardees = gardees[gardees["rentree"] == dernieres]
        gardees = gardees[gardees["uai"].str[:3].isin(prefixes) & ~gardees["uai"].isin(connus)]
        vus = gardees.groupby(["source", "fichier"]).agg(
            ligne=("ligne", "min"), nombre=("uai", "nunique"), premier=("uai", "min")
        )
        vus = vus.reset_index()
        valeur = vus["nombre"].astype("str") + " UAI, dont " + vus["premier"]
        yield _dire(vus, "uai_absent_annuaire", "uai", valeur, vus["source"])


def _de_ce_que_l_annuaire_tait(
    etablissements: pd.DataFrame, perimetre: pd.DataFrame, annuaire: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """What the annuaire leaves out or says in words unknown, of an establishment kept."""
    vus = perimetre[~perimetre["etat"].isin(["OUVERT", "A FERMER"])]
    yield _dire(vus, "etat_inconnu", "etat", _nom(vus) + _suite(", ", vus["etat"]))
    dits = ["uai", "ministere", "code_nature", "est_sans_nom", "academie_inconnue"]
    lus = perimetre.merge(annuaire[dits], on="uai")
    vus = lus[lus["ministere"].isna()]
    yield _dire(vus, "ministere_inconnu", "ministere_tutelle", _nom(vus))
    natures = pd.read_csv(chemins.REFERENCE / "natures.csv", dtype="str")["code_nature"]
    vus = lus[~lus["code_nature"].isin(natures)]
    nature = ", " + vus["code_nature"].fillna("sans nature") + ", compté comme " + vus["type"]
    yield _dire(vus, "nature_inconnue", "code_nature", _nom(vus) + nature)
    vus = lus[lus["est_sans_nom"].astype(bool)]
    yield _dire(vus, "nom_absent", "nom", _nom(vus))
    vus = etablissements.merge(annuaire[["uai", "label_inconnu"]].dropna(), on="uai")
    label = vus["uai"] + " " + vus["label_inconnu"]
    yield _dire(vus, "label_inconnu", "education_prioritaire", label)
    # one spelling is mended once: said once, of all who bear it
    ecritures = lus.dropna(subset=["academie_inconnue"]).groupby(["fichier", "academie_inconnue"])
    vus = ecritures.agg(ligne=("ligne", "min"), nombre=("uai", "size")).reset_index()
    portee = ", nombre d'établissements : " + vus["nombre"].astype("str")
    yield _dire(vus, "academie_inconnue", "libelle_academie", vus["academie_inconnue"] + portee)
    vus = perimetre[perimetre["date_maj"].isna()].groupby("fichier")
    vus = vus.agg(ligne=("ligne", "min"), nombre=("uai", "size"), premier=("uai", "min"))
    vus = vus.reset_index()
    portee = "nombre d'établissements : " + vus["nombre"].astype("str") + ", dont "
    yield _dire(vus, "annuaire_sans_date", "date_maj_ligne", portee + vus["premier"])


def _des_positions(
    perimetre: pd.DataFrame, annuaire: pd.DataFrame, contours: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """Positions far from their commune, or from where another annuaire puts them."""
    boites = contours[["commune_code", "nom_commune", "ouest", "sud", "est", "nord"]]
    cadre = perimetre.drop(columns=["commune_code"]).merge(
        boites, left_on="commune_de_reference", right_on="commune_code"
    )
    latitude, longitude = cadre["latitude"], cadre["longitude"]
    cadre["km"] = distance_km(
        latitude,
        longitude,
        latitude.clip(cadre["sud"], cadre["nord"]),
        longitude.clip(cadre["ouest"], cadre["est"]),
    )
    vus = cadre[cadre["km"] > reference.valeur("controles", "eloignement_commune_max_km")]
    lieu = ", à " + _entiers(vus["km"].round()) + " km de " + vus["nom_commune"]
    yield _dire(vus, "position_loin_de_sa_commune", "latitude", _nom(vus) + lieu)
    deplacement_max = reference.valeur("controles", "deplacement_max_km")
    vus = annuaire[annuaire["deplacement_km"] > deplacement_max]
    vus = vus.drop(columns="nom").merge(perimetre[["uai", "nom"]], on="uai")
    km = vus["deplacement_km"].round(1).astype("str").str.replace(".", ",", regex=False)
    ailleurs = vus["fichier"] != vus["fichier_retenu"]
    code = np.where(ailleurs, "position_deplacee", "position_deux_lignes")
    yield _dire(vus, code, "latitude", _nom(vus) + ", " + km + " km plus loin")
    # without the shape of its commune, from the middle of those of the département
    siennes = perimetre[~perimetre["qualite_position"].isin(["commune", "inconnue"])]
    milieux = siennes.groupby("departement")[["latitude", "longitude"]].median()
    sans = perimetre[~perimetre["commune_de_reference"].isin(contours["commune_code"])]
    sans = sans.merge(milieux, on="departement", suffixes=("", "_milieu"))
    km = distance_km(
        sans["latitude"], sans["longitude"], sans["latitude_milieu"], sans["longitude_milieu"]
    )
    loin = km > reference.valeur("controles", "eloignement_departement_max_km")
    vus = sans[loin]
    lieu = ", à " + _entiers(km[loin].round()) + " km du milieu des établissements du département"
    yield _dire(vus, "position_loin_du_departement", "latitude", _nom(vus) + lieu)


def _des_types(perimetre: pd.DataFrame, annuaire: pd.DataFrame) -> pd.DataFrame:
    """One UAI under two types in a file: which is kept, and where its figures come from."""
    retenus = annuaire[annuaire["sort"] == "gardee"].set_index("uai")["type_etablissement"]
    colonnes = ["uai", "nom", "fichier", "effectif", "effectif_fichier", "ips", "ips_fichier"]
    lues = annuaire.loc[
        annuaire["sort"] == "fusionnee", ["uai", "fichier", "ligne", "type_etablissement"]
    ]
    lues = lues.merge(perimetre[colonnes], on=["uai", "fichier"])
    lues["type_retenu"] = lues["uai"].map(retenus)
    vus = lues[lues["type_retenu"].fillna("") != lues["type_etablissement"].fillna("")]
    effectif = _entiers(vus["effectif"]).where(vus["effectif"].notna())
    ips = vus["ips"].astype("str").str.replace(".", ",", regex=False).where(vus["ips"].notna())
    chiffres = " ; effectif : " + (effectif + " (" + vus["effectif_fichier"] + ")").fillna(
        "inconnu"
    )
    chiffres += " ; IPS : " + (ips + " (" + vus["ips_fichier"] + ")").fillna("inconnu")
    types = ", retenu " + vus["type_retenu"]
    types += ", aussi " + vus["type_etablissement"].fillna("sans type")
    return _dire(vus, "uai_deux_types", "type_etablissement", _nom(vus) + types + chiffres)


def _des_effectifs(
    perimetre: pd.DataFrame, effectifs: pd.DataFrame, annuaire: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """Enrolments that jump, that two sources dispute, or that add two rentrées."""
    du_perimetre = perimetre[["uai", "nom", "effectif_rentree", "effectif_fichier"]]
    retenus = du_perimetre.merge(
        effectifs, left_on=["uai", "effectif_rentree"], right_on=["uai", "rentree"]
    )
    retenus = retenus.drop(columns="fichier").rename(columns={"premier_fichier": "fichier"})

    avant = effectifs[["uai", "rentree", "effectif"]].merge(
        retenus, on="uai", suffixes=("_avant", "")
    )
    avant = avant[avant["rentree_avant"] < avant["rentree"]]
    avant = avant.sort_values("rentree_avant", ascending=False).drop_duplicates("uai")
    vus = avant[_sont_loin(avant["effectif"], avant["effectif_avant"])]
    valeur = ", " + _entiers(vus["effectif_avant"]) + " à la rentrée "
    valeur += _entiers(vus["rentree_avant"])
    valeur += ", " + _entiers(vus["effectif"]) + " à la rentrée " + _entiers(vus["rentree"])
    yield _dire(vus, "effectif_saut", "effectif", _nom(vus) + valeur, vus["premiere_source"])

    gardees = annuaire[annuaire["sort"] == "gardee"].set_index("uai")
    gardees["rentree"] = lecture.rentree_du_jour(gardees["effectif_date"])
    de_l_annuaire = retenus.assign(
        effectif_autre_source=retenus["uai"].map(gardees["effectif_dit"]), autre_source="annuaire"
    )
    meme_rentree = retenus["uai"].map(gardees["rentree"]) == retenus["rentree"]
    for memes in (retenus, de_l_annuaire[meme_rentree]):
        vus = memes[_sont_loin(memes["effectif_autre_source"], memes["effectif"])]
        valeur = ", " + _entiers(vus["effectif"]) + " (" + vus["source"] + "), "
        valeur += _entiers(vus["effectif_autre_source"]) + " (" + vus["autre_source"] + ")"
        code = "effectif_sources_contraires"
        yield _dire(vus, code, "effectif", _nom(vus) + valeur, vus["premiere_source"])

    vus = retenus[retenus["rentree_la_plus_ancienne"] < retenus["rentree"]]
    valeur = ", rentrées " + _entiers(vus["rentree_la_plus_ancienne"])
    valeur += " et " + _entiers(vus["rentree"]) + " (" + vus["effectif_fichier"] + ")"
    code = "effectif_annees_melees"
    yield _dire(vus, code, "rentree", _nom(vus) + valeur, vus["premiere_source"])

    derniers = effectifs.sort_values("rentree", ascending=False).drop_duplicates("uai")
    derniers = derniers.drop(columns="fichier").rename(columns={"premier_fichier": "fichier"})
    colonnes = ["uai", "nom", "effectif", "effectif_rentree", "effectif_source", "effectif_fichier"]
    derniers = derniers.merge(perimetre[colonnes], on="uai", suffixes=("", "_retenu"))
    selon = derniers["uai"].map(gardees["effectif_dit"])
    annee = derniers["uai"].map(gardees["rentree"])
    ecart = (derniers["effectif"] - selon).abs()
    loin = ecart > reference.valeur("controles", "ecart_effectif_max") * derniers["effectif_retenu"]
    loin &= ecart >= reference.valeur("controles", "ecart_effectif_min_eleves")
    loin &= annee.isna() | (annee != derniers["rentree"])
    vus, selon, annee = derniers[loin], selon[loin], annee[loin]
    valeur = ", " + _entiers(vus["effectif"]) + " à la rentrée " + _entiers(vus["rentree"])
    de_quand = " selon l'annuaire de la rentrée " + _entiers(annee)
    valeur += ", " + _entiers(selon) + de_quand.where(annee.notna(), " selon l'annuaire, sans date")
    valeur += ", retenu " + _entiers(vus["effectif_retenu"])
    code = "effectif_annuaire_contraire"
    yield _dire(vus, code, "effectif", _nom(vus) + valeur, vus["premiere_source"])

    repris = gardees["effectif"].isna() & gardees["effectif_dit"].notna()
    vus = perimetre[perimetre["uai"].map(repris) & (perimetre["effectif_source"] == "annuaire")]
    annee = _suite(
        " à la rentrée ", _entiers(vus["effectif_rentree"]).where(vus["effectif_rentree"].notna())
    )
    valeur = ", retenu " + _entiers(vus["effectif"]) + annee + " (" + vus["effectif_fichier"] + ")"
    yield _dire(vus, "effectif_repris", "nombre_d_eleves", _nom(vus) + valeur)


def _sont_loin(nombres: pd.Series, retenus: pd.Series) -> pd.Series:
    """Enrolments that differ by more than a share, and by more than a class."""
    ecart = (nombres - retenus).abs()
    part_max = reference.valeur("controles", "ecart_effectif_max")
    eleves_min = reference.valeur("controles", "ecart_effectif_min_eleves")
    return (ecart > part_max * retenus) & (ecart >= eleves_min)


def _des_indices(perimetre: pd.DataFrame, indices: pd.DataFrame) -> pd.DataFrame:
    """The last index of each file of an UAI, when it is not the one retained."""
    lus = indices[(indices["sort"] == "gardee") & indices["ips"].notna()]
    lus = lus.sort_values("rentree", ascending=False).drop_duplicates(["uai", "source"])
    colonnes = ["uai", "nom", "ips", "ips_rentree", "ips_source", "ips_fichier"]
    lus = lus.merge(perimetre[colonnes], on="uai", suffixes=("", "_retenu"))
    vus = lus[(lus["source"] != lus["ips_source"]) & (lus["ips"] != lus["ips_retenu"])]
    [lu, retenu] = [
        vus[colonne].astype("str").str.replace(".", ",", regex=False)
        for colonne in ("ips", "ips_retenu")
    ]
    valeur = ", " + lu + " à la rentrée " + _entiers(vus["rentree"]) + ", retenu " + retenu
    valeur += " à la rentrée " + _entiers(vus["ips_rentree"]) + " (" + vus["ips_fichier"] + ")"
    return _dire(vus, "ips_deux_sources", "ips", _nom(vus) + valeur, vus["source"])


def _des_labels(
    perimetre: pd.DataFrame, labels: pd.DataFrame, reseaux: pd.DataFrame
) -> pd.DataFrame:
    """A label of the file of the brevet that is two, or not the one retained."""
    lus = labels.merge(perimetre[["uai", "nom", "ep"]], on="uai", suffixes=("", "_retenu"))
    autre = lus["ep"].fillna("") != lus["ep_retenu"].fillna("")
    vus = lus[lus["les_deux"] | (lus["est_dit"] & autre & bool(len(reseaux)))]
    code = np.where(vus["les_deux"], "rep_et_rep_plus", "label_du_brevet_contraire")
    retenu = ", retenu " + vus["ep_retenu"].fillna("aucun label")
    return _dire(vus, code, "rep_plus", _nom(vus) + retenu, "effectifs_brevet")


def _des_reseaux(
    perimetre: pd.DataFrame,
    etablissements: pd.DataFrame,
    reseaux: pd.DataFrame,
    rattachements: pd.DataFrame,
) -> Iterator[pd.DataFrame]:
    """Networks whose head is gone, members that are not in the annuaire."""
    sans_tete = reseaux[
        ("RESEAU-" + reseaux["uai_tete_reseau"]).isin(rattachements["site_id"])
        & ~reseaux["uai_tete_reseau"].isin(perimetre["uai"])
    ]
    vus = sans_tete.groupby("uai_tete_reseau").agg({"fichier": "min", "ligne": "min"})
    vus = vus.reset_index()
    code, source = "tete_de_reseau_absente", "education_prioritaire"
    yield _dire(vus, code, "uai_tete_de_reseau", vus["uai_tete_reseau"], source)
    vus = reseaux[
        reseaux["departement"].isin(etablissements["departement"])
        & ~reseaux["uai"].isin(etablissements["uai"])
    ]
    valeur = vus["uai"] + " " + vus["nom"].fillna("")
    yield _dire(vus, "ecole_absente_annuaire", "uai", valeur, source)


def _de_l_activite(
    activite: pd.DataFrame, etablissements: pd.DataFrame, annuaire: pd.DataFrame
) -> Iterator[pd.DataFrame]:
    """Returns of places the service does not cover, and numbers ten times those of others."""
    sans_departement = annuaire[(annuaire["sort"] == "gardee") & annuaire["departement"].isna()]
    hors = activite[activite["site_id"].isna() & ~activite["uai"].isin(sans_departement["uai"])]
    vus = hors.groupby(["fichier", "uai"], as_index=False)["ligne"].min()
    yield _dire(vus, "activite_hors_perimetre", "uai", vus["uai"], "activite")

    types = etablissements.set_index("uai")["type"]
    releves = activite[["uai", "periode", "indicateur", "modalite", "nombre", "fichier", "ligne"]]
    releves = releves.assign(type=releves["uai"].map(types))
    releves = releves[releves["uai"].isin(etablissements["uai"])]
    cles = ["type", "periode", "indicateur", "modalite"]
    medianes = releves.groupby(cles, dropna=False)["nombre"].quantile(0.5, interpolation="lower")
    limites = medianes.rename("mediane").reset_index()
    limites["limite"] = (
        reference.valeur("controles", "activite_absurde_fois") * limites["mediane"]
    ).clip(lower=reference.valeur("controles", "activite_absurde_min"))
    releves = releves[releves["nombre"] >= limites["limite"].min()].merge(limites, on=cles)
    vus = releves[(releves["nombre"] >= releves["limite"]) & releves["type"].notna()]
    valeur = vus["uai"] + " " + vus["indicateur"] + " : " + _entiers(vus["nombre"])
    valeur += ", médiane " + _entiers(vus["mediane"])
    yield _dire(vus, "activite_absurde", "nombre", valeur, "activite")
