"""Every number of a scenario, made again from its data: what a sealed file is checked against.

Run as a program, it reads the folder of an opened sealed file and writes the numbers it finds, as
JSON; the parameters are then those of the file, which ATLAS_REFERENCE and ATLAS_REGLES name.
"""

import json
import sys
from dataclasses import fields, replace
from pathlib import Path

import duckdb

from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot
from pipelines.planning.assemblage import Hypotheses, assembler
from pipelines.planning.probleme import Presence, Probleme, depuis_json, vers_json
from pipelines.planning.verification import juger
from pipelines.scenarios import dossiers, extraits, plans, propositions
from pipelines.scenarios.resume import couvertures, resumer_sans_preuve
from pipelines.scoring.equite import SiteMesure, equite

Valeur = int | float | str | bool | None
Chiffres = dict[str, Valeur]
PAR_LIGNE = {"couverture": "categorie", "postes": "poste_id", "sites_sans_presence": "site_id"}
"""Lists of a summary whose records have a name; the others are told by their rank."""
DU_RESUME = ("moyens", "couverture", "transition", "postes", "sites_sans_presence", "changements")


def tous(connexion: duckdb.DuckDBPyConnection, garde: Probleme, plan: list[dict]) -> Chiffres:
    """Name → value of every number of `plan`, the problem made again on the data of `connexion`.

    `garde`: the problem of the scenario, for what people decided: hypotheses, seed and locks.
    AtlasError when the data no longer make a problem of it.
    """
    refait = replace(_assembler(connexion, garde), verrous=garde.verrous)
    verdict = juger(json.loads(vers_json(refait)), plan)
    presences = tuple(sorted(Presence(**ligne) for ligne in plan))
    resume = resumer_sans_preuve(refait, presences, verdict, entrepot.avertissements(connexion))
    chiffres: Chiffres = {
        **{f"besoin : {s.site_id}": s.besoin for s in refait.sites},
        **{f"poids : {s.site_id}": s.poids for s in refait.sites},
        **{f"plancher : {s.site_id}": s.plancher for s in refait.sites},
        **{f"capacité : {p.poste_id}": p.capacite for p in refait.postes},
        **{
            f"trajet, en minutes : {p.poste_id} – {s.site_id}": refait.minutes[i][j]
            for i, p in enumerate(refait.postes)
            for j, s in enumerate(refait.sites)
        },
        **{f"objectif : {code}": v for code, v in verdict.objectifs.items()},
        "règles enfreintes": len(verdict.manquements),
    }
    for nom in DU_RESUME:
        chiffres |= _a_plat(nom, resume[nom], PAR_LIGNE.get(nom))
    for quand, donnees in (("aujourd'hui", refait.presences_actuelles), ("plan", presences)):
        chiffres |= _equite(refait, quand, couvertures(refait, donnees))
    return chiffres


def du_probleme(garde: Probleme) -> Chiffres:
    """The numbers a problem states by itself, under the names of `tous`."""
    return {
        **{f"besoin : {s.site_id}": s.besoin for s in garde.sites},
        **{f"poids : {s.site_id}": s.poids for s in garde.sites},
        **{f"plancher : {s.site_id}": s.plancher for s in garde.sites},
        **{f"capacité : {p.poste_id}": p.capacite for p in garde.postes},
        **{
            f"trajet, en minutes : {p.poste_id} – {s.site_id}": garde.minutes[i][j]
            for i, p in enumerate(garde.postes)
            for j, s in enumerate(garde.sites)
        },
    }


def du_resume(resume: dict) -> Chiffres:
    """The numbers a summary states, under the names of `tous`."""
    chiffres: Chiffres = {
        f"objectif : {code}": v for code, v in resume["jugement"]["objectifs"].items()
    }
    for nom in DU_RESUME:
        chiffres |= _a_plat(nom, resume[nom], PAR_LIGNE.get(nom))
    return chiffres


def _assembler(connexion: duckdb.DuckDBPyConnection, garde: Probleme) -> Probleme:
    connues = {champ.name for champ in fields(Hypotheses)} - {"sites_max_par_categorie"}
    choix = {nom: v for nom, v in garde.hypotheses.items() if nom in connues}
    limites = str(garde.hypotheses.get("sites_max_par_categorie", ""))
    par_categorie = dict(paire.split("=") for paire in limites.split(",") if paire)
    hypotheses = Hypotheses(
        **choix, sites_max_par_categorie={c: int(n) for c, n in par_categorie.items()}
    )
    return assembler(connexion, garde.departement, hypotheses, garde.graine)


def _a_plat(nom: str, valeur: object, cle: str | None = None) -> Chiffres:
    """Nested records as one line a value, told by where it stands."""
    if isinstance(valeur, dict):
        return {
            chemin: v
            for champ, dedans in valeur.items()
            for chemin, v in _a_plat(f"{nom}, {champ}", dedans).items()
        }
    if isinstance(valeur, list):
        return {
            chemin: v
            for rang, dedans in enumerate(valeur, start=1)
            for chemin, v in _a_plat(f"{nom}, {dedans[cle] if cle else rang}", dedans).items()
        }
    return {nom: valeur}


def _equite(probleme: Probleme, quand: str, presences: dict[str, int]) -> Chiffres:
    sites = [
        SiteMesure(s.site_id, s.besoin, s.effectif, s.bassin, s.categories) for s in probleme.sites
    ]
    mesure = equite(sites, presences)
    return {
        **{
            f"équité, {quand} : {nom}": getattr(mesure, champ)
            for nom, champ in (
                ("demi-journées pour 100 élèves pondérés", "demi_journees_pour_100"),
                ("Gini", "gini"),
                ("Theil", "theil"),
                ("Theil entre bassins", "theil_entre"),
                ("Theil dans les bassins", "theil_dans"),
            )
        },
        **{
            f"équité, {quand} : part du site le moins servi, {code}": float(minimum.part)
            for code, minimum in sorted(mesure.minimums.items())
        },
    }


def du_dossier(dossier: Path) -> Chiffres:
    """The numbers made again from an opened sealed file; AtlasError when its data forbid it."""
    garde = depuis_json((dossier / propositions.FICHIER_PROBLEME).read_text(encoding="utf-8"))
    plan = plans.lire_plan(dossier / propositions.FICHIER_PLAN)
    dossiers.valider(garde, (Presence(**ligne) for ligne in plan))
    with extraits.ouvrir(dossier / extraits.DOSSIER) as connexion:
        return tous(connexion, garde, plan)


if __name__ == "__main__":
    try:
        json.dump(du_dossier(Path(sys.argv[1])), sys.stdout, ensure_ascii=False)
    except AtlasError as refus:
        sys.stderr.write(refus.message())
        sys.exit(1)
