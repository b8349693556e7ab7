"""What a person may change in a barème and its text, and what each change does before saving."""

import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import au_plus_juste, jour, nombre, pluriel, variation
from pipelines.marts import entrepot
from pipelines.reports.besoins import UNITE, tranches
from pipelines.reports.conditions_en_mots import en_mots
from pipelines.reports.libelles import RYTHMES_EN_MOTS, TYPES
from pipelines.reports.priorites import sites_changes
from pipelines.reports.sites import nom_de_categorie
from pipelines.scenarios.adaptations import (
    SEUILS,
    SORTES_APPORTEES,
    Adaptation,
    Ajout,
    Changement,
    composer,
    lecteurs_de,
    partie_des_categories,
    regles_ajoutees,
)
from pipelines.scenarios.lecteurs import reserve
from pipelines.scoring import bareme as baremes
from pipelines.scoring import doctrine as doctrines
from pipelines.scoring import jeux, regles
from pipelines.scoring.bareme import (
    PARTIES_REGLABLES,
    UNITES_DES_POIDS,
    Bareme,
    bareme,
    poids_reglables,
    sur_texte,
)
from pipelines.scoring.besoin import OUI, Donnees, Mesure, mesurer, preparer
from pipelines.scoring.conditions import grammaire
from pipelines.scoring.couverture import Rythme, rythme
from pipelines.scoring.criteres import LABELS_EP, Borne
from pipelines.scoring.doctrine import Doctrine, doctrine
from pipelines.scoring.moyens import a_moyens_constants, moyens
from pipelines.scoring.regles import Priorites, Regle, Seuil, comparer, priorites

AUTEUR = "Qui l'a choisi"
LISIBLE = "lisible"
POSSESSIONS = {
    "est_rural": "Commune rurale",
    "segpa": "SEGPA",
    "ulis": "ULIS",
    "upe2a": "UPE2A",
    "relais": "Dispositif relais",
    "internat": "Internat",
    "a_section_professionnelle": "Section professionnelle d'un lycée",
}
"""Yes-or-no column of `mart_site` → what a site has then."""
BORNES = (
    Borne("ips", "moins_de", 0, "points", "IPS inférieur à"),
    Borne("effectif", "moins_de", 0, "élèves", "Effectif inférieur à"),
    Borne("effectif", "au_moins", 0, "élèves", "Effectif d'au moins"),
    Borne("eloignement_km", "au_moins", 0, "km", "Plus proche autre site, à au moins"),
)
"""What a new category may be bounded by, each with a value to set."""
NON_PESEE = "Pas encore pesée dans ce barème"


@dataclass(frozen=True)
class VueDepart:
    """What may be changed, as tables to edit; the index of each says which number it is.

    `categories`: Libellé, Catégorie au départ. `seuils` and `poids`: Valeur, and who chose it in
    `AUTEUR`, beside columns only read. `abandons`: categories the barème weighs and the text has
    not, in words.
    """

    phrase: str
    libelle: str
    resume: str
    categories: pd.DataFrame
    seuils: pd.DataFrame
    poids: pd.DataFrame
    abandons: str | None


@dataclass(frozen=True)
class VueEffet:
    """What an adaptation changes in a département, measured before anything is saved."""

    phrase: str
    totaux: pd.DataFrame
    sites: pd.DataFrame
    categories: pd.DataFrame
    a_justifier: list[str]


@dataclass(frozen=True)
class ChoixDeCriteres:
    """What a new category may be told by.

    `types` and `possessions`: code → words. `bornes`: each with a value to set.
    """

    types: dict[str, str]
    possessions: dict[str, str]
    bornes: tuple[Borne, ...]


@dataclass(frozen=True)
class RegleLocale:
    """A file of rules the académie wrote: what it is, and its bytes to keep or to send."""

    dossier: str
    code: str
    intitule: str
    fichier: str
    contenu: bytes


@dataclass(frozen=True)
class VueLocales:
    """The académie's own rules, the faulty ones with what is wrong."""

    table: pd.DataFrame
    fichiers: list[RegleLocale]


def departs() -> tuple[dict[str, str], dict[str, str]]:
    """Code → label of the barèmes, and of the texts, that can be started from."""
    return (
        {
            e.code: e.libelle + _de_qui(baremes.DOSSIER, e.code)
            for e in jeux.lisibles(baremes.DOSSIER, bareme)
        },
        {
            j.code: j.titre + _de_qui(regles.DOSSIER, j.code)
            for j in jeux.lisibles(regles.DOSSIER, priorites)
        },
    )


def texte_de(code: str) -> str:
    """The text the barème `code` reads."""
    return bareme(code).priorites.code


def depart(code: str, texte: str) -> VueDepart:
    """What may be changed when one starts from the barème `code` over the text `texte`."""
    jeu, ancien = priorites(texte), bareme(code)
    echelle = sur_texte(ancien, jeu)
    perdues = [
        r.libelle
        for r in ancien.priorites.regles
        if any(r.code in getattr(ancien, p) for p in ("contributions", "coefficients"))
        and not any(r.code in getattr(echelle, p) for p in ("contributions", "coefficients"))
    ]
    lignes = [
        (f"{p.partie}.{p.cle}", p.libelle, float(p.valeur), p.unite, "", p.reference)
        for p in poids_reglables(echelle, (*PARTIES_REGLABLES, "bornes"))
    ]
    pesees = {cle for cle, *_ in lignes}
    # a category the barème has no weight for yet counts as it did: nothing, or as any pupil
    neutres = {"contributions": 0.0, "coefficients": echelle.coefficients.get("sans_categorie", 1)}
    for partie, neutre in neutres.items():
        if getattr(echelle, partie):
            lignes += [
                (f"{partie}.{r.code}", r.libelle, neutre, UNITES_DES_POIDS[partie], "", NON_PESEE)
                for r in jeu.regles
                if f"{partie}.{r.code}" not in pesees
            ]
    return VueDepart(
        phrase=f"Rien n'est encore changé dans « {echelle.libelle} ».",
        libelle=echelle.libelle,
        resume=echelle.resume,
        categories=pd.DataFrame(
            {
                "Libellé": [r.libelle for r in jeu.regles],
                "Ce que dit la règle": [r.resume for r in jeu.regles],
                "Référence": [r.reference for r in jeu.regles],
            },
            index=[r.code for r in jeu.regles],
        ),
        seuils=_a_remplir(
            [(s.nom, s.libelle, float(s.valeur), s.unite, "", s.reference) for s in jeu.seuils],
            "Seuil",
        ),
        poids=_a_remplir(lignes, "Nombre"),
        abandons="Ce texte n'a pas de catégorie : "
        + " ; ".join(perdues)
        + ". Leurs poids sont laissés."
        if perdues
        else None,
    )


def choix_de_criteres() -> ChoixDeCriteres:
    """What a category may be told by: the columns of `mart_site` a person knows by their name."""
    return ChoixDeCriteres(
        types=TYPES,
        possessions={
            **{label: f"Label {label}" for label in LABELS_EP},
            **{nom: POSSESSIONS[nom] for nom in grammaire().natures if nom in POSSESSIONS},
        },
        bornes=BORNES,
    )


def ajouts_en_table(code: str, texte: str, ajouts: tuple[Ajout, ...]) -> pd.DataFrame:
    """The added categories as the text will hold them: condition, reference, weight."""
    echelle = bareme(code)
    partie = partie_des_categories(echelle)
    unite = UNITES_DES_POIDS[partie] if partie else ""
    lues = regles_ajoutees(Adaptation(code, texte, ajouts=ajouts))
    return pd.DataFrame(
        [
            (
                nom_de_categorie(regle),
                _en_mots(regle, seuils),
                "—" if a.poids is None else f"{au_plus_juste(a.poids)} {unite}",
                regle.reference,
            )
            for a, (regle, seuils) in zip(ajouts, lues, strict=True)
        ],
        columns=["Catégorie", "Ce qui est lu", "Poids", "Référence"],
    )


def unite_des_categories(code: str) -> tuple[str, float] | None:
    """The unit in which the barème `code` weighs a category and what weighs nothing there."""
    echelle = bareme(code)
    partie = partie_des_categories(echelle)
    if partie is None:
        return None
    neutre = 0.0 if partie == "contributions" else echelle.coefficients.get("sans_categorie", 1.0)
    return UNITES_DES_POIDS[partie], float(neutre)


def _en_mots(regle: Regle, seuils: tuple[Seuil, ...]) -> str:
    condition = regle.condition
    for seuil in seuils:
        condition = condition.replace(f"{{{seuil.nom}}}", str(seuil.valeur))
    return en_mots(condition)


def lire(
    code: str,
    texte: str,
    categories: pd.DataFrame,
    seuils: pd.DataFrame,
    poids: pd.DataFrame,
    auteur: str,
    ajouts: tuple[Ajout, ...] = (),
) -> Adaptation:
    """What the edited tables change from the départ; `auteur` chose what says nobody.

    `ajouts`: the categories added to the text.

    AtlasError when a cell holds no number.
    """
    debut = depart(code, texte)
    nombres: list[Changement] = []
    for avant, apres, nom in ((debut.seuils, seuils, "Seuil"), (debut.poids, poids, "Nombre")):
        for cle in avant.index:
            valeur = apres.loc[cle, "Valeur"]
            libelle = avant.loc[cle, nom]
            if valeur is None or not math.isfinite(valeur):
                raise AtlasError(
                    f"« {libelle} » : cette case est vide.",
                    admis="un nombre",
                    remede=f"y remettre {nombre(avant.loc[cle, 'Valeur'])}, ou un autre nombre",
                )
            if valeur != avant.loc[cle, "Valeur"]:
                partie, _, reste = cle.partition(".") if nom == "Nombre" else (SEUILS, "", cle)
                entier = float(valeur).is_integer()
                nombres.append(
                    Changement(
                        partie,
                        reste,
                        libelle,
                        int(valeur) if entier else float(valeur),
                        (_texte_de_case(apres.loc[cle, AUTEUR]) or auteur).strip(),
                    )
                )
    libelles = tuple(
        (cle, _texte_de_case(categories.loc[cle, "Libellé"]))
        for cle in debut.categories.index
        if _texte_de_case(categories.loc[cle, "Libellé"]) != debut.categories.loc[cle, "Libellé"]
    )
    return Adaptation(code, texte, libelles, tuple(nombres), ajouts)


@reserve
def effet(base: Path, departement: str, adaptation: Adaptation) -> VueEffet:
    """The sites, the besoins and the rhythms that `adaptation` changes in `departement`.

    AtlasError when a number or a label is not admitted.
    """
    avant, apres = bareme(adaptation.bareme), composer(adaptation)
    with entrepot.ouvrir(base) as connexion:
        nom = entrepot.exiger_departement(connexion, departement)
        lus = [preparer(connexion, e.priorites) for e in (avant, apres)]
        disponibles = moyens(connexion)[departement].demi_journees
        ecarts = comparer(connexion, avant.priorites, apres.priorites)
    concernes = (lus[0].sites["departement"] == departement).to_numpy()
    mesures = [mesurer(d, e) for d, e in zip(lus, (avant, apres), strict=True)]
    sites = lus[0].sites[concernes].set_index("site_id")
    besoins = [m.besoin[concernes] for m in mesures]
    constants = [a_moyens_constants(b, disponibles) for b in besoins]
    changes = sites_changes(sites, ecarts[ecarts["site_id"].isin(sites.index)])
    return VueEffet(
        phrase=_phrase(nom, besoins, constants, changes),
        totaux=_totaux(besoins, constants, disponibles),
        sites=_sans_moyens_inconnus(_sites(sites, besoins, constants, changes), disponibles),
        categories=_sans_moyens_inconnus(
            _categories(
                [(r.code, nom_de_categorie(r)) for r in apres.priorites.regles],
                [(r.code, nom_de_categorie(r)) for r in avant.priorites.regles],
                lus,
                mesures,
                constants,
                concernes,
            ),
            disponibles,
        ),
        a_justifier=[n.libelle for n in adaptation.nombres if not n.reference],
    )


def locales() -> VueLocales:
    """The académie's rule sets, barèmes and doctrines, by kind and code."""
    lignes, fichiers = [], []
    for dossier, lire_un in (
        (regles.DOSSIER, priorites),
        (baremes.DOSSIER, bareme),
        (doctrines.DOSSIER, doctrine),
    ):
        for code in jeux.locaux(dossier):
            chemin = jeux.fichier_local(dossier, code)
            etat, titre, depuis = LISIBLE, code, "—"
            try:
                lu = lire_un(code)
                titre = lu.titre if dossier == regles.DOSSIER else lu.libelle
                depuis = jour(lu.en_vigueur_le.isoformat())
                lien = _lien(dossier, code, lu)
            except AtlasError as refus:
                etat, lien = refus.message(), "—"
            sorte = SORTES_APPORTEES[dossier].capitalize()
            ecrit = datetime.fromtimestamp(chemin.stat().st_mtime)
            lignes.append((sorte, code, titre, depuis, f"{ecrit:%d/%m/%Y %H:%M}", lien, etat))
            fichiers.append(
                RegleLocale(dossier, code, f"{sorte} « {code} »", chemin.name, chemin.read_bytes())
            )
    colonnes = ["Sorte", "Code", "Titre", "En vigueur le", "Enregistré le", "Lien", "État"]
    return VueLocales(pd.DataFrame(lignes, columns=colonnes), fichiers)


def _lien(dossier: str, code: str, lu: Priorites | Bareme | Doctrine) -> str:
    """What a file reads, or is read by."""
    if dossier == regles.DOSSIER:
        return f"lu par {', '.join(lecteurs_de(code)) or 'aucun barème'}"
    return f"lit {lu.priorites.code}" if isinstance(lu, Bareme) else "—"


def _de_qui(dossier: str, code: str) -> str:
    return " (de l'académie)" if jeux.est_local(dossier, code) else ""


def _a_remplir(lignes: list[tuple], nom: str) -> pd.DataFrame:
    colonnes = ["cle", nom, "Valeur", "Unité", AUTEUR, "Référence"]
    return pd.DataFrame(lignes, columns=colonnes).set_index("cle")


def _texte_de_case(valeur: object) -> str:
    return valeur.strip() if isinstance(valeur, str) else ""


def _phrase(
    nom: str, besoins: list[np.ndarray], constants: list[np.ndarray], changes: pd.DataFrame
) -> str:
    categories = int((changes[["Entre dans", "Sort de"]] != "—").any(axis=1).sum())
    en_suspens = len(changes) - categories
    avant, apres = (int(b.sum()) for b in besoins)
    bouges = int((besoins[0] != besoins[1]).sum())
    if not bouges and not len(changes):
        return f"{nom} : aucun site n'y change de catégorie ni de besoin."
    faits = [
        f"{nom} : le besoin passe de {nombre(avant)} à {pluriel(apres, 'demi-journée')} par cycle "
        f"({variation(apres - avant)})",
        f"{pluriel(bouges, 'site change', 'sites changent')} de besoin",
        f"{pluriel(categories, 'site change', 'sites changent')} de catégorie",
    ]
    if en_suspens:
        faits.append(
            f"{pluriel(en_suspens, 'site pourrait', 'sites pourraient')} en changer, une donnée "
            "manque"
        )
    deplaces = int((constants[0] != constants[1]).sum())
    if constants[0].any():
        faits.append(
            f"à moyens constants, {pluriel(deplaces, 'site aurait', 'sites auraient')} une autre "
            "présence"
        )
    return " ; ".join(faits) + "."


def _totaux(
    besoins: list[np.ndarray], constants: list[np.ndarray], disponibles: int
) -> pd.DataFrame:
    """Before, after, and the change: totals, sites by size of besoin, rhythms the means allow."""
    totaux = [int(b.sum()) for b in besoins]
    lignes: list[tuple] = [(f"Besoin total ({UNITE})", *totaux)]
    if all(totaux):
        parts = [round(100 * disponibles / t) for t in totaux]
        lignes.append(("Ce que les postes en donnent (% du besoin)", *parts))
    for tranche, avant in tranches(besoins[0]).items():
        lignes.append((f"Sites, besoin : {tranche.lower()}", avant, tranches(besoins[1])[tranche]))
    # nothing is said of the means where no poste is known
    for classe in Rythme if disponibles else ():
        comptes = [sum(rythme(int(n)) is classe for n in serie) for serie in constants]
        nom = RYTHMES_EN_MOTS[classe].lower()
        lignes.append((f"Sites, à moyens constants : {nom}", *comptes))
    table = pd.DataFrame(
        [ligne for ligne in lignes if any(ligne[1:])],
        columns=["Dans le département", "Au départ", "Après"],
    )
    return table.assign(Changement=[variation(n) for n in table["Après"] - table["Au départ"]])


def _sites(
    sites: pd.DataFrame,
    besoins: list[np.ndarray],
    constants: list[np.ndarray],
    changes: pd.DataFrame,
) -> pd.DataFrame:
    """The sites that win or lose a category, or might, or half-days: the widest change first."""
    categories = changes.set_index("Code du site")
    table = pd.DataFrame(
        {
            "Site": sites["nom"],
            "Commune": sites["commune"],
            "Type": sites["type"].map(TYPES),
            "Entre dans": categories["Entre dans"].reindex(sites.index).fillna("—"),
            "Sort de": categories["Sort de"].reindex(sites.index).fillna("—"),
            "À savoir": categories["À savoir"].reindex(sites.index).fillna("—"),
            "Besoin avant (½ j.)": besoins[0],
            "Besoin après (½ j.)": besoins[1],
            "Écart (½ j.)": besoins[1] - besoins[0],
            "Constants avant (½ j.)": constants[0],
            "Constants après (½ j.)": constants[1],
        },
        index=sites.index,
    )
    ecarts = np.abs(besoins[1] - besoins[0])
    touches = (ecarts > 0) | (constants[0] != constants[1]) | sites.index.isin(categories.index)
    table = table.assign(_ecart=-ecarts)[touches].sort_values(["_ecart", "Site"])
    # what no site does takes no room beside what they do
    muettes = [c for c in ("Entre dans", "Sort de", "À savoir") if (table[c] == "—").all()]
    return table.drop(columns=["_ecart", *muettes]).reset_index(drop=True)


def _sans_moyens_inconnus(table: pd.DataFrame, disponibles: int) -> pd.DataFrame:
    """`table` without its columns at constant means where no poste is known: they would be 0."""
    if disponibles:
        return table
    return table[[c for c in table.columns if not c.startswith("Constants")]]


def _categories(
    apres: list[tuple[str, str]],
    avant: list[tuple[str, str]],
    lus: list[Donnees],
    mesures: list[Mesure],
    constants: list[np.ndarray],
    concernes: np.ndarray,
) -> pd.DataFrame:
    """Sites, besoin and constant means of each category, before and after; each site in its own."""
    lignes = []
    for code, libelle in {**dict(avant), **dict(apres)}.items():
        membres = [
            d.verdicts[code][concernes] == OUI
            if code in d.verdicts
            else np.zeros(int(concernes.sum()), dtype=bool)
            for d in lus
        ]
        if any(m.any() for m in membres):
            besoins = [
                int(x.besoin[concernes][m].sum()) for x, m in zip(mesures, membres, strict=True)
            ]
            parts = [int(c[m].sum()) for c, m in zip(constants, membres, strict=True)]
            lignes.append((libelle, *(int(m.sum()) for m in membres), *besoins, *parts))
    return pd.DataFrame(
        lignes,
        columns=[
            "Catégorie",
            "Sites avant",
            "Sites après",
            "Besoin avant (½ j.)",
            "Besoin après (½ j.)",
            "Constants avant (½ j.)",
            "Constants après (½ j.)",
        ],
    )


def sans_changement(code: str) -> Adaptation:
    """The barème `code` over its own text, as they are."""
    return Adaptation(code, texte_de(code))


def illisibles() -> list[str]:
    """The codes of the académie's files that can't be read: no page offers them."""
    etats = locales().table
    return list(dict.fromkeys(etats.loc[etats["État"] != LISIBLE, "Code"]))
