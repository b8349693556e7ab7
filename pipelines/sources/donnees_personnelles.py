"""What betrays a person's data in a table, by its headers and by its values.

A local file is judged on everything; a file nobody knows on what can only be a person's; public
files not at all: their mails and telephones are those of establishments. A refusal names the
column and the reason, never the value.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.sources.cartes import Carte, normaliser

FICHIER = "donnees_personnelles"
# Columns of a local card in which anyone may write anything.
COLONNES_LIBRES = ("poste_id",)
OCTETS_MIN = 5
LONGUEUR_ENTETE_MAX = 60
PART_DE_NOMS, PART_DE_DATES = 0.5, 0.5


@dataclass(frozen=True)
class Constatees:
    """What the distinct values of one column look like."""

    nir: bool
    courriel: bool
    messagerie: bool
    telephone: bool
    mobile_sans_zero: bool
    nom: bool
    part_de_noms: float
    part_de_dates: float


RIEN = Constatees(*[False] * 6, part_de_noms=0.0, part_de_dates=0.0)


def verifier_entetes(fichier: Path, entetes: list[str], carte: Carte | None) -> None:
    """Raise AtlasError when a header names a person or a private matter.

    `carte` is the card of a local file, or None for a file nobody knows, of which only the words
    that always name a person are refused.
    """
    admis = set() if carte is None else {nom for alias in carte.colonnes.values() for nom in alias}
    for rang, entete in enumerate(entetes):
        if carte is None and len(entete) > LONGUEUR_ENTETE_MAX:
            continue  # a sentence of a notice, not a header
        nom = normaliser(entete)
        if nom and nom not in admis and _est_refuse(nom, est_local=carte is not None):
            raise _refus(fichier, rang, entete, "cette colonne désigne une personne")


def verifier_valeurs(
    connexion: duckdb.DuckDBPyConnection,
    table: str,
    fichier: Path,
    entetes: list[str],
    carte: Carte | None,
    positions: dict[str, int],
) -> None:
    """Raise AtlasError when a column c0, c1 … of `table` holds what looks like a person's data.

    `entetes` are their headers, `positions` the rank of the columns `carte` knows. The work is
    done on distinct values, in SQL.
    """
    connues = {rang: colonne for colonne, rang in positions.items()}
    noms, dates = [], []
    constatees = _constater(connexion, table, len(entetes))
    for rang, entete in enumerate(entetes):
        colonne = connues.get(rang)
        libre = colonne is None or colonne in COLONNES_LIBRES
        vues = constatees.get(rang, RIEN)
        motif = None
        if vues.nir:
            motif = "un numéro de sécurité sociale (NIR)"
        elif vues.messagerie or (carte is not None and vues.courriel):
            motif = "une adresse électronique personnelle"
        elif carte is not None and (vues.telephone or (colonne is None and vues.mobile_sans_zero)):
            motif = "un numéro de téléphone"
        elif carte is not None and libre and vues.nom and not _nomme_une_structure(entete):
            motif = "le nom d'une personne"
        if motif:
            raise _refus(fichier, rang, entete, f"on y lit {motif}", connexion)
        if colonne is None:
            a_nom = {"nom", "noms", "patronyme"} & set(normaliser(entete).split("_"))
            noms += [rang] if a_nom or vues.part_de_noms >= PART_DE_NOMS else []
            dates += [rang] if vues.part_de_dates >= PART_DE_DATES else []
    if noms and dates:
        rang = dates[0]
        raise _refus(fichier, rang, entetes[rang], "on y lit des dates à côté de noms", connexion)


def _est_refuse(nom: str, est_local: bool) -> bool:
    mots = set(nom.split("_"))
    if mots & set(_valeur("mots_d_une_personne")):
        return True
    if not est_local:
        return False
    return (
        bool(mots & set(_valeur("mots_prives")))
        or nom in _valeur("entetes_entiers")
        or any(f"_{e}_" in f"_{nom}_" for e in _valeur("expressions_privees"))
        or (bool(mots & set(_valeur("mots_selon_l_objet"))) and not _nomme_une_structure(nom))
    )


def _nomme_une_structure(entete: str) -> bool:
    return bool(set(normaliser(entete).split("_")) & set(_valeur("mots_d_une_structure")))


def _valeur(nom: str) -> list[str]:
    return reference.valeur(FICHIER, nom)


def _constater(
    connexion: duckdb.DuckDBPyConnection, table: str, nb_colonnes: int
) -> dict[int, Constatees]:
    """What the distinct values of each column look like, by rank; columns without any left out."""
    valeurs = " union all ".join(
        f"select {rang} as rang, v from "
        f"(select distinct c{rang} as v from {table} where strlen(c{rang}) >= $mini)"
        for rang in range(nb_colonnes)
    )
    requete = f"""
        with
            valeurs as ({valeurs}),
            mots as (
                select
                    rang,
                    trim(v) as v,
                    string_split_regex(lower(strip_accents(v)), '[^a-z]+') as mots
                from valeurs
            ),
            numeros as (
                select
                    rang,
                    regexp_replace(
                        replace(
                            replace(upper(unnest(regexp_extract_all(v, $nir))), '2A', '19'),
                            '2B', '18'
                        ),
                        '[^0-9]', '', 'g'
                    ) as n
                from mots
            ),
            nir as (
                select distinct rang
                from numeros
                where length(n) = 15
                    and 97 - cast(n[1:13] as bigint) % 97 = cast(n[14:15] as bigint)
            ),
            juges as (
                select
                    rang,
                    regexp_matches(v, $courriel) as est_courriel,
                    regexp_matches(lower(v), $messagerie) as est_messagerie,
                    regexp_matches(lower(v), $boite) as est_boite,
                    regexp_matches(v, $telephone) as est_telephone,
                    regexp_matches(v, $mobile) as est_mobile,
                    regexp_matches(v, $date) as est_date,
                    not list_has_any(mots, $lieux) and (
                        regexp_matches(v, $nom)
                        or (regexp_matches(v, $deux) and list_has_any(mots, $prenoms))
                    ) as est_nom
                from mots
            )
        select
            juges.rang,
            any_value(nir.rang) is not null,
            bool_or(est_courriel and not est_boite),
            bool_or(est_messagerie),
            bool_or(est_telephone),
            bool_or(est_mobile),
            bool_or(est_nom),
            count(*) filter (where est_nom) / count(*),
            count(*) filter (where est_date) / count(*)
        from juges
        left join nir on juges.rang = nir.rang
        group by juges.rang
    """
    motifs = {
        "mini": OCTETS_MIN,
        "nir": _valeur("motif_nir"),
        "courriel": _valeur("motif_courriel"),
        "messagerie": _valeur("messageries_privees"),
        "boite": _valeur("motif_boite_fonctionnelle"),
        "telephone": _valeur("motif_telephone"),
        "mobile": _valeur("motif_telephone_sans_zero"),
        "date": _valeur("motif_date"),
        "nom": _valeur("motif_nom_prenom"),
        "deux": _valeur("motif_deux_mots"),
        "lieux": _valeur("mots_qui_ne_sont_pas_un_nom"),
        "prenoms": _valeur("prenoms_courants"),
    }
    lignes = connexion.execute(requete, motifs).fetchall()
    return {rang: Constatees(*constat) for rang, *constat in lignes}


def _refus(
    fichier: Path,
    rang: int,
    entete: str,
    motif: str,
    connexion: duckdb.DuckDBPyConnection | None = None,
) -> AtlasError:
    return AtlasError(
        f"Ce fichier porte une donnée personnelle : {motif}. Il est refusé en entier, rien n'en a "
        "été enregistré (secret professionnel, RGPD).",
        fichier=fichier.name,
        colonne=_nom_montrable(rang, entete, connexion),
        admis="des postes, des établissements et des nombres, jamais des personnes",
        remede="supprimer cette colonne, ou y mettre un code qui ne désigne personne, puis "
        "redonner le fichier",
    )


def _nom_montrable(rang: int, entete: str, connexion: duckdb.DuckDBPyConnection | None) -> str:
    """The header, or the rank of the column when the « header » may itself be a person's data."""
    lettre = lettre_de_colonne(rang)
    if not entete.strip() or len(entete) > LONGUEUR_ENTETE_MAX or re.search(r"\d{4}|@", entete):
        return lettre
    if connexion is not None:
        [(ressemble,)] = connexion.execute(
            "select regexp_matches(trim($1), $2)",
            [entete, _valeur("motif_nom_prenom")],
        ).fetchall()
        if ressemble:
            return lettre
    return entete


def lettre_de_colonne(rang: int) -> str:
    """0 → A, 25 → Z, 26 → AA: as the spreadsheet names its columns."""
    lettres = ""
    rang += 1
    while rang:
        rang, reste = divmod(rang - 1, 26)
        lettres = chr(ord("A") + reste) + lettres
    return lettres
