"""Two or three répartitions side by side: the sentence, who gains and loses, equity, the maps.

All of it comes from the problems and the plans; only the maps need the warehouse.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import duckdb
import pandas as pd
import plotly.graph_objects as go

from pipelines.base.textes import enumeration, nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.reports import cartes, classeur, ecarts, equite
from pipelines.reports.divergences import divergences
from pipelines.reports.doctrines import COULEURS, PART_DU_BESOIN
from pipelines.reports.indices import SANS_OBJET, Ligne, lignes_de_dilution
from pipelines.reports.libelles import RYTHMES_EN_MOTS
from pipelines.reports.moyens import manque_dit
from pipelines.reports.repartition import Repartition, Reunion, reunir
from pipelines.reports.sites import completer
from pipelines.reports.situation import legende_carte
from pipelines.scenarios.comparables import trouver
from pipelines.scenarios.lecteurs import Lecteur
from pipelines.scoring.couverture import rythme
from pipelines.scoring.dilution import Dilution, SiteDilue, dilution
from pipelines.scoring.equite import BASSIN_INCONNU

__all__ = ["COULEURS", "Passage", "VueComparaison", "cartes_cote_a_cote", "ouvrir", "vue"]
INDICE, MESURE, MOINDRE = "Indice", "Mesure", "Catégorie"
# titles of maps in a row: characters a line, and room for two lines
LARGEUR_TITRE, MARGE_DES_TITRES_PX = 22, 48
PREFIXE_AVERTISSEMENT = "avertissement_"


@dataclass(frozen=True)
class Passage:
    """From the first répartition to another: the sentence and the tables of what changes.

    `phrase_sans_montants`: how many sites gain or lose, and not how much.
    """

    titre: str
    phrase: str
    phrase_sans_montants: str
    sites: pd.DataFrame
    postes: pd.DataFrame
    categories: pd.DataFrame
    bassins: pd.DataFrame
    phrase_des_demi_postes: str
    demi_postes: pd.DataFrame


@dataclass(frozen=True)
class VueComparaison:
    """A comparison ready to show, its maps apart.

    `divergences`: what differs between the problems, to be read before any figure. `indices`,
    `equite`, `minimums`: one row a measure, one column a répartition. `sites`: the union of the
    sites with every presence, the table twin of the maps.
    """

    noms: tuple[str, ...]
    phrase: str
    divergences: list[str]
    passages: tuple[Passage, ...]
    indices: pd.DataFrame
    phrase_equite: str
    equite: pd.DataFrame
    minimums: pd.DataFrame
    courbe: go.Figure
    table_courbe: pd.DataFrame
    alternative_courbe: str
    note_equite: str
    sites: pd.DataFrame
    classeur: bytes


def ouvrir(lecteur: Lecteur, choix: Sequence[str]) -> tuple[Repartition, ...]:
    """The répartitions of those ids, in their order.

    AtlasError when they can't be compared, or when this lecteur may not read one of them.
    """
    trouves = [trouver(lecteur, comparable_id) for comparable_id in choix]
    return reunir([(t.libelle, t.dossier) for t in trouves])


def donnees_d_avant(base: Path, repartitions: Sequence[Repartition]) -> str | None:
    """What to say when « aujourd'hui » is not that of the data of `base`; None when it is."""
    with entrepot.ouvrir(base) as connexion:
        actuelle = entrepot.empreinte(connexion)
    if not any(
        r.est_aujourd_hui and r.probleme.empreinte_donnees != actuelle for r in repartitions
    ):
        return None
    return (
        "Les données ont changé depuis : « Aujourd'hui » est ici l'état des données de la "
        "répartition comparée. Rejouer le scénario (page « Scénarios ») le met à jour."
    )


def vue(
    repartitions: tuple[Repartition, ...], seuil: int | None = None, *, charges: bool = True
) -> VueComparaison:
    """The comparison of `repartitions`; the first one is what the others are measured from.

    `seuil`: the useful presence, half-days per cycle, by default that of the reference file.
    Without `charges`, nothing tells the time of a poste, nor the exact presence of a site.
    """
    reunion = Reunion.de(repartitions)
    noms = tuple(r.libelle for r in repartitions)
    mesures = equite.mesurer(repartitions, reunion)
    dilues = [_dilution(r, repartitions[0], reunion, seuil) for r in repartitions]
    passages = tuple(_passage(repartitions[0], y, reunion, charges) for y in repartitions[1:])
    sous_seuil = lignes_de_dilution(dilues)[:1]
    tables = {
        "Indices": _table(INDICE, _indices(repartitions, reunion, dilues, charges), noms),
        "Équité": _table(
            MESURE, [*sous_seuil, *equite.lignes(mesures, site_par_site=charges)], noms
        ),
        "Minimums": _table(MOINDRE, equite.lignes_des_minimums(mesures, reunion), noms),
        "Courbe de Lorenz": equite.table_de_la_courbe(mesures, noms),
        "Tous les sites": _sites(repartitions, reunion),
    }
    phrase = " ".join(p.phrase for p in passages)
    differe = divergences(repartitions, charges=charges)
    phrase_equite = equite.phrase(mesures, noms, site_par_site=charges)
    return VueComparaison(
        noms=noms,
        phrase=phrase,
        divergences=differe,
        passages=passages,
        indices=tables["Indices"],
        phrase_equite=phrase_equite,
        equite=tables["Équité"],
        minimums=tables["Minimums"],
        courbe=equite.courbe(mesures, noms),
        table_courbe=tables["Courbe de Lorenz"],
        alternative_courbe=equite.alternative(len(noms)),
        note_equite=equite.note(),
        sites=tables["Tous les sites"],
        classeur=_classeur(repartitions, [phrase, phrase_equite, *differe], passages, tables),
    )


def cartes_cote_a_cote(
    base: Path, repartitions: tuple[Repartition, ...], couleur: str
) -> tuple[go.Figure, str]:
    """One map a répartition, the same view and colours; what stands under them.

    `couleur` is one of `COULEURS`. Sites the warehouse no longer has are told, not drawn.
    """
    reunion = Reunion.de(repartitions)
    departement = repartitions[0].probleme.departement
    with entrepot.ouvrir(base) as connexion:
        sites = sites_de_la_carte(connexion, departement, reunion)
        decor = cartes.fond(connexion, departement)
        legende = legende_carte(connexion)
    figure = cartes.cartes_cote_a_cote(
        {
            _titre_de_carte(r.libelle): completer(
                sites.assign(presence=[r.par_site.get(s, 0) for s in sites["site_id"]]),
                reunion.categories,
            )
            for r in repartitions
        },
        decor,
        f"comparer-{departement}",
        cartes.echelle_part() if couleur == PART_DU_BESOIN else cartes.ECHELLE_RYTHME,
    )
    figure.update_layout(margin={"t": MARGE_DES_TITRES_PX})
    absents = len(reunion.sites) - len(sites)
    if absents:
        legende += (
            f" {pluriel(absents, 'site n’est', 'sites ne sont')} plus dans les données : le "
            "tableau les dit, la carte non."
        )
    return figure, legende


def _titre_de_carte(libelle: str) -> str:
    """A label over lines short enough for three maps on a narrow screen; its < stay plain."""
    return "<br>".join(html.escape(ligne, quote=False) for ligne in wrap(libelle, LARGEUR_TITRE))


def sites_de_la_carte(
    connexion: duckdb.DuckDBPyConnection, departement: str, reunion: Reunion
) -> pd.DataFrame:
    """The sites the warehouse has, with the besoins and categories they are compared by."""
    sites = entrepot.lire(connexion, "mart_site", departement)
    sites = sites[sites["site_id"].isin(reunion.sites)].copy()
    reperes = [reunion.sites[s] for s in sites["site_id"]]
    sites["besoin"] = [s.besoin for s in reperes]
    sites["categories"] = [s.categories for s in reperes]
    sites["inconnues"] = [s.categories_inconnues for s in reperes]
    return sites


def _passage(x: Repartition, y: Repartition, reunion: Reunion, charges: bool) -> Passage:
    phrase, table = ecarts.demi_postes(x, y, reunion)
    return Passage(
        titre=f"De « {x.libelle} » à « {y.libelle} »",
        phrase=ecarts.phrase(x, y, reunion),
        phrase_sans_montants=ecarts.phrase(x, y, reunion, montants=False),
        sites=ecarts.table_sites(x, y, reunion, charges=charges),
        postes=ecarts.table_postes(x, y, reunion),
        categories=ecarts.par_categorie(x, y, reunion),
        bassins=ecarts.par_bassin(x, y, reunion),
        phrase_des_demi_postes=phrase,
        demi_postes=table,
    )


def _dilution(
    r: Repartition, premiere: Repartition, reunion: Reunion, seuil: int | None
) -> Dilution:
    sites = [
        SiteDilue(i, s.effectif, bool(reunion.prioritaires & set(s.categories)))
        for i, s in reunion.sites.items()
    ]
    return dilution(sites, r.couples, premiere.couples, r.etp, seuil)


def _indices(
    repartitions: tuple[Repartition, ...],
    reunion: Reunion,
    dilues: Sequence[Dilution],
    charges: bool,
) -> list[Ligne]:
    """The longest trip would place a résidence; sites and pupils are public: divided by the ETP of
    the postes, they tell it.
    """
    dit_les_etp = charges or all(_etp_se_disent(r) for r in repartitions)
    premiere = repartitions[0]
    prioritaires = [i for i, s in reunion.sites.items() if reunion.prioritaires & set(s.categories)]
    liens = [nombre(ecarts.nb_liens(premiere, r)) for r in repartitions[1:]]
    return [
        (
            "Demi-journées données par cycle",
            [nombre(sum(r.par_site.values())) for r in repartitions],
        ),
        *lignes_de_dilution(dilues, etp=dit_les_etp),
        *(
            (
                f"Besoin couvert, {qui}",
                [pourcentage(ecarts.part_du_besoin(r, sites, reunion)) for r in repartitions],
            )
            for qui, sites in (
                ("tous les sites", list(reunion.sites)),
                ("sites prioritaires", prioritaires),
            )
        ),
        (
            "Changements imposés : liens qui ne sont pas ceux d'aujourd'hui",
            [nombre(r.changements) for r in repartitions],
        ),
        (f"Liens qui ne sont pas ceux de « {premiere.libelle} »", [SANS_OBJET, *liens]),
        (
            "Trajets (heures par cycle de 4 semaines)",
            [nombre(r.trajets / 60) for r in repartitions],
        ),
        *(
            [
                (
                    "Trajet le plus long (minutes, aller)",
                    [nombre(r.trajet_le_plus_long) for r in repartitions],
                )
            ]
            if charges
            else []
        ),
    ]


def _etp_se_disent(r: Repartition) -> bool:
    """Whether an instance may be told the ETP of its postes."""
    servants = [p for p in r.probleme.postes if not p.sans_secteur]
    return manque_dit((p.statut, p.quotite) for p in servants) is not None


def _table(titre: str, lignes: Sequence[Ligne], noms: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [(libelle, *valeurs) for libelle, valeurs in lignes], columns=[titre, *noms]
    )


def _sites(repartitions: tuple[Repartition, ...], reunion: Reunion) -> pd.DataFrame:
    """The union of the sites with each presence, then each rhythm."""
    ids = list(reunion.sites)
    presences = {r.libelle: [r.par_site.get(s, 0) for s in ids] for r in repartitions}
    table = pd.DataFrame(
        {
            "Site": [reunion.nom(s) for s in ids],
            "Catégorie": [reunion.categories_en_mots(s) for s in ids],
            "Besoin (½ j. par cycle)": [reunion.sites[s].besoin for s in ids],
            **presences,
            **{
                f"Rythme, {nom}": [RYTHMES_EN_MOTS[rythme(n)] for n in valeurs]
                for nom, valeurs in presences.items()
            },
            "Bassin": [reunion.sites[s].bassin or BASSIN_INCONNU for s in ids],
            "UAI": [s.removeprefix("RESEAU-") for s in ids],
        }
    )
    return table.sort_values(["Site", "UAI"]).reset_index(drop=True)


def _classeur(
    repartitions: tuple[Repartition, ...],
    phrases: list[str],
    passages: tuple[Passage, ...],
    tables: dict[str, pd.DataFrame],
) -> bytes:
    feuilles = {nom: tables[nom] for nom in ("Indices", "Équité", "Minimums")}
    for rang, passage in enumerate(passages, start=2):
        suite = f" 1 → {rang}" if len(passages) > 1 else ""
        for nom, table in (
            ("Sites", passage.sites),
            ("Postes", passage.postes),
            ("Catégories", passage.categories),
            ("Bassins", passage.bassins),
            ("Postes modifiés", passage.demi_postes),
        ):
            if not table.empty:
                feuilles[f"{nom}{suite}"] = table
    feuilles |= {nom: tables[nom] for nom in ("Courbe de Lorenz", "Tous les sites")}
    noms = enumeration([f"« {r.libelle} »" for r in repartitions])
    return classeur.ecrire(
        [
            f"Comparaison de {noms}, département {repartitions[0].probleme.departement}",
            *_avertissements(repartitions),
            *phrases,
            *(p.phrase_des_demi_postes for p in passages),
            "½ j. par cycle : demi-journées par cycle de 4 semaines.",
            equite.note(),
            *(f"Données de « {r.libelle} » : {r.probleme.empreinte_donnees}" for r in repartitions),
        ],
        feuilles,
    )


def _avertissements(repartitions: tuple[Repartition, ...]) -> list[str]:
    """What must be said of the data, as each problem keeps it."""
    hypotheses = [h for r in repartitions for h in r.probleme.hypotheses.items()]
    return list(
        dict.fromkeys(str(v) for nom, v in hypotheses if nom.startswith(PREFIXE_AVERTISSEMENT))
    )
