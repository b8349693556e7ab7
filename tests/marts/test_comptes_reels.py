"""The real files counted another way: plain `csv`, no project code, compared UAI by UAI."""

import csv
import math
from collections import Counter, defaultdict

import duckdb
import pytest

pytestmark = pytest.mark.reel

SECOND_DEGRE = {"011": 37, "030": 72, "034": 118, "048": 17, "066": 44, "035": 96}
MONTPELLIER = ("011", "030", "034", "048", "066")


@pytest.fixture(scope="module")
def sql(entrepot_reel):
    """Run one query on the warehouse of the real files."""
    connexion = duckdb.connect(str(entrepot_reel), read_only=True)
    yield lambda requete: connexion.execute(requete).fetchall()
    connexion.close()


def lire(fichier, separateur=";"):
    """The rows of a real CSV as dicts, headers in lower case."""
    with fichier.open(encoding="utf-8-sig", newline="") as flux:
        lecteur = csv.reader(flux, delimiter=separateur)
        entetes = [e.strip().lower() for e in next(lecteur)]
        return [dict(zip(entetes, ligne, strict=False)) for ligne in lecteur]


@pytest.fixture(scope="module")
def annuaire(reel):
    """UAI → row, for open public establishments of the ministry (first of two rows kept)."""
    lignes = {}
    for fichier in sorted((reel / "annuaire").glob("*.csv")):
        for ligne in lire(fichier):
            if (
                ligne["statut_public_prive"] == "Public"
                and "EDUCATION NATIONALE" in ligne["ministere_tutelle"].upper()
                and ligne["etat"] == "OUVERT"
            ):
                lignes.setdefault(ligne["identifiant_de_l_etablissement"].strip().upper(), ligne)
    return lignes


@pytest.fixture(scope="module")
def second_degre(annuaire):
    """UAI of a site → the UAIs it holds (itself and its sections)."""
    du_second = {
        uai: ligne
        for uai, ligne in annuaire.items()
        if ligne["type_etablissement"] in ("Collège", "Lycée", "EREA")
    }
    sections = {
        uai: ligne["etablissement_mere"].strip().upper()
        for uai, ligne in du_second.items()
        if ligne["libelle_nature"].upper().startswith("SECTION")
    }
    sites = {uai: {uai} for uai in du_second.keys() - sections.keys()}
    for uai, mere in sections.items():
        sites.setdefault(mere if mere in sites else uai, set()).add(uai)
    return sites


@pytest.fixture(scope="module")
def liste_ep(reel):
    """UAI → (label, UAI of the head of the network), from the REP and REP+ list."""
    [fichier] = (reel / "education_prioritaire").glob("*.csv")
    liste = {}
    for ligne in lire(fichier):
        uai = ligne["numero"].strip().upper()
        if uai:
            liste.setdefault(uai, (ligne["ep"].strip(), ligne["uai tête de réseau"].upper()))
    return liste


@pytest.fixture(scope="module")
def ecoles(annuaire, liste_ep):
    """Head of network → its open public écoles REP+, as the list says."""
    reseaux = defaultdict(set)
    for uai, ligne in annuaire.items():
        if ligne["type_etablissement"] == "Ecole" and liste_ep.get(uai, ("", ""))[0] == "REP+":
            reseaux[liste_ep[uai][1]].add(uai)
    return reseaux


def departement(annuaire, uai):
    return annuaire[uai]["code_departement"].zfill(3)


def test_the_second_degree_sites_are_those_of_a_count_by_hand(sql, annuaire, second_degre):
    """288 in the académie of Montpellier, 96 in Ille-et-Vilaine, the same UAIs on both sides."""
    du_mart = sql("select uai_principal from mart_site where nature = 'etablissement'")
    assert {uai for (uai,) in du_mart} == set(second_degre)
    compte = Counter(departement(annuaire, uai) for uai in second_degre)
    assert compte == SECOND_DEGRE
    assert sum(compte[d] for d in MONTPELLIER) == 288


@pytest.mark.parametrize(
    ("departements", "rep_plus", "rep"), [(MONTPELLIER, 16, 16), (("035",), 1, 6)]
)
def test_the_sites_in_priority_education_are_those_of_the_list(
    sql, annuaire, second_degre, liste_ep, departements, rep_plus, rep
):
    """16 REP+ and 16 REP in Montpellier, 1 and 6 in Ille-et-Vilaine."""
    attendu = {
        uai: liste_ep[uai][0]
        for uai in second_degre
        if uai in liste_ep and departement(annuaire, uai) in departements
    }
    du_mart = sql(
        "select uai_principal, ep from mart_site where nature = 'etablissement' "
        f"and ep is not null and departement in {(*departements, '')}"
    )
    assert dict(du_mart) == attendu
    assert Counter(attendu.values()) == {"REP+": rep_plus, "REP": rep}


@pytest.mark.parametrize(
    ("departements", "sites", "nombre"), [(MONTPELLIER, 16, 116), (("035",), 1, 5)]
)
def test_the_ecoles_rep_plus_are_one_site_for_each_network(
    sql, annuaire, ecoles, departements, sites, nombre
):
    """16 sites of 116 écoles in Montpellier, 1 site of 5 écoles in Ille-et-Vilaine."""
    attendu = {
        tete: membres
        for tete, membres in ecoles.items()
        if departement(annuaire, min(membres)) in departements
    }
    du_mart = defaultdict(set)
    for tete, uai in sql(
        "select mart_site.uai_principal, uai from mart_rattachement "
        "join mart_site using (site_id) where nature = 'ecoles_rep_plus' "
        f"and departement in {(*departements, '')}"
    ):
        du_mart[tete].add(uai)
    assert du_mart == attendu
    assert len(attendu) == sites
    assert sum(len(membres) for membres in attendu.values()) == nombre


def test_ecoles_with_cycle_3_are_counted_apart_from_maternelles(sql, annuaire, ecoles):
    """An école maternelle alone (nature 101) has no cycle 3; any other école REP+ has."""
    attendu = {}
    for tete, membres in ecoles.items():
        maternelles = sum(annuaire[uai]["code_nature"] == "101" for uai in membres)
        attendu[tete] = (len(membres) - maternelles, maternelles)
    du_mart = sql(
        "select uai_principal, nb_ecoles_elementaires, nb_ecoles_maternelles "
        "from mart_site where nature = 'ecoles_rep_plus'"
    )
    assert {tete: (e, m) for tete, e, m in du_mart} == attendu


def test_sections_are_in_the_site_of_their_mother(sql, second_degre):
    """A section with its own UAI (SEP, SGT, SEGPA) is no site of its own: no double count."""
    attendu = {(uai, site) for site, membres in second_degre.items() for uai in membres}
    du_mart = sql("select uai, site_id from mart_rattachement where raison != 'ecole_rep_plus'")
    assert set(du_mart) == attendu
    sections = [s for s in second_degre.values() if len(s) > 1]
    assert sections, "the real files hold sections: the count would prove nothing without them"


def test_the_section_of_an_agricultural_lycee_is_a_site_of_its_own(sql, annuaire, second_degre):
    """Its mother is under another ministry: the section stays, and the anomaly says why."""
    orphelines = {
        uai for uai in second_degre if annuaire[uai]["libelle_nature"].upper().startswith("SECTION")
    }
    assert orphelines
    signalees = sql("select valeur from mart_anomalie where code = 'mere_hors_perimetre'")
    assert {valeur[:8] for (valeur,) in signalees} == orphelines
    raisons = sql("select uai from mart_rattachement where raison = 'section_sans_mere'")
    assert {uai for (uai,) in raisons} == orphelines


def test_no_site_is_without_position(sql):
    """A site nobody can place is a site nobody is sent to."""
    assert sql("select site_id from mart_site where latitude is null or longitude is null") == []
    assert sql("select count(*) from mart_site where latitude not between 41 and 51.2") == [(0,)]


def test_a_new_college_without_coordinates_takes_those_of_its_commune(sql, annuaire, second_degre):
    """0342579U (Juvignac) opened without coordinates: it stands in Juvignac, and says so."""
    sans = {
        uai for membres in second_degre.values() for uai in membres if not annuaire[uai]["latitude"]
    }
    marques = sql(
        "select uai from mart_etablissement where dans_perimetre and type != 'ECOLE' "
        "and qualite_position = 'commune'"
    )
    assert {uai for (uai,) in marques} == sans
    assert "0342579U" in sans


def test_rows_are_conserved_file_by_file(sql, reel):
    """Rows read = rows kept + rows merged + rows rejected, and rows read = rows of the file."""
    lignes = sql(
        "select fichier, lignes_lues, lignes_gardees + lignes_fusionnees + lignes_rejetees "
        "from meta_construction where fichier like '%.csv'"
    )
    vus = 0
    for fichier, lues, retrouvees in lignes:
        assert lues == retrouvees, fichier
        if (reel / fichier).is_file():
            separateur = "," if fichier.endswith("donnees-dnb.csv") else ";"
            assert lues == len(lire(reel / fichier, separateur)), fichier
            vus += 1
    assert vus == 12


def test_every_known_value_has_its_year_and_its_source(sql):
    """A number without a year or a source can't be defended before a committee."""
    assert (
        sql(
            "select uai from mart_etablissement where (effectif is not null) "
            "!= (effectif_rentree is not null and effectif_source is not null)"
        )
        == []
    )
    assert (
        sql(
            "select uai from mart_etablissement where (ips is not null) "
            "!= (ips_rentree is not null and ips_source is not null)"
        )
        == []
    )
    for dispositif in ("segpa", "ulis", "upe2a", "relais", "internat"):
        assert (
            sql(
                f"select uai from mart_etablissement where ({dispositif} is null) "
                f"!= ({dispositif}_source is null)"
            )
            == []
        )


def test_every_known_value_names_a_file_of_the_build_and_that_file_has_a_vintage(sql):
    """Label, pupils, index, position, density, bassin, dispositifs, type: who said it, and when."""
    millesimes = dict(sql("select fichier, millesime from meta_construction"))
    assert all(millesimes.values())
    for valeur, colonne in {
        "type": "fichier",
        "effectif": "effectif_fichier",
        "ips": "ips_fichier",
        "ep": "ep_fichier",
        "densite": "densite_fichier",
        "latitude": "position_fichier",
        "bassin": "bassin_fichier",
        "a_bureau": "conditions_fichier",
        "eleves_segpa": "eleves_segpa_fichier",
        "eleves_ulis": "eleves_ulis_fichier",
        **{d: f"{d}_fichier" for d in ("segpa", "ulis", "upe2a", "relais", "internat")},
    }.items():
        orphelines = sql(
            f"select uai from mart_etablissement where {valeur} is not null and {colonne} is null"
        )
        assert orphelines == [], valeur
        cites = sql(
            f"select distinct {colonne} from mart_etablissement where {colonne} is not null"
        )
        assert {f for (c,) in cites for f in c.split(" + ")} <= millesimes.keys(), valeur


def test_an_unknown_enrolment_stays_unknown(sql):
    """No zero stands for « unknown », and each unknown is in the anomalies."""
    inconnus = sql(
        "select uai from mart_etablissement where dans_perimetre and effectif is null "
        "and type != 'ECOLE' and not est_section"
    )
    signales = sql("select valeur from mart_anomalie where code = 'effectif_inconnu'")
    assert {u for (u,) in inconnus} == {valeur[:8] for (valeur,) in signales}


def test_the_enrolment_of_a_lycee_adds_its_two_voices_of_the_newest_year(sql, reel, second_degre):
    """GT and pro pupils of one UAI are different pupils; the newest rentrée of either wins."""
    par_annee = defaultdict(lambda: defaultdict(int))
    for voie in ("gt", "pro"):
        for ligne in lire(reel / "effectifs" / f"fr-en-lycee_{voie}-effectifs-niveau-sexe-lv.csv"):
            if ligne["nombre_d_eleves"]:
                annee = int(ligne["rentree_scolaire"])
                par_annee[ligne["numero_lycee"]][annee] += int(ligne["nombre_d_eleves"])
    du_mart = sql(
        "select uai, effectif, effectif_rentree from mart_etablissement where dans_perimetre "
        "and departement != '035' and effectif_source in "
        "('effectifs_lycees_gt', 'effectifs_lycees_pro', "
        "'effectifs_lycees_gt + effectifs_lycees_pro')"
    )
    assert len(du_mart) > 60
    for uai, effectif, rentree in du_mart:
        assert rentree == max(par_annee[uai]), uai
        assert effectif == par_annee[uai][rentree], uai


def test_college_pupils_joined_to_the_brevet_are_those_of_the_year_before(sql, reel):
    """« Session 2021 » carries the pupils of rentrée 2020: collèges of Montpellier."""
    brevet = {
        ligne["numero_college"]: int(ligne["nombre_eleves_total"])
        for ligne in lire(reel / "effectifs" / "donnees-dnb.csv", ",")
        if ligne["nombre_eleves_total"]
    }
    du_mart = sql(
        "select uai, effectif, effectif_rentree from mart_etablissement "
        "where effectif_source = 'effectifs_brevet' and dans_perimetre"
    )
    assert len(du_mart) > 150
    assert {(uai, brevet[uai], 2020) for uai, _, _ in du_mart} == set(du_mart)


def test_the_newest_enrolment_of_a_college_of_rennes_comes_before_an_older_one(sql, reel):
    """2021 by the collège file, else the académie's file: the newest wins, never the biggest."""
    par_annee = defaultdict(dict)
    for ligne in lire(reel / "effectifs" / "fr-en-college-effectifs-niveau-sexe-lv.035.csv"):
        [total] = [v for c, v in ligne.items() if c.startswith("nombre d'élèves total (")]
        if total:
            par_annee[ligne["numéro du collège"]][int(ligne["rentrée scolaire"])] = int(total)
    du_mart = sql(
        "select uai, effectif, effectif_rentree from mart_etablissement where departement = '035' "
        "and dans_perimetre and effectif_source = 'effectifs_colleges'"
    )
    assert len(du_mart) > 30
    for uai, effectif, rentree in du_mart:
        assert rentree == max(par_annee[uai]), uai
        assert effectif == par_annee[uai][rentree], uai


def test_the_ips_of_a_college_is_that_of_the_file(sql, reel):
    """The index of 2022-2023, written 2022."""
    publies = {
        ligne["uai"]: float(ligne["ips"])
        for ligne in lire(reel / "ips" / "fr-en-ips-colleges-ap2022.csv")
        if ligne["ips"] not in ("", "NS")
    }
    du_mart = sql(
        "select uai, ips, ips_rentree, ips_source from mart_etablissement "
        "where type = 'COLLEGE' and dans_perimetre"
    )
    assert len(du_mart) > 200
    for uai, ips, rentree, source in du_mart:
        if uai in publies:
            assert (ips, rentree, source) == (publies[uai], 2022, "ips_colleges"), uai
        else:  # a cité scolaire under one UAI may have the index of its lycée, and says so
            assert source in (None, "ips_lycees"), uai


def test_one_uai_on_two_rows_is_one_establishment_and_an_anomaly(sql):
    """0342266D is a Collège and a Lycée; 0350778F stands in two communes."""
    for uai in ("0342266D", "0350778F", "0350852L", "0352072M"):
        assert sql(f"select count(*) from mart_etablissement where uai = '{uai}'") == [(1,)]
    fusions = sql(
        "select code, valeur from mart_anomalie where code in ('uai_deux_lignes', "
        "'uai_deux_communes') and source = 'annuaire'"
    )
    assert set(fusions) == {
        ("uai_deux_lignes", "0342266D"),
        ("uai_deux_communes", "0350778F"),
        ("uai_deux_communes", "0350852L"),
        ("uai_deux_lignes", "0352072M"),
    }


def test_simulated_postes_say_so_everywhere(sql):
    """No figure of a simulated poste can be read without the warning."""
    assert sql("select count(*) from mart_poste where not est_simule") == [(0,)]
    assert [c for (c,) in sql("select code from meta_avertissement")] == ["simule"]
    etp = dict(
        sql(
            "select departement, sum(quotite_etp) from mart_poste where fonction = 'ASS' "
            "group by departement"
        )
    )
    assert {d: round(v) for d, v in etp.items()} == {"034": 45, "035": 38}


def dispositifs_des_fichiers(reel):
    """UAI → (rentrée, SEGPA pupils, ULIS pupils): the newest of the two files that count them."""
    comptes = defaultdict(dict)
    for ligne in lire(reel / "effectifs" / "donnees-dnb.csv", ","):
        nombres = int(ligne["nombre_eleves_segpa"]), int(ligne["nombre_eleves_ulis"])
        comptes[ligne["numero_college"]][int(ligne["session"]) - 1] = nombres
    # read last: for the same rentrée the collège file comes before the one of the brevet
    for ligne in lire(reel / "effectifs" / "fr-en-college-effectifs-niveau-sexe-lv.035.csv"):
        comptes[ligne["numéro du collège"]][int(ligne["rentrée scolaire"])] = (
            int(ligne["nombre d'élèves total segpa"]),
            int(ligne["nombre d'élèves total ulis"]),
        )
    return {uai: (max(annees), *annees[max(annees)]) for uai, annees in comptes.items()}


def test_segpa_and_ulis_pupils_of_a_college_are_those_of_the_newest_file_that_counts_them(
    sql, reel
):
    """Rentrée 2021 in Ille-et-Vilaine by the collège file, 2020 in Montpellier by the brevet."""
    comptes = dispositifs_des_fichiers(reel)
    du_mart = {
        uai: (annee, segpa, ulis, annee_ulis, source)
        for uai, annee, segpa, ulis, annee_ulis, source in sql(
            "select uai, eleves_segpa_rentree, eleves_segpa, eleves_ulis, eleves_ulis_rentree, "
            "eleves_segpa_source from mart_etablissement where dans_perimetre "
            "and eleves_segpa is not null"
        )
    }
    assert {u: v[:3] for u, v in du_mart.items()} == {u: comptes[u] for u in du_mart}
    assert all(v[0] == v[3] for v in du_mart.values())
    assert Counter((v[0], v[4]) for v in du_mart.values()) == Counter(
        {(2021, "effectifs_colleges"): 75, (2020, "effectifs_brevet"): 201}
    )


def test_the_herault_counts_1328_segpa_pupils_and_ille_et_vilaine_1396(sql):
    """Totals of the two files, public sector, added up in a spreadsheet; EREA classes included."""
    assert sql(
        "select departement, count(eleves_segpa), sum(eleves_segpa), sum(eleves_ulis) "
        "from mart_site where departement in ('034', '035') group by all order by all"
    ) == [("034", 77, 1328, 654), ("035", 75, 1396, 340)]


def test_pupils_of_segpa_and_ulis_are_unknown_where_no_file_counts_them(sql, reel):
    """An establishment that neither file names has an empty cell, never a zero."""
    comptes = dispositifs_des_fichiers(reel)
    sans = {u for (u,) in sql("select uai from mart_etablissement where eleves_segpa is null")}
    avec = {u for (u,) in sql("select uai from mart_etablissement where eleves_ulis is not null")}
    assert len(sans) > 100
    assert not sans & comptes.keys()
    assert avec <= comptes.keys()


def test_remoteness_is_the_great_circle_distance_to_the_nearest_other_second_degree_site(sql):
    """Counted again by the haversine formula over all pairs of the six départements."""
    sites = sql("select site_id, nature, latitude, longitude, eloignement_km from mart_site")
    voisins = [s for s in sites if s[1] == "etablissement" and s[2] is not None]
    for site_id, _, latitude, longitude, eloignement in sites:
        if latitude is None:
            assert eloignement is None
            continue
        attendu = min(
            haversine(latitude, longitude, v[2], v[3]) for v in voisins if v[0] != site_id
        )
        assert eloignement == pytest.approx(attendu, rel=0.005, abs=0.01), site_id


def haversine(latitude_a, longitude_a, latitude_b, longitude_b):
    """Kilometres on a sphere of 6 371 km."""
    a, b = math.radians(latitude_a), math.radians(latitude_b)
    dl = math.radians(longitude_b - longitude_a)
    h = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(dl / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(h))
