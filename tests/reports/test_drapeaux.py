"""Each point of vigilance on a small département that raises it, and on one that does not."""

from dataclasses import replace
from datetime import date

import pytest

from pipelines.base import reference
from pipelines.planning.probleme import Poste, Presence, Probleme, Reglages, Site
from pipelines.reports.drapeaux import POINTS, Cite, Drapeau, lever, pour_une_instance
from pipelines.reports.lecture_contradictoire import Dossier, FicheDeSite

EQUIPE = dict.fromkeys(("a_bureau", "a_telephone", "a_rangement_ferme"), True)


def site(site_id, effectif=400, **champs):
    nature = "ecoles_rep_plus" if site_id.startswith("RESEAU-") else "etablissement"
    tete = site_id.removeprefix("RESEAU-") if nature == "ecoles_rep_plus" else None
    sien = Site(site_id, f"Site {site_id}", nature, 34, 1, 3, (), None, None, None, effectif, tete)
    return replace(sien, **champs)


def poste(poste_id, **champs):
    return replace(Poste(poste_id, 1.0, "occupe", 34, 5, "A", None, None, None), **champs)


def probleme(sites=("A", "B"), postes=("P1", "P2"), minutes=10, actuelles=None, **champs):
    """Sites and postes by their ids, or as they are; today is what the plan is unless told."""
    sites = tuple(site(s) if isinstance(s, str) else s for s in sites)
    postes = tuple(poste(p) if isinstance(p, str) else p for p in postes)
    return Probleme(
        departement="034",
        graine=1,
        empreinte_donnees="essai",
        est_simule=False,
        reglages=Reglages(
            niveaux=(0, 1, 2, 4, 8, 16, 34),
            duree_trajet_max_min=45,
            tolerance_manque=0.0,
            tolerance_changements=0.0,
            echelle_manque=100,
        ),
        sites=sites,
        postes=postes,
        minutes=tuple(tuple(minutes for _ in sites) for _ in postes),
        km=tuple(tuple(None for _ in sites) for _ in postes),
        presences_actuelles=actuelles or (),
        hypotheses={"bareme": "national_2017"},
        **champs,
    )


def dossier(plan=(("P1", "A", 16), ("P2", "B", 16)), actuelles=None, fiches=None, **champs):
    """A plan that raises nothing: two equipped collèges, served as they are today."""
    plan = tuple(Presence(*p) for p in plan)
    d_avant = plan if actuelles is None else tuple(Presence(*p) for p in actuelles)
    noms = {n: champs.pop(n) for n in ("sites", "postes", "minutes") if n in champs}
    pose = probleme(actuelles=d_avant, **noms)
    connues = {s.site_id: FicheDeSite("COLLEGE", **EQUIPE) for s in pose.sites}
    return Dossier(pose, plan, connues | (fiches or {}), **champs)


def codes(d):
    return [drapeau.code for drapeau in lever(d)]


def point(d, code):
    [trouve] = [drapeau for drapeau in lever(d) if drapeau.code == code]
    return trouve


def test_a_plan_that_changes_nothing_and_lacks_nothing_raises_no_point():
    assert codes(dossier()) == []


COLLEGE_REP_PLUS = FicheDeSite("COLLEGE", "REP+", "A", **EQUIPE)
# code → what raises it, the sites it then names
LEVENT = {
    "regles_enfreintes": (dossier(manquements=("P1 sert trop de sites.",)), []),
    "prioritaires_sans_presence": (
        dossier(
            sites=("A", "B", site("C", categories=("college_rep",))),
            prioritaires=frozenset({"college_rep"}),
        ),
        ["C"],
    ),
    "rep_plus_sous_un_etp": (
        dossier(
            sites=("A", "B", "RESEAU-A"),
            plan=(("P1", "A", 16), ("P1", "RESEAU-A", 16), ("P2", "B", 16)),
            fiches={"A": COLLEGE_REP_PLUS, "RESEAU-A": FicheDeSite("ECOLE", "REP+", "A")},
        ),
        ["A", "RESEAU-A"],
    ),
    "lp_perdants": (
        dossier(
            actuelles=(("P1", "A", 34), ("P2", "B", 16)), fiches={"A": FicheDeSite("LP", **EQUIPE)}
        ),
        ["A"],
    ),
    "internats_perdants": (
        dossier(
            actuelles=(("P1", "A", 34), ("P2", "B", 16)),
            fiches={"A": FicheDeSite("COLLEGE", internat=True, **EQUIPE)},
        ),
        ["A"],
    ),
    "changements_imposes": (dossier(actuelles=(("P1", "A", 16), ("P1", "B", 16))), ["B"]),
    "postes_tres_partages": (
        dossier(sites=("A", "B", "C"), plan=(("P1", "A", 16), ("P1", "B", 16), ("P1", "C", 16))),
        [],
    ),
    "trajets_trop_longs": (dossier(minutes=46), ["A", "B"]),
    "sous_presence_utile": (dossier(plan=(("P1", "A", 16), ("P2", "B", 2))), ["B"]),
    "sans_bureau": (
        dossier(fiches={"A": FicheDeSite("COLLEGE", **{**EQUIPE, "a_bureau": False})}),
        ["A"],
    ),
    "sans_ligne_directe": (
        dossier(fiches={"A": FicheDeSite("COLLEGE", **{**EQUIPE, "a_telephone": False})}),
        ["A"],
    ),
    "sans_rangement_ferme": (
        dossier(fiches={"A": FicheDeSite("COLLEGE", **{**EQUIPE, "a_rangement_ferme": False})}),
        ["A"],
    ),
    "eleves_par_etp": (dossier(plan=(("P1", "A", 16), ("P2", "B", 4))), ["B"]),
    "repere_eleves_par_poste": (dossier(sites=(site("A", 1401), site("B", 1401))), []),
    "repere_rep_plus": (
        dossier(
            plan=(("P1", "A", 34), ("P1", "B", 16)),
            fiches={"A": COLLEGE_REP_PLUS},
        ),
        ["A"],
    ),
    "postes_sans_personne": (
        dossier(postes=("P1", poste("P2", statut="vacant"))),
        ["B"],
    ),
    "effectifs_inconnus": (dossier(sites=("A", site("B", None))), ["B"]),
    "categories_inconnues": (
        dossier(sites=("A", site("B", categories_inconnues=("college_upe2a",)))),
        ["B"],
    ),
    "trajets_inconnus": (dossier(minutes=None), ["A", "B"]),
    "conditions_inconnues": (dossier(fiches={"A": FicheDeSite("COLLEGE")}), ["A"]),
    "donnees_simulees": (dossier(avertissements=("Postes simulés.",)), []),
    "annuaire_ancien": (
        dossier(annuaire_le=date(2026, 5, 31), aujourd_hui=date(2026, 11, 1)),
        [],
    ),
}
# code → what comes close, and does not raise it
NE_LEVENT_PAS = {
    "regles_enfreintes": dossier(manquements=()),
    "prioritaires_sans_presence": dossier(
        sites=("A", "B", "C"), prioritaires=frozenset({"college_rep"})
    ),
    "rep_plus_sous_un_etp": dossier(
        sites=("A", "B", "RESEAU-A"),
        plan=(("P1", "A", 16), ("P1", "RESEAU-A", 18), ("P2", "B", 16)),
        fiches={"A": COLLEGE_REP_PLUS, "RESEAU-A": FicheDeSite("ECOLE", "REP+", "A")},
    ),
    "lp_perdants": dossier(
        actuelles=(("P1", "A", 8), ("P2", "B", 34)), fiches={"A": FicheDeSite("LP", **EQUIPE)}
    ),
    "internats_perdants": dossier(
        actuelles=(("P1", "A", 34), ("P2", "B", 16)),
        fiches={"A": FicheDeSite("COLLEGE", internat=None, **EQUIPE)},
    ),
    "changements_imposes": dossier(actuelles=(("P1", "A", 4), ("P2", "B", 34))),
    "postes_tres_partages": dossier(plan=(("P1", "A", 16), ("P1", "B", 16))),
    "trajets_trop_longs": dossier(minutes=45),
    "sous_presence_utile": dossier(plan=(("P1", "A", 16), ("P2", "B", 4))),
    "sans_bureau": dossier(fiches={"A": FicheDeSite("COLLEGE")}),
    "sans_ligne_directe": dossier(
        sites=("A", "B", "C"),
        fiches={"C": FicheDeSite("COLLEGE", **{**EQUIPE, "a_telephone": False})},
    ),
    "sans_rangement_ferme": dossier(),
    "eleves_par_etp": dossier(plan=(("P1", "A", 16), ("P2", "B", 12))),
    "repere_eleves_par_poste": dossier(sites=(site("A", 1400), site("B", 1400))),
    "repere_rep_plus": dossier(
        sites=("A", "B", "RESEAU-A"),
        plan=(("P1", "A", 16), ("P1", "RESEAU-A", 18), ("P2", "B", 16)),
        fiches={"A": COLLEGE_REP_PLUS, "RESEAU-A": FicheDeSite("ECOLE", "REP+", "A")},
    ),
    "postes_sans_personne": dossier(postes=("P1", "P2", poste("P3", statut="vacant"))),
    "effectifs_inconnus": dossier(),
    "categories_inconnues": dossier(),
    "trajets_inconnus": dossier(),
    "conditions_inconnues": dossier(sites=("A", "B", "C"), fiches={"C": FicheDeSite("COLLEGE")}),
    "donnees_simulees": dossier(),
    "annuaire_ancien": dossier(annuaire_le=date(2026, 6, 1), aujourd_hui=date(2026, 11, 30)),
}


@pytest.mark.parametrize("code", LEVENT)
def test_a_point_is_raised_with_its_figure_and_its_sites(code):
    d, sites = LEVENT[code]
    leve = point(d, code)
    assert [c.identifiant for c in leve.sites] == sites
    assert any(c.isdigit() for c in leve.chiffre)
    assert leve.reponse
    assert leve.reference


@pytest.mark.parametrize("code", NE_LEVENT_PAS)
def test_what_comes_close_does_not_raise_the_point(code):
    assert code not in codes(NE_LEVENT_PAS[code])


def test_every_point_is_tried_both_ways():
    assert LEVENT.keys() == NE_LEVENT_PAS.keys()
    leves = {code for d, _ in LEVENT.values() for code in codes(d)}
    assert leves == LEVENT.keys()
    assert len(POINTS) <= len(LEVENT)


def test_figures_are_those_of_the_plan():
    """Half-days lost, sites over the mean, shares: each counted by hand on the small problem."""
    assert (
        "18 demi-journées par cycle de moins"
        in point(LEVENT["lp_perdants"][0], "lp_perdants").constat
    )
    partages = point(LEVENT["postes_tres_partages"][0], "postes_tres_partages")
    assert partages.postes == (Cite("P1", "P1", "3 sites", "3 sites"),)
    vides = point(LEVENT["postes_sans_personne"][0], "postes_sans_personne")
    assert vides.chiffre.startswith("50")
    rep_plus = point(LEVENT["rep_plus_sous_un_etp"][0], "rep_plus_sous_un_etp")
    assert rep_plus.sites[0].detail == "16 demi-journées, 0,47 ETP"
    eleves = point(LEVENT["eleves_par_etp"][0], "eleves_par_etp")
    # 800 pupils over 20 half-days, against 400 over 4; a full-time poste gives 34
    assert eleves.chiffre.replace("\u202f", "") == "3400 pour 1360 en moyenne"


def test_norms_quoted_by_unions_say_so_and_are_cited():
    for code in ("repere_eleves_par_poste", "repere_rep_plus"):
        leve = point(LEVENT[code][0], code)
        assert leve.est_syndical
        assert "syndical" in leve.reference
        assert "non réglementaire" in leve.reference
    assert all("syndical" in p.source for p in reference.parametres("reperes_syndicaux").values())


def test_an_instance_reads_of_long_trips_how_many_there_are():
    """« 73 min » beside one site and one code would place a résidence."""
    [nominatif] = [x for x in lever(dossier(minutes=73)) if x.code == "trajets_trop_longs"]
    assert "73" in nominatif.chiffre
    codes = {p.identifiant: "Secteur A-01" for p in nominatif.postes}
    [commun] = pour_une_instance([nominatif], codes)
    assert "73" not in repr(commun)
    assert commun.sites == commun.postes == ()


def test_an_instance_reads_how_many_rep_plus_are_under_a_full_time_and_not_which():
    """Any network that is not named would have 34 half-days, and its sectors that much time."""
    d = dossier(
        sites=("A", "B"),
        plan=(("P1", "A", 16), ("P2", "B", 34)),
        fiches={"A": COLLEGE_REP_PLUS, "B": replace(COLLEGE_REP_PLUS, tete="B")},
    )
    nominatif = point(d, "rep_plus_sous_un_etp")
    assert [s.identifiant for s in nominatif.sites] == ["A"]
    [commun] = pour_une_instance([nominatif], {})
    assert commun.chiffre.startswith("1 sur 2")
    assert commun.sites == ()
    # all of them: their count names each
    [tous] = [x for x in lever(LEVENT["rep_plus_sous_un_etp"][0]) if x.code == nominatif.code]
    assert pour_une_instance([tous], {}) == []


def test_the_pupils_per_etp_of_very_few_postes_are_not_for_an_instance():
    """Enrolments are public: « 4 615 élèves par ETP » would give the 1,3 ETP of two people."""
    [repere] = [
        x
        for x in lever(LEVENT["repere_eleves_par_poste"][0])
        if x.code == "repere_eleves_par_poste"
    ]
    assert repere.est_nominatif
    assert pour_une_instance([repere], {}) == []


def test_an_instance_reads_sector_codes_and_nothing_of_one_person():
    """No id, no vacant poste, no sentence of the judge; an answer has codes in place of ids."""
    code = {"P1": "Secteur B-02", "P2": "Secteur B-01", "P": "Secteur B-03"}
    d = replace(
        LEVENT["changements_imposes"][0],
        probleme=LEVENT["changements_imposes"][0].probleme,
        manquements=("P1 sert trop de sites.",),
    )
    vide = LEVENT["postes_sans_personne"][0]
    leves = [
        replace(x, reponse="P1 et P2 se sont entendus, P et P1-bis aussi, dit p2.")
        for x in [*lever(d), *lever(vide)]
    ]
    lus = pour_une_instance(leves, code)
    assert "postes_sans_personne" not in {x.code for x in lus}
    assert {c.identifiant for x in lus for c in x.postes} <= set(code.values())
    assert [c.identifiant for x in lus for c in x.postes] == ["Secteur B-01", "Secteur B-02"]
    assert all(x.precisions == () for x in lus)
    assert lus[0].reponse == (
        "Secteur B-02 et Secteur B-01 se sont entendus, Secteur B-03 et P1-bis aussi, dit "
        "Secteur B-01."
    )
    assert isinstance(lus[0], Drapeau)
