"""The yearly report and the synthesis: paper and Word say what the pages say, and conclude nothing.

The year is that of the records; the day of the files is that of the data.
"""

import io
import re
import zipfile

import docx
import pypdf
import pytest
from docx.oxml.ns import qn
from typer.testing import CliRunner

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import FINE
from pipelines.cli import app
from pipelines.reports import (
    academie,
    activite,
    avancement,
    comptes_publies,
    moyens,
    rapport_annuel,
    rapports,
    situation,
    synthese_academie,
    territoires,
)
from pipelines.reports.dossier import word
from pipelines.reports.dossier.blocs import (
    Chiffre,
    Chiffres,
    Dossier,
    Graphique,
    Image,
    Liste,
    Partie,
    Serie,
    Tableau,
    Texte,
    dire,
)
from pipelines.reports.territoires import Niveau
from pipelines.scenarios.lecteurs import Lecteur, Role

CLAIRE = Lecteur("Claire Zywicki")
INSTANCE = Lecteur("Claire Zywicki", Role.INSTANCE)


@pytest.fixture(scope="module")
def magasin(tmp_path_factory):
    """An empty store: where each département stands is read there."""
    ici = tmp_path_factory.mktemp("rapports")
    with pytest.MonkeyPatch.context() as changement:
        changement.setenv("ATLAS_BASE_URL", f"sqlite:///{ici}/atelier.sqlite")
        changement.setenv("ATLAS_LECTEUR", CLAIRE.nom)
        yield ici


@pytest.fixture(scope="module")
def nominatif(entrepot_exemple):
    return rapport_annuel.composer(CLAIRE, entrepot_exemple, "005", "nominatif")


@pytest.fixture(scope="module")
def instance(entrepot_exemple):
    return rapport_annuel.composer(CLAIRE, entrepot_exemple, "005", "instance")


@pytest.fixture(scope="module")
def synthese(magasin, entrepot_exemple):
    return synthese_academie.composer(CLAIRE, entrepot_exemple)


@pytest.fixture(scope="module")
def fichiers(nominatif, instance, synthese):
    """Name of a report → code of a format → its file, made once."""
    noms = {"nominatif": nominatif, "instance": instance, "synthese": synthese}
    return {
        nom: dict(zip(rapports.FORMATS, rapports.produire(rapport).fichiers, strict=True))
        for nom, rapport in noms.items()
    }


def tableaux(rapport):
    return {
        b.code: b for p in rapport.parties for b in p.tous if isinstance(b, Tableau) and b.lignes
    }


def lignes_de(cadre):
    """A view's table in words, unknown said as the documents say it."""
    return [
        tuple(dire(v if isinstance(v, str) else None if v != v or v is None else v) for v in rangee)
        for rangee in cadre.itertuples(index=False)
    ]


def en_mots(tableau):
    return [tuple(dire(v) for v in ligne) for ligne in tableau.lignes]


def word_relu(fichier):
    return docx.Document(io.BytesIO(fichier.octets))


def serre(texte):
    """`texte` without spaces, hyphens nor joined letters: what the end of a line changes."""
    for joint, lettres in {"ﬁ": "fi", "ﬂ": "fl", "ﬀ": "ff", "ﬃ": "ffi", "ﬄ": "ffl"}.items():
        texte = texte.replace(joint, lettres)
    return re.sub(r"[\s\u00ad\u2010\u2011\u2060-]", "", texte)


# --- the numbers ----------------------------------------------------------------------------------


def test_les_tableaux_de_l_activite_sont_ceux_de_la_page(nominatif, entrepot_exemple):
    vue = activite.vue(CLAIRE, entrepot_exemple, "005")
    lus = tableaux(nominatif)
    assert en_mots(lus["indicateurs"]) == lignes_de(vue.indicateurs)
    for rang, cadre in enumerate(vue.details.values()):
        assert en_mots(lus[f"detail_{rang}"]) == lignes_de(cadre)
    assert en_mots(lus["periodes"]) == lignes_de(vue.periodes)


def test_les_moyens_sont_ceux_de_la_page(nominatif, entrepot_exemple):
    vue = moyens.vue(CLAIRE, entrepot_exemple, "005")
    lus = tableaux(nominatif)
    assert en_mots(lus["compte_des_moyens"]) == lignes_de(vue.compte)
    assert en_mots(lus["statuts"]) == lignes_de(vue.statuts)
    assert {ligne[0] for ligne in lus["postes"].lignes} == set(vue.postes["Poste"])


def test_la_couverture_par_categorie_se_recompte_site_par_site(nominatif, entrepot_exemple):
    """Counted again from the sites of the page « Situation »."""
    sites = situation.situation(entrepot_exemple, "005").sites
    lignes = {
        ligne[0]: ligne[1:] for ligne in tableaux(nominatif)["couverture_par_categorie"].lignes
    }
    couvert = sum(min(p, b) for p, b in zip(sites["presence"], sites["besoin"], strict=True))
    assert lignes["Ensemble"] == (
        len(sites),
        sites["besoin"].sum(),
        sites["presence"].sum(),
        round(couvert / sites["besoin"].sum() * 100),
        (sites["presence"] == 0).sum(),
    )
    ulis = sites[["college_ulis" in codes for codes in sites["categories"]]]
    assert lignes["Collège avec ULIS"][:3] == (len(ulis), ulis.besoin.sum(), ulis.presence.sum())


def test_chaque_nombre_par_classe_et_par_site_est_celui_des_releves(nominatif, entrepot_exemple):
    """For who may read everything nothing is hidden, and sites add up to the département."""
    vue = activite.vue(CLAIRE, entrepot_exemple, "005")
    lus = tableaux(nominatif)
    par_site = lus["activite_par_site"]
    annee = vue.indicateurs.set_index("Indicateur")[vue.annee]
    for rang, colonne in enumerate(par_site.colonnes[1:], start=1):
        somme = sum(int(ligne[rang].replace(FINE, "")) for ligne in par_site.lignes)
        assert somme == annee[colonne.titre]
    assert "masqué" not in str(nominatif.parties)


@pytest.mark.parametrize("nom", ["nominatif", "instance", "synthese"])
def test_word_et_pdf_disent_chaque_cellule_et_chaque_phrase(nom, fichiers, request):
    """All the cells in order in Word; each of them on paper, where lines are cut otherwise."""
    rapport = request.getfixturevalue(nom)
    relu = word_relu(fichiers[nom]["docx"])
    blocs = [b for p in rapport.parties for b in p.tous]
    attendus = [en_mots(b) for b in blocs if isinstance(b, Tableau) and b.lignes]
    attendus += [
        [(c, dire(s.valeurs[i])) for i, c in enumerate(b.categories)]
        for b in blocs
        if isinstance(b, Graphique)
        for s in b.series
    ]
    ecrits = [
        [tuple(c.text for c in rangee.cells) for rangee in table.rows[1:]] for table in relu.tables
    ]
    assert sorted(ecrits) == sorted(attendus)
    phrases = [b.texte for b in blocs if isinstance(b, Texte)]
    phrases += [e for b in blocs if isinstance(b, Liste) for e in b.elements]
    dans_word = "\n".join(p.text for p in relu.paragraphs)
    lu = pypdf.PdfReader(io.BytesIO(fichiers[nom]["pdf"].octets))
    papier = serre("".join(page.extract_text() for page in lu.pages))
    assert [p for p in phrases if p not in dans_word] == []
    # a longer one may be cut by the end of a page
    assert [p for p in phrases if len(p) < 60 and serre(p) not in papier] == []
    nombres = {c for t in attendus for ligne in t for c in ligne if re.match(r"[−\d]", c)}
    assert [n for n in nombres if serre(n) not in papier] == []


# --- what is told, what is not --------------------------------------------------------------------


def test_ce_qui_manque_et_les_series_rompues_sont_dits_des_la_premiere_page(
    nominatif, entrepot_exemple
):
    vue = activite.vue(CLAIRE, entrepot_exemple, "005")
    assert vue.ruptures
    essentiel = str(nominatif.partie("essentiel").blocs)
    assert all(phrase in essentiel.replace("\\u202f", FINE) for phrase in vue.ruptures)
    assert vue.completude in essentiel.replace("\\u202f", FINE)


def test_les_priorites_sont_a_ecrire_et_ne_partent_que_de_ce_que_disent_les_pages(
    nominatif, entrepot_exemple
):
    table = tableaux(nominatif)["priorites"]
    assert {cellule for ligne in table.lignes for cellule in ligne[2:]} == {""}
    assert table.lignes[-1] == ("",) * 5
    vue = activite.vue(CLAIRE, entrepot_exemple, "005")
    faits = [ligne[1] for ligne in table.lignes]
    for phrase in (moyens.vue(CLAIRE, entrepot_exemple, "005").phrase, vue.phrase, *vue.ruptures):
        assert phrase in faits


def test_une_annee_passee_se_demande_et_une_annee_inconnue_se_refuse(entrepot_exemple):
    vue = activite.vue(CLAIRE, entrepot_exemple, "005", "2024-2025")
    assert vue.annee == "2024-2025"
    assert "2025-2026" not in vue.indicateurs.columns
    comptes = comptes_publies.entiers(CLAIRE, entrepot_exemple, "005", jusqu_a="2024-2025")
    assert comptes.annees == ("2024-2025",)
    protege = comptes_publies.publier(INSTANCE, entrepot_exemple, "005", jusqu_a="2024-2025")
    assert protege.annees == ("2024-2025",)
    with pytest.raises(AtlasError, match="1999-2000") as refus:
        activite.vue(CLAIRE, entrepot_exemple, "005", "1999-2000")
    assert "2024-2025 et 2025-2026" in refus.value.message()


def test_une_instance_ne_lit_ni_poste_ni_petit_compte(instance, entrepot_exemple, fichiers):
    """What is hidden is what the page and the dossier of an instance hide."""
    protege = comptes_publies.publier(INSTANCE, entrepot_exemple, "005")
    lus = tableaux(instance)
    assert en_mots(lus["activite_par_site"]) == lignes_de(protege.tables["Activité par site"])
    montres = [
        str(cellule)
        for tableau in instance.partie("activite").tous
        if isinstance(tableau, Tableau)
        for ligne in tableau.lignes
        for colonne, cellule in zip(tableau.colonnes, ligne, strict=True)
        if colonne.titre not in ("Sites comptés, par année", "Année moins trimestres")
    ]
    nombres = [int(m.replace(FINE, "")) for m in montres if re.fullmatch(rf"[\d{FINE}]+", m)]
    assert len(nombres) > 100
    assert [n for n in nombres if 0 < n < 5] == []
    assert "masqué" in montres
    assert "postes" not in lus
    tout = "".join(
        e.text or "" for e in word_relu(fichiers["instance"]["docx"]).element.iter(qn("w:t"))
    )
    assert not re.search(r"SIM-005-\d", tout)
    assert "Quotité" not in tout


def test_une_instance_lit_combien_de_sites_prioritaires_sont_loin_du_besoin_et_non_lesquels(
    instance, nominatif
):
    """« Under half of its besoin » of one site says the other ones have half of theirs at least."""
    assert "prioritaires" in tableaux(nominatif)
    assert "prioritaires" not in tableaux(instance)
    phrase = next(instance.partie("couverture").tous).texte
    assert re.search(r"\d+ sites? prioritaires?", phrase)


def test_qui_ne_peut_pas_lire_le_departement_n_en_fait_pas_le_rapport(entrepot_exemple, magasin):
    with pytest.raises(AtlasError, match="Votre rôle"):
        rapport_annuel.composer(INSTANCE, entrepot_exemple, "005", "instance")
    with pytest.raises(AtlasError, match="Votre rôle"):
        synthese_academie.composer(INSTANCE, entrepot_exemple)


# --- the Word file --------------------------------------------------------------------------------


def test_le_word_a_des_titres_des_tableaux_et_un_sommaire_natifs(nominatif, fichiers):
    relu = word_relu(fichiers["nominatif"]["docx"])
    titres = [p.text for p in relu.paragraphs if p.style.name == "Heading 1"]
    assert titres == [p.titre for p in nominatif.parties]
    assert "TOC" in "".join(i.text for i in relu.element.iter(qn("w:instrText")))
    for table in relu.tables:
        premiere, *autres = table.rows
        assert premiere._tr.trPr.find(qn("w:tblHeader")) is not None
        assert all(r._tr.trPr.find(qn("w:cantSplit")) is not None for r in autres)
    assert {langue.get(qn("w:val")) for langue in relu.styles.element.iter(qn("w:lang"))} == {
        "fr-FR"
    }


def test_chaque_image_du_word_se_dit_a_qui_ne_la_voit_pas(nominatif, fichiers):
    images = [b for p in nominatif.parties for b in p.tous if isinstance(b, Image)]
    relu = word_relu(fichiers["nominatif"]["docx"])
    assert [i._inline.docPr.get("descr") for i in relu.inline_shapes] == [i.alt for i in images]
    assert len(images) == 1
    assert len(images[0].alt) > 40


def test_ni_auteur_ni_chemin_ni_horloge_dans_les_fichiers(nominatif, fichiers):
    """Made again, the file is the same, byte for byte; its dates are those of the data."""
    fichier = fichiers["nominatif"]["docx"]
    relu = word_relu(fichier).core_properties
    assert (relu.author, relu.last_modified_by, relu.comments) == ("", "", "")
    assert relu.created == relu.modified
    assert relu.created.replace(tzinfo=None) == nominatif.le.replace(tzinfo=None)
    assert relu.language == "fr-FR"
    archive = zipfile.ZipFile(io.BytesIO(fichier.octets))
    assert {i.date_time[0] for i in archive.infolist()} == {1980}
    contenu = b"".join(archive.read(nom) for nom in archive.namelist())
    assert b"Claire" not in contenu
    assert not re.search(rb"/(tmp|home|root)/|python-docx", contenu)
    assert not [n for n in archive.namelist() if "thumbnail" in n or "customXml" in n]
    assert word.ecrire(nominatif) == fichier.octets
    assert fichier.nom == "rapport-005-2025-2026-nominatif.docx"


def test_le_word_dessine_chaque_genre_de_bloc(nominatif):
    """A chart and the numbers of a page, that this report has not got, become tables."""
    blocs = (
        Chiffres("c", "En nombres", ("Avant", "Après"), (Chiffre("Vus", "3", "5", "Des sites."),)),
        Graphique(
            "g", "Barres", "", "Des barres", ("A", "B"), (Serie("Part", (1.5, 2.0)),), "½ j."
        ),
    )
    seul = Dossier(
        "Titre",
        "Sous-titre",
        "p",
        "Tous",
        nominatif.le,
        "e" * 64,
        {},
        (),
        (Partie("x", "X", blocs),),
    )
    chiffres, barres = docx.Document(io.BytesIO(word.ecrire(seul))).tables
    assert [c.text for c in chiffres.rows[1].cells] == ["Vus", "3", "5", "Des sites."]
    assert [[c.text for c in r.cells] for r in barres.rows] == [
        ["", "Part (½ j.)"],
        ["A", "1,5"],
        ["B", "2"],
    ]


# --- the académie, the command --------------------------------------------------------------------


def test_la_synthese_met_les_departements_cote_a_cote_comme_les_pages(synthese, entrepot_exemple):
    lus = tableaux(synthese)
    vue = academie.vue(territoires.territoires(CLAIRE, entrepot_exemple, Niveau.DEPARTEMENTS))
    assert en_mots(lus["territoires"]) == lignes_de(vue.table)
    assert len(lus["sans_presence"].lignes) == len(vue.sans_presence)
    assert en_mots(lus["suivi"]) == lignes_de(avancement.suivi(CLAIRE, entrepot_exemple).table)
    siens = activite.vue(CLAIRE, entrepot_exemple, "005").indicateurs
    [rang] = [r for r, c in enumerate(lus["indicateurs"].colonnes) if c.titre == "Hautes-Alpes"]
    assert [ligne[rang] for ligne in lus["indicateurs"].lignes] == list(siens["2025-2026"])


def test_la_commande_ecrit_les_formats_demandes(entrepot_exemple, tmp_path, magasin):
    options = ["--entrepot", str(entrepot_exemple), "--sortie", str(tmp_path)]
    lance = CliRunner().invoke(app, ["rapport", "--academie", "--formats", "docx", *options])
    assert lance.exit_code == 0, lance.output
    assert [f.name for f in tmp_path.iterdir()] == ["synthese-academie-2025-2026.docx"]


@pytest.mark.parametrize(
    ("options", "dit"),
    [
        ([], "celui d'un département, ou de l'académie"),
        (["--academie", "--departement", "005"], "celui d'un département, ou de l'académie"),
        (["--academie", "--destinataire", "instance"], "ne masque rien"),
        (["--departement", "005", "--destinataire", "presse"], "Destinataire"),
        (["--departement", "005", "--formats", "odt"], "Format inconnu"),
    ],
)
def test_la_commande_refuse_ce_qu_elle_ne_fait_pas(options, dit, entrepot_exemple, tmp_path):
    commun = ["--entrepot", str(entrepot_exemple), "--sortie", str(tmp_path)]
    lance = CliRunner().invoke(app, ["rapport", *options, *commun])
    assert isinstance(lance.exception, AtlasError)
    assert dit in lance.exception.message()
    assert list(tmp_path.iterdir()) == []
