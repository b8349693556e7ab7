"""The reader who wants the time of a poste: what he derives of it from a dossier for an instance.

He has the links of today and of the plan, each by its rhythm; which of them grow, shrink or stay;
the rhythm of each site, and its besoin, that no plan exceeds; the exact presences of groups of
sites, before, after, gained; and the ETP of all postes together, with how many they are. A poste
has the time that its links add up to at least, today as in the plan, and no more of the time left
than all have together; it lacks no more of full time than all of them do. The range of that time is
a few linear programmes a sector (HiGHS). A sector that the plan empties is read from its links of
today. Ends are rounded inwards; the tables met on the way serve for all sectors.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ortools.math_opt.python import mathopt
from ortools.math_opt.solvers import highs_pb2

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre, pluriel

TOLERANCE = 1e-6
MONTRES = 5
PAQUETS = (16, 4, 1)
"""Sectors moved together: a table that moves many spares as many programmes."""
Bornes = tuple[int, int]
"""Half-days per cycle, lowest and highest."""


@dataclass(frozen=True)
class LienPublie:
    """A link of a sector and a site: what its rhythm leaves open, before and after, and which way
    it goes (1 more, −1 less, 0 the same).
    """

    secteur: str
    site: str
    avant: Bornes
    apres: Bornes
    sens: int


@dataclass(frozen=True)
class SitePublie:
    """A site: the same over all its sectors; `apres` ends at its besoin when no plan exceeds it.

    `ecart`: what a rule told of all sites leaves open of the change.
    """

    site: str
    avant: Bornes
    apres: Bornes
    sens: int
    ecart: tuple[float, float] = (-math.inf, math.inf)


@dataclass(frozen=True)
class GroupePublie:
    """Sites whose presences are told together: what is told of them before, after, and of what
    those that gain do.
    """

    sites: frozenset[str]
    avant: Bornes
    apres: Bornes
    gains: Bornes


@dataclass(frozen=True)
class Publication:
    """All that a dossier says of presences.

    `temps_plein`: half-days of a full-time poste. `temps_en_tout`: the most that all postes
    together may give, as their ETP tell it. `manque_au_plus`: the most that one poste may lack of a
    full-time one, as the count of postes and their ETP tell it. `hors_du_compte`: sectors whose
    postes are not among those counted. `connus`: sector → the range of its time that another table
    tells.
    """

    liens: tuple[LienPublie, ...]
    sites: tuple[SitePublie, ...]
    groupes: tuple[GroupePublie, ...]
    temps_plein: int
    temps_en_tout: float
    manque_au_plus: float = math.inf
    hors_du_compte: frozenset[str] = frozenset()
    connus: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class TempsPossible:
    """The time a sector's poste may have, half-days per cycle."""

    secteur: str
    bas: float
    haut: float


class TempsRetrouvable(AtlasError):  # noqa: N818
    """The time of a poste can be told from what is published; nothing must go out."""

    def __init__(self, trouves: Sequence[TempsPossible], largeur: float, temps_plein: int) -> None:
        self.trouves = tuple(trouves)
        dits = [
            f"{t.secteur} (de {nombre(t.bas / temps_plein, 2)} à "
            f"{nombre(t.haut / temps_plein, 2)} ETP)"
            for t in self.trouves[:MONTRES]
        ]
        super().__init__(
            f"Le temps de {pluriel(len(self.trouves), 'poste')} se devine en lisant ensemble les "
            f"tableaux du dossier : {enumeration(dits)}.",
            admis=f"un intervalle d'au moins {nombre(largeur, 2)} ETP pour chaque secteur",
            remede="donner la version nominative à ceux qui peuvent la lire ; à une instance, les "
            "pièces qui ne nomment pas les secteurs",
        )


def etroits(publication: Publication, largeur_etp: float) -> list[TempsPossible]:
    """The ranges narrower than `largeur_etp`: nothing must go out while there is one."""
    largeur = largeur_etp * publication.temps_plein
    trouves = attaquer(publication, largeur_etp)
    return [t for t in trouves if t.haut - t.bas < largeur - TOLERANCE]


def attaquer(publication: Publication, largeur_etp: float = math.inf) -> list[TempsPossible]:
    """The range of the time of each poste that serves a site, today or in the plan, by sector.

    Where it is seen to be at least `largeur_etp` wide, it may be wider still: no more is looked
    for.
    """
    return _Lecteur(publication).temps(largeur_etp * publication.temps_plein)


class _Lecteur:
    """The unknown half-days of each link, and the tables that could be the true one."""

    def __init__(self, publication: Publication) -> None:
        self.publication = publication
        self.modele = mathopt.Model()
        self.avant = [self._inconnue(x.avant) for x in publication.liens]
        self.apres = [self._inconnue(x.apres) for x in publication.liens]
        self.du_site = _rangs((x.site, r) for r, x in enumerate(publication.liens))
        self.du_secteur = _rangs(
            (x.secteur, r)
            for r, x in enumerate(publication.liens)
            if x.avant[1] > 0 or x.apres[1] > 0
        )
        self.d_avant = _rangs(
            (x.secteur, r) for r, x in enumerate(publication.liens) if x.avant[1] > 0
        )
        self._contraindre()
        options = highs_pb2.HighsOptionsProto()
        options.string_options["parallel"] = "off"
        self.parametres = mathopt.SolveParameters(highs=options)
        self.resolveur = mathopt.IncrementalSolver(self.modele, mathopt.SolverType.HIGHS)
        donnees = max((g.apres[0] for g in publication.groupes), default=0)
        self.libre = max(0.0, publication.temps_en_tout - donnees)
        self.vus: dict[str, tuple[float, float, float]] = {}

    def _inconnue(self, bornes: Bornes) -> mathopt.Variable:
        return self.modele.add_variable(lb=bornes[0], ub=bornes[1])

    def _contraindre(self) -> None:
        p, poser = self.publication, self.modele.add_linear_constraint
        for x, a, b in zip(p.liens, self.avant, self.apres, strict=True):
            self._orienter(x.sens, b - a)
        for site in p.sites:
            a, b = self._du_site(self.avant, site.site), self._du_site(self.apres, site.site)
            self._borner(a, site.avant)
            self._borner(b, site.apres)
            self._orienter(site.sens, b - a)
            if any(map(math.isfinite, site.ecart)):
                self._borner(b - a, site.ecart)
        gagnants = {s.site for s in p.sites if s.sens > 0}
        for groupe in p.groupes:
            siens = sorted(groupe.sites)
            a = mathopt.fast_sum([self._du_site(self.avant, s) for s in siens])
            b = mathopt.fast_sum([self._du_site(self.apres, s) for s in siens])
            self._borner(a, groupe.avant)
            self._borner(b, groupe.apres)
            plus = [s for s in siens if s in gagnants]
            monte = [self._du_site(self.apres, s) - self._du_site(self.avant, s) for s in plus]
            if monte:
                self._borner(mathopt.fast_sum(monte), groupe.gains)
        for rangs in self.du_secteur.values():
            poser(mathopt.fast_sum([self.apres[r] for r in rangs]) <= p.temps_plein)

    def _du_site(self, inconnues: Sequence[mathopt.Variable], site: str) -> mathopt.LinearSum:
        return mathopt.fast_sum([inconnues[r] for r in self.du_site.get(site, [])])

    def _borner(self, somme: mathopt.LinearBase, bornes: tuple[float, float]) -> None:
        self.modele.add_linear_constraint(bornes[0] <= (somme <= bornes[1]))

    def _orienter(self, sens: int, ecart: mathopt.LinearBase) -> None:
        if sens > 0:
            self.modele.add_linear_constraint(ecart >= 1)
        elif sens < 0:
            self.modele.add_linear_constraint(ecart <= -1)
        else:
            self.modele.add_linear_constraint(ecart == 0)

    def temps(self, largeur: float) -> list[TempsPossible]:
        """The least of the plan, the least of today, then the most of the plan: several sectors at
        a time, then alone those not yet seen wide enough.
        """
        passes = ((self.apres, self.du_secteur, -1), (self.avant, self.d_avant, -1))
        for taille in PAQUETS if math.isfinite(largeur) else (1,):
            for inconnues, rangs, sens in (*passes, (self.apres, self.du_secteur, 1)):
                etroits = [s for s in rangs if self._largeur(s) < largeur]
                for debut in range(0, len(etroits), taille):
                    paquet = etroits[debut : debut + taille]
                    self._chercher([sens * inconnues[r] for s in paquet for r in rangs[s]])
        return [TempsPossible(s, *self._temps(s)) for s in sorted(self.du_secteur)]

    def _temps(self, secteur: str) -> tuple[float, float]:
        p, plein = self.publication, float(self.publication.temps_plein)
        bas, haut, d_avant = self.vus[secteur]
        bas = float(math.ceil(max(bas, d_avant) - TOLERANCE))
        connu = p.connus.get(secteur, (0.0, plein))
        if secteur in p.hors_du_compte:
            return max(bas, connu[0]), min(plein, connu[1])
        haut = min(plein, math.floor(haut + TOLERANCE) + self.libre, connu[1])
        return max(bas, plein - p.manque_au_plus, connu[0]), haut

    def _largeur(self, secteur: str) -> float:
        if secteur not in self.vus:
            return -math.inf
        bas, haut = self._temps(secteur)
        return haut - bas

    def _chercher(self, termes: Sequence[mathopt.LinearBase]) -> None:
        """The table that goes furthest that way; what it gives every sector is kept."""
        self.modele.maximize(mathopt.fast_sum(termes))
        resultat = self.resolveur.solve(params=self.parametres)
        if resultat.termination.reason != mathopt.TerminationReason.OPTIMAL:
            raise AtlasError(
                "Les présences à publier se contredisent : aucun plan n'a ces totaux.",
                admis="des totaux égaux à la somme de leurs parties",
                remede="refaire le dossier ; si cela revient, c'est un défaut d'Atlas",
            )
        valeurs = resultat.variable_values()
        for secteur, rangs in self.du_secteur.items():
            donne = sum(valeurs[self.apres[r]] for r in rangs)
            donnait = sum(valeurs[self.avant[r]] for r in self.d_avant.get(secteur, []))
            bas, haut, d_avant = self.vus.get(secteur, (donne, donne, donnait))
            self.vus[secteur] = min(bas, donne), max(haut, donne), min(d_avant, donnait)


def _rangs(paires: Iterable[tuple[str, int]]) -> dict[str, list[int]]:
    groupes: dict[str, list[int]] = {}
    for nom, rang in paires:
        groupes.setdefault(nom, []).append(rang)
    return groupes
