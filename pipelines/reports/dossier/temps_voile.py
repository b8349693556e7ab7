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
from pipelines.planning.probleme import niveaux_du_site
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.ecarts import TOUS
from pipelines.reports.moyens import manque_dit
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
    """What a reader may not read of presences: those of `groupes`, or of `tout` group of sites;
    how much is gained and lost.
    """

    groupes: frozenset[Groupe] = frozenset()
    gains: bool = False
    tout: bool = False

    def tait(self, titre: str, nom: str) -> bool:
        """Whether the presences of a line are hidden, `titre` being the header of its table."""
        return (titre, nom) in self.groupes or (self.tout and nom != TOUS)


MUET = Silence(gains=True, tout=True)
"""No exact presence at all, but of all sites together."""


def silence(m: Matiere) -> Silence:
    """What an instance may not read: the categories and bassins whose totals, beside the others,
    tell what one sector gives; and what all sites gain, where few of them do.

    Those that hold a sector told too well are hidden, the smallest first, then shown again where
    they can be. `attaquant_des_secteurs.TempsRetrouvable` when hiding them all is not enough.
    """
    if m.voile.est_nominatif:
        return Silence()
    connus = _de_la_comparaison(m)
    if not _etroits(m, Silence(), connus):
        return Silence()
    groupes = groupes_de(m.reunion)
    muet = Silence(frozenset(groupes), gains=True)
    if etroits := _etroits(m, muet, connus):
        raise attaquant.TempsRetrouvable(etroits, _largeur(), _temps_plein())
    gains = bool(_etroits(m, replace(muet, gains=False), connus))
    tus: set[Groupe] = set()
    while etroits := _etroits(m, Silence(frozenset(tus), gains), connus):
        touches = _sites(m, etroits)
        # a total less those of the others tells of a group that is hidden
        tus.add(
            min(
                groupes.keys() - tus,
                key=lambda g: (touches.isdisjoint(groupes[g]), len(groupes[g]), g),
            )
        )
    for groupe in sorted(tus, key=lambda g: (-len(groupes[g]), g)):
        if not _etroits(m, Silence(frozenset(tus - {groupe}), gains), connus):
            tus.remove(groupe)
    return Silence(frozenset(tus), gains)


def tout_taire(m: Matiere) -> Silence:
    """The same where no exact presence is told an instance, whatever the groups are called."""
    return Silence() if m.voile.est_nominatif else MUET


def _etroits(
    m: Matiere, tu: Silence, connus: Mapping[str, tuple[float, float]]
) -> list[TempsPossible]:
    vue = publication(m.aujourd_hui, m.repartition, m.reunion, tu)
    return attaquant.etroits(replace(vue, connus=connus), _largeur())


def _de_la_comparaison(m: Matiere) -> dict[str, tuple[float, float]]:
    """Sector → the range of its time that the comparison with the other scenario leaves.

    Only of postes that are the same in both: the others have another time there.
    `attaquant_des_secteurs.TempsRetrouvable` when it alone tells the time of one.
    """
    if m.autre is None:
        return {}
    avant, apres = m.autre.repartition, m.repartition
    vue = publication(avant, apres, Reunion.de((avant, apres)), MUET)
    trouves = attaquant.attaquer(vue)
    largeur = _largeur() * _temps_plein()
    if etroits := [t for t in trouves if t.haut - t.bas < largeur - attaquant.TOLERANCE]:
        raise attaquant.TempsRetrouvable(etroits, _largeur(), _temps_plein())
    return {
        t.secteur: (t.bas, t.haut)
        for t in trouves
        if t.secteur in avant.postes
        and t.secteur in apres.postes
        and avant.postes[t.secteur].quotite == apres.postes[t.secteur].quotite
    }


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
    priority ones have. Of a plan, its rules are read too: levels, whole presences, transition.
    """
    servants = [p for p in apres.probleme.postes if not p.sans_secteur]
    manque = manque_dit((p.statut, p.quotite) for p in servants)
    marge = 0.5 * 10**-DECIMALES_DES_ETP
    etp = len(servants) if manque is None else round(apres.etp, DECIMALES_DES_ETP) + marge
    groupes = groupes_de(reunion)
    montres = [sites for g, sites in sorted(groupes.items()) if not tu.tait(*g)]
    prioritaires = [
        s for s in reunion.sites if reunion.prioritaires & set(reunion.sites[s].categories)
    ]
    return Publication(
        liens=tuple(
            LienPublie(
                p,
                s,
                _du_lien(avant, p, s),
                _du_lien(apres, p, s),
                _sens(apres.couples.get((p, s), 0) - avant.couples.get((p, s), 0)),
            )
            for p, s in sorted(avant.couples.keys() | apres.couples.keys())
        ),
        sites=tuple(_site(s, avant, apres) for s in reunion.sites),
        groupes=(
            *(_groupe(s, avant, apres, tu.gains) for s in (list(reunion.sites), *montres)),
            _part(prioritaires, avant, apres, reunion),
        ),
        temps_plein=_temps_plein(),
        temps_en_tout=etp * _temps_plein(),
        manque_au_plus=math.inf if manque is None else (manque + marge) * _temps_plein(),
        hors_du_compte=frozenset(p for r in (avant, apres) for p in r.par_poste)
        - {p.poste_id for p in servants},
    )


def bornes(demi_journees: int, au_plus: int, niveaux: Sequence[int] = ()) -> Bornes:
    """The half-days per cycle that the rhythm of a presence leaves open, `au_plus` at most.

    `niveaux`: what a plan gives; a presence changed by hand may be none of them.
    """
    classe = rythme(demi_journees)
    if classe == Rythme.PONCTUELLE:
        return (0, 0)
    if demi_journees in niveaux:
        siens = [n for n in niveaux if rythme(n) == classe]
        return min(siens), max(siens)
    classes = [Rythme.MENSUELLE, Rythme.QUINZAINE, Rythme.HEBDOMADAIRE]
    seuils = [reference.valeur("couverture", f"{c}_demi_journees_cycle") for c in classes]
    rang = classes.index(classe)
    suivant = seuils[rang + 1] - 1 if rang + 1 < len(seuils) else au_plus
    return seuils[rang], max(demi_journees, min(au_plus, suivant))


def _du_lien(r: Repartition, poste: str, site: str) -> Bornes:
    """The annex prints the levels of a plan, and whether it gives a whole besoin or nothing."""
    regle = not r.est_aujourd_hui and site in r.sites
    niveaux = niveaux_du_site(r.sites[site], r.probleme.reglages) if regle else ()
    return bornes(r.couples.get((poste, site), 0), _temps_plein(), niveaux)


def _site(site: str, avant: Repartition, apres: Repartition) -> SitePublie:
    """The besoin bounds what a plan gives; a plan changed by hand may give more."""
    en_tout = _temps_plein() * len({p for r in (avant, apres) for p, s in r.couples if s == site})
    plafonds = []
    for r in (avant, apres):
        donne = r.par_site.get(site, 0)
        tenu = not r.est_aujourd_hui and site in r.sites and donne <= r.sites[site].besoin
        plafonds.append(bornes(donne, r.sites[site].besoin if tenu else en_tout))
    a, b = avant.par_site.get(site, 0), apres.par_site.get(site, 0)
    return SitePublie(site, *plafonds, _sens(b - a), _ecart(avant, apres, b - a))


def _ecart(avant: Repartition, apres: Repartition, ecart: int) -> tuple[float, float]:
    """What the transition rule leaves open: the sites that lose more than it lets are named."""
    perte_max = apres.probleme.hypotheses.get("perte_max")
    if perte_max is None or not avant.est_aujourd_hui:
        return (-math.inf, math.inf)
    perte = int(perte_max)
    return (-perte, math.inf) if ecart >= -perte else (-math.inf, -perte - 1)


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
    """Sites whose share of the besoin is told in whole hundredths, in both répartitions."""
    besoin = sum(reunion.sites[s].besoin for s in sites)
    ecart, lues = 0.5 * besoin / 100, []
    for r in (avant, apres):
        donne = sum(r.par_site.get(s, 0) for s in sites)
        depasse = any(r.par_site.get(s, 0) > reunion.sites[s].besoin for s in sites)
        lues.append(
            SANS_BORNE if depasse else (math.floor(donne - ecart), math.ceil(donne + ecart))
        )
    return GroupePublie(frozenset(sites), *lues, SANS_BORNE)


def _sens(ecart: int) -> int:
    return (ecart > 0) - (ecart < 0)
