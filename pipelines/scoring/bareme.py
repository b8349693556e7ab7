"""From rules and numbers to a besoin: how much presence a site should have, line by line."""

from dataclasses import dataclass
from datetime import date
from functools import cache

import duckdb
import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import nombre, pluriel
from pipelines.marts import entrepot
from pipelines.scoring.regles import Priorites, appliquer, lire_reference, priorites

# Half-days are added in hundredths, as integers, so that the lines add up to the last digit.
CENTIEMES = 100


@dataclass(frozen=True)
class Bareme:
    """A scale of besoins: all numbers in half-days per 4-week cycle, or pupils for one of them."""

    code: str
    libelle: str
    nature: str
    en_vigueur_le: date
    verifie_le: date
    priorites: Priorites
    bornes: dict
    base: dict
    eleves: dict
    effectif_inconnu: dict
    ecoles: dict
    contributions: dict


@dataclass(frozen=True)
class Besoins:
    """The besoins of every site of the warehouse.

    `sites`: site_id, besoin (half-days per cycle, an allowed level), categories (codes of matched
    rules), inconnues (codes of rules that can't be told). `detail`: site_id, rang, code, libelle,
    demi_journees (adds up to besoin for each site), observe (what was read), reference.
    """

    sites: pd.DataFrame
    detail: pd.DataFrame


@cache
def bareme(code: str) -> Bareme:
    """The barème `data/reference/baremes/<code>.toml` with its rule set."""
    contenu = lire_reference("baremes", code)
    tete = dict(contenu.pop("bareme"))
    return Bareme(**{**tete, "priorites": priorites(tete["priorites"])}, **contenu)


def besoins(connexion: duckdb.DuckDBPyConnection, echelle: Bareme) -> Besoins:
    """The besoin of each site of `mart_site` under `echelle`, with its decomposition.

    Sites are taken in the order of their id; the result does not depend on the order of rules.
    """
    sites = entrepot.lire(connexion, "mart_site").sort_values("site_id")
    verdicts = appliquer(connexion, echelle.priorites)
    par_site = {
        site_id: dict(zip(groupe["regle"], groupe["verdict"], strict=True))
        for site_id, groupe in verdicts.groupby("site_id")
    }
    niveaux = [n for n in reference.valeur("optimisation", "niveaux_presence") if n > 0]
    medianes = _medianes(sites)
    lignes_sites, lignes_detail = [], []
    for site in sites.to_dict("records"):
        verdict = par_site[site["site_id"]]
        lignes = _lignes(site, verdict, echelle, medianes)
        besoin = _arrondir(lignes, echelle, niveaux)
        lignes_sites.append(
            {
                "site_id": site["site_id"],
                "besoin": besoin,
                "categories": tuple(sorted(c for c, v in verdict.items() if v is True)),
                "inconnues": tuple(sorted(c for c, v in verdict.items() if v is None)),
            }
        )
        lignes_detail += [
            {
                "site_id": site["site_id"],
                "rang": rang,
                "code": code,
                "libelle": libelle,
                "demi_journees": centiemes / CENTIEMES,
                "observe": observe,
                "reference": ref,
            }
            for rang, (code, libelle, centiemes, observe, ref) in enumerate(lignes)
        ]
    return Besoins(pd.DataFrame(lignes_sites), pd.DataFrame(lignes_detail))


Ligne = tuple[str, str, int, str, str]


def _lignes(
    site: dict, verdict: dict[str, bool | None], echelle: Bareme, medianes: dict[tuple, float]
) -> list[Ligne]:
    """Lines before rounding: code, label, hundredths of a half-day, what was read, reference."""
    lignes: list[Ligne] = [
        (
            "base",
            "Base",
            round(echelle.base[site["nature"]] * CENTIEMES),
            "tout site",
            echelle.base["reference"],
        )
    ]
    if site["nature"] == "ecoles_rep_plus":
        elementaires, maternelles = site["nb_ecoles_elementaires"], site["nb_ecoles_maternelles"]
        lignes.append(
            (
                "ecoles",
                "Écoles où s'enseigne le cycle 3",
                round(
                    CENTIEMES
                    * (
                        elementaires * echelle.ecoles["elementaire"]
                        + maternelles * echelle.ecoles["maternelle"]
                    )
                ),
                f"{pluriel(elementaires, 'école')} avec cycle 3, "
                f"{pluriel(maternelles, 'maternelle')} à part",
                echelle.ecoles["reference"],
            )
        )
    else:
        lignes.append(_ligne_eleves(site, echelle, medianes))
    for regle in sorted(echelle.priorites.regles, key=lambda r: r.code):
        if verdict[regle.code] and regle.code in echelle.contributions:
            lignes.append(
                (
                    regle.code,
                    regle.libelle,
                    round(echelle.contributions[regle.code] * CENTIEMES),
                    "oui",
                    f"{regle.reference} ; poids : {echelle.contributions['reference']}",
                )
            )
    return lignes


def _ligne_eleves(site: dict, echelle: Bareme, medianes: dict[tuple, float]) -> Ligne:
    """The pupil part; an unknown enrolment takes the median of its type, and says so."""
    effectif, ref = site["effectif"], echelle.eleves["reference"]
    if effectif is not None:
        observe = f"{nombre(effectif)} élèves"
    else:
        ref = f"{ref} ; effectif inconnu : {echelle.effectif_inconnu['reference']}"
        proche = medianes.get((site["departement"], site["type"]))
        effectif = medianes.get((None, site["type"])) if proche is None else proche
        if effectif is None:
            return ("eleves", "Élèves", 0, "effectif inconnu de tous les sites de ce type", ref)
        observe = f"effectif inconnu, compté pour {nombre(effectif)} (médiane du type)"
    centiemes = round(CENTIEMES * effectif / echelle.eleves[site["type"]])
    return ("eleves", "Élèves", centiemes, observe, ref)


def _medianes(sites: pd.DataFrame) -> dict[tuple, float]:
    """Median enrolment by (département, type), and by (None, type) over all the data."""
    connus = sites[sites["effectif"].notna()].astype({"effectif": float})
    locales = connus.groupby(["departement", "type"])["effectif"].median()
    toutes = connus.groupby("type")["effectif"].median()
    return {**locales.to_dict(), **{(None, t): m for t, m in toutes.items()}}


def _arrondir(lignes: list[Ligne], echelle: Bareme, niveaux: list[int]) -> int:
    """Append floor, ceiling and rounding to `lignes`; the besoin, an allowed level."""
    somme = sum(ligne[2] for ligne in lignes)
    for code, libelle, borne, depasse in (
        ("plancher", "Plancher", echelle.bornes["plancher"], lambda s, b: s < b),
        ("plafond", "Plafond", echelle.bornes["plafond"], lambda s, b: s > b),
    ):
        if depasse(somme, borne * CENTIEMES):
            lignes.append(
                (
                    code,
                    libelle,
                    borne * CENTIEMES - somme,
                    pluriel(borne, "demi-journée"),
                    echelle.bornes["reference"],
                )
            )
            somme = borne * CENTIEMES
    admis = [n for n in niveaux if echelle.bornes["plancher"] <= n <= echelle.bornes["plafond"]]
    # the nearest level, the higher of two at the same distance
    besoin = min(admis, key=lambda n: (abs(n * CENTIEMES - somme), -n))
    if besoin * CENTIEMES != somme:
        lignes.append(
            (
                "arrondi",
                "Arrondi au niveau de présence le plus proche",
                besoin * CENTIEMES - somme,
                pluriel(besoin, "demi-journée"),
                "Niveaux de présence : data/reference/optimisation.toml",
            )
        )
    return besoin
