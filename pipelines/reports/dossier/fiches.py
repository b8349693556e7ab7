"""The fiches: one page a sector and one a site, each saying what is proposed there and why."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import nombre, pluriel, rythme
from pipelines.marts import entrepot
from pipelines.planning.probleme import Site
from pipelines.reports.dossier.blocs import Bloc, Dossier, Liste, Partie, Role, Tableau, Texte
from pipelines.reports.dossier.matiere import Matiere
from pipelines.reports.dossier.parties import sans_presence, secteurs
from pipelines.reports.dossier.parties.changements import verrous_choisis
from pipelines.reports.ecarts import sens
from pipelines.reports.etablissement import lignes_du_besoin, references_du_besoin
from pipelines.reports.explication import table_a_portee
from pipelines.reports.libelles import RYTHMES_EN_MOTS
from pipelines.reports.proposition import RAISONS_SANS_PRESENCE
from pipelines.reports.raisons import d_un_tenant, liens_du_site, raisons
from pipelines.reports.scenarios import NATURES
from pipelines.scoring.besoin import besoins
from pipelines.scoring.couverture import rythme as classe_de_rythme

TITRE = "Fiches motivées"
POSTES_MONTRES = 6
SITES_A_REPONDRE_MONTRES = 12
SANS_REFERENT = "aucun poste n'est connu pour y répondre à la demande"


def composer(m: Matiere, dossier: Dossier) -> Dossier:
    """Every sector, then every site, a page each; neither cover nor map.

    AtlasError when the warehouse no longer has what the barème of the scenario reads.
    """
    su = _Su(m)
    parties = (*_secteurs(su), *(_site(su, s) for s in m.sites))
    return replace(dossier, titre=TITRE, parties=parties, ecrans=(), est_en_fiches=True)


@dataclass(frozen=True)
class _Su:
    """What the fiches share, read once for all of them."""

    m: Matiere

    @cached_property
    def servis(self) -> Mapping[str, list[str]]:
        """poste_id → the sites it serves in the plan; those it serves today alone give none."""
        servis: dict[str, list[str]] = {p: [] for p, _ in self.m.aujourd_hui.couples}
        for poste_id, site_id in self.m.repartition.couples:
            servis.setdefault(poste_id, []).append(site_id)
        return servis

    @cached_property
    def sans_presence(self) -> Mapping[str, dict]:
        """site_id → its record, for the sites with no regular presence."""
        return {s["site_id"]: s for s in self.m.lu.resume["sites_sans_presence"]}

    @cached_property
    def besoins(self) -> Mapping[str, pd.DataFrame]:
        """site_id → the lines of its besoin under the barème of the scenario; empty if it is gone.

        The lines are those of the data and rules of this day.
        """
        bareme = self.m.lu.bareme
        if bareme is None:
            return {}
        perte_max = self.m.lu.resume["hypotheses"].get("perte_max")
        with entrepot.ouvrir(self.m.base) as connexion:
            detail = besoins(connexion, bareme, perte_max).detail
        siens = detail[detail["site_id"].isin(self.m.repartition.sites)]
        return {str(s): lignes for s, lignes in siens.groupby("site_id")}

    @cached_property
    def a_taire(self) -> frozenset[str]:
        """The sites whose lines would tell an instance a count of pupils under the threshold."""
        bareme = self.m.lu.bareme
        if self.m.voile.est_nominatif or bareme is None:
            return frozenset()
        seuil = reference.valeur("petits_nombres", "seuil_masque")
        with entrepot.ouvrir(self.m.base) as connexion:
            sites = entrepot.lire(connexion, "mart_site", self.m.lu.apercu.departement)
        petits: set[str] = set()
        for facteur in bareme.continus:
            if facteur.drapeau is not None:
                comptes = sites[facteur.colonne].astype(float)
                petits |= set(sites.loc[(comptes > 0) & (comptes < seuil), "site_id"])
        return frozenset(petits)

    def raisons(self, site_id: str) -> str:
        """Why the presence of a site changes from today to the plan."""
        x, y = self.m.aujourd_hui, self.m.repartition
        liens = liens_du_site(x, y, site_id)
        return raisons(x, y, self.m.reunion, site_id, liens, charges=self.m.voile.est_nominatif)


# --- a site --------------------------------------------------------------------------------------


def _site(su: _Su, site: Site) -> Partie:
    m = su.m
    donne = m.repartition.par_site.get(site.site_id, 0)
    return Partie(
        code=f"fiche_{site.site_id}",
        titre=m.reunion.nom(site.site_id),
        blocs=(
            Texte(_phrase_du_site(m, site, donne), Role.PHRASE),
            Texte(_identite(m, site)),
            *_presences(m, site),
            *_pese(su, site),
            Texte(_changement(su, site)),
            *_besoin(su, site),
            Liste("Sa priorité", _priorite(m, site)),
        ),
    )


def _phrase_du_site(m: Matiere, site: Site, donne: int) -> str:
    """What it gets beside its besoin; by its rhythm for an instance."""
    if not donne:
        return (
            "Aucune présence régulière, pour un besoin de "
            f"{pluriel(site.besoin, 'demi-journée')} par cycle de 4 semaines."
        )
    if not m.voile.est_nominatif:
        return (
            f"{RYTHMES_EN_MOTS[classe_de_rythme(donne)]}, pour un besoin de "
            f"{pluriel(site.besoin, 'demi-journée')} par cycle de 4 semaines."
        )
    return (
        f"{pluriel(donne, 'demi-journée')} par cycle de 4 semaines ({rythme(donne)}), pour un "
        f"besoin de {nombre(site.besoin)}."
    )


def _identite(m: Matiere, site: Site) -> str:
    eleves = "nombre d'élèves inconnu" if site.effectif is None else pluriel(site.effectif, "élève")
    bassin = f" ; bassin {site.bassin.title()}" if site.bassin else ""
    identifiant = site.site_id.removeprefix("RESEAU-")
    return f"{m.commune(site.site_id)} ; {eleves}{bassin} ; {identifiant}."


def _presences(m: Matiere, site: Site) -> tuple[Tableau, ...]:
    """Who serves it today or in the plan, most present first; none when nobody does."""
    avant, apres = m.aujourd_hui.couples, m.repartition.couples
    postes = {p for p, s in avant.keys() | apres.keys() if s == site.site_id}
    if not postes:
        return ()
    lignes = []
    for p in sorted(postes, key=lambda p: _d_abord(m, p, site)):
        a, b = avant.get((p, site.site_id), 0), apres.get((p, site.site_id), 0)
        lignes.append(
            {
                "Secteur": p,
                "Rythme": rythme(b),
                **m.voile.lien(a, b),
                "Lien": "cesse" if not b else secteurs.DEJA if a else secteurs.NOUVEAU,
                "Trajet (min)": m.repartition.minutes(p, site.site_id),
            }
        )
    cadre = pd.DataFrame(lignes)
    if not m.voile.est_nominatif:
        cadre = cadre.drop(columns=["Rythme", "Trajet (min)"])
    return (
        Tableau.de(
            f"recoit_{site.site_id}", "Ce qu'il reçoit, et de quel secteur", cadre, famille="recoit"
        ),
    )


def _d_abord(m: Matiere, poste_id: str, site: Site) -> tuple[int, str]:
    """Most present first; in the order of the codes for an instance."""
    donne = m.repartition.couples.get((poste_id, site.site_id), 0)
    return (-donne if m.voile.est_nominatif else 0), poste_id


def _changement(su: _Su, site: Site) -> str:
    """What changes from today, and why, in one sentence."""
    m = su.m
    avant = m.aujourd_hui.par_site.get(site.site_id, 0)
    apres = m.repartition.par_site.get(site.site_id, 0)
    if not liens_du_site(m.aujourd_hui, m.repartition, site.site_id):
        return "Ce qui change : rien, ni la présence, ni le secteur qui la donne."
    if avant == apres:
        return f"Ce qui change, à présence égale : {su.raisons(site.site_id)}."
    quoi = (
        f"de {nombre(avant)} à {nombre(apres)} ({d_un_tenant(apres - avant)})"
        if m.voile.est_nominatif
        else _sens_en_mots(avant, apres)
    )
    return f"Ce qui change : {quoi}. Pourquoi : {su.raisons(site.site_id)}."


def _sens_en_mots(avant: int, apres: int) -> str:
    """« plus de présence : chaque mois aujourd'hui, chaque semaine ensuite »."""
    quoi = "plus de présence" if apres > avant else "moins de présence"
    a, b = (RYTHMES_EN_MOTS[classe_de_rythme(n)].lower() for n in (avant, apres))
    return f"{quoi}, {a} avant comme après" if a == b else f"{quoi} : {a} avant, {b} après"


def _besoin(su: _Su, site: Site) -> tuple[Bloc, ...]:
    """The lines of its besoin and where each comes from; said when they no longer make it."""
    nom = su.m.repartition.bareme
    detail = su.besoins.get(site.site_id)
    if detail is None:
        return (
            Texte(
                f"Le scénario garde un besoin de {nombre(site.besoin)} selon « {nom} », dont les "
                "lignes ne peuvent plus être lues.",
                Role.ALERTE,
            ),
        )
    lignes = lignes_du_besoin(detail)
    total = round(detail["demi_journees"].sum())
    if total != site.besoin:
        return (
            Texte(
                f"Le scénario garde un besoin de {nombre(site.besoin)} selon « {nom} » ; les "
                f"données et les règles de ce jour donneraient {nombre(total)}. Le rejouer le "
                "mettrait à jour.",
                Role.ALERTE,
            ),
        )
    if site.site_id in su.a_taire:
        return (
            Texte(
                f"Son besoin selon « {nom} » est de {nombre(site.besoin)}. Ses lignes ne sont pas "
                "montrées : l'une d'elles dirait un petit nombre d'élèves.",
            ),
        )
    return (
        Tableau.de(
            f"besoin_{site.site_id}",
            f"Son besoin selon « {nom} », ligne par ligne",
            lignes,
            colonnes=("Ligne", "Observé", "Demi-journées par cycle"),
            noms={"Demi-journées par cycle": "Apport (½ j. par cycle)"},
            note=references_du_besoin(lignes),
            famille="besoin",
        ),
    )


def _priorite(m: Matiere, site: Site) -> tuple[str, ...]:
    """Its categories, its weight among those of the département, its floor when it has one."""
    poids = [s.poids for s in m.repartition.probleme.sites]
    phrases = [
        f"{m.reunion.categories_en_mots(site.site_id)}.",
        f"Doctrine « {m.lu.nom_de_la_doctrine} » : une demi-journée qui "
        f"y manque pèse {nombre(site.poids)} ; dans ce département, de {nombre(min(poids))} à "
        f"{nombre(max(poids))}.",
    ]
    if site.plancher:
        phrases.append(
            f"La doctrine veut qu'il ait {pluriel(site.plancher, 'demi-journée')} par cycle avant "
            "que d'autres en aient davantage."
        )
    return tuple(phrases)


def _pese(su: _Su, site: Site) -> tuple[Bloc, ...]:
    """What was weighed for a site nobody serves regularly; its trips for the nominative alone."""
    garde = su.sans_presence.get(site.site_id)
    if garde is None:
        return ()
    m, referent = su.m, garde["referent_poste_id"]
    qui = SANS_REFERENT if referent is None else f"{referent} y répond à la demande"
    raison = RAISONS_SANS_PRESENCE[garde.get("raison")]
    phrase = Texte(f"Ce qui a été pesé : {raison}. Référent : {qui}.", Role.ALERTE)
    postes = m.a_portee[site.site_id]
    if not (m.voile.est_nominatif and postes):
        return (phrase,)
    reste = len(postes) - POSTES_MONTRES
    return (
        phrase,
        Texte(f"Qui pourrait le prendre : {sans_presence.reprise_en_mots(m, site.site_id)}"),
        Tableau.de(
            f"portee_{site.site_id}",
            f"Les postes à portée (poids du site : {nombre(site.poids)})",
            table_a_portee(postes[:POSTES_MONTRES], m.reunion.nom),
            note=f"… et {pluriel(reste, 'autre')}, plus loin." if reste > 0 else "",
            famille="portee",
        ),
    )


# --- a sector ------------------------------------------------------------------------------------


def _secteurs(su: _Su) -> Iterator[Partie]:
    for poste_id in sorted(su.servis):
        sites = su.servis[poste_id]
        yield Partie(
            code=f"fiche_{poste_id}",
            titre=su.m.voile.secteur(poste_id),
            blocs=(
                Texte(_phrase_du_secteur(su.m, poste_id, sites), Role.PHRASE),
                *_contenu_du_secteur(su.m, poste_id, sites),
                *_liens(su, poste_id),
                *_verrous(su.m, poste_id),
                *_a_la_demande(su, poste_id),
            ),
        )


def _phrase_du_secteur(m: Matiere, poste_id: str, sites: list[str]) -> str:
    if not sites:
        return "Ce plan ne lui donne aucun site."
    effectifs = [m.repartition.sites[s].effectif for s in sites]
    connus = [e for e in effectifs if e is not None]
    inconnus = len(effectifs) - len(connus)
    manque = f" ; nombre inconnu pour {pluriel(inconnus, 'site')}" if inconnus else ""
    donne = (
        f", {pluriel(m.repartition.par_poste[poste_id], 'demi-journée')} par cycle de 4 semaines"
        if m.voile.est_nominatif
        else ""
    )
    ou = "dans ce site" if len(sites) == 1 else "dans ces sites"
    eleves = f"{pluriel(sum(connus), 'élève')} {ou}{manque}"
    return f"{pluriel(len(sites), 'site')}{donne} ; {eleves}."


def _contenu_du_secteur(m: Matiere, poste_id: str, sites: list[str]) -> tuple[Bloc, ...]:
    if not sites:
        return ()
    minutes = (
        (
            Texte(
                f"Trajets : {nombre(m.repartition.trajets_du_poste(poste_id))} minutes par cycle "
                f"dans ce plan, {nombre(m.aujourd_hui.trajets_du_poste(poste_id))} aujourd'hui."
            ),
        )
        if m.voile.est_nominatif
        else ()
    )
    return (
        Texte(secteurs.identite(m, poste_id, sites)),
        *minutes,
        secteurs.tableau(m, poste_id, sites),
        Texte(secteurs.colonnes_en_mots(m), Role.NOTE),
    )


def _liens(su: _Su, poste_id: str) -> tuple[Bloc, ...]:
    """The sites it gains, leaves or serves otherwise, and why."""
    m = su.m
    avant, apres = m.aujourd_hui.couples, m.repartition.couples
    sites = sorted({s for p, s in avant.keys() | apres.keys() if p == poste_id}, key=m.reunion.nom)
    lignes = []
    for s in sites:
        a, b = avant.get((poste_id, s), 0), apres.get((poste_id, s), 0)
        if a != b:
            lignes.append(
                {
                    "Site": m.reunion.nom(s),
                    **m.voile.lien(a, b),
                    **({} if m.voile.est_nominatif else {"Écart": sens(b - a)}),
                    "Pourquoi": su.raisons(s),
                }
            )
    if not lignes:
        return (Texte("Rien ne change : ni ses sites, ni ce qu'il y donne."),)
    return (
        Tableau.de(
            f"change_{poste_id}",
            "Ce qui change, et pourquoi",
            pd.DataFrame(lignes),
            famille="change",
        ),
    )


def _verrous(m: Matiere, poste_id: str) -> tuple[Liste, ...]:
    verrous = [v for v in verrous_choisis(m) if v.poste_id == poste_id]
    if not verrous:
        return ()
    return (
        Liste(
            "Décidé hors du calcul",
            tuple(
                f"{m.reunion.nom(v.site_id)} : {NATURES[v.nature]}"
                + (
                    f" à {nombre(v.demi_journees_cycle)}"
                    if v.demi_journees_cycle and m.voile.est_nominatif
                    else ""
                )
                + "."
                for v in verrous
            ),
        ),
    )


def _a_la_demande(su: _Su, poste_id: str) -> tuple[Liste, ...]:
    """The sites with no regular presence it answers for."""
    noms = sorted(
        su.m.reunion.nom(s)
        for s, garde in su.sans_presence.items()
        if garde["referent_poste_id"] == poste_id
    )
    if not noms:
        return ()
    montres, reste = noms[:SITES_A_REPONDRE_MONTRES], len(noms) - SITES_A_REPONDRE_MONTRES
    suite = (f"… et {pluriel(reste, 'autre')}.",) if reste > 0 else ()
    return (Liste("Référent, à la demande", (*montres, *suite)),)
