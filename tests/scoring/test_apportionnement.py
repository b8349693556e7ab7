"""ETP between territories: the methods, the bounds, and what each promises."""

import math
import random

import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.scoring.apportionnement import (
    Methode,
    Unite,
    bornes,
    demi_postes_entiers,
    partager,
    quota,
)

GRAINES = range(60)
DIVISEURS = {
    Methode.SAINTE_LAGUE: lambda a: a + 0.5,
    Methode.HUNTINGTON_HILL: lambda a: math.sqrt(a * (a + 1)),
    Methode.DHONDT: lambda a: a + 1,
    Methode.ADAMS: lambda a: a,
}


def tirage(graine):
    """Two to six units with needs, posts and floors that can be held, and the ETP to share."""
    des = random.Random(graine)
    unites = [
        Unite(
            code=f"{i:03d}",
            nom=f"Unité {i}",
            besoin=des.randrange(20, 900),
            aujourd_hui=des.randrange(0, 240) / 10,
            plancher=des.choice([0.0, 0.0, 0.5, 1.0, 2.5]),
        )
        for i in range(des.randrange(2, 7))
    ]
    perte = des.choice([None, 0.0, 0.5, 2.0])
    demis = max(sum(bornes(unites, perte).values()), len(unites)) + des.randrange(0, 30)
    return unites, demis / 2, perte


def par_priorite(unites, etp, diviseur, perte):
    """Each half-post in turn to the highest priority, all having their bound: the definition."""
    recus = bornes(unites, perte)
    while sum(recus.values()) < round(etp * 2):
        choisie = max(
            unites,
            key=lambda u: (
                u.besoin / diviseur(recus[u.code]) if diviseur(recus[u.code]) else math.inf,
                u.besoin,
            ),
        )
        recus[choisie.code] += 1
    return {code: n / 2 for code, n in recus.items()}


@pytest.mark.parametrize("methode", Methode)
@pytest.mark.parametrize("graine", GRAINES)
def test_un_partage_donne_tout_par_demi_postes_et_tient_chaque_borne(methode, graine):
    unites, etp, perte = tirage(graine)
    partage = partager(unites, etp, methode, perte)
    assert sum(partage.parts.values()) == etp
    for unite in unites:
        part = partage.parts[unite.code]
        assert (part * 2).is_integer()
        assert part >= unite.plancher
        if perte is not None:
            assert part >= unite.aujourd_hui - perte - 1e-9
    ecarts = [abs(partage.parts[u.code] - u.aujourd_hui) for u in unites]
    assert partage.distance == pytest.approx(sum(ecarts) / 2)


@pytest.mark.parametrize("methode", DIVISEURS)
@pytest.mark.parametrize("graine", GRAINES)
def test_fixer_qui_manque_puis_repartir_vaut_l_ordre_de_priorite(methode, graine):
    unites, etp, perte = tirage(graine)
    attendu = par_priorite(unites, etp, DIVISEURS[methode], perte)
    assert partager(unites, etp, methode, perte).parts == attendu


@pytest.mark.parametrize("graine", GRAINES)
def test_le_plus_fort_reste_arrondit_chaque_part_exacte_a_l_un_de_ses_demi_postes(graine):
    unites, etp, _ = tirage(graine)
    libres = [Unite(u.code, u.nom, u.besoin, u.aujourd_hui) for u in unites]
    exactes = quota(libres, etp)
    partage = partager(libres, etp, Methode.PLUS_FORT_RESTE)
    assert Methode.PLUS_FORT_RESTE.tient_le_quota
    for unite in libres:
        demis = exactes[unite.code] * 2
        assert math.floor(demis + 1e-9) <= partage.parts[unite.code] * 2 <= math.ceil(demis - 1e-9)


@pytest.mark.parametrize("methode", DIVISEURS)
@pytest.mark.parametrize("graine", GRAINES)
def test_un_demi_poste_de_plus_va_a_l_unite_annoncee_et_n_en_prend_a_personne(methode, graine):
    unites, etp, perte = tirage(graine)
    avant = partager(unites, etp, methode, perte)
    apres = partager(unites, etp + 0.5, methode, perte)
    gains = {c: apres.parts[c] - avant.parts[c] for c in avant.parts}
    assert {c for c, gain in gains.items() if gain} == {avant.suivant}
    assert gains[avant.suivant] == 0.5


def test_le_plus_grand_reste_passe_avant_une_egalite():
    # exact shares 1,25 1,25 1,5 in half-posts: the one left goes to the third
    unites = [Unite("a", "A", 5, 0), Unite("b", "B", 5, 0), Unite("c", "C", 6, 0)]
    partage = partager(unites, 2.0, Methode.PLUS_FORT_RESTE)
    assert partage.parts == {"a": 0.5, "b": 0.5, "c": 1.0}


def test_d_hondt_avantage_les_grands_et_adams_les_petits():
    unites = [Unite("g", "Grand", 900, 0), Unite("p", "Petit", 100, 0)]
    parts = {m: partager(unites, 2.0, m).parts["p"] for m in (Methode.DHONDT, Methode.ADAMS)}
    assert parts == {Methode.DHONDT: 0.0, Methode.ADAMS: 0.5}


def test_une_unite_tenue_par_sa_borne_est_nommee():
    unites = [Unite("g", "Grand", 900, 8.0), Unite("p", "Petit", 100, 4.0)]
    partage = partager(unites, 12.0, Methode.SAINTE_LAGUE, perte_max=0.5)
    assert partage.parts == {"g": 8.5, "p": 3.5}
    assert partage.retenues == {"p"}
    assert partage.distance == 0.5


def test_des_planchers_plus_hauts_que_les_moyens_sont_refuses_avec_leur_somme():
    unites = [Unite("a", "Aude", 10, 3.0, plancher=3.0), Unite("b", "Gard", 10, 4.0, plancher=4.0)]
    with pytest.raises(AtlasError, match=r"Les planchers demandent 7 ETP.*Aude 3 et Gard 4"):
        partager(unites, 6.5, Methode.ADAMS)


def test_une_quotite_qui_ne_tombe_pas_sur_un_demi_poste_arrondit_sa_borne_vers_le_haut():
    assert bornes([Unite("a", "A", 10, 15.1)], 1.0) == {"a": 29}
    assert demi_postes_entiers(15.9) == 15.5


@pytest.mark.parametrize("etp", [-1.0, 3.2])
def test_un_nombre_qui_n_est_pas_de_demi_postes_est_refuse(etp):
    with pytest.raises(AtlasError, match="demi-postes"):
        partager([Unite("a", "A", 10, 1.0)], etp, Methode.ADAMS)


def test_sans_besoin_rien_ne_se_repartit():
    with pytest.raises(AtlasError, match="aucun besoin"):
        partager([Unite("a", "A", 0, 1.0)], 1.0, Methode.ADAMS)


def test_une_perte_negative_est_refusee():
    with pytest.raises(AtlasError, match="perte admise est négative"):
        partager([Unite("a", "A", 10, 1.0)], 1.0, Methode.ADAMS, perte_max=-0.5)


def test_une_unite_sans_besoin_n_a_que_son_plancher():
    unites = [Unite("a", "A", 10, 1.0), Unite("b", "B", 0, 1.0, plancher=0.5)]
    for methode in Methode:
        assert partager(unites, 3.0, methode).parts == {"a": 2.5, "b": 0.5}
