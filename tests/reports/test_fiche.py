"""The fiche of a site: every site of a département builds one, and its numbers agree."""

import json
import re
import shutil
import statistics

import duckdb
import fabrique
import pandas as pd
import pytest

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.marts.construction import construire
from pipelines.reports import besoins, releves
from pipelines.reports.etablissement import choix, fiche, fond
from pipelines.reports.historique import historique
from pipelines.scenarios import atelier, lecteurs


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


@pytest.fixture(scope="module")
def vaucluse(tmp_path_factory):
    """A warehouse of the 084 alone, quicker to read 67 times."""
    entrepot = tmp_path_factory.mktemp("vaucluse") / "atlas.duckdb"
    construire([chemins.EXEMPLE], entrepot, ["084"])
    return entrepot


@pytest.fixture(scope="module")
def fiches(vaucluse):
    """Every fiche of the 084, by site."""
    commun = fond(vaucluse, "084")
    return {s: fiche(vaucluse, "084", s, commun) for s in choix(vaucluse, "084")}


@pytest.fixture(scope="module")
def base(vaucluse):
    with duckdb.connect(str(vaucluse), read_only=True) as connexion:
        yield connexion


def test_every_site_of_a_departement_has_its_fiche(fiches, base):
    attendus = base.execute("select site_id, nom from mart_site where departement = '084'")
    assert {s: f.nom for s, f in fiches.items()} == dict(attendus.fetchall())


def test_the_lines_of_every_besoin_add_up_to_the_besoin_in_the_sentence(fiches):
    for site_id, f in fiches.items():
        *lignes, total = f.besoin["Demi-journées par cycle"]
        assert f.besoin["Ligne"].iloc[-1] == "Besoin"
        assert sum(lignes) == pytest.approx(total), site_id
        assert clair(f.phrase).startswith(clair(f"Besoin : {total:.0f} demi-journées par cycle")), (
            site_id
        )
        assert (f.besoin["Référence"].iloc[:-1] != "").all(), site_id


@pytest.mark.parametrize("code", ["continu", "effectifs"])
def test_the_fiche_decomposes_the_besoin_of_the_chosen_bareme_and_sums_up_the_others(
    vaucluse, fiches, code
):
    """Lines, sentence and the table of all the barèmes say the same number."""
    commun = fond(vaucluse, "084", code)
    for site_id in [*list(fiches)[:3], *(s for s in fiches if s.startswith("RESEAU-"))]:
        sienne = fiche(vaucluse, "084", site_id, commun)
        *lignes, total = sienne.besoin["Demi-journées par cycle"]
        assert sum(lignes) == pytest.approx(total)
        selon = sienne.autres_baremes.set_index("Barème")["Besoin (½ j. par cycle)"]
        assert selon[sienne.bareme] == round(total)
        national = fiches[site_id]
        assert selon[national.bareme] == round(national.besoin["Demi-journées par cycle"].iloc[-1])
        assert sienne.bareme != national.bareme


def test_the_fiche_says_what_the_means_allow_as_the_page_of_besoins_does(fiches, vaucluse):
    """Absolute and at constant means, under each barème; a fiche never says another number."""
    noms, fiches_lues = besoins.baremes(), dict(list(fiches.items())[:4])
    for code, nom in noms.items():
        constants = besoins.vue(vaucluse, "084", code).sites.set_index(["UAI", "Type"])
        for site_id, f in fiches_lues.items():
            selon = f.autres_baremes.set_index("Barème")["À moyens constants (½ j. par cycle)"]
            type_ = "Écoles REP+" if site_id.startswith("RESEAU-") else f.sous_titre.split(",")[0]
            attendu = constants.loc[
                (site_id.removeprefix("RESEAU-"), type_), "À moyens constants (½ j. par cycle)"
            ]
            assert selon[nom] == attendu, (site_id, code)


def test_the_presences_of_every_fiche_are_those_of_the_warehouse(fiches, base):
    for site_id, f in fiches.items():
        attendues = base.execute(
            "select poste_id, demi_journees_cycle from mart_presence where site_id = ?", [site_id]
        ).fetchall()
        lues = zip(f.presences["Poste"], f.presences["Demi-journées par cycle"], strict=True)
        assert sorted(lues) == sorted(attendues)
        assert ("aucune présence régulière" in clair(f.phrase)) == (not attendues)


def test_the_nearest_posts_come_in_order_and_serve_a_sector(fiches, base):
    avec_secteur = {
        p
        for (p,) in base.execute(
            "select poste_id from mart_poste where departement = '084' and not sans_secteur"
        ).fetchall()
    }
    for f in fiches.values():
        minutes = f.postes_proches["Trajet aller (min)"].tolist()
        assert 0 < len(minutes) <= 8
        assert minutes == sorted(minutes)
        assert set(f.postes_proches["Poste"]) <= avec_secteur


def test_a_network_of_ecoles_lists_its_ecoles_and_no_internat(fiches, base):
    reseaux = [s for s in fiches if s.startswith("RESEAU-")]
    assert len(reseaux) == 3
    for site_id in reseaux:
        [(nb,)] = base.execute(
            "select count(*) from mart_rattachement where site_id = ?", [site_id]
        ).fetchall()
        assert len(fiches[site_id].rattachements) == nb > 1
        assert "Écoles" in set(fiches[site_id].identite["Donnée"])
        assert "Internat" not in set(fiches[site_id].identite["Donnée"])


def test_what_is_unknown_is_said_unknown_and_never_no(fiches, base):
    inconnus = dict(
        base.execute(
            "select site_id, effectif is null from mart_site where departement = '084'"
        ).fetchall()
    )
    assert any(inconnus.values())
    for site_id, f in fiches.items():
        valeurs = dict(zip(f.identite["Donnée"], f.identite["Valeur"], strict=True))
        assert (valeurs["Élèves"] == "inconnu") == inconnus[site_id]


def test_activity_keeps_a_column_a_school_year(fiches, base):
    annees = {
        a for (a,) in base.execute("select distinct annee_scolaire from mart_activite").fetchall()
    }
    vues = {c for f in fiches.values() for c in f.activite.columns}
    assert vues - {"Indicateur", "Modalité", "Rupture"} == annees
    assert len(annees) == 2


def test_the_pupils_per_half_day_are_set_against_the_median_of_the_departement(fiches, base):
    """The served second-degree sites whose pupils are known, their median taken in SQL."""
    lus = base.execute(
        "select site_id, effectif / sum(demi_journees_cycle) as charge from mart_site "
        "join mart_presence using (site_id) where departement = '084' and effectif is not null "
        "and nature = 'etablissement' group by site_id, effectif"
    ).fetchall()
    charges = dict(lus)
    mediane = statistics.median(charges.values())
    for site_id, charge in charges.items():
        ligne = fiches[site_id].reperes.set_index("Donnée").loc["Élèves par demi-journée"]
        assert ligne["Ce site"] == f"{charge:.0f}"
        assert ligne["Médiane du département"] == f"{mediane:.0f}"
        moins = sum(c < charge for c in charges.values())
        assert ligne["Position"].startswith(f"plus que {moins} des {len(charges)} sites")
        assert f"plus de {mediane:.0f}." in clair(fiches[site_id].phrase)
    sans = [s for s, f in fiches.items() if f.presences.empty and not s.startswith("RESEAU-")]
    for site_id in sans:
        ligne = fiches[site_id].reperes.set_index("Donnée").loc["Élèves par demi-journée"]
        assert (ligne["Ce site"], ligne["Position"]) == ("sans présence", "—")


def test_the_coverage_class_is_said_in_words(fiches):
    mots = {clair(f.classe) for f in fiches.values()}
    assert len(mots) > 1
    assert mots <= {
        f"Classe de couverture : {m}."
        for m in ("chaque semaine", "chaque quinzaine", "chaque mois", "sur demande")
    }


def test_an_unknown_category_says_which_number_is_missing(fiches):
    """UPE2A and relais are told by no public file: the fiche names what would settle it."""
    inconnues = [
        ligne
        for f in fiches.values()
        for ligne in f.categories.to_dict("records")
        if ligne["Ce site"] != "oui"
    ]
    assert inconnues
    for ligne in inconnues:
        assert re.fullmatch(r"inconnu : il manque (la|le|l') ?\w.+", clair(ligne["Ce site"]))
        assert ligne["Référence"]
    [upe2a] = {x["Ce site"] for x in inconnues if "UPE2A" in x["Catégorie"]}
    assert clair(upe2a) == "inconnu : il manque la présence d'une UPE2A"


def test_segpa_and_ulis_pupils_are_told_with_their_year_and_file(fiches, base):
    comptes = base.execute(
        "select site_id, eleves_segpa, eleves_segpa_rentree from mart_site "
        "where departement = '084' and eleves_segpa > 0"
    ).fetchall()
    assert comptes
    for site_id, eleves, rentree in comptes:
        ligne = fiches[site_id].identite.set_index("Donnée").loc["SEGPA"]
        assert clair(ligne["Valeur"]) == f"oui, {eleves} élèves"
        assert ligne["Année"] == f"rentrée {rentree}"
        assert "Effectifs des collèges" in ligne["Source"]


def releves_de(*annees, indicateur="Entretiens"):
    """Yearly counts in the shape the fiche reads: (rentrée, nombre) pairs."""
    return pd.DataFrame(
        [
            ("entretiens", "", rentree, f"{rentree}-{rentree + 1}", float(nombre), indicateur, "—")
            for rentree, nombre in annees
        ],
        columns=[
            "indicateur", "modalite", "rentree", "annee_scolaire", "nombre", "Indicateur",
            "Modalité",
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("annees", "attendue"),
    [
        ([(2023, 30), (2024, 72)], "30 → 72 en 2024-2025"),
        ([(2023, 72), (2024, 36)], "72 → 36 en 2024-2025"),
        ([(2023, 30), (2024, 59)], ""),
        ([(2023, 9), (2024, 19)], ""),
        ([(2023, 0), (2024, 25)], "0 → 25 en 2024-2025"),
        ([(2022, 30), (2024, 90)], ""),
    ],
    ids=["doubled", "halved", "less than doubled", "too few", "from nothing", "a year missing"],
)
def test_a_series_that_doubles_or_halves_in_a_year_is_a_break(annees, attendue):
    """As the national count of interviews did in 2012: said, cut, never smoothed."""
    tableau = releves.table(releves_de(*annees))
    assert tableau["Rupture"].tolist() == [attendue]
    [trace] = releves.graphique(releves_de(*annees), "S").data
    coupee = list(trace.y) == [annees[0][1], None, annees[1][1]]
    assert coupee == bool(attendue)


def test_a_site_without_any_return_has_no_chart_and_an_empty_table():
    assert releves.graphique(releves_de(), "S") is None
    assert releves.table(releves_de()).empty


def test_the_history_tells_what_a_proposal_did_with_a_site(
    dossier_005, entrepot_exemple, monkeypatch, tmp_path
):
    """Presence, change and postes are those of plan.csv; a draft of other data says so."""
    monkeypatch.setattr(chemins, "CALCULS", tmp_path)
    monkeypatch.setenv("ATLAS_BASE_URL", f"sqlite:///{tmp_path}/atelier.sqlite")
    vide = historique(entrepot_exemple, "005", "X")
    assert vide.table.empty
    assert "Aucun scénario ni proposition" in vide.note
    rangement = tmp_path / "005-20261121-101112-abcdef"
    shutil.copytree(dossier_005, rangement)
    (rangement / "demande.json").write_text('{"departement": "005"}', encoding="utf-8")
    plan = pd.read_csv(rangement / "plan.csv")
    site_id = plan["site_id"].iloc[0]
    resume = json.loads((rangement / "resume.json").read_text(encoding="utf-8"))
    passe = historique(entrepot_exemple, "005", site_id)
    [ligne] = passe.table.to_dict("records")
    assert clair(ligne["Scénario ou proposition"]) == "Proposition du 21/11/2026 à 10 h 11"
    assert ligne["Doctrine"] == "Priorités d'abord"
    du_site = plan[plan["site_id"] == site_id]
    assert ligne["Présence proposée (½ j. par cycle)"] == du_site["demi_journees_cycle"].sum()
    assert ligne["Postes"] == ", ".join(du_site["poste_id"])
    assert ligne["Données"] == "celles d'aujourd'hui"
    resume["empreinte_donnees"] = "autre"
    (rangement / "resume.json").write_text(json.dumps(resume), encoding="utf-8")
    [ligne] = historique(entrepot_exemple, "005", site_id).table.to_dict("records")
    assert ligne["Données"] == "d'avant"
    ailleurs = historique(entrepot_exemple, "005", "X")
    assert ailleurs.table.empty
    assert clair(ailleurs.note).startswith("1 scénario ou proposition pour ce département : il ne")
    atelier.creer(lecteurs.local(), "Rentrée 2027", rangement)
    gardes = historique(entrepot_exemple, "005", site_id).table
    assert next(iter(gardes["Scénario ou proposition"])) == "Rentrée 2027 (brouillon)"
    assert gardes["Postes"].nunique() == 1
    # beyond those read, the fiche says that it knows nothing of the others
    valeur = reference.valeur
    monkeypatch.setattr(
        reference,
        "valeur",
        lambda fichier, nom: 0 if fichier == "atelier" else valeur(fichier, nom),
    )
    assert "1 scénario plus ancien n'est pas lu" in clair(
        historique(entrepot_exemple, "005", site_id).note
    )


def test_a_site_of_another_departement_is_refused(entrepot_exemple, fiches):
    with pytest.raises(AtlasError) as refus:
        fiche(entrepot_exemple, "005", next(iter(fiches)))
    assert "Aucun site" in refus.value.quoi


def test_every_known_value_of_a_fiche_says_its_year_and_its_source(fiches):
    """« REP+ » of a list nobody dates, or a density of no year, can't be defended."""
    for site_id, f in fiches.items():
        for donnee, valeur, annee, source in f.identite.itertuples(index=False):
            connu = valeur not in ("inconnu", "aucun label", "milieu des écoles")
            assert not connu or (annee and source != "—"), (site_id, donnee)


def test_a_position_taken_from_the_commune_is_not_said_to_come_from_the_annuaire(tmp_path):
    """Juvignac has no coordinates: the contours placed it, and an école of no level says so."""
    sources = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_annuaire(
        sources,
        [
            fabrique.etablissement(7, latitude="", longitude=""),
            fabrique.etablissement(14, "Ecole", Ecole_elementaire=""),
        ],
        nom="b.csv",
    )
    fabrique.ecrire_liste_ep(sources, [fabrique.reseau(n, 1) for n in (11, 12, 14)])
    base = fabrique.construire(sources)
    identite = fiche(base, "034", fabrique.uai(7)).identite.set_index("Donnée")
    assert identite.loc["Position", "Source"] == "Contours des communes"
    assert identite.loc["SEGPA", "Année"] == "26/11/2024"
    ecoles = fiche(base, "034", f"RESEAU-{fabrique.uai(1)}")
    valeurs = ecoles.identite.set_index("Donnée")["Valeur"]
    assert valeurs["Écoles"] == "1 école avec cycle 3, 1 maternelle, 1 école de niveau inconnu"
    assert "école de niveau inconnu" in set(ecoles.rattachements["Rattachement"])


@pytest.mark.reel
def test_the_anomalies_of_a_lycee_are_those_of_its_lines_whatever_value_was_read(entrepot_reel):
    """« 981 élèves, rentrée 2019 »: the three empty enrolments since are why, and name no UAI."""
    lue = fiche(entrepot_reel, "034", "0340043M")
    eleves = lue.identite.set_index("Donnée").loc["Élèves"]
    assert (eleves["Valeur"], eleves["Année"]) == ("981", "rentrée 2019")
    assert lue.anomalies["Ligne"].tolist() == [4220, 5638, 7526]
    assert lue.anomalies["Fichier"].str.contains("fr-en-lycee_pro-effectifs").all()
    assert lue.anomalies["Ce qui a été vu"].str.contains("l’effectif est vide").all()


def test_an_anomaly_is_on_the_fiche_of_the_site_it_is_about_and_of_no_other(tmp_path):
    """A presence of an unknown poste reads « P9 »; a network is not its head collège."""
    sources = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_postes(sources, [fabrique.poste("P1")])
    donnee = {"poste_id": "P9", "demi_journees": "2", "periodicite": "mois"}
    reseau = {**donnee, "poste_id": "P1", "uai": fabrique.uai(11), "demi_journees": "1,5"}
    fabrique.ecrire_presences(sources, [{**donnee, "uai": fabrique.uai(2)}, reseau])
    base = fabrique.construire(sources)
    vues = {}
    for site_id in choix(base, "034"):
        siennes = fiche(base, "034", site_id).anomalies
        vues[site_id] = set(siennes.loc[siennes["Fichier"] == "presences.csv", "Ligne"])
    assert {s: v for s, v in vues.items() if v} == {
        fabrique.uai(2): {2},
        f"RESEAU-{fabrique.uai(1)}": {3},
    }
