"""The besoins written in the warehouse, for whoever reads it without Atlas."""

import duckdb
import pandas as pd

from pipelines.scoring import jeux
from pipelines.scoring.bareme import DOSSIER, bareme
from pipelines.scoring.besoin import Besoins, Donnees, detailler, mesurer, preparer
from pipelines.scoring.moyens import Moyens, a_moyens_constants, moyens

COLONNES_BESOIN = (
    "bareme",
    "site_id",
    "besoin",
    "besoin_a_moyens_constants",
    "categories",
    "categories_inconnues",
)
COLONNES_DETAIL = (
    "bareme",
    "site_id",
    "rang",
    "regle",
    "libelle",
    "demi_journees",
    "valeur_observee",
    "reference",
)


def inscrire(connexion: duckdb.DuckDBPyConnection) -> None:
    """Write `mart_besoin` and `mart_besoin_detail` for every barème that comes with Atlas.

    An académie's own barèmes are its choices, not data: they are measured when they are read.
    """
    tables: dict[str, list[pd.DataFrame]] = {"mart_besoin": [], "mart_besoin_detail": []}
    disponibles = moyens(connexion)
    prepares: dict[str, Donnees] = {}
    for code in jeux.livres(DOSSIER):
        echelle = bareme(code)
        texte = echelle.priorites.code
        if texte not in prepares:
            prepares[texte] = preparer(connexion, echelle.priorites)
        calcules = detailler(prepares[texte], mesurer(prepares[texte], echelle))
        tables["mart_besoin"].append(_besoins(code, prepares[texte], calcules, disponibles))
        detail = calcules.detail.rename(columns={"code": "regle", "observe": "valeur_observee"})
        tables["mart_besoin_detail"].append(detail.assign(bareme=code)[list(COLONNES_DETAIL)])
    for nom, morceaux in tables.items():
        connexion.register("a_inscrire", pd.concat(morceaux, ignore_index=True))
        connexion.execute(f"create table {nom} as select * from a_inscrire")
        connexion.unregister("a_inscrire")


def _besoins(
    code: str, donnees: Donnees, calcules: Besoins, disponibles: dict[str, Moyens]
) -> pd.DataFrame:
    table = calcules.sites.assign(
        bareme=code,
        categories=calcules.sites["categories"].map(list),
        categories_inconnues=calcules.sites["inconnues"].map(list),
        # unknown where no poste is: nothing is shared out there
        besoin_a_moyens_constants=pd.array([pd.NA] * len(calcules.sites), dtype="Int64"),
    )
    for departement, siens_propres in disponibles.items():
        if not siens_propres.demi_journees:
            continue
        siens = (donnees.sites["departement"] == departement).to_numpy()
        table.loc[siens, "besoin_a_moyens_constants"] = a_moyens_constants(
            table.loc[siens, "besoin"].to_numpy(dtype=int), siens_propres.demi_journees
        )
    return table[list(COLONNES_BESOIN)]
