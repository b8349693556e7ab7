"""Département by département: its scenarios, their status, what a half-post is worth there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pandas as pd

from pipelines.base.textes import enumeration
from pipelines.marts import entrepot
from pipelines.reports import marges
from pipelines.reports.demi_postes import PAR_BASSIN
from pipelines.reports.territoires import en_vue
from pipelines.scenarios import atelier, calculs
from pipelines.scenarios.etudes import Nature
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.magasin import en_clair
from pipelines.scenarios.scenario import Apercu
from pipelines.scenarios.statuts import ORDRE

AUCUN_SCENARIO = "aucun scénario"
A_CALCULER = "à calculer"


@dataclass(frozen=True)
class VueSuivi:
    """Département by département: its scenario and status, what a half-post would bring there."""

    phrase: str
    table: pd.DataFrame
    sans_scenario: list[str]
    sans_marges: list[str]


@dataclass(frozen=True)
class VueDemiPostes:
    """What a half-post more or less brings to each bassin, from the margins kept of a plan."""

    phrase: str
    table: pd.DataFrame


def demi_postes_de(dossier: Path) -> VueDemiPostes | None:
    """The margins kept in the folder of a plan; None when there are none."""
    lue = marges.vue(dossier, Nature.MARGES)
    return None if lue is None else VueDemiPostes(lue.phrase, lue.tables[PAR_BASSIN])


Lire = Callable[[Path], VueDemiPostes | None]


def suivi(lecteur: Lecteur, base: Path, lire: Lire = demi_postes_de) -> VueSuivi:
    """The most advanced scenario of each département, and what its margins say of a half-post.

    Never to be cached: scenarios and studies come and go; `lire` may keep what a study says.
    """
    with entrepot.ouvrir(base) as connexion:
        noms = en_vue(lecteur, connexion)
    apercus = [a for a in atelier.lister(lecteur) if a.departement in noms]
    lignes, sans_scenario, sans_marges = [], [], []
    for code, nom in noms.items():
        siens = [a for a in apercus if a.departement == code]
        marge = _marge(lecteur, code, siens, lire)
        if not siens:
            sans_scenario.append(code)
        if marge is None:
            sans_marges.append(code)
        retenu = max(siens, key=_avancement, default=None)
        lignes.append(
            (
                nom,
                retenu.nom if retenu else AUCUN_SCENARIO,
                retenu.statut.libelle if retenu else "—",
                en_clair(retenu.modifie_le) if retenu else "—",
                len(siens),
                A_CALCULER if marge is None else marge.phrase,
            )
        )
    table = pd.DataFrame(
        lignes,
        columns=[
            "Département",
            "Scénario le plus avancé",
            "Statut",
            "Modifié le",
            "Scénarios",
            "Ce que vaut un demi-poste",
        ],
    )
    return VueSuivi(_phrase_du_suivi(noms, sans_scenario), table, sans_scenario, sans_marges)


def demi_postes(
    lecteur: Lecteur, departement: str, lire: Lire = demi_postes_de
) -> VueDemiPostes | None:
    """The kept margins of a département, bassin by bassin; None when no plan has any.

    Never to be cached: studies come and go; `lire` may keep what a study says.
    """
    exiger(lecteur, Acte.LIRE, departement)
    return _marge(lecteur, departement, atelier.lister(lecteur, departement), lire)


def _avancement(apercu: Apercu) -> tuple[int, datetime]:
    return ORDRE.index(apercu.statut), apercu.modifie_le


def _marge(
    lecteur: Lecteur, departement: str, siens: list[Apercu], lire: Lire
) -> VueDemiPostes | None:
    """The margins last kept of a département: of its most advanced scenario that has some, else
    of its last proposal; None when there is none, or when `lecteur` may not read them.
    """
    if not lecteur.peut(Acte.LIRE, departement):
        return None
    for apercu in sorted(siens, key=_avancement, reverse=True):
        lue = lire(apercu.emplacement)
        if lue is not None:
            return VueDemiPostes(f"{apercu.nom} : {lue.phrase}", lue.table)
    lues = (lire(etat.dossier) for etat in calculs.derniers(lecteur, departement))
    return next((lue for lue in lues if lue is not None), None)


def _phrase_du_suivi(noms: dict[str, str], sans_scenario: list[str]) -> str:
    if not sans_scenario:
        return "Chaque département a un scénario."
    if len(sans_scenario) == len(noms):
        return (
            "Aucun département n'a encore de scénario : en créer un depuis une proposition, "
            "page « Proposer »."
        )
    return f"Sans scénario : {enumeration([noms[c] for c in sans_scenario])}."
