"""What docs/trajets.md says of travel is what the code and the reference files hold."""

import re

from pipelines.base import chemins, reference
from pipelines.base.textes import pourcentage
from pipelines.planning.etalonnage import CONTROLE, ETALONNAGE, erreur
from pipelines.planning.moteurs import AVolDOiseau, Matrice
from pipelines.planning.osrm import Osrm
from pipelines.planning.valhalla_local import Valhalla

PAGE = (chemins.RACINE / "docs" / "trajets.md").read_text(encoding="utf-8")


def test_every_engine_is_in_the_page_and_no_other():
    noms = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert noms == [m.nom for m in (AVolDOiseau, Matrice, Osrm, Valhalla)]


def test_the_error_the_page_states_is_the_one_computed():
    connues, neuves = erreur(ETALONNAGE), erreur(CONTROLE)
    assert f"{connues.nb_liaisons} liaisons" in PAGE
    assert f"{neuves.nb_liaisons} liaisons" in PAGE
    cites = re.findall(r"\d+\u202f%", PAGE)
    ecarts = (connues.part_moyenne, neuves.part_moyenne, connues.part_max, neuves.part_max)
    assert cites == [pourcentage(e) for e in ecarts]


def test_the_numbers_of_the_page_are_those_of_the_reference_files():
    assert f"{reference.valeur('deplacements', 'semaines_par_an')} semaines par an" in PAGE
    assert f"{reference.valeur('trajets', 'osrm_lieux_par_requete')} lieux au plus" in PAGE
    assert f"attend {reference.valeur('trajets', 'osrm_delai_s')} secondes" in PAGE
    assert reference.valeur("trajets", "osrm_essais") == 3
    assert "tentée\ntrois fois" in PAGE
