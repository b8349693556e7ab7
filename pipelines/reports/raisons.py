"""Why a site has another presence in another répartition: what differs, in words.

The causes that differ between the two problems come first (sites, locks, means, besoin, travel
limit, weights), then where the time comes from or goes to.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.base.textes import FINE, au_plus_juste, enumeration, pluriel, variation
from pipelines.reports.repartition import Repartition, Reunion

SANS_CAUSE = "le plan entier a été recomposé : aucune règle, aucun poids ne l'explique seul"
AILLEURS_NOMMES = 2
AUTRES_MOYENS = "les moyens ne sont pas les mêmes"
PLUS_LOIN = "plus loin que la limite"
VERROUS = {
    "impose": "un verrou impose {}",
    "interdit": "un verrou interdit {}",
    "montant": "un verrou fixe la présence de {}",
}


@dataclass(frozen=True)
class Lien:
    """A presence of a poste at a site, in both répartitions (half-days per cycle)."""

    poste_id: str
    avant: int
    apres: int


def liens_du_site(x: Repartition, y: Repartition, site_id: str) -> tuple[Lien, ...]:
    """The links of a site that differ, by poste."""
    postes = {p for r in (x, y) for p, s in r.couples if s == site_id}
    return _differents(
        Lien(p, x.couples.get((p, site_id), 0), y.couples.get((p, site_id), 0))
        for p in sorted(postes)
    )


def _differents(liens: Iterable[Lien]) -> tuple[Lien, ...]:
    return tuple(lien for lien in liens if lien.avant != lien.apres)


def raisons(
    x: Repartition,
    y: Repartition,
    reunion: Reunion,
    site_id: str,
    liens: tuple[Lien, ...],
    *,
    charges: bool = True,
) -> str:
    """Why the presence of a site changes from `x` to `y`, `liens` being its links that differ.

    Without `charges`, nothing tells the time of a poste: neither its quotité, nor what it gives or
    how far it goes, here or elsewhere.
    """
    for r in (x, y):
        if site_id not in r.sites:
            return f"le site n'est pas dans les données de « {r.libelle} »"
    # today follows no doctrine, no lock and no limit: only what is in its presences tells it
    decide = not (x.est_aujourd_hui or y.est_aujourd_hui)
    mots = [
        *([] if y.est_aujourd_hui else _verrous(x, y, site_id, liens)),
        *_moyens(x, y, liens, charges),
        *(_besoin(x, y, site_id, charges) if decide else _exces(x, y, site_id, charges)),
        *(_trajets(x, y, site_id, liens, charges) if decide else []),
        *(_poids(x, y, site_id, liens) if decide else []),
        *_jeu(x, y, reunion, site_id, liens, charges),
    ]
    return " ; ".join(mots) or SANS_CAUSE


def _verrous(x: Repartition, y: Repartition, site_id: str, liens: tuple[Lien, ...]) -> list[str]:
    """The locks that make the change: one that only keeps a link explains nothing."""
    mots = []
    for lien in liens:
        couple = (lien.poste_id, site_id)
        avant, apres = x.verrous.get(couple), y.verrous.get(couple)
        if apres is not None and (
            apres[0] == "montant"
            or (apres[0] == "impose" and not lien.avant)
            or (apres[0] == "interdit" and not lien.apres)
        ):
            mots.append(VERROUS[apres[0]].format(lien.poste_id))
        elif avant is not None and apres is None and not x.est_aujourd_hui:
            mots.append(f"le verrou de {lien.poste_id} est levé")
    return mots


def _moyens(x: Repartition, y: Repartition, liens: tuple[Lien, ...], charges: bool) -> list[str]:
    mots = []
    for poste_id in (lien.poste_id for lien in liens):
        avant, apres = x.postes.get(poste_id), y.postes.get(poste_id)
        if avant is None or apres is None:
            absent = x if avant is None else y
            mots.append(f"{poste_id} n'existe pas dans « {absent.libelle} »")
        elif avant.sans_secteur != apres.sans_secteur and not charges:
            mots.append(f"{poste_id} {'n’a plus' if apres.sans_secteur else 'prend'} un secteur")
        elif not charges:
            mots += [AUTRES_MOYENS] if avant.capacite != apres.capacite else []
        elif avant.quotite != apres.quotite:
            mots.append(
                f"{poste_id} passe de {au_plus_juste(avant.quotite)} à "
                f"{au_plus_juste(apres.quotite)} ETP "
                f"({variation(apres.capacite - avant.capacite)} demi-journées de temps)"
            )
        elif avant.capacite != apres.capacite:
            mots.append(
                f"le temps de {poste_id} passe de {avant.capacite} à {apres.capacite} demi-journées"
            )
        elif avant.sans_secteur != apres.sans_secteur:
            mots.append(f"{poste_id} {'n’a plus' if apres.sans_secteur else 'prend'} un secteur")
    return mots


def d_un_tenant(ecart: int) -> str:
    """▲ +3, its mark never left at the end of a line."""
    return variation(ecart).replace(" ", FINE)


def _besoin(x: Repartition, y: Repartition, site_id: str, charges: bool) -> list[str]:
    avant, apres = x.sites[site_id].besoin, y.sites[site_id].besoin
    if avant != apres:
        return [f"son besoin passe de {avant} à {apres}"]
    return _exces(x, y, site_id, charges)


def _exces(x: Repartition, y: Repartition, site_id: str, charges: bool) -> list[str]:
    """What a site had beyond its besoin, which a plan takes back.

    Not told without `charges`: it would say that a poste gave more than that.
    """
    if not charges:
        return []
    donne, besoin = x.par_site.get(site_id, 0), y.sites[site_id].besoin
    if donne > besoin >= y.par_site.get(site_id, 0) and not y.est_aujourd_hui:
        return [f"il avait plus que son besoin ({donne} pour {besoin}), ce qu'un plan ne donne pas"]
    return []


def _trajets(
    x: Repartition, y: Repartition, site_id: str, liens: tuple[Lien, ...], charges: bool
) -> list[str]:
    limites = [r.probleme.reglages.duree_trajet_max_min for r in (x, y)]
    if limites[0] == limites[1]:
        return []
    mots = []
    for lien in liens:
        minutes = y.minutes(lien.poste_id, site_id)
        if minutes is None:
            continue
        if lien.apres < lien.avant and limites[1] < minutes:
            combien = f"à {minutes} min, plus que {limites[1]}" if charges else PLUS_LOIN
            mots.append(f"{lien.poste_id} est {combien}")
        elif lien.apres > lien.avant and limites[0] < minutes:
            combien = f"à {minutes} min, plus que les {limites[0]} d'avant"
            mots.append(f"{lien.poste_id} est {combien if charges else PLUS_LOIN}")
    return mots


def _poids(x: Repartition, y: Repartition, site_id: str, liens: tuple[Lien, ...]) -> list[str]:
    """What the doctrine changes for the site, told only when it goes the way of its presence."""
    avant, apres = x.sites[site_id], y.sites[site_id]
    ecart = sum(lien.apres - lien.avant for lien in liens)
    mots = []
    if (apres.poids - avant.poids) * ecart > 0:
        mots.append(f"la doctrine lui donne un poids de {apres.poids} au lieu de {avant.poids}")
    if (apres.plancher - avant.plancher) * ecart > 0:
        mots.append(
            f"la doctrine lui assure {pluriel(apres.plancher, 'demi-journée')} d'abord, au lieu de "
            f"{avant.plancher}"
        )
    return mots


def _jeu(
    x: Repartition,
    y: Repartition,
    reunion: Reunion,
    site_id: str,
    liens: tuple[Lien, ...],
    charges: bool,
) -> list[str]:
    """Whose turn it is: the category served first, and the time that comes or goes."""
    ecart = sum(lien.apres - lien.avant for lien in liens)
    if ecart == 0:
        return _relais(x, y, site_id, liens, charges)
    mots = []
    poids = [s.poids for s in y.probleme.sites]
    site = y.sites[site_id]
    est_prioritaire = bool(reunion.prioritaires & set(site.categories))
    est_choisi = est_prioritaire and site.poids > min(poids) and not y.est_aujourd_hui
    if ecart > 0 and est_choisi:
        mots.append(
            f"catégorie servie d'abord : {reunion.categories_en_mots(site_id)} (poids {site.poids},"
            f" de {min(poids)} à {max(poids)} ici)"
        )
    for lien in liens:
        if (lien.apres - lien.avant) * ecart > 0:
            mots += _ailleurs(x, y, reunion, site_id, lien, charges)
    return mots


def _ailleurs(
    x: Repartition, y: Repartition, reunion: Reunion, site_id: str, lien: Lien, charges: bool
) -> list[str]:
    """Where a poste takes the time it gives here, or gives the time it takes from here."""
    sens = 1 if lien.apres > lien.avant else -1
    autres = {s for r in (x, y) for p, s in r.couples if p == lien.poste_id and s != site_id}
    ecarts = {
        s: y.couples.get((lien.poste_id, s), 0) - x.couples.get((lien.poste_id, s), 0)
        for s in autres
    }
    contraires = sorted(
        (s for s, e in ecarts.items() if e * sens < 0),
        key=lambda s: (ecarts[s] * sens if charges else 0, s),
    )
    if contraires:
        noms = [
            reunion.nom(s)
            + (f" {d_un_tenant(ecarts[s])}" if charges else "")
            + _pesee(y, s, site_id)
            for s in contraires[:AILLEURS_NOMMES]
        ]
        if reste := len(contraires) - len(noms):
            noms.append(pluriel(reste, "autre"))
        quoi = "libère du temps" if sens > 0 else "va"
        return [f"{lien.poste_id} {quoi} ailleurs : {enumeration(noms)}"]
    avant, apres = (r.par_poste.get(lien.poste_id, 0) for r in (x, y))
    if charges and sens > 0 and apres > avant:
        return [f"{lien.poste_id} donne plus de son temps ({avant} → {apres})"]
    if charges and sens < 0 and apres < avant:
        return [f"{lien.poste_id} garde du temps libre ({avant} → {apres} données)"]
    return []


def _pesee(y: Repartition, autre: str, site_id: str) -> str:
    """The weight of the other site beside this one, when the doctrine tells them apart."""
    if y.est_aujourd_hui or autre not in y.sites:
        return ""
    la, ici = y.sites[autre].poids, y.sites[site_id].poids
    return "" if la == ici else f" (poids {la} ; ici {ici})"


def _relais(
    x: Repartition, y: Repartition, site_id: str, liens: tuple[Lien, ...], charges: bool
) -> list[str]:
    """The same presence by other postes: by how much travel it differs, when it is known."""
    if not liens:
        return []
    partent = [lien.poste_id for lien in liens if lien.apres < lien.avant]
    viennent = [lien.poste_id for lien in liens if lien.apres > lien.avant]
    mots = f"même présence, de {enumeration(partent)} à {enumeration(viennent)}"
    avant = [m for p in partent if (m := x.minutes(p, site_id)) is not None]
    apres = [m for p in viennent if (m := y.minutes(p, site_id)) is not None]
    if avant and apres and charges:
        mots += f", à {max(apres)} min au lieu de {max(avant)}"
    return [mots]
