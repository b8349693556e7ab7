"""What a download asks for: one request a source and territory, and what became of each.

Source of the addresses: data/sources.toml; of the départements: data/reference/academies.csv.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError
from pipelines.sources.cartes import Carte, cartes, normaliser

SEPARATEUR = ";"
RECU, INCHANGE, VIDE, ECHEC = "reçu", "inchangé", "sans ligne", "échec"


@dataclass(frozen=True)
class Demande:
    """One file to fetch: its source, its territory (None for the whole country) and where it is."""

    carte: Carte
    departement: str | None
    adresse: str

    @property
    def titre(self) -> str:
        """The file as a person names it."""
        return f"{self.carte.titre} ({self.departement or 'France entière'})"

    @property
    def hote(self) -> str:
        """The service it is asked from (the mirror, when there is one)."""
        return urlsplit(self.adresse).netloc

    @property
    def adresse_publique(self) -> str:
        """Where anyone would find it, without a mirror."""
        return _adresse(self.carte, self.departement, None)

    @property
    def adresse_du_compte(self) -> str | None:
        """Where the service says how many rows the export has; None when it has no such place.

        Explore API v2.1: the records of the same filter, none of them asked for.
        """
        base, _, options = self.adresse.partition("?")
        if self.carte.telechargement.mode != "explore" or not base.endswith("/exports/csv"):
            return None
        filtre = urlencode({"where": parse_qs(options)["where"][0], "limit": 0})
        return f"{base.removesuffix('exports/csv')}records?{filtre}"

    @property
    def prefixe(self) -> str:
        """What its file names begin with, whatever the vintage."""
        jeu = self.carte.telechargement.jeu
        return f"{jeu}.{self.departement}" if self.departement else jeu

    def nom(self, millesime: str) -> str:
        """Its file name for one vintage."""
        return f"{self.prefixe}.{millesime}.{self.carte.telechargement.extension}"


@dataclass(frozen=True)
class Resultat:
    """What became of one request: `etat` is RECU, INCHANGE, VIDE or ECHEC.

    `fichier` is the file in place (the older one after INCHANGE, none after VIDE or ECHEC).
    """

    demande: Demande
    etat: str
    fichier: Path | None = None
    millesime: str | None = None
    octets: int = 0
    erreur: AtlasError | None = None


def departements_de(academie: str) -> list[str]:
    """The départements (034) of an académie named with or without accents; AtlasError if unknown.

    Source: data/reference/academies.csv.
    """
    par_academie: dict[str, list[str]] = {}
    for ligne in _academies():
        par_academie.setdefault(ligne["academie"], []).append(ligne["departement"])
    par_nom = {normaliser(nom): codes for nom, codes in par_academie.items()}
    demandee = normaliser(academie).removeprefix("academie_de_").removeprefix("ac_")
    if demandee not in par_nom:
        raise AtlasError(
            f"Académie « {academie} » inconnue.",
            admis=", ".join(par_academie),
            remede="choisir parmi ces noms, ou donner les codes avec --departements",
        )
    return par_nom[demandee]


def demandes(departements: Iterable[str], miroir: str | None = None) -> list[Demande]:
    """Every file to fetch for `departements` (034, 02A), in the order of data/sources.toml.

    With `miroir`, https://host/path becomes <miroir>/host/path. Raises AtlasError for a code that
    is no département, for none at all, or for a mirror that is no http address.
    """
    codes = list(dict.fromkeys(departements))
    connus = {ligne["departement"] for ligne in _academies()}
    inconnus = [c for c in codes if c not in connus]
    if inconnus or not codes:
        raise AtlasError(
            f"Département inconnu : {', '.join(inconnus)}." if codes else "Aucun département.",
            admis="les codes à trois caractères, par exemple 034, 02A ou 974",
            remede="donner --departements 034,030 ou --academie montpellier",
        )
    if miroir is not None and not re.match(r"https?://[^/]", miroir):
        raise AtlasError(
            f"Adresse de miroir illisible : {miroir}",
            admis="une adresse http:// ou https://",
            remede="corriger l'adresse donnée à --miroir",
        )
    liste: list[Demande] = []
    for carte in cartes().values():
        if carte.telechargement is None or carte.telechargement.mode == "aucun":
            continue
        territoires = [None] if carte.telechargement.mode == "national" else codes
        liste += [Demande(carte, t, _adresse(carte, t, miroir)) for t in territoires]
    return liste


def _adresse(carte: Carte, departement: str | None, miroir: str | None) -> str:
    """Where one file is, through the mirror if there is one."""
    fiche = carte.telechargement
    code = code_insee(departement) if departement else ""
    adresse = fiche.adresse.format(jeu=fiche.jeu, code=code)
    if fiche.mode == "explore":
        filtre = " or ".join(
            f'{fiche.colonne_departement}="{c}"' for c in _orthographes(departement)
        )
        options = {"where": filtre, "delimiter": SEPARATEUR, "use_labels": "false"}
        if fiche.ordre:
            options["order_by"] = fiche.ordre
        adresse += f"?{urlencode(options)}"
    if miroir is None:
        return adresse
    return f"{miroir.rstrip('/')}/{adresse.split('://', 1)[1]}"


def _orthographes(departement: str) -> list[str]:
    """The ways the data sets write a département: 034 and 34; 004, 04 and 4; 02A and 2A."""
    deux = code_insee(departement)
    return list(dict.fromkeys([departement, deux, deux.lstrip("0")]))


def code_de_departement(texte: str) -> str:
    """A département as Atlas writes it, from any of its spellings."""
    return texte.strip().upper().zfill(3)


def code_insee(departement: str) -> str:
    """034 → 34, 02A → 2A, 974 → 974."""
    return departement[1:] if departement.startswith("0") else departement


def _academies() -> list[dict[str, str]]:
    with (chemins.REFERENCE / "academies.csv").open(encoding="utf-8", newline="") as flux:
        return list(csv.DictReader(flux))
