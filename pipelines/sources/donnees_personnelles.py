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

import duckdb

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.sources.cartes import Carte, cartes, normaliser
from pipelines.sources.fichiers import Fichier

FICHIER = "donnees_personnelles"
CLE_DES_POSTES = "poste_id"
"""The column of the cards whose rows are about the work of one person."""
COLONNES_DE_LIEU = ("bassin", "reseau", "commune")
"""Columns of a local card that hold names of places, some of which are those of persons."""
COLONNES_DESSINEES = ("contour_wkb",)
"""Columns Atlas draws from a geometry: nobody writes there."""
DEBUTS_DE_MODELE = ("exemple_", "valeurs_de_")
"""What a template writes before the headers of its first sheet, in its other sheets."""
OCTETS_MIN = 5
LONGUEUR_ENTETE_MAX = 60
PART_DE_NOMS, PART_DE_DATES = 0.5, 0.5
LIGNES_D_UNE_PETITE_TABLE = 5_000


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


@dataclass(frozen=True)
class Constatees:
    """What the distinct values of one column look like.

    `nom`: a whole cell that may be a name; `nom_sur`: a name with a usual first name, or after a
    civility, alone or inside a sentence; `nom_et_prenom`: the same without those written as places
    named after someone are (« Jean Moulin »).
    """

    nir: bool
    courriel: bool
    messagerie: bool
    telephone: bool
    mobile_sans_zero: bool
    prive: bool
    nom: bool
    nom_sur: bool
    nom_et_prenom: bool
    part_de_noms: float
    part_de_dates: float


RIEN = Constatees(*[False] * 9, part_de_noms=0.0, part_de_dates=0.0)


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
    constatees = _constater(connexion, table, juges, regime)
    libres = [
        r
        for r in juges
        if regime.est_local and connues.get(r) is None and not _nomme_une_structure(entetes[r])
    ]
    lieux = [
        r for r in juges if connues.get(r) in COLONNES_DE_LIEU or _nomme_une_structure(entetes[r])
    ]
    en_prose = _nommant_en_prose(connexion, table, libres, lieux)
    noms, dates = [], []
    for rang, entete in enumerate(entetes):
        colonne, vues = connues.get(rang), constatees.get(rang, RIEN)
        motif = _motif(vues, entete, colonne, regime, carte)
        if motif is None and rang in en_prose:
            motif = "ce qui a la forme d'un prénom et d'un nom"
        if motif:
            raise _refus(fichier, f"on y lit {motif}", rang, entete)
        if colonne is None:
            a_nom = {"nom", "noms", "patronyme"} & set(normaliser(entete).split("_"))
            noms += [rang] if a_nom or vues.part_de_noms >= PART_DE_NOMS else []
            dates += [rang] if vues.part_de_dates >= PART_DE_DATES else []
    if noms and dates and regime is not Regime.PUBLIC:
        rang = dates[0]
        raise _refus(fichier, "on y lit des dates à côté de noms", rang, entetes[rang])


def verifier_textes(
    connexion: duckdb.DuckDBPyConnection,
    fichier: Fichier,
    textes: Iterable[str],
    ou: str,
    regime: Regime,
) -> None:
    """Raise AtlasError when one of `textes`, found outside the cells of a table, is a person's.

    `ou` says where, in French: « les lignes de titre ».
    """
    lus = [t for t in textes if t.strip()]
    if not lus:
        return
    source = "(select unnest($textes) as c0)"
    vues = _constater(connexion, source, [0], regime, textes=lus).get(0, RIEN)
    motif = None
    if vues.nir:
        motif = "un numéro de sécurité sociale (NIR)"
    elif vues.messagerie or (regime.est_local and vues.courriel):
        motif = "une adresse électronique personnelle"
    elif vues.telephone and regime.est_local:
        motif = "un numéro de téléphone"
    elif vues.nom_sur and regime is not Regime.INCONNU:
        motif = "le nom d'une personne"
    elif vues.prive and regime is Regime.POSTES:
        motif = "un motif privé (santé, famille, congé)"
    if motif:
        raise _refus(fichier, f"on lit {motif} dans {ou}")


def _motif(
    vues: Constatees, entete: str, colonne: str | None, regime: Regime, carte: Carte | None
) -> str | None:
    """Why a column is refused, in French; None when nothing in it is a person's."""
    est_local, est_public = regime.est_local, regime is Regime.PUBLIC
    est_libre = colonne is None or colonne == CLE_DES_POSTES
    # a public file may have the mails and telephones of establishments, in columns of their own
    est_de_contact = est_public and (
        colonne is not None or normaliser(entete) in (carte.contacts if carte else ())
    )
    if vues.nir:
        return "un numéro de sécurité sociale (NIR)"
    if not est_de_contact and (vues.messagerie or (regime is not Regime.INCONNU and vues.courriel)):
        return "une adresse électronique personnelle"
    if (vues.telephone and (est_local or (est_public and not est_de_contact))) or (
        est_local and colonne is None and vues.mobile_sans_zero
    ):
        return "un numéro de téléphone"
    if vues.prive and regime is Regime.POSTES:
        return "un motif privé (santé, famille, congé)"
    if est_public:
        est_un_nom = (
            colonne is None
            and vues.part_de_noms >= PART_DE_NOMS
            and not _nomme_une_structure(entete, "mots_d_un_nom_public")
        )
    elif not est_local or (colonne is None and _nomme_une_structure(entete)):
        est_un_nom = False
    elif est_libre:
        est_un_nom = vues.nom or vues.nom_sur
    else:
        est_un_nom = vues.nom_et_prenom if colonne in COLONNES_DE_LIEU else vues.nom_sur
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


def _nomme_une_structure(entete: str, de_plus: str | None = None) -> bool:
    """True when a header says it is about a place; `de_plus` names a further list of words."""
    mots = [*_valeur("mots_d_une_structure"), *(_valeur(de_plus) if de_plus else [])]
    return bool(set(normaliser(entete).split("_")) & set(mots))


def _valeur(nom: str) -> list[str]:
    return reference.valeur(FICHIER, nom)


def _constater(
    connexion: duckdb.DuckDBPyConnection,
    table: str,
    rangs: list[int],
    regime: Regime,
    **valeurs: list[str],
) -> dict[int, Constatees]:
    """What the distinct values of the columns `rangs` of `table` look like; empty ones left out.

    Private reasons are looked for where they are judged only. `valeurs` are the parameters of
    `table`, when it is a query.
    """
    if not rangs:
        return {}
    lues = _distinctes(connexion, table, rangs)
    # what costs is asked only of the values that can answer it
    requete = f"""
        with
            lues as ({lues}),
            valeurs as (
                select
                    rang,
                    trim(v) as v,
                    contains(v, '@') as a_arobase,
                    regexp_matches(v, '[0-9]{{2}}') as a_chiffres,
                    regexp_matches(v, '[A-Za-zÀ-ɏ][^0-9]* [^0-9]*[A-Za-zÀ-ɏ]') as a_mots
                from lues
            ),
            mots as (
                select
                    *,
                    case
                        when a_mots
                        then string_split_regex(lower(strip_accents(v)), '[^a-z]+')
                        else []
                    end as mots,
                    case
                        when a_mots
                        then string_split_regex(
                            lower(
                                strip_accents(
                                    array_to_string(regexp_extract_all(v, $cite), ' ')
                                )
                            ),
                            '[^a-z]+'
                        )
                        else []
                    end as mots_cites
                from valeurs
            ),
            -- the digits after the decimal sign of a coordinate are no number of anyone
            numeros as (
                select
                    rang,
                    regexp_replace(
                        replace(
                            replace(upper(unnest(regexp_extract_all(
                                regexp_replace(v, $decimales, ' ', 'g'), $nir
                            ))), '2A', '19'),
                            '2B', '18'
                        ),
                        '[^0-9]', '', 'g'
                    ) as n
                from valeurs
                where a_chiffres and strlen(v) >= 15
            ),
            nir as (
                select distinct rang
                from numeros
                where length(n) = 15
                    and 97 - cast(n[1:13] as bigint) % 97 = cast(n[14:15] as bigint)
            ),
            noms as (
                select
                    *,
                    a_mots and not list_has_any(mots, $lieux) as peut_nommer,
                    a_mots and regexp_matches(v, $civilite)
                    and not regexp_matches(lower(v), $lieu_nomme) as a_civilite,
                    a_mots and list_has_any(mots, $prenoms) as a_prenom
                from mots
            ),
            juges as (
                select
                    rang,
                    a_arobase and regexp_matches(v, $courriel) as est_courriel,
                    a_arobase and regexp_matches(lower(v), $messagerie) as est_messagerie,
                    a_arobase and regexp_matches(lower(v), $boite) as est_boite,
                    a_chiffres and regexp_matches(v, $telephone) as est_telephone,
                    a_chiffres and regexp_matches(v, $mobile) as est_mobile,
                    a_chiffres and regexp_matches(v, $date) as est_date,
                    $juge_prives and strlen(v) <= $court
                        and regexp_matches(lower(strip_accents(v)), $prives) as est_prive,
                    a_civilite
                        or peut_nommer and list_has_any(mots_cites, $prenoms) as est_nomme,
                    peut_nommer and regexp_matches(v, $nom) as est_compose,
                    peut_nommer and a_prenom and regexp_matches(v, $deux) as est_deux
                from noms
            )
        select
            juges.rang,
            any_value(nir.rang) is not null,
            bool_or(est_courriel and not est_boite),
            bool_or(est_messagerie),
            bool_or(est_telephone),
            bool_or(est_mobile),
            bool_or(est_prive),
            bool_or(est_compose or est_deux or est_nomme),
            bool_or(est_nomme or est_deux),
            bool_or(est_nomme),
            count(*) filter (where est_compose or est_deux) / count(*),
            count(*) filter (where est_date) / count(*)
        from juges
        left join nir on juges.rang = nir.rang
        group by juges.rang
    """
    motifs = {
        "mini": OCTETS_MIN,
        "court": LONGUEUR_ENTETE_MAX,
        "juge_prives": regime is Regime.POSTES,
        "nir": _valeur("motif_nir"),
        "decimales": _valeur("motif_decimales"),
        "courriel": _valeur("motif_courriel"),
        "messagerie": _valeur("messageries_privees"),
        "boite": _valeur("motif_boite_fonctionnelle"),
        "telephone": _valeur("motif_telephone"),
        "mobile": _valeur("motif_telephone_sans_zero"),
        "date": _valeur("motif_date"),
        "prives": _valeur("motif_motif_prive"),
        "nom": _valeur("motif_nom_prenom"),
        "cite": _valeur("motif_nom_cite"),
        "civilite": _valeur("motif_civilite"),
        "lieu_nomme": _valeur("motif_lieu_nomme"),
        "deux": _valeur("motif_deux_mots"),
        "lieux": _valeur("mots_qui_ne_sont_pas_un_nom"),
        "prenoms": _valeur("prenoms_courants"),
    }
    lignes = connexion.execute(requete, {**motifs, **valeurs}).fetchall()
    return {rang: Constatees(*constat) for rang, *constat in lignes}


def _distinctes(connexion: duckdb.DuckDBPyConnection, table: str, rangs: list[int]) -> str:
    """The query of the distinct values (rang, v) of the columns `rangs` of `table`.

    Column by column in a large table, whose values are packed that way; all at once in a small one,
    where each column costs more than the values it holds.
    """
    if len(rangs) > 1:
        [(lignes,)] = connexion.execute(f"select count(*) from {table}").fetchall()
        if lignes <= LIGNES_D_UNE_PETITE_TABLE:
            colonnes = ", ".join(f"c{rang}" for rang in rangs)
            return (
                f"select distinct rang, v from (select unnest({rangs}) as rang, "
                f"unnest([{colonnes}]) as v from {table}) where strlen(v) >= $mini"
            )
    return " union all ".join(
        f"select {rang} as rang, v from "
        f"(select distinct c{rang} as v from {table} where strlen(c{rang}) >= $mini)"
        for rang in rangs
    )


def _nommant_en_prose(
    connexion: duckdb.DuckDBPyConnection, table: str, libres: list[int], lieux: list[int]
) -> set[int]:
    """The columns of `libres` with words in capitals side by side, as a first name and a name are.

    « voir avec Zéphyrine Quatrebarbes » is one whatever the first name; « collège Jean Moulin » is
    none, nor what a column of `lieux`, of places, has in one of its cells.
    """

    def distinctes(rangs: list[int], lu: str) -> list[tuple[int, str]]:
        selections = " union ".join(f"select {r}, {lu.format(f'c{r}')} from {table}" for r in rangs)
        valeurs = {"motif": _valeur("motif_nom_en_prose")} if "$motif" in lu else {}
        return connexion.execute(selections, valeurs).fetchall() if rangs else []

    suites = distinctes(libres, "unnest(regexp_extract_all({}, $motif))")
    if not suites:
        return set()
    places = [f"_{normaliser(lieu)}_" for _, lieu in distinctes(lieux, "{}") if lieu]
    return {rang for rang, suite in suites if _a_forme_de_nom(suite, places)}


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
        fichier=fichier.nom,
        colonne=None if rang is None else nom_montrable(rang, entete or ""),
        admis="des postes, des établissements et des nombres, jamais des personnes",
        remede=f"{quoi if rang is not None else 'supprimer ce texte'}, puis redonner le fichier",
    )


def nom_montrable(rang: int, entete: str) -> str:
    """The header, or the rank of the column when the « header » may itself be a person's data."""
    lettre = lettre_de_colonne(rang)
    if not entete.strip() or len(entete) > LONGUEUR_ENTETE_MAX or re.search(r"\d{4}|@", entete):
        return lettre
    with duckdb.connect() as connexion:
        source = "(select unnest($textes) as c0)"
        vues = _constater(connexion, source, [0], Regime.LOCAL, textes=[entete]).get(0, RIEN)
    return lettre if vues.nom else entete


def lettre_de_colonne(rang: int) -> str:
    """0 → A, 25 → Z, 26 → AA: as the spreadsheet names its columns."""
    lettres = ""
    rang += 1
    while rang:
        rang, reste = divmod(rang - 1, 26)
        lettres = chr(ord("A") + reste) + lettres
    return lettres
