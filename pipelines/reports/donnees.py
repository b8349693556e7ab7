"""What the data are, what is known of them and what is not; what a deposit would change."""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.base.textes import enumeration, jour, nombre, pluriel
from pipelines.marts import entrepot
from pipelines.marts import rapport as rapport_des_marts
from pipelines.marts.rapport import ENSEMBLE, Anomalie, Difference, Nature, Rapport, Refus
from pipelines.reports import classeur
from pipelines.scenarios.depot import Version
from pipelines.sources.cartes import cartes

GRAVITES = {
    "bloquante": "bloquante",
    "attention": "à vérifier",
    "information": "pour information",
}
MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)
MESSAGES_MAX = 10
TOUS = "not est_section"
SECOND_DEGRE = "not est_section and type != 'ECOLE'"
# What is known or not: label, condition, of which establishments, and what would make it known.
COMPLETUDES = (
    ("Effectif", "effectif is not null", TOUS, "les fichiers d'effectifs"),
    ("IPS", "ips is not null", TOUS, "les fichiers d'IPS"),
    (
        "Position précise",
        "qualite_position not in ('commune', 'inconnue')",
        TOUS,
        "un annuaire plus récent",
    ),
    ("Commune", "commune_de_reference is not null", TOUS, "un annuaire plus récent"),
    ("Densité de la commune", "densite is not null", TOUS, "la grille de l'INSEE"),
    ("Bassin", "bassin is not null", TOUS, "le fichier « bassins »"),
    (
        "Réseau d'établissements",
        "reseau_etablissements is not null",
        TOUS,
        "la colonne « reseau » du fichier « bassins »",
    ),
    ("SEGPA (collèges)", "segpa is not null", "type = 'COLLEGE'", "le fichier « dispositifs »"),
    ("ULIS", "ulis is not null", SECOND_DEGRE, "le fichier « dispositifs »"),
    (
        "Élèves de SEGPA",
        "eleves_segpa is not null",
        "type = 'COLLEGE' and segpa",
        "les effectifs des collèges",
    ),
    (
        "Élèves d'ULIS",
        "eleves_ulis is not null",
        "type = 'COLLEGE' and ulis",
        "les effectifs des collèges",
    ),
    ("UPE2A", "upe2a is not null", SECOND_DEGRE, "le fichier « dispositifs »"),
    ("Dispositif relais", "relais is not null", SECOND_DEGRE, "le fichier « dispositifs »"),
    ("Internat", "internat is not null", SECOND_DEGRE, "le fichier « dispositifs »"),
    ("Bureau du service", "a_bureau is not null", SECOND_DEGRE, "le fichier « conditions »"),
    ("Téléphone du service", "a_telephone is not null", SECOND_DEGRE, "le fichier « conditions »"),
    ("Rangement fermé", "a_rangement_ferme is not null", SECOND_DEGRE, "le fichier « conditions »"),
)
CHANGEMENTS = {
    Nature.DEPARTEMENT_GAGNE: ("Département ajouté", "département ajouté", "départements ajoutés"),
    Nature.DEPARTEMENT_PERDU: ("Département retiré", "département retiré", "départements retirés"),
    Nature.POSTE_NOUVEAU: ("Poste nouveau (ETP)", "poste nouveau", "postes nouveaux"),
    Nature.POSTE_DISPARU: ("Poste disparu (ETP)", "poste disparu", "postes disparus"),
    Nature.QUOTITE: ("Quotité (ETP)", "quotité changée", "quotités changées"),
    Nature.RESIDENCE: ("Résidence (UAI)", "résidence changée", "résidences changées"),
    Nature.STATUT: ("Statut", "statut changé", "statuts changés"),
    Nature.HORS_SECTEUR: ("Hors secteur (ETP)", "temps hors secteur changé", None),
    Nature.SITE_GAGNE: ("Site nouveau (élèves)", "site nouveau", "sites nouveaux"),
    Nature.SITE_PERDU: ("Site disparu (élèves)", "site disparu", "sites disparus"),
    Nature.EFFECTIF: ("Effectif (élèves)", "effectif très changé", "effectifs très changés"),
    Nature.LABEL: ("Éducation prioritaire", "label changé", "labels changés"),
    Nature.IPS: ("IPS", "IPS très changé", "IPS très changés"),
    Nature.SEGPA: ("SEGPA", "SEGPA changée", "SEGPA changées"),
    Nature.ULIS: ("ULIS", "ULIS changée", "ULIS changées"),
    Nature.UPE2A: ("UPE2A", "UPE2A changée", "UPE2A changées"),
    Nature.RELAIS: ("Dispositif relais", "dispositif relais changé", "dispositifs relais changés"),
    Nature.INTERNAT: ("Internat", "internat changé", "internats changés"),
    Nature.DENSITE: ("Densité (niveau)", "densité changée", "densités changées"),
    Nature.BASSIN: ("Bassin", "bassin changé", "bassins changés"),
    Nature.RESEAU: ("Réseau d'établissements", "réseau changé", "réseaux changés"),
    Nature.CONDITIONS: (
        "Conditions d'exercice",
        "condition d'exercice changée",
        "conditions d'exercice changées",
    ),
    Nature.POSITION: ("Position (degrés)", "position déplacée", "positions déplacées"),
    Nature.PRESENCE: ("Présence (½ j. par cycle)", "présence changée", "présences changées"),
    Nature.ACTIVITE: ("Activité (total)", "total d'activité changé", "totaux d'activité changés"),
    Nature.TRAJETS: ("Trajets mesurés (couples)", "trajets mesurés changés", None),
}


@dataclass(frozen=True)
class EtatDesDonnees:
    """The data in service: the sentence, and the tables that prove it."""

    phrase: str
    precision: str
    avertissements: list[str]
    sources: pd.DataFrame
    absentes: str
    definitions: str
    completude: pd.DataFrame
    anomalies: pd.DataFrame


@dataclass(frozen=True)
class VueRapport:
    """A report as it is shown: what stops it (`erreurs`), what is good to know (`notes`)."""

    phrase: str
    est_acceptable: bool
    erreurs: list[str]
    notes: list[str]
    fichiers: pd.DataFrame
    anomalies: pd.DataFrame
    differences: pd.DataFrame
    actuel: str | None


def etat(base: Path) -> EtatDesDonnees:
    """The data of the warehouse `base`: files, completeness, anomalies."""
    with entrepot.ouvrir(base) as connexion:
        [(nb_fichiers, construit_le)] = connexion.execute(
            "select count(distinct sha256), max(construit_le)::date::varchar from meta_construction"
        ).fetchall()
        [(annuaire,)] = connexion.execute("select max(date_maj) from mart_etablissement").fetchall()
        [(a_verifier,)] = connexion.execute(
            "select count(*) from mart_anomalie where gravite = 'attention'"
        ).fetchall()
        sources, absentes = _sources(connexion)
        return EtatDesDonnees(
            phrase=_phrase(nb_fichiers, annuaire, a_verifier),
            precision=f"Données assemblées le {jour(construit_le)}.",
            avertissements=list(entrepot.avertissements(connexion).values()),
            sources=sources,
            absentes=_absentes(absentes),
            definitions=definitions_des_effectifs(
                entrepot.sources(connexion), "Ce que comptent les effectifs"
            ),
            completude=_completude(connexion),
            anomalies=_anomalies(connexion),
        )


def filtrer(anomalies: pd.DataFrame, gravites: list[str], sources: list[str]) -> pd.DataFrame:
    """The anomalies of these gravities and sources (in words); an empty list asks for all."""
    garde = pd.Series(True, index=anomalies.index)
    for colonne, choix in (("Gravité", gravites), ("Source", sources)):
        if choix:
            garde &= anomalies[colonne].isin(choix)
    return anomalies[garde]


def classeur_anomalies(anomalies: pd.DataFrame, vue: EtatDesDonnees) -> bytes:
    """The anomalies of `vue` that were kept, as an Excel workbook after a reading sheet."""
    return classeur.ecrire(
        [
            "Anomalies des sources d'Atlas",
            *vue.avertissements,
            vue.phrase,
            f"{pluriel(len(anomalies), 'anomalie')} dans ce classeur.",
            "Ligne : telle que le tableur la montre. Gravité : « bloquante » arrête la "
            "construction, « à vérifier » demande un regard, « pour information » rien.",
        ],
        {"Anomalies": anomalies},
    )


def presenter(rapport: Rapport) -> VueRapport:
    """`rapport` in words: the dropped files first, everything when none is."""
    vus = [f for f in rapport.fichiers if _est_regarde([f.fichier], rapport)]
    anomalies = [a for a in rapport.anomalies if _est_regarde(a.fichiers, rapport)]
    ailleurs = [a for a in rapport.nouvelles if not _est_regarde(a.fichiers, rapport)]
    return VueRapport(
        phrase=_phrase_rapport(rapport),
        est_acceptable=rapport.est_acceptable,
        erreurs=_erreurs(rapport),
        notes=_notes(rapport, ailleurs),
        fichiers=pd.DataFrame(
            [
                (
                    f.fichier,
                    f.titre,
                    millesime_lisible(f.millesime, f.fichier),
                    f.lues,
                    f.gardees,
                    f.fusionnees,
                    f.rejetees,
                )
                for f in vus
            ],
            columns=[
                "Fichier",
                "Reconnu comme",
                "Millésime",
                "Lignes lues",
                "Gardées",
                "Fusionnées",
                "Écartées",
            ],
        ),
        anomalies=_table_anomalies([*anomalies, *ailleurs]),
        differences=pd.DataFrame(
            [
                (CHANGEMENTS[d.nature][0], d.objet, _valeur(d.avant), _valeur(d.apres))
                for d in rapport.differences
            ],
            columns=["Ce qui change", "Où", "Avant", "Après"],
        ),
        actuel=rapport.actuel,
    )


def _est_regarde(fichiers: list[str], rapport: Rapport) -> bool:
    """True for a dropped file, or one of its sheets; for every file when none was dropped."""
    return not rapport.deposes or any(
        fichier == nom or fichier.startswith(f"{nom} [")
        for fichier in fichiers
        for nom in rapport.deposes
    )


def table_versions(versions: list[Version]) -> pd.DataFrame:
    """The accepted states, newest first."""
    return pd.DataFrame(
        [
            (
                v.numero,
                "en service" if v.est_en_service else "gardée",
                f"{datetime.fromisoformat(v.acceptee_le).astimezone():%d/%m/%Y à %H h %M}",
                v.motif,
                sum(bool(f.sources) for f in v.fichiers),
                ", ".join(v.departements),
            )
            for v in versions
        ],
        columns=["Version", "État", "Gardée le", "D'où elle vient", "Fichiers", "Départements"],
    )


def _phrase(nb_fichiers: int, annuaire: date | None, a_verifier: int) -> str:
    quand = (
        f"annuaire de {MOIS[annuaire.month - 1]} {annuaire.year}"
        if annuaire
        else ("annuaire sans date")
    )
    return f"{pluriel(nb_fichiers, 'fichier')}, {quand}, {_a_verifier(a_verifier)}."


def _absentes(titres: list[str]) -> str:
    """What nobody gave, in a sentence; empty when everything was."""
    if not titres:
        return ""
    debut = "Source non fournie" if len(titres) == 1 else "Sources non fournies"
    noms = enumeration([f"« {titre} »" for titre in titres])
    return f"{debut} : {noms}. Ce qu'elles diraient reste inconnu."


def definitions_des_effectifs(sources: Iterable[str], debut: str) -> str:
    """Which pupils each of these sources counts, in a sentence; empty when none counts any."""
    dites = [
        f"« {carte.titre} », {carte.definition}"
        for nom, carte in cartes().items()
        if carte.definition and nom in sources
    ]
    return f"{debut} : {'. '.join(dites)}." if dites else ""


def _a_verifier(n: int) -> str:
    return f"{pluriel(n, 'anomalie')} à vérifier" if n else "aucune anomalie à vérifier"


def _sources(connexion: duckdb.DuckDBPyConnection) -> tuple[pd.DataFrame, list[str]]:
    """One row a file read, in the order of the cards; and the titles of the sources nobody gave."""
    lus = connexion.execute(
        """
        select meta.source, meta.fichier, meta.millesime,
            count(*) filter (where anomalies.gravite = 'attention'),
            count(*) filter (where anomalies.gravite = 'information'),
            meta.lignes_lues, meta.lignes_gardees, meta.lignes_fusionnees, meta.lignes_rejetees
        from meta_construction as meta
        left join mart_anomalie as anomalies
            on list_contains(string_split(anomalies.source, $ensemble), meta.source)
            and list_contains(string_split(anomalies.fichier, $ensemble), meta.fichier)
        group by all
        order by meta.fichier
        """,
        {"ensemble": ENSEMBLE},
    ).fetchall()
    titres = {nom: carte.titre for nom, carte in cartes().items()}
    rangs = {nom: rang for rang, nom in enumerate(titres)}
    lignes = [
        (titres[source], millesime_lisible(millesime, fichier), *comptes, fichier)
        for source, fichier, millesime, *comptes in sorted(lus, key=lambda ligne: rangs[ligne[0]])
    ]
    table = pd.DataFrame(
        lignes,
        columns=[
            "Source",
            "Millésime",
            "À vérifier",
            "Information",
            "Lignes lues",
            "Gardées",
            "Fusionnées",
            "Écartées",
            "Fichier",
        ],
    )
    donnees = {ligne[0] for ligne in lus}
    return table, [titre for nom, titre in titres.items() if nom not in donnees]


def millesime_lisible(millesime: str, fichier: str) -> str:
    """A date the French way, a year as it is; the year the file's name gives, when only it does."""
    if millesime == Path(fichier).stem:
        annee = re.search(r"(?<!\d)20\d\d(?!\d)", millesime)
        return f"{annee[0]} (son nom)" if annee else "non daté"
    try:
        return jour(date.fromisoformat(millesime[:10]).isoformat())
    except ValueError:
        return millesime


def _completude(connexion: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    """Share known of each column, by département and on the whole; None where nobody is concerned.

    Shares are rounded down: 100 means that nothing is missing.
    """
    noms = entrepot.departements(connexion)
    lignes = []
    for libelle, connu, concernes, remede in COMPLETUDES:
        parts = dict(
            connexion.execute(
                f"select coalesce(departement, 'ensemble'), "
                f"100.0 * count(*) filter (where {connu}) / nullif(count(*), 0) "
                f"from mart_etablissement "
                f"where dans_perimetre and {concernes} group by grouping sets ((departement), ())"
            ).fetchall()
        )
        codes = [*noms, "ensemble"] if len(noms) > 1 else list(noms)
        valeurs = [math.floor(parts[c]) if parts.get(c) is not None else None for c in codes]
        complet = all(v in (100, None) for v in valeurs)
        lignes.append((libelle, *valeurs, "—" if complet else remede))
    ensemble = ["Ensemble (%)"] if len(noms) > 1 else []
    entetes = [f"{nom} (%)" for nom in noms.values()]
    table = pd.DataFrame(
        lignes, columns=["Ce qui est connu", *entetes, *ensemble, "Pour le compléter"]
    )
    return table.astype(dict.fromkeys([*entetes, *ensemble], "Int64"))


def _anomalies(connexion: duckdb.DuckDBPyConnection) -> pd.DataFrame:
    return _table_anomalies(rapport_des_marts.anomalies(connexion))


def _table_anomalies(anomalies: list[Anomalie]) -> pd.DataFrame:
    table = pd.DataFrame(
        [
            (
                GRAVITES[a.gravite],
                a.raison,
                a.valeur,
                a.remede,
                a.fichier,
                a.ligne,
                a.colonne_lue,
                enumeration([cartes()[source].titre for source in a.sources]),
                a.consequence,
            )
            for a in anomalies
        ],
        columns=[
            "Gravité",
            "Ce qui a été vu",
            "Valeur",
            "Que faire",
            "Fichier",
            "Ligne",
            "Colonne",
            "Source",
            "Conséquence",
        ],
    )
    return table.astype({"Ligne": "Int64"})


def _phrase_rapport(rapport: Rapport) -> str:
    if rapport.est_acceptable:
        if rapport.actuel is None:
            return "Rien ne s'oppose à ces fichiers."
        return f"Prêt à accepter : {_changements(rapport.differences)}."
    obstacles = []
    if nommes := [r for r in rapport.refus if r.fichier]:
        obstacles.append(pluriel(len(nommes), "fichier refusé", "fichiers refusés"))
    if len(nommes) < len(rapport.refus):
        obstacles.append("l'ensemble ne suffit pas")
    if bloquantes := rapport.bloquantes:
        obstacles.append(pluriel(len(bloquantes), "ligne refusée", "lignes refusées"))
    if illisibles := _illisibles(rapport):
        obstacles.append(pluriel(len(illisibles), "fichier non reconnu", "fichiers non reconnus"))
    return f"À corriger d'abord : {enumeration(obstacles)}. Rien n'est changé."


def _changements(differences: list[Difference]) -> str:
    if not differences:
        return "ni poste, ni site, ni présence, ni activité, ni trajet ne change"
    comptes = Counter(d.nature for d in differences)
    # journeys come by thousands: told at once, their number in the table
    return enumeration(
        [
            CHANGEMENTS[n][1] if n == Nature.TRAJETS else pluriel(comptes[n], *CHANGEMENTS[n][1:])
            for n in CHANGEMENTS
            if n in comptes
        ]
    )


def _illisibles(rapport: Rapport) -> list[str]:
    return [n for n in (*rapport.non_reconnus, *rapport.sans_tableau) if n in rapport.deposes]


def _erreurs(rapport: Rapport) -> list[str]:
    """What must be mended, each as a sentence: where, what, and what to do."""
    bloquantes = [
        _en_phrase(
            Refus(
                a.fichier,
                f"« {a.valeur or ''} » : {a.raison}",
                a.ligne,
                a.colonne_lue,
                None,
                a.remede,
            )
        )
        for a in rapport.bloquantes
    ]
    reste = len(bloquantes) - MESSAGES_MAX
    suite = (
        [f"… et {pluriel(reste, 'autre ligne', 'autres lignes')}, plus bas."] if reste > 0 else []
    )
    return [
        *(_en_phrase(r) for r in rapport.refus),
        *(_non_lu(n, rapport) for n in _illisibles(rapport)),
        *bloquantes[:MESSAGES_MAX],
        *suite,
    ]


def _en_phrase(refus: Refus) -> str:
    ou = [
        refus.fichier,
        f"ligne {refus.ligne}" if refus.ligne is not None else None,
        f"colonne « {refus.colonne} »" if refus.colonne else None,
    ]
    place = ", ".join(p for p in ou if p)
    phrases = [f"{place} : {refus.quoi}" if place else refus.quoi]
    if refus.admis:
        phrases.append(f"Admis : {refus.admis}")
    if refus.remede:
        phrases.append(f"Que faire : {refus.remede}")
    return " ".join(p if p.endswith(("?", "!", "…")) else f"{p.rstrip('.')}." for p in phrases)


def _non_lu(nom: str, rapport: Rapport) -> str:
    if nom in rapport.non_reconnus:
        return f"{nom} : {rapport.non_reconnus[nom]}. Que faire : reprendre les en-têtes du modèle."
    return (
        f"{nom} : aucun tableau à y lire. Admis : CSV, classeur Excel ou GeoJSON. Que faire : "
        "l'enregistrer sous l'un de ces formats, ou le retirer."
    )


def _notes(rapport: Rapport, ailleurs: list[Anomalie]) -> list[str]:
    notes = []
    if rapport.remplaces:
        notes.append(f"Remplace {enumeration([f'« {n} »' for n in rapport.remplaces])}.")
    if rapport.bloquantes:
        notes.append("Ce qui changerait est compté sans les lignes refusées.")
    if ailleurs:
        notes.append(
            f"{pluriel(len(ailleurs), 'anomalie nouvelle', 'anomalies nouvelles')} dans les autres "
            "fichiers, données plus bas."
        )
    if rapport.nb_resolues and rapport.actuel is not None:
        notes.append(
            f"{pluriel(rapport.nb_resolues, 'anomalie disparaît', 'anomalies disparaissent')}."
        )
    if not rapport.deposes:
        notes += [_non_lu(n, rapport) for n in rapport.non_reconnus]
        notes += [f"{n} : aucun tableau à y lire, laissé de côté." for n in rapport.sans_tableau]
    return notes


def _valeur(valeur: str | float | None) -> str:
    if valeur is None:
        return "—"
    if isinstance(valeur, str):
        return valeur
    return nombre(valeur, 0 if float(valeur).is_integer() else 2)
