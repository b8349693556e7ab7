"""From a problem to a plan with its proofs: pure, seeded, repeatable, stoppable.

Each objective is a stage, in the order of `modele.SOUPLES`, and keeps the values won before within
their tolerances. A stage works with three tools, each stopped by an amount of work and not by the
clock, so that the same problem and the same `duree_max_s` give the same plan on any machine:

- CP-SAT on the model of `modele`: proves small problems outright;
- a simulated annealing that moves sites between postes and shares each poste's half-days out
  exactly: finds fair plans fast, and the columns the next two start from;
- a decomposition by poste (column generation), whose dual values give a proven bound: choosing
  all the sites of one poste at a time is a much tighter relaxation than the model's own;
- the master of the decomposition in whole numbers (HiGHS) over the columns met: plans within 1 or
  2 % of the bound; over every column within a reduced cost of it (`reserve`): a better bound.

The clock is a safety net only; `Resultat.arret_par` tells when it, or the user, ended the
work, and then the promise of repeatability does not hold.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ortools.sat.python import cp_model

from pipelines.base.erreurs import AtlasError
from pipelines.planning import modele
from pipelines.planning.decomposition import ECHELLE_DUALE, Decomposition
from pipelines.planning.depart import completer, reparer, socle_des_verrous
from pipelines.planning.entiers import Assemblage, assembler_colonnes
from pipelines.planning.modele import NB_ADDITIFS, RANG_TRAJETS, SOUPLES, Index
from pipelines.planning.plafonds import Plafonds
from pipelines.planning.probleme import Presence, Probleme, ordonner
from pipelines.planning.quartiers import colonnes_du_quartier, quartiers
from pipelines.planning.recuit import Recuit
from pipelines.planning.reserve import en_colonnes, enumerer
from pipelines.planning.suivi import FILET_HIGHS, PARTS_DUREE, Avancement, Suivi
from pipelines.planning.tables import Colonne, Plan, colonnes_de

# Technical constants: none changes what a good plan is, only how the work is spent.
COUPLES_PETIT = 400  # admitted couples up to which CP-SAT is worth trying
PART_PROUVE = 0.6  # of a stage of a small problem, for CP-SAT; of the rest:
PART_BORNE = 0.4  # for the decomposition, which ends sooner once converged
PART_RECUIT = 0.4  # for the annealing
PART_RECUIT_EQUILIBRE = 1.0  # for the annealing of the last stage, which has nothing else
COLONNES_EXACTES = 2_000  # columns up to which the master in whole numbers is solved to the end;
# beyond, it stops at a gap well under what the later stages may give back:
PREUVES = (0.002, 0.0, 0.02)
# Work in one second of an ordinary 2-core office machine, measured on 125 sites × 45 postes.
TRAVAIL_CP_PAR_S = 0.4  # CP-SAT deterministic time, one worker
MOUVEMENTS_PAR_S = 30_000  # annealing moves
CASES_PAR_S = 250_000_000  # cells of the pricing tables, linear programmes included
QUARTIERS_PAR_S = 0.4  # neighbourhoods solved anew
NOEUDS_PAR_S = 80_000  # nodes of the master in whole numbers, times its columns
RANGEES_ORDINAIRES = 180  # postes and sites beyond which a node costs as their square
RANGEES_ASSEMBLEES = 400  # beyond which HiGHS finds no better first plan than a longer annealing
PROCHES_PAR_S = 400  # columns of the reserve: the nearest, to find plans,
RESERVE_PAR_S = 1_200  # then all those within a reduced cost, to prove


@dataclass(frozen=True)
class Etage:
    """One objective: its `valeur` in the plan returned, and the proven `borne` below any plan.

    `ecart` = (valeur − borne) / valeur, 0 to 1. `ecart_demi_journees` (shortage only): the same
    gap in half-days per cycle, at the average worth of one more half-day at a site that is short.
    `valeur_atteinte` is what the stage itself reached, of which later stages may have given back
    the tolerance; `statut` is « optimal » when that was proven the best. `arret_par`: what ended
    this stage, « preuve » first, in the words of `Resultat`.
    """

    code: str
    libelle: str
    statut: str
    valeur: int
    valeur_atteinte: int
    borne: int
    ecart: float
    ecart_demi_journees: float | None
    secondes: float
    arret_par: str


@dataclass(frozen=True)
class Resultat:
    """A plan the rules accept (sorted), its stages, and what ended the work.

    `arret_par`: « utilisateur » or « temps » (the clock) as soon as either cut the work, even
    of plans proven best: another run may give another plan. Else « preuve » (every stage proven
    best), « ecart » (the gap asked for was reached by the others), or « travail » (all the work
    allowed was spent).
    """

    plan: tuple[Presence, ...]
    etages: tuple[Etage, ...]
    statut: str
    arret_par: str


def resoudre(
    probleme: Probleme,
    *,
    duree_max_s: float,
    depart: list[Presence] | None = None,
    ecart_vise: float | None = None,
    progres: Callable[[Avancement], None] | None = None,
    arret: Callable[[], bool] | None = None,
    plafonds: Mapping[str, int] | None = None,
    couples_exacts: int = COUPLES_PETIT,
) -> Resultat:
    """The best plan found for `probleme` in about `duree_max_s` seconds of work.

    `depart`: a plan to start from (default: the present one), repaired when it breaks a rule.
    `ecart_vise`: each stage ends once its proven gap, 0 to 1, is at most that (default: all work).
    `progres` receives the advancement; `arret` is polled and ends the work within about a second
    when true, the best plan so far being kept. `plafonds`: the most some objectives may be worth
    (by code), from the first stage on. `couples_exacts`: up to how many admitted couples (poste,
    site) CP-SAT is tried before the decomposition. Raises AtlasError (French) when the locks clash
    with the rules or between themselves, when the duration is not positive, or when neither
    `depart` nor the present plan, repaired, keeps the caps.
    """
    if not duree_max_s > 0:
        raise AtlasError(
            f"Durée de calcul de {duree_max_s} s.",
            admis="une durée strictement positive, en secondes",
            remede="donner par exemple 60",
        )
    if ecart_vise is not None and not 0 <= ecart_vise < 1:
        raise AtlasError(
            f"Écart visé de {ecart_vise}.",
            admis="une part de 0 à 1, par exemple 0,01 pour 1\u202f%",
            remede="donner un nombre entre 0 et 1, ou ne rien donner",
        )
    index = Index.de(ordonner(probleme))
    suivi = Suivi(duree_max_s, progres, arret)
    socle = socle_des_verrous(index)
    presences = index.probleme.presences_actuelles if depart is None else tuple(depart)
    repare = reparer(index, socle, presences)
    glouton = completer(index, repare)
    plan = min((repare, glouton), key=lambda essai: SOUPLES[0].valeur(index, essai))
    imposes = Plafonds(index, plafonds or {})
    if plafonds:
        actuel = reparer(index, socle, index.probleme.presences_actuelles)
        plan = imposes.depart((plan, repare, actuel))

    etapes: list[tuple[int, int, float, str]] = []
    gardes: list[int] = []
    colonnes: set[Colonne] = set()
    prix_manque, borne_trajets = None, 0
    tolerances = (
        index.probleme.reglages.tolerance_manque,
        index.probleme.reglages.tolerance_changements,
        index.probleme.reglages.tolerance_trajets,
    )
    for rang, objectif in enumerate(SOUPLES):
        debut = time.monotonic()
        suivi.commencer(rang)
        caps = imposes.a_l_etage(gardes)
        duree_s = duree_max_s * PARTS_DUREE[rang]
        etape = _Etape(index, rang, caps, suivi, duree_s, ecart_vise, couples_exacts)
        etape.prix_manque, etape.borne_trajets = prix_manque, borne_trajets
        plan, borne = etape.resoudre(plan, colonnes)
        prix_manque = etape.prix_manque
        if rang == RANG_TRAJETS:
            borne_trajets = borne
        atteinte = objectif.valeur(index, plan)
        fin = _fin(atteinte, borne, ecart_vise, suivi)
        etapes.append((atteinte, borne, time.monotonic() - debut, fin))
        if rang < len(tolerances):
            gardes.append(plafond_garde(atteinte, tolerances[rang]))
    etages = tuple(_etage(index, plan, rang, *etape) for rang, etape in enumerate(etapes))
    prouve = all(etage.statut == "optimal" for etage in etages)
    return Resultat(
        plan=_presences(index, plan),
        etages=etages,
        statut="optimal" if prouve else "realisable",
        arret_par=suivi.cause_du_tout or _fin_de_toutes(etages),
    )


def _fin(atteinte: int, borne: int, ecart_vise: float | None, suivi: Suivi) -> str:
    """What ended a stage that reached `atteinte` over `borne`."""
    if atteinte == borne:
        return "preuve"
    if ecart_vise is not None and _atteint(atteinte, borne, ecart_vise):
        return "ecart"
    return suivi.cause or "travail"


def _fin_de_toutes(etages: tuple[Etage, ...]) -> str:
    """The weakest of what ended the stages: « preuve », else « ecart », else « travail »."""
    fins = {etage.arret_par for etage in etages}
    return next((fin for fin in ("travail", "ecart") if fin in fins), "preuve")


def _atteint(valeur: int, borne: int, ecart: float) -> bool:
    return valeur - borne <= ecart * valeur


def _etage(
    index: Index, plan: Plan, rang: int, atteinte: int, borne: int, secondes: float, fin: str
) -> Etage:
    """The account of a stage, measured on the plan returned and not on the one it left."""
    objectif = SOUPLES[rang]
    valeur = objectif.valeur(index, plan)
    return Etage(
        code=objectif.code,
        libelle=objectif.libelle,
        statut="optimal" if atteinte == borne else "realisable",
        valeur=valeur,
        valeur_atteinte=atteinte,
        borne=borne,
        ecart=(valeur - borne) / valeur if valeur else 0.0,
        ecart_demi_journees=_en_demi_journees(index, plan, valeur - borne) if rang == 0 else None,
        secondes=secondes,
        arret_par=fin,
    )


def _rangees(dec: Decomposition) -> int:
    """Postes and sites: the rows of the master."""
    return len(dec.t.capacite) + len(dec.t.cout)


def plafond_garde(valeur: int, tolerance: float) -> int:
    """The most a later stage may leave of a value won: floor(valeur × (1 + tolerance)), exact."""
    return valeur + math.floor(valeur * Fraction(str(tolerance)))


def _presences(index: Index, plan: Plan) -> tuple[Presence, ...]:
    postes, sites = index.probleme.postes, index.probleme.sites
    return tuple(
        sorted(
            Presence(postes[p].poste_id, sites[s].site_id, presence)
            for (p, s), presence in plan.items()
        )
    )


def _en_demi_journees(index: Index, plan: Plan, ecart: int) -> float | None:
    """`ecart` divided by the mean cost one more half-day would save at a site that is short."""
    couverture = [0] * len(index.probleme.sites)
    for (_, s), presence in plan.items():
        couverture[s] += presence
    reglages = index.probleme.reglages
    gains = [
        modele.cout_manque(site, reglages, couverture[s])
        - modele.cout_manque(site, reglages, couverture[s] + 1)
        for s, site in enumerate(index.probleme.sites)
        if couverture[s] < site.besoin
    ]
    if ecart == 0 or not sum(gains):
        return 0.0
    return ecart * len(gains) / sum(gains)


class _Etape:
    """One objective to improve and to bound, the values won before being capped."""

    def __init__(
        self,
        index: Index,
        rang: int,
        plafonds: tuple[int, ...],
        suivi: Suivi,
        duree_s: float,
        ecart_vise: float | None,
        couples_exacts: int,
    ) -> None:
        self.index, self.rang, self.plafonds = index, rang, plafonds
        self.suivi, self.duree_s, self.ecart_vise = suivi, duree_s, ecart_vise
        self.couples_exacts = couples_exacts
        self.objectif = SOUPLES[rang]
        self.borne = 0
        self.borne_trajets = 0
        self.prix_manque: float | None = None

    def resoudre(self, plan: Plan, colonnes: set[Colonne]) -> tuple[Plan, int]:
        """The best plan found from `plan` and the proven bound; feeds `colonnes` for later."""
        if self.rang >= NB_ADDITIFS:
            self.borne = self._borne_equilibre()
        est_petit = len(modele.couples_admis(self.index)) <= self.couples_exacts
        if est_petit and not self.termine(plan):
            plan = self._cp_sat(plan)
            self.duree_s *= 1 - PART_PROUVE
        if not self.termine(plan):
            if self.rang < NB_ADDITIFS:
                plan = self._par_colonnes(plan, colonnes)
            else:
                plan = self._recuit(plan, colonnes, PART_RECUIT_EQUILIBRE)
        self._dire(1.0, plan, "étage terminé")
        return plan, self.borne

    def _par_colonnes(self, plan: Plan, colonnes: set[Colonne]) -> Plan:
        """The annealing, the decomposition, then the master in whole numbers on their columns."""
        dec = Decomposition(self.index, self.rang, self.plafonds)
        if self.rang == 0:
            # No good columns yet: the annealing finds them, the bound then starts close.
            plan = self._recuit(plan, colonnes, PART_RECUIT)
        self._borner(dec, plan, colonnes)
        self.prix_manque = dec.prix_manque
        if self.rang > 0 and not self.termine(plan):
            plan = self._recuit(plan, colonnes, PART_RECUIT)
        if dec.duales is not None and not self.termine(plan):
            if self.rang > 0 or _rangees(dec) <= RANGEES_ASSEMBLEES:
                plan = self._assembler(dec, plan, colonnes, 0.0)[0]
            plan = self._par_quartiers(dec, plan, colonnes)
            plan = self._prouver(dec, plan, colonnes)
        return plan

    def _assez(self, valeur: int) -> bool:
        """True when the gap is too small to spend more on, or the work must end."""
        assez = max(PREUVES[self.rang], self.ecart_vise or 0.0)
        return _atteint(valeur, self.borne, assez) or self.suivi.fini()

    def termine(self, plan: Plan) -> bool:
        """True when the plan is proven best, or near enough, or the work must end."""
        valeur = self.objectif.valeur(self.index, plan)
        return _atteint(valeur, self.borne, self.ecart_vise or 0.0) or self.suivi.fini()

    def _dire(self, part: float, plan: Plan, message: str) -> None:
        valeur = self.objectif.valeur(self.index, plan)
        self.suivi.annoncer(
            self.rang, part, valeur, self.borne, f"{self.objectif.libelle} : {message}"
        )

    def _cp_sat(self, plan: Plan) -> Plan:
        self._dire(0.0, plan, "résolution exacte")
        f = modele.formuler(self.index)
        for autre, plafond in zip(SOUPLES, self.plafonds, strict=False):
            f.cp.add(autre.expression(f) <= plafond)
        f.cp.minimize(self.objectif.expression(f))
        for couple, x in f.x.items():
            f.cp.add_hint(x, plan.get(couple, 0))
            f.cp.add_hint(f.y[couple], couple in plan)
        cp_solveur = cp_model.CpSolver()
        # One worker is repeatable by construction, whatever the cores.
        cp_solveur.parameters.num_workers = 1
        cp_solveur.parameters.catch_sigint_signal = False  # the user's stop comes by `arret`
        cp_solveur.parameters.random_seed = self.index.probleme.graine
        cp_solveur.parameters.max_deterministic_time = self.duree_s * PART_PROUVE * TRAVAIL_CP_PAR_S
        cp_solveur.parameters.relative_gap_limit = self.ecart_vise or 0.0
        with self.suivi.veiller(cp_solveur):
            statut = cp_solveur.solve(f.cp)
        self.suivi.fini()
        if statut not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return plan
        self.borne = max(self.borne, math.ceil(cp_solveur.best_objective_bound - 1e-6))
        trouve = {c: cp_solveur.value(x) for c, x in f.x.items() if cp_solveur.value(x)}
        return min((plan, trouve), key=lambda essai: self.objectif.valeur(self.index, essai))

    def _recuit(self, plan: Plan, colonnes: set[Colonne], part: float) -> Plan:
        self._dire(0.0 if self.rang in (0, NB_ADDITIFS) else PART_BORNE, plan, "recherche de plans")
        recuit = Recuit(self.index, self.rang, self.plafonds, self.prix_manque)
        mouvements = max(1, round(self.duree_s * part * MOUVEMENTS_PAR_S))
        debut = 0.0 if self.rang in (0, NB_ADDITIFS) else PART_BORNE

        def dire(avance: float, meilleur: Plan) -> bool:
            self._dire(debut + part * avance, meilleur, "recherche de plans")
            return self.suivi.fini()

        plan, vues = recuit.chercher(plan, mouvements, dire)
        colonnes.update(vues)
        return plan

    def _borner(self, dec: Decomposition, plan: Plan, colonnes: set[Colonne]) -> None:
        self._dire(PART_RECUIT if self.rang == 0 else 0.0, plan, "calcul de la borne")
        tours = max(1, round(self.duree_s * PART_BORNE * CASES_PAR_S / dec.nb_cases))
        valeur = self.objectif.valeur(self.index, plan)
        self.borne = max(
            self.borne, dec.borner(valeur, colonnes_de(plan), colonnes, tours, self.suivi.fini)
        )

    def _par_quartiers(self, dec: Decomposition, plan: Plan, colonnes: set[Colonne]) -> Plan:
        """Plans that neighbouring postes make together, one neighbourhood after the other."""
        nombre = round(self.duree_s * QUARTIERS_PAR_S) if self.rang > 0 else 0
        for postes in quartiers(dec, plan, nombre, self.index.probleme.graine + self.rang):
            valeur = self.objectif.valeur(self.index, plan)
            if self._assez(valeur):
                break
            ecart = math.ceil((valeur - dec.borne_exacte) * ECHELLE_DUALE)
            locales = colonnes_du_quartier(dec, dec.duales, plan, postes, ecart)
            plan = self._assembler(dec, plan, locales, 0.0)[0]
            colonnes.update(colonnes_de(plan))
        return plan

    def _prouver(self, dec: Decomposition, plan: Plan, colonnes: set[Colonne]) -> Plan:
        """Plans from the columns nearest to the bound, then from all those a better plan may use.

        A plan made of other columns costs at least `plafond`: the bound rises no further.
        """
        avant = None
        for par_seconde in (PROCHES_PAR_S, RESERVE_PAR_S, RESERVE_PAR_S):
            valeur = self.objectif.valeur(self.index, plan)
            # the second look at the reserve is worth it only for a plan the first one found
            if self._assez(valeur) or (par_seconde == RESERVE_PAR_S and valeur == avant):
                break
            avant = valeur if par_seconde == RESERVE_PAR_S else None
            ecart = math.ceil((valeur - dec.borne_exacte) * ECHELLE_DUALE)
            reserve = enumerer(dec, dec.duales, ecart, round(self.duree_s * par_seconde))
            plafond = math.ceil(dec.borne_exacte + Fraction(reserve.portee, ECHELLE_DUALE))
            vain = max(0.0, (valeur - plafond) / valeur)
            plan, trouve = self._assembler(
                dec, plan, colonnes | set(en_colonnes(dec, reserve)), vain
            )
            if trouve is not None:
                valeur = self.objectif.valeur(self.index, plan)
                self.borne = max(self.borne, min(trouve.borne, plafond, valeur))
        return plan

    def _assembler(
        self, dec: Decomposition, plan: Plan, colonnes: set[Colonne], part_ecart: float
    ) -> tuple[Plan, Assemblage | None]:
        """The best plan `colonnes` make, or `plan`; and what the master in whole numbers said."""
        self._dire(PART_BORNE + PART_RECUIT, plan, "assemblage de secteurs")
        assez = PREUVES[self.rang] if len(colonnes) > COLONNES_EXACTES else 0.0
        servis = {p for p, _ in plan}
        depart = {
            *colonnes_de(plan),
            *((p, ()) for p in range(len(dec.t.capacite)) if p not in servis),
        }
        trouve = assembler_colonnes(
            dec,
            colonnes | depart,
            depart,
            dec.duales,
            math.ceil((self.objectif.valeur(self.index, plan) - dec.borne_exacte) * ECHELLE_DUALE),
            noeuds_max=self._noeuds_max(dec, len(colonnes)),
            part_ecart=max(part_ecart, assez, self.ecart_vise or 0.0),
            secondes_max=self.suivi.reste_s() * FILET_HIGHS,
            fini=self.suivi.fini,
        )
        if trouve is None:
            self.suivi.couper()
        if trouve is None or trouve.plan is None:
            return plan, trouve
        valeurs = [objectif.valeur(self.index, trouve.plan) for objectif in SOUPLES]
        tient = all(v <= cap for v, cap in zip(valeurs, self.plafonds, strict=False))
        if tient and valeurs[self.rang] < self.objectif.valeur(self.index, plan):
            return trouve.plan, trouve
        return plan, trouve

    def _noeuds_max(self, dec: Decomposition, nb_colonnes: int) -> int:
        """Nodes allowed to the master: each costs its columns, and more where it has more rows."""
        ampleur = max(1.0, _rangees(dec) / RANGEES_ORDINAIRES) ** 2
        return max(1, round(self.duree_s * NOEUDS_PAR_S / (ampleur * max(1, nb_colonnes))))

    def _borne_equilibre(self) -> int:
        """No plan is more even than its travel shared in proportion of the capacities.

        Cauchy-Schwarz: with B below the travel of every plan, sum of e² >= B² / sum of capacite².
        """
        carres = sum(poste.capacite**2 for poste in self.index.probleme.postes)
        return -(-(self.borne_trajets**2) // carres) if carres else 0
