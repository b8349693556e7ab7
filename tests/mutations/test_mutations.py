"""Random mutations of an extract of each real file: never a traceback, always an account.

A mutated file is read, or refused by an AtlasError; when it is read, its rows are all found again
in the staging tables: read = kept + merged + rejected. Half of them go through the reader of large
files. Of those that were read, a batch a source is then built whole: what a mutant holds must not
stop a table made further on. Mutants are read 100 at a time, which spares the models being
prepared for each. Mutations are made when the test runs, from a fixed seed: a failure comes back.
"""

import json
import random
import zipfile
from functools import cache
from pathlib import Path

import duckdb
import fabrique
import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction
from pipelines.marts.modeles import MACROS, modeles
from pipelines.sources import chargement, lecture
from pipelines.sources.fichiers import Fichier

pytestmark = pytest.mark.reel

LIGNES = 300
MUTATIONS = 500
PAR_LOT = 100
A_CONSTRUIRE = 20
FICHIERS = {
    "annuaire": "annuaire/fr-en-annuaire-education.montpellier.2024-11-26.csv",
    "annuaire de 2023": "annuaire/fr-en-annuaire-education.035.2023-06-08.csv",
    "liste EP": "education_prioritaire/liste-des-rep-et-rep-rentree-2022.csv",
    "IPS collèges": "ips/fr-en-ips-colleges-ap2022.csv",
    "IPS lycées": "ips/fr-en-ips-lycees-ap2022.csv",
    "IPS écoles": "ips/fr-en-ips-ecoles-ap2022.csv",
    "brevet": "effectifs/donnees-dnb.csv",
    "effectifs collèges": "effectifs/fr-en-college-effectifs-niveau-sexe-lv.035.csv",
    "effectifs GT": "effectifs/fr-en-lycee_gt-effectifs-niveau-sexe-lv.csv",
    "effectifs pro": "effectifs/fr-en-lycee_pro-effectifs-niveau-sexe-lv.csv",
    "effectifs second degré": "effectifs/fr-en-effectifs-second-degre.035.csv",
    "effectifs écoles": "effectifs/fr-en-ecoles-effectifs-nb_classes.035.csv",
    "densité": "densite/grille_densite_7_niveaux_2022.xlsx",
    "contours": "contours/communes-48-lozere.geojson",
}
VALEURS = {
    "annuaire": {
        "ecole_maternelle": "est_maternelle", "ecole_elementaire": "est_elementaire",
        "voie_professionnelle": "voie_professionnelle", "hebergement": "internat", "ulis": "ulis",
        "segpa": "segpa", "nombre_d_eleves": "effectif", "latitude": "latitude",
        "longitude": "longitude", "date_maj_ligne": "date_maj", "date_ouverture": "date_ouverture",
    },
    "education_prioritaire": {"ep": "ep", "uai_tete_de_reseau": "uai_tete_reseau"},
    "ips": {"ips": "ips", "ips_ensemble": "ips", "eleves_de_l_indice": "nb_eleves_indice"},
    "effectifs": {
        "effectif": "effectif", "eleves_segpa": "eleves_segpa", "eleves_ulis": "eleves_ulis",
    },
    "densite": {"densite": "densite", "population": "population"},
    "contours": {"population": "population"},
}  # fmt: skip
"""Of each family of sources, the cells that are read and what is kept of them."""
OCTETS_MECHANTS = (b'"', b";", b",", b"\t", b"\n", b"\r", b"\0", b"\xff", b"\xe9", b"\xc3", b"=",
                   b"\xef\xbb\xbf", b"\xff\xfe", b"{", b"]")  # fmt: skip


def couper(octets, hasard):
    """Bytes lost in the middle, or everything after a point."""
    debut = hasard.randrange(len(octets))
    fin = len(octets) if hasard.random() < 0.3 else debut + hasard.randrange(1, 400)
    return octets[:debut] + octets[fin:]


def semer(octets, hasard):
    """Quotes opened, separators added, bytes of another encoding, here and there."""
    resultat = bytearray(octets)
    for _ in range(hasard.randrange(1, 12)):
        place = hasard.randrange(len(resultat))
        mechant = hasard.choice(OCTETS_MECHANTS)
        resultat[place : place + hasard.randrange(2)] = mechant
    return bytes(resultat)


def separer_autrement(octets, hasard):
    """One separator for another, in all the file or in a part of it."""
    ancien, nouveau = hasard.sample([b";", b",", b"\t", b"|", b'"'], 2)
    debut = hasard.choice([0, hasard.randrange(len(octets))])
    return octets[:debut] + octets[debut:].replace(ancien, nouveau)


def encoder_autrement(octets, hasard):
    """Saved in another encoding, or half of it only."""
    texte = octets.decode("utf-8", "replace")
    encodage = hasard.choice(["cp1252", "utf-16", "utf-16-be", "utf-8-sig", "latin-1", "cp850"])
    debut = hasard.choice([0, hasard.randrange(len(texte))])
    return texte[:debut].encode() + texte[debut:].encode(encodage, "replace")


def deplacer(octets, hasard):
    """Columns moved, cells swapped, rows repeated, blank rows and titles added."""
    separateur = b";" if octets.count(b";") > octets.count(b",") else b","
    lignes = [ligne.split(separateur) for ligne in octets.splitlines()]
    geste = hasard.randrange(6)
    if geste == 0:
        a, b = hasard.randrange(len(lignes[0])), hasard.randrange(len(lignes[0]))
        for ligne in lignes:
            if max(a, b) < len(ligne):
                ligne[a], ligne[b] = ligne[b], ligne[a]
    elif geste == 1:
        for _ in range(30):
            une, autre = hasard.choice(lignes), hasard.choice(lignes)
            a, b = hasard.randrange(len(une)), hasard.randrange(len(autre))
            une[a], autre[b] = autre[b], une[a]
    elif geste == 2:
        lignes += [list(ligne) for ligne in hasard.choices(lignes, k=40)]
        hasard.shuffle(lignes)
    elif geste == 3:
        for _ in range(20):
            lignes.insert(hasard.randrange(len(lignes)), [b""] * hasard.choice([0, 1, 5, 200]))
    elif geste == 4:
        lignes.insert(0, [b"Titre, avec des virgules, " * hasard.randrange(1, 30)])
    else:
        for ligne in hasard.choices(lignes, k=20):
            del ligne[hasard.randrange(len(ligne) + 1) :]
    fin = hasard.choice([b"\n", b"\r\n", b"\r"])
    return fin.join(separateur.join(ligne) for ligne in lignes)


def abimer(octets, hasard):
    """One to three of the gestes above."""
    for _ in range(hasard.randrange(1, 4)):
        if octets:
            geste = hasard.choice([couper, semer, separer_autrement, encoder_autrement, deplacer])
            octets = geste(octets, hasard)
    return octets


def abimer_classeur(octets, hasard, dossier):
    """The workbook's own bytes, or the XML inside, which a zip then holds without a fault."""
    if hasard.random() < 0.4:
        return hasard.choice([couper, semer])(octets, hasard)
    source, cible = dossier / "source.xlsx", dossier / "cible.xlsx"
    source.write_bytes(octets)
    with zipfile.ZipFile(source) as avant, zipfile.ZipFile(cible, "w") as apres:
        touchee = hasard.choice([n for n in avant.namelist() if n.endswith(".xml")])
        for nom in avant.namelist():
            contenu = avant.read(nom)
            apres.writestr(nom, semer(contenu, hasard) if nom == touchee else contenu)
    return cible.read_bytes()


@pytest.fixture(scope="module")
def extraits(reel, tmp_path_factory):
    """The first 300 rows of each real file, in its own format, by name."""
    dossier = tmp_path_factory.mktemp("extraits")
    return {nom: extraire(reel / fichier, dossier) for nom, fichier in FICHIERS.items()}


def extraire(fichier, dossier):
    """The bytes of the head of a real file."""
    if fichier.suffix == ".csv":
        return b"".join(fichier.read_bytes().splitlines(keepends=True)[: LIGNES + 1])
    if fichier.suffix == ".geojson":
        octets = fichier.read_bytes()
        contenu = json.loads(octets)
        contenu["features"] = contenu["features"][:30]
        return json.dumps(contenu).encode()
    feuille = python_calamine.CalamineWorkbook.from_path(str(fichier)).get_sheet_by_index(0)
    lignes = feuille.to_python(skip_empty_area=False)[:LIGNES]
    return fabrique.ecrire_classeur(dossier / "densite.xlsx", lignes).read_bytes()


@pytest.fixture(scope="module")
def atelier(tmp_path_factory):
    """One connection with the reference tables, and a folder to write mutants in."""
    connexion = duckdb.connect()
    connexion.execute("set threads = 1")
    dossier = tmp_path_factory.mktemp("mutations")
    fabrique.ecrire_annuaire(dossier, [fabrique.etablissement(1)])
    chargement.charger(connexion, [dossier])
    construction._charger_references(connexion, None)
    connexion.execute(MACROS.read_text(encoding="utf-8"))
    yield connexion, dossier
    connexion.close()


@cache
def modeles_de(source):
    """The staging models that tell the fate of the rows of `source`, in their order."""
    cible = construction._table_des_lignes(source)
    voulues = {cible, "stg_annuaire_cellules"} if source == "annuaire" else {cible}
    par_nom = {m.nom: m for m in modeles()}

    def dependances(nom):
        return {nom}.union(*(dependances(lu) for lu in par_nom[nom].lit if lu in par_nom))

    voulus = set().union(*map(dependances, voulues))
    return [m for m in modeles() if m.nom in voulus], cible


def compter(connexion, fichiers):
    """Read `fichiers` together, the second half by the reader of large files, and compare what was
    read of each with what the models account for; of a row that is kept, no cell is lost that is
    not told.

    Returns the fate of each file by name: read, unknown, or refused with a remedy.
    """
    sorts = {}
    with chargement.Chargement(connexion) as lot, pytest.MonkeyPatch.context() as taille:
        for rang, fichier in enumerate(fichiers):
            if rang >= len(fichiers) / 2:
                taille.setattr(lecture, "OCTETS_EN_MEMOIRE", 0)
            try:
                lot.ajouter(fichier)
            except AtlasError as refus:
                sorts[fichier.nom] = "refuse" if refus.remede else "refuse sans remede"
        inventaire = lot.terminer()
    sorts |= {lu.donne: "lu" for lu in inventaire.lus}
    sorts |= {n.fichier.nom: "inconnu" for n in inventaire.non_reconnus}
    assert "refuse sans remede" not in sorts.values()
    noms = {f.nom for f in fichiers}
    assert sorts.keys() == noms, "a file is read, refused, or said to be unknown"
    illisibles = dict(
        connexion.execute("select fichier, count(*) from raw_rejet group by all").fetchall()
    )
    for source in sorted({lu.source for lu in inventaire.lus}):
        voulus, cible = modeles_de(source)
        for modele in voulus:
            connexion.execute(f"create or replace temp table {modele.nom} as {modele.sql}")
        comptees = dict(
            connexion.execute(
                f"select fichier, count(*) from {cible} where source = ? "
                "and (sort = 'gardee' or (sort in ('fusionnee', 'rejetee') "
                f"and {dite(connexion, cible)})) group by all",
                [source],
            ).fetchall()
        )
        for lu in (lu for lu in inventaire.lus if lu.source == source):
            rendues = comptees.get(lu.fichier, 0) + illisibles.get(lu.fichier, 0)
            assert lu.lignes_lues == rendues, f"{lu.fichier}: rows lost, or set aside in silence"
        assert perdues(connexion, source, cible) == {}, "values of rows kept, lost in silence"
    return sorts


def dite(connexion, cible):
    """SQL: whether something is said of a row of the model `cible`, as a whole or cell by cell."""
    colonnes = {c for (c, *_) in connexion.execute(f"describe {cible}").fetchall()}
    return "anomalie is not null" if "anomalie" in colonnes else "len(anomalies) > 0"


def perdues(connexion, source, cible):
    """Cells of the rows kept that are filled and of which nothing is kept or told: name → rows."""
    famille = next(f for f in VALEURS if f"{source}_".startswith(f"{f}_"))
    if famille == "annuaire":
        dites = "(select fichier, ligne from stg_annuaire_cellules)"
    else:
        dites = f"(select fichier, ligne from {cible} where {dite(connexion, cible)})"
    colonnes = {c for (c, *_) in connexion.execute(f"describe raw_{source}").fetchall()}
    comptes = {}
    for lue, gardee in VALEURS[famille].items():
        if lue in colonnes:
            [(comptes[lue],)] = connexion.execute(
                f"select count(*) from raw_{source} as lues inner join {cible} as gardees "
                "on lues.fichier = gardees.fichier and lues.ligne = gardees.ligne "
                f"where gardees.source = ? and gardees.sort = 'gardee' "
                f"and texte(lues.{lue}) is not null and gardees.{gardee} is null "
                f"and (lues.fichier, lues.ligne) not in {dites}",
                [source],
            ).fetchall()
    assert comptes, "a source whose values nobody looks at"
    return {lue: nombre for lue, nombre in comptes.items() if nombre}


def construire_ensemble(mutants, dossier):
    """One whole build of mutants that were read, beside a small sound département."""
    fabrique.petit_departement(dossier)
    for fichier, octets in mutants.items():
        (dossier / fichier).write_bytes(octets)
    base = fabrique.construire(dossier)
    with duckdb.connect(str(base), read_only=True) as connexion:
        lus = {f for (f,) in connexion.execute("select fichier from meta_construction").fetchall()}
        sans_motif = connexion.execute(
            "select code from mart_anomalie where raison is null or gravite is null"
        ).fetchall()
    assert mutants.keys() <= {f.split(" [")[0] for f in lus}
    assert sans_motif == []


@pytest.mark.parametrize("nom", FICHIERS)
def test_mutations_are_read_or_refused_and_every_row_is_accounted_for(
    nom, extraits, atelier, tmp_path
):
    """Bytes cut, columns moved, cells swapped, encodings broken, quotes opened, separators."""
    connexion, dossier = atelier
    suffixe = Path(FICHIERS[nom]).suffix
    sorts, lus = [], {}

    def mutant_de(graine):
        """One mutant, named by its seed."""
        hasard = random.Random(f"{nom} {graine}")
        octets = extraits[nom]
        if suffixe == ".xlsx":
            mutant = abimer_classeur(octets, hasard, dossier)
        elif suffixe == ".geojson":
            mutant = hasard.choice([couper, semer, encoder_autrement])(octets, hasard)
        else:
            mutant = abimer(octets, hasard)
        return Fichier(f"mutant-{graine}{suffixe}", mutant)

    @settings(
        max_examples=MUTATIONS // PAR_LOT,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.integers(0, 2**32), min_size=PAR_LOT, max_size=PAR_LOT, unique=True))
    def muter(graines):
        mutants = list(map(mutant_de, graines))
        par_nom = compter(connexion, mutants)
        sorts.extend(par_nom.values())
        entiers = [f for f in mutants if par_nom[f.nom] == "lu"][: A_CONSTRUIRE - len(lus)]
        lus.update({f.nom: f.lire() for f in entiers})

    muter()
    assert len(sorts) >= MUTATIONS
    assert sorts.count("lu") > 0, "mutations that are never read prove nothing"
    construire_ensemble(lus, tmp_path / "ensemble")


def test_the_extracts_themselves_are_read_whole(extraits, atelier):
    """Unharmed, every row of every extract is kept, merged, or set aside with its reason."""
    connexion, _ = atelier
    for nom, octets in extraits.items():
        fichier = Fichier(f"entier{Path(FICHIERS[nom]).suffix}", octets)
        assert compter(connexion, [fichier]) == {fichier.nom: "lu"}, nom
        [(lignes,)] = connexion.execute("select count(*) from raw_rejet").fetchall()
        assert lignes == 0, nom
