"""From one répartition to another: site by site, poste by poste, by group, and half-posts moved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from pipelines.base.textes import nombre, pluriel, pourcentage, variation
from pipelines.reports.libelles import RYTHMES_EN_MOTS
from pipelines.reports.raisons import Lien, d_un_tenant, liens_du_site, nombre_etp, raisons
from pipelines.reports.repartition import Repartition, Reunion
from pipelines.scoring.couverture import rythme
from pipelines.scoring.equite import BASSIN_INCONNU

TOUS = "Tous les sites"
RIEN = "—"
SENS = {1: "▲ plus", 0: "= autant", -1: "▼ moins"}


@dataclass(frozen=True)
class EcartSite:
    """A site whose presence or postes differ; half-days per cycle, before and after."""

    site_id: str
    avant: int
    apres: int
    liens: tuple[Lien, ...]

    @property
    def ecart(self) -> int:
        """What it gains, or loses (negative)."""
        return self.apres - self.avant


def ecarts(x: Repartition, y: Repartition, reunion: Reunion) -> list[EcartSite]:
    """The sites that change from `x` to `y`: most lost first, then most gained, then the rest."""
    tous = (
        EcartSite(s, x.par_site.get(s, 0), y.par_site.get(s, 0), liens_du_site(x, y, s))
        for s in reunion.sites
    )
    changes = [e for e in tous if e.liens]
    return sorted(changes, key=lambda e: (e.ecart == 0, -abs(e.ecart), reunion.nom(e.site_id)))


def phrase(x: Repartition, y: Repartition, reunion: Reunion, *, montants: bool = True) -> str:
    """« De « A » à « B » : 12 sites gagnent 40 demi-journées par cycle, 8 en perdent 30… ».

    Without `montants`, how many sites and not how much.
    """
    changes = ecarts(x, y, reunion)
    if not changes:
        return f"« {x.libelle} » et « {y.libelle} » donnent les mêmes présences aux mêmes sites."
    gains = [e.ecart for e in changes if e.ecart > 0]
    pertes = [-e.ecart for e in changes if e.ecart < 0]
    relais = sum(e.ecart == 0 for e in changes)
    liens = nb_liens(x, y)
    mots = [
        pluriel(len(gains), "site gagne", "sites gagnent")
        + (f" {_dj(sum(gains))} par cycle" if montants else " de la présence")
        if gains
        else "aucun site ne gagne",
        pluriel(len(pertes), "en perd", "en perdent")
        + (f" {nombre(sum(pertes))}" if montants else "")
        if pertes
        else "aucun n'en perd",
    ]
    if relais:
        change = "change de poste", "changent de poste"
        mots.append(f"{pluriel(relais, *change)} sans changer de présence")
    return (
        f"De « {x.libelle} » à « {y.libelle} » : {', '.join(mots)} ; "
        f"{pluriel(liens, 'lien', 'liens')} entre un poste et un site "
        f"{'change' if liens < 2 else 'changent'}."
    )


def nb_liens(x: Repartition, y: Repartition) -> int:
    """Links between a poste and a site that only one of the two has."""
    return len(x.couples.keys() ^ y.couples.keys())


def table_sites(
    x: Repartition, y: Repartition, reunion: Reunion, *, charges: bool = True
) -> pd.DataFrame:
    """One row a site that changes, with the postes and the reasons; see `raisons` for `charges`.

    Without them, a presence is said by its rhythm and the sites are in the order of their names:
    what the postes of a site give there would add up to the time of each.
    """
    changes = ecarts(x, y, reunion)
    if not charges:
        changes.sort(key=lambda e: reunion.nom(e.site_id))
    return pd.DataFrame(
        [
            {
                "Site": reunion.nom(e.site_id),
                "Avant": e.avant if charges else RYTHMES_EN_MOTS[rythme(e.avant)],
                "Après": e.apres if charges else RYTHMES_EN_MOTS[rythme(e.apres)],
                "Écart": variation(e.ecart) if charges else sens(e.ecart),
                **({"Postes": _liens_en_mots(e.liens)} if charges else {}),
                "Pourquoi": raisons(x, y, reunion, e.site_id, e.liens, charges=charges),
                "Rythme": _passage(
                    RYTHMES_EN_MOTS[rythme(e.avant)], RYTHMES_EN_MOTS[rythme(e.apres)]
                ),
                "Besoin": _besoin(x, y, e.site_id),
                "Catégorie": reunion.categories_en_mots(e.site_id),
                "Bassin": reunion.sites[e.site_id].bassin or BASSIN_INCONNU,
                "UAI": e.site_id.removeprefix("RESEAU-"),
            }
            for e in changes
        ]
    )


def sens(ecart: int) -> str:
    """Which way a presence goes, without how much."""
    return SENS[(ecart > 0) - (ecart < 0)]


def _liens_en_mots(liens: Sequence[Lien]) -> str:
    """« P-12 : 4 → 8 ; P-03 : 2 → 0 »."""
    return " ; ".join(f"{lien.poste_id} : {lien.avant} → {lien.apres}" for lien in liens)


def _passage(avant: str, apres: str) -> str:
    return avant if avant == apres else f"{avant} → {apres}"


def _besoin(x: Repartition, y: Repartition, site_id: str) -> str:
    besoins = [RIEN if site_id not in r.sites else nombre(r.sites[site_id].besoin) for r in (x, y)]
    return _passage(*besoins)


def table_postes(x: Repartition, y: Repartition, reunion: Reunion) -> pd.DataFrame:
    """One row a poste that changes: sites gained and lost, load, travel."""
    lignes = []
    for poste_id in sorted(x.postes.keys() | y.postes.keys()):
        liens = _liens_du_poste(x, y, poste_id)
        if not liens and _temps(x, poste_id) == _temps(y, poste_id):
            continue
        lignes.append(
            {
                "Poste": poste_id,
                "Résidence": _residence(x, y, poste_id),
                "ETP": _passage(_etp(x, poste_id), _etp(y, poste_id)),
                "Temps (½ j.)": _passage(_temps(x, poste_id), _temps(y, poste_id)),
                "Donné (½ j.)": _passage(_donne(x, poste_id), _donne(y, poste_id)),
                "Sites gagnés": _noms(liens, reunion, lambda a, b: a == 0),
                "Sites quittés": _noms(liens, reunion, lambda a, b: b == 0),
                "Sites gardés": _noms(liens, reunion, lambda a, b: a and b),
                "Trajets (min par cycle)": _passage(
                    *(nombre(r.trajets_du_poste(poste_id)) for r in (x, y))
                ),
            }
        )
    return pd.DataFrame(lignes)


def _liens_du_poste(x: Repartition, y: Repartition, poste_id: str) -> dict[str, tuple[int, int]]:
    """site_id → before, after, where they differ."""
    sites = sorted({s for r in (x, y) for p, s in r.couples if p == poste_id})
    liens = {s: (x.couples.get((poste_id, s), 0), y.couples.get((poste_id, s), 0)) for s in sites}
    return {s: (a, b) for s, (a, b) in liens.items() if a != b}


def _noms(
    liens: dict[str, tuple[int, int]], reunion: Reunion, garde: Callable[[int, int], object]
) -> str:
    noms = [
        f"{reunion.nom(s)} ({d_un_tenant(b - a)})" for s, (a, b) in liens.items() if garde(a, b)
    ]
    return ", ".join(noms) or RIEN


def _temps(r: Repartition, poste_id: str) -> str:
    return nombre(r.postes[poste_id].capacite) if poste_id in r.postes else RIEN


def _etp(r: Repartition, poste_id: str) -> str:
    return nombre_etp(r.postes[poste_id].quotite) if poste_id in r.postes else RIEN


def _donne(r: Repartition, poste_id: str) -> str:
    return nombre(r.par_poste.get(poste_id, 0)) if poste_id in r.postes else RIEN


def _residence(x: Repartition, y: Repartition, poste_id: str) -> str:
    r = x if poste_id in x.postes else y
    return r.site_de_residence(r.postes[poste_id])


# --- by group ------------------------------------------------------------------------------------


def par_categorie(x: Repartition, y: Repartition, reunion: Reunion) -> pd.DataFrame:
    """Gains and losses by category, a site counting in each of its own; then all sites."""
    groupes = {
        libelle: [s for s in reunion.sites if code in reunion.categories_de(s)]
        for code, libelle in reunion.libelles.items()
    }
    return _groupes("Catégorie", groupes, x, y, reunion)


def par_bassin(x: Repartition, y: Repartition, reunion: Reunion) -> pd.DataFrame:
    """Gains and losses by bassin, each site in one; then all sites."""
    groupes: dict[str, list[str]] = {}
    for site_id, site in reunion.sites.items():
        groupes.setdefault(site.bassin or BASSIN_INCONNU, []).append(site_id)
    return _groupes("Bassin", dict(sorted(groupes.items())), x, y, reunion)


def _groupes(
    titre: str,
    groupes: dict[str, list[str]],
    x: Repartition,
    y: Repartition,
    reunion: Reunion,
) -> pd.DataFrame:
    lignes = []
    for libelle, sites in {**groupes, TOUS: list(reunion.sites)}.items():
        if not sites:
            continue
        paires = [(x.par_site.get(s, 0), y.par_site.get(s, 0)) for s in sites]
        avant, apres = (sum(valeurs) for valeurs in zip(*paires, strict=True))
        lignes.append(
            {
                titre: libelle,
                "Sites": len(sites),
                "Avant": avant,
                "Gains": sum(max(0, b - a) for a, b in paires),
                "Pertes": sum(max(0, a - b) for a, b in paires),
                "Après": apres,
                "Écart": variation(apres - avant),
                "Sites qui gagnent": sum(b > a for a, b in paires),
                "Sites qui perdent": sum(b < a for a, b in paires),
                "Besoin couvert": _passage(
                    *(pourcentage(part_du_besoin(r, sites, reunion)) for r in (x, y))
                ),
            }
        )
    return pd.DataFrame(lignes)


def part_du_besoin(r: Repartition, sites: Sequence[str], reunion: Reunion) -> float | None:
    """Share of the besoin of `sites` that is met, nothing beyond each one's; None without any."""
    besoins = {s: reunion.sites[s].besoin for s in sites}
    total = sum(besoins.values())
    return sum(min(r.par_site.get(s, 0), b) for s, b in besoins.items()) / total if total else None


# --- half-posts moved ----------------------------------------------------------------------------


def demi_postes(x: Repartition, y: Repartition, reunion: Reunion) -> tuple[str, pd.DataFrame]:
    """The postes whose time differs, in a sentence and a table: both ends of each move."""
    bouts = [
        (poste_id, avant, apres)
        for poste_id in sorted(x.postes.keys() | y.postes.keys())
        if (avant := _moyens(x, poste_id)) != (apres := _moyens(y, poste_id))
    ]
    lignes = [
        _bout(x, y, reunion, *bout) for bout in sorted(bouts, key=lambda b: b[2][1] - b[1][1])
    ]
    if not lignes:
        return "Aucun poste n'a une autre quotité ni un autre temps de présence.", pd.DataFrame()
    cedent = [b for b in bouts if b[2][1] < b[1][1]]
    recoivent = [b for b in bouts if b[2][1] >= b[1][1]]
    mots = []
    for qui, verbes in ((cedent, ("cède", "cèdent")), (recoivent, ("reçoit", "reçoivent"))):
        if qui:
            etp = abs(sum(b[2][0] - b[1][0] for b in qui))
            sites = {s for b in qui for s in _liens_du_poste(x, y, b[0])}
            nets = [y.par_site.get(s, 0) - x.par_site.get(s, 0) for s in sites]
            mots.append(
                f"{pluriel(len(qui), f'poste {verbes[0]}', f'postes {verbes[1]}')} "
                f"{nombre(etp, 2)} ETP, et les sites que le changement touche à ce bout gagnent "
                f"{_dj(sum(n for n in nets if n > 0))} par cycle et en perdent "
                f"{nombre(-sum(n for n in nets if n < 0))}"
            )
    return f"{' ; '.join(mots)}.", pd.DataFrame(lignes)


def _moyens(r: Repartition, poste_id: str) -> tuple[float, int]:
    """ETP and half-days a poste may give; none when the répartition has not got it."""
    poste = r.postes.get(poste_id)
    return (0.0, 0) if poste is None else (poste.quotite, poste.capacite)


def _bout(
    x: Repartition,
    y: Repartition,
    reunion: Reunion,
    poste_id: str,
    avant: tuple[float, int],
    apres: tuple[float, int],
) -> dict:
    touches = _liens_du_poste(x, y, poste_id)
    nets = {s: y.par_site.get(s, 0) - x.par_site.get(s, 0) for s in touches}
    return {
        "Bout": "Cède" if apres[1] < avant[1] else "Reçoit",
        "Poste": poste_id,
        "Résidence": _residence(x, y, poste_id),
        "ETP": f"{nombre_etp(avant[0])} → {nombre_etp(apres[0])}",
        "Temps (½ j.)": variation(apres[1] - avant[1]),
        "Le poste y donne moins": _noms(touches, reunion, lambda a, b: b < a),
        "Le poste y donne plus": _noms(touches, reunion, lambda a, b: b > a),
        "Sites qui perdent, tous postes": _nets(nets, reunion, -1),
        "Sites qui gagnent, tous postes": _nets(nets, reunion, 1),
    }


def _nets(nets: dict[str, int], reunion: Reunion, signe: int) -> str:
    noms = [f"{reunion.nom(s)} ({d_un_tenant(n)})" for s, n in nets.items() if n * signe > 0]
    return ", ".join(noms) or RIEN


def _dj(n: int) -> str:
    return pluriel(n, "demi-journée")
