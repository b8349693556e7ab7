"""What a dossier is made of, whatever file it becomes: parts, sentences, figures, tables, pictures.

Every format draws the same blocks, so that paper, slides and workbook can't disagree. A block that
has a `code` is found by it; a text is French, already said the French way.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import pandas as pd

from pipelines.base.textes import nombre

INCONNU = "—"
UNITE = re.compile(r"^(?P<titre>.+?) \((?P<unite>½ j\.[^)]*|ETP|min[^)]*|%[^)]*|€[^)]*|km[^)]*)\)$")
DECIMALES_MAX = 2


class Role(StrEnum):
    """How a text is said: the answer of a part, plain text, a warning, what stands below."""

    PHRASE = "phrase"
    CORPS = "corps"
    ALERTE = "alerte"
    NOTE = "note"


class Nature(StrEnum):
    """What the cells of a column are: a number stands on the right."""

    TEXTE = "texte"
    NOMBRE = "nombre"


@dataclass(frozen=True)
class Texte:
    """A paragraph."""

    texte: str
    role: Role = Role.CORPS


@dataclass(frozen=True)
class Liste:
    """Sentences under a title; with `termes`, each begins with the words it is about."""

    titre: str
    elements: tuple[str, ...]
    termes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Chiffre:
    """One number, before and after, in words; `avant` is empty when there is no before."""

    libelle: str
    avant: str
    apres: str
    definition: str


@dataclass(frozen=True)
class Chiffres:
    """The numbers of a page; `noms` are those of before and after."""

    code: str
    titre: str
    noms: tuple[str, str]
    chiffres: tuple[Chiffre, ...]


@dataclass(frozen=True)
class Colonne:
    """A column of a table: its header, the unit of its cells, what they are."""

    titre: str
    unite: str = ""
    nature: Nature = Nature.TEXTE


@dataclass(frozen=True)
class Tableau:
    """A table; `comptes`: its columns whose cells count people, which a reader may not all see.

    `lignes`: cells by column, str, int, float or None (unknown). `vide` is said when there is no
    line. Tables of one `famille` have the same columns, drawn as wide.
    """

    code: str
    titre: str
    colonnes: tuple[Colonne, ...]
    lignes: tuple[tuple[object, ...], ...]
    phrase: str = ""
    note: str = ""
    vide: str = ""
    comptes: tuple[str, ...] = ()
    famille: str = ""

    @staticmethod
    def de(
        code: str,
        titre: str,
        cadre: pd.DataFrame,
        *,
        colonnes: Sequence[str] | None = None,
        nombres: Iterable[str] = (),
        noms: Mapping[str, str] | None = None,
        phrase: str = "",
        note: str = "",
        vide: str = "",
        comptes: tuple[str, ...] = (),
        famille: str = "",
    ) -> "Tableau":
        """The table of a frame: units taken out of its headers, numbers told from texts.

        `colonnes`: those to keep, in order; `nombres`: those whose cells are numbers in words;
        `noms`: header → a shorter one.
        """
        choisi = cadre if colonnes is None or cadre.empty else cadre[[*colonnes]]
        numeriques = {*choisi.select_dtypes("number").columns, *nombres}
        return Tableau(
            code=code,
            titre=titre,
            colonnes=tuple(
                _colonne((noms or {}).get(str(c), str(c)), c in numeriques) for c in choisi.columns
            ),
            lignes=tuple(
                tuple(_valeur(v) for v in ligne) for ligne in choisi.itertuples(index=False)
            ),
            phrase=phrase,
            note=note,
            vide=vide,
            comptes=comptes,
            famille=famille,
        )


@dataclass(frozen=True)
class Image:
    """A picture in PNG, that bears its sources, and what it says in words.

    `titre`: what it does not say of itself, empty when it bears its title.
    """

    code: str
    titre: str
    alt: str
    octets: bytes


@dataclass(frozen=True)
class Serie:
    """The values of a chart, one a category, under a name."""

    nom: str
    valeurs: tuple[float, ...]


@dataclass(frozen=True)
class Graphique:
    """Bars: one group a category, one bar a series; values in `unite`."""

    code: str
    titre: str
    phrase: str
    alt: str
    categories: tuple[str, ...]
    series: tuple[Serie, ...]
    unite: str = ""


Bloc = Texte | Liste | Chiffres | Tableau | Image | Graphique


@dataclass(frozen=True)
class Section:
    """Blocks under a title of second rank; `est_d_un_tenant` when no page should cut them."""

    titre: str
    blocs: tuple[Bloc, ...]
    est_d_un_tenant: bool = False


@dataclass(frozen=True)
class Partie:
    """A part of the dossier: its blocks, then its sections."""

    code: str
    titre: str
    blocs: tuple[Bloc, ...]
    sections: tuple[Section, ...] = ()

    @property
    def tous(self) -> Iterator[Bloc]:
        """Every block, sections included."""
        yield from self.blocs
        for section in self.sections:
            yield from section.blocs


@dataclass(frozen=True)
class Dossier:
    """A dossier ready to be written. `le`: the day of the scenario, which dates the files.

    `couverture`: what the cover says, word → value. `mentions`: what every page must say of the
    data. `prefixe`: how the names of the files begin. `ecrans`: pictures as wide as a slide.
    `est_en_fiches`: one page a part, with no cover.
    """

    titre: str
    sous_titre: str
    prefixe: str
    destinataire: str
    le: datetime
    empreinte: str
    couverture: Mapping[str, str]
    mentions: tuple[str, ...]
    parties: tuple[Partie, ...] = field(default=())
    ecrans: tuple[Image, ...] = field(default=(), repr=False)
    est_en_fiches: bool = False

    def partie(self, code: str) -> Partie:
        """The part of that code; KeyError when the dossier has not got it."""
        for partie in self.parties:
            if partie.code == code:
                return partie
        raise KeyError(code)

    def ecran(self, code: str) -> Image | None:
        """The picture of that code as wide as a slide, None when this dossier has not got it."""
        return next((image for image in self.ecrans if image.code == code), None)

    def bloc(self, code: str) -> Bloc | None:
        """The block of that code, None when this dossier has not got it."""
        for partie in self.parties:
            for bloc in partie.tous:
                if getattr(bloc, "code", None) == code:
                    return bloc
        return None


def dire(valeur: object) -> str:
    """A cell in words: numbers the French way with the decimals they need, a dash when unknown."""
    if valeur is None:
        return INCONNU
    if isinstance(valeur, str):
        return valeur
    texte = f"{float(valeur):.{DECIMALES_MAX}f}".rstrip("0")
    return nombre(float(valeur), len(texte.split(".")[1]))


def _colonne(titre: str, est_nombre: bool) -> Colonne:
    trouve = UNITE.match(titre)
    nature = Nature.NOMBRE if est_nombre else Nature.TEXTE
    if trouve is None:
        return Colonne(titre, "", nature)
    return Colonne(trouve["titre"], trouve["unite"], nature)


def _valeur(valeur: object) -> object:
    """A cell as plain Python: None when missing, int or float for a number of any kind."""
    if isinstance(valeur, str):
        return valeur
    if pd.isna(valeur):
        return None
    reel = float(valeur)
    return int(reel) if reel.is_integer() else reel
