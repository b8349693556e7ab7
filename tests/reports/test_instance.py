"""What an instance is given, searched in the raw bytes of every file: no poste, no time, no count.

A reader may open a zip, decode the streams of a PDF, read the notes and the alternative texts of
the slides, the workbook behind a chart, the properties of a file: so does this test.
"""

import io
import re
import shutil
import tempfile
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import docx
import duckdb
import pptx
import pypdf
import pytest
from docx.oxml.ns import qn
from pypdf.generic import IndirectObject, StreamObject
from python_calamine import CalamineWorkbook

from pipelines.base import reference
from pipelines.planning.attaquant_des_secteurs import TempsRetrouvable, attaquer
from pipelines.planning.probleme import Presence
from pipelines.reports import comparer, comptes_publies, rapport_annuel, rapports
from pipelines.reports.comptes_publies import MASQUE, SITES
from pipelines.reports.dossier import annexe, contenu, fiches, fichiers, temps_voile
from pipelines.reports.dossier.blocs import Graphique, Liste, Tableau, Texte, dire
from pipelines.reports.libelles import STATUTS
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur, Role

CLAIRE = Lecteur("Claire Zywicki")
MEMBRE = Lecteur("Membre", Role.INSTANCE)
JOUR = datetime(2026, 11, 29, 8, 30)
CODE = re.compile(r"Secteur [A-Z]-\d+")
MONTANT = re.compile(r"\d+ → \d+|[▲▼]\s*[+−-]\s*\d|\d\s+(demi-journées? (données?|sur)|ETP|min\b)")
"""How a sentence tells an amount of a poste."""
LIVRES = {"xlsx", "pptx", "docx"}
INTERDITS = ("comments", "customXml", "externalLink", "printerSettings", "thumbnail", "vba")
"""What no container holds: where words hide that nobody sees."""


def serre(texte):
    """`texte` without spaces, hyphens nor joined letters: what the end of a line changes."""
    for joint, lettres in {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"}.items():
        texte = texte.replace(joint, lettres)
    return re.sub(r"[\s\u00ad\u2010\u2011\u2060-]", "", texte)


@pytest.fixture(scope="module")
def donne(entrepot_exemple, tmp_path_factory):
    """The scenario (today's presences of the 005, one of them moved by hand), and every file an
    instance is given of it and of its département, name → bytes.
    """
    ici = tmp_path_factory.mktemp("instance")
    with pytest.MonkeyPatch.context() as changement:
        changement.setenv("ATLAS_BASE_URL", f"sqlite:///{ici}/atelier.sqlite")
        changement.setattr("pipelines.scenarios.magasin.jour", lambda: JOUR)
        neuf = atelier.creer_aujourd_hui(CLAIRE, entrepot_exemple, "Rentrée 2027", "005")
        servis = {p.site_id for p in neuf.plan}
        sans = sorted({s.site_id for s in neuf.probleme.sites if s.besoin} - servis)
        premiere, *reste = neuf.plan
        ailleurs = Presence(premiere.poste_id, sans[0], premiere.demi_journees_cycle)
        scenario = atelier.modifier(
            CLAIRE,
            neuf.scenario_id,
            neuf.version,
            "Déplacé",
            plan=[ailleurs, *reste],
        )
        # names that hold a poste id, as one writes it
        scenario = atelier.renommer(
            CLAIRE, scenario.scenario_id, scenario.version, f"Rentrée sans {premiere.poste_id}"
        )
        autre = atelier.creer_aujourd_hui(
            CLAIRE, entrepot_exemple, f"Sans {premiere.poste_id.lower()}", "005"
        )
        ouvrage = fichiers.preparer(
            CLAIRE, entrepot_exemple, scenario.scenario_id, "instance", autre.scenario_id
        )
        faits = {f.nom: f.octets for f in fichiers.produire(ouvrage, fichiers.FORMATS).fichiers}
        rapport = rapport_annuel.composer(CLAIRE, entrepot_exemple, "005", "instance")
        faits |= {f.nom: f.octets for f in rapports.produire(rapport).fichiers}
        vigilance = annexe.composer(CLAIRE, scenario, ouvrage.matiere, ouvrage.dossier)
        yield {
            "scenario": scenario,
            "ouvrage": ouvrage,
            "faits": faits,
            "contenus": (
                ouvrage.dossier,
                vigilance,
                fiches.composer(ouvrage.matiere, ouvrage.dossier),
                rapport,
            ),
        }


def etale(nom, contenu):
    """(where, bytes) of a file and of all that is in it, whatever packs it."""
    yield nom, contenu
    if contenu.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(contenu)) as archive:
            yield f"{nom} (zip)", archive.comment
            for entree in archive.infolist():
                la = f"{nom}/{entree.filename}"
                yield f"{la} (entrée)", entree.filename.encode() + entree.comment + entree.extra
                yield from etale(la, archive.read(entree))
    elif contenu.startswith(b"%PDF"):
        lu = pypdf.PdfReader(io.BytesIO(contenu))
        for rang, page in enumerate(lu.pages):
            yield f"{nom} page {rang + 1}", page.extract_text().encode()
        for numero in range(1, int(lu.trailer["/Size"])):
            objet = lu.get_object(IndirectObject(numero, 0, lu))
            if isinstance(objet, StreamObject):
                if objet.get("/Subtype") != "/Image":
                    yield f"{nom} flux {numero}", objet.get_data()
                yield f"{nom} objet {numero}", str(dict(objet)).encode()
            else:
                yield f"{nom} objet {numero}", str(objet).encode()


@pytest.fixture(scope="module")
def morceaux(donne):
    return [m for nom, octets in donne["faits"].items() for m in etale(nom, octets)]


def formes(mot):
    """The bytes of a word in the encodings of these files."""
    yield from (mot.encode(e) for e in ("utf-8", "latin-1", "utf-16-le", "utf-16-be"))
    yield mot.encode().hex().encode()
    yield mot.encode("utf-16-be").hex().encode()


# --- the bytes ------------------------------------------------------------------------------------


def test_every_format_is_searched(donne, morceaux):
    noms = set(donne["faits"])
    donnes = [f for f in fichiers.FORMATS.values() if not f.reserve]
    assert len(noms) == len(donnes) + 2
    assert {n.rpartition(".")[2] for n in noms} == {"pdf", *LIVRES}
    assert any("embeddings" in la and la.endswith(".xlsx") for la, _ in morceaux)
    assert any("notesSlide" in la for la, _ in morceaux)
    assert any("flux" in la for la, _ in morceaux)


def test_no_byte_of_any_file_holds_a_poste_id(donne, morceaux):
    postes = [p.poste_id for p in donne["scenario"].probleme.postes]
    postes += [p.lower() for p in postes]
    cherches = {forme for p in postes for forme in formes(p)}
    serres = {serre(p).encode() for p in postes}
    trouves = [
        la
        for la, brut in morceaux
        if any(c in brut for c in cherches)
        or (" page " in la and any(s in serre(brut.decode()).encode() for s in serres))
    ]
    assert trouves == []


def test_a_poste_id_put_in_any_of_them_would_be_found(donne):
    """The search sees what it must: each container is opened, each stream decoded."""
    marques = {
        "pdf": "Secteur A-0",
        "xlsx": "Secteur A-0",
        "pptx": "demi-journées par cycle",
        "docx": "masqué",
    }
    for nom, octets in donne["faits"].items():
        if nom.startswith(donne["ouvrage"].dossier.prefixe + ".") or nom.endswith("docx"):
            cherche = marques[nom.rpartition(".")[2]]
            assert any(cherche.encode() in brut for la, brut in etale(nom, octets) if la != nom)


def test_no_file_names_an_author_a_path_or_a_scenario(donne, morceaux):
    ici = [Path(__file__).parents[2], Path.home(), Path(tempfile.gettempdir())]
    interdits = [b"Zywicki", b"Canny", b".sqlite", *(f"{d}/".encode() for d in ici)]
    interdits.append(donne["scenario"].scenario_id.encode())
    assert [(la, i) for la, brut in morceaux for i in interdits if i in brut] == []
    assert not [nom for nom in donne["faits"] if "/" in nom or "Rentr" in nom]
    cachettes = [la for la, _ in morceaux for mot in INTERDITS if mot in la]
    assert cachettes == []
    for nom, octets in donne["faits"].items():
        if nom.endswith(".pdf"):
            assert pypdf.PdfReader(io.BytesIO(octets)).metadata.author is None
        else:
            with zipfile.ZipFile(io.BytesIO(octets)) as archive:
                noyau = archive.read("docProps/core.xml").decode()
            assert re.findall(r"<(?:dc:creator|cp:lastModifiedBy)>([^<]+)<", noyau) == []


# --- the time of one person -----------------------------------------------------------------------


def phrases(dossier):
    """Every sentence and every cell, with the code of its block."""
    for partie in dossier.parties:
        yield "titre", partie.titre
        for bloc in partie.tous:
            code = getattr(bloc, "code", "")
            if isinstance(bloc, Texte):
                yield code, bloc.texte
            elif isinstance(bloc, Liste):
                yield from ((code, e) for e in (*bloc.elements, *bloc.termes))
            elif isinstance(bloc, Tableau):
                yield from ((code, bloc.note), (code, bloc.titre))
                yield from ((code, " | ".join(dire(v) for v in ligne)) for ligne in bloc.lignes)
            elif isinstance(bloc, Graphique):
                yield code, bloc.alt


def test_no_line_that_names_a_sector_tells_a_quotite_a_status_or_an_amount(donne):
    for dossier in donne["contenus"]:
        for code, dit in phrases(dossier):
            if CODE.search(dit):
                assert not MONTANT.search(dit), (code, dit)
                mots = set(re.findall(r"\w+", dit.lower()))
                assert not mots & {s.lower() for s in STATUTS.values()}, (code, dit)


def _valeurs(classeur, feuille):
    return classeur.get_sheet_by_name(feuille).to_python()


def _cellule(valeur):
    """A cell of a workbook in words: calamine reads every number as a float."""
    return valeur if isinstance(valeur, str) else dire(valeur)


def rangees(donne):
    """(file, row) of every table that is one, in the workbook, the slides and the Word file."""
    for nom, octets in donne["faits"].items():
        if nom.endswith("xlsx"):
            lu = CalamineWorkbook.from_filelike(io.BytesIO(octets))
            for feuille in lu.sheet_names:
                yield from ((nom, [_cellule(v) for v in r]) for r in _valeurs(lu, feuille))
        elif nom.endswith("pptx"):
            for page in pptx.Presentation(io.BytesIO(octets)).slides:
                for forme in page.shapes:
                    if forme.has_table:
                        yield from ((nom, [c.text for c in r.cells]) for r in forme.table.rows)
        elif nom.endswith("docx"):
            for table in docx.Document(io.BytesIO(octets)).tables:
                yield from ((nom, [c.text for c in r.cells]) for r in table.rows)


def test_no_sheet_no_line_and_no_column_of_the_workbook_is_hidden(donne):
    [octets] = [o for n, o in donne["faits"].items() if n.endswith("xlsx")]
    xml = [brut.decode() for la, brut in etale("xlsx", octets) if la.endswith(".xml")]
    assert len(xml) > 10
    assert [
        x
        for x in xml
        if re.search(r'<(row|col|sheet)\b[^>]*(hidden="(1|true)"|state="(veryH|h)idden")', x)
    ] == []


def test_no_line_that_names_a_site_tells_its_half_days(donne):
    """Beside a site: its pupils, its besoin, counts of its activity; never what it is given."""
    m = donne["ouvrage"].matiere
    sites = {m.reunion.nom(s.site_id): s for s in m.sites}
    lues = 0
    for nom, rangee in rangees(donne):
        site = next((sites[c] for c in rangee if c in sites), None)
        if site is None or nom.endswith("docx"):
            continue
        lues += 1
        nombres = {c.replace("\u202f", "") for c in rangee if re.fullmatch(r"[\d\u202f]+", c)}
        permis = {str(site.besoin), str(site.effectif)}
        assert nombres <= permis, (nom, rangee)
        assert not any(MONTANT.search(c) for c in rangee), (nom, rangee)
    assert lues >= 50


def test_a_reader_of_all_the_tables_leaves_every_sector_several_quotites(donne):
    """Attacked as published: the true time is among those possible, and far from alone."""
    m = donne["ouvrage"].matiere
    tu = temps_voile.silence(m)
    vue = temps_voile.publication(m.aujourd_hui, m.repartition, m.reunion, tu)
    largeur = reference.valeur("petits_nombres", "largeur_de_quotite_min")
    temps = attaquer(vue)
    assert len(temps) == len({p for p, _ in (*m.repartition.couples, *m.aujourd_hui.couples)})
    for t in temps:
        assert t.haut - t.bas >= largeur * vue.temps_plein
        assert t.bas <= m.repartition.postes[t.secteur].quotite * vue.temps_plein
        assert m.repartition.par_poste.get(t.secteur, 0) <= t.haut


def test_the_totals_hidden_are_those_that_would_tell_one_sector(donne):
    """Shown, they let a reader in; the tables print the word and not the number."""
    m, dossier = donne["ouvrage"].matiere, donne["ouvrage"].dossier
    tu = temps_voile.silence(m)
    assert tu.groupes
    montres = replace(tu, groupes=frozenset())
    vue = temps_voile.publication(m.aujourd_hui, m.repartition, m.reunion, montres)
    assert any(t.haut - t.bas < 0.3 * vue.temps_plein for t in attaquer(vue))
    for titre, nom in tu.groupes:
        bloc = dossier.bloc("gains_par_categorie" if titre == "Catégorie" else "gains_par_bassin")
        [ligne] = [x for x in bloc.lignes if x[0] == nom]
        colonnes = [c.titre for c in bloc.colonnes]
        for colonne in ("Avant", "Après", "Besoin couvert"):
            assert ligne[colonnes.index(colonne)] == MASQUE
        lignes = [r for _, r in rangees(donne) if r and r[0] == nom and MASQUE in r]
        assert len(lignes) >= 2, "in the workbook and in the slides"
    graphique = dossier.bloc("couverture_par_categorie")
    assert not {nom for _, nom in tu.groupes} & set(graphique.categories)


def test_no_instance_dossier_is_made_when_a_sector_tells_its_time(donne, monkeypatch):
    """The build stops, in French, and names sectors by their codes."""
    m = donne["ouvrage"].matiere
    vraie = reference.valeur

    def valeur(fichier, nom, *reste):
        return 0.95 if nom == "largeur_de_quotite_min" else vraie(fichier, nom, *reste)

    monkeypatch.setattr(reference, "valeur", valeur)
    with pytest.raises(TempsRetrouvable, match="Le temps de") as refus:
        contenu.composer(m, {})
    assert CODE.search(refus.value.message())
    assert "0,95 ETP" in refus.value.message()


def test_the_nominative_hides_nothing_and_is_not_attacked(donne, entrepot_exemple, monkeypatch):
    m = donne["ouvrage"].matiere
    monkeypatch.setattr(temps_voile, "_etroits", lambda *_: pytest.fail("attacked"))
    nominatif = replace(m, voile=m.voile.nominatif())
    assert temps_voile.silence(nominatif) == temps_voile.Silence()


def test_the_codes_do_not_follow_the_postes_and_the_files_follow_the_codes(donne):
    codes = donne["ouvrage"].matiere.voile.codes
    assert [codes[p] for p in sorted(codes)] != sorted(codes.values())
    [octets] = [o for n, o in donne["faits"].items() if n.endswith("xlsx")]
    plan = _valeurs(CalamineWorkbook.from_filelike(io.BytesIO(octets)), "Plan")
    secteurs = [r[0] for r in plan if CODE.fullmatch(str(r[0]))]
    assert secteurs == sorted(secteurs)
    assert set(secteurs) == {codes[x.poste_id] for x in donne["scenario"].plan}


def test_names_of_scenarios_are_told_with_a_code_in_place_of_a_poste(donne):
    m = donne["ouvrage"].matiere
    for apercu in (m.lu.apercu, m.autre.apercu):
        assert CODE.search(apercu.nom)
        assert apercu.nom in repr(donne["ouvrage"].dossier.couverture)
    assert set(m.comparaison.noms) == {m.lu.apercu.nom, m.autre.apercu.nom}


def test_no_reason_tells_the_time_a_poste_has_left_nor_who_is_the_nearest_one_occupied(donne):
    """« Tout leur temps », « du temps libre », and a référent who is not the nearest sector."""
    mots = re.compile(r"temps libre|de son temps|leur temps|a du temps|ont du temps")
    lus = 0
    for dossier in donne["contenus"]:
        for code, dit in phrases(dossier):
            assert not mots.search(dit), (code, dit)
            if re.search("référent", dit, re.IGNORECASE):
                lus += 1
                assert not CODE.search(dit), (code, dit)
    assert lus
    lue = donne["ouvrage"].matiere.proposition.sans_presence
    assert set(lue["Poste référent"]) <= {"un poste", "aucun poste connu"}
    assert "Trajet du référent (min)" not in repr(donne["ouvrage"].dossier.bloc("sans_presence"))


def test_the_longest_trip_of_a_plan_is_in_no_table(donne):
    m = donne["ouvrage"].matiere
    for vue in (m.changement, m.comparaison):
        assert not [i for i in vue.indices["Indice"] if "plus long" in i]
    entier = comparer.vue((m.aujourd_hui, m.repartition))
    assert [i for i in entier.indices["Indice"] if "plus long" in i]


# --- what is published, read with the rules of a plan ---------------------------------------------


def test_a_plan_has_its_levels_and_today_has_any_amount(donne):
    m = donne["ouvrage"].matiere
    assert temps_voile.bornes(2, 34, (0, 1, 2, 4, 8)) == (2, 2)
    assert temps_voile.bornes(8, 34, (0, 4, 8, 16)) == (4, 16)
    assert temps_voile.bornes(3, 34, (0, 1, 2, 4, 8)) == (2, 3)
    assert temps_voile.bornes(2, 34) == (2, 3)
    poste, site = min(c for c, n in m.repartition.couples.items() if n == 10)
    niveaux = m.repartition.probleme.reglages.niveaux
    assert 10 in niveaux
    besoin = m.repartition.sites[site].besoin
    plus_haut = max(n for n in niveaux if n <= besoin)
    vue = temps_voile.publication(m.aujourd_hui, m.repartition, m.reunion, temps_voile.MUET)
    [lien] = [x for x in vue.liens if (x.secteur, x.site) == (poste, site)]
    assert lien.apres == (4, plus_haut)
    assert lien.avant == (4, vue.temps_plein)


def test_a_plan_of_whole_presences_tells_each_of_them(donne):
    """« Tout le besoin ou rien » is printed, and so is the besoin: each amount is known."""
    m = donne["ouvrage"].matiere
    entier = replace(
        m.repartition.probleme,
        reglages=replace(m.repartition.probleme.reglages, presence_entiere=True),
    )
    besoins = {s.site_id: s.besoin for s in entier.sites}
    servis = {}
    for poste, site in m.repartition.couples:
        servis.setdefault(site, Presence(poste, site, besoins[site]))
    # no poste gives more than a full time
    plan, donne_par = [], {}
    for x in servis.values():
        donne_par[x.poste_id] = donne_par.get(x.poste_id, 0) + x.demi_journees_cycle
        if donne_par[x.poste_id] <= 34:
            plan.append(x)
    r = replace(m.repartition, probleme=entier, plan=tuple(sorted(plan)))
    vue = temps_voile.publication(m.aujourd_hui, r, m.reunion, temps_voile.MUET)
    dits = {(x.secteur, x.site): x.apres for x in vue.liens if x.apres[1]}
    assert dits == {(x.poste_id, x.site_id): (x.demi_journees_cycle,) * 2 for x in plan}


def test_the_transition_rule_bounds_what_each_site_loses(donne):
    m = donne["ouvrage"].matiere
    probleme = m.repartition.probleme
    r = replace(
        m.repartition,
        probleme=replace(probleme, hypotheses={**probleme.hypotheses, "perte_max": 2}),
    )
    vue = temps_voile.publication(m.aujourd_hui, r, m.reunion, temps_voile.MUET)
    perdus = {s: m.aujourd_hui.par_site.get(s, 0) - r.par_site.get(s, 0) for s in m.reunion.sites}
    assert {s.site for s in vue.sites if s.ecart[1] == -3} == {
        s for s, n in perdus.items() if n > 2
    }
    assert all(s.ecart[0] == -2 for s in vue.sites if s.ecart[1] != -3)


def test_where_all_is_hidden_a_group_of_any_name_is(donne):
    """A bassin renamed since, that only the other scenario has, tells nothing either."""
    assert temps_voile.tout_taire(donne["ouvrage"].matiere).tait("Bassin", "Un nom d'avant")
    dossier = donne["ouvrage"].dossier
    for nom in ("comparaison_par_categorie", "comparaison_par_bassin"):
        bloc = dossier.bloc(nom)
        rang = [c.titre for c in bloc.colonnes].index("Avant")
        assert {x[rang] for x in bloc.lignes if x[0] != "Tous les sites"} == {MASQUE}


def test_the_other_scenario_is_attacked_too(donne, monkeypatch):
    """What its presences leave of the time of each sector is read with the rest."""
    m = donne["ouvrage"].matiere
    connus = temps_voile._de_la_comparaison(m)
    assert connus.keys() == {p for p, _ in m.autre.repartition.couples}
    for poste, (bas, haut) in connus.items():
        assert bas <= m.repartition.postes[poste].quotite * 34
        assert haut >= m.autre.repartition.par_poste[poste]
    seul = replace(m, autre=None)
    assert temps_voile._de_la_comparaison(seul) == {}
    poste = min(connus)
    monkeypatch.setattr(temps_voile, "_de_la_comparaison", lambda m: {poste: (20, 25)})
    with pytest.raises(TempsRetrouvable) as refus:
        temps_voile.silence(m)
    assert [t.secteur for t in refus.value.trouves] == [poste]


def dits_des_sites(base, ici, monkeypatch):
    """All that the dossier, its annex, its cards and the report say of a site or of a sector, the
    codes left out.
    """
    monkeypatch.setenv("ATLAS_BASE_URL", f"sqlite:///{ici}/atelier.sqlite")
    scenario = atelier.creer_aujourd_hui(CLAIRE, base, "Rentrée 2027", "005")
    ouvrage = fichiers.preparer(CLAIRE, base, scenario.scenario_id, "instance")
    m = ouvrage.matiere
    noms = re.compile("|".join(re.escape(m.reunion.nom(s)) for s in m.reunion.sites))
    contenus = (
        ouvrage.dossier,
        annexe.composer(CLAIRE, scenario, m, ouvrage.dossier),
        fiches.composer(m, ouvrage.dossier),
        rapport_annuel.composer(CLAIRE, base, "005", "instance"),
    )
    return sorted(
        (code if not CODE.search(code) else "", CODE.sub("Secteur", dit))
        for contenu_lu in contenus
        for code, dit in phrases(contenu_lu)
        if noms.search(dit) or CODE.search(dit)
    )


def test_two_plans_of_the_same_rhythms_read_the_same_site_by_site(
    entrepot_exemple, tmp_path, monkeypatch
):
    """The dossier, its annex, its cards and the report together tell no site from its twin: every
    presence of a week cut down to the least of them changes no line that names a site or a sector.
    """
    jumeau = tmp_path / "jumeau.duckdb"
    shutil.copy(entrepot_exemple, jumeau)
    with duckdb.connect(str(jumeau)) as connexion:
        connexion.execute(
            "update mart_presence set demi_journees_cycle = 4 where demi_journees_cycle > 4 "
            "and site_id in (select site_id from mart_site where departement = '005')"
        )
    lus = []
    for nom, base in (("vrai", entrepot_exemple), ("jumeau", jumeau)):
        (tmp_path / nom).mkdir()
        lus.append(dits_des_sites(base, tmp_path / nom, monkeypatch))
    vrai, faux = lus
    assert len(vrai) > 100
    assert [x for x in vrai if x not in faux] == []
    assert [x for x in faux if x not in vrai] == []


# --- hidden counts --------------------------------------------------------------------------------


def test_a_hidden_count_is_in_no_text_of_its_row(donne, entrepot_exemple):
    """All the texts of the Word row, seen or not, are what is printed: the count is not one."""
    protege = comptes_publies.publier(MEMBRE, entrepot_exemple, "005")
    attendues = {
        tuple(str(v) for v in ligne) for ligne in protege.tables[SITES].itertuples(index=False)
    }
    masquees = {ligne for ligne in attendues if MASQUE in ligne}
    assert masquees
    [octets] = [o for n, o in donne["faits"].items() if n.endswith("docx")]
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        corps = archive.read("word/document.xml").decode()
    for mot in ("w:vanish", "w:delText", "w:ins ", "w:comment"):
        assert f"<{mot}" not in corps
    document = docx.Document(io.BytesIO(octets))
    rangees_du_word = {
        tuple("".join(t.text or "" for t in c.iter(qn("w:t"))) for c in r.iter(qn("w:tc")))
        for r in document.element.iter(qn("w:tr"))
    }
    assert masquees <= rangees_du_word
    [papier] = [
        o for n, o in donne["faits"].items() if n.startswith("rapport") and n.endswith("pdf")
    ]
    texte = serre("".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(papier)).pages))
    assert [ligne for ligne in masquees if serre("".join(ligne)) not in texte] == []


def test_the_workbook_behind_a_chart_holds_what_the_chart_shows(donne):
    """Neither a category nor a value more, in its sheets or in the copies that the chart keeps."""
    graphique = donne["ouvrage"].dossier.bloc("couverture_par_categorie")
    [octets] = [o for n, o in donne["faits"].items() if n.endswith("pptx")]
    attendues = [
        [categorie, *(float(s.valeurs[r]) for s in graphique.series)]
        for r, categorie in enumerate(graphique.categories)
    ]
    vus = 0
    for la, brut in etale("pptx", octets):
        if la.endswith(".xlsx"):
            lu = CalamineWorkbook.from_filelike(io.BytesIO(brut))
            [feuille] = lu.sheet_names
            assert _valeurs(lu, feuille)[1:] == attendues
            vus += 1
        elif re.search(r"charts/chart\d+\.xml$", la):
            valeurs = re.findall(r"<c:v>([^<]*)</c:v>", brut.decode())
            textes = {v for v in valeurs if not re.fullmatch(r"[\d.]+", v)}
            noms = {s.nom for s in graphique.series} | set(graphique.categories)
            assert {v.replace("&apos;", "'") for v in textes} <= noms
            vus += 1
    assert vus >= 2
