"""Dilution: how thinly a répartition spreads its means, beside how much of the besoin it covers.

Covering every site with the same means shortens each presence. These indices say by how much,
whatever the barème: none of them reads a besoin.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.base import reference


@dataclass(frozen=True)
class SiteDilue:
    """What dilution asks of a site: its pupils (None: unknown) and whether it is of priority."""

    site_id: str
    effectif: int | None
    est_prioritaire: bool


@dataclass(frozen=True)
class Dilution:
    """The indices of one répartition.

    `seuil`: the useful presence, half-days per cycle. `nb_sous_seuil` sites of `nb_sites` get less
    than it, those without presence included; `part_sous_seuil` is that share (0 to 1).
    `nb_servis` sites get a presence. Per ETP of the postes to share out, None without any:
    `sites_par_etp`, those served; `eleves_par_etp`, the pupils of those served whose number is
    known, `nb_effectifs_inconnus` of them being left out. Over the postes that serve a site:
    `sites_par_poste_moyen` (None without any) and `sites_par_poste_max`. `prioritaires_gagnes` and
    `prioritaires_perdus`: priority sites at or above the threshold now and not before, and the
    reverse, sorted.
    """

    seuil: int
    nb_sites: int
    nb_servis: int
    nb_sous_seuil: int
    part_sous_seuil: float | None
    sites_par_etp: float | None
    eleves_par_etp: float | None
    nb_effectifs_inconnus: int
    sites_par_poste_moyen: float | None
    sites_par_poste_max: int
    prioritaires_gagnes: tuple[str, ...]
    prioritaires_perdus: tuple[str, ...]


def presence_utile() -> int:
    """The threshold of `data/reference/dilution.toml`, half-days per cycle of 4 weeks."""
    return reference.valeur("dilution", "presence_utile_demi_journees_cycle")


def dilution(
    sites: Iterable[SiteDilue],
    plan: Mapping[tuple[str, str], int],
    avant: Mapping[tuple[str, str], int],
    etp: float,
    seuil: int | None = None,
) -> Dilution:
    """The indices of `plan` over `sites`, compared with `avant`.

    `plan`, `avant`: (poste_id, site_id) → half-days per cycle. `etp`: quotités of the postes that
    may have a sector, vacant ones included when they are shared out. `seuil`: half-days per cycle,
    by default that of the reference file.
    """
    sites = tuple(sites)
    seuil = presence_utile() if seuil is None else seuil
    apres_par_site, avant_par_site = _par_site(plan), _par_site(avant)
    servis = [s for s in sites if apres_par_site.get(s.site_id, 0) > 0]
    sous_seuil = [s for s in sites if apres_par_site.get(s.site_id, 0) < seuil]
    connus = [s.effectif for s in servis if s.effectif is not None]
    charges: dict[str, int] = {}
    for (poste_id, _), presence in plan.items():
        charges[poste_id] = charges.get(poste_id, 0) + (presence > 0)
    nombres = [n for n in charges.values() if n]
    return Dilution(
        seuil=seuil,
        nb_sites=len(sites),
        nb_servis=len(servis),
        nb_sous_seuil=len(sous_seuil),
        part_sous_seuil=len(sous_seuil) / len(sites) if sites else None,
        sites_par_etp=len(servis) / etp if etp else None,
        eleves_par_etp=sum(connus) / etp if etp else None,
        nb_effectifs_inconnus=len(servis) - len(connus),
        sites_par_poste_moyen=sum(nombres) / len(nombres) if nombres else None,
        sites_par_poste_max=max(nombres, default=0),
        prioritaires_gagnes=_franchissent(sites, avant_par_site, apres_par_site, seuil),
        prioritaires_perdus=_franchissent(sites, apres_par_site, avant_par_site, seuil),
    )


def _par_site(plan: Mapping[tuple[str, str], int]) -> dict[str, int]:
    totaux: dict[str, int] = {}
    for (_, site_id), presence in plan.items():
        totaux[site_id] = totaux.get(site_id, 0) + presence
    return totaux


def _franchissent(
    sites: tuple[SiteDilue, ...], de: dict[str, int], vers: dict[str, int], seuil: int
) -> tuple[str, ...]:
    """Priority sites under the threshold in `de` and at or above it in `vers`."""
    return tuple(
        sorted(
            s.site_id
            for s in sites
            if s.est_prioritaire and de.get(s.site_id, 0) < seuil <= vers.get(s.site_id, 0)
        )
    )
