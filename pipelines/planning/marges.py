"""What half a post more or less is worth, in each bassin, and along a curve for the département.

In a bassin, each try is an exact search among a few free postes, before and after the change of
means on the same postes: what these postes could have won without it is not counted. The curve
solves the whole département at each half-post, starting from the neighbour's plan. A plan for less
means is a plan for more, and a bound proven for more holds for less: values and bounds can't rise
with the means, whatever the search finds.
"""

import functools
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

from pipelines.planning import moyens
from pipelines.planning.modele import SOUPLES
from pipelines.planning.point import Point, accorder_bornes, resoudre_depuis
from pipelines.planning.portee import a_portee
from pipelines.planning.probleme import Presence, Probleme
from pipelines.planning.suivi import Avancement
from pipelines.planning.voisinage import Effet, Mouvement, Trouve, Voisinage

PLUS, MOINS = "plus", "moins"


@dataclass(frozen=True)
class Limites:
    """How far the tries go; values come from `data/reference/marges.toml`."""

    pas_etp: float
    etendue_etp: float
    residences_essayees: int
    retraits_essayes: int
    postes_par_voisinage: int
    duree_resolution_s: float


@dataclass(frozen=True)
class Essai:
    """Half a post tried at one place: a résidence (site) when more, a poste when less.

    `gain`: fall of the first objective that the means alone bring (negative when less).
    `effets`, `mouvements`: the plan found beside the proposal's. `est_exact`: both searches were
    proven. `est_estime`: travel from that résidence was estimated as the crow flies.
    """

    sens: str
    lieu: str
    gain: int
    effets: tuple[Effet, ...]
    mouvements: tuple[Mouvement, ...]
    est_exact: bool
    est_estime: bool


@dataclass(frozen=True)
class Marge:
    """Half a post more and less in one bassin (None: the whole département).

    `plus`, `moins`: the best try of each, None when none could be made. `residences`, `postes`:
    everything tried; `nb_reductibles`: postes with half a post to give, each tried alone first.
    """

    bassin: str | None
    nb_postes: int
    nb_sites: int
    plus: Essai | None
    moins: Essai | None
    residences: tuple[str, ...]
    postes: tuple[str, ...]
    nb_reductibles: int


@dataclass(frozen=True, kw_only=True)
class Pas(Point):
    """One point of the curve: `etp` more (or less) than the proposal's.

    `lieu`: where this half-post is added (site) or taken (poste); None at 0.
    """

    etp: float
    lieu: str | None


class _Guet:
    """The tries of one step: the user's stop, remembered, and the share done, told at each.

    `dire` receives the number of this try and how many there are in the step.
    """

    def __init__(
        self,
        arret: Callable[[], bool] | None = None,
        dire: Callable[[int, int], None] | None = None,
    ) -> None:
        self.arret, self.dire = arret, dire
        self.est_arrete = False
        self.faits = self.prevus = 0

    def fini(self) -> bool:
        """Whether the user has asked to stop."""
        self.est_arrete = self.est_arrete or (self.arret is not None and self.arret())
        return self.est_arrete

    def essayer(self) -> bool:
        """Announce one more try; False when there must be none."""
        if self.fini():
            return False
        self.faits += 1
        if self.dire is not None:
            self.dire(self.faits, max(self.faits, self.prevus))
        return True


def bassins(probleme: Probleme) -> list[str | None]:
    """The bassins of the sites, sorted; [None] (the whole département) when none is known."""
    connus = sorted({site.bassin for site in probleme.sites if site.bassin is not None})
    return list(connus) or [None]


def marges(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    limites: Limites,
    arret: Callable[[], bool] = lambda: False,
    progres: Callable[[int, int, int], None] | None = None,
) -> Iterator[Marge]:
    """The worth of half a post in each bassin, in their order.

    Ends on `arret`, read before each try: a bassin cut short is not given. `progres` receives the
    rank of the bassin, the number of the try and how many there are in the bassin.
    """
    for rang, bassin in enumerate(bassins(probleme)):
        dire = None if progres is None else functools.partial(progres, rang)
        trouvee = marge(probleme, plan, limites, bassin, arret, dire)
        if trouvee is None:
            return
        yield trouvee


def marge(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    limites: Limites,
    bassin: str | None,
    arret: Callable[[], bool] | None = None,
    dire: Callable[[int, int], None] | None = None,
) -> Marge | None:
    """The worth of half a post more and less in one bassin (None: everywhere).

    None when `arret`, read before each try, ended the search; `dire` receives the number of each
    try and how many there are.
    """
    guet = _Guet(arret, dire)
    if guet.fini():
        return None
    v = Voisinage(probleme, plan)
    sites = [s for s, x in enumerate(probleme.sites) if bassin in (None, x.bassin)]
    postes = [p for p, x in enumerate(probleme.postes) if bassin in (None, x.bassin)]
    nb_reductibles = len(moyens.reductibles(probleme, limites.pas_etp, postes))
    guet.prevus = len(
        moyens.residences(v, sites, limites.pas_etp, limites.residences_essayees)
    ) + _nb_retraits(nb_reductibles, limites)
    plus = _ajouts(v, sites, limites, guet)
    moins, reductibles = _retraits(v, postes, limites, guet)
    if guet.est_arrete:
        return None
    return Marge(
        bassin=bassin,
        nb_postes=len(postes),
        nb_sites=len(sites),
        plus=max(plus, key=lambda e: e.gain, default=None),
        moins=max(moins, key=lambda e: e.gain, default=None),
        residences=tuple(e.lieu for e in plus),
        postes=tuple(e.lieu for e in moins),
        nb_reductibles=reductibles,
    )


def _nb_retraits(reductibles: int, limites: Limites) -> int:
    """How many tries of half a post less: each poste alone, then the least costly again."""
    return reductibles + min(reductibles, limites.retraits_essayes)


def _ajouts(v: Voisinage, sites: Collection[int], limites: Limites, guet: _Guet) -> list[Essai]:
    """Half a post more at each of the sites most short, the most useful postes around it free."""
    probleme, essais = v.index.probleme, []
    for s in moyens.residences(v, sites, limites.pas_etp, limites.residences_essayees):
        if not guet.essayer():
            break
        residence = probleme.sites[s]
        plus = moyens.ajouter(probleme, residence, limites.pas_etp)
        nouveau = len(probleme.postes)
        w = Voisinage(plus, v.presences)
        autour = [t for t in range(len(probleme.sites)) if (nouveau, t) in w.admis]
        voisins = a_portee(v, autour)[: limites.postes_par_voisinage - 1]
        avant, apres = v.optimum(voisins), w.optimum((*voisins, nouveau))
        if avant is None or apres is None:
            continue
        estime = moyens.trajets_depuis(probleme, residence).est_estime
        essais.append(_essai(PLUS, residence.site_id, v, w, avant, apres, est_estime=estime))
    return essais


def _retraits(
    v: Voisinage, postes: Collection[int], limites: Limites, guet: _Guet
) -> tuple[list[Essai], int]:
    """Half a post less where it costs least, and how many postes have that to give.

    Every poste is tried alone first; the least costly are tried again with postes around free.
    """
    probleme, seuls = v.index.probleme, []
    for p in moyens.reductibles(probleme, limites.pas_etp, postes):
        if not guet.essayer():
            break
        w = _reduit(v, p, limites.pas_etp)
        avant, apres = v.optimum({p}), w.optimum({p})
        if avant is not None and apres is not None:
            essai = _essai(MOINS, probleme.postes[p].poste_id, v, w, avant, apres)
            seuls.append((-essai.gain, p))
    essais = []
    for _, p in sorted(seuls)[: limites.retraits_essayes]:
        if not guet.essayer():
            break
        w = _reduit(v, p, limites.pas_etp)
        voisins = a_portee(v, v.du_poste[p], {p})[: limites.postes_par_voisinage - 1]
        avant, apres = v.optimum((p, *voisins)), w.optimum((p, *voisins))
        if avant is not None and apres is not None:
            essais.append(_essai(MOINS, probleme.postes[p].poste_id, v, w, avant, apres))
    return essais, len(seuls)


def _reduit(v: Voisinage, p: int, etp: float) -> Voisinage:
    """The plan less what poste `p` gives in it, with `etp` less for that poste."""
    poste_id = v.index.probleme.postes[p].poste_id
    reste = tuple(x for x in v.presences if x.poste_id != poste_id)
    return Voisinage(moyens.retirer(v.index.probleme, p, etp), reste)


def courbe(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    limites: Limites,
    *,
    progres: Callable[[int, Avancement], None] | None = None,
    arret: Callable[[], bool] | None = None,
    fait: Callable[[tuple[Pas, ...]], None] | None = None,
) -> tuple[Pas, ...]:
    """Points from the least means to the most, the proposal's own at 0; less when `arret` ends it.

    Means are nested: each half-post is added where the last plan is most short, or taken where it
    costs least. `progres` receives the rank of the solve and its advancement, before it that of the
    search for its place; `arret` is read before each try. `fait` receives the points so
    far. Fewer points on the side of less means when no poste has half a post left to give.
    """
    travail = _Courbe(probleme, plan, limites, progres, arret)
    points = [travail.point(0.0, None, probleme, plan)]
    nombre = round(limites.etendue_etp / limites.pas_etp)
    for sens in (PLUS, MOINS):
        courant, problemes = points[0] if sens == PLUS else _zero(points), probleme
        for rang in range(1, nombre + 1):
            if arret is not None and arret():
                break
            suite = _suivant(problemes, courant.plan, limites, sens, travail.guet())
            if suite is None:
                break
            lieu, problemes, depart = suite
            etp = rang * limites.pas_etp * (1 if sens == PLUS else -1)
            courant = travail.point(etp, lieu, problemes, depart)
            points = [*points, courant] if sens == PLUS else [courant, *points]
            if fait is not None:
                fait(travail.accorder(points))
    return travail.accorder(points)


def _zero(points: list[Pas]) -> Pas:
    return next(p for p in points if p.lieu is None)


def _suivant(
    probleme: Probleme,
    plan: tuple[Presence, ...],
    limites: Limites,
    sens: str,
    guet: _Guet,
) -> tuple[str, Probleme, tuple[Presence, ...]] | None:
    """The next half-post of the curve: its place, the problem with it, a plan to start from.

    None when there is none left, or when the user has ended the search.
    """
    v = Voisinage(probleme, plan)
    if sens == PLUS:
        guet.prevus = limites.residences_essayees
        essais = _ajouts(v, range(len(probleme.sites)), limites, guet)
    else:
        tous = range(len(probleme.postes))
        reductibles = moyens.reductibles(probleme, limites.pas_etp, tous)
        guet.prevus = _nb_retraits(len(reductibles), limites)
        essais, _ = _retraits(v, tous, limites, guet)
    if guet.est_arrete or not essais:
        return None
    choisi = max(essais, key=lambda e: e.gain)
    if sens == PLUS:
        site = probleme.sites[v.index.rang_site[choisi.lieu]]
        suivant = moyens.ajouter(probleme, site, limites.pas_etp)
    else:
        suivant = moyens.retirer(probleme, v.index.rang_poste[choisi.lieu], limites.pas_etp)
    changes = {(m.poste_id, m.site_id): m.apres for m in choisi.mouvements}
    presences = {(x.poste_id, x.site_id): x.demi_journees_cycle for x in plan} | changes
    depart = tuple(sorted(Presence(*couple, n) for couple, n in presences.items() if n))
    return choisi.lieu, suivant, depart


class _Courbe:
    """The solves of a curve, one after the other, all against the proposal's plan."""

    def __init__(
        self,
        probleme: Probleme,
        plan: tuple[Presence, ...],
        limites: Limites,
        progres: Callable[[int, Avancement], None] | None,
        arret: Callable[[], bool] | None,
    ) -> None:
        self.limites, self.progres, self.arret = limites, progres, arret
        self.reference = Voisinage(probleme, plan)
        self.problemes: dict[float, Probleme] = {}
        self.nombre = 0
        self.debut = time.monotonic()

    def guet(self) -> _Guet:
        """What watches over the search for the place of the next point."""
        return _Guet(self.arret, None if self.progres is None else self._chercher)

    def _chercher(self, numero: int, total: int) -> None:
        message = f"recherche du lieu, essai {numero} sur {total}"
        secondes = time.monotonic() - self.debut
        self.progres(self.nombre, Avancement(SOUPLES[0].code, 0.0, None, None, secondes, message))

    def point(
        self, etp: float, lieu: str | None, probleme: Probleme, depart: tuple[Presence, ...]
    ) -> Pas:
        """The best plan for these means, from `depart`, which is kept when nothing beats it."""
        numero = self.nombre
        self.nombre += 1
        self.problemes[etp] = probleme
        meilleur, borne, arret_par = resoudre_depuis(
            probleme,
            depart,
            duree_resolution_s=self.limites.duree_resolution_s,
            progres=None if self.progres is None else lambda a: self.progres(numero, a),
            arret=self.arret,
        )
        return Pas(
            etp=etp,
            lieu=lieu,
            plan=meilleur,
            borne=borne,
            arret_par=arret_par,
            **self._contre_la_proposition(etp, meilleur),
        )

    def accorder(self, points: list[Pas]) -> tuple[Pas, ...]:
        """Each point with the best plan of no more means and the best bound of no less."""
        accordes: list[Pas] = []
        for point in points:
            if accordes and accordes[-1].manque < point.manque:
                plan = accordes[-1].plan
                point = replace(point, plan=plan, **self._contre_la_proposition(point.etp, plan))
            accordes.append(point)
        return tuple(accorder_bornes(accordes))

    def _contre_la_proposition(self, etp: float, plan: tuple[Presence, ...]) -> dict:
        return _contre(self.reference, self.problemes[etp], plan)


def _contre(v: Voisinage, probleme: Probleme, plan: tuple[Presence, ...]) -> dict:
    """Effects and movements of `plan`, for the means of `probleme`, against the plan of `v`."""
    w = Voisinage(probleme, plan)
    avant = {(x.poste_id, x.site_id): x.demi_journees_cycle for x in v.presences}
    apres = {(x.poste_id, x.site_id): x.demi_journees_cycle for x in plan}
    return {
        "effets": tuple(
            replace(e, avant=a)
            for e, a in zip(w.alternative(w.plan).effets, v.valeurs, strict=True)
        ),
        "mouvements": tuple(
            Mouvement(*couple, avant.get(couple, 0), apres.get(couple, 0))
            for couple in sorted(avant.keys() | apres.keys())
            if avant.get(couple, 0) != apres.get(couple, 0)
        ),
    }


def _essai(
    sens: str,
    lieu: str,
    v: Voisinage,
    w: Voisinage,
    avant: Trouve,
    apres: Trouve,
    *,
    est_estime: bool = False,
) -> Essai:
    """A try told: `avant` was found around `v`, `apres` on the same postes with other means."""
    alternative = w.alternative(apres.plan)
    return Essai(
        sens=sens,
        lieu=lieu,
        gain=v.alternative(avant.plan).apres[0] - alternative.apres[0],
        **_contre(v, w.index.probleme, alternative.plan),
        est_exact=avant.est_exact and apres.est_exact,
        est_estime=est_estime,
    )
