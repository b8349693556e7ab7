"""The sites of a département with their besoin and a coverage: what every page starts from."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import duckdb
import pandas as pd

from pipelines.base.textes import INCONNU, nombre
from pipelines.marts import entrepot
from pipelines.reports.libelles import RYTHMES_EN_MOTS, TYPES
from pipelines.scoring.bareme import Bareme, bareme
from pipelines.scoring.besoin import Besoins, besoins
from pipelines.scoring.couverture import est_en_manque, rythme

BAREME_PAR_DEFAUT = "national_2017"
ARRONDISSEMENT = r"( \d+er?) Arrondissement$"


class Categorie(Protocol):
    """What a page needs of a category: a rule of a text, or what a proposal kept of one."""

    code: str
    libelle: str
    est_prioritaire: bool


def nom_de_categorie(categorie: Categorie) -> str:
    """The label of a category, which says when it makes no priority of its sites."""
    if categorie.est_prioritaire:
        return categorie.libelle
    return f"{categorie.libelle} (pas une priorité)"


def tableau_sites(
    connexion: duckdb.DuckDBPyConnection,
    departement: str | None,
    presences: dict[str, int] | None = None,
    calcules: Besoins | None = None,
    echelle: Bareme | None = None,
) -> pd.DataFrame:
    """One row a site: mart_site, besoin, categories, presence (today's, or `presences`), class.

    Sites of all départements when `departement` is None.
    `calcules`: the besoins when the caller has them already; `echelle`: their barème, the default
    one when not given.
    Adds `besoin`, `presence` (half-days per cycle), `part` (of the besoin), `rythme`, `categories`
    (codes), `categories_en_mots`, `inconnues`, `est_prioritaire`, `est_en_manque`.
    """
    echelle = echelle or bareme(BAREME_PAR_DEFAUT)
    sites = entrepot.lire(connexion, "mart_site", departement)
    calcules = calcules or besoins(connexion, echelle)
    sites = sites.merge(calcules.sites, on="site_id", how="left", validate="one_to_one")
    if presences is None:
        presences = presences_actuelles(connexion)
    sites["presence"] = [int(presences.get(s, 0)) for s in sites["site_id"]]
    return completer(sites, echelle.priorites.regles)


def completer(sites: pd.DataFrame, regles: Sequence[Categorie]) -> pd.DataFrame:
    """Add to `sites` (besoin, presence, categories) what is said of a coverage.

    A site is of priority when one of its categories is; one that `regles` no longer has counts.
    """
    libelles = {r.code: nom_de_categorie(r) for r in regles}
    residuelles = {r.code for r in regles if not r.est_prioritaire}
    sites = sites.copy()
    sites["part"] = sites["presence"] / sites["besoin"]
    sites["rythme"] = [rythme(p) for p in sites["presence"]]
    sites["categories_en_mots"] = [
        categories_en_mots(codes, inconnues, libelles)
        for codes, inconnues in zip(sites["categories"], sites["inconnues"], strict=True)
    ]
    sites["est_prioritaire"] = [bool(set(codes) - residuelles) for codes in sites["categories"]]
    sites["est_en_manque"] = [
        est_en_manque(p, b) for p, b in zip(sites["presence"], sites["besoin"], strict=True)
    ]
    return sites.sort_values(["nom", "site_id"]).reset_index(drop=True)


def categories_en_mots(
    codes: Iterable[str], inconnues: Iterable[str], libelles: dict[str, str]
) -> str:
    """« Collège REP+ ; Internat » (a label may hold a comma of its own).

    With no known one, those that can't be told; else a dash.
    """
    # a proposal may hold a category its text has lost since: its code stands for its label
    connues = " ; ".join(libelles.get(c, c) for c in codes)
    if connues:
        return connues
    a_savoir = " ; ".join(libelles.get(c, c) for c in inconnues)
    return f"inconnue : {a_savoir} ?" if a_savoir else "—"


def part_couverte(sites: pd.DataFrame) -> float:
    """Share of the besoins met, nothing counted beyond a site's own besoin."""
    return float(sites[["presence", "besoin"]].min(axis=1).sum() / sites["besoin"].sum())


def presences_actuelles(connexion: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Half-days per cycle each site gets today, all postes together."""
    return dict(
        connexion.execute(
            "select site_id, sum(demi_journees_cycle)::integer from mart_presence group by site_id"
        ).fetchall()
    )


def table_lisible(sites: pd.DataFrame) -> pd.DataFrame:
    """The table twin of a coverage map: French headers, units in them, unknown said."""
    return pd.DataFrame(
        {
            "Site": sites["nom"],
            "Commune": communes_courtes(sites["commune"]),
            "Type": [TYPES[t] for t in sites["type"]],
            "Label": sites["ep"].fillna("—"),
            "Catégories prioritaires": sites["categories_en_mots"],
            "Élèves": [None if e is None else int(e) for e in sites["effectif"]],
            "Année des élèves": [
                INCONNU if a is None else f"rentrée {int(a)}" for a in sites["effectif_rentree"]
            ],
            "Besoin (½ j. par cycle)": sites["besoin"].astype(int),
            "Présence (½ j. par cycle)": sites["presence"].astype(int),
            "Couverture (% du besoin)": (sites["part"] * 100).round().astype(int),
            "Rythme": [RYTHMES_EN_MOTS[r] for r in sites["rythme"]],
            "UAI": sites["uai_principal"],
        }
    )


def communes_courtes(communes: pd.Series) -> pd.Series:
    """« Marseille 13e » for « Marseille 13e Arrondissement »: a row of a table holds on a line."""
    return communes.str.replace(ARRONDISSEMENT, r"\1", regex=True)


def liste_courte(sites: pd.DataFrame) -> pd.DataFrame:
    """The same sites, for a narrow list beside a map."""
    return pd.DataFrame(
        {
            # « Écoles REP+ Collège Joffre » says as much
            "Site": sites["nom"].str.replace(" du réseau ", " ", regex=False)
            + ", "
            + communes_courtes(sites["commune"]).fillna("commune inconnue"),
            "Présence": [
                f"{nombre(p)} sur {nombre(b)}"
                for p, b in zip(sites["presence"], sites["besoin"], strict=True)
            ],
        }
    )
