"""What the activity records count: by site, by motif, by period; what is missing, what breaks.

Counts only, never a situation nor a person. A year's line is not added to its terms.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from pipelines.base import chemins, reference
from pipelines.base.textes import enumeration, nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.reports import classeur
from pipelines.scenarios.lecteurs import Acte, Lecteur, Role, exiger

ANNEE = "annee"
TRIMESTRES = ("T1", "T2", "T3")
EN_TETE = "eleves_suivis"
NOMENCLATURES = {"motif": "Interventions selon leur motif", "demandeur": "Demandes selon l'auteur"}


@dataclass(frozen=True)
class VueActivite:
    """The page; every table is empty when nothing was recorded."""

    nom: str
    phrase: str
    completude: str
    ruptures: list[str]
    indicateurs: pd.DataFrame
    details: dict[str, pd.DataFrame]
    periodes: pd.DataFrame
    sites: pd.DataFrame
    annee: str | None
    note: str

    def classeur(self) -> bytes:
        """The page as an Excel workbook."""
        return classeur.ecrire(
            [t for t in (self.phrase, self.completude, *self.ruptures, self.note) if t],
            {
                "Indicateurs": self.indicateurs,
                **self.details,
                "Périodes": self.periodes,
                "Sites": self.sites,
            },
        )


@cache
def _dictionnaire() -> tuple[dict[str, dict], dict[str, dict]]:
    """Indicators and modalities of `data/reference/activite.toml`, by code, in order."""
    contenu = tomllib.loads((chemins.REFERENCE / "activite.toml").read_text(encoding="utf-8"))
    return (
        {i["code"]: i for i in contenu["indicateurs"]},
        {m["code"]: m for m in contenu["modalites"]},
    )


def vue(lecteur: Lecteur, base: Path, departement: str) -> VueActivite:
    """The activity of `departement`; small counts of a site are hidden from an instance."""
    exiger(lecteur, Acte.LISTER, departement)
    with entrepot.ouvrir(base) as connexion:
        nom = entrepot.exiger_departement(connexion, departement)
        sites = entrepot.lire(connexion, "mart_site", departement).set_index("site_id")
        lignes = connexion.execute(
            "select mart_activite.* from mart_activite join mart_site using (site_id) "
            "where mart_site.departement = ?",
            [departement],
        ).df()
    annees = sorted(lignes["annee_scolaire"].unique())
    annee = annees[-1] if annees else None
    protege = lecteur.role == Role.INSTANCE
    par_site = _par_site(lignes, sites, annee) if annee else pd.DataFrame()
    seuil = reference.valeur("petits_nombres", "seuil_masque")
    indicateurs = _par_indicateur(lignes, annees)
    details = {
        titre: _par_modalite(lignes, annees, nomenclature)
        for nomenclature, titre in NOMENCLATURES.items()
    }
    periodes = _par_periode(lignes, annee) if annee else pd.DataFrame()
    if protege:
        indicateurs = masquer(indicateurs, seuil)
        details = {titre: masquer(table, seuil) for titre, table in details.items()}
        par_site = masquer(par_site, seuil)
        # a hidden term would be what is left of its year: such a row is not shown at all
        nombres = periodes.select_dtypes("number").drop(
            columns="Année moins trimestres", errors="ignore"
        )
        periodes = periodes[~((nombres > 0) & (nombres < seuil)).any(axis=1)]
    return VueActivite(
        nom=nom,
        phrase=_phrase(lignes, annees),
        completude=_completude(lignes, sites, annees),
        ruptures=_ruptures(lignes, annees),
        indicateurs=indicateurs,
        details=details,
        periodes=periodes,
        sites=par_site,
        annee=annee,
        note=(
            f"Les comptes sous {seuil} sont masqués, et d'autres avec eux pour qu'un "
            "total ne les rende pas."
            if protege
            else "Des comptes, jamais une situation ni une personne. Un site sans relevé est "
            "laissé vide : ce n'est pas un zéro."
        ),
    )


def masquer(table: pd.DataFrame, seuil: int) -> pd.DataFrame:
    """`table` with its counts under `seuil` hidden, and the next ones until none can be deduced.

    In each column of numbers, what is hidden adds up to `seuil` at least and is never alone. Rows
    are read with the totals of the département, which other tables show.
    """
    masquee = table.copy()
    for colonne in table.select_dtypes("number").columns:
        connus = table[colonne].dropna().sort_values(kind="stable")
        positifs = connus[connus > 0]
        caches = list(positifs.index[positifs < seuil])
        if caches:
            for rang in positifs.index[len(caches) :]:
                if len(caches) > 1 and positifs[caches].sum() >= seuil:
                    break
                caches.append(rang)
        masquee[colonne] = [
            "masqué" if rang in caches else "" if pd.isna(v) else nombre(v)
            for rang, v in table[colonne].items()
        ]
    return masquee


def _annuelles(lignes: pd.DataFrame) -> pd.DataFrame:
    return lignes[lignes["periode"] == ANNEE]


def _total(lignes: pd.DataFrame) -> int | None:
    """The sum of counts; None when nothing was recorded."""
    return int(lignes["nombre"].sum()) if len(lignes) else None


def _phrase(lignes: pd.DataFrame, annees: list[str]) -> str:
    if not annees:
        return "Aucun relevé d'activité n'est connu pour ce département."
    annee = annees[-1]
    lus = _annuelles(lignes)
    lus = lus[(lus["annee_scolaire"] == annee) & (lus["indicateur"] == EN_TETE)]
    interventions = _annuelles(lignes)
    interventions = interventions[
        (interventions["annee_scolaire"] == annee)
        & (interventions["indicateur"] == "interventions")
    ]
    debut = f"En {annee}"
    if lus.empty:
        return f"{debut}, des relevés sans le nombre d'élèves reçus."
    phrase = f"{debut}, {nombre(_total(lus))} élèves reçus sur {pluriel(len(lus), 'site')}"
    motifs = interventions.groupby("modalite")["nombre"].sum().sort_values(ascending=False)
    if motifs.empty or not motifs.sum():
        return f"{phrase}."
    libelle = _dictionnaire()[1][motifs.index[0]]["libelle"]
    return (
        f"{phrase} ; premier motif d'intervention : « {libelle} » "
        f"({pourcentage(motifs.iloc[0] / motifs.sum())})."
    )


def _completude(lignes: pd.DataFrame, sites: pd.DataFrame, annees: list[str]) -> str:
    dits = []
    for annee in annees:
        nb = lignes.loc[lignes["annee_scolaire"] == annee, "site_id"].nunique()
        dits.append(f"{annee} : {nombre(nb)} des {nombre(len(sites))} sites ont un relevé")
    return f"{' ; '.join(dits)}." if dits else ""


def _ruptures(lignes: pd.DataFrame, annees: list[str]) -> list[str]:
    """Series that don't compare from a year to another: not counted, or not by the same sites.

    Indicators broken in the same way share a sentence.
    """
    lus = _annuelles(lignes)
    par_motif: dict[str, list[str]] = {}
    for code, indicateur in _dictionnaire()[0].items():
        serie = lus[lus["indicateur"] == code]
        comptes = {a: set(serie.loc[serie["annee_scolaire"] == a, "site_id"]) for a in annees}
        absentes = [a for a, sites in comptes.items() if not sites]
        if len(absentes) == len(annees):
            continue
        if absentes:
            motif = f"rien en {enumeration(absentes)} : la série est rompue."
        elif len(set(map(frozenset, comptes.values()))) > 1:
            dits = enumeration([f"{len(sites)} sites en {a}" for a, sites in comptes.items()])
            toujours = len(set.intersection(*comptes.values()))
            motif = (
                f"pas les mêmes sites d'une année à l'autre ({dits}, dont {toujours} chaque "
                "année) ; les totaux ne se comparent pas tels quels."
            )
        else:
            continue
        par_motif.setdefault(motif, []).append(indicateur["libelle"])
    return [f"{_serie_en_mots(libelles)} : {motif}" for motif, libelles in par_motif.items()]


def _serie_en_mots(libelles: list[str]) -> str:
    """The indicator by its name, several by their number."""
    if len(libelles) == 1:
        return f"« {libelles[0]} »"
    return pluriel(len(libelles), "indicateur")


def _par_indicateur(lignes: pd.DataFrame, annees: list[str]) -> pd.DataFrame:
    lus = _annuelles(lignes)
    return pd.DataFrame(
        [
            {
                "Indicateur": indicateur["libelle"],
                "Unité": indicateur["unite"],
                **{
                    a: _total(lus[(lus["indicateur"] == code) & (lus["annee_scolaire"] == a)])
                    for a in annees
                },
                "Sites comptés, par année": " ; ".join(
                    str(
                        lus.loc[
                            (lus["indicateur"] == code) & (lus["annee_scolaire"] == a), "site_id"
                        ].nunique()
                    )
                    for a in annees
                ),
            }
            for code, indicateur in _dictionnaire()[0].items()
            if annees
        ]
    )


def _par_modalite(lignes: pd.DataFrame, annees: list[str], nomenclature: str) -> pd.DataFrame:
    lus = _annuelles(lignes)
    return pd.DataFrame(
        [
            {
                "Modalité": modalite["libelle"],
                **{
                    a: _total(lus[(lus["modalite"] == code) & (lus["annee_scolaire"] == a)])
                    for a in annees
                },
            }
            for code, modalite in _dictionnaire()[1].items()
            if annees and modalite["nomenclature"] == nomenclature
        ]
    )


def _par_periode(lignes: pd.DataFrame, annee: str) -> pd.DataFrame:
    """The terms of the last year beside its line; what the terms lack or have too many."""
    de_l_annee = lignes[lignes["annee_scolaire"] == annee]
    rangees = []
    for code, indicateur in _dictionnaire()[0].items():
        sien = de_l_annee[de_l_annee["indicateur"] == code]
        par_periode = {p: _total(sien[sien["periode"] == p]) for p in (*TRIMESTRES, ANNEE)}
        connus = [par_periode[t] for t in TRIMESTRES if par_periode[t] is not None]
        if not connus:
            continue
        annuel = par_periode.pop(ANNEE)
        rangees.append(
            {
                "Indicateur": indicateur["libelle"],
                **par_periode,
                "Année": annuel,
                "Année moins trimestres": None if annuel is None else annuel - sum(connus),
            }
        )
    return pd.DataFrame(rangees)


def _par_site(lignes: pd.DataFrame, sites: pd.DataFrame, annee: str) -> pd.DataFrame:
    """Every site of the département; empty where it recorded nothing."""
    lus = _annuelles(lignes)
    lus = lus[lus["annee_scolaire"] == annee]
    comptes = lus.groupby(["site_id", "indicateur"])["nombre"].sum().unstack()
    table = pd.DataFrame({"Site": sites["nom"], "Commune": sites["commune"]})
    for code, indicateur in _dictionnaire()[0].items():
        if code in comptes:
            table[indicateur["libelle"]] = comptes[code].reindex(sites.index)
    return table.sort_values("Site").reset_index(drop=True)
