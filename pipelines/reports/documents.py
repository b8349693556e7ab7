"""The French pages of `docs/`, shown in the application as they are written."""

import re
from dataclasses import dataclass

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError

# a link to another page of docs/, which has no address in the application
LIEN_DU_GUIDE = re.compile(r"\[([^\]]+)\]\((?!https?:|mailto:)[^)]+\)")
# files to edit have a plain space before a mark: on screen a line could begin with it
ESPACE = re.compile(r" (?=[:;!?%»](?:\s|$))|(?<=«) ", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """A page of the guide: its title, and what follows (Markdown)."""

    titre: str
    corps: str


def document(nom: str) -> Document:
    """The page `docs/<nom>.md`: its plain spaces made French, its links to other pages of docs/ as
    plain words.

    AtlasError when this installation lacks it.
    """
    fichier = chemins.DOCUMENTS / f"{nom}.md"
    try:
        texte = fichier.read_text(encoding="utf-8")
    except FileNotFoundError as cause:
        raise AtlasError(
            "Cette page du guide manque à l'installation.",
            fichier=str(fichier),
            remede="récupérer le dossier docs avec le reste d'Atlas",
        ) from cause
    titre, _, corps = ESPACE.sub("\u202f", texte).partition("\n")
    return Document(titre.removeprefix("# "), LIEN_DU_GUIDE.sub(r"\1", corps.strip()))
