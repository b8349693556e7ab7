"""What betrays a person's data in a table, by its headers and by its values.

Every file is judged. A local one on everything, title lines and notes of a workbook included; a
public one on what no public file holds, its mails and telephones being those of establishments; a
file nobody knows on what can only be a person's. A refusal names the place and the reason, never
the value.
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import duckdb

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.base.textes import nombre
from pipelines.sources.cartes import Carte, cartes, normaliser
from pipelines.sources.fichiers import Fichier

FICHIER = "donnees_personnelles"
VALEUR_TUE = "valeur non montrée"
"""What a message says in the place of a value that may be a person's."""
CLE_DES_POSTES = "poste_id"
"""The column of the cards whose rows are about the work of one person."""
COLONNES_DE_LIEU = ("bassin", "reseau", "commune")
"""Columns of a local card that hold names of places, some of which are those of persons."""
COLONNES_DESSINEES = ("contour_wkb",)
"""Columns Atlas draws from a geometry: nobody writes there."""
DEBUTS_DE_MODELE = ("exemple_", "valeurs_de_")
"""What a template writes before the headers of its first sheet, in its other sheets."""
OCTETS_MIN, OCTETS_MIN_PUBLIC = 3, 5
"""The shortest name of a person, and the shortest number a public file may betray someone by."""
BLANCS = "\u00a0\u202f\u2007\u2009\t\r\n"
"""What stands for a space between two words or two digits."""
LONGUEUR_ENTETE_MAX = 60
PART_DE_NOMS, PART_DE_DATES = 0.5, 0.5
LIGNES_D_UNE_PETITE_TABLE = 5_000
COURRIEL = "regexp_matches(v, $courriel) and not regexp_matches(lower(v), $boite)"
"""SQL: true for a mail that is not that of a service."""
COLONNES_DE_CODES = (CLE_DES_POSTES, "fonction", "statut")
"""Columns of the cards that hold a code, or one word of a closed list."""
CHIFFRES_D_UN_NUMERO = 10
"""Digits of the shortest number that is someone's own."""


class Suites(Enum):
    """Which words in capitals side by side name someone: a file has some of its own."""

    TOUTES = "toutes"
    A_PRENOM = "a_prenom"
    AUCUNE = "aucune"


class Regime(Enum):
    """How severely a table is judged, for what it is or for what it comes with.

    Where a row is about one poste, the reason of an absence is someone's too.
    """

    POSTES = "postes"
    LOCAL = "local"
    PUBLIC = "public"
    INCONNU = "inconnu"

    @classmethod
    def de(cls, carte: Carte) -> "Regime":
        """The one of a table whose card is known."""
        if not carte.est_locale:
            return cls.PUBLIC
        return cls.POSTES if CLE_DES_POSTES in carte.colonnes else cls.LOCAL

    @classmethod
    def a_cote_de(cls, connues: list[Carte]) -> "Regime":
        """The one of what stands beside tables of `connues` in a file: the severest."""
        regimes = {cls.de(carte) for carte in connues}
        return next((r for r in (cls.POSTES, cls.LOCAL) if r in regimes), cls.INCONNU)

    @property
    def est_local(self) -> bool:
        """True for the files of the service, and what comes with them."""
        return self in (Regime.POSTES, Regime.LOCAL)


class Ecrits(Enum):
    """What texts outside the cells of a table are: what betrays a name depends on it."""

    TITRES = "titres"
    REMARQUES = "remarques"
    NOMS = "noms"


@dataclass(frozen=True)
class Constatees:
    """What the distinct values of one column look like.

    Of whole cells: `compose` is a name and a first name written as such, `compose_net` one without
    a word of the service, `deux` two words one of which is a usual first name, `prenom_seul` a
    first name alone. `nomme` is a name inside a sentence, by a civility or a usual first name, and
    `initiale` one beside the first letter of another. `naissance`: what says when someone was
    born, or a first name and a date. `suites`: words in capitals side by side. The shares are of
    whole cells; `part_de_mots_seuls` and `part_de_naissances` of the single words that may be a
    name, and of the days someone may be born on.
    """

    nir: bool = False
    nir_sans_cle: bool = False
    courriel: bool = False
    messagerie: bool = False
    telephone: bool = False
    mobile_sans_zero: bool = False
    prive: bool = False
    nomme: bool = False
    initiale: bool = False
    compose: bool = False
    compose_net: bool = False
    deux: bool = False
    prenom_seul: bool = False
    naissance: bool = False
    part_de_noms: float = 0.0
    part_de_dates: float = 0.0
    part_de_mots_seuls: float = 0.0
    part_de_naissances: float = 0.0
    suites: tuple[str, ...] = ()

    @property
    def nom(self) -> bool:
        """True when a value may be a name."""
        return self.compose or self.nom_sur

    @property
    def nom_sur(self) -> bool:
        """True when a value is a name, alone or in a sentence."""
        return self.nomme or self.deux or self.initiale

    @property
    def nom_d_un_code(self) -> bool:
        """True when a value is a name, where only codes or words of the service are."""
        return self.compose_net or self.nom_sur or self.prenom_seul


RIEN = Constatees()


def verifier_entetes(
    fichier: Fichier, entetes: list[str], regime: Regime, carte: Carte | None = None
) -> None:
    """Raise AtlasError when a header names a person or a private matter.

    The headers `carte` knows are admitted; in a sheet that comes with a local file, those of every
    local card are, as the templates write them.
    """
    admis = _entetes_admis(regime, carte)
    for rang, entete in enumerate(entetes):
        if carte is None and len(entete) > LONGUEUR_ENTETE_MAX:
            continue  # a sentence of a notice, not a header
        nom = normaliser(entete)
        ecritures = {nom, *(nom.removeprefix(debut) for debut in DEBUTS_DE_MODELE)}
        if nom and not ecritures & admis and _est_refuse(nom, regime):
            raise _refus(fichier, "cette colonne désigne une personne", rang, entete)


def verifier_valeurs(
    connexion: duckdb.DuckDBPyConnection,
    table: str,
    fichier: Fichier,
    entetes: list[str],
    regime: Regime,
    carte: Carte | None = None,
    positions: dict[str, int] | None = None,
) -> None:
    """Raise AtlasError when a column c0, c1 … of `table` holds what looks like a person's data.

    `entetes` are their headers, `positions` the rank of the columns `carte` knows. The work is
    done on distinct values, in SQL.
    """
    connues = {rang: colonne for colonne, rang in (positions or {}).items()}
    juges = [r for r in range(len(entetes)) if connues.get(r) not in COLONNES_DESSINEES]
    codes = [r for r in juges if connues.get(r) in COLONNES_DE_CODES]
    constatees = _constater(connexion, table, juges, regime, codes)
    libres = [
        r
        for r, entete in enumerate(entetes)
        if regime.est_local and r in constatees and _est_libre(connues.get(r), entete)
    ]
    lieux = [
        r for r in juges if connues.get(r) in COLONNES_DE_LIEU or _nomme_une_structure(entetes[r])
    ]
    suites = {r: constatees[r].suites for r in libres if constatees[r].suites}
    en_prose = _nommant_en_prose(connexion, table, suites, lieux)
    noms, dates, seuls, naissances = [], [], [], []
    for rang, entete in enumerate(entetes):
        colonne, vues = connues.get(rang), constatees.get(rang, RIEN)
        motif = _motif(vues, entete, colonne, regime, carte)
        if motif is None and rang in en_prose:
            motif = "ce qui a la forme d'un prénom et d'un nom"
        if motif:
            raise _refus(fichier, f"on y lit {motif}", rang, entete)
        if colonne is None:
            a_nom = {"nom", "noms", "patronyme"} & set(normaliser(entete).split("_"))
            de_lieu = _nomme_une_structure(entete, "mots_d_un_nom_public")
            noms += [rang] if a_nom or vues.part_de_noms >= PART_DE_NOMS else []
            dates += [rang] if vues.part_de_dates >= PART_DE_DATES else []
            seuls += [rang] if vues.part_de_mots_seuls >= PART_DE_NOMS and not de_lieu else []
            naissances += [rang] if vues.part_de_naissances >= PART_DE_DATES else []
    if regime is not Regime.PUBLIC and ((noms and dates) or (seuls and naissances)):
        rang = dates[0] if noms and dates else naissances[0]
        raise _refus(fichier, "on y lit des dates à côté de noms", rang, entetes[rang])


def verifier_nom(connexion: duckdb.DuckDBPyConnection, fichier: Fichier, titre: str) -> None:
    """Raise AtlasError when the name of a local file is that of a person.

    `titre` says what the file is read as: its name is kept with what is built, so it is judged as
    a cell is, and not repeated.
    """
    if _nomme_quelqu_un(connexion, fichier.nom):
        raise AtlasError(
            "Le nom de ce fichier pourrait nommer quelqu'un, et serait gardé avec ce qui en est "
            "construit. Il est refusé en entier, rien n'en a été enregistré (secret professionnel, "
            "RGPD).",
            fichier=f"{_nom_tu(fichier)} lu comme « {titre} »",
            admis="un nom qui dit ce que le fichier contient : postes-034-2026.csv",
            remede="renommer le fichier sans nommer personne, puis le redonner",
        )


def _nomme_quelqu_un(connexion: duckdb.DuckDBPyConnection, nom: str) -> bool:
    """True when the name of a file, or of one of its folders in a zip, may be a person's."""
    dates = _valeur("motif_date_d_un_nom_de_fichier")
    parties = [re.sub(dates, " ", p) for p in PurePosixPath(nom).with_suffix("").parts]
    ecrits = [" ".join(p.replace("_", " ").split()) for p in parties]
    # first names are looked for in « Dispositifs-Marie-Durand » too; « Font-Romeu » is one word
    epeles = [" ".join(re.sub("[-.]", " ", e).split()) for e in ecrits]
    return bool(
        personnels(connexion, filter(_peut_nommer, ecrits), Suites.A_PRENOM)
        or personnels(connexion, set(filter(_peut_nommer, epeles)) - set(ecrits), Suites.AUCUNE)
    )


def _nom_tu(fichier: Fichier) -> str:
    """What a message says in the place of the name of a file."""
    return f"un fichier {fichier.suffixe} de {nombre(fichier.octets)} octets"


def _peut_nommer(texte: str) -> bool:
    """False for one word and a few digits, as most files are named: nobody can be told by them."""
    mots = re.findall(r"[^\W\d_]{2,}", texte)
    chiffres = sum(c.isdigit() for c in texte)
    return len(mots) > 1 or chiffres >= CHIFFRES_D_UN_NUMERO or "@" in texte


def personnels(
    connexion: duckdb.DuckDBPyConnection, textes: Iterable[str], admises: Suites = Suites.TOUTES
) -> set[str]:
    """Those of `textes`, values or names of files, that may name a person or give their data.

    `admises`: which words in capitals side by side are enough.
    """
    lus = [texte for texte in dict.fromkeys(textes) if texte]
    if not lus:
        return set()
    rangs = "generate_subscripts($textes, 1) - 1 as rang, true as tel_quel, unnest($textes) as v"
    requete = _requete_fine(f"select {rangs}", Regime.LOCAL)
    territoires = _territoires()
    return {
        lus[rang]
        for rang, vues in _lire(connexion, requete, {"textes": lus}).items()
        if vues.nir
        or vues.nir_sans_cle
        or vues.courriel
        or vues.telephone
        or vues.nom_d_un_code
        or vues.naissance
        or any(
            _a_forme_de_nom(suite, territoires)
            for suite in vues.suites
            if admises is Suites.TOUTES or (admises is Suites.A_PRENOM and _a_prenom(suite))
        )
    }


def valeurs_montrables(
    connexion: duckdb.DuckDBPyConnection, valeurs: Iterable[str | None]
) -> list[str]:
    """Values as a message may quote them: unsaid when they may be a person's."""
    lues = [valeur or "" for valeur in valeurs]
    tues = personnels(connexion, lues)
    return [VALEUR_TUE if valeur in tues else valeur for valeur in lues]


def verifier_textes(
    connexion: duckdb.DuckDBPyConnection,
    fichier: Fichier,
    textes: Iterable[str],
    ou: str,
    regime: Regime,
    genre: Ecrits = Ecrits.TITRES,
) -> None:
    """Raise AtlasError when one of `textes`, found outside the cells of a table, is a person's.

    `ou` says where, in French: « les lignes de titre ». In a local file, words in capitals side by
    side are a name in a remark, and a first name alone is one in the name of a sheet; titles have
    too many capitals for that.
    """
    lus = [t for t in textes if t.strip()]
    if not lus:
        return
    vues = _constater_textes(connexion, lus, regime)
    est_local = regime.est_local
    motif = None
    if vues.nir or (est_local and vues.nir_sans_cle):
        motif = "un numéro de sécurité sociale (NIR)"
    elif vues.messagerie or (est_local and vues.courriel):
        motif = "une adresse électronique personnelle"
    elif vues.telephone and est_local:
        motif = "un numéro de téléphone"
    elif vues.naissance and est_local:
        motif = "la naissance de quelqu'un"
    elif regime is not Regime.INCONNU and (
        vues.nomme or vues.deux or (est_local and _nomme_a_cote(vues, genre))
    ):
        motif = "le nom d'une personne"
    elif vues.prive and regime is Regime.POSTES:
        motif = "un motif privé (santé, famille, congé)"
    if motif:
        raise _refus(fichier, f"on lit {motif} dans {ou}")


def _nomme_a_cote(vues: Constatees, genre: Ecrits) -> bool:
    """True when texts beside the cells of a local file name someone as `genre` of texts do."""
    if genre is Ecrits.REMARQUES and any(_a_forme_de_nom(s, _territoires()) for s in vues.suites):
        return True
    return vues.initiale or (genre is Ecrits.NOMS and vues.prenom_seul)


def _motif(
    vues: Constatees, entete: str, colonne: str | None, regime: Regime, carte: Carte | None
) -> str | None:
    """Why a column is refused, in French; None when nothing in it is a person's."""
    est_local, est_public = regime.est_local, regime is Regime.PUBLIC
    est_nommable = colonne is None or colonne == CLE_DES_POSTES
    # a public file may have the mails and telephones of establishments, in columns of their own
    est_de_contact = est_public and (
        colonne is not None or normaliser(entete) in (carte.contacts if carte else ())
    )
    if vues.nir or vues.nir_sans_cle:
        return "un numéro de sécurité sociale (NIR)"
    if not est_de_contact and (vues.messagerie or (regime is not Regime.INCONNU and vues.courriel)):
        return "une adresse électronique personnelle"
    if (vues.telephone and (est_local or (est_public and not est_de_contact))) or (
        est_local and colonne is None and vues.mobile_sans_zero
    ):
        return "un numéro de téléphone"
    if vues.prive and regime is Regime.POSTES:
        return "un motif privé (santé, famille, congé)"
    if vues.naissance and est_local:
        return "la naissance de quelqu'un"
    if est_public:
        est_un_nom = (
            colonne is None
            and vues.part_de_noms >= PART_DE_NOMS
            and not _nomme_une_structure(entete, "mots_d_un_nom_public")
        )
    elif not est_local or (colonne is None and _nomme_une_structure(entete)):
        est_un_nom = False
    elif est_nommable:
        est_un_nom = vues.nom or vues.nom_sur or vues.prenom_seul
    elif _est_libre(colonne, entete):
        est_un_nom = vues.nom_d_un_code
    else:
        est_un_nom = vues.nomme if colonne in COLONNES_DE_LIEU else vues.nom_sur
    return "le nom d'une personne" if est_un_nom else None


def _entetes_admis(regime: Regime, carte: Carte | None) -> set[str]:
    if carte is not None:
        connues = [carte]
    elif regime.est_local:
        connues = [c for c in cartes().values() if c.est_locale]
    else:
        connues = []
    return {nom for c in connues for alias in c.colonnes.values() for nom in alias}


def _est_refuse(nom: str, regime: Regime) -> bool:
    mots = set(nom.split("_"))
    if mots & set(_valeur("mots_d_une_personne")):
        return True
    if regime is Regime.INCONNU:
        return False
    if nom in _valeur("entetes_entiers") or any(
        f"_{e}_" in f"_{nom}_" for e in _valeur("expressions_privees")
    ):
        return True
    return regime.est_local and (
        bool(mots & set(_valeur("mots_prives")))
        or (bool(mots & set(_valeur("mots_selon_l_objet"))) and not _nomme_une_structure(nom))
    )


def _est_libre(colonne: str | None, entete: str) -> bool:
    """True for a column of a local file where words in capitals side by side name someone.

    One the card does not know, unless it is about a place, or one of codes or of a closed list:
    labels (« Violences Familiales ») and places may be written so.
    """
    return not _nomme_une_structure(entete) if colonne is None else colonne in COLONNES_DE_CODES


def _nomme_une_structure(entete: str, de_plus: str | None = None) -> bool:
    """True when a header says it is about a place; `de_plus` names a further list of words."""
    mots = [*_valeur("mots_d_une_structure"), *(_valeur(de_plus) if de_plus else [])]
    return bool(set(normaliser(entete).split("_")) & set(mots))


def _valeur(nom: str) -> list[str]:
    return reference.valeur(FICHIER, nom)


def _constater_textes(
    connexion: duckdb.DuckDBPyConnection, textes: list[str], regime: Regime
) -> Constatees:
    """What `textes`, found outside the cells of a table, look like."""
    source = "select 0 as rang, true as tel_quel, unnest($textes) as v"
    requete = _requete_fine(source, regime)
    lues = _lire(connexion, requete, {"textes": list(dict.fromkeys(textes))})
    return lues.get(0, RIEN)


def _constater(
    connexion: duckdb.DuckDBPyConnection,
    table: str,
    rangs: list[int],
    regime: Regime,
    codes: list[int],
) -> dict[int, Constatees]:
    """What the distinct values of the columns `rangs` of `table` look like; empty ones left out.

    Names are looked for inside the values of local files, in whole cells elsewhere. The columns
    `codes` are judged a second time with their words set apart (« claire.dupont »).
    """
    if not rangs:
        return {}
    mini = OCTETS_MIN if regime.est_local else OCTETS_MIN_PUBLIC
    lues = [f"select rang, true as tel_quel, v from ({_distinctes(connexion, table, rangs, mini)})"]
    if not regime.est_local:
        return _lire(connexion, _requete_publique(" union all ".join(lues)))
    lues += [
        f"select {rang}, false, v from (select distinct "
        f"trim(regexp_replace(c{rang}, '[0-9_.-]+', ' ', 'g')) as v from {table} "
        f"where regexp_matches(c{rang}, '[A-Za-z][_.-][A-Za-z]'))"
        for rang in codes
    ]
    return _lire(connexion, _requete_fine(" union all ".join(lues), regime))


def _lire(
    connexion: duckdb.DuckDBPyConnection, requete: str, valeurs: dict[str, list[str]] | None = None
) -> dict[int, Constatees]:
    """Run one of the queries below: its parameters are those of the reference, and `valeurs`."""
    connus = valeurs or {}
    voulus = set(re.findall(r"\$([a-z_]+)", requete)) - connus.keys()
    parametres = connus | {nom: _parametre(nom) for nom in voulus}
    curseur = connexion.execute(requete, parametres)
    colonnes = [c for c, *_ in curseur.description]
    return {
        rang: _conclure(dict(zip(colonnes[1:], reste, strict=True)))
        for rang, *reste in curseur.fetchall()
    }


def _conclure(vues: dict[str, Any]) -> Constatees:
    """What one row of a query says, once first names were looked for in what it extracted."""
    prenoms = _ensemble("prenoms_courants")
    cites, dates = vues.pop("cites", ()), vues.pop("dates", ())
    composes, seuls = vues.pop("composes", ()), vues.pop("seuls", ())
    initiales = vues.pop("initiales", ())

    def sans_mot_commun(texte: str) -> bool:
        mots = set(normaliser(texte).split("_")) - _ensemble("mots_qui_sont_aussi_des_noms")
        return _mots_communs().isdisjoint(mots)

    if cites or dates or composes or seuls or initiales:
        vues |= {
            "nomme": vues["nomme"] or any(map(_a_prenom, cites)),
            "naissance": vues["naissance"] or any(map(_a_prenom, dates)),
            "initiale": any(map(sans_mot_commun, initiales)),
            "compose_net": any(map(sans_mot_commun, composes)),
            "prenom_seul": any(prenoms.issuperset(normaliser(s).split("_")) for s in seuls),
        }
    vues["suites"] = tuple(vues.get("suites", ()))
    return Constatees(**vues)


def _a_prenom(texte: str) -> bool:
    """Whether one of the words of `texte`, without accents, is a usual first name."""
    return not _ensemble("prenoms_courants").isdisjoint(re.split("[^a-z]+", texte.lower()))


def _quand(condition: str, alors: str, sinon: str = "false") -> str:
    """SQL that asks `alors` of the rows of `condition` only; `and` would ask it of them all."""
    return f"case when {condition} then {alors} else {sinon} end"


def _colonnes(expressions: dict[str, str]) -> str:
    """The columns of a SELECT: an expression for each name."""
    return ", ".join(f"{sql} as {nom}" for nom, sql in expressions.items())


def _numeros(lues: str) -> str:
    """The CTEs `lues`, `numeros` and `nir` over `valeurs`: the numbers whose key is right."""
    corses = "replace(replace(upper(n), '2A', '19'), '2B', '18')"
    return f"""
        -- the digits after the decimal sign of a coordinate are no number of anyone
        numeros as (
            select rang, regexp_replace({corses}, '[^0-9]', '', 'g') as n
            from (
                select
                    rang,
                    unnest(
                        regexp_extract_all(regexp_replace(v, $decimales, ' ', 'g'), $nir)
                    ) as n
                from {lues}
                where a_chiffres and strlen(v) >= 15
            )
        ),
        nir as (
            select distinct rang
            from numeros
            where length(n) = 15
                and 97 - cast(n[1:13] as bigint) % 97 = cast(n[14:15] as bigint)
        )
    """


def _requete_publique(lues: str) -> str:
    """SQL of what a public or unknown table may betray, over its distinct values `lues`."""
    mots = "string_split_regex(lower(strip_accents(v)), '[^a-z]+')"
    lieu = f"list_has_any({mots}, $lieux)"
    deux = _quand("regexp_matches(v, $deux)", f"list_has_any({mots}, $prenoms) and not {lieu}")
    a_mots = "regexp_matches(v, '[A-Za-zÀ-ɏ][^0-9]* [^0-9]*[A-Za-zÀ-ɏ]')"
    est_nom = _quand("regexp_matches(v, $nom)", f"not {lieu}", deux)
    valeur = {"a_arobase": "contains(v, '@')", "a_chiffres": "regexp_matches(v, '[0-9]{2}')"}
    juge = {
        "courriel": _quand("a_arobase", COURRIEL),
        "messagerie": _quand("a_arobase", "regexp_matches(lower(v), $messagerie)"),
        "telephone": _quand("a_chiffres", "regexp_matches(v, $telephone)"),
    }
    part = {
        "part_de_noms": _quand("contains(v, ' ')", _quand(a_mots, est_nom)),
        "part_de_dates": _quand("a_chiffres", "regexp_matches(v, $date)"),
    }
    conclusion = {
        **{nom: f"bool_or({nom})" for nom in juge},
        **{nom: f"count(*) filter (where {nom}) / count(*)" for nom in part},
    }
    return f"""
        with
            ecrites as (select rang, trim(v) as v from ({lues})),
            valeurs as (select *, {_colonnes(valeur)} from ecrites),
            {_numeros("valeurs")},
            juges as (select rang, {_colonnes(juge | part)} from valeurs)
        select juges.rang, any_value(nir.rang) is not null as nir, {_colonnes(conclusion)}
        from juges
        left join nir on juges.rang = nir.rang
        group by juges.rang
    """


def _requete_fine(lues: str, regime: Regime) -> str:
    """SQL of all that a value of a local file or a text may say of a person, over `lues`.

    Names are looked for without those that establishments bear. Private reasons are looked for
    where they are judged only.
    """
    arobase = "regexp_replace(v, $arobase, '@', 'gi')"
    nette = {"v": _quand("contains(v, '(') or contains(v, '[')", arobase, "v")}
    sans_eponyme = "trim(regexp_replace(v, $eponymes, ' ', 'gi'))"
    epuree = {
        "a_arobase": "contains(v, '@')",
        "a_chiffres": "regexp_matches(v, '[0-9]{2}')",
        "nom": _quand("regexp_matches(v, '[A-Za-z]{2}')", sans_eponyme, "''"),
    }
    deux_mots = "regexp_matches(nom, '[A-Za-z][^0-9]* [^0-9]*[A-Za-z]')"
    sans_lieu = "regexp_replace(nom, $lieu_annonce, ' ', 'g')"
    valeur = {
        "a_lettres": "nom != ''",
        "a_mots": _quand("contains(nom, ' ')", deux_mots),
        "mots": _quand("nom != ''", "string_split_regex(lower(nom), '[^a-z]+')", "[]"),
        "hors_lieu": _quand("nom != ''", sans_lieu, "''"),
    }
    nom = {
        "peut_nommer": "not list_has_any(mots, $lieux)",
        "a_prenom": "list_has_any(mots, $prenoms)",
        "est_date": _quand("a_chiffres", "regexp_matches(v, $date)"),
        "est_seul": _quand("a_lettres and not a_mots", "regexp_matches(nom, $seul)"),
    }
    forme = {
        "est_compose": _quand("a_mots and peut_nommer", "regexp_matches(nom, $nom)"),
        "est_deux": _quand("a_mots and peut_nommer and a_prenom", "regexp_matches(nom, $deux)"),
    }
    sans_cle = (
        "regexp_matches(v, $nir_en_puissance) "
        "or regexp_matches(regexp_replace(v, $decimales, ' ', 'g'), $nir_sans_cle)"
    )
    civilite = "regexp_matches(regexp_replace(nom, $lieu_nomme, ' ', 'gi'), $civilite)"
    prives = "regexp_matches(lower(v), $prives)" if regime is Regime.POSTES else "false"
    ne_en = "try_cast(regexp_extract(v, '(?:19|20)[0-9]{2}') as integer)"
    jour = (
        "not regexp_matches(v, $premier_du_mois) "
        f"and coalesce({ne_en} between $naissances[1] and $naissances[2], true)"
    )
    # one search would take « Postes J. » of « Postes J. Dupont » for a name and its letter
    initiales = (
        "regexp_extract_all(hors_lieu, $initiale_avant) "
        "|| regexp_extract_all(hors_lieu, $initiale_apres)"
    )
    capitales = "[array_to_string(regexp_extract_all(nom, $capitales), ' ')]"
    dates = _quand("regexp_matches(v, $date_incluse)", capitales, "[]")
    juge = {
        "nir_sans_cle": _quand("a_chiffres", sans_cle),
        "courriel": _quand("a_arobase", COURRIEL),
        "messagerie": _quand("a_arobase", "regexp_matches(lower(v), $messagerie)"),
        "telephone": _quand("a_chiffres", "regexp_matches(v, $telephone)"),
        "mobile_sans_zero": _quand("a_chiffres", "regexp_matches(v, $mobile)"),
        "prive": _quand("a_lettres and strlen(v) <= $court", prives),
        "nomme": _quand("a_lettres", f"{civilite} or regexp_matches(nom, $eleve)"),
        "naissance": _quand("a_chiffres and a_lettres", "regexp_matches(lower(v), $ne_le)"),
        "compose": "est_compose",
        "deux": "est_deux",
    }
    extrait = {
        "cites": _quand("a_mots", "regexp_extract_all(hors_lieu, $cite)", "[]"),
        "initiales": _quand("contains(hors_lieu, '.')", initiales, "[]"),
        "composes": _quand("est_compose", "[nom]", "[]"),
        "seuls": _quand("est_seul and a_prenom", "[nom]", "[]"),
        "dates": _quand("a_chiffres and a_prenom and peut_nommer", dates, "[]"),
        "suites": _quand("tel_quel and a_mots", "regexp_extract_all(nom, $prose)", "[]"),
    }
    part = {
        "part_de_noms": "est_compose or est_deux",
        "part_de_dates": "est_date",
        "part_de_mots_seuls": _quand("est_seul", "not list_has_any(mots, $communs)"),
        "part_de_naissances": _quand("est_date", jour),
    }
    conclusion = {
        **{nom: f"bool_or({nom})" for nom in juge},
        **{nom: f"count(*) filter (where {nom}) / count(*)" for nom in part},
        **{nom: f"list_distinct(flatten(list({nom})))" for nom in extrait},
    }
    ecrites = "trim(translate(strip_accents(v), $blancs, $espaces))"
    return f"""
        with
            ecrites as (select rang, tel_quel, {ecrites} as v from ({lues})),
            nettes as (select rang, tel_quel, {_colonnes(nette)} from ecrites),
            epurees as (select *, {_colonnes(epuree)} from nettes),
            valeurs as (select *, {_colonnes(valeur)} from epurees),
            {_numeros("valeurs")},
            noms as (select *, {_colonnes(nom)} from valeurs),
            formes as (select *, {_colonnes(forme)} from noms),
            juges as (select rang, {_colonnes(juge | extrait | part)} from formes)
        select juges.rang, any_value(nir.rang) is not null as nir, {_colonnes(conclusion)}
        from juges
        left join nir on juges.rang = nir.rang
        group by juges.rang
    """


_PARAMETRES = {
    "nir": "motif_nir",
    "nir_sans_cle": "motif_nir_sans_cle",
    "nir_en_puissance": "motif_nir_en_puissance",
    "decimales": "motif_decimales",
    "arobase": "motif_arobase_deguisee",
    "courriel": "motif_courriel",
    "messagerie": "messageries_privees",
    "boite": "motif_boite_fonctionnelle",
    "telephone": "motif_telephone",
    "mobile": "motif_telephone_sans_zero",
    "date": "motif_date",
    "date_incluse": "motif_date_incluse",
    "premier_du_mois": "motif_premier_du_mois",
    "naissances": "annees_de_naissance",
    "ne_le": "motif_naissance",
    "prives": "motif_motif_prive",
    "nom": "motif_nom_prenom",
    "deux": "motif_deux_mots",
    "seul": "motif_mot_seul",
    "cite": "motif_nom_cite",
    "initiale_avant": "motif_initiale_avant",
    "initiale_apres": "motif_initiale_apres",
    "civilite": "motif_civilite",
    "eleve": "motif_eleve_designe",
    "prose": "motif_nom_en_prose",
    "capitales": "motif_mot_a_capitale",
    "lieu_nomme": "motif_lieu_nomme",
    "lieu_annonce": "motif_lieu_annonce",
    "lieux": "mots_qui_ne_sont_pas_un_nom",
    "prenoms": "prenoms_courants",
}
"""What the parameters of the queries are called in the reference."""


def _parametre(nom: str) -> Any:  # noqa: ANN401
    """The value of a parameter of the queries."""
    if nom in _PARAMETRES:
        return _valeur(_PARAMETRES[nom])
    calcules = {
        "court": lambda: LONGUEUR_ENTETE_MAX,
        "blancs": lambda: BLANCS,
        "espaces": lambda: " " * len(BLANCS),
        "communs": lambda: sorted(_mots_communs()),
        "eponymes": _motif_des_eponymes,
    }
    return calcules[nom]()


@cache
def _motif_des_eponymes() -> str:
    """The names establishments bear, whatever joins their words."""
    noms = "|".join(re.sub("[ -]", "[ -]", nom) for nom in _valeur("noms_d_etablissement"))
    return rf"\b(?:{noms})\b"


@cache
def _ensemble(nom: str) -> frozenset[str]:
    """The words of a list of the reference."""
    return frozenset(_valeur(nom))


def _territoires() -> list[str]:
    """Names of two words of départements and régions, in their normal form between « _ »."""
    return [f"_{normaliser(nom)}_" for nom in _valeur("territoires_de_deux_mots")]


@cache
def _mots_communs() -> frozenset[str]:
    """Words that take a capital, alone or in a sentence, and name no one."""
    listes = (
        "mots_qui_ne_sont_pas_un_nom",
        "mots_d_une_structure",
        "mots_de_la_prose",
        "mots_d_un_etat",
    )
    return frozenset(mot for liste in listes for mot in _valeur(liste))


def _distinctes(
    connexion: duckdb.DuckDBPyConnection, table: str, rangs: list[int], mini: int
) -> str:
    """The query of the distinct values (rang, v) of `mini` octets or more in columns of `table`.

    Column by column in a large table, whose values are packed that way; all at once in a small one,
    where each column costs more than the values it holds.
    """
    if len(rangs) > 1:
        [(lignes,)] = connexion.execute(f"select count(*) from {table}").fetchall()
        if lignes <= LIGNES_D_UNE_PETITE_TABLE:
            colonnes = ", ".join(f"c{rang}" for rang in rangs)
            return (
                f"select distinct rang, v from (select unnest({rangs}) as rang, "
                f"unnest([{colonnes}]) as v from {table}) where strlen(v) >= {mini}"
            )
    return " union all ".join(
        f"select {rang} as rang, v from "
        f"(select distinct c{rang} as v from {table} where strlen(c{rang}) >= {mini})"
        for rang in rangs
    )


def _nommant_en_prose(
    connexion: duckdb.DuckDBPyConnection,
    table: str,
    suites: dict[int, tuple[str, ...]],
    lieux: list[int],
) -> set[int]:
    """The columns whose `suites`, words in capitals side by side, are as a first name and a name.

    « voir avec Zéphyrine Quatrebarbes » is one whatever the first name; « collège Jean Moulin » is
    none, nor what a column of `lieux`, of places, has in one of its cells.
    """
    if not suites:
        return set()
    lus = []
    if lieux:
        selections = " union ".join(f"select c{rang} from {table}" for rang in lieux)
        lus = connexion.execute(selections).fetchall()
    places = [f"_{normaliser(lieu)}_" for (lieu,) in lus if lieu] + _territoires()
    return {r for r, lues in suites.items() if any(_a_forme_de_nom(s, places) for s in lues)}


def _a_forme_de_nom(suite: str, places: list[str]) -> bool:
    """True when two words side by side in `suite` may be a first name and a name.

    Words of the service that take a capital (« Mission Locale ») are no name, and part those that
    may be one; a word that says a place (« lycée ») makes all of it that place's name, and so does
    one of `places`, names in their normal form between « _ ».
    """
    prose = set(_valeur("mots_de_la_prose"))
    annonces = {*_valeur("mots_qui_ne_sont_pas_un_nom"), *_valeur("mots_d_une_structure")} - prose
    if set(normaliser(suite).split("_")) & annonces:
        return False
    mots = [normaliser(mot) for mot in suite.split() if mot[0].isupper()]
    paires = itertools.pairwise(mots)
    return any(
        not {un, deux} & prose and not any(f"_{un}_{deux}_" in place for place in places)
        for un, deux in paires
    )


def _refus(
    fichier: Fichier, motif: str, rang: int | None = None, entete: str | None = None
) -> AtlasError:
    quoi = "supprimer cette colonne, ou y mettre un code qui ne désigne personne"
    return AtlasError(
        f"Ce fichier porte une donnée personnelle : {motif}. Il est refusé en entier, rien n'en a "
        "été enregistré (secret professionnel, RGPD).",
        fichier=nom_de_fichier_montrable(fichier),
        colonne=None if rang is None else nom_montrable(rang, entete or ""),
        admis="des postes, des établissements et des nombres, jamais des personnes",
        remede=f"{quoi if rang is not None else 'supprimer ce texte'}, puis redonner le fichier",
    )


def nom_de_fichier_montrable(fichier: Fichier) -> str:
    """The name of a file, unsaid when it may be a person's."""
    with duckdb.connect() as connexion:
        return _nom_tu(fichier) if _nomme_quelqu_un(connexion, fichier.nom) else fichier.nom


def nom_montrable(rang: int, entete: str) -> str:
    """The header, or the rank of the column when the « header » may itself be a person's data."""
    lettre = lettre_de_colonne(rang)
    if not entete.strip() or len(entete) > LONGUEUR_ENTETE_MAX or re.search(r"\d{4}|@", entete):
        return lettre
    with duckdb.connect() as connexion:
        vues = _constater_textes(connexion, [entete], Regime.LOCAL)
    return lettre if vues.nom else entete


def lettre_de_colonne(rang: int) -> str:
    """0 → A, 25 → Z, 26 → AA: as the spreadsheet names its columns."""
    lettres = ""
    rang += 1
    while rang:
        rang, reste = divmod(rang - 1, 26)
        lettres = chr(ord("A") + reste) + lettres
    return lettres
