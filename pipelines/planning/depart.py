"""Where the search starts: the locks kept, today's presences repaired, the rest filled greedily."""

from dataclasses import replace

from ortools.sat.python import cp_model

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.planning import modele
from pipelines.planning.modele import Couple, Index
from pipelines.planning.probleme import Presence
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
        """Add the highest admitted level up to `presence`, or nothing."""
        poste, site = self.index.probleme.postes[p], self.index.probleme.sites[s]
        du_poste = [couple for couple in self.plan if couple[0] == p]
        du_site = [couple for couple in self.plan if couple[1] == s]
        if (
            (p, s) in self.plan
            or (p, s) not in self.niveaux
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
        if niveau:
            self.plan[p, s] = niveau


def socle_des_verrous(index: Index) -> Plan:
    """The smallest plan the locks allow; AtlasError naming the locks that clash when none does."""
    poses = [c for c, (nature, _) in sorted(index.verrous.items()) if nature != "interdit"]
    for p, s in poses:
        for regle in modele.DURES:
            if regle.admet and not regle.admet(index, p, s):
                raise _refus_verrous(index, [(p, s)], regle.libelle)
    plan = _plan_minimal(index, poses)
    if plan is not None:
        return plan
    # Deletion filter: what is left clashes, and any one of them lifted ends the clash.
    noyau = list(poses)
    for couple in poses:
        reste = [autre for autre in noyau if autre != couple]
        if _plan_minimal(index, reste) is None:
            noyau = reste
    raise _refus_verrous(index, noyau, _regle_en_cause(index, noyau))


def _plan_minimal(index: Index, poses: list[Couple], sans: str | None = None) -> Plan | None:
    """A least plan with only these locks imposed, leaving out rule `sans`; None when none exists.

    Presences elsewhere never help a lock except at the head collège of locked écoles REP+, so
    only those couples get variables.
    """
    tetes = {
        (p, index.rang_site[tete])
        for p, s in poses
        if (tete := index.probleme.sites[s].site_tete) is not None
    }
    interdits = {c: v for c, v in index.verrous.items() if v[0] == "interdit"}
    restreint = replace(index, verrous={**interdits, **{c: index.verrous[c] for c in poses}})
    niveaux = {c: modele.niveaux_du_couple(restreint, *c) for c in sorted(tetes | set(poses))}
    f = modele.Formulation(index=restreint, niveaux={c: n for c, n in niveaux.items() if n != (0,)})
    if any(not n for n in niveaux.values()):
        return None
    for regle in modele.DURES:
        if regle.contraindre and regle.code != sans:
            regle.contraindre(f)
    f.cp.minimize(cp_model.LinearExpr.sum(list(f.x.values())))
    cp_solveur = cp_model.CpSolver()
    cp_solveur.parameters.num_workers = 1
    cp_solveur.parameters.random_seed = index.probleme.graine
    if cp_solveur.solve(f.cp) == cp_model.INFEASIBLE:
        return None
    return {couple: cp_solveur.value(x) for couple, x in f.x.items() if cp_solveur.value(x)}


def _regle_en_cause(index: Index, noyau: list[Couple]) -> str:
    """Label of the first rule whose removal lets the clashing locks stand."""
    for regle in modele.DURES:
        if (
            regle.contraindre
            and regle.code != "niveau"
            and _plan_minimal(index, noyau, sans=regle.code) is not None
        ):
            return regle.libelle
    return "Besoin du site ou capacité du poste"


def _refus_verrous(index: Index, couples: list[Couple], regle: str) -> AtlasError:
    def dire(couple: Couple) -> str:
        p, s = couple
        nature, montant = index.verrous[couple]
        combien = f" ({montant} demi-journées par cycle)" if nature == "montant" else ""
        poste, site = index.probleme.postes[p], index.probleme.sites[s]
        minutes = index.probleme.minutes[p][s]
        trajet = "inconnu" if minutes is None else f"{minutes} min"
        return (
            f"{poste.poste_id} – {site.site_id}{combien} [capacité {poste.capacite}, "
            f"besoin {site.besoin}, trajet {trajet}]"
        )

    return AtlasError(
        f"Verrous impossibles à tenir ensemble : {enumeration([dire(c) for c in couples])}. "
        f"Règle en cause : {regle}.",
        admis="des verrous qui respectent ensemble toutes les règles",
        remede="lever ou réduire l'un de ces verrous, ou changer le réglage de la règle en cause",
    )
