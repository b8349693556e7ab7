"""Points a contradictor would raise before the meeting: each with its figure, sites and an answer.

One small function a point, in the order of `POINTS`; a point nothing raises gives nothing. None of
them is a rule: they say what will be asked, and leave the answer to be written.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pipelines.base import reference
from pipelines.base.textes import jour, nombre, pluriel, pourcentage, rythme
from pipelines.planning.probleme import Presence, Site
from pipelines.reports.lecture_contradictoire import CONDITIONS, Dossier, FicheDeSite
from pipelines.reports.libelles import RYTHMES_EN_MOTS
from pipelines.reports.moyens import manque_dit
from pipelines.scenarios.resume import SANS_PERSONNE
from pipelines.scoring.capacite import capacite
from pipelines.scoring.couverture import rythme as classe_de_rythme
from pipelines.scoring.dilution import presence_utile

TEXTE = "Circulaire n° 2017-055 du 22/03/2017"
EQUIPE = "Choix de l'équipe, non réglementaire"
RESEAU = "RESEAU-"
VACANTS = "postes vacants ou absents"
MOIS_PAR_AN = 12
DEMANDES = {
    "a_bureau": ("sans_bureau", "sans bureau", "bureau identifié"),
    "a_telephone": ("sans_ligne_directe", "sans ligne directe", "ligne téléphonique directe"),
    "a_rangement_ferme": (
        "sans_rangement_ferme",
        "sans armoire fermant à clé",
        "mobilier fermant à clé",
    ),
}
"""Column of the marts → code of the point, its words, what the circulaire asks for."""


@dataclass(frozen=True)
class Cite:
    """A site or a poste a point names, and what is said of it.

    `commun`: what an instance may read of it; nothing when it is not given, since `detail` may tell
    what a poste gives. None when being named is already too much.
    """

    identifiant: str
    nom: str
    detail: str
    commun: str | None = ""


@dataclass(frozen=True)
class Drapeau:
    """One point. `chiffre`: its figure in words; `reponse`: a neutral answer, to edit.

    `reference`: the text, the choice or the union behind it, `est_syndical` in the last case.
    `precisions`: sentences that name postes. `est_nominatif`: the whole point tells of one person's
    poste. No instance is given either. `chiffre_commun` and `constat_commun` are read by an
    instance in place of a figure or a sentence that tells the presence of one site.
    """

    code: str
    titre: str
    chiffre: str
    constat: str
    reponse: str
    reference: str
    sites: tuple[Cite, ...] = ()
    postes: tuple[Cite, ...] = ()
    precisions: tuple[str, ...] = ()
    est_syndical: bool = False
    est_nominatif: bool = False
    chiffre_commun: str = ""
    constat_commun: str = ""


Point = Callable[[Dossier], list[Drapeau]]


def lever(dossier: Dossier) -> list[Drapeau]:
    """The points this répartition raises, in the order of `POINTS`."""
    return [drapeau for point in POINTS for drapeau in point(dossier)]


def pour_une_instance(drapeaux: Iterable[Drapeau], codes: Mapping[str, str]) -> list[Drapeau]:
    """The points as an instance reads them: codes of sectors for postes, in the order of names.

    What tells of one person's poste is left out, and an id written in an answer gives way to its
    code. `codes`: poste_id → code of the sector.
    """
    return [
        replace(
            d,
            chiffre=d.chiffre_commun or d.chiffre,
            constat=sans_identifiants(d.constat_commun or d.constat, codes),
            reponse=sans_identifiants(d.reponse, codes),
            precisions=(),
            sites=_en_commun((s.identifiant, s.nom, s.commun) for s in d.sites),
            postes=_en_commun((codes[p.identifiant],) * 2 + (p.commun,) for p in d.postes),
        )
        for d in drapeaux
        if not d.est_nominatif
    ]


def _en_commun(cites: Iterable[tuple[str, str, str | None]]) -> tuple[Cite, ...]:
    """Each once for what is said of it, in an order that tells nothing."""
    dits = {c for c in cites if c[2] is not None}
    return tuple(Cite(*c) for c in sorted(dits, key=lambda c: (c[1], c[0], c[2])))


def sans_identifiants(texte: str, codes: Mapping[str, str]) -> str:
    """`texte` with the code of its sector in place of each poste id, in any case of letters."""
    if not codes:
        return texte
    dits = {poste.casefold(): code for poste, code in codes.items()}
    noms = "|".join(re.escape(p) for p in sorted(codes, key=len, reverse=True))
    # an id may be a part of another one: P-1 of P-17
    return re.sub(
        rf"(?<![\w-])({noms})(?![\w-])",
        lambda m: codes.get(m[0], dits.get(m[0].casefold(), "")),
        texte,
        flags=re.IGNORECASE,
    )


# --- the points -----------------------------------------------------------------------------------


def regles_enfreintes(d: Dossier) -> list[Drapeau]:
    """A rule of the problem that the plan breaks, in the words of the judge."""
    n = len(d.manquements)
    if not n:
        return []
    return [
        Drapeau(
            "regles_enfreintes",
            "Des règles ne sont pas respectées",
            pluriel(n, "manquement"),
            f"Le contrôle indépendant relève {pluriel(n, 'manquement')} aux règles de la "
            "proposition.",
            "Ces écarts sont connus ; chacun est soit corrigé avant la réunion, soit assumé pour "
            "la raison suivante : …",
            "Contrôle indépendant des règles de la proposition",
            precisions=d.manquements,
        )
    ]


def postes_tres_partages(d: Dossier) -> list[Drapeau]:
    """Postes over two or three sites."""
    premier, second = reference.valeur("vigilance", "sites_par_poste")
    larges = {p: len(s) for p, s in d.sites_des_postes().items() if len(s) > premier}
    if not larges:
        return []
    au_dela = sum(n > second for n in larges.values())
    return [
        Drapeau(
            "postes_tres_partages",
            f"Des postes ont plus de {premier} établissements",
            pluriel(len(larges), "poste"),
            f"{pluriel(len(larges), 'poste sert', 'postes servent')} plus de {premier} sites, "
            f"dont {nombre(au_dela)} plus de {second}.",
            "Le nombre de sites d'un poste tient aux moyens et aux distances ; ces secteurs ont "
            "été regardés un à un, et leur rythme est donné site par site.",
            reference.parametres("vigilance")["sites_par_poste"].source,
            postes=tuple(
                Cite(p, p, pluriel(n, "site"), pluriel(n, "site"))
                for p, n in sorted(larges.items(), key=lambda x: (-x[1], x[0]))
            ),
        )
    ]


def rep_plus_sous_un_etp(d: Dossier) -> list[Drapeau]:
    """REP+ networks, collège and écoles together, under the presence of one full-time poste."""
    temps_plein, etp = _temps_plein(), reference.valeur("vigilance", "etp_par_rep_plus")
    apres, reseaux = d.apres, {}
    for site in d.probleme.sites:
        fiche = d.fiche(site.site_id)
        if fiche.ep == "REP+":
            cle = fiche.tete or site.site_id.removeprefix(RESEAU)
            reseaux.setdefault(cle, []).append(site)
    sous = {
        cle: sites
        for cle, sites in reseaux.items()
        if sum(apres[s.site_id] for s in sites) < etp * temps_plein
    }
    if not sous:
        return []
    return [
        Drapeau(
            "rep_plus_sous_un_etp",
            "Des réseaux REP+ ont moins d'un temps plein",
            f"{nombre(len(sous))} sur {pluriel(len(reseaux), 'réseau', 'réseaux')}",
            f"{pluriel(len(sous), 'réseau REP+ a', 'réseaux REP+ ont')}, collège et écoles "
            f"réunis, moins de {nombre(etp * temps_plein)} demi-journées par cycle, la présence "
            "d'un temps plein.",
            "La circulaire fait des REP+ une priorité sans en fixer la quantité ; la présence de "
            "chaque réseau est rapportée à son besoin dans le tableau des sites.",
            f"{TEXTE}, § 1.1 ; quantité : {EQUIPE}",
            # one not named would have that presence at least: a bound on each of its sectors
            sites=tuple(
                Cite(s.site_id, s.nom, _en_etp(apres[s.site_id], temps_plein), None)
                for sites in sous.values()
                for s in sites
            ),
            # all of them is as good as their names
            est_nominatif=len(sous) == len(reseaux),
        )
    ]


def lp_perdants(d: Dossier) -> list[Drapeau]:
    """Vocational lycées and sections that lose presence."""
    return _perdants(
        d,
        "lp_perdants",
        "Des lycées professionnels perdent de la présence",
        lambda f: f.type == "LP" or bool(f.a_section_professionnelle),
        "lycée professionnel ou à section professionnelle",
    )


def internats_perdants(d: Dossier) -> list[Drapeau]:
    """Establishments with an internat that lose presence."""
    return _perdants(
        d,
        "internats_perdants",
        "Des établissements avec internat perdent de la présence",
        lambda f: bool(f.internat),
        "établissement avec internat",
    )


def prioritaires_sans_presence(d: Dossier) -> list[Drapeau]:
    """Sites of a priority category without regular presence."""
    apres = d.apres
    prioritaires = [s for s in d.probleme.sites if d.prioritaires & set(s.categories)]
    sans = [s for s in prioritaires if apres[s.site_id] == 0]
    if not sans:
        return []
    return [
        Drapeau(
            "prioritaires_sans_presence",
            "Des sites prioritaires n'ont aucune présence régulière",
            f"{nombre(len(sans))} sur {nombre(len(prioritaires))} prioritaires",
            f"{pluriel(len(sans), 'site prioritaire n’a', 'sites prioritaires n’ont')} aucune "
            "présence régulière dans ce plan.",
            "La couverture de tous les établissements n'est pas recherchée par le texte ; ces "
            "sites ont un référent, et la raison de chacun est donnée.",
            f"{TEXTE}, § 1.1",
            sites=tuple(
                Cite(
                    s.site_id,
                    s.nom,
                    f"aujourd'hui {rythme(d.avant[s.site_id])}",
                    f"aujourd'hui {_classe(d.avant[s.site_id])}",
                )
                for s in sans
            ),
        )
    ]


def changements_imposes(d: Dossier) -> list[Drapeau]:
    """Links between a poste and a site that this plan makes or ends."""
    avant = {(p.poste_id, p.site_id) for p in d.probleme.presences_actuelles}
    apres = {(p.poste_id, p.site_id) for p in d.plan}
    changes = avant ^ apres
    if not changes:
        return []
    noms = {s.site_id: s.nom for s in d.probleme.sites}
    par_site = {s: sorted(c for c in changes if c[1] == s) for s in {c[1] for c in changes}}
    par_poste = {p: sum(c[0] == p for c in changes) for p in {c[0] for c in changes}}
    return [
        Drapeau(
            "changements_imposes",
            "Des changements sont imposés",
            pluriel(len(changes), "lien"),
            f"{pluriel(len(changes), 'lien', 'liens')} entre un poste et un site changent : "
            f"{pluriel(len(par_poste), 'poste')} et {pluriel(len(par_site), 'site')} concernés.",
            "Chaque changement sert un site qui manquait de présence ou un trajet plus court ; "
            "les postes concernés en ont été informés le … .",
            EQUIPE,
            sites=tuple(
                Cite(
                    s,
                    noms[s],
                    mots := f"{pluriel(sum(c in apres for c in par_site[s]), 'arrivée')}, "
                    f"{pluriel(sum(c in avant for c in par_site[s]), 'départ')}",
                    mots,
                )
                for s in sorted(par_site, key=noms.get)
            ),
            postes=tuple(
                Cite(p, p, mots := pluriel(n, "lien changé", "liens changés"), mots)
                for p, n in sorted(par_poste.items())
            ),
        )
    ]


def trajets_trop_longs(d: Dossier) -> list[Drapeau]:
    """Presences further from the résidence than the limit; those of today are let by the rule."""
    limite = d.probleme.reglages.duree_trajet_max_min
    longs = sorted(
        ((m, p) for p, m in _trajets(d) if m is not None and m > limite),
        key=lambda x: (-x[0], x[1]),
    )
    if not longs:
        return []
    noms = {s.site_id: s.nom for s in d.probleme.sites}
    deja = {(p.poste_id, p.site_id) for p in d.probleme.presences_actuelles}
    connus = sum((p.poste_id, p.site_id) in deja for _, p in longs)
    return [
        Drapeau(
            "trajets_trop_longs",
            "Des trajets dépassent la limite",
            f"{pluriel(len(longs), 'trajet')}, jusqu'à {nombre(longs[0][0])} min",
            f"{pluriel(len(longs), 'trajet dépasse', 'trajets dépassent')} {nombre(limite)} "
            f"minutes à l'aller, dont {nombre(connus)} déjà faits aujourd'hui.",
            "Un trajet d'aujourd'hui est gardé quand le changer découvrirait un site ; les durées "
            "viennent du moteur de trajets que nomme la page « Méthode ».",
            reference.parametres("optimisation")["duree_trajet_max_min"].source,
            # a site and a sector named for one long trip would place a résidence
            sites=tuple(
                Cite(p.site_id, noms[p.site_id], f"{nombre(m)} min", None) for m, p in longs
            ),
            postes=tuple(Cite(p.poste_id, p.poste_id, f"{nombre(m)} min", None) for m, p in longs),
            chiffre_commun=pluriel(len(longs), "trajet"),
        )
    ]


def sous_presence_utile(d: Dossier) -> list[Drapeau]:
    """Served sites whose presence is too short to be useful."""
    seuil, apres = presence_utile(), d.apres
    sous = [s for s in d.servis() if apres[s.site_id] < seuil]
    if not sous:
        return []
    return [
        Drapeau(
            "sous_presence_utile",
            "Des sites sont sous la présence utile",
            pluriel(len(sous), "site"),
            f"{pluriel(len(sous), 'site servi est', 'sites servis sont')} sous la présence utile, "
            f"{rythme(seuil)}.",
            "Une présence courte garde un rendez-vous régulier ; la réunir ailleurs laisserait "
            "ces sites sans aucune.",
            reference.parametres("dilution")["presence_utile_demi_journees_cycle"].source,
            sites=_cites(
                sous, lambda s: rythme(apres[s.site_id]), lambda s: _classe(apres[s.site_id])
            ),
        )
    ]


def conditions_materielles(d: Dossier) -> list[Drapeau]:
    """Served sites without an office, a direct line or a cupboard that locks: one point each."""
    drapeaux = []
    for colonne, (code, mots, demande) in DEMANDES.items():
        sans = [s for s in d.servis() if getattr(d.fiche(s.site_id), colonne) is False]
        if sans:
            drapeaux.append(
                Drapeau(
                    code,
                    f"Des sites servis sont {mots}",
                    pluriel(len(sans), "site"),
                    f"{pluriel(len(sans), 'site servi est', 'sites servis sont')} {mots} "
                    f"({demande} : demandé par le texte).",
                    "L'équipement est de la responsabilité de l'autorité académique ; une demande "
                    "a été faite à l'établissement le … .",
                    f"{TEXTE}, § 3.2",
                    sites=_cites(
                        sans,
                        lambda s: rythme(d.apres[s.site_id]),
                        lambda s: _classe(d.apres[s.site_id]),
                    ),
                )
            )
    return drapeaux


def eleves_par_etp(d: Dossier) -> list[Drapeau]:
    """Served establishments whose pupils for one full-time presence are far from the mean."""
    temps_plein, apres = _temps_plein(), d.apres
    mesures = {
        s: s.effectif * temps_plein / apres[s.site_id]
        for s in d.servis()
        if s.effectif and s.nature == "etablissement"
    }
    if not mesures:
        return []
    eleves = sum(s.effectif for s in mesures)
    moyenne = eleves * temps_plein / sum(apres[s.site_id] for s in mesures)
    facteur = reference.valeur("vigilance", "facteur_eleves_par_etp")
    plus = [s for s, v in mesures.items() if v >= facteur * moyenne]
    moins = [s for s, v in mesures.items() if v <= moyenne / facteur]
    if not plus and not moins:
        return []
    fois = nombre(facteur, 0 if float(facteur).is_integer() else 1)
    loin = sorted([*plus, *moins], key=lambda s: -mesures[s])
    return [
        Drapeau(
            "eleves_par_etp",
            "Des sites ont un nombre d'élèves par ETP loin de la moyenne",
            f"{nombre(mesures[loin[0]])} pour {nombre(moyenne)} en moyenne",
            f"La moyenne est de {nombre(moyenne)} élèves pour un ETP de présence ; "
            f"{pluriel(len(plus), 'site en a', 'sites en ont')} {fois} fois plus ou davantage, et "
            f"{pluriel(len(moins), 'site')} {fois} fois moins.",
            "Le besoin ne suit pas le seul nombre d'élèves : les catégories prioritaires pèsent "
            "davantage, comme le dit le barème.",
            reference.parametres("vigilance")["facteur_eleves_par_etp"].source,
            sites=_cites(
                loin,
                lambda s: f"{nombre(mesures[s])} élèves par ETP",
                # twice the mean, for so many pupils, bounds what the site is given
                lambda s: None,
            ),
            chiffre_commun=f"{nombre(moyenne)} en moyenne",
        )
    ]


def repere_eleves_par_poste(d: Dossier) -> list[Drapeau]:
    """Pupils per ETP of the département beside the figure unions quote."""
    repere = reference.parametres("reperes_syndicaux")["eleves_par_poste"]
    servants = [p for p in d.probleme.postes if not p.sans_secteur]
    etp = sum(p.quotite for p in servants)
    eleves = sum(s.effectif or 0 for s in d.probleme.sites if s.nature == "etablissement")
    if not etp or eleves / etp <= repere.valeur:
        return []
    return [
        Drapeau(
            "repere_eleves_par_poste",
            "Les élèves par poste dépassent un repère syndical",
            f"{nombre(eleves / etp)} élèves par ETP",
            f"Le département a {nombre(eleves / etp)} élèves du second degré par ETP à répartir ; "
            f"des syndicats citent {nombre(repere.valeur)}.",
            "Aucun texte ne fixe ce nombre. Il tient aux moyens du département, que cette "
            "répartition ne change pas.",
            repere.source,
            est_syndical=True,
            # pupils are public: beside them, this is the ETP of all postes
            est_nominatif=manque_dit((p.statut, p.quotite) for p in servants) is None,
        )
    ]


def repere_rep_plus(d: Dossier) -> list[Drapeau]:
    """Postes that serve a REP+ collège and more establishments than unions quote."""
    repere = reference.parametres("reperes_syndicaux")["etablissements_par_poste_rep_plus"]
    partages = {}
    for poste, sites in d.sites_des_postes().items():
        fiches = {s.site_id: d.fiche(s.site_id) for s in sites}
        etablissements = {
            (f.tete or i.removeprefix(RESEAU)) if f.ep == "REP+" else i for i, f in fiches.items()
        }
        if any(f.ep == "REP+" for f in fiches.values()) and len(etablissements) > repere.valeur:
            partages[poste] = (sites, len(etablissements))
    if not partages:
        return []
    rep_plus = {
        s.site_id: s
        for sites, _ in partages.values()
        for s in sites
        if d.fiche(s.site_id).ep == "REP+"
    }
    return [
        Drapeau(
            "repere_rep_plus",
            "Des postes de REP+ servent aussi d'autres établissements",
            pluriel(len(partages), "poste"),
            f"{pluriel(len(partages), 'poste sert', 'postes servent')} un réseau REP+ et d'autres "
            f"établissements ; des syndicats citent {nombre(repere.valeur)} établissement par "
            "poste en REP+.",
            "Aucun texte ne le fixe ; le partage laisse au réseau la présence dite dans le "
            "tableau des sites.",
            repere.source,
            sites=_cites(
                rep_plus.values(),
                lambda s: rythme(d.apres[s.site_id]),
                lambda s: _classe(d.apres[s.site_id]),
            ),
            postes=tuple(
                Cite(p, p, mots := pluriel(n, "établissement"), mots)
                for p, (_, n) in sorted(partages.items())
            ),
            est_syndical=True,
        )
    ]


def postes_sans_personne(d: Dossier) -> list[Drapeau]:
    """Presence that rests on a vacant or absent poste; told to who reads names of postes only."""
    vides = {p.poste_id for p in d.probleme.postes if p.statut in SANS_PERSONNE}
    comptes = [p for p in d.plan if p.poste_id in vides]
    if not comptes:
        return []
    promises = sum(p.demi_journees_cycle for p in comptes)
    donnees = sum(p.demi_journees_cycle for p in d.plan)
    noms = {s.site_id: s for s in d.probleme.sites}
    return [
        Drapeau(
            "postes_sans_personne",
            "Une part de la présence repose sur des postes sans personne",
            f"{pourcentage(promises / donnees)} des demi-journées",
            f"{nombre(promises)} des {nombre(donnees)} demi-journées par cycle sont données par "
            f"{pluriel(len({p.poste_id for p in comptes}), 'poste vacant ou absent', VACANTS)}.",
            "La répartition est celle des postes ; tant qu'un poste n'a personne, ses sites "
            "relèvent du relais prévu.",
            EQUIPE,
            sites=_cites(
                {noms[p.site_id]: None for p in comptes}, lambda s: rythme(d.apres[s.site_id])
            ),
            postes=tuple(
                Cite(p, p, "vacant ou absent") for p in sorted({p.poste_id for p in comptes})
            ),
            est_nominatif=True,
        )
    ]


def donnees_manquantes(d: Dossier) -> list[Drapeau]:
    """Numbers nobody knows, one point a kind: a contradictor would ask for them."""
    servis = d.servis()
    inconnus = {p.site_id for p, minutes in _trajets(d) if minutes is None}
    lacunes = (
        (
            "effectifs_inconnus",
            "L'effectif de sites est inconnu",
            [s for s in d.probleme.sites if s.effectif is None],
            "leur besoin prend la médiane des sites de même type",
        ),
        (
            "categories_inconnues",
            "Des catégories de sites sont inconnues",
            [s for s in d.probleme.sites if s.categories_inconnues],
            "une donnée manque pour dire s'ils sont prioritaires",
        ),
        (
            "trajets_inconnus",
            "Des trajets sont inconnus",
            [s for s in d.probleme.sites if s.site_id in inconnus],
            "la position du site ou de la résidence manque",
        ),
        (
            "conditions_inconnues",
            "Les conditions matérielles de sites servis sont inconnues",
            [
                s
                for s in servis
                if s.nature == "etablissement"
                and any(getattr(d.fiche(s.site_id), c) is None for c in CONDITIONS)
            ],
            "bureau, ligne directe ou rangement : le fichier « conditions » ne le dit pas",
        ),
    )
    return [
        Drapeau(
            code,
            titre,
            pluriel(len(sites), "site"),
            f"{pluriel(len(sites), 'site concerné', 'sites concernés')} : {consequence}.",
            "La donnée a été demandée le … ; le plan sera rejoué quand elle sera connue.",
            "Données de l'entrepôt",
            sites=_cites(sites, lambda s: "inconnu", lambda s: "inconnu"),
        )
        for code, titre, sites, consequence in lacunes
        if sites
    ]


def donnees_fragiles(d: Dossier) -> list[Drapeau]:
    """Data that are made up, simulated or old."""
    drapeaux = []
    if d.avertissements:
        drapeaux.append(
            Drapeau(
                "donnees_simulees",
                "Des données ne sont pas réelles",
                pluriel(len(d.avertissements), "avertissement"),
                " ".join(d.avertissements),
                "Ce document est un essai ; il ne vaut pas pour la décision.",
                "Données de l'entrepôt",
            )
        )
    age = _age_en_mois(d)
    if age is not None and age >= reference.valeur("vigilance", "age_annuaire_mois_max"):
        drapeaux.append(
            Drapeau(
                "annuaire_ancien",
                "L'annuaire est ancien",
                pluriel(age, "mois", "mois"),
                f"L'annuaire des établissements est du {jour(d.annuaire_le.isoformat())}.",
                "Les ouvertures et fermetures connues depuis ont été vérifiées une à une.",
                reference.parametres("vigilance")["age_annuaire_mois_max"].source,
            )
        )
    return drapeaux


POINTS: tuple[Point, ...] = (
    regles_enfreintes,
    prioritaires_sans_presence,
    rep_plus_sous_un_etp,
    lp_perdants,
    internats_perdants,
    changements_imposes,
    postes_tres_partages,
    trajets_trop_longs,
    sous_presence_utile,
    conditions_materielles,
    eleves_par_etp,
    repere_eleves_par_poste,
    repere_rep_plus,
    postes_sans_personne,
    donnees_manquantes,
    donnees_fragiles,
)


def _perdants(
    d: Dossier, code: str, titre: str, est_concerne: Callable[[FicheDeSite], bool], mots: str
) -> list[Drapeau]:
    """Sites of a kind with less presence than today."""
    avant, apres = d.avant, d.apres
    concernes = [s for s in d.probleme.sites if est_concerne(d.fiche(s.site_id))]
    perdants = [s for s in concernes if apres[s.site_id] < avant[s.site_id]]
    if not perdants:
        return []
    perdues = sum(avant[s.site_id] - apres[s.site_id] for s in perdants)
    return [
        Drapeau(
            code,
            titre,
            f"{nombre(len(perdants))} sur {nombre(len(concernes))}",
            f"{pluriel(len(perdants), 'site', 'sites')} sur {nombre(len(concernes))} ({mots}) : "
            f"{pluriel(perdues, 'demi-journée')} par cycle de moins qu'aujourd'hui.",
            "Ces sites gardent la présence dite ci-dessous ; les demi-journées libérées vont aux "
            "sites dont le besoin était le moins couvert.",
            f"{TEXTE}, § 1.1",
            sites=_cites(
                perdants,
                lambda s: f"{rythme(avant[s.site_id])} → {rythme(apres[s.site_id])}",
                lambda s: _de_classe_en_classe(avant[s.site_id], apres[s.site_id]),
            ),
            constat_commun=(
                f"{pluriel(len(perdants), 'site', 'sites')} sur {nombre(len(concernes))} ({mots}) "
                "ont moins de présence qu'aujourd'hui."
            ),
        )
    ]


def _cites(
    sites: Iterable[Site],
    detail: Callable[[Site], str],
    commun: Callable[[Site], str | None] = lambda s: "",
) -> tuple[Cite, ...]:
    return tuple(Cite(s.site_id, s.nom, detail(s), commun(s)) for s in sites)


def _classe(demi_journees: int) -> str:
    """The rhythm of a presence, without how much it is."""
    return RYTHMES_EN_MOTS[classe_de_rythme(demi_journees)].lower()


def _de_classe_en_classe(avant: int, apres: int) -> str:
    a, b = _classe(avant), _classe(apres)
    return b if a == b else f"{a} → {b}"


def _trajets(d: Dossier) -> list[tuple[Presence, int | None]]:
    """Each presence of the plan and its one-way minutes."""
    postes = {p.poste_id: r for r, p in enumerate(d.probleme.postes)}
    sites = {s.site_id: r for r, s in enumerate(d.probleme.sites)}
    return [(p, d.probleme.minutes[postes[p.poste_id]][sites[p.site_id]]) for p in d.plan]


def _temps_plein() -> int:
    """Half-days per cycle of a full-time poste."""
    return capacite(1.0).demi_journees_cycle


def _en_etp(demi_journees: int, temps_plein: int) -> str:
    return f"{pluriel(demi_journees, 'demi-journée')}, {nombre(demi_journees / temps_plein, 2)} ETP"


def _age_en_mois(d: Dossier) -> int | None:
    if d.annuaire_le is None or d.aujourd_hui is None:
        return None
    ans = d.aujourd_hui.year - d.annuaire_le.year
    return MOIS_PAR_AN * ans + d.aujourd_hui.month - d.annuaire_le.month
