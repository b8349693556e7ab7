"""What a contradictor has in hand: a répartition, and what is known of its sites and its data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.marts import entrepot
from pipelines.planning.probleme import Presence, Probleme, Site
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger
from pipelines.scenarios.resume import couvertures
from pipelines.scenarios.scenario import Scenario

CONDITIONS = ("a_bureau", "a_telephone", "a_rangement_ferme")
"""Columns of the marts on the rooms of an establishment (circulaire 2017-055, § 3.2)."""


@dataclass(frozen=True)
class FicheDeSite:
    """What the marts know of a site and its problem does not; None: unknown."""

    type: str | None = None
    ep: str | None = None
    tete: str | None = None
    internat: bool | None = None
    a_section_professionnelle: bool | None = None
    a_bureau: bool | None = None
    a_telephone: bool | None = None
    a_rangement_ferme: bool | None = None


@dataclass(frozen=True)
class Dossier:
    """What a contradictor has in hand: a problem, its plan, and what is known of the data.

    `manquements`: the judge's; `annuaire_le`: day of the annuaire, None when unknown, seen on
    `aujourd_hui`; `avertissements`: what must be said of the data; `prioritaires`: codes.
    """

    probleme: Probleme
    plan: tuple[Presence, ...]
    fiches: Mapping[str, FicheDeSite]
    prioritaires: frozenset[str] = frozenset()
    manquements: tuple[str, ...] = ()
    avertissements: tuple[str, ...] = ()
    annuaire_le: date | None = None
    aujourd_hui: date | None = None

    @property
    def avant(self) -> dict[str, int]:
        """Half-days per cycle of each site today."""
        return couvertures(self.probleme, self.probleme.presences_actuelles)

    @property
    def apres(self) -> dict[str, int]:
        """Half-days per cycle of each site in the plan."""
        return couvertures(self.probleme, self.plan)

    def fiche(self, site_id: str) -> FicheDeSite:
        """What the marts know of a site; nothing when it left them since."""
        return self.fiches.get(site_id, FicheDeSite())

    def servis(self) -> list[Site]:
        """The sites with a presence in the plan."""
        apres = self.apres
        return [s for s in self.probleme.sites if apres[s.site_id] > 0]

    def sites_des_postes(self) -> dict[str, list[Site]]:
        """poste_id → the sites it serves in the plan."""
        sites = {s.site_id: s for s in self.probleme.sites}
        secteurs: dict[str, list[Site]] = {}
        for presence in self.plan:
            secteurs.setdefault(presence.poste_id, []).append(sites[presence.site_id])
        return secteurs


def lire(
    lecteur: Lecteur, base: Path, scenario: Scenario, aujourd_hui: date | None = None
) -> Dossier:
    """What a contradictor would read of a scenario over the warehouse `base`."""
    exiger(lecteur, Acte.LIRE, scenario.departement)
    with entrepot.ouvrir(base) as connexion:
        sites = entrepot.lire(connexion, "mart_site", scenario.departement).to_dict("records")
        conditions = {
            e["uai"]: e
            for e in entrepot.lire(connexion, "mart_etablissement", scenario.departement).to_dict(
                "records"
            )
        }
        [(annuaire_le,)] = connexion.execute(
            "select max(date_maj) from mart_etablissement where departement = ?",
            [scenario.departement],
        ).fetchall()
    prioritaires = {
        c["code"] for c in scenario.resume["bareme"]["categories"] if c["est_prioritaire"]
    }
    return Dossier(
        scenario.probleme,
        scenario.plan,
        {s["site_id"]: _fiche(s, conditions.get(s["uai_principal"], {})) for s in sites},
        frozenset(prioritaires),
        tuple(scenario.resume["jugement"]["manquements"]),
        tuple(scenario.resume["avertissements"].values()),
        annuaire_le,
        aujourd_hui or date.today(),
    )


def _fiche(site: Mapping, etablissement: Mapping) -> FicheDeSite:
    """The rooms are those of an establishment: what its écoles have is not known."""
    est_ecoles = site["nature"] == "ecoles_rep_plus"
    return FicheDeSite(
        type=site["type"],
        ep=site["ep"],
        tete=site["uai_tete_reseau"],
        internat=site["internat"],
        a_section_professionnelle=site["a_section_professionnelle"],
        **{c: None if est_ecoles else etablissement.get(c) for c in CONDITIONS},
    )
