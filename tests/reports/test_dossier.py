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
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import au_plus_juste, nombre, pourcentage
from pipelines.cli import app
from pipelines.planning.probleme import Presence
from pipelines.reports import pieces
from pipelines.reports.dossier import diaporama, fichiers, tableur
from pipelines.reports.dossier import pdf as papier
from pipelines.reports.dossier.blocs import (
    Chiffres,
    Colonne,
    Graphique,
    Image,
    Liste,
    Nature,
    Tableau,
    Texte,
    dire,
)
from pipelines.reports.dossier.voile import Destinataire, Voile, tels_quels
from pipelines.scenarios import atelier, scelle
from pipelines.scenarios.lecteurs import Lecteur, Role
from pipelines.sources.fichiers import Fichier as Recu

CLAIRE = Lecteur("Claire Zywicki")
ESSENTIEL = Path(__file__).with_name("essentiel_005.txt")
RYTHMES_DITS_EN_CLAIR = "le rythme auquel un site est vu (chaque semaine, chaque quinzaine"
TABLES_DES_DIAPOS = {
    "Les moyens": "compte_des_moyens",
    "Ce que pèse un manque, par catégorie": "poids_de_la_doctrine",
    "À quel rythme les sites sont-ils vus ?": "sites_par_rythme",
    "Qui gagne, qui perd, par catégorie ?": "gains_par_categorie",
    "Qui gagne, qui perd, par bassin ?": "gains_par_bassin",
    "Quels sites restent sans présence régulière ?": "sans_presence",
    "L'équité": "equite_mesures",
    "Ce que le résultat doit aux poids": "sensibilite",
}
"""Title of a slide → the code of the table it shows."""
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
    [fichier] = fichiers.produire(ouvrage, [code]).fichiers
    return fichier.octets


@pytest.fixture(scope="module")
def papiers(nominatif, instance):
    """The PDF of each version, made once."""
    return {"nominatif": octets(nominatif, "pdf"), "instance": octets(instance, "pdf")}


@pytest.fixture(scope="module")
def pdf(papiers):
    return pypdf.PdfReader(io.BytesIO(papiers["nominatif"]))


@pytest.fixture(scope="module")
def diaporamas(nominatif, instance):
    """The slides of each version, read back."""
    lire = {"nominatif": nominatif, "instance": instance}
    return {v: pptx.Presentation(io.BytesIO(octets(o, "pptx"))) for v, o in lire.items()}


@pytest.fixture(scope="module")
def diapos(diaporamas):
    return diaporamas["nominatif"]


@pytest.fixture(scope="module")
def classeurs(nominatif, instance):
    """The workbook of each version, read back."""
    lire = {"nominatif": nominatif, "instance": instance}
    return {
        v: CalamineWorkbook.from_filelike(io.BytesIO(octets(o, "xlsx"))) for v, o in lire.items()
    }


def tables_des_diapos(diaporama):
    """(title of its slide, cells line by line) of each native table."""
    return [
        (page.shapes.title.text, [[c.text for c in ligne.cells] for ligne in forme.table.rows])
        for page in diaporama.slides
        for forme in page.shapes
        if forme.has_table
    ]


def textes_de(page):
    """What its frames say, without its title."""
    return [f.text_frame.text for f in page.shapes if f.has_text_frame and not f.is_placeholder]


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


@pytest.fixture(scope="module")
def recomptes(scenario, nominatif):
    """The numbers of the essentials, counted again from the problem and the plan alone."""
    probleme, plan = scenario.probleme, scenario.plan
    residuelles = {c.code for c in nominatif.matiere.lu.categories if not c.est_prioritaire}
    prioritaires = [s for s in probleme.sites if set(s.categories) - residuelles]

    def donne(presences, site):
        return sum(p.demi_journees_cycle for p in presences if p.site_id == site.site_id)

    def part(presences, sites):
        couvert = sum(min(s.besoin, donne(presences, s)) for s in sites)
        return pourcentage(couvert / sum(s.besoin for s in sites))

    avant, apres = probleme.presences_actuelles, plan
    vus = [{s.site_id for s in prioritaires if donne(x, s) >= 4} for x in (avant, apres)]
    liens, actuels = ({(p.poste_id, p.site_id) for p in x} for x in (plan, avant))
    return {
        "cinq": [
            *(
                (compter(avant), compter(apres))
                for compter in (
                    lambda x: part(x, probleme.sites),
                    lambda x: part(x, prioritaires),
                    lambda x: nombre(sum(donne(x, s) >= 4 for s in prioritaires)),
                    lambda x: nombre(sum(donne(x, s) == 0 for s in probleme.sites)),
                )
            ),
            ("—", nombre(len(liens ^ actuels))),
        ],
        "hebdomadaires": [len(vus[1] - vus[0]), len(vus[0] - vus[1])],
        "liens": [len(actuels - liens), len(liens - actuels), len(actuels & liens)],
        "postes": len({p for p, _ in liens ^ actuels}),
        "part": lambda presences, libelle: part(
            presences,
            [
                s
                for s in probleme.sites
                if libelle == "Tous les sites"
                or libelle in nominatif.matiere.reunion.categories_en_mots(s.site_id)
            ],
        ),
        "besoin": sum(s.besoin for s in probleme.sites),
    }


@pytest.mark.parametrize("version", ["nominatif", "instance"])
def test_the_five_numbers_are_those_of_the_scenario_in_each_file(
    version, recomptes, papiers, diaporamas, classeurs, request
):
    """The page of the PDF, the slide and the reading sheet say what the plan and problem do."""
    bloc = request.getfixturevalue(version).dossier.bloc("essentiel")
    assert isinstance(bloc, Chiffres)
    libelles = [c.libelle for c in bloc.chiffres]
    cinq = recomptes["cinq"]
    assert [(c.avant, c.apres) for c in bloc.chiffres] == cinq
    page = serre(pypdf.PdfReader(io.BytesIO(papiers[version])).pages[1].extract_text())
    for c, (avant, apres) in zip(bloc.chiffres, cinq, strict=True):
        assert serre(c.libelle + c.definition + avant + apres) in page
    [table] = [t for titre, t in tables_des_diapos(diaporamas[version]) if titre == bloc.titre]
    assert table == [["", *bloc.noms], *([m, *x] for m, x in zip(libelles, cinq, strict=True))]
    lecture = [clair(x) for [x] in classeurs[version].get_sheet_by_name("Lecture").to_python()]
    for mot, (avant, apres) in zip(libelles, cinq, strict=True):
        dit = apres if avant == "—" else f"aujourd'hui {avant}, proposé {apres}"
        assert clair(f"{mot} : {dit}.") in lecture


@pytest.mark.parametrize("version", ["nominatif", "instance"])
def test_the_sentences_of_the_essentials_say_numbers_of_the_scenario(
    version, scenario, recomptes, request
):
    """Their numbers alone, in order, beside those counted again."""
    dossier = request.getfixturevalue(version).dossier

    def nombres(texte):
        return [x.replace("\u202f", "") for x in re.findall(r"\d[\d\u202f]*(?:,\d+)?", texte)]

    textes = [b.texte for b in dossier.partie("essentiel").blocs if isinstance(b, Texte)]
    avant, apres = (re.match(r"\d+", x)[0] for x in recomptes["cinq"][0])
    liens = str(sum(recomptes["liens"][:2]))
    gagnent, perdent = map(str, recomptes["hebdomadaires"])
    assert nombres(textes[0]) == [apres, avant, gagnent, perdent, liens]
    postes = [p for p in scenario.probleme.postes if not p.sans_secteur]
    etp, besoin = sum(p.quotite for p in postes), recomptes["besoin"]
    capacite = sum(p.capacite for p in postes)
    attendus = [str(len(postes)), au_plus_juste(etp)]
    attendus += [str(capacite)] if version == "nominatif" else []
    attendus += [str(besoin)]
    attendus += [str(round(100 * capacite / besoin))] if version == "nominatif" else []
    assert nombres(textes[1]) == attendus
    phrase = dossier.partie("changements").blocs[0].texte
    sur = [str(len(postes))] if version == "nominatif" else []
    attendus = [liens, *map(str, recomptes["liens"]), str(recomptes["postes"]), *sur]
    assert nombres(phrase) == attendus


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


@pytest.mark.parametrize("version", ["nominatif", "instance"])
def test_each_sheet_of_the_workbook_holds_its_table_number_for_number(
    version, scenario, classeurs, request
):
    """Every table that has a title, every cell: a number is one, an unknown is empty."""
    ouvrage, livre = request.getfixturevalue(version), classeurs[version]
    lus = [t for t in tableaux(ouvrage) if t.titre]
    for t in lus:
        entete, *lignes = livre.get_sheet_by_name(tableur.FEUILLES[t.code]).to_python()
        assert entete == [f"{c.titre} ({c.unite})" if c.unite else c.titre for c in t.colonnes]
        assert lignes == [["" if v is None else v for v in ligne] for ligne in t.lignes], t.code
    assert sum(isinstance(v, int | float) for t in lus for x in t.lignes for v in x) > 100
    _, *plan = livre.get_sheet_by_name("Plan").to_python()
    avant, apres = (
        {(p.poste_id, p.site_id): p.demi_journees_cycle for p in presences}
        for presences in (scenario.probleme.presences_actuelles, scenario.plan)
    )
    if version == "nominatif":
        assert {(p, s): n for p, s, _, n, *_ in plan} == apres
        return
    noms = {s.site_id: s.nom for s in scenario.probleme.sites}

    def rythme(n):
        mots = ((4, "semaine"), (2, "quinzaine"), (1, "mois"), (0, "aucune"))
        return next(mot for seuil, mot in mots if n >= seuil)

    codes = ouvrage.matiere.voile.codes
    assert sorted(map(tuple, plan)) == sorted(
        (codes[p], noms[s], rythme(avant.get((p, s), 0)), rythme(apres.get((p, s), 0)))
        for p, s in avant.keys() | apres.keys()
    )


@pytest.mark.parametrize("version", ["nominatif", "instance"])
def test_what_stands_under_a_table_is_in_the_reading_sheet(version, classeurs, request):
    """« Masqué » and the words of a rhythm are explained to who opens the workbook alone."""
    lecture = [clair(x) for [x] in classeurs[version].get_sheet_by_name("Lecture").to_python()]
    for t in tableaux(request.getfixturevalue(version)):
        if t.titre:
            nom = tableur.FEUILLES[t.code]
            assert clair(f"Feuille « {nom} » : {t.titre}. {t.note}").strip() in lecture
    dites = [x for x in lecture if "Feuille « Plan »" in x and RYTHMES_DITS_EN_CLAIR in x]
    assert len(dites) == (version == "instance")


@pytest.mark.parametrize("version", ["nominatif", "instance"])
def test_each_line_of_a_slide_is_one_of_its_own_table(version, diaporamas, request):
    """Whole lines, from the first on, under the columns of that table; those left are counted."""
    dossier = request.getfixturevalue(version).dossier
    vues = 0
    for page in diaporamas[version].slides:
        titre = page.shapes.title.text
        [*tables] = [f.table for f in page.shapes if f.has_table]
        if not tables or titre == dossier.bloc("essentiel").titre:
            continue
        [table] = [[[c.text for c in ligne.cells] for ligne in t.rows] for t in tables]
        bloc = dossier.bloc(TABLES_DES_DIAPOS[clair(titre)])
        titres = [f"{c.titre} ({c.unite})" if c.unite else c.titre for c in bloc.colonnes]
        rangs = [titres.index(c) for c in table[0]]
        attendues = [[dire(x[r]) for r in rangs] for x in bloc.lignes]
        assert table[1:] == attendues[: len(table) - 1]
        reste = len(attendues) - len(table) + 1
        suites = re.findall(r"… et (\d+) autres? lignes?", clair(" ".join(textes_de(page))))
        assert suites == ([str(reste)] if reste else [])
        vues += 1
    assert vues >= 7


@pytest.mark.parametrize("version", ["nominatif", "instance"])
def test_the_bars_of_the_slides_are_those_of_their_table_and_of_the_plan(
    version, scenario, recomptes, diaporamas, request
):
    dossier = request.getfixturevalue(version).dossier
    [trace] = [
        f.chart.plots[0] for page in diaporamas[version].slides for f in page.shapes if f.has_chart
    ]
    noms = list(trace.categories)
    avant, apres = (list(s.values) for s in trace.series)
    assert len(noms) > 5
    for nom, x, y in zip(noms, avant, apres, strict=True):
        assert recomptes["part"](scenario.probleme.presences_actuelles, nom) == pourcentage(x / 100)
        assert recomptes["part"](scenario.plan, nom) == pourcentage(y / 100)
    bloc = dossier.bloc("gains_par_categorie")
    dits = {x[0]: x[-1] for x in bloc.lignes if "masqué" not in x[-1]}
    for nom, x, y in zip(noms, avant, apres, strict=True):
        assert dits.pop(nom) == " → ".join(dict.fromkeys(pourcentage(v / 100) for v in (x, y)))
    assert dits == {}


@pytest.mark.parametrize("version", ["nominatif", "instance"])
def test_the_sentences_and_the_notes_of_the_slides_are_those_of_the_content(
    version, diaporamas, request
):
    """Paragraph by paragraph, each number with the words it is said in."""
    dossier = request.getfixturevalue(version).dossier
    connus = {dossier.titre, dossier.sous_titre, diaporama.UNITE, *dossier.mentions}
    connus |= {f"{mot}\u202f: {valeur}" for mot, valeur in dossier.couverture.items()}
    for bloc in (b for p in dossier.parties for b in p.tous):
        if isinstance(bloc, Texte):
            connus.add(bloc.texte)
        if isinstance(bloc, Liste):
            termes = bloc.termes or ("",) * len(bloc.elements)
            connus |= {f"{m} {e}".strip() for m, e in zip(termes, bloc.elements, strict=True)}
        if isinstance(bloc, Chiffres):
            connus |= {f"{c.libelle}\u202f: {c.definition}" for c in bloc.chiffres}
        connus |= {getattr(bloc, champ, "") for champ in ("phrase", "note", "alt", "vide")}
    connus |= {image.alt for image in dossier.ecrans}
    connus = {clair(ligne) for texte in connus for ligne in texte.split("\n")}
    for rang, page in enumerate(diaporamas[version].slides, start=1):
        pied, numero, *textes = textes_de(page)
        assert pied.startswith(dossier.sous_titre)
        assert numero == str(rang)
        dits = [ligne for texte in textes for ligne in texte.split("\n")]
        dits += page.notes_slide.notes_text_frame.text.split("\n")
        inconnus = [d for d in dits if clair(d) not in connus and not d.startswith("… et ")]
        assert inconnus == []


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
        [fichier] = fichiers.produire(nominatif, [code]).fichiers
        assert fichier.nom == f"{nominatif.dossier.prefixe}.{code}"
        for brut in etale(fichier.octets):
            for interdit in (b"Zywicki", b"/tmp", b"/home", b"Canny", b"printerSettings"):
                assert interdit not in brut, interdit


def test_the_nominative_has_the_layers_and_the_sealed_file_and_an_instance_is_told_why_not(
    nominatif, instance, entrepot_exemple, tmp_path
):
    livraison = fichiers.produire(nominatif, fichiers.FORMATS)
    assert livraison.manques == []
    assert [f.nom for f in livraison.fichiers][-5:] == [
        f"{nominatif.dossier.prefixe}{fin}"
        for fin in ("-sites.geojson", "-secteurs.geojson", ".gpkg", "-plan.csv", "-scelle.zip")
    ]
    scelle_ = tmp_path / "scelle.zip"
    scelle_.write_bytes(livraison.fichiers[-1].octets)
    assert scelle.recalculer(Recu("scelle.zip", scelle_)).differentes == ()
    livraison = fichiers.produire(instance, fichiers.FORMATS)
    assert len(livraison.fichiers) == len(fichiers.FORMATS) - 5
    dits = [clair(m.phrase) for m in livraison.manques]
    assert all("réservé à la version nominative, car " in d for d in dits)
    assert dits[-1].startswith("Fichier scellé")
    with pytest.raises(AtlasError, match="Aucun document n'a été écrit"):
        fichiers.ecrire(tmp_path, instance, ["gpkg"])


def test_dossiers_of_a_departement_are_kept_side_by_side_in_one_folder(
    scenario, autre, nominatif, instance
):
    """Their names tell the day, the end of the id and the state of each scenario, not its name."""
    fins = [f"20261129-{s.scenario_id[-6:]}" for s in (scenario, autre)]
    assert (scenario.numero, autre.numero) == (2, 1)
    assert nominatif.dossier.prefixe == f"dossier-005-{fins[0]}-2-nominatif"
    assert instance.dossier.prefixe == f"dossier-005-{fins[0]}-2-et-{fins[1]}-1-instance"


def test_a_letter_without_a_glyph_keeps_the_papers_alone_from_being_made(nominatif):
    """Said with the letter and what to do; a square would be printed in its place otherwise."""
    nom = "Rentrée 日本"
    depuis = replace(nominatif, dossier=replace(nominatif.dossier, sous_titre=nom))
    livraison = fichiers.produire(depuis, ["pdf", "pptx", "xlsx", "csv"])
    assert [f.nom.rpartition(".")[2] for f in livraison.fichiers] == ["pptx", "xlsx", "csv"]
    [manque] = livraison.manques
    assert manque.est_un_refus
    assert "aucune de ses polices n'a « 日 »" in clair(manque.phrase)
    assert "écrire autrement" in manque.phrase


def test_the_layers_are_made_once_for_all_the_files_that_need_them(nominatif, monkeypatch):
    faites = []

    def sig(*demande):
        faites.append(demande)
        return dict.fromkeys((pieces.SITES, pieces.SECTEURS, pieces.GEOPACKAGE, pieces.PLAN), b"x")

    monkeypatch.setattr(pieces, "sig", sig)
    voulus = ["sites", "secteurs", "gpkg", "csv"]
    assert len(fichiers.produire(replace(nominatif), voulus).fichiers) == len(voulus)
    assert len(faites) == 1


def test_data_that_changed_since_keep_the_sealed_file_alone_from_being_made(nominatif):
    """The paper can still be printed, and the reader is told what is missing and what to do."""
    depuis = replace(nominatif, scenario=replace(nominatif.scenario, empreinte_donnees="0" * 64))
    livraison = fichiers.produire(depuis, ["xlsx", "scelle"])
    assert [f.nom for f in livraison.fichiers] == [f"{nominatif.dossier.prefixe}.xlsx"]
    [manque] = livraison.manques
    assert manque.est_un_refus
    assert "Les données ont changé depuis ce scénario" in manque.phrase


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


def test_every_sheet_of_the_workbook_has_a_name_excel_shows_whole(nominatif, instance):
    """Thirty-one letters at most, never cut, each named in the reading sheet."""
    for ouvrage in (nominatif, instance):
        titres = {t.code for t in tableaux(ouvrage) if t.titre and t.lignes}
        assert titres <= set(tableur.FEUILLES)
        with zipfile.ZipFile(io.BytesIO(octets(ouvrage, "xlsx"))) as archive:
            livre = archive.read("xl/workbook.xml").decode()
        noms = re.findall(r'sheet name="([^"]+)"', livre)
        assert noms[:2] == ["Lecture", "Plan"]
        assert set(noms[2:]) == {tableur.FEUILLES[code] for code in titres}
    assert max(map(len, tableur.FEUILLES.values())) <= 31
    assert len(set(tableur.FEUILLES.values())) == len(tableur.FEUILLES)


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
    for fichier in fichiers.produire(instance, fichiers.FORMATS).fichiers:
        for brut in etale(fichier.octets):
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


def test_a_lock_that_keeps_a_poste_at_its_residence_is_told_once_and_tells_no_residence(
    scenario, nominatif, instance
):
    """It is the hypothesis that put it, not someone who looked at that poste."""
    assert scenario.probleme.verrous
    for ouvrage in (nominatif, instance):
        assert ouvrage.dossier.bloc("verrous") is None
        textes = [b.texte for b in ouvrage.dossier.partie("changements").blocs if type(b) is Texte]
        assert any("sont tenus" in t and "Postes gardés à leur résidence" in t for t in textes)


def test_a_site_nobody_serves_is_given_the_poste_that_could_take_it_and_the_price(
    scenario, nominatif, instance
):
    """Each of them, with a poste within its reach; an instance, that would read loads, has none."""
    reprises = nominatif.dossier.bloc("reprises")
    sans = {s["site_id"] for s in scenario.resume["sites_sans_presence"]}
    assert len(reprises.lignes) == len(sans) > 0
    postes = {p.poste_id for p in scenario.probleme.postes}
    for _, poste, minutes, demi_journees, perdent, effet in reprises.lignes:
        if poste in postes:
            assert demi_journees > 0
            assert minutes is None or minutes >= 0
            assert perdent
            assert "lien" in effet
        else:
            assert poste in ("aucun ne le peut", "aucun poste à portée")
    assert instance.dossier.bloc("reprises") is None


def test_the_widest_words_of_a_table_hold_and_long_texts_share_what_is_left():
    """A name is not cut by ten columns of numbers: the letters are smaller, down to a limit."""
    nombres = tuple(Colonne(f"Colonne {i}", nature=Nature.NOMBRE) for i in range(3))
    court = Tableau(
        "t",
        "",
        (Colonne("Site"), Colonne("Pourquoi"), *nombres),
        (
            (
                "Collège Jean Moulin",
                "parce que ce site manque de présence depuis longtemps " * 3,
                1,
                2,
                3,
            ),
        ),
    )
    trouvees = papier.largeurs(court)
    assert trouvees.echelle == 1
    site, pourquoi = (largeur for fixe, largeur in trouvees.colonnes if not fixe)
    assert pourquoi > 2 * site
    nombres = tuple(Colonne(f"Professionnels {i}", nature=Nature.NOMBRE) for i in range(7))
    large = Tableau("t", "", (Colonne("Lieu"), *nombres), (("Alpes-de-Haute-Provence", *range(7)),))
    trouvees = papier.largeurs(large)
    assert 0.8 < trouvees.echelle < 1
    assert sum(largeur for _, largeur in trouvees.colonnes) <= papier.LARGEUR_PT + 1


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
    assert [f.name for f in tmp_path.iterdir()] == [f"{instance.dossier.prefixe}.pptx"]
    refus = CliRunner().invoke(app, [*commande, "--formats", "pdf,odt"])
    assert isinstance(refus.exception, AtlasError)
    assert "odt" in refus.exception.message()
