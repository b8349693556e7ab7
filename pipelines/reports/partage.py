"""Répartition between territories: the ETP of today, or some more or less, by each method."""

import math
import re
from dataclasses import dataclass

import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import au_plus_juste, enumeration, nombre
from pipelines.reports import classeur
from pipelines.reports.academie import VueAcademie, table_sans_presence
from pipelines.reports.avancement import VueSuivi
from pipelines.reports.prochains_demi_postes import VueProchains
from pipelines.reports.territoires import MOTS, Territoires, chiffres_de
from pipelines.scoring.apportionnement import (
    LIBELLES,
    Methode,
    Partage,
    Unite,
    demi_postes_entiers,
    partager,
    quota,
)


@dataclass(frozen=True)
class Question:
    """The title of the page, and whether any poste is known, to be shared."""

    titre: str
    a_des_postes: bool


@dataclass(frozen=True)
class VueRepartition:
    """ETP shared between territories by each method: where they agree, where they differ."""

    phrase: str
    details: list[str]
    table: pd.DataFrame
    note: str


def repartir(
    lus: Territoires,
    variation_etp: float,
    plancher: float,
    perte_max: float | None,
    particuliers: dict[str, float] | None = None,
) -> VueRepartition:
    """Today's ETP, rounded down to half-posts, plus `variation_etp`, shared by each method.

    `plancher`: the least ETP of every territory, but for those of `particuliers` (code → ETP).
    AtlasError when the floors can't be held, or one names no territory.
    """
    inconnus = sorted(set(particuliers or {}) - set(lus.noms))
    if inconnus:
        raise AtlasError(
            f"Plancher donné à un territoire inconnu : {enumeration(inconnus)}.",
            admis=", ".join(f"{code} ({nom})" for code, nom in lus.noms.items()),
            remede="corriger le nom du territoire",
        )
    planchers = dict.fromkeys(lus.noms, plancher) | (particuliers or {})
    ensemble = unites(lus, planchers)
    actuel = sum(u.aujourd_hui for u in ensemble)
    etp = demi_postes_entiers(actuel) + variation_etp
    partages = [partager(ensemble, etp, methode, perte_max) for methode in Methode]
    exactes = quota(ensemble, etp)
    table = pd.DataFrame(
        {
            "Territoire": [u.nom for u in ensemble],
            "Aujourd'hui (ETP)": [round(u.aujourd_hui, 2) for u in ensemble],
            "Part exacte (ETP)": [round(exactes[u.code], 2) for u in ensemble],
            **{
                f"{LIBELLES[p.methode]} (ETP)": [p.parts[u.code] for u in ensemble]
                for p in partages
            },
        }
    )
    return VueRepartition(
        phrase=_phrase_du_partage(ensemble, partages, etp),
        details=_details_du_partage(ensemble, partages, actuel, etp),
        table=table,
        note=(
            "Chaque méthode partage selon le besoin pondéré, par demi-poste. Plus fort reste : "
            "la part exacte arrondie au demi-poste d'en dessous ou d'au-dessus. Adams avantage "
            "les petits territoires, puis Huntington-Hill ; D'Hondt avantage les grands ; "
            "Sainte-Laguë ni les uns ni les autres. Un territoire laissé sous son plancher "
            "le reçoit, et le reste est partagé à nouveau entre les autres. La part exacte ignore "
            "les planchers. Le choix d'une méthode, d'un plancher et d'une perte admise est "
            "académique : aucun texte ne le fixe."
        ),
    )


ETP_LISIBLE = re.compile(r"[+-]?\d{1,4}(?:\.\d+)?")


def lire_etp(saisi: str, titre: str, *, est_signe: bool = False) -> float | None:
    """ETP written in the field `titre`: 1,5 or 1.5, −0,5 when `est_signe`; None for nothing.

    AtlasError when they are no half-posts.
    """
    propre = "".join(saisi.split()).replace(",", ".").replace("−", "-")
    if not propre:
        return None
    # a field of the address: neither 1e9, that methods would share one by one, nor infinity
    etp = float(propre) if ETP_LISIBLE.fullmatch(propre) else math.nan
    if not (etp * 2).is_integer() or (etp < 0 and not est_signe):
        raise AtlasError(
            f"« {saisi.strip()} » ne se lit pas dans « {titre} ».",
            admis="des demi-postes : 0,5, 1 ou 1,5" + (", ou −0,5" if est_signe else ""),
            remede="corriger ce champ",
        )
    return etp


def question(lus: Territoires) -> Question:
    """What is asked of these territories."""
    mot = MOTS[lus.niveau].au_pluriel
    return Question(f"{lus.lieu} : comment répartir les moyens entre {mot} ?", not lus.postes.empty)


def unites(lus: Territoires, planchers: dict[str, float]) -> list[Unite]:
    """The territories as what shares ETP by need; `planchers`: code → ETP, 0 when not given."""
    chiffres = chiffres_de(lus)
    return [
        Unite(
            code=code,
            nom=nom,
            besoin=int(chiffres.loc[code, "besoin"]),
            aujourd_hui=float(chiffres.loc[code, "etp"]),
            plancher=planchers.get(code, 0.0),
        )
        for code, nom in lus.noms.items()
    ]


def en_excel(
    academie: VueAcademie | None,
    suivis: VueSuivi | None,
    prochains: VueProchains | None,
    partage: VueRepartition | None,
) -> bytes:
    """What is given as a workbook: its sentences, then a sheet a table."""
    lecture, tables = [], {}
    if academie is not None:
        lecture += [academie.titre, academie.phrase, academie.ecarts, *academie.remarques]
        tables |= {
            "Territoires": academie.table,
            "Sans présence": table_sans_presence(academie.sans_presence, academie.niveau),
            "Catégories": academie.categories,
        }
    if suivis is not None:
        lecture.append(suivis.phrase)
        tables["Scénarios"] = suivis.table
    if prochains is not None:
        lecture += [prochains.phrase, *prochains.remarques, prochains.note]
        tables["Demi-postes"] = prochains.table
    if partage is not None:
        lecture += [partage.phrase, *partage.details, partage.note]
        tables["Répartition"] = partage.table
    return classeur.ecrire([ligne for ligne in lecture if ligne], tables)


def _phrase_du_partage(ensemble: list[Unite], partages: list[Partage], etp: float) -> str:
    differents = [u.nom for u in ensemble if len({p.parts[u.code] for p in partages}) > 1]
    debut = f"{au_plus_juste(etp)} ETP à répartir selon le besoin"
    if not differents:
        return f"{debut} : les {len(partages)} méthodes donnent la même chose."
    accord = len(ensemble) - len(differents)
    return (
        f"{debut} : les {len(partages)} méthodes s'accordent sur {accord} des {len(ensemble)} "
        f"territoires, et diffèrent pour {enumeration(differents)}."
    )


def _details_du_partage(
    ensemble: list[Unite], partages: list[Partage], actuel: float, etp: float
) -> list[str]:
    noms = {u.code: u.nom for u in ensemble}
    details = []
    reste = actuel - demi_postes_entiers(actuel)
    if round(reste, 2):
        details.append(
            f"Aujourd'hui {au_plus_juste(actuel)} ETP : ce qui dépasse le dernier demi-poste "
            f"entier, {au_plus_juste(reste)} ETP, n'est pas réparti."
        )
    for unite in ensemble:
        parts = {p.methode: p.parts[unite.code] for p in partages}
        if len(set(parts.values())) > 1:
            par_valeur = {
                valeur: [LIBELLES[m] for m, v in parts.items() if v == valeur]
                for valeur in sorted(set(parts.values()))
            }
            dits = [f"{au_plus_juste(v)} ETP selon {enumeration(m)}" for v, m in par_valeur.items()]
            details.append(f"{unite.nom} : {' ; '.join(dits)}.")
    proche = min(partages, key=lambda p: p.distance)
    loin = max(partages, key=lambda p: p.distance)
    details.append(
        f"Distance à aujourd'hui (moitié de la somme des écarts) : {nombre(proche.distance, 1)} "
        f"ETP selon {LIBELLES[proche.methode]}"
        + (
            f", {nombre(loin.distance, 1)} selon {LIBELLES[loin.methode]}."
            if round(loin.distance - proche.distance, 2)
            else ", comme selon les autres."
        )
    )
    retenues = sorted({noms[c] for p in partages for c in p.retenues})
    if retenues:
        details.append(
            f"Tenu par son plancher ou sa perte admise, selon au moins une méthode : "
            f"{enumeration(retenues)}."
        )
    suivants: dict[str, list[str]] = {}
    for p in partages:
        suivants.setdefault(p.suivant, []).append(LIBELLES[p.methode])
    details.append(
        "À qui irait le demi-poste suivant : "
        + " ; ".join(f"{noms[c]} selon {enumeration(m)}" for c, m in suivants.items())
        + "."
    )
    return details
