"""The fiche of a site: who it is, what it should have, what it has, and where each comes from."""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import plotly.graph_objects as go

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import (
    INCONNU,
    jour,
    nombre,
    pluriel,
    pourcentage,
    rythme,
)
from pipelines.marts import entrepot
from pipelines.planning.trajets import estimer
from pipelines.reports import releves
from pipelines.reports.donnees import ENSEMBLE, definitions_des_effectifs, millesime_lisible
from pipelines.reports.libelles import DONNEES, RYTHMES_EN_MOTS, STATUTS, TYPES
from pipelines.reports.sites import BAREME_PAR_DEFAUT, nom_de_categorie, tableau_sites
from pipelines.scenarios.lecteurs import reserve
from pipelines.scoring import jeux
from pipelines.scoring.bareme import DOSSIER as DOSSIER_DES_BAREMES
from pipelines.scoring.bareme import Bareme, bareme
from pipelines.scoring.besoin import Donnees, besoins, mesurer, preparer
from pipelines.scoring.moyens import a_moyens_constants, moyens
from pipelines.sources.cartes import cartes

Identite = tuple[str, str, str, str | None, str | None]
"""What is known, its value, its year, its sources, and the files whose vintage stands for it."""
POSTES_PROCHES_MONTRES = 8
DISPOSITIFS = {
    "segpa": "SEGPA",
    "ulis": "ULIS",
    "upe2a": "UPE2A",
    "relais": "Dispositif relais",
    "internat": "Internat",
}
REPERES = (
    ("eleves_par_demi_journee", "Élèves par demi-journée", 0),
    ("part_pour_cent", "Part du besoin couverte (%)", 0),
    ("ips", "IPS", 1),
    ("effectif", "Élèves", 0),
    ("eleves_segpa", "Élèves de SEGPA", 0),
    ("eleves_ulis", "Élèves d'ULIS", 0),
    ("eloignement_km", "Plus proche autre site (km)", 1),
    ("densite", "Densité (1 : dense, 7 : très peu)", 0),
)
"""Column, label and decimals of what a site is compared on with its département."""
# columns of the landmarks: numbers in words, unknown ones too
CHIFFRES_DES_REPERES = ("Ce site", "Médiane du département")


@dataclass(frozen=True)
class Fond:
    """What the fiches of a département have in common.

    `sites`: as `sites.tableau_sites` gives them; `detail`: the lines of every besoin under
    `echelle`; `selon_les_baremes`: for each barème that can be read, site_id → besoin, and the part
    the means allow (half-days per cycle), None where no poste is known.
    """

    echelle: Bareme
    sites: pd.DataFrame
    detail: pd.DataFrame
    selon_les_baremes: dict[str, tuple[dict[str, int], dict[str, int] | None]]


@dataclass(frozen=True)
class Fiche:
    """One site, ready to show: sentences and small tables with French headers."""

    site_id: str
    nom: str
    sous_titre: str
    phrase: str
    classe: str
    identite: pd.DataFrame
    note_des_effectifs: str
    categories: pd.DataFrame
    bareme: str
    besoin: pd.DataFrame
    autres_baremes: pd.DataFrame
    presences: pd.DataFrame
    reperes: pd.DataFrame
    note_des_reperes: str
    postes_proches: pd.DataFrame
    rattachements: pd.DataFrame
    activite: pd.DataFrame
    graphique: go.Figure | None
    note_de_l_activite: str
    anomalies: pd.DataFrame
    sources: str


@reserve
def choix(base: Path, departement: str) -> dict[str, str]:
    """site_id → « Nom, Commune (UAI) » of every site of a département, by name."""
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        sites = entrepot.lire(connexion, "mart_site", departement)
    sites = sites.sort_values(["nom", "commune", "site_id"])
    return {s.site_id: f"{s.nom}, {s.commune} ({s.uai_principal})" for s in sites.itertuples()}


@reserve
def fond(base: Path, departement: str, code: str = BAREME_PAR_DEFAUT) -> Fond:
    """What every fiche of a département under the barème `code` is read from.

    AtlasError when the département is not in the warehouse, or when the barème is unknown.
    """
    echelle = bareme(code)
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        calcules = besoins(connexion, echelle)
        sites = tableau_sites(connexion, departement, calcules=calcules, echelle=echelle)
        detail = calcules.detail[calcules.detail["site_id"].isin(sites["site_id"])]
        return Fond(echelle, sites, detail, _selon_les_baremes(connexion, departement))


@reserve
def fiche(base: Path, departement: str, site_id: str, commun: Fond | None = None) -> Fiche:
    """The fiche of `site_id`, over what those of its département have in common.

    `commun` is read when it is not given, under the default barème. AtlasError when the département
    has not that site.
    """
    commun = commun or fond(base, departement)
    echelle, sites, detail = commun.echelle, commun.sites, commun.detail
    with entrepot.ouvrir(base) as connexion:
        trouves = sites[sites["site_id"] == site_id]
        if trouves.empty:
            raise AtlasError(
                f"Aucun site « {site_id} » dans ce département.",
                remede="choisir un établissement dans la liste",
            )
        site = trouves.iloc[0].to_dict()
        voisins = _comparables(sites, site)
        annuels = releves.annuels(connexion, site_id)
        return Fiche(
            site_id=site_id,
            nom=site["nom"],
            sous_titre=f"{TYPES[site['type']]}, {site['commune']}"
            + (f", bassin {site['bassin'].title()}" if site["bassin"] else ""),
            phrase=_phrase(site, voisins),
            classe=_classe(site),
            identite=_identite(connexion, site),
            note_des_effectifs=_note_des_effectifs(site),
            categories=_categories(site, echelle),
            bareme=echelle.libelle,
            besoin=lignes_du_besoin(detail[detail["site_id"] == site_id]),
            autres_baremes=_autres_baremes(commun.selon_les_baremes, site),
            presences=_presences(connexion, site_id),
            reperes=_reperes(site, voisins),
            note_des_reperes=_note_des_reperes(site, voisins),
            postes_proches=_postes_proches(connexion, departement, trouves),
            rattachements=_rattachements(connexion, site_id),
            activite=releves.table(annuels),
            graphique=releves.graphique(annuels, site_id),
            note_de_l_activite=releves.note(),
            anomalies=_anomalies(connexion, site_id),
            sources=_sources(connexion),
        )


def _comparables(sites: pd.DataFrame, site: dict) -> pd.DataFrame:
    """The sites of the département of the same nature, with what they are compared on as floats.

    `eleves_par_demi_journee` is NaN where there is no presence or the pupils are unknown.
    """
    proches = sites[sites["nature"] == site["nature"]].set_index("site_id")
    presence = proches["presence"].astype(float).where(proches["presence"] > 0)
    return pd.DataFrame(
        {
            "eleves_par_demi_journee": proches["effectif"].astype(float) / presence,
            "part_pour_cent": proches["part"].astype(float) * 100,
            **{code: proches[code].astype(float) for code, _, _ in REPERES[2:]},
        }
    )


def _phrase(site: dict, voisins: pd.DataFrame) -> str:
    debut = (
        f"Besoin : {pluriel(site['besoin'], 'demi-journée')} par cycle de 4 semaines "
        f"({rythme(site['besoin'])}). Aujourd'hui : "
    )
    if site["presence"] == 0:
        return f"{debut}aucune présence régulière."
    phrase = f"{debut}{rythme(site['presence'])}, soit {pourcentage(site['part'])} du besoin."
    charges = voisins["eleves_par_demi_journee"].dropna()
    if site["site_id"] not in charges.index:
        return phrase
    eleves = nombre(charges[site["site_id"]])
    if len(charges) == 1:
        return f"{phrase} {eleves} élèves par demi-journée."
    return (
        f"{phrase} {eleves} élèves par demi-journée ; la moitié des sites servis du département "
        f"en ont plus de {nombre(charges.median())}."
    )


def _classe(site: dict) -> str:
    return f"Classe de couverture : {RYTHMES_EN_MOTS[site['rythme']].lower()}."


SANS_PRESENCE = "sans présence"


def _est_sans_presence(code: str, site: dict) -> bool:
    return code == "eleves_par_demi_journee" and site["presence"] == 0


def _reperes(site: dict, voisins: pd.DataFrame) -> pd.DataFrame:
    """The site among those of its département: median, and how many stand below it."""
    lignes = []
    for code, libelle, decimales in REPERES:
        connus = voisins[code].dropna()
        valeur = voisins.loc[site["site_id"], code]
        if connus.empty:
            continue
        lignes.append(
            (
                libelle,
                SANS_PRESENCE if _est_sans_presence(code, site) else nombre(valeur, decimales),
                nombre(connus.median(), decimales),
                "—" if pd.isna(valeur) else _position(valeur, connus),
            )
        )
    return pd.DataFrame(lignes, columns=["Donnée", "Ce site", "Médiane du département", "Position"])


def _position(valeur: float, connus: pd.Series) -> str:
    """« plus que 34 des 60 sites », itself counted among the 60; ties are said."""
    sous, egaux = int((connus < valeur).sum()), int((connus == valeur).sum()) - 1
    texte = f"plus que {sous} des {len(connus)} sites"
    return f"{texte}, autant que {egaux}" if egaux else texte


def _note_des_reperes(site: dict, voisins: pd.DataFrame) -> str:
    quoi = (
        "réseaux d'écoles REP+" if site["nature"] == "ecoles_rep_plus" else "sites du second degré"
    )
    return (
        f"Parmi les {len(voisins)} {quoi} du département ; un site dont la donnée est inconnue "
        "n'est pas compté dans la médiane. Élèves par demi-journée : les seuls sites servis."
    )


def _identite(connexion: duckdb.DuckDBPyConnection, site: dict) -> pd.DataFrame:
    """What is known of the site, each line with its year (else the vintage of its file) and source.

    Sources are those of the main establishment; those of a network, of its head collège.
    """
    d_ou = _provenances(connexion, site["uai_principal"])
    lignes: list[Identite] = [
        (_nom_de_l_uai(site), site["uai_principal"], "", "annuaire", d_ou.get("fichier")),
        (
            "Élèves",
            nombre(site["effectif"]),
            _annee(site["effectif_rentree"]),
            site["effectif_source"],
            None,
        ),
        (
            "IPS",
            nombre(site["ips"], 1),
            _annee(site["ips_rentree"]),
            _sources_de_l_ips(connexion, site["site_id"]),
            None,
        ),
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
    ]
    if site["nature"] == "ecoles_rep_plus":
        lignes.append(("Écoles", _ecoles(site), "", "annuaire", d_ou.get("fichier")))
    else:
        lignes += [_dispositif(nom, site, d_ou) for nom in DISPOSITIFS]
    lignes.append(
        (
            "Position",
            site["qualite_position"],
            "",
            "contours" if site["qualite_position"] == "commune" else "annuaire",
            d_ou.get("position_fichier"),
        )
    )
    return pd.DataFrame(
        [
            (donnee, valeur, annee or _millesimes(connexion, fichier), _source(source))
            for donnee, valeur, annee, source, fichier in lignes
        ],
        columns=["Donnée", "Valeur", "Année", "Source"],
    )


def _note_des_effectifs(site: dict) -> str:
    """Which pupils the sources of the enrolment count; empty when it is unknown."""
    dites = definitions_des_effectifs((site["effectif_source"] or "").split(ENSEMBLE))
    return f"Élèves : {'. '.join(dites)}." if dites else ""


def _ecoles(site: dict) -> str:
    """The écoles of a network by level, those of which it is unknown told apart."""
    elementaires, maternelles = site["nb_ecoles_elementaires"], site["nb_ecoles_maternelles"]
    sans_niveau = site["nb_ecoles"] - elementaires - maternelles
    return ", ".join(
        [
            f"{pluriel(elementaires, 'école')} avec cycle 3",
            pluriel(maternelles, "maternelle"),
            *([f"{pluriel(sans_niveau, 'école')} de niveau inconnu"] if sans_niveau else []),
        ]
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


def _sources_de_l_ips(connexion: duckdb.DuckDBPyConnection, site_id: str) -> str | None:
    """The files the index of a site comes from: its écoles' own for a network."""
    [(sources,)] = connexion.execute(
        "select string_agg(distinct ips_source, ' + ' order by ips_source) "
        "from mart_rattachement join mart_etablissement using (uai) "
        "where site_id = ? and (raison = 'ecole_rep_plus' or uai = site_id)",
        [site_id],
    ).fetchall()
    return sources


def _nom_de_l_uai(site: dict) -> str:
    return "UAI du collège tête de réseau" if site["nature"] == "ecoles_rep_plus" else "UAI"


def _dispositif(code: str, site: dict, d_ou: dict[str, str | None]) -> Identite:
    """Whether there is one, and how many pupils a file counts in it, each with its source."""
    libelle, presence = DISPOSITIFS[code], _oui_non(site[code])
    sources = d_ou.get(f"{code}_source")
    eleves = site.get(f"eleves_{code}")
    # zero pupils where there is no such class says nothing more
    if eleves is None or (not eleves and not site[code]):
        return (libelle, presence, "", sources, d_ou.get(f"{code}_fichier"))
    comptes = d_ou[f"eleves_{code}_source"]
    return (
        libelle,
        f"{presence}, {pluriel(eleves, 'élève')}",
        _annee(site[f"eleves_{code}_rentree"]),
        f"{sources} + {comptes}" if sources else comptes,
        None,
    )


def _source(noms: str | None) -> str:
    """Titles of the sources « a + b »; a local file keeps the name it was given."""
    if noms is None:
        return "—"
    titres = [cartes()[n].titre if n in cartes() else n for n in noms.split(" + ")]
    return " et ".join(titres)


def _categories(site: dict, echelle: Bareme) -> pd.DataFrame:
    """The categories of the site, then those a missing number leaves unknown, and which number."""
    regles = {r.code: r for r in echelle.priorites.regles}
    lignes = [(nom_de_categorie(regles[c]), "oui", regles[c].reference) for c in site["categories"]]
    lignes += [
        (
            nom_de_categorie(regles[c]),
            f"inconnu : il manque {_manque(regles[c].condition, site)}",
            ref,
        )
        for c in site["inconnues"]
        for ref in [regles[c].reference]
    ]
    return pd.DataFrame(lignes, columns=["Catégorie", "Ce site", "Référence"])


def _manque(condition: str, site: dict) -> str:
    """What the condition of a rule reads and the site does not know, in words."""
    lues = [c for c in re.findall(r"\w+", condition) if c in site and site[c] is None]
    return ", ".join(DONNEES.get(c, c) for c in dict.fromkeys(lues))


def lignes_du_besoin(detail: pd.DataFrame) -> pd.DataFrame:
    """The besoin of one site line by line, then their sum, in half-days per cycle."""
    table = pd.DataFrame(
        {
            "Ligne": detail["libelle"],
            "Observé": detail["observe"],
            "Demi-journées par cycle": detail["demi_journees"],
            "Référence": detail["reference"],
        }
    )
    total = ["Besoin", "", round(float(detail["demi_journees"].sum()), 2), ""]
    return pd.concat([table, pd.DataFrame([total], columns=table.columns)], ignore_index=True)


def references_du_besoin(besoin: pd.DataFrame) -> str:
    """Each reference of the besoin once, and the lines it stands behind."""
    lignes: dict[str, list[str]] = {}
    for ligne, reference in zip(besoin["Ligne"], besoin["Référence"], strict=True):
        if reference:
            lignes.setdefault(reference, []).append(ligne)
    return " ".join(f"{', '.join(noms)} : {reference}." for reference, noms in lignes.items())


def _selon_les_baremes(
    connexion: duckdb.DuckDBPyConnection, departement: str
) -> dict[str, tuple[dict[str, int], dict[str, int] | None]]:
    """The besoins of the sites of a département under every barème that can be read."""
    disponibles = moyens(connexion)[departement].demi_journees
    prepares: dict[str, Donnees] = {}
    baremes = {}
    for echelle in jeux.lisibles(DOSSIER_DES_BAREMES, bareme):
        texte = echelle.priorites
        if texte.code not in prepares:
            prepares[texte.code] = preparer(connexion, texte)
        sites = prepares[texte.code].sites
        siens = (sites["departement"] == departement).to_numpy()
        codes = sites["site_id"][siens]
        besoin = mesurer(prepares[texte.code], echelle).besoin[siens]
        constants = a_moyens_constants(besoin, disponibles)
        baremes[echelle.libelle] = (
            dict(zip(codes, map(int, besoin), strict=True)),
            dict(zip(codes, map(int, constants), strict=True)) if disponibles else None,
        )
    return baremes


def _autres_baremes(
    baremes: dict[str, tuple[dict[str, int], dict[str, int] | None]], site: dict
) -> pd.DataFrame:
    """The besoin of the site under every barème, and how much of it is met."""
    lignes = []
    for libelle, (besoins_des_sites, constants) in baremes.items():
        besoin = besoins_des_sites[site["site_id"]]
        lignes.append(
            (
                libelle,
                besoin,
                None if constants is None else constants[site["site_id"]],
                rythme(besoin),
                site["presence"] / besoin * 100,
            )
        )
    table = pd.DataFrame(
        lignes,
        columns=[
            "Barème",
            "Besoin (½ j. par cycle)",
            "À moyens constants (½ j. par cycle)",
            "Rythme",
            "Couverture (% du besoin)",
        ],
    )
    constants_connus = table["À moyens constants (½ j. par cycle)"].astype("Int64")
    return table.assign(**{constants_connus.name: constants_connus}).round(
        {"Couverture (% du besoin)": 0}
    )


def _presences(connexion: duckdb.DuckDBPyConnection, site_id: str) -> pd.DataFrame:
    lignes = connexion.execute(
        "select poste_id, demi_journees_cycle from mart_presence where site_id = ? "
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


def _anomalies(connexion: duckdb.DuckDBPyConnection, site_id: str) -> pd.DataFrame:
    """The anomalies whose line is about an establishment of the site, or whose value names it.

    A network is named by its site_id too, and by its head when that is no site of the data.
    """
    return connexion.execute(
        """
        with
            uais as (select uai from mart_rattachement where site_id = $site),
            noms as (
                select uai as nom from uais
                union select $site
                union select uai_principal from mart_site
                where site_id = $site
                    and uai_principal not in (select uai from mart_rattachement)
            )
        select fichier as "Fichier", ligne as "Ligne", raison as "Ce qui a été vu",
            remede as "Que faire", consequence as "Conséquence"
        from mart_anomalie as anomalies
        where exists (
            select 1 from mart_anomalie_uai as lignes join uais using (uai)
            where lignes.source = anomalies.source and lignes.fichier = anomalies.fichier
                and lignes.ligne = anomalies.ligne
        ) or exists (
            select 1 from noms
            where regexp_matches(upper(valeur), '(^|[^-0-9A-Z])' || nom || '($|[^0-9A-Z])')
        )
        order by fichier, ligne
        """,
        {"site": site_id},
    ).df()


def _sources(connexion: duckdb.DuckDBPyConnection) -> str:
    """When the data were put together and how old the annuaire is, for the foot of the sheet."""
    [(construit_le, annuaire)] = connexion.execute(
        "select (select max(construit_le)::date::varchar from meta_construction), "
        "(select max(date_maj)::varchar from mart_etablissement)"
    ).fetchall()
    return f"Annuaire du {jour(annuaire)} ; données assemblées le {jour(construit_le)}."


def _annee(rentree: object) -> str:
    return "" if rentree is None else f"rentrée {int(rentree)}"


def _oui_non(valeur: object) -> str:
    if valeur is None:
        return INCONNU
    return "oui" if valeur else "non"
