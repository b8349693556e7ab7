"""The page and the annex of the points of vigilance: what is raised, what is answered, the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from pipelines.base.textes import nombre, pluriel
from pipelines.reports import classeur
from pipelines.reports.drapeaux import Drapeau, lever, pour_une_instance
from pipelines.reports.lecture_contradictoire import lire
from pipelines.scenarios import vigilance
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.magasin import en_clair
from pipelines.scenarios.scenario import Scenario
from pipelines.scenarios.vigilance import Reponse

PROPOSEE = "Proposée par Atlas"
MISE_EN_GARDE = (
    "Ces points ne sont ni des règles ni des fautes : ce sont les questions à attendre. Les "
    "réponses sont des propositions neutres, à récrire."
)


@dataclass(frozen=True)
class Point:
    """One point on screen: `drapeau` with the answer that stands, and who wrote it.

    `numero`: the line of the answer seen, for the next edit; `est_annulable`: it was edited.
    """

    drapeau: Drapeau
    numero: int
    origine: str
    est_annulable: bool
    sites: pd.DataFrame
    postes: pd.DataFrame


@dataclass(frozen=True)
class VueVigilance:
    """The page. `points` is empty when nothing is raised."""

    phrase: str
    points: list[Point]
    table: pd.DataFrame
    note: str

    def classeur(self) -> bytes:
        """The points, their sites and their postes as an Excel workbook (nominative)."""
        return classeur.ecrire(
            [self.phrase, MISE_EN_GARDE, self.note],
            {
                "Points": self.table,
                "Sites": _tous(self.points, "sites"),
                "Postes": _tous(self.points, "postes"),
            },
        )


def vue(
    lecteur: Lecteur, base: Path, scenario: Scenario, aujourd_hui: date | None = None
) -> VueVigilance:
    """What a contradictor would raise of a scenario, with the answers kept so far."""
    return repondue(lecteur, scenario, leves_de(lecteur, base, scenario, aujourd_hui))


def leves_de(
    lecteur: Lecteur, base: Path, scenario: Scenario, aujourd_hui: date | None = None
) -> list[Drapeau]:
    """What a contradictor would raise of a scenario over the warehouse `base`, unanswered."""
    return lever(lire(lecteur, base, scenario, aujourd_hui))


def marque(lecteur: Lecteur, scenario_id: str) -> str:
    """What changes when somebody answers a point of that scenario, whose version stays the same."""
    gardees = vigilance.reponses(lecteur, scenario_id)
    return ",".join(f"{code}-{r.numero}" for code, r in gardees.items())


def repondue(lecteur: Lecteur, scenario: Scenario, leves: Sequence[Drapeau]) -> VueVigilance:
    """What was raised of a scenario, with the answers kept so far."""
    gardees = vigilance.reponses(lecteur, scenario.scenario_id)
    points = [_point(drapeau, gardees.get(drapeau.code)) for drapeau in leves]
    return VueVigilance(
        phrase=_phrase(points),
        points=points,
        table=pd.DataFrame(
            [
                (
                    p.drapeau.titre,
                    p.drapeau.chiffre,
                    p.drapeau.constat,
                    p.drapeau.reponse,
                    p.origine,
                    p.drapeau.reference,
                )
                for p in points
            ],
            columns=[
                "Point",
                "Chiffre",
                "Constat",
                "Réponse",
                "Origine de la réponse",
                "Référence",
            ],
        ),
        note=_sans_objet(gardees, leves),
    )


def annexe(
    lecteur: Lecteur,
    base: Path,
    scenario: Scenario,
    codes: Mapping[str, str] | None = None,
    aujourd_hui: date | None = None,
) -> list[Drapeau]:
    """The points with their answers, for a document: nominative, or by sector code for an instance.

    `codes`: poste_id → code of the sector, for an instance; None for who may read poste ids.
    """
    gardees = vigilance.reponses(lecteur, scenario.scenario_id)
    repondus = [
        _repondu(d, gardees.get(d.code)) for d in lever(lire(lecteur, base, scenario, aujourd_hui))
    ]
    return repondus if codes is None else pour_une_instance(repondus, codes)


def _point(drapeau: Drapeau, gardee: Reponse | None) -> Point:
    est_ecrite = gardee is not None and gardee.texte is not None
    return Point(
        drapeau=_repondu(drapeau, gardee),
        numero=gardee.numero if gardee else 0,
        origine=f"Écrite par {gardee.auteur}, le {en_clair(gardee.le)}" if est_ecrite else PROPOSEE,
        est_annulable=est_ecrite,
        sites=pd.DataFrame(
            [(c.nom, c.detail, c.identifiant) for c in drapeau.sites],
            columns=["Site", "Détail", "UAI"],
        ),
        postes=pd.DataFrame(
            [(c.nom, c.detail) for c in drapeau.postes], columns=["Poste", "Détail"]
        ),
    )


def _repondu(drapeau: Drapeau, gardee: Reponse | None) -> Drapeau:
    """The point with the answer kept, else the one proposed."""
    if gardee is None or gardee.texte is None:
        return drapeau
    return replace(drapeau, reponse=gardee.texte)


def _phrase(points: Sequence[Point]) -> str:
    if not points:
        return "Aucun point de vigilance n'est levé par ce scénario."
    ecrites = sum(p.est_annulable for p in points)
    syndicaux = sum(p.drapeau.est_syndical for p in points)
    phrase = (
        f"{pluriel(len(points), 'point', 'points')} à préparer avant la réunion, "
        f"{pluriel(ecrites, 'réponse récrite', 'réponses récrites')}"
    )
    if not syndicaux:
        return f"{phrase}."
    verbe = "vient d'un repère syndical" if syndicaux == 1 else "viennent de repères syndicaux"
    return f"{phrase} ; {nombre(syndicaux)} {verbe}."


def _sans_objet(gardees: Mapping[str, Reponse], leves: Sequence[Drapeau]) -> str:
    """Answers whose point is not raised any more: kept, and said."""
    codes = {d.code for d in leves}
    restes = sum(r.texte is not None for c, r in gardees.items() if c not in codes)
    if not restes:
        return ""
    accord = "est gardée" if restes == 1 else "sont gardées"
    return (
        f"{pluriel(restes, 'réponse')} {accord} pour des points que ce scénario ne lève plus ; "
        "elles reviendront avec eux."
    )


def _tous(points: Sequence[Point], quoi: str) -> pd.DataFrame:
    """The sites or the postes of every point, one under the other."""
    tables = [getattr(p, quoi).assign(Point=p.drapeau.titre) for p in points]
    pleines = [t for t in tables if len(t)]
    if not pleines:
        return pd.DataFrame(columns=["Point"])
    reunies = pd.concat(pleines, ignore_index=True)
    return reunies[["Point", *(c for c in reunies if c != "Point")]]
