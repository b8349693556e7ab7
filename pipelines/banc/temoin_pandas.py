"""The witness of the benchmark: the same marts by a straightforward pandas script.

Written as an analyst who knows the rules would: vectorised, each file read once with the columns
it takes, at the places given (nothing to recognise, `temoin_lecture`). Rows are judged
(`temoin_lignes`), the marts drawn from those kept (`temoin_marts`), what is amiss told
(`temoin_anomalies`). It does less than Atlas: no dialect to find, no file refused, no search for
personal data, no local file but activity's; a row of it that stops Atlas is told and left out.
"""

from pathlib import Path

import pandas as pd

from pipelines.banc import temoin_anomalies, temoin_lecture, temoin_lignes, temoin_marts
from pipelines.banc.pays import Fichier

JUGES = {
    "annuaire": temoin_lignes.annuaire,
    "education_prioritaire": temoin_lignes.reseaux,
    "densite": temoin_lignes.grille,
    "contours": temoin_lignes.contours,
    "ips": temoin_lignes.indices,
    "effectifs": temoin_lignes.effectifs,
    "activite": temoin_lignes.activite,
}
"""What tells the fate of the rows of each family of sources, and what is amiss in them."""
SORTS = {
    "gardee": "lignes_gardees",
    "fusionnee": "lignes_fusionnees",
    "rejetee": "lignes_rejetees",
}


def construire(dossier: Path, fichiers: list[Fichier], sortie: Path) -> dict[str, float]:
    """Build the marts of `fichiers` and write each to `sortie` as Parquet.

    Returns the counts to compare with those of Atlas (`pipelines.banc.sources.comptes`). Raises
    ValueError when the rows of a file are not all kept, merged or rejected.
    """
    lues, lignes, cellules = {}, {}, []
    for famille, juger in JUGES.items():
        du_meme = [f for f in fichiers if f"{f.source}_".startswith(f"{famille}_")]
        lues[famille] = temoin_lecture.lire(dossier, du_meme, temoin_lignes.COLONNES[famille])
        lignes[famille], dites = juger(lues[famille].lignes)
        cellules.append(dites)
    meta = _construction([lu.fichiers for lu in lues.values()], lignes)
    marts = _marts(lignes, meta)
    marts["constats"] = pd.concat([lu.constats for lu in lues.values()])
    marts["entetes"] = pd.concat([lu.entetes for lu in lues.values()])
    marts["meta_construction"] = meta
    marts["mart_anomalie"] = temoin_anomalies.anomalies(marts, lignes, pd.concat(cellules))
    for nom, mart in marts.items():
        if nom.startswith(("mart_", "meta_")):
            mart.to_parquet(sortie / f"{nom}.parquet", index=False)
    return _comptes(marts)


def _construction(fichiers: list[pd.DataFrame], lignes: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row for each file: vintage, fingerprint, bytes, and the fate of its rows."""
    meta = pd.concat(fichiers, ignore_index=True).drop(columns="rang")
    sorts = pd.concat(
        cadre.groupby(["source", "fichier"])["sort"].value_counts().unstack(fill_value=0)
        for cadre in lignes.values()
        if len(cadre)
    )
    sorts = sorts.reindex(columns=list(SORTS)).fillna(0).astype(int).rename(columns=SORTS)
    meta = meta.merge(sorts.reset_index(), on=["source", "fichier"], how="left")
    comptees = list(SORTS.values())
    meta[comptees] = meta[comptees].fillna(0).astype(int)
    if (perdues := meta["lignes_lues"] != meta[comptees].sum(axis=1)).any():
        raise ValueError(f"rows lost: {', '.join(meta['fichier'][perdues])}")
    return meta


def _marts(lignes: dict[str, pd.DataFrame], meta: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The marts by name, and the tables between the rows and them."""
    gardees = {
        nom: cadre[cadre["sort"] == "gardee"] for nom, cadre in lignes.items() if nom != "activite"
    }
    millesimes = meta.set_index(["source", "fichier"])["millesime"]
    reseaux = gardees["education_prioritaire"]
    reseaux = reseaux.join(millesimes, on=["source", "fichier"])
    departements = gardees["annuaire"]["departement"].dropna().drop_duplicates()
    communes = temoin_marts.communes(gardees["densite"], gardees["contours"], departements)
    effectifs = temoin_marts.effectifs(gardees["effectifs"])
    etablissements = temoin_marts.etablissements(
        gardees["annuaire"],
        reseaux,
        communes,
        effectifs,
        temoin_marts.eleves_des_dispositifs(gardees["effectifs"]),
        temoin_marts.indices(gardees["ips"]),
    )
    rattachements = temoin_marts.rattachements(etablissements)
    return {
        "reseaux": reseaux,
        "contours": gardees["contours"],
        "effectifs": effectifs,
        "labels_du_brevet": temoin_marts.labels_du_brevet(lignes["effectifs"]),
        "mart_commune": communes,
        "mart_etablissement": etablissements,
        "mart_rattachement": rattachements,
        "mart_site": temoin_marts.sites(etablissements, rattachements),
        "mart_activite": temoin_marts.activite(lignes["activite"], rattachements),
    }


def _comptes(marts: dict[str, pd.DataFrame]) -> dict[str, float]:
    """What both engines must agree on."""
    sites, activite = marts["mart_site"], marts["mart_activite"]
    natures = sites["nature"].value_counts()
    par_code = marts["mart_anomalie"]["code"].value_counts()
    par_source = marts["meta_construction"].groupby("source")[list(SORTS.values())].sum()
    return {
        "communes": len(marts["mart_commune"]),
        "etablissements": len(marts["mart_etablissement"]),
        "etablissements_du_perimetre": len(marts["mart_rattachement"]),
        "sites_etablissement": int(natures.get("etablissement", 0)),
        "sites_ecoles_rep_plus": int(natures.get("ecoles_rep_plus", 0)),
        "effectif_des_sites": int(sites["effectif"].sum()),
        "somme_des_ips_des_sites": round(float(sites["ips"].sum()), 3),
        "activite_lignes": len(activite),
        "activite_nombre": int(activite["nombre"].sum()),
        "activite_lignes_rattachees": int(activite["site_id"].notna().sum()),
        **{f"anomalies {code}": int(nombre) for code, nombre in par_code.items()},
        **{
            f"{sort} {source}": int(nombre)
            for source, des_sorts in par_source.iterrows()
            for sort, nombre in des_sorts.items()
        },
    }
