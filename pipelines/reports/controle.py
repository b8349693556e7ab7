"""What the independent judge says of a plan, in words and tables."""

from dataclasses import dataclass

import pandas as pd

from pipelines.base.textes import nombre, pluriel
from pipelines.planning.verification import Manquement
from pipelines.reports.proposition_en_mots import objectif_et_unite
from pipelines.scenarios.plans import Jugement


@dataclass(frozen=True)
class VueControle:
    """The verdict: its sentence, what else must be known, the breaches, the objectives.

    `est_bon`: no rule is broken and nothing said elsewhere is contradicted.
    """

    phrase: str
    notes: list[str]
    manquements: pd.DataFrame
    objectifs: pd.DataFrame
    est_bon: bool


def vue(jugement: Jugement) -> VueControle:
    """The verdict on a plan, beside what the proposal of the same problem says of its own."""
    verdict = jugement.verdict
    notes = _contradictions(jugement)
    regles = {m.regle for m in verdict.manquements}
    if verdict.conforme:
        phrase = (
            f"Ce plan de {pluriel(jugement.nb_presences, 'présence')} respecte toutes les règles."
        )
    else:
        phrase = (
            f"Ce plan de {pluriel(jugement.nb_presences, 'présence')} ne respecte pas toutes les "
            f"règles : {pluriel(len(verdict.manquements), 'manquement')} à "
            f"{pluriel(len(regles), 'règle')}."
        )
    return VueControle(
        phrase=phrase,
        notes=notes,
        manquements=pd.DataFrame(
            [
                (m.libelle, m.poste_id or "", m.site_id or "", de_combien(m), m.message)
                for m in verdict.manquements
            ],
            columns=["Règle", "Poste", "Site", "De combien", "Ce qui est enfreint"],
        ),
        objectifs=_objectifs(jugement),
        est_bon=verdict.conforme and not notes,
    )


def de_combien(manquement: Manquement) -> str:
    """« 4 demi-journées », « 1 site », « trajet inconnu »."""
    return pluriel(manquement.quantite, manquement.unite)


def _annonces(resume: dict) -> dict[str, dict]:
    return {etage["code"]: etage for etage in resume["etages"]}


def _objectifs(jugement: Jugement) -> pd.DataFrame:
    annonces = {} if jugement.resume is None else _annonces(jugement.resume)
    lignes = [
        (
            objectif_et_unite(code),
            nombre(valeur),
            *([nombre(annonces[code]["valeur"])] if annonces else []),
        )
        for code, valeur in jugement.verdict.objectifs.items()
    ]
    colonnes = ["Objectif", "Recalculé pour ce plan", *(["Proposition"] if annonces else [])]
    return pd.DataFrame(lignes, columns=colonnes)


def _contradictions(jugement: Jugement) -> list[str]:
    """What the plan shows to be wrong in what the proposal says."""
    if jugement.resume is None:
        return []
    objectifs, annonces = jugement.verdict.objectifs, _annonces(jugement.resume)
    notes = []
    if jugement.est_le_sien and any(annonces[c]["valeur"] != v for c, v in objectifs.items()):
        notes.append(
            "Les objectifs recalculés ne sont pas ceux de resume.json : le plan, le problème ou le "
            "résumé a été modifié depuis le calcul."
        )
    borne = annonces["manque"]["borne"] or 0
    if jugement.verdict.conforme and objectifs["manque"] < borne:
        notes.append(
            "Ce plan fait mieux que la borne annoncée pour le manque de présence : la preuve est "
            "fausse, ou les fichiers ont été modifiés. Signaler ce défaut d'Atlas avec ce dossier."
        )
    return notes
