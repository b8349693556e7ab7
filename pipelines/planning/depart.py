"""Where the search starts: the locks kept, today's presences repaired, the rest filled greedily."""

from pipelines.base.erreurs import AtlasError
from pipelines.planning import modele
from pipelines.planning.conflits import conflits
from pipelines.planning.exigences import plan_minimal
from pipelines.planning.modele import Index
from pipelines.planning.probleme import Presence
from pipelines.planning.refus import refus
from pipelines.planning.tables import Plan


def reparer(index: Index, socle: Plan, presences: tuple[Presence, ...]) -> Plan:
    """The locked base, then each presence that rules still admit, lowered to a level if needed.

    Unknown postes or sites in `presences` raise AtlasError.
    """
    ebauche = _Ebauche(index, socle)
    demandes = []
    for presence in presences:
        p = index.rang_poste.get(presence.poste_id)
        s = index.rang_site.get(presence.site_id)
        if p is None or s is None:
            raise AtlasError(
                f"Plan de départ : couple inconnu {presence.poste_id} – {presence.site_id}.",
                admis="des postes et des sites du problème",
                remede="retirer cette ligne du plan de départ",
            )
        est_ecoles = index.probleme.sites[s].site_tete is not None
        demandes.append((est_ecoles, -presence.demi_journees_cycle, p, s))
    for _, moins_presence, p, s in sorted(demandes):
        ebauche.donner(p, s, -moins_presence)
    return ebauche.plan


def completer(index: Index, plan: Plan) -> Plan:
    """`plan` plus a greedy completion: costliest shortage first, each to its nearest free poste."""
    ebauche = _Ebauche(index, plan)
    sites, reglages = index.probleme.sites, index.probleme.reglages
    ordre = sorted(
        range(len(sites)),
        key=lambda s: (
            sites[s].site_tete is not None,
            -modele.cout_manque(sites[s], reglages, 0),
            s,
        ),
    )
    for s in ordre:
        candidats = sorted(
            ebauche.par_site[s], key=lambda p: (modele.minutes_comptees(index, p, s), p)
        )
        for p in candidats:
            if (p, s) not in ebauche.plan:
                ebauche.donner(p, s, sites[s].besoin)
    return ebauche.plan


class _Ebauche:
    """A plan that grows one presence at a time and never breaks a rule."""

    def __init__(self, index: Index, plan: Plan) -> None:
        self.index = index
        self.niveaux = modele.couples_admis(index)
        self.par_site: list[list[int]] = [[] for _ in index.probleme.sites]
        for p, s in sorted(self.niveaux):
            self.par_site[s].append(p)
        self.plan = dict(plan)

    def donner(self, p: int, s: int, presence: int) -> None:
        """Raise (p, s) to the highest admitted level up to `presence`, or do nothing."""
        poste, site = self.index.probleme.postes[p], self.index.probleme.sites[s]
        du_poste = [couple for couple in self.plan if couple[0] == p and couple[1] != s]
        du_site = [couple for couple in self.plan if couple[1] == s and couple[0] != p]
        if (
            (p, s) not in self.niveaux
            or len(du_poste) >= poste.sites_max
            or len(du_site) >= site.postes_max
            or (
                site.site_tete is not None
                and (p, self.index.rang_site[site.site_tete]) not in self.plan
            )
        ):
            return
        plafond = min(
            presence,
            poste.capacite - sum(self.plan[couple] for couple in du_poste),
            site.besoin - sum(self.plan[couple] for couple in du_site),
        )
        niveau = max((n for n in self.niveaux[p, s] if n <= plafond), default=0)
        # a lock may have put less there already: a plan that keeps it is taken up whole
        if niveau > self.plan.get((p, s), 0):
            self.plan[p, s] = niveau


def socle_des_verrous(index: Index) -> Plan:
    """The smallest plan the locks allow; AtlasError naming the locks that clash when none does."""
    verrous = index.probleme.verrous
    plan = plan_minimal(index.probleme, verrous)
    if plan is None:
        raise refus(index.probleme, conflits(index.probleme))
    return plan
