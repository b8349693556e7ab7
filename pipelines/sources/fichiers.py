"""A file given to Atlas: on the disk, or in memory for as long as nobody has accepted it.

Everything that reads a source takes one of these, so that what a person drops on the page is
judged before a single byte of it is written anywhere.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO, TextIO

from pipelines.base.erreurs import AtlasError


@dataclass(frozen=True)
class Fichier:
    """A file by the name people know it under, whatever it is called where it is kept.

    `nom` may hold folders (« 2024/annuaire.csv »); `contenu` is where the bytes stand, or the bytes
    themselves.
    """

    nom: str
    contenu: Path | bytes = field(repr=False)

    @property
    def suffixe(self) -> str:
        """The extension in lower case, with its dot."""
        return PurePosixPath(self.nom).suffix.lower()

    @property
    def octets(self) -> int:
        """Its size in bytes."""
        if isinstance(self.contenu, bytes):
            return len(self.contenu)
        return self.contenu.stat().st_size

    def ouvrir(self) -> BinaryIO:
        """Its bytes as a stream, from the first one."""
        if isinstance(self.contenu, bytes):
            return io.BytesIO(self.contenu)
        return self.contenu.open("rb")

    def ouvrir_texte(self, encodage: str, erreurs: str = "strict") -> TextIO:
        """Its text as a stream, every end of line made a line feed."""
        return io.TextIOWrapper(self.ouvrir(), encoding=encodage, errors=erreurs, newline=None)

    def lire(self) -> bytes:
        """All its bytes."""
        return self.contenu if isinstance(self.contenu, bytes) else self.contenu.read_bytes()

    def empreinte(self) -> str:
        """sha256 of its bytes, in hexadecimal."""
        with self.ouvrir() as flux:
            return hashlib.file_digest(flux, "sha256").hexdigest()


def fichiers(donnes: Sequence[Path | Fichier]) -> list[Fichier]:
    """Every file of `donnes`, in a fixed order: files as they are, and those of each folder.

    Of a folder, every regular file in it and below, hidden ones apart. A file is named by its path
    inside the folder, preceded by the folder's name when that path is already taken. Raises
    AtlasError for a folder that is not there.
    """
    trouves: dict[str, Fichier] = {}
    for donne in donnes:
        if isinstance(donne, Fichier):
            trouves[donne.nom] = donne
            continue
        if not donne.is_dir():
            raise AtlasError(
                f"Dossier introuvable : {donne}",
                admis="un dossier qui contient les fichiers publics (et, s'il y en a, locaux)",
                remede="vérifier le chemin donné à --sources",
            )
        for chemin in sorted(donne.rglob("*")):
            relatif = chemin.relative_to(donne)
            if not chemin.is_file() or any(p.startswith((".", "~$")) for p in relatif.parts):
                continue
            nom = relatif.as_posix()
            cle, rang = nom, 1
            while cle in trouves:
                prefixe = donne.name if rang == 1 else f"{donne.name} ({rang})"
                cle, rang = f"{prefixe}/{nom}", rang + 1
            trouves[cle] = Fichier(cle, chemin)
    return list(trouves.values())
