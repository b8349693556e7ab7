"""The académie in one page: its départements, or the bassins or réseaux of one, side by side."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import au_plus_juste, nombre, pluriel, pourcentage
from pipelines.reports import carte_academie, ecarts_academie
from pipelines.reports.libelles import TYPES
from pipelines.reports.sites import part_couverte
from pipelines.reports.territoires import MOTS, Niveau, Territoires, chiffres_de


@dataclass(frozen=True)
class VueAcademie:
    """The page: its sentence, the spread in words and as a picture, the table and the coverage.

    `codes`: the territory of each row of `table` but the last, their whole. `sans_presence`: the
    priority sites nobody serves, numbered as on the map; `titre_sans_presence` counts them.
    """

    niveau: Niveau
    titre: str
    phrase: str
    ecarts: str
    remarques: list[str]
    table: pd.DataFrame
    codes: tuple[str, ...]
    sans_presence: pd.DataFrame
    titre_sans_presence: str
    categories: pd.DataFrame
    carte: go.Figure
    legende_carte: str
    figure_ecarts: go.Figure | None
    a_des_postes: bool
    etp: float


def vue(lus: Territoires) -> VueAcademie:
    """The territories side by side."""
    chiffres = chiffres_de(lus)
    sans_presence = _sans_presence(lus)
    remarques = []
    if lus.sans_residence:
        remarques.append(
            f"{pluriel(lus.sans_residence, 'poste')} sans résidence connue : "
            f"{'compté' if lus.sans_residence == 1 else 'comptés'} nulle part ici."
        )
    hors_secteur = int(lus.postes["sans_secteur"].sum())
    if hors_secteur:
        remarques.append(f"{pluriel(hors_secteur, 'poste')} sans secteur, hors du compte.")
    inconnus = int(chiffres["effectifs_inconnus"].sum())
    if inconnus:
        remarques.append(
            f"{pluriel(inconnus, 'site')} sans effectif connu : ses élèves ne sont pas comptés."
            if inconnus == 1
            else f"{pluriel(inconnus, 'site')} sans effectif connu : leurs élèves manquent ici."
        )
    return VueAcademie(
        niveau=lus.niveau,
        titre=_titre(lus),
        phrase=_phrase(lus, chiffres),
        ecarts=ecarts_academie.en_mots(lus, chiffres),
        remarques=remarques,
        table=_table(lus, chiffres),
        codes=tuple(lus.noms),
        sans_presence=sans_presence,
        titre_sans_presence=titre_sans_presence(len(sans_presence)),
        categories=_par_categorie(lus),
        carte=carte_academie.carte(lus, chiffres, sans_presence),
        legende_carte=f"{carte_academie.mots(lus)} "
        f"{carte_academie.mots_des_sites(sans_presence)}{lus.legende}",
        figure_ecarts=ecarts_academie.barres(lus, chiffres),
        a_des_postes=not lus.postes.empty,
        etp=float(chiffres["etp"].sum()),
    )


def _sans_presence(lus: Territoires) -> pd.DataFrame:
    """The priority sites nobody serves, territory by territory, the greatest besoin first."""
    sites = lus.sites[lus.sites["est_prioritaire"] & (lus.sites["presence"] == 0)].copy()
    rangs = {code: rang for rang, code in enumerate(lus.noms)}
    sites["rang"] = sites["territoire"].map(rangs)
    sites = sites.sort_values(
        ["rang", "besoin", "nom", "site_id"], ascending=[True, False, True, True]
    ).reset_index(drop=True)
    sites["numero"] = range(1, len(sites) + 1)
    return sites.assign(ou=sites["territoire"].map(lus.noms))


def titre_sans_presence(combien: int) -> str:
    """« 37 sites prioritaires sans présence »."""
    if not combien:
        return "Aucun site prioritaire n'est sans présence"
    return f"{pluriel(combien, 'site prioritaire', 'sites prioritaires')} sans présence"


def table_sans_presence(sites: pd.DataFrame, niveau: Niveau) -> pd.DataFrame:
    """The table twin of the shapes on the map."""
    return pd.DataFrame(
        {
            "N°": sites["numero"],
            "Site": sites["nom"],
            "Commune": sites["commune"],
            MOTS[niveau].titre: sites["ou"],
            "Type": sites["type"].map(TYPES),
            "Catégories prioritaires": sites["categories_en_mots"],
            "Besoin (½ j. par cycle)": sites["besoin"].astype(int),
            "UAI": sites["uai_principal"],
        }
    )


def _si_connu(chiffres: pd.Series) -> int | None:
    """The pupils of a territory, None when no site tells its own."""
    return int(chiffres["eleves"]) if chiffres["sites"] > chiffres["effectifs_inconnus"] else None


def _par_etp(quantite: float | None, etp: float) -> float | None:
    return quantite / etp if etp and quantite is not None else None


def _table(lus: Territoires, chiffres: pd.DataFrame) -> pd.DataFrame:
    """One row a territory, then their total."""
    total = chiffres.drop(columns="part").sum()
    lignes = [(nom, chiffres.loc[code]) for code, nom in lus.noms.items()]
    ensemble = pd.Series({**total, "part": part_couverte(lus.sites) if len(lus.sites) else None})
    lignes.append(("Ensemble", ensemble))
    titre = MOTS[lus.niveau].titre
    return pd.DataFrame(
        [
            {
                titre: nom,
                "Postes": int(c["postes"]),
                "ETP": round(float(c["etp"]), 2),
                "Dont vacants (ETP)": round(float(c["vacant"]), 2),
                "Sites": int(c["sites"]),
                "Élèves": _si_connu(c),
                "Besoin (½ j. par cycle)": int(c["besoin"]),
                "Élèves par ETP": _arrondi(_par_etp(_si_connu(c), c["etp"]), 0),
                "Besoin par ETP (½ j.)": _arrondi(_par_etp(c["besoin"], c["etp"]), 1),
                "Couverture (% du besoin)": _arrondi(
                    None if c["part"] is None else c["part"] * 100, 0
                ),
                "Sites prioritaires": int(c["prioritaires"]),
                "Prioritaires sans présence": int(c["sans_presence"]),
            }
            for nom, c in lignes
        ]
    )


def _arrondi(valeur: float | None, decimales: int) -> float | None:
    return None if valeur is None else round(float(valeur), decimales)


def _par_categorie(lus: Territoires) -> pd.DataFrame:
    """Coverage (% of the besoin) of each category in each territory; unknown where it has none.

    A site counts in each of its categories.
    """
    rangs = pd.Categorical(lus.sites["territoire"], categories=list(lus.noms)).codes
    besoin = lus.sites["besoin"].to_numpy(dtype=float)
    servi = np.minimum(lus.sites["presence"].to_numpy(dtype=float), besoin)
    lignes = []
    for regle in lus.regles:
        dedans = np.array([regle.code in codes for codes in lus.sites["categories"]], dtype=bool)
        if not dedans.any():
            continue
        demandes, servis = (
            np.bincount(rangs[dedans], weights=quantite[dedans], minlength=len(lus.noms))
            for quantite in (besoin, servi)
        )
        lignes.append(
            {
                "Catégorie": regle.libelle,
                "Sites": int(dedans.sum()),
                **{
                    f"{nom} (%)": round(s / d * 100) if d else None
                    for nom, s, d in zip(lus.noms.values(), servis, demandes, strict=True)
                },
            }
        )
    return pd.DataFrame(lignes)


def _titre(lus: Territoires) -> str:
    if lus.niveau == Niveau.DEPARTEMENTS:
        return f"{lus.lieu} : où vont les moyens ?"
    mot = MOTS[lus.niveau].singulier
    return f"{lus.lieu} : où vont les moyens, {mot} par {mot} ?"


def _mot(niveau: Niveau, n: int) -> str:
    return pluriel(n, MOTS[niveau].singulier, MOTS[niveau].au_pluriel)


def _phrase(lus: Territoires, chiffres: pd.DataFrame) -> str:
    total = chiffres.drop(columns="part").sum()
    connus = len(set(lus.noms) - {MOTS[lus.niveau].inconnu})
    debut = f"{_mot(lus.niveau, connus)}, {pluriel(total['sites'], 'site')}"
    if not total["postes"]:
        return (
            f"{debut}, {nombre(total['besoin'])} demi-journées de besoin par cycle de 4 semaines ; "
            "aucun poste n'est connu."
        )
    sans = int(total["sans_presence"])
    fin = (
        f"{sans} des {nombre(total['prioritaires'])} sites prioritaires n'ont aucune présence"
        if sans > 1
        else "un seul site prioritaire n'a aucune présence"
        if sans
        else "aucun site prioritaire n'est sans présence"
    )
    return (
        f"{debut}, {pluriel(total['postes'], 'poste')} ({au_plus_juste(total['etp'])} ETP"
        f"{_vacants(total['vacant'])}) : {pourcentage(part_couverte(lus.sites))} du "
        f"besoin est couvert, et {fin}."
    )


def _vacants(etp: float) -> str:
    """« , dont 7,5 vacants »."""
    if not etp:
        return ", aucun vacant"
    return f", dont {au_plus_juste(etp)} {'vacant' if etp < 2 else 'vacants'}"
