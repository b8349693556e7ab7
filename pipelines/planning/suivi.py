"""What ends the work of the solver, and what is told of its progress."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ortools.sat.python import cp_model

from pipelines.planning.modele import SOUPLES

PARTS_DUREE = (0.35, 0.2, 0.4, 0.05)  # share of the duration of each stage
# The net of a stage, in multiples of its share and of those before …
FILET_DUREE = 2.0
FILET_MARGE_S = 5.0  # … plus what reading and formulating take, even for a short duration
RETARD_MAX = 8.0  # clock over processor from which a busy machine is waited for no longer
# HiGHS knows the wall clock only: its own limit is that many times what is left before the net.
FILET_HIGHS = 4.0
PERIODE_ARRET_S = 0.2  # how often the user's stop is read


@dataclass(frozen=True)
class Avancement:
    """Where the work is: `fraction` of the whole (0 to 1), value and bound of the stage."""

    etage: str
    fraction: float
    valeur: int | None
    borne: int | None
    secondes: float
    message: str


class Suivi:
    """The net, the user's stop and the progress reports, shared by all stages.

    Time counts against the net by the clock and by the processor, whichever is less: a machine busy
    with other work makes the plan late, and does not change it, RETARD_MAX
    times late at most.
    `cause`: what ended the work of the stage, « utilisateur » or « temps », None otherwise;
    `cause_du_tout`: the same over all the stages so far, the user's stop first.
    """

    def __init__(
        self,
        duree_max_s: float,
        progres: Callable[[Avancement], None] | None,
        arret: Callable[[], bool] | None,
    ) -> None:
        self.debut = time.monotonic()
        self.debut_processeur = time.process_time()
        self.duree_max_s = duree_max_s
        self.filet_s = 0.0
        self.progres = progres
        self.arret = arret
        self.cause: str | None = None
        self.cause_du_tout: str | None = None

    def commencer(self, rang: int) -> None:
        """Open the net of stage `rang`: what an earlier stage overran is not taken from it."""
        self.filet_s = self.duree_max_s * FILET_DUREE * sum(PARTS_DUREE[: rang + 1]) + FILET_MARGE_S
        if self.cause == "temps":
            self.cause = None

    def fini(self) -> bool:
        """True once the user or the net has ended the work."""
        if self.cause is None and self.arret is not None and self.arret():
            self.cause = "utilisateur"
        if self.cause is None and self._passe_s() > self.filet_s:
            self.cause = "temps"
        self.cause_du_tout = self.cause or self.cause_du_tout
        return self.cause is not None

    def reste_s(self) -> float:
        """Seconds left before the net."""
        return max(0.0, self.filet_s - self._passe_s())

    def couper(self) -> None:
        """Say that the clock has ended the work of an engine before its own limits did."""
        self.cause = self.cause or "temps"
        self.cause_du_tout = self.cause_du_tout or self.cause

    def _passe_s(self) -> float:
        horloge = time.monotonic() - self.debut
        processeur = time.process_time() - self.debut_processeur
        return max(min(horloge, processeur), horloge / RETARD_MAX)

    def annoncer(
        self, rang: int, part: float, valeur: int | None, borne: int | None, message: str
    ) -> None:
        """Report that stage `rang` is at `part` (0 to 1) of its share."""
        if self.progres is not None:
            self.progres(
                Avancement(
                    etage=SOUPLES[rang].code,
                    fraction=min(1.0, sum(PARTS_DUREE[:rang]) + PARTS_DUREE[rang] * part),
                    valeur=valeur,
                    borne=borne,
                    secondes=time.monotonic() - self.debut,
                    message=message,
                )
            )

    @contextlib.contextmanager
    def veiller(self, cp_solveur: cp_model.CpSolver) -> Iterator[None]:
        """Stop `cp_solveur` from a watcher thread as soon as the work must end."""
        termine = threading.Event()

        def guetter() -> None:
            # stop_search before the solve has begun is lost: it is said again until the end.
            while not termine.wait(PERIODE_ARRET_S):
                if self.fini():
                    cp_solveur.stop_search()

        veilleur = threading.Thread(target=guetter, daemon=True)
        veilleur.start()
        try:
            yield
        finally:
            termine.set()
            veilleur.join()
