"""The counts of activity an instance is given: every table checked together before it goes out."""

import re

import duckdb
import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import FINE
from pipelines.marts.construction import construire
from pipelines.planning import secret
from pipelines.planning.attaquant import Retrouvable
from pipelines.planning.comptes import TOTAL, Comptes, voiler
from pipelines.reports import activite, comptes_publies
from pipelines.reports.classes_de_site import CLASSES, classe_du_site
from pipelines.reports.comptes_publies import ANNEES, DETAILS, INDICATEURS, MASQUE, SITES
from pipelines.scenarios.lecteurs import Lecteur, Role

MEMBRE = Lecteur("Membre", Role.INSTANCE)


@pytest.fixture(scope="module")
def publies(entrepot_exemple):
    return comptes_publies.publier(MEMBRE, entrepot_exemple, "005")


@pytest.fixture(scope="module")
def lignes(entrepot_exemple):
    """(indicateur, modalite, site) → count of the last year, read another way."""
    with duckdb.connect(str(entrepot_exemple), read_only=True) as base:
        return base.execute(
            "select indicateur, coalesce(modalite, '') as modalite, s.nom, sum(nombre) as nombre, "
            "s.type, s.ep from mart_activite a join mart_site s using (site_id) "
            "where s.departement = '005' and periode = 'annee' and annee_scolaire = "
            "(select max(annee_scolaire) from mart_activite) group by all"
        ).df()


def entier(cellule):
    return int(cellule.replace(FINE, ""))


def test_a_small_count_is_never_printed_and_every_other_number_is_the_true_one(publies, lignes):
    """Site by site: under five hidden, a zero shown, the rest as in the returns."""
    table = publies.tables[SITES].set_index("")
    eleves = lignes[lignes["indicateur"] == "eleves_suivis"].set_index("nom")["nombre"]
    colonne = next(c for c in table if c.startswith("Élèves"))
    assert set(table.index) >= set(eleves.index)
    for nom, nombre in eleves.items():
        lu = table.loc[nom, colonne]
        assert lu == MASQUE or entier(lu) == nombre
        assert lu == MASQUE or nombre == 0 or nombre >= publies.seuil


def test_no_table_prints_a_number_from_one_to_four(publies):
    cellules = [c for t in publies.tables.values() for c in t.iloc[:, 1:].to_numpy().ravel()]
    nombres = [entier(c) for c in cellules if c not in ("", MASQUE)]
    assert nombres
    assert not [n for n in nombres if 0 < n < publies.seuil]
    assert MASQUE in cellules


def test_totals_shown_are_those_of_the_returns(publies, lignes):
    table = publies.tables[INDICATEURS].set_index("")
    par_indicateur = lignes.groupby("indicateur")["nombre"].sum()
    montres = {entier(c) for c in table[TOTAL] if c != MASQUE}
    assert montres <= {int(n) for n in par_indicateur}
    assert len(table) == len(par_indicateur)


def test_the_note_counts_what_is_hidden(publies):
    """A total that ends two tables is one count."""
    petits = publies.nb_masques - publies.nb_masques_ensemble
    assert f"({petits})" in publies.note
    cellules = [c for t in publies.tables.values() for c in t.iloc[:, 1:].to_numpy().ravel()]
    assert 0 < publies.nb_masques <= cellules.count(MASQUE)


def test_one_year_alone_hides_the_cells_it_hides_beside_another(publies, entrepot_exemple):
    """What a dossier of one year hides, a report of two years does not show."""
    deux = comptes_publies.publier(MEMBRE, entrepot_exemple, "005", nb_annees=2)
    [annee] = publies.annees
    for nom, table in publies.tables.items():
        assert table.equals(deux.tables[f"{nom}, {annee}"])


def test_the_page_of_an_instance_hides_the_cells_of_its_dossier(publies, entrepot_exemple):
    """Page and dossier side by side: each count is shown in both, or in none."""
    vue = activite.vue(MEMBRE, entrepot_exemple, "005")
    [annee] = publies.annees
    du_dossier = publies.tables[INDICATEURS].set_index("")[TOTAL]
    de_la_page = vue.indicateurs.set_index("Indicateur")[annee]
    assert dict(de_la_page) == dict(du_dossier)
    sites = publies.tables[SITES].set_index("")
    page = vue.sites.set_index("Site")
    for colonne in sites:
        assert dict(sites[colonne]) == dict(page.loc[sites.index, colonne])


def test_nothing_goes_out_when_a_reader_finds_a_hidden_count(entrepot_exemple, monkeypatch):
    """Were the choice of cells wrong, the attacker would stop the dossier, in French."""

    def primaire_seule(tableaux, seuil=None, largeur=None):
        valeurs = Comptes.de(tableaux).valeurs
        caches = frozenset(c for c, v in valeurs.items() if 0 < v < 5)
        return secret.Secret(5, 3, caches, frozenset(), tuple(voiler(t, caches) for t in tableaux))

    monkeypatch.setattr(secret, "proteger", primaire_seule)
    with pytest.raises(Retrouvable, match="par addition ou soustraction"):
        comptes_publies.publier(MEMBRE, entrepot_exemple, "005")


def test_a_higher_threshold_hides_more(publies, entrepot_exemple):
    large = comptes_publies.publier(MEMBRE, entrepot_exemple, "005", seuil=10)
    assert large.nb_masques > publies.nb_masques
    assert re.search(r"de 1 à 9 sont", large.note)


def test_every_site_of_the_example_has_one_class(entrepot_exemple):
    with duckdb.connect(str(entrepot_exemple), read_only=True) as base:
        sites = base.execute("select site_id, type, ep from mart_site").df()
    classes = {
        classe_du_site(s)
        for s in sites.astype(object).where(sites.notna(), None).to_dict("records")
    }
    assert classes <= set(CLASSES)
    assert len(classes) > 5


def test_a_type_nobody_knows_is_refused():
    with pytest.raises(AtlasError, match="est du type"):
        classe_du_site({"site_id": "X", "type": "AUTRE", "ep": None})


def test_without_a_return_there_is_no_table_and_the_note_says_so(tmp_path):
    sources = tmp_path / "sources"
    sources.mkdir()
    for fichier in chemins.EXEMPLE.iterdir():
        if fichier.name != "activite.csv":
            (sources / fichier.name).symlink_to(fichier)
    entrepot = tmp_path / "sans.duckdb"
    construire([sources], entrepot, ["005"])
    rien = comptes_publies.publier(MEMBRE, entrepot, "005")
    assert rien.annees == ()
    assert rien.tables == {}
    assert "Aucun relevé" in rien.note


def test_a_detail_ends_with_the_line_of_its_indicator(publies):
    """Motifs by class add up to the interventions by class, hidden in the same places."""
    indicateurs = publies.tables[INDICATEURS].set_index("")
    for titre, debut in zip(
        DETAILS.values(), ("Interventions", "Demandes d'intervention"), strict=True
    ):
        [ligne] = [n for n in indicateurs.index if n.startswith(debut)]
        assert list(publies.tables[titre].iloc[-1, 1:]) == list(indicateurs.loc[ligne])


def test_several_years_are_protected_together_with_the_table_of_their_totals(entrepot_exemple):
    """Each year has its tables; a total hidden in one is hidden beside the other year."""
    deux = comptes_publies.publier(MEMBRE, entrepot_exemple, "005", nb_annees=2)
    avant, apres = deux.annees
    cote_a_cote = deux.tables[ANNEES].set_index("")
    for annee in (avant, apres):
        de_l_annee = deux.tables[f"{INDICATEURS}, {annee}"].set_index("")
        assert list(cote_a_cote[annee]) == list(de_l_annee[TOTAL])
    assert f"Années {avant} et {apres}" in deux.note
