"""Finding an establishment of a département by its name, its commune or its UAI."""

from dataclasses import dataclass
from pathlib import Path

from pipelines.marts import entrepot
from pipelines.scenarios.lecteurs import reserve


@dataclass(frozen=True)
class Etablissements:
    """By UAI: the label to search in, and the site whose fiche speaks of it."""

    libelles: dict[str, str]
    sites: dict[str, str]


@reserve
def etablissements(base: Path, departement: str) -> Etablissements:
    """Every establishment that belongs to a site; a section or an école leads to its site."""
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        connus = entrepot.lire(connexion, "mart_etablissement", departement)
        rattaches = dict(connexion.execute("select uai, site_id from mart_rattachement").fetchall())
    connus = connus[connus["uai"].isin(rattaches)].sort_values(["nom", "commune", "uai"])
    return Etablissements(
        libelles={e.uai: f"{e.nom}, {e.commune} ({e.uai})" for e in connus.itertuples()},
        sites={uai: rattaches[uai] for uai in connus["uai"]},
    )
