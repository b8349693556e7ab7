"""The example's local files, and its sites as the post simulator wants them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.simulation import formats
from pipelines.simulation.etablissements import Etablissement
from pipelines.simulation.hypotheses import hypothese, tirage
from pipelines.simulation.postes import COLONNES_SITES

SOURCE = "Relevé fictif de l'exemple"


def sites(etablissements: Sequence[Etablissement]) -> pd.DataFrame:
    """Sites of the example, with `COLONNES_SITES` and `ips`: one per establishment in scope, one
    for the schools of each REP+ network (placed where its schools are)."""
    lignes = [_site(e) for e in etablissements if est_dans_perimetre(e)]
    reseaux = sorted({e.tete for e in etablissements if e.type == "ECOLE" and e.ep == "REP+"})
    lignes += [_site_ecoles(tete, etablissements) for tete in reseaux]
    return pd.DataFrame(lignes, columns=[*COLONNES_SITES, "ips"])


def est_dans_perimetre(e: Etablissement) -> bool:
    """Public, education ministry, second degree, open; a section only if its mother is not."""
    if e.type not in ("COLLEGE", "LEGT", "LPO", "LP", "EREA") or e.est_ferme or not e.est_public:
        return False
    if e.mere:
        # the only section with pupils of its own is the one whose mother is agricultural
        return e.effectif is not None
    return e.nature != "AGRICOLE"


def ecrire_dispositifs(chemin: Path, lignes: Sequence[Etablissement], graine: int) -> Path:
    """`dispositifs.csv` for a part of the collèges: what is not written stays unknown."""
    rng = tirage(graine, "dispositifs")
    rangees: list[tuple[str, str, str, str]] = []
    for e in sorted(lignes, key=lambda e: e.uai):
        if e.type != "COLLEGE" or not est_dans_perimetre(e):
            continue
        if rng.random() >= hypothese("part_dispositifs_connus"):
            continue
        rangees.append((e.uai, "ULIS", _oui_non(e.ulis), SOURCE))
        for dispositif, part in hypothese("parts_dispositif").items():
            # newcomers and relay classes go where needs are
            seuil = part * (2 if e.ep else 0.8)
            rangees.append((e.uai, dispositif, _oui_non(rng.random() < seuil), SOURCE))
    return _ecrire(chemin, ("uai", "dispositif", "present", "source"), rangees)


def ecrire_bassins(chemin: Path, lignes: Sequence[Etablissement]) -> Path:
    """`bassins.csv`: bassin of each establishment in scope, and a network of establishments."""
    rangees = []
    for e in sorted(lignes, key=lambda e: e.uai):
        if est_dans_perimetre(e):
            rangees.append((e.uai, e.bassin[1], f"Réseau exemple {e.bassin[0][-2:]}"))
    return _ecrire(chemin, ("uai", "bassin", "reseau"), rangees)


def ecrire_conditions(chemin: Path, lignes: Sequence[Etablissement], graine: int) -> Path:
    """`conditions.csv`: what each establishment offers the service (circulaire 2017-055, 3.2)."""
    rng = tirage(graine, "conditions")
    parts = hypothese("parts_conditions")
    rangees = [
        (e.uai, *(_oui_non(rng.random() < part) for part in parts.values()))
        for e in sorted(lignes, key=lambda e: e.uai)
        if est_dans_perimetre(e)
    ]
    return _ecrire(chemin, ("uai", *parts), rangees)


def _site(e: Etablissement) -> dict[str, object]:
    eleves, valeurs = [], []
    for nombre, ips in ((e.gt or e.college, e.ips), (e.pro, e.ips_pro)):
        if nombre and ips:
            eleves.append(nombre)
            valeurs.append(ips)
    return {
        "site_id": e.uai,
        "nature": "etablissement",
        "uai_principal": e.uai,
        "uai_presence": e.uai,
        "nom": e.nom,
        "type": e.type,
        "departement": e.departement,
        "bassin_code": e.bassin[0],
        "bassin": e.bassin[1],
        "effectif": e.effectif,
        "ep": e.ep,
        "segpa": e.segpa,
        "ulis": e.ulis,
        "internat": e.internat,
        "latitude": e.commune.latitude if e.latitude is None else e.latitude,
        "longitude": e.commune.longitude if e.longitude is None else e.longitude,
        "nb_ecoles": 0,
        "ips": float(np.average(valeurs, weights=eleves)) if eleves else None,
    }


def _site_ecoles(tete: str, etablissements: Sequence[Etablissement]) -> dict[str, object]:
    ecoles = sorted(
        (e for e in etablissements if e.type == "ECOLE" and e.tete == tete), key=lambda e: e.uai
    )
    # cycle 3 is where the text starts, so the présence is written under a school that has it
    elementaires = [e for e in ecoles if e.nature != "MATERNELLE"]
    ips = [e.ips for e in ecoles if e.ips is not None]
    return {
        "site_id": f"RESEAU-{tete}",
        "nature": "ecoles_rep_plus",
        "uai_principal": tete,
        "uai_presence": elementaires[0].uai,
        "nom": f"Écoles REP+ du réseau {tete}",
        "type": "ECOLE",
        "departement": ecoles[0].departement,
        "bassin_code": ecoles[0].bassin[0],
        "bassin": ecoles[0].bassin[1],
        "effectif": sum(e.ecole or 0 for e in ecoles),
        "ep": "REP+",
        "segpa": None,
        "ulis": None,
        "internat": None,
        "latitude": float(np.mean([e.latitude for e in ecoles])),
        "longitude": float(np.mean([e.longitude for e in ecoles])),
        "nb_ecoles": len(ecoles),
        "ips": float(np.mean(ips)) if ips else None,
    }


def _oui_non(valeur: bool) -> str:
    return "oui" if valeur else "non"


def _ecrire(chemin: Path, entetes: Sequence[str], rangees: Sequence[Sequence[object]]) -> Path:
    return formats.ecrire_csv(chemin, entetes, rangees, bom=True, fin="\r\n")
