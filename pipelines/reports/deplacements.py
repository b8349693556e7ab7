"""The travel of a proposal in words and tables: km, minutes, budget, an envelope that runs out."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre, pluriel, rythme
from pipelines.marts import entrepot
from pipelines.planning.deplacements import (
    PUISSANCES,
    Arret,
    Borne,
    Deplacement,
    budgets,
    deplacements,
    epuisement,
    presences_perdues,
    total_euros,
)
from pipelines.planning.limitrophes import Communes, Lien
from pipelines.planning.moteurs import MINUTES_PAR_HEURE
from pipelines.reports import classeur
from pipelines.reports.proposition_en_mots import mises_en_garde
from pipelines.reports.proposition_lue import Lue, exiger_les_sites, lire
from pipelines.scoring.doctrine import libelle_de

LIENS_EN_MOTS = {
    Lien.MEME_COMMUNE: "non : même commune",
    Lien.LIMITROPHE_DESSERVIE: "non : commune voisine desservie",
    Lien.LIMITROPHE_NON_DESSERVIE: "oui : commune voisine non desservie",
    Lien.LIMITROPHE_INCONNUE: "selon la desserte de la commune voisine",
    Lien.AILLEURS: "oui",
    Lien.VOISINAGE_INCONNU: "à vérifier : commune ou contour inconnu",
}
REGLE = (
    "Décret n° 2006-781 du 3 juillet 2006 : un trajet est remboursé quand il quitte la "
    "commune de la résidence administrative. Une commune voisine que des transports publics "
    "relient à elle compte pour la même commune (art. 2, 8°) : pas de remboursement. "
    "Ailleurs, avec un ordre de mission et le véhicule personnel autorisé, l'indemnité dépend de "
    "la puissance fiscale et des kilomètres de l'année (art. 10 et arrêté du même jour). Ni "
    "repas, ni péage, ni stationnement n'est compté."
)
NON_PAYES = ("trajet n'est plus payé", "trajets ne sont plus payés")
SANS_RIEN = ("n'a plus aucune présence", "n'ont plus aucune présence")
DOMICILE = (
    "Un trajet vers la commune du domicile n'est pas remboursé non plus. Atlas ne connaît pas les "
    "domiciles et n'a pas à les connaître : à cet égard, ces montants sont des plafonds."
)


@dataclass(frozen=True)
class VueEpuisement:
    """What an envelope no longer pays, in order, and the presence that goes with it."""

    phrase: str
    ordre: str
    arrets: pd.DataFrame
    sites: pd.DataFrame


@dataclass(frozen=True)
class VueDeplacements:
    """The travel of a proposal; `epuisement` is None when no envelope is given."""

    phrase: str
    regles: list[str]
    reserves: list[str]
    puissances: pd.DataFrame
    postes: pd.DataFrame
    trajets: pd.DataFrame
    epuisement: VueEpuisement | None
    classeur: bytes


@dataclass(frozen=True)
class _Noms:
    """Names the tables show: of sites, of their communes, of the communes of the résidences."""

    sites: dict[str, str]
    communes_sites: dict[str, str]
    communes_postes: dict[str, str]


def puissances() -> dict[int, str]:
    """Fiscal powers one may choose, in CV → words."""
    return {cv: libelle for cv, (_, libelle) in PUISSANCES.items()}


def puissance_par_defaut() -> int:
    """The fiscal power supposed when none is chosen, in CV."""
    return reference.valeur("deplacements", "puissance_par_defaut_cv")


def vue(
    base: Path, dossier: Path, puissance_cv: int, enveloppe_euros: float | None = None
) -> VueDeplacements:
    """The travel of the proposal written in `dossier`, over the warehouse `base`.

    Raises AtlasError when the fiscal power is none of those of the arrêté, the envelope is
    negative, or the warehouse no longer has the sites of the plan.
    """
    if puissance_cv not in PUISSANCES:
        raise AtlasError(
            f"Puissance fiscale « {puissance_cv} » inconnue de l'arrêté.",
            admis=" ; ".join(f"{cv} ({mots})" for cv, mots in puissances().items()),
            remede="choisir l'une d'elles",
        )
    if enveloppe_euros is not None and not enveloppe_euros >= 0:
        raise AtlasError(
            f"Enveloppe « {enveloppe_euros} » refusée.",
            admis="un montant en euros par an, 0 compris",
            remede="corriger l'enveloppe",
        )
    lue = lire(dossier)
    trajets, noms = _lire_trajets(base, lue)
    tables = {
        "Budget selon la puissance": _puissances(trajets),
        "Postes": _postes(trajets, noms, puissance_cv),
        "Trajets": _trajets(trajets, noms),
    }
    epuise = None
    if enveloppe_euros is not None:
        epuise = _epuisement(trajets, noms, lue, puissance_cv, enveloppe_euros)
        tables |= {"Trajets non payés": epuise.arrets, "Sites découverts": epuise.sites}
    phrase = _phrase(trajets, puissance_cv)
    reserves = [*mises_en_garde(base, lue.resume), *_reserves(trajets, lue), _provenance(lue)]
    regles = [REGLE, DOMICILE, _conventions()]
    return VueDeplacements(
        phrase=phrase,
        regles=regles,
        reserves=reserves,
        puissances=tables["Budget selon la puissance"],
        postes=tables["Postes"],
        trajets=tables["Trajets"],
        epuisement=epuise,
        classeur=classeur.ecrire(
            [
                f"Déplacements de la proposition, département {lue.resume['departement']}",
                *lue.resume["avertissements"].values(),
                phrase,
                *([epuise.phrase, epuise.ordre] if epuise else []),
                *reserves,
                *regles,
                f"Données : {lue.resume['empreinte_donnees']}",
            ],
            {nom: table for nom, table in tables.items() if not table.empty},
        ),
    )


def _lire_trajets(base: Path, lue: Lue) -> tuple[tuple[Deplacement, ...], _Noms]:
    plan = [
        (ligne.poste_id, ligne.site_id, int(ligne.demi_journees_cycle))
        for ligne in lue.plan.itertuples()
    ]
    with entrepot.ouvrir(base) as connexion:
        sites = entrepot.lire(connexion, "mart_site", lue.resume["departement"])
        etablissements = entrepot.lire(connexion, "mart_etablissement").set_index("uai")
        communes = Communes(entrepot.lire(connexion, "mart_commune"))
    exiger_les_sites(sites, (site_id for _, site_id, _ in plan))
    sites = sites.set_index("site_id")
    residences = {p["poste_id"]: p["residence_uai"] for p in lue.probleme["postes"]}
    codes = etablissements["commune_de_reference"].to_dict()
    liens = {
        (poste_id, site_id): communes.lien(
            codes.get(residences[poste_id]), sites.loc[site_id, "commune_code"]
        )
        for poste_id, site_id, _ in plan
    }
    noms_communes = etablissements["commune"].to_dict()
    return deplacements(lue.probleme, plan, liens), _Noms(
        sites=sites["nom"].to_dict(),
        communes_sites=sites["commune"].to_dict(),
        communes_postes={p: noms_communes.get(uai) or "inconnue" for p, uai in residences.items()},
    )


def _phrase(trajets: Sequence[Deplacement], puissance_cv: int) -> str:
    km = [t.par_semaine(t.km) for t in trajets if t.km is not None]
    heures = [t.par_semaine(t.minutes) / MINUTES_PAR_HEURE for t in trajets if t.minutes]
    semaines = reference.valeur("deplacements", "semaines_par_an")
    bas, haut = (total_euros(trajets, puissance_cv, b) for b in Borne)
    montant = (
        f"{nombre(haut)} €"
        if bas == haut
        else f"{nombre(bas)} à {nombre(haut)} €, selon la desserte des communes voisines"
    )
    return (
        f"Ce plan demande {nombre(sum(km))} km et {nombre(sum(heures))} heures de route par "
        f"semaine, {nombre(sum(km) * semaines)} km et {nombre(sum(heures) * semaines)} heures par "
        f"an. Budget remboursable de l'année scolaire : {montant}."
    )


def _reserves(trajets: Sequence[Deplacement], lue: Lue) -> list[str]:
    """What is not known, in numbers, and what would settle it."""
    phrases = []
    if voisins := sum(t.lien == Lien.LIMITROPHE_INCONNUE for t in trajets):
        phrases.append(
            f"{pluriel(voisins, 'trajet mène', 'trajets mènent')} à une commune voisine dont la "
            "desserte n'est pas connue : non remboursés dans la borne basse, remboursés dans la "
            "haute. Un fichier « dessertes » (commune_code, desservie) les départage."
        )
    if perdus := sum(t.lien == Lien.VOISINAGE_INCONNU for t in trajets):
        phrases.append(
            f"{pluriel(perdus, 'trajet')} dont une commune, ou son contour, n'est pas connu : "
            "compté dans la borne haute seule. Les contours des communes le diraient."
        )
    if sans_km := sum(t.km is None for t in trajets):
        phrases.append(
            f"{pluriel(sans_km, 'trajet')} de longueur inconnue, hors de tous les totaux : "
            f"{enumeration(_causes_sans_km(trajets, lue))}."
        )
    return phrases


def _causes_sans_km(trajets: Sequence[Deplacement], lue: Lue) -> list[str]:
    """Why lengths are unknown, each with how many, as the problem tells it."""
    postes = {p["poste_id"]: p for p in lue.probleme["postes"]}
    sites = {s["site_id"]: s for s in lue.probleme["sites"]}
    mesures_seules = bool(lue.probleme["hypotheses"].get("trajets_mesures_seuls", False))
    causes: Counter = Counter()
    for t in trajets:
        if t.km is not None:
            continue
        lieux = postes[t.poste_id], sites[t.site_id]
        if t.minutes is not None:
            cause = "une durée donnée sans sa distance"
        elif any(lieu["latitude"] is None or lieu["longitude"] is None for lieu in lieux):
            cause = "la position d'un des deux lieux manque"
        elif mesures_seules:
            cause = "seuls les trajets mesurés comptent, et il ne l'est pas"
        else:
            cause = "aucun itinéraire n'est connu entre les deux lieux"
        causes[cause] += 1
    return [f"{cause} ({nb})" for cause, nb in causes.items()]


def _provenance(lue: Lue) -> str:
    """Where the km come from, as the proposal kept it."""
    hypotheses = lue.probleme["hypotheses"]
    if not hypotheses.get("trajets_moteurs"):
        return "Temps et distances estimés à vol d'oiseau : voir leur précision à « Méthode »."
    return (
        f"Temps et distances, pour tous les couples de postes et de sites : "
        f"{pluriel(hypotheses['trajets_mesures'], 'mesuré')} ({hypotheses['trajets_moteurs']}), "
        f"{pluriel(hypotheses['trajets_estimes'], 'estimé')} à vol d'oiseau, "
        f"{pluriel(hypotheses['trajets_inconnus'], 'inconnu')}."
    )


def _conventions() -> str:
    semaines = reference.valeur("deplacements", "semaines_par_an")
    taux = reference.parametres("deplacements")["taux_5_cv"]
    return (
        f"Un aller et retour par journée entamée, depuis la résidence, {semaines} semaines par an. "
        "Les tranches de kilomètres, comptées par année civile, le sont ici sur l'année scolaire, "
        "poste par poste, postes vacants compris. Taux en vigueur depuis le "
        f"{taux.en_vigueur_le:%d/%m/%Y}, vérifiés le {taux.verifie_le:%d/%m/%Y}."
    )


def _puissances(trajets: Sequence[Deplacement]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (libelle, *(round(total_euros(trajets, cv, b)) for b in Borne))
            for cv, libelle in puissances().items()
        ],
        columns=[
            "Véhicules",
            "Voisines toutes desservies (€ par an)",
            "Aucune voisine desservie (€ par an)",
        ],
    )


def _postes(trajets: Sequence[Deplacement], noms: _Noms, puissance_cv: int) -> pd.DataFrame:
    montants = {b: budgets(trajets, puissance_cv, b) for b in Borne}
    lignes = []
    for poste_id in dict.fromkeys(t.poste_id for t in trajets):
        siens = [t for t in trajets if t.poste_id == poste_id]
        connus = [t for t in siens if t.km is not None]
        lignes.append(
            (
                poste_id,
                noms.communes_postes[poste_id],
                len(siens),
                *(round(montants[b].get(poste_id, 0.0)) for b in Borne),
                round(sum(t.par_semaine(t.km or 0.0) for t in connus), 1),
                round(sum(t.par_semaine(t.minutes) for t in siens if t.minutes)),
                round(sum(t.par_an(t.km or 0.0) for t in connus)),
                round(sum(t.par_an(t.minutes) for t in siens if t.minutes) / MINUTES_PAR_HEURE),
            )
        )
    return pd.DataFrame(
        lignes,
        columns=[
            "Poste",
            "Commune de la résidence",
            "Sites",
            "Budget bas (€ par an)",
            "Budget haut (€ par an)",
            "Km par semaine",
            "Minutes par semaine",
            "Km par an",
            "Heures par an",
        ],
    ).sort_values(["Budget haut (€ par an)", "Poste"], ascending=[False, True], ignore_index=True)


def _trajets(trajets: Sequence[Deplacement], noms: _Noms) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                t.poste_id,
                noms.communes_postes[t.poste_id],
                noms.sites[t.site_id],
                noms.communes_sites[t.site_id],
                rythme(t.demi_journees_cycle),
                t.allers_retours_cycle,
                t.minutes,
                t.km,
                None if t.km is None else round(t.par_an(t.km)),
                LIENS_EN_MOTS[t.lien],
            )
            for t in trajets
        ],
        columns=[
            "Poste",
            "Commune de la résidence",
            "Site",
            "Commune du site",
            "Présence",
            "Allers-retours par cycle",
            "Trajet aller (min)",
            "Trajet aller (km)",
            "Km par an",
            "Remboursé",
        ],
    )


def _epuisement(
    trajets: Sequence[Deplacement],
    noms: _Noms,
    lue: Lue,
    puissance_cv: int,
    enveloppe_euros: float,
) -> VueEpuisement:
    par_borne = {b: epuisement(trajets, puissance_cv, b, enveloppe_euros) for b in Borne}
    arrets = par_borne[Borne.HAUTE]
    perdues = presences_perdues(arrets)
    donnees = lue.plan.groupby("site_id")["demi_journees_cycle"].sum().to_dict()
    sans_rien = sum(perdues[s] == donnees[s] for s in perdues)
    doctrine = libelle_de(lue.resume["hypotheses"]["doctrine"])
    somme = (
        "Sans limite d'enveloppe"
        if math.isinf(enveloppe_euros)
        else f"Avec une enveloppe de {nombre(enveloppe_euros)} € par an"
    )
    if not arrets:
        phrase = f"{somme}, tous les trajets remboursables sont payés."
    else:
        bas = len(par_borne[Borne.BASSE])
        autre = (
            ""
            if bas == len(arrets)
            else f" (au moins {bas}, si les communes voisines sont toutes desservies)"
        )
        phrase = (
            f"{somme}, {pluriel(len(arrets), *NON_PAYES)}{autre} : "
            f"{pluriel(len(perdues), 'site perd', 'sites perdent')} "
            f"{pluriel(sum(perdues.values()), 'demi-journée')} par cycle, "
            f"{pluriel(sans_rien, *SANS_RIEN) if sans_rien else 'aucun ne perd tout'}."
        )
    return VueEpuisement(
        phrase=phrase,
        ordre=(
            "L'ordre est un choix de l'équipe, qu'aucun texte ne fixe : d'abord les sites que "
            f"la doctrine « {doctrine} » pèse le moins ; à poids égal, les trajets qui font le "
            "plus de kilomètres par demi-journée de présence. Compté dans la borne haute : une "
            "commune voisine n'est tenue pour desservie que si le fichier « dessertes » le dit."
        ),
        arrets=_arrets(arrets, noms),
        sites=pd.DataFrame(
            [
                (
                    noms.sites[s],
                    noms.communes_sites[s],
                    donnees[s],
                    donnees[s] - perdues[s],
                    rythme(donnees[s] - perdues[s]),
                    s.removeprefix("RESEAU-"),
                )
                for s in sorted(perdues, key=lambda s: (donnees[s] - perdues[s], -perdues[s], s))
            ],
            columns=[
                "Site",
                "Commune",
                "Plan (½ j. par cycle)",
                "Encore payé (½ j. par cycle)",
                "Rythme qui reste",
                "UAI",
            ],
        ),
    )


def _arrets(arrets: Sequence[Arret], noms: _Noms) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                rang,
                a.deplacement.poste_id,
                noms.sites[a.deplacement.site_id],
                noms.communes_sites[a.deplacement.site_id],
                a.deplacement.poids,
                rythme(a.deplacement.demi_journees_cycle),
                round(a.economie_euros),
                round(a.reste_euros),
            )
            for rang, a in enumerate(arrets, start=1)
        ],
        columns=[
            "Ordre",
            "Poste",
            "Site",
            "Commune",
            "Poids du site",
            "Présence perdue",
            "Économie (€ par an)",
            "Reste à payer (€ par an)",
        ],
    )
