"""Each page run by Streamlit's test runner over the example, its numbers counted another way."""

import re
import tomllib

import duckdb
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from pages.composants.cadre import PAGES, en_csv
from pipelines.base import chemins
from pipelines.base.textes import FINE, jour
from pipelines.marts.construction import construire
from pipelines.planning.modele import DURES
from pipelines.scoring.bareme import bareme, besoins

DEPARTEMENTS = ("004", "005", "013", "084")
REGLES = tomllib.loads(
    (chemins.REFERENCE / "priorites" / "circulaire_2017_055.toml").read_text(encoding="utf-8")
)["regles"]


@pytest.fixture
def ouvrir(entrepot_exemple, tmp_path, monkeypatch):
    """Open a page of the application as a visitor of `adresse` would; the finished run."""
    monkeypatch.setattr(chemins, "CALCULS", tmp_path / "calculs")

    def ouvrir(adresse, entrepot=entrepot_exemple, **parametres):
        monkeypatch.setenv("ATLAS_ENTREPOT", str(entrepot))
        ecran = AppTest.from_file(str(chemins.APPLICATION), default_timeout=60)
        for nom, valeur in parametres.items():
            ecran.query_params[nom] = valeur
        ecran.run()
        if adresse != "situation" and not ecran.error:
            fichier = PAGES[adresse][0]
            ecran.switch_page(f"../{fichier.relative_to(chemins.RACINE / 'pages')}").run()
        return ecran

    return ouvrir


@pytest.fixture(scope="module")
def base(entrepot_exemple):
    """A plain DuckDB connection to the example."""
    with duckdb.connect(str(entrepot_exemple), read_only=True) as connexion:
        yield connexion


def clair(texte):
    """`texte` with plain spaces, so that a test says words and not typography."""
    return re.sub(r"\s", " ", texte)


def phrase(ecran):
    """The sentence under the title."""
    return next(m.value for m in ecran.main.markdown if m.value.startswith("#### "))


def nombres(texte):
    """Every number of a French text, in the order it is read."""
    return [
        float(n.replace(FINE, "").replace(",", "."))
        for n in re.findall(rf"\d[\d{FINE}]*(?:,\d+)?", texte)
    ]


def tableaux(ecran):
    """Every table of the main part, its cells as the reader sees them: no escape of Markdown."""
    return [
        t.value.map(lambda c: c.replace("\\[", "[") if isinstance(c, str) else c)
        for t in ecran.main.table
    ]


@pytest.mark.parametrize("departement", DEPARTEMENTS)
@pytest.mark.parametrize("adresse", PAGES)
def test_every_page_opens_for_every_departement_and_says_the_data_are_made_up(
    ouvrir, adresse, departement
):
    """No error, a title, and both warnings: fictitious establishments, simulated posts."""
    ecran = ouvrir(adresse, departement=departement)
    assert not ecran.exception
    assert not ecran.error
    assert len(ecran.main.title) == 1
    avertissements = " ".join(a.value for a in ecran.sidebar.warning)
    assert "fictifs" in avertissements
    assert "simulés" in avertissements
    assert ecran.sidebar.selectbox[0].value == departement


@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_the_sentence_of_the_situation_says_the_numbers_of_the_warehouse(ouvrir, base, departement):
    """Postes, ETP, sites, covered share and priority sites short, each counted in SQL."""
    [(nb_postes, etp)] = base.execute(
        "select count(*), sum(quotite_etp) from mart_poste "
        "where departement = ? and not sans_secteur",
        [departement],
    ).fetchall()
    etablissements, reseaux = (
        base.execute(
            "select count(*) from mart_site where departement = ? and nature = ?",
            [departement, nature],
        ).fetchone()[0]
        for nature in ("etablissement", "ecoles_rep_plus")
    )
    condition = " or ".join(f"coalesce(({r['condition']}), false)" for r in REGLES)
    prioritaires = {
        s
        for (s,) in base.execute(
            f"select site_id from mart_site where departement = ? and ({condition})", [departement]
        ).fetchall()
    }
    detail = besoins(base, bareme("national_2017")).detail
    besoin = detail.groupby("site_id")["demi_journees"].sum().round(6)
    presence = dict(
        base.execute(
            "select site_id, coalesce(sum(demi_journees_cycle), 0) from mart_site "
            "left join mart_presence using (site_id) where departement = ? group by site_id",
            [departement],
        ).fetchall()
    )
    # presence beyond a site's own besoin covers nobody else's
    utile = sum(min(float(n), besoin[s]) for s, n in presence.items())
    part = 100 * utile / sum(besoin[s] for s in presence)
    en_manque = [s for s in prioritaires if float(presence[s]) < besoin[s] / 2]

    dits = nombres(phrase(ouvrir("situation", departement=departement)).removeprefix("#### "))
    attendus = [nb_postes, round(float(etp), 1), etablissements]
    attendus += [reseaux] if reseaux else []
    attendus += [round(part)]
    if en_manque:
        attendus += [len(en_manque), len(prioritaires)]
    attendus += [50]
    assert dits == attendus


def test_a_departement_the_data_do_not_have_is_refused_in_french_and_the_others_are_named(ouvrir):
    ecran = ouvrir("situation", departement="099")
    assert not ecran.exception
    [erreur] = ecran.error
    assert clair("« 099 » n'est pas dans ces données") in clair(erreur.value)
    assert all(departement in erreur.value for departement in DEPARTEMENTS)


def test_without_a_warehouse_the_screen_gives_the_command_that_builds_one(ouvrir, tmp_path):
    ecran = ouvrir("situation", entrepot=tmp_path / "absent.duckdb")
    assert not ecran.exception
    [erreur] = ecran.error
    assert clair("Aucun entrepôt") in clair(erreur.value)
    assert clair("atlas construire --sources") in clair(erreur.value)


def test_a_file_that_is_no_warehouse_is_refused_in_french(ouvrir, tmp_path):
    faux = tmp_path / "faux.duckdb"
    faux.write_text("rien d'une base", encoding="utf-8")
    ecran = ouvrir("situation", entrepot=faux)
    assert not ecran.exception
    assert clair("Entrepôt illisible") in clair(ecran.error[0].value)


def test_a_departement_without_posts_shows_its_besoins_and_how_to_add_posts(ouvrir, tmp_path):
    """The public files alone: a map of besoins, no launch, and what to add."""
    sources = tmp_path / "publiques"
    sources.mkdir()
    for fichier in chemins.EXEMPLE.iterdir():
        if fichier.name not in ("postes.csv", "presences.csv", "activite.csv"):
            (sources / fichier.name).symlink_to(fichier)
    entrepot = tmp_path / "publiques.duckdb"
    construire([sources], entrepot, ["005"])
    ecran = ouvrir("situation", entrepot=entrepot)
    assert not ecran.exception
    assert "aucun poste n'est connu" in phrase(ecran)
    assert ecran.button[0].disabled
    assert "reconstruire" in ecran.info[0].value
    assert "simulés" not in " ".join(a.value for a in ecran.sidebar.warning)
    demande = ouvrir("proposer", entrepot=entrepot)
    assert not demande.exception
    assert "Aucun poste n'est connu" in demande.info[0].value
    assert not demande.button


@pytest.mark.parametrize("departement", DEPARTEMENTS)
def test_the_lines_of_the_besoin_of_a_fiche_add_up_to_its_total(ouvrir, departement):
    ecran = ouvrir("etablissement", departement=departement)
    table = next(t for t in tableaux(ecran) if "Observé" in t.columns)
    valeurs = [nombres(v)[0] * (-1 if v.startswith("−") else 1) for v in table.iloc[:, 2]]
    assert table.iloc[-1, 0] == "Besoin"
    assert sum(valeurs[:-1]) == pytest.approx(valeurs[-1], abs=1e-9)
    assert nombres(phrase(ecran))[0] == valeurs[-1]


def test_the_sites_to_examine_are_a_signal_with_their_error_and_no_ranking(ouvrir):
    """The sentence, the warning, the errors; the site of the address beside its neighbours."""
    ecran = ouvrir("signaux", departement="013")
    assert clair("**Un signal à examiner, pas un classement.**") in " ".join(
        clair(m.value) for m in ecran.main.markdown
    )
    estimation = next(t for t in tableaux(ecran) if "Estimation par" in t.columns)
    assert len(estimation) == 3
    liste = next(d.value for d in ecran.main.dataframe if "Besoin attendu (½ j.)" in d.value)
    assert f"dont {len(liste)} à examiner" in clair(phrase(ecran))
    choix = next(s for s in ecran.main.selectbox if "ressemblent" in s.label)
    assert len(choix.options) == len(liste)
    vue = next(t for t in tableaux(ecran) if t.columns[0] == "Facteur")
    assert list(vue["Facteur"])[:2] == ["IPS", "Élèves"]
    assert len(vue.columns) > 2


def test_the_sites_of_a_departement_with_nothing_to_examine_say_so(ouvrir):
    ecran = ouvrir("signaux", departement="004")
    assert not ecran.exception
    assert "Aucun site de ce département n'est à examiner." in [
        m.value for m in ecran.main.markdown
    ]
    assert not ecran.main.selectbox


def test_a_site_of_another_departement_is_not_shown_in_its_place_without_a_word(ouvrir):
    ecran = ouvrir("etablissement", departement="005", site="0840001A")
    assert not ecran.exception
    assert clair("« 0840001A » n'est pas dans ce département") in clair(ecran.main.warning[0].value)


def test_an_unknown_proposal_in_the_address_is_refused_in_french(ouvrir):
    """Also a path: nothing but an id of ours may name a folder."""
    for inconnu in ("toto", "../x", "005-20260101-000000-abcdef"):
        ecran = ouvrir("situation", departement="005")
        ecran.query_params["calcul"] = inconnu
        ecran.switch_page("../proposer/proposer.py").run()
        assert not ecran.exception
        [erreur] = ecran.error
        assert clair(f"La proposition « {inconnu} » n'existe pas") in clair(erreur.value)
        assert clair("relancer le calcul") in clair(erreur.value)


def test_a_proposal_of_another_departement_is_not_shown_under_this_one(ouvrir):
    """The address mixes two départements: it is said, and no plan is drawn."""
    calcul_id = "004-20261121-101112-abcdef"
    dossier = chemins.CALCULS / calcul_id
    dossier.mkdir(parents=True)
    (dossier / "demande.json").write_text('{"departement": "004"}', encoding="utf-8")
    (dossier / "resume.json").write_text("{}", encoding="utf-8")
    ecran = ouvrir("situation", departement="005")
    ecran.query_params["calcul"] = calcul_id
    ecran.switch_page("../proposer/proposer.py").run()
    assert not ecran.exception
    assert clair("celle d'un autre département") in clair(ecran.main.warning[0].value)
    assert not ecran.main.dataframe


def test_a_selection_of_one_departement_does_not_follow_to_another(ouvrir):
    """A row picked among the 62 of one département has no meaning among the few of another."""
    ecran = ouvrir("situation", departement="013")
    cles = {d.key for d in ecran.dataframe if d.key}
    autre = ouvrir("situation", departement="005")
    assert cles
    assert not cles & {d.key for d in autre.dataframe if d.key}


@pytest.fixture
def methode(ouvrir):
    """The tables of the method page."""
    ecran = ouvrir("methode", departement="005")
    assert not ecran.exception
    return tableaux(ecran)


def colonne(tables, nom):
    """The cells of the first table that has this column."""
    return list(next(t for t in tables if nom in t.columns)[nom])


def test_the_method_page_lists_every_dated_parameter_with_its_source_and_dates(methode):
    table = next(t for t in methode if "Paramètre" in t.columns)
    lignes = {ligne["Nom"]: ligne for ligne in table.to_dict("records")}
    attendus = {}
    for fichier in chemins.REFERENCE.glob("*.toml"):
        for nom, contenu in tomllib.loads(fichier.read_text(encoding="utf-8")).items():
            if isinstance(contenu, dict) and "valeurs" in contenu:
                derniere = max(contenu["valeurs"], key=lambda v: v["en_vigueur_le"])
                attendus[f"{fichier.stem}.{nom}"] = (contenu, derniere)
    assert len(attendus) > 20
    assert lignes.keys() == attendus.keys()
    for nom, (contenu, valeur) in attendus.items():
        assert lignes[nom]["Paramètre"] == contenu["description"]
        assert lignes[nom]["Unité"] == contenu["unite"]
        assert lignes[nom]["Source"] == valeur["source"]
        assert lignes[nom]["En vigueur le"] == jour(valeur["en_vigueur_le"].isoformat())
        assert lignes[nom]["Vérifié le"] == jour(valeur["verifie_le"].isoformat())
        if isinstance(valeur["valeur"], int | float) and not isinstance(valeur["valeur"], bool):
            assert nombres(lignes[nom]["Valeur"]) == [pytest.approx(valeur["valeur"])]


def test_the_method_page_lists_every_priority_rule_with_its_condition_and_reference(methode):
    table = next(t for t in methode if "Condition lue" in t.columns)
    lues = set(zip(table["Catégorie"], table["Condition lue"], table["Référence"], strict=True))
    assert lues == {(r["libelle"], r["condition"], r["reference"]) for r in REGLES}


def test_the_method_page_lists_every_source_card_with_its_producer_and_licence(methode):
    cartes = tomllib.loads(chemins.CARTES_SOURCES.read_text(encoding="utf-8"))
    table = next(t for t in methode if list(t.columns)[:2] == ["Source", "Producteur"])
    lues = set(zip(table["Source"], table["Producteur"], table["Licence"], strict=True))
    assert lues == {(c["titre"], c["producteur"], c["licence"]) for c in cartes.values()}


def test_the_method_page_lists_every_rule_no_plan_may_break(methode):
    assert colonne(methode, "Règle") == [r.libelle for r in DURES]


def test_the_method_page_lists_every_number_of_the_bareme(methode):
    contenu = tomllib.loads(
        (chemins.REFERENCE / "baremes" / "national_2017.toml").read_text(encoding="utf-8")
    )
    table = next(t for t in methode if "Poids du manque" not in t.columns and "Ligne" in t.columns)
    attendus = sorted(
        float(valeur)
        for partie, champs in contenu.items()
        if partie != "bareme"
        for valeur in champs.values()
        if isinstance(valeur, int | float)
    )
    assert sorted(n for v in table["Valeur"] for n in nombres(v)) == attendus


def test_a_downloaded_table_opens_in_a_french_spreadsheet_and_runs_no_formula():
    cadre = pd.DataFrame({"Site": ["=1+1", "@x", "Collège ; annexe"], "Besoin": [1.5, 2, 3]})
    octets = en_csv(cadre)
    assert octets.startswith(b"\xef\xbb\xbf")
    assert octets.decode("utf-8-sig").splitlines() == [
        "Site;Besoin",
        "'=1+1;1,5",
        "'@x;2,0",
        '"Collège ; annexe";3,0',
    ]
