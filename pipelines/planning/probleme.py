"""The planning problem: everything the solver and the judge may know, and its JSON form.

A `Probleme` that exists is valid: every check runs when it is built, from Python or from JSON.
Every field, rule and objective is stated for outsiders in `docs/probleme.md`.
"""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, NoReturn

from pipelines.base.erreurs import AtlasError

SCHEMA = "atlas-probleme/3"
NATURES_SITE = ("etablissement", "ecoles_rep_plus")
STATUTS = ("occupe", "vacant", "supplee", "absent")
CONVEXITES = (1, 2, 3)
NATURES_VERROU = ("impose", "interdit", "montant")

# CP-SAT takes its seed as a signed 32-bit integer.
GRAINE_MAX = 2**31 - 1
MANQUE_MAX = 2**50  # largest shortage the engines are given: room is left below 2**63

OBJECTIFS: tuple[dict[str, str], ...] = (
    {
        "code": "manque",
        "libelle": "Manque de présence, pondéré et convexe",
        "formule": (
            "somme sur les sites s de besoin > 0 de "
            "ent((2 × echelle_manque × poids_s × (besoin_s − couverture_s)^k + besoin_s^(k−1)) "
            "/ (2 × besoin_s^(k−1))) "
            "+ echelle_manque × poids_plancher_s × max(0, plancher_s − couverture_s), "
            "k = convexite, couverture_s = somme des présences au site s"
        ),
    },
    {
        "code": "changements",
        "libelle": "Changements imposés",
        "formule": (
            "nombre de couples (poste, site) servis aujourd'hui et plus dans le plan "
            "+ nombre de couples servis dans le plan et pas aujourd'hui"
        ),
    },
    {
        "code": "trajets",
        "libelle": "Trajets, en minutes par cycle de 4 semaines",
        "formule": (
            "somme sur les présences x du plan de 2 × minutes × plafond(x / 2) ; "
            "une durée inconnue compte pour duree_trajet_max_min"
        ),
    },
    {
        "code": "equilibre",
        "libelle": "Équilibre de la charge de trajet entre postes",
        "formule": (
            "somme sur les postes p de capacité > 0 de plafond(trajets_p / capacite_p)², "
            "trajets_p = part du poste p dans « trajets »"
        ),
    },
)


@dataclass(frozen=True)
class Site:
    """What a presence is given to; `besoin` in half-days per cycle, `poids` of the doctrine.

    `plancher` (half-days per cycle, at most the besoin): presence the doctrine wants the site to
    have before others get more; `poids_plancher`: weight of each half-day short of it.
    """

    site_id: str
    nom: str
    nature: str
    besoin: int
    poids: int
    postes_max: int
    categories: tuple[str, ...]
    bassin: str | None
    latitude: float | None
    longitude: float | None
    effectif: int | None = None
    site_tete: str | None = None
    categories_inconnues: tuple[str, ...] = ()
    plancher: int = 0
    poids_plancher: int = 0


@dataclass(frozen=True)
class Poste:
    """A staff post; `capacite` in half-days per cycle, anchored on its résidence."""

    poste_id: str
    quotite: float
    statut: str
    capacite: int
    sites_max: int
    residence_uai: str
    latitude: float | None
    longitude: float | None
    bassin: str | None
    sans_secteur: bool = False


@dataclass(frozen=True, order=True)
class Presence:
    """Half-days per cycle a poste gives to a site (at least 1; no presence, no line)."""

    poste_id: str
    site_id: str
    demi_journees_cycle: int


@dataclass(frozen=True)
class Verrou:
    """A decision taken outside the solver: link imposed, forbidden, or of a fixed amount."""

    poste_id: str
    site_id: str
    nature: str
    demi_journees_cycle: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reglages:
    """Limits and tolerances; values come from `data/reference/optimisation.toml`.

    `convexite` is the doctrine's: the power of the shortage, 1 to 3. `presence_entiere`: a site
    gets its whole besoin from one poste, or nothing; the levels then count for nothing.
    """

    niveaux: tuple[int, ...]
    duree_trajet_max_min: int
    meme_bassin: bool = False
    tolerance_manque: float
    tolerance_changements: float
    tolerance_trajets: float = 0.0
    echelle_manque: int
    convexite: int = 2
    presence_entiere: bool = False


@dataclass(frozen=True, kw_only=True)
class Probleme:
    """One département to plan: `minutes` and `km` are one-way, indexed [poste][site].

    Raises AtlasError (French) at construction when any field is out of its domain.
    """

    schema: str = SCHEMA
    departement: str
    graine: int
    empreinte_donnees: str
    est_simule: bool
    reglages: Reglages
    sites: tuple[Site, ...]
    postes: tuple[Poste, ...]
    minutes: tuple[tuple[int | None, ...], ...]
    km: tuple[tuple[float | None, ...], ...]
    presences_actuelles: tuple[Presence, ...] = ()
    verrous: tuple[Verrou, ...] = ()
    objectifs: tuple[dict[str, str], ...] = OBJECTIFS
    hypotheses: dict[str, str | int | float]

    def __post_init__(self) -> None:
        _verifier(self)


def manque_sans_presence(probleme: Probleme) -> int:
    """The shortage of a plan without any presence, the largest of all, up to its rounding."""
    return probleme.reglages.echelle_manque * sum(
        s.poids * s.besoin + s.poids_plancher * s.plancher for s in probleme.sites
    )


def echelle_minimale(besoin: int, convexite: int) -> int:
    """The least `echelle_manque` at which rounding keeps the shortage convex up to `besoin`.

    Rounding moves a second difference of the costs by 2 at most; before it, at a weight of 1, the
    least one is 0 (linear, and then exact), 2 × echelle / besoin or 6 × echelle / besoin².
    """
    if convexite == 1:
        return 1
    return max(1, besoin if convexite == 2 else -(-(besoin**2) // 3))


def niveaux_du_site(site: Site, reglages: Reglages) -> tuple[int, ...]:
    """Presences one poste may give to `site`, 0 included: all its besoin, or the levels."""
    if reglages.presence_entiere:
        return (0, site.besoin) if site.besoin else (0,)
    return tuple(n for n in reglages.niveaux if n <= site.besoin)


def ordonner(probleme: Probleme) -> Probleme:
    """The problem with sites, postes, presences and locks sorted by their identifiers.

    The very same object when they already are: a new one is verified whole.
    """
    ordre_s = sorted(range(len(probleme.sites)), key=lambda s: probleme.sites[s].site_id)
    ordre_p = sorted(range(len(probleme.postes)), key=lambda p: probleme.postes[p].poste_id)
    presences = tuple(sorted(probleme.presences_actuelles))
    verrous = tuple(sorted(probleme.verrous, key=lambda v: (v.poste_id, v.site_id)))
    en_ordre = (
        ordre_s == [*range(len(ordre_s))]
        and ordre_p == [*range(len(ordre_p))]
        and presences == probleme.presences_actuelles
        and verrous == probleme.verrous
    )
    if en_ordre:
        return probleme
    return replace(
        probleme,
        sites=tuple(probleme.sites[s] for s in ordre_s),
        postes=tuple(probleme.postes[p] for p in ordre_p),
        minutes=tuple(tuple(probleme.minutes[p][s] for s in ordre_s) for p in ordre_p),
        km=tuple(tuple(probleme.km[p][s] for s in ordre_s) for p in ordre_p),
        presences_actuelles=presences,
        verrous=verrous,
    )


def en_dict(probleme: Probleme) -> dict[str, Any]:
    """The problem as plain data, as JSON and the judge take it; what is only read isn't copied."""
    listes = ("sites", "postes", "presences_actuelles", "verrous")
    return {
        **vars(probleme),
        "reglages": vars(probleme.reglages),
        **{nom: [vars(objet) for objet in getattr(probleme, nom)] for nom in listes},
    }


def vers_json(probleme: Probleme) -> str:
    """Deterministic JSON text: sorted keys and records, one record or matrix row a line."""
    contenu = en_dict(ordonner(probleme))
    lignes = []
    for cle in sorted(contenu):
        valeur = contenu[cle]
        if isinstance(valeur, list | tuple) and valeur:
            corps = "[\n  " + ",\n  ".join(_json(element) for element in valeur) + "\n ]"
        else:
            corps = _json(valeur)
        lignes.append(f" {_json(cle)}: {corps}")
    return "{\n" + ",\n".join(lignes) + "\n}\n"


def depuis_json(texte: str) -> Probleme:
    """The problem a JSON text describes; AtlasError when it is unreadable or out of its domain."""
    try:
        contenu = json.loads(texte)
    except json.JSONDecodeError as cause:
        raise AtlasError(
            f"Problème illisible : {cause.msg}.",
            fichier="probleme.json",
            ligne=cause.lineno,
            admis="du JSON en UTF-8, décrit dans docs/probleme.md",
            remede="exporter de nouveau le problème depuis Atlas",
        ) from cause
    return depuis_dict(contenu)


def depuis_dict(contenu: dict[str, Any]) -> Probleme:
    """The problem of an already parsed JSON object; AtlasError when a field is wrong."""
    valeurs = _champs(Probleme, contenu, "racine")
    for nom in ("sites", "postes", "presences_actuelles", "verrous", "minutes", "km", "objectifs"):
        if nom in valeurs:
            valeurs[nom] = _liste(valeurs[nom], nom)
    valeurs["reglages"] = Reglages(
        **_en_tuples(_champs(Reglages, valeurs["reglages"], "reglages"), "niveaux")
    )
    valeurs["sites"] = tuple(
        Site(**_en_tuples(_champs(Site, brut, f"sites[{i}]"), "categories", "categories_inconnues"))
        for i, brut in enumerate(valeurs["sites"])
    )
    for nom, classe in (("postes", Poste), ("presences_actuelles", Presence), ("verrous", Verrou)):
        if nom in valeurs:
            valeurs[nom] = tuple(
                classe(**_champs(classe, brut, f"{nom}[{i}]"))
                for i, brut in enumerate(valeurs[nom])
            )
    for nom in ("minutes", "km"):
        valeurs[nom] = tuple(_liste(ligne, f"{nom}[{p}]") for p, ligne in enumerate(valeurs[nom]))
    return Probleme(**valeurs)


def _json(valeur: object) -> str:
    return json.dumps(valeur, ensure_ascii=False, sort_keys=True, allow_nan=False)


def _liste(valeur: object, ou: str) -> tuple[Any, ...]:
    if not isinstance(valeur, list | tuple):
        _refuser(f"« {valeur!r} » n'est pas une liste.", ou, "une liste")
    return tuple(valeur)


def _en_tuples(valeurs: dict[str, Any], *noms: str) -> dict[str, Any]:
    return {**valeurs, **{n: _liste(valeurs[n], n) for n in noms if n in valeurs}}


def _champs(classe: type, contenu: object, ou: str) -> dict[str, Any]:
    """`contenu` when its keys are exactly those of `classe` (fields with a default may miss)."""
    if not isinstance(contenu, dict):
        _refuser("Un objet JSON était attendu.", ou, "un objet { … }")
    connus = {champ.name for champ in fields(classe)}
    inconnus = sorted(set(contenu) - connus)
    if inconnus:
        _refuser(f"Champ inconnu : {', '.join(inconnus)}.", ou, ", ".join(sorted(connus)))
    obligatoires = {
        champ.name for champ in fields(classe) if champ.default is champ.default_factory
    }
    absents = sorted(obligatoires - set(contenu))
    if absents:
        _refuser(f"Champ absent : {', '.join(absents)}.", ou, "tous les champs obligatoires")
    return dict(contenu)


def _refuser(quoi: str, ou: str, admis: str, remede: str | None = None) -> NoReturn:
    raise AtlasError(
        quoi,
        fichier="probleme.json",
        colonne=ou,
        admis=admis,
        remede=remede or "corriger la donnée d'origine, puis reconstruire le problème",
    )


def _texte(valeur: object, ou: str, *, vide: bool = False) -> None:
    if not isinstance(valeur, str) or (not vide and not valeur.strip()):
        _refuser(f"« {valeur!r} » n'est pas un texte.", ou, "un texte non vide")


def _texte_ou_rien(valeur: object, ou: str) -> None:
    if valeur is not None:
        _texte(valeur, ou)


def _booleen(valeur: object, ou: str) -> None:
    if not isinstance(valeur, bool):
        _refuser(f"« {valeur!r} » n'est pas un oui ou non.", ou, "true ou false")


def _entier(valeur: object, ou: str, minimum: int, maximum: int | None = None) -> None:
    if (
        not isinstance(valeur, int)
        or isinstance(valeur, bool)
        or valeur < minimum
        or (maximum is not None and valeur > maximum)
    ):
        borne = f"de {minimum} à {maximum}" if maximum is not None else f"d'au moins {minimum}"
        _refuser(f"« {valeur!r} » n'est pas admis.", ou, f"un entier {borne}")


def _reel(valeur: object, ou: str, minimum: float, maximum: float) -> None:
    est_nombre = isinstance(valeur, int | float) and not isinstance(valeur, bool)
    if not est_nombre or not math.isfinite(valeur) or not minimum <= valeur <= maximum:
        _refuser(f"« {valeur!r} » n'est pas admis.", ou, f"un nombre de {minimum} à {maximum}")


def _parmi(valeur: object, ou: str, admis: tuple[str, ...]) -> None:
    if valeur not in admis:
        _refuser(f"« {valeur!r} » n'est pas admis.", ou, ", ".join(admis))


def _unique(cles: Iterable[Any], ou: str, remede: str | None = None) -> None:
    doubles = sorted(str(cle) for cle, n in Counter(cles).items() if n > 1)
    if doubles:
        _refuser(f"En double : {', '.join(doubles)}.", ou, "chaque identifiant une fois", remede)


def _position(objet: Site | Poste, ou: str) -> None:
    if objet.latitude is not None:
        _reel(objet.latitude, f"{ou}.latitude", -90, 90)
    if objet.longitude is not None:
        _reel(objet.longitude, f"{ou}.longitude", -180, 180)


def _verifier(probleme: Probleme) -> None:
    if probleme.schema != SCHEMA:
        _refuser(
            f"Ce problème est au format « {probleme.schema} », que cette version ne lit plus.",
            "schema",
            SCHEMA,
            "refaire la proposition",
        )
    _texte(probleme.departement, "departement")
    _entier(probleme.graine, "graine", 0, GRAINE_MAX)
    _texte(probleme.empreinte_donnees, "empreinte_donnees", vide=True)
    _booleen(probleme.est_simule, "est_simule")
    _verifier_reglages(probleme.reglages)
    _verifier_sites(probleme)
    _verifier_postes(probleme)
    _verifier_matrices(probleme)
    _verifier_presences(probleme)
    _verifier_verrous(probleme)
    _verifier_explications(probleme)


def _verifier_reglages(reglages: Reglages) -> None:
    niveaux = reglages.niveaux
    for i, niveau in enumerate(niveaux):
        _entier(niveau, f"reglages.niveaux[{i}]", 0)
    if len(niveaux) < 2 or niveaux[0] != 0 or list(niveaux) != sorted(set(niveaux)):
        _refuser(
            f"Niveaux de présence {list(niveaux)} refusés.",
            "reglages.niveaux",
            "0 puis au moins un entier, en ordre strictement croissant",
            "corriger « niveaux_presence » dans data/reference/optimisation.toml",
        )
    _entier(reglages.duree_trajet_max_min, "reglages.duree_trajet_max_min", 0)
    _booleen(reglages.meme_bassin, "reglages.meme_bassin")
    _booleen(reglages.presence_entiere, "reglages.presence_entiere")
    _reel(reglages.tolerance_manque, "reglages.tolerance_manque", 0, 1)
    _reel(reglages.tolerance_changements, "reglages.tolerance_changements", 0, 1)
    _reel(reglages.tolerance_trajets, "reglages.tolerance_trajets", 0, 1)
    _entier(reglages.echelle_manque, "reglages.echelle_manque", 1)
    _entier(reglages.convexite, "reglages.convexite", CONVEXITES[0], CONVEXITES[-1])


def _verifier_sites(probleme: Probleme) -> None:
    sites = {site.site_id: site for site in probleme.sites}
    _unique((site.site_id for site in probleme.sites), "sites.site_id")
    for i, site in enumerate(probleme.sites):
        ou = f"sites[{i}]"
        _texte(site.site_id, f"{ou}.site_id")
        _texte(site.nom, f"{ou}.nom")
        _parmi(site.nature, f"{ou}.nature", NATURES_SITE)
        _entier(site.besoin, f"{ou}.besoin", 0)
        _entier(site.poids, f"{ou}.poids", 1)
        _entier(site.postes_max, f"{ou}.postes_max", 0)
        _entier(site.plancher, f"{ou}.plancher", 0, site.besoin)
        _entier(site.poids_plancher, f"{ou}.poids_plancher", 0)
        for nom in ("categories", "categories_inconnues"):
            for j, categorie in enumerate(getattr(site, nom)):
                _texte(categorie, f"{ou}.{nom}[{j}]")
        _texte_ou_rien(site.bassin, f"{ou}.bassin")
        _position(site, ou)
        if site.effectif is not None:
            _entier(site.effectif, f"{ou}.effectif", 0)
        if site.site_tete is not None:
            tete = sites.get(site.site_tete)
            if site.nature != "ecoles_rep_plus" or tete is None or tete.nature != "etablissement":
                _refuser(
                    f"{site.site_id} a pour tête « {site.site_tete} ».",
                    f"{ou}.site_tete",
                    "le site_id d'un établissement du problème, pour des écoles REP+ seulement",
                    "laisser vide quand le collège tête de réseau a fermé",
                )
    # Below this scale, rounding could break the convexity of the shortage that proofs rest on.
    plus_grand = max((site.besoin for site in probleme.sites), default=0)
    au_moins = echelle_minimale(plus_grand, probleme.reglages.convexite)
    if probleme.reglages.echelle_manque < au_moins:
        _refuser(
            f"Échelle de calcul du manque trop petite : {probleme.reglages.echelle_manque}.",
            "reglages.echelle_manque",
            f"un entier d'au moins {au_moins}, pour un plus grand besoin de {plus_grand} et une "
            f"convexité de {probleme.reglages.convexite}",
            "relever « echelle_manque » dans data/reference/optimisation.toml",
        )
    # The engines count in 64 bits, with products of costs along the way.
    total = manque_sans_presence(probleme)
    if total > MANQUE_MAX:
        _refuser(
            f"Manque de présence trop grand pour être calculé : {total} sans aucune présence.",
            "sites.poids, sites.poids_plancher, reglages.echelle_manque",
            f"au plus {MANQUE_MAX} : somme de echelle_manque × (poids × besoin + poids_plancher × "
            "plancher)",
            "baisser les poids de la doctrine, ou « echelle_manque » dans "
            "data/reference/optimisation.toml",
        )


def _verifier_postes(probleme: Probleme) -> None:
    _unique((poste.poste_id for poste in probleme.postes), "postes.poste_id")
    for i, poste in enumerate(probleme.postes):
        ou = f"postes[{i}]"
        _texte(poste.poste_id, f"{ou}.poste_id")
        _reel(poste.quotite, f"{ou}.quotite", 0, 1)
        _parmi(poste.statut, f"{ou}.statut", STATUTS)
        _entier(poste.capacite, f"{ou}.capacite", 0)
        _entier(poste.sites_max, f"{ou}.sites_max", 0)
        _texte(poste.residence_uai, f"{ou}.residence_uai")
        _position(poste, ou)
        _texte_ou_rien(poste.bassin, f"{ou}.bassin")
        _booleen(poste.sans_secteur, f"{ou}.sans_secteur")


def _verifier_matrices(probleme: Probleme) -> None:
    forme = f"{len(probleme.postes)} lignes (postes) de {len(probleme.sites)} valeurs (sites)"
    for nom, matrice in (("minutes", probleme.minutes), ("km", probleme.km)):
        if len(matrice) != len(probleme.postes):
            _refuser(f"{len(matrice)} lignes de trajets.", nom, forme)
        for p, ligne in enumerate(matrice):
            if len(ligne) != len(probleme.sites):
                _refuser(f"{len(ligne)} valeurs de trajet.", f"{nom}[{p}]", forme)
            for s, valeur in enumerate(ligne):
                if valeur is None:
                    continue
                if nom == "minutes":
                    _entier(valeur, f"{nom}[{p}][{s}]", 0)
                else:
                    _reel(valeur, f"{nom}[{p}][{s}]", 0, math.inf)


def _verifier_couple(probleme: Probleme, objet: Presence | Verrou, ou: str) -> None:
    if objet.poste_id not in {poste.poste_id for poste in probleme.postes}:
        _refuser(f"Poste « {objet.poste_id} » inconnu.", f"{ou}.poste_id", "un poste du problème")
    if objet.site_id not in {site.site_id for site in probleme.sites}:
        _refuser(f"Site « {objet.site_id} » inconnu.", f"{ou}.site_id", "un site du problème")


def _verifier_presences(probleme: Probleme) -> None:
    presences = probleme.presences_actuelles
    _unique(((p.poste_id, p.site_id) for p in presences), "presences_actuelles")
    for i, presence in enumerate(presences):
        ou = f"presences_actuelles[{i}]"
        _verifier_couple(probleme, presence, ou)
        _entier(presence.demi_journees_cycle, f"{ou}.demi_journees_cycle", 1)


def _verifier_verrous(probleme: Probleme) -> None:
    _unique(
        ((v.poste_id, v.site_id) for v in probleme.verrous),
        "verrous",
        "ne garder qu'un verrou par couple de poste et de site",
    )
    for i, verrou in enumerate(probleme.verrous):
        ou = f"verrous[{i}]"
        _verifier_couple(probleme, verrou, ou)
        _parmi(verrou.nature, f"{ou}.nature", NATURES_VERROU)
        if verrou.nature != "montant":
            if verrou.demi_journees_cycle is not None:
                _refuser(
                    f"Verrou « {verrou.nature} » avec un montant.",
                    f"{ou}.demi_journees_cycle",
                    "rien, sauf pour un verrou « montant »",
                )
        elif (
            verrou.demi_journees_cycle is None
            or isinstance(verrou.demi_journees_cycle, bool)
            or verrou.demi_journees_cycle not in probleme.reglages.niveaux[1:]
        ):
            _refuser(
                f"Montant « {verrou.demi_journees_cycle} » refusé.",
                f"{ou}.demi_journees_cycle",
                f"un niveau de présence parmi {', '.join(map(str, probleme.reglages.niveaux[1:]))}",
                "choisir un niveau admis ; pour 0, poser un verrou « interdit »",
            )


def _verifier_explications(probleme: Probleme) -> None:
    for i, objectif in enumerate(probleme.objectifs):
        for nom in ("code", "libelle", "formule"):
            _texte(objectif.get(nom), f"objectifs[{i}].{nom}")
    codes = [objectif["code"] for objectif in probleme.objectifs]
    if codes != [objectif["code"] for objectif in OBJECTIFS]:
        _refuser(
            f"Objectifs {codes}.",
            "objectifs",
            "manque, changements, trajets, equilibre, dans cet ordre",
        )
    for nom, valeur in probleme.hypotheses.items():
        _texte(nom, "hypotheses")
        if not isinstance(valeur, str | int | float) or (
            isinstance(valeur, float) and not math.isfinite(valeur)
        ):
            _refuser(f"« {valeur!r} » n'est pas admis.", f"hypotheses.{nom}", "texte ou nombre")
