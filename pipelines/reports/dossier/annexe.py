"""The annex to read before the meeting: what a contradictor would raise, and the answers kept."""

from dataclasses import replace

from pipelines.base.textes import pluriel
from pipelines.reports import vigilance
from pipelines.reports.dossier.blocs import (
    Bloc,
    Colonne,
    Dossier,
    Liste,
    Partie,
    Role,
    Section,
    Tableau,
    Texte,
)
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.drapeaux import Cite, Drapeau
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.scenario import Scenario

TITRE = "Points de vigilance"


def composer(lecteur: Lecteur, scenario: Scenario, m: Matiere, dossier: Dossier) -> Dossier:
    """The points of `scenario` as the reader of `dossier` may know them, in a file of their own.

    AtlasError when `lecteur` may not read the scenario.
    """
    codes = None if m.voile.est_nominatif else m.voile.codes
    points = vigilance.annexe(lecteur, m.base, scenario, codes, m.le.date())
    partie = Partie(
        code="vigilance",
        titre=TITRE,
        blocs=(
            Texte(f"{pluriel(len(points), 'point')} à préparer avant la réunion.", Role.PHRASE),
            Texte(
                "Ce qu'un contradicteur relèverait dans ce scénario. Aucun point n'est une règle : "
                "chacun dit ce qui sera demandé, avec son chiffre, ses sites et une réponse à "
                "compléter."
            ),
        ),
        sections=tuple(_point(p) for p in points),
    )
    return replace(dossier, titre=TITRE, parties=(partie,), ecrans=())


def _point(point: Drapeau) -> Section:
    blocs: list[Bloc] = [
        Texte(point.chiffre, Role.PHRASE),
        Texte(point.constat),
        *((Liste("", point.precisions),) if point.precisions else ()),
        *_cites(point.code, "Site", point.sites),
        *_cites(point.code, "Poste", point.postes),
        Texte(f"Réponse : {point.reponse}", Role.ALERTE),
        Texte(point.reference, Role.NOTE),
    ]
    return Section(point.titre, tuple(blocs))


def _cites(code: str, quoi: str, cites: tuple[Cite, ...]) -> tuple[Tableau, ...]:
    if not cites:
        return ()
    sans_detail = not any(c.detail for c in cites)
    return (
        Tableau(
            code=f"{code}_{quoi.lower()}s",
            titre="",
            colonnes=(Colonne(quoi),) if sans_detail else (Colonne(quoi), Colonne("Détail")),
            lignes=tuple((c.nom,) if sans_detail else (c.nom, c.detail) for c in cites),
            famille="" if sans_detail else "vigilance",
        ),
    )
