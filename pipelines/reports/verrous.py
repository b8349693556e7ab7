"""The locks of a plan in words: those its hypotheses set, apart from those set by hand."""

from pipelines.base.textes import FINE, pluriel
from pipelines.planning.probleme import Probleme, Verrou

EN_MOTS = {
    "impose": "imposé",
    "montant": "fixé",
    "interdit": "interdit",
    None: "aucun",
}
RESIDENCE = "résidence"
ORIGINE = (
    f"Verrou « {RESIDENCE} »{FINE}: posé par l'hypothèse « Garder chaque poste à sa résidence », "
    "et non à la main. Il se lève comme les autres."
)


def residences_gardees(probleme: Probleme) -> frozenset[Verrou]:
    """The locks the hypothesis « keep each poste at its résidence » set, among those of now.

    Such a lock imposes a link of today with no travel; set again by hand, it changes nothing.
    """
    if not probleme.hypotheses.get("garder_residence"):
        return frozenset()
    rangs_postes = {p.poste_id: rang for rang, p in enumerate(probleme.postes)}
    rangs_sites = {s.site_id: rang for rang, s in enumerate(probleme.sites)}
    actuels = {(x.poste_id, x.site_id) for x in probleme.presences_actuelles}
    return frozenset(
        v
        for v in probleme.verrous
        if v.nature == "impose"
        and (v.poste_id, v.site_id) in actuels
        and probleme.minutes[rangs_postes[v.poste_id]][rangs_sites[v.site_id]] == 0
    )


def en_mot(verrou: Verrou | None, residences: frozenset[Verrou]) -> str:
    """A lock in one word, and where it comes from when nobody set it by hand."""
    if verrou in residences:
        return RESIDENCE
    return EN_MOTS[None if verrou is None else verrou.nature]


def compter(probleme: Probleme) -> str:
    """« 48 postes gardés à leur résidence, 2 verrous posés à la main »."""
    residences = residences_gardees(probleme)
    autres = len(probleme.verrous) - len(residences)
    if not residences:
        return pluriel(autres, "verrou", "verrous") if autres else "aucun verrou"
    gardes = pluriel(
        len(residences), "poste gardé à sa résidence", "postes gardés à leur résidence"
    )
    poses = pluriel(autres, "verrou posé", "verrous posés") if autres else "aucun verrou posé"
    return f"{gardes}, {poses} à la main"
