"""Simulated staff posts for sites whose real posts are not known, or must not be shown.

Every row says it is simulated: `poste_id` starts with `SIM-` and a column `origine` names the seed.
"""

from dataclasses import dataclass
from itertools import product
from math import ceil, floor
from pathlib import Path

import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.base.reference import valeur
from pipelines.simulation import activite, secteurs
from pipelines.simulation.hypotheses import choisir, hypothese, tirage

PREFIXE = "SIM-"
TEMPS = (
    "demi_journees_par_semaine",
    "semaines_par_cycle",
    "part_en_presence",
    "reunions_demi_journees_cycle",
)
COLONNES_SITES = (
    "site_id",
    "nature",
    "uai_principal",
    "uai_presence",
    "nom",
    "type",
    "departement",
    "bassin_code",
    "bassin",
    "effectif",
    "ep",
    "segpa",
    "ulis",
    "internat",
    "latitude",
    "longitude",
    "nb_ecoles",
)
COLONNES_POSTES = (
    "poste_id",
    "fonction",
    "quotite",
    "residence_uai",
    "statut",
    "bassin",
    "hors_secteur_etp",
    "hors_secteur_motif",
    "sans_secteur",
    "origine",
)
COLONNES_PRESENCES = ("poste_id", "uai", "demi_journees", "periodicite", "origine")
COLONNES_ACTIVITE = (
    "annee_scolaire",
    "periode",
    "uai",
    "indicateur",
    "modalite",
    "nombre",
    "origine",
)


@dataclass(frozen=True)
class LotSimule:
    """The three local tables of a simulated service, columns of the local file formats."""

    postes: pd.DataFrame
    presences: pd.DataFrame
    activite: pd.DataFrame


def origine(graine: int) -> str:
    """The mark carried by every simulated row."""
    return f"simulé (graine {graine})"


def etp_pour(nombre_postes: int) -> float:
    """ASS time (ETP) that `nombre_postes` simulated posts add up to, on average."""
    return nombre_postes * sum(quotite * part for quotite, part in hypothese("quotites"))


def simuler_postes(
    sites: pd.DataFrame, *, departements: list[str], etp: float | dict[str, float], graine: int
) -> LotSimule:
    """Posts, présences and activity that habit could have made on `sites`, the same for a seed.

    `sites` has the columns `COLONNES_SITES` (and may have `ips`); `uai_presence` is the UAI a
    présence is written under (one school of an « écoles REP+ » site). `etp` is the ASS time to
    share out, in ETP: one total for all `departements` (shared by pupils) or one value each.
    CTSS posts come on top of it. A vacant or absent post keeps its sector: its statut says that
    nobody is there. Half-days are per the row's `periodicite`.

    Raises AtlasError for a missing column, an unknown département or a time that is not positive.
    """
    _verifier(sites, departements)
    par_departement = _repartir(sites, departements, etp)
    lots = [
        _simuler_departement(
            sites[sites["departement"] == departement].sort_values("site_id"),
            departement,
            par_departement[departement],
            graine,
        )
        for departement in sorted(set(departements))
    ]
    return LotSimule(
        pd.concat([lot.postes for lot in lots], ignore_index=True),
        pd.concat([lot.presences for lot in lots], ignore_index=True),
        pd.concat([lot.activite for lot in lots], ignore_index=True),
    )


def ecrire(lot: LotSimule, sortie: Path) -> list[Path]:
    """Write `postes.csv`, `presences.csv` and `activite.csv` in `sortie`; the paths written.

    Semicolons, decimal commas, UTF-8 with its mark: what a French Excel opens and saves.
    """
    sortie.mkdir(parents=True, exist_ok=True)
    chemins = []
    for nom, table in (
        ("postes", lot.postes),
        ("presences", lot.presences),
        ("activite", lot.activite),
    ):
        chemin = sortie / f"{nom}.csv"
        table.to_csv(
            chemin,
            sep=";",
            decimal=",",
            index=False,
            encoding="utf-8-sig",
            lineterminator="\r\n",
        )
        chemins.append(chemin)
    return chemins


def ventiler_quotites(etp: float) -> list[float]:
    """Quotités whose sum is within 0.5 of `etp` and whose mix is closest to the assumption."""
    valeurs = hypothese("quotites")
    (plein, _), (partiel, part_partiel), (mi_temps, part_mi_temps) = valeurs
    moyenne = sum(quotite * part for quotite, part in valeurs)
    attendu = etp / moyenne
    meilleur: tuple[float, tuple[int, int, int]] | None = None
    for nombre in range(max(1, floor(attendu) - 1), ceil(attendu) + 2):
        partiels = range(floor(part_partiel * nombre) + 2)
        mi_temps_possibles = range(floor(part_mi_temps * nombre) + 2)
        for nb_partiels, nb_mi_temps in product(partiels, mi_temps_possibles):
            nb_pleins = nombre - nb_partiels - nb_mi_temps
            if nb_pleins < 0:
                continue
            somme = nb_pleins * plein + nb_partiels * partiel + nb_mi_temps * mi_temps
            ecart_au_melange = abs(nb_partiels - part_partiel * nombre) + abs(
                nb_mi_temps - part_mi_temps * nombre
            )
            cout = 100 * max(0, abs(somme - etp) - mi_temps) + abs(somme - etp) + ecart_au_melange
            if meilleur is None or cout < meilleur[0]:
                meilleur = (cout, (nb_pleins, nb_partiels, nb_mi_temps))
    if meilleur is None:
        return [plein]
    nb_pleins, nb_partiels, nb_mi_temps = meilleur[1]
    return [plein] * nb_pleins + [partiel] * nb_partiels + [mi_temps] * nb_mi_temps


def _verifier(sites: pd.DataFrame, departements: list[str]) -> None:
    manquantes = [c for c in COLONNES_SITES if c not in sites.columns]
    if manquantes:
        raise AtlasError(
            f"Colonnes absentes du tableau des sites : {', '.join(manquantes)}.",
            admis=", ".join(COLONNES_SITES),
            remede="compléter le tableau des sites avant de simuler",
        )
    connus = sorted(set(sites["departement"].dropna()))
    inconnus = sorted(set(departements) - set(connus))
    if inconnus or not departements:
        raise AtlasError(
            f"Aucun site dans le département {', '.join(inconnus) or '(aucun demandé)'}.",
            admis=", ".join(connus),
            remede="construire d'abord l'entrepôt avec ce département",
        )


def _repartir(
    sites: pd.DataFrame, departements: list[str], etp: float | dict[str, float]
) -> dict[str, float]:
    """ASS time of each département, in ETP; a single total is shared by pupils."""
    if isinstance(etp, dict):
        absents = sorted(set(departements) - set(etp))
        if absents:
            raise AtlasError(
                f"Temps à simuler absent pour {', '.join(absents)}.",
                admis="un nombre d'ETP par département",
                remede="donner un ETP à chaque département",
            )
        valeurs = {d: float(etp[d]) for d in departements}
    else:
        eleves = {
            d: float(secteurs.effectifs(sites[sites["departement"] == d]).sum())
            for d in sorted(set(departements))
        }
        valeurs = {d: etp * eleves[d] / sum(eleves.values()) for d in eleves}
    if min(valeurs.values()) <= 0:
        raise AtlasError(
            "Le temps à simuler doit être positif.",
            admis="un nombre d'ETP supérieur à 0, par exemple 93",
            remede="corriger le nombre d'ETP demandé",
        )
    return valeurs


def _simuler_departement(
    sites: pd.DataFrame, departement: str, etp: float, graine: int
) -> LotSimule:
    rng = tirage(graine, "postes", departement)
    quotites = ventiler_quotites(etp)
    supports = secteurs.implanter(sites, quotites, rng)
    attributs = [_attributs(support.quotite, rng) for support in supports]
    temps = [
        _demi_journees_a_repartir(support.quotite, hors_secteur)
        for support, (_, hors_secteur, _) in zip(supports, attributs, strict=True)
    ]
    habitudes = secteurs.habitudes(sites, supports, temps, tirage(graine, "secteurs", departement))

    marque = origine(graine)
    lieux = sites.set_index("site_id")
    largeur = max(2, len(str(len(supports))))
    identifiants = [
        f"{PREFIXE}{departement}-{rang:0{largeur}d}" for rang in range(1, len(supports) + 1)
    ]
    postes = [
        (
            identifiant,
            "ASS",
            support.quotite,
            lieux.at[support.site_id, "uai_presence"],
            statut,
            _bassin(lieux.loc[support.site_id]),
            hors_secteur,
            motif,
            "non",
            marque,
        )
        for identifiant, support, (statut, hors_secteur, motif) in zip(
            identifiants, supports, attributs, strict=True
        )
    ]
    siege = secteurs.siege(sites)
    postes += [
        (
            f"{PREFIXE}{departement}-CT{rang}",
            "CTSS",
            1.0,
            lieux.at[siege, "uai_presence"],
            "occupe",
            _bassin(lieux.loc[siege]),
            0.0,
            "",
            "oui",
            marque,
        )
        for rang in range(1, _nombre_ctss(len(supports)) + 1)
    ]
    presences = [
        (identifiants[h.poste], lieux.at[h.site_id, "uai_presence"], *_periodicite(h), marque)
        for h in habitudes
    ]
    effectives = _presence_effective(habitudes, attributs)
    releves = activite.releves(sites, effectives, tirage(graine, "activite", departement))
    return LotSimule(
        pd.DataFrame(postes, columns=list(COLONNES_POSTES)),
        pd.DataFrame(presences, columns=list(COLONNES_PRESENCES)),
        pd.DataFrame([(*r, marque) for r in releves], columns=list(COLONNES_ACTIVITE)),
    )


def _attributs(quotite: float, rng: secteurs.Tirage) -> tuple[str, float, str]:
    """Statut, time off sector (ETP) and its motif of one post."""
    parts = dict(hypothese("parts_statut"))
    statut = choisir(rng, {"occupe": 1 - sum(parts.values()), **parts})
    if rng.random() >= hypothese("part_hors_secteur"):
        return statut, 0.0, ""
    # half of the post at most stays off sector, or the post would have no sector to speak of
    possibles = [v for v in hypothese("hors_secteur_etp") if v <= quotite / 2]
    motif = choisir(rng, hypothese("hors_secteur_motifs"))
    return statut, possibles[int(rng.integers(len(possibles)))], motif


def _demi_journees_a_repartir(quotite: float, hors_secteur_etp: float) -> int:
    """Half-days per cycle that habit shares out: a little less than the capacity of the post."""
    temps = {nom: valeur("temps_travail", nom) for nom in TEMPS}
    plein = temps["demi_journees_par_semaine"] * temps["semaines_par_cycle"]
    sur_secteur = (quotite - hors_secteur_etp) * plein * temps["part_en_presence"]
    capacite = sur_secteur - quotite * temps["reunions_demi_journees_cycle"]
    return floor(capacite * hypothese("part_temps_reparti"))


def _bassin(lieu: pd.Series) -> str:
    for colonne in ("bassin", "bassin_code"):
        if pd.notna(lieu[colonne]):
            return str(lieu[colonne])
    return ""


def _nombre_ctss(nombre_ass: int) -> int:
    return max(ctss for seuil, ctss in hypothese("ctss_par_departement") if nombre_ass >= seuil)


def _periodicite(habitude: secteurs.Habitude) -> tuple[int, str]:
    """A présence per cycle as a service would write it: « 2 par semaine », « 1 par quinzaine »."""
    nombre = habitude.demi_journees_cycle
    if nombre % 4 == 0:
        return nombre // 4, "semaine"
    if nombre % 2 == 0:
        return nombre // 2, "quinzaine"
    return nombre, "mois" if nombre == 1 else "cycle"


def _presence_effective(
    habitudes: list[secteurs.Habitude], attributs: list[tuple[str, float, str]]
) -> dict[str, float]:
    """Half-days per cycle really given to each site, once vacancies are counted."""
    parts = hypothese("presence_effective")
    presence: dict[str, float] = {}
    for h in habitudes:
        statut = attributs[h.poste][0]
        presence[h.site_id] = presence.get(h.site_id, 0) + h.demi_journees_cycle * parts[statut]
    return presence
