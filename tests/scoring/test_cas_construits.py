"""Cases that a single line of `mart_site` can't say: they go through a whole build."""

import fabrique
import pytest
from fabrique import etablissement, reseau, uai

from pipelines.marts import entrepot
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.capacite import capacite
from pipelines.scoring.regles import appliquer, priorites

TEXTES = ("circulaire_91_248", "circulaire_2017_055", "aix_marseille_2018")
AGRICOLE = {"ministere_tutelle": "MINISTERE DE L'AGRICULTURE"}


@pytest.fixture(scope="module")
def departement(tmp_path_factory):
    """A département of the cases below, built whole."""
    dossier = tmp_path_factory.mktemp("cas") / "sources"
    dossier.mkdir()
    fabrique.ecrire_annuaire(
        dossier,
        [
            etablissement(1, Nombre_d_eleves="450", Segpa="1"),
            etablissement(2, Nombre_d_eleves="450"),
            # a network whose list gives two heads: two écoles under each
            *(etablissement(n, "Ecole") for n in (11, 12, 13, 14)),
            # an agricultural lycée, its professional section, and an ordinary LPO with its own
            etablissement(21, "Lycée", code_nature="307", **AGRICOLE),
            etablissement(22, "Lycée", code_nature="334", etablissement_mere=uai(21), **AGRICOLE),
            etablissement(23, "Lycée", code_nature="306", Nombre_d_eleves="900"),
            etablissement(24, "Lycée", code_nature="334", etablissement_mere=uai(23)),
            # lycées without a section of their own UAI: the annuaire says yes, no, nothing
            etablissement(26, "Lycée", code_nature="306", Voie_professionnelle="1"),
            etablissement(27, "Lycée", Voie_professionnelle="0"),
            etablissement(28, "Lycée", code_nature="306"),
            # a section of the ministry whose mother is agricultural
            etablissement(25, "Lycée", code_nature="334", etablissement_mere=uai(21)),
            # a SEGPA with its own UAI, in the REP+ collège
            etablissement(31, code_nature="390", etablissement_mere=uai(1)),
            etablissement(41, "EREA", Nombre_d_eleves="90", Hebergement="1"),
        ],
    )
    fabrique.ecrire_liste_ep(
        dossier,
        [
            reseau(1, 1, "COLLEGE"),
            reseau(2, 1, "COLLEGE"),
            reseau(11, 1),
            reseau(12, 1),
            reseau(13, 2),
            reseau(14, 2),
            # the same école listed under the two heads
            reseau(12, 2),
        ],
    )
    fabrique.ecrire_contours(dossier)
    fabrique.ecrire_densite(dossier, {"34001": 2, "34002": 6})
    fabrique.ecrire_postes(
        dossier,
        [
            fabrique.poste("P1", 1),
            fabrique.poste("P2", 2, hors_secteur_etp="0.5", hors_secteur_motif="mdph"),
        ],
    )
    with entrepot.ouvrir(fabrique.construire(dossier)) as connexion:
        yield connexion


def categories(connexion, texte, site_id):
    """Codes of the rules that say yes of a site."""
    cadre = appliquer(connexion, priorites(texte))
    oui = cadre[(cadre["site_id"] == site_id) & (cadre["verdict"] == True)]  # noqa: E712
    return set(oui["regle"])


def test_a_network_with_two_heads_makes_two_sites_and_no_ecole_counts_twice(departement):
    """Écoles follow the head the list gives them; one listed twice stays with the first."""
    sites = dict(
        departement.execute(
            "select site_id, nb_ecoles from mart_site where nature = 'ecoles_rep_plus'"
        ).fetchall()
    )
    assert sites == {f"RESEAU-{uai(1)}": 2, f"RESEAU-{uai(2)}": 2}
    for site_id in sites:
        assert categories(departement, "circulaire_2017_055", site_id) == {"ecoles_rep_plus"}
        assert categories(departement, "circulaire_91_248", site_id) == set()


def test_both_colleges_of_a_network_with_two_heads_are_rep_plus(departement):
    """The label is each collège's own, whichever of the two the list calls head."""
    for numero in (1, 2):
        assert "college_rep_plus" in categories(departement, "circulaire_2017_055", uai(numero))


def test_a_section_of_an_agricultural_lycee_is_out_of_scope(departement):
    """Neither the lycée nor its section is of the ministry: no site, whatever the text."""
    sites = {s for (s,) in departement.execute("select site_id from mart_site").fetchall()}
    assert not sites & {uai(21), uai(22)}
    motifs = departement.execute(
        "select distinct motif_hors_perimetre from mart_etablissement where uai in (?, ?)",
        [uai(21), uai(22)],
    ).fetchall()
    assert motifs == [("autre_ministere",)]


def test_a_section_of_the_ministry_under_an_agricultural_lycee_stands_alone(departement):
    """Its mother is not served: it is a site of its own, and a lycée professionnel by its type."""
    for texte in TEXTES:
        assert categories(departement, texte, uai(25)) == {"lycee_professionnel"}, texte


def test_a_professional_section_is_read_in_the_lycee_it_belongs_to(departement):
    """The SEP is merged into the LPO, which gets the category in its place."""
    sites = {s for (s,) in departement.execute("select site_id from mart_site").fetchall()}
    assert uai(24) not in sites
    for texte in TEXTES:
        assert "section_professionnelle" in categories(departement, texte, uai(23)), texte


def test_without_a_section_of_its_own_uai_the_annuaire_says_it_or_nobody_knows(departement):
    """« Voie_professionnelle » of the lycée; where it is empty, unknown is not no."""
    lues = dict(
        departement.execute("select site_id, a_section_professionnelle from mart_site").fetchall()
    )
    assert [lues[uai(n)] for n in (23, 26, 27, 28)] == [True, True, False, None]
    assert lues[uai(1)] is False
    for texte in TEXTES:
        cadre = appliquer(departement, priorites(texte))
        verdicts = cadre[cadre["regle"] == "section_professionnelle"].set_index("site_id")
        assert verdicts.loc[uai(28), "verdict"] is None, texte


def test_a_segpa_with_its_own_uai_is_read_in_its_rep_plus_college(departement):
    """One site, two categories, and the contributions of both."""
    assert categories(departement, "circulaire_2017_055", uai(1)) == {
        "college_rep_plus",
        "college_segpa",
    }
    detail = besoins(departement, bareme("national_2017")).detail
    lues = detail[detail["site_id"] == uai(1)].set_index("code")["demi_journees"]
    assert lues["college_rep_plus"] == 16
    assert lues["college_segpa"] == 4


def test_an_erea_with_boarders_is_named_by_1991_and_read_into_the_two_others(departement):
    """Category by its nature, internat by the annuaire."""
    for texte in TEXTES:
        assert {"erea", "internat"} <= categories(departement, texte, uai(41)), texte


def test_the_cdes_of_1991_is_time_of_a_poste_and_category_of_no_site(departement):
    """Half a poste at the MDPH, its heir: less capacity, and no rule of any text for it."""
    [(hors_secteur, motif)] = departement.execute(
        "select hors_secteur_etp, hors_secteur_motif from mart_poste where poste_id = 'P2'"
    ).fetchall()
    assert (float(hors_secteur), motif) == (0.5, "mdph")
    plein, partage = capacite(1.0), capacite(1.0, float(hors_secteur))
    assert partage.demi_journees_cycle == plein.demi_journees_cycle - 18
    conditions = " ".join(r.condition for t in TEXTES for r in priorites(t).regles)
    assert "cdes" not in conditions
    assert "mdph" not in conditions
