"""The texts: what each says of a département's sites, and what changes from one to another."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from pipelines.base.textes import enumeration, jour, nombre, pluriel
from pipelines.marts import entrepot
from pipelines.reports.conditions_en_mots import en_mots
from pipelines.reports.libelles import DONNEES
from pipelines.reports.methode import (
    EN_VIGUEUR,
    conditions_en_sql,
    est_partagee,
    ou_lire,
    tronc_des_references,
    vigueur,
)
from pipelines.reports.sites import nom_de_categorie
from pipelines.scenarios.lecteurs import reserve
from pipelines.scoring import jeux
from pipelines.scoring.conditions import colonnes_lues, grammaire
from pipelines.scoring.regles import (
    DOSSIER,
    Priorites,
    Seuil,
    appliquer,
    comparer,
    comparer_textes,
    priorites,
)

TEXTE_PAR_DEFAUT = "circulaire_2017_055"
SORTS = {"entree": "entre", "sortie": "sort", "restee": "reste"}


@dataclass(frozen=True)
class VuePriorites:
    """One text over the sites of a département.

    `references`: where the references of `regles` are found; `conditions`: as they are run.
    """

    titre: str
    phrase: str
    note: str
    abrogation: str | None
    regles: pd.DataFrame
    references: str
    conditions: pd.DataFrame
    seuils: pd.DataFrame
    a_savoir: pd.DataFrame


@dataclass(frozen=True)
class VueComparaison:
    """What becomes of the rules and of the sites from one text to another."""

    phrase: str
    regles: pd.DataFrame
    references: str
    sites: pd.DataFrame
    a_savoir: str | None


def textes() -> dict[str, str]:
    """Code → short title of every rule set that can be read, those of the académie marked."""
    return {jeu.code: _titre_court(jeu) for jeu in jeux.lisibles(DOSSIER, priorites)}


@reserve
def vue(base: Path, departement: str, code: str) -> VuePriorites:
    """What the text `code` says of `departement`; AtlasError when either is unknown."""
    jeu = priorites(code)
    with entrepot.ouvrir(base) as connexion:
        nom = entrepot.exiger_departement(connexion, departement)
        sites = entrepot.lire(connexion, "mart_site", departement).set_index("site_id")
        verdicts = appliquer(connexion, jeu)
    verdicts = verdicts[verdicts["site_id"].isin(sites.index)]
    oui = verdicts[[v is True for v in verdicts["verdict"]]]
    inconnus = verdicts[[v is None for v in verdicts["verdict"]]]
    tronc = tronc_des_references(jeu)
    return VuePriorites(
        titre=jeu.intitule(),
        phrase=_phrase(nom, jeu, len(sites), oui, inconnus),
        note=jeu.note,
        abrogation=_abrogation(jeu),
        regles=_regles(jeu, oui, inconnus, tronc),
        references=ou_lire(jeu),
        conditions=conditions_en_sql(jeu),
        seuils=tableau_seuils(jeu.seuils),
        a_savoir=_a_savoir(jeu, sites, inconnus),
    )


@reserve
def comparaison(base: Path, departement: str, avant: str, apres: str) -> VueComparaison:
    """What enters, what leaves and which sites change category from `avant` to `apres`."""
    ancien, nouveau = priorites(avant), priorites(apres)
    with entrepot.ouvrir(base) as connexion:
        entrepot.exiger_departement(connexion, departement)
        sites = entrepot.lire(connexion, "mart_site", departement).set_index("site_id")
        lignes = comparer(connexion, ancien, nouveau)
    lignes = lignes[lignes["site_id"].isin(sites.index)]
    regles = comparer_textes(ancien, nouveau)
    regles = regles.assign(ordre=regles["sort"].map({s: r for r, s in enumerate(SORTS)}))
    regles = regles.sort_values("ordre", kind="stable").reset_index(drop=True)
    troncs = [tronc_des_references(jeu) for jeu in (ancien, nouveau)]
    return VueComparaison(
        phrase=_phrase_comparaison(regles, lignes, ancien, nouveau),
        regles=pd.DataFrame(
            {
                "Catégorie": regles["libelle"],
                "Dans le second texte": [
                    f"{SORTS[s]}, condition changée" if m else SORTS[s]
                    for s, m in zip(regles["sort"], regles["est_modifiee"], strict=True)
                ],
                "Référence dans le premier": _sans(troncs[0], regles["reference_avant"]),
                "Référence dans le second": _sans(troncs[1], regles["reference_apres"]),
            }
        ),
        references=_troncs(dict(zip(("le premier", "le second"), troncs, strict=True))),
        sites=sites_changes(sites, lignes),
        a_savoir=_ce_qui_manque(sites, lignes, ancien, nouveau),
    )


def tableau_seuils(seuils: tuple[Seuil, ...]) -> pd.DataFrame:
    """The named numbers a text's conditions read."""
    return pd.DataFrame(
        [(s.libelle, s.valeur, s.unite, s.reference) for s in seuils],
        columns=["Seuil", "Valeur", "Unité", "Référence"],
    )


def _titre_court(jeu: Priorites) -> str:
    if jeux.est_local(DOSSIER, jeu.code):
        return f"{jeu.titre} (règles de l'académie)"
    return f"{jeu.titre} (abrogée)" if _est_passe(jeu.jusqu_au) else jeu.titre


def _est_passe(jusqu_au: date | None) -> bool:
    """True when a last day in force is over; an end to come repeals nothing yet."""
    return jusqu_au is not None and jusqu_au < date.today()


def _abrogation(jeu: Priorites) -> str | None:
    if jeu.jusqu_au is None or not _est_passe(jeu.jusqu_au):
        return None
    premier_jour_sans = jeu.jusqu_au + timedelta(days=1)
    return (
        f"Ce texte n'est plus en vigueur depuis le {jour(premier_jour_sans.isoformat())} : il sert "
        "à dire ce qui a changé."
    )


def _phrase(
    nom: str, jeu: Priorites, nb_sites: int, oui: pd.DataFrame, inconnus: pd.DataFrame
) -> str:
    """How many sites are in a priority category, in one that is not, and how many may be."""
    prioritaires = set(oui.loc[~oui["regle"].isin(jeu.residuelles), "site_id"])
    phrase = (
        f"{nom} : {nombre(len(prioritaires))} des {pluriel(nb_sites, 'site')} entrent dans au "
        "moins une catégorie prioritaire de ce texte"
    )
    if jeu.residuelles:
        restes = len(set(oui["site_id"]) - prioritaires)
        phrase += f" ; {nombre(restes)} dans une catégorie qui n'est pas une priorité"
    pretendus = inconnus[~inconnus["regle"].isin(jeu.residuelles)]
    a_savoir = len(set(pretendus["site_id"]) - prioritaires)
    if a_savoir:
        accord = "pourrait" if a_savoir == 1 else "pourraient"
        quoi = (
            (f"{accord} être prioritaires" if a_savoir > 1 else f"{accord} être prioritaire")
            if jeu.residuelles
            else f"y {accord} entrer"
        )
        phrase += f" ; {nombre(a_savoir)} {quoi}, mais une donnée manque"
    return " ".join([f"{phrase}.", *_regles_passees(jeu, oui)])


def _regles_passees(jeu: Priorites, oui: pd.DataFrame) -> list[str]:
    """The rules whose own last day is over in a text still in force: counted all the same."""
    if _est_passe(jeu.jusqu_au):
        return []
    return [
        f"« {r.libelle} » n'est plus en vigueur depuis le "
        f"{jour((r.jusqu_au + timedelta(days=1)).isoformat())} : "
        f"{pluriel(nb, 'site y est compté', 'sites y sont comptés')} quand même, tant que sa règle "
        "est dans le fichier du texte."
        for r in jeu.regles
        for nb in [int((oui["regle"] == r.code).sum())]
        if r.jusqu_au is not None and _est_passe(r.jusqu_au)
    ]


def _regles(jeu: Priorites, oui: pd.DataFrame, inconnus: pd.DataFrame, tronc: str) -> pd.DataFrame:
    """A rule a row; their days only where they are not all the same."""
    regles = pd.DataFrame(
        [
            (
                nom_de_categorie(r),
                int((oui["regle"] == r.code).sum()),
                int((inconnus["regle"] == r.code).sum()),
                r.resume,
                en_mots(jeu.condition_lue(r)),
                r.reference.removeprefix(f"{tronc}, "),
                vigueur(r),
            )
            for r in jeu.regles
        ],
        columns=[
            "Catégorie",
            "Sites",
            "À savoir",
            "En nos mots",
            "Ce qui est lu",
            "Référence",
            EN_VIGUEUR,
        ],
    )
    return regles.drop(columns=EN_VIGUEUR) if est_partagee(jeu) else regles


def _troncs(troncs: dict[str, str]) -> str:
    """What the references of each text start with, where they start alike."""
    dits = [f"dans {ou} : {tronc}" for ou, tronc in troncs.items() if tronc]
    return f"Références, {' ; '.join(dits)}." if dits else ""


def _sans(tronc: str, references: pd.Series) -> pd.Series:
    return references.str.removeprefix(f"{tronc}, ").fillna("absente")


def _a_savoir(jeu: Priorites, sites: pd.DataFrame, inconnus: pd.DataFrame) -> pd.DataFrame:
    libelles = {r.code: r.libelle for r in jeu.regles}
    par_site = inconnus.groupby("site_id")["regle"].apply(list)
    lignes = [
        (
            sites.loc[site_id, "nom"],
            sites.loc[site_id, "commune"],
            " ; ".join(libelles[c] for c in codes),
        )
        for site_id, codes in par_site.items()
    ]
    return pd.DataFrame(
        sorted(lignes),
        columns=["Site", "Commune", "Catégories en suspens"],
    )


def _phrase_comparaison(
    regles: pd.DataFrame, lignes: pd.DataFrame, ancien: Priorites, nouveau: Priorites
) -> str:
    touches = set(lignes.loc[lignes["changement"].isin(("gagnee", "perdue")), "site_id"])
    changes = len(touches)
    en_suspens = len(set(lignes.loc[lignes["changement"] == "inconnue", "site_id"]) - touches)
    entrees = regles[regles["sort"] == "entree"]["libelle"].tolist()
    sorties = regles[regles["sort"] == "sortie"]["libelle"].tolist()
    noms = [jeu.titre.split(",")[0] for jeu in (ancien, nouveau)]
    debut = f"De « {noms[0]} » à « {noms[1]} », "
    if not changes and not en_suspens and not entrees and not sorties:
        return f"{debut}aucune catégorie n'entre ni ne sort, et aucun site ne change de catégorie."
    faits = [
        f"entrent : {enumeration(entrees)}" if entrees else "aucune catégorie n'entre",
        f"sortent : {enumeration(sorties)}" if sorties else "aucune ne sort",
        f"{pluriel(changes, 'site change', 'sites changent')} de catégorie"
        if changes
        else "aucun site ne change de catégorie",
    ]
    if en_suspens:
        # beside a count of sites that change, « 20 autres »
        autres = pluriel(en_suspens, "autre pourrait", "autres pourraient")
        sujet = autres if changes else pluriel(en_suspens, "site pourrait", "sites pourraient")
        faits.append(f"{sujet} changer, une donnée manque")
    return f"{debut}{' ; '.join(faits)}."


def _ce_qui_manque(
    sites: pd.DataFrame, lignes: pd.DataFrame, ancien: Priorites, nouveau: Priorites
) -> str | None:
    """Which data would settle the changes that can't be told; None when all can."""
    lues: dict[str, set[str]] = {}
    for jeu in (ancien, nouveau):
        for regle in jeu.regles:
            lues.setdefault(regle.code, set()).update(colonnes_lues(jeu.condition_lue(regle)))
    manquent = {
        DONNEES.get(colonne, colonne)
        for ligne in lignes[lignes["changement"] == "inconnue"].itertuples()
        for colonne in lues[ligne.regle] - set(grammaire().vide_est_une_reponse)
        if pd.isna(sites.loc[ligne.site_id, colonne])
    }
    if not manquent:
        return None
    return (
        f"« À savoir » : le site pourrait changer aussi de ces catégories ; il manque "
        f"{enumeration(sorted(manquent))}. Un fichier « dispositifs » (page Données) dit les "
        "dispositifs de chaque site."
    )


def sites_changes(sites: pd.DataFrame, lignes: pd.DataFrame) -> pd.DataFrame:
    """The sites that win or lose a category, or might: unknown is said, and is neither.

    A site that only might has a dash in « Entre dans » and « Sort de ».
    """
    touches = []
    for site_id, siennes in lignes.groupby("site_id"):
        libelles = {
            sort: siennes[siennes["changement"] == sort]["libelle"].tolist()
            for sort in ("gagnee", "perdue", "inconnue")
        }
        if any(libelles.values()):
            touches.append(
                (
                    sites.loc[site_id, "nom"],
                    sites.loc[site_id, "commune"],
                    " ; ".join(libelles["gagnee"]) or "—",
                    " ; ".join(libelles["perdue"]) or "—",
                    " ; ".join(libelles["inconnue"]) or "—",
                    str(site_id),
                )
            )
    return pd.DataFrame(
        sorted(touches),
        columns=["Site", "Commune", "Entre dans", "Sort de", "À savoir", "Code du site"],
    )
