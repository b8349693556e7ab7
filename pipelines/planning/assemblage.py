"""From the warehouse and the user's hypotheses to a `Probleme` the solver can take."""

from dataclasses import asdict, dataclass, field

import duckdb
import pandas as pd

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.marts import entrepot
from pipelines.planning.probleme import (
    Poste,
    Presence,
    Probleme,
    Reglages,
    Site,
    Verrou,
    echelle_minimale,
    ordonner,
)
from pipelines.planning.trajets import estimer
from pipelines.scoring.bareme import bareme
from pipelines.scoring.besoin import besoins
from pipelines.scoring.capacite import capacite
from pipelines.scoring.doctrine import Doctrine, doctrine, plancher, poids


def _defaut(nom: str) -> int:
    return reference.valeur("optimisation", nom)


@dataclass(frozen=True)
class Hypotheses:
    """What the user chose before asking for a proposal.

    `perte_max`: the transition rule, half-days per cycle a site may lose at most from today's
    presence to its besoin; None when it is off.
    """

    bareme: str = "national_2017"
    doctrine: str = "priorites_d_abord"
    sites_par_poste_max: int = field(default_factory=lambda: _defaut("sites_par_poste_max"))
    duree_trajet_max_min: int = field(default_factory=lambda: _defaut("duree_trajet_max_min"))
    meme_bassin: bool = False
    compter_postes_vacants: bool = True
    garder_residence: bool = True
    perte_max: int | None = None


def assembler(
    connexion: duckdb.DuckDBPyConnection, departement: str, hypotheses: Hypotheses, graine: int
) -> Probleme:
    """The problem of one département under `hypotheses`.

    Postes: ASS and CTSS whose résidence is in the département; vacant ones count as posts to be
    filled unless the hypotheses say no. Raises AtlasError when the département is unknown or has
    no poste that can serve a sector.
    """
    nom = entrepot.exiger_departement(connexion, departement)
    echelle, principe = bareme(hypotheses.bareme), doctrine(hypotheses.doctrine)
    calcules = besoins(connexion, echelle, hypotheses.perte_max).sites.set_index("site_id")
    sites = entrepot.lire(connexion, "mart_site", departement).sort_values("site_id")
    postes = entrepot.lire(connexion, "mart_poste", departement).sort_values("poste_id")
    if not hypotheses.compter_postes_vacants:
        postes = postes[postes["statut"] != "vacant"]
    if not (~postes["sans_secteur"].astype(bool)).any():
        raise AtlasError(
            f"Aucun poste à répartir dans le département {departement} ({nom}).",
            admis="un fichier de postes (poste_id, fonction, quotite, residence_uai, statut)",
            remede="ajouter ce fichier au dossier des sources et reconstruire, ou en simuler un : "
            f"atlas simuler-postes --departements {departement} --etp N --sortie DOSSIER",
        )
    rattachements = dict(connexion.execute("select uai, site_id from mart_rattachement").fetchall())
    postes["residence_site_id"] = postes["residence_uai"].map(rattachements)
    trajets = estimer(postes, sites, entrepot.lire(connexion, "mart_trajet"))
    presences = entrepot.lire(connexion, "mart_presence")
    connus_postes, connus_sites = set(postes["poste_id"]), set(sites["site_id"])
    ailleurs = presences[~presences["site_id"].isin(connus_sites)]
    pris_ailleurs = ailleurs.groupby("poste_id")["demi_journees_cycle"].sum().to_dict()
    seuil_deux = reference.valeur("optimisation", "besoin_deux_postes")
    actuelles = tuple(
        Presence(p.poste_id, p.site_id, int(p.demi_journees_cycle))
        for p in presences.itertuples()
        if p.poste_id in connus_postes and p.site_id in connus_sites
    )
    problemes_sites = tuple(
        _site(ligne, calcules.loc[ligne["site_id"]], principe, seuil_deux, connus_sites)
        for ligne in sites.to_dict("records")
    )
    plus_grand_besoin = max((s.besoin for s in problemes_sites), default=0)
    problemes_postes = tuple(
        _poste(ligne, hypotheses, pris_ailleurs.get(ligne["poste_id"], 0))
        for ligne in postes.to_dict("records")
    )
    residences = dict(zip(postes["poste_id"], postes["residence_site_id"], strict=True))
    return ordonner(
        Probleme(
            departement=departement,
            graine=graine,
            empreinte_donnees=entrepot.empreinte(connexion),
            est_simule=bool(postes["est_simule"].any()),
            reglages=Reglages(
                niveaux=tuple(reference.valeur("optimisation", "niveaux_presence")),
                duree_trajet_max_min=hypotheses.duree_trajet_max_min,
                meme_bassin=hypotheses.meme_bassin,
                tolerance_manque=reference.valeur("optimisation", "tolerance_manque"),
                tolerance_changements=reference.valeur("optimisation", "tolerance_changements"),
                tolerance_trajets=reference.valeur("optimisation", "tolerance_trajets"),
                # a steeper doctrine needs finer costs to stay convex once rounded
                echelle_manque=max(
                    reference.valeur("optimisation", "echelle_manque"),
                    echelle_minimale(plus_grand_besoin, principe.convexite),
                ),
                convexite=principe.convexite,
            ),
            sites=problemes_sites,
            postes=problemes_postes,
            minutes=trajets.minutes,
            km=trajets.km,
            presences_actuelles=actuelles,
            verrous=(
                garder_les_residences(problemes_sites, problemes_postes, actuelles, residences)
                if hypotheses.garder_residence
                else ()
            ),
            hypotheses={
                **{n: v for n, v in asdict(hypotheses).items() if v is not None},
                "trajets_mesures": trajets.nb_mesures,
                "empreinte_reference": reference.empreinte(),
                **{
                    f"avertissement_{code}": libelle
                    for code, libelle in entrepot.avertissements(connexion).items()
                },
            },
        )
    )


def garder_les_residences(
    sites: tuple[Site, ...],
    postes: tuple[Poste, ...],
    actuelles: tuple[Presence, ...],
    residences: dict[str, str | None],
) -> tuple[Verrou, ...]:
    """Locks that keep at its résidence each poste that works there today.

    Where more postes work at their common résidence than the site may have, those most present
    stay. Écoles REP+ are left free: their own rule ties them to a collège.
    """
    places = {s.site_id: s.postes_max for s in sites if s.nature == "etablissement"}
    servants = {p.poste_id for p in postes if not p.sans_secteur and p.capacite > 0}
    verrous = []
    for presence in sorted(actuelles, key=lambda p: (-p.demi_journees_cycle, p.poste_id)):
        site_id = presence.site_id
        chez_lui = residences[presence.poste_id] == site_id and presence.poste_id in servants
        if chez_lui and places.get(site_id, 0) > 0:
            places[site_id] -= 1
            verrous.append(Verrou(presence.poste_id, site_id, "impose"))
    return tuple(verrous)


def _site(
    ligne: dict, calcule: pd.Series, principe: Doctrine, seuil_deux: int, connus: set[str]
) -> Site:
    tete = ligne["uai_tete_reseau"]
    categories, inconnues = calcule["categories"], calcule["inconnues"]
    return Site(
        site_id=ligne["site_id"],
        nom=ligne["nom"],
        nature=ligne["nature"],
        besoin=int(calcule["besoin"]),
        poids=poids(categories, inconnues, principe),
        postes_max=2 if calcule["besoin"] >= seuil_deux else 1,
        categories=categories,
        categories_inconnues=inconnues,
        bassin=ligne["bassin"],
        latitude=ligne["latitude"],
        longitude=ligne["longitude"],
        effectif=None if ligne["effectif"] is None else int(ligne["effectif"]),
        site_tete=tete if ligne["nature"] == "ecoles_rep_plus" and tete in connus else None,
        plancher=min(plancher(categories, inconnues, principe), int(calcule["besoin"])),
        poids_plancher=principe.poids_plancher,
    )


def _poste(ligne: dict, hypotheses: Hypotheses, pris_ailleurs: int) -> Poste:
    """A poste of the problem; what it gives in another département is not given twice."""
    entiere = capacite(ligne["quotite_etp"], ligne["hors_secteur_etp"]).demi_journees_cycle
    return Poste(
        poste_id=ligne["poste_id"],
        quotite=float(ligne["quotite_etp"]),
        statut=ligne["statut"],
        capacite=max(entiere - pris_ailleurs, 0),
        sites_max=hypotheses.sites_par_poste_max,
        residence_uai=ligne["residence_uai"],
        latitude=ligne["latitude"],
        longitude=ligne["longitude"],
        bassin=ligne["bassin"],
        sans_secteur=bool(ligne["sans_secteur"]),
    )
