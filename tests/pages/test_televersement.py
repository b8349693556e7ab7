"""A large upload stays in memory, as the server of the dashboard reads it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from pipelines.base import chemins

OCTETS = 3 * 1024**2
"""Three times what Starlette keeps in memory of itself."""
CORPS = (
    b'--x\r\nContent-Disposition: form-data; name="f"; filename="postes.csv"\r\n\r\n'
    + b"a" * OCTETS
    + b"\r\n--x--\r\n"
)


async def recevoir():
    """The file of the request, as the upload route of the server has it."""

    async def flux():
        return {"type": "http.request", "body": CORPS, "more_body": False}

    entetes = [(b"content-type", b"multipart/form-data; boundary=x")]
    formulaire = await Request({"type": "http", "headers": entetes}, flux).form()
    return formulaire["f"]


def televerser():
    """The same, from a thread that has no loop of its own: a browser's tests leave one running."""
    with ThreadPoolExecutor(1) as fil:
        return fil.submit(lambda: asyncio.run(recevoir())).result()


def test_an_upload_past_a_megabyte_is_not_put_aside_on_the_disk(entrepot_exemple, monkeypatch):
    """As soon as the application has been drawn once, which no drop comes before."""
    monkeypatch.setenv("ATLAS_ENTREPOT", str(entrepot_exemple))
    monkeypatch.setattr("starlette.formparsers.MultiPartParser.spool_max_size", 1024**2)
    assert televerser().file._rolled, "without us, it would be"
    AppTest.from_file(str(chemins.APPLICATION), default_timeout=240).run()
    recu = televerser()
    assert not recu.file._rolled
    assert recu.size == OCTETS
