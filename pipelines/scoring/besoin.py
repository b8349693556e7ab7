"""The besoins: what a barème makes of every site, line by line.

A besoin is a sum of lines (base, pupils, écoles, continuous factors, one line a category), held
between a floor and a ceiling and rounded to a presence a poste can give. Half-days are added in
hundredths, as integers, so that the lines add up to the last digit.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

import duckdb
import numpy as np
import pandas as pd

from pipelines.base import reference
from pipelines.base.textes import nombre, pluriel
from pipelines.marts import entrepot
from pipelines.scoring.bareme import SENS, Bareme, Continu
from pipelines.scoring.regles import Priorites, appliquer

CENTIEMES = 100
OUI, NON, INCONNU = 1, 0, -1
CONNU, MEDIANE_PROCHE, MEDIANE_DU_TYPE, MEDIANE_DE_TOUS, SANS_VALEUR = range(5)
COLONNES_DETAIL = (
    "site_id",
    "rang",
    "code",
    "libelle",
    "demi_journees",
    "observe",
    "reference",
)
PROVENANCES = {
    MEDIANE_PROCHE: "médiane du type",
    MEDIANE_DU_TYPE: "médiane du type, tous départements",
    MEDIANE_DE_TOUS: "médiane de tous les types, aucun n'étant connu pour celui-ci",
}


@dataclass(frozen=True)
class Transition:
    """The most a site may lose from today's presence, both in half-days per cycle, by site."""

    perte_max: int
    presences: np.ndarray


@dataclass(frozen=True)
class Estimation:
    """A column of numbers with what stands in for the unknown ones, and where each comes from."""

    valeurs: np.ndarray
    provenance: np.ndarray


@dataclass
class Donnees:
    """What a barème reads, once for all the barèmes of one rule set.

    `sites`: the rows of `mart_site`, by site_id. `verdicts`: rule → OUI, NON or INCONNU by site.
    """

    sites: pd.DataFrame
    verdicts: dict[str, np.ndarray]
    _estimations: dict[tuple[str, str | None], Estimation] = field(default_factory=dict)

    @cached_property
    def est_reseau(self) -> np.ndarray:
        """True for the écoles REP+ of a network."""
        return (self.sites["nature"] == "ecoles_rep_plus").to_numpy()

    def estimer(self, colonne: str, drapeau: str | None = None) -> Estimation:
        """`colonne` with, for the unknown, the median of the type: département first, else all.

        With `drapeau`, a site that has not what is counted counts 0, and one that has it takes
        the median of those that have it.
        """
        if (colonne, drapeau) not in self._estimations:
            self._estimations[colonne, drapeau] = self._estimer(colonne, drapeau)
        return self._estimations[colonne, drapeau]

    def _estimer(self, colonne: str, drapeau: str | None) -> Estimation:
        lues = pd.to_numeric(self.sites[colonne]).astype(float)
        cles = [self.sites["departement"], self.sites["type"]]
        if drapeau is None:
            jugeables = np.ones(len(lues), dtype=bool)
        else:
            present = self.sites[drapeau]
            lues = lues.mask(lues.isna() & (present == False), 0.0)  # noqa: E712 (null is not no)
            cles += [pd.Series(["oui" if p is True else "" for p in present])]
            # neither yes nor no: the others, that have none, say nothing of it
            jugeables = present.notna().to_numpy()
        proches = lues.groupby(cles, dropna=False).transform("median")
        du_type = lues.groupby(cles[1:], dropna=False).transform("median")
        provenance = np.select(
            [lues.notna(), ~jugeables, proches.notna(), du_type.notna()],
            [CONNU, SANS_VALEUR, MEDIANE_PROCHE, MEDIANE_DU_TYPE],
            SANS_VALEUR,
        )
        valeurs = lues.fillna(proches).fillna(du_type).fillna(0.0)
        return Estimation(valeurs.to_numpy(), provenance)

    def estimer_hors_type(self, colonne: str) -> Estimation:
        """`estimer`, a type of which no value is known taking the median of the second degree."""
        estimees = self.estimer(colonne)
        lues = pd.to_numeric(self.sites[colonne]).astype(float).mask(self.est_reseau)
        proches = lues.groupby(self.sites["departement"]).transform("median").fillna(lues.median())
        vides = (estimees.provenance == SANS_VALEUR) & proches.notna().to_numpy()
        return Estimation(
            np.where(vides, proches, estimees.valeurs),
            np.where(vides, MEDIANE_DE_TOUS, estimees.provenance),
        )


@dataclass(frozen=True)
class Ligne:
    """One line of every besoin: hundredths of a half-day by site, and what was read at a site."""

    code: str
    libelle: str
    reference: str
    centiemes: np.ndarray
    presente: np.ndarray
    observe: Callable[[int], str]


@dataclass(frozen=True)
class Mesure:
    """The besoin of each site of `Donnees.sites`, in its order, and the lines that make it.

    `somme`: hundredths of a half-day before floor, ceiling and rounding, for ranks.
    """

    besoin: np.ndarray
    somme: np.ndarray
    lignes: list[Ligne]


@dataclass(frozen=True)
class Besoins:
    """The besoins of every site of the warehouse.

    `sites`: site_id, besoin (half-days per cycle, an allowed level), categories (codes of matched
    rules), inconnues (codes of rules that can't be told). `detail`: site_id, rang, code, libelle,
    demi_journees (adds up to besoin for each site), observe (what was read), reference.
    """

    sites: pd.DataFrame
    detail: pd.DataFrame


def preparer(connexion: duckdb.DuckDBPyConnection, jeu: Priorites) -> Donnees:
    """What the barèmes of the rule set `jeu` read, for every site of the warehouse."""
    sites = entrepot.lire(connexion, "mart_site").sort_values("site_id").reset_index(drop=True)
    lus = appliquer(connexion, jeu)
    signes = lus["verdict"].map(lambda v: INCONNU if v is None else int(v))
    tableau = lus.assign(signe=signes).pivot(index="site_id", columns="regle", values="signe")
    tableau = tableau.reindex(index=sites["site_id"], columns=[r.code for r in jeu.regles])
    return Donnees(sites, {code: tableau[code].to_numpy(dtype=int) for code in tableau.columns})


def transition(
    connexion: duckdb.DuckDBPyConnection, donnees: Donnees, perte_max: int
) -> Transition:
    """The transition rule over today's presences."""
    presences = dict(
        connexion.execute(
            "select site_id, sum(demi_journees_cycle) from mart_presence group by site_id"
        ).fetchall()
    )
    return Transition(
        perte_max, np.array([int(presences.get(s, 0)) for s in donnees.sites["site_id"]], dtype=int)
    )


def besoins(
    connexion: duckdb.DuckDBPyConnection, echelle: Bareme, perte_max: int | None = None
) -> Besoins:
    """The besoin of each site of `mart_site` under `echelle`, with its decomposition.

    `perte_max`: half-days per cycle a site may lose at most from today's presence to its besoin
    (the transition rule), None when the rule is off. The order of rules and sites has no meaning.
    """
    donnees = preparer(connexion, echelle.priorites)
    regle = None if perte_max is None else transition(connexion, donnees, perte_max)
    return detailler(donnees, mesurer(donnees, echelle, regle))


def mesurer(donnees: Donnees, echelle: Bareme, regle: Transition | None = None) -> Mesure:
    """The besoins alone, without their words: what a comparison of many barèmes calls."""
    lignes = list(_lignes(donnees, echelle))
    somme = sum(ligne.centiemes for ligne in lignes)
    lignes += _borner(echelle, somme, regle)
    return Mesure(sum(ligne.centiemes for ligne in lignes) // CENTIEMES, somme, lignes)


def detailler(donnees: Donnees, mesure: Mesure) -> Besoins:
    """The tables of a measure: besoins by site, and their lines."""
    codes = sorted(donnees.verdicts)
    sites = pd.DataFrame(
        {
            "site_id": donnees.sites["site_id"],
            "besoin": mesure.besoin.tolist(),
            "categories": _codes_par_site(donnees, codes, OUI),
            "inconnues": _codes_par_site(donnees, codes, INCONNU),
        }
    )
    detail = []
    for i, site_id in enumerate(donnees.sites["site_id"]):
        presentes = [ligne for ligne in mesure.lignes if ligne.presente[i]]
        detail += [
            {
                "site_id": site_id,
                "rang": rang,
                "code": ligne.code,
                "libelle": ligne.libelle,
                "demi_journees": int(ligne.centiemes[i]) / CENTIEMES,
                "observe": ligne.observe(i),
                "reference": ligne.reference,
            }
            for rang, ligne in enumerate(presentes)
        ]
    return Besoins(sites, pd.DataFrame(detail, columns=list(COLONNES_DETAIL)))


def _codes_par_site(donnees: Donnees, codes: list[str], signe: int) -> list[tuple[str, ...]]:
    return [
        tuple(c for c in codes if donnees.verdicts[c][i] == signe)
        for i in range(len(donnees.sites))
    ]


def _lignes(donnees: Donnees, echelle: Bareme) -> Iterator[Ligne]:
    """The lines before floor, ceiling and rounding."""
    reseau = donnees.est_reseau
    bases = np.where(reseau, echelle.base["ecoles_rep_plus"], echelle.base["etablissement"])
    yield Ligne(
        "base",
        "Base",
        echelle.reference_entiere("base"),
        _en_centiemes(bases),
        np.ones(len(reseau), dtype=bool),
        lambda i: "tout site",
    )
    if (~reseau).any():
        yield _ligne_eleves(donnees, echelle)
    if reseau.any():
        yield _ligne_ecoles(donnees, echelle)
    for facteur in echelle.continus:
        yield _ligne_continue(donnees, facteur, echelle.reference_de("continus", facteur.code))
    for regle in sorted(echelle.priorites.regles, key=lambda r: r.code):
        if regle.code in echelle.contributions:
            yield _ligne_categorie(donnees, echelle, regle.code, regle.libelle, regle.reference)


def _ligne_eleves(donnees: Donnees, echelle: Bareme) -> Ligne:
    """The pupil part; an unknown enrolment takes the median of its type, and says so."""
    effectifs = donnees.estimer("effectif")
    diviseurs = donnees.sites["type"].map(lambda t: echelle.eleves.get(t, 1)).to_numpy(dtype=float)
    coefficients = _coefficients(donnees, echelle)
    centiemes = _en_centiemes(effectifs.valeurs * coefficients / diviseurs)
    ref = echelle.reference_entiere("eleves")
    if echelle.coefficients:
        ref = f"{ref} ; coefficients : {echelle.reference_entiere('coefficients')}"
    if (effectifs.provenance[~donnees.est_reseau] != CONNU).any():
        ref = f"{ref} ; effectif inconnu : {echelle.effectif_inconnu['reference']}"

    def observe(i: int) -> str:
        provenance, effectif = effectifs.provenance[i], nombre(effectifs.valeurs[i])
        if provenance == CONNU:
            lu = pluriel(effectifs.valeurs[i], "élève")
        elif provenance == SANS_VALEUR:
            return "effectif inconnu de tous les sites de ce type"
        else:
            lu = f"effectif inconnu, compté pour {effectif} ({PROVENANCES[provenance]})"
        if not echelle.coefficients:
            return lu
        return f"{lu} × {nombre(coefficients[i], 2)}{_coefficient_possible(i)}"

    def _coefficient_possible(i: int) -> str:
        """The categories that can't be told and would make a pupil count for more."""
        table = echelle.coefficients
        en_suspens = [
            regle
            for regle in echelle.priorites.regles
            if donnees.verdicts[regle.code][i] == INCONNU
            and table.get(regle.code, 0) > coefficients[i]
        ]
        if not en_suspens:
            return ""
        noms = " ; ".join(sorted(r.libelle for r in en_suspens))
        plus = max(table[r.code] for r in en_suspens)
        return f" ; catégorie inconnue : {noms} (jusqu'à × {nombre(plus, 2)})"

    return Ligne(
        "eleves",
        "Élèves",
        ref,
        np.where(donnees.est_reseau, 0, centiemes),
        ~donnees.est_reseau,
        observe,
    )


def _coefficients(donnees: Donnees, echelle: Bareme) -> np.ndarray:
    """What a pupil counts for at each site: the largest coefficient of its known categories."""
    table = echelle.coefficients
    retenus = np.full(len(donnees.sites), float(table.get("sans_categorie", 1.0)))
    for code, verdict in donnees.verdicts.items():
        if code in table:
            retenus = np.where(verdict == OUI, np.maximum(retenus, table[code]), retenus)
    return retenus


def _ligne_ecoles(donnees: Donnees, echelle: Bareme) -> Ligne:
    """The écoles of a network by level; one of unknown level counts nothing, and is named."""
    elementaires = donnees.sites["nb_ecoles_elementaires"].to_numpy(dtype=int)
    maternelles = donnees.sites["nb_ecoles_maternelles"].to_numpy(dtype=int)
    sans_niveau = donnees.sites["nb_ecoles"].to_numpy(dtype=int) - elementaires - maternelles
    somme = (
        elementaires * echelle.ecoles["elementaire"] + maternelles * (echelle.ecoles["maternelle"])
    )
    return Ligne(
        "ecoles",
        "Écoles où s'enseigne le cycle 3",
        echelle.reference_entiere("ecoles"),
        np.where(donnees.est_reseau, _en_centiemes(somme), 0),
        donnees.est_reseau,
        lambda i: (
            f"{pluriel(elementaires[i], 'école')} avec cycle 3, "
            f"{pluriel(maternelles[i], 'maternelle')} à part"
            + (
                f", {pluriel(sans_niveau[i], 'école')} de niveau inconnu : rien n'est compté "
                "sans la donnée"
                if sans_niveau[i] > 0
                else ""
            )
        ),
    )


def _ligne_continue(donnees: Donnees, facteur: Continu, ref: str) -> Ligne:
    """So many half-days a unit, on one side of the origin; an unknown value takes a median."""
    if facteur.drapeau is None:
        lu = donnees.estimer_hors_type(facteur.colonne)
    else:
        lu = donnees.estimer(facteur.colonne, facteur.drapeau)
    concernes = ~donnees.est_reseau
    if facteur.types:
        concernes &= donnees.sites["type"].isin(facteur.types).to_numpy()
    ecart = np.maximum(SENS[facteur.sens] * (lu.valeurs - facteur.origine), 0.0)
    ecart = np.where(lu.provenance == SANS_VALEUR, 0.0, ecart)
    demi_journees = facteur.par_unite * ecart
    if facteur.par_eleves:
        demi_journees = demi_journees * donnees.estimer("effectif").valeurs / facteur.par_eleves

    def observe(i: int) -> str:
        if lu.provenance[i] == SANS_VALEUR:
            return "inconnu : rien n'est compté sans la donnée"
        entier = float(lu.valeurs[i]).is_integer()
        texte = f"{nombre(lu.valeurs[i], 0 if entier else 1)} {facteur.unite}"
        if facteur.origine:
            cote = "au-dessus" if SENS[facteur.sens] > 0 else "au-dessous"
            texte += f", {nombre(ecart[i], 1)} {cote} de {nombre(facteur.origine)}"
        if facteur.par_eleves:
            texte += f", pour {pluriel(donnees.estimer('effectif').valeurs[i], 'élève')}"
            if donnees.estimer("effectif").provenance[i] != CONNU:
                texte += " (effectif inconnu, médiane du type)"
        if lu.provenance[i] == CONNU:
            return texte
        return f"inconnu, compté pour {texte} ({PROVENANCES[lu.provenance[i]]})"

    return Ligne(
        facteur.code,
        facteur.libelle,
        ref,
        np.where(concernes, _en_centiemes(demi_journees), 0),
        concernes,
        observe,
    )


def _ligne_categorie(donnees: Donnees, echelle: Bareme, code: str, libelle: str, ref: str) -> Ligne:
    """The half-days of a category: counted where it is known to be true, shown where unknown."""
    verdict = donnees.verdicts[code]
    montant = round(echelle.contributions[code] * CENTIEMES)
    return Ligne(
        code,
        libelle,
        f"{ref} ; poids : {echelle.reference_de('contributions', code)}",
        np.where(verdict == OUI, montant, 0),
        verdict != NON,
        lambda i: "oui" if verdict[i] == OUI else "inconnu : rien n'est compté sans la donnée",
    )


def _borner(echelle: Bareme, somme: np.ndarray, regle: Transition | None) -> Iterator[Ligne]:
    """Floor, ceiling, rounding and transition: the lines that lead from `somme` to the besoin."""
    plancher, plafond = echelle.bornes["plancher"], echelle.bornes["plafond"]
    admis = np.array(
        [
            n
            for n in reference.valeur("optimisation", "niveaux_presence")
            if plancher <= n <= plafond and n > 0
        ]
    )
    for code, libelle, borne, ecart in (
        ("plancher", "Plancher", plancher, np.maximum(plancher * CENTIEMES - somme, 0)),
        ("plafond", "Plafond", plafond, np.minimum(plafond * CENTIEMES - somme, 0)),
    ):
        texte = pluriel(borne, "demi-journée")
        yield Ligne(
            code,
            libelle,
            echelle.reference_de("bornes", code),
            ecart,
            ecart != 0,
            lambda i, texte=texte: texte,
        )
        somme = somme + ecart
    # the nearest level, the higher of two at the same distance
    milieux = (admis[:-1] + admis[1:]) * CENTIEMES // 2
    niveaux = admis[np.searchsorted(milieux, somme, side="right")]
    yield _ligne_niveau(
        "arrondi",
        "Arrondi au niveau de présence le plus proche",
        "Niveaux de présence : data/reference/optimisation.toml",
        somme,
        niveaux,
    )
    if regle is not None:
        gardes = np.minimum(regle.presences - regle.perte_max, admis[-1])
        tenus = np.maximum(niveaux, admis[np.searchsorted(admis, gardes)])
        perte = pluriel(regle.perte_max, "demi-journée")
        yield _ligne_niveau(
            "transition",
            f"Transition : {perte} de moins qu'aujourd'hui au plus, dans la limite du plafond",
            "Choix de qui propose : règle de transition, non réglementaire",
            niveaux * CENTIEMES,
            tenus,
        )


def _ligne_niveau(
    code: str, libelle: str, ref: str, somme: np.ndarray, niveaux: np.ndarray
) -> Ligne:
    ecart = niveaux * CENTIEMES - somme
    return Ligne(
        code, libelle, ref, ecart, ecart != 0, lambda i: pluriel(niveaux[i], "demi-journée")
    )


def _en_centiemes(demi_journees: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(demi_journees, dtype=float) * CENTIEMES).astype(int)
