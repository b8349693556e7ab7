"""What a dossier for an instance says of presences, put before the reader who wants one's time."""

from collections.abc import Mapping, Sequence

from pipelines.base import reference
from pipelines.planning import attaquant_des_secteurs
from pipelines.planning.attaquant_des_secteurs import (
    Bornes,
    GroupePublie,
    LienPublie,
    Publication,
    SitePublie,
    TempsPossible,
)
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.repartition import Repartition, Reunion
from pipelines.scoring.capacite import capacite
from pipelines.scoring.couverture import Rythme, rythme

DECIMALES_DES_ETP = 1
"""Of the total that the means give."""


def exiger(m: Matiere) -> list[TempsPossible]:
    """The time each poste of the plan may have, for the reader of all the files of the dossier.

    `attaquant_des_secteurs.TempsRetrouvable` when one is told too well.
    """
    largeur = reference.valeur("petits_nombres", "largeur_de_quotite_min")
    return attaquant_des_secteurs.exiger(
        publication(m.aujourd_hui, m.repartition, m.reunion), largeur
    )


def publication(avant: Repartition, apres: Repartition, reunion: Reunion) -> Publication:
    """What the files for an instance say of both répartitions, all read together."""
    temps_plein = capacite(1.0).demi_journees_cycle
    etp = sum(p.quotite for p in apres.probleme.postes if not p.sans_secteur)
    return Publication(
        liens=tuple(
            _lien(p, s, avant.couples.get((p, s), 0), apres.couples.get((p, s), 0), temps_plein)
            for p, s in sorted(avant.couples.keys() | apres.couples.keys())
        ),
        sites=tuple(_site(s, avant, apres, reunion) for s in reunion.sites),
        groupes=tuple(_groupe(sites, avant, apres) for sites in _groupes(reunion).values()),
        temps_plein=temps_plein,
        temps_en_tout=(round(etp, DECIMALES_DES_ETP) + 0.5 * 10**-DECIMALES_DES_ETP) * temps_plein,
    )


def bornes(demi_journees: int, au_plus: int) -> Bornes:
    """The half-days per cycle that the rhythm of a presence leaves open, `au_plus` at most."""
    classe = rythme(demi_journees)
    if classe == Rythme.PONCTUELLE:
        return (0, 0)
    classes = [Rythme.MENSUELLE, Rythme.QUINZAINE, Rythme.HEBDOMADAIRE]
    seuils = [reference.valeur("couverture", f"{c}_demi_journees_cycle") for c in classes]
    rang = classes.index(classe)
    suivant = seuils[rang + 1] - 1 if rang + 1 < len(seuils) else au_plus
    return seuils[rang], max(demi_journees, min(au_plus, suivant))


def _lien(secteur: str, site: str, avant: int, apres: int, temps_plein: int) -> LienPublie:
    return LienPublie(
        secteur, site, bornes(avant, temps_plein), bornes(apres, temps_plein), _sens(apres - avant)
    )


def _site(site: str, avant: Repartition, apres: Repartition, reunion: Reunion) -> SitePublie:
    """The besoin bounds what a plan gives; a plan changed by hand may give more."""
    a, b = avant.par_site.get(site, 0), apres.par_site.get(site, 0)
    postes = {p for r in (avant, apres) for p, s in r.couples if s == site}
    en_tout = len(postes) * capacite(1.0).demi_journees_cycle
    besoin = reunion.sites[site].besoin
    return SitePublie(
        site,
        bornes(a, max(a, en_tout)),
        bornes(b, besoin if b <= besoin else max(b, en_tout)),
        _sens(b - a),
    )


def _groupe(sites: Sequence[str], avant: Repartition, apres: Repartition) -> GroupePublie:
    paires = [(avant.par_site.get(s, 0), apres.par_site.get(s, 0)) for s in sites]
    return GroupePublie(
        frozenset(sites),
        sum(a for a, _ in paires),
        sum(b for _, b in paires),
        sum(max(0, b - a) for a, b in paires),
    )


def _groupes(reunion: Reunion) -> Mapping[str, list[str]]:
    """The sites of each category, of each bassin, and all of them."""
    groupes: dict[str, list[str]] = {"": list(reunion.sites)}
    for site_id, site in reunion.sites.items():
        for nom in (*reunion.categories_de(site_id), f"bassin {site.bassin}"):
            groupes.setdefault(nom, []).append(site_id)
    return groupes


def _sens(ecart: int) -> int:
    return (ecart > 0) - (ecart < 0)
