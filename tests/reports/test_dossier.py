"""The dossier of a scenario: what paper and slides say is what the scenario holds, and no more."""

import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pptx
import pypdf
import pytest
from pptx.util import Pt
from typer.testing import CliRunner

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import nombre, pourcentage
from pipelines.cli import app
from pipelines.planning.probleme import Presence
from pipelines.reports.dossier import fichiers
from pipelines.reports.dossier.blocs import Chiffres, Graphique, Image, Tableau, Texte, dire
from pipelines.reports.dossier.voile import Destinataire, Voile, tels_quels
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur, Role

CLAIRE = Lecteur("Claire Zywicki")
ESSENTIEL = Path(__file__).with_name("essentiel_005.txt")
JOUR = datetime(2026, 11, 29, 8, 30)


def serre(texte):
    """`texte` without spaces, hyphens nor joined letters: what the end of a line changes."""
    joints = {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"}
    for joint, lettres in joints.items():
        texte = texte.replace(joint, lettres)
    return re.sub(r"[\s\u00ad\u2010\u2011\u2060-]", "", texte)


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s+", " ", texte)


@pytest.fixture(scope="module")
def magasin(tmp_path_factory):
    """A store of its own, and a folder for what is written from it."""
    ici = tmp_path_factory.mktemp("dossiers")
    with pytest.MonkeyPatch.context() as changement:
        changement.setenv("ATLAS_BASE_URL", f"sqlite:///{ici}/atelier.sqlite")
        changement.setattr("pipelines.scenarios.magasin.jour", lambda: JOUR)
        yield ici


@pytest.fixture(scope="module")
def scenario(magasin, entrepot_exemple):
    """Today's presences of the 005, one of them moved by hand: no computation stands behind."""
    neuf = atelier.creer_aujourd_hui(CLAIRE, entrepot_exemple, "Rentrée 2027", "005")
    servis = {p.site_id for p in neuf.plan}
    sans = sorted({s.site_id for s in neuf.probleme.sites if s.besoin} - servis)
    premiere, *reste = neuf.plan
    ailleurs = Presence(premiere.poste_id, sans[0], premiere.demi_journees_cycle)
    return atelier.modifier(
        CLAIRE, neuf.scenario_id, neuf.version, "Déplacé", plan=[ailleurs, *reste]
    )


@pytest.fixture(scope="module")
def autre(scenario, entrepot_exemple):
    """Today's presences, as a scenario to compare with."""
    return atelier.creer_aujourd_hui(CLAIRE, entrepot_exemple, "Sans changement", "005")


@pytest.fixture(scope="module")
def nominatif(scenario, entrepot_exemple):
    return fichiers.preparer(CLAIRE, entrepot_exemple, scenario.scenario_id, "nominatif")


@pytest.fixture(scope="module")
def instance(scenario, autre, entrepot_exemple):
    """For an instance, beside the other scenario."""
    return fichiers.preparer(
        CLAIRE, entrepot_exemple, scenario.scenario_id, "instance", autre.scenario_id
    )


def octets(ouvrage, code):
    [fichier] = fichiers.produire(ouvrage, [code])
    return fichier.octets


@pytest.fixture(scope="module")
def papiers(nominatif, instance):
    """The PDF of each version, made once."""
    return {"nominatif": octets(nominatif, "pdf"), "instance": octets(instance, "pdf")}


@pytest.fixture(scope="module")
def pdf(papiers):
    return pypdf.PdfReader(io.BytesIO(papiers["nominatif"]))


@pytest.fixture(scope="module")
def diapos(nominatif):
    return pptx.Presentation(io.BytesIO(octets(nominatif, "pptx")))


def en_entier(lu):
    return "".join(page.extract_text() for page in lu.pages)


def tableaux(ouvrage):
    return [
        b for p in ouvrage.dossier.parties for b in p.tous if isinstance(b, Tableau) and b.lignes
    ]


# --- the numbers ----------------------------------------------------------------------------------


def test_the_essentials_are_one_page_and_read_as_they_always_did(pdf):
    """The golden text: whoever changes it sees the page change in the review."""
    lue = re.sub(r"Données \w{12}\s+2 / \d+$", "", pdf.pages[1].extract_text().strip())
    assert clair(lue).strip() == clair(ESSENTIEL.read_text(encoding="utf-8")).strip()
    assert pdf.pages[2].extract_text().count("Le droit et les priorités retenues") == 1


def test_the_five_numbers_are_those_of_the_scenario(scenario, nominatif):
    """Counted again here, from the problem and the plan alone."""
    probleme, plan = scenario.probleme, scenario.plan
    residuelles = {c.code for c in nominatif.matiere.lu.categories if not c.est_prioritaire}
    prioritaires = [s for s in probleme.sites if set(s.categories) - residuelles]

    def donne(presences, site):
        return sum(p.demi_journees_cycle for p in presences if p.site_id == site.site_id)

    def part(presences, sites):
        couvert = sum(min(s.besoin, donne(presences, s)) for s in sites)
        return pourcentage(couvert / sum(s.besoin for s in sites))

    attendus = []
    for compter in (
        lambda x: part(x, probleme.sites),
        lambda x: part(x, prioritaires),
        lambda x: nombre(sum(donne(x, s) >= 4 for s in prioritaires)),
        lambda x: nombre(sum(donne(x, s) == 0 for s in probleme.sites)),
    ):
        attendus.append((compter(probleme.presences_actuelles), compter(plan)))
    bloc = nominatif.dossier.bloc("essentiel")
    assert isinstance(bloc, Chiffres)
    assert [(c.avant, c.apres) for c in bloc.chiffres[:4]] == attendus
    liens = {(p.poste_id, p.site_id) for p in plan}
    actuels = {(p.poste_id, p.site_id) for p in probleme.presences_actuelles}
    assert bloc.chiffres[4].apres == nombre(len(liens ^ actuels))


def test_the_table_of_sites_and_the_sectors_hold_the_plan(scenario, nominatif):
    bloc = nominatif.dossier.bloc("sites")
    titres = [c.titre for c in bloc.colonnes]
    lus = [
        [ligne[titres.index(c)] for c in ("Élèves", "Besoin", "Avant", "Après")]
        for ligne in bloc.lignes
    ]
    avant, apres = ({}, {})
    for totaux, presences in (
        (avant, scenario.probleme.presences_actuelles),
        (apres, scenario.plan),
    ):
        for p in presences:
            totaux[p.site_id] = totaux.get(p.site_id, 0) + p.demi_journees_cycle
    sites = sorted(scenario.probleme.sites, key=lambda s: (s.nom, s.site_id))
    assert lus == [
        [s.effectif, s.besoin, avant.get(s.site_id, 0), apres.get(s.site_id, 0)] for s in sites
    ]
    secteurs = {
        s.titre: sum(ligne[-2] for b in s.blocs if isinstance(b, Tableau) for ligne in b.lignes)
        for s in nominatif.dossier.partie("secteurs").sections
    }
    par_poste = {}
    for p in scenario.plan:
        titre = f"Secteur {p.poste_id}"
        par_poste[titre] = par_poste.get(titre, 0) + p.demi_journees_cycle
    assert secteurs == par_poste


@pytest.mark.parametrize("version", ["nominatif", "instance"])
def test_every_line_of_every_table_is_on_paper(version, papiers, request):
    """Cell after cell, in order: nothing cut, nothing lost at the end of a page."""
    ouvrage = request.getfixturevalue(version)
    papier = serre(en_entier(pypdf.PdfReader(io.BytesIO(papiers[version]))))
    perdues = [
        (t.code, ligne)
        for t in tableaux(ouvrage)
        for ligne in t.lignes
        if serre("".join(dire(v) for v in ligne)) not in papier
    ]
    assert perdues == []
    assert len(tableaux(ouvrage)) > 20


def test_every_number_of_the_slides_is_on_paper(diapos, nominatif):
    """The cells of the native tables, and the values of the native charts."""
    connus = {dire(v) for t in tableaux(nominatif) for ligne in t.lignes for v in ligne}
    chiffres = nominatif.dossier.bloc("essentiel").chiffres
    connus |= {t for c in chiffres for t in (c.libelle, c.avant, c.apres)}
    cellules, series = [], []
    for page in diapos.slides:
        for forme in page.shapes:
            if forme.has_table:
                _, *lignes = forme.table.rows
                cellules += [c.text for ligne in lignes for c in ligne.cells]
            if forme.has_chart:
                series += [tuple(s.values) for s in forme.chart.plots[0].series]
    assert len(cellules) > 50
    assert [c for c in cellules if c not in connus] == []
    parts = nominatif.dossier.bloc("couverture_par_categorie")
    assert series == [s.valeurs for s in parts.series]


# --- the form -------------------------------------------------------------------------------------


def test_the_paper_has_a_bookmark_a_part_and_every_picture_its_words(pdf, nominatif):
    parties = nominatif.dossier.parties
    signets = [s.title for s in pdf.outline if not isinstance(s, list)]
    assert signets == [p.titre for p in parties]
    racine = pdf.trailer["/Root"]
    assert racine["/Lang"] == "fr-FR"
    assert racine["/MarkInfo"]["/Marked"]
    assert not any(f.startswith("/ToUnicode") for f in racine)
    decrits = [b.alt for p in parties for b in p.tous if isinstance(b, Image | Graphique)]
    dits = list(textes_alternatifs(racine["/StructTreeRoot"], set()))
    assert len([b for p in parties for b in p.tous if isinstance(b, Image)]) == 4
    assert {clair(a) for a in decrits} <= {clair(a) for a in dits}


def textes_alternatifs(noeud, vus):
    """Every /Alt of the structure of a PDF."""
    noeud = noeud.get_object() if hasattr(noeud, "get_object") else noeud
    if isinstance(noeud, list):
        for enfant in noeud:
            yield from textes_alternatifs(enfant, vus)
    elif isinstance(noeud, dict) and id(noeud) not in vus:
        vus.add(id(noeud))
        if "/Alt" in noeud:
            yield str(noeud["/Alt"])
        if "/K" in noeud:
            yield from textes_alternatifs(noeud["/K"], vus)


def test_the_files_say_no_author_no_path_and_the_day_of_the_scenario(
    scenario, nominatif, pdf, diapos
):
    assert pdf.metadata.author is None
    assert pdf.metadata.creation_date == JOUR.replace(tzinfo=UTC, hour=0, minute=0)
    noyau = diapos.core_properties
    assert (noyau.author, noyau.last_modified_by) == ("", "")
    assert noyau.created == noyau.modified == scenario.modifie_le.replace(microsecond=0)
    for code in ("pdf", "pptx"):
        [fichier] = fichiers.produire(nominatif, [code])
        assert fichier.nom == f"dossier-005-nominatif.{code}"
        for brut in etale(fichier.octets):
            for interdit in (b"Zywicki", b"/tmp", b"/home", b"Canny", b"printerSettings"):
                assert interdit not in brut, interdit


def etale(contenu):
    """The bytes of a file, and of each file in it; the streams of a PDF once decoded."""
    yield contenu
    if contenu.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(contenu)) as archive:
            for nom in archive.namelist():
                yield nom.encode()
                yield from etale(archive.read(nom))
    elif contenu.startswith(b"%PDF"):
        lu = pypdf.PdfReader(io.BytesIO(contenu))
        yield en_entier(lu).encode()
        yield str(lu.metadata).encode()
        yield lu.trailer["/Root"]["/Metadata"].get_data()


def test_the_same_content_gives_the_same_bytes(nominatif, papiers):
    assert octets(nominatif, "pdf") == papiers["nominatif"]
    assert octets(nominatif, "pptx") == octets(nominatif, "pptx")


def test_the_slides_are_read_from_the_back_of_the_room(diapos):
    """12 to 16, each with a title and notes; no letter under 18 points; pictures described."""
    assert 12 <= len(diapos.slides) <= 16
    for page in diapos.slides:
        assert page.shapes.title.text
        assert "demi-journées" in page.notes_slide.notes_text_frame.text
        for forme in page.shapes:
            cadres = [forme.text_frame] if forme.has_text_frame else []
            if forme.has_table:
                cadres += [c.text_frame for ligne in forme.table.rows for c in ligne.cells]
            tailles = [r.font.size for c in cadres for p in c.paragraphs for r in p.runs]
            assert all(t >= Pt(18) for t in tailles)
            if forme.shape_type == 13 or forme.has_chart:
                assert len(forme._element.xpath(".//p:cNvPr")[0].get("descr")) > 40
            assert forme.left >= 0
            assert forme.left + forme.width <= diapos.slide_width
            assert forme.top + forme.height <= diapos.slide_height


# --- the two readers ------------------------------------------------------------------------------


def test_an_instance_reads_codes_and_no_poste(scenario, instance):
    """Searched in the bytes of every file: no id, no quotité of one poste, no status, no load."""
    postes = [p.poste_id.encode() for p in scenario.probleme.postes]
    for code in fichiers.FORMATS:
        for brut in etale(octets(instance, code)):
            assert [p for p in postes if p in brut] == []
    secteurs = instance.dossier.partie("secteurs")
    assert all(re.fullmatch(r"Secteur [A-Z]-\d+", s.titre) for s in secteurs.sections)
    for section in secteurs.sections:
        dit = clair(" ".join(b.texte for b in section.blocs if isinstance(b, Texte)))
        assert re.fullmatch(r"\d+ sites?( ; aucun trajet de plus de \d+ min)?\.", dit)
    absents = ("postes", "postes_qui_changent", "deplacements_par_poste")
    assert [instance.dossier.bloc(code) for code in absents] == [None] * 3
    assert instance.dossier.bloc("secteurs") is None, "its stars start from the résidences"
    raisons = " ".join(
        str(v) for t in tableaux(instance) for ligne in t.lignes for v in ligne if "temps" in str(v)
    )
    assert not re.search(r"\(\d+ → \d+", raisons)


def test_the_same_state_keeps_its_codes_and_the_nominative_has_none(
    scenario, autre, instance, nominatif
):
    """Made again, a dossier can be laid beside the one of the day before."""
    encore = fichiers.voile_pour(CLAIRE, "instance", scenario.scenario_id, autre.scenario_id)
    assert encore.codes == instance.matiere.voile.codes
    assert encore.codes.keys() == {p.poste_id for p in scenario.probleme.postes}
    assert nominatif.matiere.voile == Voile(Destinataire.NOMINATIF, {}, tels_quels)


def test_tables_of_counts_go_together_through_the_protection(nominatif):
    """What protects them sees them all at once, and what it gives is what is shown."""
    vus = []

    def cacher(tables):
        vus.extend(t.code for t in tables)
        return [replace(t, lignes=(("caché",) * len(t.colonnes),)) for t in tables]

    from pipelines.reports.dossier.contenu import composer

    voile = replace(nominatif.matiere.voile, proteger=cacher)
    dossier = composer(replace(nominatif.matiere, voile=voile), {})
    assert vus == ["statuts"]
    assert dossier.bloc("statuts").lignes == (("caché",) * 5,)


def test_who_may_not_read_a_scenario_gets_no_dossier(scenario, entrepot_exemple):
    membre = Lecteur("Dominique", Role.INSTANCE)
    with pytest.raises(AtlasError, match="ne permet pas"):
        fichiers.preparer(membre, entrepot_exemple, scenario.scenario_id, "instance")


# --- the comparison, the command ------------------------------------------------------------------


def test_two_scenarios_give_a_part_that_compares_them(instance, nominatif):
    """From the other one to this one: the one presence moved makes a gain and a loss."""
    partie = instance.dossier.partie("comparaison")
    assert "De « Sans changement » à « Rentrée 2027 »" in clair(partie.blocs[0].texte)
    sites = instance.dossier.bloc("comparaison_sites")
    assert len(sites.lignes) == 2
    assert {ligne[3][0] for ligne in sites.lignes} == {"▲", "▼"}
    with pytest.raises(KeyError):
        nominatif.dossier.partie("comparaison")


@pytest.mark.parametrize(
    ("choix", "dit"),
    [
        ({"destinataire": "syndicat"}, "Destinataire"),
        ({"autre_id": "lui-même"}, "ne se compare pas à lui-même"),
    ],
)
def test_what_can_t_be_made_is_refused_in_words(scenario, entrepot_exemple, choix, dit):
    demande = {"destinataire": "nominatif", **choix}
    if "autre_id" in demande:
        demande["autre_id"] = scenario.scenario_id
    with pytest.raises(AtlasError, match=dit):
        fichiers.preparer(CLAIRE, entrepot_exemple, scenario.scenario_id, **demande)


def test_the_command_writes_the_files_asked_for(
    scenario, instance, entrepot_exemple, tmp_path, monkeypatch
):
    monkeypatch.setattr(fichiers, "preparer", lambda *demande: instance)
    commande = ["dossier", "--scenario", scenario.scenario_id, "--sortie", str(tmp_path)]
    commande += ["--entrepot", str(entrepot_exemple), "--destinataire", "instance"]
    ecrit = CliRunner().invoke(app, [*commande, "--formats", "pptx"])
    assert ecrit.exit_code == 0
    assert [f.name for f in tmp_path.iterdir()] == ["dossier-005-instance.pptx"]
    refus = CliRunner().invoke(app, [*commande, "--formats", "pdf,odt"])
    assert isinstance(refus.exception, AtlasError)
    assert "odt" in refus.exception.message()
