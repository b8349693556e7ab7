"""The doctrines side by side: the sentence, the maps, one table of indices, what differs."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import plotly.graph_objects as go

from pipelines.base import reference
from pipelines.base.textes import enumeration, nombre, pluriel, pourcentage, rythme
from pipelines.marts import entrepot
from pipelines.reports import cartes, classeur
from pipelines.reports.indices import SANS_OBJET, lignes_de_dilution
from pipelines.reports.libelles import RYTHMES_EN_MOTS
from pipelines.reports.methode import doctrines_en_mots
from pipelines.reports.proposition_en_mots import mises_en_garde
from pipelines.reports.proposition_lue import (
    Lue,
    au_jour_du_calcul,
    exiger_les_sites,
    lire,
    presences_d_alors,
)
from pipelines.reports.sites import part_couverte, tableau_sites
from pipelines.reports.situation import legende_carte
from pipelines.scenarios.resume import ENSEMBLE
from pipelines.scoring.dilution import Dilution, SiteDilue, dilution, presence_utile
from pipelines.scoring.doctrine import doctrines, libelle_de

AUJOURD_HUI = "Aujourd'hui"
GAGNE, PERDU, EGAL = "▲", "▼", "="
PART_DU_BESOIN = "part du besoin couverte"
RYTHME_DE_PRESENCE = "rythme de présence"
# what the colours of the maps may say
COULEURS = (PART_DU_BESOIN, RYTHME_DE_PRESENCE)
CHANGEMENTS_IMPOSES = {
    "postes": "Postes dont un site change",
    "sites": "Sites dont un poste change",
    "baisses": "Sites qui ont moins qu'aujourd'hui",
    "liens": "Liens entre un poste et un site qui changent",
}
"""What a plan imposes, by the name of its count in `Imposes`."""
# a useful presence beyond a day a week is no longer the question
SEUIL_MAX = 8


@dataclass(frozen=True)
class Portrait:
    """A doctrine in words."""

    code: str
    libelle: str
    resume: str
    favorise: str
    coute: str
    pour_qui: str


@dataclass(frozen=True)
class VueDoctrines:
    """A finished comparison, ready to show, its maps apart (`cartes_des_doctrines`).

    `indices`: one row an index, one column today and one a doctrine. `franchis`: the priority sites
    that win or lose a useful presence under one of them. `differences`: the sites whose presence
    depends on the doctrine.
    """

    phrase: str
    precision: str
    mises_en_garde: list[str]
    portraits: list[Portrait]
    indices: pd.DataFrame
    franchis: pd.DataFrame
    differences: pd.DataFrame
    sites: pd.DataFrame
    classeur: bytes


@dataclass(frozen=True)
class Imposes:
    """What a plan imposes on whom, against today's.

    `liens`: links between a poste and a site that begin or end. `postes`, `sites`: those of which
    one does. `baisses`: sites that get less.
    """

    liens: int
    postes: int
    sites: int
    baisses: int


@dataclass(frozen=True)
class _Plan:
    """A répartition and what is measured of it; `avant` is one too, without a proposal."""

    libelle: str
    sites: pd.DataFrame
    dilution: Dilution
    imposes: Imposes | None
    trajets: int
    part_ecart: float | None
    non_tenus: int | None = None


def portraits() -> list[Portrait]:
    """What each doctrine favours and costs, from its file."""
    return [
        Portrait(d.code, d.libelle, d.resume, d.favorise, d.coute, d.pour_qui) for d in doctrines()
    ]


def seuils() -> dict[int, str]:
    """The useful presences one may choose, half-days per cycle → words."""
    niveaux = reference.valeur("optimisation", "niveaux_presence")
    return {n: rythme(n) for n in niveaux if 0 < n <= SEUIL_MAX}


def seuil_par_defaut() -> int:
    """The useful presence of the reference file, half-days per cycle."""
    return presence_utile()


def vue(base: Path, dossier: Path, codes: tuple[str, ...], seuil: int) -> VueDoctrines:
    """The comparison written in `dossier`, of the doctrines `codes`, over the warehouse `base`.

    `seuil`: the useful presence, half-days per cycle. Raises AtlasError when the warehouse no
    longer has the sites of the plans.
    """
    lues = {code: lire(dossier / code) for code in codes}
    premiere = next(iter(lues.values()))
    with entrepot.ouvrir(base) as connexion:
        sites = _sites_du_calcul(connexion, lues)
    aujourd_hui = _plan_actuel(premiere, sites, seuil)
    plans = [_plan(lue, sites, libelle_de(code), seuil) for code, lue in lues.items()]
    indices = _indices(premiere, aujourd_hui, plans)
    table = _sites(aujourd_hui, plans)
    franchis = _franchis(aujourd_hui, plans)
    differences = _differences(table, plans)
    phrase = _phrase(aujourd_hui, plans, len(differences))
    return VueDoctrines(
        phrase=phrase,
        precision=_precision(premiere),
        mises_en_garde=_mises_en_garde(base, lues),
        portraits=[p for p in portraits() if p.code in lues],
        indices=indices,
        franchis=franchis,
        differences=differences,
        sites=table,
        classeur=_classeur(
            premiere,
            phrase,
            {
                "Indices": indices,
                "Doctrines": doctrines_en_mots(),
                "Prioritaires gagnés et perdus": franchis,
                "Sites qui diffèrent": differences,
                "Tous les sites": table,
            },
        ),
    )


def cartes_des_doctrines(
    base: Path, dossier: Path, codes: tuple[str, ...], couleur: str
) -> tuple[go.Figure, str]:
    """The maps of the same comparison, `couleur` being one of `COULEURS`; what stands under them.

    Apart from `vue`, so that another useful presence does not draw them again.
    """
    lues = {code: lire(dossier / code) for code in codes}
    with entrepot.ouvrir(base) as connexion:
        sites = _sites_du_calcul(connexion, lues)
        decor = cartes.fond(connexion, next(iter(lues.values())).resume["departement"])
        legende = legende_carte(connexion)
    figure = cartes.cartes_cote_a_cote(
        {libelle_de(c): _avec(sites, _presences(lue), lue) for c, lue in lues.items()},
        decor,
        f"doctrines-{dossier.name}",
        cartes.echelle_part() if couleur == PART_DU_BESOIN else cartes.ECHELLE_RYTHME,
    )
    return figure, legende


def _sites_du_calcul(connexion: duckdb.DuckDBPyConnection, lues: dict[str, Lue]) -> pd.DataFrame:
    """The sites as the solver was given them, with the presence of that day."""
    premiere = next(iter(lues.values()))
    avant = presences_d_alors(premiere.probleme)
    sites = tableau_sites(connexion, premiere.resume["departement"], avant)
    for lue in lues.values():
        exiger_les_sites(sites, lue.plan["site_id"])
    return au_jour_du_calcul(sites, premiere)


def _presences(lue: Lue) -> dict[str, int]:
    return lue.plan.groupby("site_id")["demi_journees_cycle"].sum().to_dict()


def _plan(lue: Lue, sites: pd.DataFrame, libelle: str, seuil: int) -> _Plan:
    etages = {e["code"]: e for e in lue.resume["etages"]}
    bilan = lue.resume.get("transition")
    couples = {
        (p.poste_id, p.site_id): p.demi_journees_cycle for p in lue.plan.itertuples(index=False)
    }
    return _Plan(
        libelle=libelle,
        sites=_avec(sites, _presences(lue), lue),
        dilution=_dilution(lue, couples, seuil),
        imposes=_imposes(_couples_actuels(lue), couples),
        trajets=etages["trajets"]["valeur"],
        part_ecart=etages["manque"]["part_ecart"],
        non_tenus=None if bilan is None else len(bilan["sites_non_tenus"]),
    )


def _plan_actuel(lue: Lue, sites: pd.DataFrame, seuil: int) -> _Plan:
    couples = _couples_actuels(lue)
    return _Plan(
        libelle=AUJOURD_HUI,
        sites=sites,
        dilution=_dilution(lue, couples, seuil),
        imposes=None,
        trajets=_trajets(lue, couples),
        part_ecart=None,
    )


def _avec(sites: pd.DataFrame, presences: dict[str, int], lue: Lue) -> pd.DataFrame:
    """`sites` with other presences and what follows from them."""
    return au_jour_du_calcul(
        sites.assign(presence=[int(presences.get(s, 0)) for s in sites["site_id"]]), lue
    )


def _couples_actuels(lue: Lue) -> dict[tuple[str, str], int]:
    return {
        (p["poste_id"], p["site_id"]): p["demi_journees_cycle"]
        for p in lue.probleme["presences_actuelles"]
    }


def _dilution(lue: Lue, couples: dict[tuple[str, str], int], seuil: int) -> Dilution:
    prioritaires = {c.code for c in lue.bareme.categories if c.est_prioritaire}
    sites = [
        SiteDilue(s["site_id"], s["effectif"], bool(prioritaires & set(s["categories"])))
        for s in lue.probleme["sites"]
    ]
    etp = lue.resume["moyens"]["quotite_etp"]
    return dilution(sites, couples, _couples_actuels(lue), etp, seuil)


def _imposes(avant: dict[tuple[str, str], int], apres: dict[tuple[str, str], int]) -> Imposes:
    """Links that begin or end (the objective's own count), whom they touch, who gets less."""
    changes = {c for c, n in avant.items() if n} ^ {c for c, n in apres.items() if n}
    totaux: list[dict[str, int]] = [{}, {}]
    for total, couples in zip(totaux, (avant, apres), strict=True):
        for (_, site_id), n in couples.items():
            total[site_id] = total.get(site_id, 0) + n
    return Imposes(
        liens=len(changes),
        postes=len({poste_id for poste_id, _ in changes}),
        sites=len({site_id for _, site_id in changes}),
        baisses=sum(totaux[1].get(s, 0) < n for s, n in totaux[0].items()),
    )


def _trajets(lue: Lue, couples: dict[tuple[str, str], int]) -> int:
    """Minutes per cycle of `couples`, by the formula of the objective."""
    postes = {p["poste_id"]: i for i, p in enumerate(lue.probleme["postes"])}
    sites = {s["site_id"]: j for j, s in enumerate(lue.probleme["sites"])}
    limite = lue.probleme["reglages"]["duree_trajet_max_min"]
    total = 0
    for (poste_id, site_id), presence in couples.items():
        minutes = lue.probleme["minutes"][postes[poste_id]][sites[site_id]]
        total += 2 * (limite if minutes is None else minutes) * ((presence + 1) // 2)
    return total


def _phrase(aujourd_hui: _Plan, plans: list[_Plan], nb_differences: int) -> str:
    """The result: who stays under a useful presence, what the priority sites get."""
    seuil = rythme(aujourd_hui.dilution.seuil)
    sous = enumeration([f"{p.dilution.nb_sous_seuil} avec « {p.libelle} »" for p in plans])
    debut = f"Sites sous {seuil} : {sous}, contre {aujourd_hui.dilution.nb_sous_seuil} aujourd'hui."
    prioritaires = [_part_prioritaire(p) for p in plans]
    if any(part is None for part in prioritaires):
        return debut
    parts = enumeration([pourcentage(part) for part in prioritaires])
    suite = (
        f" Besoin des sites prioritaires couvert : {parts}"
        f"{' dans le même ordre' if len(plans) > 1 else ''}, contre "
        f"{pourcentage(_part_prioritaire(aujourd_hui))} aujourd'hui."
    )
    if len(plans) < 2:
        return debut + suite
    if not nb_differences:
        return f"{debut}{suite} Aucun site n'a une présence différente d'une doctrine à l'autre."
    autres = "a une autre présence", "ont une autre présence"
    sujet = pluriel(nb_differences, f"site {autres[0]}", f"sites {autres[1]}")
    return f"{debut}{suite} {sujet} selon la doctrine."


def _part_prioritaire(plan: _Plan) -> float | None:
    prioritaires = plan.sites[plan.sites["est_prioritaire"]]
    return part_couverte(prioritaires) if prioritaires["besoin"].sum() else None


def _precision(lue: Lue) -> str:
    """What the three share, in words."""
    moyens, hypotheses = lue.resume["moyens"], lue.resume["hypotheses"]
    return (
        f"Mêmes données, mêmes hypothèses, même graine ({lue.resume['graine']}) : "
        f"{pluriel(moyens['nb_postes'], 'poste')}, {nombre(moyens['quotite_etp'], 1)} ETP, "
        f"{pluriel(hypotheses['sites_par_poste_max'], 'site')} par poste au plus, "
        f"{pluriel(hypotheses['duree_trajet_max_min'], 'minute')} de trajet au plus, barème "
        f"« {lue.bareme.libelle} ».{_transition(hypotheses)} Une doctrine est un choix de "
        "l'académie : aucun texte n'impose l'une d'elles."
    )


def _transition(hypotheses: dict) -> str:
    """The transition rule the plans share, when it is on; the table says how far each keeps it."""
    perte = hypotheses.get("perte_max")
    if perte is None:
        return ""
    return (
        f" Transition : un site ne perd pas plus de {pluriel(perte, 'demi-journée')} par cycle, "
        "quand les moyens le permettent."
    )


def _mises_en_garde(base: Path, lues: dict[str, Lue]) -> list[str]:
    notes: dict[str, None] = {}
    for cause, fin, fins in (
        ("temps", "coupé par l'horloge", "coupés par l'horloge"),
        ("utilisateur", "arrêté à la demande", "arrêtés à la demande"),
    ):
        arretees = [c for c, lue in lues.items() if lue.resume["arret_par"] == cause]
        if not arretees:
            continue
        noms = enumeration([f"« {libelle_de(c)} »" for c in arretees])
        sujet = f"Calcul {fin}" if len(arretees) == 1 else f"Calculs {fins}"
        notes[f"{sujet} avant la fin pour {noms} : comparer avec prudence."] = None
    if absentes := [d.libelle for d in doctrines() if d.code not in lues]:
        noms = enumeration([f"« {libelle} »" for libelle in absentes])
        verbe = "n'a pas été calculée" if len(absentes) == 1 else "n'ont pas été calculées"
        notes[f"{noms} {verbe} : relancer pour les comparer toutes."] = None
    for lue in lues.values():
        complet = {**lue.resume, "arret_par": "travail"}
        notes.update(dict.fromkeys(mises_en_garde(base, complet)))
    return list(notes)


def _indices(lue: Lue, aujourd_hui: _Plan, plans: list[_Plan]) -> pd.DataFrame:
    """One row an index, one column a doctrine after today's; every cell a French text."""
    tous = [aujourd_hui, *plans]
    lignes = [
        *lignes_de_dilution([p.dilution for p in tous]),
        ("Besoin couvert, tous les sites", [pourcentage(part_couverte(p.sites)) for p in tous]),
        ("Besoin couvert, sites prioritaires", [pourcentage(_part_prioritaire(p)) for p in tous]),
    ]
    if any(p.non_tenus is not None for p in plans):
        lignes.append(
            (
                "Sites où la transition n'a pu être tenue",
                [SANS_OBJET, *(nombre(p.non_tenus) for p in plans)],
            )
        )
    lignes += _couvertures(lue, tous)
    lignes += [
        *(
            (libelle, [SANS_OBJET, *(nombre(getattr(p.imposes, code)) for p in plans)])
            for code, libelle in CHANGEMENTS_IMPOSES.items()
        ),
        ("Trajets (heures par cycle de 4 semaines)", [nombre(p.trajets / 60) for p in tous]),
        (
            "Écart au meilleur plan possible, au plus",
            [SANS_OBJET, *(_preuve(p.part_ecart) for p in plans)],
        ),
    ]
    return pd.DataFrame(
        [(libelle, *valeurs) for libelle, valeurs in lignes],
        columns=["Indice", *(p.libelle for p in tous)],
    )


def _preuve(part_ecart: float | None) -> str:
    """The proven gap; a bound of zero proves nothing, and happens when the computation is short."""
    if part_ecart is None:
        return "non prouvé : aucun calcul"
    if part_ecart >= 1:
        return "non prouvé : calcul trop court"
    return pourcentage(part_ecart, 1)


def _couvertures(lue: Lue, tous: list[_Plan]) -> list[tuple[str, list[str]]]:
    """The share of the besoin of each category that is met (a site counts in each of its own)."""
    lignes = []
    for categorie in lue.resume["couverture"]:
        if categorie["categorie"] == ENSEMBLE:
            continue
        code = categorie["categorie"]
        membres = [
            code in s["categories"] or (not s["categories"] and code == _a_defaut(s))
            for s in lue.probleme["sites"]
        ]
        ids = {s["site_id"] for s, est in zip(lue.probleme["sites"], membres, strict=True) if est}
        parts = [p.sites[p.sites["site_id"].isin(ids)] for p in tous]
        lignes.append(
            (
                f"Besoin couvert, {categorie['libelle']} ({pluriel(len(ids), 'site')})",
                [pourcentage(part_couverte(p) if p["besoin"].sum() else None) for p in parts],
            )
        )
    return lignes


def _a_defaut(site: dict) -> str:
    return "categorie_inconnue" if site["categories_inconnues"] else "sans_categorie"


def _sites(aujourd_hui: _Plan, plans: list[_Plan]) -> pd.DataFrame:
    """Every site with its presence today and under each doctrine: the table twin of the maps."""
    reperes = aujourd_hui.sites
    ids = list(reperes["site_id"])
    table = {
        "Site": reperes["nom"],
        "Commune": reperes["commune"],
        "Catégories prioritaires": reperes["categories_en_mots"],
        "Besoin (½ j. par cycle)": reperes["besoin"].astype(int),
        AUJOURD_HUI: reperes["presence"].astype(int),
    }
    for plan in plans:
        indexes = plan.sites.set_index("site_id").loc[ids]
        table[plan.libelle] = indexes["presence"].astype(int).to_numpy()
    for plan in plans:
        indexes = plan.sites.set_index("site_id").loc[ids]
        table[f"Rythme, {plan.libelle}"] = [RYTHMES_EN_MOTS[r] for r in indexes["rythme"]]
    table["UAI"] = reperes["uai_principal"]
    return pd.DataFrame(table)


def _franchis(aujourd_hui: _Plan, plans: list[_Plan]) -> pd.DataFrame:
    """The priority sites that win or lose a useful presence: which way, and what they get."""
    reperes = aujourd_hui.sites.set_index("site_id")
    gagnes, perdus = (
        [set(getattr(p.dilution, sort)) for p in plans]
        for sort in ("prioritaires_gagnes", "prioritaires_perdus")
    )
    touches = [s for s in reperes.index if any(s in x for x in (*gagnes, *perdus))]
    table: dict[str, object] = {
        "Site": reperes.loc[touches, "nom"].to_numpy(),
        "Commune": reperes.loc[touches, "commune"].to_numpy(),
        "Catégories prioritaires": reperes.loc[touches, "categories_en_mots"].to_numpy(),
        AUJOURD_HUI: [nombre(n) for n in reperes.loc[touches, "presence"]],
    }
    for plan, siens, leurs in zip(plans, gagnes, perdus, strict=True):
        presences = plan.sites.set_index("site_id")["presence"]
        table[plan.libelle] = [
            f"{GAGNE if s in siens else PERDU if s in leurs else EGAL} {nombre(presences[s])}"
            for s in touches
        ]
    table["UAI"] = touches
    return pd.DataFrame(table).sort_values(["Site", "Commune"], ignore_index=True)


def _differences(table: pd.DataFrame, plans: list[_Plan]) -> pd.DataFrame:
    """Sites whose presence depends on the doctrine, the most apart first."""
    presences = table[[p.libelle for p in plans]]
    ecart = presences.max(axis=1) - presences.min(axis=1)
    garde = table.assign(**{"Écart (½ j. par cycle)": ecart})[ecart > 0]
    colonnes = [
        "Site",
        "Écart (½ j. par cycle)",
        *(c for c in table if c == AUJOURD_HUI or c in presences),
        "Besoin (½ j. par cycle)",
        "Catégories prioritaires",
        "Commune",
        "UAI",
    ]
    rangees = garde.sort_values(["Écart (½ j. par cycle)", "Site"], ascending=[False, True])
    return rangees[colonnes].reset_index(drop=True)


def _classeur(lue: Lue, phrase: str, feuilles: dict[str, pd.DataFrame]) -> bytes:
    hypotheses = {n: v for n, v in lue.resume["hypotheses"].items() if n != "doctrine"}
    return classeur.ecrire(
        [
            f"Doctrines comparées, département {lue.resume['departement']}",
            *lue.resume["avertissements"].values(),
            phrase,
            _precision(lue),
            "½ j. par cycle : demi-journées par cycle de 4 semaines.",
            f"Données : {lue.resume['empreinte_donnees']}",
            *(f"{nom} : {valeur}" for nom, valeur in hypotheses.items()),
        ],
        feuilles,
    )
