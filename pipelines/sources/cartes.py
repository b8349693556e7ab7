"""The card of each source: who makes it, under which licence, and the headers that betray it."""

import difflib
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from pipelines.base import chemins

RANGEES_RETENUES = 64
"""Candidate header rows whose normal forms are kept: each is compared with every card."""
RESSEMBLANCE_MIN = 0.8
"""Share of letters in common from which two headers are one and its misspelling."""
ENTETES_RETENUS = 10_000
"""Cells whose normal form is kept: the same headers come back row after row, file after file."""


@dataclass(frozen=True)
class Telechargement:
    """Where a service gives a public source, or why none does.

    `mode` is `explore` (Explore API v2.1 export, filtered on `colonne_departement`),
    `par_departement`, `national` or `aucun` (with its `motif`). In `adresse`, `{jeu}` is the data
    set and `{code}` the département as INSEE writes it (34, 2A). `ordre` is the field an export is
    sorted by when the service gives its rows in any order; `vide_admis` says that a département
    may have no row.
    """

    mode: str
    jeu: str = ""
    adresse: str = ""
    extension: str = ""
    colonne_departement: str = ""
    ordre: str = ""
    vide_admis: bool = False
    motif: str = ""


@dataclass(frozen=True)
class Carte:
    """One source of `data/sources.toml`.

    `colonnes` maps each canonical column to the normalised headers accepted for it, by preference;
    a trailing `*` accepts any end. `requises` are the canonical columns without which a file is
    not this source. `millesime` is the column that dates the file, or `nom_du_fichier`. `contacts`
    are the normalised headers a public file gives mails and telephones of establishments under.
    `definition` says which pupils a source of enrolments counts, and which it does not.
    """

    nom: str
    titre: str
    producteur: str
    url: str
    licence: str
    nature: str
    grain: str
    millesime: str
    requises: tuple[str, ...]
    colonnes: dict[str, tuple[str, ...]]
    telechargement: Telechargement | None = None
    contacts: tuple[str, ...] = ()
    definition: str = ""

    @property
    def est_locale(self) -> bool:
        """True for the files of the département's own service (posts, presences …)."""
        return self.nature == "locale"


@lru_cache(maxsize=ENTETES_RETENUS)
def normaliser(entete: str) -> str:
    """A header without accents, case or punctuation: « Code\\nCommune » → `code_commune`."""
    texte = unicodedata.normalize("NFKD", re.sub("[°’]", " ", entete))
    texte = texte.encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", texte).strip("_")


@cache
def cartes() -> dict[str, Carte]:
    """Every card of `data/sources.toml`, by source name."""
    contenu = tomllib.loads(chemins.CARTES_SOURCES.read_text(encoding="utf-8"))
    return {
        nom: Carte(
            nom=nom,
            **{
                c: v
                for c, v in table.items()
                if c not in ("colonnes", "requises", "telechargement", "contacts")
            },
            requises=tuple(table["requises"]),
            contacts=tuple(table.get("contacts", ())),
            colonnes={c: tuple(alias) for c, alias in table["colonnes"].items()},
            telechargement=(
                Telechargement(**table["telechargement"]) if "telechargement" in table else None
            ),
        )
        for nom, table in contenu.items()
    }


@cache
def entetes_connus() -> frozenset[str]:
    """Every normalised header a card accepts as such."""
    return frozenset(
        nom for carte in cartes().values() for alias in carte.colonnes.values() for nom in alias
    )


def correspondances(carte: Carte, entetes: list[str]) -> dict[str, int]:
    """Canonical column → position in `entetes`, for the columns of the card that are present."""
    rangs = _rangs(tuple(entetes))
    trouvees: dict[str, int] = {}
    for colonne, alias in carte.colonnes.items():
        for nom in alias:
            position = _position(rangs, nom)
            if position is not None:
                trouvees[colonne] = position
                break
    return trouvees


def colonne_proche(carte: Carte, entete: str) -> str | None:
    """The column of `carte` that a misspelt header was meant for; None when it is like none.

    « sans_secteurs » is `sans_secteur`, « hors secteur » the first that begins so.
    """
    nom = normaliser(entete)
    connus = {alias: c for c, noms in carte.colonnes.items() for alias in noms}
    for alias, colonne in connus.items():
        if nom and alias.startswith(f"{nom}_"):
            return colonne
    proches = difflib.get_close_matches(nom, connus, n=1, cutoff=RESSEMBLANCE_MIN)
    return connus[proches[0]] if proches else None


@lru_cache(maxsize=RANGEES_RETENUES)
def _rangs(entetes: tuple[str, ...]) -> dict[str, int]:
    """Normalised header → where it stands first, in the order of the row."""
    rangs: dict[str, int] = {}
    for rang, entete in enumerate(entetes):
        rangs.setdefault(normaliser(entete), rang)
    return rangs


def _position(rangs: dict[str, int], alias: str) -> int | None:
    if alias.endswith("*"):
        debut = alias[:-1]
        return next((i for e, i in rangs.items() if e.startswith(debut)), None)
    return rangs.get(alias)
