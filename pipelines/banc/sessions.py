"""A reader of the dashboard without a browser: it speaks Streamlit's own protocol.

It asks for a page as a browser does and times the answer up to the last of its elements; drawing
them is the browser's part, and is not in these times.
"""

import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

ATTENTE_S = 60
"""Past this, a page that has not answered is counted as an error."""


@dataclass(frozen=True)
class Reponse:
    """What a page answered: server seconds, bytes, and the error it showed, if any."""

    secondes: float
    octets: int
    erreur: str | None


@dataclass
class Session:
    """One visitor. `pages`: the addresses of the application, known after the first answer."""

    adresse: str
    pages: list[str] = field(default_factory=list)
    _connexion: ClientConnection | None = None

    async def __aenter__(self) -> Self:
        hote = self.adresse.removeprefix("http://")
        self._connexion = await connect(
            f"ws://{hote}/_stcore/stream",
            subprotocols=["streamlit"],
            origin=self.adresse,
            max_size=None,
            # the answer is local, and a proxy of the environment would not know the way
            proxy=None,
        )
        return self

    async def __aexit__(
        self,
        genre: type[BaseException] | None,
        erreur: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connexion is not None:
            await self._connexion.close()

    async def visiter(self, page: str, parametres: str) -> Reponse:
        """Ask for `page` with `parametres` (the query string, without its « ? »)."""
        demande = BackMsg()
        demande.rerun_script.page_name = page
        demande.rerun_script.query_string = parametres
        debut = time.perf_counter()
        await self._connexion.send(demande.SerializeToString())
        octets, erreur = 0, None
        while True:
            recu = await self._connexion.recv()
            octets += len(recu)
            message = ForwardMsg()
            message.ParseFromString(recu)
            nature = message.WhichOneof("type")
            if nature == "navigation":
                self.pages = [p.url_pathname for p in message.navigation.app_pages]
            elif nature == "delta":
                erreur = _erreur(message) or erreur
            elif nature == "script_finished" and _est_la_fin(message):
                return Reponse(time.perf_counter() - debut, octets, erreur)


def _erreur(message: ForwardMsg) -> str | None:
    """The error an element shows: an exception, or the red box of a refusal."""
    element = message.delta.new_element
    if element.HasField("exception"):
        return f"{element.exception.type}: {element.exception.message}"
    if element.HasField("alert") and element.alert.format == element.alert.ERROR:
        return element.alert.body
    return None


def _est_la_fin(message: ForwardMsg) -> bool:
    # a page that sends elsewhere ends early, and the next one follows of itself
    return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
