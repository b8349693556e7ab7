"""The problem file: its border, its JSON, its documentation."""

import itertools
import json
import re
from dataclasses import asdict, fields, replace

import pytest
from departements import departement, reglages
from petits import petit

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.planning import probleme as module
from pipelines.planning.modele import DURES, SOUPLES, cout_manque
from pipelines.planning.probleme import (
    CONVEXITES,
    OBJECTIFS,
    Poste,
    Presence,
    Probleme,
    Reglages,
    Site,
    Verrou,
    depuis_json,
    echelle_minimale,
    ordonner,
    vers_json,
)
from pipelines.planning.verification import LIBELLES, juger

PAGE = (chemins.RACINE / "docs" / "probleme.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("graine", range(5))
def test_a_problem_survives_its_json(graine):
    """Written and read back it is the same, and written again it is the same bytes."""
    probleme = ordonner(petit(graine, avec_verrous=True))
    texte = vers_json(probleme)
    assert depuis_json(texte) == probleme
    assert vers_json(depuis_json(texte)) == texte


def test_the_json_does_not_depend_on_the_order_given():
    """The same problem with its postes turned round is the same file."""
    probleme = departement(12, 5)
    retourne = replace(
        probleme,
        postes=probleme.postes[::-1],
        minutes=probleme.minutes[::-1],
        km=probleme.km[::-1],
        presences_actuelles=probleme.presences_actuelles[::-1],
    )
    assert vers_json(retourne) == vers_json(probleme)


@pytest.mark.parametrize(
    ("chemin", "valeur", "mot"),
    [
        (("departement",), "", "departement"),
        (("graine",), -1, "graine"),
        (("graine",), True, "graine"),
        (("schema",), "autre/1", "schema"),
        (("inconnu",), 1, "inconnu"),
        (("est_simule",), "oui", "true ou false"),
        (("sites",), "S0", "liste"),
        (("reglages", "niveaux"), [1, 2], "niveaux_presence"),
        (("reglages", "echelle_manque"), 1, "echelle_manque"),
        (("reglages", "tolerance_manque"), 2, "tolerance_manque"),
        (("sites", 0, "besoin"), 2.5, "besoin"),
        (("sites", 0, "besoin"), "6", "besoin"),
        (("sites", 0, "nature"), "lycee", "ecoles_rep_plus"),
        (("sites", 0, "poids"), 0, "poids"),
        (("sites", 0, "plancher"), 99, "plancher"),
        (("sites", 0, "poids_plancher"), -1, "poids_plancher"),
        (("reglages", "convexite"), 4, "convexite"),
        (("sites", 1, "site_id"), "S0", "double"),
        (("sites", 0, "site_tete"), "S1", "tête"),
        (("postes", 0, "quotite"), 1.5, "quotite"),
        (("postes", 0, "statut"), "retraite", "occupe"),
        (("minutes", 0), [1], "minutes"),
        (("minutes", 0, 0), -4, "minutes"),
        (("km", 0, 0), "dix", "km"),
        (("hypotheses", "bareme"), [1], "hypotheses"),
        (("objectifs",), [], "objectifs"),
    ],
)
def test_a_wrong_field_is_refused_with_its_name(chemin, valeur, mot):
    """The refusal is French, names the field and what is admitted."""
    contenu = json.loads(vers_json(petit(1)))
    cible = contenu
    for cle in chemin[:-1]:
        cible = cible[cle]
    cible[chemin[-1]] = valeur
    with pytest.raises(AtlasError) as refus:
        depuis_json(json.dumps(contenu))
    assert mot in str(refus.value)
    assert "Admis" in str(refus.value)
    assert "Que faire" in str(refus.value)


@pytest.mark.parametrize(
    ("champs", "mot"),
    [
        ({"presences_actuelles": (Presence("P9", "S0", 2),)}, "P9"),
        ({"presences_actuelles": (Presence("P0", "S9", 2),)}, "S9"),
        ({"presences_actuelles": (Presence("P0", "S0", 0),)}, "au moins 1"),
        ({"presences_actuelles": (Presence("P0", "S0", 2),) * 2}, "double"),
        ({"verrous": (Verrou("P0", "S0", "montant"),)}, "niveau"),
        ({"verrous": (Verrou("P0", "S0", "montant", 3),)}, "niveau"),
        ({"verrous": (Verrou("P0", "S0", "impose", 2),)}, "montant"),
        ({"verrous": (Verrou("P0", "S0", "impose"), Verrou("P0", "S0", "interdit"))}, "double"),
    ],
)
def test_presences_and_locks_are_checked(champs, mot):
    """Unknown postes or sites, doubles and impossible amounts are refused."""
    with pytest.raises(AtlasError, match=mot):
        replace(petit(1), **champs)


@pytest.mark.parametrize("convexite", CONVEXITES)
@pytest.mark.parametrize("besoin", [1, 2, 3, 5, 8, 13, 21, 34, 36, 60])
def test_costs_stay_convex_at_the_least_scale_admitted(besoin, convexite):
    """Rounded, with a floor anywhere: each half-day more saves at most what the one before did."""
    echelle = echelle_minimale(besoin, convexite)
    for poids, plancher in itertools.product((1, 2, 3, 7), range(besoin + 1)):
        site = Site(
            "S", "S", "etablissement", besoin, poids, 1, (), None, None, None,
            plancher=plancher, poids_plancher=5,
        )  # fmt: skip
        echelons = reglages(echelle_manque=echelle, convexite=convexite)
        couts = [cout_manque(site, echelons, c) for c in range(besoin + 1)]
        gains = [a - b for a, b in itertools.pairwise(couts)]
        assert couts[-1] == 0
        assert gains == sorted(gains, reverse=True)
        assert min(gains) >= 0


def test_a_scale_too_small_for_the_convexity_is_refused():
    """A besoin of 6 and cubes need a scale of 12."""
    grand = replace(petit(1).sites[0], besoin=6)
    sites = (grand, *petit(1).sites[1:])
    cubes = replace(petit(1).reglages, convexite=3, echelle_manque=12)
    assert replace(petit(1), sites=sites, reglages=cubes)
    with pytest.raises(AtlasError, match="au moins 12"):
        replace(petit(1), sites=sites, reglages=replace(cubes, echelle_manque=11))


def test_unreadable_json_names_its_line():
    """A torn file is refused with the line where reading stopped."""
    with pytest.raises(AtlasError, match="ligne 2"):
        depuis_json('{\n "graine": ')


def test_a_missing_field_is_named():
    """A file without its postes says so."""
    contenu = json.loads(vers_json(petit(1)))
    del contenu["postes"]
    with pytest.raises(AtlasError, match="postes"):
        depuis_json(json.dumps(contenu))


@pytest.mark.parametrize("classe", [Probleme, Reglages, Site, Poste, Presence, Verrou])
def test_every_field_is_documented_and_nothing_else(classe):
    """The table of each object in docs/probleme.md lists exactly its fields."""
    titre = re.search(rf"^## .*`{classe.__name__}`.*$", PAGE, re.MULTILINE)
    assert titre, f"no section for {classe.__name__}"
    section = PAGE[titre.end() :].split("\n## ")[0]
    documentes = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert documentes == [champ.name for champ in fields(classe)]


def test_every_rule_and_objective_is_documented():
    """Model, judge and page hold the same rules; the page quotes each formula of the file."""
    codes = {regle.code for regle in DURES}
    assert codes == set(LIBELLES) - {"ligne"}
    for code in codes:
        assert f"`{code}`" in PAGE
    for regle in DURES:
        assert LIBELLES[regle.code] == regle.libelle
    assert [objectif.code for objectif in SOUPLES] == [o["code"] for o in OBJECTIFS]
    for objectif in OBJECTIFS:
        assert f"`{objectif['code']}`" in PAGE
        assert objectif["formule"] in PAGE


def test_the_page_example_is_a_valid_problem():
    """The example of the page can be read, and the plan it shows has the values it states."""
    blocs = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    probleme = depuis_json(blocs[0])
    assert asdict(probleme)["schema"] == module.SCHEMA
    attendu = json.loads(blocs[2])
    verdict = juger(json.loads(blocs[0]), json.loads(blocs[1]))
    assert verdict.conforme, verdict.manquements
    assert verdict.objectifs == attendu


@pytest.mark.parametrize("champ", ["poids", "poids_plancher"])
def test_weights_that_would_overflow_the_count_are_refused_in_french(champ):
    """Sixty-four bits hold no weight of 10^17; the largest shortage admitted is said."""
    probleme = petit(1)
    site = replace(probleme.sites[0], besoin=4, plancher=4, **{champ: 10**17})
    with pytest.raises(AtlasError, match="trop grand pour être calculé"):
        replace(probleme, sites=(site, *probleme.sites[1:]))
