"""What half a post more or less is worth: by bassin, along a curve, site by site."""

from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import au_plus_juste, enumeration, pluriel, pourcentage
from pipelines.planning import moyens
from pipelines.planning.marges import MOINS, PLUS
from pipelines.planning.probleme import Site
from pipelines.reports.etudes import (
    NOTE_MANQUE,
    Vue,
    autres_objectifs,
    dire_arret,
    dire_coupures,
    est_prouve,
    figure_bornee,
    gain_du_pas,
    gain_en_mots,
    note_tolerance,
    par_site,
    part,
    sites_qui_changent,
    sites_touches,
)
from pipelines.reports.lecture import Lu
from pipelines.reports.libelles import FINS
from pipelines.scenarios.etudes import Etude

ETIQUETTE_ETP = "Moyens (ETP)"
SANS_MANQUE = "aucun site n'y est à court"
PAR_BASSIN = "Par bassin"
"""The title of the table that says what a half-post is worth in each bassin."""


def marges(lu: Lu, etude: Etude) -> Vue:
    """The view of a kept study."""
    r, pas = etude.resultat, etude.parametres["pas_etp"]
    courbe = r["courbe"]
    reference = lu.manque
    attendus = r["nb_bassins"] + 2 * round(etude.parametres["etendue_etp"] / pas) + 1
    details = dire_arret(etude, len(r["bassins"]) + len(courbe), attendus, "résultats")
    if courbe:
        details += dire_coupures(courbe, [_etp(p["etp"]) for p in courbe])
        details += _phrases_courbe(courbe, reference)
    details += _bassins_connus(lu, r["bassins"])
    details += _non_departages(lu, r["bassins"], reference)
    tables = {PAR_BASSIN: _table_bassins(lu, r["bassins"], reference, pas)} if r["bassins"] else {}
    if courbe:
        tables["Par demi-poste"] = _table_courbe(lu, courbe, reference)
        changes = {_etp(p["etp"]): p["mouvements"] for p in courbe if p["etp"]}
        tables["Sites qui changent"] = sites_qui_changent(lu, changes)
    return Vue(
        phrase=_phrase_bassins(lu, r["bassins"], reference, r["nb_bassins"]),
        details=details,
        figure=_figure_courbe(courbe, reference) if courbe else None,
        tables=tables,
        note=(
            f"{NOTE_MANQUE} Par bassin : un demi-poste de plus est essayé à "
            f"{etude.parametres['residences_essayees']} résidences, là où les sites sont le "
            "plus à court ; un demi-poste de moins, à chaque poste seul, puis aux "
            f"{etude.parametres['retraits_essayes']} moins coûteux avec leurs voisins. La "
            f"recherche est locale : {etude.parametres['postes_par_voisinage']} postes "
            "changent au plus, et un choix qui en changerait davantage pourrait valoir mieux. "
            "Courbe : tout le département est résolu à chaque demi-poste, les moyens "
            f"s'emboîtent, et la zone grise va du plan trouvé à la meilleure valeur possible. "
            f"{note_tolerance(lu)} « Au plus » : ce que coûterait un retrait, face à "
            "la meilleure répartition possible des moyens d'aujourd'hui. Les "
            "trajets depuis une résidence nouvelle sont estimés à vol d'oiseau quand aucun "
            "poste n'y réside."
        ),
    )


def _phrase_bassins(lu: Lu, bassins: list[dict], reference: int, total: int) -> str:
    """What the bassins computed, of `total`, say."""
    if not bassins:
        return "Aucun bassin calculé."
    if not any(m[PLUS] for m in bassins):
        noms = {m["bassin"] for m in bassins}
        if any(None in noms or s.bassin in noms for s in _a_court(lu)):
            return (
                "Un demi-poste de plus n'a pu être essayé nulle part : la table dit pourquoi, "
                "bassin par bassin."
            )
        ou = " dans les bassins calculés" if len(bassins) < total else ""
        return f"Aucun site n'est à court{ou} : un demi-poste de plus n'y apporterait rien."
    retraits = [(m["bassin"], m[MOINS]) for m in bassins if m[MOINS]]
    phrase = f"Un demi-poste de plus vaut {_valeur_du_plus(lu, bassins, reference)}"
    if retraits:
        moins_cher, moins = max(retraits, key=lambda e: e[1]["gain"])
        ou = "" if moins_cher is None else f"le moins {_au_bassin(moins_cher)} : "
        phrase += f" ; un demi-poste de moins coûte {ou}{part(-moins['gain'], reference)}"
    return f"{phrase}."


def _bassins_connus(lu: Lu, bassins: list[dict]) -> list[str]:
    """What is said of sites without a bassin."""
    if bassins and bassins[0]["bassin"] is None:
        return [
            "Aucun bassin n'est connu : le département est pris en entier. Le fichier « bassins », "
            "ajouté aux sources, donnerait une réponse par bassin."
        ]
    sans = sum(s.bassin is None for s in lu.probleme.sites)
    if not bassins or not sans:
        return []
    return [
        f"{pluriel(sans, 'site')} sans bassin connu ne {'compte' if sans == 1 else 'comptent'} "
        "dans aucun bassin ; la courbe du département les compte."
    ]


def _valeur_du_plus(lu: Lu, bassins: list[dict], reference: int) -> str:
    """What half a post more is worth: in the best bassin, if the gap does not hide which it is."""
    gains = {m["bassin"]: m[PLUS]["gain"] for m in bassins if m[PLUS]}
    bassin = max(gains, key=gains.get)
    au_mieux = part(-gains[bassin], reference)
    if bassin is None:
        return f"{au_mieux} de manque de présence"
    if _sont_departages(lu, gains, reference):
        return f"le plus {_au_bassin(bassin)} : {au_mieux} de manque de présence"
    return f"de {part(-min(gains.values()), reference)} à {au_mieux} de manque selon le bassin"


def _sont_departages(lu: Lu, gains: dict[str | None, int], reference: int) -> bool:
    """Whether what sets the bassins apart is more than the gap of the proposal."""
    return len(gains) < 2 or max(gains.values()) - min(gains.values()) > reference - lu.borne


def _non_departages(lu: Lu, bassins: list[dict], reference: int) -> list[str]:
    gains = {m["bassin"]: m[PLUS]["gain"] for m in bassins if m[PLUS]}
    if reference and not lu.borne:
        return [
            "Rien n'est prouvé de ce plan : sa distance au meilleur plan possible est inconnue, et "
            "la différence entre les bassins se lit avec prudence."
        ]
    if _sont_departages(lu, gains, reference):
        return []
    return [
        "La différence entre les bassins est plus petite que l'écart entre la proposition et le "
        f"meilleur plan possible ({pourcentage((reference - lu.borne) / reference, 1)} au plus) : "
        "elle ne suffit pas à les départager."
    ]


def _au_bassin(bassin: str) -> str:
    return f"dans le bassin {bassin}"


def _table_bassins(lu: Lu, bassins: list[dict], reference: int, pas: float) -> pd.DataFrame:
    lignes = []
    for m in bassins:
        for sens, titre, essayes in (
            (PLUS, "un demi-poste de plus", [lu.nom(s) for s in m["residences"]]),
            (MOINS, "un demi-poste de moins", list(m["postes"])),
        ):
            essai = m[sens]
            lignes.append(
                {
                    "Bassin": m["bassin"] or "département entier",
                    "Moyens": titre,
                    "Manque de présence": "—"
                    if essai is None
                    else _valeur(lu, sens, essai, reference),
                    "Où": "—" if essai is None else _lieu(lu, sens, essai),
                    "Gagnent": "—" if essai is None else sites_touches(lu, essai["mouvements"], 1),
                    "Perdent": "—" if essai is None else sites_touches(lu, essai["mouvements"], -1),
                    "Essayés": enumeration(essayes) or _rien_a_essayer(lu, sens, m, pas),
                    "Recherche": "—"
                    if essai is None
                    else ("exacte" if essai["est_exact"] else "non prouvée"),
                }
            )
    return pd.DataFrame(lignes)


def _valeur(lu: Lu, sens: str, essai: dict, reference: int) -> str:
    """What a try is worth, and what the bound of the proposal proves of it."""
    manque = essai["effets"][0]["apres"]
    if sens == PLUS:
        return gain_en_mots(-essai["gain"], lu.borne, manque, reference)
    if manque and not lu.borne:
        return part(-essai["gain"], reference)
    return f"{part(-essai['gain'], reference)}, au plus {part(manque - lu.borne, reference)}"


def _rien_a_essayer(lu: Lu, sens: str, m: dict, pas: float) -> str:
    """Why nothing was tried in a bassin: each cause has its words."""
    p = lu.probleme
    if sens == PLUS:
        return f"aucun : {pourquoi_aucun_de_plus(lu, m['bassin'])}"
    postes = [x for x in p.postes if m["bassin"] in (None, x.bassin)]
    if not postes:
        return "aucun : pas de poste dans ce bassin"
    if all(x.sans_secteur for x in postes):
        return "aucun : aucun poste de ce bassin n'a de secteur"
    if not moyens.reductibles(p, pas, [r for r, x in enumerate(p.postes) if x in postes]):
        return f"aucun : aucun poste n'a {au_plus_juste(pas)} ETP de secteur à donner"
    return "aucun : pas de demi-poste à prendre sans lever un verrou"


def pourquoi_aucun_de_plus(lu: Lu, bassin: str | None) -> str:
    """Why no half-post more was tried in a bassin (None: the whole département)."""
    a_court = [s for s in _a_court(lu) if bassin in (None, s.bassin)]
    if not a_court:
        return SANS_MANQUE
    if all(s.nature != "etablissement" for s in a_court):
        return "seules des écoles REP+ sont à court, et un poste n'y a pas sa résidence"
    return "aucun plan ne tient avec les verrous posés"


def _a_court(lu: Lu) -> list[Site]:
    """The sites the plan gives less than their besoin."""
    return [s for s in lu.probleme.sites if lu.couverture(s.site_id) < s.besoin]


def _lieu(lu: Lu, sens: str, essai: dict) -> str:
    if sens == MOINS:
        return essai["lieu"]
    return lu.nom(essai["lieu"]) + (" (trajets estimés)" if essai["est_estime"] else "")


def _phrases_courbe(courbe: list[dict], reference: int) -> list[str]:
    """What the ends of the curve are worth, which steps the bounds do not prove, a better plan."""
    bas, haut = courbe[0], courbe[-1]
    bouts = enumeration(
        [
            f"{_etp(p['etp'])} : {part(p['effets'][0]['apres'] - reference, reference)}"
            for p in (bas, haut)
            if p["etp"]
        ]
    )
    douteux = [
        f"de {_etp(a['etp'])} à {_etp(b['etp'])}"
        for a, b in pairwise(courbe)
        if not est_prouve(a, b)
    ]
    suite = (
        "Chaque demi-poste apporte un gain prouvé."
        if not douteux
        else "Gain non distinguable de zéro, plus petit que l'écart au meilleur plan : "
        f"{enumeration(douteux)}."
    )
    phrases = [f"Manque de présence aux bouts de la courbe : {bouts}. {suite}" if bouts else suite]
    zero = next((p for p in courbe if not p["etp"]), None)
    if zero is not None and zero["mouvements"]:
        phrases.append(
            "À moyens égaux, ce calcul a trouvé un plan de "
            f"{part(zero['effets'][0]['apres'] - reference, reference)} de manque : une "
            "proposition calculée plus longtemps peut faire aussi bien."
        )
    return phrases


def _etp(etp: float) -> str:
    if not etp:
        return "0 ETP"
    return f"{'+' if etp > 0 else ''}{au_plus_juste(etp)} ETP"


def _table_courbe(lu: Lu, courbe: list[dict], reference: int) -> pd.DataFrame:
    lignes = []
    for rang, p in enumerate(courbe):
        manque = p["effets"][0]["apres"]
        gain = "—" if rang == 0 else gain_du_pas(courbe[rang - 1], p, reference)
        lignes.append(
            {
                "Moyens": _etp(p["etp"]),
                "Demi-poste": _demi_poste(lu, p),
                "Manque de présence": part(manque - reference, reference),
                "Gain sur le point précédent": gain,
                "Écart au meilleur plan, au plus": pourcentage(
                    (manque - p["borne"]) / manque if manque else 0.0, 1
                ),
                "Fin du calcul": FINS[p["arret_par"]],
                **autres_objectifs(p),
                "Sites qui changent": len(par_site(p["mouvements"])),
            }
        )
    return pd.DataFrame(lignes)


def _demi_poste(lu: Lu, p: dict) -> str:
    if p["lieu"] is None:
        return "mêmes moyens, autre plan" if p["mouvements"] else "la proposition"
    return f"résidence : {lu.nom(p['lieu'])}" if p["etp"] > 0 else f"pris à {p['lieu']}"


def _figure_courbe(courbe: list[dict], reference: int) -> go.Figure:
    x = [p["etp"] for p in courbe]
    return figure_bornee(x, courbe, reference, ETIQUETTE_ETP, [_etp(e) for e in x])
