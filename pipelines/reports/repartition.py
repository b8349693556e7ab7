"""A répartition to compare: a proposal's or a scenario's plan over its problem, or today's."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.planning.modele import Index, trajets_couple, valeur_changements, valeur_trajets
from pipelines.planning.probleme import Poste, Presence, Probleme, Site
from pipelines.planning.voisinage import en_couples
from pipelines.reports import lecture, proposition_lue
from pipelines.reports.libelles import HORS_CATEGORIE
from pipelines.reports.proposition_lue import CategorieDAlors
from pipelines.scenarios.comparables import AUJOURD_HUI, LIBELLE_AUJOURD_HUI
from pipelines.scenarios.resume import CATEGORIE_INCONNUE, SANS_CATEGORIE

NB_COMPARABLES = (2, 3)


@dataclass(frozen=True)
class Repartition:
    """`plan` over `probleme`, under a name; `categories` are those of its barème that day."""

    libelle: str
    probleme: Probleme
    plan: tuple[Presence, ...]
    categories: tuple[CategorieDAlors, ...] = ()
    bareme: str = ""
    est_aujourd_hui: bool = False

    @cached_property
    def couples(self) -> dict[tuple[str, str], int]:
        """(poste_id, site_id) → half-days per cycle."""
        return {(x.poste_id, x.site_id): x.demi_journees_cycle for x in self.plan}

    @cached_property
    def par_site(self) -> dict[str, int]:
        """site_id → half-days per cycle; sites without presence left out."""
        return _totaux((site, n) for (_, site), n in self.couples.items())

    @cached_property
    def par_poste(self) -> dict[str, int]:
        """poste_id → half-days per cycle it gives."""
        return _totaux((poste, n) for (poste, _), n in self.couples.items())

    @cached_property
    def sites(self) -> dict[str, Site]:
        """site_id → the site of the problem."""
        return {s.site_id: s for s in self.probleme.sites}

    @cached_property
    def postes(self) -> dict[str, Poste]:
        """poste_id → the poste of the problem."""
        return {p.poste_id: p for p in self.probleme.postes}

    @cached_property
    def verrous(self) -> dict[tuple[str, str], tuple[str, int | None]]:
        """(poste_id, site_id) → nature and amount of its lock."""
        return {
            (v.poste_id, v.site_id): (v.nature, v.demi_journees_cycle)
            for v in self.probleme.verrous
        }

    @cached_property
    def _index(self) -> Index:
        return Index.de(self.probleme)

    @property
    def changements(self) -> int:
        """Links between a poste and a site that differ from today's."""
        return valeur_changements(self._index, en_couples(self._index, self.plan))

    @property
    def trajets(self) -> int:
        """Minutes of travel per cycle, by the formula of the objective."""
        return valeur_trajets(self._index, en_couples(self._index, self.plan))

    @property
    def etp(self) -> float:
        """Quotités of the postes that may have a sector."""
        return sum(p.quotite for p in self.probleme.postes if not p.sans_secteur)

    @property
    def trajet_le_plus_long(self) -> int | None:
        """One-way minutes of the longest known trip."""
        connus = [m for c in self.couples if (m := self.minutes(*c)) is not None]
        return max(connus, default=None)

    def minutes(self, poste_id: str, site_id: str) -> int | None:
        """One-way minutes, None when unknown or out of the problem."""
        p, s = self._index.rang_poste.get(poste_id), self._index.rang_site.get(site_id)
        return None if p is None or s is None else self.probleme.minutes[p][s]

    def trajets_du_poste(self, poste_id: str) -> int:
        """Minutes of travel per cycle of one poste."""
        i = self._index
        return sum(
            trajets_couple(i, i.rang_poste[poste], i.rang_site[site], n)
            for (poste, site), n in self.couples.items()
            if poste == poste_id
        )

    def site_de_residence(self, poste: Poste) -> str:
        """The name of the résidence of a poste, its UAI when the problem has not got it."""
        site = self.sites.get(poste.residence_uai)
        return poste.residence_uai if site is None else site.nom


@dataclass(frozen=True)
class Reunion:
    """The sites of all the répartitions compared, each as the first one that has it holds it.

    One ruler for all: besoins, categories and bassins are those of `sites`.
    """

    sites: Mapping[str, Site]
    categories: tuple[CategorieDAlors, ...]

    @staticmethod
    def de(repartitions: Sequence[Repartition]) -> "Reunion":
        """The union, in the order of identifiers."""
        sites: dict[str, Site] = {}
        categories: dict[str, CategorieDAlors] = {}
        for r in repartitions:
            for site_id, site in r.sites.items():
                sites.setdefault(site_id, site)
            for categorie in r.categories:
                categories.setdefault(categorie.code, categorie)
        return Reunion(dict(sorted(sites.items())), tuple(categories.values()))

    @cached_property
    def libelles(self) -> dict[str, str]:
        """Code → label of the categories, then the catch-alls."""
        return {c.code: c.libelle for c in self.categories} | HORS_CATEGORIE

    @cached_property
    def prioritaires(self) -> frozenset[str]:
        """The codes of the priority categories."""
        return frozenset(c.code for c in self.categories if c.est_prioritaire)

    def categories_de(self, site_id: str) -> tuple[str, ...]:
        """The categories of a site, or the catch-all it falls in."""
        site = self.sites[site_id]
        if site.categories:
            return site.categories
        return (CATEGORIE_INCONNUE if site.categories_inconnues else SANS_CATEGORIE,)

    def categories_en_mots(self, site_id: str) -> str:
        """« Collège REP+ ; Internat », or the catch-all."""
        return " ; ".join(self.libelles.get(c, c) for c in self.categories_de(site_id))

    @cached_property
    def noms(self) -> dict[str, str]:
        """site_id → its name, with its id when another site has the same."""
        noms = [s.nom for s in self.sites.values()]
        doubles = {n for n in noms if noms.count(n) > 1}
        return {i: f"{s.nom} ({i})" if s.nom in doubles else s.nom for i, s in self.sites.items()}

    def nom(self, site_id: str) -> str:
        """The name of a site."""
        return self.noms[site_id]


def lire(dossier: Path, libelle: str) -> Repartition:
    """The répartition kept in `dossier`; AtlasError when it holds none."""
    lu, lue = lecture.lire(dossier), proposition_lue.lire(dossier)
    return Repartition(libelle, lu.probleme, lu.plan, lue.bareme.categories, lue.bareme.libelle)


def aujourd_hui(de: Repartition) -> Repartition:
    """The presences of the day the problem of `de` was made, as a répartition."""
    return replace(
        de,
        libelle=LIBELLE_AUJOURD_HUI,
        plan=tuple(sorted(de.probleme.presences_actuelles)),
        est_aujourd_hui=True,
    )


def reunir(choix: Sequence[tuple[str, Path | None]]) -> tuple[Repartition, ...]:
    """The répartitions of `choix`, (label, folder) each, a folder of None being today's state.

    Today is that of the first folder. Raises AtlasError when they are not two or three, when one
    is there twice, or when they are not of one département.
    """
    if not NB_COMPARABLES[0] <= len(choix) <= NB_COMPARABLES[1]:
        raise AtlasError(
            "On compare deux ou trois répartitions.",
            admis=f"des propositions, des scénarios, ou « {AUJOURD_HUI} »",
            remede="en choisir deux ou trois",
        )
    if len({dossier for _, dossier in choix}) < len(choix):
        raise AtlasError(
            "La même répartition est choisie deux fois.",
            remede="choisir des répartitions différentes",
        )
    lues = [None if dossier is None else lire(dossier, libelle) for libelle, dossier in choix]
    premiere = next((lue for lue in lues if lue is not None), None)
    if premiere is None:
        raise AtlasError(
            "Aujourd'hui se compare à une proposition ou à un scénario.",
            remede="choisir une autre répartition, ou calculer une proposition",
        )
    toutes = tuple(aujourd_hui(premiere) if lue is None else lue for lue in lues)
    departements = sorted({r.probleme.departement for r in toutes})
    if len(departements) > 1:
        raise AtlasError(
            f"Ces répartitions sont de départements différents : {', '.join(departements)}.",
            remede="comparer des répartitions d'un même département",
        )
    return _distinguer(toutes)


def _distinguer(toutes: tuple[Repartition, ...]) -> tuple[Repartition, ...]:
    """Two of one name get a rank, so that no column hides another."""
    vus: dict[str, int] = {}
    nommees = []
    for r in toutes:
        vus[r.libelle] = vus.get(r.libelle, 0) + 1
        rang = vus[r.libelle]
        nommees.append(r if rang == 1 else replace(r, libelle=f"{r.libelle} ({rang})"))
    return tuple(nommees)


def _totaux(paires: Iterable[tuple[str, int]]) -> dict[str, int]:
    totaux: dict[str, int] = {}
    for cle, n in paires:
        totaux[cle] = totaux.get(cle, 0) + n
    return totaux
