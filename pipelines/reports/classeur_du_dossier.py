"""The workbook of a dossier: a reading sheet, the plan that Atlas reads back, a sheet a table."""

from collections.abc import Mapping, Sequence

import pandas as pd

from pipelines.base.textes import pour_tableur, rythme
from pipelines.reports.classeur import Classeur
from pipelines.scenarios.relecture import FEUILLE, POSTE, PRESENCE, SITE, repere
from pipelines.scenarios.scenario import Scenario

LONGUEUR_MAX_D_UN_NOM = 31
INTERDITS = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
"""What Excel does not admit in the name of a sheet."""


def ecrire(
    scenario: Scenario,
    lecture: Sequence[str],
    tables: Mapping[str, pd.DataFrame],
    a_lire: pd.DataFrame | None = None,
) -> bytes:
    """The workbook of `scenario`; `lecture`: its sentences, title first; `tables`: name → table.

    `a_lire`: the plan for who may read no presence of a poste, in place of the one that is read
    back.
    """
    avertissements = scenario.resume["avertissements"].values()
    with Classeur(cree_le=scenario.modifie_le) as classeur:
        emploi = () if a_lire is not None else _mode_d_emploi(scenario)
        classeur.lecture([*lecture, *avertissements, *emploi])
        feuille = plan(scenario) if a_lire is None else a_lire
        classeur.table(FEUILLE, feuille, figees=2)
        for nom, table in zip(_noms(tables), tables.values(), strict=True):
            classeur.table(nom, table)
    return classeur.octets()


def _mode_d_emploi(scenario: Scenario) -> tuple[str, ...]:
    """How the plan is changed by hand and given back."""
    return (
        f"La feuille « {FEUILLE} » se change à la main et se redonne à Atlas (page "
        "« Ajuster », ou atlas scenario relire) : il montre ce qui change et ce que "
        "dit le contrôle indépendant avant d'enregistrer quoi que ce soit.",
        f"Seules y sont lues les colonnes « {POSTE} », « {SITE} » et « {PRESENCE} ». Une "
        "ligne ôtée, ou à 0, retire la présence ; une ligne ajoutée en donne une.",
        "Un cycle dure 4 semaines : 4 demi-journées par cycle font une demi-journée par semaine.",
        repere(scenario),
    )


def plan(scenario: Scenario) -> pd.DataFrame:
    """The plan as it is read back, one line a presence, with words for people."""
    sites = {s.site_id: s for s in scenario.probleme.sites}
    lignes = [
        {
            POSTE: pour_tableur(x.poste_id),
            SITE: x.site_id,
            "Site (pour lire)": sites[x.site_id].nom,
            PRESENCE: x.demi_journees_cycle,
            "Rythme (pour lire)": rythme(x.demi_journees_cycle),
            "Besoin du site (½ j. par cycle)": sites[x.site_id].besoin,
        }
        for x in scenario.plan
    ]
    colonnes = [
        POSTE,
        SITE,
        "Site (pour lire)",
        PRESENCE,
        "Rythme (pour lire)",
        "Besoin du site (½ j. par cycle)",
    ]
    return pd.DataFrame(lignes, columns=colonnes).sort_values([POSTE, SITE], ignore_index=True)


def _noms(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Names Excel admits, each once: cut to its length, told apart by a rank."""
    pris, noms = {"lecture", FEUILLE.casefold()}, []
    for titre in tables:
        base, rang = " ".join(titre.translate(INTERDITS).split()).strip("'") or "Table", 1
        nom = base[:LONGUEUR_MAX_D_UN_NOM].strip()
        while nom.casefold() in pris:
            rang += 1
            suite = f" ({rang})"
            nom = base[: LONGUEUR_MAX_D_UN_NOM - len(suite)].strip() + suite
        pris.add(nom.casefold())
        noms.append(nom)
    return noms
