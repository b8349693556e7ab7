"""Classes of sites for counts: each site has one and only one, from its type and its label."""

from collections.abc import Mapping

from pipelines.base.erreurs import AtlasError

TYPES = {
    "LEGT": "Lycées généraux et technologiques",
    "LPO": "Lycées polyvalents",
    "LP": "Lycées professionnels",
    "EREA": "EREA",
    "ECOLE": "Écoles REP+",
}
COLLEGES = {"REP+": "Collèges REP+", "REP": "Collèges REP", None: "Autres collèges"}
CLASSES = (*COLLEGES.values(), *TYPES.values())
"""In the order they are shown."""


def classe_du_site(site: Mapping[str, object]) -> str:
    """The class of a row of `mart_site`; AtlasError for a type nobody knows."""
    if site["type"] == "COLLEGE":
        return COLLEGES[site["ep"]]
    try:
        return TYPES[site["type"]]
    except KeyError as cause:
        raise AtlasError(
            f"Le site {site['site_id']} est du type « {site['type']} ».",
            admis=", ".join(("COLLEGE", *TYPES)),
            remede="reconstruire l'entrepôt",
        ) from cause
