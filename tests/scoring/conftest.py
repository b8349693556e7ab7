"""An empty `mart_site` with the true columns, for sites made up one by one."""

import duckdb
import fabrique
import pytest

from pipelines.marts import entrepot

ORDINAIRE = {
    "site_id": "S1",
    "nature": "etablissement",
    "uai_principal": "S1",
    "nom": "Collège fictif",
    "type": "COLLEGE",
    "effectif": 500,
    "nb_ecoles": 0,
    "nb_ecoles_elementaires": 0,
    "nb_ecoles_maternelles": 0,
    "ips": 110.0,
    "est_rural": False,
    "segpa": False,
    "ulis": False,
    "upe2a": False,
    "relais": False,
    "internat": False,
    "a_section_professionnelle": False,
}


@pytest.fixture(scope="session")
def colonnes_site(tmp_path_factory):
    """The definition of `mart_site` as a build makes it."""
    sources = fabrique.petit_departement(tmp_path_factory.mktemp("scoring") / "sources")
    with entrepot.ouvrir(fabrique.construire(sources)) as connexion:
        return connexion.execute("describe mart_site").fetchall()


@pytest.fixture(scope="session")
def connexion_vide():
    """A warehouse in memory, without any table."""
    with duckdb.connect() as connexion:
        yield connexion


@pytest.fixture(scope="session")
def monde(colonnes_site, connexion_vide):
    """A warehouse of the sites given, each an ordinary collège changed by name."""
    connexion = connexion_vide
    definition = ", ".join(f'"{nom}" {type_}' for nom, type_, *_ in colonnes_site)

    def peupler(*sites):
        connexion.execute(f"create or replace table mart_site ({definition})")
        for rang, site in enumerate(sites):
            ligne = {**ORDINAIRE, "site_id": f"S{rang}", **site}
            noms = ", ".join(f'"{nom}"' for nom in ligne)
            connexion.execute(
                f"insert into mart_site ({noms}) values ({', '.join('?' * len(ligne))})",
                list(ligne.values()),
            )
        return connexion

    return peupler
