"""What a browser sends stays in memory: the server would put aside on the disk what is large.

Streamlit reads an upload through Starlette, which keeps the first megabyte in memory and the rest
in a temporary file, before anything of Atlas has seen it. Without a limit it stays in memory; how
large it may be is Streamlit's to refuse (`server.maxUploadSize`).
"""

from starlette.formparsers import MultiPartParser

SANS_LIMITE = 0
"""What Starlette, and the standard library below it, take for « never on the disk »."""


def garder_en_memoire() -> None:
    """From now on, no upload of this server is put aside on the disk."""
    MultiPartParser.spool_max_size = SANS_LIMITE
