"""From the warehouse and the user's hypotheses to a `Probleme` the solver can take."""

from collections.abc import Iterable
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
from pipelines.scoring.doctrine import Doctrine, doctrine, plancher, poids, poids_de_garde
from pipelines.scoring.moyens import VACANT, capacites


def _defaut(nom: str) -> int:
    return reference.valeur("optimisation", nom)


@dataclass(frozen=True)
class Hypotheses:
    """What the user chose before asking for a proposal.

    `perte_max`: the transition rule, half-days per cycle a site may lose at most from one year to
    the next; None when it is off. `trajets_mesures_seuls`: a travel no file gives is unknown
    instead of estimated. `sites_max_par_categorie`: category of the barème → sites at most for a
    poste whose résidence is a site of that category, in the place of `sites_par_poste_max`.
    `presence_entiere`: a site gets its whole besoin from one poste, or nothing.
    """

    bareme: str = "national_2017"
    doctrine: str = "priorites_d_abord"
    sites_par_poste_max: int = field(default_factory=lambda: _defaut("sites_par_poste_max"))
    duree_trajet_max_min: int = field(default_factory=lambda: _defaut("duree_trajet_max_min"))
    meme_bassin: bool = False
    compter_postes_vacants: bool = True
    garder_residence: bool = True
    perte_max: int | None = None
    trajets_mesures_seuls: bool = False
    sites_max_par_categorie: dict[str, int] = field(default_factory=dict)
    presence_entiere: bool = False


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
    exiger_categories(hypotheses, [regle.code for regle in echelle.priorites.regles])
    calcules = besoins(connexion, echelle, hypotheses.perte_max).sites.set_index("site_id")
    sites = entrepot.lire(connexion, "mart_site", departement).sort_values("site_id")
    postes = entrepot.lire(connexion, "mart_poste", departement).sort_values("poste_id")
    if not hypotheses.compter_postes_vacants:
        postes = postes[postes["statut"] != VACANT]
    if not (~postes["sans_secteur"].astype(bool)).any():
        raise AtlasError(
            f"Aucun poste à répartir dans le département {departement} ({nom}).",
            admis="un fichier de postes (poste_id, fonction, quotite, residence_uai, statut)",
            remede="ajouter ce fichier au dossier des sources et reconstruire, ou en simuler un : "
            f"atlas simuler-postes --departements {departement} --etp N --sortie DOSSIER",
        )
    rattachements = dict(connexion.execute("select uai, site_id from mart_rattachement").fetchall())
    postes["residence_site_id"] = postes["residence_uai"].map(rattachements)
    trajets = estimer(
        postes,
        sites,
        entrepot.lire(connexion, "mart_trajet"),
        completer=not hypotheses.trajets_mesures_seuls,
    )
    presences = entrepot.lire(connexion, "mart_presence")
    connus_postes, connus_sites = set(postes["poste_id"]), set(sites["site_id"])
    donnables = capacites(connexion)["capacite"]
    seuil_deux = reference.valeur("optimisation", "besoin_deux_postes")
    actuelles = tuple(
        Presence(p.poste_id, p.site_id, int(p.demi_journees_cycle))
        for p in presences.itertuples()
        if p.poste_id in connus_postes and p.site_id in connus_sites
    )
    gardes = presences_a_garder(actuelles, hypotheses.perte_max)
    residuelles = echelle.priorites.residuelles
    problemes_sites = tuple(
        _site(
            ligne,
            calcules.loc[ligne["site_id"]],
            principe,
            residuelles,
            seuil_deux,
            connus_sites,
            gardes.get(ligne["site_id"], 0),
        )
        for ligne in sites.to_dict("records")
    )
    plus_grand_besoin = max((s.besoin for s in problemes_sites), default=0)
    categories = {s.site_id: s.categories for s in problemes_sites}
    problemes_postes = tuple(
        _poste(
            ligne,
            sites_max(hypotheses, categories.get(ligne["residence_site_id"], ())),
            int(donnables[ligne["poste_id"]]),
        )
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
                presence_entiere=hypotheses.presence_entiere,
            ),
            sites=problemes_sites,
            postes=problemes_postes,
            minutes=trajets.minutes,
            km=trajets.km,
            presences_actuelles=actuelles,
            verrous=(
                garder_les_residences(
                    problemes_sites,
                    problemes_postes,
                    actuelles,
                    residences,
                    entiere=hypotheses.presence_entiere,
                )
                if hypotheses.garder_residence
                else ()
            ),
            hypotheses={
                **{n: v for n, v in asdict(hypotheses).items() if _est_ecrite(v)},
                **(
                    {"sites_max_par_categorie": limites_en_texte(hypotheses)}
                    if hypotheses.sites_max_par_categorie
                    else {}
                ),
                "trajets_mesures": trajets.nb_mesures,
                "trajets_estimes": trajets.nb_estimes,
                "trajets_inconnus": trajets.nb_inconnus,
                "trajets_moteurs": " ; ".join(m or "mesure à la main" for m in trajets.moteurs),
                "empreinte_reference": reference.empreinte(),
                **{
                    f"avertissement_{code}": libelle
                    for code, libelle in entrepot.avertissements(connexion).items()
                },
            },
        )
    )


def _est_ecrite(valeur: object) -> bool:
    """Whether a hypothesis is written in the problem as it is: a rule that is off is not."""
    return valeur is not None and not isinstance(valeur, dict)


def exiger_categories(hypotheses: Hypotheses, admises: Iterable[str]) -> None:
    """AtlasError when a limit by category names an unknown category, or is under one site."""
    admises = sorted(admises)
    for categorie, limite in hypotheses.sites_max_par_categorie.items():
        if categorie not in admises:
            raise AtlasError(
                f"Catégorie « {categorie} » inconnue du barème « {hypotheses.bareme} ».",
                admis=", ".join(admises),
                remede="choisir une catégorie de ce barème, ou un autre barème",
            )
        if limite < 1:
            raise AtlasError(
                f"Sites par poste au plus pour la catégorie « {categorie} » : {limite}.",
                admis="un entier d'au moins 1",
                remede="corriger cette limite, ou l'ôter",
            )


def sites_max(hypotheses: Hypotheses, categories: Iterable[str]) -> int:
    """Sites at most for a poste whose résidence is in `categories`: the least of their limits.

    The general limit holds where no category of the résidence has one of its own.
    """
    limites = [
        hypotheses.sites_max_par_categorie[c]
        for c in categories
        if c in hypotheses.sites_max_par_categorie
    ]
    return min(limites, default=hypotheses.sites_par_poste_max)


def limites_en_texte(hypotheses: Hypotheses) -> str:
    """« college_rep=2,college_rep_plus=1 »: the limits by category, as the problem keeps them."""
    return ",".join(f"{c}={n}" for c, n in sorted(hypotheses.sites_max_par_categorie.items()))


def presences_a_garder(actuelles: Iterable[Presence], perte_max: int | None) -> dict[str, int]:
    """site_id → half-days per cycle the transition rule wants kept there; empty when it is off.

    What the site has today, all postes of the problem together, less the most it may lose.
    """
    if perte_max is None:
        return {}
    totaux: dict[str, int] = {}
    for presence in actuelles:
        totaux[presence.site_id] = totaux.get(presence.site_id, 0) + presence.demi_journees_cycle
    return {site_id: n - perte_max for site_id, n in totaux.items() if n > perte_max}


def garder_les_residences(
    sites: tuple[Site, ...],
    postes: tuple[Poste, ...],
    actuelles: tuple[Presence, ...],
    residences: dict[str, str | None],
    *,
    entiere: bool = False,
) -> tuple[Verrou, ...]:
    """Locks that keep at its résidence each poste that works there today.

    Where more postes work at their common résidence than the site may have, those most present
    stay. Écoles REP+ are left free: their own rule ties them to a collège. `entiere`: a presence
    is the whole besoin, so a poste without time for it is not held there.
    """
    places = {s.site_id: s.postes_max for s in sites if s.nature == "etablissement"}
    besoins_ = {s.site_id: s.besoin for s in sites}
    temps = {p.poste_id: p.capacite for p in postes if not p.sans_secteur and p.capacite > 0}
    verrous = []
    for presence in sorted(actuelles, key=lambda p: (-p.demi_journees_cycle, p.poste_id)):
        site_id = presence.site_id
        chez_lui = residences[presence.poste_id] == site_id and presence.poste_id in temps
        if entiere and chez_lui:
            chez_lui = besoins_[site_id] <= temps[presence.poste_id]
        if chez_lui and places.get(site_id, 0) > 0:
            places[site_id] -= 1
            verrous.append(Verrou(presence.poste_id, site_id, "impose"))
    return tuple(verrous)


def _site(
    ligne: dict,
    calcule: pd.Series,
    principe: Doctrine,
    residuelles: frozenset[str],
    seuil_deux: int,
    connus: set[str],
    garde: int,
) -> Site:
    """A site of the problem; `garde`: what the transition rule wants kept there, 0 without it."""
    tete = ligne["uai_tete_reseau"]
    categories, inconnues = calcule["categories"], calcule["inconnues"]
    return Site(
        site_id=ligne["site_id"],
        nom=ligne["nom"],
        nature=ligne["nature"],
        besoin=int(calcule["besoin"]),
        poids=poids(categories, inconnues, principe, residuelles),
        postes_max=2 if calcule["besoin"] >= seuil_deux else 1,
        categories=categories,
        categories_inconnues=inconnues,
        bassin=ligne["bassin"],
        latitude=ligne["latitude"],
        longitude=ligne["longitude"],
        effectif=None if ligne["effectif"] is None else int(ligne["effectif"]),
        site_tete=tete if ligne["nature"] == "ecoles_rep_plus" and tete in connus else None,
        plancher=min(
            max(plancher(categories, inconnues, principe, residuelles), garde),
            int(calcule["besoin"]),
        ),
        # one floor a site: where both rules set one, the higher, with the weight of the stronger
        poids_plancher=poids_de_garde(principe) if garde else principe.poids_plancher,
    )


def _poste(ligne: dict, limite: int, donnable: int) -> Poste:
    """A poste of the problem; `limite`: sites at most; `donnable`: half-days per cycle it can give
    in its département.
    """
    return Poste(
        poste_id=ligne["poste_id"],
        quotite=float(ligne["quotite_etp"]),
        statut=ligne["statut"],
        capacite=donnable,
        sites_max=limite,
        residence_uai=ligne["residence_uai"],
        latitude=ligne["latitude"],
        longitude=ligne["longitude"],
        bassin=ligne["bassin"],
        sans_secteur=bool(ligne["sans_secteur"]),
    )
