"""The territories laid side by side: the départements of the académie, or the parts of one.

Postes are those with a sector; each counts where its résidence is. Nothing is a ranking of people:
the smallest thing counted is a territory.
"""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import duckdb
import pandas as pd
import shapely

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.marts import entrepot
from pipelines.reports import contours
from pipelines.reports.sites import BAREME_PAR_DEFAUT, part_couverte, tableau_sites
from pipelines.reports.situation import legende_carte
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.moyens import VACANT
from pipelines.scoring.regles import Regle


class Niveau(StrEnum):
    """What is compared: the départements of the warehouse, or the parts of one of them."""

    DEPARTEMENTS = "departements"
    BASSINS = "bassins"
    RESEAUX = "reseaux"


@dataclass(frozen=True)
class Mots:
    """How the territories of a level are called, and the mart column that names the parts of a
    département.
    """

    singulier: str
    au_pluriel: str
    titre: str
    colonne: str = ""
    inconnu: str = ""


MOTS = {
    Niveau.DEPARTEMENTS: Mots("département", "départements", "Département"),
    Niveau.BASSINS: Mots("bassin", "bassins", "Bassin", "bassin", "Bassin inconnu"),
    Niveau.RESEAUX: Mots("réseau", "réseaux", "Réseau", "reseau_etablissements", "Réseau inconnu"),
}

AVEC_ARTICLE, VOYELLES = ("Guadeloupe", "Guyane", "Martinique"), "AEIOUÉ"


@dataclass(frozen=True)
class Territoires:
    """The territories of a level, read once: what every view here starts from.

    `sites` (tableau_sites) and `postes` have a column `territoire`; `noms`: code → name; `formes`:
    code → shape in Lambert-93, none for sites of an unknown part; `decor`: the outline around the
    parts of a département; `lieu`: the name of the whole.
    """

    niveau: Niveau
    departement: str | None
    noms: dict[str, str]
    sites: pd.DataFrame
    postes: pd.DataFrame
    regles: tuple[Regle, ...]
    lieu: str
    formes: dict[str, shapely.Geometry]
    decor: shapely.Geometry | None
    legende: str
    sans_residence: int


def niveaux(lecteur: Lecteur, base: Path, departement: str) -> dict[str, str]:
    """What may be compared, code → words; the parts of `departement` for who may read its postes.

    Réseaux only where some are known.
    """
    exiger(lecteur, Acte.LISTER, departement)
    choix = {Niveau.DEPARTEMENTS.value: "les départements"}
    if not lecteur.peut(Acte.LIRE, departement):
        return choix
    choix[Niveau.BASSINS.value] = f"les bassins du département {departement}"
    with entrepot.ouvrir(base) as connexion:
        [(connus,)] = connexion.execute(
            "select count(distinct reseau_etablissements) from mart_site where departement = ?",
            [departement],
        ).fetchall()
    if connus:
        choix[Niveau.RESEAUX.value] = f"les réseaux du département {departement}"
    return choix


def territoires(
    lecteur: Lecteur, base: Path, niveau: Niveau, departement: str | None = None
) -> Territoires:
    """The territories of `niveau` in the scope of `lecteur`, all read in one pass.

    `departement` is the one whose parts are asked for, the first in scope when not given; they are
    for who may read its postes: a bassin or a réseau may hold a single one. AtlasError out of
    scope, or when no réseau of the département is known.
    """
    if departement is not None:
        exiger(lecteur, Acte.LISTER, departement)
    with entrepot.ouvrir(base) as connexion:
        noms = en_vue(lecteur, connexion)
        if niveau == Niveau.DEPARTEMENTS:
            departement, codes = None, list(noms)
        else:
            departement = departement or next(iter(noms))
            exiger(lecteur, Acte.LIRE, departement)
            entrepot.exiger_departement(connexion, departement)
            codes = [departement]
        echelle = bareme(BAREME_PAR_DEFAUT)
        sites = tableau_sites(
            connexion, departement, calcules=besoins(connexion, echelle), echelle=echelle
        )
        sites = sites[sites["departement"].isin(codes)].reset_index(drop=True)
        postes = entrepot.lire(connexion, "mart_poste", departement)
        sans_residence = int(postes["departement"].isna().sum()) if departement is None else 0
        limites = contours.des_departements(connexion, codes)
        legende = legende_carte(connexion).replace("La taille dit le besoin. ", "")
    postes = postes[postes["departement"].isin(codes)].copy()
    postes["sans_secteur"] = postes["sans_secteur"].astype(bool)
    if niveau == Niveau.DEPARTEMENTS:
        lieu = nom_des_academies(sites)
        sites["territoire"], postes["territoire"] = sites["departement"], postes["departement"]
    else:
        lieu = noms[codes[0]]
        noms = _par_parties(niveau, sites, postes)
    formes = {
        code: contours.enveloppe(siens) if forme is None else forme
        for code, siens, forme in (
            (code, sites[sites["territoire"] == code], limites.get(code))
            for code in noms
            if code != MOTS[niveau].inconnu
        )
        if not siens.empty
    }
    return Territoires(
        niveau=niveau,
        departement=departement,
        noms=noms,
        sites=sites,
        postes=postes,
        regles=tuple(echelle.priorites.regles),
        lieu=lieu,
        formes=formes,
        decor=None if departement is None else limites.get(departement, contours.enveloppe(sites)),
        legende=legende,
        # of another département, maybe: said to who sees them all
        sans_residence=sans_residence if lecteur.departements is None else 0,
    )


def en_vue(lecteur: Lecteur, connexion: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Code → name of the départements in scope; AtlasError when there is none."""
    tous = entrepot.departements(connexion)
    noms = {code: nom for code, nom in tous.items() if lecteur.peut(Acte.LISTER, code)}
    if not noms:
        raise AtlasError(
            "Aucun département de votre ressort n'est dans l'entrepôt.",
            admis=enumeration(sorted(lecteur.departements or ())) or "aucun département",
            remede="reconstruire l'entrepôt avec l'un d'eux, ou demander un autre accès",
        )
    return noms


def _par_parties(niveau: Niveau, sites: pd.DataFrame, postes: pd.DataFrame) -> dict[str, str]:
    """Put each site and poste in its bassin or réseau; their names, the unknown one last."""
    mots = MOTS[niveau]
    if niveau == Niveau.RESEAUX and sites[mots.colonne].isna().all():
        raise AtlasError(
            "Aucun réseau d'établissements n'est connu pour ce département.",
            admis="un département dont des établissements ont un réseau",
            remede="remplir la colonne « reseau » du fichier « bassins », puis reconstruire",
        )
    for cadre in (sites, postes):
        cadre["territoire"] = [valeur or mots.inconnu for valeur in cadre[mots.colonne]]
    parties = {*sites["territoire"], *postes["territoire"]}
    return {p: p for p in sorted(parties, key=lambda p: (p == mots.inconnu, p))}


def nom_des_academies(sites: pd.DataFrame) -> str:
    """« Académie d'Aix-Marseille », « Académies de Lyon et de Nice »."""
    noms = sorted(sites["academie"].dropna().unique())
    if not noms:
        return "Académie"
    mot = "Académie" if len(noms) == 1 else "Académies"
    return f"{mot} {enumeration([_de(nom) for nom in noms])}"


def _de(nom: str) -> str:
    """« d'Aix-Marseille », « de la Guadeloupe », « de Lyon »."""
    if nom in AVEC_ARTICLE:
        return f"de la {nom}"
    return f"d'{nom}" if nom[0] in VOYELLES else f"de {nom}"


def chiffres_de(lus: Territoires) -> pd.DataFrame:
    """By territory code: postes, etp, vacant, sites, eleves, besoin, part, prioritaires…"""
    servants = lus.postes[~lus.postes["sans_secteur"]]
    lignes = {}
    for code in lus.noms:
        sites = lus.sites[lus.sites["territoire"] == code]
        postes = servants[servants["territoire"] == code]
        quotites = postes["quotite_etp"].astype(float)
        prioritaires = sites[sites["est_prioritaire"]]
        connus = sites["effectif"].dropna()
        lignes[code] = {
            "postes": len(postes),
            "etp": round(float(quotites.sum()), 6),
            "vacant": round(float(quotites[postes["statut"] == VACANT].sum()), 6),
            "sites": len(sites),
            "eleves": int(connus.sum()),
            "effectifs_inconnus": len(sites) - len(connus),
            "besoin": int(sites["besoin"].sum()),
            "part": part_couverte(sites) if len(sites) else None,
            "prioritaires": len(prioritaires),
            "sans_presence": int((prioritaires["presence"] == 0).sum()),
            "en_manque": int(prioritaires["est_en_manque"].sum()),
        }
    return pd.DataFrame.from_dict(lignes, orient="index")
