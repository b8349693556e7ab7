"""The fiche of a site: who it is, what it should have, what it has, and where each comes from."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import INCONNU, nombre, pluriel, pourcentage, rythme
from pipelines.marts import entrepot
from pipelines.planning.trajets import estimer
from pipelines.reports.donnees import millesime_lisible
from pipelines.reports.libelles import STATUTS, TYPES
from pipelines.reports.sites import BAREME_PAR_DEFAUT, tableau_sites
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.sources.cartes import cartes

POSTES_PROCHES_MONTRES = 8
DISPOSITIFS = {
    "segpa": "SEGPA",
    "ulis": "ULIS",
    "upe2a": "UPE2A",
    "relais": "Dispositif relais",
    "internat": "Internat",
}


@dataclass(frozen=True)
class Fiche:
    """One site, ready to show: sentences and small tables with French headers."""

    site_id: str
    nom: str
    sous_titre: str
    phrase: str
    identite: pd.DataFrame
    categories: pd.DataFrame
    besoin: pd.DataFrame
    presences: pd.DataFrame
    postes_proches: pd.DataFrame
    rattachements: pd.DataFrame
    activite: pd.DataFrame
    anomalies: pd.DataFrame


def choix(base: Path, departement: str) -> dict[str, str]:
    """site_id → « Nom, Commune (UAI) » of every site of a département, by name."""
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        sites = entrepot.lire(connexion, "mart_site", departement)
    sites = sites.sort_values(["nom", "commune", "site_id"])
    return {s.site_id: f"{s.nom}, {s.commune} ({s.uai_principal})" for s in sites.itertuples()}


def fiche(base: Path, departement: str, site_id: str) -> Fiche:
    """The fiche of `site_id`; AtlasError when the département doesn't have it."""
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        calcules = besoins(connexion, bareme(BAREME_PAR_DEFAUT))
        sites = tableau_sites(connexion, departement, calcules=calcules)
        trouves = sites[sites["site_id"] == site_id]
        if trouves.empty:
            raise AtlasError(
                f"Aucun site « {site_id} » dans ce département.",
                remede="choisir un établissement dans la liste",
            )
        site = trouves.iloc[0].to_dict()
        detail = calcules.detail
        return Fiche(
            site_id=site_id,
            nom=site["nom"],
            sous_titre=f"{TYPES[site['type']]}, {site['commune']}"
            + (f", bassin {site['bassin'].title()}" if site["bassin"] else ""),
            phrase=_phrase(site, sites),
            identite=_identite(connexion, site),
            categories=_categories(site),
            besoin=_besoin(detail[detail["site_id"] == site_id]),
            presences=_presences(connexion, site_id),
            postes_proches=_postes_proches(connexion, departement, trouves),
            rattachements=_rattachements(connexion, site_id),
            activite=_activite(connexion, site_id),
            anomalies=_anomalies(connexion, site_id),
        )


def _phrase(site: dict, sites: pd.DataFrame) -> str:
    debut = (
        f"Besoin : {pluriel(site['besoin'], 'demi-journée')} par cycle de 4 semaines "
        f"({rythme(site['besoin'])}). Aujourd'hui : "
    )
    if site["presence"] == 0:
        return f"{debut}aucune présence régulière."
    phrase = f"{debut}{rythme(site['presence'])}, soit {pourcentage(site['part'])} du besoin."
    servis = sites[(sites["presence"] > 0) & sites["effectif"].notna()]
    if site["effectif"] is None or servis.empty:
        return phrase
    moyenne = servis["effectif"].sum() / servis["presence"].sum()
    return (
        f"{phrase} {nombre(site['effectif'] / site['presence'])} élèves par demi-journée, contre "
        f"{nombre(moyenne)} en moyenne dans les sites servis du département."
    )


def _identite(connexion: duckdb.DuckDBPyConnection, site: dict) -> pd.DataFrame:
    """What is known of the site, each line with its year (else the vintage of its file) and source.

    Sources are those of the main establishment; those of a network, of its head collège.
    """
    d_ou = _provenances(connexion, site["uai_principal"])
    lignes = [
        ("Type", TYPES[site["type"]], "", "annuaire", d_ou.get("fichier")),
        (
            "Élèves",
            nombre(site["effectif"]),
            _annee(site["effectif_rentree"]),
            site["effectif_source"],
            None,
        ),
        ("IPS", nombre(site["ips"], 1), _annee(site["ips_rentree"]), d_ou.get("ips_source"), None),
        (
            "Éducation prioritaire",
            site["ep"] or "aucun label",
            "",
            d_ou.get("ep_source"),
            d_ou.get("ep_fichier"),
        ),
        (
            "Commune rurale",
            _oui_non(site["est_rural"]),
            "",
            None if site["est_rural"] is None else "densite",
            d_ou.get("densite_fichier"),
        ),
        *(
            (
                libelle,
                _oui_non(site[nom]),
                "",
                d_ou.get(f"{nom}_source"),
                d_ou.get(f"{nom}_fichier"),
            )
            for nom, libelle in DISPOSITIFS.items()
        ),
        (
            "Position",
            site["qualite_position"],
            "",
            "contours" if site["qualite_position"] == "commune" else "annuaire",
            d_ou.get("position_fichier"),
        ),
    ]
    if site["nature"] == "ecoles_rep_plus":
        sans_niveau = (
            site["nb_ecoles"] - site["nb_ecoles_elementaires"] - site["nb_ecoles_maternelles"]
        )
        ecoles = [
            f"{pluriel(site['nb_ecoles_elementaires'], 'école')} avec cycle 3",
            pluriel(site["nb_ecoles_maternelles"], "maternelle"),
            *([f"{pluriel(sans_niveau, 'école')} de niveau inconnu"] if sans_niveau else []),
        ]
        autres = [ligne for ligne in lignes if ligne[0] not in DISPOSITIFS.values()]
        lignes = [
            *autres[:-1],
            ("Écoles", ", ".join(ecoles), "", "annuaire", d_ou.get("fichier")),
            autres[-1],
        ]
    return pd.DataFrame(
        [
            (donnee, valeur, annee or _millesimes(connexion, fichier), _source(source))
            for donnee, valeur, annee, source, fichier in lignes
        ],
        columns=["Donnée", "Valeur", "Année", "Source"],
    )


def _provenances(connexion: duckdb.DuckDBPyConnection, uai: str) -> dict[str, str | None]:
    """Column → value of the row of `uai` in mart_etablissement; empty when it has none."""
    curseur = connexion.execute("select * from mart_etablissement where uai = ?", [uai])
    colonnes = [c[0] for c in curseur.description]
    return next((dict(zip(colonnes, ligne, strict=True)) for ligne in curseur.fetchall()), {})


def _millesimes(connexion: duckdb.DuckDBPyConnection, fichiers: str | None) -> str:
    """The vintage of each of the files « a + b », as a person says it."""
    if fichiers is None:
        return ""
    lus = dict(connexion.execute("select fichier, millesime from meta_construction").fetchall())
    return " et ".join(millesime_lisible(lus[f], f) for f in fichiers.split(" + "))


def _source(noms: str | None) -> str:
    """Titles of the sources « a + b »; a local file keeps the name it was given."""
    if noms is None:
        return "—"
    titres = [cartes()[n].titre if n in cartes() else n for n in noms.split(" + ")]
    return " et ".join(titres)


def _categories(site: dict) -> pd.DataFrame:
    regles = {r.code: r for r in bareme(BAREME_PAR_DEFAUT).priorites.regles}
    lignes = [(regles[c].libelle, "oui", regles[c].reference) for c in site["categories"]]
    lignes += [
        (regles[c].libelle, "inconnu : une donnée manque", regles[c].reference)
        for c in site["inconnues"]
    ]
    return pd.DataFrame(lignes, columns=["Catégorie", "Ce site", "Référence"])


def _besoin(detail: pd.DataFrame) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "Ligne": detail["libelle"],
            "Observé": detail["observe"],
            "Demi-journées par cycle": detail["demi_journees"],
            "Référence": detail["reference"],
        }
    )
    total = ["Besoin", "", detail["demi_journees"].sum(), ""]
    return pd.concat([table, pd.DataFrame([total], columns=table.columns)], ignore_index=True)


def _presences(connexion: duckdb.DuckDBPyConnection, site_id: str) -> pd.DataFrame:
    lignes = connexion.execute(
        "select poste_id, demi_journees_cycle from mart_presence where site_id = ? "
        "order by demi_journees_cycle desc, poste_id",
        [site_id],
    ).fetchall()
    return pd.DataFrame(
        [(poste, n, rythme(n)) for poste, n in lignes],
        columns=["Poste", "Demi-journées par cycle", "Rythme"],
    )


def _postes_proches(
    connexion: duckdb.DuckDBPyConnection, departement: str, site: pd.DataFrame
) -> pd.DataFrame:
    postes = entrepot.lire(connexion, "mart_poste", departement)
    postes = postes[~postes["sans_secteur"].astype(bool)].copy()
    colonnes = ["Poste", "Trajet aller (min)", "Distance (km)", "Résidence", "Quotité", "Statut"]
    if postes.empty:
        return pd.DataFrame(columns=colonnes)
    rattachements = dict(connexion.execute("select uai, site_id from mart_rattachement").fetchall())
    postes["residence_site_id"] = postes["residence_uai"].map(rattachements)
    trajets = estimer(postes, site, entrepot.lire(connexion, "mart_trajet"))
    postes["minutes"] = [ligne[0] for ligne in trajets.minutes]
    postes["km"] = [ligne[0] for ligne in trajets.km]
    proches = postes[postes["minutes"].notna()].sort_values(["minutes", "poste_id"])
    proches = proches.head(POSTES_PROCHES_MONTRES)
    return pd.DataFrame(
        {
            colonnes[0]: proches["poste_id"],
            colonnes[1]: proches["minutes"].astype(int),
            colonnes[2]: proches["km"].astype(float),
            colonnes[3]: proches["residence"],
            colonnes[4]: proches["quotite_etp"].astype(float),
            colonnes[5]: [STATUTS[s] for s in proches["statut"]],
        }
    )


def _rattachements(connexion: duckdb.DuckDBPyConnection, site_id: str) -> pd.DataFrame:
    lignes = connexion.execute(
        "select e.uai, e.nom, e.commune, e.effectif, e.est_elementaire, e.est_maternelle, "
        "r.raison "
        "from mart_rattachement r join mart_etablissement e using (uai) "
        "where r.site_id = ? order by e.nom, e.uai",
        [site_id],
    ).fetchall()
    raisons = {
        "etablissement": "établissement principal",
        "section_de_la_mere": "section fondue dans l'établissement",
        "section_sans_mere": "section dont la mère est hors périmètre",
    }
    return pd.DataFrame(
        [
            (
                uai,
                nom,
                commune,
                None if effectif is None else int(effectif),
                raisons.get(raison) or _niveau(elementaire, maternelle),
            )
            for uai, nom, commune, effectif, elementaire, maternelle, raison in lignes
        ],
        columns=["UAI", "Nom", "Commune", "Élèves", "Rattachement"],
    )


def _niveau(elementaire: bool | None, maternelle: bool | None) -> str:
    """The level of an école, as the annuaire says it."""
    if elementaire:
        return "école avec cycle 3"
    return "maternelle" if maternelle and elementaire is False else "école de niveau inconnu"


def _activite(connexion: duckdb.DuckDBPyConnection, site_id: str) -> pd.DataFrame:
    """Yearly counts, one column a school year; a year without return is left empty, not zero."""
    lignes = connexion.execute(
        "select indicateur, modalite, annee_scolaire, sum(nombre)::integer as nombre "
        "from mart_activite where site_id = ? and periode = 'annee' group by all order by all",
        [site_id],
    ).df()
    if lignes.empty:
        return pd.DataFrame(columns=["Indicateur"])
    mots = {
        e["code"]: e["libelle"]
        for nature in ("indicateurs", "modalites")
        for e in reference.dictionnaire_activite()[nature]
    }
    lignes["Indicateur"] = [mots.get(i, i) for i in lignes["indicateur"]]
    lignes["Modalité"] = [mots.get(m, m) if m else "—" for m in lignes["modalite"].fillna("")]
    table = lignes.pivot(
        index=["Indicateur", "Modalité"], columns="annee_scolaire", values="nombre"
    )
    return table.astype("Int64").reset_index().rename_axis(columns=None)


def _anomalies(connexion: duckdb.DuckDBPyConnection, site_id: str) -> pd.DataFrame:
    return connexion.execute(
        """
        select fichier as "Fichier", ligne as "Ligne", raison as "Ce qui a été vu",
            remede as "Que faire", consequence as "Conséquence"
        from mart_anomalie
        where exists (
            select 1 from mart_rattachement
            where site_id = ? and starts_with(upper(valeur), uai)
        )
        order by fichier, ligne
        """,
        [site_id],
    ).df()


def _annee(rentree: object) -> str:
    return "" if rentree is None else f"rentrée {int(rentree)}"


def _oui_non(valeur: object) -> str:
    if valeur is None:
        return INCONNU
    return "oui" if valeur else "non"
