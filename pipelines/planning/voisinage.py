"""The best plan near a plan: a few postes are free, every other presence stays as it is.

Everything this module finds is exact on that neighbourhood: « the best plan in which only these
postes change ». Outside it, a better way may exist, and those who print it must say so.

Plans are compared by what they lose against the plan one comes from, in the order of the
objectives: first the least rise of the first one (no rise is no loss, whatever it gains), then of
the second, and so on; at equal losses, the lower values in the same order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ortools.sat.python import cp_model

from pipelines.base.erreurs import AtlasError
from pipelines.planning import modele
from pipelines.planning.modele import SOUPLES, Couple, Formulation, Index
from pipelines.planning.probleme import Presence, Probleme
from pipelines.planning.tables import Plan

# Work allowed to one search, in CP-SAT's deterministic seconds: a few hundredths are enough.
TRAVAIL_MAX = 10.0
# The same for one objective of a search among many, which may end unproven and says so.
TRAVAIL_ETUDE = 0.5


@dataclass(frozen=True)
class Effet:
    """What one objective becomes: exact values `avant` and `apres`, in the objective's own unit."""

    code: str
    libelle: str
    avant: int
    apres: int

    @property
    def ecart(self) -> int:
        """Positive when the objective gets worse."""
        return self.apres - self.avant


@dataclass(frozen=True, order=True)
class Mouvement:
    """A presence that differs, half-days per cycle before and after."""

    poste_id: str
    site_id: str
    avant: int
    apres: int


@dataclass(frozen=True)
class Alternative:
    """Another plan: whole, with what it does to each objective and where it differs."""

    plan: tuple[Presence, ...]
    effets: tuple[Effet, ...]
    mouvements: tuple[Mouvement, ...]

    @property
    def apres(self) -> tuple[int, ...]:
        """The values of the objectives in this plan, in their order."""
        return tuple(e.apres for e in self.effets)

    @property
    def cle(self) -> tuple[int, ...]:
        """Least first: losses of each objective in their order, then their values."""
        return cle([e.avant for e in self.effets], [e.apres for e in self.effets])


@dataclass(frozen=True)
class Voulu:
    """What is asked of a neighbour.

    Levels some couples may take; least (`couverture`) and most (`plafonds`) coverage of some sites;
    `sites`: the only ones where free postes may change, all when None.
    """

    niveaux: Mapping[Couple, tuple[int, ...]] = field(default_factory=dict)
    couverture: Mapping[int, int] = field(default_factory=dict)
    plafonds: Mapping[int, int] = field(default_factory=dict)
    sites: frozenset[int] | None = None


@dataclass(frozen=True)
class Trouve:
    """A plan found; `est_exact`: every objective was proven the best of the neighbourhood."""

    plan: Plan
    est_exact: bool


def cle(reference: Iterable[int], valeurs: Iterable[int]) -> tuple[int, ...]:
    """The key plans are compared by: the rises above `reference`, then the values."""
    valeurs = tuple(valeurs)
    pertes = (max(0, v - r) for v, r in zip(valeurs, reference, strict=True))
    return (*pertes, *valeurs)


def en_couples(index: Index, presences: Iterable[Presence]) -> Plan:
    """A plan by positions; AtlasError when it names a poste or a site the problem has not."""
    plan: Plan = {}
    for presence in presences:
        p = index.rang_poste.get(presence.poste_id)
        s = index.rang_site.get(presence.site_id)
        if p is None or s is None:
            raise AtlasError(
                f"Plan : couple inconnu {presence.poste_id} – {presence.site_id}.",
                admis="des postes et des sites du problème",
                remede="reprendre le plan et le problème d'une même proposition",
            )
        plan[p, s] = presence.demi_journees_cycle
    return plan


def en_presences(index: Index, plan: Plan) -> tuple[Presence, ...]:
    """A plan by identifiers, sorted."""
    postes, sites = index.probleme.postes, index.probleme.sites
    return tuple(
        sorted(Presence(postes[p].poste_id, sites[s].site_id, n) for (p, s), n in plan.items() if n)
    )


def rang_du_site(index: Index, site_id: str) -> int:
    """Position of a site; AtlasError when the problem has not got it."""
    if site_id not in index.rang_site:
        raise AtlasError(
            f"Site « {site_id} » inconnu de cette proposition.",
            admis="l'UAI d'un établissement, ou RESEAU- suivi de celui du collège tête de réseau",
            remede="choisir un site de la table « Sites » de la proposition",
        )
    return index.rang_site[site_id]


def rang_du_poste(index: Index, poste_id: str) -> int:
    """Position of a poste; AtlasError when the problem has not got it."""
    if poste_id not in index.rang_poste:
        raise AtlasError(
            f"Poste « {poste_id} » inconnu de cette proposition.",
            admis="un poste de la table « Postes » de la proposition",
            remede="vérifier l'identifiant donné",
        )
    return index.rang_poste[poste_id]


class Voisinage:
    """A problem and one of its plans, read once for many searches around it."""

    def __init__(self, probleme: Probleme, presences: Iterable[Presence]) -> None:
        self.index = Index.de(probleme)
        self.plan = en_couples(self.index, presences)
        self.admis = modele.couples_admis(self.index)
        self.valeurs = tuple(o.valeur(self.index, self.plan) for o in SOUPLES)
        self.du_poste: dict[int, list[int]] = {p: [] for p in range(len(probleme.postes))}
        self.du_site: dict[int, list[int]] = {s: [] for s in range(len(probleme.sites))}
        for p, s in sorted(self.plan):
            self.du_poste[p].append(s)
            self.du_site[s].append(p)
        self.couverture = Counter(dict.fromkeys(self.du_site, 0))
        for (_, s), presence in self.plan.items():
            self.couverture[s] += presence

    @property
    def presences(self) -> tuple[Presence, ...]:
        """The plan by identifiers, sorted."""
        return en_presences(self.index, self.plan)

    def donne(self, p: int) -> int:
        """Half-days per cycle poste `p` gives in the plan."""
        return sum(self.plan[p, s] for s in self.du_poste[p])

    def peut_servir(self, p: int, s: int) -> bool:
        """Whether the rules on a couple leave a presence of `p` at `s`, and at its head collège."""
        tete = self.index.probleme.sites[s].site_tete
        return any(self.admis.get((p, s), ())) and (
            tete is None or any(self.admis.get((p, self.index.rang_site[tete]), ()))
        )

    def alternative(self, plan: Plan) -> Alternative:
        """`plan` beside the one this neighbourhood is built on."""
        postes, sites = self.index.probleme.postes, self.index.probleme.sites
        return Alternative(
            plan=en_presences(self.index, plan),
            effets=tuple(
                Effet(o.code, o.libelle, avant, o.valeur(self.index, plan))
                for o, avant in zip(SOUPLES, self.valeurs, strict=True)
            ),
            mouvements=tuple(
                Mouvement(
                    postes[p].poste_id,
                    sites[s].site_id,
                    self.plan.get((p, s), 0),
                    plan.get((p, s), 0),
                )
                for p, s in sorted(self.plan.keys() | plan.keys())
                if self.plan.get((p, s), 0) != plan.get((p, s), 0)
            ),
        )

    def places(self, libres: Iterable[int], voulu: Voulu) -> dict[Couple, tuple[int, ...]] | None:
        """Couple → levels open to the free postes, None when a demand can't be met by any level.

        A site that other postes fill, in number or in half-days, is left out. `voulu.sites`, when
        given, holds every site of the free postes.
        """
        libres = set(libres)
        ouverts: dict[Couple, tuple[int, ...]] = {}
        sites = self.index.probleme.sites
        for p in sorted(libres):
            for s in range(len(sites)) if voulu.sites is None else sorted(voulu.sites):
                site = sites[s]
                niveaux = self.admis.get((p, s), (0,))
                if (p, s) in voulu.niveaux:
                    niveaux = tuple(n for n in voulu.niveaux[p, s] if n in niveaux)
                autres = [q for q in self.du_site[s] if q not in libres]
                reste = site.besoin - sum(self.plan[q, s] for q in autres)
                if len(autres) >= site.postes_max:
                    reste = 0
                niveaux = tuple(n for n in niveaux if n <= reste)
                if not niveaux:
                    return None
                if niveaux != (0,):
                    ouverts[p, s] = niveaux
        return ouverts

    def meilleur(
        self, libres: Iterable[int], voulu: Voulu, a_battre: tuple[int, ...] | None = None
    ) -> Plan | None:
        """The best plan with only `libres` changed that meets `voulu`; None when there is none.

        `a_battre`: a `cle` that plans worth having are not above; then None may also mean that
        all of them lose more, which is known sooner.
        """
        f = self._formuler(set(libres), voulu)
        if f is None:
            return None
        trouve = _Echelons(self, f, set(libres), self.valeurs, TRAVAIL_MAX).resoudre(a_battre)
        if trouve is not None and not trouve.est_exact:
            raise AtlasError(
                "La recherche d'un autre plan n'a pas abouti dans le travail permis.",
                remede="signaler ce défaut d'Atlas avec le fichier probleme.json",
            )
        return None if trouve is None else trouve.plan

    def optimum(
        self,
        libres: Iterable[int],
        voulu: Voulu | None = None,
        reference: tuple[int, ...] | None = None,
    ) -> Trouve | None:
        """The plan of least values in their order with only `libres` changed; None: none stands.

        With `reference`, the plan of least losses above it, as `meilleur` does above the plan one
        comes from. Less work is allowed than there: the plan may be good and not proven the best.
        """
        f = self._formuler(set(libres), voulu or Voulu())
        if f is None:
            return None
        reference = (0,) * len(SOUPLES) if reference is None else reference
        return _Echelons(self, f, set(libres), reference, TRAVAIL_ETUDE).resoudre(None)

    def _formuler(self, libres: set[int], voulu: Voulu) -> Formulation | None:
        """The model of what may change; None when a demand can't be met at all.

        The presences of other postes are in it, fixed, at the sites that are open to the free ones.
        """
        ouverts = self.places(libres, voulu)
        if ouverts is None:
            return None
        sites = {s for _, s in ouverts}
        autour = {(p, s) for p, s in self.plan if s in sites}
        autour |= {
            (p, self.index.rang_site[tete])
            for p, s in autour
            if (tete := self.index.probleme.sites[s].site_tete) is not None
        }
        fixes = {c: (self.plan[c],) for c in autour if c[0] not in libres}
        f = Formulation(index=self.index, niveaux=dict(sorted({**fixes, **ouverts}.items())))
        for regle in modele.DURES:
            if regle.contraindre:
                regle.contraindre(f)
        for s, minimum in voulu.couverture.items():
            if not f.du_site(s):
                return None
            f.cp.add(cp_model.LinearExpr.sum([f.x[c] for c in f.du_site(s)]) >= minimum)
        for s, maximum in voulu.plafonds.items():
            f.cp.add(cp_model.LinearExpr.sum([f.x[c] for c in f.du_site(s)]) <= maximum)
        return f


class _Echelons:
    """The objectives of a small model, one after the other."""

    def __init__(
        self,
        voisinage: Voisinage,
        f: Formulation,
        libres: set[int],
        reference: tuple[int, ...],
        travail: float,
    ) -> None:
        self.f, self.voisinage, self.reference, self.travail = f, voisinage, reference, travail
        fixes = {c: n for c, n in voisinage.plan.items() if c[0] not in libres}
        self.ailleurs = {c: n for c, n in fixes.items() if c not in f.x}
        dedans = {c: n for c, n in fixes.items() if c in f.x}
        # what is not in the model is the same in every plan
        self.expressions = [
            o.expression(f) + o.valeur(f.index, fixes) - o.valeur(f.index, dedans) for o in SOUPLES
        ]
        self.est_exact = True

    def resoudre(self, a_battre: tuple[int, ...] | None) -> Trouve | None:
        """The plan of least `cle`; None when no plan stands, or none that loses no more."""
        gains: list[int] = []
        pertes: tuple[int, ...] = ()
        plan: Plan | None = self.voisinage.plan
        for rang, reference in enumerate(self.reference):
            plan = self._minimiser(rang, plan)
            if plan is None:
                return None
            atteinte = SOUPLES[rang].valeur(self.f.index, plan)
            pertes = (*pertes, max(0, atteinte - reference))
            if a_battre is not None and pertes > a_battre[: len(pertes)]:
                return None
            if atteinte < reference:
                gains.append(rang)
            self.f.cp.add(self.expressions[rang] <= max(atteinte, reference))
        for rang in gains:
            plan = self._minimiser(rang, plan)
            atteinte = SOUPLES[rang].valeur(self.f.index, plan)
            self.f.cp.add(self.expressions[rang] <= atteinte)
        return Trouve(plan, self.est_exact)

    def _minimiser(self, rang: int, depart: Plan) -> Plan | None:
        f = self.f
        f.cp.clear_hints()
        for couple, x in f.x.items():
            f.cp.add_hint(x, depart.get(couple, 0))
        f.cp.minimize(self.expressions[rang])
        solveur = cp_model.CpSolver()
        # One worker is repeatable by construction, whatever the cores.
        solveur.parameters.num_workers = 1
        solveur.parameters.catch_sigint_signal = False  # left to the command that asked
        solveur.parameters.random_seed = f.index.probleme.graine
        solveur.parameters.max_deterministic_time = self.travail
        statut = solveur.solve(f.cp)
        if statut == cp_model.UNKNOWN:
            # Not even a first plan in the little work of a study: it is worth the whole.
            solveur.parameters.max_deterministic_time = TRAVAIL_MAX
            statut = solveur.solve(f.cp)
        if statut == cp_model.INFEASIBLE:
            return None
        self.est_exact &= statut == cp_model.OPTIMAL
        if statut not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            raise AtlasError(
                "La recherche d'un autre plan n'a pas abouti dans le travail permis.",
                remede="signaler ce défaut d'Atlas avec le fichier probleme.json",
            )
        trouve = {c: n for c, x in f.x.items() if (n := solveur.value(x))}
        return {**self.ailleurs, **trouve}
