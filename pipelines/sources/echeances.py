"""A moment past which a connection is cut, whatever it is doing.

The timeouts of a request count the silence between two reads: an answer whose headers come drop by
drop never meets them. Here the connections of a session are known, and shut when time is up.
"""

import contextlib
import socket
import threading
import weakref
from collections.abc import Iterator

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import PoolManager


class Connexions(HTTPAdapter):
    """The adapter of a session: it knows every connection the session opened."""

    def __init__(self) -> None:
        """No connection yet."""
        self._ouvertes: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        super().__init__()

    def init_poolmanager(self, *arguments: object, **options: object) -> None:
        """Direct connections."""
        super().init_poolmanager(*arguments, **options)
        self._suivre(self.poolmanager)

    def proxy_manager_for(self, *arguments: object, **options: object) -> PoolManager:
        """Connections through a proxy of the environment."""
        gerant = super().proxy_manager_for(*arguments, **options)
        self._suivre(gerant)
        return gerant

    def couper(self) -> None:
        """Shut every connection: whoever reads one has an end or an error at once."""
        for prise in list(self._ouvertes):
            with contextlib.suppress(OSError):
                prise.shutdown(socket.SHUT_RDWR)

    def _suivre(self, gerant: PoolManager) -> None:
        gerant.pool_classes_by_scheme = {
            "http": self._suivie(HTTPConnectionPool),
            "https": self._suivie(HTTPSConnectionPool),
        }

    def _suivie(self, reserve: type) -> type:
        """The class `reserve` of pools, whose connections are noted as they open."""
        ouvertes = self._ouvertes

        class Connexion(reserve.ConnectionCls):
            def connect(self) -> None:
                super().connect()
                ouvertes.add(self.sock)

        return type(reserve.__name__, (reserve,), {"ConnectionCls": Connexion})


def monter(http: requests.Session) -> None:
    """Have `http` know its connections."""
    connexions = Connexions()
    http.mount("http://", connexions)
    http.mount("https://", connexions)


@contextlib.contextmanager
def echeance(http: requests.Session, restant_s: float) -> Iterator[None]:
    """Cut the connections of `http`, prepared by `monter`, if this lasts longer."""
    reveil = threading.Timer(restant_s, http.get_adapter("https://").couper)
    reveil.daemon = True
    reveil.start()
    try:
        yield
    finally:
        reveil.cancel()
