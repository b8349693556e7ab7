"""A made-up country: real rows repeated under other establishments, until they fill one.

Each copy of a département takes the place of another; its establishments take other UAI, valid and
the same in every file, so that all joins hold. Files keep their headers and their separators.
"""

import itertools
import shutil
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import xlsxwriter

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.uai import cle
from pipelines.sources import lecture
from pipelines.sources.cartes import cartes
from pipelines.sources.fichiers import fichiers
from pipelines.sources.reconnaissance import Reconnu, reconnaitre

FAMILLES = {"ips": "indices de position sociale", "effectifs": "effectifs"}
COLONNES_DATEES = {"rentree", "rentree_scolaire", "annee_scolaire", "session"}
TYPES_AVEC_ACTIVITE = ("Collège", "Lycée", "EREA")
COLONNES_ACTIVITE = (
    "annee_scolaire", "periode", "uai", "indicateur", "modalite", "nombre", "origine",
)  # fmt: skip
PERIODES = ("T1", "T2", "T3")
DERNIERE_RENTREE = 2025
NUMEROS_PAR_DEPARTEMENT = 10_000
CODES_UAI = {"02A": "620", "02B": "720"}
"""The départements whose UAI do not begin with their code."""
LIGNES_ENTRE_REPETITIONS = 10_000
"""One row of activity in so many is given twice, as pasted files do."""
MARQUE = "simulé (banc)"


@dataclass(frozen=True)
class Taille:
    """How many rows each kind of file holds."""

    etablissements: int = 69_000
    ips: int = 40_000
    effectifs: int = 16_000
    communes: int = 35_000
    activite: int = 5_000_000

    def reduite(self, part: float) -> "Taille":
        """The same, `part` (0 to 1) times as large."""
        return Taille(**{nom: max(1, round(n * part)) for nom, n in asdict(self).items()})


@dataclass(frozen=True)
class Fichier:
    """One file written: its source, and what it takes to read it without guessing.

    `rangs` gives where each column of the card stands (from 0); `ligne_entete` is 1-based.
    """

    source: str
    nom: str
    separateur: str | None
    ligne_entete: int
    rangs: dict[str, int]
    lignes: int


@dataclass(frozen=True)
class Pays:
    """What was written under `dossier`."""

    dossier: Path
    fichiers: list[Fichier] = field(repr=False)
    uai_actifs: list[str] = field(repr=False)

    def lignes(self) -> dict[str, int]:
        """Rows of each source."""
        comptes: dict[str, int] = {}
        for fichier in self.fichiers:
            comptes[fichier.source] = comptes.get(fichier.source, 0) + fichier.lignes
        return comptes


def fabriquer(reel: Path, dossier: Path, taille: Taille) -> Pays:
    """Write under `dossier` a country of `taille`, from the public files found in `reel`.

    Raises AtlasError when `reel` lacks the annuaire, the grid of communes, the IPS or the
    enrolments.
    """
    dossier.mkdir(parents=True)
    sources = _reconnus(reel)
    for source in ("annuaire", "densite"):
        if source not in sources:
            raise _rien_a_repeter(cartes()[source].titre, reel)
    ecrits = []
    communes = _ecrire_grille(sources["densite"][0], dossier, taille.communes, ecrits)
    annuaires = [(reconnu, _lire(reconnu)) for reconnu in sources["annuaire"]]
    copies = _copies(annuaires, communes, taille.etablissements)
    actifs = []
    for reconnu, lignes in annuaires:
        faites = _repeter(reconnu, lignes.drop_duplicates(reconnu.positions["uai"]), copies)
        p = reconnu.positions
        est_actif = faites[p["type_etablissement"]].isin(TYPES_AVEC_ACTIVITE) & (
            faites[p["statut_public_prive"]] == "Public"
        )
        actifs += faites[est_actif][p["uai"]].tolist()
        ecrits.append(_ecrire(reconnu, faites, dossier))
    for reconnu in sources.get("education_prioritaire", []):
        ecrits.append(_ecrire(reconnu, _repeter(reconnu, _lire(reconnu), copies), dossier))
    for famille in FAMILLES:
        nombre = getattr(taille, famille)
        ecrits += _ecrire_famille(famille, sources, copies, nombre, reel, dossier)
    for reconnu in sources.get("contours", []):
        shutil.copy(reconnu.tableau.fichier.contenu, dossier)
        ecrits.append(_fiche(reconnu, len(list(reconnu.tableau.rangees())) - 1))
    return avec_activite(Pays(dossier, ecrits, actifs), taille.activite)


def avec_activite(pays: Pays, nombre: int) -> Pays:
    """`pays` with an activity file of `nombre` rows in place of the one it had.

    Every establishment of the public second degree sends its returns, term by term, for as many
    years back as it takes; one row in ten thousand repeats the one before.
    """
    dictionnaire = reference.dictionnaire_activite()
    modalites = {}
    for modalite in dictionnaire["modalites"]:
        modalites.setdefault(modalite["nomenclature"], []).append(modalite["code"])
    releves = [
        (indicateur["code"], modalite, periode)
        for indicateur in dictionnaire["indicateurs"]
        for modalite in modalites.get(indicateur.get("nomenclature"), [None])
        for periode in PERIODES
    ]
    rangs = {colonne: rang for rang, colonne in enumerate(COLONNES_ACTIVITE)}
    connexion = duckdb.connect()
    try:
        connexion.register(
            "releves", pd.DataFrame(releves, columns=["indicateur", "modalite", "periode"])
        )
        connexion.register("actifs", pd.DataFrame({"uai": pays.uai_actifs}))
        cible = str(pays.dossier / "activite.csv").replace("'", "''")
        connexion.execute(
            f"""
            copy (
                with
                    r as (select *, row_number() over () - 1 as rang from releves),
                    a as (select *, row_number() over () - 1 as rang from actifs),
                    lignes as (
                        select
                            n,
                            n - (mod(n, {LIGNES_ENTRE_REPETITIONS}) = 1)::int as m
                        from range({nombre}) as lignes(n)
                    ),
                    situees as (
                        select
                            n,
                            mod(m, {len(releves)}) as r,
                            mod(m // {len(releves)}, {len(pays.uai_actifs)}) as a,
                            {DERNIERE_RENTREE} - m // {len(releves) * len(pays.uai_actifs)} as t,
                            mod(m * 7919, 97) as nombre
                        from lignes
                    )
                select
                    t || '-' || (t + 1) as annee_scolaire,
                    r.periode,
                    a.uai,
                    r.indicateur,
                    r.modalite,
                    situees.nombre,
                    '{MARQUE}' as origine
                from situees
                join r on situees.r = r.rang
                join a on situees.a = a.rang
                order by n
            ) to '{cible}' (header, delimiter ';')
            """
        )
    finally:
        connexion.close()
    autres = [f for f in pays.fichiers if f.source != "activite"]
    activite = Fichier("activite", "activite.csv", ";", 1, rangs, nombre)
    return replace(pays, fichiers=[*autres, activite])


def _reconnus(reel: Path) -> dict[str, list[Reconnu]]:
    """The public tables of `reel`, by source."""
    sources: dict[str, list[Reconnu]] = {}
    for fichier in fichiers([reel]):
        for tableau in lecture.tableaux(fichier):
            reconnu = reconnaitre(tableau) if tableau.debuts else None
            if isinstance(reconnu, Reconnu) and not reconnu.carte.est_locale:
                sources.setdefault(reconnu.carte.nom, []).append(reconnu)
    return sources


def _nom(reconnu: Reconnu) -> str:
    """The name of its file, without the folders of `reel` above it."""
    return Path(reconnu.tableau.fichier.nom).name


def _lire(reconnu: Reconnu) -> pd.DataFrame:
    """The rows below the header as text, one column for each position of the file; UAI upper."""
    largeur = len(reconnu.entetes)
    lignes = pd.DataFrame(
        [
            [
                c or ""
                for c in itertools.islice(itertools.chain(r.cellules, [""] * largeur), largeur)
            ]
            for r in reconnu.tableau.rangees()
            if r.ligne > reconnu.ligne_entete and r.rejet is None and any(r.cellules)
        ],
        columns=range(largeur),
        dtype=str,
    )
    for colonne in ("uai", "uai_tete_de_reseau", "etablissement_mere"):
        if colonne in reconnu.positions:
            rang = reconnu.positions[colonne]
            lignes[rang] = lignes[rang].str.strip().str.upper()
    return lignes


def _repartis(disponibles: int, voulus: int) -> np.ndarray:
    """`voulus` ranks spread over `disponibles` rows, each taken once."""
    return np.arange(voulus) * disponibles // voulus


def _ecrire_grille(
    reconnu: Reconnu, dossier: Path, nombre: int, ecrits: list[Fichier]
) -> pd.DataFrame:
    """A grid of `nombre` communes: the real ones, then some again under codes nobody has.

    Returns their codes, names and départements (3 characters).
    """
    lignes = _lire(reconnu)
    code = reconnu.positions["code_commune"]
    lignes = lignes[lignes[code].str.fullmatch(r"[0-9][0-9AB][0-9]{3}")]
    choisies = lignes.iloc[_repartis(len(lignes), min(nombre, len(lignes)))]
    neuves = lignes.head(nombre - len(choisies)).copy()
    pris = set(lignes[code])
    libres = (c for c in (f"{n:05d}" for n in range(1001, 96_000)) if c not in pris)
    neuves[code] = list(itertools.islice(libres, len(neuves)))
    toutes = pd.concat([choisies, neuves])
    with xlsxwriter.Workbook(dossier / _nom(reconnu)) as classeur:
        feuille = classeur.add_worksheet()
        for rang, cellules in reconnu.tableau.debuts:
            if rang <= reconnu.ligne_entete:
                feuille.write_row(rang - 1, 0, cellules)
        for rang, cellules in enumerate(toutes.itertuples(index=False), reconnu.ligne_entete):
            feuille.write_row(rang, 0, cellules)
    ecrits.append(_fiche(reconnu, len(toutes)))
    codes = toutes[code]
    departements = codes.str[:3].where(codes.str[:2].isin(["97", "98"]), "0" + codes.str[:2])
    noms = toutes[reconnu.positions["nom_commune"]]
    return pd.DataFrame({"code": codes, "nom": noms, "departement": departements})


def _copies(
    annuaires: list[tuple[Reconnu, pd.DataFrame]], communes: pd.DataFrame, nombre: int
) -> pd.DataFrame:
    """`nombre` establishments: which real one each repeats, in which copy, and what it becomes.

    Columns: reel, copie, uai, departement, commune, nom_commune. The first copy of a département
    keeps its place and its communes, the others take those of another.
    """
    reels = pd.concat(
        lignes[[p["uai"], p["code_departement"], p["code_commune"]]].set_axis(
            ["reel", "departement_reel", "commune_reelle"], axis=1
        )
        for reconnu, lignes in annuaires
        for p in [reconnu.positions]
    ).drop_duplicates("reel")
    reels = reels[reels["reel"].str.fullmatch(r"\d{7}[A-Z]")]
    reels["departement_reel"] = reels["departement_reel"].str.lstrip("0").str.zfill(3)
    par_departement = {d: c.reset_index(drop=True) for d, c in communes.groupby("departement")}
    vrais = sorted(reels["departement_reel"].unique())
    autres = itertools.cycle([d for d in par_departement if d not in vrais] or par_departement)
    numeros = dict.fromkeys(par_departement, 0)
    lots = []
    for copie in range(-(-nombre // len(reels))):
        for vrai in vrais:
            lot = reels[reels["departement_reel"] == vrai]
            cible = vrai if copie == 0 and vrai in par_departement else next(autres)
            lots.append(_placer(lot, copie, cible, par_departement[cible], numeros[cible]))
            numeros[cible] += len(lot)
    if max(numeros.values()) >= NUMEROS_PAR_DEPARTEMENT:
        raise AtlasError(
            "Trop d'établissements pour les UAI d'un département.",
            admis=f"moins de {NUMEROS_PAR_DEPARTEMENT} par département de la grille donnée",
            remede="donner la grille de densité de tout le pays, ou réduire --echelle",
        )
    faites = pd.concat(lots, ignore_index=True)
    # the last copy is partial: thinned, not cut after its first départements
    entieres = faites[faites["copie"] < copie]
    derniere = faites[faites["copie"] == copie]
    gardees = derniere.iloc[_repartis(len(derniere), nombre - len(entieres))]
    return pd.concat([entieres, gardees], ignore_index=True)


def _placer(
    lot: pd.DataFrame, copie: int, departement: str, communes: pd.DataFrame, deja: int
) -> pd.DataFrame:
    """One copy of a département in the place of `departement`, which already has `deja` UAI."""
    prefixe = CODES_UAI.get(departement, departement)
    numeros = [f"{prefixe}{n:04d}" for n in range(deja + 1, deja + 1 + len(lot))]
    # a commune kept where it stands in the grid; elsewhere, always the same one in its place
    rangs_reels = dict(zip(communes["code"], communes.index, strict=True))
    codes, _ = pd.factorize(lot["commune_reelle"])
    rangs = [
        rangs_reels.get(reelle, code % len(communes))
        for reelle, code in zip(lot["commune_reelle"], codes, strict=True)
    ]
    return pd.DataFrame(
        {
            "reel": lot["reel"].to_numpy(),
            "copie": copie,
            "uai": [numero + cle(numero) for numero in numeros],
            "departement": departement,
            "commune": communes["code"].to_numpy()[rangs],
            "nom_commune": communes["nom"].to_numpy()[rangs],
        }
    )


def _repeter(reconnu: Reconnu, lignes: pd.DataFrame, copies: pd.DataFrame) -> pd.DataFrame:
    """Every row of `lignes` once a copy of its establishment, UAI and places made those of it."""
    p = reconnu.positions
    faites = copies.merge(
        lignes.assign(rang=range(len(lignes))), left_on="reel", right_on=p["uai"]
    ).sort_values(["copie", "rang"], ignore_index=True)
    neufs = copies.set_index(["copie", "reel"])["uai"]
    for colonne in ("uai_tete_de_reseau", "etablissement_mere"):
        if colonne in p:
            cles = pd.MultiIndex.from_frame(faites[["copie", p[colonne]]])
            faites[p[colonne]] = neufs.reindex(cles).fillna("").to_numpy()
    if "uai_tete_de_reseau" in p:
        faites = faites[faites[p["uai_tete_de_reseau"]] != ""]
    departements = faites["departement"]
    for colonne, valeurs in {
        "uai": faites["uai"],
        "code_departement": departements,
        "departement": departements,
        "libelle_departement": "Département " + departements,
        "code_commune": faites["commune"],
        "nom_commune": faites["nom_commune"],
        "commune": faites["nom_commune"],
    }.items():
        if colonne in p:
            faites[p[colonne]] = valeurs
    return faites[list(range(len(reconnu.entetes)))]


def _ecrire_famille(
    famille: str,
    sources: dict[str, list[Reconnu]],
    copies: pd.DataFrame,
    nombre: int,
    reel: Path,
    dossier: Path,
) -> list[Fichier]:
    """The files whose source begins with `famille`, `nombre` rows in all, spread over them.

    When there are too few rows, they come again under rentrées of another decade.
    """
    reconnus = [r for nom, rs in sources.items() if nom.startswith(f"{famille}_") for r in rs]
    faites = [_repeter(r, _lire(r), copies) for r in reconnus]
    disponibles = sum(map(len, faites))
    if not disponibles:
        raise _rien_a_repeter(FAMILLES[famille], reel)
    decennies = -(-nombre // disponibles)
    faites = [
        pd.concat([lignes, *(_vieillies(r, lignes, d) for d in range(1, decennies))])
        for r, lignes in zip(reconnus, faites, strict=True)
    ]
    rangs = _repartis(disponibles * decennies, nombre)
    ecrits, debut = [], 0
    for reconnu, lignes in zip(reconnus, faites, strict=True):
        gardes = rangs[(rangs >= debut) & (rangs < debut + len(lignes))] - debut
        ecrits.append(_ecrire(reconnu, lignes.iloc[gardes], dossier))
        debut += len(lignes)
    return ecrits


def _vieillies(reconnu: Reconnu, lignes: pd.DataFrame, decennies: int) -> pd.DataFrame:
    """The same rows, so many decades before."""
    vieillies = lignes.copy()
    for colonne in COLONNES_DATEES & reconnu.positions.keys():
        rang = reconnu.positions[colonne]
        vieillies[rang] = vieillies[rang].str.replace(
            r"\b(?:19|20)\d\d\b", lambda annee: str(int(annee[0]) - 10 * decennies), regex=True
        )
    return vieillies


def _rien_a_repeter(quoi: str, ou: Path) -> AtlasError:
    return AtlasError(
        f"Aucune ligne à répéter : {quoi}.",
        fichier=str(ou),
        admis="un dossier de vrais fichiers publics, tels que téléchargés : annuaire, grille de "
        "densité, IPS, effectifs",
        remede="donner un tel dossier à --sources (atlas telecharger en range dans data/brut)",
    )


def _ecrire(reconnu: Reconnu, lignes: pd.DataFrame, dossier: Path) -> Fichier:
    """Write `lignes` below the header of `reconnu`, with its separator, in UTF-8."""
    fiche = _fiche(reconnu, len(lignes), ligne_entete=1)
    lignes.to_csv(
        dossier / fiche.nom,
        sep=fiche.separateur,
        index=False,
        header=reconnu.entetes,
        encoding="utf-8-sig",
    )
    return fiche


def _fiche(reconnu: Reconnu, lignes: int, ligne_entete: int | None = None) -> Fichier:
    forme = reconnu.tableau.forme
    return Fichier(
        source=reconnu.carte.nom,
        nom=_nom(reconnu),
        separateur=forme.separateur if forme else None,
        ligne_entete=ligne_entete or reconnu.ligne_entete,
        rangs=dict(reconnu.positions),
        lignes=lignes,
    )
