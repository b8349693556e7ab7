"""An establishment is found by what its head of school would type."""

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot
from pipelines.reports import documents, recherche


@pytest.mark.reel
def test_a_section_and_an_ecole_lead_to_the_site_that_serves_them(entrepot_reel):
    """The SEGPA has a UAI of its own, and the écoles REP+ of a network are one site."""
    trouves = recherche.etablissements(entrepot_reel, "034")
    with entrepot.ouvrir(entrepot_reel) as connexion:
        lignes = connexion.execute(
            "select e.uai, e.nom, e.commune, r.site_id from mart_etablissement e "
            "join mart_rattachement r using (uai) where e.departement = '034'"
        ).fetchall()
    assert set(trouves.sites) == {uai for uai, *_ in lignes}
    assert any(uai != site for uai, site in trouves.sites.items())
    for uai, nom, commune, site in lignes:
        assert trouves.sites[uai] == site
        assert all(mot in trouves.libelles[uai] for mot in (uai, nom, commune))


@pytest.mark.reel
def test_a_departement_without_data_is_refused(entrepot_reel):
    with pytest.raises(AtlasError):
        recherche.etablissements(entrepot_reel, "999")


def test_a_page_of_the_guide_that_is_not_installed_is_refused_in_french():
    with pytest.raises(AtlasError, match="manque"):
        documents.document("n_existe_pas")
    assert documents.document("accessibilite").titre.startswith("Déclaration")
