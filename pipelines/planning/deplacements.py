"""What a plan costs in travel: km and minutes, the reimbursable budget, an exhausted envelope.

Décret n° 2006-781 of 3 July 2006: a trip is paid when it leaves the commune of the résidence
administrative, its neighbours served by public transport counting with it (art. 2); by the km, by
fiscal power and by bracket of the km of the year (art. 10 and arrêté of the same day). The commune
where a person lives is none of Atlas's business: a trip towards it would not be paid, so every
amount here is a ceiling in that respect. All numbers are in `data/reference/deplacements.toml`.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipelines.base import reference
from pipelines.planning.limitrophes import Lien

CENTIMES_PAR_EURO = 100
# fiscal power asked for → the parameter of its rates and the words for it
PUISSANCES = {
    5: ("taux_5_cv", "5 CV et moins"),
    7: ("taux_7_cv", "6 et 7 CV"),
    8: ("taux_8_cv", "8 CV et plus"),
}


class Borne(StrEnum):
    """How a neighbour whose public transport is unknown is counted."""

    BASSE = "basse"  # all of them are served: not paid
    HAUTE = "haute"  # none of them is: paid


PAYES = {
    Borne.BASSE: {Lien.AILLEURS, Lien.LIMITROPHE_NON_DESSERVIE},
    Borne.HAUTE: {
        Lien.AILLEURS,
        Lien.LIMITROPHE_NON_DESSERVIE,
        Lien.LIMITROPHE_INCONNUE,
        Lien.VOISINAGE_INCONNU,
    },
}


@dataclass(frozen=True)
class Deplacement:
    """The travel of one poste to one site: `km` and `minutes` one way, None when unknown.

    `poids` is the weight of the site in the doctrine; `allers_retours_cycle` one each day begun.
    """

    poste_id: str
    site_id: str
    demi_journees_cycle: int
    poids: int
    km: float | None
    minutes: int | None
    lien: Lien
    allers_retours_cycle: int

    def par_semaine(self, aller: float) -> float:
        """Both ways, over the trips of a week, of a length or a time one way."""
        return (
            2
            * aller
            * self.allers_retours_cycle
            / reference.valeur("temps_travail", "semaines_par_cycle")
        )

    def par_an(self, aller: float) -> float:
        """The same over the weeks of a school year."""
        return self.par_semaine(aller) * reference.valeur("deplacements", "semaines_par_an")

    def est_paye(self, borne: Borne) -> bool:
        """True when the rule pays the trip and its length is known."""
        return self.km is not None and self.km > 0 and self.lien in PAYES[borne]


@dataclass(frozen=True)
class Arret:
    """A trip an envelope no longer pays: what stopping it saves, and what is left to pay."""

    deplacement: Deplacement
    economie_euros: float
    reste_euros: float


def deplacements(
    probleme: Mapping[str, Any],
    plan: Iterable[tuple[str, str, int]],
    liens: Mapping[tuple[str, str], Lien],
) -> tuple[Deplacement, ...]:
    """The travel of a plan (poste_id, site_id, half-days per cycle) over its parsed problem.

    `liens`: (poste_id, site_id) → how their communes stand to each other. In the order of the plan.
    """
    rang_p = {p["poste_id"]: i for i, p in enumerate(probleme["postes"])}
    rang_s = {s["site_id"]: i for i, s in enumerate(probleme["sites"])}
    par_jour = reference.valeur("deplacements", "demi_journees_par_deplacement")
    resultat = []
    for poste_id, site_id, presence in plan:
        p, s = rang_p[poste_id], rang_s[site_id]
        resultat.append(
            Deplacement(
                poste_id=poste_id,
                site_id=site_id,
                demi_journees_cycle=presence,
                poids=probleme["sites"][s]["poids"],
                km=probleme["km"][p][s],
                minutes=probleme["minutes"][p][s],
                lien=liens[poste_id, site_id],
                allers_retours_cycle=math.ceil(presence / par_jour),
            )
        )
    return tuple(resultat)


def indemnite_euros(km_an: float, puissance_cv: int) -> float:
    """What `km_an` kilometres of one poste over a year bring, bracket after bracket, in euros."""
    taux = reference.valeur("deplacements", PUISSANCES[puissance_cv][0])
    debuts = [0, *reference.valeur("deplacements", "tranches_km")]
    fins = [*debuts[1:], math.inf]
    total = sum(
        max(0.0, min(km_an, fin) - debut) * prix
        for debut, fin, prix in zip(debuts, fins, taux, strict=True)
    )
    return round(total * CENTIMES_PAR_EURO) / CENTIMES_PAR_EURO


def budgets(trajets: Iterable[Deplacement], puissance_cv: int, borne: Borne) -> dict[str, float]:
    """poste_id → euros a year; only the postes that have something to be paid."""
    km: dict[str, float] = defaultdict(float)
    for trajet in trajets:
        if trajet.est_paye(borne):
            km[trajet.poste_id] += trajet.par_an(trajet.km or 0.0)
    return {poste: indemnite_euros(km_an, puissance_cv) for poste, km_an in km.items()}


def total_euros(trajets: Iterable[Deplacement], puissance_cv: int, borne: Borne) -> float:
    """The budget of a year, all postes together."""
    return round(sum(budgets(trajets, puissance_cv, borne).values()), 2)


def ordre_d_arret(trajets: Iterable[Deplacement], borne: Borne) -> list[Deplacement]:
    """Paid trips, the first to stop first. The order is a choice of the team, no rule sets it:
    the sites the doctrine weighs least; among them, the most km for a half-day of presence.
    """
    return sorted(
        (t for t in trajets if t.est_paye(borne)),
        key=lambda t: (
            t.poids,
            -t.par_an(t.km or 0.0) / t.demi_journees_cycle,
            t.poste_id,
            t.site_id,
        ),
    )


def epuisement(
    trajets: Sequence[Deplacement], puissance_cv: int, borne: Borne, enveloppe_euros: float
) -> list[Arret]:
    """The trips to stop, in order, until the rest fits in `enveloppe_euros` a year; [] if it does.

    The other km of a poste change bracket when one of its trips stops: the saving is the fall of
    the whole budget.
    """
    restants = [t for t in trajets if t.est_paye(borne)]
    reste = total_euros(restants, puissance_cv, borne)
    arrets = []
    for trajet in ordre_d_arret(restants, borne):
        if reste <= enveloppe_euros:
            break
        restants.remove(trajet)
        nouveau = total_euros(restants, puissance_cv, borne)
        arrets.append(Arret(trajet, round(reste - nouveau, 2), nouveau))
        reste = nouveau
    return arrets


def presences_perdues(arrets: Iterable[Arret]) -> dict[str, int]:
    """site_id → half-days per cycle that nobody is paid any more to come and give."""
    perdues: Counter[str] = Counter()
    for arret in arrets:
        perdues[arret.deplacement.site_id] += arret.deplacement.demi_journees_cycle
    return dict(perdues)
