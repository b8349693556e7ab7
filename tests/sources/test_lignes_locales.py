"""A bad line of a local file stops the build, and says where it is and what to write instead."""

import duckdb
import fabrique
import pytest

from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction

UN, DEUX = fabrique.uai(1), fabrique.uai(2)
# Each bad line: what it changes, the column named, the value shown, words of the remedy.
POSTES_FAUX = [
    ({"quotite": "1,5"}, "quotite", "1,5", "0,8 ou 80\u202f%"),
    ({"quotite": "0"}, "quotite", "0", "0,8 ou 80\u202f%"),
    ({"quotite": "mi-temps"}, "quotite", "mi-temps", "0,8 ou 80\u202f%"),
    ({"fonction": "as"}, "fonction", "as", "ASS ou CTSS"),
    ({"residence_uai": "0340001A"}, "residence_uai", "0340001A", "7 chiffres et une lettre"),
    ({"residence_uai": "Lodève"}, "residence_uai", "Lodève", "7 chiffres et une lettre"),
    ({"statut": "parti"}, "statut", "parti", "occupe, vacant, supplee ou absent"),
    ({"hors_secteur_etp": "1,2"}, "hors_secteur_etp", "1,2", "par exemple 0,2"),
    ({"hors_secteur_motif": "formation"}, "hors_secteur_motif", "formation", "mdph, cdoea"),
    ({"sans_secteur": "peut-être"}, "sans_secteur", "peut-être", "oui ou non"),
    ({"poste_id": ""}, "poste_id", "", "jamais un nom de personne"),
    ({"poste_id": "DOUBLE"}, "poste_id", "DOUBLE", "une seule ligne par poste"),
]
PRESENCES_FAUSSES = [
    ({"uai": "0340001A"}, "uai", "0340001A", "corriger l’UAI"),
    ({"periodicite": "Trimestre"}, "periodicite", "Trimestre", "semaine, quinzaine, mois ou cycle"),
    ({"demi_journees": "deux"}, "demi_journees", "deux", "par exemple 2 ou 0,5"),
    ({"demi_journees": "-1"}, "demi_journees", "-1", "par exemple 2 ou 0,5"),
    ({"demi_journees": "inf"}, "demi_journees", "inf", "par exemple 2 ou 0,5"),
    ({"demi_journees": "50"}, "demi_journees", "50", "10 demi-journées par semaine au plus"),
    ({"poste_id": ""}, "poste_id", "", "identifiant"),
]
AUTRES_FAUX = [
    ("dispositifs", {"uai": UN, "dispositif": "CLIS", "present": "oui"}, "dispositif", "CLIS"),
    ("dispositifs", {"uai": UN, "dispositif": "ULIS", "present": "bof"}, "present", "bof"),
    ("activite", {"periode": "T4"}, "periode", "T4"),
    ("activite", {"nombre": "3,5"}, "nombre", "3,5"),
    ("activite", {"nombre": "-2"}, "nombre", "-2"),
    ("activite", {"annee_scolaire": "l'an dernier"}, "annee_scolaire", "l'an dernier"),
    ("activite", {"indicateur": ""}, "indicateur", ""),
]


def refus(dossier):
    """The message of the build of `dossier`, which must be refused."""
    with pytest.raises(AtlasError) as erreur:
        construction.construire([dossier], dossier.parent / "atlas.duckdb")
    assert not (dossier.parent / "atlas.duckdb").exists()
    return erreur.value


@pytest.fixture(scope="module")
def refus_postes(tmp_path_factory):
    """One file of postes with every bad line below a good one."""
    dossier = fabrique.petit_departement(tmp_path_factory.mktemp("postes") / "sources")
    lignes = [fabrique.poste("DOUBLE")]
    lignes += [
        {**fabrique.poste(f"P{rang}"), **faute} for rang, (faute, *_) in enumerate(POSTES_FAUX)
    ]
    fabrique.ecrire_postes(dossier, lignes)
    return refus(dossier)


@pytest.fixture(scope="module")
def refus_presences(tmp_path_factory):
    """One file of presences with every bad line below a good one."""
    dossier = fabrique.petit_departement(tmp_path_factory.mktemp("presences") / "sources")
    bonne = {"poste_id": "P1", "uai": UN, "demi_journees": "2", "periodicite": "semaine"}
    fabrique.ecrire_postes(dossier, [fabrique.poste()])
    fabrique.ecrire_presences(dossier, [bonne, *({**bonne, **f[0]} for f in PRESENCES_FAUSSES)])
    return refus(dossier)


@pytest.fixture(scope="module")
def refus_autres(tmp_path_factory):
    """Dispositifs and activity with every bad line."""
    dossier = fabrique.petit_departement(tmp_path_factory.mktemp("autres") / "sources")
    releve = {
        "annee_scolaire": "2025-2026",
        "periode": "annee",
        "uai": UN,
        "indicateur": "entretiens",
        "nombre": "12",
    }
    par_source = {"dispositifs": [], "activite": []}
    for source, faute, *_ in AUTRES_FAUX:
        par_source[source].append({**releve, **faute} if source == "activite" else faute)
    fabrique.ecrire_csv(
        dossier / "dispositifs.csv", fabrique.COLONNES_DISPOSITIFS, par_source["dispositifs"]
    )
    fabrique.ecrire_csv(
        dossier / "activite.csv", fabrique.COLONNES_ACTIVITE, par_source["activite"]
    )
    return refus(dossier)


def ligne_du_message(erreur, fichier, ligne, colonne):
    """The line of the message about one line of one file."""
    lieu = f"{fichier}, ligne {ligne}, colonne « {colonne} »"
    if (erreur.fichier, erreur.ligne, erreur.colonne) == (fichier, ligne, colonne):
        return f"{erreur.quoi.splitlines()[0]} {erreur.remede}"
    [trouvee] = [texte for texte in str(erreur).splitlines() if texte.startswith(lieu)]
    return trouvee


@pytest.mark.parametrize("rang", range(len(POSTES_FAUX)))
def test_a_bad_poste_is_named_with_its_line_column_value_and_remedy(refus_postes, rang):
    """Line 1 is the header, line 2 the good poste: the first bad one is on line 3."""
    _, colonne, valeur, remede = POSTES_FAUX[rang]
    texte = ligne_du_message(refus_postes, "postes.csv", rang + 3, colonne)
    assert f"« {valeur} »" in texte
    assert remede in texte


@pytest.mark.parametrize("rang", range(len(PRESENCES_FAUSSES)))
def test_a_bad_presence_is_named_with_its_line_column_value_and_remedy(refus_presences, rang):
    """A presence of 50 half-days a week or « inf » is a slip of the finger, not a presence."""
    _, colonne, valeur, remede = PRESENCES_FAUSSES[rang]
    texte = ligne_du_message(refus_presences, "presences.csv", rang + 3, colonne)
    assert f"« {valeur} »" in texte
    assert remede in texte


@pytest.mark.parametrize("rang", range(len(AUTRES_FAUX)))
def test_a_bad_line_of_another_local_file_is_named_too(refus_autres, rang):
    """Dispositifs and activity are read as strictly as postes."""
    source, _, colonne, valeur = AUTRES_FAUX[rang]
    avant = [s for s, *_ in AUTRES_FAUX[:rang]].count(source)
    texte = ligne_du_message(refus_autres, f"{source}.csv", avant + 2, colonne)
    assert f"« {valeur} »" in texte


def test_the_refusal_says_that_the_warehouse_in_place_is_intact(refus_postes):
    """The person at the keyboard has lost nothing."""
    assert "l'entrepôt précédent est intact" in str(refus_postes)


def test_beyond_twenty_bad_lines_the_rest_is_counted(tmp_path):
    """A whole column gone wrong does not fill the screen."""
    dossier = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_postes(dossier, [fabrique.poste(f"P{n}", fonction="x") for n in range(25)])
    texte = str(refus(dossier))
    assert texte.count("colonne « fonction »") == 20
    assert "… et 5 autres lignes." in texte


def test_lines_keep_the_number_the_spreadsheet_shows(tmp_path):
    """A blank line and a line of empty cells count as lines, and are nobody's fault."""
    dossier = fabrique.petit_departement(tmp_path / "sources")
    entete = ";".join(fabrique.COLONNES_POSTES)
    bonne, fausse = f"P1;ASS;1;{UN};occupe;;;;", f"P2;ASS;1,5;{UN};occupe;;;;"
    texte = "\r\n".join([entete, bonne, "", ";;;;;;;;", fausse, ";;;;;;;;", ""])
    (dossier / "postes.csv").write_text(texte, encoding="cp1252", newline="")
    erreur = refus(dossier)
    assert (erreur.ligne, erreur.colonne) == (5, "quotite")
    assert "ligne 4" not in str(erreur)


def test_empty_lines_at_the_end_are_no_postes(tmp_path):
    """Excel leaves « ;;;; » under a table: the 2 postes are read, nothing is refused."""
    dossier = fabrique.petit_departement(tmp_path / "sources")
    fichier = fabrique.ecrire_postes(dossier, [fabrique.poste("P1"), fabrique.poste("P2")])
    with fichier.open("a", encoding="utf-8") as flux:
        flux.write(";;;;;;;;\r\n" * 500)
    entrepot = fabrique.construire(dossier)
    with duckdb.connect(str(entrepot), read_only=True) as connexion:
        assert connexion.execute("select count(*) from mart_poste").fetchall() == [(2,)]
        lues = connexion.execute(
            "select lignes_lues from meta_construction where source = 'postes'"
        ).fetchall()
        assert lues == [(2,)]


def test_quotites_are_read_as_people_write_them(tmp_path):
    """0,8 and 0.8, 80 % and 80%, 1 and 1,0 with a space no one sees."""
    dossier = fabrique.petit_departement(tmp_path / "sources")
    ecrits = {"A": "0,8", "B": "0.8", "C": "80 %", "D": "80%", "E": " 1 ", "F": "1,0\u00a0"}
    fabrique.ecrire_postes(dossier, [fabrique.poste(i, quotite=q) for i, q in ecrits.items()])
    entrepot = fabrique.construire(dossier)
    with duckdb.connect(str(entrepot), read_only=True) as connexion:
        lus = dict(connexion.execute("select poste_id, quotite_etp from mart_poste").fetchall())
    assert lus == {"A": 0.8, "B": 0.8, "C": 0.8, "D": 0.8, "E": 1.0, "F": 1.0}


def test_presences_are_put_in_half_days_of_a_cycle(tmp_path):
    """1 a week is 4, 1 a fortnight 2, 1 a month 1; a section's presence goes to its mother."""
    dossier = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_postes(dossier, [fabrique.poste(p) for p in ("A", "B", "C", "D")])
    fabrique.ecrire_presences(
        dossier,
        [
            dict(zip(fabrique.COLONNES_PRESENCES, ligne, strict=True))
            for ligne in (
                ("A", UN, "1", "Semaine"),
                ("B", UN, "1", "quinzaine"),
                ("C", UN, "1", "mois"),
                ("D", fabrique.uai(3), "1,5", "semaine"),
                ("D", fabrique.uai(4), "1", "semaine"),
            )
        ],
    )
    entrepot = fabrique.construire(dossier)
    with duckdb.connect(str(entrepot), read_only=True) as connexion:
        lues = connexion.execute(
            "select poste_id, site_id, demi_journees_cycle from mart_presence order by all"
        ).fetchall()
    assert lues == [("A", UN, 4), ("B", UN, 2), ("C", UN, 1), ("D", fabrique.uai(3), 10)]


def test_a_presence_for_an_unknown_poste_or_place_is_an_anomaly(tmp_path):
    """It is not counted, and someone is told."""
    dossier = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_postes(dossier, [fabrique.poste()])
    bonne = {"poste_id": "P1", "uai": UN, "demi_journees": "2", "periodicite": "mois"}
    ailleurs = fabrique.uai(999)
    fabrique.ecrire_presences(dossier, [{**bonne, "poste_id": "P9"}, {**bonne, "uai": ailleurs}])
    entrepot = fabrique.construire(dossier)
    with duckdb.connect(str(entrepot), read_only=True) as connexion:
        anomalies = connexion.execute(
            "select code, fichier, ligne, colonne, valeur from mart_anomalie "
            "where source = 'presences' order by ligne"
        ).fetchall()
    assert anomalies == [
        ("presence_poste_inconnu", "presences.csv", 2, "poste_id", "P9"),
        ("presence_uai_inconnu", "presences.csv", 3, "uai", ailleurs),
    ]


def test_the_postes_of_a_departement_that_is_not_asked_are_left_out_quietly(tmp_path):
    """An académie's file serves the build of one département: nothing there is an anomaly."""
    dossier = fabrique.petit_departement(tmp_path / "sources")
    gard = {"Code_departement": "030", "Libelle_departement": "Gard"}
    fabrique.ecrire_annuaire(dossier, [fabrique.etablissement(51, **gard)], nom="gard.csv")
    fabrique.ecrire_postes(
        dossier, [fabrique.poste("P1"), fabrique.poste("P2", 51), fabrique.poste("P3", 888)]
    )
    presence = {"poste_id": "P2", "uai": fabrique.uai(51), "demi_journees": "2"}
    fabrique.ecrire_presences(dossier, [{**presence, "periodicite": "mois"}])
    entrepot = fabrique.construire(dossier, departements=["034"])
    with duckdb.connect(str(entrepot), read_only=True) as connexion:
        postes = connexion.execute("select poste_id from mart_poste order by all").fetchall()
        anomalies = connexion.execute(
            "select code, valeur from mart_anomalie where source in ('postes', 'presences')"
        ).fetchall()
    assert postes == [("P1",), ("P3",)]
    assert anomalies == [("residence_inconnue", f"P3\u202f: {fabrique.uai(888)}")]
