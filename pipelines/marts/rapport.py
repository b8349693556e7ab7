"""What a person must know of files before they are accepted: their account, what they change."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

import duckdb

from pipelines.base import reference
from pipelines.base.erreurs import AtlasError
from pipelines.sources import donnees_personnelles

BLOQUANTE = "bloquante"
ATTENTION = "attention"
ENSEMBLE = " + "
"""Parts the names of the sources, and of the files, that are counted together."""


class Nature(StrEnum):
    """What can differ between two warehouses."""

    DEPARTEMENT_GAGNE = "departement_gagne"
    DEPARTEMENT_PERDU = "departement_perdu"
    POSTE_NOUVEAU = "poste_nouveau"
    POSTE_DISPARU = "poste_disparu"
    QUOTITE = "quotite"
    RESIDENCE = "residence"
    STATUT = "statut"
    HORS_SECTEUR = "hors_secteur"
    SITE_GAGNE = "site_gagne"
    SITE_PERDU = "site_perdu"
    EFFECTIF = "effectif"
    PRESENCE = "presence"


@dataclass(frozen=True)
class Difference:
    """One thing that changes: what (`objet`, in words), its value before and after, None for none.

    Quotités in ETP, presences in half-days per cycle of 4 weeks, enrolments in pupils.
    """

    nature: Nature
    objet: str
    avant: str | float | None
    apres: str | float | None


@dataclass(frozen=True)
class FichierExamine:
    """One recognised file (or sheet): its source, its vintage and the fate of its rows."""

    source: str
    titre: str
    fichier: str
    millesime: str
    lues: int
    gardees: int
    fusionnees: int
    rejetees: int


@dataclass(frozen=True)
class Refus:
    """A file that can't enter, and why; `fichier` is None when the whole set is refused."""

    fichier: str | None
    quoi: str
    ligne: int | None = None
    colonne: str | None = None
    admis: str | None = None
    remede: str | None = None

    @classmethod
    def de(cls, erreur: AtlasError, fichier: str | None) -> "Refus":
        """The refusal `erreur` states, of the file the user calls `fichier`."""
        return cls(fichier, erreur.quoi, erreur.ligne, erreur.colonne, erreur.admis, erreur.remede)


@dataclass(frozen=True)
class Anomalie:
    """One row of `mart_anomalie`.

    `colonne` is Atlas's name of the column, `colonne_du_fichier` the header of the file: an anomaly
    is the same under another header.
    """

    source: str
    fichier: str | None
    ligne: int | None
    colonne: str | None
    colonne_du_fichier: str | None = field(compare=False)
    valeur: str | None
    code: str
    raison: str
    remede: str
    gravite: str
    consequence: str

    @property
    def colonne_lue(self) -> str | None:
        """The column as the user's file names it; None when it is not about a column."""
        return colonne_lue(self.colonne, self.colonne_du_fichier)

    @property
    def sources(self) -> list[str]:
        """The sources it is about: two when their numbers count together."""
        return self.source.split(ENSEMBLE)

    @property
    def fichiers(self) -> list[str]:
        """The files it is about; none when it is not the matter of a file."""
        return self.fichier.split(ENSEMBLE) if self.fichier else []


@dataclass(frozen=True)
class Rapport:
    """The account of a set of files, before anything changes.

    `nouvelles` are the anomalies the current data do not have, `nb_resolues` the number of those
    they would lose. `non_reconnus` gives, for each file no card fits, what it resembles and lacks;
    `sans_tableau` the files in which there is no table to read. `deposes` are the files looked at
    in particular (all of them when empty), `remplaces` those they would replace, and `actuel` the
    fingerprint of the data the differences are counted from (None when there are none).
    """

    fichiers: list[FichierExamine] = field(default_factory=list)
    refus: list[Refus] = field(default_factory=list)
    non_reconnus: dict[str, str] = field(default_factory=dict)
    sans_tableau: list[str] = field(default_factory=list)
    anomalies: list[Anomalie] = field(default_factory=list)
    nouvelles: list[Anomalie] = field(default_factory=list)
    nb_resolues: int = 0
    differences: list[Difference] = field(default_factory=list)
    deposes: tuple[str, ...] = ()
    remplaces: tuple[str, ...] = ()
    actuel: str | None = None

    @property
    def bloquantes(self) -> list[Anomalie]:
        """The lines that stop a build."""
        return [a for a in self.anomalies if a.gravite == BLOQUANTE]

    @property
    def est_bloquant(self) -> bool:
        """True when a build of these files would be refused: a file refused, or a blocking line."""
        return bool(self.refus or self.bloquantes)

    @property
    def est_acceptable(self) -> bool:
        """True when the files dropped may enter: nothing blocking, and every one of them read."""
        illisibles = {*self.non_reconnus, *self.sans_tableau}
        return not self.est_bloquant and not illisibles & set(self.deposes)


def colonne_lue(colonne: str | None, colonne_du_fichier: str | None) -> str | None:
    """The header of a file for `colonne`, in words; Atlas's own name, and why, when it has none."""
    if colonne is None or colonne_du_fichier is not None:
        return colonne_du_fichier
    return f"{colonne} (absente du fichier)"


def fichiers_examines(connexion: duckdb.DuckDBPyConnection) -> list[FichierExamine]:
    """The account of each file, from `meta_construction`."""
    lignes = connexion.execute(
        "select source, titre, fichier, millesime, lignes_lues, lignes_gardees, "
        "lignes_fusionnees, lignes_rejetees from meta_construction order by fichier, source"
    ).fetchall()
    return [FichierExamine(*ligne) for ligne in lignes]


def anomalies(connexion: duckdb.DuckDBPyConnection) -> list[Anomalie]:
    """Every anomaly, the blocking ones first, then those to check.

    A warehouse built before headers were kept has Atlas's own names for them. What a blocking line
    holds is unsaid when it may be a person's.
    """
    connues = {
        nom
        for (nom,) in connexion.execute(
            "select column_name from (describe mart_anomalie)"
        ).fetchall()
    }
    entete = "colonne_du_fichier" if "colonne_du_fichier" in connues else "colonne"
    lignes = connexion.execute(
        f"""
        select source, fichier, ligne, colonne, {entete}, valeur, code, raison, remede, gravite,
            consequence
        from mart_anomalie
        order by gravite != 'bloquante', gravite != 'attention', fichier, ligne, colonne, valeur
        """
    ).fetchall()
    lues = [Anomalie(*ligne) for ligne in lignes]
    # they come first
    bloquantes = [a for a in lues if a.gravite == BLOQUANTE]
    valeurs = donnees_personnelles.valeurs_montrables(connexion, [a.valeur for a in bloquantes])
    tues = [
        replace(a, valeur=valeur if a.valeur else a.valeur)
        for a, valeur in zip(bloquantes, valeurs, strict=True)
    ]
    return tues + lues[len(tues) :]


def differences(
    avant: duckdb.DuckDBPyConnection, apres: duckdb.DuckDBPyConnection
) -> list[Difference]:
    """What `apres` changes to `avant`, in the départements both have; those only one has are told.

    An enrolment is told from a share of change on (`depot.variation_effectif_signalee`); a
    presence, for the postes both have (those of a poste gained or lost go with it).
    """
    requete = "select departement, libelle from ref_departements order by departement"
    ici, la = (dict(c.execute(requete).fetchall()) for c in (avant, apres))
    communs = sorted(ici.keys() & la.keys())
    postes = [_postes(c, communs) for c in (avant, apres)]
    sites = [_sites(c, communs) for c in (avant, apres)]
    presences = [_presences(c, communs) for c in (avant, apres)]
    return [
        *(
            Difference(Nature.DEPARTEMENT_PERDU, nom, code, None)
            for code, nom in ici.items()
            if code not in la
        ),
        *(
            Difference(Nature.DEPARTEMENT_GAGNE, nom, None, code)
            for code, nom in la.items()
            if code not in ici
        ),
        *_postes_differents(*postes),
        *_sites_differents(*sites),
        *_presences_differentes(*presences, postes[0].keys() & postes[1].keys(), sites),
    ]


Champs = dict[Nature, str | float | None]


def _postes(connexion: duckdb.DuckDBPyConnection, communs: list[str]) -> dict[str, Champs]:
    lignes = connexion.execute(
        "select poste_id, quotite_etp, residence_uai, statut, hors_secteur_etp from mart_poste "
        "where departement is null or departement in (select unnest(?::varchar[])) "
        "order by poste_id",
        [communs],
    ).fetchall()
    champs = (Nature.QUOTITE, Nature.RESIDENCE, Nature.STATUT, Nature.HORS_SECTEUR)
    return {poste: dict(zip(champs, valeurs, strict=True)) for poste, *valeurs in lignes}


def _sites(
    connexion: duckdb.DuckDBPyConnection, communs: list[str]
) -> dict[str, tuple[str, int | None]]:
    """site_id → what it is called, and its enrolment."""
    lignes = connexion.execute(
        "select site_id, concat_ws(', ', nom, "
        "case when not contains(nom, commune) then commune end, uai_principal), effectif "
        "from mart_site "
        "where departement in (select unnest(?::varchar[])) order by nom",
        [communs],
    ).fetchall()
    return {site: (nom, effectif) for site, nom, effectif in lignes}


def _presences(
    connexion: duckdb.DuckDBPyConnection, communs: list[str]
) -> dict[tuple[str, str], float]:
    lignes = connexion.execute(
        "select poste_id, site_id, sum(demi_journees_cycle)::double "
        "from mart_presence inner join mart_site using (site_id) "
        "where departement in (select unnest(?::varchar[])) group by all order by all",
        [communs],
    ).fetchall()
    return {(poste, site): valeur for poste, site, valeur in lignes}


def _postes_differents(avant: dict[str, Champs], apres: dict[str, Champs]) -> list[Difference]:
    quotite = Nature.QUOTITE
    return [
        *(
            Difference(Nature.POSTE_NOUVEAU, p, None, apres[p][quotite])
            for p in apres
            if p not in avant
        ),
        *(
            Difference(Nature.POSTE_DISPARU, p, avant[p][quotite], None)
            for p in avant
            if p not in apres
        ),
        *(
            Difference(nature, p, valeur, apres[p][nature])
            for p, champs in avant.items()
            if p in apres
            for nature, valeur in champs.items()
            if valeur != apres[p][nature]
        ),
    ]


def _sites_differents(avant: dict, apres: dict) -> list[Difference]:
    seuil = reference.valeur("depot", "variation_effectif_signalee")
    trouvees = [
        Difference(Nature.SITE_GAGNE, nom, None, effectif)
        for site, (nom, effectif) in apres.items()
        if site not in avant
    ]
    trouvees += [
        Difference(Nature.SITE_PERDU, nom, effectif, None)
        for site, (nom, effectif) in avant.items()
        if site not in apres
    ]
    for site, (nom, ancien) in avant.items():
        nouveau = apres.get(site, (None, None))[1]
        if site in apres and ancien != nouveau:
            # what becomes known or unknown is always told
            connus = ancien is not None and nouveau is not None
            if not connus or abs(nouveau - ancien) > seuil * ancien:
                trouvees.append(Difference(Nature.EFFECTIF, nom, ancien, nouveau))
    return trouvees


def _presences_differentes(
    avant: dict, apres: dict, postes: set[str], sites: list[dict]
) -> list[Difference]:
    noms = {site: nom for table in sites for site, (nom, _) in table.items()}
    return [
        Difference(Nature.PRESENCE, f"{poste}, {noms[site]}", ancienne, nouvelle)
        for poste, site in sorted(avant.keys() | apres.keys())
        if poste in postes
        and (ancienne := avant.get((poste, site))) != (nouvelle := apres.get((poste, site)))
    ]
