"""« Pourquoi ? »: a kept proposal explained in words, one site at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import (
    enumeration,
    nombre,
    pluriel,
    pourcentage,
    rythme,
    variation,
)
from pipelines.planning.explication import (
    ESSAIS_MAX,
    PosteAPortee,
    Pourquoi,
    PourquoiPas,
    pourquoi,
    pourquoi_pas,
)
from pipelines.planning.modele import SOUPLES
from pipelines.planning.probleme import Site
from pipelines.planning.refus import LIBELLES
from pipelines.planning.reprise import Reprise, qui_peut_prendre
from pipelines.planning.voisinage import Alternative, Effet
from pipelines.reports import proposition_en_mots
from pipelines.reports.lecture import Lu, lire

SANS_EFFET = "="
UN_POUR_CENT = 0.01  # under it, a share is shown with one more decimal
NOTE_DES_COUTS = (
    "Coûts par rapport au plan proposé : le manque de présence en part de celui du plan, les "
    "changements imposés en liens, les trajets en minutes par cycle de 4 semaines, l'équilibre en "
    "points (plus il y en a, plus les trajets pèsent sur quelques postes). Un "
    "nombre négatif est un gain : le plan proposé n'est le meilleur qu'à l'écart près que dit sa "
    "preuve."
)
NOTE_DU_VOISINAGE = (
    "Chaque ligne est un plan entier, qui respecte toutes les règles : le meilleur de ceux où seul "
    "ce poste change, ou lui et celui à qui l'on confie le site, sur les sites que les deux "
    "servent. Un plan où davantage de postes ou de sites changeraient pourrait coûter moins."
)


@dataclass(frozen=True)
class VueExplication:
    """An answer: its sentence, what proves it, the tables, and how far the search went."""

    phrase: str
    details: list[str]
    alternatives: pd.DataFrame
    postes: pd.DataFrame
    note: str


def choix_sites(dossier: Path) -> dict[str, str]:
    """site_id → name, presence and besoin; sites served least for their besoin come first."""
    lu = lire(dossier)
    sites = sorted(
        (s for s in lu.probleme.sites if s.besoin),
        key=lambda s: (lu.couverture(s.site_id) / s.besoin, -s.poids, s.nom, s.site_id),
    )
    return {
        s.site_id: (
            f"{s.nom} ({s.site_id}) : {lu.couverture(s.site_id)} sur {s.besoin} ½ j. par cycle"
        )
        for s in sites
    }


def choix_postes(dossier: Path, site_id: str) -> list[str]:
    """The postes that serve a site in the proposal, most present first."""
    lu = lire(dossier)
    return lu.postes(lu.site(site_id).site_id)


# --- why this presence ---------------------------------------------------------------------------


def presence(dossier: Path, site_id: str, poste_id: str) -> VueExplication:
    """Why the proposal gives this presence, and what the next best choices would cost."""
    lu = lire(dossier)
    site = lu.site(site_id)
    r = pourquoi(lu.probleme, lu.plan, poste_id, site.site_id)
    plein = "tout son temps est donné" if r.donne == r.capacite else _libre(r.capacite - r.donne)
    return VueExplication(
        phrase=(
            f"{site.nom} reçoit {_dj(r.demi_journees_cycle)} par cycle "
            f"({rythme(r.demi_journees_cycle)}) du poste {r.poste_id}, pour un besoin de "
            f"{site.besoin} : {_trajet(r.minutes)}, "
            f"{'il y est déjà' if r.est_actuel else 'le lien est nouveau'}, {plein}."
        ),
        details=_raisons(lu, site, r),
        alternatives=_choix(lu, r),
        postes=pd.DataFrame(),
        note=f"{NOTE_DES_COUTS} {NOTE_DU_VOISINAGE}",
    )


def _raisons(lu: Lu, site: Site, r: Pourquoi) -> list[str]:
    """The rules and weights that bear on a presence."""
    reglages = lu.probleme.reglages
    raisons = [
        f"Poids du site dans la doctrine : {site.poids}, dans ce département de "
        f"{min(s.poids for s in lu.probleme.sites)} à {max(s.poids for s in lu.probleme.sites)}. "
        f"Sans cette présence, le manque de présence du département monterait de "
        f"{pourcentage(r.gain / r.manque, 1) if r.manque else nombre(r.gain)}.",
        f"Règles : trajet aller de {reglages.duree_trajet_max_min} min au plus"
        f"{', sauf lien actuel' if r.est_actuel else ''} ; "
        f"{pluriel(r.donne, 'demi-journée donnée', 'demi-journées données')} sur {r.capacite} ; "
        f"{pluriel(r.nb_sites, 'site')} sur {r.sites_max} admis pour le poste ; "
        f"{pluriel(len(lu.postes(site.site_id)), 'poste')} sur {site.postes_max} admis pour le "
        "site.",
    ]
    if r.verrou == "impose":
        raisons.append(
            "Ce lien est verrouillé (imposé) : aucun plan ne pouvait le retirer. C'est le cas des "
            "postes que l'on garde à leur résidence."
        )
    elif r.verrou == "montant":
        raisons.append("Cette présence est verrouillée à ce nombre : aucun plan ne la change.")
    elif r.nb_autres == 0:
        raisons.append("Aucun autre poste ne peut la prendre si les autres gardent les leurs.")
    else:
        raisons.append(
            f"{pluriel(r.nb_autres, 'autre poste peut', 'autres postes peuvent')} la prendre, les "
            "autres présences restant ce qu'elles sont."
        )
    return raisons


def _choix(lu: Lu, r: Pourquoi) -> pd.DataFrame:
    lignes = []
    for titre, alternative in (("Donner plus", r.plus), ("Donner moins", r.moins)):
        if alternative is not None:
            lignes.append(_ligne(lu, f"{titre} : {_de(alternative, r)}", alternative))
    for alternative in r.autres:
        repreneur = next(
            m.poste_id
            for m in alternative.mouvements
            if m.site_id == r.site_id and m.poste_id != r.poste_id
        )
        lignes.append(_ligne(lu, f"Confier à {repreneur}", alternative))
    return pd.DataFrame(lignes)


def _de(alternative: Alternative, r: Pourquoi) -> str:
    apres = next(
        m.apres
        for m in alternative.mouvements
        if (m.poste_id, m.site_id) == (r.poste_id, r.site_id)
    )
    return f"{r.demi_journees_cycle} → {apres}"


# --- why no more ---------------------------------------------------------------------------------


def absence(dossier: Path, site_id: str) -> VueExplication:
    """Why a site has no regular presence, or no more, and the cheapest way to some more."""
    lu = lire(dossier)
    site = lu.site(site_id)
    pas = reference.valeur("couverture", "hebdomadaire_demi_journees_cycle")
    r = pourquoi_pas(lu.probleme, lu.plan, site.site_id, pas)
    if r.couverture:
        a_t_il = f"a {_dj(r.couverture)} par cycle pour un besoin de {site.besoin}"
    else:
        a_t_il = f"n'a pas de présence régulière, pour un besoin de {_dj(site.besoin)} par cycle"
    return VueExplication(
        phrase=f"{site.nom} {a_t_il} : {_ce_qui_manque(lu, r)}.",
        details=[*_details_absence(lu, site, r)],
        alternatives=(
            pd.DataFrame()
            if r.moindre is None
            else pd.DataFrame([_ligne(lu, f"Donner {_dj(r.cible or 0)} par cycle", r.moindre)])
        ),
        postes=table_a_portee(r.a_portee, lu.nom),
        note=_note_absence(r),
    )


def _ce_qui_manque(lu: Lu, r: PourquoiPas) -> str:
    if r.cible is None:
        return "c'est tout ce qu'il peut recevoir"
    servants = set(lu.postes(r.site_id))
    autres = [a for a in r.a_portee if a.poste_id not in servants]
    if not autres:
        return "aucun autre poste n'est à portée" if servants else "aucun poste n'est à portée"
    if len(autres) == 1 and (autres[0].libre <= 0 or autres[0].est_plein_de_sites):
        plein = autres[0].libre <= 0
        return f"le seul {'autre ' if servants else ''}poste à portée, {autres[0].poste_id}, " + (
            "a donné tout son temps" if plein else "sert déjà autant de sites qu'il est admis"
        )
    pleins = sum(a.libre <= 0 for a in autres)
    bornes = sum(a.libre > 0 and a.est_plein_de_sites for a in autres)
    dispo = len(autres) - pleins - bornes
    portee = f"{pluriel(len(autres), 'autre poste est', 'autres postes sont')} à portée"
    if not servants:
        portee = f"{pluriel(len(autres), 'poste est', 'postes sont')} à portée"
    tout = "a donné tout son temps" if pleins == 1 else "ont donné tout leur temps"
    morceaux = [f"{pleins} {tout}"] if pleins else []
    if bornes:
        sert = "sert" if bornes == 1 else "servent"
        morceaux.append(f"{bornes} {sert} déjà autant de sites qu'il est admis")
    morceaux.append(
        f"{dispo} {'a' if dispo <= 1 else 'ont'} encore du temps"
        if dispo
        else "aucun ne peut le prendre en plus"
    )
    return f"{portee}, {enumeration(morceaux)}"


def _details_absence(lu: Lu, site: Site, r: PourquoiPas) -> list[str]:
    details = [
        f"Poids du site dans la doctrine : {site.poids}, dans ce département de "
        f"{min(s.poids for s in lu.probleme.sites)} à {max(s.poids for s in lu.probleme.sites)}."
    ]
    if len(lu.postes(site.site_id)) >= site.postes_max:
        details.append(
            f"Il est déjà servi par {pluriel(site.postes_max, 'poste')}, autant qu'il est admis."
        )
    remplissage = _ce_qui_les_remplit(lu, site, r)
    if remplissage:
        details.append(remplissage)
    if r.hors_de_portee:
        details.append(_hors_de_portee(r))
    if r.cible is None:
        return details
    if r.moindre is None:
        details.append(
            f"Aucun plan où un ou deux postes changent ne lui donne {_dj(r.cible)} par cycle."
        )
        return details
    perdants = _par_site(lu, r.moindre, signe=-1)
    touches = sorted({m.poste_id for m in r.moindre.mouvements})
    details.append(
        f"Le moyen le moins coûteux trouvé de lui donner {_dj(r.cible)} par cycle "
        f"({rythme(r.cible)}) change {enumeration(touches)}. "
        + (f"Perdent : {enumeration(perdants)}. " if perdants else "Aucun site n'y perd. ")
        + f"Coût : {dire_effets(r.moindre.effets)}."
    )
    return details


def _ce_qui_les_remplit(lu: Lu, site: Site, r: PourquoiPas) -> str | None:
    """How much of the time of the postes within reach goes to sites that weigh more, or less."""
    ailleurs = [x for a in r.a_portee for x in a.remplis if x.site_id != site.site_id]
    donne = sum(x.demi_journees_cycle for x in ailleurs)
    if not donne:
        return None
    mots = []
    for mot, garde in (
        ("plus que lui", lambda x: x.poids > site.poids),
        ("autant", lambda x: x.poids == site.poids),
        ("moins", lambda x: x.poids < site.poids),
    ):
        siens = [x for x in ailleurs if garde(x)]
        if siens:
            verrouilles = sum(x.demi_journees_cycle for x in siens if x.est_impose)
            dont = f" (dont {verrouilles} sur des liens verrouillés)" if verrouilles else ""
            total = sum(x.demi_journees_cycle for x in siens)
            mots.append(f"{total} à des sites qui pèsent {mot}{dont}")
    return (
        f"Les postes à portée donnent {_dj(donne)} par cycle à d'autres sites : "
        f"{enumeration(mots)}."
    )


def _hors_de_portee(r: PourquoiPas) -> str:
    """« 30 postes n'y ont pas droit : 28 par le trajet (le plus proche à 51 min)… »."""
    regles: dict[str, list[int | None]] = {}
    for hors in r.hors_de_portee:
        regles.setdefault(hors.regle, []).append(hors.minutes)
    mots = []
    for regle, minutes in regles.items():
        connues = [m for m in minutes if m is not None]
        plus_proche = (
            f", le plus proche à {min(connues)} min" if regle == "trajet" and connues else ""
        )
        mots.append(f"{len(minutes)} par la règle « {LIBELLES[regle]} »{plus_proche}")
    combien = pluriel(len(r.hors_de_portee), "poste ne peut", "postes ne peuvent")
    return f"{combien} pas le servir : {enumeration(mots)}."


def _note_absence(r: PourquoiPas) -> str:
    if r.cible is None:
        return ""
    if r.est_complet:
        return (
            f"{NOTE_DES_COUTS} Recherche complète parmi les plans où change un poste qui peut "
            "servir ce site, seul ou avec un autre qui peut reprendre l'un de ses sites, et où "
            "rien ne change hors des sites qu'ils servent ; un plan qui toucherait à davantage de "
            "postes ou de sites pourrait coûter moins."
        )
    return (
        f"{NOTE_DES_COUTS} Recherche parmi les {ESSAIS_MAX} postes et couples de postes les plus "
        "prometteurs, sur les sites qu'ils servent : un autre choix pourrait coûter moins."
    )


def table_a_portee(a_portee: Iterable[PosteAPortee], nom: Callable[[str], str]) -> pd.DataFrame:
    """The postes within reach of a site and what fills them; `nom`: site_id → its name."""
    return pd.DataFrame(
        [
            {
                "Poste": a.poste_id,
                "Trajet aller (min)": a.minutes,
                "Donné (½ j. par cycle)": a.donne,
                "Libre (½ j. par cycle)": a.libre,
                "Sites": f"{len(a.remplis)} sur {a.sites_max}",
                "Ce qui le remplit (½ j. par cycle)": _remplis(a, nom),
            }
            for a in a_portee
        ]
    )


def _remplis(a: PosteAPortee, nom: Callable[[str], str]) -> str:
    """« Collège A 8 (poids 4) ; Lycée B 6 (poids 1, imposé) », heaviest site first."""
    lignes = sorted(a.remplis, key=lambda x: (-x.poids, -x.demi_journees_cycle, x.site_id))
    return " ; ".join(
        f"{nom(x.site_id)} {x.demi_journees_cycle} "
        f"(poids {x.poids}{', verrouillé' if x.est_impose else ''})"
        for x in lignes
    )


# --- who can take it -----------------------------------------------------------------------------


def reprise(
    dossier: Path, site_id: str, poste_id: str | None = None, demi_journees: int | None = None
) -> VueExplication:
    """« Qui peut prendre cet établissement ? »: every poste, those that break no rule first."""
    lu = lire(dossier)
    site = lu.site(site_id)
    servants = lu.postes(site.site_id)
    if demi_journees is None and not servants:
        demi_journees = reference.valeur("couverture", "hebdomadaire_demi_journees_cycle")
    reprises = qui_peut_prendre(
        lu.probleme,
        lu.plan,
        site.site_id,
        a_la_place_de=poste_id,
        demi_journees_cycle=demi_journees,
    )
    possibles = [r for r in reprises if not r.manquements]
    partant = poste_id or (servants[0] if servants else None)
    place = f" à la place de {partant}" if partant else ""
    if possibles:
        premier = possibles[0]
        phrase = (
            f"{site.nom} : {pluriel(len(possibles), 'poste peut', 'postes peuvent')} le prendre"
            f"{place} sans manquer à une règle ; le moins coûteux est {premier.poste_id} : "
            f"{dire_effets(premier.alternative.effets)}."
        )
    else:
        phrase = f"{site.nom} : aucun poste ne peut le prendre{place} sans manquer à une règle."
    return VueExplication(
        phrase=phrase,
        details=[],
        alternatives=pd.DataFrame([_ligne_reprise(lu, site, r) for r in reprises]),
        postes=pd.DataFrame(),
        note=(
            f"½ j. : demi-journées par cycle de 4 semaines. {NOTE_DES_COUTS} Seuls changent le "
            "poste qui prend, dont les autres sites sont repartagés au moindre manque, et celui "
            "qui part, dont le temps rendu n'est donné à personne. Les manquements sont ceux que "
            "relève le contrôle indépendant."
        ),
    )


def _ligne_reprise(lu: Lu, site: Site, r: Reprise) -> dict:
    return {
        "Poste": r.poste_id,
        "Trajet aller (min)": r.minutes,
        "Libre (½ j.)": r.libre,
        "Donnerait (½ j.)": r.demi_journees_cycle,
        **_couts(r.alternative.effets),
        "Perdent": enumeration(_par_site(lu, r.alternative, signe=-1)) or "aucun site",
        "Règles": " ".join(m.message for m in r.manquements) or "toutes respectées",
    }


# --- words shared by the answers -----------------------------------------------------------------


def dire_effets(effets: Iterable[Effet]) -> str:
    """« manque de présence +1,2 %, trajets −40 min par cycle, le reste inchangé »."""
    effets = tuple(effets)
    mots = [
        f"{proposition_en_mots.NOMS_DES_ETAGES[e.code].lower()} {_cout(e)}"
        + ("" if _est_une_part(e) else f" {proposition_en_mots.unite_de(e.code, e.ecart)}")
        for e in effets
        if e.ecart
    ]
    if not mots:
        return "rien sur aucun objectif"
    if len(mots) < len(effets):
        mots.append("le reste inchangé")
    return ", ".join(mots)


def dire_mouvements(lu: Lu, alternative: Alternative) -> str:
    """« P-12 : Collège A 8 → 6, Lycée B 0 → 2 ; P-17 : … »."""
    par_poste: dict[str, list[str]] = {}
    for m in alternative.mouvements:
        par_poste.setdefault(m.poste_id, []).append(f"{lu.nom(m.site_id)} {m.avant} → {m.apres}")
    return " ; ".join(f"{poste} : {', '.join(m)}" for poste, m in par_poste.items())


def _par_site(lu: Lu, alternative: Alternative, *, signe: int) -> list[str]:
    """The sites that gain (1) or lose (−1), with the sign and the number."""
    totaux: dict[str, int] = {}
    for m in alternative.mouvements:
        totaux[m.site_id] = totaux.get(m.site_id, 0) + m.apres - m.avant
    return [
        f"{lu.nom(s)} ({variation(ecart)})"
        for s, ecart in sorted(totaux.items())
        if ecart * signe > 0
    ]


def _ligne(lu: Lu, titre: str, alternative: Alternative) -> dict:
    return {
        "Autre choix": titre,
        **_couts(alternative.effets),
        "Ce qui change (½ j. par cycle)": dire_mouvements(lu, alternative),
    }


def _couts(effets: Iterable[Effet]) -> dict[str, str]:
    """One column an objective, its unit in the header."""
    return {
        proposition_en_mots.NOMS_DES_ETAGES[e.code]
        if _est_une_part(e)
        else proposition_en_mots.objectif_et_unite(e.code): _cout(e)
        for e in effets
    }


def _est_une_part(effet: Effet) -> bool:
    """Whether an effect is told in share of the plan's own value: the first objective's, if any."""
    return effet.code == SOUPLES[0].code and effet.avant != 0


def _cout(effet: Effet) -> str:
    """The first objective in share of the plan's own value, the others in their unit."""
    if effet.ecart == 0:
        return SANS_EFFET
    if not _est_une_part(effet):
        return _signe(nombre(effet.ecart), effet.ecart)
    part = effet.ecart / effet.avant
    return _signe(pourcentage(part, 1 if abs(part) >= UN_POUR_CENT else 2), effet.ecart)


def _signe(texte: str, ecart: int) -> str:
    return f"+{texte}" if ecart > 0 else texte


def _dj(n: int) -> str:
    return pluriel(n, "demi-journée")


def _libre(n: int) -> str:
    return f"il lui reste {_dj(n)} par cycle"


def _trajet(minutes: int | None) -> str:
    if minutes is None:
        return "trajet inconnu"
    return "à sa résidence" if minutes == 0 else f"à {minutes} min de sa résidence"
