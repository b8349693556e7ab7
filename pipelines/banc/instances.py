"""Problems to measure the optimiser on: real rows, simulated postes at a chosen share of means."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.marts import construction, entrepot
from pipelines.planning.assemblage import Hypotheses, assembler
from pipelines.planning.probleme import Presence, Probleme, Verrou, ordonner
from pipelines.planning.trajets import estimer
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.capacite import capacite
from pipelines.scoring.inscription import inscrire
from pipelines.simulation.departements import sites_a_servir
from pipelines.simulation.postes import PREFIXE, LotSimule, ecrire, simuler_postes

AJUSTEMENTS = 3  # simulations to come near the share of means asked for
GRAINE = 1
ENSEMBLE = "ensemble"


@dataclass(frozen=True)
class Instance:
    """A problem, the share of its besoin the postes can give (0 to 1), and its name."""

    nom: str
    part_demandee: float
    probleme: Probleme


def fabriquer(sources: Path, departements: Sequence[str], parts: Sequence[float]) -> list[Instance]:
    """One problem for each share and département of the public files of `sources`.

    And one of all of them together at each share, named `ENSEMBLE`. Postes are simulated so that
    their time comes near `part` of the besoin. Raises AtlasError when the folder holds no such
    département.
    """
    if not sources.is_dir():
        raise AtlasError(
            f"Dossier introuvable : {sources}",
            admis="un dossier de fichiers publics, tels que téléchargés",
            remede="vérifier le chemin donné à --sources",
        )
    instances = []
    with tempfile.TemporaryDirectory(prefix="atlas-banc-") as temporaire:
        dossier = Path(temporaire)
        publics = _sans_fichiers_locaux(sources, dossier / "publics")
        nu = dossier / "nu.duckdb"
        construction.construire([publics], nu, list(departements))
        with entrepot.ouvrir(nu) as connexion:
            calcules = besoins(connexion, bareme(Hypotheses().bareme), None).sites
            sites = sites_a_servir(connexion)
        totaux = (
            calcules.merge(sites[["site_id", "departement"]], on="site_id")
            .groupby("departement")["besoin"]
            .sum()
            .to_dict()
        )
        for part in parts:
            lot = _simuler(sites, {d: part * float(totaux[d]) for d in departements})
            locaux = dossier / f"postes-{part}"
            ecrire(lot, locaux)
            base = dossier / f"{part}.duckdb"
            construction.construire([publics, locaux], base, list(departements), completer=inscrire)
            with entrepot.ouvrir(base) as connexion:
                instances += [
                    Instance(d, part, assembler(connexion, d, Hypotheses(), GRAINE))
                    for d in departements
                ]
                minutes = _minutes_entre_tous(connexion, departements)
                siens = instances[-len(departements) :]
                instances.append(Instance(ENSEMBLE, part, reunir(siens, minutes)))
    return instances


def _sans_fichiers_locaux(sources: Path, sortie: Path) -> Path:
    """A folder of links to the public files of `sources`: local ones would bring their postes."""
    locaux = {"postes", "presences", "activite", "conditions"}
    sortie.mkdir()
    for fichier in sorted(f for f in sources.rglob("*") if f.is_file()):
        if fichier.stem not in locaux:
            lien = sortie / fichier.relative_to(sources)
            lien.parent.mkdir(parents=True, exist_ok=True)
            lien.symlink_to(fichier.resolve())
    return sortie


def _simuler(sites: pd.DataFrame, temps: dict[str, float]) -> LotSimule:
    """Postes whose half-days come near `temps` in each département."""
    par_etp = capacite(1.0, 0.0).demi_journees_cycle
    etp = {d: demi_journees / par_etp for d, demi_journees in temps.items()}
    retenus = sites[sites["departement"].isin(temps)].reset_index(drop=True)
    for _ in range(AJUSTEMENTS - 1):
        postes = simuler_postes(
            retenus, departements=list(temps), etp=etp, graine=GRAINE
        ).postes.query("fonction == 'ASS'")
        for d in temps:
            siens = postes[postes["poste_id"].str.startswith(f"{PREFIXE}{d}")]
            obtenu = sum(
                capacite(q, h).demi_journees_cycle
                for q, h in zip(siens["quotite"], siens["hors_secteur_etp"], strict=True)
            )
            etp[d] *= temps[d] / obtenu
    return simuler_postes(retenus, departements=list(temps), etp=etp, graine=GRAINE)


def _minutes_entre_tous(
    connexion: duckdb.DuckDBPyConnection, departements: Sequence[str]
) -> dict[tuple[str, str], int | None]:
    """Travel from every poste to every site, across the départements."""
    postes = pd.concat([entrepot.lire(connexion, "mart_poste", d) for d in departements])
    sites = pd.concat([entrepot.lire(connexion, "mart_site", d) for d in departements])
    liens = dict(connexion.execute("select uai, site_id from mart_rattachement").fetchall())
    postes["residence_site_id"] = postes["residence_uai"].map(liens)
    trajets = estimer(postes, sites, entrepot.lire(connexion, "mart_trajet"))
    return {
        (p, s): trajets.minutes[i][j]
        for i, p in enumerate(postes["poste_id"])
        for j, s in enumerate(sites["site_id"])
    }


def reunir(instances: list[Instance], minutes: dict[tuple[str, str], int | None]) -> Probleme:
    """One problem of all their sites and postes, as if they were one département."""
    problemes = [instance.probleme for instance in instances]
    sites = tuple(site for probleme in problemes for site in probleme.sites)
    postes = tuple(poste for probleme in problemes for poste in probleme.postes)
    return ordonner(
        replace(
            problemes[0],
            departement="999",
            sites=sites,
            postes=postes,
            minutes=tuple(tuple(minutes[p.poste_id, s.site_id] for s in sites) for p in postes),
            km=tuple(tuple(None for _ in sites) for _ in postes),
            presences_actuelles=tuple(x for pb in problemes for x in pb.presences_actuelles),
            verrous=tuple(x for pb in problemes for x in pb.verrous),
            reglages=replace(
                problemes[0].reglages,
                echelle_manque=max(pb.reglages.echelle_manque for pb in problemes),
            ),
        )
    )


def extraire(probleme: Probleme, nb_sites: int, nb_postes: int) -> Probleme:
    """The same problem with that many sites and postes, drawn with the seed of the problem.

    Head collèges come with their écoles; locks and presences that lose their place go.
    """
    hasard = np.random.default_rng(probleme.graine)
    postes = [p for p in probleme.postes if not p.sans_secteur and p.capacite > 0]
    gardes_p = set(hasard.permutation([p.poste_id for p in postes])[:nb_postes].tolist())
    gardes_s = set(hasard.permutation([s.site_id for s in probleme.sites])[:nb_sites].tolist())
    rang_p = [i for i, p in enumerate(probleme.postes) if p.poste_id in gardes_p]
    rang_s = [j for j, s in enumerate(probleme.sites) if s.site_id in gardes_s]

    def tient(objet: Presence | Verrou) -> bool:
        return objet.poste_id in gardes_p and objet.site_id in gardes_s

    return replace(
        probleme,
        postes=tuple(probleme.postes[i] for i in rang_p),
        sites=tuple(
            replace(s, site_tete=s.site_tete if s.site_tete in gardes_s else None)
            for s in (probleme.sites[j] for j in rang_s)
        ),
        minutes=tuple(tuple(probleme.minutes[i][j] for j in rang_s) for i in rang_p),
        km=tuple(tuple(probleme.km[i][j] for j in rang_s) for i in rang_p),
        presences_actuelles=tuple(x for x in probleme.presences_actuelles if tient(x)),
        verrous=tuple(x for x in probleme.verrous if tient(x)),
    )
