"""Long texts of the store: each kept once, compressed, under the sha256 of its bytes."""

import hashlib
import zlib

import sqlalchemy as sa

from pipelines.base.erreurs import AtlasError
from pipelines.scenarios.magasin import METADONNEES

TEXTES = sa.Table(
    "texte",
    METADONNEES,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("contenu", sa.LargeBinary, nullable=False),
)


def garder(connexion: sa.Connection, texte: str) -> str:
    """Keep `texte` unless it is there; its sha256."""
    octets = texte.encode("utf-8")
    sha256 = hashlib.sha256(octets).hexdigest()
    connu = sa.select(TEXTES.c.sha256).where(TEXTES.c.sha256 == sha256)
    if connexion.execute(connu).first() is None:
        connexion.execute(sa.insert(TEXTES).values(sha256=sha256, contenu=zlib.compress(octets)))
    return sha256


def relire(connexion: sa.Connection, sha256: str) -> str:
    """The text kept under `sha256`; AtlasError when it is missing or is no longer itself."""
    contenu = connexion.execute(
        sa.select(TEXTES.c.contenu).where(TEXTES.c.sha256 == sha256)
    ).scalar_one_or_none()
    try:
        octets = zlib.decompress(contenu or b"")
    except zlib.error:
        octets = b""
    if hashlib.sha256(octets).hexdigest() != sha256:
        raise AtlasError(
            "Une partie de ce scénario manque dans l'atelier, ou y est abîmée.",
            remede="remettre la dernière sauvegarde de l'atelier (docs/atelier.md)",
        )
    return octets.decode("utf-8")
