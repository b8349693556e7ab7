"""A small server that speaks the table service of OSRM, and can be told to misbehave."""

import json
import math
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KM_PAR_DEGRE = 111.2
METRES_PAR_SECONDE = 20.0


class Serveur:
    """What was asked of it, and what it does instead of answering well.

    `pannes`: answers to give first, one a request (a status, or the text of a body);
    `deformer`: changes the contents of a good answer; `taille_max`: places it takes at once.
    """

    def __init__(self):
        self.demandes = []
        self.pannes = []
        self.deformer = lambda contenu: contenu
        self.taille_max = 100
        self.url = ""


def _tables(serveur, adresse):
    morceaux = urlsplit(adresse)
    _, service, version, profil, positions = morceaux.path.split("/")
    assert (service, version) == ("table", "v1")
    options = parse_qs(morceaux.query)
    assert options["annotations"] == ["duration,distance"]
    lieux = [tuple(map(float, p.split(","))) for p in positions.split(";")]
    serveur.demandes.append((profil, len(lieux)))
    if len(lieux) > serveur.taille_max:
        return 400, {"code": "TooBig", "message": "Too many table coordinates"}
    departs, arrivees = (
        [lieux[int(r)] for r in options[nom][0].split(";")] for nom in ("sources", "destinations")
    )
    metres = [[1300 * KM_PAR_DEGRE * math.dist(a, b) for b in arrivees] for a in departs]
    # nobody drives to the island of the tests
    metres = [
        [None if b[1] > 48 else m for m, b in zip(ligne, arrivees, strict=True)] for ligne in metres
    ]
    secondes = [[None if m is None else m / METRES_PAR_SECONDE for m in x] for x in metres]
    return 200, {"code": "Ok", "durations": secondes, "distances": metres}


@contextmanager
def servir():
    """The server on a free port of this machine, stopped at the end."""
    serveur = Serveur()

    class Reponse(BaseHTTPRequestHandler):
        def do_GET(self):
            if serveur.pannes:
                panne = serveur.pannes.pop(0)
                statut, corps = (panne, "") if isinstance(panne, int) else (200, panne)
                serveur.demandes.append(("panne", statut))
            else:
                statut, contenu = _tables(serveur, self.path)
                corps = json.dumps(serveur.deformer(contenu))
            self.send_response(statut)
            self.end_headers()
            self.wfile.write(corps.encode())

        def log_message(self, *arguments):
            """Nothing on the screen of the tests."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Reponse)
    fil = threading.Thread(target=http.serve_forever, daemon=True)
    fil.start()
    serveur.url = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield serveur
    finally:
        http.shutdown()
        http.server_close()
        fil.join()
