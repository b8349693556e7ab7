"""Errors meant for the person at the keyboard: what, where, what is allowed, what to do."""


class AtlasError(Exception):
    """A refusal stated in French, complete enough to act on without reading a log.

    `quoi` says what is wrong; `fichier`, `ligne` (as the user's spreadsheet counts it)
    and `colonne` say where; `admis` what would be accepted; `remede` what to do.
    """

    def __init__(
        self,
        quoi: str,
        *,
        fichier: str | None = None,
        ligne: int | None = None,
        colonne: str | None = None,
        admis: str | None = None,
        remede: str | None = None,
    ) -> None:
        self.quoi = quoi
        self.fichier = fichier
        self.ligne = ligne
        self.colonne = colonne
        self.admis = admis
        self.remede = remede
        super().__init__(self.message())

    def message(self) -> str:
        """The whole refusal as French lines, the place first."""
        ou = [
            self.fichier,
            f"ligne {self.ligne}" if self.ligne is not None else None,
            f"colonne « {self.colonne} »" if self.colonne else None,
        ]
        lignes = [", ".join(p for p in ou if p), self.quoi]
        if self.admis:
            lignes.append(f"Admis : {self.admis}")
        if self.remede:
            lignes.append(f"Que faire : {self.remede}")
        return "\n".join(ligne for ligne in lignes if ligne)
