"""The fiche of a site: every site of a département builds one, and its numbers agree."""

import re

import duckdb
import fabrique
import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.marts.construction import construire
from pipelines.reports.etablissement import choix, fiche


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


@pytest.fixture(scope="module")
def vaucluse(tmp_path_factory):
    """A warehouse of the 084 alone, quicker to read 67 times."""
    entrepot = tmp_path_factory.mktemp("vaucluse") / "atlas.duckdb"
    construire([chemins.EXEMPLE], entrepot, ["084"])
    return entrepot


@pytest.fixture(scope="module")
def fiches(vaucluse):
    """Every fiche of the 084, by site."""
    return {s: fiche(vaucluse, "084", s) for s in choix(vaucluse, "084")}


@pytest.fixture(scope="module")
def base(vaucluse):
    with duckdb.connect(str(vaucluse), read_only=True) as connexion:
        yield connexion


def test_every_site_of_a_departement_has_its_fiche(fiches, base):
    attendus = base.execute("select site_id, nom from mart_site where departement = '084'")
    assert {s: f.nom for s, f in fiches.items()} == dict(attendus.fetchall())


def test_the_lines_of_every_besoin_add_up_to_the_besoin_in_the_sentence(fiches):
    for site_id, f in fiches.items():
        *lignes, total = f.besoin["Demi-journées par cycle"]
        assert f.besoin["Ligne"].iloc[-1] == "Besoin"
        assert sum(lignes) == pytest.approx(total), site_id
        assert clair(f.phrase).startswith(clair(f"Besoin : {total:.0f} demi-journées par cycle")), (
            site_id
        )
        assert (f.besoin["Référence"].iloc[:-1] != "").all(), site_id


def test_the_presences_of_every_fiche_are_those_of_the_warehouse(fiches, base):
    for site_id, f in fiches.items():
        attendues = base.execute(
            "select poste_id, demi_journees_cycle from mart_presence where site_id = ?", [site_id]
        ).fetchall()
        lues = zip(f.presences["Poste"], f.presences["Demi-journées par cycle"], strict=True)
        assert sorted(lues) == sorted(attendues)
        assert ("aucune présence régulière" in clair(f.phrase)) == (not attendues)


def test_the_nearest_posts_come_in_order_and_serve_a_sector(fiches, base):
    avec_secteur = {
        p
        for (p,) in base.execute(
            "select poste_id from mart_poste where departement = '084' and not sans_secteur"
        ).fetchall()
    }
    for f in fiches.values():
        minutes = f.postes_proches["Trajet aller (min)"].tolist()
        assert 0 < len(minutes) <= 8
        assert minutes == sorted(minutes)
        assert set(f.postes_proches["Poste"]) <= avec_secteur


def test_a_network_of_ecoles_lists_its_ecoles_and_no_internat(fiches, base):
    reseaux = [s for s in fiches if s.startswith("RESEAU-")]
    assert len(reseaux) == 3
    for site_id in reseaux:
        [(nb,)] = base.execute(
            "select count(*) from mart_rattachement where site_id = ?", [site_id]
        ).fetchall()
        assert len(fiches[site_id].rattachements) == nb > 1
        assert "Écoles" in set(fiches[site_id].identite["Donnée"])
        assert "Internat" not in set(fiches[site_id].identite["Donnée"])


def test_what_is_unknown_is_said_unknown_and_never_no(fiches, base):
    inconnus = dict(
        base.execute(
            "select site_id, effectif is null from mart_site where departement = '084'"
        ).fetchall()
    )
    assert any(inconnus.values())
    for site_id, f in fiches.items():
        valeurs = dict(zip(f.identite["Donnée"], f.identite["Valeur"], strict=True))
        assert (valeurs["Élèves"] == "inconnu") == inconnus[site_id]


def test_activity_keeps_a_column_a_school_year(fiches, base):
    annees = {
        a for (a,) in base.execute("select distinct annee_scolaire from mart_activite").fetchall()
    }
    vues = {c for f in fiches.values() for c in f.activite.columns} - {"Indicateur", "Modalité"}
    assert vues == annees
    assert len(annees) == 2


def test_a_site_of_another_departement_is_refused(entrepot_exemple, fiches):
    with pytest.raises(AtlasError) as refus:
        fiche(entrepot_exemple, "005", next(iter(fiches)))
    assert "Aucun site" in refus.value.quoi


def test_every_known_value_of_a_fiche_says_its_year_and_its_source(fiches):
    """« REP+ » of a list nobody dates, or a density of no year, can't be defended."""
    for site_id, f in fiches.items():
        for donnee, valeur, annee, source in f.identite.itertuples(index=False):
            connu = valeur not in ("inconnu", "aucun label", "milieu des écoles")
            assert not connu or (annee and source != "—"), (site_id, donnee)


def test_a_position_taken_from_the_commune_is_not_said_to_come_from_the_annuaire(tmp_path):
    """Juvignac has no coordinates: the contours placed it, and an école of no level says so."""
    sources = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_annuaire(
        sources,
        [
            fabrique.etablissement(7, latitude="", longitude=""),
            fabrique.etablissement(14, "Ecole", Ecole_elementaire=""),
        ],
        nom="b.csv",
    )
    fabrique.ecrire_liste_ep(sources, [fabrique.reseau(n, 1) for n in (11, 12, 14)])
    base = fabrique.construire(sources)
    identite = fiche(base, "034", fabrique.uai(7)).identite.set_index("Donnée")
    assert identite.loc["Position", "Source"] == "Contours des communes"
    assert identite.loc["SEGPA", "Année"] == "26/11/2024"
    ecoles = fiche(base, "034", f"RESEAU-{fabrique.uai(1)}")
    valeurs = ecoles.identite.set_index("Donnée")["Valeur"]
    assert valeurs["Écoles"] == "1 école avec cycle 3, 1 maternelle, 1 école de niveau inconnu"
    assert "école de niveau inconnu" in set(ecoles.rattachements["Rattachement"])
