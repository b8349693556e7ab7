"""A kept proposal read from its folder, for the views that explain and study it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration
from pipelines.planning.probleme import Presence, Probleme, Site, depuis_json
from pipelines.planning.voisinage import Voisinage
from pipelines.reports import proposition_lue
from pipelines.scenarios import propositions


@dataclass(frozen=True)
class Lu:
    """A kept proposal: its problem, its plan, its categories of that day (code → label).

    `borne`: the proven floor of the first objective, 0 when nothing is proven.
    """

    probleme: Probleme
    plan: tuple[Presence, ...]
    categories: Mapping[str, str] = field(default_factory=dict)
    borne: int = 0

    def site(self, site_id: str) -> Site:
        """The site of that id; AtlasError when the proposal has not got it."""
        for site in self.probleme.sites:
            if site_id in (site.site_id, site.site_id.removeprefix("RESEAU-")):
                return site
        raise AtlasError(
            f"Site « {site_id} » inconnu de cette proposition.",
            admis="l'UAI d'un établissement, ou RESEAU- suivi de celui du collège tête de réseau",
            remede="choisir un site de la table « Sites » de la proposition",
        )

    def nom(self, site_id: str) -> str:
        """The name of a site, with its id when another one has the same name."""
        site = self.site(site_id)
        est_seul = sum(autre.nom == site.nom for autre in self.probleme.sites) == 1
        return site.nom if est_seul else f"{site.nom} ({site.site_id})"

    def couverture(self, site_id: str) -> int:
        """Half-days per cycle the plan gives to a site."""
        return sum(x.demi_journees_cycle for x in self.plan if x.site_id == site_id)

    def categories_du_site(self, site_id: str) -> str:
        """The categories of a site, in words; empty when it has none."""
        return enumeration([self.categories.get(c, c) for c in self.site(site_id).categories])

    @property
    def manque(self) -> int:
        """Value of the first objective in the plan."""
        return Voisinage(self.probleme, self.plan).valeurs[0]

    def postes(self, site_id: str) -> list[str]:
        """The postes that serve a site, most present first."""
        siens = [x for x in self.plan if x.site_id == site_id]
        return [x.poste_id for x in sorted(siens, key=lambda x: -x.demi_journees_cycle)]


def lire(dossier: Path) -> Lu:
    """The proposal written in `dossier`; AtlasError when it holds none."""
    try:
        texte = (dossier / propositions.FICHIER_PROBLEME).read_text(encoding="utf-8")
        lue = proposition_lue.lire(dossier)
    except FileNotFoundError as cause:
        raise AtlasError(
            f"Ce dossier n'a pas de proposition : {Path(cause.filename).name} manque.",
            fichier=str(dossier),
            admis="un dossier écrit par atlas proposer : probleme.json, plan.csv, resume.json",
            remede="vérifier le chemin donné à --proposition",
        ) from cause
    return Lu(
        depuis_json(texte),
        tuple(Presence(*ligne) for ligne in lue.plan.itertuples(index=False)),
        {c.code: c.libelle for c in lue.bareme.categories},
        lue.resume["etages"][0]["borne"] or 0,
    )
