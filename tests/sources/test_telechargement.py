"""A download is whole, checked and dated, or it leaves everything as it was and says why."""

import csv
import gzip
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import duckdb
import fabrique
import pytest
from typer.testing import CliRunner

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.cli import app
from pipelines.marts import construction
from pipelines.sources import demandes, telechargement, transferts
from pipelines.sources.cartes import cartes, normaliser
from pipelines.sources.demandes import ECHEC, INCHANGE, RECU, VIDE
from pipelines.sources.fichiers import Fichier, fichiers
from pipelines.sources.transferts import Reglages

JOUR = date(2026, 11, 21)
LENDEMAIN = JOUR + timedelta(days=1)
ESSAIS = 3
PRESSE = Reglages(
    essais_max=ESSAIS,
    attente_base_s=1.0,
    attente_max_s=60.0,
    part_alea=0.0,
    delai_connexion_s=2.0,
    delai_lecture_s=0.3,
    duree_max_s=100.0,
    taille_max_mo=1.0,
    redirections_max=5,
)
BREF = Reglages(**{**PRESSE.__dict__, "duree_max_s": 0.6})
CSV = "text/csv; charset=utf-8"
HTML = b"<!doctype html><html><body>Maintenance en cours</body></html>"

# ---------------------------------------------------------------- the service


class Service(BaseHTTPRequestHandler):
    """Answers by the next scenario of its server, then by its last one for ever."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.demandes.append((self.path, dict(self.headers)))
        suite = self.server.scenarios
        (suite.pop(0) if suite else self.server.ensuite)(self)

    def repondre(self, corps=b"", statut=200, **entetes):
        self.send_response(statut)
        for nom, valeur in {"Content_Type": CSV, "Content_Length": len(corps), **entetes}.items():
            if valeur is not None:
                self.send_header(nom.replace("_", "-"), str(valeur))
        self.end_headers()
        if statut != 304:
            self.wfile.write(corps)

    def log_message(self, *_):
        pass


@contextmanager
def service(ensuite, *scenarios):
    """A server on loopback: each of `scenarios` answers once, then `ensuite` for ever."""
    serveur = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    serveur.daemon_threads, serveur.block_on_close = True, False
    serveur.ensuite, serveur.scenarios, serveur.demandes = ensuite, list(scenarios), []
    serveur.adresse = f"http://127.0.0.1:{serveur.server_address[1]}"
    fil = threading.Thread(target=serveur.serve_forever, kwargs={"poll_interval": 0.02})
    fil.start()
    try:
        yield serveur
    finally:
        serveur.shutdown()
        fil.join()
        serveur.server_close()


@pytest.fixture(autouse=True)
def sans_mandataire(monkeypatch):
    """The settings of the machine that runs the tests stay out of them."""
    for nom in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(nom, raising=False)
        monkeypatch.delenv(nom.upper(), raising=False)


@pytest.fixture
def attentes():
    """The waits asked for, instead of waited."""
    return []


def texte_csv(entetes, *lignes):
    """A CSV as the services write it; `entetes` is a list, or names between spaces."""
    entetes = entetes.split() if isinstance(entetes, str) else entetes
    flux = io.StringIO()
    ecrivain = csv.writer(flux, delimiter=";", lineterminator="\r\n")
    ecrivain.writerows([entetes, *lignes])
    return ("\ufeff" + flux.getvalue()).encode()


def annuaire(*numeros, **autres):
    """The bytes of an annuaire export of the Hérault."""
    lignes = [fabrique.etablissement(n, **autres) for n in numeros]
    return texte_csv(
        [c.lower() for c in fabrique.COLONNES_ANNUAIRE], *([*ligne.values()] for ligne in lignes)
    )


ANNUAIRE = annuaire(1, 2)
AUTRE_ANNUAIRE = annuaire(1, 2, 3)


def servir(corps, **entetes):
    """A scenario: this body, with these headers."""
    return lambda s: s.repondre(corps, **entetes)


def jeux_fictifs(dossier):
    """The data sets as their services name the columns today, for the Hérault."""
    fabrique.ecrire_densite(dossier, {"34001": 2, "34002": 6})
    fabrique.ecrire_contours(dossier)
    college, lycee, ecole = fabrique.uai(1), fabrique.uai(3), fabrique.uai(11)
    etablissements = [
        fabrique.etablissement(1),
        fabrique.etablissement(3, "Lycée"),
        fabrique.etablissement(11, "Ecole"),
    ]
    ips = ["rentree_scolaire", "code_du_departement", "uai"]
    return {
        "fr-en-annuaire-education": texte_csv(
            [c.lower() for c in fabrique.COLONNES_ANNUAIRE],
            *([*ligne.values()] for ligne in etablissements),
        ),
        "fr-en-etablissements-ep": texte_csv(
            "uai ep_2022_2023 nom_etablissement type_etablissement statut_public_prive nom_commune "
            "uai_tete_de_reseau code_departement code_nature",
            *(
                [u, "REP+", "FICTIF", t, "Public", "Commune 1", college, "034", "340"]
                for u, t in ((college, "Collège"), (ecole, "Ecole"))
            ),
        ),
        "fr-en-ips-colleges-ap2023": texte_csv(
            [*ips, "ips", "ecart_type_de_l_ips"], ["2025-2026", "034", college, "88.4", "30.1"]
        ),
        "fr-en-ips-lycees-ap2023": texte_csv(
            [*ips, "type_de_lycee", "ips_voie_gt", "ips_voie_pro", "ips_etab"],
            ["2025-2026", "034", lycee, "LPO", "104", "80", "96.5"],
        ),
        "fr-en-ips-ecoles-ap2022": texte_csv([*ips, "ips"], ["2024-2025", "034", ecole, "71"]),
        "fr-en-college-effectifs-niveau-sexe-lv": texte_csv(
            ["rentree_scolaire", "code_dept", "numero_college", "nombre_eleves_total"],
            ["2025", "034", college, "512"],
        ),
        "fr-en-lycee_gt-effectifs-niveau-sexe-lv": texte_csv(
            "rentree_scolaire code_departement_pays numero_lycee nombre_d_eleves 2ndes_gt",
            ["2025", "034", lycee, "700", "240"],
        ),
        "fr-en-lycee_pro-effectifs-niveau-sexe-lv": texte_csv(
            "rentree_scolaire code_departement numero_lycee nombre_d_eleves 2ndes_pro",
            ["2025", "034", lycee, "210", "80"],
        ),
        "fr-en-ecoles-effectifs-nb_classes": texte_csv(
            "rentree_scolaire code_departement numero_ecole nombre_total_classes "
            "nombre_total_eleves",
            ["2025", "034", ecole, "8", "190"],
        ),
        "communes": (dossier / "contours.geojson").read_bytes(),
        "grille_densite_7_niveaux_2024": (dossier / "densite.xlsx").read_bytes(),
    }


def jeu_de(chemin):
    """The data set a path asks for."""
    parties = [p.removesuffix(".xlsx") for p in urlsplit(chemin).path.split("/")]
    return parties[-3] if parties[-1] == "csv" else parties[-1]


def bibliotheque(jeux, **entetes):
    """A scenario: the data set asked for, or 404."""

    def repondre(s):
        corps = jeux.get(jeu_de(s.path))
        if corps is None:
            s.repondre(b'{"message": "dataset inconnu"}', statut=404)
        else:
            s.repondre(corps, **entetes)

    return repondre


def telecharger(serveur, sortie, attentes=None, sources=("annuaire",), reglages=PRESSE, jour=JOUR):
    """The files of the Hérault, from the server, without waiting."""
    attendre = time.sleep if attentes is None else attentes.append
    return telechargement.telecharger(
        ["034"],
        sortie,
        miroir=serveur.adresse,
        sources=sources,
        reglages=reglages,
        jour=jour,
        attendre=attendre,
        hasard=lambda: 1.0,
    )


def arbre(dossier):
    """Every file under `dossier`, hidden ones too, with its bytes."""
    return {
        f.relative_to(dossier).as_posix(): f.read_bytes()
        for f in sorted(dossier.rglob("*"))
        if f.is_file()
    }


def donnees(dossier):
    """The same, fingerprints apart."""
    return {n: b for n, b in arbre(dossier).items() if not n.endswith(".empreinte.json")}


NOM = "annuaire/2026-11-21/fr-en-annuaire-education.034.2026-11-21.csv"

# ---------------------------------------------------------------- territories and addresses


def test_every_departement_belongs_to_one_academie_of_thirty():
    """101 départements, 30 académies since Normandie."""
    with (chemins.REFERENCE / "academies.csv").open(encoding="utf-8", newline="") as flux:
        lignes = list(csv.DictReader(flux))
    codes = [ligne["departement"] for ligne in lignes]
    assert len(codes) == len(set(codes)) == 101
    assert len({ligne["academie"] for ligne in lignes}) == 30
    assert all(re.fullmatch(r"0\d\d|02[AB]|97\d", code) for code in codes)


@pytest.mark.reel
def test_the_academies_are_those_of_the_real_ips_file(reel):
    """Each académie of the file has the départements of the table, and no other."""
    reels = {}
    with (reel / "ips" / "fr-en-ips-ecoles-ap2022.csv").open(encoding="utf-8-sig") as flux:
        for ligne in csv.DictReader(flux, delimiter=";"):
            reels.setdefault(ligne["academie"], set()).add(ligne["code_du_departement"])
    assert len(reels) == 30
    for academie, codes in reels.items():
        assert set(demandes.departements_de(academie)) == codes, academie


@pytest.mark.parametrize("nom", ["montpellier", "MONTPELLIER", "Académie de Montpellier"])
def test_an_academie_is_known_however_it_is_written(nom):
    assert demandes.departements_de(nom) == ["011", "030", "034", "048", "066"]


def test_an_unknown_academie_or_departement_is_refused_with_what_is_allowed(tmp_path):
    with pytest.raises(AtlasError, match="Nancy-Metz"):
        demandes.departements_de("montpelier")
    with pytest.raises(AtlasError, match="034, 02A"):
        telechargement.telecharger(["34"], tmp_path)
    with pytest.raises(AtlasError, match="Aucun département"):
        telechargement.telecharger([], tmp_path)
    with pytest.raises(AtlasError, match="miroir"):
        telechargement.telecharger(["034"], tmp_path, miroir="ftp://miroir")
    assert list(tmp_path.iterdir()) == []


def test_every_public_source_says_where_it_is_fetched_or_why_it_is_not():
    for carte in cartes().values():
        fiche = carte.telechargement
        assert (fiche is None) == carte.est_locale, carte.nom
        if fiche is None:
            continue
        assert fiche.mode in ("explore", "par_departement", "national", "aucun")
        if fiche.mode == "aucun":
            assert fiche.motif
            continue
        assert fiche.adresse.startswith("https://")
        assert fiche.jeu
        assert fiche.extension in ("csv", "xlsx", "geojson")
        assert bool(fiche.colonne_departement) == (fiche.mode == "explore")


def test_an_export_asks_for_the_departement_in_every_spelling():
    """The data sets write 034, 34 or 4: a row is found whichever they take."""
    [demande] = [d for d in demandes.demandes(["004"]) if d.carte.nom == "ips_ecoles"]
    options = parse_qs(urlsplit(demande.adresse).query)
    assert demande.adresse.startswith(
        "https://data.education.gouv.fr/api/explore/v2.1/catalog/datasets/"
        "fr-en-ips-ecoles-ap2022/exports/csv?"
    )
    assert options["where"] == [
        'code_du_departement="004" or code_du_departement="04" or code_du_departement="4"'
    ]
    assert (options["delimiter"], options["use_labels"]) == ([";"], ["false"])


@pytest.mark.parametrize(
    ("departement", "chemin"),
    [("034", "departements/34/"), ("02A", "departements/2A/"), ("974", "departements/974/")],
)
def test_contours_are_asked_for_under_the_insee_code(departement, chemin):
    [demande] = [d for d in demandes.demandes([departement]) if d.carte.nom == "contours"]
    assert chemin in demande.adresse
    assert "format=geojson" in demande.adresse


# ---------------------------------------------------------------- what comes is usable


def test_what_is_downloaded_builds_a_warehouse(tmp_path):
    """Every source of one département, as the services name their columns, then a build."""
    jeux = jeux_fictifs(tmp_path)
    brut = tmp_path / "brut"
    etapes = []
    with service(bibliotheque(jeux)) as serveur:
        bilan = telechargement.telecharger(
            ["034"],
            brut,
            miroir=serveur.adresse,
            reglages=PRESSE,
            jour=JOUR,
            progres=lambda etape, part: etapes.append((etape, part)),
        )
    assert [r.erreur for r in bilan.de(ECHEC)] == []
    assert len(bilan.de(RECU)) == len(jeux)
    assert set(bilan.non_servies) == {"effectifs_brevet", "effectifs_second_degre"}
    assert {r.demande.departement for r in bilan.resultats if r.demande.carte.nom == "densite"} == {
        None
    }
    parts = [part for _, part in etapes]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0

    entrepot = fabrique.construire(brut, tmp_path / "atlas.duckdb")
    with duckdb.connect(str(entrepot), read_only=True) as connexion:
        lus = connexion.execute("select distinct source from meta_construction").fetchall()
        lignes = connexion.execute(
            "select uai, effectif, ips, ep, densite from mart_etablissement order by uai"
        ).fetchall()
    assert {nom for (nom,) in lus} == {r.demande.carte.nom for r in bilan.resultats}
    assert lignes == [
        (fabrique.uai(1), 512, 88.4, "REP+", 2),
        (fabrique.uai(3), 910, 96.5, None, 2),
        (fabrique.uai(11), 190, 71.0, "REP+", 2),
    ]


@pytest.mark.reel
def test_the_real_files_replayed_for_one_departement_build_a_warehouse(reel, tmp_path):
    """The server filters as the service does; the rows that arrive are those of the real files."""
    reels = {
        "fr-en-annuaire-education": "annuaire/fr-en-annuaire-education.035.2023-06-08.csv",
        "fr-en-etablissements-ep": "education_prioritaire/liste-des-rep-et-rep-rentree-2022.csv",
        "fr-en-ips-colleges-ap2023": "ips/fr-en-ips-colleges-ap2022.csv",
        "fr-en-ips-lycees-ap2023": "ips/fr-en-ips-lycees-ap2022.csv",
        "fr-en-ips-ecoles-ap2022": "ips/fr-en-ips-ecoles-ap2022.csv",
        "fr-en-college-effectifs-niveau-sexe-lv": (
            "effectifs/fr-en-college-effectifs-niveau-sexe-lv.035.csv"
        ),
        "fr-en-lycee_gt-effectifs-niveau-sexe-lv": (
            "effectifs/fr-en-lycee_gt-effectifs-niveau-sexe-lv.csv"
        ),
        "fr-en-lycee_pro-effectifs-niveau-sexe-lv": (
            "effectifs/fr-en-lycee_pro-effectifs-niveau-sexe-lv.csv"
        ),
        "fr-en-ecoles-effectifs-nb_classes": (
            "effectifs/fr-en-ecoles-effectifs-nb_classes.035.csv"
        ),
        "communes": "contours/communes-35-ille-et-vilaine.geojson",
        "grille_densite_7_niveaux_2024": "densite/grille_densite_7_niveaux_2022.xlsx",
    }
    servies = Counter()

    def rejouer(s):
        jeu = jeu_de(s.path)
        octets = (reel / reels[jeu]).read_bytes()
        if reels[jeu].endswith(".csv"):
            filtre = parse_qs(urlsplit(s.path).query)["where"][0]
            octets, servies[jeu] = filtrer(octets, set(re.findall(r'"([^"]+)"', filtre)))
        s.repondre(octets, Last_Modified="Thu, 08 Jun 2023 10:00:00 GMT")

    def filtrer(octets, codes):
        """The rows of one département, by its code or, where the file has none, by its name."""
        entete, *lignes = csv.reader(io.StringIO(octets.decode("utf-8-sig")), delimiter=";")
        noms = [normaliser(e) for e in entete]
        voulus, colonnes = codes | {"ILLE-ET-VILAINE"}, ("code_departement", "code_du_departement")
        colonne = next(
            noms.index(c) for c in (*colonnes, "n_departement", "departement") if c in noms
        )
        gardees = [ligne for ligne in lignes if ligne[colonne] in voulus]
        return texte_csv(entete, *gardees), len(gardees)

    brut = tmp_path / "brut"
    reglages = Reglages(**{**PRESSE.__dict__, "taille_max_mo": 20.0, "delai_lecture_s": 10.0})
    with service(rejouer) as serveur:
        bilan = telechargement.telecharger(
            ["035"], brut, miroir=serveur.adresse, reglages=reglages, jour=JOUR
        )
    assert [r.erreur for r in bilan.de(ECHEC)] == []
    assert len(bilan.de(RECU)) == len(reels)
    assert {r.millesime for r in bilan.resultats} == {"2023-06-08"}
    entrepot = fabrique.construire(brut, tmp_path / "atlas.duckdb")
    with duckdb.connect(str(entrepot), read_only=True) as connexion:
        lues = dict(
            connexion.execute("select fichier, lignes_lues from meta_construction").fetchall()
        )
    assert {Path(f).name.split(".")[0]: n for f, n in lues.items() if f.endswith(".csv")} == servies
    assert servies["fr-en-annuaire-education"] == 996
    assert min(servies.values()) > 50


def test_a_file_is_ranged_by_source_and_vintage_with_its_fingerprint(tmp_path):
    with service(servir(ANNUAIRE, ETag='"v1"')) as serveur:
        [resultat] = telecharger(serveur, tmp_path).resultats
        [(chemin, entetes)] = serveur.demandes
    assert resultat.etat == RECU
    assert donnees(tmp_path) == {NOM: ANNUAIRE}
    assert resultat.fichier == tmp_path / NOM
    note = json.loads((tmp_path / f"{NOM}.empreinte.json").read_text(encoding="utf-8"))
    assert note["adresse"] == serveur.adresse + chemin
    assert note["sha256"] == Fichier(NOM, tmp_path / NOM).empreinte()
    assert (note["etag"], note["octets"]) == ('"v1"', len(ANNUAIRE))
    assert (note["millesime"], note["millesime_vient_de"]) == ("2026-11-21", "jour de la demande")
    assert entetes["User-Agent"].startswith("atlas-ssfe/")
    assert "If-None-Match" not in entetes


def test_the_vintage_is_the_day_the_service_last_changed_the_file(tmp_path):
    with service(servir(ANNUAIRE, Last_Modified="Mon, 02 Nov 2026 23:30:00 GMT")) as serveur:
        [resultat] = telecharger(serveur, tmp_path).resultats
    assert resultat.millesime == "2026-11-02"
    assert list(donnees(tmp_path)) == [
        "annuaire/2026-11-02/fr-en-annuaire-education.034.2026-11-02.csv"
    ]


# ---------------------------------------------------------------- what has not changed


def test_an_unchanged_file_is_asked_for_with_its_etag_and_not_sent_again(tmp_path):
    """304: the file stays, its fingerprint says it was checked."""

    def si_change(s):
        inchange = s.headers.get("If-None-Match") == '"v1"'
        date_ = "Mon, 02 Nov 2026 10:00:00 GMT"
        s.repondre(ANNUAIRE, statut=304 if inchange else 200, ETag='"v1"', Last_Modified=date_)

    with service(si_change) as serveur:
        telecharger(serveur, tmp_path)
        avant = donnees(tmp_path)
        [resultat] = telecharger(serveur, tmp_path, jour=LENDEMAIN).resultats
        derniers = serveur.demandes[-1][1]
    assert resultat.etat == INCHANGE
    assert derniers["If-None-Match"] == '"v1"'
    assert derniers["If-Modified-Since"] == "Mon, 02 Nov 2026 10:00:00 GMT"
    assert donnees(tmp_path) == avant
    assert resultat.fichier in [tmp_path / n for n in avant]
    assert json.loads(arbre(tmp_path)[f"{next(iter(avant))}.empreinte.json"])["etag"] == '"v1"'


def test_the_same_bytes_another_day_make_no_second_vintage(tmp_path):
    """A service without ETag nor date sends everything again: nothing is doubled."""
    with service(servir(ANNUAIRE)) as serveur:
        telecharger(serveur, tmp_path)
        [resultat] = telecharger(serveur, tmp_path, jour=LENDEMAIN).resultats
    assert resultat.etat == INCHANGE
    assert donnees(tmp_path) == {NOM: ANNUAIRE}


def test_other_bytes_another_day_make_a_new_vintage_beside_the_old(tmp_path):
    with service(servir(AUTRE_ANNUAIRE), servir(ANNUAIRE)) as serveur:
        telecharger(serveur, tmp_path)
        [resultat] = telecharger(serveur, tmp_path, jour=LENDEMAIN).resultats
    assert resultat.etat == RECU
    assert sorted(donnees(tmp_path).values()) == sorted([ANNUAIRE, AUTRE_ANNUAIRE])
    assert resultat.fichier.parent.name == "2026-11-22"


def test_bytes_that_come_back_leave_one_vintage_of_them(tmp_path):
    """A then B then A: the newest vintage is A, and the first A is gone with its fingerprint."""
    with service(servir(ANNUAIRE), servir(ANNUAIRE), servir(AUTRE_ANNUAIRE)) as serveur:
        for rang in range(3):
            telecharger(serveur, tmp_path, jour=JOUR + timedelta(days=rang))
    dossiers = {n.split("/")[1]: octets for n, octets in donnees(tmp_path).items()}
    assert dossiers == {"2026-11-22": AUTRE_ANNUAIRE, "2026-11-23": ANNUAIRE}
    assert not (tmp_path / "annuaire" / "2026-11-21").exists()


def test_other_bytes_the_same_day_replace_the_file(tmp_path):
    with service(servir(AUTRE_ANNUAIRE), servir(ANNUAIRE)) as serveur:
        telecharger(serveur, tmp_path)
        telecharger(serveur, tmp_path)
    assert donnees(tmp_path) == {NOM: AUTRE_ANNUAIRE}


def test_a_file_changed_by_hand_is_fetched_again_without_condition(tmp_path):
    """Its ETag no longer says what is on the disk."""
    with service(servir(ANNUAIRE, ETag='"v1"')) as serveur:
        telecharger(serveur, tmp_path)
        (tmp_path / NOM).write_bytes(ANNUAIRE[:100])
        [resultat] = telecharger(serveur, tmp_path).resultats
        assert "If-None-Match" not in serveur.demandes[-1][1]
    assert resultat.etat == RECU
    assert donnees(tmp_path) == {NOM: ANNUAIRE}


def test_a_departement_without_network_has_no_row_and_that_is_no_failure(tmp_path):
    """Lozère has no REP: an empty list is an answer, an empty annuaire is not."""
    vide = jeux_fictifs(tmp_path)["fr-en-etablissements-ep"].split(b"\r\n")[0] + b"\r\n"
    brut = tmp_path / "brut"
    with service(servir(vide)) as serveur:
        [resultat] = telecharger(serveur, brut, sources=["education_prioritaire"]).resultats
    assert resultat.etat == VIDE
    assert arbre(brut) == {}


# ---------------------------------------------------------------- patience


def test_too_many_requests_waits_as_long_as_the_service_asks(tmp_path, attentes):
    with service(
        servir(ANNUAIRE), servir(b"", statut=429, Retry_After="7"), servir(b"", statut=429)
    ) as serveur:
        [resultat] = telecharger(serveur, tmp_path, attentes).resultats
    assert resultat.etat == RECU
    assert attentes == [7.0, 2.0], "what is asked for, then the back-off of the second try"


def test_a_wait_given_as_a_date_is_understood(tmp_path, attentes):
    instant = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    with service(servir(ANNUAIRE), servir(b"", statut=503, Retry_After=instant)) as serveur:
        [resultat] = telecharger(serveur, tmp_path, attentes).resultats
    assert resultat.etat == RECU
    assert 27 < attentes[0] <= 30


def test_a_wait_too_long_is_said_and_not_waited(tmp_path, attentes):
    with service(servir(ANNUAIRE), servir(b"", statut=429, Retry_After="3600")) as serveur:
        [resultat] = telecharger(serveur, tmp_path, attentes).resultats
        assert len(serveur.demandes) == 1
    assert "attendre 3\u202f600 s" in resultat.erreur.quoi
    assert attentes == []


@pytest.mark.parametrize("statut", [500, 502, 503, 504])
def test_a_passing_breakdown_is_tried_again_with_growing_waits(tmp_path, attentes, statut):
    panne = servir(HTML, statut=statut, Content_Type="text/html")
    with service(servir(ANNUAIRE), panne, panne) as serveur:
        [resultat] = telecharger(serveur, tmp_path, attentes).resultats
    assert resultat.etat == RECU
    assert attentes == [1.0, 2.0]
    assert donnees(tmp_path) == {NOM: ANNUAIRE}


def test_the_back_off_adds_a_stated_share_of_chance_and_has_a_ceiling(tmp_path, attentes):
    reglages = Reglages(
        **{**PRESSE.__dict__, "essais_max": 6, "part_alea": 0.25, "attente_max_s": 4.0}
    )
    with service(servir(b"", statut=503)) as serveur:
        telecharger(serveur, tmp_path, attentes, reglages=reglages)
    assert attentes == [1.25, 2.5, 5.0, 5.0, 5.0]


def test_a_breakdown_that_lasts_is_told_after_the_last_try(tmp_path, attentes):
    with service(servir(b"", statut=503)) as serveur:
        [resultat] = telecharger(serveur, tmp_path, attentes).resultats
        assert len(serveur.demandes) == ESSAIS
    assert "en panne (code 503), après 3 essais" in resultat.erreur.quoi


def couper_sans_repondre(s):
    s.close_connection = True
    s.connection.shutdown(2)


def tronquer(s):
    """Half of what Content-Length announces, then nothing more."""
    s.repondre(ANNUAIRE[:200], Content_Length=len(ANNUAIRE))
    s.close_connection = True


def tronquer_un_morceau(s):
    """A chunk announced longer than what comes."""
    s.repondre(b"fff\r\n" + ANNUAIRE[:200], Content_Length=None, Transfer_Encoding="chunked")
    s.close_connection = True


def couper_dans_une_ligne(s):
    """No length announced: the end of the connection is the only end there is."""
    s.repondre(ANNUAIRE[:-40], Content_Length=None, Connection="close")
    s.close_connection = True


def couper_apres_un_point_virgule(s):
    """The cut leaves a whole line, of too few columns."""
    s.repondre(ANNUAIRE[:-40].rsplit(b";", 3)[0] + b"\r\n")


def se_taire(s):
    s.repondre(ANNUAIRE[:200], Content_Length=len(ANNUAIRE))
    time.sleep(0.8)


@pytest.mark.parametrize(
    "accident",
    [couper_sans_repondre, tronquer, tronquer_un_morceau, couper_dans_une_ligne, se_taire],
)
def test_a_dropped_connection_is_tried_again(tmp_path, attentes, accident):
    with service(servir(ANNUAIRE), accident) as serveur:
        [resultat] = telecharger(serveur, tmp_path, attentes).resultats
    assert resultat.etat == RECU
    assert attentes == [1.0]
    assert donnees(tmp_path) == {NOM: ANNUAIRE}


# ---------------------------------------------------------------- what is refused


def goutte_a_goutte(s):
    """Never silent for long, never done."""
    s.repondre(b"", Content_Length=len(ANNUAIRE))
    try:
        for octet in ANNUAIRE:
            s.wfile.write(bytes([octet]))
            time.sleep(0.05)
    except OSError:
        pass


def entetes_goutte_a_goutte(s):
    """The status line, then a header that never ends."""
    s.wfile.write(b"HTTP/1.1 200 OK\r\nX-Lent: ")
    try:
        for _ in range(1000):
            s.wfile.write(b"a")
            time.sleep(0.05)
    except OSError:
        pass
    s.close_connection = True


def couper_entre_deux_lignes(s):
    """A whole number of rows, no length announced, and a service that counts one more."""
    if "/records?" in s.path:
        s.repondre(b'{"total_count": 2, "results": []}', Content_Type="application/json")
    else:
        s.repondre(annuaire(1), Content_Length=None, Connection="close")
        s.close_connection = True


def sans_fin(s):
    s.repondre(b"", Content_Length=None, Transfer_Encoding="chunked")
    morceau = ANNUAIRE * 100
    try:
        while True:
            s.wfile.write(f"{len(morceau):x}\r\n".encode() + morceau + b"\r\n")
    except OSError:
        pass


def bombe(s):
    """A few kilobytes that unfold into more than the limit."""
    s.repondre(gzip.compress(b"a;b\r\n" * 1_000_000), Content_Encoding="gzip")


def rediriger_sans_fin(s):
    s.repondre(b"", statut=302, Location=s.path + "&encore=1")


MECHANCETES = {
    "429 for ever": (servir(b"", statut=429), "trop de demandes"),
    "500 for ever": (servir(b"", statut=500), "en panne (code 500)"),
    "503 for ever": (servir(b"", statut=503), "après 3 essais"),
    "404": (servir(HTML, statut=404), "ne connaît pas ce fichier"),
    "400 with a reason": (
        servir(b'{"error_code": "ODSQLError", "message": "Unknown field: code_dpt"}', statut=400),
        "Unknown field: code_dpt",
    ),
    "304 nobody asked for": (lambda s: s.repondre(statut=304, ETag=None), "code 304"),
    "no answer": (couper_sans_repondre, "coupé la connexion"),
    "truncated body": (tronquer, "tronqué"),
    "truncated chunk": (tronquer_un_morceau, "tronqué"),
    "row cut in two": (couper_dans_une_ligne, "dernière ligne est coupée"),
    "row of too few columns": (couper_apres_un_point_virgule, "dernière ligne est coupée"),
    "silence": (se_taire, "s'est tu"),
    "drop by drop": (goutte_a_goutte, "durée admise"),
    "headers drop by drop": (entetes_goutte_a_goutte, "durée admise"),
    "cut between two rows": (couper_entre_deux_lignes, "1 ligne sur 2"),
    "endless body": (sans_fin, "taille admise"),
    "announced too big": (
        lambda s: s.repondre(b"a", Content_Length=10**9, Connection="close"),
        "taille admise",
    ),
    "gzip bomb": (bombe, "taille admise"),
    "false gzip": (servir(ANNUAIRE, Content_Encoding="gzip"), "mal compressée"),
    "endless redirect": (rediriger_sans_fin, "sans fin d'une adresse"),
    "web page": (servir(HTML), "page web"),
    "JSON error": (servir(b'{"message": "Too many API calls"}'), "Too many API calls"),
    "empty body": (servir(b""), "vide"),
    "blank body": (servir(b"\r\n\r\n"), "vide"),
    "plain text": (servir(b"Service indisponible\r\n"), "pas le tableau attendu"),
    "no row": (servir(ANNUAIRE.split(b"\r\n")[0] + b"\r\n"), "aucune ligne"),
    "another source": (
        servir(texte_csv(["rentree_scolaire", "uai", "ips"], ["2025-2026", "0340001S", "90"])),
        "autre source",
    ),
    "missing column": (servir(ANNUAIRE.replace(b"etat", b"statut")), "il y manque"),
    "another departement": (servir(annuaire(1, Code_departement="035")), "« 035 »"),
}


@pytest.mark.parametrize(("mechancete", "motif"), MECHANCETES.values(), ids=MECHANCETES)
def test_a_bad_answer_leaves_the_previous_file_and_says_what_where_and_what_to_do(
    tmp_path, attentes, mechancete, motif
):
    """Byte for byte: the file, its fingerprint, and nothing beside them."""
    with service(servir(ANNUAIRE)) as serveur:
        telecharger(serveur, tmp_path)
    avant = arbre(tmp_path)
    assert list(donnees(tmp_path)) == [NOM]
    reglages = BREF if mechancete in (goutte_a_goutte, entetes_goutte_a_goutte) else PRESSE
    debut = time.monotonic()
    with service(mechancete) as serveur:
        bilan = telecharger(serveur, tmp_path, attentes, reglages=reglages, jour=LENDEMAIN)
    assert time.monotonic() - debut < 30
    [resultat] = bilan.de(ECHEC)
    assert arbre(tmp_path) == avant
    assert [d.name for d in (tmp_path / "annuaire").iterdir()] == ["2026-11-21"]
    message = resultat.erreur.message()
    assert motif in message
    assert "Annuaire de l'éducation (034)" in message
    assert "Que faire" in message
    assert resultat.demande.hote in message
    assert "https://data.education.gouv.fr/" in message, "where a linked machine finds the file"
    assert str(tmp_path / "annuaire") in message
    assert "intact" in message
    assert not re.search(r"\S [:;!?%]", resultat.erreur.quoi), "fine spaces"


@pytest.mark.parametrize(
    ("source", "corps", "motif"),
    [
        ("densite", lambda jeux: b"PK\x03\x04 pas un classeur", "pas un classeur"),
        ("densite", lambda jeux: jeux["grille_densite_7_niveaux_2024"][:-200], "pas un classeur"),
        ("densite", lambda jeux: HTML, "page web"),
        ("contours", lambda jeux: jeux["communes"][:-30], "pas une collection GeoJSON"),
        ("contours", lambda jeux: b'{"message": "not found"}', "pas une collection GeoJSON"),
        (
            "contours",
            lambda jeux: jeux["communes"].replace(b'"34001"', b'"35001"'),
            "35001, qui n'est pas du département",
        ),
        (
            "contours",
            lambda jeux: b'{"type": "FeatureCollection", "features": []}',
            "aucune ligne",
        ),
    ],
)
def test_a_broken_workbook_or_outline_is_refused(tmp_path, source, corps, motif):
    jeux = jeux_fictifs(tmp_path)
    brut = tmp_path / "brut"
    with service(servir(corps(jeux))) as serveur:
        [resultat] = telecharger(serveur, brut, [], sources=[source]).resultats
    assert resultat.etat == ECHEC
    assert motif in resultat.erreur.quoi
    assert arbre(brut) == {}


def test_a_redirect_is_followed_and_its_end_written_down(tmp_path):
    def ailleurs(s):
        s.repondre(b"", statut=302, Location="/ailleurs.csv")

    with service(servir(ANNUAIRE), ailleurs) as serveur:
        [resultat] = telecharger(serveur, tmp_path).resultats
    assert resultat.etat == RECU
    note = json.loads((tmp_path / f"{NOM}.empreinte.json").read_text(encoding="utf-8"))
    assert note["adresse_finale"] == f"{serveur.adresse}/ailleurs.csv"


def test_a_compressed_answer_is_unfolded(tmp_path):
    with service(servir(gzip.compress(ANNUAIRE), Content_Encoding="gzip")) as serveur:
        [resultat] = telecharger(serveur, tmp_path).resultats
    assert resultat.etat == RECU
    assert donnees(tmp_path) == {NOM: ANNUAIRE}


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "brut").write_text("un fichier, pas un dossier", encoding="utf-8")
    with service(servir(ANNUAIRE)) as serveur:
        [resultat] = telecharger(serveur, tmp_path / "brut").resultats
    assert "impossible d'écrire" in resultat.erreur.quoi


def test_a_full_disk_leaves_the_previous_file(tmp_path, monkeypatch):
    with service(servir(ANNUAIRE)) as serveur:
        telecharger(serveur, tmp_path)
    avant = arbre(tmp_path)
    plein = OSError(28, "No space left on device")

    def refuser(*_):
        raise plein

    monkeypatch.setattr(transferts.os, "fsync", refuser)
    with service(servir(AUTRE_ANNUAIRE)) as serveur:
        [resultat] = telecharger(serveur, tmp_path, jour=LENDEMAIN).resultats
    assert "impossible d'écrire" in resultat.erreur.quoi
    assert arbre(tmp_path) == avant


# ---------------------------------------------------------------- several sources


def test_a_source_that_fails_does_not_stop_the_others(tmp_path):
    jeux = jeux_fictifs(tmp_path)
    jeux["fr-en-ips-lycees-ap2023"] = HTML
    del jeux["communes"]
    with service(bibliotheque(jeux)) as serveur:
        bilan = telecharger(serveur, tmp_path / "brut", sources=None)
    assert {r.demande.carte.nom for r in bilan.de(ECHEC)} == {"ips_lycees", "contours"}
    assert len(bilan.de(RECU)) == len(jeux) - 1


def test_a_service_that_cannot_be_reached_is_waited_for_once(tmp_path, attentes):
    """Offline, the other files of the same service don't each wait for the same silence."""
    with service(servir(b"")) as serveur:
        pass
    bilan = telecharger(serveur, tmp_path, attentes, sources=["annuaire", "ips_ecoles"])
    assert len(bilan.de(ECHEC)) == 2
    assert attentes == [1.0, 2.0]
    for resultat in bilan.resultats:
        assert "injoignable, après 3 essais" in resultat.erreur.quoi
        assert "machine reliée" in resultat.erreur.remede
        assert resultat.demande.adresse_publique in resultat.erreur.remede
        assert resultat.demande.adresse_publique.startswith("https://data.education.gouv.fr/")
    assert arbre(tmp_path) == {}


def test_the_proxy_of_the_environment_carries_the_request(tmp_path, monkeypatch):
    """The host exists for the proxy alone; it sees the whole address."""
    with service(servir(ANNUAIRE)) as mandataire:
        monkeypatch.setenv("HTTP_PROXY", mandataire.adresse)
        monkeypatch.setenv("http_proxy", mandataire.adresse)
        mandataire.adresse = "http://miroir.invalid"
        [resultat] = telecharger(mandataire, tmp_path, []).resultats
    assert resultat.etat == RECU
    [(chemin, _)] = mandataire.demandes
    assert chemin.startswith("http://miroir.invalid/data.education.gouv.fr/api/explore/v2.1/")


def test_a_proxy_that_does_not_answer_is_named(tmp_path, attentes, monkeypatch):
    with service(servir(b"")) as parti:
        pass
    monkeypatch.setenv("http_proxy", parti.adresse)
    parti.adresse = "http://miroir.invalid"
    [resultat] = telecharger(parti, tmp_path, attentes).resultats
    assert "mandataire (proxy)" in resultat.erreur.quoi


# ---------------------------------------------------------------- killed


def test_a_download_killed_half_way_leaves_nothing_a_build_would_read(tmp_path):
    """kill -9 while the body comes; the next run sweeps what was left and ends the work."""
    brut = tmp_path / "brut"
    reprise = threading.Event()

    gros = annuaire(*range(1, 500))

    def suspendre(s):
        s.repondre(gros[: len(gros) // 2], Content_Length=len(gros))
        reprise.wait(20)

    with service(servir(ANNUAIRE)) as serveur:
        telecharger(serveur, brut)
    avant = arbre(brut)
    programme = (
        "import sys; from pathlib import Path; from pipelines.sources import telechargement\n"
        "telechargement.telecharger(['034'], Path(sys.argv[1]), miroir=sys.argv[2], "
        "sources=['annuaire'])"
    )
    with service(suspendre) as serveur:
        processus = subprocess.Popen(
            [sys.executable, "-c", programme, str(brut), serveur.adresse],
            cwd=chemins.RACINE,
            env=dict(os.environ),
        )
        try:
            limite = time.monotonic() + 120
            while not any(f.stat().st_size for f in (brut / "annuaire").glob(".partiel-*")):
                assert time.monotonic() < limite
                assert processus.poll() is None
                time.sleep(0.02)
        finally:
            processus.send_signal(signal.SIGKILL)
            processus.wait()
            reprise.set()
    restes = arbre(brut).keys() - avant.keys()
    assert len(restes) == 1, "the half file is there, under a hidden name"
    assert [f.nom for f in fichiers([brut])] == list(avant)
    entrepot = tmp_path / "atlas.duckdb"
    construction.construire([brut], entrepot)
    assert entrepot.is_file()
    with service(servir(ANNUAIRE)) as serveur:
        [resultat] = telecharger(serveur, brut).resultats
    assert resultat.etat == INCHANGE
    assert arbre(brut).keys() == avant.keys()


# ---------------------------------------------------------------- the command


def test_the_command_sums_up_and_ends_with_1_when_a_source_failed(tmp_path):
    jeux = jeux_fictifs(tmp_path)
    brut = tmp_path / "brut"
    with service(bibliotheque(jeux)) as serveur:
        options = ["telecharger", "--departements", "34", "--sortie", str(brut)]
        options += ["--miroir", serveur.adresse]
        complet = CliRunner().invoke(app, options)
        del jeux["communes"]
        incomplet = CliRunner().invoke(app, options)
    assert complet.exit_code == 0, complet.output
    assert "11 fichiers reçus" in complet.output
    assert "0 échec." in complet.output
    assert incomplet.exit_code == 1
    sortie = " ".join(incomplet.output.split())
    assert "10 inchangés, 1 échec." in sortie
    assert "Contours des communes (034)" in sortie
    assert "pas de téléchargement" in complet.output


def test_the_command_offline_says_once_why_and_lists_every_file_to_fetch_by_hand(
    tmp_path, monkeypatch
):
    """One reason for a whole service, then the address of each file."""
    monkeypatch.setattr(transferts.Reglages, "en_vigueur", lambda: BREF)
    with service(servir(b"")) as parti:
        pass
    options = ["telecharger", "--academie", "corse", "--sortie", str(tmp_path / "brut")]
    resultat = CliRunner().invoke(app, [*options, "--miroir", parti.adresse])
    assert resultat.exit_code == 1
    assert resultat.output.count("injoignable") == 1
    assert "Contours des communes (02A)" in resultat.output
    assert "https://geo.api.gouv.fr/departements/2B/communes?" in resultat.output
    assert "0 fichier reçu" in resultat.output
    assert list((tmp_path / "brut").iterdir()) == []


def test_the_command_asks_for_an_academie_or_for_departements(tmp_path):
    for options in ([], ["--academie", "lille", "--departements", "059"]):
        resultat = CliRunner().invoke(app, ["telecharger", *options, "--sortie", str(tmp_path)])
        assert isinstance(resultat.exception, AtlasError)
        assert "--departements 034,030" in str(resultat.exception)
