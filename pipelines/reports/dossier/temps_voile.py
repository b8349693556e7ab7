"""What a dossier for an instance says of presences, put before the reader who wants one's time."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.base import reference
from pipelines.planning import attaquant_des_secteurs as attaquant
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
from pipelines.scoring.equite import BASSIN_INCONNU

DECIMALES_DES_ETP = 2
"""Of the totals by status, that add up to the ETP of all postes."""
SANS_BORNE = (0, math.inf)
CATEGORIE, BASSIN = "Catégorie", "Bassin"
Groupe = tuple[str, str]
"""What a line of a table is about: its header, and its name."""


@dataclass(frozen=True)
class Silence:
    """What a reader may not read of presences: those of `groupes`; how much is gained and lost."""

    groupes: frozenset[Groupe] = frozenset()
    gains: bool = False

    def tait(self, titre: str, nom: str) -> bool:
        """Whether the presences of a line are hidden, `titre` being the header of its table."""
        return (titre, nom) in self.groupes


def silence(m: Matiere) -> Silence:
    """What an instance may not read: the categories and bassins whose totals, beside the others,
    tell what one sector gives; and what all sites gain, where few of them do.

    Those that hold a sector told too well are hidden, the smallest first, then shown again where
    they can be. `attaquant_des_secteurs.TempsRetrouvable` when hiding them all is not enough.
    """
    if m.voile.est_nominatif:
        return Silence()
    groupes = groupes_de(m.reunion)
    muet = Silence(frozenset(groupes), gains=True)
    if etroits := _etroits(m, muet):
        raise attaquant.TempsRetrouvable(etroits, _largeur(), _temps_plein())
    gains = bool(_etroits(m, replace(muet, gains=False)))
    tus: set[Groupe] = set()
    while etroits := _etroits(m, Silence(frozenset(tus), gains)):
        touches = _sites(m, etroits)
        # a total less those of the others tells of a group that is hidden
        tus.add(
            min(
                groupes.keys() - tus,
                key=lambda g: (touches.isdisjoint(groupes[g]), len(groupes[g]), g),
            )
        )
    for groupe in sorted(tus, key=lambda g: (-len(groupes[g]), g)):
        if not _etroits(m, Silence(frozenset(tus - {groupe}), gains)):
            tus.remove(groupe)
    return Silence(frozenset(tus), gains)


def tout_taire(m: Matiere) -> Silence:
    """The same where no exact presence is told an instance."""
    if m.voile.est_nominatif:
        return Silence()
    return Silence(frozenset(groupes_de(m.reunion)), gains=True)


def _etroits(m: Matiere, tu: Silence) -> list[TempsPossible]:
    vue = publication(m.aujourd_hui, m.repartition, m.reunion, tu)
    return attaquant.etroits(vue, _largeur())


def _sites(m: Matiere, temps: Sequence[TempsPossible]) -> set[str]:
    """Those of these sectors, today or in the plan."""
    secteurs = {t.secteur for t in temps}
    couples = (*m.aujourd_hui.couples, *m.repartition.couples)
    return {site for secteur, site in couples if secteur in secteurs}


def _largeur() -> float:
    return reference.valeur("petits_nombres", "largeur_de_quotite_min")


def _temps_plein() -> int:
    return capacite(1.0).demi_journees_cycle


def groupes_de(reunion: Reunion) -> Mapping[Groupe, list[str]]:
    """The sites of each category and of each bassin, by the line that tells of them."""
    groupes: dict[Groupe, list[str]] = {}
    for site_id, site in reunion.sites.items():
        for code in reunion.categories_de(site_id):
            groupes.setdefault((CATEGORIE, reunion.libelles.get(code, code)), []).append(site_id)
        groupes.setdefault((BASSIN, site.bassin or BASSIN_INCONNU), []).append(site_id)
    return groupes


def publication(
    avant: Repartition, apres: Repartition, reunion: Reunion, tu: Silence
) -> Publication:
    """What the files for an instance say of both répartitions, all read together, but `tu`.

    The presences of all sites together are always told, and the share of the besoin that the
    priority ones have.
    """
    etp = sum(p.quotite for p in apres.probleme.postes if not p.sans_secteur)
    marge = 0.5 * 10**-DECIMALES_DES_ETP
    groupes = groupes_de(reunion)
    montres = [sites for g, sites in sorted(groupes.items()) if g not in tu.groupes]
    prioritaires = [
        s for s in reunion.sites if reunion.prioritaires & set(reunion.sites[s].categories)
    ]
    return Publication(
        liens=tuple(
            _lien(p, s, avant.couples.get((p, s), 0), apres.couples.get((p, s), 0))
            for p, s in sorted(avant.couples.keys() | apres.couples.keys())
        ),
        sites=tuple(_site(s, avant, apres, reunion) for s in reunion.sites),
        groupes=(
            *(_groupe(s, avant, apres, tu.gains) for s in (list(reunion.sites), *montres)),
            _part(prioritaires, avant, apres, reunion),
        ),
        temps_plein=_temps_plein(),
        temps_en_tout=(round(etp, DECIMALES_DES_ETP) + marge) * _temps_plein(),
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


def _lien(secteur: str, site: str, avant: int, apres: int) -> LienPublie:
    en_tout = _temps_plein()
    return LienPublie(
        secteur, site, bornes(avant, en_tout), bornes(apres, en_tout), _sens(apres - avant)
    )


def _site(site: str, avant: Repartition, apres: Repartition, reunion: Reunion) -> SitePublie:
    """The besoin bounds what a plan gives; a plan changed by hand may give more."""
    a, b = avant.par_site.get(site, 0), apres.par_site.get(site, 0)
    en_tout = _temps_plein() * len({p for r in (avant, apres) for p, s in r.couples if s == site})
    besoin = reunion.sites[site].besoin
    return SitePublie(
        site, bornes(a, en_tout), bornes(b, besoin if b <= besoin else en_tout), _sens(b - a)
    )


def _groupe(
    sites: Sequence[str], avant: Repartition, apres: Repartition, gains_tus: bool
) -> GroupePublie:
    paires = [(avant.par_site.get(s, 0), apres.par_site.get(s, 0)) for s in sites]
    a, b = sum(a for a, _ in paires), sum(b for _, b in paires)
    gains = sum(max(0, b - a) for a, b in paires)
    return GroupePublie(
        frozenset(sites), (a, a), (b, b), SANS_BORNE if gains_tus else (gains, gains)
    )


def _part(
    sites: Sequence[str], avant: Repartition, apres: Repartition, reunion: Reunion
) -> GroupePublie:
    """Sites whose share of the besoin is told in whole hundredths, once the plan is applied."""
    besoin = sum(reunion.sites[s].besoin for s in sites)
    entier = _groupe(sites, avant, apres, gains_tus=True)
    donne, ecart = entier.apres[0], 0.5 * besoin / 100
    depasse = any(apres.par_site.get(s, 0) > reunion.sites[s].besoin for s in sites)
    part = SANS_BORNE if depasse else (math.floor(donne - ecart), math.ceil(donne + ecart))
    return replace(entier, avant=SANS_BORNE, apres=part)


def _sens(ecart: int) -> int:
    return (ecart > 0) - (ecart < 0)
