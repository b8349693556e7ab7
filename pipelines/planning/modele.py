"""The rules and objectives as small named functions: the two lists are the policy.

The whole formulation; every symbol of the docstrings below is defined here and nowhere else.

Given (integers, from `probleme.Probleme`):

    p, s             a poste, a site
    b[s], w[s]       besoin of site s (half-days per cycle of 4 weeks) and its weight
    f[s], v[s]       plancher of site s (half-days) and poids_plancher; f[s] <= b[s]
    postes_max[s]    postes that may serve site s
    t(s)             the head collège of écoles REP+ s
    capacite[p]      half-days per cycle poste p can give
    sites_max[p]     sites poste p may serve
    m[p, s]          one-way minutes from the résidence of p to s (the travel limit when unknown)
    limite           duree_trajet_max_min, the travel limit
    N                niveaux: the levels a presence may take, 0 first
    A                the couples (p, s) served today, whatever the amount
    k, E             convexite of the doctrine (1, 2 or 3); echelle_manque, which makes the costs of
                     the shortage integers

Decided:

    x[p, s]          presence of poste p at site s, half-days per cycle
    y[p, s]          1 when x[p, s] > 0, else 0

Hard rules (`DURES`), for every p and s:

    sans_secteur     x[p, s] = 0 when p has no sector
    trajet           x[p, s] = 0 unless m[p, s] is known and <= limite, or (p, s) is in A
    bassin           when asked, x[p, s] = 0 unless p and s are of one known bassin, or (p, s) in A
    niveau           x[p, s] in N
    presence_entiere when asked, x[p, s] in {0, b[s]} instead
    besoin           sum over p of x[p, s] <= b[s]
    capacite         sum over s of x[p, s] <= capacite[p]
    sites_max        sum over s of y[p, s] <= sites_max[p]
    postes_max       sum over p of y[p, s] <= postes_max[s]
    ecoles_tete      y[p, s] <= y[p, t(s)] for écoles REP+ s
    verrou           « interdit »: x[p, s] = 0; « impose »: x[p, s] > 0; « montant » n: x[p, s] = n

Soft rules (`SOUPLES`), minimised in this order, each value won being kept within its tolerance:

    c[s]             couverture of s: the sum over p of x[p, s]
    M[s]             round(E × w × (b − c)^k / b^(k−1)) + E × v × max(0, f − c), 0 when b = 0
    manque           sum over s of M[s]
    changements      couples of A with y = 0 + couples outside A with y = 1
    d[p, s]          days begun a cycle: ceil(x[p, s] / 2)
    t[p]             travel of poste p, minutes per cycle: sum over s of 2 × m[p, s] × d[p, s]
    trajets          sum over p of t[p]
    e[p], q[p]       ceil(t[p] / capacite[p]), minutes of travel a half-day of capacity; its square
    equilibre        sum over p of q[p], 0 where capacite[p] = 0

Only couples some level above 0 is left to get variables, with those a lock clashes on, which no
level suits; x[p, s] = y[p, s] = 0 elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from ortools.sat.python import cp_model

from pipelines.planning.probleme import Probleme, Reglages, Site

ECOLES_TETE = "ecoles_tete"
Couple = tuple[int, int]
Niveaux = tuple[int, ...]


@dataclass(frozen=True)
class Index:
    """A problem read once: positions of the postes and sites, links served today, locks."""

    probleme: Probleme
    rang_poste: dict[str, int]
    rang_site: dict[str, int]
    actuels: dict[Couple, int]
    verrous: dict[Couple, tuple[str, int | None]]

    @staticmethod
    def de(probleme: Probleme) -> "Index":
        """The index of `probleme`; positions are those of its own tuples."""
        rang_poste = {poste.poste_id: p for p, poste in enumerate(probleme.postes)}
        rang_site = {site.site_id: s for s, site in enumerate(probleme.sites)}
        return Index(
            probleme=probleme,
            rang_poste=rang_poste,
            rang_site=rang_site,
            actuels={
                (rang_poste[a.poste_id], rang_site[a.site_id]): a.demi_journees_cycle
                for a in probleme.presences_actuelles
            },
            verrous={
                (rang_poste[v.poste_id], rang_site[v.site_id]): (v.nature, v.demi_journees_cycle)
                for v in probleme.verrous
            },
        )


@dataclass
class Formulation:
    """The CP-SAT model and its variables, for the couples the rules admit."""

    index: Index
    niveaux: dict[Couple, Niveaux]
    cp: cp_model.CpModel = field(default_factory=cp_model.CpModel)
    x: dict[Couple, cp_model.IntVar] = field(default_factory=dict)
    y: dict[Couple, cp_model.IntVar] = field(default_factory=dict)
    manque: dict[int, cp_model.IntVar] = field(default_factory=dict)
    journees: dict[Couple, cp_model.IntVar] = field(default_factory=dict)
    charges: dict[int, cp_model.IntVar] = field(default_factory=dict)

    def du_site(self, s: int) -> list[Couple]:
        """The admitted couples of site `s`."""
        return self._par_site.get(s, [])

    def du_poste(self, p: int) -> list[Couple]:
        """The admitted couples of poste `p`."""
        return self._par_poste.get(p, [])

    def __post_init__(self) -> None:
        self._par_site: dict[int, list[Couple]] = {}
        self._par_poste: dict[int, list[Couple]] = {}
        for p, s in self.niveaux:
            self._par_poste.setdefault(p, []).append((p, s))
            self._par_site.setdefault(s, []).append((p, s))


@dataclass(frozen=True)
class RegleDure:
    """A rule no plan may break.

    `admet`: whether it lets a couple carry a presence; `restreindre`: the levels it leaves to a
    couple, of those the rules before it left; `contraindre`: what it asks between couples.
    """

    code: str
    libelle: str
    admet: Callable[[Index, int, int], bool] | None = None
    restreindre: Callable[[Index, int, int, Niveaux], Niveaux] | None = None
    contraindre: Callable[[Formulation], None] | None = None


@dataclass(frozen=True)
class Objectif:
    """A soft rule: `valeur` of a plan (exact integer) and its expression in the model."""

    code: str
    libelle: str
    valeur: Callable[[Index, dict[Couple, int]], int]
    expression: Callable[[Formulation], cp_model.LinearExpr]


# --- numbers the rules share ---------------------------------------------------------------------


def cout_manque(site: Site, reglages: Reglages, couverture: int) -> int:
    """round(E × w × (b − c)^k / b^(k−1)) + E × v × max(0, f − c), in integers; 0 when b = 0.

    Halves are rounded up. Both terms are convex in c and fall as c rises to b.
    """
    if site.besoin == 0:
        return 0
    diviseur = site.besoin ** (reglages.convexite - 1)
    manque = reglages.echelle_manque * site.poids * (site.besoin - couverture) ** reglages.convexite
    sous_plancher = site.poids_plancher * max(0, site.plancher - couverture)
    return (2 * manque + diviseur) // (2 * diviseur) + reglages.echelle_manque * sous_plancher


def minutes_comptees(index: Index, p: int, s: int) -> int:
    """m[p, s]: the one-way minutes, or the travel limit when they are unknown."""
    minutes = index.probleme.minutes[p][s]
    return index.probleme.reglages.duree_trajet_max_min if minutes is None else minutes


def trajets_couple(index: Index, p: int, s: int, presence: int) -> int:
    """Minutes per cycle: 2 × m[p, s] for each day begun, two half-days a day."""
    return 2 * minutes_comptees(index, p, s) * ((presence + 1) // 2)


def niveaux_du_couple(index: Index, p: int, s: int) -> Niveaux:
    """Levels x[p, s] may take alone: (0,) when a rule refuses the couple, () under a clashing lock.

    A lock that asks for a presence clashes with any rule that refuses the couple. Rules that
    `admet` a couple or not come first; the others narrow N one after the other.
    """
    if any(regle.admet and not regle.admet(index, p, s) for regle in DURES):
        return restreint_verrou(index, p, s, (0,))
    niveaux = index.probleme.reglages.niveaux
    for regle in DURES:
        if regle.restreindre:
            niveaux = regle.restreindre(index, p, s, niveaux)
    return niveaux


def regle_qui_ecarte(index: Index, p: int, s: int) -> str | None:
    """The code of the first rule of `DURES` that leaves x[p, s] nothing but 0; None: no rule does.

    Écoles REP+ are kept from a poste that a rule keeps from their head collège.
    """
    niveaux = index.probleme.reglages.niveaux
    for regle in DURES:
        if regle.admet and not regle.admet(index, p, s):
            return regle.code
        if regle.restreindre:
            niveaux = regle.restreindre(index, p, s, niveaux)
            if not any(niveaux):
                return regle.code
    tete = index.probleme.sites[s].site_tete
    if tete is not None and regle_qui_ecarte(index, p, index.rang_site[tete]) is not None:
        return ECOLES_TETE
    return None


def couples_admis(index: Index) -> dict[Couple, Niveaux]:
    """The couples not left at 0: their levels (0 included when allowed), none under a clash."""
    tous = {
        (p, s): niveaux_du_couple(index, p, s)
        for p in range(len(index.probleme.postes))
        for s in range(len(index.probleme.sites))
    }
    return {couple: niveaux for couple, niveaux in tous.items() if niveaux != (0,)}


def charge_trajet(index: Index, p: int, trajets: int) -> int:
    """ceil(t[p] / capacite[p]): minutes of travel for each half-day of the poste's time."""
    capacite = index.probleme.postes[p].capacite
    return -(-trajets // capacite) if capacite else 0


# --- hard rules on one couple --------------------------------------------------------------------


def admet_poste_avec_secteur(index: Index, p: int, s: int) -> bool:
    """x[p, s] = 0 for a poste without a sector."""
    return not index.probleme.postes[p].sans_secteur


def admet_trajet(index: Index, p: int, s: int) -> bool:
    """x[p, s] = 0 unless m[p, s] is known and within the limit, or (p, s) is in A."""
    minutes = index.probleme.minutes[p][s]
    limite = index.probleme.reglages.duree_trajet_max_min
    return (p, s) in index.actuels or (minutes is not None and minutes <= limite)


def admet_bassin(index: Index, p: int, s: int) -> bool:
    """When asked, x[p, s] = 0 unless both bassins are known and equal, or (p, s) is in A."""
    if not index.probleme.reglages.meme_bassin or (p, s) in index.actuels:
        return True
    bassin = index.probleme.postes[p].bassin
    return bassin is not None and bassin == index.probleme.sites[s].bassin


def admet_verrou(index: Index, p: int, s: int) -> bool:
    """x[p, s] = 0 under a lock « interdit »."""
    return index.verrous.get((p, s), (None,))[0] != "interdit"


def restreint_entiere(index: Index, p: int, s: int, niveaux: Niveaux) -> Niveaux:
    """When asked, {0, b[s]} instead of N."""
    besoin = index.probleme.sites[s].besoin
    return (0, besoin) if index.probleme.reglages.presence_entiere and besoin else niveaux


def restreint_besoin(index: Index, p: int, s: int, niveaux: Niveaux) -> Niveaux:
    """x[p, s] <= b[s]."""
    return tuple(n for n in niveaux if n <= index.probleme.sites[s].besoin)


def restreint_capacite(index: Index, p: int, s: int, niveaux: Niveaux) -> Niveaux:
    """x[p, s] <= capacite[p]."""
    return tuple(n for n in niveaux if n <= index.probleme.postes[p].capacite)


def restreint_postes_max(index: Index, p: int, s: int, niveaux: Niveaux) -> Niveaux:
    """x[p, s] = 0 where postes_max[s] = 0."""
    return niveaux if index.probleme.sites[s].postes_max else (0,)


def restreint_verrou(index: Index, p: int, s: int, niveaux: Niveaux) -> Niveaux:
    """x[p, s] > 0 under a lock « impose », x[p, s] = n under « montant » n."""
    nature, montant = index.verrous.get((p, s), (None, None))
    if nature == "impose":
        return tuple(n for n in niveaux if n > 0)
    if nature == "montant":
        return tuple(n for n in niveaux if n == montant)
    return niveaux


# --- hard rules between couples ------------------------------------------------------------------


def pose_niveaux(f: Formulation) -> None:
    """x[p, s] is one of the levels the rules leave; y[p, s] = 1 exactly when x[p, s] > 0."""
    for (p, s), niveaux in f.niveaux.items():
        if not niveaux:
            f.cp.add_bool_or([])
            niveaux = (0,)
        x = f.cp.new_int_var_from_domain(cp_model.Domain.from_values(niveaux), f"x_{p}_{s}")
        y = f.cp.new_bool_var(f"y_{p}_{s}")
        positifs = [n for n in niveaux if n > 0]
        f.cp.add(x >= min(positifs, default=0) * y)
        f.cp.add(x <= max(positifs, default=0) * y)
        f.x[p, s], f.y[p, s] = x, y


def pose_besoin(f: Formulation) -> None:
    """For every s: c[s] <= b[s] (so x[p, s] <= b[s])."""
    for s, site in enumerate(f.index.probleme.sites):
        if f.du_site(s):
            f.cp.add(sum(f.x[c] for c in f.du_site(s)) <= site.besoin)


def pose_capacite(f: Formulation) -> None:
    """For every p: sum over s of x[p, s] <= capacite[p]."""
    for p, poste in enumerate(f.index.probleme.postes):
        if f.du_poste(p):
            f.cp.add(sum(f.x[c] for c in f.du_poste(p)) <= poste.capacite)


def pose_sites_par_poste(f: Formulation) -> None:
    """For every p: sum over s of y[p, s] <= sites_max[p]."""
    for p, poste in enumerate(f.index.probleme.postes):
        if f.du_poste(p):
            f.cp.add(sum(f.y[c] for c in f.du_poste(p)) <= poste.sites_max)


def pose_postes_par_site(f: Formulation) -> None:
    """For every s: sum over p of y[p, s] <= postes_max[s]."""
    for s, site in enumerate(f.index.probleme.sites):
        if f.du_site(s):
            f.cp.add(sum(f.y[c] for c in f.du_site(s)) <= site.postes_max)


def pose_ecoles_avec_college(f: Formulation) -> None:
    """For écoles REP+ s: y[p, s] <= y[p, t(s)] for every p."""
    for e, site in enumerate(f.index.probleme.sites):
        if site.site_tete is None:
            continue
        t = f.index.rang_site[site.site_tete]
        for p, _ in f.du_site(e):
            if (p, t) in f.y:
                f.cp.add_implication(f.y[p, e], f.y[p, t])
            else:
                f.cp.add(f.y[p, e] == 0)


DURES: tuple[RegleDure, ...] = (
    RegleDure("sans_secteur", "Un poste sans secteur ne sert aucun site", admet_poste_avec_secteur),
    RegleDure("trajet", "Trajet aller dans la limite, sauf affectation actuelle", admet_trajet),
    RegleDure("bassin", "Même bassin, si demandé, sauf affectation actuelle", admet_bassin),
    RegleDure("niveau", "Présence à un niveau admis du cycle", contraindre=pose_niveaux),
    RegleDure(
        "presence_entiere",
        "Tout le besoin du site ou rien, si la présence entière est demandée",
        restreindre=restreint_entiere,
    ),
    RegleDure(
        "besoin",
        "Pas plus de présence que le besoin du site",
        restreindre=restreint_besoin,
        contraindre=pose_besoin,
    ),
    RegleDure(
        "capacite",
        "Capacité du poste",
        restreindre=restreint_capacite,
        contraindre=pose_capacite,
    ),
    RegleDure("sites_max", "Nombre de sites par poste", contraindre=pose_sites_par_poste),
    RegleDure(
        "postes_max",
        "Nombre de postes par site",
        restreindre=restreint_postes_max,
        contraindre=pose_postes_par_site,
    ),
    RegleDure(
        ECOLES_TETE,
        "Écoles REP+ servies par un poste qui sert leur collège tête de réseau",
        contraindre=pose_ecoles_avec_college,
    ),
    RegleDure("verrou", "Verrous respectés", admet_verrou, restreint_verrou),
)


# --- objectives ----------------------------------------------------------------------------------


def valeur_manque(index: Index, plan: dict[Couple, int]) -> int:
    """Sum over s of `cout_manque`: the doctrine's shortage and what is short of its floors."""
    couverture = [0] * len(index.probleme.sites)
    for (_, s), presence in plan.items():
        couverture[s] += presence
    return sum(
        cout_manque(site, index.probleme.reglages, couverture[s])
        for s, site in enumerate(index.probleme.sites)
    )


def couvertures_possibles(f: Formulation, s: int) -> list[int]:
    """Every value c[s] might take, 0 included: the levels for one poste, all integers for more."""
    besoin = f.index.probleme.sites[s].besoin
    couples = f.du_site(s)
    if min(f.index.probleme.sites[s].postes_max, len(couples)) > 1:
        return list(range(besoin + 1))
    return sorted({0, *(n for c in couples for n in f.niveaux[c])})


def exprime_manque(f: Formulation) -> cp_model.LinearExpr:
    """Sum over s of M[s], M[s] above every chord of the cost between neighbouring values of c[s].

    The cost is convex in c[s], so at every reachable value the highest chord is the exact cost;
    chords between levels, not between integers, make the linear relaxation as tight as it can be.
    """
    for s, site in enumerate(f.index.probleme.sites):
        if s in f.manque or site.besoin == 0:
            continue

        valeurs = couvertures_possibles(f, s)
        couts = [cout_manque(site, f.index.probleme.reglages, c) for c in valeurs]
        manque = f.cp.new_int_var(couts[-1], couts[0], f"manque_{s}")
        couverture = sum(f.x[c] for c in f.du_site(s))
        for (bas, au_bas), (haut, au_haut) in pairwise(zip(valeurs, couts, strict=True)):
            pente = au_haut - au_bas
            f.cp.add((haut - bas) * manque >= (haut - bas) * au_bas + pente * (couverture - bas))
        f.manque[s] = manque
    return cp_model.LinearExpr.sum(list(f.manque.values()))


def valeur_changements(index: Index, plan: dict[Couple, int]) -> int:
    """Links of A the plan drops + links of the plan outside A."""
    return len(index.actuels.keys() ^ {couple for couple, presence in plan.items() if presence})


def exprime_changements(f: Formulation) -> cp_model.LinearExpr:
    """|A| − sum over A of y[p, s] + sum outside A of y[p, s]."""
    actuels = f.index.actuels
    return len(actuels) + cp_model.LinearExpr.weighted_sum(
        list(f.y.values()), [-1 if couple in actuels else 1 for couple in f.y]
    )


def valeur_trajets(index: Index, plan: dict[Couple, int]) -> int:
    """Sum over couples of 2 × m[p, s] × ceil(x[p, s] / 2), minutes per cycle."""
    return sum(trajets_couple(index, p, s, presence) for (p, s), presence in plan.items())


def exprime_trajets(f: Formulation) -> cp_model.LinearExpr:
    """Sum of 2 × m[p, s] × d[p, s], d[p, s] >= x[p, s] / 2 and d[p, s] >= y[p, s] (days begun)."""
    for couple, x in f.x.items():
        if couple not in f.journees:
            jours = f.cp.new_int_var(0, (max(f.niveaux[couple]) + 1) // 2, f"jours_{couple}")
            f.cp.add(2 * jours >= x)
            f.cp.add(jours >= f.y[couple])
            f.journees[couple] = jours
    return cp_model.LinearExpr.weighted_sum(
        list(f.journees.values()), [2 * minutes_comptees(f.index, p, s) for p, s in f.journees]
    )


def valeur_equilibre(index: Index, plan: dict[Couple, int]) -> int:
    """Sum over p of ceil(t[p] / capacite[p])².

    Squares stand for the leximin without equalling it: of loads (5, 3, 2, 2) and (4, 4, 4, 0), they
    prefer the first.
    """
    trajets = [0] * len(index.probleme.postes)
    for (p, s), presence in plan.items():
        trajets[p] += trajets_couple(index, p, s, presence)
    return sum(charge_trajet(index, p, minutes) ** 2 for p, minutes in enumerate(trajets))


def exprime_equilibre(f: Formulation) -> cp_model.LinearExpr:
    """Sum over p of q[p]: e[p] >= t[p] / capacite[p], q[p] above each chord of e[p]²."""
    exprime_trajets(f)
    for p, poste in enumerate(f.index.probleme.postes):
        couples = f.du_poste(p)
        if p in f.charges or not couples or not poste.capacite:
            continue
        jours = (poste.capacite + poste.sites_max) // 2
        plus = max(2 * minutes_comptees(f.index, *c) for c in couples)
        au_plus = charge_trajet(f.index, p, plus * jours)
        charge = f.cp.new_int_var(0, au_plus, f"charge_{p}")
        carre = f.cp.new_int_var(0, au_plus**2, f"carre_{p}")
        minutes = sum(2 * minutes_comptees(f.index, *c) * f.journees[c] for c in couples)
        f.cp.add(poste.capacite * charge >= minutes)
        for k in range(1, au_plus + 1):
            f.cp.add(carre >= (2 * k - 1) * charge - k * (k - 1))
        f.charges[p] = carre
    return cp_model.LinearExpr.sum(list(f.charges.values()))


SOUPLES: tuple[Objectif, ...] = (
    Objectif("manque", "Manque de présence", valeur_manque, exprime_manque),
    Objectif("changements", "Changements imposés", valeur_changements, exprime_changements),
    Objectif("trajets", "Trajets", valeur_trajets, exprime_trajets),
    Objectif("equilibre", "Équilibre de la charge", valeur_equilibre, exprime_equilibre),
)

# The objectives before the evenness add up over the couples; the decomposition relies on it.
NB_ADDITIFS = 3
RANG_TRAJETS = 2


def formuler(index: Index) -> Formulation:
    """The model with every hard rule of `DURES` and no objective.

    Rules on one couple are in the levels of its variable, rules between couples in constraints.
    """
    f = Formulation(index=index, niveaux=couples_admis(index))
    for regle in DURES:
        if regle.contraindre:
            regle.contraindre(f)
    return f
