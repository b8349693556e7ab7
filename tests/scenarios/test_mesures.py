"""Travel measured once by an engine goes the way of every source, with its fingerprint."""

import csv
from dataclasses import asdict

import fabrique
import pytest
import serveur_osrm
from typer.testing import CliRunner

from pipelines.base.erreurs import AtlasError
from pipelines.cli import app
from pipelines.marts import entrepot
from pipelines.planning.assemblage import Hypotheses, assembler
from pipelines.reports import trajets as vue_trajets
from pipelines.scenarios import mesures

UN, DEUX, TROIS = (fabrique.uai(n) for n in (1, 2, 3))


@pytest.fixture
def serveur():
    with serveur_osrm.servir() as lance:
        yield lance


@pytest.fixture
def sources(tmp_path):
    """A small département whose two postes live at the first collège."""
    dossier = fabrique.petit_departement(tmp_path / "sources")
    fabrique.ecrire_postes(dossier, [fabrique.poste("P1"), fabrique.poste("P2")])
    return dossier


def mesurer(base, serveur, sortie):
    moteur = mesures.Osrm(serveur.url, attente_s=0)
    return mesures.mesurer(base, "034", moteur, sortie)


def sans_troisieme(contenu):
    """No way to the third destination."""
    for nom in ("durations", "distances"):
        contenu[nom] = [[*ligne[:2], None] for ligne in contenu[nom]]
    return contenu


def lignes(fichier):
    with fichier.open(encoding="utf-8", newline="") as flux:
        return list(csv.DictReader(flux, delimiter=";"))


def test_what_an_engine_measured_is_what_a_proposal_counts_and_its_gaps_stay_unknown(
    sources, serveur, tmp_path
):
    """Measured there, unknown where no way was found, estimated where nobody asked."""
    serveur.deformer = sans_troisieme
    base = fabrique.construire(sources)
    mesure = mesurer(base, serveur, sources)
    assert (mesure.nb_couples, mesure.nb_sans_itineraire, mesure.nb_ecartees) == (2, 1, 0)
    [vers_deux, vers_trois] = lignes(mesure.fichier)
    assert (vers_deux["origine_uai"], vers_deux["destination_uai"]) == (UN, DEUX)
    assert vers_trois["minutes"] == vers_trois["km"] == ""
    # 0.4 degree at 20 m/s, and 3 minutes of access, door to door
    attendu = 1300 * 0.4 * 111.2 / 20 / 60 + 3
    assert float(vers_deux["minutes"]) == pytest.approx(attendu, abs=0.1)

    fabrique.construire(sources, base)
    with entrepot.ouvrir(base) as connexion:
        probleme = assembler(connexion, "034", Hypotheses(), graine=1)
        seuls = assembler(connexion, "034", Hypotheses(trajets_mesures_seuls=True), graine=1)
        raisons = connexion.execute(
            "select code, valeur from mart_anomalie where source = 'trajets'"
        ).fetchall()
    assert raisons == [("trajet_sans_itineraire", f"{UN} → {TROIS}")]
    sites = [s.site_id for s in probleme.sites]
    minutes = dict(zip(sites, probleme.minutes[0], strict=True))
    assert minutes[UN] == 0
    assert minutes[DEUX] == pytest.approx(attendu, abs=1)
    assert minutes[TROIS] is None
    assert minutes[f"RESEAU-{UN}"] > 0
    assert dict(zip(sites, seuls.minutes[0], strict=True))[f"RESEAU-{UN}"] is None
    hypotheses = probleme.hypotheses
    assert hypotheses["trajets_mesures"] == 2
    assert hypotheses["trajets_inconnus"] == 2
    assert hypotheses["trajets_moteurs"].startswith("osrm (API v1), profil driving, http://127")


def test_the_same_measure_is_not_asked_twice_and_another_one_is(sources, serveur):
    """The fingerprint holds the engine and the positions: a poste that moves changes it."""
    base = fabrique.construire(sources)
    premiere = mesurer(base, serveur, sources)
    assert not premiere.est_reprise
    assert len(serveur.demandes) == 1
    reprise = mesurer(base, serveur, sources)
    assert reprise.est_reprise
    assert asdict(reprise) == {**asdict(premiere), "est_reprise": True}
    assert len(serveur.demandes) == 1
    fabrique.ecrire_postes(sources, [fabrique.poste("P1"), fabrique.poste("P2", 3)])
    fabrique.construire(sources, base)
    assert not mesurer(base, serveur, sources).est_reprise
    assert len(serveur.demandes) == 2


def test_the_method_page_says_which_engine_and_whether_places_have_moved_since(sources, serveur):
    base = fabrique.construire(sources)
    mesurer(base, serveur, sources)
    fabrique.construire(sources, base)
    table = vue_trajets.vue(base).moteurs
    assert table["Positions"].tolist()[0] == vue_trajets.INCHANGEES
    assert table["Moteur, version et réglages"].str.startswith(("osrm", "a_vol")).tolist() == [
        True,
        True,
    ]
    annuaire = sources / "annuaire.csv"
    texte = annuaire.read_text(encoding="utf-8-sig")
    annuaire.write_text(texte.replace(";3.9;", ";3.85;"), encoding="utf-8-sig")
    fabrique.construire(sources, base)
    vue = vue_trajets.vue(base)
    assert vue.moteurs["Positions"].tolist()[0] == vue_trajets.CHANGEES
    assert "2 couples mesurés" in vue.phrase


def test_nothing_believable_writes_no_file(sources, serveur):
    """A server that holds another country: 0 km to a town 32 km away."""
    serveur.deformer = lambda c: {
        **c,
        "durations": [[0.0] * 3],
        "distances": [[0.0] * 3],
    }
    base = fabrique.construire(sources)
    mesure = mesurer(base, serveur, sources)
    assert (mesure.nb_ecartees, mesure.nb_sans_itineraire) == (1, 1)
    serveur.deformer = lambda c: {"code": "NoTable", "message": ""}
    (mesure.fichier).unlink()
    with pytest.raises(AtlasError, match="aucun trajet vraisemblable"):
        mesurer(base, serveur, sources)
    assert not mesure.fichier.exists()


@pytest.mark.parametrize(
    ("nom", "attendu"),
    [
        ("osrm", "a besoin de --url"),
        ("valhalla", "a besoin de --carte"),
        ("matrice", "est le fichier lui-même"),
        ("google", "a_vol_d_oiseau, osrm, valhalla"),
    ],
)
def test_an_engine_is_asked_only_with_what_it_needs(nom, attendu):
    with pytest.raises(AtlasError) as refus:
        mesures.moteur(nom, url=None, profil=None, carte=None)
    assert attendu in str(refus.value)


def test_the_command_writes_the_file_and_says_what_to_do_with_it(sources, serveur, tmp_path):
    base = fabrique.construire(sources)
    fin = CliRunner().invoke(
        app,
        [
            *("mesurer-trajets", "--departement", "34", "--moteur", "osrm", "--url", serveur.url),
            *("--sortie", str(tmp_path / "mesures"), "--entrepot", str(base)),
        ],
    )
    assert fin.exit_code == 0, fin.output
    assert "2 couples de lieux par osrm" in fin.output
    assert "le mettre parmi les sources" in fin.output
    assert (tmp_path / "mesures" / "trajets-034-osrm.csv").is_file()


def test_without_a_poste_there_is_nothing_to_measure(tmp_path, serveur):
    base = fabrique.construire(fabrique.petit_departement(tmp_path / "sources"))
    with pytest.raises(AtlasError, match="Aucun poste placé"):
        mesurer(base, serveur, tmp_path)
    assert serveur.demandes == []
