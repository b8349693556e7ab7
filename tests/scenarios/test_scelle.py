"""A sealed file gives every number again, and refuses what was altered or would harm."""

import hashlib
import io
import json
import zipfile

import pytest
from typer.testing import CliRunner

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.cli import app
from pipelines.scenarios import atelier, scelle
from pipelines.scenarios.lecteurs import Lecteur, Role
from pipelines.sources.fichiers import Fichier

MOI = Lecteur("Camille")


@pytest.fixture(scope="module")
def scenario(entrepot_exemple, tmp_path_factory):
    """Today's presences of the 005, in a store of its own."""
    dossier = tmp_path_factory.mktemp("scelle")
    with pytest.MonkeyPatch.context() as ici:
        ici.setattr(chemins, "CALCULS", dossier / "calculs")
        ici.setenv("ATLAS_BASE_URL", f"sqlite:///{dossier / 'atelier.sqlite'}")
        yield atelier.creer_aujourd_hui(MOI, entrepot_exemple, "À sceller", "005")


@pytest.fixture(scope="module")
def octets(entrepot_exemple, scenario):
    """The sealed file of the scenario."""
    return scelle.sceller(MOI, entrepot_exemple, scenario)


def contenu(octets):
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        return {nom: archive.read(nom) for nom in archive.namelist()}


def zip_de(fichiers):
    """A zip of `fichiers`, a list of (name or ZipInfo, bytes)."""
    tampon = io.BytesIO()
    with zipfile.ZipFile(tampon, "w", zipfile.ZIP_DEFLATED) as archive:
        for nom, contenu_ in fichiers:
            archive.writestr(nom, contenu_)
    return tampon.getvalue()


def rescelle(octets, changer):
    """The sealed file after `changer`, its fingerprints made again by who altered it."""
    fichiers = contenu(octets)
    del fichiers["empreintes.json"]
    changer(fichiers)
    empreintes = {n: hashlib.sha256(o).hexdigest() for n, o in fichiers.items()}
    return zip_de([("empreintes.json", json.dumps(empreintes)), *fichiers.items()])


def test_every_number_is_found_again_and_the_file_is_the_same_to_the_byte(
    octets, scenario, entrepot_exemple
):
    recalcul = scelle.recalculer(Fichier("s.zip", octets))
    assert recalcul.differentes == ()
    assert recalcul.versions == {}
    noms = {ligne.nom for ligne in recalcul.lignes}
    assert f"besoin : {scenario.probleme.sites[0].site_id}" in noms
    assert {
        "objectif : manque",
        "équité, plan : Gini",
        "couverture, ensemble, apres, part_besoin",
    } <= noms
    assert octets == scelle.sceller(MOI, entrepot_exemple, scenario)


def test_it_tells_nothing_of_the_machine_nor_of_other_departements_postes(octets):
    fichiers = contenu(octets)
    assert b"mart_poste" in fichiers["donnees/schema.json"]
    postes = fichiers["donnees/mart_poste.csv"].decode()
    assert "-005-" in postes
    assert "-013-" not in postes
    assert not [n for n, o in fichiers.items() if str(chemins.RACINE).encode() in o]


def test_a_presence_changed_and_its_fingerprint_made_again_still_shows(octets):
    def changer(fichiers):
        entete, premiere, *reste = fichiers["plan.csv"].decode().splitlines()
        couple, _, presence = premiere.rpartition(",")
        neuve = f"{couple},{int(presence) + 1}"
        fichiers["plan.csv"] = "\n".join([entete, neuve, *reste, ""]).encode()

    autres = {
        x.nom for x in scelle.recalculer(Fichier("s.zip", rescelle(octets, changer))).differentes
    }
    assert "objectif : manque" in autres


def test_a_number_changed_alone_is_the_one_that_differs(octets, scenario):
    cible = f"besoin : {scenario.probleme.sites[0].site_id}"

    def changer(fichiers):
        probleme = json.loads(fichiers["probleme.json"])
        site = next(s for s in probleme["sites"] if cible.endswith(s["site_id"]))
        site["besoin"] += 1
        fichiers["probleme.json"] = json.dumps(probleme).encode()

    recalcul = scelle.recalculer(Fichier("s.zip", rescelle(octets, changer)))
    assert [x.nom for x in recalcul.differentes] == [cible]


def test_a_file_altered_without_its_fingerprint_is_refused_by_name(octets):
    fichiers = contenu(octets)
    fichiers["plan.csv"] += b"X,Y,1\n"
    with pytest.raises(AtlasError, match=r"altéré : plan\.csv"):
        scelle.ouvrir(Fichier("s.zip", zip_de(list(fichiers.items()))))
    fichiers = contenu(octets) | {"ajout.txt": b"de trop"}
    with pytest.raises(AtlasError, match=r"altéré : ajout\.txt"):
        scelle.ouvrir(Fichier("s.zip", zip_de(list(fichiers.items()))))


def lien():
    entree = zipfile.ZipInfo("donnees/lien")
    entree.create_system = 3
    entree.external_attr = 0o120777 << 16
    return entree


@pytest.mark.parametrize(
    "nom", ["../ailleurs.txt", "/etc/ailleurs", "a/../../b", "C:\\x", "dossier/", "a//b", lien()]
)
def test_a_name_that_leads_elsewhere_or_a_link_is_refused(octets, nom):
    fichiers = [*contenu(octets).items(), (nom, b"x")]
    with pytest.raises(AtlasError, match="n'a pas sa place"):
        scelle.ouvrir(Fichier("s.zip", zip_de(fichiers)))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_given_twice_a_bomb_and_what_is_no_zip_are_refused(octets):
    double = [*contenu(octets).items(), ("plan.csv", b"autre")]
    with pytest.raises(AtlasError, match="deux fois"):
        scelle.ouvrir(Fichier("s.zip", zip_de(double)))
    with pytest.raises(AtlasError, match="démesuré"):
        scelle.ouvrir(Fichier("s.zip", zip_de([("zero", bytes(300 * 1024**2))])))
    with pytest.raises(AtlasError, match="illisible"):
        scelle.ouvrir(Fichier("s.zip", b"pas un zip"))
    with pytest.raises(AtlasError, match="illisible"):
        scelle.ouvrir(Fichier("s.zip", octets[: len(octets) // 2]))
    with pytest.raises(AtlasError, match="n'est pas un fichier scellé"):
        scelle.ouvrir(Fichier("s.zip", zip_de([("a.txt", b"x")])))


def test_a_scenario_of_other_data_or_of_who_may_not_read_it_is_not_sealed(
    scenario, entrepot_exemple, tmp_path
):
    with pytest.raises(AtlasError, match="ne permet pas"):
        scelle.sceller(Lecteur("X", Role.INSTANCE), entrepot_exemple, scenario)
    ailleurs = Lecteur("X", Role.CTSS_D, frozenset({"013"}))
    with pytest.raises(AtlasError, match="pas de votre ressort"):
        scelle.sceller(ailleurs, entrepot_exemple, scenario)


def test_the_command_says_identical_with_code_0_and_different_with_code_1(octets, tmp_path):
    def changer(fichiers):
        fichiers["chiffres.json"] = fichiers["chiffres.json"].replace(
            b'"r\xc3\xa8gles enfreintes": ', b'"r\xc3\xa8gles enfreintes": 9'
        )

    sain, faux = tmp_path / "sain.zip", tmp_path / "faux.zip"
    sain.write_bytes(octets)
    faux.write_bytes(rescelle(octets, changer))
    terminal = CliRunner()
    dit = terminal.invoke(app, ["recalculer", str(sain)])
    assert dit.exit_code == 0
    assert "Identique" in dit.output
    dit = terminal.invoke(app, ["recalculer", str(faux)])
    assert dit.exit_code == 1
    assert "Différent" in dit.output
