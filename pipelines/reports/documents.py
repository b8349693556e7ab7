"""The French pages of `docs/`, shown in the application as they are written."""

from pipelines.base import chemins
from pipelines.base.erreurs import AtlasError


def document(nom: str) -> str:
    """The text of `docs/<nom>.md` (Markdown); AtlasError when this installation lacks it."""
    fichier = chemins.DOCUMENTS / f"{nom}.md"
    try:
        return fichier.read_text(encoding="utf-8")
    except FileNotFoundError as cause:
        raise AtlasError(
            "Cette page du guide manque à l'installation.",
            fichier=str(fichier),
            remede="récupérer le dossier docs avec le reste d'Atlas",
        ) from cause
