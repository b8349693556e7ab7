"""The deposit: looked at, accepted, replaced, brought back; refused content never kept."""

import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import fabrique
import pytest

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction, entrepot
from pipelines.marts.rapport import Nature
from pipelines.reports import donnees
from pipelines.scenarios import depot

SECRET = "DUPONT-QUI-NE-DOIT-PAS-SORTIR"


class Coupure(BaseException):
    """A power cut: nothing catches it."""


@pytest.fixture(scope="module")
def construits(tmp_path_factory):
    """A small département with two postes, built once; each test takes a copy."""
    dossier = tmp_path_factory.mktemp("depot")
    sources = fabrique.petit_departement(dossier / "sources")
    fabrique.ecrire_postes(sources, [fabrique.poste("P1"), fabrique.poste("P2", 2)])
    fabrique.ecrire_presences(
        sources,
        [
            dict(
                zip(
                    fabrique.COLONNES_PRESENCES,
                    ("P1", fabrique.uai(1), "2", "semaine"),
                    strict=True,
                )
            )
        ],
    )
    return fabrique.construire(sources)


@pytest.fixture
def base(construits, tmp_path, monkeypatch):
    """A warehouse built from a folder, and an empty deposit; `sources` beside it."""
    sources = tmp_path / "sources"
    shutil.copytree(construits.parent / "sources", sources)
    copie = tmp_path / "atlas.duckdb"
    construction_copiee(construits, copie, sources)
    monkeypatch.setattr(chemins, "DEPOT", tmp_path / "depot")
    return copie


def construction_copiee(original, copie, sources):
    """The warehouse as if it had been built from `sources`."""
    shutil.copy(original, copie)
    with duckdb.connect(str(copie)) as connexion:
        connexion.execute("update meta_origine set origine = ?", [str(sources)])


def fichier(tmp_path, lignes, nom="postes 2027.csv"):
    """A file of postes as a browser gives it: its name and its bytes."""
    chemin = fabrique.ecrire_postes(tmp_path / "recus", lignes, nom=nom)
    return (nom, chemin.read_bytes())


@pytest.fixture
def bon(tmp_path):
    """P1 goes from full time to 80 %, P2 is gone, P3 is new."""
    return fichier(tmp_path, [fabrique.poste("P1", quotite="0,8"), fabrique.poste("P3", 2)])


def accepter(base, fichiers, **options):
    """Accept on the data as they are."""
    with entrepot.ouvrir(base) as connexion:
        actuel = entrepot.empreinte(connexion)
    return depot.accepter(base, fichiers, actuel=actuel, **options)


def quotites(base):
    """Poste → ETP in the warehouse in service."""
    with entrepot.ouvrir(base) as connexion:
        return dict(
            connexion.execute("select poste_id, quotite_etp from mart_poste order by 1").fetchall()
        )


def etats(base):
    """(number, in service) of every version."""
    return [(v.numero, v.est_en_service) for v in depot.versions(base)]


def octets_partout(*dossiers):
    """Everything written under these folders."""
    return b"".join(
        f.read_bytes() for dossier in dossiers for f in dossier.rglob("*") if f.is_file()
    )


class TestRegarder:
    """The report, before anything changes."""

    def test_it_tells_postes_new_gone_and_changed_and_changes_nothing(self, base, bon):
        avant = base.read_bytes()
        rapport = depot.proposer_depot(base, [bon])
        assert rapport.est_acceptable
        assert [(d.nature, d.objet, d.avant, d.apres) for d in rapport.differences] == [
            (Nature.POSTE_NOUVEAU, "P3", None, 1.0),
            (Nature.POSTE_DISPARU, "P2", 1.0, None),
            (Nature.QUOTITE, "P1", 1.0, 0.8),
        ]
        [lu] = [f for f in rapport.fichiers if f.fichier == "postes 2027.csv"]
        assert (lu.source, lu.lues, lu.gardees, lu.rejetees) == ("postes", 2, 2, 0)
        assert rapport.remplaces == ("postes.csv",)
        assert base.read_bytes() == avant
        assert not chemins.DEPOT.exists()

    def test_a_bad_line_is_told_with_its_place_its_reason_and_its_remedy(self, base, tmp_path):
        faux = fichier(tmp_path, [fabrique.poste("P1"), fabrique.poste("P2", quotite="1,5")])
        rapport = depot.proposer_depot(base, [faux])
        assert not rapport.est_acceptable
        [ligne] = rapport.bloquantes
        assert (ligne.fichier, ligne.ligne, ligne.colonne, ligne.valeur) == (
            "postes 2027.csv",
            3,
            "quotite",
            "1,5",
        )
        assert "quotité" in ligne.raison
        assert "0,8" in ligne.remede
        with pytest.raises(AtlasError, match="ligne 3"):
            accepter(base, [faux])
        assert not (chemins.DEPOT / depot.VERSIONS).exists()

    def test_a_presence_a_site_and_an_enrolment_that_change_are_told(self, base, tmp_path):
        """Two half-days more, a collège that opens, a collège that loses a third of its pupils."""
        lignes = [
            fabrique.etablissement(1, Nombre_d_eleves="400", date_maj_ligne="2025-11-26"),
            fabrique.etablissement(9, Nombre_d_eleves="300"),
        ]
        annuaire = fabrique.ecrire_annuaire(tmp_path / "recus", lignes, nom="annuaire 2025.csv")
        presences = fabrique.ecrire_presences(
            tmp_path / "recus",
            [
                {
                    "poste_id": "P1",
                    "uai": fabrique.uai(1),
                    "demi_journees": "5",
                    "periodicite": "quinzaine",
                }
            ],
        )
        rapport = depot.proposer_depot(
            base, [(f.name, f.read_bytes()) for f in (annuaire, presences)]
        )
        natures = {d.nature: (d.avant, d.apres) for d in rapport.differences}
        assert natures[Nature.PRESENCE] == (8.0, 10.0)
        assert natures[Nature.SITE_GAGNE] == (None, 300)
        assert natures[Nature.EFFECTIF] == (600, 400)
        assert rapport.remplaces == ("presences.csv",), "a public file is added, not replaced"

    def test_a_label_an_index_a_class_a_bassin_a_place_and_activity_that_change_are_told(
        self, base, tmp_path
    ):
        """No poste, no site and no presence changes, yet the needs would: each is named."""
        recus = tmp_path / "recus"
        un, deux = fabrique.uai(1), fabrique.uai(2)
        etablissements = [
            fabrique.etablissement(1, Nombre_d_eleves="600", Segpa="1"),
            fabrique.etablissement(2, Nombre_d_eleves="400", Code_commune="34002", latitude="43.6"),
            fabrique.etablissement(3, "Lycée", Nombre_d_eleves="900", Hebergement="1"),
            fabrique.etablissement(
                4, "Lycée", code_nature="334", etablissement_mere=fabrique.uai(3)
            ),
            fabrique.etablissement(11, "Ecole"),
            fabrique.etablissement(12, "Ecole", Ecole_maternelle="1", Ecole_elementaire="0"),
        ]
        for ligne in etablissements:
            ligne["date_maj_ligne"] = "2025-06-26"
        fichiers = [
            fabrique.ecrire_annuaire(recus, etablissements, nom="annuaire 2025.csv"),
            fabrique.ecrire_liste_ep(
                recus,
                [
                    fabrique.reseau(1, 1, "COLLEGE", ep="REP"),
                    fabrique.reseau(2, 2, "COLLEGE"),
                    *(fabrique.reseau(n, 1) for n in (11, 12)),
                ],
                nom="reseaux 2025.csv",
            ),
            fabrique.ecrire_csv(
                recus / "ips.csv",
                ("rentree_scolaire", "uai", "ips", "ecart_type_de_l_ips"),
                [{"rentree_scolaire": "2024-2025", "uai": un, "ips": "60"}],
            ),
            fabrique.ecrire_csv(
                recus / "dispositifs.csv",
                fabrique.COLONNES_DISPOSITIFS,
                [{"uai": deux, "dispositif": "UPE2A", "present": "oui", "source": "CASNAV"}],
            ),
            fabrique.ecrire_csv(
                recus / "bassins.csv", ("uai", "bassin"), [{"uai": un, "bassin": "Béziers"}]
            ),
            fabrique.ecrire_activite(recus, [(un, "entretiens", "12")]),
        ]
        rapport = depot.proposer_depot(base, [(f.name, f.read_bytes()) for f in fichiers])
        natures = {(d.nature, d.objet.split()[-1]): (d.avant, d.apres) for d in rapport.differences}
        assert natures[Nature.LABEL, un] == ("REP+", "REP")
        assert natures[Nature.LABEL, deux] == (None, "REP+")
        assert natures[Nature.IPS, un] == (None, 60.0)
        assert natures[Nature.UPE2A, deux] == (None, "oui")
        assert natures[Nature.BASSIN, un] == (None, "Béziers")
        assert natures[Nature.POSITION, deux] == ("43,5000 ; 3,9000", "43,6000 ; 3,5000")
        assert natures[Nature.ACTIVITE, "2025-2026"] == (None, 12.0)
        assert not {Nature.SITE_GAGNE, Nature.SITE_PERDU} & {d.nature for d in rapport.differences}
        assert "2 labels changés" in donnees.presenter(rapport).phrase

    def test_a_file_nobody_knows_says_what_it_resembles_and_a_report_is_not_a_table(self, base):
        rapport = depot.proposer_depot(
            base,
            [
                ("effectifs.csv", b"poste_id;fonction;quotite\nP1;ASS;1\n"),
                ("reseaux.csv", b"numero;commune;uai_tete_de_reseau\nx;x;x\n"),
                ("compte-rendu.docx", b"PK..."),
            ],
        )
        assert not rapport.est_acceptable
        [refus] = rapport.refus
        assert (refus.fichier, refus.colonne) == ("effectifs.csv", "residence_uai")
        assert "Postes" in refus.quoi
        assert "REP et REP+" in rapport.non_reconnus["reseaux.csv"]
        assert "type_d_etablissement" in rapport.non_reconnus["reseaux.csv"]
        assert "compte-rendu.docx" in [*rapport.non_reconnus, *rapport.sans_tableau]

    def test_a_file_of_a_known_name_that_lost_a_column_is_told_of_that_column(self, base):
        """« postes.csv » again, without « statut »: not that it would replace the old one."""
        contenu = b"poste_id;fonction;quotite;residence_uai\nP1;ASS;1;0340001S\n"
        rapport = depot.proposer_depot(base, [("postes.csv", contenu)])
        assert not rapport.est_acceptable
        [refus] = rapport.refus
        assert (refus.fichier, refus.colonne) == ("postes.csv", "statut")
        with pytest.raises(AtlasError, match="ne sait pas lire"):
            accepter(base, [("postes.csv", contenu)])
        assert quotites(base)

    def test_a_workbook_that_gave_more_is_not_replaced_in_part(self, base, tmp_path, bon):
        """Postes and presences in one workbook: postes alone would lose the presences."""
        sources = tmp_path / "deux"
        shutil.copytree(tmp_path / "sources", sources)
        for nom in ("postes.csv", "presences.csv"):
            (sources / nom).unlink()
        fabrique.ecrire_classeur(
            sources / "service.xlsx",
            [
                ["poste_id", "fonction", "quotite", "residence_uai", "statut"],
                ["P1", "ASS", "1", fabrique.uai(1), "occupe"],
            ],
            [
                ["poste_id", "uai", "demi_journees", "periodicite"],
                ["P1", fabrique.uai(1), "2", "semaine"],
            ],
        )
        construction.construire([sources], base)
        with pytest.raises(AtlasError, match="Présences") as refus:
            depot.proposer_depot(base, [bon])
        assert refus.value.fichier == "service.xlsx"


class TestDonneesPersonnelles:
    """Refused content reaches neither the deposit nor any folder that lasts."""

    def test_a_file_with_a_name_is_refused_the_column_named_and_nothing_written(
        self, base, tmp_path, bon
    ):
        perso = (
            "agents.csv",
            f"nom;poste_id;fonction;quotite;residence_uai;statut\n"
            f"{SECRET};P1;ASS;1;{fabrique.uai(1)};occupe\n".encode(),
        )
        rapport = depot.proposer_depot(base, [perso, bon])
        [refus] = rapport.refus
        assert (refus.fichier, refus.colonne) == ("agents.csv", "nom")
        assert SECRET not in repr(rapport)
        with pytest.raises(AtlasError):
            accepter(base, [perso, bon])
        assert SECRET.encode() not in octets_partout(tmp_path)
        accepter(base, [bon])
        assert SECRET.encode() not in octets_partout(tmp_path)


class TestAccepter:
    """A state is in service and recorded, or nothing happened."""

    def test_the_first_deposit_keeps_the_data_it_began_with_as_version_1(self, base, bon):
        avant = quotites(base)
        version = accepter(base, [bon])
        assert quotites(base) == {"P1": 0.8, "P3": 1.0}
        assert version.numero == 2
        assert "postes 2027.csv" in version.motif
        assert "postes.csv" in version.motif
        assert etats(base) == [(2, True), (1, False)]
        depot.revenir(base, 1)
        assert quotites(base) == avant
        assert etats(base) == [(2, False), (1, True)]
        depot.revenir(base, 2)
        assert quotites(base) == {"P1": 0.8, "P3": 1.0}

    def test_files_are_kept_once_by_their_fingerprint(self, base, bon):
        accepter(base, [bon])
        gardes = {f.name for f in (chemins.DEPOT / depot.FICHIERS).iterdir()}
        cites = {f.sha256 for v in depot.versions(base) for f in v.fichiers}
        assert gardes == cites
        assert hashlib.sha256(bon[1]).hexdigest() in gardes

    def test_a_deposit_completes_the_last_one_even_when_the_first_folder_is_gone(
        self, base, tmp_path, bon
    ):
        accepter(base, [bon])
        shutil.rmtree(tmp_path / "sources")
        encore = fichier(tmp_path, [fabrique.poste("P9")], nom="postes 2028.csv")
        accepter(base, [encore])
        assert quotites(base) == {"P9": 1.0}
        assert etats(base) == [(3, True), (2, False), (1, False)]
        with entrepot.ouvrir(base) as connexion:
            assert connexion.execute("select count(*) from mart_presence").fetchall() == [(0,)]

    def test_going_back_then_depositing_starts_from_what_was_brought_back(
        self, base, tmp_path, bon
    ):
        accepter(base, [bon])
        depot.revenir(base, 1)
        dispositifs = fabrique.ecrire_csv(
            tmp_path / "recus" / "dispositifs.csv",
            fabrique.COLONNES_DISPOSITIFS,
            [{"uai": fabrique.uai(1), "dispositif": "UPE2A", "present": "oui"}],
        )
        accepter(base, [(dispositifs.name, dispositifs.read_bytes())])
        assert quotites(base) == {"P1": 1.0, "P2": 1.0}
        assert etats(base) == [(3, True), (2, False), (1, False)]

    def test_a_report_made_on_older_data_is_not_accepted(self, base, tmp_path, bon):
        vieux = depot.proposer_depot(base, [bon]).actuel
        accepter(base, [fichier(tmp_path, [fabrique.poste("P7")], nom="autre.csv")])
        with pytest.raises(AtlasError, match="ont changé depuis ce rapport"):
            depot.accepter(base, [bon], actuel=vieux)
        assert quotites(base) == {"P7": 1.0}

    def test_a_file_changed_since_the_build_is_told_never_taken_for_the_old_one(
        self, base, tmp_path
    ):
        """The annuaire of the folder was edited: only postes are dropped, nothing else may move."""
        annuaire = tmp_path / "sources" / "annuaire.csv"
        annuaire.write_bytes(annuaire.read_bytes() + b"\r\n")
        with pytest.raises(AtlasError, match="n'est plus celui") as refus:
            depot.proposer_depot(base, [fichier(tmp_path, [fabrique.poste("P1")])])
        assert refus.value.fichier == "annuaire.csv"

    def test_starting_anew_forgets_the_current_files_but_not_the_way_back(
        self, base, tmp_path, bon
    ):
        lignes = [fabrique.etablissement(1, Code_departement="030", Libelle_departement="Gard")]
        annuaire = fabrique.ecrire_annuaire(tmp_path / "recus", lignes, nom="annuaire gard.csv")
        fichiers = [(annuaire.name, annuaire.read_bytes())]
        rapport = depot.proposer_depot(base, fichiers, repartir_de_zero=True)
        assert {d.nature for d in rapport.differences} == {
            Nature.DEPARTEMENT_GAGNE,
            Nature.DEPARTEMENT_PERDU,
        }
        version = depot.accepter(base, fichiers, actuel=rapport.actuel, repartir_de_zero=True)
        assert version.departements == ("030",)
        assert etats(base) == [(2, True), (1, False)]
        depot.revenir(base, 1)
        assert quotites(base) == {"P1": 1.0, "P2": 1.0}

    def test_names_from_a_browser_stay_names(self, base, tmp_path, bon):
        """No path, no hidden file, two files of one name."""
        assert depot._noms_surs(["../../x/.a.csv", "a.csv", "C:\\b\\a.csv", "~$a.csv", "…"]) == [
            "a.csv",
            "a (2).csv",
            "a (3).csv",
            "a (4).csv",
            "…",
        ]
        version = accepter(base, [("../../etc/.postes.csv", bon[1])])
        assert "postes.csv" in [f.nom for f in version.fichiers]
        assert not (tmp_path.parent / "etc").exists()


class TestCoupures:
    """The light goes out between two steps."""

    def couper(self, monkeypatch, objet, nom):
        def couper(*arguments, **options):
            raise Coupure

        monkeypatch.setattr(objet, nom, couper)

    def test_before_the_swap_nothing_happened(self, base, bon, monkeypatch):
        """Files were copied, the warehouse was not swapped: the next deposit forgets the try."""
        octets = base.read_bytes()
        with monkeypatch.context() as coupe:
            original = Path.replace

            def remplacer(chemin, cible):
                if cible == base:
                    raise Coupure
                return original(chemin, cible)

            coupe.setattr(Path, "replace", remplacer)
            with pytest.raises(Coupure):
                accepter(base, [bon])
        assert base.read_bytes() == octets
        assert etats(base) == [(1, True)]
        autre = ("autre.csv", bon[1])
        assert accepter(base, [autre]).numero == 2
        assert etats(base) == [(2, True), (1, False)]
        assert not list((chemins.DEPOT / depot.VERSIONS).glob(f"*{depot.EN_COURS}"))

    def test_after_the_swap_the_state_in_service_is_recorded_by_the_next_deposit(
        self, base, tmp_path, bon, monkeypatch
    ):
        with monkeypatch.context() as coupe:
            self.couper(coupe, depot, "_confirmer")
            with pytest.raises(Coupure):
                accepter(base, [bon])
        assert quotites(base) == {"P1": 0.8, "P3": 1.0}
        depot.revenir(base, 1)
        assert etats(base) == [(2, False), (1, True)]
        depot.revenir(base, 2)
        assert quotites(base) == {"P1": 0.8, "P3": 1.0}

    def test_a_full_deposit_is_told_in_french_and_nothing_is_swapped(self, base, bon, monkeypatch):
        def plein(*arguments):
            raise OSError(28, "No space left on device")

        octets = base.read_bytes()
        with monkeypatch.context() as coupe:
            coupe.setattr(shutil, "copyfileobj", plein)
            with pytest.raises(AtlasError, match="Impossible d'écrire dans le dépôt"):
                accepter(base, [bon])
        assert base.read_bytes() == octets
        accepter(base, [bon])
        assert quotites(base) == {"P1": 0.8, "P3": 1.0}

    def test_a_kept_file_that_was_altered_is_not_brought_back(self, base, bon):
        accepter(base, [bon])
        [postes] = [f for f in depot.versions(base)[1].fichiers if f.sources == ("postes",)]
        (chemins.DEPOT / depot.FICHIERS / postes.sha256).write_bytes(b"autre")
        with pytest.raises(AtlasError, match="n'est plus celui"):
            depot.revenir(base, 1)
        assert quotites(base) == {"P1": 0.8, "P3": 1.0}


class TestDeuxALaFois:
    """Two people accept at once."""

    def test_the_second_is_told_who_and_the_lock_falls_with_its_process(self, base, tmp_path, bon):
        programme = (
            "import sys, time; from pathlib import Path; from pipelines.base import chemins; "
            "from pipelines.scenarios import depot; chemins.DEPOT = Path(sys.argv[1])\n"
            "with depot._verrou(Path(sys.argv[2])): print('pris', flush=True); time.sleep(60)"
        )
        premier = subprocess.Popen(
            [sys.executable, "-c", programme, str(chemins.DEPOT), str(base)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert premier.stdout.readline() == "pris\n"
            with pytest.raises(AtlasError, match=f"processus {premier.pid}"):
                accepter(base, [bon])
        finally:
            premier.kill()
            premier.wait()
        debut = time.monotonic()
        accepter(base, [bon])
        assert time.monotonic() - debut < 60
        assert quotites(base) == {"P1": 0.8, "P3": 1.0}

    def test_no_build_may_come_between_the_report_and_the_swap(
        self, base, bon, tmp_path, monkeypatch
    ):
        """Whoever runs `atlas construire` meanwhile is told to wait."""
        vraie, refus = construction.construire, []

        def pendant(*arguments, **options):
            with pytest.raises(AtlasError, match="est en cours") as refuse:
                vraie([tmp_path / "sources"], base, attente_max_s=0)
            refus.append(refuse.value)
            return vraie(*arguments, **options)

        monkeypatch.setattr(construction, "construire", pendant)
        accepter(base, [bon])
        assert len(refus) == 1
        assert quotites(base) == {"P1": 0.8, "P3": 1.0}

    def test_a_warehouse_put_there_without_a_build_is_not_overwritten(
        self, base, bon, tmp_path, monkeypatch
    ):
        """Its fingerprint is looked at again just before the swap."""
        autres = tmp_path / "autres"
        shutil.copytree(tmp_path / "sources", autres)
        fabrique.ecrire_postes(autres, [fabrique.poste("P9")])
        autre = fabrique.construire(autres, tmp_path / "autre.duckdb")
        vraie = construction.construire

        def pendant(*arguments, **options):
            shutil.copy(autre, base)
            return vraie(*arguments, **options)

        monkeypatch.setattr(construction, "construire", pendant)
        with pytest.raises(AtlasError, match="ont changé depuis ce rapport"):
            accepter(base, [bon])
        assert quotites(base) == {"P9": 1.0}

    def test_made_up_files_stay_so_through_a_deposit_wherever_their_notice_is(
        self, base, bon, tmp_path
    ):
        """The notice of a sub-folder goes with its files from state to state."""
        sources = tmp_path / "mixtes"
        shutil.copytree(tmp_path / "sources", sources / "publics")
        (sources / "publics" / "exemple.toml").write_text(
            'est_fictif = true\nlibelle = "Tout est inventé"\n', encoding="utf-8"
        )
        construction.construire([sources], base)
        for etape in (
            lambda: accepter(base, [bon]),
            lambda: depot.revenir(base, 1),
            lambda: depot.revenir(base, 2),
        ):
            etape()
            with entrepot.ouvrir(base) as connexion:
                assert entrepot.avertissements(connexion)["fictif"] == "Tout est inventé"

    def test_a_version_says_what_it_holds_in_plain_json(self, base, bon):
        accepter(base, [bon])
        contenu = json.loads(
            (chemins.DEPOT / depot.VERSIONS / "00002.json").read_text(encoding="utf-8")
        )
        assert contenu["departements"] == ["034"]
        assert {"nom", "sha256", "sources"} == contenu["fichiers"][0].keys()
        assert contenu["acceptee_le"].startswith("20")
