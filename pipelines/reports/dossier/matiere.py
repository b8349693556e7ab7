"""All that a dossier is made from, read once: the scenario under its veil, and what was known."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot
from pipelines.planning.explication import PosteAPortee, postes_a_portee
from pipelines.planning.probleme import Site
from pipelines.reports import comparer, deplacements, donnees, methode, moyens, proposition
from pipelines.reports.comparer import VueComparaison
from pipelines.reports.deplacements import VueDeplacements
from pipelines.reports.donnees import EtatDesDonnees
from pipelines.reports.dossier.voile import Voile
from pipelines.reports.drapeaux import sans_identifiants
from pipelines.reports.explication import MoindreReprise, moindre_reprise
from pipelines.reports.moyens import VueMoyens
from pipelines.reports.proposition import VueProposition
from pipelines.reports.proposition_lue import CategorieDAlors
from pipelines.reports.repartition import Repartition, Reunion, aujourd_hui, lire
from pipelines.scenarios import atelier, dossiers
from pipelines.scenarios.lecteurs import Lecteur, Role
from pipelines.scenarios.scenario import Apercu, Scenario
from pipelines.scoring.bareme import Bareme, bareme
from pipelines.scoring.doctrine import Doctrine, doctrine

T = TypeVar("T")
POSTES_ESSAYES = 8
"""The nearest postes within reach of a site nobody serves, tried in its place."""


@dataclass(frozen=True)
class Lu:
    """A scenario as the reader may know it: its row, its répartition, its summary."""

    apercu: Apercu
    repartition: Repartition
    resume: dict

    @cached_property
    def doctrine(self) -> Doctrine | None:
        """Who it serves first; None when the file of that doctrine is gone since."""
        return _lu_ou_parti(doctrine, self.resume["hypotheses"]["doctrine"])

    @cached_property
    def nom_de_la_doctrine(self) -> str:
        """The name of its doctrine; its code when its file is gone since."""
        return self.doctrine.libelle if self.doctrine else self.resume["hypotheses"]["doctrine"]

    @cached_property
    def bareme(self) -> Bareme | None:
        """Where its besoins come from; None when the file of that barème is gone since."""
        return _lu_ou_parti(bareme, self.resume["hypotheses"]["bareme"])

    @property
    def categories(self) -> tuple[CategorieDAlors, ...]:
        """The categories of its text, that day."""
        return self.repartition.categories


@dataclass(frozen=True)
class Matiere:
    """What the parts read. `autre`: the scenario it is compared with, when two are given.

    `communes`: site_id → name of its commune; `departement`: its name.
    """

    base: Path
    voile: Voile
    lu: Lu
    autre: Lu | None
    departement: str
    communes: dict[str, str]
    proposition: VueProposition
    deplacements: VueDeplacements
    moyens: VueMoyens
    donnees: EtatDesDonnees
    anomalies: pd.DataFrame
    methode: methode.Methode
    avertissements: tuple[str, ...]
    construit_le: str

    @property
    def le(self) -> datetime:
        """The day the scenario last changed: it dates every file."""
        return self.lu.apercu.modifie_le.replace(microsecond=0, tzinfo=UTC)

    @property
    def repartition(self) -> Repartition:
        """The plan of the scenario."""
        return self.lu.repartition

    @cached_property
    def aujourd_hui(self) -> Repartition:
        """The presences of the day the problem was made."""
        return aujourd_hui(self.repartition)

    @cached_property
    def reunion(self) -> Reunion:
        """The sites, as the problem holds them."""
        return Reunion.de((self.aujourd_hui, self.repartition))

    @cached_property
    def changement(self) -> VueComparaison:
        """From today to the scenario."""
        return comparer.vue((self.aujourd_hui, self.repartition), charges=self.voile.est_nominatif)

    @cached_property
    def comparaison(self) -> VueComparaison | None:
        """From the other scenario to this one; None when only one is given."""
        if self.autre is None:
            return None
        return comparer.vue(
            (self.autre.repartition, self.repartition), charges=self.voile.est_nominatif
        )

    @cached_property
    def a_portee(self) -> Mapping[str, tuple[PosteAPortee, ...]]:
        """site_id → the postes within reach, nearest first, for sites with no regular presence."""
        r = self.repartition
        sans = [s["site_id"] for s in self.lu.resume["sites_sans_presence"]]
        return postes_a_portee(r.probleme, r.plan, sans)

    @cached_property
    def reprises(self) -> Mapping[str, MoindreReprise | None]:
        """site_id → which of the nearest postes could take it at the least cost, None if none."""
        r = self.repartition
        return {
            s: moindre_reprise(
                r.probleme,
                r.plan,
                s,
                {a.poste_id for a in postes[:POSTES_ESSAYES]},
                self.reunion.nom,
            )
            for s, postes in self.a_portee.items()
        }

    @cached_property
    def sites(self) -> list[Site]:
        """The sites, by name."""
        return sorted(self.repartition.probleme.sites, key=lambda s: (s.nom, s.site_id))

    def commune(self, site_id: str) -> str:
        """The commune of a site, unknown when the data have lost it."""
        return self.communes.get(site_id) or "inconnue"


def _lu_ou_parti(lire_regle: Callable[[str], T], code: str) -> T | None:
    try:
        return lire_regle(code)
    except AtlasError:
        return None


def lire_matiere(
    lecteur: Lecteur, base: Path, scenario_id: str, voile: Voile, autre_id: str | None = None
) -> Matiere:
    """What a dossier of `scenario_id` is made from.

    AtlasError when `lecteur` may not read it, or when the warehouse `base` no longer has its sites.
    """
    scenario = atelier.ouvrir(lecteur, scenario_id)
    contenu = voile.sur(scenario.contenu)
    with tempfile.TemporaryDirectory() as nom:
        dossier = dossiers.materialiser(Path(nom) / "scenario", contenu)
        apercu = _apercu(scenario, voile)
        lu = Lu(apercu, lire(dossier, apercu.nom), contenu.resume)
        vue = proposition.vue(base, dossier)
        trajets = deplacements.vue(base, dossier, deplacements.puissance_par_defaut())
    departement = scenario.departement
    with entrepot.ouvrir(base) as connexion:
        nom_departement = entrepot.exiger_departement(connexion, departement)
        communes = dict(
            connexion.execute(
                "select site_id, commune from mart_site where departement = ?", [departement]
            ).fetchall()
        )
        [(construit_le,)] = connexion.execute(
            "select max(construit_le)::date::varchar from meta_construction"
        ).fetchall()
    autre = None if autre_id is None else _autre(lecteur, scenario, autre_id, voile)
    qui = lecteur if voile.est_nominatif else membre_d_instance(lecteur)
    etat = donnees.etat(base)
    return Matiere(
        base=base,
        voile=voile,
        lu=lu,
        autre=autre,
        departement=nom_departement,
        communes=communes,
        proposition=vue,
        deplacements=trajets,
        moyens=moyens.vue(qui, base, departement),
        donnees=etat,
        anomalies=methode.anomalies(base),
        methode=methode.methode(),
        avertissements=tuple(etat.avertissements),
        construit_le=construit_le,
    )


def membre_d_instance(lecteur: Lecteur) -> Lecteur:
    """The same scope, seen by a member of an instance."""
    return Lecteur(lecteur.nom, Role.INSTANCE, lecteur.departements)


def _autre(lecteur: Lecteur, scenario: Scenario, autre_id: str, voile: Voile) -> Lu:
    """The scenario another one is compared with; AtlasError when they can't be."""
    autre = atelier.ouvrir(lecteur, autre_id)
    if autre.scenario_id == scenario.scenario_id:
        raise AtlasError(
            "Un scénario ne se compare pas à lui-même.",
            admis=f"un autre scénario du département {scenario.departement}",
            remede="en choisir un autre, ou n'en comparer aucun",
        )
    if autre.departement != scenario.departement:
        raise AtlasError(
            f"Le scénario « {autre.nom} » est du département {autre.departement}.",
            admis=f"un scénario du département {scenario.departement}",
            remede="en choisir un autre, ou n'en comparer aucun",
        )
    contenu = voile.sur(autre.contenu)
    apercu = _apercu(autre, voile)
    # two of one name are told apart by their rank
    libelle = apercu.nom if autre.nom != scenario.nom else f"{apercu.nom} (2)"
    with tempfile.TemporaryDirectory() as nom:
        dossier = dossiers.materialiser(Path(nom) / "scenario", contenu)
        return Lu(apercu, lire(dossier, libelle), contenu.resume)


def _apercu(scenario: Scenario, voile: Voile) -> Apercu:
    """The row of a scenario alone: neither its problem nor its plan, that name postes, nor an id
    that its own name may hold.
    """
    champs = {champ.name: getattr(scenario, champ.name) for champ in fields(Apercu)}
    return Apercu(**{**champs, "nom": sans_identifiants(scenario.nom, voile.codes)})
