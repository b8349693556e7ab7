"""The map of a département, large: one layer at a time, filtered by bassin and category."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.reports import cartes
from pipelines.reports.cartes import ECHELLE_RYTHME, Echelle, echelle_part
from pipelines.reports.libelles import COULEURS_PART, GRIS
from pipelines.reports.sites import BAREME_PAR_DEFAUT, part_couverte, tableau_sites
from pipelines.reports.situation import legende_carte
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scoring.bareme import bareme
from pipelines.scoring.couverture import Rythme

TOUS = "tous"
QUARTS = (0.25, 0.5, 0.75)
FONCE, MOYEN = ("#08519C", "#08519C"), ("#4292C6", "#4292C6")
BLANC, INCONNUE = ("#FFFFFF", GRIS), ("#DDDDDD", GRIS)


# red says a lack: a small need is none
COULEURS_BESOIN = (("#FFFFFF", COULEURS_PART[1][1]), *COULEURS_PART[1:])


class Couche(StrEnum):
    """What the colours of the map say."""

    RYTHMES = "rythmes"
    COUVERTURE = "couverture"
    BESOIN = "besoin"
    PRIORITES = "priorites"
    POSTES = "postes"


COUCHES = {
    Couche.RYTHMES: "le rythme des présences",
    Couche.COUVERTURE: "la part du besoin couverte",
    Couche.BESOIN: "le besoin",
    Couche.PRIORITES: "les priorités",
    Couche.POSTES: "les résidences des postes",
}


@dataclass(frozen=True)
class VueCarte:
    """The map of the sites kept by the filters, what it shows in a sentence, and the sites."""

    nom: str
    phrase: str
    carte: go.Figure
    legende: str
    sites: pd.DataFrame


def couches(lecteur: Lecteur, departement: str) -> dict[str, str]:
    """The layers one may see, code → words; that of the postes shows where each one is, and is
    kept for who may read them one by one.
    """
    exiger(lecteur, Acte.LISTER, departement)
    un_a_un = lecteur.peut(Acte.LIRE, departement)
    return {c.value: mots for c, mots in COUCHES.items() if un_a_un or c != Couche.POSTES}


def filtres(
    lecteur: Lecteur, base: Path, departement: str
) -> tuple[dict[str, str], dict[str, str]]:
    """The bassins and the categories one may keep, code → words; « tous » first."""
    exiger(lecteur, Acte.LISTER, departement)
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        bassins = connexion.execute(
            "select distinct bassin from mart_site where departement = ? and bassin is not null "
            "order by bassin",
            [departement],
        ).fetchall()
    regles = bareme(BAREME_PAR_DEFAUT).priorites.regles
    return (
        {TOUS: "tous les bassins", **{b: b for (b,) in bassins}},
        {TOUS: "toutes les catégories", **{r.code: r.libelle for r in regles}},
    )


def vue(
    lecteur: Lecteur,
    base: Path,
    departement: str,
    couche: str = Couche.RYTHMES,
    bassin: str = TOUS,
    categorie: str = TOUS,
) -> VueCarte:
    """The map of `couche` over the sites of `bassin` and `categorie`; see `couches`."""
    couche = Couche(couche)
    exiger(lecteur, Acte.LIRE if couche == Couche.POSTES else Acte.LISTER, departement)
    with entrepot.ouvrir(base) as connexion:
        nom = entrepot.exiger_departement(connexion, departement)
        tous = tableau_sites(connexion, departement)
        if couche == Couche.POSTES:
            tous["postes"] = _residences(connexion, tous)
        decor = cartes.fond(connexion, departement)
        legende = legende_carte(connexion)
    echelle = _echelle(couche, tous)
    garde = [
        bassin in (TOUS, site["bassin"]) and (categorie == TOUS or categorie in site["categories"])
        for site in tous.to_dict("records")
    ]
    sites = tous[garde].reset_index(drop=True)
    return VueCarte(
        nom=nom,
        phrase=_phrase(couche, echelle, sites, len(tous)),
        carte=cartes.carte_couverture(sites, decor, f"carte-{departement}", echelle),
        legende=f"La couleur dit {COUCHES[couche]} ; la forme, le type de site. {legende}",
        sites=sites,
    )


def _residences(connexion: duckdb.DuckDBPyConnection, sites: pd.DataFrame) -> list[int]:
    """How many postes have their résidence at each site."""
    comptes = dict(
        connexion.execute(
            "select mart_rattachement.site_id, count(*) from mart_poste join mart_rattachement "
            "on mart_poste.residence_uai = mart_rattachement.uai group by all"
        ).fetchall()
    )
    return [int(comptes.get(s, 0)) for s in sites["site_id"]]


def _echelle(couche: Couche, sites: pd.DataFrame) -> Echelle:
    if couche == Couche.COUVERTURE:
        return echelle_part()
    if couche == Couche.BESOIN:
        return echelle_besoin(sites)
    if couche == Couche.PRIORITES:
        return Echelle(
            {"oui": FONCE, "peut-etre": INCONNUE, "non": BLANC},
            {
                "oui": "Catégorie prioritaire",
                "peut-etre": "Catégorie à savoir : une donnée manque",
                "non": "Hors catégorie prioritaire",
            },
            lambda lot: [
                "oui" if oui else "peut-etre" if len(inconnues) else "non"
                for oui, inconnues in zip(lot["est_prioritaire"], lot["inconnues"], strict=True)
            ],
            "Couleur : les priorités",
        )
    if couche == Couche.POSTES:
        return Echelle(
            {"plusieurs": FONCE, "un": MOYEN, "aucun": BLANC},
            {
                "plusieurs": "Résidence de 2 postes ou plus",
                "un": "Résidence d'un poste",
                "aucun": "Aucun poste n'y réside",
            },
            lambda lot: [
                "plusieurs" if n > 1 else "un" if n == 1 else "aucun" for n in lot["postes"]
            ],
            "Couleur : les postes",
        )
    return ECHELLE_RYTHME


def echelle_besoin(sites: pd.DataFrame) -> Echelle:
    """Four classes of about as many sites: the quarters of the département."""
    besoins = sites["besoin"].astype(float)
    hauts = [int(np.ceil(q)) for q in np.quantile(besoins, QUARTS)] if len(besoins) else [0, 0, 0]
    mots = [
        f"Jusqu'à {hauts[0]} demi-journées",
        f"Plus de {hauts[0]}, jusqu'à {hauts[1]}",
        f"Plus de {hauts[1]}, jusqu'à {hauts[2]}",
        f"Plus de {hauts[2]} par cycle",
    ]
    return Echelle(
        dict(reversed(list(enumerate(COULEURS_BESOIN)))),
        dict(reversed(list(enumerate(mots)))),
        lambda lot: [sum(b > haut for haut in hauts) for b in lot["besoin"]],
        "Couleur : le besoin",
    )


def _phrase(couche: Couche, echelle: Echelle, sites: pd.DataFrame, total: int) -> str:
    if sites.empty:
        return "Aucun site ne répond à ces filtres : en relâcher un."
    qui = pluriel(len(sites), "site")
    if len(sites) < total:
        qui += f" sur {nombre(total)}"
    if couche == Couche.COUVERTURE:
        return f"{qui} : {pourcentage(part_couverte(sites))} du besoin est couvert."
    if couche == Couche.BESOIN:
        demande = "demande" if len(sites) == 1 else "demandent"
        return f"{qui} {demande} {nombre(sites['besoin'].sum())} demi-journées par cycle."
    if couche == Couche.PRIORITES:
        return f"{qui}, dont {nombre(sites['est_prioritaire'].sum())} d'une catégorie prioritaire."
    if couche == Couche.POSTES:
        return (
            f"{qui} : {pluriel(int(sites['postes'].sum()), 'poste')}, "
            f"{pluriel(int((sites['postes'] > 0).sum()), 'résidence')}."
        )
    comptes = {r: int((sites["rythme"] == r).sum()) for r in Rythme}
    dits = [f"{n} {echelle.mots[r].lower()}" for r, n in comptes.items() if n]
    return f"{qui} : {', '.join(dits)}."
