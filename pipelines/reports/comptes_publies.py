"""The counts of activity a dossier gives to an instance: which tables, what is hidden in them.

Tables of one school year or of several, all published together: indicators, motifs and authors of
demands by class of site, three indicators site by site, and the years side by side. They share
their margins, so what is hidden is chosen for all of them at once (`planning.secret`), then tried
by a reader who shares no code with that choice (`planning.attaquant`); nothing is given when he
finds a hidden count. What is hidden is chosen over all the years and indicators there are, whatever
is printed of them: a page, a dossier and a yearly report read side by side hide the same cells.
Pupils by site are not hidden: the ministry publishes them. Terms are left
out, as they need not add up to a year.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import enumeration, nombre, pluriel
from pipelines.marts import entrepot
from pipelines.planning import attaquant, secret
from pipelines.planning.comptes import (
    Publie,
    Somme,
    Tableau,
    cle,
    croiser,
    empiler,
)
from pipelines.reports.classes_de_site import CLASSES, classe_du_site
from pipelines.scenarios.lecteurs import Acte, Lecteur, courant, exiger

ANNEE = "annee"
MASQUE = "masqué"
CLASSE, SITE, MODALITE = "classe", "site", "modalite"
PAR_SITE = ("eleves_suivis", "entretiens", "interventions")
"""The indicators printed site by site: others are under the threshold in most sites."""
INDICATEURS = "Indicateurs par classe de site"
DETAILS = {
    "interventions": "Interventions par motif et par classe de site",
    "demandes": "Demandes par auteur et par classe de site",
}
SITES = "Activité par site"
ANNEES = "Indicateurs par année"


@dataclass(frozen=True)
class ComptesPublies:
    """Tables ready to print: cells are French numbers, « masqué », or empty where nothing came in.

    `annees`: the school years, oldest first, none without any return; with several, the name of a
    table ends with its year. `nb_masques`: hidden counts, each once;
    `nb_masques_ensemble` of them are not small and are hidden with the others.
    """

    annees: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]
    seuil: int
    nb_masques: int
    nb_masques_ensemble: int
    note: str


@dataclass(frozen=True)
class Ensemble:
    """All the counts of a département, protected together: years, oldest first, and the choice."""

    annees: tuple[str, ...]
    choix: secret.Secret

    def est_cache(self, indicateur: str, annee: str, **modalites: str) -> bool:
        """Whether the count of an indicator of a year, for these modalities, is hidden."""
        return cle(univers(indicateur, annee), **modalites) in self.choix.caches


def publier(
    lecteur: Lecteur,
    base: Path,
    departement: str,
    seuil: int | None = None,
    nb_annees: int = 1,
    jusqu_a: str | None = None,
) -> ComptesPublies:
    """The tables of the last `nb_annees`; `attaquant.Retrouvable` when one betrays a count.

    `jusqu_a`: the last of those years, the last known when not given.
    """
    exiger(lecteur, Acte.LISTER, departement)
    tous = proteges(base, departement, seuil)
    annees, choix = _dernieres(tous.annees, nb_annees, jusqu_a), tous.choix
    montres = _imprimes(choix.tableaux, annees)
    cles = {c for t in montres for rangee in t.cles for c in rangee}
    return ComptesPublies(
        annees=annees,
        tables={_sans_annee(t.nom, annees): en_table(t) for t in montres},
        seuil=choix.seuil,
        nb_masques=len(choix.caches & cles),
        nb_masques_ensemble=len(choix.secondaires & cles),
        note=_note(choix, annees, cles),
    )


def entiers(
    lecteur: Lecteur,
    base: Path,
    departement: str,
    nb_annees: int = 1,
    jusqu_a: str | None = None,
) -> ComptesPublies:
    """The same tables with nothing hidden, for who may read site by site."""
    exiger(lecteur, Acte.LIRE, departement)
    toutes, trouves = lire(base, departement)
    annees = _dernieres(toutes, nb_annees, jusqu_a)
    lus = [Publie(t.nom, t.lignes, t.colonnes, t.cles, t.valeurs, t.sommes) for t in trouves]
    return ComptesPublies(
        annees=annees,
        tables={_sans_annee(t.nom, annees): en_table(t) for t in _imprimes(lus, annees)},
        seuil=0,
        nb_masques=0,
        nb_masques_ensemble=0,
        note="Une case vide n'a pas de relevé : ce n'est pas un zéro.",
    )


def _dernieres(annees: tuple[str, ...], combien: int, jusqu_a: str | None) -> tuple[str, ...]:
    return tuple(a for a in annees if jusqu_a is None or a <= jusqu_a)[-combien:]


def proteges(base: Path, departement: str, seuil: int | None = None) -> Ensemble:
    """Every table, what is hidden in them being tried; `attaquant.Retrouvable` when one betrays."""
    exiger(courant(), Acte.LISTER, departement)
    annees, trouves = lire(base, departement)
    choix = secret.proteger(trouves, seuil)
    attaquant.exiger_le_secret(choix.tableaux, choix.largeur)
    return Ensemble(annees, choix)


def lire(base: Path, departement: str) -> tuple[tuple[str, ...], list[Tableau]]:
    """The school years with a return and all their tables, nothing hidden; none without any."""
    exiger(courant(), Acte.LISTER, departement)
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        lignes = connexion.execute(
            "select mart_activite.annee_scolaire, site_id, indicateur, modalite, "
            "cast(sum(nombre) as bigint) as nombre from mart_activite "
            "join mart_site using (site_id) "
            "where mart_site.departement = ? and periode = ? group by all order by all",
            [departement, ANNEE],
        ).df()
        sites = entrepot.lire(connexion, "mart_site", departement)
    annees = tuple(sorted(lignes["annee_scolaire"].unique()))
    trouves = []
    for annee in annees:
        siens = tableaux(lignes[lignes["annee_scolaire"] == annee], sites, annee)
        trouves += [replace(t, nom=_nom(t.nom, annee)) for t in siens]
    return annees, trouves


def _nom(table: str, annee: str) -> str:
    return f"{table}, {annee}"


def _sans_annee(nom: str, annees: Sequence[str]) -> str:
    """The name of a table; with one year only, it goes without saying."""
    return nom.removesuffix(f", {annees[0]}") if len(annees) == 1 else nom


def _imprimes(tables: Sequence[Publie], annees: Sequence[str]) -> list[Publie]:
    """The tables of these years, the sites with a few indicators; then the years side by side."""
    montres = [t for t in tables if t.nom.rpartition(", ")[2] in annees]
    libelles = _libelles()
    gardees = {libelles[c] for c in PAR_SITE}
    rendus = [
        _colonnes(t, gardees) if t.nom in {_nom(SITES, a) for a in annees} else t for t in montres
    ]
    if len(annees) < 2:
        return rendus
    connus = {c: v for t in montres for c, v in t.valeurs.items()}
    cotes = {
        libelle: tuple(
            la if (la := cle(univers(code, annee))) in connus else None for annee in annees
        )
        for code, libelle in libelles.items()
    }
    cotes = {libelle: cles for libelle, cles in cotes.items() if any(cles)}
    return [*rendus, Publie(ANNEES, tuple(cotes), tuple(annees), tuple(cotes.values()), connus)]


def _colonnes(table: Publie, gardees: Collection[str]) -> Publie:
    """`table` with some of its columns."""
    rangs = [r for r, c in enumerate(table.colonnes) if c in gardees]
    return replace(
        table,
        colonnes=tuple(table.colonnes[r] for r in rangs),
        cles=tuple(tuple(rangee[r] for r in rangs) for rangee in table.cles),
    )


def tableaux(lignes: pd.DataFrame, sites: pd.DataFrame, annee: str) -> list[Tableau]:
    """The tables of one year: `lignes` has site_id, indicateur, modalite and nombre."""
    classes = {s["site_id"]: classe_du_site(s) for s in sites.to_dict("records")}
    lignes = lignes.assign(
        classe=lignes["site_id"].map(classes), modalite=lignes["modalite"].fillna("")
    )
    presentes = [c for c in CLASSES if c in set(lignes["classe"])]
    en_mots = {m["code"]: m["libelle"] for m in reference.dictionnaire_activite()["modalites"]}
    libelles = _libelles()
    croises = {}
    for code, libelle in libelles.items():
        siennes = lignes[lignes["indicateur"] == code].assign(
            modalite=lambda x: x["modalite"].map(lambda m: en_mots.get(m, m))
        )
        if siennes.empty:
            continue
        comptes = siennes.groupby(["modalite", "classe"])["nombre"].sum()
        noms = [n for n in (*en_mots.values(), "") if n in set(siennes["modalite"])]
        croises[code] = croiser(
            DETAILS.get(code, libelle),
            univers(code, annee),
            (MODALITE, noms),
            (CLASSE, presentes),
            {la: int(n) for la, n in comptes.items()},
        )
    ensemble = empiler(INDICATEURS, [(libelles[c], t) for c, t in croises.items()])
    details = [croises[c] for c in DETAILS if c in croises]
    return [ensemble, *details, *_par_site(lignes, sites, annee)]


def univers(indicateur: str, annee: str) -> str:
    """What a cell counts: an indicator of a year."""
    return f"{annee} {indicateur}"


def _libelles() -> dict[str, str]:
    """Code → words of the indicators, in their order."""
    return {i["code"]: i["libelle"] for i in reference.dictionnaire_activite()["indicateurs"]}


def en_table(publie: Publie) -> pd.DataFrame:
    """A protected table as it is printed."""
    return pd.DataFrame(
        [
            [ligne, *(_cellule(publie, la) for la in cles)]
            for ligne, cles in zip(publie.lignes, publie.cles, strict=True)
        ],
        columns=["", *publie.colonnes],
    )


def _cellule(publie: Publie, la: str | None) -> str:
    if la is None:
        return ""
    valeur = publie.valeurs[la]
    return MASQUE if valeur is None else nombre(valeur)


def _par_site(lignes: pd.DataFrame, sites: pd.DataFrame, annee: str) -> list[Tableau]:
    """The sites down, the indicators across; each class of site adds up to its cell elsewhere."""
    codes = [c for c in _libelles() if c in set(lignes["indicateur"])]
    comptes = lignes.groupby(["site_id", "indicateur"])["nombre"].sum()
    classes = lignes.groupby("site_id")["classe"].first()
    noms = _distincts(sites)
    ordre = sorted(classes.index, key=lambda s: (CLASSES.index(classes[s]), noms[s]))
    valeurs, sommes, grille = {}, [], []
    for site_id in ordre:
        rangee = []
        for code in codes:
            la = cle(univers(code, annee), **{SITE: site_id})
            est_compte = (site_id, code) in comptes.index
            if est_compte:
                valeurs[la] = int(comptes[site_id, code])
            rangee.append(la if est_compte else None)
        grille.append(tuple(rangee))
    for code in codes:
        for classe in dict.fromkeys(classes[s] for s in ordre):
            siennes = [
                cle(univers(code, annee), **{SITE: s}) for s in ordre if classes[s] == classe
            ]
            connues = tuple(c for c in siennes if c in valeurs)
            if connues:
                total = cle(univers(code, annee), **{CLASSE: classe})
                valeurs[total] = sum(valeurs[c] for c in connues)
                sommes.append(Somme(total, connues))
    return [
        Tableau(
            SITES,
            tuple(noms[s] for s in ordre),
            tuple(_libelles()[c] for c in codes),
            tuple(grille),
            valeurs,
            tuple(sommes),
        )
    ]


def _distincts(sites: pd.DataFrame) -> dict[str, str]:
    """site_id → name, with its commune when another one has the same."""
    doubles = sites["nom"].duplicated(keep=False)
    return {
        s["site_id"]: f"{s['nom']} ({s['commune']}, {s['uai_principal']})" if double else s["nom"]
        for s, double in zip(sites.to_dict("records"), doubles, strict=True)
    }


def _note(choix: secret.Secret, annees: Sequence[str], montrees: Set[str | None]) -> str:
    """`montrees`: the cells printed."""
    if not annees:
        return "Aucun relevé d'activité n'est connu pour ce département."
    debut = f"Année {annees[0]}" if len(annees) == 1 else f"Années {enumeration([*annees])}"
    petits, autres = choix.primaires & montrees, choix.secondaires & montrees
    if not petits and not autres:
        return f"{debut}. Aucun compte n'est sous {choix.seuil} : rien n'est masqué."
    return (
        f"{debut}. Les comptes de 1 à {choix.seuil - 1} sont masqués ({nombre(len(petits))}), et "
        f"{pluriel(len(autres), 'autre compte', 'autres comptes')} avec eux, les moins possible, "
        "pour qu'aucun total ne les rende. Un zéro est montré. Une case vide n'a pas de relevé."
    )
