"""« Qui peut prendre cet établissement ? »: every poste, ranked, with what it would cost.

For each poste the whole plan is made: the site passes to it, the poste that leaves gets nothing
else, and the taker's other sites are shared out again so that the first objective rises least.
Nothing else moves, so the answer is instant; `explication` looks further.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass

from pipelines.base.erreurs import AtlasError
from pipelines.planning import modele
from pipelines.planning.probleme import Presence, Probleme, niveaux_du_site
from pipelines.planning.tables import Plan
from pipelines.planning.verification import Manquement, juger
from pipelines.planning.voisinage import Alternative, Voisinage, rang_du_poste, rang_du_site


@dataclass(frozen=True)
class Reprise:
    """One poste that would take the site: the plan that makes, and its breaches (judge's words).

    `libre`: half-days per cycle the poste has left today; `demi_journees_cycle`: what it would
    give to the site. `manquements` is empty when the plan keeps every rule, if the plan one comes
    from does.
    """

    poste_id: str
    minutes: int | None
    libre: int
    demi_journees_cycle: int
    alternative: Alternative
    manquements: tuple[Manquement, ...]


def qui_peut_prendre(
    probleme: Probleme,
    plan: Iterable[Presence],
    site_id: str,
    *,
    a_la_place_de: str | None = None,
    demi_journees_cycle: int | None = None,
    parmi: Collection[str] | None = None,
) -> tuple[Reprise, ...]:
    """Every other poste the besoin has room for, fewest breaches first, then by least loss.

    `a_la_place_de`: the poste that leaves the site (default: the one most present there; none
    when the site has no presence). The amount asked is the one that poste gave, or
    `demi_journees_cycle`, needed when there is none; it is lowered to a level the besoin admits,
    and is the whole besoin when presence is all or nothing.
    `parmi`: the postes to try, all of them by default.
    A head collège passes with the écoles its poste served. AtlasError when the site or poste is
    unknown, the poste does not serve it, or no amount is known.
    """
    v = Voisinage(probleme, plan)
    s = rang_du_site(v.index, site_id)
    partant = _partant(v, s, a_la_place_de)
    demande = demi_journees_cycle or (0 if partant is None else v.plan[partant, s])
    if probleme.reglages.presence_entiere and demande:
        demande = probleme.sites[s].besoin
    if demande <= 0:
        raise AtlasError(
            f"Le site {site_id} n'a pas de présence à reprendre.",
            admis="un nombre de demi-journées par cycle d'au moins 1",
            remede="dire combien le poste devrait y donner",
        )
    cedes = {s: demande}
    if partant is not None:
        cedes |= {
            e: v.plan[partant, e]
            for e in v.du_poste[partant]
            if probleme.sites[e].site_tete == site_id
        }
    reste = {c: n for c, n in v.plan.items() if c[0] != partant or c[1] not in cedes}
    juge = _JugeLocal(v)
    reprises = [
        _reprise(v, p, s, cedes, reste, partant, juge)
        for p, poste in enumerate(probleme.postes)
        if p != partant and (parmi is None or poste.poste_id in parmi)
    ]
    return tuple(
        sorted(
            (r for r in reprises if r.demi_journees_cycle),
            key=lambda r: (
                len(r.manquements),
                r.alternative.cle,
                r.minutes is None,
                r.minutes,
                r.poste_id,
            ),
        )
    )


def _partant(v: Voisinage, s: int, poste_id: str | None) -> int | None:
    if poste_id is None:
        return min(v.du_site[s], key=lambda p: (-v.plan[p, s], p), default=None)
    p = rang_du_poste(v.index, poste_id)
    if p not in v.du_site[s]:
        raise AtlasError(
            f"Le poste {poste_id} ne sert pas ce site dans le plan.",
            admis="un poste qui le sert, ou aucun",
            remede="choisir l'un des postes du site",
        )
    return p


def _reprise(
    v: Voisinage,
    p: int,
    s: int,
    cedes: dict[int, int],
    reste: Plan,
    partant: int | None,
    juge: "_JugeLocal",
) -> Reprise:
    pris = {t: _niveau(v, t, n, p, reste) for t, n in cedes.items()}
    plan = {c: n for c, n in reste.items() if c[0] != p}
    plan |= {(p, t): n for t, n in pris.items() if n}
    plan |= _repartager(v, p, pris, reste)
    return Reprise(
        poste_id=v.index.probleme.postes[p].poste_id,
        minutes=v.index.probleme.minutes[p][s],
        libre=v.index.probleme.postes[p].capacite - v.donne(p),
        demi_journees_cycle=pris[s],
        alternative=v.alternative(plan),
        manquements=juge.juger(plan, {p} if partant is None else {p, partant}),
    )


def _niveau(v: Voisinage, t: int, demande: int, p: int, reste: Plan) -> int:
    """The highest level up to what is asked, with what `p` gave there, that the besoin leaves."""
    ailleurs = sum(n for (q, u), n in reste.items() if u == t and q != p)
    plafond = min(demande + reste.get((p, t), 0), v.index.probleme.sites[t].besoin - ailleurs)
    niveaux = niveaux_du_site(v.index.probleme.sites[t], v.index.probleme.reglages)
    return max((n for n in niveaux if n <= plafond), default=0)


def _repartager(v: Voisinage, p: int, pris: dict[int, int], reste: Plan) -> Plan:
    """The other sites of `p`, no more than today each, for the least rise of the first objective.

    A programme over (sites kept, half-days given): exact. A locked presence keeps its level, a
    head collège whose écoles the poste serves is never left. When even the least is too much, the
    presences stay as they are, and the judge says what is broken.
    """
    probleme = v.index.probleme
    poste = probleme.postes[p]
    autres = {t: n for (q, t), n in sorted(reste.items()) if q == p and t not in pris}
    places = poste.sites_max - sum(1 for n in pris.values() if n)
    temps = poste.capacite - sum(pris.values())
    etats: dict[tuple[int, int], tuple[int, dict[int, int]]] = {(0, 0): (0, {})}
    for t, presence in autres.items():
        couverture = v.couverture[t] - presence
        suivants: dict[tuple[int, int], tuple[int, dict[int, int]]] = {}
        for n in _niveaux_gardes(v, p, t, presence, autres):
            cout = modele.cout_manque(probleme.sites[t], probleme.reglages, couverture + n)
            for (k, donne), (total, choix) in etats.items():
                cle = (k + (n > 0), donne + n)
                if cle[0] > places or cle[1] > temps:
                    continue
                if cle not in suivants or total + cout < suivants[cle][0]:
                    suivants[cle] = (total + cout, {**choix, t: n})
        etats = suivants
    if not etats:
        return {(p, t): n for t, n in autres.items()}
    # at equal cost, fewer sites left and fewer half-days taken back
    _, choix = min(etats.items(), key=lambda e: (e[1][0], -e[0][0], -e[0][1]))[1]
    return {(p, t): n for t, n in choix.items() if n}


def _niveaux_gardes(
    v: Voisinage, p: int, t: int, presence: int, autres: dict[int, int]
) -> list[int]:
    """Levels the poste may keep at `t`, today's first."""
    if v.index.verrous.get((p, t), (None,))[0] == "montant":
        return [presence]
    sites = v.index.probleme.sites
    est_tete = any(sites[u].site_tete == sites[t].site_id for u in autres)
    tenu = est_tete or v.index.verrous.get((p, t), (None,))[0] == "impose"
    niveaux = niveaux_du_site(sites[t], v.index.probleme.reglages)
    admis = [n for n in niveaux if n < presence and (n or not tenu)]
    return [presence, *reversed(admis)]


class _JugeLocal:
    """The independent judge, asked about the postes that changed and all that their sites tie.

    The rules tie a poste to its sites, a site to its postes, écoles to their head collège: beyond
    these, a plan that changes nothing has no new breach.
    """

    def __init__(self, v: Voisinage) -> None:
        self.v = v
        probleme = v.index.probleme
        self.reglages = asdict(probleme.reglages)
        self.postes = [asdict(p) for p in probleme.postes]
        self.sites = [asdict(s) for s in probleme.sites]

    def juger(self, plan: Plan, changes: set[int]) -> tuple[Manquement, ...]:
        """Breaches of `plan` that name a changed poste or one of its sites, before or after."""
        v, probleme = self.v, self.v.index.probleme
        touches = {s for p, s in (*plan, *v.plan) if p in changes}
        touches |= {s for p, s in v.index.verrous if p in changes}
        touches |= {
            v.index.rang_site[tete]
            for s in touches
            if (tete := probleme.sites[s].site_tete) is not None
        }
        postes = sorted({p for p, s in plan if s in touches} | changes)
        # A poste that did not change is seen on these sites only: its own limits hold as before.
        rangs_p, rangs_s = {p: i for i, p in enumerate(postes)}, sorted(touches)
        extrait = {
            "reglages": self.reglages,
            "postes": [self.postes[p] for p in postes],
            "sites": [self.sites[s] for s in rangs_s],
            "minutes": [[probleme.minutes[p][s] for s in rangs_s] for p in postes],
            "presences_actuelles": [
                {"poste_id": self.postes[p]["poste_id"], "site_id": self.sites[s]["site_id"]}
                for p, s in v.index.actuels
                if p in rangs_p and s in touches
            ],
            "verrous": [
                {
                    "poste_id": self.postes[p]["poste_id"],
                    "site_id": self.sites[s]["site_id"],
                    "nature": nature,
                    "demi_journees_cycle": montant,
                }
                for (p, s), (nature, montant) in sorted(v.index.verrous.items())
                if p in rangs_p and s in touches
            ],
        }
        lignes = [
            {
                "poste_id": self.postes[p]["poste_id"],
                "site_id": self.sites[s]["site_id"],
                "demi_journees_cycle": n,
            }
            for (p, s), n in plan.items()
            if p in rangs_p and s in touches
        ]
        return tuple(juger(extrait, lignes).manquements)
