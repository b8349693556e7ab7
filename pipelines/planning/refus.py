"""Clashing demands and ways out in French: the words of the refusal and of the explanation."""

from dataclasses import replace

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, pluriel, rythme
from pipelines.planning.conflits import Conflit
from pipelines.planning.exigences import Exigence, Plancher
from pipelines.planning.issues import Issue, Pas
from pipelines.planning.modele import DURES, Index, couples_admis
from pipelines.planning.probleme import Probleme, Verrou

LIBELLES = {regle.code: regle.libelle for regle in DURES}
NOMMEES = 6  # demands told one by one; more are told together
PLUSIEURS_REGLES = "plus de deux règles ensemble"


def refus(probleme: Probleme, conflits: tuple[Conflit, ...]) -> AtlasError:
    """The refusal of a problem whose locks clash: the first clash, and how to end it."""
    conflit = conflits[0]
    autres = f" ({len(conflits)} conflits séparés en tout)" if len(conflits) > 1 else ""
    return AtlasError(
        f"Verrous impossibles à tenir ensemble{autres} : "
        f"{dire_exigences(probleme, conflit.exigences)}. "
        f"Règle en cause : {dire_regles(conflit)}.",
        admis="des verrous qui respectent ensemble toutes les règles",
        remede=" ; ou ".join(dire_issues(probleme, conflit)),
    )


def dire_regles(conflit: Conflit) -> str:
    """The rules any one of which makes the clash, or the two that do together, by their labels."""
    if conflit.regles:
        return " ; ".join(LIBELLES[code] for code in conflit.regles)
    if conflit.ensemble:
        noms = enumeration([f"« {LIBELLES[code]} »" for code in conflit.ensemble])
        return f"{noms}, ensemble"
    return PLUSIEURS_REGLES


def nom_du_site(probleme: Probleme, site_id: str) -> str:
    """« Collège Untel (0340001A) »."""
    noms = {s.site_id: s.nom for s in probleme.sites}
    return f"{noms[site_id]} ({site_id})"


def dire_exigences(probleme: Probleme, exigences: tuple[Exigence, ...]) -> str:
    """Demands that clash, one by one; past a few, what they ask and what is within their reach."""
    if len(exigences) <= NOMMEES:
        return enumeration([dire_exigence(probleme, e) for e in exigences])
    verrous = tuple(e for e in exigences if isinstance(e, Verrou))
    planchers = [e for e in exigences if isinstance(e, Plancher)]
    index = Index.de(replace(probleme, verrous=verrous))
    sites = sorted({index.rang_site[e.site_id] for e in exigences})
    tetes = {
        index.rang_site[tete] for s in sites if (tete := probleme.sites[s].site_tete) is not None
    }.difference(sites)
    admis = couples_admis(index)
    temps, places, nb_postes = 0, 0, 0
    for p, poste in enumerate(probleme.postes):
        siens = sum(any(admis.get((p, s), ())) for s in (*sites, *tetes))
        if siens and poste.capacite:
            nb_postes += 1
            temps += poste.capacite
            places += min(siens, poste.sites_max)
    demandes = sum(e.demi_journees_cycle for e in planchers)
    mots = [f"{pluriel(len(planchers), 'plancher')} ({_dj(demandes)} par cycle en tout)"]
    if verrous:
        mots.append(pluriel(len(verrous), "verrou"))
    avec = ""
    if tetes:
        colleges = pluriel(len(tetes), "collège tête de réseau", "collèges têtes de réseau")
        avec = f", et {colleges} à servir avec leurs écoles,"
    noms = [nom_du_site(probleme, probleme.sites[s].site_id) for s in sites]
    if len(noms) > NOMMEES:
        noms = [*noms[:NOMMEES], pluriel(len(noms) - NOMMEES, "autre")]
    return (
        f"{enumeration(mots)} sur {pluriel(len(sites), 'site')} ({enumeration(noms)})"
        f"{avec or ','} à portée de {pluriel(nb_postes, 'poste')} ({_dj(temps)} par cycle,"
        f" {pluriel(places, 'site')} au plus parmi eux)"
    )


def dire_issues(probleme: Probleme, conflit: Conflit) -> list[str]:
    """The ways out; past a few, the demands of which any one given up is enough are not named."""
    levees = [i for i in conflit.issues if i.pas[0].nature == "lever"]
    if len(levees) <= NOMMEES:
        return [dire_issue(probleme, i) for i in conflit.issues]
    autres = [dire_issue(probleme, i) for i in conflit.issues if i not in levees]
    return [*autres, f"lever l'une de {len(levees)} exigences, au choix"]


def dire_exigence(probleme: Probleme, exigence: Exigence) -> str:
    """A demand with the numbers that bear on it."""
    site = next(s for s in probleme.sites if s.site_id == exigence.site_id)
    nom = nom_du_site(probleme, site.site_id)
    if isinstance(exigence, Plancher):
        n = exigence.demi_journees_cycle
        return f"au moins {pluriel(n, 'demi-journée')} par cycle à {nom} [besoin {site.besoin}]"
    poste = next(p for p in probleme.postes if p.poste_id == exigence.poste_id)
    couple = probleme.postes.index(poste), probleme.sites.index(site)
    minutes = probleme.minutes[couple[0]][couple[1]]
    trajet = "inconnu" if minutes is None else f"{minutes} min"
    quoi = {
        "impose": "imposé",
        "interdit": "interdit",
        "montant": f"fixé à {pluriel(exigence.demi_journees_cycle or 0, 'demi-journée')} par cycle",
    }[exigence.nature]
    return (
        f"{poste.poste_id} – {nom} {quoi} [capacité {poste.capacite}, besoin {site.besoin}, "
        f"trajet {trajet}]"
    )


def dire_issue(probleme: Probleme, issue: Issue) -> str:
    """A way out: « il manque 2 demi-journées par cycle au poste P-17 »."""
    mots = enumeration([dire_pas(probleme, pas) for pas in issue.pas])
    return mots if issue.est_moindre else f"{mots} (au plus, moins suffit peut-être)"


def dire_pas(probleme: Probleme, pas: Pas) -> str:
    """One step of a way out, with its price."""
    site = nom_du_site(probleme, pas.site_id) if pas.site_id else ""
    lien = f"{pas.poste_id} – {site}" if pas.poste_id else site
    avant, apres = pas.avant or 0, pas.apres or 0
    match pas.nature:
        case "capacite":
            return (
                f"trouver {pluriel(apres - avant, 'demi-journée')} par cycle de plus pour le poste "
                f"{pas.poste_id} ({avant} aujourd'hui)"
            )
        case "sites_max":
            if apres - avant > 1:
                return f"admettre {pluriel(apres, 'établissement')} pour le poste {pas.poste_id}"
            return f"admettre un {_ordinal(apres)} établissement pour le poste {pas.poste_id}"
        case "postes_max":
            return f"admettre {pluriel(apres, 'poste')} à {site}, au lieu de {avant}"
        case "trajet":
            return (
                f"admettre {pluriel(apres - avant, 'minute')} de trajet de plus "
                f"({apres} au lieu de {avant})"
            )
        case "bassin":
            return "admettre des sites hors du bassin du poste"
        case "sans_secteur":
            return f"donner un secteur au poste {pas.poste_id}"
        case "montant":
            return f"ramener {lien} de {avant} à {pluriel(apres, 'demi-journée')} par cycle"
        case "plancher":
            return (
                f"se contenter à {site} de {pluriel(apres, 'demi-journée')} par cycle "
                f"({rythme(apres)}), au lieu de {avant}"
            )
        case _:
            return f"lever l'exigence {lien}"


def _dj(n: int) -> str:
    return pluriel(n, "demi-journée")


def _ordinal(n: int) -> str:
    return "1er" if n == 1 else f"{n}e"
