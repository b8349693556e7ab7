"""The French pages of `docs/`, shown in the application as they are written."""

import re
from dataclasses import dataclass

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError

# files to edit have a plain space before a mark: on screen a line could begin with it
ESPACE = re.compile(r" (?=[:;!?%»](?:\s|$))|(?<=«) ", re.MULTILINE)


@dataclass(frozen=True)
class Document:
    """A page of the guide: its title, and what follows (Markdown)."""

    titre: str
    corps: str


def document(nom: str) -> Document:
    """The page `docs/<nom>.md`, its plain spaces made French; AtlasError when it is missing."""
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
    return Document(titre.removeprefix("# "), corps.strip())
