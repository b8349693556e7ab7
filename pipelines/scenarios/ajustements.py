"""Gestures by hand on a scenario: tried, said in one sentence, then saved as one act to undo.

A gesture is told by what it aims at, so that it can be shown before it is saved, and applied to the
state its author saw: `atelier` refuses it when another person saved meanwhile.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import FINE, enumeration, pluriel, rythme
from pipelines.planning import ajustement
from pipelines.planning.ajustement import Bilan, EnMain, en_dict, verdict
from pipelines.planning.probleme import Probleme
from pipelines.planning.reparation import Reparation, reparation
from pipelines.planning.reprise import qui_peut_prendre
from pipelines.planning.voisinage import Mouvement
from pipelines.scenarios import atelier
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scenarios.scenario import Scenario


class Nature(StrEnum):
    """What a gesture does."""

    PRESENCE = "presence"
    CONFIER = "confier"
    IMPOSER = "impose"
    FIXER = "montant"
    DEVERROUILLER = "deverrouiller"
    INTERDIRE = "interdire"
    TOUT_IMPOSER = "tout_impose"
    TOUT_FIXER = "tout_montant"
    TOUT_DEVERROUILLER = "tout_deverrouiller"
    REPARER = "reparer"


class Portee(StrEnum):
    """Which presences a gesture on many of them takes."""

    TOUT = "tout"
    BASSIN = "bassin"
    CATEGORIE = "categorie"


@dataclass(frozen=True)
class Geste:
    """One gesture. `poste_id` and `site_id`: the link; `vers`: the poste that takes the site.

    `demi_journees_cycle`: the presence wanted, or the one to take up at a site nobody serves;
    `portee` and `cible` (a bassin, the code of a category): the presences of a gesture on many.
    """

    nature: Nature
    poste_id: str | None = None
    site_id: str | None = None
    vers: str | None = None
    demi_journees_cycle: int | None = None
    portee: Portee = Portee.TOUT
    cible: str | None = None


@dataclass(frozen=True)
class Essai:
    """A gesture tried: what it makes, the sentence of the journal, its verdict and what mends it.

    `reparation`: None when there is nothing to mend. `impossible`: why no plan can, when the locks
    themselves clash: what clashes, and the price of each way out.
    """

    apres: EnMain
    quoi: str
    bilan: Bilan
    reparation: Reparation | None
    impossible: AtlasError | None


def en_main(scenario: Scenario) -> EnMain:
    """The plan and the locks of a scenario."""
    return EnMain(scenario.plan, scenario.verrous)


def essayer(scenario: Scenario, geste: Geste) -> Essai:
    """The gesture on this state of the scenario; nothing is saved. AtlasError when it can't be.

    What it breaks is mended, and what was broken before only where the two meet.
    """
    avant = en_main(scenario)
    apres = appliquer(scenario.probleme, avant, geste)
    tenus = {c for c, _ in en_dict(avant.plan).items() ^ en_dict(apres.plan).items()}
    resultat = verdict(scenario.probleme, avant, apres)
    try:
        trouvee = reparation(scenario.probleme, apres, tenus, resultat.manquements_avant)
    except AtlasError as refus:
        return Essai(apres, dire(scenario, geste), resultat, None, refus)
    return Essai(apres, dire(scenario, geste), resultat, trouvee, None)


def a_reparer(scenario: Scenario) -> Essai:
    """The scenario as it is, with the repair of all it breaks."""
    main = en_main(scenario)
    resultat = verdict(scenario.probleme, main, main)
    try:
        trouvee = reparation(scenario.probleme, main)
    except AtlasError as refus:
        return Essai(main, scenario.quoi, resultat, None, refus)
    return Essai(main, scenario.quoi, resultat, trouvee, None)


def garder(
    lecteur: Lecteur, scenario: Scenario, geste: Geste, *, reparer: bool = False
) -> Scenario:
    """Save a gesture made on this state, with the repair it calls for when `reparer`: one act.

    `Conflit` when another person saved since this state; AtlasError when it can't be made.
    """
    apres, quoi = appliquer(scenario.probleme, en_main(scenario), geste), dire(scenario, geste)
    if reparer:
        essai = essayer(scenario, geste)
        if essai.impossible is not None:
            raise essai.impossible
        if essai.reparation is not None:
            apres = replace(apres, plan=essai.reparation.plan)
            moyens = dire_mouvements(scenario.probleme, essai.reparation.mouvements)
            quoi += f" ; réparation{FINE}: {_enumerer(moyens)}"
    return atelier.modifier(
        lecteur,
        scenario.scenario_id,
        scenario.version,
        quoi,
        plan=apres.plan,
        verrous=apres.verrous,
    )


def appliquer(probleme: Probleme, main: EnMain, geste: Geste) -> EnMain:
    """The plan and locks a gesture makes; AtlasError when it can't be made."""
    return _GESTES[geste.nature](probleme, main, geste)


def _confier(probleme: Probleme, main: EnMain, geste: Geste) -> EnMain:
    """As « qui peut prendre » tells it: the other sites of the taker shared out again."""
    probleme = replace(probleme, verrous=main.verrous)
    for reprise in qui_peut_prendre(
        probleme,
        main.plan,
        geste.site_id,
        a_la_place_de=geste.poste_id,
        demi_journees_cycle=geste.demi_journees_cycle,
    ):
        if reprise.poste_id == geste.vers:
            return replace(main, plan=reprise.alternative.plan)
    raise AtlasError(
        f"Le poste {geste.vers} ne peut pas prendre ce site{FINE}: son besoin est déjà couvert.",
        admis="un poste de la liste de ceux qui peuvent le prendre",
        remede="choisir un autre poste",
    )


def _reparer(probleme: Probleme, main: EnMain, _: Geste) -> EnMain:
    trouvee = reparation(probleme, main)
    return main if trouvee is None else replace(main, plan=trouvee.plan)


def _sites(probleme: Probleme, geste: Geste) -> frozenset[str] | None:
    if geste.portee == Portee.BASSIN:
        return ajustement.sites_du_bassin(probleme, geste.cible)
    if geste.portee == Portee.CATEGORIE:
        return ajustement.sites_de_la_categorie(probleme, geste.cible)
    return None


_GESTES: dict[Nature, Callable[[Probleme, EnMain, Geste], EnMain]] = {
    Nature.PRESENCE: lambda p, m, g: ajustement.changer(
        p, m, g.poste_id, g.site_id, g.demi_journees_cycle
    ),
    Nature.CONFIER: _confier,
    Nature.IMPOSER: lambda p, m, g: ajustement.verrouiller(p, m, g.poste_id, g.site_id, "impose"),
    Nature.FIXER: lambda p, m, g: ajustement.verrouiller(p, m, g.poste_id, g.site_id, "montant"),
    Nature.DEVERROUILLER: lambda p, m, g: ajustement.deverrouiller(p, m, g.poste_id, g.site_id),
    Nature.INTERDIRE: lambda p, m, g: ajustement.interdire(p, m, g.poste_id, g.site_id),
    Nature.TOUT_IMPOSER: lambda p, m, g: ajustement.verrouiller_tout(p, m, "impose", _sites(p, g)),
    Nature.TOUT_FIXER: lambda p, m, g: ajustement.verrouiller_tout(p, m, "montant", _sites(p, g)),
    Nature.TOUT_DEVERROUILLER: lambda p, m, g: ajustement.deverrouiller_tout(m, _sites(p, g)),
    Nature.REPARER: _reparer,
}


# --- in words ------------------------------------------------------------------------------------


def dire(scenario: Scenario, geste: Geste) -> str:
    """The gesture in one short sentence, as the journal keeps it."""
    if geste.nature == Nature.REPARER:
        trouvee = reparation(scenario.probleme, en_main(scenario))
        if trouvee is None:
            return "Aucune règle à réparer"
        moyens = dire_mouvements(scenario.probleme, trouvee.mouvements)
        return f"Réparation{FINE}: {_enumerer(moyens)}"
    if geste.site_id is None:
        return _dire_tout(scenario, geste)
    nom = nom_du_site(scenario.probleme, geste.site_id)
    avant = en_dict(scenario.plan).get((geste.poste_id, geste.site_id), 0)
    match geste.nature:
        case Nature.PRESENCE:
            apres = geste.demi_journees_cycle
            if not apres:
                return f"{nom}{FINE}: présence de {geste.poste_id} retirée ({rythme(avant)})"
            au_lieu = f" au lieu de {rythme(avant)}" if avant else ""
            return f"{nom}{FINE}: {rythme(apres)}{au_lieu}, par {geste.poste_id}"
        case Nature.CONFIER:
            place = f", à la place de {geste.poste_id}" if geste.poste_id else ""
            return f"{nom} confié à {geste.vers}{place}"
        case Nature.IMPOSER:
            return f"{nom}{FINE}: lien avec {geste.poste_id} verrouillé"
        case Nature.FIXER:
            return f"{nom}{FINE}: présence de {geste.poste_id} verrouillée à {rythme(avant)}"
        case Nature.INTERDIRE:
            return f"{nom}{FINE}: {geste.poste_id} interdit"
        case _:
            return f"{nom}{FINE}: verrou de {geste.poste_id} levé"


def _dire_tout(scenario: Scenario, geste: Geste) -> str:
    libelles = {c["categorie"]: c["libelle"] for c in scenario.resume["couverture"]}
    ou = {
        Portee.TOUT: "",
        Portee.BASSIN: f" (bassin {geste.cible})",
        Portee.CATEGORIE: f" ({libelles.get(geste.cible, geste.cible)})",
    }[geste.portee]
    return {
        Nature.TOUT_IMPOSER: f"Tous les liens verrouillés{ou}",
        Nature.TOUT_FIXER: f"Toutes les présences verrouillées{ou}",
        Nature.TOUT_DEVERROUILLER: f"Tous les verrous levés{ou}, sauf les interdictions",
    }[geste.nature]


def dire_mouvements(probleme: Probleme, mouvements: Iterable[Mouvement]) -> list[str]:
    """Moves as one would ask for them, one establishment after the other."""
    par_site: dict[str, list[Mouvement]] = {}
    for m in mouvements:
        par_site.setdefault(m.site_id, []).append(m)
    phrases = []
    for site_id, siens in par_site.items():
        nom = nom_du_site(probleme, site_id)
        partent = [m for m in siens if not m.apres]
        viennent = [m for m in siens if not m.avant]
        if len(siens) == 2 and partent and viennent:
            [de], [vers] = partent, viennent
            phrases.append(
                f"confier {nom} à {vers.poste_id} ({rythme(vers.apres)}), à la place de "
                f"{de.poste_id} ({rythme(de.avant)})"
            )
            continue
        for m in siens:
            if not m.apres:
                phrases.append(f"retirer {nom} à {m.poste_id} ({rythme(m.avant)})")
            elif m.apres < m.avant:
                phrases.append(
                    f"retirer {_dj(m.avant - m.apres)} par cycle à {nom}, par {m.poste_id} "
                    f"({rythme(m.apres)} au lieu de {rythme(m.avant)})"
                )
            elif m.avant:
                phrases.append(
                    f"ajouter {_dj(m.apres - m.avant)} par cycle à {nom}, par {m.poste_id} "
                    f"({rythme(m.apres)} au lieu de {rythme(m.avant)})"
                )
            else:
                phrases.append(f"confier {nom} à {m.poste_id} ({rythme(m.apres)})")
    return phrases


def nom_du_site(probleme: Probleme, site_id: str) -> str:
    """The name of a site, with its id when another one has the same name."""
    noms = {s.site_id: s.nom for s in probleme.sites}
    if site_id not in noms:
        return site_id
    est_seul = sum(nom == noms[site_id] for nom in noms.values()) == 1
    return noms[site_id] if est_seul else f"{noms[site_id]} ({site_id})"


def _dj(nombre: int) -> str:
    return pluriel(nombre, "demi-journée")


def _enumerer(phrases: list[str]) -> str:
    return " ; ".join(phrases) if any("," in p for p in phrases) else enumeration(phrases)
