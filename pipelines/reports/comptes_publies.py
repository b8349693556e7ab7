"""The counts of activity a dossier gives to an instance: which tables, what is hidden in them.

Tables of the last school year, all published together: indicators, motifs and authors of demands by
class of site, and three indicators site by site. They share their margins, so what is hidden is
chosen for all of them at once (`planning.secret`), then tried by a reader who shares no code with
that choice (`planning.attaquant`); nothing is given when he finds a hidden count. Pupils by site
are not hidden: the ministry publishes them. Terms are left out, as they need not add up to a year.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import nombre, pluriel
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
from pipelines.scenarios.lecteurs import Acte, Lecteur, exiger

ANNEE = "annee"
MASQUE = "masqué"
CLASSE, SITE, MODALITE = "classe", "site", "modalite"
PAR_SITE = ("eleves_suivis", "entretiens", "interventions")
"""The indicators given site by site: others are under the threshold in most sites."""
INDICATEURS = "Indicateurs par classe de site"
DETAILS = {
    "interventions": "Interventions par motif et par classe de site",
    "demandes": "Demandes par auteur et par classe de site",
}
SITES = "Activité par site"


@dataclass(frozen=True)
class ComptesPublies:
    """Tables ready to print: cells are French numbers, « masqué », or empty where nothing came in.

    `annee`: the school year, None without any return. `nb_masques`: hidden counts, each once;
    `nb_masques_ensemble` of them are not small and are hidden with the others.
    """

    annee: str | None
    tables: Mapping[str, pd.DataFrame]
    seuil: int
    nb_masques: int
    nb_masques_ensemble: int
    note: str


def publier(
    lecteur: Lecteur, base: Path, departement: str, seuil: int | None = None
) -> ComptesPublies:
    """The tables of an instance; AtlasError (`attaquant.Retrouvable`) when one betrays a count."""
    exiger(lecteur, Acte.LISTER, departement)
    annee, tableaux = lire(base, departement)
    choix = secret.proteger(tableaux, seuil)
    attaquant.exiger_le_secret(choix.tableaux, choix.largeur)
    return ComptesPublies(
        annee=annee,
        tables={t.nom: en_table(t) for t in choix.tableaux},
        seuil=choix.seuil,
        nb_masques=len(choix.caches),
        nb_masques_ensemble=len(choix.secondaires),
        note=_note(choix, annee),
    )


def lire(base: Path, departement: str) -> tuple[str | None, list[Tableau]]:
    """The last school year with a return and its tables, nothing hidden; (None, []) without any."""
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        lignes = connexion.execute(
            "select mart_activite.annee_scolaire, site_id, indicateur, modalite, "
            "cast(sum(nombre) as bigint) as nombre from mart_activite "
            "join mart_site using (site_id) "
            "where mart_site.departement = ? and periode = ? group by all order by all",
            [departement, ANNEE],
        ).df()
        sites = entrepot.lire(connexion, "mart_site", departement)
    if lignes.empty:
        return None, []
    annee = lignes["annee_scolaire"].max()
    return annee, tableaux(lignes[lignes["annee_scolaire"] == annee], sites)


def tableaux(lignes: pd.DataFrame, sites: pd.DataFrame) -> list[Tableau]:
    """The tables of one year: `lignes` has site_id, indicateur, modalite and nombre."""
    classes = {s["site_id"]: classe_du_site(s) for s in sites.to_dict("records")}
    lignes = lignes.assign(
        classe=lignes["site_id"].map(classes), modalite=lignes["modalite"].fillna("")
    )
    presentes = [c for c in CLASSES if c in set(lignes["classe"])]
    dictionnaire = reference.dictionnaire_activite()
    en_mots = {m["code"]: m["libelle"] for m in dictionnaire["modalites"]}
    croises = {}
    for indicateur in dictionnaire["indicateurs"]:
        code = indicateur["code"]
        siennes = lignes[lignes["indicateur"] == code].assign(
            modalite=lambda x: x["modalite"].map(lambda m: en_mots.get(m, m))
        )
        if siennes.empty:
            continue
        comptes = siennes.groupby(["modalite", "classe"])["nombre"].sum()
        noms = [n for n in (*en_mots.values(), "") if n in set(siennes["modalite"])]
        croises[code] = croiser(
            DETAILS.get(code, indicateur["libelle"]),
            code,
            (MODALITE, noms),
            (CLASSE, presentes),
            {la: int(n) for la, n in comptes.items()},
        )
    libelles = {i["code"]: i["libelle"] for i in dictionnaire["indicateurs"]}
    ensemble = empiler(INDICATEURS, [(libelles[c], t) for c, t in croises.items()])
    details = [croises[c] for c in DETAILS if c in croises]
    return [ensemble, *details, *_par_site(lignes, sites, libelles)]


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


def _par_site(
    lignes: pd.DataFrame, sites: pd.DataFrame, libelles: Mapping[str, str]
) -> list[Tableau]:
    """The sites down, a few indicators across; each class of site adds up to its cell elsewhere."""
    codes = [c for c in PAR_SITE if c in set(lignes["indicateur"])]
    if not codes:
        return []
    comptes = lignes.groupby(["site_id", "indicateur"])["nombre"].sum()
    classes = lignes.groupby("site_id")["classe"].first()
    noms = _distincts(sites)
    ordre = sorted(classes.index, key=lambda s: (CLASSES.index(classes[s]), noms[s]))
    valeurs, sommes, grille = {}, [], []
    for site_id in ordre:
        rangee = []
        for code in codes:
            la = cle(code, **{SITE: site_id}) if (site_id, code) in comptes.index else None
            if la is not None:
                valeurs[la] = int(comptes[site_id, code])
            rangee.append(la)
        grille.append(tuple(rangee))
    for code in codes:
        for classe in dict.fromkeys(classes[s] for s in ordre):
            siennes = [cle(code, **{SITE: s}) for s in ordre if classes[s] == classe]
            connues = tuple(c for c in siennes if c in valeurs)
            if connues:
                total = cle(code, **{CLASSE: classe})
                valeurs[total] = sum(valeurs[c] for c in connues)
                sommes.append(Somme(total, connues))
    return [
        Tableau(
            SITES,
            tuple(noms[s] for s in ordre),
            tuple(libelles[c] for c in codes),
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


def _note(choix: secret.Secret, annee: str | None) -> str:
    if annee is None:
        return "Aucun relevé d'activité n'est connu pour ce département."
    if not choix.caches:
        return f"Année {annee}. Aucun compte n'est sous {choix.seuil} : rien n'est masqué."
    return (
        f"Année {annee}. Les comptes de 1 à {choix.seuil - 1} sont masqués "
        f"({nombre(len(choix.primaires))}), et "
        f"{pluriel(len(choix.secondaires), 'autre compte', 'autres comptes')} avec eux, les moins "
        "possible, pour qu'aucun total ne les rende. Un zéro est montré. Une case vide n'a pas de "
        "relevé."
    )
