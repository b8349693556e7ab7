"""What the activity records count: by site, by motif, by period; what is missing, what breaks.

Counts only, never a situation nor a person. A year's line is not added to its terms.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from pipelines.base import chemins, reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import enumeration, nombre, pluriel, pourcentage
from pipelines.marts import entrepot
from pipelines.reports import classeur, comptes_publies
from pipelines.reports.comptes_publies import Ensemble
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


def vue(lecteur: Lecteur, base: Path, departement: str, jusqu_a: str | None = None) -> VueActivite:
    """The activity of `departement`; small counts of a site are hidden from an instance.

    `jusqu_a`: the last school year to read, the last known when not given; AtlasError when nothing
    was recorded that year.
    """
    exiger(lecteur, Acte.LISTER, departement)
    with entrepot.ouvrir(base) as connexion:
        nom = entrepot.exiger_departement(connexion, departement)
        sites = entrepot.lire(connexion, "mart_site", departement).set_index("site_id")
        lignes = connexion.execute(
            "select mart_activite.* from mart_activite join mart_site using (site_id) "
            "where mart_site.departement = ?",
            [departement],
        ).df()
    annees = exiger_annee(sorted(lignes["annee_scolaire"].unique()), jusqu_a)
    lignes = lignes[lignes["annee_scolaire"].isin(annees)]
    annee = annees[-1] if annees else None
    par_site = _par_site(lignes, sites, annee) if annee else pd.DataFrame()
    indicateurs = _par_indicateur(lignes, annees)
    details = {
        titre: _par_modalite(lignes, annees, nomenclature)
        for nomenclature, titre in NOMENCLATURES.items()
    }
    periodes = _par_periode(lignes, annee) if annee else pd.DataFrame()
    phrase = _phrase(lignes, annees)
    protege = lecteur.role == Role.INSTANCE and annee is not None
    seuil = reference.valeur("petits_nombres", "seuil_masque")
    if protege:
        # the same cells as in a dossier, which the same reader may have beside this page
        ensemble = comptes_publies.proteges(base, departement)
        phrase = _phrase_protegee(phrase, ensemble, annee)
        periodes = _periodes_montrables(periodes, ensemble, annee, seuil)
        indicateurs, details, par_site = _masquer(indicateurs, details, par_site, ensemble, annees)
    return VueActivite(
        nom=nom,
        phrase=phrase,
        completude=_completude(lignes, sites, annees),
        ruptures=_ruptures(lignes, annees),
        indicateurs=indicateurs,
        details=details,
        periodes=periodes,
        sites=par_site.reset_index(drop=True),
        annee=annee,
        note=(
            f"Les comptes sous {seuil} sont masqués, et d'autres avec eux pour qu'un "
            "total ne les rende pas."
            if protege
            else "Des comptes, jamais une situation ni une personne. Un site sans relevé est "
            "laissé vide : ce n'est pas un zéro."
        ),
    )


def exiger_annee(annees: list[str], jusqu_a: str | None) -> list[str]:
    """The school years up to `jusqu_a`, all without it; AtlasError when it is not one of them."""
    if jusqu_a is None:
        return annees
    if jusqu_a not in annees:
        raise AtlasError(
            f"Aucun relevé d'activité de l'année « {jusqu_a} » pour ce département.",
            admis=enumeration(annees) or "aucune année, tant qu'aucun relevé n'est connu",
            remede="choisir l'une de ces années, ou ajouter ses relevés au fichier « activite »",
        )
    return [a for a in annees if a <= jusqu_a]


def _masquer(
    indicateurs: pd.DataFrame,
    details: dict[str, pd.DataFrame],
    par_site: pd.DataFrame,
    ensemble: Ensemble,
    annees: list[str],
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], pd.DataFrame]:
    """The tables in words, without the counts hidden from an instance."""
    connus, _ = _dictionnaire()
    codes = {i["libelle"]: code for code, i in connus.items()}
    detailles = {i["nomenclature"]: c for c, i in connus.items() if "nomenclature" in i}
    annee = annees[-1]
    indicateurs, par_site = indicateurs.copy(), par_site.copy()
    for a in annees:
        indicateurs[a] = [
            _mot(n, ensemble.est_cache(codes[libelle], a))
            for libelle, n in zip(indicateurs["Indicateur"], indicateurs[a], strict=True)
        ]
    masques = {}
    for nomenclature, titre in NOMENCLATURES.items():
        table = details[titre].copy()
        for a in annees:
            table[a] = [
                _mot(n, ensemble.est_cache(detailles[nomenclature], a, modalite=m))
                for m, n in zip(table["Modalité"], table[a], strict=True)
            ]
        masques[titre] = table
    for libelle in set(par_site) & set(codes):
        par_site[libelle] = [
            _mot(n, ensemble.est_cache(codes[libelle], annee, site=site_id))
            for site_id, n in par_site[libelle].items()
        ]
    return indicateurs, masques, par_site


def _mot(n: float | None, est_cache: bool) -> str:
    """A count as an instance reads it: empty where nothing came in."""
    if est_cache:
        return comptes_publies.MASQUE
    return "" if pd.isna(n) else nombre(n)


def _periodes_montrables(
    periodes: pd.DataFrame, ensemble: Ensemble, annee: str, seuil: int
) -> pd.DataFrame:
    """The rows of terms whose counts can all be shown, as can that of their year.

    A hidden term would be what is left of its year, and terms may add up to a hidden year.
    """
    codes = {i["libelle"]: code for code, i in _dictionnaire()[0].items()}
    nombres = periodes.select_dtypes("number").drop(
        columns="Année moins trimestres", errors="ignore"
    )
    petits = ((nombres > 0) & (nombres < seuil)).any(axis=1)
    caches = [ensemble.est_cache(codes[i], annee) for i in periodes.get("Indicateur", ())]
    return periodes[~petits & ~pd.Series(caches, index=periodes.index, dtype=bool)]


def _phrase_protegee(phrase: str, ensemble: Ensemble, annee: str) -> str:
    """The sentence, without its numbers when one of them, or what gives it, is hidden."""
    modalites = [m["libelle"] for m in _dictionnaire()[1].values() if m["nomenclature"] == "motif"]
    caches = [
        ensemble.est_cache(EN_TETE, annee),
        ensemble.est_cache("interventions", annee),
        *(ensemble.est_cache("interventions", annee, modalite=m) for m in modalites),
    ]
    return f"En {annee}, des relevés dont une part est masquée." if any(caches) else phrase


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
    return table.sort_values("Site")
