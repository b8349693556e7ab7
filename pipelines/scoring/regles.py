"""Priorities as data: a text, its rules, and what each says of each site (yes, no, unknown)."""

import re
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

import duckdb
import pandas as pd

from pipelines.base.erreurs import AtlasError
from pipelines.scoring import conditions
from pipelines.scoring.jeux import (
    CODE,
    CODE_ADMIS,
    ecrire_local,
    en_toml,
    lire_reference,
    nom_du_fichier,
    verifier_code_local,
)

DOSSIER = "priorites"
# a threshold in a condition: its name in braces
SEUIL = re.compile(r"\{([^{}]*)\}")
DANS_LES_FICHIERS = (
    "corriger la condition dans data/reference/priorites, ou dans le fichier de l'académie"
)
TEXTE, JOUR = "un texte non vide", "un jour, écrit 2026-09-01"
OUI_OU_NON = "true ou false"
CHAMPS_DU_TEXTE = {
    "code": TEXTE,
    "titre": TEXTE,
    "nor": TEXTE,
    "date": JOUR,
    "en_vigueur_le": JOUR,
    "jusqu_au": JOUR,
    "note": TEXTE,
    "verifie_le": JOUR,
}
CHAMPS_D_UNE_REGLE = {
    "code": TEXTE,
    "libelle": TEXTE,
    "condition": TEXTE,
    "reference": TEXTE,
    "resume": TEXTE,
    "est_prioritaire": OUI_OU_NON,
    "en_vigueur_le": JOUR,
    "jusqu_au": JOUR,
}
CHAMPS_D_UN_SEUIL = {
    "valeur": "un nombre",
    "unite": TEXTE,
    "libelle": TEXTE,
    "reference": TEXTE,
}
FACULTATIFS = {"nor", "jusqu_au", "est_prioritaire"}
# what becomes of a category between two texts, by its verdicts; anything else is unknown
CHANGEMENTS = {
    (True, True): "gardee",
    (True, False): "perdue",
    (False, True): "gagnee",
    (False, False): "hors",
}


@dataclass(frozen=True)
class Seuil:
    """A number conditions read by its name; `reference` says who chose it."""

    nom: str
    valeur: float
    unite: str
    libelle: str
    reference: str


@dataclass(frozen=True)
class Regle:
    """One category of a text: its condition on `mart_site` and where the text states it.

    `condition` may read thresholds of its set as `{nom}`. `jusqu_au` is the last day in force,
    None while the rule is not repealed. `est_prioritaire` is false for a category the text names
    without calling for it first: its sites are in it, and are not priority sites for that.
    """

    code: str
    libelle: str
    condition: str
    reference: str
    resume: str
    en_vigueur_le: date
    jusqu_au: date | None = None
    est_prioritaire: bool = True


@dataclass(frozen=True)
class Priorites:
    """One text and its rules. `note` says what the text does not decide.

    `jusqu_au` is the last day in force, None while the text is not repealed; `nor` is None for a
    text that has none.
    """

    code: str
    titre: str
    date: date
    en_vigueur_le: date
    note: str
    verifie_le: date
    regles: tuple[Regle, ...]
    nor: str | None = None
    jusqu_au: date | None = None
    seuils: tuple[Seuil, ...] = ()

    def intitule(self) -> str:
        """The title, with the NOR when the text has one."""
        return f"{self.titre} (NOR {self.nor})" if self.nor else self.titre

    @property
    def residuelles(self) -> frozenset[str]:
        """Codes of the categories that are not priorities."""
        return frozenset(r.code for r in self.regles if not r.est_prioritaire)

    def condition_lue(self, regle: Regle) -> str:
        """The condition of `regle` as it is run: names of thresholds replaced by their numbers.

        AtlasError naming the rule when a threshold does not exist.
        """
        valeurs = {s.nom: s.valeur for s in self.seuils}

        def nombre(lu: re.Match[str]) -> str:
            if lu[1] not in valeurs:
                raise AtlasError(
                    f"Condition refusée pour la règle « {regle.code} » ({regle.condition}) : "
                    f"le seuil « {lu[1]} » n'existe pas.",
                    admis=", ".join(sorted(valeurs)) or "aucun seuil dans ce fichier",
                    remede="corriger le nom du seuil, ou ajouter sa table [seuils.nom]",
                )
            return str(valeurs[lu[1]])

        return SEUIL.sub(nombre, regle.condition)


def priorites(code: str) -> Priorites:
    """The rule set `code`, shipped in `data/reference/priorites` or the académie's own.

    Read as its file stands now. AtlasError when it does not exist, when a key is missing,
    unknown or badly filled, when two rules share a code, or when a condition is not admitted; it
    names the file, the rule and the key.
    """
    fichier = nom_du_fichier(DOSSIER, code)
    jeu = interpreter(lire_reference(DOSSIER, code), fichier)
    if jeu.code != code:
        raise AtlasError(
            f"Le fichier s'appelle « {code} », mais son texte a pour code « {jeu.code} ».",
            fichier=fichier,
            admis=code,
            remede="donner le même nom au fichier et au texte",
        )
    return jeu


def ecrire_priorites(jeu: Priorites, code: str, *, remplacer: bool = False) -> Priorites:
    """Write `jeu` under `code` among the académie's own rule sets; the set as read back.

    The file is whole or not written at all. AtlasError when the set is not admitted, when `code`
    is badly written, shipped with Atlas, or already taken and `remplacer` is false.
    """
    verifier_code_local(DOSSIER, code)
    nouveau = replace(jeu, code=code)
    texte = asdict(nouveau)
    regles, seuils = texte.pop("regles"), texte.pop("seuils")
    for regle in regles:
        if regle["est_prioritaire"]:
            del regle["est_prioritaire"]
    contenu = {
        "texte": _sans_vide(texte),
        "seuils": {s.pop("nom"): s for s in seuils},
        "regles": [_sans_vide(r) for r in regles],
    }
    if not seuils:
        del contenu["seuils"]
    relu = interpreter(contenu, nom_du_fichier(DOSSIER, code))
    if relu != nouveau:
        raise _faute(
            "Deux seuils portent le même nom.", nom_du_fichier(DOSSIER, code), "un nom par seuil"
        )
    ecrire_local(DOSSIER, code, en_toml(contenu), remplacer=remplacer)
    return relu


def appliquer(connexion: duckdb.DuckDBPyConnection, jeu: Priorites) -> pd.DataFrame:
    """What each rule says of each site: columns site_id, regle, verdict (True, False, None).

    None means unknown: a column the rule reads has no value for that site. Never taken for no.
    Raises AtlasError naming the rule whose condition is not allowed.
    """
    colonnes = {
        nom for (nom, *_) in connexion.execute("describe select * from mart_site").fetchall()
    }
    morceaux = []
    for regle in jeu.regles:
        absentes = _colonnes_lues(regle, jeu) - colonnes
        if absentes:
            raise _refus(regle, f"l'entrepôt n'a pas la colonne {', '.join(sorted(absentes))}")
        morceaux.append(
            f"select site_id, ?::varchar as regle, ({jeu.condition_lue(regle)}) as verdict "
            "from mart_site"
        )
    cadre = connexion.execute(
        " union all ".join(morceaux) + " order by site_id, regle", [r.code for r in jeu.regles]
    ).df()
    cadre["verdict"] = cadre["verdict"].astype(object).where(cadre["verdict"].notna(), None)
    return cadre


def comparer_textes(avant: Priorites, apres: Priorites) -> pd.DataFrame:
    """What became of each rule from one text to the other, one row a code, sorted by code.

    Columns: regle; libelle (of `apres`, else of `avant`); sort (`entree`, `sortie`, `restee`);
    est_modifiee (a rule that stayed and reads another condition or threshold); condition_avant,
    condition_apres (as run; None when the text has no such rule); reference_avant,
    reference_apres.
    """
    avants, apreses = ({r.code: r for r in jeu.regles} for jeu in (avant, apres))
    lignes = []
    for code in sorted(avants | apreses):
        ancienne, nouvelle = avants.get(code), apreses.get(code)
        condition_avant = avant.condition_lue(ancienne) if ancienne else None
        condition_apres = apres.condition_lue(nouvelle) if nouvelle else None
        lignes.append(
            {
                "regle": code,
                "libelle": (avants | apreses)[code].libelle,
                "sort": "entree" if not ancienne else "restee" if nouvelle else "sortie",
                "est_modifiee": bool(ancienne and nouvelle) and condition_avant != condition_apres,
                "condition_avant": condition_avant,
                "condition_apres": condition_apres,
                "reference_avant": ancienne.reference if ancienne else None,
                "reference_apres": nouvelle.reference if nouvelle else None,
            }
        )
    return pd.DataFrame(lignes)


def comparer(
    connexion: duckdb.DuckDBPyConnection, avant: Priorites, apres: Priorites
) -> pd.DataFrame:
    """What each site wins and loses from one text to the other, one row a (site, rule).

    Every site of `mart_site`, every rule of either text, sorted by site_id, regle. Columns:
    site_id; regle; libelle; sort (`entree`, `sortie`, `restee`: see `comparer_textes`); avant and
    apres (True, False, None for unknown; False too where the text has no such rule); changement:
    `gagnee`, `perdue`, `gardee`, `hors` (in neither), `inconnue` when either verdict is unknown,
    which is neither won nor lost, or `indecise` when both are and the condition is the same:
    whatever the answer, nothing changes.
    """
    textes = comparer_textes(avant, apres)
    regles = textes[["regle", "libelle", "sort"]].to_dict("records")
    intactes = set(textes.loc[(textes["sort"] == "restee") & ~textes["est_modifiee"], "regle"])
    verdicts_avant, verdicts_apres = (
        {
            (ligne["site_id"], ligne["regle"]): ligne["verdict"]
            for ligne in appliquer(connexion, jeu).to_dict("records")
        }
        for jeu in (avant, apres)
    )
    lignes = []
    for site_id in sorted({site_id for site_id, _ in verdicts_avant}):
        for regle in regles:
            etait = verdicts_avant.get((site_id, regle["regle"]), False)
            est = verdicts_apres.get((site_id, regle["regle"]), False)
            indecise = etait is None and est is None and regle["regle"] in intactes
            changement = CHANGEMENTS.get((etait, est), "indecise" if indecise else "inconnue")
            lignes.append((site_id, *regle.values(), etait, est, changement))
    colonnes = ["site_id", "regle", "libelle", "sort", "avant", "apres", "changement"]
    return pd.DataFrame(lignes, columns=colonnes).astype({"avant": object, "apres": object})


def interpreter(contenu: dict[str, Any], fichier: str) -> Priorites:
    """The rule set of `contenu`, the tables of `fichier`; AtlasError naming what is wrong there."""
    _cles(contenu, {"texte", "regles"}, {"seuils"}, "le fichier", fichier)
    texte = _table(contenu["texte"], CHAMPS_DU_TEXTE, "[texte]", fichier)
    regles = tuple(Regle(**t) for t in _tables_de_regles(contenu["regles"], fichier))
    seuils = _seuils(contenu.get("seuils", {}), regles, fichier)
    jeu = Priorites(**texte, regles=regles, seuils=seuils)
    for objet, ou in [(jeu, "[texte]"), *((r, f"règle « {r.code} »") for r in regles)]:
        if objet.jusqu_au is not None and objet.jusqu_au < objet.en_vigueur_le:
            raise _faute(
                f"{ou} : « jusqu_au » vient avant « en_vigueur_le ».",
                fichier,
                f"un jour depuis le {objet.en_vigueur_le:%d/%m/%Y}",
            )
    try:
        for regle in regles:
            _colonnes_lues(regle, jeu)
    except AtlasError as cause:
        raise AtlasError(
            cause.quoi, fichier=fichier, admis=cause.admis, remede=cause.remede
        ) from cause
    lus = {nom for regle in regles for nom in SEUIL.findall(regle.condition)}
    for seuil in seuils:
        if seuil.nom not in lus:
            raise _faute(
                f"Aucune règle ne lit le seuil « {seuil.nom} ».",
                fichier,
                f"un seuil lu par une condition, sous la forme {{{seuil.nom}}}",
            )
    return jeu


def _tables_de_regles(tables: object, fichier: str) -> list[dict[str, Any]]:
    if not isinstance(tables, list) or not tables:
        raise _faute("Le fichier n'a pas de règle.", fichier, "au moins une table [[regles]]")
    lues: list[dict[str, Any]] = []
    for rang, table in enumerate(tables, start=1):
        nomme = isinstance(table, dict) and isinstance(table.get("code"), str)
        ou = f"règle « {table['code']} »" if nomme else f"règle n° {rang}"
        lue = _table(table, CHAMPS_D_UNE_REGLE, ou, fichier)
        if not CODE.fullmatch(lue["code"]):
            raise _faute(f"{ou} : ce code n'est pas admis.", fichier, CODE_ADMIS)
        if lue["code"] in {autre["code"] for autre in lues}:
            raise _faute(f"{ou} : deux règles portent ce code.", fichier, "un code par règle")
        lues.append(lue)
    return lues


def _seuils(tables: object, regles: tuple[Regle, ...], fichier: str) -> tuple[Seuil, ...]:
    if not isinstance(tables, dict):
        raise _faute("« seuils » n'est pas une table.", fichier, "des tables [seuils.nom]")
    lecteurs = {
        nom: [r.code for r in regles if nom in SEUIL.findall(r.condition)] for nom in tables
    }
    for nom in tables:
        if not CODE.fullmatch(nom):
            raise _faute(f"Seuil « {nom} » : ce nom n'est pas admis.", fichier, CODE_ADMIS)
    return tuple(
        Seuil(
            nom,
            **_table(
                table,
                CHAMPS_D_UN_SEUIL,
                ", lu par la règle ".join([f"seuil « {nom} »", *lecteurs[nom]]),
                fichier,
            ),
        )
        for nom, table in tables.items()
    )


def _table(table: object, champs: dict[str, str], ou: str, fichier: str) -> dict[str, Any]:
    """A table whose keys and values are those of `champs`, the optional ones apart."""
    if not isinstance(table, dict):
        raise _faute(f"{ou} n'est pas une table.", fichier, ", ".join(champs))
    _cles(table, champs.keys() - FACULTATIFS, champs.keys() & FACULTATIFS, ou, fichier)
    for cle, valeur in table.items():
        if not _convient(valeur, champs[cle]):
            raise _faute(f"{ou} : la clé « {cle} » vaut {valeur!r}.", fichier, champs[cle])
    return dict(table)


def _cles(
    table: dict[str, Any], requises: set[str], permises: set[str], ou: str, fichier: str
) -> None:
    admis = ", ".join(sorted(requises)) + "".join(
        f", {cle} (facultatif)" for cle in sorted(permises)
    )
    for cle in sorted(requises - table.keys()):
        raise _faute(f"{ou} : la clé « {cle} » manque.", fichier, admis)
    for cle in sorted(table.keys() - requises - permises):
        raise _faute(f"{ou} : la clé « {cle} » n'existe pas.", fichier, admis)


def _convient(valeur: object, attendu: str) -> bool:
    if attendu == TEXTE:
        return isinstance(valeur, str) and bool(valeur.strip())
    if attendu == JOUR:
        return isinstance(valeur, date) and not isinstance(valeur, datetime)
    if attendu == OUI_OU_NON:
        return isinstance(valeur, bool)
    est_nombre = isinstance(valeur, int | float) and not isinstance(valeur, bool)
    return est_nombre and abs(valeur) <= conditions.PLUS_GRAND_NOMBRE


def _colonnes_lues(regle: Regle, jeu: Priorites) -> frozenset[str]:
    """The columns a rule reads; AtlasError naming the rule when its condition is not admitted."""
    try:
        return conditions.colonnes_lues(jeu.condition_lue(regle))
    except conditions.ConditionError as cause:
        raise _refus(regle, str(cause)) from cause


def _sans_vide(table: dict[str, Any]) -> dict[str, Any]:
    return {cle: valeur for cle, valeur in table.items() if valeur is not None}


def _faute(quoi: str, fichier: str, admis: str) -> AtlasError:
    return AtlasError(
        quoi[0].upper() + quoi[1:], fichier=fichier, admis=admis, remede="corriger le fichier"
    )


def _refus(regle: Regle, raison: str) -> AtlasError:
    return AtlasError(
        f"Condition refusée pour la règle « {regle.code} » ({regle.condition}) : {raison}.",
        admis=conditions.grammaire().en_mots(),
        remede=DANS_LES_FICHIERS,
    )
