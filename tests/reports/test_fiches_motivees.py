"""The fiches, a page each, and the transparency sheet: what they say is what the scenario holds."""

import io
import re
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace

import pypdf
import pytest

from pipelines.base import reference
from pipelines.marts import entrepot
from pipelines.planning.probleme import OBJECTIFS, Presence
from pipelines.reports.dossier import fiches, fichiers, pdf
from pipelines.reports.dossier.blocs import Partie, Role, Tableau, Texte
from pipelines.reports.dossier.contenu import composer
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.statuts import Statut

CLAIRE = Lecteur("Claire Zywicki")


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s+", " ", texte)


@pytest.fixture(scope="module")
def fait(tmp_path_factory, entrepot_exemple):
    """Today's presences of the 005, one of them moved by hand, for both readers, with no map."""
    ici = tmp_path_factory.mktemp("fiches")
    with pytest.MonkeyPatch.context() as changement:
        changement.setenv("ATLAS_BASE_URL", f"sqlite:///{ici}/atelier.sqlite")
        changement.setattr(
            "pipelines.scenarios.magasin.jour", lambda: datetime(2026, 11, 29, 8, 30)
        )
        changement.setattr(fichiers, "_cartes", lambda m: {})
        neuf = atelier.creer_aujourd_hui(CLAIRE, entrepot_exemple, "Rentrée 2027", "005")
        servis = {p.site_id for p in neuf.plan}
        sans = min({s.site_id for s in neuf.probleme.sites if s.besoin} - servis)
        premiere, *reste = neuf.plan
        ailleurs = Presence(premiere.poste_id, sans, premiere.demi_journees_cycle)
        scenario = atelier.modifier(
            CLAIRE, neuf.scenario_id, neuf.version, "Déplacé", plan=[ailleurs, *reste]
        )
        yield SimpleNamespace(
            scenario=scenario,
            quitte=premiere,
            nominatif=fichiers.preparer(
                CLAIRE, entrepot_exemple, scenario.scenario_id, "nominatif"
            ),
            instance=fichiers.preparer(CLAIRE, entrepot_exemple, scenario.scenario_id, "instance"),
        )


@pytest.fixture(scope="module")
def en_fiches(fait):
    """Version → its fiches."""
    return {
        version: fiches.composer(ouvrage.matiere, ouvrage.dossier)
        for version, ouvrage in (("nominatif", fait.nominatif), ("instance", fait.instance))
    }


def lignes(partie, code):
    [bloc] = [b for b in partie.blocs if isinstance(b, Tableau) and b.code == code]
    return [dict(zip((c.titre for c in bloc.colonnes), x, strict=True)) for x in bloc.lignes]


def dit(partie):
    """All the words and cells of a part."""
    mots = []
    for bloc in partie.tous:
        if isinstance(bloc, Tableau):
            mots += [bloc.titre, bloc.note, *(str(v) for ligne in bloc.lignes for v in ligne)]
        else:
            mots += [getattr(bloc, "texte", ""), *getattr(bloc, "elements", ())]
    return clair(" ".join(mots))


# --- the fiches -----------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["nominatif", "instance"])
def test_every_site_and_every_sector_has_one_page_and_its_bookmark(version, fait, en_fiches):
    lu = pypdf.PdfReader(io.BytesIO(pdf.ecrire(en_fiches[version])))
    parties = en_fiches[version].parties
    probleme = fait.scenario.probleme
    servants = {p.poste_id for p in (*fait.scenario.plan, *probleme.presences_actuelles)}
    assert len(parties) == len(servants) + len(probleme.sites)
    assert [s.title for s in lu.outline] == [p.titre for p in parties]
    pages = [lu.get_destination_page_number(s) for s in lu.outline]
    assert pages == list(range(len(lu.pages)))


def test_a_page_too_full_is_set_smaller_and_nothing_is_cut(en_fiches):
    """Twice and more what a page holds at the usual size would not fit; a third more does."""
    nominatif = en_fiches["nominatif"]
    phrases = tuple(Texte(f"Phrase {rang} " + "mot " * 30) for rang in range(1, 29))
    pleine = Partie(code="pleine", titre="Une fiche très pleine", blocs=phrases)
    usuelle = replace(nominatif, parties=(pleine,), est_en_fiches=False)
    serree = replace(nominatif, parties=(pleine,))
    assert len(pypdf.PdfReader(io.BytesIO(pdf.ecrire(usuelle))).pages) == 1 + 2
    [page] = pypdf.PdfReader(io.BytesIO(pdf.ecrire(serree))).pages
    assert "Phrase 28 mot" in clair(page.extract_text())


def test_a_fiche_of_a_site_says_who_comes_and_decomposes_the_whole_besoin(fait, en_fiches):
    parties = {p.code: p for p in en_fiches["nominatif"].parties}
    donne = {}
    for p in fait.scenario.plan:
        donne.setdefault(p.site_id, {})[p.poste_id] = p.demi_journees_cycle
    for site in fait.scenario.probleme.sites:
        partie = parties[f"fiche_{site.site_id}"]
        besoin = lignes(partie, f"besoin_{site.site_id}")
        assert besoin[-1]["Apport"] == site.besoin
        assert sum(x["Apport"] for x in besoin[:-1]) == pytest.approx(site.besoin)
        if site.site_id in donne:
            recus = lignes(partie, f"recoit_{site.site_id}")
            assert {x["Secteur"]: x["Après"] for x in recus if x["Après"]} == donne[site.site_id]
        assert f"pèse {site.poids} ;" in dit(partie)


def test_a_site_that_loses_its_presence_says_why_and_what_was_weighed(fait, en_fiches):
    quitte = fait.quitte
    partie = {p.code: p for p in en_fiches["nominatif"].parties}[f"fiche_{quitte.site_id}"]
    mots = dit(partie)
    assert "Aucune présence régulière" in mots
    assert f"de {quitte.demi_journees_cycle} à 0" in mots
    assert f"{quitte.poste_id} va ailleurs" in mots
    assert "Ce qui a été pesé" in mots
    assert lignes(partie, f"portee_{quitte.site_id}")[0]["Poste"] == quitte.poste_id


def test_a_besoin_the_data_no_longer_make_is_said_and_not_decomposed(fait):
    """The scenario keeps its besoin; lines that add up to another one would explain nothing."""
    m = fait.nominatif.matiere
    probleme = m.repartition.probleme
    premier, *autres = probleme.sites
    change = replace(probleme, sites=(replace(premier, besoin=premier.besoin + 2), *autres))
    lu = replace(m.lu, repartition=replace(m.lu.repartition, probleme=change))
    parties = fiches.composer(replace(m, lu=lu), fait.nominatif.dossier).parties
    partie = {p.code: p for p in parties}[f"fiche_{premier.site_id}"]
    assert f"garde un besoin de {premier.besoin + 2}" in dit(partie)
    assert f"donneraient {premier.besoin}" in dit(partie)
    assert not any(isinstance(b, Tableau) and "ligne par ligne" in b.titre for b in partie.blocs)


def test_a_fiche_of_a_sector_holds_its_sites_and_what_changes(fait, en_fiches):
    quitte = fait.quitte
    partie = {p.code: p for p in en_fiches["nominatif"].parties}[f"fiche_{quitte.poste_id}"]
    siens = [p for p in fait.scenario.plan if p.poste_id == quitte.poste_id]
    sites = lignes(partie, f"secteur_{quitte.poste_id}")
    assert sorted(x["Après"] for x in sites) == sorted(p.demi_journees_cycle for p in siens)
    change = lignes(partie, f"change_{quitte.poste_id}")
    assert sorted((x["Avant"], x["Après"]) for x in change) == [
        (0, quitte.demi_journees_cycle),
        (quitte.demi_journees_cycle, 0),
    ]
    assert all(x["Pourquoi"] for x in change)


def test_the_fiches_of_an_instance_name_no_poste_and_show_no_load(fait, en_fiches):
    tout = " ".join(f"{p.titre} {dit(p)}" for p in en_fiches["instance"].parties)
    assert [p.poste_id for p in fait.scenario.probleme.postes if p.poste_id in tout] == []
    for tu in ("ETP", "Résidence", "occupé", "Trajets :", "Les postes à portée"):
        assert tu not in tout
    secteurs = [p for p in en_fiches["instance"].parties if p.titre.startswith("Secteur ")]
    for partie in secteurs:
        [phrase] = [b.texte for b in partie.blocs if getattr(b, "role", None) == Role.PHRASE]
        assert "demi-journée" not in phrase
        assert "ce que ce poste y donne" not in dit(partie)
        if any(isinstance(b, Tableau) and b.famille == "secteurs" for b in partie.blocs):
            assert "Avant, après : le rythme auquel un site est vu" in dit(partie)


def test_an_instance_reads_no_small_count_of_pupils_from_a_besoin(
    fait, entrepot_exemple, monkeypatch
):
    """Where a barème counts the pupils of a section, a count under the threshold is not told."""
    lu = fait.instance.matiere.lu
    hypotheses = {**lu.resume["hypotheses"], "bareme": "continu"}
    continu = replace(lu, resume={**lu.resume, "hypotheses": hypotheses})
    with entrepot.ouvrir(entrepot_exemple) as connexion:
        sites = entrepot.lire(connexion, "mart_site", "005")
    ulis = set(sites.loc[sites["eleves_ulis"] > 0, "site_id"])
    [plus_petit] = set(sites.loc[sites["eleves_ulis"] > 0, "eleves_ulis"])
    vraie, seuil = reference.valeur, [int(plus_petit) + 1]

    def valeur(fichier, *reste):
        return seuil[0] if fichier == "petits_nombres" else vraie(fichier, *reste)

    monkeypatch.setattr(reference, "valeur", valeur)
    assert fiches._Su(replace(fait.nominatif.matiere, lu=continu)).a_taire == set()
    su = fiches._Su(replace(fait.instance.matiere, lu=continu))
    assert su.a_taire == ulis
    assert ulis
    seuil[0] = int(plus_petit)
    assert fiches._Su(su.m).a_taire == set()
    muet = next(s for s in su.m.sites if s.site_id in ulis)
    besoin = round(su.besoins[muet.site_id]["demi_journees"].sum())
    partie = fiches._site(su, replace(muet, besoin=besoin))
    assert "petit nombre d'élèves" in dit(partie)
    assert not any(isinstance(b, Tableau) and "ligne par ligne" in b.titre for b in partie.blocs)


# --- the transparency sheet -----------------------------------------------------------------------


def test_the_transparency_sheet_reads_the_rules_and_the_scenario(fait):
    partie = fait.nominatif.dossier.partie("transparence")
    mots = dit(partie)
    for objectif in OBJECTIFS:
        assert clair(objectif["formule"]) in mots
    for regle in fait.nominatif.matiere.methode.regles_dures["Règle"]:
        assert clair(regle) in mots
    sites = fait.scenario.probleme.sites
    [poids] = [b for b in partie.blocs if getattr(b, "code", "") == "transparence_poids"]
    assert sum(ligne[1] for ligne in poids.lignes) == len(sites)
    assert {ligne[2] for ligne in poids.lignes} == {s.poids for s in sites}
    assert "n'est pas tel qu'un calcul l'a donné" in mots, "it was changed by hand"
    assert f"{len(fait.scenario.probleme.verrous)} verrous" in mots


def test_the_sheet_says_who_decided_once_the_scenario_is_arrested(fait):
    m = fait.nominatif.matiere
    arrete = replace(m, lu=replace(m.lu, apercu=replace(m.lu.apercu, statut=Statut.ARRETE)))
    avant, apres = (dit(composer(x, {}).partie("transparence")) for x in (m, arrete))
    assert "rien n'est décidé" in avant
    assert "rien n'est décidé" not in apres
    assert "Un plan arrêté ne change plus." in apres


def test_both_files_are_written_under_their_names(fait):
    deux = fichiers.produire(fait.instance, ["fiches", "transparence"]).fichiers
    assert [f.nom for f in deux] == [
        f"{fait.instance.dossier.prefixe}-fiches.pdf",
        f"{fait.instance.dossier.prefixe}-transparence.pdf",
    ]
    lu = pypdf.PdfReader(io.BytesIO(deux[1].octets))
    signets = [s.title for s in lu.outline if not isinstance(s, list)]
    assert signets[0] == "Fiche de transparence de l'algorithme"
    assert len(signets) == 4
    assert "L311-3-1" in clair(lu.pages[1].extract_text())
